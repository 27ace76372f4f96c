"""The pages say what the code does: generated ones are fresh, complete, and lead somewhere.

``test_docs_blocks`` runs what stands in them.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys

import click
import page_shell
import pyarrow as pa
import pytest
from pages import PAGES, ROOT, named, prose_of

import dedup
from dedup import Index, Result, clean, scan
from dedup.config import Config
from dedup.schema import CONTRACT, FAMILY_TABLES, MORE, NAMED, STORY_TABLES

sys.path.insert(0, str(ROOT / "scripts"))
import generate_docs as generator

README = ROOT / "README.md"
OUTPUT = ROOT / "docs" / "output.md"
REFERENCE = generator.FOLDER


def reference(name):
    return (REFERENCE / name).read_text(encoding="utf-8")


LONG = {"images/quotes.svg"}  # 600 comparisons; scripts/check draws it, as it does the others


@pytest.mark.parametrize("name", [each for each in generator.FILES if each not in LONG])
def test_generated_pages_and_figures_are_what_the_code_says(name):
    assert (generator.DOCS / name).read_text(encoding="utf-8") == generator.made(name)


def test_lines_of_the_design_fit_on_a_screen():
    lines = (ROOT / "DESIGN.md").read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 160] == []


def sections_of(page):
    """Return the text of the reference by the words of each command."""
    parts = re.split(r"^#+ (dedup.*)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_and_option_is_in_the_reference():
    sections = sections_of(reference("cli.md"))
    commands = list(generator.commands())
    assert [path for path, _, _ in commands] == list(sections)
    for path, command, _ in commands:
        assert command.help, f"{path} has no help"
        for each in command.params:
            if isinstance(each, click.Option):
                assert each.help, f"{path} {each.name} has no help"
                for name in (*each.opts, *each.secondary_opts):
                    there = re.search(rf"(?<![\w-]){name}(?![\w-])", sections[path])
                    assert there, f"{path} {name} is not in the reference"


def test_no_command_is_hidden():
    def all_of(group):
        for each in group.commands.values():
            yield each
            if isinstance(each, click.Group):
                yield from all_of(each)

    listed = {id(command) for _, command, _ in generator.commands()}
    assert {id(each) for each in all_of(generator.root_command())} < listed


def test_the_examples_in_the_help_parse():
    """A help shows commands further in; whatever they name has to exist."""
    seen = 0
    for path, command, _ in generator.commands():
        for line in re.findall(r"^ +((?:\w+ [^|\n]*\| )?dedup .+)$", command.help, re.MULTILINE):
            calls = [words for words in page_shell.calls_of(line) if words[0] == "dedup"]
            assert calls, f"{path}: {line}"
            for words in calls:
                page_shell.check_options(words[1:])
            seen += 1
    assert seen > 3


def test_every_setting_is_in_the_reference():
    page, options = reference("config.md"), sections_of(reference("cli.md"))["dedup scan"]
    for item in dataclasses.fields(Config):
        assert f"| `{item.name}` |" in page
        assert f"--{item.name.replace('_', '-')} " in options
        assert item.metadata["help"].endswith("."), f"the help of {item.name} is no sentence"


def test_every_public_name_and_method_is_in_the_reference():
    headings = re.findall(r"^##+ (\S+)$", reference("python.md"), re.MULTILINE)
    names = [name for name in dedup.__all__ if not name.startswith("_")]
    methods = [name for name, _ in inspect.getmembers(Index, callable) if name[0] != "_"]
    of_results = [name for name, _ in inspect.getmembers(Result, callable) if name[0] != "_"]
    of_results.remove("of")  # the stages' own
    known = {*names, *(f"Index.{name}" for name in methods)}
    assert set(headings) == known | {f"Result.{name}" for name in of_results}


def test_the_readme_is_short():
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    shown = lines[lines.index("```console") + 1 :]
    assert shown.index("```") - 1 <= 25  # what the first command prints


def anchors_of(page):
    """Return the anchors that the headings of a page have on a forge and in the site."""
    text = prose_of(page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    text = prose_of(page.read_text(encoding="utf-8"))
    for link, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)\s]*)\)", text):
        if "://" not in link and not link.startswith("mailto:"):
            target = page.parent / link if link else page
            assert target.exists(), f"{named(page)} links to {link}"
            there = not anchor or anchor in anchors_of(target)
            assert there, f"{named(page)} links to {link}#{anchor}"


def test_figures_are_shown_and_explained():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = re.findall(r"!\[([^\]]*)\]\((?:\.\./)*(?:docs/)?images/([\w.-]+)\)", text)
    for alt, name in shown:
        assert len(alt) > 20, f"{name} has no text for who cannot see it"
    folder = ROOT / "docs" / "images"
    assert {name for _, name in shown} == {each.name for each in folder.iterdir()}


def test_every_page_of_the_site_is_reached():
    """What is not in the menu is linked from a page that is."""
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert f": {name}\n" in site, f"{name} is not in the nav of mkdocs.yml"


def test_pages_have_one_title():
    for page in PAGES:
        text = prose_of(page.read_text(encoding="utf-8"))
        assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, named(page)


def documented_columns(name):
    """Return (column, type) of the table in the section of docs/output.md on one output file."""
    text = OUTPUT.read_text(encoding="utf-8")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]
    return re.findall(r"^\| `(\w+)` \| ([\w ]+) \| .+ \|$", section, re.MULTILINE)


@pytest.mark.parametrize("name", CONTRACT)
def test_the_columns_of_the_output_files_are_documented(name):
    assert documented_columns(name) == columns_of(CONTRACT[name])


def columns_of(schema):
    """Return (column, type) of a schema; a list is one "of" what is in it."""
    return [(item.name, type_name(item.type)) for item in schema]


def type_name(kind):
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


def test_the_columns_of_the_files_that_an_index_adds_are_documented():
    assert documented_columns("What an index knew") == columns_of(MORE["against"])
    assert columns_of(MORE["against_passages"]) == columns_of(CONTRACT["passages"])
    assert documented_columns("losses") == columns_of(MORE["losses"])
    for name, schema in {**FAMILY_TABLES, **STORY_TABLES}.items():
        assert documented_columns(name) == columns_of(schema)
    assert list(MORE) == ["losses", *FAMILY_TABLES, *STORY_TABLES, "against", "against_passages"]


def test_the_columns_of_what_a_report_needs_are_documented():
    text = OUTPUT.read_text(encoding="utf-8")
    section = text.split("## What a report needs\n")[1].split("\n## ")[0]
    tables = re.split(r"^`(\w+)`: one row", section, flags=re.MULTILINE)
    assert tables[1::2] == list(NAMED)
    for name, table in zip(tables[1::2], tables[2::2], strict=True):
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| .+ \|$", table, re.MULTILINE)
        assert rows == columns_of(NAMED[name])


def test_the_keys_of_the_summary_are_documented():
    text = OUTPUT.read_text(encoding="utf-8")
    section = text.split("## summary.json\n")[1].split("\n## ")[0]
    keys = [
        name
        for cell in re.findall(r"^\| (`.+?`) \| [A-Z`].+\|$", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cell)
    ]
    assert keys == list(scan([]).summary)


def test_the_keys_of_the_provenance_are_documented():
    text = OUTPUT.read_text(encoding="utf-8")
    section = text.split("## A cleaned folder\n")[1].split("\n## ")[0]
    keys = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)))
    between = [item.name for item in CONTRACT["documents"]]  # the row "`cluster` to `no_text`"
    place = keys.index("cluster")
    assert keys[place + 1] == "no_text"
    keys[place : place + 2] = between[between.index("cluster") :]
    assert keys == [key for key in clean(["One article."])[0] if key != "clean"]
