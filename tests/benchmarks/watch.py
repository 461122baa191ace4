"""An idle watch of thousands of feeds, by a clock that jumps and by a real one; and small batches, until committed.

    python -m tests.benchmarks watch [--watch_hours 24] [--watch_minutes 30] [--watch_hosts 200] [--watch_feeds 10]

The publishers are a process of their own on addresses of the loopback network; once they were polled, nothing is new
any more, and every answer is a 304, but where all is asked for. Entities are left out: no article comes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from pipeline.window import PrepareRows, WindowWriter
from schemas.records import Payload, PayloadBatch
from tests.benchmarks.harness import (
    ROOT,
    Benchmark,
    MissingInputError,
    cpu_seconds,
    goal,
    held_bytes,
    main,
    newsbeam,
    scratch_folder,
    spread,
    table,
    tell,
    tree_bytes,
)
from tests.end_to_end.made_up import records
from tests.servers.publishers import Running, publishers
from tests.stream.prepared import window_settings

GOAL_SHARE, GOAL_BATCH_MS = 0.02, 300.0

#: Hours that are shown of those by the jumping clock.
_SHOWN = (1, 2, 3, 6, 12, 18, 24, 48, 168)


def measure(arguments: argparse.Namespace) -> str:
    """All three; raises RuntimeError where a watch ends in an error."""
    if not Path("/proc/self/smaps_rollup").exists():
        raise MissingInputError("benchmarks need Linux: the memory of other processes is read from /proc")
    hosts, feeds, items = arguments.watch_hosts, arguments.watch_feeds, arguments.watch_items
    parts = [
        f"{hosts * feeds:,} feeds on {hosts:,} hosts, each with {items} items that are new to the first poll; after "
        "that nothing is."
    ]
    with scratch_folder(arguments) as folder:
        if arguments.watch_hours:
            with publishers(hosts, feeds, items) as served:
                parts.append(_by_the_jumping_clock(served, folder, arguments.watch_hours))
        if arguments.watch_minutes:
            with publishers(hosts, feeds, items) as served:
                parts.append(_by_the_real_clock(served, folder, arguments.watch_minutes))
        if arguments.watch_batches:
            parts.append(_batches(folder, arguments.watch_batches))
    return "\n\n".join(parts)


def _listed(served: Running, folder: Path) -> Path:
    path = folder / "feeds.txt"
    path.write_text("\n".join(served.feeds) + "\n", encoding="utf-8")
    return path


def _by_the_jumping_clock(served: Running, folder: Path, hours: int) -> str:
    out = folder / "jumping"
    tell(f"{hours} h by a clock that jumps")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.benchmarks.watched_day",
            str(_listed(served, folder)),
            str(out),
            str(hours),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = json.loads(done.stdout)
    shown = [hour for hour in found if hour["hour"] in _SHOWN or hour is found[-1]]
    lines = [
        (
            hour["hour"], f"{hour['polls']:,}", f"{hour['commits']:,}", f"{hour['cpu_s']:,.0f}",
            f"{hour['held_mb']:,.0f}",
        )
        for hour in shown
    ]  # fmt: skip
    first, last = found[0], found[-1]
    parts = [
        "By a clock that jumps to what is due next, with real requests and commits; all is counted from the start.",
        table(("hours", "polls", "commits", "CPU, s", "PSS, MB"), lines),
        f"{_files(out)}.",
    ]
    if len(found) > 1:
        share = (last["cpu_s"] - first["cpu_s"]) / ((last["hour"] - first["hour"]) * 3600)
        parts.append(
            f"From the end of the first hour {share:.2%} of a core. Of the first hour itself, in which all is new, "
            f"{first['cpu_s'] / 3600:.1%}."
        )
        parts.append(goal(f"under {GOAL_SHARE:.0%} of a core", share < GOAL_SHARE))
        parts.append(
            goal("no growing memory, after the first hour by less than a tenth",
                 last["held_mb"] < 1.1 * first["held_mb"])
        )  # fmt: skip
    return "\n\n".join(parts)


def _by_the_real_clock(served: Running, folder: Path, minutes: float) -> str:
    out = folder / "real"
    command = newsbeam(
        "watch", "--feeds", str(_listed(served, folder)), "--output", str(out), "--entities", "none",
        "--allow_private_hosts", "--progress", "off",
    )  # fmt: skip
    tell(f"{minutes:g} minutes by the real clock")
    feeds = len(served.feeds)
    watch = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    lines = []
    try:
        began = time.monotonic()
        while served.told()["requests"] < feeds or not _is_quiet(out):
            _still(watch)
            time.sleep(1)
        start_s = time.monotonic()
        lines.append(("all are polled once", start_s - began, *_used(watch.pid), served.told()["requests"]))
        steps = 4
        for step in range(1, steps + 1):
            while time.monotonic() < start_s + minutes * 60 * step / steps:
                _still(watch)
                time.sleep(0.2)
            lines.append(
                (f"{minutes * step / steps:g} minutes later", time.monotonic() - began, *_used(watch.pid),
                 served.told()["requests"])
            )  # fmt: skip
        watch.send_signal(signal.SIGTERM)
        ended = time.monotonic()
        code = watch.wait(60)
        took_s = time.monotonic() - ended
    finally:
        if watch.poll() is None:
            os.killpg(watch.pid, signal.SIGKILL)
            watch.wait()
    if code:
        raise RuntimeError(f"the watch ended with {code}")
    first, last = lines[0], lines[-1]
    share = (last[2] - first[2]) / (last[1] - first[1])
    return "\n\n".join(
        [
            "By the real clock, as a command; the first line is that of its first commits' end.",
            table(
                ("", "seconds", "CPU, s", "PSS, MB", "requests"),
                [
                    (name, f"{at:,.0f}", f"{cpu:,.1f}", f"{held:,.0f}", f"{asked:,}")
                    for name, at, cpu, held, asked in lines
                ],
            ),
            f"{share:.2%} of a core from then on. SIGTERM to the end: {took_s:.1f} s. {_files(out)}.",
            goal(f"under {GOAL_SHARE:.0%} of a core", share < GOAL_SHARE),
        ]
    )  # fmt: skip


def _still(watch: subprocess.Popen[bytes]) -> None:
    if watch.poll() is not None:
        raise RuntimeError(f"the watch ended with {watch.returncode}")


def _is_quiet(out: Path) -> bool:
    """Whether nothing was committed for some seconds."""
    times = [path.stat().st_mtime for path in (out / "_runs").glob("*.json")]
    return bool(times) and time.time() - max(times) > 10


def _used(process: int) -> tuple[float, float]:
    return cpu_seconds(process), held_bytes(process) / 1e6


def _files(out: Path) -> str:
    count = sum(path.is_file() for path in out.rglob("*"))
    runs = len(list((out / "_runs").glob("*.json")))
    return f"In the end there are {count:,} files of {tree_bytes(out) / 1e6:,.1f} MB, of {runs:,} commits"


def _batches(folder: Path, count: int) -> str:
    """A batch of ten items of one day, again and again into one OUT."""
    tell(f"{count} batches of ten items")
    out = folder / "batches"
    writer, prepare = WindowWriter(window_settings(out)), PrepareRows(near=True)
    lines = [
        json.dumps(line | {"published": "2024-04-01T10:00:00Z"}).encode() for line in records(10 * count)
    ]
    walls, cpus = [], []
    for number in range(count):
        payload = Payload("jsonl", f"{number}.jsonl", tuple(lines[10 * number : 10 * number + 10]))
        now = dt.datetime.now(dt.timezone.utc)
        wall, cpu = time.perf_counter(), time.process_time()
        writer.write([prepare(PayloadBatch((payload,)), now)], now)
        walls.append(1000 * (time.perf_counter() - wall))
        cpus.append(1000 * (time.process_time() - cpu))
    part = max(count // 4, 1)
    rows = [
        (f"{at + 1}-{at + part}", spread(walls[at : at + part]), spread(cpus[at : at + part]))
        for at in range(0, count - part + 1, part)
    ]
    return "\n\n".join(
        [
            "Ten items, without entities, from bytes until they are committed, into an OUT with those before:",
            table(("batches", "milliseconds", "CPU, ms"), rows),
            goal(
                f"committed within {GOAL_BATCH_MS:.0f} ms", statistics.median(walls[-part:]) < GOAL_BATCH_MS
            ),
        ]
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--watch_hosts", type=int, default=200, metavar="N", help="hosts that are polled (200)"
    )
    group.add_argument("--watch_feeds", type=int, default=10, metavar="N", help="feeds of each host (10)")
    group.add_argument("--watch_items", type=int, default=5, metavar="N", help="items of each feed (5)")
    group.add_argument(
        "--watch_hours", type=int, default=24, metavar="H", help="by the jumping clock; 0 is none (24)"
    )
    group.add_argument(
        "--watch_minutes", type=float, default=30.0, metavar="M", help="by the real clock; 0 is none (30)"
    )
    group.add_argument("--watch_batches", type=int, default=200, metavar="N", help="batches; 0 is none (200)")


BENCHMARK = Benchmark("watch", "An idle watch", measure, add_options, ("apache-beam", "urllib3", "pyarrow"))

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, __doc__))
