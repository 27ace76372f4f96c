"""Files, folders, patterns and standard input: what is read, and what an input is."""

from __future__ import annotations

import codecs
import gzip
import io
import os
from pathlib import Path

import pytest
from reading import LEAD, PACKERS, column, lines, pairs, write

from dedup import sources
from dedup.errors import ConfigError, InputError
from dedup.schema import CORPUS
from dedup.sources import ReadOptions, read

# Files and folders


def test_a_folder_is_read_in_order_and_ids_are_paths_below_it(save, tmp_path):
    save("b.txt", "two")
    save("a/c.md", "three")
    save("a.txt", "one")
    save(".hidden/d.txt", "never")
    save(".secret.txt", "never")
    corpus = read([str(tmp_path)])
    assert pairs(corpus) == {"a.txt": "one", "b.txt": "two", "a/c.md": "three"}
    assert corpus.table.schema == CORPUS
    assert column(corpus, "path")[0] == str(tmp_path / "a.txt")
    assert corpus.read_report.is_clean
    assert corpus.read_report.read == 3


def test_a_named_file_is_called_by_its_name(save):
    assert column(read([save("sub/a.txt", "one")]), "doc_id") == ["a.txt"]


def test_files_of_one_name_in_two_folders_keep_the_folder_in_theirs(save, tmp_path):
    one, two = save("x/a.txt", "one"), save("y/a.txt", "two")
    corpus = read([str(tmp_path / "x"), str(tmp_path / "y")])
    assert pairs(corpus) == {one: "one", two: "two"}
    assert corpus.read_report.is_clean


def test_a_file_given_twice_is_read_once(save, tmp_path):
    path = save("a.txt", "one")
    corpus = read([path, str(tmp_path)])
    assert len(corpus.table) == 1
    assert corpus.read_report.notes == ["1 file was given more than once and read once"]


def test_files_without_a_reader_are_ignored_and_named(save, tmp_path):
    save("a.txt", "one")
    save("b.jpg", b"\xff\xd8")
    save("c.PNG", b"\x89PNG")
    assert read([str(tmp_path)]).read_report.notes == ["2 files ignored: no reader for .jpg, .png"]


def test_a_named_file_of_unknown_extension_is_text_unless_told(save):
    assert column(read([save("article.body", LEAD)]), "text") == [LEAD]
    path = save("articles.feed", lines({"id": "a", "text": LEAD}))
    assert pairs(read([path], ReadOptions(format="jsonl"))) == {"a": LEAD}


def test_a_pattern_is_expanded_only_where_no_file_has_that_name(save, tmp_path):
    save("a1.txt", "one")
    save("a2.txt", "two")
    literal = save("a[1].txt", "three")
    assert column(read([str(tmp_path / "a?.txt")]), "text") == ["one", "two"]
    assert column(read([literal]), "text") == ["three"]


@pytest.mark.parametrize("name", ["nothing.txt", "nothing*.txt"])
def test_a_missing_path_stops_before_anything_is_read(save, tmp_path, name):
    path = str(tmp_path / name)
    with pytest.raises(InputError, match="no") as caught:
        read([save("a.txt", "one"), path])
    assert caught.value.path == path


def test_an_empty_folder_gives_no_documents_and_says_so(tmp_path):
    corpus = read([str(tmp_path)])
    assert len(corpus.table) == 0
    assert corpus.table.schema == CORPUS
    assert corpus.read_report.is_clean
    assert f"{tmp_path}: no file to read" in corpus.read_report.notes


def test_a_folder_that_links_to_itself_is_not_followed(save, tmp_path):
    save("news/a.txt", "one")
    (tmp_path / "news" / "again").symlink_to(tmp_path / "news", target_is_directory=True)
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert "1 linked folder not followed" in corpus.read_report.notes


def test_dangling_links_and_pipes_are_reported_and_the_rest_is_read(save, tmp_path):
    save("a.txt", "one")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.txt")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed == {"dangling_link": 1, "not_a_regular_file": 1}
    assert corpus.read_report.places["not_a_regular_file"] == [str(tmp_path / "pipe.txt")]


@pytest.mark.parametrize("name", ["b.txt", "b.jsonl", "b.parquet"])
def test_an_unreadable_file_is_reported_and_the_rest_is_read(save, tmp_path, name):
    save("a.txt", "one")
    Path(save(name, "two")).chmod(0)
    if os.access(tmp_path / name, os.R_OK):
        pytest.skip("this user may read everything")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed.total() == 1


def test_a_file_that_will_not_open_is_reported(save, tmp_path, monkeypatch):
    save("a.txt", "one")
    save("b.txt", "two")
    opened = sources.open_source

    def refuse(source):
        if source.name == "b.txt":
            raise PermissionError(13, "Permission denied")
        return opened(source)

    monkeypatch.setattr(sources, "open_source", refuse)
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.places == {"unreadable": [str(tmp_path / "b.txt")]}


