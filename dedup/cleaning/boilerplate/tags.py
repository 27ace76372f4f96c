"""Blocks that are no running text but belong to the article: captions, bylines, dates, embeds."""

from __future__ import annotations

import re

from dedup.cleaning.boilerplate.patterns import INDIAN, fold_line, has_any, is_plain
from dedup.text.lines import PAREN, SENTENCE

_MONTHS = (
    "january february march april may june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec "
    "januar februar märz mai juni juli oktober dezember "
    "janvier février mars avril juin juillet août septembre octobre novembre décembre "
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
    "janeiro fevereiro março maio junho julho setembro outubro novembro dezembro "
    "gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre "
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık "
    "januari februari maart mei juni juli augustus oktober mrt okt "
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
    "grudnia ledna února března dubna května června července srpna září října listopadu prosince "
    "augusti maj okt ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου "
    "σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου ιαν φεβ μαρ απρ μαϊ ιουν ιουλ αυγ σεπ οκτ νοε δεκ "
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर सितम्बर अक्टूबर अक्तूबर "
    "नवंबर नवम्बर दिसंबर "
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря "
    "يناير فبراير مارس أبريل ابريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"
)
_DATE_WORDS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri "
    "sat sun montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi "
    "jeudi vendredi samedi dimanche lunes martes miércoles jueves viernes sábado domingo "
    "published updated last posted first date on at of the modified created publié mis jour mise à "
    "le de del um uhr am pm a m p gmt utc bst est edt et pst pdt pt cst cdt cet cest ist msk hrs "
    "hours hour minutes minute mins min days day weeks week months month ago vor stunden "
    "th st nd rd veröffentlicht aktualisiert stand publicado actualizado atualizado aggiornato "
    "pubblicato güncelleme giriş yayınlanma tarihi опубликовано обновлено time read i h o clock by "
    "gepubliceerd bijgewerkt opublikowano aktualizacja zaktualizowano publikováno vydáno "
    "publicerad uppdaterad δημοσίευση ενημέρωση ore ora alle kl klo hs uur godz om o às godzina"
)
_CREDIT = (
    r"photos?|photographs?|pictures?|images?|getty|shutterstock|istock|alamy|unsplash|pixabay|"
    r"anadolu|handout|flickr|wikimedia|screenshot|screengrab|file|courtesy|credit|foto|fotos|bild|"
    r"pool|epa|efe|xinhua|ansa|dpa|zuma|usa today sports|afp|reuters|ap"
)
_AGENCY = r"ap|afp|reuters|epa|dpa|pa|efe|ansa|xinhua|tass|anadolu|anadolu agency|aa|cp|bloomberg"
_MONTH_SET = frozenset(fold_line(_MONTHS).split())
_DATE_SET = _MONTH_SET | frozenset(fold_line(_DATE_WORDS).split())

