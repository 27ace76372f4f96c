"""Terms, vectors, partners and average linkage of stories beside their plain twins."""

from __future__ import annotations

import naive_stories as naive
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import WRAPS

from dedup.kernels import explaining, linking, stories
from dedup.kernels._jit import INTERPRETED
from dedup.kernels.stopwords import BLANK, CONTENT, NAME, STOP
from dedup.kernels.text import ADJOINS, DIGIT, LINK, STARTS_SENTENCE, UNSPACED
from dedup.stories import linking as stage
from dedup.stories.vectors import (
    Vocabulary,
    count_terms,
    expanded,
    frequencies,
    joined,
    make_bag,
    weigh,
)

pytestmark = WRAPS
examples = settings(max_examples=30 if INTERPRETED else 100, deadline=None)

FLAGS = [0, 0, 0, LINK, DIGIT, STARTS_SENTENCE, UNSPACED | ADJOINS, UNSPACED, STARTS_SENTENCE]
TOKENS = st.lists(
    st.tuples(
        st.integers(1, 30).map(lambda word: (word * 0x9E3779B97F4A7C15) & naive.MASK),
        st.integers(1, 4),
        st.sampled_from(FLAGS),
        st.sampled_from([CONTENT, CONTENT, CONTENT, NAME, STOP, BLANK]),
    ),
    max_size=40,
)
VECTORS = st.lists(
    st.dictionaries(st.integers(0, 25), st.integers(1, 4000), max_size=12), min_size=2, max_size=9
)


def source_of(documents):
    """Return documents of (hash, size, flags, class) as the kernels take them."""
    tokens = [token for document in documents for token in document]
    hashes, sizes, flags, classes = zip(*tokens, strict=True) if tokens else ((), (), (), ())
    starts = np.arange(len(tokens), dtype=np.int32) * 10
    return stories.Source(
        np.array(hashes, np.uint64),
        starts,
        (starts + np.array(sizes, np.int32)).astype(np.int32),
        np.array(flags, np.uint8),
        np.array(classes, np.uint8),
        np.cumsum([0, *map(len, documents)]).astype(np.int64),
    )


def vectors_of(rows):
    """Return dicts as vectors."""
    return stories.Vectors(
        np.cumsum([0, *map(len, rows)]).astype(np.int64),
        np.array([term for row in rows for term in sorted(row)], np.int32),
        np.array([row[term] for row in rows for term in sorted(row)], np.uint16),
    )


def dicts_of(vectors):
    """Return vectors as dicts."""
    return [
        dict(zip(vectors.terms[lo:hi].tolist(), vectors.values[lo:hi].tolist(), strict=True))
        for lo, hi in zip(vectors.bounds[:-1], vectors.bounds[1:], strict=True)
    ]


@examples
@given(TOKENS)
def test_bags(tokens):
    bag = make_bag()
    for _ in range(2):  # the second time finds it empty again
        count, telling = stories.fill_bag(source_of([tokens]), 0, bag)
        found = {int(bag.terms[k]): [int(bag.counts[k]), int(bag.balance[k])] for k in range(count)}
        assert (found, telling) == naive.bag_of(tokens)
        assert list(found) == list(naive.bag_of(tokens)[0])
        stories.empty_bag(bag)
        assert not bag.slots.any()


def test_a_long_document_counts_to_its_thousandth_token():
    tokens = [(word + 1, 5, 0, CONTENT) for word in range(stories.MOST_TOKENS + 50)]
    bag = make_bag()
    count, telling = stories.fill_bag(source_of([tokens]), 0, bag)
    assert count == telling == stories.MOST_TOKENS
    assert bag.counts[: stories.LEAD_TOKENS].tolist() == [3] * stories.LEAD_TOKENS
    assert set(bag.counts[stories.LEAD_TOKENS : count].tolist()) == {1}


def table_of(size):
    return stories.Terms(np.zeros(size, np.uint64), *np.zeros((2, size), np.int32))


def entries_of(terms):
    return {
        int(key): [int(documents), int(balance)]
        for key, documents, balance in zip(*terms, strict=True)
        if key
    }


@examples
@given(st.lists(TOKENS, max_size=6))
def test_counts_of_terms(documents):
    terms = table_of(4096)
    telling = np.zeros(len(documents), np.int64)
    given_all = (source_of(documents), np.arange(len(documents)))
    place, used = stories.count_terms(*given_all, (0, 0), make_bag(), terms, telling)
    assert place == len(documents)
    assert entries_of(terms) == naive.counted(documents)
    assert used == len(naive.counted(documents))
    assert telling.tolist() == [naive.bag_of(each)[1] for each in documents]
    larger = table_of(8192)
    stories.move_terms(terms, larger)
    assert entries_of(larger) == entries_of(terms)
    small = table_of(1024)  # not even room for one document
    assert stories.count_terms(*given_all, (0, 0), make_bag(), small, telling)[0] == 0


