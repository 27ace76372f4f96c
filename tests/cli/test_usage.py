"""The command line: help, imports, settings, exit codes and wrong usage."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from articles import ONE, scanned
from commands import names_in, run

from dedup import cli
from dedup.cli import options
from dedup.config import Config
from dedup.sources.options import KNOWN_NAMES

# Help, version, imports


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["scan", "--help"],
        ["filter", "--help"],
        ["index", "--help"],
        ["index"],
        [],
    ],
)
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys; from dedup.cli import root\n"
        "try: root.main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'numpy', 'numba', 'pyarrow', 'tqdm', 'orjson'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "dedup" in done.stdout


def test_a_group_alone_shows_its_help():
    done = run("index")
    assert (done.code, done.err) == (0, "")
    assert done.out == run("index", "--help").out


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, dedup; dedup.Config; dedup.DedupError; dir(dedup)\n"
        "sys.exit(bool({'numpy', 'numba', 'pyarrow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_scan_for_duplicates_loads_no_more_than_it_needs(folder):
    code = (
        "import sys; from dedup.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "left_out = {'pandas', 'scipy', 'tqdm', 'datasketch'}\n"
        "left_out |= {'dedup.pipeline.full', 'dedup.report'}\n"
        "sys.exit(f'imported {loaded}' if (loaded := left_out & set(sys.modules)) else 0)"
    )
    command = [sys.executable, "-c", code, "scan", folder, "--find", "duplicates", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells")
def test_a_command_takes_memory_by_small_pages():
    code = (
        "from dedup.cli.running import prepare\nprepare()\nprint(open('/proc/self/status').read())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told = re.search(r"^THP_enabled:\s*(\d)", done.stdout, re.M)
    if told is None:
        pytest.skip("this Linux does not tell")
    assert told[1] == "0"


def test_every_setting_is_an_option_of_every_command_that_scans():
    for name in ("scan", "clean", "compare"):
        known = {param.name: param for param in cli.root.commands[name].params}
        for field in Config.__dataclass_fields__.values():
            assert field.metadata["help"] in known[field.name].help


def test_the_names_that_are_written_twice_are_the_same():
    assert {*options.ROLES, "priority"} == set(KNOWN_NAMES)


def test_the_version_for_a_report_names_what_runs():
    from dedup.core.package import version

    said = run("--version", "--verbose").out.splitlines()
    assert said[0] == f"dedup {version()}"
    names = [line.split()[0] for line in said[1:]]
    assert names[:5] == ["python", "system", "installed", "kernels", "packages"]
    assert {"datasketch", "html", "redis", "spark", "warc"} <= set(names)
    packages = next(line for line in said if line.startswith("packages"))
    assert re.search(r" numba \d", packages)
    assert "pytest" not in "".join(said)
    alone = run("--verbose")
    assert (alone.code, "--verbose goes with --version" in alone.err) == (2, True)


@pytest.mark.parametrize("name", ["scan", "clean", "filter"])
def test_the_help_names_what_it_folds_and_help_all_shows_it(name):
    short, long = run(name, "--help").out, run(name, "--help-all").out
    assert "Permutations, that is" not in short
    assert "--num-perm" in short.split("In --help-all:")[1]
    assert "Permutations, that is" in long
    assert "In --help-all:" not in long
    assert len(short) < len(long)


def test_the_help_of_compare_shows_what_two_documents_need():
    short = run("compare", "--help").out.split("In --help-all:")[0]
    assert "--weak" in short
    assert "--story-cut" not in short
    long = run("compare", "--help-all").out
    assert "--story-cut" in long.split(f"{options.WHOLE}:")[1]


# Completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_calls_the_command(shell):
    done = run("completion", shell)
    assert done.code == 0
    assert f"_DEDUP_COMPLETE={shell}_complete" in done.out
    if path := shutil.which(shell):
        checked = [path, "--no-execute" if shell == "fish" else "-n"]
        subprocess.run(checked, input=done.out, text=True, check=True)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("dedup sc", ["plain,scan"]),
        ("dedup scan --thr", ["plain,--threads", "plain,--threshold"]),
        ("dedup scan --color a", ["plain,auto", "plain,always"]),
        ("dedup scan --find duplicates,p", ["plain,duplicates,passages"]),
        ("dedup scan --find repeats,r", []),
        ("dedup scan ne", ["file,ne"]),
        ("dedup clean -o ne", ["file,ne"]),
        ("dedup index ver", ["plain,verify"]),
        ("dedup completion f", ["plain,fish"]),
    ],
)
def test_a_shell_is_told_what_can_follow(typed, wanted):
    words = typed.split(" ")
    state = {
        "_DEDUP_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    assert run(env=state).out.split() == wanted


# Settings


def test_settings_reach_the_result(folder):
    whole, _ = scanned(
        folder, "--find", "duplicates,repeats", "--num-perm", 64, "--threshold", 0.8,
        "--no-boilerplate", "--drop-tags", "caption", "--drop-tags", "byline",
        "--canonical", "longest", "--weak",
    )  # fmt: skip
    config = whole["summary"]["config"]
    assert config["find"] == ["duplicates", "repeats"]
    assert (config["num_perm"], config["threshold"]) == (64, 0.8)
    assert (config["boilerplate"], config["weak"]) == (False, True)
    assert config["drop_tags"] == ["caption", "byline"]
    assert config["canonical"] == "longest"
    assert config["shingle_size"] == Config().shingle_size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan"], "Missing argument 'PATH...'"),
        (["scan", "x", "--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["scn"], "Did you mean 'scan'? See dedup --help"),
        (["scan", "x", "--threshold", "much"], "'much' is no number; see dedup scan --help"),
        (["scan", "x", "--threads", "two"], "'two' is no whole number; see dedup scan --help"),
        (["scan", "x", "--threshold", "1.5"], "--threshold: got 1.5, allowed is a number from"),
        (["scan", "x", "--num-perm", "many"], "--num-perm"),
        (["scan", "x", "--find", "nothing"], "--find: got 'nothing', allowed is any of"),
        (["scan", "x", "--shingle-unit", "line"], "--shingle-unit"),
        (["scan", "x", "--canonical", "best"], "--canonical: got 'best'"),
        (["scan", "x", "--bands", "4"], "--bands, --rows: give both or neither, not 4 and 0"),
        (["scan", "x", "--fail-on-duplicates", "--find", "repeats"], "--fail-on-duplicates"),
        (["clean", "x"], "Missing option '--output'"),
        (["compare", "x"], "Missing argument 'B'"),
        (["evaluate", "x"], "Missing option '--labels'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(arguments, said):
    done = run(*arguments)
    assert done.code == 2
    assert said in done.err
    assert done.err.startswith("dedup: error: ")
    assert done.err.count("\n") == 1
    assert not done.out


# Exit codes


def test_a_clean_run_says_nothing_on_stderr(folder, tmp_path):
    run("scan", folder)  # whatever is to be compiled is compiled now
    done = run("scan", folder)
    assert (done.code, done.err) == (0, "")
    assert "1 read = 1 kept + 0 removed + 0 skipped" in done.out


def test_the_fast_path_has_a_view(folder):
    (folder / "two.txt").write_text(ONE.upper())
    done = run("scan", folder, "--find", "duplicates")
    assert done.code == 0
    assert "2 read = 1 kept + 1 removed + 0 skipped" in done.out


def test_duplicates_fail_only_when_asked_to(folder):
    assert run("scan", folder, "--fail-on-duplicates").code == 0
    (folder / "two.txt").write_text(ONE.upper())
    assert run("scan", folder).code == 0
    assert run("scan", folder, "--fail-on-duplicates").code == 1


@pytest.mark.parametrize("command", [["scan"], ["compare", "x.txt"], ["clean", "-o", "out"]])
def test_a_missing_path_cannot_be_done(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x.txt").write_text(ONE)
    done = run(*command, "nowhere.txt")
    assert done.code == 4
    assert done.err == "dedup: error: nowhere.txt: no such file or folder\n"
    assert names_in(Path()) == ["x.txt"]


def test_running_out_of_memory_is_no_traceback(folder, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("dedup.api.runs.scan_reader", fail)
    done = run("scan", folder)
    assert (done.code, done.err) == (4, "dedup: error: out of memory\n")


def test_what_nobody_foresaw_is_one_line_and_exit_4(folder, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("dedup.api.runs.scan_reader", fail)
    done = run("scan", folder)
    assert done.code == 4
    assert done.err.count("\n") == 1
    fault = "a fault of dedup, not of yours: ZeroDivisionError: by zero in test_usage.py:"
    assert fault in done.err
    assert (
        "please report it with what the same command prints after `DEDUP_TRACEBACK=1`" in done.err
    )
    told = run("scan", folder, env={"DEDUP_TRACEBACK": "1"})
    assert told.code == 4


def test_an_error_cannot_steer_the_terminal(tmp_path):
    done = run("scan", tmp_path / "a\x1b[31m\nb.txt")
    assert done.code == 4
    assert "\x1b" not in done.err
    assert done.err.count("\n") == 1
