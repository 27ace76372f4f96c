"""Paths as the caller gave them → the files behind them, in a fixed order."""

from __future__ import annotations

import glob
import json
import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dedup.core.arrays import clean_string
from dedup.core.formats import FORMATS, kind_of
from dedup.errors import InputError
from dedup.schema import ReadReport
from dedup.sources.options import ReadOptions, Source, Tally
from dedup.sources.remote import find, is_url, shown

STDIN = "-"
_OWN = {"manifest.json", "provenance.jsonl"}  # what `dedup clean` writes beside the articles
_SAVED = "state.json"  # what `datasets` writes beside the Arrow files of a data set …
_NOT_RECORDS = {_SAVED, "dataset_info.json", "dataset_dict.json"}  # … and that holds no records
_OPEN_FILES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


def find_sources(paths: Sequence[str], options: ReadOptions, tally: Tally) -> list[Source]:
    """Return the files behind ``paths``: files, folders, globs, URLs, ``-`` for stdin.

    Folders are walked in sorted order without hidden files and linked folders. A path that is not
    there raises ``InputError`` before anything is read. What cannot be read is counted.
    """
    sources = _found(paths, options, tally)
    if len(sources) == 1 and sources[0].given:
        return [replace(sources[0], alone=True)]
    return _distinct_names(sources) if len(paths) > 1 else sources


def own_names(paths: Sequence[str], options: ReadOptions) -> dict[str, str]:
    """Return the name of each file behind ``paths``, before names are told apart, by its path."""
    sources = _found(paths, options, Tally(ReadReport()))
    return {clean_string(source.path): source.name for source in sources}


def _found(paths: Sequence[str], options: ReadOptions, tally: Tally) -> list[Source]:
    """Return each file behind ``paths`` once, with a name that others may have as well."""
    found: dict[str, Source] = {}
    folders: dict[str, str] = {}
    again = 0
    for path in _expanded(paths):
        for source in _behind(path, options, tally):
            key = source.url or _same(source.path, folders)
            again += key in found
            found.setdefault(key, source)
    if again:
        files = "1 file was" if again == 1 else f"{again} files were"
        tally.note(f"{files} given more than once and read once")
    return list(found.values())


def is_live(path: str) -> bool:
    """Tell whether ``path`` is an open input, such as stdin, whose bytes may be long in coming."""
    return path == STDIN or path.startswith(_OPEN_FILES)


def _same(path: str, folders: dict[str, str]) -> str:
    """Return what all names of one file have in common; a link is another file than its target."""
    if is_live(path):
        return path
    folder, name = os.path.split(path)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    return os.path.join(folders[folder], name)  # noqa: PTH118 - a Path for each file takes long


def _expanded(paths: Sequence[str]) -> list[str]:
    given: list[str] = []
    for path in paths:
        if path == STDIN or os.path.lexists(path) or is_url(path):
            given.append(path)
            continue
        matches = _matches(path)
        if not matches:
            what = "no file matches" if glob.has_magic(path) else "no such file or folder"
            raise InputError(what, path=path)
        given.extend(matches)
    return given


def _matches(pattern: str) -> list[str]:
    if not glob.has_magic(pattern):
        return []
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob refuses a root


def _behind(path: str, options: ReadOptions, tally: Tally) -> Iterator[Source]:
    if is_live(path):
        name = STDIN if path == STDIN else Path(path).name
        yield Source(path, name, options.format or "auto", True, None, options.format is not None)
    elif is_url(path) and not os.path.lexists(path):
        yield from _remote(path, options, tally)
    elif Path(path).is_dir():
        yield from _walk(path, options, tally)
    elif _is_file(path, tally):
        kind, stated = _stated(path, options)
        yield Source(path, clean_string(Path(path).name), kind, True, None, stated)


def _stated(path: str, options: ReadOptions) -> tuple[str, bool]:
    """Return what a named file is read as, and whether the caller said so.

    What holds other files is opened first: the format is that of those.
    """
    named = kind_of(path)
    if options.format is None or (named is not None and FORMATS[named].archive):
        return named or "auto", False
    return options.format, True


def _remote(url: str, options: ReadOptions, tally: Tally) -> Iterator[Source]:
    """Yield the files behind a URL; what they are called is all of it that may be shown."""
    ignored: Counter[str] = Counter()
    found = 0
    for each in find(url):
        path = clean_string(shown(each.url))
        if each.below is None:
            kind, stated = _stated(path, options)
        else:
            inside = kind_in_folder(path, options)
            if inside is None:
                ignored[Path(path).suffix.lower() or "no extension"] += 1
                continue
            kind, stated = inside, False
        found += 1
        yield Source(path, path, kind, each.below is None, each.url, stated)
    _note_walk(shown(url), ignored, 0, found, tally)


