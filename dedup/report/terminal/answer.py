"""The first screen: what would go and why, what is largest, what looks wrong, what to type next.

It has at most ``LINES`` lines for any result; the other sections hold the details.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from dedup.config import RELATIONS
from dedup.pipeline.warnings import NOTES, describe
from dedup.report.labels import family_name, reasons_listed, relation_name
from dedup.report.terminal.cleaned import Cleaned
from dedup.report.terminal.families import family_place, story_line
from dedup.report.terminal.page import Page, tally
from dedup.report.terminal.text import cells, counted, cut, pad, safe

LINES = 30
_MOST = 3  # entries of a list
_WARNINGS = 2
_REASONS = 2
_LABEL = 10  # columns of the words on the left
_AROUND = len("dedup scan  --report report.html")  # columns of a command besides what was typed

Row = tuple[str, str]  # a line, and its style or ""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, for the commands to type next: the inputs, the output folder, and options.

    The ``options`` are those that say how to read and what to look for: other commands need them.
    """

    paths: Sequence[str] = ()
    output: str | None = None
    options: Sequence[str] = ()

    def inputs(self, width: int) -> str:
        """Return inputs and options as they are typed, or an ellipsis where there is no room.

        A screen has ``width`` columns. A stream cannot be typed again either.
        """
        room = width - _LABEL - 1 - _AROUND
        text = safe(" ".join(map(shlex.quote, (*self.paths, *self.options))))
        named = self.paths and "-" not in self.paths
        return text if named and cells(text) <= room else "…"


def answer(page: Page, typed: Typed, seconds: float | None = None) -> Iterator[str]:
    """Yield the first screen of a scan; where nothing was read, what there is to say of that."""
    if not len(page.result.corpus.table):
        yield from laid_out(page, seconds, _nothing_read(page, typed))
        return
    blocks = {
        "would go": _going(page),
        "stays": _stays(page),
        "clusters": clusters(page),
        "passages": _passages(page),
        "stories": _stories(page),
        "warnings": warnings(page),
        "input": flaws(page),
        "next": _next(page, typed),
    }
    yield from laid_out(page, seconds, blocks)


def cleaned_answer(
    page: Page, cleaned: Cleaned, typed: Typed, seconds: float | None = None
) -> Iterator[str]:
    """Yield the first screen of a cleaning, in the same order."""
    blocks = {
        "written": _written(cleaned),
        "left out": [] if cleaned.everything or cleaned.annotate else [*copies(page), *_loss(page)],
        "marked" if cleaned.annotate else "cut": [*cut_text(page), *held_back(page)],
        "tagged": _tagged(page),
        "stays": _stays(page),
        "clusters": clusters(page),
        "warnings": warnings(page),
        "input": flaws(page),
        "next": _after_cleaning(page, cleaned, typed),
    }
    yield from laid_out(page, seconds, blocks)


def laid_out(page: Page, seconds: float | None, blocks: dict[str, list[Row]]) -> Iterator[str]:
    """Yield the line on top and the blocks, each named on the left; apart where there is room."""
    blocks = {label: rows for label, rows in blocks.items() if rows}
    apart = 1 + sum(map(len, blocks.values())) + len(blocks) <= LINES
    time = "" if seconds is None else f", {seconds:.2f} s ({page.rate(seconds)} articles/s)"
    yield page.style(cut(f"{page.title()}{time}", page.width), "bold")
    for label, rows in blocks.items():
        if apart:
            yield ""
        for place, (text, style) in enumerate(rows):
            name = page.style(pad("" if place else label, _LABEL), "bold")
            yield f"{name} {page.style(cut(text, page.width - _LABEL - 1), *style.split())}"


def _nothing_read(page: Page, typed: Typed) -> dict[str, list[Row]]:
    """Return why no article was read, as far as is known, and how to read some."""
    notes = [(safe(note), "yellow") for note in page.result.corpus.read_report.notes]
    left = len(notes) - _MOST
    more = [(f"… and {counted(left, 'more note', 'more notes')}: --show input", "dim")]
    told = [*notes[:_MOST], *(more if left > 0 else [])]
    helped = "formats, columns, and what of a folder is read"
    commands = [
        (f"dedup scan {typed.inputs(page.width)} --show input", "all that was skipped, and why")
    ]
    return {
        "input": [*flaws(page)[:1], *told],
        "next": _listed(page, [*commands, ("dedup scan --help", helped)]),
    }


def _going(page: Page) -> list[Row]:
    """Return what would go: copies and what they lose, repeats, boilerplate."""
    return [*copies(page), *_loss(page), *cut_text(page), *held_back(page)]


