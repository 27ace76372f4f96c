"""Inputs behind URLs: in the memory of fsspec, and from a server on this machine."""

import gzip
import http.server
import sys
import threading

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from dedup import cli
from dedup.config import Config
from dedup.errors import InputError
from dedup.schema import ReadReport
from dedup.sources import ReadOptions, input_bytes, read, read_batches
from dedup.sources.remote import shown
from dedup.sources.rereadable import Files

ROWS = [{"id": f"d{n}", "text": f"text {n}"} for n in range(300)]
LINES = b"".join(orjson.dumps(row) + b"\n" for row in ROWS)


def ids(corpus):
    return corpus.table["doc_id"].to_pylist()


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec", reason="the extra `remote` is missing")
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture
def server(tmp_path):
    pytest.importorskip("fsspec", reason="the extra `remote` is missing")
    pytest.importorskip("aiohttp", reason="the extra `remote` is missing")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(tmp_path))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_every_form_is_read_from_a_url(memory):
    memory.pipe("/in/a.jsonl.gz", gzip.compress(LINES))
    memory.pipe("/in/b.csv", b"id,text\nx,one\n")
    memory.pipe("/in/c.txt", b"two")
    with memory.open("/in/d.parquet", "wb") as file:
        pq.write_table(pa.table({"id": ["y"], "text": ["three"]}), file)
    told = []
    paths = [f"memory://in/{name}" for name in ("a.jsonl.gz", "b.csv", "c.txt", "d.parquet")]
    corpus = read(paths, progress=told.append)
    expected = [*(row["id"] for row in ROWS), "x", "memory://in/c.txt", "y"]
    assert sorted(ids(corpus)) == sorted(expected)
    assert set(corpus.table["path"].to_pylist()) == set(paths)
    assert corpus.read_report.is_clean
    assert sum(told) == input_bytes(paths) == sum(memory.size(path) for path in paths)


def test_folders_and_patterns_behind_a_url_are_read_in_order(memory):
    memory.pipe("/in/b.txt", b"two")
    memory.pipe("/in/a/c.txt", b"one")
    memory.pipe("/in/.hidden/d.txt", b"never")
    memory.pipe("/in/e.jpg", b"never")
    corpus = read(["memory://in"])
    assert ids(corpus) == ["memory:///in/a/c.txt", "memory:///in/b.txt"]
    assert corpus.read_report.notes == ["1 file ignored: no reader for .jpg"]
    assert ids(read(["memory://in/*.txt"])) == ["memory:///in/b.txt"]
    twice = read(["memory://in", "memory://in/*.txt"])
    assert len(twice.table) == 2
    assert twice.read_report.notes[-1] == "1 file was given more than once and read once"


@pytest.mark.parametrize("name", ["nothing.txt", "nothing*.txt"])
def test_a_missing_url_stops_before_anything_is_read(memory, name):
    with pytest.raises(InputError, match="no") as caught:
        read([f"memory://in/{name}"])
    assert caught.value.path == f"memory://in/{name}"


def test_a_record_without_an_id_is_called_by_url_and_line(memory):
    memory.pipe("/a.jsonl", b'{"text": "one"}\n{"text": 5}\n')
    corpus = read(["memory://a.jsonl"])
    assert ids(corpus) == ["memory://a.jsonl:1"]
    assert corpus.read_report.places == {"text_not_a_string": ["memory://a.jsonl:2"]}


def test_a_remote_file_that_breaks_gives_what_came_before(memory, monkeypatch):
    memory.pipe("/a.jsonl", LINES * 2000)
    from fsspec.implementations.memory import MemoryFile

    original = MemoryFile.read

    def failing(self, size=-1):
        if self.tell() > 3 << 20:
            raise RuntimeError("the line is dead")
        return original(self, size)

    monkeypatch.setattr(MemoryFile, "read", failing)
    read_report = ReadReport()
    rows = sum(map(len, read_batches(["memory://a.jsonl"], ReadOptions(), read_report)))
    assert read_report.files_failed == {"unreadable": 1}
    assert 300 < rows < 600_000


