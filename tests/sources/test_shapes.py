"""Rows in all the shapes people have them: CSV, TSV, JSON, null texts, lists, names of columns."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.errors import InputError
from dedup.schema import ReadReport
from dedup.sources import ReadOptions, from_python, read
from dedup.sources.options import PROBE
from dedup.sources.raw import raw_lines

BRIDGE = "The council agreed to mend the old bridge."
FERRY = 'A ferry, "slow but dry", takes cars until then.'


@pytest.fixture
def save(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


def texts(corpus):
    return corpus.table["text"].to_pylist()


def lines(*rows):
    return "".join(f"{json.dumps(row)}\n" for row in rows)


# CSV and TSV


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv", 'id\ttext\n1\t"We go," she said.\n2\tHe left.\n3\t"All of it quoted."\n'),
        ("b.tsv", 'text\tid\n"One begins\t1\nand another\t2\none ends it."\t3\n'),
        ("c.tsv", 'id\ttext\r\n1\tsize 7"\r\n2\t"odd\r\n3\t5" by 6"\r\n'),
        ("d.csv", 'id;text;a;b\n1;"One begins;x;y\n2;and ends here.";x;y\n3;z;x;y\n'),
    ],
)
def test_quotation_marks_are_text_where_no_row_needs_them(save, name, data):
    corpus = read([save(name, data)])
    column = data.splitlines()[0].replace("\t", ";").split(";").index("text")
    rows = [line.replace("\t", ";").split(";") for line in data.splitlines()[1:]]
    assert texts(corpus) == [row[column] for row in rows]
    assert corpus.read_report.is_clean


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ('id\ttext\n1\t"in two\nlines"\n2\tx\n', ["in two\nlines", "x"]),
        ('id\ttext\n1\t"a ""word"" in it"\n2\tx\n', ['a "word" in it', "x"]),
        ('"id"\t"text"\n"1"\t"one"\n"2"\t"two"\n', ["one", "two"]),
        ('id\ttext\n1\t"one"\n2\t"two"\n3\t"three"\n', ["one", "two", "three"]),
        ('id\ttext\n1\t"with\ta tab"\n2\tx\n', ["with\ta tab", "x"]),
    ],
)
def test_quotation_marks_are_form_where_rows_show_it(save, data, wanted):
    corpus = read([save("x.tsv", data)])
    assert texts(corpus) == wanted
    assert corpus.read_report.is_clean


def test_quotation_marks_behind_a_backslash(save):
    data = 'id,text\n1,"He said \\"no\\", twice."\n2,"plain, with comma"\n3,"\\"All\\" of it"\n'
    corpus = read([save("x.csv", data)])
    assert texts(corpus) == ['He said "no", twice.', "plain, with comma", '"All" of it']
    assert corpus.read_report.is_clean


def test_rows_of_another_length(save):
    path = save("x.csv", f'id,text,tag\n1,"{BRIDGE}"\n2,two,x\n3,three,y,,\n4,four,x,more\n5\n')
    corpus = read([path])
    report = corpus.read_report
    assert texts(corpus) == [BRIDGE, "two", "three"]
    assert report.damaged == {"short_row": 1}
    assert report.skipped == {"bad_row": 1, "missing_text": 1}
    assert any("4 fields, the header has 3; header: 'id,text,tag'" in n for n in report.notes)


@pytest.mark.parametrize(
    "above", ["# made on 3 March\n", "Report\n\n2026\n", "exported by x, on 3 March\n\n"]
)
def test_lines_above_the_header_are_left_out_and_named(save, above):
    corpus = read([save("x.csv", f"{above}id,text,site\n1,one,a\n2,two,b\n")])
    assert texts(corpus) == ["one", "two"]
    assert above.split("\n", 1)[0] in corpus.read_report.notes[0]


@pytest.mark.parametrize("data", ["id,text\r1,one\r2,two\r", 'id;text\r1;"one"\r2;two'])
def test_line_ends_of_old_macs(save, data):
    assert texts(read([save("x.csv", data)])) == ["one", "two"]


def test_a_table_that_names_no_text_says_how_it_was_read(save):
    with pytest.raises(InputError, match=r"header: 'a,b'.*"):
        read([save("x.csv", "a,b\n1,2\n")])


# JSON


ROWS = [{"url": f"https://x.org/{n}", "content": text} for n, text in enumerate((BRIDGE, FERRY))]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", json.dumps({"status": "ok", "n": 2, "articles": ROWS})),
        ("b.json", json.dumps({"response": {"n": 2, "results": ROWS}}, indent=1)),
        ("c.json", json.dumps({"x": ROWS[0], "y": ROWS[1]})),
        ("d.json", json.dumps({k: {str(n): r[k] for n, r in enumerate(ROWS)} for k in ROWS[0]})),
        ("e.json", json.dumps({k: [row[k] for row in ROWS] for k in ROWS[0]})),
        (
            "f.json",
            json.dumps({"columns": list(ROWS[0]), "data": [list(r.values()) for r in ROWS]}),
        ),
        ("g.json", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
        ("h.jsonl", json.dumps(ROWS, indent=1)),
        ("i.jsonl", "[" + ",\n".join(map(json.dumps, ROWS)) + "]"),
        ("j.jsonl", "\n".join(json.dumps(row, indent=2) for row in ROWS)),
        ("k.jsonl", lines(*({"_id": n, "_source": row} for n, row in enumerate(ROWS)))),
        ("l.txt", lines(*ROWS)),
    ],
)
def test_records_are_found_in_json_of_any_shape(save, name, data):
    corpus = read([save(name, data)])
    assert texts(corpus) == [BRIDGE, FERRY]
    assert corpus.table["site"].to_pylist() == ["x.org", "x.org"]
    assert corpus.read_report.is_clean


def test_records_may_be_named(save):
    value = {"data": {"old": ROWS[:1], "new": ROWS}, "text": "not this"}
    assert texts(read([save("a.json", json.dumps(value))], ReadOptions(records="data.old"))) == [
        BRIDGE
    ]
    pages = lines({"data": ROWS[:1], "meta": 1}, {"data": ROWS[1:], "meta": 2})
    assert texts(read([save("b.jsonl", pages)], ReadOptions(records="data"))) == [BRIDGE, FERRY]
    with pytest.raises(InputError, match="no 'hits' in the JSON; keys there: data, text"):
        read([save("c.json", json.dumps(value))], ReadOptions(records="hits.hits"))


def test_one_object_with_a_list_is_one_document(save):
    value = {"text": BRIDGE, "comments": [{"text": "first"}, {"text": "second"}]}
    assert texts(read([save("a.json", json.dumps(value))])) == [BRIDGE]


def test_a_list_that_breaks_off_gives_what_stands_before(save):
    corpus = read([save("a.json", json.dumps(ROWS)[:-20])])
    assert texts(corpus) == [BRIDGE]
    assert corpus.read_report.skipped == {"broken_json": 1}
    assert "not valid JSON at line 1, column" in corpus.read_report.notes[0]


def test_a_dotted_name_leads_into_objects(save):
    rows = [{"o": {"body": text, "n": n}} for n, text in enumerate((BRIDGE, FERRY))] * PROBE
    options = ReadOptions(text_column="o.body", id_column="o.n", keep_record=True)
    path = save("a.jsonl", lines(*rows))
    corpus = read([path], options)
    assert texts(corpus)[:3] == [BRIDGE, FERRY, BRIDGE]
    record = json.loads(corpus.table["record"][0].as_py())
    assert record == ["o.body", {"o": {"n": 0}, "o.body": None}]
    assert texts(read([path], ReadOptions(text_column="o.body"))) == texts(corpus)
    pq.write_table(pa.Table.from_pylist(rows), save("a.parquet", b""))
    kept = ReadOptions(text_column="o.body", keep_record=True, keep_columns=True)
    parquet = read([path.replace(".jsonl", ".parquet")], kept)
    assert texts(parquet) == texts(corpus)
    assert parquet.rows[0].schema.field("o").type == pa.struct({"n": pa.int64()})


# Texts that are null, or lists


@pytest.mark.parametrize("first", [150, 3 * PROBE, 1_500])
@pytest.mark.parametrize("empty", [{"id": 1, "maintext": None}, {"id": 1, "error": "x"}])
def test_rows_without_a_text_may_come_first(save, first, empty):
    path = save("a.jsonl", lines(*[empty] * first, {"id": 2, "maintext": BRIDGE}))
    for options in (ReadOptions(), ReadOptions(text_column="maintext")):
        corpus = read([path], options)
        assert texts(corpus) == [BRIDGE]
        assert corpus.read_report.skipped == {"missing_text": first}


@pytest.mark.parametrize("eager", [True, False])
def test_lines_without_a_text_come_by_while_the_columns_are_not_known(save, eager):
    empty = [{"url": f"e{n}", "error": "timeout"} for n in range(50)]
    path = save("a.jsonl", lines(*empty, {"url": "x", "maintext": BRIDGE}))
    report = ReadReport()
    found = list(raw_lines(path, ReadOptions(), report, eager=eager))
    assert [each.flaw for each in found] == ["missing_text"] * 50 + [""]
    assert found[-1].row.text == BRIDGE
    assert (report.read, report.skipped) == (51, {"missing_text": 50})


def test_most_texts_may_be_null_in_memory_too():
    table = pa.table({"text": [None] * 7 + [BRIDGE] * 3})
    corpus = from_python(table)
    assert (len(corpus.table), corpus.read_report.skipped) == (3, {"missing_text": 7})


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (["One.", "Two."], "One.\n\nTwo."),
        (["One.", None, "Two."], "One.\n\nTwo."),
        (["One."], "One."),
        ([], None),
        ([None], None),
        (["One.", 2], None),
        ({"en": "One."}, None),
    ],
)
def test_a_list_of_strings_is_read_as_its_paragraphs(save, value, wanted):
    corpus = read([save("a.jsonl", lines({"text": "first"}, {"text": value}))])
    assert texts(corpus) == ["first", *([] if wanted is None else [wanted])]
    assert corpus.read_report.read == 2


@pytest.mark.parametrize(
    ("column", "wanted", "reason"),
    [
        (pa.array([["One.", "Two."], None, ["x"]]), ["One.\n\nTwo.", "x"], "missing_text"),
        (
            pa.array([["a"], [], [None, "b"]], pa.large_list(pa.string())),
            ["a", "b"],
            "missing_text",
        ),
        (pa.array([1, 2, 3]), [], "text_not_a_string"),
        (pa.array([{"en": "a"}] * 3), [], "text_not_a_string"),
        (pa.nulls(3), [], "missing_text"),
    ],
)
@pytest.mark.parametrize("keep", [False, True])
def test_texts_of_other_types_in_parquet(save, column, wanted, reason, keep):
    path = save("a.parquet", b"")
    pq.write_table(pa.table({"text": column, "n": [1, 2, 3]}), path)
    corpus = read([path], ReadOptions(keep_record=keep))
    assert texts(corpus) == wanted
    assert corpus.read_report.skipped == {reason: 3 - len(wanted)}


# Names


@pytest.mark.parametrize(
    "name",
    [
        "Text",
        "ARTICLE",
        "article_text",
        "fullText",
        "Full Text",
        "page_content",
        "story",
        "Document",
    ],
)
def test_the_text_is_known_by_many_names_in_any_case(save, name):
    assert texts(read([save("a.csv", f"Nr,{name}\n1,one\n")])) == ["one"]


def test_date_and_site_are_known_by_many_names(save):
    for date, site in (("publishedAt", "source_domain"), ("pubDate", "Publisher")):
        corpus = read([save("a.jsonl", lines({"text": "a", date: "2026-01-01", site: "x.org"}))])
        row = corpus.table.to_pylist()[0]
        assert (row["date"], row["site"]) == ("2026-01-01", "x.org")


def test_errors_end_with_what_to_try(save):
    path = save("a.csv", "Headline,Spalte\na,b\n")
    with pytest.raises(InputError, match="--text-column NAME"):
        read([path])
    with pytest.raises(InputError, match=r"did you mean --text-column Spalte\?"):
        read([path], ReadOptions(text_column="spalte"))


# Names and objects of content systems, and what to type where no text is found


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"id": 1, "content": {"rendered": BRIDGE, "protected": False}}, "content.rendered"),
        ({"id": 1, "body": {"format": "plain", "value": BRIDGE}}, "body.value"),
        ({"id": 1, "content_text": BRIDGE}, "content_text"),
        ({"nr": 1, "Inhalt": BRIDGE}, "Inhalt"),
        ({"nr": 1, "正文": BRIDGE}, "正文"),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_texts_of_content_systems_are_recognised(save, tmp_path, row, found, form):
    if form == "parquet":
        path = str(tmp_path / "a.parquet")
        pq.write_table(pa.Table.from_pylist([row]), path)
    else:
        path = save("a.jsonl", lines(row))
    corpus = read([path])
    assert texts(corpus) == [BRIDGE]
    assert f"text column: {found} (a.{form})" in corpus.read_report.notes


def test_a_text_column_that_was_named_is_not_looked_into(save):
    row = {"content": {"rendered": BRIDGE}, "id": 1}
    corpus = read([save("a.jsonl", lines(row))], ReadOptions(text_column="content"))
    assert corpus.read_report.skipped == {"text_not_a_string": 1}


def test_a_feed_in_json_is_read(save):
    feed = {"version": "1.1", "title": "x", "items": [{"id": "1", "content_text": BRIDGE}]}
    assert texts(read([save("feed.json", json.dumps(feed))])) == [BRIDGE]


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        ("a.jsonl", lines({"text": {"a": BRIDGE}}), "--text-column text.a leads into them"),
        ("a.jsonl", lines({"body": [{"p": BRIDGE}]}), "'body' holds numbers, or lists of other"),
        ("a.jsonl", lines({"html": BRIDGE}), "'html' seems to hold HTML"),
        ("a.jsonl", lines(BRIDGE, FERRY), "holds strings, not objects; `jq -c '{text: .}' "),
        ("a.jsonl", lines([1, BRIDGE]), "holds lists, not objects; `jq -c '{title: .[0], "),
        ("a.json", json.dumps([BRIDGE, FERRY]), "holds strings, not objects; `jq -c '.[] | {t"),
    ],
)
def test_where_no_text_is_found_a_note_says_what_to_type(save, name, data, note):
    notes = read([save(name, data)]).read_report.notes
    assert sum(note in each for each in notes) == 1, notes


def test_a_row_that_was_taken_for_a_header_is_cut_short_in_the_message(save):
    with pytest.raises(InputError) as refused:
        read([save("a.csv", f'1,"{BRIDGE * 20}"\n2,"{FERRY.replace(chr(34), "") * 20}"\n')])
    said = str(refused.value).partition("no text column")[2]
    assert "columns seen: 1, The council agreed to mend the old bri …; name it" in said
    assert len(said) < 420
