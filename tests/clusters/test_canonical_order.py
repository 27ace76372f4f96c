"""The order in which documents are candidates for a canonical, against its twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_order import candidates, naive_order

policies = st.sampled_from(["complete", "earliest", "latest", "longest", "priority:rank"])

ranks = st.sampled_from([-1, -1, 0, 1, 2])


@settings(max_examples=200)
@given(st.data(), policies)
def test_order_is_as_the_rules_are_written_down(data, policy):
    count = data.draw(st.integers(0, 7))

    def column(values):
        return data.draw(st.lists(values, min_size=count, max_size=count))

    shares = st.sampled_from([0.0, 0.01, 0.3, 0.31, 0.5, 1.0])
    documents = candidates(
        count,
        truncated=column(st.booleans()),
        boilerplate=column(shares),
        lengths=column(st.sampled_from([0, 10, 11])),
        dates=column(ranks),
        priorities=column(ranks),
    )
    core = np.array(column(shares), float)
    assert documents.keys(policy, core).tolist() == naive_order(documents, policy, core)


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("complete", 5),  # whole, holds the core, has no furniture, is the earlier of the two
        ("earliest", 3),
        ("latest", 4),
        ("longest", 0),
        ("priority:rank", 2),
    ],
)
def test_the_first_difference_wins(policy, wanted):
    documents = candidates(
        7,
        truncated=[True, False, False, False, False, False, False],
        boilerplate=[0, 0, 0.4, 0, 0, 0, 0],
        lengths=[900, 100, 100, 100, 100, 100, 800],
        dates=[1, 1, 1, 0, 9, 2, 3],
        priorities=[3, 3, 0, -1, 3, 3, 3],
    )
    core = np.array([1.0, 0.5, 1.0, 0.5, 0.6, 1.0, 1.0])
    assert documents.keys(policy, core)[0] == wanted


def test_unknown_dates_and_priorities_come_last_and_ties_go_by_row():
    documents = candidates(4, dates=[-1, 3, -1, 3], priorities=[-1, -1, 7, 7])
    core = np.zeros(4)
    assert documents.keys("earliest", core).tolist() == [1, 3, 0, 2]
    assert documents.keys("latest", core).tolist() == [1, 3, 0, 2]
    assert documents.keys("priority:x", core).tolist() == [3, 2, 1, 0]  # then by date
    assert candidates(3).keys("complete", np.zeros(3)).tolist() == [0, 1, 2]
