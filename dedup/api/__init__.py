"""The functions of the package and the result they give.

``given`` tells paths from documents, ``runs`` scans either, ``results`` binds what is done with a
result, ``functions`` are the public ones.
"""

from __future__ import annotations

from dedup.api.functions import (
    clean,
    compare,
    compare_two,
    joined,
    restore,
    restored_folder,
    scan,
    sign,
    write_report,
)
from dedup.api.results import Result

__all__ = [
    "Result",
    "clean",
    "compare",
    "compare_two",
    "joined",
    "restore",
    "restored_folder",
    "scan",
    "sign",
    "write_report",
]
