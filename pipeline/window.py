"""A small batch of prepared items from decision to commit, in this process: the window of a stream, a batch of `watch`.

    prepared rows ─> known ones dropped ─> settled ─> finished ─> tables, index, feeds' states ─> commit

It is a run like any other, by the same functions, without a graph: to build one and start it takes a local runner a
second. Decisions come one after another, each on what was committed before it, so nothing that an engine replays,
restarts or reorders can be committed twice: what is in OUT is all that is known.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from pipeline.completion import parquet_files, read_indexes, with_state
from pipeline.options import RunSettings
from pipeline.polling import feeds_after, hosts_after, latest_states, read_states, with_names
from pipeline.staging import MemoryStaging, pack_rows, unpack_rows
from pipeline.stated import stated_options
from pipeline.store.commit import abandon, commit
from pipeline.store.held_index import HeldIndex
from pipeline.store.layout import Layout, new_run_id, staging_name
from pipeline.store.manifest import committed_runs
from pipeline.tables import WriteTables, dead_letter_slices
from pipeline.versions import installed_versions, joined_versions
from pipeline.work import FinishBatch, PrepareBatch, stage_dead_letters
from pipeline.write import stage_regrouped, stage_segment
from schemas.dedup import ArticleKeys, DeadLetterKey, Decision, IndexRows, RowRef
from schemas.errors import RunError
from schemas.index import INDEXES
from schemas.records import SCHEMA_VERSION, DeadLetter, PayloadBatch
from schemas.staged import (
    NOTHING_POLLED,
    FinishTask,
    PolledFeeds,
    PreparedRows,
    RunSummary,
    WriteTask,
)
from schemas.state import Counts, FeedState, HostState, Manifest, StagedFile, WindowSpan
from transforms.dead_letters import letter_rows, letters_summary, new_letters
from transforms.functions.stories import NearDuplicates, settle_stories
from transforms.recollection import KnownArticles, Lookup, Recollection, drop_known_items, index_rows
from transforms.summary import merge_summaries

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_US = dt.timedelta(microseconds=1)

#: So many files of feeds' states may lie beside each other before they are written as one: to write the states of
#: thousands of feeds for each window in which a few had news would be most of its work.
FEED_FILES = 16

#: The names under which the rows of all batches lie together.
_ARTICLES, _LETTERS = "articles", "letters"


@dataclasses.dataclass(frozen=True, slots=True)
class PrepareRows:
    """Parses and normalises payloads, and keeps their rows with them: PayloadBatch -> PreparedRows.

    near: whether fingerprints are made. sources_text: see `PrepareBatch`.
    """

    near: bool
    sources_text: str | None = None

    def __call__(
        self,
        payloads: PayloadBatch,
        now: dt.datetime,
        polled: PolledFeeds = NOTHING_POLLED,
        refused: Sequence[DeadLetter] = (),
    ) -> PreparedRows:
        """now: when they were read or fetched. refused: what could not be, each an item that was read.

        polled: of the feeds that the payloads are of, as they were polled. What the documents tell of them is in the
        states that come back, and in `batch.feed_names`: the next poll should know it.
        """
        staging = MemoryStaging("", "memory")
        # Whose run the rows are of is known once they are committed.
        batch = PrepareBatch(staging, now, "", self.near, self.sources_text)(payloads)
        batch = dataclasses.replace(
            batch,
            read=batch.read + len(refused),
            dead_letter_keys=batch.dead_letter_keys + stage_dead_letters(staging, refused),
        )
        rows = tuple((name, pack_rows(table)) for name, (table,) in staging.held.items())
        states = {state.url: state for state in polled.feeds}
        for names in batch.feed_names:
            if names.url in states:
                states[names.url] = with_names(states[names.url], names)
        return PreparedRows(batch, rows, polled=dataclasses.replace(polled, feeds=tuple(states.values())))


@dataclasses.dataclass(frozen=True, slots=True)
class WindowSettings:
    """How batches are decided on and written: plain values, the same for all of a stream.

    stated: what their manifests say of the options (`stated.stated_options`).
    """

    output: str
    language_detector: str
    entities: str
    near_duplicates: NearDuplicates
    near_window_days: int
    partition_by: tuple[str, ...]
    stated: Mapping[str, Any]


def window_settings(settings: RunSettings, layout: Layout, sources_text: str | None) -> WindowSettings:
    """How batches are decided on and written, by what the command line says. sources_text: what --sources holds."""
    return WindowSettings(
        output=layout.output,
        language_detector=settings.language_detector,
        entities=settings.entities,
        near_duplicates=settings.near_duplicates,
        near_window_days=settings.near_window_days,
        partition_by=settings.partition_by,
        stated=stated_options(settings, sources_text),
    )


class WindowWriter:
    """Decides on batches of prepared items and commits them, one batch after another.

    Whoever calls it holds OUT (`store.lock`) and has recovered it (`store.commit.recover`).
    """

    def __init__(self, settings: WindowSettings) -> None:
        self._settings = settings
        self._layout = Layout(settings.output)
        self._held = RunSummary()
        self._states: tuple[tuple[str, ...], dict[str, FeedState], dict[str, HostState]] | None = None
        self._versions = joined_versions(installed_versions())
        self._indexes = {name: HeldIndex(name) for name in INDEXES}

    def write(
        self,
        batches: Sequence[PreparedRows],
        now: dt.datetime,
        window: WindowSpan | None = None,
        *,
        must_commit: bool = True,
    ) -> Manifest | None:
        """Commits what the batches hold and returns the manifest.

        now: of the commit. must_commit: where it is not set, and there is no row to be written, the counts and the
        feeds' states are kept for the next commit, and None is returned.

        Raises RunError or whatever went wrong; nothing of the batches is committed then, unless it is a
        CommitInterrupted.
        """
        started, started_at = time.monotonic(), dt.datetime.now(dt.timezone.utc)
        run_id = new_run_id(now, secrets.token_bytes(3))
        attempt = secrets.token_hex(4)
        layout, settings = self._layout, self._settings
        staging = MemoryStaging(layout.output, staging_name(run_id, attempt))
        try:
            seen = committed_runs(layout)
            indexes = read_indexes(layout)
            joined = _joined(batches, run_id, staging)
            held = {name: self._indexes[name].refresh(index.segments) for name, index in indexes.items()}
            done = _Decision(settings, held, staging, run_id, now).summaries(joined)
            summary = merge_summaries([self._held, joined.summary, *done])
            summary = dataclasses.replace(summary, feed_states=tuple(latest_states(summary.feed_states)))
            if not must_commit and not summary.files:
                self._held = summary
                return None
            if not summary.counts.balanced():
                raise RunError(f"the window lost count of its items and was not committed: {summary.counts}")
            states, hosts = self._feed_states()
            files, removed = with_state(
                summary, staging, layout, run_id, now, settings.partition_by, indexes, states, hosts,
                FEED_FILES,
            )  # fmt: skip
            manifest = commit(
                layout,
                Manifest(
                    run_id=run_id,
                    schema_version=SCHEMA_VERSION,
                    started_at=started_at,
                    committed_at=dt.datetime.now(dt.timezone.utc),
                    options=dict(settings.stated),
                    versions=self._versions,
                    counts=summary.counts,
                    files=tuple(files),
                    removed=tuple(removed),
                    dead_letters=summary.dead_letters,
                    timings={"total_s": round(time.monotonic() - started, 3)},
                    feeds_polled=sum(state.polls > 0 or state.failures > 0 for state in summary.feed_states),
                    window=window,
                ),
                attempt,
                seen,
            )
        except BaseException:
            abandon(layout, run_id)
            raise
        self._held = RunSummary()
        self._states = (
            tuple(parquet_files(layout.feeds_dir)),
            {state.url: state for state in feeds_after(summary, states, now)},
            {host.host: host for host in hosts_after(summary, hosts, now)},
        )
        return manifest

    def _feed_states(self) -> tuple[dict[str, FeedState], dict[str, HostState]]:
        """What is known of feeds and hosts, read again only where others have written since."""
        paths = tuple(parquet_files(self._layout.feeds_dir))
        if self._states is None or self._states[0] != paths:
            self._states = (paths, *read_states(self._layout))
        return self._states[1], self._states[2]


@dataclasses.dataclass(frozen=True, slots=True)
class _Joined:
    """Batches as one: keys whose rows lie together in the staging folder. summary: what was read, and of whom."""

    keys: list[ArticleKeys]
    letters: list[DeadLetterKey]
    rows: int
    summary: RunSummary


def _joined(batches: Sequence[PreparedRows], run_id: str, staging: MemoryStaging) -> _Joined:
    keys: list[ArticleKeys] = []
    letters: list[DeadLetterKey] = []
    articles: list[pa.Table] = []
    refused: list[pa.Table] = []
    read = known = at = refused_at = 0
    for one in batches:
        read += one.batch.read
        known += one.known
        rows = {name: unpack_rows(data) for name, data in one.rows}
        offset: dict[str, int] = {}
        for name in {key.ref.file: None for key in one.batch.keys}:
            offset[name] = at
            articles.append(rows[name])
            at += rows[name].num_rows
        for name in {letter.ref.file: None for letter in one.batch.dead_letter_keys}:
            offset[name] = refused_at
            refused.append(rows[name])
            refused_at += rows[name].num_rows
        keys += [_moved(key, _ARTICLES, offset) for key in one.batch.keys]
        letters += [_moved(letter, _LETTERS, offset) for letter in one.batch.dead_letter_keys]
    for name, tables in ((_ARTICLES, articles), (_LETTERS, refused)):
        if tables:
            table = pa.concat_tables(tables, promote_options="default").combine_chunks()
            staging.held[name] = (_of_run(table, run_id),)
    summary = merge_summaries(
        RunSummary(feed_states=one.polled.feeds, host_states=one.polled.hosts) for one in batches
    )
    counts = Counts(read=read, unchanged=known)
    return _Joined(keys, letters, at, dataclasses.replace(summary, counts=counts))


_Key = TypeVar("_Key", ArticleKeys, DeadLetterKey)


def _moved(key: _Key, name: str, offset: Mapping[str, int]) -> _Key:
    return dataclasses.replace(key, ref=RowRef(name, key.ref.row + offset[key.ref.file]))


def _of_run(table: pa.Table, run_id: str) -> pa.Table:
    """Rows with the run that writes them."""
    place = table.schema.get_field_index("run_id")
    return table.set_column(place, table.schema.field(place), pa.array([run_id] * table.num_rows))


class _Decision:
    """Decides on what one batch holds, and leaves the files to be committed in the staging folder."""

    def __init__(
        self,
        settings: WindowSettings,
        indexes: Mapping[str, Lookup],
        staging: MemoryStaging,
        run_id: str,
        now: dt.datetime,
    ) -> None:
        self._settings = settings
        self._indexes = indexes
        self._staging = staging
        self._run_id = run_id
        self._now = now

    def summaries(self, joined: _Joined) -> list[RunSummary]:
        """What was done, in parts."""
        letters = new_letters(joined.letters, self._indexes["dead_letters"])
        slices = dead_letter_slices(letters)
        remembered = [letter_rows(letters)] if letters else []
        decisions, settled_rows = self._settle(joined.keys)
        done = [letters_summary(joined.letters, letters)]
        if decisions:
            finish = FinishBatch(
                self._staging,
                self._settings.language_detector,
                self._settings.entities,
                self._settings.partition_by,
                shards=1,
            )
            finished = finish(FinishTask(_ARTICLES, joined.rows, tuple(decisions)))
            slices += finished.slices
            done.append(RunSummary(finished.counts))
        if slices:
            write = WriteTables(self._staging, self._run_id, self._settings.partition_by)
            done.append(write(WriteTask(tuple(slices))))
        done.append(RunSummary(files=tuple(self._segments([*remembered, *settled_rows]))))
        regrouped = [row for rows in settled_rows if rows.index == "regrouped" for row in rows.rows]
        if regrouped:
            file = stage_regrouped(regrouped, self._staging, self._run_id, self._now)
            done.append(RunSummary(Counts(regrouped=len(regrouped)), files=(file,)))
        return done

    def _settle(self, keys: Sequence[ArticleKeys]) -> tuple[list[Decision], list[IndexRows]]:
        new, decisions = drop_known_items(keys, self._indexes["items"])
        if not new:
            return decisions, []
        known = KnownArticles(
            **{name: index for name, index in self._indexes.items() if name != "dead_letters"}
        )
        near = self._settings.near_duplicates
        now_us = (self._now - _EPOCH) // _US
        window_us = self._settings.near_window_days * 24 * 3600 * 1_000_000
        recollection = Recollection(known, near != "off", now_us - window_us)
        settlement = settle_stories(new, recollection.known_to(new), near, window_us, recollection.circle_of)
        decisions += [one.decision for one in settlement.items]
        return decisions, list(index_rows(settlement, now_us))

    def _segments(self, remembered: Iterable[IndexRows]) -> list[StagedFile]:
        rows_of: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for rows in remembered:
            rows_of[rows.index] += rows.rows
        return [
            stage_segment(index, rows, self._staging, f"{self._run_id}-00000")
            for index, rows in sorted(rows_of.items())
        ]
