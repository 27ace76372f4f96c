"""Nothing in the package may run what a file says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "dedup"
# Errors can be copied by pickle, and say so; nothing reads one.
ALLOWED = {"errors.py": "as by pickle", "work.py": "allow_pickle=False"}
BANNED = re.compile(
    r"pickle|marshal|shelve|joblib|\beval\(|\bexec\(|allow_pickle=True|yaml\.load|"
    r"enable_load_extension|load_extension"
)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_no_module_can_run_what_a_file_says(path):
    text = path.read_text(encoding="utf-8")
    found = BANNED.search(text.replace(ALLOWED.get(path.name, "\0"), ""))
    assert found is None, f"{path}: {found[0]}"
