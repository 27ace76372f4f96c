"""An index in a file: several processes, crashes, full disks, damage, and files of strangers."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from prose import UNRELATED

from dedup import Config
from dedup.errors import CorruptIndex, DedupError, IndexUnavailable
from dedup.index import Index, sqlite
from dedup.index.settings import Settings
from dedup.index.sqlite import settling
from dedup.index.sqlite.database import APPLICATION_ID, sealed
from dedup.index.sqlite.locking import file_system

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs fork, signals and limits")
HERE = Path(__file__).parent


def article(number, seed=0):
    """Return a document that is like no other."""
    generator = random.Random(f"{seed}/{number}")
    text = " ".join(f"w{generator.randrange(10**6)}" for _ in range(60))
    return {"id": f"https://example.org/{seed}/{number}", "text": text}


def articles(count, seed=0):
    return [article(number, seed) for number in range(count)]


@pytest.fixture
def small_runs(monkeypatch):
    """Let a few articles make a run, in this process."""
    for module in (settling, sqlite):
        monkeypatch.setattr(module, "TAIL", 16)
    monkeypatch.setattr(settling, "FAN", 4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "news.index"


def filled(path, count=150, **options):
    """Make an index with articles in runs and some that wait for one; return the documents."""
    documents = articles(count)
    with Index.open(path, **options) as index:
        index.add_many(documents[:-9])
        for each in documents[-9:]:
            index.add(each)
        info = index.info()
        assert min(info["runs"], info["waiting"]) > 0
        index.remove(documents.pop(3)["id"])
    return documents


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


# Opening and closing


def test_modes(path):
    with pytest.raises(IndexUnavailable, match="there is no index"):
        Index.open(path, mode="r")
    Index.open(path, mode="x").close()
    with pytest.raises(IndexUnavailable, match="something already"):
        Index.open(path, mode="x")
    with pytest.raises(IndexUnavailable):
        Index.open("memory://", mode="r")
    with pytest.raises(DedupError, match="mode"):
        Index.open(path, mode="w")
    with Index.open(path, mode="r") as index:
        assert index.check(UNRELATED[0]).verdict == "new"
        with pytest.raises(IndexUnavailable, match="reading only"):
            index.add({"id": "a", "text": UNRELATED[0]})
    with pytest.raises(IndexUnavailable, match="closed"):
        index.check(UNRELATED[0])
    index.close()


def test_a_url_of_nothing_known_is_refused():
    with pytest.raises(DedupError, match="got ftp://"):
        Index.open("ftp://example.org/index")


def test_a_folder_or_a_place_that_is_not_there_is_unavailable(tmp_path):
    with pytest.raises(IndexUnavailable):
        Index.open(tmp_path)
    with pytest.raises(IndexUnavailable):
        Index.open(tmp_path / "none" / "index")


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_reading_where_nothing_can_be_written(path):
    filled(path)
    path.parent.chmod(0o500)
    try:
        with Index.open(path, mode="r") as index:
            assert len(index) == 149
    finally:
        path.parent.chmod(0o700)


def test_a_clean_end_leaves_one_file_and_the_lock(path, small_runs):
    filled(path)
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]


def test_a_name_that_means_something_in_a_url(tmp_path):
    path = tmp_path / "news?mode=memory&x=%41#1.index"
    Index.open(path).close()
    assert path.exists()


def test_an_empty_file_becomes_an_index(path):
    path.touch()
    with Index.open(path) as index:
        index.add({"id": "a", "text": UNRELATED[0]})
    with Index.open(path, mode="r") as index:
        assert len(index) == 1


# Copies and room


def test_a_backup_is_whole_and_is_not_written_over(path, small_runs):
    documents = filled(path)
    copy = path.with_name("copy")
    with Index.open(path) as index:
        index.backup(copy)
        with pytest.raises(IndexUnavailable, match="something already"):
            index.backup(copy)
        index.add(article(1, seed=5))
    with Index.open(copy) as index:
        assert index.verify() == []
        assert {each.id for each in index} == {each["id"] for each in documents}
        assert {each.verdict for each in index.check_many(documents)} == {"same"}
    assert not list(path.parent.glob(".*.tmp"))


def test_compacting_gives_room_back(path, small_runs):
    documents = filled(path, 600)
    with Index.open(path) as index:
        before = path.stat().st_size
        assert index.remove(*(each["id"] for each in documents[:500])) == 500
        assert index.verify() == []
        index.compact()
        assert index.verify() == []
        assert path.stat().st_size < 0.6 * before
        assert index.info()["runs"] == 1
        assert {each.verdict for each in index.check_many(documents[500:])} == {"same"}
        assert {each.verdict for each in index.check_many(documents[:500])} == {"new"}


def test_many_at_once_is_the_same_as_one_by_one(tmp_path, small_runs):
    generator = np.random.default_rng(5)
    documents = []
    for number in range(400):
        if number and generator.random() < 0.4:
            text = documents[int(generator.integers(number))]["text"]
            words = text.split()
            for _ in range(int(generator.integers(3))):
                words[int(generator.integers(60))] = f"x{generator.integers(10**6)}"
            documents.append({"id": f"{number}", "text": " ".join(words)})
        else:
            documents.append({"id": f"{number}", "text": article(number)["text"]})
    documents.append({"id": "empty", "text": ""})
    with Index.open(tmp_path / "one") as one, Index.open(tmp_path / "many") as many:
        told = [one.check_and_add(each) for each in documents]
        # Into an empty index, into one that has some, and again after what is said twice.
        for low, high in ((0, 150), (150, 300), (290, 401)):
            many.add_many(documents[low:high])
        assert many.verify() == one.verify() == []
        got = [many.get(each["id"]).verdict for each in documents]
        assert [each.kept for each in got] == [each.kept for each in told]
        assert [each.cluster for each in got] == [each.cluster for each in told]
        same = [a == b for a, b in zip(got, told, strict=True)]
        assert all(same)
        assert {each.verdict for each in many.check_many(documents)} == {"same"}
        wanted = [each.duplicate_of for each in one.check_many(changed_ids(documents))]
        assert [each.duplicate_of for each in many.check_many(changed_ids(documents))] == wanted


def changed_ids(documents):
    return [{**each, "id": f"other {each['id']}"} for each in documents]


# Several threads and processes


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
from test_index_sqlite import article
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
from test_index_sqlite import article
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
    for seed in range(rounds):
        process = script(ADD, path, seed)
        count = generator.randrange(5, 120)
        acknowledged += [(seed, int(process.stdout.readline())) for _ in range(count)]
        time.sleep(generator.random() / 200)
        process.send_signal(signal.SIGKILL)
        out = process.stdout.read()
        process.communicate()
        # A line that was cut off was not acknowledged.
        acknowledged += [(seed, int(n)) for n in out.rpartition("\n")[0].split()]
        with Index.open(path) as index:
            assert index.verify() == []
            documents = [article(number, str(seed)) for seed, number in acknowledged]
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
from test_index_sqlite import article
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


# Damage


def answers(path, documents, others):
    """Return what an index says, or the error; anything else would be a fault."""
    try:
        with Index.open(path, mode="r") as index:
            told = [each.verdict for each in index.check_many([*documents, *others])]
            names = [each.id for each in index]
    except DedupError as error:
        return type(error).__name__
    return told, names


@pytest.mark.parametrize("how", ["flip", "zero", "cut"])
@pytest.mark.parametrize("rounds", [60, pytest.param(600, marks=pytest.mark.slow)])
def test_damage_gives_an_error_or_a_right_answer(path, small_runs, how, rounds):
    documents, others = filled(path, 300, store_text=True), articles(20, seed=9)
    right = answers(path, documents, others)
    data = path.read_bytes()
    generator = random.Random(f"{how} {rounds}")
    seen = set()
    for _ in range(rounds):
        path.write_bytes(damaged(data, how, generator))
        got = answers(path, documents, others)
        seen.add(got if isinstance(got, str) else "right")
        assert isinstance(got, str) or got == right
    assert (
        {"CorruptIndex"} <= seen <= {"CorruptIndex", "IndexUnavailable", "IndexMismatch", "right"}
    )


def damaged(data, how, generator):
    data = bytearray(data)
    if how == "flip":
        for _ in range(8):
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    elif how == "zero":
        page = generator.randrange(len(data) // 4096)
        data[page * 4096 : page * 4096 + 4096] = bytes(4096)
    else:
        del data[generator.randrange(1, len(data)) :]
    return data


def change(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for each in statements:
            connection.execute(*each) if isinstance(each, tuple) else connection.execute(each)
        connection.commit()


LAST = "(SELECT max(place) FROM blocks WHERE length(data) > 8)"


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        (f"UPDATE blocks SET data = zeroblob(length(data)) WHERE place = {LAST}", "damaged"),
        (f"UPDATE blocks SET data = x'000102' WHERE place = {LAST}", "impossible size"),
        (f"DELETE FROM blocks WHERE place = {LAST}", "missing"),
        ("DELETE FROM blocks", "missing"),
        ("DELETE FROM docs WHERE number = 40", "counted"),
        ("DELETE FROM gone", "do not follow"),
    ],
)
def test_verify_finds_and_rebuild_mends(path, small_runs, statement, flaw):
    documents = filled(path, 300)
    change(path, statement)
    if "docs" in statement:
        del documents[38]  # number 40: the fourth was removed
    with Index.open(path) as index:
        found = index.verify()
        assert any(flaw in each for each in found), found
        assert index.rebuild() == 0
        assert index.verify() == []
        assert {each.verdict for each in index.check_many(documents)} == {"same"}
        assert len(index) == len(documents)


def test_a_damaged_article_is_named_and_dropped_when_asked_for(path, small_runs):
    documents = filled(path, 300)
    change(path, "UPDATE docs SET record = zeroblob(length(record)) WHERE number = 100")
    with Index.open(path) as index:
        with pytest.raises(CorruptIndex, match="number 100"):
            list(index)
        with pytest.raises(CorruptIndex):
            index.check(documents[98])
        assert any("number 100 is damaged" in each for each in index.verify())
        assert index.rebuild() == 1
        assert index.verify() == []
        assert len(index) == len(documents) - 1
        assert index.check(documents[98]).verdict == "new"


# Files of strangers


STRANGERS = {
    "no database": b"this is no database, but it is as long as a header has to be" * 40,
    "a database": "CREATE TABLE x(y)",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON docs BEGIN DELETE FROM docs; END",
    "a view": "CREATE VIEW v AS SELECT load_extension('x')",
    "another table": "CREATE TABLE more(x)",
    "an expression": "CREATE INDEX i ON docs(abs(number))",
}


@pytest.mark.parametrize("what", STRANGERS)
@pytest.mark.parametrize("mode", ["a", "r"])
def test_a_file_that_is_no_index_is_not_opened_nor_changed(path, what, mode):
    made = STRANGERS[what]
    if what not in ("no database", "a database"):
        Index.open(path).close()
    if isinstance(made, bytes):
        path.write_bytes(made)
    else:
        change(path, made)
    before = path.read_bytes()
    with pytest.raises(CorruptIndex):
        Index.open(path, mode=mode)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "settings",
    ["", "[]", "null", "{}", '{"format": 1}', "[" * 100_000, '{"format": 1, "folding": 1}'],
)
def test_settings_of_strangers(path, settings):
    Index.open(path).close()
    change_settings(path, settings)
    with pytest.raises(DedupError):
        Index.open(path)


def change_settings(path, text):
    seal = sealed(text.encode())
    change(path, ("UPDATE settings SET seal = ?, json = ?", (seal, text)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_perm", 10**9),
        ("num_perm", "128"),
        ("bands", 0),
        ("bands", 10**6),
        ("rows", -1),
        ("threshold", float("nan")),
        ("cluster_on", [[]]),
        ("window", -1),
        ("scope", "everything"),
        ("salt", 1.5),
        ("salt", -1),
        ("store_text", 1),
        ("more", 1),
    ],
)
def test_settings_out_of_bounds_are_refused(path, name, value):
    with Index.open(path) as index:
        kept = json.loads(index.settings.to_json())
    change_settings(path, json.dumps(kept))
    Index.open(path).close()
    change_settings(path, json.dumps({**kept, name: value}))
    with pytest.raises(DedupError):
        Index.open(path)


def test_settings_come_back_as_they_were():
    made = Settings.of(Config(), window="30d", scope="within", salt=2**64 - 1)
    assert Settings.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE state SET data = zeroblob(length(data))",
        "UPDATE state SET data = x'00'",
        "DELETE FROM settings",
        "UPDATE docs SET record = x'00'",
        "UPDATE docs SET family = -9223372036854775808",
        "UPDATE blocks SET data = x''",
        "UPDATE blocks SET data = x'0102030405060708090a'",
        "UPDATE blocks SET data = zeroblob(1048576) WHERE place % 2 = 0",
    ],
)
def test_numbers_that_cannot_be_are_errors(path, small_runs, statement):
    documents = filled(path)
    change(path, statement)
    got = answers(path, documents, [])
    assert got in ("CorruptIndex", "IndexUnavailable")
    with pytest.raises(DedupError):
        insert_all(path, articles(40, seed=3))


def insert_all(path, documents):
    with Index.open(path) as index:
        for each in documents:
            index.add(each)


def test_the_mark_of_an_index_is_in_its_header(path):
    Index.open(path).close()
    assert path.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"dedu"


def test_an_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dedup.index.redis", None)
    with pytest.raises(IndexUnavailable, match="extra redis"):
        Index.open("redis://localhost/0")


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


def test_a_network_file_system_is_refused(tmp_path, monkeypatch):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 254:0 / / rw - ext4 /dev/vda rw\n"
        f"30 22 0:41 / {tmp_path}/far\\040away rw,relatime - nfs4 server:/x rw\n"
    )
    assert file_system(tmp_path / "index", mounts) == "ext4"
    assert file_system(tmp_path / "far away" / "deep" / "index", mounts) == "nfs4"
    assert file_system(tmp_path / "index", tmp_path / "none") == ""
    monkeypatch.setattr("dedup.index.sqlite.database.file_system", lambda path: "nfs4")
    with pytest.raises(IndexUnavailable, match="redis://"):
        Index.open(tmp_path / "index")


NEVER_CLOSED = """
from test_index_sqlite import article
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


@pytest.mark.parametrize("pages", [1, 20])
def test_a_copy_without_its_log_gives_an_error_or_a_right_answer(
    path, small_runs, monkeypatch, pages
):
    """The log is copied back every few pages, so what is in the file may be from the middle."""
    monkeypatch.setattr("dedup.index.sqlite.database._LOG_PAGES", pages)
    documents, copy = articles(200), path.with_name("copy")
    said = set()
    with Index.open(path) as index:
        for number, each in enumerate(documents):
            index.add(each)
            if number % 5:
                continue
            for end in ("", "-wal", "-shm"):
                Path(f"{copy}{end}").unlink(missing_ok=True)
            copy.write_bytes(path.read_bytes())
            got = answers(copy, documents, [])
            said.add(type(got))
            if not isinstance(got, str):
                kept = len(got[1])
                assert got[1] == [each["id"] for each in documents[:kept]]
                assert got[0] == ["same"] * kept + ["new"] * (200 - kept)
    assert tuple in said
