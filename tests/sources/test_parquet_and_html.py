"""Rows of Parquet and pages of HTML."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import LEAD, PACKERS, SUFFIXES, column, many, originals, pairs, write

from dedup.errors import InputError
from dedup.schema import ReadReport
from dedup.sources import ReadOptions, read, read_batches

# Parquet


def test_parquet_types_become_strings(save):
    when = np.array(["2024-01-02T03:04:05.123456789", "NaT"], "datetime64[ns]")
    table = pa.table(
        {
            "id": pa.array([1, None], pa.int64()),
            "text": pa.array(["one", "two"]).dictionary_encode(),
            "date": pa.array(when),
            "domain": pa.array(["x.org", None], pa.large_string()),
            "url": pa.array(["https://a.org/1", "https://WWW.B.org/2"]),
        }
    )
    path = save("x.parquet", b"")
    pq.write_table(table, path)
    corpus = read([path])
    assert pairs(corpus) == {"1": "one", "x.parquet:2": "two"}
    assert column(corpus, "date") == ["2024-01-02T03:04:05.123456", None]
    assert column(corpus, "site") == ["x.org", "b.org"]
    assert column(corpus, "line") == [1, 2]


def test_parquet_rows_without_text_are_skipped_with_their_number(save):
    rows = [{"id": str(n), "text": None if n in (1, 3) else "a"} for n in range(5)]
    path = write(save, "parquet", rows)
    corpus = read([path])
    assert column(corpus, "doc_id") == ["0", "2", "4"]
    assert corpus.read_report.places == {"missing_text": [f"{path}:2", f"{path}:4"]}
    assert corpus.read_report.read == 5


def test_a_parquet_text_column_of_numbers_is_counted_row_by_row(save):
    corpus = read([write(save, "parquet", [{"text": 1}, {"text": 2}])])
    assert corpus.read_report.skipped == {"text_not_a_string": 2}
    assert len(corpus.table) == 0


@pytest.mark.parametrize("kind", [pa.binary(), pa.string()])
def test_invalid_utf8_in_parquet_is_replaced_and_its_bytes_kept(save, kind):
    column_of_bytes = pa.array([b"one", b"caf\xe9", None], pa.binary())
    texts = pa.Array.from_buffers(kind, 3, column_of_bytes.buffers())
    path = save("x.parquet", b"")
    pq.write_table(pa.table({"text": texts}), path)
    corpus = read([path])
    assert column(corpus, "text") == ["one", "caf\ufffd"]
    assert corpus.read_report.damaged == {"invalid_utf8": 1}
    assert originals(corpus) == [b"one", b"caf\xe9"]


def test_a_broken_parquet_file_is_reported(save, tmp_path):
    path = Path(write(save, "parquet", [{"id": "a", "text": LEAD}]))
    save("b.parquet", path.read_bytes()[:-20])
    save("c.parquet", b"not at all")
    corpus = read([str(tmp_path)])
    assert pairs(corpus) == {"a": LEAD}
    assert corpus.read_report.files_failed == {"broken_parquet": 2}


def test_parquet_batches_are_of_the_size_asked_for(save):
    read_report = ReadReport()
    path = write(save, "parquet", many(1000))
    batches = list(read_batches([path], ReadOptions(), read_report, batch_bytes=100_000))
    assert sum(map(len, batches)) == read_report.read == 1000
    assert len(batches) > 1


def test_parquet_values_python_cannot_hold_are_written_out(save):
    far = pa.array([2**58, 0], pa.timestamp("us"))
    table = pa.table(
        {
            "id": ["a", "b"],
            "text": ["one", "two"],
            "note": pa.array([b"caf\xe9", b"ok"]).view(pa.string()),
            "list": pa.array([[b"caf\xe9"], None]).view(pa.list_(pa.string())),
            "far": far,
            "date": far,
            "day": pa.array([2**30, 0], pa.date32()),
        }
    )
    pq.write_table(table, path := save("x.parquet", b""))
    corpus = read([path], ReadOptions(keep_record=True))
    assert column(corpus, "date")[1] == "1970-01-01T00:00:00"
    rows = [json.loads(each)[1] for each in column(corpus, "record")]
    assert rows[0]["note"] == "caf\ufffd"
    assert rows[1] | {"list": None} == {
        "id": "b",
        "text": None,
        "note": "ok",
        "list": None,
        "far": "1970-01-01T00:00:00",
        "date": "1970-01-01T00:00:00",
        "day": "1970-01-01",
    }
    assert rows[0]["far"].startswith("11103-")


# HTML

PAGE = f"""<html><head><title>Bridge to close</title>
<meta property="og:site_name" content="The Gazette">
<meta property="article:published_time" content="2024-03-05T10:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><article><h1>Bridge to close</h1>
<p>{LEAD} The work costs two million and starts in May, the mayor said at the meeting.</p>
<p>Residents of the eastern district will have to take the ferry, which runs every hour.</p>
</article><footer>Copyright</footer></body></html>"""


@pytest.fixture
def trafilatura():
    try:
        import trafilatura
    except ImportError as error:
        pytest.skip(f"the extra `html` is missing or broken: {error}")
    return trafilatura


@pytest.mark.parametrize("packer", PACKERS)
def test_a_page_gives_title_main_text_date_and_site(save, packer, trafilatura):
    corpus = read([save("a.html" + SUFFIXES[packer], PACKERS[packer](PAGE.encode()))])
    text = column(corpus, "text")[0]
    assert text.startswith("Bridge to close")
    assert LEAD in text
    assert "Copyright" not in text
    assert column(corpus, "doc_id") == ["a.html" + SUFFIXES[packer]]
    assert column(corpus, "date") == ["2024-03-05"]
    assert column(corpus, "site") == ["The Gazette"]
    assert originals(corpus) == [text.encode()]


def test_a_page_without_main_text_is_skipped(save, tmp_path, trafilatura):
    save("a.html", "")
    save("b.htm", "<html><body></body></html>")
    assert read([str(tmp_path)]).read_report.skipped == {"no_text": 2}


def test_a_page_that_breaks_the_parser_is_skipped(save, monkeypatch):
    broken = SimpleNamespace(bare_extraction=lambda *args, **kwargs: 1 / 0)
    monkeypatch.setitem(sys.modules, "trafilatura", broken)
    assert read([save("a.html", PAGE)]).read_report.skipped == {"bad_html": 1}


def test_html_without_its_extra_says_what_to_install(save, monkeypatch):
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(InputError, match=r"pip install 'dedup-toolkit\[html\]'"):
        read([save("a.html", PAGE)])
