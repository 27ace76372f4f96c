"""Reports on one form, told by three texts or more: the places of a text that all fill otherwise.

Two texts do not suffice to tell a form in which plain words differ from a light edit, nor names
without capitals. Three may: of independent edits most leave any one word alone, while reports
differ in the same places, and no two alike.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from dedup.core.arrays import Bool, Int32, Int64, distinct, offsets_of, runs_of_rows
from dedup.core.parallel import in_order
from dedup.kernels import differences as figures_of
from dedup.kernels import fillings as kernel
from dedup.kernels.clusters import connect
from dedup.similarity.differences import (
    Differences,
    Judge,
    scratch_of,
    share_of_facts,
)
from dedup.similarity.relations import (
    DERIVED,
    EXCERPT,
    NEAR_DUPLICATE,
    REVISION,
    SAME_FORM,
    SHARES_PASSAGE,
    Pairs,
)

SAMPLE = 64  # near copies of a text that its places are told by
_PLACES = 3  # of a text that is a report on a form, whatever the words in them are
_WORDS = 100  # for each of its places, at most; a longer text with three of them is a version
_HITS = 2  # places, and a third of all, in which two reports differ
_EXPLAINED = 0.8  # share of what differs that stands in places, where one wording may be of most
_OPEN = (NEAR_DUPLICATE, EXCERPT, REVISION)  # what may be a form; others share too little
_LOOSE = (DERIVED, SHARES_PASSAGE)  # too little alike to go, but on the form …
_ALIKE = 0.6  # … where so much of the shorter one stands in the other
_RUN_WORDS = 1 << 18  # of the texts that are compared at a time


def judge_with_forms(judge: Judge, pairs: Pairs) -> Differences:
    """Return what differs as ``Judge.find`` does, and tell forms by all near copies of a text.

    A pair is told by the pairs of its two documents as well, so all of these have to be there, as
    far as removals connect them.
    """
    found = judge.find(pairs)
    if judge.config.facts <= 0:
        return found
    is_close = np.isin(pairs.relations, (*_OPEN, SAME_FORM))
    is_close &= found.figures[:, figures_of.MATCHED] > 0  # looked at: a removal may rest on it
    is_close &= ~judge.are_misread(pairs, np.arange(len(pairs)))
    is_loose = _among_copies(pairs, is_close, len(judge.counts))
    forms = _forms(judge, pairs, found, is_close, is_loose)
    forms = forms[np.isin(pairs.relations[forms], _OPEN)]
    pairs.relations[forms] = SAME_FORM
    found.stays[forms] = True
    return found


def _among_copies(pairs: Pairs, is_close: Bool, count: int) -> Bool:
    """Tell which pairs are no near copies, but may be on a form that others show to be near copies.

    Near copies are those that fill some places alike; the rest on a form shows these as places.
    """
    is_loose: Bool = np.isin(pairs.relations, _LOOSE) & (pairs.coverage >= _ALIKE)
    if not is_loose.any():
        return is_loose
    parent = np.arange(count, dtype=np.int64)
    connect(*(np.asarray(side[is_close], np.int64) for side in (pairs.a, pairs.b)), parent)
    is_loose &= parent[pairs.a] == parent[pairs.b]
    return is_loose


def _forms(judge: Judge, pairs: Pairs, found: Differences, is_close: Bool, is_loose: Bool) -> Int64:
    """Return which of the pairs that were looked at (rows) fill one form.

    Those that are ``is_loose`` tell what a form is, too.
    """
    edges = np.flatnonzero(is_close | is_loose)
    ends = np.concatenate([pairs.a[edges], pairs.b[edges]])
    others = np.concatenate([pairs.b[edges], pairs.a[edges]])
    rows = np.concatenate([edges, edges])
    order = np.lexsort((others, ends))
    ends, others, rows = ends[order], others[order], rows[order]
    figures = found.figures[rows]
    differ = (figures[:, figures_of.LOST + np.arange(2)] > 0).all(axis=1)
    is_open = differ & np.isin(pairs.relations[rows], _OPEN)
    differ |= is_loose[rows]
    centres, first = np.unique(ends, return_index=True)
    if not len(centres):
        return np.zeros(0, np.int64)
    bounds = np.append(first, len(ends))
    # A pair is looked at from the text that more others are like: the hub of a star, not its rays.
    degrees = np.diff(bounds)
    ours, theirs = (degrees[np.searchsorted(centres, each)] for each in (ends, others))
    is_hub = (ours > theirs) | ((ours == theirs) & (ends < others))
    is_some = np.add.reduceat(differ.astype(np.int64), first) >= 2
    is_some &= np.logical_or.reduceat(is_open, first)
    some = np.flatnonzero(is_some & np.logical_or.reduceat(is_hub, first))
    # Texts of one star come one behind the other: their words are looked up together.
    least = np.minimum(np.minimum.reduceat(others, first), centres)
    some = some[np.argsort(least[some], kind="stable")]
    spans = np.stack([bounds[some], bounds[some + 1]], axis=1)
    named = figures[:, figures_of.RUNS_OF_NAMES] > 0
    named &= share_of_facts(figures) >= judge.config.facts

    def told(run: tuple[int, int]) -> Int64:
        return _told(judge, spans[slice(*run)], (centres[some[slice(*run)]], others), named)

    words = np.add.reduceat(judge.counts[others], first)[some] if len(some) else np.zeros(0)
    runs = list(runs_of_rows(offsets_of(words.astype(np.int64)), _RUN_WORDS))
    parts = list(in_order(told, runs, judge.threads))
    return distinct(rows[np.concatenate([np.zeros(0, np.int64), *parts])])


def _told(judge: Judge, spans: Int64, given: tuple[Int64, Int64], named: Bool) -> Int64:
    """Return the places in the list of edges of those that fill a form with their centre."""
    centres, others = given
    bounds = offsets_of(spans[:, 1] - spans[:, 0])
    places = np.concatenate([low + _drawn(high - low) for low, high in spans.tolist()])
    near = others[places]
    documents = distinct(np.concatenate([centres, near]))
    words = judge.source(documents)
    scratch = scratch_of(words)
    longest = int(np.diff(words.bounds).max(initial=1))
    fillings = np.zeros((SAMPLE + 1, longest), np.uint64)
    filled = np.zeros(longest, np.uint8)
    out = np.zeros((len(near), kernel.MEASURES), np.int64)
    texts, centre_texts = (np.searchsorted(documents, each) for each in (near, centres))
    for centre, (low, high) in zip(centre_texts.tolist(), pairwise(bounds.tolist()), strict=True):
        rows = np.append(centre, texts[low:high])
        kernel.compare_fillings(words, rows, scratch, fillings, filled, out[low:high])
    return places[_fill_a_form(out, named[places], bounds, judge.counts[centres])]


def _drawn(count: int) -> Int64:
    """Return numbers below ``count``, first those of a sample that is spread over all."""
    if count <= SAMPLE:
        return np.arange(count)
    first = np.arange(SAMPLE) * count // SAMPLE
    return np.concatenate([first, np.setdiff1d(np.arange(count), first)])


def _fill_a_form(measures: Int64, named: Bool, bounds: Int64, words: Int64 | Int32) -> Bool:
    """Tell which near copies differ from their centre mostly in places that all fill otherwise.

    Those of centre ``k``, which has ``words[k]`` words, are the rows ``bounds[k]:bounds[k + 1]``;
    its sample comes first.
    """
    hits, slots, misspelt, places, maybe, places_maybe = measures.T
    sizes = np.diff(bounds)
    least = np.repeat(np.maximum(_PLACES, words / _WORDS), sizes)
    # An update of one report differs from it in a place or two of many.
    form = (2 * hits >= slots) & (hits >= misspelt)
    many = (places >= least) & (hits >= _HITS) & (3 * hits >= places)
    # Few places are a form only if nothing else differs and names or dates stand there.
    few = (places < _PLACES) & (hits > 0) & (hits == slots) & named
    # A wording may be that of half by chance. Then nearly all that differs, in this pair and in
    # the others, has to stand in places: of independent edits most stand where nobody else edits.
    is_drawn = np.arange(len(slots)) - np.repeat(bounds[:-1], sizes) < SAMPLE
    hits_of, slots_of = (
        np.add.reduceat(np.where(is_drawn, each, 0), bounds[:-1]) for each in (maybe, slots)
    )
    is_explained = np.repeat(hits_of >= _EXPLAINED * slots_of, sizes)
    all_there = (maybe >= _EXPLAINED * slots) & (maybe >= np.maximum(misspelt, _HITS))
    many |= is_explained & all_there & (places_maybe >= least) & (3 * maybe >= places_maybe)
    form |= is_explained & all_there
    told: Bool = form & (many | few)
    return told
