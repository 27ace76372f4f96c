"""Credits at the end and in datelines count, picture credits never; who speaks is named beside."""

from __future__ import annotations

import re

import pytest
from twins import WRAPS

from dedup.passages.families.copying import _spaced, _spellings
from dedup.passages.families.credits import _RELEASE_LINE, agencies, credited
from dedup.passages.families.reporting import agreed_speaker, speaker_of, verbs

pytestmark = WRAPS
STORY = "… sagte ein Sprecher der Polizei am Montag."


def named(head="", tail=""):
    return [agencies().names[each] for each in credited(head, tail)]


@pytest.mark.parametrize(
    ("tail", "wanted"),
    [
        (f"{STORY} (AFP, dpa)", ["AFP", "dpa"]),
        (f"{STORY} Quelle: ntv.de, jog/rts/dpa", ["dpa"]),
        (f"{STORY} RND/dpa", ["dpa"]),
        (f"{STORY}\nRND/dpa", ["dpa"]),
        (f"{STORY} (dpa/lsw)", ["dpa"]),
        (f"{STORY} Mit Material von dpa und AFP", ["dpa", "AFP"]),
        ("… the ministry said on Monday. — AFP", ["AFP"]),
        ("… the ministry said on Monday.\n\nReuters", ["Reuters"]),
        ("… the ministry said on Monday. (Reporting by Jane Doe; Reuters)", ["Reuters"]),
        ("… dijo el ministro. EFE", ["EFE"]),
        ("… сообщил министр. (ТАСС)", ["TASS"]),
        ("… 外交部表示。（新华社）", ["Xinhua"]),
        ("… قال الوزير. (رويترز)", ["Reuters"]),
        ("… मंत्री ने कहा। (पीटीआई)", ["PTI"]),
    ],
)
def test_credits_at_the_end(tail, wanted):
    assert named(tail=tail) == wanted


LATER = "Der Hafen bleibt bis Donnerstag zu."


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("МИНСК, 5 апр — РИА Новости. Порт закрыт.", ["RIA Novosti"]),
        ("МИНСК, 5 апреля. /ТАСС/. Порт закрыт.", ["TASS"]),
        ("Одеса. 5 квітня. УНІАН. Порт закрито.", ["UNIAN"]),
        ("【ロンドン共同】港は閉鎖された。", ["Kyodo"]),
        ("【ローマ=時事】港は閉鎖された。", ["Jiji"]),
        ("［大阪 ５日 ロイター］ - 港は閉鎖された。", ["Reuters"]),
        ("(부산=연합뉴스) 김철수 기자 = 항구가 닫혔다.", ["Yonhap"]),
        ("(로마 AFP=연합뉴스) 항구가 닫혔다.", ["Yonhap"]),
        ("إزمير / الأناضول\nأغلق الميناء.", ["Anadolu"]),
        ("مسقط - أ ش أ: أغلق الميناء.", ["MENA"]),
        ("मुंबई, पांच अप्रैल (भाषा) बंदरगाह बंद रहा।", ["PTI"]),
        ("मुंबई, 5 अप्रैल (आईएएनएस)। बंदरगाह बंद रहा।", ["IANS"]),
        ("به گزارش خبرگزاری مهر، بندر بسته شد.", ["Mehr"]),
        ("Bari, 5 apr. (askanews) – Il porto resta chiuso.", ["Askanews"]),
        (f"Emden (dpa) {LATER}", ["dpa"]),
        ("By JO ROE, Associated Press\nThe port is closed.", ["AP"]),
        # None of these is a dateline.
        ("Агентство Рейтер (Reuters) сообщило о пожаре в порту.", []),
        ("Press Association (PA) staff were on strike on Monday.", []),
        ("【写真=共同】港は閉鎖された。", []),
        ("[사진=연합뉴스] 항구가 닫혔다.", []),
        ("हिंदी भाषा के लेखक मुंबई में मिले।", []),
        ("共同声明が発表された。", []),
    ],
)
def test_datelines_as_each_country_writes_them(head, wanted):
    assert named(head=head) == wanted


@pytest.mark.parametrize(
    ("tail", "wanted"),
    [
        (f"{STORY}\n© dpa-infocom, dpa:260405-930-112233/1", ["dpa"]),
        ("… it said.\nCopyright 2026 The Associated Press. All rights reserved.", ["AP"]),
        ("… it said.\n(With inputs from PTI and AFP)", ["PTI", "AFP"]),
        ("… disse ele. (Com informações da Agência Brasil)", ["Agência Brasil"]),
        ("… it said on Monday. - Reuters", ["Reuters"]),
        ("… 発表した。(c)AFP", ["AFP"]),
        ("… उन्होंने कहा।\n(भाषा)", ["PTI"]),
        ("… اوضحت الوزارة. (รอยเตอร์)", ["Reuters"]),
        ("… sie prüften das noch, sagte ein Sprecher der dpa am Abend.", []),
        ("… der Rat tagt wieder, hieß es vom Sender der dpa.", []),
        ("… उन्होंने कहा।\nहिंदी भाषा", []),
        ("… 述べた。\n時事", []),
    ],
)
def test_credits_as_each_country_writes_them(tail, wanted):
    assert named(tail=tail) == wanted


