"""A guard against work that grows with the square of its input: it would take hours, and nobody would know why."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

import pytest


@contextlib.contextmanager
def no_hang(cpu_s: float = 60) -> Iterator[None]:
    """Fails a block that takes minutes of the processor where it should take a moment.

    No measure of speed: it is set so far off that only the square of a length, or worse, comes there, on a machine
    however slow or busy. On systems without such a timer the block is just run.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(
            f"not done after {cpu_s} s of the processor: the cost must grow with the square of the input"
        )

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
