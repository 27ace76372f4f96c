"""Plain twins of the kernels of pieces, regions and passages, with numbers of their own.

A document is a ``Text`` of lists, a piece a ``Piece``, matches are (token of a, token of b).
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from naive import CONTENT, NAME, QUOTED, STARTS_LINE, STARTS_SENTENCE, UNSPACED
from naive_passages import CONTENT_WEIGHT, Match, naive_chains, naive_likeness

NONE, WEAK, MEDIUM, STRONG = range(4)


class Text(NamedTuple):
    """The tokens of a document: word, weight, class and flags of each."""

    words: list[int]
    weights: list[float]
    classes: list[int]
    flags: list[int]


@dataclass(frozen=True)
class Piece:
    """A stretch of two documents, both ends included, and what is known of it."""

    first_a: int
    last_a: int
    first_b: int
    last_b: int
    level: int = MEDIUM
    tokens: int = 0
    path: tuple[Match, ...] = ()


# Pieces.


def naive_measure(path: list[Match], a: Text, b: Text) -> tuple[int, float, float, float, bool]:
    """Return (tokens, words, words that are no names, weight, quote) of matches."""
    size = [0.5 if a.flags[i] & UNSPACED else 1.0 for i, _ in path]
    unnamed = [each for each, (i, _) in zip(size, path, strict=True) if a.classes[i] != NAME]
    quoted = max(
        sum(a.flags[i] & QUOTED > 0 for i, _ in path), sum(b.flags[j] & QUOTED > 0 for _, j in path)
    )
    weight = sum(min(a.weights[i], b.weights[j]) for i, j in path)
    return len(path), sum(size), sum(unnamed), weight, 2 * quoted >= len(path)


def naive_content(path: list[Match], a: Text) -> float:
    """Return the distinct content words matched; half of them where most are single characters."""
    places = [i for i, _ in path if a.classes[i] == CONTENT]
    single = sum(a.flags[i] & UNSPACED > 0 for i in places)
    return len({a.words[i] for i in places}) * (0.5 if 2 * single > len(places) else 1.0)


def naive_density(tokens: int, piece: Piece) -> float:
    """Return the share of matched tokens in the longer side."""
    return tokens / max(piece.last_a - piece.first_a + 1, piece.last_b - piece.first_b + 1)


def naive_judge(path: list[Match], least: int, a: Text, b: Text) -> int:
    """Return the level of an aligned stretch from its first match to its last."""
    tokens, size, unnamed, weight, _ = naive_measure(path, a, b)
    if size < least:
        return NONE
    density = naive_density(tokens, Piece(path[0][0], path[-1][0], path[0][1], path[-1][1]))
    content = naive_content(path, a)
    asked = ((STRONG, 8, 0.5), (MEDIUM, 6, 0.6), (WEAK, 5, 0.7))
    levels = [level for level, w, d in asked if content >= 4 and weight >= w and density >= d]
    verbatim = density >= 0.95 and unnamed >= 6 and content >= 2
    return max([*levels[:1], MEDIUM * verbatim])


def naive_judge_region(
    piece: Piece, path: list[Match], joined: bool, least: int, a: Text, b: Text
) -> tuple[int, float]:
    """Return (level, density) of a region with those matches."""
    tokens, size, _, weight, _ = naive_measure(path, a, b)
    density = naive_density(tokens, piece)
    if size < least:
        return NONE, density
    good = piece.level in (WEAK, MEDIUM) and weight >= 8 and density >= 0.5
    together = piece.level == NONE and joined and weight >= 12 and density >= 0.33
    if good or (together and naive_content(path, a) >= 8):
        return STRONG, density
    return piece.level, density


def naive_merged(runs: list[Match], word_pairs: list[Match]) -> list[Match]:
    """Return two sorted lists as one, those of runs first where the first tokens are equal."""
    return sorted([*runs, *word_pairs], key=lambda match: match[0])


def naive_has_link(runs: list[Match], size: int) -> bool:
    """Tell whether any matches make a chain."""
    return bool(naive_chains(runs, size))


def naive_groups_of(points: list[Match]) -> list[list[int]]:
    """Return the groups of points that hang together by steps of at most 45 on both sides."""
    groups: list[list[int]] = []
    for k, (i, j) in enumerate(points):
        near = [
            group
            for group in groups
            if any(abs(i - points[p][0]) <= 45 and abs(j - points[p][1]) <= 45 for p in group)
        ]
        groups = [group for group in groups if group not in near]
        groups.append(sorted([k, *(p for group in near for p in group)]))
    return sorted(groups)


def naive_loose(points: list[Match], a: Text, b: Text) -> list[Piece]:
    """Return the pieces of points in any order; ``points`` are those that are in no piece yet."""
    pieces = []
    for group in naive_groups_of(points):
        rows, columns = zip(*(points[k] for k in group), strict=True)
        if len(group) < 3 or max(max(rows) - min(rows), max(columns) - min(columns)) >= 996:
            continue
        hull = Piece(
            min(rows),
            min(max(rows) + 3, len(a.words)) - 1,
            min(columns),
            min(max(columns) + 3, len(b.words)) - 1,
        )
        common, like = like_of(hull, a, b)
        if common >= 3 and like >= 0.4:
            level = MEDIUM if common >= 12 and like >= 0.5 else NONE
            pieces.append(replace(hull, level=level, tokens=common))
    return pieces


def like_of(piece: Piece, a: Text, b: Text) -> tuple[int, float]:
    """Return (content words in common, Dice) of a stretch."""
    ours, theirs = slice(piece.first_a, piece.last_a + 1), slice(piece.first_b, piece.last_b + 1)
    return naive_likeness(*(a.words[ours], a.weights[ours]), *(b.words[theirs], b.weights[theirs]))


# Regions.


def has_content(text: Text, i: int) -> bool:
    """Tell whether a word says something by itself."""
    return text.weights[i] >= CONTENT_WEIGHT


def naive_bag(
    a: Text, b: Text, rows: range, columns: range, matched: set[int], taken: set[int]
) -> list[Match]:
    """Match each content word of ``rows`` with the first equal one of ``columns`` that is free."""
    path = []
    for i in rows:
        free = [
            j
            for j in columns
            if has_content(b, j)
            and j not in taken
            and a.words[i] == b.words[j]
            and has_content(a, i)
        ]
        if free and i not in matched:
            path.append((i, free[0]))
            taken.add(free[0])
    return path


def naive_beginning(
    a: Text, b: Text, rows: list[int], columns: list[int], like: float
) -> tuple[int, int]:
    """Return how much of two windows is alike; they are lists of tokens, away from the passage."""
    n, m = len(rows), len(columns)
    if n < 3 or m < 3:
        return 0, 0
    waiting_a: dict[int, list[int]] = defaultdict(list)
    waiting_b: dict[int, list[int]] = defaultdict(list)
    common = words = far_a = far_b = seen = 0
    best = (0, 0)
    for x, i in enumerate(rows, 1):
        arrivals = [y for y in range(1, m + 1) if seen < y <= -(-x * m // n)]
        seen += len(arrivals)
        for y in arrivals:
            word = b.words[columns[y - 1]]
            words += has_content(b, columns[y - 1])
            if has_content(b, columns[y - 1]) and waiting_a[word]:
                common += 1
                far_a, far_b = max(far_a, waiting_a[word].pop(0)), max(far_b, y)
            elif has_content(b, columns[y - 1]):
                waiting_b[word].append(y)
        words += has_content(a, i)
        if has_content(a, i) and waiting_b[a.words[i]]:
            common += 1
            far_a, far_b = x, max(far_b, waiting_b[a.words[i]].pop(0))
        elif has_content(a, i):
            waiting_a[a.words[i]].append(x)
        if common >= 3 and 2 * common >= like * words:
            best = (far_a, far_b)
    return best


def naive_grow(
    a: Text, b: Text, end: Match, limits: Match, step: int, window: int, like: float
) -> Match:
    """Return the new end of a passage that goes by ``step`` towards the limits."""
    i, j = end
    while True:
        rows = list(range(i + step, limits[0] + step, step))[:window]
        columns = list(range(j + step, limits[1] + step, step))[:window]
        x, y = naive_beginning(a, b, rows, columns, like)
        if not (x and y):
            return i, j
        i, j = i + step * x, j + step * y


def naive_close(piece: Piece, density: float) -> bool:
    """Tell whether that share of a piece is aligned."""
    return naive_density(piece.tokens, piece) >= density


def naive_opens(first: int, text: Text) -> bool:
    """Tell whether a line begins at most two tokens away."""
    near = text.flags[max(first - 2, 0) : first + 3]
    return any(flags & STARTS_LINE for flags in near)


def naive_shuffled(p: Piece, q: Piece, a: Text, b: Text) -> bool:
    """Tell whether two pieces in another order are one re-worded passage."""
    both = (p, q)
    if all(each.tokens >= 40 and naive_close(each, 0.7) for each in both):
        return False
    if all(naive_opens(each.first_a, a) and naive_opens(each.first_b, b) for each in both):
        return False
    hull = naive_hull(p, q)
    apart_a = max(p.first_a, q.first_a) - min(p.last_a, q.last_a) - 1
    apart_b = max(p.first_b, q.first_b) - min(p.last_b, q.last_b) - 1
    long = max(hull.last_a - hull.first_a, hull.last_b - hull.first_b) >= 1000
    return max(apart_a, apart_b) <= 60 and not long and like_of(hull, a, b)[1] >= 0.5


def naive_hull(p: Piece, q: Piece) -> Piece:
    """Return what both pieces cover."""
    return Piece(
        *(min(p.first_a, q.first_a), max(p.last_a, q.last_a)),
        *(min(p.first_b, q.first_b), max(p.last_b, q.last_b)),
        *(max(p.level, q.level), p.tokens + q.tokens),
    )


def naive_continues(
    p: Piece, q: Piece, a: Text, b: Text, like: float, used: tuple[set[int], set[int]]
) -> bool:
    """Tell whether ``q`` continues ``p``; ``used`` are the tokens that are in passages."""
    gaps = (q.first_a - p.last_a - 1, q.first_b - p.last_b - 1)
    backs = (p.first_a - q.last_a - 1, p.first_b - q.last_b - 1)
    if all(max(gap, back) < 0 for gap, back in zip(gaps, backs, strict=True)):
        return True
    if min(gaps) < -6:
        return naive_shuffled(p, q, a, b)
    gap = max(gaps)
    if gap <= 4 or gap > 250:
        return gap <= 4
    between_a = set(range(p.last_a + 1, q.first_a))
    between_b = set(range(p.last_b + 1, q.first_b))
    if 5 * (len(between_a & used[0]) + len(between_b & used[1])) > gap:
        return False
    shortest = min(
        *(p.last_a - p.first_a, p.last_b - p.first_b, q.last_a - q.first_a),
        q.last_b - q.first_b,
    )
    if 2 * gap <= shortest + 1 or (gap <= shortest + 1 and min(gaps) <= 4):
        return True
    hole = Piece(p.last_a + 1, q.first_a - 1, p.last_b + 1, q.first_b - 1)
    common, dice = like_of(hole, a, b)
    return common >= 3 and dice >= like


Regions = list[tuple[Piece, list[int]]]  # each with the numbers of its pieces, the first one first


def naive_join(
    regions: Regions, a: Text, b: Text, like: float, used: tuple[set[int], set[int]]
) -> bool:
    """Join regions in place, each to the nearest of the 16 before it that it continues."""
    joined = False
    k = 0
    while k < len(regions):
        q, members = regions[k]
        options = [
            (abs(q.first_a - p.last_a) + abs(q.first_b - p.last_b), -r)
            for r, (p, _) in enumerate(regions[:k])
            if r >= k - 16 and naive_continues(p, q, a, b, like, used)
        ]
        if options:
            r = -min(options)[1]
            p, others = regions[r]
            # Joined regions begin where the first of them in order of a begins.
            hull = replace(naive_hull(p, q), first_a=p.first_a)
            regions[r] = hull, sorted([*others, *members])
            del regions[k]
            joined = True
        else:
            k += 1
    return joined


def naive_room(k: int, pieces: list[Piece], lengths: Match) -> tuple[Match, Match]:
    """Return the first and the last tokens that a region may take, of both sides."""
    own = pieces[k]
    others = [each for at, each in enumerate(pieces) if at != k and each.level > NONE]
    low_a = max([0, *(p.last_a + 1 for p in others if p.last_a < own.first_a)])
    low_b = max([0, *(p.last_b + 1 for p in others if p.last_b < own.first_b)])
    high_a = min([lengths[0] - 1, *(p.first_a - 1 for p in others if p.first_a > own.last_a)])
    high_b = min([lengths[1] - 1, *(p.first_b - 1 for p in others if p.first_b > own.last_b)])
    return (low_a, low_b), (high_a, high_b)


def naive_grow_region(
    piece: Piece, room: tuple[Match, Match], a: Text, b: Text, like: float
) -> Piece:
    """Return a region grown at both ends; one of under 20 tokens stays."""
    extent = min(piece.last_a - piece.first_a, piece.last_b - piece.first_b) + 1
    window = min(40, extent) if extent >= 20 else 0
    low, high = room
    last_a, last_b = naive_grow(a, b, (piece.last_a, piece.last_b), high, 1, window, like)
    first_a, first_b = naive_grow(a, b, (piece.first_a, piece.first_b), low, -1, window, like)
    return replace(piece, first_a=first_a, last_a=last_a, first_b=first_b, last_b=last_b)


def naive_grow_all(regions: Regions, a: Text, b: Text, like: float) -> bool:
    """Grow all regions that stand by themselves and are no close copies; tell whether any grew."""
    grown = False
    for k, (piece, members) in enumerate(regions):
        if piece.level >= MEDIUM and not naive_close(piece, 0.85):
            pieces = [each for each, _ in regions]
            room = naive_room(k, pieces, (len(a.words), len(b.words)))
            larger = naive_grow_region(piece, room, a, b, like)
            grown = grown or (larger.first_a, larger.last_a) != (piece.first_a, piece.last_a)
            regions[k] = larger, members
    return grown


def naive_boundary(i: int, step: int, text: Text, used: set[int]) -> int:
    """Return the first token within six of ``i`` behind which a sentence or a quote ends, or -1."""
    for at in range(i, i + 7 * step, step):
        if at != i and at in used:
            return -1
        if not 0 <= at + step < len(text.flags):
            return at
        begins = text.flags[at + step if step > 0 else at] & STARTS_SENTENCE
        if begins or (text.flags[at] ^ text.flags[at + step]) & QUOTED:
            return at
    return -1


def naive_snap(piece: Piece, a: Text, b: Text, used: tuple[set[int], set[int]]) -> Piece:
    """Return a piece that ends where sentences end, where they end near by on both sides."""
    if naive_close(piece, 0.95):
        return piece
    begin_a = naive_boundary(piece.first_a, -1, a, used[0])
    begin_b = naive_boundary(piece.first_b, -1, b, used[1])
    end_a = naive_boundary(piece.last_a, 1, a, used[0])
    end_b = naive_boundary(piece.last_b, 1, b, used[1])
    if min(begin_a, begin_b) >= 0:
        piece = replace(piece, first_a=begin_a, first_b=begin_b)
    if min(end_a, end_b) >= 0:
        piece = replace(piece, last_a=end_a, last_b=end_b)
    return piece


def naive_fill_gap(
    a: Text, b: Text, hole: Piece, matched: set[int], taken: set[int]
) -> list[Match]:
    """Match what stands in a stretch, in as few equal parts as have at most 1000 tokens a side."""
    n, m = hole.last_a - hole.first_a + 1, hole.last_b - hole.first_b + 1
    if n <= 0 or m <= 0:
        return []
    parts = -(-max(n, m) // 1000)
    path = []
    for part in range(parts):
        rows = range(hole.first_a + n * part // parts, hole.first_a + n * (part + 1) // parts)
        columns = range(hole.first_b + m * part // parts, hole.first_b + m * (part + 1) // parts)
        path += naive_bag(a, b, rows, columns, matched, taken)
    return path


def naive_fill(piece: Piece, path: list[Match], a: Text, b: Text) -> list[Match]:
    """Return the matches of a region, those in any order in its gaps as well."""
    matched, taken = {i for i, _ in path}, {j for _, j in path}
    found = dict(path)
    columns = [j for _, j in path]
    cuts = path if columns == sorted(set(columns)) else []
    ends = [
        (piece.first_a - 1, piece.first_b - 1),
        *cuts,
        (piece.last_a + 1, piece.last_b + 1),
    ]
    for (i, j), (k, m) in itertools.pairwise(ends):
        hole = Piece(i + 1, k - 1, j + 1, m - 1)
        found.update(naive_fill_gap(a, b, hole, matched, taken))
    return sorted(found.items())


# Passages.


def naive_settle(
    regions: Regions, a: Text, b: Text, like: float, used: tuple[set[int], set[int]]
) -> None:
    """Join, and where nothing was joined grow, 16 times at most."""
    for _ in range(16):
        if not naive_join(regions, a, b, like, used) and not naive_grow_all(regions, a, b, like):
            break


def naive_touched(row: int, seeds: list[list[set[int]]]) -> Counter[int]:
    """Return what the seeds of ``row`` are worth in later documents, two a run, one a word pair."""
    worth: Counter[int] = Counter()
    for kind, weight in zip(seeds, (2, 1), strict=True):
        for value in kind[row]:
            for other in range(row + 1, len(kind)):
                worth[other] += weight * (value in kind[other])
    return +worth


# Alignments.


def naive_equal(
    a: Text, b: Text, rows: list[int], columns: list[int]
) -> list[tuple[int, int, np.float32]]:
    """Return the tokens of a box that are equal and weigh something, with what a match gains."""
    found = []
    for (x, i), (y, j) in itertools.product(enumerate(rows), enumerate(columns)):
        weight = min(np.float32(a.weights[i]), np.float32(b.weights[j]))
        if a.words[i] == b.words[j] and weight > 0:
            found.append((x, y, np.float32(0.4) + weight))
    return found


def naive_box(
    a: Text, b: Text, rows: list[int], columns: list[int], free: bool
) -> tuple[int, int, list[Match]]:
    """Return (tokens of a, tokens of b, matches) of the best path through a box.

    It is made of equal tokens, or sought cell by cell where more than 64 are equal: both find a
    path of the best score, and may differ where several have that.
    """
    equal = naive_equal(a, b, rows, columns)
    if len(equal) > 64:
        return naive_cells(a, b, rows, columns, free)
    ends: list[tuple[np.float32, list[tuple[int, int]]]] = []

    def before(x: int, y: int) -> tuple[np.float32, list[tuple[int, int]]]:
        """Return the best path that ends before (x, y), of equal ones the latest."""
        options = [(-naive_cost(x, y), [])]
        for score, path in ends[::-1]:
            dx, dy = x - path[-1][0] - 1, y - path[-1][1] - 1
            if min(dx, dy) >= 0:
                options.append((score - naive_cost(dx, dy), path))
        return max(options, key=lambda option: option[0])

    for x, y, gain in equal:
        score, path = before(x, y)
        ends.append((score + gain, [*path, (x, y)]))
    if not free:
        _, path = before(len(rows), len(columns))
        end = len(rows), len(columns)
    else:
        top, path = max(ends, key=lambda option: option[0], default=(np.float32(0), []))
        if top < np.float32(0.6):
            return 0, 0, []
        end = path[-1][0] + 1, path[-1][1] + 1
    return *end, [(rows[x], columns[y]) for x, y in path]


def naive_cost(dx: int, dy: int) -> np.float32:
    """Return what a path loses on so many tokens of either side between two matches."""
    both = min(dx, dy)
    return np.float32(0.5) * np.float32(both) + np.float32(0.35) * np.float32(abs(dx - dy))


def naive_cells(
    a: Text, b: Text, rows: list[int], columns: list[int], free: bool
) -> tuple[int, int, list[Match]]:
    """Return what ``naive_box`` does, sought cell by cell.

    A free path ends in the first of the best matches, and nowhere where it gains under .6.
    """
    gap, zero = np.float32(0.35), np.float32(0)
    best = {(0, 0): (zero, "")}
    for x, y in itertools.product(range(len(rows) + 1), range(len(columns) + 1)):
        if x or y:
            options = []
            if x and y:
                weight = min(
                    np.float32(a.weights[rows[x - 1]]), np.float32(b.weights[columns[y - 1]])
                )
                same = a.words[rows[x - 1]] == b.words[columns[y - 1]] and weight > 0
                gain = np.float32(0.4) + weight if same else np.float32(-0.5)
                options.append((best[x - 1, y - 1][0] + gain, "match" if same else "replace"))
            if x:
                options.append((best[x - 1, y][0] - gap, "a"))
            if y:
                options.append((best[x, y - 1][0] - gap, "b"))
            best[x, y] = max(options, key=lambda option: option[0])
    end = len(rows), len(columns)
    if free:
        tops = [(-score, cell) for cell, (score, how) in best.items() if how == "match"]
        top, end = min(tops, default=(zero, (0, 0)))
        if -top < np.float32(0.6):
            return 0, 0, []
    path, (x, y) = [], end
    while x or y:
        how = best[x, y][1]
        if how == "match":
            path.append((rows[x - 1], columns[y - 1]))
        x, y = x - (how != "b"), y - (how != "a")
    return *end, path[::-1]


def naive_extend(a: Text, b: Text, end: Match, step: int) -> tuple[Match, list[Match]]:
    """Return the new end of a path and the matches up to it."""
    path = []
    i, j = end
    while True:
        rows = list(range(i + step, len(a.words) if step > 0 else -1, step))[:24]
        columns = list(range(j + step, len(b.words) if step > 0 else -1, step))[:24]
        both = list(zip(rows, columns, strict=False))
        equal = [a.words[k] == b.words[m] and min(a.weights[k], b.weights[m]) > 0 for k, m in both]
        run = (*equal, False).index(False)
        x, y, found = (run, run, both[:run]) if run else naive_box(a, b, rows, columns, True)
        if not both or not x:
            return (i, j), path
        path += found
        i, j = i + step * x, j + step * y


def naive_chain_path(
    a: Text, b: Text, chain: list[Match], size: int
) -> tuple[int, int, list[Match]]:
    """Return (first token of a, last token of a, matches) of an alignment along seeds."""
    path: dict[int, int] = {}
    i, j = chain[0][0] - 1, chain[0][1] - 1
    for k, m in chain:
        rows, columns = list(range(i + 1, k)), list(range(j + 1, m))
        if rows and columns:
            path.update(naive_box(a, b, rows, columns, False)[2])
        for t in range(size):
            if k + t > i and m + t > j:
                i, j = k + t, m + t
                path[i] = j
    (last, _), after = naive_extend(a, b, (i, j), 1)
    (first, _), before = naive_extend(a, b, chain[0], -1)
    path.update([*after, *before])
    return first, last, sorted(path.items())


def naive_clip(path: list[Match], a: Text, b: Text) -> list[Match]:
    """Return a path without one or two tokens at an end that a line parts from the rest."""
    for step in (1, -1):
        ordered = path[::step]
        run = 1
        while run < len(ordered) and ordered[run] == (
            ordered[run - 1][0] + step,
            ordered[run - 1][1] + step,
        ):
            run += 1
        if run < 3 and run < len(ordered):
            (i, j), (k, m) = sorted(ordered[run - 1 : run + 1])
            lines = [*a.flags[i + 1 : k + 1], *b.flags[min(j, m) + 1 : max(j, m) + 1]]
            if any(flags & STARTS_LINE for flags in lines):
                path = ordered[run:][::step]
    return path
