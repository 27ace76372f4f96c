"""JSON lines through an index: each line with its verdict, its own bytes unchanged.

What a line is told is the *first* verdict of its text. So a stream that is offered again, after a
crash or by a retry, gives the same bytes again, and no article counts as a copy of itself.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from dedup.cleaning.apply import apply_removals
from dedup.core.files import json_bytes
from dedup.core.hashing import xxh3_128
from dedup.errors import ConfigError, InputError
from dedup.index import VERDICTS, Index, Verdict
from dedup.index.entries import LONGEST
from dedup.schema import ReadReport
from dedup.sources.batches import Row
from dedup.sources.options import Columns, ReadOptions
from dedup.sources.raw import RawLine, raw_lines

AT_ONCE = 1000  # lines that are decided on and kept in one step
_BYTES = 16 << 20  # of lines in one step
CLEAN = "clean"  # the column that cleaned texts get
_DIGITS = 6
_BLANKS = b" \t\r\n"
_METADATA = (
    *("duplicate_of", "relation", "similarity", "jaccard", "containment"),
    *("lost_tokens", "lost_facts", "cluster"),
)
# Numbers and names such as `true` need no looking at: no bracket, comma or colon is in them.
_MARKS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)


@dataclass(slots=True)
class Judged:
    """A line and what was said of it; nothing of one that holds no document."""

    line: RawLine
    id: str = ""
    verdict: Verdict | None = None


@dataclass(slots=True)
class Filter:
    """Pass lines through an index. ``told`` counts the verdicts, ``skipped`` the other lines.

    ``lost`` sums up what duplicates lose (``LOSSES``).
    ``key`` is the one that ``annotated`` lines get; where a line has it already it is replaced.
    With ``clean`` they also get the cleaned text, as ``clean`` or, with ``in_place``, instead of
    the text; with ``passages`` what they share with earlier articles.
    """

    index: Index
    key: str = "dedup"
    clean: bool = False
    in_place: bool = False
    passages: bool = False
    told: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    _text: str = ""

    @property
    def says_more(self) -> bool:
        """Tell whether lines get more than their verdicts, so that all of them are annotated."""
        return self.clean or self.passages

    def lines(
        self,
        path: str,
        options: ReadOptions,
        read_report: ReadReport,
        *,
        eager: bool = False,
        settled: Callable[[Columns], None] = lambda columns: None,
    ) -> Iterator[RawLine]:
        """Yield the lines of a file or of stdin (``raw_lines``), fit for this filter."""

        def check(columns: Columns) -> None:
            if self.key in columns.names():
                allowed = "a name that no column with text, id, date or site has"
                raise ConfigError("key", self.key, allowed)
            if self.clean and not self.in_place and CLEAN in columns.names():
                allowed = "lines without a column of that name, or --in-place"
                raise ConfigError("clean", CLEAN, allowed)
            if self.in_place and "." in columns.text:
                raise ConfigError("in_place", columns.text, "a text that is in no inner object")
            self._text = columns.text
            settled(columns)

        return raw_lines(path, options, read_report, eager=eager, longest_id=LONGEST, settled=check)

    def run(self, lines: Iterable[RawLine], at_once: int = AT_ONCE) -> Iterator[list[Judged]]:
        """Yield the lines with their verdicts, some at a time; what was yielded is kept."""
        for some in _in_parts(lines, at_once):
            yield self._judged(some)

    def _judged(self, lines: list[RawLine]) -> list[Judged]:
        made = [self._prepared(line) for line in lines]
        documents = [_document(each.id, each.line.row) for each in made if each.line.row]
        if len(documents) == 1:
            verdicts = iter([self.index.check_and_add(documents[0])])
        else:
            verdicts = self.index.check_and_add_many(documents)
        for each in made:
            if each.line.row is None:
                self.skipped[each.line.flaw] += 1
            else:
                each.verdict = next(verdicts)
                self.told[each.verdict.verdict] += 1
                self.lost.update(each.verdict.losses())
        return made

    def _prepared(self, line: RawLine) -> Judged:
        return Judged(line, "" if line.row is None else line.row.doc_id or self._own_name(line))

    def _own_name(self, line: RawLine) -> str:
        """Return an id for a line that brings none: its number and what it holds."""
        data = line.data.strip(_BLANKS)
        if self.key in line.values:
            data = without(data, self.key)
        return f"line {line.number} {xxh3_128(data)}"

    def annotated(self, judged: Judged) -> bytes:
        """Return a line with what was said of it before its last brace."""
        if judged.verdict is None:
            return judged.line.data
        data = judged.line.data
        body = data.rstrip(_BLANKS)
        end = data[len(body) :]
        if self.key in judged.line.values:
            body = without(body, self.key)
        said = said_of(judged.id, judged.verdict)
        if self.index.keeps_stories:
            said["story"] = judged.verdict.story
        if self.clean and judged.line.row is not None:
            removals = judged.verdict.removals
            cleaned, removed = apply_removals(judged.line.row.text, removals or ())
            body = self._with_clean(body, judged, cleaned)
            operations = [each.as_dict(number) for number, each in enumerate(removed, 1)]
            said["removed"] = None if removals is None else operations
        if self.passages:
            found = judged.verdict.passages
            said["passages"] = None if found is None else [asdict(each) for each in found]
        key = json_bytes(self.key)[:-1]
        return b"%b,%b:%b}%b" % (body[:-1], key, json_bytes(said)[:-1], end)

    def _with_clean(self, body: bytes, judged: Judged, cleaned: str) -> bytes:
        """Return a line with its cleaned text."""
        text = json_bytes(cleaned)[:-1]
        if self.in_place:
            return with_value(body, self._text, text)
        if CLEAN in judged.line.values:
            body = without(body, CLEAN)
        return b"%b,%b:%b}" % (body[:-1], json_bytes(CLEAN)[:-1], text)

    def summary(self) -> dict[str, int]:
        """Return what was read, and what became of it: ``read`` is the sum of the rest."""
        parts = {name: self.told[name] for name in VERDICTS}
        parts["skipped"] = self.skipped.total()
        return {"read": sum(parts.values()), **parts}


def _in_parts(lines: Iterable[RawLine], at_once: int) -> Iterator[list[RawLine]]:
    """Yield lines in lists; those before an error of the input come before the error."""
    some: list[RawLine] = []
    size = 0
    try:
        for line in lines:
            some.append(line)
            size += len(line.data)
            if len(some) >= at_once or size >= _BYTES:
                yield some
                some, size = [], 0
    except InputError:
        if some:
            yield some
        raise
    if some:
        yield some


def _document(name: str, row: Row) -> dict[str, Any]:
    site = row.site if row.site and len(row.site.encode()) <= LONGEST else None
    return {"id": name, "text": row.text, "date": row.date, "site": site}


def said_of(name: str, verdict: Verdict) -> dict[str, Any]:
    """Return the object of a line: the first verdict of its text, the same at each repetition.

    ``estimated`` tells of a verdict that rests on signatures alone.

    >>> said_of("a", Verdict(verdict="same", first="new", cluster="a"))["verdict"]
    'new'
    """
    facts = {each: getattr(verdict, each) for each in _METADATA}
    rounded = {
        each: round(value, _DIGITS) if isinstance(value, float) else value
        for each, value in facts.items()
    }
    return {
        "doc_id": name,
        "verdict": verdict.first,
        **rounded,
        "estimated": verdict.estimated,
    }


def without(line: bytes, key: str) -> bytes:
    r"""Return a JSON object without a key of its own, all other bytes as they were.

    >>> without(b'{"a": 1, "dedup": {"dedup": [2]}, "b":"x" }', "dedup")
    b'{"a": 1, "b":"x" }'
    """
    depth, begin, members = 0, 0, list[bytes]()
    first = name = b""
    for found in _MARKS.finditer(line):
        mark = found[0]
        if depth == 1 and mark in (b",", b"}"):
            members += [] if _is_called(name, key) else [line[begin : found.start()]]
            name, begin = b"", found.end()
        elif mark[:1] == b'"':
            name = name or (mark if depth == 1 else b"")
        if mark in (b"{", b"["):
            depth += 1
            if depth == 1:
                first, begin = line[: found.end()], found.end()
        elif mark in (b"}", b"]"):
            depth -= 1
            if not depth:
                return first + b",".join(members) + line[found.start() :]
    return line


def with_value(line: bytes, key: str, value: bytes) -> bytes:
    r"""Return a JSON object with another value under a key of its own, other bytes unchanged.

    >>> with_value(b'{"a": "x, y" , "b":{"a":1}}', "a", b'"z"')
    b'{"a": "z" , "b":{"a":1}}'
    """
    depth, done, parts = 0, 0, list[bytes]()
    name, begin = b"", -1
    for found in _MARKS.finditer(line):
        mark = found[0]
        if depth == 1 and mark in (b",", b"}"):
            if begin >= 0 and _is_called(name, key):
                old = line[begin : found.start()]
                before, after = old[: len(old) - len(old.lstrip(_BLANKS))], old.rstrip(_BLANKS)
                parts += [line[done:begin], before, value, old[len(after) :]]
                done = found.start()
            name, begin = b"", -1
        elif depth == 1 and mark == b":" and begin < 0:
            begin = found.end()
        elif depth == 1 and mark[:1] == b'"' and begin < 0:
            name = mark
        depth += mark in (b"{", b"[")
        depth -= mark in (b"}", b"]")
        if not depth:
            break
    return b"".join([*parts, line[done:]])


def _is_called(name: bytes, key: str) -> bool:
    return bool(json.loads(name.decode("utf-8", "replace"), strict=False) == key) if name else False