def copies(page: Page) -> list[Row]:
    """Return how many articles go as copies, by relation, and how many stay."""
    documents = page.result.tables["documents"]
    if "duplicates" not in page.result.config.find:
        return [("copies of whole articles were not looked for (--find)", "dim")]
    gone = documents.filter(pc.invert(documents["kept"]))
    kept = len(documents) - len(gone)
    if not len(gone):
        return [(f"no article; none of {len(documents):,} is a copy of another", "")]
    alone = gone["relation"].null_count  # an index knows them: `--drop-known`
    why = tally(gone["relation"].drop_null(), (*RELATIONS, "none"))
    parts = [f"{count:,} × {relation_name(name)}" for name, count in why]
    named = ", ".join([*parts, *([f"{alone:,} known to the index"] if alone else [])])
    return [(f"{counted(len(gone), 'article')} ({named}); {kept:,} of {len(documents):,} stay", "")]


def _loss(page: Page) -> list[Row]:
    losses = page.result.summary.get("losses") or {}
    if not losses.get("tokens"):
        return []
    words, facts = counted(losses["tokens"], "word"), counted(losses["facts"], "fact")
    return [(f"with them {words} and {facts} that occur nowhere else: --show losses", "yellow")]


def cut_text(page: Page) -> list[Row]:
    """Return what goes inside articles: repeats, and boilerplate with its share of the text."""
    result, removals = page.result, page.result.removals
    reasons = pc.unique(result.tables["repeats"]["reason"])
    is_repeat = pc.is_in(removals["reason"], value_set=reasons)
    rows = []
    if "repeats" in result.config.find:
        words = ("repeat", "repeats")
        rows.append((_stretches(page, removals.filter(is_repeat), words), ""))
    if result.config.boilerplate and page.has_texts:
        words = ("line of boilerplate", "lines of boilerplate")
        rows.append((_stretches(page, removals.filter(pc.invert(is_repeat)), words), ""))
    return rows


def _stretches(page: Page, rows: pa.Table, words: tuple[str, str]) -> str:
    """Return in how many places how much of the text goes, and why."""
    if not len(rows):
        return f"no {words[0]} inside an article"
    size = pc.sum(pc.subtract(rows["end"], rows["start"])).as_py()
    articles = counted(len(pc.unique(rows["doc"])), "article")
    share = size / max(page.characters(), 1)
    facts = f"{counted(len(rows), *words)} in {articles}, {share:.1%} of the text"
    return f"{facts}: {_reasons(rows['reason'])}"


def _reasons(values: pa.ChunkedArray) -> str:
    counts = tally(values)
    left = len(counts) - _REASONS
    more = f", {counted(left, 'other kind')}" if left > 0 else ""
    return f"{reasons_listed(counts[:_REASONS])}{more}"


def held_back(page: Page) -> list[Row]:
    """Return how many articles a person has to look at."""
    count = pc.sum(page.result.review).as_py() or 0
    if not count:
        return []
    text = f"{counted(count, 'article')} held back, as so much would go: look at them first"
    return [(text, "yellow")]


def _stays(page: Page) -> list[Row]:
    """Return the pairs that look like copies and stay, since what differs says otherwise."""
    counts = dict(tally(page.result.tables["pairs"]["relation"]))
    rows = []
    if counts.get("same_form"):
        pairs = counted(counts["same_form"], "pair")
        rows.append((f"{pairs} of reports on one form, with other facts: --show forms", ""))
    if counts.get("revision"):
        pairs = counted(counts["revision"], "pair")
        rows.append((f"{pairs} of versions of one article (--revisions): --show revisions", ""))
    others = [name for name in ("own_text", "compilation") if counts.get(name)]
    if others:
        text = ", ".join(f"{counts[name]:,} × {relation_name(name)}" for name in others)
        rows.append((f"near copies that say more: {text}: --show pairs", ""))
    return rows


def clusters(page: Page) -> list[Row]:
    """Return the largest clusters, each by its canonical article."""
    documents = page.result.tables["documents"]
    members = documents.filter(pc.invert(documents["canonical"]))
    if not len(members):
        return []
    sizes = members.group_by("cluster").aggregate([("cluster", "count"), ("kept", "sum")])
    order = [("cluster_count", "descending"), ("cluster", "ascending")]
    rows = []
    for row in sizes.sort_by(order).slice(0, _MOST).to_pylist():
        stay = f"; {row['kept_sum']:,} of them stay" if row["kept_sum"] else ""
        text = f"{counted(row['cluster_count'], 'copy', 'copies')} of "
        room = page.width - _LABEL - 1 - cells(text) - cells(stay)
        rows.append((f"{text}{page.name(row['cluster'], room)}{stay}", ""))
    return [*rows, *_more(len(sizes), "cluster", "clusters")]


def _more(count: int, word: str, what: str, shown: int = _MOST) -> list[Row]:
    left = count - shown
    more = counted(left, f"more {word}")
    return [(f"… and {more}: --show {what}", "dim")] if left > 0 else []


