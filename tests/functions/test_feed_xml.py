"""The fast reading of feeds: equal to feedparser's wherever it doesn't decline, on any document."""

from __future__ import annotations

import time
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import RecordError
from schemas.records import Origin
from tests.functions.test_feeds import FEEDS, HOSTILE, N, rss
from transforms.functions.feed_xml import StatedFeed, read_feed
from transforms.functions.feeds import ParsedFeed, parse_feed

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "mine": "https://made-up.example/ns",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def slow(xml: bytes) -> StatedFeed | None:
    return None


def outcome(data: bytes, *, fast: bool, feed_url: str | None = None) -> ParsedFeed | tuple[str, str]:
    try:
        return parse_feed(data, Origin("feed", "x", feed_url), read_fast=read_feed if fast else slow)
    except RecordError as error:
        return error.reason, error.detail


def agrees(document: str | bytes) -> None:
    data = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
    assert outcome(data, fast=True) == outcome(data, fast=False)


def is_taken(document: str | bytes) -> bool:
    """Whether a document, agreed on by both, is read fast."""
    agrees(document)
    taken = []

    def noted(xml: bytes) -> StatedFeed | None:
        feed = read_feed(xml)
        taken.append(feed is not None)
        return feed

    parse_feed(
        document if isinstance(document, bytes) else document.encode(), Origin("feed", "x"), read_fast=noted
    )
    return taken == [True]


# Generated feeds: elements that mean something, in places where they do and where they don't.

NAMES = [
    *("title", "link", "description", "guid", "pubDate", "category", "author", "source", "comments", "enclosure"),
    *("summary", "content", "id", "updated", "published", "created", "issued", "modified", "contributor", "rights"),
    *("language", "subtitle", "generator", "keywords", "ttl", "image", "name", "uri", "lastBuildDate", "Title"),
    *("dc:creator", "dc:date", "dc:title", "dc:subject", "dc:language", "dc:publisher", "dc:description"),
    *("dc:rights", "dc:contributor", "dc:identifier", "dcterms:created", "dcterms:modified", "dcterms:issued"),
    *("content:encoded", "atom:link", "atom:author", "atom:updated", "atom:summary", "atom:content"),
    *("itunes:author", "itunes:summary", "itunes:subtitle", "itunes:image", "itunes:explicit", "itunes:duration"),
    *("media:content", "media:group", "media:title", "media:description", "media:keywords", "media:category"),
    *("media:thumbnail", "media:credit", "feedburner:origLink", "georss:point", "mine:title", "mine:box"),
]  # fmt: skip
ODD_NAMES = [
    *("email", "url", "textinput", "tagline", "copyright", "tags", "cloud", "docs", "webMaster", "managingEditor"),
    *("publisher", "permalink", "date", "links", "authors", "skipHours", "hour", "items", "width", "body", "info"),
    *("dc:author", "dcterms:valid", "itunes:owner", "itunes:name", "itunes:email", "itunes:keywords", "homepage"),
    *("itunes:category", "media:rating", "media:text", "rdf:li", "fullitem", "abstract", "item", "channel"),
    *("atom:name", "PUBDATE", "expirationDate", "newLocation", "href", "title_detail"),
]  # fmt: skip
HEAD_NAMES = [
    *("title", "link", "description", "language", "image", "author", "subtitle", "updated", "category", "generator"),
    *("ttl", "managingEditor", "contributor", "rights", "atom:link", "itunes:summary", "itunes:subtitle", "dc:title"),
    *("media:thumbnail", "itunes:author"),
]  # fmt: skip
WRAPPERS = (
    "author",
    "source",
    "media:content",
    "media:group",
    "image",
    "contributor",
    "itunes:owner",
    "mine:box",
)
PERSON = ["name", "email", "uri", "name", "email", "mine:box", "url", "title"]
PICTURE = [
    "media:title",
    "media:description",
    "media:thumbnail",
    "media:keywords",
    "media:category",
    "media:credit",
]
INNER = {
    "author": PERSON,
    "contributor": PERSON,
    "itunes:owner": ["itunes:name", "itunes:email"],
    "source": ["title", "link", "author", "id", "updated", "category", "subtitle", "mine:box"],
    "image": ["title", "link", "url", "width", "description", "mine:box"],
    "media:content": PICTURE,
    "media:group": [*PICTURE, "media:content"],
}
TYPES = ["text", "html", "xhtml", "text/html", "TEXT/HTML", "text/plain", "plain"] * 3 + [
    "image/png",
    "application/xml",
]
ATTRIBUTES = {
    "type": st.sampled_from(TYPES),
    "href": st.sampled_from(["https://e.example/a?b=1&c;=2", "/rel", "", "http:///e.example/x"]),
    "url": st.sampled_from(["https://e.example/b", ""]),
    "rel": st.sampled_from(["self", "alternate", "Alternate", "enclosure", "replies"]),
    "isPermaLink": st.sampled_from(["true", "false", " True ", ""]),
    "term": st.sampled_from(["news", ""]),
    "label": st.sampled_from(["News", ""]),
    "scheme": st.sampled_from(["http://s.example", ""]),
    "domain": st.sampled_from(["d", ""]),
    "xml:lang": st.sampled_from(["de", "en_GB", ""]),
    "lang": st.sampled_from(["fr"]),
    "xml:base": st.sampled_from(
        ["https://base.example/x/"] * 5 + ["sub/", "javascript:x", "", "https://q.example/?"]
    ),
    "mode": st.sampled_from(["escaped"] * 5 + ["xml", "base64"]),
    "rdf:about": st.sampled_from(["https://e.example/about"]),
    "mine:type": st.sampled_from(["html"]),
    "mine:href": st.sampled_from(["https://mine.example/"]),
    "version": st.sampled_from(["2.0", "0.91"]),
}
TEXTS = st.sampled_from(
    [
        *("", " ", "\n  ", "plain", "  padded\n", "Tom & Jerry", "a <b>bold</b> word", "<p>para</p> more", "&#8217;"),
        *("1 < 2", "&eacute;", "caf\xc3\xa9", "caf\xe9", "\x91quoted\x92", "\xa0", "日本語", "https://e.example/1"),
        *("/relative", "https://e.example/?a=1&amp;b=2&c;=3", "a, b ,,c", "2024-01-02", "yes", "x" * 200),
        *("https:////e.example/y", "</b>", "AT&T; &amp;amp;", "me@e.example (Me)"),
    ]
)  # fmt: skip


