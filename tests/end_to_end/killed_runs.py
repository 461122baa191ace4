"""Kills runs at random moments and looks whether anything was lost, doubled or torn.

    python -m tests.end_to_end.killed_runs --kills 30 --articles 1000

Each round adds articles of its own to one OUT: a run over them is killed with SIGKILL, then typed again. Moments are
drawn over the whole length of a run; every third kill waits for the commit to begin, which is too short to be met
by chance. After each round all articles so far must be there, once, and `newsbeam check` must be clean.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.end_to_end.made_up import records, write_jsonl
from tests.tables import rows

#: How a round ended in which the run was over before it could be killed; it is not counted.
TOO_LATE = "over before it was killed"


def killed_runs(folder: Path, kills: int, articles: int, seed: int, workers: int = 2) -> Counter[str]:
    """Kills that many runs and returns how each ended: before the commit, at the commit, or `TOO_LATE`.

    Raises AssertionError at the first article that is lost or doubled, and at anything that `check` finds.
    """
    generator = random.Random(seed)
    out = folder / "out"
    expected: set[str] = set()
    ends: Counter[str] = Counter()
    lengths_s: list[float] = []
    rounds = 0
    while sum(ends.values()) - ends[TOO_LATE] < kills:
        assert rounds <= 4 * kills, f"runs end before they are killed: {ends}"
        made = records(articles, seed=1_000 + rounds)
        source = write_jsonl(folder / "in" / f"{rounds}.jsonl", made)
        expected |= {record["id"] for record in made}
        command = [
            sys.executable, "-m", "pipeline", "run", "--input", str(source), "--output", str(out),
            "--entities", "none", "--progress", "off", "--workers", str(workers),
        ]  # fmt: skip
        if lengths_s:
            after_s = generator.uniform(0, min(lengths_s[-3:]))
            ends[_kill(command, out, after_s, rounds % 3 == 0, generator)] += 1
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lengths_s.append(time.monotonic() - started)
        assert done.returncode == 0, done.stderr
        found = Counter(row["origin"]["guid"] for row in rows(out, "articles"))
        lost, doubled = expected - set(found), [guid for guid, count in found.items() if count > 1]
        assert not lost, f"round {rounds}: {len(lost)} lost"
        assert not doubled, f"round {rounds}: {len(doubled)} twice"
        assert set(found) == expected
        checked = subprocess.run(
            [sys.executable, "-m", "pipeline", "check", "--output", str(out)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout
        rounds += 1
    return ends


def _kill(command: list[str], out: Path, after_s: float, at_commit: bool, generator: random.Random) -> str:
    """Starts a run, kills it, and says when that was."""
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if at_commit:
        while run.poll() is None and not list(out.glob("_staging/*/commit.*")):
            time.sleep(0.0005)
        time.sleep(generator.uniform(0, 0.03))
    else:
        time.sleep(after_s)
    if run.poll() is not None:
        return TOO_LATE
    committing = bool(list(out.glob("_staging/*/commit.*")))
    run.send_signal(signal.SIGKILL)
    run.wait()
    return "at the commit" if committing else "before the commit"


def main() -> None:
    """Runs from the command line and prints what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ends = killed_runs(Path(folder), arguments.kills, arguments.articles, arguments.seed)
    print(f"{arguments.kills} runs killed, {arguments.articles} articles each: none lost, none twice")  # noqa: T201
    for end, count in sorted(ends.items()):
        print(f"  {end}: {count}")  # noqa: T201


if __name__ == "__main__":
    main()
