"""Settling new items on many workers beside settling them on one: CPU, bytes shuffled, and the largest share of a key.

    python -m tests.benchmarks settle_spread [--settle_articles N] [--settle_known SHARE] [--settle_shards N]
                                             [--settle_crowd N] [--corpus FILE]

The items are those of a corpus, prepared as a run prepares them; a part of them, --settle_known, is committed to an
index on disk first. The rest is decided on by `DeduplicateArticles` in both of its forms, on Beam's runner in this
process, and all decisions and index rows are held against each other. CPU is that of the whole pipeline. In a third
run, of the spread form, every element that is shuffled is encoded once more to be counted, by step and key.

--settle_crowd: so many made-up items that share one long passage, and so the keys of some bands, are settled likewise.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import gc
import hashlib
import itertools
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam import coders
from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.pipeline import PipelineVisitor
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.files import open_write
from pipeline.read import PARTS_PER_BATCH
from pipeline.store.index import KeyIndex, sorted_segment, write_segment
from pipeline.write import index_table
from schemas.dedup import ArticleKeys, IndexRows, RowRef
from schemas.index import INDEXES
from schemas.records import Payload
from schemas.staged import FinishTask, PreparedBatch
from tests.benchmarks.harness import (
    Benchmark,
    corpus_lines,
    corpus_of,
    goal,
    main,
    scratch_folder,
    table,
    tell,
)
from tests.end_to_end.made_up import MANY_WORDS
from tests.records import keys
from transforms.coders import register_coders
from transforms.dedup import DeduplicateArticles
from transforms.functions.dedup import keys_of_articles
from transforms.functions.prepare import prepare_payload
from transforms.functions.stories import settle_stories
from transforms.recollection import KnownArticles, Recollection, drop_known_items, index_rows

_NOW = dt.datetime(2026, 11, 26, tzinfo=dt.timezone.utc)
_NOW_US = int(_NOW.timestamp()) * 1_000_000
_WINDOW_US = 30 * 24 * 3600 * 1_000_000
_DECISIONS, _ROWS, _CROWD_PASSAGE = "decisions", "index rows", 120


def read_items(corpus: Path, count: int) -> list[ArticleKeys]:
    """The keys of so many articles of a corpus, as a run makes them."""
    items: list[ArticleKeys] = []
    lines = itertools.islice(corpus_lines(corpus), count)
    place = 0
    while batch := tuple(itertools.islice(lines, PARTS_PER_BATCH)):
        payload = Payload("jsonl", "corpus", batch, place)
        items += keys_of_articles(prepare_payload(payload, _NOW, "run").articles, f"file {place}", True)
        place += len(batch)
    return items


def crowd(count: int) -> list[ArticleKeys]:
    """Items that tell their own behind one long passage."""
    generator = random.Random(1)

    def text(words: int) -> str:
        return " ".join(generator.choice(MANY_WORDS) for _ in range(words))

    passage = text(_CROWD_PASSAGE)
    made = []
    for number in range(count):
        words = f"{passage} {text(_CROWD_PASSAGE)}"
        made.append(keys(str(number), words, words=words, ref=RowRef(f"file {number // 128}", number % 128)))
    return made


def commit(items: Sequence[ArticleKeys], folder: Path) -> dict[str, KeyIndex]:
    """The indexes after a run over some items."""
    empty = _known({name: KeyIndex(name) for name in INDEXES})
    new, _ = drop_known_items(items, empty.items)
    recollection = Recollection(empty, True, _NOW_US - _WINDOW_US)
    settlement = settle_stories(new, recollection.known_to(new), "drop", _WINDOW_US, recollection.circle_of)
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for batch in index_rows(settlement, _NOW_US):
        rows[batch.index] += batch.rows
    indexes = {}
    for name in INDEXES:
        path = str(folder / f"{name}.parquet")
        if rows[name]:
            with open_write(path) as file:
                write_segment(sorted_segment(index_table(name, rows[name])), file)
        indexes[name] = KeyIndex(name, (path,) if rows[name] else ())
    return indexes


def _known(indexes: dict[str, KeyIndex]) -> KnownArticles:
    return KnownArticles(**{name: index for name, index in indexes.items() if name != "dead_letters"})


class _Sum(beam.DoFn):
    """Counts what is decided and remembered, and adds up a hash of each: equal sums are equal contents."""

    def __init__(self, name: str) -> None:
        self._name = name

    def process(self, element: FinishTask | IndexRows) -> None:
        parts = element.decisions if isinstance(element, FinishTask) else element.rows
        name = "" if isinstance(element, FinishTask) else element.index
        Metrics.counter(self._name, "count").inc(len(parts))
        Metrics.counter(self._name, "sum").inc(sum(_hash(f"{name} {part}") for part in parts))


def _hash(said: str) -> int:
    # Python's own differs between processes; 40 bits, so that sums of millions stay within 63.
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=5).digest(), "big")


class _CountBytes(beam.DoFn):
    """Counts the bytes of what a step shuffles, by key."""

    def __init__(self, step: str, coder: coders.Coder) -> None:
        self._step = step
        self._coder = coder

    def process(self, element: tuple[Any, Any]) -> None:
        key, _ = element
        size = len(self._coder.encode(element))
        Metrics.counter(self._step, str(key)).inc(size)
        Metrics.counter("elements", self._step).inc()


class _Shuffles(PipelineVisitor):  # type: ignore[misc, unused-ignore]
    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def visit_transform(self, node: Any) -> None:
        # Beam's own, by which made-up input is dealt out, is none of ours.
        if isinstance(node.transform, beam.GroupByKey) and node.full_label.startswith("Dedup/"):
            (self.given[node.full_label],) = node.inputs


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """cpu_s: of the whole pipeline. sums: what was decided and remembered, number and hash. The rest: its metrics."""

    cpu_s: float
    sums: dict[str, int]
    shuffled: dict[str, dict[str, int]]
    elements: dict[str, int]
    settle: dict[str, Any]


def measure_form(
    batches: Sequence[PreparedBatch], known: KnownArticles, shards: int, count_bytes: bool
) -> Measured:
    """Decides on all batches in one form."""
    register_coders()
    gc.collect()
    pipeline = beam.Pipeline(runner=FnApiRunner())
    decided = (
        pipeline
        | beam.Create(batches).with_output_types(PreparedBatch)
        | "Dedup"
        >> DeduplicateArticles(known, 8, "drop", _NOW_US, _NOW_US - _WINDOW_US, PARTS_PER_BATCH, shards)
    )
    _ = decided.tasks | "SumDecisions" >> beam.ParDo(_Sum(_DECISIONS))
    _ = decided.index_rows | "SumRows" >> beam.ParDo(_Sum(_ROWS))
    if count_bytes:
        shuffles = _Shuffles()
        pipeline.visit(shuffles)
        for label, given in shuffles.given.items():
            step = label.rpartition("/")[2]
            coder = coders.registry.get_coder(given.element_type)
            _ = given | f"Count {step}" >> beam.ParDo(_CountBytes(step, coder))
    started = time.process_time()
    result = pipeline.run()
    result.wait_until_finish()
    cpu_s = time.process_time() - started
    shuffled: dict[str, dict[str, int]] = defaultdict(dict)
    elements: dict[str, int] = {}
    sums: dict[str, int] = {}
    settle: dict[str, Any] = {}
    found = result.metrics().query(MetricsFilter())
    for one in [*found["counters"], *found["distributions"]]:
        space, name = one.key.metric.namespace, one.key.metric.name
        if space in (_DECISIONS, _ROWS):
            sums[f"{space} {name}"] = one.committed
        elif space == "settle":
            settle[name] = one.committed
        elif space == "elements":
            elements[name] = one.committed
        else:
            shuffled[space][name] = one.committed
    return Measured(cpu_s, sums, shuffled, elements, settle)


def compare(
    name: str, items: Sequence[ArticleKeys], committed: int, shards: int, folder: Path
) -> tuple[bool, str]:
    """Both forms on the items that come after those committed; whether they are equal, and the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    known = _known(commit(items[:committed], folder))
    batches = list(_batches(items[committed:]))
    new = len(items) - committed
    tell(f"{name}: one worker")
    one = measure_form(batches, known, 1, count_bytes=False)
    tell(f"{name}: spread")
    spread = measure_form(batches, known, shards, count_bytes=False)
    tell(f"{name}: spread, counted")
    counted = measure_form(batches, known, shards, count_bytes=True)
    equal = one.sums == spread.sums == counted.sums
    of_story, of_worker = spread.settle.get("of_story"), spread.settle.get("of_worker")
    joined = of_worker.sum if of_worker else 0
    unfinished = spread.settle.get("unfinished", 0)
    rows = [
        ("CPU seconds, one worker", f"{one.cpu_s:.1f}"),
        (f"CPU seconds, spread over {shards} shards", f"{spread.cpu_s:.1f}"),
        ("items that are settled alone", f"{spread.settle.get('alone', 0):,}"),
        ("items with others, or with known articles", f"{joined:,}"),
        ("stories of them; items of the largest", f"{of_story.count if of_story else 0:,}; "
         f"{of_story.max if of_story else 0:,}"),
        ("the most that one key settles, of all", f"{(of_worker.max if of_worker else 0) / new:.2%}"),
        ("items that no round finished", f"{unfinished:,}"),
    ]  # fmt: skip
    steps = [
        (
            step,
            f"{sum(by_key.values()) / new:,.0f}",
            f"{counted.elements[step]:,}",
            f"{max(by_key.values()) / sum(by_key.values()):.1%}",
        )
        for step, by_key in counted.shuffled.items()
    ]
    total = sum(sum(by_key.values()) for by_key in counted.shuffled.values()) / new
    steps.sort(key=lambda row: -int(row[1].replace(",", "")))
    steps.append(("all", f"{total:,.0f}", "", ""))
    said = [
        f"{name}: {new:,} new items, {committed:,} committed before.",
        table(("", ""), rows),
        table(("shuffle", "bytes an item", "elements", "largest key's share"), steps),
        goal("equal decisions and index rows", equal),
    ]
    return equal, "\n\n".join(said)


