"""The main job on the five seed articles, against what a person marked in them.

``data/gold_seeds.json`` holds the marks: passages that must be found (``required``) or may be
(``optional``), stretches that must not pass for one, what is to be removed and what only tagged.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import dedup
from dedup.output.cleaned import restore_directory, write_cleaned
from dedup.sources import read

GOLD = json.loads(Path(__file__).with_name("data").joinpath("gold_seeds.json").read_text())
REQUIRED = [each for each in GOLD["passages"] if each["tier"] == "required"]
MOST_WORDS_OFF = 5


@pytest.fixture(scope="module")
def result(seeds):
    return dedup.scan(read([str(seeds)]))


@pytest.fixture(scope="module")
def texts(seeds):
    return {path.name: path.read_bytes().decode("utf-8") for path in seeds.iterdir()}


def spans(passage):
    """Return the two places of a passage as (file, start, end)."""
    return (passage.a, passage.start_a, passage.end_a), (passage.b, passage.start_b, passage.end_b)


def place(span):
    return span["file"], span["start"], span["end"]


def overlap(one, two):
    """Return the characters that two places share."""
    return max(min(one[2], two[2]) - max(one[1], two[1]), 0) if one[0] == two[0] else 0


def size(one):
    return one[2] - one[1]


def words_between(text, one, two):
    return len(re.findall(r"\w+", text[min(one, two) : max(one, two)]))


def shows(passage, gold):
    """Tell whether a passage covers at least half of both places of a marked one."""
    both = zip(spans(passage), (place(gold["a"]), place(gold["b"])), strict=True)
    return all(2 * overlap(found, marked) >= size(marked) for found, marked in both)


def test_the_marks_are_those_of_the_seed_articles(texts):
    assert len(texts) == 5
    assert len(REQUIRED) == 5
    assert len(GOLD["not_passages"]) == 12
    marked = [each[side] for each in GOLD["passages"] for side in "ab"]
    marked += [span for each in GOLD["not_passages"] for span in each["spans"]]
    marked += GOLD["boilerplate"]
    for span in marked:
        file, start, end = place(span)
        assert 0 <= start < end <= len(texts[file])


@pytest.mark.parametrize("gold", REQUIRED, ids=lambda gold: gold["id"])
def test_a_required_passage_is_found_with_its_ends(result, texts, gold):
    found = [passage for passage in result.passages if shows(passage, gold)]
    assert len(found) == 1
    for got, side in zip(spans(found[0]), "ab", strict=True):
        file, start, end = place(gold[side])
        assert words_between(texts[file], got[1], start) <= MOST_WORDS_OFF
        assert words_between(texts[file], got[2], end) <= MOST_WORDS_OFF


def test_nothing_is_found_that_nobody_marked(result):
    for passage in result.passages:
        assert any(shows(passage, gold) for gold in GOLD["passages"])


@pytest.mark.parametrize("negative", GOLD["not_passages"], ids=lambda negative: negative["id"])
def test_no_passage_is_a_name_a_stock_phrase_or_the_same_fact(result, negative):
    for passage in result.passages:
        one, two = spans(passage)
        listed = negative.get("pairs")
        if listed is not None and [one[0][:3], two[0][:3]] not in listed:
            continue
        inside = [
            max(overlap(side, place(span)) / size(side) for span in negative["spans"])
            for side in (one, two)
        ]
        assert min(inside) <= 0.5, (negative["why"], passage)


def test_two_pairs_are_related_and_no_other(result):
    got = [{"a": pair.a, "b": pair.b, "relation": pair.relation} for pair in result.pairs]
    assert got == GOLD["pairs"]


def test_all_five_articles_are_kept(result):
    assert [document.doc_id[:3] for document in result.documents] == [f"{k:03}" for k in range(5)]
    assert all(document.kept and document.canonical for document in result.documents)
    assert result.clusters == {}
    assert result.summary["documents"] == {"read": 5, "kept": 5, "removed": 0, "skipped": 0}
    assert [[name[:3] for name in group] for group in result.summary["reuse_groups"]] == [
        ["000", "002", "004"]
    ]


def marked_as(kept):
    return {place(each) for each in GOLD["boilerplate"] if (each["action"] != "remove") == kept}


def test_what_is_marked_is_removed_and_nothing_else(result):
    ids = result.corpus.table["doc_id"].to_pylist()
    got = [(ids[cut["doc"]], cut["start"], cut["end"]) for cut in result.removals.to_pylist()]
    assert len(got) == 18
    assert set(got) == marked_as(kept=False)
    assert not any(result.review.to_pylist())


def test_captions_date_lines_and_tweets_are_tagged_and_stay(result):
    ids = result.corpus.table["doc_id"].to_pylist()
    got = [
        (ids[mark["doc"]], mark["start"], mark["end"]) for mark in result.annotations.to_pylist()
    ]
    assert len(got) == 10
    assert set(got) == marked_as(kept=True)


def test_the_teasers_point_to_the_lead_that_follows_them(result):
    (gold,) = [each for each in GOLD["within"] if each["action"] == "remove_teaser_keep_full"]
    got = {(each.doc_id, each.start, each.end) for each in result.repeats}
    assert got == {place(each) for each in gold["remove"]}
    for each in result.repeats:
        assert (each.doc_id, each.kept_start, each.kept_end) == place(gold["keep"][0])


def test_what_says_the_same_inside_an_article_stays(result):
    keep = [span for each in GOLD["within"] if each["action"] == "keep" for span in each["spans"]]
    removed = marked_as(kept=False)
    for span in keep:
        assert all(overlap(place(span), cut) == 0 for cut in removed)


def test_clean_and_restore_give_back_every_byte(seeds, result, tmp_path):
    write_cleaned(result, tmp_path / "clean")
    counts = restore_directory(tmp_path / "clean", tmp_path / "restored")
    assert counts["restored"] == 5
    for path in seeds.iterdir():
        (restored,) = (tmp_path / "restored").rglob(path.name)
        assert restored.read_bytes() == path.read_bytes()
        (cleaned,) = (tmp_path / "clean").rglob(path.name)
        gone = [cut for cut in marked_as(kept=False) if cut[0] == path.name]
        text = path.read_bytes().decode("utf-8")
        assert len(cleaned.read_bytes().decode("utf-8")) <= len(text) - sum(map(size, gone))


def test_the_functions_give_the_same_texts_back(result, texts):
    entries = dedup.clean(result)
    assert len(entries) == 5
    for entry in entries:
        original = texts[entry["doc_id"]]
        assert dedup.restore(entry) == original
        assert entry["sha256"] == hashlib.sha256(original.encode("utf-8")).hexdigest()
        gone = sorted(cut[1:] for cut in marked_as(kept=False) if cut[0] == entry["doc_id"])
        for start, end in gone:
            piece = original[start:end].strip()
            if len(piece) > 20 and original.count(piece) == len(
                [cut for cut in gone if original[slice(*cut)].strip() == piece]
            ):
                assert piece not in entry["clean"]