def _passages(page: Page) -> list[Row]:
    """Return how many passages occur in several articles, and those in most outlets."""
    families = page.result.tables.get("families")
    if families is None:
        return []
    if not len(families):
        return [("no passage occurs in two articles", "")]
    from dedup.passages.families.kinds import KINDS, REPETITIVE  # fast mode does without

    kinds = tally(families["kind"])
    named = ", ".join(f"{count:,} × {family_name(kind)}" for kind, count in kinds)
    rows = [(f"{named}: --show families", "")]
    repetitive = pa.array([KINDS[kind] for kind in REPETITIVE])
    telling = families.filter(pc.invert(pc.is_in(families["kind"], repetitive)))
    for row in telling.slice(0, _MOST).to_pylist():
        speaker = f", {safe(row['speaker'])}" if row["speaker"] else ""
        rows.append((f"{family_place(row)}{speaker}: {safe(row['wording'])}", ""))
    return rows


def _stories(page: Page) -> list[Row]:
    """Return the largest stories, each by its words."""
    stories = page.result.tables.get("stories")
    if stories is None:
        if page.result.tables.get("families") is None:
            return []
        return [("not looked for: --find duplicates,passages,repeats,stories", "dim")]
    if not len(stories):
        return [("no two articles tell one story", "")]
    rows = [(story_line(row), "") for row in stories.slice(0, _MOST).to_pylist()]
    return [*rows, *_more(len(stories), "story", "stories")]


def warnings(page: Page) -> list[Row]:
    """Return what looks wrong about the removals, but for what another block tells."""
    found = [
        each for each in page.result.summary.get("warnings") or () if each["kind"] not in NOTES
    ]
    rows = [(safe(describe(each)), "yellow") for each in found[:_WARNINGS]]
    return [*rows, *_more(len(found), "warning", "warnings", _WARNINGS)]


def flaws(page: Page) -> list[Row]:
    """Return how many were read, what was wrong with them, and what limits left out, in sum."""
    report = page.result.corpus.read_report
    counts = (
        (sum(report.skipped.values()), "record", "skipped"),
        (sum(report.damaged.values()), "record", "damaged but used"),
        (sum(report.files_failed.values()), "file", "not read to the end"),
    )
    parts = [f"{counted(count, word)} {what}" for count, word, what in counts if count]
    if report.notes:
        parts.append(counted(len(report.notes), "note"))
    rows = [(page.sums(), "")]
    if parts:
        rows.append((f"{', '.join(parts)}: --show input", "yellow"))
    limits = {name: n for name, n in (page.result.summary.get("limits") or {}).items() if n}
    if limits:
        text = f"{counted(len(limits), 'limit')} on very frequent text left something out"
        rows.append((f"{text}: --show input", "dim"))
    return rows


def _next(page: Page, typed: Typed) -> list[Row]:
    """Return the commands to type next, each with what it gives."""
    inputs, result = typed.inputs(page.width), page.result
    passages = result.tables.get("passages")
    show = "clusters"
    if passages is not None and len(passages):
        show = "passages"
    has_copies = not pc.all(result.tables["documents"]["kept"]).as_py()
    commands = []
    if has_copies or show == "passages":
        what = "both texts side by side" if show == "passages" else "which article goes for which"
        commands.append((f"dedup scan {inputs} --show {show}", what))
    commands.append((f"dedup clean {inputs} -o cleaned", "write the articles without all this"))
    page_of = f"report {shlex.quote(typed.output)}" if typed.output else f"scan {inputs}"
    option = "-o" if typed.output else "--report"
    commands.append((f"dedup {page_of} {option} report.html", "a page to look at"))
    return _listed(page, commands)


def _written(cleaned: Cleaned) -> list[Row]:
    counts, output = cleaned.counts, safe(cleaned.output)
    if cleaned.annotate:
        rows = counted(counts["rows"], "row")
        return [(f"{rows} to {output} as they were read; marked, and nothing removed", "")]
    articles = counted(counts["written"], "article")
    gone = counted(counts["removed_characters"], "character")
    return [(f"{articles} to {output}, {gone} shorter, line breaks included", "")]


def _tagged(page: Page) -> list[Row]:
    annotations = page.result.annotations
    if not len(annotations):
        return []
    text = f"{counted(len(annotations), 'line')} that stay: {_reasons(annotations['tag'])}"
    return [(text, "")]


def _after_cleaning(page: Page, cleaned: Cleaned, typed: Typed) -> list[Row]:
    output, inputs = safe(shlex.quote(cleaned.output)), typed.inputs(page.width)
    commands = [(f"dedup clean {inputs} -o {output} --show removals", "each stretch that went")]
    if not cleaned.annotate:
        commands.append((f"dedup restore {output}", "bring back the text that was read"))
    return _listed(page, commands)


def _listed(page: Page, commands: list[tuple[str, str]]) -> list[Row]:
    """Return commands, with what each gives where there is room for it."""
    wide = max(cells(command) for command, _ in commands)
    rows = [(f"{pad(command, wide)}  # {what}", command) for command, what in commands]
    room = page.width - _LABEL - 1
    return [(line if cells(line) <= room else command, "dim") for line, command in rows]
