"""Files and stdin as chunks, lines or whole texts of bytes, decompressed by what they contain.

Nothing here trusts a file name: gzip, zstd, bzip2 and xz are known by their first bytes, data that
was cut off is used up to the cut and counted, and a line that is too long is never held.
"""

from __future__ import annotations

import bz2
import codecs
import lzma
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from io import BufferedIOBase, BufferedReader, RawIOBase
from itertools import chain, islice
from typing import Any, Protocol

from dedup.sources.ahead import ahead
from dedup.sources.options import Run, Source

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 1 << 20
_INLINE = 2  # chunks before a thread is started; most files have no more
_AHEAD = 4
Line = tuple[int, bytes | None]  # its number from 1, and its bytes unless it is too long
_MARK_BYTES = 10  # from which all compressions are told
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # the first block, and the end of an empty file
_XZ_MEMORY = 256 << 20  # xz -9 asks for 65 MB
_DAMAGED = (zlib.error, zstd.ZstdError, lzma.LZMAError, OSError, EOFError)  # bzip2 raises OSError
BOMS = {codecs.BOM_UTF8: "utf-8-sig", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class Flaw(OSError):
    """What ends the reading of a file, with the ``reason`` under which it is counted."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        super().__init__(detail or reason)


class _Decoder(Protocol):
    """What the decompressors have in common."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def needs_input(self) -> bool: ...


class _Gunzip:
    """One gzip member, with the interface of the zstd decompressor."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)
        self._tail = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        made = self._inner.decompress(self._tail + data, max(max_length, 0))
        self._tail = self._inner.unconsumed_tail
        return made

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._tail


def _compression(head: bytes) -> str | None:
    r"""Name the compression that ``head`` starts with.

    >>> _compression(b"(\xb5/\xfd..."), _compression(b"plain")
    ('zstd', None)
    """
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if len(head) >= 4 and 0x50 <= head[0] <= 0x5F and head[1:4] == b"\x2a\x4d\x18":
        return "zstd"
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    return "xz" if head.startswith(b"\xfd7zXZ\0") else None


class Stream:
    """One open input. ``cut`` turns true when it ended before its data did.

    ``cut_line`` is then the number of the line that was cut off, where there is one. ``encoding``
    is that of text which is not UTF-8, and with ``mac_lines`` CR ends a line.
    """

    def __init__(self, file: BufferedIOBase, source: Source, run: Run, wait: bool = True) -> None:
        """Begin to read; without ``wait`` a thread reads a large input ahead of the caller.

        Progress is told where ``source`` is an input, and not a file in an archive.
        """
        self.cut = False
        self.cut_line = 0
        self.encoding: str | None = None
        self.mac_lines = False
        self._file = file
        self._source = source
        self._run = run
        self._taken = self._told = self._made = 0
        self._flaw: tuple[str, str] | None = None  # found by the thread, counted by the caller
        self._behind = False
        self._front: list[bytes] = []
        self._chunks = self._counted(wait)

    def close(self) -> None:
        """Stop reading."""
        self._chunks.close()

    def head(self, size: int = 8192) -> bytes:
        """Return at least ``size`` bytes from the start, fewer at the end, and keep them unread."""
        while sum(map(len, self._front)) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._front.append(chunk)
        self._front = [b"".join(self._front)] if self._front else []
        return self._front[0] if self._front else b""

    def chunks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes."""
        front, self._front = self._front, []
        yield from front
        yield from self._chunks

    def whole(self) -> bytes | None:
        """Return all bytes, or ``None`` where they exceed the limit of one document."""
        parts, size = [], 0
        for chunk in self.chunks():
            size += len(chunk)
            if size > self._run.options.max_line_bytes:
                return None
            parts.append(chunk)
        return b"".join(parts)

    def lines(self, end: bytes = b"") -> Iterator[Line]:
        """Yield each line with its number, in UTF-8, its LF replaced by ``end``.

        ``None`` stands for a line that is too long.
        """
        limit = self._run.options.max_line_bytes
        number, size, parts = 0, 0, list[bytes]()
        for chunk in self.utf8():
            pieces = chunk.split(b"\n")
            last = pieces.pop()
            for piece in pieces:
                number += 1
                size += len(piece)
                if parts:
                    piece = b"".join([*parts, piece])
                    parts = []
                yield number, piece + end if size <= limit else None
                size = 0
            size += len(last)
            if size > limit:
                parts = []
            elif last:
                parts.append(last)
        if size:
            if self.cut:
                self.cut_line = number + 1
            yield number + 1, b"".join(parts) if size <= limit else None

    def utf8(self) -> Iterator[bytes]:
        """Yield the bytes in UTF-8 without a byte order mark; UTF-16 with a mark is recoded."""
        head = self.head(4)
        encoding, rest = split_bom(head)
        chunks = self.chunks()
        next(chunks, None)
        if encoding == "utf-8" and self.encoding is not None:
            encoding = self.encoding
        if encoding in ("utf-8", "utf-8-sig"):
            recoded: Iterator[bytes] = chain([rest], chunks)
        else:
            recoded = self._recoded(encoding, rest, chunks)
        if self.mac_lines:
            yield from (chunk.replace(b"\r", b"\n") for chunk in recoded)
        else:
            yield from recoded

    def _recoded(self, encoding: str, first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
        # Half surrogate pairs, and bytes that mean nothing, pass through as invalid UTF-8, so that
        # the record they stand in is found and counted where records are known.
        errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
        decoder = codecs.getincrementaldecoder(encoding)(errors)
        yield decoder.decode(first).encode("utf-8", "surrogatepass")
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
        if decoder.getstate()[0] and not self.cut:
            yield b"\xff"

    def _counted(self, wait: bool) -> Generator[bytes, None, None]:
        """Yield the decompressed bytes, and tell and count what became of them in their order."""
        with closing(self._placed() if wait else self._made_ahead()) as made:
            for chunk, taken in made:
                self._tell(taken)
                yield chunk
        self._tell(self._taken)
        if self._flaw is not None:
            self.cut = True
            self._run.tally.fail(self._flaw[0], self._source.path, self._flaw[1])
        elif self._behind:
            where = self._source.path
            self._run.tally.note(f"{where}: bytes after the compressed data were ignored")

    def _placed(self) -> Generator[tuple[bytes, int], None, None]:
        """Yield what is decompressed, and how much of the file had been read by then."""
        with closing(self._decompressed()) as made:
            for chunk in made:
                yield chunk, self._taken

    def _made_ahead(self) -> Generator[tuple[bytes, int], None, None]:
        made = self._placed()
        first = list(islice(made, _INLINE))
        yield from first
        if len(first) == _INLINE:
            yield from ahead(made, _AHEAD)

    def _tell(self, taken: int) -> None:
        told, self._told = self._told, taken
        if self._run.progress is not None and self._told > told and not self._source.member:
            self._run.progress(self._told - told)

    def _read(self) -> Iterator[bytes]:
        while True:
            try:
                # One system call at a time: between two of them a signal is handled.
                data = self._file.read1(CHUNK)
            except OSError as error:
                self._fail(getattr(error, "reason", "unreadable"), str(error))
                return
            if not data:
                return
            self._taken += len(data)
            yield data

    def _decompressed(self) -> Generator[bytes, None, None]:
        raw = self._read()
        first = next(raw, b"")
        while len(first) < _MARK_BYTES and (more := next(raw, b"")):
            first += more
        name = _compression(first)
        if name is None:
            yield first
            yield from raw
        else:
            yield from self._unpacked(name, first, raw)

    def _unpacked(self, name: str, data: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
        """Yield what the members of a packed file hold; bytes after the last are ignored."""
        while _compression(data) == name:
            decoder = _new_decoder(name)
            try:
                yield from self._member(decoder, data, raw)
            except _DAMAGED as error:
                self._fail(f"corrupt_{name}", str(error))
            if not decoder.eof:
                self._fail(f"truncated_{name}")
            if self._flaw is not None:
                return
            data = decoder.unused_data.lstrip(b"\0")
            while len(data) < _MARK_BYTES and (more := next(raw, b"")):
                data = (data + more).lstrip(b"\0")
        self._behind = bool(data)

    def _member(self, decoder: _Decoder, data: bytes, raw: Iterator[bytes]) -> Iterator[bytes]:
        while not decoder.eof:
            made = decoder.decompress(data, CHUNK)
            data = b""
            if made:
                yield made
            if self._is_bomb(len(made)):
                self._fail("decompression_bomb")
                return
            if decoder.needs_input and not decoder.eof:
                data = next(raw, b"")
                if not data:
                    return

    def _is_bomb(self, made: int) -> bool:
        self._made += made
        options = self._run.options
        return self._made > options.max_line_bytes and self._made > options.max_ratio * self._taken

    def _fail(self, reason: str, detail: str = "") -> None:
        if self._flaw is None:
            self._flaw = reason, detail


def _new_decoder(name: str) -> _Decoder:
    if name == "bzip2":
        return bz2.BZ2Decompressor()
    if name == "xz":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    return _Gunzip() if name == "gzip" else zstd.ZstdDecompressor()


def split_bom(data: bytes) -> tuple[str, bytes]:
    r"""Return the encoding that the byte order mark names, UTF-8 without one, and the rest.

    >>> split_bom(b"\xef\xbb\xbfnews")
    ('utf-8-sig', b'news')
    """
    for mark, encoding in BOMS.items():
        if data.startswith(mark):
            return encoding, data[len(mark) :]
    return "utf-8", data


class _Raw(RawIOBase):
    """The decompressed bytes of a stream as a file."""

    def __init__(self, stream: Stream) -> None:
        self._chunks = stream.chunks()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def as_file(stream: Stream) -> BufferedReader:
    """Return the decompressed bytes of a stream as a file that cannot seek."""
    return BufferedReader(_Raw(stream), 1 << 20)