@st.composite
def elements(draw: st.DrawFn, depth: int = 0, name: str | None = None) -> str:
    name = name or draw(
        st.sampled_from((NAMES, NAMES, NAMES, WRAPPERS, ODD_NAMES)[draw(st.integers(0, 49)) // 12])
    )
    few = draw(st.integers(0, 3)) == 0
    attributes = (
        draw(st.dictionaries(st.sampled_from(sorted(ATTRIBUTES)), st.none(), max_size=3)) if few else {}
    )
    stated = "".join(f" {key}={quoteattr(draw(ATTRIBUTES[key]))}" for key in attributes)
    text = draw(TEXTS)
    body = f"<![CDATA[{text}]]>" if draw(st.booleans()) and "]]>" not in text else escape(text)
    if depth < 3 and (name in WRAPPERS or draw(st.integers(0, 40)) == 0):
        inner = INNER.get(name)
        names = st.none() if inner is None else st.sampled_from(inner)
        parts = [draw(elements(depth + 1, draw(names))) for _ in range(draw(st.integers(0, 3)))]
        body += "".join(parts) + escape(draw(TEXTS))
    elif ' type="xhtml"' in stated or draw(st.integers(0, 99)) == 0:
        body = f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text)}<p class="&quot;">a<br/>b &lt;</p></div>{body}'
    return f"<{name}{stated}>{body}</{name}>"


