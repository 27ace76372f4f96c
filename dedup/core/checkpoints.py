"""A folder in which a run leaves each stage it has finished, so that it can be continued.

``manifest.json`` says what the run was asked for and what is finished. Everything else is written
before the manifest names it: arrays that grow are cut back to the length it states, whole arrays
and tables appear under their names only when they are complete.
"""

from __future__ import annotations

import json
import os
import shutil
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.core.files import atomic, json_bytes
from dedup.core.spool import Spool
from dedup.errors import InputError, OutputError

MANIFEST = "manifest.json"
LOCK = "lock"
_ARRAYS = "arrays"  # folder of those that grow


class Work:
    """What a run keeps: in memory, or in a folder that outlives it.

    >>> work = Work(Spool())
    >>> work.finish("signatures", {"order": np.arange(3)})
    >>> work.is_done("signatures")  # nothing is kept of it
    False
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self._folder: Path | None = None
        self._state: dict[str, Any] = {"stages": {}}
        self._unlock: Callable[[], Any] = lambda: None

    @classmethod
    def at(cls, folder: Path, header: dict[str, Any]) -> Work:
        """Open a work folder, a new one or that of an earlier run with the same ``header``.

        Raises ``InputError`` that names what is different, and ``OutputError`` for a folder that
        is none, or that another run is working in.
        """
        arrays = folder / _ARRAYS
        try:
            arrays.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror or error})") from error
        work = cls(Spool(lambda: arrays, 0, keep=True))
        work._folder = folder
        work._take_lock()
        for left in folder.glob(".*.tmp"):  # half-written when the run before was killed
            left.unlink()
        path = folder / MANIFEST
        plain = json.loads(json_bytes(header))
        known = json.loads(path.read_bytes()) if path.exists() else None
        others = {each.name for each in folder.iterdir()} - {_ARRAYS, LOCK}
        if known is None and others:
            raise OutputError(
                f"{folder}: holds {min(others)} and no {MANIFEST}; allowed is an empty folder, or "
                "the work folder of a run that was interrupted"
            )
        if known is None or known.get("finished"):
            work._empty()
            arrays.mkdir(exist_ok=True)
            work._state = cls._fresh(plain)
            work._write()
        else:
            _check_header(folder, known["header"], plain)
            work._state = known
        work.spool.cut_back(work._state["lengths"])
        return work

    def _take_lock(self) -> None:
        """Keep other runs out; the lock goes with the process, however it ends."""
        assert self._folder is not None
        with suppress(ImportError):
            import fcntl

            handle = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            self._unlock = weakref.finalize(self, os.close, handle)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._unlock()
                raise OutputError(f"{self._folder}: another run is working in it") from None

    @property
    def begun(self) -> int:
        """Return how many batches the first stage has finished."""
        return int(self._state.get("batches", 0))

    def commit(self, batches: int) -> None:
        """Say that so many batches of the first stage are in the spool."""
        if self._folder is not None:
            self._state |= {"batches": batches, "lengths": self.spool.flush()}
            self._write()

    def is_done(self, stage: str) -> bool:
        """Tell whether an earlier run finished a stage."""
        return stage in self._state["stages"]

    def finish(
        self,
        stage: str,
        arrays: dict[str, npt.NDArray[Any]],
        table: pa.Table | None = None,
        **facts: Any,
    ) -> None:
        """Keep what a stage made, and that it is done."""
        if self._folder is None:
            return
        for name, array in arrays.items():
            with atomic(self._path(stage, name)) as file:
                np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        if table is not None:
            with (
                atomic(self._path(stage, "table")) as file,
                pa.ipc.new_file(file, table.schema) as out,
            ):
                out.write_table(table)
        self._state["lengths"] = self.spool.flush()
        self._state["stages"][stage] = facts
        self._write()

    def facts(self, stage: str) -> dict[str, Any]:
        """Return the plain values that a stage left."""
        found: dict[str, Any] = self._state["stages"][stage]
        return found

    def array(self, stage: str, name: str) -> npt.NDArray[Any]:
        """Return an array that a stage left."""
        array: npt.NDArray[Any] = np.load(self._path(stage, name), allow_pickle=False)
        return array

    def table(self, stage: str) -> pa.Table:
        """Return the table that a stage left."""
        with pa.OSFile(str(self._path(stage, "table"))) as file:
            return pa.ipc.open_file(file).read_all()

    def clear(self) -> None:
        """Remove everything, after the result has been written."""
        if self._folder is None:
            return
        self._state = {**self._fresh(self._state["header"]), "finished": True}
        self._write()  # who opens it from now on starts anew, whatever is still there
        self._empty()
        (self._folder / MANIFEST).unlink(missing_ok=True)
        (self._folder / LOCK).unlink(missing_ok=True)
        self._unlock()
        with suppress(OSError):
            self._folder.rmdir()

    def _empty(self) -> None:
        """Remove arrays and tables."""
        assert self._folder is not None
        shutil.rmtree(self._folder / _ARRAYS, ignore_errors=True)
        for each in self._folder.iterdir():
            if each.suffix in (".npy", ".arrow"):
                each.unlink(missing_ok=True)

    @staticmethod
    def _fresh(header: dict[str, Any]) -> dict[str, Any]:
        return {"header": header, "stages": {}, "batches": 0, "lengths": {}}

    def _path(self, stage: str, name: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{stage}.{name}.{'arrow' if name == 'table' else 'npy'}"

    def _write(self) -> None:
        assert self._folder is not None
        with atomic(self._folder / MANIFEST) as file:
            file.write(json_bytes(self._state, pretty=True))


def _check_header(folder: Path, there: dict[str, Any], ours: dict[str, Any]) -> None:
    """Raise ``InputError`` that names the first value in which two headers differ."""
    for part in ours:
        one, two = ours[part], there.get(part)
        if one == two:
            continue
        if isinstance(one, dict) and isinstance(two, dict):
            name = min(key for key in {**one, **two} if one.get(key) != two.get(key))
            one, two = one.get(name), two.get(name)
            part = f"{part} {name}"
        raise InputError(
            f"the run in {folder} cannot be continued: {part}: got {one!r}, there {two!r}; "
            "give it the same inputs and settings, or another folder"
        )
