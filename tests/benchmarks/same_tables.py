"""Runs real input again, and in another order, and looks whether the tables say the same.

    python -m tests.benchmarks same_tables [--source FOLDER_OR_FILE ...] [--lines N]

Each input is copied; of `.jsonl` and `.jsonl.gz` the first N lines are taken. Then: a run; the same run again, which
must add no row; and a run of its own over the same items with all lines shuffled, the files renamed at random, another
number of workers and another number of shards. Gives the counts, and whether every table's content is equal (but for
the place where a row was read, and what is the run's own).
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import itertools
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

from pipeline.cli import main as newsbeam
from tests.benchmarks.harness import (
    ROOT,
    Benchmark,
    MissingInputError,
    corpus_of,
    goal,
    main,
    scratch_folder,
    table,
)
from tests.tables import OF_THE_RUN, manifests, rows

CLOCK = "2026-01-01T00:00:00Z"


def copy_input(sources: list[Path], target: Path, lines: int) -> None:
    """Copies files and folders; records only up to a number of lines."""
    for source in sources:
        for path in [source] if source.is_file() else sorted(source.rglob("*")):
            if path.is_dir():
                continue
            copy = target / source.name / path.relative_to(source) if source.is_dir() else target / path.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if ".jsonl" in path.suffixes:
                with (
                    (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file,
                    copy.with_suffix("").with_suffix(".jsonl").open("wb") as cut,
                ):
                    cut.writelines(itertools.islice(file, lines))
            else:
                shutil.copyfile(path, copy)


def shuffle_input(source: Path, target: Path, seed: int) -> None:
    """The same items in another order: lines shuffled, files under other names."""
    generator = random.Random(seed)
    for path in sorted(source.rglob("*")):
        if path.is_file():
            copy = target / f"{generator.randrange(10**9)}-{path.name}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            data = path.read_bytes()
            if path.suffix == ".jsonl":
                records = data.splitlines()
                generator.shuffle(records)
                data = b"\n".join(records) + b"\n"
            copy.write_bytes(data)


def said(out: Path, table: str) -> list[str]:
    """A table's rows without their places, sorted."""

    def stripped(row: dict[str, Any]) -> dict[str, Any]:
        row = {name: value for name, value in row.items() if name not in OF_THE_RUN}
        if "origin" in row:
            row["origin"] = {name: row["origin"][name] for name in ("kind", "feed_url", "guid")}
        for name in ("origin_uri", "origins", "position", "detail"):
            row.pop(name, None)
        return row

    return sorted(json.dumps(stripped(row), default=str, sort_keys=True) for row in rows(out, table))


def run(source: Path, out: Path, workers: int, shards: int) -> dict[str, int]:
    """One run without entities; its counts."""
    with contextlib.redirect_stdout(sys.stderr):
        code = newsbeam(
            [
                "run", "--input", str(source), "--output", str(out), "--entities", "none", "--progress", "off",
                "--workers", str(workers), "--key_shards", str(shards), "--now", CLOCK,
            ]
        )  # fmt: skip
    if code:
        raise SystemExit(f"the run ended with exit code {code}")
    counts: dict[str, int] = max(manifests(out), key=lambda manifest: manifest["committed_at"])["counts"]
    return counts


def compare(sources: list[Path], lines: int, folder: Path) -> tuple[bool, str]:
    """Does the runs; whether all is as it should be, and the tables of what came of them."""
    copy_input(sources, folder / "in", lines)
    shuffle_input(folder / "in", folder / "shuffled", seed=1)
    first = run(folder / "in", folder / "out", workers=1, shards=8)
    before = {name: said(folder / "out", name) for name in ("articles", "duplicates", "dead_letters")}
    again = run(folder / "in", folder / "out", workers=2, shards=8)
    other = run(folder / "shuffled", folder / "other", workers=2, shards=2)
    good = True
    counted = []
    for name, counts in (("first run", first), ("the same again", again), ("shuffled, 2 workers", other)):
        parts = [counts[part] for part in ("kept", "duplicate", "unchanged", "dead_letter")]
        adds_up = sum(parts) == counts["read"]
        good &= adds_up
        counted.append((name, counts["read"], *parts, "yes" if adds_up else "**no**"))
    compared = []
    for name, contents in before.items():
        digest = hashlib.sha256("\n".join(contents).encode()).hexdigest()[:12]
        equal = [said(folder / out, name) == contents for out in ("out", "other")]
        good &= all(equal)
        compared.append(
            (name, len(contents), digest, *("equal" if one else "**different**" for one in equal))
        )
    with contextlib.redirect_stdout(sys.stderr):
        for out in ("out", "other"):
            good &= newsbeam(["check", "--output", str(folder / out)]) == 0
    header = ("", "read", "kept", "duplicate", "unchanged", "dead letter", "adds up")
    tables = table(("table", "rows", "content", "after the same again", "shuffled"), compared)
    return good, f"{table(header, counted)}\n\n{tables}"


def measure(arguments: argparse.Namespace) -> str:
    """The comparison over what was given, or over the samples and the corpus."""
    sources = arguments.source or [ROOT / "pipeline" / "samples", corpus_of(arguments)]
    for source in sources:
        if not source.exists():
            raise MissingInputError(f"--source {source} is not there")
    with scratch_folder(arguments) as folder:
        good, text = compare(sources, arguments.lines, folder)
    return f"{text}\n\n{goal('equal tables', good)}"


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--source",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="files and folders (the samples and the corpus)",
    )
    group.add_argument(
        "--lines", type=int, default=5_000, metavar="N", help="records of each .jsonl file at the most (5000)"
    )


BENCHMARK = Benchmark("same_tables", "The same tables again", measure, add_options)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
