"""Polls feeds without an end: each when it is due, in the background, for a caller that never waits for a server."""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
import itertools
from collections.abc import Callable, Iterable, Mapping

from pipeline.fetch.client import Client
from pipeline.fetch.gate import PATIENCE_S
from pipeline.fetch.poll import PollSettings
from pipeline.fetch.poller import Poller, PollResult
from pipeline.polling import feed_requests, forgotten_feeds, with_names
from schemas.errors import RecordError
from schemas.records import Payload
from schemas.sources import FeedRequest
from schemas.state import FeedNames, FeedState, HostState
from transforms.functions.polling.hosts import host_of

#: No feed is due again sooner than this after its last poll, in seconds, whatever its state says.
_LEAST_PAUSE_S = 1.0

#: How often what is known is gone through for feeds and hosts that can be forgotten.
_TIDY_EVERY = dt.timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True)
class LivePoll:
    """What became of one poll of a feed, or of one older page of it.

    url: of the feed's state. state: the feed's new one; None for an older page.
    payload: what there is to be parsed. error: why the poll failed: a dead letter at stage "fetch".
    found: feeds that the answer names for the first time, by states that say no more than that. They have to be kept
    together with `state`: an unchanged answer never names them again.
    """

    url: str
    state: FeedState | None = None
    payload: Payload | None = None
    error: RecordError | None = None
    found: tuple[FeedState, ...] = ()

    @property
    def is_news(self) -> bool:
        """Whether there is more to write down than that the feed was asked."""
        return self.payload is not None or self.error is not None or bool(self.found)


@dataclasses.dataclass(frozen=True, slots=True)
class LivePolls:
    """What was finished since it was asked for last.

    polls: in the order in which they ended. hosts: those that were asked meanwhile, or of which something was learnt.
    """

    polls: tuple[LivePoll, ...] = ()
    hosts: tuple[HostState, ...] = ()


@dataclasses.dataclass(slots=True)
class _Feed:
    """A feed between its polls.

    requests: all addresses that share its state. waiting: how many of them have no answer yet. due_at: None while any
    has none, and for what is polled no more. was_read: whether its older pages were asked for already.
    """

    state: FeedState
    requests: list[FeedRequest]
    waiting: int = 0
    due_at: dt.datetime | None = None
    was_read: bool = False


