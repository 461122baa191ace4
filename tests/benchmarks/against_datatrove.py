"""Newsbeam against datatrove: MinHash deduplication of JSON Lines to Parquet, two workers each.

    python -m tests.benchmarks against_datatrove --peer_python /tmp/datatrove/bin/python [--articles 20000]

How its environment is made stands in `datatrove_peer.py`. Both sides read the same two files, and
neither tells languages or finds entities.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.harness import (
    ROOT,
    Benchmark,
    MissingInputError,
    Run,
    alternate,
    corpus_lines,
    corpus_of,
    goal,
    main,
    ratios,
    run_command,
    run_newsbeam,
    scratch_folder,
    spread,
    table,
)

PEER = ROOT / "tests" / "benchmarks" / "datatrove_peer.py"
GOAL = 6.0
ARTICLES = 20_000
_SIDES = {"default": "datatrove, its English tokenizer", "split": "datatrove, words by white space"}

_NOT_DONE = """datatrove's steps do not: repair text, normalise bylines, sources and times, verify candidates, know \
what an earlier run has seen or the versions of an article, keep what they set aside, or write partitions. Its columns \
have to be stated, since it would guess them from the first document. What it can and newsbeam does not: each of its \
steps can be spread over a cluster's machines by files, without an engine. "Kept" differs by what each takes for a \
near-duplicate: 5-word shingles at about .7 there, 2-word shingles and verified containment here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """One side's run. read, kept: articles."""

    run: Run
    read: int
    kept: int

    @property
    def rate(self) -> float:
        """Articles a second of the whole time."""
        return self.read / self.run.seconds


def write_parts(corpus: Path, folder: Path, articles: int | None) -> int:
    """Deals the articles into two files; returns how many there are."""
    folder.mkdir()
    number = 0
    with gzip.open(folder / "0.jsonl.gz", "wb") as first, gzip.open(folder / "1.jsonl.gz", "wb") as second:
        for line in corpus_lines(corpus):
            if number == articles:
                break
            (second if number % 2 else first).write(line)
            number += 1
    return number


def peer_of(arguments: argparse.Namespace) -> Path:
    """The Python that datatrove is installed for. Raises MissingInputError where there is none."""
    peer: Path | None = arguments.peer_python
    if peer is None:
        raise MissingInputError(
            f"give --peer_python a Python that has datatrove; see {PEER.relative_to(ROOT)}"
        )
    try:
        run_command([peer, "-c", "import datatrove.pipeline.dedup"])
    except (OSError, RuntimeError) as error:
        raise MissingInputError(
            f"--peer_python {peer} can't load datatrove; see {PEER.relative_to(ROOT)}\n{error}"
        ) from error
    return peer


def measure(arguments: argparse.Namespace) -> str:
    """Newsbeam, and datatrove with either tokenizer, in turn."""
    corpus, peer = corpus_of(arguments), peer_of(arguments)
    peers_said: dict[str, str] = {}
    with scratch_folder(arguments) as folder:
        source = folder / "in"
        articles = write_parts(corpus, source, arguments.articles or ARTICLES)

        def run_ours() -> Side:
            done = run_newsbeam(source, folder / "out", "--language_detector", "none", "--entities", "none")
            shutil.rmtree(folder / "out")
            return Side(done.run, done.articles, done.count("kept"))

        def run_peer(tokenizer: str) -> Side:
            run = run_command([peer, PEER, source, folder / "work", "--tokenizer", tokenizer])
            shutil.rmtree(folder / "work")
            peers_said.update(json.loads(run.output.splitlines()[-1]))
            return Side(run, articles, int(peers_said["kept"]))

        sides: dict[str, Callable[[], Side]] = {
            "newsbeam": run_ours,
            _SIDES["default"]: lambda: run_peer("default"),
            _SIDES["split"]: lambda: run_peer("split"),
        }
        found = alternate(sides, arguments.rounds)
    rates = {name: [side.rate for side in of_side] for name, of_side in found.items()}
    times = {name: ratios(rates["newsbeam"], theirs) for name, theirs in rates.items() if name != "newsbeam"}
    rows = [
        (
            name,
            spread([side.run.seconds for side in of_side], 1),
            spread(rates[name]),
            spread([side.run.cpu_s for side in of_side], 1),
            spread([side.run.peak_mb for side in of_side]),
            f"{of_side[0].kept:,}",
            spread(times[name], 2) if name in times else "",
        )
        for name, of_side in found.items()
    ]
    header = ("", "seconds", "articles/s", "CPU, s", "peak, MB", "kept", "newsbeam is faster, times")
    return "\n\n".join(
        [
            f"{articles:,} articles in two files, two workers each; datatrove {peers_said['datatrove']} on Python "
            f"{peers_said['python']}:",
            table(header, rows),
            goal(
                f"at least {GOAL:.0f} times as fast as datatrove with its own tokenizer",
                statistics.median(times[_SIDES["default"]]) >= GOAL,
            ),
            _NOT_DONE,
        ]
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--peer_python", type=Path, metavar="FILE", help="a Python that has datatrove")


BENCHMARK = Benchmark(
    "against_datatrove", "Against datatrove", measure, add_options, ("apache-beam", "pyarrow", "rensa")
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
