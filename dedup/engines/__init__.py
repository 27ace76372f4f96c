"""Where dedup runs on engines for more than one machine: Apache Spark (``spark``).

Each needs its own package and is imported by its own name; ``import dedup`` imports none of them.
"""
