"""Folders that are made for what is written, and through no link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from dedup.errors import OutputError


@dataclass(slots=True)
class Folders:
    """Make folders below one, through no link, and remember the new ones."""

    root: Path
    known: set[Path] = field(default_factory=set)
    made: list[Path] = field(default_factory=list)

    def make(self, folder: Path) -> None:
        """Make ``folder`` and those above it."""
        if folder in self.known:
            return
        if folder != self.root:
            self.make(folder.parent)
            if folder.is_symlink():
                raise OutputError(f"{folder}: is a link; nothing is written through it")
            if not folder.is_dir():
                self._make(folder)
        self.known.add(folder)

    def make_root(self) -> None:
        """Make the root and those above it."""
        missing = [each for each in (self.root, *self.root.parents) if not each.exists()]
        for each in reversed(missing):
            self._make(each)

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir()
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror or error})") from error
        self.made.append(folder)


@contextmanager
def making_folders(root: Path) -> Iterator[Folders]:
    """Give what makes folders below ``root``; new ones go again where the block raises."""
    folders = Folders(root)
    try:
        folders.make_root()
        yield folders
    except BaseException:
        for each in reversed(folders.made):
            with suppress(OSError):
                each.rmdir()
        raise
