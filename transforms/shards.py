"""Splitting batches by key range or file, so that few, fat elements are shuffled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from schemas.dedup import Decision, DecisionBatch
from transforms.functions.identity import hash_key

T = TypeVar("T")


def shard_of(hashed: str, shards: int) -> int:
    """The shard, 0 to shards - 1, whose key range holds a hash.

    Shards are equal ranges; their number is a power of two up to 2^16.
    """
    return int.from_bytes(hash_key(hashed)[:2], "big") * shards >> 16


def by_shard(items: Iterable[T], key: Callable[[T], str], shards: int) -> dict[int, tuple[T, ...]]:
    """Items grouped by the shard of their hash."""
    grouped: dict[int, list[T]] = defaultdict(list)
    for item in items:
        grouped[shard_of(key(item), shards)].append(item)
    return {shard: tuple(members) for shard, members in grouped.items()}


def decisions_by_file(decisions: Iterable[Decision]) -> Iterator[tuple[str, DecisionBatch]]:
    """Decisions by the staged file whose rows they are on."""
    of_file: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        of_file[decision.ref.file].append(decision)
    for file, members in of_file.items():
        yield file, DecisionBatch(tuple(members))
