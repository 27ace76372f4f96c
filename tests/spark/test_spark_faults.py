"""A worker that dies, little memory, another way to reach Spark: the same result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spark_session
from dying import dying_in
from test_spark import FAST, PLAIN, check_in_rounds, corpus, found_here, texts_of

import dedup
from dedup import Config

pytestmark = pytest.mark.spark

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_worker_dies_in_every_stage(spark_here, tmp_path, monkeypatch):
    """As by lack of memory; Spark starts another and takes the task up again."""
    from dedup.spark import candidates, documents, equals, frames, giants, reading, stars, verifying

    modules = (candidates, documents, equals, frames, giants, reading, stars, verifying)
    flags = dying_in(modules, tmp_path, monkeypatch)
    texts = texts_of(3, 120, known=PLAIN)
    table = pa.table({"id": [f"{k:03d}" for k in range(len(texts))], "text": texts})
    assert check_in_rounds(spark_here, table, task_edges=1) > 0
    assert len(flags) > 12
    assert all(flag.exists() for flag in flags), "a stage in which nobody died"


SPILLING = """
import json, sys
import numpy as np
from pyspark.sql import functions as F
from pyspark.sql import SparkSession
from dedup.spark import candidate_pairs, own_session

conf = {"spark.driver.memory": "512m", "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "8", "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": sys.argv[1], "spark.eventLog.compress": "false"}
spark, _ = own_session("local[2,4]", conf)
documents = 750_000
# Sixteen bands; a fifth of the documents share a key with the next in each of them.
rows = spark.range(documents).select(F.explode(F.expr("sequence(0L, 15L)")).alias("band"), "id")
leader = F.when(F.col("id") % 10 == 1, F.col("id") - 1).otherwise(F.col("id"))
bands = rows.select(F.xxhash64("band", leader).alias("key"), F.col("id").alias("row"))
print(json.dumps([bands.count(), candidate_pairs(bands).count()]))
spark.stop()
"""


@pytest.mark.slow
def test_twelve_million_band_rows_in_half_a_gigabyte(tmp_path):
    if (reason := spark_session.missing()) is not None:
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, "-c", SPILLING, tmp_path.as_uri()],
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        check=True,
        timeout=1800,
    )
    assert json.loads(done.stdout.decode().splitlines()[-1]) == [12_000_000, 75_000]
    spilled = 0
    for log in (each for each in tmp_path.rglob("*") if each.is_file()):
        for line in log.read_text("utf-8").splitlines():
            if '"SparkListenerTaskEnd"' in line:
                metrics = json.loads(line).get("Task Metrics") or {}
                spilled += metrics.get("Disk Bytes Spilled", 0)
    print(f"{spilled:,} bytes spilled to disk")


IN_CONNECT = """
import json, sys
from pyspark.sql import SparkSession
from dedup import Config
from dedup.spark import find
from dedup.spark.inside import removals_table

builder = SparkSession.builder.remote("local[2,4]")
for name, value in json.loads(sys.argv[3]).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
assert "connect" in type(spark).__module__
frame = spark.read.parquet(sys.argv[1])
found = find(frame, Config(find=("duplicates",)), checkpoint=sys.argv[2])
rows = sorted(tuple(row) for row in found.documents.collect())
inside = find(frame, Config(find=("repeats",), boilerplate=False), checkpoint=sys.argv[2]).inside
removed = sorted(map(tuple, removals_table(inside).collect()), key=repr)
told = [found.summary["documents"], [repr(row) for row in rows], [repr(row) for row in removed]]
print(json.dumps(told))
spark.stop()
"""


def test_spark_connect(tmp_path):
    if (reason := spark_session.missing()) is not None:
        pytest.skip(reason)
    pytest.importorskip("grpc", reason="the extra spark-connect is not installed")
    pytest.importorskip("grpc_status", reason="the extra spark-connect is not installed")
    table = corpus(200, words=60)
    texts = [
        f"{text}\n\n{text}" if k < 20 else text for k, text in enumerate(table["text"].to_pylist())
    ]
    place = table.schema.get_field_index("text")
    table = table.set_column(place, "text", pa.array(texts))
    pq.write_table(table, tmp_path / "corpus.parquet")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            IN_CONNECT,
            str(tmp_path / "corpus.parquet"),
            str(tmp_path / "work"),
            json.dumps(spark_session.CONF),
        ],
        env=spark_session.environment(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=900,
    )
    counts, rows, removed = json.loads(done.stdout.decode().splitlines()[-1])
    wanted, summary = found_here(table, FAST)
    assert rows == [repr(row) for row in wanted]
    assert counts == summary["documents"]
    repeats = dedup.scan(table, Config(find=("repeats",), boilerplate=False))
    here = sorted(
        (tuple(row.values()) for row in repeats.to_arrow("removals").to_pylist()), key=repr
    )
    assert removed == [repr(row) for row in here]
    assert removed
