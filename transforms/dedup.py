"""Decides for every staged article whether it is kept, a duplicate, or known: keys -> decisions.

Two shuffles of keys, both by range, since `_index` is sorted the same way: first by article, where new revisions
are told from known ones and numbered; then by text, where one article of those that tell the same is kept.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import apache_beam as beam
import pyarrow as pa

from schemas.dedup import (
    ArticleKeys,
    Candidate,
    CandidateBatch,
    Decision,
    DecisionBatch,
    IndexRows,
    KeysBatch,
    KnownContent,
    KnownRevision,
)
from schemas.staged import FinishTask, PreparedBatch
from transforms.functions.dedup import keep, known_content, known_revision, number_versions, settle_content
from transforms.functions.identity import hash_key
from transforms.shards import by_shard


class Lookup(Protocol):
    """What dedup asks of an index: all rows whose 16-byte key is among those given, as a table."""

    def lookup(self, keys: list[bytes]) -> pa.Table:
        """The rows found, in no order."""


class Deduplicated(NamedTuple):
    """tasks: FinishTask, one per staged file, all its rows decided. index_rows: what has to be remembered."""

    tasks: beam.PCollection[FinishTask]
    index_rows: beam.PCollection[IndexRows]


@dataclasses.dataclass(eq=False)
class DeduplicateArticles(beam.PTransform[Any, Any]):
    """Decides on articles by their keys: PreparedBatch -> FinishTask, and IndexRows for what is new.

    articles, contents: the indexes of that name. shards: key ranges, a power of two.
    """

    articles: Lookup
    contents: Lookup
    shards: int

    def expand(self, prepared: beam.PCollection[PreparedBatch]) -> Deduplicated:
        """Wires the two shuffles, and a third that brings each file's decisions together."""
        numbered = (
            prepared
            | "ShardByArticle" >> beam.ParDo(_ShardKeys(self.shards)).with_output_types(tuple[int, KeysBatch])
            | "GroupByArticle" >> beam.GroupByKey()
            | "NumberVersions"
            >> beam.ParDo(_NumberVersions(self.articles, self.shards))
            .with_output_types(
                tuple[int, CandidateBatch], decisions=tuple[str, DecisionBatch], index_rows=IndexRows
            )
            .with_outputs(_DECISIONS, _INDEX_ROWS, main="candidates")
        )
        settled = (
            numbered.candidates
            | "GroupByContent" >> beam.GroupByKey()
            | "SettleContent"
            >> beam.ParDo(_SettleContent(self.contents))
            .with_output_types(tuple[str, DecisionBatch], index_rows=IndexRows)
            .with_outputs(_INDEX_ROWS, main=_DECISIONS)
        )
        tasks = (
            (numbered[_DECISIONS], settled[_DECISIONS])
            | "AllDecisions" >> beam.Flatten()
            | "GroupByFile" >> beam.GroupByKey()
            | "ToTasks" >> beam.MapTuple(_finish_task).with_output_types(FinishTask)
        )
        index_rows = (numbered[_INDEX_ROWS], settled[_INDEX_ROWS]) | "AllIndexRows" >> beam.Flatten()
        return Deduplicated(tasks, index_rows)


_DECISIONS = "decisions"
_INDEX_ROWS = "index_rows"


class _ShardKeys(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, batch: PreparedBatch) -> Iterator[tuple[int, KeysBatch]]:
        for shard, keys in by_shard(batch.keys, lambda keys: keys.article_id, self._shards).items():
            yield shard, KeysBatch(keys)


