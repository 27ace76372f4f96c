"""Stories of a scan: who is in one, why, and that nothing is removed for it."""

from __future__ import annotations

import dataclasses
import json
import random

import numpy as np
import pyarrow as pa
import pytest
from stories_corpus import FLOOD, OTHERS, STRIKE, documents

import dedup
from dedup import Config
from dedup.core.dates import NO_DAY, days_of
from dedup.errors import ConfigError
from dedup.evaluation import evaluate, story_scores
from dedup.result import Story, StoryMember
from dedup.schema import MORE
from dedup.stories import linking
from dedup.stories.series import is_even, is_on_form
from dedup.stories.vectors import PRIORS, weights_of

FIND = ("repeats", "stories")


@pytest.fixture(scope="module")
def result():
    return dedup.scan(documents())


def stories_of(found):
    return {each.doc_id: each.story for each in found.documents}


def test_words_that_other_articles_have_too_are_none_of_a_story():
    rng = random.Random(5)

    def text(topic, weak):
        own = [f"{topic}{'bcdfghklmn'[k]}" for k in range(10)]
        rest = ["".join(rng.choices("bcdfghklmnprst", k=7)) for _ in range(60)]
        mixed = [*own * 2, *["zelto"] * weak, *rest]
        rng.shuffle(mixed)
        return " ".join(mixed)

    # In a quarter of the others: with three articles it was told of the story, and came first.
    others = [text(f"topic{k}x", k % 4 == 0) for k in range(40)]
    found = dedup.scan([*(text("harbour", 6) for _ in range(3)), *others], find=FIND)
    (story,) = found.stories
    assert story.articles == 3
    assert len(story.words) == 10
    assert all(word.startswith("harbour") for word in story.words)
    assert all("zelto" not in member.words for member in story.members)


def test_articles_on_one_event_are_a_story(result):
    assert [(each.story, each.articles) for each in result.stories] == [
        ("flood 0", 3),
        ("strike 0", 2),
    ]
    named = stories_of(result)
    assert [named[f"flood {k}"] for k in range(3)] == ["flood 0"] * 3
    assert [named[f"other {k}"] for k in range(3)] == [f"other {k}" for k in range(3)]


def test_room_that_is_not_filled_is_not_looked_at(monkeypatch):
    """New memory may hold anything; an index links a few articles in such room."""
    room = linking._room

    def filled(count):
        terms, values = room(count)
        terms[:], values[:] = (1 << 31) - 1, 65_535
        return terms, values

    sizes, products_of = [], linking.kernel.products_of

    def measured(vectors, pairs, spread, dots):
        sizes.append(len(spread))
        products_of(vectors, pairs, spread, dots)

    monkeypatch.setattr(linking, "_room", filled)
    monkeypatch.setattr(linking.kernel, "products_of", measured)
    with dedup.Index.open("memory://", stories=True) as index:
        told = [index.check_and_add(each).story for each in documents()]
    assert told.count("flood 0") == 3
    assert 0 < max(sizes) < 10_000


def test_stories_remove_nothing(result):
    assert all(each.kept for each in result.documents)
    assert result.summary["clusters"]["count"] == 0


def test_a_story_says_why(result):
    story = result.stories[0]
    assert {"Venice", "Rossi", "Adriatic"} <= set(story.names) <= set(story.words)
    assert story.shares == sorted(story.shares, reverse=True)
    assert 0 < sum(story.shares) <= 1
    assert story.similarity >= result.config.story_cut
    assert story.typical in {each.doc_id for each in story.members}
    for member in story.members:
        assert member.words
        assert member.similarity > 0.3


def test_the_table_of_a_story_has_the_columns_of_its_class():
    names = [item.name for item in dataclasses.fields(Story)]
    assert names == [*MORE["stories"].names, "members"]
    members = [item.name for item in dataclasses.fields(StoryMember)]
    assert members == MORE["story_members"].names


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_documents_and_threads_change_nothing(result, seed):
    some = documents()
    random.Random(seed).shuffle(some)
    again = dedup.scan(some, threads=seed + 1)
    assert again.tables["stories"].equals(result.tables["stories"])
    assert again.tables["story_members"].equals(result.tables["story_members"])
    assert stories_of(again) == stories_of(result)


