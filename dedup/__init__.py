"""Find repeated text inside articles, between articles and as whole articles; give clean text back.

Importing the package loads none of numpy, numba and pyarrow: the names below come on first use.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedup.api import Result, clean, compare, restore, scan, sign, write_report
    from dedup.config import Config
    from dedup.errors import DedupError
    from dedup.index import Index
    from dedup.result import Document, Pair, Passage
    from dedup.similarity.minhash import signatures

    __version__: str

__all__ = [
    "Config",
    "DedupError",
    "Document",
    "Index",
    "Pair",
    "Passage",
    "Result",
    "__version__",
    "clean",
    "compare",
    "restore",
    "scan",
    "sign",
    "signatures",
    "write_report",
]

_HOMES = {
    "scan": "api",
    "sign": "api",
    "clean": "api",
    "restore": "api",
    "compare": "api",
    "write_report": "api",
    "signatures": "similarity.minhash",
    "Config": "config",
    "Document": "result",
    "Pair": "result",
    "Passage": "result",
    "Result": "api",
    "DedupError": "errors",
    "Index": "index",
}

logging.getLogger("dedup").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from dedup.core.package import version

        value: Any = version()
    elif name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"dedup.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'dedup' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
