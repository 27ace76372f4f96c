"""``inputs.json``: how the inputs of a scan were read, so that they can be read again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import numpy as np

from dedup.core.arrays import texts_from_arrow
from dedup.core.files import json_bytes
from dedup.core.hashing import content_of, text_digests
from dedup.result import Result
from dedup.schema import Corpus
from dedup.sources import ReadOptions
from dedup.sources.remote import shown

INPUTS = "inputs.json"  # in the output folder of a scan
_FORMAT = 1
_MOST_REVIEW = 10_000  # documents to look at that are named


def inputs_json(result: Result, folder: str, paths: Sequence[str], options: ReadOptions) -> bytes:
    """Return what a report needs to know besides the tables, as the file ``inputs.json``.

    ``folder`` is where the scan was started, which relative ``paths`` start from.
    """
    ids = result.corpus.table["doc_id"].filter(result.review)
    stated = {
        "format": _FORMAT,
        "folder": folder,
        "paths": [shown(path) for path in paths],
        "reading": dataclasses.asdict(options),
        "content": _content(result.corpus),
        "review": ids.slice(0, _MOST_REVIEW).to_pylist(),
    }
    try:
        return json_bytes(stated, pretty=True)
    except TypeError:  # a name that is no UTF-8: Python writes and reads it, escaped
        return f"{json.dumps(stated, indent=2)}\n".encode()


def _content(corpus: Corpus) -> str:
    """Return a hash of all texts, by which a report knows them again."""
    if corpus.content or "text" not in corpus.table.column_names:
        return corpus.content
    digests = [text_digests(texts_from_arrow(each)) for each in corpus.table["text"].chunks]
    return content_of(np.concatenate([np.zeros(0, np.uint64), *digests]))
