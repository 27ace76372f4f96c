"""Where results may be written, and under which names."""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dedup.core.arrays import clean_string
from dedup.core.files import StrPath
from dedup.core.hashing import xxh3_128
from dedup.errors import OutputError

_MOST_BYTES = 120
_HARMLESS = re.compile(r"\w[\w .,@+=~()-]*")
_NOT_HARMLESS = re.compile(r"[^\w.@+=~-]+")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
# Windows opens the device whatever the extension.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.I)


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
        raise OutputError(f"{out} is a file; give a folder, or a path that is still free")
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
        f"output {out} {relation} {path}; choose a folder that is no input and in none"
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
    """Yield what was given, and the linked files in folders: those may be anywhere."""
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
