"""What the caller may say about the inputs, and what one reading remembers between files."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.errors import ConfigError, InputError
from dedup.schema import ReadReport

log = logging.getLogger(__name__)

FORMATS = ("txt", "jsonl", "json", "csv", "tsv", "parquet", "html")
PROBE = 100
MEMORY = "memory"

# The names that scrapers in use give to a column, the likeliest first.
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "text": ("text", "articleBody", "maintext", "plaintext", "body", "content", "raw_text"),
    "id": ("id", "doc_id", "url", "link"),
    "date": (
        "date",
        "datePublished",
        "date_publish",
        "publishing_date",
        "publish_date",
        "published",
    ),
    "site": ("site", "domain", "source"),
    "url": ("url", "canonicalUrl", "link"),
    "priority": (),
}

REASONS = {
    "missing_text": "the text is missing or null",
    "text_not_a_string": "the text is not a string",
    "id_too_long": "the id is longer than an index can keep",
    "broken_json": "not valid JSON",
    "not_an_object": "JSON, but not an object",
    "bad_row": "the row does not fit the header",
    "line_too_long": "the line is longer than allowed",
    "file_too_long": "the file is longer than one document may be",
    "binary": "the file is not text",
    "no_text": "the page has no main text",
    "bad_html": "the page cannot be parsed",
    "invalid_utf8": "bytes that are not UTF-8 were replaced",
    "invalid_utf16": "bytes that are not UTF-16 were replaced",
    "lone_surrogate": "half of a surrogate pair was replaced",
    "duplicate_id": "the id was used before",
    "truncated_gzip": "the gzip data ends too early",
    "truncated_zstd": "the zstd data ends too early",
    "corrupt_gzip": "the gzip data is damaged",
    "corrupt_zstd": "the zstd data is damaged",
    "decompression_bomb": "the data grows more on decompression than allowed",
    "broken_parquet": "not a readable Parquet file",
    "no_text_column": "no column holds the text",
    "repeated_columns": "several columns have one name",
    "dangling_link": "the link leads nowhere",
    "not_a_regular_file": "a pipe, socket or device",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Say how inputs are to be read; ``None`` for a column means that it is recognised by name.

    ``format`` is used for stdin and for named files whose extension says nothing. A record or
    whole file of more than ``max_line_bytes`` is skipped without being held. Compressed data that
    has given more than that and more than ``max_ratio`` times its own size is cut there.
    ``keep_record`` keeps the other columns of rows; with ``keep_columns`` too, Arrow data stays so.
    With ``rows_only`` a whole text ends the reading with ``ConfigError``: it cannot be annotated.

    >>> ReadOptions(max_ratio=0)
    Traceback (most recent call last):
        ...
    dedup.errors.ConfigError: max_ratio: got 0, allowed is a number above 0
    """

    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    url_column: str | None = None
    site_column: str | None = None
    priority_column: str | None = None
    format: str | None = None
    strict: bool = False
    keep_record: bool = False
    keep_columns: bool = False
    rows_only: bool = False
    max_line_bytes: int = 64 << 20
    max_ratio: float = 200

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise ConfigError("format", self.format, ", ".join(FORMATS))
        if self.max_line_bytes < 1:
            raise ConfigError("max_line_bytes", self.max_line_bytes, "1 or more")
        if self.max_ratio <= 0:
            raise ConfigError("max_ratio", self.max_ratio, "a number above 0")

    def named(self) -> dict[str, str]:
        """Return the columns the caller named, by role."""
        pairs = ((role, getattr(self, f"{role}_column")) for role in KNOWN_NAMES)
        return {role: name for role, name in pairs if name is not None}


def no_row(path: str) -> ConfigError:
    """Return the error that a whole text cannot be annotated."""
    allowed = "a row (of JSON lines, CSV, Parquet)"
    says = f"{{name}}: {path}: a whole text has no columns to annotate; {allowed} has"
    return ConfigError("annotate", path, allowed, says)


@dataclass(frozen=True, slots=True)
class Columns:
    """The column of each role; ``None`` where the input has none."""

    text: str
    id: str | None = None
    date: str | None = None
    url: str | None = None
    site: str | None = None
    priority: str | None = None

    def names(self) -> list[str]:
        """Return the distinct columns that are needed."""
        roles = (self.text, self.id, self.date, self.url, self.site, self.priority)
        return list(dict.fromkeys(name for name in roles if name is not None))


