"""How long one waits before anything happens: the help, and a run that finds nothing new.

    python -m tests.benchmarks start [--files 100] [--rounds N]

The run's input is so many files, in equal parts seeds, feeds and JSON Lines with ten records each, all made up. It is
read once; what is measured is reading it again, each time into a copy of the folder that the first run left.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.harness import (
    Benchmark,
    Run,
    alternate,
    goal,
    main,
    newsbeam,
    run_command,
    run_newsbeam,
    scratch_folder,
    spread,
    table,
)
from tests.end_to_end.made_up import RSS, SEED, records, write_jsonl

HELP_GOAL_S, UNCHANGED_GOAL_S = 0.3, 3.0


def write_files(folder: Path, count: int) -> None:
    """Writes that many files, no two with the same article."""
    folder.mkdir()
    for number in range(count):
        if number % 3 == 0:
            text = SEED.replace("eleven", f"{number + 11}").replace("twelve", f"{number + 12}")
            (folder / f"{number}.txt").write_text(f"{text}Minutes of meeting {number}.\n", encoding="utf-8")
        elif number % 3 == 1:
            feed = RSS.replace("courier", f"courier{number}").replace("nine million", f"{number} million")
            (folder / f"{number}.xml").write_text(feed, encoding="utf-8")
        else:
            write_jsonl(folder / f"{number}.jsonl", records(10, seed=number))


def measure(arguments: argparse.Namespace) -> str:
    """Python itself, the help, and an unchanged run, in turn."""
    with scratch_folder(arguments) as folder:
        write_files(folder / "in", arguments.files)
        first = run_newsbeam(folder / "in", folder / "first", "--entities", "none")

        def run_again() -> Run:
            shutil.copytree(folder / "first", folder / "out")
            done = run_newsbeam(folder / "in", folder / "out", "--entities", "none")
            if rows := done.count("kept") + done.count("duplicate"):
                raise RuntimeError(f"a run over unchanged input wrote {rows} rows")
            shutil.rmtree(folder / "out")
            return done.run

        again = f"`newsbeam run`, {arguments.files} unchanged files, {first.articles:,} items"
        sides: dict[str, Callable[[], Run]] = {
            "`python -c pass`": lambda: run_command([sys.executable, "-c", "pass"]),
            "`newsbeam --help`": lambda: run_command(newsbeam("--help")),
            again: run_again,
        }
        found = alternate(sides, arguments.rounds)
    rows = [
        (
            name,
            spread([run.seconds for run in runs], 3),
            spread([run.cpu_s for run in runs], 3),
            spread([run.peak_mb for run in runs]) if name == again else "",
        )
        for name, runs in found.items()
    ]
    help_s, again_s = (
        statistics.median(run.seconds for run in found[name]) for name in ("`newsbeam --help`", again)
    )
    return "\n\n".join(
        [
            table(("", "seconds", "CPU, s", "peak, MB"), rows),
            goal(f"the help within {HELP_GOAL_S} s", help_s < HELP_GOAL_S),
            goal(f"an unchanged run within {UNCHANGED_GOAL_S:.0f} s", again_s < UNCHANGED_GOAL_S),
        ]
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--files", type=int, default=100, metavar="N", help="files that the run reads (100)")


BENCHMARK = Benchmark("start", "Start", measure, add_options, ("apache-beam",))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
