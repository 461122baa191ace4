"""`newsbeam run --streaming`: a stream is started on its engine, watched while it runs, and really ended.

    one stream in OUT ─> engine (Prism is started) ─> job ─> watched ─> told to end ─> last window ─> job cancelled

Launcher and workers share nothing but OUT (`lease`). What is committed is read from the manifests there: Beam's client
has no counters for a stream on Flink.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import importlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from typing import cast

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.runners.portability.portable_runner import PipelineResult

from pipeline.files import is_local, require_filesystem
from pipeline.options import RunSettings, StreamSettings, beam_option, is_given, without_option
from pipeline.run import beam_options
from pipeline.store.layout import Layout, new_run_id, output_layout
from pipeline.store.lock import output_lock
from pipeline.store.manifest import committed_runs, read_manifest
from pipeline.stream.engines import life_of
from pipeline.stream.flink import FlinkRest, FlinkUnreachable
from pipeline.stream.flink_job import CANCEL_S, FlinkJob, Job, JobState
from pipeline.stream.jobs import BeamJob, PrismJob
from pipeline.stream.lease import (
    describe_job,
    has_ended,
    hold_stream,
    read_beat,
    release,
    request_stop,
    stop_requested,
    write_lease,
)
from pipeline.stream.prism import Prism, run_prism
from pipeline.stream.signals import StopSignals
from schemas.errors import BusyError, RunError, StreamLeft, UsageError
from schemas.state import Counts, Manifest, StreamLease

_LOG = logging.getLogger("newsbeam.stream")

#: Builds the graph of a stream into a pipeline, for a layout and a stream's id.
Graph = Callable[[beam.Pipeline, RunSettings, Layout, str], None]

#: Milliseconds between two checkpoints on Flink, where nothing else is typed.
CHECKPOINT_EVERY_MS = 5_000

#: Seconds between two looks at a stream in OUT: on a disk, and elsewhere; and between two questions to its engine.
_LOOK_EVERY_S, _LOOK_AFAR_EVERY_S, _ASK_ENGINE_EVERY_S = 0.5, 2.0, 2.0

#: Seconds that whoever has OUT as a stream starts may take to let go of it.
_FREE_S = 10.0

#: Seconds that an engine may take to show a job that was submitted.
_SUBMIT_S = 120.0


@dataclasses.dataclass(frozen=True, slots=True)
class StreamOutcome:
    """What a stream did from its launcher's start on.

    windows: that were committed with something in them. counts: of these, together. note: how it ended.
    """

    stream_id: str
    windows: int
    counts: Counts
    note: str


def run_stream(
    settings: RunSettings, say: Callable[[str], None] = lambda _: None, graph: Graph | None = None
) -> StreamOutcome:
    """Runs a stream until it is told to end, and returns once its last window is committed and its job is over.

    It is told by the first SIGINT, SIGTERM or SIGHUP, or by `newsbeam stop`. To be called from the main thread.

    say: is given a line for each window. graph: another than the product's, for tests.

    Raises UsageError where the settings can't be worked with; BusyError where another stream works in OUT; RunError
    where the job failed, was lost, or did not end in time; StreamLeft at a second signal.
    """
    stream = settings.stream
    if stream is None:
        raise ValueError("these are not the settings of a stream")
    layout = output_layout(settings.output)
    FileSystems.set_options(beam_options(settings))
    require_filesystem(layout.output)
    _require_free(layout)
    stream_id = new_run_id(dt.datetime.now(dt.timezone.utc), secrets.token_bytes(3))
    with StopSignals() as signals, contextlib.ExitStack() as stack:
        try:
            prism = None
            if stream.runner.lower() == "prismrunner":
                prism = stack.enter_context(run_prism(beam_options(_quiet(settings))))
            launcher = _Launcher(settings, stream, layout, stream_id, graph or product_graph, prism)
            job = launcher.start()
            say(
                f"Stream {stream_id} is begun: {launcher.where()}. To end it: newsbeam stop --output {layout.output}"
            )
            return _Watch(stream, layout, stream_id, job, signals, say).run()
        except KeyboardInterrupt as error:
            left = "Prism is ended with it" if prism is not None else "its job runs on"
            raise StreamLeft(
                f"stream {stream_id} is left as it is, and {left}: "
                f"newsbeam stop --output {layout.output} ends what there is of it",
                signals.number,
            ) from error


def _require_free(layout: Layout) -> None:
    """Raises BusyError where a watch or a long run has OUT: windows would wait for it, and give up in the end.

    A last window, on a worker of a stream that is over, has it for a moment.
    """
    deadline = time.monotonic() + _FREE_S
    while True:
        try:
            with output_lock(layout):
                return
        except BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_EVERY_S)


def product_graph(pipeline: beam.Pipeline, settings: RunSettings, layout: Layout, stream_id: str) -> None:
    """The graph of the product."""
    graph = importlib.import_module("pipeline.stream.graph")
    graph.build_stream(pipeline, graph.stream_plan(settings, layout, stream_id))


class _Launcher:
    """Submits the job of one stream."""

    def __init__(
        self,
        settings: RunSettings,
        stream: StreamSettings,
        layout: Layout,
        stream_id: str,
        graph: Graph,
        prism: Prism | None,
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._layout = layout
        self._graph = graph
        self._prism = prism
        endpoint = beam_option(settings.beam_args, "job_endpoint") if prism is None else prism.endpoint
        name = beam_option(settings.beam_args, "job_name") or "newsbeam"
        self._lease = StreamLease(
            stream_id=stream_id,
            started_at=dt.datetime.now(dt.timezone.utc),
            runner=stream.runner,
            job_name=f"{name}-{stream_id}",
            window_s=stream.window_s,
            launcher_pid=os.getpid(),
            launcher_host=socket.gethostname(),
            flink_rest=stream.flink_rest,
            job_endpoint=endpoint,
            prism_pid=None if prism is None else prism.pid,
            prism_mark=None if prism is None else prism.mark,
        )

    def start(self) -> Job:
        """The job, once the engine has it. OUT is this stream's from then on."""
        if self._lease.job_endpoint is not None:
            _require_listener("--job_endpoint", self._lease.job_endpoint)
        with hold_stream(
            self._layout,
            self._lease,
            lambda lease: life_of(self._layout, lease, dt.datetime.now(dt.timezone.utc)),
        ):
            try:
                job = self._submit()
            except BaseException as error:
                # A second signal comes at any time: the job server may have the job by then.
                if self._prism is not None or isinstance(error, Exception):
                    self._give_up()
                raise
            if isinstance(job, FlinkJob):
                self._lease = dataclasses.replace(self._lease, flink_job_id=job.job_id)
                write_lease(self._layout, self._lease)
        return job

    def where(self) -> str:
        """Where the job is, for a person."""
        return describe_job(self._lease)

    def _submit(self) -> Job:
        arguments = stream_arguments(self._settings, self._lease)
        pipeline = beam.Pipeline(
            options=beam_options(dataclasses.replace(self._settings, beam_args=tuple(arguments)))
        )
        self._graph(pipeline, self._settings, self._layout, self._lease.stream_id)
        # By the runners that are allowed here.
        result = cast(PipelineResult, pipeline.run())
        if self._prism is not None:
            return PrismJob(result, self._prism)
        if self._stream.flink_rest is None:
            return BeamJob(result)
        return self._on_flink(FlinkRest(self._stream.flink_rest), result)

    def _on_flink(self, flink: FlinkRest, result: PipelineResult) -> FlinkJob:
        """The job on Flink that Beam's job server has made of ours; it may take a while to get there."""
        server = BeamJob(result)
        deadline = time.monotonic() + _SUBMIT_S
        while True:
            with contextlib.suppress(FlinkUnreachable):
                job_id = flink.find_job(self._lease.job_name)
                if job_id is not None:
                    return FlinkJob(flink, job_id)
            if server.state() in (JobState.FAILED, JobState.CANCELED, JobState.DONE):
                raise RunError(f"the job did not get to Flink: {server.failure()}")
            if time.monotonic() > deadline:
                server.end(CANCEL_S)
                raise RunError(
                    f"Flink at {flink.address} shows no job {self._lease.job_name} after {_SUBMIT_S:.0f} s: is that "
                    "the cluster that the job server submits to?"
                )
            time.sleep(_LOOK_EVERY_S)

    def _give_up(self) -> None:
        """Takes back the lease of a job that did not start; what may have started after all keeps it."""
        if self._stream.flink_rest is not None:
            try:
                if FlinkRest(self._stream.flink_rest).find_job(self._lease.job_name) is not None:
                    return
            except FlinkUnreachable:
                return
        release(self._layout, self._lease.stream_id)


