"""Who could be alike, found in parts: each function sees some of the tokens, bands or pairs of a run, and no more.

What they find between them is what `near_duplicates.candidate_pairs` finds where all are in one place: a bucket is
always whole, and whom it pairs depends on the ranks of those in it alone, which travel with the keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from schemas.dedup import ArticleKeys
from schemas.settling import BandBatch, CandidateBatch, MarkBatch, TokenBatch
from transforms.functions.dedup import RANK_BYTES, rank_key
from transforms.functions.identity import hash_key
from transforms.functions.near_duplicates import BANDS, count_pairs, pairs_in_buckets, split_pairs, strongest

#: What a token is: an address or guid, a text, or the id that an item would have by itself.
IDENTITY, CONTENT, OWN_ID = TOKENS = (0, 1, 2)

#: Bytes of a known article's id, as a node among items.
ARTICLE_BYTES = 16

_Ranks = npt.NDArray[np.uint64]
_Int = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


def known_rank(article: bytes, version: int) -> bytes:
    """What a known version goes by among items: it sorts before all of them, by its article's id and its number."""
    return bytes(8) + article + version.to_bytes(8, "big")


def known_version(rank: bytes) -> tuple[bytes, int] | None:
    """The id of the article and the number of a known version; None for the rank of an item."""
    # No item is from the year 290,000 before our time.
    if any(rank[:8]):
        return None
    return rank[8:24], int.from_bytes(rank[24:], "big")


