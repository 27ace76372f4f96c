"""Figures drawn by matplotlib: six plots at the width of a column, readable in print and in grey.

This is the only module that knows matplotlib. Nothing of its global state is used or changed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from dedup.report.labels import COLOURS, relation_name
from dedup.report.terminal.text import counted, safe, shortened

WIDTH, HEIGHT = 4.5, 3.0  # inches
DPI = 300

_NAME = 26  # columns that the name of a site may take
_CELLS = 12  # sites up to which the cells of the matrix hold their numbers
_UNEVEN = 30  # how much higher than a usual bar one may be before the axis becomes logarithmic
# Tell relations apart without colour.
_LINES: dict[str, Any] = {
    **{"excerpt": "--", "shares_passage": ":", "compilation": "-."},
    **{"own_text": (0, (3, 3)), "same_form": (0, (1, 3)), "same_url": (0, (6, 2))},
}
_HATCHES = {
    **{"excerpt": "///", "shares_passage": "...", "compilation": "xxx"},
    **{"revision": "\\\\\\", "own_text": "---", "same_form": "ooo", "same_url": "+++"},
}
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.7,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,
    "svg.hashsalt": "dedup",
    "svg.fonttype": "path",
    "figure.dpi": DPI,
}
# What is asked for glyphs that DejaVu lacks, where it is installed.
_FONTS = (
    *("Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Hebrew"),
    *("Noto Sans Devanagari", "Noto Sans Thai", "Hiragino Sans", "Microsoft YaHei", "PingFang SC"),
    *("WenQuanYi Zen Hei", "Droid Sans Fallback", "Segoe UI", "Arial Unicode MS"),
)


def draw(name: str, figure: Mapping[str, Any], files: Sequence[BinaryIO]) -> None:
    """Draw one figure that has something to show, as SVG into the first file and PNG into the next.

    >>> import io
    >>> files = [io.BytesIO(), io.BytesIO()]
    >>> curve = {"similarity": [0, 1], "probability": [0, 1], "threshold": 0.7, "bands": 2,
    ...          "rows": 3, "recall_at_threshold": 0.9}
    >>> draw("s_curve", curve, files)
    >>> files[1].getvalue()[1:4]
    b'PNG'
    """
    with _style():
        canvas = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        FigureCanvasAgg(canvas)
        _PLOTS[name](canvas, canvas.subplots(), figure)
        for file, format, metadata in zip(
            files,
            ("svg", "png"),
            ({"Date": None, "Creator": None}, {"Software": None}),
            strict=True,
        ):
            canvas.savefig(file, format=format, dpi=DPI, metadata=metadata)


@contextmanager
def _style() -> Iterator[None]:
    """Draw in one style whatever the user's own is, and let no odd name in a font warn."""
    known = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(each for each in _FONTS if each in known)]
    with warnings.catch_warnings(), matplotlib.rc_context():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_STYLE, "font.family": fonts})
        yield


