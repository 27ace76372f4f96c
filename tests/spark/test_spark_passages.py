"""Passages over a whole corpus: Spark finds what one machine finds."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from importlib import import_module

import numpy as np
import pyarrow as pa
import pytest
from dying import dying_in
from everything import everything, forms
from stories_corpus import FLOOD
from test_spark_inside import check_same_tables

import dedup
from dedup import Config
from dedup.core.arrays import texts_from_strings
from dedup.passages.families.find import WordingIndex
from dedup.text.tokens import tokenise_texts

PASSAGES = Config(find=("passages", "repeats"), boilerplate=False, passage_max_documents=12)
EVERYTHING = Config(
    passage_max_documents=12,
    template=("Sport and leisure",),
)


def quoting():
    """Return articles that quote each other, some equal or empty, most of them without capitals."""
    drawn = random.Random(5)
    pool = ["".join(drawn.choices("abcdefghijklmnop", k=8)) for _ in range(6_000)]

    def sentence():
        return " ".join(drawn.choices(pool, k=drawn.randrange(9, 18))).capitalize() + "."

    shared = [sentence() for _ in range(30)]
    weights = [40, 20, *[3] * 28]
    texts = []
    for k in range(400):
        parts = [sentence() for _ in range(drawn.randrange(1, 4))]
        parts += drawn.choices(shared, weights, k=drawn.randrange(0, 3)) * (10 if k == 7 else 1)
        if k % 5 == 0:
            parts[0] = f"“{drawn.choice(shared)}” said the mayor of the town on the hill."
        drawn.shuffle(parts)
        if k % 4 == 0:
            parts.append(
                "\n\nSubscribe to our newsletter\n\nYou can read more on our website at any time."
            )
        if k % 3 == 0:
            parts.append(f"\n\nImage caption {drawn.choice(shared)}\n\n")
        texts.append(" ".join(parts) if k % 3 < 2 else " ".join(parts).lower())
    texts += [texts[3].upper(), texts[4], "", "Short."]
    ids = [f"{k * 37 % 1000:03}" for k in range(len(texts))]
    dates = [f"2026-11-{k % 28 + 1:02}" for k in range(len(texts))]
    return pa.table({"id": ids, "text": texts, "date": dates})


@pytest.mark.spark
def test_passages_over_the_corpus(spark_here, monkeypatch):
    """Documents that are compared meet in groups of so few pairs that most of these are parts.

    A task holds so few wordings that their occurrences are found in several passes.
    """
    monkeypatch.setattr("dedup.spark.meeting._MANY", 6)
    monkeypatch.setattr("dedup.spark.wordings.PART_WORDS", 150)
    parts, part = [], WordingIndex.part
    monkeypatch.setattr(
        WordingIndex, "part", lambda *given: parts.append(given[1:]) or part(*given)
    )
    wanted = check_same_tables(spark_here, quoting(), PASSAGES, 7)
    assert len(wanted.tables["pairs"]) > 50
    assert len(wanted.tables["families"]) > 10
    assert len(parts) > 2
    assert {"seeds_in_too_many_documents", "seed_positions_left_out"} <= set(
        wanted.summary["limits"]
    )


@pytest.mark.spark
def test_everything_in_one_run_though_workers_die(spark_here, tmp_path, monkeypatch):
    """Tables and totals are those of one machine; a worker dies in each stage."""
    names = (
        *("addresses", "aligning", "arrow", "candidates", "counting", "describing", "equals"),
        *("inside", "left", "misread", "reading", "seeds", "stars", "story_words", "templates"),
        *("verifying", "wordings"),
    )
    modules = [import_module(f"dedup.spark.{name}") for name in names]
    flags = dying_in(modules, tmp_path, monkeypatch)
    wanted = check_same_tables(spark_here, everything(), EVERYTHING, 5)
    assert len(flags) > 30
    assert all(flag.exists() for flag in flags), "a stage in which nobody died"
    assert {"exact", "derived", "shares_passage", "same_url", "compilation"} <= set(
        wanted.summary["relations"]
    )
    assert wanted.summary["limits"]["near_copies_left_out_of_passages"] > 0
    assert len(wanted.tables["losses"]) > 0
    assert any(wanted.tables["documents"]["no_text"].to_pylist())
    rules = set(wanted.to_arrow("removals")["rule"].to_pylist())
    assert {"template_sentence", "template_of_site", "template_line", "known_template"} <= rules
    assert {"quote", "agency", "template"} <= set(wanted.summary["families"]["kinds"])
    assert {"credit", "named", "first"} <= set(wanted.summary["families"]["copying"])
    assert {"venice", "aslef"} <= {
        word.lower() for row in wanted.tables["stories"].to_pylist() for word in row["words"]
    }
    assert wanted.summary["stories"]["too_short"] > 0
    _check_forms(wanted)
    archive = [row["id"] for row in everything().to_pylist() if row["site"] == "archive.example"]
    pairs = wanted.tables["pairs"].to_pylist()
    read = [row for row in pairs if row["a"] in archive and row["jaccard"] < 0.1]
    assert len(read) == 4


def _check_forms(found):
    """Check that reports stay which are near copies two by two, and a form only all together."""
    form = {row["text"]: row["id"] for row in everything().to_pylist()}
    ids = [form[row["text"]] for row in forms()]
    assert len(ids) == 5
    pairs = [row for row in found.tables["pairs"].to_pylist() if {row["a"], row["b"]} <= set(ids)]
    assert [row["relation"] for row in pairs] == ["same_form"] * 10
    assert not set(ids) & {
        row["doc_id"] for row in found.tables["documents"].to_pylist() if not row["kept"]
    }
    two = dedup.scan(
        pa.Table.from_pylist(forms()[:2]), EVERYTHING, url="url", site="site", date="date"
    )
    assert two.summary["relations"] == {"near_duplicate": 1}
    assert two.summary["documents"]["removed"] == 1


@pytest.mark.spark
def test_more_than_the_driver_holds_makes_no_story(spark_here):
    from dedup.spark import find

    rows = [(f"{k}", text) for k, text in enumerate(FLOOD)]
    frame = spark_here.createDataFrame(rows, "id string, text string")
    found = find(frame, Config(find=("stories",)), driver_edges=50)
    assert found.summary["limits"]["stories_not_made_of"] == len(FLOOD)
    assert found.summary["unsupported"] == ["stories", "story_members"]
    assert not {"stories", "story_members"} & found.tables.keys()
    assert {row.story for row in found.documents.collect()} == {None}


@pytest.mark.spark
@pytest.mark.parametrize(("most", "count"), [(1, 2), (9, 20)])
def test_more_than_the_driver_holds_makes_no_family(spark_here, tmp_path, most, count):
    """More passages than it holds, or more than twice as many words of wordings."""
    from dedup.spark import wordings
    from dedup.spark.aligning import SPANS
    from dedup.spark.frames import Store

    rows = [(1, 2, 0, 20, 4, 24, 3, 0, 20), (1, 3, 0, 20, 4, 24, 3, 0, 20)]
    names = (*SPANS, "matched_tokens")
    passages = spark_here.createDataFrame(rows, ", ".join(f"{name} long" for name in names))
    texts = spark_here.createDataFrame([(k, k) for k in range(4)], "row long, rank long")
    given = wordings.Given(passages, texts, None, 5, most=most)
    with pytest.raises(wordings.TooManyError) as error:
        wordings.find_families(Store.at(spark_here, str(tmp_path)), given)
    assert error.value.args == (count,)


def some_seeds(count=1_500):
    """Return drawn seeds of forty documents, and as (kind, value, rank, row) where each stands.

    Those of one value are in order of rank. Eight places count, the last of them has the others.
    """
    from dedup.spark.seeds import Seeds

    drawn = np.random.default_rng(4)
    rows = [k % 5 << 33 | k for k in range(40)]
    found = {}
    for document, kind, value in drawn.integers(0, (40, 2, 100), (count, 3)).tolist():
        at = sorted(drawn.choice(500, drawn.integers(1, 12), replace=False).tolist())
        found[kind, value << 55, 40 - document, rows[document]] = at
    parts = []
    for (kind, value, rank, row), at in sorted(found.items()):
        marks = np.array(at[:8]) << 1
        marks[-1] |= max(len(at) - 8, 0) << 32
        given = (np.array([each] * len(marks), np.uint64) for each in (value, rank))
        values, ranks = given
        parts.append(Seeds.of(kind, values, (ranks, np.full(len(marks), row)), marks))
    return Seeds.joined(parts), found


@pytest.mark.parametrize("waiting", [7, 500, 1 << 20])
def test_what_pairs_match_in_is_told_by_their_seeds(waiting, monkeypatch):
    """In whatever order seeds come; one keeps five documents."""
    pytest.importorskip("pyspark")
    from dedup.spark import seeds

    monkeypatch.setattr(seeds, "_MOST_MATCHES", 100)
    given, of_document = some_seeds()
    mixed = given.take(np.random.default_rng(5).permutation(len(given.rows)))
    part = seeds.Part(5, waiting)
    for low in range(0, len(mixed.rows), 11):
        part.feed(mixed.take(slice(low, low + 11)))
    *found, limits = part.finish()
    matches = Counter(
        row for each in found for row in zip(*map(np.ndarray.tolist, each), strict=True)
    )
    of_seed = {}
    for (kind, value, rank, row), places in of_document.items():
        of_seed.setdefault((kind, value), []).append((rank, row, places))
    wanted, over, left_out = Counter(), 0, 0
    for (kind, _), every in of_seed.items():
        kept = sorted((row, places) for _, row, places in sorted(every)[:5])
        over += len(every) > 5
        left_out += sum(len(places) for _, _, places in sorted(every)[5:])
        if len(kept) > 1:
            left_out += sum(max(len(places) - 8, 0) for _, places in kept)
        for (a, ours), (b, theirs) in itertools.combinations(kept, 2):
            wanted.update((a, b, kind << 62 | i << 31 | j) for i in ours[:8] for j in theirs[:8])
    assert matches == wanted
    assert limits == (over, left_out)
    assert over > 50
    assert not list(seeds.Part(5).finish())


@pytest.mark.parametrize("parts", [1, 64, 70])
def test_seeds_travel_packed(parts, monkeypatch):
    """All come back, each in the part of its key."""
    pytest.importorskip("pyspark")
    from dedup.spark import packing, seeds

    monkeypatch.setattr(seeds, "_MOST_SENT", 700)
    given, _ = some_seeds()
    some = [given.take(slice(low, low + 300)) for low in range(0, len(given.rows) + 300, 300)]
    batches = list(seeds._packed(some, parts))
    assert len(batches) > 2
    found = [each for batch in batches for each in packing.unpacked(batch, seeds._KINDS)]
    of_part = {}
    for part, own in found:
        for key in own[0].tolist():
            assert of_part.setdefault(key, part) == part
    back = seeds.Seeds.joined([seeds.Seeds(*own) for _, own in found])
    assert [each.dtype for each in back] == [each.dtype for each in given]
    told = [Counter(zip(*map(np.ndarray.tolist, each), strict=True)) for each in (given, back)]
    assert told[0] == told[1]
    assert next(seeds._packed([given.take(slice(0, 0))], parts)).num_rows == 0


def test_no_packed_row_is_long(monkeypatch):
    """Spark 3.5 bounds a batch by its rows, however much one holds."""
    pytest.importorskip("pyspark")
    from dedup.spark import candidates, packing, seeds

    monkeypatch.setattr(packing, "_MOST_OF_ROW", 5)
    given, _ = some_seeds()
    (of_seeds,) = seeds._packed([given], 2)
    made = seeds.Matches(given.rows, given.rows + 1, given.marks)
    *of_matches, of_limits = seeds._sent([made, seeds.Limits(3, 4), seeds.Limits(1, 1)], 2)
    of_bands = candidates._packed([(given.rows, given.marks), (given.marks, given.rows)], 2)
    for batch in (of_seeds, *of_matches, of_bands):
        for cells in batch.columns[1:]:
            assert max(len(each) // 8 for each in cells.to_pylist()) == 5
    back = seeds.Seeds.joined(
        [seeds.Seeds(*c) for _, c in packing.unpacked(of_seeds, seeds._KINDS)]
    )
    assert sorted(back.keys.tolist()) == sorted(given.keys.tolist())
    ((part, cells),) = packing.unpacked(of_limits, [np.int64] * 3)
    assert (part, [each.tolist() for each in cells]) == (-1, [[4], [5], [0]])


@pytest.mark.parametrize("same", [False, True])
def test_matches_of_a_pair_come_together(same, monkeypatch):
    """Those of a part come in several batches, between them what was left out; a hash may fail."""
    pytest.importorskip("pyspark")
    from dedup.config import Config
    from dedup.passages.pairwise import mixed
    from dedup.spark import seeds

    drawn = np.random.default_rng(8)
    a = drawn.integers(0, 9, 3_000) << 33
    b, kinds = a + drawn.integers(1, 60, 3_000), drawn.integers(0, 2, 3_000)
    first = drawn.integers(0, 300, 3_000)
    matches = seeds.matches_of(kinds, first, drawn.integers(0, 300, 3_000))
    found = [seeds.Matches(*(each[low::4] for each in (a, b, matches))) for low in range(4)]
    monkeypatch.setattr(seeds, "_MOST_SENT", 700)
    batches = list(seeds._sent([found[0], seeds.Limits(2, 9), *found[1:]], 3))
    assert len(batches) > 3
    table = pa.Table.from_batches(batches).sort_by("part")
    if same:
        monkeypatch.setattr(seeds, "mixed", lambda a, b: mixed(a * 0, b % np.uint64(7)))
    monkeypatch.setattr(seeds, "_BYTES", 100)
    rows = pa.Table.from_batches(seeds._pairs(table.to_batches(max_chunksize=2), Config()))
    told = {
        (a, b): cell
        for a, b, cell in zip(*(each.to_pylist() for each in rows.columns), strict=True)
    }
    assert told.pop((2, 9)) is None
    of_pair = {}
    for one, two, match in zip(a.tolist(), b.tolist(), matches.tolist(), strict=True):
        of_pair.setdefault((one, two), []).append(match)
    assert 10 < len(told) < len(of_pair)
    assert len(told) == len(rows) - 1
    for pair, own in of_pair.items():
        is_some = seeds.promising(np.array([0, len(own)]), np.array(own), Config())[0]
        assert (pair in told) == is_some
        assert pair not in told or np.frombuffer(told[pair], np.int64).tolist() == sorted(own)


def test_pairs_of_a_table_of_groups():
    """A document stands in two groups; what is asked of it is told by group and row."""
    pytest.importorskip("pyspark")
    from dedup.spark.asked import CANDIDATE, OF_ADDRESS, SEEDED, Asked

    def ask(b, why, read=None, matches=()):
        cell = np.array(matches, np.int64).tobytes() if why & SEEDED else None
        return {"b": b, "why": why, "read_a": read, "read_b": read, "matches": cell}

    rows = [
        {"group": -3, "row": 2, "asked": [ask(9, SEEDED, None, [7, 8]), ask(5, CANDIDATE, 0.5)]},
        {"group": -3, "row": 5, "asked": []},
        {"group": -3, "row": 9, "asked": []},
        {"group": 4, "row": 2, "asked": []},
        {"group": 4, "row": 5, "asked": [ask(9, SEEDED | OF_ADDRESS, None, [3])]},
        {"group": 4, "row": 9, "asked": []},
    ]
    asked = Asked.of(pa.Table.from_pylist(rows))
    assert asked.pairs.tolist() == [[0, 1], [0, 2], [4, 5]]
    assert asked.why.tolist() == [CANDIDATE, SEEDED, SEEDED | OF_ADDRESS]
    assert asked.matched.pairs.tolist() == [[0, 2], [4, 5]]
    assert asked.matched.bounds.tolist() == [0, 2, 3]
    assert asked.matched.matches.tolist() == [7, 8, 3]
    assert asked.candidates.tolist() == [[0, 1], [4, 5]]
    assert asked.misread.pairs.tolist() == [[0, 1]]
    assert asked.misread.share_a.tolist() == [0.5]
    rows[2]["row"] = 8
    with pytest.raises(AssertionError, match="not in its group"):
        Asked.of(pa.Table.from_pylist(rows))


def test_shingles_are_compared_without_templates():
    pytest.importorskip("pyspark")
    from dedup.spark.aligning import _Sets

    config = Config(shingle_size=2)
    notes = ["read more here", "", "read more here", "ask us"]
    bodies = ["one two three four five", "one two three four six", "nine ten", "five six seven"]
    texts = texts_from_strings([f"{n} {b}".strip() for n, b in zip(notes, bodies, strict=True)])
    docs = np.array([k for k, note in enumerate(notes) if note])
    ends = np.array([len(note) for note in notes if note])
    sets = _Sets(texts, tokenise_texts(texts), (docs, np.zeros_like(docs), ends), config)
    plain = texts_from_strings(bodies)
    none = np.zeros(0, np.int64)
    wanted = _Sets(plain, tokenise_texts(plain), (none, none, none), config)
    pairs = np.array([[0, 1], [0, 3], [1, 2], [1, 3]])
    for mine, here in zip(sets.compare(pairs), wanted.compare(pairs), strict=True):
        assert mine.tolist() == here.tolist()
    assert sets.compare(pairs)[0][0] > 0.5
