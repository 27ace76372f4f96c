"""Files that hold many documents, packed ones, encodings, and what is not read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pytest

from dedup.core.formats import FORMATS, UNREAD, kind_of, kind_of_bytes
from dedup.errors import ConfigError, InputError
from dedup.sources import ReadOptions, original_bytes, read

BRIDGE = "The council agreed to mend the old bridge."
FERRY = "A ferry takes cars until then."
ROWS = [{"id": "a", "text": BRIDGE}, {"id": "b", "text": FERRY}]
JSONL = "".join(f"{json.dumps(row)}\n" for row in ROWS).encode()


@pytest.fixture
def save(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    return write


def texts(corpus):
    return corpus.table["text"].to_pylist()


# Containers


def warc(kind, mime, body, **more):
    head = {"WARC-Type": kind, "WARC-Target-URI": "https://x.org/a", "Content-Type": mime, **more}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    data = body.encode()
    return f"WARC/1.0\r\n{lines}Content-Length: {len(data)}\r\n\r\n".encode() + data + b"\r\n\r\n"


@pytest.mark.parametrize("name", ["a.wet", "a.warc", "a.warc.wet", "a.txt", "noname", "a.warc.gz"])
def test_texts_of_a_crawl(save, name):
    date = {"WARC-Date": "2026-03-01T10:00:00Z"}
    data = warc("warcinfo", "application/warc-fields", "software: x\r\n")
    data += warc("conversion", "text/plain", BRIDGE, **date) + warc("request", "text/plain", "GET")
    data += warc("conversion", "text/plain", FERRY) + warc("conversion", "image/png", "x")
    packed = gzip.compress(data) if name.endswith(".gz") else data
    corpus = read([save(name, packed)])
    assert texts(corpus) == [BRIDGE, FERRY]
    assert corpus.table["doc_id"].to_pylist() == ["https://x.org/a", "https://x.org/a#2"]
    assert corpus.table["site"].to_pylist() == ["x.org"] * 2
    assert corpus.table["date"][0].as_py() == date["WARC-Date"]
    assert any("1 records left out (1 image/png)" in note for note in corpus.read_report.notes)


def test_pages_of_a_crawl(save):
    body = f"<html><body><article><p>{BRIDGE * 5}</p><p>{FERRY * 5}</p></article></body></html>"
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{body}"
    gone = f"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n{body}"
    mime = "application/http; msgtype=response"
    corpus = read([save("a.warc", warc("response", mime, answer) + warc("response", mime, gone))])
    (text,) = texts(corpus)
    assert BRIDGE in text
    assert FERRY in text
    assert "answers 404" in corpus.read_report.notes[-1]


def test_a_crawl_whose_lengths_lie_is_counted(save):
    data = warc("conversion", "text/plain", BRIDGE).replace(b"Length: 42", b"Length: 30")
    corpus = read([save("a.wet", data + warc("conversion", "text/plain", FERRY))])
    assert corpus.read_report.files_failed == {"broken_warc": 1}


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>X</title>{}</channel></rss>"""
ITEM = """<item><title>t</title><link>https://x.org/{0}</link><guid>g{0}</guid>
<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate><description>{1}</description></item>"""
ATOM = (
    """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>X</title>{}</feed>"""
)
ENTRY = """<entry><id>g{0}</id><title>t</title><link href="https://x.org/{0}"/>
<updated>2026-03-02T10:00:00Z</updated><content type="html">{1}</content></entry>"""


@pytest.mark.parametrize(("whole", "part"), [(RSS, ITEM), (ATOM, ENTRY)])
@pytest.mark.parametrize("name", ["a.xml", "a.rss", "a.txt", "feed"])
def test_items_of_a_feed(save, whole, part, name):
    markup = f"&lt;p&gt;{BRIDGE}&lt;/p&gt;&lt;p&gt;{FERRY} 1 &amp;amp; 2&lt;/p&gt;"
    data = whole.format(part.format(1, markup) + part.format(2, FERRY))
    corpus = read([save(name, data)])
    assert texts(corpus) == [f"{BRIDGE}\n\n{FERRY} 1 & 2", FERRY]
    rows = corpus.table.to_pylist()
    assert [(row["doc_id"], row["date"]) for row in rows] == [
        ("g1", "2026-03-02T10:00:00Z"),
        ("g2", "2026-03-02T10:00:00Z"),
    ]


