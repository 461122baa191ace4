"""One bounded run from start to commit: lock, recover, find what to read; for each chunk run the graph and commit."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import gc
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions, SetupOptions, _BeamArgumentParser
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.utils.shared import Shared

from pipeline.build import RunPlan, build
from pipeline.chunks import START, cut
from pipeline.completion import read_indexes, with_state
from pipeline.files import delete_folder, is_local, require_filesystem
from pipeline.options import RunSettings
from pipeline.polling import (
    feed_requests,
    fewer_items_note,
    host_queues,
    read_states,
    resting_hosts,
)
from pipeline.prestart import is_large
from pipeline.progress import ProgressWriter, show_progress
from pipeline.report import RunTotal, total_of
from pipeline.sources import find_feeds, find_files
from pipeline.staging import Staging
from pipeline.start import poll_settings, read_sources_text, refuse_other_partitions
from pipeline.stated import stated_options
from pipeline.store.commit import abandon, commit, recover
from pipeline.store.layout import Layout, check_run_id, new_run_id, output_layout, staging_name
from pipeline.store.lock import output_lock
from pipeline.store.manifest import committed_runs, read_manifest
from pipeline.store.series import (
    chunk_run_id,
    committed_chunks,
    last_chunks,
    refuse_chunk_id,
    signature_of,
    where_to_begin,
)
from pipeline.versions import installed_versions, joined_versions
from pipeline.write import read_summary
from schemas.errors import RunError, SeriesStopped, UsageError
from schemas.records import SCHEMA_VERSION
from schemas.sources import HostQueue, SourceFile
from schemas.staged import RunSummary
from schemas.state import Cursor, FeedState, HostState, Manifest, Series
from transforms.batches import PATIENCE_S

_LOG = logging.getLogger("newsbeam")

#: Seconds of work that a step does in place on what feeds alone hold, before processes are started for the rest. Hosts
#: have to be waited for in any case, and two processes take 200 MB.
FEEDS_PATIENCE_S = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class RunOutcome:
    """What a run ends with.

    total: what the run did, all its chunks together. recovered: runs that an earlier crash had left to be completed.
    repeated: whether the run was committed before under the same id, and nothing was done now.
    note: something unusual about it, in a line.
    """

    total: RunTotal
    recovered: tuple[str, ...] = ()
    repeated: bool = False
    note: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Common:
    """What all chunks of a run share.

    stated: the options that their manifests keep. pool: of the worker processes, which outlive a chunk.
    clock_offset: how far the run's clock is ahead of the machine's.
    sources_text: what --sources holds.
    """

    settings: RunSettings
    options: PipelineOptions
    layout: Layout
    stated: dict[str, Any]
    now: dt.datetime
    progress: ProgressWriter
    pool: Shared
    clock_offset: dt.timedelta
    sources_text: str | None


def run(settings: RunSettings) -> RunOutcome:
    """Runs once and commits; a large input in chunks, each committed before the next one begins.

    Raises UsageError where the settings or the output folder can't be worked with, before anything starts; RunError
    or whatever the graph raised where the run failed: then nothing of it, or of the chunk in hand, is in the tables.
    Where chunks were committed before, anything but a RunError is the cause of a SeriesStopped.
    """
    started_at = dt.datetime.now(dt.timezone.utc)
    if settings.run_id is not None:
        refuse_chunk_id(check_run_id(settings.run_id))
    layout = output_layout(settings.output)
    options = beam_options(settings)
    # Filesystems other than the disk take their credentials and addresses from Beam's options.
    FileSystems.set_options(options)
    require_filesystem(layout.output)
    sources_text = read_sources_text(settings.sources)
    files, passed_over = find_files(settings.inputs)
    addresses = find_feeds(settings.feeds)
    if passed_over:
        shown = ", ".join(f"{count} {ending}" for ending, count in sorted(passed_over.items()))
        _LOG.info("passed over files that nothing here reads: %s", shown)

    with output_lock(layout):
        recovered = tuple(recover(layout))
        for name in recovered:
            _LOG.warning("completed the commit of run %s, which an earlier start had left half-way", name)
        seen = committed_runs(layout)
        stated = stated_options(settings, sources_text)
        if settings.run_id in seen:
            manifest = _repeated(read_manifest(layout, settings.run_id), settings.run_id, stated)
            return RunOutcome(total_of(manifest), recovered, repeated=True)
        signature = signature_of(stated, addresses, files)
        start = where_to_begin(last_chunks(layout, seen), signature, settings.run_id)
        if start.is_done and start.series_id is not None:
            chunks = committed_chunks(layout, start.series_id, start.number)
            total = RunTotal(start.series_id)
            for manifest in chunks:
                total = total.plus(_repeated(manifest, start.series_id, stated))
            return RunOutcome(total, recovered, repeated=True)
        refuse_other_partitions(layout, seen, settings.partition_by)
        now = start.now or settings.now or started_at
        run_id = start.series_id or new_run_id(now, secrets.token_bytes(3))
        total = RunTotal(run_id)
        if start.goes_on:
            for manifest in committed_chunks(layout, run_id, start.number - 1):
                total = total.plus(manifest)
            _LOG.warning(
                "goes on with run %s at chunk %d: what it had read until then, %d items, is committed",
                run_id,
                start.number,
                total.counts.read,
            )
        with _progress(settings, files, start.begin) as progress:
            is_present = start.now is None and settings.now is None
            offset = dt.timedelta(0) if is_present else now - dt.datetime.now(dt.timezone.utc)
            common = _Common(settings, options, layout, stated, now, progress, Shared(), offset, sources_text)
            # Workers on other machines see no folder of this one.
            is_here = settings.local and is_local(layout.output)
            copies = layout.run_staging_dir(f"{run_id}-copies") if is_here else None
            chunks_left = cut(files, settings.chunk_mb << 20, start.begin, copies)
            with (
                _deleted(copies),
                closing(chunks_left),
                _StoppedSeries(run_id, start.number - 1) as committed,
            ):
                for chunk in chunks_left:
                    series = None
                    if not chunk.is_whole:
                        series = Series(run_id, committed.last + 1, signature, now, chunk.begin, chunk.next)
                    feeds = addresses if chunk.begin == START else ()
                    # Keys by the hundred thousand stay until they are settled; to look through them for cycles, of
                    # which they have none, takes a quarter of the time that they do.
                    with _no_collection() if settings.local else contextlib.nullcontext():
                        total = total.plus(_run_chunk(common, run_id, chunk.files, feeds, series))
                    committed.last += 1
                    # Beam's graphs are full of cycles: what the last one held must not wait for the next to be built.
                    gc.collect()
        note = None
        if total.feeds_polled:
            note = fewer_items_note(layout, seen, now, total.counts.kept + total.counts.duplicate)
    return RunOutcome(total, recovered, note=note)


class FileRuns:
    """Bounded runs over given files, for who holds OUT already and has recovered it.

    Each is a run of its own, whole, with the processes that large input is worth: those outlive a run, and end with
    this.

    settings: their `inputs` and `feeds` are only what manifests say. Raises UsageError as `run` does.
    """

    def __init__(self, settings: RunSettings, sources_text: str | None) -> None:
        self._settings = settings
        self._options = beam_options(settings)
        self._stated = stated_options(settings, sources_text)
        self._sources_text = sources_text
        self._pool = Shared()

    def commit(self, files: Sequence[SourceFile], now: dt.datetime) -> Manifest:
        """Runs over the files and commits. Raises what the graph raised; nothing of it is in the tables then.

        But for a CommitInterrupted, after which it may be.
        """
        common = _Common(
            self._settings, self._options, output_layout(self._settings.output), self._stated, now,
            ProgressWriter(None), self._pool, dt.timedelta(0), self._sources_text,
        )  # fmt: skip
        with _no_collection():
            manifest = _run_chunk(common, new_run_id(now, secrets.token_bytes(3)), files, (), None)
        gc.collect()
        return manifest


@contextmanager
def _no_collection() -> Iterator[None]:
    """Leaves cycles alone while the block runs."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _deleted(folder: str | None) -> Iterator[None]:
    """Deletes a folder once the block is left, however that is."""
    try:
        yield
    finally:
        if folder is not None:
            delete_folder(folder)


