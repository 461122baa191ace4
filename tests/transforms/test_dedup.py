"""DeduplicateArticles: what comes out of the shuffles, for what is new and what is known."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from schemas.dedup import ArticleKeys, IndexRows, RowRef
from schemas.index import INDEXES
from schemas.staged import FinishTask, PreparedBatch
from tests.known_rows import KnownRows
from tests.records import keys
from tests.transforms.pipelines import local_pipeline
from transforms.coders import register_coders
from transforms.dedup import DeduplicateArticles
from transforms.functions.stories import Known, settle_stories
from transforms.recollection import KnownArticles, index_rows


def committed(items: Sequence[ArticleKeys], seen_us: int = 0) -> KnownArticles:
    """The indexes after a run over some items."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in INDEXES}
    for batch in index_rows(settle_stories(items, Known(), "drop"), seen_us):
        rows[batch.index] += batch.rows
    return KnownArticles(**{name: KnownRows(name, rows[name]) for name in INDEXES if name != "dead_letters"})


def batches_of(articles: list[ArticleKeys], size: int, seed: int) -> list[PreparedBatch]:
    """The articles in shuffled batches; the row is the file's only link."""
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


WORDS = " ".join(f"word{number}" for number in range(90))

ARTICLES = [
    keys("a", "one", row=0, published_us=5),
    keys("a", "one", row=1, origin_uri="in/b.txt"),  # the same item in another file
    keys("b", "one", row=2, published_us=9),  # another article with the same text
    keys("a", "two", row=3, updated_us=9),  # a changed text
    keys("c", None, row=4),  # a text that can't tell
    keys("d", "three", row=5),  # known
    keys("e", "four", row=6),  # its text is known
    keys("f", "five", row=7, words=WORDS + " and a word more"),  # nearly known
]

KNOWN = [keys("d", "three"), keys("old", "four"), keys("near", "six", words=WORDS)]


#: How many key ranges new items are settled in: one place, or spread over workers.
both_forms = pytest.mark.parametrize("settle_shards", [1, 4])


def deduplicate(
    known: KnownArticles, shards: int, settle_shards: int, since_us: int = 0, rows_per_task: int = 100
) -> DeduplicateArticles:
    return DeduplicateArticles(
        known,
        shards,
        "drop",
        now_us=1,
        since_us=since_us,
        rows_per_task=rows_per_task,
        settle_shards=settle_shards,
    )


@both_forms
@pytest.mark.parametrize(("size", "shards", "seed"), [(1, 1, 1), (2, 4, 2), (8, 16, 3)])
def test_every_article_is_decided_the_same_in_any_order(
    size: int, shards: int, seed: int, settle_shards: int
) -> None:
    """Batches, shards and order change nothing."""
    register_coders()

    def check(tasks: list[FinishTask]) -> None:
        assert decided(tasks) == [
            (0, "kept", 1, None),
            (1, "unchanged", 0, None),
            (2, "duplicate", 1, keys("a").article_id),
            (3, "kept", 2, None),
            (4, "kept", 1, None),
            (5, "unchanged", 0, None),
            (6, "duplicate", 1, keys("old").article_id),
            (7, "duplicate", 1, keys("near").article_id),
        ]

    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(ARTICLES, size, seed))
            | deduplicate(committed(KNOWN), shards, settle_shards)
        )
        assert_that(result.tasks, check)


@both_forms
def test_what_was_committed_before_the_window_is_not_near(settle_shards: int) -> None:
    """Exact duplicates are still known."""
    register_coders()

    def check(tasks: list[FinishTask]) -> None:
        verdicts = {row: verdict for row, verdict, *_ in decided(tasks)}
        assert (verdicts[5], verdicts[6], verdicts[7]) == ("unchanged", "duplicate", "kept")

    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(ARTICLES, 3, 1))
            | deduplicate(committed(KNOWN, seen_us=10), 4, settle_shards, since_us=11)
        )
        assert_that(result.tasks, check)


@both_forms
def test_what_is_new_is_remembered(settle_shards: int) -> None:
    """Every new item, its names, its version, its text if it was kept, and its fingerprint."""
    register_coders()

    def check(batches: list[IndexRows]) -> None:
        rows = {
            name: {
                row[:2] if name == "articles" else row[0]
                for b in batches
                if b.index == name
                for row in b.rows
            }
            for name in INDEXES
        }
        assert rows["articles"] == {
            (keys(name).article_id, version) for name, version in [*((one, 1) for one in "abcef"), ("a", 2)]
        }
        assert rows["contents"] == {keys("a", "one").content_key, keys("a", "two").content_key}
        assert rows["identities"] == {keys(name).identities[0] for name in "abcef"}
        assert rows["fingerprints"] == {keys("f").article_id}
        assert len(rows["items"]) == 6

    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(ARTICLES, 3, 4))
            | deduplicate(committed(KNOWN), 4, settle_shards)
        )
        assert_that(result.index_rows, check)


def test_decisions_come_together_by_file() -> None:
    """In tasks that have every row of a staged file once between them, and no more than asked for each."""
    register_coders()
    articles = [
        keys(f"article {row}", f"text {row}", ref=RowRef(f"file {row % 3}", row // 3)) for row in range(9)
    ]
    with local_pipeline() as pipeline:
        result = (
            pipeline
            | beam.Create(batches_of(articles, 2, 5))
            | deduplicate(committed([]), 8, 1, rows_per_task=2)
        )
        tasks = result.tasks | beam.Map(
            lambda task: (task.file, task.rows, [decision.ref.row for decision in task.decisions])
        )
        assert_that(
            tasks,
            equal_to([(f"file {number}", 3, rows) for number in range(3) for rows in ([0, 1], [2])]),
        )


def test_a_file_without_a_decision_for_each_row_is_refused() -> None:
    """What lost a row, or decided it twice, must not be written."""
    register_coders()
    articles = [keys(f"article {row}", f"text {row}", ref=RowRef("file", row)) for row in (0, 2)]
    with pytest.raises(Exception, match="file: not one decision for each row"), local_pipeline() as pipeline:
        _ = pipeline | beam.Create(batches_of(articles, 2, 5)) | deduplicate(committed([]), 8, 1)
