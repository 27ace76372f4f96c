"""The fast path gives what the whole pipeline gives, in memory, from files and spilled."""

from __future__ import annotations

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import BAKERY, COMET, FERRY, LIBRARY, ORCHARD, PENDULUM, QUOTED, SWIMMING, THEATRE
from strategies import PIECES

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.core.checkpoints import Work
from dedup.core.hashing import text_digests
from dedup.core.spool import Spool
from dedup.pipeline import fast, full
from dedup.pipeline.run import scan_reader
from dedup.pipeline.signing import sign_batch
from dedup.pipeline.stages import Resources, run_stages
from dedup.pipeline.wording import BatchWords, KeptWords
from dedup.similarity.lsh import bands_and_rows
from dedup.similarity.minhash import sign_texts
from dedup.sources import ReadOptions, from_python
from dedup.sources.pieces import Groups
from dedup.sources.rereadable import Files, Held

FAST = Config(find=("duplicates",))
PROSE = (BAKERY, COMET, FERRY, LIBRARY, ORCHARD, PENDULUM, QUOTED, SWIMMING, THEATRE)


def made_corpus(count, seed):
    """Return documents of a few paragraphs, some of them copies with changes."""
    random = np.random.default_rng(seed)
    documents = []
    for k in range(count):
        kind = random.integers(0, 8)
        if documents and kind < 5:
            words = documents[random.integers(0, len(documents))]["text"].split(" ")
            if kind == 1:
                words = words[: max(len(words) * 3 // 4, 1)]
            elif kind > 1:
                for position in random.integers(0, len(words), max(len(words) // 40, 1)):
                    words[position] = f"word{position}"
            text = " ".join(words) + (" cut …" if kind == 4 else "")
            text = text.upper() if kind == 3 else text
        elif kind == 5:
            text = ("", "one", "…")[random.integers(0, 3)]
        else:
            chosen = random.permutation(len(PROSE))[: random.integers(1, 4)]
            text = f"{k} " + "\n\n".join(PROSE[each] for each in chosen)
        date = None if random.integers(0, 3) else f"2024-0{random.integers(1, 9)}"
        documents.append({"id": f"{random.integers(0, 10**6):06d}", "text": text, "date": date})
    return documents


def held(corpus):
    """Return a corpus in memory as a reader."""
    return Held(corpus.table, corpus.read_report)


def whole(corpus, config):
    """Return what the whole pipeline finds, where the fast path would do."""
    state = full.hold_corpus(corpus, config, Resources(1, 1 << 30, Work(Spool())))
    return run_stages(full.MODE.stages, state).result


def checked(result, wanted):
    """Compare two results, but for the corpus they carry."""
    for name, table in wanted.tables.items():
        assert result.tables[name].to_pylist() == table.to_pylist(), name
    assert result.summary == wanted.summary


@pytest.mark.parametrize("canonical", ["complete", "earliest", "longest"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fast_path_gives_what_the_pipeline_gives(seed, canonical):
    config = Config(find=("duplicates",), canonical=canonical)
    corpus = from_python(made_corpus(150, seed))
    wanted = whole(corpus, config)
    assert wanted.summary["clusters"]["count"] > 5
    assert {"exact", "near_duplicate"} <= set(wanted.summary["relations"])
    for threads in (1, 3):
        for memory in (1, 8 << 30):
            result = scan_reader(held(corpus), config, threads=threads, memory=memory)
            checked(result, wanted)
            assert result.corpus.table.equals(wanted.corpus.table)


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), max_size=12))
def test_fast_path_on_any_text(strings):
    corpus = from_python(strings) if strings else from_python(pa.array([], pa.string()))
    config = Config(find=("duplicates",), shingle_size=2, threshold=0.4)
    wanted = whole(corpus, config)
    checked(scan_reader(held(corpus), config), wanted)


@pytest.mark.parametrize("memory", [1, 10_000, 8 << 30])
@pytest.mark.parametrize("form", ["jsonl", "parquet", "stdin"])
def test_what_is_spilled_and_read_again_changes_nothing(tmp_path, monkeypatch, form, memory):
    documents = made_corpus(120, 7)
    documents[5]["id"] = documents[6]["id"] = documents[7]["id"]  # told apart by their texts
    lines = [json.dumps(each) for each in documents]
    wanted = scan_reader(held(from_python(documents)), FAST)
    for backwards in (False, True):
        paths = [str(tmp_path / f"news.{form}")]
        if form == "parquet":
            rows = documents[::-1] if backwards else documents
            pq.write_table(pa.Table.from_pylist(rows), paths[0], row_group_size=17)
        else:
            (tmp_path / f"news.{form}").write_text("\n".join(lines[:: -1 if backwards else 1]))
        if form == "stdin":
            data = io.BytesIO((tmp_path / "news.stdin").read_bytes())
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data))
            paths = ["-"]
        options = ReadOptions() if form == "parquet" else ReadOptions(format="jsonl")
        files = Files(paths, options, folder=tmp_path)
        result = scan_reader(files, FAST, memory=memory, threads=2)
        assert "text" not in result.corpus.table.column_names
        for name in ("pairs", "documents"):
            got, right = (
                [{**row, "path": None} for row in each.tables[name].to_pylist()]
                for each in (result, wanted)
            )
            assert got == right
        assert result.summary["documents"] == wanted.summary["documents"]
        assert result.corpus.read_report.read == len(documents)
        assert result.corpus.read_report.damaged["duplicate_id"] == 2


@pytest.mark.parametrize(("memory", "times"), [(0, 0), (8 << 30, 0), (1, 1)])
def test_parquet_is_read_again_only_where_its_texts_do_not_fit(
    tmp_path, monkeypatch, memory, times
):
    read, texts = [], Groups.texts
    monkeypatch.setattr(Groups, "texts", lambda self: read.append(self) or texts(self))
    for number in range(2):
        rows = made_corpus(60, 7)
        for row in rows:
            row["id"] = f"{row['id']}-{number}"
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{number}.parquet")
    files = Files([str(tmp_path)], ReadOptions(), folder=tmp_path)
    result = scan_reader(files, FAST, memory=memory, threads=2)
    assert result.summary["relations"]["exact"] >= 60
    assert len(read) == times


def test_stages_are_told_in_order():
    told = []
    scan_reader(held(from_python(["a"])), FAST, progress=lambda *each: told.append(each))
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert [name for name, *_ in told] == [*(stage.name for stage in fast.MODE.stages), "done"]


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), min_size=1, max_size=6))
def test_a_batch_leaves_what_the_signatures_say(strings):
    texts = texts_from_strings(strings)
    signed = sign_batch(texts, FAST)
    signatures, counts = sign_texts(texts, FAST)
    bands, rows = bands_and_rows(FAST)
    assert signed.keys.shape == (bands, len(strings))
    assert signed.counts.tolist() == counts.tolist()
    for one in range(len(strings)):
        for two in range(len(strings)):
            same = [
                bool((signatures[one, low : low + rows] == signatures[two, low : low + rows]).all())
                for low in range(0, bands * rows, rows)
            ]
            assert (signed.keys[:, one] == signed.keys[:, two]).tolist() == same
            assert (signed.digests[one] == signed.digests[two]) == (
                texts.text(one) == texts.text(two)
            )


def test_words_are_the_same_whether_texts_are_held_or_spilled():
    strings = ["One bridge in Kyiv was hit.", "", "Zwei Brücken – heute.", "x", "三座桥梁。"]
    order = np.array([3, 0, 4, 1, 2])
    batches = [
        texts_from_strings(strings[:2]),
        texts_from_strings([]),
        texts_from_strings(strings[2:]),
    ]
    held = BatchWords.of(batches, order)
    whole = texts_from_strings(strings)
    spilled = KeptWords(whole.data, None, whole.offsets, order)
    for rows in ([], [0], [1, 3], [0, 1, 2, 3, 4]):
        one, two = (source(np.array(rows, np.int64)) for source in (held, spilled))
        for name in ("bounds", "hashes", "values", "kinds", "starts", "data", "offsets"):
            assert getattr(one, name).tolist() == getattr(two, name).tolist()


def test_digests_see_every_byte():
    text = "x" * 100
    changed = [text[:k] + "y" + text[k + 1 :] for k in range(100)]
    digests = text_digests(texts_from_strings([text, text[:-1], *changed, ""]))
    assert len(set(digests.tolist())) == 103
