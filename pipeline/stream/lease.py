"""What stands in OUT about a stream that runs: small files in `OUT/_stream/`.

    lease.json   which stream works here and where its job is: one at a time (`hold_stream`)
    stop         somebody asked it to end; the ticker on a worker looks for it at each tick
    beat         the ticker was at work at this time; what the launcher knows a dead worker by
    ended        the window with the last tick is committed: the job may be cancelled

All but the lease begin with the id of the stream that they are about, so that what an earlier stream has left, or
a worker of it that comes back, says nothing about the one that runs now. All go through `pipeline.files`: launcher
and workers share nothing but OUT.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import enum
import logging
from collections.abc import Callable, Iterator

import msgspec

from pipeline import files
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from schemas.errors import BusyError, RunError
from schemas.state import StreamLease

_LOGGER = logging.getLogger("newsbeam.stream")

#: Seconds between two beats of a ticker: each is a small file written anew.
BEAT_EVERY_S = 5.0


class Life(enum.Enum):
    """What an engine says of a stream's job."""

    RUNNING = "running"
    OVER = "over"
    #: Its launcher was killed while it was submitted: the engine has no such job, and may have it in a moment.
    COMING = "coming"
    #: The engine can't be asked.
    UNKNOWN = "unknown"


@contextlib.contextmanager
def hold_stream(layout: Layout, lease: StreamLease, life: Callable[[StreamLease], Life]) -> Iterator[None]:
    """Makes a stream the one of OUT, and keeps other starts out until the block, which submits its job, is left.

    life: says whether the job of a lease still runs. A lease whose job is over is taken over, with a warning.

    Raises BusyError, with nothing changed, where another stream runs in OUT, may do so (its engine can't be asked),
    or is being started. Left by an error, the lease stays as it was last written: `release` is the caller's.
    """
    with contextlib.ExitStack() as stack:
        try:
            # A lock of the stream's folder alone: bounded runs, and windows, go on beside the start of a stream. Where
            # a filesystem has no locks, two starts in the same second may both get through.
            stack.enter_context(output_lock(Layout(layout.stream_dir)))
        except BusyError as error:
            raise BusyError(f"busy: another stream is being started in --output {layout.output}") from error
        refuse_second(layout, read_lease(layout), life)
        # Old words about other streams are of no use to anybody.
        files.delete([layout.stop_path, layout.beat_path, layout.ended_path])
        write_lease(layout, lease)
        yield


def refuse_second(layout: Layout, lease: StreamLease | None, life: Callable[[StreamLease], Life]) -> None:
    """Raises BusyError where the stream of a lease runs in OUT, or may do so. life: see `hold_stream`."""
    if lease is None:
        return
    state = life(lease)
    stop = f"newsbeam stop --output {layout.output}"
    if state is Life.RUNNING:
        raise BusyError(
            f"busy: stream {lease.stream_id} runs in --output {layout.output} ({describe_job(lease)}): "
            f"{stop} ends it"
        )
    if state is Life.COMING:
        raise BusyError(
            f"busy: stream {lease.stream_id} was just being submitted when its launcher was ended, and may still begin "
            f"in --output {layout.output} ({describe_job(lease)}): {stop} sees to it, or try again in a minute"
        )
    if state is Life.UNKNOWN:
        raise BusyError(
            f"busy: stream {lease.stream_id} may still run in --output {layout.output}: {describe_job(lease)} can't "
            f"be asked. Where you know that it is over: {stop} --forget"
        )
    _LOGGER.warning(
        "stream %s did not end by itself, and its job is over: this one goes on where its last window ended",
        lease.stream_id,
    )


def describe_job(lease: StreamLease) -> str:
    """Where a stream's job is, for a message."""
    if lease.flink_rest is not None:
        return f"job {lease.flink_job_id or lease.job_name} on Flink at {lease.flink_rest}"
    if lease.prism_pid is not None:
        return f"Prism, process {lease.prism_pid} on {lease.launcher_host}"
    return (
        f"job {lease.job_name} of {lease.runner}{f' at {lease.job_endpoint}' if lease.job_endpoint else ''}"
    )


