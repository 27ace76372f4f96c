"""What tests of readers share: how files are packed, and what is asked of a corpus."""

from __future__ import annotations

import csv
import gzip
import io
import random

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from dedup.sources import original_bytes
from dedup.sources import streams as streams_module

zstd = streams_module.zstd

LEAD = "The council voted on Tuesday to close the bridge for a year."

PACKERS = {"plain": lambda data: data, "gzip": gzip.compress, "zstd": zstd.compress}

SUFFIXES = {"plain": "", "gzip": ".gz", "zstd": ".zst"}


def lines(*rows):
    return b"".join(row if isinstance(row, bytes) else orjson.dumps(row) + b"\n" for row in rows)


def pairs(corpus):
    return dict(zip(column(corpus, "doc_id"), column(corpus, "text"), strict=True))


def column(corpus, name):
    return corpus.table[name].to_pylist()


def originals(corpus):
    rows = corpus.table.select(["text", "encoding", "raw"]).to_pylist()
    return [original_bytes(**row) for row in rows]


def many(count):
    letters = random.Random(1)
    return [
        {"id": str(n), "text": "".join(letters.choices("abcdefgh ", k=400))} for n in range(count)
    ]


def as_csv(rows, **options):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, rows[0], lineterminator="\n", **options)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def write(save, form, rows, suffix=""):
    if form == "jsonl":
        return save(f"x{suffix}.jsonl", lines(*rows))
    if form == "csv":
        return save(f"x{suffix}.csv", as_csv(rows))
    path = save(f"x{suffix}.parquet", b"")
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)

slow_files = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
