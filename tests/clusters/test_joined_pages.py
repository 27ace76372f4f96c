"""Which pages of a scan are kept: clean copies, pages of several articles, quotations."""

from __future__ import annotations

import random

import pytest
from prose import BAKERY, COMET, FERRY, LIBRARY, ORCHARD, PENDULUM, SWIMMING, THEATRE

import dedup
from dedup.clusters.one_text import (
    are_cut_in_sentences,
    are_numbered_pages,
    are_page_addresses,
    have_one_headline,
)
from dedup.config import Config


def page(*paragraphs):
    return "\n\n".join(paragraphs)


def scan(documents, **how):
    rows = [{"id": name, "text": text} for name, text in documents.items()]
    result = dedup.scan(rows, Config(**how))
    assert all(each.duplicate_of is None or not each.kept for each in result.documents)
    return result


def kept(result):
    return {each.doc_id for each in result.documents if each.kept}


MENU = "\n".join(f"{a} {b} | {b}" for a in ("Harbour", "Town", "Sport") for b in ("desk", "shop"))

URL = "https://gazette.example/"


@pytest.mark.parametrize("find", [("duplicates",), Config().find])
def test_the_clean_copy_is_kept_and_pages_as_a_whole_go(find):
    story = page(FERRY, ORCHARD)
    documents = {f"clean{k}": story + "\n" * k for k in range(4)}
    documents |= {"page": page(MENU, story, MENU.upper())}
    result = scan(documents, find=find)
    assert list(result.clusters) == ["clean0"]
    by_id = {each.doc_id: each for each in result.documents}
    assert not by_id["page"].kept
    assert list(scan(documents, find=find, canonical="longest").clusters) == ["page"]


def test_a_page_with_text_of_its_own_stays_beside_the_clean_copy():
    story = page(FERRY, ORCHARD)
    documents = {f"clean{k}": story.replace("apricots", f"apricots {k}") for k in range(3)}
    documents |= {"page1": page(story, COMET, BAKERY), "page2": page(story, COMET, BAKERY, "Foot")}
    result = scan(documents)
    assert list(result.clusters) == ["clean0"]
    by_id = {each.doc_id: each for each in result.documents}
    # One of the two pages stays, and stands for the other.
    assert kept(result) == {"clean0", "page2"}
    assert by_id["page1"].duplicate_of == "page2"
    assert by_id["page1"].cluster == "clean0"


@pytest.mark.parametrize("names", ["urls", "names"])
def test_a_page_of_several_articles_stands_for_none(names):
    prefix = URL if names == "urls" else ""
    parts = {f"{prefix}{k}": text for k, text in zip("xyz", (FERRY, COMET, LIBRARY), strict=True)}
    archive = f"{prefix}archive"
    result = scan(parts | {archive: page("March", *parts.values())})
    assert kept(result) == {*parts, archive}
    assert result.clusters == {}
    relations = {(pair.a, pair.b): pair.relation for pair in result.pairs}
    assert set(relations.values()) == {"compilation"}
    assert len(relations) == 3
    assert result.summary["relations"] == {"compilation": 3}


def test_two_copies_of_a_page_of_several_articles_are_copies():
    parts = {"x": FERRY, "y": COMET}
    whole = page(FERRY, COMET, SWIMMING)
    result = scan(parts | {"all1": whole, "all2": whole.replace("pool", "bath")})
    assert kept(result) == {"x", "y", "all1"}
    assert result.clusters == {"all1": ["all1", "all2"]}


def test_pages_of_one_text_go_for_all_of_it():
    one, two = page("A harbour town", FERRY), page("A harbour town", COMET)
    whole = page("A harbour town", FERRY, COMET)
    assert kept(scan({"1": one, "2": two, "all": whole})) == {"all"}
    one, two = page(FERRY, "Page 1 of 2"), page(COMET, "Page 2 of 2")
    assert kept(scan({"1": one, "2": two, "all": page(FERRY, COMET)})) == {"all"}
    urls = {f"{URL}a?page=1": FERRY, f"{URL}a?page=2": COMET, f"{URL}a": page(FERRY, COMET)}
    assert kept(scan(urls)) == {f"{URL}a"}


def test_a_head_that_all_pages_of_a_site_have_makes_no_pages_of_one_text():
    head = "The Porthaven Gazette"
    whole = page(head, "March", FERRY, COMET)
    parts = [page(head, "Ferry rests", FERRY), page(head, "Comet seen", COMET)]
    assert not have_one_headline(whole, parts)
    assert not are_cut_in_sentences(whole, parts)
    assert not are_numbered_pages(parts)
    assert not are_page_addresses([f"{URL}archive", f"{URL}1", f"{URL}2"])


def test_a_sentence_that_goes_on_joins_pages():
    words = FERRY.split()
    cut = next(k for k in range(40, len(words)) if words[k - 1].isalpha())
    one, two = " ".join(words[:cut]), " ".join(words[cut:])
    assert are_cut_in_sentences(FERRY, [two, one])
    assert not are_cut_in_sentences(FERRY, [one, two, "Something else."])


def test_a_quotation_a_caption_or_a_credit_makes_nothing_derived():
    quote = '"' + " ".join(ORCHARD.replace('"', "").split()[:70]) + '"'
    a, b = page(FERRY, quote), page(COMET, quote)
    relations = [pair.relation for pair in scan({"a": a, "b": b}).pairs]
    assert relations == ["shares_passage"]
    plain = quote.strip('"')
    relations = [
        pair.relation for pair in scan({"a": page(FERRY, plain), "b": page(COMET, plain)}).pairs
    ]
    assert relations == ["derived"]


def test_the_result_is_a_function_of_the_set():
    story = page(FERRY, ORCHARD)
    documents = {f"c{k}": story + "\n" * k for k in range(3)}
    documents |= {f"e{k}": story.replace("apricots", f"plums {k}") for k in range(3)}
    documents |= {
        "dump": page(story, PENDULUM, BAKERY),
        "dump2": page(story, PENDULUM, BAKERY, "x"),
    }
    documents |= {"scroll": page(THEATRE, COMET), "t": THEATRE, "m": COMET, "cut": story[:900]}
    wanted = [each.to_pylist() for each in scan(documents).tables.values()]
    names = list(documents)
    for seed in range(3):
        random.Random(seed).shuffle(names)
        some = {name: documents[name] for name in names}
        assert [each.to_pylist() for each in scan(some).tables.values()] == wanted