@dataclass(frozen=True, slots=True)
class Source:
    """One input: where it is, the name its documents get, and whether the caller named it.

    ``url`` opens a remote one; its ``path`` is what may be shown of that.
    """

    path: str
    name: str
    kind: str
    given: bool
    url: str | None = None

    def place(self, line: int | None) -> tuple[str, int | None]:
        """Return how a message points at a record; in memory records have numbers only."""
        return (f"document {line}", None) if self.kind == MEMORY else (self.path, line)

    def label(self, line: int | None, columns: Columns) -> str:
        """Return the id of a record that brings none."""
        if self.kind == MEMORY:  # beside other ids a bare number could be one of them
            return str(line) if columns.id is None else f"document {line}"
        return self.name if line is None else f"{self.name}:{line}"


@dataclass(slots=True)
class Tally:
    """Count into a read report; under ``strict`` the first flaw raises ``InputError`` instead."""

    read_report: ReadReport
    strict: bool = False

    def skip(self, reason: str, path: str, line: int | None = None) -> None:
        """Count one record that cannot be used."""
        self._stop_if_strict(reason, path, line)
        self.read_report.skip(reason, _place(path, line))

    def skip_many(self, reason: str, places: Iterable[tuple[str, int | None]], count: int) -> None:
        """Count ``count`` records of which ``places`` names the first few."""
        done = 0
        for path, line in places:
            self.skip(reason, path, line)
            done += 1
        self.read_report.read += count - done
        self.read_report.skipped[reason] += count - done

    def damage(self, reason: str, path: str, line: int | None = None) -> None:
        """Count one record that is used although part of it was damaged."""
        self._stop_if_strict(reason, path, line)
        self.read_report.damage(reason, _place(path, line))

    def fail(self, reason: str, path: str, detail: str = "") -> None:
        """Count one file that could not be read, or not to its end."""
        log.warning("%s: %s %s", path, REASONS[reason], detail)
        self._stop_if_strict(reason, path, None)
        self.read_report.fail(reason, path)

    def note(self, message: str) -> None:
        """Keep a remark for the reader of the result."""
        log.info("%s", message)
        self.read_report.notes.append(message)

    def _stop_if_strict(self, reason: str, path: str, line: int | None) -> None:
        if self.strict:
            raise InputError(f"{REASONS[reason]} ({reason})", path=clean_string(path), line=line)


def _place(path: str, line: int | None) -> str:
    return clean_string(path if line is None else f"{path}:{line}")


