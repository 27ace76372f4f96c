"""Parts that were signed apart give what one scan over all their inputs gives."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

import commands
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_resume import made

import dedup
from dedup.config import SIGNED_BY, Config
from dedup.errors import ConfigError, InputError, OutputError
from dedup.pipeline import fast, sign, signed
from dedup.pipeline.signing import sign_batch

FAST = {"find": ["duplicates"]}


def write_parts(folder, rows, count):
    """Write rows as parts, Parquet and JSON lines in turn; return their paths."""
    paths, size = [], -(-len(rows) // count)
    for number in range(count):
        some = rows[number * size : (number + 1) * size]
        if number % 2:
            paths.append(commands.write_jsonl(folder / f"part-{number}.jsonl", *some))
        else:
            paths.append(folder / f"part-{number}.parquet")
            pq.write_table(pa.Table.from_pylist(some), paths[-1], row_group_size=50)
    return paths


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """Paths of eight parts of 600 documents, in the folder of the process."""
    rows = made(600)
    random.Random(5).shuffle(rows)
    rows[70]["id"] = rows[500]["id"] = rows[3]["id"]  # one id in three parts
    rows[9]["text"] = rows[590]["text"] = rows[301]["text"].upper()
    monkeypatch.chdir(tmp_path)
    return [path.relative_to(tmp_path) for path in write_parts(tmp_path, rows, 8)]


def signed_parts(paths, **how):
    """Sign each path as a part of its own, every third with its texts; return the folders."""
    how = {"keep_texts": None, **how}
    keeps = how.pop("keep_texts")
    return [
        dedup.sign(path, Path("signed", str(number)), threads=1,
                   keep_texts=number % 3 == 0 if keeps is None else keeps, **how)
        for number, path in enumerate(paths)
    ]  # fmt: skip


def written(result, name):
    """Return the bytes of each file that a result writes."""
    return {path.name: path.read_bytes() for path in result.write(name)}


def test_parts_in_any_order_give_one_scan(parts):
    whole = written(dedup.scan([*parts], **FAST), "whole")
    folders = signed_parts(parts)
    for seed in range(2):
        random.Random(seed).shuffle(folders)
        assert written(dedup.scan(folders, signed=True, **FAST), f"joined-{seed}") == whole
    documents = whole["documents.jsonl"].splitlines()
    assert len(documents) == 600
    assert sum(b'"kept":false' in line for line in documents) > 150


def test_part_of_any_size_in_little_memory_and_with_a_work_folder(parts):
    whole = written(dedup.scan([*parts], **FAST), "whole")
    folders = [*signed_parts(parts[:1]), dedup.sign(parts[1:], "signed/rest")]
    empty = commands.write_jsonl(Path("empty.jsonl"))
    folders.append(dedup.sign(empty, "signed/empty"))
    result = dedup.scan(folders, signed=True, work="work", memory="1MB", **FAST)
    joined = written(result, "joined")
    for name in ("documents.jsonl", "pairs.jsonl", "losses.jsonl"):
        assert joined[name] == whole[name]


@pytest.mark.parametrize("keep_texts", [False, True])
def test_full_mode_gives_one_scan(parts, keep_texts):
    paths = parts[:3]
    whole = written(dedup.scan([*paths]), "whole")
    folders = signed_parts(paths, keep_texts=keep_texts)
    assert written(dedup.scan(folders[::-1], signed=True), "joined") == whole


def test_texts_that_are_kept_need_no_inputs(parts):
    whole = dedup.scan([*parts], **FAST)
    folders = signed_parts(parts, keep_texts=True)
    for path in parts:
        path.unlink()
    joined = dedup.scan(folders, signed=True, **FAST)
    for name, table in whole.tables.items():
        assert joined.tables[name].equals(table), name


def test_files_of_one_name_keep_their_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = [each["text"] for each in made(12)]
    for number, text in enumerate(texts):
        folder = Path("ab"[number % 2])
        folder.mkdir(exist_ok=True)
        (folder / f"{number // 4}.txt").write_text(text)
        commands.write_jsonl(folder / "more.jsonl", {"text": text}, {"text": text[9:]})
        with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
            archive.writestr("inner.txt", text[20:])
    whole = dedup.scan([Path("a"), Path("b")], **FAST)
    joined = dedup.scan(signed_parts(["b", "a"]), signed=True, **FAST)
    assert joined.tables["documents"].equals(whole.tables["documents"])
    assert "b/packed.zip/inner.txt" in whole.tables["documents"]["doc_id"].to_pylist()
    assert "a/more.jsonl:1" in whole.tables["documents"]["doc_id"].to_pylist()


def test_parts_are_found_from_another_folder(parts, tmp_path, monkeypatch):
    whole = dedup.scan([*parts], **FAST)
    folders = [tmp_path / each for each in signed_parts(parts)]
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    joined = dedup.scan(folders, signed=True, **FAST)
    assert joined.tables["documents"].equals(whole.tables["documents"])


def test_killed_sign_leaves_nothing_that_looks_whole(parts, monkeypatch):
    monkeypatch.setattr(fast, "_COMMIT_BYTES", 1 << 12)
    seen = []

    def counted(*given, **how):
        seen.append(1)
        if len(seen) == stop:
            raise KeyboardInterrupt
        return sign_batch(*given, **how)

    monkeypatch.setattr(fast, "sign_batch", counted)
    stop = 0
    whole = signed_parts([parts], keep_texts=True)[0]
    batches, stop = len(seen), len(seen) + 4
    assert batches > 4
    with pytest.raises(KeyboardInterrupt):
        dedup.sign([*parts], "again", keep_texts=True, threads=1)
    assert not Path("again", signed.MANIFEST).exists()
    with pytest.raises(InputError, match="did that end"):
        dedup.scan("again", signed=True, **FAST)
    done = len(seen)
    dedup.sign([*parts], "again", keep_texts=True, threads=1)
    assert len(seen) - done < batches  # what was committed is not signed again
    for path in sorted(whole.rglob("*")):
        if path.is_file():
            assert Path("again", path.relative_to(whole)).read_bytes() == path.read_bytes()


def test_kill_between_arrays_and_manifest(parts, monkeypatch):
    def stopped(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sign, "_finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            dedup.sign(parts[0], "one")
    with pytest.raises(InputError, match="did that end"):
        dedup.scan("one", signed=True, **FAST)
    monkeypatch.setattr(fast, "read_all", stopped)  # nothing is read again
    assert len(signed.Part.at(dedup.sign(parts[0], "one"))) == 75


def test_finished_part_is_left_as_it_is(parts):
    one = dedup.sign(parts[0], "one")
    before = (one / signed.MANIFEST).stat().st_mtime_ns
    dedup.sign(parts[0], "one")
    assert (one / signed.MANIFEST).stat().st_mtime_ns == before
    with pytest.raises(OutputError, match=r"another part was signed here.*paths"):
        dedup.sign(parts[1], "one")
    with pytest.raises(OutputError, match="setting"):
        dedup.sign(parts[0], "one", threshold=0.8)


def test_every_setting_of_signatures_is_refused_by_name(parts):
    one = dedup.sign(parts[0], "one")
    others = {
        "shingle_size": 4, "num_perm": 64, "seed": 2, "threshold": 0.8, "recall": 0.9,
        "bands": 20, "rows": 5, "shingle_unit": "char",
    }  # fmt: skip
    assert set(others) == set(SIGNED_BY)
    for name, value in others.items():
        more = {"bands": {"rows": 5}, "rows": {"bands": 20}}.get(name, {})
        with pytest.raises(ConfigError, match=r"with which one was signed") as raised:
            dedup.scan(one, signed=True, **FAST, **{name: value}, **more)
        assert raised.value.field in (name, "bands")


def changed_manifest(folder, **values):
    path = Path(folder, signed.MANIFEST)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **values}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "format: got 2, allowed is 1"),
        ({"version": "0.0.1"}, "version: signed with '0.0.1'"),
        ({"folding": 1}, "folding: signed with 1"),
    ],
)
def test_other_versions_are_refused(parts, change, says):
    one, two = signed_parts(parts[:2])
    changed_manifest(one, **change)
    for folders in ([one], [one, two]):
        with pytest.raises(InputError, match=says.split(":")[0]):
            dedup.scan(folders, signed=True, **FAST)
    with pytest.raises(InputError, match=says):
        dedup.scan(one, signed=True, **FAST)


def test_manifest_that_lacks_something(parts):
    one = dedup.sign(parts[0], "one")
    stated = json.loads((one / signed.MANIFEST).read_bytes())
    del stated["sizes"]
    (one / signed.MANIFEST).write_text(json.dumps(stated))
    with pytest.raises(InputError, match="lacks sizes"):
        dedup.scan(one, signed=True, **FAST)


def test_parts_that_do_not_go_together(parts):
    one = dedup.sign(parts[0], "one")
    with pytest.raises(InputError, match=r"threshold: signed with 0.8"):
        dedup.scan([one, dedup.sign(parts[1], "two", threshold=0.8)], signed=True, **FAST)
    with pytest.raises(InputError, match="holds what one holds"):
        dedup.scan([one, dedup.sign(parts[0], "three")], signed=True, **FAST)
    other = commands.write_jsonl(Path("other.jsonl"), {"key": "k", "body": "A text of its own."})
    with pytest.raises(InputError, match=r"text column: 'text', and .* has 'body'|'body'.*'text'"):
        dedup.scan([one, dedup.sign(other, "four")], signed=True, **FAST)


def test_no_policy_without_its_column(parts):
    one = dedup.sign(parts[0], "one")
    with pytest.raises(ConfigError, match="no such column"):
        dedup.scan(one, signed=True, canonical="priority:rank", **FAST)


def test_damage_is_seen(parts):
    folder = dedup.sign(parts, "one", keep_texts=True)
    path = folder / signed.ARRAYS / "keys.0003"
    data = path.read_bytes()
    path.write_bytes(data[:-8])
    with pytest.raises(InputError, match=r"keys\.0003 is not there as it was written"):
        dedup.scan(folder, signed=True, **FAST)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match=r"keys\.0003 is damaged"):
        dedup.scan(folder, signed=True, **FAST)
    path.write_bytes(data)
    texts = folder / signed.ARRAYS / signed.TEXTS
    damaged = bytearray(texts.read_bytes())
    damaged[len(damaged) // 2] ^= 64
    texts.write_bytes(bytes(damaged))
    with pytest.raises(InputError, match=r"damaged|changed since it was signed"):
        dedup.scan(folder, signed=True, **FAST)
    sizes = folder / signed.ARRAYS / signed.TEXT_SIZES
    sizes.write_bytes(np.full(600, 1 << 40, "<i8").tobytes())
    with pytest.raises(InputError, match="text_sizes is damaged"):
        dedup.scan(folder, signed=True, **FAST)


@pytest.mark.parametrize("number", [0, 1])
def test_changed_and_missing_inputs_are_seen(parts, number):
    path, folders = parts[number], signed_parts(parts, keep_texts=False)
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        texts = pa.array([f"{each} now" for each in table["text"].to_pylist()])
        pq.write_table(table.set_column(1, "text", texts), path, row_group_size=50)
    else:
        path.write_text(path.read_text().replace('"text": "', '"text": "now '))
    with pytest.raises(InputError, match=rf"signed.{number}: .*changed since it was signed"):
        dedup.scan(folders, signed=True, **FAST)
    path.unlink()
    with pytest.raises(InputError, match=r"no such file.*--keep-texts"):
        dedup.scan(folders, signed=True, **FAST)


def test_new_part_alone_loses_documents(parts):
    """Old documents stay, also equal ones; a new one goes where it is like one that stays."""
    folders = signed_parts(parts)
    old, new = folders[:6], folders[6:]
    result = dedup.scan(old, signed=True, only_new=new, **FAST)
    whole = dedup.scan(folders, signed=True, **FAST)
    part_of = dict(
        zip(*(result.tables["documents"][name].to_pylist() for name in ("doc_id", "path")),
            strict=True)
    )  # fmt: skip
    is_new = {doc: path.startswith(("part-6", "part-7")) for doc, path in part_of.items()}
    kept = {each.doc_id for each in result.documents if each.kept}
    assert {doc for doc in is_new if not is_new[doc]} <= kept
    assert all(is_new[each.a] or is_new[each.b] or each.relation == "exact"
               for each in result.pairs)  # fmt: skip
    related = {}
    for each in whole.pairs:
        related.setdefault(each.a, set()).add(each.b)
        related.setdefault(each.b, set()).add(each.a)
    gone = {each.doc_id: each.duplicate_of for each in result.documents if not each.kept}
    assert len(gone) > 30
    for doc, stands in gone.items():
        assert stands in related[doc]
        assert stands in kept
        assert not is_new[stands] or all(is_new[other] for other in related[doc])
    # A new document that is like an old one goes: the copies of this corpus are near ones.
    expected = {
        doc
        for doc, others in related.items()
        if is_new[doc] and not all(is_new[other] for other in others)
    }
    assert expected <= set(gone)
    assert result.summary["established"] == 450
    assert json.loads(json.dumps(result.summary["documents"]))["removed"] == len(gone)
    with pytest.raises(ConfigError, match="scan them again"):
        result.at_threshold(0.9)


def test_of_old_parts_only_what_is_paired_is_read(parts, monkeypatch):
    """Where nothing new is like anything old, no old text is read, nor looked for."""
    folders = signed_parts(parts[:4], keep_texts=False)
    for path in parts[:4]:
        path.unlink()
    texts = ["On Friday the museum of clocks opens a room for letters from the harbour."] * 2
    new = commands.write_jsonl(
        Path("new.jsonl"), *({"id": k, "text": text} for k, text in enumerate(texts))
    )
    more = dedup.sign(new, "more", keep_texts=True)
    result = dedup.scan(folders, signed=True, only_new=more, **FAST)
    assert [each.doc_id for each in result.documents if not each.kept] == ["1"]


def test_new_parts_need_duplicates_alone(parts):
    one, two = signed_parts(parts[:2])
    with pytest.raises(ConfigError, match="only_new needs --find duplicates"):
        dedup.scan(one, signed=True, only_new=two)
    with pytest.raises(ConfigError, match="needs signed=True"):
        dedup.scan([parts[0]], only_new=two)
    with pytest.raises(ConfigError, match="text was said when"):
        dedup.scan(one, signed=True, text="body")


def test_established_documents_lead_under_every_policy():
    """A copy that came first in every other way stays behind the one that is established."""
    from dedup.clusters.canonical import CanonicalOrder

    order = CanonicalOrder(
        truncated=np.array([False, True]),
        boilerplate=np.zeros(2),
        lengths=np.array([9, 5]),
        dates=np.array([1, 1]),
        priorities=np.array([0, 1]),
        superseded=np.array([False, True]),
        established=np.array([False, True]),
    )
    for policy in ("complete", "earliest", "latest", "longest", "priority:rank"):
        assert order.keys(policy, np.zeros(2)).tolist() == [1, 0]
    assert order.take(np.array([1])).established.tolist() == [True]


def test_commands(parts, tmp_path):
    for number, path in enumerate(parts[:4]):
        run = commands.run("sign", path, "-o", f"signed/{number}")
        assert (run.code, run.out) == (0, "")
        assert f"signed/{number}: 75 documents signed" in run.err
    folders = [f"signed/{number}" for number in range(4)]
    find = ("--find", "duplicates")
    run = commands.run("scan", "--signed", *folders[::-1], *find, "-o", "joined", "--write-rows")
    assert run.code == 3, run.err  # an id comes twice
    commands.run("scan", *parts[:4], *find, "-o", "whole", "--write-rows")
    for name in commands.names_in(Path("whole")):
        assert Path("joined", name).read_bytes() == Path("whole", name).read_bytes(), name
    given = ("scan", "--signed", *folders[:3], "--only-new", folders[3], *find)
    commands.run(*given, "-o", "new", "--write-rows")
    commands.run(*given, "-o", "all", "--annotate", "--format", "parquet")
    rows = [json.loads(line) for line in Path("new/rows.jsonl").read_text().splitlines()]
    documents = [json.loads(line) for line in Path("new/documents.jsonl").read_text().splitlines()]
    own = [each for each in documents if each["path"] == "part-3.jsonl"]
    kept = [each["doc_id"] for each in own if each["kept"]]
    assert sorted(row["dedup"]["doc_id"] for row in rows) == kept
    assert len(kept) < len(own) == len(pq.read_table("all/rows.parquet"))
    lines = [json.loads(line) for line in Path("part-3.jsonl").read_text().splitlines()]
    assert all({"id": row["id"], "text": row["text"]} in lines for row in rows)
    run = commands.run(*given, "--json")
    assert json.loads(run.out)["summary"]["established"] == 225
    assert commands.run("scan", "--signed", *folders, "--threshold", ".8").code == 2
    for wrong in (
        ("--only-new", "signed/0"),
        ("--signed", "--text-column", "body"),
        ("--signed", "--dry-run"),
        ("--signed", "--engine", "spark", "-o", "out"),
    ):
        run = commands.run("scan", "signed/1", *wrong)
        assert run.code == 2, (wrong, run.err)


def test_stdin_is_carried_along(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = "".join(f"{json.dumps(row)}\n" for row in made(30))
    run = commands.run("sign", "-", "--input-format", "jsonl", "-o", "one", input=lines)
    assert (run.code, "needs --keep-texts" in run.err) == (4, True)
    given = ("sign", "-", "--input-format", "jsonl", "-o", "one", "--keep-texts")
    assert commands.run(*given, input=lines).code == 0
    result = dedup.scan("one", signed=True, **FAST)
    assert [each.kept for each in result.documents].count(False) == 10
    run = commands.run(*given, input=lines)
    assert (run.code, "of another stdin perhaps" in run.err) == (4, True)


def test_header_names_all_that_signatures_follow_from():
    header = signed.signed_header(Config(), dedup.scan.__globals__["ReadOptions"]())
    assert set(header) == {"format", "version", "folding", "setting", "reading"}
    assert set(header["setting"]) == set(SIGNED_BY)


def test_where_all_parts_are_new_nothing_stays_of_itself(parts):
    """Without old documents the result is that of a scan of all parts."""
    folders = signed_parts(parts)
    whole = dedup.scan(folders, signed=True, **FAST)
    result = dedup.scan([], signed=True, only_new=folders, **FAST)
    for name, table in whole.tables.items():
        assert result.tables[name].equals(table), name
