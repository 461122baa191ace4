"""What a run shows of itself while it is in flight.

Beam's local runner blocks until the end, its metrics can't be read meanwhile, and steps may run in other
processes. So steps append what they did to a small file, which a thread of the main process reads and shows:

    DoFn -> ProgressWriter -> file -> ProgressReader -> ProgressView -> terminal or log

What is shown is an estimate: a bundle that the runner retries counts twice. The manifest's counts are exact.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import io
import json
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol, TextIO

ProgressMode = Literal["auto", "bar", "log", "off"]

#: The names that are counted: items, as in `schemas.state.Counts`, and bytes of the input as stored.
COUNTS = ("read", "kept", "duplicate", "unchanged", "dead_letter", "bytes_read")

#: Seconds between two lines of one writer.
WRITE_EVERY_S = 0.2
#: Seconds between two looks at the file for a bar.
REFRESH_EVERY_S = 0.2
#: Seconds between two lines of the log form, and after how many a line is printed though nothing happened.
LINE_EVERY_S = 5.0
STILL_LINE_EVERY_S = 60.0
#: Seconds over which a rate is taken: long enough to be calm, short enough to follow a change of stage.
RATE_WINDOW_S = 15.0

_logger = logging.getLogger(__name__)


class ProgressWriter:
    """Counts what a step did, and appends it to the progress file. Use one for each DoFn; it can be pickled.

    path: the progress file, made by `show_progress`; None counts nothing. Where it can't be written (a worker
    on another machine has no such file) the writer falls silent: progress is never a reason to fail.

    Lines are appended in one write each, so any number of processes may share the file; each writer adds at
    most five short lines a second. Call `flush` in `finish_bundle`, or the last counts are seen late.
    """

    def __init__(self, path: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._reset()

    def _reset(self) -> None:
        self._pending: collections.Counter[str] = collections.Counter()
        self._written_at = float("-inf")
        # Beam calls one DoFn from one thread at a time, but sources poll with several.
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_clock": self._clock}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def add(
        self,
        *,
        read: int = 0,
        kept: int = 0,
        duplicate: int = 0,
        unchanged: int = 0,
        dead_letter: int = 0,
        bytes_read: int = 0,
    ) -> None:
        """Adds to the counts (see `COUNTS`), and writes them if the last line is old enough."""
        if self._path is None:
            return
        with self._lock:
            for name, count in zip(
                COUNTS, (read, kept, duplicate, unchanged, dead_letter, bytes_read), strict=True
            ):
                if count:
                    self._pending[name] += count
            if self._clock() - self._written_at >= WRITE_EVERY_S:
                self._write()

    def flush(self) -> None:
        """Writes what is not yet written."""
        if self._path is None:
            return
        with self._lock:
            self._write()

    def _write(self) -> None:
        if not self._pending or self._path is None:
            return
        line = json.dumps(self._pending, separators=(",", ":")).encode() + b"\n"
        self._pending.clear()
        self._written_at = self._clock()
        try:
            # Opened each time: an open file would have to survive pickling, forks and abandoned DoFns. Never
            # created here, so that a machine without the reader is not left with a file that nobody removes.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            _logger.debug("no progress from this worker: %s", error)
            self._path = None


class ProgressReader:
    """Follows a progress file and adds up its lines.

    A line that is not whole yet is read the next time; one that is spoiled (the disk filled up amid it)
    is passed over. A file that isn't there reads as empty.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""
        self._totals = dict.fromkeys(COUNTS, 0)

    def totals(self) -> dict[str, int]:
        """The sums so far, by name; reads only what was added since the last call."""
        try:
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                while chunk := file.read(1 << 20):
                    self._offset += len(chunk)
                    *lines, self._rest = (self._rest + chunk).split(b"\n")
                    for line in lines:
                        self._add(line)
        except OSError:
            pass  # shown is what was read until now
        return dict(self._totals)

    def _add(self, line: bytes) -> None:
        try:
            counts = json.loads(line)
        except ValueError:
            return
        if not isinstance(counts, dict):
            return
        for name, count in counts.items():
            if name in self._totals and isinstance(count, int):
                self._totals[name] += count


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """How far a run is.

    totals: sums by name, see `COUNTS`.
    stage: "reading" until all the bytes of the input are read, then "processing".
    fraction: of the stage, 0 to 1; None where the input's size is not known.
    rate: items a second, lately: those read while reading, those finished after that.
    elapsed_s: since the start. left_s: until the end of the stage at that rate; None where it can't be told.
    """

    totals: dict[str, int]
    stage: Literal["reading", "processing"]
    fraction: float | None
    rate: float
    elapsed_s: float
    left_s: float | None