class _StoppedSeries:
    """Says of what stops its block whether chunks were committed by then, and how to go on.

    last: the number of the last committed chunk.
    """

    def __init__(self, run_id: str, last: int) -> None:
        self._run_id = run_id
        self.last = last

    def __enter__(self) -> _StoppedSeries:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, RunError) or not self.last:
            return
        chunks = "chunk 1 is" if self.last == 1 else f"chunks 1 to {self.last} are"
        raise SeriesStopped(
            f"{chunks} committed of run {self._run_id}: the same command goes on with the next"
        ) from error


def _run_chunk(
    common: _Common,
    run_id: str,
    files: Sequence[SourceFile],
    addresses: Sequence[str],
    series: Series | None,
) -> Manifest:
    """One graph and one commit, of a chunk, or of a run that has no chunks; its manifest.

    run_id: of the whole run; a chunk's own is made of it.
    """
    started = time.monotonic()
    started_at = dt.datetime.now(dt.timezone.utc)
    layout = common.layout
    if series is not None:
        run_id = chunk_run_id(series.series_id, series.number)
    seen = committed_runs(layout)
    attempt = secrets.token_hex(4)
    staging = Staging(layout.output, staging_name(run_id, attempt))
    try:
        states, hosts = read_states(layout)
        feeds = host_queues(feed_requests(addresses, states), hosts, common.now, common.settings.all_due)
        plan = _plan(common, run_id, staging, files, feeds, resting_hosts(hosts, feeds, common.now))
        graph_started = time.monotonic()
        _execute(plan, common.options, common.settings.local)
        summary = read_summary(staging)
        if not summary.counts.balanced():
            raise RunError(f"the run lost count of its items and was not committed: {summary.counts}")
        graph_s = time.monotonic() - graph_started
        committed_files, removed = with_state(
            summary,
            staging,
            layout,
            run_id,
            common.now,
            common.settings.partition_by,
            plan.indexes,
            states,
            hosts,
        )
        return commit(
            layout,
            Manifest(
                run_id=run_id,
                schema_version=SCHEMA_VERSION,
                started_at=started_at,
                committed_at=dt.datetime.now(dt.timezone.utc),
                options=common.stated,
                versions=_versions(summary),
                counts=summary.counts,
                files=tuple(committed_files),
                removed=tuple(removed),
                dead_letters=summary.dead_letters,
                timings={"graph_s": round(graph_s, 3), "total_s": round(time.monotonic() - started, 3)},
                feeds_polled=sum(_was_polled(state) for state in summary.feed_states),
                series=series,
            ),
            attempt,
            seen,
        )
    except BaseException:
        # What is staged and not to be committed is of use to nobody, and a full disk would stay full.
        abandon(layout, run_id)
        raise


