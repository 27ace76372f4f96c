"""Families of passages: every kernel gives what its plain twin gives."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_families import (
    is_same,
    naive_apart,
    naive_common,
    naive_match,
    naive_members,
    naive_stars,
    naive_variants,
    naive_way,
    overlap,
)
from twins import WRAPS

from dedup.core.arrays import offsets_of, texts_from_strings
from dedup.kernels import families as kernel
from dedup.kernels import postings, stars
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.stopwords import BLANK, CONTENT, STOP
from dedup.passages.families.find import empty_table
from dedup.passages.families.stars import _candidates, _sides, find_stars
from dedup.passages.find import no_passages
from dedup.text.stopwords import hash_table
from dedup.text.tokens import tokenise_texts

pytestmark = WRAPS
examples = settings(max_examples=50 if INTERPRETED else 200, deadline=None)
SPANS = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda s: (s[0], s[0] + s[1]))
SIZE = 3


def passages_of(rows):
    """Return passages (a, span, b, span) as the stage gets them."""
    rows = sorted(rows, key=lambda p: (p[0], p[2], p[1][0], p[3][0], p))
    made = no_passages()
    count = len(rows)
    spans = np.array([[*p[1], *p[3]] for p in rows], np.int64).reshape(count, 4)
    a, b = (np.array([p[k] for p in rows], np.int64) for k in (0, 2))
    figures = np.ones(count)
    matched = (spans[:, 0] + 3 * spans[:, 2]) % 7 + 1
    return rows, type(made)(
        a, b, spans, matched, figures, figures, np.full(count, 9), a < 0,
        made.pairs, {},
    )  # fmt: skip


PASSAGES = st.lists(
    st.tuples(st.integers(0, 5), SPANS, st.integers(0, 5), SPANS)
    .filter(lambda p: p[0] != p[2])
    .map(lambda p: p if p[0] < p[2] else (p[2], p[3], p[0], p[1])),
    max_size=14,
)


@given(PASSAGES, st.permutations(range(6)))
@examples
def test_stars_are_those_of_plain_search(rows, ranks):
    rows, passages = passages_of(rows)
    found = find_stars(passages, np.array(ranks, np.int64))
    families = {}
    for family, *occurrence in found.tolist():
        families.setdefault(family, []).append(tuple(occurrence))
    wanted = naive_stars(rows, passages.tokens.tolist(), ranks)
    assert [each[0] for each in families.values()] == [each[0] for each in wanted]
    assert [set(each) for each in families.values()] == [set(each) for each in wanted]


@pytest.mark.parametrize("partners", [1, 3])
def test_a_star_takes_its_members_and_explains_what_is_between_them(partners):
    span = (4, 9)
    every = range(partners + 1)
    _, passages = passages_of([(a, span, b, span) for a in every for b in every if a < b])
    sides, _ = _sides(passages, np.arange(len(passages)), partners + 1)
    candidates = _candidates(sides)
    assert len(candidates) == partners + 1
    heap = (stars.MOST_MEMBERS - partners) << stars.COUNT_SHIFT | np.arange(len(candidates))
    stamps, best = np.full((2, partners + 1), -1, np.int64)
    out = np.empty((50, stars.OCCURRENCE_COLUMNS), np.int64)
    made = stars.take_stars(sides, candidates, heap, stamps, best, out)
    assert out[:made].tolist() == [[0, doc, *span] for doc in every]
    assert sides.used.all()
    assert (best == -1).all()


@given(PASSAGES)
@examples
def test_members_of_every_span(rows):
    rows, passages = passages_of(rows)
    sides, _ = _sides(passages, np.arange(len(rows)), 6)
    every = np.arange(len(sides.docs))
    counts, stamps = np.zeros(len(every), np.int64), np.full(6, -1, np.int64)
    stars.count_all_members(sides, every, stamps, counts)
    spans = {each for passage in rows for each in (passage[:2], passage[2:])}
    members = naive_members(dict(enumerate(rows)), spans)
    for side in every.tolist():
        mate = sides.mates[side]
        assert sides.mates[mate] == side
        span = int(sides.starts[side]), int(sides.ends[side])
        assert counts[side] == len(members[int(sides.docs[side]), span])


@given(SPANS, SPANS)
@examples
def test_overlaps(one, other):
    assert stars.overlap_of(*one, *other) == overlap(one, other)
    starts, ends = (np.array([each], np.int64) for each in one)
    none = np.zeros(1, np.int64)
    sides = stars.Sides(none, none, starts, ends, none, none > 0)
    assert (stars.same_side(sides, 0, *other) > 0) == is_same(one, other)


@given(st.lists(st.integers(-5, 30), max_size=12), st.integers(-6, 31), st.data())
@examples
def test_first_place_of_a_least_value(values, least, data):
    values = np.array(sorted(values), np.int64)
    low = data.draw(st.integers(0, len(values)))
    assert postings.lower_bound(values, low, len(values), least) == max(
        low, int(np.searchsorted(values, least))
    )


@given(st.lists(st.integers(0, 99), min_size=1, max_size=20), st.integers(0, 99))
@examples
def test_the_first_key_of_a_heap_moves_down(keys, first):
    heapq.heapify(keys)
    wanted = [first, *keys[1:]]
    heap = np.array(wanted, np.int64)
    stars.sift_down(heap, len(heap))
    assert sorted(heap.tolist()) == sorted(wanted)
    heapq.heapify(wanted)
    assert heap[0] == wanted[0]
    assert all(heap[(k - 1) // 2] <= heap[k] for k in range(1, len(heap)))


WORDS = st.lists(st.integers(1, 9), max_size=40)


def wordings_of(documents, spans, masked=None, classes=None):
    """Return the n-grams of wordings, and the tokens they are made of."""
    hashes = np.array([w for own in documents for w in own], np.uint64)
    bounds = offsets_of(np.array(list(map(len, documents))))
    classes = np.full(len(hashes), CONTENT, np.uint8) if classes is None else classes
    docs = np.array([doc for doc, _ in spans], np.int64)
    table = np.array([span for _, span in spans], np.int64).reshape(len(spans), 2)
    room = int(np.diff(table).sum()) + 1
    made = kernel.Wordings(
        np.zeros(len(spans) + 1, np.int64),
        np.zeros(room, np.uint64),
        np.zeros(room, np.int32),
        np.ones(len(spans), np.int64),
    )
    masked = np.zeros(len(spans), np.bool_) if masked is None else masked
    kernel.write_wordings(docs, table, masked, (hashes, classes, bounds), SIZE, made)
    return made, (hashes, classes, bounds)


def table_of(wordings):
    return empty_table(len(wordings.values))


def has_ngram(words):
    """Tell whether not all runs of some words are of one word."""
    return any(len({*words[at : at + SIZE]}) > 1 for at in range(len(words) - SIZE + 1))


def ngrams_of(tokens, doc):
    """Return the n-grams of a document by token."""
    hashes, classes, bounds = tokens
    low, high = int(bounds[doc]), int(bounds[doc + 1])
    ngrams = np.zeros(high - low, np.uint64)
    buffers = np.empty(high - low + 1, np.uint64), np.empty(high - low + 1, np.int32)
    kernel.place_ngrams(hashes[low:high], classes[low:high], SIZE, buffers, ngrams)
    return ngrams


@given(WORDS, st.data())
@examples
def test_ngrams_of_wordings(words, data):
    kinds = data.draw(
        st.lists(st.sampled_from([CONTENT, STOP, BLANK]), min_size=len(words), max_size=len(words))
    )
    masked = data.draw(st.booleans())
    made, tokens = wordings_of(
        [words], [(0, (0, len(words)))], np.array([masked]), np.array(kinds, np.uint8)
    )
    seen = [CONTENT if masked and kind == BLANK else kind for kind in kinds]
    wanted = [
        at
        for at in range(len(words) - SIZE + 1)
        if BLANK not in seen[at : at + SIZE] and seen[at : at + SIZE] != [STOP] * SIZE
        if len({*words[at : at + SIZE]}) > 1
    ]
    assert made.offsets[: made.bounds[1]].tolist() == wanted
    same = {}
    for at, value in zip(wanted, made.values.tolist(), strict=False):
        assert same.setdefault(tuple(words[at : at + SIZE]), value) == value
    if not masked:
        placed = ngrams_of(tokens, 0)
        assert [int(placed[at]) for at in wanted] == made.values[: len(wanted)].tolist()
        assert np.count_nonzero(placed) == len(wanted)


@given(WORDS.filter(has_ngram), WORDS.filter(has_ngram), st.data())
@examples
def test_matching_a_wording_on_the_way(words, document, data):
    made, tokens = wordings_of([words, document], [(0, (0, len(words)))])
    ngrams = ngrams_of(tokens, 1)
    place = data.draw(st.integers(0, int(made.bounds[1]) - 1))
    at = data.draw(st.integers(0, len(document) - 1))
    wording = list(zip(made.values.tolist(), made.offsets.tolist(), strict=False))
    wording = wording[: made.bounds[1]]
    for step in (-1, 1):
        for missing in (0, 2, 50):
            got = kernel.match_way(made, 0, (place, at), step, ngrams, missing)
            assert got == naive_way(wording, place, at, step, ngrams.tolist(), missing)
    for least in (0.3, 0.6):
        got = kernel.match_wording(made, 0, place, at, ngrams, least)
        assert got == naive_match(wording, place, at, ngrams.tolist(), least)


@given(st.lists(WORDS.filter(lambda w: len(w) >= SIZE), min_size=1, max_size=5))
@examples
def test_a_wording_is_listed_once_for_each_ngram(documents):
    documents = [words[: kernel.MOST_ANCHORS + SIZE - 1] for words in documents]
    spans = [(doc, (0, len(words))) for doc, words in enumerate(documents)]
    made, _ = wordings_of(documents, spans)
    table = table_of(made)
    listed = {}
    for f in range(len(spans)):
        assert kernel.add_wording(made, f, table) == 0
        own = set(made.values[made.bounds[f] : made.bounds[f + 1]].tolist())
        assert made.needs[f] == min(max(len(own) // kernel.HITS_SHARE, 1), kernel.MOST_HITS)
        for value in own:
            listed.setdefault(value, set()).add(f)
        for place in range(made.bounds[f], made.bounds[f + 1]):
            wanted = len(listed[int(made.values[place])]), True
            assert kernel.entries_of(made, f, place, table) == wanted
    for value, owners in listed.items():
        row = kernel.row_of(table.slots, np.uint64(value))
        assert table.slots[row, 0] == value
        entry, found = kernel.first_entry(table, np.uint64(value)), []
        assert entry == table.slots[row, 1]
        while entry >= 0:
            anchor = table.entries[entry]
            assert made.values[anchor[kernel.PLACE]] == value
            assert made.offsets[anchor[kernel.PLACE]] == anchor[kernel.OFFSET]
            found.append(int(anchor[kernel.OWNER]))
            entry = anchor[kernel.NEXT]
        assert sorted(found) == sorted(owners)
    free = kernel.row_of(table.slots, np.uint64(12345))
    assert table.slots[free, 0] == 0
    assert kernel.first_entry(table, np.uint64(12345)) == -1
    assert all(kernel.may_lead(table.marks, np.uint64(value)) for value in listed)
    others = np.random.default_rng(0).integers(1, 2**63, 400, np.uint64)
    assert sum(bool(kernel.may_lead(table.marks, value)) for value in others) < 100


@given(st.lists(WORDS.filter(lambda w: len(w) >= SIZE), min_size=1, max_size=5))
@examples
def test_anchors_added_again_make_the_same_table(documents):
    spans = [(doc, (0, len(words))) for doc, words in enumerate(documents)]
    made, _ = wordings_of(documents, spans)
    wanted, got = table_of(made), table_of(made)
    for f in range(len(spans)):
        kernel.add_wording(made, f, wanted)
    anchors = wanted.entries[: wanted.count[0]]
    owners, places = (anchors[:, column].copy() for column in (kernel.OWNER, kernel.PLACE))
    kernel.add_anchors(owners, places, made, got)
    for one, two in zip(wanted, got, strict=True):
        assert one.tolist() == two.tolist()


@pytest.mark.parametrize(("words", "stride"), [(3, 1), (18, 1), (19, 2), (82, 5)])
def test_a_long_wording_has_anchors_at_equal_distances(words, stride):
    made, _ = wordings_of([list(range(1, words + 1))], [(0, (0, words))])
    table = table_of(made)
    assert kernel.stride_of(made, 0) == stride
    assert kernel.add_wording(made, 0, table) == 0
    count = int(table.count[0])
    assert table.entries[:count, kernel.PLACE].tolist() == list(range(0, words - 2, stride))
    assert count <= kernel.MOST_ANCHORS


def test_ngrams_of_too_many_wordings_lead_to_the_first_of_them():
    documents = [[*range(100 * k, 100 * k + 9), 7, 8, 9, 10] for k in range(1, 45)]
    made, _ = wordings_of(documents, [(k, (0, 13)) for k in range(len(documents))])
    table = table_of(made)
    left_out = [kernel.add_wording(made, f, table) for f in range(len(documents))]
    assert left_out == [0] * kernel.MOST_FAMILIES + [2] * (len(documents) - kernel.MOST_FAMILIES)


def test_wordings_without_ngrams_of_their_own_are_found_all_the_same():
    documents = [[1, 2, 3, 4, 5, 6, 7]] * 40
    made, _ = wordings_of(documents, [(k, (0, 7)) for k in range(len(documents))])
    table = table_of(made)
    left_out = [kernel.add_wording(made, f, table) for f in range(len(documents))]
    assert left_out[-1] == 1  # of five, four are added


def same_and_occurrences(documents, spans, rows):
    """Run both kernels; return the leaders and the occurrences found."""
    made, tokens = wordings_of(documents, spans)
    table = table_of(made)
    leaders = np.arange(len(spans))
    longest = max((high - low for _, (low, high) in spans), default=0) + 1
    kernel.same_wordings(np.arange(len(spans)), made, longest, table, leaders)
    out = np.empty((500, kernel.FOUND_COLUMNS), np.int64)
    given = np.array(rows), tokens, kernel.Index(SIZE, made, table)
    count = kernel.find_occurrences(*given, kernel.scratch_for(made), out)
    few = out[: count // 2].copy()
    assert kernel.find_occurrences(*given, kernel.scratch_for(made), few) == count
    assert np.array_equal(few, out[: len(few)])
    return leaders.tolist(), out[:count].tolist(), made, tokens


@given(
    st.lists(st.integers(1, 10**6), min_size=8, max_size=30, unique=True),
    st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(10**7, 10**8), max_size=9))),
)
@examples
def test_a_wording_is_found_wherever_it_occurs(wording, places):
    documents = [wording]
    wanted = [(0, 0, 0, len(wording))]
    for repeat, around in places:
        if repeat < 3:
            documents.append([*around, *wording, *around] if repeat else around)
            if repeat:
                wanted.append((0, len(documents) - 1, len(around), len(around) + len(wording)))
    leaders, found, _, _ = same_and_occurrences(
        documents, [(0, (0, len(wording)))], range(len(documents))
    )
    assert leaders == [0]
    assert [tuple(row[:4]) for row in found] == wanted
    assert all(row[4] == len(wording) - SIZE + 1 for row in found)


def test_a_wording_occurs_twice_in_a_document_and_not_where_words_differ():
    wording = list(range(1, 21))
    other = [word if word % 4 else 1000 + word for word in wording]
    documents = [wording, [*wording, 500, 501, *wording], other, wording[:10]]
    _, found, _, _ = same_and_occurrences(documents, [(0, (0, 20))], range(4))
    assert [tuple(row[:4]) for row in found] == [(0, 0, 0, 20), (0, 1, 0, 20), (0, 1, 22, 42)]


@given(st.lists(st.lists(st.integers(1, 6), min_size=3, max_size=14), min_size=1, max_size=6))
@examples
def test_what_is_found_holds_the_wording(documents):
    spans = [(doc, (0, len(words))) for doc, words in enumerate(documents)]
    leaders, found, made, tokens = same_and_occurrences(documents, spans, range(len(documents)))
    for f, leader in enumerate(leaders):
        assert leader == f or leaders[leader] == leader < f
    for f, doc, first, end, matched in found:
        assert leaders[f] == f
        total = made.bounds[f + 1] - made.bounds[f]
        assert matched >= kernel.LEAST_MATCHED * total
        assert 0 <= first < end <= len(documents[doc])
        own = ngrams_of(tokens, doc)
        values = set(made.values[made.bounds[f] : made.bounds[f + 1]].tolist())
        assert {int(own[first]), int(own[end - SIZE])} <= values


def test_the_same_wording_has_one_leader():
    wording = list(range(1, 31))
    edited = [*wording[:14], 99, *wording[15:]]
    half = [*range(200, 227), *wording]
    spans = [(0, (0, 30)), (1, (0, 30)), (2, (0, 57)), (3, (0, 30))]
    leaders, _, _, _ = same_and_occurrences(
        [wording, edited, half, list(range(300, 330))], spans, [0]
    )
    assert leaders == [0, 0, 0, 3]
    spans[2] = (2, (0, 61))
    leaders, _, _, _ = same_and_occurrences(
        [wording, edited, [*half, 77, 78, 79, 80], list(range(300, 330))], spans, [0]
    )
    assert leaders[2] == 2  # longer than twice


@given(
    st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=1, max_size=6),
    st.data(),
)
@examples
def test_words_in_common_with_the_representative(documents, data):
    hashes = np.array([w for own in documents for w in own], np.uint64)
    bounds = offsets_of(np.array(list(map(len, documents))))
    count = len(documents)
    families = np.sort(np.array(data.draw(st.lists(st.integers(0, 1), min_size=count,
                                                   max_size=count)), np.int64))  # fmt: skip
    docs = np.arange(count)
    spans = np.column_stack([np.zeros(count, np.int64), np.diff(bounds)])
    representatives = np.array([data.draw(st.integers(0, count - 1)) for _ in range(2)])
    common = np.zeros(count, np.int64)
    kernel.common_words(families, docs, spans, representatives, (hashes, bounds), common)
    for k, family in enumerate(families.tolist()):
        # The table takes words by all bits but the last.
        words = [[w | 1 for w in documents[d]] for d in (k, representatives[family])]
        assert common[k] == naive_common(*words)


OCCURRENCES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), SPANS).map(lambda o: (o[0], o[1], *o[2])),
    max_size=20,
)


@given(OCCURRENCES)
@examples
def test_what_overlaps_a_better_one_goes(rows):
    rows.sort(key=lambda row: row[:2])
    table = np.array(rows, np.int64).reshape(len(rows), 4)
    kept = np.empty(len(rows), np.bool_)
    kernel.drop_overlapping(table[:, 0], table[:, 1], np.ascontiguousarray(table[:, 2:]), kept)
    assert kept.tolist() == naive_apart(rows)


@given(OCCURRENCES, st.permutations(range(4)))
@examples
def test_variants_lie_in_a_larger_family(rows, order):
    rows.sort()
    table = np.array(rows, np.int64).reshape(len(rows), 4)
    families, docs = table[:, 0].copy(), table[:, 1].copy()
    spans = np.ascontiguousarray(table[:, 2:])
    order = [f for f in order if f in families.tolist()]
    owners = np.zeros(4, np.int64)
    by_doc = np.lexsort((families, spans[:, 0], docs))
    of_doc = offsets_of(np.bincount(docs, minlength=4))
    bounds = offsets_of(np.bincount(families, minlength=4))
    placed = kernel.Placed(families, docs, spans, by_doc, of_doc)
    kernel.find_variants(np.array(order, np.int64), bounds, placed, owners)
    held = {f: [tuple(row[1:]) for row in rows if row[0] == f] for f in order}
    for family, wanted in naive_variants(order, held).items():
        got = int(owners[family])
        assert got in wanted if isinstance(wanted, set) else got == wanted


@pytest.mark.parametrize(
    ("start", "end", "wanted"), [(0, 7, (0, 2)), (4, 20, (1, 4)), (5, 5, (2, 2))]
)
def test_tokens_of_a_stretch(start, end, wanted):
    tokens = tokenise_texts(texts_from_strings(["x", "One two three four"]))
    spans = np.empty((1, 2), np.int64)
    given_rows = (np.array([each], np.int64) for each in (1, start, end))
    kernel.token_spans(*given_rows, tokens.bounds, tokens.starts, spans)
    assert tuple(spans[0].tolist()) == wanted


def test_keys_of_spans_take_numbers_as_one():
    texts = ["It has 12 pages today", "it HAS 7 pages today", "It has no pages today"]
    tokens = tokenise_texts(texts_from_strings(texts))
    keys = np.empty(3, np.uint64)
    spans = np.array([[0, 5]] * 3, np.int64)
    arrays = tokens.hashes, tokens.flags, tokens.bounds
    kernel.span_keys(np.arange(3), spans, arrays, keys)
    assert keys[0] == keys[1] != keys[2]


@given(st.lists(st.sampled_from([CONTENT, BLANK]), max_size=8))
@examples
def test_the_last_word_that_is_left(classes):
    wanted = max((k for k, each in enumerate(classes) if each != BLANK), default=-1)
    assert kernel.last_word(np.array(classes, np.uint8), 0, len(classes)) == wanted


@given(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12),
    st.integers(0, 4),
    st.integers(0, 4),
)
@examples
def test_words_near_the_ends(tokens, head, tail):
    words = [word for word, _ in tokens]
    kept = [k for k, (_, is_kept) in enumerate(tokens) if is_kept]
    last = kept[-1] + 1 if kept else 0
    table = hash_table(np.array([5], np.uint64))
    near = np.empty(1, np.bool_)
    classes = np.array([CONTENT if k else BLANK for _, k in tokens], np.uint8)
    arrays = np.array(words, np.uint64), classes, np.array([0, len(words)])
    kernel.has_words_near_ends(np.zeros(1, np.int64), arrays, table, head, tail, near)
    looked = words[:head] + words[max(len(words) - tail, 0) :] + words[max(last - tail, 0) : last]
    assert near[0] == (5 in looked)
    assert kernel.has_word(arrays[0], 0, len(words), table) == (5 in words)


def test_characters_in_quotation_marks():
    tokens = tokenise_texts(texts_from_strings(["He said: “We go home” now"]))
    quoted, total = np.zeros((2, 1), np.int64)
    spans = np.array([[1, 6]], np.int64)
    arrays = tokens.flags, tokens.starts, tokens.ends, tokens.bounds
    kernel.quoted_characters(np.zeros(1, np.int64), spans, arrays, quoted, total)
    assert (quoted[0], total[0]) == (8, 15)
