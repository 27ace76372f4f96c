"""The plan of full mode follows from its record: what grows, what is left out, what is reached."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyspark")  # limits are those of the engine

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(name="planner")
def _planner(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import plan_full

    return plan_full


def size(documents):
    """Return what a run that is linear in its documents would tell: 10 s to start each table."""
    names = ("start", "signed", "metadata", "sharing", "wanted-pairs", "aligned", "edges")
    names += ("family-passages", "family-occurrences", "story-articles", "story-terms")
    stages = [
        {
            "name": name,
            "cpu_seconds": 10 + documents * 0.002,
            "shuffled_rows": documents * 3,
            "shuffled_megabytes": documents * 0.001,
            "worker_megabytes": 200,
            "written_rows": documents * 2,
        }
        for name in names
    ]
    counts = {"words_of_families": documents * 200}
    return {
        "documents": documents,
        "mean_words": 400.0,
        "spark": {"stages": stages, "counts": counts},
    }


RECORD = {"find": "all", "sizes": [size(5_000), size(20_000)]}


def stage(made, name):
    return next(each for each in made if each.name == name)


def test_what_grows_is_told_apart_from_the_start(planner):
    made = planner.stages(RECORD, planner.Corpus(100_000, 800))
    metadata = stage(made, "metadata, equals")
    assert metadata.cpu_seconds == pytest.approx(100_000 * 0.002)
    assert metadata.rows == pytest.approx(300_000)
    assert metadata.shuffled == pytest.approx(100_000 * 1_000)
    # Twice the words; both tables of pairs, of which each document has as many as were measured.
    assert stage(made, "signatures").cpu_seconds == pytest.approx(2 * 100_000 * 0.002)
    assert stage(made, "pairs").cpu_seconds == pytest.approx(2 * 2 * 100_000 * 0.002)
    more = planner.stages(RECORD, planner.Corpus(100_000, 800, pairs=6))
    assert planner.compared(RECORD["sizes"][-1]) == 2
    assert stage(more, "pairs").cpu_seconds == pytest.approx(3 * stage(made, "pairs").cpu_seconds)


def test_what_the_driver_cannot_hold_is_not_made(planner):
    reached = planner.bounds(RECORD)
    assert [each.documents for each in reached] == sorted(each.documents for each in reached)
    # 200 words of wordings a document, of 100 million; two articles a document, of two million.
    assert (reached[0].documents, reached[0].unmade) == (500_000, "families")
    assert (reached[1].documents, reached[1].unmade) == (1_000_000, "stories")
    few, many = (planner.stages(RECORD, planner.Corpus(n, 400)) for n in (400_000, 2_000_000))
    assert all(each.is_made for each in few)
    unmade = {each.name for each in many if not each.is_made}
    assert unmade == {"families", "families, occurrences", "stories"}
    assert stage(few, "stories").cpu_seconds > 0 == stage(many, "stories").cpu_seconds
    assert stage(many, "families, passages").cpu_seconds > 0
    # 400,000 documents have 80 million words of wordings: eight passes of ten million each.
    one = planner.stages(RECORD, planner.Corpus(40_000, 400))
    ratio = (
        stage(few, "families, occurrences").cpu_seconds
        / stage(one, "families, occurrences").cpu_seconds
    )
    assert ratio == pytest.approx(10 * 8)


def test_a_table_of_no_stage_is_refused(planner):
    assert planner.stage_of("giant-states-1") == "clusters"
    with pytest.raises(SystemExit, match="no stage"):
        planner.stage_of("unheard-of")


def test_each_table_of_the_record_has_a_stage(planner):
    record = planner.read()
    tables = {each["name"] for each in record["sizes"][-1]["spark"]["stages"]} - {"start"}
    stages = {planner.stage_of(name) for name in tables}
    assert {"seeds", "pairs", "families", "stories"} <= stages


def test_the_script_prints_the_plan():
    script = [sys.executable, str(SCRIPTS / "plan_cluster.py"), "--find", "all"]
    done = subprocess.run(
        [*script, "--documents", "1e9", "--hottest", "0.25"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "1,000,000,000 documents of 500 words, all that is looked for" in done.stdout
    assert "a seed in 25.0% of the documents: 250,000,000 rows" in done.stdout
    assert "stories: not made" in done.stdout
