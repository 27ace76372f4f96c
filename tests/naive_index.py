"""A plain twin of the index: a list of articles, and every one compared with every other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from naive import naive_fmix64

MULTIPLIER = 0x9E3779B97F4A7C15  # that of rolling hashes

SIZE = 5  # words in a shingle


def words(text: str) -> tuple[str, ...]:
    """Return the folded words of an English text without apostrophes."""
    return tuple(re.findall(r"[a-z0-9]+", text.lower()))


def shingles(text: str) -> set[tuple[str, ...]]:
    """Return the runs of five words, or all words where there are fewer."""
    found = words(text)
    if len(found) < SIZE:
        return {found} if found else set()
    return {found[at : at + SIZE] for at in range(len(found) - SIZE + 1)}


def jaccard(one: str, two: str) -> float:
    """Return how much of the shingles of both texts they share."""
    a, b = shingles(one), shingles(two)
    return len(a & b) / len(a | b) if a | b else 0.0


@dataclass
class Kept:
    """An article the twin keeps. ``told`` maps each text it had to its first verdict."""

    id: str
    text: str
    time: int
    site: str
    told: dict[str, dict]
    family: list[str] = field(default_factory=list)  # shared by a representative and its members
    leads: bool = True


class NaiveIndex:
    """Decide as an index does, with exact Jaccard similarities of everything.

    It knows equal texts and near-duplicates of one length, which is what the tests offer.
    """

    def __init__(self, *, threshold=0.7, window=0, scope="any", has_text=False):
        self.threshold, self.window, self.scope = threshold, window, scope
        self.has_text = has_text
        self.kept: list[Kept] = []

    def find(self, name):
        """Return the article of an id."""
        return next((each for each in self.kept if each.id == name), None)

    def may_meet(self, one, other):
        """Tell whether window and a scope of one site allow a comparison."""
        near = not self.window or abs(one.time - other.time) <= self.window
        return near and (self.scope != "within" or one.site == other.site)

    def is_in_scope(self, one, other):
        """Tell whether one may be told that it is a copy of the other."""
        return self.scope != "across" or not one.site or one.site != other.site

    def match(self, new):
        """Return the closest representative in scope, and the closest out of it."""
        if not words(new.text):
            return None, None
        found = []
        for position, each in enumerate(self.kept):
            if not each.leads or each.id == new.id or not self.may_meet(new, each):
                continue
            equal = words(each.text) == words(new.text)
            value = jaccard(each.text, new.text)
            if equal or value >= self.threshold:
                found.append((not equal, -value, position, each))
        found.sort(key=lambda each: each[:3])
        if found and not found[0][0]:  # equal ones go before all others
            found = [each for each in found if not each[0]]
        inside = [each[3] for each in found if self.is_in_scope(new, each[3])]
        outside = [each[3] for each in found if not self.is_in_scope(new, each[3])]
        return (inside or [None])[0], (outside or [None])[0]

    def insert(self, name, text, time=0, site="", *, add):
        """Return what an article is told, as a dictionary."""
        old = self.find(name)
        if old is not None and text in old.told:
            return {**old.told[text], "verdict": "same"}
        new = Kept(name, text, time, site, {})
        if old is None:
            found, beside = self.match(new)
            verdict = self.verdict_on(new, found)
        else:
            value = jaccard(old.text, text)
            stays = value >= self.threshold
            cluster = old.told[old.text]["cluster"] if stays else name
            verdict = {"verdict": "updated", "first": "updated", "duplicate_of": None}
            verdict |= {"relation": None, "cluster": cluster, "jaccard": value}
        if add:
            if old is not None:
                self.take_away(old)
                new.told = dict(old.told)
                found, beside = self.match(new)
            self.keep(new, found or beside)
            new.told[text] = verdict
        return verdict

    def verdict_on(self, new, found):
        """Return what an article under a new id is told."""
        if found is None:
            fresh = {"verdict": "new", "first": "new", "duplicate_of": None}
            return fresh | {"relation": None, "cluster": new.id, "jaccard": None}
        equal = words(found.text) == words(new.text)
        return {
            "verdict": "duplicate",
            "first": "duplicate",
            "duplicate_of": found.id,
            "relation": "exact" if equal else "near_duplicate",
            "cluster": found.told[found.text]["cluster"],
            "jaccard": jaccard(found.text, new.text),
        }

    def keep(self, new, leader):
        """Put an article at the end of the list."""
        new.leads = leader is None and bool(words(new.text))
        new.family = [new.id] if leader is None else leader.family
        self.kept.append(new)

    def take_away(self, old):
        """Remove an article; the first of its members moves to the end and leads."""
        self.kept.remove(old)
        if old.leads:
            heirs = [e for e in self.kept if e.family is old.family and not e.leads]
            if heirs:
                self.kept.remove(heirs[0])
                heirs[0].leads = True
                self.kept.append(heirs[0])

    def remove(self, name):
        """Forget an article; return how many were there."""
        old = self.find(name)
        if old is not None:
            self.take_away(old)
        return int(old is not None)

    def expire(self, before):
        """Forget articles older than a time, members first."""
        old = [each for each in self.kept if each.time < before]
        for each in sorted(old, key=lambda each: each.leads):
            self.take_away(each)
        return len(old)


def naive_sample(hashes, size, salt):
    """Return where runs of ``size`` words begin whose middle word has the least salted hash."""
    mixed = [naive_fmix64(each ^ salt) for each in hashes]
    found = []
    for at in range(len(mixed) - size + 1):
        run = mixed[at : at + size]
        if run.index(min(run)) == size // 2:
            found.append(at)
    return found


def naive_likely_seeds(words, content, between, salt, size=2, reach=3):
    """Return the keys of all runs that are kept, and of all pairs of ``content`` that may be.

    Over a word that may stand ``between`` two others the next one is paired as well.
    """
    runs, pairs = set(), set()
    for at in naive_sample(words, size, salt):
        h = 0
        for word in words[at : at + size]:
            h = (h * MULTIPLIER + word) % (1 << 64)
        runs.add(naive_fmix64(naive_fmix64(h) ^ salt) >> 24)
    for place, first in enumerate(content):
        for other, second in enumerate(content[place + 1 :], place + 1):
            low, high = sorted((words[first], words[second]))
            mixed = naive_fmix64(naive_fmix64((low * MULTIPLIER + high) % (1 << 64)) ^ salt)
            if second - first <= reach and low != high and mixed % 4 == 0:
                pairs.add(mixed >> 24)
            if second - first > reach or not between[other]:
                break
    return runs, pairs


def naive_windows(hits, places, weights, window, apart):
    """Return (article, best sum) of the seeds each article has, those too close left out."""
    best = {}
    for number in sorted({number for number, _ in hits}):
        chosen = []
        for seed in sorted(seed for other, seed in hits if other == number):
            if not chosen or places[seed] >= places[chosen[-1]] + apart:
                chosen.append(seed)
        best[number] = max(
            sum(weights[each] for each in chosen if 0 <= places[each] - places[first] < window)
            for first in chosen
        )
    return best
