"""Passages and templates in an index: known as they come, searched for, the same after a replay."""

from __future__ import annotations

import random
import sqlite3
import struct
from contextlib import closing, suppress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prose import UNRELATED

from dedup.cleaning.apply import Removal, apply_removals
from dedup.cleaning.rules import (
    BOILERPLATE_REASONS,
    REASON_CODES,
    REPEAT_REASONS,
    RULE_CODES,
    RULES,
)
from dedup.config import TAGS
from dedup.errors import ConfigError, CorruptIndex, DedupError, IndexMismatch, InputError
from dedup.index import Index
from dedup.index.entries import (
    Compared,
    Record,
    compared_in,
    compress,
    pack,
    unpack,
    unpacked,
    unpacked_texts,
)
from dedup.index.said import pack_said, removed_in, unpack_said
from dedup.index.sqlite import seeds
from dedup.index.sqlite.database import sealed
from dedup.index.templates import NEWEST, Counted, Site
from dedup.index.verdicts import KnownPassage, Verdict

QUOTE = "The mayor said the old bridge would stay closed until the steel had been tested."
FOOT = "Would you like to read more? Our newsletter brings you all stories of this site each week."


@pytest.fixture(params=["memory", "sqlite"])
def place(request, tmp_path):
    return "memory://" if request.param == "memory" else tmp_path / "news.index"


@pytest.fixture
def small_runs(monkeypatch):
    monkeypatch.setattr(seeds, "WAITING", 3)
    monkeypatch.setattr(seeds, "FAN", 2)
    monkeypatch.setattr("dedup.index.sqlite.shelf.WAITING", 3)


def article(number, *more, site="", sentences=3):
    """Return an article of its own words, with some sentences more in its midst."""
    generator = random.Random(number)
    letters = [chr(97 + each) for each in range(26)]

    def sentence():
        words = ("".join(generator.choices(letters, k=7)) for _ in range(14))
        return " ".join(words).capitalize() + "."

    text = " ".join(sentence() for _ in range(sentences))
    return {"id": f"a{number}", "text": "\n\n".join([text, *more]), "site": site}


def spans(passages):
    return {(each.doc_id, each.start, each.end, each.other_start) for each in passages}


def test_what_an_article_shares_with_earlier_ones_is_said(place):
    with Index.open(place, passages=True) as index:
        assert index.settings.clean
        assert index.settings.store_text
        one, two = article(1, QUOTE), article(2, "They asked again.", QUOTE)
        assert index.check_and_add(one).passages == ()
        (known,) = index.check_and_add(two).passages
        assert known.doc_id == "a1"
        assert known.kind == "exact"
        assert known.level == "strong"
        assert QUOTE[:-1] in two["text"][known.start : known.end + 1]
        assert QUOTE[:-1] in one["text"][known.other_start : known.other_end + 1]
        again = index.check_and_add(two)
        assert again.verdict == "same"
        assert again.passages == (known,)
        copy = index.check_and_add({**one, "id": "copy"})
        assert copy.relation == "exact"
        assert copy.passages == ()
        checked = index.check(QUOTE)
        assert {each.doc_id for each in checked.passages} == {"a1", "a2"}
        (listed,) = index.known_passages([{"text": "We know it now. " + QUOTE}])
        assert {each.doc_id for each in listed} == {"a1", "a2"}
        assert index.verify() == []


def test_a_text_is_found_where_it_stands_whatever_becomes_of_the_others(place, small_runs):
    every = [article(number, *(UNRELATED[number % 4 :][:1])) for number in range(30)]
    with Index.open(place, passages=True) as index:
        for each in every:
            index.add(each)
        wanted = index.search(UNRELATED[2], articles=40)
        assert {each.doc_id for each in wanted.passages} == {f"a{n}" for n in range(2, 30, 4)}
        assert [each.matched_tokens for each in wanted.passages] == sorted(
            (each.matched_tokens for each in wanted.passages), reverse=True
        )
        few = index.search(UNRELATED[2], articles=3)
        assert few.articles == 3
        assert few.cut_candidates >= 4
        assert index.verify() == []
        assert index.remove("a2", "a6") == 2
        left = {f"a{n}" for n in range(10, 30, 4)}
        assert {each.doc_id for each in index.search(UNRELATED[2]).passages} == left
        for mend in (index.compact, index.rebuild):
            mend()
            assert {each.doc_id for each in index.search(UNRELATED[2]).passages} == left
            assert index.verify() == []
        with pytest.raises(ConfigError, match="articles"):
            index.search("text", articles=0)