class Estimate:
    """Makes a Snapshot of each new reading of the totals.

    total_bytes: size of the input as stored (compressed files count as they are); None or 0 where not known.

    A local runner finishes one stage before it starts the next, so all may be read long before the first item
    is finished. That is why there are two stages: a single "time left" by bytes would stand at zero through
    most of a run.
    """

    def __init__(self, total_bytes: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total_bytes = total_bytes or None
        self._clock = clock
        self._started = clock()
        # (seconds, read, finished, bytes): oldest first, reaching back RATE_WINDOW_S.
        self._samples: collections.deque[tuple[float, int, int, int]] = collections.deque(
            [(self._started, 0, 0, 0)]
        )

    def snapshot(self, totals: dict[str, int]) -> Snapshot:
        """The state at the clock's present time, with these totals."""
        now = self._clock()
        read, size = totals["read"], totals["bytes_read"]
        finished = min(read, sum(totals[name] for name in ("kept", "duplicate", "unchanged", "dead_letter")))
        self._samples.append((now, read, finished, size))
        while len(self._samples) > 2 and self._samples[1][0] <= now - RATE_WINDOW_S:
            self._samples.popleft()
        then, read_then, finished_then, size_then = self._samples[0]
        seconds = now - then

        def per_second(count: int) -> float:
            return count / seconds if seconds > 0 else 0.0

        if self._total_bytes is not None and size >= self._total_bytes:
            rate = per_second(finished - finished_then)
            fraction = finished / read if read else 1.0
            left = (read - finished) / rate if rate > 0 else None
            return Snapshot(totals, "processing", fraction, rate, now - self._started, left)
        rate = per_second(read - read_then)
        if self._total_bytes is None:
            return Snapshot(totals, "reading", None, rate, now - self._started, None)
        bytes_rate = per_second(size - size_then)
        left = (self._total_bytes - size) / bytes_rate if bytes_rate > 0 else None
        return Snapshot(totals, "reading", size / self._total_bytes, rate, now - self._started, left)


class ProgressView(Protocol):
    """Shows snapshots. `every_s` is how often it wants one, in seconds."""

    every_s: float

    def show(self, snapshot: Snapshot) -> None:
        """Shows how far the run is."""

    def close(self) -> None:
        """Leaves the stream as it was found."""


class LineView:
    """A plain line every few seconds, for logs; the first after LINE_EVERY_S, so a short run prints none.

    While nothing changes, a line a minute says that the run is alive.
    """

    every_s = 1.0

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown: dict[str, int] | None = None
        self._shown_at = 0.0

    def show(self, snapshot: Snapshot) -> None:
        """Prints the line that is due, if one is."""
        still = snapshot.totals == self._shown
        if snapshot.elapsed_s - self._shown_at < (STILL_LINE_EVERY_S if still else LINE_EVERY_S):
            return
        self._shown, self._shown_at = snapshot.totals, snapshot.elapsed_s
        percent = "" if snapshot.fraction is None else f" {snapshot.fraction:.0%}"
        stage = f"{snapshot.stage}{percent}{_left(snapshot)}"
        self._stream.write(f"newsbeam: {duration(snapshot.elapsed_s)}, {stage}: {_counts(snapshot)}\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to do: lines are whole."""


class BarView:
    """One line that is drawn again and again, for terminals; gone when closed.

    The cursor is never hidden and the screen never switched, so there is nothing left to restore after a kill
    that can't be caught. What is written to stderr meanwhile appears above the bar.
    """

    every_s = REFRESH_EVERY_S

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        # Loaded here: it costs 50 ms that a run without a terminal should not pay.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        class SteadyConsole(Console):
            def show_cursor(self, show: bool = True) -> bool:
                return False

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=SteadyConsole(file=stream, force_terminal=True, width=width, highlight=False),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
        )
        self._task = self._bar.add_task("reading", total=None, counts="")
        self._bar.start()

    def show(self, snapshot: Snapshot) -> None:
        """Draws the bar as it is now."""
        self._bar.update(
            self._task,
            description=snapshot.stage,
            total=None if snapshot.fraction is None else 1.0,
            completed=snapshot.fraction or 0.0,
            counts=_counts(snapshot) + _left(snapshot),
        )
        self._bar.refresh()

    def close(self) -> None:
        """Takes the bar off the terminal."""
        self._bar.stop()


class Progress:
    """A run's progress: reads the file and shows it. Made by `show_progress`."""

    def __init__(self, reader: ProgressReader | None, estimate: Estimate, view: ProgressView | None) -> None:
        self._reader = reader
        self._estimate = estimate
        self._view = view
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def totals(self) -> dict[str, int]:
        """The sums so far, by name; all zero where nothing is counted."""
        return self._reader.totals() if self._reader else dict.fromkeys(COUNTS, 0)

    def tick(self) -> None:
        """Reads what is new and shows it."""
        if self._view is not None:
            self._view.show(self._estimate.snapshot(self.totals()))

    def start(self) -> None:
        """Begins to show, in a thread of its own, until `stop`."""
        if self._view is not None:
            self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread and leaves the terminal as it was found."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        if self._view is not None:
            with contextlib.suppress(OSError, ValueError):
                self._view.close()

    def _follow(self) -> None:
        assert self._view is not None
        try:
            while not self._stopped.wait(self._view.every_s):
                self.tick()
        except (OSError, ValueError) as error:
            # The terminal was closed or the pipe's reader has gone: the run goes on unseen.
            _logger.debug("progress is no longer shown: %s", error)


@contextlib.contextmanager
def show_progress(
    mode: ProgressMode,
    path: str | None,
    total_bytes: int | None = None,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Shows the progress that is written to `path` while the body runs.

    mode: "bar" draws on the terminal, "log" prints plain lines, "off" nothing; "auto" takes the bar where
        `stream` is a terminal that can draw one, else lines.
    path: the progress file: made here, removed by the caller, given to ProgressWriters; None shows nothing.
    total_bytes: size of the input as stored, in bytes; None where it can't be known.
    stream: stderr, unless told.
    """
    stream = stream or sys.stderr
    reader = view = None
    if path is not None and mode != "off":
        with open(path, "ab"):
            pass
        reader = ProgressReader(path)
        view = (
            BarView(stream) if mode == "bar" or (mode == "auto" and _can_draw(stream)) else LineView(stream)
        )
    progress = Progress(reader, Estimate(total_bytes, clock), view)
    try:
        progress.start()
        yield progress
    finally:
        progress.stop()


def _can_draw(stream: TextIO) -> bool:
    try:
        return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
    except (ValueError, io.UnsupportedOperation):
        return False


def duration(seconds: float) -> str:
    """Seconds as a person says them: "8 s", "2 min 05 s", "3 h 20 min"."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def _left(snapshot: Snapshot) -> str:
    # Rounded up: "0 s left" through the last second looks like a fault.
    return "" if snapshot.left_s is None else f", {duration(math.ceil(snapshot.left_s))} left"


def _counts(snapshot: Snapshot) -> str:
    totals = snapshot.totals
    parts = [f"{totals['read']:,} read", f"{totals['kept']:,} kept", f"{totals['duplicate']:,} duplicate"]
    if totals["unchanged"]:
        parts.append(f"{totals['unchanged']:,} unchanged")
    parts.append(f"{totals['dead_letter']:,} dead")
    return ", ".join(parts) + f", {snapshot.rate:,.0f}/s"
