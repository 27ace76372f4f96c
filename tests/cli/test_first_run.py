"""The first run on a machine: little text is read without compiling, and found is the same."""

import json
import os
import subprocess
import sys

import pytest

from dedup.cli.warming import SMALL, is_small

LEAD = "The council of the northern town voted on Monday to close the old bridge for two years. "
REST = "Engineers found {} cracks in the {} pillars, and repairs would cost {} million crowns. "
LOUD = "SOLD " * 300 + "out\n"  # more capitals in a line than a byte counts


def articles(count):
    """Make articles that share a lead, some of them near copies of each other."""
    for k in range(count):
        own = " ".join(REST.format(k + 3, word, 2 * k + 1) for word in ("first", "last", "middle"))
        yield {"id": f"a{k}", "text": f"{LEAD}{own if k % 3 else REST}{LOUD * (k == 4)}{LEAD}"}


def dedup(*arguments, cache):
    """Run the command in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "dedup", *map(str, arguments)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def news(tmp_path_factory):
    path = tmp_path_factory.mktemp("news") / "news.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in articles(9)))
    return path


@pytest.mark.parametrize("command", ["scan", "clean", "filter", "compare"])
def test_little_text_is_read_without_compiling(command, news, seeds, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    two = sorted(seeds.iterdir())[:2]
    _, said = dedup(
        *{
            "scan": ("scan", news, "-o", tmp_path / "out"),
            "clean": ("clean", news, "-o", tmp_path / "out"),
            "filter": ("filter", news, "--index", tmp_path / "seen.index"),
            "compare": ("compare", *two),
        }[command],
        cache=cache,
    )
    assert "nothing is compiled" in said
    assert "Warning" not in said
    assert not list(cache.rglob("*.nbc"))


@pytest.mark.parametrize("name", ["seeds", "news"])
def test_what_is_found_without_compiling_is_the_same(name, request, tmp_path):
    path = request.getfixturevalue(name)
    cache = tmp_path / "cache"
    cache.mkdir()
    without = dedup("scan", path, "-o", tmp_path / "one", cache=cache)[1]
    assert "nothing is compiled" in without
    kept = os.environ.get("NUMBA_CACHE_DIR", "")
    dedup("warmup", "scan", "-q", cache=kept)
    assert "not compiled" not in dedup("scan", path, "-o", tmp_path / "two", cache=kept)[1]
    tables = sorted(each.name for each in (tmp_path / "two").glob("*.jsonl"))
    assert "passages.jsonl" in tables
    for table in tables:
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()


def test_what_is_little(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x" * (SMALL // 2))
    folder = tmp_path / "deep" / "deeper"
    folder.mkdir(parents=True)
    assert is_small([str(tmp_path)])
    assert is_small([str(tmp_path / "*.txt"), str(tmp_path / "none.txt")])
    (folder / "b.txt").write_bytes(b"x" * (SMALL // 2 + 1))
    assert not is_small([str(tmp_path)])
    assert not is_small([str(tmp_path / "*.txt"), str(folder)])
    (tmp_path / "c.parquet").write_bytes(b"x" * (SMALL // 9))
    assert not is_small([str(tmp_path / "c.parquet")])


@pytest.mark.parametrize("path", ["-", "s3://bucket/news.jsonl"])
def test_what_cannot_be_measured_is_not_little(path):
    assert not is_small([path])