def test_that_keys_are_noted_changes_nothing(place, small_runs, monkeypatch):
    asked = [{"text": f"It is known. {text}"} for text in (*UNRELATED[:4], QUOTE)]
    found = []
    for most in (1 << 20, 0):
        for module in ("searching", "sqlite.seeds"):
            monkeypatch.setattr(f"dedup.index.{module}.MOST_NOTED", most)
        said = []
        with Index.open(
            "memory://" if place == "memory://" else f"{place}{most}", passages=True
        ) as index:
            for number in range(12):
                index.add(article(number, UNRELATED[number % 4]))
                said.append(list(index.known_passages(asked)))
            index.add(article(20, QUOTE))
            said.append(list(index.known_passages(asked)))
        found.append(said)
    assert found[0] == found[1]
    assert [len(each) for each in found[0][-1]] == [3, 3, 3, 3, 1]


def test_that_articles_are_told_by_noted_keys_changes_nothing(place, monkeypatch):
    """Many articles that are only asked for: with all keys at hand from the second time on."""
    for module in ("sqlite", "sqlite.settling"):
        monkeypatch.setattr(f"dedup.index.{module}.TAIL", 4)
    some = [article(number, UNRELATED[number % 4]) for number in range(20)]
    others = [{"id": f"b{number}", "text": each["text"]} for number, each in enumerate(some)]
    with Index.open(place) as index:
        for number in range(9):
            index.add(article(number, UNRELATED[number % 4]))
            asked = [*others, article(number, UNRELATED[number % 4]), article(900, "", "Nothing.")]
            table = pa.table(
                {"doc_id": [e["id"] for e in asked], "text": [e["text"] for e in asked]}
            )
            told = [list(index.check_many(table, passages=False)) for _ in range(3)]
            one_by_one = [index.check_many([each], passages=False) for each in asked]
            assert told[0] == told[1] == told[2] == [next(each) for each in one_by_one]
        assert {each.verdict for each in told[0]} == {"new", "same", "duplicate"}
        index.remove("a8")
        assert [each.verdict for each in index.check_many(table, passages=False)][-2:] == [
            "new"
        ] * 2


@pytest.mark.parametrize("column", ["doc_id", "site"])
def test_a_batch_with_a_name_that_is_too_long_is_refused(place, column):
    row = {"doc_id": "a", "text": "One two three.", "site": "b"} | {column: "x" * 70_000}
    with Index.open(place) as index, pytest.raises(InputError, match="65535 bytes"):
        index.add_many(pa.table({name: [value] for name, value in row.items()}))
    with Index.open(place) as index, pytest.raises(InputError, match="it has no id"):
        index.add_many(pa.table({"doc_id": [""], "text": ["One two three."]}))


def test_what_is_re_worded_is_found_too(place):
    text = UNRELATED[0]
    words = text.split()
    changed = " ".join("elsewhere" if at % 9 == 4 else word for at, word in enumerate(words))
    with Index.open(place, passages=True) as index:
        index.add({"id": "a", "text": f"It is told so. {text}"})
        (first, *_) = index.search(f"It was told otherwise: {changed}").passages
        assert first.kind in ("near", "fuzzy")
        assert first.matched_tokens > len(words) / 2


