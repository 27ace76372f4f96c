"""What differs between two documents that would be copies, and what that says of removing one.

The scores of a pair say how much is shared. Reports written on one form share nearly all of their
words and none of their facts, and an article written anew shares most of another's and adds its
own. So each pair on which a removal would rest is aligned word by word. The rule, and where its
figures come from, is in ``docs/guides/why-removed.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from dedup.config import RELATIONS, Config
from dedup.core.arrays import (
    Bool,
    Float64,
    Int32,
    Int64,
    Texts,
    UInt8,
    UInt64,
    distinct,
    offsets_of,
    runs_of_rows,
    texts_from_strings,
)
from dedup.core.parallel import in_order
from dedup.kernels import differences as kernel
from dedup.kernels import facts
from dedup.kernels.clusters import connect
from dedup.kernels.stopwords import find_word
from dedup.similarity.relations import (
    DERIVED,
    EXACT,
    OWN_TEXT,
    REVISION,
    SAME_FORM,
    SAME_URL,
    SHORT,
    Pairs,
)
from dedup.text.stopwords import hash_table, most_covering, stop_lists
from dedup.text.tokens import Tokens, folding, tokenise_texts

_MONTHS, _WEEKDAYS = 1 << 50, 1 << 51  # added to the number of a month or weekday
CHANGED = pa.string()
_LOST = pa.schema(
    [
        ("doc", pa.int64()),
        ("pair", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("tokens", pa.int64()),
        ("text", pa.large_string()),
    ]
)
MOST_CHANGES = 8  # facts in conflict that are listed of a pair
_RUN_WORDS = 1 << 18  # of the pairs that are looked at at a time: what they need stays in the cache
_STARTS, _ENDS = [kernel.START_A, kernel.START_B], [kernel.END_A, kernel.END_B]

# The rule of ``judge``; what is a setting is in Config.
_FORM_RUNS = 2  # stretches of facts in conflict
_FORM_SLOTS = 0.2  # share of the slots that have a conflict
_SHORT_FACTS = 1.5  # times the share of facts, from which one conflict makes a form of a short text
_LONG_RUNS, _LONG_SLOTS = 3, 0.6  # of a long form, in which most facts are those of the form
_SUBJECT_TOKENS = 100  # of a text whose names tell its subject
TINY, _TINY_MATCHED = 25, 0.95  # tokens of a text that stays unless nearly all of it is matched
_OWN_LONGEST = 15  # words of the longest own sentence of a text that stays for its own ones …
_PARAGRAPH = 30  # … and of a stretch for which a text stays, however long the text is
_REVISION_SLOTS = 0.1  # share of the slots that have a conflict
_OPPOSITE_LOST = 0.1  # of the words, up to which a negation makes a version
_FEW_CAPITALS = 0.02  # of the words, below which names do not show, as in Thai, Arabic and Hindi; …
_UNTOLD, _UNTOLD_WORDS = 0.1, 8  # … then both stay where each loses so much for the other


@cache
def dictionary() -> facts.Dictionary:
    """Load the stop words and the words that are facts by themselves."""
    names, rows = [], []
    for line in Path(__file__).with_name("fact_words.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, words = line.split(":", 1)
            names.append(name.split())
            rows.append(words)
    tokens = tokenise_texts(texts_from_strings(rows))
    lists = stop_lists()
    stops = lists.table > 0
    negations = _negations(lists.names)
    table = hash_table(
        np.unique(np.concatenate([lists.table[stops], tokens.hashes, *negations.values()]))
    )
    languages = np.zeros(len(table), np.uint64)
    for word, bits in zip(lists.table[stops], lists.languages[stops], strict=True):
        languages[find_word(table, word)] = bits
    kinds, values = np.zeros(len(table), np.uint8), np.zeros(len(table), np.uint64)
    for row, (kind, *meaning) in enumerate(names):
        bit = facts.NUMBER if kind == "number" else facts.CALENDAR
        value = _value(kind, meaning[0]) if meaning else 0
        for word in tokens.hashes[tokens.bounds[row] : tokens.bounds[row + 1]]:
            place = find_word(table, word)
            # Words of several meanings come first, and stay without one.
            if not kinds[place]:
                kinds[place], values[place] = bit, value
    for language, negating in negations.items():
        for word in negating:
            place = find_word(table, word)
            if not kinds[place] & facts.FACT:
                kinds[place] = facts.NEGATION
                values[place] |= np.uint64(1 << language)
    return facts.Dictionary(table, languages, kinds, values)


def _negations(names: tuple[str, ...]) -> dict[int, UInt64]:
    """Load the words that negate, hashed, by the position of their language in ``names``."""
    lines = Path(__file__).with_name("negations.txt").read_text("utf-8").splitlines()
    rows = dict(line.split(":", 1) for line in lines if line and not line.startswith("#"))
    return {
        names.index(code): tokenise_texts(texts_from_strings([words])).hashes
        for code, words in rows.items()
    }


def _value(kind: str, meaning: str) -> int:
    """Return what a fact word is compared by; a number as the digits of that number."""
    number = int(meaning) if kind != "weekday" or meaning.isdigit() else 0
    return number + {"number": 1, "month": _MONTHS, "weekday": _WEEKDAYS}[kind]


def words_of(texts: Texts, tokens: Tokens, hidden: Bool | None = None) -> kernel.Texts:
    """Return what kernels compare of texts; ``hidden`` words are those that cleaning removes."""
    covered = np.zeros((len(tokens), len(stop_lists().names)), np.int64)
    places = np.empty(len(tokens.hashes), np.int32)
    facts.look_up(tokens.hashes, tokens.bounds, dictionary(), places, covered)
    languages = most_covering(covered, tokens.counts())
    kinds: UInt8 = np.zeros(len(tokens.hashes), np.uint8)
    values: UInt64 = np.zeros(len(tokens.hashes), np.uint64)
    room = np.empty(int(tokens.counts().max(initial=0)), np.bool_)
    facts.mark_kinds(tokens.arrays(), (languages, places), dictionary(), kinds, values, room)
    if hidden is not None:
        kinds[hidden] |= facts.HIDDEN
    table = folding()
    return kernel.Texts(
        *(tokens.bounds, tokens.hashes, values, kinds, tokens.flags, tokens.starts, tokens.ends),
        *(texts.data, texts.offsets, table.stage, table.values),
    )


def scratch_of(words: kernel.Texts) -> kernel.Scratch:
    """Make room for what kernels write on the way."""
    longest = int(np.diff(words.bounds).max(initial=1))
    return kernel.scratch_for(longest, int(np.diff(words.offsets).max(initial=1)))


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between the documents of pairs, one row a pair, both sides of it.

    ``figures`` are those of ``kernels.differences``, zeros where nothing was looked at; ``stays``
    tells of both documents of a pair whether one must not be removed for the other; ``changed``
    are the facts in conflict as text ("27 → 25; Monday → Friday"), null where none are listed.
    """

    figures: Int32
    stays: Bool
    changed: pa.StringArray

    @classmethod
    def none(cls, count: int) -> Differences:
        """Return what is known of pairs that were not looked at."""
        figures = np.zeros((count, kernel.FIGURES), np.int32)
        return cls(figures, np.zeros((count, 2), np.bool_), pa.nulls(count, CHANGED))

    @classmethod
    def unknown(cls, count: int) -> Differences:
        """Return what is known of pairs that cannot be looked at: what a removal loses is not."""
        none = cls.none(count)
        return replace(none, figures=none.figures - 1)

    def lost(self, pairs: Int64, is_a: Bool) -> tuple[Int64, Int64, Int64]:
        """Return of one document of each pair: lost words, lost facts, all running words."""
        side = np.where(is_a, 0, 1)
        columns = (kernel.LOST, kernel.LOST_FACTS, kernel.RUNNING_WORDS)
        lost, facts_, running = (self.figures[pairs, column + side] for column in columns)
        return lost, facts_, running


