"""Kills runs at random moments and looks whether anything was lost, doubled or torn.

    python -m tests.end_to_end.killed_runs --kills 30 --articles 1000

Each round adds articles of its own to one OUT: a run over them is killed with SIGKILL, then typed again. Moments are
drawn over the whole length of a run; every third kill waits for the commit to begin, which is too short to be met
by chance. After each round all articles so far must be there, once, and `newsbeam check` must be clean.

Then one large run in chunks is killed again and again, and typed again until it is done: what was committed before a
kill must not be read again.
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
from tests.tables import manifests, rows

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


def killed_series(folder: Path, kills: int, articles: int, seed: int, workers: int = 2) -> list[int]:
    """Kills one run over many chunks that many times, lets it end, and returns how many chunks each start committed.

    Every second kill waits for a chunk to be committed, so that the run gets on. Raises AssertionError where an
    article is lost or doubled, where anything is read twice, and at anything that `check` finds.
    """
    generator = random.Random(seed)
    out = folder / "out"
    made = records(articles, seed=seed)
    source = write_jsonl(folder / "in" / "all.jsonl", made)
    command = [
        sys.executable, "-m", "pipeline", "run", "--input", str(source), "--output", str(out), "--chunk_mb", "1",
        "--entities", "none", "--progress", "off", "--workers", str(workers),
    ]  # fmt: skip
    committed: list[int] = []
    chunk_s = 2.0
    for kill in range(kills):
        before = len(manifests(out))
        started = time.monotonic()
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if kill % 2 == 0:
            while run.poll() is None and len(list(out.glob("_runs/*.json"))) == before:
                time.sleep(0.01)
            chunk_s = time.monotonic() - started
        time.sleep(generator.uniform(0, chunk_s / 2))
        assert run.poll() is None, "it was over before it was killed: give it more articles"
        run.kill()
        run.wait()
        committed.append(len(manifests(out)) - before)
    before = len(manifests(out))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "goes on with run" in done.stderr
    chunks = manifests(out)
    committed.append(len(chunks) - before)
    assert f", in {len(chunks)} chunks" in done.stdout
    assert len({chunk["series"]["series_id"] for chunk in chunks}) == 1
    assert [chunk["series"]["number"] for chunk in chunks] == list(range(1, len(chunks) + 1))
    # Were anything read twice, it would be unchanged.
    assert sum(chunk["counts"]["read"] for chunk in chunks) == articles
    assert sum(chunk["counts"]["unchanged"] for chunk in chunks) == 0
    found = sorted((row["origin"]["position"], row["origin"]["guid"]) for row in rows(out, "articles"))
    assert found == [(number, record["id"]) for number, record in enumerate(made)]
    assert len({row["ingested_at"] for row in rows(out, "articles")}) == 1
    checked = subprocess.run(
        [sys.executable, "-m", "pipeline", "check", "--output", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    return committed


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
        ends = killed_runs(Path(folder, "runs"), arguments.kills, arguments.articles, arguments.seed)
        articles = arguments.kills * 1_000
        committed = killed_series(Path(folder, "series"), arguments.kills, articles, arguments.seed)
    print(f"{arguments.kills} runs killed, {arguments.articles} articles each: none lost, none twice")  # noqa: T201
    for end, count in sorted(ends.items()):
        print(f"  {end}: {count}")  # noqa: T201
    print(f"one run of {articles} articles, killed as often: none lost, none twice, none read twice")  # noqa: T201
    print(f"  chunks committed by each start: {committed}")  # noqa: T201


if __name__ == "__main__":
    main()
