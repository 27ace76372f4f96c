"""The functions of the package: documents in memory in, results and clean texts out."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from dedup.config import Config
from dedup.core.files import atomic
from dedup.errors import ConfigError, InputError
from dedup.output.cleaned import original_of, restore_directory
from dedup.output.cleaned.provenance import Known
from dedup.pipeline.run import compare_corpus, scan_corpus
from dedup.result import Result
from dedup.schema import Corpus
from dedup.sources import from_python
from dedup.sources.options import REASONS, priority_column

StrPath: TypeAlias = "str | PathLike[str]"


def scan(
    documents: Any,
    config: Config | None = None,
    *,
    threads: int = 0,
    text: str | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
) -> Result:
    """Find repeated text inside documents, between documents, and as whole documents.

    ``documents`` are texts, dicts, an iterator of either, or a table that speaks Arrow (pyarrow,
    pandas, polars). ``text`` to ``site`` name columns, which are otherwise recognised; a document
    without an id is called by its position, from 0 (``document 3`` where others have an id).
    ``threads`` (0: one a core) does not change the result.

    >>> short = "The council met on Monday and agreed to mend the old bridge before winter."
    >>> result = scan([short, short.upper(), "Nothing of the kind was said in the other valley."])
    >>> [(each.a, each.b, each.relation) for each in result.pairs]
    [('0', '1', 'exact')]
    >>> [each.kept for each in result.documents]
    [True, False, True]
    """
    config = _settings(config, threads)
    columns = {"text": text, "id": id, "date": date, "url": url, "site": site}
    corpus = from_python(documents, **columns, priority=priority_column(config))
    return scan_corpus(corpus, config, threads=threads)


def clean(
    documents: Any,
    config: Config | None = None,
    *,
    everything: bool = False,
    threads: int = 0,
    text: str | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
) -> list[dict[str, Any]]:
    r"""Return one entry per document kept, with its text without repeats and page furniture.

    ``documents`` are what ``scan`` takes, or its result; then ``config`` and columns are those of
    the scan. Entries have the keys of ``provenance.jsonl``, and ``clean``, the text; they come in
    order of id. ``everything`` adds the documents that another one stands for.

    >>> page = "Bridge to be mended\n\nThe council met on Monday.\n\nSubscribe to our newsletter\n"
    >>> entry = clean([page])[0]
    >>> entry["clean"]
    'Bridge to be mended\n\nThe council met on Monday.\n'
    >>> [each["reason"] for each in entry["ops"]]
    ['newsletter_signup']
    >>> restore(entry) == page
    True
    """
    if isinstance(documents, Result):
        result = documents
    else:
        columns = {"text": text, "id": id, "date": date, "url": url, "site": site}
        result = scan(documents, config, threads=threads, **columns)
    corpus, known = result.corpus.table, Known.of(result)
    row_of = {doc_id: row for row, doc_id in enumerate(corpus["doc_id"].to_pylist())}
    entries = []
    for document in result.tables["documents"].to_pylist():
        if document["kept"] or everything:
            row = row_of[document["doc_id"]]
            source = {name: corpus[name][row].as_py() for name in corpus.column_names}
            entry, cleaned = known.entry(document, source, row)
            entries.append({**entry, "clean": cleaned})
    return entries


def restore(entry: Mapping[str, Any] | StrPath, out: StrPath | None = None) -> Any:
    """Return the original text of an entry of ``clean``, or restore a folder of ``dedup clean``.

    A folder is restored into ``out``, by default a folder beside it (``restored_folder``), and
    the counts are returned. The original is checked: ``OutputError`` is raised where it does not
    come out as it was. Bytes that were no valid text stand as U+FFFD in the text of an entry; its
    ``raw`` holds the original bytes.

    >>> restore({**clean(["One article."])[0], "clean": "Another."})
    Traceback (most recent call last):
        ...
    dedup.errors.OutputError: article 0: what comes out is not the original
    """
    if not isinstance(entry, Mapping | str | PathLike):
        got = type(entry).__name__
        raise InputError(f"restore: got {got}, allowed is one entry of clean() or a folder")
    if not isinstance(entry, Mapping):
        return restore_directory(entry, restored_folder(entry) if out is None else out)
    if out is not None:
        raise InputError("restore: out is for a folder; the text of an entry is returned")
    missing = [
        name for name in ("doc_id", "clean", "ops", "encoding", "sha256") if name not in entry
    ]
    if missing:
        raise InputError(
            f"restore: the entry lacks {', '.join(missing)}; it must be one of clean()"
        )
    text, _ = original_of(dict(entry), entry["clean"])
    return text


def write_report(
    result: Result,
    path: StrPath,
    *,
    title: str = "dedup report",
    max_bytes: int = 25_000_000,
) -> Path:
    """Write a result as one HTML page that needs no server and no network; return its path.

    Texts are left out, those of least interest first, to keep it under ``max_bytes`` (at least a
    million); the page says so. Raises ``OutputError`` where it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_report(scan(["One text.", "One text."]), Path(folder, "report.html"))
    ...     page.read_bytes()[:15]
    b'<!DOCTYPE html>'
    """
    from dedup.report.web import from_result, write_page

    with atomic(path) as file:
        write_page(from_result(result), file, title=title, most_bytes=max_bytes)
    return Path(path)


def restored_folder(directory: StrPath) -> Path:
    """Return where a folder is restored unless something else is said: beside it.

    >>> restored_folder("news/clean").as_posix()
    'news/clean-restored'
    """
    folder = Path(directory)
    if not folder.name or folder.name == "..":
        folder = folder.resolve()
    return folder.with_name(f"{folder.name}-restored")


def compare(
    a: str | Mapping[str, Any], b: str | Mapping[str, Any], config: Config | None = None
) -> Result:
    """Explain how two texts, or two dicts with a text, are related, as a scan of both would.

    The result holds exactly one pair; its relation is ``none`` where they share nothing.

    >>> result = compare("Nothing of this is in the other.", "A text of its own, about a bridge.")
    >>> result.pairs[0].relation
    'none'
    """
    config = _settings(config)
    return compare_two(from_python([a, b], priority=priority_column(config)), config)


def _settings(config: Config | None, threads: int = 0) -> Config:
    """Return the settings, the default ones for ``None``; raise ``ConfigError`` for others."""
    if config is not None and not isinstance(config, Config):
        raise ConfigError("config", config, "a dedup.Config, such as Config(threshold=0.8)")
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 0:
        raise ConfigError("threads", threads, "a whole number from 0, where 0 is one a core")
    return config or Config()


def joined(first: Corpus, second: Corpus) -> Corpus:
    """Return two corpora of one document each as one corpus; the second may be the first again.

    Equal ids become the paths, equal paths get a number. Raises ``InputError`` where there is not
    one document in each.
    """
    for each in (first, second):
        _check_count(each, 1)
    rows = [each.table.to_pylist()[0] for each in (first, second)]
    if rows[0]["doc_id"] == rows[1]["doc_id"] and all(row["path"] for row in rows):
        for row in rows:
            row["doc_id"] = row["path"]
    if rows[0]["doc_id"] == rows[1]["doc_id"]:
        rows[1]["doc_id"] += "#2"
    return Corpus(
        pa.Table.from_pylist(rows, first.table.schema), first.read_report + second.read_report
    )


def compare_two(corpus: Corpus, config: Config) -> Result:
    """Compare the two documents of a corpus; raise ``InputError`` unless it has two."""
    _check_count(corpus, 2)
    return compare_corpus(corpus, config)


def _check_count(corpus: Corpus, wanted: int) -> None:
    got = len(corpus.table)
    if got != wanted:
        read_report = corpus.read_report
        flaws = ", ".join(
            REASONS.get(each, each) for each in (*read_report.skipped, *read_report.files_failed)
        )
        more = f" ({flaws or '; '.join(read_report.notes) or 'no text'})" if got < wanted else ""
        place = next((each for each in corpus.table["path"].to_pylist() if each), None)
        raise InputError(f"compare takes {wanted} articles here, got {got}{more}", path=place)