def test_a_work_folder_goes_on_with_the_same_stories(result, tmp_path):
    work = tmp_path / "work"
    first = dedup.scan(documents(), work=work)
    again = dedup.scan(documents(), work=work)
    for name in ("stories", "story_members"):
        assert first.tables[name].equals(result.tables[name])
        assert again.tables[name].equals(result.tables[name])


def test_copies_count_once_and_are_members():
    copy = {"id": "a copy", "text": FLOOD[0].upper()}
    found = dedup.scan([*documents(), copy, {**copy, "id": "b copy"}])
    story = found.stories[0]
    assert (story.articles, story.documents) == (3, 5)
    copies = {each.doc_id: each.copy_of for each in story.members if each.copy_of}
    assert len(copies) == 2
    assert len(set(copies.values())) == 1
    assert len({each.story for each in found.documents if "copy" in each.doc_id}) == 1


def test_copies_alone_are_no_story():
    found = dedup.scan([FLOOD[0], FLOOD[0].upper(), OTHERS[0]])
    assert found.stories == []
    assert [each.story for each in found.documents] == ["0", "0", "2"]


def test_a_short_text_that_is_alone_has_no_story():
    found = dedup.scan([*FLOOD, "Closed on Monday."], find=FIND)
    assert [each.story for each in found.documents] == ["0", "0", "0", None]
    assert found.summary["stories"]["too_short"] == 1


def test_templates_join_nothing():
    line = (
        "Subscribe to our newsletter and never miss the best stories of the Harbour Gazette again"
    )
    rows = [
        {"id": str(k), "text": f"{text}\n\n{line}", "site": "harbour.example"}
        for k, text in enumerate([*OTHERS, *STRIKE[:1], *FLOOD[:1]])
    ]
    assert dedup.scan(rows).stories == []


def test_the_first_article_by_date_names_the_story():
    dates = ["2024-03-05", "2024-03-03", "2024-03-04"]
    rows = [
        {"id": f"{k}", "text": text, "date": date, "site": f"{k}.example"}
        for k, (text, date) in enumerate(zip(FLOOD, dates, strict=True))
    ]
    story = dedup.scan(rows, find=FIND).stories[0]
    assert (story.story, story.first, story.last, story.sites) == ("1", dates[1], dates[0], 3)


def test_a_window_keeps_far_dates_apart():
    dates = ["2024-03-05", "2024-03-06", "2024-09-04"]
    rows = [
        {"id": f"{k}", "text": text, "date": date}
        for k, (text, date) in enumerate(zip(FLOOD, dates, strict=True))
    ]
    assert [each.articles for each in dedup.scan(rows, find=FIND).stories] == [2]
    wide = dedup.scan(rows, find=FIND, story_window=365, story_cut=0.2)
    assert [each.articles for each in wide.stories] == [3]


def test_a_higher_cut_joins_less(result):
    assert dedup.scan(documents(), find=FIND, story_cut=1).stories == []
    with pytest.raises(ConfigError, match="story_cut: got 2, allowed is a number"):
        Config(story_cut=2)


def test_without_stories_there_are_no_tables():
    found = dedup.scan(documents(), find=["repeats", "passages"])
    assert "stories" not in found.tables
    assert found.stories == []
    assert {each.story for each in found.documents} == {None}


def test_fast_mode_has_none_and_says_so_by_its_columns():
    found = dedup.scan(documents(), find=["duplicates"])
    assert {each.story for each in found.documents} == {None}


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_result_is_read_back_with_its_stories(result, tmp_path, format):
    result.write(tmp_path, format=format)
    back = dedup.Result.read(tmp_path)
    assert [each.words for each in back.stories] == [each.words for each in result.stories]
    assert [len(each.members) for each in back.stories] == [3, 2]
    assert stories_of(back) == stories_of(result)
    assert repr(back.stories) == repr(result.stories)


