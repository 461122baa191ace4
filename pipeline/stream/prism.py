"""Prism as a process of ours: started for one stream, and ended with it, whatever becomes of the launcher.

Beam's own PrismRunner starts it too, and leaves it behind when the launcher is killed: it goes on at three quarters of
a core with nobody to work for it.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import grpc
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.prism_runner import PrismJobServer

from pipeline.stream.processes import process_mark
from schemas.errors import RunError, UsageError

_LOG = logging.getLogger("prism")

#: A panic in Go is long: what it was stands at its beginning.
_LINES_KEPT = 2_000

#: Seconds that Prism may take to listen; it takes a fraction of one.
_START_S = 30.0

#: Becomes the program of its arguments, which the kernel ends together with the process that started it. (What is to
#: be run in a child between fork and exec may not be Python in a program with threads, hence a program of its own.)
_GUARD = """
import ctypes, os, sys
PR_SET_PDEATHSIG, SIGKILL = 1, 9
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Prism:
    """A Prism that runs.

    endpoint: HOST:PORT of its job server. mark: see `processes.process_mark`. said: the last lines that it wrote.
    """

    process: subprocess.Popen[bytes]
    endpoint: str
    mark: str | None
    said: collections.deque[str]

    @property
    def pid(self) -> int:
        """Its process, which leads a group that its workers are in, too."""
        return self.process.pid

    def has_ended(self) -> bool:
        """Whether the process is over, by whatever."""
        return self.process.poll() is not None

    def end(self) -> None:
        """Kills it and the workers that it started. There is nothing that it would write down first."""
        end_group(self.pid)
        self.process.wait()


@contextlib.contextmanager
def run_prism(options: PipelineOptions) -> Iterator[Prism]:
    """Runs Prism while the block does. To be called from the main thread, with whose end Prism ends.

    options: of Beam's, --prism_location among them; without it Beam downloads Prism and keeps it.

    Raises UsageError where there is no Prism to run, and RunError where it doesn't start.
    """
    try:
        command, endpoint = PrismJobServer(options).subprocess_cmd_and_endpoint()
    except (ValueError, RuntimeError, OSError) as error:
        raise UsageError(f"--runner PrismRunner: there is no Prism: {error}") from error
    _quieten_broken_calls()
    process = _start([str(part) for part in command])
    prism = Prism(process, endpoint, process_mark(process.pid), collections.deque(maxlen=_LINES_KEPT))
    threading.Thread(target=_listen, args=(prism,), name="prism-says", daemon=True).start()
    try:
        _wait_until_it_listens(prism)
        yield prism
    finally:
        prism.end()


def end_group(pid: int) -> None:
    """Kills a process and all of its group, which it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    program = os.path.abspath(command[0])
    guarded = [program, *command[1:]]
    if sys.platform == "linux":
        guarded = [sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid()), *guarded]
    try:
        # A group of its own: a Ctrl-C at the terminal is for the launcher, which needs Prism until the end.
        return subprocess.Popen(
            guarded,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"--prism_location {program}: {error.strerror}") from error


def _quieten_broken_calls() -> None:
    """Logs what threads of Beam's worker in this process raise when Prism is gone, which its job tells as well."""
    before = threading.excepthook

    def note(error: threading.ExceptHookArgs) -> None:
        if issubclass(error.exc_type, grpc.RpcError):
            _LOG.info("a thread of the worker has lost Prism", exc_info=error.exc_value)
        else:
            before(error)

    threading.excepthook = note


def _listen(prism: Prism) -> None:
    """Logs what Prism writes, as another library's: what ends a stream is told by its job."""
    assert prism.process.stdout is not None
    with prism.process.stdout as lines:
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            prism.said.append(text)
            _LOG.log(logging.ERROR if '"level":"ERROR"' in text else logging.INFO, "%s", text)


def _wait_until_it_listens(prism: Prism) -> None:
    host, _, port = prism.endpoint.rpartition(":")
    deadline = time.monotonic() + _START_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1.0):
            return
        if prism.has_ended():
            said = f": {prism.said[-1]}" if prism.said else ""
            raise RunError(f"Prism ended at once, with exit code {prism.process.returncode}{said}")
        if time.monotonic() > deadline:
            raise RunError(f"Prism doesn't listen at {prism.endpoint} after {_START_S:.0f} s")
        time.sleep(0.05)
