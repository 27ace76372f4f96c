"""What repeats inside an article: which copy goes, which stays, and what is left alone."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_cleaning import naive_lines
from removing import removals_of

from dedup.config import Config
from dedup.core.arrays import clean_string

GOLD = json.loads(
    Path(__file__).parents[1].joinpath("data").joinpath("gold_seeds.json").read_text()
)

FOX = "The quick brown fox jumps over the lazy dog while nobody in the village is watching it."

HEN = "Another paragraph says something quite different from all that was said before in here."

OWL = "A third one speaks of owls and the moon, of rain that never came and of fields gone dry."


def repeats(*texts):
    """Return the removals of texts as rows, those of repeats alone."""
    found = removals_of(map(clean_string, texts), config=Config(boilerplate=False))
    return found.rows.to_pylist()


def found(text):
    """Return [(removed text, reason, rule, kept text)] of one text."""
    return [
        (
            text[row["start"] : row["end"]],
            row["reason"],
            row["rule"],
            text[row["kept_start"] : row["kept_end"]],
        )
        for row in repeats(text)
    ]


def test_the_seeds_have_two_teasers_of_one_full_text(seeds):
    files = sorted(seeds.glob("*.txt"))
    rows = repeats(*(file.read_bytes().decode() for file in files))
    got = [(files[row["doc"]].name, row["start"], row["end"]) for row in rows]
    teasers = next(each for each in GOLD["within"] if each["id"] == "W1")
    assert got == [(each["file"], each["start"], each["end"]) for each in teasers["remove"]]
    keep = teasers["keep"][0]
    assert {(row["kept_start"], row["kept_end"]) for row in rows} == {(keep["start"], keep["end"])}
    assert {row["reason"] for row in rows} == {"truncated_teaser"}


@pytest.mark.parametrize(
    "mark", [" […]", " [...]", "…", "...", " Read more", " (more)", " Continue reading →", " … »"]
)
def test_a_teaser_with_a_mark_gives_way_to_the_full_text(mark):
    teaser = " ".join(FOX.split()[:12]) + mark
    if mark == " … »":
        teaser = teaser.replace(" »", "")
    text = f"Title\n{teaser}\n\n{FOX}\n{HEN}\n"
    [(removed, reason, rule, kept)] = found(text)
    assert (removed, reason, rule) == (teaser, "truncated_teaser", "prefix_of_full_text")
    assert kept == "The quick brown fox jumps over the lazy dog while nobody in"


def test_the_last_word_of_a_teaser_may_be_cut():
    [(_, _, rule, kept)] = found(f"The quick brown fox jumps over the lazy dog wh…\n{FOX}\n{HEN}")
    assert rule == "prefix_of_full_text"
    assert kept.endswith("lazy dog while")


def test_a_teaser_may_run_over_a_paragraph_break():
    teaser = f"{FOX} Another paragraph says […]"
    [(removed, _, _, kept)] = found(f"{teaser}\n\n{FOX}\n\n{HEN}\n")
    assert removed == teaser
    assert kept == f"{FOX}\n\nAnother paragraph says"


def test_a_reworded_teaser_goes_when_nine_tenths_stand_elsewhere():
    teaser = "The quick brown fox jumped over the lazy dog while nobody in the village is wat…"
    [(_, reason, rule, _)] = found(f"{teaser}\n{FOX}\n{HEN}\n{OWL}")
    assert (reason, rule) == ("truncated_teaser", "near_full_text")
    other = "The slow brown fox sleeps under the lazy tree while nobody in the house is wat…"
    assert found(f"{other}\n{FOX}\n{HEN}\n{OWL}") == []


def test_without_a_full_text_the_longest_teaser_stays():
    short = "The quick brown fox jumps over the lazy d…"
    long = "The quick brown fox jumps over the lazy dog while nobody in the vill […]"
    for text in (f"{short}\n{long}\n{HEN}", f"{long}\n{short}\n{HEN}", f"{long}\n{HEN}\n{long}"):
        [(_, reason, rule, kept)] = found(text)
        assert (reason, rule) == ("truncated_teaser", "longer_teaser")
        assert kept.startswith("The quick brown fox jumps over the lazy")
        assert long in text.replace(short, "")


def test_a_short_teaser_is_left_alone():
    assert found(f"The quick brown fox jumps …\n{FOX}\n{HEN}") == []


def test_a_lead_cut_without_a_mark_goes_but_a_headline_stays():
    full = f"{FOX[:-1]}, and the hens have all gone to bed in the barn behind the old house."
    lead = " ".join(full.split()[:22])
    assert [each[:2] for each in found(f"Title\n{lead}\n{full}\n{HEN}")] == [
        (lead, "truncated_teaser")
    ]
    subhead = " ".join(full.split()[:13])
    assert found(f"Title\n{OWL}\n{subhead}\n{full}\n{HEN}") == []
    headline = "Nobody in the village is watching the quick brown fox"
    assert found(f"{headline}\n{headline}, it was said on Monday in the village hall.\n{HEN}") == []


def test_a_pull_quote_goes_and_points_into_its_paragraph():
    quote = "“fox jumps over the lazy dog while nobody”"
    [(removed, reason, rule, kept)] = found(f"Title\n{FOX}\n{quote}\n{HEN}\n")
    assert (removed, reason, rule) == (quote, "pull_quote", "inside_longer_block")
    assert kept == "fox jumps over the lazy dog while nobody"


def test_a_flattened_copy_goes_and_its_paragraphs_stay():
    [(removed, reason, _, kept)] = found(f"Title\n{FOX} {HEN}\n\n{FOX}\n\n{HEN}\n\n{OWL}\n")
    assert (removed, reason) == (f"{FOX} {HEN}", "flattened_copy")
    assert kept == f"{FOX}\n\n{HEN}"


def test_paragraphs_are_not_quotes_out_of_a_flattened_copy_that_says_more():
    whole = f"{FOX} A few words of its own. {HEN} {OWL}"
    got = found(f"Title\n{FOX}\n{HEN}\n{OWL}\n{whole}\n")
    assert [each[:2] for each in got] in ([], [(whole, "flattened_copy")])


def test_a_page_pasted_twice_keeps_the_first():
    page = f"Title of it\n{FOX}\n\n{HEN}\n{OWL}\n"
    got = found(page + "\n" + page)
    assert [each[0] for each in got] == [line_text for line_text in page.split("\n") if line_text]
    assert {each[1] for each in got} == {"pasted_block"}
    assert all(row["kept_end"] <= len(page) for row in repeats(page + "\n" + page))
    assert len(found(page * 3)) == 8


def test_a_lead_that_stands_three_times_stays_once():
    got = found(f"{FOX}\n{FOX}\n{HEN}\n{FOX}\n{OWL}\n")
    assert [each[1:3] for each in got] == [
        ("repeated_block", "adjacent_copy"),
        ("repeated_block", "copy_in_lead"),
    ]
    assert [each[3] for each in got] == [FOX, FOX]


REFRAIN = "Oh the river runs deep and wide\nAnd it carries my heart to the sea\n"


@pytest.mark.parametrize(
    "text",
    [
        "".join(
            f"Verse {n} {random.Random(n).sample(FOX.split() + HEN.split(), 12)}\n{REFRAIN}"
            for n in range(6)
        ),
        "".join(f"What do you think of that?\n{n}. {o}\n" for n, o in enumerate([FOX, HEN, OWL])),
        "Breakfast: oats\nLunch: rice\nDinner: fish\n" * 7,
        f"{FOX}\n{HEN}\n{OWL}\n{HEN[::-1]}\n{OWL[::-1]}\n{FOX[::-1]}\n{FOX}\n",
        "Arsenal 2\nChelsea 0\nArsenal 2\nLeeds 1\n" * 3,
        f"A prayer\n{OWL}\n{OWL}\n{OWL}\n{FOX}\n",
        f"Row 1: {FOX}\nRow 2: turn\n{FOX}\n{OWL}\n{FOX}\n{HEN}\n",
        "",
        "one",
        "\n\n\n",
    ],
    ids=[
        "refrain",
        "question",
        "meals",
        "far away",
        "scores",
        "prayer",
        "rows",
        "empty",
        "word",
        "blank",
    ],
)
def test_what_is_meant_to_repeat_stays(text):
    assert found(text) == []


RAIN = "Rain falls on all the fields and on the roofs of every village by the river today"

ASK = "Do you believe that the government has done enough for the victims of the flood so far?"

CLAUSE = "Nothing in this section shall limit the powers of the court under the law of the land."

SONG = "Oh the river runs away\nAnd I cannot find the light\nHold me closer now my darling\n"

SONG += "Till the morning turns to bright and all is well again\n"

ROLL = "In favour: Anna Smith, Bernd Maier, Carla Rossi, Dmitri Petrov, Elif Kaya\nAgainst: "

ROLL += "Greta Olsen, Hans Huber, Ines Lopez, Jack Jones, Kim Lee, Lea Martin, Max Frisch\n"

CAKE = "200 g flour, 200 g sugar, 4 eggs, 200 g butter, 1 tsp baking powder\nMix it all well "

CAKE += "and bake it for 30 minutes at 180 degrees until it is golden brown.\n"

MEANT = {
    "question of the intro": f"Law\n{FOX} Many ask: {ASK} We know it.\n{HEN}\n{ASK}\n{OWL}\n",
    "subhead": f"Title\n{FOX}\n{RAIN[:52]}\n{RAIN}, it is said.\n{HEN}\n",
    "question asked twice": f"Talk\n{ASK}\nNo, I do not.\n{ASK}\nI said no.\n{HEN}\n",
    "labelled question": f"Talk\nQuestion: {ASK}\nNo.\nQuestion: {ASK}\nAnswer: no.\n{HEN}\n",
    "silence": f"Talk\nI do not want to speak of that...\nBut you said so.\nI do not want to speak "
    f"of that here in front of the children.\n{HEN}\n",
    "clause": f"Act\nSection 1\n{CLAUSE}\n{FOX}\nSection 2\n{CLAUSE}\n{FOX}\nSection 3\n{CLAUSE}",
    "clauses": f"Act\nSection 1. {FOX}\n{CLAUSE}\nSection 2. {OWL}\n{CLAUSE}\n{HEN}\n",
    "roll call": f"Votes\nMotion 1\n{ROLL}Motion 2\n{ROLL}{HEN}\n",
    "recipe": f"Cakes\nSponge\n{CAKE}Marble\n{CAKE}Add cocoa\n{HEN}\n",
    "song": f"Lyrics\n{SONG}{SONG}{RAIN}\n",
    "song without a title": f"{SONG}I walked along the wall\nA ship was going out\n{SONG}",
    "psalm": "Psalm\n" + "".join(f"{o} {o}.\nFor {RAIN}.\n" for o in "abcd"),
    "anthem": f"Anthem\nOn the shore dimly seen\n{ASK}\nAnd where is that band\n{ASK}\n",
    "quoted letter": f"Letters\nJane writes: {RAIN}\nJohn replies. Jane writes: {RAIN}. No.\n{HEN}",
    "prayer": f"Prayer\n{RAIN}.\nFor the poor.\n{RAIN}.\nFor the dead.\n{RAIN}.\n{HEN}\n",
    "oath": f'The oath\n"{RAIN}."\n{FOX}\n"{RAIN}."\n{OWL}\n{HEN}\n',
    "contents": f"Chapters\n{RAIN}.\nChapter 1\n{RAIN}.\n{HEN}\nChapter 2\n{OWL}\n",
    "key points": f"Title\nKey points\n* {FOX}\n* {OWL}\n{FOX} {HEN}\n{OWL} {RAIN}.\n{HEN[::-1]}",
    "lines left open": f"A poem\nMiles to go before I sleep tonight...\nThe woods are lovely\n"
    f"Miles to go before I sleep tonight\n{HEN}\n",
}


@pytest.mark.parametrize("name", MEANT)
def test_what_somebody_means_to_say_again_stays(name):
    assert found(MEANT[name]) == []


def test_a_long_paragraph_goes_at_any_distance():
    long = "Long, " + " ".join(f"then word{n} of the paragraph" for n in range(13)) + "."
    far = f"Title\n{FOX}\n{HEN}\n{long}\n{OWL}\n{HEN[::-1]}\n{OWL[::-1]}\n{long}\n{FOX[::-1]}\n"
    assert [each[:3] for each in found(far)] == [(long, "repeated_block", "long_copy")]
    names = ", ".join(f"Name{n} Family{n}" for n in range(40)) + "."
    assert found(f"Title\n{FOX}\n{HEN}\n{names}\n{OWL}\n{names}\n{RAIN}") == []


def test_a_caption_that_stands_twice_in_a_row_stays_once():
    caption = f"{RAIN} (AP Photo/Jane Doe)"
    [(gone, _, rule, _)] = found(f"Title\n{FOX}\n{caption}\n{caption}\n{HEN}\n")
    assert (gone, rule) == (caption, "adjacent_copy")


def test_a_lead_goes_where_it_ends_the_page_again():
    lead = f"{FOX} {RAIN}."
    text = f"Title\n{lead}\n{HEN}\n{OWL}\n{HEN[::-1]}\n{OWL[::-1]}\n{lead}\n"
    assert [each[:3] for each in found(text)] == [(lead, "repeated_block", "copy_in_lead")]


def test_a_line_out_of_a_wrapped_paragraph_never_goes_alone():
    wrapped = "He said on the steps of the town hall that the new road will be built\n"
    text = f"{wrapped}before the year is out.\n\n{FOX}\n\n{wrapped}only when money is there.\n"
    assert found(text) == []


def unique_text(seed, paragraphs):
    source = random.Random(seed)
    return "\n".join(
        " ".join(f"w{source.randrange(10**9)}" for _ in range(source.randrange(3, 40)))
        + source.choice([".", "", "…", "?"])
        for _ in range(paragraphs)
    )


@given(st.integers(0, 2**32))
def test_unique_paragraphs_lose_nothing(seed):
    assert repeats(unique_text(seed, 12)) == []


sentences = st.sampled_from(
    [FOX, HEN, OWL, FOX[:60] + "…", HEN[:70] + " […]", f"{FOX} {HEN}", OWL[10:80], "Short.", "\n"]
)


@given(st.lists(st.lists(sentences, max_size=9), min_size=1, max_size=4))
def test_a_copy_stays_for_all_that_goes(docs):
    texts = ["\n".join(doc) for doc in docs]
    rows = repeats(*texts)
    for doc, text in enumerate(texts):
        own = [row for row in rows if row["doc"] == doc]
        assert own == [{**row, "doc": doc} for row in repeats(text)]  # whatever stands beside it
        lines = naive_lines(text)
        for row in own:
            assert (row["start"], row["end"]) in lines
            assert all(
                other["end"] <= row["kept_start"] or row["kept_end"] <= other["start"]
                for other in own
            )
    assert rows == sorted(rows, key=lambda row: (row["doc"], row["start"]))


LONG = " ".join(f"word{n}" for n in range(20))

HARD = {
    "identical lines": lambda n: f"{LONG}.\n" * n,
    "two lines in turn": lambda n: f"{LONG}.\n{FOX}\n" * (n // 2),
    "short identical lines": lambda n: "ha ha ha\n" * n,
    "one head, many tails": lambda n: "".join(f"{LONG} tail{i}.\n" for i in range(n)),
    "teasers of one head": lambda n: "".join(f"{LONG} tail{i} …\n" for i in range(n)),
    "near teasers": lambda n: f"{LONG}\n" + "".join(f"x{i} {LONG[6:]} y …\n" for i in range(n)),
    "one long line": lambda n: f"{LONG} " * n,
    "line breaks": lambda n: "\n" * n,
    "pasted": lambda n: (unique_text(1, n // 2) + "\n") * 2,
}


@pytest.mark.parametrize("name", HARD)
def test_hard_documents_take_linear_work(name):
    rows = repeats(HARD[name](2_000))
    if name == "identical lines":
        assert len(rows) == 1_998  # a block of two lines was pasted; the last one may be meant
        first, second = (0, len(LONG) + 1), (len(LONG) + 2, 2 * len(LONG) + 3)
        assert {(row["kept_start"], row["kept_end"]) for row in rows} == {first, second}


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_hard_documents_of_any_size_come_to_an_end(name):
    repeats(HARD[name](50_000))


def test_without_documents_there_is_nothing():
    assert repeats() == []
