"""Search texts of planted pairs in a large index: the share of their passages that is found.

    python benchmarks/quality/search.py --data ../shared/data --articles 66000 [--json FILE]

The store holds the real texts of five development sets and, up to the number asked for, the English
ones once more with real words in place of real words of about the same frequency. So seeds are as
frequent as in real texts, and nothing but chance is shared with what a text is looked for in. The
articles come in random order. A passage counts that a comparison of the two articles of a pair
finds, strong or medium, no seed being too frequent for it: more than a scan of the store finds. It
is found where half of its characters lie in a passage of the search: with the partner, or with any
real article.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.index import Index, Verdict
from dedup.index.rules import Row, record_of
from dedup.index.sqlite import SQLiteStore
from dedup.kernels.pieces import WEAK
from dedup.passages.find import Asked, find_passages_with
from dedup.passages.neighbours import join_neighbours
from dedup.text.stopwords import classify_alone
from dedup.text.tokens import tokenise_texts

SETS = ("text_alignment", "quotes", "stories", "planted_news", "german_press")
FREQUENT, BAND = 150, 64  # words that stay; words of about the same frequency
Span = tuple[int, int]


def main() -> int:
    """Fill a store, search, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--articles", type=int, default=66_000)
    parser.add_argument("--pairs", type=int, default=320, help="of text_alignment, drawn")
    parser.add_argument("--most", type=int, default=64, help="articles compared with a text")
    parser.add_argument("--json", type=Path, help="also write the figures")
    options = parser.parse_args()
    real = {f"{name}/{row['id']}": row["text"] for name in SETS for row in rows(options.data, name)}
    with tempfile.TemporaryDirectory(prefix="dedup-search-") as folder:
        path = Path(folder) / "store.index"
        fill(path, real, options.articles)
        with Index.open(path, mode="r") as index:
            facts = search(index, real, pairs(options.data, options.pairs), options.most)
    facts = {"articles": options.articles, "most": options.most, **facts}
    print(json.dumps(facts, indent=1))
    if options.json:
        options.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return 0


def rows(data: Path, name: str, part: str = "docs") -> Iterator[dict[str, Any]]:
    """Yield the rows of a development set; those without an id get their number."""
    with gzip.open(data / name / f"{part}.jsonl.gz", "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            yield {"id": str(number), **json.loads(line)}


def pairs(data: Path, count: int) -> dict[str, list[tuple[str, str]]]:
    """Return the ids of pairs by kind: some of text alignment, all of quotes both ways."""
    drawn = [each for each in rows(data, "text_alignment", "pairs") if each["label"][:2] != "01"]
    random.Random(5).shuffle(drawn)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in drawn[:count]:
        found[each["label"]].append((f"text_alignment/{each['a']}", f"text_alignment/{each['b']}"))
    for each in rows(data, "quotes", "pairs"):
        one, two = f"quotes/{each['a']}", f"quotes/{each['b']}"
        found["quotes"] += [(one, two), (two, one)]
    return found


def others(texts: list[str]) -> Iterator[str]:
    """Yield texts again and again, each time with other words in place of theirs."""
    form = re.compile("[A-Za-z]+")
    counts = Counter(word.lower() for text in texts for word in form.findall(text))
    words = [word for word, _ in counts.most_common()]
    for turn in itertools.count(1):
        draw, drawn = random.Random(turn), words[:FREQUENT]
        for low in range(FREQUENT, len(words), BAND):
            band = words[low : low + BAND]
            drawn += draw.sample(band, len(band))
        instead = dict(zip(words, drawn, strict=True))

        def another(found: re.Match[str], instead: dict[str, str] = instead) -> str:
            word = instead[found[0].lower()]
            return word.capitalize() if found[0][0].isupper() else word

        yield from (form.sub(another, text) for text in texts)


def fill(path: Path, real: dict[str, str], count: int) -> None:
    """Make a store of the real texts and of others."""
    english = [text for name, text in real.items() if not name.startswith("german")]
    made = itertools.islice(others(english), max(count - len(real), 0))
    every = [*real.items(), *((f"other/{number}", text) for number, text in enumerate(made))]
    random.Random(4).shuffle(every)
    with Index.open("memory://", passages=True) as maker:
        settings = maker.settings

        def records() -> Iterator[Row]:
            given = ({"id": name, "text": text} for name, text in every)
            for number, entry in enumerate(maker.sign_many(given), 1):
                said = Verdict(verdict="new", first="new", cluster=entry.id, removals=())
                record = record_of(entry, None, number, said)
                yield Row(number, number, True, record, settings.num_perm)

        store = SQLiteStore(path, create=lambda: settings, must_be_new=True)
        store.restore(records())
        store.close()


def truth(one: str, two: str) -> list[Span]:
    """Return the strong and medium passages of a text that a comparison with another finds."""
    tokens = tokenise_texts(texts_from_strings([one, two]))
    words = classify_alone(tokens)
    found = find_passages_with(tokens, words, Config(), [Asked(0, [1])])
    found = join_neighbours(found, tokens)
    spans = found.spans[found.levels > WEAK].tolist()
    return [(int(tokens.starts[low]), int(tokens.ends[high - 1])) for low, high, *_ in spans]


def is_found(span: Span, among: list[Span]) -> bool:
    """Tell whether half of a span lies in one of others."""
    start, end = span
    return any(2 * (min(end, high) - max(start, low)) >= end - start for low, high in among)


def search(
    index: Index, real: dict[str, str], given: dict[str, list[tuple[str, str]]], most: int
) -> dict[str, Any]:
    """Search the first text of each pair; return passages, found with the partner, anywhere."""
    took: list[float] = []
    kinds: dict[str, list[float]] = {}
    for kind, some in sorted(given.items()):
        told: Counter[str] = Counter()
        for one, two in some:
            spans = truth(real[one], real[two])
            begin = time.process_time()
            found = index.search(real[one], articles=most).passages
            took.append(time.process_time() - begin)
            known = [each for each in found if each.doc_id != one and each.doc_id in real]
            own = [(each.start, each.end) for each in known if each.doc_id == two]
            anywhere = [(each.start, each.end) for each in known]
            told["passages"] += len(spans)
            told["partner"] += sum(is_found(each, own) for each in spans)
            told["anywhere"] += sum(is_found(each, anywhere) for each in spans)
        count = told["passages"]
        shares = [round(told[name] / max(count, 1), 4) for name in ("partner", "anywhere")]
        kinds[kind] = [count, *shares]
    p50, p99 = (float(np.quantile(took, at)) * 1e3 for at in (0.5, 0.99))
    return {"passages_partner_anywhere": kinds, "cpu_ms_p50": p50, "cpu_ms_p99": p99}


if __name__ == "__main__":
    sys.exit(main())
