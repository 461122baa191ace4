"""An index whose keys stay at hand between look-ups, for a process that asks it again and again.

`KeyIndex` reads of each segment what may hold a key: little for a run, which asks once, and too much for ten items
every few seconds. Here each segment's keys are read once, into sorted arrays; what a look-up reads after that is what
it has found. Large arrays lie in temporary files that are mapped, so that the memory they take is the system's to take
back: 16 bytes for each key, and 400 for each fingerprint of the near-duplicate window.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.store.index import KEY_BYTES, Wanted, band_keys, key_array, open_segment
from schemas.index import INDEXES

#: Arrays of more bytes are mapped.
_MAPPED_BYTES = 1 << 20

_Words = npt.NDArray[np.uint64]


class HeldIndex:
    """One index, asked like a `KeyIndex`. name: of `schemas.index.INDEXES`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._segments: dict[str, _Segment] = {}

    def refresh(self, paths: Sequence[str]) -> HeldIndex:
        """Goes by these segments from now on; reads the keys of those that are new, and forgets the others."""
        self._segments = {
            path: self._segments.get(path) or _Segment(path, INDEXES[self._name]) for path in paths
        }
        return self

    def lookup(self, keys: Sequence[bytes]) -> pa.Table:
        """All rows whose key is among `keys` (16 bytes each, in any order, repeats allowed), in no order."""
        if not keys or not self._segments:
            return INDEXES[self._name].empty_table()
        wanted = Wanted.of(keys)
        return pa.concat_tables([segment.lookup(wanted) for segment in self._segments.values()])

    def sharing_bands(self, bands: npt.NDArray[np.uint32], since_us: int) -> pa.Table:
        """See `KeyIndex.sharing_bands`."""
        if not bands.size or not self._segments:
            return INDEXES[self._name].empty_table()
        wanted = np.unique(bands)
        return pa.concat_tables(
            [segment.sharing_bands(wanted, since_us) for segment in self._segments.values()]
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Bands:
    """The fingerprints of a segment by their band keys.

    entries: band key and row as the halves of a number, sorted. seen_us: of each row; rows that were too old already
    when they were read have no entries. since_us: that bound.
    """

    entries: _Words
    seen_us: npt.NDArray[np.int64]
    since_us: int


class _Segment:
    """One segment's keys, as they lie in its file: sorted."""

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._path = path
        self._schema = schema
        with open_segment(path) as file, pq.ParquetFile(file) as parquet:
            self._metadata = parquet.metadata
            keys = key_array(parquet.read(columns=["key"]).column("key"))
        groups = range(self._metadata.num_row_groups)
        self._starts = np.cumsum([0, *(self._metadata.row_group(group).num_rows for group in groups)])
        self._high = _kept(keys["high"].astype(np.uint64))
        self._low = _kept(keys["low"].astype(np.uint64))
        self._bands: _Bands | None = None

    def lookup(self, wanted: Wanted) -> pa.Table:
        """The rows of wanted keys."""
        places = wanted.places_in(self._high, self._low)
        if self._schema.names == ["key"]:
            halves = np.stack([self._high[places], self._low[places]], axis=1).astype(">u8")
            keys = pa.FixedSizeBinaryArray.from_buffers(
                pa.binary(KEY_BYTES), len(places), [None, pa.py_buffer(halves.tobytes())]
            )
            return pa.Table.from_arrays([keys], schema=self._schema)
        return self._rows(places)

    def sharing_bands(self, wanted: npt.NDArray[np.uint32], since_us: int) -> pa.Table:
        """The rows, not older, that hold a wanted band key. wanted: sorted."""
        if self._bands is None or self._bands.since_us > since_us:
            self._bands = self._read_bands(since_us)
        entries = self._bands.entries
        begins = np.searchsorted(entries, wanted.astype(np.uint64) << np.uint64(32))
        ends = np.searchsorted(entries, (wanted.astype(np.uint64) + np.uint64(1)) << np.uint64(32))
        counts = ends - begins
        places = np.arange(counts.sum()) + np.repeat(begins - (np.cumsum(counts) - counts), counts)
        rows = np.unique((entries[places] & np.uint64(0xFFFFFFFF)).astype(np.int64))
        return self._rows(rows[self._bands.seen_us[rows] >= since_us])

    def _read_bands(self, since_us: int) -> _Bands:
        parts: list[_Words] = []
        seen: list[npt.NDArray[np.int64]] = []

        def read(parquet: pq.ParquetFile, group: int) -> None:
            table = parquet.read_row_group(group, columns=["seen_us", "bands"])
            seen_us = table.column("seen_us").to_numpy()
            seen.append(seen_us)
            keys, rows = band_keys(table.column("bands"))
            recent = seen_us[rows] >= since_us
            places = (rows[recent] + self._starts[group]).astype(np.uint64)
            parts.append((keys[recent].astype(np.uint64) << np.uint64(32)) | places)

        self._each_group(range(self._metadata.num_row_groups), read)
        entries = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)
        entries.sort()
        seen_us = np.concatenate(seen) if seen else np.zeros(0, dtype=np.int64)
        return _Bands(_kept(entries), seen_us, since_us)

    def _rows(self, places: npt.NDArray[np.int64]) -> pa.Table:
        """The rows at some places, which are sorted."""
        found = [self._schema.empty_table()]
        groups = np.searchsorted(self._starts, places, side="right") - 1

        def read(parquet: pq.ParquetFile, group: int) -> None:
            hits = places[groups == group] - self._starts[group]
            table = parquet.read_row_group(group, columns=self._schema.names)
            found.append(table.take(pa.array(hits)).cast(self._schema))

        self._each_group(np.unique(groups).tolist(), read)
        return pa.concat_tables(found)

    def _each_group(self, groups: Sequence[int], read: Callable[[pq.ParquetFile, int], Any]) -> None:
        if groups:
            with (
                open_segment(self._path) as file,
                pq.ParquetFile(file, metadata=self._metadata) as parquet,
            ):
                for group in groups:
                    read(parquet, group)


def _kept(values: _Words) -> _Words:
    """An array as it is to be kept: a large one in a temporary file, which goes when nobody has it any more."""
    if values.nbytes <= _MAPPED_BYTES:
        return values
    # The mapping holds the file, which has no name.
    with tempfile.TemporaryFile(prefix="newsbeam-") as file:
        mapped: _Words = np.memmap(file, dtype=np.uint64, mode="w+", shape=values.shape)
    mapped[:] = values
    return mapped
