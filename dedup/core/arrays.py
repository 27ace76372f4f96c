"""The only meeting of Arrow and NumPy: string columns and ragged arrays, zero-copy both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dedup.errors import InputError

_RUN_VALUES = 4 << 20  # of a ragged array that are looked at together

Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]
UInt32 = npt.NDArray[np.uint32]
Int32 = npt.NDArray[np.int32]
UInt8 = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Number = TypeVar("Number", bound=np.generic)
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts as one buffer: text ``i`` is ``data[offsets[i]:offsets[i + 1]]``, UTF-8.

    Both arrays are views that cannot be written, whatever was given: of a kernel there is then one
    type, and one to compile.
    """

    data: UInt8
    offsets: Int64

    def __post_init__(self) -> None:
        for name in ("data", "offsets"):
            array = getattr(self, name)
            if array.flags.writeable:
                array = array.view()
                array.flags.writeable = False
                object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def part(self, low: int, high: int) -> Texts:
        """Return the texts ``low:high``, without a copy."""
        return Texts(self.data, self.offsets[low : high + 1])

    def text(self, row: int) -> str:
        """Return text ``row`` as a Python string; for the edges, never for a hot path."""
        return bytes(self.data[self.offsets[row] : self.offsets[row + 1]]).decode("utf-8")


def texts_from(column: Any) -> Texts:
    """Take texts in any form: an Arrow, pandas, polars or NumPy column, or an iterable of strings.

    Missing values (nulls, ``None``, NaN) count as empty texts. Raises ``InputError`` for anything
    else that is no text.
    """
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return texts_from_arrow(column)
    if isinstance(column, str | bytes | Mapping) or not isinstance(column, Iterable):
        raise InputError(f"texts: got {type(column).__name__}, allowed is a column or list of them")
    try:
        if hasattr(column, "__arrow_c_stream__"):
            return texts_from_arrow(pa.chunked_array(column))
        if hasattr(column, "__array__"):
            return texts_from_arrow(pa.array(column, from_pandas=True))
    except (TypeError, ValueError):
        pass  # objects that Arrow cannot take: the plain way cleans them, or says which is wrong
    return texts_from_strings(list(column))


def texts_from_arrow(column: Any) -> Texts:
    """View an Arrow string column as ``Texts``, without a copy where it is one chunk.

    Nulls count as empty texts. Raises ``InputError`` when the column does not hold strings.

    >>> texts = texts_from_arrow(pa.array(["ab", None, "é"]))
    >>> texts.offsets.tolist(), texts.text(2)
    ([0, 2, 2, 4], 'é')
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = (
                pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
            )
    if isinstance(column, pa.DictionaryArray):
        words = _as_strings(column.dictionary)
        column = pa.DictionaryArray.from_arrays(column.indices, words).dictionary_decode()
    column = _as_strings(column)
    if column.null_count:
        column = column.fill_null("")
    _, offset_buffer, data_buffer = column.buffers()
    count = len(column)
    data: UInt8 = np.zeros(0, np.uint8)
    offsets: Int64 = np.zeros(1, np.int64)
    if count and offset_buffer is not None:
        offsets = np.frombuffer(offset_buffer, np.int64)[column.offset : column.offset + count + 1]
        if data_buffer is not None:
            data = np.frombuffer(data_buffer, np.uint8)
    return Texts(data, offsets)


def column_codes(column: pa.Array | pa.ChunkedArray) -> tuple[Int32, pa.Array]:
    """Return a number for each value of a column of strings, -1 for null, and the distinct values.

    >>> codes, names = column_codes(pa.array(["b", None, "a", "b"]))
    >>> codes.tolist(), names.to_pylist()
    ([0, -1, 1, 0], ['b', 'a'])
    """
    codes = np.full(len(column), -1, np.int32)
    if column.null_count == len(column):
        return codes, pa.array([], pa.string())
    chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not pa.types.is_dictionary(chunked.type):
        chunked = chunked.dictionary_encode()
    chunked, low = chunked.unify_dictionaries(), 0
    for chunk in chunked.chunks:
        known = pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False)
        codes[low : low + len(chunk)] = known
        low += len(chunk)
    return codes, chunked.chunk(0).dictionary


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, without a copy where it is one chunk already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _as_strings(column: pa.Array) -> pa.Array:
    if column.type == pa.large_string():
        return column
    if str(column.type) not in ("string", "string_view", "null"):
        raise InputError(f"texts: got a column of {column.type}, allowed is a column of strings")
    return column.cast(pa.large_string())


def texts_from_strings(strings: Sequence[str | None]) -> Texts:
    """Encode Python strings into ``Texts``; lone surrogates become U+FFFD, ``None`` is empty.

    Raises ``InputError`` with the row of the first value that is no string.

    >>> texts_from_strings(["ab", None, "é"]).offsets.tolist()
    [0, 2, 2, 4]
    """
    if set(map(type, strings)) <= {str, type(None)}:
        try:
            return texts_from_arrow(pa.array(strings, pa.large_string()))
        except UnicodeEncodeError:
            pass  # a lone surrogate somewhere
    cleaned = [_text_or_none(row, each) for row, each in enumerate(strings)]
    return texts_from_arrow(pa.array(cleaned, pa.large_string()))


def texts_from_bytes(encoded: Sequence[bytes]) -> Texts:
    """Join texts that are UTF-8 already into ``Texts``.

    >>> texts_from_bytes([b"ab", b""]).offsets.tolist()
    [0, 2, 2]
    """
    data = np.frombuffer(b"".join(encoded), np.uint8)
    return Texts(data, offsets_of(np.array([len(each) for each in encoded], np.int64)))


def some_texts(texts: Texts, rows: Int64) -> Texts:
    """Return some texts as a column of their own, in the order of ``rows``.

    >>> some_texts(texts_from_strings(["one", "two", "three"]), np.array([0, 2])).text(1)
    'three'
    """
    lows, highs = texts.offsets[rows], texts.offsets[rows + 1]
    spans = zip(lows.tolist(), highs.tolist(), strict=True)
    parts = [texts.data[:0], *(texts.data[low:high] for low, high in spans)]
    return Texts(np.concatenate(parts), offsets_of(highs - lows))


def _text_or_none(row: int, value: Any) -> str | None:
    if isinstance(value, str):
        return clean_string(value)
    if value is None or (isinstance(value, float) and value != value):
        return None
    raise InputError(f"texts: got {type(value).__name__} in row {row}, allowed is a string or None")


def clean_string(text: str) -> str:
    """Return ``text`` with lone surrogates replaced by U+FFFD, so that it is valid UTF-8.

    >>> clean_string("a" + chr(0xD83D) + "b") == "a" + chr(0xFFFD) + "b"
    True
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def offsets_of(sizes: Int32 | Int64) -> Int64:
    """Return where the rows of a ragged array begin and end, from how long each is.

    >>> offsets_of(np.array([2, 0, 1])).tolist()
    [0, 2, 2, 3]
    """
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def are_new(*columns: npt.NDArray[Any]) -> Bool:
    """Tell which rows of columns, in which equal rows stand together, differ from the one before.

    >>> are_new(np.array([3, 3, 3, 5]), np.array([1, 1, 2, 2])).tolist()
    [True, False, True, True]
    """
    new = np.ones(len(columns[0]), np.bool_)
    new[1:] = False
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new