@examples
@given(st.lists(TOKENS, min_size=1, max_size=4), st.integers(1, 12))
def test_vectors(documents, most):
    terms = table_of(4096)
    rows, telling = np.arange(len(documents)), np.zeros(len(documents), np.int64)
    source, bag = source_of(documents), make_bag()
    stories.count_terms(source, rows, (0, 0), bag, terms, telling)
    vocabulary = Vocabulary.of(terms, len(rows))
    numbers = naive.numbered(naive.counted(documents))
    assert vocabulary.keys.tolist() == list(numbers)
    idf = (vocabulary.keys % np.uint64(97)).astype(np.int64)
    tf = np.arange(2000) + 5
    heads = np.empty((len(rows), stories.HEADS), np.int32)
    made = stories.Vectors(
        np.zeros(len(rows) + 1, np.int64),
        np.zeros(len(rows) * most, np.int32),
        np.zeros(len(rows) * most, np.uint16),
    )
    weights = stories.Weights(*vocabulary.slots(), idf, tf, most)
    stories.weigh_rows(source, rows, weights, bag, (*made, heads))
    by_hash = {key: int(idf[number]) for key, number in numbers.items()}
    for row, tokens in enumerate(documents):
        vector, chosen = naive.weighed(tokens, by_hash, tf.tolist(), most)
        assert dicts_of(made)[row] == {numbers[term]: value for term, value in vector.items()}
        own = heads[row][heads[row] >= 0].tolist()
        assert own == [numbers[term] for term in chosen]
        assert (np.diff(made.terms[made.bounds[row] : made.bounds[row + 1]]) > 0).all()


@examples
@given(VECTORS)
def test_products(rows):
    vectors = vectors_of(rows)
    pairs = [(a, b) for a in range(len(rows)) for b in range(len(rows))]
    out = np.zeros(len(pairs), np.int64)
    spread = np.zeros(27, np.int32)
    stories.products_of(vectors, np.array(pairs), spread, out)
    assert not spread.any()
    assert out.tolist() == [naive.product(rows[a], rows[b])[0] for a, b in pairs]
    assert stories.product(vectors, 0, 1) == naive.product(rows[0], rows[1])
    stories.spread_vector(vectors, 0, spread)
    assert spread.tolist() == [rows[0].get(term, 0) for term in range(27)]
    assert stories.product_with(vectors, 1, spread) == naive.product(rows[0], rows[1])
    stories.clear_vector(vectors, 0, spread)
    assert not spread.any()
    for term in range(27):
        assert stories.value_of(vectors, 1, term) == rows[1].get(term, 0)


@examples
@given(st.lists(st.integers(0, 500), max_size=40, unique=True), st.data())
def test_the_least_come_first(values, data):
    least = data.draw(st.integers(0, len(values)))
    array = np.array([*values, -1], np.int64)
    stories.least_first(array, len(values), least)
    assert sorted(array[:least].tolist()) == sorted(values)[:least]
    assert sorted(array[:-1].tolist()) == sorted(values)
    assert array[-1] == -1


@examples
@given(st.integers(1, 3000), st.data())
def test_sorted_numbers(most, data):
    """Also where all numbers go to one bucket, and where one stands more than once."""
    highest = data.draw(st.integers(0, most - 1))
    numbers = data.draw(st.lists(st.integers(0, highest), max_size=40))
    keys = np.array([number << 32 | place for place, number in enumerate(numbers)], np.int64)
    out, starts = np.zeros(len(keys), np.int64), np.ones(stories.BUCKETS + 1, np.int64)
    stories.sort_numbers(keys, most, starts, out)
    assert out.tolist() == sorted(keys.tolist())


@examples
@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 8))
def test_the_largest(values, room):
    heap, size = np.zeros(room, np.int64), 0
    for value in values:
        size = stories.push_best(heap, size, value)
    assert sorted(heap[:size].tolist(), reverse=True) == sorted(values, reverse=True)[:room]


def heads_of(rows, room=stories.HEADS):
    heads = np.full((len(rows), room), -1, np.int32)
    for row, own in enumerate(rows):
        chosen = naive.heaviest(own, room)
        heads[row, : len(chosen)] = chosen
    return heads


DAYS = st.lists(st.sampled_from([stories.NO_DAY, 0, 3, 20]), min_size=9, max_size=9)


