"""Every parameter that can change a result, once: type, default, bounds, help.

The command line options, the reference page in ``docs/`` and the header of every result are made
from these fields. What cannot change a result (threads, progress, output format) is not here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dedup.errors import ConfigError

T = TypeVar("T")

# The order is stored in index files and known to the scripts of the Redis index: new ones go last.
RELATIONS = (
    "exact",
    "near_duplicate",
    "excerpt",
    "derived",
    "shares_passage",
    "compilation",
    "revision",
    "own_text",
    "same_form",
)
LIKE = RELATIONS[:5]  # those that two documents can be clustered on, strongest first
REVISIONS = ("latest", "first", "keep")
STAGES = ("duplicates", "passages", "repeats")
TAGS = ("caption", "byline", "date_line", "embed", "related_suspect")


def _setting(
    default: T,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    prefix: str = "",
) -> T:
    """Declare one field with the bounds and the help that every surface shows."""
    metadata = {"help": help, "low": low, "high": high, "choices": choices, "prefix": prefix}
    made: T = field(default=default, metadata=metadata)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Hold every parameter that can change a result.

    Raises ``ConfigError`` when a value has the wrong type or is out of its bounds.

    >>> Config().threshold
    0.7
    >>> Config(threshold=1.5)
    Traceback (most recent call last):
        ...
    dedup.errors.ConfigError: threshold: got 1.5, allowed is a number from 0.05 to 1
    """

    find: tuple[str, ...] = _setting(
        STAGES, "What to look for; `duplicates` alone is the fast path.", choices=STAGES
    )
    shingle_unit: str = _setting(
        "word",
        "What a shingle is made of; `auto` is `char` when the median document is under 20 tokens.",
        choices=("word", "char", "auto"),
    )
    shingle_size: int = _setting(
        5, "Units in a shingle; with `char` units it is tripled.", low=1, high=32
    )
    num_perm: int = _setting(128, "Permutations, that is values in a signature.", low=2, high=4096)
    seed: int = _setting(1, "Seed of the permutations.", low=0, high=2**32 - 1)
    threshold: float = _setting(
        0.7, "Jaccard similarity from which two documents are near-duplicates.", low=0.05, high=1
    )
    recall: float = _setting(
        0.99,
        "Share of the pairs at the threshold that LSH must offer as candidates.",
        low=0.5,
        high=0.9999,
    )
    bands: int = _setting(
        0, "Bands; 0 derives bands and rows from threshold and recall.", low=0, high=4096
    )
    rows: int = _setting(0, "Rows of a band; 0 with bands=0.", low=0, high=4096)
    coverage: float = _setting(
        0.7,
        "Share of the shorter document in passages that makes it a near-duplicate or an excerpt.",
        low=0.1,
        high=1,
    )
    removable: float = _setting(
        0.7,
        "Share of a document that must stand in the kept one before it may be removed.",
        low=0.1,
        high=1,
    )
    facts: float = _setting(
        0.2,
        "Share of the facts (numbers, dates, names) that two documents fill differently from which "
        "they are reports on one form and both stay; 0 does not look.",
        low=0,
        high=1,
    )
    own: float = _setting(
        0.1,
        "Share of a document in sentences of its own, re-worded or opposed to others, from which "
        "it stays; 0 does not look.",
        low=0,
        high=1,
    )
    revisions: str = _setting(
        "latest",
        "Which version of an updated article is kept: the latest or the first (both, where the "
        "other has sentences of its own), or keep for all.",
        choices=REVISIONS,
    )
    cluster_on: tuple[str, ...] = _setting(
        ("exact", "near_duplicate", "excerpt"),
        "Relations that put two documents in one cluster; a revision of one of them is in it too.",
        choices=LIKE,
    )
    canonical: str = _setting(
        "complete",
        "Which member of a cluster is kept: complete, earliest, latest, longest, or priority:FIELD "
        "(smallest value of that column first).",
        choices=("complete", "earliest", "latest", "longest"),
        prefix="priority:",
    )
    passage_size: int = _setting(3, "Words in a passage seed.", low=2, high=8)
    passage_max_documents: int = _setting(
        50, "A seed in more documents than this keeps this many of them.", low=2, high=10_000
    )
    passage_min_tokens: int = _setting(8, "Fewest matched tokens of a passage.", low=4, high=1000)
    weak: bool = _setting(False, "Also report weak passages of pairs that share no strong passage.")
    boilerplate: bool = _setting(True, "Remove page furniture (newsletter lines, share widgets).")
    drop_tags: tuple[str, ...] = _setting(
        (), "Tagged blocks to remove as well; by default they are only tagged.", choices=TAGS
    )

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            object.__setattr__(self, item.name, _checked(item, getattr(self, item.name)))
        if (self.bands == 0) != (self.rows == 0):
            raise ConfigError("bands, rows", (self.bands, self.rows), "both 0 or both given")
        if self.bands * self.rows > self.num_perm:
            raise ConfigError(
                "bands, rows", (self.bands, self.rows), f"bands × rows ≤ num_perm ({self.num_perm})"
            )
        if not self.find:
            raise ConfigError("find", self.find, f"at least one of {', '.join(STAGES)}")

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, in order, ready for JSON."""
        return {
            item.name: list(value)
            if isinstance(value := getattr(self, item.name), tuple)
            else value
            for item in dataclasses.fields(self)
        }


def _checked(item: dataclasses.Field[Any], value: Any) -> Any:
    """Return ``value`` in the type of the field, or raise ``ConfigError``."""
    meta = item.metadata
    default = item.default
    if isinstance(default, tuple):
        return _checked_names(item.name, value, meta["choices"])
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ConfigError(item.name, value, "true or false")
        return value
    if isinstance(default, str):
        prefix = meta["prefix"]
        named = bool(prefix) and isinstance(value, str) and value.startswith(prefix)
        if value not in meta["choices"] and not (named and len(value) > len(prefix)):
            more = f" or {prefix}FIELD" if prefix else ""
            raise ConfigError(item.name, value, f"one of {', '.join(meta['choices'])}{more}")
        return value
    return _checked_number(item, value)


def _checked_names(name: str, value: Any, choices: tuple[str, ...]) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple | set | frozenset):
        raise ConfigError(name, value, f"a list of any of {', '.join(choices)}")
    names = (value,) if isinstance(value, str) else tuple(value)
    for each in names:
        if each not in choices:
            raise ConfigError(name, each, f"any of {', '.join(choices)}")
    return tuple(each for each in choices if each in names)


def _checked_number(item: dataclasses.Field[Any], value: Any) -> int | float:
    low, high = item.metadata["low"], item.metadata["high"]
    whole = isinstance(item.default, int)
    kind = "a whole number" if whole else "a number"
    allowed = f"{kind} from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(item.name, value, allowed)
    if not low <= value <= high or (whole and value != int(value)):
        raise ConfigError(item.name, value, allowed)
    return int(value) if whole else float(value)
