"""What an index knows of the pages of a site: lines and sentences that many of its articles carry.

A site remembers its newest articles that are no copies. Each time it has grown by an eighth, lines
and templates are counted over them by the stages of a scan, and what was found holds until the next
time. A template that is not found again stays as long as one of those articles carries it, unless
these turn out to be on one subject.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from dedup.cleaning.apply import Removal, removals_of, settle_removals
from dedup.cleaning.boilerplate import find_boilerplate, lines_of
from dedup.cleaning.boilerplate.lines import LineCounter, LineTable
from dedup.cleaning.boilerplate.template_counts import TemplateCounter
from dedup.cleaning.boilerplate.template_text import Found
from dedup.cleaning.boilerplate.templates import Template, Templates, cut_units
from dedup.cleaning.boilerplate.templates import spread as spread_of
from dedup.cleaning.repeats import find_repeats
from dedup.cleaning.rules import TEMPLATE_RULES
from dedup.config import Config
from dedup.core.arrays import Int64, Texts, UInt64, texts_from_strings
from dedup.core.hashing import xxh3_64
from dedup.core.storage import Columns
from dedup.errors import CorruptIndex
from dedup.kernels.text import UNSPACED
from dedup.text.lines import Lines
from dedup.text.stopwords import hash_table
from dedup.text.tokens import Tokens, tokenise_texts

NEWEST = 256  # articles of a site that are counted over
TEMPLATES = 1000  # of a site, the most frequent
EVERYWHERE = 0  # the place of what holds for all sites
_ALWAYS = 16  # articles up to which a site is counted with each
_GROWTH = 8  # then each time it has grown by this part …
_STEP = 32  # … or by so many articles
_UNSURE = 48  # articles below which they may all be on one subject: …
_MOST_ALIKE = 0.06  # … any two of a site are no more alike than that, where words are spaced
_SITES = 64  # whose counts are kept at hand
_LEARNED = (*TEMPLATE_RULES, "margin_run")  # rules that go by what was counted
_HEAD = struct.Struct("<5I")


@dataclass(frozen=True, slots=True)
class SiteTemplate:
    """A line or sentence that an index removes from articles of ``site`` (empty: of no site).

    ``articles`` of the newest ``of`` carry it, which are no copies of each other.
    """

    site: str
    text: str
    articles: int
    of: int
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """What is remembered of a site: how many articles were counted, the newest, what is kept."""

    name: str
    seen: int = 0
    due: int = 1  # how many articles it has when it is next counted over
    numbers: tuple[int, ...] = ()
    kept: tuple[str, ...] = ()

    def grown(self, number: int) -> Site:
        """Return the site with one article more."""
        return replace(self, seen=self.seen + 1, numbers=(*self.numbers, number)[-NEWEST:])

    def pack(self) -> bytes:
        """Return the site as bytes."""
        facts = [self.name, self.seen, self.due, list(self.numbers), list(self.kept)]
        return json.dumps(facts, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, data: bytes) -> Site:
        """Read what ``pack`` wrote; raise ``CorruptIndex`` for anything else."""
        name, seen, due, numbers, kept = _facts(data, 5)
        if not (
            isinstance(name, str)
            and _are(int, [seen, due])
            and _are(int, numbers)
            and _are(str, kept)
        ):
            raise CorruptIndex("a site of the index cannot be read")
        return cls(name, seen, due, tuple(numbers), tuple(kept))


def _facts(data: bytes, count: int) -> list[Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) != count:
        raise CorruptIndex("a site of the index cannot be read")
    return found


def _are(kind: type, values: Any) -> bool:
    return isinstance(values, list) and {*map(type, values)} <= {kind}


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted over the articles of a site."""

    articles: int = 0
    left_out: int = 0  # templates above the limit
    keys: UInt64 = field(default_factory=lambda: np.zeros(0, np.uint64))  # of ``templates``
    templates: tuple[tuple[str, int], ...] = ()  # text, articles that carry it
    lines: LineTable = field(default_factory=LineTable)
    _made: dict[int, Templates] = field(default_factory=dict, compare=False, repr=False)

    def pack(self) -> bytes:
        """Return it as bytes."""
        facts = json.dumps([self.articles, self.left_out, [*map(list, self.templates)]])
        parts = [facts.encode(), self.keys.tobytes(), *(a.tobytes() for a in self.lines.arrays())]
        return _HEAD.pack(*map(len, parts)) + b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Counted:
        """Read what ``pack`` wrote; raise ``CorruptIndex`` for anything else."""
        parts = _split(data)
        articles, left_out, found = _facts(parts[0], 3)
        wide = [np.frombuffer(each, np.uint64) for each in (parts[1], parts[2], parts[4])]
        marks = np.frombuffer(parts[3], np.uint8)
        if not (
            _are(int, [articles, left_out])
            and _are(list, found)
            and all(len(e) == 2 and type(e[0]) is str and type(e[1]) is int for e in found)
            and len(found) == len(wide[0])
            and len(wide[1]) == len(marks)
        ):
            raise CorruptIndex("what was counted of a site cannot be read")
        table = LineTable(wide[1], marks, wide[2])
        return cls(articles, left_out, wide[0], tuple((e[0], e[1]) for e in found), table)

    def as_templates(self, site: int) -> Templates:
        """Return the templates as the stages of a scan take them."""
        if site not in self._made:
            entries = tuple(Template(text, site, count, count, 0) for text, count in self.templates)
            keys = tuple(self.keys.tolist())
            self._made[site] = Templates(hash_table(self.keys), entries, keys)
        return self._made[site]


