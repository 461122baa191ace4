"""What steps hand on about staged files: names, keys and rows, never texts."""

from __future__ import annotations

import dataclasses

from schemas.dedup import ArticleKeys, DeadLetterKey, Decision
from schemas.state import Counts, DeadLetterExample, FeedNames, FeedState, HostState, StagedFile


@dataclasses.dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A batch of payloads, parsed, normalised and staged.

    read: items that the payloads held: as many as there are keys of both kinds. feed_names: of the feeds among them.
    """

    read: int
    keys: tuple[ArticleKeys, ...]
    dead_letter_keys: tuple[DeadLetterKey, ...]
    feed_names: tuple[FeedNames, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class PolledFeeds:
    """What is known of some feeds and hosts once they were polled."""

    feeds: tuple[FeedState, ...]
    hosts: tuple[HostState, ...]


#: No feed was polled.
NOTHING_POLLED = PolledFeeds((), ())


@dataclasses.dataclass(frozen=True, slots=True)
class PreparedRows:
    """Prepared items whole, with their rows: what goes through a stream, and into a window.

    batch: their keys, which refer to rows by the names in `rows`. rows: name -> a table as bytes
    (`pipeline.staging.pack_rows`).
    known: items of `batch.read` that were found committed already, and have neither keys nor rows.
    polled: what is known since of the feeds and hosts that they came from, to be saved with them and not before.
    is_last: whether nothing comes after it.
    """

    batch: PreparedBatch
    rows: tuple[tuple[str, bytes], ...] = ()
    known: int = 0
    polled: PolledFeeds = NOTHING_POLLED
    is_last: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Tick:
    """Asks the workers of a stream to poll what is due.

    number: from 0, of one life of the ticker. is_last: whether the stream ends: nothing more is begun.
    """

    number: int
    is_last: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class FinishTask:
    """A staged file of articles with the decisions on some of its rows: one for each.

    rows: of the file, each of which is decided in one of its tasks.
    """

    file: str
    rows: int
    decisions: tuple[Decision, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class RowSlice:
    """Rows of a staged file that one task writes to a table.

    table: of `schemas.tables.TABLES`. shard: the task's number: all rows of a partition go to one.
    file: staged file with the table's columns. batch: the record batch of it that holds the rows; rows: places in
    that, None for all. bytes: their rough size in memory.
    """

    table: str
    shard: int
    file: str
    batch: int
    rows: tuple[int, ...] | None
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
    """What a run, or a part of it, has done: the parts add up to the whole in any order.

    versions: names and versions of what shapes the data, as the workers have them installed.
    """

    counts: Counts = dataclasses.field(default_factory=Counts)
    files: tuple[StagedFile, ...] = ()
    dead_letters: tuple[DeadLetterExample, ...] = ()
    feed_states: tuple[FeedState, ...] = ()
    host_states: tuple[HostState, ...] = ()
    feed_names: tuple[FeedNames, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
