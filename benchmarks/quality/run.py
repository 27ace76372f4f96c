"""Measure what a scan with default settings finds on labelled sets, and hold it to its floors.

    python benchmarks/quality/run.py --data ../shared/data --update

A full run with default settings writes ``record/<date>.json``; with ``--update`` it also rewrites
the table of ``README.md``. A run with ``--only`` or ``--set`` is for tuning: it prints, and
records nothing. Records hold figures only, no text of the sets.
"""

from __future__ import annotations

import argparse
import bisect
import contextlib
import dataclasses
import datetime
import gzip
import importlib.util
import json
import os
import platform
import random
import re
import shlex
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import dedup
from dedup.cleaning.apply import apply_removals, removals_of
from dedup.config import Config
from dedup.errors import ConfigError
from dedup.evaluation import evaluate, format_report, story_scores
from dedup.output import tables as sinks
from dedup.result import Result

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BEGIN, END = "<!-- table: made by run.py --update -->", "<!-- end of table -->"
REPORTED = ("precision", "recall", "f1", "granularity", "kept_share")
_MARKS = '"„“”»«‚‘’›‹'
Rows = list[dict[str, Any]]


@dataclass
class Bench:
    """One run: where the sets are, the settings, and what is shown."""

    data: Path
    work: Path
    config: Config
    details: bool

    def rows(self, name: str, file: str = "docs") -> Rows:
        """Read one file of a set."""
        with gzip.open(self.path(name, file), "rt", encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]

    def path(self, name: str, file: str) -> Path:
        """Return where a file of a set is."""
        return self.data / name / f"{file}.jsonl.gz"

    def labels(self, name: str, rows: Rows) -> Path:
        """Write labels that a set does not have as a file of its own."""
        path = self.work / f"{name}.labels.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    def scan(self, name: str, documents: Rows) -> Scanned:
        """Scan documents, write the result as the command line would, and time the scan."""
        cpu, wall = time.process_time(), time.perf_counter()
        result = dedup.scan(documents, self.config)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        folder = self.work / name
        sinks.write_result(result, folder)
        return Scanned(result, folder, len(documents), round(cpu, 2), round(wall, 2), self.details)


@dataclass
class Scanned:
    """The result of scanning a set, its figures and its floors."""

    result: Result
    folder: Path
    documents: int
    cpu_seconds: float
    wall_seconds: float
    details: bool
    figures: dict[str, Any] = field(default_factory=dict)
    floors: list[dict[str, Any]] = field(default_factory=list)

    def evaluate(self, labels: Path, **options: Any) -> dict[str, Any]:
        """Evaluate against labels; keep figures, not paths or ids."""
        found = evaluate(labels, self.folder, **options)
        if self.details:
            print(format_report(found))
        kept: dict[str, Any] = found[
            {"spans": "passages"}.get(form := found["labels"]["form"], form)
        ]
        missing = found["unmatched"]["missing_from_result"]
        return {**kept, "missing_from_result": missing}

    def at_least(self, what: str, got: float, floor: float) -> None:
        """Hold a figure to a floor."""
        self.floors.append({"what": what, "got": got, "floor": floor, "met": got >= floor})

    def at_most(self, what: str, got: float, limit: float) -> None:
        """Hold a figure to a limit from above."""
        self.floors.append({"what": what, "got": got, "limit": limit, "met": got <= limit})


def texts(rows: Rows) -> Rows:
    """Return the rows as a scan takes them, without the truth they carry."""
    return [{"id": row["id"], "text": row["text"]} for row in rows]


def same_article(bench: Bench) -> Scanned:
    """Cluster extractions of the same pages."""
    return _clusters(bench, "same_article", ari=0.975, kept=0.9)


def wiki_versions(bench: Bench) -> Scanned:
    """Cluster revisions of the same pages."""
    return _clusters(bench, "wiki_versions", ari=0.88, precision=0.98)


def _clusters(
    bench: Bench,
    name: str,
    ari: float,
    precision: float | None = None,
    kept: float | None = None,
) -> Scanned:
    rows = bench.rows(name)
    run = bench.scan(name, texts(rows))
    labels = [{"id": row["id"], "cluster": row["cluster"]} for row in rows]
    run.figures = run.evaluate(bench.labels(name, labels))
    run.at_least("ARI", run.figures["ari"], ari)
    run.figures["kept_share"] = kept_share(run.result, {row["id"]: row["text"] for row in rows})
    if kept is not None:
        run.at_least("kept copy: shared by most, median", run.figures["kept_share"], kept)
    if precision is not None:
        run.at_least("precision", run.figures["precision"], precision)
    return run


