"""gaoya: MinHashStringIndex, bulk insert and query; it verifies by estimated Jaccard itself."""

from __future__ import annotations

import gaoya
from common import BANDS, PERMUTATIONS, ROWS, SHINGLE, Groups, read, write

ids, texts = read()
index = gaoya.minhash.MinHashStringIndex(
    hash_size=32,
    jaccard_threshold=0.7,
    num_bands=BANDS,
    band_size=ROWS,
    num_hashes=PERMUTATIONS,
    analyzer="word",
    lowercase=True,
    ngram_range=(SHINGLE, SHINGLE),
)
index.par_bulk_insert_docs(list(range(len(texts))), texts)
groups = Groups(len(ids))
for row, others in enumerate(index.par_bulk_query(texts)):
    for other in others:
        groups.join(other, row)
write(ids, groups)
