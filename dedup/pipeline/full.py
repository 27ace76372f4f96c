"""Full mode: copies, passages, repeats and boilerplate, with all tokens at hand.

Documents are sorted by id first, so that every tie is broken the same way for any order of the
input. What takes space for every token lies in columns, in memory or in files; each stage goes
over them part by part. Nothing here opens a file or prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from dedup.cleaning.find import Removals, find_removals
from dedup.clusters.canonical import CanonicalOrder, choose_representatives, ranks
from dedup.clusters.compilations import unsure_parts
from dedup.clusters.joining import addressed, cluster_documents
from dedup.clusters.one_text import PageFinder
from dedup.clusters.running import kept_running
from dedup.clusters.standing import Standing, decide
from dedup.clusters.stars import Clusters, stars
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, column_codes, distinct
from dedup.core.checkpoints import Kept
from dedup.core.dates import days_of
from dedup.core.parallel import at_once
from dedup.passages.families import (
    Equals,
    Families,
    Shared,
    Sources,
    describe,
    families_summary,
    find_families,
    find_owners,
)
from dedup.passages.find import Passages, find_passages, no_passages
from dedup.passages.neighbours import join_neighbours
from dedup.pipeline.candidates import SAME_TEXT, Copies, find_copies
from dedup.pipeline.discount import LeftSets, left_sets
from dedup.pipeline.documents import LEAST, Documents, gather, hold, text_budget
from dedup.pipeline.results import (
    address_column,
    complete,
    documents_table,
    losses_table,
    pairs_table,
    passages_table,
    repeats_table,
    templates_summary,
)
from dedup.pipeline.stages import Mode, Resources, Stage
from dedup.pipeline.wording import HeldWords, judged
from dedup.result import Result
from dedup.schema import Corpus
from dedup.similarity.addresses import Addresses, find_addresses, relate_addresses
from dedup.similarity.differences import Differences, Judge, superseded
from dedup.similarity.misread import Misread, find_misread, none_misread
from dedup.similarity.relations import Pairs, confirm_pairs, with_equals
from dedup.similarity.telling import telling_passages
from dedup.sources.rereadable import Reader
from dedup.stories.find import Found, find_stories
from dedup.stories.tables import Tables, story_tables
from dedup.stories.vectors import source_of
from dedup.text.tokens import Tokens, read_tokens, tokenise_texts

MOST_ALIKE = 16  # near copies of one document that take part where passages are sought


@dataclass(slots=True)
class State:
    """What the stages of one run hand on to each other, in the order in which it comes to be.

    ``compares`` is set for a pair that is compared whatever it shares. ``representatives`` names
    for each document the one that stands for it and its equals; ``apart`` tells which have no text
    and are copies of nothing. ``limits`` counts what was left out where there was too much.
    """

    documents: Documents
    config: Config
    resources: Resources
    compares: bool = False
    limits: Counter[str] = field(default_factory=Counter)
    tokens: Tokens = field(init=False)
    copies: Copies = field(init=False)
    representatives: Int64 = field(init=False)
    removals: Removals = field(init=False)
    apart: Bool = field(init=False)
    ranking: CanonicalOrder = field(init=False)
    passages: Passages = field(init=False)
    misread: Misread = field(init=False)
    addresses: Addresses = field(init=False)
    sets: LeftSets = field(init=False)
    same_url: Int64 = field(init=False)
    pairs: Pairs = field(init=False)
    judge: Judge = field(init=False)
    differences: Differences = field(init=False)
    clusters: Clusters = field(init=False)
    families: Families = field(init=False)
    stories: Tables | None = None
    family_tables: dict[str, pa.Table] = field(default_factory=dict)
    result: Result = field(init=False)


def _read_corpus(reader: Reader, config: Config, resources: Resources) -> State:
    return State(gather(reader, resources), config, resources)


def hold_corpus(corpus: Corpus, config: Config, resources: Resources) -> State:
    """Begin with the documents of a corpus in memory."""
    return State(hold(corpus), config, resources)


def _find_tokens(state: State) -> None:
    documents = state.documents
    state.tokens = state.resources.work.stage(
        "tokens",
        lambda: tokenise_texts(
            documents.texts, threads=state.resources.threads, columns=documents.columns
        ),
        save=lambda tokens: Kept({"bounds": tokens.bounds}),
        load=lambda kept: read_tokens(kept.arrays["bounds"], documents.columns),
    )


def _find_candidates(state: State) -> None:
    documents, resources = state.documents, state.resources
    lsh = "duplicates" in state.config.find and not state.compares
    state.copies = resources.work.stage(
        "candidates",
        lambda: find_copies(
            *(documents, state.tokens, state.config, resources.work.spool),
            threads=resources.threads,
            lsh=lsh,
        ),
        save=Copies.kept,
        load=lambda kept: Copies.of_kept(kept, documents.columns, resources.threads),
    )
    state.representatives = state.copies.first
    state.limits["oversized_buckets"] = state.copies.oversized


def _find_removals(state: State) -> None:
    """Find repeats and boilerplate; then choose the canonical of each group of equal documents."""
    documents = state.documents
    state.removals = state.resources.work.stage(
        "removals",
        lambda: find_removals(
            documents.texts,
            state.tokens,
            state.config,
            sites=column_codes(documents.metadata["site"])[0].astype(np.int64),
            groups=state.copies.components,
            columns=documents.columns,
            threads=state.resources.threads,
        ),
        save=Removals.kept,
        load=lambda kept: Removals.of_kept(kept, documents.columns),
    )
    _set_apart(state)
    state.ranking = _canonical_order(state)
    _choose_representatives(state)


def _set_apart(state: State) -> None:
    """Let documents without text stand for themselves: they are copies of nothing."""
    count = len(state.representatives)
    if state.compares or not state.removals.no_text.any():
        state.apart = np.zeros(count, np.bool_)
        return
    # Of equal documents the line breaks may differ, and so what is told of them.
    every = np.ones(count, np.bool_)
    np.logical_and.at(every, state.representatives, state.removals.no_text)
    state.apart = every[state.representatives]
    state.representatives = np.where(state.apart, np.arange(count), state.representatives)
    candidates = state.copies.candidates
    some = ~state.apart[candidates].any(axis=1)
    jaccard = state.copies.jaccard[some]
    state.copies = replace(state.copies, candidates=candidates[some], jaccard=jaccard)


def _canonical_order(state: State) -> CanonicalOrder:
    counts, removals = state.tokens.counts(), state.removals
    metadata = state.documents.metadata
    return CanonicalOrder(
        truncated=removals.truncated,
        boilerplate=removals.gone / np.maximum(counts, 1),
        lengths=counts - removals.gone,
        dates=ranks(metadata["date"]),
        priorities=ranks(metadata["priority"], numeric=True),
        superseded=np.broadcast_to(False, len(metadata)),
    )


def _choose_representatives(state: State) -> None:
    """Make the canonical of each group of equal documents its representative, in candidates too."""
    chosen = choose_representatives(state.representatives, state.ranking, state.config)
    moved = np.arange(len(chosen))
    moved[state.representatives] = chosen
    state.representatives = chosen
    candidates = np.sort(moved[state.copies.candidates], axis=1)
    if not np.array_equal(candidates, state.copies.candidates):
        state.copies = replace(state.copies, candidates=candidates)


def _find_passages(state: State) -> None:
    if "passages" not in state.config.find:
        state.passages = no_passages()
        return
    included = state.representatives == np.arange(len(state.representatives))
    included &= ~state.apart
    if not state.compares:
        included &= _among_near_copies(state)
    state.passages = state.resources.work.stage(
        "passages",
        lambda: join_neighbours(
            find_passages(
                *(state.tokens, state.removals.words, state.config),
                included=included,
                threads=state.resources.threads,
                columns=state.documents.columns,
            ),
            state.tokens,
        ),
        save=Passages.kept,
        load=Passages.of_kept,
    )
    state.limits.update(state.passages.cut)


def _find_misread(state: State) -> None:
    """Find copies among texts that a machine misread, where both copies and passages are sought."""
    if not {"duplicates", "passages"} <= set(state.config.find) or state.compares:
        state.misread = none_misread()
        return
    included = state.representatives == np.arange(len(state.representatives))
    included &= ~state.apart
    state.misread = state.resources.work.stage(
        "misread",
        lambda: find_misread(
            state.documents.texts, state.tokens, included, state.documents.columns
        ),
        save=Misread.kept,
        load=Misread.of_kept,
    )
    if state.misread.left_out:
        state.limits["misread_texts_too_long"] = state.misread.left_out


def _among_near_copies(state: State) -> Bool:
    """Tell which documents take part where passages are sought.

    Of many near copies of one document only the first in canonical order do: more of them would
    crowd the others out of their seeds.
    """
    pairs = state.copies.candidates[state.copies.jaccard >= SAME_TEXT]
    rows = distinct(pairs)
    order = state.ranking.take(rows).keys(state.config.canonical, np.zeros(len(rows)))
    leaders = stars(np.searchsorted(rows, pairs), order)
    by_leader = order[np.argsort(leaders[order], kind="stable")]
    sizes = np.bincount(leaders, minlength=len(rows))
    first = np.cumsum(sizes) - sizes
    position = np.arange(len(rows)) - first[leaders[by_leader]]
    takes_part: Bool = np.ones(len(state.representatives), np.bool_)
    takes_part[rows[by_leader[position >= MOST_ALIKE]]] = False
    state.limits["near_copies_left_out_of_passages"] = int(np.count_nonzero(~takes_part))
    return takes_part


def _relate_pairs(state: State) -> None:
    candidates = state.copies.candidates
    counts = state.tokens.counts()
    state.addresses = find_addresses(
        state.documents.metadata, state.representatives, counts * ~state.apart, state.config
    )
    candidates = np.concatenate([candidates, state.addresses.pairs])
    if state.compares and len(state.documents) > 1:
        candidates = np.array([[0, 1]], np.int64)
    shared = state.passages.pairs[:, :2]
    compared = distinct(np.concatenate([candidates, state.misread.pairs, shared]))
    state.sets = left_sets(
        *(state.copies.sets, state.tokens, state.removals.rows, compared, state.config)
    )
    pairs = confirm_pairs(
        *(candidates, state.sets.compare, state.passages),
        *(counts - state.removals.gone, state.config),
        telling=telling_passages(state.passages, state.tokens, state.removals.annotations),
        keep_all=state.compares,
        misread=state.misread,
    )
    pairs, state.same_url = relate_addresses(pairs, state.addresses, state.sets.compare)
    if state.addresses.left_out:
        state.limits["addresses_of_too_many_texts"] = state.addresses.left_out
    state.pairs = with_equals(pairs, state.representatives, counts)


def _find_differences(state: State) -> None:
    """Look at what differs in each pair on which a removal may rest."""
    documents, removals = state.documents, state.removals
    state.judge = Judge(
        HeldWords(documents.texts, state.tokens, removals.rows),
        *(state.tokens.counts() - removals.gone, state.ranking.dates),
        config=state.config,
        threads=state.resources.threads,
        misread=state.misread.pairs,
        same_url=state.same_url,
    )
    state.differences = judged(state.resources.work, state.pairs, state.judge)
    given = superseded(state.pairs, state.differences, state.ranking.dates, state.config)
    state.ranking = replace(state.ranking, superseded=given)


def _is_more_than_copies(state: State) -> bool:
    """Tell whether more is looked for than in fast mode, which holds no texts.

    Only then pages, running text and templates are told.
    """
    return state.config.find != ("duplicates",)


def _tells_boilerplate(config: Config) -> bool:
    return "repeats" in config.find and config.boilerplate


def _cluster(state: State) -> None:
    count = len(state.representatives)
    if "duplicates" in state.config.find:
        ids = state.documents.metadata["doc_id"]
        before, pages = state.pairs, PageFinder(state.documents.texts, ids)
        state.clusters, state.pairs = cluster_documents(
            *(state.pairs, state.ranking, state.representatives, state.config),
            state.sets.reader(),
            addressed=addressed(ids),
            is_one_text=pages.is_one_text if _is_more_than_copies(state) else None,
        )
        state.differences = state.judge.again(
            state.pairs, before, state.differences, state.clusters.leaders
        )
    else:
        state.clusters = Clusters(np.arange(count, dtype=np.int64), np.full(count, -1, np.int64))


def _find_families(state: State) -> None:
    """Find each passage with all its occurrences, where passages are sought."""
    if "passages" not in state.config.find or state.compares:
        return
    ranks = np.empty(len(state.documents), np.int64)
    order = state.ranking.keys(state.config.canonical, np.zeros(len(ranks)))
    ranks[order] = np.arange(len(ranks))
    included = state.representatives == np.arange(len(ranks))
    shared = Shared(state.passages, state.removals.rows, ranks, included)
    state.families = state.resources.work.stage(
        "families",
        lambda: find_families(
            *(shared, state.tokens, state.removals.words),
            size=state.config.passage_size,
            threads=state.resources.threads,
        ),
        save=Families.kept,
        load=Families.of_kept,
    )
    state.limits.update(state.families.cut)


def _families_tables(state: State) -> dict[str, pa.Table]:
    """Return the tables of families, where there are any of them."""
    if "passages" not in state.config.find or state.compares:
        return {}
    metadata, config = state.documents.metadata, state.config
    pairs = np.column_stack([state.pairs.a, state.pairs.b, state.pairs.matched])
    sources = Sources(
        tokens=state.tokens,
        words=state.removals.words,
        owners=find_owners(metadata["site"], config.owner_of, state.families),
        dates=metadata["date"],
        representatives=state.representatives,
        equals=Equals.of(state.representatives),
        leaders=state.clusters.leaders,
        pairs=pairs,
        text_of=state.documents.texts.text,
    )
    cut: dict[str, int] = {}
    ids = metadata["doc_id"].combine_chunks()
    tables = describe(state.families, sources, ids, cut)
    state.limits.update(cut)
    return dict(tables)


def _find_stories(state: State) -> None:
    """Find stories, and make the tables of families meanwhile.

    Stories are the work of kernels, families are described in Python.
    """
    _, state.family_tables = at_once(
        lambda: _relate_stories(state),
        lambda: _families_tables(state),
        threads=state.documents.columns.side_by_side(state.resources.threads),
    )


def _relate_stories(state: State) -> None:
    """Find stories among the documents that stand for their clusters; copies go with theirs."""
    if "stories" not in state.config.find or state.compares:
        return
    documents, leaders = state.documents, state.clusters.leaders
    days = days_of(documents.metadata["date"])
    found = state.resources.work.stage(
        "stories",
        lambda: find_stories(
            *(documents.texts, source_of(state.tokens, state.removals.words), state.config),
            documents=np.flatnonzero(leaders == np.arange(len(leaders))),
            days=days,
            threads=state.resources.threads,
        ),
        save=Found.kept,
        load=Found.of_kept,
    )
    state.limits.update(found.limits)
    state.stories = story_tables(found, documents.metadata, days, leaders, state.pairs)


def _finish(state: State) -> None:
    state.result = _result(state)


def _standing(state: State) -> Standing:
    """Decide which documents stay and which one each of the others goes for."""
    running = None
    if _is_more_than_copies(state):
        running = kept_running(
            *(state.pairs, state.clusters, state.documents.texts, state.tokens),
            *(state.removals.rows, state.config),
        )
    stays = state.differences.stays
    if "passages" not in state.config.find:
        ids = state.documents.metadata["doc_id"].combine_chunks()
        stays = stays | unsure_parts(state.pairs, ids)
    return decide(
        *(state.pairs, state.clusters, state.representatives, state.ranking.lengths),
        *(state.config, running),
        stays=stays,
    )


def _tables(state: State) -> dict[str, pa.Table]:
    metadata, removals, stories = state.documents.metadata, state.removals, state.stories
    ids, standing = metadata["doc_id"].combine_chunks(), _standing(state)
    judged_pairs = state.pairs, state.differences
    documents = documents_table(
        *(metadata, judged_pairs, state.clusters, state.representatives, standing),
        {
            "story": stories.story if stories else None,
            "same_url": address_column(metadata["doc_id"], state.addresses.groups),
            "no_text": pa.array(state.apart) if _tells_boilerplate(state.config) else None,
        },
    )
    tables = {
        "documents": documents,
        "pairs": pairs_table(*judged_pairs, ids),
        "passages": passages_table(state.passages, state.tokens, ids),
        "repeats": repeats_table(removals.rows, ids),
        "losses": losses_table(
            *(documents, judged_pairs, state.representatives, standing, state.judge)
        ),
        **state.family_tables,
    }
    if stories:
        tables.update(stories=stories.stories, story_members=stories.members)
    return tables


def _result(state: State) -> Result:
    metadata, removals = state.documents.metadata, state.removals
    result = Result(
        config=state.config,
        tables=_tables(state),
        corpus=state.documents.corpus,
        removals=removals.rows,
        annotations=removals.annotations,
        review=pa.array(removals.review),
        summary={},
    )
    if state.stories:
        result.summary["stories"] = state.stories.summary
    if _is_more_than_copies(state):
        result.summary["templates"] = templates_summary(removals, metadata, state.tokens)
    if "families" in result.tables:
        result.summary["families"] = families_summary(
            result.tables["families"], result.tables["copying"]
        )
    complete(result, state.pairs, state.clusters, state.limits)
    return result


def _stage(name: str, run: Callable[[State], None]) -> Stage[State]:
    """Return a stage during which memory is given back in time."""

    def watched(state: State) -> None:
        with state.documents.columns.watched():
            run(state)

    return Stage(name, watched)


MODE = Mode(
    "full",
    (
        _stage("tokens", _find_tokens),
        _stage("candidates", _find_candidates),
        _stage("boilerplate and repeats", _find_removals),
        _stage("passages", _find_passages),
        _stage("misread texts", _find_misread),
        _stage("pairs", _relate_pairs),
        _stage("differences", _find_differences),
        _stage("clusters", _cluster),
        _stage("families", _find_families),
        _stage("stories", _find_stories),
        _stage("tables", _finish),
    ),
    read=_read_corpus,
    hold=hold_corpus,
    spooled=text_budget,
    least=LEAST,
)
