"""Which copy is kept, whom it stands for, and what joins: against plain twins."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ragged
from twins import tokens_with

from dedup.clusters import choosing
from dedup.clusters.choosing import Members, choose_canonicals, held_sets
from dedup.clusters.links import cluster_edges
from dedup.clusters.running import running_tokens
from dedup.clusters.standing import decide
from dedup.clusters.stars import Clusters
from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.kernels import choosing as kernel
from dedup.kernels import running as running_kernel
from dedup.kernels import telling as telling_kernel
from dedup.similarity.relations import DERIVED, EXCERPT, NEAR_DUPLICATE, SHARES_PASSAGE, Pairs
from dedup.text.shingles import Shingles
from dedup.text.tokens import tokenise_texts

examples = settings(max_examples=150)


def pairs_of(edges):
    """Make pairs of (a, b, relation, share of a in b, share of b in a)."""
    rows = [(a, b, kind, 0, 0, 0, 0, 0, one, two) for a, b, kind, one, two in sorted(edges)]
    kinds = [np.int64] * 3 + [np.float64] * 4 + [np.int64] + [np.float64] * 2
    columns = zip(*rows, strict=True) if rows else [()] * 10
    return Pairs(*(np.array(each, kind) for each, kind in zip(columns, kinds, strict=True)))


# The best copy.


def naive_choice(sets, weights, truncated, dates):
    """Return the member that is kept by the rules as they are written down; None without a core."""
    rows = range(len(sets))
    held = Counter()
    for row in rows:
        held.update(dict.fromkeys(sets[row], weights[row]))
    core = {value for value, weight in held.items() if 2 * weight >= sum(weights)}
    share = {row: len(core & set(sets[row])) for row in rows}
    may = [row for row in rows if 2 * share[row] >= max(share.values())]
    may = [row for row in may if not truncated[row]] or may
    best = max(share[row] for row in may)
    if best == 0:
        return None
    may = [row for row in may if share[row] >= 0.95 * best - 1e-9]
    unknown = float("inf")
    may.sort(
        key=lambda row: (
            len(set(sets[row]) - core),
            unknown if dates[row] < 0 else dates[row],
            row,
        )
    )
    chosen = may[0]
    for other in may[1:]:
        if naive_goes_on(sets[chosen], sets[other]):
            chosen = other
    return chosen


def naive_goes_on(part, text):
    """Tell whether a text is the part and at most half as much behind it."""
    shared = [value in set(part) for value in text]
    new = shared.count(False)
    if not new or sum(shared) < 0.95 * len(part) or new > 0.5 * len(part):
        return False
    met = list(itertools.accumulate(shared))
    behind = sum(
        not is_in and before >= 0.98 * sum(shared)
        for is_in, before in zip(shared, met, strict=True)
    )
    return behind >= 0.9 * new


@st.composite
def cluster(draw):
    """Draw members that are parts of one text with more around them."""
    count = draw(st.integers(2, 5))
    sets = []
    for _ in range(count):
        low, high = draw(st.integers(0, 6)), draw(st.integers(6, 24))
        own = [100 * draw(st.integers(1, 3)) + k for k in range(draw(st.integers(0, 6)))]
        core = list(range(low, high))
        sets.append(list(dict.fromkeys(own + core if draw(st.booleans()) else core + own)))
    some = st.lists(st.integers(0, 2), min_size=count, max_size=count)
    return sets, [1 + w for w in draw(some)], [t == 2 for t in draw(some)], draw(some)


def choose(clusters, **how):
    """Choose in several clusters at once; return positions in each."""
    bounds = np.cumsum([0, *(len(each[0]) for each in clusters)])
    sets = [values for each in clusters for values in each[0]]
    values, offsets = ragged(sets)
    columns = (np.array([x for each in clusters for x in each[k]]) for k in (1, 2, 3))
    members = Members(np.arange(len(sets)), bounds, *columns)
    reader = held_sets(Shingles(np.asarray(values, np.uint64), np.asarray(offsets, np.int64)))
    found = choose_canonicals(members, reader, **how)
    return [None if row < 0 else int(row - low) for row, low in zip(found, bounds, strict=False)]


@examples
@given(st.lists(cluster(), min_size=1, max_size=4))
def test_the_best_copy_is_as_the_rules_are_written_down(clusters):
    assert choose(clusters) == [naive_choice(*each) for each in clusters]


def test_clusters_that_are_sampled_do_not_depend_on_the_others(monkeypatch):
    rng = random.Random(4)
    text = [rng.getrandbits(64) for _ in range(400)]
    clusters = []
    for _ in range(6):
        clean = text[: rng.randrange(300, 400)]
        dumps = [[rng.getrandbits(64) for _ in range(300)] + clean for _ in range(3)]
        clusters.append(([clean, clean[:], *dumps], [1] * 5, [False] * 5, [-1] * 5))
    alone = [choose([each], sampled=500)[0] for each in clusters]
    assert choose(clusters, sampled=500) == alone
    monkeypatch.setattr(choosing, "_RUN_SHINGLES", 700)
    assert choose(clusters, sampled=500) == alone
    assert alone == choose(clusters) == [0] * 6


def test_the_one_that_goes_on_is_kept_not_the_two_that_were_cut():
    full = list(range(120))
    cut = full[:90]
    assert choose([([cut, cut[:-2], full], [1] * 3, [False] * 3, [-1] * 3)]) == [2]
    page = [*range(500, 560), *cut, *range(600, 700)]
    assert choose([([cut, cut[:-2], page], [1] * 3, [False] * 3, [-1] * 3)]) == [0]


@examples
@given(cluster())
def test_counts_of_shared_shingles(drawn):
    sets, weights, *_ = drawn
    held = Counter()
    for own, weight in zip(sets, weights, strict=True):
        held.update(dict.fromkeys(own, weight))
    shared = np.zeros(len(sets), np.int64)
    bounds = np.array([0, len(sets)])
    kernel.count_shared(*ragged(sets), np.arange(len(sets)), bounds, np.array(weights), shared)
    assert shared.tolist() == [sum(2 * held[x] >= sum(weights) for x in own) for own in sets]


@examples
@given(cluster())
def test_texts_that_go_on_where_others_end(drawn):
    sets = [own for own in drawn[0] if own]
    chosen = np.zeros(1, np.int64)
    if sets:
        bounds, ends = np.array([0, len(sets)]), np.array([len(sets)])
        kernel.follow_parts(*ragged(sets), np.arange(len(sets)), bounds, ends, chosen)
    wanted = 0
    for other in range(1, len(sets)):
        if naive_goes_on(sets[wanted], sets[other]):
            wanted = other
    assert chosen[0] == wanted


# What joins.


def naive_edges(pairs, lengths, config):
    joins = set()
    rows = [
        (int(a), int(b), int(kind), max(float(x), float(y)))
        for a, b, kind, x, y in zip(
            pairs.a, pairs.b, pairs.relations, pairs.share_a, pairs.share_b, strict=True
        )
    ]
    for number, (a, b, kind, share) in enumerate(rows):
        long = min(lengths[a], lengths[b]) >= 50
        if kind in (NEAR_DUPLICATE, EXCERPT):
            joins.add(number)
        elif kind == DERIVED and long and share >= config.derived_alone:
            joins.add(number)
    strong = {frozenset(rows[number][:2]) for number in joins}
    for number, (a, b, kind, share) in enumerate(rows):
        third = any({frozenset((a, c)), frozenset((b, c))} <= strong for c in range(len(lengths)))
        long = min(lengths[a], lengths[b]) >= 50
        if kind == DERIVED and long and share >= config.derived_linked and third:
            joins.add(number)
    return sorted(joins)


@examples
@given(st.data())
def test_edges_are_as_the_rules_are_written_down(data):
    count = data.draw(st.integers(2, 6))
    every = list(itertools.combinations(range(count), 2))
    chosen = data.draw(st.lists(st.sampled_from(every), unique=True))
    kinds = st.sampled_from([NEAR_DUPLICATE, EXCERPT, DERIVED, DERIVED, SHARES_PASSAGE])
    shares = st.sampled_from([0.1, 0.39, 0.4, 0.59, 0.6, 1.0])
    pairs = pairs_of([(*pair, *map(data.draw, (kinds, shares, shares))) for pair in chosen])
    sizes = st.lists(st.sampled_from([49, 50]), min_size=count, max_size=count)
    lengths = np.array(data.draw(sizes))
    assert cluster_edges(pairs, lengths, Config()).tolist() == naive_edges(pairs, lengths, Config())


def test_derived_pairs_join_only_beside_near_duplicates_and_excerpts():
    pairs = pairs_of([(0, 1, DERIVED, 0.65, 0.65), (0, 2, EXCERPT, 1, 0.3)])
    lengths = np.full(3, 100)
    assert cluster_edges(pairs, lengths, Config()).tolist() == [0, 1]
    assert cluster_edges(pairs, lengths, Config(cluster_on=("near_duplicate",))).tolist() == []
    never = Config(derived_alone=1, derived_linked=1)
    assert cluster_edges(pairs, lengths, never).tolist() == [1]


# What stands for whom.


@examples
@given(st.data())
def test_members_that_stay_stand_for_others_as_in_a_plain_walk(data):
    count = data.draw(st.integers(2, 7))
    shares = st.sampled_from([0.2, 0.69, 0.7, 1.0])
    edges = {(0, row): (data.draw(shares), data.draw(shares)) for row in range(1, count)}
    others = list(itertools.combinations(range(1, count), 2))
    for pair in data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []:
        edges[pair] = data.draw(shares), data.draw(shares)
    pairs = pairs_of([(*pair, NEAR_DUPLICATE, *both) for pair, both in edges.items()])
    number = {(int(a), int(b)): k for k, (a, b) in enumerate(zip(pairs.a, pairs.b, strict=True))}
    joined = np.array([-1] + [number[0, row] for row in range(1, count)])
    sizes = st.lists(st.integers(1, 3), min_size=count, max_size=count)
    lengths = np.array(data.draw(sizes))
    running = np.array([data.draw(st.sampled_from([0.0, 0.89, 0.9])) for _ in range(count)])
    clusters = Clusters(np.zeros(count, np.int64), joined)
    found = decide(pairs, clusters, np.arange(count), lengths, Config(), running)

    by = [0] * count
    left = [r for r in range(1, count) if edges[0, r][1] < 0.7 and running[r] < 0.9]
    by = [0 if row not in left else row for row in range(count)]
    share = {}
    for (a, b), (one, two) in edges.items():
        share[a, b], share[b, a] = one, two
    free = set(left)
    for row in sorted(left, key=lambda r: (-lengths[r], r)):
        taken = {x for x in free - {row} if share.get((x, row), 0) >= 0.7}
        if row in free and any(share.get((x, row), 0) >= 0.7 for x in left if x != row):
            free -= {row, *taken}
            for other in taken:
                by[other] = row
    assert found.by.tolist() == by
    for row in range(1, count):
        wanted = by[row] if by[row] != row else 0
        assert found.pairs[row] == number[min(row, wanted), max(row, wanted)]


# Kernels.


@examples
@given(
    st.lists(st.integers(0, 5), max_size=40), st.lists(st.integers(0, 5), max_size=40), st.data()
)
def test_running_words_that_stand_nowhere_else(text, other, data):
    running = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    grams = {tuple(other[i : i + 4]) for i in range(len(other) - 3)}
    shared = [False] * len(text)
    for i in range(len(text) - 3):
        if tuple(text[i : i + 4]) in grams:
            shared[i : i + 4] = [True] * 4
    own = 0
    for is_own, run in itertools.groupby(range(len(text)), lambda i: running[i] and not shared[i]):
        size = len(list(run))
        own += size if is_own and size >= 8 else 0
    totals, lost = np.zeros((2, 1), np.int64)
    sides = [np.array(side, np.uint64) for side in (text, other)]
    one, two = (tokens_with(np.array([0, len(side)]), side) for side in sides)
    runs = np.array(running, np.bool_)
    running_kernel.count_own(one, runs, two, np.array([0]), totals, lost)
    assert (totals[0], lost[0]) == (sum(running), own)
    keys, used = np.empty(256, np.uint64), np.empty(256, np.bool_)
    mask = running_kernel.gram_table(sides[1], keys, used)
    marked = np.empty(len(text), np.bool_)
    running_kernel.mark_shared(sides[0], keys, used, mask, marked)
    assert marked.tolist() == shared


@examples
@given(st.data())
def test_parts_of_a_holder_are_grouped_by_their_links(data):
    count = data.draw(st.integers(1, 8))
    links = data.draw(st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))))
    both = sorted({*links, *((b, a) for a, b in links)})
    starts = np.searchsorted([a for a, _ in both], np.arange(count + 1))
    rows = st.lists(st.integers(0, count - 1), min_size=1, max_size=count, unique=True)
    holders = data.draw(st.lists(rows, min_size=1, max_size=3))
    parts = np.array([row for own in holders for row in own], np.int64)
    bounds = np.cumsum([0, *map(len, holders)])
    groups = np.empty(len(parts), np.int64)
    neighbours = np.array([b for _, b in both], np.int64)
    kernel.group_parts(parts, bounds, neighbours, starts, groups)
    wanted = []
    for low, own in zip(bounds.tolist(), holders, strict=False):
        sets = [{row} for row in own]
        for a, b in both:
            hit = [each for each in sets if each & {a, b}] if {a, b} <= set(own) else []
            sets = [each for each in sets if each not in hit] + ([set().union(*hit)] if hit else [])
        for row in own:
            group = next(each for each in sets if row in each)
            wanted.append(low + min(own.index(other) for other in group))
    assert groups.tolist() == wanted


@examples
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.data())
def test_who_has_a_neighbour_in_common(links, data):
    both = sorted({*links, *((b, a) for a, b in links)})
    starts = np.searchsorted([a for a, _ in both], np.arange(11))
    ends = [np.array(data.draw(st.lists(st.integers(0, 9), min_size=6, max_size=6)))] * 2
    ends[1] = np.roll(ends[1], 1)
    linked = np.zeros(6, np.bool_)
    kernel.find_linked(*ends, np.array([b for _, b in both], np.int64), starts, linked)
    of = {row: {b for a, b in both if a == row} for row in range(10)}
    assert linked.tolist() == [bool(of[int(a)] & of[int(b)]) for a, b in zip(*ends, strict=True)]


def test_tokens_of_tagged_lines_in_passages():
    places = np.array([0, 4, 9, 0, 5, 11, 20], np.int32)  # three tokens, then four
    bounds = np.array([0, 3, 7])
    lows, highs = np.zeros((2, 2), np.int64)
    stretches = telling_kernel.Stretches(*np.array([[0, 1], [4, 5], [9, 20]]))
    telling_kernel.find_tokens(bounds, places, stretches, lows, highs)
    assert (lows.tolist(), highs.tolist()) == ([1, 1], [2, 3])
    marked = np.zeros(3, np.int64)
    passages = telling_kernel.Stretches(*np.array([[0, 1, 1], [0, 0, 2], [3, 2, 4]]))
    telling_kernel.count_marked(passages, np.array([0, 1, 2]), lows, highs, marked)
    assert marked.tolist() == [1, 1, 1]


def test_running_text_is_lines_of_sentences_and_wrapped_lines():
    text = "Home\nNews Sport Weather Travel Money Culture Football Tennis Opinion Letters Games\n"
    text += "It was the first of the boats that came to the port after the long storm.\nShort line."
    texts = texts_from_strings([text])
    tokens = tokenise_texts(texts)
    running = running_tokens(texts, tokens, np.zeros(len(tokens.hashes), np.bool_))
    assert (int(running.argmax()), int(running.sum())) == (12, 16)
    removed = np.ones(len(tokens.hashes), np.bool_)
    assert not running_tokens(texts, tokens, removed).any()
