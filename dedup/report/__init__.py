"""Results for people: the views of the terminal; and for programs: JSON.

``answer`` is the first screen; ``views`` puts the sections in order, ``sections`` and ``articles``
make them, ``alignment`` lays
two texts side by side, ``terminal`` knows what a terminal can show.
"""

from __future__ import annotations

from dedup.report.machine import json_parts
from dedup.report.terminal.answer import Typed
from dedup.report.terminal.cleaned import Cleaned
from dedup.report.terminal.views import (
    CLEANED_SHOWN,
    SHOWN,
    answer_view,
    clean_view,
    cleaned_sections_view,
    cleaned_view,
    compare_view,
    scan_view,
    sections_view,
    warning_view,
)

__all__ = [
    "CLEANED_SHOWN",
    "SHOWN",
    "Cleaned",
    "Typed",
    "answer_view",
    "clean_view",
    "cleaned_sections_view",
    "cleaned_view",
    "compare_view",
    "json_parts",
    "scan_view",
    "sections_view",
    "warning_view",
]
