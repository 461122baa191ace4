"""The end of a run as a person reads it: what it read, wrote and refused, and how to open the tables."""

from __future__ import annotations

import dataclasses
import glob
import json
import os
import shlex
import sys

from pipeline.logs import printable
from pipeline.progress import duration
from schemas.state import Counts, DeadLetterExample, Manifest
from schemas.tables import TABLES
from transforms.summary import add_counts, merge_examples


@dataclasses.dataclass(frozen=True, slots=True)
class TableTotal:
    """What was written to one table. bytes: of its files."""

    rows: int = 0
    files: int = 0
    bytes: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class RunTotal:
    """What a run did, all of its chunks added up. It doesn't grow with them.

    run_id: of the run, not of a chunk. seconds: that its committed chunks took. tables: by name, those written to.
    """

    run_id: str
    chunks: int = 0
    seconds: float = 0.0
    counts: Counts = dataclasses.field(default_factory=Counts)
    tables: dict[str, TableTotal] = dataclasses.field(default_factory=dict)
    dead_letters: tuple[DeadLetterExample, ...] = ()
    feeds_polled: int = 0

    def plus(self, manifest: Manifest) -> RunTotal:
        """With one more chunk, or with all of a run that has no chunks."""
        tables = dict(self.tables)
        for file in manifest.files:
            if file.table in TABLES:
                total = tables.get(file.table, TableTotal())
                tables[file.table] = TableTotal(
                    total.rows + file.rows, total.files + 1, total.bytes + file.bytes
                )
        return RunTotal(
            self.run_id,
            self.chunks + 1,
            self.seconds + _seconds(manifest),
            add_counts((self.counts, manifest.counts)),
            tables,
            merge_examples((*self.dead_letters, *manifest.dead_letters)),
            self.feeds_polled + manifest.feeds_polled,
        )


def total_of(manifest: Manifest) -> RunTotal:
    """What a run without chunks did."""
    return RunTotal(manifest.run_id).plus(manifest)


def _seconds(manifest: Manifest) -> float:
    seconds = manifest.timings.get("total_s")
    return (manifest.committed_at - manifest.started_at).total_seconds() if seconds is None else seconds


def render_report(total: RunTotal, output: str, console_width: int = 100, headline: str | None = None) -> str:
    """A committed run as plain text: lines to print, without a line break at the end.

    output: the run's `--output`, a local path or an address of another filesystem. A local one is shown as an
        absolute path, so that the lines to paste work from any folder.
    headline: what to say instead of the run's id and time.
    console_width: characters a line, to which examples of dead letters are cut; lines to paste never are.

    Looks at the local disk, to see whether there are tables to open.
    """
    sections = [
        _headline(total, headline),
        _counts_and_tables(total),
        _dead_letters(total, console_width),
        _how_to_open(total, output),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _headline(total: RunTotal, headline: str | None) -> list[str]:
    took = f"{total.seconds:.1f} s" if total.seconds < 60 else duration(total.seconds)
    chunks = f", in {total.chunks:,} chunks" if total.chunks > 1 else ""
    lines = [headline or f"Run {total.run_id}, {took}{chunks}"]
    if total.counts.read == 0:
        lines.append("Nothing was read: the sources held no item.")
    elif not any(table.rows for name, table in total.tables.items() if name != "regrouped"):
        lines.append("No new rows: everything read was already there.")
    return lines


def _counts_and_tables(total: RunTotal) -> list[str]:
    counts = total.counts
    rows = [
        ("read", counts.read, "items"),
        ("kept", counts.kept, _written(total, "articles")),
        ("duplicate", counts.duplicate, _written(total, "duplicates")),
        ("unchanged", counts.unchanged, "written nowhere" if counts.unchanged else ""),
        ("dead letter", counts.dead_letter, _dead_letters_written(total)),
    ]
    if counts.regrouped:
        rows.append(("regrouped", counts.regrouped, _written(total, "regrouped")))
    digits = max(len(f"{count:,}") for _, count, _ in rows)
    return [f"  {name:<11}  {count:>{digits},}  {note}".rstrip() for name, count, note in rows]


def _written(total: RunTotal, name: str) -> str:
    table = total.tables.get(name)
    if table is None:
        return ""
    return f"-> {name}: {_count(table.rows, 'row')} in {_count(table.files, 'file')}, {_size(table.bytes)}"


def _dead_letters_written(total: RunTotal) -> str:
    known = total.counts.dead_letter_known
    return ", ".join(
        filter(None, [_written(total, "dead_letters"), f"{known:,} on record already" if known else ""])
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _size(size: float) -> str:
    """Bytes in decimal units, as disks and downloads are sold: "812 B", "4.1 kB", "23 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _dead_letters(total: RunTotal, width: int) -> list[str]:
    if not total.dead_letters:
        return []
    lines = ["Dead letters, by reason, with an example of each:"]
    ordered = sorted(total.dead_letters, key=lambda example: (-example.count, example.stage, example.reason))
    for example in ordered:
        lines.append(f"  {example.count:,} {example.stage}/{example.reason}")
        lines.append(_cut(f"    {printable(example.detail)}", width))
    return lines


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"


def _how_to_open(total: RunTotal, output: str) -> list[str]:
    remote = "://" in output
    root = output.rstrip("/") if remote else os.path.abspath(output)
    articles = f"{root}/articles" if remote else os.path.join(root, "articles")
    if not _has_articles(total, articles, remote):
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


def _has_articles(total: RunTotal, articles: str, remote: bool) -> bool:
    if "articles" in total.tables:
        return True
    if remote:
        # To be told without a listing: what is unchanged or a duplicate is so of something.
        return total.counts.unchanged + total.counts.duplicate > 0
    return any(name.endswith(".parquet") for _, _, names in os.walk(articles) for name in names)


def _literal(text: str) -> str:
    """A Python literal in double quotes, which needs no escape inside a shell's single ones."""
    literal = json.dumps(text, ensure_ascii=False)
    # A file name that isn't UTF-8 holds surrogates, which can't be printed.
    return literal if literal.isprintable() else json.dumps(text)
