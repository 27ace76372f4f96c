"""Measure the index: loading, checks, commits and floods, beside datasketch, in one run.

    scripts/bench index                                 # a million made articles
    scripts/bench index --size 300000 --json benchmarks/record/index-<date>.json

Articles are words drawn at random; every fifth is a near copy of the one before. They are signed
before the clock starts, unless a row says that signing is in it. What is one by one is timed call
by call on the wall clock, what is many at once also in CPU seconds of the process.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import datasketch
import numpy as np
import redis
import tables
from signatures import machine, versions

from dedup import Config, Index
from dedup.index import Entry, Verdict
from dedup.similarity.lsh import bands_and_rows
from dedup.similarity.minhash import signatures

SEED, VOCABULARY, CHUNK = 1, 20_000, 1000
WORDS, CHANGED, FOOTER = 300, 3, 200  # of an article, of a near copy, of what a flood shares
CONFIG = Config()
NEW = 1 << 40  # the numbers of articles that are in no index yet begin here
Row = dict[str, Any]


def main() -> int:
    """Measure everything and print the table."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="dedup-index-", dir=options.folder))
    params = bands_and_rows(CONFIG)
    rows: list[Row] = []
    try:
        with Index.open(folder / "warm") as index:  # compiles or loads the kernels
            index.add_entries(index.sign_many(articles(0, 5 * CHUNK)))
            list(map(index.check_and_add, articles(NEW, 50)))
        rows += of_file(folder / "index", options.size, options.calls)
        rows += of_floods(folder, options.size, options.calls)
        rows += of_memory(options.sample, params)
        rows += of_servers(options.server_sample, params)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    facts = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {**versions(), "redis (client)": redis.__version__},
        **{"size": options.size, "words": WORDS, "num_perm": CONFIG.num_perm},
        **{"bands_and_rows": params, "results": rows},
    }
    print(tables.table(facts))
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--size", type=int, default=1_000_000, help="articles in the index")
    parser.add_argument("--calls", type=int, default=5_000, help="calls that are timed one by one")
    parser.add_argument("--sample", type=int, default=20_000, help="articles beside datasketch")
    parser.add_argument("--server-sample", type=int, default=2_000, help="the same, over Redis")
    parser.add_argument("--folder", type=Path, help="where the files go (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="also write the figures, with date and machine")
    return parser.parse_args()


def articles(first: int, count: int) -> Iterator[dict[str, str]]:
    """Yield articles by number; every fifth is a near copy of the one before."""
    words = np.array([f"w{number:05}" for number in range(VOCABULARY)], object)
    for low in range(first, first + count, CHUNK):
        draw = np.random.default_rng((SEED, low))
        drawn = draw.integers(0, VOCABULARY, (CHUNK, WORDS))
        drawn[4::5] = drawn[3::5]
        drawn[4::5, 100 : 100 + CHANGED] = draw.integers(0, VOCABULARY, (CHUNK // 5, CHANGED))
        for row in range(min(CHUNK, first + count - low)):
            yield {"id": f"article-{low + row}", "text": " ".join(words[drawn[row]])}


def near_copies(count: int) -> Iterator[dict[str, str]]:
    """Yield near copies, under ids of their own, of the first articles."""
    for document in articles(0, count):
        words = document["text"].split(" ")
        words[200 : 200 + CHANGED] = ["changed"] * CHANGED
        yield {"id": f"copy-of-{document['id']}", "text": " ".join(words)}


def flood(kind: str, first: int, count: int) -> Iterator[dict[str, str]]:
    """Yield articles that are all the same, or 100 words each and all with one footer."""
    draw = random.Random(SEED)
    footer = " ".join(f"w{draw.randrange(VOCABULARY):05}" for _ in range(FOOTER))
    for number in range(first, first + count):
        own = "" if kind == "identical" else " ".join(f"{number}w{word}" for word in range(100))
        yield {"id": f"flood-{number}", "text": f"{own} {footer}"}


def written() -> int:
    """Return the bytes this process had written to disks so far."""
    facts = Path("/proc/self/io").read_text("utf-8").splitlines()
    return int(dict(line.split(": ") for line in facts)["write_bytes"])


def whole(name: str, count: int, run: Callable[[], object]) -> Row:
    """Time one call that does ``count`` articles."""
    gc.collect()
    gc.freeze()
    before, cpu, clock = written(), time.process_time(), time.perf_counter()
    run()
    seconds, used = time.perf_counter() - clock, time.process_time() - cpu
    print(f"{name}: {count / seconds:,.0f}/s", file=sys.stderr, flush=True)
    row = {"name": name, "articles": count, "seconds": seconds, "cpu_seconds": used}
    row |= {"per_second": count / seconds, "per_cpu_second": count / used}
    return {**row, "written_each": (written() - before) / count}


def each(name: str, call: Callable[[Any], object], given: Iterable[Any]) -> Row:
    """Time a call for each of the things given."""
    things, took, told = list(given), [], []

    def calls() -> None:
        for thing in things:
            clock = time.perf_counter()
            told.append(call(thing))
            took.append(time.perf_counter() - clock)

    row = whole(name, len(things), calls)
    row["p50_ms"], row["p99_ms"] = (float(np.quantile(took, at)) * 1e3 for at in (0.5, 0.99))
    row["told"] = Counter(one[0].verdict for one in told if isinstance(one, list))
    return row


def one_by_one(index: Index, *, add: bool) -> Callable[[Entry], list[Verdict]]:
    """Return what offers one signed article to an index."""
    return lambda entry: index.store.insert([entry], add=add)


def size_of(path: Path) -> int:
    """Return the bytes of an index that nobody has open."""
    return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))


def of_file(path: Path, size: int, calls: int) -> list[Row]:
    """Measure an index in a file."""
    with Index.open(path, CONFIG) as index:
        entries = list(index.sign_many(articles(0, size)))
        rows = [whole("bulk load", size, partial(index.add_entries, entries))]
        del entries
    rows[0]["bytes_each"] = size_of(path) / size
    few = min(calls, size)
    with Index.open(path) as index:
        made = map(list, (articles(NEW, few), near_copies(few), articles(0, few)))
        kinds = dict(zip(("new", "near copy", "same"), made, strict=True))
        check, add = one_by_one(index, add=False), one_by_one(index, add=True)
        for kind, made in kinds.items():
            rows.append(each(f"check, {kind}", check, index.sign_many(made)))
        for kind, made in kinds.items():
            rows.append(each(f"check, {kind}, with signing", index.check, made))
        rows.append(each("check_and_add", add, index.sign_many(articles(2 * NEW, calls))))
        given = articles(3 * NEW, calls)
        rows.append(each("check_and_add, with signing", index.check_and_add, given))
    return rows


def of_floods(folder: Path, size: int, calls: int) -> list[Row]:
    """Measure floods: one by one in the first and the last tenth, many at once between them."""
    rows = []
    for kind, count in (("identical", size), ("one footer", size // 10)):
        few = min(calls, count // 10)
        with Index.open(folder / kind.replace(" ", "-"), CONFIG) as index:
            for name, first in (("first", 0), ("last", count - few)):
                given = index.sign_many(flood(kind, first, few))
                call = f"flood, {kind}, {count:,}: check_and_add, {name} tenth"
                rows.append(each(call, one_by_one(index, add=True), given))
                if name == "first":
                    index.add_entries(index.sign_many(flood(kind, few, count - 2 * few)))
    return rows


def minhashes(documents: list[dict[str, str]]) -> list[tuple[str, datasketch.MinHash]]:
    """Return the signatures of dedup, which are datasketch's, as datasketch holds them."""
    made = signatures([document["text"] for document in documents], CONFIG)
    new = partial(datasketch.MinHash, CONFIG.num_perm, CONFIG.seed, scheme="affine32")
    pairs = zip(documents, made, strict=True)
    return [(document["id"], new(hashvalues=values)) for document, values in pairs]


def of_memory(sample: int, params: tuple[int, int]) -> list[Row]:
    """Measure both libraries in memory."""
    documents = list(articles(0, sample))
    hashes = minhashes(documents)

    def insert(*, ask: bool = False) -> datasketch.MinHashLSH:
        made = datasketch.MinHashLSH(num_perm=CONFIG.num_perm, params=params)
        for name, minhash in hashes:
            if ask:
                made.query(minhash)
            made.insert(name, minhash)
        return made

    rows = [whole("datasketch in memory, insert", sample, insert)]
    tracemalloc.start()
    kept = insert()
    rows[0]["bytes_each"] = tracemalloc.get_traced_memory()[0] / sample
    tracemalloc.stop()
    del kept
    rows.append(whole("datasketch in memory, query and insert", sample, partial(insert, ask=True)))
    with tempfile.TemporaryDirectory(prefix="dedup-index-") as folder:
        path = Path(folder) / "index"
        for name, at in (("memory", "memory://"), ("a file", path)):
            with Index.open(at, CONFIG) as index:
                run = partial(index.add_entries, list(index.sign_many(documents)))
                rows.append(whole(f"the same to dedup in {name}, many at once", sample, run))
        rows[-1]["bytes_each"] = size_of(path) / sample
    return rows


@contextmanager
def server(program: str) -> Iterator[str]:
    """Run a server of our own that keeps nothing on disk; yield its socket."""
    with tempfile.TemporaryDirectory(prefix="dedup-index-") as folder:
        socket = Path(folder) / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", folder, "--save", ""]
        process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        try:
            while not socket.exists() and process.poll() is None:
                time.sleep(0.02)
            yield str(socket)
        finally:
            process.kill()
            process.wait()


def of_servers(sample: int, params: tuple[int, int]) -> list[Row]:
    """Measure both libraries over Redis; CPU seconds are those of the client."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:  # scripts/servers installs it
        return []
    documents, rows = list(articles(0, sample)), []
    hashes = minhashes(documents)
    with server(program) as socket:
        client = redis.Redis(unix_socket_path=socket)
        storage = {"type": "redis", "redis": {"unix_socket_path": socket}}
        lsh = datasketch.MinHashLSH(num_perm=CONFIG.num_perm, params=params, storage_config=storage)

        def insert_in_session() -> None:
            with lsh.insertion_session() as session:
                for name, minhash in hashes:
                    session.insert(name, minhash)

        memory = partial(client.info, "memory")
        before = memory()["used_memory"]
        rows.append(each("datasketch over Redis, insert", lambda two: lsh.insert(*two), hashes))
        rows[-1]["bytes_each"] = (memory()["used_memory"] - before) / sample
        client.flushall()
        rows.append(whole("datasketch over Redis, insertion session", sample, insert_in_session))
        client.flushall()
        with Index.open(f"unix://{socket}?name=one", CONFIG) as index:
            before = memory()["used_memory"]
            given, add = index.sign_many(documents), one_by_one(index, add=True)
            rows.append(each("dedup over Redis, check_and_add", add, given))
            rows[-1]["bytes_each"] = (memory()["used_memory"] - before) / sample
        with Index.open(f"unix://{socket}?name=many", CONFIG) as index:
            run = partial(index.add_entries, list(index.sign_many(documents)))
            rows.append(whole("dedup over Redis, many at once", sample, run))
    return rows


if __name__ == "__main__":
    sys.exit(main())
