"""A run that was killed goes on where it stopped, and gives the same bytes."""

from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import nursery
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.config import Config
from dedup.core.checkpoints import MANIFEST, Work
from dedup.errors import InputError, OutputError
from dedup.pipeline import documents as gathering
from dedup.pipeline import fast as streaming
from dedup.pipeline import full
from dedup.pipeline.run import scan_reader
from dedup.similarity.differences import Judge
from dedup.sources import ReadOptions
from dedup.sources.rereadable import Files

FAST = Config(find=("duplicates",))
PARTS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in ("ln", "rt", "m", "st")]
WORDS = [one + two for one in PARTS for two in PARTS]  # of fewer, each is in too many texts to tell


def made(count, seed=1):
    """Return rows of 40 words; every third is a copy of the one before with one word changed."""
    draw = random.Random(seed)
    rows, words = [], []
    for k in range(count):
        words = [*words[:-1], "changed"] if k % 3 == 1 else draw.choices(WORDS, k=40)
        rows.append({"id": f"{draw.randrange(10**9)}-{k}", "text": " ".join(words)})
    return rows


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "news.parquet"
    pq.write_table(pa.Table.from_pylist(made(9_000)), path, row_group_size=1_000)
    return path


def files(path, folder):
    return Files([str(path)], ReadOptions(), folder=folder)


def tables(result):
    return {name: table.to_pylist() for name, table in result.tables.items()}


def test_each_stage_is_taken_up(corpus, tmp_path, monkeypatch):
    """Stop before each stage in turn; what was finished is not done again."""
    wanted = scan_reader(files(corpus, tmp_path), FAST)
    assert wanted.summary["clusters"]["count"] == 3_000
    monkeypatch.setattr(streaming, "_COMMIT_BYTES", 1 << 19)
    folder = tmp_path / "work"

    class Stopped(Exception):
        pass

    def go(stop=None):
        told = []

        def progress(stage, done, total):
            told.append(stage)
            if stage == stop:
                raise Stopped

        reader = files(corpus, folder)
        work = Work.at(folder, reader.header(FAST))
        return scan_reader(reader, FAST, work=work, progress=progress), work

    for stage in ("candidates", "shingles", "pairs", "differences", "clusters"):
        with pytest.raises(Stopped):
            go(stage)
        state = json.loads((folder / MANIFEST).read_text())
        assert state["stages"]
    monkeypatch.setattr(streaming, "sign_all", None)  # would be called if anything were done again
    monkeypatch.setattr(streaming, "shingle_all", None)
    monkeypatch.setattr(Judge, "find", None)
    result, work = go()
    assert tables(result) == tables(wanted)
    assert result.summary == wanted.summary
    work.clear()
    assert not folder.exists()


def test_signing_goes_on_after_the_last_commit(corpus, tmp_path, monkeypatch):
    wanted = scan_reader(files(corpus, tmp_path), FAST)
    monkeypatch.setattr(streaming, "_COMMIT_BYTES", 1)
    monkeypatch.setattr("dedup.sources.pieces._PIECE_BYTES", 1)
    folder = tmp_path / "work"
    signed = []
    whole = streaming.sign_all

    def some(batches, config, **how):
        for number, each in enumerate(whole(batches, config, **how)):
            if number == 3 and not signed:
                signed.append(number)
                raise KeyboardInterrupt
            yield each

    monkeypatch.setattr(streaming, "sign_all", some)
    reader = files(corpus, folder)
    with pytest.raises(KeyboardInterrupt):
        scan_reader(reader, FAST, work=Work.at(folder, reader.header(FAST)))
    with next((folder / "arrays").iterdir()).open("ab") as torn:
        torn.write(b"half a piece")
    reader = files(corpus, folder)
    work = Work.at(folder, reader.header(FAST))
    assert work.begun == 3
    assert tables(scan_reader(reader, FAST, work=work)) == tables(wanted)


