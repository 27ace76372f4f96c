"""What tests of the command line are given."""

from __future__ import annotations

import pytest
from articles import ONE


@pytest.fixture
def folder(tmp_path):
    """A folder with one good article."""
    made = tmp_path / "in"
    made.mkdir()
    (made / "one.txt").write_text(ONE)
    return made