def test_files_are_read_from_a_server(server, tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES))
    pq.write_table(pa.table({"id": ["y"], "text": ["three"]}), tmp_path / "d.parquet")
    address = server.replace("//", "//me:secret@")
    corpus = read([f"{address}/a.jsonl.gz?signature=secret", f"{server}/d.parquet"])
    assert set(ids(corpus)) == {*(row["id"] for row in ROWS), "y"}
    paths = {f"{server}/a.jsonl.gz", f"{server}/d.parquet"}
    assert set(corpus.table["path"].to_pylist()) == paths
    assert corpus.read_report.is_clean
    with pytest.raises(InputError, match="no such file") as caught:
        read([f"{server}/none.jsonl?signature=secret"])
    assert "secret" not in str(caught.value)


def test_a_large_file_is_read_from_a_server_that_gives_no_ranges(server, tmp_path):
    row = orjson.dumps({"text": "a" * 1000}) + b"\n"
    (tmp_path / "a.jsonl").write_bytes(row * 8000)
    pq.write_table(pa.table({"text": ["three"] * 5}), tmp_path / "d.parquet")
    corpus = read([f"{server}/a.jsonl", f"{server}/d.parquet"])
    assert len(corpus.table) == 8005
    assert corpus.read_report.is_clean


def test_a_server_that_is_not_there_is_said(server):
    with pytest.raises(InputError, match="cannot be reached") as caught:
        read(["http://me:secret@127.0.0.1:9/none.jsonl?signature=secret"])
    assert "secret" not in str(caught.value)


def test_a_cleaned_folder_holds_what_a_url_gave(memory, tmp_path):
    memory.pipe("/in/a.txt", b"one text of some words\n")
    out = tmp_path / "out"
    CliRunner().invoke(cli.root, ["clean", "memory://in", "-o", str(out)], catch_exceptions=False)
    written = [path for path in (out / "articles").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in written] == [b"one text of some words\n"]


def test_a_url_is_scanned(memory):
    memory.pipe("/a.jsonl.gz", gzip.compress(LINES + LINES))
    given = ["scan", "memory://a.jsonl.gz", "--json"]
    done = CliRunner().invoke(cli.root, given, catch_exceptions=False)
    assert orjson.loads(done.stdout)["summary"]["documents"]["read"] == 600


def test_rows_behind_a_url_are_written_with_their_types(memory, tmp_path):
    table = pa.table({"n": pa.array(range(300), pa.int16()),
                      "text": [row["text"] for row in ROWS]})  # fmt: skip
    with memory.open("/in/a.parquet", "wb") as file:
        pq.write_table(table, file)
    given = ["scan", "memory://in", "-o", str(tmp_path), "--annotate", "--format", "parquet"]
    done = CliRunner().invoke(cli.root, [*given, "--find", "duplicates"], catch_exceptions=False)
    assert done.exit_code == 0
    assert pq.read_table(tmp_path / "rows.parquet").drop_columns(["dedup"]).equals(table)


def test_a_run_that_can_be_continued_knows_a_remote_file_and_no_secret(memory, tmp_path):
    paths = ["memory://me:secret@a.jsonl"]
    memory.pipe("/me:secret@a.jsonl", LINES)
    header = Files(paths, ReadOptions(), folder=tmp_path).header(Config())
    assert "secret" not in orjson.dumps(header).decode()
    assert header["input"]["memory://a.jsonl"][0] == len(LINES)
    memory.pipe("/me:secret@a.jsonl", LINES * 2)
    assert Files(paths, ReadOptions(), folder=tmp_path).header(Config()) != header


def test_without_its_extra_a_url_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(InputError, match=r"pip install 'dedup-toolkit\[remote\]'"):
        read(["https://host.org/a.jsonl"])


def test_an_unknown_scheme_is_an_input_error(memory):
    with pytest.raises(InputError, match="cannot be reached"):
        read(["nonsense://a/b.jsonl"])


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://key:secret@bucket/a?b.jsonl", "s3://bucket/a?b.jsonl"),
        ("https://u:p@h.org/a.gz?x=1#y", "https://h.org/a.gz"),
        ("memory://a", "memory://a"),
        ("a/b@c.txt", "a/b@c.txt"),
    ],
)
def test_secrets_are_not_shown(url, told):
    assert shown(url) == told
