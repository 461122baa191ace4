"""The tables' Arrow schemas, and how records become rows.

A table's schema is fixed here and never inferred from data: two runs' files always read together. Columns that
are partition keys (`date`, `month`, `language`, `source_domain`, `stage`) are taken out of the files by the
writer, since readers fail to merge a key that stands in both the path and the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from schemas.records import Article, DeadLetter, Entity, NearDuplicate, Origin

UTC_TIME = pa.timestamp("us", tz="UTC")


def _field(name: str, type_: pa.DataType, *, required: bool = False) -> pa.Field:
    return pa.field(name, type_, nullable=not required)


ENTITY_TYPE = pa.struct(
    [
        _field("name", pa.string(), required=True),
        _field("label", pa.string(), required=True),
        _field("mentions", pa.int32(), required=True),
        _field("first_offset", pa.int32(), required=True),
        _field("id", pa.string()),
    ]
)

ORIGIN_TYPE = pa.struct(
    [
        _field("kind", pa.string(), required=True),
        _field("uri", pa.string(), required=True),
        _field("feed_url", pa.string()),
        _field("guid", pa.string()),
        _field("position", pa.int32(), required=True),
    ]
)

NEAR_DUPLICATE_TYPE = pa.struct(
    [
        _field("article_id", pa.string(), required=True),
        _field("similarity", pa.float32(), required=True),
        _field("containment", pa.float32(), required=True),
    ]
)

#: One row per version of an article. Nullable unless `required`.
ARTICLES = pa.schema(
    [
        _field("article_id", pa.string(), required=True),
        _field("version", pa.int32(), required=True),
        _field("supersedes", pa.int32()),
        _field("change", pa.string()),
        _field("url", pa.string()),
        _field("canonical_url", pa.string()),
        _field("title", pa.string()),
        _field("summary", pa.string()),
        _field("text", pa.string(), required=True),
        _field("byline", pa.string()),
        _field("authors", pa.list_(pa.string()), required=True),
        _field("byline_org", pa.string()),
        _field("source", pa.string()),
        _field("source_domain", pa.string()),
        _field("published_at", UTC_TIME),
        _field("updated_at", UTC_TIME),
        _field("time_quality", pa.string(), required=True),
        _field("ingested_at", UTC_TIME, required=True),
        _field("language", pa.string(), required=True),
        _field("language_confidence", pa.float32()),
        _field("language_declared", pa.string()),
        _field("entities", pa.list_(ENTITY_TYPE)),
        _field("tags", pa.list_(pa.string()), required=True),
        _field("word_count", pa.int32(), required=True),
        _field("content_hash", pa.string(), required=True),
        _field("group_id", pa.string(), required=True),
        _field("near_duplicates", pa.list_(NEAR_DUPLICATE_TYPE), required=True),
        _field("origin", ORIGIN_TYPE, required=True),
        _field("origins", pa.int32(), required=True),
        _field("warnings", pa.list_(pa.string()), required=True),
        _field("run_id", pa.string(), required=True),
        _field("schema_version", pa.int32(), required=True),
    ]
)

#: What dedup set aside: the article, whole, with what it duplicates and why.
DUPLICATES = pa.schema(
    [
        *ARTICLES,
        _field("duplicate_of", pa.string(), required=True),
        _field("duplicate_reason", pa.string(), required=True),
        _field("similarity", pa.float32()),
        _field("containment", pa.float32()),
    ]
)

#: What could not go on, replayable from its payload.
DEAD_LETTERS = pa.schema(
    [
        _field("stage", pa.string(), required=True),
        _field("reason", pa.string(), required=True),
        _field("detail", pa.string(), required=True),
        _field("origin_uri", pa.string(), required=True),
        _field("feed_url", pa.string()),
        _field("guid", pa.string()),
        _field("position", pa.int32()),
        _field("payload", pa.binary()),
        _field("payload_bytes", pa.int64()),
        _field("failed_at", UTC_TIME, required=True),
        _field("run_id", pa.string(), required=True),
        _field("schema_version", pa.int32(), required=True),
    ]
)

#: Articles whose group is another by now than their rows say; of each the highest sequence holds.
REGROUPED = pa.schema(
    [
        _field("article_id", pa.string(), required=True),
        _field("sequence", pa.int32(), required=True),
        _field("group_id", pa.string(), required=True),
        _field("regrouped_at", UTC_TIME, required=True),
        _field("run_id", pa.string(), required=True),
        _field("schema_version", pa.int32(), required=True),
    ]
)

#: Table name -> schema. The name is the table's folder under OUT.
TABLES: dict[str, pa.Schema] = {
    "articles": ARTICLES,
    "duplicates": DUPLICATES,
    "dead_letters": DEAD_LETTERS,
    "regrouped": REGROUPED,
}

#: The tables whose files lie in partitions; the others' lie in the table's folder itself.
PARTITIONED = ("articles", "duplicates", "dead_letters")

_FEEDS_AT_FIRST = (
    _field("url", pa.string(), required=True),
    _field("etag", pa.string()),
    _field("last_modified", pa.string()),
    _field("body_hash", pa.string()),
    _field("checked_at", UTC_TIME),
    _field("changed_at", UTC_TIME),
    _field("failures", pa.int32(), required=True),
    _field("last_error", pa.string()),
)

#: `_feeds`: one row per feed address, the fields of `schemas.state.FeedState`.
FEEDS = pa.schema(
    [
        *_FEEDS_AT_FIRST,
        _field("fetch_url", pa.string()),
        _field("moved_to", pa.string()),
        _field("moved_polls", pa.int32(), required=True),
        _field("added_at", UTC_TIME),
        _field("succeeded_at", UTC_TIME),
        _field("full_at", UTC_TIME),
        _field("next_poll_at", UTC_TIME),
        _field("interval_s", pa.float64()),
        _field("status", pa.string(), required=True),
        _field("last_status", pa.int32()),
        _field("polls", pa.int64(), required=True),
        _field("bytes_fetched", pa.int64(), required=True),
        _field("bytes_saved", pa.int64(), required=True),
        _field("body_bytes", pa.int64()),
        _field("unchanged_fulls", pa.float64(), required=True),
        _field("distrusted_until", UTC_TIME),
        _field("denied_changes", pa.int32(), required=True),
        _field("items_seen", pa.int64(), required=True),
        _field("newest_item_at", UTC_TIME),
        _field("items_per_day", pa.float64()),
        _field("window_items", pa.int64()),
        _field("overflows", pa.int32(), required=True),
        _field("profile", pa.list_(pa.float64()), required=True),
        _field("profile_at", UTC_TIME),
        _field("concentration", pa.float64()),
        _field("observed_h", pa.float64(), required=True),
        _field("observed_items", pa.float64(), required=True),
        _field("late_share", pa.float64(), required=True),
        _field("ttl_s", pa.int64()),
        _field("update_period_s", pa.int64()),
        _field("max_age_s", pa.int64()),
        _field("skip_hours", pa.list_(pa.int32()), required=True),
        _field("skip_days", pa.list_(pa.int32()), required=True),
        _field("title", pa.string()),
        _field("hub_url", pa.string()),
        _field("self_url", pa.string()),
        _field("unstable_guids", pa.string()),
        _field("item_names", pa.binary(), required=True),
        _field("found_at", pa.string()),
    ]
)

#: The schemas that files in `_feeds` may have: today's, and that of programs which kept less.
FEEDS_READABLE = (FEEDS, pa.schema(_FEEDS_AT_FIRST))

#: `_feeds/hosts`: one row per host, the fields of `schemas.state.HostState`.
HOSTS = pa.schema(
    [
        _field("host", pa.string(), required=True),
        _field("not_before", UTC_TIME),
        _field("last_request_at", UTC_TIME),
        _field("robots_at", UTC_TIME),
        _field("robots_status", pa.int32()),
        _field("robots_body", pa.string()),
        _field("crawl_delay_s", pa.float64()),
    ]
)


def file_schema(table: str, partition_keys: Iterable[str]) -> pa.Schema:
    """The schema of a table's files: the table's, less the columns that stand in the path."""
    keys = set(partition_keys)
    return pa.schema([field for field in TABLES[table] if field.name not in keys])


def articles_table(articles: Iterable[Article]) -> pa.Table:
    """Articles as an Arrow table with the columns of `ARTICLES`, one row each, in order."""
    rows = list(articles)
    columns: list[pa.Array] = []
    for field in ARTICLES:
        values: list[Any] = [getattr(article, field.name) for article in rows]
        if field.name == "origin":
            names = ORIGIN_TYPE.names
            values = [{name: getattr(value, name) for name in names} for value in values]
        elif field.name == "near_duplicates":
            values = [[dataclasses.asdict(one) for one in value] for value in values]
        elif field.name == "entities":
            values = [
                None if value is None else [dataclasses.asdict(entity) for entity in value]
                for value in values
            ]
        columns.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(columns, schema=ARTICLES)


def table_articles(table: pa.Table) -> list[Article]:
    """The reverse of `articles_table`: one Article a row, in order."""
    return [_article(row) for row in table.select(ARTICLES.names).to_pylist()]


def _article(row: dict[str, Any]) -> Article:
    row["origin"] = Origin(**row["origin"])
    if row["entities"] is not None:
        row["entities"] = tuple(Entity(**entity) for entity in row["entities"])
    row["near_duplicates"] = tuple(NearDuplicate(**one) for one in row["near_duplicates"])
    for name in ("authors", "tags", "warnings"):
        row[name] = tuple(row[name])
    return Article(**row)


def dead_letters_table(letters: Iterable[DeadLetter], schema_version: int) -> pa.Table:
    """Dead letters as an Arrow table with the columns of `DEAD_LETTERS`."""
    rows = [dataclasses.asdict(letter) | {"schema_version": schema_version} for letter in letters]
    return pa.Table.from_pylist(rows, schema=DEAD_LETTERS)
