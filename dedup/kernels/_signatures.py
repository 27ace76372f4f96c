"""The types of the arguments a kernel is compiled for, written down and read back."""

from __future__ import annotations

import importlib
from typing import Any

from numba.core import types

Described = str | list[Any]  # a type, or a tuple: its class and the types it holds
_PACKAGE = "dedup.kernels."


def describe(kind: Any) -> Described:
    """Return a type as JSON: ``int64``, ``uint8/1C`` for an array, a list for a tuple.

    An array is its dtype, its number of dimensions, its layout, and ``r`` where it is read only.
    Any other type raises ``ValueError``.

    >>> describe(types.uint8[::1])
    'uint8/1C'
    """
    if isinstance(kind, types.Array) and kind.aligned:
        return f"{kind.dtype}/{kind.ndim}{kind.layout}{'' if kind.mutable else 'r'}"
    if isinstance(kind, types.BaseTuple):
        held: Any = kind
        name, home = "", getattr(kind, "instance_class", None)
        if home is not None:
            if not home.__module__.startswith(_PACKAGE):
                raise ValueError(kind)
            name = f"{home.__module__.removeprefix(_PACKAGE)}.{home.__qualname__}"
        return [name, *(describe(each) for each in held)]
    plain = isinstance(kind, (types.Number, types.Boolean, types.NoneType))
    if plain and not isinstance(kind, types.Literal):
        return str(kind)
    raise ValueError(kind)


def read_type(text: Described) -> Any:
    """Return the type that ``describe`` wrote.

    >>> read_type(describe(types.int64[:, :]))
    Array(int64, 2, 'A', False, aligned=True)
    """
    if isinstance(text, list):
        name, *inside = text
        held = tuple(map(read_type, inside))
        if not name:
            return types.Tuple(held)
        module, _, class_name = name.rpartition(".")
        home = getattr(importlib.import_module(_PACKAGE + module), class_name)
        alike = len(set(held)) == 1
        return (
            types.NamedUniTuple(held[0], len(held), home) if alike else types.NamedTuple(held, home)
        )
    name, _, form = text.partition("/")
    kind: Any = types.boolean if name == "bool" else getattr(types, name)
    if not form:
        return kind
    layout: Any = form[1]
    return types.Array(kind, int(form[0]), layout, form.endswith("r"))
