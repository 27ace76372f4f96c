"""Labels of pages in many languages: menus and footers go, headings like them stay."""

from __future__ import annotations

import pytest
from test_margins import BODY, FOUR, ONE, THREE, TWO, cleaned

# By language: the top of a page, a headline, and what stands below the text.
PAGES = {
    "ar": (
        "انتقل إلى المحتوى|سياسة|اقتصاد|رياضة",
        "الجسر الجديد",
        "استمع إلى المقال|الأكثر قراءة|سياسة الخصوصية|من نحن",
    ),
    "cs": ("Přejít k obsahu|Zprávy|Kultura|Přihlásit se", "Nový most", "Sdílet článek|Nejčtenější"),
    "de": ("Zum Inhalt|Wirtschaft|Panorama|Anmelden|Abo", "Die neue Brücke", "Artikel anhören|AGB"),
    "el": (
        "Μετάβαση στο περιεχόμενο|Πολιτική|Κόσμος|Υγεία",
        "Η νέα γέφυρα",
        "Εκτύπωση άρθρου|Όροι χρήσης",
    ),
    "es": (
        "Ir al contenido|Deportes|Sociedad|Salud",
        "El puente nuevo",
        "Ver los comentarios|Aviso legal",
    ),
    "fr": (
        "Aller au contenu|Société|Monde|Santé",
        "Le nouveau pont",
        "Offrir l'article|Mentions légales",
    ),
    "hi": ("लॉग इन करें|देश|दुनिया|खेल", "नया पुल", "लिंक कॉपी करें|गोपनीयता नीति"),
    "it": (
        "Vai al contenuto|Cronaca|Esteri|Salute",
        "Il ponte nuovo",
        "Ascolta l'articolo|Chi siamo",
    ),
    "ja": (
        "本文へ移動|社会|経済|会員登録",
        "新しい橋",
        "記事を印刷|アクセスランキング|個人情報保護方針",
    ),
    "ko": ("본문 바로가기|정치|경제|로그인", "새 다리", "기사 저장|많이 본 뉴스|이용약관"),
    "nl": (
        "Ga naar de inhoud|Binnenland|Weer|Regio",
        "De nieuwe brug",
        "Lees ook|Tip de redactie|Over ons",
    ),
    "pl": (
        "Przejdź do treści|Gospodarka|Pogoda|Zdrowie",
        "Nowy most",
        "Posłuchaj artykułu|Regulamin",
    ),
    "pt": ("Ir para o conteúdo|Desporto|Mundo|Saúde", "A ponte nova", "Ouvir artigo|Quem somos"),
    "ru": (
        "Перейти к содержимому|Экономика|В мире|Погода",
        "Новый мост",
        "Слушать статью|Карта сайта",
    ),
    "sv": (
        "Hoppa till innehåll|Inrikes|Kultur|Väder",
        "Den nya bron",
        "Lyssna på artikeln|Mest läst|Om cookies",
    ),
    "tr": ("İçeriğe geç|Gündem|Ekonomi|Sağlık", "Yeni köprü", "Haberi dinle|Gizlilik politikası"),
    "zh": ("登录|财经|体育|注册", "新的桥", "点击收听|点击排行|服务条款"),
}


@pytest.mark.parametrize("language", PAGES)
def test_menus_and_footers_go_in_every_language(language):
    top, headline, foot = PAGES[language]
    stays, _ = cleaned(["The Valley Post", *top.split("|"), headline, *BODY, *foot.split("|")])
    assert stays == ["The Valley Post", headline, *BODY]


@pytest.mark.parametrize(
    "heading",
    [
        "Alle akzeptieren", "Abo kündigen", "Datenschutz", "Weitere Meldungen", "Kultur",
        "Tout accepter", "Vie privée", "Les plus lus", "Culture", "Aceptar todo", "Lo más visto",
        "Ficha técnica", "Destaques", "Recomendados", "Abbonati", "Commenti", "In evidenza",
        "Meest gelezen", "Aanbevolen", "Popularne", "Kariera", "Gündem", "Öne çıkanlar",
        "Рекомендуем", "Контакты", "Культура", "سياسة", "الأكثر قراءة", "排行榜", "社会",
        "ランキング", "Accept all", "Manage preferences", "Kultura", "Témata", "Mest läst",
        "Δημοφιλή", "정치", "खेल",
    ],
)  # fmt: skip
def test_a_label_alone_between_paragraphs_may_be_a_heading(heading):
    page = ["A bridge for all", ONE, heading, TWO, THREE, FOUR]
    assert cleaned(page)[0] == page


