"""The columns of `_index`: what is remembered of all that was committed, to know it again.

Every index is a set of Parquet files sorted by their first column, `key`: the 16 bytes of a hash
(`identity.hash_key`). It is derived from the tables and holds no text.
"""

from __future__ import annotations

import pyarrow as pa

HASH = pa.binary(16)


def _required(name: str, type_: pa.DataType) -> pa.Field:
    return pa.field(name, type_, nullable=False)


#: Index name -> schema. The name is the index's folder under `_index/`.
#: items: key is the item_hash of what was kept or set aside: met again, it is unchanged.
#: identities: key is the hash of an address or guid; the article that it names.
#: articles: key is the article_id; one row per version, kept or set aside.
#: contents: key is the content_key; the article kept for that text.
#: fingerprints: key is the article_id; one row per version that has one. seen_us: when it was committed, for the
#: window in which near-duplicates are looked for.
#: links: key is an article_id; another article that it is a near-duplicate of, or of one text with. Each pair stands
#: here in both directions.
#: regrouped: key is the article_id of an article whose group isn't that of its rows; the highest sequence holds.
#: dead_letters: key is the dead_letter_key of what is on record.
INDEXES: dict[str, pa.Schema] = {
    "items": pa.schema([_required("key", HASH)]),
    "identities": pa.schema([_required("key", HASH), _required("article_id", HASH)]),
    "articles": pa.schema(
        [
            _required("key", HASH),
            _required("version", pa.int32()),
            _required("revision_hash", HASH),
            _required("content_hash", HASH),
            _required("title_hash", HASH),
            _required("group_id", HASH),
            pa.field("publisher", HASH),
            pa.field("moment_us", pa.int64()),
            _required("kept", pa.bool_()),
        ]
    ),
    "contents": pa.schema([_required("key", HASH), _required("article_id", HASH)]),
    "fingerprints": pa.schema(
        [
            _required("key", HASH),
            _required("version", pa.int32()),
            _required("seen_us", pa.int64()),
            _required("bands", pa.binary()),
            _required("sketch", pa.binary()),
            _required("shingle_count", pa.int32()),
        ]
    ),
    "links": pa.schema([_required("key", HASH), _required("other_id", HASH)]),
    "regrouped": pa.schema(
        [_required("key", HASH), _required("sequence", pa.int32()), _required("group_id", HASH)]
    ),
    "dead_letters": pa.schema([_required("key", HASH)]),
}
