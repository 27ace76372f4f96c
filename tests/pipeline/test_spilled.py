"""A scan with everything gives the same in memory and with its arrays in files."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prose import BAKERY, COMET, FERRY, LANGUAGES, LIBRARY, ORCHARD, PENDULUM, SWIMMING, THEATRE

from dedup.cleaning import find as removals
from dedup.cleaning.boilerplate import lines
from dedup.config import Config
from dedup.core import arrays, storage
from dedup.core.storage import Columns
from dedup.passages import find as passages
from dedup.passages import seeds
from dedup.passages.families import find as families
from dedup.pipeline import candidates as copies
from dedup.pipeline import discount
from dedup.pipeline import documents as gathering
from dedup.pipeline.run import scan_corpus, scan_reader
from dedup.pipeline.stages import Resources
from dedup.sources import ReadOptions, from_python
from dedup.sources.rereadable import Files, Held

PROSE = (BAKERY, COMET, FERRY, LIBRARY, ORCHARD, PENDULUM, SWIMMING, THEATRE)
FOOT = "\n\nSubscribe to our newsletter\n\nMore from the Valley Herald desk\n\nContact the desk"
HARBOUR = "Kontak meja berita kami di pelabuhan lama setiap hari kerja sebelum tengah hari "


def pages(count, seed):
    """Return pages of three sites: shared paragraphs, repeats, furniture, copies, no stop list."""
    draw = np.random.default_rng(seed)
    made = []
    for k in range(count):
        parts = [PROSE[each] for each in draw.permutation(len(PROSE))[: draw.integers(1, 4)]]
        site = f"site{draw.integers(0, 3)}.example"
        if k % 5 == 0:
            parts.append(parts[0])  # a paragraph that stands twice
        if k % 7 == 0:
            parts.append(" ".join(each for _, each in LANGUAGES.values()))
        if k % 6 == 0:
            parts.append(HARBOUR * 3 + f"nomor {k}")
        text = f"Day {k} in the valley\n\n" + "\n\n".join(parts) + FOOT * (site != "site2.example")
        if made and k % 4 == 0:
            text = made[draw.integers(0, len(made))]["text"].replace("the", "a", k % 3)
        text = "" if k % 17 == 0 else text
        made.append({"id": f"{draw.integers(0, 10**6):06d}-{k}", "text": text, "site": site})
    return made


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Cut everything into so many parts that the seams are tested."""
    for module, name, size in (
        (arrays, "_RUN_VALUES", 3_000),
        (removals, "_PART_BYTES", 5_000),
        (copies, "_RUN_TOKENS", 700),
        (copies, "_RUN_PAIRS", 7),
        (copies, "_FILE_PAIRS", 5),
        (copies, "_MOST_WAITING", 2),
        (seeds, "_FILE_SEEDS", 900),
        (seeds, "_PART_SEEDS", 800),
        (seeds, "_RUN_TOKENS", 700),
        (seeds, "_ROW_SEEDS", 500),
        (passages, "_RUN_SEEDS", 300),
        (lines, "_PART_LINES", 40),
        (discount, "_RUN_TOKENS", 700),
        (discount, "_RUN_PAIRS", 7),
        (families, "_RUN_TOKENS", 600),
    ):
        assert hasattr(module, name)
        monkeypatch.setattr(module, name, size)


def checked(result, wanted):
    for name, table in wanted.tables.items():
        got = [{**row, "path": None} for row in result.tables[name].to_pylist()]
        assert got == [{**row, "path": None} for row in table.to_pylist()], name
    for name in ("removals", "annotations"):
        assert getattr(result, name).to_pylist() == getattr(wanted, name).to_pylist(), name
    assert result.review.to_pylist() == wanted.review.to_pylist()
    without = ("read_report", "warnings")
    for name in wanted.summary.keys() - set(without):
        assert result.summary[name] == wanted.summary[name], name
    texts = wanted.corpus.table["text"].to_pylist()
    assert result.corpus.table["text"].to_pylist() == texts


