"""Drops what is committed already and adds language and entities to the rest: PreparedRows -> PreparedRows.

On every worker, before the one that decides: the model is what costs. What is dropped here is only what OUT is found to
hold, and what isn't enriched here is enriched there, so that nothing depends on this but speed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import apache_beam as beam
import pyarrow as pa

from pipeline.completion import parquet_files
from pipeline.enrichment import ENRICHED, EnrichRows
from pipeline.staging import pack_rows, unpack_rows
from pipeline.store.held_index import HeldIndex
from pipeline.store.layout import Layout
from pipeline.window import WindowSettings
from schemas.dedup import ArticleKeys, RowRef
from schemas.staged import PreparedRows
from transforms.functions.identity import hash_key


class EnrichNewRows(beam.DoFn):
    """Passes on what is not in OUT yet, enriched; of what is, only how much it was."""

    def __init__(self, settings: WindowSettings) -> None:
        self._layout = Layout(settings.output)
        self._enrich = EnrichRows(settings.language_detector, settings.entities)

    def setup(self) -> None:
        """Holds no keys yet."""
        self._items, self._texts = HeldIndex("items"), HeldIndex("contents")

    def process(self, rows: PreparedRows) -> Iterator[PreparedRows]:
        """Yields the rows once."""
        keys = rows.batch.keys
        if not keys:
            yield rows
            return
        known, told = self._known(keys)
        new = [key for key in keys if hash_key(key.item_hash) not in known]
        tables = {name: unpack_rows(data) for name, data in rows.rows}
        (name,) = {key.ref.file for key in keys}
        letters = tuple((other, data) for other, data in rows.rows if other != name)
        kept: tuple[ArticleKeys, ...] = ()
        if new:
            table = tables[name].take(pa.array([key.ref.row for key in new], type=pa.int64()))
            first = {key.content_key: place for place, key in reversed(list(enumerate(new)))}
            # Whose text is told already will most likely be set aside, and no model is to read it.
            is_worth = [
                key.content_key is None
                or (hash_key(key.content_key) not in told and first[key.content_key] == place)
                for place, key in enumerate(new)
            ]
            letters += ((name, pack_rows(self._enriched(table, is_worth))),)
            kept = tuple(dataclasses.replace(key, ref=RowRef(name, place)) for place, key in enumerate(new))
        yield dataclasses.replace(
            rows,
            batch=dataclasses.replace(rows.batch, keys=kept),
            rows=letters,
            known=rows.known + len(keys) - len(new),
        )

    def _enriched(self, table: pa.Table, is_worth: Sequence[bool]) -> pa.Table:
        marked = table.append_column(ENRICHED, pa.array([not worth for worth in is_worth]))
        # To be enriched here is what is not marked as done; afterwards the marks say the reverse.
        return self._enrich(marked).append_column(ENRICHED, pa.array(list(is_worth)))

    def _known(self, keys: Sequence[ArticleKeys]) -> tuple[set[bytes], set[bytes]]:
        """Which items are committed, and which texts; by their keys in the index."""
        items = [hash_key(key.item_hash) for key in keys]
        texts = [hash_key(key.content_key) for key in keys if key.content_key is not None]
        try:
            return self._held(self._items, "items", items), self._held(self._texts, "contents", texts)
        except FileNotFoundError:
            # A segment was replaced meanwhile. Who decides looks again.
            return set(), set()

    def _held(self, index: HeldIndex, name: str, keys: list[bytes]) -> set[bytes]:
        index.refresh(parquet_files(self._layout.index_dir(name)))
        return set(index.lookup(keys).column("key").to_pylist())
