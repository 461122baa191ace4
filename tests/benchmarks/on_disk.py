"""What an article takes on disk, and how long usual questions to the tables take in DuckDB.

    python -m tests.benchmarks on_disk [--articles N] [--word WORD] [--rounds N]

Compared are the corpus as `.jsonl.gz`, newsbeam's table in partitions by day and by month, and the same rows in one
Parquet file: what partitions cost. Each source is asked in a process of its own, in turn; the disk's cache is warm.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset
import pyarrow.parquet as pq

from tests.benchmarks.harness import (
    ROOT,
    Benchmark,
    Run,
    alternate,
    corpus_of,
    cut_corpus,
    main,
    run_command,
    run_newsbeam,
    scratch_folder,
    spread,
    table,
    tell,
    tree_bytes,
)

QUERIES = ROOT / "tests" / "benchmarks" / "duckdb_queries.py"


def write_one_file(articles: Path, target: Path) -> None:
    """All rows of a table in one Parquet file, compressed as the table is, sorted by day."""
    whole = pyarrow.dataset.dataset(articles, partitioning="hive").to_table()
    pq.write_table(whole.sort_by("date"), target, compression="zstd")


def ask(kind: str, source: Path, word: str) -> tuple[Run, dict[str, Any]]:
    """The three queries over a source."""
    run = run_command([sys.executable, QUERIES, kind, source, word])
    return run, json.loads(run.output.splitlines()[-1])


def measure(arguments: argparse.Namespace) -> str:
    """Bytes, then times."""
    corpus = corpus_of(arguments)
    with scratch_folder(arguments) as folder:
        source = cut_corpus(corpus, folder / "articles.jsonl.gz", arguments.articles)
        tell("writing the tables")
        by_day = run_newsbeam(source, folder / "day", "--entities", "none")
        by_month = run_newsbeam(source, folder / "month", "--entities", "none", "--partition_by", "month")
        write_one_file(folder / "day" / "articles", folder / "one.parquet")
        sources = {
            f"`{''.join(source.suffixes)}`": ("jsonl", source),
            "`articles`, by day": ("day", folder / "day" / "articles"),
            "`articles`, by month": ("month", folder / "month" / "articles"),
            "one Parquet file": ("file", folder / "one.parquet"),
        }
        sides: dict[str, Callable[[], tuple[Run, dict[str, Any]]]] = {
            name: functools.partial(ask, kind, path, arguments.word) for name, (kind, path) in sources.items()
        }
        found = alternate(sides, arguments.rounds)
        sizes = [
            (f"`{''.join(source.suffixes)}`, 7 fields", 1, source.stat().st_size),
            *(
                (f"`articles`, by {name}", len(run.files("articles")), tree_bytes(folder / name / "articles"))
                for name, run in (("day", by_day), ("month", by_month))
            ),
            ("the same rows in one file", 1, (folder / "one.parquet").stat().st_size),
            (
                "`_index`",
                sum(1 for _ in (folder / "day" / "_index").rglob("*.parquet")),
                tree_bytes(folder / "day" / "_index"),
            ),
            ("`duplicates`", len(by_day.files("duplicates")), tree_bytes(folder / "day" / "duplicates")),
        ]
    read = by_day.articles
    base = sizes[0][2] / read
    size_rows = [
        (name, f"{files:,}", f"{size / 1e6:,.1f}", f"{size / read:,.0f}", f"{size / read / base:.2f}")
        for name, files, size in sizes
    ]
    questions = list(next(iter(found.values()))[0][1])
    query_rows = [
        (
            name,
            *(spread([said[question]["seconds"] for _, said in answers], 3) for question in questions),
            spread([run.peak_mb for run, _ in answers]),
        )
        for name, answers in found.items()
    ]
    return "\n\n".join(
        [
            f"{read:,} articles, without entities; bytes are per article read:",
            table(("", "files", "MB", "bytes/article", f"to the {sizes[0][0].split(',')[0]}"), size_rows),
            "A table has some thirty columns where the input has seven fields, among them three hashes of 34 "
            "characters, which hardly compress. Many days hold few articles here, and each of their files has a footer "
            "of its own.",
            f'Seconds in DuckDB, with "{arguments.word}" as the word:',
            table(("", *questions, "peak, MB"), query_rows),
        ]
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--word", default="election", metavar="WORD", help="what texts are searched for (election)"
    )


BENCHMARK = Benchmark("on_disk", "On disk", measure, add_options, ("pyarrow", "duckdb"))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
