"""rensa 0.5: digest matrix, RMinHashLSH; a candidate counts from an estimated Jaccard of .7."""

from __future__ import annotations

from common import BANDS, PERMUTATIONS, Groups, read, shingles, write
from rensa import RMinHash, RMinHashLSH

BATCH = 1000

ids, texts = read()
lsh = RMinHashLSH(threshold=0.7, num_perm=PERMUTATIONS, num_bands=BANDS)
made = []
for start in range(0, len(texts), BATCH):
    sets = [list(shingles(text)) for text in texts[start : start + BATCH]]
    made += RMinHash.from_token_sets(sets, PERMUTATIONS, 1)
lsh.insert_many(made)
groups = Groups(len(ids))
for row, others in enumerate(lsh.query_all(made)):
    for other in others:
        if other < row and made[other].jaccard(made[row]) >= 0.7:
            groups.join(other, row)
write(ids, groups)
