"""What every kind of index has to do, whatever it is kept in; compared with a plain twin."""

from __future__ import annotations

import itertools
import os
import uuid
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_index import NaiveIndex
from prose import UNRELATED, word

import dedup
from dedup import Config
from dedup.core.dates import when
from dedup.errors import ConfigError, IndexMismatch, InputError
from dedup.index import Index, Verdict, sqlite
from dedup.index.sqlite import settling
from dedup.schema import CORPUS

KINDS = ["memory", "sqlite", "redis"]
DAY = 86_400
NOON = 1_733_400_000


class Place:
    """Where the indexes of a test are; one of a kind that outlives its object is opened again."""

    def __init__(self, kind, folder, server=""):
        self.kind, self.folder, self.server = kind, folder, server
        self.numbers = itertools.count()

    def url(self):
        if self.kind == "memory":
            return "memory://"
        if self.kind == "redis":
            return f"{self.server}?name={uuid.uuid4().hex}"
        return str(self.folder / f"{next(self.numbers)}")

    def open(self, url=None, **options):
        return Index.open(url or self.url(), clock=lambda: NOON, **options)

    def again(self, index, url, **options):
        """Close an index and open it again, where that makes sense."""
        if self.kind == "memory":
            return index
        index.close()
        return self.open(url, **options)


@pytest.fixture(params=KINDS)
def position(request, tmp_path):
    server = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return Place(request.param, tmp_path, server)


def changed(text, word, at=20):
    """Return a text with one word in place of another."""
    parts = text.split()
    return " ".join([*parts[:at], word, *parts[at + 1 :]])


TEXTS = [
    *(
        version
        for text in UNRELATED[:4]
        for version in (text, text.upper(), changed(text, "otherwise"), changed(text, "elsewhere"))
    ),
    "Short.",
    "short",
    "",
    "…",
]
IDS = ["a", "b", "c", "d", "e", "ü/1"]
SITES = ["", "one.example", "two.example"]


def shown(verdict):
    """Return what the twin says as well."""
    names = ("verdict", "first", "duplicate_of", "relation", "cluster")
    return {name: getattr(verdict, name) for name in names}


