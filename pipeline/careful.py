"""Commits batches whatever is wrong with an item: what fails is tried again, then halved until the bad item is alone.

A batch fails as a whole, for a commit is one: without this an item that nobody had thought of would end a watch, and
the next one, and the next.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol

import pyarrow as pa

from pipeline.logs import printable
from pipeline.staging import pack_rows, unpack_rows
from pipeline.store.commit import recover
from pipeline.store.layout import Layout
from pipeline.store.manifest import read_manifest
from schemas.dedup import ArticleKeys, DeadLetterKey, RowRef
from schemas.errors import CommitInterrupted, RecordError
from schemas.records import DeadLetter, Origin, Payload, PayloadBatch
from schemas.staged import NOTHING_POLLED, PolledFeeds, PreparedBatch, PreparedRows
from schemas.state import Manifest
from transforms.functions.prepare import dead_letter

#: Seconds before a batch that has failed is tried again, each time.
RETRY_AFTER_S = (0.5, 2.0)

#: The stage of what was set aside here.
STAGE = "watch"

_DETAIL_CHARS = 500

_LOG = logging.getLogger("newsbeam")


class Writer(Protocol):
    """What commits prepared rows: `pipeline.window.WindowWriter`."""

    def write(self, batches: Sequence[PreparedRows], now: dt.datetime) -> Manifest | None:
        """Commits what the batches hold, all or nothing."""


class Prepare(Protocol):
    """What makes rows of payloads: `pipeline.window.PrepareRows`."""

    def __call__(
        self,
        payloads: PayloadBatch,
        now: dt.datetime,
        polled: PolledFeeds = NOTHING_POLLED,
        refused: Sequence[DeadLetter] = (),
    ) -> PreparedRows:
        """Parses and normalises."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """The items of one payload, prepared. payload: None where there is none, as of a poll that failed."""

    rows: PreparedRows
    payload: Payload | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class _Item:
    """One item of a unit."""

    unit: Unit
    key: ArticleKeys | DeadLetterKey


class _Attempt:
    """Notes the error that ends its block, whatever it is; what ends the program passes."""

    error: Exception | None = None

    def __enter__(self) -> _Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception):
            self.error = error
            return True
        return False


def prepare_carefully(
    prepare: Prepare, payload: Payload, now: dt.datetime, polled: PolledFeeds, stage: str
) -> list[Unit]:
    """A payload as units, one in all likelihood. The first of them has `polled`, with what the payload tells.

    What can't be worked on, for an error of ours, is a dead letter of that stage.
    """
    attempt = _Attempt()
    with attempt:
        return [Unit(prepare(PayloadBatch((payload,)), now, polled), payload)]
    assert attempt.error is not None
    if len(payload.parts) == 1:
        _LOG.warning("%s: set aside, since it can't be worked on: %s", payload.uri, said(attempt.error))
        origin = Origin(payload.kind, payload.uri, feed_url=payload.feed_url, position=payload.position)
        error = RecordError("prepare-failed", said(attempt.error))
        letter = dead_letter(stage, error, payload.parts[0], origin, now, "")
        return [Unit(prepare(PayloadBatch(()), now, polled, [letter]))]
    half = len(payload.parts) // 2
    first = dataclasses.replace(payload, parts=payload.parts[:half])
    second = dataclasses.replace(payload, parts=payload.parts[half:], position=payload.position + half)
    return [
        *prepare_carefully(prepare, first, now, polled, stage),
        *prepare_carefully(prepare, second, now, NOTHING_POLLED, stage),
    ]


class CarefulWriter:
    """Prepares payloads and commits what they hold; nothing that is wrong with an item gets through to the caller.

    What can't be done for any item, as where the disk is full, is raised: nothing is set aside for that.

    writer: holds OUT. clock: the present, aware. committed: called with the manifest of every commit.
    """

    def __init__(
        self,
        writer: Writer,
        prepare: Prepare,
        layout: Layout,
        clock: Callable[[], dt.datetime],
        committed: Callable[[Manifest], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._writer = writer
        self._prepare = prepare
        self._layout = layout
        self._clock = clock
        self._committed = committed
        self._sleep = sleep

    def prepare(self, payload: Payload, polled: PolledFeeds = NOTHING_POLLED) -> list[Unit]:
        """A payload as units, see `prepare_carefully`."""
        return prepare_carefully(self._prepare, payload, self._clock(), polled, STAGE)

    def refused(self, letters: Sequence[DeadLetter], polled: PolledFeeds = NOTHING_POLLED) -> Unit:
        """What could not be read as a unit."""
        return Unit(self._prepare(PayloadBatch(()), self._clock(), polled, letters))

    def commit(self, units: Sequence[Unit], polled: PolledFeeds) -> None:
        """Commits all items of the units, and `polled` with the last of them: it is all that is saved of feeds.

        Raises what keeps even nothing from being committed, or a dead letter.
        """
        items = [dataclasses.replace(unit.rows, polled=NOTHING_POLLED) for unit in units]
        last = _rows(PreparedBatch(0, (), ()), polled)
        error = self.tried(lambda: self._writer.write([*items, last], self._clock()))
        if error is None:
            return
        # What fails without any item is no item's fault.
        self._carry_out(lambda: self._writer.write([_rows(PreparedBatch(0, (), ()))], self._clock()))
        _LOG.warning("a batch can't be committed, and is taken apart to find out why: %s", said(error))
        letters = self._divided(_items_of(units))
        refused = self.refused(letters, polled).rows
        self._carry_out(lambda: self._writer.write([refused], self._clock()))
        if letters:
            _LOG.warning("%d items were set aside as dead letters, stage=%s", len(letters), STAGE)

    def tried(self, commit: Callable[[], Manifest | None]) -> Exception | None:
        """Makes a commit, again where it fails; returns the last error, None where it is made."""
        error = self._try(commit)
        for pause_s in RETRY_AFTER_S:
            if error is None:
                break
            _LOG.warning("a batch failed, and is tried again: %s", said(error), exc_info=_debugged(error))
            self._sleep(pause_s)
            error = self._try(commit)
        return error

    def _try(self, commit: Callable[[], Manifest | None]) -> Exception | None:
        attempt = _Attempt()
        with attempt:
            self._carry_out(commit)
        return attempt.error

    def _carry_out(self, commit: Callable[[], Manifest | None]) -> None:
        try:
            manifest = commit()
        except CommitInterrupted:
            # It is decided, so it has to be carried out before anything else.
            completed = recover(self._layout)
            if not completed:
                raise
            for run_id in completed:
                self._committed(read_manifest(self._layout, run_id))
        else:
            if manifest is not None:
                self._committed(manifest)

    def _divided(self, items: Sequence[_Item]) -> list[DeadLetter]:
        """Commits the items but for those that can't be; returns dead letters of these."""
        if (
            not items
            or (error := self._try(lambda: self._writer.write(_rows_of(items), self._clock()))) is None
        ):
            return []
        if len(items) == 1:
            return [self._item_letter(items[0], error)]
        half = len(items) // 2
        return [*self._divided(items[:half]), *self._divided(items[half:])]

    def _item_letter(self, item: _Item, error: Exception) -> DeadLetter:
        row = (
            unpack_rows(dict(item.unit.rows.rows)[item.key.ref.file])
            .slice(item.key.ref.row, 1)
            .to_pylist()[0]
        )
        if isinstance(item.key, DeadLetterKey):
            origin = Origin("seed", row["origin_uri"], row["feed_url"], row["guid"], row["position"] or 0)
            return self._letter("write-failed", error, row["payload"], origin)
        origin = Origin(**row["origin"])
        payload = item.unit.payload
        data = None
        if payload is not None:
            place = (origin.position or 0) - payload.position
            # A document of many items is kept whole: its parser doesn't tell their bytes apart.
            data = payload.parts[place if payload.kind == "jsonl" else 0]
        return self._letter("write-failed", error, data, origin)

    def _letter(self, reason: str, error: Exception, data: bytes | None, origin: Origin) -> DeadLetter:
        return dead_letter(STAGE, RecordError(reason, said(error)), data, origin, self._clock(), "")


