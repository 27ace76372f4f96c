"""Sections on text: repeats inside articles, boilerplate, passages between articles."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import RELATIONS
from dedup.report.labels import STYLES, reason_kind, reason_name, reasons_listed, relation_name
from dedup.report.terminal.alignment import ROWS, side_by_side
from dedup.report.terminal.page import Page, tally
from dedup.report.terminal.text import ALL, counted, excerpt, listed, safe, score, wrapped

# The pairs whose passages say most come first; of copies the clusters say enough.
_TELLING = (
    *("same_form", "own_text", "revision", "compilation", "same_url", "derived"),
    "shares_passage",
    *("excerpt", "near_duplicate", "exact", "none"),
)
LEVELS = ("strong", "medium", "weak")
_SHARE = 3  # of the limit: so many removals are shown of each article
BRACES = "Words in {braces} occur on that side only."


def inside(page: Page) -> Iterator[str]:
    """Yield the repeats inside articles."""
    if "repeats" not in page.result.config.find:
        return
    repeats = page.result.tables["repeats"]
    articles = len(pc.unique(repeats["doc_id"]))
    facts = f"{counted(len(repeats), 'repeat')} in {counted(articles, 'article')}"
    yield from page.heading("Inside articles", facts if len(repeats) else "no repeats")
    for doc_id, rows in groupby(page.first(repeats), key=lambda row: row["doc_id"]):
        yield page.style(page.name(doc_id, page.width), "bold")
        for row in rows:
            yield from removed(page, doc_id, row)
    yield from page.left_out(len(repeats), "repeat")


def removed(page: Page, doc_id: str, row: dict[str, Any]) -> Iterator[str]:
    """Yield one removal: its position, its reason, the text that stays, and its own text."""
    start, end = row["start"], row["end"]
    gone = f"{page.place(doc_id, start, end)}: {reason_name(row['reason'])}"
    if row["kept_start"] is not None:
        gone += f"; the copy kept is at {page.place(doc_id, row['kept_start'], row['kept_end'])}"
    yield from page.lines(gone, indent=2)
    text = safe(page.text(doc_id)[start:end]).strip()
    if page.limit:
        text = excerpt(text, 2 * page.width)
    for line in wrapped(text, page.width, "      ", "    − ") if text else ():
        yield page.style(line, STYLES[reason_kind(row["reason"])])


def boilerplate(page: Page) -> Iterator[str]:
    """Yield how much boilerplate each article has, with the longest of it, and the tags."""
    found, annotations = _boilerplate_rows(page), page.result.annotations
    if not page.result.config.boilerplate and not len(found):
        return
    articles = len(pc.unique(found["doc"]))
    facts = f"{counted(len(found), 'line')} in {counted(articles, 'article')}"
    yield from page.heading("Boilerplate", facts if len(found) else "none")
    by_doc = tally(found["doc"])
    ids = page.result.corpus.table["doc_id"]
    wide = page.width // 2
    for doc, count in by_doc[: page.limit or None]:
        own = found.filter(pc.equal(found["doc"], doc))
        doc_id, reasons = ids[doc].as_py(), reasons_listed(tally(own["reason"]))
        yield from page.lines(f"{page.name(doc_id, wide)}  {count:,}: {reasons}", "bold")
        if page.has_texts:
            yield from longest(page, doc_id, own)
    yield from page.left_out(len(by_doc), "article")
    if len(annotations):
        yield from tagged(page)
    yield from review(page)


def longest(page: Page, doc_id: str, removals: pa.Table) -> Iterator[str]:
    """Yield the removals of an article, the longest of them where there is a limit."""
    shown = removals
    if page.limit:
        sized = removals.append_column("_size", pc.subtract(removals["end"], removals["start"]))
        order = [("_size", "descending"), ("start", "ascending")]
        shown = sized.sort_by(order).slice(0, max(page.limit // _SHARE, 1))
    for each in shown.sort_by("start").to_pylist():
        yield from removed(page, doc_id, each)
    yield from page.hidden(len(removals) - len(shown), "place", " of this article")


def tagged(page: Page) -> list[str]:
    """Return what was only tagged, in sum."""
    tags = reasons_listed(tally(page.result.annotations["tag"]))
    return page.lines(f"Tagged and left in place: {tags}.", indent=2)


def _boilerplate_rows(page: Page) -> pa.Table:
    removals = page.result.removals
    repeats = pc.unique(page.result.tables["repeats"]["reason"])
    return removals.filter(pc.invert(pc.is_in(removals["reason"], value_set=repeats)))


def review(page: Page) -> Iterator[str]:
    """Yield the articles in which so much would go that removals were held back."""
    held = page.result.corpus.table["doc_id"].filter(page.result.review)
    if len(held):
        shown = held.slice(0, page.limit or len(held)).to_pylist()
        names = ", ".join(page.name(each, page.width // 2) for each in shown)
        more = f" and {len(held) - len(shown):,} more ({ALL})" if len(held) > len(shown) else ""
        what = (
            f"{counted(len(held), 'article')} to look at, where so much would go that removals "
            f"were held back: {names}{more}."
        )
        yield from page.lines(what, indent=2)


def between(page: Page) -> Iterator[str]:
    """Yield the passages that articles share, with both texts side by side."""
    if "passages" not in page.result.config.find:
        return
    passages = page.result.tables["passages"]
    pairs = ordered_pairs(page.result.tables["pairs"])
    by_pair = PassagesByPair(passages)
    joined = pairs.filter(by_pair.has(pairs))
    facts = f"{counted(len(passages), 'passage')} in {counted(len(joined), 'pair')} of articles"
    levels = listed(tally(passages["level"], LEVELS))
    facts = f"{facts} ({levels})" if len(passages) else "no passages"
    yield from page.heading("Between articles", facts)
    if len(passages) and not page.style.colour:
        yield from page.note(BRACES)
    told = seen = pairs_told = 0
    shown_pairs = chosen_pairs(joined, page.limit)
    for pair in sorted(shown_pairs, key=lambda each: _TELLING.index(each["relation"])):
        if page.limit and told >= page.limit:
            break
        rows = by_pair.of(pair)
        most = min(page.limit - told, max(page.limit // 2, 1)) if page.limit else len(rows)
        shown = rows.slice(0, most).to_pylist()
        yield from _pair(page, pair, len(rows), shown)
        told += len(shown)
        seen += len(rows)
        pairs_told += 1
    if pairs_told < len(joined):
        left = counted(len(joined) - pairs_told, "more pair")
        hidden = counted(len(passages) - seen, "passage")
        yield ""
        yield from page.note(f"… {left} with {hidden} not shown; {ALL}")


def chosen_pairs(pairs: pa.Table, limit: int) -> list[dict[str, Any]]:
    """Return the first pairs of each relation, ``limit`` in all (0: all), as even as may be.

    ``pairs`` are in order of ``ordered_pairs``; so are those chosen.
    """
    if not limit:
        every: list[dict[str, Any]] = pairs.to_pylist()
        return every
    counts = dict(tally(pairs["relation"], (*RELATIONS, "none")))
    share = dict.fromkeys(counts, 0)
    while sum(share.values()) < min(limit, len(pairs)):
        open_ones = [name for name in counts if share[name] < counts[name]]
        for name in open_ones[: limit - sum(share.values())]:
            share[name] += 1
    chosen, place = [], 0
    for name, count in counts.items():
        chosen += pairs.slice(place, share[name]).to_pylist()
        place += count
    return chosen


def ordered_pairs(pairs: pa.Table) -> pa.Table:
    """Return pairs in order: closest relation first, then most matched tokens, then ids."""
    ranks = pc.index_in(pairs["relation"], value_set=pa.array([*RELATIONS, "none"]))
    return (
        pairs.append_column("rank", ranks)
        .sort_by(
            [
                ("rank", "ascending"),
                ("matched_tokens", "descending"),
                ("a", "ascending"),
                ("b", "ascending"),
            ]
        )
        .drop_columns(["rank"])
    )


class PassagesByPair:
    """The passages of a result by pair of articles, found without a search for each pair."""

    def __init__(self, passages: pa.Table) -> None:
        self.table = passages
        # Passages are in order of (a, b), so those of one pair are a run.
        keys = pc.binary_join_element_wise(passages["a"], passages["b"], "\0")
        runs = pc.run_end_encode(keys.combine_chunks())
        ends = runs.run_ends.to_pylist()
        self._runs = dict(zip(runs.values.to_pylist(), pairwise([0, *ends]), strict=True))

    def has(self, pairs: pa.Table) -> pa.Array:
        """Return which of the pairs have passages."""
        keys = pc.binary_join_element_wise(pairs["a"], pairs["b"], "\0")
        return pc.is_in(keys, value_set=pa.array(self._runs, pa.string()))

    def of(self, pair: dict[str, Any]) -> pa.Table:
        """Return the passages of one pair, in order of position in the first article."""
        low, high = self._runs.get(f"{pair['a']}\0{pair['b']}", (0, 0))
        return self.table.slice(low, high - low)


def _pair(
    page: Page, pair: dict[str, Any], count: int, shown: list[dict[str, Any]]
) -> Iterator[str]:
    """Yield the ids of a pair, what they share in sum, and the passages ``shown`` of ``count``."""
    facts = [
        relation_name(pair["relation"]),
        f"{pair['matched_tokens']:,} matched tokens in {counted(count, 'passage')}",
        f"coverage {score(pair['coverage'])}",
    ]
    yield ""
    yield from names(page, pair)
    yield from page.lines(", ".join(facts), STYLES.get(pair["relation"], "dim"))
    for row in shown:
        yield from passage(page, row)
    if len(shown) < count:
        yield ""
        yield from page.hidden(count - len(shown), "passage", " of this pair")


def names(page: Page, pair: dict[str, Any]) -> list[str]:
    """Return the ids of a pair, each over its own texts."""
    left, right = (page.name(pair[side], page.sides.column) for side in "ab")
    return page.sides.pair(left, right, "bold")


def passage(page: Page, row: dict[str, Any]) -> Iterator[str]:
    """Yield one passage: its kind, its positions, and both texts."""
    facts = (
        f"{row['level']}, {row['kind']}: {row['matched_tokens']:,} matched tokens, "
        f"density {score(row['density'])}"
    )
    spans = {side: (row[side], row[f"start_{side}"], row[f"end_{side}"]) for side in "ab"}
    yield ""
    yield from page.lines(facts, "cyan")
    yield from page.sides.pair(*(page.place(*spans[side]) for side in "ab"), "dim")
    left, right = (page.text(doc_id)[start:end] for doc_id, start, end in spans.values())
    yield from side_by_side(left, right, page.sides, rows=ROWS if page.limit else 0)