def may_remove(pairs: Pairs, config: Config) -> Bool:
    """Tell on which pairs a removal may rest: those that may join two documents."""
    wanted = [RELATIONS.index(name) for name in config.cluster_on if name != "exact"]
    least = min(config.derived_linked, config.derived_alone)
    linked = (pairs.relations == DERIVED) & (np.maximum(pairs.share_a, pairs.share_b) >= least)
    found: Bool = np.isin(pairs.relations, [*wanted, SAME_URL]) | linked
    return found


# Words of some documents, in the order asked for (ascending rows).
Source: TypeAlias = Callable[[Int64], kernel.Texts]


@dataclass(frozen=True, slots=True)
class Judge:
    """Say of pairs that would be copies what they are: by what differs, lengths and dates.

    ``counts`` are the tokens of each document, ``dates`` their ranks (-1: unknown). ``misread``
    pairs (rows, a < b) are told by their characters: their words differ in any case, and so may
    their facts; of them only what is lost is told. ``same_url`` are pairs under one address:
    they are versions of one text where facts differ, however many do.
    """

    source: Source
    counts: Int64 | Int32
    dates: Int64
    config: Config
    threads: int = 1
    misread: Int64 | None = None
    same_url: Int64 | None = None

    def find(self, pairs: Pairs) -> Differences:
        """Return what differs between the documents of pairs, and write their relations anew.

        Only pairs on which a removal may rest are looked at. What comes out for a pair depends on
        its two texts and dates alone.
        """
        return self._find(pairs, np.flatnonzero(may_remove(pairs, self.config)))

    def again(self, pairs: Pairs, before: Pairs, known: Differences, leaders: Int64) -> Differences:
        """Return what differs in pairs that were joined to clusters.

        ``known`` is what was found of the pairs ``before``. Pairs inside a cluster that were not
        looked at, and on which a removal may rest now, are looked at.
        """
        count = np.int64(len(self.counts))
        keys, old = (each.a * count + each.b for each in (pairs, before))
        places = np.minimum(np.searchsorted(old, keys), max(len(old) - 1, 0))
        is_old = old[places] == keys if len(old) else np.zeros(len(keys), np.bool_)
        found = Differences.none(len(pairs))
        found.figures[is_old] = known.figures[places[is_old]]
        found.stays[is_old] = known.stays[places[is_old]]
        same = (leaders[pairs.a] == leaders[pairs.b]) & (pairs.relations != EXACT)
        rows = np.flatnonzero(same & (found.figures[:, kernel.MATCHED] == 0))
        fresh = self._find(pairs.take(rows), np.arange(len(rows)))
        found.figures[rows], found.stays[rows] = fresh.figures, fresh.stays
        changed = known.changed.take(pa.array(places, mask=~is_old)) if len(old) else found.changed
        return replace(found, changed=changed)

    def _find(self, pairs: Pairs, rows: Int64) -> Differences:
        found = Differences.none(len(pairs))
        if not len(rows):
            return found
        rows = self._by_component(pairs, rows)
        runs = [rows[low:high] for low, high in self._runs(pairs, rows)]
        changed: dict[int, str] = {}
        for some, (figures, relations, stays, told) in zip(
            runs, in_order(lambda some: self._judge(pairs, some), runs, self.threads), strict=True
        ):
            found.figures[some], found.stays[some] = figures, stays
            pairs.relations[some] = relations
            changed.update(told)
        listed = [changed.get(row) for row in range(len(pairs))] if changed else None
        return replace(found, changed=pa.array(listed, CHANGED)) if listed else found

    def _by_component(self, pairs: Pairs, rows: Int64) -> Int64:
        """Put pairs that hang together one behind the other: words are looked up once a run."""
        parent = np.arange(len(self.counts), dtype=np.int64)
        connect(*(np.asarray(side[rows], np.int64) for side in (pairs.a, pairs.b)), parent)
        return rows[np.argsort(parent[pairs.a[rows]], kind="stable")]

    def are_misread(self, pairs: Pairs, rows: Int64) -> Bool:
        """Tell which of the pairs are two readings of one text by a machine."""
        return self._among(pairs, rows, self.misread)

    def _among(self, pairs: Pairs, rows: Int64, some: Int64 | None) -> Bool:
        """Tell which of the pairs are among ``some`` (rows, a < b)."""
        if some is None or not len(some):
            return np.zeros(len(rows), np.bool_)
        count = np.int64(len(self.counts))
        packed = pairs.a[rows] * count + pairs.b[rows]
        return np.isin(packed, some[:, 0] * count + some[:, 1])

    def losses(self, pairs: Pairs, rows: Int64, is_a: Bool) -> pa.Table:
        """Return the stretches that one document of each of some pairs loses for the other.

        Columns: the document (``doc``), the pair (``pair``), ``start``, ``end`` (code points),
        ``tokens``, ``text``. ``is_a`` tells which of the two goes.
        """
        columns: dict[str, list[Any]] = {name: [] for name in _LOST.names}
        for low, high in self._runs(pairs, rows):
            some, ours = rows[low:high], is_a[low:high]
            both = np.stack([pairs.a[some], pairs.b[some]], axis=1)
            documents = distinct(both)
            words = self.source(documents)
            scratch = scratch_of(words)
            for pair, (a, b), own, misread in zip(
                *(some.tolist(), np.searchsorted(documents, both).tolist(), ours.tolist()),
                self.are_misread(pairs, some),
                strict=True,
            ):
                figures = np.zeros(kernel.FIGURES, np.int64)
                _, lost_a, lost_b = kernel.describe_pair(words, a, b, misread, scratch, figures)
                row, lost = (a, lost_a) if own else (b, lost_b)
                lost = lost[lost[:, 1] - lost[:, 0] >= kernel.OWN_WORDS]
                text, first = _text(words, row), int(words.bounds[row])
                for low_word, high_word in lost.tolist():
                    start = int(words.starts[first + low_word])
                    end = int(words.ends[first + high_word - 1])
                    for name, value in zip(
                        _LOST.names,
                        (documents[row], pair, start, end, high_word - low_word, text[start:end]),
                        strict=True,
                    ):
                        columns[name].append(value)
        return pa.table(columns, schema=_LOST)

    def _runs(self, pairs: Pairs, rows: Int64) -> Iterator[tuple[int, int]]:
        """Cut pairs into runs of about so many words."""
        sizes = self.counts[pairs.a[rows]] + self.counts[pairs.b[rows]]
        return runs_of_rows(offsets_of(sizes.astype(np.int64)), _RUN_WORDS)

    def _judge(self, pairs: Pairs, rows: Int64) -> tuple[Int64, Int64, Bool, dict[int, str]]:
        """Judge some pairs: figures, relations, who stays, what changed."""
        both = np.stack([pairs.a[rows], pairs.b[rows]], axis=1)
        documents = distinct(both)
        words = self.source(documents)
        places = np.searchsorted(documents, both)
        scratch = scratch_of(words)
        figures = np.zeros((len(rows), kernel.FIGURES), np.int64)
        kernel.examine_pairs(words, places, self.are_misread(pairs, rows), scratch, figures)
        some = pairs.take(rows)
        relations, stays = judge(
            *(some, figures, self.counts[both], self.dates[both], self.config),
            same_url=self._among(pairs, rows, self.same_url),
        )
        told = {
            int(rows[k]): "; ".join(changes(words, places[k], scratch))
            for k in np.flatnonzero((relations == REVISION) | (relations == SAME_FORM)).tolist()
        }
        return figures, relations, stays, told


