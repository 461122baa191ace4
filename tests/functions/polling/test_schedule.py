"""What feeds say of themselves, headers, and the feeds that pages name."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.polling.headers import fresh_for_s, http_date, retry_after_s
from transforms.functions.polling.links import feed_links
from transforms.functions.polling.schedule import FeedSchedule, feed_schedule

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
BASE = "https://news.example/dir/feed"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel><image><title>Logo</title><ttl>1</ttl></image><title><![CDATA[Quay & Harbour]]></title>
<!-- <ttl>5</ttl> --><ttl> 45 </ttl>
<skipHours><hour>0</hour><hour>24</hour><hour>3</hour><hour>77</hour></skipHours>
<skipDays><day>Sunday</day><day>saturday</day><day>Someday</day></skipDays>
<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
<atom:link rel="self" type="application/rss+xml" href="https://news.example/rss?a=1&amp;b=2"/>
<atom:link href='https://hub.example/' rel='HUB other'/>
<link>https://news.example/</link>
<item><title>One</title><ttl>7</ttl><atom:link rel="hub" href="https://evil.example/"/>
<atom:link rel="prev-archive" href="https://evil.example/"/></item>
<atom:link rel="prev-archive" href="old/1"/><ttl>9</ttl>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title>
<link rel="self" href="https://news.example/atom"/><link rel=next href="?page=2"/>
<link rel="alternate" type="text/html" href="/"/>
<link rel="alternate" type="application/rss+xml; charset=utf-8" href="/rss"/>
<link rel="prev-archive" href="https://news.example/2026/02"/><link rel="hub" href="https://hub.example/"/>
<entry><title>x</title><link rel="next" href="/wrong"/></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/" xmlns:sy="s"><channel><title>Quay</title>
<sy:updatePeriod>hourly</sy:updatePeriod><items><rdf:Seq><rdf:li resource="x"/></rdf:Seq></items>
<sy:updateFrequency>2</sy:updateFrequency></channel><item><title>y</title></item></rdf:RDF>"""

JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Quay", "feed_url": "https://news.example/json",
"next_url": "https://news.example/json?2", "hubs": [5, {"type": "rssCloud"}, {"type": "WebSub",
"url": "https://hub.example/"}], "items": [{"id": "1"}]}"""


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            RSS,
            FeedSchedule(
                ttl_s=2_700, skip_hours=(0, 3), skip_days=(5, 6), update_period_s=21_600, title="Quay & Harbour",
                hub_url="https://hub.example/", self_url="https://news.example/rss?a=1&b=2",
                prev_archive_url="https://news.example/dir/old/1",
            ),
        ),
        (
            ATOM,
            FeedSchedule(
                title="Quay", hub_url="https://hub.example/", self_url="https://news.example/atom",
                prev_archive_url="https://news.example/2026/02",
                next_page_url="https://news.example/dir/feed?page=2", alternates=("https://news.example/rss",),
            ),
        ),
        (RDF, FeedSchedule(title="Quay", update_period_s=1_800)),
        (
            JSON,
            FeedSchedule(
                title="Quay", hub_url="https://hub.example/", self_url="https://news.example/json",
                next_page_url="https://news.example/json?2",
            ),
        ),
        ("", FeedSchedule()),
        ("<html><head><title>404</title></head></html>", FeedSchedule(title="404")),
        ('{"items": 5', FeedSchedule()),
        ("<rss><channel><ttl>0</ttl><ttl>-5</ttl><ttl>9999999999</ttl>", FeedSchedule()),
        ("<rss><channel><ttl>600000</ttl><sy:updatePeriod>secondly</sy:updatePeriod>", FeedSchedule()),
    ],
    ids=["rss", "atom", "rdf", "json", "empty", "page", "broken json", "odd numbers", "endless"],
)  # fmt: skip
def test_what_feeds_say(document: str, expected: FeedSchedule) -> None:
    """Of themselves, before their first item; only links to older items may stand behind the items."""
    assert feed_schedule(document.encode(), "text/xml", BASE) == expected


def test_charsets() -> None:
    """Wide ones, declared ones, and the header's."""
    document = RSS.replace("Quay", "Käi").replace("utf-8", "utf-16")
    assert feed_schedule(document.encode("utf-16"), None, BASE).title == "Käi & Harbour"
    latin = "<rss><channel><title>Käi</title><ttl>5</ttl>".encode("latin-1")
    found = feed_schedule(latin, "text/xml; charset=ISO-8859-1", BASE)
    assert (found.title, found.ttl_s) == ("Käi", 300)


def test_large_documents() -> None:
    """Only the head is read, and the links behind the items; where it is cut says nothing of the charset."""
    item = "<item><title>Käi" + "ä" * 50_000 + "</title></item>"
    for offset in range(3):
        document = RSS.replace("Quay", "Käi" + "x" * offset).replace("<item>", item * 30 + "<item>")
        found = feed_schedule(document.encode(), None, BASE)
        assert found.title == "Käi" + "x" * offset + " & Harbour"
        assert (found.ttl_s, found.prev_archive_url) == (2_700, "https://news.example/dir/old/1")