def test_what_differs_is_named(corpus, tmp_path):
    folder = tmp_path / "work"
    reader = files(corpus, folder)
    work = Work.at(folder, reader.header(FAST))
    with pytest.raises(OutputError, match="another run is working in it"):
        Work.at(folder, reader.header(FAST))
    other = Config(find=("duplicates",), threshold=0.8)
    del work
    Work.at(folder, reader.header(other)).release()  # nothing was left: any other will do
    work = Work.at(folder, reader.header(FAST))
    work.commit(1)
    del work
    with pytest.raises(InputError, match=r"setting threshold: got 0\.8, there 0\.7"):
        Work.at(folder, reader.header(other))
    os.utime(corpus, (1, 1))
    with pytest.raises(InputError, match=r"input .*news\.parquet: got \[\d+, 1000000000\]"):
        Work.at(folder, files(corpus, folder).header(FAST))


@pytest.fixture(params=[FAST, Config()], ids=["fast", "full"])
def on_stdin(request, tmp_path, monkeypatch):
    """Return what scans rows that come on stdin, and stops before a stage if one is named."""
    folder = tmp_path / "work"

    def go(rows, stop=None):
        def progress(stage, done, total):
            if stage == stop:
                raise KeyboardInterrupt

        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
        reader = Files(["-"], ReadOptions(format="jsonl"), folder=folder)
        work = Work.at(folder, reader.header(request.param), once=reader.is_read_once)
        result = scan_reader(reader, request.param, work=work, progress=progress)
        work.clear()
        return tables(result)

    return go


def test_a_run_on_stdin_goes_on_with_the_same_stdin_only(on_stdin):
    rows = made(60)
    wanted = on_stdin(rows)
    for stop in ("candidates", "pairs", "clusters"):
        with pytest.raises(KeyboardInterrupt):
            on_stdin(rows, stop)
        for other in (made(60, 2), rows[:-1], [*rows, rows[0]]):
            with pytest.raises(InputError, match="stdin is not what it has read"):
                on_stdin(other)
        assert on_stdin(rows if stop == "pairs" else []) == wanted  # nothing says nothing else


def test_another_stdin_begins_anew_where_the_first_was_not_read(on_stdin, tmp_path, monkeypatch):
    """What is there of a first reading is of another stdin, perhaps."""
    other = made(60, 2)
    wanted = on_stdin(other)
    for module in (streaming, gathering):
        monkeypatch.setattr(module, "_COMMIT_BYTES", 1)
    with monkeypatch.context() as patched:
        for module in (streaming, gathering):
            patched.setattr(module, "joined_metadata", None, raising=False)
            patched.setattr(module, "in_order_of_id", None, raising=False)
        with pytest.raises(TypeError):
            on_stdin(made(90))
    assert json.loads((tmp_path / "work" / MANIFEST).read_text())["batches"]
    assert on_stdin(other) == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
@pytest.mark.parametrize("config", [FAST, Config()], ids=["fast", "full"])
def test_names_that_are_no_text_are_kept_apart(tmp_path, config):
    texts = tmp_path / "texts"
    texts.mkdir()
    for name in (b"\xff.txt", b"\xfe.txt", b"\\xff.txt"):
        (texts / os.fsdecode(name)).write_text(f"Some text of {len(name)} words.")
    reader = files(texts, tmp_path / "work")
    header = reader.header(config)
    assert len(header["input"]) == 3
    result = scan_reader(reader, config, work=Work.at(tmp_path / "work", header))
    assert len(result.tables["documents"]) == 3


def test_a_folder_of_others_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds mine\.txt and no manifest\.json"):
        Work.at(tmp_path, {})