def kept_share(result: Result, texts: dict[str, str], *, least: int = 5, size: int = 5) -> float:
    """Return how much of the canonical text most members hold, the median over clusters.

    Counted in distinct runs of ``size`` words that at least half of the members hold, in clusters
    of ``least`` members or more; 0 where there is none.
    """
    shares = []
    for members in result.clusters.values():
        if len(members) < least:
            continue
        sets = []
        for name in members:
            words = re.findall(r"\w+", texts[name].casefold())
            sets.append({tuple(words[i : i + size]) for i in range(len(words) - size + 1)})
        counts = Counter(run for own in sets for run in own)
        if sets[0]:  # the canonical comes first
            shared = sum(2 * counts[run] >= len(members) for run in sets[0])
            shares.append(shared / len(sets[0]))
    return statistics.median(shares) if shares else 0.0


def planted_news(bench: Bench) -> Scanned:
    """Find planted near copies and nothing else."""
    run = bench.scan("planted_news", texts(bench.rows("planted_news")))
    run.figures = run.evaluate(bench.path("planted_news", "pairs"))
    found, false = run.figures["pairs_both"], run.figures["pairs_predicted"]
    run.at_least("planted pairs found, of 20", found, 20)
    run.at_most("false pairs", false - found, 0)
    return run


def ocr_pairs(bench: Bench) -> Scanned:
    """Pair each OCR text with its transcription, all texts in one scan."""
    documents, labels = [], []
    for row in bench.rows("ocr_pairs", "pairs"):
        a, b = f"{row['id']}/ocr", f"{row['id']}/gold"
        documents += [{"id": a, "text": row["ocr"]}, {"id": b, "text": row["gold"]}]
        labels.append({"a": a, "b": b})
    run = bench.scan("ocr_pairs", documents)
    path = bench.labels("ocr_pairs", labels)
    run.figures = run.evaluate(path)
    run.figures["pairs_of_at_least_derived"] = run.evaluate(path, pairs_from="derived")
    run.at_least("recall", run.figures["recall"], 0.95)
    run.at_least("precision", run.figures["precision"], 0.985)
    return run


def revised_answers(bench: Bench) -> Scanned:
    """Link short answers to the source they were copied or revised from."""
    run = bench.scan("revised_answers", texts(bench.rows("revised_answers")))
    run.figures = run.evaluate(
        bench.path("revised_answers", "pairs"), pairs_from="shares_passage", only_listed=True
    )
    linked, above = {}, {}
    for name, entry in run.figures["by_label"].items():
        counts = entry["relations"]
        links = entry["pairs"] - counts["none"]
        linked[name] = links / entry["pairs"]
        above[name] = (links - counts["shares_passage"]) / entry["pairs"]
    run.figures["linked"], run.figures["linked_above_shares_passage"] = linked, above
    run.at_least("cut linked", linked["cut"], 1.0)
    run.at_least("light linked", linked["light"], 0.8)
    run.at_most("non linked above shares_passage", above["non"], 0.0)
    return run


def text_alignment(bench: Bench) -> Scanned:
    """Find planted passages: verbatim, randomly edited, translated there and back, summarised."""
    run = bench.scan("text_alignment", texts(bench.rows("text_alignment")))
    run.figures = run.evaluate(bench.path("text_alignment", "pairs"))
    kinds = run.figures["by_label"]
    unrelated = kinds["01-no-plagiarism"]
    share = unrelated["pairs_without_cases_detected"] / unrelated["pairs_without_cases"]
    run.at_least("plagdet", run.figures["plagdet"], 0.865)
    run.at_least("plagdet verbatim", kinds["02-no-obfuscation"]["plagdet"], 0.93)
    run.at_least("plagdet random edits", kinds["03-random-obfuscation"]["plagdet"], 0.85)
    run.at_least("plagdet translation", kinds["04-translation-obfuscation"]["plagdet"], 0.75)
    run.at_most("unrelated pairs with a detection", share, 0)
    return run


def _touches_marks(passage: dict[str, Any], texts_of: dict[str, str]) -> bool:
    """Tell whether a mark stands in a passage or two characters beside it, on one side."""
    for side in "ab":
        text = texts_of[passage[side]]
        start, end = passage[f"start_{side}"], passage[f"end_{side}"]
        if set(_MARKS) & set(text[max(start - 2, 0) : end + 2]):
            return True
    return False


