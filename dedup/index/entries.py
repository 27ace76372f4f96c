"""What an index keeps of an article, and the bytes that say it.

A packed record is a head of fixed size, the signature (16 bits a permutation), the verdict the
text got, then id, site, text and the earlier versions, each with its length in front. All numbers
are little-endian. Nothing in it is trusted when it is read: what does not fit is ``CorruptIndex``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dedup.config import RELATION_CODES, RELATIONS
from dedup.core.arrays import Texts, offsets_of, texts_from_bytes
from dedup.errors import CorruptIndex
from dedup.index.said import pack_said, removed_in, unpack_said
from dedup.index.verdicts import DUPLICATE, NEW, UPDATED, Verdict

UInt16 = npt.NDArray[np.uint16]

LONGEST = 65_535  # bytes of an id or of the name of a site
NO_DATE = -(1 << 63)
_KINDS = (NEW, UPDATED, DUPLICATE)
_HEAD = struct.Struct("<BIQ16sqq")
_VERDICT = struct.Struct("<BBBHH")
_SCORE = struct.Struct("<d")
_SCORES = ("similarity", "jaccard", "containment")
_SAID = 1 << len(_SCORES)  # in the mask of scores: more was said, and stands behind the cluster
_SCORES_SIZE = [_SCORE.size * mask.bit_count() for mask in range(_SAID)]  # by that mask
_SHORT, _LONG, _DIGEST = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<Q")
_TEXT_LENGTH = struct.Struct("<Q")
_TOGETHER = 1 << 26  # bytes of texts up to which several are decompressed at once
_TWO_BITS, _CONTINUED = np.uint8(0xC0), np.uint8(0x80)  # of a byte that goes on with a character
HEAD = _HEAD.size
FRESH = Verdict(verdict=NEW, first=NEW)  # whose cluster is the article's own
_FRESH = _VERDICT.pack(0, 0, 0, 0, 0)


@dataclass(slots=True)
class Entry:
    """An article made ready: what a store needs to decide on it and to keep it.

    ``keys`` are numbers of 40 bits, eight bytes each: that of its id, that of its content, and one
    a band. ``fingerprints`` are 128 bits that only articles of the same tokens share, ``digest`` 64
    of its bytes. The text is there only where the index keeps texts: compressed (``packed``) in an
    entry that is to be kept, else ``plain``. ``date`` is in seconds since 1970.
    """

    id: str
    digest: int
    fingerprints: bytes
    count: int
    signature: bytes
    keys: bytes
    date: int | None = None
    site: str = ""
    plain: str | None = None
    packed: bytes | None = None

    @property
    def text(self) -> bytes | None:
        """Return the text compressed, as a record keeps it."""
        if self.packed is None and self.plain is not None:
            self.packed = compress(self.plain)
        return self.packed

    def read(self) -> str | None:
        """Return the text."""
        if self.plain is None and self.packed is not None:
            return decompress(self.packed)
        return self.plain

    def key_list(self) -> list[int]:
        """Return the keys as numbers."""
        return list(struct.unpack(f"<{len(self.keys) // 8}Q", self.keys))


@dataclass(slots=True)
class Record:
    """An article in the index: its entry without keys, its time of arrival, its verdict.

    ``versions`` are the earlier texts under this id: their digests and first verdicts.
    """

    id: str
    digest: int
    fingerprints: bytes
    count: int
    signature: bytes
    date: int | None
    seen: int
    site: str
    text: bytes | None
    verdict: Verdict
    versions: tuple[tuple[int, Verdict], ...] = ()

    @property
    def when(self) -> int:
        """Return the time that windows and expiry use."""
        return self.seen if self.date is None else self.date

    def told(self, digest: int) -> Verdict | None:
        """Return the first verdict of a text that this id has or had."""
        if digest == self.digest:
            return self.verdict
        return next((verdict for known, verdict in self.versions if known == digest), None)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a text is compared with of an article in the index: its text, without what was removed.

    ``when`` and ``site`` say whether it may be compared; ``removed`` are code points of the text.
    """

    id: str
    when: int
    site: str
    text: bytes
    removed: Sequence[tuple[int, int]]

    @classmethod
    def of(cls, record: Record) -> Compared:
        """Return it of a record."""
        removed = [(each.start, each.end) for each in record.verdict.removals or ()]
        return cls(record.id, record.when, record.site, record.text or b"", removed)


