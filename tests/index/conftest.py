"""What tests of an index in a file are given."""

from __future__ import annotations

import pytest

from dedup.index import sqlite
from dedup.index.sqlite import settling


@pytest.fixture
def small_runs(monkeypatch):
    """Let a few articles make a run, in this process."""
    for module in (settling, sqlite):
        monkeypatch.setattr(module, "TAIL", 16)
    monkeypatch.setattr(settling, "FAN", 4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "news.index"
