"""Documents to entries: what an index needs to know of an article, by the kernels of a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Int64, Texts, UInt64, clean_string, texts_from_arrow
from dedup.core.dates import when
from dedup.core.hashing import text_digests, xxh3_64
from dedup.errors import InputError
from dedup.index.entries import LONGEST, Entry, UInt16, compress
from dedup.index.settings import Settings
from dedup.kernels import postings as kernel
from dedup.kernels.windows import Scheme
from dedup.schema import CORPUS
from dedup.similarity.minhash import permutations
from dedup.sources.batches import host
from dedup.text.shingles import shingle_texts
from dedup.text.tokens import folding, tokenise_texts

_COLUMNS = ("doc_id", "text", "date", "site")  # of a batch
CHUNK = 1000  # documents of a batch that are signed, decided and committed together
_ROOM = 8  # bytes behind a text, so that kernels can look at eight at a time


@dataclass(frozen=True, slots=True)
class Facts:
    """One document as it was given, checked: all strings are valid Unicode."""

    id: str
    text: str
    date: int | None
    site: str


def metadata_of(document: Any, *, named: bool = True) -> Facts:
    """Check one document: a mapping with ``text``, ``id`` and, where known, ``date``, ``site``.

    Without a ``site`` the host of its ``url`` counts as one. Where ``named`` is false, a text alone
    will do. Raises ``InputError``.
    """
    if isinstance(document, str) and not named:
        document = {"text": document}
    if not isinstance(document, Mapping):
        got = type(document).__name__
        raise InputError(f"document: got {got}, allowed is a dict with an id and a text")
    text = document.get("text")
    if not isinstance(text, str):
        raise InputError(f"document: its text is {type(text).__name__}, allowed is a string")
    name = _name(document.get("id"), "id")
    if not name and named:
        raise InputError("document: it has no id")
    url = document.get("url")
    site = document.get("site") or host(url if isinstance(url, str) else None)
    return Facts(name, clean_string(text), when(document.get("date")), _name(site, "site"))


def _name(value: Any, what: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise InputError(f"document: its {what} is {type(value).__name__}, allowed is a string")
    name = clean_string(str(value))
    if len(name) * 4 > LONGEST and len(name.encode()) > LONGEST:
        raise InputError(f"document: its {what} has over {LONGEST} bytes")
    return name


@dataclass(frozen=True, slots=True)
class Sealed:
    """Some documents that were signed; entries are made of those that they are asked of.

    ``keys`` has a row for each document. ``kept`` says that they are to be kept.
    """

    names: list[str]
    facts: Callable[[int], Facts]
    keys: UInt64
    digests: list[int]
    fingerprints: UInt64
    counts: list[int]
    signatures: UInt16
    has_text: bool
    kept: bool

    def __len__(self) -> int:
        return len(self.keys)

    def entry(self, row: int) -> Entry:
        """Return the entry of a document."""
        facts, is_packed = self.facts(row), self.has_text and self.kept
        return Entry(
            id=facts.id,
            digest=self.digests[row],
            fingerprints=self.fingerprints[row].tobytes(),
            count=self.counts[row],
            signature=self.signatures[row].tobytes(),
            keys=self.keys[row].tobytes(),
            date=facts.date,
            site=facts.site,
            plain=facts.text if self.has_text and not self.kept else None,
            packed=compress(facts.text) if is_packed else None,
        )


def mappings(documents: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield documents some at a time as mappings, also those that are Arrow tables or batches.

    >>> list(mappings(pa.table({"doc_id": ["a"], "text": ["b"]})))
    [[{'doc_id': 'a', 'text': 'b', 'id': 'a'}]]
    """
    if isinstance(documents, pa.Table):
        documents = documents.to_batches()
    waiting = iter(documents)
    while chunk := list(islice(waiting, 1)):
        if isinstance(chunk[0], pa.RecordBatch):
            known = [name for name in _COLUMNS if name in chunk[0].schema.names]
            for low in range(0, len(chunk[0]), CHUNK):
                rows = chunk[0].select(known).slice(low, CHUNK).to_pylist()
                yield [{**row, "id": row.get("doc_id")} for row in rows]
            continue
        chunk += islice(waiting, CHUNK - 1)
        yield chunk