def boilerplate(bench: Bench) -> Scanned:
    """Remove page furniture and nothing of the article."""
    rows = bench.rows("boilerplate")
    pages = [{"id": row["id"], "text": row["page_text"], "url": row["url"]} for row in rows]
    run = bench.scan("boilerplate", pages)
    mains = {row["id"]: _squeezed(row["main_text"]) for row in rows}
    run.figures = removal_figures(run.result, mains, show=bench.details)
    run.at_least("precision", run.figures["precision"], 0.97)
    run.at_least("recall", run.figures["recall"], 0.80)
    return run


def web_pages(bench: Bench) -> Scanned:
    """Remove the snippets that an editor would drop, and none that belong to the article."""
    rows = bench.rows("web_pages")
    pages = [{"id": row["id"], "text": row["page_text"], "url": row["url"]} for row in rows]
    run = bench.scan("web_pages", pages)
    mains = {row["id"]: _squeezed(row["main_text"]) for row in rows}
    clean = cleaned_texts(run.result)
    kept = {"keep": [0, 0], "drop": [0, 0]}  # there before, there after
    for row in rows:
        before, after = _squeezed(row["page_text"]), _squeezed(clean[row["id"]])
        for kind, counts in kept.items():
            there = [text for text in map(_squeezed, row[kind]) if text in before]
            counts[0] += len(there)
            counts[1] += sum(text in after for text in there)
    figures = removal_figures(run.result, mains)
    run.figures = {**figures, "snippets": kept}
    run.at_most("drop snippets still there", kept["drop"][1] / kept["drop"][0], 0.45)
    run.at_least("keep snippets kept", kept["keep"][1] / kept["keep"][0], 0.985)
    return run


STORY_SEED = 3  # of draws


def stories(bench: Bench) -> Scanned:
    """Join articles that report one event in other words."""
    rows = bench.rows("stories")
    run = bench.scan("stories", texts(rows))
    labels = [{"id": row["id"], "story": row["cluster"]} for row in rows]
    run.figures = run.evaluate(bench.labels("stories", labels))
    run.at_least("B-cubed F1", run.figures["f1"], 0.945)
    run.at_least("ARI", run.figures["ari"], 0.90)
    return run


SMALL = {
    "one of 5": (1, 5, 5),
    "2 of 2": (2, 2, 2),
    "2 of 5": (2, 5, 5),
    "10 of 1": (10, 1, 1),
    "20 of 1 to 5": (20, 1, 5),
    "100 of 1 to 5": (100, 1, 5),
}


def stories_small(bench: Bench) -> Scanned:
    """Do the same in corpora of 1 to 100 stories, each by itself."""
    rows = bench.rows("stories")
    run = stories(bench)
    scores: dict[str, list[float]] = {"all": [run.figures["f1"]]}
    for kind, (count, low, high) in SMALL.items():
        for draw in range(6 if count > 20 else 60):
            picked = draw_stories(rows, count, low, high, random.Random(f"{kind} {draw}"))
            truth = {row["id"]: row["cluster"] for row in picked}
            found = story_of(dedup.scan(texts(picked), bench.config))
            scores.setdefault(kind, []).append(story_scores(found, truth).f1)
    means = {kind: statistics.fmean(values) for kind, values in scores.items()}
    run.figures, run.floors = means, []
    run.at_least("B-cubed F1, mean of kinds", statistics.fmean(means.values()), 0.955)
    return run


def draw_stories(rows: Rows, count: int, low: int, high: int, draw: random.Random) -> Rows:
    """Draw ``count`` stories, and ``low`` to ``high`` articles of each."""
    by_story: dict[str, Rows] = {}
    for row in rows:
        by_story.setdefault(row["cluster"], []).append(row)
    names = draw.sample(sorted(name for name, own in by_story.items() if len(own) >= low), count)
    sizes = [min(draw.randint(low, high), len(by_story[name])) for name in names]
    pairs = zip(names, sizes, strict=True)
    return [row for name, size in pairs for row in draw.sample(by_story[name], size)]


def story_of(result: Result) -> dict[str, str]:
    """Return the story of each document, its own id where it has none."""
    return {each.doc_id: each.story or each.doc_id for each in result.documents}


def stories_seeds(bench: Bench) -> Scanned:
    """Keep five articles one story of five: alone, among campaign articles, and among others."""
    paths = sorted((bench.data.parent / "seeds").glob("*.txt"))
    seeds = [{"id": f"seed {k}", "text": path.read_text("utf-8")} for k, path in enumerate(paths)]
    run = bench.scan("stories_seeds", seeds + texts(bench.rows("quotes")))
    others = texts(bench.rows("stories"))
    ways = {"as they are": lambda rows: rows, "in lower case": _lowered}
    run.figures = {"among `quotes`": _is_one_story(run.result)}
    for way, change in ways.items():
        alone = dedup.scan(change(seeds), bench.config)
        run.figures[f"alone, {way}"] = _is_one_story(alone)
        draws = range(30 if way == "as they are" else 15)
        some = [
            change(seeds + random.Random(f"{STORY_SEED} {draw}").sample(others, 300))
            for draw in draws
        ]
        whole = sum(_is_one_story(dedup.scan(each, bench.config)) for each in some)
        run.figures[f"draws of 300 others, {way}"] = whole / len(draws)
    for what, share in run.figures.items():
        run.at_least(what, float(share), 1.0)
    return run


