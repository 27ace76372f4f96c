"""Figures as files, for papers and tickets: SVG and PNG, the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dedup.core.files import StrPath, staged
from dedup.core.package import install
from dedup.errors import OutputError
from dedup.output.places import check_output

FORMATS = ("svg", "png")


def _similarity(figure: Mapping[str, Any]) -> str | None:
    return None if any(map(any, figure["counts"].values())) else "no pair shares text"


def _cluster_sizes(figure: Mapping[str, Any]) -> str | None:
    return None if figure["counts"] else "no cluster has two documents"


def _site_matrix(figure: Mapping[str, Any]) -> str | None:
    if not figure["matrix"]:
        return "no copy of which both sites are known"
    return (
        None if len(figure["matrix"]) > 1 else f"all copies are of one site, {figure['sites'][0]}"
    )


def _timeline(figure: Mapping[str, Any]) -> str | None:
    return None if figure["starts"] else "no document has a date"


def _s_curve(figure: Mapping[str, Any] | None) -> str | None:
    return None if figure else "no duplicates were sought"


def _threshold_effect(figure: Mapping[str, Any] | None) -> str | None:
    if not figure:
        return "no duplicates were sought"
    return None if any(figure["most"]) else "no document would be removed at any threshold"


# Of each plot, named like its figure, why it would be empty.
PLOTS: dict[str, Callable[[Any], str | None]] = {
    "similarity": _similarity,
    "cluster_sizes": _cluster_sizes,
    "site_matrix": _site_matrix,
    "timeline": _timeline,
    "s_curve": _s_curve,
    "threshold_effect": _threshold_effect,
}


def check_plots(folder: StrPath, inputs: Sequence[str] = ()) -> None:
    """Raise ``OutputError`` where plots cannot be drawn, or writing them could touch an input."""
    try:
        import dedup.report.figures.drawing  # noqa: F401 - to know whether it can be
    except ImportError as error:
        raise OutputError(f"plots need matplotlib ({error}): {install('plots')}") from error
    check_output(folder, inputs, [path.name for name in PLOTS for path in _paths(folder, name)])


def _paths(folder: StrPath, name: str) -> list[Path]:
    return [Path(folder, f"{name}.{format}") for format in FORMATS]


def write_plots(
    figures: Mapping[str, Any], folder: StrPath, *, inputs: Sequence[str] = ()
) -> tuple[list[Path], list[str]]:
    """Draw what ``figures_of`` returns, each as SVG and PNG; return the files, and what is missing.

    The folder is made if need be. The same figures give the same bytes with the same version of
    matplotlib. A plot that would be empty is not written, and why is said in the second list, also
    that files of another run stand in its place. Raises ``OutputError`` when matplotlib is not
    there, an input would be touched, or the disk refuses; then nothing is written.

    >>> write_plots({"timeline": {"starts": []}}, "no-such-folder")
    ([], ['timeline: no document has a date'])
    """
    check_plots(folder, inputs)
    from dedup.report.figures.drawing import draw

    drawn = [name for name in PLOTS if name in figures and PLOTS[name](figures[name]) is None]
    paths = [path for name in drawn for path in _paths(folder, name)]
    if paths:
        with staged(folder) as staging:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for name in drawn:
                draw(name, figures[name], [staging.open(path) for path in _paths(folder, name)])
    return paths, list(_missing(figures, folder))


def _missing(figures: Mapping[str, Any], folder: StrPath) -> Iterator[str]:
    for name, why_empty in PLOTS.items():
        if name in figures and (why := why_empty(figures[name])):
            is_old = any(path.exists() for path in _paths(folder, name))
            yield f"{name}: {why}" + ("; the files there are of another run" if is_old else "")
