"""Settles a run's new items on as many workers as there are, as one would settle them: keys -> decisions.

`settle_stories` looks at all new items, but no decision hangs on all of them: items bear on one another by a name or a
text that they share, as near-duplicates, and by known articles that they lead to. What hangs together so is a story,
and hardly any has more than a few items. No step gathers more than a key range of something, and those that follow:

    tokens ─> MatchTokens ───────────────────────────────────┐
    bands ──> FindCandidates ─> KeepStrongest ─> JudgePairs ─┴> edges ─> Connect (rounds) ─> labels
    items, with what was found of them ─> RouteItems ─> alone: settled there
                                                     └> SettleLabels ─> settled by story
                                                                     └> SettleUnfinished: chains that the rounds
                                                                        are too few for, together on one worker

Candidates don't hold items together, only near-duplicates do: by shared band keys alone most news would be one story
(docs/duplicates.md, which says why all of this is exact, too).
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.metrics import Metrics

from schemas.dedup import ArticleKeys, DecisionBatch, IndexRows, KeysBatch
from schemas.settling import (
    BandBatch,
    CandidateBatch,
    Claim,
    EdgeBatch,
    JudgeBatch,
    LabelBatch,
    LabelledItem,
    MarkBatch,
    NearPair,
    Question,
    SegmentPiece,
    SettleBatch,
    TokenBatch,
    Told,
)
from transforms.functions.candidates import (
    ARTICLE_BYTES,
    CONTENT,
    IDENTITY,
    all_marks,
    candidates_by_shard,
    holders_of_tokens,
    item_bands_by_shard,
    known_bands_by_shard,
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
from transforms.functions.components import ROUNDS, connect, edges_by_shard, edges_of, labels_of
from transforms.functions.dedup import moment_us, rank_key
from transforms.functions.identity import hash_key
from transforms.functions.near_duplicates import BANDS, Fingerprint
from transforms.functions.stories import Known, NearDuplicates, Settlement, judge, settle_apart
from transforms.recollection import FingerprintLookup, KnownArticles, Lookup, Recollection, index_rows
from transforms.shards import decisions_by_file


class Settled(NamedTuple):
    """decisions: by staged file, a list of parts. index_rows: what has to be remembered, likewise."""

    decisions: list[Any]
    index_rows: list[Any]


@dataclasses.dataclass(eq=False)
class SettleSpread(beam.PTransform[Any, Any]):
    """Decides on new items, no two of them the same: (any key, KeysBatch) -> Settled.

    shards: key ranges of every shuffle, a power of two. The rest as for `DeduplicateArticles`.
    """

    known: KnownArticles
    shards: int
    near: NearDuplicates
    now_us: int
    since_us: int

    def expand(self, new: beam.PCollection[tuple[int, KeysBatch]]) -> Settled:
        """Wires the search for what holds items together, and then the settling of each story."""
        recollection = Recollection(self.known, self.near != "off", self.since_us)
        matched = (
            new
            | "TokensOfItems"
            >> beam.ParDo(_ByShard(tokens_by_shard, self.shards)).with_output_types(tuple[int, TokenBatch])
            | "GroupByToken" >> beam.GroupByKey()
            | "MatchTokens"
            >> beam.ParDo(_MatchTokens(recollection, self.shards))
            .with_output_types(tuple[int, EdgeBatch], found=tuple[int, LabelBatch])
            .with_outputs(_FOUND, main=_EDGES)
        )
        edges, found = [matched[_EDGES]], [matched[_FOUND]]
        if self.near != "off":
            judged = self._judged(new, recollection)
            edges.append(judged[_EDGES])
            found.append(judged[_FOUND])
        labels = self._labels(edges | "AllEdges" >> beam.Flatten(), recollection)
        items = new | "ItemsByShard" >> beam.ParDo(_ItemsByShard(self.shards)).with_output_types(
            tuple[int, LabelBatch]
        )
        routed = (
            (items, labels, *found)
            | "AllOfItems" >> beam.Flatten()
            | "GroupByNode" >> beam.GroupByKey()
            | "RouteItems"
            >> beam.ParDo(_RouteItems(self.near, self.now_us, self.shards))
            .with_output_types(
                tuple[int, SettleBatch], decisions=tuple[str, DecisionBatch], index_rows=IndexRows
            )
            .with_outputs(_DECISIONS, _INDEX_ROWS, main=_ITEMS)
        )
        by_label = self._settled(routed[_ITEMS], "Labels", recollection)
        unfinished = self._settled(by_label[_ITEMS], "Unfinished", recollection)
        parts = (routed, by_label, unfinished)
        return Settled([part[_DECISIONS] for part in parts], [part[_INDEX_ROWS] for part in parts])

    def _judged(self, new: beam.PCollection[tuple[int, KeysBatch]], recollection: Recollection) -> Any:
        """Near-duplicates: who could be alike by band, the strongest of them, and whether they are."""
        bands = [
            new
            | "BandsOfItems"
            >> beam.ParDo(_ByShard(item_bands_by_shard, self.shards)).with_output_types(tuple[int, BandBatch])
        ]
        if _in_pieces(self.known.fingerprints).segments:
            bands.append(self._known_bands(new))
        kept = (
            bands
            | "AllBands" >> beam.Flatten()
            | "GroupByBand" >> beam.GroupByKey()
            | "FindCandidates"
            >> beam.ParDo(_FindCandidates(self.shards)).with_output_types(tuple[int, CandidateBatch])
            | "GroupByLater" >> beam.GroupByKey()
            | "KeepStrongest"
            >> beam.ParDo(_KeepStrongest(self.shards))
            .with_output_types(tuple[int, JudgeBatch], kept=tuple[int, JudgeBatch])
            .with_outputs(_KEPT, main="questions")
        )
        told = new | "TellOfItems" >> beam.ParDo(_TellOfItems(self.shards)).with_output_types(
            tuple[int, JudgeBatch]
        )
        answers = (
            (told, kept.questions)
            | "AllQuestions" >> beam.Flatten()
            | "GroupByAsked" >> beam.GroupByKey()
            | "Answer" >> beam.ParDo(_Answer(recollection)).with_output_types(tuple[int, JudgeBatch])
        )
        return (
            (kept[_KEPT], answers)
            | "AllAnswers" >> beam.Flatten()
            | "GroupByAsking" >> beam.GroupByKey()
            | "JudgePairs"
            >> beam.ParDo(_JudgePairs(self.now_us - self.since_us, self.shards))
            .with_output_types(tuple[int, EdgeBatch], found=tuple[int, LabelBatch])
            .with_outputs(_FOUND, main=_EDGES)
        )

    def _known_bands(self, new: beam.PCollection[tuple[int, KeysBatch]]) -> Any:
        """The bands of known versions: each row group is read once, and what no new item can have stays there."""
        marks = (
            new
            | "MarksOfItems"
            >> beam.FlatMapTuple(lambda _, batch: marks_by_part(batch.keys)).with_output_types(
                tuple[int, MarkBatch]
            )
            | "GroupByMark" >> beam.GroupByKey()
            | "UniteMarks"
            >> beam.MapTuple(lambda part, batches: (part, marks_of_part(batches))).with_output_types(
                tuple[int, bytes]
            )
        )
        fingerprints = _in_pieces(self.known.fingerprints)
        return (
            new.pipeline
            | "Segments" >> beam.Create(fingerprints.segments, reshuffle=False).with_output_types(str)
            | "Pieces"
            >> beam.FlatMap(_pieces, fingerprints=fingerprints).with_output_types(tuple[str, SegmentPiece])
            | "SpreadPieces" >> beam.GroupByKey()
            | "ReadBands"
            >> beam.ParDo(
                _ReadBands(fingerprints, self.since_us, self.shards), beam.pvalue.AsDict(marks)
            ).with_output_types(tuple[int, BandBatch])
        )

    def _labels(self, edges: beam.PCollection[tuple[int, EdgeBatch]], recollection: Recollection) -> Any:
        """Of every node the label of its story, as its neighbours see it."""
        for number in range(ROUNDS):
            edges = (
                edges
                | f"GroupEdges{number}" >> beam.GroupByKey()
                | f"Connect{number}"
                >> beam.ParDo(
                    # In the first round known articles are followed to what is linked to them.
                    _Connect(self.shards, None if number else recollection)
                ).with_output_types(tuple[int, EdgeBatch])
            )
        return (
            edges
            | "GroupLastEdges" >> beam.GroupByKey()
            | "TellLabels" >> beam.ParDo(_TellLabels(self.shards)).with_output_types(tuple[int, LabelBatch])
        )

    def _settled(
        self, items: beam.PCollection[tuple[int, SettleBatch]], name: str, recollection: Recollection
    ) -> Any:
        return (
            items
            | f"GroupBy{name}" >> beam.GroupByKey()
            | f"Settle{name}"
            >> beam.ParDo(_SettleLabels(recollection, self.near, self.now_us))
            .with_output_types(
                tuple[int, SettleBatch], decisions=tuple[str, DecisionBatch], index_rows=IndexRows
            )
            .with_outputs(_DECISIONS, _INDEX_ROWS, main=_ITEMS)
        )


_EDGES, _FOUND, _KEPT, _ITEMS, _DECISIONS, _INDEX_ROWS = (
    "edges",
    "found",
    "kept",
    "items",
    "decisions",
    "index_rows",
)


class _ByShard(beam.DoFn):
    """Gives what a function makes of some items, by shard."""

    def __init__(self, function: Any, shards: int) -> None:
        self._function = function
        self._shards = shards

    def process(self, element: tuple[int, KeysBatch]) -> Iterator[tuple[int, Any]]:
        made = self._function(element[1].keys, self._shards)
        yield from made.items() if isinstance(made, dict) else made


class _MatchTokens(beam.DoFn):
    """Finds who shares a token with whom, and which known articles tokens lead to."""

    def __init__(self, recollection: Recollection, shards: int) -> None:
        self._recollection = recollection
        self._shards = shards

    def process(self, element: tuple[int, Iterable[TokenBatch]]) -> Iterator[Any]:
        edges: list[tuple[bytes, bytes]] = []
        claims: list[Claim] = []
        for kind, holders in holders_of_tokens(element[1]).items():
            articles = self._recollection.articles_of(kind, holders.keys())
            for key, ranks in holders.items():
                article = articles.get(key)
                edges += star(ranks if article is None else [article, *ranks])
                if article is not None:
                    claims += [Claim(rank, kind, key, article) for rank in ranks]
        yield from edges_by_shard(edges, self._shards)
        of_shard: dict[int, list[Claim]] = defaultdict(list)
        for claim in claims:
            of_shard[shard_of_node(claim.rank, self._shards)].append(claim)
        for shard, held in of_shard.items():
            yield beam.pvalue.TaggedOutput(_FOUND, (shard, LabelBatch(claims=tuple(held))))


def _in_pieces(index: Lookup) -> FingerprintLookup:
    """The index of fingerprints, as one that many workers can read between them."""
    if not isinstance(index, FingerprintLookup):
        raise TypeError(f"{index!r} can't be read in pieces")
    return index


def _pieces(segment: str, fingerprints: FingerprintLookup) -> Iterator[tuple[str, SegmentPiece]]:
    for number in range(fingerprints.pieces(segment)):
        yield f"{segment} {number}", SegmentPiece(segment, number)


class _ReadBands(beam.DoFn):
    def __init__(self, fingerprints: FingerprintLookup, since_us: int, shards: int) -> None:
        self._fingerprints = fingerprints
        self._since_us = since_us
        self._shards = shards

    def process(
        self, element: tuple[str, Iterable[SegmentPiece]], marks: Mapping[int, bytes]
    ) -> Iterator[tuple[int, BandBatch]]:
        together = all_marks(marks)
        for piece in element[1]:
            table = self._fingerprints.bands_of(piece.segment, piece.group, self._since_us)
            ranks = known_ranks(b"".join(table.column("key").to_pylist()), table.column("version").to_numpy())
            bands = np.frombuffer(b"".join(table.column("bands").to_pylist()), dtype="<u4")
            yield from known_bands_by_shard(ranks, bands.reshape(-1, BANDS), together, self._shards)


class _FindCandidates(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, element: tuple[int, Iterable[BandBatch]]) -> Iterator[tuple[int, CandidateBatch]]:
        yield from candidates_by_shard(list(element[1]), self._shards)


class _KeepStrongest(beam.DoFn):
    """Keeps the candidates that are judged, here; and asks where both ends of them are what they are told by.

    Each shard is told once of each: so also the eight that a whole crowd is paired with, and those that judge are all.
    """

    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, element: tuple[int, Iterable[CandidateBatch]]) -> Iterator[Any]:
        shard, batches = element
        later, earlier = strongest_candidates(list(batches))
        yield beam.pvalue.TaggedOutput(_KEPT, (shard, JudgeBatch(later=later, earlier=earlier)))
        asked = ranks_by_shard((*split_ranks(later), *split_ranks(earlier)), self._shards)
        for other, ranks in asked.items():
            yield other, JudgeBatch(questions=(Question(shard, b"".join(ranks)),))


class _TellOfItems(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, element: tuple[int, KeysBatch]) -> Iterator[tuple[int, JudgeBatch]]:
        told: dict[int, list[Told]] = defaultdict(list)
        for keys in element[1].keys:
            if keys.bands:
                rank = rank_key(keys)
                told[shard_of_node(rank, self._shards)].append(
                    Told(
                        rank, keys.sketch, keys.shingle_count, moment_us(keys), keys.publisher,
                        keys.title_hash,
                    )
                )  # fmt: skip
        for shard, held in told.items():
            yield shard, JudgeBatch(told=tuple(held))


class _Answer(beam.DoFn):
    def __init__(self, recollection: Recollection) -> None:
        self._recollection = recollection

    def process(self, element: tuple[int, Iterable[JudgeBatch]]) -> Iterator[tuple[int, JudgeBatch]]:
        batches = list(element[1])
        told = {one.rank: one for batch in batches for one in batch.told}
        questions = [
            (question.shard, split_ranks(question.ranks)) for batch in batches for question in batch.questions
        ]
        known = {rank for _, ranks in questions for rank in ranks if known_version(rank) is not None}
        told |= self._recollection.told_of(known)
        for shard, ranks in questions:
            yield shard, JudgeBatch(told=tuple(told[rank] for rank in ranks))


class _JudgePairs(beam.DoFn):
    """Verifies candidates, as `settle_stories` does."""

    def __init__(self, window_us: int, shards: int) -> None:
        self._window_us = window_us
        self._shards = shards

    def process(self, element: tuple[int, Iterable[JudgeBatch]]) -> Iterator[Any]:
        shard, parts = element
        batches = list(parts)
        told = list({one.rank: one for batch in batches for one in batch.told}.values())
        place_of = {one.rank: place for place, one in enumerate(told)}
        candidates = np.array(
            [
                (place_of[earlier], place_of[later])
                for batch in batches
                for later, earlier in zip(split_ranks(batch.later), split_ranks(batch.earlier), strict=True)
            ],
            dtype=np.int64,
        ).reshape(-1, 2)
        prints = [Fingerprint(b"", one.sketch, one.shingle_count) for one in told]
        pairs = [
            NearPair(_node(told[first].rank), told[second].rank, similarity.containment, similarity.jaccard)
            for first, second, similarity in judge(
                prints, lambda place: _stated(told[place]), candidates, self._window_us
            )
        ]
        if pairs:
            yield from edges_by_shard(((pair.one, pair.other) for pair in pairs), self._shards)
            yield beam.pvalue.TaggedOutput(_FOUND, (shard, LabelBatch(pairs=tuple(pairs))))


def _stated(told: Told) -> tuple[int | None, str | None, str | None]:
    return told.moment_us, told.publisher, told.title_hash


def _node(rank: bytes) -> bytes:
    """The item itself, or the article that a known version is of."""
    version = known_version(rank)
    return rank if version is None else version[0]


class _Connect(beam.DoFn):
    """recollection: by which committed near-duplicates are followed from the known articles of the shard, if at all."""

    def __init__(self, shards: int, recollection: Recollection | None) -> None:
        self._shards = shards
        self._recollection = recollection

    def process(self, element: tuple[int, Iterable[EdgeBatch]]) -> Iterator[tuple[int, EdgeBatch]]:
        shard, batches = element
        edges = list(edges_of(batches))
        if self._recollection is not None:
            nodes = {node for edge in edges for node in edge if len(node) == ARTICLE_BYTES}
            known = sorted("a1" + node.hex() for node in nodes if shard_of_node(node, self._shards) == shard)
            _, links = self._recollection.followed(known)
            edges += [(hash_key(one), hash_key(other)) for one in links for other in links[one]]
        yield from edges_by_shard(connect(edges), self._shards)


class _TellLabels(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, element: tuple[int, Iterable[EdgeBatch]]) -> Iterator[tuple[int, LabelBatch]]:
        told: dict[int, list[bytes]] = defaultdict(list)
        for shard, node, label in labels_of(edges_of(element[1]), element[0], self._shards):
            told[shard] += (node, label)
        for shard, labels in told.items():
            yield shard, LabelBatch(labels=tuple(labels))


class _ItemsByShard(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, element: tuple[int, KeysBatch]) -> Iterator[tuple[int, LabelBatch]]:
        of_shard: dict[int, list[ArticleKeys]] = defaultdict(list)
        for keys in element[1].keys:
            of_shard[shard_of_node(rank_key(keys), self._shards)].append(keys)
        for shard, held in of_shard.items():
            yield shard, LabelBatch(items=tuple(held))


class _RouteItems(beam.DoFn):
    """Settles what is alone, and sends the rest to the shard of its label."""

    def __init__(self, near: NearDuplicates, now_us: int, shards: int) -> None:
        self._near = near
        self._now_us = now_us
        self._shards = shards

    def process(self, element: tuple[int, Iterable[LabelBatch]]) -> Iterator[Any]:
        items: list[ArticleKeys] = []
        claims: dict[bytes, list[Claim]] = defaultdict(list)
        pairs: dict[bytes, list[NearPair]] = defaultdict(list)
        labels: dict[bytes, set[bytes]] = defaultdict(set)
        for batch in element[1]:
            items += batch.items
            for claim in batch.claims:
                claims[claim.rank].append(claim)
            for pair in batch.pairs:
                pairs[pair.other].append(pair)
            for node, label in zip(batch.labels[::2], batch.labels[1::2], strict=True):
                labels[node].add(label)
        alone: list[ArticleKeys] = []
        joined: dict[int, list[LabelledItem]] = defaultdict(list)
        for keys in items:
            rank = rank_key(keys)
            if rank not in labels:
                alone.append(keys)
                continue
            # Any of several will do: all of them are unfinished.
            label = min(labels[rank])
            joined[shard_of_node(label, self._shards)].append(
                LabelledItem(label, keys, tuple(claims[rank]), tuple(pairs[rank]))
            )
        unfinished: dict[int, set[bytes]] = defaultdict(set)
        for said in labels.values():
            if len(said) > 1:
                for label in said:
                    unfinished[shard_of_node(label, self._shards)].add(label)
        for shard in joined.keys() | unfinished.keys():
            yield shard, SettleBatch(tuple(joined[shard]), tuple(unfinished[shard]))
        Metrics.counter("settle", "alone").inc(len(alone))
        yield from _results(settle_apart(alone, (), Known(), self._near), self._now_us)


class _SettleLabels(beam.DoFn):
    """Settles the stories of a shard, and passes on what turns out to be only part of one."""

    def __init__(self, recollection: Recollection, near: NearDuplicates, now_us: int) -> None:
        self._recollection = recollection
        self._near = near
        self._now_us = now_us

    def process(self, element: tuple[int, Iterable[SettleBatch]]) -> Iterator[Any]:
        batches = list(element[1])
        unfinished = {label for batch in batches for label in batch.unfinished}
        stories: list[LabelledItem] = []
        passed: list[LabelledItem] = []
        for batch in batches:
            for item in batch.items:
                (passed if item.label in unfinished else stories).append(item)
        if passed:
            Metrics.counter("settle", "unfinished").inc(len(passed))
            yield 0, SettleBatch(tuple(passed))
        if not stories:
            return
        Metrics.distribution("settle", "of_worker").update(len(stories))
        for count in Counter(item.label for item in stories).values():
            Metrics.distribution("settle", "of_story").update(count)
        settlement = settle_apart(
            [item.keys for item in stories],
            [pair for item in stories for pair in item.pairs],
            self._known_to(stories),
            self._near,
            self._recollection.circle_of,
        )
        yield from _results(settlement, self._now_us)

    def _known_to(self, stories: Sequence[LabelledItem]) -> Known:
        """What is known that touches these items; all but the versions of articles was found on the way."""
        identities: dict[str, str] = {}
        contents: dict[str, str] = {}
        touched: set[str] = set()
        for item in stories:
            names = {hash_key(name): name for name in item.keys.identities}
            for claim in item.claims:
                article_id = "a1" + claim.article.hex()
                touched.add(article_id)
                if claim.kind == IDENTITY:
                    identities[names[claim.key]] = article_id
                elif claim.kind == CONTENT and item.keys.content_key is not None:
                    contents[item.keys.content_key] = article_id
            touched |= {"a1" + pair.one.hex() for pair in item.pairs if len(pair.one) == ARTICLE_BYTES}
        return Known(identities, contents, self._recollection.revisions(touched))


def _results(settlement: Settlement, now_us: int) -> Iterator[Any]:
    for of_file in decisions_by_file(one.decision for one in settlement.items):
        yield beam.pvalue.TaggedOutput(_DECISIONS, of_file)
    for rows in index_rows(settlement, now_us):
        yield beam.pvalue.TaggedOutput(_INDEX_ROWS, rows)
