"""From what a source states to what the tables say: RawItem -> Article."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

from schemas.errors import RecordError
from schemas.records import Article, RawItem, TimeQuality
from transforms.functions.bylines import parse_bylines
from transforms.functions.html_text import html_to_text
from transforms.functions.identity import SHARED_LINK, article_id, hash_comparable, names_of
from transforms.functions.sources import Publishers, host_in, publisher_timezone, resolve_source
from transforms.functions.text import one_line
from transforms.functions.text_batches import clean_texts, comparable_texts, word_counts
from transforms.functions.times import read_time
from transforms.functions.urls import address_in_guid, canonical_url, clean_url

# From sure to unsure: an article's time_quality is that of the least sure time it states.
_QUALITIES: tuple[TimeQuality, ...] = ("exact", "assumed_zone", "date_only", "missing")


@dataclasses.dataclass(slots=True)
class _Words:
    """What an item says, cleaned; None where it doesn't. text: the body, else the summary, else nothing."""

    title: str | None
    summary: str | None
    body: str | None
    text: str = ""
    content_hash: str = ""
    word_count: int = 0


def normalise_items(
    items: Sequence[RawItem], now: dt.datetime, run_id: str, publishers: Publishers | None = None
) -> Iterator[Article | RecordError]:
    """`normalise_item` of each, in order; what that would raise stands in the place of the article.

    Many at once take two thirds of the time.
    """
    for item, words in zip(items, _words_of(items), strict=True):
        try:
            yield _article(item, words, now, run_id, publishers)
        except RecordError as error:
            yield error


def _words_of(items: Sequence[RawItem]) -> list[_Words]:
    stated = [
        html_to_text(value) if is_html else value
        for item in items
        for value, is_html in (
            (item.title, item.title_is_html), (item.summary, item.summary_is_html), (item.body, item.body_is_html),
        )
        if value is not None
    ]  # fmt: skip
    cleaned = iter(clean_texts(stated))

    def next_one(value: str | None) -> str | None:
        return None if value is None else next(cleaned) or None

    found = [_Words(next_one(item.title), next_one(item.summary), next_one(item.body)) for item in items]
    for words in found:
        words.title = None if words.title is None else one_line(words.title) or None
        words.text = words.body or words.summary or ""
    texts = [words.text for words in found]
    for words, comparable, count in zip(found, comparable_texts(texts), word_counts(texts), strict=True):
        words.content_hash, words.word_count = hash_comparable(comparable), count
    return found


def normalise_item(
    item: RawItem, now: dt.datetime, run_id: str, publishers: Publishers | None = None
) -> Article:
    """Turns a parsed item into an article, inventing nothing.

    What the item doesn't state is None; what was repaired or doubted is a code in `warnings`. version, group_id,
    language and entities are left for later stages.

    now: when the item was fetched or read; relative and future times are judged by it. publishers: the table that
    sources are named by; the packaged one where it is None.

    Raises RecordError "no-text" where the item has neither title, summary, body nor address.
    """
    (words,) = _words_of([item])
    return _article(item, words, now, run_id, publishers)


def _article(
    item: RawItem, words: _Words, now: dt.datetime, run_id: str, publishers: Publishers | None
) -> Article:
    warnings: list[str] = list(item.warnings)
    title, text = words.title, words.text
    url = None if item.url is None else clean_url(item.url)
    canonical = None if item.url is None else canonical_url(item.url)
    if not text and title is None:
        if canonical is None:
            place = f"item {item.origin.position} of {item.origin.uri}"
            raise RecordError("no-text", f"{place} has no title, no text and no address")
        # A picture or a film without a word: an item all the same, and its address leads to it.
        warnings.append("no_text")
    elif not text:
        warnings.append("title_only")
    elif words.body is None:
        warnings.append("summary_only")
    if item.url is not None and canonical is None:
        warnings.append("bad_url")
    # The whole host, not the registrable domain: a publisher's desks and languages have hosts of their own.
    host = host_in(item.source_url or "") or host_in(canonical or "")

    byline = parse_bylines(item.bylines)
    warnings += byline.warnings
    source = resolve_source(item.source, host, item.feed_title, byline.organisation, publishers)
    warnings += source.warnings

    zone = publisher_timezone(host or source.domain, publishers) if host or source.domain else None
    published = read_time(item.published, now, zone, item.language)
    updated = read_time(item.updated, now, zone, item.language)
    warnings += published.warnings
    warnings += updated.warnings

    names = names_of(
        item.origin, canonical, address_in_guid(item.origin.guid), source.name, SHARED_LINK in item.warnings
    )
    return Article(
        article_id=article_id(names, source.name, title, text),
        text=text,
        content_hash=words.content_hash,
        time_quality=_quality((published.instant, published.quality), (updated.instant, updated.quality)),
        ingested_at=now,
        origin=item.origin,
        run_id=run_id,
        word_count=words.word_count,
        url=url,
        canonical_url=canonical,
        title=title,
        summary=words.summary,
        byline=_byline(item.bylines),
        authors=byline.authors,
        byline_org=byline.organisation,
        source=source.name,
        source_domain=source.domain,
        published_at=published.instant,
        updated_at=updated.instant,
        language_declared=_language_tag(item.language),
        tags=_tags(item.tags),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _byline(bylines: tuple[str, ...]) -> str | None:
    """The bylines as published, on one line; several author elements are set apart by "; "."""
    lines = (one_line(line) for line in bylines)
    return "; ".join(line for line in lines if line) or None


def _quality(*stated: tuple[dt.datetime | None, TimeQuality]) -> TimeQuality:
    """The quality of the times that are there; "missing" where none is."""
    qualities = [quality for instant, quality in stated if instant is not None]
    return max(qualities, key=_QUALITIES.index, default="missing")


def _language_tag(tag: str | None) -> str | None:
    """The declared language tag (BCP 47), trimmed and in lower case but otherwise as stated."""
    return None if tag is None else tag.strip().lower().replace("_", "-") or None


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    cleaned = (one_line(tag) for tag in tags)
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))
