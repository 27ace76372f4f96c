"""Damaged files of every format through the readers: nothing ends them but dedup's own errors.

Each input is a valid file of one format, changed at random from a seed: bits, bytes and stretches
flipped, cut, doubled, moved, and mixed with those of other formats. It is read in a process of its
own kind, so that a reader that ends the process is found too. What must hold: reading ends within
the time allowed, with documents or with an error of dedup; each record that was read is a document
or was counted as skipped; and a text file gives back its bytes.

    python benchmarks/fuzz_readers.py --inputs 100000 --record benchmarks/record/fuzz-readers.json
"""

from __future__ import annotations

import bz2
import email.message
import gzip
import io
import json
import lzma
import random
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
from fuzzing import Fuzzed, main

from dedup.errors import DedupError
from dedup.sources import ReadOptions, original_bytes, read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXTS = [
    "The council met on Monday and agreed to mend the old bridge before winter.\n\nIt costs a lot.",
    'She said "no", twice; and „nein“ once. Größe, façade, naïve – 3 €.',
    "政府宣布新的规定将于一月生效。",
    "",
    "A short one",
]
ROWS = [
    {"id": f"a{n}", "text": text, "date": f"2026-01-0{n + 1}", "url": f"https://x.org/{n}"}
    for n, text in enumerate(TEXTS)
]
TOKENS = [
    *(b"\0", b"\xff", b"\xfe", b"\n", b"\r", b'"', b"'", b",", b"\t", b";", b"{", b"}", b"[", b"]"),
    *(b":", b"null", b"<", b">", b"&", b"&#x110000;", b"]]>", b"<!DOCTYPE", b"From x 2026\n"),
    *(b"WARC/1.0\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999\r\n", b"PK\3\4"),
    *(b"\x1f\x8b\x08", b"BZh9", b"\x28\xb5\x2f\xfd", b"ARROW1", b"PAR1", b"ORC", b"\xef\xbb\xbf"),
    *(b"\xd8\x00", b"\\ud800", b"1e999", b"9" * 40, b"\x80" * 5, b"=?utf-8?b?//8=?=", b"\x7f" * 4),
    *(b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"charset=utf-7", b'encoding="x"', b"(" * 50),
]


def table() -> pa.Table:
    """Return the rows with a column of lists and one of objects."""
    more = [{**row, "parts": [row["text"]] * 2, "o": {"text": row["text"]}} for row in ROWS]
    return pa.Table.from_pylist(more * 3)


