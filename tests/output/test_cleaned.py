"""The cleaned folder: what is written, and that every byte comes back."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.api import scan
from dedup.cleaning.apply import settle_removals
from dedup.cleaning.boilerplate import LineCounter, find_boilerplate, lines_of
from dedup.cleaning.repeats import find_repeats
from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.core.hashing import sha256
from dedup.core.storage import Columns
from dedup.errors import ConfigError, InputError, OutputError
from dedup.output.cleaned import restore_directory, write_cleaned
from dedup.output.cleaned.provenance import read_provenance
from dedup.output.cleaned.rows import join_columns
from dedup.result import Result
from dedup.schema import CORPUS, DOCUMENTS, PAIRS, PASSAGES, REPEATS, Corpus, ReadReport, rows_table
from dedup.sources import ReadOptions, read
from dedup.sources.decoding import decode
from dedup.text.tokens import tokenise_texts

BODY = (
    "The council met on Monday and agreed to mend the bridge before the winter comes.\n\n"
    "Farmers in the valley say that they have waited for it since the flood of two years ago.\n"
)


def from_bytes(**files):
    """Return sources as if each keyword had been a text file of those bytes."""
    made = []
    for name, data in files.items():
        text, encoding, raw = decode(data)
        doc_id = f"{name}.txt"
        made.append(
            {
                "doc_id": doc_id,
                "path": f"in/{doc_id}",
                "text": text,
                "encoding": encoding,
                "raw": raw,
            }
        )
    return made


def from_rows(*records, path="in.jsonl"):
    return [
        {
            "doc_id": str(record.get("id", line)),
            "path": path,
            "line": line if path else None,
            "text": record["text"],
            "encoding": "utf-8",
            "record": json.dumps(["text", {**record, "text": None}]).encode(),
        }
        for line, record in enumerate(records, 1)
    ]


def result_of(sources, removed=(), pairs=(), passages=()):
    """Return the result of a scan of ``sources`` in which the ids ``removed`` gave way."""
    corpus = rows_table(CORPUS, sources)
    held = texts_from_strings([each["text"] for each in sources])
    tokens = tokenise_texts(held)
    blocks = lines_of(held, tokens)
    count = len(sources)
    lines = LineCounter(np.full(count, -1), len(blocks), Columns())
    lines.add(blocks, 0)
    lines.count(np.arange(count))
    found, annotations = find_boilerplate(held, tokens, blocks, Config(), lines.part(blocks, 0, 0))
    repeats = find_repeats(held, tokens, blocks, Config())
    removals, review = settle_removals([found, repeats], tokens)
    ids = sorted(each["doc_id"] for each in sources)
    kept = [each for each in ids if each not in removed]
    documents = [
        {
            "doc_id": each,
            "path": None,
            "cluster": "c1" if each in (*removed, kept[0]) else f"c{n}",
            "canonical": each not in removed,
            "kept": each not in removed,
            "relation": "near_duplicate" if each in removed else None,
            "duplicate_of": kept[0] if each in removed else None,
            "jaccard": 2 / 3 if each in removed else None,
            "containment": None,
            "coverage": None,
        }
        for n, each in enumerate(ids)
    ]
    tables = {
        "documents": rows_table(DOCUMENTS, documents),
        "pairs": rows_table(PAIRS, list(pairs)),
        "passages": rows_table(PASSAGES, list(passages)),
        "repeats": REPEATS.empty_table(),
    }
    return Result(
        Config(), tables, Corpus(corpus, ReadReport()), removals, annotations, pa.array(review), {}
    )


@pytest.fixture
def folder(tmp_path):
    return SimpleNamespace(clean=tmp_path / "clean", back=tmp_path / "back")


def restored_rows(folder):
    return [json.loads(line) for line in (folder.back / "restored.jsonl").read_bytes().splitlines()]


def entries(folder):
    return {each["doc_id"]: each for each in read_provenance(folder)}


def test_seeds_come_back_byte_for_byte(seeds, folder):
    files = {path.stem: path.read_bytes() for path in sorted(seeds.glob("*.txt"))}
    counts = write_cleaned(result_of(from_bytes(**files)), folder.clean)
    assert counts["files"] == counts["written"] == 5
    cleaned = (folder.clean / "articles" / "002_7037d430e6518620.txt").read_text("utf-8")
    assert "[…]" not in cleaned
    assert "CLICK HERE" not in cleaned
    assert "\n\n\n\n" not in cleaned
    assert restore_directory(folder.clean, folder.back) == {
        "documents": 5,
        "restored": 5,
        "files": 5,
        "rows": 0,
    }
    for name, data in files.items():
        assert (folder.back / f"{name}.txt").read_bytes() == data


ODD = {
    "crlf": (BODY + "Share this\n").replace("\n", "\r\n").encode(),
    "zero": f"{BODY}\0Share this\nShare this".encode(),
    "bom": f"\ufeff{BODY}Share this\n".encode(),
    "wide": f"{BODY}Share this\n".encode("utf-16"),
    "damaged": BODY.encode() + b"caf\xe9\nShare this\n",
    "empty": b"",
    "blank": b"\n\n \n",
    "furniture": b"Share this\n",
    "unicode": f"{BODY}\n\xa0\nشارك\n👍🏽\u2028Share this".encode(),
}


def test_odd_bytes_come_back(folder):
    write_cleaned(result_of(from_bytes(**ODD)), folder.clean)
    for name, entry in entries(folder.clean).items():
        assert entry["sha256"] == sha256(ODD[name.removesuffix(".txt")])
        assert (entry["raw"] is None) == (name != "damaged.txt")
    assert "Share" not in (folder.clean / "articles" / "crlf.txt").read_text("utf-8")
    restore_directory(folder.clean, folder.back)
    for name, data in ODD.items():
        assert (folder.back / f"{name}.txt").read_bytes() == data


@given(
    st.lists(
        st.lists(
            st.sampled_from([BODY, "Share this", "\xa0", "\r", "\0", "Read more", "By Al Doe", "é"])
        ).map("\n".join),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_any_text_comes_back(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("any")
    files = {f"t{n}": text.encode() for n, text in enumerate(texts)}
    write_cleaned(result_of(from_bytes(**files)), folder / "clean")
    restore_directory(folder / "clean", folder / "back")
    for name, data in files.items():
        assert (folder / "back" / f"{name}.txt").read_bytes() == data


def test_only_the_kept_are_written_but_all_have_their_provenance(folder):
    pair = {"a": "a.txt", "b": "b.txt", "relation": "near_duplicate", "matched_tokens": 9}
    scores = {"jaccard": 2 / 3, "containment_a": 0.5, "containment_b": 1.0, "coverage": 1.0}
    spans = {"start_a": 0, "end_a": 9, "start_b": 4, "end_b": 14}
    passage = {"a": "a.txt", "b": "b.txt", **spans, "level": "strong", "kind": "near"}
    sources = from_bytes(
        a=f"By Jane Doe\n{BODY}Share this\n".encode(), b=BODY.encode(), c=b"Other words."
    )
    result = result_of(sources, ["b.txt"], [{**pair, **scores}], [passage])
    counts = write_cleaned(result, folder.clean)
    assert (counts["documents"], counts["written"]) == (3, 2)
    assert sorted(each.name for each in (folder.clean / "articles").iterdir()) == ["a.txt", "c.txt"]
    known = entries(folder.clean)
    gone = known["b.txt"]
    assert (gone["file"], gone["kept"], gone["duplicate_of"]) == (None, False, "a.txt")
    assert gone["jaccard"] == 0.666667
    assert gone["passages"] == [
        {
            "id": "p1",
            "start": 4,
            "end": 14,
            "kind": "near",
            "level": "strong",
            "with": [{"doc_id": "a.txt", "start": 0, "end": 9}],
        }
    ]
    assert [each["containment"] for each in gone["relations"]] == [1.0]
    kept = known["a.txt"]
    assert kept["tags"] == [{"start": 0, "end": 11, "tag": "byline"}]
    assert [op["reason"] for op in kept["ops"]] == ["share_widget"]
    assert kept["relations"][0] == {
        "doc_id": "b.txt",
        "relation": "near_duplicate",
        "matched_tokens": 9,
        "jaccard": 0.666667,
        "containment": 0.5,
        "coverage": 1.0,
    }
    write_cleaned(result, folder.clean, everything=True)
    assert restore_directory(folder.clean, folder.back)["restored"] == 3
    write_cleaned(result, folder.clean)
    assert not (folder.clean / "articles" / "b.txt").exists()


def test_the_same_result_gives_the_same_bytes(folder, seeds, tmp_path):
    files = {path.stem: path.read_bytes() for path in sorted(seeds.glob("*.txt"))}
    write_cleaned(result_of(from_bytes(**files)), folder.clean)
    write_cleaned(result_of(from_bytes(**dict(reversed(files.items())))), tmp_path / "again")
    for path in folder.clean.rglob("*.*"):
        assert (
            tmp_path / "again" / path.relative_to(folder.clean)
        ).read_bytes() == path.read_bytes()


ROWS = (
    {"id": 1, "text": f"{BODY}Share this\n", "tags": ["a", 1], "big": 10**30, "none": None},
    {"id": 2, "text": "Other words.\r\n", "tags": "b", "date": "2024-12-05"},
    {"id": 3, "text": "", "dedup": "mine", "nan": float("nan")},
)


@pytest.mark.parametrize("format", ["auto", "jsonl"])
def test_rows_keep_their_columns(folder, format):
    counts = write_cleaned(result_of(from_rows(*ROWS)), folder.clean, format=format)
    assert (counts["files"], counts["rows"]) == (0, 3)
    lines = (folder.clean / "articles.jsonl").read_text("utf-8").splitlines()
    first, _, third = map(json.loads, lines)
    assert first["text"] == BODY
    assert (first["big"], first["tags"]) == (10**30, ["a", 1])
    assert first["dedup"]["doc_id"] == "1"
    assert (third["dedup"], third["dedup_"]["doc_id"]) == ("mine", "3")
    restore_directory(folder.clean, folder.back)
    back = restored_rows(folder)
    assert [row["id"] for row in back] == [1, 2, 3]
    assert [list(row) for row in back] == [list(row) for row in ROWS]
    assert back[:2] == list(ROWS[:2])
    assert back[2]["dedup"] == "mine"


def test_rows_as_parquet(folder):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean, format="parquet")
    table = pq.read_table(folder.clean / "articles.parquet")
    assert table["text"].to_pylist() == [BODY, "Other words.\r\n", ""]
    assert table["tags"].to_pylist() == ['["a",1]', '"b"', None]
    assert table["id"].to_pylist() == [1, 2, 3]
    assert restore_directory(folder.clean, folder.back)["rows"] == 3
    back = restored_rows(folder)
    assert [row["text"] for row in back] == [row["text"] for row in ROWS]


def test_documents_in_memory_are_rows(folder):
    sources = [{"doc_id": "x", "text": f"{BODY}Share this", "site": "s.org", "encoding": "utf-8"}]
    write_cleaned(result_of(sources), folder.clean)
    row = json.loads((folder.clean / "articles.jsonl").read_text("utf-8"))
    assert list(row) == ["doc_id", "text", "site", "date", "dedup"]
    assert (row["text"], row["site"]) == (BODY.removesuffix("\n"), "s.org")
    restore_directory(folder.clean, folder.back)
    back = json.loads((folder.back / "restored.jsonl").read_text("utf-8"))
    assert back == {"doc_id": "x", "text": sources[0]["text"], "site": "s.org", "date": None}


def test_a_damaged_row_brings_its_bytes(folder):
    raw = b"half \xed\xa0\xbd"
    sources = from_rows({"id": "x", "text": "half \ufffd"})
    sources[0]["raw"] = raw
    write_cleaned(result_of(sources), folder.clean)
    restore_directory(folder.clean, folder.back)
    back = json.loads((folder.back / "restored.jsonl").read_text("utf-8"))
    assert base64.b64decode(back["raw"]) == raw


def test_ids_cannot_lead_out_of_the_folder(folder, tmp_path):
    sources = from_bytes(a=BODY.encode(), b=b"Other.")
    for source, doc_id in zip(sources, ["../../evil.txt", "/etc/passwd"], strict=True):
        source["doc_id"] = doc_id
    write_cleaned(result_of(sources), folder.clean)
    assert len(list((folder.clean / "articles").iterdir())) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clean"]
    assert restore_directory(folder.clean, folder.back)["files"] == 2


@pytest.fixture
def cleaned(folder):
    text = f"{BODY}Share this\n".encode()
    write_cleaned(result_of(from_bytes(a=text, b=b"Other words.\n")), folder.clean)
    return folder


def seal(folder):
    """Write the hashes of what stands in the folder into its manifest."""
    path = folder.clean / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["sha256"] = {
        name: sha256((folder.clean / name).read_bytes()) for name in manifest["sha256"]
    }
    path.write_text(json.dumps(manifest), "utf-8")


def change(folder, doc_id, **metadata):
    path = folder.clean / "provenance.jsonl"
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    changed = [{**each, **metadata} if each["doc_id"] == doc_id else each for each in lines]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in changed), "utf-8")
    seal(folder)


def refused(folder, error, match):
    with pytest.raises(error, match=match):
        restore_directory(folder.clean, folder.back)
    assert not list(folder.back.glob("*"))


def test_an_edited_article_is_named(cleaned):
    path = cleaned.clean / "articles" / "a.txt"
    path.write_text(path.read_text("utf-8").replace("bridge", "ferry"), "utf-8")
    refused(cleaned, InputError, r"article a\.txt: articles/a\.txt was changed")
    path.write_bytes(b"\xff")
    refused(cleaned, InputError, r"article a\.txt: .* was changed")
    path.unlink()
    refused(cleaned, InputError, r"article a\.txt: cannot read")


def test_an_edited_row_is_named(folder):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean)
    path = folder.clean / "articles.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole.replace("bridge", "ferry"), "utf-8")
    refused(folder, InputError, r"articles\.jsonl: was changed after cleaning")
    seal(folder)
    refused(folder, InputError, "article 1: articles.jsonl was changed")
    path.write_text(whole.split("\n", 1)[1], "utf-8")
    seal(folder)
    refused(folder, InputError, "article 1: its row is missing")
    path.write_text("{", "utf-8")
    seal(folder)
    refused(folder, InputError, "cannot read the cleaned articles")


@pytest.mark.parametrize(
    ("metadata", "error", "match"),
    [
        ({"sha256": "0" * 64}, OutputError, "is not the original"),
        ({"ops": [{"start": 0, "end": 1, "at": 9, "text": "x"}]}, OutputError, "does not fit"),
        ({"encoding": "nonsense"}, InputError, "not an entry"),
        ({"encoding": "a\0b"}, InputError, "not an entry"),
        ({"ops": [{"start": 0, "end": 1, "at": 0, "text": "\ud800"}]}, OutputError, "surrogates"),
        ({"name": "../x.txt"}, InputError, "outside the folder of restored"),
        ({"name": "/etc/x.txt"}, InputError, "outside the folder of restored"),
        ({"name": "a/../../x.txt"}, InputError, "outside the folder of restored"),
        ({"name": "a//x.txt"}, InputError, "outside the folder of restored"),
        ({"name": "\ud800.txt"}, InputError, "outside the folder of restored"),
        ({"name": None}, InputError, "outside the folder of restored"),
        ({"name": "b.txt"}, InputError, "two articles are restored as b.txt"),
        ({"columns": {"text": ["a"], "dedup": "dedup"}}, InputError, "columns are not"),
        ({"raw": "?"}, InputError, "not base64"),
        ({"file": "../../x"}, InputError, "outside articles"),
        ({"file": "articles/../x"}, InputError, "outside articles"),
        ({"file": 7}, InputError, "outside articles"),
        ({"ops": None}, InputError, r"provenance.jsonl:1: not an entry"),
    ],
)
def test_a_broken_provenance_is_refused(cleaned, metadata, error, match):
    change(cleaned, "a.txt", **metadata)
    refused(cleaned, error, match)


def test_a_folder_that_is_none_is_refused(folder):
    refused(folder, InputError, "is this a folder of `dedup clean`")
    assert not folder.back.exists()


def test_output_onto_input_is_refused(cleaned, tmp_path):
    with pytest.raises(OutputError):
        restore_directory(cleaned.clean, cleaned.clean)
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text(BODY, "utf-8")
    result = result_of(from_bytes(a=BODY.encode()))
    with pytest.raises(OutputError):
        write_cleaned(result, source, inputs=[str(source)])
    assert [each.name for each in source.iterdir()] == ["a.txt"]


def test_an_unknown_format_is_refused(folder):
    with pytest.raises(ConfigError, match="auto or jsonl or parquet"):
        write_cleaned(result_of([]), folder.clean, format="xml")


def test_no_documents(folder):
    assert write_cleaned(result_of([]), folder.clean)["written"] == 0
    assert (folder.clean / "provenance.jsonl").read_bytes() == b""
    assert restore_directory(folder.clean, folder.back)["documents"] == 0


def named(doc_id, path, text=BODY):
    return {"doc_id": doc_id, "path": path, "text": text, "encoding": "utf-8"}


def tree(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_whole_files_come_back_under_the_path_they_had(folder):
    sources = [
        named("2024/x.txt", "in/2024/x.txt"),
        named("2025/x.txt", "in/2025/x.txt"),
        named("2025/x.txt.gz", "in/2025/x.txt.gz"),
        named("a.md.ZST", "in/a.md.ZST"),
        named("bad.txt#2", "in/bad.txt"),
        named("emoji 😀\n.txt", "in/emoji 😀\n.txt"),
        named("page.HTML", "in/page.HTML"),
        named("page.htm.gz", "in/page.htm.gz"),
        named("-", "-"),
        named("c#3.txt", "in/c#3.txt"),
        named("README", "in/README"),
    ]
    write_cleaned(result_of(sources), folder.clean)
    assert all(each.endswith((".txt", ".md")) for each in tree(folder.clean / "articles"))
    restore_directory(folder.clean, folder.back)
    assert tree(folder.back) == sorted(
        [
            "2024/x.txt",
            "2025/x.txt",
            "2025/x#2.txt",
            "a.md",
            "bad#2.txt",
            "emoji 😀\n.txt",
            "page.HTML.txt",
            "page.htm.txt",
            "stdin.txt",
            "c#3.txt",
            "README",
        ]
    )


def test_a_file_and_a_folder_of_one_name(folder):
    sources = [named("x.txt", "a/x.txt"), named("x.txt/b.txt", "b/x.txt/b.txt")]
    write_cleaned(result_of(sources), folder.clean)
    restore_directory(folder.clean, folder.back)
    assert tree(folder.back) == ["x.txt", "x.txt_b.txt"]


def test_rows_come_back_under_the_names_of_their_columns(folder):
    source = named("x", "in.csv") | {"line": 2}
    source["record"] = b'["body",{"title":"t","body":null,"text":"other","raw":1}]'
    source["raw"] = b"\xff"
    write_cleaned(result_of([source]), folder.clean)
    (line,) = (folder.clean / "articles.jsonl").read_text("utf-8").splitlines()
    assert list(json.loads(line)) == ["title", "body", "text", "raw", "dedup"]
    restore_directory(folder.clean, folder.back)
    back = restored_rows(folder)[0]
    assert back.pop("raw_") == base64.b64encode(b"\xff").decode()
    assert list(back.items()) == [("title", "t"), ("body", BODY), ("text", "other"), ("raw", 1)]


def test_a_foreign_file_is_not_replaced(folder):
    result = result_of(from_bytes(a=BODY.encode(), b=b"Other."))
    for name in ("articles/a.txt", "provenance.jsonl", "manifest.json"):
        path = folder.clean / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
        with pytest.raises(OutputError, match=r"is there already, and not as an earlier"):
            write_cleaned(result, folder.clean)
        assert tree(folder.clean) == [name]
        assert path.read_bytes() == b"mine"
        path.unlink()
    (folder.clean / "articles.jsonl").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"articles\.jsonl: is there already"):
        write_cleaned(result, folder.clean, format="jsonl")


def test_only_what_nobody_changed_is_replaced_or_removed(folder):
    both = result_of(from_bytes(a=BODY.encode(), b=b"Other."))
    one = result_of(from_bytes(a=BODY.encode() * 2))
    write_cleaned(both, folder.clean)
    write_cleaned(one, folder.clean)
    assert tree(folder.clean) == ["articles/a.txt", "manifest.json", "provenance.jsonl"]
    write_cleaned(both, folder.clean, format="parquet")
    assert tree(folder.clean) == ["articles.parquet", "manifest.json", "provenance.jsonl"]
    write_cleaned(both, folder.clean)
    (folder.clean / "articles" / "b.txt").write_bytes(b"edited by hand")
    write_cleaned(one, folder.clean)
    assert (folder.clean / "articles" / "b.txt").read_bytes() == b"edited by hand"
    with pytest.raises(OutputError, match=r"b\.txt: is there already"):
        write_cleaned(both, folder.clean)


def test_a_linked_article_is_not_written_through(folder, tmp_path):
    target = tmp_path / "target.txt"
    target.write_bytes(BODY.encode())
    (folder.clean / "articles").mkdir(parents=True)
    (folder.clean / "articles" / "a.txt").symlink_to(target)
    with pytest.raises(OutputError, match=r"a\.txt: is there already"):
        write_cleaned(result_of(from_bytes(a=BODY.encode())), folder.clean)


def test_restoring_replaces_no_other_file(cleaned):
    cleaned.back.mkdir()
    (cleaned.back / "b.txt").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"b\.txt: is there already with other content"):
        restore_directory(cleaned.clean, cleaned.back)
    assert tree(cleaned.back) == ["b.txt"]
    (cleaned.back / "b.txt").unlink()
    restore_directory(cleaned.clean, cleaned.back)
    assert restore_directory(cleaned.clean, cleaned.back)["files"] == 2


def test_restored_rows_replace_no_other_file(folder):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean)
    folder.back.mkdir()
    (folder.back / "restored.jsonl").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"restored\.jsonl: is there already"):
        restore_directory(folder.clean, folder.back)
    assert (folder.back / "restored.jsonl").read_bytes() == b"mine"


def test_restoring_follows_no_link(folder, tmp_path):
    write_cleaned(result_of([named("sub/a.txt", "in/sub/a.txt")]), folder.clean)
    outside = tmp_path / "outside"
    outside.mkdir()
    folder.back.mkdir()
    (folder.back / "sub").symlink_to(outside, target_is_directory=True)
    with pytest.raises(OutputError, match="is a link; nothing is written through it"):
        restore_directory(folder.clean, folder.back)
    assert not tree(outside)
    (folder.back / "sub").unlink()
    restore_directory(folder.clean, folder.back)
    assert tree(folder.back) == ["sub/a.txt"]


def test_names_that_differ_in_case_are_one_on_some_disks(folder, monkeypatch):
    write_cleaned(result_of([named("a.txt", "in/a.txt"), named("A.txt", "in/A.txt")]), folder.clean)
    restore_directory(folder.clean, folder.back)
    assert tree(folder.back) == ["A.txt", "a.txt"]
    monkeypatch.setattr("dedup.output.cleaned.restoring._is_caseless", lambda folder: True)
    with pytest.raises(InputError, match=r"two articles are restored as a\.txt"):
        restore_directory(folder.clean, folder.back)


def test_what_cannot_be_restored_leaves_no_folder(folder):
    sources = [named("sub/a.txt", "in/sub/a.txt"), named("sub/b.txt", "in/sub/b.txt")]
    write_cleaned(result_of(sources), folder.clean)
    path = next((folder.clean / "articles").glob("sub/b*"))
    path.write_bytes(b"edited")
    refused(folder, InputError, "was changed")
    assert not folder.back.exists()


def without_a_line(data):
    return data.split(b"\n", 1)[1]


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("provenance.jsonl", without_a_line),
        ("provenance.jsonl", lambda data: b""),
        ("provenance.jsonl", lambda data: data + data.split(b"\n")[0] + b"\n"),
        ("provenance.jsonl", lambda data: data.replace(b'"doc_id":"2"', b'"doc_id":"9"')),
        ("provenance.jsonl", lambda data: data.replace(b'"n_chars":', b'"n_chars":1')),
        ("articles.jsonl", lambda data: data + data.split(b"\n")[0] + b"\n"),
        ("articles.jsonl", lambda data: data.replace(b"2024-12-05", b"1999-12-05")),
        ("articles.jsonl", lambda data: data.replace(b'"tags":"b",', b"")),
        ("articles.jsonl", without_a_line),
    ],
)
def test_tampering_is_found(folder, name, edit):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean)
    path = folder.clean / name
    before = path.read_bytes()
    path.write_bytes(edit(before))
    assert path.read_bytes() != before
    refused(folder, InputError, f"{name}: was changed after cleaning")


@pytest.mark.parametrize("name", ["provenance.jsonl", "articles.jsonl"])
@pytest.mark.parametrize("edit", [without_a_line, lambda data: b"", lambda data: data * 2])
def test_counts_are_checked_as_well(folder, name, edit):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean)
    path = folder.clean / name
    path.write_bytes(edit(path.read_bytes()))
    seal(folder)
    refused(folder, InputError, "the manifest says|row is missing|does not know")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format":2}', '{"format":1,"documents":1,"files":0,"rows":1}']
)
def test_a_broken_manifest_is_refused(cleaned, text):
    (cleaned.clean / "manifest.json").write_text(text, "utf-8")
    refused(cleaned, InputError, "not the manifest of a cleaned folder")
    (cleaned.clean / "manifest.json").unlink()
    refused(cleaned, InputError, "is this a folder of `dedup clean`")


@pytest.mark.parametrize(
    "line", ["[1]", '"x"', "null", '{"text":"\\ud800","dedup":{"doc_id":"1"}}']
)
def test_a_broken_row_is_refused(folder, line):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean)
    path = folder.clean / "articles.jsonl"
    path.write_text("\n".join([line, *path.read_text("utf-8").splitlines()[1:]]), "utf-8")
    seal(folder)
    refused(folder, InputError, "row is missing or out of place|was changed after cleaning")


def test_a_row_file_the_manifest_does_not_list_is_refused(folder):
    write_cleaned(result_of(from_rows(*ROWS)), folder.clean)
    change(folder, "2", file="articles.parquet")
    refused(folder, InputError, r"does not list articles\.parquet")


def test_half_surrogates_as_parquet(folder):
    source = named("x", "in.jsonl") | {"line": 1}
    source["record"] = b'["text",{"text":null,"note":"\\ud83d"}]'
    write_cleaned(result_of([source]), folder.clean, format="parquet")
    assert restore_directory(folder.clean, folder.back)["rows"] == 1


# Rows with their types, and rows that are only marked

METADATA = ["doc_id", "cluster", "canonical", "kept", "relation", "duplicate_of"]


def typed_table(texts, kind=None):
    """Return a table with columns of all sorts of types."""
    count = len(texts)
    return pa.table(
        {
            "when": pa.array([datetime.datetime(2024, 1, 2)] * count, pa.timestamp("us", "UTC")),
            "title": pa.array(["t"] * count, pa.large_string()),
            "text": pa.array(texts, kind or pa.string()),
            "id": pa.array(range(count), pa.uint8()),
            "price": pa.array([decimal.Decimal("1.10")] * count, pa.decimal128(10, 2)),
            "bytes": pa.array([b"\xff"] * count),
            "category": pa.array([f"c{each % 3}" for each in range(count)]).dictionary_encode(),
            "nested": pa.array([{"a": [1], "b": datetime.date(2024, 1, 2)}] * count),
            "nan": pa.array([float("nan")] * count, pa.float32()),
            "map": pa.array([[("k", 1)]] * count, pa.map_(pa.string(), pa.int32())),
            "dedup": ["mine"] * count,
        }
    )


def scanned_rows(*tables, folder):
    """Return the result of a scan of tables, each a Parquet file, and of dicts, a file of JSON."""
    folder.mkdir()
    for number, table in enumerate(tables):
        if isinstance(table, pa.Table):
            pq.write_table(table, folder / f"{number}.parquet", row_group_size=3)
        else:
            lines = "".join(f"{json.dumps(each)}\n" for each in table)
            (folder / f"{number}.jsonl").write_text(lines, "utf-8")
    return scan(read([str(folder)], ReadOptions(keep_record=True, keep_columns=True)))


TEXTS = [f"{BODY}Share this\n", BODY.upper(), *(f"Other words, {n} of them." for n in range(9))]


def written_table(folder):
    return pq.read_table(folder.clean / "articles.parquet")


@pytest.mark.parametrize("annotate", [False, True])
def test_parquet_keeps_types_and_order(folder, tmp_path, annotate):
    table = typed_table(TEXTS)
    result = scanned_rows(table, folder=tmp_path / "in")
    counts = write_cleaned(
        result, folder.clean, format="parquet", everything=True, annotate=annotate
    )
    assert counts["rows"] == len(TEXTS)
    got = written_table(folder).sort_by("id")
    assert got.schema.names == [*table.schema.names, "dedup_"]
    assert [*got.schema][:-1] == [*pq.read_table(tmp_path / "in" / "0.parquet").schema]
    assert [each.name for each in got.schema.field("dedup_").type] == METADATA
    others = [name for name in table.column_names if name not in ("text", "nan")]
    assert got.select(others).to_pylist() == table.select(others).to_pylist()
    assert got["text"].to_pylist()[1:] == TEXTS[1:]
    assert got["text"][0].as_py() == (TEXTS[0] if annotate else BODY)
    assert [each["kept"] for each in got["dedup_"].to_pylist()].count(False) == 1
    assert restore_directory(folder.clean, folder.back)["rows"] == len(TEXTS)
    back = sorted(restored_rows(folder), key=lambda row: row["id"])
    assert [list(row) for row in back] == [table.column_names] * len(TEXTS)
    assert [row["text"] for row in back] == TEXTS
    assert (back[0]["when"], back[0]["price"]) == ("2024-01-02T00:00:00+00:00", "1.10")


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()],
)
def test_a_text_column_of_any_type_keeps_it(folder, tmp_path, kind):
    table = typed_table(TEXTS, kind)
    schema = pa.schema([each.with_nullable(each.name != "text") for each in table.schema])
    result = scanned_rows(table.cast(schema), folder=tmp_path / "in")
    write_cleaned(result, folder.clean, format="parquet")
    got = written_table(folder).schema.field("text")
    wanted = pq.read_schema(tmp_path / "in" / "0.parquet").field("text")
    assert got == (wanted.with_type(pa.large_string()) if kind == pa.string_view() else wanted)
    assert not got.nullable
    assert restore_directory(folder.clean, folder.back)["rows"] == len(TEXTS) - 1


def test_files_with_other_columns_are_joined(folder, tmp_path):
    one = pa.table({"id": ["c", "d"], "text": ["One text.", "Two texts."], "n": [1, 2]})
    two = pa.table({"text": ["Three texts."], "id": ["a"], "n": ["x"], "m": [0.5]})
    objects = [{"id": "b", "k": True, "text": "Four texts."}]
    write_cleaned(scanned_rows(one, two, objects, folder=tmp_path / "in"), folder.clean,
                  format="parquet")  # fmt: skip
    got = written_table(folder)
    assert got.column_names == ["text", "id", "n", "m", "k", "dedup"]
    assert got["id"].to_pylist() == ["a", "b", "c", "d"]
    assert got["n"].to_pylist() == ['"x"', None, "1", "2"]
    assert got["k"].to_pylist() == [None, True, None, None]
    assert got["text"].to_pylist() == ["Three texts.", "Four texts.", "One text.", "Two texts."]
    assert restore_directory(folder.clean, folder.back)["rows"] == 4


def test_the_order_of_rows_does_not_matter(folder, tmp_path):
    table = typed_table(TEXTS)
    mixed = table.take(np.random.default_rng(1).permutation(len(table)))
    for name, each in (("one", table), ("two", mixed)):
        out = tmp_path / f"out-{name}"
        write_cleaned(scanned_rows(each, folder=tmp_path / name), out, format="parquet")
    one, two = ((tmp_path / f"out-{name}/articles.parquet").read_bytes() for name in ("one", "two"))
    assert one == two


def test_columns_of_one_name_get_a_type_that_holds_them_all():
    small = pa.table(
        {"n": pa.array([1], pa.int8()), "s": ["x"], "f": pa.array([0.5], pa.float32())}
    )
    large = pa.table({"n": [2**40], "s": pa.array(["y"], pa.large_string()), "f": [0.1]})
    none = pa.table({"n": pa.nulls(1), "date": [datetime.date(2024, 1, 2)]})
    schema = join_columns([small, large, none]).schema
    assert [str(each.type) for each in schema] == ["int64", "large_string", "double", "date32[day]"]
    mixed = join_columns([large, pa.table({"n": [0.5], "s": [datetime.date(2024, 1, 2)]})])
    assert mixed["n"].to_pylist() == ["1099511627776", "0.5"]
    assert mixed["s"].to_pylist() == ['"y"', '"2024-01-02"']


@pytest.mark.parametrize("format", ["auto", "parquet"])
def test_rows_that_are_only_marked(folder, format):
    rows = (*ROWS, {"id": 4, "text": BODY})
    result = result_of(from_rows(*rows), ["4"])
    counts = write_cleaned(result, folder.clean, annotate=True, format=format)
    assert (counts["written"], counts["removed_characters"]) == (4, 0)
    assert json.loads((folder.clean / "manifest.json").read_bytes())["annotated"] is True
    assert all(not each["ops"] for each in entries(folder.clean).values())
    if format == "auto":
        lines = (folder.clean / "articles.jsonl").read_text("utf-8").splitlines()
        written = [json.loads(line) for line in lines]
        assert [list(row)[:-1] for row in written] == [list(row) for row in rows]
        assert (written[0]["big"], str(written[2]["nan"])) == (10**30, "nan")
        assert [row["text"] for row in written] == [row["text"] for row in rows]
        metadata = written[3]["dedup"]
    else:
        table = written_table(folder)
        assert table["text"].to_pylist() == [row["text"] for row in rows]
        metadata = table["dedup_"][3].as_py()
    assert list(metadata) == METADATA
    assert (metadata["kept"], metadata["duplicate_of"], metadata["relation"]) == (
        False,
        "1",
        "near_duplicate",
    )
    assert restore_directory(folder.clean, folder.back)["restored"] == 4
    back = restored_rows(folder)
    assert [row["text"] for row in back] == [row["text"] for row in rows]
    if format == "auto":
        assert [list(row) for row in back] == [list(row) for row in rows]


def test_a_marked_row_keeps_the_name_of_its_text(folder):
    source = named("x", "in.csv") | {"line": 2}
    source["record"] = b'["body",{"title":"t","body":null,"text":"other"}]'
    for format in ("jsonl", "parquet"):
        write_cleaned(result_of([source]), folder.clean, annotate=True, format=format)
        path = folder.clean / f"articles.{format}"
        row = pq.read_table(path).to_pylist()[0] if format == "parquet" else json.loads(
            path.read_text("utf-8"))  # fmt: skip
        assert list(row) == ["title", "body", "text", "dedup"]
        assert (row["body"], row["text"]) == (BODY, "other")
        restore_directory(folder.clean, folder.back)


def test_a_whole_text_cannot_be_marked(folder):
    says = r"annotate: in/a\.txt: a whole text has no columns to annotate; a row .* has"
    with pytest.raises(ConfigError, match=says):
        write_cleaned(result_of(from_bytes(a=BODY.encode())), folder.clean, annotate=True)
    assert not folder.clean.exists()


def test_objects_that_parquet_cannot_hold(folder, tmp_path):
    rows = [
        {"text": "One.", "none": {}, "list": [{"a": {}}], chr(0xD83D): 1, "\ufffd": 2},
        {"text": "Two.", "none": {}, "list": [], "\ufffd": 3},
    ]
    write_cleaned(scanned_rows(rows, folder=tmp_path / "in"), folder.clean, format="parquet")
    first, second = written_table(folder).drop_columns(["dedup"]).to_pylist()
    assert first == {"text": "One.", "none": "{}", "list": '[{"a":{}}]', "\ufffd": 1, "\ufffd_": 2}
    assert second == {"text": "Two.", "none": "{}", "list": "[]", "\ufffd": None, "\ufffd_": 3}
    assert restore_directory(folder.clean, folder.back)["rows"] == 2


def test_no_rows_as_parquet(folder):
    assert write_cleaned(result_of([]), folder.clean, format="parquet")["rows"] == 0
    assert tree(folder.clean) == ["manifest.json", "provenance.jsonl"]


def test_what_fails_halfway_leaves_nothing(folder, monkeypatch):
    result = result_of(from_rows(*ROWS))
    monkeypatch.setattr("dedup.output.cleaned.rows.GROUP_ROWS", 1)
    monkeypatch.setattr("dedup.output.cleaned._Writer.finish", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_cleaned(result, folder.clean, format="parquet")
    assert not tree(folder.clean)
