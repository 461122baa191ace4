"""Who may ask which host now: one request at a time, a gap between two, and never before the host wishes."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from schemas.errors import RecordError
from schemas.state import HostState
from transforms.functions.polling.hosts import earliest_request, kept_hosts, merged, request_ended

#: How long a redirect waits for its target's host. A host that is asked a lot may have a long queue; the feed is
#: polled again.
PATIENCE_S = 30.0


class HostBusyError(RecordError):
    """A host's turn isn't to be had for now: "host-busy". until: when it may be."""

    def __init__(self, name: str, until: dt.datetime) -> None:
        super().__init__("host-busy", f"{name} has no time for a redirect just now")
        self.until = until


class HostGate:
    """The turns of hosts, for the threads of one process.

    hosts: what is known of hosts from earlier runs. gap_s: seconds from the end of a request to the next one.
    clock: the present, aware.
    """

    def __init__(
        self, gap_s: float, clock: Callable[[], dt.datetime], hosts: Iterable[HostState] = ()
    ) -> None:
        self._gap_s = gap_s
        self._clock = clock
        self._hosts = {host.host: host for host in hosts}
        self._touched: set[str] = set()
        self._busy: set[str] = set()
        self._waiting: dict[str, deque[object]] = defaultdict(deque)
        self._changed = threading.Condition(threading.RLock())

    def know(self, host: HostState) -> None:
        """Adds what an earlier run has seen of a host to what this one has."""
        with self._changed:
            self._hosts[host.host] = merged(host, self.state(host.host))

    def state(self, name: str) -> HostState:
        """What is known of a host."""
        with self._changed:
            return self._hosts.get(name) or HostState(name)

    def touched(self) -> list[HostState]:
        """The hosts that were asked, or of which something was learnt."""
        with self._changed:
            return [self._hosts[name] for name in sorted(self._touched)]

    def take_touched(self) -> list[HostState]:
        """As `touched`, of the time since it was called last."""
        with self._changed:
            found = self.touched()
            self._touched.clear()
            return found

    def forget_old(self) -> None:
        """Forgets the hosts that a commit would (`kept_hosts`); else a process without an end would know ever more."""
        with self._changed:
            kept = kept_hosts(self._hosts, self._clock()).keys() | self._busy | self._touched
            self._hosts = {name: host for name, host in self._hosts.items() if name in kept}
            for name in [name for name, waiting in self._waiting.items() if not waiting]:
                del self._waiting[name]

    def earliest(self, name: str) -> dt.datetime:
        """When the next request to a host may begin, if none is under way then."""
        return earliest_request(self.state(name), self._clock(), self._gap_s)

    def try_begin(self, name: str) -> Turn | None:
        """The host's turn, where it is free, its time has come, and no redirect waits for it."""
        with self._changed:
            if self._waiting[name] or not self._is_free(name):
                return None
            self._busy.add(name)
            return Turn(self, name)

    def wait_for(self, name: str, patience_s: float = PATIENCE_S) -> None:
        """Takes the host's turn, as soon as it can be had, in the order of asking; for a `Turn`.

        Raises HostBusyError where that is not within `patience_s`.
        """
        until = self._clock() + dt.timedelta(seconds=patience_s)
        with self._changed:
            waiting = self._waiting[name]
            ticket = object()
            waiting.append(ticket)
            try:
                while True:
                    if waiting[0] is ticket and self._is_free(name):
                        self._busy.add(name)
                        return
                    at = self.earliest(name)
                    now = self._clock()
                    if at > until or now >= until:
                        raise HostBusyError(name, at)
                    # A turn's end tells; the time of the next one doesn't.
                    wait = until if name in self._busy or waiting[0] is not ticket else at
                    self._changed.wait(max((wait - now).total_seconds(), 0.001))
            finally:
                waiting.remove(ticket)
                self._changed.notify_all()

    def _is_free(self, name: str) -> bool:
        return name not in self._busy and self.earliest(name) <= self._clock()

    def learn(self, name: str, change: Callable[[HostState], HostState]) -> HostState:
        """Changes what is known of a host, and returns it; whoever else has learnt something meanwhile isn't undone."""
        with self._changed:
            before = self.state(name)
            after = change(before)
            if after != before:
                self._hosts[name] = after
                self._touched.add(name)
            return after

    def give_back(self, name: str, was_asked: bool) -> None:
        """Ends a host's turn; where it was asked, the gap begins. For a `Turn`."""
        with self._changed:
            if was_asked:
                self._hosts[name] = request_ended(self._hosts.get(name) or HostState(name), self._clock())
                self._touched.add(name)
            self._busy.discard(name)
            self._changed.notify_all()


class Turn:
    """The turn of one host at a time, which goes from host to host with a request's redirects."""

    def __init__(self, gate: HostGate, name: str) -> None:
        self._gate = gate
        self._name: str | None = name
        self.was_asked = False

    def move(self, name: str, patience_s: float = PATIENCE_S) -> None:
        """Gives the turn back for that of another host, or for another one of the same. Raises HostBusyError."""
        self.end()
        self._gate.wait_for(name, patience_s)
        self._name, self.was_asked = name, True

    def end(self) -> None:
        """Gives back what is held, if anything is."""
        if self._name is not None:
            self._gate.give_back(self._name, self.was_asked)
            self._name = None