def _share_of_slots(figures: Int64) -> Float64:
    """Return which share of the slots of each pair holds a conflict."""
    slots = figures[:, kernel.SLOTS] + figures[:, kernel.MISSPELT]
    share: Float64 = figures[:, kernel.SLOTS_HIT] / np.maximum(slots, 1)
    return share


def share_of_facts(figures: Int64 | Int32) -> Float64:
    """Return which share of the facts of each pair is in conflict, on the side where it is more."""
    sides = np.arange(2)
    conflicts, known = (figures[:, each + sides] for each in (kernel.CONFLICTS, kernel.FACTS))
    share: Float64 = (conflicts / np.maximum(known, 1)).max(axis=1)
    return share


def _on_one_form(figures: Int64, is_short: Bool, config: Config) -> Bool:
    """Tell which pairs fill one form with other facts."""
    hit, share = _share_of_slots(figures), share_of_facts(figures)
    runs, names = figures[:, kernel.RUNS], figures[:, kernel.RUNS_OF_NAMES]
    form: Bool = (runs >= _FORM_RUNS) & (hit >= _FORM_SLOTS) & (share >= config.facts)
    form |= is_short & (runs > 0) & (share >= _SHORT_FACTS * config.facts)
    form |= (runs >= _LONG_RUNS) & (names > 0) & (hit >= _LONG_SLOTS) & (share >= config.facts / 4)
    # More words misspelt than facts in conflict: what differs is the reading.
    form &= (config.facts > 0) & (figures[:, kernel.SLOTS_HIT] >= figures[:, kernel.MISSPELT])
    return form


