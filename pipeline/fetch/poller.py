"""Polls many feeds at a time, each host in its turn."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime as dt
import heapq
import itertools
import logging
import queue
import random
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType

from pipeline.fetch.client import Client
from pipeline.fetch.gate import HostGate, Turn
from pipeline.fetch.poll import (
    MAX_BACKFILL_PAGES,
    Polled,
    PollSettings,
    asked_address,
    poll,
    poll_page,
)
from schemas.errors import RecordError, RunError
from schemas.sources import FeedRequest, HostQueue
from schemas.state import FeedState, HostState
from transforms.functions.polling.answer import after_answer
from transforms.functions.polling.hosts import host_of
from transforms.functions.polling.outcomes import Outcome
from transforms.functions.urls import redact_credentials, with_credentials_of

_LOG = logging.getLogger("newsbeam")

# A host that a redirect holds is looked at again after so long, in seconds.
_HELD_S = 0.1

#: A host that is not to be asked for longer than this, in seconds, is left to a later run.
LONGEST_WAIT_S = 120.0

#: Pages and indexes may name others, at most so deep.
MAX_DEPTH = 2

# Redirects lead through at most so many hosts.
_MAX_ROBOTS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class _Task:
    """A request to be made.

    page: of an older page of the feed, its address. number: of that page. robots_read: how many robots.txt had to be
    read for it. is_new: whether the feed was only found in this run. backfill: whether older pages may be read.
    """

    request: FeedRequest
    page: str | None = None
    number: int = 0
    robots_read: int = 0
    is_new: bool = False
    backfill: bool = True

    @property
    def address(self) -> str:
        """What is asked for."""
        if self.page is not None:
            return with_credentials_of(self.request.address, self.page)
        return asked_address(self.request)


class _Told:
    """Tells that a block has ended; an error that ends it is a future's, for whoever waits to raise.

    In a thread it would else be printed, and nobody would know.
    """

    def __init__(self, future: concurrent.futures.Future[Polled], tell: Callable[[], None]) -> None:
        self._future = future
        self._tell = tell

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self._future.set_exception(error)
        self._tell()
        return True


@dataclasses.dataclass(frozen=True, slots=True)
class PollResult:
    """What became of a request.

    request: as it was made. polled: of a feed that was left without being asked, it has no state and `is_left`.
    is_page: whether an older page of the feed was asked for.
    found: requests for feeds that the answer names and that nobody has asked for yet, nor `Poller` will by itself.
    """

    request: FeedRequest
    polled: Polled
    is_page: bool = False
    found: tuple[FeedRequest, ...] = ()


_Done = tuple[_Task, str, "concurrent.futures.Future[Polled]"]


class Poller:
    """Polls feeds, and what they lead to.

    `results` polls all that was added, to its end. Step by step: `put`, `begin`, `wait`, `take`, again and again; none
    of them waits for a server, but `wait`. All are for one thread, which the requests' own threads leave alone.

    clock: the present, aware. left: feeds so far that are left to a later run, as their hosts' time hasn't come.
    outlasts_faults: whether an error of ours in one poll is a failure of its feed, "poll-failed", and logged as ours.
    Else it is raised: who polls for ever would meet the feed again and again, who polls once had better know.
    """

    def __init__(
        self,
        settings: PollSettings,
        client: Client,
        clock: Callable[[], dt.datetime],
        *,
        outlasts_faults: bool = False,
    ) -> None:
        self._settings = settings
        self._outlasts_faults = outlasts_faults
        self._client = client
        self._clock = clock
        self.gate = HostGate(settings.host_gap_s, clock, settings.known_hosts)
        self._queues: dict[str, deque[_Task]] = defaultdict(deque)
        self._turns: list[tuple[dt.datetime, int, str]] = []
        self._number = itertools.count()
        self._seen: set[str] = set()
        # The hosts in `_turns`, each there once at the most.
        self._scheduled: set[str] = set()
        # What became of requests that were never made.
        self._unasked: deque[tuple[_Task, Polled]] = deque()
        # What threads have ended with, None to end a wait; and what of it `wait` has taken out already.
        self._done: queue.SimpleQueue[_Done | None] = queue.SimpleQueue()
        self._arrived: deque[_Done] = deque()
        # The hosts from whose queues a request is under way: one of each at the most.
        self._asking: set[str] = set()
        self._latest: dt.datetime | None = None
        self.left = 0

    def add(self, hosts_queue: HostQueue) -> None:
        """Puts feeds into the queue of their host."""
        self.gate.know(hosts_queue.host)
        for request in hosts_queue.requests:
            self.put(request)

    def put(self, request: FeedRequest, *, is_new: bool = False, backfill: bool = True) -> None:
        """Puts a feed into the queue of its host.

        is_new: whether it was only found now. backfill: whether its older pages are read, where the settings say so.
        """
        self._seen.add(request.state.url)
        self._put(_Task(request, is_new=is_new, backfill=backfill))

    def know(self, urls: Iterable[str]) -> None:
        """Takes feeds for found that are not to be polled now, by their states' addresses."""
        self._seen.update(urls)

    def forget(self, url: str) -> None:
        """Lets a feed be found again."""
        self._seen.discard(url)

    @property
    def under_way(self) -> int:
        """Requests that were begun and whose result wasn't taken yet."""
        return len(self._asking)

    @property
    def is_done(self) -> bool:
        """Whether nothing is under way, nothing waits for its turn, and there is nothing to take."""
        return not (self._turns or self.under_way or self._unasked)

    @property
    def next_begin_at(self) -> dt.datetime | None:
        """When the next host's turn may come; None where only an answer can change anything."""
        if not self._turns or self.under_way >= self._settings.concurrency:
            return None
        return self._turns[0][0]

    def _put(self, task: _Task) -> None:
        try:
            name = host_of(task.address)
        except ValueError:
            error = RecordError("bad-address", f"{redact_credentials(task.address)}: not an address to fetch")
            self._unasked.append((task, self._failed(task, error)))
            return
        self._queues[name].append(task)
        # A host that is being asked has its next turn once that has ended.
        if name not in self._asking:
            self._push(name, self.gate.earliest(name))

    def _push(self, name: str, at: dt.datetime) -> None:
        is_late = self._latest is not None and at > self._latest
        if is_late or (at - self._clock()).total_seconds() > LONGEST_WAIT_S:
            self._leave(name)
        elif name not in self._scheduled:
            self._scheduled.add(name)
            heapq.heappush(self._turns, (at, next(self._number), name))

    def _leave(self, name: str) -> None:
        """Leaves what waits for a host to a later run. Nothing is lost: what isn't polled stays due."""
        for task in self._queues[name]:
            if task.page is not None:
                # Who names it may not be read in full the next time.
                error = RecordError(
                    "host-busy", f"{redact_credentials(task.page)}: its host has no time for it"
                )
                self._unasked.append((task, Polled(error=error)))
                continue
            self.left += 1
            self._unasked.append((task, Polled(task.request.state if task.is_new else None, is_left=True)))
        self._queues[name].clear()

    def results(self) -> Iterator[tuple[FeedRequest, Polled]]:
        """What becomes of each request that is made, as it does; ends when nothing is left to be asked."""
        if self._settings.latest_start_s is not None:
            self._latest = self._clock() + dt.timedelta(seconds=self._settings.latest_start_s)
        while not self.is_done:
            results = self.take()
            for result in results:
                for request in result.found:
                    self.put(request, is_new=True)
            self.begin()
            for result in results:
                if result.polled.state is not None or not result.polled.is_left:
                    yield result.request, result.polled
            if not results and not self.is_done:
                self.wait()

    def take(self) -> list[PollResult]:
        """What became of requests since it was called last. Never waits."""
        found: list[PollResult] = []
        while self._unasked:
            task, polled = self._unasked.popleft()
            found.append(PollResult(task.request, polled, task.page is not None))
        while (done := self._next_done()) is not None:
            if (result := self._ended(*done)) is not None:
                found.append(result)
        return found

    def _next_done(self) -> _Done | None:
        if self._arrived:
            return self._arrived.popleft()
        try:
            while True:
                if (done := self._done.get_nowait()) is not None:
                    return done
        except queue.Empty:
            return None

    def _ended(self, task: _Task, name: str, future: concurrent.futures.Future[Polled]) -> PollResult | None:
        """What a request has come to; None where it has to be made again, now that robots.txt is known."""
        self._asking.remove(name)
        fault = future.exception()
        polled = future.result() if fault is None else self._fault(task, fault)
        if polled.again and task.robots_read >= _MAX_ROBOTS:
            error = RecordError("robots-unreachable", f"{task.request.state.url}: led to too many hosts")
            polled = self._failed(task, error)
        feeds: tuple[FeedRequest, ...] = ()
        if polled.again:
            again = dataclasses.replace(task, robots_read=task.robots_read + 1)
            self._queues[name].appendleft(again)
        else:
            self.left += polled.is_left
            feeds = self._follow(task, polled)
        if self._queues[name]:
            self._push(name, self.gate.earliest(name))
        else:
            del self._queues[name]
        return None if polled.again else PollResult(task.request, polled, task.page is not None, feeds)

    def wait(self, timeout_s: float | None = None) -> None:
        """Waits until a request has ended, a host's turn may have come, `wake` was called, or the time is over."""
        if self._unasked or self._arrived:
            return
        at = self.next_begin_at
        if at is not None:
            until_turn_s = max((at - self._clock()).total_seconds(), 0.001)
            timeout_s = until_turn_s if timeout_s is None else min(timeout_s, until_turn_s)
        try:
            done = self._done.get(timeout=timeout_s)
        except queue.Empty:
            return
        if done is not None:
            self._arrived.append(done)

    def wake(self) -> None:
        """Ends a `wait`, or the next one; may be called from another thread and by a handler of signals."""
        self._done.put(None)

    def begin(self) -> None:
        """Starts the requests whose hosts' time has come, as many as may be under way at once."""
        slots = self._settings.concurrency - self.under_way
        while slots > 0 and self._turns and self._turns[0][0] <= self._clock():
            _, _, name = heapq.heappop(self._turns)
            self._scheduled.discard(name)
            if not self._queues[name]:
                continue
            if self._latest is not None and self._clock() > self._latest:
                self._leave(name)
                continue
            turn = self.gate.try_begin(name)
            if turn is None:
                at = max(self.gate.earliest(name), self._clock() + dt.timedelta(seconds=_HELD_S))
                self._push(name, at)
                continue
            task = self._queues[name].popleft()
            self._asking.add(name)
            slots -= 1
            future: concurrent.futures.Future[Polled] = concurrent.futures.Future()
            # No pool's: the program would wait for its threads at the end, though nobody wants the answer any more.
            threading.Thread(
                target=self._make, args=(task, name, turn, future), name="poll", daemon=True
            ).start()

    def _make(self, task: _Task, name: str, turn: Turn, future: concurrent.futures.Future[Polled]) -> None:
        """Makes a request, in a thread of its own."""
        settings = self._settings
        if settings.backfill and not task.backfill:
            settings = dataclasses.replace(settings, backfill=False)
        with _Told(future, lambda: self._done.put((task, name, future))):
            try:
                if task.page is not None:
                    polled = poll_page(
                        task.address, task.request, self._client, self.gate, turn, settings, self._clock
                    )
                else:
                    polled = poll(task.request, self._client, self.gate, turn, settings, self._clock)
            finally:
                turn.end()
            future.set_result(polled)

    def _failed(self, task: _Task, error: RecordError) -> Polled:
        """What becomes of an address that can't be asked for."""
        if task.page is not None:
            return Polled(error=error)
        settings = self._settings
        state, _ = after_answer(
            task.request.state, HostState(""), Outcome(None, error.reason), self._clock(), random.Random(0),
            settings.limits, settings.run_at,
        )  # fmt: skip
        return Polled(state, error=error)

    def _fault(self, task: _Task, fault: BaseException) -> Polled:
        said = f"{task.request.state.url}: its poll ended in an error of ours"
        if not self._outlasts_faults:
            raise RunError(said) from fault
        _LOG.error("%s", said, exc_info=fault)
        return self._failed(task, RecordError("poll-failed", f"{said}: {type(fault).__name__}"))

    def _follow(self, task: _Task, polled: Polled) -> tuple[FeedRequest, ...]:
        """Puts older pages that an answer leads to into the queues; returns the feeds that it leads to."""
        if polled.page is not None and task.number < MAX_BACKFILL_PAGES and polled.page not in self._seen:
            self._seen.add(polled.page)
            self._put(dataclasses.replace(task, page=polled.page, number=task.number + 1))
        if task.request.depth >= MAX_DEPTH:
            return ()
        found = []
        for address in polled.found:
            url = redact_credentials(address)
            if url in self._seen or url in task.request.known:
                continue
            self._seen.add(url)
            found.append(
                FeedRequest(
                    with_credentials_of(task.request.address, address),
                    FeedState(url, found_at=task.request.state.url),
                    depth=task.request.depth + 1,
                )
            )
        return tuple(found)