class Signer:
    """Make entries under the settings of an index."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._permutations = permutations(settings.num_perm, settings.seed)
        self._config = settings.config()

    def sign(self, document: Any, *, named: bool = True) -> Entry:
        """Make the entry of one document, without a detour over Arrow."""
        facts = metadata_of(document, named=named)
        data = facts.text.encode()
        buffer = np.frombuffer(data + bytes(_ROOM), np.uint8)
        texts = Texts(buffer, np.array([0, len(data)], np.int64))
        return self._sealed([facts.id], [facts.site], texts, [facts].__getitem__, named).entry(0)

    def sign_many(self, documents: Iterable[Any], *, named: bool = True) -> Iterator[list[Entry]]:
        """Make the entries of documents, some at a time.

        They are mappings as for ``sign``, or Arrow tables or batches of schema ``CORPUS``.
        """
        for sealed in self.seal_many(documents, named=named):
            yield [sealed.entry(row) for row in range(len(sealed))]

    def seal_many(self, documents: Iterable[Any], *, named: bool = True) -> Iterator[Sealed]:
        """Sign documents, some at a time; they are given as for ``sign_many``."""
        if isinstance(documents, pa.Table):
            documents = documents.to_batches()
        waiting = iter(documents)
        while chunk := list(islice(waiting, 1)):
            if isinstance(chunk[0], pa.RecordBatch):
                yield from self._batch(chunk[0], named)
                continue
            chunk += islice(waiting, CHUNK - 1)
            facts = [metadata_of(each, named=named) for each in chunk]
            column = pa.array([each.text for each in facts], pa.large_string())
            names, sites = [each.id for each in facts], [each.site for each in facts]
            yield self._sealed(names, sites, texts_from_arrow(column), facts.__getitem__, named)

    def texts_of(self, documents: Iterable[Any]) -> Iterator[Texts]:
        """Yield the texts of documents, some at a time; they are given as for ``sign_many``."""
        if isinstance(documents, pa.Table):
            documents = documents.to_batches()
        waiting = iter(documents)
        while chunk := list(islice(waiting, 1)):
            if isinstance(chunk[0], pa.RecordBatch):
                column = chunk[0].column("text").cast(CORPUS.field("text").type)
                for low in range(0, len(column), CHUNK):
                    yield texts_from_arrow(column.slice(low, CHUNK))
                continue
            chunk += islice(waiting, CHUNK - 1)
            facts = [metadata_of(each, named=False) for each in chunk]
            yield texts_from_arrow(pa.array([each.text for each in facts], pa.large_string()))

    def _batch(self, batch: pa.RecordBatch, kept: bool) -> Iterator[Sealed]:
        missing = {"doc_id", "text"} - set(batch.schema.names)
        if missing:
            raise InputError(f"documents: a batch lacks {', '.join(sorted(missing))}")
        for low in range(0, len(batch), CHUNK):
            part = batch.slice(low, CHUNK)
            column = part.column("text").cast(CORPUS.field("text").type)
            yield self._part(part, texts_from_arrow(column), kept)

    def _part(self, part: pa.RecordBatch, texts: Texts, kept: bool) -> Sealed:
        """Sign a part of a batch, with the facts of ``metadata_of``; no text that nobody keeps."""
        dates, given = (
            part.column(name).to_pylist() if name in part.schema.names else [None] * len(part)
            for name in ("date", "site")
        )
        names = [_name(each, "id") for each in part.column("doc_id").to_pylist()]
        if not all(names):
            raise InputError("document: it has no id")
        sites = [_name(each or None, "site") for each in given]
        has_text = self.settings.store_text

        def facts(row: int) -> Facts:
            text = texts.text(row) if has_text else ""
            return Facts(names[row], text, when(dates[row]), sites[row])

        return self._sealed(names, sites, texts, facts, kept)

    def _sealed(
        self,
        names: list[str],
        sites: list[str],
        texts: Texts,
        facts: Callable[[int], Facts],
        kept: bool,
    ) -> Sealed:
        settings = self.settings
        fingerprints, counts, signatures = self._seal(texts)
        keys = np.empty((len(names), settings.bands + 2), np.uint64)
        keys[:, 0] = [id_key(each, settings.salt) for each in names]
        salts = salts_of(sites, settings)
        keys[:, 1:] = keys_of(signatures, fingerprints, salts, settings)
        return Sealed(
            *(names, facts, keys, text_digests(texts).tolist(), fingerprints, counts.tolist()),
            *(signatures, settings.store_text, kept),
        )

    def _seal(self, texts: Texts) -> tuple[UInt64, Int64, UInt16]:
        """Return sums, numbers of tokens and signatures."""
        count = len(texts)
        fingerprints, counts = np.empty((count, 2), np.uint64), np.empty(count, np.int64)
        signatures = np.empty((count, self.settings.num_perm), np.uint16)
        if self.settings.shingle_unit == "word":
            scheme = Scheme(folding(), self.settings.shingle_size, self._permutations)
            out = fingerprints, counts, signatures
            kernel.seal_texts(texts.data, texts.offsets, scheme, *out)
        else:
            tokens = tokenise_texts(texts)
            counts[:] = tokens.counts()
            made = shingle_texts(texts, tokens, self._config)
            out_rows = counts, self._permutations, fingerprints, signatures
            kernel.seal_rows(made.values, made.offsets, *out_rows)
        return fingerprints, counts, signatures


def salts_of(sites: list[str], settings: Settings) -> UInt64:
    """Return what sets apart the keys of articles that must not meet, by their sites."""
    if settings.scope != "within":
        return np.full(len(sites), settings.salt, np.uint64)
    return np.array([xxh3_64(site.encode(), settings.salt) for site in sites], np.uint64)


def id_key(name: str, salt: int) -> int:
    """Return the key of an id."""
    return xxh3_64(name.encode(), salt) >> 24


def keys_of(signatures: UInt16, fingerprints: UInt64, salts: UInt64, settings: Settings) -> UInt64:
    """Return the keys of contents and bands that follow from signatures and sums."""
    out = np.empty((len(signatures), settings.bands + 1), np.uint64)
    kernel.all_keys(signatures, fingerprints, salts, settings.bands, settings.rows, out)
    return out
