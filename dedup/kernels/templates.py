"""Units that may be text of a template: whole lines, and the sentences of long lines.

A unit is known by the hash of its words from the last to the first, with all numbers taken as one,
so that the hash of every ending of a unit comes on the way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dedup.kernels._jit import njit, njit_uncounted
from dedup.kernels.stopwords import find_word
from dedup.kernels.text import CAPITAL, DIGIT, STARTS_SENTENCE, UNSPACED, mix

LEAST_WORDS = 8  # of a template that may stand alone
SHORT_WORDS = 3  # of a sentence that goes with one beside it
MOST_WORDS = 250
LONG_LINE = 60  # words from which on a line is cut into sentences
CASED_SHARE = 3  # one of so many sentences of a text with capitals begins with one, at least
SKETCH = 128  # values of a sketch
NOT, SHORT, FULL, ENDING = 0, 1, 2, 3  # what `find_templates` says of a unit

_SEED = np.uint64(0x2545F4914F6CDD1D)
_DIGIT_KEY = np.uint64(0xD1)
_OTHER_LINE = 3  # words that a line without prose counts against a stretch of text
_BIN_SHIFT = np.uint64(57)  # 64 - log2(SKETCH)


class Units(NamedTuple):
    """Units in order: int64 line number, int64 first token and one behind the last, uint64 key."""

    lines: npt.NDArray[np.int64]
    lows: npt.NDArray[np.int64]
    highs: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]


class Known(NamedTuple):
    """The keys of templates, those of sites mixed with the spread of the site, the others plain.

    ``table`` (uint64, a power of two long, 0 is empty) holds them; ``spreads`` (uint64, one a unit)
    is what the key of a unit is mixed with for its site.
    """

    table: npt.NDArray[np.uint64]
    spreads: npt.NDArray[np.uint64]


@njit_uncounted
def _ending_key(tokens, low, high):
    """Return the key of the tokens ``low:high``."""
    key = _SEED
    hashes, flags = tokens.hashes[low:high], tokens.flags[low:high]
    for k in range(len(hashes)):
        t = len(hashes) - 1 - k
        digit = (flags[t] & np.uint8(DIGIT)) != np.uint8(0)
        key = mix(key, _DIGIT_KEY if digit else hashes[t])
    return key


@njit_uncounted
def _words(tokens, low, high):
    """Return the number of words; two characters of a script without spaces count as one."""
    unspaced = 0
    flags = tokens.flags[low:high]
    for t in range(len(flags)):
        if (flags[t] & np.uint8(UNSPACED)) != np.uint8(0):
            unspaced += 1
    return high - low - unspaced + (unspaced + 1) // 2


@njit_uncounted
def _is_cased(tokens, low, high):
    """Tell whether a share of the sentences in the tokens ``low:high`` begin with a capital.

    A text in a script without capitals may name something in Latin letters.
    """
    begins = 0
    capitals = 0
    flags = tokens.flags[low:high]
    for k in range(len(flags)):
        if k > 0 and flags[k] & np.uint8(STARTS_SENTENCE) == np.uint8(0):
            continue
        if k > 0 and tokens.starts[low + k] - tokens.ends[low + k - 1] < 2:
            continue
        begins += 1
        if flags[k] & np.uint8(CAPITAL) != np.uint8(0):
            capitals += 1
    return CASED_SHARE * capitals >= begins


@njit_uncounted
def _starts(tokens, t, cased):
    """Tell whether a sentence starts at token ``t``, not the rest of "12.000" or after “a name”."""
    flags = tokens.flags[t]
    if (flags & np.uint8(STARTS_SENTENCE)) == np.uint8(0):
        return False
    if cased and (flags & np.uint8(CAPITAL | DIGIT | UNSPACED)) == np.uint8(0):
        return False
    return tokens.starts[t] - tokens.ends[t - 1] >= 2


@njit_uncounted
def cut_units(lows, highs, words, tokens, units):
    """Write the units of all lines and return how many there are.

    ``lows``, ``highs`` (int64) and ``words`` (int32) are those of the lines; ``units`` has a place
    for each line and for each token that starts a sentence. A line of ``LEAST_WORDS`` to
    ``MOST_WORDS`` is a unit; of a line of ``LONG_LINE`` words each sentence of ``SHORT_WORDS`` is
    one too.
    """
    out = 0
    for line in range(len(lows)):
        low = lows[line]
        high = highs[line]
        if LEAST_WORDS <= words[line] <= MOST_WORDS:
            units.lines[out] = line
            units.lows[out] = low
            units.highs[out] = high
            units.keys[out] = _ending_key(tokens, low, high)
            out += 1
        if words[line] < LONG_LINE:
            continue
        begin = low
        flags = tokens.flags[low:high]
        cased = _is_cased(tokens, low, high)
        for k in range(1, len(flags) + 1):
            if k < len(flags) and flags[k] & np.uint8(STARTS_SENTENCE) == np.uint8(0):
                continue
            t = low + k
            if t < high and not _starts(tokens, t, cased):
                continue
            size = _words(tokens, begin, t)
            if SHORT_WORDS <= size <= MOST_WORDS and t - begin < high - low:
                units.lines[out] = line
                units.lows[out] = begin
                units.highs[out] = t
                units.keys[out] = _ending_key(tokens, begin, t)
                out += 1
            begin = t
    return out


@njit_uncounted
def _is_known(table, key, spread):
    return find_word(table, key) >= 0 or find_word(table, key ^ spread) >= 0


@njit_uncounted
def find_templates(units, known, tokens, words, found, endings):
    """Tell of every unit what it is, and where a template that ends it begins.

    ``units`` are ``Units``, ``known`` is ``Known``, ``tokens`` are ``Tokens``; ``words`` (int32,
    one for each line) tells long lines. ``found`` (uint8) gets NOT, SHORT or FULL, or ENDING where
    only an ending that begins with a capital is one; ``endings`` (int64) the first token of the
    longest such ending, -1 for none.
    """
    table, spreads = known
    for u in range(len(units.keys)):
        low = units.lows[u]
        high = units.highs[u]
        found[u] = NOT
        endings[u] = -1
        if _is_known(table, units.keys[u], spreads[u]):
            full = _words(tokens, low, high) >= LEAST_WORDS
            found[u] = FULL if full else SHORT
        if words[units.lines[u]] < LONG_LINE:
            continue
        key = _SEED
        hashes, flags = tokens.hashes[low:high], tokens.flags[low:high]
        for k in range(1, len(hashes)):
            t = len(hashes) - k
            digit = (flags[t] & np.uint8(DIGIT)) != np.uint8(0)
            key = mix(key, _DIGIT_KEY if digit else hashes[t])
            if k < LEAST_WORDS or (flags[t] & np.uint8(CAPITAL)) == np.uint8(0):
                continue
            if _is_known(table, key, spreads[u]):
                endings[u] = low + t
        if found[u] == NOT and endings[u] >= 0:
            found[u] = ENDING


@njit
def sketch_rows(rows, tokens, stop_words, span_lows, span_highs, out):
    """Write a sketch of the words of each of ``rows`` (int64): the least hash of each bin.

    ``tokens`` are ``Tokens``. Stop words (a table of ``kernels/stopwords``) and the tokens of the
    spans (int64, in order, none inside another) are left out. ``out`` is uint64 (rows, SKETCH); an
    empty bin is all ones.
    """
    hashes, bounds = tokens.hashes, tokens.bounds
    for r in range(len(rows)):
        low = bounds[rows[r]]
        high = bounds[rows[r] + 1]
        span = np.searchsorted(span_highs, low, side="right")
        t = low
        while t < high:
            while span < len(span_lows) and span_highs[span] <= t:
                span += 1
            if span < len(span_lows) and span_lows[span] <= t:
                t = span_highs[span]
                continue
            h = hashes[t]
            t += 1
            if find_word(stop_words, h) >= 0:
                continue
            h = mix(_SEED, h)
            place = np.intp(h >> _BIN_SHIFT)
            out[r, place] = min(out[r, place], h)


@njit_uncounted
def mean_likeness(sketches, members, bounds, out):
    """Write the mean share of bins in which two sketches agree, over all pairs of each group.

    ``members`` (int64) are rows of ``sketches``, those of group ``g`` are
    ``bounds[g]:bounds[g + 1]``; ``out`` is float64. A group of fewer than two has 0.
    """
    empty = ~np.uint64(0)
    for g in range(len(bounds) - 1):
        total = 0.0
        pairs = 0
        for i in range(bounds[g], bounds[g + 1]):
            for j in range(i + 1, bounds[g + 1]):
                same = 0
                filled = 0
                for k in range(sketches.shape[1]):
                    a = sketches[members[i], k]
                    b = sketches[members[j], k]
                    if a != empty or b != empty:
                        filled += 1
                        if a == b:
                            same += 1
                if filled > 0:
                    total += same / filled
                pairs += 1
        out[g] = total / pairs if pairs > 0 else 0.0


@njit_uncounted
def text_bounds(bounds, words, prose, out):
    """Write the stretch of lines with most prose of each document, half open, empty for none.

    A line of prose (bool) counts its ``words`` (int32), any other counts against the stretch.
    ``out`` is int64 (documents, 2).
    """
    for row in range(len(bounds) - 1):
        best = 0
        total = 0
        begin = bounds[row]
        out[row, 0] = begin
        out[row, 1] = begin
        for line in range(bounds[row], bounds[row + 1]):
            total += words[line] if prose[line] else -_OTHER_LINE
            if total <= 0:
                total = 0
                begin = line + 1
            elif total > best:
                best = total
                out[row, 0] = begin
                out[row, 1] = line + 1
