"""What the functions take: paths of files as well as documents, settings by name, bounds."""

from __future__ import annotations

import dataclasses
import gzip
import json
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup.api.given import looks_like_file, paths_in
from dedup.config import Config, Settings
from dedup.errors import ConfigError, InputError, OutputError

TEXT = (
    "The council met on Monday and agreed to mend the old stone bridge before the winter comes. "
    "Farmers in the valley say that they have waited for it since the flood of two years ago."
)
OTHER = (
    "A ship ran aground near the northern cape on Tuesday night, and its crew of eleven was saved "
    "by fishermen who had seen the lights from the harbour wall."
)
ROWS = [{"id": "a", "text": TEXT}, {"id": "b", "text": OTHER}, {"id": "c", "text": TEXT.upper()}]
FAST = {"find": ["duplicates"]}


@pytest.fixture
def news(tmp_path, monkeypatch):
    """A folder to work in, with the rows in several forms."""
    monkeypatch.chdir(tmp_path)
    lines = "".join(f"{json.dumps(row)}\n" for row in ROWS)
    Path("news.jsonl").write_text(lines)
    Path("packed.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pq.write_table(pa.Table.from_pylist(ROWS), "news.parquet")
    Path("pages").mkdir()
    for row in ROWS:
        Path("pages", f"{row['id']}.txt").write_text(row["text"])
    return tmp_path


def relations(result):
    return [(each.a, each.b, each.relation) for each in result.pairs]


@pytest.mark.parametrize(
    "given",
    [
        "news.jsonl",
        Path("news.jsonl"),
        "packed.jsonl.gz",
        "news.parquet",
        "news.par*",
        ["news.jsonl"],
        (Path("news.parquet"),),
    ],
)
@pytest.mark.parametrize("settings", [{}, FAST], ids=["full", "fast"])
def test_files_are_read_as_the_command_line_reads_them(news, given, settings):
    assert relations(dedup.scan(given, **settings)) == [("a", "c", "exact")]


@pytest.mark.parametrize("given", ["pages", "pages/", Path("pages"), ["pages/"], "pages/*.txt"])
def test_folders_and_patterns_are_read(news, given):
    result = dedup.scan(given, **FAST)
    assert relations(result) == [("a.txt", "c.txt", "exact")]


def test_paths_may_come_from_an_iterator(news):
    found = dedup.scan(Path("pages").glob("*.txt"), **FAST)
    assert len(found.documents) == 3


def test_texts_and_dicts_are_never_taken_for_paths(news):
    assert dedup.scan([{"text": "news.jsonl"}]).documents[0].doc_id == "0"
    mixed = dedup.scan(["news.jsonl", "A text."], **FAST)
    assert [each.doc_id for each in mixed.documents] == ["0", "1"]
    assert len(dedup.scan(["/"], **FAST).documents) == 1


def test_a_path_that_is_not_there_says_so(news):
    with pytest.raises(InputError, match=r"nothing\.jsonl: no such file or folder"):
        dedup.scan("nothing.jsonl")
    with pytest.raises(InputError, match=r"nothing\.jsonl: no such file or folder"):
        dedup.scan(["news.jsonl", "nothing.jsonl"])
    with pytest.raises(InputError, match="no such file or folder"):
        dedup.scan(Path("nothing"))


def test_a_string_that_is_no_path_says_what_to_do():
    for text in (TEXT, "", "a\0b", "What now?", "x" * 5000):
        with pytest.raises(
            InputError, match=r"there is no file or folder .*a list of texts: \[text"
        ):
            dedup.scan(text)


def test_paths_and_documents_do_not_mix(news):
    with pytest.raises(InputError, match="paths, and a dict among them"):
        dedup.scan([Path("news.jsonl"), ROWS[0]])
    with pytest.raises(InputError, match="some are paths, others are not"):
        dedup.scan([ROWS[0], Path("news.jsonl")])


def test_a_file_without_documents_is_an_error_with_its_reason(news):
    Path("bad.jsonl").write_text('{"text": 3}\nnot json\n')
    with pytest.raises(InputError, match=r"no document can be used: .*bad\.jsonl:\d"):
        dedup.scan("bad.jsonl", **FAST)
    Path("empty.jsonl").write_text("")
    assert dedup.scan("empty.jsonl", **FAST).documents == []


def test_columns_format_and_strict_are_those_of_the_command_line(news):
    rows = [{"key": row["id"], "story": row["text"]} for row in ROWS]
    Path("rows").write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, {"key": "z"}]))
    found = dedup.scan("rows", text="story", id="key", format="jsonl", **FAST)
    assert relations(found) == [("a", "c", "exact")]
    with pytest.raises(InputError, match="rows:4"):
        dedup.scan("rows", text="story", id="key", format="jsonl", strict=True, **FAST)
    with pytest.raises(InputError, match="missing_text"):
        dedup.scan([*ROWS, {"id": "z"}], strict=True)
    with pytest.raises(ConfigError, match="format is for files; these documents are in memory"):
        dedup.scan(ROWS, format="jsonl")