def test_each_stage_of_a_whole_scan_is_taken_up(tmp_path, monkeypatch):
    """Stop before each stage in turn; what was finished is not done again."""
    path = tmp_path / "news.parquet"
    pq.write_table(pa.Table.from_pylist(made(900)), path, row_group_size=100)
    config = Config(weak=True)
    wanted = scan_reader(files(path, tmp_path), config)
    assert wanted.summary["clusters"]["count"] == 300
    assert len(wanted.tables["passages"]) >= 300
    folder = tmp_path / "work"

    class Stopped(Exception):
        pass

    def go(stop=None):
        def progress(stage, done, total):
            if stage == stop:
                raise Stopped

        reader = files(path, folder)
        work = Work.at(folder, reader.header(config))
        return scan_reader(reader, config, work=work, progress=progress), work

    done = []
    for stage in (each.name for each in full.MODE.stages):
        with pytest.raises(Stopped):
            go(stage)
        state = json.loads((folder / MANIFEST).read_text())
        assert set(done) <= set(state["stages"])
        done = list(state["stages"])
    saved = ["texts", "tokens", "candidates", "removals", "passages", "misread", "differences"]
    assert done == [*saved, "families", "stories"]
    makers = ("tokenise_texts", "find_copies", "find_removals", "find_passages", "find_misread")
    makers += ("find_families", "find_stories")
    for name in makers:
        monkeypatch.setattr(full, name, None)  # would be called if anything were done again
    monkeypatch.setattr(Judge, "find", None)
    result, work = go()
    assert tables(result) == tables(wanted)
    assert result.summary == wanted.summary
    assert result.corpus.table["text"].to_pylist() == wanted.corpus.table["text"].to_pylist()
    work.clear()
    assert not folder.exists()


def test_reading_texts_goes_on_after_the_last_commit(corpus, tmp_path, monkeypatch):
    config = Config(find=("passages",))
    wanted = scan_reader(files(corpus, tmp_path), config)
    monkeypatch.setattr(gathering, "_COMMIT_BYTES", 1)
    folder = tmp_path / "work"
    reader = files(corpus, folder)
    whole = reader.batches

    def some():
        for number, each in enumerate(whole()):
            if number == 3:
                raise KeyboardInterrupt
            yield each

    monkeypatch.setattr(reader, "batches", some)
    with pytest.raises(KeyboardInterrupt):
        scan_reader(reader, config, work=Work.at(folder, reader.header(config)))
    reader = files(corpus, folder)
    work = Work.at(folder, reader.header(config))
    assert work.begun == 3
    assert tables(scan_reader(reader, config, work=work)) == tables(wanted)


SMALL_COMMITS = """
from dedup.pipeline import documents, fast
documents._COMMIT_BYTES = fast._COMMIT_BYTES = 1 << 19
"""


def killed_runs(corpus, tmp_path, kills, find):
    """Kill a run at random moments, each time with a fresh work folder; compare the results."""

    def command(out, work):
        return ["scan", corpus, "-q", "--find", find, "-o", out, "--work", work]

    def bytes_of(folder):
        return {each.name: each.read_bytes() for each in sorted(Path(folder).iterdir())}

    draw = random.Random(5)
    stopped = 0
    loaded = command(tmp_path / "wanted", tmp_path / "w")
    with nursery.opened(SMALL_COMMITS, loaded) as processes:
        wanted = bytes_of(tmp_path / "wanted")
        begin = time.perf_counter()
        assert processes.start(*loaded).wait() == 0
        seconds = time.perf_counter() - begin
        assert bytes_of(tmp_path / "wanted") == wanted
        for number in range(kills):
            work, out = tmp_path / f"work{number}", tmp_path / f"out{number}"
            process = processes.start(*command(out, work))
            time.sleep(draw.uniform(0.05, 1) * seconds)
            process.kill()
            stopped += process.wait() == -signal.SIGKILL
            # Either nothing or everything is there: the files are renamed together at the end.
            there = {each.name for each in out.iterdir()} if out.exists() else set()
            for name in there & wanted.keys():
                assert (out / name).read_bytes() == wanted[name]
            assert processes.start(*command(out, work)).wait() == 0
            found = bytes_of(out)
            assert {name: found[name] for name in wanted} == wanted
            assert not work.exists()
    return stopped


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages,repeats"])
def test_killed_runs_go_on(corpus, tmp_path, kills, find, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # what is killed clears nothing away
    stopped = killed_runs(corpus, tmp_path, kills, find)
    assert stopped or kills < 20  # two may both come after the end
