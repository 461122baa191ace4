"""Polls feeds at every tick, each host by one worker: Tick -> PreparedRows."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.coders import BytesCoder
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from pipeline.careful import prepare_carefully
from pipeline.completion import parquet_files
from pipeline.fetch.client import Client
from pipeline.fetch.live import LivePoll, LivePoller, LivePolls
from pipeline.fetch.poll import PollSettings
from pipeline.polling import feed_requests, latest_states, read_states
from pipeline.store.layout import Layout
from pipeline.window import PrepareRows, WindowSettings
from schemas.errors import RunError
from schemas.records import PayloadBatch
from schemas.staged import PolledFeeds, PreparedRows, Tick
from schemas.state import FeedState, HostState
from transforms.functions.polling.hosts import host_of
from transforms.functions.prepare import fetch_letter

#: The stage of what is set aside here, since an error of ours kept it from being worked on.
STAGE = "stream"

#: Seconds between two looks at whether other shards have found feeds, or feeds have moved.
_LOOK_EVERY_S = 30.0

#: Files that others replace are read anew so often.
_READS = 20

#: So many additions to what is remembered of feeds are replaced by one of the whole.
_ADDITIONS = 256


@dataclasses.dataclass(eq=False)
class PollShards(beam.PTransform[Any, Any]):
    """Polls what is due at every tick: Tick -> PreparedRows.

    Hosts are dealt out to shards by their names, and each shard is with one worker at a time: engines see to that for
    a key. A redirect may lead to another shard's host; the gap between requests there is kept by each shard for
    itself.

    feeds, settings, all_due, sources_text: see `StreamPlan`. shards: of hosts.
    """

    feeds: tuple[str, ...]
    settings: PollSettings
    shards: int
    window: WindowSettings
    all_due: bool = False
    sources_text: str | None = None

    def expand(self, ticks: beam.PCollection[Tick]) -> Any:
        """Wires one step with state by shard."""
        return (
            ticks
            | "ToShards" >> beam.FlatMap(_to_shards, shards=self.shards).with_output_types(tuple[int, Tick])
            | "PollShard" >> beam.ParDo(_PollShard(self)).with_output_types(PreparedRows)
        )


def _to_shards(tick: Tick, shards: int) -> Iterator[tuple[int, Tick]]:
    for shard in range(shards):
        yield shard, tick


def shard_of(host: str, shards: int) -> int:
    """The shard that polls a host."""
    return zlib.crc32(host.encode()) % shards


class _Remembered(msgspec.Struct, frozen=True):
    """What a shard adds to what the engine keeps of it."""

    feeds: tuple[FeedState, ...]
    hosts: tuple[HostState, ...]


class _PollShard(beam.DoFn):
    """Keeps a poller for each shard. None waits for a server: what has ended since the last tick is given out.

    The engine keeps the states of the feeds that were polled (`_KEPT`) and, beside them, a mark of the poller that
    has last added to them. It keeps both exactly as of what it has of the elements that were given out. So a poller
    that finds another mark than its own, after a restore or a failed bundle, is ahead of what will be committed: a
    new one is made from what is kept. What OUT knows better is taken from there, for a restored state is older than
    OUT; with nothing kept, all of it.
    """

    _KEPT = BagStateSpec("feeds", BytesCoder())
    _MARK = ReadModifyWriteStateSpec("mark", BytesCoder())

    def __init__(self, wiring: PollShards) -> None:
        self._feeds = wiring.feeds
        self._settings = wiring.settings
        self._shards = wiring.shards
        self._output = wiring.window.output
        self._all_due = wiring.all_due
        self._prepare = PrepareRows(wiring.window.near_duplicates != "off", wiring.sources_text)

    def setup(self) -> None:
        """Opens the connections; feeds are read up once a shard is met."""
        # As requests reads them.
        stated = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        self._client = Client(ca_bundle=next(filter(None, stated), None))
        self._pollers: dict[int, _Shard] = {}

    def teardown(self) -> None:
        """Leaves what is under way: it stays due."""
        for shard in self._pollers.values():
            shard.poller.close()
        self._client.close()

    def process(
        self,
        element: tuple[int, Tick],
        kept: Any = beam.DoFn.StateParam(_KEPT),
        mark: Any = beam.DoFn.StateParam(_MARK),
    ) -> Iterator[Any]:
        """Yields what has ended, with the time of now, and begins what is due."""
        number, tick = element
        shard = self._pollers.get(number)
        said = mark.read() or b""
        if shard is None or shard.mark != said or self._is_given_more(number, shard):
            if shard is not None:
                shard.poller.close()
            shard = self._pollers[number] = self._new_shard(number, said, kept.read() if said else ())
        # A poller whose results are lost in an error below is of no use any more.
        del self._pollers[number]
        if tick.is_last:
            shard.poller.close()
        else:
            shard.poller.start_due()
        taken = shard.poller.take()
        now = _now()
        made: list[PreparedRows] = []
        if taken.polls or taken.hosts:
            made += self._prepared(taken, shard.poller, now)
            shard.add([state for rows in made for state in rows.polled.feeds], taken.hosts, kept)
            mark.write(shard.mark)
        if tick.is_last and number == 0:
            made.append(dataclasses.replace(self._prepare(PayloadBatch(()), now), is_last=True))
        self._pollers[number] = shard
        for rows in made:
            yield TimestampedValue(rows, Timestamp.from_utc_datetime(now))

    def _is_given_more(self, number: int, shard: _Shard) -> bool:
        """Whether a feed has come to this shard's hosts that it doesn't poll yet.

        Another shard has found it, or it has moved here, and said so in OUT with the items of that poll.
        """
        now_s = time.monotonic()
        if now_s - shard.looked_s < _LOOK_EVERY_S:
            return False
        shard.looked_s = now_s
        files = tuple(parquet_files(Layout(self._output).feeds_dir))
        if files == shard.feed_files:
            return False
        shard.feed_files, states, _ = self._known_in_out()
        wanted = (request.state for request in feed_requests(self._feeds, states))
        return any(
            # Feeds that were given are where they always were, or have moved.
            (state.found_at is not None or state.fetch_url is not None)
            and state.status == "active"
            and not shard.poller.polls(state.url)
            and self._is_ours(number, state)
            for state in wanted
        )

    def _known_in_out(self) -> tuple[tuple[str, ...], dict[str, FeedState], dict[str, HostState]]:
        """What OUT holds of feeds and hosts, and the files that say so."""
        layout = Layout(self._output)
        for _ in range(_READS):
            files = tuple(parquet_files(layout.feeds_dir))
            # A commit may replace the files while they are read.
            with contextlib.suppress(FileNotFoundError):
                return files, *read_states(layout)
        raise RunError(f"{layout.feeds_dir}: its files are replaced faster than they can be read")

    def _is_ours(self, number: int, state: FeedState) -> bool:
        try:
            return shard_of(host_of(state.fetch_url or state.url), self._shards) == number
        except ValueError:
            return False

    def _new_shard(self, number: int, said: bytes, kept: Iterable[bytes]) -> _Shard:
        files, states, hosts = self._known_in_out()
        feeds: dict[str, FeedState] = {}
        asked: dict[str, HostState] = {}
        for data in kept:
            remembered = msgspec.msgpack.decode(data, type=_Remembered)
            feeds |= {state.url: state for state in remembered.feeds}
            asked |= {host.host: host for host in remembered.hosts}
        states = {state.url: state for state in latest_states([*states.values(), *feeds.values()])}
        poller = LivePoller(
            self._settings,
            self._client,
            _now,
            self._feeds,
            states,
            hosts | asked,
            all_due=self._all_due and not said,
            is_ours=lambda host: shard_of(host, self._shards) == number,
        )
        return _Shard(poller, said, feeds, asked, files, time.monotonic())

    def _prepared(self, taken: LivePolls, poller: LivePoller, now: dt.datetime) -> Iterator[PreparedRows]:
        """What was polled, each feed's states with its items: neither is to be saved without the other."""
        empty = [poll for poll in taken.polls if poll.payload is None]
        if empty or taken.hosts:
            yield self._prepare(
                PayloadBatch(()),
                now,
                PolledFeeds(tuple(state for poll in empty for state in _states(poll)), taken.hosts),
                [fetch_letter(poll.url, poll.error, now, "") for poll in empty if poll.error is not None],
            )
        for poll in taken.polls:
            if poll.payload is not None:
                polled = PolledFeeds(tuple(_states(poll)), ())
                for unit in prepare_carefully(self._prepare, poll.payload, now, polled, STAGE):
                    poller.learn_names(unit.rows.batch.feed_names)
                    yield unit.rows