def test_a_spreadsheet_gets_lists_as_text(result, tmp_path):
    result.write(tmp_path, format="csv")
    lines = (tmp_path / "stories.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].split(",")[:3] == ["story", "articles", "documents"]
    assert len(lines) == 3


def test_another_threshold_keeps_the_stories(result):
    again = result.at_threshold(0.9)
    assert stories_of(again) == stories_of(result)
    assert again.summary["stories"] == result.summary["stories"]


def test_scripts_without_spaces_and_without_capitals():
    one = "東京都は火曜日、台風十九号の接近に伴い地下鉄銀座線の運転を見合わせると発表した。"
    two = "台風十九号が接近し、地下鉄銀座線は火曜日に運転を見合わせると東京都が発表した。"
    other = "大阪の動物園で双子のパンダが生まれ、来園者に公開されるのは来年の春になる見込み。"
    found = dedup.scan([one, two, other], find=FIND)
    assert [each.story for each in found.documents][:2] == ["0", "0"]
    assert found.documents[2].story != "0"
    assert all(len(word) == 2 for word in found.stories[0].words)


def test_a_weekly_report_is_a_series():
    weeks = np.arange(0, 70, 7, dtype=np.int32)
    nobody = np.full(10, -1)
    assert is_even(weeks, nobody)
    assert is_even(weeks, np.zeros(10, np.int64))
    event = np.array([0, 0, 1, 1, 1, 2, 2, 3, 5, 14], np.int32)
    assert not is_even(event, nobody)
    assert not is_even(weeks[:4], nobody[:4])
    assert not is_even(np.full(10, NO_DAY, np.int32), nobody)
    assert not is_even(np.arange(10, dtype=np.int32), nobody)  # nine days
    twice = np.repeat(weeks, 2)
    assert not is_even(twice, np.zeros(20, np.int64))  # two a day of one site
    assert is_on_form(np.array([True, True, True, False]))
    assert not is_on_form(np.array([True, True]))


def test_a_series_of_prices_is_marked():
    prices = [1921 + 7 * week % 50 for week in range(8)]
    rows = [
        {
            "id": f"gold {week}",
            "site": "prices.example",
            "date": f"2024-0{1 + week // 4}-{1 + 7 * (week % 4):02}",
            "text": f"Gold prices in Karachi on day {week + 3}: the sarafa association fixed ten "
            f"grams at {price} rupees and a tola at {price * 12 // 10} rupees, dealer "
            f"{['Khan', 'Malik', 'Raja', 'Shah'][week % 4]} said, as silver stood at {price // 9}.",
        }
        for week, price in enumerate(prices)
    ]
    story = dedup.scan(rows, find=("repeats", "stories")).stories[0]
    assert story.series in ("dates", "form")
    assert "(a series)" in repr(story)


def test_days_of_dates():
    found = days_of(pa.chunked_array([["1970-01-02", None], ["x", "1969-12-31T23:00:00Z"]]))
    assert found.tolist() == [1, NO_DAY, NO_DAY, -1]


def test_the_weight_of_a_word_starts_from_a_prior():
    known = weights_of(np.array([0, 5, 5]), np.array([0.02, 0.02, 0.003]), 5)
    assert known[0] == 0  # of a free slot
    assert 0 < known[1] < known[2]  # five of five, and still it weighs
    assert PRIORS["name"] < PRIORS["word"]


def test_stories_are_scored(result, tmp_path):
    result.write(tmp_path / "result")
    labels = tmp_path / "labels.jsonl"
    truth = {row["id"]: row["id"].split()[0] for row in documents() if "other" not in row["id"]}
    labels.write_text(
        "".join(json.dumps({"id": key, "story": name}) + "\n" for key, name in truth.items())
    )
    scores = evaluate(labels, tmp_path / "result")["stories"]
    assert (scores["precision"], scores["recall"], scores["ari"], scores["n"]) == (1, 1, 1, 5)
    clusters = tmp_path / "clusters.jsonl"
    clusters.write_text(labels.read_text().replace('"story"', '"cluster"'))
    assert evaluate(clusters, tmp_path / "result", stories=True)["stories"] == scores


def test_b_cubed_is_a_mean_over_documents():
    truth = {"a": "1", "b": "1", "c": "2", "d": "3"}
    scores = story_scores({"a": "x", "b": "x", "c": "x"}, truth)
    assert scores.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert scores.recall == 1
    assert (scores.missing, scores.extra) == (1, 0)


def test_labels_of_stories_need_stories(tmp_path):
    dedup.scan(documents(), find=["repeats"]).write(tmp_path)
    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"id": "flood 0", "story": "1"}\n')
    with pytest.raises(ConfigError, match="looked for stories"):
        evaluate(labels, tmp_path)
