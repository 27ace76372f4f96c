"""Evaluation of a result on disk: files of labels, and flaws of both."""

from __future__ import annotations

import dataclasses
import gzip
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from dedup.errors import ConfigError, InputError
from dedup.evaluation import cluster_scores, evaluate, format_report, pair_scores, passage_scores
from dedup.evaluation.labels import read_labels
from dedup.schema import CONTRACT

# Files

DOCUMENTS = [("a", "a"), ("b", "a"), ("c", "c"), ("d", "d")]

PAIRS = [("a", "b", "near_duplicate"), ("a", "c", "derived"), ("c", "d", "shares_passage")]

PASSAGES = [("a", "b", 0, 10, 100, 110), ("c", "d", 5, 9, 5, 9)]


@pytest.fixture(params=["jsonl", "parquet"])
def result(request, tmp_path):
    """A result directory of four documents in one of the two formats."""
    tables = {
        "documents": [{"doc_id": doc, "cluster": cluster} for doc, cluster in DOCUMENTS],
        "pairs": [dict(zip(("a", "b", "relation"), row, strict=True)) for row in PAIRS],
        "passages": [
            dict(zip(("a", "b", "start_a", "end_a", "start_b", "end_b"), row, strict=True))
            for row in PASSAGES
        ],
    }
    folder = tmp_path / "result"
    folder.mkdir()
    for name, rows in tables.items():
        table = pa.Table.from_pylist(rows, CONTRACT[name])
        if request.param == "parquet":
            pa.parquet.write_table(table, folder / f"{name}.parquet")
        else:
            write_lines(folder / f"{name}.jsonl", table.to_pylist())
    return folder


def write_lines(path, rows):
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["labels.jsonl", "labels.jsonl.gz", "labels"])
def test_cluster_labels_of_json_lines(result, tmp_path, name):
    rows = [
        {"id": doc, "cluster": cluster, "more": []}
        for doc, cluster in zip("abc", "111", strict=True)
    ]
    found = evaluate(write_lines(tmp_path / name, rows), result)
    assert found["labels"]["form"] == "clusters"
    assert found["result"] | {"path": ""} == {"path": "", "documents": 4, "pairs": 3, "passages": 2}
    assert (found["clusters"]["precision"], found["clusters"]["recall"]) == (1, 1 / 3)
    assert found["unmatched"]["not_labelled_examples"] == ["d"]
    assert "adjusted Rand" in format_report(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "\ufeffid,cluster\na,1\nb,1\n"),
        ("labels.tsv", "id\tcluster\r\na\t1\r\nb\t1\r\n"),
        ("labels.csv.gz", 'cluster,"id"\n1,a\n1,"b"\n'),
    ],
)
def test_cluster_labels_of_csv(result, tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert evaluate(path, result)["clusters"]["f1"] == 1


def test_labels_of_parquet(result, tmp_path):
    path = tmp_path / "labels.parquet"
    pa.parquet.write_table(pa.table({"id": ["a", "b"], "cluster": [1, 1]}), path)
    assert evaluate(path, result)["clusters"]["f1"] == 1
    pa.parquet.write_table(pa.table({"id": ["a", None], "cluster": [1, 1]}), path)
    with pytest.raises(InputError, match=r"labels.parquet:2: id: got None"):
        evaluate(path, result)
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="cannot be read"):
        evaluate(path, result)


