"""A small index in memory, of rows as `_index` holds them, and one that grows run by run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.write import index_table
from schemas.dedup import IndexRows
from schemas.index import INDEXES
from transforms.recollection import KnownArticles

#: Rows that are read together of the index of fingerprints.
PIECE_ROWS = 7


class KnownRows:
    """One index, as `pipeline.store.index.KeyIndex` reads it."""

    def __init__(self, name: str, rows: Iterable[tuple[Any, ...]] = ()) -> None:
        self._table = index_table(name, list(rows)).combine_chunks()
        self._places: dict[bytes, list[int]] = defaultdict(list)
        for place, key in enumerate(self._table["key"].to_pylist()):
            self._places[key].append(place)

    @property
    def segments(self) -> tuple[str, ...]:
        return ("all",) if self._table.num_rows else ()

    def lookup(self, wanted: Sequence[bytes]) -> pa.Table:
        places = [place for key in set(wanted) for place in self._places.get(key, ())]
        return self._table.take(pa.array(places, pa.int64()))

    def sharing_bands(self, bands: npt.NDArray[np.uint32], since_us: int) -> pa.Table:
        wanted = set(bands.tolist())
        found = [
            seen >= since_us and not wanted.isdisjoint(np.frombuffer(held, dtype="<u4").tolist())
            for held, seen in zip(
                self._table["bands"].to_pylist(), self._table["seen_us"].to_pylist(), strict=True
            )
        ]
        return self._table.filter(pa.array(found, pa.bool_()))

    def pieces(self, segment: str) -> int:
        return -(-int(self._table.num_rows) // PIECE_ROWS)

    def bands_of(self, segment: str, piece: int, since_us: int) -> pa.Table:
        table = self._table.slice(piece * PIECE_ROWS, PIECE_ROWS)
        recent = [seen >= since_us for seen in table["seen_us"].to_pylist()]
        return table.filter(pa.array(recent, pa.bool_())).select(["key", "version", "bands"])


class GrowingIndex:
    """All indexes; `add` takes what a run has to be remembered."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def add(self, batches: Iterable[IndexRows]) -> None:
        for batch in batches:
            self._rows[batch.index] += batch.rows

    def count(self, index: str) -> int:
        return len(self._rows[index])

    def known(self) -> KnownArticles:
        return KnownArticles(
            **{name: KnownRows(name, self._rows[name]) for name in INDEXES if name != "dead_letters"}
        )