def write_lease(layout: Layout, lease: StreamLease) -> None:
    """Writes what is known of the stream that works in OUT."""
    data = msgspec.json.format(msgspec.json.encode(lease), indent=2) + b"\n"
    files.write_bytes(layout.lease_path, data)


def read_lease(layout: Layout) -> StreamLease | None:
    """The stream that works in OUT, or did so when its launcher was last heard of; None where there is none.

    Raises RunError, naming the file, where it is no lease.
    """
    data = _content(layout.lease_path)
    if data is None:
        return None
    try:
        lease = msgspec.json.decode(data, type=StreamLease)
    except ValueError as error:
        raise RunError(f"{layout.lease_path}: not the lease of a stream: {error}") from error
    if lease.started_at.tzinfo is None:
        raise RunError(f"{layout.lease_path}: not the lease of a stream: a time without a zone")
    return lease


def release(layout: Layout, stream_id: str) -> None:
    """Says that a stream is over. Nothing is done where another has begun since."""
    lease = read_lease(layout)
    if lease is not None and lease.stream_id == stream_id:
        # `ended` stays: whoever waits for it beside us has still to find it.
        files.delete([layout.lease_path, layout.stop_path, layout.beat_path])


def request_stop(layout: Layout, stream_id: str | None = None) -> None:
    """Asks a stream to end: it polls no more, and commits the windows that it has.

    stream_id: of the stream that is meant; without it, the one of the lease. Raises RunError where there is none.
    """
    if stream_id is None:
        lease = read_lease(layout)
        if lease is None:
            raise RunError(f"no stream runs in {layout.output}")
        stream_id = lease.stream_id
    _say(layout.stop_path, stream_id)


def stop_requested(layout: Layout, stream_id: str) -> bool:
    """Whether this stream was asked to end. For each tick: one small file is looked for."""
    return _is_said(layout.stop_path, stream_id)


def mark_ended(layout: Layout, stream_id: str) -> None:
    """Says that the last window of a stream is committed. Said twice is said once."""
    lease = read_lease(layout)
    if lease is None or lease.stream_id == stream_id:
        _say(layout.ended_path, stream_id)


def has_ended(layout: Layout, stream_id: str) -> bool:
    """Whether the last window of this stream is committed."""
    return _is_said(layout.ended_path, stream_id)


def write_beat(layout: Layout, stream_id: str, now: dt.datetime) -> None:
    """Says that a worker of the stream is at work. now: aware, the worker's clock."""
    files.write_bytes(layout.beat_path, f"{stream_id}\n{now.isoformat()}\n".encode())


def read_beat(layout: Layout, stream_id: str) -> dt.datetime | None:
    """When a worker of this stream last said that it is at work, by its own clock; None where none did."""
    data = _content(layout.beat_path)
    said, _, moment = (data or b"").decode("utf-8", "replace").partition("\n")
    if said != stream_id:
        return None
    try:
        beat = dt.datetime.fromisoformat(moment.strip())
    except ValueError:
        return None
    return beat if beat.tzinfo is not None else None


@dataclasses.dataclass(slots=True)
class Beat:
    """A ticker's way to say that it is at work, as often as need be: `beat` may be called at every tick.

    every_s: least seconds between two writings.
    """

    layout: Layout
    stream_id: str
    every_s: float = BEAT_EVERY_S
    _last: dt.datetime | None = None

    def beat(self, now: dt.datetime) -> None:
        """Writes `now`, aware, unless it did so less than `every_s` ago."""
        if self._last is None or not 0 <= (now - self._last).total_seconds() < self.every_s:
            write_beat(self.layout, self.stream_id, now)
            self._last = now


def _say(path: str, stream_id: str) -> None:
    if _is_said(path, stream_id):
        return
    try:
        files.write_bytes(path, f"{stream_id}\n".encode())
    except FileNotFoundError:
        # Two who say the same at once share a temporary name, and one of them finds it moved.
        if not _is_said(path, stream_id):
            raise


def _is_said(path: str, stream_id: str) -> bool:
    return (_content(path) or b"").decode("utf-8", "replace").strip() == stream_id


def _content(path: str) -> bytes | None:
    """What a file holds; None where it isn't there."""
    if not files.is_local(path) and not files.exists(path):
        return None
    try:
        return files.read_bytes(path)
    except FileNotFoundError:
        return None