offers = st.tuples(
    st.sampled_from(["check", "add", "add", "add", "many"]),
    st.sampled_from(IDS),
    st.sampled_from(TEXTS),
    st.integers(0, 6),
    st.sampled_from(SITES),
)
others = st.one_of(
    st.tuples(st.just("remove"), st.sampled_from(IDS)),
    st.tuples(st.just("expire"), st.integers(0, 7)),
    st.tuples(st.sampled_from(["again", "compact", "rebuild", "verify"])),
)
OPTIONS = [
    {},
    {"store_text": True},
    {"store_text": True, "window": "2d"},
    {"store_text": True, "scope": "across"},
    {"store_text": True, "scope": "within"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(st.one_of(offers, offers, offers, others), max_size=25))
def test_an_index_decides_like_its_twin(position, options, operations):
    before = (settling.TAIL, sqlite.TAIL, settling.FAN)
    settling.TAIL = sqlite.TAIL = 3  # so that a few articles make runs, and runs larger ones
    settling.FAN = 2
    try:
        compare_with_twin(position, options, operations)
    finally:
        settling.TAIL, sqlite.TAIL, settling.FAN = before


def compare_with_twin(position, options, operations):
    twin = NaiveIndex(
        window=2 * DAY if "window" in options else 0,
        scope=options.get("scope", "any"),
        has_text="store_text" in options,
    )
    url = position.url()
    index = position.open(url, **options)
    for operation in operations:
        if operation[0] in ("check", "add", "many"):
            compare_insert(index, twin, *operation)
        elif operation[0] == "remove":
            assert index.remove(operation[1]) == twin.remove(operation[1])
        elif operation[0] == "expire":
            moment = NOON - operation[1] * DAY
            assert index.expire(moment) == twin.expire(moment)
        elif operation[0] == "again":
            index = position.again(index, url, **options)
        elif operation[0] == "verify":
            assert index.verify() == []
        else:
            assert not getattr(index, operation[0])()
        compare_contents(index, twin)
    assert index.verify() == []
    index.close()


def compare_insert(index, twin, how, name, text, day, site):
    time = NOON - day * DAY
    document = {"id": name, "text": text, "date": time, "site": site}
    wanted = twin.insert(name, text, time, site, add=how != "check")
    if how == "many":
        (got,) = index.check_and_add_many([document])
    else:
        got = getattr(index, "check" if how == "check" else "check_and_add")(document)
    assert shown(got) == {key: wanted[key] for key in shown(got)}
    if wanted["jaccard"] is not None:
        spread = 4 * max(wanted["jaccard"] * (1 - wanted["jaccard"]) / 128, 0) ** 0.5
        assert abs(got.similarity - wanted["jaccard"]) <= spread + 1e-9
    if twin.has_text and wanted["relation"] == "near_duplicate":
        assert got.jaccard == pytest.approx(wanted["jaccard"])


def compare_contents(index, twin):
    assert [each.id for each in index] == [each.id for each in twin.kept]
    assert len(index) == len(twin.kept)
    assert index.info()["representatives"] == sum(each.leads for each in twin.kept)
    assert index.info()["versions"] == sum(len(each.told) - 1 for each in twin.kept)
    for name in IDS:
        known, wanted = index.get(name), twin.find(name)
        assert (name in index) == (known is not None) == (wanted is not None)
        if wanted is not None:
            assert (known.site, known.date) == (wanted.site, wanted.time)
            assert known.text == (wanted.text if twin.has_text else None)
            assert shown(known.verdict)["first"] == wanted.told[wanted.text]["first"]


def test_a_verdict_comes_back_as_it_was_first_given(position):
    text = UNRELATED[0]
    stream = [
        {"id": "a", "text": text},
        {"id": "b", "text": text},
        {"id": "a", "text": changed(text, "new")},
        {"id": "a", "text": UNRELATED[1]},
        {"id": "c", "text": UNRELATED[1]},
    ]
    url = position.url()
    index = position.open(url, store_text=True)
    first = list(index.check_and_add_many(stream))
    assert [each.verdict for each in first] == [
        "new",
        "duplicate",
        "updated",
        "updated",
        "duplicate",
    ]
    index = position.again(index, url)
    for _ in range(2):
        second = list(index.check_and_add_many(stream))
        assert [each.verdict for each in second] == ["same"] * 5
        assert second == [each.again() for each in first]
    assert [index.check(each) for each in stream] == second
    assert len(index) == 3
    index.close()


def test_what_is_kept_does_not_depend_on_the_way_it_is_added(position):
    documents = [{"id": f"{n}", "text": text} for n, text in enumerate(TEXTS)]
    index, other, third = position.open(), position.open(), position.open()
    one = [index.check_and_add(each) for each in documents]
    assert list(other.check_and_add_many(iter(documents))) == one
    told = third.add_many(documents)
    assert told == {kind: sum(v.verdict == kind for v in one) for kind in told}
    assert list(index) == list(other) == list(third)
    assert all(each.verdict == "same" for each in third.check_many(documents))
    for each in (index, other, third):
        each.close()


def test_documents_may_be_arrow(position):
    rows = [{"doc_id": "a", "text": UNRELATED[0], "site": "one.example", "date": "2024-12-05"}]
    rows.append({"doc_id": "b", "text": UNRELATED[0].upper()})
    table = pa.Table.from_pylist(rows, CORPUS)
    with position.open() as index:
        assert [each.verdict for each in index.check_many(table)] == ["new", "new"]
        assert [each.first for each in index.check_and_add_many(table)] == ["new", "duplicate"]
        assert index.add_many(table.to_batches()) == {"same": 2}
        assert index.get("a").site == "one.example"
        assert index.get("a").date == 1_733_356_800
        with pytest.raises(InputError, match="lacks doc_id"):
            index.add_many(table.drop_columns(["doc_id"]))


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"text": "x"}, "no id"),
        ({"id": "", "text": "x"}, "no id"),
        ({"id": "a"}, "text is NoneType"),
        ({"id": "a", "text": b"x"}, "text is bytes"),
        ({"id": ["a"], "text": "x"}, "id is list"),
        ({"id": "a" * 70_000, "text": "x"}, "over 65535 bytes"),
        ({"id": "a", "text": "x", "site": 1.5}, "site is float"),
        ("text alone", "got str"),
        (None, "got NoneType"),
    ],
)
def test_what_is_no_document_is_refused_and_changes_nothing(position, document, what):
    with position.open() as index:
        with pytest.raises(InputError, match=what):
            index.check_and_add(document)
        assert len(index) == 0


def test_ids_and_texts_of_any_characters(position):
    name, text = "\ud83d\x00 ü\U0001f600", "one \ud83d two \x00 three"
    with position.open(store_text=True) as index:
        index.add({"id": name, "text": text})
        (kept,) = index
        assert (kept.id, kept.text) == ("\ufffd\x00 ü\U0001f600", "one \ufffd two \x00 three")
        assert index.check_and_add({"id": name, "text": text}).verdict == "same"
        assert index.check_and_add({"id": 7, "text": "a number"}).verdict == "new"
        assert "7" in index


def test_a_text_alone_can_be_checked(position):
    with position.open() as index:
        index.add({"id": "a", "text": UNRELATED[0]})
        assert index.check(UNRELATED[0].upper()).duplicate_of == "a"
        assert [each.verdict for each in index.check_many([UNRELATED[0], UNRELATED[1]])] == [
            "duplicate",
            "new",
        ]
        assert index.check(UNRELATED[1]).cluster is None
        assert len(index) == 1


