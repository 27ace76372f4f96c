"""Sizes in bytes as people write them."""

from __future__ import annotations

import re

from dedup.errors import ConfigError

_DECIMAL = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)


def size_in_bytes(name: str, size: int | str, least: int = 1) -> int:
    """Return a size as a number of bytes; raise ``ConfigError`` that calls it ``name``.

    >>> [size_in_bytes("memory", size) for size in ("2GB", "1.5GiB", 7)]
    [2000000000, 1610612736, 7]
    >>> size_in_bytes("memory", "2", least=1_000_000)
    Traceback (most recent call last):
        ...
    dedup.errors.ConfigError: memory: got '2', which is 2 bytes; allowed is a size like 500MB or 2GB
    """
    found = _SIZE.fullmatch(str(size)) if isinstance(size, int | str) else None
    if found is None or isinstance(size, bool) or float(found[1]) <= 0:
        raise ConfigError(name, size, "a size like 500MB or 2GB")
    units = _BINARY if found[3] else _DECIMAL
    count = int(float(found[1]) * units.get(found[2].lower(), 1))
    if count < least:
        allowed = "a size like 500MB or 2GB"
        says = f"{{name}}: got {size!r}, which is {count:,} bytes; allowed is {allowed}"
        raise ConfigError(name, size, allowed, says)
    return count
