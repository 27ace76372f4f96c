"""Signed parts: what the first reading leaves of a part of a corpus, in a folder of its own.

Parts are signed on any machines and at any time (``pipeline.sign``) and then scanned together. The
result is that of one scan over all their inputs. A folder says what it holds in ``signed.json``,
which is written last: without it there is nothing to be taken. Arrays stand there as a spool keeps
them, one value behind the other in the order of reading.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dedup.config import SIGNED_BY, Config
from dedup.core.arrays import Bool, Int64, UInt64, offsets_of, texts_from_arrow
from dedup.core.hashing import text_digests, xxh3_128, xxh3_128_of
from dedup.core.package import version
from dedup.core.spool import Spool
from dedup.errors import ConfigError, InputError
from dedup.pipeline.signing import COUNTS, CUT, DIGESTS, FINGERPRINTS, key_name
from dedup.result import Result
from dedup.schema import METADATA, Corpus, ReadReport
from dedup.similarity.lsh import bands_and_rows
from dedup.sources import Piece, ReadOptions
from dedup.sources.files import distinct_names
from dedup.sources.options import Tally
from dedup.sources.rereadable import Files
from dedup.text.tokens import FOLDING_VERSION

MANIFEST = "signed.json"
FORMAT = 1
ARRAYS = "arrays"
KNOWN = "signed.metadata.arrow"  # metadata, in the order of reading
TEXTS, TEXT_SIZES, FRAMES = "texts", "text_sizes", "frames"  # of texts that are carried along
CODEC = "zstd"
_HINT = "is this a folder of `dedup sign`, and did that end?"
_STATED = (
    *("version", "folding", "setting", "reading", "folder", "paths", "sources", "readable"),
    *("texts", "sizes", "read_report", "columns", "content", "documents", "files"),
)
_KINDS = {FINGERPRINTS: np.uint64, DIGESTS: np.uint64, COUNTS: np.int32, CUT: np.bool_}


def signed_header(config: Config, options: ReadOptions) -> dict[str, Any]:
    """Return what all parts of a corpus have in common: versions, settings, how inputs are read."""
    return {
        "format": FORMAT,
        "version": version(),
        "folding": FOLDING_VERSION,
        "setting": {name: getattr(config, name) for name in SIGNED_BY},
        "reading": dataclasses.asdict(options),
    }


@dataclass(slots=True)
class Taken(Piece):
    """Documents of a signed part; ``read`` gives their texts, and ``digests`` their hashes."""

    read: Callable[[], Iterator[pa.Array]] = field(default=lambda: iter(()))
    digests: Callable[[], UInt64] = field(default=lambda: np.zeros(0, np.uint64))
    known: Callable[[], pa.Table] = METADATA.empty_table
    place: str = ""

    def texts(self) -> Iterator[pa.Array]:
        """Yield the texts; raise ``InputError`` where they are not those that were signed."""
        digests, done = self.digests(), 0
        for column in self.read():
            found = text_digests(texts_from_arrow(column))
            if not np.array_equal(found, digests[done : done + len(found)]):
                raise self._changed()
            done += len(found)
            yield column
        if done != len(digests):
            raise self._changed()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents with what is known of them."""
        texts = [column.cast(pa.large_string()) for column in self.texts()]
        column = pa.chunked_array(texts, pa.large_string())
        yield from self.known().append_column("text", column).combine_chunks().to_batches()

    def _changed(self) -> InputError:
        return InputError(
            "an input of this part was changed since it was signed; sign it again", path=self.place
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One folder: what it states, and the names its documents have beside the other parts'."""

    folder: Path
    stated: dict[str, Any]

    @classmethod
    def at(cls, folder: Path) -> Part:
        """Open a folder; raise ``InputError`` where it is none, or not whole."""
        path = folder / MANIFEST
        try:
            stated = json.loads(path.read_bytes())
        except OSError as error:
            what = "no such folder" if not folder.exists() else f"no {MANIFEST} in it; {_HINT}"
            raise InputError(what, path=str(folder)) from error
        except ValueError as error:
            raise InputError(f"not JSON: {error}", path=str(path)) from error
        if not isinstance(stated, dict) or stated.get("format") != FORMAT:
            got = stated.get("format") if isinstance(stated, dict) else None
            raise InputError(f"format: got {got!r}, allowed is {FORMAT}", path=str(path))
        if missing := [name for name in _STATED if name not in stated]:
            raise InputError(f"lacks {', '.join(missing)}; {_HINT}", path=str(path))
        part = cls(folder, stated)
        for name, (size, _) in stated["files"].items():
            there = folder / name
            if not there.is_file() or there.stat().st_size != size:
                raise InputError(f"{name} is not there as it was written", path=str(folder))
        return part

    def __len__(self) -> int:
        return int(self.stated["documents"])

    @property
    def identity(self) -> tuple[Any, ...]:
        """Return what tells this part from others, wherever its folder is."""
        return tuple(self.stated["paths"]), self.stated["content"]

    @property
    def sizes(self) -> list[int]:
        """Return the number of documents of each piece."""
        return list(map(int, self.stated["sizes"]))

    def table(self) -> pa.Table:
        """Return what is known of the documents, in the order of reading."""
        with pa.OSFile(str(self.folder / KNOWN)) as file:
            return pa.ipc.open_file(file).read_all()

    def array(self, name: str, kind: Any, start: int = 0, count: int = -1) -> Any:
        """Return an array, or some of its values."""
        path = self.folder / ARRAYS / name
        if not path.exists():
            return np.zeros(0, kind)  # an empty part
        return np.fromfile(path, kind, count, offset=start * np.dtype(kind).itemsize)

    def checked(self, name: str, kind: Any) -> Any:
        """Return an array as it was written; raise ``InputError`` where it is not."""
        array, known = self.array(name, kind), self.stated["files"].get(f"{ARRAYS}/{name}")
        if known is not None and xxh3_128_of([array.view(np.uint8).data]) != known[1]:
            raise InputError(f"{ARRAYS}/{name} is damaged", path=str(self.folder))
        return array

    def paths(self) -> list[str]:
        """Return the paths of the inputs, as they are reached from here."""
        home = Path(self.stated["folder"])
        if home == Path.cwd():
            return list(self.stated["paths"])
        remote = {each["path"] for each in self.stated["sources"] if each["remote"]}
        return [path if path in remote else str(home / path) for path in self.stated["paths"]]

    def columns(self) -> Iterator[Callable[[], Iterator[pa.Array]]]:
        """Yield what reads the texts of each piece, in order."""
        if self.stated["texts"]:
            yield from self._carried()
            return
        options = ReadOptions(**self.stated["reading"])
        files = Files(self.paths(), options, folder=self.folder)
        files.take_up(ReadReport())
        for piece in files.pieces():
            yield piece.texts

    def _carried(self) -> Iterator[Callable[[], Iterator[pa.Array]]]:
        frames = self.array(FRAMES, np.int64).reshape(-1, 3)
        places = offsets_of(frames[:, 2])
        firsts = offsets_of(frames[:, 0])
        for number, (count, size, packed) in enumerate(frames.tolist()):
            first, place = int(firsts[number]), int(places[number])
            yield partial(self._unpacked, (first, count), (place, packed), size)

    def _unpacked(
        self, rows: tuple[int, int], place: tuple[int, int], size: int
    ) -> Iterator[pa.Array]:
        sizes = self.array(TEXT_SIZES, np.int64, *rows)
        if len(sizes) != rows[1] or (sizes < 0).any() or sizes.sum() != size:
            raise InputError(f"{TEXT_SIZES} is damaged", path=str(self.folder))
        bounds = offsets_of(sizes)
        packed = self.array(TEXTS, np.uint8, *place)
        try:
            data = pa.decompress(pa.py_buffer(packed), size, CODEC)
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{TEXTS} is damaged ({error})", path=str(self.folder)) from error
        buffers = [None, pa.py_buffer(bounds), data]
        yield pa.Array.from_buffers(pa.large_string(), rows[1], buffers)


class SignedParts:
    """Signed parts as a ``Reader``: their inputs one after the other, in an order of their own.

    Documents of ``new`` parts alone are removed; without such, all may be.
    """

    is_cheap = True  # nothing is read that could be held

    def __init__(self, folders: Sequence[str], new: Sequence[str] = ()) -> None:
        opened = [(Part.at(Path(folder)), number >= len(folders))
                  for number, folder in enumerate([*folders, *new])]  # fmt: skip
        if not opened:
            raise InputError("no signed part is given")
        opened.sort(key=lambda each: (each[0].identity, each[1]))
        self._parts = [part for part, _ in opened]
        self._is_new = [is_new for _, is_new in opened] if new else []
        self._check_alike()
        self.read_report = self._met()
        self._names = self._names_of_files()

    def _check_alike(self) -> None:
        """Raise ``InputError`` where two parts do not go together, or are one."""
        first = self._parts[0]
        for before, part in pairwise(self._parts):
            if before.identity == part.identity and len(part):
                raise InputError(f"holds what {before.folder} holds", path=str(part.folder))
        for part in self._parts[1:]:
            for name in ("version", "folding", "setting", "reading"):
                one, two = part.stated[name], first.stated[name]
                if one != two and isinstance(one, dict):
                    name = min(key for key in one if one[key] != two.get(key))
                    one, two = one[name], two.get(name)
                if one != two:
                    what = f"{name}: signed with {one!r}, and {first.folder} with {two!r}"
                    raise InputError(what, path=str(part.folder))
        with_rows = [part for part in self._parts if part.stated["columns"]]
        for part in with_rows[1:]:
            for role, ours in part.stated["columns"].items():
                there = with_rows[0].stated["columns"][role]
                if ours != there:
                    told = f"{role} column: {ours!r}, and {with_rows[0].folder} has {there!r}"
                    hint = f"name it when they are signed (--{role}-column)"
                    raise InputError(f"{told}; {hint}", path=str(part.folder))

    def _met(self) -> ReadReport:
        """Return what was met in all parts; columns are named once, as in one reading."""
        whole, named = ReadReport(), False
        for part in self._parts:
            met, columns = ReadReport.from_dict(part.stated["read_report"]), part.stated["columns"]
            if columns and named:
                begins = tuple(f"{role} column: {name} (" for role, name in columns.items())
                met.notes = [note for note in met.notes if not note.startswith(begins)]
            named = named or bool(columns)
            whole.take_in(met)
        whole.notes = list(dict.fromkeys(whole.notes))
        return whole

    def check(self, config: Config) -> None:
        """Raise what says why these parts cannot be scanned so.

        ``ConfigError`` names a setting that signatures follow from, ``InputError`` a version.
        """
        stated, folder = self._parts[0].stated, self._parts[0].folder
        for name, ours in (("version", version()), ("folding", FOLDING_VERSION)):
            if stated[name] != ours:
                what = f"{name}: signed with {stated[name]!r}, this is {ours!r}; sign it again"
                raise InputError(what, path=str(folder))
        for name in SIGNED_BY:
            ours, there = getattr(config, name), stated["setting"][name]
            if ours != there:
                raise ConfigError(name, ours, f"{there!r}, with which {folder} was signed")
        field_name, there = config.priority_field, stated["reading"]["priority_column"]
        if field_name is not None and field_name != there:
            told = "no such column" if there is None else f"the column {there!r}"
            allowed = f"what {folder} was signed with: {told}"
            raise ConfigError("canonical", config.canonical, allowed)
        if self._is_new and config.find != ("duplicates",):
            says = "{name} needs --find duplicates: only copies are told from signatures alone"
            raise ConfigError("only_new", ",".join(config.find), "find=duplicates", says)

    @property
    def options(self) -> ReadOptions:
        """Return how the inputs are read."""
        return ReadOptions(**self._parts[0].stated["reading"])

    @property
    def paths(self) -> list[str]:
        """Return the inputs of all parts, in the order in which they are taken."""
        return [path for part in self._parts for path in part.paths()]

    @property
    def removable_parts(self) -> list[Part]:
        """Return the parts of which documents may be removed: the new ones, or all."""
        is_new = self._is_new or [True] * len(self._parts)
        return [part for part, new in zip(self._parts, is_new, strict=True) if new]

    def header(self, config: Config) -> dict[str, Any]:
        """Return what tells this run from others."""
        is_new = self._is_new or [False] * len(self._parts)
        stated = (xxh3_128((part.folder / MANIFEST).read_bytes()) for part in self._parts)
        inputs = {
            str(part.folder): [state, new]
            for part, state, new in zip(self._parts, stated, is_new, strict=True)
        }
        return {"version": version(), "setting": config.as_dict(), "input": inputs}

    def sizes(self) -> list[int]:
        """Return the number of documents of each piece."""
        return [size for part in self._parts for size in part.sizes]

    def established(self, order: Int64) -> Bool | None:
        """Tell which documents always stay, by their rows in the order of reading."""
        if not self._is_new:
            return None
        counts = [len(part) for part in self._parts]
        stays: Bool = np.repeat(~np.array(self._is_new), counts)[order]
        return stays

    def of_removable(self, result: Result) -> Result:
        """Return a result with the documents of ``removable_parts`` alone, to write their rows."""
        order = result.corpus.order
        assert order is not None
        stays = self.established(order)
        if stays is None:
            return result
        own = np.flatnonzero(~stays)
        documents = result.tables["documents"].take(pa.array(own))
        places = np.empty(len(own), np.int64)
        places[np.argsort(order[own])] = np.arange(len(own))
        tables = {**result.tables, "documents": documents}
        return replace(result, tables=tables, corpus=replace(result.corpus, order=places))

    def load(self, spool: Spool, config: Config) -> list[pa.Table]:
        """Put the signatures of all parts into a spool; return what is known of the documents."""
        bands, _ = bands_and_rows(config)
        kinds: dict[str, Any] = {key_name(band): np.uint64 for band in range(bands)} | _KINDS
        for part in self._parts:
            for name, kind in kinds.items():
                spool.append(name, part.checked(name, kind))
        return [self._known(part) for part in self._parts]

    def _known(self, part: Part) -> pa.Table:
        """Return what is known of the documents of a part, named as beside those of the others."""
        table, names = part.table(), self._names[part.folder]
        if not names:
            return table
        paths, lines = table["path"].to_pylist(), table["line"].to_pylist()
        ids = table["doc_id"].to_pylist()
        for row, (path, line) in enumerate(zip(paths, lines, strict=True)):
            file = path or ""
            while file and file not in names:  # a file in an archive has the name of that in front
                file = file.rpartition("/")[0]
            if file:
                old, new = names[file]
                end = f"{path[len(file) :]}{'' if line is None else f':{line}'}"
                ids[row] = f"{new}{end}" if ids[row] == f"{old}{end}" else ids[row]
        column = pa.array(ids, METADATA.field("doc_id").type)
        return table.set_column(0, METADATA.field("doc_id"), column)

    def _names_of_files(self) -> dict[Path, dict[str, tuple[str, str]]]:
        """Return of each part the files that are called otherwise beside those of other parts."""
        files = [(part, each) for part in self._parts for each in part.stated["sources"]]
        given = [(each["path"], each["own_name"], each["remote"]) for _, each in files]
        several = sum(len(part.stated["paths"]) for part in self._parts) > 1
        names = distinct_names(given) if several else [each["name"] for _, each in files]
        found: dict[Path, dict[str, tuple[str, str]]] = {part.folder: {} for part in self._parts}
        for (part, each), name in zip(files, names, strict=True):
            if each["name"] != name:
                found[part.folder][each["path"]] = (each["name"], name)
        return found

    def pieces(self) -> Iterator[Piece]:
        """Yield the documents; what is wrong with them was counted when they were signed."""
        for part in self._parts:
            yield from self._pieces_of(part)

    def pieces_with(self, wanted: Int64) -> Iterator[Piece]:
        """Yield as many pieces; of parts without a wanted row (ascending) they are empty.

        The inputs of those parts are not opened.
        """
        bounds = offsets_of(np.array([len(part) for part in self._parts], np.int64))
        for part, (start, end) in zip(self._parts, pairwise(bounds.tolist()), strict=True):
            low, high = np.searchsorted(wanted, (start, end))
            if low < high:
                yield from self._pieces_of(part)
            else:
                yield from (Piece(Tally(ReadReport()), ReadReport()) for _ in part.sizes)

    def _pieces_of(self, part: Part) -> Iterator[Piece]:
        held: list[pa.Table] = []

        def known(start: int, size: int) -> pa.Table:
            held[:] = held or [self._known(part)]
            return pa.table(
                {
                    item.name: held[0][item.name].slice(start, size).cast(item.type)
                    for item in METADATA
                }
            )

        sizes, tally = part.sizes, Tally(ReadReport())
        starts = accumulate(sizes, initial=0)
        for read, start, size in _aligned(part, part.columns(), starts, sizes):
            yield Taken(
                tally,
                ReadReport(),
                read=read,
                digests=partial(part.array, DIGESTS, np.uint64, start, size),
                known=partial(known, start, size),
                place=str(part.folder),
            )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the documents, read one piece after the other."""
        for piece in self.pieces():
            yield from piece.batches()

    def take_up(self, read_report: ReadReport) -> None:
        """Go on where another run had taken everything, and met ``read_report``."""
        self.read_report = read_report

    def corpus(self, metadata: pa.Table) -> Corpus:
        """Return what is known of the documents besides their texts."""
        return Corpus(metadata, self.read_report)


def _aligned(
    part: Part,
    columns: Iterator[Callable[[], Iterator[pa.Array]]],
    starts: Iterator[int],
    sizes: list[int],
) -> Iterator[tuple[Callable[[], Iterator[pa.Array]], int, int]]:
    """Yield each piece with its place; raise ``InputError`` where there are more or fewer."""
    count = 0
    try:
        for read in columns:
            if count < len(sizes):
                yield read, next(starts), sizes[count]
            count += 1
    except InputError as error:
        hint = "the inputs of a part without --keep-texts are read again where they were"
        raise InputError(f"{error}; {hint}", path=str(part.folder)) from error
    if count != len(sizes):
        raise InputError("its inputs were changed since it was signed", path=str(part.folder))
