"""What a page of a report holds: the same as the result, bounded, and honest about the rest."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from report_pages import columns_of, data_of, page_of

import dedup
from dedup import cli
from dedup.errors import ConfigError, InputError
from dedup.report.web import choose as choosing
from dedup.report.web import from_folder, from_result
from dedup.report.web import graph as graphs
from dedup.report.web.choose import choose_pairs, texts_in_order
from dedup.report.web.families import ChosenFamilies
from dedup.report.web.graph import choose_graph
from dedup.schema import FAMILY_TABLES
from dedup.sources.rereadable import Files


def run(*arguments):
    done = CliRunner().invoke(cli.root, [str(each) for each in arguments], prog_name="dedup")
    assert done.exit_code == 0, done.output
    return done


def sentences(draw, count):
    """Return sentences of made-up words, each a line of its own."""
    syllables = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "ar", "en")]
    made = []
    for _ in range(count):
        words = ["".join(draw.choices(syllables, k=draw.randint(2, 3))) for _ in range(14)]
        made.append(f"{' '.join(words).capitalize()}.")
    return made


def corpus(count=60, seed=1):
    """Return articles of a few sites, with copies, excerpts, repeats and furniture."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        parts = sentences(draw, 12)
        if number % 3 == 1:
            parts = [*made[-1]["text"].split("\n\n")[:8], *parts[:2]]
        if number % 7 == 2:
            parts = [*parts, parts[0], "Subscribe to our newsletter"]
        made.append(
            {
                "id": f"a{number:03}" if number % 5 else f"𝕒{number}",
                "text": "\n\n".join(parts) + ("\n\n😀 " if number % 4 == 0 else "") + "\n",
                "url": f"https://s{number % 4}.example/{number}",
                "date": f"2024-0{1 + number % 9}-11",
            }
        )
    return made


@pytest.fixture(scope="module")
def result():
    return dedup.scan(corpus())


@pytest.fixture(scope="module")
def page(result):
    return data_of(page_of(from_result(result)))


def test_every_document_stands_in_the_page_as_in_the_result(result, page):
    overview, chunks = page
    rows = columns_of(json.loads(json.dumps(chunks)), "documents")
    assert rows["id"] == [each.doc_id for each in result.documents]
    assert [bool(each) for each in rows["kept"]] == [each.kept for each in result.documents]
    names = [rows["id"][each] for each in rows["cluster"]]
    assert names == [each.cluster for each in result.documents]
    relations = [overview["relations"][each] if each >= 0 else None for each in rows["relation"]]
    assert relations == [each.relation for each in result.documents]
    sites = [overview["sites"][each] for each in rows["site"]]
    assert sites == result.corpus.table["site"].to_pylist()
    assert overview["totals"]["kept"] == sum(rows["kept"])
    assert overview["left_out"] == []


def test_pairs_and_passages_are_those_of_the_result(result, page):
    overview, chunks = page
    ids = [each.doc_id for each in result.documents]
    pairs, passages = (
        columns_of(json.loads(json.dumps(chunks)), name) for name in ("pairs", "passages")
    )
    found = [(ids[a], ids[b]) for a, b in zip(pairs["a"], pairs["b"], strict=True)]
    assert found == [(each.a, each.b) for each in result.pairs]
    known = {}
    for each in result.passages:
        known.setdefault((each.a, each.b), []).append((each.start_a, each.end_a, each.level))
    for pair, first, count in zip(found, pairs["passage"], pairs["passages"], strict=True):
        spans = [
            (
                passages["start_a"][place],
                passages["end_a"][place],
                overview["levels"][passages["level"][place]],
            )
            for place in range(first, first + count)
        ]
        assert spans == known.get(pair, [])
    assert sum(pairs["passages"]) == len(result.passages) > 0


def test_the_texts_without_their_operations_are_the_cleaned_ones(result, page):
    _, chunks = page
    clean = {each["doc_id"]: each["clean"] for each in dedup.clean(result, everything=True)}
    ids = [each.doc_id for each in result.documents]
    originals = dict(zip(ids, result.corpus.table["text"].to_pylist(), strict=False))
    seen = 0
    for part in chunks["texts"]:
        for row, text, ops in zip(part["row"], part["text"], part["ops"], strict=True):
            assert text == originals[ids[row]]
            left, done = [], 0
            for start, end, *_ in ops:
                left.append(text[done:start])
                done = end
            assert "".join([*left, text[done:]]) == clean[ids[row]]
            seen += bool(ops)
    assert seen > 3


