"""Every parameter that can change a result, once: type, default, bounds, help.

The command line options, the reference page in ``docs/`` and the header of every result are made
from these fields. What cannot change a result (threads, progress, output format) is not here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypedDict, TypeVar

from dedup.errors import ConfigError

T = TypeVar("T")
Names: TypeAlias = "str | Collection[str]"  # one name or several

# The number of each relation, the closest first. Index files and the scripts of a Redis server
# hold these numbers: a new relation is appended, and no number is ever given to another one.
RELATION_CODES = {
    "exact": 0,
    "near_duplicate": 1,
    "excerpt": 2,
    "derived": 3,
    "shares_passage": 4,
    "compilation": 5,
    "revision": 6,
    "own_text": 7,
    "same_form": 8,
    "same_url": 9,
}
RELATIONS = tuple(RELATION_CODES)
# From the one that joins most to the one that joins least; reports on one form are not joined.
BY_STRENGTH = (
    *("exact", "near_duplicate", "revision", "excerpt", "own_text"),
    *("same_url", "derived", "compilation", "shares_passage"),
)
LIKE = RELATIONS[:5]  # those that two documents can be clustered on, closest first
REVISIONS = ("latest", "first", "keep")
POLICIES = ("complete", "earliest", "latest", "longest")
# Settings that signatures follow from: parts of a corpus, and a scan of them, agree on these.
SIGNED_BY = (
    *("shingle_unit", "shingle_size", "num_perm", "seed"),
    *("threshold", "recall", "bands", "rows"),
)
PRIORITY = "priority:"  # in front of the column that a policy goes by
OWNED = "SITE=OWNER"  # how a setting says who owns a site
STAGES = ("duplicates", "passages", "repeats", "stories")
TAGS = ("caption", "byline", "date_line", "embed", "related_suspect", "comment")


def _setting(
    default: T,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    prefix: str = "",
    form: str = "",
) -> T:
    """Declare one field with the bounds and the help that every surface shows."""
    bounds = {"low": low, "high": high, "choices": choices, "prefix": prefix, "form": form}
    metadata = {"help": help, **bounds}
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
        STAGES, "What to look for; `duplicates` alone is fast mode.", choices=STAGES
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
        "Share of the pairs at the threshold that LSH must find as candidates.",
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
        "Share of a document that must occur in the kept one before it may be removed.",
        low=0.1,
        high=1,
    )
    removable_running: float = _setting(
        0.9,
        "Share of the running text of a page that must stand in the kept one before the page may "
        "be removed although less of it than `removable` does.",
        low=0.5,
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
        "Share of a document in sentences of its own from which it stays, as it does for 30 words "
        "of its own in a row; 0 does not look.",
        low=0,
        high=1,
    )
    revisions: str = _setting(
        "latest",
        "Which version of an updated article is kept: the latest or the first by its date (both, "
        "where one has no date or sentences of its own), or keep for all.",
        choices=REVISIONS,
    )
    cluster_on: tuple[str, ...] = _setting(
        ("exact", "near_duplicate", "excerpt"),
        "Relations that put two documents in one cluster; a revision of one of them is in it too.",
        choices=LIKE,
    )
    same_url: bool = _setting(
        True,
        "Put two texts under one address in one cluster, if they have something in common; "
        "tracking parameters, fragments and addresses for phones make no difference.",
    )
    derived_alone: float = _setting(
        0.6,
        "Share of a document in another from which a `derived` pair puts them in one cluster too "
        "(1: never); both stay unless `removable` allows more.",
        low=0.3,
        high=1,
    )
    derived_linked: float = _setting(
        0.4,
        "The same where a third document is a near-duplicate or an excerpt of both (1: never).",
        low=0.3,
        high=1,
    )
    canonical: str = _setting(
        "complete",
        "Which member of a cluster is kept: complete (holds what most members share, and of those "
        "the least besides), longest, earliest, latest, or priority:FIELD (smallest value of that "
        "column first).",
        choices=POLICIES,
        prefix=PRIORITY,
    )
    passage_size: int = _setting(3, "Words in a passage seed.", low=2, high=8)
    passage_max_documents: int = _setting(
        50, "A seed in more documents than this keeps this many of them.", low=2, high=10_000
    )
    passage_min_tokens: int = _setting(8, "Fewest matched tokens of a passage.", low=4, high=1000)
    owners: tuple[str, ...] = _setting(
        (),
        "Who owns which sites, as SITE=OWNER: families count owners, since one publisher's sites "
        "print the same text. Sites that share three templates are one owner's anyway.",
        form=OWNED,
    )
    story_cut: float = _setting(
        0.37,
        "Mean similarity from which articles, or two groups of them, tell one story; lower joins "
        "more.",
        low=0.05,
        high=1,
    )
    story_window: int = _setting(
        30,
        "Days that two articles may lie apart to be compared as one story, where both are dated.",
        low=1,
        high=36_500,
    )
    weak: bool = _setting(False, "Also report weak passages of pairs that share no strong passage.")
    boilerplate: bool = _setting(True, "Remove boilerplate (newsletter lines, share widgets).")
    template: tuple[str, ...] = _setting(
        (),
        "Text of a known template (on the command line the file it is in): each of its lines, and "
        "each sentence of its long lines, is boilerplate wherever it stands, numbers aside.",
    )
    drop_tags: tuple[str, ...] = _setting(
        (), "Tagged lines to remove as well; by default they are only tagged.", choices=TAGS
    )

    def __post_init__(self) -> None:
        for item in dataclasses.fields(self):
            object.__setattr__(self, item.name, _checked(item, getattr(self, item.name)))
        if (self.bands == 0) != (self.rows == 0):
            says = f"{{name}}: give both or neither, not {self.bands} and {self.rows}"
            raise ConfigError("bands, rows", (self.bands, self.rows), "both 0 or both given", says)
        if self.bands * self.rows > self.num_perm:
            raise ConfigError(
                "bands, rows", (self.bands, self.rows), f"bands × rows ≤ num_perm ({self.num_perm})"
            )
        if not self.find:
            raise ConfigError("find", self.find, f"at least one of {', '.join(STAGES)}")
        if self.template and not ("repeats" in self.find and self.boilerplate):
            says = "{name}: a template is found as boilerplate, so `repeats` must be in find"
            raise ConfigError("template", "…", "with `repeats` in find, and boilerplate", says)

    @property
    def priority_field(self) -> str | None:
        """Return the column that the canonical is chosen by, where the policy names one.

        >>> Config(canonical="priority:rank").priority_field
        'rank'
        """
        field = self.canonical.removeprefix(PRIORITY)
        return None if field == self.canonical else field

    @property
    def owner_of(self) -> dict[str, str]:
        """Return the owner of each site that ``owners`` names.

        >>> Config(owners=["a.example=A"]).owner_of
        {'a.example': 'A'}
        """
        pairs = (each.partition("=") for each in self.owners)
        return {site: owner for site, _, owner in pairs}

    @classmethod
    def of(cls, config: Config | None, settings: Mapping[str, Any]) -> Config:
        """Return ``config``, or the default settings, with some settings given by name.

        Raises ``ConfigError`` for a name that is no setting.

        >>> Config.of(Config(seed=5), {"threshold": 0.8}).threshold
        0.8
        """
        if config is not None and not isinstance(config, Config):
            raise ConfigError("config", config, "a dedup.Config, such as Config(threshold=0.8)")
        known = [item.name for item in dataclasses.fields(cls)]
        for name in settings:
            if name not in known:
                from difflib import get_close_matches

                near = get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(
                    *(name, settings[name], "a setting of dedup.Config"),
                    says=f"{{name}} is no setting{hint}",
                )
        return dataclasses.replace(config or cls(), **settings) if settings else config or cls()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, in order, ready for JSON."""
        return {
            item.name: list(value)
            if isinstance(value := getattr(self, item.name), tuple)
            else value
            for item in dataclasses.fields(self)
        }


