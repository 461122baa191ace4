"""State of feeds in `_feeds`: one Parquet file with a row per feed, replaced by each run that polls."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import open_write
from pipeline.staging import Staging, open_read
from pipeline.store.layout import HOSTS_FOLDER
from schemas.state import FeedState, StagedFile
from schemas.tables import FEEDS

_LISTS = tuple(field.name for field in FEEDS if pa.types.is_list(field.type))
_NAMES = frozenset(FEEDS.names)


def read_feed_states(paths: Sequence[str]) -> dict[str, FeedState]:
    """All states in the files, by address; where an address stands in several, the one checked last.

    paths: of `_feeds`; those of hosts are passed over. A file of an older program lacks columns, whose fields then
    have their defaults; what a newer one added is ignored.
    """
    states: dict[str, FeedState] = {}
    for path in sorted(paths):
        if is_hosts_file(path):
            continue
        with open_read(path) as file:
            rows = pq.read_table(file).to_pylist()
        for row in rows:
            state = _state(row)
            known = states.get(state.url)
            if (
                known is None
                or known.checked_at is None
                or (state.checked_at or known.checked_at) >= known.checked_at
            ):
                states[state.url] = state
    return states


def is_hosts_file(path: str) -> bool:
    """Whether a file in `_feeds` holds hosts and no feeds."""
    return path.replace("\\", "/").split("/")[-2:-1] == [HOSTS_FOLDER]


def _state(row: dict[str, Any]) -> FeedState:
    known = {name: value for name, value in row.items() if name in _NAMES}
    for name in _LISTS:
        if name in known:
            known[name] = tuple(known[name])
    return FeedState(**known)


def stage_feed_states(states: Iterable[FeedState], staging: Staging, run_id: str) -> StagedFile:
    """Writes the states as the next `_feeds` file, in the staging folder."""
    rows = [dataclasses.asdict(state) for state in sorted(states, key=lambda state: state.url)]
    table = pa.Table.from_pylist(rows, schema=FEEDS)
    name = staging.new_name("feeds", ".parquet")
    with open_write(staging.path(name)) as file:
        pq.write_table(table, file, compression="zstd")
        size = file.tell()
    return StagedFile(name, f"_feeds/{run_id}.parquet", "feeds", table.num_rows, size)