def stream_arguments(settings: RunSettings, lease: StreamLease) -> list[str]:
    """What Beam is given for a stream: what was typed, and what an engine needs to be told besides.

    Without --finish_bundle_before_checkpointing, jobs of such a graph stand on Flink and never poll.
    """
    arguments = [*settings.beam_args]
    arguments = [*without_option(arguments, "job_name"), f"--job_name={lease.job_name}", "--streaming"]
    if lease.prism_pid is not None:
        # To Beam our Prism is a job server like any other.
        arguments = without_option(without_option(arguments, "runner"), "job_endpoint")
        arguments += ["--runner=PortableRunner", f"--job_endpoint={lease.job_endpoint}"]
        if not is_given(arguments, "environment_type"):
            arguments.append("--environment_type=LOOPBACK")
        # Prism loses what an element of a splittable step is split from; ours has one element, and no use for that.
        arguments.append("--experiments=prism_disable_sdf_split")
    if lease.flink_rest is not None:
        if not is_given(arguments, "checkpointing_interval"):
            arguments.append(f"--checkpointing_interval={CHECKPOINT_EVERY_MS}")
        if not is_given(arguments, "finish_bundle_before_checkpointing"):
            arguments.append("--finish_bundle_before_checkpointing")
    return arguments


def _quiet(settings: RunSettings) -> RunSettings:
    """Prism speaks of every worker that comes and goes, unless it is told how much to say."""
    if is_given(settings.beam_args, "prism_log_level"):
        return settings
    level = "info" if settings.log_level == "debug" else "warn"
    return dataclasses.replace(settings, beam_args=(*settings.beam_args, f"--prism_log_level={level}"))


