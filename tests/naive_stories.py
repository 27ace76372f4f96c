"""Plain twins of the kernels of stories: dicts, sets and whole numbers."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations

from dedup.kernels import linking, stories
from dedup.kernels.stopwords import BLANK, NAME, STOP
from dedup.kernels.text import ADJOINS, DIGIT, LINK, STARTS_SENTENCE, UNSPACED

MASK = (1 << 64) - 1


def mixed(one, two):
    """Return the hash of a pair of characters."""
    h = 0x9E3779B97F4A7C15
    for each in (one, two):
        h = ((h ^ each) * 0xD6E8FEB86659FD93) & MASK
        h ^= h >> 32
    return h


def terms_of(tokens):
    """Yield (place, position, term) of a document, a list of (hash, size, flags, class)."""
    position = 0
    for place, (hashed, size, flags, kind) in enumerate(tokens):
        if kind == BLANK:
            continue
        position += 1
        if position > stories.MOST_TOKENS:
            return
        if flags & LINK:
            continue
        if flags & UNSPACED:
            if place and flags & ADJOINS:
                before, _, flags_before, kind_before = tokens[place - 1]
                both_stop = kind == kind_before == STOP
                if flags_before & UNSPACED and kind_before != BLANK and not both_stop:
                    yield place, position, mixed(before, hashed)
        elif kind != STOP and size >= 2:
            yield place, position, hashed


def bag_of(tokens):
    """Return {term: [count, balance]} in order, and how many tokens are terms."""
    bag, telling = {}, 0
    for place, position, term in terms_of(tokens):
        telling += 1
        entry = bag.setdefault(term, [0, 0])
        entry[0] += stories.LEAD_WEIGHT if position <= stories.LEAD_TOKENS else 1
        if tokens[place][2] & DIGIT:
            entry[1] = int(stories.NUMBER)
        elif entry[1] != stories.NUMBER:
            entry[1] += 1 if tokens[place][3] == NAME else -1
    return bag, telling


def counted(documents):
    """Return {term: [documents, balance]} over all documents."""
    found = {}
    for tokens in documents:
        for term, (_, balance) in bag_of(tokens)[0].items():
            entry = found.setdefault(term, [0, 0])
            entry[0] += 1
            if int(stories.NUMBER) in (balance, entry[1]):
                entry[1] = int(stories.NUMBER)
            else:
                entry[1] += balance
    return found


def numbered(terms):
    """Return the number of each term (a hash): its place among them in order."""
    return {term: number for number, term in enumerate(sorted(terms))}


def vector_of(weights):
    """Return {term: value} from {term: weight}: scaled to one length, rounded, without zeros."""
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    values = {term: int(weight * stories.SCALE / length + 0.5) for term, weight in weights.items()}
    return {term: values[term] for term in sorted(values) if values[term]}


def heaviest(weights, most, tie=lambda term: term):
    """Return the terms of the largest weights, of equal ones the one with the smaller tie."""
    return sorted(weights, key=lambda term: (-weights[term], tie(term)))[:most]


def weighed(tokens, idf, tf, most):
    """Return (vector, heads) of a document by hashes; ``idf`` maps a term to its weight."""
    bag = bag_of(tokens)[0]
    weights = {term: tf[count] * idf.get(term, 0) for term, (count, _) in bag.items()}
    weights = {term: weight for term, weight in weights.items() if weight > 0}
    chosen = heaviest(weights, max(most, stories.HEADS), lambda term: term >> 32)
    kept = {term: weights[term] for term in chosen[:most]}
    return (vector_of(kept) if kept else {}), chosen[: stories.HEADS]


def product(one, two):
    """Return the product of two vectors, and how many terms they have in common."""
    common = one.keys() & two.keys()
    return sum(one[term] * two[term] for term in common), len(common)


def partners_of(a, vectors, heads, days, limits):
    """Return [(product, partner)] of an article, best first."""
    longest, window, least, least_heads = limits
    holders = Counter(term for own in heads for term in own)
    partial = Counter()
    for term in heads[a]:
        if holders[term] > longest:
            continue
        for b, others in enumerate(heads):
            known = stories.NO_DAY not in (days[a], days[b])
            apart = known and abs(int(days[a]) - int(days[b])) > window
            if b != a and term in others and not apart:
                partial[b] += vectors[a].get(term, 0) * vectors[b].get(term, 0)
    partial = Counter({b: value for b, value in partial.items() if value and value >= least_heads})
    best = sorted(partial, key=lambda b: (-partial[b], b))[: stories.PARTNERS]
    found = []
    for b in best:
        total, common = product(vectors[a], vectors[b])
        if total >= least and common >= stories.LEAST_COMMON:
            found.append((total, b))
    return sorted(found, key=lambda each: (-each[0], each[1]))


def expanded(a, vectors, partners, shape):
    """Return the vector of an article with those of its nearest partners added."""
    neighbours, least, most = shape
    weights = Counter()
    for term, value in vectors[a].items():
        weights[term] += (stories.SCALE >> 4) * value
    for total, b in partners[a][:neighbours]:
        for term, value in vectors[b].items():
            weights[term] += ((total - least) >> 18) * value
    kept = {term: weights[term] for term in heaviest(weights, most)}
    return vector_of(kept) if kept else {}


def mean_similarity(one, two, vectors, days):
    """Return the mean similarity of two groups of articles, by dates."""
    total = sum(product(vectors[a], vectors[b])[0] for a in one for b in two)
    mean = float(total) / float(len(one) * len(two)) / stories.UNIT
    known = [
        [int(days[row]) for row in group if days[row] != stories.NO_DAY] for group in (one, two)
    ]
    if not all(known):
        return mean
    apart = (sum(known[0]) / len(known[0]) - sum(known[1]) / len(known[1])) / linking.DAYS
    spread = linking.NEAR - linking.FAR
    return mean * (linking.FAR + spread * math.exp(-0.5 * apart * apart))


def linked(vectors, days, edges, cut):
    """Return the first article of the group of each, by merging mutual nearest ones in rounds."""
    groups = {row: [row] for row in range(len(vectors))}
    near = {row: set() for row in groups}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    while True:
        best = {}
        for x in groups:
            values = {y: mean_similarity(groups[x], groups[y], vectors, days) for y in near[x]}
            values = {y: value for y, value in values.items() if value >= cut}
            if values:
                best[x] = min(values, key=lambda y: (-values[y], y))
        pairs = [(x, y) for x, y in best.items() if x < y and best.get(y) == x]
        if not pairs:
            break
        for x, y in pairs:
            groups[x] += groups.pop(y)
            for z in near.pop(y):
                near[z].discard(y)
                if z != x:
                    near[z].add(x)
                    near[x].add(z)
    return [next(x for x, own in groups.items() if row in own) for row in range(len(vectors))]


def greedily_linked(vectors, cut):
    """Return the same by always merging the most similar two of all, as average linkage is told."""
    groups = [[row] for row in range(len(vectors))]
    days = [stories.NO_DAY] * len(vectors)
    while len(groups) > 1:
        values = {
            (x, y): mean_similarity(groups[x], groups[y], vectors, days)
            for x, y in combinations(range(len(groups)), 2)
        }
        x, y = max(values, key=values.get)
        if values[x, y] < cut:
            break
        groups[x] += groups.pop(y)
    return [min(next(own for own in groups if row in own)) for row in range(len(vectors))]


def of_story(members, vectors, documents):
    """Return the terms of a story that are five times as frequent in it as in other articles."""
    told = set()
    for term in set().union(*(vectors[row] for row in members)):
        own = sum(term in vectors[row] for row in members)
        others = max(documents[term] - own, 0)
        outside = Fraction(others + 1, len(vectors) - len(members) + 10)
        if Fraction(own, len(members)) >= 5 * outside:
            told.add(term)
    return told


def explained(members, vectors, known, most):
    """Return ([(term, part)], total, told) of a story.

    A part is what a term adds to all products, in either order; told are the terms that are not
    weak.
    """
    documents, names = known
    told = of_story(members, vectors, documents)
    parts = Counter()
    for a in members:
        for b in members:
            if a != b:
                for term in vectors[a].keys() & vectors[b].keys():
                    parts[term] += vectors[a][term] * vectors[b][term]
    least = max((parts[term] for term in told), default=0)
    least *= Fraction(100, 3 * (100 + len(vectors) - len(members)))
    told = {term for term in told if names[term] or parts[term] >= least}
    chosen = heaviest({t: part for t, part in parts.items() if part and t in told}, most)
    return [(term, parts[term]) for term in chosen], sum(parts.values()), told


def place_of(tokens, term):
    """Return where a term stands: first where no sentence begins, else first; -1 for nowhere."""
    places = [place for place, _, each in all_terms(tokens) if each == term]
    inside = [place for place in places if not tokens[place][2] & STARTS_SENTENCE]
    return (inside or places or [-1])[0]


def all_terms(tokens):
    """Yield what ``terms_of`` does, however long the document is."""
    size = stories.MOST_TOKENS
    assert len(tokens) <= size
    return terms_of(tokens)
