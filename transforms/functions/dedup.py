"""The keys of an article: all that dedup looks at, and how copies of one text are ordered."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence

from schemas.dedup import ArticleKeys, RowRef
from schemas.records import Article
from transforms.functions.identity import (
    SHARED_LINK,
    article_id,
    content_hash,
    content_key,
    hash_fields,
    hash_key,
    identities,
    item_hash,
    names_of,
    publisher_hash,
    revision_hash,
    row_hash,
)
from transforms.functions.near_duplicates import Fingerprint, fingerprints
from transforms.functions.revisions import settled_text, settled_title
from transforms.functions.urls import address_in_guid

_NEVER = sys.maxsize
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_NO_FINGERPRINT = Fingerprint(b"", b"", 0)


def keys_of_articles(articles: Sequence[Article], file: str, near: bool) -> list[ArticleKeys]:
    """The keys of articles that are staged as the rows of a file. near: whether near-duplicates are looked for."""
    prints = (
        list(fingerprints((article.title, article.text) for article in articles))
        if near
        else [_NO_FINGERPRINT] * len(articles)
    )
    return [
        _keys(article, RowRef(file, row), found)
        for row, (article, found) in enumerate(zip(articles, prints, strict=True))
    ]


def _keys(article: Article, ref: RowRef, found: Fingerprint) -> ArticleKeys:
    named = names_of(
        article.origin,
        article.canonical_url,
        address_in_guid(article.origin.guid),
        article.source,
        SHARED_LINK in article.warnings,
    )
    known_by = identities(named, article.source, article.title, article.text)
    title = settled_title(article.title)
    text = settled_text(article.text)
    revision = revision_hash(title, article.content_hash if text == article.text else content_hash(text))
    return ArticleKeys(
        ref=ref,
        article_id=article_id(named, article.source, article.title, article.text),
        identities=known_by,
        item_hash=item_hash(known_by, revision),
        revision_hash=revision,
        content_hash=article.content_hash,
        title_hash=hash_fields("t1", (title,)),
        content_key=content_key(article),
        publisher=publisher_hash(article.source_domain, article.source),
        published_us=epoch_us(article.published_at),
        updated_us=epoch_us(article.updated_at),
        row_hash=row_hash(article),
        origin_uri=article.origin.uri,
        origin_position=article.origin.position,
        bands=found.bands,
        sketch=found.sketch,
        shingle_count=found.shingle_count,
    )


def epoch_us(moment: dt.datetime | None) -> int | None:
    """Microseconds since 1970 UTC."""
    return None if moment is None else (moment - _EPOCH) // dt.timedelta(microseconds=1)


def survivor_rank(keys: ArticleKeys) -> tuple[int, str, str, str, str, int]:
    """Orders copies of one text: the smallest survives.

    Earliest first by the time that it states (undated last), then the smallest id; copies of one article by what they
    say, then by their names, and only then by where they were read, which tells copies of one item apart. All articles
    of a run are first seen at the same moment, so what was seen in an earlier run is settled by the index, not here.
    """
    moment = moment_us(keys)
    return (
        _NEVER if moment is None else moment,
        keys.article_id,
        keys.row_hash,
        keys.item_hash,
        keys.origin_uri,
        keys.origin_position,
    )


#: Bytes of `rank_key`.
RANK_BYTES = 32


def rank_key(keys: ArticleKeys) -> bytes:
    """`survivor_rank` of one of some items, no two of them alike, in bytes that sort the same: what it is told by.

    Eight bytes each of the moment, the article's id, the row's hash and the item's. Only items that agree in all before
    and in 64 bits of a hash, and not in the rest of it, would be in another order.
    """
    moment = moment_us(keys)
    return b"".join(
        (
            ((_NEVER if moment is None else moment) + (1 << 63)).to_bytes(8, "big"),
            hash_key(keys.article_id)[:8],
            hash_key(keys.row_hash)[:8],
            hash_key(keys.item_hash)[:8],
        )
    )


def moment_us(keys: ArticleKeys) -> int | None:
    """When an item says it is from: published, else updated; None where it says neither."""
    return keys.updated_us if keys.published_us is None else keys.published_us
