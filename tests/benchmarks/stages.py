"""Where the time goes: CPU by stage of a run, beside what the same calls cost in a plain loop.

    python -m tests.benchmarks stages [--articles N] [--stage_entity_articles 2000] [--rounds N]

Four measurements in turn: the run as its user has it, with two workers, as a whole; the run with one worker and its
stages clocked, and the same functions over the same articles in a plain loop (`stage_clocks.py`); and the plain loop of
`plain_loop.py`, which calls libraries only. All is CPU time, user and system, of all processes.

The framework's own share is what the run with two workers costs beyond the calls in the plain loop: loading Beam and
all else in three processes, the graph, batches, shuffles of keys, staged files, partitions, index, manifest and commit.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.against_plain_loop import LOOP
from tests.benchmarks.harness import (
    Benchmark,
    alternate,
    corpus_of,
    cut_corpus,
    goal,
    main,
    run_command,
    run_newsbeam,
    scratch_folder,
    spread,
    table,
)
from tests.benchmarks.stage_clocks import STAGES

#: Goals for the framework's own share of a run's CPU time.
GOAL, ENTITIES_GOAL = 0.25, 0.07

#: CPU seconds by stage, with "load" and "all".
Clocked = dict[str, float]

_WHOLE, _RUN, _BARE, _LOOP = "two workers", "one worker, clocked", "plain calls, clocked", "plain loop"


def clock(source: Path, folder: Path, entities: str, rounds: int) -> dict[str, list[Clocked]]:
    """All four measurements over one file, in turn."""

    def whole() -> Clocked:
        done = run_newsbeam(source, folder / "out", "--entities", entities)
        shutil.rmtree(folder / "out")
        return {"all": done.run.cpu_s, "articles": done.articles}

    def child(kind: str) -> Clocked:
        run = run_command(
            [sys.executable, "-m", "tests.benchmarks.stage_clocks", kind, source, folder / kind, entities]
        )
        shutil.rmtree(folder / kind)
        clocked: Clocked = json.loads(run.output.splitlines()[-1])
        return clocked | {"all": run.cpu_s}

    def loop() -> Clocked:
        options = [] if entities == "none" else ["--entities"]
        return {"all": run_command([sys.executable, LOOP, source, folder / "loop.parquet", *options]).cpu_s}

    sides: dict[str, Callable[[], Clocked]] = {
        _WHOLE: whole,
        _RUN: lambda: child("run"),
        _BARE: lambda: child("bare"),
        _LOOP: loop,
    }
    return alternate(sides, rounds)


def work_of(clocked: Clocked) -> float:
    """The seconds of all stages."""
    return sum(clocked.get(stage, 0.0) for stage in STAGES)


def shares(found: dict[str, list[Clocked]]) -> list[float]:
    """The framework's share of the run with two workers, round by round."""
    return [1 - work_of(bare) / whole["all"] for whole, bare in zip(found[_WHOLE], found[_BARE], strict=True)]


def table_of(found: dict[str, list[Clocked]]) -> str:
    """A row for each stage, then what is none, and the totals."""

    def row(name: str, of: Callable[[Clocked], float]) -> tuple[str, str, str]:
        return name, *(spread([of(clocked) for clocked in found[side]], 2) for side in (_RUN, _BARE))  # type: ignore[return-value]

    rows = [
        row(stage, lambda clocked, stage=stage: clocked[stage])  # type: ignore[misc]
        for stage in STAGES
        if stage in found[_BARE][0]
    ]
    rows.append(row("loading Python and libraries", lambda clocked: clocked["load"]))
    rows.append(row("all else", lambda clocked: clocked["all"] - clocked["load"] - work_of(clocked)))
    rows.append(row("all", lambda clocked: clocked["all"]))
    return table(("CPU seconds", "in a run with one worker", "the same calls in a plain loop"), rows)


def section_of(found: dict[str, list[Clocked]], kind: str, most: float) -> list[str]:
    """The table with what it comes to."""
    share = shares(found)
    whole, loop = ([clocked["all"] for clocked in found[side]] for side in (_WHOLE, _LOOP))
    return [
        f"{kind}, {found[_WHOLE][0]['articles']:,.0f} articles:",
        table_of(found),
        f"With two workers the run takes {spread(whole, 1)} s of CPU, of which the calls' own in a plain loop are "
        f"{spread([work_of(clocked) for clocked in found[_BARE]], 1)} s: the framework's own share is "
        f"{spread([100 * one for one in share], 1)} %. The plain loop of libraries only takes {spread(loop, 1)} s.",
        goal(f"at most {most:.0%}", statistics.median(share) <= most),
    ]


def measure(arguments: argparse.Namespace) -> str:
    """Without entities over the corpus, then with them over English articles."""
    corpus = corpus_of(arguments)
    with scratch_folder(arguments) as folder:
        source = cut_corpus(corpus, folder / "articles.jsonl.gz", arguments.articles)
        said = section_of(clock(source, folder, "none", arguments.rounds), "Without entities", GOAL)
        source = cut_corpus(corpus, folder / "english.jsonl.gz", arguments.stage_entity_articles, "en")
        said += section_of(
            clock(source, folder, "spacy", arguments.rounds), "With entities, English", ENTITIES_GOAL
        )
    said.append(
        '"All else" of a run is Beam and what is built on it: the graph, batches, shuffles of keys, staged files, '
        "partitions, index, manifest and commit; of the plain loop, the loop."
    )
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--stage_entity_articles",
        type=int,
        default=2_000,
        metavar="N",
        help="English articles with entities (2,000)",
    )


BENCHMARK = Benchmark(
    "stages",
    "Where the time goes",
    measure,
    add_options,
    ("apache-beam", "langdetect-rs", "pyarrow", "rensa", "spacy"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
