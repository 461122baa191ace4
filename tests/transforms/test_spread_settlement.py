"""SettleSpread: on many workers exactly what one would decide, run after run; and where its limits are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.testing.util import assert_that

from schemas.dedup import ArticleKeys, Decision, DecisionBatch, IndexRows, KeysBatch
from tests.end_to_end.made_up import MANY_WORDS
from tests.known_rows import GrowingIndex
from tests.records import keys
from tests.transforms.pipelines import local_pipeline
from transforms.coders import register_coders
from transforms.functions.identity import hash_fields
from transforms.functions.stories import NearDuplicates, settle_stories
from transforms.recollection import KnownArticles, Recollection, drop_known_items, index_rows
from transforms.spread_settlement import SettleSpread

DAY_US = 24 * 3600 * 1_000_000
WINDOW_US = 30 * DAY_US


class Writer:
    """Writes items about a few stories, so that little is alone."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.items: list[ArticleKeys] = []

    def text(self, words: int) -> str:
        return " ".join(self._random.choice(MANY_WORDS) for _ in range(words))

    def edited(self, text: str, share: float) -> str:
        return " ".join(
            self._random.choice(MANY_WORDS) if self._random.random() < share else word
            for word in text.split(" ")
        )

    def add(self, name: str, text: str, **fields: Any) -> None:
        """One item; a paper, a moment and a headline are drawn where none are given."""
        drawn: dict[str, Any] = {
            "title": self._random.choice(("one headline", "another")),
            "publisher": self._random.choice((None, "p1" + "0" * 32, "p1" + "1" * 32)),
            "published_us": self._random.choice((None, DAY_US, DAY_US, 2 * DAY_US, 40 * DAY_US)),
            "row_hash": hash_fields("w1", (str(self._random.random()),)),
            "words": text if len(text.split(" ")) > 20 else None,
        }
        self.items.append(keys(name, text, row=len(self.items), **drawn | fields))

    def story(self, number: int) -> None:
        """One story in some of the forms that have to be told."""
        text = self.text(self._random.randrange(50, 200))
        for copy in range(self._random.randrange(1, 8)):
            name = self._random.choice((f"{number}", f"{number}/{copy}"))
            told = self._random.choice(
                (
                    text,
                    self.edited(text, 0.05),
                    self.edited(text, 0.2),
                    text[: len(text) * 2 // 3],
                    f"{self.text(20)} {text}",
                )
            )
            names = self._random.sample([f"guid {number}", f"address {number}/{copy}", "everybody's"], 1)
            self.add(name, told, names=names if self._random.random() < 0.4 else ())

    def crowd(self, count: int) -> None:
        """Texts of their own behind one long passage: buckets in which not all are paired."""
        passage = self.text(120)
        for number in range(count):
            self.add(f"crowd {number}", f"{passage} {self.text(100)}")

    def series(self, count: int) -> None:
        """Each part repeats most of the one before; the ends have nothing in common."""
        words = self.text(20 * count + 180).split(" ")
        for number in range(count):
            part = " ".join(words[20 * number : 20 * number + 180])
            self.add(f"part {number}", part, publisher=None, published_us=DAY_US)

    def little(self) -> None:
        """Texts that say too little for a fingerprint, and none at all."""
        for number in range(4):
            self.add(f"little {number}", "Read more.")
            self.add(f"nothing {number}", "", content_key=None)


def mixture(seed: int) -> list[ArticleKeys]:
    """Everything at once, in no order; no item twice."""
    writer = Writer(seed)
    for number in range(12):
        writer.story(number)
    writer.crowd(14)
    writer.series(12)
    writer.little()
    items = list({one.item_hash: one for one in writer.items}.values())
    return random.Random(seed).sample(items, len(items))


def one_by_one(decisions: Iterable[Decision]) -> dict[int, Decision]:
    return {decision.ref.row: decision for decision in decisions}


def rows_of(batches: Iterable[IndexRows]) -> Counter[tuple[Any, ...]]:
    return Counter((batch.index, *row) for batch in batches for row in batch.rows)


def settle_both(
    new: Sequence[ArticleKeys], known: KnownArticles, near: NearDuplicates, shards: int, now_us: int
) -> tuple[list[IndexRows], dict[str, int]]:
    """Settles a run's items in both forms, holds them against each other, and gives index rows and counters."""
    recollection = Recollection(known, near != "off", now_us - WINDOW_US)
    settlement = settle_stories(new, recollection.known_to(new), near, WINDOW_US, recollection.circle_of)
    rows = list(index_rows(settlement, now_us))
    expected_rows, expected = rows_of(rows), one_by_one(one.decision for one in settlement.items)

    def check_decisions(found: list[tuple[str, DecisionBatch]]) -> None:
        decided = [decision for _, batch in found for decision in batch.decisions]
        assert len(decided) == len(expected)
        assert one_by_one(decided) == expected

    def check_rows(found: list[IndexRows]) -> None:
        assert rows_of(found) == expected_rows

    generator = random.Random(shards)
    shuffled = generator.sample(list(new), len(new))
    size = generator.choice((1, 5, 50))
    batches = [
        (number, KeysBatch(tuple(shuffled[start : start + size])))
        for number, start in enumerate(range(0, len(shuffled), size))
    ]
    pipeline = local_pipeline()
    settled = (
        pipeline
        | beam.Create(batches).with_output_types(tuple[int, KeysBatch])
        | SettleSpread(known, shards, near, now_us, now_us - WINDOW_US)
    )
    assert_that(settled.decisions | "Decisions" >> beam.Flatten(), check_decisions, label="decisions")
    assert_that(settled.index_rows | "Rows" >> beam.Flatten(), check_rows, label="rows")
    result = pipeline.run()
    result.wait_until_finish()
    counted = result.metrics().query(MetricsFilter().with_namespace("settle"))["counters"]
    return rows, {one.key.metric.name: one.committed for one in counted}


@pytest.mark.parametrize(
    ("seed", "shards", "near"),
    [(1, 1, "drop"), (2, 4, "drop"), (3, 64, "drop"), (4, 8, "mark"), (5, 4, "off")],
)
def test_many_workers_decide_as_one_would(seed: int, shards: int, near: NearDuplicates) -> None:
    """Over runs in which the index grows: known articles, new versions, and groups that change."""
    register_coders()
    items = mixture(seed)
    index = GrowingIndex()
    for number in range(3):
        known = index.known()
        new, _ = drop_known_items(items[number::3], known.items)
        rows, counters = settle_both(new, known, near, shards, now_us=10 * number * DAY_US)
        index.add(rows)
        assert counters["alone"] < len(new)
    if near == "off":
        assert not index.count("fingerprints") == 0 == index.count("links")
    else:
        assert index.count("links") > 20
        assert index.count("regrouped") > 0


def test_a_chain_that_no_round_reaches_the_end_of_is_settled_in_one_place() -> None:
    """And so come to what one worker decides: a series of 300 parts, each of which repeats the one before."""
    register_coders()
    writer = Writer(7)
    writer.series(300)
    writer.story(0)
    _, counters = settle_both(writer.items, GrowingIndex().known(), "drop", 256, now_us=0)
    assert counters["unfinished"] == 300


def test_nothing_new_is_settled_without_a_word() -> None:
    """A run may have nothing but what is known."""
    register_coders()
    rows, _ = settle_both([], GrowingIndex().known(), "drop", 4, now_us=0)
    assert rows == []