class Settings(TypedDict, total=False):
    """The fields of ``Config`` as keywords, for the functions that take settings by name."""

    find: Names
    shingle_unit: str
    shingle_size: int
    num_perm: int
    seed: int
    threshold: float
    recall: float
    bands: int
    rows: int
    coverage: float
    removable: float
    removable_running: float
    facts: float
    own: float
    revisions: str
    cluster_on: Names
    same_url: bool
    derived_alone: float
    derived_linked: float
    canonical: str
    passage_size: int
    passage_max_documents: int
    passage_min_tokens: int
    owners: Mapping[str, str] | Names
    story_cut: float
    story_window: int
    weak: bool
    boilerplate: bool
    template: Names
    drop_tags: Names


def _checked(item: dataclasses.Field[Any], value: Any) -> Any:
    """Return ``value`` in the type of the field, or raise ``ConfigError``."""
    meta = item.metadata
    default = item.default
    if isinstance(default, tuple) and meta["form"]:
        return _checked_forms(item.name, value, meta["form"])
    if isinstance(default, tuple):
        if not meta["choices"]:
            return _checked_texts(item.name, value)
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


def _checked_texts(name: str, value: Any) -> tuple[str, ...]:
    """Return texts in an order that does not depend on the one in which they were given."""
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple | set | frozenset):
        raise ConfigError(name, value, "a text or a list of texts")
    if not all(isinstance(each, str) for each in texts):
        raise ConfigError(name, value, "a text or a list of texts")
    return tuple(sorted(set(texts)))


def _checked_forms(name: str, value: Any, form: str) -> tuple[str, ...]:
    """Return pairs, in order, as ``KEY=VALUE`` each; a mapping is taken as well.

    >>> Config(owners={"b.example": "B", "a.example": "B"}).owners
    ('a.example=B', 'b.example=B')
    """
    if isinstance(value, Mapping):
        value = [f"{key}={one}" for key, one in value.items()]
    if not isinstance(value, str | list | tuple | set | frozenset):
        raise ConfigError(name, value, f"a mapping, or a list of {form}")
    found: dict[str, str] = {}
    for each in (value,) if isinstance(value, str) else tuple(value):
        key, equals, one = each.partition("=") if isinstance(each, str) else ("", "", "")
        if not (equals and key.strip() and one.strip()):
            raise ConfigError(name, each, form)
        known = found.setdefault(key.strip(), one.strip())
        if known != one.strip():
            says = f"{{name}}: {key.strip()!r} has two values, {known!r} and {one.strip()!r}"
            raise ConfigError(name, each, f"{form}, each once", says)
    return tuple(f"{key}={found[key]}" for key in sorted(found))


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
