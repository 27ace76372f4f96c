"""The formats of input, each listed once: names, extensions, first bytes, and what reads them.

A file is known by its first bytes where these say it for sure, then by its extension. What is not
read is listed as well, with the command that converts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Format:
    """One format that is read.

    ``magic`` are first bytes that no other format has, ``shape`` is a pattern of the first bytes of
    a text format. ``whole`` tells that a file is one document, ``columnar`` that Arrow reads it,
    ``is_text`` that it has an encoding. ``extra`` is what has to be installed for it.
    """

    name: str
    title: str
    extensions: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()
    shape: re.Pattern[bytes] | None = None
    whole: bool = False
    columnar: bool = False
    is_text: bool = False
    archive: bool = False
    extra: str = ""


_FEED = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*|<\?(?:(?!\?>).)*\?>\s*|<!DOCTYPE[^>\[]*>\s*)*"
    rb"<(?:rss|feed|(?:[\w.-]+:)?RDF)[\s>]",
    re.S | re.I,
)
_PAGE = re.compile(
    rb"\s*(?:<!--(?:(?!-->).)*-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html)[\s>]", re.S | re.I
)
_MBOX = re.compile(rb"From \S[^\n]*\d\d:\d\d[^\n]*\d{4}[^\n]*\n[A-Za-z][\w-]*:")
_MAIL = re.compile(
    rb"(?=(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,60}?(?:Message-ID|Received):)"
    rb"(?:Return-Path|Received|Delivered-To|X-[\w-]+|From|To|Date|Subject|Message-ID|MIME-Version):",
    re.I,
)
_WARC = re.compile(rb"WARC/[01]\.\d+\r?\n")

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("txt", "text", (".txt", ".text", ".md"), whole=True, is_text=True),
        Format("lines", "one text a line", is_text=True),
        Format("jsonl", "JSON lines", (".jsonl", ".ndjson"), is_text=True),
        Format("json", "JSON", (".json",), is_text=True),
        Format("csv", "CSV", (".csv",), is_text=True),
        Format("tsv", "TSV", (".tsv", ".tab"), is_text=True),
        Format("parquet", "Parquet", (".parquet",), (b"PAR1",), columnar=True),
        Format(
            "arrow",
            "Arrow",
            (".arrow", ".feather", ".ipc"),
            (b"ARROW1\0\0", b"\xff\xff\xff\xff", b"FEA1"),
            columnar=True,
        ),
        Format("orc", "ORC", (".orc",), (b"ORC",), columnar=True),
        Format("html", "HTML", (".html", ".htm", ".xhtml"), shape=_PAGE, whole=True, extra="html"),
        Format(
            "feed", "a feed (RSS or Atom)", (".rss", ".atom", ".xml"), shape=_FEED, extra="feeds"
        ),
        Format("warc", "WARC or WET", (".warc", ".wet"), shape=_WARC, extra="warc"),
        Format("mbox", "mbox", (".mbox", ".mbx"), shape=_MBOX),
        Format("eml", "an e-mail", (".eml",), shape=_MAIL),
        Format("zip", "zip", (".zip",), (b"PK\x03\x04", b"PK\x05\x06"), archive=True),
        Format("tar", "tar", (".tar",), archive=True),
    )
}
PACKED = (".gz", ".zst", ".zstd", ".bz2", ".xz")
_ALSO_PACKED = (".bgz", ".lz4")  # known by first bytes alone
_SHORT = {".tgz": "tar", ".tbz": "tar", ".tbz2": "tar", ".txz": "tar", ".tzst": "tar"}
_KINDS = {end: each.name for each in FORMATS.values() for end in each.extensions} | _SHORT
_TAR_MAGIC, _TAR_AT = b"ustar", 257


@dataclass(frozen=True, slots=True)
class Unread:
    """One format that is not read: its first bytes, at ``at``, and how to convert it."""

    title: str
    magic: tuple[bytes, ...]
    hint: str
    at: int = 0


_IMAGE = "the words in an image are read by OCR, such as `tesseract FILE -`"
_SOUND = "what is said in it has to be transcribed"
UNREAD = (
    Unread("a PDF", (b"%PDF-",), "`pdftotext FILE FILE.txt` gives its text"),
    Unread("an image", (b"\x89PNG", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"), _IMAGE),
    Unread("an image", (b"II*\0", b"MM\0*"), _IMAGE),
    Unread("an image", (b"WEBP",), _IMAGE, 8),
    Unread("an image", (b"ftypheic", b"ftypavif", b"ftypmif1"), _IMAGE, 4),
    Unread(
        "a SQLite database",
        (b"SQLite format 3\0",),
        "`sqlite3 -json FILE 'SELECT * FROM TABLE' > rows.json` writes its rows",
    ),
    Unread(
        "a DuckDB database",
        (b"DUCK",),
        "`duckdb FILE \"COPY TABLE TO 'rows.parquet'\"` writes its rows",
        8,
    ),
    Unread("an old Office file", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "save it as CSV or text"),
    Unread("RTF", (b"{\\rtf",), "`pandoc -t plain -o FILE.txt FILE` gives its text"),
    Unread("a 7z archive", (b"7z\xbc\xaf\x27\x1c",), "`7z x FILE` unpacks it"),
    Unread("a RAR archive", (b"Rar!\x1a\x07",), "`unrar x FILE` unpacks it"),
    Unread("LZ4", (b"\x04\x22\x4d\x18",), "`lz4 -dc FILE | dedup scan -` reads it"),
    Unread("lzip", (b"LZIP\x01",), "`lzip -dc FILE | dedup scan -` reads it"),
    Unread("compress (.Z)", (b"\x1f\x9d",), "`zcat FILE | dedup scan -` reads it"),
    Unread("Avro", (b"Obj\x01",), "`avro-tools tojson FILE > rows.jsonl` writes its rows"),
    Unread("HDF5", (b"\x89HDF\r\n",), "write its table with `pandas`: `.to_parquet()`"),
    Unread("a NumPy array", (b"\x93NUMPY",), "write its texts as JSON lines"),
    Unread("a pickle", (b"\x80\x04\x95", b"\x80\x05\x95", b"\x80\x03", b"\x80\x02"),
           "opening it runs code; write its rows as JSON lines or Parquet"),
    Unread("a program", (b"\x7fELF", b"MZ\x90\0"), "it holds no articles"),
    Unread("sound", (b"ID3\2", b"ID3\3", b"ID3\4", b"OggS\0", b"fLaC\0"), _SOUND),
    Unread("a video", (b"\x1aE\xdf\xa3",), _SOUND),
    Unread("sound or video", (b"ftyp",), _SOUND, 4),
    Unread("sound or video", (b"WAVE", b"AVI "), _SOUND, 8),
    Unread("a font", (b"wOFF", b"wOF2", b"OTTO\0", b"\0\1\0\0\0"), "it holds no articles"),
)  # fmt: skip
_OFFICE = {
    b"word/": ("a Word file", "`pandoc -t plain -o FILE.txt FILE` gives its text"),
    b"xl/": ("an Excel file", "save the sheet as CSV"),
    b"ppt/": ("a PowerPoint file", "save it as text"),
    b"mimetypeapplication/vnd.oasis": ("an OpenDocument file", "`soffice --convert-to txt FILE`"),
    b"mimetypeapplication/epub": ("an e-book", "`pandoc -t plain -o FILE.txt FILE` gives its text"),
}


def kind_of(path: str) -> str | None:
    """Return the name of the format that the name of a file says, or ``None``.

    >>> kind_of("a/NEWS.JSONL.gz"), kind_of("a.parquet"), kind_of("photo.jpg")
    ('jsonl', 'parquet', None)
    """
    name = PurePath(path).name.lower()
    for packed in PACKED:
        if name.endswith(packed):
            kind = _KINDS.get(PurePath(name.removesuffix(packed)).suffix)
            return None if kind == "parquet" else kind
    return _KINDS.get(PurePath(name).suffix)


def is_packed(path: str) -> bool:
    """Return whether the name of a file says that it holds more text than its size tells.

    >>> is_packed("a/NEWS.jsonl.GZ"), is_packed("a.parquet"), is_packed("a.jsonl")
    (True, True, False)
    """
    end = PurePath(path).suffix.lower()
    form = FORMATS.get(_KINDS.get(end, ""))
    return end in (*PACKED, *_ALSO_PACKED) or bool(form and (form.columnar or form.archive))


def kind_of_bytes(head: bytes) -> str | None:
    r"""Return the name of the format that the first bytes say for sure, or ``None``.

    >>> kind_of_bytes(b"PAR1..."), kind_of_bytes(b"WARC/1.0\r\n"), kind_of_bytes(b"From here on")
    ('parquet', 'warc', None)
    """
    if head[_TAR_AT : _TAR_AT + len(_TAR_MAGIC)] == _TAR_MAGIC:
        return "tar"
    if head.startswith((b"ORC", b"FEA1")) and not _is_control(head[3:16]):
        return None
    for each in FORMATS.values():
        if head.startswith(each.magic) if each.magic else False:
            return each.name
    body = head.removeprefix(b"\xef\xbb\xbf")[:8192]
    for name in ("warc", "feed", "mbox"):
        shape = FORMATS[name].shape
        if shape is not None and shape.match(body):
            return name
    return None


def kind_of_text(head: bytes) -> str | None:
    """Return ``html`` or ``eml`` where a file without a telling name begins like one."""
    body = head.removeprefix(b"\xef\xbb\xbf")[:8192]
    for name in ("html", "eml"):
        shape = FORMATS[name].shape
        if shape is not None and shape.match(body):
            return name
    return None


def not_read(head: bytes) -> Unread | None:
    """Return what is known of a format that is not read, by the first bytes of a file.

    >>> not_read(b"%PDF-1.7").hint
    '`pdftotext FILE FILE.txt` gives its text'
    """
    for each in UNREAD:
        if any(head[each.at : each.at + len(magic)] == magic for magic in each.magic):
            return each
    if head.startswith(b"PK\x03\x04"):
        for mark, (title, hint) in _OFFICE.items():
            if mark in head[30:4096]:
                return Unread(title, (), hint)
    return None


def _is_control(data: bytes) -> bool:
    """Tell whether a byte is no printable one: prose may begin with the letters ORC."""
    return any(byte < 9 or 13 < byte < 32 or byte > 126 for byte in data)
