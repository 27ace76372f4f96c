"""An index in a file: how it is opened and closed, copied and compacted."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from index_files import POSIX, article, filled
from prose import UNRELATED

from dedup.errors import DedupError, IndexUnavailable
from dedup.index import Index
from dedup.index.sqlite.database import APPLICATION_ID
from dedup.index.sqlite.locking import file_system

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


def test_the_mark_of_an_index_is_in_its_header(path):
    Index.open(path).close()
    assert path.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big") == b"dedu"


def test_an_extra_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dedup.index.redis", None)
    with pytest.raises(IndexUnavailable, match="extra redis"):
        Index.open("redis://localhost/0")


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