def pack(record: Record) -> bytes:
    """Return the bytes of a record."""
    date = NO_DATE if record.date is None else record.date
    name, site = record.id.encode(), record.site.encode()
    text = b"" if record.text is None else record.text
    parts = [
        _HEAD.pack(
            record.text is not None,
            record.count,
            record.digest,
            record.fingerprints,
            date,
            record.seen,
        ),
        record.signature,
        _pack_verdict(record.verdict, name),
        *(_SHORT.pack(len(name)), name, _SHORT.pack(len(site)), site),
        *(_LONG.pack(len(text)), text),
    ]
    for digest, verdict in record.versions:
        parts += (_DIGEST.pack(digest), _pack_verdict(verdict, name))
    return b"".join(parts)


def stored_relation(relation: str) -> int:
    """Return the number of a relation in a packed record, in files and on servers: 0 is none."""
    return RELATION_CODES[relation] + 1


def _pack_verdict(verdict: Verdict, name: bytes) -> bytes:
    if verdict is FRESH:
        return _FRESH
    scores = [getattr(verdict, score) for score in _SCORES]
    mask = sum(1 << position for position, score in enumerate(scores) if score is not None)
    said = pack_said(verdict)
    if said:
        mask |= _SAID
        said = _LONG.pack(len(said)) + said
    other = (verdict.duplicate_of or "").encode()
    cluster = (verdict.cluster or "").encode()
    if cluster == name:
        cluster = b""
    relation = 0 if verdict.relation is None else stored_relation(verdict.relation)
    head = _VERDICT.pack(_KINDS.index(verdict.first), relation, mask, len(other), len(cluster))
    return b"".join(
        (head, *(_SCORE.pack(each) for each in scores if each is not None), other, cluster, said)
    )


