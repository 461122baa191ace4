"""How fast feeds are parsed, by feedparser, by two faster parsers and by us; and whether our fast path loses anything.

    python -m tests.benchmarks feed_parsers [--folder FOLDER]... [--rounds N]

--folder: files of feeds, at any depth. The parsers take turns, N rounds of all files; each one's entries a second of
CPU are the median round's, with the slowest and the fastest. Then every file is parsed twice more: as always, and
with feedparser alone behind our handlers, which must give equal records, warnings, rejected items and errors, both
with and without an address that relative ones are joined to.

A parser that isn't installed is left out, and a line says so (`pip install fastfeedparser feedparser-rs`). What the
others leave undone, which is part of their speed, is in the table's last column.
"""

from __future__ import annotations

import argparse
import importlib
import io
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import feedparser

from schemas.errors import RecordError
from schemas.records import Origin
from tests.benchmarks.harness import CORPUS, Benchmark, MissingInputError, main, spread, table
from transforms.functions.feed_xml import StatedFeed, read_feed
from transforms.functions.feeds import ParsedFeed, parse_feed

#: Bytes to the number of entries found. Raises whatever it likes for what it refuses.
Parser = Callable[[bytes], int]

_SUFFIXES = frozenset((".xml", ".rss", ".rdf", ".atom", ".json"))

_NOTES = {
    "newsbeam": "raw dates and guids, every byline, source, charset repairs, warnings, rejected items; not sanitised",
    "feedparser": "sanitises HTML and resolves its addresses, reads dates; unknown zones become UTC",
    "fastfeedparser": "no raw dates, unreadable ones lost; first author only; no source; not sanitised",
    "feedparser-rs": "sanitises HTML, reads dates; some broken feeds cut short",
}


class Row(NamedTuple):
    """One parser over all files. rates: entries a second of CPU, one for each round. refused: files."""

    parser: str
    entries: int
    refused: int
    rates: tuple[float, ...]

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


class Comparison(NamedTuple):
    """Our two paths over all files. declined, different: names of files."""

    files: int
    fast: int
    declined: tuple[str, ...]
    different: tuple[str, ...]


def files_of(folders: Iterable[Path]) -> list[tuple[str, bytes]]:
    """The feeds in folders, by name."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in _SUFFIXES)
    return [(str(path), path.read_bytes()) for path in paths if path.is_file()]


def parsers() -> dict[str, Parser]:
    """All parsers that are installed."""
    found: dict[str, Parser] = {
        "newsbeam": lambda data: len(parse_feed(data, Origin("feed", "measured")).items),
        "feedparser": lambda data: len(feedparser.parse(io.BytesIO(data)).entries),
    }
    for name, module in (("fastfeedparser", "fastfeedparser"), ("feedparser-rs", "feedparser_rs")):
        try:
            parse = importlib.import_module(module).parse
        except ImportError:
            continue
        found[name] = lambda data, parse=parse: len(parse(data).entries)  # type: ignore[misc]
    return found


def measure(folders: Sequence[Path], rounds: int) -> list[Row]:
    """Each parser's speed, in alternating rounds over all files of the folders."""
    documents = [data for _, data in files_of(folders)]
    contenders = parsers()
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    found: dict[str, tuple[int, int]] = {}
    for _ in range(rounds):
        for name, parser in contenders.items():
            started = time.process_time()
            entries, refused = _parse_all(parser, documents)
            rates[name].append(entries / max(time.process_time() - started, 1e-9))
            found[name] = (entries, refused)
    return [Row(name, *found[name], tuple(rates[name])) for name in contenders]


def _parse_all(parser: Parser, documents: Iterable[bytes]) -> tuple[int, int]:
    entries = refused = 0
    for data in documents:
        try:
            entries += parser(data)
        except Exception:  # noqa: BLE001 (whatever each parser raises for what it refuses)
            refused += 1
    return entries, refused


def compare(folders: Sequence[Path]) -> Comparison:
    """Parses each file with and without the fast path."""
    fast = 0
    declined: list[str] = []
    different: list[str] = []
    documents = files_of(folders)
    for name, data in documents:
        taken: list[bool] = []

        def noted(xml: bytes, taken: list[bool] = taken) -> StatedFeed | None:
            feed = read_feed(xml)
            taken.append(feed is not None)
            return feed

        for address in (None, "https://fetched.example/feeds/all"):
            origin = Origin("feed", name, feed_url=address)
            if _outcome(data, origin, noted) != _outcome(data, origin, lambda xml: None):
                different.append(name)
        fast += any(taken)
        if taken and not any(taken):
            declined.append(name)
    return Comparison(len(documents), fast, tuple(declined), tuple(dict.fromkeys(different)))


def _outcome(
    data: bytes, origin: Origin, read_fast: Callable[[bytes], StatedFeed | None]
) -> ParsedFeed | tuple[str, str]:
    try:
        return parse_feed(data, origin, read_fast=read_fast)
    except RecordError as error:
        return error.reason, error.detail


def tell(rows: Sequence[Row], comparison: Comparison) -> str:
    """A row for each parser, with how it compares to feedparser alone, and what our fast path did."""
    alone = next(row.rate for row in rows if row.parser == "feedparser")
    header = (
        "parser",
        "entries/s of CPU",
        "of feedparser's",
        "entries",
        "files refused",
        "what it does or leaves undone",
    )
    cells = [
        (
            row.parser, spread(list(row.rates)), f"{row.rate / alone:.1f}", f"{row.entries:,}", row.refused,
            _NOTES[row.parser],
        )
        for row in rows
    ]  # fmt: skip
    missing = sorted(set(_NOTES) - {row.parser for row in rows})
    said = [
        f"{comparison.files:,} files, one after the other, parsers in turn.",
        table(header, cells),
        f"By the fast path {comparison.fast:,} files, left to feedparser {len(comparison.declined):,}, different in "
        f"any field {len(comparison.different)}.",
    ]
    said += [f"Different: {name}" for name in comparison.different]
    if missing:
        said.append(f"NOT MEASURED, since not installed: {', '.join(missing)}")
    return "\n\n".join(said)


def measure_feeds(arguments: argparse.Namespace) -> str:
    """All parsers over all folders."""
    folders = [folder for folder in arguments.folder or [FEEDS] if folder.is_dir()]
    if not folders:
        raise MissingInputError(f"no folder of feeds: give --folder (there is no {FEEDS})")
    return tell(measure(folders, arguments.rounds), compare(folders))


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--folder", type=Path, action="append", metavar="FOLDER",
        help="files of feeds, at any depth; repeatable (default: ../shared/feeds beside the project)",
    )  # fmt: skip


FEEDS = CORPUS.parents[1] / "feeds"

BENCHMARK = Benchmark(
    "feed_parsers",
    "Feeds parsed",
    measure_feeds,
    add_options,
    ("feedparser", "fastfeedparser", "feedparser-rs"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