def _require_listener(option: str, endpoint: str) -> None:
    """Raises UsageError where nobody listens: Beam would wait for five minutes, in silence."""
    host, _, port = endpoint.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10.0):
            return
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {endpoint}: nobody answers there ({error})") from error


class _Watch:
    """Looks after a stream that runs, and brings it to its end."""

    def __init__(
        self,
        stream: StreamSettings,
        layout: Layout,
        stream_id: str,
        job: Job,
        signals: StopSignals,
        say: Callable[[str], None],
    ) -> None:
        self._stream = stream
        self._layout = layout
        self._id = stream_id
        self._job = job
        self._signals = signals
        self._windows = _Windows(layout, stream_id, max(1.0, stream.window_s / 4), say)
        self._pulse = _Pulse(layout, stream_id)
        self._unanswered_since: float | None = None
        self._end_by: float | None = None
        self._warned_at = time.monotonic()

    def run(self) -> StreamOutcome:
        """Returns once the stream has ended as it should; see `run_stream` for the other ends."""
        every_s = _LOOK_EVERY_S if is_local(self._layout.output) else _LOOK_AFAR_EVERY_S
        state, asked_at = JobState.RUNNING, 0.0
        while True:
            now = time.monotonic()
            if now - asked_at >= _ASK_ENGINE_EVERY_S:
                state, asked_at = self._job.state(), now
            # Asked after the state: a job that is over has said by then what it had to say.
            if has_ended(self._layout, self._id):
                return self._ended("its last window is committed")
            if state is JobState.DONE and self._job.replaces_workers and self._end_by is None:
                return self._ended("its job was stopped on the engine, with a savepoint")
            if state not in (JobState.RUNNING, JobState.UNKNOWN):
                self._over(state)
            self._mind_the_engine(state, now)
            self._mind_the_end(now)
            if self._end_by is None:
                self._mind_the_worker(now)
            self._windows.look(now)
            time.sleep(every_s)

    def _ended(self, how: str) -> StreamOutcome:
        self._job.end(CANCEL_S)
        release(self._layout, self._id)
        return self._windows.outcome(how)

    def _over(self, state: JobState) -> None:
        """Says why the job is over without having ended; the next start goes on where the last window did."""
        release(self._layout, self._id)
        if state is JobState.FAILED:
            why = f"its job failed: {self._job.failure()}"
        elif state is JobState.GONE:
            why = self._job.failure()
        elif state is JobState.CANCELED:
            why = "its job was cancelled on the engine"
        else:
            why = "its job is done, and nothing says that the last window was committed"
        raise RunError(self._windows.after(f"stream {self._id} is over: {why}"))

    def _mind_the_engine(self, state: JobState, now: float) -> None:
        if state is not JobState.UNKNOWN:
            if self._unanswered_since is not None:
                _LOG.warning("stream %s: its engine answers again", self._id)
            self._unanswered_since = None
            return
        if self._unanswered_since is None:
            self._unanswered_since = now
            _LOG.warning("stream %s: its engine doesn't answer: %s", self._id, self._job.failure())
        if now - self._unanswered_since > self._stream.stall_timeout_s:
            raise RunError(
                self._windows.after(
                    f"stream {self._id}: its engine has not answered for {self._stream.stall_timeout_s:g} s, and "
                    f"whether its job runs is not known: newsbeam stop --output {self._layout.output} ends it"
                )
            )

    def _mind_the_end(self, now: float) -> None:
        if self._end_by is None:
            if self._signals.is_asked():
                request_stop(self._layout, self._id)
            elif not stop_requested(self._layout, self._id):
                return
            self._end_by = now + self._stream.drain_timeout_s
            _LOG.warning(
                "stream %s is told to end: it commits what it has (again to leave at once)", self._id
            )
        elif now > self._end_by:
            self._job.end(CANCEL_S)
            release(self._layout, self._id)
            raise RunError(
                self._windows.after(
                    f"stream {self._id} did not commit its last window within {self._stream.drain_timeout_s:g} s, and "
                    "was cancelled: what it had in hand is polled again by the next start, where feeds still show it"
                )
            )

    def _mind_the_worker(self, now: float) -> None:
        silent_s = now - self._pulse.last(now)
        if silent_s <= self._stream.stall_timeout_s:
            return
        if self._job.replaces_workers:
            if now - self._warned_at > self._stream.stall_timeout_s:
                self._warned_at = now
                _LOG.warning(
                    "stream %s: no sign of work for %.0f s; the last error: %s",
                    self._id,
                    silent_s,
                    self._job.failure(),
                )
            return
        self._job.end(CANCEL_S)
        release(self._layout, self._id)
        raise RunError(
            self._windows.after(
                f"stream {self._id}: no sign of work for {silent_s:.0f} s (--stall_timeout_s): its worker is gone or "
                "stuck, and its engine doesn't replace it, so that its job was ended"
            )
        )