@dataclass(slots=True)
class Run:
    """What one reading knows beyond the file at hand; columns are decided once and then kept."""

    options: ReadOptions
    tally: Tally
    progress: Callable[[int], None] | None = None
    columns: Columns | None = None
    seen: dict[str, None] = field(default_factory=dict)
    rows_seen: bool = False
    kept: list[pa.RecordBatch] = field(default_factory=list)
    _kept_rows: int = 0

    def settle(self, source: Source, names: Iterable[str], probe: Probe) -> Columns | None:
        """Return the columns to read from ``source``, or ``None`` where it is set aside.

        The first source that has rows decides. A named source without the text column raises
        ``InputError``; one found in a folder is counted as failed, and the next one decides.
        """
        names = list(names)
        if not self.told_apart(source, names):
            return None
        self.seen.update(dict.fromkeys(names))
        self.rows_seen = self.rows_seen or probe.total > 0 or bool(self.seen)
        if self.columns is not None:
            return self._later(source, probe)
        only_texts = Columns(self.options.text_column or "text")
        if source.kind == MEMORY and names == [only_texts.text]:
            self.columns = only_texts  # nothing has to be recognised, even where all are missing
            return self.columns
        chosen = choose(self.options, probe)
        if chosen is None or not probe.present[chosen.text]:
            if not source.given:
                self.tally.fail("no_text_column", source.path)
                return None
            what = self._absent("text", chosen.text if chosen else None)
            raise InputError(f"{what}; {probe.hint}" if probe.hint else what, path=source.path)
        if probe.missing(chosen.text) * 2 > probe.total:
            share = f"{probe.missing(chosen.text)} of the first {probe.total} records"
            raise InputError(
                f"{share} lack the text column {chosen.text!r}; {self._seen_columns()}",
                path=source.path,
            )
        self._check_named(source, probe)
        self.columns = chosen
        self._note_columns(source, chosen)
        return chosen

    def keep(self, batch: pa.RecordBatch) -> int:
        """Keep rows as they are, and return the number of the first."""
        self.kept.append(batch)
        self._kept_rows += len(batch)
        return self._kept_rows - len(batch)

    def told_apart(self, source: Source, names: Iterable[str]) -> bool:
        """Tell whether the columns have names of their own.

        Where they do not, a named source raises ``InputError``, another one is counted as failed.
        """
        repeated = [name for name, count in Counter(names).items() if count > 1]
        if not repeated:
            return True
        named = clean_string(", ".join(map(repr, repeated)))
        if source.given:
            place = None if source.kind == MEMORY else source.path
            raise InputError(f"several columns are called {named}", path=place)
        self.tally.fail("repeated_columns", source.path, named)
        return False

    def finish(self) -> None:
        """Raise ``InputError`` where a column that was named, or any text, never turned up."""
        if not self.rows_seen:
            return
        for role, name in self.options.named().items():
            if name not in self.seen:
                raise InputError(self._absent(role, name))
        if self.columns is None and not self.tally.read_report.read:
            raise InputError(self._absent("text", None))

    def _later(self, source: Source, probe: Probe) -> Columns | None:
        columns = self.columns
        if columns is None or columns.text in probe.present:
            return columns
        if source.given and not probe.header:
            return columns  # the caller means these records: each is counted as skipped
        self.tally.fail("no_text_column", source.path)
        return None

    def _check_named(self, source: Source, probe: Probe) -> None:
        # A rare column may turn up after the probe, so for JSON only the id is asked for at once.
        for role, name in self.options.named().items():
            if name not in self.seen and (probe.header or role == "id"):
                raise InputError(self._absent(role, name), path=source.path)

    def _note_columns(self, source: Source, columns: Columns) -> None:
        named = self.options.named()
        for role in KNOWN_NAMES:
            name = getattr(columns, role)
            if name is not None and role not in named:
                self.tally.note(f"{role} column: {name} ({source.name})")

    def _absent(self, role: str, name: str | None) -> str:
        if name is None:
            known = ", ".join(KNOWN_NAMES[role])
            return f"no {role} column is recognised (known are {known}); {self._seen_columns()}"
        return f"there is no {role} column {name!r}; {self._seen_columns()}"

    def _seen_columns(self) -> str:
        return f"columns seen: {clean_string(', '.join(self.seen)) or 'none'}"


@dataclass(slots=True)
class Probe:
    """How often each column stood in the first records; ``header`` if that is all there can be."""

    total: int
    present: Counter[str]
    strings: Counter[str]
    header: bool = False
    hint: str = ""

    def missing(self, name: str) -> int:
        """Return how many of the records have no value in column ``name``."""
        return self.total - self.present[name]

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, object]], *, header: bool = False) -> Probe:
        """Count the columns of ``rows``."""
        probe = cls(0, Counter(), Counter(), header)
        for row in rows:
            probe.total += 1
            for name, value in row.items():
                probe.present[name] += value is not None
                probe.strings[name] += isinstance(value, str)
        return probe


def choose(options: ReadOptions, probe: Probe) -> Columns | None:
    """Choose the columns: as named, else the likeliest known name that most records have."""
    named = options.named()
    roles = {role: named.get(role) or _likeliest(role, probe) for role in KNOWN_NAMES}
    text = roles.pop("text")
    return None if text is None else Columns(text, **roles)


def _likeliest(role: str, probe: Probe) -> str | None:
    known = KNOWN_NAMES[role]
    for counts in (probe.strings, probe.present) if role == "text" else (probe.present,):
        for name in known:
            if counts[name] and counts[name] * 2 >= probe.total:
                return name
        best = max(known, key=lambda name: counts[name], default=None)
        if best is not None and counts[best]:
            return best
    return None
