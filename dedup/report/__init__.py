"""Results for people: the views of the terminal; and for programs: JSON.

``views`` puts the sections in order; ``sections`` and ``articles`` make them, ``alignment`` lays
two texts side by side, ``terminal`` knows what a terminal can show.
"""

from __future__ import annotations

from dedup.report.machine import json_parts
from dedup.report.terminal.cleaned import Cleaned
from dedup.report.terminal.losses import SHOWN, differences_view
from dedup.report.terminal.views import clean_view, compare_view, scan_view, warning_view

__all__ = [
    "SHOWN",
    "Cleaned",
    "clean_view",
    "compare_view",
    "differences_view",
    "json_parts",
    "scan_view",
    "warning_view",
]
