"""Small records for tests, all made up: name only what a test is about."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schemas.dedup import ArticleKeys, RowRef
from schemas.records import Article, Origin, RawItem
from transforms.functions.identity import content_hash, hash_fields, item_hash
from transforms.functions.near_duplicates import Fingerprint, fingerprint

NOW = dt.datetime(2024, 5, 2, 12, 0, tzinfo=dt.timezone.utc)

#: Long enough to stand for itself (`identity.SHORT_TEXT_WORDS`).
LONG_TEXT = (
    "The harbour council of Port Ellery voted on Tuesday to rebuild the old ferry pier, closing a dispute that had "
    "run for eleven years and through four mayors of the small town."
)


def raw_item(**fields: Any) -> RawItem:
    """A seed item; `guid`, `kind` and `position` go to its origin."""
    origin = Origin(
        kind=fields.pop("kind", "seed"),
        uri=fields.pop("uri", "in/a.txt"),
        feed_url=fields.pop("feed_url", None),
        guid=fields.pop("guid", None),
        position=fields.pop("position", 0),
    )
    defaults: dict[str, Any] = {"origin": origin, "body": LONG_TEXT}
    return RawItem(**defaults | fields)


def article(**fields: Any) -> Article:
    """An article whose hashes and counts fit its text."""
    text = fields.get("text", LONG_TEXT)
    defaults: dict[str, Any] = {
        "article_id": hash_fields("a1", (fields.pop("name", "one"),)),
        "text": text,
        "content_hash": content_hash(text),
        "time_quality": "missing",
        "ingested_at": NOW,
        "origin": Origin("seed", "in/a.txt"),
        "run_id": "run-1",
        "word_count": len(text.split()),
    }
    return Article(**defaults | fields)


def keys(name: str, text: str | None = "text", title: str = "", **fields: Any) -> ArticleKeys:
    """Keys of an item that is named `name` and says `text`; other texts have nothing in common with it.

    names: further names (addresses, guids) that it goes by. words: a real text, for its fingerprint.
    """
    content = hash_fields("c1", (text,))
    revision = hash_fields("r1", (title, content))
    named = tuple(hash_fields("i1", (one,)) for one in (name, *fields.pop("names", ())))
    words = fields.pop("words", None)
    made = Fingerprint(b"", b"", 0) if words is None else fingerprint(None, words)
    defaults: dict[str, Any] = {
        "ref": RowRef("file", fields.pop("row", 0)),
        "article_id": hash_fields("a1", (name,)),
        "identities": named,
        "item_hash": item_hash(named, revision),
        "revision_hash": revision,
        "content_hash": content,
        "title_hash": hash_fields("t1", (title,)),
        "content_key": None if text is None else content,
        "publisher": None,
        "published_us": None,
        "updated_us": None,
        "row_hash": hash_fields("w1", ()),
        "origin_uri": "in/a.txt",
        "origin_position": 0,
        "bands": made.bands,
        "sketch": made.sketch,
        "shingle_count": made.shingle_count,
    }
    return ArticleKeys(**defaults | fields)
