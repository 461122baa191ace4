"""One poll of a feed: the request, and what its answer comes to."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import random
from collections.abc import Callable
from typing import Final

from pipeline.fetch.client import Client
from pipeline.fetch.gate import HostGate, Turn
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
from transforms.functions.polling.hosts import host_of
from transforms.functions.polling.items import items_seen
from transforms.functions.polling.links import feed_links
from transforms.functions.polling.outcomes import Conditions, Outcome, PollLimits
from transforms.functions.polling.plan import plan_request
from transforms.functions.polling.robots import MAX_ROBOTS_BYTES, after_robots, robots_allows, robots_due
from transforms.functions.polling.schedule import FeedSchedule, feed_schedule
from transforms.functions.sitemaps import is_sitemap, parse_sitemap
from transforms.functions.urls import absolute_url, with_credentials_of

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
    backfill: whether older pages and archives of a feed are read. run_at: when the run began.
    """

    http: HttpLimits
    limits: PollLimits
    run_at: dt.datetime
    host_gap_s: float = 2.0
    concurrency: int = 32
    robots: bool = False
    backfill: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Polled:
    """What became of one request.

    state: of the feed; None for a page of its archive. payload: what there is to be parsed. error: why the request
    failed. found: feeds that the answer names. page: the next older page of the feed, to be read too.
    again: nothing was asked of the feed yet, only of its host.
    """

    state: FeedState | None = None
    payload: Payload | None = None
    error: RecordError | None = None
    found: tuple[str, ...] = ()
    page: str | None = None
    again: bool = False


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
    address = asked_address(request)
    name = host_of(address)
    host = gate.state(name)
    if settings.robots:
        if robots_due(host, clock()):
            turn.was_asked = True
            gate.learn(_with_robots(host, address, client, settings, clock))
            return Polled(again=True)
        if not robots_allows(host, address, settings.http.user_agent, clock()):
            refused = not_allowed(state, host, clock())
            return Polled(refused, error=RecordError(str(refused.last_error), f"{state.url}: by robots.txt"))
    conditions = Conditions() if settings.backfill else plan_request(state, host, clock())
    try:
        answer = _ask(client, address, conditions, turn, settings)
    except RecordError as error:
        outcome, polled = Outcome(None, error.reason, conditional=bool(conditions)), Polled(error=error)
    else:
        outcome, polled = _read(state, answer, conditions, settings, clock())
    rng = random.Random(f"{state.url} {state.polls} {settings.run_at.isoformat()}")
    before = gate.state(name)
    state, host = after_answer(state, before, outcome, clock(), rng, settings.limits, settings.run_at)
    if host != before:
        gate.learn(host)
    if request.shares_state:
        state = dataclasses.replace(state, etag=None, last_modified=None, body_hash=None)
    return dataclasses.replace(polled, state=state)


def poll_page(address: str, feed_url: str, client: Client, turn: Turn, settings: PollSettings) -> Polled:
    """Reads an older page or archive of a feed (RFC 5005); nothing is remembered of it."""
    try:
        answer = _ask(client, address, Conditions(), turn, settings)
        if answer.status != 200:
            raise RecordError(f"http-{answer.status}", f"{answer.url} answered {answer.status}")
    except RecordError as error:
        return Polled(error=error)
    schedule = feed_schedule(answer.body, answer.headers.get("Content-Type"), answer.url)
    return Polled(payload=_payload(feed_url, answer, answer.body), page=_older(schedule))


def _ask(client: Client, address: str, conditions: Conditions, turn: Turn, settings: PollSettings) -> Answer:
    """The answer, redirects followed; each of them waits for the turn of the host that it leads to."""
    headers = {"Accept": _ACCEPT}
    if conditions.etag is not None:
        headers["If-None-Match"] = conditions.etag
    if conditions.last_modified is not None:
        headers["If-Modified-Since"] = conditions.last_modified
    turn.was_asked = True
    return client.get(
        address,
        limits=settings.http,
        headers=headers,
        before_hop=lambda target: turn.move(host_of(target)),
    )


def _with_robots(
    host: HostState, address: str, client: Client, settings: PollSettings, clock: Callable[[], dt.datetime]
) -> HostState:
    status, body = None, b""
    robots = absolute_url("/robots.txt", address)
    if robots is not None:
        try:
            answer = client.get(
                robots, limits=dataclasses.replace(settings.http, max_body_bytes=2 * MAX_ROBOTS_BYTES)
            )
            status, body = answer.status, answer.body
        except RecordError as error:
            # What redirects lead nowhere for is as good as none (RFC 9309, 2.3.1.2).
            status = 404 if error.reason in _LED_NOWHERE else None
    return after_robots(host, status, body, settings.http.user_agent, clock())


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
        # Sitemaps are often stored compressed, which no header says.
        codec: Codec | None = "gzip" if answer.body.startswith(b"\x1f\x8b") else None
        body = decompress(answer.body, codec, settings.http.max_body_bytes)
        return _read_body(state, answer, body, outcome, settings, now)
    except RecordError as error:
        return dataclasses.replace(outcome, error=error.reason), Polled(
            payload=_payload(state.url, answer, answer.body)
        )


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
        payload = None if children or not changed else _payload(state.url, answer, body)
        return outcome, Polled(payload=payload, found=children)
    if looks_like_feed(body):
        schedule = feed_schedule(body, content_type, answer.url)
        outcome = dataclasses.replace(outcome, items=items_seen(body, now), schedule=schedule)
        page = _older(schedule) if settings.backfill else None
        return outcome, Polled(payload=_payload(state.url, answer, body) if changed else None, page=page)
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


def _payload(feed_url: str, answer: Answer, body: bytes) -> Payload:
    return Payload(
        "feed", feed_url, (body,), content_type=answer.headers.get("Content-Type"), feed_url=feed_url
    )
