"""Rows of staged files become the tables' Parquet files. Loads no Beam, since worker processes do it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.files import open_write
from pipeline.staging import Staging
from pipeline.store.hashes import hash_bytes
from pipeline.store.layout import partition_path
from schemas.dedup import DeadLetterKey
from schemas.staged import RowSlice, RunSummary, WriteTask
from schemas.state import StagedFile
from schemas.tables import file_schema

#: Rows held at once while partitions are written, as rough bytes in memory.
WRITE_BYTES = 128 << 20

#: Rough bytes of a row group: large enough to scan, small enough to skip.
ROW_GROUP_BYTES = 32 << 20

#: The partition value of articles whose source_domain is not known. No domain is spelled so: it has no dot.
UNKNOWN_DOMAIN = "unknown"

#: Columns whose values repeat; a dictionary of any other would only be built and thrown away.
_REPEATING = (
    "byline", "byline_org", "source", "source_domain", "time_quality", "language", "language_declared", "run_id",
    "duplicate_reason", "reason", "origin_uri", "feed_url",
    "authors.list.element", "tags.list.element", "warnings.list.element",
    "entities.list.element.label", "origin.kind", "origin.uri", "origin.feed_url",
)  # fmt: skip

#: Columns by which readers pass over files. The least and greatest text would be stored whole, and be a quarter of a
#: small file.
_COMPARED = (
    "article_id", "version", "canonical_url", "source", "source_domain", "published_at", "updated_at", "ingested_at",
    "language", "language_confidence", "word_count", "content_hash", "group_id", "run_id", "duplicate_of", "similarity",
    "containment", "stage", "reason", "origin_uri", "position", "failed_at", "payload_bytes",
)  # fmt: skip

#: Files with fewer rows than this are written without dictionaries, and compressed in their long columns only.
_SMALL_FILE_ROWS = 50
_LONG = (
    "title",
    "summary",
    "text",
    "content_hash",
    "article_id",
    "group_id",
    "url",
    "canonical_url",
    "detail",
    "payload",
)

_SORT = {
    "articles": ("published_at", "article_id", "version"),
    "duplicates": ("published_at", "article_id", "version"),
    "dead_letters": ("origin_uri", "position", "reason"),
}

_Codes = npt.NDArray[np.int64]


def partition_codes(table: pa.Table, keys: Sequence[str]) -> tuple[list[str], _Codes]:
    """The partitions that rows belong to, as folders ("date=2022-03-30/language=en"), and each row's place among them.

    keys: "date" or "month", then columns; or columns alone.
    """
    columns = []
    for key in keys:
        if key in ("date", "month"):
            moment = pc.coalesce(
                *(table.column(name) for name in ("published_at", "updated_at", "ingested_at"))
            )
            day = moment.cast(pa.timestamp("us")).cast(pa.date32())
            values = day if key == "date" else pc.floor_temporal(day, unit="month")
        else:
            values = pc.fill_null(table.column(key), UNKNOWN_DOMAIN)
        columns.append(values.combine_chunks().dictionary_encode())
    code = np.zeros(table.num_rows, dtype=np.int64)
    for column in columns:
        code = code * len(column.dictionary) + column.indices.to_numpy()
    held, places = np.unique(code, return_inverse=True)
    names = []
    for value in held.tolist():
        parts: list[tuple[str, str]] = []
        for key, column in zip(reversed(keys), reversed(columns), strict=True):
            value, place = divmod(value, len(column.dictionary))
            said = column.dictionary[place].as_py()
            parts.append((key, f"{said:%Y-%m}" if key == "month" else str(said)))
        names.append(partition_path(parts[::-1]))
    return names, places.reshape(-1)


def write_shard(table: str, partition: str, shards: int) -> int:
    """Which of the write tasks a partition belongs to: all its rows go to one."""
    # Python's own hash differs from process to process; this one has only to be even and the same everywhere.
    return _spread(table, partition) % shards


def _spread(table: str, partition: str) -> int:
    return zlib.crc32(f"{table}/{partition}".encode())


def stage_rows(
    staging: Staging, name: str, table: pa.Table, partition_by: Sequence[str], shards: int
) -> list[RowSlice]:
    """Stages rows of a table, those of each write task in a record batch of their own."""
    names, places = partition_codes(table, partition_by)
    shard_of = np.array([write_shard(name, partition, shards) for partition in names])[places]
    order = np.argsort(shard_of, kind="stable")
    found, starts = np.unique(shard_of[order], return_index=True)
    ordered = table.take(pa.array(order))
    counts = np.diff(np.append(starts, table.num_rows))
    batches = [ordered.slice(*bounds) for bounds in zip(starts.tolist(), counts.tolist(), strict=True)]
    file = staging.write_rows(name, *batches)
    row_bytes = max(1, table.nbytes // table.num_rows)
    return [
        RowSlice(name, shard, file, batch, None, row_bytes * count)
        for batch, (shard, count) in enumerate(zip(found.tolist(), counts.tolist(), strict=True))
    ]


def dead_letter_slices(keys: Iterable[DeadLetterKey]) -> list[RowSlice]:
    """The slices of staged dead letters that are to be written: one per file, all of one write task."""
    rows_of: dict[str, list[int]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    for key in keys:
        rows_of[key.ref.file].append(key.ref.row)
        sizes[key.ref.file] += key.payload_bytes + 512
    return [
        RowSlice("dead_letters", 0, file, 0, tuple(sorted(rows)), sizes[file])
        for file, rows in sorted(rows_of.items())
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class WriteTables:
    """Writes the rows of some partitions as Parquet files in the staging folder."""

    staging: Staging
    run_id: str
    partition_by: tuple[str, ...]

    def __call__(self, task: WriteTask) -> RunSummary:
        """One file per partition, or more where it is larger than what may be held at once; sorted by time."""
        slices: dict[str, list[RowSlice]] = defaultdict(list)
        for piece in sorted(task.slices, key=lambda piece: (piece.table, piece.file, piece.batch)):
            slices[piece.table].append(piece)
        return RunSummary(
            files=tuple(file for table, pieces in slices.items() for file in self._files(table, pieces))
        )

    def _files(self, table: str, pieces: Sequence[RowSlice]) -> Iterator[StagedFile]:
        keys = ["stage"] if table == "dead_letters" else list(self.partition_by)
        # What doesn't fit into memory is read several times, each time for some of the partitions.
        passes = -(-sum(piece.bytes for piece in pieces) // WRITE_BYTES)
        for turn in range(passes):
            numbers: Counter[str] = Counter()
            held: list[pa.Table] = []
            held_bytes = 0
            for piece in pieces:
                rows = self._rows(piece, keys, passes, turn)
                held.append(rows)
                held_bytes += rows.nbytes
                # One partition may still be larger.
                if held_bytes > 2 * WRITE_BYTES:
                    yield from self._write(table, keys, pa.concat_tables(held), numbers)
                    held, held_bytes = [], 0
            yield from self._write(table, keys, pa.concat_tables(held) if held else None, numbers)

    def _rows(self, piece: RowSlice, keys: Sequence[str], passes: int, turn: int) -> pa.Table:
        rows = self.staging.read_rows(piece.file, piece.batch)
        if piece.rows is not None:
            rows = rows.take(pa.array(piece.rows))
        if passes == 1:
            return rows
        names, places = partition_codes(rows, keys)
        # By other bits than those that chose the write task, which all partitions here share.
        wanted = np.array([(_spread(piece.table, name) >> 16) % passes == turn for name in names])
        return rows.filter(pa.array(wanted[places]))

    def _write(
        self, table_name: str, keys: Sequence[str], rows: pa.Table | None, numbers: Counter[str]
    ) -> Iterator[StagedFile]:
        if rows is None or not rows.num_rows:
            return
        schema = file_schema(table_name, keys)
        names, places = partition_codes(rows, keys)
        order = pc.sort_indices(
            rows.select(_SORT[table_name]).append_column("partition", pa.array(places)),
            [("partition", "ascending"), *((name, "ascending") for name in _SORT[table_name])],
        )
        rows = rows.select(schema.names).take(order).combine_chunks().cast(schema)
        starts = np.searchsorted(places[order.to_numpy()], np.arange(len(names) + 1)).tolist()
        row_bytes = max(1, rows.nbytes // rows.num_rows)
        for partition, start, end in zip(names, starts, starts[1:], strict=False):
            target = f"{table_name}/{partition}/{self.run_id}-{numbers[partition]:05d}.parquet"
            numbers[partition] += 1
            data = parquet_file(rows.slice(start, end - start), row_bytes)
            name = self.staging.new_name("tables", ".parquet")
            with open_write(self.staging.path(name)) as file:
                file.write(data)
            yield StagedFile(name, target, table_name, end - start, data.size, hash_bytes(data))


def parquet_file(rows: pa.Table, row_bytes: int) -> pa.Buffer:
    """Rows of a table as the bytes of a Parquet file. row_bytes: of one row in memory, roughly."""
    buffer = pa.BufferOutputStream()
    is_small = rows.num_rows < _SMALL_FILE_ROWS
    pq.write_table(
        rows,
        buffer,
        compression=_small_file_codecs(rows.schema) if is_small else "zstd",
        use_dictionary=False if is_small else _held(_REPEATING, rows.schema),
        write_statistics=_held(_COMPARED, rows.schema),
        write_page_checksum=True,
        row_group_size=max(1_000, ROW_GROUP_BYTES // row_bytes),
        # All that it says is in Parquet's own schema, too; it would be half of a small file.
        store_schema=False,
    )
    return buffer.getvalue()


def _held(paths: Sequence[str], schema: pa.Schema) -> list[str]:
    return [path for path in paths if path.split(".")[0] in schema.names]


def _small_file_codecs(schema: pa.Schema) -> dict[str, str]:
    """A codec for each column: of a few rows only long ones are worth the time that it takes to begin."""
    return {name: "zstd" if name in _LONG else "none" for name in schema.names}


def empty_file(
    table: str, staging: Staging, run_id: str, day: dt.date, partition_by: Sequence[str]
) -> StagedFile:
    """A file of a table without rows, for an OUT that has none yet.

    Readers fail on a folder or a pattern with no file in it, and can't tell the columns of one without a schema.
    """
    values = {"date": f"{day}", "month": f"{day:%Y-%m}", "language": "und", "source_domain": UNKNOWN_DOMAIN}
    keys = {"dead_letters": ["stage"], "regrouped": []}.get(table, list(partition_by))
    folder = "/".join(
        filter(None, [table, partition_path([(key, values.get(key, "parse")) for key in keys])])
    )
    name = staging.new_name("tables", ".parquet")
    with open_write(staging.path(name)) as file:
        pq.write_table(file_schema(table, keys).empty_table(), file, compression="zstd")
        size = file.tell()
    return StagedFile(name, f"{folder}/{run_id}-00000.parquet", table, 0, size)