def found_partners(rows, days, limits):
    """Return what the kernels find: partners and their products."""
    vectors, heads = vectors_of(rows), heads_of(rows, 5)
    bounds = np.zeros(27, np.int64)
    stories.count_heads(heads, bounds)
    count = int(bounds[-1])
    postings = stories.Postings(bounds, np.zeros(count, np.int32), np.zeros(count, np.uint16))
    stories.fill_postings(heads, vectors, postings)
    for term in range(26):
        own = postings.articles[bounds[term] : bounds[term + 1]].tolist()
        assert own == [row for row in range(len(rows)) if term in heads[row]]
    partners = np.zeros((len(rows), stories.PARTNERS), np.int32)
    products = np.zeros((len(rows), stories.PARTNERS), np.int64)
    given_all = (stories.Articles(vectors, heads, days), postings, np.array(limits))
    scratch = stories.scratch_for(len(rows), 26)
    for span in ((0, 1), (1, len(rows))):
        stories.find_partners(span, *given_all, scratch, (partners, products))
    assert not scratch.partial.any()
    assert not scratch.spread.any()
    return partners, products


@examples
@given(VECTORS, DAYS, st.integers(2, 5), st.sampled_from([0, 2_000_000]))
def test_partners(rows, days, longest, least):
    days = np.array(days[: len(rows)], np.int32)
    limits = [longest, 5, 1_000_000, least]
    partners, products = found_partners(rows, days, limits)
    heads = [own[own >= 0].tolist() for own in heads_of(rows, 5)]
    for a in range(len(rows)):
        wanted = naive.partners_of(a, rows, heads, days, limits)
        own = partners[a][partners[a] >= 0].tolist()
        assert own == [b for _, b in wanted]
        assert products[a, : len(own)].tolist() == [total for total, _ in wanted]


def test_of_many_candidates_the_best_are_looked_at():
    rows = [{0: 100 + k, 1: 90, 2: 80} for k in range(40)]
    partners, _ = found_partners(rows, np.full(40, stories.NO_DAY, np.int32), [99, 9, 0, 0])
    assert partners[0].tolist() == list(range(39, 39 - stories.PARTNERS, -1))


@examples
@given(VECTORS, st.integers(1, 3), st.integers(3, 40))
def test_expansion(rows, neighbours, most):
    vectors, least = vectors_of(rows), 100_000
    alone = np.arange(len(rows)) == 1
    shape = np.array([neighbours, least, most])
    known = [
        sorted(
            (
                (naive.product(own, other)[0], b)
                for b, other in enumerate(rows)
                if a != b and naive.product(own, other)[0] >= least
            ),
            key=lambda each: (-each[0], each[1]),
        )
        for a, own in enumerate(rows)
    ]
    partners = np.full((len(rows), stories.PARTNERS), -1, np.int32)
    products = np.zeros((len(rows), stories.PARTNERS), np.int64)
    for a, own in enumerate(known):
        for k, (total, b) in enumerate(own):
            partners[a, k], products[a, k] = b, total
    parts = []
    for low, high in ((0, 1), (1, len(rows))):
        made = stories.Vectors(
            np.zeros(high - low + 1, np.int64),
            np.zeros((high - low) * most, np.int32),
            np.zeros((high - low) * most, np.uint16),
        )
        stories.expand_rows(low, high, vectors, (partners, products, alone), shape, tuple(made))
        size = int(made.bounds[-1])
        parts.append(stories.Vectors(made.bounds, made.terms[:size], made.values[:size]))
    wanted = [naive.expanded(a, rows, known, shape.tolist()) for a in range(len(rows))]
    wanted[1] = {}
    assert dicts_of(joined(parts)) == wanted


@examples
@given(st.lists(TOKENS, min_size=2, max_size=6), st.lists(TOKENS, max_size=2), st.integers(2, 9))
def test_which_of_equal_terms_stays_does_not_depend_on_other_terms(documents, others, most):
    """Expanded by hashes, with numbers from a vocabulary that has terms of other documents too."""
    every, rows = [*others, *documents], np.arange(len(others), len(others) + len(documents))
    source, shape = source_of(every), np.array([3, 0, most])
    vocabulary, _ = count_terms(source, np.arange(len(every)))
    idf = 1 + (vocabulary.keys % np.uint64(3)).astype(np.int64)
    made, _ = weigh(source, rows, vocabulary.slots(), idf)
    by_hash = dict(zip(vocabulary.keys.tolist(), idf.tolist(), strict=True))
    tf = frequencies().tolist()
    vectors = [naive.weighed(tokens, by_hash, tf, 150)[0] for tokens in documents]
    partners = np.full((len(rows), stories.PARTNERS), -1, np.int32)
    products = np.zeros((len(rows), stories.PARTNERS), np.int64)
    known = []
    for a, own in enumerate(vectors):
        near = [(naive.product(own, vectors[b])[0], b) for b in range(len(rows)) if b != a]
        near = [each for each in near if each[0]]
        known.append(sorted(near, key=lambda each: (-each[0], each[1]))[:3])
        for k, (total, b) in enumerate(known[-1]):
            partners[a, k], products[a, k] = b, total
    near = partners, products, np.zeros(len(rows), np.bool_)
    found = expanded(made, near, shape)
    hashed = [
        {int(vocabulary.keys[term]): value for term, value in own.items()}
        for own in dicts_of(found)
    ]
    assert hashed == [naive.expanded(a, vectors, known, shape.tolist()) for a in range(len(rows))]


