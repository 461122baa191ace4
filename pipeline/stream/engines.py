"""Whether the job of a stream still runs: its engine is asked, each in its own way."""

from __future__ import annotations

import datetime as dt
import socket

from pipeline.store.layout import Layout
from pipeline.stream.flink import TERMINAL, FlinkRest, FlinkUnreachable
from pipeline.stream.lease import Life, read_beat
from pipeline.stream.processes import is_alive
from schemas.state import StreamLease

#: A job server that was given a job may show it to Flink this much later, even without its launcher.
_SUBMITTING = dt.timedelta(seconds=60)

#: A worker that was silent for longer is taken to be at work no more, where nobody else can be asked.
_SILENT = dt.timedelta(seconds=120)


def life_of(layout: Layout, lease: StreamLease, now: dt.datetime) -> Life:
    """Whether a stream's job runs, as its engine says.

    now: aware. Prism is a process, which can be asked for on its own host only; from elsewhere, and of an engine
    that can't be asked, the beats of the stream's ticker have to tell.
    """
    if lease.flink_rest is not None:
        try:
            return _on_flink(FlinkRest(lease.flink_rest), lease, now)
        except FlinkUnreachable:
            return Life.UNKNOWN
    if lease.prism_pid is not None and lease.launcher_host == socket.gethostname():
        return Life.RUNNING if is_alive(lease.prism_pid, lease.prism_mark) else Life.OVER
    last = max(lease.started_at, read_beat(layout, lease.stream_id) or lease.started_at)
    if now - last < _SILENT:
        return Life.RUNNING
    # Nobody's Prism outlives its launcher for long; another engine may have lost its workers only, and find new ones.
    return Life.UNKNOWN if lease.prism_pid is None else Life.OVER


def _on_flink(flink: FlinkRest, lease: StreamLease, now: dt.datetime) -> Life:
    job_id = lease.flink_job_id or flink.find_job(lease.job_name)
    if job_id is None:
        return Life.OVER if now - lease.started_at > _SUBMITTING else Life.COMING
    state = flink.job_state(job_id)
    return Life.OVER if state is None or state in TERMINAL else Life.RUNNING