def _lowered(rows: Rows) -> Rows:
    return [{**row, "text": row["text"].lower()} for row in rows]


def _is_one_story(result: Result) -> bool:
    """Tell whether the five seeds are a story, and nothing else is in it."""
    found = Counter(each.story for each in result.documents if each.doc_id.startswith("seed "))
    name, count = found.most_common(1)[0]
    return count == 5 == sum(each.story == name for each in result.documents)


ORDERS = 3


def stories_online(bench: Bench) -> Scanned:
    """Tell articles their stories one by one, in random orders; judged as they are in the end."""
    rows = bench.rows("stories")
    run = bench.scan("stories_online", texts(rows))
    truth = {row["id"]: row["cluster"] for row in rows}
    run.figures = {}
    for order in range(ORDERS):
        some = random.Random(f"order {order}").sample(texts(rows), len(rows))
        with dedup.Index.open("memory://", bench.config, stories=True) as index:
            told = dict(zip((e["id"] for e in some), index.check_and_add_many(some), strict=True))
            now = {name: index.stories.story(name) or told[name].story or name for name in told}
        run.figures[f"B-cubed F1, order {order}"] = story_scores(now, truth).f1
    run.at_least("B-cubed F1, the least", min(run.figures.values()), 0.93)
    return run


MIX = ("quotes", "german_press", "planted_news", "wiki_versions", "site_templates", "same_article")


def stories_mixed(bench: Bench) -> Scanned:
    """Find the labelled stories among 40,000 other texts: the other sets, and made ones."""
    rows = bench.rows("stories")
    labels = [{"id": row["id"], "story": row["cluster"]} for row in rows]
    others = [
        {"id": f"{name}/{row['id']}", "text": row["text"]}
        for name in MIX
        for row in bench.rows(name)
    ]
    made = made_texts(bench.work, 40_000 - len(others))
    others += [{"id": f"made/{k}", "text": text} for k, text in enumerate(made)]
    run = bench.scan("stories_mixed", texts(rows) + others)
    run.figures = run.evaluate(bench.labels("stories_mixed", labels))
    names = {row["id"] for row in rows}
    labelled = {each.story for each in run.result.documents if each.doc_id in names} - {None}
    strangers = [each.story in labelled and each.doc_id not in names
                 for each in run.result.documents]  # fmt: skip
    run.figures["strangers"] = sum(strangers)
    run.at_least("B-cubed F1", run.figures["f1"], 0.93)
    return run


def made_texts(work: Path, count: int) -> list[str]:
    """Make news-like texts, by ``corpus.py`` of the benchmarks."""
    import subprocess

    folder = work / "made"
    command = [sys.executable, str(HERE.parent / "corpus.py"), "--documents", str(count)]
    subprocess.run([*command, "--out", str(folder)], check=True)
    found: list[str] = pq.read_table(folder / "corpus.parquet")["text"].to_pylist()
    return found


HEADLINE = "Bitcoin & Blockchain Searches Exceed Trump"  # on 130 of 146 pages of one site


def site_templates(bench: Bench) -> Scanned:
    """Take a line that one site repeats out of every page, and make no pairs of it."""
    rows = bench.rows("site_templates")
    run = bench.scan("site_templates", [_with_site(row) for row in rows])
    clean = cleaned_texts(run.result)
    left = sum(HEADLINE in text for text in clean.values())
    relations = Counter(run.result.tables["pairs"]["relation"].to_pylist())
    run.figures = {"pairs": sum(relations.values()), "relations": dict(sorted(relations.items()))}
    run.at_most("pages with the repeated headline", left, 0)
    run.at_most("pairs", run.figures["pairs"], 80)
    run.at_least("exact and derived pairs found", relations["exact"] + relations["derived"], 15)
    lines = [
        each
        for each in run.result.families
        if HEADLINE in each.wording and len(each.wording) < 2 * len(HEADLINE)
    ]
    run.figures["families"] = measure_families(run, rows)
    run.at_most("families of the repeated headline", len(lines), 1)
    run.at_least("pages of its family", lines[0].articles if lines else 0, 130)
    templates = sum(each.kind == "template" for each in lines)
    run.at_least("of kind template", templates, 1)
    return run


