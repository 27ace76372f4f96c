"""The options of the commands that have many, typed: what click gives becomes one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dedup.cli.options import NewIndex, Reading, Safety, View, config_from, taken
from dedup.config import STAGES, Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """``dedup scan``."""

    paths: tuple[str, ...]
    config: Config
    reading: Reading
    view: View
    safety: Safety
    output: str | None
    format: str
    with_text: bool
    write_rows: bool
    annotate: bool
    report: str | None
    plots: str | None
    fail_on_duplicates: bool
    signed: bool
    only_new: tuple[str, ...]
    against: str | None
    drop_known: bool
    drop_known_passages: int
    show: tuple[str, ...]
    engine: str
    master: str | None
    checkpoint: str | None
    dry_run: bool
    threads: int
    memory: int | None
    work: str | None

    @classmethod
    def of(cls, paths: tuple[str, ...], given: dict[str, Any]) -> Scan:
        """Take the options; Spark looks for duplicates where nothing else is asked for."""
        is_spark = given["engine"] == "spark" and not given["find"]
        config = config_from(given, **({"find": ("duplicates",)} if is_spark else {}))
        return cls(paths=paths, config=config, **_parts(given), **given)

    @property
    def wants_rows(self) -> bool:
        """Tell whether rows are written."""
        return self.write_rows or self.annotate


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """``dedup clean``."""

    paths: tuple[str, ...]
    config: Config
    reading: Reading
    view: View
    safety: Safety
    output: str
    everything: bool
    against: str | None
    drop_known: bool
    drop_known_passages: int
    annotate: bool
    show: tuple[str, ...]
    format: str
    engine: str
    master: str | None
    checkpoint: str | None
    threads: int
    memory: int | None
    work: str | None

    @classmethod
    def of(cls, paths: tuple[str, ...], given: dict[str, Any]) -> Clean:
        """Take the options; Spark looks for all but stories where nothing else is asked for."""
        is_spark = given["engine"] == "spark" and not given["find"]
        alone = tuple(name for name in STAGES if name != "stories")
        config = config_from(given, **({"find": alone} if is_spark else {}))
        return cls(paths=paths, config=config, **_parts(given), **given)

    @property
    def wants_rows(self) -> bool:
        """Tell that inputs are read a second time, for all columns of their rows."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtering:
    """``dedup filter``."""

    path: str
    built: NewIndex
    reading: Reading
    index: str
    drop: bool
    split: str | None
    output: str | None
    line_buffered: bool
    key: str
    pass_skipped: bool
    in_place: bool
    summary: str | None
    durable: bool
    quiet: bool

    @classmethod
    def of(cls, path: str, given: dict[str, Any]) -> Filtering:
        """Take the options; the lines are JSON."""
        if given["in_place"] and given["clean"] is None:
            given["clean"] = True
        built = NewIndex.taken(given)
        given["input_format"] = "jsonl"
        return cls(path=path, built=built, reading=taken(Reading, given), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """``dedup index add``."""

    place: str
    paths: tuple[str, ...]
    built: NewIndex
    reading: Reading
    as_json: bool
    durable: bool
    quiet: bool

    @classmethod
    def of(cls, place: str, paths: tuple[str, ...], given: dict[str, Any]) -> Add:
        """Take the options."""
        built, reading = NewIndex.taken(given), taken(Reading, given)
        return cls(place=place, paths=paths, built=built, reading=reading, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """``dedup index check``."""

    place: str
    paths: tuple[str, ...]
    reading: Reading
    as_json: bool
    fail_on_duplicates: bool
    quiet: bool

    @classmethod
    def of(cls, place: str, paths: tuple[str, ...], given: dict[str, Any]) -> Check:
        """Take the options."""
        return cls(place=place, paths=paths, reading=taken(Reading, given), **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``dedup report``."""

    result: str
    output: str
    max_size: int
    plots: str | None
    title: str | None
    quiet: bool


def _parts(given: dict[str, Any]) -> dict[str, Any]:
    """Take the options that several commands share."""
    return {
        "reading": taken(Reading, given),
        "view": taken(View, given),
        "safety": taken(Safety, given),
    }
