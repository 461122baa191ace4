"""A stream that is tried: an engine, publishers, a reader of what is committed, and what may befall all of it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.store.check import check_output
from tests.engines.flink import FlinkCluster, flink_cluster
from tests.engines.prism import prism_options
from tests.engines.sessions import processes_of
from tests.streaming.many_runs import against_one_run
from tests.streaming.news_server import POLLING, Leave, Serving, Terms, news_server
from tests.streaming.streams import PATIENCE_S, Key, Reader, Stream, newsbeam, wait_for, worker_pool

#: Whatever ends a stream waits for its last window for as long as all else is waited for.
PATIENTLY = (f"--drain_timeout_s={PATIENCE_S:g}",)


@dataclasses.dataclass(frozen=True, slots=True)
class Engine:
    """Where streams run. options: of a stream there. cluster: Flink's. workers: the session of a pool of its own."""

    name: str
    options: tuple[str, ...]
    cluster: FlinkCluster | None = None
    workers: int | None = None
    command: tuple[str, ...] = ("run", "--streaming")


@contextlib.contextmanager
def on_prism(folder: Path) -> Iterator[Engine]:
    """Prism, with its workers in the launcher."""
    yield Engine("Prism", tuple(prism_options()))


@contextlib.contextmanager
def on_prism_with_workers(folder: Path) -> Iterator[Engine]:
    """Prism, with its workers as processes, so that they can be killed by themselves."""
    with worker_pool() as (session, options):
        # Whether a worker is gone only its silence tells.
        yield Engine("Prism", (*prism_options(), *options, "--stall_timeout_s=15"), workers=session)


@contextlib.contextmanager
def on_flink(folder: Path) -> Iterator[Engine]:
    """A Flink cluster of two task managers with a slot each."""
    with flink_cluster(folder / "flink") as cluster:
        yield flink_engine(cluster)


def flink_engine(cluster: FlinkCluster) -> Engine:
    """A Flink cluster that runs already."""
    state = json.loads((cluster.folder / "cluster.json").read_text("utf-8"))
    return Engine("Flink", (*cluster.beam_options(), f"--flink_rest={state['rest']}"), cluster)


@contextlib.contextmanager
def watching(folder: Path) -> Iterator[Engine]:
    """`newsbeam watch`, which needs no engine."""
    yield Engine("watch", (), command=("watch",))


class Trial:
    """One stream, through all of its starts.

    problems: what `newsbeam check` found while nothing ran, and whatever else should not have been.
    """

    def __init__(
        self, folder: Path, engine: Engine, served: Serving, reader: Reader, window_s: float, seed: str
    ) -> None:
        self.folder = folder
        self.out = folder / "stream"
        self.engine = engine
        self.served = served
        self.reader = reader
        self.random = random.Random(seed)
        self.problems: list[str] = []
        self.started_at = 0.0
        self._stream: Stream | None = None
        windows = () if engine.command == ("watch",) else ("--window_s", str(window_s))
        self.options = (
            *PATIENTLY,
            "--feeds", str(served.write_feeds(folder / "feeds.txt")), *windows, "--entities", "none", *POLLING,
            *engine.options,
        )  # fmt: skip

    @property
    def stream(self) -> Stream:
        """The launcher that runs, or ran last."""
        assert self._stream is not None
        return self._stream

    @property
    def cluster(self) -> FlinkCluster:
        """Flink's. Raises AssertionError elsewhere."""
        assert self.engine.cluster is not None
        return self.engine.cluster

    def start(self, *options: str) -> None:
        """Starts the stream, for the first time or again."""
        self.started_at = time.time()
        log = self.folder / "stream.log"
        self._stream = Stream(self.out, (*self.options, *options), log, self.engine.command)

    def wait_for_rows(self) -> None:
        """Waits for the very first ones."""

        def has_come() -> bool:
            code = self.stream.process.poll()
            assert code is None, f"the stream ended with exit code {code}: {self.stream.said()}"
            return bool(self.reader.seen)

        try:
            wait_for(has_come, "no rows")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.stream.said()}") from error

    def wait_for_news(self, since: float) -> float:
        """Waits until something is readable that was published after a moment and after the last start.

        Returns the seconds since that moment. What a stream that was told to end has still committed doesn't count.
        """
        number = 0
        fresh: set[Key] = set()

        def has_come() -> bool:
            nonlocal number
            for one in self.served.published(number):
                number = one.number + 1
                if (
                    one.shown_at > max(since, self.started_at)
                    and one.is_article
                    and one.kind not in ("repeat", "also")
                ):
                    fresh.add(one.key)
            if not fresh.isdisjoint(self.reader.seen.copy()):
                return True
            code = self.stream.process.poll()
            assert code is None or self.stream.process.returncode == -signal.SIGKILL, (
                f"the stream ended with exit code {code}: {self.stream.said()}"
            )
            time.sleep(0.2)
            return False

        wait_for(has_come, "no new rows")
        return min(self.reader.seen[key] for key in fresh if key in self.reader.seen) - since

    def ended_with(self, *codes: int) -> None:
        """Waits for the launcher's end, which has to have one of these exit codes; then nothing may be amiss in OUT."""
        code = self.stream.wait()
        if code not in codes:
            self.problems.append(f"exit code {code}, not {codes}: {self.stream.said()[-500:]}")
        self.look_at_rest()

    def look_at_rest(self) -> None:
        """Whatever happened before: what is in OUT holds together, while nothing runs."""
        problems = check_output(self.stream.layout)
        self.problems += [f"{problem.path}: {problem.message}" for problem in problems if not problem.is_note]

    def end(self) -> None:
        """Ends the stream, once it is at work, as its users do: by a signal, or on Flink by `newsbeam stop`."""
        wait_for(self._is_at_work, "no polls")
        if self.engine.cluster is None:
            self.stream.ask()
        else:
            code, said = newsbeam("stop", *PATIENTLY, "--output", str(self.out))
            if code:
                self.problems.append(f"newsbeam stop: exit code {code}: {said[-500:]}")
        self.ended_with(0)

    def _is_at_work(self) -> bool:
        """Whether any feed was polled since the last start."""
        code = self.stream.process.poll()
        assert code is None, f"the stream ended with exit code {code}: {self.stream.said()}"
        return any((one["polled_at"] or 0.0) > self.started_at for one in self.served.stats())

    def close(self) -> None:
        """Leaves nothing behind, however it ended."""
        if self._stream is not None:
            self._stream.kill()
        if self.engine.cluster is not None:
            for job in self.engine.cluster.running():
                self.engine.cluster.cancel(job)