def test_texts_without_words_are_never_copies(position):
    with position.open() as index:
        told = [index.check_and_add({"id": f"{n}", "text": t}) for n, t in enumerate(("", "…", ""))]
        assert [each.verdict for each in told] == ["new"] * 3
        assert index.info()["representatives"] == 0
        again = index.check_and_add({"id": "0", "text": "?"})
        assert (again.verdict, again.similarity) == ("updated", 0.0)


def test_the_shorter_text_gives_way_and_the_longer_does_not(position):
    short, long = UNRELATED[0], f"{UNRELATED[0]} {UNRELATED[1]} {UNRELATED[2]}"
    options = {"config": Config(bands=128, rows=1), "store_text": True}
    with position.open(**options) as index:
        index.add({"id": "long", "text": long})
        told = index.check_and_add({"id": "short", "text": short})
        assert (told.verdict, told.relation) == ("duplicate", "excerpt")
        assert told.containment == 1.0
        assert told.jaccard < 0.5
    with position.open(**options) as index:
        index.add({"id": "short", "text": short})
        assert index.check_and_add({"id": "long", "text": long}).verdict == "new"
    with position.open(config=Config(bands=128, rows=1)) as index:
        index.add({"id": "long", "text": long})
        # Without the texts an excerpt is not told from a text that merely shares something.
        assert index.check_and_add({"id": "short", "text": short}).verdict == "new"


def test_one_article_of_a_page_of_several_is_no_copy_of_it(position):
    """As in a scan: told by an address on the host of the page, most of which is something else."""
    part, page = UNRELATED[0], f"{UNRELATED[0]} {UNRELATED[1]} {UNRELATED[2]}"
    with position.open(config=Config(bands=128, rows=1), store_text=True) as index:
        index.add({"id": "https://news.example/archive", "text": page})
        for name, verdict in (
            ("https://news.example/bridge", "new"),
            ("https://other.example/bridge", "duplicate"),
            ("bridge", "duplicate"),
        ):
            assert index.check({"id": name, "text": part}).verdict == verdict


def test_dates_ahead_of_the_clock_are_taken_back_and_counted(position):
    with position.open() as index:
        index.add({"id": "a", "text": UNRELATED[0], "date": NOON + 9 * DAY})
        index.add({"id": "b", "text": UNRELATED[1], "date": NOON})
        index.check({"id": "c", "text": UNRELATED[2], "date": NOON + DAY})
        assert index.get("a").date == NOON
        assert index.info()["future_dates"] == 1


def test_a_clock_that_goes_back_is_not_followed(position):
    now = NOON
    url = position.url()
    with Index.open(url, clock=lambda: now) as index:
        index.add({"id": "a", "text": UNRELATED[0]})
        now -= 5 * DAY
        index.add({"id": "b", "text": UNRELATED[1]})
        assert index.get("b").seen == index.get("a").seen == NOON


def test_expiry_takes_every_form_of_a_date(position):
    with position.open() as index:
        for n in range(4):
            day = date(2024, 12, 1 + n)
            index.add({"id": f"{n}", "text": UNRELATED[n], "date": day.isoformat()})
        assert index.expire("2024-12-02") == 1
        assert index.expire(date(2024, 12, 3)) == 1
        assert index.expire(datetime(2024, 12, 3, 12, tzinfo=timezone(timedelta(hours=1)))) == 1
        assert [each.id for each in index] == ["3"]
        with pytest.raises(ConfigError, match="before"):
            index.expire("some day")


def test_a_flood_of_one_text_costs_no_postings(position):
    with position.open() as index:
        documents = ({"id": f"{n}", "text": UNRELATED[0]} for n in range(1500))
        assert index.add_many(documents) == {"new": 1, "duplicate": 1499}
        info = index.info()
        assert (info["articles"], info["representatives"]) == (1500, 1)
        assert info["full_buckets"] == info["cut_candidates"] == 0


def test_a_full_bucket_is_counted_and_its_newest_are_found(position):
    """Two hundred articles have three words in common, so their only shingles differ."""
    config = Config(shingle_size=1, bands=128, rows=1, threshold=0.9)
    names = [f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(200)]
    with position.open(config=config) as index:
        for n, name in enumerate(names):
            index.add({"id": f"{n}", "text": f"lorem ipsum {name}x {name}y {name}z"})
        info = index.info()
        assert info["representatives"] == 200
        assert info["full_buckets"] >= 200 - 64
        last = names[-1]
        assert index.check(f"lorem, ipsum {last}x {last}y {last}z").duplicate_of == "199"
        # What is equal is found in any case: that is another key.
        assert index.check("lorem, ipsum aax aay aaz").duplicate_of == "0"


