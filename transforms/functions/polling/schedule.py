"""What a feed says about itself: when it wishes to be polled, where its hub is, and where its older items are.

Read from the head of the document, before its first item, without a parse of the whole. Tolerant: what can't be read
is not said. Takes linear time, whatever comes.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from transforms.functions.charset import decode_text
from transforms.functions.polling.markup import attributes_of, without_sections
from transforms.functions.urls import absolute_url

#: Media types of feeds, as links state them.
FEED_TYPES = frozenset(
    ("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json")
)

_MAX_YEAR_S = 366 * 86_400
_MAX_TITLE_CHARS = 500
_MAX_LINKS = 1_000

_PERIODS_S = {
    "hourly": 3_600,
    "daily": 86_400,
    "weekly": 7 * 86_400,
    "monthly": 30 * 86_400,
    "yearly": 365 * 86_400,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_CHARSET = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
_HTTP_CHARSET = re.compile(r"\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)

_ITEM = re.compile(r"<(?:[\w.-]{1,60}:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w.-]{1,60}:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)
_PICTURE = re.compile(r"<(image|textinput)(?=[\s>]).*?(?:</\1(?=[\s>])|\Z)", re.IGNORECASE | re.DOTALL)
_FIELD = re.compile(
    r"<(?:[\w.-]{1,60}:)?(ttl|hour|day|updatePeriod|updateFrequency|title)(?:\s[^<>]*)?>([^<]{0,2000})<",
    re.IGNORECASE,
)
_LINK = re.compile(r"<(?:[\w.-]{1,60}:)?link\s([^<>]*)>", re.IGNORECASE)
_INTEGER = re.compile(r"[0-9]{1,9}")

# An item's own namespaced links and texts may follow it, but the head of no feed is longer than this.
_HEAD_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class FeedSchedule:
    """What a feed says of itself; what it doesn't say is None or empty.

    ttl_s: RSS 2.0's <ttl>, in seconds. update_period_s: sy:updatePeriod by sy:updateFrequency, in seconds.
    skip_hours: 0 to 23, UTC. skip_days: 0 to 6 from Monday. Both in order.
    hub_url, self_url: WebSub's; JSON Feed's first hub and feed_url.
    prev_archive_url, next_page_url: RFC 5005's; JSON Feed's next_url.
    alternates: the same feed in other formats, as its links say.
    """

    ttl_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    update_period_s: int | None = None
    title: str | None = None
    hub_url: str | None = None
    self_url: str | None = None
    prev_archive_url: str | None = None
    next_page_url: str | None = None
    alternates: tuple[str, ...] = ()


def feed_schedule(data: bytes, content_type: str | None = None, base_url: str | None = None) -> FeedSchedule:
    """Reads what an RSS, RDF, Atom or JSON feed says of itself. Never raises for what it holds.

    content_type: of the answer, for its charset. base_url: that relative links are resolved against; without it they
    are passed over.
    """
    start = data[:_HEAD_BYTES]
    if len(data) > _HEAD_BYTES:
        # Cut in the middle of a character, its charset would be guessed anew.
        start = start[: start.rfind(b"<")] if b"<" in start else start
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _of_json(data, base_url)
    declared = _CHARSET.search(start[:2048])
    stated = None if content_type is None else _HTTP_CHARSET.search(content_type)
    charset = declared[1].decode("ascii", "replace") if declared else None if stated is None else stated[1]
    text = without_sections(decode_text(start, charset)[0])
    item = _ITEM.search(text)
    head = text if item is None else text[: item.start()]
    tail = ""
    if item is not None:
        # RFC 5005's links may stand behind the items, which are not looked into.
        end = data[-_HEAD_BYTES // 16 :] if len(data) > _HEAD_BYTES else b""
        behind = without_sections(decode_text(end, charset)[0]) if end else text
        last = None
        for last in _ITEM_END.finditer(behind):  # noqa: B007
            pass
        tail = "" if last is None else behind[last.end() :]
    return _of_xml(_PICTURE.sub(" ", head), tail, base_url)


def _of_xml(head: str, tail: str, base_url: str | None) -> FeedSchedule:
    fields: dict[str, list[str]] = {}
    for found in _FIELD.finditer(head):
        fields.setdefault(found[1].lower(), []).append(html.unescape(found[2]).strip())
    links: dict[str, list[str]] = {}
    alternates: dict[str, None] = {}
    for part, is_head in ((head, True), (tail, False)):
        for relations, type_, href in _links(part):
            resolved = absolute_url(href, base_url)
            if resolved is None:
                continue
            for relation in relations:
                if is_head or relation in ("next", "prev-archive"):
                    links.setdefault(relation, []).append(resolved)
            if is_head and "alternate" in relations and type_ in FEED_TYPES:
                alternates[resolved] = None
    ttl = _first_int(fields.get("ttl", ()))
    period = _PERIODS_S.get(_first(fields.get("updateperiod")).lower())
    frequency = _first_int(fields.get("updatefrequency", ())) or 1
    hours = {
        int(text) % 24 for text in fields.get("hour", ()) if _INTEGER.fullmatch(text) and int(text) <= 24
    }
    days = {_DAYS.index(text.lower()) for text in fields.get("day", ()) if text.lower() in _DAYS}
    return FeedSchedule(
        ttl_s=ttl * 60 if ttl is not None and 0 < ttl * 60 <= _MAX_YEAR_S else None,
        skip_hours=tuple(sorted(hours)),
        skip_days=tuple(sorted(days)),
        update_period_s=None if period is None else max(period // frequency, 1),
        title=" ".join(_first(fields.get("title")).split())[:_MAX_TITLE_CHARS] or None,
        hub_url=_first(links.get("hub")) or None,
        self_url=_first(links.get("self")) or None,
        prev_archive_url=_first(links.get("prev-archive")) or None,
        next_page_url=_first(links.get("next")) or None,
        alternates=tuple(alternates),
    )


def _links(text: str) -> Iterator[tuple[frozenset[str], str, str]]:
    """Relations, media type and address of the links in a part of a document."""
    for count, found in enumerate(_LINK.finditer(text)):
        if count >= _MAX_LINKS:
            return
        attributes = attributes_of(found[1])
        href = attributes.get("href", "").strip()
        if href:
            relations = frozenset(attributes.get("rel", "alternate").lower().split())
            yield relations, attributes.get("type", "").partition(";")[0].strip().lower(), href


def _first(values: list[str] | None) -> str:
    return values[0] if values else ""


def _first_int(values: list[str] | tuple[str, ...]) -> int | None:
    return next((int(text) for text in values if _INTEGER.fullmatch(text)), None)


class _JsonHead(msgspec.Struct):
    title: Any = None
    feed_url: Any = None
    next_url: Any = None
    hubs: Any = None


def _of_json(data: bytes, base_url: str | None) -> FeedSchedule:
    try:
        head = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_JsonHead)
    except (ValueError, RecursionError):
        return FeedSchedule()

    def address(value: object) -> str | None:
        return absolute_url(value, base_url) if isinstance(value, str) and value.strip() else None

    hubs = head.hubs if isinstance(head.hubs, list) else []
    stated = (address(hub.get("url")) for hub in hubs[:_MAX_LINKS] if isinstance(hub, dict))
    title = " ".join(head.title.split())[:_MAX_TITLE_CHARS] if isinstance(head.title, str) else ""
    return FeedSchedule(
        title=title or None,
        hub_url=next((hub for hub in stated if hub is not None), None),
        self_url=address(head.feed_url),
        next_page_url=address(head.next_url),
    )
