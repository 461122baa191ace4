"""Newsbeam against a plain loop that makes a deduplicated table with the same libraries (`plain_loop.py`).

    python -m tests.benchmarks against_plain_loop [--articles N] [--rounds N] [--entity_articles 2000]

First without entities, over the whole corpus; then with them, over English articles only. Both sides read one file.

"Start" is what passes until Python and the libraries are loaded and the work begins, on both sides; the loop has its
model loaded by then too, where ours loads it in each worker as part of the work. All else counts as work: ours plans
its graph, starts its processes, and commits. The rate after start is articles per second of the rest.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.harness import (
    ROOT,
    Benchmark,
    Run,
    alternate,
    corpus_of,
    cut_corpus,
    goal,
    main,
    ratios,
    run_command,
    run_newsbeam,
    scratch_folder,
    spread,
    table,
)

LOOP = ROOT / "tests" / "benchmarks" / "plain_loop.py"

#: What the goals are, as ratios of articles a second over the whole time.
GOAL, ENTITIES_GOAL = 1.3, 1.75

_NOT_DONE = """The loop writes one Parquet file and does not: repair text or normalise bylines, sources and times; \
verify near-duplicates (it takes equal LSH bands for equal texts, over 3-word shingles); know what an earlier run has \
seen, or the versions of an article; keep what it sets aside; put a bad record aside (it fails); doubt a language; \
resolve entities to one per person or place; write date partitions; commit (killed, it leaves half a file). Newsbeam \
does all of this in the times above. It writes {files:,} files into partitions by day."""


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """One side's run. start_s: see above. read, kept: articles. files: how many it wrote."""

    run: Run
    start_s: float
    read: int
    kept: int
    files: int

    @property
    def rate(self) -> float:
        """Articles a second of the whole time."""
        return self.read / self.run.seconds

    @property
    def rate_after_start(self) -> float:
        """Articles a second after the start."""
        return self.read / (self.run.seconds - self.start_s)


def run_ours(source: Path, folder: Path, entities: bool) -> Side:
    """One run into an empty folder."""
    out = folder / "out"
    done = run_newsbeam(source, out, "--entities", "spacy" if entities else "none")
    shutil.rmtree(out)
    kept = done.count("kept")
    return Side(done.run, done.start_s, done.articles, kept, len(done.files()))


def run_loop(source: Path, folder: Path, entities: bool) -> Side:
    """One run of the loop."""
    out = folder / "loop.parquet"
    run = run_command([sys.executable, LOOP, source, out, *(["--entities"] if entities else [])])
    out.unlink()
    said = json.loads(run.output.splitlines()[-1])
    return Side(run, said["began_at"] - run.launched_at, said["read"], said["kept"], 1)


def compare(source: Path, folder: Path, entities: bool, rounds: int) -> dict[str, list[Side]]:
    """Both sides over one file, in turn."""
    sides: dict[str, Callable[[], Side]] = {
        "newsbeam": lambda: run_ours(source, folder, entities),
        "plain loop": lambda: run_loop(source, folder, entities),
    }
    return alternate(sides, rounds)


def table_of(found: dict[str, list[Side]]) -> str:
    """A row for each side, and one for their ratio."""
    ours, loop = found["newsbeam"], found["plain loop"]
    rows: list[Sequence[object]] = [
        (
            name,
            spread([side.run.seconds for side in sides], 1),
            spread([side.rate for side in sides]),
            spread([side.start_s for side in sides], 1),
            spread([side.rate_after_start for side in sides]),
            spread([side.run.cpu_s for side in sides], 1),
            spread([side.run.peak_mb for side in sides]),
            f"{sides[0].kept:,}",
        )
        for name, sides in found.items()
    ]
    after = ratios([side.rate_after_start for side in ours], [side.rate_after_start for side in loop])
    cpu = ratios([side.run.cpu_s for side in ours], [side.run.cpu_s for side in loop])
    rows.append(
        ("newsbeam / loop", "", spread(rate_ratios(found), 2), "", spread(after, 2), spread(cpu, 2), "", "")
    )
    header = ("", "seconds", "articles/s", "start, s", "articles/s after start", "CPU, s", "peak, MB", "kept")
    return table(header, rows)


def rate_ratios(found: dict[str, list[Side]]) -> list[float]:
    """Our articles a second to the loop's, round by round."""
    return ratios([side.rate for side in found["newsbeam"]], [side.rate for side in found["plain loop"]])


def measure(arguments: argparse.Namespace) -> str:
    """Both comparisons."""
    corpus = corpus_of(arguments)
    with scratch_folder(arguments) as folder:
        whole = cut_corpus(corpus, folder / "articles.jsonl.gz", arguments.articles)
        plain = compare(whole, folder, False, arguments.rounds)
        english = cut_corpus(corpus, folder / "english.jsonl.gz", arguments.entity_articles, "en")
        entities = compare(english, folder, True, arguments.rounds)
    return "\n\n".join(
        [
            f"Without entities, {plain['newsbeam'][0].read:,} articles, newsbeam on two workers, the loop on one core:",
            table_of(plain),
            goal(
                f"at least {GOAL} times the loop's articles a second",
                statistics.median(rate_ratios(plain)) >= GOAL,
            ),
            f"With entities, {entities['newsbeam'][0].read:,} English articles:",
            table_of(entities),
            goal(
                f"at least {ENTITIES_GOAL} times", statistics.median(rate_ratios(entities)) >= ENTITIES_GOAL
            ),
            "Start is what passes until Python and the libraries are loaded and the work begins; the loop has loaded "
            "its model by then, ours loads it in each worker as part of the work.",
            _NOT_DONE.format(files=plain["newsbeam"][0].files),
        ]
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--entity_articles",
        type=int,
        default=2_000,
        metavar="N",
        help="English articles with entities (2,000)",
    )


BENCHMARK = Benchmark(
    "against_plain_loop",
    "Against a plain loop",
    measure,
    add_options,
    ("apache-beam", "langdetect-rs", "pyarrow", "rensa", "spacy"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