@st.composite
def feeds(draw: st.DrawFn) -> str:
    """A feed of some dialect, well-formed, with items."""
    names = [draw(st.sampled_from(HEAD_NAMES)) for _ in range(draw(st.integers(0, 4)))]
    head = "".join(draw(elements(0, name)) for name in names)
    made = []
    tag = draw(st.sampled_from(["item", "item", "entry"]))
    for _ in range(draw(st.integers(1, 3))):
        inside = "".join(draw(st.lists(elements(), min_size=1, max_size=6)))
        stated = draw(
            st.sampled_from(
                ["", "", ' xml:lang="pl"', ' rdf:about="urn:x"', ' xml:base="https://i.example/"']
            )
        )
        made.append(f"<{tag}{stated}>{inside}</{tag}>")
    items = "".join(made)
    tail = draw(elements(0, draw(st.sampled_from(HEAD_NAMES)))) if draw(st.booleans()) else ""
    root = draw(st.sampled_from(["", ' xml:lang="en_US"', ' xml:base="https://root.example/dir/"']))
    if tag == "entry":
        uri = draw(st.sampled_from(["http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"]))
        old = ' version="0.3"' if "purl" in uri else ""
        declared = DECLARED.replace('xmlns:atom="http://www.w3.org/2005/Atom"', f'xmlns:atom="{uri}"')
        return f'<feed xmlns="{uri}" {declared}{old}{root}>{head}{items}{tail}</feed>'
    if draw(st.integers(0, 3)) == 0:
        declared = DECLARED.replace(
            'xmlns:atom="http://www.w3.org/2005/Atom"', 'xmlns:atom="http://purl.org/atom/ns#"'
        )
        return (
            f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {declared}{root}>'
            f"<channel>{head}</channel>{items}{tail}</rdf:RDF>"
        )
    version = draw(st.sampled_from(["2.0", "0.91", "0.92", "2.1", "1"]))
    return f'<rss version="{version}" {DECLARED}{root}><channel>{head}{items}{tail}</channel></rss>'


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(feeds())
def test_generated_feeds_are_read_alike(document: str) -> None:
    """Whatever stands where in them."""
    agrees(document)


# What feedparser does that a reader of the specifications wouldn't: each is read fast, and alike.


def item(inside: str, feed: str = "", root: str = "") -> str:
    return f'<rss version="2.0" {DECLARED}{root}><channel>{feed}<item>{inside}</item></channel></rss>'