@pytest.mark.parametrize(
    "line",
    ["15 комментариев", "2 комментария", "9 yorum", "6 komentarzy", "23条评论", "3 min read"],
)
def test_counts_of_comments_and_reading_times_go(line):
    page = ["A bridge for all", ONE, TWO, THREE]
    assert cleaned([page[0], line, *page[1:]])[0] == page


@pytest.mark.parametrize("heading", ["Czytaj także", "Mehr zum Thema"])
def test_headings_of_other_articles_take_the_titles_below_them(heading):
    page = ["A bridge for all", *BODY]
    assert cleaned([*page, heading, "Frost in the valley", "Chess alone"])[0] == page


@pytest.mark.parametrize("sentence", ["The council meets on Thursday.", "Der Rat tagt am Freitag."])
def test_the_last_short_sentence_stays_behind_titles_of_other_articles(sentence):
    page = ["A bridge for all", *BODY]
    end = ["Read next", "Pier to be mended", sentence, "Most popular", "A wolf", "Privacy policy"]
    stays, _ = cleaned([*page, *end, "Terms of use"])
    assert stays == [*page, "Pier to be mended", sentence]


def test_a_heading_above_the_last_paragraph_stays_behind_a_share_bar():
    entry = ["9:41 p.m.", "Stay at home", *BODY, "Share", "Copy link"]
    last = ["First flights are off", "Both airports have cancelled all flights for the night."]
    end = ["Load more posts", "Back to top", "Contact us", "Privacy policy"]
    stays, _ = cleaned(["Storm closes two bridges", *entry, *last, *end])
    assert stays == ["Storm closes two bridges", *entry[:-2], *last]


@pytest.mark.parametrize(
    ("line", "tag"),
    [
        ("Authored by: Anna Maier", "byline"),
        ("Von Anna Maier", "byline"),
        ("Door Piet van Dam", "byline"),
        ("di Anna Verdi", "byline"),
        ("3. listopadu 2026", "date_line"),
        ("3 listopada 2026", "date_line"),
        ("3 Νοεμβρίου 2026", "date_line"),
        ("3 नवंबर 2026", "date_line"),
        ("2026年11月3日 6時45分", "date_line"),
        ("입력 2026.11.03. 오전 6:45", "date_line"),
    ],
)
def test_bylines_and_dates_below_a_long_menu_stay_and_are_tagged(line, tag):
    menu = ["Skip to content", *["Home", "News", "Sport", "Travel", "Sign in", "Weather"] * 2]
    stays, tags = cleaned(
        ["The Post", *menu, "A bridge for all", line, "Log in", "Register", *BODY]
    )
    assert stays == ["The Post", "A bridge for all", line, *BODY]
    assert tags[line] == tag


def test_the_times_of_a_player_go_with_its_label():
    page = ["A bridge for all", "Listen to this article", "4 min", "00:00", "03:52", *BODY]
    assert cleaned(page)[0] == ["A bridge for all", *BODY]
    page = ["A bridge for all", "09:05", ONE, "11:30", *BODY[1:]]
    assert cleaned(page)[0] == page


def test_a_word_beside_boilerplate_of_the_same_kind_is_boilerplate():
    page = ["A bridge for all", ONE, TWO, "Share", "Copy link", THREE, FOUR]
    assert cleaned(page)[0] == ["A bridge for all", *BODY]
    page = ["A bridge for all", ONE, TWO, "Share", THREE, FOUR]
    assert cleaned(page)[0] == page


COMMENTS = {
    "Comments": ["Anna K.", "3 March 2025 at 10:11", ONE, "Bert", "4 March 2025 at 11:45", TWO],
    "Комментарии": ["Анна", "3 марта 2025 в 10:11", ONE, "Борис", "4 марта 2025 в 11:45", TWO],
}


@pytest.mark.parametrize("heading", COMMENTS)
def test_comments_below_a_bare_heading_are_tagged_and_stay(heading):
    page = ["A bridge for all", THREE, FOUR, heading, *COMMENTS[heading]]
    stays, tags = cleaned(page)
    assert stays == page
    assert [line for line, tag in tags.items() if tag == "comment"] == COMMENTS[heading]
    assert cleaned(page, drop_tags=("comment",))[0] == page[:4]
    diary = ["A bridge for all", heading, ONE, TWO, THREE, FOUR, *COMMENTS[heading]]
    assert "comment" not in cleaned(diary)[1].values()
