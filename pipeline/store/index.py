"""Reading, extending and merging `_index`: sorted segments of fixed-width keys.

A segment is one Parquet file, sorted by `key`, immutable. A look-up of n new keys among m known reads the key
column of those row groups whose range holds a new key, once and in order, and other columns only where a key
matches. Segments of like size are merged when there are many, so their number stays logarithmic.
"""

from __future__ import annotations

import bisect
import contextlib
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import is_local, open_read
from schemas.index import INDEXES

KEY_BYTES = 16

#: Rows in a row group: small enough that a look-up of few keys skips most of a large segment.
ROW_GROUP_ROWS = 65_536

#: The same for fingerprints, of which one is sixty times as large as a key.
FINGERPRINT_GROUP_ROWS = 4_096

#: So many segments of one size class are merged into one of the next.
MERGE_FANOUT = 8

#: The smallest size class, in rows.
SMALLEST_CLASS_ROWS = 4_096

#: What a merge rewrites at the most; larger segments are left as they are.
LARGEST_MERGE_ROWS = 4_000_000

# Keys compare as two big-endian halves: NumPy orders structured values field by field, and byte strings ("S16")
# would lose trailing NULs.
_ORDERED = np.dtype([("high", ">u8"), ("low", ">u8")])
_Keys = npt.NDArray[np.void]


@dataclasses.dataclass(frozen=True, slots=True)
class KeyIndex:
    """One index as of the start of a run. Plain values only, so that it travels to any worker.

    name: of `schemas.index.INDEXES`. segments: full paths, in any order.
    """

    name: str
    segments: tuple[str, ...] = ()

    def lookup(self, keys: Sequence[bytes]) -> pa.Table:
        """All rows whose key is among `keys` (16 bytes each, in any order, repeats allowed), in no order."""
        schema = INDEXES[self.name]
        if not keys or not self.segments:
            return schema.empty_table()
        wanted = Wanted.of(keys)
        found = [table for segment in self.segments for table in _lookup_segment(segment, wanted, schema)]
        return pa.concat_tables(found) if found else schema.empty_table()

    def sharing_bands(self, bands: npt.NDArray[np.uint32], since_us: int) -> pa.Table:
        """The rows of the index of fingerprints that share a band key with any of `bands`, and are not too old.

        bands: of new articles, in any shape. since_us: the oldest `seen_us` that counts.

        Reads the bands of all rows in the window once, row group by row group, and other columns of the rows found.
        """
        schema = INDEXES[self.name]
        if not bands.size or not self.segments:
            return schema.empty_table()
        wanted = np.unique(bands)
        marked = np.zeros(1 << _MARK_BITS, dtype=np.bool_)
        marked[wanted >> (32 - _MARK_BITS)] = True
        found = [
            table
            for segment in self.segments
            for table in _banded_rows(segment, wanted, marked, since_us, schema)
        ]
        return pa.concat_tables(found) if found else schema.empty_table()

    def pieces(self, segment: str) -> int:
        """How many row groups a segment has: each can be read by itself, on any worker."""
        with open_segment(segment) as file, pq.ParquetFile(file) as parquet:
            groups: int = parquet.metadata.num_row_groups
            return groups

    def bands_of(self, segment: str, piece: int, since_us: int) -> pa.Table:
        """The columns key, version and bands of a row group of the index of fingerprints, without too old rows."""
        schema = INDEXES[self.name]
        columns = ["key", "version", "bands"]
        with open_segment(segment) as file, pq.ParquetFile(file) as parquet:
            if not _has_recent(parquet, piece, since_us, schema):
                return pa.schema([schema.field(name) for name in columns]).empty_table()
            table = parquet.read_row_group(piece, columns=["seen_us", *columns])
        recent = table.column("seen_us").to_numpy() >= since_us
        return table.select(columns).filter(pa.array(recent))


#: The high bits of a band key by which most rows are ruled out before keys are compared.
_MARK_BITS = 22


def _banded_rows(
    segment: str,
    wanted: npt.NDArray[np.uint32],
    marked: npt.NDArray[np.bool_],
    since_us: int,
    schema: pa.Schema,
) -> Iterator[pa.Table]:
    with open_segment(segment) as file, pq.ParquetFile(file) as parquet:
        for group in range(parquet.metadata.num_row_groups):
            if not _has_recent(parquet, group, since_us, schema):
                continue
            table = parquet.read_row_group(group, columns=["seen_us", "bands"])
            recent = table.column("seen_us").to_numpy() >= since_us
            keys, rows = band_keys(table.column("bands"))
            near = marked[keys >> (32 - _MARK_BITS)]
            keys, rows = keys[near], rows[near]
            places = np.searchsorted(wanted, keys)
            places[places == len(wanted)] = 0
            hits = np.unique(rows[wanted[places] == keys])
            hits = hits[recent[hits]]
            if len(hits):
                yield parquet.read_row_group(group, columns=schema.names).take(pa.array(hits)).cast(schema)


