"""Signatures to candidate pairs: bands, rows, buckets.

Candidates are verified exactly afterwards, so bands and rows are chosen for recall: the most rows a
band (the fewest false candidates) with which a pair at the threshold is still found.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dedup.config import Config
from dedup.core.arrays import Int64, UInt32, UInt64, table_size
from dedup.errors import ConfigError
from dedup.kernels import buckets as kernel

BUCKET = 100  # documents in a bucket that are all paired with each other
LEADERS = 16  # in a larger bucket each is paired with this many, in a very large one with fewer
_INT32 = 1 << 31


def collision_probability(similarity: float, bands: int, rows: int) -> float:
    """Return the chance that two documents of that Jaccard similarity share a bucket (S-curve).

    >>> [round(collision_probability(0.7, bands, rows), 4) for bands, rows in ((25, 5), (32, 4))]
    [0.9899, 0.9998]
    """
    return float(1.0 - (1.0 - similarity**rows) ** bands)


def bands_and_rows(config: Config) -> tuple[int, int]:
    """Return bands and rows for the threshold and the recall of a ``Config``.

    >>> bands_and_rows(Config()), bands_and_rows(Config(threshold=0.9))
    ((32, 4), (12, 10))
    """
    if config.bands:
        return config.bands, config.rows
    for rows in range(config.num_perm, 0, -1):
        bands = config.num_perm // rows
        if collision_probability(config.threshold, bands, rows) >= config.recall:
            return bands, rows
    reach = collision_probability(config.threshold, config.num_perm, 1)
    raise ConfigError(
        "recall",
        config.recall,
        f"up to {reach:.4f} at threshold {config.threshold} with num_perm {config.num_perm}; "
        "raise num_perm or the threshold",
    )


def band_keys(signatures: UInt32, config: Config) -> UInt64:
    """Return the key of each document in each band (bands × documents)."""
    bands, rows = bands_and_rows(config)
    keys = np.empty((bands, len(signatures)), np.uint64)
    for band in range(bands):
        kernel.band_keys(signatures, band, rows, keys[band])
    return keys


def bucket_pairs(keys: Iterable[UInt64], docs: Int64, count: int) -> tuple[Int64, int]:
    """Return the sorted distinct pairs that share a key in a band; count oversized buckets.

    ``keys`` gives those of each band in turn, one for each of ``docs``, which ascend and are below
    ``count``. In a bucket of over ``BUCKET`` documents each is paired with the first ``LEADERS``
    alone; the number of such buckets is returned. Memory is that of one band and of the pairs,
    whatever the number of bands.

    >>> keys = [np.array([7, 8, 7], np.uint64), np.array([1, 2, 2], np.uint64)]
    >>> bucket_pairs(keys, np.array([0, 4, 5]), 6)[0].tolist()
    [[0, 5], [4, 5]]
    """
    capacity = len(docs)
    small = np.int32 if capacity < _INT32 else np.int64
    groups, sizes, members = (np.empty(capacity, small) for _ in range(3))
    bounds = np.empty(capacity // 2 + 2, small)
    slots = np.empty(table_size(capacity), small)
    table: Int64 = np.full(table_size(capacity), -1, np.int64)
    filled = oversized = 0
    for band in keys:
        made = kernel.group_keys(band, slots, groups, sizes)
        buckets = kernel.gather_buckets(groups, sizes, made, members, bounds)
        coming, over = kernel.count_bucket_pairs(bounds, buckets, BUCKET, LEADERS)
        oversized += int(over)
        if 2 * (filled + coming) > len(table):
            table = _larger(table, filled + int(coming))
        shared = kernel.Buckets(members, bounds[: buckets + 1])
        limits = BUCKET, LEADERS
        filled += kernel.add_bucket_pairs(shared, docs, np.int64(count), *limits, table)
    packed = np.sort(table[table >= 0])
    return np.stack([packed // max(count, 1), packed % max(count, 1)], axis=1), oversized


def pairs_of_buckets(rows: Int64, bounds: Int64) -> tuple[Int64, int]:
    """Return the distinct pairs of consecutive buckets; count oversized buckets.

    Bucket ``k`` is ``rows[bounds[k]:bounds[k + 1]]``, two documents at least, ascending; the rule
    is that of ``bucket_pairs``. Rows may be any numbers.

    >>> pairs_of_buckets(np.array([1 << 40, 1 << 50, 3, 1 << 40]), np.array([0, 2, 4]))[0].tolist()
    [[3, 1099511627776], [1099511627776, 1125899906842624]]
    """
    names, docs = np.unique(rows, return_inverse=True)
    count = np.int64(max(len(names), 1))
    coming, oversized = kernel.count_bucket_pairs(bounds, len(bounds) - 1, BUCKET, LEADERS)
    table = np.full(table_size(int(coming)), -1, np.int64)
    buckets = kernel.Buckets(np.arange(len(rows)), bounds)
    limits = BUCKET, LEADERS
    kernel.add_bucket_pairs(buckets, docs.astype(np.int64), count, *limits, table)
    packed = np.sort(table[table >= 0])
    return np.stack([names[packed // count], names[packed % count]], axis=1), int(oversized)


def _larger(table: Int64, count: int) -> Int64:
    made = np.full(table_size(count), -1, np.int64)
    kernel.move_pairs(table, made)
    return made
