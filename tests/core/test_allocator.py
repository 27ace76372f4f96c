"""Freed memory stays with a process that asks for it, unless its user says otherwise."""

import os
import platform
import subprocess
import sys

import pytest

from dedup.core.allocator import trim

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the C library cannot be asked"
)

# Thirty blocks of 8 MB, each freed before the next: how many pages the system hands out.
PROGRAM = """
import resource, sys
from dedup.core.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
b"x" * (8 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for size in range(30):
    b"x" * (8 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def pages_of(what, **variables):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))
    } | variables
    command = [sys.executable, "-c", PROGRAM, what]
    return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


def test_freed_memory_is_used_again():
    every_time = pages_of("leave", MALLOC_MMAP_THRESHOLD_="1000000")
    assert pages_of("keep") * 10 < every_time


def test_what_the_user_says_stands():
    given = {"MALLOC_MMAP_THRESHOLD_": "1000000"}
    assert pages_of("keep", **given) * 2 > pages_of("leave", **given)


def test_trim_asks_and_never_fails():
    trim()
