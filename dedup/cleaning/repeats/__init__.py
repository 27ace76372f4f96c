"""What repeats inside an article: cut teasers, pull quotes, flattened copies, pasted pages.

Whole blocks only, and only where a copy stays: the complete text rather than the cut one, the
longer block rather than the quote out of it, else the first. What is meant to repeat is left alone:
refrains and other short lines, questions, clauses and lists under headings of their own, headings
that begin the paragraph below, and what somebody leaves unsaid...
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from dedup.cleaning.repeats.near import FUZZY, near_run, triples
from dedup.cleaning.repeats.shapes import (
    ONE_WORD_TAILS,
    TAILS,
    is_headed,
    is_open,
    is_pulled,
    prose_blocks,
)
from dedup.config import Config
from dedup.core.arrays import Bool, Int64, Texts, UInt64
from dedup.kernels import repeats as kernel
from dedup.schema import REMOVALS
from dedup.text.lines import BULLET, ELLIPSIS, PAREN, SENTENCE, Blocks, fragments, word_hashes
from dedup.text.tokens import Tokens

_LEAD_BLOCKS = 6  # a teaser without a mark is looked for among the first of a text
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
    blocks: Blocks
    whole: Bool  # no piece of a wrapped paragraph
    gone: Bool
    held: Bool
    prefix: UInt64
    powers: UInt64
    rows: list[tuple[int, int, int, str, str, str, int, int]] = field(default_factory=list)

    def block_of(self, token: int) -> int:
        """Return the block a token belongs to."""
        # Blocks without tokens have equal bounds; the one that holds the token is the last.
        return int(np.searchsorted(self.blocks.lows, token, side="right")) - 1

    def accept(self, block: int, low: int, high: int, what: tuple[str, str, str]) -> bool:
        """Remove ``block`` in favour of the tokens ``low:high``, unless one of them is taken."""
        first, last = self.block_of(low), self.block_of(high - 1)
        pasted = what[0] == "pasted_block"  # the other pieces of the paragraph go as well
        if self.gone[block] or self.held[block] or first <= block <= last:
            return False
        if not (self.whole[block] or pasted):
            return False
        if self.gone[first : last + 1].any():
            return False
        self.gone[block] = True
        self.held[first : last + 1] = True
        blocks, tokens = self.blocks, self.tokens
        whole = low == blocks.lows[first] and high == blocks.highs[last]
        self.rows.append(
            (
                int(blocks.docs[block]),
                int(blocks.starts[block]),
                int(blocks.ends[block]),
                *what,
                int(blocks.starts[first] if whole else tokens.starts[low]),
                int(blocks.ends[last] if whole else tokens.ends[high - 1]),
            )
        )
        return True

    def find(self, sizes: Int64, usable: Bool) -> tuple[Int64, Int64]:
        """Look the first ``sizes`` tokens of blocks up in their documents: (within, across)."""
        blocks = self.blocks
        searched = sizes >= kernel.HEAD
        rows = np.unique(blocks.docs[searched])
        within = np.full(len(blocks), -1, np.int64)
        across = np.full(len(blocks), -1, np.int64)
        if not len(rows):
            return within, across
        longest = int(sizes.max()) + 1
        if len(self.powers) < longest:
            self.powers = np.empty(longest, np.uint64)
            kernel.prefix_hashes(self.tokens.hashes, self.prefix, self.powers)
        keys, stamps, heads = _tables(blocks, rows)
        chain, alias, room = (np.zeros(len(blocks), np.int64) for _ in range(3))
        kernel.find_runs(
            rows,
            blocks.bounds,
            blocks.lows,
            blocks.highs,
            self.prefix,
            self.powers,
            sizes,
            usable,
            keys,
            stamps,
            heads,
            chain,
            alias,
            room,
            within,
            across,
        )
        return within, across

    def equal(self, a: int, b: int, size: int) -> bool:
        """Compare two runs token by token, since hashes of runs can be forged."""
        hashes = self.tokens.hashes
        return bool(np.array_equal(hashes[a : a + size], hashes[b : b + size]))

    def line(self, block: int) -> str:
        """Return the text of one block without blanks around it."""
        return self.blocks.text(self.texts, block).strip()

    def word(self, token: int) -> str:
        """Return the text of one token, case folded."""
        block = self.block_of(token)
        start = int(self.blocks.starts[block])
        line = self.blocks.text(self.texts, block)
        return line[self.tokens.starts[token] - start : self.tokens.ends[token] - start].casefold()


def _tables(blocks: Blocks, rows: Int64) -> tuple[UInt64, Int64, Int64]:
    most = int((blocks.bounds[rows + 1] - blocks.bounds[rows]).max())
    size = 1 << (2 * most + 1).bit_length()
    return np.zeros(size, np.uint64), np.zeros(size, np.int64), np.zeros(size, np.int64)


def find_repeats(texts: Texts, tokens: Tokens, blocks: Blocks, config: Config) -> pa.Table:
    """Return what repeats inside each document as a table of schema ``REMOVALS``.

    Every row points to the copy that stays, which no other row removes. The work is linear in the
    length of a document.
    """
    whole, gone, held = ~fragments(blocks, tokens), *np.zeros((2, len(blocks)), np.bool_)
    prefix, powers = np.empty(len(tokens.hashes) + 1, np.uint64), np.empty(0, np.uint64)
    search = _Search(texts, tokens, blocks, whole, gone, held, prefix, powers)
    marked, sizes = _teasers(tokens, blocks)
    _remove_teasers(search, marked, sizes)
    _remove_near_teasers(search, marked, sizes)
    _remove_shorter_teasers(search, marked, sizes)
    _remove_copies(search)
    _remove_contained(search, marked)
    search.rows.sort()
    columns = list(zip(*search.rows, strict=True)) or [()] * len(REMOVALS)
    return pa.Table.from_arrays(
        [pa.array(column, kind.type) for column, kind in zip(columns, REMOVALS, strict=True)],
        schema=REMOVALS,
    )


def _teasers(tokens: Tokens, blocks: Blocks) -> tuple[Bool, Int64]:
    """Tell which blocks are marked as cut, and how many tokens of a possible teaser are text."""
    sizes = blocks.highs - blocks.lows
    tail = np.zeros(len(blocks), np.int64)
    long = np.flatnonzero(sizes > kernel.HEAD)
    last = tokens.hashes[blocks.highs[long] - 1]
    before = tokens.hashes[blocks.highs[long] - 2]
    for pair in TAILS:
        first, second = word_hashes(list(pair))
        tail[long[(before == first) & (last == second)]] = 2
    ones = word_hashes([*ONE_WORD_TAILS, "more"])
    tail[long[np.isin(last, ones[:-1])]] = 1
    tail[long[(last == ones[-1]) & ((blocks.flags[long] & PAREN) != 0)]] = 1
    marked = ((blocks.flags & ELLIPSIS) != 0) | (tail > 0)
    return marked, sizes - tail


def _remove_teasers(search: _Search, marked: Bool, sizes: Int64) -> None:
    """Remove teasers whose text stands elsewhere word for word; the last word may be cut."""
    blocks = search.blocks
    place = np.arange(len(blocks)) - blocks.bounds[blocks.docs]
    unmarked = (
        ~marked
        & (place < _LEAD_BLOCKS)
        & (blocks.words >= _LEAD_WORDS)
        & ((blocks.flags & (SENTENCE | BULLET)) == 0)
    )
    wanted = np.where((marked | unmarked) & (sizes >= kernel.HEAD), sizes, 0)
    wanted[wanted > kernel.HEAD] -= 1
    if not wanted.any():
        return
    within, across = search.find(wanted, ~marked)
    hits = np.flatnonzero((within >= 0) | (across >= 0))
    for block in (*hits[marked[hits]].tolist(), *hits[~marked[hits]].tolist()):
        for place_found in (int(within[block]), int(across[block])):
            if place_found >= 0 and _accept_teaser(
                search, block, place_found, int(sizes[block]), bool(marked[block])
            ):
                break


def _accept_teaser(search: _Search, block: int, place: int, size: int, marked: bool) -> bool:
    low = int(search.blocks.lows[block])
    known = size - 1 if size > kernel.HEAD else size
    if not search.equal(low, place, known):
        return False
    matched = known
    end = int(search.tokens.bounds[search.blocks.docs[block] + 1])
    if known < size and place + known < end:
        ours, theirs = low + known, place + known
        if search.equal(ours, theirs, 1) or search.word(theirs).startswith(search.word(ours)):
            matched = size
    if matched < size and (not marked or matched < FUZZY * size):
        return False
    if not marked:
        # Only the beginning of a block that goes on can have been cut off without a mark.
        into = search.block_of(place + matched - 1)
        starts_block = place == search.blocks.lows[search.block_of(place)]
        goes_on = place + matched < search.blocks.highs[into]
        if not (starts_block and goes_on and search.blocks.flags[into] & SENTENCE):
            return False
    elif is_open(search.line(block)):
        into = search.block_of(place + matched - 1)
        starts_block = place == search.blocks.lows[search.block_of(place)]
        cut = matched == size > known and not search.equal(low + known, place + known, 1)
        if not starts_block or place + matched >= search.blocks.highs[into]:
            return False
        if not cut and search.blocks.words[block] < _PLAIN_WORDS:
            return False
    what = ("truncated_teaser", "prefix_of_full_text", "strong" if marked else "medium")
    return search.accept(block, place, place + matched, what)


def _remove_near_teasers(search: _Search, marked: Bool, sizes: Int64) -> None:
    """Remove teasers nine tenths of whose words stand elsewhere in the same order."""
    blocks = search.blocks
    left = marked & ~search.gone & (sizes >= kernel.HEAD) & (sizes <= _FUZZY_TOKENS)
    if not left.any():
        return
    hashes = search.tokens.hashes
    for doc in np.unique(blocks.docs[left]).tolist():
        low, high = int(blocks.bounds[doc]), int(blocks.bounds[doc + 1])
        full = np.flatnonzero(~marked[low:high] & ~search.gone[low:high]) + low
        spans = [np.arange(blocks.lows[each], blocks.highs[each]) for each in full]
        places = np.concatenate(spans) if spans else np.zeros(0, np.int64)
        if len(places) < kernel.HEAD:
            continue
        grams = triples(hashes[places])
        order = np.argsort(grams, kind="stable")
        grams, others = grams[order], hashes[places]
        for block in (np.flatnonzero(left[low:high]) + low).tolist():
            # The last word may be cut, so it counts neither for nor against.
            ours = hashes[blocks.lows[block] : blocks.lows[block] + sizes[block] - 1]
            if blocks.words[block] < _PLAIN_WORDS and is_open(search.line(block)):
                continue
            span = near_run(ours, others, grams, order)
            if span is not None:
                what = ("truncated_teaser", "near_full_text", "medium")
                search.accept(block, int(places[span[0]]), int(places[span[1] - 1]) + 1, what)


def _remove_shorter_teasers(search: _Search, marked: Bool, sizes: Int64) -> None:
    """Where no full text is there keep the longest of the teasers that begin alike."""
    blocks = search.blocks
    left = np.flatnonzero(marked & ~search.gone & (sizes >= kernel.HEAD))
    order = np.lexsort((left, -sizes[left], blocks.docs[left]))
    longest: dict[tuple[int, bytes], int] = {}
    for block in left[order].tolist():
        low, size = int(blocks.lows[block]), int(sizes[block])
        head = search.tokens.hashes[low : low + kernel.HEAD].tobytes()
        kept = longest.setdefault((int(blocks.docs[block]), head), block)
        known = size - 1 if kernel.HEAD < size < sizes[kept] else size
        start = int(blocks.lows[kept])
        if kept != block and search.equal(low, start, known):
            cut = known < size and not search.equal(low + known, start + known, 1)
            if not cut and blocks.words[block] < _PLAIN_WORDS and is_open(search.line(block)):
                continue
            what = ("truncated_teaser", "longer_teaser", "strong")
            search.accept(block, start, start + known, what)


def _remove_copies(search: _Search) -> None:
    """Remove runs of blocks that were pasted again, and leads that stand twice."""
    blocks = search.blocks
    rows = np.flatnonzero(np.diff(blocks.bounds) > 1)
    if not len(rows):
        return
    source = np.full(len(blocks), -1, np.int64)
    why = np.zeros(len(blocks), np.int64)
    kernel.find_copies(
        rows,
        blocks.bounds,
        blocks.lows,
        blocks.highs,
        blocks.words,
        prose_blocks(search.texts, blocks),
        (blocks.flags & SENTENCE) != 0,
        blocks.hashes,
        search.tokens.hashes,
        ~search.gone,
        *_tables(blocks, rows),
        np.zeros(len(blocks), np.int64),
        source,
        why,
    )
    for block in np.flatnonzero(source >= 0).tolist():
        kept = int(source[block])
        what = (*_COPY_RULES[int(why[block])], "strong")
        search.accept(block, int(blocks.lows[kept]), int(blocks.highs[kept]), what)


def _remove_contained(search: _Search, marked: Bool) -> None:
    """Remove blocks that stand whole in a longer block, or across several blocks."""
    blocks = search.blocks
    sizes = blocks.highs - blocks.lows
    totals = np.diff(search.tokens.bounds)[blocks.docs]
    # The headline stays, whatever repeats it.
    place = np.arange(len(blocks)) - blocks.bounds[blocks.docs]
    headline = (place == 0) & ((blocks.flags & SENTENCE) == 0) & (blocks.words <= 25)
    fits = (2 * sizes <= totals) & (blocks.words >= kernel.HEAD) & ~headline
    wanted = np.where(fits & ~search.gone & ~search.held, sizes, 0)
    within, across = search.find(wanted, ~search.gone & ~marked)
    flat = np.flatnonzero((across >= 0) & (blocks.words >= _FLATTENED_WORDS))
    flattened: list[int] = []
    for block in flat[np.lexsort((flat, -sizes[flat]))].tolist():
        low, size, place_found = int(blocks.lows[block]), int(sizes[block]), int(across[block])
        what = ("flattened_copy", "across_blocks", "strong")
        if search.equal(low, place_found, size) and search.accept(
            block, place_found, place_found + size, what
        ):
            flattened.append(int(blocks.docs[block]))
    if flattened:
        again = np.isin(blocks.docs, np.unique(flattened)) & ~search.gone & ~search.held
        redone, _ = search.find(np.where(again, wanted, 0), ~search.gone & ~marked)
        within[np.isin(blocks.docs, np.unique(flattened))] = -1
        within = np.maximum(within, redone)
    _remove_quotes(search, within)


def _is_pulled(search: _Search, block: int, longer: int, place: int) -> bool:
    tokens, blocks = search.tokens, search.blocks
    text, begin = blocks.text(search.texts, longer), int(blocks.starts[longer])
    last = place + int(blocks.highs[block] - blocks.lows[block]) - 1
    before, after = text[: tokens.starts[place] - begin], text[tokens.ends[last] - begin :]
    # Above the paragraph it is a summary, unless it is set in quotation marks.
    ends_sentence = block > longer and bool(int(blocks.flags[block]) & SENTENCE)
    return is_pulled(search.line(block), ends_sentence, before, after)


def _remove_quotes(search: _Search, within: Int64) -> None:
    """Remove blocks that stand in a longer one, unless that one is made of such blocks."""
    blocks = search.blocks
    sizes = blocks.highs - blocks.lows
    quotes: dict[int, list[int]] = {}
    for block in np.flatnonzero(within >= 0).tolist():
        low, size, place = int(blocks.lows[block]), int(sizes[block]), int(within[block])
        longer = search.block_of(place)
        if sizes[longer] > size and search.equal(low, place, size):
            quotes.setdefault(longer, []).append(block)
    for longer, parts in quotes.items():
        covered = np.zeros(int(sizes[longer]), np.bool_)
        for block in parts:
            begin = int(within[block] - blocks.lows[longer])
            covered[begin : begin + sizes[block]] = True
        share = float(covered.mean())
        if len(parts) > 1 and share >= FUZZY and blocks.words[longer] >= _FLATTENED_WORDS:
            what = ("flattened_copy", "covered_by_blocks", "medium")
            low, high = blocks.lows[min(parts)], blocks.highs[max(parts)]
            search.accept(longer, int(low), int(high), what)
        elif len(parts) < _PARTS or share < 0.5:
            what = ("pull_quote", "inside_longer_block", "strong")
            for block in parts:
                place = int(within[block])
                if (
                    longer != block + 1
                    and not is_headed(blocks, block)
                    and _is_pulled(search, block, longer, place)
                ):
                    search.accept(block, place, place + int(sizes[block]), what)