def test_a_file_that_breaks_while_it_is_read_gives_what_came_before(save, monkeypatch):
    class Failing(io.BytesIO):
        def read1(self, size=-1):
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read1(30)

    data = lines({"text": "one"}, {"text": "two and more than thirty bytes"})
    monkeypatch.setattr(sources, "open_source", lambda source: Failing(data))
    corpus = read([save("a.jsonl", data)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed == {"unreadable": 1}
    assert not corpus.read_report.skipped


def test_file_names_that_are_not_utf8_are_read(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.txt")  # noqa: PTH118
    try:
        with open(name, "wb") as file:  # noqa: PTH123
            file.write(b"one")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert pairs(read([str(tmp_path)])) == {"caf\ufffd.txt": "one"}


def test_rows_without_text_beside_texts_are_counted(save, tmp_path):
    save("a.txt", "one")
    save("b.jsonl", '{"n": 1}\n')
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["one"]
    assert corpus.read_report.files_failed == {"no_text_column": 1}


def test_what_clean_writes_beside_the_articles_is_not_read(save, tmp_path):
    save("out/articles/a.txt", "one")
    save("out/provenance.jsonl", '{"doc_id": "a.txt"}\n')
    save("b/manifest.json", '{"text": "two"}')
    save("out/manifest.json", "{}")
    corpus = read([str(tmp_path)])
    assert column(corpus, "text") == ["two", "one"]
    assert "manifest.json and provenance.jsonl not read" in corpus.read_report.notes[0]
    assert corpus.read_report.is_clean


def test_a_file_under_two_names_is_read_once(save, tmp_path):
    path = Path(save("s/x.txt", "one"))
    (tmp_path / "linked").symlink_to(path.parent, target_is_directory=True)
    others = [tmp_path / "s" / ".." / "s" / "x.txt", tmp_path / "linked" / "x.txt"]
    corpus = read([str(path), *map(str, others), str(path.parent)])
    assert len(corpus.table) == 1
    assert corpus.read_report.notes == ["3 files were given more than once and read once"]


# Standard input


@pytest.mark.parametrize("packer", PACKERS)
def test_stdin_is_sniffed(stdin, packer):
    pack = PACKERS[packer]
    corpus = read([stdin(pack(b'\n {"text": "one"}\n{"text": "two"}\n'))])
    assert pairs(corpus) == {"-:2": "one", "-:3": "two"}
    assert pairs(read([stdin(pack(LEAD.encode()))])) == {"-": LEAD}
    marked = codecs.BOM_UTF16_LE + '{"text": "one"}'.encode("utf-16-le")
    assert pairs(read([stdin(pack(marked))])) == {"-:1": "one"}
    assert pairs(read([stdin(pack(b""))])) == {"-": ""}


def test_stdin_takes_every_format_by_name(stdin, save):
    assert pairs(read([stdin(b"id,text\na,one\n")], ReadOptions(format="csv"))) == {"a": "one"}
    assert pairs(read([stdin(b"id\ttext\na\tone\n")], ReadOptions(format="tsv"))) == {"a": "one"}
    parquet = Path(write(save, "parquet", [{"id": "a", "text": "one"}])).read_bytes()
    assert pairs(read([stdin(parquet)])) == {"a": "one"}
    assert pairs(read([stdin(b'{"text": "one"}')], ReadOptions(format="txt"))) == {
        "-": '{"text": "one"}'
    }


def test_an_unknown_format_is_refused():
    with pytest.raises(ConfigError, match="allowed is txt, lines, jsonl"):
        ReadOptions(format="doc")


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ('[{"text": "a"}, {"text": "b"}]', ["a", "b"]),
        ('\n [\n  {\n "text": "a"}\n]\n', ["a"]),
        ('{\n  "text": "a"\n}\n', ["a"]),
        ('{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        ("[sic] A text.", ["[sic] A text."]),
        ("{{Infobox}} A text.", ["{{Infobox}} A text."]),
        ("[1, 2] are numbers", ["[1, 2] are numbers"]),
    ],
)
def test_what_an_input_is_shows_in_its_first_bytes(save, stdin, data, texts):
    for path in (stdin(data.encode()), save("noname", data), save("x.dump", data.encode("utf-16"))):
        assert column(read([path]), "text") == texts


def test_rows_show_by_their_header(save):
    for data in ("id,text\n1,one\n", "Body;id\none;2\n", '"id"\t"content"\n\n1\tone'):
        assert column(read([save("x", data)]), "text") == ["one"]
        corpus = read([save("x.txt", data)])
        assert column(corpus, "text") == ["one"]
        assert "--input-format txt" in corpus.read_report.notes[0]
        stated = read([save("x.txt", data)], ReadOptions(format="txt"))
        assert column(stated, "text") == [data]
    for data in ("A text, so to say\nof two, or three, lines\n", "id,text\n", "text\none\n"):
        assert not read([save("x", data)]).read_report.notes


# Strict


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("x.jsonl", lines({"text": "a"}, b"{broken\n"), 2),
        ("x.jsonl", lines({"text": "a"}, {"text": 5}), 2),
        ("x.jsonl", lines({"text": "a"}, b'{"text": "\xff"}\n'), 2),
        ("x.jsonl", lines({"id": 1, "text": "a"}, {"id": 1, "text": "a"}), 2),
        ("x.csv", b"id,text\na,one\nb\n", 3),
        ("x.txt", b"\xff", None),
        ("x.txt", bytes(100), None),
        ("x.jsonl.gz", gzip.compress(lines({"text": "a"}), mtime=0)[:-3], None),
        ("x.parquet", b"none", None),
    ],
)
def test_strict_stops_at_the_first_flaw_and_names_the_place(save, name, data, line):
    path = save(name, data)
    assert not read([path]).read_report.is_clean
    with pytest.raises(InputError) as caught:
        read([path], ReadOptions(strict=True))
    assert (caught.value.path, caught.value.line) == (path, line)
