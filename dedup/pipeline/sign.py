"""Sign a part of a corpus: read it once and leave what a scan needs of it in a folder.

A part that was interrupted is taken up where it was; ``signed.json`` comes last.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.config import Config
from dedup.core.arrays import Texts, clean_string
from dedup.core.checkpoints import LOCK, Kept, Work
from dedup.core.checkpoints import MANIFEST as UNFINISHED
from dedup.core.files import atomic, json_bytes
from dedup.core.hashing import content_of, xxh3_128_of
from dedup.core.spool import Spool
from dedup.errors import InputError, OutputError
from dedup.pipeline import fast
from dedup.pipeline.signed import (
    ARRAYS,
    CODEC,
    FRAMES,
    KNOWN,
    MANIFEST,
    TEXT_SIZES,
    TEXTS,
    Part,
    signed_header,
)
from dedup.pipeline.signing import DIGESTS
from dedup.pipeline.stages import Resources
from dedup.sources import ReadOptions
from dedup.sources.files import own_names
from dedup.sources.metadata import joined_metadata
from dedup.sources.options import Source
from dedup.sources.remote import shown
from dedup.sources.rereadable import Files

_STAGE = "signed"
_CHUNK = 1 << 20


def sign_part(
    files: Files,
    out: Path,
    config: Config,
    options: ReadOptions,
    *,
    keep_texts: bool,
    threads: int,
) -> Part:
    """Leave in ``out`` what a scan needs of ``files``; return what is there.

    A folder that the same call has finished is left as it is. Raises ``OutputError`` where another
    one stands there, and ``InputError`` where texts cannot be read again and are not kept.
    """
    if not keep_texts and not files.can_be_read_again:
        raise InputError("an input that can be read only once needs --keep-texts")
    header = {**signed_header(config, options), **_inputs(files, options), "texts": keep_texts}
    if (out / MANIFEST).exists():
        return _finished(Part.at(out), header, once=files.is_read_once)
    work = Work.at(out, header, once=files.is_read_once)
    names = ("sizes", "read_report", "columns", "content")

    def compute() -> tuple[pa.Table, dict[str, Any]]:
        state = fast.State(files, config, Resources(threads, 0, work))
        frames = _Frames(work.spool) if keep_texts else None
        known = joined_metadata(fast.read_all(state, frames))
        sizes = frames.counts() if frames else state.sizes
        digests = work.spool.read(DIGESTS, np.uint64)
        report, columns = files.read_report.as_dict(), files.columns
        named = None if columns is None else dataclasses.asdict(columns)
        return known, dict(zip(names, (sizes, report, named, content_of(digests)), strict=True))

    known, values = work.stage(
        _STAGE,
        compute,
        save=lambda made: Kept(tables={"metadata": made[0]}, values=made[1]),
        load=lambda kept: (kept.tables["metadata"], {name: kept.values[name] for name in names}),
    )
    _finish(out, {**header, **values, "documents": len(known)})
    work.release()
    for name in (UNFINISHED, LOCK):
        (out / name).unlink(missing_ok=True)
    return Part.at(out)


def _inputs(files: Files, options: ReadOptions) -> dict[str, Any]:
    """Return what a manifest says of the inputs."""
    paths = [clean_string(shown(path)) for path in files.paths]
    names = own_names(files.paths, options)
    states = files.states()
    sources = [_stated(each, names, states.get(each.path)) for each in files.sources]
    return {
        "folder": str(Path.cwd()),
        "paths": paths,
        "sources": sources,
        "readable": files.can_be_read_again,
    }


def _stated(source: Source, names: dict[str, str], state: list[Any] | None) -> dict[str, Any]:
    path = clean_string(source.path)
    return {
        "path": path,
        "name": source.name,
        "own_name": names[path],
        "remote": source.url is not None,
        "bytes": state[0] if state else None,
    }


def _finished(part: Part, header: dict[str, Any], *, once: bool) -> Part:
    """Return a part that is whole; raise ``OutputError`` where it is another one.

    Of an input that can be read ``once`` nobody can tell.
    """
    for name, ours in header.items():
        there = part.stated.get(name)
        if ours != there:
            raise OutputError(
                f"{part.folder}: another part was signed here ({name}: {there!r}, "
                f"now {ours!r}); give another folder"
            )
    if once:
        raise OutputError(
            f"{part.folder}: holds a part, of another stdin perhaps; give another folder"
        )
    return part


def _finish(out: Path, stated: dict[str, Any]) -> None:
    """Write the manifest, with the size and a hash of each file."""
    files = {}
    for path in sorted([*(out / ARRAYS).iterdir(), out / KNOWN]):
        with path.open("rb") as read:
            digest = xxh3_128_of(iter(lambda: read.read(_CHUNK), b""))
        files[path.relative_to(out).as_posix()] = [path.stat().st_size, digest]
    with atomic(out / MANIFEST) as file:
        file.write(json_bytes({**stated, "files": files}, pretty=True))


class _Frames:
    """Texts that are carried along: those of a batch in one compressed frame.

    ``FRAMES`` says of each how many documents it has, how long it is, and how long in the file.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __call__(self, texts: Texts) -> None:
        """Keep the texts of a batch."""
        if not len(texts):
            return
        data = texts.data[int(texts.offsets[0]) : int(texts.offsets[-1])]
        packed = pa.compress(pa.py_buffer(np.ascontiguousarray(data)), CODEC)
        self._spool.append(TEXTS, np.frombuffer(packed, np.uint8))
        self._spool.append(TEXT_SIZES, np.diff(texts.offsets))
        self._spool.append(FRAMES, np.array([len(texts), len(data), len(packed)], np.int64))

    def counts(self) -> list[int]:
        """Return the number of documents of each frame."""
        counts: list[int] = self._spool.read(FRAMES, np.int64)[::3].tolist()
        return counts
