"""What is said of pairs by what differs: forms, versions, text of its own; what removals lose."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from differing import FORM, STORY
from prose import UNRELATED

import dedup
from dedup.config import Config

MODES = (Config(), Config(find=("duplicates",)))


# Long enough for a Jaccard above the threshold, so that both modes find the pairs.
def report(day, high, low, name):
    return FORM.format(day=day, high=high, low=low, name=name)


REPORTS = [
    report("Monday", 12, 3, "Oda Brenn"),
    report("Tuesday", 19, 8, "Karl Voss"),
    report("Friday", 7, 1, "Mina Thal"),
]


def only_pair(result):
    (pair,) = result.pairs
    return pair


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_reports_on_one_form_all_stay_and_say_what_differs(config):
    result = dedup.scan(REPORTS, config)
    assert [each.kept for each in result.documents] == [True] * 3
    assert {each.relation for each in result.pairs} == {"same_form"}
    assert result.clusters == {}
    assert result.summary["reuse_groups"] == []
    first = next(each for each in result.pairs if (each.a, each.b) == ("0", "1"))
    assert first.changed == "Monday → Tuesday; 12 → 19; 3 → 8; Oda Brenn → Karl Voss"
    assert [each["kind"] for each in result.summary["warnings"]] == ["same_form"]


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_copies_of_reports_still_go_each_for_its_own(config):
    copies = [text.replace("as they are on every", "as on every") for text in REPORTS]
    documents = [*({"id": f"r{k}", "text": text} for k, text in enumerate(REPORTS))]
    documents += [{"id": f"r{k}x", "text": text} for k, text in enumerate(copies)]
    result = dedup.scan(documents, config)
    gone = {each.doc_id: each.duplicate_of for each in result.documents if not each.kept}
    assert len(gone) == 3
    assert all(one[:2] == other[:2] for one, other in gone.items())


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_without_the_test_of_facts_reports_go(config):
    bare = Config(find=config.find, facts=0)
    assert [each.kept for each in dedup.scan(REPORTS, bare).documents].count(False) == 2


def versions(**dates):
    return [
        {"id": name, "date": date, "text": STORY.format(count=count)}
        for (name, date), count in zip(dates.items(), (27, 25, 24), strict=False)
    ]


@pytest.mark.parametrize(
    ("policy", "kept"), [("latest", ["new"]), ("first", ["old"]), ("keep", ["new", "old"])]
)
@pytest.mark.parametrize("find", [each.find for each in MODES], ids=("full", "fast"))
def test_of_versions_the_one_that_is_wanted_is_kept(find, policy, kept):
    documents = versions(old="2026-03-01", new="2026-03-02")
    result = dedup.scan(documents, Config(find=find, revisions=policy))
    assert [each.doc_id for each in result.documents if each.kept] == kept
    pair = only_pair(result)
    assert pair.relation == "revision"
    assert pair.changed == {"new": "25 → 27", "old": "27 → 25"}[pair.a]
    assert len(result.clusters) == 1
    lost = [each.lost_facts for each in result.documents if not each.kept]
    assert lost == [1] * len(lost)


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
@pytest.mark.parametrize(
    "dates", [(None, None), ("2026-03-01", "2026-03-01"), ("2026-03-01", None)]
)
def test_versions_stay_where_no_date_says_which_is_newer(config, dates):
    result = dedup.scan(versions(one=dates[0], two=dates[1]), config)
    assert [each.kept for each in result.documents] == [True, True]
    assert only_pair(result).relation == "revision"
    assert len(result.clusters) == 1


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_a_byline_above_a_longer_copy_makes_no_version_that_stays(config):
    news = "\n\n".join([STORY.format(count=27), *UNRELATED[:2]])
    bylines = ("By Ann Bell\nMarch 3", "By Bob Cray\nMarch 4", "By Eve Dunn\nMarch 5")
    rows = [{"id": f"{k}", "text": f"{each}\n\n{news}"} for k, each in enumerate(bylines)]
    assert [each.kept for each in dedup.scan(rows, config).documents].count(True) == 1


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_what_a_removal_loses_is_counted_in_languages_of_few_stop_words(config):
    form = (
        "Arkadan esen {} rüzgar bugün kıyı boyunca etkisini sürdürecek. Balıkçıların denize "
        "açılmamaları yetkililerce önemle hatırlatıldı. Limanda bekleyen tekneler halatlarını "
        "sıkıca bağladı. Vapur seferleri öğleye kadar yapılamayacak. Yarın havanın açması "
        "bekleniyor. Okullar tatil edilmedi. Belediye ekipleri devrilen ağaçları kaldırdı."
    )
    rows = [{"id": f"{k}", "text": form.format(wind)} for k, wind in enumerate(("sert", "kuru"))]
    gone = [each for each in dedup.scan(rows, config).documents if not each.kept]
    assert [(each.lost_tokens, round(each.lost_share * 40)) for each in gone] == [(1, 1)]


def test_a_version_with_a_sentence_of_its_own_stays():
    old, new = versions(old="2026-03-01", new="2026-03-02")
    old["text"] += " A witness said that it was the loudest noise he had ever heard in his life."
    result = dedup.scan([old, new])
    assert [each.kept for each in result.documents] == [True, True]
    assert len(result.clusters) == 1


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
@pytest.mark.parametrize("times", [1, 4], ids=("short", "long"))
def test_a_copy_with_a_paragraph_of_its_own_stays(config, times):
    # Several plain copies hold the core and least besides, so one of them is kept.
    news = "\n\n".join([STORY.format(count=27), *UNRELATED[:times]])
    local = (
        "In the hamlet on the other side, where most of the nurses live, the bus company wants to "
        "run two more buses each morning. Its director says that nobody can wait for the ferry "
        "when the shift begins at six, and that the parish has to pay for it."
    )
    copies = [f"{'By our own staff' if k else 'From the wire'} {k}\n\n{news}" for k in range(4)]
    documents = [{"id": f"plain-{k}", "text": text} for k, text in enumerate(copies)]
    documents.append({"id": "local", "text": f"{news}\n\n{local}"})
    result = dedup.scan(documents, config)
    kept = [each.doc_id for each in result.documents if each.kept]
    assert "local" in kept
    assert len(kept) <= 2
    assert len(result.clusters) == 1


def test_a_removal_says_what_it_loses():
    more = "A witness said that it was the loudest noise of his life."
    whole = STORY.format(count=27)
    result = dedup.scan([{"id": "a", "text": f"{whole} {whole[::-1]}"}, {"id": "b", "text": whole}])
    assert all(each.kept or each.lost_tokens == 0 for each in result.documents)
    copy = whole.replace("The mayor", f"{more} The mayor")
    frame = " ".join(f"In other news the {word} of the parish was sold." for word in "abcdefghij")
    result = dedup.scan([{"id": "a", "text": f"{whole}\n\n{frame}"}, {"id": "b", "text": copy}])
    gone = [each for each in result.documents if not each.kept]
    assert [each.doc_id for each in gone] == ["b"]
    assert gone[0].lost_tokens == len(more.split())
    assert 0 < gone[0].lost_share < 0.15
    (loss,) = result.tables["losses"].to_pylist()
    assert loss["text"] == more.rstrip(".")
    assert copy[loss["start"] : loss["end"]] == loss["text"]
    assert result.summary["losses"] == {"documents": 1, "tokens": 12, "facts": 0}


def test_two_items_over_one_long_disclaimer_are_text_of_their_own():
    disclaimer = (
        "All figures on this page come from the offices named and are checked once a day, but "
        "nobody can say that they are right. Who relies on them does so at his own risk, and the "
        "publisher pays for no damage that comes of it. Reprints are allowed where the source is "
        "named and nothing is left out or added, and where no fee is taken from the readers. "
    )
    one = "A farmer who was looking for his lost dog found an old coin under the roots of a tree."
    two = "Because of the strong wind the ferry to the island will stay in the harbour until noon."
    result = dedup.scan([f"{one}\n\n{disclaimer * 2}", f"{two}\n\n{disclaimer * 2}"])
    assert [each.kept for each in result.documents] == [True, True]


def test_the_result_does_not_depend_on_order_or_threads():
    draw = random.Random(7)
    documents = [{"id": f"r{k}", "text": text} for k, text in enumerate(REPORTS)]
    documents += [{"id": f"x{k}", "text": text + " It is free."} for k, text in enumerate(REPORTS)]
    documents += versions(old="2026-03-01", new="2026-03-02", late="2026-03-03")
    expected = None
    for threads, config in itertools.product((1, 3), MODES[:1]):
        draw.shuffle(documents)
        result = dedup.scan(documents, config, threads=threads)
        told = json.dumps([result.tables[name].to_pylist() for name in result.contract])
        expected = expected or told
        assert told == expected


def test_a_comparison_names_the_facts_and_the_loss():
    result = dedup.compare(REPORTS[0], REPORTS[1])
    assert result.pairs[0].relation == "same_form"
    assert result.pairs[0].changed.startswith("Monday → Tuesday; ")


def test_an_index_with_texts_calls_a_report_new_and_a_copy_a_duplicate():
    index = dedup.Index.open("memory://", store_text=True)
    told = [
        index.check_and_add({"id": str(k), "text": text}).verdict for k, text in enumerate(REPORTS)
    ]
    assert told == ["new"] * 3
    copy = REPORTS[1].replace("as they are on every", "as on every")
    assert index.check_and_add({"id": "copy", "text": copy}).verdict == "duplicate"


STARS = (
    "today is a {} day for all who were born in this month. in matters of {} one should be {} "
    "because the people around are {} and expect that others give in. in the evening it is best to "
    "{} and leave the rest for later. trust the heart, remember that good things take time, and "
    "let nobody {} you on the way to work."
)
FILLINGS = (
    ("good", "difficult", "quiet", "busy", "lucky"),
    ("money", "love", "work", "health", "friendship"),
    ("careful", "brave", "patient", "honest", "generous"),
    ("nervous", "cheerful", "stubborn", "tender", "tired"),
    ("rest", "call a friend", "read a book", "take a walk", "cook for the family"),
    ("hurry", "worry", "flatter", "tempt", "stop"),
)


def filled(count):
    """Return reports on a form in which only plain words differ."""
    return [
        STARS.format(*(words[(k * step + k // 5) % 5] for step, words in enumerate(FILLINGS, 1)))
        for k in range(count)
    ]


def test_a_form_in_which_plain_words_differ_is_told_by_several_reports():
    result = dedup.scan(filled(10))
    assert [each.kept for each in result.documents] == [True] * 10
    assert {each.relation for each in result.pairs} == {"same_form"}
    assert result.clusters == {}


def test_copies_of_such_reports_still_go_each_for_its_own():
    reports = filled(10)
    copies = [text.replace("on the way to work", "on the way to your work") for text in reports]
    documents = [*({"id": f"r{k}", "text": text} for k, text in enumerate(reports))]
    documents += [{"id": f"r{k}x", "text": text} for k, text in enumerate(copies)]
    result = dedup.scan(documents)
    gone = {each.doc_id: each.duplicate_of for each in result.documents if not each.kept}
    assert len(gone) == 10
    assert all(one[:2] == other[:2] for one, other in gone.items())


MENU = (
    "This week the kitchen of the school serves {} on the first day, {} on the second, {} in the "
    "middle of the week, {} on the day after that and {} at the end. There is always a bowl of "
    "salad with bread and a glass of milk for all who sit down at the long tables in the hall."
)
DISHES = (
    ("pancakes", "lentil soup", "fried herring", "potato dumplings", "stuffed peppers"),
    ("rice pudding", "meat balls", "baked cod", "bean stew", "noodles"),
    ("chicken", "onion tart", "cabbage rolls", "omelette", "green curry"),
    ("sausages", "pea soup", "risotto", "mushroom ragout", "semolina"),
    ("pizza", "burgers", "lasagne", "falafel", "salmon"),
)


@pytest.mark.parametrize("seed", [1, 3, 4, 9])
def test_a_form_is_told_although_half_of_the_reports_fill_some_places_alike(seed):
    drawn = random.Random(seed)
    menus = [MENU.format(*map(drawn.choice, DISHES)) for _ in range(8)]
    assert all(each.kept for each in dedup.scan(menus).documents)


def test_names_without_capitals_make_a_form():
    text = (
        "{} of {} has been named helper of the month by the club in the town hall. our neighbour "
        "has helped at the {} for many years and is known there for her {}. the president of the "
        "club thanked her for it and handed over a small gift at the weekly lunch of its members."
    )
    rows = zip(
        ("irene castellano", "bernice ashworth", "agnes whitcomb", "otis vandermeer"),
        ("millbrook", "oakmont", "pinecrest", "larkspur"),
        ("library", "shelter", "kitchen", "hospital"),
        ("kindness", "patience", "cooking", "humour"),
        strict=True,
    )
    result = dedup.scan([text.format(*row) for row in rows])
    assert [each.kept for each in result.documents] == [True] * 4


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_one_day_that_is_another_in_each_report_makes_a_form(config):
    text = (
        "bins in the east of the town will be collected on {} of this week because of the holiday. "
        "put them at the edge of the street before the lorry comes, and do not leave anything "
        "beside them. waste of the garden is not taken. from the next week on it will be as it "
        "was, and the council thanks all who have to wait for their patience in these weeks."
    )
    days = ("Monday", "Tuesday", "Wednesday", "Thursday")
    result = dedup.scan([text.format(day) for day in days], config)
    assert [each.kept for each in result.documents] == [True] * 4
    two = dedup.scan([text.format(day) for day in days[:2]], config)
    assert [each.relation for each in two.pairs] == ["revision"]


@pytest.mark.parametrize("seed", range(3))
def test_edits_of_one_article_make_no_form(seed):
    draw = random.Random(seed)
    words = STORY.format(count=27).split() + UNRELATED[0].split()
    spare = UNRELATED[1].split()
    copies = [
        " ".join(draw.choice(spare) if draw.random() < 0.2 else word for word in words)
        for _ in range(5)
    ]
    result = dedup.scan([" ".join(words), *copies])
    assert [each.kept for each in result.documents] == [True] + [False] * 5


VERDICT = (
    "A jury in the old town found the former councillor {} of taking money from a builder. He "
    "showed nothing as the verdict was read, after nine hours in which the jury had talked about "
    "it. The case for the crown had been that he took the money in notes for his vote. It was said "
    "for him that it had been a loan from a friend of many years. The judge thanked the jury for "
    "its patience in a trial that had gone on for five weeks, and the council is to say by the end "
    "of the month what is to become of the harbour."
)


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_versions_of_which_one_says_the_opposite_both_stay(config):
    texts = [VERDICT.format("guilty"), VERDICT.format("not guilty")]
    result = dedup.scan(texts, config)
    assert [each.kept for each in result.documents] == [True, True]
    pair = only_pair(result)
    assert (pair.relation, pair.changed) == ("revision", "guilty → not guilty")
    dated = [
        {"id": name, "text": text, "date": f"2026-03-0{day}"}
        for day, (name, text) in enumerate(zip(("old", "new"), texts, strict=True), 1)
    ]
    result = dedup.scan(dated, config)
    assert [each.doc_id for each in result.documents if each.kept] == ["new"]
    copied = VERDICT.format("guilty").replace("of the month", "of this month")
    result = dedup.scan([texts[0], copied], config)
    assert [each.kept for each in result.documents].count(False) == 1


PERMIT = (
    "เทศบาลขอแจ้งให้ประชาชนทราบว่า{}ได้ยื่นคำขออนุญาตสร้าง{}ในเขตเมือง "
    "ผู้มีส่วนได้เสียตรวจดูแบบและยื่นคำคัดค้านเป็นหนังสือ"
    "ได้ที่สำนักงานในวันและเวลาราชการ ภายในวันที่{} "
    "หากพ้นกำหนดนี้แล้วจะพิจารณาอนุญาตตามระเบียบที่ใช้อยู่ต่อไป"
)


@pytest.mark.parametrize("config", MODES, ids=("full", "fast"))
def test_notices_without_capitals_that_replace_one_another_stay(config):
    texts = [
        PERMIT.format("บริษัทไทยรุ่งเรือง", "อาคารชุดแปดชั้น", "สิบห้ามีนาคม"),
        PERMIT.format("นายสมชาย ใจดีมาก", "โรงงานแปรรูปนม", "สามเมษายนนี้"),
    ]
    result = dedup.scan(texts, config)
    assert [each.kept for each in result.documents] == [True, True]
    result = dedup.scan([texts[0], texts[0].replace("ต่อไป", "")], config)
    assert [each.kept for each in result.documents].count(False) == 1
