"""Runs real input again, and in another order, and looks whether the tables say the same.

    python -m tests.benchmarks.same_tables FOLDER_OR_FILE ... [--lines N]

Each input is copied; of `.jsonl` and `.jsonl.gz` the first N lines are taken. Then: a run; the same run again, which
must add no row; and a run of its own over the same items with all lines shuffled, the files renamed at random, another
number of workers and another number of shards. Prints the counts, and whether every table's content is equal (but for
the place where a row was read, and what is the run's own).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import itertools
import json
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from pipeline.cli import main as newsbeam
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
        for name in ("origin_uri", "position", "detail"):
            row.pop(name, None)
        return row

    return sorted(json.dumps(stripped(row), default=str, sort_keys=True) for row in rows(out, table))


def run(source: Path, out: Path, workers: int, shards: int) -> dict[str, int]:
    """One run without entities; its counts."""
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


def compare(sources: list[Path], lines: int, folder: Path) -> bool:
    """Does the runs and prints what came of them; whether all is as it should be."""
    copy_input(sources, folder / "in", lines)
    shuffle_input(folder / "in", folder / "shuffled", seed=1)
    first = run(folder / "in", folder / "out", workers=1, shards=8)
    before = {table: said(folder / "out", table) for table in ("articles", "duplicates", "dead_letters")}
    again = run(folder / "in", folder / "out", workers=2, shards=8)
    other = run(folder / "shuffled", folder / "other", workers=2, shards=2)
    good = True
    for name, counts in (("first run", first), ("the same again", again), ("shuffled, 2 workers", other)):
        total = sum(counts[part] for part in ("kept", "duplicate", "unchanged", "dead_letter"))
        good &= total == counts["read"]
        print(f"{name:<20} {counts}, {'adds up' if total == counts['read'] else 'DOES NOT ADD UP'}")
    for table, contents in before.items():
        for name, out in (("after the same again", "out"), ("shuffled", "other")):
            equal = said(folder / out, table) == contents
            good &= equal
            digest = hashlib.sha256("\n".join(contents).encode()).hexdigest()[:12]
            print(
                f"{table:<13} {name:<21} {len(contents):>7} rows {digest} {'equal' if equal else 'DIFFERENT'}"
            )
    for out in ("out", "other"):
        good &= newsbeam(["check", "--output", str(folder / out)]) == 0
    return good


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", nargs="+", type=Path)
    parser.add_argument("--lines", type=int, default=5_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raise SystemExit(0 if compare(arguments.source, arguments.lines, Path(folder)) else 1)


if __name__ == "__main__":
    main()
