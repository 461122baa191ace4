"""One process whose stages are clocked, by CPU time: a run of the product, or the same calls in a plain loop.

    python -m tests.benchmarks.stage_clocks run|bare INPUT.jsonl[.gz] OUT spacy|none

run: the command line's own `main` with one worker, so that all is done in this process; a clock is put around each
function that does a stage's work, where it is called. bare: the same functions over the same articles, one after the
other, without Beam, batches, staged files, index or commit, everything in memory until it is written as Parquet.

The last line is JSON: CPU seconds by stage, of which "load" is what passed before the work began, and "all" of them.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

_T = TypeVar("_T")


class Clocks:
    """CPU seconds of this process by stage. No stage calls another."""

    def __init__(self) -> None:
        """Starts with none."""
        self.spent: dict[str, float] = defaultdict(float)

    def around(self, stage: str, function: Callable[..., _T]) -> Callable[..., _T]:
        """The function with its time counted."""

        @functools.wraps(function)
        def clocked(*args: Any, **kwargs: Any) -> _T:
            started = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.spent[stage] += time.process_time() - started

        return clocked

    def around_each(self, stage: str, function: Callable[..., Iterator[_T]]) -> Callable[..., Iterator[_T]]:
        """The same for a generator: what it does between two items, not what is done with them."""

        @functools.wraps(function)
        def clocked(*args: Any, **kwargs: Any) -> Iterator[_T]:
            take = self.around(stage, next)
            items = function(*args, **kwargs)
            done = object()
            while (item := take(items, done)) is not done:
                yield item  # type: ignore[misc]

        return clocked


READ = "decompress and split lines"
PREPARE = "parse and normalise"
KEYS = "keys and fingerprints"
DECIDE = "decide on copies and versions"
LANGUAGE = "tell languages"
ENTITIES = "find entities"
ROWS = "rows to Arrow"
WRITE = "encode and write Parquet"
STAGES = (READ, PREPARE, KEYS, DECIDE, LANGUAGE, ENTITIES, ROWS, WRITE)


def run(source: str, out: str, entities: str) -> Clocks:
    """The product, clocked."""
    # Loaded here, so that it counts as loading.
    import pipeline.enrichment
    import pipeline.run
    import pipeline.sources
    import pipeline.tables
    import pipeline.work
    import transforms.dedup
    from pipeline.cli import main

    clocks = Clocks()
    sources: Any = pipeline.sources
    dedup: Any = transforms.dedup
    work: Any = pipeline.work
    enrichment: Any = pipeline.enrichment
    sources.iter_lines = clocks.around_each(READ, sources.iter_lines)
    dedup.settle_stories = clocks.around(DECIDE, dedup.settle_stories)
    for module, stage, name in (
        (work, PREPARE, "prepare_payload"),
        (work, KEYS, "keys_of_articles"),
        (enrichment, LANGUAGE, "detect_language"),
        (enrichment, ENTITIES, "find_entities"),
        (work, ROWS, "articles_table"),
    ):
        setattr(module, name, clocks.around(stage, getattr(module, name)))
    tables: Any = pipeline.tables
    tables.parquet_file = clocks.around(WRITE, tables.parquet_file)
    clocks.spent["load"] = time.process_time()
    code = main(
        [
            "run", "--input", source, "--output", out, "--entities", entities, "--workers", "1", "--progress", "off",
        ]
    )  # fmt: skip
    if code:
        raise SystemExit(code)
    return clocks


def bare(source: str, out: str, entities: str) -> Clocks:
    """The same calls in a plain loop."""
    import numpy as np
    import pyarrow as pa

    from pipeline.enrichment import find_entities
    from pipeline.read import PARTS_PER_BATCH
    from pipeline.tables import parquet_file, partition_codes
    from schemas.records import Article, Payload
    from schemas.tables import ARTICLES, articles_table, file_schema
    from transforms.functions.compression import open_decompressed
    from transforms.functions.dedup import keys_of_articles, survivor_rank
    from transforms.functions.extractors import load_extractor
    from transforms.functions.jsonl import iter_lines
    from transforms.functions.language import detect_language
    from transforms.functions.prepare import prepare_payload
    from transforms.functions.stories import Known, settle_stories

    clocks = Clocks()
    clocks.spent["load"] = time.process_time()
    now = dt.datetime.now(dt.timezone.utc)
    prepare = clocks.around(PREPARE, prepare_payload)
    make_keys = clocks.around(KEYS, keys_of_articles)
    tell_language = clocks.around(LANGUAGE, detect_language)
    to_arrow = clocks.around(ROWS, articles_table)
    batches: dict[str, list[Article]] = {}
    first: dict[str, Any] = {}
    file: BinaryIO
    with open(source, "rb") as file:
        reader = open_decompressed(file, "gzip" if source.endswith(".gz") else None)
        lines = clocks.around_each(READ, iter_lines)(reader)
        while batch := tuple(itertools.islice(lines, PARTS_PER_BATCH)):
            payload = Payload("jsonl", source, tuple(line for _, line in batch), batch[0][0])
            articles = list(prepare(payload, now, "bare").articles)
            name = str(len(batches))
            batches[name] = articles
            for keys in make_keys(articles, name, True):
                if keys.item_hash not in first or survivor_rank(keys) < survivor_rank(first[keys.item_hash]):
                    first[keys.item_hash] = keys
    settled = clocks.around(DECIDE, settle_stories)(first.values(), Known(), "drop").items
    kept = {one.keys.ref: one.decision for one in settled if one.decision.verdict == "kept"}
    rows_of: dict[str, list[int]] = defaultdict(list)
    for ref in kept:
        rows_of[ref.file].append(ref.row)
    tables = []
    for name, rows in rows_of.items():
        articles = [batches[name][row] for row in sorted(rows)]
        languages = [tell_language(article.title, article.text).language for article in articles]
        table = to_arrow(articles)
        if entities != "none":
            column, _ = clocks.around(ENTITIES, find_entities)(
                load_extractor(entities), [article.text for article in articles], languages
            )
            place, field = table.schema.get_field_index("entities"), ARTICLES.field("entities")
            table = table.set_column(place, field, pa.array(column, type=field.type))
        place, field = table.schema.get_field_index("language"), ARTICLES.field("language")
        tables.append(table.set_column(place, field, pa.array(languages, type=field.type)))
    whole = pa.concat_tables(tables).combine_chunks()
    names, places = partition_codes(whole, ("date",))
    schema = file_schema("articles", ("date",))
    write = clocks.around(WRITE, parquet_file)
    for number, partition in enumerate(names):
        folder = Path(out, partition)
        folder.mkdir(parents=True)
        rows_there = whole.take(pa.array(np.flatnonzero(places == number))).select(schema.names)
        (folder / "bare.parquet").write_bytes(write(rows_there, whole.nbytes // whole.num_rows))
    return clocks


def main() -> None:
    """Runs from the command line."""
    kind, *arguments = sys.argv[1:]
    clocks = {"run": run, "bare": bare}[kind](*arguments)
    print(json.dumps({**clocks.spent, "all": time.process_time()}))


if __name__ == "__main__":
    main()
