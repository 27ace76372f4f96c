"""Series: articles that come again and again on one form, such as prices, weather and greetings.

They look like stories, since they use the same words, and are told by two signs. Where articles are
dated, an event fills a few days and fades, and a series is spread evenly. Where they are not, most
members are reports on one form.
"""

from __future__ import annotations

import numpy as np

from dedup.core.arrays import Bool, Int32, Int64
from dedup.core.dates import NO_DAY

LEAST_ARTICLES = 5
LEAST_SPAN = 10  # days from the first to the last
UNEVEN = 0.25  # furthest that the share of articles up to a day is from that of the days
ALONE = 0.8  # articles that are the only one of their site on their day
ON_FORM = 0.5  # members that are a report on a form that another one has filled too


def is_even(days: Int32, sites: Int64) -> bool:
    """Tell whether articles are spread evenly over more than ten days, one a site and day.

    ``sites`` are codes, -1 where unknown: then nothing is asked of them.

    >>> weekly, burst = np.arange(0, 35, 7, dtype=np.int32), np.array([0, 0, 1, 1, 2, 14], np.int32)
    >>> is_even(weekly, np.full(5, -1)), is_even(burst, np.full(6, -1))
    (True, False)
    """
    known = days != NO_DAY
    days, sites = days[known], sites[known]
    if len(days) < LEAST_ARTICLES or days.max() - days.min() <= LEAST_SPAN:
        return False
    order = np.sort(days)
    line = (order - order[0]) / (order[-1] - order[0])
    steps = np.arange(len(order) + 1) / len(order)
    furthest = max(float(np.abs(line - steps[:-1]).max()), float(np.abs(line - steps[1:]).max()))
    named = sites >= 0
    if not named.any():
        return furthest <= UNEVEN
    pairs = np.stack([sites[named], days[named]], axis=1)
    counts = np.unique(pairs, axis=0, return_counts=True)[1]
    alone = int(np.count_nonzero(counts == 1))
    return furthest <= UNEVEN and alone >= ALONE * len(counts)


def is_on_form(on_form: Bool) -> bool:
    """Tell whether most members fill a form that another member fills too.

    >>> is_on_form(np.array([True, True, False])), is_on_form(np.array([True, False, False]))
    (True, False)
    """
    return len(on_form) > 2 and int(np.count_nonzero(on_form)) >= ON_FORM * len(on_form)
