"""An index on a server: several users of it, servers that forget, lose the line, or hold damage."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections import Counter
from pathlib import Path

import pytest
from index_files import article, articles
from prose import UNRELATED

from dedup import Config
from dedup.errors import ConfigError, IndexMismatch, IndexUnavailable, OutputError
from dedup.index import Index

redis = pytest.importorskip("redis", reason="the extra redis is not installed")
servers = pytest.importorskip("servers")
HERE = Path(__file__).parent


@pytest.fixture
def url(redis_url):
    return f"{redis_url}?name={uuid.uuid4().hex}"


def client_of(index):
    return index.store._server.client


def key_of(index):
    return index.store._server.key


def test_modes(url):
    with pytest.raises(IndexUnavailable, match="there is no index"):
        Index.open(url, mode="r")
    Index.open(url, mode="x").close()
    with pytest.raises(IndexUnavailable, match="something already"):
        Index.open(url, mode="x")
    with Index.open(url, mode="r") as index:
        assert index.check(UNRELATED[0]).verdict == "new"
        for change in (lambda: index.add(article(1)), index.compact, lambda: index.remove("a")):
            with pytest.raises(IndexUnavailable, match="reading only"):
                change()
    with pytest.raises(IndexUnavailable, match="closed"):
        index.check(UNRELATED[0])
    index.close()


@pytest.mark.parametrize("asked", ["clean", "passages", "stories"])
def test_what_a_server_does_not_keep_is_refused_with_what_to_do(url, asked):
    """Whether there is no index yet, or one that gives verdicts."""
    for _ in range(2):
        with pytest.raises(ConfigError, match=rf"^{asked}: .*; give a file, or memory://"):
            Index.open(url, **{asked: True})
        Index.open(url).close()


def test_settings_travel_and_are_enforced(url):
    Index.open(url, Config(threshold=0.8), window="2d").close()
    with Index.open(url) as index:
        assert (index.settings.threshold, index.settings.window) == (0.8, 172_800)
    with pytest.raises(IndexMismatch, match=r"threshold=0\.8"):
        Index.open(url, Config())


def test_indexes_of_one_server_do_not_meet(redis_url):
    with Index.open(f"{redis_url}?name=one") as one, Index.open(f"{redis_url}?name=two") as two:
        one.add(article(1))
        assert two.check_and_add(article(1)).verdict == "new"
        assert (len(one), len(two)) == (1, 1)
        assert one.info()["kind"] == "redis"
        keys = [set(client_of(one).keys(f"*{{{name}}}*:docs")) for name in ("one", "two")]
        assert all(keys)
        assert not keys[0] & keys[1]


@pytest.mark.parametrize("name", ["a b", "{x}", "x" * 65])
def test_a_name_of_other_characters_is_refused(redis_url, name):
    with pytest.raises(ConfigError, match="name"):
        Index.open(f"{redis_url}?name={name}")


def test_no_server_is_unavailable_and_secrets_are_not_shown(tmp_path):
    with pytest.raises(IndexUnavailable) as caught:
        Index.open("redis://user:hush@127.0.0.1:1/0?name=x")
    assert "hush" not in str(caught.value)
    assert "127.0.0.1:1" in str(caught.value)
    with pytest.raises(IndexUnavailable):
        Index.open(f"unix://{tmp_path}/none.sock")


def test_a_server_that_forgets_is_refused(redis_url):
    with servers.running("--maxmemory-policy", "allkeys-lru") as (url, _):
        with pytest.raises(IndexUnavailable, match="allkeys-lru, allowed is noeviction"):
            Index.open(url)


def test_durable_asks_for_a_server_that_flushes(url):
    with pytest.raises(IndexUnavailable, match="appendfsync"):
        Index.open(url, durable=True)
    with servers.running("--appendonly", "yes", "--appendfsync", "always") as (other, _):
        with Index.open(other, durable=True) as index:
            assert index.check_and_add(article(1)).verdict == "new"


def test_a_full_server_keeps_what_it_has():
    with servers.running("--maxmemory", "4mb") as (url, _), Index.open(url) as index:
        kept = []

        def fill():
            for each in articles(5000):
                index.add(each)
                kept.append(each)

        with pytest.raises(IndexUnavailable, match="maxmemory"):
            fill()
        assert len(kept) > 20
        assert all(verdict.verdict == "same" for verdict in index.check_many(kept))
        assert index.verify() == []


def test_a_lost_line_is_unavailable():
    with servers.running() as (url, process), Index.open(url) as index:
        index.add(article(1))
        process.kill()
        process.wait()
        for call in (lambda: index.check(article(2)), lambda: len(index), lambda: list(index)):
            with pytest.raises(IndexUnavailable):
                call()


def test_scripts_that_a_server_lost_are_sent_again(url):
    with Index.open(url) as index:
        index.add(article(1))
        client_of(index).script_flush()
        assert index.check_and_add(article(1)).verdict == "same"


def test_an_index_that_was_taken_away_is_not_begun_again(url):
    with Index.open(url) as index:
        index.add(article(1))
        client_of(index).delete(key_of(index))
        with pytest.raises(IndexUnavailable, match="not there any more"):
            index.add(article(2))


def test_there_is_no_backup(url, tmp_path):
    with Index.open(url) as index, pytest.raises(OutputError, match="BGSAVE"):
        index.backup(tmp_path / "copy")


INSERT = """
from index_files import articles
from collections import Counter
from dedup.index import Index
with Index.open(sys.argv[1]) as index:
    documents = articles(int(sys.argv[2]))
    half = len(documents) // 2
    told = Counter(index.check_and_add(each).verdict for each in documents[:half])
    told.update(each.verdict for each in index.check_and_add_many(documents[half:]))
    print(told["new"], told["same"])
