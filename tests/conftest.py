"""What all tests share: where the texts are, and the order the tests run in."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import browsers
import differing
import newsroom
import pytest
import servers
import spark_session
import varied
from hypothesis import HealthCheck, settings

import dedup

ROOT = Path(__file__).resolve().parents[1]
# Doctests are looked for in every module, and modules of one name cannot be imported twice.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

# With all that the tests import, a look at everything that lives takes long, and comes often.
gc.set_threshold(100_000, 20, 50)

# The first example may wait for a kernel to be compiled, so time says nothing about a test. The
# compiled kernels stay in Numba's own cache from run to run; no fixture touches it.
# With CI set the examples are the same each time: a new one is found at home, not on the way in.
settings.register_profile(
    "dedup",
    settings.default,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("dedup")


def pytest_collection_modifyitems(config, items):
    """Run slow tests last, so that a quick one that fails is seen early.

    Of several processes one begins with the tests on Spark: together they take longest.
    """
    is_shared = hasattr(config, "workerinput")

    def turn(item):
        is_slow, is_spark = (
            item.get_closest_marker(name) is not None for name in ("slow", "spark")
        )
        return is_shared and not is_spark, is_slow, not is_spark

    items.sort(key=turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep together what two processes would each start or compile, with ``--dist loadgroup``.

    Not by marks: xdist 3.8 puts those into the id of a test, which pytest 9.2 keeps elsewhere.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    import sharing

    return sharing.Groups(config, log)


@pytest.fixture(scope="session")
def seeds():
    """The folder of the five seed articles."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def shared():
    """The folder of labelled sets and notes that lies beside some checkouts."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; the labelled sets are not part of the repository")
    return folder


@pytest.fixture(scope="session")
def redis_url():
    """The URL of a Redis server that was started for these tests."""
    pytest.importorskip("redis", reason="the extra redis is not installed")
    if servers.program() is None:
        pytest.skip("no redis-server: scripts/servers installs it where it may")
    with servers.running() as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; one a module, since while it runs no other event loop can."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    if browsers.program() is None:
        pytest.skip("no chromium: scripts/browser installs it where it may")
    with browsers.running() as found:
        yield found


@pytest.fixture(scope="session")
def seeds_page(seeds, tmp_path_factory):
    """The report of the seeds, and the result it shows."""
    documents = [
        {"id": path.name, "text": path.read_text(encoding="utf-8")}
        for path in sorted(seeds.glob("*.txt"))
    ]
    result = dedup.scan(documents)
    file = tmp_path_factory.mktemp("report") / "seeds.html"
    return dedup.write_report(result, file, title="Five reports on Hama"), result


@pytest.fixture(scope="session")
def varied_page(tmp_path_factory):
    """The report of made articles: copies, hostile names, many scripts; and its result."""
    result = dedup.scan(varied.documents())
    file = tmp_path_factory.mktemp("report") / "varied <script>.html"
    return dedup.write_report(result, file, title=f"Varied {varied.HOSTILE}"), result


@pytest.fixture(scope="session")
def differing_page(tmp_path_factory):
    """The report of articles that are alike and differ, of each kind; and its result."""
    result = dedup.scan(differing.documents())
    file = tmp_path_factory.mktemp("report") / "differing.html"
    return dedup.write_report(result, file, title="What differs"), result


@pytest.fixture(scope="session")
def newsroom_page(tmp_path_factory):
    """The report of made-up news, a story of several outlets among them; and its result."""
    result = dedup.scan(newsroom.documents())
    file = tmp_path_factory.mktemp("report") / "newsroom.html"
    return dedup.write_report(result, file, title="News of Marrow"), result


@pytest.fixture(scope="session")
def spark_here():
    """A session of Spark on this machine; one for all tests."""
    if (reason := spark_session.missing()) is not None:
        pytest.skip(reason)
    session = spark_session.start()
    yield session
    session.stop()
