"""What hangs together is found in parts, and what isn't finished is found out."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.settling import EdgeBatch
from transforms.functions.candidates import ARTICLE_BYTES
from transforms.functions.components import (
    ROUNDS,
    connect,
    edges_by_shard,
    edges_of,
    labels_of,
    smallest_of_parts,
)
from transforms.functions.dedup import RANK_BYTES

Edge = tuple[bytes, bytes]


def node(number: int) -> bytes:
    """An item, or of every third number a known article."""
    return random.Random(number).randbytes(RANK_BYTES if number % 3 else ARTICLE_BYTES)


def grouped(parts: Iterable[tuple[int, EdgeBatch]]) -> dict[int, list[EdgeBatch]]:
    found = defaultdict(list)
    for shard, batch in parts:
        found[shard].append(batch)
    return found


def labels_after(edges: list[Edge], shards: int, rounds: int) -> dict[bytes, set[bytes]]:
    """What is said of each node after so many rounds."""
    batches = grouped(edges_by_shard(edges, shards))
    for _ in range(rounds):
        batches = grouped(
            part for held in batches.values() for part in edges_by_shard(connect(edges_of(held)), shards)
        )
    said = defaultdict(set)
    for shard, held in batches.items():
        for _, told, label in labels_of(edges_of(held), shard, shards):
            said[told].add(label)
    return said


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60),
    st.sampled_from([1, 2, 16, 4096]),
    st.integers(0, ROUNDS),
)
def test_a_label_is_a_whole_story_or_is_found_out(
    drawn: list[tuple[int, int]], shards: int, rounds: int
) -> None:
    """After however few rounds: all labels of a story that has several are unfinished, and no story shares one."""
    edges = [(node(one), node(other)) for one, other in drawn if one != other]
    truth = smallest_of_parts(edges)
    said = labels_after(edges, shards, rounds)
    assert said.keys() == truth.keys()
    unfinished = {label for labels in said.values() if len(labels) > 1 for label in labels}
    stories: dict[bytes, set[bytes]] = defaultdict(set)
    for told, labels in said.items():
        assert all(truth[label] == truth[told] for label in labels)
        stories[truth[told]] |= labels
    for labels in stories.values():
        assert labels <= unfinished if len(labels) > 1 else labels.isdisjoint(unfinished)


@pytest.mark.parametrize("shards", [1, 16, 256, 4096])
def test_chains_of_twenty_are_finished(shards: int) -> None:
    """In any order of their links, with the rounds that there are."""
    for seed in range(20):
        numbers = random.Random(seed).sample(range(10_000), 20)
        edges = [(node(one), node(other)) for one, other in itertools.pairwise(numbers)]
        assert {frozenset(labels) for labels in labels_after(edges, shards, ROUNDS).values()} == {
            frozenset([min(map(node, numbers))])
        }


def test_a_crowd_around_one_is_finished_without_a_round() -> None:
    """Ten thousand that share something are ten thousand edges, at the shards of both ends."""
    hub = bytes(RANK_BYTES)
    edges = [(hub, node(3 * number + 1)) for number in range(10_000)]
    sent = sum(len(batch.nodes) // 2 for _, batch in edges_by_shard(edges, 64))
    assert 10_000 <= sent <= 20_000
    assert {frozenset(labels) for labels in labels_after(edges, 64, 0).values()} == {frozenset([hub])}