class LivePoller:
    """Polls feeds whenever they are due, by the rules of `Poller`: gaps, Retry-After, robots.txt, redirects, limits.

    In a loop: `start_due` begins what is due, `wait` sleeps until something has ended or is due, `take` gives what
    ended. None but `wait` waits for a server; all but `wake` are for one thread. Idle feeds cost nothing: they are in a
    heap by the time that they are due.

    A new state decides when its feed is polled next, whether or not anybody has saved it. States are to be saved in the
    order in which `take` gives them, and none before what an earlier poll of its feed brought; then a stop loses
    nothing, and what wasn't saved is polled again. Older pages (`settings.backfill`) are read at a feed's first poll
    only.

    settings: its `run_at`, `latest_start_s` and `known_hosts` don't count. clock: the present, aware, in UTC.
    addresses, states, hosts: the feeds that were given, and what is known from earlier, as `feed_requests` takes them.
    all_due: whether every feed is due at once, and what is retired too. is_ours: of a host's name (`host_of`), whether
    its feeds are polled here; what is found on others, or moves there, is given out and no more. A redirect may lead to
    others' hosts all the same; the gaps there are those of this process only.
    """

    def __init__(
        self,
        settings: PollSettings,
        client: Client,
        clock: Callable[[], dt.datetime],
        addresses: Iterable[str],
        states: Mapping[str, FeedState],
        hosts: Mapping[str, HostState],
        *,
        all_due: bool = False,
        is_ours: Callable[[str], bool] | None = None,
    ) -> None:
        self._clock = clock
        self._is_ours = is_ours
        made = dataclasses.replace(
            settings, run_at=None, latest_start_s=None, known_hosts=tuple(hosts.values())
        )
        self._poller = Poller(made, client, clock, outlasts_faults=True)
        self._feeds: dict[str, _Feed] = {}
        self._due: list[tuple[dt.datetime, int, str]] = []
        self._number = itertools.count()
        self._ended: list[LivePoll] = []
        self._is_closed = False
        now = clock()
        self._tidy_at = now + _TIDY_EVERY
        for request in feed_requests(addresses, states):
            self._admit(request)
        for feed in self._feeds.values():
            state = feed.state
            if state.status == "active" or (all_due and state.status != "gone"):
                self._schedule(feed, now if all_due else state.next_poll_at or now)

    def __len__(self) -> int:
        """How many feeds are known, those that are polled no more among them."""
        return len(self._feeds)

    def _admit(self, request: FeedRequest) -> _Feed:
        url = request.state.url
        feed = self._feeds.get(url)
        if feed is None:
            feed = self._feeds[url] = _Feed(request.state, [])
            self._poller.know([url])
        # What it has led to is among the feeds.
        feed.requests.append(dataclasses.replace(request, known=()))
        return feed

    def _schedule(self, feed: _Feed, at: dt.datetime) -> None:
        if self._is_ours is None or self._is_ours(_host_name(feed)):
            feed.due_at = at
            heapq.heappush(self._due, (at, next(self._number), feed.state.url))

    def add(self, requests: Iterable[FeedRequest]) -> None:
        """Adds feeds, such as another poller has found; those that are known already are passed over."""
        by_address = {request.address: request for request in requests}
        new = [request for request in by_address.values() if request.state.url not in self._feeds]
        for request in new:
            self._admit(request)
        for url in dict.fromkeys(request.state.url for request in new):
            feed = self._feeds[url]
            if feed.state.status == "active":
                self._schedule(feed, feed.state.next_poll_at or self._clock())

    def polls(self, url: str) -> bool:
        """Whether a feed is polled here: it is known, still active, and of our hosts. url: of its state."""
        feed = self._feeds.get(url)
        return feed is not None and (feed.waiting > 0 or feed.due_at is not None)

    @property
    def under_way(self) -> int:
        """Polls that were begun and aren't over."""
        return self._poller.under_way

    @property
    def next_due_at(self) -> dt.datetime | None:
        """When `start_due` has something to begin next, as far as is known; None where only an answer can tell."""
        times = [self._due[0][0]] if self._due else []
        if (turn_at := self._poller.next_begin_at) is not None:
            times.append(turn_at)
        return min(times, default=None)

    def start_due(self) -> None:
        """Begins what is due, as far as the hosts and the limit of requests allow."""
        if self._is_closed:
            return
        self._collect()
        now = self._clock()
        if now >= self._tidy_at:
            self._tidy(now)
        while self._due and self._due[0][0] <= now:
            at, _, url = heapq.heappop(self._due)
            feed = self._feeds.get(url)
            if feed is None or feed.due_at != at:
                continue
            feed.due_at = None
            for request in feed.requests:
                self._put(feed, request)
        self._poller.begin()

    def _put(self, feed: _Feed, request: FeedRequest) -> None:
        feed.waiting += 1
        self._poller.put(dataclasses.replace(request, state=feed.state), backfill=not feed.was_read)

    def wait(self, timeout_s: float | None = None) -> None:
        """Sleeps until a poll has ended, something is due, `wake` was called, or the time is over; at most until then.

        None is no bound: where nothing is ever due, it waits for `wake`. By a clock that stands still it may return
        early.
        """
        if self._ended:
            return
        if self._due:
            until_due_s = max((self._due[0][0] - self._clock()).total_seconds(), 0.001)
            timeout_s = until_due_s if timeout_s is None else min(timeout_s, until_due_s)
        self._poller.wait(timeout_s)

    def wake(self) -> None:
        """Ends a `wait`, or the next one. May be called from anywhere, handlers of signals included."""
        self._poller.wake()

    def take(self) -> LivePolls:
        """What was finished since it was called last."""
        self._collect()
        ended, self._ended = self._ended, []
        return LivePolls(tuple(ended), tuple(self._poller.gate.take_touched()))

    def learn_names(self, names: Iterable[FeedNames]) -> None:
        """Takes in what documents, once parsed, told of their feeds' guids: later payloads say how to take them."""
        for told in names:
            feed = self._feeds.get(told.url)
            if feed is not None:
                feed.state = with_names(feed.state, told)

    def close(self) -> None:
        """Begins nothing more. What is under way is of no interest any more: its feeds stay due."""
        self._is_closed = True
        self._due.clear()

    def _collect(self) -> None:
        for result in self._poller.take():
            self._after(result)

    def _after(self, result: PollResult) -> None:
        url, polled = result.request.state.url, result.polled
        found = tuple(request.state for request in result.found)
        for request in result.found:
            self._schedule(self._admit(request), self._clock())
        if result.is_page:
            self._ended.append(LivePoll(url, None, polled.payload, polled.error, found))
            return
        feed = self._feeds[url]
        feed.waiting -= 1
        if polled.state is not None:
            # What was learnt of its guids while it was asked isn't undone.
            feed.state = dataclasses.replace(
                polled.state, item_names=feed.state.item_names, unstable_guids=feed.state.unstable_guids
            )
            feed.was_read = feed.was_read or not polled.is_left
            self._ended.append(LivePoll(url, feed.state, polled.payload, polled.error, found))
        if feed.waiting == 0 and feed.state.status == "active":
            self._schedule(feed, self._next_poll_at(feed, polled.is_left))

    def _next_poll_at(self, feed: _Feed, is_left: bool) -> dt.datetime:
        now = self._clock()
        at = now + dt.timedelta(seconds=PATIENCE_S if is_left else _LEAST_PAUSE_S)
        if feed.state.next_poll_at is not None:
            at = max(at, feed.state.next_poll_at)
        if is_left:
            at = max(at, self._poller.gate.earliest(_host_name(feed)))
        return at

    def _tidy(self, now: dt.datetime) -> None:
        """Forgets feeds that a page or an index once led to, and hosts, as commits do."""
        self._tidy_at = now + _TIDY_EVERY
        for url in forgotten_feeds((feed.state for feed in self._feeds.values()), now):
            if self._feeds[url].waiting == 0:
                del self._feeds[url]
                self._poller.forget(url)
        self._poller.gate.forget_old()


def _host_name(feed: _Feed) -> str:
    """The host that a feed is asked of; empty where its address has none, for the poll to say so."""
    try:
        return host_of(feed.state.fetch_url or feed.requests[0].address)
    except ValueError:
        return ""
