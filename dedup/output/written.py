"""What a scan wrote into its folder, so that the next one replaces that and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dedup.core.files import Staging, file_sha256, json_bytes
from dedup.errors import OutputError

WRITTEN = "written.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Written:
    """The files an earlier scan wrote into a folder, and their hashes."""

    folder: Path
    hashes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Written:
        """Read what ``written.json`` in a folder says; nothing where there is none."""
        try:
            found = json.loads((folder / WRITTEN).read_bytes())
            files = found["files"]
            if found["format"] != _FORMAT or not all(map(_is_plain, files)):
                return cls(folder)
            hashes = {name: str(files[name]) for name in files}
            return cls(folder, {**hashes, WRITTEN: file_sha256(folder / WRITTEN)})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls(folder)

    def check(self, names: Iterable[str], new: Mapping[str, str] | None = None) -> None:
        """Raise ``OutputError`` where a file of these names is there that no scan wrote so.

        ``new`` are the hashes of what is to be written: a file that is that already may stay.
        """
        for name in names:
            path = self.folder / name
            if not (path.is_symlink() or path.exists()):
                continue
            found = None if path.is_symlink() or not path.is_file() else file_sha256(path)
            if found is None or found not in (self.hashes.get(name), (new or {}).get(name)):
                raise OutputError(
                    f"{path}: is there already, and not as an earlier `dedup scan` wrote it; "
                    "remove it or choose another folder"
                )

    def stage(self, staging: Staging, names: Iterable[str]) -> dict[str, str]:
        """Add ``written.json`` to files that are staged, and check that they replace nothing else.

        Returns the hashes of all.
        """
        hashes = {name: staging.sha256(self.folder / name) for name in names}
        data = json_bytes({"format": _FORMAT, "files": dict(sorted(hashes.items()))}, pretty=True)
        staging.open(self.folder / WRITTEN).write(data)
        hashes[WRITTEN] = staging.sha256(self.folder / WRITTEN)
        self.check(hashes, hashes)
        return hashes

    def remove_stale(self, written: Iterable[str]) -> None:
        """Remove what an earlier scan wrote, nobody changed, and this one did not write."""
        for name in sorted(self.hashes.keys() - set(written)):
            path = self.folder / name
            if not path.is_symlink() and path.is_file() and file_sha256(path) == self.hashes[name]:
                path.unlink(missing_ok=True)


def _is_plain(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\\0:")
