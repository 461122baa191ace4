"""What an article takes on disk, and how long usual questions to the tables take in DuckDB.

    python -m tests.benchmarks on_disk [--articles N] [--word WORD] [--rounds N]

Compared are the corpus as `.jsonl.gz`, newsbeam's table in partitions by day and by month, and the same rows in one
Parquet file: what partitions cost. Each source is asked in a process of its own, in turn; the disk's cache is warm.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import sys
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


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A form in which articles lie on the disk. kind: what `duckdb_queries.py` calls it; None: it isn't asked."""

    kind: str | None
    path: Path
    files: int
    bytes: int


def store(source: Path, folder: Path) -> tuple[int, dict[str, Stored]]:
    """Stores a file's articles in every form; how many it holds, and the forms by name."""
    forms = {f"`{''.join(source.suffixes)}`": Stored("jsonl", source, 1, source.stat().st_size)}
    read = 0
    for key, kind in (("date", "day"), ("month", "month")):
        tell(f"writing the tables by {kind}")
        run = run_newsbeam(source, folder / kind, "--entities", "none", "--partition_by", key)
        read = run.articles
        forms[f"`articles`, by {kind}"] = stored(folder / kind / "articles", kind)
    one = folder / "one.parquet"
    write_one_file(folder / "day" / "articles", one)
    forms["the same rows in one file"] = Stored("file", one, 1, one.stat().st_size)
    for name in ("duplicates", "_index"):
        forms[f"`{name}`"] = stored(folder / "day" / name, None)
    return read, forms


def stored(folder: Path, kind: str | None) -> Stored:
    """What lies in a folder."""
    return Stored(kind, folder, sum(1 for _ in folder.rglob("*.parquet")), tree_bytes(folder))


def ask_all(forms: dict[str, Stored], word: str, rounds: int) -> dict[str, list[tuple[Run, dict[str, Any]]]]:
    """The queries over every form that can be asked, in turn."""
    return alternate(
        {
            name: functools.partial(ask, form.kind, form.path, word)
            for name, form in forms.items()
            if form.kind is not None
        },
        rounds,
    )


def measure(arguments: argparse.Namespace) -> str:
    """Bytes, then times."""
    corpus = corpus_of(arguments)
    with scratch_folder(arguments) as folder:
        source = cut_corpus(corpus, folder / "articles.jsonl.gz", arguments.articles)
        read, forms = store(source, folder)
        found = ask_all(forms, arguments.word, arguments.rounds)
    base = next(iter(forms.values())).bytes
    size_rows = [
        (
            name,
            f"{form.files:,}",
            f"{form.bytes / 1e6:,.1f}",
            f"{form.bytes / read:,.0f}",
            f"{form.bytes / base:.2f}",
        )
        for name, form in forms.items()
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
            table(("", "files", "MB", "bytes/article", "to the first"), size_rows),
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
