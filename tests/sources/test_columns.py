"""Which columns hold the text, the id and the rest."""

from __future__ import annotations

import json

import pytest
from reading import column, lines, pairs, write

from dedup.errors import InputError
from dedup.sources import ReadOptions, read


@pytest.mark.parametrize(
    ("row", "text", "note"),
    [
        ({"articleBody": "a", "title": "t"}, "a", "text column: articleBody (x.jsonl)"),
        ({"maintext": "a"}, "a", "text column: maintext (x.jsonl)"),
        ({"body": "b", "text": "a"}, "a", "text column: text (x.jsonl)"),
        ({"text": None, "content": "a"}, "a", "text column: content (x.jsonl)"),
        ({"body": 5, "raw_text": "a"}, "a", "text column: raw_text (x.jsonl)"),
    ],
)
def test_the_text_column_is_recognised_and_noted(save, row, text, note):
    corpus = read([save("x.jsonl", lines(row))])
    assert column(corpus, "text") == [text]
    assert corpus.read_report.notes == [note]


def test_the_columns_are_decided_once(save, tmp_path):
    # The fourth record has no text; its body must not be taken instead.
    rows = [{"text": "one"}] * 3 + [{"body": "other"}]
    save("a.jsonl", lines(*rows))
    save("b.jsonl", lines({"body": "other"}))
    save("c.csv", "body\nother\n")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"] * 3
    assert corpus.read_report.skipped == {"missing_text": 1}
    assert corpus.read_report.files_failed == {"no_text_column": 2}
    named = read([str(tmp_path / name) for name in ("a.jsonl", "b.jsonl", "c.csv")])
    assert named.read_report.skipped == {"missing_text": 2}
    assert named.read_report.files_failed == {"no_text_column": 1}


def test_few_texts_in_the_first_records_are_noted(save):
    path = save("x.jsonl", lines(*[{"id": 1, "text": "a"}] * 4, *[{"id": 2, "title": "b"}] * 5))
    read_report = read([path]).read_report
    assert (read_report.read, read_report.skipped) == (9, {"missing_text": 5})
    assert "5 of the first 9 records have no text in column 'text'" in read_report.notes[0]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_input_without_a_text_column_says_which_columns_it_has(save, form):
    rows = [{"headline": "a", "id": "1"}]
    with pytest.raises(InputError, match=r"no text column is recognised.*headline, id"):
        read([write(save, form, rows)])


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("role", ["text", "id", "date", "url", "site", "priority"])
def test_a_named_column_that_is_not_there_stops_the_run(save, form, role):
    path = write(save, form, [{"text": "a", "title": "b"}])
    with pytest.raises(InputError, match=f"no {role} column 'nope'; columns seen: text, title"):
        read([path], ReadOptions(**{f"{role}_column": "nope"}))


def test_rows_of_another_kind_in_a_folder_are_set_aside(save, tmp_path):
    save("a-labels.jsonl", lines({"left": 1, "right": 2}))
    save("b.jsonl", lines({"id": "x", "text": "one"}))
    corpus = read([str(tmp_path)])
    assert pairs(corpus) == {"x": "one"}
    assert corpus.read_report.files_failed == {"no_text_column": 1}
    (tmp_path / "b.jsonl").unlink()
    with pytest.raises(InputError, match="columns seen: left, right"):
        read([str(tmp_path)])


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_named_columns_are_used(save, form):
    row = {"t": "a", "i": "1", "d": "2020", "u": "https://www.x.org/a", "s": "X", "p": "3"}
    options = ReadOptions(
        text_column="t",
        id_column="i",
        date_column="d",
        url_column="u",
        site_column="s",
        priority_column="p",
    )
    corpus = read([write(save, form, [row, {**row, "i": "2", "s": ""}])], options)
    assert column(corpus, "doc_id") == ["1", "2"]
    assert column(corpus, "date") == ["2020"] * 2
    assert column(corpus, "site") == ["X", "x.org"]
    assert column(corpus, "priority") == ["3"] * 2
    assert column(corpus, "line") == ([2, 3] if form == "csv" else [1, 2])
    assert not corpus.read_report.notes


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_the_other_columns_are_kept_only_when_asked_for(save, form):
    path = write(save, form, [{"id": "1", "text": "a", "title": "é"}])
    assert column(read([path]), "record") == [None]
    record = column(read([path], ReadOptions(keep_record=True)), "record")[0]
    name, row = json.loads(record)
    assert name == "text"
    assert row == {"id": "1", "title": "é", "text": None}


def test_other_columns_that_orjson_cannot_write_are_kept(save):
    line = b'{"text": "a", "n": 123456789012345678901234567890, "s": "\\ud83d", "x": NaN}\n'
    record = column(read([save("x.jsonl", line)], ReadOptions(keep_record=True)), "record")[0]
    assert record == (
        b'["text",{"text":null,"n":123456789012345678901234567890,"s":"\\ud83d","x":NaN}]'
    )


def test_a_number_too_large_for_a_float_stays_as_it_was(save):
    path = save("x.jsonl", '{"text":"a","n":1E400,"m":-1e999,"k":1.5}\n')
    record = column(read([path], ReadOptions(keep_record=True)), "record")[0]
    assert json.loads(record)[1] == {"text": None, "n": "1E400", "m": "-1e999", "k": 1.5}
