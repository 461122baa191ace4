"""One poll of a feed: the request, and what its answer comes to."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import random
from collections.abc import Callable
from typing import Final

from pipeline.fetch.client import Client
from pipeline.fetch.gate import PATIENCE_S, HostBusyError, HostGate, Turn
from pipeline.fetch.limits import Answer, HttpLimits
from pipeline.fetch.sniff import looks_like_feed
from schemas.errors import RecordError
from schemas.records import Origin, Payload
from schemas.sources import Codec, FeedRequest
from schemas.state import FeedState, HostState
from transforms.functions.charset import decode_text
from transforms.functions.compression import decompress
from transforms.functions.feeds import declared_charset
from transforms.functions.polling.answer import after_answer, not_allowed
from transforms.functions.polling.headers import retry_after_s
from transforms.functions.polling.hosts import host_of, paused
from transforms.functions.polling.items import items_seen
from transforms.functions.polling.links import feed_links
from transforms.functions.polling.outcomes import Conditions, Outcome, PollLimits
from transforms.functions.polling.plan import plan_request
from transforms.functions.polling.robots import MAX_ROBOTS_BYTES, after_robots, robots_allows, robots_due
from transforms.functions.polling.schedule import FeedSchedule, feed_schedule
from transforms.functions.sitemaps import is_sitemap, parse_sitemap
from transforms.functions.urls import absolute_url, redact_credentials, with_credentials_of

#: The newest so many sitemaps of an index are polled; the first index of a large paper names them back to 1851.
MAX_CHILDREN: Final = 50

#: Pages and archives of one feed that are fetched to fill in what it no longer shows (RFC 5005).
MAX_BACKFILL_PAGES: Final = 200

_ACCEPT: Final = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)


@dataclasses.dataclass(frozen=True, slots=True)
class PollSettings:
    """How feeds are polled in a run.

    http: what one request may cost. limits: bounds of the intervals. host_gap_s: seconds between two requests to one
    host. concurrency: requests under way at the same time. robots: whether robots.txt is asked for feeds, too.
    backfill: whether older pages and archives of a feed are read.
    run_at: when the run began, by its own clock, which intervals count from. None is for who polls without an end: each
    poll counts from its own beginning.
    clock_offset: how far that clock is ahead of this machine's.
    latest_start_s: seconds from the start of polling after which no request is begun; None is no bound. What is left
    then stays due: a host with very many feeds would else keep what all others had to say from being committed.
    known_hosts: hosts that none of the feeds is asked of, and that wish to be left alone: a redirect may lead there.
    """

    http: HttpLimits
    limits: PollLimits
    run_at: dt.datetime | None
    host_gap_s: float = 2.0
    concurrency: int = 32
    robots: bool = False
    backfill: bool = False
    clock_offset: dt.timedelta = dt.timedelta(0)
    latest_start_s: float | None = None
    known_hosts: tuple[HostState, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Polled:
    """What became of one request.

    state: of the feed; None for a page of its archive.
    payload: what there is to be parsed. error: why the request failed. found: feeds that the answer names.
    page: the next older page of the feed, to be read too.
    again: nothing was asked of the feed yet, only of its host. is_left: the feed is left to a later run.
    """

    state: FeedState | None = None
    payload: Payload | None = None
    error: RecordError | None = None
    found: tuple[str, ...] = ()
    page: str | None = None
    again: bool = False
    is_left: bool = False


def asked_address(request: FeedRequest) -> str:
    """Where a feed is asked for now, with the user and password that were given for it."""
    state = request.state
    return (
        request.address if state.fetch_url is None else with_credentials_of(request.address, state.fetch_url)
    )


def poll(
    request: FeedRequest,
    client: Client,
    gate: HostGate,
    turn: Turn,
    settings: PollSettings,
    clock: Callable[[], dt.datetime],
) -> Polled:
    """Makes one request for a feed, in its host's turn. Never raises for what a server does.

    A feed that has not changed gives neither payload nor error. A body that is no feed is given out for the parser to
    refuse, and counts as a failure.
    """
    state = request.state
    if request.shares_state:
        state = dataclasses.replace(state, etag=None, last_modified=None, body_hash=None)
    asker = _Asker(client, gate, turn, settings, clock)
    run_at = settings.run_at or clock()
    address = asked_address(request)
    name = host_of(address)
    conditions = Conditions() if settings.backfill else plan_request(state, gate.state(name), clock())
    try:
        answer = asker.ask(address, conditions)
    except _RobotsFirstError as first:
        asker.read_robots(first.address)
        return Polled(again=True)
    except _NotAllowedError as error:
        refused = not_allowed(state, gate.state(error.host), clock())
        return Polled(refused, error=RecordError(str(refused.last_error), error.detail))
    except HostBusyError as error:
        # No failure of the feed's; it stays due, but for a host that wishes to be left alone for longer.
        if error.until > clock() + dt.timedelta(seconds=PATIENCE_S):
            state = dataclasses.replace(state, next_poll_at=error.until)
        return Polled(state, is_left=True)
    except RecordError as error:
        outcome, polled = Outcome(None, error.reason, conditional=bool(conditions)), Polled(error=error)
    else:
        # Whoever answers may wish to be left alone: that is the last of those that redirects led to.
        name = host_of(answer.url)
        outcome, polled = _read(state, answer, conditions, settings, clock())
    rng = random.Random(f"{state.url} {state.polls} {run_at.isoformat()}")
    state, host = after_answer(state, gate.state(name), outcome, clock(), rng, settings.limits, run_at)
    wished = host.not_before
    if wished is not None:
        gate.learn(name, lambda known: paused(known, wished))
    if request.shares_state:
        state = dataclasses.replace(state, etag=None, last_modified=None, body_hash=None)
    return dataclasses.replace(polled, state=state)


def poll_page(
    address: str,
    request: FeedRequest,
    client: Client,
    gate: HostGate,
    turn: Turn,
    settings: PollSettings,
    clock: Callable[[], dt.datetime],
) -> Polled:
    """Reads an older page or archive of a feed (RFC 5005); nothing is remembered of it."""
    asker = _Asker(client, gate, turn, settings, clock)
    try:
        answer = asker.ask(address, Conditions())
        if answer.status != 200:
            asker.heed(answer)
            raise RecordError(f"http-{answer.status}", f"{answer.url} answered {answer.status}")
        body = _plain(answer, settings)
    except _RobotsFirstError as first:
        asker.read_robots(first.address)
        return Polled(again=True)
    except RecordError as error:
        return Polled(error=error)
    schedule = feed_schedule(body, answer.headers.get("Content-Type"), answer.url)
    payload = dataclasses.replace(_payload(request.state, answer, body), is_older_page=True)
    return Polled(payload=payload, page=_older(schedule))


class _RobotsFirstError(RecordError):
    """The robots.txt of the host that an address is of has to be read before anything else there is."""

    def __init__(self, address: str) -> None:
        super().__init__("robots-unknown", f"{redact_credentials(address)}: robots.txt hasn't been read yet")
        self.address = address


class _NotAllowedError(RecordError):
    """robots.txt keeps us from an address."""

    def __init__(self, address: str) -> None:
        super().__init__("robots-disallowed", f"{redact_credentials(address)}: by robots.txt")
        self.host = host_of(address)


@dataclasses.dataclass(frozen=True, slots=True)
class _Asker:
    """Asks for addresses in the turns of their hosts, and by their robots.txt where that is asked for."""

    client: Client
    gate: HostGate
    turn: Turn
    settings: PollSettings
    clock: Callable[[], dt.datetime]

    def ask(self, address: str, conditions: Conditions) -> Answer:
        """The answer, redirects followed; each of them waits for the turn of the host that it leads to.

        Raises RecordError: HostBusyError, _RobotsFirstError and _NotAllowedError among them.
        """
        self._check(address)
        headers = {"Accept": _ACCEPT}
        if conditions.etag is not None:
            headers["If-None-Match"] = conditions.etag
        if conditions.last_modified is not None:
            headers["If-Modified-Since"] = conditions.last_modified

        def before_hop(target: str) -> None:
            self._move(target)
            self._check(target)
            self.turn.was_asked = True

        self.turn.was_asked = True
        return self.client.get(address, limits=self.settings.http, headers=headers, before_hop=before_hop)

    def read_robots(self, address: str) -> None:
        """Asks for the robots.txt of an address's host, whose turn it is."""
        status: int | None = None
        body = b""
        robots = absolute_url("/robots.txt", address)
        limits = dataclasses.replace(
            self.settings.http, max_wire_bytes=4 * MAX_ROBOTS_BYTES, max_body_bytes=4 * MAX_ROBOTS_BYTES
        )
        self.turn.was_asked = True
        if robots is not None:
            try:
                answer = self.client.get(robots, limits=limits, before_hop=self._move)
            except RecordError as error:
                # What redirects lead nowhere for is as good as none (RFC 9309, 2.3.1.2).
                status = 404 if error.reason in _LED_NOWHERE else None
            else:
                status, body = answer.status, answer.body
                self.heed(answer)
        now, user_agent = self.clock(), self.settings.http.user_agent
        self.gate.learn(host_of(address), lambda host: after_robots(host, status, body, user_agent, now))

    def heed(self, answer: Answer) -> None:
        """Leaves a host alone that asks for it."""
        now = self.clock()
        wished = retry_after_s(answer.headers.get("Retry-After"), now)
        if answer.status in (429, 503) and wished is not None:
            until = now + dt.timedelta(seconds=wished)
            self.gate.learn(host_of(answer.url), lambda host: paused(host, until))

    def _move(self, target: str) -> None:
        # The time of waiting counts as the request's, which needs some of it to be answered.
        self.turn.move(host_of(target), min(PATIENCE_S, self.settings.http.total_s / 2))

    def _check(self, address: str) -> None:
        if not self.settings.robots:
            return
        host = self.gate.state(host_of(address))
        if robots_due(host, self.clock()):
            # Nothing was asked yet in this turn: robots.txt may be.
            self.turn.was_asked = False
            raise _RobotsFirstError(address)
        if not robots_allows(host, address, self.settings.http.user_agent, self.clock()):
            self.turn.was_asked = False
            raise _NotAllowedError(address)