def test_a_few_words_are_found_as_they_are(place, monkeypatch):
    monkeypatch.setattr("secrets.randbits", lambda bits: 3)  # of few words a salt may keep no seed
    said = "She did it again and I will say it again here"
    with Index.open(place, passages=True) as index:
        index.add(article(1, f"{QUOTE} {said}. Nobody knew why."))
        index.add(article(2, "Nobody did it here."))
        (found,) = index.search(said).passages
        assert (found.doc_id, found.level, found.kind) == ("a1", "weak", "exact")
        assert found.matched_tokens == 11
        assert (found.start, found.end) == (0, len(said))
        assert index.get("a1").text[found.other_start : found.other_end] == said


def test_an_updated_article_is_searched_by_its_new_text_only(place):
    with Index.open(place, passages=True) as index:
        index.add(article(1, UNRELATED[0]))
        verdict = index.check_and_add({**article(1, UNRELATED[1], sentences=2), "id": "a1"})
        assert verdict.verdict == "updated"
        assert verdict.passages == ()
        assert index.search(UNRELATED[0]).passages == ()
        assert [each.doc_id for each in index.search(UNRELATED[1]).passages] == ["a1"]


def test_scope_and_window_hold_for_passages_as_they_come(place):
    with Index.open(place, passages=True, scope="across", window="2d") as index:
        index.add({**article(1, QUOTE, site="s"), "date": "2024-05-01"})
        same_site = {**article(2, QUOTE, site="s"), "date": "2024-05-01"}
        late = {**article(3, QUOTE, site="t"), "date": "2024-05-09"}
        other = {**article(4, QUOTE, site="t"), "date": "2024-05-02"}
        assert index.check(same_site).passages == ()
        assert index.check(late).passages == ()
        assert [each.doc_id for each in index.check(other).passages] == ["a1"]


def test_templates_of_a_site_are_learned_and_go(place):
    with Index.open(place, clean=True) as index:
        gone = []
        for number in range(20):
            each = article(number, FOOT, site="one.example")
            verdict = index.check_and_add(each)
            clean, _ = apply_removals(each["text"], verdict.removals)
            gone.append(FOOT not in clean)
            assert index.check_and_add(each).removals == verdict.removals
        assert not gone[0]
        assert all(gone[9:])
        elsewhere = index.check_and_add(article(50, FOOT, site="two.example"))
        assert elsewhere.removals == ()
        (listed,) = index.templates("one.example")
        assert listed.text == FOOT
        assert listed.articles >= 10
        assert not listed.kept
        assert index.templates("two.example") == []
        assert index.verify() == []
        index.keep_line(f"  {FOOT.upper()} ", "one.example")
        assert index.templates()[0].kept
        assert index.check(article(60, FOOT, site="one.example")).removals == ()
        index.rebuild()
        assert index.templates()[0].kept
        assert index.verify() == []


TOLD = "By noon of that day {} of the ships had come back to the islands in the south."


def test_a_number_that_stands_nowhere_else_stays(place):
    """A sentence of ten articles is a template; the eleventh has something new to say in it."""
    with Index.open(place, clean=True) as index:
        for number in range(12):
            index.check_and_add(article(number, TOLD.format(19), site="one.example"))
        known, new = (article(50 + n, TOLD.format(n), site="one.example") for n in (19, 23))
        (removal,) = index.check(known).removals
        assert known["text"][removal.start : removal.end].strip() == TOLD.format(19)
        assert index.check(new).removals == ()
        for number in range(12):
            verdict = index.check_and_add(article(number, TOLD.format(number), site="two.example"))
            assert verdict.removals == ()
        assert index.templates("two.example") == []


BACKGROUND = "The dam broke in the night after weeks of rain, and the valley stood under water."
SUBJECT = ["".join(random.Random(each).choices("abcdefgh", k=7)) for each in range(40)]


def on_the_subject(number, *more, foot=""):
    """Return an article in words of one subject, with some sentences more in its midst."""
    generator = random.Random(f"subject {number}")
    own = [" ".join(generator.choices(SUBJECT, k=14)).capitalize() + "." for _ in range(8)]
    text = "\n\n".join([*own[:4], *more, *own[4:], foot]).strip()
    return {"id": f"subject {number}", "text": text, "site": "s"}


