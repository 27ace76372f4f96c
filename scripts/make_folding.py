"""Make ``dedup/text/folding.npz``: the one table that folds code points for comparing.

Run by hand when the rules below change; the file is committed, so that every Python version folds
alike (the Unicode data of the interpreter differ). A new table means a new FOLDING_VERSION in
``dedup/text/tokens.py``. Values of the table:

    0…15        a separator of that kind (SPACE, NEWLINE, … in ``dedup/kernels/text.py``)
    otherwise   bits 0–20 the folded code point, or a place in ``expansions``;
                21 unspaced script, 22 capital, 23 digit, 24–27 length of the expansion (0: none)
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np

PLAIN, SPACE, NEWLINE, SENTENCE, OPEN, CLOSE, TOGGLE, HYPHEN, APOSTROPHE, AT, IGNORE = range(11)
UNSPACED, CAPITAL, DIGIT, LENGTH_SHIFT = 1 << 21, 1 << 22, 1 << 23, 24
BLOCK = 128

KINDS = {
    SPACE: " \t\r\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000",
    NEWLINE: "\n\x0b\x0c\x85\u2028\u2029",
    SENTENCE: ".!?:\u2026\u3002\uff01\uff1f\uff0e\uff61\u061f\u06d4\u0964\u0965\u203c\u2047\u2048"
    "\u2049\ufe52\ufe56\ufe57\u055e\u0589\u1362\uff1a",
    OPEN: "\u201c\u201e\u201f\u00ab\u300c\u300e\u301d\u2039\u300a",
    CLOSE: "\u201d\u00bb\u300d\u300f\u301e\u301f\u203a\u300b",
    TOGGLE: '"\uff02',
    HYPHEN: "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d",
    APOSTROPHE: "'\u2018\u2019\u201a\u201b\u02bc\u02bb\u02b9\u02bd\u0060\u00b4\uff07\u2032\u05f3",
    AT: "@\uff20",
}
SEPARATORS = {char: kind for kind, chars in KINDS.items() for char in chars}
# Letters that Arabic and Persian or Urdu keyboards write with different code points.
SAME_LETTERS = {
    "\u0649": "\u064a",  # alef maksura: yeh
    "\u06cc": "\u064a",  # Farsi yeh
    "\u06a9": "\u0643",  # keheh: kaf
    "\u06c1": "\u0647",  # heh goal: heh
    "\u06d5": "\u0647",  # ae, and with it heh with yeh above
    "\u06c3": "\u0629",  # teh marbuta goal: teh marbuta
    "\u0671": "\u0627",  # alef wasla; the other forms of alef decompose
    "\u0672": "\u0627",  # alef with wavy hamza above …
    "\u0673": "\u0627",  # … and below
}
UNSPACED_RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x19E0, 0x19FF),  # Khmer symbols
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # Han iteration mark and zero
    (0x3040, 0x30FF),  # Kana
    (0x3100, 0x312F),  # Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo, extended
    (0x31F0, 0x31FF),  # Kana, extended
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar, extended
    (0xAA60, 0xAA7F),  # Myanmar, extended
    (0xF900, 0xFAFF),  # Han compatibility
    (0x1B000, 0x1B16F),  # Kana, extended
    (0x20000, 0x3FFFF),  # Han
)


def is_unspaced(code: int) -> bool:
    """Tell whether the script of ``code`` is written without spaces between words."""
    return any(low <= code <= high for low, high in UNSPACED_RANGES)


def is_ignored(char: str) -> bool:
    """Tell whether ``char`` is nothing to compare: accents, zero-width, variation selectors."""
    code, category = ord(char), unicodedata.category(char)
    if category in ("Cf", "Me") or 0xFE00 <= code <= 0xFE0F or 0xE0000 <= code <= 0xE0FFF:
        return True
    if code == 0x034F or 0x180B <= code <= 0x180F or code == 0x0640:  # joiner, selectors, tatweel
        return True
    # An accent has a combining class. A vowel sign of an Indic script has none, and a virama (9)
    # changes the word: both are letters here.
    return unicodedata.combining(char) not in (0, 9)


def folded(char: str) -> str:
    """Return what ``char`` is compared as: compatibility form, case folded, without accents.

    A decimal digit of any script is the ASCII digit of its value.
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    text = unicodedata.normalize("NFKD", text.casefold())
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.digit(char))
    text = "".join(SAME_LETTERS.get(each, each) for each in text)
    text = text.replace("\u0131", "i")  # Turkish dotless i: capitals lose the difference
    return "".join(each for each in text if not is_ignored(each))


def is_word(char: str) -> bool:
    """Tell whether ``char`` belongs to a word: letter, digit, or a mark that is a letter here."""
    return unicodedata.category(char)[0] in "LNM"


def entry(char: str, expansions: list[int]) -> int:
    """Return the table value of ``char``, adding to ``expansions`` where it folds to several."""
    if char in SEPARATORS:
        return SEPARATORS[char]
    if is_ignored(char):
        return IGNORE
    if not is_word(char):
        return PLAIN
    text = "".join(each for each in folded(char) if is_word(each))
    if not text:  # a mark on nothing is a mark, a mark on a blank is a blank
        return PLAIN if folded(char) else IGNORE
    unspaced = is_unspaced(ord(char)) or (len(text) == 1 and is_unspaced(ord(text)))
    unspaced = unspaced and unicodedata.category(char) != "Nd"
    flags = UNSPACED if unspaced else 0
    flags |= CAPITAL if unicodedata.category(char) in ("Lu", "Lt") else 0
    flags |= DIGIT if unicodedata.category(char)[0] == "N" else 0
    if len(text) == 1:
        return ord(text) | flags
    if len(text) > 15:
        raise SystemExit(f"U+{ord(char):04X} folds to {len(text)} characters, at most 15 fit")
    place = len(expansions)
    expansions.extend(ord(each) for each in text)
    return place | flags | len(text) << LENGTH_SHIFT


def main() -> None:
    """Write the two-stage table."""
    expansions: list[int] = []
    table = np.zeros(0x110000, np.uint32)
    for code in range(0x110000):
        if not 0xD800 <= code <= 0xDFFF:
            table[code] = entry(chr(code), expansions)
    blocks, stage = np.unique(table.reshape(-1, BLOCK), axis=0, return_inverse=True)
    target = Path(__file__).parent.parent / "dedup" / "text" / "folding.npz"
    np.savez_compressed(
        target,
        stage=stage.astype(np.uint16).ravel(),
        values=blocks.ravel(),
        expansions=np.array(expansions, np.uint32),
    )
    print(
        f"{target.name}: {len(blocks)} blocks, {len(expansions)} expanded code points, "
        f"Unicode {unicodedata.unidata_version}, Python {sys.version.split()[0]}, "
        f"{target.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
