"""``--owners FILE``: a site and its owner a line."""

from __future__ import annotations

import click
import pytest

from dedup.cli.options import pairs_of_file


@pytest.mark.parametrize(
    "text",
    [
        "a.example=Big House\nb.example=Big House\n",
        "# of 2026\n\na.example = Big House\r\nb.example=Big House",
        "site,owner\na.example,Big House\nb.example,Big House\n",
        "\ufeffa.example\tBig House\nb.example\tBig House\n",
        'a.example,"Big House"\nb.example,"Big House"\n',
    ],
)
def test_forms_of_the_file(text, tmp_path):
    path = tmp_path / "owners.txt"
    path.write_bytes(text.encode())
    found = pairs_of_file(None, None, str(path))
    assert found == ("a.example=Big House", "b.example=Big House")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a.example\n", "line 1: got 'a.example'"), ("a=b\nc=\n", "line 2"), ("a,b,c\n", "line 1")],
)
def test_a_line_that_is_none_is_named(text, message, tmp_path):
    path = tmp_path / "owners.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(click.BadParameter, match=message):
        pairs_of_file(None, None, str(path))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(click.BadParameter, match="cannot be read"):
        pairs_of_file(None, None, str(tmp_path / "none.txt"))


def test_nothing_is_given():
    assert pairs_of_file(None, None, None) is None
