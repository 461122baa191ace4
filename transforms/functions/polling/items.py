"""The times of a document's items, without a parse: all that its rhythm is learnt from.

Takes linear time, whatever comes, and never raises for it. What the parser makes of the document decides about its
items; this decides about the next poll only, and may be wrong on odd documents.
"""

from __future__ import annotations

import datetime as dt
import html
import itertools
import re
from typing import Any

import msgspec

from transforms.functions.charset import wide_codec
from transforms.functions.polling.markup import without_sections
from transforms.functions.polling.outcomes import ItemsSeen
from transforms.functions.times import read_time

#: No more items are looked at; the newest come first in nearly all feeds.
MAX_ITEMS = 1_000

_MAX_BYTES = 4 << 20
_HEAD_CHARS = 4_000

_ITEM = re.compile(r"<(?:[\w.-]{1,60}:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_SITEMAP = re.compile(r"<(?:[\w.-]{1,60}:)?(?:urlset|sitemapindex)(?=[\s/>])", re.IGNORECASE)
_SITEMAP_ITEM = re.compile(r"<(?:[\w.-]{1,60}:)?(?:url|sitemap)(?=[\s/>])", re.IGNORECASE)
_TIME = re.compile(
    r"<(?:[\w.-]{1,60}:)?"
    r"(?:(pubDate|published|issued|date|created|publication_date)|(updated|modified|lastmod))"
    r"(?:\s[^<>]*)?>([^<]{1,200})<",
    re.IGNORECASE,
)


def items_seen(data: bytes, now: dt.datetime) -> ItemsSeen:
    """The times of the items of an RSS, RDF, Atom or JSON feed, or of the entries of a sitemap.

    An item's time is when it says that it was published, else when it was changed. One that states a day only, or what
    can't be read, counts as undated.
    """
    start = data[:_MAX_BYTES]
    codec = wide_codec(start[:1024])
    # All that is looked for is ASCII, which other charsets have in common.
    text = start.decode(codec or "latin-1", "replace").lstrip("\ufeffï»¿ \t\r\n")
    if text.startswith("{"):
        return _of_json(data, now)
    text = without_sections(text)
    item = _SITEMAP_ITEM if _SITEMAP.search(text, 0, _HEAD_CHARS) else _ITEM
    starts = [found.start() for found in itertools.islice(item.finditer(text), MAX_ITEMS + 1)]
    # The one too many says where the last one ends.
    ends = [*starts[1:], len(text)]
    starts = starts[:MAX_ITEMS]
    times: list[dt.datetime] = []
    for begin, end in zip(starts, ends, strict=False):
        changed: str | None = None
        published: str | None = None
        for found in _TIME.finditer(text, begin, end):
            if found[1]:
                published = found[3]
                break
            changed = changed or found[3]
        moment = _moment(published or changed, now)
        if moment is not None:
            times.append(moment)
    return ItemsSeen(tuple(times), len(starts) - len(times))


def _moment(stated: str | None, now: dt.datetime) -> dt.datetime | None:
    if stated is None:
        return None
    found = read_time(html.unescape(stated), now)
    return found.instant if found.quality in ("exact", "assumed_zone") else None


class _JsonItems(msgspec.Struct):
    items: Any = None


def _of_json(data: bytes, now: dt.datetime) -> ItemsSeen:
    try:
        items = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf").strip(), type=_JsonItems).items
    except (ValueError, RecursionError):
        return ItemsSeen()
    if not isinstance(items, list):
        return ItemsSeen()
    items = items[:MAX_ITEMS]
    times = []
    for item in items:
        stated = item if isinstance(item, dict) else {}
        text = stated.get("date_published") or stated.get("date_modified")
        # Unix time is no JSON Feed, but there is such.
        is_number = isinstance(text, int | float) and not isinstance(text, bool)
        moment = _moment(str(text), now) if is_number or isinstance(text, str) else None
        if moment is not None:
            times.append(moment)
    return ItemsSeen(tuple(times), len(items) - len(times))
