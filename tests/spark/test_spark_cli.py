"""``dedup scan --engine spark`` writes what a local scan writes, with all columns of the rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spark_session
from test_spark import texts_of

pytestmark = pytest.mark.spark

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _needs_spark():
    if (reason := spark_session.missing()) is not None:
        pytest.skip(reason)


def lines_of(folder):
    files = sorted(folder.glob("*.json")) if folder.is_dir() else [folder]
    rows = [json.loads(line) for each in files for line in each.read_text("utf-8").splitlines()]
    return sorted(rows, key=lambda row: str(row.get("doc_id", row.get("dedup", row))))


def local(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "dedup", "scan", "-q", "--find", "duplicates", *map(str, arguments)],
        check=False,
    )
    assert done.returncode in (0, 3)


def in_process(spark, paths, output, **how):
    """Run what the command runs, in the session of the tests."""
    from dedup import Config
    from dedup.sources.options import ReadOptions
    from dedup.spark.command import scan_paths

    columns = {name: how.pop(name) for name in ("text_column", "id_column") if name in how}
    config = Config(find=("duplicates",))
    return scan_paths(spark, paths, str(output), ReadOptions(**columns), config, **how)


def write_rows(path, kind):
    texts = texts_of(21, 40)
    texts += [*texts[:10], "", "the end"]
    rows = [
        {"key": f"k{k % 48}", "body": text, "n": k, "tags": ["a", str(k)], "dedup": "mine"}
        for k, text in enumerate(texts)
    ]
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return rows


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_rows_keep_all_columns(spark_here, tmp_path, kind):
    path = tmp_path / f"news.{kind}"
    rows = write_rows(path, kind)
    how = {"text_column": "body", "id_column": "key"}
    options = ("--text-column", "body", "--id-column", "key")
    totals = in_process(
        spark_here, [str(path)], tmp_path / "all", annotate=True, format=kind, **how
    )
    in_process(spark_here, [str(path)], tmp_path / "kept", write_rows=True, **how)
    local(path, "-o", tmp_path / "here", "--annotate", *options)
    wanted = lines_of(tmp_path / "here" / "rows.jsonl")
    if kind == "parquet":
        got = pq.read_table(tmp_path / "all" / "rows").to_pylist()
        got.sort(key=lambda row: str(row["dedup_"]))
        wanted.sort(key=lambda row: str(row["dedup_"]))
    else:
        got = lines_of(tmp_path / "all" / "rows")
        assert lines_of(tmp_path / "all" / "documents") == [
            {**row} for row in lines_of(tmp_path / "here" / "documents.jsonl")
        ]
        for name in ("pairs", "losses"):
            here = lines_of(tmp_path / "here" / f"{name}.jsonl")
            assert lines_of(tmp_path / "all" / name) == here, name
    assert len(got) == len(rows)
    # Rows that are equal in id and text stand for each other.
    keyed = {(row["dedup_"]["doc_id"], row["body"]): row["dedup_"] for row in wanted}
    assert {(row["dedup_"]["doc_id"], row["body"]): row["dedup_"] for row in got} == keyed
    assert sorted(row["n"] for row in got) == sorted(row["n"] for row in rows)
    assert all(row["tags"] == ["a", str(row["n"])] for row in got)
    kept = lines_of(tmp_path / "kept" / "rows")
    assert len(kept) == totals["documents"]["kept"]
    assert all(row["dedup_"]["kept"] for row in kept)


def test_broken_lines_are_counted(spark_here, tmp_path):
    path = tmp_path / "news.jsonl"
    good = [json.dumps({"id": f"{k}", "text": text}) for k, text in enumerate(texts_of(3, 12))]
    path.write_text("\n".join([*good, "{broken", '{"id": "x"}', '{"id": "y", "text": null}']))
    totals = in_process(spark_here, [str(path)], tmp_path / "out")
    assert totals["read_report"]["skipped"] == {"broken_json": 1, "missing_text": 2}
    assert totals["documents"]["read"] == 15
    assert totals["documents"]["kept"] + totals["documents"]["removed"] == 12


def test_whole_texts_are_called_as_elsewhere(spark_here, tmp_path):
    folder = tmp_path / "news" / "deep er"
    folder.mkdir(parents=True)
    (tmp_path / "news" / "a+b é.txt").write_text("One text about nothing at all, it was said.")
    (folder / "b.txt").write_bytes("\ufeffÄnother one".encode("utf-16-le"))
    (folder / "c.txt").write_bytes(b"caf\xe9 and more of it")
    (folder / "d.txt").write_bytes(bytes(200))
    in_process(spark_here, [str(tmp_path / "news")], tmp_path / "out")
    local(tmp_path / "news", "-o", tmp_path / "here")
    assert lines_of(tmp_path / "out" / "documents") == lines_of(tmp_path / "here/documents.jsonl")
    summaries = [
        json.loads((tmp_path / each / "summary.json").read_text()) for each in ("out", "here")
    ]
    for name in ("read", "skipped", "damaged"):
        assert summaries[0]["read_report"][name] == summaries[1]["read_report"][name], name


def test_what_may_not_be_written_over(spark_here, tmp_path):
    from dedup.errors import ConfigError, InputError

    path = tmp_path / "news.jsonl"
    path.write_text('{"id": "1", "text": "one text"}\n')
    for output in (tmp_path, tmp_path / "out"):
        (tmp_path / "out" / "documents").mkdir(parents=True, exist_ok=True)
        with pytest.raises(ConfigError):
            in_process(spark_here, [str(path)], output)
    with pytest.raises(InputError, match="no such file"):
        in_process(spark_here, [str(tmp_path / "none.jsonl")], tmp_path / "new")
    with pytest.raises(InputError, match="no id column 'key'"):
        in_process(spark_here, [str(path)], tmp_path / "new", id_column="key")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--engine", "spark"),
        ("--engine", "spark", "-o", "out", "--threads", "2"),
        ("--engine", "spark", "-o", "out", "--against", "index.db"),
        ("--master", "local[2]"),
    ],
)
def test_options_of_the_other_engine_are_refused(arguments, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "dedup", "scan", str(ROOT / "seeds"), *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 2
    assert b"--engine" in done.stderr or b"-o DIR" in done.stderr


@pytest.mark.slow
def test_spark_submit(tmp_path):
    """The seeds by the command that the README names."""
    import pyspark

    where = subprocess.check_output(
        [sys.executable, "-m", "dedup.cli.submit", "--where"], text=True
    ).strip()
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    settings = [f"--conf={name}={value}" for name, value in spark_session.CONF.items()]
    command = [str(submit), "--master", "local[2,4]", *settings, where]
    subprocess.run(
        [*command, "seeds", "-o", str(tmp_path / "out")],
        cwd=ROOT,
        env=spark_session.environment(),
        check=True,
        timeout=900,
    )
    local(ROOT / "seeds", "-o", tmp_path / "here")
    got = lines_of(tmp_path / "out" / "documents")
    wanted = lines_of(tmp_path / "here" / "documents.jsonl")
    for row in wanted:
        row["path"] = str(Path(row["path"]).relative_to(ROOT))
    assert got == wanted
