"""The reference page of the Python names, from their signatures and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from functools import cached_property
from typing import Any

import dedup

WIDTH = 88
FIRST = ("scan", "clean", "restore", "compare", "signatures")  # then what other functions there are
RECORDS = {"Document": "documents", "Pair": "pairs", "Passage": "passages"}
INTRO = """\
# Python

These are all public names of the package. They come in with

```python
{imports}
```

Documents are given as texts, dicts, an iterator of either, a table that speaks Arrow (pyarrow,
pandas, polars), or as paths of files; to an index as dicts with an id and a text.
"""


def python_page() -> str:
    """Return the page: functions, the index, settings, results, errors."""
    names = [name for name in dedup.__all__ if not name.startswith("_")]
    imports = "from dedup import (\n" + "".join(f"    {each},\n" for each in names) + ")"
    parts = []
    more = [
        each for each in names if inspect.isfunction(getattr(dedup, each)) and each not in FIRST
    ]
    parts += [entry(name, getattr(dedup, name)) for name in (*FIRST, *more)]
    parts += index_entries()
    parts += [
        f"## Config\n\n{prose(dedup.Config)}\n\nIts fields are the [settings](config.md).\n",
        result_entry(),
    ]
    for name, table in RECORDS.items():
        fields = ", ".join(f"`{each.name}`" for each in dataclasses.fields(getattr(dedup, name)))
        told = f"{prose(getattr(dedup, name))}\n\nFields: {fields}."
        parts.append(
            f"## {name}\n\n{told} They are the columns of [{table}](../output.md#{table}).\n"
        )
    parts.append(
        f"## DedupError\n\n{prose(dedup.DedupError)} Its kinds are in [errors](errors.md).\n"
    )
    body = "\n".join(parts)
    if re.search(r"^(>>>|\.\.\.) .*\bPath\(", body, re.MULTILINE):  # an example needs it
        imports = f"from pathlib import Path\n\n{imports}"
    return f"{INTRO.format(imports=imports)}\n{body}"


def index_entries() -> list[str]:
    """Return the entries of ``Index`` and of each of its public methods, in their order."""
    public = [name for name in vars(dedup.Index) if not name.startswith("_")]
    methods = [name for name in public if callable(getattr(dedup.Index, name))]
    more = "Also `len(index)`, `id in index`, iteration over all articles, and `with`."
    guide = "What the verdicts mean: [Keep an index](../guides/index-of-seen.md)."
    head = f"## Index\n\n{prose(dedup.Index)}\n\n{more} {guide}\n"
    return [head, *(entry(f"Index.{name}", getattr(dedup.Index, name), "###") for name in methods)]


def result_entry() -> str:
    """Return the entry of ``Result``: its fields, what is made of them, its methods."""
    fields = ", ".join(f"`{each.name}`" for each in dataclasses.fields(dedup.Result))
    lines = ["| attribute | |", "|---|---|"]
    methods = []
    names = [name for kind in reversed(dedup.Result.__mro__) for name in vars(kind)]
    for name in dict.fromkeys(name for name in names if not name.startswith("_")):
        value = inspect.getattr_static(dedup.Result, name)
        if isinstance(value, property | cached_property):
            lines.append(f"| `{name}` | {prose(value).splitlines()[0]} |")
        elif inspect.isfunction(value) or (isinstance(value, classmethod) and name != "of"):
            methods.append(entry(f"Result.{name}", getattr(dedup.Result, name), "###"))
    head = f"## Result\n\n{prose(dedup.Result)}\n\nFields: {fields}. And, made of them:\n"
    return "\n".join([head, *lines, "", *methods])


def entry(name: str, what: Any, level: str = "##") -> str:
    """Return heading, signature and docstring of a function, method or property."""
    form = name if isinstance(what, property) else signature(name, what)
    return f"{level} {name}\n\n```text\n{form}\n```\n\n{prose(what)}\n"


def signature(name: str, what: Any) -> str:
    """Return a signature on one line, or with a line for each parameter."""
    made = inspect.signature(what)
    parameters = [each for each in made.parameters.values() if each.name != "self"]
    parts, named_only = [], False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not named_only:
            parts, named_only = [*parts, "*"], True
        parts.append(shown(each))
    back = f" -> {made.return_annotation}"
    line = f"{name}({', '.join(parts)}){back}"
    if len(line) <= WIDTH:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){back}"


def shown(parameter: inspect.Parameter) -> str:
    """Return a parameter as it stands in the source."""
    star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = f"{star}{parameter.name}: {parameter.annotation}"
    if parameter.default is parameter.empty:
        return text
    value = parameter.default
    default = f"{value.__module__}.{value.__name__}" if callable(value) else repr(value)
    return f"{text} = {default}"


def prose(what: Any) -> str:
    """Return a docstring as Markdown: names in single ticks, examples as blocks that run."""
    paragraphs = re.split(r"\n\s*\n", inspect.getdoc(what) or "")
    made = []
    for each in paragraphs:
        if each.lstrip().startswith(">>>"):
            made.append(f"```python\n{each}\n```")
        else:
            made.append(re.sub(r"``([^`]+)``", r"`\1`", each))
    return "\n\n".join(made)
