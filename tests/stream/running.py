"""Streams of `tests.stream.toy` as processes, and what they leave in OUT."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.store.layout import Layout
from pipeline.store.manifest import committed_runs, read_manifest
from pipeline.stream.lease import read_lease
from pipeline.stream.processes import is_alive
from schemas.state import StreamLease

ROOT = Path(__file__).parents[2]

#: Seconds that an engine has for anything: machines that run tests are busy.
PATIENCE_S = 300.0


def wait_for(is_so: Callable[[], bool], otherwise: str) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


class Stream:
    """A launcher that runs, in a session of its own."""

    def __init__(self, out: Path, arguments: Sequence[str]) -> None:
        self.layout = Layout(str(out))
        command = [
            sys.executable, "-m", "tests.stream.toy", "run", "--streaming", "--output", str(out),
            "--feeds", "http://feeds.example/", "--window_s", "1", *arguments,
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Where the Prism of the tests is kept doesn't matter to it; that it is found at 127.0.0.1 does.
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    @property
    def lease(self) -> StreamLease:
        """What stands in OUT about it."""
        lease = read_lease(self.layout)
        assert lease is not None
        return lease

    def wait_for_windows(self, count: int) -> None:
        """Waits until it has committed so many windows."""
        wait_for(
            lambda: self.process.poll() is not None or sum(map(len, self.windows().values())) >= count,
            f"fewer than {count} windows",
        )
        assert self.process.poll() is None, self.process.communicate()

    def windows(self) -> dict[str, list[list[int]]]:
        """The ticks of each committed window, by stream."""
        return windows(self.layout)

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Sends a signal to the launcher alone."""
        self.process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Waits for its end: the exit code, stdout and stderr."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err


@contextlib.contextmanager
def streams() -> Iterator[Callable[..., Stream]]:
    """Gives what starts streams; what still runs of them after the block is killed, a Prism of theirs among it."""
    started: list[Stream] = []
    prisms: list[tuple[int, str | None]] = []

    def start(out: Path, *arguments: str) -> Stream:
        stream = Stream(out, arguments)
        started.append(stream)
        return stream

    try:
        yield start
    finally:
        for stream in started:
            lease = read_lease(stream.layout)
            if lease is not None and lease.prism_pid is not None:
                prisms.append((lease.prism_pid, lease.prism_mark))
            if stream.process.poll() is None:
                stream.process.kill()
                stream.process.communicate()
        for pid, mark in prisms:
            if is_alive(pid, mark):
                os.killpg(pid, signal.SIGKILL)


def stop(out: Path, *arguments: str) -> tuple[int, str]:
    """`newsbeam stop`: its exit code, and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "stop", "--output", str(out), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return done.returncode, done.stdout + done.stderr


def windows(layout: Layout) -> dict[str, list[list[int]]]:
    """The ticks of each committed window, by stream."""
    found: dict[str, list[list[int]]] = {}
    for run_id in sorted(committed_runs(layout)):
        manifest = read_manifest(layout, run_id)
        assert manifest.window is not None
        found.setdefault(manifest.window.stream_id, []).append(manifest.options["ticks"])
    return found


def ticks(of: list[list[int]]) -> list[int]:
    """All ticks of some windows, in order."""
    return sorted(tick for window in of for tick in window)


def prism_lives(lease: StreamLease) -> bool:
    """Whether the Prism of a lease still runs."""
    assert lease.prism_pid is not None
    return is_alive(lease.prism_pid, lease.prism_mark)