_LED_NOWHERE: Final = ("too-many-redirects", "redirect-loop", "insecure-redirect")


def _read(
    state: FeedState, answer: Answer, conditions: Conditions, settings: PollSettings, now: dt.datetime
) -> tuple[Outcome, Polled]:
    headers = answer.headers
    outcome = Outcome(
        answer.status,
        etag=headers.get("ETag"),
        last_modified=headers.get("Last-Modified"),
        retry_after=headers.get("Retry-After"),
        cache_control=headers.get("Cache-Control"),
        expires=headers.get("Expires"),
        date=headers.get("Date"),
        moved_to=answer.permanent_url,
        wire_bytes=answer.wire_bytes,
        conditional=bool(conditions),
    )
    if answer.status == 304:
        return outcome, Polled()
    if answer.status != 200:
        return outcome, Polled(
            error=RecordError(f"http-{answer.status}", f"{state.url} answered {answer.status}")
        )
    try:
        body = _plain(answer, settings)
    except RecordError as error:
        return dataclasses.replace(outcome, error=error.reason), Polled(error=error)
    try:
        return _read_body(state, answer, body, outcome, settings, now)
    except RecordError as error:
        return dataclasses.replace(outcome, error=error.reason), Polled(payload=_payload(state, answer, body))


def _plain(answer: Answer, settings: PollSettings) -> bytes:
    """The body; sitemaps are often stored compressed, which no header says. Raises RecordError."""
    codec: Codec | None = "gzip" if answer.body.startswith(b"\x1f\x8b") else None
    return decompress(answer.body, codec, settings.http.max_body_bytes)


