"""Signatures to candidate pairs: bands, rows, buckets.

Candidates are verified exactly afterwards, so bands and rows are chosen for recall: the most rows a
band (the fewest false candidates) with which a pair at the threshold is still found.
"""

from __future__ import annotations

import numpy as np

from dedup.arrays import Int64, UInt32
from dedup.config import Config
from dedup.errors import ConfigError
from dedup.kernels import lsh as kernel

BUCKET = 100  # documents in a bucket that are all paired with each other
LEADERS = 16  # in a larger one each is paired with this many


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


def candidate_pairs(signatures: UInt32, config: Config, *, among: Int64) -> tuple[Int64, int]:
    """Return the distinct pairs (smaller row, larger row) of a bucket, and crowded buckets.

    Only the rows ``among`` (ascending) take part. In a bucket of over ``BUCKET`` documents each
    is paired with the first ``LEADERS`` alone; the number of such buckets is returned.
    """
    bands, rows = bands_and_rows(config)
    chosen = signatures[among]
    keys = np.empty(len(among), np.uint64)
    found: list[Int64] = [np.zeros(0, np.int64)]
    crowded = 0
    for band in range(bands):
        kernel.band_keys(chosen, band, rows, keys)
        order = np.argsort(keys, kind="stable")
        in_order = keys[order]
        made, over = kernel.count_bucket_pairs(in_order, BUCKET, LEADERS)
        crowded += int(over)
        pairs = np.empty((int(made), 2), np.int64)
        kernel.fill_bucket_pairs(in_order, among[order], BUCKET, LEADERS, pairs)
        found.append(np.unique(pairs[:, 0] * np.int64(len(signatures)) + pairs[:, 1]))
    packed = np.unique(np.concatenate(found))
    count = np.int64(max(len(signatures), 1))
    return np.stack([packed // count, packed % count], axis=1), crowded
