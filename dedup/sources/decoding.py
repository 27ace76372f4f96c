"""Bytes of a whole file ↔ text, so that the bytes can be had again; encodings told by evidence."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from dedup.core.formats import not_read
from dedup.sources.streams import BOMS, split_bom

_SAMPLE = 1 << 16  # bytes that an encoding is guessed from
_DETECTABLE = 8  # places that are not UTF-8, from which other than western encodings are told
_META = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})|<\?xml[^>]{0,100}?encoding=[\"']([\w.-]{2,40})",
    re.I,
)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\b\x1b")) + b"\x7f"
# Begun by these, data is no text, although it may hold too few control bytes to give itself away.
_MAGIC = (b"\xfd7zXZ\0", b"BZh", b"PK\x03\x04", b"PAR1")
_WESTERN = frozenset(
    "àâäáãåæçèéêëìíîïñòóôöõøœùúûüýßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜÝ“”‘’„‚–—…•€£°«»·§©®™\xa0"
)
# What cp1252 makes of letters of cp1250, from a few of which a text is in that.
_NO_WORD = re.compile(r"[^\W\d_][¹³¿£¥¢¤¼¾]|[¹³£¥¢¤¼¾][^\W\d_]")
_FEW = 3


class Decoded(NamedTuple):
    """A text, how to encode it again, and the bytes where that would not give them back."""

    text: str
    encoding: str
    raw: bytes | None


def decode(data: bytes, stated: str | None = None) -> Decoded:
    r"""Decode ``data``: by its byte order mark, as stated, as UTF-8, else as what it looks like.

    Where that is not known either, what is not UTF-8 becomes U+FFFD. An encoding that is none of
    ``ENCODINGS`` and was not ``stated`` is a guess.

    >>> decode(b"caf\xe9")
    Decoded(text='caf\ufffd', encoding='utf-8', raw=b'caf\xe9')
    >>> decode(b"d\xe9j\xe0 vu").text
    'déjà vu'
    """
    encoding, body = split_bom(data)
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    if encoding == "utf-8" and stated is not None:
        encoding = codec = codecs.lookup(stated).name
    try:
        return _checked(body.decode(codec), encoding, data)
    except (UnicodeDecodeError, UnicodeError):
        pass
    guess = guess_encoding(body) if encoding == "utf-8" and stated is None else None
    if guess is not None:
        return _checked(body.decode(guess, "replace"), guess, data)
    return Decoded(body.decode(codec, "replace"), encoding, data)


def _checked(text: str, encoding: str, data: bytes) -> Decoded:
    """Keep the bytes where the text does not give them back."""
    if encoding in ENCODINGS:
        return Decoded(text, encoding, None)
    try:
        same = text.encode(encoding) == data
    except UnicodeError:
        same = False
    return Decoded(text, encoding, None if same else data)


ENCODINGS = ("utf-8", *BOMS.values())


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


def guess_encoding(data: bytes) -> str | None:
    r"""Return the encoding that text which is not UTF-8 is in, as far as its bytes tell.

    ``None`` where they do not: the text is UTF-8 with damaged places, or there is too little.

    >>> guess_encoding("Où était-il passé ?".encode("cp1252")), guess_encoding(b"one \xff byte")
    ('cp1252', None)
    """
    sample = data[:_SAMPLE]
    if not _is_beyond_ascii(sample):  # plain for long: look where it is not
        first = next((at for at, byte in enumerate(data) if byte > 127), 0)
        sample = data[max(first - 1024, 0) : first + _SAMPLE]
    flawed = sample.decode("utf-8", "replace")
    invalid = flawed.count("\ufffd")
    valid = sum(char > "\x7f" for char in flawed) - invalid
    if invalid < 2 or valid >= invalid:
        return None
    western = sample.decode("cp1252", "replace")
    if {char for char in western if char > "\x7f"} <= _WESTERN:
        return "cp1252"
    return _detected(sample, western) if invalid >= _DETECTABLE else None


def _is_beyond_ascii(data: bytes) -> bool:
    return not data.isascii()


def _detected(sample: bytes, western: str) -> str | None:
    import charset_normalizer

    wide = () if b"\0" in sample else _WIDE
    try:
        matches = charset_normalizer.from_bytes(sample, cp_exclusion=list(wide))
    except Exception:  # whatever it trips over, the text is read as damaged UTF-8
        return None
    names = [match.encoding for match in matches]
    if not names:
        return None
    if names[0] == "cp1252" and "cp1250" in names and len(_NO_WORD.findall(western)) >= _FEW:
        return "cp1250"
    return _usual(names[0])


_WIDE = ("utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7")


def _usual(name: str) -> str:
    return {"euc_jis_2004": "euc_jp", "euc_jisx0213": "euc_jp", "shift_jis_2004": "cp932"}.get(
        name, name
    )


def page_encoding(data: bytes) -> str | None:
    """Return the encoding that a page states, ``None`` for UTF-8 or where Python knows none.

    >>> page_encoding(b'<html><head><meta charset="iso-8859-1">')
    'cp1252'
    """
    encoding, _ = split_bom(data)
    if encoding != "utf-8":
        return encoding
    found = _META.search(data[:4096])
    if found is None:
        return None
    name = (found[1] or found[2]).decode("ascii", "replace").lower()
    try:
        name = codecs.lookup(_BROWSERS.get(name, name)).name
    except (LookupError, ValueError):
        return None
    return None if name in ("utf-8", "utf-16") or name.startswith("utf-16") else name


# What browsers take these names for: the encoding that holds more.
_BROWSERS = {
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "sjis"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987"), "cp949"),
    **dict.fromkeys(("iso-8859-9",), "cp1254"),
}


def is_binary(head: bytes) -> bool:
    r"""Tell from the first bytes whether a file is no text.

    >>> is_binary(bytes(100)), is_binary(b"one\0NUL")
    (True, False)
    """
    if head.startswith(_MAGIC):
        return True
    known = not_read(head)
    if known is not None and (known.at == 0 or b"\0" in head[:64]):
        return True
    if not head or split_bom(head)[0] != "utf-8":
        return False
    head = head[:8192]
    return (len(head) - len(head.translate(None, _CONTROLS))) * 10 > len(head) * 3
