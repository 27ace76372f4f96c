"""Fast mode: copies of whole documents in a corpus of any size, which is read once or twice.

Texts are held while they fit into the memory allowed; a larger corpus is read again from where it
came. Band keys and shingles go to files when they outgrow their share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np
import pyarrow as pa

from dedup.clusters.canonical import CanonicalOrder, choose_representatives, ranks
from dedup.clusters.compilations import unsure_parts
from dedup.clusters.joining import addressed, cluster_documents
from dedup.clusters.standing import Standing, decide
from dedup.clusters.stars import Clusters
from dedup.config import Config
from dedup.core.allocator import trim
from dedup.core.arrays import Bool, Int64, Texts, distinct, one_array, texts_from_arrow
from dedup.core.checkpoints import Kept
from dedup.core.hashing import content_of
from dedup.core.parallel import in_order
from dedup.core.spool import Spool
from dedup.pipeline.results import (
    address_column,
    complete,
    documents_table,
    losses_table,
    pairs_table,
)
from dedup.pipeline.signed import SignedParts
from dedup.pipeline.signing import (
    DIGESTS,
    SHINGLES,
    SIZES,
    Signatures,
    Signed,
    Wanted,
    shingle_columns,
    shingle_some,
    sign_batch,
)
from dedup.pipeline.stages import Mode, Resources, Stage
from dedup.pipeline.verifying import Verifier
from dedup.pipeline.wording import TEXT_SIZES, TEXTS, BatchWords, KeptWords, judged
from dedup.result import Result
from dedup.schema import ANNOTATIONS, METADATA, PASSAGES, REMOVALS, REPEATS, Corpus, ReadReport
from dedup.similarity.addresses import Addresses, find_addresses, relate_addresses
from dedup.similarity.differences import Differences, Judge, Source, superseded
from dedup.similarity.relations import Pairs, with_equals
from dedup.sources import Piece
from dedup.sources.metadata import in_order_of_id, metadata_of
from dedup.sources.rereadable import Held, Reader

Part = TypeVar("Part")

_HELD_SHARE = 0.4  # of the memory, for the texts of all documents
_HELD_MOST = 2 << 30  # bytes of texts that are cheap to read again, where no memory was given
_SPOOL_SHARE = 0.15  # for keys, and the shingles of candidates
_LEAST = 350 << 20  # bytes that a run takes with all shingles in files
_COMMIT_BYTES = 256 << 20  # of shingles, after which an interrupted run loses no more than that


@dataclass(slots=True)
class Reading:
    """What the first reading leaves of a piece."""

    metadata: list[pa.Table]
    signed: list[Signed]
    counts: bool  # False for a piece behind what could not be read


def sign_all(
    pieces: Iterable[Piece], config: Config, *, begun: int, threads: int
) -> Iterator[Reading]:
    """Read all pieces for the first time, some at once; yield what each leaves, in order.

    The first ``begun`` are signed already; of those only the metadata is wanted.
    """

    def read(task: tuple[int, Piece]) -> tuple[Piece, Reading]:
        number, piece = task
        reading = Reading([], [], True)
        for batch in piece.batches():
            reading.metadata.append(metadata_of(batch))
            if number >= begun:
                texts = texts_from_arrow(batch.column("text"))
                reading.signed.append(sign_batch(texts, config))
        return piece, reading

    for piece, reading in in_order(read, enumerate(pieces), threads):
        reading.counts = piece.settle()
        yield reading


def shingle_all(
    tasks: Iterable[tuple[Part, Int64]],
    make: Callable[[Part, Int64], list[Wanted]],
    spool: Spool,
    *,
    threads: int,
) -> None:
    """Make the distinct shingles of some rows (ascending) of each part, and keep them in order.

    So are the texts that come with them: what differs between two of them may be looked at.
    """
    for made in in_order(lambda task: make(*task), tasks, threads):
        for shingles, texts in made:
            spool.append(SHINGLES, shingles.values)
            spool.append(SIZES, np.diff(shingles.offsets))
            if texts is not None:
                spool.append(TEXTS, texts.data)
                spool.append(TEXT_SIZES, np.diff(texts.offsets))


@dataclass(slots=True)
class State:
    """What the stages of one run hand on to each other, in the order in which it comes to be.

    ``sizes`` are the numbers of documents of the pieces, ``content`` is a hash of all texts,
    ``text_bytes`` how long they are together (0 where they were not read by this run).
    ``held`` are the texts of all pieces, in batches, as long as they fit into memory. ``order``
    says of each document how many were read before it. ``established`` tells which documents stay
    whatever is like them, where only others are to be removed.
    """

    reader: Reader
    config: Config
    resources: Resources
    sizes: list[int] = field(default_factory=list)
    content: str = ""
    text_bytes: int = 0
    held: list[list[Texts]] | None = None
    established: Bool | None = None
    metadata: pa.Table = field(init=False)
    order: Int64 = field(init=False)
    signed: Signatures = field(init=False)
    ranking: CanonicalOrder = field(init=False)
    representatives: Int64 = field(init=False)
    candidates: Int64 = field(init=False)
    oversized: int = field(init=False)
    addresses: Addresses = field(init=False)
    same_url: Int64 = field(init=False)
    pairs: Pairs = field(init=False)
    judge: Judge = field(init=False)
    differences: Differences = field(init=False)
    clusters: Clusters = field(init=False)
    result: Result = field(init=False)


def _hold_corpus(corpus: Corpus, config: Config, resources: Resources) -> State:
    return State(Held(corpus.table, corpus.read_report, corpus.rows), config, resources)


def _spooled(memory: int, default: bool) -> int:
    return int(memory * _SPOOL_SHARE)


def _sign(state: State) -> None:
    """Read everything; leave metadata in order of id, signatures, and what orders documents."""
    names = ("sizes", "content")

    def compute() -> tuple[pa.Table, Int64]:
        return _in_order(state, _first_reading(state))

    def save(read: tuple[pa.Table, Int64]) -> Kept:
        metadata, order = read
        values = {name: getattr(state, name) for name in names}
        report = state.reader.read_report.as_dict()
        return Kept({"order": order}, {"metadata": metadata}, {"read_report": report, **values})

    def load(kept: Kept) -> tuple[pa.Table, Int64]:
        state.reader.take_up(ReadReport.from_dict(kept.values["read_report"]))
        state.sizes, state.content = (kept.values[name] for name in names)
        return kept.tables["metadata"], kept.arrays["order"]

    work = state.resources.work
    state.metadata, state.order = work.stage("signatures", compute, save=save, load=load)
    state.signed = Signatures.of(work.spool, state.order)
    reader = state.reader
    if isinstance(reader, SignedParts):
        state.established = reader.established(state.order)
    state.ranking = CanonicalOrder(
        truncated=state.signed.cut,
        boilerplate=np.broadcast_to(0.0, len(state.metadata)),
        lengths=state.signed.counts,
        dates=ranks(state.metadata["date"]),
        priorities=ranks(state.metadata["priority"], numeric=True),
        superseded=np.broadcast_to(False, len(state.metadata)),
        established=state.established,
    )


def _first_reading(state: State) -> list[pa.Table]:
    """Read everything, or take what was signed before."""
    reader = state.reader
    if not isinstance(reader, SignedParts):
        return read_all(state)
    state.sizes = reader.sizes()
    return reader.load(state.resources.work.spool, state.config)


def read_all(state: State, keep_texts: Callable[[Texts], None] | None = None) -> list[pa.Table]:
    """Read everything for the first time, or go on where an earlier run stopped.

    Return what is known of the documents; signatures go to the spool, and each batch of texts to
    ``keep_texts``.
    """
    reader, resources = state.reader, state.resources
    work, begun = resources.work, resources.work.begun
    capacity = 0 if begun else int(resources.memory * _HELD_SHARE)
    if reader.is_cheap and resources.default:
        capacity = min(capacity, _HELD_MOST)
    held: list[list[Texts]] = []
    parts: list[pa.Table] = []
    since = 0
    readings = sign_all(reader.pieces(), state.config, begun=begun, threads=resources.threads)
    for number, reading in enumerate(readings, 1):
        signed = reading.signed if reading.counts else []
        metadata = reading.metadata if reading.counts else []
        parts += metadata
        state.sizes.append(sum(map(len, metadata)))
        for batch in signed:
            batch.into(work.spool)
            if keep_texts is not None:
                keep_texts(batch.texts)
            since += 8 * int(batch.counts.sum())
            capacity -= batch.text_bytes
            state.text_bytes += batch.text_bytes
        held.append([batch.texts for batch in signed])
        if capacity <= 0:
            held.clear()
        if since > _COMMIT_BYTES:
            work.commit(number)
            since = 0
    state.held = held if capacity > 0 else None
    return parts


def _in_order(state: State, parts: list[pa.Table]) -> tuple[pa.Table, Int64]:
    """Return the metadata in order of unique ids, and how many were read before each."""
    if not parts:
        return METADATA.empty_table(), np.zeros(0, np.int64)
    digests = state.resources.work.spool.take(DIGESTS, np.uint64)
    metadata, order = in_order_of_id(parts, digests, state.reader.read_report)
    state.content = content_of(digests[order])
    pa.default_memory_pool().release_unused()
    trim()
    return metadata, order


def _find_candidates(state: State) -> None:
    """Choose the representative of each group of equal documents; pair those in one bucket."""
    signed, config = state.signed, state.config

    def compute() -> tuple[Int64, Int64, int]:
        representatives = choose_representatives(signed.equal_groups(), state.ranking, config)
        rows = np.arange(len(representatives))
        among = np.flatnonzero((representatives == rows) & (signed.counts > 0))
        return representatives, *signed.candidates(among, config)

    def save(found: tuple[Int64, Int64, int]) -> Kept:
        arrays = {"representatives": found[0], "pairs": found[1]}
        return Kept(arrays, values={"oversized": int(found[2])})

    def load(kept: Kept) -> tuple[Int64, Int64, int]:
        return (
            *(kept.arrays[name] for name in ("representatives", "pairs")),
            *kept.values.values(),
        )

    state.representatives, state.candidates, state.oversized = state.resources.work.stage(
        "candidates", compute, save=save, load=load
    )
    state.addresses = find_addresses(state.metadata, state.representatives, signed.counts, config)
    if len(state.addresses.pairs):
        both = np.concatenate([state.candidates, state.addresses.pairs])
        state.candidates = np.unique(both, axis=0)
    if state.established is not None:
        comes = ~state.established
        of_new = np.flatnonzero(comes[state.addresses.pairs].any(axis=1))
        state.addresses = state.addresses.some(of_new)
        state.candidates = state.candidates[comes[state.candidates].any(axis=1)]


def _shingle_candidates(state: State) -> None:
    """Put the distinct shingles of all documents that are in a candidate pair into the spool."""
    work = state.resources.work

    def compute() -> None:
        documents = distinct(state.candidates)
        most = np.maximum(state.signed.counts[documents] - state.config.shingle_size + 1, 1)
        work.spool.reserve(SHINGLES, int(most.sum()), np.uint64)
        stay = state.held is not None and state.resources.default and not work.is_kept
        if not stay and state.text_bytes and not work.begun:
            work.spool.reserve(TEXTS, state.text_bytes, np.uint8)
        if len(documents):
            _shingle(state, np.sort(state.signed.order[documents]), with_texts=not stay)
        if not stay:
            state.held = None

    work.stage("shingles", compute, save=lambda none: Kept(), load=lambda kept: None)


def _shingle(state: State, wanted: Int64, *, with_texts: bool) -> None:
    """Make the shingles of some rows, from the texts that are held or are read again."""
    spool, threads = state.resources.work.spool, state.resources.threads
    if state.held is not None:
        some = partial(shingle_some, config=state.config, with_texts=with_texts)
        shingle_all(_wanted(state.held, state.sizes, wanted), some, spool, threads=threads)
        return

    def make(piece: Piece, rows: Int64) -> list[Wanted]:
        return shingle_columns(piece.texts(), rows, state.config)

    reader = state.reader
    every = reader.pieces_with(wanted) if isinstance(reader, SignedParts) else reader.pieces()
    pieces = _wanted(every, state.sizes, wanted)
    shingle_all(pieces, make, spool, threads=threads)


def _wanted(
    parts: Iterable[Part], sizes: Iterable[int], wanted: Int64
) -> Iterator[tuple[Part, Int64]]:
    """Yield the parts in which some of the wanted rows are, and those rows."""
    start = 0
    for part, size in zip(parts, sizes, strict=True):
        low, high = np.searchsorted(wanted, (start, start + size))
        if low < high:
            yield part, wanted[low:high] - start
        start += size


def _verifier(state: State) -> Verifier:
    wanted = np.sort(state.signed.order[distinct(state.candidates)])
    return Verifier.of(state.resources.work.spool, wanted, state.signed.order)


def _verify(state: State) -> None:
    """Compare the sets of all candidates exactly."""
    signed, resources, verifier = state.signed, state.resources, _verifier(state)
    names = Pairs.__dataclass_fields__

    def compute() -> Pairs:
        given = (state.candidates, signed.counts, state.config)
        return verifier.confirm(*given, threads=resources.threads)

    pairs = resources.work.stage(
        "pairs",
        compute,
        save=lambda pairs: Kept({name: getattr(pairs, name) for name in names}),
        load=lambda kept: Pairs(**{name: kept.arrays[name] for name in names}),
    )
    pairs, state.same_url = relate_addresses(pairs, state.addresses, verifier.compare)
    state.pairs = with_equals(pairs, state.representatives, signed.counts)


def _find_differences(state: State) -> None:
    """Look at what differs in each pair on which a removal may rest, by the texts."""
    signed, resources = state.signed, state.resources
    if state.held is not None:
        batches = [texts for piece in state.held for texts in piece]
        source: Source = BatchWords.of(batches, signed.order)
    else:
        wanted = np.sort(signed.order[distinct(state.candidates)])
        source = KeptWords.of(resources.work.spool, wanted, signed.order)
    dates = state.ranking.dates
    state.judge = Judge(
        *(source, signed.counts, dates, state.config, resources.threads), same_url=state.same_url
    )
    state.differences = judged(resources.work, state.pairs, state.judge)
    given = superseded(state.pairs, state.differences, dates, state.config)
    state.ranking = replace(state.ranking, superseded=given)


def _cluster(state: State) -> None:
    verifier, before = _verifier(state), state.pairs
    state.clusters, state.pairs = cluster_documents(
        *(state.pairs, state.ranking, state.representatives, state.config, verifier.reader()),
        addressed=addressed(state.metadata["doc_id"]),
    )
    state.differences = state.judge.again(
        state.pairs, before, state.differences, state.clusters.leaders
    )
    standing = decide(
        *(state.pairs, state.clusters, state.representatives, state.signed.counts, state.config),
        stays=state.differences.stays | unsure_parts(state.pairs, state.metadata["doc_id"]),
    )
    if state.established is not None:
        standing = standing.keeping(state.established)
    del state.ranking, state.signed, verifier
    trim()
    state.result = _result(state, standing)


def _result(state: State, standing: Standing) -> Result:
    metadata = state.metadata
    ids = one_array(metadata["doc_id"])
    judged_pairs = state.pairs, state.differences
    documents = documents_table(
        *(metadata, judged_pairs, state.clusters, state.representatives, standing),
        {"same_url": address_column(metadata["doc_id"], state.addresses.groups)},
    )
    corpus = replace(state.reader.corpus(metadata), order=state.order, content=state.content)
    result = Result(
        config=state.config,
        tables={
            "documents": documents,
            "pairs": pairs_table(*judged_pairs, ids),
            "passages": PASSAGES.empty_table(),
            "repeats": REPEATS.empty_table(),
            "losses": losses_table(
                *(documents, judged_pairs, state.representatives, standing, state.judge)
            ),
        },
        corpus=corpus,
        removals=REMOVALS.empty_table(),
        annotations=ANNOTATIONS.empty_table(),
        review=pa.array(np.zeros(len(metadata), np.bool_)),
        summary={},
    )
    if state.established is not None:
        result.summary["established"] = int(np.count_nonzero(state.established))
    left_out = state.addresses.left_out
    limits = Counter(oversized_buckets=state.oversized, addresses_of_too_many_texts=left_out)
    complete(result, state.pairs, state.clusters, limits)
    return result


MODE = Mode(
    "fast",
    (
        Stage("signatures", _sign),
        Stage("candidates", _find_candidates),
        Stage("shingles", _shingle_candidates),
        Stage("pairs", _verify),
        Stage("differences", _find_differences),
        Stage("clusters", _cluster),
    ),
    read=State,
    hold=_hold_corpus,
    spooled=_spooled,
    least=_LEAST,
)
