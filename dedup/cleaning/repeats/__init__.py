"""What repeats inside an article: cut teasers, pull quotes, flattened copies, pasted pages.

Whole blocks only, and only where a copy stays: the complete text rather than the cut one, the
longer block rather than the quote out of it, else the first. What is meant to repeat is left alone:
refrains and other short lines, questions, clauses and lists under headings of their own, headings
that begin the paragraph below, and what somebody leaves unsaid...
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa

from dedup.cleaning.repeats import doubles
from dedup.cleaning.repeats.near import FUZZY, near_run, triples
from dedup.cleaning.repeats.shapes import (
    ONE_WORD_TAILS,
    TAILS,
    is_headed,
    is_open,
    is_pulled,
    prose_lines,
)
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, Texts, UInt64, are_among, distinct
from dedup.kernels import repeats as kernel
from dedup.schema import REMOVALS, rows_as_table
from dedup.text.lines import BULLET, ELLIPSIS, PAREN, SENTENCE, Lines, fragments, word_hashes
from dedup.text.tokens import Tokens

_LEAD_LINES = 6  # a teaser without a mark is looked for among the first of a text
_LEAD_WORDS = 20
_FLATTENED_WORDS = 25
_PLAIN_WORDS = 12  # a shorter line that ends in mere dots may be a sentence left open
_FUZZY_TOKENS = 1000  # no teaser is longer; bounds the alignment
_PARTS = 3  # so many parts that make up half of a block are its paragraphs, not quotes out of it


_COPY_RULES = {
    kernel.RUN: ("pasted_block", "repeated_run"),
    kernel.ADJACENT: ("repeated_block", "adjacent_copy"),
    kernel.LEAD: ("repeated_block", "copy_in_lead"),
    kernel.FAR: ("repeated_block", "long_copy"),
}


@dataclass(slots=True)
class _Search:
    """The state of one call: what is gone, what must stay for it, and the rows found so far."""

    texts: Texts
    tokens: Tokens
    lines: Lines
    whole: Bool  # no piece of a wrapped paragraph
    gone: Bool
    held: Bool
    prefix: kernel.Prefix
    rows: list[tuple[int, int, int, str, str, str, int, int]] = field(default_factory=list)

    def line_of(self, token: int) -> int:
        """Return the block a token belongs to."""
        # Blocks without tokens have equal bounds; the one that holds the token is the last.
        return int(np.searchsorted(self.lines.lows, token, side="right")) - 1

    def accept(self, line: int, low: int, high: int, what: tuple[str, str, str]) -> bool:
        """Remove ``line`` in favour of the tokens ``low:high``, unless one of them is taken."""
        first, last = self.line_of(low), self.line_of(high - 1)
        pasted = what[0] == "pasted_block"  # the other pieces of the paragraph go as well
        if self.gone[line] or self.held[line] or first <= line <= last:
            return False
        if not (self.whole[line] or pasted):
            return False
        if self.gone[first : last + 1].any():
            return False
        self.gone[line] = True
        self.held[first : last + 1] = True
        lines, tokens = self.lines, self.tokens
        whole = low == lines.lows[first] and high == lines.highs[last]
        self.rows.append(
            (
                int(lines.docs[line]),
                int(lines.starts[line]),
                int(lines.ends[line]),
                *what,
                int(lines.starts[first] if whole else tokens.starts[low]),
                int(lines.ends[last] if whole else tokens.ends[high - 1]),
            )
        )
        return True

    def find(self, sizes: Int64, usable: Bool) -> tuple[Int64, Int64]:
        """Look the first ``sizes`` tokens of blocks up in their documents: (within, across)."""
        lines = self.lines
        searched = sizes >= kernel.HEAD
        rows = distinct(lines.docs[searched])
        within = np.full(len(lines), -1, np.int64)
        across = np.full(len(lines), -1, np.int64)
        if not len(rows):
            return within, across
        longest = int(sizes.max()) + 1
        if len(self.prefix.powers) < longest:
            self.prefix = self.prefix._replace(powers=np.empty(longest, np.uint64))
            kernel.prefix_hashes(self.tokens.hashes, self.prefix)
        chain, alias, capacity = np.zeros((3, len(lines)), np.int64)
        search = kernel.Search(
            bounds=lines.bounds,
            lows=lines.lows,
            highs=lines.highs,
            prefix=self.prefix,
            sizes=sizes,
            usable=usable,
            table=table_for(lines, rows),
            chain=chain,
            alias=alias,
            capacity=capacity,
            within=within,
            across=across,
        )
        kernel.find_runs(rows, search)
        return within, across

    def equal(self, a: int, b: int, size: int) -> bool:
        """Compare two runs token by token, since hashes of runs can be forged."""
        hashes = self.tokens.hashes
        return bool(np.array_equal(hashes[a : a + size], hashes[b : b + size]))

    def line_text(self, line: int) -> str:
        """Return the text of one block without blanks around it."""
        return self.lines.text(self.texts, line).strip()

    def word(self, token: int) -> str:
        """Return the text of one token, case folded."""
        line = self.line_of(token)
        start = int(self.lines.starts[line])
        line_text = self.lines.text(self.texts, line)
        return line_text[
            self.tokens.starts[token] - start : self.tokens.ends[token] - start
        ].casefold()


def table_for(lines: Lines, rows: Int64) -> kernel.Table:
    """Return a fresh table for the blocks of any of some documents."""
    most = int((lines.bounds[rows + 1] - lines.bounds[rows]).max())
    size = 1 << (2 * most + 1).bit_length()
    return kernel.Table(np.zeros(size, np.uint64), *np.zeros((2, size), np.int64))


def find_repeats(texts: Texts, tokens: Tokens, lines: Lines, config: Config) -> pa.Table:
    """Return what repeats inside each document as a table of schema ``REMOVALS``.

    Every row points to the copy that stays, which no other row removes. The work is linear in the
    length of a document.
    """
    whole, gone, held = ~fragments(lines, tokens), *np.zeros((2, len(lines)), np.bool_)
    prefix = kernel.Prefix(np.empty(len(tokens.hashes) + 1, np.uint64), np.empty(0, np.uint64))
    search = _Search(texts, tokens, lines, whole, gone, held, prefix)
    marked, sizes = _teasers(tokens, lines)
    _remove_teasers(search, marked, sizes)
    _remove_near_teasers(search, marked, sizes)
    _remove_shorter_teasers(search, marked, sizes)
    _remove_copies(search)
    doubles.remove_doubles(search)
    posts = doubles.embedded_posts(search)
    doubles.remove_posts(search, posts)
    _remove_contained(search, marked, posts)
    search.rows.sort()
    return rows_as_table(search.rows, REMOVALS)


def _teasers(tokens: Tokens, lines: Lines) -> tuple[Bool, Int64]:
    """Tell which blocks are marked as cut, and how many tokens of a possible teaser are text."""
    sizes = lines.highs - lines.lows
    tail = np.zeros(len(lines), np.int64)
    long = np.flatnonzero(sizes > kernel.HEAD)
    last = tokens.hashes[lines.highs[long] - 1]
    before = tokens.hashes[lines.highs[long] - 2]
    pairs, ones, ends = _tails()
    if are_among(last, ends).any():  # of few articles
        for first, second in pairs:
            tail[long[(before == first) & (last == second)]] = 2
        for one in ones[:-1]:
            tail[long[last == one]] = 1
        tail[long[(last == ones[-1]) & ((lines.flags[long] & PAREN) != 0)]] = 1
    marked = ((lines.flags & ELLIPSIS) != 0) | (tail > 0)
    return marked, sizes - tail


@cache
def _tails() -> tuple[list[UInt64], UInt64, UInt64]:
    """Return the hashes of the tails of two words, of one ("more" is the last), and of all ends."""
    pairs = [word_hashes(list(pair)) for pair in TAILS]
    ones = word_hashes([*ONE_WORD_TAILS, "more"])
    return pairs, ones, distinct(np.append(ones, [second for _, second in pairs]))


def _remove_teasers(search: _Search, marked: Bool, sizes: Int64) -> None:
    """Remove teasers whose text stands elsewhere word for word; the last word may be cut."""
    lines = search.lines
    position = np.arange(len(lines)) - lines.bounds[lines.docs]
    unmarked = (
        ~marked
        & (position < _LEAD_LINES)
        & (lines.words >= _LEAD_WORDS)
        & ((lines.flags & (SENTENCE | BULLET)) == 0)
    )
    wanted = np.where((marked | unmarked) & (sizes >= kernel.HEAD), sizes, 0)
    wanted[wanted > kernel.HEAD] -= 1
    if not wanted.any():
        return
    within, across = search.find(wanted, ~marked)
    hits = np.flatnonzero((within >= 0) | (across >= 0))
    for line in (*hits[marked[hits]].tolist(), *hits[~marked[hits]].tolist()):
        for place_found in (int(within[line]), int(across[line])):
            if place_found >= 0 and _accept_teaser(
                search, line, place_found, int(sizes[line]), bool(marked[line])
            ):
                break


def _accept_teaser(search: _Search, line: int, position: int, size: int, marked: bool) -> bool:
    low = int(search.lines.lows[line])
    known = size - 1 if size > kernel.HEAD else size
    if not search.equal(low, position, known):
        return False
    matched = known
    end = int(search.tokens.bounds[search.lines.docs[line] + 1])
    if known < size and position + known < end:
        ours, theirs = low + known, position + known
        if search.equal(ours, theirs, 1) or search.word(theirs).startswith(search.word(ours)):
            matched = size
    if matched < size and (not marked or matched < FUZZY * size):
        return False
    if not marked:
        # Only the beginning of a block that goes on can have been cut off without a mark.
        into = search.line_of(position + matched - 1)
        starts_line = position == search.lines.lows[search.line_of(position)]
        goes_on = position + matched < search.lines.highs[into]
        if not (starts_line and goes_on and search.lines.flags[into] & SENTENCE):
            return False
    elif is_open(search.line_text(line)):
        into = search.line_of(position + matched - 1)
        starts_line = position == search.lines.lows[search.line_of(position)]
        cut = matched == size > known and not search.equal(low + known, position + known, 1)
        if not starts_line or position + matched >= search.lines.highs[into]:
            return False
        if not cut and search.lines.words[line] < _PLAIN_WORDS:
            return False
    what = ("truncated_teaser", "prefix_of_full_text", "strong" if marked else "medium")
    return search.accept(line, position, position + matched, what)


def _remove_near_teasers(search: _Search, marked: Bool, sizes: Int64) -> None:
    """Remove teasers nine tenths of whose words stand elsewhere in the same order."""
    lines = search.lines
    left = marked & ~search.gone & (sizes >= kernel.HEAD) & (sizes <= _FUZZY_TOKENS)
    if not left.any():
        return
    hashes = search.tokens.hashes
    for doc in distinct(lines.docs[left]).tolist():
        low, high = int(lines.bounds[doc]), int(lines.bounds[doc + 1])
        full = np.flatnonzero(~marked[low:high] & ~search.gone[low:high]) + low
        spans = [np.arange(lines.lows[each], lines.highs[each]) for each in full]
        positions = np.concatenate(spans) if spans else np.zeros(0, np.int64)
        if len(positions) < kernel.HEAD:
            continue
        grams = triples(hashes[positions])
        order = np.argsort(grams, kind="stable")
        grams, others = grams[order], hashes[positions]
        for line in (np.flatnonzero(left[low:high]) + low).tolist():
            # The last word may be cut, so it counts neither for nor against.
            ours = hashes[lines.lows[line] : lines.lows[line] + sizes[line] - 1]
            if lines.words[line] < _PLAIN_WORDS and is_open(search.line_text(line)):
                continue
            span = near_run(ours, others, grams, order)
            if span is not None:
                what = ("truncated_teaser", "near_full_text", "medium")
                search.accept(line, int(positions[span[0]]), int(positions[span[1] - 1]) + 1, what)


def _remove_shorter_teasers(search: _Search, marked: Bool, sizes: Int64) -> None:
    """Where no full text is there keep the longest of the teasers that begin alike."""
    lines = search.lines
    left = np.flatnonzero(marked & ~search.gone & (sizes >= kernel.HEAD))
    order = np.lexsort((left, -sizes[left], lines.docs[left]))
    longest: dict[tuple[int, bytes], int] = {}
    for line in left[order].tolist():
        low, size = int(lines.lows[line]), int(sizes[line])
        head = search.tokens.hashes[low : low + kernel.HEAD].tobytes()
        kept = longest.setdefault((int(lines.docs[line]), head), line)
        known = size - 1 if kernel.HEAD < size < sizes[kept] else size
        start = int(lines.lows[kept])
        if kept != line and search.equal(low, start, known):
            cut = known < size and not search.equal(low + known, start + known, 1)
            if not cut and lines.words[line] < _PLAIN_WORDS and is_open(search.line_text(line)):
                continue
            what = ("truncated_teaser", "longer_teaser", "strong")
            search.accept(line, start, start + known, what)


def _remove_copies(search: _Search) -> None:
    """Remove runs of blocks that were pasted again, and leads that stand twice."""
    lines = search.lines
    rows = np.flatnonzero(np.diff(lines.bounds) > 1)
    if not len(rows):
        return
    source = np.full(len(lines), -1, np.int64)
    why = np.zeros(len(lines), np.int64)
    blocks = kernel.Blocks(
        bounds=lines.bounds,
        lows=lines.lows,
        highs=lines.highs,
        words=lines.words,
        keys=lines.hashes,
        hashes=search.tokens.hashes,
        prose=prose_lines(search.texts, lines),
        ends_sentence=(lines.flags & SENTENCE) != 0,
        usable=~search.gone,
    )
    order = np.zeros(len(lines), np.int64)
    found = kernel.Copies(source, why)
    kernel.find_copies(rows, blocks, table_for(lines, rows), order, found)
    for line in np.flatnonzero(source >= 0).tolist():
        kept = int(source[line])
        what = (*_COPY_RULES[int(why[line])], "strong")
        search.accept(line, int(lines.lows[kept]), int(lines.highs[kept]), what)


def _remove_contained(search: _Search, marked: Bool, posts: Bool) -> None:
    """Remove blocks that stand whole in a longer block, or across several blocks."""
    lines = search.lines
    sizes = lines.highs - lines.lows
    totals = np.diff(search.tokens.bounds)[lines.docs]
    # The headline stays, whatever repeats it.
    position = np.arange(len(lines)) - lines.bounds[lines.docs]
    headline = (position == 0) & ((lines.flags & SENTENCE) == 0) & (lines.words <= 25)
    fits = (2 * sizes <= totals) & (lines.words >= kernel.HEAD) & ~headline
    wanted = np.where(fits & ~search.gone & ~search.held, sizes, 0)
    within, across = search.find(wanted, ~search.gone & ~marked & ~posts)
    flat = np.flatnonzero((across >= 0) & (lines.words >= _FLATTENED_WORDS))
    flattened: list[int] = []
    for line in flat[np.lexsort((flat, -sizes[flat]))].tolist():
        low, size, place_found = int(lines.lows[line]), int(sizes[line]), int(across[line])
        what = ("flattened_copy", "across_blocks", "strong")
        if search.equal(low, place_found, size) and search.accept(
            line, place_found, place_found + size, what
        ):
            flattened.append(int(lines.docs[line]))
    if flattened:
        again = np.isin(lines.docs, np.unique(flattened)) & ~search.gone & ~search.held
        redone, _ = search.find(np.where(again, wanted, 0), ~search.gone & ~marked & ~posts)
        within[np.isin(lines.docs, np.unique(flattened))] = -1
        within = np.maximum(within, redone)
    _remove_quotes(search, within)


def _is_pulled(search: _Search, line: int, longer: int, position: int) -> bool:
    tokens, lines = search.tokens, search.lines
    text, begin = lines.text(search.texts, longer), int(lines.starts[longer])
    last = position + int(lines.highs[line] - lines.lows[line]) - 1
    before, after = text[: tokens.starts[position] - begin], text[tokens.ends[last] - begin :]
    # Above the paragraph it is a summary, unless it is set in quotation marks.
    ends_sentence = line > longer and bool(int(lines.flags[line]) & SENTENCE)
    return is_pulled(search.line_text(line), ends_sentence, before, after)


def _stands_once(search: _Search, line: int) -> bool:
    lines = search.lines
    low, high = lines.bounds[lines.docs[line]], lines.bounds[lines.docs[line] + 1]
    return int((lines.hashes[low:high] == lines.hashes[line]).sum()) == 1


def _remove_quotes(search: _Search, within: Int64) -> None:
    """Remove blocks that stand in a longer one, unless that one is made of such blocks."""
    lines = search.lines
    sizes = lines.highs - lines.lows
    quotes: dict[int, list[int]] = {}
    for line in np.flatnonzero(within >= 0).tolist():
        low, size, position = int(lines.lows[line]), int(sizes[line]), int(within[line])
        longer = search.line_of(position)
        if sizes[longer] > size and search.equal(low, position, size):
            quotes.setdefault(longer, []).append(line)
    for longer, parts in quotes.items():
        covered = np.zeros(int(sizes[longer]), np.bool_)
        for line in parts:
            begin = int(within[line] - lines.lows[longer])
            covered[begin : begin + sizes[line]] = True
        share = float(covered.mean())
        if len(parts) > 1 and share >= FUZZY and lines.words[longer] >= _FLATTENED_WORDS:
            what = ("flattened_copy", "covered_by_blocks", "medium")
            low, high = lines.lows[min(parts)], lines.highs[max(parts)]
            search.accept(longer, int(low), int(high), what)
        elif len(parts) < _PARTS or share < 0.5:
            what = ("pull_quote", "inside_longer_block", "strong")
            for line in parts:
                position = int(within[line])
                if doubles.remove_lead(search, line, longer, position):
                    continue
                # A template pulls a quote once; who writes a line twice means it.
                if (
                    longer != line + 1
                    and not is_headed(lines, line)
                    and _stands_once(search, line)
                    and _is_pulled(search, line, longer, position)
                ):
                    search.accept(line, position, position + int(sizes[line]), what)