_IN_BRACKETS = re.compile(r"\(([^()]{2,120})\)\.?$")
_HAS_CREDIT = re.compile(
    rf"\b(?:photos?|photographs?|pictures?|images?|getty|shutterstock|istock|alamy|unsplash|pixabay|"
    rf"handout|flickr|wikimedia|screenshot|screengrab|photographer|foto)\b"
    rf"|(?:/|\bvia\b| - |, )\s?(?:{_CREDIT})(?: agency)?$|^(?:{_AGENCY})$"
)
_CREDIT_LINE = re.compile(
    r"(?:.{0,600}\b)?(?:(?:editorial|photo|picture|image) credits?|photo(?:graph)?s?(?: by)?|"
    r"pictures?(?: by)?|image(?: source)?|foto|fotos|bild|фото|photographer)(?: ?[:/] ?)\S.{0,70}"
    r"|(?:image|media|photo|video) caption\b.*"
    r"|(?:file )?photo (?:by|courtesy of) .{2,60}"
    r"|.{0,600}(?:/| via |[(])(?:getty images|shutterstock(?:\.com)?|istock|alamy|afp|reuters)[)]?"
)
# One of these stands in whatever `_CREDIT_LINE` matches.
_CREDIT_WORDS = (
    "photo picture image credit foto bild фото caption getty shutterstock istock alamy afp reuters"
).split()
# One of these stands in whatever `_SIGN_OFF` or `_CREDIT_LINE` matches.
_LONG_LINE_WORDS = ("reporting", "editing", "writing", *_CREDIT_WORDS)
_MARKUP = frozenset("*_`~#")
_SHORT_WORDS = 14  # no longer line is a date, a byline or a name with a year
_SHOUTED_DATE = re.compile(
    r"[A-Z][A-Z ,.'’/()-]{2,60}[-–—] ?(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*\.? "
    r"\d{1,2}(?:, \d{4})?:\s"
)
_NAME_YEAR = re.compile(
    r"[^\W\d_][^,;:!?\d]{2,60}(?:, [^\W\d_][^,;:!?\d]{1,30})?, (?:19|20)\d{2}\.?"
)
_BYLINE = re.compile(
    r"(?:by|written by|authored by|posted by|reported by|words by|story by|report by|text by|"
    r"von|par|por|di|av|door|γράφει (?:ο|η)|"
    r"author ?:|autor ?:|auteur ?:|автор ?:|yazan ?:|بقلم)\s*:?\s+"
)
_SIGN_OFF = re.compile(
    r"\(?(?:additional |editing and |writing and )*(?:reporting|editing|writing) by .+"
)
_DASHES = ("—", "–", "-")
_SIGNATURE = re.compile(r"[—–-]\s?.{1,80}\(@\w{1,30}\)\s+\S.{2,40}\d{4}")
_EMBED_ENDS = re.compile(r"(?:\bpic\.twitter\.com/\w+|https?://t\.co/\w+)\s*\Z", re.IGNORECASE)
_EMBED_BEGINS = ("a post shared by ", "view this post on ")
_DATE_FIGURES = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|\d+ \w+ ago\b|\b(?:19|20)\d\d年")
_EAST_DATE = re.compile(
    r"(?:(?:입력|수정|등록|更新|公開|配信|発行|发布时间|发表时间|时间|日期)\s*[:：]?\s*)*"
    r"(?:19|20)\d\d\s?[年.년/-]\s?\d{1,2}\s?[月.월/-]\s?\d{1,2}\s?[日일.]?(?:\s?[(（].[)）])?"
    r"(?:\s*(?:오전|오후|午前|午後|上午|下午)?\s*\d{1,2}\s?[:：时時시]\s?\d{1,2}\s?[分분]?)?"
    r"\s*(?:更新|公開|配信|発行)?"
)
_WORD = re.compile(rf"(?:[^\W_]|[{INDIAN}])+")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|am|pm|h|min)?")
_NO_NAME = frozenset(["the", "a", "an", "my", "our", "his", "her", "popular", "then", "now"])
_PARTICLES = frozenset("al bin da de del della den der di dos du el la le ten ter van von".split())

BYLINE_PLACES = 10  # a byline stands among the first blocks, or the last three


def trigger_words() -> dict[str, int]:
    """Return the words that make a block worth a look, with the longest block they flag."""
    limits = dict.fromkeys(fold_line(_MONTHS).split(), 14)
    limits |= dict.fromkeys("updated published posted ago modified".split(), 14)
    limits |= dict.fromkeys("by von par por di av door γράφει автор author بقلم yazan".split(), 12)
    limits |= dict.fromkeys("reporting editing".split(), 40)
    credits = "photo photos photograph picture image caption getty shutterstock istock alamy credit"
    limits |= dict.fromkeys([*credits.split(), "credits", "foto", "fotos", "фото"], 120)
    limits |= dict.fromkeys(["https", "pic", "post", "view"], 100)
    return limits


def is_signature(line: str) -> bool:
    """Tell whether ``line`` closes an embedded tweet: who, handle, date."""
    line = line.strip()
    return line[:1] in _DASHES and _SIGNATURE.fullmatch(line) is not None


