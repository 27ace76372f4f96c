"""The figures of an evaluation as a table for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FORMS = {
    "clusters": "clusters, {id, cluster}",
    "stories": "stories, {id, story}",
    "pairs": "pairs, {a, b, label}",
    "spans": "passages, {a, b, label, spans}",
}


def format_report(figures: dict[str, Any]) -> str:
    """Lay out what ``evaluate`` returned as text."""
    labels, result = figures["labels"], figures["result"]
    lines = [
        f"labels  {labels['path']}: {labels['rows']:,} rows ({FORMS[labels['form']]})",
        f"result  {result['path']}: {result['documents']:,} documents, "
        f"{result['pairs']:,} pairs, {result['passages']:,} passages",
        *_unmatched(figures["unmatched"]),
        "",
    ]
    if "clusters" in figures:
        lines += _clusters(figures["clusters"])
    elif "stories" in figures:
        lines += _stories(figures["stories"])
    elif "pairs" in figures:
        lines += _pairs(figures["pairs"])
    else:
        lines += _passages(figures["passages"], figures.get("families"))
    if "removals" in figures:
        lines += ["", *_removals(figures["removals"])]
    return "\n".join(lines) + "\n"


def _removals(counts: dict[str, Any]) -> list[str]:
    wrong = f"{counts['wrong']:,} wrong of {counts['judged']:,} judged"
    named = f": {', '.join(counts['wrong_examples'])}" if counts["wrong"] else ""
    return [
        f"removed        {counts['removed']:,} documents, {wrong}{named}",
        f"lost           {counts['lost_tokens']:,} words of running text, "
        f"{counts['lost_facts']:,} facts",
    ]


def _unmatched(counts: dict[str, Any]) -> list[str]:
    lines = []
    for key, examples, words in (
        ("missing_from_result", "missing_examples", "labelled documents are not in the result"),
        ("not_labelled", "not_labelled_examples", "documents of the result are not labelled"),
    ):
        if counts[key]:
            more = ", …" if counts[key] > len(counts[examples]) else ""
            lines.append(f"note    {counts[key]:,} {words}: {', '.join(counts[examples])}{more}")
    return lines


def _clusters(scores: dict[str, Any]) -> list[str]:
    return [
        *_triple(scores),
        f"adjusted Rand  {scores['ari']:.4f}",
        "",
        f"{scores['n']:,} documents, {scores['clusters_true']:,} true clusters, "
        f"{scores['clusters_predicted']:,} found",
        _pair_counts(scores),
    ]


def _stories(scores: dict[str, Any]) -> list[str]:
    return [
        *_triple(scores),
        f"adjusted Rand  {scores['ari']:.4f}",
        "",
        "precision, recall and F1 are B-cubed: a mean over documents",
        f"{scores['n']:,} documents, {scores['stories_true']:,} true stories, "
        f"{scores['stories_predicted']:,} found",
    ]


def _pairs(scores: dict[str, Any]) -> list[str]:
    scope = "left out" if scores["only_listed"] else "counted as false"
    rows = [["label", "pairs", "predicted", "relations"]]
    for name, entry in scores["by_label"].items():
        named = ", ".join(f"{count} {key}" for key, count in entry["relations"].items() if count)
        rows.append([name or "(none)", f"{entry['pairs']:,}", f"{entry['predicted']:,}", named])
    return [
        *_triple(scores),
        "",
        f"predicted: {scores['from']}",
        _pair_counts(scores),
        f"{scores['false_listed']:,} predicted pairs are listed as none, "
        f"{scores['unlisted']:,} are not listed ({scope})",
        "",
        *_table(rows, left=(0, 3)),
    ]


def _passages(scores: dict[str, Any], families: dict[str, Any] | None) -> list[str]:
    header = "label plagdet precision recall granularity cases detected".split()
    rows = [[*header, "no case", "of those hit"], _passage_row("(all)", scores)]
    rows += [_passage_row(name or "(none)", entry) for name, entry in scores["by_label"].items()]
    if families is not None:
        rows.append(_passage_row("(families)", families))
    return [
        *_table(rows, left=(0,)),
        "",
        f"{scores['pairs']:,} listed pairs, {scores['detections']:,} detections in them, "
        f"{scores['detections'] - scores['detections_true']:,} of those touch no case; "
        f"{scores['outside_listed_pairs']:,} passages between other documents are not judged",
    ]


def _passage_row(name: str, entry: dict[str, Any]) -> list[str]:
    empty, hit = entry["pairs_without_cases"], entry["pairs_without_cases_detected"]
    figures = [entry[key] for key in ("plagdet", "precision", "recall", "granularity")]
    return [
        name,
        *(f"{value:.4f}" if entry["cases"] else "-" for value in figures),
        f"{entry['cases']:,}",
        f"{entry['cases_detected']:,}",
        f"{empty:,}",
        f"{hit:,} ({hit / empty:.1%})" if empty else "-",
    ]


def _triple(scores: dict[str, Any]) -> list[str]:
    return [
        f"{word:<13}  {scores[key]:.4f}"
        for word, key in (("precision", "precision"), ("recall", "recall"), ("F1", "f1"))
    ]


def _pair_counts(scores: dict[str, Any]) -> str:
    return (
        f"{scores['pairs_true']:,} true pairs, {scores['pairs_predicted']:,} predicted, "
        f"{scores['pairs_both']:,} both"
    )


def _table(rows: Sequence[Sequence[str]], *, left: tuple[int, ...]) -> list[str]:
    """Align the columns; those in ``left`` to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