def test_a_site_that_begins_with_one_subject_keeps_its_background(place):
    """Of few articles nobody can tell whether what they share is the site's or the subject's."""
    with Index.open(place, clean=True) as index:
        for number in range(80):
            on_subject = number < 14 or number % 4 == 0
            each = (
                on_the_subject(number, BACKGROUND, foot=FOOT)
                if on_subject
                else article(number, site="s")
            )
            gone = [each["text"][r.start : r.end] for r in index.check_and_add(each).removals]
            assert not any(BACKGROUND in part for part in gone)
            if on_subject and 9 < number < 14:  # what speaks of the site goes all the same
                assert any(FOOT in part for part in gone)


def test_a_template_that_later_articles_refute_goes(place, monkeypatch):
    monkeypatch.setattr("dedup.index.templates._UNSURE", 0)
    with Index.open(place, clean=True) as index:
        for number in range(14):
            index.check_and_add(on_the_subject(number, BACKGROUND))
        assert [each.text for each in index.templates("s")] == [BACKGROUND]
        for number in range(100, 150):
            index.check_and_add(article(number, site="s"))
        assert index.templates("s") == []
        assert index.check(on_the_subject(99, BACKGROUND)).removals == ()


def test_templates_are_no_passages(place):
    with Index.open(place, passages=True) as index:
        last = [index.check_and_add(article(n, FOOT, site="one.example")) for n in range(14)][-1]
        assert last.removals
        assert last.passages == ()


def test_what_is_at_hand_of_sites_changes_nothing(tmp_path, monkeypatch):
    """Two processes take turns, each with the counts of one site at hand."""
    told = []
    for most in (64, 1, 0):
        monkeypatch.setattr("dedup.index.templates._SITES", most)
        path = tmp_path / f"{most}.index"
        with Index.open(path, clean=True) as one, Index.open(path) as two:
            said = [
                (one, two)[number // 3 % 2].check_and_add(
                    article(number, FOOT, QUOTE, site=f"s{number % 2}")
                )
                for number in range(40)
            ]
            assert one.verify() == []
            told.append([each.removals for each in said])
            assert one.templates() == two.templates() != []
    assert told[0] == told[1] == told[2]
    assert told[0][-1]


@pytest.mark.parametrize("keeps", ["clean", "passages"])
def test_a_site_goes_on_when_its_articles_went(place, keeps, monkeypatch):
    """What went is forgotten when postings are merged; the site still names it."""
    monkeypatch.setattr("dedup.index.sqlite.TAIL", 8)
    monkeypatch.setattr("dedup.index.sqlite.settling.TAIL", 8)
    with Index.open(place, **{keeps: True}) as index:
        for number in range(20):
            index.check_and_add(article(number, FOOT, site="s"))
            if number % 3 == 1:  # another text under the id of the one before
                index.check_and_add({**article(50 + number, FOOT), "id": f"a{number - 1}"})
            if number == 9:
                assert index.remove("a4", "a5") == 2
                index.compact()
        assert index.check_and_add(article(99, FOOT, site="s")).removals
        assert index.verify() == []


def test_a_site_remembers_its_newest_articles(tmp_path):
    site = Site("s")
    for number in range(1, NEWEST + 11):
        site = site.grown(number)
    assert site.seen == NEWEST + 10
    assert site.numbers[0] == 11
    assert Site.unpack(site.pack()) == site
    with Index.open("memory://", clean=True) as index:
        for number in range(12):
            index.add({**article(number, FOOT, site="s"), "date": 86_400 * number})
        assert index.templates()
        index.expire(86_400 * 50)
        assert index.templates() == []


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'["a",1,1,[],["x"],1]', b'["a",1,1,["1"],[]]']
)
def test_a_broken_site_is_refused(data):
    with pytest.raises(CorruptIndex):
        Site.unpack(data)
    with pytest.raises(CorruptIndex):
        Counted.unpack(data)


