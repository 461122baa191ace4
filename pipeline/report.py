"""The end of a run as a person reads it: what it read, wrote and refused, and how to open the tables."""

from __future__ import annotations

import glob
import json
import os
import shlex
import sys

from pipeline.logs import printable
from pipeline.progress import duration
from schemas.state import Counts, Manifest
from schemas.tables import TABLES


def render_report(manifest: Manifest, output: str, console_width: int = 100) -> str:
    """A committed run as plain text: lines to print, without a line break at the end.

    output: the run's `--output`, a local path or an address of another filesystem. A local one is shown as an
        absolute path, so that the lines to paste work from any folder.
    console_width: characters a line, to which examples of dead letters are cut; lines to paste never are.

    Looks at the local disk, to see whether there are tables to open.
    """
    sections = [
        _headline(manifest),
        _counts_and_tables(manifest),
        _dead_letters(manifest, console_width),
        _how_to_open(manifest, output),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _headline(manifest: Manifest) -> list[str]:
    lines = [f"Run {manifest.run_id}, {_seconds(manifest)}"]
    if manifest.counts.read == 0:
        lines.append("Nothing was read: the sources held no item.")
    elif _rows_written(manifest) == 0:
        lines.append("No new rows: everything read was already there.")
    return lines


def _seconds(manifest: Manifest) -> str:
    seconds = manifest.timings.get("total_s")
    if seconds is None:
        seconds = (manifest.committed_at - manifest.started_at).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _rows_written(manifest: Manifest) -> int:
    return sum(file.rows for file in manifest.files if file.table in TABLES and file.table != "regrouped")


def _counts_and_tables(manifest: Manifest) -> list[str]:
    counts = manifest.counts
    rows = [
        ("read", counts.read, "items"),
        ("kept", counts.kept, _written(manifest, "articles")),
        ("duplicate", counts.duplicate, _written(manifest, "duplicates")),
        ("unchanged", counts.unchanged, "written nowhere" if counts.unchanged else ""),
        ("dead letter", counts.dead_letter, _dead_letters_written(manifest, counts)),
    ]
    if counts.regrouped:
        rows.append(("regrouped", counts.regrouped, _written(manifest, "regrouped")))
    digits = max(len(f"{count:,}") for _, count, _ in rows)
    return [f"  {name:<11}  {count:>{digits},}  {note}".rstrip() for name, count, note in rows]


def _written(manifest: Manifest, table: str) -> str:
    files = [file for file in manifest.files if file.table == table]
    if not files:
        return ""
    rows = sum(file.rows for file in files)
    size = sum(file.bytes for file in files)
    return f"-> {table}: {_count(rows, 'row')} in {_count(len(files), 'file')}, {_size(size)}"


def _dead_letters_written(manifest: Manifest, counts: Counts) -> str:
    known = f"{counts.dead_letter_known:,} on record already" if counts.dead_letter_known else ""
    return ", ".join(filter(None, [_written(manifest, "dead_letters"), known]))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _size(size: float) -> str:
    """Bytes in decimal units, as disks and downloads are sold: "812 B", "4.1 kB", "23 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _dead_letters(manifest: Manifest, width: int) -> list[str]:
    if not manifest.dead_letters:
        return []
    lines = ["Dead letters, by reason, with an example of each:"]
    ordered = sorted(
        manifest.dead_letters, key=lambda example: (-example.count, example.stage, example.reason)
    )
    for example in ordered:
        lines.append(f"  {example.count:,} {example.stage}/{example.reason}")
        lines.append(_cut(f"    {printable(example.detail)}", width))
    return lines


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"


def _how_to_open(manifest: Manifest, output: str) -> list[str]:
    remote = "://" in output
    root = output.rstrip("/") if remote else os.path.abspath(output)
    articles = f"{root}/articles" if remote else os.path.join(root, "articles")
    if not _has_articles(manifest, articles, remote):
        return [f"Nothing to open yet: there are no articles in {printable(root)}"]
    files = f"{articles}/**/*.parquet" if remote else os.path.join(glob.escape(articles), "**", "*.parquet")
    python = shlex.quote(sys.executable or "python3")
    duckdb_code = (
        f"import duckdb; articles = duckdb.read_parquet({_literal(files)}, hive_partitioning=True); "
        'print(duckdb.sql("SELECT published_at, source, title FROM articles ORDER BY 1 DESC LIMIT 10"))'
    )
    pandas_code = (
        f"import pandas; articles = pandas.read_parquet({_literal(articles)}); "
        'print(articles[["published_at", "source", "language", "title"]])'
    )
    return [
        f"Tables: articles, duplicates and dead_letters in {printable(root)}",
        "To open them in DuckDB and in pandas, paste:",
        "",
        f"{python} -m pip install --quiet duckdb pandas",
        f"{python} -c {shlex.quote(duckdb_code)}",
        f"{python} -c {shlex.quote(pandas_code)}",
    ]


def _has_articles(manifest: Manifest, articles: str, remote: bool) -> bool:
    if any(file.table == "articles" for file in manifest.files):
        return True
    if remote:
        # To be told without a listing: what is unchanged or a duplicate is so of something.
        return manifest.counts.unchanged + manifest.counts.duplicate > 0
    return any(name.endswith(".parquet") for _, _, names in os.walk(articles) for name in names)


def _literal(text: str) -> str:
    """A Python literal in double quotes, which needs no escape inside a shell's single ones."""
    literal = json.dumps(text, ensure_ascii=False)
    # A file name that isn't UTF-8 holds surrogates, which can't be printed.
    return literal if literal.isprintable() else json.dumps(text)
