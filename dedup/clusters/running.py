"""How much of the running text of a page stands in the copy that is kept instead of it.

A page as a whole holds an article and much besides. It may give way to a clean copy when what is
left of it, menus and lists apart, stands in that copy. Running text are lines of ten tokens or
more, a fifth of them stop words, and lines of a wrapped paragraph; what cleaning removes is none.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dedup.clusters.stars import Clusters
from dedup.config import Config
from dedup.core.arrays import (
    Bool,
    Float64,
    Int64,
    Texts,
    offsets_of,
    runs_of_rows,
    texts_from_strings,
)
from dedup.kernels import running as kernel
from dedup.kernels.lines import Stretches, mask_tokens
from dedup.similarity.relations import Pairs
from dedup.text.lines import fragments, line_table
from dedup.text.stopwords import STOP, classify
from dedup.text.tokens import Tokens, tokenise_texts

_LEAST_TOKENS = 10  # of a line of running text …
_STOP_WORDS = 0.2  # … of which so many are stop words, where their language is known
_RUN_BYTES = 4 << 20  # of texts that are looked at at a time


def running_tokens(texts: Texts, tokens: Tokens, removed: Bool) -> Bool:
    r"""Tell which tokens stand in running text and are not ``removed``.

    >>> texts = texts_from_strings(["Home\nIt was the first of the boats to come to port again."])
    >>> tokens = tokenise_texts(texts)
    >>> running_tokens(texts, tokens, np.zeros(13, np.bool_)).astype(int).tolist()
    [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    lines = line_table(texts, tokens)
    words = classify(tokens)
    stops = offsets_of((words.classes == STOP).astype(np.int64))
    share = (stops[lines.highs] - stops[lines.lows]) / np.maximum(lines.words, 1)
    is_known = words.languages[lines.docs] >= 0
    is_text = (lines.words >= _LEAST_TOKENS) & ((share >= _STOP_WORDS) | ~is_known)
    is_text |= fragments(lines, tokens)
    # Every token is in one line.
    changes = np.zeros(len(tokens.hashes) + 1, np.int64)
    np.add.at(changes, lines.lows[is_text], 1)
    np.add.at(changes, lines.highs[is_text], -1)
    running: Bool = (np.cumsum(changes[:-1]) > 0) & ~removed
    return running


def kept_running(
    pairs: Pairs,
    clusters: Clusters,
    texts: Texts,
    tokens: Tokens,
    removals: pa.Table,
    config: Config,
) -> Float64:
    """Return for each document how much of its running text stands in the leader of its cluster.

    It is looked at only where it matters: in members that hold the leader without standing in it.
    Of all others, and of those without running text, it is 0. ``removals`` (schema ``REMOVALS``)
    is what cleaning takes out.
    """
    shares = np.zeros(len(tokens))
    rows = np.flatnonzero(clusters.pairs >= 0)
    edge = clusters.pairs[rows]
    is_a = pairs.a[edge] == rows
    own = np.where(is_a, pairs.share_a[edge], pairs.share_b[edge])
    held = np.where(is_a, pairs.share_b[edge], pairs.share_a[edge])
    # A document with an equal one is joined by the pair of the one that stands for both.
    direct = is_a | (pairs.b[edge] == rows)
    rows = rows[direct & (own < config.removable) & (held >= config.coverage)]
    rows = rows[np.argsort(clusters.leaders[rows], kind="stable")]
    sizes = texts.offsets[rows + 1] - texts.offsets[rows]
    for low, high in runs_of_rows(offsets_of(sizes), _RUN_BYTES):
        some = rows[low:high]
        part = texts_from_strings([texts.text(row) for row in some.tolist()])
        made = tokenise_texts(part)
        running = running_tokens(part, made, _removed(removals, some, made))
        totals, lost = np.zeros((2, len(some)), np.int64)
        leaders = clusters.leaders[some]
        kernel.count_own(made.arrays(), running, tokens.arrays(), leaders, totals, lost)
        shares[some] = np.where(totals > 0, 1 - lost / np.maximum(totals, 1), 0.0)
    return shares


def _removed(removals: pa.Table, rows: Int64, tokens: Tokens) -> Bool:
    """Tell which tokens of some documents stand in what is removed."""
    docs, starts, ends = (removals[name].to_numpy() for name in ("doc", "start", "end"))
    order = np.argsort(rows)
    places = np.minimum(np.searchsorted(rows[order], docs), len(rows) - 1)
    ours = np.flatnonzero(rows[order][places] == docs)
    removed = np.zeros(len(tokens.hashes), np.bool_)
    gone = np.zeros(len(rows), np.int64)
    where = order[places[ours]]
    by_doc = np.argsort(where, kind="stable")
    spans = (each[ours][by_doc] for each in (starts, ends))
    stretches = Stretches(where[by_doc], *spans)
    mask_tokens(tokens.bounds, tokens.starts, stretches, removed, gone)
    return removed
