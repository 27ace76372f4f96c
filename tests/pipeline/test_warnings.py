"""The safety rails: removals that look wrong are named, and nothing is written if so asked."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from dedup import cli, scan
from dedup.config import Config
from dedup.errors import ConfigError
from dedup.pipeline.warnings import Limits, describe, find_warnings
from dedup.report import scan_view, warning_view
from dedup.result import Result
from dedup.schema import CORPUS, DOCUMENTS, PAIRS, Corpus, ReadReport, rows_table

TEXT = (
    "The council met on Monday and agreed to mend the old stone bridge before the winter comes. "
    "Farmers in the valley say that they have waited for it since the flood of two years ago."
)
WARNING = "Look at this before you trust the removals"


def result_of(rows):
    """Return a result of rows (site, path, leader): each is kept if it leads itself."""
    ids = [f"{number:05d}" for number in range(len(rows))]
    documents = [
        {
            "doc_id": ids[number],
            "path": path,
            "cluster": ids[leader],
            "canonical": leader == number,
            "kept": leader == number,
            "relation": None if leader == number else "exact",
            "duplicate_of": None if leader == number else ids[leader],
        }
        for number, (_, path, leader) in enumerate(rows)
    ]
    corpus = [{"doc_id": each, "site": row[0]} for each, row in zip(ids, rows, strict=True)]
    tables = {"documents": rows_table(DOCUMENTS, documents), "pairs": rows_table(PAIRS, [])}
    none = pa.table({})
    held = Corpus(rows_table(CORPUS, corpus), ReadReport())
    return Result(Config(), tables, held, none, none, pa.array([]), {})


def slowly(rows, limits):
    """Return (kind, name, documents, removed) the simple way."""
    counts, gone = Counter(), Counter()
    for number, (site, path, leader) in enumerate(rows):
        keys = [("corpus_share", None)]
        if site:
            keys.append(("site_share", site))
        elif path:
            keys.append(("file_share", path))
        for key in keys:
            counts[key] += 1
            gone[key] += leader != number
    shares = {key for key in counts if counts[key] >= 20 and gone[key] / counts[key] > limits.share}
    sizes = Counter(leader for _, _, leader in rows)
    found = {(*key, counts[key], gone[key]) for key in shares}
    return found | {
        ("large_cluster", f"{leader:05d}", size, size - 1)
        for leader, size in sizes.items()
        if size > limits.largest(len(rows))
    }


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a.org", "b.org", None, ""]),
            st.sampled_from(["one.jsonl", None]),
            st.integers(0, 200),
        ),
        max_size=150,
    ),
    st.sampled_from([0, 0.3, 0.5, 0.9, 1]),
    st.sampled_from([0, 1, 5]),
)
def test_what_looks_wrong_is_what_the_simple_way_finds(drawn, share, cluster):
    rows = []
    for number, (site, path, leader) in enumerate(drawn):
        leads = leader >= number or rows[leader][2] != leader
        rows.append((site, path, number if leads else leader))
    limits = Limits(share=share, cluster=cluster)
    found = find_warnings(result_of(rows), limits)
    plain = [tuple(each[key] for key in ("kind", "name", "documents", "removed")) for each in found]
    assert len(plain) == len(set(plain))
    assert set(plain) == slowly(rows, limits)
    for each in found:
        assert each["share"] == round(each["removed"] / each["documents"], 6)
        assert len(each["examples"]) == min(5, each["removed"])
        assert all(example["duplicate_of"] for example in each["examples"])


def test_a_share_is_exceeded_not_reached():
    half = [("a.org", None, number // 2 * 2) for number in range(40)]
    assert find_warnings(result_of(half)) == []
    assert find_warnings(result_of([*half[:-2], ("a.org", None, 0), ("a.org", None, 0)]))


def test_columns_with_a_dictionary_are_read():
    rows = [(f"{number % 2}.org", f"{number % 2}.jsonl", 0) for number in range(60)]
    result = result_of(rows)
    wanted = find_warnings(result)
    assert [each["name"] for each in wanted] == [None, "1.org", "0.org"]
    for table, name in ((result.tables["documents"], "path"), (result.corpus.table, "site")):
        position = table.schema.get_field_index(name)
        parts = [each[name].combine_chunks().dictionary_encode() for each in
                 (table.slice(0, 7), table.slice(7))]  # fmt: skip
        changed = table.set_column(position, name, pa.chunked_array(parts))
        if name == "path":
            result.tables["documents"] = changed
        else:
            result = result_of(rows)
            result = Result(
                result.config, result.tables, Corpus(changed, ReadReport()), *[pa.table({})] * 2,
                pa.array([]), {},
            )  # fmt: skip
    assert find_warnings(result) == wanted


def test_a_file_counts_where_there_is_no_site():
    rows = [(None, "one.jsonl", 0)] * 20 + [(None, f"{n}.txt", 20 + n) for n in range(60)]
    found = find_warnings(result_of(rows))
    assert [(each["kind"], each["name"]) for each in found] == [("file_share", "one.jsonl")]
    assert found[0]["examples"][0] == {
        "doc_id": "00001",
        "duplicate_of": "00000",
        "relation": "exact",
    }


def test_a_cluster_is_large_by_the_size_of_the_corpus():
    limits = Limits()
    sizes = [limits.largest(count) for count in (0, 2_000, 10_000, 1_000_000)]
    assert sizes == [100, 100, 500, 10_000]
    rows = [(None, None, 0)] * 101 + [(None, None, 101 + n) for n in range(150)]
    (found,) = find_warnings(result_of(rows))
    assert (found["kind"], found["name"], found["documents"]) == ("large_cluster", "00000", 101)
    assert describe(found) == "cluster 00000: 101 documents in one cluster, 100 removed"


def test_a_warning_names_the_command_that_shows_more_where_it_is_asked_to():
    lost = {"kind": "lost_text", "name": None, "documents": 9, "removed": 3}
    text = "3 of 9 removals lose more than 10% of their running words"
    assert describe(lost) == f"{text}; see `dedup scan … --show losses`"
    assert describe(lost, command=False) == text


@pytest.mark.parametrize("wrong", [{"share": 1.1}, {"share": float("nan")}, {"cluster": -1}])
def test_wrong_limits(wrong):
    with pytest.raises(ConfigError, match=f"suspicious_{next(iter(wrong))}: got"):
        Limits(**wrong)


def test_a_scan_says_what_looks_wrong():
    rows = [{"id": f"d{n:02d}", "site": "a.org", "text": TEXT} for n in range(20)]
    for find in (Config().find, ("duplicates",)):
        result = scan(rows, Config(find=find))
        kinds = [each["kind"] for each in result.summary["warnings"]]
        assert kinds == ["corpus_share", "site_share"]
    view = "\n".join(scan_view(result, colour=True))
    assert view.index(WARNING) < view.index("Total")
    assert "\x1b[33m  site a.org: 19 of 20 documents removed\x1b[0m" in view
    assert view.count("exact duplicate of d00") > 5
    few = scan(rows[:19])
    assert few.summary["warnings"] == []
    assert WARNING not in "\n".join(scan_view(few))
    assert list(warning_view(few)) == []


def test_a_name_cannot_steer_the_terminal():
    result = result_of([("\x1b[31mevil\n.org", None, 0)] * 20)
    result.summary["warnings"] = find_warnings(result)
    view = "\n".join(warning_view(result))
    assert "\x1b" not in view
    assert "evil .org: 19 of 20" in view


# The command line


def run(*arguments):
    done = CliRunner().invoke(cli.root, [str(each) for each in arguments], prog_name="dedup")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    said = [line for line in done.stderr.splitlines() if "compiling" not in line]
    return SimpleNamespace(code=done.exit_code, out=done.stdout, err=said)


@pytest.fixture
def copies(tmp_path):
    """A file of twenty copies of one article."""
    path = tmp_path / "in.jsonl"
    lines = (json.dumps({"id": f"d{n:02d}", "text": TEXT}) for n in range(20))
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages,repeats"])
def test_the_summary_and_one_line_on_stderr(copies, tmp_path, find):
    done = run("scan", copies, "-o", tmp_path / "out", "--quiet", "--find", find)
    assert (done.code, done.out, len(done.err)) == (0, "", 1)
    assert done.err[0].startswith(f"dedup: {WARNING[0].lower()}{WARNING[1:]}: the whole corpus: 19")
    summary = json.loads((tmp_path / "out" / "summary.json").read_bytes())
    first, second = summary["warnings"]
    assert (first["kind"], first["name"]) == ("corpus_share", None)
    assert (second["kind"], second["name"]) == ("file_share", str(copies))
    assert (second["documents"], second["removed"], second["share"]) == (20, 19, 0.95)
    assert [each["doc_id"] for each in second["examples"]] == [f"d0{n}" for n in range(1, 6)]


def test_the_view_of_both_commands(copies, tmp_path):
    for arguments in (["scan", copies], ["clean", copies, "-o", tmp_path / "out"]):
        assert f"── {WARNING} ── 2" in run(*arguments, "--show", "warnings").out
        assert "warnings   the whole corpus: 19 of 20 documents removed" in run(*arguments).out


@pytest.mark.parametrize("command", ["scan", "clean"])
def test_a_run_stops_before_anything_is_written(copies, tmp_path, command):
    out = tmp_path / "out"
    done = run(command, copies, "-o", out, "--stop-on-warning", "-q")
    assert (done.code, done.out, len(done.err)) == (1, "", 1)
    assert done.err[0].startswith("dedup: stopped, nothing is written: the whole corpus: 19 of 20")
    assert not out.exists()
    done = run(command, copies, "-o", out, "--stop-on-warning", "--suspicious-share", 0.95)
    assert (done.code, done.err[1:]) == (0, [])
    assert out.exists()
    done = run(command, copies, "-o", out, "--stop-on-warning", "--suspicious-share", 1,
               "--suspicious-cluster", 19)  # fmt: skip
    assert done.code == 1
    assert "cluster d00: 20 documents in one cluster, 19 removed" in done.err[0]


def test_what_a_run_before_wrote_stays(copies, tmp_path):
    run("clean", copies, "-o", tmp_path / "out")
    before = {each: each.read_bytes() for each in (tmp_path / "out").iterdir()}
    copies.write_text(copies.read_text().replace("Monday", "Friday"))
    assert run("clean", copies, "-o", tmp_path / "out", "--stop-on-warning").code == 1
    assert {each: each.read_bytes() for each in (tmp_path / "out").iterdir()} == before


def test_thresholds_out_of_bounds_are_wrong_usage(copies):
    done = run("scan", copies, "--suspicious-share", 2)
    assert (done.code, len(done.err)) == (2, 1)
    assert "--suspicious-share: got 2.0, allowed is a number from 0 to 1" in done.err[0]


def test_what_work_keeps_outlives_a_stop(copies, tmp_path):
    given = ["scan", copies, "-o", tmp_path / "out", "--find", "duplicates", "-q",
             "--work", tmp_path / "work", "--stop-on-warning"]  # fmt: skip
    assert run(*given).code == 1
    assert (tmp_path / "work").exists()
    assert run(*given, "--suspicious-share", 1).code == 0
    assert (tmp_path / "out" / "summary.json").exists()
    assert not (tmp_path / "work").exists()
