"""What an index is built with; it travels with the index, and another setting is refused."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import Any

from dedup.config import Config
from dedup.errors import ConfigError, CorruptIndex, IndexMismatch
from dedup.similarity.lsh import bands_and_rows
from dedup.similarity.minhash import SCHEME
from dedup.text.tokens import FOLDING_VERSION

FORMAT = 2
_FIRST = 1  # the oldest format that is read: it has neither `clean` nor `passages`
SCOPES = ("any", "across", "within")
_SHARED = (
    "shingle_unit",
    "shingle_size",
    "num_perm",
    "seed",
    "threshold",
    "coverage",
    "removable",
    "cluster_on",
)  # with `Config`
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that decides what an index answers.

    ``window`` is in seconds, 0 for none. ``salt`` is drawn when an index is made, so that nobody
    can prepare articles whose keys meet.
    """

    format: int
    folding: int
    scheme: str
    shingle_unit: str
    shingle_size: int
    num_perm: int
    seed: int
    bands: int
    rows: int
    threshold: float
    coverage: float
    removable: float
    cluster_on: tuple[str, ...]
    window: int
    scope: str
    store_text: bool
    clean: bool
    passages: bool
    salt: int

    @classmethod
    def of(
        cls,
        config: Config,
        *,
        window: str | int | None = None,
        scope: str | None = None,
        salt: int = 0,
        **kept: bool | None,
    ) -> Settings:
        """Return what an index under a ``Config`` is built with.

        ``kept`` are ``store_text``, ``clean`` and ``passages``. The last one brings ``clean``, and
        that ``store_text``, where these are not given. Raises ``ConfigError`` where they are given
        as false, and for ``shingle_unit="auto"``, which looks at a whole corpus.

        >>> made = Settings.of(Config(), window="30d")
        >>> made.bands, made.rows, made.window
        (32, 4, 2592000)
        """
        if config.shingle_unit == "auto":
            raise ConfigError("shingle_unit", "auto", "word or char in an index")
        bands, rows = bands_and_rows(config)
        passages = bool(kept.get("passages"))
        clean = _needed("clean", kept.get("clean"), passages, "passages")
        store_text = _needed("store_text", kept.get("store_text"), clean, "clean")
        return cls(
            format=FORMAT,
            folding=FOLDING_VERSION,
            scheme=SCHEME,
            **{name: getattr(config, name) for name in _SHARED},
            bands=bands,
            rows=rows,
            window=seconds(window or 0),
            scope=_scope(scope or SCOPES[0]),
            store_text=store_text,
            clean=clean,
            passages=passages,
            salt=salt,
        )

    def config(self) -> Config:
        """Return the ``Config`` of a scan that decides like the index."""
        shared = {name: getattr(self, name) for name in _SHARED}
        return Config(find=("duplicates",), bands=self.bands, rows=self.rows, **shared)

    def refuse_others(
        self,
        config: Config | None,
        *,
        window: str | int | None = None,
        scope: str | None = None,
        **asked: bool | None,
    ) -> None:
        """Raise ``IndexMismatch`` at the first thing that is asked for and is not as it is here.

        What is ``None`` is not asked for; ``asked`` are ``store_text``, ``clean``, ``passages``.
        """
        if config is not None:
            wanted = Settings.of(config)
            for name in ("scheme", *_SHARED, "bands", "rows"):
                _same(name, getattr(wanted, name), getattr(self, name))
        if window is not None:
            if seconds(window) != self.window:
                raise IndexMismatch("window", stretch(seconds(window)), stretch(self.window))
        if scope is not None:
            _same("scope", _scope(scope), self.scope)
        for name, value in asked.items():
            if value is not None:
                _same(name, value, getattr(self, name))

    def shown(self) -> dict[str, Any]:
        """Return the settings as plain values, without what is secret."""
        shown = dataclasses.asdict(self)
        del shown["salt"]
        return {**shown, "cluster_on": list(self.cluster_on)}

    def to_json(self) -> str:
        """Return the settings as one line of JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Read what ``to_json`` wrote; raise ``CorruptIndex`` for anything else.

        An index of an unknown format or another folding is ``IndexMismatch``. One of the first
        format is read as one that neither cleans nor keeps passages.

        >>> Settings.from_json('{"format": 99}')
        Traceback (most recent call last):
            ...
        dedup.errors.IndexMismatch: index was built with format=99, this run has 2
        """
        try:
            found = json.loads(text)
            if not isinstance(found, dict):
                raise ValueError("no object")
            if found.get("format") == _FIRST and not {"clean", "passages"} & found.keys():
                found = {**found, "format": FORMAT, "clean": False, "passages": False}
            for name, ours in (("format", FORMAT), ("folding", FOLDING_VERSION)):
                _same(name, ours, found.get(name))
            return cls._checked(found)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise CorruptIndex(f"the settings of the index cannot be read: {error}") from None

    @classmethod
    def _checked(cls, found: dict[str, Any]) -> Settings:
        """Build settings of what a file says, all of it in type and bounds."""
        config = Config(
            **{name: found[name] for name in _SHARED}, bands=found["bands"], rows=found["rows"]
        )
        made = cls.of(
            config,
            window=found["window"],
            scope=found["scope"],
            **{name: found[name] for name in ("store_text", "clean", "passages")},
            salt=found["salt"],
        )
        # As text, since 1 is 1.0 and true to Python.
        told = [json.dumps(each, sort_keys=True) for each in (dataclasses.asdict(made), found)]
        if told[0] != told[1] or not isinstance(made.salt, int) or not 0 <= made.salt < 1 << 64:
            raise ValueError("they do not fit together")
        return made


def _same(name: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise IndexMismatch(name, ours, theirs)


def _needed(name: str, value: bool | None, is_needed: bool, by: str) -> bool:
    """Return a setting that another one needs; raise ``ConfigError`` where it is given as false."""
    if is_needed and value is False:
        raise ConfigError(name, value, f"true in an index with {by}")
    return bool(value) or is_needed


def _scope(scope: str) -> str:
    if scope not in SCOPES:
        raise ConfigError("scope", scope, f"one of {', '.join(SCOPES)}")
    return scope


def seconds(window: str | int) -> int:
    """Return how many seconds a stretch of time is; a bare number is seconds.

    >>> seconds("36h"), seconds("30d"), seconds(0)
    (129600, 2592000, 0)
    >>> seconds("a month")
    Traceback (most recent call last):
        ...
    dedup.errors.ConfigError: window: got 'a month', allowed is a number and s, m, h, d or w
    """
    allowed = "a number and s, m, h, d or w"
    if isinstance(window, bool) or not isinstance(window, str | int):
        raise ConfigError("window", window, allowed)
    found = re.fullmatch(r"(\d{1,12})([smhdw]?)", str(window).strip())
    if found is None:
        raise ConfigError("window", window, allowed)
    return int(found[1]) * _UNITS[found[2] or "s"]


def stretch(seconds: int) -> str:
    """Return a stretch of time as it is given: in the largest unit that leaves nothing over.

    >>> stretch(2_592_000), stretch(129_600), stretch(604_800), stretch(61), stretch(0)
    ('30d', '36h', '1w', '61s', '0')
    """
    for name, size in sorted(_UNITS.items(), key=lambda unit: -unit[1]):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{name}"
    return "0"
