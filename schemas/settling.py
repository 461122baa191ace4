"""What the steps of a settlement that is spread over workers tell one another.

An item goes by its rank (`transforms.functions.dedup.rank_key`, 32 bytes), a known article by the 16 bytes of its id,
and a known version by what it has for a rank (`transforms.functions.candidates.known_rank`, 32 bytes as well). Many of
one length stand one after the other in one value.
"""

from __future__ import annotations

import dataclasses

from schemas.dedup import ArticleKeys


@dataclasses.dataclass(frozen=True, slots=True)
class TokenBatch:
    """What some items could share with others, or with what is known.

    ranks: of items, one for each token, 32 bytes. kinds: of tokens, a byte: `transforms.functions.candidates.TOKENS`.
    keys: the tokens, 16 bytes.
    """

    ranks: bytes
    kinds: bytes
    keys: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class BandBatch:
    """Band keys of some items or known versions, as far as they are in one key range.

    ranks: of each, 32 bytes. counts: of each, how many keys follow, a byte. columns: of each key, its place among the
    item's, a byte. keys: little-endian uint32.
    """

    ranks: bytes
    counts: bytes
    columns: bytes
    keys: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class MarkBatch:
    """Which band keys occur among new items, coarsely. places: of bits within one part, little-endian uint32."""

    places: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class SegmentPiece:
    """A row group of a segment of `_index`."""

    segment: str
    group: int


@dataclasses.dataclass(frozen=True, slots=True)
class CandidateBatch:
    """Pairs that share band keys.

    ranks: of all that are in any, each once, 32 bytes. later, earlier: places among them, little-endian uint32.
    weights: how many keys, a byte.
    """

    ranks: bytes
    later: bytes
    earlier: bytes
    weights: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What a near-duplicate is told by: of an item or a known version. moment_us, publisher, title_hash: if stated."""

    rank: bytes
    sketch: bytes
    shingle_count: int
    moment_us: int | None
    publisher: str | None
    title_hash: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """shard: that wants to be told. ranks: of whom."""

    shard: int
    ranks: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class JudgeBatch:
    """Parts of what candidates are judged by.

    told, questions: of items and known versions. later, earlier: ranks of pairs; of one later one the strongest first.
    """

    told: tuple[Told, ...] = ()
    questions: tuple[Question, ...] = ()
    later: bytes = b""
    earlier: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True)
class EdgeBatch:
    """Items and known articles that have to be settled together: pairs of nodes, one after the other."""

    nodes: tuple[bytes, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class NearPair:
    """Two near-duplicates. other: an item; one: an item that ranks before it, or a known article."""

    one: bytes
    other: bytes
    containment: float
    jaccard: float


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a token of an item. kind, key: see `TokenBatch`. article: the known article that it leads to."""

    rank: bytes
    kind: int
    key: bytes
    article: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class LabelBatch:
    """Parts of what is known of some items once their stories are told apart.

    items: whole. claims, pairs: theirs. labels: pairs of a node and what a neighbour, or the node's own part of the
    graph, takes for its label, one after the other.
    """

    items: tuple[ArticleKeys, ...] = ()
    claims: tuple[Claim, ...] = ()
    pairs: tuple[NearPair, ...] = ()
    labels: tuple[bytes, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class LabelledItem:
    """An item that isn't alone, with all that was found of it."""

    label: bytes
    keys: ArticleKeys
    claims: tuple[Claim, ...]
    pairs: tuple[NearPair, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class SettleBatch:
    """Items that are settled together, and labels that turned out to be only part of a story."""

    items: tuple[LabelledItem, ...] = ()
    unfinished: tuple[bytes, ...] = ()
