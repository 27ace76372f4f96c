import errno
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.config import Config
from dedup.core import files
from dedup.core.files import atomic, staged
from dedup.core.hashing import sha256, xxh3_128
from dedup.errors import ConfigError, OutputError
from dedup.output import tables as sinks
from dedup.output.places import check_output, safe_name
from dedup.output.tables import write_result
from dedup.result import Result
from dedup.schema import ANNOTATIONS, CONTRACT, CORPUS, REMOVALS, Corpus, ReadReport, rows_table


def row(schema, **values):
    filler = {"string": "x", "bool": True, "double": 0.5, "int64": 1}
    return {item.name: filler[str(item.type)] for item in schema} | values


@pytest.fixture
def result():
    tables = {name: rows_table(schema, [row(schema)] * 3) for name, schema in CONTRACT.items()}
    tables["pairs"] = rows_table(CONTRACT["pairs"], [row(CONTRACT["pairs"], jaccard=2 / 3, a="é")])
    tables["repeats"] = rows_table(CONTRACT["repeats"], [])
    return Result(
        config=Config(),
        tables=tables,
        corpus=Corpus(CORPUS.empty_table(), ReadReport()),
        removals=REMOVALS.empty_table(),
        annotations=ANNOTATIONS.empty_table(),
        review=pa.array([], pa.bool_()),
        summary={"z": 1, "a": {"read": 3}},
    )


def listing(folder):
    return sorted(path.name for path in Path(folder).iterdir())


def test_a_result_is_written_as_json_lines_in_the_order_of_the_contract(result, tmp_path):
    paths = write_result(result, tmp_path / "new" / "out")
    names = ["documents.jsonl", "pairs.jsonl", "passages.jsonl", "repeats.jsonl", "summary.json"]
    assert [path.name for path in paths] == names
    assert listing(tmp_path / "new" / "out") == [*names, "written.json"]
    lines = paths[1].read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert list(json.loads(lines[0])) == CONTRACT["pairs"].names
    assert json.loads(lines[0])["jaccard"] == 0.666667
    assert paths[3].read_bytes() == b""
    assert paths[4].read_text() == '{\n  "z": 1,\n  "a": {\n    "read": 3\n  }\n}\n'


def test_a_result_is_written_as_parquet_of_the_same_schemas(result, tmp_path):
    paths = write_result(result, tmp_path, format="parquet")
    for path, (name, schema) in zip(paths, CONTRACT.items(), strict=False):
        assert path.name == f"{name}.parquet"
        assert pq.read_schema(path).equals(schema)
    assert pq.read_table(paths[1])["jaccard"].to_pylist() == [0.666667]


@pytest.mark.parametrize("format", sinks.FORMATS)
def test_the_same_result_gives_the_same_bytes(result, tmp_path, format):
    one = [path.read_bytes() for path in write_result(result, tmp_path / "one", format=format)]
    chunked = {
        name: pa.concat_tables([table[:1], table[1:]]) for name, table in result.tables.items()
    }
    result.tables.update(chunked)
    two = [path.read_bytes() for path in write_result(result, tmp_path / "two", format=format)]
    assert one == two


def test_long_tables_are_written_slice_by_slice(result, tmp_path, monkeypatch):
    before = write_result(result, tmp_path / "one")[0].read_bytes()
    monkeypatch.setattr(sinks, "_ROWS", 2)
    assert write_result(result, tmp_path / "two")[0].read_bytes() == before


def test_an_unknown_output_format_is_refused(result, tmp_path):
    with pytest.raises(ConfigError, match="jsonl or parquet"):
        write_result(result, tmp_path, format="xml")


# Whole or not at all


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "a"
    with atomic(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert listing(tmp_path) == ["a"]
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_and_raise(path, error):
    with atomic(path) as file:
        file.write(b"new")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(error):
        write_and_raise(path, error)
    assert path.read_bytes() == b"old"
    assert listing(tmp_path) == ["a"]


def stage_files(*paths):
    with staged(paths[-1]) as staging:
        for path in paths:
            staging.write(path, b"new")


def test_a_folder_in_the_place_of_a_file_is_an_output_error(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match="b: cannot write"):
        stage_files(tmp_path / "a", tmp_path / "b")
    assert listing(tmp_path) == ["b"]


def test_a_folder_that_cannot_be_made_is_an_output_error(result, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot write"):
        write_result(result, tmp_path / "file" / "out")


@pytest.mark.parametrize("format", sinks.FORMATS)
def test_a_full_disk_at_any_moment_leaves_the_old_result(result, tmp_path, monkeypatch, format):
    write_result(result, tmp_path, format=format)
    old = {path: path.read_bytes() for path in tmp_path.iterdir()}
    result.summary["z"] = 2
    flush, calls, fail_at = os.fsync, 0, 0

    def full(handle):
        nonlocal calls
        calls += 1
        if calls == fail_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    for fail_at in range(1, len(old) + 1):  # noqa: B007 - read by `full`
        calls = 0
        with pytest.raises(OutputError, match="No space left on device"):
            write_result(result, tmp_path, format=format)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


@pytest.mark.parametrize("format", sinks.FORMATS)
def test_a_disk_that_is_full_while_writing_leaves_the_old_result(
    result, tmp_path, monkeypatch, format
):
    write_result(result, tmp_path, format=format)
    old = {path: path.read_bytes() for path in tmp_path.iterdir()}
    opened = files.Staging.open

    class Full:
        def __init__(self, file):
            self._file = file

        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def __getattr__(self, name):
            return getattr(self._file, name)

    monkeypatch.setattr(files.Staging, "open", lambda self, path: Full(opened(self, path)))
    with pytest.raises(OutputError, match="No space left on device"):
        write_result(result, tmp_path, format=format)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "victim").write_bytes(b"old")
    (tmp_path / "a").symlink_to(tmp_path / "victim")
    with atomic(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "victim").read_bytes() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_any_number_of_files_is_staged_without_keeping_them_open(tmp_path):
    stage_files(*(tmp_path / str(n) for n in range(3000)))
    assert len(listing(tmp_path)) == 3000


# Output onto input


@pytest.fixture
def news(tmp_path):
    folder = tmp_path / "news"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"one")
    return folder


