"""Scores of pairs against plain sets, and each relation at its boundaries."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import BAKERY, COMET, FERRY, LIBRARY, ORCHARD, QUOTED, REWORDED, SWIMMING, THEATRE
from strategies import ragged, rows_of_hashes

import dedup
from dedup.config import Config
from dedup.passages.find import no_passages
from dedup.similarity.relations import NAMES, compare_shingles, confirm_pairs
from dedup.text.shingles import Shingles


def naive_scores(one, two):
    """Return Jaccard and both containments of two sets; nothing has nothing in common."""
    common, union = len(one & two), len(one | two)
    return tuple(common / size if size else 0.0 for size in (union, len(one), len(two)))


@settings(max_examples=150)
@given(rows_of_hashes)
def test_scores_are_those_of_plain_sets(rows):
    sets = [set(row) for row in rows]
    pairs = list(itertools.product(range(len(rows)), repeat=2))
    held = Shingles(*ragged([sorted(each) for each in sets]))
    got = compare_shingles(np.array(pairs, np.int64).reshape(-1, 2), held)
    wanted = [naive_scores(sets[x], sets[y]) for x, y in pairs]
    assert np.allclose(np.stack(got, axis=1), np.array(wanted).reshape(-1, 3))


# Relations. A pair is (tokens a, tokens b, shingles of a, of b, in common, matched tokens, number
# of passages).


def confirmed(*pairs, config=None, keep_all=True, candidates=True):
    """Return what is made of made-up pairs, each of two documents of its own."""
    rows, counts = [], []
    for k, (tokens_a, tokens_b, size_a, size_b, common, _, _) in enumerate(pairs):
        first = 10**6 * k
        rows.append(list(range(first, first + size_a)))
        rows.append(list(range(first + size_a - common, first + size_a - common + size_b)))
        counts += [tokens_a, tokens_b]
    shared = [(2 * k, 2 * k + 1, pair[5]) for k, pair in enumerate(pairs) if pair[6]]
    owners = np.array([2 * k for k, pair in enumerate(pairs) for _ in range(pair[6])], np.int64)
    passages = replace(
        no_passages(),
        a=owners,
        b=owners + 1,
        pairs=np.array(shared, np.int64).reshape(-1, 3),
    )
    wanted = [(2 * k, 2 * k + 1) for k in range(len(pairs))] if candidates else []
    return confirm_pairs(
        np.array(wanted, np.int64).reshape(-1, 2),
        lambda pairs: compare_shingles(pairs, Shingles(*ragged(rows))),
        passages,
        np.array(counts, np.int64),
        config or Config(),
        keep_all=keep_all,
    )


def relation(*pair, **how):
    return NAMES[confirmed(pair, **how).relations[0]]


def naive_relation(pair, config):
    """Return the relation by the rules as they are written down."""
    tokens_a, tokens_b, size_a, size_b, common, matched, number = pair
    union = size_a + size_b - common
    jaccard = common / union if union else 0
    share_a = max(min(matched / tokens_a, 1), common / size_a if size_a else 0)
    share_b = max(min(matched / tokens_b, 1), common / size_b if size_b else 0)
    shorter = min(tokens_a, tokens_b)
    least = config.coverage if shorter >= 50 else max(config.coverage, 0.9)
    more, less = max(share_a, share_b), min(share_a, share_b)
    if jaccard >= config.threshold or less >= least:
        return "near_duplicate"
    if more >= least:
        return "near_duplicate" if shorter >= 50 and less >= 0.8 * more else "excerpt"
    if number:
        derived = matched / shorter >= 0.3 or (number >= 3 and matched >= 60) or matched >= 100
        return "derived" if derived else "shares_passage"
    return "none"


@st.composite
def made_up(draw):
    """Draw a pair, often of sizes at a boundary."""
    tokens_a, tokens_b = (
        draw(st.one_of(st.integers(1, 400), st.sampled_from([49, 50, 100, 200]))) for _ in range(2)
    )
    size_a, size_b = (draw(st.integers(0, tokens)) for tokens in (tokens_a, tokens_b))
    common = draw(st.integers(0, min(size_a, size_b)))
    number = draw(st.integers(0, 4))
    least = min(tokens_a, tokens_b)
    marks = st.sampled_from([least * 3 // 10, least * 7 // 10, least * 9 // 10, 60, 100])
    matched = draw(st.one_of(st.integers(1, least), marks)) if number else 0
    return tokens_a, tokens_b, size_a, size_b, common, min(matched, least), number


@settings(max_examples=400)
@given(made_up(), st.sampled_from([Config(), Config(coverage=0.5, threshold=0.3)]))
def test_relations_are_as_the_rules_are_written_down(pair, config):
    assert relation(*pair, config=config) == naive_relation(pair, config)


@pytest.mark.parametrize(
    ("pair", "wanted"),
    [
        # Jaccard at the threshold, and one shingle short of it.
        ((200, 200, 170, 170, 140, 0, 0), "near_duplicate"),
        ((200, 200, 170, 170, 139, 0, 0), "near_duplicate"),  # containment .82 of as long a text
        ((200, 90, 200, 86, 60, 0, 0), "none"),  # containment .698 of the shorter
        # Coverage of a text of about the same length.
        ((200, 200, 0, 0, 0, 140, 1), "near_duplicate"),
        ((200, 200, 0, 0, 0, 139, 1), "derived"),
        # One stands in the other, and not the other way round.
        ((100, 142, 0, 0, 0, 100, 1), "near_duplicate"),  # 1 and .704
        ((100, 143, 0, 0, 0, 100, 1), "excerpt"),  # 1 and .699
        ((143, 100, 0, 0, 0, 100, 1), "excerpt"),
        ((100, 125, 0, 0, 0, 70, 1), "near_duplicate"),  # .7 and .56: about as much
        ((100, 126, 0, 0, 0, 70, 1), "excerpt"),
        ((100, 126, 0, 0, 0, 69, 1), "derived"),
        # By containment alone.
        ((100, 1000, 100, 1000, 70, 0, 0), "excerpt"),
        ((100, 1000, 100, 1000, 69, 0, 0), "none"),
        # Short texts must be covered on both sides.
        ((49, 49, 0, 0, 0, 44, 1), "derived"),  # .898
        ((49, 49, 0, 0, 0, 45, 1), "near_duplicate"),
        ((49, 54, 0, 0, 0, 48, 1), "excerpt"),  # .98 of the one, .89 of the other
        ((49, 54, 0, 0, 0, 44, 1), "derived"),
        ((50, 54, 0, 0, 0, 36, 1), "near_duplicate"),
        ((49, 500, 0, 0, 0, 44, 1), "derived"),
        ((49, 500, 0, 0, 0, 45, 1), "excerpt"),
        ((20, 60, 0, 0, 0, 20, 1), "excerpt"),
        ((20, 30, 16, 16, 14, 0, 0), "near_duplicate"),  # Jaccard .78
        # Derived: 30%, or three passages of 60 tokens, or 100 tokens.
        ((200, 200, 0, 0, 0, 60, 1), "derived"),
        ((200, 201, 0, 0, 0, 59, 1), "shares_passage"),
        ((500, 500, 0, 0, 0, 60, 3), "derived"),
        ((500, 500, 0, 0, 0, 60, 2), "shares_passage"),
        ((500, 500, 0, 0, 0, 59, 3), "shares_passage"),
        ((500, 500, 0, 0, 0, 100, 1), "derived"),
        ((500, 500, 0, 0, 0, 99, 1), "shares_passage"),
        ((500, 500, 0, 0, 0, 8, 1), "shares_passage"),
        ((500, 500, 300, 300, 100, 0, 0), "none"),
    ],
)
def test_boundaries(pair, wanted):
    assert relation(*pair) == wanted
    a, b, size_a, size_b, *rest = pair
    assert relation(b, a, size_b, size_a, *rest) == wanted


def test_pairs_without_a_relation_are_left_out_unless_asked_for():
    pairs = (500, 500, 300, 300, 10, 0, 0), (500, 500, 0, 0, 0, 9, 1)
    assert confirmed(*pairs, keep_all=False).a.tolist() == [2]
    assert confirmed(*pairs, keep_all=True).a.tolist() == [0, 2]


def test_a_pair_that_no_bucket_offered_counts_by_its_passages():
    pair = (100, 110, 90, 100, 60, 90, 1)
    offered, unseen = confirmed(pair), confirmed(pair, candidates=False)
    for name in offered.__dataclass_fields__:
        assert getattr(offered, name).tolist() == getattr(unseen, name).tolist()
    assert NAMES[unseen.relations[0]] == "near_duplicate"
    assert unseen.jaccard[0] == pytest.approx(60 / 130)


def test_shares_are_the_larger_of_containment_and_matched_tokens():
    pair = confirmed((100, 200, 50, 100, 40, 60, 2))
    assert (pair.share_a[0], pair.share_b[0]) == (0.8, 0.4)
    assert pair.coverage[0] == 0.6
    pair = confirmed((100, 200, 50, 100, 10, 60, 2))
    assert (pair.share_a[0], pair.share_b[0]) == (0.6, 0.3)


def test_no_documents_have_no_pairs():
    assert len(confirmed()) == 0


# In a scan.


def relations(*texts, **settings):
    result = dedup.scan(list(texts), Config(**settings))
    return {(pair.a, pair.b): pair.relation for pair in result.pairs}


def page(*paragraphs):
    return "\n\n".join(paragraphs)


def test_equal_after_folding_is_exact():
    assert relations("Café  society — now!", "CAFE society, now", "cafés society now") == {
        ("0", "1"): "exact"
    }


def test_texts_shorter_than_a_shingle_match_only_when_equal():
    texts = ("Tax is up", "tax is up.", "Tax is up again", "Tax is down", "", "...", "up")
    assert relations(*texts) == {("0", "1"): "exact"}


def test_empty_texts_are_not_equal_to_each_other():
    assert relations("", " ", "!?", "") == {}


def test_short_texts_need_both_sides():
    """Nineteen of 24 words are the same: enough for a long text, not for one of 24 words."""
    assert relations(QUOTED, REWORDED) == {("0", "1"): "derived"}
    assert relations(QUOTED, QUOTED.replace("anybody", "anyone")) == {("0", "1"): "near_duplicate"}
    # A number in so short a text is what it says.
    assert relations(QUOTED, QUOTED.replace("nineteen", "twenty")) == {("0", "1"): "same_form"}


def test_every_relation_in_one_scan():
    long = page(FERRY, ORCHARD, THEATRE, SWIMMING)
    texts = {
        "long": long,
        "shouted": long.upper(),
        "edited": page(FERRY, ORCHARD.replace("apricots", "plums"), THEATRE, SWIMMING, QUOTED),
        "part": ORCHARD,
        "mixed": page(LIBRARY, COMET, FERRY),
        "quoting": page(BAKERY, QUOTED),
    }
    result = dedup.scan([{"id": name, "text": text} for name, text in texts.items()])
    found = {frozenset((pair.a, pair.b)): pair.relation for pair in result.pairs}
    assert found == {
        frozenset(("long", "shouted")): "exact",
        frozenset(("long", "edited")): "near_duplicate",
        frozenset(("long", "part")): "excerpt",
        frozenset(("edited", "part")): "excerpt",
        frozenset(("long", "mixed")): "derived",
        frozenset(("edited", "mixed")): "derived",
        frozenset(("edited", "quoting")): "shares_passage",
    }


def test_pairs_do_not_depend_on_what_the_buckets_saw():
    """Half of a page in another: too unlike for any band of the default, found by its passages."""
    one, two = page(FERRY, ORCHARD, THEATRE), page(COMET, ORCHARD, BAKERY, THEATRE)
    (pair,) = dedup.scan([one, two]).pairs
    assert pair.relation == "derived"
    assert pair.jaccard < 0.4
    assert pair.matched_tokens == len(f"{ORCHARD} {THEATRE}".split())
