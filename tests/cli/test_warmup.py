"""The command warmup, and what is said where kernels are compiled or cannot be kept."""

import pytest
from commands import run

from dedup.cli import warming as cli_warming
from dedup.kernels import warming
from dedup.kernels._jit import INTERPRETED

pytestmark = pytest.mark.skipif(INTERPRETED, reason="kernels are not compiled here")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Give an empty cache, and compile nothing: what would be compiled is noted."""
    asked = []

    def warm(names, tell, processes):
        tell(0, 9)
        tell(9, 9)
        asked.append(sorted(names))
        return True

    monkeypatch.setattr(warming, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(warming, "is_ready", lambda command: False)
    monkeypatch.setattr(warming, "warm", warm)
    cli_warming.compile_first.cache_clear()
    yield asked
    cli_warming.compile_first.cache_clear()


def test_warmup_compiles_what_is_named(folder):
    done = run("warmup", "scan", "compare")
    assert done.code == 0
    assert folder == [["compare", "scan"]]
    assert "kernels of scan, compare are in" in done.err


def test_warmup_compiles_everything_where_nothing_is_named(folder):
    assert run("warmup", "-q").err == ""
    assert folder == [warming.commands()]


def test_warmup_says_which_commands_there_are():
    done = run("warmup", "scam")
    assert done.code == 2
    assert "compare" in done.err


def test_a_command_compiles_before_it_starts(folder, seeds):
    assert run("scan", seeds, "--find", "duplicates", "-q").code == 0
    assert folder == [["duplicates"]]


def test_what_only_an_index_needs_is_compiled_beside_an_index(folder, seeds, tmp_path):
    index = tmp_path / "seen.index"
    assert run("index", "add", index, seeds, "--passages", "-q").code == 0
    folder.clear()
    assert run("scan", seeds, "-q").code == 0
    assert run("scan", seeds, "--against", index, "-q").code == 0
    assert folder == [["scan"], ["against"]]
    beside = set(warming.rows_of(["against"])) - set(warming.rows_of(["scan"]))
    assert {"sought.find_sought", "noted.note_keys"} <= {
        warming.recorded()[k].kernel for k in beside
    }
    assert set(warming.rows_of(["scan"])) < set(warming.rows_of(["against"]))


@pytest.mark.parametrize("more", [[], ["-q"]])
@pytest.mark.parametrize(
    "command",
    [
        ["scan", "nowhere.txt"],
        ["scan", "a.txt", "--against", "none.index"],
        ["clean", "nowhere*.txt", "-o", "out"],
        ["compare", "a.txt", "nowhere.txt"],
        ["sign", "nowhere.txt", "-o", "out"],
        ["filter", "nowhere.jsonl", "-i", "new.index"],
        ["filter", ".", "-i", "new.index"],
        ["index", "add", "new.index", "nowhere.txt"],
    ],
)
def test_a_wrong_path_is_said_before_anything_is_compiled_or_made(
    command, more, folder, tmp_path, monkeypatch
):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    for name in ("a.txt", "b.txt"):
        (inputs / name).write_text("A text of some words.")
    monkeypatch.chdir(inputs)
    done = run(*command, *more)
    assert done.code == 4
    assert folder == []
    assert sorted(each.name for each in inputs.iterdir()) == ["a.txt", "b.txt"]


def test_a_search_reads_its_text_before_anything_is_compiled(folder, tmp_path):
    assert run("index", "search", tmp_path / "no.index", tmp_path / "no.txt").code == 4
    assert folder == []


def test_a_folder_that_cannot_be_written_is_said_once(folder, monkeypatch, seeds):
    monkeypatch.setattr(warming, "cache_folder", lambda: None)
    announced = []  # which would say "once a machine"
    monkeypatch.setattr(cli_warming, "announce_compiling", lambda: announced.append(1))
    assert "set NUMBA_CACHE_DIR" in run("scan", seeds, "--find", "duplicates").err
    assert announced == []
    assert "NUMBA_CACHE_DIR" not in run("scan", seeds, "--find", "duplicates").err
    done = run("warmup")
    assert done.code == 4
    assert "set NUMBA_CACHE_DIR" in done.err
