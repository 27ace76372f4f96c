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
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.core.files import atomic, json_bytes
from dedup.core.spool import Spool
from dedup.errors import InputError, OutputError

MANIFEST = "manifest.json"
LOCK = "lock"
_ARRAYS = "arrays"  # folder of those that grow

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a checkpoint holds of a stage: arrays, tables, and values that JSON can hold."""

    arrays: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


class Work:
    """The checkpoints of a run: none, or a folder that outlives the run.

    >>> work = Work(Spool())
    >>> work.stage("order", lambda: 3, save=lambda count: Kept(), load=lambda kept: 0)
    3
    >>> work.is_done("order")  # a run without a folder keeps nothing
    False
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self._folder: Path | None = None
        self._state: dict[str, Any] = {"stages": {}}
        self._unlock: Callable[[], Any] = lambda: None
        self._is_released = False

    @classmethod
    def at(cls, folder: Path, header: dict[str, Any], *, once: bool = False) -> Work:
        """Open a work folder, a new one or that of an earlier run with the same ``header``.

        An input that can be read ``once`` may be another one now: where no stage is finished, what
        is there of it is dropped. Where an earlier run left nothing, ``header`` may be any.
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
        for each in folder.glob(".*.tmp"):  # half-written when the run before was killed
            each.unlink()
        path = folder / MANIFEST
        plain = json.loads(json_bytes(header))
        known = json.loads(path.read_bytes()) if path.exists() else None
        others = {each.name for each in folder.iterdir()} - {_ARRAYS, LOCK}
        if known is None and others:
            raise OutputError(
                f"{folder}: holds {min(others)} and no {MANIFEST}; give it an empty folder, or "
                "the work folder of a run that was interrupted"
            )
        left = _left_in(known)
        if left is not None:
            _check_header(folder, left["header"], plain)
            work._state = left
        if left is None or (once and not left["stages"]):
            work._empty()
            arrays.mkdir(exist_ok=True)
            work._state = cls._fresh(plain)
            work._write()
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

    def release(self) -> None:
        """Let other runs into the folder; what was kept stays, and may still be cleared."""
        self._unlock()
        self._is_released = True

    @property
    def is_kept(self) -> bool:
        """Tell whether a later run can take up what this one leaves."""
        return self._folder is not None

    @property
    def begun(self) -> int:
        """Return how many batches the first stage has finished."""
        return int(self._state.get("batches", 0))

    @property
    def finished(self) -> tuple[str, ...]:
        """Return the stages that an earlier run, or this one, finished."""
        return tuple(self._state["stages"])

    def commit(self, batches: int) -> None:
        """Say that so many batches of the first stage are in the spool."""
        if self._folder is not None:
            self._state |= {"batches": batches, "lengths": self.spool.flush()}
            self._write()

    def is_done(self, stage: str) -> bool:
        """Tell whether an earlier run finished a stage."""
        return stage in self._state["stages"]

    def stage(
        self,
        name: str,
        compute: Callable[[], Value],
        *,
        save: Callable[[Value], Kept],
        load: Callable[[Kept], Value],
    ) -> Value:
        """Return what a stage computes, or what an earlier run left of it.

        ``save`` says what to keep of a value, ``load`` makes the value of that again; what lies in
        the spool is kept with it. Arrays and tables are read when they are asked for.
        """
        if self.is_done(name):
            return load(self._left(name))
        value = compute()
        if self._folder is not None:
            self._finish(name, save(value))
        return value

    def _left(self, stage: str) -> Kept:
        state = self._state["stages"][stage]
        return Kept(
            _Lazy(
                state["arrays"],
                lambda name: np.load(self._path(stage, name, "npy"), allow_pickle=False),
            ),
            _Lazy(state["tables"], lambda name: _read_table(self._path(stage, name, "arrow"))),
            state["values"],
        )

    def _finish(self, stage: str, kept: Kept) -> None:
        """Write what is kept of a stage, then say that it is done."""
        for name, array in kept.arrays.items():
            with atomic(self._path(stage, name, "npy")) as file:
                np.save(file, np.ascontiguousarray(array), allow_pickle=False)
        for name, table in kept.tables.items():
            with (
                atomic(self._path(stage, name, "arrow")) as file,
                pa.ipc.new_file(file, table.schema) as out,
            ):
                out.write_table(table)
        self._state["lengths"] = self.spool.flush()
        self._state["stages"][stage] = {
            "arrays": list(kept.arrays),
            "tables": list(kept.tables),
            "values": dict(kept.values),
        }
        self._write()

    def clear(self) -> None:
        """Remove everything, after the result has been written.

        Raises ``OutputError`` where another run has taken up the folder since ``release``.
        """
        if self._folder is None or not self._folder.exists():
            return
        if self._is_released:
            self._take_lock()
        self._state = {**self._fresh(self._state["header"]), "finished": True}
        self._write()  # a later run starts from the beginning, whatever files are left
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

    def _path(self, stage: str, name: str, kind: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{stage}.{name}.{kind}"

    def _write(self) -> None:
        assert self._folder is not None
        with atomic(self._folder / MANIFEST) as file:
            file.write(json_bytes(self._state, pretty=True))


def _left_in(state: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what a manifest says, where anything can be taken up that it speaks of."""
    if state is None or state.get("finished"):
        return None
    return state if state["stages"] or state.get("batches") else None


def finished_in(folder: Path) -> tuple[str, ...] | None:
    """Return the stages that are finished in a folder, ``None`` where no run has begun in it."""
    try:
        return tuple(json.loads((folder / MANIFEST).read_bytes())["stages"])
    except (OSError, ValueError, KeyError):
        return None


class _Lazy(Mapping[str, Any]):
    """Names, and what is read when one is looked up."""

    def __init__(self, names: list[str], read: Callable[[str], Any]) -> None:
        self._names, self._read = names, read

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _read_table(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


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
