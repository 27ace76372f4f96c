"""Removals → cleaned text, and back.

Cleaning only deletes, and every deleted character stands in an operation with its reason, so that
the original can be put together again. All offsets are code points of the original text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.cleaning.rules import is_frequent, is_sure
from dedup.core.arrays import Bool, Int32, Int64
from dedup.errors import OutputError
from dedup.kernels import lines as kernel
from dedup.schema import REMOVALS, rows_as_table
from dedup.text.tokens import Tokens

MOST_REMOVED = 0.4  # share of the words
FEWEST_LEFT = 30  # words

_COLUMNS = ("doc", "start", "end", "reason", "rule", "confidence", "kept_start", "kept_end")
_BLANKS = " \t\r\n\v\f\x85\u2028\u2029"
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, order=True)
class Removal:
    """A stretch to delete, why, and the copy that stays (``None`` where none does)."""

    start: int
    end: int
    reason: str
    rule: str
    confidence: str
    kept: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """One deletion that was done: ``text`` stood at ``start:end`` and goes back in at ``at``.

    ``at`` is a place in the cleaned text. The stretch is that of the removal and the line breaks
    that went with it.
    """

    start: int
    end: int
    at: int
    text: str
    reason: str
    rule: str
    confidence: str
    kept: tuple[int, int] | None

    def as_dict(self, number: int) -> dict[str, Any]:
        """Return the fields as plain values, ready for JSON; operations count from 1."""
        return {
            "op": number,
            "start": self.start,
            "end": self.end,
            "at": self.at,
            "text": self.text,
            "reason": self.reason,
            "rule": self.rule,
            "confidence": self.confidence,
            "kept": None if self.kept is None else list(self.kept),
        }


def removals_of(table: pa.Table) -> dict[int, list[Removal]]:
    """Group the rows of a table of schema ``REMOVALS`` by document."""
    found: dict[int, list[Removal]] = {}
    if not table.num_rows:
        return found
    columns = [table[name].to_pylist() for name in _COLUMNS]
    for doc, start, end, reason, rule, confidence, low, high in zip(*columns, strict=True):
        kept = None if low is None else (low, high)
        found.setdefault(doc, []).append(Removal(start, end, reason, rule, confidence, kept))
    return found


def merge_removals(removals: Iterable[Removal]) -> list[Removal]:
    """Return removals of one document in order, none of which overlap.

    Of removals that overlap the surest gives the reason, then the one that names a kept copy; the
    stretch is that of all. A kept copy that is removed itself is not named. The order of the input
    does not matter, and merging again changes nothing.
    """
    merged: list[Removal] = []
    for each in sorted(set(removals), key=_place):
        if each.start >= each.end:
            continue
        if merged and each.start < merged[-1].end:
            best = min(merged[-1], each, key=_rank)
            merged[-1] = replace(best, start=merged[-1].start, end=max(merged[-1].end, each.end))
        else:
            merged.append(each)
    starts = [each.start for each in merged]
    return [
        each if _stays(each.kept, merged, starts) else replace(each, kept=None) for each in merged
    ]


def _place(each: Removal) -> tuple[Any, ...]:
    return (each.start, each.end, *_rank(each))


def _rank(each: Removal) -> tuple[Any, ...]:
    kept = each.kept or (-1, -1)
    sure = is_sure(each.rule)
    return (not sure, each.confidence != "strong", each.kept is None, each.reason, each.rule, kept)


def _stays(kept: tuple[int, int] | None, merged: list[Removal], starts: list[int]) -> bool:
    if kept is None:
        return True
    position = bisect_left(starts, kept[1]) - 1
    return position < 0 or merged[position].end <= kept[0]


def guard(removals: Sequence[Removal], token_starts: Int32) -> tuple[list[Removal], bool]:
    """Hold back what is less than sure where too much of a document would go.

    ``removals`` are merged, ``token_starts`` the places of the document's words. Where more than
    40% of the words would go, or fewer than 30 would be left of more, exact repeats and patterns
    stay; lines that a site repeats very often stay too as long as 30 words are left. Returns what
    stays and whether a person should look.
    """
    total = np.int64(len(token_starts))
    stretches = [place for each in removals for place in (each.start, each.end)]
    places = token_starts.searchsorted(np.array(stretches, token_starts.dtype))
    gone = places[1::2] - places[::2]
    if not _is_guarded(total, gone.sum()):
        return list(removals), False
    sure = np.array([is_sure(each.rule) for each in removals], np.bool_)
    firm = sure | np.array([is_frequent(each.rule, each.confidence) for each in removals], np.bool_)
    stays = firm if total - int(gone[firm].sum()) >= FEWEST_LEFT else sure
    return [removals[position] for position in np.flatnonzero(stays).tolist()], True


def _is_guarded(total: Any, gone: Any) -> Any:
    """Tell where too much would go: ``gone`` of ``total`` words, numbers or arrays of them."""
    left = total - gone
    return (gone > MOST_REMOVED * total) | ((left < FEWEST_LEFT) & (total >= FEWEST_LEFT))


def settle_removals(tables: Sequence[pa.Table], tokens: Tokens) -> tuple[pa.Table, Bool]:
    """Merge what several stages would remove and apply the guards, document by document.

    Returns a table of schema ``REMOVALS`` in order of document and start, and for each document
    whether the guards took effect. Costs nothing for documents without removals, and
    little where no two overlap.
    """
    review = np.zeros(len(tokens), np.bool_)
    some = [table for table in tables if table.num_rows]
    if not some:
        return rows_as_table([], REMOVALS), review
    given = pa.concat_tables(some)
    docs, starts, ends = (given[name].to_numpy() for name in ("doc", "start", "end"))
    order = np.lexsort((ends, starts, docs))
    simple = _simple(given, (docs, starts, ends), order, tokens)
    settled = given.take(order[simple[docs[order]]])
    if simple[docs].all():
        return settled.combine_chunks(), review
    rows: list[tuple[Any, ...]] = []
    for doc, removals in removals_of(given.filter(~simple[docs])).items():
        own = tokens.starts[tokens.bounds[doc] : tokens.bounds[doc + 1]]
        guarded, review[doc] = guard(merge_removals(removals), own)
        for each in guarded:
            kept = each.kept or (None, None)
            rows.append((doc, each.start, each.end, each.reason, each.rule, each.confidence, *kept))
    settled = pa.concat_tables([settled, rows_as_table(rows, REMOVALS)])
    order = np.lexsort((settled["start"].to_numpy(), settled["doc"].to_numpy()))
    return settled.take(order).combine_chunks(), review


def _simple(
    given: pa.Table, places: tuple[Int64, Int64, Int64], order: Int64, tokens: Tokens
) -> Bool:
    """Tell in which documents all removals stand: none overlap, and no guard takes effect.

    ``places`` are documents, starts and ends of the rows of ``given``, and ``order`` is by them.
    Nor may a removal be empty or name the repeat that is kept.
    """
    docs, starts, ends = (column[order] for column in places)
    simple = np.ones(len(tokens), np.bool_)
    simple[places[0][given["kept_start"].is_valid().to_numpy()]] = False
    simple[docs[starts >= ends]] = False
    simple[docs[1:][(docs[1:] == docs[:-1]) & (starts[1:] < ends[:-1])]] = False
    gone = np.zeros(len(tokens), np.int64)
    masked = np.zeros(len(tokens.hashes), np.bool_)
    kernel.mask_tokens(
        tokens.bounds, tokens.starts, kernel.Stretches(docs, starts, ends), masked, gone
    )
    simple &= ~_is_guarded(tokens.counts(), gone)
    return simple


def apply_removals(text: str, removals: Sequence[Removal]) -> tuple[str, list[Op]]:
    r"""Delete ``removals`` (merged) from ``text``.

    A deleted line takes its line break with it, and blank lines around it as far as more than one
    would be left. ``restore_text`` undoes it exactly.

    >>> share = Removal(6, 11, "share_widget", "pattern", "strong")
    >>> clean, ops = apply_removals("One.\n\nShare\n\nTwo.", [share])
    >>> clean, ops[0].text
    ('One.\n\nTwo.', 'Share\n\n')
    """
    pieces: list[str] = []
    ops: list[Op] = []
    done = at = 0
    for group, begin, end in _groups(text, removals):
        pieces.append(text[done:begin])
        at += begin - done
        bounds = [begin, *(each.start for each in group[1:]), end]
        for each, low, high in zip(group, bounds, bounds[1:], strict=False):
            ops.append(
                Op(
                    low,
                    high,
                    at,
                    text[low:high],
                    each.reason,
                    each.rule,
                    each.confidence,
                    each.kept,
                )
            )
        done = end
    pieces.append(text[done:])
    return "".join(pieces), ops


def _groups(text: str, removals: Sequence[Removal]) -> Iterator[tuple[list[Removal], int, int]]:
    """Yield removals with nothing but blanks between, and what goes with them: (begin, end)."""
    position = 0
    before = 0  # where the text that stays begins
    while position < len(removals):
        first = position
        while position + 1 < len(removals) and not _visible(
            text, removals[position].end, removals[position + 1].start
        ):
            position += 1
        group = list(removals[first : position + 1])
        position += 1
        after = removals[position].start if position < len(removals) else len(text)
        left, right = text[before : group[0].start], text[group[-1].end : after]
        low, high = _trimmed(left, right)
        yield group, before + low, group[-1].end + high
        before = group[-1].end
        # What stands after one group stands before the next; there is text in it.


def _visible(text: str, low: int, high: int) -> bool:
    return bool(text[low:high].strip(_BLANKS))


def _trimmed(left: str, right: str) -> tuple[int, int]:
    """Return how much of ``left`` stays before a deleted group, and how much of ``right`` goes."""
    text_ends = len(left.rstrip(_BLANKS))
    text_begins = len(right) - len(right.lstrip(_BLANKS))
    breaks_left = [found.end() for found in _BREAK.finditer(left, text_ends)]
    breaks_right = [found.end() for found in _BREAK.finditer(right, 0, text_begins)]
    nothing_before, nothing_after = text_ends == 0, text_begins == len(right)
    if not (breaks_left or nothing_before) or not (breaks_right or nothing_after):
        return len(left), 0  # no whole lines: nothing goes with it
    if nothing_before:
        return 0, len(right) if nothing_after else breaks_right[-1]
    if nothing_after:
        if breaks_right:  # the file still ends in a line break
            return breaks_left[0], len(right)
        first = _BREAK.search(left, text_ends)
        return len(left) if first is None else first.start(), len(right)
    wanted = min(2, max(len(breaks_left), len(breaks_right)))
    stay_left = min(len(breaks_left), wanted)
    go_right = len(breaks_right) - (wanted - stay_left)
    return breaks_left[stay_left - 1], breaks_right[go_right - 1] if go_right else 0


def restore_text(clean: str, ops: Iterable[Op | Mapping[str, Any]]) -> str:
    """Put back what ``ops`` took out of ``clean``.

    Raises ``OutputError`` when they do not belong together, as far as that shows.
    """
    pieces: list[str] = []
    done = length = 0
    for number, each in enumerate(ops, start=1):
        start, end, at, text = _op_facts(each, number)
        length += at - done
        if not done <= at <= len(clean) or length != start or end - start != len(text):
            raise OutputError(f"operation {number} does not fit the text: it is for offset {start}")
        pieces += (clean[done:at], text)
        length += len(text)
        done = at
    pieces.append(clean[done:])
    return "".join(pieces)


def _op_facts(each: Op | Mapping[str, Any], number: int) -> tuple[int, int, int, str]:
    if isinstance(each, Op):
        return each.start, each.end, each.at, each.text
    try:
        start, end, at, text = each["start"], each["end"], each["at"], each["text"]
    except (KeyError, TypeError):
        raise OutputError(f"operation {number} has no start, end, at and text") from None
    if not (isinstance(text, str) and all(isinstance(fact, int) for fact in (start, end, at))):
        raise OutputError(f"operation {number} has a start, end, at or text of the wrong type")
    return start, end, at, text
