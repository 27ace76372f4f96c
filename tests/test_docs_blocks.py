"""Every block of code of every page runs, or is checked, by its language; none is passed over."""

from __future__ import annotations

import difflib
import doctest
import json
import re

import page_shell
import pytest
import spark_session
from pages import INDENTED, PAGES, blocks_of, is_drawing, named, write_workplace

LANGUAGES = {"python", "sh", "console", "json", "yaml", "toml", "text", INDENTED}
GIVEN = {  # names that the words around a block bring in
    "DESIGN.md": {"texts": ["One text of a few words.", "Another text."]},
}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
TIMES = re.compile(r"[\d.,]+ s[, (]+[\d.,]+ (documents|articles)/s")


@pytest.fixture
def workplace(tmp_path, monkeypatch, seeds):
    """A folder with the files that the pages speak of, and the process in it."""
    write_workplace(tmp_path, seeds)
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def text_of(page):
    return page.read_text(encoding="utf-8")


def test_every_block_has_a_language_that_is_checked():
    for page in PAGES:
        for block in blocks_of(text_of(page)):
            where = f"{named(page)}:{block.line}"
            assert block.language in LANGUAGES, f"{where}: nobody checks {block.language!r}"
            drawn = block.language != INDENTED or is_drawing(block)
            assert drawn or lines_of(block), f"{where}: neither a drawing nor commands"


def test_no_block_hides():
    """Blocks in lists, with tildes or as HTML would not be seen by these tests."""
    for page in PAGES:
        for number, line in enumerate(text_of(page).splitlines(), 1):
            hidden = re.match(r"\s+```|\s*~~~|\s*<pre", line)
            assert not hidden, f"{named(page)}:{number}: write it as ``` without indentation"


def test_reasons_not_to_run_are_needed():
    lines = [line for page in PAGES for block in blocks_of(text_of(page)) for line in typed(block)]
    for what in page_shell.NOT_RUN:
        assert any(re.search(what, line) for line in lines), f"no page has a line like {what}"


RUNS = [  # the page on Spark in the process whose session of Spark the other tests use
    pytest.param(page, marks=[pytest.mark.spark] if page.name == "spark.md" else [])
    for page in PAGES
    if blocks_of(text_of(page))
]


@pytest.mark.parametrize("page", RUNS, ids=named)
def test_the_blocks_of_a_page_run(page, workplace):
    """Run all blocks of a page in order, in one folder and with one set of names."""
    if page.name == "spark.md" and (reason := spark_session.missing()) is not None:
        pytest.skip(reason)
    names = {"__name__": page.stem, **GIVEN.get(named(page), {})}
    is_first = page.name == "spark.md" and not spark_session.is_running()
    for block in blocks_of(text_of(page)):
        RUN[block.language](block, page, names)
    if is_first:
        names["spark"].stop()  # the other tests want a session of their own


def run_python(block, page, names):
    """Run statements as they are; compare what stands behind prompts."""
    if not block.text.lstrip().startswith(">>>"):
        # Empty lines in front make a traceback name the line of the page.
        exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), names)
        return
    parser, said = doctest.DocTestParser(), []
    test = parser.get_doctest(block.text, names, named(page), str(page), block.line - 1)
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    assert not runner.run(test, out=said.append, clear_globs=False).failed, "".join(said)
    names.update(test.globs)


def lines_of(block):
    """Return the commands of a block of a shell: a continued one counts as one."""
    joined = block.text.replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def typed(block):
    """Return the commands that a block shows as typed."""
    if block.language == "sh" or (block.language == INDENTED and not is_drawing(block)):
        return lines_of(block)
    if block.language == "console":
        return [command for command, _ in exchanges(block)]
    return []


def run_shell(block, page, names):
    for line in lines_of(block):
        run_line(line)


def run_line(line):
    page_shell.check(line)
    return None if page_shell.why_not(line) else page_shell.run(line)


def run_indented(block, page, names):
    if not is_drawing(block):
        run_shell(block, page, names)


def exchanges(block):
    """Return (command, output) of what was typed behind `$ ` and what came."""
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), "a console block begins with `$ `"
    return [(command, said) for command, _, said in (each.partition("\n") for each in parts[1:])]


def run_console(block, page, names):
    """Run each command, and compare what it prints; `...` stands for anything."""
    for command, wanted in exchanges(block):
        came = run_line(command)
        if came is None or not wanted.strip():
            continue
        assert any(same(wanted, each) for each in came), difference(wanted, came[0], command)


def plain(text):
    text = TIMES.sub("… s, … documents/s", text)
    return "".join(f"{line.rstrip()}\n" for line in text.strip().splitlines())


def same(wanted, got):
    return doctest.OutputChecker().check_output(plain(wanted), plain(got), doctest.ELLIPSIS)


def difference(wanted, got, command):
    pair = plain(wanted).splitlines(), plain(got).splitlines()
    return "\n".join(difflib.unified_diff(*pair, "the page", f"$ {command}", lineterm=""))


def run_json(block, page, names):
    json.loads(block.text)


def run_yaml(block, page, names):
    import yaml

    yaml.safe_load(block.text)


def run_toml(block, page, names):
    try:
        import tomllib
    except ImportError:  # before Python 3.11; pytest brings it
        import tomli as tomllib
    tomllib.loads(block.text)


def run_text(block, page, names):
    """Text is free; the output of a command stands in a console block, where it is compared."""
    generated = "Written by scripts/docs" in text_of(page)
    assert generated or not block.text.startswith("dedup "), f"{named(page)}:{block.line}: console"


RUN = {
    "python": run_python,
    "sh": run_shell,
    "console": run_console,
    "json": run_json,
    "yaml": run_yaml,
    "toml": run_toml,
    "text": run_text,
    INDENTED: run_indented,
}