def distinct(values: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """Return the distinct values of an array of numbers, in order.

    It is ``np.unique``, which newer NumPy does by a hash table: of 500,000 whole numbers that takes
    thirty times as long as sorting them.

    >>> distinct(np.array([[3, 1], [3, 2]])).tolist()
    [1, 2, 3]
    """
    ordered = np.sort(values, axis=None)
    new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    found: npt.NDArray[Number] = ordered[new]
    return found


def are_among(values: npt.NDArray[Number], ordered: npt.NDArray[Number]) -> Bool:
    """Tell which values are in an ordered array: ``np.isin`` where few are asked for, much quicker.

    >>> are_among(np.array([3, 9, 4]), np.array([3, 4, 8])).tolist()
    [True, False, True]
    >>> are_among(np.array([3]), np.array([], np.int64)).tolist()
    [False]
    """
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    places = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    there: Bool = ordered[places] == values
    return there


def order_by(*columns: npt.NDArray[Any]) -> Int64:
    """Return the rows in ascending order of some columns of whole numbers, the first one first.

    Equal rows stay in order. It is ``np.lexsort`` with the columns turned round, and several times
    as fast: as many columns as fit into 63 bits with the number of the row are sorted at a time.

    >>> order_by(np.array([2, 1, 1]), np.array([0, 9, -5])).tolist()
    [2, 1, 0]
    """
    count = len(columns[0])
    lows = [int(column.min(initial=0)) if count else 0 for column in columns]
    widths = [
        (int(column.max(initial=0)) - low).bit_length()
        for column, low in zip(columns, lows, strict=True)
    ]
    own = count.bit_length()
    if max(widths) + own > 63:
        return np.lexsort(columns[::-1]).astype(np.int64, copy=False)
    rows = np.arange(count)
    order: Int64 = rows
    keys: Int64 = np.zeros(count, np.int64)
    used = own
    for place in reversed(range(len(columns))):  # what decides last comes first
        if used + widths[place] > 63:
            order = order[_sorted_rows(keys, own)]
            keys, used = np.zeros(count, np.int64), own
        column = columns[place] if order is rows else columns[place][order]
        keys |= (column.astype(np.int64) - lows[place]) << (used - own)
        used += widths[place]
    return order[_sorted_rows(keys, own)]


def _sorted_rows(keys: Int64, width: int) -> Int64:
    """Sort keys, of equal ones the first first; ``width`` bits hold the number of a row."""
    keys = keys << width | np.arange(len(keys))
    keys.sort()
    rows: Int64 = keys & ((1 << width) - 1)
    return rows


def ragged_to_arrow(values: npt.NDArray[Any], offsets: Int64) -> pa.LargeListArray:
    """View a ragged array as an Arrow list column.

    >>> ragged_to_arrow(np.array([1, 2, 3]), np.array([0, 2, 2, 3])).to_pylist()
    [[1, 2], [], [3]]
    """
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(values))


def runs_of_rows(offsets: Int64, size: int = 0) -> Iterator[tuple[int, int]]:
    """Cut the rows of a ragged array into runs of about ``size`` values (0: four million).

    A run has at least one row.

    >>> list(runs_of_rows(np.array([0, 4, 5, 9]), size=5))
    [(0, 2), (2, 3)]
    """
    low, rows = 0, len(offsets) - 1
    size = size or _RUN_VALUES
    while low < rows:
        high = int(np.searchsorted(offsets, offsets[low] + size, side="right")) - 1
        high = min(max(high, low + 1), rows)
        yield low, high
        low = high


def table_size(count: int) -> int:
    """Return the places of a hash table for ``count`` values: a power of two."""
    return int(1 << max(4, (2 * count).bit_length()))
