"""A shell that is small enough to trust, for the commands that pages show.

`dedup` is run in this process by click's runner, a few harmless programs of the system are run as
they are, and what cannot be run here (``NOT_RUN``, each with its reason) is parsed: its commands
and options have to exist.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
from click.testing import CliRunner
from pages import ROOT

from dedup.cli import root

NOT_RUN = {  # what a line holds: why it is not run
    r"\b(s3|gs|https?|rediss?)://(?!a\.example|.*\.example)": "there is no network, and no server",
    r"^tail -f ": "it never ends",
    r"^scripts/": "it sets up, tests or measures for minutes",
    r"^(\.venv/bin/)?python3? ": "it measures for minutes; its options are looked up",
    r"^(\.venv/bin/)?(pip|pipx|uv tool) install ": "there is no network; extras are looked up",
    r"^uvx --from ": "there is no network; what it runs is parsed",
    r"^docker ": "there is no daemon; what it runs is parsed",
    r" ~/\.": "it would write into a home",
    r"^spark-submit |--engine spark": "it starts Java; tests/spark/test_spark_cli.py does that",
    r"^export ": "it is for a cluster",
    r"^sbatch |\$SLURM_": "Slurm runs it",
}
ELSEWHERE = {".", "export", "sbatch", "tail", "venv-pack"}  # in lines that are not run
HARMLESS = {"cat", "cp", "echo", "grep", "head", "ls", "mkdir", "rm", "sort", "wc", "zcat"}
OPERATORS = {"|", "&&", ";", "<", ">", ">>"}
EXITS = re.compile(r"#.*\bexits with (\d+)")


def why_not(line):
    """Return why a line is not run, or None."""
    return next((why for what, why in NOT_RUN.items() if re.search(what, line)), None)


def words_of(line):
    """Return the words and operators of a line, without its comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = list(lexer)
    strange = [word for word in words if set(word) <= set("|&;<>") and word not in OPERATORS]
    assert not strange, f"{line}: {strange} is not known to this shell"
    return words


def calls_of(line):
    """Return the simple commands of a line as lists of words, without redirections."""
    calls, words = [[]], iter(words_of(line))
    for word in words:
        if word in ("|", "&&", ";"):
            calls.append([])
        elif word in ("<", ">", ">>"):
            next(words)
        else:
            calls[-1].append(word)
    return calls


def check(line):
    """Check a line that is not run: commands, options, programs and extras have to exist."""
    for call in calls_of(line):
        name = call[0].removeprefix(".venv/bin/")
        if name == "dedup":
            check_options(call[1:])
        elif name.startswith("scripts/"):
            assert (ROOT / name).is_file(), f"{line}: there is no {name}"
            if name == "scripts/bench":
                check_program(bench_program(call[1:]), call[1:])
        elif name == "spark-submit":
            at = next(place for place, word in enumerate(call) if "submit" in word and place)
            check_options(["scan", "--engine", "spark", *call[at + 1 :]])
        elif name.startswith("python") and call[1:3] != ["-m", "venv"]:
            check_program(ROOT / call[1], call[2:])
        elif name in ("pip", "pipx", "uv"):
            check_extras(call)
        elif name in ("docker", "uvx"):  # what stands behind the image, or the command
            check_options(call[call.index("dedup") + 1 :] if "build" not in call else [])
        else:
            known = name in HARMLESS | ELSEWHERE or name.startswith("python")
            assert known, f"{line}: what is {name}?"


def check_options(words):
    """Parse the words after `dedup`; an option or command that does not exist is an error."""
    command = root
    context = click.Context(root, info_name="dedup", **root.context_settings)
    while isinstance(command, click.Group) and words:
        inner = command.get_command(context, words[0])
        if inner is None:
            assert words[0].startswith("-"), f"there is no command {words[0]}"
            break
        command, words = inner, words[1:]
        settings = command.context_settings
        context = click.Context(command, context, info_name=command.name, **settings)
    command.make_parser(context).parse_args(list(words))


def bench_program(words):
    known = words and words[0] in ("signatures", "pipeline", "scale", "index")
    return ROOT / "benchmarks" / f"{words[0] if known else 'signatures'}.py"


def check_program(program, words):
    """Look up each option in the text of a program, or of one that it imports."""
    assert program.is_file(), f"there is no {program}"
    text = program.read_text(encoding="utf-8")
    for module in re.findall(r"^from (\w+) import|^import (\w+)", text, re.MULTILINE):
        beside = program.with_name(f"{module[0] or module[1]}.py")
        text += beside.read_text(encoding="utf-8") if beside.is_file() else ""
    end = words.index("--") if "--" in words else len(words)
    for word in words[:end]:
        assert not word.startswith("--") or f'"{word}"' in text, f"{program.name} has no {word}"
    if end < len(words):
        check_options(["scan", "FILE", *words[end + 1 :]])


def check_extras(call):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    extras = re.findall(r"^([\w-]+) = \[", text.split("[project.optional-dependencies]")[1], re.M)
    for found in re.findall(r"dedup-toolkit\[([\w,-]+)\]|\.\[([\w,-]+)\]", " ".join(call)):
        for extra in ",".join(found).strip(",").split(","):
            assert extra in extras, f"there is no extra {extra}"


def run(line):
    """Run a line and return (stdout, both streams); the exit code has to be the one it states."""
    wanted = EXITS.search(line)
    code, printed, both = 0, b"", b""
    for part in split(words_of(line), "&&", ";"):
        given = None
        for call in split(part, "|"):
            words, source, target, append = redirected(call)
            given = Path(source).read_bytes() if source else given
            code, given, said = run_one(words, given)
            both += said
            if target:
                with Path(target).open("ab" if append else "wb") as stream:
                    stream.write(given)
                given = b""
        printed += given
    assert code == int(wanted[1] if wanted else 0), f"exit code {code}: {line}\n{both.decode()}"
    return printed.decode(), both.decode()


def split(words, *operators):
    parts = [[]]
    for word in words:
        if word in operators:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def redirected(call):
    """Return the words of a simple command, the file it reads, the one it writes, and how."""
    words, source, target, append = [], None, None, False
    each = iter(call)
    for word in each:
        if word == "<":
            source = next(each)
        elif word in (">", ">>"):
            target, append = next(each), word == ">>"
        else:
            words.append(word)
    return words, source, target, append


def run_one(words, given):
    """Return (exit code, stdout, both streams) of one simple command."""
    if words[0].removeprefix(".venv/bin/") == "dedup":
        result = CliRunner().invoke(root, words[1:], given, prog_name="dedup")
        strange = result.exception and not isinstance(result.exception, SystemExit)
        if strange:
            raise result.exception
        return result.exit_code, result.stdout_bytes, result.output.encode()
    assert words[0] in HARMLESS, f"{words[0]} is no program this shell may run"
    matched = []
    for word in words[1:]:
        matched += sorted(map(str, Path().glob(word))) if "*" in word else [word]
    done = subprocess.run(
        [words[0], *matched], input=given or b"", capture_output=True, check=False
    )
    return done.returncode, done.stdout, done.stdout + done.stderr