"""


def test_four_processes_offer_the_same_articles(url):
    code = f"import sys\nsys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]\n{INSERT}"
    command = [sys.executable, "-c", code, url, "1000"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [[*map(int, each.communicate(timeout=120)[0].split())] for each in running]
    assert [sum(each) for each in zip(*told, strict=True)] == [1000, 3000]
    with Index.open(url) as index:
        assert len(index) == 1000
        assert index.verify() == []


@pytest.mark.parametrize("store_text", [False, True])
def test_threads_that_change_the_same_articles(url, store_text):
    """Updates and removals of one group are decided outside of the server, and still one by one."""
    failed = []

    def work(number):
        try:
            for turn in range(15):
                text = UNRELATED[turn % 3] + f" {number}" * (turn % 2)
                index.check_and_add({"id": f"{turn % 4}", "text": f"{text} {turn}"})
                if turn % 5 == number:
                    index.remove(f"{turn % 4}")
        except Exception as error:
            failed.append(error)

    with Index.open(url, store_text=store_text) as index:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert not failed
        assert index.verify() == []
        assert len(index) == len(list(index))


def test_damage_is_found_and_mended(url):
    with Index.open(url) as index:
        index.add_many([*articles(40), {**article(3), "id": "copy"}])
        client, key = client_of(index), key_of(index)
        first, *_ = sorted(client.hkeys(f"{key}:docs"))
        value = bytearray(client.hget(f"{key}:docs", first))
        value[60] ^= 1
        client.hset(f"{key}:docs", first, bytes(value))
        client.delete(*[each for each in client.keys(f"{key}:p:*")][:20])
        client.hincrby(f"{key}:state", "articles", 7)
        found = index.verify()
        assert "article number 1 is damaged" in found
        assert any("postings" in each for each in found)
        assert "40 articles are there, 48 are counted" in found
        assert index.rebuild() == 1
        assert index.verify() == []
        assert len(index) == 40
        assert index.check(article(7)).verdict == "same"
        assert index.check(article(0)).verdict == "new"


def test_numbers_go_on_after_what_is_counted_was_lost(url):
    with Index.open(url) as index:
        index.add_many(articles(5))
        client_of(index).delete(f"{key_of(index)}:state")
        assert index.verify()
        index.rebuild()
        index.add(article(9))
        assert (index.verify(), len(index)) == ([], 6)


def test_what_expired_leaves_nothing_behind(url):
    with Index.open(url) as index:
        documents = [{**each, "date": 86_400 * (n % 5)} for n, each in enumerate(articles(60))]
        index.add_many([*documents, {**documents[0], "id": "late", "date": 86_400 * 9}])
        assert index.expire(86_400 * 9) == 60
        assert [each.id for each in index] == ["late"]
        assert index.verify() == []
        assert index.check(documents[0]["text"]).duplicate_of == "late"
        index.compact()
        client = client_of(index)
        assert len(client.keys(f"{key_of(index)}:p:*")) <= 34
        assert len(client.keys(f"{key_of(index)}:t:*")) == 1


def test_a_batch_goes_on_after_what_the_rules_decide(url):
    """An update in the middle of a batch is decided before what comes after it."""
    with Index.open(url) as index:
        stream = [article(n) for n in range(10)]
        index.add_many(stream)
        changed = [{"id": stream[4]["id"], "text": UNRELATED[0]}, {"id": "x", "text": UNRELATED[0]}]
        told = list(index.check_and_add_many([*stream[:2], *changed, *stream[2:4]]))
        assert [each.verdict for each in told] == ["same", "same", "updated", "duplicate"] + [
            "same"
        ] * 2
        assert told[3].duplicate_of == stream[4]["id"]


def test_the_package_that_is_missing_is_named(monkeypatch):
    for name in [each for each in sys.modules if each.startswith(("dedup.index.redis", "redis"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "dedup.index.redis.server", raising=False)
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(IndexUnavailable, match=r"dedup-toolkit\[redis\]"):
        Index.open("redis://localhost")


def test_counters_add_up(url):
    with Index.open(url) as index:
        told = index.add_many([*articles(30), *articles(30)])
        assert told == Counter(new=30, same=30)