@pytest.mark.parametrize("find", ["duplicates", "duplicates,passages,repeats"])
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_folder_gives_the_page_that_the_scan_gives(tmp_path, monkeypatch, find, form):
    monkeypatch.chdir(tmp_path)
    rows = corpus()
    rows.insert(3, {**rows[9], "text": "another text under an id that was used"})
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    common = ("news.jsonl", "--find", find, "--allow-bad", "-q")
    run("scan", *common, "-o", "found", "--format", form, "--report", "one.html")
    monkeypatch.chdir(tmp_path / "found")  # names are those of where the scan was started
    run("report", ".", "-o", "../two.html")
    one, two = (data_of((tmp_path / each).read_text()) for each in ("one.html", "two.html"))
    assert one == two
    assert one[0]["counts"]["texts"] == len(rows)


def test_inputs_that_are_gone_or_changed_are_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = corpus(20)
    path = tmp_path / "news.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    run("scan", "news.jsonl", "-o", "found", "-q")
    path.write_text("".join(json.dumps(each) + "\n" for each in rows[1:]))
    done = run("report", "found")
    assert "20 documents were scanned, 19 are there now" in done.stderr
    path.write_text("".join(json.dumps({**each, "text": "x"}) + "\n" for each in rows))
    assert "changed since the scan (other texts)" in run("report", "found").stderr
    path.unlink()
    assert "cannot be read again" in run("report", "found").stderr
    overview, chunks = data_of((tmp_path / "report.html").read_text())
    assert "texts" not in chunks
    assert overview["totals"]["characters"] is None
    assert overview["left_out"][0]["shown"] == 0


def test_a_page_of_stdin_has_texts_only_with_the_scan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(each) + "\n" for each in corpus(12))
    for find in ("duplicates", "duplicates,passages"):
        CliRunner().invoke(
            cli.root,
            ["scan", "-", "-o", "found", "--report", "a.html", "-q", "--find", find],
            input=lines,
        )
        assert data_of((tmp_path / "a.html").read_text())[0]["counts"]["texts"] == 12
        assert "--report FILE" in run("report", "found").stderr


def test_a_page_stays_under_its_size_and_says_what_it_leaves_out():
    draw = random.Random(4)
    texts = [" ".join(f"{draw.random()}" for _ in range(2_000)) for _ in range(60)]
    found = from_result(dedup.scan(texts))
    page = page_of(found, most_bytes=1_000_000)
    overview, _ = data_of(page)
    assert len(page) < 1_000_000
    (left,) = overview["left_out"]
    assert left["what"] == "texts"
    assert 0 < left["shown"] < left["total"] == 60
    with pytest.raises(ConfigError, match="max_size"):
        page_of(found, most_bytes=10)


def test_of_many_pairs_the_closest_are_shown(result, monkeypatch):
    monkeypatch.setattr(choosing, "MOST_PAIRS", 5)
    found = from_result(result)
    overview, chunks = data_of(page_of(found))
    assert overview["counts"]["pairs"] == 5 < len(result.pairs)
    shown = {overview["relations"][each] for each in chunks["pairs"][0]["relation"]}
    closest = [each.relation for each in result.pairs]
    assert shown <= set(sorted(closest, key=overview["relations"].index)[:5])
    assert {each["what"] for each in overview["left_out"]} == {"pairs", "passages"}


def graph_of(found):
    return choose_graph(found, choose_pairs(found), ChosenFamilies.of(found))


def test_a_graph_of_many_articles_stands_for_clusters_and_is_bounded(result, monkeypatch):
    found = from_result(result)
    whole = graph_of(found)
    assert set(np.concatenate([whole.a, whole.b])) <= set(whole.nodes)
    assert 0 < len(whole.a) <= len(result.pairs)
    monkeypatch.setattr(graphs, "MOST_NODES", 6)
    few = graph_of(found)
    assert 0 < len(few.nodes) <= 6
    assert set(np.concatenate([few.a, few.b])) <= set(few.nodes)
    canonical = [each.canonical for each in result.documents]
    assert all(canonical[row] for row in few.nodes if row < few.first_family)


QUOTE = (
    "“We entered the old city with tanks in the morning and we returned it to its rightful owners "
    "before the night fell, and nobody who had left it should be afraid to come back to his house,”"
)


def quoting(count):
    """Return articles of as many sites that have nothing in common but a quotation."""
    draw = random.Random(7)
    small = "the of and in on at by for with from to as after before under over near".split()

    def text():
        words = " ".join(sentences(draw, 6)).split()
        return " ".join(f"{draw.choice(small)} {word}" for word in words)

    return [
        {
            "id": f"q{number}",
            "text": f"{text()}\n\n{QUOTE} he said.\n\n{text()}",
            "site": f"s{number}.example",
        }
        for number in range(count)
    ]


def test_a_family_is_one_node_and_as_many_lines_as_articles(monkeypatch):
    result = dedup.scan(quoting(9))
    assert len(result.pairs) == 36
    graph = graph_of(from_result(result))
    (family,) = [node for node in graph.nodes if node >= graph.first_family]
    assert len(graph.a) == 9
    assert set(graph.b) == {family}
    assert set(graph.pair) == {-1}
    assert graph.documents[list(graph.nodes).index(family)] == 9
    without = dataclasses.replace(
        result,
        tables={name: table for name, table in result.tables.items() if name not in FAMILY_TABLES},
    )
    assert len(graph_of(from_result(without)).a) == 36
    monkeypatch.setattr(graphs, "MOST_SPOKES", 4)
    few = graph_of(from_result(result))
    assert len(few.a) == 4


