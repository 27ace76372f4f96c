"""Add the stop lists of kept packages to ``dedup/text/stopwords.txt``.

    pip download --no-deps stopwordsiso==0.7.1 spacy==3.8.18
    python scripts/make_stopwords.py stopwordsiso-*.whl spacy-*.whl

Run by hand; the file is committed and nothing of the packages is needed at run time. The first
lists of the file, up to the mark below, were written for it and stay; what follows is made anew.
Both packages are under the MIT licence. Only entries of one word are taken, folded as the lists of
the file are, at most ``MOST`` of each language, short ones first: function words are short, and the
longer entries of some lists are content words.
"""

from __future__ import annotations

import ast
import json
import sys
import unicodedata
import zipfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "dedup" / "text" / "stopwords.txt"
MARK = "# Made by scripts/make_stopwords.py"
MOST = 250
ISO = "bn vi cs hu bg ro fi no hr sk sl lt lv ca mr gu hy eu sw af tl".split()
SPACY = "uk et ta te kn si ne sr mk sq az ky".split()


def iso_lists(wheel: Path) -> dict[str, list[str]]:
    """Return the lists of ``stopwordsiso`` by language."""
    with zipfile.ZipFile(wheel) as archive:
        lists = json.loads(archive.read("stopwordsiso/stopwords-iso.json"))
    return {name: lists[name] for name in ISO}


def spacy_lists(wheel: Path) -> dict[str, list[str]]:
    """Return the lists of spaCy by language, read from their source."""
    lists = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in SPACY:
            source = archive.read(f"spacy/lang/{name}/stop_words.py").decode("utf-8")
            strings = [
                each.value
                for each in ast.walk(ast.parse(source))
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            lists[name] = max(strings, key=len).split()
    return lists


def line_of(name: str, words: list[str]) -> str:
    """Return the line of one language."""
    whole = {unicodedata.normalize("NFC", word.strip().lower()) for word in words}
    single = [word for word in whole if word and not any(c.isspace() or c in "-_" for c in word)]
    kept = sorted(sorted(single, key=lambda word: (len(word), word))[:MOST])
    return f"{name}: {' '.join(kept)}\n"


def main(iso: Path, spacy: Path) -> None:
    """Write the lists behind the mark."""
    own = TARGET.read_text("utf-8").split(MARK)[0]
    lists = {**iso_lists(iso), **spacy_lists(spacy)}
    head = f"{MARK} from stopwordsiso 0.7.1 (stopwords-iso, MIT) and spaCy 3.8.18 (MIT).\n"
    lines = [line_of(name, words) for name, words in lists.items()]
    TARGET.write_text(f"{own}{head}{''.join(lines)}", encoding="utf-8")
    print(f"{TARGET.name}: {len(lists)} lists added")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
