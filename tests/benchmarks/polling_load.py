"""Thousands of feeds polled for real in one run, and again with nothing new.

    python -m tests.benchmarks polling_load [--load_hosts 200] [--load_feeds 10] [--load_items 5]

The publishers are a process of their own on addresses of the loopback network, one for each host; what they note of
those who ask is compared with what a run may do. Their items are made up. Nothing is asked for beyond the defaults but
loopback hosts, and entities are left out: they take the same time wherever an article is from.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from tests.benchmarks.harness import (
    Benchmark,
    Run,
    goal,
    main,
    newsbeam,
    run_command,
    scratch_folder,
    table,
    tell,
)
from tests.servers.publishers import publishers
from tests.tables import rows

GOAL_S, GOAL_MB = 60.0, 500.0


def measure(arguments: argparse.Namespace) -> str:
    """Two runs; raises RuntimeError where an item is missing or doubled, or a host was asked as it should not be."""
    hosts, feeds, items = arguments.load_hosts, arguments.load_feeds, arguments.load_items
    found: list[tuple[str, Run, int, int]] = []
    with scratch_folder(arguments) as folder, publishers(hosts, feeds, items, delay_s=0.02) as served:
        listed = folder / "feeds.txt"
        listed.write_text("\n".join(served.feeds) + "\n", encoding="utf-8")
        out = folder / "out"
        command = newsbeam(
            "run", "--feeds", str(listed), "--output", str(out), "--entities", "none", "--progress", "off",
            "--workers", str(arguments.load_workers), "--allow_private_hosts",
            "--host_gap_s", f"{arguments.load_gap_s:g}",
        )  # fmt: skip
        asked = 0
        for name, options in (("all new", []), ("unchanged", ["--all_due"])):
            tell(f"{hosts * feeds:,} feeds, {name}")
            run = run_command([*command, *options])
            told = served.told()
            found.append((name, run, told["requests"] - asked, told["unchanged"]))
            asked = told["requests"]
            _check(out, told, hosts * feeds * len(found), arguments.load_gap_s)
    lines = [
        (
            name,
            f"{run.seconds:,.1f}",
            f"{run.cpu_s:,.1f}",
            f"{run.peak_mb:,.0f}",
            f"{requests:,}",
            f"{not_new:,}",
        )
        for name, run, requests, not_new in found
    ]
    first = found[0][1]
    least_s = (feeds - 1) * arguments.load_gap_s
    return "\n\n".join(
        [
            f"{hosts * feeds:,} feeds on {hosts:,} hosts, {hosts * feeds * items:,} items, "
            f"{arguments.load_gap_s:g} s between two requests to a host, which alone take {least_s:g} s; "
            f"{arguments.load_workers} workers, without entities.",
            table(("run", "seconds", "CPU, s", "peak, MB", "requests", "answered by 304"), lines),
            f"The servers noted at most {told['most_open']} request at a time at a host, and "
            f"{told['gap_s'] or 0:.2f} s at the least between two. Every item is in the tables once.",
            goal(f"all new within {GOAL_S:.0f} s", first.seconds < GOAL_S),
            goal(f"all new within {GOAL_MB:.0f} MB", first.peak_mb < GOAL_MB),
        ]
    )


def _check(out: Path, told: dict[str, object], requests: int, gap_s: float) -> None:
    guids = told["guids"]
    assert isinstance(guids, list)
    kept = Counter(row["origin"]["guid"] for row in rows(out, "articles"))
    faults = [
        f"{len(set(guids) - set(kept))} items are missing" if set(guids) - set(kept) else "",
        "items are there twice" if kept.total() != len(kept) else "",
        f"{told['requests']} requests" if told["requests"] != requests else "",
        f"{told['most_open']} requests at once at a host" if told["most_open"] != 1 else "",
    ]
    least = told["gap_s"]
    if isinstance(least, float) and least < gap_s:
        faults.append(f"{least:.3f} s between two requests to a host")
    if found := "; ".join(filter(None, faults)):
        raise RuntimeError(found)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--load_hosts", type=int, default=200, metavar="N", help="hosts that are polled (200)")
    group.add_argument("--load_feeds", type=int, default=10, metavar="N", help="feeds of each host (10)")
    group.add_argument("--load_items", type=int, default=5, metavar="N", help="items of each feed (5)")
    group.add_argument("--load_gap_s", type=float, default=2.0, metavar="S", help="between two requests (2)")
    group.add_argument("--load_workers", type=int, default=2, metavar="N", help="worker processes (2)")


BENCHMARK = Benchmark("polling_load", "Thousands of feeds", measure, add_options, ("apache-beam", "urllib3"))

if __name__ == "__main__":
    sys.exit(main(BENCHMARK, __doc__))