def entry(inside: str, feed: str = "", root: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {DECLARED}{root}>{feed}<entry>{inside}</entry></feed>'


PECULIAR = {
    "the second description is content": item("<description>a</description><description>b</description>"),
    "so is a summary by iTunes": item("<description>a</description><itunes:summary>b</itunes:summary>"),
    "unless there is content": item(
        "<content:encoded>c</content:encoded><description>a</description><itunes:summary>b</itunes:summary>"
    ),
    "even if it is the feed's": item(
        "<description>a</description><description>b</description>",
        "<itunes:summary>f</itunes:summary><description>g</description>",
    ),
    "each item by itself": item(
        "<content:encoded>c</content:encoded></item><item><description>a</description><description>b</description>"
    ),
    "descriptions are HTML": item("<description>a &amp; b &lt;blink&gt;c</description>"),
    "summaries aren't": entry("<summary>a &lt;i&gt;b&lt;/i&gt;</summary>"),
    "the first title counts": item("<title>a</title><dc:title>b</dc:title>"),
    "but an empty one": item("<title></title><dc:title>b</dc:title>"),
    "or before a picture": item("<title>a</title><image/><title>b</title>"),
    "an item's title lets the feed have another": (
        "<rss version='2.0'><channel><title>a</title><item><title>i</title></item><title>b</title></channel></rss>"
    ),
    "a picture's title isn't the feed's": item(
        "<title>x</title>", "<image><title>p</title><link>/p</link></image><title>f</title>"
    ),
    "the nearest title of a picture": item(
        "<media:group><media:content><media:title>deep</media:title></media:content>"
        "<media:title>near</media:title></media:group><media:title>nearest</media:title>"
        "<media:group><media:title>late</media:title></media:group>"
    ),
    "a category fills one without a term": item(
        '<title>x</title><category domain="d"/><category>a</category><media:category label="l"/>'
        '<dc:subject>b</dc:subject><category term="t">u</category>'
        '<category label="m"/>'
    ),
    "keywords": item(
        "<media:keywords>a, b,,</media:keywords><itunes:keywords>c</itunes:keywords><title>x</title>"
    ),
    "an author's text and parts": item(
        "<title>x</title><author>text<name>n</name><email>e</email></author><author>t</author>"
    ),
    "unknown elements in an author": entry('<title>x</title><author>a<mine:x y="z">b</mine:x>c</author>'),
    "a name that is empty": entry("<title>x</title><author>a<name/></author>"),
    "a source's author has its address": entry(
        "<title>x</title><source><title>s</title><author><uri>/u</uri></author></source>"
    ),
    "a source in RSS": item(
        '<title>x</title><source url="https://w.example/">Wire</source><source>Other</source>'
    ),
    "guids": item('<title>x</title><guid isPermaLink="false">a</guid><guid>https://e.example/b</guid>'),
    "links": item(
        '<link>https://e.example/?a=1&amp;b=2&amp;c;=3</link><link href=""/><atom:link href="//e.example"/>'
    ),
    "links in feeds": item(
        "<title>x</title>", "<link>/f?a&amp;amp;b</link><atom:link rel='self' href='/self'/>"
    ),
    "slashes": item("<link>https:////e.example/x</link>"),
    "bases": item("<link>a</link>", root=' xml:base="https://e.example/x/"'),
    "bases within bases": entry(
        '<link href="a" xml:base="sub/"/><link rel="self" href="b"/><content xml:base="https://o.example/">c</content>'
        '<link href="c"/>',
        root=' xml:base="https://e.example/x/"',
    ),
    "bases end": entry(
        '<link href="a"/></entry><entry xml:base="https://i.example/"><link href="b"/></entry><entry><link href="c"/>',
        '<subtitle xml:base="https://o.example/">s</subtitle><link href="d"/>',
        root=' xml:base="https://e.example/x/"',
    ),
    "a base without one around it goes on": entry(
        '<content xml:base="https://o.example/y/">c</content><link href="d"/>', '<link href="a"/>'
    ),
    "languages": entry(
        '<title xml:lang="">x</title><summary xml:lang="en_GB">y</summary>', root=' xml:lang="de_AT"'
    ),
    "a language of its own": item("<dc:language>fr</dc:language><title>x</title>", "<language>en</language>"),
    "an attribute of an unknown namespace": entry('<title mine:type="html">a &lt;b&gt;b&lt;/b&gt;</title>'),
    "XHTML": entry(
        '<title>x</title><content type="xhtml"> <div xmlns="http://www.w3.org/1999/xhtml" class="&quot;&lt;">a &lt; b'
        '<br/><A REL="Next" HREF="/x">c</A> d</div> </content>'
    ),
    "XHTML without the div": entry(
        '<title type="xhtml">a<div xmlns="http://www.w3.org/1999/xhtml">b</div></title>'
        '<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a</div><div>b</div></summary>'
    ),
    "XHTML with no element": entry('<content type="xhtml">1 &lt; 2</content>'),
    "Dublin Core by a wrong address": (
        '<rss version="2.0" xmlns:dc="https://purl.org/dc/elements/1.1/"><channel><item><title>x</title>'
        "<dc:creator>Ada</dc:creator></item></channel></rss>"
    ),
    "an unknown default namespace": (
        '<rss version="2.0" xmlns="https://made-up.example/"><channel><item><title>x</title></item></channel></rss>'
    ),
    "Latin-1 that is UTF-8": item("<title>caf\xc3\xa9</title><author><name>caf\xc3\xa9</name></author>"),
    "Windows-1252 as controls": item("<title>\x91a\x92</title>"),
    "titles that look like HTML": item("<title>a &lt;b&gt;b&lt;/b&gt;</title>") + "<!-- 1 -->",
    "titles that don't": item("<title>a &lt;blink&gt;b&lt;/blink&gt; &amp;nosuch;</title>"),
    "RSS 0.90": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">'
        "<channel><title>f</title></channel><image><title>p</title></image><item><title>x</title></item>"
        "<textinput><title>t</title><name>q</name></textinput></rdf:RDF>"
    ),
    "items beside the channel": "<rss><channel><title>f</title></channel><item><title>x</title></item></rss>",
    "dates": item(
        "<title>x</title><pubDate>a</pubDate><pubDate> b </pubDate><dc:date>c</dc:date><atom:updated>d</atom:updated>"
    ),
    "no items": "<rss version='2.0'><channel><title>f</title></channel></rss>",
}


@pytest.mark.parametrize("name", PECULIAR)
def test_peculiarities_of_feedparser_are_kept(name: str) -> None:
    """Read fast, with equal fields."""
    assert is_taken(PECULIAR[name])
    # Else the fast reading would have been thrown away.
    parsed = outcome(PECULIAR[name].encode(), fast=True)
    assert isinstance(parsed, ParsedFeed)
    assert parsed.rejected == ()


