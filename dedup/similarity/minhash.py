"""Shingles to signatures, and signatures to and from ``datasketch.MinHash``.

The signatures are those of datasketch's ``affine32`` scheme bit for bit, so a row of the matrix
can be handed to datasketch's LSH, forest, ensemble and Redis stores.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Int64, Texts, UInt32, runs_of_rows, texts_from
from dedup.core.package import install
from dedup.errors import ConfigError, DedupError
from dedup.kernels import minhash as kernel
from dedup.kernels import windows
from dedup.kernels.minhash import Permutations
from dedup.text.shingles import Shingles, shingle_texts, shingle_unit
from dedup.text.tokens import folding, tokenise_texts

if TYPE_CHECKING:
    import datasketch

SCHEME = "affine32"
EMPTY = np.uint32(0xFFFFFFFF)
_RUN_SHINGLES = 1 << 20  # that a thread signs at a time


@lru_cache(maxsize=8)
def permutations(num_perm: int, seed: int) -> Permutations:
    """Return the factors and summands of datasketch's ``affine32`` permutations for a seed."""
    generator = np.random.RandomState(seed)
    a = generator.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    b = generator.randint(0, 1 << 32, num_perm, dtype=np.uint32)
    return Permutations(a, b)


def sign_shingles(shingles: Shingles, config: Config, *, threads: int = 1) -> UInt32:
    """Return the signature matrix (documents × num_perm) of hashed shingles."""
    made = permutations(config.num_perm, config.seed)
    out = np.empty((len(shingles), config.num_perm), np.uint32)

    def run(span: tuple[int, int]) -> None:
        low, high = span
        kernel.sign_rows(shingles.values, shingles.offsets[low : high + 1], made, out[low:high])

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(run, runs_of_rows(shingles.offsets, _RUN_SHINGLES)))
    return out


def sign_texts(texts: Texts, config: Config, *, threads: int = 1) -> tuple[UInt32, Int64]:
    """Return the word-shingle signature matrix of texts, and their numbers of tokens.

    The fast path: text to signature in one kernel that keeps tokens and shingles in the cache.
    """
    made = permutations(config.num_perm, config.seed)
    out = np.empty((len(texts), config.num_perm), np.uint32)
    counts = np.empty(len(texts), np.int64)
    scheme = windows.Scheme(folding(), config.shingle_size, made)

    def run(span: tuple[int, int]) -> None:
        low, high = span
        offsets = texts.offsets[low : high + 1]
        windows.sign_texts(texts.data, offsets, scheme, out[low:high], counts[low:high])

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(run, runs_of_rows(texts.offsets)))
    return out, counts


def signatures(texts: Any, config: Config | None = None, *, threads: int = 1) -> UInt32:
    """Return the signature matrix (documents × num_perm, uint32) of a list or column of texts.

    A column may be Arrow's, or any that speaks its protocol (pandas, polars); missing texts count
    as empty. Row ``i`` depends on text ``i`` and ``config`` alone, except with
    ``shingle_unit="auto"``, which looks at all texts. A text without any letter or digit gets
    2³² - 1 in every column.

    >>> matrix = signatures(["one two three four five six", "one two three four five six!", ""])
    >>> matrix.shape, bool((matrix[0] == matrix[1]).all()), int(matrix[2].min())
    ((3, 128), True, 4294967295)
    """
    config = config or Config()
    column = texts_from(texts)
    if config.shingle_unit == "word":
        return sign_texts(column, config, threads=threads)[0]
    tokens = tokenise_texts(column, threads=threads)
    settled = replace(config, shingle_unit=shingle_unit(config, tokens.counts()))
    return sign_shingles(shingle_texts(column, tokens, settled), settled)


def to_datasketch(signature: UInt32, config: Config | None = None) -> datasketch.MinHash:
    """Return one row of a signature matrix as a ``datasketch.MinHash``.

    Raises ``DedupError`` where the extra ``datasketch`` is not installed.

    >>> row = signatures(["one two three four five six"])[0]
    >>> to_datasketch(row).scheme
    'affine32'
    """
    try:
        import datasketch
    except ImportError as error:
        needs = f"a datasketch.MinHash needs datasketch ({error})"
        raise DedupError(f"{needs}: {install('datasketch')}") from error

    config = config or Config()
    if len(signature) != config.num_perm:
        raise ConfigError("num_perm", config.num_perm, f"{len(signature)}, the signature's length")
    return datasketch.MinHash(
        seed=config.seed,
        hashvalues=signature,
        permutations=np.array(permutations(config.num_perm, config.seed)),
        scheme=SCHEME,
    )


def from_datasketch(minhash: datasketch.MinHash, config: Config | None = None) -> UInt32:
    """Return the values of a ``datasketch.MinHash`` as a row for a signature matrix.

    Raises ``ConfigError`` when its scheme, seed or number of permutations is another.
    """
    config = config or Config()
    for field, ours, theirs in (
        ("scheme", SCHEME, minhash.scheme),
        ("seed", config.seed, minhash.seed),
        ("num_perm", config.num_perm, len(minhash)),
    ):
        if ours != theirs:
            raise ConfigError(field, theirs, f"{ours!r} as in the Config")
    return np.asarray(minhash.hashvalues, np.uint32)
