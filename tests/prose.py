"""Texts to find passages in: paragraphs that have nothing to do with each other."""

from __future__ import annotations

FERRY = (
    "The council voted on Tuesday night to replace the ageing ferry between the two islands "
    "with a slower but far cheaper electric vessel. Residents who commute across the sound "
    "every morning had asked for a bridge instead, yet engineers warned that the seabed is "
    "too soft to carry pillars of that size. The new boat should enter service in the spring "
    "of next year, and until then the old one will keep sailing with two extra mechanics on "
    "board."
)
ORCHARD = (
    "Pickers in the upper valley say the late frost has spoiled nearly half of the apricots, "
    "while the cherries, which flower earlier, came through almost untouched. A cooperative "
    "of forty growers now plans to hang fine nets above the lowest terraces so that cold air "
    "can drain away before dawn. Insurance covers only trees that died outright, which "
    "leaves most families to find the money for pruning, grafting and new saplings "
    "themselves."
)
THEATRE = (
    "After eleven years in a converted tram depot the puppet theatre is moving back to its "
    "first home, a narrow house behind the cathedral whose roof had long been leaking. "
    "Carpenters found painted beams under three layers of plaster and a trapdoor that nobody "
    "remembered. The opening show will use the oldest figures of the collection, carved from "
    "lime wood by the grandfather of the present director."
)
SWIMMING = (
    "Lifeguards at the lake have begun to wear small cameras after a summer in which bathers "
    "twice ignored a warning flag and had to be pulled from the current below the weir. "
    "Footage is erased within a day unless somebody files a complaint. Critics call the step "
    "excessive, but the swimming club, whose members train there all year round, welcomed it "
    "at once and offered to pay for the batteries."
)
LIBRARY = (
    "Readers may soon borrow tools as well as novels from the branch library on the market "
    "square, where a long shelf of drills, ladders and sewing machines has replaced the "
    "encyclopedias. Volunteers repair whatever comes back broken on the first Saturday of "
    "each month. The librarian expects that most visitors will need a drill for no more than "
    "ten minutes in their whole life, and sees little reason why every household should own "
    "one."
)
COMET = (
    "Astronomers following a faint comet from a mountain observatory have measured how "
    "quickly its tail bends when gusts of solar wind sweep past. The pictures, taken every "
    "ninety seconds over six clear nights, show knots of gas that drift sideways like smoke "
    "from a chimney. Similar records were until now only possible with spacecraft, and the "
    "team hopes that amateurs with good cameras will add many more during the coming months."
)
BAKERY = (
    "Long queues formed outside the station bakery when word spread that the rye loaf of the "
    "nineteen fifties was back on sale. The recipe had been written in pencil inside a flour "
    "bin and calls for a sour dough that rests two full days in a cellar. Whoever came after "
    "nine went home with nothing, so the owners have hired a second baker and doubled the "
    "number of ovens."
)
UNRELATED = (FERRY, ORCHARD, THEATRE, SWIMMING, LIBRARY, COMET, BAKERY)

# One sentence to be copied into those, and again with about a fifth of its words changed.
QUOTED = (
    "The inspectors found that the valve had been mounted upside down for nineteen months "
    "without anybody noticing the rising pressure in the lower chamber."
)
REWORDED = (
    "The inspectors established that the valve had been fitted upside down for nineteen "
    "months without anyone noticing the growing pressure in the lower chamber."
)
PENDULUM = (
    "A retired clockmaker offered to rebuild the broken pendulum free of charge, provided "
    "that the town keeps the tower open to schools."
)

