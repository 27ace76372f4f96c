"""What a dry run says, against what the run then finds."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from test_resume import made

from dedup import cli
from dedup.config import Config
from dedup.pipeline import estimate
from dedup.sources import ReadOptions

FAST = Config(find=("duplicates",))


@pytest.fixture
def corpus(tmp_path):
    pq.write_table(pa.Table.from_pylist(made(3_000)), tmp_path / "a.parquet", row_group_size=100)
    lines = "\n".join(json.dumps(each) for each in made(3_000))
    (tmp_path / "a.jsonl").write_text(lines)
    return tmp_path


def test_a_small_corpus_is_its_own_sample(corpus):
    plan = estimate.estimate([str(corpus / "a.parquet")], ReadOptions(), FAST)
    assert (plan["documents"], plan["documents_are_exact"], plan["sample"]) == (3000, True, 3000)
    assert plan["tokens"] == 40 * 3000
    # A third of the documents differ from another one in one word.
    assert plan["candidates"] == [plan["candidates_in_sample"]] * 2
    assert 950 <= plan["candidates_in_sample"] <= 1100


@pytest.mark.parametrize(("name", "exact"), [("a.parquet", True), ("a.jsonl", False)])
def test_a_larger_corpus_is_told_from_a_sample(corpus, monkeypatch, name, exact):
    monkeypatch.setattr(estimate, "_SAMPLE_BYTES", 1)
    monkeypatch.setattr("dedup.sources.batches._MOST_ROWS", 300)
    monkeypatch.setattr("dedup.sources.tables._MOST_ROWS", 300)
    monkeypatch.setattr("dedup.sources.streams.CHUNK", 1 << 12)
    monkeypatch.setattr("dedup.sources.blocks.BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr("dedup.sources.reading._SAMPLE", 1 << 12)
    plan = estimate.estimate([str(corpus / name)], ReadOptions(), FAST)
    assert plan["sample"] < 1000
    assert plan["documents_are_exact"] == exact
    assert plan["documents"] == pytest.approx(3000, rel=0 if exact else 0.1)
    assert plan["tokens"] == pytest.approx(40 * 3000, rel=0.1)
    low, high = plan["candidates"]
    assert low < 1200 < high


def test_the_command_says_it_and_stops(corpus):
    source = str(corpus / "a.parquet")
    done = CliRunner().invoke(
        cli.root, ["scan", source, "--dry-run", "-o", str(corpus / "out"), "--find", "duplicates"]
    )
    assert done.exit_code == 0
    assert done.stdout.startswith("documents    3,000\n")
    assert "0.9998 at the threshold" in done.stdout
    assert not (corpus / "out").exists()
    done = CliRunner().invoke(cli.root, ["scan", source, "--dry-run", "--json"])
    plan = json.loads(done.stdout)
    assert plan["documents"] == 3000
    assert plan["disk_bytes"] > 2 * plan["text_bytes"]
    assert plan["s_curve"][6] == [0.7, pytest.approx(0.9998, abs=1e-4)]