#: What may befall a stream. It returns once it is done, and the stream runs again or goes on by itself.
Strike = Callable[[Trial], None]


@contextlib.contextmanager
def trial(
    folder: Path, engine: Engine, terms: Terms, *, window_s: float = 5.0, seed: str = ""
) -> Iterator[Trial]:
    """Publishers that begin with the first poll, a reader, and a stream that isn't started yet.

    window_s: seconds of a window. seed: of all that is drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    terms = dataclasses.replace(terms, wait=True, by_leave=True)
    with (
        news_server(terms) as served,
        Reader(folder / "stream") as reader,
        _leave_given(served, reader),
    ):
        tried = Trial(folder, engine, served, reader, window_s, seed)
        try:
            yield tried
        finally:
            tried.close()


@contextlib.contextmanager
def _leave_given(served: Serving, reader: Reader) -> Iterator[None]:
    """Lets what is readable leave its feed, while the block runs."""
    ended = threading.Event()

    def give() -> None:
        leave = Leave(served)
        while not ended.wait(0.5):
            leave.give(reader.seen.copy().keys())

    thread = threading.Thread(target=give, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What became of all that was published.

    revisions: that were published. rows: of articles and duplicates. missing: that are not there. doubled: rows of what
    was there already. problems: see `Trial`; torn files among them. differences: to one run over the same input, in
    lines. replayed: commits of windows that had one.
    """

    revisions: int
    rows: int
    missing: list[Key]
    doubled: list[Key]
    problems: list[str]
    differences: list[str]
    replayed: int

    @property
    def is_good(self) -> bool:
        """Whether nothing is lost, doubled, torn or otherwise than in one run."""
        return not (self.missing or self.doubled or self.problems or self.differences)


def finish(tried: Trial, strike: Strike | None = None, within_s: float = PATIENCE_S) -> Verdict:
    """Lets the publishers fall silent, waits until all is readable, ends the stream, and looks at what came of it.

    strike: done just as they fall silent: what was polled and isn't committed yet must be polled again, though no feed
    has anything new. within_s: for what is still to come.
    """
    tried.served.stop_publishing()
    if strike is not None:
        strike(tried)
    published = [one for one in tried.served.published() if one.is_article]
    keys = {one.key for one in published}
    with contextlib.suppress(AssertionError):
        wait_for(lambda: tried.reader.has_all(keys), "not all is there", within_s)
    tried.end()
    tried.reader.look()
    compared = against_one_run(tried.folder, tried.served, tried.out)
    account = compared.accounts[0]
    unknown = [f"a row of nothing that was published: {key}" for key in account.unknown]
    torn = [f"torn: {line}" for line in tried.reader.torn]
    return Verdict(
        revisions=len(keys),
        rows=account.rows,
        missing=account.missing,
        doubled=sorted({*account.doubled, *tried.reader.doubled}),
        problems=[*tried.problems, *torn, *unknown],
        differences=compared.lines,
        replayed=tried.reader.windows_twice(),
    )