def _plan(
    common: _Common,
    run_id: str,
    staging: Staging,
    files: Sequence[SourceFile],
    feeds: Sequence[HostQueue],
    other_hosts: tuple[HostState, ...],
) -> RunPlan:
    """What the graph is built from. other_hosts: see `PollSettings.known_hosts`."""
    settings, layout = common.settings, common.layout
    return RunPlan(
        files=files,
        feeds=feeds,
        staging=staging,
        indexes=read_indexes(layout),
        run_id=run_id,
        now=common.now,
        language_detector=settings.language_detector,
        entities=settings.entities,
        near_duplicates=settings.near_duplicates,
        near_window_days=settings.near_window_days,
        partition_by=settings.partition_by,
        polling=poll_settings(settings, common.now, common.clock_offset, other_hosts),
        max_input_bytes=settings.max_input_mb << 20,
        key_shards=settings.key_shards,
        # Worker processes know nothing of Beam's options, so they write to the disk only.
        workers=settings.workers if is_local(layout.output) else 1,
        spread=not settings.local,
        settle_shards=_settle_shards(settings),
        patience_s=_patience_s(files, settings.entities),
        progress=common.progress,
        pool=common.pool,
        sources_text=common.sources_text,
    )


def _settle_shards(settings: RunSettings) -> int:
    # One process has nobody to share with.
    if settings.local:
        return 1
    # Each range has something to say to each other one, so that elements grow with the square of their number: fewer
    # than for what is only grouped, and the elements fatter.
    return min(settings.key_shards, max(settings.key_shards // 4, 64))


def _patience_s(files: Sequence[SourceFile], entities: str) -> float:
    if is_large(files, entities):
        return 0.0
    return PATIENCE_S if files or entities != "none" else FEEDS_PATIENCE_S


def _was_polled(state: FeedState) -> bool:
    # A feed that was found and is left to a later run is known by its address only.
    return state.polls > 0 or state.failures > 0


def beam_options(settings: RunSettings) -> PipelineOptions:
    """Beam's options from what newsbeam passes on.

    Raises UsageError for an option that nobody knows, on the local runner. Other runners have options of their own
    that are known only to the engine.
    """
    parser = _BeamArgumentParser(allow_abbrev=False)
    for group in PipelineOptions.__subclasses__():
        group._add_argparse_args(parser)
    try:
        _, unknown = parser.parse_known_args(list(settings.beam_args))
    except SystemExit as error:
        raise UsageError(
            "an option of Beam's has a value that it can't take; Beam says which above"
        ) from error
    if unknown and settings.local:
        raise UsageError(f"neither newsbeam nor Beam knows {' '.join(unknown)}\nTry: newsbeam run --help")
    options = PipelineOptions(list(settings.beam_args))
    options.view_as(SetupOptions).save_main_session = False
    return options


def _execute(plan: RunPlan, options: PipelineOptions, local: bool) -> None:
    # Naming the in-process runner outright keeps Beam from looking for one to download.
    pipeline = beam.Pipeline(runner=FnApiRunner() if local else None, options=options)
    build(pipeline, plan)
    result = pipeline.run()
    state = result.wait_until_finish()
    if state is not None and state != "DONE":
        raise RunError(f"the runner ended in state {state}; nothing of this run was committed")


@contextmanager
def _progress(settings: RunSettings, files: Sequence[SourceFile], begin: Cursor) -> Iterator[ProgressWriter]:
    if settings.progress == "off" or not settings.local:
        yield ProgressWriter(None)
        return
    with tempfile.TemporaryDirectory(prefix="newsbeam-") as folder:
        path = os.path.join(folder, "progress")
        rest = sum(file.bytes for file in files[begin.file :]) - begin.stored
        total = rest if files and not settings.feeds else None
        with show_progress(settings.progress, path, total):
            yield ProgressWriter(path)


def _repeated(manifest: Manifest, run_id: str, stated: dict[str, Any]) -> Manifest:
    """The manifest of a run that is asked for again: a scheduler's second try after the commit.

    Raises UsageError where the id is the same but what was asked for is not.
    """
    if manifest.options != stated:
        names = stated.keys() | manifest.options.keys()
        differing = sorted(name for name in names if manifest.options.get(name) != stated.get(name))
        raise UsageError(
            f"--run_id {run_id} was committed at {manifest.committed_at:%Y-%m-%d %H:%M:%S}Z with another "
            f"--{' --'.join(differing)}: give a new id"
        )
    return manifest


def _versions(summary: RunSummary) -> dict[str, str]:
    """The versions that made the rows, as those who made them said; the launcher's own where nothing was read."""
    versions = joined_versions(summary.versions or installed_versions())
    several = {name: found for name, found in versions.items() if "," in found}
    if several:
        shown = "; ".join(f"{name} {found}" for name, found in several.items())
        _LOG.warning(
            "workers differ in what they have installed, and so may the rows that they made: %s", shown
        )
    return versions
