"""Whole streams on each engine: is every item there once, how soon can it be read, and what does that cost?

    python -m tests.benchmarks streaming_engines [--minutes 10] [--engines prism flink watch] [--stream_rate 20]

Made-up publishers show items in ten feeds: new, repeated, edited, late, out of order, without a date, without anything
in them; copies and near-copies; with errors, torn answers, one feed that takes three seconds, and one that is
gone half-way. They begin when they are first polled.

- missing, doubled: of what was published, in the end.
- differences: to one run over the same input (`tests.streaming.compare`).
- delay: from when an item was published, and from when it was first sent to us, until its row is readable; in steps of
  a fifth of a second.
- polls: seconds between two of a feed, the middle of all feeds; and whether no host was ever asked by two requests at
  once, nor again within the gap that was asked for.
- CPU: of all of the stream, in cores; memory: the highest sum of PSS, looked at every two seconds. Workers that live in
  the launcher's process count there.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.harness import Benchmark, MissingInputError, goal, main, scratch_folder, table, tell
from tests.engines.cache import MissingToolError
from tests.engines.sessions import processes_of
from tests.streaming.news_server import Terms
from tests.streaming.trials import Trial, Verdict, engine_called, finish, trial

#: As they are called here and in `trials`.
NAMES = ("prism", "flink", "watch")

WINDOW_S = 5.0

#: Seconds from the sending of an item to its row: a window and two checkpoints of 5 s, which Prism has no need of; and
#: what `watch` promises.
WITHIN_S = {"prism": WINDOW_S + 2 * 5.0, "flink": WINDOW_S + 2 * 5.0, "watch": 5.0}

#: Seconds between two requests to a host, as `POLLING` asks for them.
HOST_GAP_S = 0.1

_SAMPLE_S = 2.0


@dataclasses.dataclass(slots=True)
class Cost:
    """Of one part of a stream. cores: CPU over time. peak_mb: of memory."""

    cores: float = 0.0
    peak_mb: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class Streamed:
    """One stream, from its first row to the publishers' end.

    delays_s, sent_delays_s: sorted, from publishing and from the first sending to readable. costs: by part.
    files_a_minute: of all kinds, state and index included. poll_s: the middle of seconds between two polls of a feed.
    is_polite: whether hosts were asked one request at a time, with the gap between.
    """

    name: str
    verdict: Verdict
    delays_s: list[float]
    sent_delays_s: list[float]
    costs: dict[str, Cost]
    files_a_minute: float
    poll_s: float
    is_polite: bool


def streamed(
    name: str, folder: Path, terms: Terms, seconds: float, flink_folder: Path | None = None
) -> Streamed:
    """Lets an engine stream for so long. Raises AssertionError where it doesn't get going, or doesn't end."""
    with (
        engine_called(name, folder, flink_folder) as engine,
        trial(folder, engine, terms, window_s=WINDOW_S, seed=name) as tried,
    ):
        tried.start()
        tried.wait_for_rows()
        began = time.time()
        with _Meter(tried) as meter:
            while time.time() - began < seconds:
                time.sleep(min(30.0, seconds))
                code = tried.stream.process.poll()
                assert code is None, f"the stream ended with exit code {code}: {tried.stream.said()}"
                tell(f"{name}: {time.time() - began:.0f} s, {len(tried.reader.seen)} rows")
            files = sum(commit.files for commit in tried.reader.commits if commit.at > began)
            lasted = time.time() - began
        verdict = finish(tried)
        delays, sent_delays = _delays(tried)
        stats = tried.served.stats()
    poll_s = statistics.median(one["median_gap_s"] for one in stats if one["median_gap_s"] is not None)
    is_polite = all(one["most_open"] <= 1 and (one["least_gap_s"] or 1) >= HOST_GAP_S - 0.01 for one in stats)
    return Streamed(name, verdict, delays, sent_delays, meter.costs, 60 * files / lasted, poll_s, is_polite)


def _delays(tried: Trial) -> tuple[list[float], list[float]]:
    shown: dict[tuple[str, str, str], float] = {}
    sent: dict[tuple[str, str, str], float] = {}
    for one in tried.served.published():
        shown.setdefault(one.key, one.shown_at)
        if one.sent_at is not None:
            sent[one.key] = min(one.sent_at, sent.get(one.key, one.sent_at))
    seen = tried.reader.seen
    return (
        sorted(seen[key] - at for key, at in shown.items() if key in seen),
        sorted(seen[key] - at for key, at in sent.items() if key in seen),
    )


class _Meter:
    """Measures the parts of a stream while the block runs."""

    def __init__(self, tried: Trial) -> None:
        self._tried = tried
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure, daemon=True)
        self.costs: dict[str, Cost] = {}

    def __enter__(self) -> _Meter:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _measure(self) -> None:
        began = time.monotonic()
        first: dict[str, float] | None = None
        while True:
            cpu: dict[str, float] = {}
            memory: dict[str, float] = {}
            for part, cpu_s, mb in self._parts():
                cpu[part] = cpu.get(part, 0.0) + cpu_s
                memory[part] = memory.get(part, 0.0) + mb
            first = cpu if first is None else first
            for part, mb in memory.items():
                cost = self.costs.setdefault(part, Cost())
                cost.peak_mb = max(cost.peak_mb, mb)
                cost.cores = (cpu[part] - first.get(part, 0.0)) / max(time.monotonic() - began, 1e-9)
            if self._ended.wait(_SAMPLE_S):
                return

    def _parts(self) -> Iterator[tuple[str, float, float]]:
        """Of each process its part, seconds of CPU, and megabytes."""
        sessions = {"launcher": self._tried.stream.process.pid}
        if self._tried.engine.cluster is not None:
            sessions["engine"] = self._tried.engine.cluster.session
        elif self._tried.engine.command != ("watch",):
            prism = self._tried.stream.lease.prism_pid
            if prism is not None:
                sessions["engine"] = prism
        for part, session in sessions.items():
            for process in processes_of(session):
                if not process.is_zombie:
                    is_worker = part == "engine" and "sdk_worker" in process.command
                    yield "workers" if is_worker else part, process.cpu_s, _memory_mb(process.pid)


def _memory_mb(pid: int) -> float:
    try:
        held = re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    except OSError:
        # It has ended since it was listed.
        return 0.0
    return int(held[1]) * 1024 / 1e6 if held else 0.0


def measure(arguments: argparse.Namespace) -> str:
    """All engines, or those that were asked for, one after the other."""
    seconds = arguments.minutes * 60
    terms = Terms(
        rate=arguments.stream_rate,
        shown_s=60.0,
        edit_after_s=30.0,
        gone_after_s=seconds / 2,
        seed=arguments.stream_seed,
    )
    found = []
    for name in arguments.engines:
        with scratch_folder(arguments) as folder:
            try:
                one = streamed(name, folder, terms, seconds, arguments.flink_folder)
            except MissingToolError as error:
                raise MissingInputError(f"{name}: {error}") from error
        for line in (*one.verdict.problems, *one.verdict.differences[:20]):
            tell(f"{name}: {line}")
        found.append(one)
    about = (
        f"{arguments.stream_rate:g} items a second for {arguments.minutes:g} minutes in ten feeds, each shown for a "
        f"minute; polled every second or two, windows of {WINDOW_S:g} s; without entities."
    )
    return "\n\n".join((about, _rows_table(found), _cost_table(found), *map(_goals, found)))


def _rows_table(found: list[Streamed]) -> str:
    header = (
        "", "published", "rows", "missing", "doubled", "problems", "differences", "delay, s: p50", "p99", "longest",
        "from the first sending: p50", "p99", "longest",
    )  # fmt: skip
    return table(
        header,
        [
            (
                one.name, one.verdict.revisions, one.verdict.rows, len(one.verdict.missing), len(one.verdict.doubled),
                len(one.verdict.problems), len(one.verdict.differences), *map(_tenths, _middle(one.delays_s)),
                *map(_tenths, _middle(one.sent_delays_s)),
            )
            for one in found
        ],
    )  # fmt: skip


def _middle(values: list[float]) -> tuple[float, float, float]:
    return statistics.median(values), values[int(len(values) * 0.99)], values[-1]


def _tenths(value: float) -> str:
    return f"{value:.1f}"


def _cost_table(found: list[Streamed]) -> str:
    parts = ("launcher", "engine", "workers")
    header = ("", *(f"{part}: cores, MB" for part in parts), "files a minute", "s between polls", "polite")
    rows = []
    for one in found:
        cells = []
        for part in parts:
            cost = one.costs.get(part)
            cells.append("-" if cost is None else f"{cost.cores:.2f}, {cost.peak_mb:.0f}")
        polite = "yes" if one.is_polite else "**no**"
        rows.append((one.name, *cells, f"{one.files_a_minute:.0f}", f"{one.poll_s:.1f}", polite))
    return table(header, rows)


def _goals(one: Streamed) -> str:
    within = WITHIN_S[one.name]
    good = not (one.verdict.missing or one.verdict.doubled or one.verdict.problems or one.verdict.differences)
    sooner = _middle(one.sent_delays_s)[1] <= within
    return "\n".join(
        (
            goal(f"{one.name}: everything there once, as one run says it", good),
            goal(f"{one.name}: 99 % readable within {within:g} s of being sent", sooner),
        )
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--minutes", type=float, default=10.0, metavar="M", help="of each stream (10)")
    group.add_argument("--engines", nargs="+", choices=NAMES, default=NAMES, help="(prism flink watch)")
    group.add_argument(
        "--stream_rate", type=float, default=20.0, metavar="N", help="items published a second (20)"
    )
    group.add_argument(
        "--flink_folder",
        type=Path,
        metavar="DIR",
        help="of a cluster that runs already (python -m tests.engines.flink up --folder DIR)",
    )
    group.add_argument("--stream_seed", type=int, default=7, metavar="N", help="of the news (7)")


BENCHMARK = Benchmark("streaming_engines", "Streams", measure, add_options, ("apache-beam", "pyarrow"))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
