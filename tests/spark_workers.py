"""The process of which Spark's Python workers are copies, with what they import already there.

A worker imports for two seconds, and tests start many: one for each that dies in a stage. What is
run in a worker is the same.
"""

from __future__ import annotations

import pyspark.worker  # noqa: F401
from pyspark.daemon import manager

import dedup.spark  # noqa: F401

if __name__ == "__main__":
    manager()
