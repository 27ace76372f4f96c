"""Which shared passages tell that one text was made from another.

That two reports quote the same statement, embed the same post, carry the same caption or close
with the credit of the same agency says where both got it, not that one used the other.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Bool, Int64, UInt64, offsets_of, texts_from_strings
from dedup.kernels import telling as kernel
from dedup.passages.find import Passages
from dedup.text.tokens import Tokens, tokenise_texts

_TAGS = ("caption", "byline", "date_line", "embed")
_MOST_MARKED = 0.5  # of a passage, on either side
_CREDIT_TOKENS = 30  # up to which a passage with an agency and a word of credit is no more than one
_AGENCIES = (
    "ap afp reuters dpa apa efe ansa epa upi pti ians tass xinhua bloomberg anp sda kna epd kyodo "
    "yonhap anadolu interfax belga ritzau ntb lusa pap ctk mti sid agency agencies agentur "
    "agenturen agence agences agencia agencias agenzia agenzie ajans"
)
_CREDITS = (
    "contributed contributing reporting reported editing edited writing compiled files wire wires "
    "staff material mitgewirkt bericht berichtet quelle redaktion avec contribué con contribuito "
    "información redacción katkıda"
)


def telling_passages(passages: Passages, tokens: Tokens, annotations: pa.Table) -> Bool:
    """Tell of each passage whether ``derived`` may follow from it.

    ``annotations`` (schema ``ANNOTATIONS``, in order of documents) are the tagged lines.
    """
    if not len(passages):
        return np.zeros(0, np.bool_)
    told: Bool = ~passages.quotes
    docs, lows, highs = _marked_spans(tokens, annotations)
    bounds = np.searchsorted(docs, np.arange(len(tokens) + 1))
    for rows, columns in ((passages.a, (0, 1)), (passages.b, (2, 3))):
        starts, ends = (np.ascontiguousarray(passages.spans[:, column]) for column in columns)
        marked = np.zeros(len(rows), np.int64)
        kernel.count_marked(kernel.Stretches(rows, starts, ends), bounds, lows, highs, marked)
        told &= marked <= _MOST_MARKED * (ends - starts)
    return told & ~_credits(passages, tokens)


def _marked_spans(tokens: Tokens, annotations: pa.Table) -> tuple[Int64, Int64, Int64]:
    """Return document, first token and end of each tagged line, by document."""
    some = annotations.filter(pc.is_in(annotations["tag"], pa.array(_TAGS)))
    docs, starts, ends = (some[name].to_numpy() for name in ("doc", "start", "end"))
    order = np.lexsort((starts, docs))
    docs, starts, ends = (each[order].astype(np.int64) for each in (docs, starts, ends))
    lows, highs = np.zeros((2, len(docs)), np.int64)
    stretches = kernel.Stretches(docs, starts, ends)
    kernel.find_tokens(tokens.bounds, tokens.starts, stretches, lows, highs)
    return docs, lows, highs


def _credits(passages: Passages, tokens: Tokens) -> Bool:
    """Tell which passages are a line of credit: short, with an agency and a word of credit."""
    sizes = passages.spans[:, 1] - passages.spans[:, 0]
    others = passages.spans[:, 3] - passages.spans[:, 2]
    short = np.flatnonzero(np.maximum(sizes, others) <= _CREDIT_TOKENS)
    is_credit = np.zeros(len(passages), np.bool_)
    if not len(short):
        return is_credit
    offsets = offsets_of(sizes[short])
    first = tokens.bounds[passages.a[short]] + passages.spans[short, 0]
    places = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], sizes[short])
    hashes = tokens.hashes[places]
    agencies, credits = _credit_words()
    has = [
        np.logical_or.reduceat(np.isin(hashes, words), offsets[:-1])
        for words in (agencies, credits)
    ]
    is_credit[short] = has[0] & has[1]
    return is_credit


@cache
def _credit_words() -> tuple[UInt64, UInt64]:
    agencies, credits = (
        tokenise_texts(texts_from_strings([words])).hashes for words in (_AGENCIES, _CREDITS)
    )
    return agencies, credits
