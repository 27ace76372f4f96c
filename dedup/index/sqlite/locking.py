"""A lock file: one process at a time, whatever becomes of the others; and where none can be."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten seconds
                continue
            return

    def _release(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


_REMOTE = ("nfs", "cifs", "smb", "afs", "ceph", "9p", "glusterfs", "fuse.sshfs", "lustre")
_MOUNTS = Path("/proc/self/mountinfo")


def file_system(path: Path, mounts: Path = _MOUNTS) -> str:
    """Return the kind of file system a path is on, empty where that is not known."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
        position = path.absolute().parent.resolve()
    except OSError:
        return ""
    known: list[tuple[int, str]] = []
    for line in lines:
        before, _, after = line.partition(" - ")
        mounted = Path(before.split()[4].replace("\\040", " "))
        if mounted == position or mounted in position.parents:
            known.append((len(mounted.parts), after.split()[0]))
    return max(known, default=(0, ""))[1]


def is_remote(kind: str) -> bool:
    """Tell whether other machines may use files on that kind of file system.

    >>> is_remote("nfs4"), is_remote("ext4")
    (True, False)
    """
    return kind.startswith(_REMOTE)


class FileLock:
    """Hold a file locked; the system lets go of it when the process ends, however it ends.

    An object belongs to one process and one thread at a time: after a fork a new one is needed.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._handle = os.open(path, flags, 0o666)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it."""
        _take(self._handle)
        try:
            yield
        finally:
            _release(self._handle)

    def close(self) -> None:
        """Close the file; it stays where it is, for others may wait for it."""
        os.close(self._handle)
