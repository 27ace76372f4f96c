"""Lists, iterators, Arrow data and frames as documents."""

from __future__ import annotations

import pyarrow as pa
import pytest
from reading import column, pairs

import dedup
from dedup.errors import InputError
from dedup.schema import CORPUS, Corpus
from dedup.sources import from_python


def test_texts_in_a_list_get_their_position_as_id():
    corpus = from_python(["one", "", "one", "two\ud83d"])
    assert pairs(corpus) == {"0": "one", "1": "", "2": "one", "3": "two\ufffd"}
    assert column(corpus, "path") == column(corpus, "line") == [None] * 4
    assert corpus.read_report.damaged == {"lone_surrogate": 1}
    assert corpus.read_report.places == {"lone_surrogate": ["document 3"]}


def test_what_is_no_text_in_a_list_is_counted_with_its_position():
    corpus = from_python(["one", None, 5, "two", b"three"])
    assert pairs(corpus) == {"0": "one", "3": "two"}
    assert corpus.read_report.places == {
        "missing_text": ["document 1"],
        "text_not_a_string": ["document 2", "document 4"],
    }


def test_dicts_and_iterators_are_read():
    rows = [{"url": "https://x.org/1", "body": "one", "date": "2020"}, {"url": "u", "body": "two"}]
    for documents in (rows, iter(rows), (row for row in rows), tuple(rows)):
        corpus = from_python(documents)
        assert pairs(corpus) == {"https://x.org/1": "one", "u": "two"}
        assert column(corpus, "site") == ["x.org", None]
        assert column(corpus, "date") == ["2020", None]
    corpus = from_python(rows, text="url", id="body", priority="date")
    assert pairs(corpus) == {"one": "https://x.org/1", "two": "u"}
    assert column(corpus, "priority") == ["2020", None]


def test_arrow_data_is_read():
    table = pa.table({"id": ["a", "b", "c"], "text": ["one", None, "two"]})
    for documents in (
        table,
        table.to_batches()[0],
        pa.RecordBatchReader.from_batches(table.schema, table.to_batches()),
        pa.concat_tables([table.slice(0, 1), table.slice(1)]),
    ):
        corpus = from_python(documents)
        assert pairs(corpus) == {"a": "one", "c": "two"}
        assert corpus.read_report.places == {"missing_text": ["document 1"]}
        assert column(corpus, "line") == [None, None]
    for texts in (
        pa.array(["one", "two"]),
        pa.chunked_array([["one"], ["two"]]),
        pa.array(["one", "two"], pa.string_view()),
    ):
        assert pairs(from_python(texts)) == {"0": "one", "1": "two"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_and_series_are_read_through_arrow(library):
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    frame = module.DataFrame(
        {"headline": ["h", "i"], "articleBody": ["one", "two é"], "id": [5, 6]}
    )
    assert pairs(from_python(frame)) == {"5": "one", "6": "two é"}
    assert pairs(from_python(frame, text="headline")) == {"5": "h", "6": "i"}
    assert pairs(from_python(frame["headline"])) == {"0": "h", "1": "i"}


def test_a_frame_too_old_for_arrow_says_what_to_do():
    class DataFrame:
        pass

    DataFrame.__module__ = "pandas.core.frame"
    with pytest.raises(InputError, match="pandas is too old"):
        from_python(DataFrame())


def test_a_corpus_is_returned_as_it_is():
    corpus = from_python(["one"])
    assert from_python(corpus) is corpus


@pytest.mark.parametrize("documents", ["one text", b"bytes", {"text": "one"}, 5])
def test_one_document_instead_of_several_is_refused(documents):
    with pytest.raises(
        InputError, match=r"^documents: (one \w+ alone; put it into a list|int holds no documents)"
    ):
        from_python(documents)


@pytest.mark.parametrize("documents", [[], iter(()), pa.table({"text": pa.array([], pa.string())})])
def test_no_documents_are_an_empty_corpus(documents):
    corpus = from_python(documents)
    assert isinstance(corpus, Corpus)
    assert corpus.table.schema == CORPUS
    assert corpus.read_report.read == 0


def test_memory_without_texts_is_refused():
    with pytest.raises(InputError, match="columns seen: title"):
        from_python([{"title": "a"}])
    with pytest.raises(InputError, match="columns seen: title"):
        from_python(pa.table({"title": ["a"]}))


def test_a_bare_position_is_no_id_beside_others():
    rows = [{"id": 1, "text": "one"}, {"text": "two"}, {"id": "", "text": "three"}]
    table = pa.table({"id": pa.array([1.0, None, 3]), "text": ["one", "two", "three"]})
    assert column(from_python(rows), "doc_id") == ["1", "document 1", "document 2"]
    assert column(from_python(table), "doc_id") == ["1", "document 1", "3"]


def test_polars_categories_and_lazy_frames():
    pl = pytest.importorskip("polars")
    texts = pl.Series(["one", "two", None, "one"], dtype=pl.Categorical)
    frame = pl.DataFrame({"id": ["a", "b", "c", "d"], "text": texts})
    assert pairs(from_python(frame)) == {"a": "one", "b": "two", "d": "one"}
    assert column(from_python(texts), "text") == ["one", "two", "one"]
    with pytest.raises(InputError, match=r"call \.collect\(\)"):
        from_python(frame.lazy())


def test_errors_name_the_argument_of_python():
    rows = [{"Spalte": "a", "titel": "b"}]
    with pytest.raises(InputError, match=r'name it: text="NAME"$'):
        dedup.scan(rows)
    with pytest.raises(InputError, match=r'did you mean text="Spalte"\?$'):
        dedup.scan(rows, text="spalte")
