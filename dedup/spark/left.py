"""What is left of documents where something goes from inside them: spans, and shingles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from dedup.cleaning.rules import TEMPLATE_RULES
from dedup.config import Config
from dedup.kernels.lines import Stretches
from dedup.pipeline.discount import shingles_left
from dedup.schema import TEMPLATE_PREFIX
from dedup.spark import inside, spans
from dedup.spark.frames import Batches, Frame, batch_texts, map_batches
from dedup.spark.reading import SETS, set_rows
from dedup.text.shingles import shingle_batch
from dedup.text.tokens import tokenise_texts


def spans_of(inside_table: Frame) -> Frame:
    """Return where something goes from a document, packed: all, what makes no pair, templates."""
    found = inside_table.where(F.col("kind") == inside.REMOVAL)
    packed = spans.packed()
    of_template = F.when(F.col("rule").isin(list(TEMPLATE_RULES)), packed)
    of_site = F.when(F.startswith("rule", F.lit(TEMPLATE_PREFIX)), packed)
    given = {"removed": packed, "templates": of_template, "site_templates": of_site}
    lists = (F.collect_list(each).alias(name) for name, each in given.items())
    return found.groupBy("row").agg(*lists)


def shingle_left(frame: Frame, config: Config) -> Frame:
    """Make the distinct shingles of documents (row, tokens, text, templates) as ``SETS``."""
    settings = config.as_dict()

    def work(batches: Batches) -> Iterator[pa.RecordBatch]:
        config = Config(**settings)
        for batch in batches:
            given = batch.column("templates")
            has_some = given.value_lengths().fill_null(0).to_numpy(zero_copy_only=False) > 0
            yield from _sets(batch.filter(pa.array(~has_some)), config, discounts=False)
            yield from _sets(batch.filter(pa.array(has_some)), config, discounts=True)

    return map_batches(frame, work, SETS)


def _sets(batch: pa.RecordBatch, config: Config, *, discounts: bool) -> Iterator[pa.RecordBatch]:
    texts = batch_texts(batch)
    if discounts:
        stretches = Stretches(*spans.spans(batch, "templates"))
        made = shingles_left(tokenise_texts(texts), stretches, config.shingle_size)
    else:
        made = shingle_batch(texts, np.arange(len(batch)), config)
    yield from set_rows(batch, made)
