"""Per-feed state in `_feeds`: one Parquet file with a row per feed, replaced by each run that polls."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import open_write
from pipeline.staging import Staging, open_read
from schemas.state import FeedState, StagedFile
from schemas.tables import FEEDS


def read_feed_states(paths: Sequence[str]) -> dict[str, FeedState]:
    """All states in the files, by address; where an address stands in several, the one checked last."""
    states: dict[str, FeedState] = {}
    for path in sorted(paths):
        with open_read(path) as file:
            rows = pq.read_table(file).to_pylist()
        for row in rows:
            state = FeedState(**row)
            known = states.get(state.url)
            if (
                known is None
                or known.checked_at is None
                or (state.checked_at or known.checked_at) >= known.checked_at
            ):
                states[state.url] = state
    return states


def stage_feed_states(states: Iterable[FeedState], staging: Staging, run_id: str) -> StagedFile:
    """Writes the states as the next `_feeds` file, in the staging folder."""
    rows = [dataclasses.asdict(state) for state in sorted(states, key=lambda state: state.url)]
    table = pa.Table.from_pylist(rows, schema=FEEDS)
    name = staging.new_name("feeds", ".parquet")
    with open_write(staging.path(name)) as file:
        pq.write_table(table, file, compression="zstd")
        size = file.tell()
    return StagedFile(name, f"_feeds/{run_id}.parquet", "feeds", table.num_rows, size)
