"""The examples of the benchmark programs, and what `scripts/bench quick` says of its records."""

from __future__ import annotations

import doctest
import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"

pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="no benchmarks beside the tests")


@pytest.fixture
def load(monkeypatch):
    """Return what imports a program of benchmarks/, which find each other beside them."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


@pytest.mark.parametrize("program", ["quick", "pipeline"])
def test_examples(load, program):
    failed, tried = doctest.testmod(load(program))
    assert tried
    assert not failed


def test_a_figure_that_got_worse_is_named(load, tmp_path, monkeypatch, capsys):
    quick = load("quick")
    programs = ("floor", "full", "duplicates", "datasketch", "first compile", "stock")
    programs += ("one thread, full", "one thread, duplicates")
    programs += ("floor, scripts", "duplicates, scripts")
    measured = {name: {"cpu_seconds": 2.0, "seconds": 2.0, "megabytes": 100.0} for name in programs}
    starts = ("start, full", "start, duplicates")
    measured |= {name: {"cpu_seconds": 1.0, "seconds": 1.0, "megabytes": 50.0} for name in starts}
    monkeypatch.setattr(quick, "measure", lambda folder, rounds: measured)
    monkeypatch.setattr(quick, "RECORDS", tmp_path)
    for day, megabytes in (("2026-01-01", 100.0), ("2026-01-02", 106.0)):
        measured["full"]["megabytes"] = megabytes
        monkeypatch.setattr(sys, "argv", ["quick", "--json", str(tmp_path / f"quick-{day}.json")])
        capsys.readouterr()
        assert quick.main() == 0
    out = capsys.readouterr().out
    assert "worse by more than 5%: full megabytes, record of" in out
    assert out.count("worse by") == 1
    record = json.loads((tmp_path / "quick-2026-01-02.json").read_text())
    assert set(record["figures"]) == set(quick.LESS_IS_BETTER)


def test_scripts_bench_knows_the_programs():
    script = (ROOT / "scripts" / "bench").read_text()
    for name in ("pipeline", "scale", "index", "report", "spark", "quick"):
        assert name in script
        assert (BENCHMARKS / f"{name}.py").exists()
