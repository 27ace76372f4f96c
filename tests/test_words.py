"""The words of the field: the old dialect does not come back where users and engineers read.

Checked are the pages, the docstrings, the comments, the help texts and the messages of the package.
``docs/glossary.md`` explains the words to use.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

import pytest
from pages import PAGES, ROOT, named, prose_of

# What must not be written (a pattern, any case): what to write.
BANNED = {
    r"furniture": "boilerplate",
    r"suspicions?": "warning",
    r"intake": "read report",
    r"crowded": "oversized",
    r"telling (words?|capitals?)": "content word",
    r"couples?": "word pair",
    r"(the|two|three|many|no|other) caps": "limit",
    r"put by": "spilled, kept",
    r"with everything on": "full mode",
    r"(stands?|standing) (more than once|again|nowhere else)": "occurs",
    r"made (anew|again)": "computed again",
    r"runs? of (three |five )?words": "word n-gram",
}
WORDS = re.compile("|".join(rf"\b({pattern})\b" for pattern in BANNED), re.IGNORECASE)
# Pages that say what was, or that show texts of others.
HISTORY = {"CHANGELOG.md"}
ALLOWED: dict[str, tuple[str, ...]] = {}  # file: phrases in which a word has its everyday sense
SOURCES = sorted(
    path for path in (ROOT / "dedup").rglob("*") if path.suffix in {".py", ".js", ".html"}
)


def old_words(text, name):
    """Return (word, what to write) for each old word of a text."""
    for phrase in ALLOWED.get(name, ()):
        text = text.replace(phrase, "")
    flat = re.sub(r"\s*\n\s*(#\s*)?", " ", text)
    return [
        (found[0], next(use for old, use in BANNED.items() if re.fullmatch(old, found[0], re.I)))
        for found in WORDS.finditer(flat)
    ]


def said_in(source):
    """Return the comments and the strings of a module: docstrings, help texts, messages."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    strings = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return "\n".join([*comments, *strings])


@pytest.mark.parametrize("page", [each for each in PAGES if named(each) not in HISTORY], ids=named)
def test_pages_use_the_words_of_the_glossary(page):
    assert old_words(prose_of(page.read_text(encoding="utf-8")), named(page)) == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_docstrings_help_and_messages_use_the_words_of_the_glossary(path):
    source = path.read_text(encoding="utf-8")
    assert old_words(said_in(source) if path.suffix == ".py" else source, named(path)) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Page furniture goes.", "boilerplate"),
        ("text that stands more than\n    once", "occurs"),
        ("# that is put\n# by", "spilled, kept"),
    ],
)
def test_an_old_word_is_found_across_lines(text, wanted):
    assert [use for _, use in old_words(text, "any.md")] == [wanted]


def test_words_of_the_field_pass():
    assert old_words("Boilerplate on one line; two runs; a couplet; it stands there.", "a") == []


def test_the_glossary_has_an_entry_for_each_word_to_use():
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()
    for use in ("boilerplate", "warning", "read report", "oversized", "content word", "word pair",
                "limit", "spilled", "full mode", "word n-gram"):  # fmt: skip
        assert re.search(rf"^\*\*[^*]*\b{use}", glossary, re.MULTILINE), use


def test_the_files_that_the_map_of_changes_names_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`([\w.-]+/[\w./-]+)`", text)
    assert len(paths) > 40
    for path in paths:
        assert (ROOT / path).exists(), f"CONTRIBUTING.md names {path}"
