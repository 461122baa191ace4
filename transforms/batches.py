"""Runs heavy work on batches: in place, or in worker processes of this machine.

Python gives one core to a process. On an engine with workers of its own that is all there is to do; on a laptop the
same graph gets its other cores from here.
"""

from __future__ import annotations

import concurrent.futures
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.shared import Shared
from apache_beam.utils.windowed_value import WindowedValue

from transforms.pool import WorkerPool

#: Seconds of work that are done in place before processes are started for the rest: a small run is over before
#: they would be of use.
PATIENCE_S = 0.75


class RunBatches(beam.DoFn):
    """Calls `work` on every batch; one result each, in no order.

    work: picklable, with no state of its own. workers: processes to use; with 1, the work is done in place.
    shared: one handle for all steps of a pipeline, so that they use one pool between them.
    patience_s: seconds of work that each step does in place before it sends any to the processes.

    With more than one worker results come out at the end of a bundle, in the global window: for bounded input only.
    """

    def __init__(
        self,
        work: Callable[[Any], Any],
        workers: int = 1,
        shared: Shared | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        if workers < 1:
            raise ValueError(f"workers={workers}: at least 1")
        if workers > 1 and shared is None:
            raise ValueError("more than one worker needs a shared handle for their pool")
        self._work = work
        self._workers = workers
        self._shared = shared
        self._patience_s = patience_s
        self._pool: WorkerPool | None = None

    def setup(self) -> None:
        """Gets hold of the pool; it starts no process yet."""
        if self._shared is not None and self._workers > 1:
            self._pool = self._shared.acquire(lambda: WorkerPool(self._workers), tag=self._workers)
        self._spent_s = 0.0

    def start_bundle(self) -> None:
        """Begins with nothing in flight."""
        self._pending: deque[concurrent.futures.Future[Any]] = deque()

    def process(self, batch: Any) -> Iterator[Any]:
        """Yields the batch's result, or that of an earlier one, or nothing yet."""
        if self._pool is None or self._spent_s < self._patience_s:
            started = time.monotonic()
            yield self._work(batch)
            self._spent_s += time.monotonic() - started
            return
        self._pending.append(self._pool.submit(self._work, batch))
        # Two for each worker keep all of them busy; more would only hold memory.
        while len(self._pending) > 2 * self._workers:
            yield self._pending.popleft().result()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Waits for what is in flight."""
        window = GlobalWindow()
        while self._pending:
            yield WindowedValue(self._pending.popleft().result(), window.max_timestamp(), (window,))
