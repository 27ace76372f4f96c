"""`dedup compare` and `dedup evaluate`: what they say of a pair and of a result."""

from __future__ import annotations

import json
from pathlib import Path

from articles import ONE, OTHER, scanned
from commands import run, write_jsonl

from dedup.schema import MORE


def test_compare_explains_a_pair(seeds):
    first, _, third, _, last = sorted(seeds.iterdir())
    done = run("compare", third, last)
    assert done.code == 0
    assert done.out.startswith("Shares a passage\n")
    assert "cleanse {that} wound" in done.out
    done = run("compare", last, first, "--json")
    assert json.loads(done.bytes)["pairs"][0]["relation"] == "derived"
    done = run("compare", first, sorted(seeds.iterdir())[3])
    assert "Nothing in common" in done.out


def test_compare_says_which_article_has_no_text(folder, tmp_path):
    (tmp_path / "empty.txt").write_text(" \n")
    done = run("compare", folder / "one.txt", tmp_path / "empty.txt")
    assert done.code == 0
    assert "A             empty.txt\n" in done.out  # in order of their ids
    assert "no text       A\n" in done.out
    assert "coverage" not in done.out


def test_compare_takes_one_article_each(folder, tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", {"text": ONE}, {"text": OTHER})
    done = run("compare", path, folder / "one.txt")
    assert done.code == 4
    assert "compare needs one article here, and there are 2" in done.err
    (tmp_path / "b.txt").write_bytes(b"\0\1\2\3" * 999)
    done = run("compare", folder / "one.txt", tmp_path / "b.txt")
    assert done.code == 4
    assert "the file is not text" in done.err


def test_the_keys_of_the_json_object_are_documented(seeds):
    page = (Path(__file__).resolve().parents[2] / "docs" / "output.md").read_text("utf-8")
    section = page.split("## The object of --json\n")[1].split("\n## ")[0]
    whole, _ = scanned(seeds)
    for key in set(whole) - {"documents", "pairs", "passages", "repeats", "summary"}:
        row = section.split(f"| `{key}` |")[1].split("\n")[0]
        if not isinstance(whole[key], list):
            continue
        # Of what the seeds have none, as of losses, the columns are those of the contract.
        for column in MORE[key].names if key in MORE else whole[key][0]:
            assert f"`{column}`" in row


def test_compare_cannot_read_stdin_twice():
    done = run("compare", "-", "-", input=ONE)
    assert done.code == 2
    assert "stdin can be read once only" in done.err


def test_compare_names_files_of_one_name_by_their_paths(folder, tmp_path):
    (tmp_path / "one.txt").write_text(OTHER)
    done = run("compare", folder / "one.txt", tmp_path / "one.txt")
    assert done.code == 0
    assert f"{folder.name}/one.txt" in done.out


def test_evaluate_scores_a_result(folder, tmp_path):
    (folder / "two.txt").write_text(ONE.upper())
    (folder / "three.txt").write_text(OTHER)
    run("scan", folder, "-o", tmp_path / "out")
    rows = [{"id": f"{name}.txt", "cluster": "x"} for name in ("one", "two")]
    labels = write_jsonl(tmp_path / "labels.jsonl", *rows, {"id": "three.txt", "cluster": "y"})
    done = run("evaluate", "--labels", labels, tmp_path / "out")
    assert done.code == 0
    assert "adjusted Rand  1.0000" in done.out
    figures = json.loads(run("evaluate", "--labels", labels, tmp_path / "out", "--json").bytes)
    assert figures["clusters"]["f1"] == 1
    labels = write_jsonl(tmp_path / "pairs.jsonl", {"a": "one.txt", "b": "two.txt", "label": "cut"})
    done = run(
        "evaluate", "--labels", labels, tmp_path / "out", "--pairs-from", "exact", "--only-listed"
    )
    assert "recall         1.0000" in done.out


def test_evaluate_without_labels_or_result_cannot_be_done(tmp_path):
    done = run("evaluate", "--labels", tmp_path / "none.jsonl", tmp_path)
    assert done.code == 4
    assert "none.jsonl" in done.err
    labels = write_jsonl(tmp_path / "l.jsonl", {"id": "a", "cluster": "x"})
    done = run("evaluate", "--labels", labels, tmp_path / "nowhere")
    assert done.code == 4
    done = run("evaluate", "--labels", labels, tmp_path, "--pairs-from", "kin")
    assert done.code == 2
    assert "--pairs-from: got 'kin'" in done.err
