"""The result that the functions give: the tables of ``dedup.result``, and what is done with them.

The stages below know a result as data (``dedup.result.Result``). Writing it, reading it back and
applying another threshold take packages above that, so these methods are bound here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from dedup import result as data
from dedup.api.given import StrPath
from dedup.api.runs import Inputs
from dedup.output.inputs import INPUTS, inputs_json
from dedup.output.stored import read_folder, result_of
from dedup.output.tables import table_files, write_result
from dedup.output.texts import with_texts
from dedup.pipeline.thresholds import at_threshold

Write = Callable[[BinaryIO], object]


@dataclass(frozen=True, repr=False)
class Result(data.Result):
    """Everything a scan found.

    ``tables`` holds the Arrow tables of the contract; ``documents``, ``pairs``, ``passages``,
    ``repeats`` and ``stories`` are the same rows as objects, made on first use. ``removals`` and
    ``annotations`` are what cleaning works from; ``corpus`` holds the documents that the offsets
    refer to, of files that were only scanned for copies without their texts. ``inputs`` says where
    they came from.
    """

    inputs: Inputs = field(default_factory=Inputs, compare=False)

    @classmethod
    def of(cls, found: data.Result, inputs: Inputs | None = None) -> Result:
        """Return what the stages found with its methods; ``inputs`` is where it came from."""
        facts = {item.name: getattr(found, item.name) for item in dataclasses.fields(data.Result)}
        return cls(**facts, inputs=inputs or Inputs())

    def write(
        self, directory: StrPath, *, format: str = "jsonl", with_text: bool = False
    ) -> list[Path]:
        """Write the files of ``dedup scan -o`` into a folder, and return their paths.

        ``format`` is ``jsonl``, ``parquet``, or ``csv`` for spreadsheets, beside JSON lines;
        ``with_text`` adds what passages, repeats and removals say. The folder is made if need be;
        the same result gives the same bytes. The work folder of the scan, if it had one, is emptied
        then. Raises ``OutputError`` where an input or a foreign file would be touched.

        >>> import dedup, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     written = dedup.scan(["One text.", "One text!"]).write(folder)
        ...     back = dedup.Result.read(folder)
        >>> [path.name for path in written][:4], back.pairs[0].relation
        (['documents.jsonl', 'pairs.jsonl', 'passages.jsonl', 'repeats.jsonl'], 'exact')
        """
        inputs = self.inputs
        more = stated_files(self, format, inputs, with_text=with_text)
        how: dict[str, Any] = {"format": format, "with_text": with_text, "inputs": inputs.paths}
        written = write_result(self, directory, **how, more=more)
        inputs.finish()
        return written

    @classmethod
    def read(cls, directory: StrPath) -> Result:
        """Read back what ``write`` or ``dedup scan -o`` wrote; texts are not part of it.

        Scores come back as they were written, with six places. Raises ``InputError`` that names
        what is missing or broken.

        >>> import dedup, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = dedup.scan(["One text.", "One text!"]).write(folder, format="parquet")
        ...     dedup.Result.read(folder).summary["documents"]
        {'read': 2, 'kept': 1, 'removed': 1, 'skipped': 0}
        """
        stored = read_folder(Path(directory))
        inputs = Inputs(tuple(stored.paths), stored.options, stored.folder)
        return cls.of(result_of(stored), inputs)

    def at_threshold(self, threshold: float) -> Result:
        """Return the result as about ``threshold`` would make it, without another scan.

        The pairs that are known are related and clustered again. From the threshold of the scan up
        this is nearly what a scan would say (of pairs that only their buckets join it is told
        which ones a scan would find); below, pairs that the scan did not look at are missing.
        ``summary["threshold_effect"]`` holds the fewest and the most documents that a scan would
        remove (``least``, ``most``) and whether the number is ``exact``. Removals inside documents
        stay as they are.

        >>> import dedup
        >>> words = [f"word{number}" for number in range(60)]
        >>> texts = [words, [*words[:51], *"nine other words stand at the end here".split()]]
        >>> result = dedup.scan([" ".join(text) for text in texts], find=["duplicates"])
        >>> [len(result.at_threshold(each).clusters) for each in (0.7, 0.95)]
        [1, 0]
        """
        return type(self).of(at_threshold(self, threshold), self.inputs)

    def to_polars(self, table: str = "documents") -> Any:
        """Return a table of the result, as of ``to_arrow``, as a polars frame (needs polars).

        >>> import dedup
        >>> dedup.scan(["One text.", "One text!"]).to_polars()["kept"].to_list()
        [True, False]
        """
        import polars

        return polars.from_arrow(self.to_arrow(table))


def stated_files(
    found: data.Result, format: str, inputs: Inputs, *, with_text: bool = False
) -> dict[str, Write]:
    """Return the files that a report needs besides the contract: all removals, tags, and inputs."""
    files: dict[str, Write] = {}
    for name, table in found.named.items():
        texts = with_texts(name, table, found.corpus) if with_text else table
        files |= table_files(name, texts, format)
    stated = inputs_json(found, inputs.folder, inputs.paths, inputs.options)
    return {**files, INPUTS: lambda file: file.write(stated)}
