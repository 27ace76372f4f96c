"""Content hashes: the only door to xxhash.

``xxh3_128`` names and groups content inside a run; ``sha256`` proves to others that bytes are the
same. Neither feeds a signature: those have a hash of their own in ``shingles``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import xxhash

from dedup.core.arrays import Texts, UInt64
from dedup.kernels import equality as kernel


def xxh3_128(data: bytes) -> str:
    """Return the XXH3 hash of ``data`` as 32 hex digits; not for data someone may forge.

    >>> xxh3_128(b"news")
    'b3a6f879dedf458c97666ac5a746af24'
    """
    digest: str = xxhash.xxh3_128_hexdigest(data)
    return digest


def xxh3_128_of(parts: Iterable[bytes | memoryview]) -> str:
    """Return the same hash of bytes that come in parts.

    >>> xxh3_128_of([b"ne", b"ws"]) == xxh3_128(b"news")
    True
    """
    hashed = xxhash.xxh3_128()
    for part in parts:
        hashed.update(part)
    digest: str = hashed.hexdigest()
    return digest


def xxh3_64(data: bytes, seed: int = 0) -> int:
    """Return the XXH3 hash of ``data`` as a number of 64 bits; with a secret seed hard to aim at.

    >>> hex(xxh3_64(b"news"))
    '0xcea6a9c08ead0124'
    """
    digest: int = xxhash.xxh3_64_intdigest(data, seed)
    return digest


def sha256(data: bytes) -> str:
    """Return the SHA-256 hash of ``data`` as 64 hex digits.

    >>> sha256(b"news")[:16]
    '19fba0e995b9794f'
    """
    return hashlib.sha256(data).hexdigest()


def text_digests(texts: Texts) -> UInt64:
    """Return a hash of the bytes of each text; it detects differences, not forgery."""
    digests = np.empty(len(texts), np.uint64)
    kernel.hash_texts(texts.data, texts.offsets, digests)
    return digests


def content_of(digests: UInt64) -> str:
    """Return one hash for the texts of a corpus, from ``text_digests`` in order of id.

    >>> content_of(np.zeros(2, np.uint64)) == content_of(np.zeros(3, np.uint64))
    False
    """
    return xxh3_128(np.ascontiguousarray(digests, "<u8").tobytes())
