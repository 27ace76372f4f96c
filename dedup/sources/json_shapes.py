"""The records in a JSON value: lists, objects that hold lists, tables by column, objects by key."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dedup.errors import InputError
from dedup.sources.names import known_names
from dedup.sources.options import PROBE, Columns, Probe, ReadOptions, choose

_DEEPEST = 3  # objects inside each other in which a list of records is looked for
_MOST_LOOKED_AT = 1_000  # values of objects looked through for it
_PLAIN = (str, int, float, bool, type(None))


class Shape(NamedTuple):
    """The records in a value, and how they were found where nobody said so."""

    items: list[Any]
    how: str = ""


def records_in(value: Any, options: ReadOptions) -> Shape:
    """Return the records in a parsed value.

    ``options.records`` leads to them; without it they are the items of a list, the longest list of
    objects with texts inside an object, the rows of a table by column, the objects under keys of
    any name, or the object itself.

    >>> records_in({"status": "ok", "articles": [{"text": "one"}]}, ReadOptions())
    Shape(items=[{'text': 'one'}], how='the records are under `articles`')
    >>> records_in({"text": {"0": "one"}, "n": {"0": 1}}, ReadOptions()).items
    [{'text': 'one', 'n': 1}]
    """
    if options.records is not None:
        return Shape(_items(_at(value, options.records)))
    if isinstance(value, list):
        return Shape(value)
    if not isinstance(value, Mapping):
        return Shape([value])
    if _is_split(value):
        split = [dict(zip(value["columns"], row, strict=False)) for row in value["data"]]
        return Shape(split, "rows under `data`, their columns under `columns`")
    text = _text_name(value, options)
    if text is not None:
        rows = _by_column(value, text)
        return Shape([value]) if rows is None else Shape(rows, "a table, column by column")
    path = _path_of_list(value, options)
    if path is not None:
        return Shape(_at(value, path), f"the records are under `{path}`")
    if _are_keyed(value, options):
        return Shape(_items(value), "one record under each key")
    return Shape([value])


def _at(value: Any, path: str) -> Any:
    """Return what a dotted path leads to; in a list, what it leads to in each item."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for part in path.split("."):
        if isinstance(value, list):
            inner = [each[part] for each in value if isinstance(each, Mapping) and part in each]
            if not inner:
                raise _no_records(path, part, value[0] if value else {})
            value = [
                item for each in inner for item in (each if isinstance(each, list) else [each])
            ]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            raise _no_records(path, part, value)
    return value


def _no_records(path: str, part: str, value: Any) -> InputError:
    keys = ", ".join(map(str, list(value)[:20])) if isinstance(value, Mapping) else "none"
    return InputError(f"--records {path}: there is no {part!r} in the JSON; keys there: {keys}")


def _items(value: Any) -> list[Any]:
    """Return the records in what was found: a list, one object, or objects under keys."""
    if isinstance(value, list):
        return value
    if isinstance(value, Mapping) and value and all(isinstance(v, Mapping) for v in value.values()):
        return [
            dict(each) if known_names("id", each) else {"id": key, **each}
            for key, each in value.items()
        ]
    return [value]


def _text_name(value: Mapping[str, Any], options: ReadOptions) -> str | None:
    """Return the key of an object that is called like a text and holds one, or a column of them."""
    named = options.text_column
    names = known_names("text", value) if named is None else [named] * (named in value)
    return next((name for name in names if not _holds_records(value[name])), None)


def _holds_records(value: Any) -> bool:
    first = (
        next(iter(value.values() if isinstance(value, Mapping) else value), None)
        if isinstance(value, Mapping | list)
        else None
    )
    return isinstance(first, Mapping)


def _by_column(value: Mapping[str, Any], text: str) -> list[dict[str, Any]] | None:
    """Return the rows of a table whose columns are objects with one key a row, or lists."""
    column = value[text]
    if isinstance(column, Mapping):
        if not all(isinstance(each, _PLAIN) for each in column.values()):
            return None
        columns = {name: each for name, each in value.items() if isinstance(each, Mapping)}
        if any(each.keys() != column.keys() for each in columns.values()):
            return None
        return [{name: each[key] for name, each in columns.items()} for key in column]
    if not isinstance(column, list) or len(value) < 2:
        return None
    lists = all(isinstance(each, list) and len(each) == len(column) for each in value.values())
    if not lists:
        return None
    return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]


def _is_split(value: Mapping[str, Any]) -> bool:
    columns, data = value.get("columns"), value.get("data")
    return (
        isinstance(columns, list)
        and isinstance(data, list)
        and all(isinstance(each, str) for each in columns)
        and all(isinstance(row, list) for row in data)
    )


def _has_texts(items: list[Any], options: ReadOptions) -> Columns | None:
    rows = [each for each in items[:PROBE] if isinstance(each, Mapping)]
    if len(rows) * 2 <= len(items[:PROBE]):
        return None
    probe = Probe.of_rows(rows)
    chosen = choose(options, probe)
    return chosen if chosen is not None and chosen.text in probe.present else None


def _path_of_list(value: Mapping[str, Any], options: ReadOptions) -> str | None:
    """Return where the longest list of records with texts is."""
    best, longest, looked = None, 0, 0
    waiting: deque[tuple[str, Any, int]] = deque([("", value, 0)])
    while waiting and looked < _MOST_LOOKED_AT:
        path, outer, depth = waiting.popleft()
        for key, inner in outer.items():
            looked += 1
            name = f"{path}.{key}" if path else str(key)
            if isinstance(inner, list) and len(inner) > longest and _has_texts(inner, options):
                best, longest = name, len(inner)
            elif isinstance(inner, Mapping) and depth + 1 < _DEEPEST:
                waiting.append((name, inner, depth + 1))
    return best


def _are_keyed(value: Mapping[str, Any], options: ReadOptions) -> bool:
    items = list(value.values())
    return (
        len(items) > 0
        and all(isinstance(each, Mapping) for each in items)
        and bool(_has_texts(items, options))
    )


def one_after_the_other(string: str) -> tuple[list[Any], json.JSONDecodeError | None]:
    r"""Return the JSON values in a text, and what is wrong behind the last of them.

    >>> one_after_the_other('{"a": 1}\n{"a": 2}')
    ([{'a': 1}, {'a': 2}], None)
    """
    decoder, found, at, opened = json.JSONDecoder(strict=False), list[Any](), 0, False
    while True:
        at = _behind_blanks(string, at)
        if at >= len(string):
            is_open = json.JSONDecodeError("the list does not end", string, at)
            return found, is_open if opened else None
        try:
            value, at = decoder.raw_decode(string, at)
        except json.JSONDecodeError as error:
            if not found and string[at] == "[" and not opened:
                opened, at = True, at + 1  # a list that is broken further on
                continue
            if opened and string[at:].strip() == "]":
                return found, None
            return found, error
        except (ValueError, RecursionError) as error:
            return found, json.JSONDecodeError(str(error) or "nested too deeply", string, at)
        found.append(value)


_BLANKS = frozenset(" \t\r\n,\x1e\ufeff")  # between values; 1E is that of JSON text sequences


def _behind_blanks(string: str, at: int) -> int:
    while at < len(string) and string[at] in _BLANKS:
        at += 1
    return at


def values_of(values: list[Any]) -> Iterator[Any]:
    """Yield the records of values that stand one after the other; those of lists one by one."""
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value
