"""Where pipelines plug an index in: Scrapy (``scrapy``), frames and data sets (``frames``).

Each needs its own package and is imported by its own name; ``import dedup`` imports none of them.
"""
