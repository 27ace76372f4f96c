"""Plots as files: which are written, that they are always the same, what cannot break them."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from commands import names_in, run
from test_thresholds import varied_texts

from dedup.errors import OutputError
from dedup.report.figures.plots import PLOTS, write_plots

matplotlib = pytest.importorskip("matplotlib", reason="the extra plots is not installed")
FILES = sorted(f"{name}.{format}" for name in PLOTS for format in ("svg", "png"))
CALM = ("--suspicious-share", "1")  # there are many copies on purpose
ODD = (
    *("$x_1$.com", "$unclosed.com", "\\frac{1}{2}.org", "人民网.cn", "خبر.org", "новости.рф"),
    *("emoji😀.news", "evil\n\x1b[31mred\u202e.com", "अमर.in", "<script>.org", "&amp;.org"),
    *("long-" + "x" * 300 + ".com", "ไทย.th", "\ufffd\x00.org", "a\u0301\u0302\u0303.fr", " "),
)


def png_size(path):
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


@pytest.fixture(scope="module")
def articles(tmp_path_factory):
    """A file of articles with copies, on several sites and days."""
    path = tmp_path_factory.mktemp("articles") / "in.jsonl"
    rows = (
        {
            "id": place,
            "text": text,
            "site": f"s{place % 7}.org",
            "date": f"2024-11-{place % 28 + 1:02}",
        }
        for place, text in enumerate(varied_texts(3, 120))
    )
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def said_besides_warnings(lines):
    """Return what was said but for removals to look at, of which there are many on purpose."""
    return [each for each in lines.splitlines() if not each.startswith("dedup: look at this")]


def test_every_plot_is_written_twice_and_always_the_same(articles, tmp_path):
    first, second = tmp_path / "one", tmp_path / "two" / "deep"
    done = run("scan", articles, "--plots", first)
    assert done.code == 0, done.err
    assert f"dedup: plots in {first}: similarity, cluster_sizes, site_matrix" in done.err
    assert names_in(first) == FILES
    again = run("scan", articles, "--plots", second, "--quiet", "--threads", 1, *CALM).err
    assert said_besides_warnings(again) == []
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_plots_are_as_wide_as_a_column_and_safe(articles, tmp_path):
    run("scan", articles, "--plots", tmp_path)
    for name in PLOTS:
        width, height = png_size(tmp_path / f"{name}.png")
        assert 1350 <= width <= 2600
        assert 900 <= height <= 2600
        drawn = (tmp_path / f"{name}.svg").read_text()
        root = ElementTree.fromstring(drawn)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "<script" not in drawn
        assert not any(
            "href" in key and not value.startswith(("#", "data:"))
            for each in root.iter()
            for key, value in each.attrib.items()
        )
        assert "<dc:date>" not in drawn


def test_a_report_of_a_folder_draws_the_same(articles, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("scan", articles, "-o", "found", "--plots", "one")
    done = run("report", "found", "--plots", "two")
    assert done.code == 0, done.err
    assert names_in(Path("one")) == names_in(Path("two")) == FILES
    for name in FILES:
        if not name.startswith("threshold_effect"):  # scores in files are rounded
            assert Path("one", name).read_bytes() == Path("two", name).read_bytes(), name
    assert run("report", "found", "--plots", articles).code == 4


def test_a_plot_without_data_is_not_written_and_that_is_said(tmp_path):
    source, out = tmp_path / "in.jsonl", tmp_path / "out"
    source.write_text('{"id": 1, "text": "one text"}\n{"id": 2, "text": "another"}\n')
    out.mkdir()
    (out / "timeline.png").write_bytes(b"old")
    done = run("scan", source, "--plots", out)
    assert names_in(out) == ["s_curve.png", "s_curve.svg", "timeline.png"]
    assert "dedup: no plot similarity: no pair shares text\n" in done.err
    assert (
        "no plot timeline: no document has a date; the files there are of another run" in done.err
    )
    done = run("scan", source, "--find", "passages", "--plots", tmp_path / "none")
    assert done.code == 0
    assert "dedup: no plots\n" in done.err
    assert not (tmp_path / "none").exists()


def test_plots_do_not_touch_inputs(tmp_path):
    (tmp_path / "timeline.svg").write_text("an article of that name")
    done = run("scan", tmp_path / "timeline.svg", "--plots", tmp_path)
    assert done.code == 4
    assert "would be written over the input file" in done.err
    assert names_in(tmp_path) == ["timeline.svg"]
    done = run("scan", tmp_path, "--plots", tmp_path / "plots")
    assert done.code == 4


def test_nothing_is_drawn_when_the_run_stops(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text("".join(f'{{"id": {n}, "text": "all the same text"}}\n' for n in range(30)))
    done = run("scan", source, "--stop-on-warning", "--plots", tmp_path / "plots")
    assert done.code == 1
    assert not (tmp_path / "plots").exists()


def test_without_matplotlib_the_error_names_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "dedup.report.figures.drawing", raising=False)
    (tmp_path / "a.txt").write_text("a text")
    done = run("scan", tmp_path / "a.txt", "--plots", tmp_path / "plots")
    assert done.code == 4
    assert done.out == ""
    assert "pip install 'dedup-toolkit[plots]'" in done.err
    with pytest.raises(OutputError, match="matplotlib"):
        write_plots({}, tmp_path / "plots")


def test_matplotlib_needs_neither_pandas_nor_scipy_nor_a_display(articles, tmp_path):
    code = (
        "import sys; from dedup.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "loaded = {'pandas', 'scipy', 'matplotlib.pyplot', 'tkinter'} & set(sys.modules)\n"
        "sys.exit(f'imported {loaded}' if loaded else 0)"
    )
    out = tmp_path / "plots"
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        code,
        "scan",
        articles,
        "--plots",
        out,
        "-q",
        *CALM,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, said_besides_warnings(done.stderr)) == (0, [])
    assert names_in(out) == FILES


def test_odd_names_of_sites_are_drawn(tmp_path):
    size = len(ODD) + 1
    matrix = [[(row * column) % 5 * 10**row for column in range(size)] for row in range(size)]
    figure = {"sites": list(ODD), "matrix": matrix, "other": 3, "left_out": 1}
    written, missing = write_plots({"site_matrix": figure}, tmp_path)
    assert (len(written), missing) == (2, [])
    ElementTree.parse(tmp_path / "site_matrix.svg")


def histogram(**counts):
    return {"edges": [n / 20 for n in range(21)], "counts": counts, "threshold": 0.7}


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("similarity", histogram(exact=[0] * 19 + [1])),
        ("similarity", histogram(exact=[0] * 19 + [10**7], derived=[1] * 20)),
        ("cluster_sizes", {"sizes": [2], "last": [2], "counts": [1], "alone": 0}),
        ("cluster_sizes", {"sizes": [2, 10**6], "last": [9, 10**6 + 9], "counts": [10**6, 1],
                           "alone": 7}),
        ("site_matrix", {"sites": ["a", "b"], "matrix": [[0, 1], [0, 0]], "other": 0,
                         "left_out": 0}),
        ("timeline", {"unit": "day", "starts": ["2024-11-05"], "kept": [0], "removed": [1],
                      "before": 1, "after": 2, "undated": 3}),
        ("timeline", {"unit": "decade", "starts": [f"{n}-01-01" for n in range(1500, 2100, 10)],
                      "kept": [0] * 60, "removed": [0] * 60, "before": 0, "after": 0,
                      "undated": 0}),
        ("s_curve", {"similarity": [0, 1], "probability": [0, 1], "threshold": 0.05, "bands": 1,
                     "rows": 1, "recall_at_threshold": 0.05}),
        ("threshold_effect", {"thresholds": [0, 0.05, 1], "removed": [1, 1, 0],
                              "least": [1, 1, 0], "most": [1, 1, 1], "threshold": 0.05,
                              "exact_from": 0.05, "exact_to": 0.05}),
    ],
)  # fmt: skip
def test_extremes_are_drawn(name, figure, tmp_path):
    written, _ = write_plots({name: figure}, tmp_path)
    assert [path.name for path in written] == [f"{name}.svg", f"{name}.png"]
    assert all(path.stat().st_size for path in written)


def test_the_style_of_the_user_changes_nothing(articles, tmp_path):
    figures = {"s_curve": {"similarity": [0, 1], "probability": [0, 1], "threshold": 0.5,
                           "bands": 1, "rows": 1, "recall_at_threshold": 0.5}}  # fmt: skip
    write_plots(figures, tmp_path / "one")
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        write_plots(figures, tmp_path / "two")
        assert dict(matplotlib.rcParams) == before
    for name in ("s_curve.svg", "s_curve.png"):
        assert Path(tmp_path, "one", name).read_bytes() == Path(tmp_path, "two", name).read_bytes()