def test_a_feed_that_breaks_off_is_counted(save):
    data = RSS.format(ITEM.format(1, BRIDGE) + ITEM.format(2, FERRY))[:-80]
    report = read([save("a.rss", data)]).read_report
    assert report.files_failed == {"broken_feed": 1}


def test_xml_that_is_no_feed(save, tmp_path):
    path = save("a.xml", "<?xml version='1.0'?><urlset><url>x</url></urlset>")
    corpus = read([path])
    assert corpus.read_report.files_failed == {"not_read": 1}
    assert "give its articles as JSON lines" in corpus.read_report.notes[0]
    save("b.txt", BRIDGE)
    folder = read([str(tmp_path)])
    assert texts(folder) == [BRIDGE]
    assert folder.read_report.is_clean


def mail(number, body, kind="text/plain"):
    return (
        f"From: Zo=?utf-8?q?=C3=AB?= <z@x.org>\nSubject: s\nMessage-ID: <{number}@x.org>\n"
        f"Date: Thu, 01 Jan 2026 00:00:00 +0000\nMIME-Version: 1.0\n"
        f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n"
    )


def test_messages_of_a_mailbox(save):
    body = f"{BRIDGE}\n\nFrom here on it is quiet.\n>From the other side too."
    page = "<p>Größe &amp; so on</p><script>no</script>"
    data = "".join(
        f"From a@b Thu Jan  1 00:00:00 2026\n{each}\n"
        for each in (mail(1, body), mail(2, page, "text/html"))
    )
    for name in ("a.mbox", "list.txt"):
        corpus = read([save(name, data)])
        assert texts(corpus) == [body.replace(">From", "From"), "Größe & so on"]
        assert corpus.table["doc_id"].to_pylist() == ["<1@x.org>", "<2@x.org>"]
        assert corpus.table["line"].to_pylist() == [1, 15]


def test_a_single_message(save):
    corpus = read([save("a.eml", mail(7, BRIDGE))])
    assert texts(corpus) == [BRIDGE]
    assert corpus.table["date"].to_pylist() == ["2026-01-01T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.arrow", lambda table, path: _ipc(table, path, pa.ipc.new_file)),
        ("data-00000-of-00001.arrow", lambda table, path: _ipc(table, path, pa.ipc.new_stream)),
        ("a.feather", pyarrow.feather.write_feather),
        ("a.orc", pyarrow.orc.write_table),
        ("a.bin", lambda table, path: _ipc(table, path, pa.ipc.new_file)),
    ],
)
@pytest.mark.parametrize("keep", [False, True])
def test_arrow_and_orc(save, name, write, keep):
    path = save(name, b"")
    write(pa.Table.from_pylist([{**row, "o": {"n": 1}} for row in ROWS]), path)
    options = ReadOptions(keep_record=keep, keep_columns=keep)
    corpus = read([path], options)
    assert texts(corpus) == [BRIDGE, FERRY]
    assert corpus.table["doc_id"].to_pylist() == ["a", "b"]


def _ipc(table, path, new):
    with pa.OSFile(path, "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table)


def test_a_data_set_of_hugging_face(tmp_path):
    datasets = pytest.importorskip("datasets")
    made = datasets.Dataset.from_list(ROWS)
    made.save_to_disk(str(tmp_path / "one"))
    datasets.DatasetDict({"train": made, "test": made}).save_to_disk(str(tmp_path / "two"))
    corpus = read([str(tmp_path / "one")])
    assert texts(corpus) == [BRIDGE, FERRY]
    assert corpus.read_report.is_clean
    assert len(read([str(tmp_path / "two")]).table) == 4


def test_one_text_a_line(save):
    path = save("a.txt", f"{BRIDGE}\n\n{FERRY}\r\n")
    options = ReadOptions(format="lines", keep_record=True)
    corpus = read([path], options)
    assert texts(corpus) == [BRIDGE, FERRY]
    assert corpus.table["doc_id"].to_pylist() == ["a.txt:1", "a.txt:3"]


def test_what_looks_like_one_text_a_line_is_asked_for(save, tmp_path):
    long = [
        f"{n} " + "and so it went on and on for a while until it ended. " * 4 for n in range(25)
    ]
    path = save("a.txt", "\n".join([*long, long[3]]))
    with pytest.raises(InputError, match="--input-format lines"):
        read([path])
    assert len(read([path], ReadOptions(format="txt")).table) == 1
    assert len(read([str(tmp_path)]).table) == 1  # files of a folder are texts
    assert len(read([save("b.txt", "\n".join(long))]).table) == 1
    assert len(read([save("c.txt", "\n\n".join([*long, long[3]]))]).table) == 1


# Packed


def zipped(**files):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def tarred(mode="w", **files):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl.bz2", bz2.compress(JSONL)),
        ("a.jsonl.xz", lzma.compress(JSONL)),
        ("a.jsonl.bz2", bz2.compress(JSONL[:50]) + bz2.compress(JSONL[50:])),
        ("a.jsonl", lzma.compress(JSONL)),
        ("a.zip", zipped(**{"x/a.jsonl": JSONL, "__MACOSX/a.jsonl": JSONL, "x/b.jpg": b"no"})),
        ("a.zip", zipped(**{"a.jsonl.gz": gzip.compress(JSONL)})),
        ("a.tar", tarred(**{"../a.jsonl": JSONL, "/etc/.hidden.jsonl": JSONL})),
        ("a.tgz", tarred("w:gz", **{"a.jsonl": JSONL})),
        ("a.tar.xz", tarred("w:xz", **{"a.jsonl": JSONL})),
        ("a.dump", tarred("w:bz2", **{"a.jsonl": JSONL})),
    ],
)
def test_packed_files_are_read(save, name, data):
    corpus = read([save(name, data)])
    assert texts(corpus) == [BRIDGE, FERRY]
    assert corpus.read_report.is_clean


