"""A table, and a file of batches, that rows are taken from again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dedup.core.arrays import Int64


@dataclass(frozen=True, slots=True)
class Stock:
    """The rows of a table that some are taken from again and again.

    ``Table.take`` joins all chunks of a column each time, and cannot above 2 GB of strings.
    """

    batches: list[pa.RecordBatch]
    ends: Int64

    @classmethod
    def of(cls, table: pa.Table) -> Stock:
        """Cut a table where its columns are cut."""
        batches = table.to_batches()
        return cls(batches, np.cumsum([len(each) for each in batches], dtype=np.int64))

    def take(self, places: Int64) -> pa.Table:
        """Return some rows, in the order asked for."""
        owners = np.searchsorted(self.ends, places, side="right")
        order = np.argsort(owners, kind="stable")
        parts = []
        for some in np.split(order, np.flatnonzero(np.diff(owners[order])) + 1):
            owner = int(owners[some[0]])
            batch = self.batches[owner]
            first = self.ends[owner] - len(batch)
            parts.append(batch.take(pa.array(places[some] - first)))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        found = pa.Table.from_batches(parts).unify_dictionaries().take(pa.array(back))
        for place, item in enumerate(found.schema):
            if pa.types.is_dictionary(item.type) and not item.type.ordered:
                # By first use, so that the bytes do not depend on the order of the input.
                values = found.column(place).cast(item.type.value_type).combine_chunks()
                found = found.set_column(place, item, values.dictionary_encode().cast(item.type))
        return found
