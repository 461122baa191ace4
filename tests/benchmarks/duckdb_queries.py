"""Three usual queries in DuckDB over one source, in a process of their own.

    python tests/benchmarks/duckdb_queries.py day|month|file|jsonl SOURCE WORD

day, month: a folder of newsbeam's partitions. file: the same rows in one Parquet file. jsonl: the corpus as it came,
with its columns stated, so that DuckDB doesn't read it twice to guess them. Every query reads its source anew.

The last line is JSON: by query its seconds and its first row.
"""

import json
import sys
import time

import duckdb

_JSON_COLUMNS = ", ".join(
    f"{name}: 'VARCHAR'" for name in ("id", "lang", "title", "byline", "source", "published", "text")
)

#: How a source is read, and what in it is the day, the article's id, and what its versions are ordered by.
SOURCES = {
    "day": (
        "read_parquet('{source}/**/*.parquet', hive_partitioning = true)", "date", "article_id", "version",
    ),
    "month": (
        "read_parquet('{source}/**/*.parquet', hive_partitioning = true)",
        "coalesce(published_at, updated_at, ingested_at)::DATE", "article_id", "version",
    ),
    "file": ("read_parquet('{source}')", "date", "article_id", "version"),
    "jsonl": (
        f"read_json('{{source}}', format = 'newline_delimited', columns = {{{{{_JSON_COLUMNS}}}}})",
        "left(published, 10)", "id", "published",
    ),
}  # fmt: skip

QUERIES = {
    "articles per source and day": "SELECT source, {day} AS day, count(*) FROM {source} GROUP BY ALL ORDER BY ALL",
    # The texts are asked for, as whoever wants the latest versions does.
    "latest versions": "SELECT count(*), sum(length(text)) FROM (SELECT text FROM {source} QUALIFY "
    "row_number() OVER (PARTITION BY {id} ORDER BY {order} DESC) = 1)",
    "texts with a word": "SELECT count(*) FROM {source} WHERE contains(lower(text), '{word}')",
}


def main() -> None:
    """Runs from the command line."""
    kind, path, word = sys.argv[1:]
    reader, day, id_, order = SOURCES[kind]
    source = reader.format(source=path.replace("'", "''"))
    found = {}
    for name, query in QUERIES.items():
        connection = duckdb.connect()
        started = time.perf_counter()
        rows = connection.execute(
            query.format(source=source, day=day, id=id_, order=order, word=word)
        ).fetchall()
        found[name] = {"seconds": time.perf_counter() - started, "rows": len(rows), "first": str(rows[0])}
        connection.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
