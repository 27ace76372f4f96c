"""Say on paper what a corpus takes on a Spark cluster: bytes, rows, rounds, tasks, hours, cost.

    python scripts/plan_cluster.py --documents 1e9 --words 500 --price 0.05

Everything follows from figures for one document (``MEASURED``) that benchmarks/spark.py gave on one
machine; they are multiplied, not measured again. What is not known at all (how many candidates a
corpus has beyond its copies, how busy a network is) is an option with a default that says so.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

from dedup.config import Config
from dedup.lsh import bands_and_rows

ID_BYTES = 40  # of an id and what a row of Spark takes besides
SIGNED_BYTES = 120  # of what the first reading leaves of a document, without its band keys
BAND_ROW_BYTES = 16  # a key and a row, as they are; Spark compresses them little: they are hashes
PAIR_BYTES = 16
SET_BYTES = 8  # a shingle
FACT_BYTES = 90  # of a document in the joins of the last stage
TEXT_BYTES = 6.2  # a word and the blank behind it, in the made corpus
STAR_ROWS = 4  # rows of 16 bytes that a round of components moves for each edge
TASK_BYTES = 200e6  # that a task should have to sort


