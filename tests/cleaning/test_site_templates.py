"""Site templates: what is one, what only looks like one, and the kernels against their twins."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_templates import naive_find, naive_likeness, naive_text_bounds, naive_units
from twins import tokens_with

import dedup
from dedup.cleaning.boilerplate import template_counts
from dedup.cleaning.boilerplate.template_rules import numbers_of
from dedup.config import Config
from dedup.kernels import templates as kernel
from dedup.kernels.stopwords import fill_table
from dedup.kernels.text import CAPITAL, DIGIT, STARTS_SENTENCE, Tokens

REPEATS = Config(find=("repeats",))
ALL = Config()


@settings(max_examples=200)
@given(st.text("ab_-,. 12\u0663²½éx\u0301", max_size=40))
def test_numbers_are_words_with_a_digit(unit):
    assert numbers_of(unit) == re.findall(r"\w*\d\w*", unit)


def words(source, count, vocabulary):
    return " ".join(source.choice(vocabulary) for _ in range(count))


def vocabulary(seed, size=400):
    source = random.Random(seed)
    return ["".join(source.choices("abcdefghijklmnop", k=8)) for _ in range(size)]


def article(seed, *, subject=None):
    """Return a title and four paragraphs; articles on one subject share most of their words."""
    source = random.Random(seed)
    pool = vocabulary(("subject", subject).__repr__() if subject else ("own", seed).__repr__(), 60)
    paragraphs = [
        f"{words(source, 14, pool).capitalize()}. {words(source, 12, pool).capitalize()}."
        for _ in range(4)
    ]
    return words(source, 6, pool).capitalize(), paragraphs


def lined(seed, extra, **more):
    title, paragraphs = article(seed, **more)
    return "\n\n".join([title, *paragraphs[:2], extra, *paragraphs[2:]])


def flat(seed, extra, **more):
    title, paragraphs = article(seed, **more)
    return f"{title}\n{paragraphs[0]} {paragraphs[1]} {extra} {paragraphs[2]} {paragraphs[3]}"


def scanned(texts, site="a.org", config=REPEATS):
    documents = [
        {"id": f"{number:03}", "text": text, **({"site": site} if site else {})}
        for number, text in enumerate(texts)
    ]
    return dedup.scan(documents, config)


def gone(result, texts):
    return [
        texts[row["doc"]][row["start"] : row["end"]].strip() for row in result.removals.to_pylist()
    ]


NOTE = "Follow the work of our newsroom by e-mail, or write to the editors of this website."
PLAIN = "Seven ships sailed in the spring to islands that no map of the time had shown."


@pytest.mark.parametrize("form", [lined, flat], ids=["lines", "one line"])
def test_a_sentence_of_unrelated_articles_goes_wherever_it_stands(form):
    texts = [form(seed, NOTE) for seed in range(6)]
    assert gone(scanned(texts), texts) == [NOTE] * 6


def test_naming_the_site_loses_nothing_that_goes_without():
    texts = [lined(seed, NOTE) for seed in range(6)]
    unnamed = gone(scanned(texts, site=None), texts)
    documents = [{"id": str(n), "text": text, "site": f"{n}.org"} for n, text in enumerate(texts)]
    named = dedup.scan(documents, REPEATS)
    assert gone(named, texts) == unnamed == [NOTE] * 6


@pytest.mark.parametrize("form", [lined, flat], ids=["lines", "one line"])
def test_background_of_articles_on_one_subject_stays(form):
    texts = [form(seed, NOTE, subject="dam") for seed in range(6)]
    texts += [form(seed, "", subject=f"other {seed}") for seed in range(40, 80)]
    assert gone(scanned(texts), texts) == []


def test_a_sentence_that_speaks_of_no_site_needs_ten_articles():
    texts = [lined(seed, PLAIN) for seed in range(9)]
    assert gone(scanned(texts), texts) == []
    texts = [lined(seed, PLAIN) for seed in range(12)]
    assert gone(scanned(texts), texts) == [PLAIN] * 12


TOLD = "By noon of that day {} of the ships had come back to the islands in the south."
NUMBERED = "Follow the {} readers who get our newsletter by e-mail on every morning of the week."


@pytest.mark.parametrize("form", [lined, flat], ids=["lines", "one line"])
def test_numbers_of_a_sentence_of_the_article_are_text(form):
    texts = [form(seed, TOLD.format(seed)) for seed in range(30)]
    assert gone(scanned(texts), texts) == []
    texts = [form(seed, NUMBERED.format(seed)) for seed in range(12)]
    assert gone(scanned(texts), texts) == [NUMBERED.format(seed) for seed in range(12)]


@pytest.mark.parametrize("form", [lined, flat], ids=["lines", "one line"])
def test_a_sentence_that_comes_with_another_number_stays(form):
    texts = [form(seed, TOLD.format(2 if seed == 7 else 19)) for seed in range(30)]
    assert gone(scanned(texts), texts) == [TOLD.format(19)] * 29


def test_a_short_sentence_with_its_own_number_stays_beside_a_template():
    texts = [flat(seed, f"He left on day {seed}. {NOTE}") for seed in range(12)]
    assert gone(scanned(texts), texts) == [NOTE] * 12
    texts = [flat(seed, f"He left on day 7. {NOTE}") for seed in range(12)]
    assert gone(scanned(texts), texts) == [f"He left on day 7. {NOTE}"] * 12


@pytest.mark.parametrize(
    "last", ["The hearing is on {} May.", TOLD, PLAIN], ids=["a few words", "numbered", "plain"]
)
def test_the_last_sentence_above_a_template_stays(last):
    texts = [lined(seed, "") + f"\n\n{last.format(seed)}\n\n{NOTE}" for seed in range(9)]
    assert gone(scanned(texts), texts) == [NOTE] * 9


def test_numbers_behind_what_is_kept_of_a_template_are_not_known():
    """Of a template 200 characters are kept; what comes behind cannot be compared."""
    long = f"{words(random.Random(1), 30, vocabulary(1)).capitalize()} on 19 days of the year."
    texts = [lined(seed, long) for seed in range(12)]
    assert gone(scanned(texts), texts) == []
    texts = [lined(seed, long.replace("19 ", "")) for seed in range(12)]
    assert len(gone(scanned(texts), texts)) == 12


@pytest.mark.parametrize("name", ["", "Reuters "], ids=["alone", "with a Latin name"])
def test_sentences_are_told_in_a_script_without_capitals(name):
    letters = "\u0915\u0916\u0917\u0918\u091a\u091c\u091f\u0921\u0924\u0926\u0928\u092a"

    def sentence(source):
        return " ".join("".join(source.choices(letters, k=5)) for _ in range(12)) + "\u0964"

    note = sentence(random.Random("note"))
    texts = []
    for seed in range(12):
        parts = [sentence(random.Random(f"{seed} {number}")) for number in range(8)]
        texts.append(" ".join([name + parts[0], *parts[1:5], note, *parts[5:]]))
    assert gone(scanned(texts), texts) == [note] * 12


def test_copies_of_one_article_make_no_template():
    texts = [lined(1, NOTE)] * 8
    result = scanned(texts, config=ALL)
    assert [row for row in result.removals.to_pylist() if "template" in row["rule"]] == []


def test_numbers_are_taken_as_one():
    texts = [
        lined(n, f"You and {n * 37 + 12} others follow this website of the valley today.")
        for n in range(6)
    ]
    assert len(gone(scanned(texts), texts)) == 6


def test_a_notice_that_belongs_to_the_article_stays():
    notice = "Anyone with information about this is asked to call the police on their website."
    texts = [lined(seed, notice) for seed in range(12)]
    assert gone(scanned(texts), texts) == []


def test_a_template_behind_other_words_is_cut_where_it_begins():
    rights = "You can buy the rights of this article on our website at any time."
    texts = [flat(seed, f"Source: {name} {rights}") for seed, name in enumerate(["abc", "def"])]
    texts += [flat(seed, rights) for seed in range(10, 16)]
    found = gone(scanned(texts), texts)
    assert found == [rights] * 8
    assert "Source: abc" in texts[0]


def test_a_short_sentence_goes_only_with_the_template_it_hardly_stands_without():
    short = "An error has occurred."
    texts = [flat(seed, f"{short} {NOTE}") for seed in range(6)]
    assert gone(scanned(texts), texts) == [f"{short} {NOTE}"] * 6
    texts += [flat(seed, short) for seed in range(20, 40)]
    assert gone(scanned(texts), texts) == [NOTE] * 6


def test_short_lines_beside_a_template_go_with_it_and_a_heading_below_stays():
    block = f"Listen now\n4 min listen\n{NOTE}"
    texts = [lined(seed, block) for seed in range(6)]
    assert gone(scanned(texts), texts) == ["Listen now", "4 min listen", NOTE] * 6
    headed = [lined(seed, f"{NOTE}\n\nBackground") for seed in range(6)]
    assert gone(scanned(headed), headed) == [NOTE] * 6


def test_headings_and_steps_of_recipes_stay():
    def recipe(seed):
        title, paragraphs = article(seed, subject="soup")
        return (
            f"{title}\n\n{paragraphs[0]}\n\nIngredients\n1 tsp salt\n2 cloves of garlic, crushed\n"
            f"{seed} g flour\n\nMethod\nPreheat the oven to 180 degrees.\n{paragraphs[1]}\n"
            "Season to taste and serve at once."
        )

    texts = [recipe(seed) for seed in range(9)]
    assert gone(scanned(texts), texts) == []


def test_templates_make_no_pairs_and_are_told_once():
    texts = [flat(seed, NOTE) for seed in range(12)]
    result = scanned(texts, config=ALL)
    assert result.tables["pairs"].num_rows == 0
    told = result.summary["templates"]
    assert (told["count"], told["documents"], told["removals"]) == (told["count"], 12, 12)
    assert {"text": NOTE, "site": "a.org", "documents": 12, "clusters": 12, "example": "000"} in (
        told["listed"]
    )
    [site] = told["sites"]
    assert site["site"] == "a.org"
    assert 0.05 < site["share"] < 0.5


def test_a_site_that_loses_much_of_its_text_is_a_warning():
    long = " ".join([NOTE, *(f"Part {chr(97 + n)} of it: {NOTE}" for n in range(8))])
    texts = [flat(seed, long) for seed in range(24)]
    result = scanned(texts, config=ALL)
    assert [each["kind"] for each in result.summary["warnings"]] == ["site_text"]


def test_the_order_of_documents_changes_nothing():
    texts = [flat(seed, NOTE if seed % 2 else PLAIN) for seed in range(24)]
    documents = [{"id": f"{n:03}", "text": text, "site": "a.org"} for n, text in enumerate(texts)]
    forward = dedup.scan(documents, REPEATS)
    backward = dedup.scan(documents[::-1], REPEATS)
    assert forward.removals.equals(backward.removals)
    assert forward.summary["templates"] == backward.summary["templates"]


@pytest.mark.parametrize("units", [1, 40])
def test_what_is_counted_at_a_time_changes_nothing(monkeypatch, units):
    """A sketch leaves out what occurs more than once in any part, and nothing besides."""
    texts = [flat(seed, NOTE if seed % 2 else PLAIN) for seed in range(24)]
    texts += [lined(seed, f"{NOTE}\n{PLAIN}", subject=seed % 5) for seed in range(24, 60)]
    before = scanned(texts)
    monkeypatch.setattr(template_counts, "_PART_UNITS", units)
    after = scanned(texts)
    assert before.removals.equals(after.removals)
    assert before.summary["templates"] == after.summary["templates"]
    assert before.summary["templates"]["count"] > 1


# The twins of counting.


def test_repeated_units_are_those_that_occur_more_than_once(monkeypatch):
    monkeypatch.setattr(template_counts, "_PART_UNITS", 30)
    source = random.Random(3)
    keys = [source.randrange(150) << source.choice([0, 40]) for _ in range(400)]
    repeated, _ = template_counts._repeated(np.array(keys, np.uint64))
    assert repeated.tolist() == [keys.count(key) > 1 for key in keys]


# The kernels against their twins.


def random_lines(source, count):
    """Return lines of tokens (word, is number, starts a sentence, is a capital, gap)."""
    lines = []
    for _ in range(count):
        size = source.choice([0, 2, 7, 8, 20, 59, 60, 75, 130])
        cased = source.random() < 0.8
        lines.append(
            [
                (
                    source.randrange(1, 5),
                    source.random() < 0.1,
                    place == 0 or source.random() < 0.1,
                    cased and source.random() < 0.3,
                    source.choice([1, 2, 3]),
                )
                for place in range(size)
            ]
        )
    return lines


def arrays(lines):
    """Return the tokens of lines, and where the lines begin and end."""
    flat_tokens = [token for line in lines for token in line]
    hashes = np.array([word * 0x9E3779B97F4A7C15 % 2**64 for word, *_ in flat_tokens], np.uint64)
    flags = np.array(
        [
            DIGIT * digit + STARTS_SENTENCE * starts + CAPITAL * capital
            for _, digit, starts, capital, _ in flat_tokens
        ],
        np.uint8,
    )
    starts, ends, at = [], [], 0
    for *_, gap in flat_tokens:
        at += gap
        starts.append(at)
        at += 3
        ends.append(at)
    tokens = Tokens(
        *(np.array([0, len(hashes)]), hashes, hashes),
        *(np.array(starts, np.int32), np.array(ends, np.int32), flags),
    )
    sizes = np.array([len(line) for line in lines], np.int64)
    highs = np.cumsum(sizes)
    return tokens, highs - sizes, highs, sizes.astype(np.int32)


def cut(lines):
    tokens, lows, highs, sizes = arrays(lines)
    room = 2 * len(lines) + len(tokens.hashes)
    units = kernel.Units(*(np.zeros(room, np.int64) for _ in range(3)), np.zeros(room, np.uint64))
    count = kernel.cut_units(lows, highs, sizes, tokens, units)
    return tokens, sizes, kernel.Units(*(array[:count] for array in units))


@pytest.mark.parametrize("seed", range(12))
def test_units_and_templates_are_what_the_twins_find(seed):
    source = random.Random(seed)
    lines = random_lines(source, 12)
    lines += [line[source.randrange(len(line) // 2 + 1) :] for line in lines]  # endings
    tokens, sizes, units = cut(lines)
    twins = naive_units(lines)
    got = list(zip(units.lines.tolist(), units.lows.tolist(), units.highs.tolist(), strict=True))
    assert got == [unit[:3] for unit in twins]
    by_key = dict(zip(units.keys.tolist(), (unit[3] for unit in twins), strict=True))
    assert len(by_key) == len({unit[3] for unit in twins})
    chosen = {key for key in by_key if source.random() < 0.3}
    table = np.zeros(1 << (4 * len(chosen) + 4).bit_length(), np.uint64)
    fill_table(np.array(sorted(chosen), np.uint64), table)
    found, endings = np.zeros(len(got), np.uint8), np.zeros(len(got), np.int64)
    known = kernel.Known(table, np.full(len(got), 12345, np.uint64))
    kernel.find_templates(units, known, tokens, sizes, found, endings)
    names = {kernel.NOT: "not", kernel.SHORT: "short", kernel.FULL: "full"}
    names[kernel.ENDING] = "ending"
    told = [(names[what], end) for what, end in zip(found.tolist(), endings.tolist(), strict=True)]
    assert told == naive_find(twins, lines, {by_key[key] for key in chosen})


def test_a_template_of_one_site_is_looked_up_with_its_site_only():
    tokens, sizes, units = cut([[(word, False, False, False, 1) for word in range(1, 10)]])
    for spread, expected in ((7, kernel.FULL), (9, kernel.NOT)):
        table = np.zeros(16, np.uint64)
        fill_table(units.keys ^ np.uint64(7), table)
        found, endings = np.zeros(1, np.uint8), np.zeros(1, np.int64)
        known = kernel.Known(table, np.array([spread], np.uint64))
        kernel.find_templates(units, known, tokens, sizes, found, endings)
        assert found.tolist() == [expected]


def test_likeness_is_what_the_twin_finds():
    source = random.Random(5)
    empty = 2**64 - 1
    rows = [[source.choice([1, 2, 3, None]) for _ in range(9)] for _ in range(7)]
    sketches = np.array([[empty if v is None else v for v in row] for row in rows], np.uint64)
    members, bounds = np.array([0, 1, 2, 3, 4, 5, 6], np.int64), np.array([0, 3, 3, 4, 7])
    out = np.empty(4)
    kernel.mean_likeness(sketches, members, bounds, out)
    groups = [rows[0:3], [], rows[3:4], rows[4:7]]
    assert out.tolist() == pytest.approx([naive_likeness(group) for group in groups])


def test_a_sketch_leaves_out_spans_and_stop_words():
    hashes = np.arange(1, 41, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    stop_words = np.zeros(64, np.uint64)
    fill_table(hashes[:5], stop_words)
    tokens = tokens_with(np.array([0, 20, 40]), hashes)

    def sketch(some, lows, highs):
        out = np.full((len(some), kernel.SKETCH), ~np.uint64(0))
        spans = (np.array(lows, np.int64), np.array(highs, np.int64))
        kernel.sketch_rows(np.array(some), tokens, stop_words, *spans, out)
        return [set(row[row != ~np.uint64(0)].tolist()) for row in out]

    whole = sketch([0, 1], [], [])
    assert len(whole[0]) <= 15
    assert len(whole[1]) <= 20
    [second, first] = sketch([1, 0], [8, 18, 30], [10, 22, 40])
    bare = sketch([0], [], [])[0] - sketch([0], [8, 18], [10, 20])[0]
    assert first <= whole[0]
    assert second <= whole[1]
    assert bare
    assert sketch([1], [20], [40]) == [set()]


def test_the_text_of_a_page_is_what_the_twin_finds():
    source = random.Random(9)
    pages = [
        [(source.choice([1, 3, 12, 30]), source.random() < 0.4) for _ in range(size)]
        for size in (0, 1, 5, 9, 14, 14)
    ]
    bounds = np.cumsum([0, *map(len, pages)])
    sizes = np.array([size for page in pages for size, _ in page], np.int32)
    prose = np.array([long for page in pages for _, long in page], np.bool_)
    out = np.empty((len(pages), 2), np.int64)
    kernel.text_bounds(bounds, sizes, prose, out)
    for low, (first, last), page in zip(bounds.tolist(), out.tolist(), pages, strict=False):
        a, b = naive_text_bounds([size for size, _ in page], [long for _, long in page])

        def total(begin, end, page=page):
            return sum(size if long else -3 for size, long in page[begin:end])

        assert total(first - low, last - low) == total(a, b)


@pytest.mark.parametrize(
    "sentence",
    [
        "Schrijf je hier in voor de nieuwsbrief die elke ochtend om zes uur verschijnt.",
        "Missa inget viktigt och läs vårt nyhetsbrev som kommer varje morgon klockan sex.",
        "Najważniejsze teksty dnia znajdziesz co rano na stronach naszego serwisu o szóstej.",
        "Nejdůležitější zprávy dne najdete každé ráno v šest na stránkách našeho webu.",
        "Günün en önemli haberleri her sabah saat altıda gelen bültenimizde sizi bekliyor.",
        "Самое важное за день вы найдёте каждое утро в шесть на нашем сайте.",
        "Τα πιο σημαντικά νέα κάθε πρωί στις έξι στη δική μας ιστοσελίδα εδώ.",
    ],
)
def test_a_site_speaks_of_itself_in_other_languages(sentence):
    """Of a sentence that does not, three articles are too few."""
    result = scanned([flat(seed, sentence) for seed in range(4)], config=ALL)
    assert result.removals.num_rows == 4
    other = sentence.split(" ")[0] + " " + words(random.Random(1), 11, vocabulary("other")) + "."
    assert scanned([flat(seed, other) for seed in range(4)], config=ALL).removals.num_rows == 0