@dataclasses.dataclass(slots=True)
class _Shard:
    """A poller and what the engine keeps of it.

    mark: of what is kept. feeds, hosts: all that is kept, by name.
    feed_files: of OUT, when they were looked at last; looked_s: when, by the monotonic clock.
    additions: since all was written as one.
    """

    poller: LivePoller
    mark: bytes
    feeds: dict[str, FeedState]
    hosts: dict[str, HostState]
    feed_files: tuple[str, ...]
    looked_s: float
    additions: int = 0

    def add(self, feeds: Iterable[FeedState], hosts: Iterable[HostState], kept: Any) -> None:
        """Keeps what was learnt, under a new mark."""
        added = _Remembered(tuple(feeds), tuple(hosts))
        self.feeds |= {state.url: state for state in added.feeds}
        self.hosts |= {host.host: host for host in added.hosts}
        self.additions += 1
        if self.additions >= _ADDITIONS:
            kept.clear()
            added = _Remembered(tuple(self.feeds.values()), tuple(self.hosts.values()))
            self.additions = 0
        kept.add(msgspec.msgpack.encode(added))
        self.mark = uuid.uuid4().bytes


def _states(poll: LivePoll) -> Iterator[FeedState]:
    yield from poll.found
    if poll.state is not None:
        yield poll.state


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)
