"""What goes from inside documents, and cleaned rows: Spark gives what one machine gives."""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_spark import seed_articles, texts_of

import dedup
from dedup import Config
from dedup.errors import ConfigError

BOILERPLATE = Config(find=("repeats",))
REPEATS = Config(find=("repeats",), boilerplate=False, drop_tags=("caption",))
CLEANED = Config(find=("duplicates", "repeats"), boilerplate=False)


def repeated():
    """Return articles, each as it is, with its beginning once more, and one equal to another."""
    table = seed_articles()
    ids, texts = (table[name].to_pylist() for name in ("id", "text"))
    ids += [f"{each}-2" for each in ids]
    texts += [f"{each}\n\n{each[:400]}" for each in texts]
    ids += ["equal", "equal", "short", "empty"]
    texts += [texts[0], texts[1].upper(), texts_of(3, 1)[0], ""]
    sites = [f"site{k % 2}.example" for k in range(len(ids))]
    return pa.table({"id": ids, "text": texts, "site": sites, "n": list(range(len(ids)))})


def rows_of(frame):
    return sorted((tuple(row) for row in frame.collect()), key=repr)


def check_same_tables(spark, table, config, partitions):
    """Compare all tables and totals with those of one machine; return its result."""
    from dedup.spark import find, inside

    columns = {name: name for name in ("site", "url", "date") if name in table.column_names}
    table = table.select(["id", "text", *columns])
    frame = spark.createDataFrame(
        table.to_pylist(), ", ".join(f"{name} string" for name in table.column_names)
    )
    wanted = dedup.scan(table, config, **columns)
    found = find(frame.repartition(partitions), config, **columns)
    tables = dict(found.tables)
    if found.inside is not None:
        tables |= {
            "repeats": inside.repeats_table(found.inside),
            "removals": inside.removals_table(found.inside),
            "annotations": inside.annotations_table(found.inside),
        }
    for name, got in tables.items():
        here = wanted.to_arrow(name) if name in wanted.named else wanted.tables[name]
        assert got.columns == here.column_names, name
        expected = sorted((tuple(row.values()) for row in here.to_pylist()), key=repr)
        assert list(map(repr, rows_of(got))) == list(map(repr, expected)), name
    for name in TOTALS:
        if name in found.summary or name != "losses":
            assert found.summary.get(name) == wanted.summary.get(name), name
    return wanted


@pytest.mark.spark
def test_tables_equal_those_of_one_machine(spark_here):
    wanted = check_same_tables(spark_here, repeated(), REPEATS, 5)
    assert len(wanted.tables["repeats"]) > 4