class _Reader:
    """Take a packed record apart; whatever is missing or left over raises ``CorruptIndex``."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise CorruptIndex("a record of the index ends too early")
        self.at += size
        return part

    def number(self, form: struct.Struct) -> int:
        value: int = form.unpack(self.take(form.size))[0]
        return value

    def string(self, size: int) -> str:
        try:
            return self.take(size).decode()
        except UnicodeDecodeError:
            raise CorruptIndex("a record of the index holds broken text") from None

    def verdict(self, *, all_of_it: bool = True) -> tuple[dict[str, Any], str]:
        """Return the fields of a verdict without its cluster, and that; empty for its own."""
        kind, relation, mask, other, cluster = _VERDICT.unpack(self.take(_VERDICT.size))
        if kind >= len(_KINDS) or relation > len(RELATIONS) or mask >= 2 * _SAID:
            raise CorruptIndex("a record of the index holds an unknown verdict")
        made: dict[str, Any] = {"verdict": _KINDS[kind], "first": _KINDS[kind]}
        for position, name in enumerate(_SCORES):
            if mask >> position & 1:
                made[name] = _SCORE.unpack(self.take(_SCORE.size))[0]
        made["duplicate_of"] = self.string(other) or None
        made["relation"] = RELATIONS[relation - 1] if relation else None
        of_cluster = self.string(cluster)
        said = self.take(self.number(_LONG)) if mask & _SAID else b""
        made |= unpack_said(said, made["relation"], all_of_it=all_of_it)
        return made, of_cluster


def signature_in(data: bytes, permutations: int) -> bytes:
    """Return the signature in a packed record, and look at nothing else."""
    signature = data[HEAD : HEAD + 2 * permutations]
    if len(signature) != 2 * permutations:
        raise CorruptIndex("a record of the index ends too early")
    return signature


def compared_in(data: bytes, permutations: int) -> Compared:
    """Return what a text is compared with of a packed record, and look at nothing else."""
    try:
        *_, date, seen = _HEAD.unpack_from(data)
        at = HEAD + 2 * permutations
        _, _, mask, other, cluster = _VERDICT.unpack_from(data, at)
        at += _VERDICT.size + _SCORES_SIZE[mask & (_SAID - 1)] + other + cluster
        removed: Sequence[tuple[int, int]] = ()
        if mask & _SAID:
            (size,) = _LONG.unpack_from(data, at)
            at += _LONG.size
            removed = removed_in(data[at : at + size])
            at += size
        (size,) = _SHORT.unpack_from(data, at)
        at += _SHORT.size + size
        name = data[at - size : at]
        (size,) = _SHORT.unpack_from(data, at)
        at += _SHORT.size + size
        site = data[at - size : at]
        (size,) = _LONG.unpack_from(data, at)
        at += _LONG.size + size
        if at > len(data):
            raise CorruptIndex("a record of the index ends too early")
        when = seen if date == NO_DATE else date
        return Compared(name.decode(), when, site.decode(), data[at - size : at], removed)
    except (struct.error, UnicodeDecodeError):
        raise CorruptIndex("a record of the index cannot be read") from None


def unpack(data: bytes, permutations: int, *, all_of_it: bool = True) -> Record:
    """Read a packed record; ``permutations`` is the length of its signature.

    Without ``all_of_it`` passages and losses that an article was told are left out, for it is only
    compared.
    """
    reader = _Reader(data)
    has_text, count, digest, fingerprints, date, seen = _HEAD.unpack(reader.take(HEAD))
    signature = reader.take(2 * permutations)
    told = [(digest, *reader.verdict(all_of_it=all_of_it))]
    name = reader.string(reader.number(_SHORT))
    site = reader.string(reader.number(_SHORT))
    text = reader.take(reader.number(_LONG))
    while reader.at < len(data):
        told.append((reader.number(_DIGEST), *reader.verdict(all_of_it=all_of_it)))
    versions = tuple((each, Verdict(**made, cluster=of or name)) for each, made, of in told)
    return Record(
        id=name,
        digest=digest,
        fingerprints=fingerprints,
        count=count,
        signature=signature,
        date=None if date == NO_DATE else date,
        seen=seen,
        site=site,
        text=text if has_text else None,
        verdict=versions[0][1],
        versions=versions[1:],
    )


def unpack_verdict(data: bytes, name: str) -> Verdict:
    """Read the verdict on an article from its bytes in a packed record."""
    made, cluster = _Reader(data).verdict()
    return Verdict(**made, cluster=cluster or name)


def compress(text: str) -> bytes:
    """Return a text as zstd, with its length in front."""
    data = text.encode()
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return _TEXT_LENGTH.pack(len(data)) + packed


def decompress(packed: bytes, *, most: int = 1 << 30) -> str:
    """Return the text ``compress`` was given; a length above ``most`` bytes is not believed.

    >>> decompress(compress("Ein Satz über Brücken."))
    'Ein Satz über Brücken.'
    """
    return unpacked(packed, most=most).decode()


def unpacked(packed: bytes, *, most: int = 1 << 30) -> bytes:
    """Return the bytes of the text ``compress`` was given: they are valid UTF-8."""
    size = _size_in(packed)
    if size > most:
        raise CorruptIndex(f"a stored text says it has {size} bytes")
    return _inflated(packed[_TEXT_LENGTH.size :], size)


def unpacked_texts(packed: Sequence[bytes]) -> Texts:
    """Return the texts ``compress`` was given, in a third of the time that one by one would take.

    Most of that goes into making a decoder ready; here one reads all frames, one after the other.

    >>> texts = unpacked_texts([compress("Ein Satz"), compress(""), compress("über Brücken.")])
    >>> texts.offsets.tolist(), texts.text(2)
    ([0, 8, 8, 23], 'über Brücken.')
    """
    sizes = [_size_in(each) for each in packed]
    if sum(sizes) > _TOGETHER:
        return texts_from_bytes([unpacked(each) for each in packed])
    joined = b"".join([each[_TEXT_LENGTH.size :] for each in packed])
    data = np.frombuffer(_inflated(joined, sum(sizes)) if packed else b"", np.uint8)
    offsets = offsets_of(np.array(sizes, np.int64))
    begins = data[offsets[:-1][offsets[:-1] < len(data)]]
    if np.any(begins & _TWO_BITS == _CONTINUED):  # a text says that it is longer or shorter
        raise CorruptIndex("a stored text cannot be decompressed")
    return Texts(data, offsets)


def _size_in(packed: bytes) -> int:
    """Return how long a compressed text says it is."""
    if len(packed) < _TEXT_LENGTH.size:
        raise CorruptIndex("a stored text ends too early")
    size: int = _TEXT_LENGTH.unpack_from(packed)[0]
    return size


def _inflated(frames: bytes, size: int) -> bytes:
    """Return the bytes in frames of zstd, if they are ``size`` bytes of UTF-8."""
    try:
        data: bytes = pa.decompress(frames, decompressed_size=size, codec="zstd", asbytes=True)
        data.decode()
    except (OSError, ValueError, pa.ArrowException):
        raise CorruptIndex("a stored text cannot be decompressed") from None
    return data