def sums_of(rows):
    vectors = vectors_of(rows)
    sizes = np.diff(vectors.bounds)
    return linking.Sums(
        vectors.bounds[:-1].copy(), sizes, vectors.terms, vectors.values.astype(np.int64)
    )


@examples
@given(VECTORS)
def test_products_of_sums(rows):
    rows = [{term: 5 for term in range(0, 400, 3)}, *rows]  # long enough for leaps
    sums = sums_of(rows)
    for a in range(len(rows)):
        for b in range(len(rows)):
            assert linking.sums_product(sums, a, b) == naive.product(rows[a], rows[b])[0]
    used = len(sums.terms)
    sums, used = linking.roomy_sums(sums, used, len(rows[0]) + len(rows[1]))
    end = linking.join_sums(sums, 0, 1, used)
    both = {term: rows[0].get(term, 0) + rows[1].get(term, 0) for term in {*rows[0], *rows[1]}}
    assert sums.terms[sums.starts[0] : end].tolist() == sorted(both)
    assert sums.values[sums.starts[0] : end].tolist() == [both[term] for term in sorted(both)]
    assert sums.sizes[1] == 0


def test_room_is_made():
    """What is gone is dropped, what is there is the same."""
    sums = sums_of([{1: 5, 2: 6}, {3: 7}, {4: 8}])
    sums.sizes[1] = 0
    same, used = linking.roomy_sums(sums, 2, 2)
    assert all(map(np.array_equal, same, sums))
    assert used == 2
    roomy, used = linking.roomy_sums(sums, 4, 9)
    assert len(roomy.terms) >= used + 9
    assert roomy.terms[:used].tolist() == [1, 2, 4]
    assert roomy.values[:used].tolist() == [5, 6, 8]
    graph = linking.Graph(
        np.array([0, 2, 2]), np.array([2, 0, 1]), np.array([1, 2, 0], np.int32), np.array([7, 8, 9])
    )
    same, used = linking.roomy_graph(graph, 1, 2)
    assert all(map(np.array_equal, same, graph))
    roomy, used = linking.roomy_graph(graph, 3, 4)
    assert len(roomy.others) >= used + 4
    assert roomy.others[roomy.starts[2]] == 0
    assert roomy.dots[roomy.starts[2]] == 9


def test_edges():
    graph = linking.Graph(
        np.array([0, 3]), np.array([3, 0]), np.array([4, 5, 6], np.int32), np.array([1, 2, 3])
    )
    assert [linking.edge_to(graph, 0, other) for other in (4, 5, 6, 7)] == [0, 1, 2, -1]
    linking.drop_edge(graph, 0, 0)
    assert graph.others[: graph.sizes[0]].tolist() == [6, 5]
    assert graph.dots[: graph.sizes[0]].tolist() == [3, 2]


def linked(rows, days, edges, cut):
    """Return what the kernel links."""
    labels = np.zeros(len(rows), np.int64)
    ends, dots = np.array(edges, np.int64).reshape(-1, 2), np.zeros(len(edges), np.int64)
    vectors = vectors_of(rows)
    room = np.zeros(int(vectors.terms.max(initial=0)) + 1, np.int32)
    stories.products_of(vectors, ends, room, dots)
    known = days != stories.NO_DAY
    groups = linking.Groups(
        np.ones(len(rows), np.int64), known.astype(np.int64), np.where(known, days, 0).astype(int)
    )
    graph, sums = stage.graph_of(ends, dots, len(rows)), sums_of(rows)
    linking.link_groups(graph, sums, groups, (len(graph.others), len(sums.terms)), cut, labels)
    return labels.tolist()


SCALED = st.lists(
    st.dictionaries(st.integers(0, 12), st.integers(1, 1000), min_size=1, max_size=6),
    min_size=2,
    max_size=9,
).map(lambda rows: [naive.vector_of(row) for row in rows])


