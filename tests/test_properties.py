"""What holds for every result: corpora are made by copying and damaging paragraphs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import (
    LANGUAGES,
    PENDULUM,
    QUOTED,
    REWORDED,
    UNRELATED,
)
from strategies import texts as junk

import dedup
from dedup.config import Config
from dedup.core.arrays import clean_string
from dedup.output.tables import write_result
from dedup.schema import CONTRACT, Corpus, ReadReport
from dedup.sources import ReadOptions, from_python, read, read_batches
from dedup.sources.batches import unique_ids
from dedup.sources.options import Tally

BOILERPLATE = ("Subscribe to our newsletter", "Read more …", "Share on Facebook", "By Jane Doe")
ENGLISH = (*UNRELATED, QUOTED, REWORDED, PENDULUM)
FOREIGN = tuple(text for own, _ in LANGUAGES.values() for text in own)

examples = settings(max_examples=60)
few_examples = settings(max_examples=25)


@st.composite
def damaged(draw, paragraphs):
    """Draw a paragraph as it is, cut short, in other case, shuffled, or with other words."""
    text = draw(st.sampled_from(paragraphs))
    words = text.split(" ")
    how = draw(st.sampled_from(["", "", "", "cut", "teaser", "case", "swap", "drop", "twice"]))
    at = draw(st.integers(0, len(words)))
    if how == "cut":
        return " ".join(words[at:])
    if how == "teaser":
        return " ".join(words[:at]) + " […]"
    if how == "case":
        return text.upper() if at % 2 else text.lower()
    if how == "swap":
        return " ".join(words[at:] + words[:at])
    if how == "drop":
        return " ".join(word for k, word in enumerate(words) if k % 7 != at % 7)
    return f"{text}\n{text}" if how == "twice" else text


def documents(paragraphs, extra=junk):
    """Draw a document of a few damaged paragraphs, or of junk, or of nothing."""
    parts = st.one_of(
        *[damaged(paragraphs)] * 3, st.sampled_from(BOILERPLATE), extra.map(lambda t: t[:60])
    )
    lists = st.lists(parts, max_size=5)
    joined = st.tuples(lists, st.sampled_from(["\n\n", "\n", " "])).map(lambda x: x[1].join(x[0]))
    return st.one_of(joined, joined, joined, extra, st.just(""), st.just("word"))


def corpora(paragraphs=ENGLISH + FOREIGN, clean=True, **how):
    """Draw rows with ids, texts of which some are copies of others, and dates and sites or none.

    Unless ``clean`` the texts may hold lone surrogates, which are counted with their places.
    """

    @st.composite
    def drawn(draw):
        texts = draw(st.lists(documents(paragraphs, **how), max_size=6))
        if texts:
            texts += draw(st.lists(st.sampled_from(texts), max_size=2))
        rows = []
        for k, text in enumerate(texts):
            row = {"id": f"d{k * 7 % 10}{k}", "text": clean_string(text) if clean else text}
            row["date"] = draw(st.sampled_from([None, "2024-01-01", "2024-02-01"]))
            row["site"] = draw(st.sampled_from([None, "a.example", "b.example"]))
            rows.append(row)
        return rows

    return drawn()


configs = st.sampled_from(
    [
        Config(),
        Config(),
        Config(weak=True, canonical="earliest"),
        Config(canonical="longest", removable=1, cluster_on=("exact", "near_duplicate", "derived")),
        Config(shingle_unit="char", threshold=0.5),
        Config(passage_max_documents=2, boilerplate=False),
    ]
)


def written(result):
    """Return the bytes of every file of a result."""
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: path.read_bytes() for path in write_result(result, folder)}


# The same bytes.


@few_examples
@given(corpora(), configs, st.data())
def test_the_order_of_the_input_does_not_matter(rows, config, data):
    shuffled = data.draw(st.permutations(rows))
    assert written(dedup.scan(rows, config)) == written(dedup.scan(shuffled, config))


@few_examples
@given(corpora(), configs)
def test_the_number_of_threads_does_not_matter(rows, config):
    one, two, five = (written(dedup.scan(rows, config, threads=n)) for n in (1, 2, 5))
    assert one == two == five


@few_examples
@given(corpora(), configs)
def test_a_second_scan_gives_the_same(rows, config):
    assert written(dedup.scan(rows, config)) == written(dedup.scan(iter(rows), config))


def in_batches(folder, batch_bytes):
    """Read a folder as ``read`` does, in batches of that size."""
    read_report = ReadReport()
    batches = list(read_batches([str(folder)], ReadOptions(), read_report, batch_bytes=batch_bytes))
    table = pa.Table.from_batches(batches, read([str(folder)]).table.schema)
    return len(batches), Corpus(unique_ids(table, Tally(read_report)), read_report)


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@few_examples
@given(corpora())
def test_the_size_of_batches_does_not_matter(rows):
    rows = [{"id": "first", "text": QUOTED}, *rows]
    with tempfile.TemporaryDirectory() as folder:
        write_lines(Path(folder, "all.jsonl"), rows)
        whole = written(dedup.scan(read([folder])))
        for size in (1, 700):
            count, corpus = in_batches(folder, size)
            assert size > 1 or count >= sum(len(row["text"]) > 0 for row in rows)
            assert written(dedup.scan(corpus)) == whole


@few_examples
@given(corpora(), st.integers(0, 9))
def test_how_documents_are_spread_over_files_does_not_matter(rows, cut):
    """All but the paths, which say where each document came from.

    The columns are named: those that are recognised are settled by the first file with records.
    """
    options = ReadOptions(date_column="date", site_column="site")
    rows = [{"id": "first", "text": QUOTED, "date": None, "site": None}, *rows]
    results = []
    for parts in ([rows], [rows[:cut], rows[cut:]]):
        with tempfile.TemporaryDirectory() as folder:
            for k, part in enumerate(parts):
                if part:
                    write_lines(Path(folder, f"{k}.jsonl"), part)
            results.append(dedup.scan(read([folder], options)))
    for name in CONTRACT:
        one, two = (result.tables[name] for result in results)
        if name == "documents":
            one, two = one.drop_columns("path"), two.drop_columns("path")
        assert one.equals(two)
    assert results[0].summary["documents"] == results[1].summary["documents"]


# Nothing is lost.


@examples
@given(corpora(), configs, st.integers(0, 3))
def test_every_document_is_kept_removed_or_skipped(rows, config, missing):
    rows = [*rows, *({"id": f"e{k}", "text": each} for k, each in enumerate(ENGLISH[:3]))]
    given_rows = [*rows, *({"id": f"none{k}", "text": None} for k in range(missing))]
    result = dedup.scan(given_rows, config)
    counts = result.summary["documents"]
    assert counts["read"] == len(given_rows)
    assert counts["skipped"] == missing
    assert counts["read"] == counts["kept"] + counts["removed"] + counts["skipped"]
    assert sorted(each.doc_id for each in result.documents) == sorted(row["id"] for row in rows)
    assert counts["kept"] == sum(each.kept for each in result.documents)
    keeps = {each.cluster for each in result.documents if each.kept}
    assert {each.cluster for each in result.documents} == keeps


@examples
@given(corpora(), configs)
def test_what_is_removed_stands_in_a_document_that_is_kept(rows, config):
    result = dedup.scan(rows, config)
    by_id = {each.doc_id: each for each in result.documents}
    pairs = {frozenset((pair.a, pair.b)): pair for pair in result.pairs}
    assert len(pairs) == len(result.pairs)

    equals = {name: {name} for name in by_id}
    for pair, found in pairs.items():
        if found.relation == "exact":
            group = set.union(*(equals[name] for name in pair))
            equals.update(dict.fromkeys(group, group))

    for each in result.documents:
        leader = by_id[each.cluster]
        assert leader.kept
        assert leader.canonical
        assert (each.cluster == each.doc_id) == each.canonical
        if each.kept:
            assert each.duplicate_of is None
            continue
        assert each.duplicate_of == each.cluster
        stands = {frozenset((name, each.duplicate_of)) for name in equals[each.doc_id]}
        found = [pairs[pair] for pair in stands if pair in pairs]
        assert found
        assert each.relation in config.cluster_on
        assert any(pair.relation == each.relation for pair in found)
        assert max(each.containment, each.coverage) >= config.removable - 1e-9


# Tables.


@examples
@given(corpora(), configs)
def test_every_offset_lies_in_its_text(rows, config):
    result = dedup.scan(rows, config)
    table = result.corpus.table
    lengths = dict(
        zip(table["doc_id"].to_pylist(), map(len, table["text"].to_pylist()), strict=True)
    )
    names = table["doc_id"].to_pylist()
    spans = [(each.a, each.start_a, each.end_a) for each in result.passages]
    spans += [(each.b, each.start_b, each.end_b) for each in result.passages]
    spans += [(each.doc_id, each.start, each.end) for each in result.repeats]
    spans += [(each.doc_id, each.kept_start, each.kept_end) for each in result.repeats]
    for each in (*result.removals.to_pylist(), *result.annotations.to_pylist()):
        spans.append((names[each["doc"]], each["start"], each["end"]))
    for name, start, end in spans:
        assert 0 <= start < end <= lengths[name]


@examples
@given(corpora(), configs)
def test_tables_are_in_order_and_agree_with_each_other(rows, config):
    result = dedup.scan(rows, config)
    ids = [each.doc_id for each in result.documents]
    assert ids == sorted(ids)
    keys = [(pair.a, pair.b) for pair in result.pairs]
    assert keys == sorted(set(keys))
    assert all(a < b for a, b in keys)
    order = [(each.a, each.b, each.start_a, each.start_b) for each in result.passages]
    assert order == sorted(order)
    matched = dict(zip(keys, (pair.matched_tokens for pair in result.pairs), strict=True))
    for each in result.passages:
        assert (each.a, each.b) in matched
        assert 0 < each.density <= 1
        assert each.matched_tokens >= config.passage_min_tokens
        assert matched[each.a, each.b] >= min(each.matched_tokens, config.passage_min_tokens)
    for pair in result.pairs:
        for share in (pair.jaccard, pair.containment_a, pair.containment_b, pair.coverage):
            assert 0 <= share <= 1
        assert pair.jaccard <= min(pair.containment_a, pair.containment_b)
    for pair in result.pairs:
        total = sum(
            each.matched_tokens for each in result.passages if (each.a, each.b) == (pair.a, pair.b)
        )
        assert pair.relation == "exact" or pair.matched_tokens <= total
    for name, schema in CONTRACT.items():
        assert result.tables[name].schema.equals(schema)


@examples
@given(corpora(), configs)
def test_no_passage_begins_or_ends_in_what_is_removed(rows, config):
    result = dedup.scan(rows, config)
    cuts = {}
    names = result.corpus.table["doc_id"].to_pylist()
    for cut in result.removals.to_pylist():
        cuts.setdefault(names[cut["doc"]], []).append((cut["start"], cut["end"]))
    for each in result.passages:
        for name, start, end in (
            (each.a, each.start_a, each.end_a),
            (each.b, each.start_b, each.end_b),
        ):
            for low, high in cuts.get(name, ()):
                assert not low <= start < high
                assert not low < end <= high


@few_examples
@given(corpora(clean=False))
def test_everything_cleaned_can_be_restored(rows):
    texts = {row["id"]: from_python([row]).table["text"][0].as_py() for row in rows}
    for entry in dedup.clean(rows, everything=True):
        assert dedup.restore(entry) == texts[entry["doc_id"]]


# Neighbours.

# Every word that carries meaning is made up, so it shares nothing but stop words.
STRANGER = (
    "The zorbalin of the mizkan was not in a fendrosh, and it had been with the quoltep for a "
    "while. They were at the blimtoun, so that all of us could see what there is to be wugthorned "
    "in it. Some of the krelvish have said that it is on the other side of the prandivol."
)


def rows_of(table, without, columns):
    return [row for row in table.to_pylist() if without not in {row[name] for name in columns}]


@few_examples
@given(corpora(ENGLISH, extra=st.just("!? …")), configs, st.sampled_from(["aa", "d35", "zz"]))
def test_a_document_that_shares_nothing_changes_nothing(rows, config, name):
    """In languages with a stop list.

    Where none fits, the words to discount are learned from all such documents together, so any
    document without a list can change their passages.
    """
    alone = dedup.scan(rows, config)
    beside = dedup.scan([*rows, {"id": name, "text": STRANGER}], config)
    for table, columns in (
        *(("documents", ["doc_id"]), ("pairs", ["a", "b"])),
        *(("passages", ["a", "b"]), ("repeats", ["doc_id"])),
    ):
        kept = rows_of(beside.tables[table], name, columns)
        assert kept == alone.tables[table].to_pylist()
        if table in ("pairs", "passages"):
            assert len(kept) == len(beside.tables[table])
    (stranger,) = [each for each in beside.documents if each.doc_id == name]
    assert (stranger.kept, stranger.cluster) == (True, name)


@pytest.mark.parametrize("count", [0, 1])
def test_a_corpus_of_nothing_or_one(count):
    result = dedup.scan([QUOTED] * count)
    assert result.summary["documents"]["kept"] == count
    assert result.pairs == result.passages == []
