"""Plain twins of what dedup computes fast: sets, dicts, double loops. Slow, and easy to read."""

from __future__ import annotations

import itertools
import math
import re
from fractions import Fraction
from typing import NamedTuple

from naive_quotes import naive_quotes

Case = tuple[int, int, int, int]  # start a, end a, start b, end b
DocPair = tuple[str, str]


def naive_pair_counts(predicted: dict[str, str], truth: dict[str, str]) -> tuple[int, int, int]:
    """Return how many pairs are together in (both, predicted, true); the missing are alone."""
    both = guessed = true = 0
    for first, second in itertools.combinations(truth, 2):
        is_true = truth[first] == truth[second]
        known = first in predicted and second in predicted
        is_guessed = known and predicted[first] == predicted[second]
        both += is_true and is_guessed
        guessed += is_guessed
        true += is_true
    return both, guessed, true


def naive_ari(predicted: dict[str, str], truth: dict[str, str]) -> float:
    """Return the adjusted Rand index as Hubert and Arabie write it."""
    both, guessed, true = naive_pair_counts(predicted, truth)
    total = math.comb(len(truth), 2)
    expected = Fraction(guessed * true, total) if total else Fraction(0)
    highest = Fraction(guessed + true, 2)
    return 1.0 if highest == expected else float((both - expected) / (highest - expected))


def naive_plagdet(
    detections: dict[DocPair, list[Case]], cases: dict[DocPair, list[Case]]
) -> tuple[float, float, float, float]:
    """Return (plagdet, precision, recall, granularity) by sets of single characters."""
    found = [(pair, each) for pair in cases for each in detections.get(pair, [])]
    true = [(pair, each) for pair, listed in cases.items() for each in listed]
    precision = _macro_average(found, true)
    recall = _macro_average(true, found)
    counts = [sum(_detects(r, s) for r in found) for s in true]
    detected = [count for count in counts if count]
    granularity = sum(detected) / len(detected) if detected else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return f1 / math.log2(1 + granularity), precision, recall, granularity


def _macro_average(of: list[tuple[DocPair, Case]], by: list[tuple[DocPair, Case]]) -> float:
    shares = []
    for one in of:
        covered = set()
        for other in by:
            if _detects(one, other):
                covered |= _characters(one) & _characters(other)
        shares.append(len(covered) / len(_characters(one)))
    return sum(shares) / len(shares) if shares else 1.0


def _detects(r: tuple[DocPair, Case], s: tuple[DocPair, Case]) -> bool:
    common = {side for side, _ in _characters(r) & _characters(s)}
    return r[0] == s[0] and common == {"a", "b"}


def _characters(item: tuple[DocPair, Case]) -> set[tuple[str, int]]:
    start_a, end_a, start_b, end_b = item[1]
    return {("a", at) for at in range(start_a, end_a)} | {("b", at) for at in range(start_b, end_b)}


# Words, shingles, signatures and classes, written from the rules on plain strings and integers.

MASK32, MASK64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
PLAIN, SPACE, NEWLINE, SENTENCE, OPEN, CLOSE, TOGGLE, HYPHEN, APOSTROPHE, AT, IGNORE = range(11)
CAPITAL, STARTS_SENTENCE, STARTS_LINE, ADJOINS, QUOTED, UNSPACED, LINK, DIGIT = (
    1 << bit for bit in range(8)
)
STOP, CONTENT, NAME, BLANK = range(4)


class Letter(NamedTuple):
    """What the folding table says of a character: a kind of separator, or what it folds to."""

    kind: int | None
    folded: str = ""
    flags: int = 0


class Token(NamedTuple):
    """A token: its folded word, where it stands in the text, its flags."""

    word: str
    start: int
    end: int
    flags: int


