"""Made-up news of made-up towns: one story in several outlets, a quotation, agency text, copies.

The browser tests look at it, and so do the pictures in docs/images (scripts/report_pictures.py).
"""

from __future__ import annotations

import json
from pathlib import Path

FILE = Path(__file__).with_suffix(".jsonl")


def documents():
    """Return the articles, always the same."""
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
