"""Documents over time, in days or in as much coarser a unit as makes a readable number of bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Bool, Int64, one_array

Column: TypeAlias = "Sequence[str | None] | pa.Array | pa.ChunkedArray"

UNITS = ("day", "week", "month", "year", "decade")
MOST_BARS = 60

_DATES = (
    r"^\s*(?P<y>\d{4})(?:[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?)?(?:[TZ+\s].*)?$",
    r"^\s*(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[TZ+\s].*)?$",
)
_YEARS = (1500, 2100)  # others are mistakes
_DAY, _MONTH, _YEAR = 3, 2, 1  # the precision of a date
_NEEDED = {"day": _DAY, "week": _DAY, "month": _MONTH, "year": _YEAR, "decade": _YEAR}
_TAIL = 0.01  # on both sides, which do not decide on the unit


def timeline(dates: Column, kept: Bool) -> dict[str, Any]:
    """Count kept and removed documents by day, week, month, year or decade, in at most 60 bars.

    The unit is the finest that shows all but the outermost hundredth on each side; what does not
    fit is counted in ``before`` and ``after``. A date is taken as it is written, without a change
    of time zone. ``undated`` counts documents without a date, with one that is no ISO date, or
    with one that is too coarse for the unit (``2024`` where bars are days). ``starts`` names the
    first day of each bar; a week begins on Monday.

    >>> kept = np.array([True, False, True, True])
    >>> timeline(["2024-11-05T23:00:00+01:00", "2024-11-07", None, "soon"], kept)["starts"]
    ['2024-11-05', '2024-11-06', '2024-11-07']
    """
    days, told = _parsed(dates)
    rows = np.flatnonzero(told)
    if not len(rows):
        bars: dict[str, Any] = {"unit": "day", "starts": [], "kept": [], "removed": []}
        return {**bars, "before": 0, "after": 0, "undated": len(days)}
    unit = _unit(days[rows], told[rows])
    rows = rows[told[rows] >= _NEEDED[unit]]
    numbers = _numbers(days[rows], unit)
    first, last = _window(numbers)
    shown = (numbers >= first) & (numbers <= last)
    places, stays = numbers[shown] - first, kept[rows[shown]]
    count = last - first + 1
    return {
        "unit": unit,
        "starts": _starts(np.arange(first, last + 1), unit),
        "kept": np.bincount(places[stays], minlength=count).tolist(),
        "removed": np.bincount(places[~stays], minlength=count).tolist(),
        "before": int(np.count_nonzero(numbers < first)),
        "after": int(np.count_nonzero(numbers > last)),
        "undated": len(days) - len(rows),
    }


def _parsed(dates: Column) -> tuple[Int64, Int64]:
    """Return the day of each date since 1970, and its precision; 0 where it is no date."""
    column = (
        dates if isinstance(dates, pa.Array | pa.ChunkedArray) else pa.array(dates, pa.string())
    )
    days, told = np.zeros((2, len(column)), np.int64)
    if column.null_count == len(column):
        return days, told
    if isinstance(column, pa.ChunkedArray):
        column = one_array(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    for pattern in _DATES:
        parts = pc.extract_regex(column, pattern)
        year, month, day = (_numbers_in(parts.field(name)) for name in range(3))
        level = np.where(month < 0, _YEAR, np.where(day < 0, _MONTH, _DAY))
        month, day = np.where(month < 0, 1, month), np.where(day < 0, 1, day)
        right = (year >= _YEARS[0]) & (year < _YEARS[1]) & (month >= 1) & (month <= 12)
        months = np.where(right, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
        made = months.astype("datetime64[D]") + (day - 1)
        right &= (day >= 1) & (made.astype("datetime64[M]") == months)
        days[right], told[right] = made[right].astype(np.int64), level[right]
    return days, told


def _numbers_in(strings: pa.Array) -> Int64:
    """Return the numbers that strings of digits write, -1 for an empty one or none."""
    filled = pc.replace_with_mask(strings, pc.equal(strings, ""), pa.scalar("-1", strings.type))
    numbers: Int64 = pc.fill_null(pc.cast(filled, pa.int64()), -1).to_numpy(zero_copy_only=False)
    return numbers


def _unit(days: Int64, told: Int64) -> str:
    """Return the finest unit that at least half of the dates allow and that makes few bars."""
    for unit in UNITS:
        usable = days[told >= _NEEDED[unit]]
        if 2 * len(usable) >= len(days):
            first, last = _inner(_numbers(usable, unit))
            if last - first < MOST_BARS:
                return unit
    return UNITS[-1]


def _inner(numbers: Int64) -> tuple[int, int]:
    """Return the first and the last number without the tails."""
    ordered = np.sort(numbers)
    cut = int(len(ordered) * _TAIL)
    return int(ordered[cut]), int(ordered[-1 - cut])


def _window(numbers: Int64) -> tuple[int, int]:
    """Return the first and the last bar: all where they fit, else the inner ones and what fits."""
    low, high = int(numbers.min()), int(numbers.max())
    if high - low < MOST_BARS:
        return low, high
    first, last = _inner(numbers)
    free = MOST_BARS - 1 - (last - first)
    first = max(low, first - free // 2)
    last = min(high, first + MOST_BARS - 1)
    return max(low, last - MOST_BARS + 1), last


def _numbers(days: Int64, unit: str) -> Int64:
    """Return the number of the day, week, month, year or decade in which each day is."""
    if unit == "day":
        return days
    if unit == "week":
        return (days + 3) // 7  # the first day of 1970 was a Thursday
    dates = days.astype("datetime64[D]")
    kind = "datetime64[M]" if unit == "month" else "datetime64[Y]"
    numbers: Int64 = dates.astype(kind).astype(np.int64)
    return numbers if unit != "decade" else (numbers + 1970) // 10


def _starts(numbers: Int64, unit: str) -> list[str]:
    """Return the first day of each unit as an ISO date."""
    if unit == "decade":
        numbers = numbers * 10 - 1970
    if unit == "week":
        numbers = numbers * 7 - 3
    kind = {"day": "D", "week": "D", "month": "M"}.get(unit, "Y")
    starts: list[str] = (
        numbers.astype(f"datetime64[{kind}]").astype("datetime64[D]").astype(str).tolist()
    )
    return starts