def test_without_a_base_relative_links_are_none() -> None:
    """What is absolute stays."""
    found = feed_schedule(ATOM.encode())
    assert (found.self_url, found.next_page_url) == ("https://news.example/atom", None)


@pytest.mark.parametrize(
    "document",
    [
        b"<rss>" + b"<" * 2_000_000,
        b"<rss>" + b"<!--" * 500_000,
        b"<rss>" + b"<![CDATA[" * 200_000,
        b"<rss>" + b"<link " * 300_000,
        b"<rss><link " + b"a=" * 1_000_000,
        b"<rss><link " + b"a='" * 700_000 + b">",
        b"<rss>" + b"<image " * 300_000,
        b"<rss>" + b"<ttl>" * 400_000,
        b"<rss>" + b"</item" * 300_000,
        b"<rss><item>" + b"x" * 3_000_000,
        b"{" + b'"a":{' * 400_000,
        b'{"items": [' + b"[" * 2_000_000,
        b" " * 3_000_000,
    ],
    ids=range(13),
)
def test_hostile_documents_take_no_time(document: bytes) -> None:
    """Megabytes of half tags."""
    with no_hang():
        feed_schedule(document, None, BASE)
        feed_links(document.decode(), BASE)


@given(st.text(alphabet="<>/![]CDATAitemlnkh=\"'& \n-", max_size=300))
def test_no_document_raises(text: str) -> None:
    """Whatever comes."""
    feed_schedule(("<rss>" + text).encode(), None, BASE)
    feed_links(text, BASE)


PAGE = """<!DOCTYPE html><html><head><base href="/blog/"><title>Quay</title>
<!-- <link rel="alternate" type="application/rss+xml" href="/commented"> -->
<script>var x = '<link rel="alternate" type="application/rss+xml" href="/scripted">'</script>
<LINK REL="Alternate" TYPE="application/rss+xml" TITLE="News > all" HREF="feed?a=1&amp;b=2">
<link href=//cdn.example/atom type=application/atom+xml rel=alternate />
<link rel="alternate" type="application/feed+json" href="feed.json"><link rel="alternate" hreflang="de" href="/de">
<link rel="stylesheet" type="text/css" href="x.css">
<link rel="alternate" type="application/rss+xml" href="feed?a=1&b=2">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="alternate" type="application/rss+xml" href="">
</head></html>"""


def test_the_feeds_that_a_page_names() -> None:
    """In order, each once, resolved against the page's base; http and https only."""
    assert feed_links(PAGE.replace("News > all", "News"), "https://news.example/x") == [
        "https://news.example/blog/feed?a=1&b=2",
        "https://cdn.example/atom",
        "https://news.example/blog/feed.json",
    ]


def test_a_page_names_so_many_feeds_at_most() -> None:
    """The rest is of no use to anyone."""
    link = '<link rel="alternate" type="application/rss+xml" href="/{}">'
    assert len(feed_links("".join(map(link.format, range(500))), BASE)) == 20


@pytest.mark.parametrize(
    ("control", "expires", "seconds"),
    [
        ("max-age=300", None, 300),
        ('public, MAX-AGE = "60" , must-revalidate', None, 60),
        ("s-maxage=5, max-age=60", None, 60),
        ("s-maxage=5", None, None),
        ("no-cache, max-age=60", None, None),
        ("no-store", "Mon, 02 Mar 2026 13:00:00 GMT", None),
        ("max-age=0", "Mon, 02 Mar 2026 13:00:00 GMT", None),
        ("max-age=-1", None, None),
        (None, "Mon, 02 Mar 2026 13:00:00 GMT", 3_600),
        (None, "Mon, 02 Mar 2026 11:00:00 GMT", None),
        (None, "0", None),
        ("x" * 100_000 + ", max-age=5", None, None),
    ],
)
def test_freshness(control: str | None, expires: str | None, seconds: int | None) -> None:
    """max-age, else Expires from Date on."""
    assert fresh_for_s(control, expires, "Mon, 02 Mar 2026 12:00:00 GMT") == seconds


@given(st.text(max_size=60))
def test_headers_never_raise(text: str) -> None:
    """And a wish is of sane length."""
    http_date(text)
    fresh_for_s(text, text, text)
    wished = retry_after_s(text, NOW)
    assert wished is None or 0 < wished <= 7 * 86_400


@pytest.mark.parametrize(
    "text", ["Mon, 02 Mar 2026 12:00:00 -9999", "Mon, 01 Jan 0001 00:00:00 +2359", "1" * 9_999]
)
def test_dates_beyond_the_calendar(text: str) -> None:
    """Are none, and are no error."""
    assert retry_after_s(text, NOW) is None
