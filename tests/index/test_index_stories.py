"""Stories in an index: each article is told its story, in memory and in a file."""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
import threading

import pyarrow as pa
import pytest
from commands import run
from stories_corpus import FLOOD, OTHERS, STRIKE, documents

from dedup import Config
from dedup.errors import ConfigError, CorruptIndex, IndexMismatch
from dedup.evaluation import story_scores
from dedup.index import Index
from dedup.index.sqlite.database import sealed

KINDS = ["memory", "sqlite"]


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    return "memory://" if request.param == "memory" else tmp_path / "seen.index"


def test_each_article_is_told_its_story(place):
    with Index.open(place, stories=True) as index:
        told = {row["id"]: index.check_and_add(row).story for row in documents()}
        assert told == {
            **{"flood 0": "flood 0", "flood 1": "flood 0", "flood 2": "flood 0"},
            **{"strike 0": None, "strike 1": "strike 0"},
            **{f"other {k}": f"other {k}" for k in range(3)},
        }
        assert index.stories.members("flood 0") == [f"flood {k}" for k in range(3)]
        assert index.stories.story("strike 1") == "strike 0"
        assert index.stories.story("nobody") is None
        assert index.stories.members("nobody") == []
        assert index.info()["stories"]
        assert index.verify() == []


def test_many_are_told_as_one_by_one(place):
    with Index.open(place, stories=True) as index:
        many = [each.story for each in index.check_and_add_many(documents())]
    with Index.open("memory://", stories=True) as other:
        assert many == [other.check_and_add(row).story for row in documents()]


def test_arrow_batches_are_told_their_stories(place):
    rows = documents()
    table = pa.table({"doc_id": [each["id"] for each in rows], "text": [e["text"] for e in rows]})
    with Index.open(place, stories=True) as index:
        assert index.add_many(table)["new"] == len(rows)
        assert index.stories.members("flood 0") == [f"flood {k}" for k in range(3)]


def test_what_was_said_stays(place):
    with Index.open(place, stories=True) as index:
        first = [index.check_and_add(row).story for row in documents()]
        again = [index.check_and_add(row) for row in documents()]
        assert [each.story for each in again] == first
        assert {each.verdict for each in again} == {"same"}
        assert [index.check(row).story for row in documents()] == first
        assert index.check({"text": FLOOD[0] + " And more."}).story in (None, "flood 0")


def test_an_article_that_was_kept_and_not_placed_is_placed_when_it_comes_again(place):
    with Index.open(place, stories=True) as index:
        rows = documents()
        index.store.insert(list(index.sign_many(rows[:2])), add=True)  # and then it was killed
        told = [index.check_and_add(row) for row in rows[:3]]
        assert [each.verdict for each in told] == ["same", "same", "new"]
        assert [each.story for each in told] == ["flood 0", "flood 0", "flood 0"]


def test_copies_go_with_their_article_and_do_not_count(place):
    with Index.open(place, stories=True) as index:
        index.check_and_add({"id": "a", "text": FLOOD[0]})
        index.check_and_add({"id": "b", "text": FLOOD[1]})
        copy = index.check_and_add({"id": "c", "text": FLOOD[1].upper()})
        assert (copy.verdict, copy.story) == ("duplicate", "a")
        assert index.check({"text": FLOOD[1].upper()}).story == "a"
        assert index.stories.members("a") == ["a", "b"]
        index.remove("a", "b")
        late = index.check_and_add({"id": "d", "text": FLOOD[1].title()})
        assert late.verdict == "duplicate"  # of the copy, whose articles are gone
        assert index.check_and_add({"id": "e", "text": FLOOD[2]}).story == "d"


