"""Settings that are wrong say so, whatever they are."""

from __future__ import annotations

import dataclasses

import pytest

from dedup.config import Config
from dedup.errors import ConfigError

WRONG = [None, float("inf"), float("nan"), -1, 10**9, "seven", object(), [object()], b"x"]


@pytest.mark.parametrize("field", [each.name for each in dataclasses.fields(Config)])
@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
def test_a_wrong_value_is_a_config_error(field, value):
    if field == "seed" and value == 10**9:
        value = 2**32
    if field == "template" and value == "seven":  # any text is one
        value = [7]
    with pytest.raises(ConfigError) as caught:
        Config(**{field: value})
    assert field in str(caught.value)


def test_numbers_take_the_type_of_the_field():
    made = Config(num_perm=64.0, threshold=1, find=["passages", "duplicates"])
    assert (made.num_perm, type(made.num_perm)) == (64, int)
    assert (made.threshold, type(made.threshold)) == (1.0, float)
    assert made.find == ("duplicates", "passages")
    assert Config(**made.as_dict()) == made