def _has_recent(parquet: pq.ParquetFile, group: int, since_us: int, schema: pa.Schema) -> bool:
    """Whether a row group may hold what is not too old."""
    column = parquet.metadata.row_group(group).column(schema.get_field_index("seen_us"))
    statistics = column.statistics
    return statistics is None or not statistics.has_min_max or statistics.max >= since_us


def band_keys(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """All keys in a column of bands, one after the other, and the row of each."""
    keys, rows = [np.zeros(0, dtype=np.uint32)], [np.zeros(0, dtype=np.int64)]
    start = 0
    for chunk in column.chunks:
        if len(chunk):
            offsets = np.frombuffer(
                chunk.buffers()[1], dtype="<i4", count=len(chunk) + 1, offset=chunk.offset * 4
            )
            data = np.frombuffer(chunk.buffers()[2] or b"", dtype="<u4")
            keys.append(data[offsets[0] // 4 : offsets[-1] // 4])
            rows.append(np.repeat(np.arange(start, start + len(chunk)), np.diff(offsets) // 4))
            start += len(chunk)
    return np.concatenate(keys), np.concatenate(rows)


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Keys that are looked up, each once, in order, as two halves: NumPy is fast on plain integers only."""

    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, keys: Sequence[bytes]) -> Wanted:
        """Of 16 bytes each, in any order; at least one."""
        halves = np.frombuffer(b"".join(sorted(set(keys))), dtype=">u8").reshape(-1, 2).astype(np.uint64)
        return cls(np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1]))

    def places_in(self, high: npt.NDArray[np.uint64], low: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The places of wanted keys among held ones, which are sorted: each wanted one is looked for, not each held."""
        if not len(high):
            return np.zeros(0, dtype=np.int64)
        some = slice(np.searchsorted(self.high, high[0]), np.searchsorted(self.high, high[-1], side="right"))
        begins = np.searchsorted(high, self.high[some])
        counts = np.searchsorted(high, self.high[some], side="right") - begins
        # One place, or the few that share their high half, for each wanted key that may be there.
        places = np.arange(counts.sum()) + np.repeat(begins - (np.cumsum(counts) - counts), counts)
        alike = low[places].astype(np.uint64) == np.repeat(self.low[some], counts)
        found: npt.NDArray[np.int64] = np.unique(places[alike])
        return found


def _lookup_segment(segment: str, wanted: Wanted, schema: pa.Schema) -> Iterator[pa.Table]:
    with open_segment(segment) as file, pq.ParquetFile(file) as parquet:
        for group in range(parquet.metadata.num_row_groups):
            if not _may_hold(parquet.metadata.row_group(group).column(0).statistics, wanted):
                continue
            held = key_array(parquet.read_row_group(group, columns=["key"]).column("key"))
            hits = _places_of(wanted, held)
            if len(hits):
                yield parquet.read_row_group(group, columns=schema.names).take(pa.array(hits)).cast(schema)


def _may_hold(statistics: Any, wanted: Wanted) -> bool:
    """Whether a row group's range, by the high halves, holds a wanted key."""
    if statistics is None or not statistics.has_min_max:
        return True
    lowest, highest = (
        np.uint64(int.from_bytes(bound[:8], "big")) for bound in (statistics.min, statistics.max)
    )
    start = int(np.searchsorted(wanted.high, lowest, side="left"))
    return start < int(np.searchsorted(wanted.high, highest, side="right"))


def _places_of(wanted: Wanted, held: _Keys) -> npt.NDArray[np.int64]:
    if not len(held):
        return np.zeros(0, dtype=np.int64)
    return wanted.places_in(held["high"].astype(np.uint64), held["low"])


def key_array(column: pa.ChunkedArray) -> _Keys:
    """A column of 16-byte keys as a NumPy array whose values compare in key order."""
    parts = []
    for chunk in column.chunks:
        if len(chunk):
            parts.append(
                np.frombuffer(
                    chunk.buffers()[1], dtype=_ORDERED, count=len(chunk), offset=chunk.offset * KEY_BYTES
                )
            )
    return np.concatenate(parts) if parts else np.empty(0, dtype=_ORDERED)


def sorted_segment(table: pa.Table) -> pa.Table:
    """The table's distinct rows, sorted by key and then by the other columns, so that equal content is equal."""
    names = table.column_names
    distinct = table.group_by(names).aggregate([])
    return distinct.select(names).sort_by([(name, "ascending") for name in names])


def open_segment(path: str) -> Any:
    """Opens a segment for reading; the caller closes it."""
    # Not mapped: what is read of a large index once would stay in this process's memory until the file is closed.
    return pa.OSFile(path) if is_local(path) else open_read(path)


def write_segment(table: pa.Table, file: Any) -> None:
    """Writes a sorted table as one segment."""
    with _segment_writer(file, table.schema) as writer:
        writer.write_table(table, _group_rows(table.schema))


def merge_segments(paths: Sequence[str], index: str, file: Any) -> int:
    """Writes the distinct rows of some segments as one, and returns how many there are.

    Of each segment one or two row groups are held at a time, whatever its size.
    """
    schema = INDEXES[index]
    group_rows = _group_rows(schema)
    written: int = 0
    held = schema.empty_table()
    with contextlib.ExitStack() as stack:
        parts = [
            _Part(stack.enter_context(pq.ParquetFile(stack.enter_context(open_segment(path)))))
            for path in paths
        ]
        writer = stack.enter_context(_segment_writer(file, schema))
        for table in _merged(parts, schema):
            held = pa.concat_tables([held, table])
            whole = held.num_rows - held.num_rows % group_rows
            if whole:
                writer.write_table(held.slice(0, whole), group_rows)
            # A copy, or the slice would keep what it was cut from.
            held = held.slice(whole).combine_chunks()
            written += whole
        if held.num_rows:
            writer.write_table(held, group_rows)
            written += held.num_rows
    return written


def _segment_writer(file: Any, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        # Hashes don't repeat: a dictionary of them would be built and thrown away.
        use_dictionary=False,
        write_statistics=True,
        write_page_checksum=True,
    )


def _group_rows(schema: pa.Schema) -> int:
    return FINGERPRINT_GROUP_ROWS if "sketch" in schema.names else ROW_GROUP_ROWS


class _Part:
    """A segment that is read from its beginning to its end. rows: those that were read and not yet taken."""

    def __init__(self, parquet: pq.ParquetFile) -> None:
        self._parquet = parquet
        self._groups: int = parquet.metadata.num_row_groups
        self._next_group = 0
        self.rows: pa.Table = parquet.schema_arrow.empty_table()
        self.read_on()

    def read_on(self) -> None:
        """Adds the next row group that holds anything."""
        while self._next_group < self._groups:
            group = self._parquet.read_row_group(self._next_group)
            self._next_group += 1
            if group.num_rows:
                self.rows = pa.concat_tables([self.rows, group]).combine_chunks()
                return

    @property
    def is_read(self) -> bool:
        """Whether nothing is left in the file."""
        return self._next_group == self._groups

    def last_key(self) -> bytes:
        """The highest key that was read."""
        return bytes(self.rows.column("key")[-1].as_py())

    def take_below(self, bound: bytes | None) -> pa.Table:
        """Takes the rows whose key is below a bound; all with None."""
        keys = self.rows.column("key")
        place = len(keys)
        if bound is not None:
            place = bisect.bisect_left(range(place), bound, key=lambda row: keys[row].as_py())
        taken = self.rows.slice(0, place)
        self.rows = self.rows.slice(place)
        return taken


def _merged(parts: Sequence[_Part], schema: pa.Schema) -> Iterator[pa.Table]:
    """The distinct rows of sorted parts, as tables that follow one another."""
    while True:
        unread = [part for part in parts if not part.is_read]
        # What is still unread of a part may begin with the last key that was read of it, and not before.
        first = min(unread, key=_Part.last_key, default=None)
        bound = None if first is None else first.last_key()
        taken = [part.take_below(bound).cast(schema) for part in parts]
        yield sorted_segment(pa.concat_tables(taken))
        if first is None:
            return
        first.read_on()


def size_class(rows: int) -> int:
    """The size class of a segment: 0 up to `SMALLEST_CLASS_ROWS`, then one more for each `MERGE_FANOUT`-fold."""
    size = 0
    while rows > SMALLEST_CLASS_ROWS:
        rows //= MERGE_FANOUT
        size += 1
    return size


def segments_to_merge(segments: Sequence[tuple[str, int]]) -> list[str]:
    """Which of the segments (path, rows) should become one: the smallest class that has `MERGE_FANOUT` of them.

    Returns [] where nothing needs to be merged. What a merge would make larger than `LARGEST_MERGE_ROWS` is left.
    """
    ordered = sorted(segments, key=lambda segment: (size_class(segment[1]), segment[0]))
    for _, same in itertools.groupby(ordered, key=lambda segment: size_class(segment[1])):
        members = list(same)
        if len(members) >= MERGE_FANOUT and sum(rows for _, rows in members) <= LARGEST_MERGE_ROWS:
            return [path for path, _ in members]
    return []


def hash_column(hashes: Sequence[str | None]) -> pa.Array:
    """Hashes as `identity.hash_fields` writes them, as a column of their 16 bytes."""
    values = [None if hashed is None else bytes.fromhex(hashed[-32:]) for hashed in hashes]
    return pa.array(values, type=pa.binary(KEY_BYTES))
