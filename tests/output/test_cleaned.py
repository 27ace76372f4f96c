"""The cleaned folder: what is written, and that every byte comes back."""

from __future__ import annotations

import base64
import json

import pytest
from cleaned_folders import BODY, entries, from_bytes, named, restored_rows, result_of, tree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.core.hashing import sha256
from dedup.errors import ConfigError
from dedup.output.cleaned import restore_directory, write_cleaned


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


def test_ids_cannot_lead_out_of_the_folder(folder, tmp_path):
    sources = from_bytes(a=BODY.encode(), b=b"Other.")
    for source, doc_id in zip(sources, ["../../evil.txt", "/etc/passwd"], strict=True):
        source["doc_id"] = doc_id
    write_cleaned(result_of(sources), folder.clean)
    assert len(list((folder.clean / "articles").iterdir())) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clean"]
    assert restore_directory(folder.clean, folder.back)["files"] == 2


def test_an_unknown_format_is_refused(folder):
    with pytest.raises(ConfigError, match="auto or jsonl or parquet"):
        write_cleaned(result_of([]), folder.clean, format="xml")


def test_no_documents(folder):
    assert write_cleaned(result_of([]), folder.clean)["written"] == 0
    assert (folder.clean / "provenance.jsonl").read_bytes() == b""
    assert restore_directory(folder.clean, folder.back)["documents"] == 0


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
