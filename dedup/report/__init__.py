"""Results for people: the views of the terminal.

``views`` puts the sections in order; ``sections`` and ``articles`` make them, ``alignment`` lays
two texts side by side, ``terminal`` knows what a terminal can show.
"""

from __future__ import annotations

from dedup.report.views import compare_view, scan_view

__all__ = ["compare_view", "scan_view"]
