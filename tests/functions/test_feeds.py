"""Feeds of all dialects, whole and broken; each feed in tests/data/feeds stands beside the records expected of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from tests.hanging import no_hang
from transforms.functions.feeds import FEED_MALFORMED, ParsedFeed, parse_feed
from transforms.functions.html_text import html_to_text

DATA = Path(__file__).parent.parent / "data" / "feeds"
FEEDS = sorted(path for path in DATA.iterdir() if not path.name.endswith(".expected.json"))
ORIGIN = Origin("feed", "made-up.xml")


def parse(document: str | bytes, **origin: Any) -> ParsedFeed:
    data = document if isinstance(document, bytes) else document.encode()
    return parse_feed(data, dataclasses.replace(ORIGIN, **origin))


def rss(items: str, head: str = '<?xml version="1.0"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>Made up</title>{items}</channel></rss>'


def only_item(document: str | bytes) -> RawItem:
    feed = parse(document)
    assert len(feed.items) == 1
    return feed.items[0]


def as_expected(item: RawItem) -> dict[str, Any]:
    """An item as its file of expected records states it: what isn't stated is left out."""
    stated: dict[str, Any] = {
        "guid": item.origin.guid,
        "position": item.origin.position,
        "feed_url": item.origin.feed_url,
    }
    for field in dataclasses.fields(RawItem):
        value = getattr(item, field.name)
        if field.name != "origin" and value != field.default:
            stated[field.name] = list(value) if isinstance(value, tuple) else value
    return stated


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_a_feed_gives_the_records_expected_of_it(path: Path) -> None:
    """Each field of each item of each dialect, as written down beside the feed."""
    expected = json.loads((DATA / f"{path.name}.expected.json").read_text(encoding="utf-8"))
    feed = parse_feed(path.read_bytes(), Origin("feed", path.name))
    assert [as_expected(item) for item in feed.items] == expected["items"]
    assert [[item.position, item.reason] for item in feed.rejected] == expected["rejected"]
    for name in ("version", "title", "url", "link", "language"):
        assert getattr(feed, name) == expected[name]


def test_all_dialects_have_a_feed() -> None:
    """The data folder is what the test above stands on."""
    assert len(FEEDS) >= 8


def test_html_elements_in_xhtml_content_do_not_end_it() -> None:
    """`<summary>` of `<details>` and `<source>` of `<picture>` have the names of Atom's elements."""
    feed = parse((DATA / "atom10.xml").read_bytes())
    text = html_to_text(feed.items[0].body or "")
    assert text == "They won the third race.\nResults\n1. Ines, 2. Tom\nThe fourth is on Sunday."


def test_the_address_fetched_wins_over_the_one_stated() -> None:
    """feed_url is the feed's own statement only where it wasn't fetched; relative links are joined to it."""
    items = parse(
        '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="http://stated.example/"/>'
        '<entry><title>x</title><link href="a"/></entry></feed>',
        feed_url="http://fetched.example/feeds/atom",
    ).items
    assert items[0].origin.feed_url == "http://fetched.example/feeds/atom"
    assert items[0].url == "http://fetched.example/feeds/a"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "UTF-16"),
        ("cp1251", "windows-1251"),
        ("koi8-r", "KOI8-R"),
        ("utf-8", "iso-8859-1"),  # declared wrongly
        ("utf-8", "windows-1251"),
    ],
)
def test_charsets(encoding: str, declared: str) -> None:
    """By byte order mark, by declaration, and by what the bytes are where the declaration is wrong."""
    document = rss(
        "<item><title>Порт закрыт до утра</title><description>Паром не ходит.</description></item>",
        f'<?xml version="1.0" encoding="{declared}"?>\r\n',
    )
    item = only_item(document.encode(encoding))
    assert (item.title, item.body) == ("Порт закрыт до утра", "Паром не ходит.")


def test_the_servers_charset_counts_where_the_document_says_nothing() -> None:
    """HTTP's charset, as in `text/xml; charset=windows-1251`."""
    data = rss("<item><title>Порт</title></item>", "").encode("cp1251")
    feed = parse_feed(data, ORIGIN, "text/xml; charset=windows-1251")
    assert feed.items[0].title == "Порт"


