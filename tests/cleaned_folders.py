"""Results to be written as a cleaned folder, and what is read from one."""

from __future__ import annotations

import json

import pyarrow as pa
from removing import removals_of

from dedup.config import Config
from dedup.output.cleaned.provenance import read_provenance
from dedup.result import Result
from dedup.schema import CORPUS, DOCUMENTS, PAIRS, PASSAGES, REPEATS, Corpus, ReadReport, rows_table
from dedup.sources.decoding import decode

BODY = (
    "The council met on Monday and agreed to mend the bridge before the winter comes.\n\n"
    "Farmers in the valley say that they have waited for it since the flood of two years ago.\n"
)


def from_bytes(**files):
    """Return sources as if each keyword had been a text file of those bytes."""
    made = []
    for name, data in files.items():
        text, encoding, raw = decode(data)
        doc_id = f"{name}.txt"
        made.append(
            {
                "doc_id": doc_id,
                "path": f"in/{doc_id}",
                "text": text,
                "encoding": encoding,
                "raw": raw,
            }
        )
    return made


def from_rows(*records, path="in.jsonl"):
    return [
        {
            "doc_id": str(record.get("id", line)),
            "path": path,
            "line": line if path else None,
            "text": record["text"],
            "encoding": "utf-8",
            "record": json.dumps(["text", {**record, "text": None}]).encode(),
        }
        for line, record in enumerate(records, 1)
    ]


def result_of(sources, removed=(), pairs=(), passages=()):
    """Return the result of a scan of ``sources`` in which the ids ``removed`` gave way."""
    corpus = rows_table(CORPUS, sources)
    found = removals_of([each["text"] for each in sources])
    ids = sorted(each["doc_id"] for each in sources)
    kept = [each for each in ids if each not in removed]
    documents = [
        {
            "doc_id": each,
            "path": None,
            "cluster": "c1" if each in (*removed, kept[0]) else f"c{n}",
            "canonical": each not in removed,
            "kept": each not in removed,
            "relation": "near_duplicate" if each in removed else None,
            "duplicate_of": kept[0] if each in removed else None,
            "jaccard": 2 / 3 if each in removed else None,
            "containment": None,
            "coverage": None,
        }
        for n, each in enumerate(ids)
    ]
    tables = {
        "documents": rows_table(DOCUMENTS, documents),
        "pairs": rows_table(PAIRS, list(pairs)),
        "passages": rows_table(PASSAGES, list(passages)),
        "repeats": REPEATS.empty_table(),
    }
    return Result(
        *(Config(), tables, Corpus(corpus, ReadReport()), found.rows, found.annotations),
        *(pa.array(found.review), {}),
    )


def restored_rows(folder):
    return [json.loads(line) for line in (folder.back / "restored.jsonl").read_bytes().splitlines()]


def entries(folder):
    return {each["doc_id"]: each for each in read_provenance(folder)}


ROWS = (
    {"id": 1, "text": f"{BODY}Share this\n", "tags": ["a", 1], "big": 10**30, "none": None},
    {"id": 2, "text": "Other words.\r\n", "tags": "b", "date": "2024-12-05"},
    {"id": 3, "text": "", "dedup": "mine", "nan": float("nan")},
)


def named(doc_id, path, text=BODY):
    return {"doc_id": doc_id, "path": path, "text": text, "encoding": "utf-8"}


def tree(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
