"""Make a corpus of news-like articles with planted copies and hard negatives, and its truth.

    python benchmarks/corpus.py --documents 50000 --out FOLDER

writes ``corpus.parquet`` (id, site, text) and ``labels.parquet`` (id, cluster, kind). The sentences
of the seeds and of Python's own documentation are templates: their stop words and punctuation
stay, their other words are drawn anew for each article, a third of them for its beat, some forty
articles that so share phrases. ``--corpus FILE`` takes originals from a file instead.
``--scripts`` writes ``corpus.jsonl``: three articles of five with letters of other languages in
place of theirs, the same ones in all copies of an original.

A fifth of the documents are copies. Copies of one original are a cluster, and nothing else is:

| kind | what is done to the original |
|---|---|
| exact | nothing |
| style | capitals, or punctuation taken out |
| edited | 1 to 30% of the words replaced, left out or put in |
| truncated | cut after 50 to 90% |
| reordered | paragraphs in another order |
| framed | another site's head and foot around it |
| framed_edited | both, with up to 10% of the words edited |

Hard negatives share text with others without being copies:

| kind | what is shared |
|---|---|
| site | the head and foot of all articles of a site (two of five sites have one) |
| stock | a paragraph of 60 to 90 words that stands under many unrelated articles |
| quote | a statement of 40 to 70 words that some five articles quote |
| beat | the phrases of a report with other names and figures: half of its 80 to 120 words |
| short | 8 to 25 words, after one of a few patterns |
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[1]
Ids = npt.NDArray[np.int64]

COPIES = 0.2
KINDS = {
    "exact": 0.1,
    "style": 0.1,
    "edited": 0.4,
    "truncated": 0.13,
    "reordered": 0.07,
    "framed": 0.1,
    "framed_edited": 0.1,
}
HARD = {"stock": 0.03, "quote": 0.03, "beat": 0.02, "short": 0.03}
MOST_COPIES = 12  # of one original
FUNCTION_WORDS = (
    "the of and to a in is that it for as was with be by on not he his but at are this have "
    "from or had an they which one you were all her she there would their we him been has "
    "when who will no more if out so up what about into than them can only other some could "
    "these two may then do first any my now such like our over me even most made after also "
    "did many before must through back years where much your way well down should because "
    "each just those how too little still between since both under while last might never us "
    "against another without again until during within here every per among though yet three "
    "four five said says say told"
)
STOP_WORDS = len(FUNCTION_WORDS.split())
WORDS = 40_000
SUFFIXES = ("", ",", ".", ":", ";", "?", ")", ".”")
PARAGRAPH = -1  # stands between paragraphs
# What stands for the letters of a to z in other languages: some of them, or all from a code point.
ACCENTED = ("aeou", "äéöü"), ("ceos", "çêõš"), ("aeiz", "åæîž"), ("clno", "čłñó")
ALPHABETS = (0x3B1, 0x430, 0x430, 0x561, 0x5D0, 0x627, 0x915, 0x10D0)
LATIN = 8  # languages whose letters are those of English
SYLLABLES = "ba be bo da do du fa fe ga go ka ke la le lo ma mi mo na ne no pa pe ra re ri ro sa "
SYLLABLES += "se so ta te ti to va ve za zo lan mer nor tal vin gar hol dren ster kov ski wick ham"


class Language:
    """Words by number: ``core + WORDS · (suffix + suffixes · capital)``; the stop words first."""

    def __init__(self, random: np.random.Generator) -> None:
        texts = _own_texts()
        plain = [[_parts(each) for each in sentence.split()] for sentence in _sentences(texts)]
        counts = Counter(core for sentence in plain for core, _, _ in sentence)
        stop = FUNCTION_WORDS.split()
        known = stop + sorted(counts.keys() - set(stop))
        parts = SYLLABLES.split()
        made: dict[str, None] = dict.fromkeys(known[:WORDS])
        while len(made) < WORDS:
            size = int(random.integers(2, 5))
            made["".join(parts[k] for k in random.integers(0, len(parts), size))] = None
        cores = list(made)
        number = {word: k for k, word in enumerate(cores)}
        forms = [core + suffix for suffix in SUFFIXES for core in cores]
        self.forms = np.array(forms + [form[:1].upper() + form[1:] for form in forms], object)
        self.templates = [
            np.array(
                [
                    number[core] + WORDS * (SUFFIXES.index(suffix) + len(SUFFIXES) * capital)
                    for core, suffix, capital in sentence
                    if core in number
                ],
                np.int64,
            )
            for sentence in plain
        ]
        self.random = random

    def draw(self, length: int, beat: int) -> list[Ids]:
        """Return the sentences of an article of about ``length`` words."""
        own = int(self.random.integers(1, 1 << 40))
        found, words = [], 0
        while words < length:
            template = self.templates[int(self.random.integers(len(self.templates)))]
            found.append(self.retold(template, own, beat))
            words += len(template)
        return found

    def retold(self, sentence: Ids, own: int, beat: int) -> Ids:
        """Return a sentence with other content words: a third by the beat, the rest its own."""
        core = sentence % WORDS
        content = core >= STOP_WORDS
        key = np.where(core % 3 > 0, np.int64(own), np.int64(beat + 1))
        mixed = (core * 0x9E3779B1 + key * 0x85EBCA77) & 0x7FFFFFFFFFFF
        mixed = (mixed ^ (mixed >> 15)) * 0xC2B2AE3D & 0x7FFFFFFFFFFF
        drawn = STOP_WORDS + (mixed >> 7) % (WORDS - STOP_WORDS)
        return np.where(content, sentence - core + drawn, sentence)

    def words(self, count: int) -> Ids:
        """Return words drawn one by one."""
        return self.random.integers(STOP_WORDS, WORDS, count)

    def text(self, paragraphs: list[Ids]) -> str:
        """Write paragraphs out."""
        return "\n\n".join(" ".join(self.forms[each].tolist()) for each in paragraphs)


def _own_texts() -> list[str]:
    from pydoc_data.topics import topics

    seeds = [path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("seeds/*.txt"))]
    return seeds + [topics[name] for name in sorted(topics)]


def _sentences(texts: list[str]) -> list[str]:
    found = (
        " ".join(part.split())
        for text in texts
        for part in re.split(r"(?<=[.!?])\s+|\n\s*\n", text)
    )
    return [each for each in found if 8 <= len(each.split()) <= 45]


def _parts(word: str) -> tuple[str, str, bool]:
    """Cut a word into what it is in small letters, the punctuation after it, its capital."""
    core = re.sub(r"[^\w'’-]+", "", word)
    suffix = next((each for each in reversed(SUFFIXES) if each and word.endswith(each)), "")
    return core.lower(), suffix, core[:1].isupper()


@dataclass
class Made:
    """What one document is made of."""

    paragraphs: list[Ids]
    site: int
    cluster: int
    kind: str


class Maker:
    """Make documents: originals, hard negatives, copies."""

    def __init__(self, seed: int, words: int, count: int) -> None:
        self.topics = max(count // 40, 1)
        self.random = np.random.default_rng(seed)
        self.language = Language(self.random)
        self.median = words
        draw = self.language.draw
        self.sites = [
            (draw(12, 10**6 + k)[:1], draw(50, 10**6 + k)) if k % 5 < 2 else ([], [])
            for k in range(400)
        ]
        self.stock = [self._joined(draw(int(n), 0)) for n in self.random.integers(60, 90, 60)]
        self.beats = [self._joined(draw(int(n), 0)) for n in self.random.integers(80, 120, 20)]
        self.shorts = [draw(int(n), 0)[0] for n in self.random.integers(8, 20, 12)]
        self.quote = np.zeros(0, np.int64)
        self.quotes: list[Ids] = []

    @staticmethod
    def _joined(sentences: list[Ids]) -> Ids:
        return np.concatenate(sentences)

    def original(self, number: int) -> Made:
        """Return an article that is a copy of none."""
        beat, site = (int(k) for k in self.random.integers(0, (self.topics, len(self.sites))))
        length = int(np.clip(self.random.lognormal(np.log(self.median), 0.5), 60, 6 * self.median))
        kind = self._kind(HARD, "article")
        if kind == "short":
            chosen = self.shorts[int(self.random.integers(len(self.shorts)))]
            return Made([self._refilled(chosen, 0.6)], site, number, kind)
        if kind == "beat":
            chosen = self.beats[int(self.random.integers(len(self.beats)))]
            return Made([self._refilled(chosen, 0.5)], site, number, kind)
        sentences = self.language.draw(length, beat)
        paragraphs = [self._joined(sentences[k : k + 3]) for k in range(0, len(sentences), 3)]
        if kind == "stock":
            paragraphs.append(self.stock[int(self.random.integers(len(self.stock)))])
        if kind == "quote":
            if not len(self.quote) or self.random.random() < 0.2:
                size = int(self.random.integers(40, 70))
                self.quote = self._joined(self.language.draw(size, beat))
                self.quotes.append(self.quote)
            paragraphs.insert(len(paragraphs) // 2, self.quote)
        return Made(self._framed(paragraphs, site), site, number, kind)

    def _kind(self, shares: dict[str, float], other: str) -> str:
        at = self.random.random()
        for name, share in shares.items():
            if at < share:
                return name
            at -= share
        return other

    def _refilled(self, words: Ids, share: float) -> Ids:
        """Return words with a share of them drawn anew, at places of their own."""
        chosen = self.random.random(len(words)) < share
        return np.where(chosen, self.language.words(len(words)), words)

    def _framed(self, paragraphs: list[Ids], site: int) -> list[Ids]:
        head, foot = self.sites[site]
        return [*head, *paragraphs, *([self._joined(foot)] if foot else [])]

    def copy(self, original: Made) -> Made:
        """Return a copy of an article; copies of short ones are exact or in another style."""
        kind = self._kind(KINDS, "edited")
        if original.kind in ("short", "beat") and kind not in ("exact", "style"):
            kind = "exact"
        paragraphs = list(original.paragraphs)
        site = int(self.random.integers(len(self.sites)))
        if kind == "edited":
            paragraphs = self._edited(paragraphs, float(self.random.uniform(0.01, 0.3)))
        elif kind == "framed_edited":
            paragraphs = self._edited(paragraphs, float(self.random.uniform(0.01, 0.1)))
        elif kind == "truncated":
            paragraphs = self._truncated(paragraphs, float(self.random.uniform(0.5, 0.9)))
        elif kind == "reordered":
            paragraphs = [paragraphs[k] for k in self.random.permutation(len(paragraphs))]
        elif kind == "style":
            paragraphs = self._styled(paragraphs)
        if kind.startswith("framed"):
            paragraphs = self._framed(paragraphs, site)
        return Made(paragraphs, site, original.cluster, kind)

    def _edited(self, paragraphs: list[Ids], rate: float) -> list[Ids]:
        return [self._edited_words(each, rate) for each in paragraphs]

    def _edited_words(self, words: Ids, rate: float) -> Ids:
        at = self.random.random(len(words))
        words = np.where(at < 0.6 * rate, self.language.words(len(words)), words)
        copies = np.ones(len(words), np.int64)
        copies[(at >= 0.6 * rate) & (at < 0.8 * rate)] = 0
        copies[(at >= 0.8 * rate) & (at < rate)] = 2
        made = np.repeat(words, copies)
        new = np.flatnonzero(np.diff(np.repeat(np.arange(len(words)), copies)) == 0)
        made[new] = self.language.words(len(new))
        return made

    def _truncated(self, paragraphs: list[Ids], share: float) -> list[Ids]:
        left = int(share * sum(map(len, paragraphs)))
        kept: list[Ids] = []
        for each in paragraphs:
            if left > 0:
                kept.append(each[:left])
            left -= len(each)
        return kept

    def _styled(self, paragraphs: list[Ids]) -> list[Ids]:
        if self.random.random() < 0.5:
            return [each % WORDS for each in paragraphs]
        return [each % WORDS + WORDS * len(SUFFIXES) for each in paragraphs]


def make(count: int, seed: int, words: int) -> tuple[pa.Table, pa.Table]:
    """Return (corpus, labels) of ``count`` documents, in random order."""
    corpus, labels, _ = make_planted(count, seed, words)
    return corpus, labels


def make_planted(count: int, seed: int, words: int) -> tuple[pa.Table, pa.Table, list[str]]:
    """Return (corpus, labels) as ``make`` does, and the stock paragraphs and quotes planted."""
    maker = Maker(seed, words, count)
    random = maker.random
    copies = int(count * COPIES)
    documents = [maker.original(k) for k in range(count - copies)]
    texts = [maker.language.text(each.paragraphs) for each in documents]
    while len(documents) < count:
        original = documents[int(random.integers(count - copies))]
        many = min(int(random.geometric(0.4)), MOST_COPIES, count - len(documents))
        for _ in range(many):
            made = maker.copy(original)
            documents.append(made)
            texts.append(maker.language.text(made.paragraphs))
    order = random.permutation(count)
    ids = [f"{k:08d}" for k in random.permutation(count)]
    corpus, labels = _tables(
        ids,
        [texts[k] for k in order],
        [f"site{documents[k].site}.example" for k in order],
        [documents[k] for k in order],
    )
    return corpus, labels, [maker.language.text([each]) for each in (*maker.stock, *maker.quotes)]


def _tables(
    ids: list[str], texts: list[str], sites: list[str], documents: list[Made]
) -> tuple[pa.Table, pa.Table]:
    corpus = pa.table({"id": ids, "site": sites, "text": texts})
    labels = pa.table(
        {
            "id": ids,
            "cluster": [each.cluster for each in documents],
            "kind": [each.kind for each in documents],
        }
    )
    return corpus, labels


def from_file(path: Path, count: int, seed: int) -> tuple[pa.Table, pa.Table]:
    """Return (corpus, labels) with the texts of a file as originals, copies of a fifth planted."""
    texts = _file_texts(path)[: int(count * (1 - COPIES))]
    maker = Maker(seed, 400, count)
    language, random = maker.language, maker.random
    number: dict[str, int] = {}
    documents = []
    for k, text in enumerate(texts):
        paragraphs = [
            np.array([number.setdefault(word, len(number)) for word in part.split()], np.int64)
            for part in text.split("\n\n")
        ]
        documents.append(Made(paragraphs, k % 400, k, "article"))
    offset = 2 * len(SUFFIXES) * WORDS
    language.forms = np.concatenate([language.forms, np.array(list(number), object)])
    for each in documents:
        each.paragraphs = [words + offset for words in each.paragraphs]
    while len(documents) < len(texts) / (1 - COPIES) - 1:
        copy = maker.copy(documents[int(random.integers(len(texts)))])
        documents.append(copy)
    made = [language.text(each.paragraphs) for each in documents]
    made[: len(texts)] = texts
    order = random.permutation(len(documents))
    ids = [f"{k:08d}" for k in order]
    sites = [f"site{documents[k].site}.example" for k in order]
    return _tables(ids, [made[k] for k in order], sites, [documents[k] for k in order])


def _file_texts(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        texts: list[Any] = pq.read_table(path, columns=["text"])["text"].to_pylist()
    elif path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            texts = [json.loads(line).get("text") for line in lines if line.strip()]
    else:
        raise SystemExit(f"{path}: want .parquet or .jsonl with a column text")
    found = [text for text in dict.fromkeys(texts) if text and len(text.split()) >= 30]
    if not found:
        raise SystemExit(f"{path}: no texts of 30 words or more in a column text")
    return found


def letters() -> list[dict[int, str]]:
    """Return for each of twenty languages what stands for the letters of English.

    >>> ["Bad news".translate(table) for table in letters()[8::5]]
    ['Bäd néws', 'Баг ндцт', 'खकघ ढङफध']
    """
    small = "abcdefghijklmnopqrstuvwxyz"
    pairs = list(ACCENTED)
    pairs += [(small, "".join(map(chr, range(first, first + 26)))) for first in ALPHABETS]
    tables = [str.maketrans(own + own.upper(), new + new.upper()) for own, new in pairs]
    return [{}] * LATIN + tables


def in_scripts(texts: list[str], clusters: list[int]) -> list[str]:
    """Return texts with the letters of twenty languages, one for each cluster."""
    tables = letters()
    return [
        text.translate(tables[cluster % len(tables)])
        for text, cluster in zip(texts, clusters, strict=True)
    ]


def file_in(folder: Path, *, scripts: bool = False) -> Path:
    """Return the file that ``write`` writes the texts to."""
    return folder / ("corpus.jsonl" if scripts else "corpus.parquet")


def write(folder: Path, corpus: pa.Table, labels: pa.Table, *, scripts: bool = False) -> Path:
    """Write both tables into a folder; return the file with the texts."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(labels, folder / "labels.parquet")
    path = file_in(folder, scripts=scripts)
    if not scripts:
        pq.write_table(corpus, path, row_group_size=10_000)
        return path
    columns = corpus.to_pydict()
    columns["text"] = in_scripts(columns["text"], labels["cluster"].to_pylist())
    with path.open("wb") as file:
        for row in zip(*columns.values(), strict=True):
            file.write(orjson.dumps(dict(zip(columns, row, strict=True))) + b"\n")
    return path


def main() -> int:
    """Make a corpus and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--words", type=int, default=400, help="in the median article")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="originals: Parquet or JSON lines with `text`")
    parser.add_argument("--scripts", action="store_true", help="JSON lines in twenty languages")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    options = parser.parse_args()
    if options.corpus:
        corpus, labels = from_file(options.corpus, options.documents, options.seed)
    else:
        corpus, labels = make(options.documents, options.seed, options.words)
    write(options.out, corpus, labels, scripts=options.scripts)
    kinds = Counter(labels["kind"].to_pylist())
    print(f"{len(corpus):,} documents, {corpus['text'].nbytes / 1e6:.0f} MB of text")
    print(", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items())))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