RIGHTS = "Rechte an diesem Artikel erwerben"  # in 591 articles of one paper
TEMPLATED_PAIRS = 22_435  # `shares_passage` pairs before templates were taken out


def german_press(bench: Bench) -> Scanned:
    """Take out the sentences that a paper prints in all its articles; quotes have German marks."""
    rows = bench.rows("german_press")
    run = bench.scan("german_press", [_with_site(row) for row in rows])
    clean = cleaned_texts(run.result)
    relations = Counter(run.result.tables["pairs"]["relation"].to_pylist())
    run.figures = {
        "relations": dict(sorted(relations.items())),
        "passages": run.result.tables["passages"].num_rows,
        "shares_passage of what they were": relations["shares_passage"] / TEMPLATED_PAIRS,
    }
    texts_of = {row["id"]: row["text"] for row in rows}
    quotes = [each for each in run.result.tables["passages"].to_pylist() if each["kind"] == "quote"]
    touching = sum(_touches_marks(each, texts_of) for each in quotes)
    run.figures["quotes"] = len(quotes)
    run.at_least("quotes that touch quotation marks", touching / max(len(quotes), 1), 0.95)
    run.at_most("articles with the rights sentence", sum(RIGHTS in t for t in clean.values()), 0)
    run.figures["families"] = families = measure_families(run, rows)
    run.figures["copying"] = run.result.summary["families"]["copying"]
    measures = load("quality_families", HERE / "families.py")
    run.figures["templates"] = by_templates = measures.template_pairs(run.result.tables).figures()
    share = by_templates["of what templates would make"]
    run.at_most("pairs by templates, of those that they would make", share, 0.02)
    largest = max(each.articles for each in run.result.families if RIGHTS in each.wording)
    run.at_most("families", families["families"], 1_300)
    run.at_most("strangers in families", families["strangers"], 0.015)
    run.at_least("articles in the family of that sentence", largest, 591)
    return run


def _with_site(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "text": row["text"], "site": row["site"]}


def cleaned_texts(result: Result) -> dict[str, str]:
    """Return the text of every document without what goes from inside it."""
    table = result.corpus.table
    names, texts = table.column("doc_id").to_pylist(), table.column("text").to_pylist()
    found = removals_of(result.removals)
    return {
        name: apply_removals(text, found.get(row, []))[0]
        for row, (name, text) in enumerate(zip(names, texts, strict=True))
    }


def removal_figures(result: Result, mains: dict[str, str], *, show: bool = False) -> dict[str, Any]:
    """Compare removed characters with those that do not stand in the article, white space apart.

    A line of a page is noise when it does not stand in the article's text; a removed stretch is
    judged line by line in the same way. ``by_reason`` counts overlapping removals each.
    """
    table = result.corpus.table
    names, pages = table.column("doc_id").to_pylist(), table.column("text").to_pylist()
    masks = [bytearray(len(page)) for page in pages]
    reasons: dict[str, dict[str, int]] = {}
    for cut in result.removals.to_pylist():
        doc, span = cut["doc"], slice(cut["start"], cut["end"])
        masks[doc][span] = b"x" * len(masks[doc][span])
        entry = reasons.setdefault(cut["reason"], {"removed": 0, "correct": 0})
        for line in pages[doc][span].splitlines():
            noise = _is_noise(line, mains[names[doc]])
            entry["removed"] += _size(line)
            entry["correct"] += _size(line) * noise
            if show and line.strip() and not noise:
                print(f"removed, but in the article: {cut['reason']}: {line!r}")
    removed = correct = noise_all = noise_removed = 0
    for name, page, mask in zip(names, pages, masks, strict=True):
        end = 0
        for line in page.splitlines(keepends=True):
            start, end = end, end + len(line)
            cuts = [line[slice(*run.span())] for run in re.finditer(b"x+", mask[start:end])]
            removed += sum(map(_size, cuts))
            correct += sum(_size(cut) for cut in cuts if _is_noise(cut, mains[name]))
            if _is_noise(line, mains[name]):
                noise_all += _size(line)
                noise_removed += sum(map(_size, cuts))
    return {
        "precision": correct / removed if removed else 1.0,
        "recall": noise_removed / noise_all if noise_all else 1.0,
        "removed": removed,
        "removed_correct": correct,
        "noise": noise_all,
        "by_reason": dict(sorted(reasons.items())),
    }


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _size(text: str) -> int:
    return sum(map(len, text.split()))


def _is_noise(text: str, main: str) -> bool:
    return _squeezed(text) not in main


