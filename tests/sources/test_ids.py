"""Ids: what equal ones become, and that a run does not depend on order or batches."""

from __future__ import annotations

import gzip
import itertools

from hypothesis import given
from hypothesis import strategies as st
from reading import column, lines, many, pairs, slow_files, write

from dedup import sources
from dedup.schema import CORPUS, ReadReport
from dedup.sources import ReadOptions, read, read_batches


def test_equal_ids_are_numbered_by_what_the_documents_hold(save):
    named = []
    for texts in itertools.permutations("abc"):
        rows = [{"id": "a", "text": each} for each in texts] + [{"id": "b", "text": "x"}]
        path = save("x.jsonl", lines(*rows))
        corpus = read([path])
        named.append(pairs(corpus))
        assert corpus.read_report.damaged == {"duplicate_id": 2}
        renamed = [named[-1]["a#2"], named[-1]["a#3"]]
        places = [f"{path}:{texts.index(each) + 1}" for each in renamed]
        assert corpus.read_report.places == {"duplicate_id": places}
    assert set(named[0]) == {"a", "a#2", "a#3", "b"}
    assert set(named[0].values()) == {"a", "b", "c", "x"}
    assert all(each == named[0] for each in named)


def test_a_numbered_id_that_is_taken_is_numbered_again(save):
    rows = [{"id": i, "text": t} for i, t in (("a", "1"), ("a", "2"), ("a#2", "3"))]
    corpus = read([save("x.jsonl", lines(*rows))])
    assert pairs(corpus) == {"a": "1", "a#2": "2", "a#2#2": "3"}
    assert corpus.read_report.damaged == {"duplicate_id": 1}


def test_many_equal_ids_are_counted_whole(save):
    corpus = read([save("x.jsonl", lines(*[{"id": "a", "text": "x"}] * 500))])
    assert len(set(column(corpus, "doc_id"))) == 500
    assert corpus.read_report.damaged == {"duplicate_id": 499}
    assert len(corpus.read_report.places["duplicate_id"]) == 5


# Batches and progress


def test_batches_fill_across_files_and_progress_adds_up(save, tmp_path):
    for n in range(20):
        save(f"{n}.txt", "x" * 1000)
    save("a.jsonl.gz", gzip.compress(lines(*many(50))))
    write(save, "parquet", many(50), suffix="p")
    told, read_report = [], ReadReport()
    options = ReadOptions()
    batches = list(
        read_batches([str(tmp_path)], options, read_report, batch_bytes=5000, progress=told.append)
    )
    assert sum(map(len, batches)) == read_report.read == 120
    assert all(batch.schema == CORPUS for batch in batches)
    assert max(len(batch) for batch in batches) < 30
    assert sum(told) == sources.input_bytes([str(tmp_path)])


@slow_files
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12), st.randoms()
)
def test_the_order_of_the_input_does_not_matter(save, documents, random):
    rows = [{"id": name, "text": text} for name, text in documents]
    shuffled = random.sample(rows, len(rows))
    one = read([save("x.jsonl", lines(*rows))])
    two = read([save("x.jsonl", lines(*shuffled))])
    assert pairs(one) == pairs(two)
    assert one.read_report.damaged == two.read_report.damaged
