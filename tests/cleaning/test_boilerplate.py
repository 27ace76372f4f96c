"""Lines that are boilerplate by what they say, and text that must stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_cleaning import naive_lines
from removing import LINE, OTHER, PLAIN, THIRD, boilerplate, page, removed, tagged

from dedup.config import Config

GOLD = json.loads(
    Path(__file__).parents[1].joinpath("data").joinpath("gold_seeds.json").read_text()
)

TAGS = {"photo_caption": "caption"}


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
    end = f"{PLAIN}\n{OTHER}\n{THIRD}\n\nRelated\n\n{CARD}\n{CARD[::-1]}\n"
    assert set(removed(end)) == {"Related", CARD, CARD[::-1]}
    closed = f"{PLAIN}\n{THIRD}\n\nCheck Also\n\n{CARD}\n\n{TEASER}\n\nLeave a Reply\n\n{OTHER}"
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


def test_boilerplate_can_be_left_alone():
    assert removed(f"{PLAIN}\nShare this\n\xa0\n", config=Config(boilerplate=False)) == {}


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
