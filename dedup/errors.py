"""The exceptions of dedup, drawn as a tree.

    DedupError                 anything dedup raises on purpose
    ├── ConfigError            a setting out of its bounds (also a ValueError)
    ├── InputError             a file or record that cannot be used (path, line)
    ├── OutputError            a result that cannot be written, or that does not add up
    │   └── IndexUnavailable   an index that cannot be opened, read or written now
    ├── IndexMismatch          an index built with other settings (field, ours, theirs)
    └── CorruptIndex           an index whose bytes do not hold together

``dedup.DedupError`` catches all of them; the others are imported from ``dedup.errors``, such as
``dedup.errors.ConfigError``. Messages say what is wrong, what was got, and what is allowed. Every
class carries the facts it was raised with as attributes, so that a caller need not take the message
apart.
"""

from __future__ import annotations

from functools import partial
from typing import Any


class DedupError(Exception):
    """Base of every error that dedup raises on purpose."""


class ConfigError(DedupError, ValueError):
    """A setting is unknown, of the wrong type, or out of its bounds.

    ``says`` is the message where "got …, allowed is …" would read oddly; ``{name}`` stands in it
    for the name of the setting, which the command line writes as an option.

    >>> str(ConfigError("seed", -1, "a number from 0"))
    'seed: got -1, allowed is a number from 0'
    >>> ConfigError("weak", True, "with passages", says="{name} needs passages").told("--weak")
    '--weak needs passages'
    """

    def __init__(self, field: str, got: object, allowed: str, says: str = "") -> None:
        self.field = field
        self.got = got
        self.allowed = allowed
        self.says = says
        super().__init__(self.told(field))

    def told(self, name: str) -> str:
        """Return the message with another name for the setting."""
        if self.says:
            return self.says.replace("{name}", name)
        return f"{name}: got {self.got!r}, allowed is {self.allowed}"

    def __reduce__(self) -> Any:
        """Let a copy be made from the facts, as by pickle."""
        return type(self), (self.field, self.got, self.allowed, self.says)


class InputError(DedupError):
    """A file, stream or record cannot be used."""

    def __init__(self, what: str, *, path: str | None = None, line: int | None = None) -> None:
        self.what = what
        self.path = path
        self.line = line
        place = "" if path is None else (path if line is None else f"{path}:{line}")
        super().__init__(f"{place}: {what}" if place else what)

    def __reduce__(self) -> Any:
        """Make copies, also by pickle, from the three arguments."""
        return partial(type(self), path=self.path, line=self.line), (self.what,)


class OutputError(DedupError):
    """A result cannot be written, restored, or does not add up."""


class IndexUnavailable(OutputError):
    """An index cannot be opened, read or written now: a full disk, no access, no server.

    What it said that it kept is kept, and it can be used again once the cause is gone.
    """


_REBUILD = {
    "folding": ". The folding is the table by which words are told apart; keys made with another "
    "one cannot be compared. Make a new index with `dedup index create`, and give it the articles "
    "again with `dedup index add`. The version of dedup that made this one still reads it"
}


class IndexMismatch(DedupError):
    """An index was built with other settings than the ones given."""

    def __init__(self, field: str, ours: object, theirs: object) -> None:
        self.field = field
        self.ours = ours
        self.theirs = theirs
        message = f"index was built with {field}={theirs!r}, this run has {ours!r}"
        super().__init__(f"{message}{_REBUILD.get(field, '')}")

    def __reduce__(self) -> Any:
        """Make copies, also by pickle, from the three arguments."""
        return type(self), (self.field, self.ours, self.theirs)


class CorruptIndex(DedupError):
    """The bytes of an index do not hold together."""
