"""Warnings: most of a site, file or corpus is removed, or a cluster is very large.

What is found here changes what is said and never what is removed. So the thresholds are no settings
(``Config``): results with other thresholds differ in ``warnings`` of the summary only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.core.arrays import Bool, Int32, Int64, column_codes, one_array
from dedup.errors import ConfigError
from dedup.result import Result

LEAST_DOCUMENTS = 20  # a share of fewer says nothing
MOST_EXAMPLES = 5
MOST_TEXT = 0.3  # of a site's text that may be a template of the site
MOST_LOST = 0.1  # share of its running words that a removal may lose without being named
NOTES = ("same_form", "changed_facts")  # told, but no reason to stop
COMMANDS = {
    "lost_text": "dedup scan … --show losses",
    "site_losses": "dedup scan … --show losses",
    "same_form": "dedup scan … --show forms",
    "changed_facts": "dedup scan … --show revisions",
}
_DIGITS = 6
_SLICE = 1 << 20  # documents that are counted at a time
_METADATA = ("doc_id", "duplicate_of", "relation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Hold the thresholds of warnings: a share of a group, and a cluster size.

    ``cluster`` 0 is 10,000 or 5% of the corpus, whichever is smaller, but never less than 100.

    >>> Limits().largest(1_000), Limits().largest(50_000), Limits(cluster=7).largest(50_000)
    (100, 2500, 7)
    """

    share: float = 0.5
    cluster: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigError("suspicious_share", self.share, "a number from 0 to 1")
        if self.cluster < 0:
            raise ConfigError("suspicious_cluster", self.cluster, "a whole number from 0")

    def largest(self, documents: int) -> int:
        """Return the size up to which a cluster of a corpus is nothing strange."""
        return self.cluster or max(100, min(10_000, documents // 20))


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class _Groups:
    """Groups of documents: their names, and of each document the number of its group or -1."""

    names: pa.Array
    codes: Int32

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> _Groups:
        """Group documents by a column of strings; those of none, or an empty one, stay out."""
        codes, names = column_codes(column)
        codes[codes == pc.index(names, "").as_py()] = -1  # where there is none, that is -1 too
        return cls(names, codes)

    def counts(self, among: Bool) -> Int64:
        """Count some documents by group."""
        counts: Int64 = np.zeros(len(self.names), np.int64)
        for low in range(0, len(among), step := max(_SLICE, len(counts))):
            codes = self.codes[low : low + step]
            counts += np.bincount(
                codes[among[low : low + step] & (codes >= 0)], minlength=len(counts)
            )
        return counts


def find_warnings(result: Result, limits: Limits = DEFAULT) -> list[dict[str, Any]]:
    """Return what looks wrong about the removals of a result, ready for JSON.

    The corpus must be in order of id, as that of every scan is. First comes the whole corpus, then
    sites, files with documents of no site, and clusters, each by most removals.
    """
    documents = result.tables["documents"]
    if not len(documents):
        return []
    removed = ~_bools(documents["kept"])
    whole = _Groups(pa.array([None], pa.string()), np.broadcast_to(np.int32(0), len(documents)))
    sites = _Groups.of(result.corpus.table["site"])
    files = _Groups.of(documents["path"])
    files.codes[sites.codes >= 0] = -1
    found = []
    for kind, groups in (("corpus_share", whole), ("site_share", sites), ("file_share", files)):
        found += _shares(kind, groups, removed, documents, limits.share)
    found += _clusters(removed, documents, limits.largest(len(documents)))
    return found + _losing(sites, documents) + _site_texts(result) + _differing(result, documents)


def _site_texts(result: Result) -> list[dict[str, Any]]:
    """Return the sites that lose much of their text as templates."""
    sites = result.summary.get("templates", {}).get("sites", [])
    return [
        {"kind": "site_text", "name": each["site"], **each, "removed": 0, "examples": []}
        for each in sites
        if each["documents"] >= LEAST_DOCUMENTS and each["share"] > MOST_TEXT
    ]


def _bools(column: pa.ChunkedArray) -> Bool:
    values: Bool = column.to_numpy()
    return values


def _shares(
    kind: str, groups: _Groups, removed: Bool, documents: pa.Table, share: float
) -> list[dict[str, Any]]:
    totals, gone = groups.counts(np.ones_like(removed)), groups.counts(removed)
    is_wrong = (totals >= LEAST_DOCUMENTS) & (gone / np.maximum(totals, 1) > share)
    rows = np.flatnonzero(removed)
    return _told(kind, groups, (is_wrong, totals, gone), documents, rows)


def _clusters(removed: Bool, documents: pa.Table, largest: int) -> list[dict[str, Any]]:
    is_member = ~_bools(documents["canonical"])
    members = np.flatnonzero(is_member)
    joined = _Groups.of(documents["cluster"].filter(pa.array(is_member)))
    codes = np.full(len(documents), -1, np.int32)
    codes[members] = joined.codes
    groups = _Groups(joined.names, codes)
    sizes = groups.counts(is_member) + 1
    rows = members[np.argsort(~removed[members], kind="stable")]  # the removed ones first
    counts = (sizes > largest, sizes, groups.counts(removed))
    return _told("large_cluster", groups, counts, documents, rows)


def _losing(sites: _Groups, documents: pa.Table) -> list[dict[str, Any]]:
    """Return the removals that lose much of their text, in all and by site."""
    share = pc.fill_null(documents["lost_share"], 0).to_numpy()
    loses = share > MOST_LOST
    if not loses.any():
        return []
    rows = np.flatnonzero(loses)
    rows = rows[np.argsort(-share[rows], kind="stable")]
    whole = _Groups(pa.array([None], pa.string()), np.broadcast_to(np.int32(0), len(documents)))
    removed = whole.counts(~_bools(documents["kept"]))
    found = _told("lost_text", whole, (removed > 0, removed, whole.counts(loses)), documents, rows)
    counts = sites.counts(loses)
    most = np.argsort(-counts, kind="stable")[:MOST_EXAMPLES]
    is_most = np.zeros(len(counts), np.bool_)
    is_most[most[counts[most] > 0]] = True
    totals = sites.counts(~_bools(documents["kept"]))
    return found + _told("site_losses", sites, (is_most, totals, counts), documents, rows)


def _differing(result: Result, documents: pa.Table) -> list[dict[str, Any]]:
    """Return what is kept because it is another report on a form, and clusters of versions."""
    pairs = result.tables["pairs"]
    ids = one_array(documents["doc_id"])
    found = []
    for kind, relation in (("same_form", "same_form"), ("changed_facts", "revision")):
        some = pairs.filter(pc.equal(pairs["relation"], relation))
        if not len(some):
            continue
        sides = [pc.index_in(some[side], value_set=ids).to_numpy() for side in "ab"]
        rows = np.unique(np.concatenate(sides)).astype(np.int64)
        among = np.zeros(len(documents), np.bool_)
        among[rows] = True
        whole = _Groups(pa.array([None], pa.string()), np.broadcast_to(np.int32(0), len(documents)))
        gone = whole.counts(among & ~_bools(documents["kept"]))
        counts = (np.array([True]), np.array([len(rows)]), gone)
        found += _told(kind, whole, counts, documents, rows)
    return found


def _told(
    kind: str,
    groups: _Groups,
    counts: tuple[Bool, Int64, Int64],
    documents: pa.Table,
    rows: Int64,
) -> list[dict[str, Any]]:
    """Return the groups that are wrong; examples are the first of ``rows`` in each."""
    is_wrong, totals, gone = counts
    wrong = np.flatnonzero(is_wrong)
    names = groups.names.take(pa.array(wrong)).to_pylist()
    found = [
        {
            "kind": kind,
            "name": name,
            "documents": total,
            "removed": removed,
            "share": round(removed / total, _DIGITS),
            "examples": examples,
        }
        for name, total, removed, examples in zip(
            *(names, totals[wrong].tolist(), gone[wrong].tolist()),
            _examples(groups.codes, wrong, documents, rows),
            strict=True,
        )
    ]
    return sorted(found, key=lambda each: (-each["removed"], each["name"] or ""))


def _examples(
    codes: Int32, wrong: Int64, documents: pa.Table, rows: Int64
) -> list[list[dict[str, Any]]]:
    """Return what is known of the first of ``rows`` in each group of ``wrong``."""
    examples: list[list[dict[str, Any]]] = [[] for _ in wrong]
    rows = rows[np.isin(codes[rows], wrong)]
    group = np.searchsorted(wrong, codes[rows])
    order = np.argsort(group, kind="stable")
    rows, group = rows[order], group[order]
    first = np.arange(len(rows)) - np.searchsorted(group, group) < MOST_EXAMPLES
    known = documents.select(list(_METADATA)).take(pa.array(rows[first])).to_pylist()
    for position, metadata in zip(group[first].tolist(), known, strict=True):
        examples[position].append(metadata)
    return examples


_NAMES = {
    "site_share": "site",
    "site_text": "site",
    "file_share": "file",
    "large_cluster": "cluster",
}


def describe(warning: Mapping[str, Any], *, command: bool = True) -> str:
    """Return one warning in words, with the command that shows what it is about, if ``command``.

    >>> describe({"kind": "site_share", "name": "a.org", "documents": 50, "removed": 45})
    'site a.org: 45 of 50 documents removed'
    """
    kind, removed = warning["kind"], warning["removed"]
    more = f"; see `{COMMANDS[kind]}`" if command and kind in COMMANDS else ""
    if kind in ("lost_text", "site_losses"):
        where = f"site {warning['name']}: " if warning["name"] else ""
        text = f"{removed:,} of {warning['documents']:,} removals lose more than {MOST_LOST:.0%}"
        return f"{where}{text} of their running words{more}"
    if kind == "same_form":
        text = "are reports on one form with others, with other facts; none goes for another"
        return f"{warning['documents']:,} documents {text}{more}"
    if kind == "changed_facts":
        text = "are versions of one article with other figures or dates"
        return f"{warning['documents']:,} documents {text}, {removed:,} of them removed{more}"
    known = _NAMES.get(warning["kind"])
    what = f"{known} {warning['name']}" if known else "the whole corpus"
    documents = f"{warning['documents']:,} documents"
    if warning["kind"] == "site_text":
        return f"{what}: {warning['share']:.0%} of the text of {documents} removed as templates"
    if warning["kind"] == "large_cluster":
        return f"{what}: {documents} in one cluster, {warning['removed']:,} removed"
    return f"{what}: {warning['removed']:,} of {documents} removed"
