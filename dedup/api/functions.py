"""The functions of the package: documents or paths in, results and clean texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dedup.api.given import Progress, Reading, Running, StrPath, check_usable, paths_in
from dedup.api.results import Result
from dedup.api.runs import Inputs, scan_documents, scan_files, scan_signed, sign_files
from dedup.config import Config, Settings
from dedup.core.files import atomic
from dedup.errors import InputError
from dedup.output.cleaned import ARTICLES, Cleaning, original_of, restore_directory
from dedup.output.cleaned.originals import Held, Reread
from dedup.output.cleaned.rereading import Rereading
from dedup.output.places import check_output
from dedup.pipeline.run import compare_corpus
from dedup.schema import Corpus
from dedup.sources import from_python, read
from dedup.sources.options import REASONS, ReadOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

_ROLES = ("text", "id", "date", "url", "site")


def scan(
    documents: Any,
    config: Config | None = None,
    *,
    threads: int = 0,
    memory: int | str | None = None,
    work: StrPath | None = None,
    progress: Progress | None = None,
    text: str | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    records: str | None = None,
    strict: bool = False,
    signed: bool = False,
    only_new: StrPath | Sequence[StrPath] = (),
    **settings: Unpack[Settings],
) -> Result:
    """Find repeated text inside documents, between documents, and as whole documents.

    ``documents`` are texts, dicts, an iterator of either, or a table that speaks Arrow (pyarrow,
    pandas, polars). Or they are read from files: a string or ``Path`` names a file, a folder, a
    pattern, a URL, or ``-`` for stdin; so do several paths, or strings that all end like names of
    files. A dict is never taken for a path. Settings are given by ``config``, by name
    (``threshold=0.8``), or both.

    ``text`` to ``site`` name columns, which are otherwise recognised; a document in memory without
    an id is called by its position, from 0 (``document 3`` where others have an id). ``format``,
    ``encoding`` and ``records`` (where the list of records is in a JSON value) are for files that
    are not recognised; ``strict`` raises at the first record that is skipped or damaged. With
    ``signed`` the paths are folders of ``sign``; where others are ``only_new``, documents are
    removed from those alone.

    Nothing of the rest changes the result: ``threads`` (0: one a core); ``memory``, about how many
    bytes to use (``"2GB"``; by default half of what the machine has, to find more than copies about
    2 GB, of a large corpus 1.5 GB and the size of its texts); ``work``, a folder that keeps each
    finished stage, so that the same call goes on there after an interruption, until
    ``Result.write`` empties it; ``progress``, told the name of each stage, how many are done and
    how many there are. Raises ``InputError`` where nothing of the input can be used.

    >>> short = "The council met on Monday and agreed to mend the old bridge before winter."
    >>> result = scan([short, short.upper(), "Nothing of the kind was said in the other valley."])
    >>> [(each.a, each.b, each.relation) for each in result.pairs]
    [('0', '1', 'exact')]
    >>> [each.kept for each in result.documents]
    [True, False, True]
    """
    config = Config.of(config, settings)
    running = Running.of(threads, memory, work, progress)
    columns = dict(zip(_ROLES, (text, id, date, url, site), strict=True))
    reading = Reading(columns, format, encoding, records, strict)
    new = [only_new] if isinstance(only_new, str | PathLike) else list(only_new)
    if signed or new:
        folders = reading.signed_folders(documents, signed=signed)
        found, inputs = scan_signed(folders, [fspath(each) for each in new], config, running)
        inputs.release()
        return Result.of(found, inputs)
    paths, documents = paths_in(documents)
    if paths is None:
        found, inputs = scan_documents(reading.corpus(documents, config), config, running)
    else:
        found, inputs = scan_files(paths, reading.options(config), config, running)
    inputs.release()
    check_usable(len(found.tables["documents"]), found.corpus.read_report)
    return Result.of(found, inputs)


def sign(
    paths: StrPath | Sequence[StrPath],
    out: StrPath,
    config: Config | None = None,
    *,
    keep_texts: bool = False,
    threads: int = 0,
    options: ReadOptions | None = None,
    **settings: Unpack[Settings],
) -> Path:
    """Read files once as a part of a corpus; leave in the folder ``out`` what ``scan`` needs of it.

    Parts that were signed anywhere, with the same settings, are scanned together by ``scan(...,
    signed=True)``. ``keep_texts`` carries the texts along; without them those of documents in a
    pair are read again from where they were. ``options`` (``dedup.sources.ReadOptions``) says
    how files are read. A folder that the same call has filled is left as it is, and one that was
    interrupted is finished.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("monday", "tuesday"):
    ...         file = Path(folder, f"{name}.txt")
    ...         _ = file.write_text("The council agreed to mend the old bridge before winter.")
    ...         _ = sign(file, Path(folder, name), keep_texts=True)
    ...     parts = [Path(folder, name) for name in ("monday", "tuesday")]
    ...     result = scan(parts, find=["duplicates"], signed=True)
    >>> [(each.doc_id, each.kept) for each in result.documents]
    [('monday.txt', True), ('tuesday.txt', False)]
    """
    config = Config.of(config, settings)
    given = [paths] if isinstance(paths, str | PathLike) else list(paths)
    options = options or ReadOptions(priority_column=config.priority_field)
    running = Running.of(threads)
    named = [fspath(path) for path in given]
    sign_files(named, Path(out), config, options, running, keep_texts=keep_texts)
    return Path(out)


def clean(
    documents: Any,
    config: Config | None = None,
    *,
    everything: bool = False,
    out: StrPath | None = None,
    threads: int = 0,
    memory: int | str | None = None,
    work: StrPath | None = None,
    progress: Progress | None = None,
    text: str | None = None,
    id: str | None = None,
    date: str | None = None,
    url: str | None = None,
    site: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    records: str | None = None,
    strict: bool = False,
    **settings: Unpack[Settings],
) -> list[dict[str, Any]]:
    r"""Return one entry per document kept, with its text without repeats and boilerplate.

    ``documents`` and the other arguments are those of ``scan``; or a result whose documents are in
    memory, with its own settings. Entries have the keys of ``provenance.jsonl``, and ``clean``, the
    text; they come in order of id. ``everything`` adds the documents that another one stands for.
    ``out`` is a folder that gets what ``dedup clean -o`` writes, as well. Files are read a second
    time for the entries, and ``InputError`` names one that was changed meanwhile. ``memory`` bounds
    the scan and the writing, but not the list: it holds every entry. A ``work`` folder is emptied
    when the list is made.

    >>> page = "Bridge to be mended\n\nThe council met on Monday.\n\nSubscribe to our newsletter\n"
    >>> entry = clean([page])[0]
    >>> entry["clean"]
    'Bridge to be mended\n\nThe council met on Monday.\n'
    >>> [each["reason"] for each in entry["ops"]]
    ['newsletter_signup']
    >>> restore(entry) == page
    True
    """
    columns = dict(zip(_ROLES, (text, id, date, url, site), strict=True))
    reading = Reading(columns, format, encoding, records, strict)
    if isinstance(documents, Result):
        if "encoding" not in documents.corpus.table.column_names:
            raise InputError(
                "clean: the result does not hold its documents; give clean() what scan() was given"
            )
        return _cleaned(Cleaning(documents, Held(documents), everything=everything), out)
    config = Config.of(config, settings)
    running = Running.of(threads, memory, work, progress)
    paths, documents = paths_in(documents)
    if paths is not None:
        return _clean_files(paths, reading.options(config), config, running, everything, out)
    found, inputs = scan_documents(reading.corpus(documents, config), config, running)
    check_usable(len(found.corpus.table), found.corpus.read_report)
    entries = _cleaned(Cleaning(found, Held(found), everything=everything), out)
    inputs.finish()
    return entries


def _clean_files(
    paths: list[str],
    options: ReadOptions,
    config: Config,
    running: Running,
    everything: bool,
    out: StrPath | None,
) -> list[dict[str, Any]]:
    """Scan files, and read them a second time for what is cleaned."""
    if out is not None:
        check_output(out, paths, folders=[ARTICLES])
    with TemporaryDirectory(prefix="dedup-", ignore_cleanup_errors=True) as temporary:
        folder = running.work or Path(temporary)
        again = Rereading(paths, options, folder=folder, columns=False)
        found, inputs = scan_files(paths, again.options, config, running, folder)
        check_usable(len(found.tables["documents"]), found.corpus.read_report)
        originals = Reread.of(found, again, folder)
        entries = _cleaned(Cleaning(found, originals, everything=everything), out, paths)
    inputs.finish()
    return entries


def _cleaned(
    cleaning: Cleaning, out: StrPath | None, paths: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return the provenance and the cleaned text of each document that is kept, or of all."""
    if out is not None:
        cleaning.write(out, inputs=paths)
    return [
        {**each.entry, "clean": each.text}
        for _, cleaned in cleaning.some()
        for each in cleaned
        if each.is_written
    ]


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
        kind = type(entry).__name__
        raise InputError(f"restore takes one entry of clean(), or a folder, and no {kind}")
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
    a: str | PathLike[str] | Mapping[str, Any],
    b: str | PathLike[str] | Mapping[str, Any],
    config: Config | None = None,
    **settings: Unpack[Settings],
) -> Result:
    """Explain how two texts, two dicts with a text, or two files are related.

    The result is that of a scan of both, and holds exactly one pair; its relation is ``none`` where
    they share nothing. A ``Path`` names a file of one article; so do two strings that both end like
    names of files.

    >>> result = compare("Nothing of this is in the other.", "A text of its own, about a bridge.")
    >>> result.pairs[0].relation
    'none'
    """
    config = Config.of(config, settings)
    paths = _paths_of_both(a, b)
    if paths is None:
        return compare_two(from_python([a, b], priority=config.priority_field), config)
    options = ReadOptions(priority_column=config.priority_field)
    return compare_two(joined(*(read([path], options) for path in paths)), config)


def _paths_of_both(a: Any, b: Any) -> list[str] | None:
    """Return the paths of two articles, ``None`` where texts or dicts were given."""
    if isinstance(a, PathLike) != isinstance(b, PathLike):
        raise InputError("compare: one is a path, the other is not; give two paths or two texts")
    return paths_in([a, b])[0]


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
    return Result.of(compare_corpus(corpus, config), Inputs())


def _check_count(corpus: Corpus, wanted: int) -> None:
    got = len(corpus.table)
    if got != wanted:
        read_report = corpus.read_report
        flaws = ", ".join(
            REASONS.get(each, each) for each in (*read_report.skipped, *read_report.files_failed)
        )
        more = f" ({flaws or '; '.join(read_report.notes) or 'no text'})" if got < wanted else ""
        place = next((each for each in corpus.table["path"].to_pylist() if each), None)
        needed = "one article" if wanted == 1 else f"{wanted} articles"
        raise InputError(f"compare needs {needed} here, and there are {got}{more}", path=place)
