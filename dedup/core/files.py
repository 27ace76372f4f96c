"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import orjson

from dedup.errors import OutputError

StrPath: TypeAlias = "str | os.PathLike[str]"


_HIDDEN = re.compile(r"(\..+\.)[0-9a-f]{12}\.tmp")  # the name of a file before it has its own
_STALE = 24 * 3600  # seconds after which nobody writes to it any more


class Staging:
    """Files written under temporary names until ``commit`` gives them their own, all at once."""

    def __init__(self) -> None:
        self._open: list[BinaryIO] = []
        self._names: list[tuple[Path, Path]] = []

    def open(self, path: StrPath) -> BinaryIO:
        """Open a temporary file that will become ``path``; it stays open until ``commit``."""
        final = Path(path)
        hidden = final.with_name(f"{_hidden_stem(final.name)}{secrets.token_hex(6)}.tmp")
        file = hidden.open("xb")
        self._open.append(file)
        self._names.append((hidden, final))
        return file

    def write(self, path: StrPath, data: bytes) -> None:
        """Stage a whole file without keeping it open, so that there may be any number of them."""
        with self.open(path) as file:
            self._open.pop()
            file.write(data)
            _flush(file)

    def hidden(self, path: StrPath) -> Path:
        """Return the temporary name of a file, with all that was written into it."""
        hidden = next(hidden for hidden, final in self._names if final == Path(path))
        for file in self._open:
            if file.name == str(hidden):
                file.flush()
        return hidden

    @contextmanager
    def whole(self, path: StrPath) -> Iterator[BinaryIO]:
        """Stage a file that is closed at the end of the block."""
        with self.open(path) as file:
            self._open.pop()
            yield file
            _flush(file)

    def sha256(self, path: StrPath) -> str:
        """Return the SHA-256 hash of what has been written of the open file ``path``."""
        return file_sha256(self.hidden(path))

    def commit(self) -> None:
        """Flush every file to the disk, then rename them, then flush their folders."""
        for file in self._open:
            _flush(file)
            file.close()
        for _, final in self._names:
            if final.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(final))
        for hidden, final in self._names:
            hidden.replace(final)
        for folder in sorted({final.parent for _, final in self._names}):
            _flush_folder(folder)
        self._sweep()

    def _sweep(self) -> None:
        """Remove what killed processes left of the same files, once it is older than a day."""
        stems = {(final.parent, _hidden_stem(final.name)) for _, final in self._names}
        oldest = time.time() - _STALE
        for folder in {folder for folder, _ in stems}:
            with suppress(OSError), os.scandir(folder) as entries:
                for each in entries:
                    found = _HIDDEN.fullmatch(each.name)
                    if found and (folder, found[1]) in stems and each.stat().st_mtime < oldest:
                        Path(each.path).unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove what has not been renamed."""
        for file in self._open:
            with suppress(OSError):  # a full disk fails again on the flush that closing does
                file.close()
        for hidden, _ in self._names:
            hidden.unlink(missing_ok=True)


def _hidden_stem(name: str) -> str:
    return f".{name[:40]}."


def file_sha256(path: Path) -> str:
    """Return the SHA-256 hash of a file as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot flush a folder; the rename has been done.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


@contextmanager
def staged(where: StrPath) -> Iterator[Staging]:
    """Commit several files together when the block ends, and leave no trace if it raises.

    An ``OSError`` becomes an ``OutputError`` that names ``where``.
    """
    staging = Staging()
    try:
        yield staging
        staging.commit()
    except OSError as error:
        staging.discard()
        raise cannot_write(where, error) from error
    except BaseException:
        staging.discard()
        raise


@contextmanager
def atomic(path: StrPath) -> Iterator[BinaryIO]:
    """Open a file for writing bytes that appears at ``path`` when the block ends, or not at all.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic(Path(folder, "a")) as file:
    ...         _ = file.write(b"whole")
    ...     Path(folder, "a").read_bytes()
    b'whole'
    """
    with staged(path) as staging:
        yield staging.open(path)


def cannot_write(where: StrPath, error: OSError) -> OutputError:
    """Return the error that says why nothing could be written."""
    why = error.strerror or str(error)
    return OutputError(f"{where}: cannot write ({why}); what stood there before is unchanged")


def json_bytes(value: Any, *, pretty: bool = False) -> bytes:
    r"""Return a plain value as JSON with a line end, indented by two spaces where ``pretty``.

    >>> json_bytes({"b": 1, "a": None})
    b'{"b":1,"a":null}\n'
    """
    option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(value, option=option | (orjson.OPT_INDENT_2 if pretty else 0))
