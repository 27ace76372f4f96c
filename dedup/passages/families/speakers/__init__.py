"""Who is named as a speaker, in scripts in which no capital shows a name."""

from __future__ import annotations

import re

from dedup.passages.families.speakers import arabic, chinese, hindi, japanese, korean

_SCRIPTS = {
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hangul": re.compile("[\uac00-\ud7a3]"),
    "kana": re.compile("[\u3041-\u30fa]"),
    "han": re.compile("[\u4e00-\u9fff]"),
    "devanagari": re.compile("[\u0904-\u0965]"),
}
_LETTER = re.compile(r"[^\W\d_]")


def script_of(text: str) -> str | None:
    """Return which of the scripts without capitals most letters of a text are in, if any.

    >>> script_of("市长表示"), script_of("彼は「はい」"), script_of("he said 表示")
    ('han', 'kana', None)
    """
    counts = {name: len(script.findall(text)) for name, script in _SCRIPTS.items()}
    if 8 * counts["kana"] >= counts["han"] and counts["kana"]:
        counts["kana"] += counts["han"]
    best = max(counts, key=lambda name: counts[name])
    return best if 2 * counts[best] > len(_LETTER.findall(text)) else None


def named_beside(script: str, before: str, behind: str) -> str | None:
    """Return who is named beside a quotation in a script of ``script_of`` as the one who said it.

    >>> named_beside("han", "外交部发言人王建国表示：“", "”")
    '王建国'
    """
    if script == "arabic":
        return arabic.named_before(before) or arabic.named_behind(behind)
    if script == "han":
        return chinese.named_before(before) or chinese.named_behind(behind)
    if script == "kana":
        return japanese.named_before(before, behind) or japanese.named_behind(behind)
    if script == "hangul":
        return korean.named_before(before, behind) or korean.named_behind(behind)
    return hindi.named_before(before) or hindi.named_behind(behind)
