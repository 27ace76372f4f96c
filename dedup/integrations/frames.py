"""Verdicts as columns: of a pandas or polars frame, or of a batch of a Hugging Face data set.

``Annotator`` asks an index and can be sent to other processes, as by ``ds.map(…, num_proc=2)``;
``annotate`` does the same for one frame, or scans the frame itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from dedup.api import scan
from dedup.config import Config
from dedup.errors import InputError
from dedup.index import Index, Verdict
from dedup.integrations.verdicts import cleaned, plain, recognised

COLUMNS = (
    *("verdict", "kept", "duplicate_of", "relation", "similarity", "cluster"),
    *("lost_tokens", "lost_facts"),
)
_WHAT = ("text", "id", "date", "url", "site")
_KINDS = {"kept": bool, "similarity": float, "lost_tokens": int, "lost_facts": int}


class Annotator:
    """Add what an index says of each row, in columns ``dedup_verdict`` to ``dedup_lost_facts``.

    Rows are a pandas or polars frame, of which a new one is returned, or a mapping of columns as
    ``datasets`` passes it, of which the new columns are. ``text`` to ``site`` name the columns to
    read, which are otherwise recognised; rows need an id, so that a second run says what the first
    one said. With ``add=False`` nothing is kept. Other options are those of ``Index.open``: with
    ``clean=True`` there are also ``dedup_clean``, the cleaned text, and ``dedup_removed``, with
    ``passages=True`` ``dedup_passages``, both as JSON. The index is opened at the first call in
    each process.

    >>> rows = {"id": ["a", "b"], "text": ["The bridge is closed today."] * 2}
    >>> Annotator("memory://")(rows)["dedup_duplicate_of"]
    [None, 'a']
    """

    def __init__(
        self,
        index: str | PathLike[str],
        *,
        add: bool = True,
        prefix: str = "dedup_",
        text: str | None = None,
        id: str | None = None,
        date: str | None = None,
        url: str | None = None,
        site: str | None = None,
        **options: Any,
    ) -> None:
        self._path = fspath(index)
        self._add = add
        self._prefix = prefix
        self._named = dict(zip(_WHAT, (text, id, date, url, site), strict=True))
        self._options = options
        self._index: Index | None = None

    def __call__(self, rows: Any) -> Any:
        """Return a frame with the verdicts, or of a mapping the new columns."""
        if self._index is None:
            self._index = Index.open(self._path, **self._options)
        documents = _documents(rows, self._named)
        ask = self._index.check_and_add_many if self._add else self._index.check_many
        verdicts = list(ask(documents))
        made = _of_verdicts(iter(verdicts))
        asked = {name for name in ("clean", "passages") if self._options.get(name)}
        made |= _more_columns(verdicts, [each["text"] for each in documents], asked)
        return _with_columns(rows, made, self._prefix)

    def close(self) -> None:
        """Let go of the index of this process; the next call opens it again."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open index behind when the annotator is sent to another process."""
        return {**self.__dict__, "_index": None}


def annotate(
    rows: Any,
    index: str | PathLike[str] | None = None,
    *,
    config: Config | None = None,
    prefix: str = "dedup_",
    **options: Any,
) -> Any:
    """Return rows with columns of verdicts: by an index, or else by a scan of these rows alone.

    Within a scan the canonical article of a cluster is ``new``, whichever place it has; rows
    without an id are called by their position. Options are those of ``Annotator``; of a scan, the
    names of columns.

    >>> rows = {"text": ["The bridge over the river is closed today."] * 2}
    >>> annotate(rows)["dedup_verdict"]
    ['new', 'duplicate']
    """
    if index is None:
        return _with_columns(rows, _scanned(rows, config, options), prefix)
    asked = Annotator(index, prefix=prefix, config=config, **options)
    try:
        return asked(rows)
    finally:
        asked.close()


def _column(rows: Any, name: str) -> list[Any]:
    column = rows[name]
    return list(column.to_list() if hasattr(column, "to_list") else column)


