"""The pages say what the code does: generated ones are fresh, and every example runs."""

from __future__ import annotations

import dataclasses
import doctest
import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
import spark_session
from click.testing import CliRunner

from dedup import clean, scan
from dedup.config import Config
from dedup.records import CONTRACT

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def load_generator():
    spec = importlib.util.spec_from_file_location(
        "generate_docs", ROOT / "scripts/generate_docs.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = load_generator()


def blocks(page, *languages):
    """Return (first line, text) of every fenced block in one of the languages."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, found.start(2)) + 1, found[2])
        for found in FENCE.finditer(text)
        if found[1] in languages
    ]


def named(page):
    return page.relative_to(ROOT).as_posix()


@pytest.fixture
def workplace(tmp_path, monkeypatch, seeds):
    """A folder with a copy of the seeds, as files and as JSON lines, and the process in it."""
    shutil.copytree(seeds, tmp_path / "seeds")
    articles = [
        {"url": f"https://example.org/{each.stem}", "text": each.read_text(encoding="utf-8")}
        for each in sorted(seeds.glob("*.txt"))
    ]
    rows = "".join(f"{json.dumps(each)}\n" for each in articles)
    Path(tmp_path, "news.jsonl").write_text(rows, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", generator.PAGES)
def test_generated_pages_are_what_the_code_says(name):
    assert (generator.FOLDER / name).read_text(encoding="utf-8") == generator.page(name)


def test_every_command_has_help_and_is_in_the_reference():
    page = (generator.FOLDER / "cli.md").read_text(encoding="utf-8")
    for path, command, _ in generator.commands():
        assert command.help, f"{path} has no help"
        assert re.search(rf"^#+ {path}$", page, re.MULTILINE), f"{path} is not in the reference"
        for option in command.params:
            told = not isinstance(option, click.Option) or option.help
            assert told, f"{path} {option.name} has no help"


def test_every_setting_is_in_the_reference():
    page = (generator.FOLDER / "config.md").read_text(encoding="utf-8")
    for item in dataclasses.fields(Config):
        assert f"| `{item.name}` |" in page
        assert item.metadata["help"].endswith("."), f"the help of {item.name} is no sentence"


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=named)
def test_python_blocks_run(page, workplace):
    """Run the blocks of a page in order, in one namespace; prompts are compared as doctests."""
    if page.name == "spark.md" and (reason := spark_session.missing()) is not None:
        pytest.skip(reason)
    names = {"__name__": page.stem}
    for line, text in blocks(page, "python"):
        if not text.lstrip().startswith(">>>"):
            # Empty lines in front make a traceback name the line of the page.
            exec(compile("\n" * (line - 1) + text, str(page), "exec"), names)
            continue
        test = doctest.DocTestParser().get_doctest(text, names, named(page), str(page), line - 1)
        said = []
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
        assert not runner.run(test, out=said.append, clear_globs=False).failed, "".join(said)
        names.update(test.globs)


def command_lines(page):
    """Return (line, command) of every call of dedup that the page shows as typed in a shell."""
    found = []
    for first, text in blocks(page, "console", "sh"):
        joined = text.replace("\\\n", " ")  # a continued command counts as its first line
        for line, typed in enumerate(joined.splitlines(), first):
            typed = typed.removeprefix("$ ")
            if typed.startswith("dedup "):
                found.append((line, typed))
    return found


def run_like_a_shell(typed):
    """Run the first command of a pipe through click, with globs, `< FILE` and `> FILE`."""
    words, given = shlex.split(typed, comments=True), None
    if "<" in words:
        at = words.index("<")
        given = Path(words.pop(at + 1)).read_bytes()
        del words[at]
    end = next((at for at, word in enumerate(words) if word in ("|", ">", "&&", "||", ";")), None)
    arguments = []
    for word in words[1:end]:
        arguments += sorted(map(str, Path().glob(word))) if "*" in word else [word]
    result = CliRunner().invoke(generator.root_command(), arguments, given, prog_name="dedup")
    if end is not None and words[end] == ">":
        Path(words[end + 1]).write_bytes(result.stdout_bytes)
    return result


@pytest.mark.parametrize("page", [page for page in PAGES if command_lines(page)], ids=named)
def test_shell_lines_run(page, workplace):
    for line, typed in command_lines(page):
        result = run_like_a_shell(typed)
        assert result.exit_code == 0, f"{named(page)}:{line}: {typed}\n{result.output}"


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 160


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_to_files_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in link and not link.startswith("mailto:"):
            assert (page.parent / link).exists(), f"{named(page)} links to {link}"


def documented_columns(name):
    """Return (column, type) of the table in the section of docs/output.md on one output file."""
    text = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^\| `(\w+)` \| (\w+) \| .+ \|$", section, re.MULTILINE)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_columns_of_the_output_files_are_documented(name):
    wanted = [(item.name, str(item.type)) for item in CONTRACT[name]]
    assert documented_columns(name) == wanted


def test_the_keys_of_the_summary_are_documented(workplace):
    text = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    section = text.split("## summary.json\n")[1].split("\n## ")[0]
    keys = [
        name
        for cell in re.findall(r"^\| (`.+?`) \| [A-Z`].+\|$", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    ]
    assert keys == list(scan([]).summary)


def test_the_keys_of_the_provenance_are_documented():
    text = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    section = text.split("## A cleaned folder\n")[1].split("\n## ")[0]
    keys = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)))
    between = [item.name for item in CONTRACT["documents"]]  # the row "`cluster` to `coverage`"
    place = keys.index("cluster")
    assert keys[place + 1] == "coverage"
    keys[place : place + 2] = between[between.index("cluster") :]
    assert keys == [key for key in clean(["One article."])[0] if key != "clean"]
