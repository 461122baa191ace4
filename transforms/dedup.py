"""Decides for every staged article whether it is kept, a duplicate, or known: keys -> decisions.

The first shuffle of keys is by item, in key ranges, since `_index` is sorted the same way: what was met before, just
so, goes no further. What is left is new in some way: which article is it, which version, which story? In one process
`settle_stories` says so of all of it at once; on an engine with many workers `SettleSpread` comes to the same, and no
worker sees all of it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam

from schemas.dedup import DecisionBatch, IndexRows, KeysBatch
from schemas.staged import FinishTask, PreparedBatch
from transforms.functions.stories import NearDuplicates, settle_stories
from transforms.recollection import KnownArticles, Lookup, Recollection, drop_known_items, index_rows
from transforms.shards import by_shard, decisions_by_file
from transforms.spread_settlement import Settled, SettleSpread


class Deduplicated(NamedTuple):
    """What was decided.

    tasks: for each staged file one or more, all its rows decided between them. index_rows: what has to be remembered;
    the rows for the index "regrouped" are those of the table, too.
    """

    tasks: beam.PCollection[FinishTask]
    index_rows: beam.PCollection[IndexRows]


@dataclasses.dataclass(eq=False)
class DeduplicateArticles(beam.PTransform[Any, Any]):
    """Decides on articles by their keys: PreparedBatch -> FinishTask, and IndexRows for what is new.

    shards: key ranges of the first shuffle, a power of two. near: see `settle_stories`.
    settle_shards: key ranges in which new items are settled, a power of two; 1: all in one place, which is faster
    where there is only one.
    now_us: the run's time; since_us: from when on committed articles count as near. Microseconds since 1970 UTC.
    rows_per_task: the most that one task asks to be finished.
    """

    known: KnownArticles
    shards: int
    near: NearDuplicates
    now_us: int
    since_us: int
    rows_per_task: int
    settle_shards: int = 1

    def expand(self, prepared: beam.PCollection[PreparedBatch]) -> Deduplicated:
        """Wires the shuffles by item and of what is new, and the last that brings each file's decisions together."""
        met = (
            prepared
            | "ShardByItem" >> beam.ParDo(_ShardKeys(self.shards)).with_output_types(tuple[int, KeysBatch])
            | "GroupByItem" >> beam.GroupByKey()
            | "DropKnownItems"
            >> beam.ParDo(_DropKnownItems(self.known.items))
            .with_output_types(tuple[int, KeysBatch], decisions=tuple[str, DecisionBatch])
            .with_outputs(_DECISIONS, main="new")
        )
        settled = self._settled_together(met.new) if self.settle_shards == 1 else self._settled_apart(met.new)
        tasks = (
            (met[_DECISIONS], *settled.decisions)
            | "AllDecisions" >> beam.Flatten()
            | "GroupByFile" >> beam.GroupByKey()
            | "ToTasks"
            >> beam.FlatMapTuple(functools.partial(_finish_tasks, self.rows_per_task)).with_output_types(
                FinishTask
            )
        )
        return Deduplicated(tasks, settled.index_rows | "AllSettledRows" >> beam.Flatten())

    def _settled_together(self, new: beam.PCollection[tuple[int, KeysBatch]]) -> Settled:
        settled = (
            new
            | "GroupNew" >> beam.GroupByKey()
            | "SettleStories"
            >> beam.ParDo(_SettleStories(self.known, self.near, self.now_us, self.since_us))
            .with_output_types(tuple[str, DecisionBatch], index_rows=IndexRows)
            .with_outputs(_INDEX_ROWS, main=_DECISIONS)
        )
        return Settled([settled[_DECISIONS]], [settled[_INDEX_ROWS]])

    def _settled_apart(self, new: beam.PCollection[tuple[int, KeysBatch]]) -> Settled:
        spread = SettleSpread(self.known, self.settle_shards, self.near, self.now_us, self.since_us)
        settled: Settled = new | "Settle" >> spread
        return settled


_DECISIONS = "decisions"
_INDEX_ROWS = "index_rows"


class _ShardKeys(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, batch: PreparedBatch) -> Iterator[tuple[int, KeysBatch]]:
        for shard, keys in by_shard(batch.keys, lambda keys: keys.item_hash, self._shards).items():
            yield shard, KeysBatch(keys)


class _DropKnownItems(beam.DoFn):
    """Passes on one of each item that is not known; every other item is unchanged."""

    def __init__(self, index: Lookup) -> None:
        self._index = index

    def process(self, element: tuple[int, Iterable[KeysBatch]]) -> Iterator[Any]:
        new, unchanged = drop_known_items((keys for batch in element[1] for keys in batch.keys), self._index)
        if new:
            yield 0, KeysBatch(tuple(new))
        for file_and_batch in decisions_by_file(unchanged):
            yield beam.pvalue.TaggedOutput(_DECISIONS, file_and_batch)


class _SettleStories(beam.DoFn):
    def __init__(self, known: KnownArticles, near: NearDuplicates, now_us: int, since_us: int) -> None:
        self._recollection = Recollection(known, near != "off", since_us)
        self._near = near
        self._now_us = now_us
        self._window_us = now_us - since_us

    def process(self, element: tuple[int, Iterable[KeysBatch]]) -> Iterator[Any]:
        new = [keys for batch in element[1] for keys in batch.keys]
        recollection = self._recollection
        settlement = settle_stories(
            new, recollection.known_to(new), self._near, self._window_us, recollection.circle_of
        )
        yield from decisions_by_file(one.decision for one in settlement.items)
        for rows in index_rows(settlement, self._now_us):
            yield beam.pvalue.TaggedOutput(_INDEX_ROWS, rows)


def _finish_tasks(limit: int, file: str, batches: Iterable[DecisionBatch]) -> Iterator[FinishTask]:
    decisions = sorted(
        (decision for batch in batches for decision in batch.decisions), key=lambda decision: decision.ref.row
    )
    if [decision.ref.row for decision in decisions] != list(range(len(decisions))):
        raise AssertionError(f"{file}: not one decision for each row")
    for start in range(0, len(decisions), limit):
        yield FinishTask(file, len(decisions), tuple(decisions[start : start + limit]))
