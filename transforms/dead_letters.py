"""Tells dead letters that are new from those on record: an item that fails in every run is written once."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam

from schemas.dedup import DeadLetterKey, DeadLetterKeyBatch, IndexRows
from schemas.staged import PreparedBatch, RowSlice, RunSummary
from schemas.state import Counts, DeadLetterExample
from transforms.functions.identity import hash_key
from transforms.recollection import Lookup
from transforms.shards import by_shard

_SUMMARIES = "summaries"
_INDEX_ROWS = "index_rows"


class SortedDeadLetters(NamedTuple):
    """slices: RowSlice of what is to be written. index_rows: what has to be remembered. summaries: the counts."""

    slices: beam.PCollection[RowSlice]
    index_rows: beam.PCollection[IndexRows]
    summaries: beam.PCollection[RunSummary]


@dataclasses.dataclass(eq=False)
class SortDeadLetters(beam.PTransform[Any, Any]):
    """Finds which staged dead letters are new: PreparedBatch -> `SortedDeadLetters`.

    index: the index "dead_letters". shards: key ranges, a power of two.
    to_slices: places rows of staged dead letters in the partitions of their table.
    """

    index: Lookup
    shards: int
    to_slices: Callable[[Iterable[DeadLetterKey]], list[RowSlice]]

    def expand(self, prepared: beam.PCollection[PreparedBatch]) -> SortedDeadLetters:
        """Wires one shuffle of keys."""
        outputs = (
            prepared
            | "ShardDeadLetters"
            >> beam.ParDo(_ShardKeys(self.shards)).with_output_types(tuple[int, DeadLetterKeyBatch])
            | "GroupDeadLetters" >> beam.GroupByKey()
            | "DropKnownDeadLetters"
            >> beam.ParDo(_DropKnown(self.index, self.to_slices))
            .with_output_types(RowSlice, index_rows=IndexRows, summaries=RunSummary)
            .with_outputs(_INDEX_ROWS, _SUMMARIES, main="slices")
        )
        return SortedDeadLetters(outputs.slices, outputs[_INDEX_ROWS], outputs[_SUMMARIES])


class _ShardKeys(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, batch: PreparedBatch) -> Iterator[tuple[int, DeadLetterKeyBatch]]:
        for shard, keys in by_shard(batch.dead_letter_keys, lambda letter: letter.key, self._shards).items():
            yield shard, DeadLetterKeyBatch(keys)


class _DropKnown(beam.DoFn):
    def __init__(self, index: Lookup, to_slices: Callable[[Iterable[DeadLetterKey]], list[RowSlice]]) -> None:
        self._index = index
        self._to_slices = to_slices

    def process(self, element: tuple[int, Iterable[DeadLetterKeyBatch]]) -> Iterator[Any]:
        letters = [letter for batch in element[1] for letter in batch.keys]
        new = new_letters(letters, self._index)
        yield from self._to_slices(new)
        if new:
            yield beam.pvalue.TaggedOutput(_INDEX_ROWS, letter_rows(new))
        yield beam.pvalue.TaggedOutput(_SUMMARIES, letters_summary(letters, new))


def new_letters(letters: Iterable[DeadLetterKey], index: Lookup) -> list[DeadLetterKey]:
    """Those that are not on record, one of each. index: of `dead_letters`."""
    # The same record refused twice in one run (one file given by two paths that are one) is one letter.
    first = {letter.key: letter for letter in sorted(letters, key=lambda one: one.ref.row, reverse=True)}
    known = {row["key"] for row in index.lookup([hash_key(key) for key in first]).select(["key"]).to_pylist()}
    return [letter for key, letter in sorted(first.items()) if hash_key(key) not in known]


def letter_rows(new: Iterable[DeadLetterKey]) -> IndexRows:
    """What has to be remembered of new dead letters."""
    return IndexRows("dead_letters", tuple((letter.key,) for letter in new))


def letters_summary(letters: Sequence[DeadLetterKey], new: Sequence[DeadLetterKey]) -> RunSummary:
    """How many dead letters there were, and how many of them are on record already."""
    counts = Counts(dead_letter=len(letters), dead_letter_known=len(letters) - len(new))
    return RunSummary(counts, dead_letters=examples_of(letters))


def examples_of(letters: Iterable[DeadLetterKey]) -> tuple[DeadLetterExample, ...]:
    """How many dead letters had each reason, with one of each: the first by its detail, whatever the order."""
    letters = list(letters)
    counts = Counter((letter.stage, letter.reason) for letter in letters)
    details: dict[tuple[str, str], str] = {}
    for letter in letters:
        key = letter.stage, letter.reason
        details[key] = min(details.get(key, letter.detail), letter.detail)
    return tuple(
        DeadLetterExample(stage, reason, counts[stage, reason], details[stage, reason])
        for stage, reason in sorted(counts)
    )
