"""`newsbeam stop`: ends the stream that works in an OUT, with or without its launcher."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import enum
import logging
import os
import signal
import socket
import time

from pipeline.store.layout import Layout
from pipeline.stream.engines import life_of
from pipeline.stream.flink import FlinkRest, FlinkUnreachable
from pipeline.stream.flink_job import CANCEL_S, FlinkJob, JobState
from pipeline.stream.lease import Life, describe_job, has_ended, read_lease, release, request_stop
from pipeline.stream.processes import is_alive
from schemas.errors import RunError, UsageError
from schemas.state import StreamLease

_LOG = logging.getLogger("newsbeam.stream")

_LOOK_EVERY_S = 0.5

#: Seconds that a launcher has to end the job, once the last window is committed, before it is done here.
_LAUNCHER_S = 20.0


class Ending(enum.Enum):
    """How the ending of a stream went."""

    ENDED = "ended"
    TOO_LATE = "too late"
    NOTHING_RUNS = "nothing runs"


@dataclasses.dataclass(frozen=True, slots=True)
class StopOutcome:
    """ending: how it went. message: the same for a person."""

    ending: Ending
    message: str


def stop_stream(
    layout: Layout, drain_timeout_s: float, savepoint: str | None = None, forget: bool = False
) -> StopOutcome:
    """Asks the stream of an OUT to end, waits for its last window, and sees to it that its job is over.

    drain_timeout_s: seconds for the last window; without it, the job is cancelled all the same.
    savepoint: a folder for the savepoint that the job is stopped with instead, "" for where the cluster keeps them;
    None for none. forget: only the lease goes, where the engine can't be asked.

    Raises UsageError where that isn't possible with this stream; RunError where the engine refuses, or doesn't answer.
    """
    lease = read_lease(layout)
    if lease is None:
        return StopOutcome(Ending.NOTHING_RUNS, f"no stream runs in {layout.output}")
    life = _life(layout, lease)
    if forget:
        return _forget(layout, lease, life)
    while life is Life.COMING:
        if savepoint is None:
            # Whenever it comes, it is told to end at its first tick.
            request_stop(layout, lease.stream_id)
        time.sleep(_LOOK_EVERY_S)
        life = _life(layout, lease)
    if life is Life.OVER:
        release(layout, lease.stream_id)
        message = f"no stream runs in {layout.output}: {describe_job(lease)} is over already"
        return StopOutcome(Ending.NOTHING_RUNS, message)
    if lease.flink_rest is not None:
        job = _flink_job(lease.flink_rest, lease)
        if savepoint is not None:
            return _with_savepoint(layout, lease, job, savepoint, drain_timeout_s)
        return _on_flink(layout, lease, job, drain_timeout_s)
    if savepoint is not None:
        raise UsageError(
            f"--savepoint is for Flink, and stream {lease.stream_id} runs elsewhere: {describe_job(lease)}"
        )
    return _elsewhere(layout, lease, drain_timeout_s)


def _life(layout: Layout, lease: StreamLease) -> Life:
    return life_of(layout, lease, dt.datetime.now(dt.timezone.utc))


def _forget(layout: Layout, lease: StreamLease, life: Life) -> StopOutcome:
    if life is Life.RUNNING:
        raise UsageError(
            f"--forget: stream {lease.stream_id} runs ({describe_job(lease)}): leave the option out to end it"
        )
    release(layout, lease.stream_id)
    return StopOutcome(Ending.ENDED, f"stream {lease.stream_id} is forgotten ({describe_job(lease)})")


def _flink_job(address: str, lease: StreamLease) -> FlinkJob:
    """The job of a lease, also where its launcher was killed before it could write down the job's id."""
    flink = FlinkRest(address)
    job_id = lease.flink_job_id or flink.find_job(lease.job_name)
    if job_id is None:
        raise RunError(
            f"stream {lease.stream_id} is not to be found on Flink at {address} any more: try again"
        )
    return FlinkJob(flink, job_id)