def load(name: str, path: Path) -> Any:
    """Import a module of the benchmarks by its path."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def measure_families(run: Scanned, rows: Rows) -> dict[str, Any]:
    """Measure the families of a set, and what passim's rule makes of its passages beside them."""
    measures = load("quality_families", HERE / "families.py")
    held = measures.Texts({row["id"]: row["text"] for row in rows})
    tables = run.result.tables
    ours = measures.spread(measures.groups_of(tables["occurrences"]), held).figures()
    other = measures.spread(measures.passim_groups(tables["passages"], held), held).figures()
    kinds = run.result.summary["families"]["kinds"]
    return {**ours, "kinds": kinds, "passim": other}


def quotes(bench: Bench) -> Scanned:
    """Have every quotation that two outlets share in a family, and no strangers in any."""
    rows = bench.rows("quotes")
    run = bench.scan("quotes", [{**_with_site(row), "date": row["date"]} for row in rows])
    run.figures = {"families": measure_families(run, rows)}
    holders = [
        ({each.doc_id for each in family.occurrences}, family.kind)
        for family in run.result.families
    ]
    found = Counter[str]()
    for pair in bench.rows("quotes", "pairs"):
        both = {pair["a"], pair["b"]}
        kinds = [kind for docs, kind in holders if both <= docs]
        if pair["words"] >= 10:
            found.update(quotes=1, in_a_family=bool(kinds), as_quote="quote" in kinds)
    run.figures["shared_quotes"] = dict(found)
    run.at_least("shared quotes in families", found["in_a_family"], found["quotes"])
    run.at_most("strangers in families", run.figures["families"]["strangers"], 0.01)
    return run


PLANTED, PLANTED_WORDS = 5_000, 400


def planted_families(bench: Bench) -> Scanned:
    """Find the stock paragraphs and quotes that the corpus maker plants, each as one family."""
    maker = load("corpus", ROOT / "benchmarks" / "corpus.py")
    corpus, labels, paragraphs = maker.make_planted(PLANTED, 1, PLANTED_WORDS)
    rows = corpus.to_pylist()
    run = bench.scan("planted_families", rows)
    clusters = dict(zip(labels["id"].to_pylist(), labels["cluster"].to_pylist(), strict=True))
    measures = load("quality_families", HERE / "families.py")
    run.figures = measures.planted_figures(
        paragraphs, rows, clusters, run.result.tables["occurrences"]
    )
    run.at_least("purity of planted families", run.figures["purity"], 0.99)
    run.at_least("planted families found", run.figures["families_found"], 0.97)
    run.at_least("planted occurrences found", run.figures["found"], 0.97)
    return run


def make_forms(file: Path, per_form: int, extra: str) -> Rows:
    """Make reports on the forms of a file, by ``forms.py`` beside this one."""
    made: Rows = load("forms", HERE / "forms.py").make(file, per_form, extra)
    return made


def forms(bench: Bench) -> Scanned:
    """Keep all reports on forms, remove copies of them, and name updates; no text of others."""
    return _forms(bench, "forms.txt")


def forms_long(bench: Bench) -> Scanned:
    """Do the same on longer forms, on which nothing was tuned."""
    return _forms(bench, "forms_long.txt", per_form=8)


def _forms(bench: Bench, file: str, per_form: int = 5) -> Scanned:
    fast = replace(bench, config=dataclasses.replace(bench.config, find=("duplicates",)))
    made = {extra: make_forms(HERE / file, per_form, extra) for extra in ("", "copies", "updates")}
    run = bench.scan(file, texts(made[""]))
    runs = {"full": run, "duplicates": fast.scan(file, texts(made[""]))}
    gone = {name: _removed(each.result) for name, each in runs.items()}
    silent = sum(not each.kept and each.lost_facts == 0 for each in run.result.documents)
    copies = bench.scan(file, texts(made["copies"])).result
    updates = bench.scan(file, texts(made["updates"])).result
    run.figures = {
        "removed": gone["full"] / run.documents,
        "removed_duplicates": gone["duplicates"] / run.documents,
        "copies_removed": 2 * _removed(copies) / len(made["copies"]),
        "reports_lost_beside_copies": _lost_groups(copies, made["copies"]),
        "updates_in_cluster": _together(updates, made["updates"]),
    }
    run.at_most("reports removed", run.figures["removed"], 0.01)
    run.at_most("removed by --find duplicates", run.figures["removed_duplicates"], 0.02)
    run.at_most("removed without a lost fact", silent, 0)
    run.at_least("copies of reports removed", run.figures["copies_removed"], 0.95)
    run.at_most("reports lost beside copies", run.figures["reports_lost_beside_copies"], 0)
    run.at_least("updates in the cluster", run.figures["updates_in_cluster"], 0.9)
    return run