def test_settings_that_need_others(tmp_path):
    with pytest.raises(ConfigError, match="store_text"):
        Index.open("memory://", clean=True, store_text=False)
    with pytest.raises(ConfigError, match="clean"):
        Index.open("memory://", passages=True, clean=False)
    with Index.open(tmp_path / "plain") as index:
        for call in (lambda: index.search("a"), lambda: next(index.known_passages(["a"]))):
            with pytest.raises(ConfigError, match="passages"):
                call()
        with pytest.raises(ConfigError, match="clean"):
            index.templates()
        with pytest.raises(ConfigError, match="clean"):
            index.keep_line("a")
    with pytest.raises(IndexMismatch, match="passages"):
        Index.open(tmp_path / "plain", passages=True)


def test_an_export_takes_everything_along(tmp_path):
    with Index.open(tmp_path / "one", passages=True) as index:
        for number in range(14):
            index.add(article(number, FOOT, site="s"))
        index.add(article(19, QUOTE, site="t"))
        told = index.check_and_add(article(20, QUOTE, FOOT, site="s"))
        assert told.removals
        assert told.passages
        index.keep_line("Something else.", "s")
        index.export(tmp_path / "one.parquet")
        wanted = spans(index.search(QUOTE).passages)
    with Index.restore(tmp_path / "two", tmp_path / "one.parquet") as index:
        again = index.get("a20").verdict
        assert (again.removals, again.passages) == (told.removals, told.passages)
        assert spans(index.search(QUOTE).passages) == wanted
        assert [each.text for each in index.templates()] == [FOOT]
        assert index.store.kept_lines() == [("s", "something else.")]
        assert index.verify() == []


def test_numbers_of_reasons_and_rules_never_change():
    assert [*REASON_CODES][:6] == [
        *("truncated_teaser", "pull_quote", "flattened_copy", "pasted_block"),
        *("repeated_block", "newsletter_signup"),
    ]
    assert len(REASON_CODES) == 32
    assert REASON_CODES["comment"] == 31
    assert {*RULE_CODES} == {*RULES}
    assert {*REPEAT_REASONS, *BOILERPLATE_REASONS, *TAGS} == {*REASON_CODES}
    assert RULE_CODES["margin_run"] == 24
    assert RULE_CODES["template_of_site"] == 26


removal_lists = st.lists(
    st.tuples(
        st.integers(0, 300),
        st.integers(1, 300),
        st.sampled_from(list(REASON_CODES)),
        st.sampled_from(list(RULE_CODES)),
        st.sampled_from(["strong", "medium"]),
        st.none() | st.tuples(st.integers(0, 9), st.integers(10, 5000)),
    ),
    max_size=4,
)
passage_lists = st.lists(
    st.builds(
        KnownPassage,
        doc_id=st.sampled_from(["a", "ü/2", "b" * 200]),
        start=st.integers(0, 9),
        end=st.integers(9, 10**6),
        other_start=st.integers(0, 9),
        other_end=st.integers(9, 10**6),
        matched_tokens=st.integers(0, 10**6),
        density=st.integers(0, 10_000).map(lambda each: each / 10_000),
        score=st.integers(0, 10**6).map(lambda each: each / 100),
        level=st.sampled_from(["strong", "medium", "weak"]),
        kind=st.sampled_from(["exact", "near", "fuzzy", "quote"]),
    ),
    max_size=4,
)


losses = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))


