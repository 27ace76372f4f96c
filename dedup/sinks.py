"""Results → files, whole or not at all.

Everything is first written under a temporary name in the folder it is meant for, flushed to the
disk, and then renamed. The files of one result are renamed together, after the last was written.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.arrays import clean_string
from dedup.errors import ConfigError, OutputError
from dedup.hashing import xxh3_128
from dedup.records import Result

FORMATS = ("jsonl", "parquet")
StrPath: TypeAlias = "str | os.PathLike[str]"

_ROWS = 10_000
_GROUP_ROWS = 131_072
_DIGITS = 6
_MOST_BYTES = 120
_HARMLESS = re.compile(r"\w[\w .,@+=~()-]*")
_NOT_HARMLESS = re.compile(r"[^\w.@+=~-]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
# Windows opens the device whatever the extension.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.I)


class Staging:
    """Files written under temporary names until ``commit`` gives them their own, all at once."""

    def __init__(self) -> None:
        self._open: list[BinaryIO] = []
        self._names: list[tuple[Path, Path]] = []

    def open(self, path: StrPath) -> BinaryIO:
        """Open a temporary file that will become ``path``; it stays open until ``commit``."""
        final = Path(path)
        hidden = final.with_name(f".{final.name[:40]}.{secrets.token_hex(6)}.tmp")
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

    def sha256(self, path: StrPath) -> str:
        """Return the SHA-256 hash of what has been written of the open file ``path``."""
        hidden = next(hidden for hidden, final in self._names if final == Path(path))
        for file in self._open:
            if file.name == str(hidden):
                file.flush()
        return file_sha256(hidden)

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

    def discard(self) -> None:
        """Remove what has not been renamed."""
        for file in self._open:
            with suppress(OSError):  # a full disk fails again on the flush that closing does
                file.close()
        for hidden, _ in self._names:
            hidden.unlink(missing_ok=True)


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
        raise _cannot_write(where, error) from error
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


def _cannot_write(where: StrPath, error: OSError) -> OutputError:
    why = error.strerror or str(error)
    return OutputError(f"{where}: cannot write ({why}); what stood there before is unchanged")


def check_output(
    out: StrPath,
    inputs: Sequence[str],
    names: Iterable[str] | None = None,
    folders: Sequence[str] = (),
) -> None:
    """Raise ``OutputError`` where writing into the folder ``out`` could touch an input.

    ``names`` are the files that will be written there; ``None`` means any name. In the ``folders``
    below it any file may be written. Links are seen through: files and folders are compared by
    device and inode.
    """
    target = Path(out)
    if not os.fspath(out):
        raise OutputError("the name of the output folder is empty")
    if target.exists() and not target.is_dir():
        raise OutputError(f"{out}: is a file, allowed is a folder or a path that is still free")
    trees = [target / name for name in folders]
    above = _identities(each for top in (target, *trees) for each in (top, *_parents(top)))
    here, inside = _identity(target), _Inside(_identities(trees))
    written = None if names is None else _identities(target / name for name in names)
    for path in _each_input(inputs):
        is_folder = path.is_dir()
        if inside.holds(path):
            raise _onto_input(out, path, "would be written over the input")
        if is_folder and _identity(path) in above:
            raise _onto_input(out, path, "lies in the input folder")
        if is_folder:
            continue
        if written is None:
            if here is not None and _identity(path.resolve().parent) == here:
                raise _onto_input(out, path, "holds the input file")
        elif _identity(path) in written:
            raise _onto_input(out, path, "would be written over the input file")


class _Inside:
    """Tell what lies in some folders: where it was named, or where its links lead."""

    def __init__(self, folders: set[tuple[int, int]]) -> None:
        self._folders = folders
        self._known: dict[Path, bool] = {}

    def holds(self, path: Path) -> bool:
        """Tell whether ``path`` is one of the folders or lies in one."""
        if not self._folders:
            return False
        target = Path(os.path.realpath(path))
        return _identity(path) in self._folders or any(
            self._is_inside(each.parent) for each in (path.absolute(), target)
        )

    def _is_inside(self, folder: Path) -> bool:
        if folder not in self._known:
            above = _identities((folder, *folder.parents))
            self._known[folder] = not above.isdisjoint(self._folders)
        return self._known[folder]


def _onto_input(out: StrPath, path: Path, relation: str) -> OutputError:
    return OutputError(
        f"output {out} {relation} {path}; allowed is a folder that is no input and in none"
    )


def _parents(path: Path) -> Sequence[Path]:
    return Path(os.path.realpath(path)).parents


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _identities(paths: Iterable[Path]) -> set[tuple[int, int]]:
    return {mark for each in paths if (mark := _identity(each))}


def _each_input(inputs: Sequence[str]) -> Iterator[Path]:
    """Yield what was given, and the linked files in folders: those may stand anywhere."""
    for each in inputs:
        if each == "-":
            continue
        if os.path.lexists(each) or not glob.has_magic(each):
            found: Iterable[str] = [each]
        else:
            found = glob.iglob(each, recursive=True)  # noqa: PTH207 - as the reader
        for path in map(Path, found):
            yield path
            if path.is_dir():
                yield from _linked_files(path)


def _linked_files(folder: Path) -> Iterator[Path]:
    for top, _, names in os.walk(folder):
        each = (Path(top, name) for name in names)
        yield from (path for path in each if path.is_symlink() and path.is_file())


def write_result(
    result: Result,
    directory: StrPath,
    *,
    format: str = "jsonl",
    inputs: Sequence[str] = (),
    more: Mapping[str, Callable[[BinaryIO], object]] | None = None,
) -> list[Path]:
    """Write documents, pairs, passages, repeats and ``summary.json``; return their paths.

    The folder is made if need be. The same result gives the same bytes. ``more`` names files that
    belong to them, and what writes each. Raises ``OutputError``
    when an input would be touched or the disk refuses; files of an earlier result stay as they
    were then.
    """
    if format not in FORMATS:
        raise ConfigError("format", format, " or ".join(FORMATS))
    folder = Path(directory)
    more = more or {}
    names = [*(f"{name}.{format}" for name in result.contract), "summary.json", *more]
    check_output(folder, inputs, names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    with staged(folder) as staging:
        for name, schema in result.contract.items():
            file = staging.open(folder / f"{name}.{format}")
            write_table(file, result.tables[name], format, schema)
        staging.open(folder / "summary.json").write(json_bytes(result.summary, pretty=True))
        for name, write in more.items():
            write(staging.open(folder / name))
    return [folder / name for name in names]


def write_table(
    file: BinaryIO, table: pa.Table, format: str, schema: pa.Schema | None = None
) -> None:
    """Write one table as JSON lines or Parquet, with floats rounded to six places.

    ``schema`` names the columns to write, and their types.
    """
    schema = schema or table.schema
    table = table.select(schema.names)
    if format == "parquet":
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, len(table), _GROUP_ROWS):
                writer.write_table(rounded(table.slice(start, _GROUP_ROWS).cast(schema)))
    else:
        for lines in json_lines(table):
            file.write(lines)


def json_lines(table: pa.Table) -> Iterator[bytes]:
    r"""Yield a table as JSON lines, many lines at a time, keys in the order of the columns.

    >>> list(json_lines(pa.table({"a": ["x"], "jaccard": [1 / 3]})))
    [b'{"a":"x","jaccard":0.333333}\n']
    """
    for start in range(0, len(table), _ROWS):
        rows = rounded(table.slice(start, _ROWS)).to_pylist()
        yield b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows])


def json_bytes(value: Any, *, pretty: bool = False) -> bytes:
    r"""Return a plain value as JSON with a line end, indented by two spaces where ``pretty``.

    >>> json_bytes({"b": 1, "a": None})
    b'{"b":1,"a":null}\n'
    """
    option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
    return orjson.dumps(value, option=option | (orjson.OPT_INDENT_2 if pretty else 0))


def rounded(table: pa.Table) -> pa.Table:
    """Return a table with floats as they are written, rounded to six places."""
    for index, item in enumerate(table.schema):
        if pa.types.is_floating(item.type):
            table = table.set_column(index, item, pc.round(table.column(index), _DIGITS))
    return table


def safe_name(doc_id: str, taken: set[str]) -> str:
    """Return a file name for a document, and remember it in ``taken``.

    A harmless id is its own name. Any other becomes what is harmless of it and a hash of the id;
    the extension stays. Names in ``taken`` differ also where case and accents are not told apart.
    Which of two clashing ids keeps its name depends on which comes first.

    >>> taken = set()
    >>> safe_name("000_bf5b.txt", taken), safe_name("../etc/passwd", taken)
    ('000_bf5b.txt', 'etc_passwd-bd99224ec665')
    """
    attempt = 0
    name = doc_id if _is_harmless(doc_id) else hashed_name(doc_id, attempt)
    while _folded(name) in taken:
        name = hashed_name(doc_id, attempt)
        attempt += 1
    taken.add(_folded(name))
    return name


def _is_harmless(name: str) -> bool:
    return (
        len(name.encode("utf-8", "replace")) <= _MOST_BYTES
        and _HARMLESS.fullmatch(name) is not None
        and not name.endswith((".", " "))
        and not _DEVICES.match(name)
    )


def hashed_name(doc_id: str, attempt: int = 0) -> str:
    """Return what is harmless of ``doc_id``, a hash of it, and its extension."""
    doc_id = clean_string(doc_id)
    found = _EXTENSION.search(doc_id)
    extension = found[0] if found else ""
    stem = _NOT_HARMLESS.sub("_", doc_id.removesuffix(extension)).strip("._-~")
    digits = xxh3_128(f"{attempt}:{doc_id}".encode() if attempt else doc_id.encode())[:12]
    room = _MOST_BYTES - len(digits) - len(extension) - 1
    stem = stem.encode()[:room].decode("utf-8", "ignore")
    return f"{stem or 'document'}-{digits}{extension}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", name).casefold())
