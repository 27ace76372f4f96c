"""The line that says how far a run is, what a stop leaves, and from where a run goes on."""

from __future__ import annotations

import json
import signal
import sys
import time

import pytest
from articles import ONE
from commands import run

from dedup.cli import progress, running, scanning
from dedup.core.checkpoints import finished_in
from dedup.core.parallel import in_order, watched


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_what_is_read_is_shown_as_a_share_with_a_rate_and_the_time_left(clock):
    bar = progress.Live("reading", 4_000_000, "B")
    bar.update(1_000_000)
    clock[0] = 10
    wanted = "reading   25% ████············ 1.00M/4.00M, 100kB/s, 00:10, 00:30 left"
    assert bar.line(200) == wanted
    assert bar.line(20) == wanted[:19]


def test_a_stage_ticks_and_its_parts_are_counted(clock):
    bar = progress.Live("reading", 10, "B")
    clock[0] = 5
    bar.stage("passages", 3, 11)
    clock[0] = 7
    assert bar.line(200) == "passages  00:02 · stage 4 of 11, 00:07 in all"
    bar.step(0, 4)
    assert bar.line(200).startswith("passages    0% ················ 0/4, ")
    bar.step(1, 4)
    clock[0] = 11
    shown = "passages   25% ████············ 1/4,  0.25 parts/s, 00:04, 00:12 left"
    assert bar.line(200) == f"{shown} · stage 4 of 11, 00:11 in all"
    bar.step(4, 4)  # what follows has no parts
    assert bar.line(200) == "passages  00:06 · stage 4 of 11, 00:11 in all"
    bar.step(0, 8)
    bar.step(1, 8)
    assert "12% ██······" in bar.line(200)
    bar.step(2, None)
    assert "passages  2, " in bar.line(200)
    bar.stage("done", 11, 11)
    assert "stage 11" not in progress.Live("x", 0, "").line(200)


def test_fast_mode_reads_within_a_stage(clock):
    bar = progress.Live("reading", 10, "B")
    bar.update(5)
    bar.stage("signatures", 0, 6)
    bar.step(1, 2)
    clock[0] = 1
    assert bar.line(200).startswith("reading   50%")
    assert bar.line(200).endswith("stage 1 of 6, 00:01 in all")


def test_parts_that_are_done_are_told_in_order():
    told = []
    with watched(lambda done, total: told.append((done, total))):
        assert list(in_order(abs, [-1, -2, -3], 2)) == [1, 2, 3]
        assert list(in_order(abs, (each for each in [-1, -2]), 2)) == [1, 2]
    list(in_order(abs, [-1, -2], 2))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3), (0, None), (1, None), (2, None)]


@pytest.mark.parametrize(
    ("terminal", "term", "quiet", "drawn"),
    [
        (True, "xterm", False, True),
        (True, "dumb", False, False),
        (False, "xterm", False, False),
        (True, "xterm", True, False),
    ],
)
def test_a_line_is_drawn_for_long_work_on_a_terminal(
    monkeypatch, capsys, terminal, term, quiet, drawn
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(progress, "_SOON", 0.0)
    monkeypatch.setattr(progress, "_TICK", 0.005)
    with progress.live("reading", 100, "B", quiet=quiet) as bar:
        bar.update(50)
        time.sleep(0.1)
        running.tell("a message")
    said = capsys.readouterr().err
    assert ("reading   50%" in said) == drawn
    assert "a message\n" in said
    if drawn:  # on a line of its own, and nothing is left
        assert "\r\x1b[Ka message\n" in said
        assert said.endswith(progress._CLEARED) or said.endswith("a message\n")


def test_short_work_draws_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "_TICK", 0.005)
    with progress.live("reading", 100, "B"):
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


# What a stop leaves


@pytest.fixture
def stopped(monkeypatch, folder):
    """Return what runs a scan that a signal ends in the stage of passages."""

    def stop(*_, **__):
        raise running.Stopped(signal.SIGINT)

    def scan(*more):
        with monkeypatch.context() as patched:
            patched.setattr("dedup.pipeline.full.find_passages", stop)
            patched.setattr(sys, "argv", ["dedup", "scan", "my news/", *more])
            return run("scan", folder, *more)

    (folder / "two.txt").write_text(ONE.replace("a", "b"))
    return scan


def test_a_stop_says_what_is_kept_and_the_command_that_goes_on(stopped, folder, tmp_path):
    work = str(tmp_path / "work")
    done = stopped("--work", work)
    assert done.code == 130
    again = f"dedup scan 'my news/' --work {work}"
    said = f"{work} keeps all up to `removals`; the same command goes on from there: {again}"
    assert done.err == f"dedup: stopped; {said}\n"
    assert finished_in(tmp_path / "work")[-1] == "removals"
    on = run("scan", folder, "--work", work)
    assert (on.code, on.err) == (
        0,
        "dedup: goes on after `removals`, which an earlier run finished\n",
    )
    assert run("scan", folder, "--work", work).err == ""


def test_a_stop_without_a_work_folder_says_how_to_keep_something(stopped):
    said = stopped().err
    assert said.startswith("dedup: stopped; nothing is kept; with --work DIR a run can go on")
    assert said.endswith("dedup scan 'my news/' --work work\n")
    assert stopped("--quiet").err == ""


def test_a_stop_before_anything_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["dedup", "scan", "news"])
    assert scanning.kept_of(str(tmp_path)).startswith("nothing is kept yet; the same command")


def test_a_stopped_clean_has_written_nothing(monkeypatch, folder, tmp_path):
    def stop(*_, **__):
        raise running.Stopped(signal.SIGTERM)

    monkeypatch.setattr("dedup.output.cleaned.Cleaning.write", stop)
    monkeypatch.setattr(sys, "argv", ["dedup", "clean", "news/"])
    done = run("clean", folder, "-o", tmp_path / "out")
    kept = "nothing is kept; with --work DIR a run can go on where it was: dedup clean news/"
    said = f"dedup: stopped; no article is written before all are done; {kept} --work work\n"
    assert (done.code, done.err) == (143, said)
    assert not (tmp_path / "out").exists()


def test_a_stopped_stream_says_that_its_index_keeps_it(monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    place = tmp_path / "seen.index"
    monkeypatch.setattr("dedup.cli.filtering._run", stop)
    said = run("filter", "-", "--index", place, input=json.dumps({"text": ONE})).err
    assert "seen.index keeps what was decided; the same lines, offered again" in said


# Memory


@pytest.mark.parametrize("size", ["2", "999999", "0.5MB"])
def test_memory_without_a_unit_is_refused(folder, size):
    done = run("scan", folder, "--memory", size)
    assert done.code == 2
    assert f"got '{size}', which is " in done.err
    assert "allowed is a size like 500MB or 2GB" in done.err


def test_too_little_memory_is_said_at_the_start(folder):
    said = "dedup: --memory 100 MB is too little: the scan runs, and takes about 472 MB or more\n"
    assert run("scan", folder, "--memory", "100MB").err == said
    assert run("scan", folder, "--memory", "500MB").err == ""
    assert "367 MB" in run("scan", folder, "--memory", "100MB", "--find", "duplicates").err
    assert run("scan", folder, "--memory", "100MB", "--quiet").err == ""