@given(st.none() | removal_lists, st.none() | passage_lists, st.none() | losses)
def test_what_was_said_is_read_as_it_was_written(removals, passages, lost):
    made, before = None if removals is None else [], 0
    for gap, size, *facts in removals or ():
        made.append(Removal(before + gap, before + gap + size, *facts))
        before += gap + size
    said = {} if removals is None else {"removals": tuple(made)}
    said |= {} if passages is None else {"passages": tuple(passages)}
    said |= {} if lost is None else dict(zip(("lost_tokens", "lost_facts"), lost, strict=True))
    data = pack_said(Verdict(verdict="duplicate", first="duplicate", relation="excerpt", **said))
    assert unpack_said(data, "excerpt") == said
    only = {name: said[name] for name in said if name == "removals"}
    assert unpack_said(data, "excerpt", all_of_it=False) == only
    assert removed_in(data) == [(each.start, each.end) for each in made or ()]
    for end in range(1, len(data)):
        with pytest.raises(CorruptIndex):
            unpack_said(data[:end], None)


@given(st.binary(max_size=60))
def test_anything_is_read_or_refused(data):
    for read in (
        *(lambda each: unpack_said(each, None), removed_in),
        lambda each: compared_in(each, 4),
    ):
        with suppress(CorruptIndex):
            read(data)


@given(
    removal_lists,
    st.none() | passage_lists,
    st.none() | st.floats(0, 1),
    st.sampled_from(["", "news.example"]),
    st.none() | st.integers(0, 10**9),
)
def test_what_a_text_is_compared_with_is_what_the_record_says(said, passages, score, site, date):
    removals = tuple(Removal(100 * at, 100 * at + 9, *each[2:]) for at, each in enumerate(said))
    verdict = Verdict(
        verdict="new",
        first="new",
        similarity=score,
        cluster="another",
        removals=removals,
        passages=passages,
    )
    facts = ("Ü/1", 7, bytes(16), 5, bytes(8), date, 99, site, compress("Ein Text."), verdict)
    data = pack(Record(*facts, versions=((3, verdict),)))
    made = compared_in(data, 4)
    assert made == Compared.of(unpack(data, 4))
    assert (made.id, made.when, made.site) == ("Ü/1", 99 if date is None else date, site)
    assert unpacked(made.text) == b"Ein Text."
    for end in range(0, data.index(made.text) + len(made.text)):
        with pytest.raises(CorruptIndex):
            compared_in(data[:end], 4)


@given(st.lists(st.text(max_size=60) | st.sampled_from(["", "é" * 9, "𝄞"]), max_size=9))
def test_texts_come_back_together_as_one_by_one(texts):
    packed = [compress(each.encode("utf-8", "replace").decode()) for each in texts]
    found = unpacked_texts(packed)
    assert [found.text(row).encode() for row in range(len(found))] == [*map(unpacked, packed)]


def test_texts_that_lie_about_their_size_are_refused(monkeypatch):
    def claims(text, size):
        return struct.pack("<Q", size) + compress(text)[8:]

    for some in (
        [compress("Wort"), b"short"],
        [compress("Wort"), compress("Wort")[:-3]],
        [claims("Wort", 5), compress("Wort")],  # more in all than there is
        [claims("Wörter", 2), claims("Wort", 9)],  # the sum is right, the first ends in a character
        [claims("Wort", 1 << 62), compress("Wort")],
    ):
        with pytest.raises(CorruptIndex):
            unpacked_texts(some)
    monkeypatch.setattr("dedup.index.entries._TOGETHER", 5)  # too many bytes for one step
    assert unpacked_texts([compress("Wort"), compress("Wörter")]).text(1) == "Wörter"


def test_seeds_that_came_with_a_search_are_those_that_follow(tmp_path):
    """One process keeps the seeds that it searched with, another makes them from the texts."""
    with Index.open(tmp_path / "news.index", passages=True) as index:
        near = article(1, QUOTE, FOOT, site="s", sentences=9)
        for number in range(20):
            index.check_and_add(article(number, QUOTE, FOOT, site="s", sentences=9))
        index.check_and_add({**near, "id": "near", "text": near["text"] + " And more of it."})
        index.check_and_add({**article(3, QUOTE, FOOT, site="s"), "id": "a3"})  # another text
        index.check_and_add({**article(4, FOOT, site="s", sentences=9), "id": "equal"})
        with Index.open(tmp_path / "news.index", mode="r") as other:
            assert index.search(QUOTE) == other.search(QUOTE)
            assert other.search(QUOTE).passages  # of the pages before it was a template
            tails = [each.store._shelf.seeds._tail for each in (index, other)]
        mine, theirs = (
            {(part, each) for part in range(256) for each in tail.slices()[0](part).tolist()}
            for tail in tails
        )
        assert len(theirs) > 1000
        assert theirs <= mine
        assert {each & 0xFFFFFFFF for _, each in mine - theirs} == {4}  # it made way for another
        assert index.verify() == []


