"""What passages, repeats and removals say, beside their places in the texts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dedup.schema import Corpus

# Of each table: the column of the document, of the begin and the end of a stretch, and of its text.
_STRETCHES = {
    "passages": (("a", "start_a", "end_a", "text_a"), ("b", "start_b", "end_b", "text_b")),
    "repeats": (
        ("doc_id", "start", "end", "text"),
        ("doc_id", "kept_start", "kept_end", "kept_text"),
    ),
    "removals": (("doc_id", "start", "end", "text"),),
    "annotations": (("doc_id", "start", "end", "text"),),
    "occurrences": (("doc_id", "start", "end", "text"),),
}


def with_texts(name: str, table: pa.Table, corpus: Corpus) -> pa.Table:
    """Return a table of a result with the text of each stretch in columns behind the others.

    Tables without stretches, and results that hold no texts, come back as they are.
    """
    if name not in _STRETCHES or "text" not in corpus.table.column_names:
        return table
    for document, start, end, text in _STRETCHES[name]:
        table = table.append_column(text, _stretches(table, corpus, document, start, end))
    return table


def _stretches(table: pa.Table, corpus: Corpus, document: str, start: str, end: str) -> pa.Array:
    ids = corpus.table["doc_id"].combine_chunks().cast(pa.string())
    rows = pc.index_in(
        table[document].combine_chunks().cast(pa.string()), value_set=ids
    ).to_pylist()
    texts = corpus.table["text"]
    known, text, found = -1, "", list[str | None]()
    for row, low, high in zip(rows, table[start].to_pylist(), table[end].to_pylist(), strict=True):
        if row is None or low is None or high is None:
            found.append(None)
            continue
        if row != known:
            known, text = row, texts[row].as_py()
        found.append(text[low:high])
    return pa.array(found, pa.large_string())
