"""The times of items, found without a parse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import Origin
from tests.hanging import no_hang
from transforms.functions.feeds import parse_feed
from transforms.functions.polling.items import MAX_ITEMS, items_seen
from transforms.functions.polling.outcomes import ItemsSeen
from transforms.functions.times import read_time

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
DATA = Path(__file__).parents[2] / "data" / "feeds"
NINE = dt.datetime(2026, 3, 2, 9, tzinfo=dt.timezone.utc)


@pytest.mark.parametrize(
    "path",
    sorted(path for path in DATA.iterdir() if not path.name.endswith(".expected.json")),
    ids=lambda p: p.name,
)
def test_real_forms_of_feeds(path: Path) -> None:
    """As many items as the parser finds, with the times that it finds."""
    data = path.read_bytes()
    parsed = parse_feed(data, Origin("feed", "https://news.example/", None, None, 0))
    expected = []
    for item in parsed.items:
        read = read_time(item.published or item.updated, NOW)
        if read.quality in ("exact", "assumed_zone"):
            expected.append(read.instant)
    found = items_seen(data, NOW)
    assert list(found.times) == expected
    assert len(found.times) + found.undated == len(parsed.items) + len(parsed.rejected)


RSS = """<rss><channel><pubDate>Sun, 01 Mar 2026 09:00:00 GMT</pubDate>{}</channel></rss>"""


@pytest.mark.parametrize(
    ("item", "dated"),
    [
        ("<item><pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate></item>", True),
        ("<item><pubDate><![CDATA[Mon, 02 Mar 2026 09:00:00 GMT]]></pubDate></item>", True),
        ("<item><dc:date>2026-03-02T10:00:00+01:00</dc:date></item>", True),
        ("<entry><updated>2026-03-02T11:00:00Z</updated><published>2026-03-02T09:00:00Z</published></entry>", True),
        ("<entry><updated>2026-03-02T09:00:00Z</updated></entry>", True),
        ("<urlset><url><lastmod>2026-03-02T11:00:00Z</lastmod><news:news><news:publication_date>2026-03-02T09:00:00Z"
         "</news:publication_date></news:news></url></urlset>", True),
        ("<item><description>&lt;pubDate>Mon, 02 Mar 2026 09:00:00 GMT&lt;/pubDate></description></item>", False),
        ("<item><description><![CDATA[<pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate>]]></description></item>", False),
        ("<item><!-- <pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate> --></item>", False),
        ("<item><pubDate>2026-03-02</pubDate></item>", False),
        ("<item><pubDate>soon</pubDate></item>", False),
        ("<item/>", False),
    ],
)  # fmt: skip
def test_one_item(item: str, dated: bool) -> None:
    """When it was published, else changed; the feed's own time is no item's."""
    expected = ItemsSeen((NINE,)) if dated else ItemsSeen((), 1)
    for charset in ("utf-8", "utf-8-sig", "utf-16"):
        assert items_seen(RSS.format(item).encode(charset), NOW) == expected


def test_json_feeds() -> None:
    """Strings and numbers in dates; whatever else stands there is an undated item."""
    data = b'{"items": [{"date_published": "2026-03-02T09:00:00Z"}, {"date_modified": 5}, 7, {"id": "x"}]}'
    assert items_seen(data, NOW) == ItemsSeen((NINE,), 3)
    for odd in (b'{"items": 5}', b'{"items": [', b"{}", b"", b"{" + b'"a":{' * 200_000):
        assert items_seen(odd, NOW) == ItemsSeen()


def test_so_many_items_are_enough() -> None:
    """The rest is of earlier days."""
    item = "<item><pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate></item>"
    found = items_seen(RSS.format(item * (MAX_ITEMS + 50)).encode(), NOW)
    assert found == ItemsSeen((NINE,) * MAX_ITEMS)


@pytest.mark.parametrize(
    "document",
    [
        b"<item" * 500_000,
        b"<item>" * 500_000,
        b"<item>" + b"<date>" * 500_000,
        b"<item><date " * 300_000,
        b"<item>" + b"<![CDATA[" * 300_000,
        b"<item><date>" + b"9" * 3_000_000,
    ],
    ids=range(6),
)
def test_hostile_documents_take_no_time(document: bytes) -> None:
    """Megabytes of half items."""
    with no_hang():
        items_seen(document, NOW)


@given(st.text(alphabet="<>/![]CDATitemdate:-0129 &;T", max_size=300))
def test_no_document_raises(text: str) -> None:
    """Whatever comes."""
    found = items_seen(text.encode(), NOW)
    assert len(found.times) + found.undated <= MAX_ITEMS
