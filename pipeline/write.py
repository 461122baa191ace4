"""The steps at the foot of the graph: rows become tables, keys become index segments, and a run its summary."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import open_read, open_write
from pipeline.staging import Staging
from pipeline.store.index import hash_column, sorted_segment, write_segment
from schemas.dedup import IndexRows
from schemas.index import INDEXES
from schemas.records import SCHEMA_VERSION
from schemas.staged import RowSlice, RunSummary, WriteTask
from schemas.state import Counts, StagedFile
from schemas.tables import REGROUPED
from transforms.shards import by_shard
from transforms.summary import merge_summaries


@dataclasses.dataclass(eq=False)
class PlanWrites(beam.PTransform[Any, Any]):
    """Brings the slices of each task together: RowSlice -> WriteTask."""

    def expand(self, slices: beam.PCollection[RowSlice]) -> Any:
        """Wires one shuffle of slices, by task."""
        return (
            slices
            | "KeyByTask" >> beam.Map(_keyed_by_task).with_output_types(tuple[int, RowSlice])
            | "GroupByTask" >> beam.GroupByKey()
            | "ToWriteTasks"
            >> beam.MapTuple(lambda _, grouped: WriteTask(tuple(grouped))).with_output_types(WriteTask)
        )


def _keyed_by_task(piece: RowSlice) -> tuple[int, RowSlice]:
    return piece.shard, piece


@dataclasses.dataclass(eq=False)
class WriteIndex(beam.PTransform[Any, Any]):
    """Writes what has to be remembered as sorted segments: IndexRows -> RunSummary.

    One segment for each index and key range, in the staging folder.
    """

    staging: Staging
    run_id: str
    shards: int

    def expand(self, rows: beam.PCollection[IndexRows]) -> Any:
        """Wires one shuffle of index rows, by index and key range."""
        return (
            rows
            | "ShardIndexRows"
            >> beam.FlatMap(_sharded, shards=self.shards).with_output_types(tuple[str, IndexRows])
            | "GroupIndexRows" >> beam.GroupByKey()
            | "WriteSegments"
            >> beam.ParDo(_WriteSegment(self.staging, self.run_id)).with_output_types(RunSummary)
        )


def _sharded(batch: IndexRows, shards: int) -> Iterator[tuple[str, IndexRows]]:
    for shard, rows in by_shard(batch.rows, lambda row: str(row[0]), shards).items():
        yield f"{batch.index}/{shard:05d}", IndexRows(batch.index, rows)


class _WriteSegment(beam.DoFn):
    def __init__(self, staging: Staging, run_id: str) -> None:
        self._staging = staging
        self._run_id = run_id

    def process(self, element: tuple[str, Iterable[IndexRows]]) -> Iterator[RunSummary]:
        index, shard = element[0].split("/")
        rows = [row for batch in element[1] for row in batch.rows]
        yield RunSummary(files=(stage_segment(index, rows, self._staging, f"{self._run_id}-{shard}"),))


def stage_segment(
    index: str, rows: Iterable[tuple[str | int | bool | bytes | None, ...]], staging: Staging, name: str
) -> StagedFile:
    """Writes rows for an index as one sorted segment, in the staging folder.

    name: of the file to be, without its suffix.
    """
    table = sorted_segment(index_table(index, rows))
    staged = staging.new_name("index", ".parquet")
    with open_write(staging.path(staged)) as file:
        write_segment(table, file)
        size = file.tell()
    return StagedFile(staged, f"_index/{index}/{name}.parquet", f"index/{index}", table.num_rows, size)


def index_table(index: str, rows: Iterable[tuple[str | int | bool | bytes | None, ...]]) -> pa.Table:
    """Rows for an index, with hashes as they stand in the tables, as a table with that index's columns."""
    schema = INDEXES[index]
    columns: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for name, value in zip(schema.names, row, strict=True):
            columns[name].append(value)
    arrays = [
        hash_column(columns[field.name])
        if pa.types.is_fixed_size_binary(field.type)
        else pa.array(columns[field.name], type=field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


@dataclasses.dataclass(eq=False)
class WriteRegrouped(beam.PTransform[Any, Any]):
    """Writes what is remembered of regrouped articles as the table of them, too: IndexRows -> RunSummary.

    One file, for they are few.
    """

    staging: Staging
    run_id: str
    now: dt.datetime

    def expand(self, rows: beam.PCollection[IndexRows]) -> Any:
        """Wires one shuffle, of the rows of one index."""
        return (
            rows
            | "OnlyRegrouped" >> beam.FlatMap(_only_regrouped).with_output_types(tuple[str, IndexRows])
            | "GroupRegrouped" >> beam.GroupByKey()
            | "WriteRegroupedFile"
            >> beam.ParDo(_WriteRegrouped(self.staging, self.run_id, self.now)).with_output_types(RunSummary)
        )


def _only_regrouped(batch: IndexRows) -> list[tuple[str, IndexRows]]:
    return [(batch.index, batch)] if batch.index == "regrouped" else []


class _WriteRegrouped(beam.DoFn):
    def __init__(self, staging: Staging, run_id: str, now: dt.datetime) -> None:
        self._staging = staging
        self._run_id = run_id
        self._now = now

    def process(self, element: tuple[str, Iterable[IndexRows]]) -> Iterator[RunSummary]:
        rows = [row for batch in element[1] for row in batch.rows]
        yield RunSummary(
            Counts(regrouped=len(rows)),
            files=(stage_regrouped(rows, self._staging, self._run_id, self._now),),
        )


def stage_regrouped(
    rows: Iterable[tuple[Any, ...]], staging: Staging, run_id: str, now: dt.datetime
) -> StagedFile:
    """Writes rows for the index "regrouped" as a file of the table of that name, in the staging folder."""
    shared = {"regrouped_at": now, "run_id": run_id, "schema_version": SCHEMA_VERSION}
    table = pa.Table.from_pylist(
        [dict(zip(REGROUPED.names, row, strict=False)) | shared for row in sorted(rows)], schema=REGROUPED
    )
    name = staging.new_name("tables", ".parquet")
    with open_write(staging.path(name)) as file:
        pq.write_table(table, file, compression="zstd", write_page_checksum=True)
        size = file.tell()
    return StagedFile(name, f"regrouped/{run_id}-00000.parquet", "regrouped", table.num_rows, size)


@dataclasses.dataclass(eq=False)
class WriteSummary(beam.PTransform[Any, Any]):
    """Adds up all summaries and leaves the whole in the staging folder, for the commit: RunSummary -> nothing.

    It holds names and numbers only, and exists once all else that the run writes does.
    """

    staging: Staging

    def expand(self, summaries: beam.PCollection[RunSummary]) -> Any:
        """Wires the one step that every branch of the graph ends in."""
        return (
            summaries
            | "AddUp" >> beam.CombineGlobally(merge_summaries)
            | "WriteSummary" >> beam.Map(_write_summary, staging=self.staging)
        )


def _write_summary(summary: RunSummary, staging: Staging) -> None:
    with open_write(staging.path(summary_name(staging))) as file:
        file.write(msgspec.json.encode(summary))


def summary_name(staging: Staging) -> str:
    """Where a run's summary is left, relative to OUT."""
    return f"{staging.folder}/summary.json"


def read_summary(staging: Staging) -> RunSummary:
    """The summary that the graph has left. Raises FileNotFoundError where it didn't come so far."""
    with open_read(staging.path(summary_name(staging))) as file:
        return msgspec.json.decode(file.read(), type=RunSummary)
