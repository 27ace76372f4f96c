"""What tests of the cleaned folder are given."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cleaned_folders import BODY, from_bytes, result_of

from dedup.output.cleaned import write_cleaned


@pytest.fixture
def folder(tmp_path):
    return SimpleNamespace(clean=tmp_path / "clean", back=tmp_path / "back")


@pytest.fixture
def cleaned(folder):
    text = f"{BODY}Share this\n".encode()
    write_cleaned(result_of(from_bytes(a=text, b=b"Other words.\n")), folder.clean)
    return folder