def test_families_and_stories_are_those_of_the_result():
    result = dedup.scan(quoting(5))
    overview, chunks = data_of(page_of(from_result(result)))
    ids = [each.doc_id for each in result.documents]
    families, occurrences, stories, members = (
        columns_of(json.loads(json.dumps(chunks)), name)
        for name in ("families", "occurrences", "stories", "members")
    )
    assert families["wording"] == [each.wording for each in result.families]
    kinds = [overview["family_kinds"][each] for each in families["kind"]]
    assert kinds == [each.kind for each in result.families]
    found = [
        (ids[row], start, end)
        for row, start, end in zip(
            occurrences["row"], occurrences["start"], occurrences["end"], strict=True
        )
    ]
    assert found == [
        (each.doc_id, each.start, each.end)
        for family in result.families
        for each in (*family.occurrences, *family.held_variants)
    ]
    assert sum(families["listed"]) == len(found)
    assert [ids[row] for row in stories.get("row", [])] == [each.story for each in result.stories]
    assert len(members.get("row", [])) == sum(len(each.members) for each in result.stories)


def test_a_result_without_families_and_stories_still_makes_a_page(result):
    more = ("families", "occurrences", "copying", "stories", "story_members")
    tables = {name: table for name, table in result.tables.items() if name not in more}
    overview, chunks = data_of(page_of(from_result(dataclasses.replace(result, tables=tables))))
    assert overview["sought"] == {"families": False, "stories": False}
    assert "families" not in chunks
    assert overview["copying"]["links"] == []


def test_what_is_removed_inside_is_listed(result, page):
    _, chunks = page
    rows = columns_of(json.loads(json.dumps(chunks)), "removals")
    found = sorted(zip(rows["row"], rows["start"], rows["end"], strict=True))
    names = ("doc", "start", "end")
    assert found == sorted(zip(*(result.removals[name].to_pylist() for name in names), strict=True))
    assert found


def test_what_a_reader_will_want_comes_first(result):
    found = from_result(result)
    chosen = choose_pairs(found)
    look = np.array([50])
    order = texts_in_order(found, chosen, look, np.zeros(0, np.int64))
    assert sorted(order) == list(range(len(found)))
    assert order[0] == 50
    in_pairs = set(chosen.a) | set(chosen.b) | {50}
    last = max(place for place, row in enumerate(order) if row in in_pairs)
    alone = [row for row in order[:last] if row not in in_pairs]
    removed = set(result.removals["doc"].to_pylist())
    assert set(alone) <= removed | in_pairs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "news.jsonl").write_text("".join(json.dumps(each) + "\n" for each in corpus(12)))
    run("scan", "news.jsonl", "-o", "found", "-q")
    return tmp_path / "found"


def read(folder):
    return from_folder(
        folder, lambda found: Files(found.paths, found.options, folder=folder).batches
    )


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "no such folder"),
        (lambda folder: (folder / "pairs.jsonl").unlink(), "neither pairs.jsonl nor"),
        (lambda folder: (folder / "summary.json").unlink(), "cannot read"),
        (lambda folder: (folder / "summary.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "summary.json").write_text("{}"), "not as this version"),
        (lambda folder: (folder / "documents.jsonl").write_text("{"), "cannot be read"),
        (
            lambda folder: (folder / "annotations.jsonl").write_text(
                '{"doc_id":"x","start":0,"end":1,"tag":"t"}\n'
            ),
            "names 'x'",
        ),
        (
            lambda folder: pq.write_table(pa.table({}), folder / "pairs.parquet"),
            "both pairs.jsonl and",
        ),
    ],
)
def test_a_broken_folder_is_named(folder, break_it, message):
    break_it(folder)
    with pytest.raises(InputError, match=message):
        read(folder)


def test_a_folder_of_before_has_no_inputs(folder):
    (folder / "inputs.json").unlink()
    found = read(folder)
    assert found.texts is None
    assert "inputs.json" in found.notes[0]


def test_nothing_is_written_over_an_input_or_a_result(folder):
    for name in ("news.jsonl", "found/pairs.jsonl", "found", "nowhere/report.html"):
        before = folder.parent.joinpath("news.jsonl").read_bytes()
        done = CliRunner().invoke(cli.root, ["report", "found", "-o", name])
        assert done.exit_code in (2, 4), name
        assert folder.parent.joinpath("news.jsonl").read_bytes() == before
    assert (
        CliRunner().invoke(cli.root, ["scan", "news.jsonl", "--report", "news.jsonl"]).exit_code
        == 4
    )
