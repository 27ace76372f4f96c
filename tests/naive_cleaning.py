"""Plain twins of what finds blocks, runs and copies: strings, lists, double loops."""

from __future__ import annotations

import re

UNSEEN = "\xa0\xad\x85\u1680\u180e\u3000\ufeff" + "".join(
    map(chr, [*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070)])
)
CLOSERS = ")]}\"'’”»›」』）"
ENDS = ".!?؟۔।。！？።…"


def naive_lines(text):
    """Return (start, end) of the lines that hold more than ASCII blanks."""
    found = []
    start = 0
    for line, stop in re.findall(
        r"([^\n\r\x85\u2028\u2029]*)(\r\n|[\n\r\x85\u2028\u2029]|\Z)", text
    ):
        if line.strip(" \t\v\f"):
            found.append((start, start + len(line)))
        start += len(line) + len(stop)
    return found


def naive_ending(line):
    """Return (invisible, ends in an ellipsis, ends like a sentence, ends in a bracket)."""
    seen = line.strip(" \t\r\n\v\f\x1c\x1d\x1e\x1f" + UNSEEN)
    if not seen:
        return True, False, False, False
    bare = seen[:-1].rstrip(" ") if seen[-1] in ")]" else seen
    ellipsis = bare.endswith(("…", "..."))
    closed = seen
    for _ in range(6):
        closed = closed[:-1] if closed and closed[-1] in CLOSERS else closed
    sentence = not ellipsis and closed.endswith(tuple(ENDS))
    return False, ellipsis, sentence, seen[-1] in ")）"


def naive_runs(lines, sizes, usable):
    """Return {block: (within, across)} as places (block, token), one document of token lists."""
    bounds = [0]
    for tokens in lines:
        bounds.append(bounds[-1] + len(tokens))
    flat = [token for tokens in lines for token in tokens]
    owner = [b for b, tokens in enumerate(lines) for _ in tokens]
    found = {}
    for b, size in enumerate(sizes):
        run = lines[b][:size]
        first = next(o for o, n in enumerate(sizes) if n == size and lines[o][:n] == run)
        within = across = -1
        longest = 0
        for p in range(len(flat) - size + 1):
            own = set(owner[p : p + size])
            apart = p + size <= bounds[first] or p >= bounds[first + 1]
            whole = all(usable[o] for o in range(min(own), max(own) + 1))
            if flat[p : p + size] != run or not apart or not whole:
                continue
            if len(own) > 1:
                across = p if across < 0 else across
            elif len(lines[owner[p]]) > longest:
                longest, within = len(lines[owner[p]]), p
        found[b] = (within, across) if size >= 8 else (-1, -1)
    return found


def naive_copies(lines, prose, ends):
    """Return {block: (what it repeats, why)} for one document of token lists.

    ``prose`` and ``ends`` tell of every block whether it is running text, and ends a sentence.
    """
    order = [b for b, tokens in enumerate(lines) if tokens]
    line_texts = [lines[b] for b in order]
    prose, ends = ([facts[b] for b in order] for facts in (prose, ends))
    heading = [len(line) < 12 and not end for line, end in zip(line_texts, ends, strict=True)]
    total = sum(map(len, line_texts))
    source = {}
    k = 1
    while k < len(line_texts) - 1:
        pair = line_texts[k : k + 2]
        j = next(j for j in range(k + 1) if line_texts[j : j + 2] == pair)
        n = 0
        while j + n < k and k + n < len(line_texts) and line_texts[j + n] == line_texts[k + n]:
            n += 1
        size = sum(map(len, line_texts[k : k + n]))
        if j == 0:
            whole = n == k or source.get(k - 1) == (n - 1, "run")
            pasted = size >= 10 * n and (whole or size >= 60)
            pasted = pasted or (whole and size >= 0.4 * total)
        else:
            pasted = size >= max(60, 20 * n) and not (heading[j - 1] and heading[k - 1])
        if n >= 2 and size >= 25 and pasted:
            source |= {k + m: (j + m, "run") for m in range(n)}
        k += n if n >= 2 and size >= 25 else 1
    for k in range(1, len(line_texts)):
        if k in source or not prose[k]:
            continue
        same = [m for m in range(k) if prose[m] and line_texts[m] == line_texts[k]]
        size = len(line_texts[k])
        titled = bool(same) and same[0] == 1 and heading[0] and heading[k - 1]
        near = (k < 5 and size >= 15 and not titled) or (k == len(line_texts) - 1 and size >= 20)
        if same and line_texts[k - 1] == line_texts[k] and size >= 12:
            source[k] = (k - 1, "adjacent")
        elif same and size >= 60:
            source[k] = (same[0], "far")
        elif same and same[0] < 2 and near:
            source[k] = (same[0], "lead")
    for k in sorted(source):
        kept, why = source[k]
        source[k] = (source[kept][0] if kept in source else kept, why)
    return {order[k]: (order[kept], why) for k, (kept, why) in source.items()}


def naive_common(a, b):
    """Return the length of the longest common subsequence."""
    if not a or not b:
        return 0
    if a[0] == b[0]:
        return 1 + naive_common(a[1:], b[1:])
    return max(naive_common(a[1:], b), naive_common(a, b[1:]))