def test_a_replaced_character_is_a_warning_of_its_item_alone() -> None:
    """One bad byte in a feed doesn't put all its items in doubt."""
    data = rss("<item><title>größer, schöner, älter: Öl X</title></item><item><title>b</title></item>")
    items = parse(data.encode().replace(b"X", b"\xff")).items
    assert [item.warnings for item in items] == [("charset_replaced",), ()]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("AT&amp;T", "AT&T"),
        ("caf&#233;", "café"),
        ("a&#x2014;b", "a—b"),
        ("&amp;#8217;", "&#8217;"),
    ],
)
def test_references_of_xml_are_decoded_once(reference: str, expected: str) -> None:
    """What was escaped twice stays escaped once; such a title is HTML."""
    item = only_item(rss(f"<item><title>{reference}</title></item>"))
    assert item.title == expected
    assert item.warnings == ()
    assert item.title_is_html == ("&#" in expected)


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        ("<item><title>Fish & chips</title></item>", "Fish & chips"),
        ("<item><title>caf&eacute;</title></item>", "café"),
        ("<item><title>a&unknown;b</title></item>", "a&unknown;b"),
        ("<item><title>a&#0;b&#11;c</title></item>", "abc"),
        ("<item><title>&#55357;&#56960;</title></item>", "\U0001f680"),
        ("<item><title>&#xD83D; alone</title></item>", "\ufffd alone"),
        ("<item><title>unclosed</title>", "unclosed"),
        ("<item><title>tags</title></b></item>", "tags"),
        ("<item><title>undeclared</title><foo:bar>x</foo:bar></item>", "undeclared"),
        ("<item></width></category></item><item><title>stray ends</title></item>", "stray ends"),
        ("<rss:item><rss:title>prefix</rss:title></rss:item>", "prefix"),
    ],
)
def test_broken_xml_gives_what_can_be_recovered(broken: str, title: str) -> None:
    """As published feeds are broken; each item says so."""
    item = next(item for item in parse(rss(broken)).items if item.title is not None)
    assert item.title == title
    assert FEED_MALFORMED in item.warnings


def test_a_feed_cut_off_keeps_its_items() -> None:
    """A download that broke off in the second of three items."""
    whole = rss(
        "".join(f"<item><title>t{n}</title><description>text {n}</description></item>" for n in range(3))
    )
    feed = parse(whole[: whole.index("text 1") + 4])
    assert [item.title for item in feed.items] == ["t0", "t1"]


@pytest.mark.parametrize(
    "around",
    [
        "\n\n  {}",
        "<br />\n<b>Warning</b>: made up in /srv/x.php<br />\n{}",
        "{}\n<!-- cached -->",
        "{}<script>count()</script>",
        "<!-- first --> {}",
    ],
)
def test_what_stands_around_a_feed_does_not_matter(around: str) -> None:
    """Blank lines, messages of server programs, comments of caches, statistics scripts."""
    assert only_item(around.format(rss("<item><title>x</title></item>"))).title == "x"


@pytest.mark.parametrize(
    ("document", "reason", "detail"),
    [
        (b"", "empty-file", "empty"),
        (b"\xef\xbb\xbf \n", "empty-file", "empty"),
        (b"just text", "not-a-feed", "just text"),
        (b"<!DOCTYPE html><html><head><title>Gone away</title></head></html>", "not-a-feed", "Gone away"),
        (b"<html><body><feed>menu</feed></body></html>", "not-a-feed", "HTML page"),
        (b'<?xml version="1.0"?><urlset><url/></urlset>', "not-a-feed", "<urlset>"),
        (b'<rdf:RDF xmlns:rdf="x"></rdf:RDF>', "not-a-feed", "nothing of a feed"),
        (b'{"items": 3}', "not-a-feed", "items"),
    ],
)
def test_what_is_no_feed_is_refused(document: bytes, reason: str, detail: str) -> None:
    """With a reason that can be counted and a detail that a person can act on."""
    with pytest.raises(RecordError) as caught:
        parse(document)
    assert caught.value.reason == reason
    assert detail in caught.value.detail
    assert ORIGIN.uri in caught.value.detail


def test_a_feed_may_have_no_items() -> None:
    """A quiet publisher is no error."""
    feed = parse(rss(""))
    assert (feed.items, feed.rejected, feed.version) == ((), (), "rss20")


def test_an_item_that_says_nothing_is_rejected_alone() -> None:
    """Its neighbours go on, and it keeps its place and its payload."""
    feed = parse(rss("<item><title>a</title></item><item><pubDate>yesterday</pubDate></item>"))
    assert [item.title for item in feed.items] == ["a"]
    (rejected,) = feed.rejected
    assert (rejected.position, rejected.reason) == (1, "no-text")
    assert json.loads(rejected.payload) == {"published": "yesterday"}


