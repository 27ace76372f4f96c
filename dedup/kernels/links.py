"""URLs, e-mail addresses and runs of base64: which bytes of a text are one token.

All are ASCII. A link begins with a word and is known by what follows that word, so that a text is
read from left to right and never back:

    URL      letters ``://``, or ``www.``, then a letter or digit and what may stand in a URL
    e-mail   up to 64 letters, digits and ``._%+-``, then ``@`` and a domain with a dot
    base64   24 letters, digits, ``+`` and ``/`` or more, where letters and digits change places
             three times or more, the first time right behind the first word

A link ends with its last letter or digit. What it is compared by (``link_word``) is a URL without
scheme, ``www.``, query and fragment, the others whole.
"""

from __future__ import annotations

import numpy as np

from dedup.kernels._jit import njit_uncounted

LEAST_BASE64 = 24  # bytes
LEAST_CHANGES = 3  # from letter to digit or back, in base64
MOST_LOCAL = 64  # bytes of an e-mail address before the @ (RFC 5321)

# Bits of ``BYTES``: where an ASCII character may stand.
LETTER, DIGIT, URL, LOCAL, DOMAIN, BASE64 = 1, 2, 4, 8, 16, 32
WORD = LETTER | DIGIT


BYTES = np.zeros(256, np.uint8)
for _chars, _bits in (
    (
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        LETTER | URL | LOCAL | DOMAIN | BASE64,
    ),
    ("0123456789", DIGIT | URL | LOCAL | DOMAIN | BASE64),
    ("-._~:/?#@!$&*+,;=%", URL),
    ("._%+-", LOCAL),
    (".-", DOMAIN),
    ("+/", BASE64),
):
    BYTES[np.frombuffer(_chars.encode(), np.uint8)] |= _bits
_DOT, _SLASH, _COLON, _AT = (np.uint8(ord(char)) for char in "./:@")
_QUERY, _FRAGMENT = np.uint8(ord("?")), np.uint8(ord("#"))
_W, _SMALL = np.uint8(ord("w")), np.uint8(0x20)


@njit_uncounted
def run_end(data, lo, hi, bits):
    """Return where the run of bytes of one of the kinds ``bits`` ends that begins at ``lo``."""
    while lo < hi and BYTES[data[lo]] & bits != 0:
        lo += 1
    return lo


@njit_uncounted
def last_word_end(data, lo, hi):
    """Return the end of the last letter or digit of ``data[lo:hi]``, or ``lo``."""
    while hi > lo and BYTES[data[hi - 1]] & WORD == 0:
        hi -= 1
    return hi


@njit_uncounted
def is_www(data, lo, hi):
    """Tell whether ``data[lo:hi]`` is ``www``, small or capital."""
    if hi - lo != 3:
        return False
    for i in range(lo, hi):
        if data[i] | _SMALL != _W:
            return False
    return True


@njit_uncounted
def url_end(data, lo, at, hi):
    """Return where the URL ends whose first word is ``data[lo:at]``, or ``lo`` for none."""
    body = lo
    if data[at] == _COLON:
        if BYTES[data[lo]] & LETTER != 0 and at + 2 < hi and data[at + 1] == _SLASH:
            if data[at + 2] == _SLASH:
                body = at + 3
    elif data[at] == _DOT and is_www(data, lo, at):
        body = at + 1
    if body == lo or body >= hi or BYTES[data[body]] & WORD == 0:
        return lo
    return last_word_end(data, body, run_end(data, body, hi, URL))


@njit_uncounted
def email_end(data, lo, at, hi):
    """Return where the e-mail address ends that begins with ``data[lo:at]``, or ``lo`` for none."""
    sign = run_end(data, at, min(hi, lo + MOST_LOCAL), LOCAL)
    if sign - lo > MOST_LOCAL or sign + 1 >= hi or data[sign] != _AT:
        return lo
    if BYTES[data[sign + 1]] & WORD == 0:
        return lo
    end = last_word_end(data, sign + 1, run_end(data, sign + 1, hi, DOMAIN))
    for i in range(sign + 1, end):
        if data[i] == _DOT:
            return end
    return lo


@njit_uncounted
def base64_end(data, lo, hi):
    """Return where the run of base64 ends that begins at ``lo``, or ``lo`` for none."""
    end = last_word_end(data, lo, run_end(data, lo, hi, BASE64))
    if end - lo < LEAST_BASE64:
        return lo
    changes = 0
    for i in range(lo + 1, end):
        before = BYTES[data[i - 1]] & WORD
        here = BYTES[data[i]] & WORD
        if before != 0 and here != 0 and before != here:
            changes += 1
            if changes == LEAST_CHANGES:
                return end
    return lo


@njit_uncounted
def link_end(data, lo, at, hi):
    """Return where the link ends that begins with the word ``data[lo:at]``, or ``lo`` for none.

    The word is one kind of ASCII letters or digits, ``at`` is inside the text, which ends at
    ``hi``.
    """
    kind = BYTES[data[at]]
    if data[at] == _COLON or (data[at] == _DOT and at - lo == 3):
        end = url_end(data, lo, at, hi)
        if end > lo:
            return end
    if data[at] == _AT or kind & LOCAL != 0:
        end = email_end(data, lo, at, hi)
        if end > lo:
            return end
    return base64_end(data, lo, hi) if kind & WORD != 0 else lo


@njit_uncounted
def link_word(data, lo, hi):
    """Return the bounds of what the link ``data[lo:hi]`` is compared by."""
    word = run_end(data, lo, hi, LETTER)
    is_url = False
    if word + 3 < hi and data[word] == _COLON and data[word + 1] == _SLASH:
        if data[word + 2] == _SLASH and word > lo:
            is_url = True
            lo = word + 3
            word = run_end(data, lo, hi, LETTER)
    if word + 1 < hi and data[word] == _DOT and is_www(data, lo, word):
        if BYTES[data[word + 1]] & WORD != 0:
            is_url = True
            lo = word + 1
    if is_url:
        for i in range(lo, hi):
            if data[i] == _QUERY or data[i] == _FRAGMENT:
                hi = i
                break
        hi = last_word_end(data, lo, hi)
    return lo, hi
