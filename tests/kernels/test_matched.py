"""Pairs whose common seeds are known: what they match in, which may share a passage, and it."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_pieces import naive_has_link, naive_merged
from passage_texts import examples
from prose import UNRELATED
from twins import WRAPS

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.kernels import matched
from dedup.kernels.passages import scratch_for
from dedup.passages.find import documents_of, find_passages, limits_of
from dedup.passages.pairwise import KINDS, matches_of, seeds_of
from dedup.text.stopwords import classify_alone
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS

places = st.one_of(st.integers(0, 9), st.sampled_from([44, 45, 46, 91, 2**31 - 1]))
drawn_matches = st.sets(st.tuples(st.integers(0, 1), places, places), max_size=9)


def numbers(some):
    """Return (kind, first, second) as numbers, in the order in which they come."""
    return matches_of(*np.array(list(some), np.int64).reshape(-1, 3).T)


@examples
@given(drawn_matches)
def test_seeds_of_matches(some):
    found = numbers(sorted(some))
    assert found.tolist() == sorted(found.tolist())
    both = matched.both_kinds(found)
    for kind, seeds in enumerate(both):
        wanted = sorted(each[1:] for each in some if each[0] == kind)
        assert list(zip(seeds.first.tolist(), seeds.second.tolist(), strict=True)) == wanted
        assert matched.count_places(seeds.first) == len({first for first, _ in wanted})
        own = matched.places_of(numbers([(kind, *each) for each in wanted]))
        assert [each.tolist() for each in own] == [each.tolist() for each in seeds]


def naive_promise(some, size):
    runs, word_pairs = (sorted(each[1:] for each in some if each[0] == kind) for kind in (0, 1))
    worth = sum(weight * len({i for i, _ in kind}) for kind, weight in ((runs, 2), (word_pairs, 1)))
    points = naive_merged(runs, word_pairs)
    is_near = (sum(abs(i - k) <= 45 and abs(j - m) <= 45 for k, m in points) for i, j in points)
    return worth >= 3 and (naive_has_link(runs, size) or any(near >= 3 for near in is_near))


@examples
@given(st.lists(drawn_matches, max_size=6), st.integers(2, 8))
def test_promising_pairs(pairs, size):
    """Matches of a pair come in any order, and leave in theirs."""
    bounds = np.cumsum([0, *map(len, pairs)])
    found = np.concatenate([np.zeros(0, np.int64), *map(numbers, pairs)])
    promising = matched.sort_promising(bounds, found, size)
    assert promising.tolist() == [naive_promise(some, size) for some in pairs]
    for low, high, some in zip(bounds, bounds[1:], pairs, strict=False):
        assert found[low:high].tolist() == numbers(sorted(some)).tolist()


WORDS = [*"bridge council steel winter river mayor budget harbour".split(), "the", "of", "Anna"]
TEXT = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)


def naive_matches(tokens, words, config):
    """Return by pair what all documents match in, the first eight places of each seed."""
    found = {}
    for kind in KINDS:
        of_value = {}
        for value, row, place in zip(*seeds_of(kind, tokens, words, config), strict=True):
            of_value.setdefault(int(value), {}).setdefault(int(row), []).append(int(place))
        for own in of_value.values():
            for a in own:
                for b in (row for row in own if row > a):
                    both = [(kind, i, j) for i in own[a][:8] for j in own[b][:8]]
                    found.setdefault((a, b), []).extend(both)
    return found


@settings(deadline=None, max_examples=40)
@given(st.lists(TEXT, min_size=2, max_size=5), st.sets(st.integers(0, 40), max_size=3))
def test_find_matched(texts, blank):
    config = Config(weak=True)
    shared = " ".join(UNRELATED[0].split()[:14])
    texts = [f"{each} {shared}" if at % 2 else each for at, each in enumerate(texts)]
    tokens = tokenise_texts(texts_from_strings(texts))
    masked = np.zeros(len(tokens.hashes), np.bool_)
    masked[[each for each in blank if each < len(masked)]] = True
    words = classify_alone(tokens, masked)
    wanted = find_passages(tokens, words, config, included=np.ones(len(texts), np.bool_))
    matches = naive_matches(tokens, words, config)
    pairs = sorted(pair for pair, some in matches.items() if naive_promise(some, 3))
    given = matched.Matched(
        np.array(pairs, np.int64).reshape(-1, 2),
        np.cumsum([0, *(len(matches[pair]) for pair in pairs)]),
        np.concatenate([np.zeros(0, np.int64), *(numbers(sorted(matches[p])) for p in pairs)]),
    )
    scratch = scratch_for(0, int(tokens.counts().max(initial=1)))[1]
    documents, limits = documents_of(tokens, words), limits_of(config)
    rows, figures, both = matched.find_matched(given, documents, limits, scratch)
    rows, figures = rows.tolist(), figures.tolist()
    found = sorted([*row[:7], row[7], *more] for row, more in zip(rows, figures, strict=True))
    columns = wanted.a, wanted.b, *wanted.spans.T, wanted.tokens, wanted.levels
    columns += (wanted.scores, wanted.densities)
    assert found == sorted(map(list, zip(*(each.tolist() for each in columns), strict=True)))
    assert both.tolist() == wanted.pairs.tolist()
