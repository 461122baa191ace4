"""How a program that runs without an end is asked to end, and what happens where it doesn't in time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class StopRequest:
    """A wish to stop, made by a handler of signals: it may come at any moment, amid any call.

    `ask` only leaves notes, since a handler that takes a lock may wait for the very code that it has interrupted.

    timeout_s: from the wish until `too_late` is called, from another thread, unless `done` was called before. It is
    expected to end the program.
    """

    def __init__(self, timeout_s: float, too_late: Callable[[], None]) -> None:
        self._timeout_s = timeout_s
        self._too_late = too_late
        self._notes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._wake: Callable[[], None] | None = None
        self.is_asked = False
        threading.Thread(target=self._guard, name="stop", daemon=True).start()

    def on_ask(self, wake: Callable[[], None]) -> None:
        """Has `wake` called by `ask`, by which whoever sleeps has to be told; it must not take a lock."""
        self._wake = wake
        if self.is_asked:
            wake()

    def ask(self) -> None:
        """Asks to stop."""
        self.is_asked = True
        self._notes.put(True)
        if self._wake is not None:
            self._wake()

    def done(self) -> None:
        """Says that there is nothing left to do."""
        self._notes.put(False)

    def _guard(self) -> None:
        if not self._notes.get():
            return
        try:
            while self._notes.get(timeout=self._timeout_s):
                pass
        except queue.Empty:
            self._too_late()
