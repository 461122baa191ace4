"""The columns of `_index`: what is remembered of all that was committed, to know it again.

Every index is a set of Parquet files sorted by their first column, `key`: the 16 bytes of a hash
(`identity.hash_key`). It is derived from the tables and holds no text.
"""

from __future__ import annotations

import pyarrow as pa

_HASH = pa.binary(16)


def _required(name: str, type_: pa.DataType) -> pa.Field:
    return pa.field(name, type_, nullable=False)


#: Index name -> schema. The name is the index's folder under `_index/`.
#: articles: key is the article_id; one row per version, kept or set aside.
#: contents: key is the content_key; the article kept for that text.
#: dead_letters: key is the dead_letter_key of what is on record.
INDEXES: dict[str, pa.Schema] = {
    "articles": pa.schema(
        [
            _required("key", _HASH),
            _required("version", pa.int32()),
            _required("revision_hash", _HASH),
            _required("group_id", _HASH),
        ]
    ),
    "contents": pa.schema(
        [_required("key", _HASH), _required("article_id", _HASH), _required("group_id", _HASH)]
    ),
    "dead_letters": pa.schema([_required("key", _HASH)]),
}