def test_an_updated_article_is_placed_again(place):
    with Index.open(place, stories=True) as index:
        for k, text in enumerate(FLOOD):
            index.check_and_add({"id": f"flood {k}", "text": text})
        index.check_and_add({"id": "strike", "text": STRIKE[0]})
        moved = index.check_and_add({"id": "flood 2", "text": STRIKE[1]})
        assert (moved.verdict, moved.story) == ("updated", "strike")
        assert index.stories.members("flood 0") == ["flood 0", "flood 1"]
        assert index.check_and_add({"id": "flood 2", "text": FLOOD[2]}).story == "flood 0"


def test_a_story_whose_first_article_goes_is_named_by_the_next(place):
    with Index.open(place, stories=True) as index:
        index.add_many(documents())
        assert index.remove("flood 0") == 1
        assert index.stories.members("flood 1") == ["flood 1", "flood 2"]
        moved = [each[1:] for each in index.stories.changes()]
        assert moved == [(f"flood {k}", "flood 0", "flood 1", "flood 0") for k in (1, 2)]
        assert index.stories.changes(after=1)[0].number == 2


def test_old_articles_are_forgotten_with_the_rest(place):
    with Index.open(place, stories=True) as index:
        for k, text in enumerate(FLOOD):
            index.check_and_add({"id": f"{k}", "text": text, "date": f"2024-03-0{k + 1}"})
        index.check_and_add({"id": "undated", "text": OTHERS[0]})
        assert index.expire("2024-03-02") == 1
        assert index.stories.members("1") == ["1", "2"]
        assert index.stories.story("undated") == "undated"


def test_articles_far_apart_in_time_are_two_stories(place):
    with Index.open(place, stories=True) as index:
        for k, (text, day) in enumerate(zip(FLOOD, ("03-01", "03-02", "09-01"), strict=True)):
            index.check_and_add({"id": f"{k}", "text": text, "date": f"2024-{day}"})
        assert index.stories.members("0") == ["0", "1"]
        assert index.stories.members("2") == ["2"]


def test_later_moves_are_listed():
    """An article that came between two stories is moved when the nearer one comes."""
    with Index.open("memory://", stories=True) as index:
        for seed in range(40):
            rows = documents()
            random.Random(seed).shuffle(rows)
            for row in rows:
                index.check_and_add({"id": f"{seed} {row['id']}", "text": row["text"]})
        for change in index.stories.changes():
            assert change.before != change.after
            assert change.because


def test_stories_are_built_in():
    with Index.open("memory://") as index:
        assert not index.keeps_stories
        assert index.check_and_add(documents()[0]).story is None
        with pytest.raises(ConfigError, match="true in an index that keeps stories"):
            index.stories  # noqa: B018


def test_an_index_in_a_file_keeps_its_stories(tmp_path):
    path = tmp_path / "seen.index"
    with Index.open(path, Config(story_cut=0.3), stories=True) as index:
        index.add_many(documents()[:4])
    with Index.open(path) as index:
        assert index.keeps_stories
        assert index.check_and_add(documents()[4]).story == "strike 0"
        index.backup(tmp_path / "copy.index")
    with Index.open(tmp_path / "copy.index", mode="r") as copy:
        assert copy.stories.members("strike 0") == ["strike 0", "strike 1"]
    with pytest.raises(IndexMismatch, match="stories"):
        Index.open(path, stories=False)
    with pytest.raises(IndexMismatch, match="story_cut"):
        Index.open(path, Config(story_cut=0.5))


def test_stories_are_not_begun_late(tmp_path):
    path = tmp_path / "seen.index"
    with Index.open(path) as index:
        index.add_many(documents())
    with pytest.raises(IndexMismatch, match="built with stories=False"):
        Index.open(path, stories=True)


def test_articles_made_ready_have_no_texts():
    with Index.open("memory://", stories=True) as index:
        with pytest.raises(ConfigError, match="give the documents to add_many"):
            index.add_entries([])


def test_a_damaged_vector_is_named(tmp_path):
    path = tmp_path / "seen.index"
    with Index.open(path, stories=True) as index:
        index.add_many(documents())
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE story_articles SET day = day + 1 WHERE number = 2")
    connection.close()
    with Index.open(path) as index:
        assert index.verify() == ["the vector of article 2 of a story is damaged"]