def tag_of(line: str, words: int, flags: int, position: int, left: int) -> str | None:
    """Return the tag of one block, if it has one.

    ``position`` counts the blocks before it, ``left`` those after it. Both lines of a tweet but its
    signature are the business of the caller.

    >>> tag_of("December 25, 2024", 3, 0, 0, 40)
    'date_line'
    >>> tag_of("By Jane Doe, Washington", 4, 0, 1, 40)
    'byline'
    """
    line = line.strip()
    if is_signature(line) or _is_embed(line):
        return "embed"
    if words > _SHORT_WORDS and is_plain(line) and not _may_be_tagged(line, flags):
        return None  # so it is of most lines of text, which need not be folded
    folded = fold_line(line)
    if words <= _SHORT_WORDS and (_is_date(folded) or _EAST_DATE.fullmatch(line)):
        return "date_line"
    if _is_byline(line, folded, words, flags, min(position, left + BYLINE_PLACES - 3)):
        return "byline"
    return "caption" if _is_caption(line, folded, words, flags) else None


def tag_of_any_place(line: str, words: int) -> str | None:
    """Return the tag of a date or a byline, wherever it stands: below a menu it is no first line.

    >>> tag_of_any_place("By Jane Doe", 3)
    'byline'
    """
    tag = tag_of(line, words, 0, 0, BYLINE_PLACES) if words <= _SHORT_WORDS else None
    return tag if tag in ("date_line", "byline") else None


def _may_be_tagged(line: str, flags: int) -> bool:
    """Tell whether a plain line of more than ``_SHORT_WORDS`` may have a tag other than embed."""
    small = line.lower()
    if has_any(small, _LONG_LINE_WORDS) or _SHOUTED_DATE.match(line):
        return True
    last = small.rfind("(") if flags & PAREN else -1
    if last < 0:
        return False
    return not _MARKUP.isdisjoint(small[last:]) or _has_credit(fold_line(small[last:]))


def _is_embed(line: str) -> bool:
    """Tell whether a line ends in the address of a tweet, or begins as an embedded post does."""
    small = line.lower()
    has_address = "tter.com/" in small or "t.co/" in small  # the pattern is slow on long lines
    return small.startswith(_EMBED_BEGINS) or (has_address and _EMBED_ENDS.search(line) is not None)


def is_caption(line: str, words: int, flags: int) -> bool:
    """Tell whether a line is a caption or a credit."""
    return _is_caption(line.strip(), fold_line(line), words, flags)


def _is_date(folded: str) -> bool:
    is_numbered = has_month = False
    for found in _WORD.finditer(folded):  # the first word of most lines ends it
        word = found[0]
        if word not in _DATE_SET and not _ORDINAL.fullmatch(word):
            return False
        is_numbered = is_numbered or word[0].isdigit()
        has_month = has_month or word in _MONTH_SET
    return is_numbered and (has_month or bool(_DATE_FIGURES.search(folded)))


def _is_byline(line: str, folded: str, words: int, flags: int, position: int) -> bool:
    if words <= 40 and _SIGN_OFF.fullmatch(folded):
        return True
    if words > 12 or words < 3 or position >= BYLINE_PLACES or flags & SENTENCE:
        return False
    opening = _BYLINE.match(line.casefold())
    if opening is None:
        return False
    name = line[opening.end() :].split()
    if not name or name[0].casefold() in _NO_NAME:
        return False
    name = [name[0], *(each for each in name[1:] if each not in _PARTICLES)][:2]
    return all(not each[0].islower() for each in name)


def _has_credit(folded: str) -> bool:
    """Tell whether a line ends in a credit in brackets."""
    brackets = _IN_BRACKETS.search(folded)
    return brackets is not None and _HAS_CREDIT.search(brackets[1].strip()) is not None


def _is_caption(line: str, folded: str, words: int, flags: int) -> bool:
    if words > 120:
        return False
    if flags & PAREN and _has_credit(folded):
        return True
    if folded.startswith("© ") and words <= 30:
        return True
    is_credit = has_any(folded, _CREDIT_WORDS) and _CREDIT_LINE.fullmatch(folded)
    if is_credit or _SHOUTED_DATE.match(line):
        return True
    if words > 7 or not _NAME_YEAR.fullmatch(line):
        return False
    names = [word for word in _WORD.findall(line) if not word[0].isdigit()]
    capitals = sum(not word[0].islower() for word in names)
    return capitals * 2 > len(names) and not any(fold_line(word) in _MONTH_SET for word in names)
