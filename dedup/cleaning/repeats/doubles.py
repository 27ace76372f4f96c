"""Repeats that a template prints line by line: headline, caption, lead and embedded post twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from dedup.cleaning.boilerplate.tags import is_caption, is_signature
from dedup.cleaning.repeats.shapes import is_question, stops_behind
from dedup.core.arrays import Bool, Int64
from dedup.kernels import repeats as kernel
from dedup.kernels.text import LINK
from dedup.text.lines import AT, BULLET, SENTENCE

if TYPE_CHECKING:
    from dedup.cleaning.repeats import _Search

_HEADLINE_WORDS = 4  # a shorter line at the head of a page may be a refrain
_EQUAL_WORDS = 10  # of a line that stands twice in a row, elsewhere
_CAPTION_WORDS = 4
_LEAD_WORDS = 15
_LEAD_LINES = 6  # a lead stands among the first lines
_POST_LINES = 4  # of an embedded post above its signature
_VERSE_WORDS = 14  # lines around a doubled one that are shorter on both sides make it verse
_HASHTAG = re.compile(r"#\w+|\bpic\.twitter\.com/\S+|https?://\S+")


def remove_doubles(search: _Search) -> None:
    """Remove a line that says the same as the line before it, and captions that stand twice."""
    lines = search.lines
    worded = np.flatnonzero((lines.words > 0) & ~search.gone)
    if len(worded) < 2:
        return
    above, below = worded[:-1], worded[1:]
    same = (lines.hashes[above] == lines.hashes[below]) & (lines.docs[above] == lines.docs[below])
    same &= lines.words[below] >= _HEADLINE_WORDS
    for kept, line in zip(above[same].tolist(), below[same].tolist(), strict=True):
        if _is_double(search, kept, line):
            _accept(search, line, kept, "adjacent_line")
    _remove_captions(search)


def _is_double(search: _Search, kept: int, line: int) -> bool:
    """Tell whether a template printed a line twice, rather than somebody who meant it."""
    lines = search.lines
    begin, end = int(lines.bounds[lines.docs[line]]), int(lines.bounds[lines.docs[line] + 1])
    own = lines.hashes[begin:end] == lines.hashes[line]
    if int(own.sum()) != 2 or int(lines.flags[line]) & BULLET:
        return False
    if kept == begin:
        return line + 1 < end and int(lines.words[line + 1]) != int(lines.words[line])
    return (
        int(lines.words[line]) >= _EQUAL_WORDS
        and not is_question(search.line_text(line))
        and (_is_prose_around(search, kept, line, begin, end))
    )


def _is_prose_around(search: _Search, kept: int, line: int, begin: int, end: int) -> bool:
    """Tell whether something longer than verse stands beside two lines."""
    words = search.lines.words
    beside = [at for at in (kept - 1, line + 1) if begin <= at < end]
    return any(int(words[at]) > _VERSE_WORDS for at in beside)


def _remove_captions(search: _Search) -> None:
    """Remove a caption or a credit that stands in two places of a document."""
    lines = search.lines
    some = np.flatnonzero((lines.words >= _CAPTION_WORDS) & (lines.words <= 120) & ~search.gone)
    keys = lines.hashes[some] ^ (lines.docs[some].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    order = np.argsort(keys, kind="stable")
    again = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    first: dict[int, int] = {}
    for place in again.tolist():
        kept, line = int(some[order[place]]), int(some[order[place + 1]])
        kept = first.setdefault(line, first.get(kept, kept))
        line_text = search.line_text(line)
        if is_caption(line_text, int(lines.words[line]), int(lines.flags[line])):
            _accept(search, line, kept, "caption_twice")


def _accept(search: _Search, line: int, kept: int, rule: str) -> bool:
    lines = search.lines
    low, high = int(lines.lows[kept]), int(lines.highs[kept])
    size = high - low
    if size != lines.highs[line] - lines.lows[line]:
        return False
    if not search.equal(int(lines.lows[line]), low, size):
        return False
    return search.accept(line, low, high, ("repeated_block", rule, "strong"))


def remove_lead(search: _Search, line: int, longer: int, position: int) -> bool:
    """Remove a lead that is the beginning of the paragraph directly below it.

    ``position`` is the token in ``longer`` where the words of ``line`` begin.
    """
    lines = search.lines
    if longer != line + 1 or position != lines.lows[longer]:
        return False
    begin = int(lines.bounds[lines.docs[line]])
    if line - begin >= _LEAD_LINES or lines.words[line] < _LEAD_WORDS:
        return False
    if not int(lines.flags[line]) & SENTENCE:
        return False
    end = position + int(lines.highs[line] - lines.lows[line])
    rest = lines.text(search.texts, longer)[
        int(search.tokens.ends[end - 1] - lines.starts[longer]) :
    ]
    if not stops_behind(rest):
        return False
    what = ("repeated_block", "lead_of_paragraph", "strong")
    return search.accept(line, position, end, what)


def embedded_posts(search: _Search) -> Bool:
    """Tell which lines are the text of an embedded post, above its signature."""
    lines = search.lines
    posts = np.zeros(len(lines), np.bool_)
    for line in np.flatnonzero((lines.flags & AT) != 0).tolist():
        if not is_signature(search.line_text(line)):
            continue
        begin = int(lines.bounds[lines.docs[line]])
        for above in range(line - 1, max(begin, line - _POST_LINES) - 1, -1):
            posts[above] = True
            if above < line - 1 or not int(lines.flags[above]) & AT:
                break
    return posts


def post_sizes(search: _Search, posts: Bool) -> Int64:
    """Return how many tokens of each embedded post are words, without links and hashtags behind."""
    lines, tokens = search.lines, search.tokens
    sizes = np.zeros(len(lines), np.int64)
    for line in np.flatnonzero(posts).tolist():
        line_text = search.line_text(line)
        tail = _HASHTAG.search(line_text)
        high = int(lines.highs[line])
        if tail is not None:
            stop = int(lines.starts[line]) + lines.text(search.texts, line).find(tail[0])
            while high > lines.lows[line] and (
                tokens.starts[high - 1] >= stop or tokens.flags[high - 1] & LINK
            ):
                high -= 1
        size = high - int(lines.lows[line])
        sizes[line] = size if size >= kernel.HEAD else 0
    return sizes


def remove_posts(search: _Search, posts: Bool) -> None:
    """Remove the text of an embedded post that the article quotes word for word."""
    if not posts.any():
        return
    sizes = post_sizes(search, posts)
    within, _ = search.find(sizes, ~search.gone & ~posts)
    for line in np.flatnonzero(within >= 0).tolist():
        low, size, position = int(search.lines.lows[line]), int(sizes[line]), int(within[line])
        if search.equal(low, position, size):
            what = ("repeated_block", "quoted_post", "strong")
            search.accept(line, position, position + size, what)
