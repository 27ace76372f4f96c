"""What the functions of the package are given: documents or paths of files, settings, bounds."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from dedup.config import Config
from dedup.core.checkpoints import Work
from dedup.core.formats import kind_of
from dedup.core.units import size_in_bytes
from dedup.errors import ConfigError, InputError
from dedup.schema import Corpus, ReadReport
from dedup.sources import from_python
from dedup.sources.files import STDIN
from dedup.sources.options import REASONS, ReadOptions
from dedup.sources.remote import is_url

StrPath: TypeAlias = "str | PathLike[str]"
Progress: TypeAlias = Callable[[str, int, int], None]

_LEAST = 1_000_000  # bytes of memory that can be meant: 2 is a unit left out
_LONGEST_PATH = 4096
_SHOWN = 60  # characters of a text that a message quotes


@dataclass(frozen=True, slots=True)
class Running:
    """How a scan runs; nothing of it changes the result.

    ``threads`` 0 is one a core, ``memory`` (bytes) 0 is half of the machine's. ``progress`` is told
    the name of each stage, how many are done and how many there are; ``reading`` is told how many
    bytes of the inputs were read since it was last told; ``opened`` is given the work folder, and
    ``read`` the documents of files, in order, as they are read for the first time.
    """

    threads: int = 0
    memory: int = 0
    work: Path | None = None
    progress: Progress | None = None
    reading: Callable[[int], None] | None = None
    opened: Callable[[Work], None] | None = None
    read: Callable[[pa.RecordBatch], None] | None = None

    @classmethod
    def of(
        cls,
        threads: int = 0,
        memory: int | str | None = None,
        work: StrPath | None = None,
        progress: Progress | None = None,
    ) -> Running:
        """Check what a caller gave; raise ``ConfigError``.

        >>> Running.of(memory="2GB").memory
        2000000000
        """
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 0:
            raise ConfigError("threads", threads, "a whole number from 0, where 0 is one a core")
        if work is not None and not isinstance(work, str | PathLike):
            raise ConfigError("work", work, "the path of a folder")
        if progress is not None and not callable(progress):
            raise ConfigError("progress", progress, "a function of (stage, done, total)")
        size = 0 if memory is None else size_in_bytes("memory", memory, _LEAST)
        return cls(threads, size, None if work is None else Path(work), progress)


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents are read: the column of each role, and what is said of files."""

    columns: dict[str, str | None]
    format: str | None = None
    encoding: str | None = None
    records: str | None = None
    strict: bool = False

    def options(self, config: Config) -> ReadOptions:
        """Return how files are read."""
        columns: dict[str, Any] = {f"{role}_column": name for role, name in self.columns.items()}
        return ReadOptions(
            **columns,
            priority_column=config.priority_field,
            format=self.format,
            encoding=self.encoding,
            records=self.records,
            strict=self.strict,
        )

    def signed_folders(self, documents: Any, *, signed: bool) -> list[str]:
        """Return the folders of signed parts; raise ``ConfigError`` for what is said of files."""
        if not signed:
            says = "{name} needs signed=True: it names a part beside others"
            raise ConfigError("only_new", True, "with signed=True", says)
        stated: dict[str, Any] = {**self.columns, "format": self.format, "encoding": self.encoding}
        stated |= {"records": self.records, "strict": self.strict or None}
        for name, value in stated.items():
            if value is not None:
                says = "{name} was said when the parts were signed"
                raise ConfigError(name, value, "none, with signed parts", says)
        given = [documents] if isinstance(documents, str | PathLike) else list(documents)
        if not all(isinstance(each, str | PathLike) for each in given):
            raise InputError("documents: with signed=True they are folders of dedup.sign")
        return [os.fspath(each) for each in given]

    def corpus(self, documents: Any, config: Config) -> Corpus:
        """Return documents in memory; raise ``ConfigError`` for what is said of files."""
        for name in ("format", "encoding", "records"):
            value = getattr(self, name)
            if value is not None:
                says = "{name} is for files; these documents are in memory"
                raise ConfigError(name, value, "for files only", says)
        priority = config.priority_field
        return from_python(documents, **self.columns, priority=priority, strict=self.strict)


def paths_in(documents: Any) -> tuple[list[str] | None, Any]:
    """Tell paths from documents: return the paths, or ``None`` and the documents.

    Paths are a string or ``Path``, or several. Of a list of strings all have to look like names of
    files (``looks_like_file``); otherwise they are texts. Raises ``InputError`` for a string alone
    that is no path, and for a list of both.
    """
    if isinstance(documents, str | PathLike):
        return [_path_alone(os.fspath(documents), isinstance(documents, str))], None
    if not isinstance(documents, list | tuple | Iterator):
        return None, documents
    each = iter(documents)
    first = next(each, None)
    if isinstance(first, PathLike):
        return [_path_among(path) for path in chain([first], each)], None
    if isinstance(documents, Iterator):
        return None, documents if first is None else chain([first], each)
    if documents and all(isinstance(text, str) and looks_like_file(text) for text in documents):
        return list(documents), None
    if any(isinstance(path, PathLike) for path in documents):
        raise InputError(
            "documents: some are paths, others are not; give either paths or documents"
        )
    return None, documents


def _path_among(path: Any) -> str:
    if not isinstance(path, str | PathLike):
        raise InputError(f"documents: paths, and a {type(path).__name__} among them")
    return os.fspath(path)


def _path_alone(text: str, is_string: bool) -> str:
    """Return what was given alone as a path; raise ``InputError`` for a text."""
    if not is_string or text == STDIN or looks_like_file(text) or _is_there(text):
        return text
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    raise InputError(
        f"documents: there is no file or folder {shown!r}; give the path of one, or, where this is "
        "a text, a list of texts: [text]"
    )


def _is_there(text: str) -> bool:
    if not text or len(text) > _LONGEST_PATH or "\0" in text:
        return False
    if os.path.lexists(text):
        return True
    return glob.has_magic(text) and next(glob.iglob(text, recursive=True), None) is not None  # noqa: PTH207 - as find_sources does


def looks_like_file(text: str) -> bool:
    """Tell whether a string is meant as the name of files.

    It is a URL, ends in an extension that is read (``.txt``, ``.jsonl.gz``, …), or ends with a
    slash and names a folder that is there.

    >>> looks_like_file("news.jsonl.gz"), looks_like_file("s3://bucket/news/"), looks_like_file("/")
    (True, True, False)
    >>> looks_like_file("He put it into notes.txt and left."), looks_like_file("a text")
    (False, False)
    """
    if not text or len(text) > _LONGEST_PATH or any(each in text for each in "\0\n\r"):
        return False
    if is_url(text):
        return not any(map(str.isspace, text))
    if text.endswith(("/", os.sep)):
        return bool(Path(text).name) and Path(text).is_dir()
    return kind_of(text) is not None


def check_usable(count: int, report: ReadReport) -> None:
    """Raise ``InputError`` where something was read and no document came of it."""
    if count or not (report.read or report.files_failed):
        return
    reasons = "; ".join(
        f"{REASONS.get(reason, reason)} ({number:,})"
        for reason, number in (report.skipped + report.files_failed).most_common()
    )
    places = [place for each in report.places.values() for place in each]
    first = f"; the first is {places[0]}" if places else ""
    raise InputError(f"no document can be used: {reasons}{first}")