def _batches(items: Sequence[ArticleKeys]) -> Iterator[PreparedBatch]:
    """Staged files whose rows are numbered anew, since those before them may be left out."""
    of_file: dict[str, list[ArticleKeys]] = defaultdict(list)
    for one in items:
        of_file[one.ref.file].append(one)
    for file, held in of_file.items():
        rows = tuple(dataclasses.replace(one, ref=RowRef(file, row)) for row, one in enumerate(held))
        yield PreparedBatch(len(rows), rows, ())


def measure(arguments: argparse.Namespace) -> str:
    """The corpus, and a crowd."""
    with scratch_folder(arguments) as folder:
        items = read_items(corpus_of(arguments), arguments.settle_articles)
        committed = int(len(items) * arguments.settle_known)
        said = [compare("corpus", items, committed, arguments.settle_shards, folder / "corpus")[1]]
        if arguments.settle_crowd:
            people = crowd(arguments.settle_crowd)
            said.append(compare("one passage", people, 0, arguments.settle_shards, folder / "crowd")[1])
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--settle_articles", type=int, default=20_000, metavar="N", help="of the corpus (20000)"
    )
    group.add_argument(
        "--settle_known", type=float, default=0.5, metavar="SHARE", help="of them committed before (0.5)"
    )
    group.add_argument("--settle_shards", type=int, default=64, metavar="N", help="a power of two (64)")
    group.add_argument(
        "--settle_crowd", type=int, default=10_000, metavar="N", help="items with one passage (10000)"
    )


BENCHMARK = Benchmark(
    "settle_spread", "Settling on many workers", measure, add_options, ("apache-beam", "numpy")
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
