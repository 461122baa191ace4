"""What is found in parts is what is found in one place: candidates, by any number of key ranges."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dedup import ArticleKeys
from schemas.settling import BandBatch, CandidateBatch
from tests.records import keys
from transforms.functions.candidates import (
    all_marks,
    candidates_by_shard,
    holders_of_tokens,
    item_bands_by_shard,
    known_bands_by_shard,
    known_rank,
    known_ranks,
    known_version,
    marks_by_part,
    marks_of_part,
    ranks_by_shard,
    shard_of_node,
    split_ranks,
    star,
    strongest_candidates,
    tokens_by_shard,
)
from transforms.functions.dedup import rank_key, survivor_rank
from transforms.functions.identity import hash_fields, hash_key
from transforms.functions.near_duplicates import BANDS, BUCKET_TARGETS, MAX_CANDIDATES, candidate_pairs

#: Few keys, of few key ranges, so that buckets are crowded and one key stands in several columns.
BAND_KEYS = st.sampled_from([0, 1, 7 << 16, 1 << 31, (1 << 32) - 1])


def banded(number: int, bands: Iterable[int], published_us: int | None = None) -> ArticleKeys:
    """An item with some band keys; the others it shares with nobody."""
    own = np.random.default_rng(number).integers(2, 1 << 32, size=BANDS, dtype=np.uint32)
    shared = list(bands)
    own[: len(shared)] = shared
    fields: dict[str, Any] = {"bands": own.astype("<u4").tobytes(), "sketch": b"", "shingle_count": 99}
    return keys(str(number), str(number), published_us=published_us, **fields)


def in_parts(
    items: list[ArticleKeys], shards: int, known: Iterable[tuple[int, BandBatch]] = ()
) -> list[tuple[bytes, bytes]]:
    """Candidates as the steps find them: batch by batch, range by range."""
    bands: dict[int, list[BandBatch]] = defaultdict(list)
    for start in range(0, len(items), 7):
        for shard, batch in item_bands_by_shard(items[start : start + 7], shards):
            bands[shard].append(batch)
    for shard, batch in known:
        bands[shard].append(batch)
    found: dict[int, list[CandidateBatch]] = defaultdict(list)
    for batches in bands.values():
        for shard, made in candidates_by_shard(batches, shards):
            found[shard].append(made)
    pairs: list[tuple[bytes, bytes]] = []
    for batches_of_later in found.values():
        later, earlier = strongest_candidates(batches_of_later)
        pairs += zip(split_ranks(earlier), split_ranks(later), strict=True)
    return pairs


def in_one_place(ranks: list[bytes], bands: list[bytes], known: int = 0) -> list[tuple[bytes, bytes]]:
    matrix = np.frombuffer(b"".join(bands), dtype="<u4").reshape(-1, BANDS)
    return [(ranks[one], ranks[other]) for one, other in candidate_pairs(matrix, known).tolist()]


def by_later(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    """The candidates of each later one, in their order."""
    found = defaultdict(list)
    for earlier, later in pairs:
        found[later].append(earlier)
    return found


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(BAND_KEYS, max_size=6), min_size=1, max_size=40),
    st.integers(0, 20),
    st.sampled_from([1, 4, 256, 65_536]),
)
def test_candidates_are_the_same_in_parts(drawn: list[list[int]], committed: int, shards: int) -> None:
    """In the same order, with whatever is known among them."""
    items = [banded(number, bands, number % 3) for number, bands in enumerate(drawn)]
    old, new = items[:committed], sorted(items[committed:], key=survivor_rank)
    versions = sorted((hash_key(its.article_id), number, its.bands) for number, its in enumerate(old, 1))
    ranks = [known_rank(article, version) for article, version, _ in versions] + [rank_key(it) for it in new]
    marks = all_marks({part: marks_of_part([batch]) for part, batch in marks_by_part(new)})
    known = known_bands_by_shard(
        known_ranks(
            b"".join(article for article, *_ in versions),
            np.array([version for _, version, _ in versions], dtype=np.int32),
        ),
        np.frombuffer(b"".join(bands for *_, bands in versions), dtype="<u4").reshape(-1, BANDS),
        marks,
        shards,
    )
    expected = in_one_place(ranks, [b for *_, b in versions] + [its.bands for its in new], len(versions))
    random.Random(len(drawn)).shuffle(new)
    assert by_later(in_parts(new, shards, known)) == by_later(expected)


def test_ten_thousand_in_one_bucket_make_a_few_pairs_each() -> None:
    """And not one with each of the others."""
    items = [banded(number, [7] * 20) for number in range(10_000)]
    pairs = by_later(in_parts(items, 16))
    assert max(map(len, pairs.values())) == BUCKET_TARGETS <= MAX_CANDIDATES
    assert len(pairs) == 9_999
    first = sorted(map(rank_key, items))[:BUCKET_TARGETS]
    assert {earlier for held in pairs.values() for earlier in held} == set(first)


@given(st.lists(st.tuples(st.none() | st.integers(-(1 << 60), 1 << 60), st.integers(0, 2)), max_size=20))
def test_a_rank_in_bytes_sorts_as_the_rank_does(drawn: list[tuple[int | None, int]]) -> None:
    """Undated last; ties by id, then by what the row says."""
    items = [
        keys(
            f"{number % 4}",
            str(number),
            published_us=moment,
            row_hash=hash_fields("w1", (str(row),)),
            row=number,
        )
        for number, (moment, row) in enumerate(drawn)
    ]
    assert sorted(items, key=rank_key) == sorted(items, key=survivor_rank)
    assert len({rank_key(its) for its in items}) == len(items)


def test_known_versions_rank_before_all_items() -> None:
    """By article and number; and are told from items."""
    article = bytes(range(16))
    ranks = [known_rank(article, 2), known_rank(article, 300), known_rank(b"\xff" * 16, 1)]
    ages_ago = keys("a", published_us=-(1 << 62))
    assert sorted([*ranks, rank_key(ages_ago)]) == [*ranks, rank_key(ages_ago)]
    assert known_version(ranks[1]) == (article, 300)
    assert known_version(rank_key(ages_ago)) is None
    assert known_ranks(article, np.array([300], dtype=np.int32)) == ranks[1]


def test_what_no_new_item_can_have_of_a_known_version_stays_where_it_is() -> None:
    """Few of its keys are marked; all that a new item has are."""
    new, old = banded(1, [5 << 20]), banded(2, [5 << 20])
    marks = all_marks({part: marks_of_part([batch, batch]) for part, batch in marks_by_part([new])})
    assert sum(byte.bit_count() for byte in marks) <= BANDS
    ranks = known_ranks(hash_key(old.article_id), np.array([1], dtype=np.int32))
    bands = np.frombuffer(old.bands, dtype="<u4").reshape(-1, BANDS)
    sent = [batch for _, batch in known_bands_by_shard(ranks, bands, marks, 8)]
    assert b"".join(batch.keys for batch in sent) == (5 << 20).to_bytes(4, "little")
    assert list(known_bands_by_shard(ranks, bands, all_marks({}), 8)) == []


def test_items_share_the_tokens_that_they_share() -> None:
    """A name and a text each meet at one shard, whichever item they came with."""
    items = [keys("a", names=("guid",)), keys("b", "other", names=("guid",)), keys("c")]
    batches = defaultdict(list)
    for one in items:
        for shard, batch in tokens_by_shard([one], 16).items():
            batches[shard].append(batch)
    shared = {
        (kind, tuple(sorted(ranks)))
        for held in batches.values()
        for kind, holders in holders_of_tokens(held).items()
        for ranks in holders.values()
        if len(ranks) > 1
    }
    ranks = [rank_key(one) for one in items]
    assert shared == {(0, tuple(sorted(ranks[:2]))), (1, tuple(sorted((ranks[0], ranks[2]))))}
    assert list(star([ranks[0], ranks[1], ranks[0]])) == [tuple(sorted(ranks[:2]))]


@pytest.mark.parametrize("shards", [1, 2, 1024])
def test_a_node_has_one_shard(shards: int) -> None:
    """A known version where its article is, an item where its hash is; each asked for once."""
    article = hash_key(hash_fields("a1", ("one",)))
    item = keys("one")
    assert shard_of_node(known_rank(article, 9), shards) == shard_of_node(article, shards)
    asked = ranks_by_shard([known_rank(article, 9), rank_key(item), rank_key(item)], shards)
    assert sum(map(len, asked.values())) == 2
    assert rank_key(item) in asked[int.from_bytes(hash_key(item.item_hash)[:2], "big") * shards >> 16]
