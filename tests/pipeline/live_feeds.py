"""A poller without an end against hosts of the loopback network, by a clock that the test moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeline.fetch.client import Client
from pipeline.fetch.live import LivePoll, LivePoller
from pipeline.fetch.poll import PollSettings
from schemas.state import FeedState, HostState
from tests.pipeline.polling_hosts import LIMITS
from tests.records import NOW
from transforms.functions.polling.hosts import merged
from transforms.functions.polling.outcomes import PollLimits


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


class LiveFeeds:
    """A `LivePoller` with its clock, and all that it gave out.

    polls: in their order. states, hosts: as a commit would keep them.
    """

    def __init__(
        self,
        client: Client,
        addresses: Iterable[str],
        *,
        states: Mapping[str, FeedState] | None = None,
        hosts: Mapping[str, HostState] | None = None,
        clock: Callable[[], dt.datetime] | None = None,
        all_due: bool = False,
        is_ours: Callable[[str], bool] | None = None,
        **settings: Any,
    ) -> None:
        self.clock = Clock()
        self._now = clock or self.clock
        self.states = dict(states or {})
        self.hosts = dict(hosts or {})
        self.polls: list[LivePoll] = []
        made = PollSettings(LIMITS, PollLimits(), run_at=None, **{"host_gap_s": 0.0, **settings})
        self.live = LivePoller(
            made, client, self._now, addresses, self.states, self.hosts, all_due=all_due, is_ours=is_ours
        )

    def settle(self) -> list[LivePoll]:
        """Polls what is due by the clock, and what that leads to; returns what came of it."""
        found: list[LivePoll] = []
        while True:
            self.live.start_due()
            taken = self.live.take()
            found += taken.polls
            for host in taken.hosts:
                self.hosts[host.host] = merged(self.hosts.get(host.host, host), host)
            at = self.live.next_due_at
            if taken.polls:
                continue
            if not self.live.under_way and (at is None or at > self._now()):
                break
            self.live.wait(10)
        for poll in found:
            for state in (poll.state, *poll.found):
                if state is not None:
                    self.states[state.url] = state
        self.polls += found
        return found

    def next_turn(self) -> list[LivePoll]:
        """Moves the clock to when something is due, and polls it."""
        at = self.live.next_due_at
        assert at is not None
        self.clock.now = max(at, self.clock.now)
        return self.settle()

    def after(self, **time: float) -> list[LivePoll]:
        """Polls turn by turn until so much time has passed."""
        end = self.clock.now + dt.timedelta(**time)
        found = self.settle()
        while (at := self.live.next_due_at) is not None and at <= end:
            found += self.next_turn()
        self.clock.now = end
        return found
