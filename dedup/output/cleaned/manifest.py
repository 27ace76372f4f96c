"""``manifest.json``: what a cleaned folder must hold; and what an earlier run wrote there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dedup.core.files import file_sha256
from dedup.errors import InputError, OutputError
from dedup.output.cleaned.provenance import (
    CSV_FILE,
    PROVENANCE,
    ROW_FILES,
    is_file_name,
    read_provenance,
)

MANIFEST = "manifest.json"

_FORMAT = 1
_COUNTS = ("documents", "files", "rows")


@dataclass(frozen=True, slots=True)
class Manifest:
    """How many documents, files and rows there are, and the hashes of the files that list them.

    ``annotated`` tells that the rows are as they were read, only marked.
    """

    documents: int
    files: int
    rows: int
    sha256: dict[str, str]
    annotated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return what is written into the file."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return {"format": _FORMAT, **counts, "annotated": self.annotated, "sha256": self.sha256}

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a cleaned folder; raise ``InputError`` where it is none."""
        path = folder / MANIFEST
        try:
            found = json.loads(path.read_bytes())
        except OSError as error:
            why = error.strerror or str(error)
            raise InputError(
                f"cannot read ({why}); is this a folder of `dedup clean`?", path=str(path)
            ) from error
        except (ValueError, RecursionError):
            found = None
        if not _is_manifest(found):
            raise InputError("not the manifest of a cleaned folder", path=str(path))
        known = ("annotated", "sha256", *_COUNTS)
        return cls(**{name: found[name] for name in known if name in found})

    def check(self, folder: Path) -> None:
        """Raise ``InputError`` unless the files in ``folder`` have the hashes stated."""
        for name in (PROVENANCE, *ROW_FILES):
            stated, path = self.sha256.get(name), folder / name
            if stated is None:
                continue
            try:
                found = file_sha256(path)
            except OSError as error:
                why = error.strerror or str(error)
                raise InputError(f"cannot read ({why})", path=str(path)) from error
            if found != stated:
                raise InputError(
                    "was changed after cleaning; only what dedup wrote can be restored",
                    path=str(path),
                )


def _is_manifest(found: object) -> bool:
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        return False
    hashes = found.get("sha256")
    return (
        all(type(found.get(name)) is int for name in _COUNTS)
        and isinstance(found.get("annotated", False), bool)
        and isinstance(hashes, dict)
        and PROVENANCE in hashes
        and hashes.keys() <= {PROVENANCE, CSV_FILE, *ROW_FILES}
        and all(isinstance(each, str) for each in hashes.values())
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run wrote into a folder: file to hash."""

    folder: Path
    hashes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Earlier:
        """Take the files that the manifest and the provenance in ``folder`` name."""
        hashes: dict[str, str] = {}
        try:
            hashes |= Manifest.read(folder).sha256
            hashes[MANIFEST] = file_sha256(folder / MANIFEST)
        except (InputError, OSError):
            pass
        try:
            entries = [(each["file"], each.get("clean_sha256")) for each in read_provenance(folder)]
            hashes |= {name: stated for name, stated in entries if is_file_name(name)}
            if entries and PROVENANCE not in hashes:
                hashes[PROVENANCE] = file_sha256(folder / PROVENANCE)
        except (InputError, OSError):
            pass
        return cls(folder, hashes)

    def check(self, written: dict[str, str]) -> None:
        """Raise ``OutputError`` if a file of ``written`` (name to hash) would replace another's.

        What an earlier run wrote and nobody changed since may be replaced, nothing else.
        """
        for name, new in written.items():
            path = self.folder / name
            if path.is_symlink() or path.exists():
                found = _hash(path)
                if found is None or found not in (new, self.hashes.get(name)):
                    raise OutputError(
                        f"{path}: is there already, and not as an earlier `dedup clean` wrote it; "
                        "remove it or choose another folder"
                    )

    def remove_stale(self, written: dict[str, str]) -> None:
        """Remove what an earlier run wrote, nobody changed, and this run did not write."""
        for name in sorted(self.hashes.keys() - written.keys()):
            path = self.folder / name
            if _hash(path) == self.hashes[name]:
                path.unlink(missing_ok=True)
                _remove_empty(path.parent, self.folder)


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove folders below ``root`` in which nothing is left."""
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:  # only an empty one can be removed
            return
        folder = folder.parent


def _hash(path: Path) -> str | None:
    """Return the hash of a regular file, ``None`` for anything else."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return file_sha256(path)
    except OSError:
        return None
