"""A scan finds each wording wherever it occurs, what kind of text it is, and who copied whom."""

from __future__ import annotations

import random

import pytest
from twins import WRAPS

import dedup
from dedup.config import Config
from dedup.errors import ConfigError

pytestmark = WRAPS

WORDS = [
    a + b for a in "ba ke li mo nu ra se ti vo wu".split() for b in "dan fer gol mik rus".split()
]
SMALL = "the of and in on at by for with from to as after before under over near against".split()
QUOTE = (
    "“We entered the old city with tanks in the morning and we returned it to its rightful "
    "owners before the night fell,”"
)
LINE = "Sign up here for the weekly letter of the harbour desk with all that ships carried"
NOTE = (
    "The minister opened the second bridge over the river on Monday after nine years of building "
    "and said that the third one would follow before the end of the decade"
)


def filler(seed, sentences=6):
    """Return text of its own."""
    chosen = random.Random(seed)

    def word():
        return chosen.choice(WORDS) + chosen.choice(WORDS)

    def part():
        return f"{chosen.choice(SMALL)} {word()} {word()} {chosen.choice(SMALL)} {word()}"

    return " ".join(f"{part()} {part()} {word()}.".capitalize() for _ in range(sentences))


def article(number, middle, **more):
    text = f"{filler(number)}\n\n{middle}\n\n{filler(number + 10_000)}"
    return {"id": f"d{number:03}", "text": text, **more}


def only(result, kind):
    (family,) = [each for each in result.families if each.kind == kind]
    return family


@pytest.fixture(scope="module")
def quoted():
    documents = [
        article(k, f"{QUOTE} said Hassan Abdul Ghani.", site=f"site{k % 3}.example")
        for k in range(7)
    ]
    return dedup.scan(documents, passage_max_documents=3, find=("duplicates", "passages"))


def test_a_family_holds_more_documents_than_a_seed_keeps(quoted):
    family = only(quoted, "quote")
    assert [each.doc_id for each in family.occurrences] == [f"d{k:03}" for k in range(7)]
    assert family.articles == 7
    assert family.completed >= 3
    assert (family.sites, family.owners, family.variants, family.copies) == (3, 3, 0, 0)
    assert len(quoted.families) == 1


def test_occurrences_are_places_in_the_texts(quoted):
    family = only(quoted, "quote")
    ids = quoted.corpus.table["doc_id"].to_pylist()
    for each in family.occurrences:
        text = quoted.corpus.table["text"][ids.index(each.doc_id)].as_py()
        assert text[each.start : each.end].startswith("We entered the old city")
        assert each.similarity == 1
        assert each.site == each.owner
    (representative,) = [each for each in family.occurrences if each.representative]
    assert representative.doc_id == family.representative


def test_a_quote_has_its_speaker(quoted):
    assert only(quoted, "quote").speaker == "Hassan Abdul Ghani"
    assert "Hassan Abdul Ghani" in repr(quoted.families)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_order_of_documents_changes_nothing(quoted, threads):
    documents = quoted.corpus.table.select(["doc_id", "text", "site"]).to_pylist()
    documents = [{"id": row.pop("doc_id"), **row} for row in documents]
    random.Random(threads).shuffle(documents)
    again = dedup.scan(
        documents, passage_max_documents=3, find=("duplicates", "passages"), threads=threads
    )
    for name in ("families", "occurrences", "copying"):
        assert again.tables[name].equals(quoted.tables[name])


def test_what_one_owner_prints_in_unrelated_articles_is_a_template():
    documents = [article(k, LINE, site="one.example") for k in range(6)]
    found = dedup.scan(documents)
    assert only(found, "template").articles == 6
    assert [each.kind for each in found.families] == ["template"]


def test_a_template_has_no_agency_whatever_else_stands_in_its_articles():
    """Credits were counted in the articles that hold a family of another kind, too.

    So they hung on what else was found, and on Spark on what families were described together.
    """
    documents = [article(k, LINE, site="one.example") for k in range(6)]
    documents += [article(k, "", site=f"s{k}.example") for k in range(6, 9)]
    for row in documents[3:]:
        row["text"] += f" {NOTE} (dpa)"
    found = dedup.scan(documents)
    told = {each.kind: (each.agency, each.credits) for each in found.families}
    assert told == {"template": (None, 0), "agency": ("dpa", 6)}


def test_equal_documents_are_counted_and_listed():
    documents = [article(k, NOTE, site=f"s{k}.example") for k in range(3)]
    documents += [{**documents[0], "id": "copy", "site": "other.example"}]
    family = dedup.scan(documents).families[0]
    assert (family.articles, family.copies, family.sites) == (4, 1, 4)
    assert [each.doc_id for each in family.occurrences] == ["copy", "d000", "d001", "d002"]


def test_a_longer_form_is_a_variant_and_not_a_family_of_its_own():
    longer = f"{NOTE}, as the mayor of the town across the river had asked for since the flood"
    documents = [article(k, NOTE, site=f"s{k}.example") for k in range(5)]
    documents += [article(k, longer, site=f"s{k}.example") for k in range(5, 8)]
    found = dedup.scan(documents)
    (family,) = found.families
    assert family.articles == 8