def sited():
    """Return pages of sites with menus, notices and lines that number, copies, and a dump."""
    pool = [f"word{chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(600)]
    drawn = random.Random(7)

    def prose(words):
        return " ".join(drawn.choices(pool, k=words)).capitalize() + "."

    pages = []
    for k in range(150):
        site = ("a.example", "b.example", "c.example", None)[k % 4]
        body = [f"Day {k} of the {drawn.choice(pool)}", prose(30), prose(25)]
        if k % 4 == 0:
            body += ["Listen now", f"{k % 9} min listen", NOTE]
        if k % 4 == 1 and k % 3:
            line = f"Source: {drawn.choice(pool)} {RIGHTS}" if k % 5 == 0 else RIGHTS
            body = [body[0], f"{prose(30)} {prose(20)} An error has occurred. {line} {prose(14)}"]
        if k % 7 == 0:
            body.append(PLAIN)
        if k % 4 == 0:
            body += [TOLD.format(19 if k != 36 else 23), TOLD.replace("noon", "dusk").format(k)]
        if k % 4 == 1:
            body[-1] += f" He left on day {k}. {TOLD.format(k % 2 + 7)} {prose(9)}"
        if k % 4 == 2:
            body += [LATE, prose(20), *MENU, f"Copyright {k} c.example", prose(3)]
        pages.append((site, "\n\n".join(body)))
    pages += [("a.example", pages[4][1].upper()), ("b.example", pages[8][1]), (None, "")]
    pages += [("c.example", "\n\n".join(MENU)), ("c.example", "\n".join(MENU))] * 2
    sites, texts = zip(*pages, strict=True)
    ids = [f"{k * 37 % 1000:03}" for k in range(len(pages))]
    return pa.table({"id": ids, "text": texts, "site": pa.array(sites, pa.string())})


NOTE = "Follow the work of our newsroom by e-mail, or write to the editors of this website."
RIGHTS = "You can buy the rights of this article on our website at any time."
PLAIN = "Seven ships sailed in the spring to islands that no map of the time had shown."
TOLD = "By noon of that day {} of the ships had come back to the islands in the south."
# Its number stands behind what the summary shows of it, so nobody knows whether it is the same.
LATE = f"{PLAIN[:-1]}, and {TOLD.format('some')[:-1].lower()}, where they had waited {{}} years."
LATE = LATE.replace("islands", "islands far behind the horizon of all the old ports").format(48)
MENU = ["Home", "Local news", "Sport and leisure", "Weather map", "Opinion", "About us", "Contact"]
TOTALS = ("documents", "relations", "clusters", "limits", "repeats", "removals", "tags", "review")
TOTALS = (*TOTALS, "templates", "losses", "stories", "families")


def copied():
    """Return the pages of ``sited``, copies of some on other sites, parts, dumps and revisions."""
    table, drawn = sited(), random.Random(3)
    ids, texts, sites = (table[name].to_pylist() for name in ("id", "text", "site"))
    pages = list(zip(texts, sites, strict=True))
    for k in range(0, 120, 3):
        words = texts[k].split(" ")
        for _ in range(drawn.choice([0, 1, 3, 6])):
            words[drawn.randrange(len(words))] = drawn.choice(["valley", "harbour", "12", "winter"])
        text = " ".join(words)
        parts = text.split("\n\n")
        forms = [
            text,
            "\n\n".join(parts[: len(parts) // 2 + 1]),
            "\n\n".join([*MENU, text, *MENU, "More news", *texts[k + 1].split("\n\n")[:2]]),
            text.upper(),
            f"{text}\n\n{texts[(k + 7) % 120]}",
            f"{text}\n\nThe council corrected the figure to {k} on Monday after the {words[1]}.",
        ]
        site = drawn.choice([sites[k], "d.example", "a.example"])
        pages += [(drawn.choice(forms), site), (drawn.choice(forms), site)]
    texts, sites = zip(*pages, strict=True)
    ids = [f"{k * 37 % 1000:03}" for k in range(len(pages))]
    return pa.table({"id": ids, "text": texts, "site": pa.array(sites, pa.string())})


@pytest.mark.spark
def test_cleaned_rows_that_stay_keep_all_columns_and_come_back(spark_here, tmp_path):
    from dedup.sources.options import ReadOptions
    from dedup.spark import restore
    from dedup.spark.command import clean_paths

    table = repeated()
    columns = ["id", "body", "site", "n"]
    given = table.rename_columns(columns).append_column("dedup", pa.array(["mine"] * len(table)))
    given = given.append_column("a.b", pa.array(range(len(table))))
    pq.write_table(given, tmp_path / "news.parquet", row_group_size=4)
    out = tmp_path / "clean"
    options = ReadOptions(text_column="body")
    summary = clean_paths(
        spark_here, [str(tmp_path / "news.parquet")], str(out), options, CLEANED, format="parquet"
    )
    cleaned = pq.read_table(out / "articles")
    assert cleaned.column_names == [*given.column_names, "dedup_", "provenance"]
    entries = {each["doc_id"]: each for each in dedup.clean(table, CLEANED)}
    rows = {row["dedup_"]["doc_id"]: row for row in cleaned.to_pylist()}
    assert rows.keys() == entries.keys()
    for doc_id, row in rows.items():
        entry, stated = entries[doc_id], json.loads(row["provenance"])
        assert row["body"] == entry["clean"]
        assert {name: entry[name] for name in stated} == stated
    assert summary["removals"] == dedup.scan(table, CLEANED).summary["removals"]
    assert {"repeats", "removals", "annotations", "summary.json"} <= {
        each.name for each in out.iterdir()
    }
    again = restore(spark_here.read.parquet(str(out / "articles")), text="body", dedup="dedup_")
    assert again.columns == given.column_names
    numbers = {row["n"] for row in cleaned.to_pylist()}
    assert 0 < summary["documents"]["removed"] == len(given) - len(numbers)
    expected = [tuple(row.values()) for row in given.to_pylist() if row["n"] in numbers]
    assert rows_of(again) == sorted(expected, key=repr)


def test_what_is_not_there_is_refused_by_name():
    pytest.importorskip("pyspark")
    from dedup.spark.api import settings

    with pytest.raises(ConfigError, match="shingle_unit"):
        settings(Config(find=("duplicates",), shingle_unit="char"))
    everything = Config()
    assert settings(everything) is everything
    assert settings(REPEATS) is REPEATS
    assert settings(BOILERPLATE) is BOILERPLATE


def test_clean_refuses_what_spark_has_no_use_for(tmp_path):
    import commands

    where = (tmp_path, "-o", tmp_path / "out", "--engine", "spark")
    for name, *value in (("--all",), ("--annotate",), ("--threads", "2"), ("--format", "csv")):
        run = commands.run("clean", *where, name, *value)
        assert run.code == 2, run.err
        assert f"{name} does not go with --engine spark" in run.err