def _buffer(write: Callable[[io.BytesIO], object]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def _ipc(new: Callable[..., Any]) -> bytes:
    sink = io.BytesIO()
    with new(sink, table().schema) as writer:
        writer.write_table(table(), max_chunksize=4)
    return sink.getvalue()


def _warc(kind: str) -> bytes:
    parts = []
    for row in ROWS:
        text = row["text"].encode()
        if kind == "response":
            page = b"<html><body><p>" + text * 3 + b"</p></body></html>"
            text = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
        mime = "text/plain" if kind == "conversion" else "application/http;msgtype=response"
        head = (
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {row['url']}\r\n"
            f"WARC-Date: 2026-03-01T10:00:00Z\r\nWARC-Record-ID: <urn:uuid:{row['id']}>\r\n"
            f"Content-Type: {mime}\r\nContent-Length: {len(text)}\r\n\r\n"
        )
        parts.append(head.encode() + text + b"\r\n\r\n")
    return b"".join(parts)


def _feed() -> bytes:
    items = "".join(
        f"<item><title>t</title><link>{row['url']}</link><guid>{row['id']}</guid>"
        f"<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate>"
        f"<description><![CDATA[<p>{row['text']}</p>]]></description></item>"
        for row in ROWS
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def _atom() -> bytes:
    entries = "".join(
        f"<entry><id>{row['id']}</id><title>t</title><updated>2026-03-01T10:00:00Z</updated>"
        f"<content type='text'>{row['text']}</content></entry>"
        for row in ROWS
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


def _mail(row: dict[str, str]) -> bytes:
    message = email.message.EmailMessage()
    message["From"], message["Subject"] = "a@b.org", f"Größe {row['id']}"
    message["Message-ID"], message["Date"] = f"<{row['id']}@b>", "Thu, 01 Jan 2026 00:00:00 +0000"
    message.set_content(row["text"])
    message.add_alternative(f"<p>{row['text']}</p>", subtype="html")
    return message.as_bytes()


def _archive(files: dict[str, bytes], kind: str) -> bytes:
    sink = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(fileobj=sink, mode="w") as archive:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return sink.getvalue()


def valid_files() -> dict[str, bytes]:
    """Return a valid file of each format, by name."""
    jsonl = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    csv = "id,text,date\n" + "".join(
        '{},"{}",{}\n'.format(r["id"], r["text"].replace('"', '""'), r["date"]) for r in ROWS
    )
    tsv = "id\ttext\n" + "".join(f"{r['id']}\t{r['text'].splitlines()[:1]}\n" for r in ROWS)
    prose = "\n\n".join(TEXTS)
    head = "<html><head><meta charset='utf-8'><title>t</title></head>"
    page = f"{head}<body><p>{prose}</p></body></html>"
    several = {"a/x.txt": prose.encode(), "b.jsonl": jsonl, "c.csv": csv.encode()}
    files = {
        "a.txt": prose.encode(),
        "b.txt": prose.encode("utf-16"),
        "c.txt": "Où était-il passé ? L’élève préfère l’été.".encode("cp1252") * 5,
        "d.txt": "\n".join(TEXTS[:2] * 12).encode(),
        "a.jsonl": jsonl,
        "b.jsonl": b"[" + b",\n".join(jsonl.splitlines()) + b"]",
        "a.json": json.dumps(ROWS, indent=1).encode(),
        "b.json": json.dumps({"status": "ok", "response": {"results": ROWS}}).encode(),
        "c.json": json.dumps({r["id"]: r for r in ROWS}).encode(),
        "d.json": json.dumps(
            {k: {str(n): r[k] for n, r in enumerate(ROWS)} for k in ROWS[0]}
        ).encode(),
        "a.csv": csv.encode(),
        "b.csv": csv.replace(",", ";").encode("cp1252", "replace"),
        "c.csv": csv.replace("\n", "\r").encode(),
        "a.tsv": tsv.encode(),
        "a.html": page.encode(),
        "a.rss": _feed(),
        "a.atom": _atom(),
        "a.warc": _warc("response"),
        "a.wet": _warc("conversion"),
        "a.mbox": b"".join(b"From a@b Thu Jan  1 00:00:00 2026\n" + _mail(r) + b"\n" for r in ROWS),
        "a.eml": _mail(ROWS[1]),
        "a.parquet": _buffer(lambda sink: pq.write_table(table(), sink, row_group_size=4)),
        "a.arrow": _ipc(pa.ipc.new_file),
        "b.arrow": _ipc(pa.ipc.new_stream),
        "a.orc": _buffer(lambda sink: pyarrow.orc.write_table(table(), sink)),
        "a.zip": _archive(several, "zip"),
        "a.tar": _archive(several, "tar"),
        "noname": jsonl,
    }
    packers = {
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".xz": lzma.compress,
        ".zst": zstd.compress,
    }
    files |= {f"p.jsonl{end}": pack(jsonl) for end, pack in packers.items()}
    files["p.tar.gz"] = gzip.compress(files["a.tar"])
    return files


def mutated(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a file changed in one to eight places."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        at = chance.randrange(len(made) + 1)
        length = min(int(chance.expovariate(1 / 12)) + 1, max(len(made) - at, 0))
        kind = chance.randrange(9)
        if kind == 0 and at < len(made):
            made[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(made):
            made[at] = chance.randrange(256)
        elif kind == 2:
            del made[at : at + length]
        elif kind == 3:
            made[at:at] = chance.choice(TOKENS)
        elif kind == 4:
            made[at : at + length] = chance.choice(TOKENS)
        elif kind == 5:
            made[at:at] = made[at : at + length * 4]
        elif kind == 6:
            del made[at:]
        elif kind == 7:
            other = chance.choice(others)
            begin = chance.randrange(len(other) or 1)
            made[at:at] = other[begin : begin + length * 8]
        elif len(made) > 8 and at < len(made) - 4:
            made[at : at + 4] = chance.choice(
                (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f")
            )
    return bytes(made)


def input_of(seed: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """Return the name and the bytes of the input with a number; the same each time."""
    chance = random.Random(seed)
    names = list(files)
    name = names[seed % len(names)]
    if name.endswith((".html", ".warc")) and chance.random() < 0.5:
        name = "a.wet"  # pages take a hundred times as long
    return name, mutated(files[name], list(files.values()), chance)


def outcome(path: Path, data: bytes) -> str:
    """Read one input; return what became of it, and raise what must not happen."""
    path.write_bytes(data)
    try:
        corpus = read([str(path)], ReadOptions(max_line_bytes=1 << 20))
    except DedupError as error:
        str(error).encode()
        return type(error).__name__
    report = corpus.read_report
    skipped = sum(report.skipped.values())
    assert report.read == len(corpus.table) + skipped, "records are lost, or counted twice"
    corpus.table.validate(full=True)
    for row in corpus.table.to_pylist():
        original = original_bytes(row["text"], row["encoding"], row["raw"])
        if row["line"] is None and row["record"] is None and path.suffix == ".txt":
            assert original == data, "the bytes do not come back"
    return "read" if report.is_clean else "read with flaws"


class Readers(Fuzzed):
    """Damaged files through the readers."""

    def valid(self) -> dict[str, bytes]:
        """Return the files that inputs are made of."""
        return valid_files()

    def name(self, seed: int, valid: dict[str, bytes]) -> str:
        """Return the name of an input."""
        return input_of(seed, valid)[0]

    def outcome(self, seed: int, valid: dict[str, bytes], folder: Path) -> str:
        """Read one input; return what became of it."""
        name, data = input_of(seed, valid)
        return outcome(folder / name, data)


if __name__ == "__main__":
    sys.exit(main(Readers(), __doc__))