def _split(data: bytes) -> list[bytes]:
    parts = []
    if len(data) >= _HEAD.size:
        at = _HEAD.size
        for size in _HEAD.unpack_from(data):
            parts.append(data[at : at + size])
            at += size
        if at == len(data) and all(len(parts[each]) % 8 == 0 for each in (1, 2, 4)):
            return parts
    raise CorruptIndex("what was counted of a site cannot be read")


class SiteShelf(Protocol):
    """What is needed of a store."""

    def site(self, place: int) -> bytes | None:
        """Return what is kept at a place."""
        ...

    def put_site(self, place: int, data: bytes | None) -> None:
        """Keep something at a place, or nothing any more."""
        ...

    def site_places(self) -> list[int]:
        """Return the places where something is kept."""
        ...

    def texts(self, numbers: Sequence[int], since: int) -> list[str]:
        """Return the texts of those articles that are there, none older than a time."""
        ...

    def stamps(self, numbers: Sequence[int]) -> dict[int, int]:
        """Return those articles that are there, each with what changes when it does."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """One article as the stages of cleaning take it."""

    texts: Texts
    tokens: Tokens
    lines: Lines

    @classmethod
    def of(cls, text: str) -> Page:
        """Cut a text into tokens and lines."""
        texts = texts_from_strings([text])
        tokens = tokenise_texts(texts)
        return cls(texts, tokens, lines_of(texts, tokens))


class Cleaner:
    """Tell what goes from articles, by what is known of their sites."""

    def __init__(self, config: Config, salt: int) -> None:
        self.config = config
        self._salt = salt
        self._known: dict[int, tuple[bytes, Counted]] = {}  # of the sites that came last

    def place(self, name: str) -> int:
        """Return where a site is kept; what was counted of it comes right behind."""
        return (xxh3_64(name.encode(), self._salt) >> 2 | 1) << 1

    def site(self, shelf: SiteShelf, name: str) -> tuple[Site, Counted]:
        """Return what is known of a site."""
        place = self.place(name)
        data = shelf.site(place)
        site = Site(name) if data is None else Site.unpack(data)
        if site.name != name:  # two sites at one place: the first has it
            return Site(name, due=1 << 62), Counted()
        data = shelf.site(place + 1)
        return site, Counted() if data is None else self._unpacked(place, data)

    def _unpacked(self, place: int, data: bytes) -> Counted:
        """Return what was counted of a site, and the same again for the same bytes.

        It changes with a few of the articles, and to read a thousand templates takes longer than
        all else that is done with them.
        """
        known = self._known.pop(place, None)
        if known is None or known[0] != data:
            known = data, Counted.unpack(data)
        self._known[place] = known  # the last one, of those in order of use
        if len(self._known) > _SITES:
            del self._known[next(iter(self._known))]
        return known[1]

    def count(
        self, shelf: SiteShelf, known: tuple[Site, Counted], text: str, since: int
    ) -> tuple[Site, Counted]:
        """Return what is known of a site once an article of it, which has no number yet, came."""
        site, counted = known
        seen = site.seen + 1
        if seen < site.due:
            return known
        texts = [*shelf.texts(site.numbers[-NEWEST + 1 :], since), text]
        step = 1 if seen < _ALWAYS else min(seen // _GROWTH, _STEP)
        counted = counted_over(texts, counted, is_named=bool(site.name))
        return replace(site, due=seen + step), counted

    def keep(self, shelf: SiteShelf, known: tuple[Site, Counted], number: int) -> None:
        """Write what is known of a site, with the number of its newest article."""
        site, counted = known
        if site.due >= 1 << 62:
            return
        place = self.place(site.name)
        shelf.put_site(place, site.grown(number).pack())
        held = self._known.get(place)
        if held is None or held[1] is not counted:
            shelf.put_site(place + 1, counted.pack())

    def removals(
        self, shelf: SiteShelf, known: tuple[Site, Counted], page: Page
    ) -> tuple[Removal, ...]:
        """Return what goes from an article, in order."""
        site, counted = known
        codes = np.full(1, 0 if site.name else -1)
        templates = None
        if known_here := counted.as_templates(int(codes[0])):
            templates = Found.of(known_here, cut_units(page.tokens, page.lines), page, codes)
        marks = counted.lines.look(page.lines, is_known=bool(site.name))
        given = (page.texts, page.tokens, page.lines, self.config)
        boilerplate, _ = find_boilerplate(*given, marks, templates)
        settled, _ = settle_removals([boilerplate, find_repeats(*given)], page.tokens)
        found = removals_of(settled).get(0, [])
        kept = {*site.kept, *everywhere(shelf).kept}
        if kept:
            text = page.texts.text(0)
            found = [each for each in found if not _is_kept(each, text, kept)]
        return tuple(found)


def everywhere(shelf: SiteShelf) -> Site:
    """Return what holds for all sites: lines that are kept."""
    data = shelf.site(EVERYWHERE)
    return Site("") if data is None else Site.unpack(data)


def plain(line: str) -> str:
    """Return a line as kept ones are compared: blanks and case do not matter."""
    return " ".join(line.split()).casefold()


def _is_kept(removal: Removal, text: str, kept: set[str]) -> bool:
    if removal.rule not in _LEARNED:
        return False
    removed = plain(text[removal.start : removal.end])
    return any(each in removed for each in kept)


def counted_over(texts: Sequence[str], before: Counted, *, is_named: bool) -> Counted:
    """Count lines and templates over the articles of a site, the newest last."""
    columns = Columns()
    some = texts_from_strings(list(texts))
    tokens = tokenise_texts(some)
    lines = lines_of(some, tokens)
    sites: Int64 = np.full(len(some), 0 if is_named else -1)
    groups = np.arange(len(some))
    room = 2 * (int(some.offsets[-1]) + len(some) + 1)
    counter = LineCounter(sites, room, columns)
    counter.add(lines, 0)
    counter.count(groups)
    units = TemplateCounter(sites, room, columns)
    cut = cut_units(tokens, lines)
    units.add(cut, lines, 0, 0)
    unspaced = 2 * np.count_nonzero(tokens.flags & np.uint8(UNSPACED)) > len(tokens.flags)
    most_alike = _MOST_ALIKE if len(some) < _UNSURE and not unspaced else 1.0
    found = units.count(groups, some, tokens, most_alike)
    templates = dict(zip(found.keys, ((e.text, e.clusters) for e in found.entries), strict=True))
    carried = np.concatenate([cut.keys, cut.keys ^ spread_of(np.zeros(1, np.int64))])
    for key, entry in zip(before.keys.tolist(), before.templates, strict=True):
        is_other = key not in templates and key not in units.refuted
        often = int(np.count_nonzero(carried == np.uint64(key))) if is_other else 0
        if often:
            templates[key] = (entry[0], often)
    ordered = sorted(templates.items(), key=lambda each: (-each[1][1], each[1][0], each[0]))
    return Counted(
        articles=len(some),
        left_out=max(len(ordered) - TEMPLATES, 0),
        keys=np.array([key for key, _ in ordered[:TEMPLATES]], np.uint64),
        templates=tuple(entry for _, entry in ordered[:TEMPLATES]),
        lines=LineTable.of(lines, counter.part(lines, 0)),
    )


def listed(shelf: SiteShelf) -> Iterator[tuple[int, Site, Counted]]:
    """Yield every site with its place, and what was counted of it."""
    for place in shelf.site_places():
        if place & 1 or place == EVERYWHERE:
            continue
        data, counted = shelf.site(place), shelf.site(place + 1)
        if data is not None:
            yield (
                place,
                Site.unpack(data),
                Counted() if counted is None else Counted.unpack(counted),
            )


def templates(shelf: SiteShelf, name: str | None) -> list[SiteTemplate]:
    """Return the templates of a site, or of all, the most frequent of each first."""
    kept = set(everywhere(shelf).kept)
    found: dict[tuple[str, str], SiteTemplate] = {}
    for _, site, counted in sorted(listed(shelf), key=lambda each: each[1].name):
        for text, often in counted.templates if name is None or site.name == name else ():
            is_kept = plain(text) in {*kept, *site.kept}
            made = SiteTemplate(site.name, text, often, counted.articles, is_kept)
            found.setdefault((site.name, text), made)  # of a site, and of any site, alike
    return list(found.values())


def keep_line(shelf: SiteShelf, cleaner: Cleaner, line: str, name: str | None) -> None:
    """Keep a line from being removed as a template, of one site or of all."""
    if name is None:
        site, place = everywhere(shelf), EVERYWHERE
    else:
        (site, _), place = cleaner.site(shelf, name), cleaner.place(name)
    kept = tuple(dict.fromkeys([*site.kept, plain(line)]))
    shelf.put_site(place, replace(site, kept=kept).pack())


def kept_lines(shelf: SiteShelf) -> list[tuple[str | None, str]]:
    """Return the lines that are kept, each with its site, ``None`` for all."""
    lines = [(None, line) for line in everywhere(shelf).kept]
    return [*lines, *((site.name, line) for _, site, _ in listed(shelf) for line in site.kept)]


def recount(shelf: SiteShelf, cleaner: Cleaner, leads: Iterable[tuple[str, int]]) -> None:
    """Count all sites again, from the site and number of each representative, in order.

    Lines that are kept stay kept, as far as they can still be read.
    """
    kept: list[tuple[str | None, str]] = []
    with suppress(CorruptIndex):
        kept = kept_lines(shelf)
    for place in shelf.site_places():
        shelf.put_site(place, None)
    sites: dict[str, Site] = {}
    for name, number in leads:
        sites[name] = sites.get(name, Site(name)).grown(number)
    for name, site in sites.items():
        texts = shelf.texts(site.numbers, -(1 << 62))
        counted = counted_over(texts, Counted(), is_named=bool(name))
        place = cleaner.place(name)
        shelf.put_site(place, replace(site, due=site.seen + 1).pack())
        shelf.put_site(place + 1, counted.pack())
    for own, line in kept:
        keep_line(shelf, cleaner, line, own)


def thinned_sites(shelf: SiteShelf) -> list[int]:
    """Return the places of sites of which articles went that were counted."""
    return [
        place
        for place, site, _ in listed(shelf)
        if len(shelf.stamps(site.numbers)) < len(site.numbers)
    ]


def count_again(shelf: SiteShelf, place: int) -> None:
    """Count a site over those of its articles that are left.

    Where none is, it is forgotten, but for lines of it that are kept.
    """
    data, known = shelf.site(place), shelf.site(place + 1)
    if data is None:
        return
    site = Site.unpack(data)
    there = shelf.stamps(site.numbers)
    site = replace(site, numbers=tuple(each for each in site.numbers if each in there))
    if not site.numbers:
        shelf.put_site(place, site.pack() if site.kept else None)
        shelf.put_site(place + 1, None)
        return
    before = Counted() if known is None else Counted.unpack(known)
    texts = shelf.texts(site.numbers, -(1 << 62))
    shelf.put_site(place, site.pack())
    shelf.put_site(place + 1, counted_over(texts, before, is_named=bool(site.name)).pack())


def site_flaws(shelf: SiteShelf, last: int) -> list[str]:
    """Name what is wrong with sites; ``last`` is the highest number of an article."""
    found = (_site_flaw(shelf, place, last) for place in shelf.site_places())
    return [each for each in found if each]


def _site_flaw(shelf: SiteShelf, place: int, last: int) -> str:
    try:
        data = shelf.site(place) or b""
        if place & 1:
            Counted.unpack(data)
        elif any(not 0 < number <= last for number in Site.unpack(data).numbers):
            return f"a site at place {place} names articles that never were"
    except CorruptIndex as error:
        return f"place {place}: {error}"
    return ""