def kind_in_folder(name: str, options: ReadOptions) -> str | None:
    """Return what a file in a folder or an archive is read as, ``None`` where it is left out.

    A stated format is that of its own files and of those whose names say no more than text.

    >>> options = ReadOptions(format="lines")
    >>> [kind_in_folder(name, options) for name in ("a.txt", "a.csv", "a.zip")]
    ['lines', None, 'zip']
    """
    kind, stated = kind_of(name), options.format
    if kind is None or stated is None or FORMATS[kind].archive:
        return kind
    return stated if kind in ("txt", stated) else None


def _walk(root: str, options: ReadOptions, tally: Tally) -> Iterator[Source]:
    ignored: Counter[str] = Counter()
    links = found = 0
    for folder, folders, names in os.walk(root, onerror=lambda error: _unreadable(error, tally)):
        links += sum(Path(folder, name).is_symlink() for name in folders)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if set(names) >= _OWN:
            names = [name for name in names if name not in _OWN]
            tally.note(f"{clean_string(folder)}: {' and '.join(sorted(_OWN))} not read")
        names = _of_data_set(folder, names, tally)
        for name in sorted(name for name in names if not name.startswith(".")):
            path = os.path.join(folder, name)  # noqa: PTH118 - keeps the root as it was given
            if not _is_file(path, tally):
                continue
            kind = kind_in_folder(name, options)
            if kind is None:
                ignored[Path(name).suffix.lower() or "no extension"] += 1
                continue
            found += 1
            yield Source(path, clean_string(Path(path).relative_to(root).as_posix()), kind, False)
    _note_walk(root, ignored, links, found, tally)


def _of_data_set(folder: str, names: list[str], tally: Tally) -> list[str]:
    """Leave out what `datasets` writes beside the rows, and its copies of them."""
    if not _NOT_RECORDS & set(names) or not (_SAVED in names or "dataset_dict.json" in names):
        return names
    names = [name for name in names if name not in _NOT_RECORDS]
    if _SAVED not in os.listdir(folder):  # noqa: PTH208
        return names
    try:
        state = json.loads(Path(folder, _SAVED).read_bytes())
        files = {each["filename"] for each in state["_data_files"]}
        has_order = bool(state.get("_indices_data_files"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return names
    if has_order:
        tally.note(f"{clean_string(folder)}: all rows are read, whatever was selected of them")
    return [name for name in names if name in files or not name.endswith(".arrow")]


def _note_walk(root: str, ignored: Counter[str], links: int, found: int, tally: Tally) -> None:
    note_left_out(root, ignored, found, tally)
    if ignored and not found:
        tally.note("a file that is named, or matched by *, is read in any case")
        tally.fail("no_reader", clean_string(root))
    if links:
        tally.note(f"{links} linked folder{'s' * (links != 1)} not followed")


def note_left_out(root: str, ignored: Counter[str], found: int, tally: Tally) -> None:
    """Say which files of a folder or an archive are not read, by their extensions."""
    if ignored:
        kinds = ", ".join(clean_string(each) for each in sorted(ignored))
        files = f"{ignored.total()} file{'s' * (ignored.total() != 1)}"
        tally.note(f"{files} ignored: no reader for {kinds}")
    if not found:
        tally.note(f"{clean_string(root)}: no file to read")


def _unreadable(error: OSError, tally: Tally) -> None:
    tally.fail("unreadable", clean_string(str(error.filename)), str(error))


def _is_file(path: str, tally: Tally) -> bool:
    """Tell whether ``path`` can be opened without waiting, and count it as failed if not."""
    shown = clean_string(path)
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        tally.fail("dangling_link", shown)
    except OSError as error:
        tally.fail("unreadable", shown, str(error))
    else:
        if stat.S_ISREG(mode):
            return True
        tally.fail("not_a_regular_file", shown)
    return False


def _distinct_names(sources: list[Source]) -> list[Source]:
    files = [(source.path, source.name, source.url is not None) for source in sources]
    names = distinct_names(files)
    return [replace(each, name=name) for each, name in zip(sources, names, strict=True)]


def distinct_names(files: Sequence[tuple[str, str, bool]]) -> list[str]:
    """Return the names of files of several paths, given by path, own name, and whether it is a URL.

    Two folders may hold files of one name: those keep the folder in theirs.

    >>> distinct_names([("a/x.txt", "x.txt", False), ("b/x.txt", "x.txt", False)])
    ['a/x.txt', 'b/x.txt']
    """
    counts = Counter(name for _, name, _ in files)
    return [
        name if counts[name] == 1 or is_remote else clean_string(Path(path).as_posix())
        for path, name, is_remote in files
    ]
