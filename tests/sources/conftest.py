"""What tests of readers are given: a folder to write files to, and a standard input."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest


@pytest.fixture
def save(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


@pytest.fixture
def stdin(monkeypatch):
    def feed(data):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        return "-"

    return feed
