"""Document ids → names of files: in the cleaned folder, and in the folder of what is restored."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import PurePath

from dedup.core.arrays import clean_string
from dedup.core.formats import PACKED, kind_of
from dedup.output.places import hashed_name, safe_name
from dedup.sources.files import STDIN

_NUMBERED = re.compile(r"(.+)(#\d+)", re.S)
_STREAMS = (STDIN, "/dev/", "/proc/")
_MOST_BYTES = 255  # of one part of a path, on the file systems in use


@dataclass(slots=True)
class Names:
    """The names that were given away so far."""

    in_folder: dict[str, set[str]] = field(default_factory=dict)
    originals: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def give(self, doc_id: str, path: str) -> tuple[str, str]:
        """Return the name of the cleaned article of a whole file, and where the file is restored.

        Both are the path the file had below the folder that was read: without the extension of a
        compression, and with ``.txt`` behind that of a page. The first ends in the extension of a
        text, and all of its parts are harmless.

        >>> names = Names()
        >>> names.give("2024/a.txt.gz", "news/2024/a.txt.gz"), names.give("-", "-")
        (('2024/a.txt', '2024/a.txt'), ('stdin.txt', 'stdin.txt'))
        >>> names.give("b.txt#2", "news/b.txt")[1], names.give("p.html", "p.html")
        ('b#2.txt', ('p.html.txt', 'p.html.txt'))
        """
        original = self._free(_original_name(doc_id, path))
        article = original if kind_of(original) == "txt" else f"{original}.txt"
        return self._article(article), original

    def _article(self, name: str) -> str:
        """Return a harmless path that no other article has, whatever the case of its letters."""
        folder, slash, last = name.rpartition("/")
        parts = [safe_name(part, set()) for part in folder.split("/")] if slash else []
        taken = self.in_folder.setdefault("/".join(parts).casefold(), set())
        return "/".join([*parts, safe_name(last, taken)])

    def _free(self, name: str) -> str:
        if not self.originals.isdisjoint(_above(name)):  # a file is where a folder is needed
            name = name.replace("/", "_")
        number, wanted = 2, name
        while not self._fits(name):
            name = _with_number(wanted, f"#{number}")
            number += 1
        self.originals.add(name)
        self.folders.update(_above(name))
        return name

    def _fits(self, name: str) -> bool:
        return name not in self.originals and name not in self.folders


def _above(name: str) -> list[str]:
    """Return the folders that ``name`` lies in."""
    return [each.as_posix() for each in PurePath(name).parents if each.name]


def _original_name(doc_id: str, path: str) -> str:
    name, number = doc_id, ""
    found = _NUMBERED.fullmatch(doc_id)
    if found and not path.endswith(doc_id) and path.endswith(found[1]):
        name, number = found.groups()
    for packed in PACKED:
        if name.lower().endswith(packed):
            name = name[: -len(packed)]
            break
    if path.startswith(_STREAMS):
        name = f"{'stdin' if name == STDIN else name}.txt"
    elif kind_of(name) == "html":
        name = f"{name}.txt"
    parts = [_harmless(each) for each in name.split("/") if each not in ("", ".", "..")]
    return _with_number("/".join(parts) or "document.txt", number)


def _harmless(part: str) -> str:
    """Return one part of a path; one that could not be made on this or another system is hashed."""
    return part if _is_part(part) else hashed_name(part)


def _is_part(part: str) -> bool:
    banned = "\0/\\:" if os.name == "nt" else "\0/\\"
    return (
        part not in ("", ".", "..")
        and not set(part) & set(banned)
        and clean_string(part) == part
        and len(part.encode()) <= _MOST_BYTES - 10  # a number may come behind it
    )


def _with_number(name: str, number: str) -> str:
    folder, slash, last = name.rpartition("/")
    stem, dot, extension = last.rpartition(".")
    last = f"{stem}{number}{dot}{extension}" if stem else f"{last}{number}"
    return f"{folder}{slash}{last}"


def is_original_name(name: object) -> bool:
    """Tell whether ``name`` is a relative path that leads nowhere but down.

    >>> is_original_name("2024/a.txt"), is_original_name("../a.txt"), is_original_name("/a.txt")
    (True, False, False)
    """
    return isinstance(name, str) and all(_is_part(part) for part in name.split("/"))