@pytest.mark.parametrize(
    "tail",
    [
        "Der Zug am Bahnhof. Bild: Armin Weigel/dpa",
        "Der Zug am Bahnhof. (Foto: dpa)",
        "The train. (AP Photo/John Doe)",
        "The train. Photo: John Doe/AFP via Getty Images",
        "Der Zug. picture alliance/dpa",
        "He had told Reuters that he would leave the party before the end of the year, and did.",
        "She gave an interview to AFP on Monday and did not say when the talks would go on at all",
        "The DPA of the county said so.",
        "Il a pris la TAP pour Lisbonne avec sa famille et ses amis de toujours.",
    ],
)
def test_what_is_no_credit(tail):
    assert named(tail=tail) == []


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("Köln (dpa) - Ein Zug steht.", ["dpa"]),
        ("Ein Titel\nBerlin (dpa/bb) – Ein Zug steht.", ["dpa"]),
        ("A title\n\nKABUL, Aug 15 (Reuters) - A train stands.", ["Reuters"]),
        ("WASHINGTON (AP) — A train stands.", ["AP"]),
        ("A title\nNEW DELHI: (PTI) A train stands.", ["PTI"]),
        ("Einigung (AFP, dpa) und mehr in diesem Satz.", []),
        ("The talks with Reuters - a company - went on.", []),
        ("Foto: dpa - Ein Zug steht.", []),
    ],
)
def test_datelines(head, wanted):
    assert named(head=head) == wanted


def test_every_spelling_of_every_agency_is_found_in_brackets():
    known = agencies()
    for spelt, number in known.spellings.items():
        assert (number, 3, 3 + len(spelt)) in known.named_in(f"… ({spelt})"), spelt
    assert len(set(known.names)) == len(known.names)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("… (ots)\n", True),
        ("Mehr dazu.\nPressekontakt:\nAnna Muster, Tel. 030 1234", True),
        ("More.\nMedia Contact: Jane Doe", True),
        ("LONDON, May 1, 2021 /PRNewswire/ -- A firm", True),
        ("The firm said so in a press release.", False),
        ("An official spoke on the condition of anonymity.", False),
    ],
)
def test_marks_of_press_releases(text, wanted):
    assert bool(_RELEASE_LINE.search(text)) == wanted


QUOTE = "“We entered it today with tanks.”"


@pytest.mark.parametrize(
    ("before", "behind", "wanted"),
    [
        ("Hassan Ghani, commander of the Department of groups, said on X: ", "", "Hassan Ghani"),
        ("The city fell. On Monday President Assad told reporters: ", "", "President Assad"),
        ("", " said Ghani, a commander.", "Ghani"),
        ("", " Ghani said.", "Ghani"),
        ("", " the spokesman Abu Omar told AFP.", "Abu Omar"),
        ("", " sagte Winfried Kretschmann am Montag.", "Winfried Kretschmann"),
        ("", ", erklärte der Sprecher Jens Meier.", "Jens Meier"),
        ("", ", sagte der Leiter der Meisterei, Uwe Hansen.", "Uwe Hansen"),
        ("", ", sagte die Polizei am Montag.", None),
        ("", ", so Bernd Maier vom Verein.", "Bernd Maier"),
        ("Petra Lang von der Gewerkschaft erklärte: ", "", "Petra Lang"),
        ("Ursula von der Leyen sagte: ", "", "Ursula von der Leyen"),
        ("", ", a déclaré Yann Le Goff.", "Yann Le Goff"),
        ("", ", ha detto il direttore Carlo Riva.", "Carlo Riva"),
        ("", ", cuenta Pilar Gómez.", "Pilar Gómez"),
        ("", ", сказал директор Олег Панин.", "Олег Панин"),
        ("Genel müdür Kemal Aydın, ", " dedi.", "Kemal Aydın"),
        ("Kemal Aydın, ", " diye konuştu.", "Kemal Aydın"),
        ("", "と運航部長の高橋誠さんは話した。", "高橋誠"),
        ("", " قال المدير كمال نصر.", "كمال نصر"),
        ("", " he said on Monday.", None),
        ("The city fell. ", " The army left.", None),
        ("He said: ", "", None),
        ("The President said: ", "", None),
        ("Am Montag sagte Angela Merkel: ", "", "Angela Merkel"),
        ("Владимир Путин заявил: ", "", "Владимир Путин"),
    ],
)  # fmt: skip
def test_speakers_beside_a_quotation(before, behind, wanted):
    text = f"{before}{QUOTE}{behind}"
    assert speaker_of(text, len(before), len(before) + len(QUOTE)) == wanted


def test_the_speaker_that_most_name():
    assert agreed_speaker([None, None]) is None
    assert agreed_speaker(["Trump", "Donald Trump", "Hillary Clinton"]) == "Donald Trump"
    assert agreed_speaker(["B", "A"]) is None


def test_verbs_stand_as_whole_words_where_words_have_blanks():
    assert verbs().search("it is said")
    assert not verbs().search("it is saidest")
    assert verbs().search("外交部表示")


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("www.thehill.com", "The Hill reported", True),
        ("www.thehill.com", "up on the hill", False),
        ("washingtonpost.com", "told The Washington Post on", True),
        ("bbc.co.uk", "the BBC says", True),
        ("FAZ", "sagte der FAZ am", True),
        ("spiegel.de", "berichtet der Spiegel.", True),
        ("cnn", "in a scanning room", False),
        ("FAZ_Politik", "sagte der FAZ am", True),
        ("usa-today", "told USA Today on", True),
    ],
)
def test_outlets_by_the_names_of_their_sites(name, text, wanted):
    assert any(re.search(_spaced(each), text) for each in _spellings(name)) == wanted