class _NumberVersions(beam.DoFn):
    def __init__(self, index: Lookup, shards: int) -> None:
        self._index = index
        self._shards = shards

    def process(self, element: tuple[int, Iterable[KeysBatch]]) -> Iterator[Any]:
        new: dict[str, list[ArticleKeys]] = defaultdict(list)
        for batch in element[1]:
            for keys in batch.keys:
                new[keys.article_id].append(keys)
        known = _known_revisions(self._index, new)
        candidates: list[Candidate] = []
        decisions: list[Decision] = []
        remembered: list[KnownRevision] = []
        for article_id, items in new.items():
            revisions, unchanged = number_versions(items, known.get(article_id, ()))
            decisions += unchanged
            for candidate in revisions:
                if candidate.keys.content_key is None:
                    decision = keep(candidate)
                    decisions.append(decision)
                    remembered.append(known_revision(candidate, decision))
                else:
                    candidates.append(candidate)
        for shard, members in by_shard(
            candidates, lambda one: one.keys.content_key or "", self._shards
        ).items():
            yield shard, CandidateBatch(members)
        yield from _tagged_decisions(decisions)
        yield from _tagged_revisions(remembered)


class _SettleContent(beam.DoFn):
    def __init__(self, index: Lookup) -> None:
        self._index = index

    def process(self, element: tuple[int, Iterable[CandidateBatch]]) -> Iterator[Any]:
        same: dict[str, list[Candidate]] = defaultdict(list)
        for batch in element[1]:
            for candidate in batch.candidates:
                same[candidate.keys.content_key or ""].append(candidate)
        known = _known_contents(self._index, same)
        decisions: list[Decision] = []
        revisions: list[KnownRevision] = []
        contents: list[KnownContent] = []
        for key, candidates in same.items():
            by_ref = {candidate.keys.ref: candidate for candidate in candidates}
            for decision in settle_content(candidates, known.get(key)):
                decisions.append(decision)
                revisions.append(known_revision(by_ref[decision.ref], decision))
                content = known_content(by_ref[decision.ref], decision)
                if content is not None:
                    contents.append(content)
        for tagged in _tagged_decisions(decisions):
            yield tagged.value
        yield from _tagged_revisions(revisions)
        if contents:
            rows = tuple((known.content_key, known.article_id, known.group_id) for known in contents)
            yield beam.pvalue.TaggedOutput(_INDEX_ROWS, IndexRows("contents", rows))


def _known_revisions(index: Lookup, article_ids: Iterable[str]) -> dict[str, list[KnownRevision]]:
    names = {hash_key(article_id): article_id for article_id in article_ids}
    known: dict[str, list[KnownRevision]] = defaultdict(list)
    for row in index.lookup(list(names)).to_pylist():
        article_id = names[row["key"]]
        known[article_id].append(
            KnownRevision(
                article_id, row["version"], "r1" + row["revision_hash"].hex(), "a1" + row["group_id"].hex()
            )
        )
    return known


def _known_contents(index: Lookup, content_keys: Iterable[str]) -> dict[str, KnownContent]:
    names = {hash_key(key): key for key in content_keys}
    known: dict[str, KnownContent] = {}
    for row in index.lookup(list(names)).to_pylist():
        key = names[row["key"]]
        found = KnownContent(key, "a1" + row["article_id"].hex(), "a1" + row["group_id"].hex())
        # Two runs without a lock could each have kept one: the choice must not hang on which file is read first.
        known[key] = min(known.get(key, found), found, key=lambda content: content.article_id)
    return known


def _tagged_decisions(decisions: Iterable[Decision]) -> Iterator[beam.pvalue.TaggedOutput[Any, Any]]:
    of_file: dict[str, list[Decision]] = defaultdict(list)
    for decision in decisions:
        of_file[decision.ref.file].append(decision)
    for file, members in of_file.items():
        yield beam.pvalue.TaggedOutput(_DECISIONS, (file, DecisionBatch(tuple(members))))


def _tagged_revisions(revisions: Iterable[KnownRevision]) -> Iterator[beam.pvalue.TaggedOutput[Any, Any]]:
    rows = tuple(
        (known.article_id, known.version, known.revision_hash, known.group_id) for known in revisions
    )
    if rows:
        yield beam.pvalue.TaggedOutput(_INDEX_ROWS, IndexRows("articles", rows))


def _finish_task(file: str, batches: Iterable[DecisionBatch]) -> FinishTask:
    return FinishTask(file, tuple(decision for batch in batches for decision in batch.decisions))