def test_texts_in_an_archive_have_its_name_and_theirs(save):
    path = save("a.zip", zipped(**{"2026/b.txt": FERRY.encode(), "2026/a.txt": BRIDGE.encode()}))
    corpus = read([path])
    assert corpus.table["doc_id"].to_pylist() == ["a.zip/2026/a.txt", "a.zip/2026/b.txt"]
    assert corpus.table["path"].to_pylist() == [f"{path}/2026/a.txt", f"{path}/2026/b.txt"]


def test_the_stated_format_is_that_of_the_files_in_an_archive(save):
    path = save("a.zip", zipped(**{"a.txt": f"{BRIDGE}\n{FERRY}\n".encode()}))
    assert texts(read([path], ReadOptions(format="lines"))) == [BRIDGE, FERRY]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", zipped(**{"a.txt": bytes(3_000_000), "b.txt": b"one"}), "decompression_bomb"),
        ("a.jsonl.bz2", bz2.compress(b" " * 3_000_000), "decompression_bomb"),
        ("a.jsonl.xz", lzma.compress(b" " * 3_000_000), "decompression_bomb"),
        ("a.tar.gz", gzip.compress(tarred(**{"a.txt": bytes(3_000_000)})), "decompression_bomb"),
        ("a.zip", zipped(**{"a.zip": zipped(**{"a.txt": b"x"})}), "packed_twice"),
        ("a.zip", zipped(**{"a.txt": b"one"})[:-30], "broken_zip"),
        ("a.zip", zipped(**{"_.txt": b"one"}).replace(b"_.txt", b"\0.txt"), "broken_zip"),
        ("a.tar", tarred(**{"a.txt": b"x" * 5_000})[:2_000], "broken_tar"),
        ("a.txt.bz2", bz2.compress(b"x" * 5_000)[:-9], "truncated_bzip2"),
        ("a.txt.xz", lzma.compress(b"x" * 5_000)[:-9], "truncated_xz"),
    ],
    ids=range(10),  # archives hold the time at which they were made
)
def test_bombs_and_broken_archives_are_counted(save, name, data, reason):
    report = read([save(name, data)], ReadOptions(max_line_bytes=100_000)).read_report
    assert report.files_failed[reason] >= 1


# What is not read


@pytest.mark.parametrize("each", UNREAD, ids=lambda each: each.title)
def test_what_is_not_read_is_answered_with_what_to_do(save, each):
    start = b"RIFF" + bytes(4) if each.at == 8 else bytes(each.at)
    for magic in each.magic:
        path = save("x.dat", start + magic + bytes(100))
        report = read([path]).read_report
        assert not report.is_clean
        assert each.title in report.notes[0]
        assert each.hint.replace("FILE", path) in report.notes[0]


def test_office_files_are_no_archives_of_articles(save):
    for name, title in (("word/document.xml", "Word"), ("xl/workbook.xml", "Excel")):
        path = save("a.docx", zipped(**{"[Content_Types].xml": "x", name: "x"}))
        report = read([path]).read_report
        assert report.files_failed == {"not_read": 1}
        assert title in report.notes[0]


