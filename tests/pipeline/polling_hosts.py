"""Hosts of the loopback network that note who asks what and when, and runs of the poller against them."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pipeline.fetch.client import Client
from pipeline.fetch.limits import HttpLimits
from pipeline.fetch.poll import Polled, PollSettings
from pipeline.fetch.poller import Poller
from pipeline.polling import feed_requests, host_queues
from schemas.sources import HostQueue
from schemas.state import FeedState, HostState
from tests.servers.server import Conversation, Request, ScriptedServer
from transforms.functions.polling.hosts import merged
from transforms.functions.polling.outcomes import PollLimits

#: Status, body and header lines of an answer.
Answer = tuple[Any, ...]
Page = Answer | Callable[[Request], Answer]

LIMITS = HttpLimits(
    "newsbeam-test", connect_timeout_s=20, read_timeout_s=20, total_s=120, allow_private_hosts=True
)


def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


@dataclasses.dataclass
class Asked:
    """A request. began, ended: seconds; its end is noted before the answer is sent, so that no client is ahead."""

    path: str
    headers: dict[str, str]
    began: float
    ended: float = 0.0


class PollingHost:
    """A host, with pages by their paths; 404 for others. In bodies and headers {0}, {1} ... are hosts' addresses."""

    def __init__(self, address: str, pages: Mapping[str, Page], delay_s: float = 0.0) -> None:
        self.pages = dict(pages)
        self.asked: list[Asked] = []
        self.most_open = 0
        self.names: list[str] = []
        self._open = 0
        self._delay_s = delay_s
        self._lock = threading.Lock()
        self.server = ScriptedServer(self._play, address)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def _play(self, talk: Conversation) -> None:
        while (request := talk.request()) is not None:
            with self._lock:
                asked = Asked(request.target, request.headers, time.monotonic())
                self.asked.append(asked)
                self._open += 1
                self.most_open = max(self.most_open, self._open)
            time.sleep(self._delay_s)
            page = self.pages.get(request.target, (404,))
            status, *rest = page(request) if callable(page) else page
            body = rest[0] if rest else b""
            with self._lock:
                self._open -= 1
                asked.ended = time.monotonic()
            talk.answer(
                status, self._filled(body), *(self._filled(line.encode()).decode() for line in rest[1:])
            )

    def _filled(self, text: bytes) -> bytes:
        for number, name in enumerate(self.names):
            text = text.replace(b"{%d}" % number, name.encode())
        return text

    def least_gap_s(self) -> float:
        """From the end of one request to the beginning of the next, at the least."""
        pairs = zip(self.asked, self.asked[1:], strict=False)
        return min((after.began - before.ended for before, after in pairs), default=float("inf"))


@contextlib.contextmanager
def hosts(*pages: Mapping[str, Page], delay_s: float = 0.0) -> Iterator[list[PollingHost]]:
    """A host for each mapping, on 127.0.7.1 and so on."""
    found = [PollingHost(f"127.0.7.{place + 1}", one, delay_s) for place, one in enumerate(pages)]
    for host in found:
        host.names = [other.url for other in found]
    with contextlib.ExitStack() as stack:
        for host in found:
            stack.enter_context(host.server.running())
        yield found


@dataclasses.dataclass
class Memory:
    """What is known between runs of the poller, as a run's commit keeps it."""

    states: dict[str, FeedState] = dataclasses.field(default_factory=dict)
    hosts: dict[str, HostState] = dataclasses.field(default_factory=dict)

    def poll(
        self,
        addresses: Sequence[str],
        *,
        at: dt.datetime | None = None,
        all_due: bool = False,
        **settings: Any,
    ) -> list[Polled]:
        """One run. at: its beginning, from which its clock goes on; None is the present."""
        began, started = at or now(), time.monotonic()

        def clock() -> dt.datetime:
            return began + dt.timedelta(seconds=time.monotonic() - started)

        made = PollSettings(
            settings.pop("http", LIMITS),
            PollLimits(),
            run_at=began,
            **{"host_gap_s": 0.0, **settings},
        )
        queues: list[HostQueue] = host_queues(
            feed_requests(addresses, self.states), self.hosts, began, all_due
        )
        with Client() as client:
            poller = Poller(made, client, clock)
            for queue in queues:
                poller.add(queue)
            results = [polled for _, polled in poller.results()]
        for polled in results:
            if polled.state is not None:
                self.states[polled.state.url] = polled.state
        for host in poller.gate.touched():
            self.hosts[host.host] = merged(self.hosts.get(host.host, host), host)
        return results


def rss(*names: str, links: str = "") -> bytes:
    """A feed with an item for each name, made up."""
    items = "".join(
        f"<item><title>Story {name}</title><link>http://made.example/{name}</link><guid>{name}</guid></item>"
        for name in names
    )
    return f"<rss version='2.0'><channel><title>Made up</title>{links}{items}</channel></rss>".encode()