def test_pair_labels_of_csv(result, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("a,b,label\nb,a,copy\na,c,non\nd,c,\n")
    figures = evaluate(path, result)["pairs"]
    assert (figures["pairs_true"], figures["pairs_predicted"], figures["pairs_both"]) == (2, 1, 1)
    assert figures["by_label"]["copy"]["relations"]["near_duplicate"] == 1
    assert figures["by_label"][""]["predicted"] == 0


@pytest.mark.parametrize(
    "label", ["non", "No", "none", "0", "FALSE", "01-no-plagiarism", False, 0, 0.0]
)
def test_labels_that_say_it_is_no_pair(result, tmp_path, label):
    path = write_lines(tmp_path / "labels.jsonl", [{"a": "a", "b": "b", "label": label}])
    assert evaluate(path, result)["pairs"]["false_listed"] == 1


@pytest.mark.parametrize("label", ["light", "yes", 1, True, None])
def test_labels_that_say_it_is_a_pair(result, tmp_path, label):
    path = write_lines(tmp_path / "labels.jsonl", [{"a": "a", "b": "b", "label": label}])
    assert evaluate(path, result)["pairs"]["recall"] == 1


@pytest.mark.parametrize(
    ("pairs_from", "predicted", "recall"),
    [
        (None, 1, 0),
        ("near_duplicate", 1, 0),
        ("derived", 2, 1),
        ("shares_passage", 3, 1),
        ("near_duplicate,derived", 2, 1),
        (["derived", "exact"], 2, 1),
    ],
)
def test_pairs_from_takes_relations_at_least_as_strong(
    result, tmp_path, pairs_from, predicted, recall
):
    path = write_lines(tmp_path / "labels.jsonl", [{"a": "c", "b": "a"}])
    figures = evaluate(path, result, pairs_from=pairs_from)["pairs"]
    assert (figures["pairs_predicted"], figures["recall"]) == (predicted, recall)


def test_only_listed_pairs_can_be_counted(result, tmp_path):
    path = write_lines(tmp_path / "labels.jsonl", [{"a": "c", "b": "a"}])
    found = evaluate(path, result, pairs_from="derived", only_listed=True)
    assert found["pairs"]["precision"] == 1
    assert "1 are not listed (left out)" in format_report(found)


def test_passage_labels_match_in_either_orientation(result, tmp_path):
    one = {"susp_off": 0, "susp_len": 10, "src_off": 100, "src_len": 10}
    other = {"susp_off": 100, "susp_len": 10, "src_off": 0, "src_len": 10}
    for a, b, span in [("a", "b", one), ("b", "a", other)]:
        rows = [
            {"a": a, "b": b, "label": "verbatim", "spans": [span]},
            {"a": "b", "b": "c", "label": "none", "spans": []},
        ]
        found = evaluate(write_lines(tmp_path / "labels.jsonl", rows), result)
        assert found["labels"]["form"] == "spans"
        assert found["passages"]["plagdet"] == 1
        assert found["passages"]["outside_listed_pairs"] == 1
        assert found["passages"]["by_label"]["verbatim"]["cases_detected"] == 1
        assert found["passages"]["by_label"]["none"]["pairs_without_cases_detected"] == 0
        assert "verbatim" in format_report(found)


def test_spans_of_a_pair_may_stand_in_several_rows(result, tmp_path):
    spans = [dict(susp_off=at, susp_len=4, src_off=at + 100, src_len=4) for at in (0, 6)]
    rows = [{"a": "a", "b": "b", "spans": [span]} for span in spans]
    figures = evaluate(write_lines(tmp_path / "labels.jsonl", rows), result)["passages"]
    assert (figures["cases"], figures["pairs"], figures["precision"]) == (2, 1, 0.8)


def test_labelled_documents_that_the_result_lacks_are_told(result, tmp_path):
    rows = [{"a": "a", "b": "b"}, {"a": "a", "b": "lost"}]
    found = evaluate(write_lines(tmp_path / "labels.jsonl", rows), result)
    assert found["unmatched"]["missing_from_result"] == 1
    assert found["pairs"]["recall"] == 0.5
    assert "1 labelled documents are not in the result: lost" in format_report(found)


def test_figures_are_plain_values(result, tmp_path):
    rows = [{"id": "a", "cluster": 1}, {"id": "b", "cluster": 1}]
    assert (
        json.loads(json.dumps(found := evaluate(write_lines(tmp_path / "l.jsonl", rows), result)))
        == found
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('{"id": "a", "cluster": "1"}\n{"id": "b"\n', 2, "broken JSON"),
        ('{"id": "a", "cluster": "1"}\n\n{"id": "b"}\n', 3, "cluster: got None"),
        (
            '{"id": "a", "cluster": "1"}\n{"id": "a", "cluster": "2"}\n',
            2,
            "in cluster '1' and in '2'",
        ),
        ('{"name": "a"}\n', 1, "got 'name'; labels must be"),
        ('["a", "b"]\n', 1, "got list"),
        ('{"a": "a", "b": "a"}\n', 1, "one document"),
        ('{"a": true, "b": "a"}\n', 1, "a: got True"),
        ('{"a": "a", "b": "b"}\n{"a": "b", "b": "a", "label": "non"}\n', 2, "is listed as"),
        ('{"a": "a", "b": "b"}\n{"a": "a", "b": "c", "spans": []}\n', 2, "first row has none"),
        ('{"a": "a", "b": "b", "spans": {}}\n', 1, "spans: got {}"),
        ('{"a": "a", "b": "b", "spans": [{"susp_off": -1}]}\n', 1, "susp_off: got -1"),
        (
            '{"a": "a", "b": "b", "spans": [{"susp_off": 1, "susp_len": 0}]}\n',
            1,
            "whole number from 1",
        ),
        ('{"id": "a", "cluster": "\udcff"}\n', 1, "cannot be read"),
        ('{"id": "x", "cluster": "1"}\n', None, "none of its 1 documents is in the result"),
        ("", None, "no labels"),
    ],
)
def test_bad_labels_name_the_file_and_line(result, tmp_path, text, line, says):
    path = tmp_path / "labels.jsonl"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError) as caught:
        evaluate(path, result)
    assert says in str(caught.value)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_a_broken_csv_names_its_line(result, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text('id,cluster\na,1\nb,"1"x\n')
    with pytest.raises(InputError, match=r"labels.csv:3: broken CSV"):
        evaluate(path, result)


def test_truncated_and_absent_labels_are_input_errors(result, tmp_path):
    path = write_lines(tmp_path / "labels.jsonl.gz", [{"id": "a", "cluster": "1"}])
    path.write_bytes(path.read_bytes()[:-9])
    for each in (path, tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            evaluate(each, result)


def test_an_unknown_relation_is_a_config_error(result, tmp_path):
    path = write_lines(tmp_path / "labels.jsonl", [{"a": "c", "b": "a"}])
    for wrong in ("same", "", []):
        with pytest.raises(ConfigError, match="pairs_from"):
            evaluate(path, result, pairs_from=wrong)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "documents",
            '{"doc_id": "a", "cluster": "1"}\n{"doc_id": "b"}\n',
            "jsonl:2: cluster is missing",
        ),
        (
            "documents",
            '{"doc_id": "a", "cluster": "1"}\n{"doc_id": 7, "cluster": "1"}\n',
            "jsonl:2: doc_id",
        ),
        ("documents", '{"doc_id": "a", "cluster": "1"}\n' * 2, "stands twice"),
        ("pairs", '{"a": "x", "b": "y", "relation": "exact"}\n{"a": \n', "jsonl:2: broken JSON"),
        ("passages", '{"a": "x", "b": "y", "start_a": "1"}\n', "jsonl:1: start_a"),
    ],
)
def test_a_bad_result_names_the_file_and_line(tmp_path, name, text, says):
    labels = write_lines(tmp_path / "labels.jsonl", [{"id": "a", "cluster": "1"}])
    write_lines(tmp_path / "documents.jsonl", [{"doc_id": "a", "cluster": "1"}])
    write_lines(tmp_path / "pairs.jsonl", [])
    write_lines(tmp_path / "passages.jsonl", [])
    assert evaluate(labels, tmp_path)["clusters"]["n"] == 1
    (tmp_path / f"{name}.jsonl").write_text(text)
    with pytest.raises(InputError) as caught:
        evaluate(labels, tmp_path)
    assert says in str(caught.value)


