"""The cleaned folder: what was changed is found, and nothing foreign is written over."""

from __future__ import annotations

import json

import pytest
from cleaned_folders import BODY, ROWS, from_bytes, from_rows, named, result_of, tree

from dedup.core.hashing import sha256
from dedup.errors import InputError, OutputError
from dedup.output.cleaned import restore_directory, write_cleaned


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