@pytest.mark.parametrize(
    "config",
    [
        Config(weak=True),
        Config(find=("passages",), weak=True),
        Config(find=("repeats", "duplicates"), shingle_unit="char"),
        Config(find=("duplicates", "passages"), shingle_unit="auto", canonical="longest"),
    ],
    ids=lambda config: "+".join(config.find) + "," + config.shingle_unit,
)
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_files_or_memory(tmp_path, config, form):
    documents = pages(90, 3)
    path = tmp_path / f"news.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(documents), path, row_group_size=13)
    else:
        path.write_text("\n".join(json.dumps(each) for each in documents))
    wanted = scan_corpus(from_python(documents), config, threads=1)
    assert wanted.tables["passages"].num_rows > 100 or "passages" not in config.find
    assert wanted.removals.num_rows > 60 or "repeats" not in config.find
    for threads in (1, 3):
        for memory in (1, 8 << 30):
            files = Files([str(path)], ReadOptions(), folder=tmp_path)
            checked(scan_reader(files, config, threads=threads, memory=memory), wanted)


def test_the_size_of_parts_does_not_matter(monkeypatch):
    documents = from_python(pages(120, 8))
    wanted = scan_corpus(documents, Config(weak=True), threads=2)
    assert wanted.removals.num_rows
    monkeypatch.undo()
    checked(scan_corpus(documents, Config(weak=True), threads=2), wanted)


def test_nothing_at_all(tmp_path):
    corpus = from_python(pa.array([], pa.string()))
    wanted = scan_corpus(corpus, Config())
    checked(scan_reader(Held(corpus.table, corpus.read_report), Config(), memory=1), wanted)


def test_little_is_in_memory_at_a_time(tmp_path):
    """The columns are in files as soon as the texts are more than the memory allows."""
    assert gathering.text_budget(1 << 30) * gathering.FOLD < 1 << 30
    corpus = from_python(pages(30, 2))
    held = Held(corpus.table, corpus.read_report)
    for budget, in_files in ((1, True), (1 << 30, False)):
        read = gathering.gather(held, Resources(1, budget, kept(tmp_path, budget)))
        assert read.columns.in_files == in_files


def test_of_a_large_corpus_little_is_in_memory_by_default(tmp_path):
    half = 64 << 30  # of a large machine
    assert gathering.text_budget(half) > 5 << 30
    assert gathering.text_budget(half, default=True) < 200 << 20
    assert gathering.text_budget(1 << 30, default=True) == gathering.text_budget(1 << 30)


def test_what_is_in_files_is_given_back(tmp_path, monkeypatch):
    """A watched stage drops the pages that it looked at, but not a small window on the files."""
    spool = kept(tmp_path, 0).spool
    columns = Columns(spool, limit=1)
    column = columns.grow("numbers", np.int64, 1 << 20)
    column.append(np.arange(1 << 20))
    numbers = column.done()
    dropped = []
    monkeypatch.setattr(storage, "_WATCH", 0.001)
    monkeypatch.setattr(storage, "_CLOSE", 0.001)
    monkeypatch.setattr(storage, "resident", lambda: dropped.append(1) or (1 << 40, 1 << 40))
    with columns.watched():
        while len(dropped) < 3:
            assert int(numbers.sum()) == (1 << 19) * ((1 << 20) - 1)
    count = len(dropped)
    assert int(numbers.sum()) == (1 << 19) * ((1 << 20) - 1)
    assert len(dropped) == count  # nobody watches any more
    assert "numbers" in spool.flush()


@pytest.mark.parametrize(("free", "pause"), [(1 << 30, "_WATCH"), (1 << 20, "_CLOSE")])
def test_where_the_limit_is_near_memory_is_looked_at_more_often(tmp_path, monkeypatch, free, pause):
    columns = Columns(kept(tmp_path, 0).spool, limit=2 << 30)
    column = columns.grow("numbers", np.int64, 8)
    column.append(np.arange(8))
    column.done()
    monkeypatch.setattr(storage, "resident", lambda: ((2 << 30) - free, 0))
    assert columns.ease() == getattr(storage, pause)


def kept(folder, budget):
    from dedup.core.checkpoints import Work
    from dedup.core.spool import Spool

    return Work(Spool(lambda: folder, budget))
