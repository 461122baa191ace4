"""JSON Feed 1.0 and 1.1 (jsonfeed.org) as items; and what a parsed feed of any dialect is.

Read without a schema: one field of a wrong type, which is common, must not cost the item or the feed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urljoin

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from transforms.functions.charset import CHARSET_REPLACED, scrub
from transforms.functions.feed_bounds import MAX_ITEMS
from transforms.functions.html_text import html_to_text, looks_like_html


class RejectedItem(NamedTuple):
    """An item that can't go on, beside others of its feed that can.

    position: its 0-based place in the feed. reason, detail: as in `RecordError`.
    payload: what the feed states in it, as JSON in UTF-8.
    """

    position: int
    reason: str
    detail: str
    payload: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as published: each of its items is either in `items` or in `rejected`.

    version: the dialect: "rss090", "rss091u" (Userland), "rss091n" (Netscape), "rss092", "rss093", "rss094",
        "rss10", "rss20", "rss" (unknown), "atom03", "atom10", "atom" (unknown), "json10", "json11", "json"; ""
        for a feed that has items but doesn't say.
    title: of the feed, as plain text. language: as declared.
    url: the feed's own address, as it states it. link: its home page.
    """

    items: tuple[RawItem, ...]
    version: str
    title: str | None = None
    url: str | None = None
    link: str | None = None
    language: str | None = None
    rejected: tuple[RejectedItem, ...] = ()


class Passage(NamedTuple):
    """A text that may be an item's body."""

    value: str
    is_html: bool

    def plain(self) -> str:
        """Its text without markup, for comparing: also without what was escaped twice."""
        text = html_to_text(self.value) if self.is_html else self.value
        if looks_like_html(text):
            text = html_to_text(text)
        return " ".join(text.split())


def choose_body(
    contents: Iterable[Passage], summary: Passage | None
) -> tuple[Passage | None, Passage | None]:
    """The body and the summary of an item: the passage with the most text is the body.

    Some feeds put a stub in the content and the whole text in the description, so the names are not trusted;
    but a summary needs to be longer by more than a tenth, which a closing "Continue reading" can be short of.
    The summary is None where it says what the body says.
    """
    passages = list(dict.fromkeys([*contents, *([] if summary is None else [summary])]))
    if len(passages) < 2:
        return (passages[0] if passages else None), None
    plain = [passage.plain() for passage in passages]
    own = None if summary is None else passages.index(summary)
    # Content comes first, and the first of equals wins.
    longest = max(range(len(passages)), key=lambda index: len(plain[index]) * (1.0 if index == own else 1.1))
    body = passages[longest]
    if summary is None or own is None or plain[own] in ("", plain[longest]):
        return body, None
    return body, summary


def text_or_none(value: object) -> str | None:
    """A string without outer blanks and without what no table may hold; None for blank ones and other types."""
    if not isinstance(value, str):
        return None
    return scrub(value).strip() or None


def absolute_url(url: str | None, *bases: str | None) -> str | None:
    """An address, joined to the first of `bases` that is absolute where it is relative itself.

    What can't be joined is returned as stated.
    """
    if url is None or ":" in url.split("/", 1)[0] or url.lower().startswith("www."):
        return url
    for base in bases:
        if base is not None and base.lower().startswith(("http://", "https://")):
            try:
                return urljoin(base, url)
            except ValueError:  # "http://[" and the like
                return url
    return url


def item_warnings(item: RawItem, codes: Sequence[str]) -> RawItem:
    """The item with a feed's warnings, of which `charset_replaced` is kept only where it shows in the item."""
    if CHARSET_REPLACED in codes:
        stated = (item.title, item.summary, item.body, item.url, item.source, *item.bylines, *item.tags)
        if not any(value is not None and "\ufffd" in value for value in stated):
            codes = [code for code in codes if code != CHARSET_REPLACED]
    return dataclasses.replace(item, warnings=tuple(codes)) if codes else item


