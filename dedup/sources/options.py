"""What the caller may say about the inputs, and what one reading remembers between files."""

from __future__ import annotations

import codecs
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.core.formats import FORMATS
from dedup.errors import ConfigError, InputError
from dedup.schema import ReadReport
from dedup.sources.names import KNOWN_NAMES, folded, known_as, known_names

log = logging.getLogger(__name__)

PROBE = 100
PROBE_MOST = 10_000  # records looked at where none of the first has a text
_MOST_INNER = 50  # keys of an object in a column that are looked at
_INNER_TEXTS = ("rendered", "plain", "value", "text", "#text", "_text", "html", "raw")
_NAMES_SHOWN, _NAME_SHOWN = 40, 40  # columns, and characters of each, in a message
MEMORY = "memory"

REASONS = {
    "missing_text": "the text is missing or null",
    "text_not_a_string": "the text is not a string",
    "id_too_long": "the id is longer than an index can keep",
    "broken_json": "not valid JSON",
    "not_an_object": "JSON, but not an object",
    "bad_row": "the row does not fit the header",
    "short_row": "fields missing at the end of the row are taken as empty",
    "line_too_long": "the line is longer than allowed",
    "file_too_long": "the file is longer than one document may be",
    "binary": "the file is not text",
    "no_text": "the page has no main text",
    "bad_html": "the page cannot be parsed",
    "invalid_utf8": "bytes that are not UTF-8 were replaced",
    "invalid_utf16": "bytes that are not UTF-16 were replaced",
    "guessed_encoding": "the text is not UTF-8; its encoding was guessed (--encoding states it)",
    "wrong_encoding": "bytes that are not in the stated encoding were replaced",
    "lone_surrogate": "half of a surrogate pair was replaced",
    "duplicate_id": "the id was used before",
    "truncated_gzip": "the gzip data ends too early",
    "truncated_zstd": "the zstd data ends too early",
    "corrupt_gzip": "the gzip data is damaged",
    "corrupt_zstd": "the zstd data is damaged",
    "truncated_bzip2": "the bzip2 data ends too early",
    "truncated_xz": "the xz data ends too early",
    "corrupt_bzip2": "the bzip2 data is damaged",
    "corrupt_xz": "the xz data is damaged",
    "decompression_bomb": "the data grows more on decompression than allowed",
    "broken_parquet": "not a readable Parquet file",
    "broken_arrow": "not a readable Arrow file",
    "broken_orc": "not a readable ORC file",
    "broken_warc": "the WARC records end in damaged data",
    "broken_feed": "the feed is not well-formed; items may be missing",
    "broken_mail": "the message cannot be parsed",
    "broken_zip": "the zip archive is damaged",
    "broken_tar": "the tar archive is damaged or ends too early",
    "packed_twice": "an archive inside an archive",
    "encrypted": "the file in the archive needs a password",
    "not_read": "this kind of file is not read",
    "no_reader": "it holds files, and there is a reader for none of them",
    "no_text_column": "no column holds the text",
    "repeated_columns": "several columns have one name",
    "dangling_link": "the link leads nowhere",
    "not_a_regular_file": "a pipe, socket or device",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Say how inputs are to be read; ``None`` for a column means that it is recognised by name.

    ``format`` is what stdin and named files hold, whatever their names; files in folders are read
    so where their names say no more than text. ``encoding`` is that of text without a byte order
    mark. ``records`` is the dotted path to the list of records in a JSON value. A record or whole
    file of more than ``max_line_bytes`` is skipped without being held. Compressed data that has
    given more than that and more than ``max_ratio`` times its own size is cut there.
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
    encoding: str | None = None
    records: str | None = None
    strict: bool = False
    keep_record: bool = False
    keep_columns: bool = False
    rows_only: bool = False
    max_line_bytes: int = 64 << 20
    max_ratio: float = 200

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise ConfigError("format", self.format, ", ".join(FORMATS))
        if self.encoding is not None and not is_encoding(self.encoding):
            allowed = "an encoding that Python knows, such as cp1252, latin-1, gb18030, shift_jis"
            raise ConfigError("encoding", self.encoding, allowed)
        if self.max_line_bytes < 1:
            raise ConfigError("max_line_bytes", self.max_line_bytes, "1 or more")
        if self.max_ratio <= 0:
            raise ConfigError("max_ratio", self.max_ratio, "a number above 0")

    def named(self) -> dict[str, str]:
        """Return the columns the caller named, by role."""
        pairs = ((role, getattr(self, f"{role}_column")) for role in KNOWN_NAMES)
        return {role: name for role, name in pairs if name is not None}


def is_encoding(name: str) -> bool:
    """Tell whether Python knows an encoding of text by this name.

    >>> is_encoding("latin-1"), is_encoding("base64"), is_encoding("klingon")
    (True, False, False)
    """
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


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

    ``url`` opens a remote one; its ``path`` is what may be shown of that. ``stated`` tells that the
    caller said of what ``kind`` it is, ``alone`` that there is no other input, ``member``
    that it is a file in an archive.
    """

    path: str
    name: str
    kind: str
    given: bool
    url: str | None = None
    stated: bool = False
    alone: bool = False
    member: bool = False

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
    in_memory: bool = False  # what was read last
    advised: set[str] = field(default_factory=set)  # what was said once
    kept: list[pa.RecordBatch] = field(default_factory=list)
    _kept_rows: int = 0

    def settle(self, source: Source, names: Iterable[str], probe: Probe) -> Columns | None:
        """Return the columns to read from ``source``, or ``None`` where it is set aside.

        The first source that has rows decides. A named source without the text column raises
        ``InputError``; one found in a folder is counted as failed, and the next one decides.
        """
        names = list(names)
        self.in_memory = source.kind == MEMORY
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
        if chosen is None or not self._may_have(chosen.text, probe):
            if not source.given:
                self.tally.fail("no_text_column", source.path)
                return None
            what = self._absent("text", chosen.text if chosen else None)
            raise InputError(f"{what}; {probe.hint}" if probe.hint else what, path=source.path)
        if probe.missing(chosen.text) * 2 > probe.total:
            share = f"{probe.missing(chosen.text):,} of the first {probe.total:,} records"
            self.tally.note(f"{source.name}: {share} have no text in column {chosen.text!r}")
        elif not probe.strings[chosen.text]:
            self.tally.note(f"{source.name}: {_what_it_holds(chosen.text, probe)}")
        if folded(chosen.text).endswith(("html", "rendered")):
            says = f"column {chosen.text!r} seems to hold HTML; its tags are read as text"
            self.tally.note(f"{source.name}: {says}")
        self._check_named(source, probe)
        self.columns = chosen
        self._note_columns(source, chosen)
        return chosen

    def _may_have(self, name: str, probe: Probe) -> bool:
        """Tell whether the column is there, or was named and may turn up in later records."""
        return name in probe.present or (name == self.options.text_column and not probe.header)

    def note_columns(self, source: Source, names: Iterable[str]) -> None:
        """Remember columns of records of which none has a text so far."""
        self.seen.update(dict.fromkeys(names))
        self.rows_seen = True

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
        report = self.tally.read_report
        has_texts = report.read > sum(report.skipped.values())
        for role, name in self.options.named().items():
            if name not in self.seen and not (role == "text" and has_texts):
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
            seen = self._seen_columns()
            return f"no {role} column is recognised; {seen}; name it: {self._naming(role, 'NAME')}"
        known = known_as(name, self.seen)
        meant = f"; did you mean {self._naming(role, known)}?" if known else ""
        return f"there is no {role} column {name!r}; {self._seen_columns()}{meant}"

    def _naming(self, role: str, name: str) -> str:
        """Return how a column is named: by an option, or where the documents came from Python."""
        return f'{role}="{name}"' if self.in_memory else f"--{role}-column {name}"

    def _seen_columns(self) -> str:
        return columns_seen(self.seen)


def columns_seen(names: Iterable[str]) -> str:
    """Return the names of columns for a message; a row that was taken for a header is cut short.

    >>> columns_seen(["url", "The port is closed, and nobody knows for how long it will be."])
    'columns seen: url, The port is closed, and nobody knows f …'
    """
    names = list(names)
    shown = [shortened(each, _NAME_SHOWN) for each in names[:_NAMES_SHOWN]]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"columns seen: {clean_string(', '.join(shown)) or 'none'}{more}"


def shortened(string: str, most: int) -> str:
    """Return a string of up to ``most`` characters, with an ellipsis where some are left out."""
    return string if len(string) <= most else f"{string[: most - 2].rstrip()} …"


def _what_it_holds(name: str, probe: Probe) -> str:
    """Say that a column called like a text holds none, and what to do."""
    inner = [each for each in probe.strings if each.startswith(f"{name}.") and probe.strings[each]]
    if inner:
        return f"column {name!r} holds objects, not texts; --text-column {inner[0]} leads into them"
    kind = "objects" if name in probe.objects else "numbers, or lists of other things"
    return f"column {name!r} holds {kind}, not texts; name another one: --text-column NAME"


@dataclass(slots=True)
class Probe:
    """How often each column stood in the first records; ``header`` if that is all there can be."""

    total: int
    present: Counter[str]
    strings: Counter[str]
    header: bool = False
    hint: str = ""
    objects: set[str] = field(default_factory=set)  # columns that hold objects

    def missing(self, name: str) -> int:
        """Return how many of the records have no value in column ``name``."""
        return self.total - self.present[name]

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, object]], *, header: bool = False) -> Probe:
        """Count the columns of ``rows``, and those of objects in them under dotted names."""
        probe = cls(0, Counter(), Counter(), header)
        for row in rows:
            probe.add(row)
        return probe

    def add(self, row: Mapping[str, object]) -> None:
        """Count the columns of one row more."""
        self.total += 1
        for name, value in row.items():
            self._count(name, value)
            if isinstance(value, Mapping):
                for inner, part in islice(value.items(), _MOST_INNER):
                    self._count(f"{name}.{inner}", part)

    def _count(self, name: str, value: object) -> None:
        self.present[name] += value is not None
        if isinstance(value, Mapping):
            self.objects.add(name)
        self.strings[name] += isinstance(value, str) or _are_paragraphs(value)


def _are_paragraphs(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def choose(options: ReadOptions, probe: Probe) -> Columns | None:
    """Choose the columns: as named, else the likeliest known name that most records have.

    Names are known in any case and with or without ``_``. Where no column is called like a text but
    one inside objects is, as in ``_source.text``, that is taken, and the others from beside it.
    """
    named = options.named()
    text = named.get("text") or _likeliest("text", probe, "") or _inner_text(probe)
    if text is None:
        return None
    if "text" not in named and text in probe.objects and not probe.strings[text]:
        text = _inside(text, probe) or text
    within = text.rpartition(".")[0] if text not in probe.present or "." in text else ""
    roles = {}
    for role in KNOWN_NAMES:
        if role != "text":
            inner = _likeliest(role, probe, f"{within}.") if within else None
            roles[role] = named.get(role) or inner or _likeliest(role, probe, "")
    return Columns(text, **roles)


def _inner_text(probe: Probe) -> str | None:
    """Return the text inside the objects of a column, where the texts of one column only may be."""
    outer = {name.partition(".")[0] for name in probe.strings if "." in name}
    found = [text for name in sorted(outer) if (text := _likeliest("text", probe, f"{name}."))]
    return found[0] if len(found) == 1 and probe.strings[found[0]] else None


def _inside(name: str, probe: Probe) -> str | None:
    """Return the text in the objects of a column: ``content.rendered``, ``body.value``."""
    inner = [f"{name}.{each}" for each in _INNER_TEXTS]
    known = next((each for each in inner if probe.strings[each]), None)
    return known or _likeliest("text", probe, f"{name}.")


def _likeliest(role: str, probe: Probe, prefix: str) -> str | None:
    """Return the column that plays a role, among those whose names begin with ``prefix``."""
    actual = known_names(role, probe.present, prefix)
    if role != "text":
        actual = [name for name in actual if name not in probe.objects]
    for counts in (probe.strings, probe.present) if role == "text" else (probe.present,):
        for name in actual:
            if counts[name] and counts[name] * 2 >= probe.total:
                return name
        best = max(actual, key=lambda name: counts[name], default=None)
        if best is not None and counts[best]:
            return best
    return actual[0] if actual and role == "text" else None  # it is null so far