class NaiveFolding:
    """The folding table as a dictionary that fills itself."""

    def __init__(self, stage, values, expansions):
        self.stage, self.values, self.expansions = stage, values, expansions
        self.seen = {}

    def entry(self, code: int) -> int:
        """Return the table value of a code point."""
        return int(self.values[int(self.stage[code // 128]) * 128 + code % 128])

    def __getitem__(self, char: str) -> Letter:
        if char not in self.seen:
            self.seen[char] = self._letter(self.entry(ord(char)))
        return self.seen[char]

    def _letter(self, value: int) -> Letter:
        if value < 16:
            return Letter(value)
        position, length = value % (1 << 21), value >> 24
        codes = [int(each) for each in self.expansions[position : position + length]] or [position]
        bits = ((21, UNSPACED), (22, CAPITAL), (23, DIGIT))
        flags = sum(flag for bit, flag in bits if value >> bit & 1)
        return Letter(None, "".join(map(chr, codes)), flags)


class Context:
    """What the separators so far say of the next token."""

    def __init__(self):
        self.sentence = self.line = True  # it is the first of one
        self.adjoins = self.link = False

    def flags(self) -> int:
        """Return the flags of a token that begins here."""
        flags = STARTS_SENTENCE * self.sentence | STARTS_LINE * self.line | LINK * self.link
        return flags | ADJOINS * self.adjoins

    def after_token(self, parted: bool) -> None:
        """Go on after a token; apostrophes at its end part it from the next, as does a link."""
        self.sentence = self.line = False
        self.adjoins = not parted

    def after_separator(self, kind: int) -> None:
        """Go on after a separator."""
        self.adjoins = self.adjoins and kind in (SPACE, HYPHEN, IGNORE)
        if kind == SPACE:
            self.link = False
        elif kind == NEWLINE:
            self.sentence = self.line = True
            self.link = False
        elif kind == AT:
            self.link = True
        elif kind == SENTENCE:
            self.sentence = not self.link


URL_CHARS = r"[\w.~:/?#@!$&*+,;=%-]"
URL = re.compile(rf"(?:([a-z]+)://|www\.)[^\W_]{URL_CHARS}*", re.ASCII | re.IGNORECASE)
EMAIL = re.compile(r"[^\W_][\w.%+-]{0,63}@([^\W_][a-z0-9.-]*)", re.ASCII | re.IGNORECASE)
BASE64 = re.compile(r"[a-z0-9+/]+", re.ASCII | re.IGNORECASE)
AFTER_WORD = re.compile(r"[\W_]+$", re.ASCII)


def naive_link(text: str, start: int, end: int) -> tuple[str, int] | None:
    """Return (what it is compared by, its end) of a link that begins with the word at ``start``."""
    if not text[start:end].isascii() or not text[start:end].isalnum() or end == len(text):
        return None
    url = URL.match(text, start)
    if url and url[0][end - start] in ":.":
        whole = AFTER_WORD.sub("", url[0])
        word = re.sub(r"^[a-z]+://", "", whole.lower())
        word = AFTER_WORD.sub("", re.split("[?#]", re.sub(r"^www\.(?=[a-z0-9])", "", word))[0])
        return word, start + len(whole)
    email = EMAIL.match(text, start)
    if email and "." in AFTER_WORD.sub("", email[1]):
        whole = AFTER_WORD.sub("", email[0])
        return whole.lower(), start + len(whole)
    if re.match("[a-zA-Z0-9]", text[end]):
        whole = AFTER_WORD.sub("", BASE64.match(text, start)[0])
        changes = re.findall(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])", whole.lower())
        if len(whole) >= 24 and len(changes) >= 3:
            return whole.lower(), start + len(whole)
    return None


def naive_tokens(text: str, table: NaiveFolding) -> list[Token]:
    """Return the tokens of a text that has no lone surrogates."""
    tokens: list[Token] = []
    context = Context()
    at = 0
    while at < len(text):
        letter = table[text[at]]
        if letter.kind is None:
            word, end, open_apostrophe = naive_word(text, at, table)
            flags = letter.flags | context.flags()
            link = naive_link(text, at, end)
            if link:
                word, end = link
                flags |= LINK
            tokens.append(Token(word, at, end, flags))
            context.after_token(open_apostrophe or link is not None)
            at = end
            while open_apostrophe and at < len(text) and table[text[at]].kind == APOSTROPHE:
                at += 1
        else:
            context.after_separator(letter.kind)
            at += 1
    return with_quotes(text, tokens, table)


def with_quotes(text: str, tokens: list[Token], table: NaiveFolding) -> list[Token]:
    """Flag the tokens inside quotation marks, and those that begin a quotation."""
    flags = [token.flags for token in tokens]
    starts = [token.start for token in tokens]
    for low, high in naive_quotes(text, around_quotes(text, table), starts):
        for index in range(low, high):
            flags[index] |= QUOTED
            flags[low] |= STARTS_SENTENCE
    return [token._replace(flags=own) for token, own in zip(tokens, flags, strict=True)]


def around_quotes(text: str, table: NaiveFolding) -> list[str]:
    """Return what quotation marks need to know of each character."""
    kinds = {SPACE: "blank", HYPHEN: "blank", NEWLINE: "line", None: "word"}
    return [kinds.get(table[char].kind, "") for char in text]


def naive_word(text: str, start: int, table: NaiveFolding) -> tuple[str, int, bool]:
    """Return (folded word, its end, whether apostrophes follow) of the word at ``start``."""
    parts = [""]  # between apostrophes
    end = at = start
    digit = table[text[start]].flags & DIGIT
    while at < len(text):
        letter = table[text[at]]
        unspaced = letter.flags & UNSPACED
        if letter.kind == IGNORE:
            end = at + 1
        elif at > start and (unspaced or table[text[start]].flags & UNSPACED):
            break  # a character of an unspaced script stands alone, with its marks
        elif letter.kind is None:
            if parts[-1] and letter.flags & DIGIT != digit:
                break  # a letter that touches a digit is of another word
            digit = letter.flags & DIGIT
            parts[-1] += letter.folded
            end = at + 1
        elif letter.kind == APOSTROPHE:
            parts.append("")
        else:
            break
        at += 1
    open_apostrophe = len(parts) > 1 and parts[-1] == ""
    if len(parts) > 1 and parts[-1] == "s":
        del parts[-1]
    return "".join(parts), end, open_apostrophe


def naive_mix(h: int, chunk: int) -> int:
    """Take eight bytes into a hash."""
    h = (h ^ chunk) * 0xD6E8FEB86659FD93 & MASK64
    return h ^ h >> 32


def naive_word_hash(word: str) -> int:
    """Return the hash of a folded word: its code points, each in as few bytes as hold it."""
    data = b"".join(ord(c).to_bytes((ord(c).bit_length() + 7) // 8, "little") for c in word)
    h = 0x9E3779B97F4A7C15
    for at in range(0, len(data), 8):
        h = naive_mix(h, int.from_bytes(data[at : at + 8], "little"))
    return h


def naive_prefix(word: str) -> int:
    """Return the first six characters of a folded word as one number."""
    stem = 0
    for position, char in enumerate(word[:6]):
        if ord(char) < 128:
            stem |= ord(char) << 8 * position
        else:
            stem ^= (ord(char) * 0xD6E8FEB86659FD93 & MASK64) >> position
    return stem


def naive_decode(data: bytes) -> tuple[int, int]:
    """Return (code point, bytes) at the start of ``data``; U+FFFD and 1 where it is broken."""
    for size, low, high, mask in ((2, 0xC0, 0xDF, 31), (3, 0xE0, 0xEF, 15), (4, 0xF0, 0xFF, 7)):
        if low <= data[0] <= high and size <= len(data):
            code = data[0] & mask
            for each in data[1:size]:
                code = code << 6 | each & 63
            return (code, size) if code < 0x110000 else (0xFFFD, 1)
    return 0xFFFD, 1


def naive_fmix64(h: int) -> int:
    """Return the 64-bit MurmurHash3 finaliser."""
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & MASK64
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & MASK64
    return h ^ h >> 33


def naive_fmix32(h: int) -> int:
    """Return the 32-bit MurmurHash3 finaliser."""
    h = (h ^ h >> 16) * 0x85EBCA6B & MASK32
    h = (h ^ h >> 13) * 0xC2B2AE35 & MASK32
    return h ^ h >> 16


def naive_shingles(units: list[int], size: int) -> list[int]:
    """Return the hashes of all runs of ``size`` units, or of the few that there are."""
    if 0 < len(units) < size:
        return [naive_fmix64(naive_polynomial(units) + 0xC2B2AE3D27D4EB4F * len(units) & MASK64)]
    runs = range(len(units) - size + 1 if units else 0)
    return [naive_fmix64(naive_polynomial(units[at : at + size])) for at in runs]


def naive_polynomial(units: list[int]) -> int:
    """Return Σ unit · M^(units after it), modulo 2⁶⁴."""
    total = 0
    for unit in units:
        total = total * 0x9E3779B97F4A7C15 + unit & MASK64
    return total


def naive_characters(text: str, table: NaiveFolding) -> list[int]:
    """Return the hashes of the folded characters, one blank between words."""
    folded = ""
    for char in text:
        letter = table[char]
        if letter.kind is None:
            folded += letter.folded
        elif letter.kind not in (IGNORE, APOSTROPHE):
            folded += " "
    return [naive_fmix64(ord(char)) for char in " ".join(filter(None, folded.split(" ")))]


def naive_content(shingles, count):
    """Return the two sums that stand for the content of a document of ``count`` tokens."""
    one = two = naive_fmix64(count)
    for position, value in enumerate(shingles):
        one += value * ((2 * position + 1) * 0x9E3779B97F4A7C15 % 2**64 | 1)
        two += naive_fmix64(value ^ (2 * position + 1))
    return [one % 2**64, two % 2**64]


def naive_signature(shingles: list[int], a: list[int], b: list[int]) -> list[int]:
    """Return the least value of each permutation over the shingles, 2³² - 1 where there is none."""
    mixed = {naive_fmix32(each >> 32) for each in shingles}
    return [
        min(((factor * each + summand) & MASK32 for each in mixed), default=MASK32)
        for factor, summand in zip(a, b, strict=True)
    ]


def naive_telling_capitals(flags: list[int]) -> list[bool]:
    """Mark the capitals that say something: not in a line of which 60% are capitals."""
    telling: list[bool] = []
    for line_text in _lines(flags):
        capitals = [bool(each & CAPITAL) for each in line_text]
        shouted = len(line_text) >= 3 and sum(capitals) >= 0.6 * len(line_text)
        telling += [each and not shouted for each in capitals]
    return telling


def _lines(flags: list[int]) -> list[list[int]]:
    lines: list[list[int]] = []
    for each in flags:
        if not lines or each & STARTS_LINE:
            lines.append([])
        lines[-1].append(each)
    return lines


def naive_classes(
    words: list[int], flags: list[int], masked: list[bool], stop: set[int], particles: set[int]
) -> tuple[list[int], list[float]]:
    """Return class and weight of every token of one document."""
    telling = naive_telling_capitals(flags)
    positions = range(len(words))
    inside = [i for i in positions if not flags[i] & (STARTS_SENTENCE | UNSPACED | DIGIT | LINK)]
    has_names = 4 * sum(telling[i] for i in inside) <= len(inside)
    classes = [STOP if word in stop else CONTENT for word in words]
    for i in positions:
        if masked[i] or flags[i] & LINK:
            classes[i] = BLANK
    if has_names:
        sure = [
            i
            for i in positions
            if classes[i] == CONTENT and telling[i] and not flags[i] & STARTS_SENTENCE
        ]
        names = {words[i] for i in sure}
        for i in positions:
            if i in sure or (classes[i] == CONTENT and telling[i] and words[i] in names):
                classes[i] = NAME
        for i in reversed(positions[:-1]):
            if classes[i + 1] == NAME and flags[i + 1] & ADJOINS:
                leads = classes[i] == CONTENT and telling[i]
                if leads or (classes[i] in (STOP, CONTENT) and words[i] in particles):
                    classes[i] = NAME
    return classes, naive_weights(classes, flags)


def naive_weights(classes: list[int], flags: list[int]) -> list[float]:
    """Return the weights: a whole name shares .75, an unspaced character has half a word's."""
    weights: list[float] = []
    at = 0
    while at < len(classes):
        end = at + 1
        if classes[at] == NAME:
            while end < len(classes) and classes[end] == NAME and flags[end] & ADJOINS:
                end += 1
            weights += [0.75 / (end - at)] * (end - at)
        else:
            weight = {STOP: 0.25, CONTENT: 1.0, BLANK: 0.0}[classes[at]]
            weights.append(weight / 2 if flags[at] & UNSPACED else weight)
        at = end
    return weights


def naive_shared(one: list[int], two: list[int]) -> int:
    """Return how many distinct values two lists have in common."""
    return len(set(one) & set(two))
