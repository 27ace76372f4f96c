"""Daft: normalize, minhash and a group by band; documents of a bucket are joined, unverified."""

from __future__ import annotations

import sys

import daft
from common import BANDS, PERMUTATIONS, ROWS, SHINGLE, Groups, write
from daft import col
from daft.functions import minhash, normalize

frame = daft.read_parquet(sys.argv[1]).select("id", "text")
clean = normalize(col("text"), remove_punct=True, lowercase=True, white_space=True)
signed = frame.select(
    "id", minhash(clean, num_hashes=PERMUTATIONS, ngram_size=SHINGLE, seed=1).alias("signature")
).to_arrow()
ids = signed["id"].to_pylist()
values = signed["signature"].combine_chunks().flatten().to_numpy().reshape(-1, PERMUTATIONS)
groups = Groups(len(ids))
for band in range(BANDS):
    first: dict[bytes, int] = {}
    part = values[:, band * ROWS : (band + 1) * ROWS].copy()
    for row in range(len(part)):
        other = first.setdefault(part[row].tobytes(), row)
        if other != row:
            groups.join(other, row)
write(ids, groups)
