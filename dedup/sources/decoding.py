"""Bytes of a whole file ↔ text, so that the bytes can be had again."""

from __future__ import annotations

from typing import NamedTuple

from dedup.sources.streams import BOMS, split_bom

ENCODINGS = ("utf-8", *BOMS.values())
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
# Formats that scrapers save beside articles and that hold too few control bytes to give themselves
# away: xz, bzip2, zip, 7z, PDF, PNG, JPEG, GIF, Parquet.
_MAGIC = (
    b"\xfd7zXZ\0",
    b"BZh",
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c",
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PAR1",
)


class Decoded(NamedTuple):
    """A text, how to encode it again, and the bytes where that would not give them back."""

    text: str
    encoding: str
    raw: bytes | None


def decode(data: bytes) -> Decoded:
    r"""Decode ``data``: by its byte order mark, else as UTF-8; what is invalid becomes U+FFFD.

    >>> decode(b"caf\xe9")
    Decoded(text='caf\ufffd', encoding='utf-8', raw=b'caf\xe9')
    """
    encoding, body = split_bom(data)
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        return Decoded(body.decode(codec), encoding, None)
    except UnicodeDecodeError:
        return Decoded(body.decode(codec, "replace"), encoding, data)


def encode(text: str, encoding: str) -> bytes:
    r"""Encode ``text`` with the byte order mark that ``encoding`` was read from.

    >>> encode("a", "utf-16-le")
    b'\xff\xfea\x00'
    """
    for mark, name in BOMS.items():
        if name == encoding:
            return mark + text.encode("utf-8" if name == "utf-8-sig" else name)
    return text.encode(encoding)


def original_bytes(text: str, encoding: str, raw: bytes | None) -> bytes:
    """Return the bytes a document was read from.

    The arguments are the columns of that name. A whole text file comes back byte for byte,
    decompressed; a row or a page comes back as its text, in UTF-8.
    """
    return encode(text, encoding) if raw is None else raw


def is_binary(head: bytes) -> bool:
    r"""Tell from the first bytes whether a file is no text.

    >>> is_binary(bytes(100)), is_binary(b"one\0NUL")
    (True, False)
    """
    if head.startswith(_MAGIC):
        return True
    if not head or split_bom(head)[0] != "utf-8":
        return False
    head = head[:8192]
    return (len(head) - len(head.translate(None, _CONTROLS))) * 10 > len(head) * 3