def _removed(result: Result) -> int:
    return sum(not each.kept for each in result.documents)


def _lost_groups(result: Result, rows: Rows) -> int:
    """Count the reports of which no version is kept."""
    kept = {each.doc_id for each in result.documents if each.kept}
    groups = {row["cluster"] for row in rows}
    return len(groups - {row["cluster"] for row in rows if row["id"] in kept})


def _together(result: Result, rows: Rows) -> float:
    """Return the share of reports that are in one cluster with their update, and alone in it."""
    clusters = {each.doc_id: each.cluster for each in result.documents}
    members: dict[str, set[str]] = {}
    for row in rows:
        members.setdefault(clusters[row["id"]], set()).add(row["cluster"])
    names = [row["cluster"] for row in rows if row["id"] == row["cluster"]]
    whole = [n for n in names if clusters[n] == clusters[f"{n}-update"]]
    return sum(members[clusters[n]] == {n} for n in whole) / len(names)


ALL = (
    *(same_article, wiki_versions, planted_news, ocr_pairs),
    *(revised_answers, text_alignment, boilerplate),
    *(web_pages, site_templates, german_press, quotes),
    *(stories, stories_small, stories_seeds, stories_mixed, stories_online),
    *(forms, forms_long, planted_families),
)
OWN = ("forms", "forms_long", "planted_families")  # made here
FROM_STORIES = ("stories_small", "stories_seeds", "stories_mixed", "stories_online")
MADE = dict.fromkeys(FROM_STORIES, "stories")
SETS: dict[str, Callable[[Bench], Scanned]] = {each.__name__: each for each in ALL}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", action="append", choices=SETS, help="run this set; repeatable")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--update", action="store_true", help="rewrite the table of README.md")
    parser.add_argument("--details", action="store_true", help="print full reports and mistakes")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep results and labels there")
    options = parser.parse_args(arguments)
    if options.update and (options.only or options.settings):
        parser.error("--update needs a run of all sets with default settings")
    wanted = [name for name in options.only or SETS if name not in OWN]
    absent = [name for name in wanted if not (options.data / MADE.get(name, name)).is_dir()]
    if absent:
        parser.error(
            f"{options.data} has no folder {', '.join(absent)}. The sets are not part of this "
            "repository (see benchmarks/quality/README.md); give their folder by --data."
        )
    return options


def _config(settings: list[str]) -> Config:
    """Return the default settings with KEY=VALUE overrides; lists are split at commas."""
    defaults, values = Config(), dict[str, Any]()
    for each in settings:
        key, equals, value = each.partition("=")
        if not equals or key not in {item.name for item in fields(Config)}:
            raise ConfigError("--set", each, "KEY=VALUE with a field of Config")
        if isinstance(getattr(defaults, key), str):
            values[key] = value
        elif isinstance(getattr(defaults, key), tuple):
            values[key] = tuple(filter(None, value.split(",")))
        else:
            try:
                values[key] = json.loads(value.lower())
            except ValueError:
                raise ConfigError(key, value, "a number, true or false") from None
    return Config(**values)


def _summary(run: Scanned) -> dict[str, Any]:
    return {
        "documents": run.documents,
        "cpu_seconds": run.cpu_seconds,
        "wall_seconds": run.wall_seconds,
        "floors": run.floors,
        "figures": run.figures,
        "losses": losses(run.result),
    }


def losses(result: Result) -> dict[str, Any]:
    """Return how much the removals lose: the distribution of their shares of running text."""
    shares = sorted(
        each.lost_share
        for each in result.documents
        if each.lost_share is not None and each.relation != "exact"
    )
    found: dict[str, Any] = {"removals": len(shares), **result.summary["losses"]}
    if shares:
        cuts = statistics.quantiles(shares, n=100, method="inclusive") if len(shares) > 1 else []
        found |= {f"share_{k}": round(cuts[k - 1], 4) for k in (50, 90, 99) if cuts}
        found |= {"share_most": round(shares[-1], 4), "over_10": sum(s > 0.1 for s in shares)}
        edges = [k / 20 for k in range(21)]
        places = [min(bisect.bisect_right(edges, share) - 1, 19) for share in shares]
        found["histogram"] = [places.count(k) for k in range(20)]
    return found