def test_strings_are_never_taken_for_addresses_or_paths() -> None:
    """feedparser.parse would fetch or open them."""
    for text in (b"http://127.0.0.1:9/feed", b"/etc/hostname", b"file:///etc/hostname"):
        with pytest.raises(RecordError, match="not-a-feed"):
            parse(text)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "subset",
    [
        f'<!ENTITY l0 "ha">{LAUGHS}',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        "<!ENTITY % p \"<!ENTITY a SYSTEM 'file:///etc/passwd'>\"> %p;",
        f'<!ENTITY a "{"x" * 10_000}">',
    ],
    ids=["billion laughs", "external", "parameter", "quadratic"],
)
def test_entities_can_not_blow_up_or_read_files(subset: str) -> None:
    """Refused before any XML parser sees them."""
    title = "&a;" * 1000
    with pytest.raises(RecordError, match="xml-entities"):
        parse(rss(f"<item><title>{title}</title></item>", f"<!DOCTYPE rss [{subset}]>"))


def test_plain_entities_of_old_feeds_are_read() -> None:
    """HTML's names by reference to their declaration, which isn't fetched, and a name of the feed's own."""
    head = (
        '<!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1 for XHTML//EN" "http://e.example/l.ent">'
        ' %HTMLlat1; <!ENTITY paper "M&#233;t&#233;o">]>'
    )
    item = only_item(rss("<item><title>caf&eacute; &paper;</title></item>", head))
    assert (item.title, item.warnings) == ("café Météo", ())


N = 20_000
HOSTILE = {
    "nested": "<item>" + "<a>" * N + "</a>" * N + "</item>",
    "nested, unclosed": "<item>" + "<a>" * N,
    "nested description": "<item><description>" + "<b>" * N + "y" + "</b>" * N + "</description></item>",
    "author": "<item><author>" + "a" * N * 10 + "</author></item>",
    "tags": "<item>" + "".join(f"<category>{n}</category>" for n in range(N)) + "</item>",
    "attributes": "<item><a " + "".join(f'b{n}="c" ' for n in range(N)) + "/></item>",
    "namespaces": "<item>" + "".join(f'<a{n}:b xmlns:a{n}="u{n}"/>' for n in range(N)) + "</item>",
    "base": f'<item xml:base="http://e.example/{"a" * N * 10}">' + "<a/>" * N + "</item>",
    "ampersands": "<item><author>" + "&" * N * 10 + "</author></item>",
    "cdata": "<item>" + "<![CDATA[" * N,
    "quotes": "<item>" + '<a "' * N,
    "brackets": "<item>" + "<" * N,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_feeds_take_little_time(name: str) -> None:
    """None takes the square of its length: the first two rows took feedparser minutes at 100,000 attributes."""
    with no_hang():
        feed = parse(rss("<item><title>before</title></item>" + HOSTILE[name]))
        assert feed.items[0].title == "before"
        # What is linear takes a tenth of this; what isn't takes ten times as much.


def test_guids_and_links_are_as_stated() -> None:
    """A guid isn't joined to a base address, and one that is no address is no link."""
    document = (
        '<rss version="2.0" xml:base="http://e.example/"><channel>'
        "<item><title>a</title><guid>7</guid></item>"
        '<item><title>b</title><guid isPermaLink="true">http://e.example/b</guid></item>'
        '<item><title>c</title><guid isPermaLink="false">http://e.example/c</guid></item>'
        "<item><title>d</title><link>/d</link><guid>http://e.example/other</guid></item>"
        "</channel></rss>"
    )
    items = parse(document).items
    assert [item.origin.guid for item in items] == [
        "7",
        "http://e.example/b",
        "http://e.example/c",
        "http://e.example/other",
    ]
    assert [item.url for item in items] == [None, "http://e.example/b", None, "http://e.example/d"]


def test_dates_are_the_raw_strings() -> None:
    """In zones that feedparser reads as UTC, and not dates at all."""
    stated = ["Tue, 02 Jan 2024 09:15:00 CEST", "2024年1月2日", "3:16 PM ET, Wed March 30, 2022"]
    items = parse(
        rss("".join(f"<item><title>x</title><pubDate>{date}</pubDate></item>" for date in stated))
    ).items
    assert [item.published for item in items] == stated
    assert all(item.updated is None for item in items)
