"""Scans of files and of documents in memory, as the functions and the command line run them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.api.given import Running
from dedup.config import Config
from dedup.core.arrays import texts_from_arrow
from dedup.core.checkpoints import Work
from dedup.core.hashing import content_of, text_digests
from dedup.core.package import version
from dedup.errors import OutputError
from dedup.output.places import check_output
from dedup.pipeline.run import scan_corpus, scan_reader
from dedup.pipeline.signed import MANIFEST, Part, SignedParts
from dedup.pipeline.stages import default_threads
from dedup.result import Result
from dedup.schema import Corpus
from dedup.sources import ReadOptions
from dedup.sources.files import is_live
from dedup.sources.rereadable import Files, Held, Reader


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the documents of a result came from, and what is kept of the run that made it.

    ``folder`` is where the scan was started, which relative ``paths`` start from. ``files`` reads
    the documents again; it is ``None`` for documents in memory.
    """

    paths: tuple[str, ...] = ()
    options: ReadOptions = field(default_factory=ReadOptions)
    folder: str = "."
    files: Reader | None = None
    work: Work | None = None
    kept: Any = None  # a folder that goes with this object

    def release(self) -> None:
        """Let another run take up the work folder."""
        if self.work is not None:
            self.work.release()

    def finish(self) -> None:
        """Empty the work folder, as the result is written; one that another run uses is left."""
        if self.work is not None:
            with suppress(OutputError):
                self.work.clear()


def scan_files(
    paths: Sequence[str],
    options: ReadOptions,
    config: Config,
    running: Running,
    folder: Path | None = None,
) -> tuple[Result, Inputs]:
    """Scan files; texts are read as far as they are wanted, in no more memory than is allowed.

    What can be read only once, such as stdin, is copied into ``folder``, by default the work folder
    or a temporary one.
    """
    temporary = None
    if folder is None and running.work is None and any(map(is_live, paths)):
        temporary = tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True)
        folder = Path(temporary.name)
    place = folder or running.work or Path(tempfile.gettempdir())
    files = Files(paths, options, folder=place, told=running.reading, tell=running.read)
    work = None
    if running.work:
        work = Work.at(running.work, files.header(config), once=files.is_read_once)
    if work is not None and running.opened is not None:
        running.opened(work)
    result = _scan(files, config, running, work)
    return result, Inputs(tuple(paths), options, str(Path.cwd()), files, work, temporary)


def _scan(reader: Reader, config: Config, running: Running, work: Work | None) -> Result:
    return scan_reader(
        reader,
        config,
        threads=running.threads,
        memory=running.memory,
        work=work,
        progress=running.progress,
    )


def scan_signed(
    folders: Sequence[str], new: Sequence[str], config: Config, running: Running
) -> tuple[Result, Inputs]:
    """Scan signed parts as one corpus; of ``new`` ones, where there are any, alone documents go.

    Texts are read as far as they are wanted: those that were kept, or the inputs once more.
    """
    parts = SignedParts(folders, new)
    parts.check(config)
    work = Work.at(running.work, parts.header(config)) if running.work else None
    result = _scan(parts, config, running, work)
    return result, Inputs(tuple(parts.paths), parts.options, str(Path.cwd()), parts, work)


def sign_files(
    paths: Sequence[str],
    out: Path,
    config: Config,
    options: ReadOptions,
    running: Running,
    *,
    keep_texts: bool = False,
) -> Part:
    """Sign files as one part of a corpus, with what is read only once in a temporary folder."""
    from dedup.pipeline.sign import sign_part

    check_output(out, paths, [MANIFEST])
    with tempfile.TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as folder:
        files = Files(paths, options, folder=Path(folder), told=running.reading)
        threads = running.threads or default_threads()
        return sign_part(files, out, config, options, keep_texts=keep_texts, threads=threads)


def scan_documents(corpus: Corpus, config: Config, running: Running) -> tuple[Result, Inputs]:
    """Scan documents in memory; with a bound on memory, or a work folder, what is made goes there.

    A work folder is taken up again by the same documents in the same order.
    """
    if not running.memory and running.work is None:
        result = scan_corpus(corpus, config, threads=running.threads, progress=running.progress)
        return result, Inputs()
    held = Held(corpus.table, corpus.read_report)
    work = Work.at(running.work, _header(corpus, config)) if running.work else None
    result = _scan(held, config, running, work)
    documents = held.corpus(result.corpus.table)
    return replace(result, corpus=replace(documents, rows=corpus.rows)), Inputs(work=work)


def _header(corpus: Corpus, config: Config) -> dict[str, Any]:
    """Return what tells a run over documents in memory from others."""
    return {
        "version": version(),
        "setting": config.as_dict(),
        "input": {name: _hash(corpus.table[name]) for name in ("doc_id", "text", "date", "site")},
    }


def _hash(column: pa.ChunkedArray) -> str:
    chunks = column.cast(pa.large_string()).chunks
    digests = [text_digests(texts_from_arrow(each)) for each in chunks]
    return content_of(np.concatenate([np.zeros(0, np.uint64), *digests]))