def _with_savepoint(
    layout: Layout, lease: StreamLease, job: FlinkJob, folder: str, timeout_s: float
) -> StopOutcome:
    """The stream isn't told: what goes on from the savepoint is to find it as it was at work."""
    deadline = time.monotonic() + timeout_s
    request = job.flink.stop_with_savepoint(job.job_id, folder or None)
    while time.monotonic() < deadline:
        with contextlib.suppress(FlinkUnreachable):
            found = job.flink.savepoint(job.job_id, request)
            if found.failure is not None:
                raise RunError(f"stream {lease.stream_id} was not stopped: no savepoint: {found.failure}")
            if found.location is not None and job.state() is not JobState.RUNNING:
                release(layout, lease.stream_id)
                message = (
                    f"stream {lease.stream_id} is stopped with a savepoint: newsbeam run --streaming "
                    f"--savepoint_path {found.location} goes on from it"
                )
                return StopOutcome(Ending.ENDED, message)
        time.sleep(_LOOK_EVERY_S)
    message = f"stream {lease.stream_id} has no savepoint after {timeout_s:g} s: {describe_job(lease)} may make one yet"
    return StopOutcome(Ending.TOO_LATE, message)


def _on_flink(layout: Layout, lease: StreamLease, job: FlinkJob, timeout_s: float) -> StopOutcome:
    request_stop(layout, lease.stream_id)
    deadline = time.monotonic() + timeout_s
    while not has_ended(layout, lease.stream_id) and time.monotonic() < deadline:
        if job.state() not in (JobState.RUNNING, JobState.UNKNOWN):
            break
        time.sleep(_LOOK_EVERY_S)
    # A launcher beside us does the same; a job can be cancelled twice.
    job.end(CANCEL_S)
    in_time = has_ended(layout, lease.stream_id)
    release(layout, lease.stream_id)
    return _outcome(lease, in_time, timeout_s)


def _elsewhere(layout: Layout, lease: StreamLease, timeout_s: float) -> StopOutcome:
    """Its launcher ends the job, for only that one can; a Prism that has lost its launcher is killed."""
    request_stop(layout, lease.stream_id)
    deadline = time.monotonic() + timeout_s
    while not has_ended(layout, lease.stream_id) and time.monotonic() < deadline:
        if _is_released(layout, lease):
            break
        time.sleep(_LOOK_EVERY_S)
    in_time = has_ended(layout, lease.stream_id)
    deadline = time.monotonic() + _LAUNCHER_S
    while not _is_released(layout, lease):
        is_here = lease.launcher_host == socket.gethostname()
        has_launcher = not is_here or is_alive(lease.launcher_pid, None)
        if is_here and lease.prism_pid is not None and (not has_launcher or time.monotonic() > deadline):
            if is_alive(lease.prism_pid, lease.prism_mark):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(lease.prism_pid, signal.SIGKILL)
            release(layout, lease.stream_id)
            break
        if time.monotonic() > deadline:
            message = (
                f"stream {lease.stream_id} is told to end, and its launcher, process {lease.launcher_pid} on "
                f"{lease.launcher_host}, has not ended its job: {describe_job(lease)}"
            )
            return StopOutcome(Ending.TOO_LATE, message)
        time.sleep(_LOOK_EVERY_S)
    return _outcome(lease, in_time, timeout_s)


def _is_released(layout: Layout, lease: StreamLease) -> bool:
    now = read_lease(layout)
    return now is None or now.stream_id != lease.stream_id


def _outcome(lease: StreamLease, in_time: bool, timeout_s: float) -> StopOutcome:
    if in_time:
        message = f"stream {lease.stream_id} has ended: its last window is committed, and its job is over"
        return StopOutcome(Ending.ENDED, message)
    message = (
        f"stream {lease.stream_id} did not commit its last window within {timeout_s:g} s, and was cancelled: what "
        "it had in hand is polled again by the next start, where feeds still show it"
    )
    return StopOutcome(Ending.TOO_LATE, message)
