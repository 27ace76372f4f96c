"""A known template is named by the file that it is in."""

from __future__ import annotations

import json

import pytest
from commands import run

RIGHTS = "All rights to this report belong to the Valley Post"
TEXT = f"The council agreed to mend the bridge before the winter comes.\n{RIGHTS}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "rights.template").write_text(RIGHTS)


def text_in(folder):
    (path,) = folder.rglob("*.txt")
    return path.read_text()


def test_clean_takes_a_known_template_out(tmp_path):
    assert run("clean", "a.txt", "-o", "clean", "--template", "rights.template").code == 0
    assert RIGHTS not in text_in(tmp_path / "clean")
    assert run("clean", "a.txt", "-o", "without").code == 0
    assert RIGHTS in text_in(tmp_path / "without")


def test_the_summary_says_which_template_was_given(tmp_path):
    assert run("scan", "a.txt", "-o", "out", "--template", "rights.template").code == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["config"]["template"] == [RIGHTS]


def test_a_template_that_is_not_there_is_a_usage_error():
    found = run("scan", "a.txt", "--template", "none.txt")
    assert found.code == 2
    assert "none.txt" in found.err


def test_fast_mode_takes_no_template():
    found = run("scan", "a.txt", "--find", "duplicates", "--template", "rights.template")
    assert found.code == 2
    assert "template" in found.err