# What may befall a stream.


def kill_task_manager(tried: Trial) -> None:
    """Flink gets a new one a moment later."""
    tried.cluster.kill_task_manager(tried.random.choice(("taskmanager-1", "taskmanager-2")))
    time.sleep(tried.random.uniform(0, 2))
    tried.cluster.restart_task_managers()


def kill_flink_worker(tried: Trial) -> None:
    """One of the Python workers."""
    os.kill(tried.random.choice(tried.cluster.workers()), signal.SIGKILL)


def kill_flink_launcher(tried: Trial) -> None:
    """The job runs on, keeps others out, and is ended from elsewhere; then it is started again."""
    tried.stream.kill()
    time.sleep(tried.random.uniform(0, 10))
    code, said = newsbeam("run", "--streaming", "--output", str(tried.out), *tried.options)
    if code != 4:
        tried.problems.append(f"a second start beside a job that runs: exit code {code}: {said[-500:]}")
    code, said = newsbeam("stop", *PATIENTLY, "--output", str(tried.out))
    if code:
        tried.problems.append(f"newsbeam stop without a launcher: exit code {code}: {said[-500:]}")
    tried.look_at_rest()
    tried.start()


def stop_with_savepoint(tried: Trial) -> None:
    """And go on from it."""
    code, said = newsbeam("stop", *PATIENTLY, "--output", str(tried.out), "--savepoint")
    path = re.search(r"--savepoint_path (\S+)", said)
    if code or path is None:
        tried.problems.append(f"newsbeam stop --savepoint: exit code {code}: {said[-500:]}")
    tried.ended_with(0)
    tried.start(*(() if path is None else (f"--savepoint_path={path[1]}",)))


def cancel_flink_job(tried: Trial) -> None:
    """On Flink itself, and start again with nothing but OUT."""
    job = tried.stream.lease.flink_job_id
    assert job is not None
    tried.cluster.cancel(job)
    tried.ended_with(1)
    tried.start()


def kill_prism(tried: Trial) -> None:
    """The launcher says so and ends, and is started again."""
    pid = tried.stream.lease.prism_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    tried.ended_with(1)
    tried.start()


def kill_prism_worker(tried: Trial) -> None:
    """Prism goes on as if nothing was, until the launcher ends it."""
    assert tried.engine.workers is not None
    workers = [
        process.pid
        for process in processes_of(tried.engine.workers)
        if "sdk_worker" in process.command and not process.is_zombie
    ]
    assert workers, "there is no worker to kill"
    os.kill(tried.random.choice(workers), signal.SIGKILL)
    tried.ended_with(1)
    tried.start()


def end_by_signal(tried: Trial) -> None:
    """As a service manager does, and start again."""
    tried.stream.ask()
    tried.ended_with(0)
    tried.start()


def kill_launcher(tried: Trial) -> None:
    """Where Prism is, it goes with it; `watch` is all in one."""
    tried.stream.kill()
    tried.look_at_rest()
    tried.start()


def engine_called(
    name: str, folder: Path, flink_folder: Path | None = None
) -> contextlib.AbstractContextManager[Engine]:
    """One of `ENGINES`, which runs while the block does.

    folder: for what it writes. flink_folder: of a cluster that runs already (`python -m tests.engines.flink up`).
    """
    if name == "flink" and flink_folder is not None:
        return contextlib.nullcontext(flink_engine(FlinkCluster(flink_folder.resolve())))
    return ENGINES[name](folder)


#: Engine -> what starts it, in a folder.
ENGINES: dict[str, Callable[[Path], contextlib.AbstractContextManager[Engine]]] = {
    "prism": on_prism,
    "prism with workers": on_prism_with_workers,
    "flink": on_flink,
    "watch": watching,
}

#: Kind of fault -> its engine, and how it is done.
STRIKES: dict[str, tuple[str, Strike]] = {
    "flink_task_manager": ("flink", kill_task_manager),
    "flink_worker": ("flink", kill_flink_worker),
    "flink_launcher": ("flink", kill_flink_launcher),
    "flink_savepoint": ("flink", stop_with_savepoint),
    "flink_cancel": ("flink", cancel_flink_job),
    "prism_killed": ("prism", kill_prism),
    "prism_worker": ("prism with workers", kill_prism_worker),
    "prism_launcher": ("prism", kill_launcher),
    "prism_sigterm": ("prism", end_by_signal),
    "watch_killed": ("watch", kill_launcher),
    "watch_sigterm": ("watch", end_by_signal),
}