class _Pulse:
    """When the ticker last beat, by the launcher's clock: whatever workers' clocks show, a beat that changes is one."""

    def __init__(self, layout: Layout, stream_id: str) -> None:
        self._layout = layout
        self._id = stream_id
        self._beat: dt.datetime | None = None
        self._at = time.monotonic()

    def last(self, now: float) -> float:
        """The time of the last beat that was noticed, or of the stream's start."""
        beat = read_beat(self._layout, self._id)
        if beat is not None and beat != self._beat:
            self._beat, self._at = beat, now
        return self._at


class _Windows:
    """The windows that a stream commits, as their manifests appear in OUT."""

    def __init__(self, layout: Layout, stream_id: str, every_s: float, say: Callable[[str], None]) -> None:
        self._layout = layout
        self._id = stream_id
        self._every_s = every_s
        self._say = say
        self._seen = committed_runs(layout)
        self._looked_at = time.monotonic()
        self._count = 0
        self._counts = Counts()

    def look(self, now: float) -> None:
        """Says what is new, if it is time to look again."""
        if now - self._looked_at >= self._every_s:
            self._looked_at = now
            self._look()

    def outcome(self, note: str) -> StreamOutcome:
        """What the stream did; what is still to be said is said first."""
        self._look()
        return StreamOutcome(self._id, self._count, self._counts, note)

    def after(self, message: str) -> str:
        """A message about the stream's end, with what is committed of it."""
        self._look()
        return f"{message}; {self._count} window{'' if self._count == 1 else 's'} of it committed until then"

    def _look(self) -> None:
        runs = committed_runs(self._layout)
        for run_id in sorted(runs - self._seen):
            try:
                manifest = read_manifest(self._layout, run_id)
            except (RunError, OSError) as error:
                _LOG.warning("%s", error)
                continue
            is_ours = manifest.window is not None and manifest.window.stream_id == self._id
            if is_ours:
                self._count += 1
                self._counts = _sum(self._counts, manifest.counts)
            self._say(_line(manifest, is_ours))
        self._seen = runs


def _line(manifest: Manifest, is_ours: bool) -> str:
    counts = manifest.counts
    parts = [f"{counts.kept:,} articles"]
    parts += [
        f"{count:,} {name}"
        for count, name in (
            (counts.duplicate, "duplicates"),
            (counts.unchanged, "known"),
            (counts.dead_letter, "dead letters"),
        )
        if count
    ]
    kind = "window" if is_ours else "run beside"
    return f"{manifest.committed_at:%Y-%m-%d %H:%M:%S}Z {kind} {manifest.run_id}: {', '.join(parts)}"


def _sum(one: Counts, other: Counts) -> Counts:
    fields: Sequence[str] = [field.name for field in dataclasses.fields(Counts)]
    return Counts(**{name: getattr(one, name) + getattr(other, name) for name in fields})
