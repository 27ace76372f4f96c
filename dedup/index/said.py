"""What an article was told besides its verdict, as bytes.

That is what goes from it, what is known of it, and what is lost where it goes as a whole. Numbers
take as many bytes as they need, and an id stands once. Nothing in it is trusted when it is read:
what does not fit is ``CorruptIndex``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dedup.cleaning.apply import Removal
from dedup.cleaning.rules import REASON_CODES, RULE_CODES
from dedup.errors import CorruptIndex
from dedup.index.verdicts import KnownPassage, Verdict

_CONFIDENCES = ("strong", "medium")
_LEVELS = ("strong", "medium", "weak")
_KINDS = ("exact", "near", "fuzzy", "quote")
_REASONS = {code: reason for reason, code in REASON_CODES.items()}
_RULES = {code: rule for rule, code in RULE_CODES.items()}
_REMOVALS, _PASSAGES, _LOSS = 1, 2, 4  # what there is
_EXACT = "exact"  # relation of a copy that loses nothing, so that nothing has to be kept of it
# How most of it begins: nothing is removed, whatever else was said.
_NONE_REMOVED = tuple(
    bytes([_REMOVALS + more, 0]) for more in (0, _PASSAGES, _LOSS, _PASSAGES + _LOSS)
)
_DENSITY, _SCORE = 10_000, 100


def pack_said(verdict: Verdict) -> bytes:
    """Return the bytes of what was said besides a verdict; none where nothing was looked for."""
    removals, passages = verdict.removals, verdict.passages
    loses = verdict.lost_tokens is not None and verdict.relation != _EXACT
    there = _REMOVALS * (removals is not None) + _PASSAGES * (passages is not None) + _LOSS * loses
    if not there:
        return b""
    out = bytearray([there])
    if removals is not None:
        _put_removals(out, removals)
    if passages is not None:
        _put_passages(out, passages)
    if loses:
        _put(out, verdict.lost_tokens or 0, verdict.lost_facts or 0)
    return bytes(out)


def unpack_said(data: bytes, relation: str | None, *, all_of_it: bool = True) -> dict[str, Any]:
    """Return the fields of a verdict of this ``relation`` that ``pack_said`` was given.

    Without ``all_of_it`` only the removals: they alone matter to articles it is compared with.
    """
    made: dict[str, Any] = {}
    if relation == _EXACT:
        made |= {"lost_tokens": 0, "lost_facts": 0}
    if not data:
        return made
    reader = _Reader(data)
    there = reader.number()
    if not 0 < there <= _REMOVALS + _PASSAGES + _LOSS:
        raise CorruptIndex("what an article was told cannot be read")
    if there & _REMOVALS:
        made["removals"] = tuple(_removals(reader))
    if not all_of_it:
        return made
    if there & _PASSAGES:
        made["passages"] = tuple(_passages(reader))
    if there & _LOSS:
        made["lost_tokens"], made["lost_facts"] = reader.numbers(2)
    if reader.at != len(data):
        raise CorruptIndex("what an article was told is too long")
    return made


def removed_in(data: bytes) -> list[tuple[int, int]]:
    """Return the stretches that were said to be removed, of what ``pack_said`` returned."""
    if data[:2] in _NONE_REMOVED:
        return []
    reader = _Reader(data)
    if not data or not reader.number() & _REMOVALS:
        return []
    spans = []
    before = 0
    for _ in range(reader.number()):
        gap, size, _, _, flags = reader.numbers(5)
        before += gap + size
        spans.append((before - size, before))
        if flags & 1:
            reader.numbers(2)
    return spans


def _put(out: bytearray, *numbers: int) -> None:
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)


def _put_removals(out: bytearray, removals: Sequence[Removal]) -> None:
    _put(out, len(removals))
    before = 0
    for each in removals:
        flags = _CONFIDENCES.index(each.confidence) * 2 + (each.kept is not None)
        _put(out, each.start - before, each.end - each.start)
        _put(out, REASON_CODES[each.reason], RULE_CODES[each.rule], flags)
        if each.kept is not None:
            _put(out, each.kept[0], each.kept[1] - each.kept[0])
        before = each.end


def _put_passages(out: bytearray, passages: Sequence[KnownPassage]) -> None:
    ids = list(dict.fromkeys(each.doc_id for each in passages))
    _put(out, len(ids))
    for name in ids:
        data = name.encode()
        _put(out, len(data))
        out += data
    _put(out, len(passages))
    for each in passages:
        _put(out, ids.index(each.doc_id))
        _put(out, each.start, each.end - each.start)
        _put(out, each.other_start, each.other_end - each.other_start)
        _put(out, each.matched_tokens, round(each.density * _DENSITY), round(each.score * _SCORE))
        _put(out, _LEVELS.index(each.level) * len(_KINDS) + _KINDS.index(each.kind))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            if self.at >= len(self.data) or shift > 56:
                raise CorruptIndex("what an article was told ends too early")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def numbers(self, count: int) -> list[int]:
        return [self.number() for _ in range(count)]

    def string(self) -> str:
        size = self.number()
        part = self.data[self.at : self.at + size]
        self.at += size
        try:
            return part.decode()
        except UnicodeDecodeError:
            raise CorruptIndex("what an article was told holds broken text") from None


def _removals(reader: _Reader) -> list[Removal]:
    made, before = [], 0
    for _ in range(reader.number()):
        gap, size, reason, rule, flags = reader.numbers(5)
        kept = None
        if flags & 1:
            start, length = reader.numbers(2)
            kept = (start, start + length)
        if reason not in _REASONS or rule not in _RULES or flags >> 1 >= len(_CONFIDENCES):
            raise CorruptIndex("an article of the index was told of an unknown removal")
        start = before + gap
        before = start + size
        confidence = _CONFIDENCES[flags >> 1]
        made.append(Removal(start, before, _REASONS[reason], _RULES[rule], confidence, kept))
    return made


def _passages(reader: _Reader) -> list[KnownPassage]:
    ids = [reader.string() for _ in range(reader.number())]
    made = []
    for _ in range(reader.number()):
        which, start, size, other, length, matched, density, score, what = reader.numbers(9)
        level, kind = divmod(what, len(_KINDS))
        if which >= len(ids) or level >= len(_LEVELS):
            raise CorruptIndex("an article of the index was told of an unknown passage")
        made.append(
            KnownPassage(
                doc_id=ids[which],
                start=start,
                end=start + size,
                other_start=other,
                other_end=other + length,
                matched_tokens=matched,
                density=density / _DENSITY,
                score=score / _SCORE,
                level=_LEVELS[level],
                kind=_KINDS[kind],
            )
        )
    return made