def judge(
    pairs: Pairs,
    figures: Int64,
    counts: Int64 | Int32,
    dates: Int64,
    config: Config,
    same_url: Bool | None = None,
) -> tuple[Int64, Bool]:
    """Return the relation of each pair, and which of its documents must stay.

    ``counts`` and ``dates`` have a column for each side; ``same_url`` tells which pairs stand under
    one address. The rule is that of ``docs/guides/why-removed.md``.
    """
    if same_url is None:
        same_url = np.zeros(len(pairs), np.bool_)
    shorter = counts.min(axis=1)
    hit = _share_of_slots(figures)
    runs, names = figures[:, kernel.RUNS], figures[:, kernel.RUNS_OF_NAMES]
    is_short = shorter < SHORT
    form = _on_one_form(figures, is_short, config)
    # Names and dates agree in a text of some length: the same subject, with other figures.
    same_subject = form & (names == 0) & (shorter >= _SUBJECT_TOKENS)
    tiny = (counts < TINY) & (figures[:, [kernel.MATCHED]] < _TINY_MATCHED * counts)
    tiny &= config.facts > 0
    stays, opposed = _own_sentences(figures, counts, config)
    is_close = ~np.isin(pairs.relations, (DERIVED, SAME_URL))
    other_form = (form & ~same_subject) | (tiny.any(axis=1) & is_close)
    # The shorter one would go. A text with sentences of its own stays, but in the cluster.
    a_is_short = counts[:, 0] <= counts[:, 1]
    own_text = np.where(a_is_short, opposed[:, 0], opposed[:, 1])
    own_text |= _replace_one_another(figures, counts, config)
    revision = ((runs > 0) & (hit >= _REVISION_SLOTS)) | same_subject
    revision |= _says_opposite(figures, config)
    # Under one address facts that differ are a newer state of them, but none is lost for it.
    version = same_url & (runs > 0)
    stays |= (revision | version)[:, None] & _kept_versions(figures, dates, config)
    stays |= (same_subject | (is_short & revision) | (same_url & (other_form | own_text)))[:, None]
    # Of two that share less, only that they are on one form is said: others stay what they are.
    relations = np.select(
        [version, other_form & ~same_url, own_text & is_close, revision & is_close],
        [REVISION, SAME_FORM, OWN_TEXT, REVISION],
        pairs.relations,
    )
    stays |= (relations == SAME_FORM)[:, None] | (relations == OWN_TEXT)[:, None]
    return relations, stays


