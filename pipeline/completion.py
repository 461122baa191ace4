"""What a run's files lack before they can be committed: joined index segments, feeds' states, tables without rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pyarrow.parquet as pq

from pipeline.files import list_files, open_write
from pipeline.polling import feeds_after, hosts_after
from pipeline.staging import Staging, open_read
from pipeline.store.feeds import stage_feed_states
from pipeline.store.hosts import stage_host_states
from pipeline.store.index import KeyIndex, merge_segments, segments_to_merge
from pipeline.store.layout import Layout
from pipeline.tables import empty_file
from schemas.index import INDEXES
from schemas.staged import RunSummary
from schemas.state import FeedState, HostState, StagedFile
from schemas.tables import TABLES

#: Segments that one run adds to an index are joined into one up to this many rows.
_JOIN_ROWS = 1_000_000


def read_indexes(layout: Layout) -> dict[str, KeyIndex]:
    """All indexes as they are now, by name."""
    return {name: KeyIndex(name, tuple(parquet_files(layout.index_dir(name)))) for name in INDEXES}


def parquet_files(folder: str) -> list[str]:
    """The Parquet files in a folder of OUT, by name."""
    # What lies in the folder is what counts: all commits are complete, and none can begin while this run holds OUT.
    # Where there is no lock, a commit in between makes this run refuse to commit.
    return sorted(info.path for info in list_files(folder) if info.path.endswith(".parquet"))


def with_state(
    summary: RunSummary,
    staging: Staging,
    layout: Layout,
    run_id: str,
    now: dt.datetime,
    partition_by: Sequence[str],
    indexes: Mapping[str, KeyIndex],
    states: Mapping[str, FeedState],
    hosts: Mapping[str, HostState],
    joined_at: int = 1,
) -> tuple[list[StagedFile], list[str]]:
    """The files to be committed, and those to go.

    Index segments are joined, feed states brought up to date, and a table that has no file yet gets one.
    joined_at: with so many files of feeds' states, all states are written as one; with fewer, what was polled is
    written beside them.
    """
    files = [file for file in summary.files if not file.table.startswith("index/")]
    written = {file.table for file in files}
    for table in TABLES:
        if table not in written and not list_files(layout.table_dir(table)):
            files.append(empty_file(table, staging, run_id, now.date(), partition_by))
    removed: list[str] = []
    for name, index in sorted(indexes.items()):
        added = [file for file in summary.files if file.table == f"index/{name}"]
        joined, replaced = _join_segments(name, added, index, staging, run_id)
        files += joined
        removed += [layout.relative(path) for path in replaced]
    if summary.feed_states:
        feeds_now = feeds_after(summary, states, now)
        hosts_now = hosts_after(summary, hosts, now)
        there = parquet_files(layout.feeds_dir)
        if len(there) < joined_at:
            polled = {state.url for state in summary.feed_states}
            asked = {host.host for host in summary.host_states}
            feeds_now = [state for state in feeds_now if state.url in polled]
            hosts_now = [host for host in hosts_now if host.host in asked]
        else:
            removed += [layout.relative(path) for path in there]
        files.append(stage_feed_states(feeds_now, staging, run_id))
        files.append(stage_host_states(hosts_now, staging, run_id))
    return files, removed


def _join_segments(
    name: str, added: Sequence[StagedFile], index: KeyIndex, staging: Staging, run_id: str
) -> tuple[list[StagedFile], list[str]]:
    """One segment for what the run adds to an index, together with old ones where there are many of like size.

    Returns the segments to commit, and the old ones that they replace.
    """
    rows = sum(file.rows for file in added)
    if not added or rows > _JOIN_ROWS:
        return list(added), []
    new = "new"
    sizes = [(new, rows), *((path, _segment_rows(path)) for path in index.segments)]
    merged = segments_to_merge(sizes)
    replaced = [path for path in merged if path != new] if new in merged else []
    if len(added) == 1 and not replaced:
        return list(added), []
    staged = staging.new_name("index", ".parquet")
    with open_write(staging.path(staged)) as file:
        rows = merge_segments([*(staging.path(one.staged) for one in added), *replaced], name, file)
        size = file.tell()
    return [
        StagedFile(staged, f"_index/{name}/{run_id}-joined.parquet", f"index/{name}", rows, size)
    ], replaced


def _segment_rows(path: str) -> int:
    with open_read(path) as file:
        return int(pq.read_metadata(file).num_rows)
