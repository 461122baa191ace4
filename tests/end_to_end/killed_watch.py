"""Kills watches while their publishers go on publishing, and looks whether an item was lost or doubled.

    python -m tests.end_to_end.killed_watch --kills 50

Each round starts a watch and kills it with all its processes by SIGKILL: at a moment drawn over some seconds of its
work, or, every third time, once a commit has begun, which is too short to be met by chance. Every fourth watch is asked
to stop, and has to do so in good order. Files are dropped into its folder meanwhile. In the end the publishers fall
silent, and runs are made until nothing is new: by then every item that was ever published or dropped must be in the
tables, once, and `newsbeam check` must be clean.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.end_to_end.killed_polls import nothing_lost
from tests.end_to_end.made_up import records, write_jsonl
from tests.servers.publishers import publishers
from tests.tables import manifests

#: The longest that a watch works before it is killed, in seconds from its first commit.
_MOST_S = 4.0

_PATIENCE_S = 120.0


def killed_watches(
    folder: Path, kills: int, *, hosts: int, feeds: int, items: int, seed: int
) -> tuple[Counter[str], int]:
    """Kills that many watches; returns how each ended, and how many published items there are in the end.

    Raises AssertionError at any item that is lost or doubled, and at anything that `check` finds.
    """
    generator = random.Random(seed)
    out, inbox = folder / "out", folder / "in"
    inbox.mkdir()
    ends: Counter[str] = Counter()
    dropped: list[str] = []
    with publishers(hosts, feeds, items, publish_every_s=0.1, delay_s=0.01, seed=seed) as served:
        listed = folder / "feeds.txt"
        listed.write_text("\n".join(served.feeds) + "\n", encoding="utf-8")
        common = [
            "--feeds", str(listed), "--output", str(out), "--allow_private_hosts", "--host_gap_s", "0.05",
            "--entities", "none", "--progress", "off",
        ]  # fmt: skip
        command = [
            sys.executable, "-m", "pipeline", "watch", *common, "--input", str(inbox), "--min_poll_s", "0.5",
            "--max_poll_s", "0.5", "--max_latency_s", "0.4", "--workers", "1",
        ]  # fmt: skip
        rounds = 0
        while sum(ends.values()) - ends["in good order"] < kills:
            lines = records(3, seed=1000 + rounds)
            write_jsonl(inbox / f"{rounds}.jsonl", lines)
            dropped += [line["id"] for line in lines]
            rounds += 1
            ends[_one_watch(command, out, generator, rounds)] += 1
        run = [sys.executable, "-m", "pipeline", "run", *common, "--input", str(inbox), "--all_due"]
        published = nothing_lost(served, run, out, files=dropped)
    return ends, published


def _one_watch(command: list[str], out: Path, generator: random.Random, number: int) -> str:
    """Starts a watch, ends it, and says how."""
    before = len(manifests(out))
    watch = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + _PATIENCE_S

    def still() -> bool:
        assert watch.poll() is None, f"the watch ended by itself: {watch.communicate()}"
        assert time.monotonic() < until, "the watch does nothing"
        return True

    is_asked = number % 4 == 0
    # Some are killed as they start, or before they were at anything.
    while (is_asked or generator.random() < 0.99) and len(manifests(out)) == before and still():
        time.sleep(0.05)
    time.sleep(generator.uniform(0, _MOST_S))
    if is_asked:
        watch.send_signal(signal.SIGTERM)
        _, said = watch.communicate(timeout=_PATIENCE_S)
        assert watch.returncode == 0, said
        return "in good order"
    if number % 3 == 0:
        while not list(out.glob("_staging/*/commit.*")) and still():
            time.sleep(0.0005)
        time.sleep(generator.uniform(0, 0.03))
    still()
    is_committing = bool(list(out.glob("_staging/*/commit.*")))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(watch.pid, signal.SIGKILL)
    watch.communicate()
    return "killed at a commit" if is_committing else "killed between commits"


def main() -> None:
    """Runs from the command line and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--hosts", type=int, default=10)
    parser.add_argument("--feeds", type=int, default=3)
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ends, items = killed_watches(
            Path(folder),
            arguments.kills,
            hosts=arguments.hosts,
            feeds=arguments.feeds,
            items=arguments.items,
            seed=arguments.seed,
        )
    print(  # noqa: T201
        f"{arguments.kills} watches over {arguments.hosts * arguments.feeds} feeds killed, {items:,} items published: "
        "none lost, none twice"
    )
    for end, count in sorted(ends.items()):
        print(f"  {end}: {count}")  # noqa: T201


if __name__ == "__main__":
    main()