STRANGE = {
    "no json": ("story_settings", {"json": "{"}),
    "no object": ("story_settings", {"json": "[1]"}),
    "a setting missing": ("story_settings", {"json": '{"story_cut": 0.5}'}),
    "a setting out of bounds": ("story_settings", {"json": '{"story_cut": 9, "story_window": 1}'}),
    "fewer than no articles": ("story_counts", {"articles": -5}),
    "a count of a term": ("story_terms", {"documents": 1 << 62}),
    "a balance of a term": ("story_terms", {"balance": -(1 << 62)}),
    "a story without its first article": ("story_articles", {"story": 999}),
    "a story of no number": ("story_articles", {"story": -1}),
    "a day far away": ("story_articles", {"day": 1 << 40}),
}


@pytest.mark.parametrize("what", STRANGE)
def test_story_tables_of_a_stranger_are_refused(tmp_path, what):
    """Checksums fit, for a stranger can make them."""
    path, rows = tmp_path / "seen.index", documents()
    with Index.open(path, stories=True) as index:
        index.add_many(rows[:4])
    table, values = STRANGE[what]
    with sqlite3.connect(path) as connection:
        sets = ", ".join(f"{name} = ?" for name in values)
        connection.execute(f"UPDATE {table} SET {sets}", (*values.values(),))
        if "json" in values:
            connection.execute(f"UPDATE {table} SET seal = ?", (sealed(values["json"].encode()),))
        if "day" in values:
            found = connection.execute("SELECT number, vector FROM story_articles").fetchall()
            seals = [(sealed(vector, number, values["day"]), number) for number, vector in found]
            connection.executemany("UPDATE story_articles SET seal = ? WHERE number = ?", seals)
    connection.close()

    def use():
        with Index.open(path) as index:
            for row in rows:
                index.check(row)
            index.add_many(rows)

    with pytest.raises(CorruptIndex):
        use()


def test_threads_place_articles_at_once(tmp_path):
    rows = documents()
    with Index.open(tmp_path / "seen.index", stories=True) as index:
        threads = [
            threading.Thread(target=lambda k=k: [index.check_and_add(row) for row in rows[k::3]])
            for k in range(3)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        first = index.stories.story("flood 0")
        assert sorted(index.stories.members(first)) == [f"flood {k}" for k in range(3)]
        assert index.verify() == []


def test_a_server_keeps_no_stories():
    class Server:
        pass

    from dedup.index.stories import opened

    assert opened(Server(), None, None) is None
    with pytest.raises(ConfigError, match="an index on a server keeps none"):
        opened(Server(), None, True)


def test_a_filter_tells_stories(tmp_path):
    news = tmp_path / "news.jsonl"
    news.write_text("".join(json.dumps(row) + "\n" for row in documents()))
    arguments = ["filter", news, "--index", tmp_path / "seen.index", "--stories", "-q"]
    made = run(*arguments)
    told = [json.loads(line)["dedup"] for line in made.out.splitlines()]
    assert {each["doc_id"]: each["story"] for each in told}["flood 2"] == "flood 0"
    assert run(*arguments).out == made.out


def test_a_file_on_which_stories_are_labelled_is_placed_as_a_scan_does(shared):
    """B-cubed F1 one by one, in one order; benchmarks/quality measures more of them."""
    path = shared / "data" / "stories" / "docs.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    random.Random(7).shuffle(rows)
    rows = rows[:500]
    with Index.open("memory://", stories=True) as index:
        told = list(index.check_and_add_many({"id": r["id"], "text": r["text"]} for r in rows))
        now = {row["id"]: index.stories.story(row["id"]) for row in rows}
    known = {
        row["id"]: now[row["id"]] or verdict.story or row["id"]
        for row, verdict in zip(rows, told, strict=True)
    }
    scores = story_scores(known, {row["id"]: row["cluster"] for row in rows})
    assert scores.f1 > 0.9