def known_ranks(articles: bytes, versions: npt.NDArray[np.int32]) -> bytes:
    """`known_rank` of many: ids one after the other, and their versions."""
    words = np.zeros((len(versions), RANK_BYTES // 8), dtype=">u8")
    words[:, 1:3] = np.frombuffer(articles, dtype=">u8").reshape(-1, 2)
    words[:, 3] = versions
    return words.tobytes()


def shard_of_node(node: bytes, shards: int) -> int:
    """The shard of an item, of a known version or of a known article: the key range of its hash, as `_index` has it."""
    start = 0 if len(node) == ARTICLE_BYTES else 24 if any(node[:8]) else 8
    return int.from_bytes(node[start : start + 2], "big") * shards >> 16


def _shards_of(ranks: _Ranks, shards: int) -> _Int:
    hashes = np.where(ranks[:, 0] > 0, ranks[:, 3], ranks[:, 1])
    found: _Int = ((hashes >> np.uint64(48)) * np.uint64(shards) >> np.uint64(16)).astype(np.int64)
    return found


def _ranks(encoded: Iterable[bytes]) -> _Ranks:
    """Ranks as four numbers each, which compare as their bytes do."""
    return np.frombuffer(b"".join(encoded), dtype=">u8").astype(np.uint64).reshape(-1, RANK_BYTES // 8)


def _encoded(ranks: _Ranks) -> bytes:
    return ranks.astype(">u8").tobytes()


def _by_shard(shard: _Int) -> Iterator[tuple[int, _Int]]:
    """The places of each shard, in their order."""
    order = np.argsort(shard, kind="stable")
    numbers, starts = np.unique(shard[order], return_index=True)
    for number, start, end in zip(numbers.tolist(), starts, [*starts[1:], len(order)], strict=False):
        yield number, order[start:end]


def tokens_by_shard(items: Sequence[ArticleKeys], shards: int) -> dict[int, TokenBatch]:
    """All tokens of some items, by the shard of the token."""
    found: dict[int, list[tuple[bytes, int, bytes]]] = defaultdict(list)
    for keys in items:
        rank = rank_key(keys)
        tokens = [(IDENTITY, hash_key(name)) for name in dict.fromkeys(keys.identities)]
        if keys.content_key is not None:
            tokens.append((CONTENT, hash_key(keys.content_key)))
        tokens.append((OWN_ID, hash_key(keys.article_id)))
        for kind, key in tokens:
            found[int.from_bytes(key[:2], "big") * shards >> 16].append((rank, kind, key))
    return {
        shard: TokenBatch(
            b"".join(rank for rank, _, _ in held),
            bytes(kind for _, kind, _ in held),
            b"".join(key for _, _, key in held),
        )
        for shard, held in found.items()
    }


def holders_of_tokens(batches: Iterable[TokenBatch]) -> dict[int, dict[bytes, list[bytes]]]:
    """By kind and key of a token the ranks of the items that have it."""
    found: dict[int, dict[bytes, list[bytes]]] = {kind: defaultdict(list) for kind in TOKENS}
    for batch in batches:
        for place, kind in enumerate(batch.kinds):
            found[kind][batch.keys[16 * place : 16 * place + 16]].append(
                batch.ranks[RANK_BYTES * place : RANK_BYTES * (place + 1)]
            )
    return found


def star(nodes: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Edges that hold some nodes together: each with the smallest. n nodes give n - 1."""
    distinct = sorted(set(nodes))
    return ((distinct[0], node) for node in distinct[1:])


#: High bits of a band key that marks tell it by, and parts that the marks of a run are made in.
_MARK_BITS, _MARK_PARTS = 26, 64
_MARKS_IN_PART = (1 << _MARK_BITS) // _MARK_PARTS


def marks_by_part(items: Iterable[ArticleKeys]) -> Iterator[tuple[int, MarkBatch]]:
    """The marks of the band keys of some items, by the part that they are in."""
    bands = np.frombuffer(b"".join(keys.bands for keys in items), dtype="<u4")
    places = np.unique(bands >> np.uint32(32 - _MARK_BITS)).astype(np.int64)
    for part, held in _by_shard(places // _MARKS_IN_PART):
        yield part, MarkBatch((places[held] % _MARKS_IN_PART).astype("<u4").tobytes())


def marks_of_part(batches: Iterable[MarkBatch]) -> bytes:
    """One part of the marks as bits: of one size, however many items there are."""
    bits = np.zeros(_MARKS_IN_PART, dtype=np.bool_)
    bits[np.frombuffer(b"".join(batch.places for batch in batches), dtype="<u4")] = True
    return np.packbits(bits, bitorder="little").tobytes()


def all_marks(parts: Mapping[int, bytes]) -> bytes:
    """The marks of a run, of all its parts; a part that isn't there has none."""
    nothing = bytes(_MARKS_IN_PART // 8)
    return b"".join(parts.get(part, nothing) for part in range(_MARK_PARTS))


def _marked(marks: bytes, bands: npt.NDArray[np.uint32]) -> _Bools:
    places = bands >> np.uint32(32 - _MARK_BITS)
    bits = np.frombuffer(marks, dtype=np.uint8)[places >> 3]
    found: _Bools = (bits >> (places & 7).astype(np.uint8)) & 1 > 0
    return found


def item_bands_by_shard(items: Iterable[ArticleKeys], shards: int) -> Iterator[tuple[int, BandBatch]]:
    """The band keys of some items, by key range."""
    banded = [keys for keys in items if keys.bands]
    bands = np.frombuffer(b"".join(keys.bands for keys in banded), dtype="<u4").reshape(-1, BANDS)
    ranks = _ranks(rank_key(keys) for keys in banded)
    yield from _bands_by_shard(ranks, bands, np.ones(bands.shape, dtype=np.bool_), shards)


def known_bands_by_shard(
    ranks: bytes, bands: npt.NDArray[np.uint32], marks: bytes, shards: int
) -> Iterator[tuple[int, BandBatch]]:
    """The band keys of known versions that something new may have, by key range.

    ranks: `known_ranks`. bands: a row of `BANDS` for each. marks: `all_marks` of the new items.
    """
    yield from _bands_by_shard(_ranks([ranks]), bands, _marked(marks, bands), shards)


def _bands_by_shard(
    ranks: _Ranks, bands: npt.NDArray[np.uint32], wanted: _Bools, shards: int
) -> Iterator[tuple[int, BandBatch]]:
    rows, columns = np.nonzero(wanted)
    keys = bands[rows, columns]
    shard = ((keys >> np.uint32(16)).astype(np.int64) * shards) >> 16
    for number, places in _by_shard(shard):
        held, counts = np.unique(rows[places], return_counts=True)
        yield (
            number,
            BandBatch(
                _encoded(ranks[held]),
                counts.astype(np.uint8).tobytes(),
                columns[places].astype(np.uint8).tobytes(),
                keys[places].astype("<u4").tobytes(),
            ),
        )


def candidates_by_shard(batches: Sequence[BandBatch], shards: int) -> Iterator[tuple[int, CandidateBatch]]:
    """Who is paired with whom in the buckets of one key range, by the shard of the later one.

    The keys of one item come in one batch, and it has no other.
    """
    unordered = _ranks(batch.ranks for batch in batches)
    order = np.lexsort(unordered.T[::-1])
    ranks = unordered[order]
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    counts = np.frombuffer(b"".join(batch.counts for batch in batches), dtype=np.uint8)
    rows = np.repeat(place, counts)
    columns = np.frombuffer(b"".join(batch.columns for batch in batches), dtype=np.uint8).astype(np.uint64)
    keys = np.frombuffer(b"".join(batch.keys for batch in batches), dtype="<u4").astype(np.uint64)
    buckets = (columns << np.uint64(32)) | keys
    ordered = np.lexsort((rows, buckets))
    known = int(np.count_nonzero(ranks[:, 0] == 0))
    pairs, weights = count_pairs(list(pairs_in_buckets(buckets[ordered], rows[ordered], known)))
    later, earlier = split_pairs(pairs)
    for shard, places in _by_shard(_shards_of(ranks[later], shards)):
        # A whole crowd is paired with the same few: each rank is said once.
        named, numbers = np.unique(np.concatenate((later[places], earlier[places])), return_inverse=True)
        yield (
            shard,
            CandidateBatch(
                _encoded(ranks[named]),
                numbers[: len(places)].astype("<u4").tobytes(),
                numbers[len(places) :].astype("<u4").tobytes(),
                weights[places].astype(np.uint8).tobytes(),
            ),
        )


def strongest_candidates(batches: Sequence[CandidateBatch]) -> tuple[bytes, bytes]:
    """The pairs that stay, as the ranks of the later and of the earlier ones; of one later one the strongest first.

    All pairs of a later one have to be among those given.
    """
    ranks, numbers = _distinct(_ranks(batch.ranks for batch in batches))
    numbers = numbers.astype(np.uint64)
    starts = np.cumsum([0, *(len(batch.ranks) // RANK_BYTES for batch in batches)])
    later, earlier = (
        np.concatenate(
            [
                numbers[start + np.frombuffer(places, dtype="<u4").astype(np.int64)]
                for start, places in zip(starts, of_batches, strict=False)
            ]
        )
        for of_batches in ([batch.later for batch in batches], [batch.earlier for batch in batches])
    )
    weights = np.frombuffer(b"".join(batch.weights for batch in batches), dtype=np.uint8).astype(np.int64)
    pairs, where = np.unique((later << np.uint64(32)) | earlier, return_inverse=True)
    weight = np.bincount(where, weights=weights, minlength=len(pairs)).astype(np.int64)
    second, first = split_pairs(pairs)
    kept = strongest(second, first, weight)
    return _encoded(ranks[second[kept]]), _encoded(ranks[first[kept]])


def _distinct(ranks: _Ranks) -> tuple[_Ranks, _Int]:
    """Ranks in order, each once, and for each of those given its place among them."""
    order = np.lexsort(ranks.T[::-1])
    ordered = ranks[order]
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(is_first) - 1
    return ordered[is_first], numbers


def split_ranks(ranks: bytes) -> list[bytes]:
    """Ranks that stand one after the other, as a list."""
    return [ranks[start : start + RANK_BYTES] for start in range(0, len(ranks), RANK_BYTES)]


def ranks_by_shard(ranks: Iterable[bytes], shards: int) -> Mapping[int, list[bytes]]:
    """Each rank once, by its shard, in their order."""
    found: dict[int, list[bytes]] = defaultdict(list)
    for rank in dict.fromkeys(ranks):
        found[shard_of_node(rank, shards)].append(rank)
    return found
