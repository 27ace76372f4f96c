"""What is furniture, what is only tagged, and what must stay."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_cleaning import naive_lines

from dedup.cleaning.boilerplate import LineCounter, find_boilerplate, lines_of
from dedup.cleaning.boilerplate.patterns import fold_line, match_patterns, sections
from dedup.config import Config
from dedup.core.arrays import texts_from_strings
from dedup.core.storage import Columns
from dedup.text.lines import fragments, word_hashes
from dedup.text.tokens import tokenise_texts

GOLD = json.loads(
    Path(__file__).parents[1].joinpath("data").joinpath("gold_seeds.json").read_text()
)
TAGS = {"photo_caption": "caption"}

PLAIN = "The council met on Monday and agreed to mend the bridge before the winter comes."
OTHER = "Farmers in the valley say that they have waited for it since the flood of two years ago."
THIRD = "Work begins in May, and the ferry will run until the last stone of the bridge is laid."


def boilerplate(texts, *, config=None, sites=None, groups=None):
    """Return (removals, marks) of texts as rows."""
    held = texts_from_strings(texts)
    tokens = tokenise_texts(held)
    count = len(texts)
    sites = np.full(count, -1) if sites is None else np.array(sites)
    groups = np.arange(count) if groups is None else np.array(groups)
    config = config or Config()
    lines = lines_of(held, tokens)
    line_texts = LineCounter(sites, len(lines), Columns())
    line_texts.add(lines, 0)
    line_texts.count(groups)
    removals, annotations = find_boilerplate(
        held, tokens, lines, config, line_texts.part(lines, 0, 0)
    )
    return removals.to_pylist(), annotations.to_pylist()


def removed(text, **more):
    """Return {removed line: reason} of one text."""
    rows, _ = boilerplate([text], **more)
    return {text[row["start"] : row["end"]]: row["reason"] for row in rows}


def tagged(text, **more):
    _, rows = boilerplate([text], **more)
    return {text[row["start"] : row["end"]]: row["tag"] for row in rows}


def test_the_seeds_lose_what_an_editor_would_take_out_and_keep_the_rest(seeds):
    files = sorted(seeds.glob("*.txt"))
    removals, annotations = boilerplate([file.read_bytes().decode() for file in files])
    gold = {(each["file"], each["start"], each["end"]): each for each in GOLD["boilerplate"]}
    got = {(files[row["doc"]].name, row["start"], row["end"]): row["reason"] for row in removals}
    want = {position: each["cls"] for position, each in gold.items() if each["action"] == "remove"}
    assert got == {position: cls for position, cls in want.items() if cls != "truncated_teaser"}
    assert len(got) == 16
    got = {(files[row["doc"]].name, row["start"], row["end"]): row["tag"] for row in annotations}
    want = {position: each["cls"] for position, each in gold.items() if each["action"] != "remove"}
    assert got == {position: TAGS.get(cls, cls) for position, cls in want.items()}
    assert len(got) == 10


BOILERPLATE = {
    "newsletter_signup": [
        "Sign up for our daily newsletter!",
        "Get the latest news delivered straight to your inbox",
        "Subscribe",
        "Enter your email address",
        "By signing up, you agree to our Terms of Use and our Privacy Policy.",
        "Jetzt für den Newsletter anmelden",
        "Abonnez-vous à notre newsletter pour ne rien manquer",
        "Suscríbete a nuestro boletín",
        "Assine a nossa newsletter",
        "Iscriviti alla nostra newsletter",
        "Подпишитесь на нашу рассылку",
        "اشترك في النشرة البريدية",
        "E-bültenimize abone olun",
    ],
    "comment_form": [
        "Leave a Reply",
        "LEAVE A COMMENT",
        "Comments (12)",
        "No comments yet",
        "This site uses Akismet to reduce spam. Learn how your comment data is processed.",
        "Kommentar schreiben",
        "Laisser un commentaire",
        "Deja un comentario",
        "Lascia un commento",
        "Bir yorum yap",
        "Оставить комментарий",
        "اترك تعليقاً",
    ],
    "prev_next_nav": ["Previous articleBridge mended", "Next post: A new ferry", "Back to top"],
    "read_more_cta": [
        "Read more",
        "Click here to read the full story",
        "Continue reading the main story",
        "Weiterlesen",
        "Lire la suite",
        "Leer más",
        "Leia mais",
        "Continua a leggere",
        "Devamını oku",
        "Читать далее",
        "اقرأ المزيد",
    ],
    "related_inline": [
        "READ MORE: Ferry to run until spring",
        "See also Ferry to run until spring",
        "Related: Ferry to run until spring",
        "Lesen Sie auch: Die neue Fähre",
        "Lire aussi : Le nouveau pont",
        "Lea también: El puente nuevo",
        "Leggi anche: Il ponte nuovo",
        "Читайте также: Новый мост",
    ],
    "share_widget": [
        "Share this article:",
        "Share on FacebookTweet about this on Twitter",
        "Click to share on Twitter (Opens in new window)",
        "Copy link",
        "Artikel teilen",
        "Partager sur Facebook",
        "Compartir en WhatsApp",
        "Condividi su Facebook",
        "Paylaş",
        "Поделиться",
        "分享到微信",
    ],
    "follow": ["Follow us on Twitter", "Folgen Sie uns auf Instagram", "Siga-nos no Instagram"],
    "ad_label": ["Advertisement", "- ADVERTISEMENT -", "Story continues below", "Werbung", "广告"],
    "legal": [
        "© 2024 The Valley Post. All rights reserved.",
        "Copyright 2024 The Valley Post",
        "Privacy Policy",
        "© The Valley Post Ltd",
        "Alle Rechte vorbehalten",
        "Все права защищены",
    ],
    "cookie_notice": [
        "This website uses cookies to improve your experience.",
        "Diese Website verwendet Cookies.",
        "Ce site utilise des cookies pour vous offrir le meilleur service.",
        "Este sitio web utiliza cookies.",
        "Questo sito utilizza cookie.",
    ],
    "site_nav": ["Skip to main content", "Sign In", "Please enable JavaScript to view comments"],
    "tag_list": ["Tags: bridge, valley, ferry", "Filed under: News"],
    "donate": ["Support independent journalism", "Buy me a coffee", "Become a member today"],
    "app_promo": ["Download our free app", "Get it on Google Play"],
    "affiliate": ["We may earn a commission if you buy something through links on this page."],
    "related_block": [
        "You may also like",
        "Related articles",
        "Artículos relacionados",
        "相关阅读",
    ],
    "whitespace": ["\xa0", " \u200b\u3000"],
}
LINES = [
    (reason, line_text) for reason, line_texts in BOILERPLATE.items() for line_text in line_texts
]


@pytest.mark.parametrize(("reason", "line_text"), LINES)
def test_furniture_goes_where_it_stands_and_text_behind_it_stays(reason, line_text):
    text = f"A bridge for the valley\n\n{PLAIN}\n\n{line_text}\n\n{OTHER}\n\n{THIRD}\n"
    assert removed(text) == {line_text: reason}


STAYS = [
    "Sign up numbers for the newsletter have fallen since the editor left, the board was told.",
    "The newsletter had 400 readers in the first week, more than anybody had hoped for.",
    "Subscribe is a verb that the council does not use.",
    "Comments made by the mayor angered the farmers.",
    "He left a reply on the door, but nobody came back to read it.",
    "Previous articles in this series spoke of the flood.",
    "Next story he told was about the ferry and the ice.",
    "Read more books, the teacher said.",
    "Share prices fell by 3% on Monday after the bank had warned of losses.",
    "Share of the votes went to the farmers' party, which won 12 seats.",
    "Follow the money, she said, and you will find the bridge.",
    "See also the discussion in section 3.",
    "Advertising revenue fell to $3 million.",
    "Cookies were sold at the door by the children of the village school.",
    "Copyright law was changed in 2019 by the parliament.",
    "Privacy was not what the council had in mind.",
    "Related costs came to two million.",
    "Tags were found on 300 birds.",
    "Support for the mayor has grown since the bridge was mended.",
    "Download speeds in the valley are the lowest in the land.",
    "Print is dead, they said.",
    "What happens next?",
    "Home",
    "Sport",
    "Analysis",
    "“It was as if the river had made up its mind.”",
    "Entire neighbourhoods were wiped out.",
    "The newsletter",
    "Die Werbung der Bahn ist neu.",
    "* * *",
    "2024",
]


NEWS = """
Parliament will receive the Commission's proposal in May and vote on it in June.
Brokers earn a commission of three percent on products sold through links to the bank.
More than 300 spam messages land in your inbox every month, a study has found.
Get the ballot sent to your mailbox before Friday.
By entering the race you accept the risk, the driver said.
By entering the race you accept that you may die.
Back the rescue mission or resign, senators told the president.
Help the UN continue its mission in Gaza, envoys urge.
Your support keeps us going, the captain told the fans.
Your support keeps us going.
Become a member of parliament? Not without a degree.
Use the government's new app to report potholes and broken lamps.
This browser extension stole the passwords of two million people.
Use of chemical weapons is strictly prohibited under the treaty, the inspectors said.
If you do not like raisins in your cookies, leave them out and add chopped walnuts.
We use store-bought cookies for the crust, the chef said.
By using brown sugar you get cookies that stay soft.
This story was first broadcast in 1987.
(c) The minister may amend the list of 2019 by decree.
Comments are closed, the sign on the door of the shop read.
Already a member of the union, Croatia adopted the euro.
Lee: South Korea will respond
Lee: I never said that.
Mira: the wolf comes back
Lea: Ich weiß es nicht
Watch too much television and your brain shrinks
Watch: the storm hits the coast
Share with the poor, pope tells bankers
Share to be paid by the state
Jobs at risk
Jobs
About
Contact
Search
Register
Careers at sea
About the war
Contact the embassy in Kyiv
Terms and conditions
Next post for Smith: ambassador to France
Previous story of the house
Back to the top
Partager le pouvoir avec le parlement
Imprimer des maisons en béton
Ver más allá de la crisis
Saber más sobre el cáncer
Hier mehr erfahren: Bürgerforum
Поделиться властью с парламентом
مشاركة المرأة في الانتخابات
Topics in the debate included housing and crime
Also on trial: the brother of the mayor
Post on X sparks row
Follow suit
Facebook, Twitter
Most read
Our picks
Don't miss
Lo más leído
Stampa
Kommentar
No comment
Leggi anche per gli animali
Subscribe to Elon's inbox: hackers sell access
Get a visa delivered straight to your mailbox with the new scheme
Join our 5,000 subscribers in the fight against the mine
You have been subscribed to a scam: how it works
Sign in to read the minister's emails: how the hack unfolded
Leave a comment on my grave
Read more about the war in Sudan
Read also between the lines
Share on X by Musk sparks outrage in Brussels
Folgen Sie uns in den Krieg
This content may not be published in China.
Recibe el premio la directora del boletín
Предыдущая статья вызвала скандал
推荐阅读：鲁迅
""".strip().split("\n")


@pytest.mark.parametrize("line_text", [*STAYS, *NEWS])
def test_text_stays(line_text):
    text = f"A bridge for the valley\n\n{PLAIN}\n\n{line_text}\n\n{OTHER}\n\n{THIRD}\n"
    assert removed(text) == {}
    assert removed(f"{line_text}\n\n{PLAIN}\n\n{OTHER}\n\n{THIRD}\n") == {}


@pytest.mark.parametrize(
    "line_text",
    [
        "Related: how two families became one",
        "WATCH: Firefighters rescue a dog",
        "Read more: poems for the winter",
        "Latest news",
        "Continue reading",
        "Become a member",
        "Next story: the ferry",
    ],
)
def test_a_headline_stays(line_text):
    assert removed(f"{line_text}\n\n{PLAIN}\n\n{OTHER}\n\n{THIRD}\n") == {}


@pytest.mark.parametrize("stop", ["\r", "\x85", "\r\n", "\u2028"])
def test_any_line_break_ends_a_block(stop):
    assert removed(stop.join(["A bridge", PLAIN, "Share this article", OTHER])) == {
        "Share this article": "share_widget"
    }


def test_what_may_be_a_heading_goes_among_furniture():
    end = f"A bridge\n{PLAIN}\n{OTHER}\nShare this article\nMost read\nContact\n"
    assert set(removed(end)) == {"Share this article", "Most read", "Contact"}
    middle = f"A bridge\n{PLAIN}\nAdvertisement\nAbout the war\n{OTHER}\n"
    assert set(removed(middle)) == {"Advertisement"}


def test_a_line_has_no_neighbours_in_another_document():
    before = f"A bridge\n{PLAIN}\nShare this article\nFollow us on Facebook"
    for title in ("Football", "Weather", "About", "Most read"):
        texts = [before, f"{title}\n{OTHER}\n{THIRD}"]
        rows, _ = boilerplate(texts)
        assert {row["doc"] for row in rows} == {0}


LISTS = {
    "recipe": "Take:\n* 2 cups of flour\n* 1 pinch of salt\n* 3 eggs\n* butter\n* milk\n* sugar",
    "scores": "Results\nArsenal 2\nChelsea 0\nLeeds 1\nEverton 1\nFulham 3\nDerby 3",
    "villages": "* Erze\n* Kafrtun\n* Yadgun\n* Hama\n* Homs\n* Aleppo",
    "steps": "* Make a plan: write it down.\n* Close the door.\n* Stick to it.\n* Go out.\n* Rest.",
    "numbers": "10\n20\n30\n40\n50\n60",
    "topics": "Most is planned for\n• Education\n• Health\n• Environment\n• Jobs",
    "sports": "Football\nCricket\nTennis",
    "networks": "The fined companies are:\nFacebook\nTwitter\nGoogle\nTelegram",
    "verse": "O river deep\nO river wide\nYou carry me\nTo the other side",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_inside_an_article_stays(name):
    assert removed(f"A bridge\n\n{PLAIN}\n\n{LISTS[name]}\n\n{OTHER}\n") == {}


def test_a_menu_goes():
    menu = "* Home\n* News\n* Sport\n* Mid-East\n* Your say\n* Weather"
    assert set(removed(f"{menu}\n\n{PLAIN}\n\n{OTHER}").values()) == {"site_nav"}
    assert len(removed(f"{menu}\n\n{PLAIN}\n\n{OTHER}")) == 6
    assert len(removed(f"{PLAIN}\n{OTHER}\nFacebook\nTwitter\nEmail\nPrint\n")) == 4


CARD = "Farmers win a prize for the best cheese of the valley"
TEASER = "A prize for the best cheese has marked the first success of …"


def test_a_related_card_goes_at_the_end_and_before_other_furniture():
    end = f"{PLAIN}\n\nRelated\n\n{CARD}\n{CARD[::-1]}\n"
    assert set(removed(end)) == {"Related", CARD, CARD[::-1]}
    closed = f"{PLAIN}\n\nCheck Also\n\n{CARD}\n\n{TEASER}\n\nLeave a Reply\n\n{OTHER}"
    assert set(removed(closed)) == {"Check Also", CARD, TEASER, "Leave a Reply"}


def test_a_related_card_inside_the_text_is_only_tagged():
    text = f"{PLAIN}\n\nRelated\n\n{CARD}\n\n{OTHER}\n"
    assert set(removed(text)) == {"Related"}
    assert tagged(text) == {CARD: "related_suspect"}
    assert set(removed(text, config=Config(drop_tags=("related_suspect",)))) == {"Related", CARD}


CARDS = {
    "Our picks": [
        "The Zone of Interest, directed by Jonathan Glazer",
        "Past Lives, by Celine Song",
    ],
    "Most popular in Germany": ["Emilia", "Sophia", "Emma"],
    "Most viewed videos": ["Baby Shark Dance, 14 billion", "Despacito, 8 billion"],
    "Don't miss": ["Museum Island at night", "The flea market", "Currywurst at Konnopke"],
    "Recommended by Jane Doe": ["Whose woods these are I think I know", "His house is near"],
    "Самое читаемое": ["Война и мир, Толстой", "Идиот, Достоевский"],
    "Öne çıkanlar": ["Kar, Orhan Pamuk", "İnce Memed, Yaşar Kemal"],
}


@pytest.mark.parametrize("marker", CARDS)
def test_the_list_that_ends_a_listicle_stays(marker):
    text = "\n".join(["The best of the year", PLAIN, OTHER, THIRD, marker, *CARDS[marker]])
    assert removed(text) == {}


TAGGED = [
    ("caption", "The bridge after the flood. (AP Photo/Jane Doe)"),
    ("caption", "The bridge after the flood. Photo: Jane Doe/Getty Images"),
    ("caption", "The bridge after the flood ( Jane Doe - Anadolu Agency )"),
    ("caption", "VALLEY, SYRIA - DECEMBER 3: A bridge is seen after the flood."),
    ("caption", "Jane al-Doe, 2023"),
    ("caption", "© Jane Doe The bridge after the flood"),
    ("byline", "By Jane Doe, Valley Post"),
    ("byline", "Von Jana Döring"),
    ("byline", "(Reporting by Jane Doe; Editing by John Roe)"),
    ("date_line", "December 25, 2024"),
    ("date_line", "Published 2:16 AM EST Nov 20, 2019"),
    ("date_line", "25 декабря 2024"),
    ("date_line", "Aktualisiert am 3. März 2024 um 10:30 Uhr"),
    ("embed", "— Jane Doe (@janedoe) December 5, 2024"),
    ("embed", "The bridge stands. pic.twitter.com/WHafQzSVgi"),
]


@pytest.mark.parametrize(("tag", "line_text"), TAGGED)
def test_a_tagged_block_stays_unless_it_is_to_go(tag, line_text):
    text = f"A bridge for the valley\n{line_text}\n{PLAIN}\n{OTHER}\n"
    annotations = tagged(text)
    assert annotations.pop(line_text) == tag
    assert set(annotations.values()) <= {"embed"}
    assert removed(text) == {}
    config = Config(drop_tags=(tag,))
    assert removed(text, config=config)[line_text] == tag
    assert line_text not in tagged(text, config=config)
    assert removed(text, config=Config(boilerplate=False, drop_tags=(tag,)))[line_text] == tag


@pytest.mark.parametrize(
    "line_text",
    [
        "By Monday the river had risen by two metres.",
        "By the time the ferry came it was dark",
        "May is a good month",
        "He was born in 1950 (in the valley)",
        "Seven of the villages (see map)",
        "In the valley, 2023 was a dry year.",
    ],
)
def test_what_is_no_tag(line_text):
    assert tagged(f"A bridge\n{line_text}\n{PLAIN}\n{OTHER}\n") == {}


def test_the_lines_of_a_tweet_are_tagged_up_to_the_text():
    tweet = ["NEW – #Bridge stands again.", "And the #ferry goes. pic.twitter.com/WHafQzSVgi"]
    text = f"{PLAIN}\n{OTHER}\n{tweet[0]}\n{tweet[1]}\n— Jane (@jane) December 5, 2024\n{THIRD}"
    assert [each for each, tag in tagged(text).items() if tag == "embed"][:2] == tweet
    assert len(tagged(text)) == 3


def test_boilerplate_can_be_left_alone():
    assert removed(f"{PLAIN}\nShare this\n\xa0\n", config=Config(boilerplate=False)) == {}


def page(number, *line_texts):
    """Return an article of its own with ``lines`` at its end."""
    source = random.Random(number)

    def words(count):
        return " ".join("".join(source.choices("abcdefghij", k=7)) for _ in range(count))

    return "\n".join([words(7), *(f"{words(20)}." for _ in range(4)), *line_texts, ""])


LINE = "The Valley Post is a paper for all"


def test_a_line_counts_by_the_clusters_of_its_site():
    texts = [page(n, LINE) for n in range(3)]
    rows, _ = boilerplate(texts, sites=[0, 0, 0])
    assert [texts[row["doc"]][row["start"] : row["end"]] for row in rows] == [LINE] * 3
    assert {(row["reason"], row["rule"]) for row in rows} == {
        ("site_boilerplate", "line_frequency")
    }
    assert boilerplate(texts, sites=[0, 0, 1])[0] == []
    assert boilerplate(texts, sites=[-1, -1, -1])[0] == []


def test_copies_of_one_story_do_not_make_its_lines_furniture():
    story = page(1, LINE)
    assert boilerplate([story] * 10, sites=[0] * 10, groups=[7] * 10)[0] == []
    texts = [story] * 10 + [page(2, LINE)]
    assert boilerplate(texts, sites=[0] * 11, groups=[7] * 10 + [8])[0] == []


def test_without_a_site_five_clusters_and_a_short_line_are_needed():
    texts = [page(n, LINE) for n in range(5)]
    assert len(boilerplate(texts)[0]) == 5
    assert boilerplate(texts[:4])[0] == []
    long = " ".join([LINE] * 3)
    assert boilerplate([page(n, long) for n in range(9)])[0] == []


def test_numbers_in_a_line_are_one():
    texts = [page(n, LINE, "Read by all", f"Read by {n} people", "Printed here") for n in range(4)]
    assert len(boilerplate(texts, sites=[0] * 4)[0]) == 16
    alone = [page(n, f"Read by {n} people of the valley") for n in range(4)]
    assert boilerplate(alone, sites=[0] * 4)[0] == []
    assert boilerplate([page(n, "12") for n in range(9)], sites=[0] * 9)[0] == []


def test_background_that_a_paper_repeats_inside_its_articles_stays():
    background = "The flood of two years ago took the lives of more than forty people."
    texts = [f"{page(n)}{background}\n{page(n + 100)}" for n in range(4)]
    assert boilerplate(texts, sites=[0] * 4)[0] == []


def between(number, above, middle, below):
    """Return an article of its own with lines above its text, inside it and below it."""
    title, *text = page(number).strip().split("\n")
    return "\n".join([title, *above, *text, *middle, *page(number + 99).split("\n")[1:5], *below])


REPEATED = {
    "subheads": ([], ["What happens next"], ["Background"]),
    "analysis": ([], ["What we know so far"], []),
    "recipe": ([], ["Ingredients", "Method"], []),
    "verdict": ([], ["Winners", "Losers", "Verdict"], []),
    "answer": ([], ["Question"], ["Answer"]),
    "byline": (["Jane Doe in Damascus"], [], []),
    "dateline": (["BEIRUT, Lebanon"], [], []),
    "correction": ([], [], ["Correction: an earlier version of our article misstated the date."]),
    "helpline": (
        [],
        [],
        ["If you think of suicide, call the Samaritans on 116 123.", "Share this"],
    ),
    "background": ([], [], ["More than 300,000 people have been killed in the conflict."]),
    "closing": ([], [], ["More than 300 have been killed, the UN says.", "Share this"]),
    "refrain": ([], ["And so it goes on"], ["And so it goes on"]),
    "letter": (["Dear editor,"], [], ["Yours sincerely,"]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_lines_of_articles_that_many_pages_have_stay(name):
    texts = [between(n, *REPEATED[name]) for n in range(8)]
    rows, annotations = boilerplate(texts, sites=[0] * 8)
    gone = {texts[row["doc"]][row["start"] : row["end"]] for row in rows}
    assert gone <= {"Share this"}
    if name in ("byline", "dateline"):
        assert [row["tag"] for row in annotations] == ["date_line" if "date" in name else name] * 8


def test_the_margin_of_a_page_goes_and_its_text_stays():
    menu = [f"All about {word}" for word in "cities rivers bridges ferries farmers".split()]
    foot = ["The Valley Post", "Write to the paper", "You can read our paper in the village hall."]
    texts = [between(n, menu, ["Background"], foot) for n in range(8)]
    rows, _ = boilerplate(texts, sites=[0] * 8)
    gone = {texts[row["doc"]][row["start"] : row["end"]] for row in rows}
    # The last line above the text may be its heading.
    assert gone >= {*menu[:-1]}
    assert "Background" not in gone


def test_a_date_line_that_every_page_has_is_tagged_not_removed():
    texts = [page(n).replace("\n", f"\nPublished on December {n}, 2024\n", 1) for n in range(1, 9)]
    removals, annotations = boilerplate(texts, sites=[0] * 8)
    assert removals == []
    assert [row["tag"] for row in annotations] == ["date_line"] * 8


def test_the_headline_of_a_series_stays():
    texts = [f"Day {n} of the great flood in the valley\n{page(n)}" for n in range(4)]
    assert boilerplate(texts, sites=[0] * 4)[0] == []
    assert boilerplate(texts * 3)[0] == []
    named = [f"{LINE}\n{page(n)}" for n in range(6)]
    assert len(boilerplate(named, sites=[0] * 6)[0]) == 6


def test_a_long_paragraph_is_furniture_only_at_an_end_and_very_often():
    long = "About our site " + " ".join(f"about{n}" for n in range(60)) + "."
    texts = [page(n, LINE, long) for n in range(8)]
    rows, _ = boilerplate(texts, sites=[0] * 8)
    assert len(rows) == 16
    inside = [f"{page(n)}{long}\n{page(n + 50)}" for n in range(8)]
    assert boilerplate(inside, sites=[0] * 8)[0] == []


def test_a_line_out_of_a_wrapped_paragraph_stays():
    text = (
        "The paper wrote on Monday that all the farmers of the whole valley must\n"
        "sign up for our newsletter, and that none of them did so in the end or\n"
        "even thought of it.\n"
    )
    held = texts_from_strings([text])
    tokens = tokenise_texts(held)
    assert fragments(lines_of(held, tokens), tokens).tolist() == [True, True, True]
    assert removed(text) == {}


SECTIONS = [
    pytest.param(position, pattern, id=f"{section.reason}-{position}-{number}")
    for position, section in enumerate(sections())
    for number, pattern in enumerate((*section.patterns, *section.titles))
]


def check_triggers(position, pattern, examples):
    """Draw lines from a pattern: each must hold a word that the fast filter lets through."""
    section = sections()[position]
    known = set(word_hashes(list(section.triggers)).tolist()) - {0}

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck), database=None)
    @given(st.from_regex(pattern, fullmatch=True, alphabet=wide_alphabet(pattern)))
    def check(line_text):
        tokens = tokenise_texts(texts_from_strings([line_text]))
        if len(tokens.hashes) > section.limit or "'" in line_text:  # an apostrophe joins two words
            return
        assert known & set(tokens.hashes.tolist()) or "©" in line_text, line_text
        found = match_patterns(line_text, len(tokens.hashes), is_sentence=False)
        assert found is not None or fold_line(line_text) != line_text

    check()


@pytest.mark.parametrize(("position", "pattern"), SECTIONS)
def test_a_line_a_pattern_matches_holds_a_trigger_word(position, pattern):
    check_triggers(position, pattern, 4)


@pytest.mark.slow
@pytest.mark.parametrize(("position", "pattern"), SECTIONS)
def test_every_line_a_pattern_matches_holds_a_trigger_word(position, pattern):
    check_triggers(position, pattern, 60)


def wide_alphabet(pattern):
    """Return the letters a pattern may draw from: its own, and a few for its dots."""
    return st.sampled_from(sorted({*pattern, *"abcdefghijklmnopqrstuvwxyz 0123456789.,-?!"}))


def test_triggers_are_single_words():
    for section in sections():
        assert word_hashes([each for each in section.triggers if each != "©"]).all(), section
        assert section.confidence in ("strong", "medium")


@given(
    st.lists(st.sampled_from([line_text for _, line_text in LINES] + STAYS + [PLAIN, OTHER, ""]))
)
def test_only_whole_blocks_go_and_no_block_is_both(line_texts):
    text = "\n".join(line_texts)
    lines = naive_lines(text)
    removals, annotations = boilerplate([text])
    positions = [(row["start"], row["end"]) for row in removals + annotations]
    assert len(set(positions)) == len(positions)
    assert set(positions) <= set(lines)
    assert all(row["kept_start"] is None for row in removals)


@given(st.integers(0, 2**32))
def test_unique_paragraphs_lose_nothing(seed):
    assert boilerplate([page(seed)]) == ([], [])


def test_the_order_of_documents_does_not_matter():
    texts = [page(n, LINE, "Share this", "By Jane Doe") for n in range(6)]
    sites = [0, 0, 0, 1, 1, -1]
    turned = list(reversed(range(6)))
    forward = boilerplate(texts, sites=sites)
    backward = boilerplate([texts[n] for n in turned], sites=[sites[n] for n in turned])
    for one, other in zip(forward, backward, strict=True):
        renamed = [{**row, "doc": 5 - row["doc"]} for row in other]
        assert sorted(renamed, key=lambda row: (row["doc"], row["start"])) == one


def test_no_documents_and_empty_documents():
    assert boilerplate([]) == ([], [])
    assert boilerplate(["", "\n"]) == ([], [])
    assert boilerplate(["…\n—\n👍", "!"]) == ([], [])
