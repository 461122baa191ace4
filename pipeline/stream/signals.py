"""SIGINT, SIGTERM and SIGHUP for a program that has something to bring to its end first."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

#: What asks a program to stop; where it is ignored already (`nohup`), it stays so.
_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


class StopSignals:
    """Notes the first signal while the block runs; the second is a KeyboardInterrupt, the third the system's business.

    Outside of the main thread, which alone is told of signals, nothing is ever noted.

    number: of the last signal; None where there was none.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        # Not an Event: its lock may be held by what the handler interrupts.
        self._is_asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            for name in _STOPPING:
                # Windows has no SIGHUP.
                number = getattr(signal, name, None)
                if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        if not self._is_asked:
            self._is_asked = True
            return
        for known in self._before:
            signal.signal(known, signal.SIG_DFL)
        raise KeyboardInterrupt

    def is_asked(self) -> bool:
        """Whether there was one."""
        return self._is_asked
