"""Files that are written whole or not at all."""

import os
import time

from dedup.core.files import atomic

DAYS = 24 * 3600


def left_by_a_killed_process(folder, name, age):
    path = folder / name
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path):
    old = left_by_a_killed_process(tmp_path, ".found.json.0123456789ab.tmp", 2 * DAYS)
    kept = [
        left_by_a_killed_process(tmp_path, name, age)
        for name, age in (
            (".found.json.ba9876543210.tmp", DAYS / 2),  # perhaps somebody writes it still
            (".other.json.0123456789ab.tmp", 2 * DAYS),
            ("found.json.0123456789ab.tmp", 2 * DAYS),
            (".found.json.tmp", 2 * DAYS),
        )
    ]
    with atomic(tmp_path / "found.json") as file:
        file.write(b"whole")
    assert not old.exists()
    assert all(each.exists() for each in kept)
    assert (tmp_path / "found.json").read_bytes() == b"whole"
