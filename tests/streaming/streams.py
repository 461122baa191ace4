"""Streams of the product as processes, and what becomes readable of them while they run."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.store.layout import Layout
from pipeline.stream.lease import read_lease
from schemas.state import StreamLease

ROOT = Path(__file__).parents[2]

#: Seconds that an engine has for anything: machines that try streams are busy.
PATIENCE_S = 600.0

#: Guid, headline and hash of the text: see `newsroom.Entry.key`.
Key = tuple[str, str, str]


def wait_for(is_so: Callable[[], bool], otherwise: str, within_s: float = PATIENCE_S) -> float:
    """Waits until something is so and returns the seconds that it took. Raises AssertionError where it doesn't come."""
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > within_s:
            raise AssertionError(f"{otherwise} after {within_s:g} s")
        time.sleep(0.1)
    return time.monotonic() - started


class Stream:
    """`newsbeam run --streaming` as a process that leads a session of its own. It ends with the block, however."""

    def __init__(
        self, out: Path, options: Sequence[str], log: Path, command: Sequence[str] = ("run", "--streaming")
    ) -> None:
        """options: all but --output. log: a file that what it says is added to. command: of the product."""
        self.layout = Layout(str(out))
        self.log = log
        with log.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline", *command, "--output", str(out), *options],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def lease(self) -> StreamLease:
        """What stands in OUT about it. Raises AssertionError where nothing does."""
        lease = read_lease(self.layout)
        assert lease is not None, f"there is no lease in {self.layout.output}"
        return lease

    def kill(self) -> None:
        """Kills the launcher as kill -9 does. A job on Flink runs on."""
        _kill_session(self.process.pid)
        self.process.wait()

    def ask(self, number: int = signal.SIGTERM) -> None:
        """Asks the launcher to end."""
        self.process.send_signal(number)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Its exit code. Raises AssertionError with the end of what it said where it doesn't end."""
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"the stream has not ended after {within_s:g} s: {self.said()}") from error

    def said(self) -> str:
        """The end of what it has said so far."""
        return self.log.read_text("utf-8", "replace")[-3_000:]


def environment() -> dict[str, str]:
    """Of launchers and workers: this Python is the first to be found, and the project is found by it."""
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}"
    return os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}


def _kill_session(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def newsbeam(*options: str) -> tuple[int, str]:
    """Another command of the product: its exit code, and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *options],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@dataclasses.dataclass(frozen=True, slots=True)
class Commit:
    """What one manifest made readable. at: when it was noticed, in seconds since 1970. window: its span, as text."""

    at: float
    run_id: str
    rows: int
    files: int
    window: str | None


class Reader:
    """Reads all that is committed into an OUT, as soon as it is, while the block runs.

    seen: when each revision was first readable. doubled: those that were there already. torn: files that a manifest
    lists and that can't be read.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._known: set[str] = set()
        self.commits: list[Commit] = []
        self.seen: dict[Key, float] = {}
        self.doubled: list[Key] = []
        self.torn: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def has_all(self, keys: Collection[Key]) -> bool:
        """Whether all of some revisions are readable."""
        return self.seen.keys() >= set(keys)

    def rows_after(self, at: float) -> int:
        """Rows that became readable after a moment."""
        return sum(commit.rows for commit in self.commits if commit.at > at)

    def first_rows_after(self, at: float) -> float | None:
        """When rows became readable for the first time after a moment; None where none did."""
        return min((commit.at for commit in self.commits if commit.at > at and commit.rows), default=None)

    def windows_twice(self) -> int:
        """Commits of a window that had one already: an engine has replayed it, or part of it came late."""
        windows = [commit.window for commit in self.commits if commit.window is not None]
        return len(windows) - len(set(windows))

    def _read(self) -> None:
        while not self._ended.wait(0.2):
            self.look()

    def look(self) -> None:
        """Reads what is new."""
        for path in sorted((self._out / "_runs").glob("*.json")):
            if path.name not in self._known:
                self._known.add(path.name)
                self._add(json.loads(path.read_text(encoding="utf-8")))

    def _add(self, manifest: dict[str, Any]) -> None:
        now = time.time()
        rows = files = 0
        for file in manifest["files"]:
            files += 1
            if file["table"] not in ("articles", "duplicates"):
                continue
            try:
                read = pq.ParquetFile(self._out / file["target"]).read(
                    columns=["origin", "title", "content_hash"]
                )
            except (pa.ArrowException, OSError) as error:
                self.torn.append(f"{file['target']}: {error}")
                continue
            rows += len(read)
            for row in read.to_pylist():
                key = row["origin"]["guid"], row["title"], row["content_hash"]
                if key in self.seen:
                    self.doubled.append(key)
                self.seen.setdefault(key, now)
        window = manifest.get("window")
        span = None if window is None else f"{window['stream_id']} {window['start']}"
        self.commits.append(Commit(now, manifest["run_id"], rows, files, span))


@contextlib.contextmanager
def worker_pool() -> Iterator[tuple[int, list[str]]]:
    """A pool of Python workers as processes, for engines that else have them in the launcher.

    Gives the session that they all are in, and the options by which a stream uses it.
    """
    with socket.create_server(("127.0.0.1", 0)) as tried:
        port = tried.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "engines" / "worker_pool.py"), f"--port={port}"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )

    def listens() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    try:
        wait_for(listens, "the pool of workers does not listen")
        yield process.pid, ["--environment_type=EXTERNAL", f"--environment_config=127.0.0.1:{port}"]
    finally:
        _kill_session(process.pid)
        process.wait()