def losses_table(record: dict[str, Any]) -> str:
    """Lay out what removals lose in each set."""
    lines = [
        "| set | removals, not equal | median share lost | 90% | 99% | most | over a tenth |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, entry in record["sets"].items():
        told = entry["losses"]
        if told.get("share_most") is not None:
            cells = [f"{told.get(f'share_{k}', told['share_most']):.3f}" for k in (50, 90, 99)]
            cells += [f"{told['share_most']:.3f}", f"{told['over_10']:,}"]
            lines.append(f"| `{name}` | {told['removals']:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot_losses(record: dict[str, Any], path: Path) -> None:
    """Draw the share of its running text that each removal loses, a row of bars for each set."""
    from matplotlib.figure import Figure

    sets = {name: each["losses"]["histogram"] for name, each in record["sets"].items()
            if each["losses"].get("histogram")}  # fmt: skip
    figure = Figure(figsize=(6, 1.1 * max(len(sets), 1)), layout="constrained")
    axes = figure.subplots(len(sets), 1, sharex=True, squeeze=False)[:, 0]
    for place, (name, counts) in zip(axes, sets.items(), strict=True):
        place.bar([(k + 0.5) / 20 for k in range(20)], counts, width=0.045, color="#0072B2")
        place.set_yscale("symlog")
        place.set_ylabel(name.replace("_", "\n"), rotation=0, ha="right", va="center", fontsize=8)
        place.axvline(0.1, color="#222222", linewidth=0.8, linestyle=(0, (4, 2)))
    axes[-1].set_xlabel("share of its running text that a removal loses (dashed: named from here)")
    figure.savefig(path, metadata={"Date": None})


def _floor_lines(floor: dict[str, Any]) -> tuple[str, str, str]:
    """Return the figure, what it was held to, and whether that was met."""
    got = f"{floor['got']:.4g}" if isinstance(floor["got"], float) else str(floor["got"])
    bound = f"≥ {floor['floor']:g}" if "floor" in floor else f"≤ {floor['limit']:g}"
    return got, bound, "yes" if floor["met"] else "NO"


def table(record: dict[str, Any]) -> str:
    """Lay out a record as the Markdown table of the README."""
    lines = [
        f"dedup {record['version']}, {record['date']}, `{record['command']}`",
        "",
        "| set | documents | figure | got | asked | met | CPU s |",
        "|---|--:|---|--:|--:|---|--:|",
    ]
    for name, entry in record["sets"].items():
        head, tail = f"`{name}` | {entry['documents']:,}", f"{entry['cpu_seconds']:.1f}"
        for floor in entry["floors"]:
            got, bound, met = _floor_lines(floor)
            lines.append(f"| {head} | {floor['what']} | {got} | {bound} | {met} | {tail} |")
            head, tail = " | ", ""
        for what, figure in _unbounded(entry):
            lines.append(f"| | | {what} | {figure:.4g} | | | |")
    return "\n".join(lines)


def _unbounded(entry: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield figures that are reported without a floor."""
    figures, held = entry["figures"], {floor["what"] for floor in entry["floors"]}
    shown = {} if "linked" in figures else {key: figures.get(key) for key in REPORTED}
    for name, share in figures.get("linked", {}).items():
        above = figures["linked_above_shares_passage"][name]
        shown |= {f"{name} linked": share, f"{name} linked above shares_passage": above}
    yield from (
        (what, share) for what, share in shown.items() if share is not None and what not in held
    )


def _write_table(record: dict[str, Any]) -> None:
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    whole = f"{table(record)}\n\n{losses_table(record)}"
    readme.write_text(f"{before}{BEGIN}\n{whole}\n{END}{after}", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the sets; return 0 when every floor is met and 1 otherwise."""
    options = _options(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    record: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "benchmarks/quality/run.py", *given]),
        "version": version("dedup-toolkit"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "sets": {},
    }
    with contextlib.ExitStack() as stack:
        work = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        work.mkdir(parents=True, exist_ok=True)
        bench = Bench(options.data, work, _config(options.settings), options.details)
        for name in options.only or SETS:
            entry = _summary(SETS[name](bench))
            record["sets"][name] = entry
            print(f"{name}: {entry['documents']:,} documents, {entry['cpu_seconds']} CPU s")
            for floor in entry["floors"]:
                got, bound, met = _floor_lines(floor)
                print(f"  {floor['what']:<36} {got:>8}  {bound:<8} {met}", flush=True)
            for what, figure in _unbounded(entry):
                print(f"  {what:<36} {figure:>8.4g}", flush=True)
    if not (options.only or options.settings):
        path = HERE / "record" / f"{record['date']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        plot_losses(record, path.with_suffix(".svg"))
        print(f"recorded in {path.relative_to(ROOT)}")
        if options.update:
            _write_table(record)
    return 0 if all(f["met"] for each in record["sets"].values() for f in each["floors"]) else 1


if __name__ == "__main__":
    sys.exit(main())
