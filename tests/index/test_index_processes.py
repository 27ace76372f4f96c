"""An index in a file: several threads and processes, kills and full disks."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nursery
import pytest
from index_files import POSIX, article, articles

from dedup.index import Index

HERE = Path(__file__).parent


def script(body, *arguments, **options):
    """Start a process that runs ``body`` with the tests' modules at hand."""
    code = f"import sys\nsys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]\n{body}"
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_threads_share_an_index(path, small_runs):
    documents = articles(200)
    told, lock = [], threading.Lock()

    def insert(index):
        for each in random.sample(documents, len(documents)):
            verdict = index.check_and_add(each)
            with lock:
                told.append(verdict.verdict)

    with Index.open(path) as index:
        threads = [threading.Thread(target=insert, args=(index,)) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert (told.count("new"), told.count("same")) == (200, 600)
        assert index.verify() == []


INSERT = """
import random
from index_files import article
from dedup.index import Index
path, count, start = sys.argv[1], int(sys.argv[2]), sys.argv[3]
numbers = random.Random(start).sample(range(count), count)
with Index.open(path) as index:
    print("ready", flush=True)
    sys.stdin.readline()
    told = []
    for number in numbers:
        document = {**article(number), "id": f"{number} from {start}"}
        told.append(index.check_and_add(document).verdict)
print(told.count("new"), told.count("duplicate"))
"""


@pytest.mark.parametrize("count", [500, pytest.param(5000, marks=pytest.mark.slow)])
def test_of_four_processes_exactly_one_is_told_new(path, count):
    processes = [script(INSERT, path, count, n, stdin=subprocess.PIPE) for n in range(4)]
    for each in processes:
        assert each.stdout.readline() == "ready\n", each.communicate()[1]
    for each in processes:
        each.stdin.write("go\n")
        each.stdin.flush()
    said = [each.communicate() for each in processes]
    assert [each.returncode for each in processes] == [0] * 4, said
    numbers = [tuple(map(int, out.split())) for out, _ in said]
    assert sum(new for new, _ in numbers) == count
    assert sum(old for _, old in numbers) == 3 * count
    with Index.open(path) as index:
        assert index.verify() == []
        assert len(index) == 4 * count
        assert index.info()["representatives"] == count


def test_a_reader_sees_what_others_add_and_merge(path, small_runs):
    with Index.open(path) as writer, Index.open(path, mode="r") as reader:
        for number in range(100):
            document = article(number)
            assert reader.check(document).verdict == "new"
            writer.add(document)
            assert reader.check(document).verdict == "same"
        writer.remove(article(50)["id"])
        assert reader.check(article(50)).verdict == "new"
        writer.compact()
        assert len(list(reader)) == 99
        assert reader.check(article(99)).verdict == "same"


# Crashes


ADD = """
from index_files import article
from dedup.index import Index, sqlite
from dedup.index.sqlite import settling
settling.TAIL = sqlite.TAIL = 16
settling.FAN = 4
path, seed = sys.argv[1:3]
with Index.open(path) as index:
    for number in range(10**6):
        index.check_and_add(article(number, seed))
        print(number, flush=True)
"""


@POSIX
@pytest.mark.parametrize("rounds", [4, pytest.param(50, marks=pytest.mark.slow)])
def test_nothing_acknowledged_is_lost_by_a_kill(path, rounds):
    generator = random.Random(rounds)
    acknowledged = []
    pipe = path.with_name("told")
    os.mkfifo(pipe)
    load = ["index", "add", path.with_name("loaded"), path.with_name("none.jsonl")]
    path.with_name("none.jsonl").write_text(json.dumps(article(1)))
    with nursery.opened("import index_files", load) as processes:
        for seed in range(rounds):
            process = processes.script(ADD, path, seed, stdout=pipe)
            with pipe.open() as told:
                count = generator.randrange(5, 120)
                numbers = [int(told.readline()) for _ in range(count)]
                time.sleep(generator.random() / 200)
                process.kill()
                # A line that was cut off was not acknowledged.
                numbers += map(int, told.read().rpartition("\n")[0].split())
            assert process.wait() == -signal.SIGKILL
            acknowledged += [(seed, number) for number in numbers]
            is_last = seed in range(9, rounds, 10) or seed == rounds - 1
            with Index.open(path) as index:
                assert index.verify() == []
                documents = [
                    article(number, str(seed))
                    for seed, number in (acknowledged if is_last else acknowledged[-len(numbers) :])
                ]
                assert {each.verdict for each in index.check_many(documents)} == {"same"}
                # One more may have been kept than could be said, of each that was killed.
                assert 0 <= len(index) - len(acknowledged) <= seed + 1


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_a_torn_log_loses_the_end_and_nothing_else(path, small_runs, keep):
    documents = articles(120)
    copy = path.with_name("torn")
    with Index.open(path) as index:
        for each in documents:
            index.add(each)
        log = Path(f"{path}-wal").read_bytes()
        copy.write_bytes(path.read_bytes())
        cut = int(len(log) * keep)
        Path(f"{copy}-wal").write_bytes(log[:cut] + bytes(100))
    with Index.open(copy) as index:
        told = [each.verdict for each in index.check_many(documents)]
        assert index.verify() == []
        kept = told.count("same")
        assert told == ["same"] * kept + ["new"] * (120 - kept)
        assert 0 < kept < 120
        index.add_many(documents)
        assert len(index) == 120


FULL = """
import resource, signal
from index_files import article
from dedup.errors import IndexUnavailable
from dedup.index import Index, sqlite
from dedup.index.sqlite import settling
settling.TAIL = sqlite.TAIL = 16
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
index = Index.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), limits[1]))
done = 0
try:
    while True:
        index.check_and_add(article(done))
        done += 1
except IndexUnavailable as error:
    print(done, type(error).__name__, error)
assert done
assert {index.check(article(number)).verdict for number in range(done)} == {"same"}
for _ in range(3):
    try:
        index.add_many(article(number) for number in range(done, done + 500))
        raise SystemExit("there was room")
    except IndexUnavailable:
        pass
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
index.add_many(article(number) for number in range(done, done + 100))
assert index.verify() == []
assert len(index) == done + 100, (len(index), done)
index.close()
"""


@POSIX
@pytest.mark.parametrize("limit", [300_000, 1_000_000, 3_000_000])
def test_a_full_disk_leaves_a_usable_index(path, limit):
    process = script(FULL, path, limit)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "IndexUnavailable" in out
    with Index.open(path) as index:
        assert index.verify() == []
        assert len(index) == int(out.split()[0]) + 100


@POSIX
def test_processes_that_are_forked_add_at_once(path, small_runs):
    with Index.open(path) as index:
        index.add(article(0))
        children = []
        for seed in range(4):
            child = os.fork()
            if not child:
                code = 1
                try:
                    for number in range(50):
                        index.add(article(number, seed))
                    code = 0
                finally:
                    os._exit(code)
            children.append(child)
        for child in children:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(index) == 200
        assert index.verify() == []


NEVER_CLOSED = """
from index_files import article
from dedup.index import Index
index = Index.open(sys.argv[1])
for number in range(20):
    index.add(article(number))
"""


def test_what_nobody_closed_is_closed_at_the_end(path):
    process = script(NEVER_CLOSED, path)
    assert process.communicate()[1] == ""
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]
    with Index.open(path) as index:
        assert len(index) == 20
