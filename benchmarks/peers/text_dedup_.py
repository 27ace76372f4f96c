"""text-dedup 0.4: its own command line, which does not verify; clusters from its union-find."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from pathlib import Path

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}

import pyarrow.parquet as pq
from common import BANDS, PERMUTATIONS, ROWS, Groups, write
from text_dedup import minhash

source = sys.argv[1]
with tempfile.TemporaryDirectory() as folder:
    out = str(Path(folder, "out"))
    given = {
        "path": "parquet",
        "data_files": source,
        "split": "train",
        "column": "text",
        "cache_dir": str(Path(folder, "cache")),
        "output": out,
        "ngram": 5,
        "min_length": 0,
        "num_perm": PERMUTATIONS,
        "b": BANDS,
        "r": ROWS,
        "hash_func": "xxh3",
        "num_proc": os.cpu_count(),
    }
    options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    minhash.main([*options, "--debug"], standalone_mode=False)
    parents = pickle.loads(Path(out, "uf.pkl").read_bytes())
ids = pq.read_table(source, columns=["id"])["id"].to_pylist()
groups = Groups(len(ids))
for row, other in parents.parent.items():
    groups.join(int(other), int(row))
write(ids, groups)
