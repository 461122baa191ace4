"""Builds `_index` anew from the tables: it holds nothing that they don't."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import list_files, open_write
from pipeline.options import newsbeam_version
from pipeline.staging import Staging, open_read
from pipeline.store.commit import commit, recover
from pipeline.store.index import sorted_segment, write_segment
from pipeline.store.layout import Layout, new_run_id, parse_partition, staging_name
from pipeline.store.lock import output_lock
from pipeline.store.manifest import committed_runs, live_files, read_manifest
from pipeline.tables import UNKNOWN_DOMAIN
from pipeline.write import index_table
from schemas.dedup import Decision, RowRef
from schemas.index import INDEXES
from schemas.records import SCHEMA_VERSION, DeadLetter
from schemas.state import Counts, Manifest, StagedFile
from schemas.tables import ARTICLES, DEAD_LETTERS, table_articles
from transforms.functions.dedup import epoch_us, keys_of_articles
from transforms.functions.identity import dead_letter_key
from transforms.functions.stories import Settled, Settlement
from transforms.recollection import index_rows

#: Rows of a table that are worked on together.
BATCH_ROWS = 4_096

#: Rows of an index that are held before they are written as a segment.
SEGMENT_ROWS = 500_000


def reindex(layout: Layout) -> Manifest:
    """Replaces `_index` by one made from the tables, as a commit of its own, and returns its manifest.

    Raises BusyError where a run is at work there, and what `recover` and `commit` raise.
    """
    started_at = dt.datetime.now(dt.timezone.utc)
    run_id = new_run_id(started_at, secrets.token_bytes(3))
    attempt = secrets.token_hex(4)
    with output_lock(layout):
        recover(layout)
        seen = committed_runs(layout)
        files, replaced = rebuild_index(layout, Staging(layout.output, staging_name(run_id, attempt)), run_id)
        # Also what the manifests say is there and isn't: this is what the command is for.
        live = live_files(read_manifest(layout, run) for run in seen)
        removed = {*replaced, *(file.target for file in live if file.table.startswith("index/"))}
        manifest = Manifest(
            run_id=run_id,
            schema_version=SCHEMA_VERSION,
            started_at=started_at,
            committed_at=dt.datetime.now(dt.timezone.utc),
            options={"reindex": True},
            versions={"newsbeam": newsbeam_version()},
            counts=Counts(),
            files=tuple(files),
            removed=tuple(sorted(removed)),
        )
        return commit(layout, manifest, attempt, seen)


def rebuild_index(layout: Layout, staging: Staging, run_id: str) -> tuple[list[StagedFile], list[str]]:
    """Stages new segments for every index, from the committed tables.

    Returns the files to commit, and the segments that they replace, relative to OUT. Texts are read a few thousand
    at a time; of the index itself at most `SEGMENT_ROWS` rows are held.
    """
    held: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    files: list[StagedFile] = []

    def flush(index: str) -> None:
        if held[index]:
            files.append(_stage(index, held.pop(index), staging, run_id, len(files)))

    for index, rows in _all_rows(layout):
        held[index] += rows
        if len(held[index]) >= SEGMENT_ROWS:
            flush(index)
    for index in INDEXES:
        flush(index)
    replaced = [
        layout.relative(info.path)
        for index in INDEXES
        for info in list_files(layout.index_dir(index))
        if info.path.endswith(".parquet")
    ]
    return files, replaced


def _stage(index: str, rows: list[tuple[Any, ...]], staging: Staging, run_id: str, number: int) -> StagedFile:
    table = sorted_segment(index_table(index, rows))
    name = staging.new_name("index", ".parquet")
    with open_write(staging.path(name)) as file:
        write_segment(table, file)
        size = file.tell()
    return StagedFile(
        name, f"_index/{index}/{run_id}-{number:05d}.parquet", f"index/{index}", table.num_rows, size
    )


def _all_rows(layout: Layout) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    for table in ("articles", "duplicates"):
        for path in _table_files(layout, table):
            for batch in _batches(path):
                for rows in _article_rows(batch, path, kept=table == "articles"):
                    yield rows.index, list(rows.rows)
    for path in _table_files(layout, "regrouped"):
        for batch in _batches(path):
            names = ("article_id", "sequence", "group_id")
            yield "regrouped", list(zip(*(batch.column(name).to_pylist() for name in names), strict=True))
    for path in _table_files(layout, "dead_letters"):
        for batch in _batches(path):
            yield "dead_letters", [(dead_letter_key(letter),) for letter in _letters(batch, path)]


def _table_files(layout: Layout, table: str) -> list[str]:
    return sorted(info.path for info in list_files(layout.table_dir(table)) if info.path.endswith(".parquet"))


def _batches(path: str) -> Iterator[pa.Table]:
    with open_read(path) as file, pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(BATCH_ROWS):
            yield pa.Table.from_batches([batch])


def _article_rows(table: pa.Table, path: str, kept: bool) -> Iterator[Any]:
    for name, value in parse_partition(path):
        if name in ARTICLES.names:
            known = None if value == UNKNOWN_DOMAIN and name == "source_domain" else value
            field = ARTICLES.field(name)
            table = table.append_column(field, pa.array([known] * table.num_rows, type=field.type))
    articles = table_articles(table)
    by_time: dict[dt.datetime, list[Settled]] = defaultdict(list)
    for article, keys in zip(articles, keys_of_articles(articles, path, near=True), strict=True):
        decision = Decision(
            RowRef(path, 0),
            "kept" if kept else "duplicate",
            article.article_id,
            article.version,
            article.group_id,
            near_duplicates=article.near_duplicates,
        )
        by_time[article.ingested_at].append(Settled(keys, article.article_id, decision))
    for ingested_at, settled in by_time.items():
        yield from index_rows(Settlement(settled, []), epoch_us(ingested_at) or 0)


def _letters(table: pa.Table, path: str) -> Iterator[DeadLetter]:
    for name, value in parse_partition(path):
        table = table.append_column(DEAD_LETTERS.field(name), pa.array([value] * table.num_rows))
    for row in table.to_pylist():
        row.pop("schema_version")
        yield DeadLetter(**row)
