"""A slice of ``benchmarks/fuzz_readers.py``: damaged files of every format."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
fuzz = pytest.importorskip("fuzz_readers")

FILES = fuzz.valid_files()


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_end_no_run(name, tmp_path):
    place = list(FILES).index(name)
    assert fuzz.outcome(tmp_path / name, FILES[name]) in ("read", "read with flaws")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of readers that are not ours
        for seed in range(place, 8 * len(FILES), len(FILES)):
            other, data = fuzz.input_of(seed, FILES)
            assert fuzz.outcome(tmp_path / other, data)