def parse_json_feed(text: str, origin: Origin, warnings: Sequence[str] = ()) -> ParsedFeed:
    """Reads a JSON Feed.

    text: the document, decoded. warnings: codes of what decoding repaired; each item gets them.
    origin: of the document; each item's has its own guid and position.

    An item that is no object ("bad-item") or has neither title nor text nor link ("no-text") is in `rejected`.
    Raises RecordError "bad-json" where it isn't JSON, "not-a-feed" where it is something else in JSON, and
    "too-many-items".
    """
    feed = _load(text, origin)
    version = text_or_none(feed.get("version")) or ""
    entries = feed.get("items")
    if not isinstance(entries, list):
        if "jsonfeed.org" not in version or entries is not None:
            keys = ", ".join(list(feed)[:5])
            raise RecordError("not-a-feed", f"{origin.uri} is JSON without a list of items; it has: {keys}")
        entries = []
    if len(entries) > MAX_ITEMS:
        raise RecordError(
            "too-many-items", f"{origin.uri} has {len(entries):,} items, more than {MAX_ITEMS:,}"
        )
    url = text_or_none(feed.get("feed_url"))
    link = text_or_none(feed.get("home_page_url"))
    known = _Feed(
        origin=dataclasses.replace(origin, kind="feed", feed_url=origin.feed_url or url),
        title=_plain_title(feed.get("title")),
        link=link,
        language=text_or_none(feed.get("language")),
        bylines=_bylines(feed),
    )
    items: list[RawItem] = []
    rejected: list[RejectedItem] = []
    for position, entry in enumerate(entries):
        try:
            items.append(item_warnings(_item(entry, position, known), warnings))
        except RecordError as error:
            rejected.append(RejectedItem(position, error.reason, error.detail, _payload(entry)))
    return ParsedFeed(
        items=tuple(items),
        version=_dialect(version),
        title=known.title,
        url=url,
        link=link,
        language=known.language,
        rejected=tuple(rejected),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Feed:
    """What items take from their feed."""

    origin: Origin
    title: str | None
    link: str | None
    language: str | None
    bylines: tuple[str, ...]


def _load(text: str, origin: Origin) -> dict[str, Any]:
    try:
        feed = json.loads(text)
    except RecursionError as error:
        raise RecordError("bad-json", f"{origin.uri} is nested too deeply to be a feed") from error
    except ValueError as error:  # also for integers of more than 4,300 digits
        raise RecordError("bad-json", f"{origin.uri} isn't JSON: {error}") from error
    if not isinstance(feed, dict):
        raise RecordError("not-a-feed", f"{origin.uri} is JSON, but no object")
    return feed


def _dialect(version: str) -> str:
    for number, dialect in (("/1.1", "json11"), ("/1.0", "json10"), ("/1", "json10")):
        if version.rstrip("/").endswith(number):
            return dialect
    return "json"


def _item(entry: object, position: int, feed: _Feed) -> RawItem:
    if not isinstance(entry, dict):
        raise RecordError("bad-item", f"item {position} of {feed.origin.uri} is no object")
    title = text_or_none(entry.get("title"))
    html = text_or_none(entry.get("content_html"))
    plain = text_or_none(entry.get("content_text"))
    stated = text_or_none(entry.get("summary"))
    contents = [
        Passage(value, is_html) for value, is_html in ((html, True), (plain, False)) if value is not None
    ]
    body, summary = choose_body(contents, None if stated is None else Passage(stated, False))
    address = text_or_none(entry.get("url")) or text_or_none(entry.get("external_url"))
    if title is None and body is None and address is None:
        raise RecordError(
            "no-text", f"item {position} of {feed.origin.uri} has no title, no text and no link"
        )
    return RawItem(
        origin=dataclasses.replace(feed.origin, guid=_scalar(entry.get("id")), position=position),
        title=title,
        url=absolute_url(address, feed.link, feed.origin.feed_url),
        # 1.1: "If not specified in an item, then the top-level authors, if present, are the authors of the item."
        bylines=_bylines(entry) or feed.bylines,
        feed_title=feed.title,
        published=_scalar(entry.get("date_published")),
        updated=_scalar(entry.get("date_modified")),
        summary=None if summary is None else summary.value,
        body=None if body is None else body.value,
        body_is_html=body is not None and body.is_html,
        language=text_or_none(entry.get("language")) or feed.language,
        tags=_tags(entry.get("tags")),
    )


def _scalar(value: object) -> str | None:
    """A string, or the number that some feeds write for an id or a date, as a string."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return text_or_none(value)


def _plain_title(value: object) -> str | None:
    title = text_or_none(value)
    return None if title is None else " ".join(title.split())


def _bylines(holder: dict[str, Any]) -> tuple[str, ...]:
    """The names of `authors` (1.1), else of `author` (1.0): objects with a name by the standard, also strings."""
    authors = holder.get("authors")
    people: list[object] = list(authors) if isinstance(authors, list) else [authors]
    names = [name for name in map(_name, people) if name is not None]
    if not names and (name := _name(holder.get("author"))) is not None:
        names = [name]
    return tuple(dict.fromkeys(names))


def _name(person: object) -> str | None:
    return text_or_none(person.get("name") if isinstance(person, dict) else person)


def _tags(value: object) -> tuple[str, ...]:
    values: list[object] = list(value) if isinstance(value, list) else [value]
    tags = (text_or_none(tag) for tag in values)
    return tuple(dict.fromkeys(tag for tag in tags if tag is not None))


def _payload(entry: object) -> bytes:
    try:
        # Escaped to ASCII, since JSON can hold lone surrogates, which UTF-8 can't.
        return json.dumps(entry).encode("ascii")
    except RecursionError:  # writing takes more stack than reading did
        return b""
