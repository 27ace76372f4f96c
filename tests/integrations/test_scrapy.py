"""The Scrapy pipeline in real crawls of a site on this machine: one spider, two at once."""

from __future__ import annotations

import functools
import html
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dedup import Config
from dedup.cleaning.apply import restore_text
from dedup.index import Index

pytest.importorskip("scrapy", reason="the extra scrapy is not installed")

SPIDER = Path(__file__).parents[1].joinpath("crawling.py")


@pytest.fixture(scope="module")
def site(tmp_path_factory, seeds):
    """Serve the seed articles, a copy of each, and one with another headline, on loopback."""
    folder = tmp_path_factory.mktemp("site")
    names = []
    for number, path in enumerate(sorted(seeds.glob("*.txt"))):
        lines = path.read_text(encoding="utf-8").splitlines()
        for kind in ("original", "copy", "edited"):
            shown = ["Another headline", *lines[1:]] if kind == "edited" else lines
            body = "".join(f"<p>{html.escape(line)}</p>" for line in shown)
            names.append(f"{kind}-{number}.html")
            (folder / names[-1]).write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    links = "".join(f'<a href="{name}">x</a>' for name in names)
    (folder / "index.html").write_text(f"<html><body>{links}</body></html>", encoding="utf-8")
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def start(site, feed, kind="dict", **settings):
    options = {"site": site, "feed": str(feed), "kind": kind, "settings": settings}
    command = [sys.executable, "-W", "error::DeprecationWarning:dedup", str(SPIDER)]
    return subprocess.Popen(
        [*command, json.dumps(options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process, feed):
    """Return the items and the stats of a crawl, and what it logged."""
    out, log = process.communicate(timeout=120)
    (line,) = [line for line in out.splitlines() if line.startswith("STATS ")] or [log]
    lines = feed.read_text(encoding="utf-8").splitlines() if feed.exists() else []
    return [json.loads(each) for each in lines], json.loads(line.removeprefix("STATS ")), log


def crawl(site, folder, kind="dict", **settings):
    feed = folder / "items.jsonl"
    feed.unlink(missing_ok=True)
    return finish(start(site, feed, kind, **settings), feed)


@pytest.mark.parametrize("kind", ["dict", "item", "data", "attrs"])
def test_items_are_annotated(site, tmp_path, kind):
    items, stats, _ = crawl(site, tmp_path, kind, DEDUP_INDEX=str(tmp_path / "news.index"))
    assert len(items) == 15
    assert (stats["dedup/new"], stats["dedup/duplicate"]) == (5, 10)
    copies = [each for each in items if each["dedup"]["verdict"] == "duplicate"]
    unknown = sum("lost_tokens" not in each["dedup"] for each in copies)  # no texts are kept
    assert stats["dedup/lost_unknown"] == unknown > 0
    urls = {each["url"] for each in items}
    assert all(each["dedup"]["duplicate_of"] in urls for each in copies)
    if kind == "dict":  # a second crawl says what the first one said
        again, stats, _ = crawl(site, tmp_path, kind, DEDUP_INDEX=str(tmp_path / "news.index"))
        first = {each["url"]: {**each["dedup"], "verdict": "same"} for each in items}
        assert {each["url"]: each["dedup"] for each in again} == first
        assert stats["dedup/same"] == 15


def test_copies_are_dropped(site, tmp_path):
    items, stats, log = crawl(
        site, tmp_path, DEDUP_INDEX=str(tmp_path / "news.index"), DEDUP_ACTION="drop"
    )
    assert len(items) == 5
    assert stats["item_dropped_reasons_count/NearDuplicate"] == stats["dedup/dropped"] == 10
    assert "Dropped" not in log
    assert "dedup: fields text=text, id=url, url=url" in log


def test_items_without_the_field_go_on_as_they_are(site, tmp_path):
    items, stats, log = crawl(site, tmp_path, "bare", DEDUP_INDEX=str(tmp_path / "news.index"))
    assert len(items) == stats["dedup/no_field"] == 15
    assert log.count("items have no field dedup") == 1


def test_two_spiders_share_one_index(site, tmp_path):
    feeds = [tmp_path / f"{n}.jsonl" for n in range(2)]
    settings = {"DEDUP_INDEX": str(tmp_path / "news.index"), "DEDUP_ACTION": "drop"}
    other = site.replace("127.0.0.1", "localhost")
    running = [start(at, feed, **settings) for at, feed in zip((site, other), feeds, strict=True)]
    done = [finish(*each) for each in zip(running, feeds, strict=True)]
    assert sum(len(items) for items, _, _ in done) == 5
    assert sum(stats.get("dedup/dropped", 0) for _, stats, _ in done) == 25
    with Index.open(settings["DEDUP_INDEX"], mode="r") as index:
        assert len(index) == 30


def test_an_index_that_is_out_of_reach_costs_no_item(site, tmp_path):
    place = str(tmp_path / "no" / "folder")
    items, stats, log = crawl(site, tmp_path, DEDUP_INDEX=place, DEDUP_ON_ERROR="continue")
    assert len(items) == 15
    assert stats["dedup/error/IndexUnavailable"] == 16
    assert log.count("items go on without a verdict") == 1
    assert all(each["dedup"]["verdict"] is None for each in items)
    assert all("IndexUnavailable" in each["dedup"]["reason"] for each in items)
    items, stats, log = crawl(site, tmp_path, DEDUP_INDEX=place)
    assert (items, stats["finish_reason"]) == ([], "dedup_index")
    assert place in log


def test_items_without_a_text_field_stop_the_spider(site, tmp_path, monkeypatch):
    monkeypatch.setenv("DEDUP_TEST_PAGES", "8")
    settings = {"DEDUP_INDEX": str(tmp_path / "news.index"), "DEDUP_TEXT_FIELD": "body"}
    items, stats, log = crawl(site, tmp_path, **settings)
    assert stats["finish_reason"] == "dedup_index"
    assert "none of the first 100 items has the field body (DEDUP_TEXT_FIELD)" in log
    assert {each["dedup"]["reason"] for each in items} == {"no text"}
    assert len(items) >= 100


@pytest.mark.parametrize(
    ("name", "lacks"), [("TEXT", "text"), ("ID", "id")], ids=["no text", "no id"]
)
def test_a_short_crawl_that_nothing_could_be_said_of_says_so(site, tmp_path, name, lacks):
    settings = {"DEDUP_INDEX": str(tmp_path / "news.index"), f"DEDUP_{name}_FIELD": "nowhere"}
    items, stats, log = crawl(site, tmp_path, **settings)
    assert stats["finish_reason"] == "finished"
    assert {each["dedup"]["reason"] for each in items} == {f"no {lacks}"}
    says = f"none of {len(items)} items has the field nowhere (DEDUP_{name}_FIELD)"
    assert log.count(says) == 1


def test_items_are_cleaned_and_told_what_they_share(site, tmp_path):
    items, _, _ = crawl(
        *(site, tmp_path),
        DEDUP_INDEX=str(tmp_path / "news.index"),
        DEDUP_CLEAN=True,
        DEDUP_PASSAGES=True,
    )
    assert len(items) == 15
    assert all(restore_text(e["clean"], e["dedup"]["removed"]) == e["text"] for e in items)
    assert any(each["clean"] != each["text"] for each in items)
    known = [each for each in items if each["dedup"]["passages"]]
    assert known
    assert {passage["doc_id"] for e in known for passage in e["dedup"]["passages"]} <= {
        each["url"] for each in items
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"DEDUP_CONFIG": {"threshold": 0.9}},
        {"DEDUP_CONFIG": {"treshold": 0.9}},
        {"DEDUP_ACTION": "remove"},
        {"DEDUP_DROP": ["new"]},
        {"DEDUP_WINDOW": "a month"},
        {"DEDUP_ON_ERROR": "ignore"},
        {"DEDUP_CLAEN": True},
    ],
)
def test_wrong_settings_close_the_spider_at_its_start(site, tmp_path, settings):
    path = str(tmp_path / "news.index")
    Index.open(path, Config()).close()
    items, stats, log = crawl(site, tmp_path, DEDUP_INDEX=path, **settings)
    assert (items, stats["finish_reason"]) == ([], "dedup_index")
    assert "[dedup.integrations.scrapy] ERROR: dedup: " in log


def test_without_an_index_there_is_no_pipeline(site, tmp_path):
    items, stats, log = crawl(site, tmp_path)
    assert len(items) == 15
    assert "DEDUP_INDEX is not set" in log
    assert not [name for name in stats if name.startswith("dedup/")]


def test_an_index_on_a_server(site, tmp_path, redis_url):
    items, stats, _ = crawl(site, tmp_path, DEDUP_INDEX=f"{redis_url}?name=crawl")
    assert (len(items), stats["dedup/new"]) == (15, 5)
