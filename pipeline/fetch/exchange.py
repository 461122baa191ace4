"""One request as the sockets see it: its clock, its counters, and the only place where connections are opened."""

from __future__ import annotations

import contextvars
import dataclasses
import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from urllib3.util import connection

from pipeline.fetch.addresses import refusal
from pipeline.fetch.limits import HttpLimits
from schemas.errors import RecordError, RunError

#: Looks up a host: (name, port) -> its IP addresses, best first. Raises OSError where there are none.
Resolve = Callable[[str, int], Sequence[str]]

#: Connects to an IP address: (address, port, seconds) -> a connected socket. Raises OSError, TimeoutError among them.
Connect = Callable[[str, int, float], socket.socket]

# Of a host with many addresses, those that are tried.
_MAX_TRIES = 4


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Asks the system: its resolver, its hosts file."""
    found = socket.getaddrinfo(host, port, connection.allowed_gai_family(), socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def system_connect(address: str, port: int, timeout_s: float) -> socket.socket:
    """Connects by TCP, without Nagle's delay."""
    return connection.create_connection(
        (address, port), timeout_s, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    )


@dataclasses.dataclass(slots=True)
class Exchange:
    """What a request may still do; its connections find it in `CURRENT` and ask it.

    deadline: by `clock`. shown: the address of the present hop, without secrets, for what went wrong.
    received: bytes, of all hops. received_in_hop, connected_in_hop: bytes and new connections since `begin_hop`.
    """

    limits: HttpLimits
    resolve: Resolve
    connect_to: Connect
    deadline: float
    clock: Callable[[], float] = time.monotonic
    shown: str = ""
    received: int = 0
    received_in_hop: int = 0
    connected_in_hop: int = 0

    def begin_hop(self, shown: str) -> None:
        """The next request goes out, to this address."""
        self.shown = shown
        self.received_in_hop = self.connected_in_hop = 0

    def seconds(self, at_most: float) -> float:
        """How long to wait for what comes next; raises RecordError "timeout" once the time is over."""
        left = self.deadline - self.clock()
        if left <= 0:
            raise RecordError(
                "timeout", f"{self.shown}: not answered in full within {self.limits.total_s:g} s"
            )
        return min(left, at_most)

    def receive(self, connected: socket.socket, read: Callable[[], int | None]) -> int:
        """Lets `read` take what comes next from a connection, in time; raises RecordError "timeout", "too-large"."""
        connected.settimeout(self.seconds(self.limits.read_timeout_s))
        try:
            count = read() or 0
        except TimeoutError as error:
            # Either raises, by whichever limit it was.
            self.seconds(self.limits.read_timeout_s)
            raise RecordError(
                "timeout", f"{self.shown}: nothing more came for {self.limits.read_timeout_s:g} s"
            ) from error
        self.received += count
        self.received_in_hop += count
        # Chunked bodies may be mostly frames, and end in headers that nobody reads.
        if self.received_in_hop > self.limits.max_header_bytes + 2 * self.limits.max_wire_bytes:
            raise RecordError("too-large", f"{self.shown}: an answer that doesn't end")
        return count

    def connect(self, host: str, port: int) -> tuple[socket.socket, str]:
        """Connects to a host, to an address that was checked and to no other; says to which.

        The name is looked up once, here: it can't mean one thing for the check and another for the connection.
        Addresses that may not be asked are passed over; where there is no other, that is "private-address".
        Raises RecordError, "dns-failed", "timeout" and "connection-failed" too.
        """
        until = self.clock() + self.seconds(self.limits.connect_timeout_s)
        found = self._look_up(host, port)
        allowed = [one for one in found if self._may_ask(one)][:_MAX_TRIES]
        if not allowed:
            raise self._private(found)
        failure: OSError | None = None
        for i, address in enumerate(allowed):
            left = min(until, self.deadline) - self.clock()
            try:
                if left <= 0:
                    raise TimeoutError("the time to connect is over")
                connected = self.connect_to(address, port, left / (len(allowed) - i))
            except OSError as error:
                failure = error
                continue
            self.connected_in_hop += 1
            # TLS is agreed on next, all of it within this.
            connected.settimeout(self.seconds(self.limits.connect_timeout_s))
            return connected, address
        self.seconds(self.limits.connect_timeout_s)
        if isinstance(failure, TimeoutError):
            raise RecordError(
                "timeout", f"{self.shown}: not connected within {self.limits.connect_timeout_s:g} s"
            ) from failure
        raise RecordError(
            "connection-failed", f"{self.shown}: {failure.strerror or failure}" if failure else self.shown
        ) from failure

    def check_kept(self, address: str) -> None:
        """Raises RecordError "private-address" where a connection was kept by a request that might do more."""
        if not self._may_ask(address):
            raise self._private((address,))

    def _may_ask(self, address: str) -> bool:
        return self.limits.allow_private_hosts or refusal(address) is None

    def _private(self, found: Sequence[str]) -> RecordError:
        kinds = ", ".join(f"{one} is {refusal(one)}" for one in found[:_MAX_TRIES])
        return RecordError("private-address", f"{self.shown}: not asked, since {kinds}")

    def _look_up(self, host: str, port: int) -> Sequence[str]:
        try:
            return (str(ipaddress.ip_address(host.strip("[]"))),)
        except ValueError:
            pass
        try:
            host.encode("idna")
        except UnicodeError as error:
            raise RecordError("bad-address", f"{self.shown}: no name that a host can have") from error
        found = _in_time(lambda: self.resolve(host, port), self.seconds(self.limits.connect_timeout_s))
        if isinstance(found, socket.gaierror) and found.errno == socket.EAI_AGAIN:
            raise RecordError("dns-failed", f"{self.shown}: the name can't be looked up just now") from found
        if isinstance(found, OSError):
            raise RecordError("dns-failed", f"{self.shown}: no host of that name") from found
        if found is None:
            self.seconds(self.limits.connect_timeout_s)
            raise RecordError("timeout", f"{self.shown}: its name isn't looked up in time")
        if not found:
            raise RecordError("dns-failed", f"{self.shown}: no host of that name")
        return found


def _in_time(look_up: Callable[[], Sequence[str]], seconds: float) -> Sequence[str] | OSError | None:
    """What a look-up finds or fails with; None once the time is over.

    No look-up of the system's can be ended from outside: it is left to its thread, which it ends with.
    """
    outcome: queue.SimpleQueue[Sequence[str] | OSError | None] = queue.SimpleQueue()

    def ask() -> None:
        found: Sequence[str] | OSError | None = None
        try:
            found = look_up()
        except OSError as error:
            found = error
        finally:
            outcome.put(found)

    threading.Thread(target=ask, name="newsbeam-lookup", daemon=True).start()
    try:
        found = outcome.get(timeout=seconds)
    except queue.Empty:
        return None
    if found is None:
        raise RunError("looking up a host ended in an error of ours, which is said above")
    return found


#: The request that this thread is at; connections are kept from one request to the next.
CURRENT: contextvars.ContextVar[Exchange] = contextvars.ContextVar("newsbeam-exchange")


@contextmanager
def current(exchange: Exchange) -> Iterator[Exchange]:
    """Makes a request the one that this thread is at."""
    token = CURRENT.set(exchange)
    try:
        yield exchange
    finally:
        CURRENT.reset(token)