def _own_sentences(figures: Int64, counts: Int64 | Int32, config: Config) -> tuple[Bool, Bool]:
    """Tell which documents say something of their own, and which oppose the other one."""
    sides = np.arange(2)
    least = np.maximum(config.own * counts, 1)
    longest = figures[:, kernel.LONGEST + sides]
    own = (figures[:, kernel.OWN + sides] >= least) & (longest >= _OWN_LONGEST)
    own |= longest >= _PARAGRAPH
    opposed: Bool = (figures[:, [kernel.OPPOSED]] >= least) & (config.own > 0)
    lost, running = figures[:, kernel.LOST + sides], figures[:, kernel.RUNNING_WORDS + sides]
    loses = (lost > (1 - config.removable) * running) & (lost >= _OWN_LONGEST)
    stays: Bool = (opposed | own | loses) & (config.own > 0)
    return stays, opposed


def _replace_one_another(figures: Int64, counts: Int64 | Int32, config: Config) -> Bool:
    """Tell which pairs without capitals lose so much for one another that facts may be among it.

    A copy that is cut, or that has more, loses on one side only.
    """
    lost = figures[:, kernel.LOST : kernel.LOST + 2]
    running = figures[:, kernel.RUNNING_WORDS : kernel.RUNNING_WORDS + 2]
    replaced = ((lost >= _UNTOLD * running) & (lost >= _UNTOLD_WORDS)).all(axis=1)
    few = figures[:, kernel.CAPITALS] < _FEW_CAPITALS * counts.sum(axis=1)
    found: Bool = replaced & few & (config.facts > 0)
    return found