def test_a_file_from_a_stranger_is_read_or_refused(tmp_path, small_runs):
    """Tables of seeds and sites with wrong bytes, with right checksums and without."""
    path = tmp_path / "news.index"
    with Index.open(path, passages=True) as index:
        for number in range(12):
            index.add(article(number, FOOT, QUOTE, site="s"))
    whole = path.read_bytes()
    generator = random.Random(9)
    refused = 0
    for turn in range(60):
        path.write_bytes(whole)
        with closing(sqlite3.connect(path)) as connection, connection:
            table = generator.choice(["seeds", "sites", "state"])
            cells = connection.execute(f"SELECT rowid, data FROM {table}").fetchall()
            rowid, data = generator.choice(cells)
            broken = bytearray(data)
            if turn % 3 == 0:
                broken = bytearray(generator.randbytes(generator.randrange(200)))
            elif turn % 3 == 1:
                broken[generator.randrange(len(broken))] ^= 1 << generator.randrange(8)
            else:
                del broken[generator.randrange(len(broken)) :]
            sql = f"UPDATE {table} SET data = ? WHERE rowid = ?"
            connection.execute(sql, (bytes(broken), rowid))
        flaws = []
        try:
            with Index.open(path) as index:
                flaws = index.verify()
                index.search(QUOTE)
                index.templates()
                index.check_and_add(article(100 + turn, FOOT, QUOTE, site="s"))
        except DedupError as error:
            flaws = [error]
        refused += bool(flaws)
    assert refused == 60


def test_four_processes_lose_nothing(tmp_path, small_runs):
    from concurrent.futures import ProcessPoolExecutor

    path = tmp_path / "news.index"
    Index.open(path, passages=True).close()
    with ProcessPoolExecutor(4) as pool:
        told = list(pool.map(added, [path] * 4, range(4)))
    assert [verdict for each in told for verdict in each].count("new") == 24
    with Index.open(path) as index:
        assert len(index) == 24
        assert index.verify() == []
        assert {each.doc_id for each in index.search(QUOTE, articles=50).passages} == {
            f"a{number}" for number in range(24)
        }


def added(path, which):
    with Index.open(path) as index:
        numbers = [(number + 6 * which) % 24 for number in range(24)]
        articles = (article(number, QUOTE, site=f"s{number}") for number in numbers)
        return [index.check_and_add(each).verdict for each in articles]


def test_the_tail_finds_what_a_plain_search_finds():
    generator = random.Random(3)
    tail, pairs = seeds.Tail(), []
    for number in range(1, 40):
        keys = np.array([generator.randrange(50) << 33 for _ in range(generator.randrange(9))])
        keys = np.unique(keys.astype(np.uint64))
        tail.add(keys, np.full(len(keys), number, np.uint64))
        pairs += [(int(key), number) for key in keys]
    wanted = np.array([each << 33 for each in range(50)], np.uint64)
    found = sorted((int(each) >> 32, int(each) & 0xFFFFFFFF) for each in tail.find(wanted))
    assert found == sorted((key >> 33, number) for key, number in pairs)
    slices, count = tail.slices()
    assert count == len(pairs)
    assert sum(len(slices(part)) for part in range(256)) == count


