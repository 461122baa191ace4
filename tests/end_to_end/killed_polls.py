"""Kills runs that poll, while their publishers go on publishing, and looks whether an item was lost or doubled.

    python -m tests.end_to_end.killed_polls --kills 50

Each round starts a run and kills its whole process group with SIGKILL: at a moment drawn over the length of a run, or,
every third time, once the commit has begun, which is too short to be met by chance. Every fourth round a run is let
through. In the end the publishers fall silent and are polled until a run finds nothing new: by then every item that
they ever published must be in the tables, once, and `newsbeam check` must be clean.
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
from collections.abc import Sequence
from pathlib import Path

from tests.servers.publishers import Running, publishers
from tests.tables import manifests, rows

#: How a round ended in which the run was over before it could be killed; it is not counted.
TOO_LATE = "over before it was killed"

#: Runs that may be needed until nothing is new.
_MOST_RUNS = 10


def killed_polls(
    folder: Path, kills: int, *, hosts: int, feeds: int, items: int, seed: int
) -> tuple[Counter[str], int]:
    """Kills that many runs; returns how each ended, and how many items there are in the end.

    Raises AssertionError at any item that is lost or doubled, and at anything that `check` finds.
    """
    generator = random.Random(seed)
    out = folder / "out"
    ends: Counter[str] = Counter()
    lengths_s: list[float] = []
    with publishers(hosts, feeds, items, publish_every_s=0.1, delay_s=0.01, seed=seed) as served:
        listed = folder / "feeds.txt"
        listed.write_text("\n".join(served.feeds) + "\n", encoding="utf-8")
        command = [
            sys.executable, "-m", "pipeline", "run", "--feeds", str(listed), "--output", str(out),
            "--allow_private_hosts", "--all_due", "--host_gap_s", "0.05", "--entities", "none",
            "--progress", "off", "--workers", "2",
        ]  # fmt: skip
        rounds = 0
        while sum(ends.values()) - ends[TOO_LATE] < kills:
            assert rounds <= 5 * kills + 5, f"runs end before they are killed: {ends}"
            if rounds % 4 == 0:
                started = time.monotonic()
                _done(command)
                lengths_s.append(time.monotonic() - started)
            else:
                after_s = generator.uniform(0, min(lengths_s[-3:]))
                ends[_kill(command, out, after_s, rounds % 3 == 0, generator)] += 1
            rounds += 1
        found = nothing_lost(served, command, out)
    return ends, found


def nothing_lost(served: Running, command: list[str], out: Path, files: Sequence[str] = ()) -> int:
    """Ends the publishing and runs until nothing is new: then each item is in the tables once. Returns how many.

    command: a run. files: the ids of what it reads from files. Raises AssertionError at any item that is lost or
    doubled, and at anything that `check` finds.
    """
    served.stop_publishing()
    for _ in range(_MOST_RUNS):
        before = len(manifests(out))
        _done(command)
        # A commit that a kill had left half-way is completed first.
        *_, last = manifests(out)[before:]
        if last["counts"]["kept"] + last["counts"]["duplicate"] == 0:
            break
    else:
        raise AssertionError("there is always something new")
    told = served.told()
    expected = [*told["guids"], *files]
    found = Counter(row["origin"]["guid"] for table in ("articles", "duplicates") for row in rows(out, table))
    lost, doubled = set(expected) - set(found), [guid for guid, count in found.items() if count > 1]
    assert not lost, f"{len(lost)} of {len(expected)} lost: {sorted(lost)[:5]}"
    assert not doubled, f"{len(doubled)} of {len(expected)} twice: {sorted(doubled)[:5]}"
    assert set(found) == set(expected)
    assert told["most_open"] == 1, "a host was asked twice at once"
    checked = subprocess.run(
        [sys.executable, "-m", "pipeline", "check", "--output", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    return len(expected)


def _done(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _kill(command: list[str], out: Path, after_s: float, at_commit: bool, generator: random.Random) -> str:
    """Starts a run, kills it with all its processes, and says when that was."""
    run = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    if at_commit:
        while run.poll() is None and not list(out.glob("_staging/*/commit.*")):
            time.sleep(0.0005)
        time.sleep(generator.uniform(0, 0.03))
    else:
        time.sleep(after_s)
    if run.poll() is not None:
        return TOO_LATE
    committing = bool(list(out.glob("_staging/*/commit.*")))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return "at the commit" if committing else "before the commit"


def main() -> None:
    """Runs from the command line and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--feeds", type=int, default=5)
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ends, items = killed_polls(
            Path(folder),
            arguments.kills,
            hosts=arguments.hosts,
            feeds=arguments.feeds,
            items=arguments.items,
            seed=arguments.seed,
        )
    print(  # noqa: T201
        f"{arguments.kills} runs over {arguments.hosts * arguments.feeds} feeds killed, {items:,} items published: "
        "none lost, none twice"
    )
    for end, count in sorted(ends.items()):
        print(f"  {end}: {count}")  # noqa: T201


if __name__ == "__main__":
    main()
