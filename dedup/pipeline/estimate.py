"""The expected rows, memory, disk space and candidate pairs of a run, from a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from dedup.config import Config
from dedup.core.arrays import texts_from_arrow
from dedup.core.spool import Spool
from dedup.pipeline.documents import FOLD
from dedup.pipeline.run import mode_of
from dedup.pipeline.signing import Signatures, sign_batch
from dedup.schema import ReadReport
from dedup.similarity.lsh import bands_and_rows, collision_probability
from dedup.sources import ReadOptions, read_batches, source_bytes
from dedup.sources.files import STDIN, find_sources
from dedup.sources.options import Tally

_SAMPLE_DOCUMENTS, _SAMPLE_BYTES = 20_000, 64 << 20
# Measured: benchmarks/README.md.
_BASE = 350 << 20  # bytes the process itself takes, with what is read at a time
_PER_DOCUMENT = 150  # bytes held of a document in fast mode, besides its id
_SPILLED = 90  # bytes spilled of a token when passages or repeats are looked for
_KEPT = 29  # bytes spilled of a document besides its band keys


@dataclass(frozen=True, slots=True)
class Sample:
    """The first documents of the input, and how much of it they are."""

    documents: int
    text_bytes: int
    tokens: int
    id_bytes: int
    read_bytes: int
    is_all: bool
    candidates: int


def estimate(paths: Sequence[str], options: ReadOptions, config: Config) -> dict[str, Any]:
    """Return what a scan would take; reads the first 20,000 documents or 64 MB of text.

    The memory is what it takes to use no disk. Candidate pairs of the whole lie between growth with
    the documents and with their square.
    """
    sample = _sample(paths, options, config)
    rows, exact = _rows(paths, options, sample)
    times = rows / max(sample.documents, 1)
    bands, band_rows = bands_and_rows(config)
    tokens = sample.tokens * times
    disk = rows * (8 * bands + _KEPT) + 8 * tokens * 0.4
    if mode_of(config).name == "fast":
        memory = _BASE + rows * _PER_DOCUMENT + 2 * sample.id_bytes * times
    else:
        text = sample.text_bytes * times
        memory = _BASE + rows * _PER_DOCUMENT + FOLD * text
        disk += 2 * text + _SPILLED * tokens
    return {
        "documents": rows,
        "documents_are_exact": exact,
        "text_bytes": round(sample.text_bytes * times),
        "tokens": round(tokens),
        "memory_bytes": round(memory),
        "disk_bytes": round(disk),
        "sample": sample.documents,
        "candidates_in_sample": sample.candidates,
        "candidates": [round(sample.candidates * times), round(sample.candidates * times**2)],
        "bands": bands,
        "rows": band_rows,
        "expected_recall_at_threshold": collision_probability(config.threshold, bands, band_rows),
        "s_curve": [
            [step / 10, collision_probability(step / 10, bands, band_rows)] for step in range(1, 11)
        ],
    }


def _sample(paths: Sequence[str], options: ReadOptions, config: Config) -> Sample:
    spool, told = Spool(), [0]
    documents = size = ids = 0
    is_all = True

    def tell(count: int) -> None:
        told[0] += count

    for batch in read_batches(paths, options, ReadReport(), batch_bytes=4 << 20, progress=tell):
        texts = texts_from_arrow(batch.column("text"))
        sign_batch(texts, config).into(spool)
        documents += len(batch)
        size += int(texts.offsets[-1] - texts.offsets[0])
        ids += batch.column("doc_id").nbytes
        if documents >= _SAMPLE_DOCUMENTS or size >= _SAMPLE_BYTES:
            is_all = False
            break
    signed = Signatures.of(spool, np.arange(documents))
    among = np.flatnonzero(signed.equal_groups() == np.arange(documents))
    pairs, _ = signed.candidates(among[signed.counts[among] > 0], config)
    tokens = int(signed.counts.sum())
    return Sample(documents, size, tokens, ids, told[0], is_all, len(pairs))


def _rows(paths: Sequence[str], options: ReadOptions, sample: Sample) -> tuple[int, bool]:
    """Return how many rows there are, and whether that is known and not estimated."""
    if sample.is_all:
        return sample.documents, True
    sources = find_sources(paths, options, Tally(ReadReport()))
    if all(each.kind == "parquet" and each.url is None for each in sources):
        return sum(pq.read_metadata(each.path).num_rows for each in sources), True
    size = sum(source_bytes(each) for each in sources if each.path != STDIN)
    share = sample.read_bytes / max(size, 1)
    return round(sample.documents / max(min(share, 1.0), 1e-9)), False