def test_a_folder_that_is_no_result_is_told(result, tmp_path):
    labels = write_lines(tmp_path / "labels.jsonl", [{"id": "a", "cluster": "1"}])
    with pytest.raises(InputError, match="neither file"):
        evaluate(labels, tmp_path)
    for suffix in ("jsonl", "parquet"):
        (result / f"documents.{suffix}").touch()
    with pytest.raises(InputError, match="both files"):
        evaluate(labels, result)


def test_every_figure_of_a_score_is_reported_as_a_plain_number():
    for scores in (cluster_scores({}, {}), pair_scores({}, {}), passage_scores({}, {})):
        assert {type(value) for value in dataclasses.asdict(scores).values()} <= {int, float, bool}


def test_labels_may_have_semicolons_between_their_columns(tmp_path):
    for name, data in (
        ("a.csv", "id;cluster\na;1\nb;1\n"),
        ("b.csv", '\ufeff"id";"cluster"\r\n"a";"1"\r\n"b, c";"1"\r\n'),
        ("c.tsv", "id\tcluster\na\t1\nb\t1\n"),
    ):
        path = tmp_path / name
        path.write_text(data, "utf-8")
        assert set(read_labels(path).clusters.values()) == {"1"}


def test_families_are_scored_as_passages_of_two_documents(result, tmp_path):
    occurrences = [
        {"family": 1, "variant": 0, "doc_id": "a", "start": 0, "end": 10},
        {"family": 1, "variant": 0, "doc_id": "b", "start": 5, "end": 15},
        {"family": 1, "variant": 2, "doc_id": "c", "start": 5, "end": 15},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in occurrences)
    (result / "occurrences.jsonl").write_text(lines, encoding="utf-8")
    span = {"susp_off": 0, "susp_len": 10, "src_off": 5, "src_len": 10}
    labels = tmp_path / "labels.jsonl"
    rows = [{"a": "a", "b": "b", "spans": [span]}, {"a": "b", "b": "c", "spans": []}]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = evaluate(labels, result)
    assert (found["families"]["precision"], found["families"]["recall"]) == (1, 1)
    assert found["families"]["pairs_without_cases_detected"] == 0
    assert "(families)" in format_report(found)
    (result / "occurrences.jsonl").unlink()
    assert "families" not in evaluate(labels, result)
