"""DeduplicateArticles: what comes out of the shuffles, for what is new and what is known."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipeline.write import index_table
from schemas.dedup import ArticleKeys, IndexRows, RowRef
from schemas.index import INDEXES
from schemas.staged import FinishTask, PreparedBatch
from tests.records import keys
from tests.transforms.pipelines import local_pipeline
from transforms.coders import register_coders
from transforms.dedup import DeduplicateArticles


class KnownRows:
    """A small index in memory, of rows as the index holds them."""

    def __init__(self, name: str, rows: Iterable[tuple[str | int, ...]] = ()) -> None:
        self._table = index_table(name, list(rows))

    def lookup(self, wanted: Sequence[bytes]) -> pa.Table:
        return self._table.filter(
            pa.array([key in set(wanted) for key in self._table["key"].to_pylist()], pa.bool_())
        )


def batches_of(articles: list[ArticleKeys], size: int, seed: int) -> list[PreparedBatch]:
    """The articles in shuffled batches, each a staged file of its own; the row is the file's only link."""
    shuffled = random.Random(seed).sample(articles, len(articles))
    return [
        PreparedBatch(size, tuple(shuffled[start : start + size]), ())
        for start in range(0, len(shuffled), size)
    ]


def decided(tasks: Iterable[FinishTask]) -> list[tuple[Any, ...]]:
    """Decisions without the group, by row."""
    return sorted(
        (decision.ref.row, decision.verdict, decision.version, decision.duplicate_of)
        for task in tasks
        for decision in task.decisions
    )


ARTICLES = [
    keys("a", "one", row=0, published_us=5),
    keys("a", "one", row=1, origin_uri="in/b.txt"),  # the same item in another file
    keys("b", "one", row=2, published_us=9),  # another article with the same text
    keys("a", "two", row=3, updated_us=9),  # a changed text
    keys("c", None, row=4),  # a text that can't tell
    keys("d", "three", row=5),  # known
    keys("e", "four", row=6),  # its text is known
]

KNOWN_ARTICLES = [(keys("d").article_id, 1, keys("d", "three").revision_hash, keys("d").article_id)]
KNOWN_CONTENTS = [(keys("x", "four").content_key or "", keys("old").article_id, keys("old").article_id)]


@pytest.mark.parametrize(("size", "shards", "seed"), [(1, 1, 1), (2, 4, 2), (7, 16, 3)])
def test_every_article_is_decided_the_same_in_any_order(size: int, shards: int, seed: int) -> None:
    """Batches, shards and order change nothing."""
    register_coders()

    def check(tasks: list[FinishTask]) -> None:
        a = keys("a").article_id
        assert decided(tasks) == [
            (0, "kept", 1, None),
            (1, "unchanged", 0, None),
            (2, "duplicate", 1, a),
            (3, "kept", 2, None),
            (4, "kept", 1, None),
            (5, "unchanged", 0, None),
            (6, "duplicate", 1, keys("old").article_id),
        ]

    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(ARTICLES, size, seed))
            | DeduplicateArticles(
                KnownRows("articles", KNOWN_ARTICLES), KnownRows("contents", KNOWN_CONTENTS), shards
            )
        )
        assert_that(result.tasks, check)


def test_what_is_new_is_remembered() -> None:
    """Each kept or set aside revision is an index row, and each kept text; what was known is not written again."""
    register_coders()

    def check(batches: list[IndexRows]) -> None:
        articles = {row[:2] for batch in batches if batch.index == "articles" for row in batch.rows}
        contents = {row[0] for batch in batches if batch.index == "contents" for row in batch.rows}
        assert articles == {
            (keys("a").article_id, 1),
            (keys("a").article_id, 2),
            (keys("b").article_id, 1),
            (keys("c").article_id, 1),
            (keys("e").article_id, 1),
        }
        assert contents == {keys("a", "one").content_key, keys("a", "two").content_key}

    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(ARTICLES, 3, 4))
            | DeduplicateArticles(
                KnownRows("articles", KNOWN_ARTICLES), KnownRows("contents", KNOWN_CONTENTS), 4
            )
        )
        assert_that(result.index_rows, check)


def test_decisions_come_together_by_file() -> None:
    """One task per staged file, with all of its rows."""
    register_coders()
    articles = [keys(f"article {row}", f"text {row}", ref=RowRef(f"file {row % 3}", row)) for row in range(9)]
    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(articles, 2, 5))
            | DeduplicateArticles(KnownRows("articles"), KnownRows("contents"), 8)
        )
        sizes = result.tasks | beam.Map(lambda task: (task.file, len(task.decisions)))
        assert_that(sizes, equal_to([("file 0", 3), ("file 1", 3), ("file 2", 3)]))


def test_the_small_index_of_these_tests_has_the_real_columns() -> None:
    """So that it can stand for the real one."""
    for name, schema in INDEXES.items():
        assert KnownRows(name).lookup([]).schema == schema