def _read_body(
    state: FeedState, answer: Answer, body: bytes, outcome: Outcome, settings: PollSettings, now: dt.datetime
) -> tuple[Outcome, Polled]:
    """What a full answer holds. Raises RecordError where it holds no feed."""
    body_hash = "b1" + hashlib.blake2b(body, digest_size=16).hexdigest()
    outcome = dataclasses.replace(outcome, body_hash=body_hash)
    changed = body_hash != state.body_hash
    content_type = answer.headers.get("Content-Type")
    if is_sitemap(body):
        children = _newest(body, state.url, content_type)
        outcome = dataclasses.replace(outcome, items=items_seen(body, now))
        payload = None if children or not changed else _payload(state, answer, body)
        return outcome, Polled(payload=payload, found=children)
    if looks_like_feed(body):
        schedule = feed_schedule(body, content_type, answer.url)
        outcome = dataclasses.replace(outcome, items=items_seen(body, now), schedule=schedule)
        page = _older(schedule) if settings.backfill else None
        return outcome, Polled(payload=_payload(state, answer, body) if changed else None, page=page)
    text, _ = decode_text(body, declared_charset(body, content_type))
    links = tuple(link for link in feed_links(text, answer.url) if link != state.url)
    if not links:
        raise RecordError("not-a-feed", state.url)
    return outcome, Polled(found=links)


def _newest(body: bytes, url: str, content_type: str | None) -> tuple[str, ...]:
    """The sitemaps that an index names, those that were modified last before the others."""
    children = parse_sitemap(body, Origin("feed", url, feed_url=url), content_type).children
    stated = sorted(
        (child for child in children if child.modified), key=lambda child: child.modified or "", reverse=True
    )
    unstated = [child for child in reversed(children) if not child.modified]
    resolved = (absolute_url(child.url, url) for child in (*stated, *unstated)[:MAX_CHILDREN])
    return tuple(dict.fromkeys(address for address in resolved if address is not None))


def _older(schedule: FeedSchedule) -> str | None:
    return schedule.prev_archive_url or schedule.next_page_url


def _payload(state: FeedState, answer: Answer, body: bytes) -> Payload:
    return Payload(
        "feed",
        state.url,
        (body,),
        content_type=answer.headers.get("Content-Type"),
        feed_url=state.url,
        has_unstable_guids=state.unstable_guids == "changing",
    )