@examples
@given(SCALED, DAYS, st.randoms(use_true_random=False), st.floats(0.1, 0.8))
def test_linkage(rows, days, random, cut):
    days = np.array(days[: len(rows)], np.int32)
    edges = [(a, b) for b in range(len(rows)) for a in range(b) if random.random() < 0.6]
    # As the stage does, edges that no merge can lift over the cut are left out.
    least = cut / linking.NEAR if (days != stories.NO_DAY).any() else cut
    strong = [
        (a, b) for a, b in edges if naive.product(rows[a], rows[b])[0] >= least * stories.UNIT
    ]
    assert linked(rows, days, strong, cut) == naive.linked(rows, days, strong, cut)


@examples
@given(SCALED, st.floats(0.1, 0.8))
def test_rounds_of_mutual_nearest_ones_are_average_linkage(rows, cut):
    rows = [{**row, 100 + k: 3 * k + 1} for k, row in enumerate(rows)]
    rows = [{**row, 99: 7 * k * k + 1} for k, row in enumerate(rows)]  # hardly two are alike
    edges = [(a, b) for b in range(len(rows)) for a in range(b)]
    nothing = np.full(len(rows), stories.NO_DAY, np.int32)
    values = [naive.product(rows[a], rows[b])[0] for a, b in edges]
    if len(set(values)) == len(values):
        assert linked(rows, nothing, edges, cut) == naive.greedily_linked(rows, cut)


@examples
@given(VECTORS, st.data())
def test_explanations(rows, data):
    order = data.draw(st.permutations(range(len(rows))))
    cut = data.draw(st.integers(2, len(rows)))
    split = [sorted(order[:cut]), sorted(order[cut:])]
    split = [own for own in split if own]
    members = np.array([row for own in split for row in own])
    bounds = np.cumsum([0, *map(len, split)])
    out = (
        np.empty((len(split), 4), np.int32),
        np.empty((len(split), 4), np.int64),
        np.empty(len(split), np.int64),
        np.empty((len(members), 3), np.int32),
        np.empty(len(members), np.int64),
    )
    documents = np.zeros(26, np.int32)
    for term in range(len(documents)):
        documents[term] = data.draw(st.integers(0, 4)) + sum(term in row for row in rows)
    names = np.array(data.draw(st.lists(st.booleans(), min_size=26, max_size=26)))
    explaining.explain_stories(vectors_of(rows), bounds, members, (documents, names), out)
    for s, own in enumerate(split):
        terms, total, told = naive.explained(own, rows, (documents, names), 4)
        assert out[2][s] == total
        assert out[0][s][out[0][s] >= 0].tolist() == [term for term, _ in terms]
        assert out[1][s][: len(terms)].tolist() == [part for _, part in terms]
        for k, row in enumerate(own, bounds[s]):
            others = [rows[other] for other in own if other != row]
            parts = {
                term: sum(value * other.get(term, 0) for other in others)
                for term, value in rows[row].items()
            }
            wanted = {t: part for t, part in parts.items() if part and t in told}
            wanted = naive.heaviest(wanted, 3)
            assert out[3][k][out[3][k] >= 0].tolist() == wanted
            assert out[4][k] == sum(parts.values())


@examples
@given(TOKENS, TOKENS)
def test_places_of_words(before, tokens):
    source = source_of([before, tokens])
    terms = [*sorted({term for _, _, term in naive.terms_of(tokens)})[:6], 77]
    places = np.full(len(terms), -1, np.int64)
    places[-1] = 12345  # known already
    explaining.find_words(source, 1, np.array(terms, np.uint64), places)
    wanted = [len(before) + naive.place_of(tokens, term) for term in terms[:-1]]
    assert places.tolist() == [*wanted, 12345]
    all_terms = np.array([terms[:-1], [0, *terms[:-1]][: len(terms) - 1]], np.uint64)
    all_places = np.full(all_terms.shape, -1, np.int64)
    explaining.find_words_of(source, np.array([1, 1]), all_terms, all_places)
    assert all_places.tolist() == [wanted, [-1, *wanted][: len(wanted)]]


@examples
@given(st.lists(st.integers(-3, 9), max_size=30), st.integers(1, 6))
def test_the_heaviest_come_first(values, wanted):
    places = np.empty(wanted, np.int64)
    explaining.take_heaviest(np.array(values, np.int64), places)
    heaviest = sorted((-value, at) for at, value in enumerate(values) if value > 0)[:wanted]
    assert places.tolist() == [at for _, at in heaviest] + [-1] * (wanted - len(heaviest))
