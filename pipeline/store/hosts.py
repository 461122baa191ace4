"""State of hosts in `_feeds/hosts`: one Parquet file with a row per host, replaced by each run that polls."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import open_write
from pipeline.staging import Staging, open_read
from pipeline.store.feeds import is_hosts_file
from pipeline.store.layout import HOSTS_FOLDER
from schemas.state import HostState, StagedFile
from schemas.tables import HOSTS

_NAMES = frozenset(HOSTS.names)


def read_host_states(paths: Sequence[str]) -> dict[str, HostState]:
    """All states in the files, by host; where a host stands in several files, the last file's by name.

    paths: of `_feeds`; those of feeds are passed over.
    """
    states: dict[str, HostState] = {}
    for path in sorted(paths):
        if not is_hosts_file(path):
            continue
        with open_read(path) as file:
            rows = pq.read_table(file).to_pylist()
        for row in rows:
            state = HostState(**{name: value for name, value in row.items() if name in _NAMES})
            states[state.host] = state
    return states


def stage_host_states(states: Iterable[HostState], staging: Staging, run_id: str) -> StagedFile:
    """Writes the states as the next `_feeds/hosts` file, in the staging folder."""
    rows = [dataclasses.asdict(state) for state in sorted(states, key=lambda state: state.host)]
    table = pa.Table.from_pylist(rows, schema=HOSTS)
    name = staging.new_name("hosts", ".parquet")
    with open_write(staging.path(name)) as file:
        pq.write_table(table, file, compression="zstd")
        size = file.tell()
    return StagedFile(name, f"_feeds/{HOSTS_FOLDER}/{run_id}.parquet", "feeds/hosts", table.num_rows, size)