# By language: a sentence, two articles that share it, and one about something else.
CHINESE_SHARED = (
    "气象站的工程师表示，河流上游的水库已经连续五年没有蓄满水，如果夏天继续干旱，下游的三个县"
    "将不得不限制农业用水。"
)
CHINESE = (
    (
        "上个月，山谷里的果农发现今年的桃花比往年早开了将近三个星期。许多老人说，他们一辈子也没有"
        "见过这样暖和的冬天。\n\n"
        + CHINESE_SHARED
        + "村里的合作社正在考虑改种需水较少的核桃树，并且请来了两位专家讲课。"
    ),
    (
        "铁路公司昨天宣布，连接两座港口城市的夜班列车将在明年春天恢复运行，票价会比飞机便宜一半以"
        "上。\n\n" + CHINESE_SHARED + "对于旅客来说，车厢里最受欢迎的仍然是那间可以看见大海的餐厅。"
    ),
    (
        "图书馆的修复师用了整整两年时间，才把那幅被大火熏黑的古代地图清洗干净。她说最难的部分是辨"
        "认那些早已消失的街道名称。\n\n"
        "这件作品将从下星期开始在博物馆二楼展出，参观者需要提前在网上预约时间。"
    ),
)
ARABIC_SHARED = (
    "وأكد مهندس الميناء أن أعمال توسيع الرصيف الشمالي ستتوقف طوال فصل الشتاء بسبب الأمواج "
    "العالية التي دمرت ثلاث رافعات قديمة"
)
ARABIC = (
    (
        "قال الصيادون في القرية الساحلية إن كميات الأسماك تراجعت منذ أن بدأت السفن الكبيرة "
        "بالعمل قرب الخليج، وإن شبابا كثيرين تركوا المهنة وذهبوا إلى المدينة بحثا عن عمل.\n\n"
        + ARABIC_SHARED
        + ". وينتظر السكان قرارا جديدا من الوزارة في نهاية الشهر."
    ),
    (
        "افتتحت البلدية أمس حديقة عامة فوق سطح السوق القديم، وزرع الأطفال فيها أشجار ليمون "
        "وزيتون حملوها من مدارسهم.\n\n"
        + ARABIC_SHARED
        + ". أما المقهى الجديد فسيبقى مفتوحا حتى منتصف الليل في عطلة الأسبوع."
    ),
    (
        "أعلنت الجامعة عن منحة لدراسة المخطوطات الطبية التي كتبت قبل ألف عام، وتضم المجموعة "
        "رسائل نادرة عن علاج العيون والحمى.\n\n"
        "ويعمل فريق من الباحثين على تصوير كل صفحة بآلات دقيقة حتى يستطيع الطلاب قراءتها من "
        "بيوتهم."
    ),
)
RUSSIAN_SHARED = (
    "Главный инженер электростанции сообщил, что старую турбину остановят на восемь недель, "
    "поскольку трещина в лопатке оказалась заметно длиннее, чем показывали прежние измерения"
)
RUSSIAN = (
    (
        "Жители посёлка на берегу озера уже третью зиму подряд спорят о том, кто должен чистить "
        "единственную дорогу к станции, когда её заносит снегом.\n\n"
        + RUSSIAN_SHARED
        + ". Школа на это время перейдёт на дрова, которые обещал привезти лесник."
    ),
    (
        "Музей железной дороги открыл зал, в котором посетители могут сами водить маленький "
        "паровоз и переставлять стрелки на настоящем пульте.\n\n"
        + RUSSIAN_SHARED
        + ". По выходным билеты для семей с детьми будут стоить вдвое дешевле."
    ),
    (
        "Биологи впервые сняли на видео гнездо редкого орлана, который вернулся в заповедник "
        "после сорокалетнего отсутствия.\n\n"
        "Птицы построили его на высокой сосне над болотом, куда летом почти невозможно пройти "
        "без лодки."
    ),
)
TURKISH_SHARED = (
    "Belediye mühendisi, eski taş köprünün ayaklarında açılan çatlakların onarılması için "
    "trafiğin gelecek bahara kadar tek şeritten verileceğini ve ağır kamyonların "
    "geçemeyeceğini açıkladı"
)
TURKISH = (
    (
        "Köydeki zeytin üreticileri bu yıl yağmurların geç gelmesi yüzünden hasada üç hafta "
        "sonra başlayabildi ve birçok aile kışlık yağını komşu ilçeden almak zorunda kaldı.\n\n"
        + TURKISH_SHARED
        + ". Pazarcılar ise bu kararın müşterileri uzaklaştıracağından korkuyor."
    ),
    (
        "İstasyonun karşısındaki sinema, yarım asır sonra ilk kez sessiz filmler göstererek "
        "kapılarını yeniden açtı; piyanist gençlere her akşam ayrı bir ezgi çaldı.\n\n"
        + TURKISH_SHARED
        + ". Seyirciler çıkışta uzun süre alkışladı."
    ),
    (
        "Gökbilimciler yayladaki gözlemevinden sönük bir kuyruklu yıldızı altı gece boyunca "
        "izledi ve kuyruğunun nasıl eğildiğini ölçtü.\n\n"
        "Elde edilen görüntüler önümüzdeki ay üniversitede düzenlenecek sergide gösterilecek."
    ),
)
LANGUAGES = {
    "zh": (CHINESE, CHINESE_SHARED),
    "ar": (ARABIC, ARABIC_SHARED),
    "ru": (RUSSIAN, RUSSIAN_SHARED),
    "tr": (TURKISH, TURKISH_SHARED),
}


def word(number, size=6):
    """Return a number as a word of ``size`` letters or more: numbers are facts, and looked at."""
    return "".join(chr(97 + int(digit)) for digit in f"{number:0{size}}")
