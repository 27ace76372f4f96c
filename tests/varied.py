"""Articles with everything that a page must stand: copies, hostile strings, many scripts."""

from __future__ import annotations

import random

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=2>\"'><b>"
LINK = "javascript:window.hacked=3"
SITES = ("times.example", "herald.example", HOSTILE, LINK)
ARABIC = (
    "قال المتحدث باسم الحكومة يوم الخميس إن القوات انسحبت من المدينة بعد معارك عنيفة استمرت "
    "ثلاثة أيام وأسفرت عن سقوط عشرات القتلى والجرحى من الجانبين وفق مصادر محلية متطابقة"
)
CHINESE = (
    "国务院总理周四在北京会见了来访的外国代表团，"
    "双方就经济合作和地区安全问题深入交换了意见，"
    "并签署了多项合作协议。"
)
EMOJI = (
    "😀🚀 The council 👩‍👩‍👧 met on Monday and agreed to mend the old bridge "
    "before winter, said the mayor.\n\n"
    "Subscribe to our newsletter\n\n🎉🎉 The bridge over the river 🌊 is older than "
    "the town hall, and the "
    "town hall is older than anyone who works there, as the mayor never fails to say.\n\n"
    "Share this article:\n\nIn the spring 🌷 the work is to be done.\n"
)


def _text(drawn, number):
    words = [f"word{drawn.randrange(9000)}" for _ in range(160)]
    half = " ".join(words[:80]), " ".join(words[80:])
    return f"Report number {number} on the day\n\n{half[0]}.\n\n{half[1]}."


def _copy(drawn, text, kind):
    if kind == 0:
        return text.upper()
    if kind == 1:
        return " ".join(w if drawn.random() > 0.03 else "changed" for w in text.split(" "))
    return text[: int(len(text) * 0.8)]


def documents():
    """Return the articles, always the same."""
    drawn = random.Random(11)
    made = [{"id": f"a{number:03}", "text": _text(drawn, number)} for number in range(80)]
    for number in range(70):
        source = made[0] if number < 55 else made[drawn.randrange(12)]
        made.append({"id": f"copy{number:03}", "text": _copy(drawn, source["text"], number % 3)})
    for each in made:
        each["site"] = drawn.choice(SITES)
        each["date"] = f"2024-{drawn.randint(10, 12)}-{drawn.randint(1, 28):02}"
    hostile = _text(drawn, 99)
    more = [
        {"id": HOSTILE, "text": f"{HOSTILE} {LINK}\n\n{hostile}", "site": HOSTILE, "date": HOSTILE},
        {"id": LINK, "text": f"{hostile}\n\n{HOSTILE}", "site": LINK},
        {"id": "arabic-1", "text": f"انسحاب القوات من حماة\n\n{ARABIC}\n\nوالوضع هادئ الآن."},
        {
            "id": "arabic-2",
            "text": f"أخبار اليوم من الشمال\n\n{ARABIC}\n\nوارتفعت أسعار الوقود اليوم.",
        },
        {"id": "emoji/1?x#y&z=%2F", "text": EMOJI},
        {"id": "zh-1", "text": f"总理会见代表团\n\n{CHINESE}\n\n会后举行了记者招待会。"},
        {
            "id": "zh-2",
            "text": f"今日要闻\n\n{CHINESE.replace('周四', '星期五')}\n\n股市今天收高。",
        },
    ]
    empty = {"site": "", "date": None}
    return [*made, *({**empty, **each} for each in more)]
