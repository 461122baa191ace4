"""Polls feeds and takes up files without an end, and commits what they bring in small batches: `newsbeam watch`.

    feeds, when due ─┐
    new files ───────┴> prepared ─> waiting, for a moment ─> committed     (large drops of files: a bounded run each)

All of it is in this process, and what costs time to load is loaded once: the model, the publishers, what is known of
feeds. What has to last is in OUT: states of feeds are committed with what they brought, or after it, so that a stop at
any moment loses nothing. What a file held is known by its items; a restart reads it again and finds it unchanged.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from apache_beam.io.filesystems import FileSystems

from pipeline.careful import CarefulWriter, Unit, said
from pipeline.chunks import cut
from pipeline.fetch.client import Client
from pipeline.fetch.live import LivePoll, LivePoller, LivePolls
from pipeline.files import is_local, require_filesystem
from pipeline.inbox import Inbox
from pipeline.options import WatchSettings
from pipeline.polling import latest_states, read_states
from pipeline.prestart import is_large
from pipeline.read import file_letter
from pipeline.report import RunTotal
from pipeline.run import FileRuns, beam_options
from pipeline.sources import find_feeds, find_files, read_payloads
from pipeline.start import poll_settings, read_sources_text, refuse_other_partitions
from pipeline.stopping import StopRequest
from pipeline.store.commit import recover
from pipeline.store.layout import output_layout
from pipeline.store.lock import lock_mark, output_lock
from pipeline.store.manifest import committed_runs
from pipeline.stream.engines import life_of
from pipeline.stream.lease import read_lease, refuse_second
from pipeline.window import PrepareRows, WindowWriter, window_settings
from schemas.errors import RecordError, RunError, UsageError
from schemas.records import Payload
from schemas.sources import SourceFile
from schemas.staged import PolledFeeds
from schemas.state import FeedState, HostState, Manifest
from transforms.functions.extractors import load_extractor
from transforms.functions.polling.hosts import merged
from transforms.functions.prepare import fetch_letter
from transforms.functions.sources import load_publishers

#: Items after which a batch is committed at once, and those beyond wait for the next.
ITEMS_PER_BATCH = 256

#: Bytes of payloads after which a batch is committed at once.
BYTES_PER_BATCH = 4 << 20

#: What is known of feeds that had no news is committed so often, in seconds, and at the end.
QUIET_COMMIT_S = 300.0

_LOG = logging.getLogger("newsbeam")


@dataclasses.dataclass(frozen=True, slots=True)
class WatchOutcome:
    """What a watch has done by its end. total: its commits, added up. seconds: that it took."""

    total: RunTotal
    seconds: float


class Runs(Protocol):
    """What commits a large drop of files: `pipeline.run.FileRuns`."""

    def commit(self, files: Sequence[SourceFile], now: dt.datetime) -> Manifest | None:
        """One bounded run over them; its manifest, where there is one to tell of."""


def watch(
    settings: WatchSettings, stop: StopRequest, told: Callable[[Manifest], None] = lambda _: None
) -> WatchOutcome:
    """Watches until it is asked to stop; then what is at hand is committed.

    told: of each commit. Raises UsageError and BusyError before anything starts; RunError and whatever keeps it from
    committing anything at all. What was not committed then is found again by the next start.
    """
    started = time.monotonic()
    run = settings.run
    layout = output_layout(run.output)
    # Filesystems other than the disk take their credentials and addresses from Beam's options.
    FileSystems.set_options(beam_options(run))
    require_filesystem(layout.output)
    for given in run.inputs:
        if not is_local(given) and not given.lower().startswith("file://"):
            raise UsageError(
                f"--input {given}: only this machine's disk can be watched; newsbeam run reads others"
            )
    sources_text = read_sources_text(run.sources)
    # Says what is wrong with them now, and not once each second.
    find_files(run.inputs, warns=False)
    addresses = find_feeds(run.feeds)
    total = RunTotal("watch")

    def committed(manifest: Manifest) -> None:
        nonlocal total
        total = total.plus(manifest)
        told(manifest)

    with output_lock(layout):
        for name in recover(layout):
            _LOG.warning("completed the commit of run %s, which an earlier start had left half-way", name)
        refuse_other_partitions(layout, committed_runs(layout), run.partition_by)
        # A stream's windows would wait for this watch's end, and give up before.
        refuse_second(layout, read_lease(layout), lambda lease: life_of(layout, lease, _now()))
        # As requests reads them.
        stated = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        with Client(ca_bundle=next(filter(None, stated), None)) as client:
            watcher = make_watcher(settings, client, addresses, sources_text, committed)
            stop.on_ask(watcher.poller.wake)
            mark = lock_mark(layout)
            while not stop.is_asked:
                if lock_mark(layout) != mark:
                    raise RunError(
                        f"{layout.output}: was deleted or moved meanwhile: what is there now may be another's"
                    )
                watcher.poller.wait(watcher.step())
            watcher.finish()
    stop.done()
    return WatchOutcome(total, time.monotonic() - started)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def make_watcher(
    settings: WatchSettings,
    client: Client,
    addresses: Sequence[str],
    sources_text: str | None,
    committed: Callable[[Manifest], None],
    now: Callable[[], dt.datetime] = _now,
    clock: Callable[[], float] = time.monotonic,
) -> Watcher:
    """A watcher, and with it all that is loaded once. Whoever calls this holds OUT and has recovered it.

    addresses: of feeds. committed: called with the manifest of every commit. now, clock: see `Watcher`.
    """
    run = settings.run
    layout = output_layout(run.output)
    load_publishers(sources_text)
    if run.entities != "none":
        load_extractor(run.entities)
    states, hosts = read_states(layout)
    return Watcher(
        settings,
        LivePoller(poll_settings(run, None), client, now, addresses, states, hosts, all_due=run.all_due),
        Inbox(run.inputs, clock),
        CarefulWriter(
            WindowWriter(window_settings(run, layout, sources_text)),
            PrepareRows(run.near_duplicates != "off", sources_text),
            layout,
            now,
            committed,
        ),
        lambda: FileRuns(run, sources_text),
        now,
        clock,
    )


class Watcher:
    """One watch, step by step.

    Polls and files become units, which wait in the order in which they came: for others to share their commit, half of
    `max_latency_s` at the most. Between two steps nothing is lost by not making the next.

    poller: what to `wait` by between steps. make_runs: of what commits large drops; called for each.
    now: the present, aware. clock: seconds.
    """

    def __init__(
        self,
        settings: WatchSettings,
        poller: LivePoller,
        inbox: Inbox,
        careful: CarefulWriter,
        make_runs: Callable[[], Runs],
        now: Callable[[], dt.datetime],
        clock: Callable[[], float],
    ) -> None:
        self.poller = poller
        self._settings = settings
        self._inbox = inbox
        self._careful = careful
        self._make_runs = make_runs
        self._now = now
        self._clock = clock
        self._waiting: deque[Unit] = deque()
        self._items = self._bytes = 0
        self._since_s: float | None = None
        # What is known since of feeds without news, and of hosts.
        self._quiet: dict[str, FeedState] = {}
        self._hosts: dict[str, HostState] = {}
        self._quiet_since_s: float | None = None
        # Files that are read bit by bit; chunks of those that are large.
        self._reading: deque[SourceFile] = deque()
        self._payloads: Iterator[Unit] | None = None
        self._drop: Iterator[tuple[SourceFile, ...]] | None = None
        self._runs: Runs | None = None

    def step(self) -> float | None:
        """Begins, takes and commits what there is.

        Returns the seconds until there may be more to do, if no poll ends before; None where only a poll can bring it.
        """
        if not self._is_full:
            # What was polled has to be committed before more is: memory would else follow the number of feeds.
            self.poller.start_due()
        self._take(self.poller.take())
        if self._clock() >= self._inbox.next_look_s and not self._has_files:
            self._take_files(self._inbox.look())
        self._read_on()
        now_s = self._clock()
        if self._is_full or _is_over(self._since_s, self._settings.max_latency_s / 2, now_s):
            self._commit()
        elif self._drop is not None:
            self._run_chunk()
        elif _is_over(self._quiet_since_s, QUIET_COMMIT_S, now_s):
            self._commit()
        return self._pause_s()

    def finish(self) -> None:
        """Commits what has ended by now; what is under way, and files that weren't begun, are left."""
        self.poller.close()
        self._take(self.poller.take())
        while self._waiting or self._quiet:
            self._commit()

    @property
    def _has_files(self) -> bool:
        return bool(self._reading or self._payloads is not None or self._drop is not None)

    @property
    def _is_full(self) -> bool:
        return self._items >= ITEMS_PER_BATCH or self._bytes >= BYTES_PER_BATCH

    def _pause_s(self) -> float | None:
        if self._is_full or self._has_files:
            return 0.0
        times = [self._inbox.next_look_s]
        if self._since_s is not None:
            times.append(self._since_s + self._settings.max_latency_s / 2)
        if self._quiet_since_s is not None:
            times.append(self._quiet_since_s + QUIET_COMMIT_S)
        soonest = min(times)
        return None if soonest == math.inf else max(soonest - self._clock(), 0.0)

    # Feeds.

    def _take(self, taken: LivePolls) -> None:
        for poll in taken.polls:
            self._take_poll(poll)
        for host in taken.hosts:
            self._hosts[host.host] = merged(self._hosts.get(host.host, host), host)

    def _take_poll(self, poll: LivePoll) -> None:
        states = (*poll.found, *(() if poll.state is None else (poll.state,)))
        if not poll.is_news:
            self._quiet.update({state.url: state for state in states})
            if self._quiet_since_s is None:
                self._quiet_since_s = self._clock()
            return
        polled = PolledFeeds(states, ())
        if poll.payload is not None:
            units = self._careful.prepare(poll.payload, polled)
            self.poller.learn_names(names for unit in units for names in unit.rows.batch.feed_names)
        else:
            letters = [] if poll.error is None else [fetch_letter(poll.url, poll.error, self._now(), "")]
            units = [self._careful.refused(letters, polled)]
        self._add(units)

    # Files.

    def _take_files(self, files: Sequence[SourceFile]) -> None:
        if files and is_large(files, self._settings.run.entities):
            chunks = cut(files, self._settings.run.chunk_mb << 20)
            self._drop = (chunk.files for chunk in chunks)
        else:
            self._reading.extend(files)

    def _run_chunk(self) -> None:
        """Commits the next chunk of a large drop by a run of its own; the first of them starts its processes."""
        assert self._drop is not None
        files = next(self._drop, None)
        if files is None:
            self._drop = self._runs = None
            return
        runs = self._runs = self._runs or self._make_runs()
        error = self._careful.tried(lambda: runs.commit(files, self._now()))
        if error is not None:
            _LOG.warning(
                "a run over %d files failed, and they are read bit by bit: %s", len(files), said(error)
            )
            self._reading.extend(files)

    def _read_on(self) -> None:
        """Reads files that aren't large until a batch is full."""
        while not self._is_full:
            if self._payloads is None:
                if not self._reading:
                    return
                self._payloads = self._units_of(self._reading.popleft())
            unit = next(self._payloads, None)
            if unit is None:
                self._payloads = None
            else:
                self._add([unit])

    def _units_of(self, file: SourceFile) -> Iterator[Unit]:
        try:
            for payload in read_payloads(file, self._settings.run.max_input_mb << 20):
                yield from self._careful.prepare(payload)
        except RecordError as error:
            yield self._careful.refused([file_letter(file, error, self._now(), "")])

    # Commits.

    def _add(self, units: Iterable[Unit]) -> None:
        for unit in units:
            self._waiting.append(unit)
            self._items += unit.rows.batch.read
            self._bytes += _payload_bytes(unit.payload)
        if self._waiting and self._since_s is None:
            self._since_s = self._clock()

    def _commit(self) -> None:
        """Commits the units that have waited longest, with what is known of feeds whose news are all committed then."""
        units: list[Unit] = []
        items = size = 0
        while self._waiting and items < ITEMS_PER_BATCH and size < BYTES_PER_BATCH:
            units.append(self._waiting.popleft())
            items += units[-1].rows.batch.read
            size += _payload_bytes(units[-1].payload)
        self._items -= items
        self._bytes -= size
        # An unchanged answer, saved before the news that an earlier one had, would hide these for ever.
        held_back = {state.url for unit in self._waiting for state in unit.rows.polled.feeds}
        quiet = {url: state for url, state in self._quiet.items() if url not in held_back}
        states = latest_states(
            (*(state for unit in units for state in unit.rows.polled.feeds), *quiet.values())
        )
        self._careful.commit(units, PolledFeeds(tuple(states), tuple(self._hosts.values())))
        now_s = self._clock()
        self._since_s = now_s if self._waiting else None
        for url in quiet:
            del self._quiet[url]
        self._quiet_since_s = now_s if self._quiet else None
        self._hosts.clear()


def _payload_bytes(payload: Payload | None) -> int:
    return 0 if payload is None else sum(map(len, payload.parts))


def _is_over(since_s: float | None, patience_s: float, now_s: float) -> bool:
    return since_s is not None and now_s - since_s >= patience_s
