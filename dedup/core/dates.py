"""Dates as they are given, as seconds and days since 1970."""

from __future__ import annotations

from datetime import date, datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Int32, column_codes

NO_DAY = -(1 << 31)  # of what has no date
_DAY = 86_400
_FURTHEST = 1 << 24  # days, some 45,000 years


def when(value: Any) -> int | None:
    """Return a date as seconds since 1970, ``None`` for what is no date; no zone means UTC.

    >>> when("2024-12-05T10:00:00Z"), when("2024-12-05"), when("Thu, 05 Dec 2024 10:00:00 GMT")
    (1733392800, 1733356800, 1733392800)
    >>> when("last Thursday")
    """
    try:
        if isinstance(value, bool) or value is None or value == "":
            return None
        if isinstance(value, int | float):
            moment = datetime.fromtimestamp(value, timezone.utc)
        elif isinstance(value, str):
            moment = _parsed(value.strip())
        elif isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day)
        else:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return int(moment.timestamp())
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None


def _parsed(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in "Zz" else value)
    except ValueError:
        return parsedate_to_datetime(value)


def days_of(column: pa.ChunkedArray) -> Int32:
    """Return the day of each date, counted from 1970, ``NO_DAY`` for what is no date.

    >>> days_of(pa.chunked_array([["1970-01-03", None, "soon"]])).tolist()
    [2, -2147483648, -2147483648]
    """
    codes, known = column_codes(column)
    days = np.full(len(known) + 1, NO_DAY, np.int32)  # the last is what a null's code, -1, finds
    for place, moment in enumerate(map(when, known.to_pylist())):
        if moment is not None and abs(moment // _DAY) < _FURTHEST:
            days[place] = moment // _DAY
    found: Int32 = days[codes]
    return found
