"""Decides on the items of each window and commits them: the one step of a stream that writes."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from pipeline.store.commit import recover
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from pipeline.stream.lease import mark_ended
from pipeline.window import WindowSettings, WindowWriter
from schemas.errors import BusyError
from schemas.staged import PreparedRows, RunSummary
from schemas.state import WindowSpan

#: Seconds that a window waits for a run, or for the window before it on a worker that was given up, to let go of OUT.
PATIENCE_S = 900.0

#: Seconds between two looks at whether OUT is free.
_PAUSE_S = 0.2

#: Windows without a row to be written are committed at least so often, in seconds, for the feeds' states in them.
QUIET_COMMIT_S = 60.0


class CommitWindows(beam.DoFn):
    """Commits each window that is not empty: (key, PreparedRows of a window) -> RunSummary.

    An engine that replays a window finds its items known. A worker that was given up and comes back is kept out by the
    lock, and where there is none, by the protocol of the commit.
    """

    def __init__(self, stream_id: str, settings: WindowSettings) -> None:
        self._stream_id = stream_id
        self._settings = settings
        self._layout = Layout(settings.output)

    def setup(self) -> None:
        """Makes the writer, which remembers what it has read of OUT from window to window."""
        self._writer = WindowWriter(self._settings)
        self._committed = 0.0

    def process(
        self, element: tuple[int, Iterable[PreparedRows]], window: Any = beam.DoFn.WindowParam
    ) -> Iterator[RunSummary]:
        """Yields what was committed, if anything was."""
        rows = list(element[1])
        if not rows:
            # The expiry of a window that may still be late.
            return
        span = WindowSpan(
            self._stream_id,
            window.start.to_utc_datetime().replace(tzinfo=dt.timezone.utc),
            window.end.to_utc_datetime().replace(tzinfo=dt.timezone.utc),
        )
        is_last = any(one.is_last for one in rows)
        is_due = is_last or time.monotonic() - self._committed > QUIET_COMMIT_S
        with _Turn(self._layout):
            recover(self._layout)
            manifest = self._writer.write(rows, dt.datetime.now(dt.timezone.utc), span, must_commit=is_due)
        if is_last:
            mark_ended(self._layout, self._stream_id)
        if manifest is not None:
            self._committed = time.monotonic()
            yield RunSummary(manifest.counts)


class _Turn:
    """Holds OUT while the block runs, waiting for whoever has it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __enter__(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while True:
            self._lock = output_lock(self._layout)
            try:
                self._lock.__enter__()
                return
            except BusyError:
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE_S)

    def __exit__(self, *error: Any) -> None:
        self._lock.__exit__(*error)