def test_sites_of_one_owner_are_counted_once():
    documents = [article(k, NOTE, site=f"s{k}.example") for k in range(4)]
    owners = {"s0.example": "Big", "s1.example": "Big", "s2.example": "Big"}
    family = dedup.scan(documents, owners=owners).families[0]
    assert (family.sites, family.owners) == (4, 2)
    assert {each.owner for each in family.occurrences} == {"Big", "s3.example"}
    assert Config(owners=owners) == Config(owners=[f"{a}={b}" for a, b in reversed(owners.items())])


@pytest.mark.parametrize("owners", [["a"], ["=b"], ["a="], 3, [3]])
def test_owners_have_a_form(owners):
    with pytest.raises(ConfigError, match="owners"):
        Config(owners=owners)


def test_a_site_has_one_owner():
    with pytest.raises(ConfigError, match="two values"):
        Config(owners=["a=b", "a=c"])


def rows(result):
    return [
        (each.outlet, each.source, each.source_kind, each.evidence, each.articles)
        for each in result.copying
    ]


def test_a_credit_is_given_to_the_family():
    documents = [article(k, NOTE, site=f"s{k}.example") for k in range(3)]
    documents[1]["text"] += " (AFP, dpa)"
    documents[2]["text"] += " Bild: Anna Muster/dpa"
    found = dedup.scan(documents)
    family = found.families[0]
    assert (family.kind, family.agency, family.credits) == ("agency", "AFP", 1)
    assert "credited: AFP (1 of 3)" in repr(family)
    assert rows(found) == [
        ("s0.example", "AFP", "agency", "shared_credit", 1),
        ("s1.example", "AFP", "agency", "credit", 1),
        ("s2.example", "AFP", "agency", "shared_credit", 1),
    ]


def test_an_outlet_that_is_named_is_the_source():
    documents = [
        article(1, NOTE, site="thehill.example"),
        article(2, f"The Hill reported on it. {NOTE}", site="b.example"),
    ]
    assert rows(dedup.scan(documents)) == [("b.example", "thehill.example", "outlet", "named", 1)]


@pytest.mark.parametrize(
    ("dates", "wanted"),
    [
        (("2024-05-01T08:00:00Z", "2024-05-02T09:00:00Z"), True),
        (("2024-05-01T08:00:00Z", "2024-05-12T09:00:00Z"), False),
        (("2024-05-01", "2024-05-02"), False),
    ],
)
def test_times_within_three_days_say_who_was_first(dates, wanted):
    long = " ".join([NOTE, filler(77, 14)])
    documents = [article(k, long, site=f"s{k}.example", date=date) for k, date in enumerate(dates)]
    found = dedup.scan(documents)
    assert rows(found) == ([("s1.example", "s0.example", "outlet", "first", 1)] if wanted else [])
    assert found.families[0].first_id == "d000"
    assert (found.families[0].first_date, found.families[0].last_date) == dates


def test_one_shared_passage_says_nothing_of_who_was_first():
    documents = [
        article(k, NOTE, site=f"s{k}.example", date=f"2024-05-01T0{k}:00:00Z") for k in range(2)
    ]
    assert rows(dedup.scan(documents)) == []


def test_fast_mode_has_no_families():
    found = dedup.scan([article(k, NOTE) for k in range(2)], find=("duplicates",))
    assert (found.families, found.copying) == ([], [])
    assert "families" not in found.summary


def test_families_are_written_and_read(quoted, tmp_path):
    for form in ("jsonl", "parquet", "csv"):
        written = [path.name for path in quoted.write(tmp_path / form, format=form, with_text=True)]
        kind = "parquet" if form == "parquet" else "jsonl"
        assert {f"families.{kind}", f"occurrences.{kind}", f"copying.{kind}"} <= set(written)
        back = dedup.Result.read(tmp_path / form)
        assert back.families == quoted.families
    first = (tmp_path / "csv" / "occurrences.csv").read_text("utf-8-sig").splitlines()
    assert first[0].endswith("similarity,text")
    assert "We entered the old city" in first[1]


def test_a_wording_stands_for_a_family_and_not_a_text_that_tells_the_same_in_other_words():
    wire = (
        "The county council approved a plan on Monday to rebuild the flood wall along the river "
        "Asker at a cost of 14 million euros, after three years of delays and a report that called "
        "the old wall unsafe for the two thousand people who live behind it."
    )
    retold = (
        "On Monday a plan to rebuild the flood wall along the river Asker was approved by the "
        "county council, which expects a cost of 14 million euros after delays of three years; a "
        "report had called the wall that stands there unsafe for the people who live behind it, "
        "two thousand by its own count."
    )
    own = ("Bakers open at four.", "The library lends drills.", "Swimmers returned to the lake.")
    texts = {"retold": f"Our reporter was there. {retold} Voters decide in June."}
    texts |= {f"copy{k}": f"{each} {wire} More from outlet {k}." for k, each in enumerate(own)}
    documents = [
        {"id": name, "text": text, "url": f"https://{name}.example/a"}
        for name, text in texts.items()
    ]
    (family,) = dedup.scan(documents).tables["families"].to_pylist()
    assert family["articles"] == 4
    assert family["representative"].startswith("copy")
    assert family["wording"].startswith(wire.removesuffix("."))
