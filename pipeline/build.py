"""The graph, on one screen.

    files ─┐                                        ┌> dead letters ──────────────┐
    feeds ─┴> payloads ─> prepared (staged) ─ keys ─┴> dedup ─> finished (staged) ┴> tables ─> summary
                                                          └──────────> index ───────────────────┘

Texts go to the staging folder as soon as they are parsed; what is shuffled after that is keys and places.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.utils.shared import Shared

from pipeline.fetch.poll import PollSettings
from pipeline.progress import ProgressWriter
from pipeline.read import PARTS_PER_BATCH, ReadFilesAndFeeds
from pipeline.staging import Staging
from pipeline.store.index import KeyIndex
from pipeline.tables import WriteTables, dead_letter_slices
from pipeline.versions import installed_versions
from pipeline.work import FinishBatch, PrepareBatch
from pipeline.write import PlanWrites, WriteIndex, WriteRegrouped, WriteSummary
from schemas.sources import HostQueue, SourceFile
from schemas.staged import FinishedBatch, PolledFeeds, PreparedBatch, RowSlice, RunSummary
from schemas.state import Counts
from transforms.batches import RunBatches
from transforms.coders import register_coders
from transforms.dead_letters import SortDeadLetters
from transforms.dedup import DeduplicateArticles
from transforms.functions.stories import NearDuplicates
from transforms.recollection import KnownArticles

#: Articles that are finished together where a model reads them: a task of two seconds, so that no worker is left long
#: with the last one while the others have none.
ENTITY_ROWS_PER_TASK = 32

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


@dataclasses.dataclass(frozen=True, slots=True)
class RunPlan:
    """All that the graph of one run is built from: plain values.

    indexes: by name, as of the run's start. workers: processes of this machine that heavy work may use.
    spread: see `ReadFilesAndFeeds`. settle_shards: see `DeduplicateArticles`. patience_s: see `RunBatches`.
    pool: the handle of the workers; runs that share it share their processes.
    sources_text: publishers beside the packaged ones, as `load_publishers` takes them.
    """

    files: Sequence[SourceFile]
    feeds: Sequence[HostQueue]
    staging: Staging
    indexes: dict[str, KeyIndex]
    run_id: str
    now: dt.datetime
    language_detector: str
    entities: str
    near_duplicates: NearDuplicates
    near_window_days: int
    partition_by: tuple[str, ...]
    polling: PollSettings
    max_input_bytes: int
    key_shards: int
    workers: int
    spread: bool
    patience_s: float
    progress: ProgressWriter
    settle_shards: int = 1
    pool: Shared = dataclasses.field(default_factory=Shared)
    sources_text: str | None = None


def build(pipeline: beam.Pipeline, plan: RunPlan) -> None:
    """Adds the graph of a bounded run to a pipeline."""
    register_coders()

    def heavy(work: Callable[[Any], Any]) -> Any:
        return beam.ParDo(RunBatches(work, plan.workers, plan.pool, plan.patience_s))

    files = pipeline | "Files" >> beam.Create(plan.files, reshuffle=plan.spread).with_output_types(SourceFile)
    # One worker polls all of them: a redirect leads from host to host, and nobody else knows whose turn it is there.
    feeds = pipeline | "Feeds" >> beam.Create(plan.feeds, reshuffle=False).with_output_types(HostQueue)
    read = (files, feeds) | "Read" >> ReadFilesAndFeeds(
        plan.staging, plan.polling, plan.max_input_bytes, plan.now, plan.run_id, plan.progress, plan.spread
    )
    prepare = PrepareBatch(
        plan.staging, plan.now, plan.run_id, plan.near_duplicates != "off", plan.sources_text
    )
    from_files = read.from_files | "PrepareFiles" >> heavy(prepare).with_output_types(PreparedBatch)
    from_feeds = read.from_feeds | "PrepareFeeds" >> heavy(prepare).with_output_types(PreparedBatch)
    # Counted before they come together: the local runner ends one stage before it begins the next.
    prepared = (
        from_files | "CountFiles" >> beam.ParDo(_Count(plan.progress)).with_output_types(PreparedBatch),
        from_feeds | "CountFeeds" >> beam.ParDo(_Count(plan.progress)).with_output_types(PreparedBatch),
        read.refused | "CountRefused" >> beam.ParDo(_Count(plan.progress)).with_output_types(PreparedBatch),
    ) | "AllPrepared" >> beam.Flatten()

    dead = prepared | "DeadLetters" >> SortDeadLetters(
        plan.indexes["dead_letters"],
        plan.key_shards,
        dead_letter_slices,
    )
    known = KnownArticles(**{name: index for name, index in plan.indexes.items() if name != "dead_letters"})
    now_us = (plan.now - EPOCH) // dt.timedelta(microseconds=1)
    decided = prepared | "Deduplicate" >> DeduplicateArticles(
        known,
        plan.key_shards,
        plan.near_duplicates,
        now_us,
        now_us - plan.near_window_days * 24 * 3600 * 1_000_000,
        ENTITY_ROWS_PER_TASK if plan.entities != "none" else PARTS_PER_BATCH,
        plan.settle_shards,
    )
    finished = (
        decided.tasks
        | "Finish"
        >> heavy(
            FinishBatch(
                plan.staging, plan.language_detector, plan.entities, plan.partition_by, plan.key_shards
            )
        ).with_output_types(FinishedBatch)
        | "CountFinished" >> beam.ParDo(_Count(plan.progress)).with_output_types(FinishedBatch)
    )
    slices = (
        finished | "Slices" >> beam.FlatMap(lambda batch: batch.slices).with_output_types(RowSlice),
        dead.slices,
    ) | "AllSlices" >> beam.Flatten()
    written = (
        slices
        | "PlanWrites" >> PlanWrites()
        | "WriteTables"
        >> heavy(WriteTables(plan.staging, plan.run_id, plan.partition_by)).with_output_types(RunSummary)
    )
    indexed = (
        (decided.index_rows, dead.index_rows)
        | "AllIndexRows" >> beam.Flatten()
        # What one process writes is one segment, which needn't be joined again.
        | "WriteIndex" >> WriteIndex(plan.staging, plan.run_id, plan.key_shards if plan.spread else 1)
    )
    regrouped = decided.index_rows | "WriteRegrouped" >> WriteRegrouped(plan.staging, plan.run_id, plan.now)
    _ = (
        (
            prepared | "ReadCounts" >> beam.Map(_read_summary),
            finished | "Verdicts" >> beam.Map(_verdict_summary),
            read.polled | "FeedStates" >> beam.Map(_feed_summary),
            dead.summaries,
            written,
            indexed,
            regrouped,
        )
        | "AllSummaries" >> beam.Flatten()
        | "Summarise" >> WriteSummary(plan.staging)
    )


def _read_summary(batch: PreparedBatch) -> RunSummary:
    return RunSummary(Counts(read=batch.read), feed_names=batch.feed_names, versions=installed_versions())


def _verdict_summary(batch: FinishedBatch) -> RunSummary:
    return RunSummary(batch.counts, versions=installed_versions())


def _feed_summary(polled: PolledFeeds) -> RunSummary:
    return RunSummary(feed_states=polled.feeds, host_states=polled.hosts)


class _Count(beam.DoFn):
    """Passes batches through and tells the person who waits."""

    def __init__(self, progress: ProgressWriter) -> None:
        self._progress = progress

    def process(self, batch: PreparedBatch | FinishedBatch) -> list[PreparedBatch | FinishedBatch]:
        if isinstance(batch, PreparedBatch):
            self._progress.add(read=batch.read, dead_letter=len(batch.dead_letter_keys))
        else:
            counts = batch.counts
            self._progress.add(kept=counts.kept, duplicate=counts.duplicate, unchanged=counts.unchanged)
        return [batch]

    def finish_bundle(self) -> None:
        self._progress.flush()