def _columns(rows: Any, named: Mapping[str, str | None]) -> dict[str, list[Any]]:
    """Return the columns that matter, by what they are."""
    there = [*rows.keys()] if isinstance(rows, Mapping) else [*rows.columns]
    found = {what: named.get(what) or recognised(what, there) for what in _WHAT}
    for what, name in found.items():
        if name is not None and name not in there:
            raise InputError(f"rows: there is no column {name} for {what}, only {', '.join(there)}")
    if found["text"] is None:
        raise InputError(f"rows: none of the columns {', '.join(there)} is known to hold texts")
    return {what: _column(rows, name) for what, name in found.items() if name is not None}


def _documents(rows: Any, named: Mapping[str, str | None]) -> list[dict[str, Any]]:
    columns = _columns(rows, named)
    if "id" not in columns:
        raise InputError("rows: an index needs ids; name their column by id=")
    values = zip(*columns.values(), strict=True)
    return [dict(zip(columns, each, strict=True)) for each in values]


def _of_verdicts(verdicts: Iterator[Verdict]) -> dict[str, list[Any]]:
    made: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for verdict in verdicts:
        for name, column in made.items():
            column.append(getattr(verdict, name))
    return made


def _more_columns(
    verdicts: Sequence[Verdict], texts: Sequence[Any], asked: set[str]
) -> dict[str, list[Any]]:
    """Return the cleaned texts, and as JSON what was removed and what passages are known."""
    said = [plain(each, text) for each, text in zip(verdicts, texts, strict=True)]
    made: dict[str, list[Any]] = {}
    if "clean" in asked:
        pairs = zip(verdicts, texts, strict=True)
        made["clean"] = [cleaned(verdict, text) for verdict, text in pairs]
        made["removed"] = [json.dumps(each.get("removed")) for each in said]
    if "passages" in asked:
        made["passages"] = [json.dumps(each.get("passages")) for each in said]
    return made


def _scanned(rows: Any, config: Config | None, named: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Scan rows, and return the columns in their order."""
    columns = _columns(rows, named)
    texts = columns["text"]
    ids = columns.get("id") or range(len(texts))
    columns["id"] = [f"{place}/{name}" for place, name in enumerate(ids)]  # ids may come twice
    names = dict(zip(columns["id"], ids, strict=True))
    documents = [
        dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=True)
    ]
    found = {each.doc_id: each for each in scan(documents, config).documents}
    missing = [name for name in columns["id"] if name not in found]
    if missing:
        raise InputError(f"rows: row {missing[0].partition('/')[0]} has no text")
    made: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for each in (found[name] for name in columns["id"]):
        made["verdict"].append("new" if each.kept else "duplicate")
        made["kept"].append(each.kept)
        made["duplicate_of"].append(_named(names, each.duplicate_of))
        made["relation"].append(each.relation)
        made["similarity"].append(each.jaccard)
        made["cluster"].append(_named(names, each.cluster))
        made["lost_tokens"].append(each.lost_tokens)
        made["lost_facts"].append(each.lost_facts)
    return made


def _named(names: Mapping[str, Any], name: str | None) -> str | None:
    return None if name is None else str(names[name])


def _with_columns(rows: Any, made: dict[str, list[Any]], prefix: str) -> Any:
    """Return rows with new columns, each of one type however empty it is."""
    named = {f"{prefix}{name}": column for name, column in made.items()}
    if isinstance(rows, Mapping):
        return named
    if hasattr(rows, "with_columns"):
        return _polars(rows, named, prefix)
    return _pandas(rows, named, prefix)


def _polars(rows: Any, named: dict[str, list[Any]], prefix: str) -> Any:
    import polars

    kinds: dict[Any, Any] = {bool: polars.Boolean, float: polars.Float64, int: polars.Int64}
    return rows.with_columns(
        polars.Series(name, column, kinds.get(_kind(name, prefix), polars.String))
        for name, column in named.items()
    )


def _pandas(rows: Any, named: dict[str, list[Any]], prefix: str) -> Any:
    import pandas

    kinds: dict[Any, Any] = {bool: bool, float: float, int: "Int64"}  # Int64 may be missing
    return rows.assign(
        **{
            name: pandas.Series(column, rows.index, dtype=kinds.get(_kind(name, prefix), object))
            for name, column in named.items()
        }
    )


def _kind(name: str, prefix: str) -> type | None:
    return _KINDS.get(name.removeprefix(prefix))
