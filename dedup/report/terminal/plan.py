"""What a run would take, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_BAR = 40


def plan_view(plan: dict[str, Any]) -> Iterator[str]:
    """Yield an estimate as lines for a person.

    >>> list(plan_view({"documents": 1, "documents_are_exact": True, "text_bytes": 2e9,
    ...     "tokens": 9, "memory_bytes": 5e8, "disk_bytes": 0, "sample": 1,
    ...     "candidates_in_sample": 0, "candidates": [0, 0], "bands": 2, "rows": 3,
    ...     "expected_recall_at_threshold": 0.5, "s_curve": []}))[:2]
    ['documents    1', 'text         2.0 GB, 9 tokens']
    """
    about = "" if plan["documents_are_exact"] else "about "
    yield f"documents    {about}{plan['documents']:,}"
    yield f"text         {_size(plan['text_bytes'])}, {plan['tokens']:,} tokens"
    yield f"memory       about {_size(plan['memory_bytes'])}"
    if plan["disk_bytes"]:
        yield f"disk         up to {_size(plan['disk_bytes'])}, where memory does not do"
    low, high = plan["candidates"]
    yield (
        f"candidates   {plan['candidates_in_sample']:,} pairs in a sample of {plan['sample']:,}; "
        f"{low:,} to {high:,} in all"
    )
    recall = plan["expected_recall_at_threshold"]
    yield f"bands        {plan['bands']} of {plan['rows']} rows: {recall:.4f} at the threshold"
    yield ""
    yield "Jaccard      chance to become a candidate"
    for similarity, chance in plan["s_curve"]:
        yield f"{similarity:>7.1f}      {chance:.4f}  {'█' * round(_BAR * chance)}"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"
