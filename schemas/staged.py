"""What steps hand on about staged files: names, keys and rows, never texts."""

from __future__ import annotations

import dataclasses

from schemas.dedup import ArticleKeys, DeadLetterKey, Decision
from schemas.state import Counts, DeadLetterExample, FeedState, StagedFile


@dataclasses.dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A batch of payloads, parsed, normalised and staged.

    read: items that the payloads held: as many as there are keys of both kinds.
    """

    read: int
    keys: tuple[ArticleKeys, ...]
    dead_letter_keys: tuple[DeadLetterKey, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class FinishTask:
    """A staged file of articles with the decisions on its rows: exactly one for each."""

    file: str
    decisions: tuple[Decision, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class RowSlice:
    """Rows of a staged file that belong into one partition of a table.

    table: of `schemas.tables.TABLES`. partition: relative path in Hive's form, "date=2022-03-30".
    file: staged file with the table's columns. batch: the record batch of it that holds the rows; rows: places in
    that. bytes: their rough size in memory.
    """

    table: str
    partition: str
    file: str
    batch: int
    rows: tuple[int, ...]
    bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class FinishedBatch:
    """A staged file of articles, decided and enriched, staged again as rows of the tables."""

    slices: tuple[RowSlice, ...]
    counts: Counts


@dataclasses.dataclass(frozen=True, slots=True)
class WriteTask:
    """Slices that one call writes; it holds all rows of each partition that it holds any of."""

    slices: tuple[RowSlice, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run, or a part of it, has done: the parts add up to the whole in any order."""

    counts: Counts = dataclasses.field(default_factory=Counts)
    files: tuple[StagedFile, ...] = ()
    dead_letters: tuple[DeadLetterExample, ...] = ()
    feed_states: tuple[FeedState, ...] = ()
