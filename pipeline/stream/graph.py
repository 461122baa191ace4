"""The graph of a stream, on one screen.

    tick ─> each shard of hosts: poll, parse, normalise ─> what is known dropped, the rest enriched ─> windows ─> commit

One tick a second; a shuffle after it, for what is fused with an endless source is cut up by the engine while it runs,
and loses what it was at. Elements carry their rows with them: the workers share nothing but OUT.

What lasts is in OUT. The one step that decides (`commit`) asks the index before it writes, and writes by the protocol
of a run, so an engine may replay what it likes. All else that is remembered on the way is a cache, or is thrown away
by whoever finds OUT ahead of it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import FixedWindows
from apache_beam.utils.timestamp import Duration

from pipeline.fetch.poll import PollSettings
from pipeline.options import RunSettings
from pipeline.sources import find_feeds
from pipeline.start import poll_settings, read_sources_text, refuse_other_partitions
from pipeline.store.layout import Layout
from pipeline.store.manifest import committed_runs
from pipeline.stream.commit import CommitWindows
from pipeline.stream.enrich import EnrichNewRows
from pipeline.stream.poll import PollShards
from pipeline.stream.ticker import Ticker
from pipeline.window import WindowSettings, window_settings
from schemas.staged import PreparedRows, RunSummary, Tick
from transforms.coders import register_coders

#: What comes so much later than its window, in seconds, is a pane of its own. Nothing should: the watermark waits for
#: all that is under way, and times are those of this stream's own clock.
_LATENESS_S = 3600


@dataclasses.dataclass(frozen=True, slots=True)
class StreamPlan:
    """All that the graph of a stream is built from: plain values.

    stream_id: of this stream, see `StreamLease`.
    feeds: addresses, those with credentials too. polling: its `run_at`, `latest_start_s` and `known_hosts` don't count.
    poll_shards: how many workers may poll at the same time: each has hosts of its own.
    window_s, tick_s: seconds.
    all_due: whether every feed is due at the start.
    sources_text: publishers beside the packaged ones, as `load_publishers` takes them.
    """

    stream_id: str
    window: WindowSettings
    feeds: tuple[str, ...]
    polling: PollSettings
    poll_shards: int
    window_s: float
    tick_s: float = 1.0
    all_due: bool = False
    sources_text: str | None = None


def stream_plan(settings: RunSettings, layout: Layout, stream_id: str) -> StreamPlan:
    """What the graph is built from, by what the command line says; reads --sources, the lists of feeds, and OUT.

    Raises UsageError where the settings can't be worked with.
    """
    stream = settings.stream
    if stream is None:
        raise ValueError("these are not the settings of a stream")
    sources_text = read_sources_text(settings.sources)
    feeds = tuple(find_feeds(settings.feeds))
    refuse_other_partitions(layout, committed_runs(layout), settings.partition_by)
    return StreamPlan(
        stream_id=stream_id,
        window=window_settings(settings, layout, sources_text),
        feeds=feeds,
        polling=poll_settings(settings, run_at=None),
        poll_shards=stream.poll_shards,
        window_s=stream.window_s,
        all_due=settings.all_due,
        sources_text=sources_text,
    )


def build_stream(pipeline: beam.Pipeline, plan: StreamPlan) -> Any:
    """Adds the graph of a stream to a pipeline. Gives what each commit did, for tests: nobody else needs it."""
    register_coders()
    layout = Layout(plan.window.output)
    ticks = (
        pipeline
        | "Start" >> beam.Impulse()
        | "Tick" >> beam.ParDo(Ticker(layout, plan.stream_id, plan.tick_s)).with_output_types(Tick)
        | "LeaveTicker" >> beam.Reshuffle()
    )
    rows = ticks | "PollFeeds" >> PollShards(
        plan.feeds, plan.polling, plan.poll_shards, plan.window, plan.all_due, plan.sources_text
    )
    return rows | "Decide" >> DecideByWindow(plan.stream_id, plan.window, plan.window_s)


@dataclasses.dataclass(eq=False)
class DecideByWindow(beam.PTransform[Any, Any]):
    """Decides on prepared items window by window, and commits each: PreparedRows -> RunSummary, one a commit.

    window_s: seconds of a window, by the time at which items were fetched.
    """

    stream_id: str
    settings: WindowSettings
    window_s: float

    def expand(self, rows: beam.PCollection[PreparedRows]) -> Any:
        """Wires the enrichment, on all workers, and the decision, on one after another."""
        return (
            rows
            | "Spread" >> beam.Reshuffle()
            | "EnrichNew" >> beam.ParDo(EnrichNewRows(self.settings)).with_output_types(PreparedRows)
            | "Windows"
            >> beam.WindowInto(FixedWindows(self.window_s), allowed_lateness=Duration(_LATENESS_S))
            # Each decision needs all that was decided before it: which story is it, and is it told already?
            | "ToOne" >> beam.Map(_to_one).with_output_types(tuple[int, PreparedRows])
            | "ByWindow" >> beam.GroupByKey()
            | "Commit"
            >> beam.ParDo(CommitWindows(self.stream_id, self.settings)).with_output_types(RunSummary)
        )


def _to_one(rows: PreparedRows) -> tuple[int, PreparedRows]:
    return 0, rows
