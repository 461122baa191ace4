"""From bytes to articles: parse and normalise in one go, for one payload.

The two steps run together since what lies between them is never shuffled: one call per payload keeps the
framework out of the inner loop and can be sent to another process whole.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Sequence

from schemas.errors import RecordError
from schemas.records import DEAD_LETTER_PAYLOAD_BYTES, Article, DeadLetter, Origin, Payload, RawItem
from schemas.state import FeedNames
from transforms.functions.feed_marks import with_offsite_links, with_own_names
from transforms.functions.feeds import parse_feed
from transforms.functions.jsonl import parse_line
from transforms.functions.normalise import normalise_items
from transforms.functions.polling.guids import item_names
from transforms.functions.seed_text import parse_seed
from transforms.functions.sitemaps import is_sitemap, parse_sitemap
from transforms.functions.sources import load_publishers


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """What one payload holds.

    read: its items, of which each is in `articles` or in `dead_letters`. names: of a feed that was fetched.
    """

    read: int
    articles: tuple[Article, ...]
    dead_letters: tuple[DeadLetter, ...]
    names: FeedNames | None = None


def prepare_payload(
    payload: Payload, now: dt.datetime, run_id: str, sources_text: str | None = None
) -> Prepared:
    """Parses and normalises all items of a payload. Never raises for what the payload holds.

    now: when it was read or fetched. sources_text: publishers beside the packaged ones (`load_publishers`).
    A payload that can't be parsed as a whole is one item, read and dead.
    """
    origin = Origin(payload.kind, payload.uri, feed_url=payload.feed_url, position=payload.position)
    refuse = _Refusals(origin, now, run_id)
    parse = {"seed": _seed_items, "feed": _feed_items, "jsonl": _jsonl_items}[payload.kind]
    articles = []
    parsed = list(parse(payload, origin, refuse))
    names = None
    if payload.kind == "feed":
        items = [item for item, _ in parsed]
        named = list(with_own_names(items, payload.has_unstable_guids))
        if payload.feed_url is not None and not payload.is_older_page:
            names = _names(payload.feed_url, items, named)
        marked = with_offsite_links(named, payload.feed_url)
        parsed = [(item, data) for item, (_, data) in zip(marked, parsed, strict=True)]
    publishers = load_publishers(sources_text)
    normalised = normalise_items([item for item, _ in parsed], now, run_id, publishers)
    for (item, source), made in zip(parsed, normalised, strict=True):
        if isinstance(made, RecordError):
            refuse("normalise", made, source, item.origin)
        else:
            articles.append(made)
    return Prepared(len(articles) + len(refuse.letters), tuple(articles), tuple(refuse.letters), names)


def _names(feed_url: str, items: Sequence[RawItem], named: Sequence[RawItem]) -> FeedNames:
    """Of items as the feed has them, since what is taken away can't be seen to last; and as they are marked."""
    is_shared = any("guid_not_unique" in item.warnings for item in named)
    return FeedNames(feed_url, item_names(items), is_shared)


@dataclasses.dataclass
class _Refusals:
    """Collects the dead letters of one payload."""

    origin: Origin
    now: dt.datetime
    run_id: str
    letters: list[DeadLetter] = dataclasses.field(default_factory=list)

    def __call__(self, stage: str, error: RecordError, payload: bytes, origin: Origin | None = None) -> None:
        self.letters.append(dead_letter(stage, error, payload, origin or self.origin, self.now, self.run_id))


def dead_letter(
    stage: str, error: RecordError, payload: bytes | None, origin: Origin, now: dt.datetime, run_id: str
) -> DeadLetter:
    """A refused record as a dead letter, with the first 64 KiB of its payload."""
    return DeadLetter(
        stage=stage,
        reason=error.reason,
        detail=error.detail,
        origin_uri=origin.uri,
        failed_at=now,
        run_id=run_id,
        feed_url=origin.feed_url,
        guid=origin.guid,
        position=origin.position,
        payload=None if payload is None else payload[:DEAD_LETTER_PAYLOAD_BYTES],
        payload_bytes=None if payload is None else len(payload),
    )


def fetch_letter(url: str, error: RecordError, now: dt.datetime, run_id: str) -> DeadLetter:
    """A poll that failed as a dead letter. url: of the feed's state."""
    letter = dead_letter("fetch", error, None, Origin("feed", url, feed_url=url), now, run_id)
    return dataclasses.replace(letter, position=None)


_Items = Iterator[tuple[RawItem, bytes]]
_Refuse = Callable[..., None]


def _seed_items(payload: Payload, origin: Origin, refuse: _Refuse) -> _Items:
    for data in payload.parts:
        try:
            yield parse_seed(data, origin), data
        except RecordError as error:
            refuse("parse", error, data)


def _jsonl_items(payload: Payload, origin: Origin, refuse: _Refuse) -> _Items:
    for offset, line in enumerate(payload.parts):
        if not line.strip():
            continue
        line_origin = dataclasses.replace(origin, position=payload.position + offset)
        try:
            yield parse_line(line, line_origin), line
        except RecordError as error:
            refuse("parse", error, line, line_origin)


def _feed_items(payload: Payload, origin: Origin, refuse: _Refuse) -> _Items:
    for data in payload.parts:
        try:
            if is_sitemap(data):
                yield from ((item, data) for item in _sitemap_items(data, origin, payload.content_type))
                continue
            feed = parse_feed(data, origin, payload.content_type)
        except RecordError as error:
            refuse("parse", error, data)
            continue
        for position, reason, detail, item_data in feed.rejected:
            refuse(
                "parse",
                RecordError(reason, detail),
                item_data,
                dataclasses.replace(origin, position=position, feed_url=origin.feed_url or feed.url),
            )
        # The item's own bytes are not kept apart by the parser: the feed's are what can be replayed.
        yield from ((item, data) for item in feed.items)


def _sitemap_items(data: bytes, origin: Origin, content_type: str | None) -> tuple[RawItem, ...]:
    sitemap = parse_sitemap(data, origin, content_type)
    if sitemap.children and origin.feed_url is None:
        raise RecordError(
            "sitemap-index",
            f"{origin.uri} only names {len(sitemap.children)} sitemaps: give its address to --feeds",
        )
    return sitemap.items
