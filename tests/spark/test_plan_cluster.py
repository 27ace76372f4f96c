"""The plan for a cluster adds up, and grows as the formulae say."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import pytest

from dedup import Config

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "plan_cluster.py"


def load():
    spec = importlib.util.spec_from_file_location("plan_cluster", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["plan_cluster"] = module  # where its dataclasses look for their own module
    spec.loader.exec_module(module)
    return module


planner = load()
HOW = {"cores": 100, "task_bytes": 2e8, "overhead": 2.0, "price": 0.05}


def planned(documents, config=None, **more):
    corpus = planner.Corpus(documents, **more)
    return planner.plan(corpus, config or Config(), planner.Measured(), **HOW)


def stage(plan, name):
    return next(each for each in plan.stages if each.name.startswith(name))


def test_band_rows_are_documents_times_bands():
    config = Config(threshold=0.9)  # 12 bands
    rows = stage(planned(1e6, config, copies=0.25), "bands")
    assert rows.rows == 1e6 * 0.75 * 12
    assert rows.shuffled == rows.rows * 16


def test_ten_times_the_documents_take_ten_times_as_much():
    one, ten = planned(1e8), planned(1e9)
    for small, large in zip(one.stages, ten.stages, strict=True):
        assert large.shuffled == pytest.approx(10 * small.shuffled)
    assert ten.core_hours == pytest.approx(10 * one.core_hours)
    assert ten.cost == pytest.approx(ten.core_hours * 0.05)


def test_tasks_sort_no_more_than_they_should():
    plan = planned(1e9)
    largest = max(each.shuffled for each in plan.stages)
    assert largest / plan.partitions <= 2e8 < largest / (plan.partitions - 1)
    assert plan.hours == plan.core_hours / 100


def test_rounds_are_no_fewer_than_were_measured():
    for length, measured in ((100, 6), (1_000, 9), (10_000, 12), (100_000, 14)):
        assert measured <= planner.rounds(length) <= measured + 1
    assert planner.rounds(1) >= 1
    assert not math.isnan(planner.rounds(1e12))


def test_the_script_prints_a_plan():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--documents", "1e9", "--words", "500"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert "1,000,000,000 documents of 500 words" in done.stdout
    assert "spark.sql.shuffle.partitions" in done.stdout


def test_plan_of_signed_parts_grows_with_documents_and_parts():
    def made(documents, parts):
        corpus = planner.Corpus(documents)
        return planner.signed_plan(corpus, Config(), planner.Alone(), parts=parts, price=0.05)

    one, ten = made(1e8, 100), made(1e9, 100)
    for name in ("folder_bytes", "join_memory", "read_again"):
        assert getattr(ten, name) == pytest.approx(10 * getattr(one, name))
    start = planner.Alone().start / 3600
    assert made(1e8, 1100).sign_hours - one.sign_hours == pytest.approx(1000 * start)
    told = list(planner.signed_lines(planner.Corpus(3e9), made(3e9, 100)))
    assert "needs Spark" in told[-1]
    assert "needs Spark" not in list(planner.signed_lines(planner.Corpus(1e9), ten))[-1]
