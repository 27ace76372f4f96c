"""What lines say: a site that speaks of itself to its reader, notices of the article itself."""

from __future__ import annotations

import re
from functools import lru_cache

# Words of a site that speaks of itself to its reader.
_CUE = re.compile(
    r"\b(?:you|your|we|our|us|website|site|subscri\w+|newsletter\w*|copyright|cookies|rights|e-?mail"
    r"|click|follow|www|com|sie|ihre?n?|wir|unser\w*|vous|votre|nous|notre|nos|usted|nuestr[oa]s?"
    r"|suscri\w+|nosso|nossa|noi|nostr[oaie]|vostr[oaie]|biz\w*|siz\w*|мы|наш\w*|вы|ваш\w*)\b|[©@]"
)
# What only a sentence reports; a headline does so too.
REPORTED = re.compile(r"\b(?:said|says|told|killed|according to)\b")
# What a paper owes to its reader, and what somebody said.
NOTICE = re.compile(
    r"(?:correction|clarification|editor'?s'? note|update|korrektur|correctif|correccion|sources?|"
    r"quelle|fuente|kaynak|источник|with (?:files|reporting|material|agencies)|mit material|"
    r"(?:additional |also )?(?:reporting|edited|editing|compiled|written) by)\b"
    r"|.*\b(?:suicid\w*|helpline|hotline|lifeline|samaritans|support line|said|says|told|killed"
    r"|according to|crimestoppers|presumed innocent|call (?:the )?police"
    r"|(?:information|witness\w*)\b.{0,60}\b(?:call|contact))\b"
)


def speaks_to_reader(folded: str) -> bool:
    """Tell whether a folded line has a site speak of itself to its reader."""
    return _CUE.search(folded) is not None


_SITE = re.compile(
    r"\b(?:your|website|web site|subscri\w+|newsletters?|copyright|cookies|rights reserved"
    r"|republish\w*|reprint\w*|permission|e-?mail|click|follow (?:us|me|@)|www\.|comments?"
    r"|\w\.(?:com|org|net|de)\b|app|apps|podcast|download|sign up|log in|facebook|twitter|instagram"
    r"|youtube|whatsapp|telegram|rss(?:-feed)?|this (?:article|story|post|site|page|video|content)"
    r"|our (?:\w+ )?(?:site|website|app|reports?|readers|newsletter|podcast|terms|policy|partners"
    r"|privacy|journalis\w+)"
    r"|(?:diese[rnms]?|unsere[rnms]?) (?:artikel|beitrag|seite|app|podcast|newsletter)\w*"
    r"|abonnier\w*|rechte an|kommentar\w*|datenschutz\w*|cet article|notre (?:site|application)"
    r"|este art[ií]culo|nuestr[oa] (?:web|sitio|bolet[ií]n)|este artigo|questo articolo"
    r"|bu haber\w*|подпи\w+"
    r"|nieuwsbrie\w+|abonne(?:er|es?|ment\w*)|onze (?:site|website|app)|dit artikel"
    r"|nyhetsbrev\w*|prenumer\w+|vår (?:sajt|webbplats|app)|den här artikeln"
    r"|nasz\w* (?:stron\w+|serwis\w*|aplikacj\w+|portal\w*)|wszelkie prawa|zapisz się"
    r"|předpl\w+|odběr\w*|naš\w* (?:web\w*|strán\w+|aplikac\w+)|všechna práva"
    r"|bülten\w*|abone|sitemiz\w*|uygulamamız\w*|tüm hakları"
    r"|рассылк\w+|наш\w* (?:сайт\w*|канал\w*|приложени\w+)|все права|перепечатк\w+"
    r"|ιστοσελίδ\w+|αναδημοσίευσ\w+|εγγραφείτε|suscríb\w+|infolettre|abonnez|subscrev\w+"
    r"|boletim|nosso site|nostro sito|iscriviti|موقعنا|تطبيقنا|قناتنا|اشترك\w*|جميع الحقوق"
    r"|뉴스레터\w*|무단|재배포\w*|홈페이지\w*)\b|[©@]"
    r"|本站|本网|转载|轉載|订阅|訂閱|公众号|転載|購読|本サイト|当サイト|メルマガ"
    r"|सब्सक्राइब|हमारी वेबसाइट|न्यूज़लेटर",
)
_ADDRESSES = re.compile(r"\bIhr(?:e[nr]?)?\b|(?<=\w )Sie\b")  # the reader, by a capital


@lru_cache(maxsize=1 << 13)
def speaks_of_site(text: str) -> bool:
    """Tell whether a text speaks of the page, the site or what its reader may do there."""
    return _ADDRESSES.search(text) is not None or _SITE.search(text.lower()) is not None