def test_prose_is_no_magic(save):
    for text in ("ORCHARDS bloom.", "PK is a place.", "From here on, 2026.\nAll: quiet.", "FEA1 x"):
        assert texts(read([save("a.txt", text)])) == [text]


# The stated format


def test_the_stated_format_is_obeyed_or_refused(save, tmp_path):
    as_text = save("a.txt", JSONL)
    assert texts(read([as_text], ReadOptions(format="jsonl"))) == [BRIDGE, FERRY]
    assert texts(read([as_text], ReadOptions(format="txt"))) == [JSONL.decode()]
    assert texts(read([save("b.jsonl", JSONL)], ReadOptions(format="txt"))) == [JSONL.decode()]
    path = save("c.txt", b"")
    _ipc(pa.Table.from_pylist(ROWS), path, pa.ipc.new_file)
    with pytest.raises(ConfigError, match=r"got 'jsonl', allowed is arrow: .* is Arrow"):
        read([path], ReadOptions(format="jsonl"))
    save("in/a.txt", f"{BRIDGE}\n{FERRY}\n")
    save("in/b.csv", "text\none\n")
    folder = read([str(tmp_path / "in")], ReadOptions(format="lines"))
    assert texts(folder) == [BRIDGE, FERRY]
    assert "1 file ignored: no reader for .csv" in folder.read_report.notes[0]


def test_every_extension_leads_to_one_format():
    for name, each in FORMATS.items():
        assert {kind_of(f"x{end}") for end in each.extensions} <= {name}
        assert {kind_of_bytes(mark + b"\0" * 20) for mark in each.magic} <= {name}


# Encodings

FRENCH = "Où était-il passé ? L’élève préfère l’été, a déclaré la mère."
POLISH = (
    "Łódź i Kraków są przygotowane, żadne zmiany nie wejdą w życie, powiedział burmistrz miasta."
)
RUSSIAN = "Правительство сообщило, что новые правила вступят в силу в январе."
CHINESE = "政府宣布新的规定将于一月生效。居民表示不满，并要求召开会议。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "gb18030"),
        (POLISH, "cp1250"),
    ],
)
def test_an_encoding_is_guessed_counted_and_named_or_stated(save, text, encoding):
    data = (text + "\n").encode(encoding) * 3
    path = save("a.txt", data)
    corpus = read([path])
    assert texts(corpus) == [(text + "\n") * 3]
    assert corpus.read_report.damaged == {"guessed_encoding": 1}
    assert f"--encoding {encoding} states it" in corpus.read_report.notes[0]
    stated = read([path], ReadOptions(encoding=encoding))
    assert texts(stated) == texts(corpus)
    assert stated.read_report.is_clean
    for each in (corpus, stated):
        row = each.table.to_pylist()[0]
        assert original_bytes(row["text"], row["encoding"], row["raw"]) == data


def test_rows_in_other_encodings(save):
    data = f"id;text\n1;{FRENCH}\n2;{FRENCH}\n".encode("cp1252")
    corpus = read([save("a.csv", data)])
    assert texts(corpus) == [FRENCH, FRENCH]
    assert corpus.read_report.damaged == {"guessed_encoding": 1}
    jsonl = json.dumps({"text": RUSSIAN}, ensure_ascii=False).encode("koi8-r")
    assert texts(read([save("a.jsonl", jsonl)], ReadOptions(encoding="koi8-r"))) == [RUSSIAN]
    wrong = read([save("a.jsonl", b'{"text": "a\x81b"}')], ReadOptions(encoding="cp1252"))
    assert wrong.read_report.damaged == {"invalid_utf8": 1}


def test_a_page_states_its_encoding(save):
    page = f"<html><head><meta charset=windows-1251></head><body><p>{RUSSIAN * 3}</p></body></html>"
    corpus = read([save("a.html", page.encode("cp1251"))])
    assert RUSSIAN in texts(corpus)[0]
    assert corpus.read_report.is_clean


def test_a_text_with_damaged_places_stays_utf8(save):
    data = f"{FRENCH} Gr".encode() + b"\xff\xfe" + "öße".encode()
    corpus = read([save("a.txt", data)])
    assert corpus.read_report.damaged == {"invalid_utf8": 1}


def test_an_encoding_that_does_not_exist_is_refused():
    for name in ("klingon", "base64", "rot13", ""):
        with pytest.raises(ConfigError, match="an encoding that Python knows"):
            ReadOptions(encoding=name)
