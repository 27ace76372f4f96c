"""Schemas of inputs, stages and output files, and the read report.

Inside a run documents are row numbers of one Arrow table (``CORPUS``); ids exist only at the
edges. A result is four Arrow tables whose schemas are the contract of the output files
(``docs/output.md``), plus what cleaning needs. Offsets are code points of the original text,
half open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

CORPUS = pa.schema(
    [
        ("doc_id", pa.string()),  # unique in a corpus
        ("text", pa.large_string()),  # valid UTF-8; what was damaged is U+FFFD
        ("path", pa.string()),  # the file it came from, null for in-memory input
        ("line", pa.int64()),  # line or row in that file from 1, null for whole files
        ("site", pa.string()),
        ("url", pa.string()),
        ("date", pa.string()),
        ("priority", pa.string()),  # the column named by Config.canonical = "priority:FIELD"
        ("encoding", pa.string()),  # how `text` becomes the original bytes again
        (
            "raw",
            pa.large_binary(),
        ),  # the original bytes, only where `encoding` cannot give them back
        (
            "record",
            pa.large_binary(),
        ),  # JSON: [text column, object of the row's columns or number in rows], null for files
    ]
)

# What is known of a document besides its text.
METADATA = pa.schema(
    [CORPUS.field(name) for name in ("doc_id", "path", "line", "site", "url", "date", "priority")]
)

DOCUMENTS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("path", pa.string()),
        ("cluster", pa.string()),
        ("canonical", pa.bool_()),
        ("kept", pa.bool_()),
        ("relation", pa.string()),
        ("duplicate_of", pa.string()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
        ("coverage", pa.float64()),
        ("lost_tokens", pa.int64()),  # what stands nowhere in the kept one; null where it stays
        ("lost_facts", pa.int64()),
        ("lost_share", pa.float64()),
        ("story", pa.string()),  # null where stories are not sought, and of what is too short
        ("same_url", pa.string()),  # the first document with the same address; null: none has it
        ("no_text", pa.bool_()),  # nothing but boilerplate; null where that was not looked for
    ]
)

PAIRS = pa.schema(
    [
        ("a", pa.string()),
        ("b", pa.string()),
        ("relation", pa.string()),
        ("jaccard", pa.float64()),
        ("containment_a", pa.float64()),
        ("containment_b", pa.float64()),
        ("coverage", pa.float64()),
        ("matched_tokens", pa.int64()),
        ("changed", pa.string()),  # facts in conflict, "27 → 25", of some relations
    ]
)

PASSAGES = pa.schema(
    [
        ("a", pa.string()),
        ("b", pa.string()),
        ("start_a", pa.int64()),
        ("end_a", pa.int64()),
        ("start_b", pa.int64()),
        ("end_b", pa.int64()),
        ("matched_tokens", pa.int64()),
        ("density", pa.float64()),
        ("score", pa.float64()),
        ("level", pa.string()),
        ("kind", pa.string()),
    ]
)

REPEATS = pa.schema(
    [
        ("doc_id", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("kept_start", pa.int64()),
        ("kept_end", pa.int64()),
        ("reason", pa.string()),
    ]
)

CONTRACT = {"documents": DOCUMENTS, "pairs": PAIRS, "passages": PASSAGES, "repeats": REPEATS}

# What `scan --against` adds: documents an index knows, and what they share with its articles.
AGAINST = pa.schema(
    [
        ("doc_id", pa.string()),
        ("verdict", pa.string()),
        ("first", pa.string()),
        ("duplicate_of", pa.string()),
        ("relation", pa.string()),
        ("similarity", pa.float64()),
        ("jaccard", pa.float64()),
        ("containment", pa.float64()),
        ("matched_tokens", pa.int64()),  # in passages of the index, each stretch counted once
        ("dropped", pa.bool_()),  # that it is known is why it is not kept
        ("lost_tokens", pa.int64()),  # of a duplicate: what stands nowhere in ``duplicate_of``
        ("lost_facts", pa.int64()),
    ]
)
AGAINST_PASSAGES = PASSAGES
# What the removals of documents lose: stretches of eight words or more that stand nowhere in the
# document that is kept. Shorter ones are counted in ``lost_tokens`` of ``DOCUMENTS`` alone.
LOSSES = pa.schema(
    [
        ("doc_id", pa.string()),
        ("kept", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("tokens", pa.int64()),
        ("text", pa.large_string()),
    ]
)

# A wording that several documents hold, each of its occurrences, and which outlet has text of whom.
FAMILIES = pa.schema(
    [
        ("family", pa.int64()),  # from 1, in the order in which they matter
        ("kind", pa.string()),
        ("occurrences", pa.int64()),  # equal documents counted once
        ("articles", pa.int64()),
        ("copies", pa.int64()),
        ("sites", pa.int64()),
        ("owners", pa.int64()),
        ("first_id", pa.string()),
        ("first_date", pa.string()),
        ("last_date", pa.string()),
        ("speaker", pa.string()),
        ("agency", pa.string()),
        ("credits", pa.int64()),
        ("tokens", pa.int64()),
        ("completed", pa.int64()),
        ("variants", pa.int64()),
        ("representative", pa.string()),
        ("wording", pa.string()),
    ]
)
OCCURRENCES = pa.schema(
    [
        ("family", pa.int64()),
        ("variant", pa.int64()),  # 0 where the wording itself occurs
        ("doc_id", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("site", pa.string()),
        ("owner", pa.string()),
        ("date", pa.string()),
        ("representative", pa.bool_()),
        ("similarity", pa.float64()),
    ]
)
COPYING = pa.schema(
    [
        ("outlet", pa.string()),
        ("source", pa.string()),
        ("source_kind", pa.string()),
        ("evidence", pa.string()),
        ("families", pa.int64()),
        ("articles", pa.int64()),
        ("family", pa.int64()),  # an example
        ("doc_id", pa.string()),
    ]
)
FAMILY_TABLES = {"families": FAMILIES, "occurrences": OCCURRENCES, "copying": COPYING}
# Articles that report one event, and why each of them is among them.
STORIES = pa.schema(
    [
        ("story", pa.string()),  # the first article
        ("articles", pa.int64()),
        ("documents", pa.int64()),  # with copies
        ("sites", pa.int64()),
        ("first", pa.string()),
        ("last", pa.string()),
        ("typical", pa.string()),
        ("similarity", pa.float64()),
        ("series", pa.string()),  # dates or form, null for an event
        ("words", pa.list_(pa.string())),
        ("shares", pa.list_(pa.float64())),  # of the similarity, one a word
        ("names", pa.list_(pa.string())),  # those of `words` that are names
    ]
)
STORY_MEMBERS = pa.schema(
    [
        ("story", pa.string()),
        ("doc_id", pa.string()),
        ("copy_of", pa.string()),  # null of an article that counts
        ("similarity", pa.float64()),
        ("words", pa.list_(pa.string())),
        ("shares_text_with", pa.int64()),
        ("relation", pa.string()),
        ("closest", pa.string()),
    ]
)
STORY_TABLES = {"stories": STORIES, "story_members": STORY_MEMBERS}
MORE = {
    "losses": LOSSES,
    **FAMILY_TABLES,
    **STORY_TABLES,
    "against": AGAINST,
    "against_passages": AGAINST_PASSAGES,
}

TEMPLATE_PREFIX = "template_"  # so begin the rules that find text which a site repeats

# What cleaning would remove from, or only tag in, each document (`doc` is a row of the corpus).
REMOVALS = pa.schema(
    [
        ("doc", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("reason", pa.string()),  # what it is: truncated_teaser, newsletter_signup, …
        ("rule", pa.string()),  # how that was found: prefix_of_full_text, pattern, …
        ("confidence", pa.string()),  # strong or medium
        (
            "kept_start",
            pa.int64(),
        ),  # the copy that stays in the same document, null where none does
        ("kept_end", pa.int64()),
    ]
)

ANNOTATIONS = pa.schema(
    [
        ("doc", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("tag", pa.string()),  # caption, byline, date_line, embed, related_suspect, comment
    ]
)


def rows_as_table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    """Return rows of plain values as a table; none at all cost nothing.

    >>> rows_as_table([(0, 5, 9, "caption")], ANNOTATIONS).num_rows
    1
    """
    if not rows:
        for known, none in _NO_ROWS:  # the hash of a schema takes longer than all else
            if known is schema:
                return none
        return schema.empty_table()
    columns = zip(zip(*rows, strict=True), schema, strict=True)
    return pa.Table.from_arrays(
        [pa.array(values, kind.type) for values, kind in columns], schema=schema
    )


_NO_ROWS = [(schema, schema.empty_table()) for schema in (REMOVALS, ANNOTATIONS)]


# The same two as they are written: with the id of the document.
NAMED = {
    name: pa.schema([("doc_id", pa.string()), *list(schema)[1:]])
    for name, schema in (("removals", REMOVALS), ("annotations", ANNOTATIONS))
}


@dataclass(slots=True)
class ReadReport:
    """Count what was read, what was skipped, and what was damaged but used.

    ``read`` counts every record met, the skipped ones too. ``skipped`` and ``damaged`` map a
    reason to a count; ``places`` keeps the first five places of each reason.
    """

    read: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    damaged: Counter[str] = field(default_factory=Counter)
    files_failed: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    places: dict[str, list[str]] = field(default_factory=dict)

    def _place(self, reason: str, place: str) -> None:
        known = self.places.setdefault(reason, [])
        if len(known) < 5:
            known.append(place)

    def skip(self, reason: str, place: str, count: int = 1) -> None:
        """Count ``count`` records that were read and cannot be used."""
        self.read += count
        self.skipped[reason] += count
        self._place(reason, place)

    def damage(self, reason: str, place: str) -> None:
        """Count a record that is used although part of it was damaged."""
        self.damaged[reason] += 1
        self._place(reason, place)

    def fail(self, reason: str, place: str) -> None:
        """Count a whole file that could not be read, or not to its end."""
        self.files_failed[reason] += 1
        self._place(reason, place)

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was skipped, damaged or failed."""
        return not (self.skipped or self.damaged or self.files_failed)

    def __add__(self, other: ReadReport) -> ReadReport:
        """Return what was met in both."""
        places = {
            reason: [*self.places.get(reason, ()), *other.places.get(reason, ())][:5]
            for reason in {**self.places, **other.places}
        }
        return ReadReport(
            self.read + other.read,
            self.skipped + other.skipped,
            self.damaged + other.damaged,
            self.files_failed + other.files_failed,
            [*self.notes, *other.notes],
            places,
        )

    def take_in(self, other: ReadReport) -> None:
        """Count what was met in another one as well."""
        whole = self + other
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(whole, name))

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain values with sorted reasons."""
        return {
            "read": self.read,
            "skipped": dict(sorted(self.skipped.items())),
            "damaged": dict(sorted(self.damaged.items())),
            "files_failed": dict(sorted(self.files_failed.items())),
            "notes": list(self.notes),
            "places": {key: list(value) for key, value in sorted(self.places.items())},
        }

    @classmethod
    def from_dict(cls, counts: dict[str, Any]) -> ReadReport:
        """Return what ``as_dict`` was made of.

        >>> read_report = ReadReport()
        >>> read_report.skip("broken_json", "a.jsonl:3")
        >>> ReadReport.from_dict(read_report.as_dict()) == read_report
        True
        """
        named = ("skipped", "damaged", "files_failed")
        return cls(**{**counts, **{name: Counter(counts[name]) for name in named}})


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents as one Arrow table of schema ``CORPUS``, and how they were read.

    ``rows`` are the rows that were Arrow data, with all their columns, but null for the text; only
    where they were asked for, to be written as Parquet. They are numbered through all parts.
    ``order`` says of each document how many were read before it, where inputs can be read again.
    ``content`` is a hash of all texts, where those are not held but were read.
    """

    table: pa.Table
    read_report: ReadReport
    rows: tuple[pa.RecordBatch, ...] = ()
    order: npt.NDArray[np.int64] | None = field(default=None, compare=False)
    content: str = field(default="", compare=False)


def rows_table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    """Build a table of ``schema`` from dicts; no rows give an empty table of that schema."""
    return pa.Table.from_pylist(rows, schema=schema)