DECLINED = {
    "not well-formed": "<rss version='2.0'><channel><item><title>x</item></channel></rss>",
    "a nested item": item("<title>x</title><item><title>y</title></item>"),
    "a title in an unknown element": item("<title>x</title><mine:box><title>y</title></mine:box>"),
    "markup that isn't XHTML": item("<title>a <b>b</b></title>"),
    "base64": entry('<title>x</title><content type="image/png">iVBORw0KGgo=</content>'),
    "two channels": "<rss><channel><title>a</title></channel><channel><title>b</title></channel></rss>",
    "one prefix for two namespaces": item('<title>x</title><dc:creator xmlns:dc="urn:other">y</dc:creator>'),
    "two prefixes for one unknown namespace": item('<title xmlns:a="urn:a" xmlns:b="urn:a">x</title>'),
    "a usual prefix for another namespace": item(
        '<x xmlns:thr="http://purl.org/rss/1.0/">y</x><title>x</title>'
    ),
    "vector graphics in a text": entry('<title>x</title><content type="xhtml"><p><svg/></p></content>'),
    "a channel for a root": "<channel><title>f</title><item><title>x</title></item></channel>",
    "an address that joining changes": item("<title>x</title>", root=' xml:base="https://e.example/?"'),
    "an item that says nothing": item("<pubDate>yesterday</pubDate>"),
    "a dialect by a namespace": item('<title xmlns="http://purl.org/rss/1.0/">x</title>'),
    "an owner who is the author": entry(
        "<title>x</title>",
        "<author><name>a</name></author><itunes:owner><itunes:name>o</itunes:name></itunes:owner>",
    ),
}


@pytest.mark.parametrize("name", DECLINED)
def test_what_is_not_certain_is_left_to_feedparser(name: str) -> None:
    """With feedparser's result; an item that is rejected is read again for its payload."""
    agrees(DECLINED[name])
    assert name == "an item that says nothing" or not is_taken(DECLINED[name])


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name)
def test_the_feeds_of_the_data_folder_are_read_alike(path: Path) -> None:
    """Also with an address that relative ones are joined to."""
    data = path.read_bytes()
    for url in (None, "https://fetched.example/feeds/all"):
        assert outcome(data, fast=True, feed_url=url) == outcome(data, fast=False, feed_url=url)


@pytest.mark.parametrize(
    "start",
    ["", '<?xml version="1.0"?>', '<!DOCTYPE rss [<!ENTITY a "b">]>', " ", "\ufeff"],
)
def test_only_a_bare_root_element_is_read(start: str) -> None:
    """Where a document type could stand, `read_feed` doesn't look further, whoever calls it."""
    document = f"{start}<rss version='2.0'><channel><title>x</title></channel></rss>".encode()
    assert (read_feed(document) is None) == (start != "")


BIG = {
    **{name: rss(f"<item><title>before</title></item>{items}", "") for name, items in HOSTILE.items()},
    "a long attribute": item(f'<title>before</title><enclosure url="{"a" * N * 100}"/>'),
    "a long comment": item(f"<title>before</title><!--{'-a' * N * 50}-->"),
    "deep XHTML": entry(
        "<title>before</title><content type='xhtml'>" + "<b>" * N + "</b>" * N + "</content>"
    ),
    "deep unknown elements": item("<title>before</title>" + "<mine:a>" * N + "</mine:a>" * N),
    "many default namespaces": item(
        "".join(f'<b xmlns="u{n}"/>' for n in range(N)) + "<title>before</title>"
    ),
    "many known namespaces": item(
        '<b xmlns:atom="http://www.w3.org/2005/Atom"/>' * N + "<title>before</title>"
    ),
    "many names": item("".join(f"<b{n}/>" for n in range(N)) + "<title>before</title>"),
    "brackets in a section": item(
        f"<title>before</title><description>&nbsp;<![CDATA[{']' * N * 50}]]></description>"
    ),
}


@pytest.mark.parametrize("name", BIG)
def test_hostile_documents_take_little_time(name: str) -> None:
    """Read or declined in linear time, and without the stack running over."""
    start = time.process_time()
    read_feed(BIG[name].encode())
    assert time.process_time() - start < 2
    if name not in HOSTILE:
        assert parse_feed(BIG[name].encode(), Origin("feed", "x")).items[0].title == "before"


def test_characters_that_xml_does_not_allow() -> None:
    """NULs and other controls, in a charset declared wrongly."""
    data = b'<?xml version="1.0" encoding="utf-8"?>' + item("<title>a\0\x01b caf\xe9</title>").encode(
        "cp1252"
    )
    assert is_taken(data)
    assert parse_feed(data, Origin("feed", "x")).items[0].title == "ab café"
