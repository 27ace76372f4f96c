"""Plain twins of the kernels of families: dictionaries and lists, one step after the other."""

from __future__ import annotations

from collections import Counter, defaultdict

BAND = 16


def overlap(one, other):
    return max(min(one[1], other[1]) - max(one[0], other[0]), 0)


def is_same(one, other):
    """Half of the longer of two spans is common."""
    longer = max(one[1] - one[0], other[1] - other[0])
    return overlap(one, other) > 0 and 2 * overlap(one, other) >= longer


def naive_stars(passages, matched, ranks):
    """Return families as lists of (document, start, end), the centre first.

    ``passages`` are (a, (start, end), b, (start, end)), in order, ``matched`` how many words each
    has in common; ``ranks`` those of documents.
    """
    left = dict(enumerate(passages))
    words = Counter()
    for passage, count in zip(passages, matched, strict=True):
        words.update({passage[:2]: count, passage[2:]: count})
    spans = {each for passage in passages for each in (passage[:2], passage[2:])}
    families = []
    while True:
        members = {
            side: partners for side, partners in naive_members(left, spans).items() if partners
        }
        if not members:
            return families
        doc, span = min(
            members,
            key=lambda c: (-len(members[c]), -words[c], c[1][0] - c[1][1], ranks[c[0]], c[1]),
        )
        found = {doc: span}
        for other, (_, own) in naive_best(left, doc, span).items():
            found[other] = own
        families.append([(doc, *span)] + [(d, *s) for d, s in found.items() if d != doc])
        left = {
            number: passage
            for number, passage in left.items()
            if not all(
                d in found and 2 * overlap(s, found[d]) >= s[1] - s[0]
                for d, s in (passage[:2], passage[2:])
            )
        }


def naive_members(left, spans):
    """Return the documents that have a passage that is left with each of some spans."""
    found = {}
    for doc, span in spans:
        partners = {
            two if one == (doc,) else one
            for one, two, own in (((p[0],), (p[2],), p[1]) for p in left.values() if p[0] == doc)
            if is_same(own, span)
        } | {(p[0],) for p in left.values() if p[2] == doc and is_same(p[3], span)}
        found[doc, span] = partners
    return found


def naive_best(left, doc, span):
    """Return (common tokens, span) of each document's best passage with a span."""
    found = {}
    ours = []
    for passage in left.values():
        a, own, b, other = passage
        if a == doc:
            ours.append((own, b, other))
        if b == doc:
            ours.append((other, a, own))
    ours.sort(key=lambda each: (each[0], each[1]))
    for own, partner, other in ours:
        if not is_same(own, span):
            continue
        common = overlap(own, span)
        if partner not in found or found[partner][0] < common:
            found[partner] = (common, other)
    return found


def naive_way(wording, place, at, step, ngrams, missing):
    """Follow a wording, (n-gram, offset) each, from one n-gram of it in a document."""
    matched = missed = 0
    last, last_offset = at, wording[place][1]
    i = place + step
    while 0 <= i < len(wording):
        value, offset = wording[i]
        expected = last + offset - last_offset
        near = [
            token
            for token, own in enumerate(ngrams)
            if own == value and abs(token - expected) <= BAND and (token - last) * step > 0
        ]
        if near:
            last = min(near, key=lambda token: (abs(token - expected), -token))
            last_offset = offset
            matched += 1
        else:
            missed += 1
            if missed > missing:
                break
        i += step
    return matched, missed, last


def naive_match(wording, place, at, ngrams, least):
    """Return (matched n-grams, first token, last token), or no match."""
    missing = int(len(wording) - least * len(wording))
    back, missed, first = naive_way(wording, place, at, -1, ngrams, missing)
    if missed > missing:
        return 0, at, at
    on, more, last = naive_way(wording, place, at, 1, ngrams, missing - missed)
    if missed + more > missing:
        return 0, at, at
    return back + on + 1, first, last


def naive_common(words, own):
    """Return how many words two lists have in common, each as often as in both."""
    return (Counter(words) & Counter(own)).total()


def naive_apart(rows):
    """Tell of (family, document, start, end), the best first, which ones stay."""
    kept = defaultdict(list)
    stays = []
    for family, doc, start, end in rows:
        free = all(
            2 * overlap((start, end), other) < min(end - start, other[1] - other[0])
            for other in kept[family, doc]
        )
        if free:
            kept[family, doc].append((start, end))
        stays.append(free)
    return stays


def naive_variants(order, occurrences):
    """Return for each family the larger one in which half of its occurrences lie for half."""
    owners = {}
    for family in order:
        places = Counter()
        for doc, start, end in occurrences[family]:
            inside = {
                other
                for other, owner in owners.items()
                if owner == other
                for d, s, e in occurrences[other]
                if d == doc and 2 * overlap((start, end), (s, e)) >= end - start
            }
            places.update(inside)
        most = max(places.values(), default=0)
        is_variant = most and 2 * most >= len(occurrences[family])
        owners[family] = {o for o, n in places.items() if n == most} if is_variant else family
    return owners