@pytest.mark.parametrize("out", [".", "out", "sub", "sub/new/out", "../news", "../link"])
def test_output_into_an_input_folder_is_refused(news, out):
    (news.parent / "link").symlink_to(news, target_is_directory=True)
    with pytest.raises(OutputError, match=r"lies in the input folder.*choose a folder"):
        check_output(news / out, [str(news)], ["documents.jsonl"])


def test_output_beside_an_input_is_allowed(news):
    check_output(news.parent / "out", [str(news), "-"])
    check_output(news.parent / "out", [str(news / "a.txt"), str(news / "*.txt")])
    check_output(news.parent, [str(news)], ["documents.jsonl"])
    check_output(news, [str(news / "a.txt")], ["documents.jsonl"])


@pytest.mark.parametrize("given", ["a.txt", "*.txt", "hard", "soft"])
def test_writing_over_an_input_file_is_refused(news, given):
    (news / "hard").hardlink_to(news / "a.txt")
    (news / "soft").symlink_to(news / "a.txt")
    with pytest.raises(OutputError, match="would be written over the input file"):
        check_output(news, [str(news / given)], ["a.txt"])


def test_a_folder_that_holds_an_input_is_refused_when_any_name_may_be_written(news):
    with pytest.raises(OutputError, match="holds the input file"):
        check_output(news, [str(news / "a.txt")])


def test_an_input_in_a_folder_that_is_written_into_is_refused(tmp_path):
    folder = tmp_path / "articles"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_bytes(b"one")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link.txt").symlink_to(folder / "sub" / "a.txt")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "articles").symlink_to(folder, target_is_directory=True)
    given = [folder, folder / "sub", folder / "sub" / "a.txt", folder / "*" / "*.txt"]
    for each in (*given, tmp_path / "other", tmp_path / "other" / "link.txt"):
        for out in (tmp_path, tmp_path / "linked"):
            with pytest.raises(OutputError, match="would be written over the input"):
                check_output(out, [str(each)], ["provenance.jsonl"], ["articles"])
    with pytest.raises(OutputError, match="lies in the input folder"):
        check_output(tmp_path / "linked", [str(tmp_path)], [], ["articles"])
    check_output(tmp_path / "other", [str(folder)], ["provenance.jsonl"], ["articles"])


def test_an_output_without_a_name_is_refused():
    with pytest.raises(OutputError, match="is empty"):
        check_output("", [])


def test_a_file_in_the_place_of_the_output_folder_is_refused(news):
    with pytest.raises(OutputError, match="is a file"):
        check_output(news / "a.txt", [])


def test_a_result_is_never_written_over_its_input(result, tmp_path):
    path = tmp_path / "documents.jsonl"
    path.write_bytes(b"input")
    with pytest.raises(OutputError):
        write_result(result, tmp_path, inputs=[str(path)])
    assert path.read_bytes() == b"input"
    assert listing(tmp_path) == ["documents.jsonl"]


# Names


@pytest.mark.parametrize(
    "doc_id", ["000_bf5b5dc23c7e20ed.txt", "a", "_a-b (2).txt", "новости.txt", "新聞", "a" * 120]
)
def test_a_harmless_id_is_its_own_name(doc_id):
    assert safe_name(doc_id, set()) == doc_id


@pytest.mark.parametrize(
    "doc_id",
    [
        "",
        ".",
        "..",
        "../../x",
        "/etc/passwd",
        "a/b.txt",
        "a\\b",
        ".hidden",
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "a" * 121,
        "é" * 61,
        "C:x",
        "CON",
        "nul.txt",
        "a.",
        "a ",
        "-rf",
        "https://example.org/news/1?x=<y>",
        "\ud83d",
        "\u202egnp.exe",
    ],
)
def test_any_other_id_becomes_a_harmless_name_with_a_hash(doc_id):
    name = safe_name(doc_id, set())
    assert name != doc_id
    assert safe_name(name, set()) == name
    assert name == safe_name(doc_id, set())


def test_a_name_made_from_an_id_keeps_its_extension():
    assert safe_name("a/b.txt", set()).endswith(".txt")
    assert safe_name("a/b.txt", set()).startswith("a_b-")


def test_names_differ_where_case_and_accents_are_not_told_apart():
    taken = set()
    names = [safe_name(each, taken) for each in ("A.txt", "a.txt", "a.txt", "é", "e\u0301")]
    assert names[0] == "A.txt"
    assert len({name.lower() for name in names}) == 5


@given(st.lists(st.text(), max_size=10))
def test_names_stay_in_the_folder_and_differ(doc_ids):
    taken = set()
    names = [safe_name(each, taken) for each in doc_ids]
    assert len(set(names)) == len(names)
    for name in names:
        assert Path("folder", name).name == name
        assert len(name.encode()) <= 120
        assert name.isprintable()
        assert not name.startswith((".", "-"))


def test_hashes_are_those_of_their_standards():
    assert xxh3_128(b"") == "99aa06d3014798d86001c324468d497f"
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
