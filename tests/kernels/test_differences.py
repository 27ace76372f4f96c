"""The kernels that say what differs, against plain Python and on texts made for the purpose."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dedup.core.arrays import texts_from_strings
from dedup.kernels import differences as kernel
from dedup.kernels import matching
from dedup.similarity.differences import changes, scratch_of, words_of
from dedup.text.tokens import tokenise_texts
from tests import naive_differences as naive

WORDS = "the of a in on said council bridge river Oda Brenn Monday May 12 1848 six winter".split()


def words_for(texts):
    """Return the words of some texts."""
    made = texts_from_strings(texts)
    return words_of(made, tokenise_texts(made))


def measured(one, two):
    """Return the figures of a pair of texts."""
    words = words_for([one, two])
    out = np.zeros((1, kernel.FIGURES), np.int64)
    kernel.examine_pairs(words, np.array([[0, 1]]), scratch_of(words), out)
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
    _, lost_a, lost_b = kernel.describe_pair(words, 0, 1, scratch, figures)
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
        expected = naive.lost_facts(kinds[side], values[side], values[1 - side])
        assert figures[kernel.LOST_FACTS + side] == expected


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
        ("all of 1,204 people", "all of 1.204 people"),
        ("the year began well", "the year started badly"),
    ],
)
def test_spellings_of_one_fact_are_no_conflict(one, two):
    frame = "The council of the town said that {} in the old hall by the river."
    assert changed(frame.format(one), frame.format(two)) == []


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
