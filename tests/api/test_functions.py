"""The package as a library: its names, what it takes, what it gives back."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup import Config, DedupError, Document, Pair, Passage, Result
from dedup.api import joined, restored_folder
from dedup.errors import ConfigError, CorruptIndex, IndexMismatch, InputError, OutputError
from dedup.output.cleaned.provenance import read_provenance
from dedup.result import field_names
from dedup.schema import CORPUS
from dedup.sources import read

ROOT = Path(__file__).resolve().parents[2]
SEED_PAIR = ("000_bf5b5dc23c7e20ed.txt", "004_3d6875e7ecbdd058.txt")
TEXT = (
    "The council met on Monday and agreed to mend the old stone bridge before the winter comes. "
    "Farmers in the valley say that they have waited for it since the flood of two years ago."
)
OTHER = (
    "A ship ran aground near the northern cape on Tuesday night, and its crew of eleven was saved "
    "by fishermen who had seen the lights from the harbour wall."
)
ROWS = [{"id": "a", "text": TEXT}, {"id": "b", "text": OTHER}, {"id": "c", "text": TEXT.upper()}]


def found(result):
    return [(each.a, each.b, each.relation) for each in result.pairs]


def test_the_public_names():
    names = {"scan", "sign", "clean", "restore", "compare", "signatures", "Config", "DedupError"}
    names |= {"Document", "Index", "Pair", "Passage", "Result", "write_report"}
    assert set(dedup.__all__) == {*names, "__version__"}
    assert dir(dedup) == sorted(dedup.__all__)
    for name in names:
        assert getattr(dedup, name).__doc__, f"{name} is not explained"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        dedup.nonsense  # noqa: B018


def test_the_commands_are_called_like_the_functions():
    """``filter`` and ``index`` are for ``Index``, ``report`` is ``write_report``.

    ``completion`` and ``warmup`` are for shells and machines.
    """
    from dedup.cli import root

    own = {"scan", "sign", "clean", "restore", "compare", "evaluate"}
    assert set(root.commands) == {*own, "filter", "index", "report", "completion", "warmup"}
    assert {"Index", "write_report", *(own - {"evaluate"})} <= set(dedup.__all__)


def test_no_function_has_the_name_of_a_module():
    modules = {path.stem for path in (ROOT / "dedup").iterdir()}
    assert not modules & set(dedup.__all__)


def test_the_version_is_that_of_the_project():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert dedup.__version__ == re.search(r'^version = "(.*)"$', project, re.MULTILINE)[1]


def arrow(rows):
    return pa.Table.from_pylist(rows)


def pandas_frame(rows):
    return pytest.importorskip("pandas").DataFrame(rows)


def polars_frame(rows):
    return pytest.importorskip("polars").DataFrame(rows)


@pytest.mark.parametrize("form", [list, iter, arrow, pandas_frame, polars_frame])
def test_documents_of_every_form(form):
    result = dedup.scan(form(ROWS))
    assert found(result) == [("a", "c", "exact")]
    assert [each.kept for each in result.documents] == [True, True, False]
    assert result.documents[2].duplicate_of == "a"


@pytest.mark.parametrize("form", [list, tuple, iter, pa.array])
def test_texts_of_every_form(form):
    result = dedup.scan(form([row["text"] for row in ROWS]))
    assert found(result) == [("0", "2", "exact")]


def test_frames_come_in_without_their_library():
    code = (
        "import sys, dedup\n"
        "assert dedup.scan(['one', 'One!']).pairs\n"
        "sys.exit(bool({'polars', 'click', 'tqdm'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_columns_are_named():
    rows = [{"key": n, "story": TEXT, "when": when} for n, when in ((1, "2024-02-02"), (2, "2023"))]
    result = dedup.scan(
        rows, Config(canonical="earliest"), text="story", id="key", date="when", threads=1
    )
    assert [each.kept for each in result.documents] == [False, True]
    result = dedup.scan(rows, Config(canonical="priority:key"), text="story", id="key")
    assert [each.kept for each in result.documents] == [True, False]


def test_results_are_objects():
    body = " ".join(f"Then point {n} of the long list was read out and agreed." for n in range(9))
    result = dedup.scan([f"{TEXT} {body}", f"{OTHER} {TEXT}"])
    assert isinstance(result, Result)
    assert isinstance(result.documents[0], Document)
    assert isinstance(result.pairs[0], Pair)
    passage = result.passages[0]
    assert isinstance(passage, Passage)
    assert passage.start_b > 100
    assert field_names(Passage) == result.tables["passages"].column_names


def test_what_is_skipped_is_counted():
    result = dedup.scan([TEXT, None, OTHER])
    assert result.summary["documents"] == {"read": 3, "kept": 2, "removed": 0, "skipped": 1}


def test_nothing():
    assert dedup.scan([]).documents == []
    assert dedup.clean([]) == []


@pytest.mark.parametrize(
    ("documents", "says"),
    [
        ("One text that stands alone.", r"there is no file or folder 'One text.*a list of texts"),
        (b"bytes", "one bytes alone; put it into a list"),
        ({"text": "one"}, "one dict alone; put it into a list"),
        (7, "int holds no documents; give texts, dicts, a table"),
        (None, "NoneType holds no documents"),
    ],
)
@pytest.mark.parametrize("function", [dedup.scan, dedup.clean])
def test_what_is_no_collection_is_refused(function, documents, says):
    with pytest.raises(InputError, match=says):
        function(documents)


def test_errors_are_ours():
    with pytest.raises(ConfigError):
        Config(threshold=3)
    with pytest.raises(DedupError):
        dedup.scan([{"nothing": 3}])
    with pytest.raises(InputError, match="body"):
        dedup.scan(ROWS, text="body")


PAGE = f"Bridge to be mended\n\n{TEXT}\n\n{OTHER}\n\nSubscribe to our newsletter\n"


def test_clean_gives_the_kept_and_restore_brings_back():
    rows = [*ROWS, {"id": "page", "text": PAGE}]
    entries = {each["doc_id"]: each for each in dedup.clean(rows)}
    assert len(entries) < len(rows)
    assert "page" in entries
    assert "newsletter" not in entries["page"]["clean"]
    assert entries["page"]["ops"][0]["reason"] == "newsletter_signup"
    for entry in entries.values():
        original = next(row["text"] for row in rows if row["id"] == entry["doc_id"])
        assert dedup.restore(entry) == original


def test_clean_of_everything_and_of_a_result():
    result = dedup.scan(ROWS)
    assert [each["doc_id"] for each in dedup.clean(result)] == ["a", "b"]
    every = dedup.clean(result, everything=True)
    assert [each["doc_id"] for each in every] == ["a", "b", "c"]
    assert every == dedup.clean(ROWS, everything=True)
    assert (every[2]["kept"], every[2]["duplicate_of"]) == (False, "a")


def test_an_entry_has_the_keys_of_the_provenance(seeds, tmp_path):
    from dedup.output.cleaned import write_cleaned

    result = dedup.scan(read([str(seeds)]))
    write_cleaned(result, tmp_path / "clean")
    written = list(read_provenance(tmp_path / "clean"))
    entries = dedup.clean(result)
    for entry, line in zip(entries, written, strict=True):
        assert list(entry) == [*line, "clean"]
        line.update(file=None, name=None, row=None, columns=None)
        assert {key: value for key, value in entry.items() if key != "clean"} == line


@settings(max_examples=25)
@given(st.lists(st.text(max_size=200), max_size=4))
def test_any_text_comes_back(texts):
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    for entry in dedup.clean(clean, everything=True):
        assert dedup.restore(entry) == clean[int(entry["doc_id"])]


def test_what_does_not_come_out_as_it_was_is_refused():
    entry = next(each for each in dedup.clean([PAGE]))
    with pytest.raises(OutputError, match="not the original"):
        dedup.restore({**entry, "clean": entry["clean"].replace("bridge", "Bridge")})
    with pytest.raises(OutputError, match="operation 1 does not fit"):
        dedup.restore({**entry, "clean": ""})
    with pytest.raises(InputError, match="the entry lacks ops"):
        dedup.restore({key: value for key, value in entry.items() if key != "ops"})
    with pytest.raises(InputError, match="out is for a folder"):
        dedup.restore(entry, "out")


def test_a_folder_is_restored_beside_itself(tmp_path, seeds, monkeypatch):
    from dedup.output.cleaned import write_cleaned

    write_cleaned(dedup.scan(read([str(seeds)])), tmp_path / "clean")
    assert dedup.restore(tmp_path / "clean")["restored"] == 5
    for path in seeds.iterdir():
        assert (tmp_path / "clean-restored" / path.name).read_bytes() == path.read_bytes()
    assert dedup.restore(str(tmp_path / "clean"), tmp_path / "there")["files"] == 5
    monkeypatch.chdir(tmp_path / "clean")
    assert restored_folder(".") == tmp_path / "clean-restored"
    assert restored_folder("x/") == Path("x-restored")


def test_compare_holds_one_pair():
    assert found(dedup.compare(TEXT, OTHER)) == [("0", "1", "none")]
    assert found(dedup.compare(TEXT, TEXT.upper())) == [("0", "1", "exact")]
    rows = [{"id": "x", "text": TEXT}, {"id": "y", "text": f"{OTHER} {TEXT} {OTHER[::-1]}"}]
    result = dedup.compare(*rows)
    assert len(result.pairs) == 1
    assert (result.pairs[0].a, result.pairs[0].b) == ("x", "y")
    assert result.pairs[0].containment_a > 0.9
    assert result.passages


def test_compare_finds_what_a_scan_finds(seeds):
    a, b = ((seeds / name).read_text("utf-8") for name in SEED_PAIR)
    compared, scanned = dedup.compare(a, b), dedup.scan([a, b])
    assert compared.passages == scanned.passages
    assert compared.pairs == scanned.pairs
    assert len(compared.passages) == 4


def test_compare_takes_two_texts():
    with pytest.raises(
        InputError, match=r"compare needs 2 articles here, and there are 1 \(the text is"
    ):
        dedup.compare(TEXT, {"text": None})


def test_a_document_is_joined_with_itself():
    corpus = read([str(ROOT / "seeds" / "000_bf5b5dc23c7e20ed.txt")])
    both = joined(corpus, corpus)
    path = corpus.table["path"][0].as_py()
    assert both.table["doc_id"].to_pylist() == [path, f"{path}#2"]
    assert both.table.schema == CORPUS
    assert both.read_report.read == 2


def test_signatures_are_a_matrix():
    matrix = dedup.signatures([TEXT, TEXT.upper(), OTHER], Config(num_perm=16))
    assert matrix.shape == (3, 16)
    assert (matrix[0] == matrix[1]).all()
    assert (matrix[0] != matrix[2]).any()


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("threshold", 5, "0 to 1"),
        InputError("broken", path="a.txt", line=3),
        InputError("broken"),
        OutputError("full"),
        IndexMismatch("seed", 1, 2),
        CorruptIndex("cut"),
    ],
)
def test_errors_can_be_copied(error):
    for same in (copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(same) is type(error)
        assert str(same) == str(error)
        assert vars(same) == vars(error)


@pytest.mark.parametrize("threads", [-1, "2", 1.5, True, None])
def test_threads_are_checked(threads):
    with pytest.raises(ConfigError, match="threads: got"):
        dedup.scan(["one"], threads=threads)


@pytest.mark.parametrize("function", [dedup.scan, dedup.clean])
def test_settings_are_checked(function):
    with pytest.raises(ConfigError, match=r"config: got \{'threshold': 0.5\}, allowed is a dedup"):
        function(["one"], {"threshold": 0.5})
    with pytest.raises(ConfigError, match="config: got"):
        dedup.compare("one", "two", {"threshold": 0.5})


@pytest.mark.parametrize(
    "fact",
    [
        {"clean": None},
        {"clean": 1},
        {"ops": None},
        {"ops": 3},
        {"encoding": None},
        {"raw": 7},
        {"encoding": "rot13"},
        {"encoding": ["utf-8"]},
        {"sha256": None},
        {"doc_id": None},
        {"raw": "?"},
    ],
)
def test_an_entry_of_wrong_types_is_refused(fact):
    with pytest.raises(InputError):
        dedup.restore({**dedup.clean(["One article."])[0], **fact})


def test_a_list_of_entries_is_refused():
    with pytest.raises(
        InputError, match=r"restore takes one entry of clean\(\), or a folder, and no list"
    ):
        dedup.restore(dedup.clean(["One article."]))


def test_an_entry_that_does_not_add_up_is_refused():
    entry = dedup.clean(["One article."])[0]
    for fact in ({"ops": [None]}, {"ops": ["x"]}, {"clean": "\ud800"}, {"sha256": ""}):
        with pytest.raises(OutputError):
            dedup.restore({**entry, **fact})


@pytest.mark.parametrize("nothing", [[None, None], pa.array([None, None]), pa.nulls(2)])
@pytest.mark.parametrize("function", [dedup.scan, dedup.clean])
def test_nothing_but_missing_texts(function, nothing):
    says = r"no document can be used: the text is missing or null \(2\); the first is document 0"
    with pytest.raises(InputError, match=says):
        function(nothing)


def test_numbers_are_no_texts():
    with pytest.raises(InputError, match=r"the text is not a string \(3\)"):
        dedup.scan([1, 2, 3])
    assert len(dedup.scan([1, "A text.", 3]).documents) == 1


def test_mostly_missing_texts():
    assert [each.doc_id for each in dedup.scan([None, None, "one"]).documents] == ["2"]