def _thousands(axis: Any, *, log: bool = False) -> None:
    """Write the numbers of an axis of counts with commas, whole ones only."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if log:
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _note(axes: Axes, text: str) -> None:
    """Say under the axis, in a line of its own, what is not shown."""
    if text:
        axes.set_xlabel(f"{axes.get_xlabel()}\n({text})")


def _legend(canvas: Figure, columns: int = 2) -> None:
    """Put the legend under everything, where it hides nothing."""
    canvas.legend(
        loc="outside lower right", ncols=columns, borderpad=0.1, columnspacing=1.2, handlelength=1.6
    )


def _threshold(axes: Axes, value: float) -> None:
    """Mark the threshold of the run."""
    axes.axvline(value, color=COLOURS["threshold"], linewidth=1, linestyle=(0, (4, 2)))
    left = value > 0.6
    axes.annotate(
        f"threshold {value:g}",
        (value, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if left else 3, -1),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=7.5,
        color=COLOURS["threshold"],
    )


def _similarity(canvas: Figure, axes: Axes, figure: Mapping[str, Any]) -> None:
    edges = np.array(figure["edges"])
    found = {name: np.array(each) for name, each in figure["counts"].items() if any(each)}
    total = np.sum(list(found.values()), axis=0)
    is_log = total.max() > _UNEVEN * max(np.median(total[total > 0]), 1)
    _by_relation(axes, edges, found, is_log=is_log)
    if is_log:
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.5)
    _thousands(axes.yaxis, log=is_log)
    axes.set_xlim(0, 1)
    axes.set_xlabel("Jaccard similarity (share of all shingles that are in both)")
    axes.set_ylabel("pairs" + (" (log scale)" if is_log else ""))
    axes.set_title(f"Similarity of {counted(int(total.sum()), 'pair')}")
    _threshold(axes, figure["threshold"])
    _legend(canvas)


def _by_relation(axes: Axes, edges: Any, found: dict[str, Any], *, is_log: bool) -> None:
    """Draw bars one on the other, or lines where the axis is logarithmic."""
    below = np.zeros(len(edges) - 1)
    for name, counts in found.items():
        colour, label = COLOURS[name], f"{relation_name(name)} ({counts.sum():,})"
        if is_log:
            axes.stairs(
                np.where(counts, counts, np.nan),
                edges,
                color=colour,
                label=label,
                baseline=0.5,
                linewidth=1.4,
                linestyle=_LINES.get(name, "-"),
            )
            continue
        axes.bar(
            edges[:-1],
            counts,
            np.diff(edges),
            below,
            align="edge",
            color=colour,
            label=label,
            hatch=_HATCHES.get(name, ""),
            edgecolor="white",
            linewidth=0.4,
        )
        below += counts


def _cluster_sizes(canvas: Figure, axes: Axes, figure: Mapping[str, Any]) -> None:
    sizes, last = np.array(figure["sizes"]), np.array(figure["last"])
    counts = np.array(figure["counts"])
    low, high = sizes - 0.5, last + 0.5
    axes.bar(
        low,
        counts,
        high - low,
        align="edge",
        color=COLOURS["curve"],
        edgecolor="white",
        linewidth=0.4,
    )
    is_wide = last[-1] > 20
    if is_wide:
        axes.set_xscale("log")
        axes.set_xlim(1.5, last[-1] * 1.3)
    else:
        axes.set_xlim(1.4, last[-1] + 0.6)
    _thousands(axes.xaxis, log=is_wide)
    is_high = counts.max() > 20
    if is_high:
        axes.set_yscale("log")
        axes.set_ylim(0.7, counts.max() * 1.6)
    _thousands(axes.yaxis, log=is_high)
    axes.set_xlabel("documents in a cluster" + (" (log scale)" if is_wide else ""))
    axes.set_ylabel("clusters" + (" (log scale)" if is_high else ""))
    axes.set_title(f"Size of {counted(int(counts.sum()), 'cluster')}")
    alone = counted(figure["alone"], "document")
    _note(axes, f"beside them {alone} alone")


def _site_matrix(canvas: Figure, axes: Axes, figure: Mapping[str, Any]) -> None:
    matrix = np.array(figure["matrix"])
    names = [shortened(safe(each), _NAME) for each in figure["sites"]]
    if figure["other"]:
        names.append(counted(figure["other"], "other site"))
    size = len(names)
    side = max(0.22 * size, 1.6)
    canvas.set_size_inches(max(WIDTH, side + 2.6), max(HEIGHT, side + 1.9))
    shades = LinearSegmentedColormap.from_list("copies", ["#DCEAF5", COLOURS["curve"], "#00233A"])
    highest = max(int(matrix.max()), 2)
    shown = axes.imshow(np.where(matrix == 0, np.nan, matrix), shades, LogNorm(1, highest))
    axes.set_xticks(range(size), names, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(size), names)
    axes.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    axes.grid(False)
    axes.grid(True, which="minor", axis="both", color="#e4e4e4", linewidth=0.5)
    axes.tick_params(which="both", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if size <= _CELLS:
        _numbers(axes, matrix, highest)
    bar = canvas.colorbar(shown, ax=axes, shrink=0.7, aspect=25, pad=0.02)
    _thousands(bar.ax.yaxis, log=True)
    outline: Any = bar.outline  # matplotlib 3.10 states another type
    outline.set_visible(False)
    bar.set_label("copies (log scale)")
    axes.set_xlabel("copied from (site of the canonical document)")
    axes.set_ylabel("site of the copy")
    axes.set_title(f"Who copies whom: {counted(int(matrix.sum()), 'copy', 'copies')}", x=0)
    left_out = figure["left_out"]
    _note(
        axes, f"{counted(left_out, 'copy', 'copies')} of unknown sites not shown" * (left_out > 0)
    )


def _numbers(axes: Axes, matrix: Any, highest: int) -> None:
    """Write the numbers into the cells, each in the colour that can be read there."""
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            is_dark = np.log(count) > 0.35 * np.log(highest)
            text = f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=6.5,
                color="white" if is_dark else "black",
            )


def _timeline(canvas: Figure, axes: Axes, figure: Mapping[str, Any]) -> None:
    kept, removed = np.array(figure["kept"]), np.array(figure["removed"])
    places = np.arange(len(kept))
    for counts, below, name, hatch in ((kept, None, "kept", ""), (removed, kept, "removed", "///")):
        axes.bar(
            places,
            counts,
            0.9,
            below,
            color=COLOURS[name],
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            label=f"{name} ({counts.sum():,})",
        )
    starts, unit = figure["starts"], figure["unit"]
    step = -(-len(starts) // 7)
    cut = {"day": 10, "week": 10, "month": 7}.get(unit, 4)
    ticks = places[::step]
    tilt: dict[str, Any] = (
        {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if cut > 4 else {}
    )
    axes.set_xticks(ticks, [starts[each][:cut] for each in ticks], **tilt)
    axes.set_xlim(-0.6, len(kept) - 0.4)
    axes.set_ylim(0, (kept + removed).max() * 1.08 or 1)
    _thousands(axes.yaxis)
    axes.set_xlabel(unit + (" from" if unit in ("week", "decade") else ""))
    axes.set_ylabel("documents")
    total = int(kept.sum() + removed.sum())
    axes.set_title(f"{counted(total, 'document')} by {unit}")
    parts = [
        ("before", figure["before"]),
        ("after", figure["after"]),
        ("undated", figure["undated"]),
    ]
    said = ", ".join(f"{count:,} {word}" for word, count in parts if count)
    _note(axes, f"not shown: {said}" if said else "")
    _legend(canvas)


def _s_curve(canvas: Figure, axes: Axes, figure: Mapping[str, Any]) -> None:
    threshold, recall = figure["threshold"], figure["recall_at_threshold"]
    axes.plot(figure["similarity"], figure["probability"], color=COLOURS["curve"], linewidth=1.8)
    label = f"expected recall at the threshold: {recall:.4f}"
    _point(axes, threshold, recall, label)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.15)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
    _threshold(axes, threshold)
    axes.set_xlabel("Jaccard similarity of two documents")
    axes.set_ylabel("chance to be compared")
    axes.set_title(
        f"S-curve of {counted(figure['bands'], 'band')} of {counted(figure['rows'], 'row')}"
    )
    _legend(canvas)


def _point(axes: Axes, x: float, y: float, label: str) -> None:
    axes.plot([x], [y], "o", color=COLOURS["removed"], markersize=4.5, zorder=3, label=label)


def _threshold_effect(canvas: Figure, axes: Axes, figure: Mapping[str, Any]) -> None:
    at, removed = np.array(figure["thresholds"]), np.array(figure["removed"])
    least, most = np.array(figure["least"]), np.array(figure["most"])
    now, above = figure["threshold"], at >= figure["threshold"]
    colour = COLOURS["curve"]
    if np.any(least[above] < most[above]):
        axes.fill_between(
            at[above],
            least[above],
            most[above],
            linewidth=0,
            alpha=0.35,
            color=COLOURS["near_duplicate"],
            label="from least to most",
        )
    axes.plot(at[above], removed[above], color=colour, linewidth=1.8, label="estimate")
    axes.plot(
        at[~above],
        removed[~above],
        color=colour,
        linewidth=1.4,
        linestyle=(0, (3, 1.5)),
        label="at least",
    )
    here = int(removed[at == now][0])
    _point(axes, now, here, f"this run ({here:,})")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(int(most.max()), 1) * 1.15)
    _thousands(axes.yaxis)
    _threshold(axes, now)
    axes.set_xlabel("threshold (Jaccard similarity)")
    axes.set_ylabel("documents removed")
    axes.set_title("What another threshold would remove")
    _legend(canvas)


_PLOTS: dict[str, Callable[[Figure, Axes, Mapping[str, Any]], None]] = {
    "similarity": _similarity,
    "cluster_sizes": _cluster_sizes,
    "site_matrix": _site_matrix,
    "timeline": _timeline,
    "s_curve": _s_curve,
    "threshold_effect": _threshold_effect,
}
