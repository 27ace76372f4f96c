"""The kernels that say what differs, against plain Python and on texts made for the purpose."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import NaiveFolding, naive_tokens, naive_word_hash
from strategies import texts
from twins import WRAPS

from dedup.core.arrays import clean_string, texts_from_strings
from dedup.kernels import differences as kernel
from dedup.kernels import facts, matching
from dedup.similarity.differences import changes, scratch_of, words_of
from dedup.text.stopwords import hash_table
from dedup.text.tokens import folding, tokenise_texts
from tests import naive_differences as naive

pytestmark = WRAPS
TABLE = folding()
READ = np.zeros(1, np.bool_)  # a pair that no machine misread
NAIVE_TABLE = NaiveFolding(TABLE.stage, TABLE.values, TABLE.expansions)

WORDS = "the of a in on said council bridge river Oda Brenn Monday May 12 1848 six winter".split()


def words_for(texts):
    """Return the words of some texts."""
    made = texts_from_strings(texts)
    return words_of(made, tokenise_texts(made))


def measured(one, two):
    """Return the figures of a pair of texts."""
    words = words_for([one, two])
    out = np.zeros((1, kernel.FIGURES), np.int64)
    kernel.examine_pairs(words, np.array([[0, 1]]), READ, scratch_of(words), out)
    return out[0]


def changed(one, two):
    words = words_for([one, two])
    return changes(words, np.array([0, 1]), scratch_of(words))


def drawn(draw, length):
    return [draw.choice(WORDS) for _ in range(length)]


def edited(draw, words):
    """Return words some of which are left out, replaced, put in, or moved."""
    made = [draw.choice(WORDS) if draw.random() < 0.1 else word for word in words]
    made = [word for word in made if draw.random() > 0.1]
    if draw.random() < 0.4 and len(made) > 40:
        low = draw.randrange(len(made) - 20)
        made = made[low + 20 :] + made[:low] + made[low : low + 20]
    return made + (drawn(draw, draw.randrange(120)) if draw.random() < 0.5 else [])


@pytest.mark.parametrize("seed", range(60))
def test_alignment_is_that_of_the_twin(seed):
    draw = random.Random(seed)
    if seed % 2:  # few kinds of words, so that next to nothing is unique
        one = drawn(draw, draw.randrange(1, 150))
        two = edited(draw, one) if draw.random() < 0.7 else drawn(draw, draw.randrange(1, 150))
    else:
        one = [f"w{draw.randrange(400)}" for _ in range(draw.randrange(1, 300))]
        two = edited(draw, one)
    two = two or ["none"]
    numbers = {word: k + 1 for k, word in enumerate(sorted({*one, *two}))}
    a, b = (np.array([numbers[word] for word in text], np.uint64) for text in (one, two))
    stops = np.array([word in ("the", "of", "a", "in") for word in one], np.bool_)
    scratch = matching.scratch_for(max(len(a), len(b)))
    matching.match_texts(a, b, stops, scratch)
    expected = naive.match(a.tolist(), b.tolist(), stops.tolist())
    got = [None if j < 0 else j for j in scratch.mates[0, : len(a)].tolist()]
    assert got == expected
    back = {j: i for i, j in enumerate(got) if j is not None}
    assert scratch.mates[1, : len(b)].tolist() == [back.get(j, -1) for j in range(len(b))]
    assert scratch.covered[0, : len(a)].tolist() == naive.covered(a.tolist(), b.tolist())
    assert scratch.covered[1, : len(b)].tolist() == naive.covered(b.tolist(), a.tolist())


@pytest.mark.parametrize("seed", range(20))
def test_losses_are_those_of_the_twin(seed):
    draw = random.Random(seed)
    one = drawn(draw, 120)
    two = edited(draw, one)
    words = words_for([" ".join(one), " ".join(two)])
    figures = np.zeros(kernel.FIGURES, np.int64)
    scratch = scratch_of(words)
    _, lost_a, lost_b = kernel.describe_pair(words, 0, 1, READ[0], scratch, figures)
    spans = [slice(int(words.bounds[k]), int(words.bounds[k + 1])) for k in (0, 1)]
    hashes, kinds, flags, values = (
        [column[span].tolist() for span in spans]
        for column in (words.hashes, words.kinds, words.flags, words.values)
    )
    mate = naive.match(hashes[0], hashes[1], [bool(kind & 16) for kind in kinds[0]])
    back = {j: i for i, j in enumerate(mate) if j is not None}
    mates = [mate, [back.get(j) for j in range(len(hashes[1]))]]
    boxes = list(naive.gaps(mate, len(hashes[0]), len(hashes[1])))
    for side, found in enumerate((lost_a, lost_b)):
        covered = naive.covered(hashes[side], hashes[1 - side])
        lost = naive.lost(kinds[side], mates[side], covered)
        assert found.tolist() == [list(each) for each in naive.stretches(lost)]
        sizes = [
            naive.own(kinds[side], flags[side], lost, *box[2 * side : 2 * side + 2])
            for box in boxes
        ]
        assert figures[kernel.OWN + side] == sum(size for size, _ in sizes)
        assert figures[kernel.LONGEST + side] == max((size for _, size in sizes), default=0)
        expected = naive.lost_facts(kinds[side], values[side], lost, values[1 - side])
        assert figures[kernel.LOST_FACTS + side] == expected


def letters_of(string):
    """Return the folded letters of a string, those that become several as they are."""
    codes = [NAIVE_TABLE.entry(ord(char)) for char in string]
    return "".join(
        chr(code & 0x1FFFFF) if code >= 16 and code >> 24 == 0 else char
        for char, code in zip(string, codes, strict=True)
    )


@settings(max_examples=50)
@given(st.lists(texts, min_size=1, max_size=2), st.integers(1, 40))
def test_letters_are_those_of_the_twin(strings, times):
    """Also of texts so long that some stretches are ASCII and others are not."""
    strings = [("Plain Words 12, " * (times // 8) + string) * times for string in strings]
    made = texts_from_strings(strings)
    for row, string in enumerate(map(clean_string, strings)):
        letters = np.zeros(len(string) + 1, np.uint32)
        span = made.offsets[row : row + 2]
        kernel.read_letters(made.data, *span, TABLE.stage, TABLE.values, letters)
        expected = "".join(c.lower() if c.isascii() else letters_of(c) for c in string)
        assert "".join(map(chr, letters[:-1])) == expected


@given(st.text("abc", max_size=80), st.text("abcd", max_size=80))
def test_common_letters(one, two):
    letters = [np.array([ord(each) for each in string], np.uint32) for string in (one, two)]
    rows = np.zeros((2, len(two) + 1), np.int64)
    common = kernel.common_letters(letters[0], len(one), letters[1], len(two), rows)
    assert common == naive.common_letters(one, two)


SLOT_WORDS = [
    *("12", "13", "14", "1848", "six", "6", "600l", "6001", "6O0", "7 and 8", "1,204", "½", "3rd"),
    *("May", "Nov.", "Monday", "Friday", "Oda Brenn", "Oda Brenm", "Karl Voss", "Épinay", "Epinai"),
    *("not", "never", "no", "didn't", "nol", "Karl", "Oda"),
    *("https://a.org/12", "quiet", "well", "The Oda", "12 Monday Brenn", "a 5 b 6 c 7 d", "Straße"),
]


def filled(draw, length):
    """Return two texts on one form, with other facts here and there, lines and sentences."""
    sides = [], []
    for _ in range(length):
        words = [drawn(draw, draw.randrange(1, 6))] * 2
        if draw.random() < 0.15:
            words = [drawn(draw, draw.randrange(1, 20)) for _ in sides]
        slots = [draw.choice(SLOT_WORDS)] * 2
        if draw.random() < 0.6:
            slots = [draw.choice(SLOT_WORDS) for _ in sides]
        behind = draw.choice([" ", ". ", "\n", ", "])
        for side, own, slot in zip(sides, words, slots, strict=True):
            side.append(f"{' '.join(own)} {slot}{behind}")
    numbered = draw.randrange(6)
    for k, side in enumerate(sides):
        side.extend(f"said number {n + k} on the. " for n in range(40, 40 + 4 * numbered, 4))
    return ["".join(side) for side in sides]


def words_of_twin(words, row, string):
    """Return the words of a text as the twin takes them."""
    own = slice(int(words.bounds[row]), int(words.bounds[row + 1]))
    columns = (words.hashes, words.values, words.kinds, words.flags, words.starts, words.ends)
    return [
        naive.Word(*four, letters_of(string[start:end].lower()), start, end)
        for *four, start, end in zip(*(column[own].tolist() for column in columns), strict=True)
    ]


@pytest.mark.parametrize("seed", range(60))
def test_figures_are_those_of_the_twin(seed):
    draw = random.Random(seed)
    strings = filled(draw, draw.randrange(2, 20))
    words = words_for([*strings, "of another text 12"])
    if seed % 4 == 0:
        words.kinds[:: draw.randrange(3, 9)] |= facts.HIDDEN
    sides = [words_of_twin(words, row, string) for row, string in enumerate(strings)]
    scratch, out = scratch_of(words), np.full((3, kernel.FIGURES), 9, np.int64)
    misread = np.zeros(3, np.bool_)
    kernel.examine_pairs(words, np.array([[0, 1], [2, 0], [1, 0]]), misread, scratch, out)
    for got, (one, two) in ((out[0], (0, 1)), (out[2], (1, 0))):
        texts = [sides[one], sides[two]]
        expected, boxes, found = naive.figures(texts)
        if len(found) > 0:
            expected |= naive.fact_figures(texts, boxes, found)
        for name, value in expected.items():
            name, side = name if isinstance(name, tuple) else (name, 0)
            assert got[getattr(kernel, name) + side] == value, (name, side)
        conflicts, *_ = kernel.describe_pair(
            words, one, two, READ[0], scratch, np.zeros(kernel.FIGURES, np.int64)
        )
        rows = [each.row() for each in found]
        rows += naive.negations(texts, boxes) + naive.swaps(texts, boxes)
        assert conflicts.tolist() == rows
        if len(found) == 0:
            assert got[kernel.CONFLICTS] == got[kernel.RUNS] == got[kernel.SLOTS_HIT] == 0


def misread(draw, string):
    """Return a text as a machine may read it: letters for others, words cut, lines left out."""
    letters = [draw.choice("lo1e") if draw.random() < 0.08 else letter for letter in string]
    letters = [" " if draw.random() < 0.02 else letter for letter in letters]
    low = draw.randrange(len(letters))
    if draw.random() < 0.5:
        letters[low : low + draw.randrange(80)] = []
    return "".join(letters)


@pytest.mark.parametrize("seed", range(40))
def test_two_readings_lose_what_the_twin_says(seed):
    draw = random.Random(seed)
    one, _ = filled(draw, draw.randrange(4, 30))
    other = misread(draw, one)
    words = words_for([one, other, one])
    sides = [words_of_twin(words, row, string) for row, string in enumerate([one, other])]
    out, scratch = np.full((3, kernel.FIGURES), 9, np.int64), scratch_of(words)
    flags = np.array([True, True, False])
    kernel.examine_pairs(words, np.array([[0, 1], [1, 0], [0, 2]]), flags, scratch, out)
    for got, both in ((out[0], sides), (out[1], sides[::-1])):
        for key, value in naive.figures(both, misread=True)[0].items():
            name, side = key if isinstance(key, tuple) else (key, 0)
            assert got[getattr(kernel, name) + side] == value, key
    assert out[2, kernel.LOST] == 0
    for fact in (kernel.CONFLICTS, kernel.FACTS, kernel.RUNS, kernel.SLOTS, kernel.MISSPELT):
        assert out[0, fact] == 0


@pytest.mark.parametrize("count", [500, 1_000])
def test_what_is_too_long_to_be_compared_by_its_letters_is_lost(count):
    texts = [" ".join(f"{letter}wor{k:04}" for k in range(count)) for letter in "ab"]
    words, out = words_for(texts), np.zeros((1, kernel.FIGURES), np.int64)
    words.kinds[:] |= facts.RUNNING
    kernel.examine_pairs(words, np.array([[0, 1]]), ~READ, scratch_of(words), out)
    lost, running = (
        out[0, each : each + 2].tolist() for each in (kernel.LOST, kernel.RUNNING_WORDS)
    )
    assert lost == ([0, 0] if count == 500 else running)


FACT_WORDS = {
    **{"may": (facts.CALENDAR, 99), "one": (facts.NUMBER, 2), "set": (facts.CALENDAR, 0)},
    **{"of": (facts.NEGATION, 2), "bridge": (facts.NEGATION, 3)},  # bits of languages
}
STOPS = {0: {"the", "of", "on", "may"}, 1: {"die", "of", "one"}}
KIND_PIECES = (
    *("the ", "of ", "on ", "The ", "die ", "may ", "May ", "one ", "set ", "bridge ", "Oda "),
    *(
        "12 ",
        "012 ",
        "123456 ",
        "12345 ",
        "3rd ",
        "Ⅳ ",
        "١٢ ",
        "١٢٣٤٥٦ ",
        "½ ",
        "漢字 ",
        "a@b.org ",
    ),
    *("https://a.org/1 ", ". ", "\n", "“", "” ", "-", "THE "),
)


@settings(max_examples=100)
@given(
    st.lists(st.lists(st.sampled_from(KIND_PIECES), max_size=40).map("".join), max_size=4),
    st.data(),
)
def test_kinds_are_those_of_the_twin(strings, data):
    tokens = tokenise_texts(texts_from_strings(strings))
    languages = [data.draw(st.integers(-1, 1)) for _ in strings]
    stops, meanings = (
        {naive_word_hash(word): word for word in words}
        for words in (STOPS[0] | STOPS[1], FACT_WORDS)
    )
    table = hash_table(np.array([*{**stops, **meanings}], np.uint64))
    bits = [
        sum(1 << k for k, own in STOPS.items() if stops.get(each) in own) for each in table.tolist()
    ]
    rows = [FACT_WORDS.get(meanings.get(each), (0, 0)) for each in table.tolist()]
    dictionary = facts.Dictionary(
        *(table, np.array(bits, np.uint64)),
        *(
            np.array([kind for kind, _ in rows], np.uint8),
            np.array([v for _, v in rows], np.uint64),
        ),
    )
    covered = np.zeros((len(tokens), 2), np.int64)
    places = np.empty(len(tokens.hashes), np.int32)
    facts.look_up(tokens.hashes, tokens.bounds, dictionary, places, covered)
    for row, string in enumerate(strings):
        words = [token.word for token in naive_tokens(string, NAIVE_TABLE)]
        assert covered[row].tolist() == [sum(word in STOPS[k] for word in words) for k in (0, 1)]
    kinds, values = np.zeros(len(tokens.hashes), np.uint8), np.zeros(len(tokens.hashes), np.uint64)
    chosen = np.array(languages, np.int64)
    room = np.empty(int(tokens.counts().max(initial=0)), np.bool_)
    facts.mark_kinds(tokens.arrays(), (chosen, places), dictionary, kinds, values, room)
    expected = []
    for string, language in zip(strings, languages, strict=True):
        own = naive_tokens(string, NAIVE_TABLE)
        words, flags = [token.word for token in own], [token.flags for token in own]
        negations = {
            word
            for word, (kind, bits) in FACT_WORDS.items()
            if kind == facts.NEGATION and language >= 0 and bits >> language & 1
        }
        told = naive.kinds_of(
            *(words, flags, STOPS.get(language, ()), FACT_WORDS, language >= 0), negations
        )
        expected += [
            (kind, naive_word_hash(word) | 1 << 60 if value is None else value)
            for word, (kind, value) in zip(words, told, strict=True)
        ]
    assert [*zip(kinds.tolist(), values.tolist(), strict=True)] == expected


FORECAST = (
    "The office expects a quiet {} in the valley, with {} degrees at noon and little wind from the "
    "west. At night it cools down to {} degrees. {} said drivers should look out for fog."
)


def test_slots_with_other_facts_are_conflicts():
    one = FORECAST.format("Monday", 12, 3, "Oda Brenn")
    two = FORECAST.format("Friday", 19, 8, "Karl Voss")
    assert changed(one, two) == [
        "Monday → Friday",
        "12 → 19",
        "3 → 8",
        "Oda Brenn → Karl Voss",
    ]
    figures = measured(one, two)
    assert figures[kernel.RUNS] == 4
    assert figures[kernel.RUNS_OF_NAMES] == 2
    assert figures[kernel.SLOTS] == figures[kernel.SLOTS_HIT] == 4
    assert figures[kernel.CONFLICTS] == 5
    assert figures[kernel.LOST_FACTS] == 4  # not the capital at the start of a sentence


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("met on 31 May", "met on 31st May"),
        ("some six cents more", "some 6 cents more"),
        ("on 3 November at noon", "on 3 Nov. at noon"),
        ("spoke to Heitzburg there", "spoke to HeitzVurg there"),
        ("a sum of 600l was", "a sum of 6001 was"),
        ("a sum of 2O19 was", "a sum of 2019 was"),
        ("all of 1,204 people", "all of 1.204 people"),
        ("the year began well", "the year started badly"),
        ("spoke to Ehrenamtlichen there", "spoke to Ehren- amtlichen there"),
        ("saw the Stadtbücherei there", "saw the Stadtb&uuml;cherei there"),
    ],
)
def test_spellings_of_one_fact_are_no_conflict(one, two):
    frame = "The council of the town said that {} in the old hall by the river."
    assert changed(frame.format(one), frame.format(two)) == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("found Lydgate guilty", "found Lydgate not guilty"),
        ("did know of the sums", "didn't know of the sums"),
        ("left for the town", "never left for the town"),
        ("Moss hit a man whom Tully knew", "Tully hit a man whom Moss knew"),
    ],
)
def test_a_negation_and_names_that_changed_places_say_the_opposite(one, two):
    frame = "The court in the old town said on that day that it {} from what it had heard in May."
    figures = measured(frame.format(one), frame.format(two))
    assert figures[kernel.OPPOSITES] > 0
    assert figures[kernel.RUNS] == 0
    assert changed(frame.format(one), frame.format(two))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("did not know of it", "didn't know of it"),
        ("was not the man", "was nol the man"),
        ("said she can't come", "said she can&#39;t come"),
        (
            "that it was not so was said by all of them",
            "that it was so was not said by all of them",
        ),
        ("spoke to Moss and Tully there", "spoke to Tully and Moss there"),
    ],
)
def test_the_same_said_in_other_words_is_no_opposite(one, two):
    frame = "The court in the old town said on that day that it {} from what it had heard in May."
    assert measured(frame.format(one), frame.format(two))[kernel.OPPOSITES] == 0


@pytest.mark.parametrize(
    ("one", "two"), [("600l", "6002"), ("12 l", "13 l"), ("2O19", "2018"), ("2O19", "2O18")]
)
def test_misread_digits_hide_no_other_number(one, two):
    frame = "The council of the town said that {} was paid in the old hall by the river."
    assert len(changed(frame.format(one), frame.format(two))) == 1


def test_numbers_of_a_list_that_move_by_one_are_no_conflict():
    def listed(first):
        items = ("the old bridge", "a new school for all", "the market square", "bus lines")
        return ". ".join(f"Item {first + k} is about {item}" for k, item in enumerate(items))

    assert changed(listed(1), listed(2)) == []
    assert len(changed(listed(1), listed(4))) == 4


def test_a_fact_in_a_link_does_not_count():
    text = "Read all about it at https://example.org/2024/05/{}?token={} before you come to us."
    assert changed(text.format(17, "A1"), text.format(99, "B7")) == []


def test_moved_text_is_not_lost():
    first = "The mayor of the town spoke at length about the bridge over the river on Monday."
    second = "In the evening the choir of the village sang old songs in the church by the lake."
    figures = measured(f"{first}\n{second}", f"{second}\n{first}")
    assert figures[kernel.LOST] == figures[kernel.LOST + 1] == 0


def test_a_sentence_of_its_own_is_told_with_its_words():
    shared = "The mayor of the town spoke at length about the bridge over the river on Monday."
    more = "He did not say what it would cost or who was going to pay for the work on it."
    figures = measured(f"{shared} {more}", shared)
    assert figures[kernel.OWN] == figures[kernel.LOST] == len(more.split())
    assert figures[kernel.OWN + 1] == figures[kernel.OPPOSED] == 0
