"""Copies of whole documents on Apache Spark: the stages of one machine, run by its engine.

``deduplicate`` takes a data frame of your own session and returns one. Needs the extra ``spark``.
"""

from __future__ import annotations

from dedup.spark.api import Found, deduplicate, find
from dedup.spark.candidates import bands, candidate_pairs
from dedup.spark.inside import restore
from dedup.spark.session import own_session

__all__ = ["Found", "bands", "candidate_pairs", "deduplicate", "find", "own_session", "restore"]