def told_by(index, numbers):
    """Let articles come, some of them go again, and search; return all that is said."""
    said = []
    for number in numbers:
        shared = [UNRELATED[number % 4], QUOTE if number % 3 else "Nobody spoke of it."]
        said.append(index.check_and_add(article(number, *shared, site=f"s{number % 2}")))
        if number % 7 == 6:
            index.remove(f"a{number - 3}")
        said.append(index.search(f"They wrote: {QUOTE} {UNRELATED[number % 5]}"))
    said.append(index.search(QUOTE, articles=250))
    said.append([*index.known_passages([{"text": text} for text in (*UNRELATED, QUOTE)])])
    return said


def test_what_articles_are_held_ready_changes_nothing(place, monkeypatch):
    """With room for all, for a few at a time, and for none, of which each is made ready alone."""
    monkeypatch.setattr("dedup.index.secrets.randbits", lambda bits: 77)
    found = []
    for room in (1 << 20, 2500, 0):
        monkeypatch.setattr("dedup.index.ready.ROOM", room)
        path = place if place == "memory://" else f"{place}{room}"
        with Index.open(path, passages=True, clock=lambda: 1_764_600_000) as index:
            found.append(told_by(index, range(30)))
            ready = index.store._rules.ready
            assert len(ready._classes) <= room
            assert len(ready._held) > 10 or room <= 2500
    assert found[0] == found[1] == found[2]
    assert any(verdict.passages for verdict in found[0][:-2:2])


def test_an_article_that_another_process_took_away_is_not_found_again(tmp_path):
    path = tmp_path / "news.index"
    with Index.open(path, passages=True) as index, Index.open(path) as other:
        for number in range(4):
            index.add(article(number, QUOTE))
        found = index.search(QUOTE).passages
        assert spans(found) == spans(index.search(QUOTE).passages)
        assert {each.doc_id for each in found} == {"a0", "a1", "a2", "a3"}
        other.remove("a1")
        assert {each.doc_id for each in index.search(QUOTE).passages} == {"a0", "a2", "a3"}


def test_a_row_with_other_bytes_is_read_again(tmp_path):
    """What is held goes by the checksum of a row, whoever wrote that and however."""
    path = tmp_path / "news.index"
    with Index.open(path, passages=True) as index:
        index.add(article(1, QUOTE))
        index.add(article(2, UNRELATED[0]))
        assert {each.doc_id for each in index.search(QUOTE).passages} == {"a1"}
        with closing(sqlite3.connect(path)) as connection, connection:
            (record,) = connection.execute("SELECT record FROM docs WHERE number = 2").fetchone()
            sql = "SELECT family, leads, time FROM docs WHERE number = 1"
            seal = sealed(record, 1, *connection.execute(sql).fetchone())
            sql = "UPDATE docs SET seal = ?, record = ? WHERE number = 1"
            connection.execute(sql, (seal, record))
        assert index.search(QUOTE).passages == ()


def test_templates_are_counted_over_the_articles_that_are_left(place):
    """After ``expire`` as well: of a site with a kept line, and of one without articles."""
    day = 86_400
    with Index.open(place, clean=True, clock=lambda: 1_764_600_000) as index:
        for number in range(20):
            given = article(number, FOOT, site="one.example")
            index.add(given | {"date": 1_764_500_000 + (number >= 14) * day})
            index.add(article(100 + number, FOOT, site="two.example") | {"date": 1_764_500_000})
        index.keep_line(FOOT, "one.example")
        index.keep_line(FOOT, "two.example")
        listed = {each.site: (each.articles, each.of) for each in index.templates()}
        assert min(listed["one.example"]) > 6
        assert index.expire(1_764_500_000 + day) == 34
        (found,) = index.templates()
        assert (found.site, found.articles, found.of, found.kept) == ("one.example", 6, 6, True)
        kept = sorted(index.store.kept_lines())
        assert kept == [("one.example", FOOT.casefold()), ("two.example", FOOT.casefold())]
        assert index.verify() == []
        for number in range(40, 60):  # a kept line of a site that had no articles left
            verdict = index.check_and_add(article(number, FOOT, site="two.example"))
            assert verdict.removals == ()
        assert index.templates("two.example")[0].kept
