"""Files in zip and tar archives, read one after the other, never unpacked to the disk."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from dedup.core.arrays import clean_string
from dedup.core.formats import FORMATS
from dedup.sources.batches import Batcher
from dedup.sources.files import is_live, kind_in_folder, note_left_out
from dedup.sources.options import Run, Source
from dedup.sources.streams import Flaw, Stream, as_file

# Reads what a stream holds; given by the caller, since an archive may hold any format.
ReadStream = Callable[[Stream, Source, Run, Batcher], Iterator[pa.RecordBatch]]

_NO_ARTICLES = ("__MACOSX", ".")
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
    KeyError,
    IndexError,
    OverflowError,
    UnicodeError,
)
_BROKEN_TAR = (
    tarfile.TarError,
    zlib.error,
    EOFError,
    ValueError,
    OSError,
    OverflowError,
    IndexError,
)


def read_zip(
    stream: Stream, source: Source, run: Run, out: Batcher, read: ReadStream
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of the files in a zip archive."""
    try:
        archive = zipfile.ZipFile(_seekable(stream, source))
        entries = archive.infolist()
    except _BROKEN_ZIP as error:
        run.tally.fail("broken_zip", source.path, str(error))
        return
    left_out: Counter[str] = Counter()
    budget = _Budget(run, sum(max(each.compress_size, 0) for each in entries))
    found = 0
    with archive:
        for entry in sorted(entries, key=lambda each: each.filename):
            if not entry.filename:  # such as one that begins with a zero byte
                run.tally.fail("broken_zip", source.path, "a file in it has no name")
                continue
            member = None if entry.is_dir() else _member(entry.filename, source, run, left_out)
            if member is None:
                continue
            found += 1
            if entry.flag_bits & 1:
                run.tally.fail("encrypted", member.path)
                continue
            try:
                file = archive.open(entry)
            except _BROKEN_ZIP as error:
                run.tally.fail("broken_zip", member.path, str(error))
                continue
            yield from _read(budget.bounded(file, entry.compress_size), member, run, out, read)
            if budget.is_spent:
                break
    note_left_out(source.path, left_out, found, run.tally)


def read_tar(
    stream: Stream, source: Source, run: Run, out: Batcher, read: ReadStream
) -> Iterator[pa.RecordBatch]:
    """Yield the documents of the files in a tar archive, in their order."""
    left_out: Counter[str] = Counter()
    found = 0
    try:
        with tarfile.open(fileobj=as_file(stream), mode="r|") as archive:
            for entry in archive:
                member = _member(entry.name, source, run, left_out) if entry.isreg() else None
                if member is None:
                    continue
                found += 1
                if entry.issparse():
                    run.tally.fail("decompression_bomb", member.path)
                    continue
                file = archive.extractfile(entry)
                if file is not None:
                    yield from _read(_Bounded(file, entry.size + 1), member, run, out, read)
    except _BROKEN_TAR as error:
        if not stream.cut:
            run.tally.fail("broken_tar", source.path, str(error))
    note_left_out(source.path, left_out, found, run.tally)


def _read(
    file: _Bounded, member: Source, run: Run, out: Batcher, read: ReadStream
) -> Iterator[pa.RecordBatch]:
    buffered: Any = io.BufferedReader(file, 1 << 16)
    with buffered, closing(Stream(buffered, member, run)) as stream:
        yield from read(stream, member, run, out)
        yield from out.full()


def _member(name: str, source: Source, run: Run, left_out: Counter[str]) -> Source | None:
    """Return a file in an archive as an input, ``None`` where it is left out."""
    parts = (part for part in PurePosixPath(name).parts if part not in (".", ".."))
    if any(part.startswith(_NO_ARTICLES) for part in parts):
        return None
    shown = clean_string(name)
    kind = kind_in_folder(name, run.options)
    if kind is None:
        left_out[PurePosixPath(shown).suffix.lower() or "no extension"] += 1
        return None
    member = Source(f"{source.path}/{shown}", f"{source.name}/{shown}", kind, False, member=True)
    if FORMATS[kind].archive:
        run.tally.fail("packed_twice", member.path)
        return None
    return member


def _seekable(stream: Stream, source: Source) -> Any:
    """Return the bytes of an archive so that they can be read anywhere."""
    if source.url is None and not source.member and not is_live(source.path):
        with Path(source.path).open("rb") as file:
            is_plain = file.read(2) == b"PK"
        if is_plain:
            return source.path
    return io.BytesIO(b"".join(stream.chunks()))


class _Budget:
    """How much the files of one archive may give: not much more than their size allows."""

    def __init__(self, run: Run, packed: int) -> None:
        self._run, self._packed = run, packed
        self._made = 0

    @property
    def is_spent(self) -> bool:
        """Tell whether all files together have given more than is allowed."""
        return not self._is_fine(self._made, self._packed)

    def _is_fine(self, made: int, packed: int) -> bool:
        options = self._run.options
        return made <= options.max_line_bytes or made <= options.max_ratio * max(packed, 1)

    def bounded(self, file: Any, packed: int) -> _Bounded:
        """Return a file that ends with a flaw where it gives too much."""
        options = self._run.options
        limit = max(options.max_line_bytes, int(options.max_ratio * max(packed, 1)))
        return _Bounded(file, limit, self._count)

    def _count(self, made: int) -> None:
        self._made += made
        if self.is_spent:
            raise Flaw("decompression_bomb")


class _Bounded(io.RawIOBase):
    """A file in an archive as one that reads at most ``limit`` bytes and has one kind of error."""

    def __init__(
        self, file: Any, limit: int, count: Callable[[int], None] = lambda made: None
    ) -> None:
        self._file, self._left, self._count = file, limit, count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read(len(buffer))
        except _BROKEN_ZIP as error:
            raise Flaw("broken_zip", str(error)) from error
        except tarfile.TarError as error:
            raise Flaw("broken_tar", str(error)) from error
        self._left -= len(data)
        if self._left < 0:
            raise Flaw("decompression_bomb")
        self._count(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
