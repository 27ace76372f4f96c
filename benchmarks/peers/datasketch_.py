"""datasketch 2: MinHash.bulk, MinHashLSH; a candidate counts from an estimated Jaccard of .7."""

from __future__ import annotations

from common import BANDS, PERMUTATIONS, ROWS, Groups, read, shingles, write
from datasketch import MinHash, MinHashLSH

ids, texts = read()
lsh = MinHashLSH(params=(BANDS, ROWS), num_perm=PERMUTATIONS)
groups, held = Groups(len(ids)), []
sets = ([each.encode() for each in shingles(text)] for text in texts)
for row, made in enumerate(MinHash.generator(sets, num_perm=PERMUTATIONS)):
    for other in lsh.query(made):
        if held[other].jaccard(made) >= 0.7:
            groups.join(other, row)
    lsh.insert(row, made, check_duplication=False)
    held.append(made)
write(ids, groups)