def test_settings_are_given_by_name():
    assert dedup.scan(ROWS, threshold=0.8).config == Config(threshold=0.8)
    both = dedup.scan(ROWS, Config(seed=3), find=["duplicates"])
    assert both.config == Config(seed=3, find=("duplicates",))
    assert dedup.compare(TEXT, OTHER, threshold=0.9).config.threshold == 0.9
    assert dedup.clean([TEXT, TEXT], find="duplicates")[0]["kept"]
    with pytest.raises(ConfigError, match="treshold is no setting; did you mean threshold"):
        dedup.scan(ROWS, treshold=0.8)
    with pytest.raises(ConfigError, match="threshold: got 3"):
        dedup.scan(ROWS, threshold=3)


def test_every_setting_is_a_keyword():
    fields = {item.name: item for item in dataclasses.fields(Config)}
    assert list(Settings.__annotations__) == list(fields)
    for name, kind in Settings.__annotations__.items():
        default = fields[name].default
        wanted = "Names" if isinstance(default, tuple) else type(default).__name__
        assert wanted in str(kind), name


@pytest.mark.parametrize("settings", [{}, FAST], ids=["full", "fast"])
def test_memory_and_work_change_nothing(news, settings):
    plain = dedup.scan(ROWS, **settings)
    kept = dedup.scan(ROWS, memory="500MB", work="work", **settings)
    again = dedup.scan(ROWS, memory="500MB", work="work", **settings)
    read = dedup.scan("news.jsonl", memory=500_000_000, work="other", **settings)
    for each in (kept, again, read):
        for name in ("pairs", "passages", "repeats"):
            assert each.tables[name].equals(plain.tables[name])
        assert each.summary["documents"] == plain.summary["documents"]
    assert kept.corpus.table.equals(plain.corpus.table)
    assert Path("work", "manifest.json").exists()
    read.write("found")
    assert not Path("other", "manifest.json").exists()


def test_a_work_folder_of_other_documents_is_refused(news):
    kept = dedup.scan(ROWS, work="work", **FAST)
    del kept  # lets go of the folder
    with pytest.raises(InputError, match="cannot be continued: input"):
        dedup.scan(ROWS[:2], work="work", **FAST)
    with pytest.raises(OutputError, match="holds"):
        dedup.scan("news.jsonl", work="pages", **FAST)


def test_progress_is_told_every_stage():
    told = []
    dedup.scan(ROWS, progress=lambda *each: told.append(each), **FAST)
    names, done, total = zip(*told, strict=True)
    assert names[-1] == "done"
    assert list(done) == list(range(len(told)))
    assert set(total) == {len(told) - 1}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"memory": "much"}, "memory: got 'much', allowed is a size like 500MB or 2GB"),
        ({"memory": 0}, "memory: got 0"),
        ({"memory": True}, "memory: got True"),
        ({"work": 3}, "work: got 3, allowed is the path of a folder"),
        ({"progress": "yes"}, "progress: got 'yes'"),
    ],
)
def test_what_a_run_may_take_is_checked(given, says):
    with pytest.raises(ConfigError, match=says):
        dedup.scan(["one"], **given)


def test_clean_reads_files_and_writes_folders(news):
    entries = dedup.clean("pages", out="clean")
    assert [each["doc_id"] for each in entries] == ["a.txt", "b.txt"]
    assert Path("clean", "articles", "a.txt").read_text() == TEXT
    assert dedup.restore("clean", "back")["restored"] == 2
    rows = dedup.clean("news.jsonl")
    assert [dedup.restore(each) for each in rows] == [TEXT, OTHER]


def test_clean_of_a_result_of_files_says_what_to_do(news):
    result = dedup.scan("news.jsonl", **FAST)
    with pytest.raises(InputError, match=r"does not hold its documents; give clean\(\) what scan"):
        dedup.clean(result)


def test_compare_reads_two_files(news):
    for a, b in (("pages/a.txt", "pages/c.txt"), (Path("pages/a.txt"), Path("pages/c.txt"))):
        assert relations(dedup.compare(a, b)) == [("a.txt", "c.txt", "exact")]
    with pytest.raises(InputError, match="one is a path, the other is not"):
        dedup.compare(Path("pages/a.txt"), TEXT)
    with pytest.raises(InputError, match="compare needs one article here, and there are 3"):
        dedup.compare("news.jsonl", "news.jsonl")


def test_one_call_does_not_disturb_another(news):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(relations(dedup.scan("news.jsonl", **FAST))))
        for _ in range(3)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [[("a", "c", "exact")]] * 3


def test_what_looks_like_a_file():
    for name in ("a.txt", "a b.jsonl", "x/y.csv.gz", "s3://bucket/news", "https://a.org/x.parquet"):
        assert looks_like_file(name), name
    for name in ("", "a", "a.png", "/", "..", "two\nlines.txt", "https://a.org said so"):
        assert not looks_like_file(name), name
    assert paths_in([]) == (None, [])
    assert paths_in("-") == (["-"], None)