def _kept_versions(figures: Int64, dates: Int64, config: Config) -> Bool:
    """Tell which side of a revision stays: by the policy, and what has sentences of its own.

    Where nothing says which one is later, neither is known to be replaced, and both stay.
    Not so for what stands beside a text of some length: outlets put their own byline above a copy.
    """
    if config.revisions == "keep":
        return np.ones((len(figures), 2), np.bool_)
    stays: Bool = figures[:, kernel.OWN : kernel.OWN + 2] > 0
    known = (dates >= 0).all(axis=1) & (dates[:, 0] != dates[:, 1])
    a_is_kept = (dates[:, 0] > dates[:, 1]) == (config.revisions == "latest")
    stays[:, 0] |= known & a_is_kept
    stays[:, 1] |= known & ~a_is_kept
    running = figures[:, kernel.RUNNING_WORDS : kernel.RUNNING_WORDS + 2].min(axis=1)
    is_told = (figures[:, kernel.RUNS_IN_TEXT] > 0) | (running < _SUBJECT_TOKENS)
    is_told &= figures[:, kernel.SLOTS_HIT] >= figures[:, kernel.MISSPELT]  # else a reading differs
    is_told |= _says_opposite(figures, config)
    stays |= (~known & is_told & (config.facts > 0))[:, None]
    return stays


def _says_opposite(figures: Int64, config: Config) -> Bool:
    """Tell which pairs say the opposite somewhere: "not guilty", or who struck whom.

    Where more of the words differ a negation is one edit of many.
    """
    lost = figures[:, kernel.LOST : kernel.LOST + 2]
    running = figures[:, kernel.RUNNING_WORDS : kernel.RUNNING_WORDS + 2]
    alike = (lost <= _OPPOSITE_LOST * running).all(axis=1)
    opposite: Bool = alike & (figures[:, kernel.OPPOSITES] > 0) & (config.facts > 0)
    return opposite


def superseded(pairs: Pairs, differences: Differences, dates: Int64, config: Config) -> Bool:
    """Tell which documents are a version that gives way to one of another date."""
    count = len(dates)
    given: Bool = np.zeros(count, np.bool_)
    rows = np.flatnonzero(pairs.relations == REVISION)
    if config.revisions == "keep" or not len(rows):
        return given
    a, b = pairs.a[rows], pairs.b[rows]
    known = (dates[a] >= 0) & (dates[b] >= 0) & (dates[a] != dates[b])
    a_goes = (dates[a] < dates[b]) == (config.revisions == "latest")
    goes = np.where(a_goes, a, b)
    stays = np.where(a_goes, differences.stays[rows, 0], differences.stays[rows, 1])
    given[goes[known & ~stays]] = True
    return given


def changes(words: kernel.Texts, pair: Int64, scratch: kernel.Scratch) -> list[str]:
    """Return the facts in conflict as text, the first ``MOST_CHANGES`` of them."""
    figures = np.zeros(kernel.FIGURES, np.int64)
    conflicts, _, _ = kernel.describe_pair(
        words, pair[0], pair[1], np.bool_(False), scratch, figures
    )
    texts = [_text(words, int(row)) for row in pair]
    return [
        " → ".join(
            " ".join(
                text[
                    int(words.starts[words.bounds[row] + low]) : int(
                        words.ends[words.bounds[row] + high - 1]
                    )
                ].split()
            )
            for text, row, low, high in zip(
                texts, pair, conflict[_STARTS], conflict[_ENDS], strict=True
            )
        )
        for conflict in conflicts[:MOST_CHANGES]
    ]


def _text(words: kernel.Texts, row: int) -> str:
    """Return a text as a string."""
    return bytes(words.data[words.offsets[row] : words.offsets[row + 1]]).decode("utf-8")