@pytest.mark.parametrize(
    ("field", "theirs"),
    [
        ("shingle_unit", "char"),
        ("shingle_size", 4),
        ("num_perm", 64),
        ("seed", 2),
        ("threshold", 0.8),
        ("coverage", 0.8),
        ("removable", 0.8),
        ("cluster_on", ("exact",)),
    ],
)
def test_an_index_of_other_settings_is_refused(tmp_path, field, theirs):
    path = tmp_path / "index"
    Index.open(path, Config(**{field: theirs})).close()
    with pytest.raises(IndexMismatch) as caught:
        Index.open(path, Config())
    assert caught.value.field in (field, "bands", "rows")
    assert caught.value.theirs != caught.value.ours
    with Index.open(path) as index:
        assert getattr(index.settings, field) == theirs


def test_recall_counts_by_what_follows_from_it(tmp_path):
    path = tmp_path / "index"
    Index.open(path, Config(recall=0.99)).close()
    Index.open(path, Config(bands=32, rows=4)).close()
    with pytest.raises(IndexMismatch, match="bands"):
        Index.open(path, Config(bands=25, rows=5))


@pytest.mark.parametrize(
    ("kept", "asked"),
    [({"window": "2d"}, {"window": "3d"}), ({"scope": "across"}, {"scope": "any"})],
)
def test_window_and_scope_travel_as_well(tmp_path, kept, asked):
    path = tmp_path / "index"
    Index.open(path, **kept).close()
    Index.open(path, **kept).close()
    Index.open(path).close()
    with pytest.raises(IndexMismatch):
        Index.open(path, **asked)
    with pytest.raises(IndexMismatch, match="store_text"):
        Index.open(path, store_text=True)


def test_units_are_settled_when_an_index_is_made():
    with pytest.raises(ConfigError, match="shingle_unit"):
        Index.open("memory://", Config(shingle_unit="auto"))
    with Index.open("memory://", Config(shingle_unit="char")) as index:
        index.add({"id": "a", "text": UNRELATED[0]})
        assert index.check(changed(UNRELATED[0], "othertime")).relation == "near_duplicate"


def test_what_is_no_date_is_none():
    for value in ("", None, "yesterday", True, float("nan"), 1e300, b"2024", [], "2024-13-45"):
        assert when(value) is None
    assert when(NOON) == NOON


def canonical_corpus(seed):
    """Return documents with dates of their own, in order of those, copies among them."""
    random = np.random.default_rng(seed)
    base = [" ".join(word(random.integers(4000)) for _ in range(120)) for _ in range(40)]
    texts = []
    for text in base:
        texts.append(text)
        kinds = random.integers(0, 5, random.integers(0, 4)).tolist()
        texts.extend(copy_of(text, kind, random) for kind in kinds)
    order = random.permutation(len(texts))
    return [
        {
            "id": f"doc-{random.integers(10**9):09d}-{n}",
            "text": texts[row],
            "date": datetime.fromtimestamp(NOON - (len(texts) - n) * DAY, timezone.utc).isoformat(),
        }
        for n, row in enumerate(order)
    ]


def copy_of(text, kind, random):
    if kind == 0:
        return text
    if kind == 1:
        return text.upper() + "!"
    return changed(text, f"x{word(random.integers(10**6))}", int(random.integers(110)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("store_text", [True, False])
def test_one_by_one_in_canonical_order_keeps_what_a_scan_keeps(position, seed, store_text):
    documents = canonical_corpus(seed)
    config = Config(find=("duplicates",), canonical="earliest")
    result = dedup.scan(documents, config)
    kept = {each.doc_id for each in result.documents if each.kept}
    assert 30 <= len(kept) < len(documents)
    with position.open(config=config, store_text=store_text) as index:
        told = {each["id"]: index.check_and_add(each) for each in documents}
        assert {name for name, verdict in told.items() if verdict.kept} == kept
    with position.open(config=config, store_text=store_text) as index:
        index.add_many(documents)
        assert {each.id for each in index if each.verdict.kept} == kept


def test_the_verdict_says_in_words_what_it_is():
    assert not Verdict(verdict="same", first="duplicate").kept
    assert Verdict(verdict="same", first="updated").kept


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_an_index_works_in_a_child_process(position):
    with position.open() as index:
        index.add({"id": "a", "text": UNRELATED[0]})
        child = os.fork()
        if not child:
            code = 1
            try:
                told = index.check({"id": "b", "text": UNRELATED[0]}).duplicate_of == "a"
                index.add({"id": "c", "text": UNRELATED[1]})
                code = 0 if told and len(index) == 2 else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        index.add({"id": "d", "text": UNRELATED[2]})
        assert len(index) == (2 if position.kind == "memory" else 3)
        assert index.verify() == []
