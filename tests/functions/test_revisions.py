"""What is a change of a text, and what is only furniture around it. All lines are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions import revisions
from transforms.functions.identity import comparable_text
from transforms.functions.revisions import settled_title

PROSE = (
    "The harbour council of Port Ellery voted on Tuesday to rebuild the old ferry pier, after eleven years.\n"
    "“We have waited long enough,” said councillor Ines Halloway, who brought the motion in March."
)

FURNITURE = """
1,204 views
12 Kommentare
3 shares
Leído 532 veces
532 vues · 12 commentaires
1.2k views | 3 comments
12 Comments. Leave a comment
No comments
Views: 1204
👁 1 204 💬 12
Visualizações: 410
Комментариев: 12
1 204 просмотра
阅读 532 评论 12
浏览：1204次
閲覧数：532
コメント 12件
Updated
Updated 5 minutes ago
5 minutes ago
Last updated: 10:32 GMT
First published on Mon 6 May 2024 06.00 BST
Published 6 May 2024, 10:32 am | Updated 11:05 am EDT
Aktualisiert vor 3 Stunden
Stand: 06.05.2024, 10:32 Uhr
Zuletzt aktualisiert am 6. Mai 2024 um 10:32 Uhr
Mis à jour il y a 2 heures
Publié le 6 mai 2024 à 10h32 - Mis à jour le 6 mai 2024 à 11h05
hace 5 minutos
Última actualización: 6 de mayo de 2024 a las 10:32
Aggiornato 5 minuti fa
Atualizado há 2 horas
Bijgewerkt 3 uur geleden
Uppdaterad för 5 minuter sedan
Zaktualizowano 5 minut temu
Обновлено 5 минут назад
Обновлено: 10:32 мск
5分钟前
更新时间：2024-05-06 10:32
最終更新: 2024年5月6日 10時32分
3時間前
Read time: 4 min
4 min read
Lesezeit: 4 Min.
Temps de lecture : 4 min
Tempo di lettura: 4 minuti
Время чтения: 4 мин
この記事は4分で読めます
Read more: Council votes on pier
RELATED: What now for the ferry?
Most read
You may also like
Lesen Sie auch: Hafen bekommt neuen Steg
À lire aussi : Le port en travaux
Lire aussi Le maire démissionne
También te puede interesar: El puerto reabre
Te puede interesar El puerto reabre
Leggi anche: Il porto riapre
Leia também: Porto reabre
Lees ook: Haven open
Читайте также: Мост закрыли на ремонт
相关阅读：港口重建
関連記事：港の再建
Sign up for our morning newsletter
Follow us on Twitter
Share this article
Facebook Twitter WhatsApp Email
Teilen Drucken
Abonnieren Sie unseren Newsletter
Подписывайтесь на наш канал
关注我们的微信公众号
Advertisement
Anzeige
The post Pier to be rebuilt appeared first on Ellery Post.
Der Beitrag Steg wird gebaut erschien zuerst auf Hafenblatt.
""".strip().split("\n")

SAID = """
12 dead
Correction: an earlier version misspelt the name.
Update: the man has died.
Related to the case, three men were held.
Read more than twenty books and you may join.
The 12 views of the lake were painted in 1904.
5 years ago
10:32
Kick-off 20:45
Monday 6 May 2024
Updated guidance was issued on 12 May.
Shares: 12,000
Week ago 47.98 275
Time: 40 minutes
Save 12 %
3 goals
Facebook
Stand By Me
Lee también dijo que no.
Anzeige: Mann schlägt Nachbarn
Il y a 3 morts
Vor 3 Jahren begann der Bau.
In other news: the ferry sank.
Берёзовый: 140 человек
三人受伤
""".strip().split("\n")


@pytest.mark.parametrize("line", FURNITURE)
@pytest.mark.parametrize("place", ["first", "between", "last"])
def test_a_line_of_furniture_makes_no_difference(line: str, place: str) -> None:
    """Wherever it stands, a line that says nothing of the story might as well not be there."""
    first, last = PROSE.split("\n")
    lines = {"first": [line, first, last], "between": [first, line, last], "last": [first, last, line]}[place]
    assert settled_text("\n".join(lines)) == settled_text(PROSE)


@pytest.mark.parametrize("line", SAID)
def test_what_is_said_counts(line: str) -> None:
    """Lines that look a little like furniture, and tell something."""
    assert settled_text(f"{PROSE}\n{line}") != settled_text(PROSE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12 people died.", "14 people died."),
        ("Ines Halloway said no.", "Ines Holloway said no."),
        ("It rose by 5%.", "It rose by 5."),
        ("It cost £5m.", "It cost €5m."),
        ("It was -5 degrees.", "It was 5 degrees."),
        ("It was 1.5 metres.", "It was 15 metres."),
        ("Twelve votes.", "Twelve votes. The mayor resigned."),
        ("See https://made-up.example/a?id=7", "See https://made-up.example/a?id=8"),
        ("See https://video.example/watch?v=dQw4w9WgXcQ", "See https://video.example/watch?v=oHg5SJYRHA0"),
        ("मोदी ने कहा", "मादा ने कहा"),
        ("ที่นี่", "ทานา"),
    ],
)
def test_a_change_is_a_change(before: str, after: str) -> None:
    """Figures and their signs, names, sentences, what a link leads to, vowels that are combining marks."""
    assert settled_text(f"{PROSE}\n{before}") != settled_text(f"{PROSE}\n{after}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"Quoted - he said..."', "“Quoted — he said…”"),
        ("It's here", "It’s HERE"),
        ("two  words\n\nand a line", "two words and a line"),
        ("Straße für 5 %", "STRASSE FÜR 5%"),
        ("−5 Grad", "-5 Grad"),
        ("See https://made-up.example/a.png?v=1714720001 now", "See https://made-up.example/a.png?v=1714723601 now"),
        ("At https://made-up.example/a?id=7&_=1699000000.", "At https://made-up.example/a?id=7&_=1699000999."),
        ("At https://made-up.example/a?t=1699000000", "At https://made-up.example/a?utm_source=x&fbclid=abc"),
    ],
)  # fmt: skip
def test_style_is_no_change(before: str, after: str) -> None:
    """Punctuation, case, white space, and parameters of addresses that name a copy."""
    assert settled_text(f"{PROSE} {before}") == settled_text(f"{PROSE} {after}")


def settled_text(text: str) -> str:
    """What of a text is compared, as it is compared."""
    return comparable_text(revisions.settled_text(text))


def test_headlines_beneath_most_read_do_not_count() -> None:
    """The list that closes a page is another one every hour; a correction beneath it is not part of it."""
    page = f"{PROSE}\nMost read\nHerring prices at ten-year high\nWhale bones on the beach\nWhat the tide brought in?"
    assert settled_text(page) == settled_text(PROSE)
    assert settled_text(f"{page}\nCorrection: the vote was on Monday") != settled_text(page)
    # Prose after it: the list has no end that could be told, and only its bullets are taken.
    between = "{}\nMost read\n- Herring prices\nWhat happens next\nBuilding begins in the autumn, if money is found."
    assert "herring" not in settled_text(between.format(PROSE))
    assert "what happens next building" in settled_text(between.format(PROSE))


def test_a_line_that_runs_on_is_prose() -> None:
    """In a text broken into lines of one length, a line may by chance look like furniture."""
    broken = "The fund that the councillor's husband manages had sold as many as\n12 shares\nof the company."
    assert settled_text(broken) != settled_text(broken.replace("12", "14"))


@pytest.mark.parametrize(
    "text", ["Read more", "12 comments\n3 shares", "Updated 5 minutes ago", "Share\nTweet", ""]
)
def test_nothing_but_furniture_is_kept(text: str) -> None:
    """Otherwise all such texts would be one."""
    assert settled_text(text) == comparable_text(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pier to be rebuilt", "PIER TO BE REBUILT"),
        ("“Pier” – to be rebuilt", "'Pier' - to be rebuilt"),
        ("Pier to be rebuilt (12 comments)", "Pier to be rebuilt"),
        ("Pier to be rebuilt | Updated 5 minutes ago", "Pier to be rebuilt"),
        ("Steg wird gebaut [Aktualisiert]", "Steg wird gebaut"),
    ],
)
def test_headlines_that_say_the_same(one: str, other: str) -> None:
    """Case, marks, closing counters and times of updating."""
    assert settled_title(one) == settled_title(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Pier to be rebuilt", "Pier will be rebuilt"),
        ("12 dead", "14 dead"),
        ("Storm in pictures (1/3)", "Storm in pictures (2/3)"),
        ("Budget debate - Ellery Post", "Budget debate"),
        ("Market report, 6 May", "Market report, 7 May"),
        ("(Updated)", "(12 comments)"),
        (None, "x"),
    ],
)
def test_headlines_that_do_not(one: str | None, other: str) -> None:
    """A word, a figure, a number in a series."""
    assert settled_title(one) != settled_title(other)


_LINES = st.lists(st.sampled_from(FURNITURE + SAID + PROSE.split("\n")) | st.text(max_size=30), max_size=8)


@given(_LINES.map("\n".join) | st.text())
def test_settling_twice_changes_nothing(text: str) -> None:
    """What was settled holds nothing that could be settled further."""
    once = settled_text(text)
    assert settled_text(once) == once
    assert settled_title(settled_title(text)) == settled_title(text)


@given(st.text(st.characters(max_codepoint=0xFF)) | st.text("aä’ ßœÉ_-%–…²½µªſKﬁ", max_size=12))
def test_western_text_is_folded_as_any_other(text: str) -> None:
    """The quick way of Western European texts gives what the long way does: a word more must not change the rest."""
    beside = settled_text(f"{text} Ωž")
    assert beside == f"{settled_text(text)} ωž".strip()


@pytest.mark.parametrize(
    "text",
    [
        "1 " * 200_000,
        "Read more " * 50_000,
        "Most read\n" * 50_000,
        "the post " * 50_000,
        "https://a.example/?v=" * 30_000,
        "https://a.example/?" + "v=1&" * 100_000,
        "\n".join(["12 views updated 5 minutes ago"] * 20_000),
        "- " * 200_000,
        "(" * 200_000,
    ],
)
def test_long_and_odd_texts_take_no_longer_than_their_length(text: str) -> None:
    """Nothing here is quadratic: half a megabyte of the worst takes well under seconds."""
    with no_hang():
        settled_text(text)
        settled_title(text)