def _items_of(units: Sequence[Unit]) -> list[_Item]:
    return [
        _Item(unit, key)
        for unit in units
        for keys in (unit.rows.batch.keys, unit.rows.batch.dead_letter_keys)
        for key in keys
    ]


def _rows(batch: PreparedBatch, polled: PolledFeeds = NOTHING_POLLED) -> PreparedRows:
    return PreparedRows(batch, polled=polled)


def _rows_of(items: Sequence[_Item]) -> list[PreparedRows]:
    """Some items of some units, with no other rows than theirs."""
    by_unit: dict[int, list[_Item]] = {}
    for item in items:
        by_unit.setdefault(id(item.unit), []).append(item)
    return [_part([item.key for item in one], one[0].unit.rows) for one in by_unit.values()]


def _part(keys: Sequence[ArticleKeys | DeadLetterKey], rows: PreparedRows) -> PreparedRows:
    places: dict[str, list[int]] = {}
    moved: list[ArticleKeys | DeadLetterKey] = []
    for key in keys:
        taken = places.setdefault(key.ref.file, [])
        moved.append(dataclasses.replace(key, ref=RowRef(key.ref.file, len(taken))))
        taken.append(key.ref.row)
    packed = dict(rows.rows)
    return PreparedRows(
        PreparedBatch(
            len(keys),
            tuple(key for key in moved if isinstance(key, ArticleKeys)),
            tuple(key for key in moved if isinstance(key, DeadLetterKey)),
        ),
        tuple(
            (name, pack_rows(unpack_rows(packed[name]).take(pa.array(taken, type=pa.int64()))))
            for name, taken in places.items()
        ),
    )


def said(error: BaseException) -> str:
    """What an error says, in a line."""
    first = next(iter(str(error).splitlines()), "")
    return printable(f"{type(error).__name__}: {first}"[:_DETAIL_CHARS])


def _debugged(error: BaseException) -> BaseException | None:
    return error if _LOG.isEnabledFor(logging.DEBUG) else None
