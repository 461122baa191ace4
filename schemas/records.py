"""The records that flow through the pipeline, in the order in which they come to be.

All are frozen. A field that may be absent is `X | None`, never an empty string. Times are aware and in UTC.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Literal

TimeQuality = Literal["exact", "assumed_zone", "date_only", "missing"]
OriginKind = Literal["seed", "feed", "jsonl"]

#: Written to every row; raised when a column changes its name, type or meaning.
SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Where a record came from.

    kind: the parser that read it.
    uri: the file's absolute path (free of links, bytes that are not UTF-8 as %XX), or the feed's address without
    credentials.
    feed_url: the feed's own address: the one fetched, else the one the document states for itself.
    guid: RSS guid, Atom id, JSON Feed id, or the `id` of a JSONL record.
    position: 0-based place in the file or feed; 0 for a seed file. JSONL counts lines.
    """

    kind: OriginKind
    uri: str
    feed_url: str | None = None
    guid: str | None = None
    position: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Payload:
    """Bytes as read from a source, decompressed, before anything is made of them.

    kind: how they are to be parsed.
    uri: where they came from, credentials redacted.
    parts: a seed file or a feed is one part; JSONL has one part per line, without its line ending.
    position: 0-based line number of the first part; 0 for whole files.
    content_type: of the answer, where it was fetched.
    feed_url: the address fetched, None for snapshots in files.
    has_unstable_guids: whether the feed's guids were found to change from poll to poll.
    is_older_page: whether it is an older page or archive of a feed, which says nothing of how its guids change.
    """

    kind: OriginKind
    uri: str
    parts: tuple[bytes, ...]
    position: int = 0
    content_type: str | None = None
    feed_url: str | None = None
    has_unstable_guids: bool = False
    is_older_page: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class PayloadBatch:
    """Some payloads that are worked on together."""

    payloads: tuple[Payload, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class RawItem:
    """One news item as its source states it: parsed, not yet normalised.

    Strings are as published (entities of the container decoded once, charset decoded).
    bylines: one string per author element; most sources have none or one.
    published, updated: the raw strings, for us to read; parsers' own times are not used.
    body: the fullest body there is; summary is kept beside it where both exist.
    title_is_html, summary_is_html, body_is_html: whether that field is markup to be turned into text.
    feed_title: the feed's title, from which a source may be told.
    source_url: an address that names the publisher where the link does not (RSS <source url>).
    warnings: codes of what was already repaired.
    """

    origin: Origin
    title: str | None = None
    url: str | None = None
    bylines: tuple[str, ...] = ()
    source: str | None = None
    source_url: str | None = None
    feed_title: str | None = None
    published: str | None = None
    updated: str | None = None
    summary: str | None = None
    body: str | None = None
    title_is_html: bool = False
    summary_is_html: bool = False
    body_is_html: bool = False
    language: str | None = None
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Entity:
    """One distinct entity of an article.

    label: spaCy's scheme: PERSON, ORG, GPE, LOC, NORP, EVENT ...
    mentions: how often it is named, at least 1.
    first_offset: of its first mention, in code points of `Article.text`.
    id: ISO 3166 or GeoNames id where a packaged gazetteer knows the place.
    """

    name: str
    label: str
    mentions: int
    first_offset: int
    id: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class NearDuplicate:
    """An article that another was found to be a near-duplicate of, or of one text with (both figures are 1 then).

    similarity: Jaccard. Both are from 0 to 1.
    """

    article_id: str
    similarity: float
    containment: float


@dataclasses.dataclass(frozen=True, slots=True)
class Article:
    """One article, normalised; the columns of the `articles` table and their meaning are in `schemas.tables`.

    Normalisation fills all but what later stages decide: version, supersedes, change, group_id, near_duplicates and
    origins (dedup), language, language_confidence and entities (enrich).
    """

    article_id: str
    text: str
    content_hash: str
    time_quality: TimeQuality
    ingested_at: dt.datetime
    origin: Origin
    run_id: str
    word_count: int
    version: int = 1
    supersedes: int | None = None
    change: str | None = None
    group_id: str = ""
    near_duplicates: tuple[NearDuplicate, ...] = ()
    origins: int = 1
    url: str | None = None
    canonical_url: str | None = None
    title: str | None = None
    summary: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    byline_org: str | None = None
    source: str | None = None
    source_domain: str | None = None
    published_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    language: str = "und"
    language_confidence: float | None = None
    language_declared: str | None = None
    entities: tuple[Entity, ...] | None = None
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not go on.

    stage: the step that refused it: read, fetch, parse, normalise; watch or stream for what an error of ours kept from
    being worked on there.
    reason, detail: as in `RecordError`.
    origin_uri, feed_url, guid, position: where it came from, as far as known.
    payload: its first 64 KiB as read, enough to replay most items; null where nothing was read.
    payload_bytes: the whole size in bytes, so that a cut payload can be told.
    """

    stage: str
    reason: str
    detail: str
    origin_uri: str
    failed_at: dt.datetime
    run_id: str
    feed_url: str | None = None
    guid: str | None = None
    position: int | None = None
    payload: bytes | None = None
    payload_bytes: int | None = None


#: Bytes of a refused record that a dead letter keeps.
DEAD_LETTER_PAYLOAD_BYTES = 64 * 1024
