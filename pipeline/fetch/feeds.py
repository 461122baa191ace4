"""Fetches feeds: one bounded request each, conditional on what the last run saw."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import time
from typing import Final

from pipeline.fetch.client import Client
from pipeline.fetch.limits import Answer, HttpLimits
from pipeline.fetch.sniff import looks_like_feed
from schemas.errors import RecordError
from schemas.records import Payload
from schemas.sources import FeedRequest
from schemas.state import FeedState

#: All of a request, with redirects and second tries, may take this many times the time-out between two of its parts.
TOTAL_TIMEOUTS = 6

# Seconds before each further try, where the network failed or a server was out for a moment.
_PAUSES_S: Final = (0.0, 1.0)
_PASSING_REASONS: Final = frozenset(("connection-failed", "dns-failed"))
_PASSING_STATUSES: Final = frozenset((502, 503, 504))

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)


@dataclasses.dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one request may cost.

    timeout_s: to connect, and between two parts of the answer. max_bytes: of the body, once decompressed.
    allow_private_hosts: whether hosts are asked whose addresses aren't public.
    """

    timeout_s: float
    max_bytes: int
    user_agent: str
    allow_private_hosts: bool = True

    def for_one_request(self) -> HttpLimits:
        """The same for the client."""
        return HttpLimits(
            self.user_agent,
            connect_timeout_s=self.timeout_s,
            read_timeout_s=self.timeout_s,
            total_s=self.timeout_s * TOTAL_TIMEOUTS,
            max_wire_bytes=self.max_bytes,
            max_body_bytes=self.max_bytes,
            allow_private_hosts=self.allow_private_hosts,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome of one request. payload: None where nothing is new. error: set where it failed."""

    state: FeedState
    payload: Payload | None = None
    error: RecordError | None = None


def fetch_feed(
    request: FeedRequest, limits: FetchLimits, now: dt.datetime, client: Client | None = None
) -> Fetched:
    """Asks for one feed, once, within TOTAL_TIMEOUTS. Never raises for what a server does.

    client: keeps its connections from one feed to the next; without one, none is kept.

    A feed that has not changed (304, or the same body again) gives neither payload nor error. A body that is no feed
    is given out for the parser to refuse, and counts as a failure: nothing is kept by which the next request could
    find it unchanged, or such a page would be said once and never again.
    """
    state = request.state
    if request.shares_state:
        state = dataclasses.replace(state, etag=None, last_modified=None, body_hash=None)
    try:
        if client is None:
            with Client(ca_bundle=environment_ca_bundle()) as own:
                answer = _get(own, request.address, state, limits)
        else:
            answer = _get(client, request.address, state, limits)
    except RecordError as error:
        return _failed(state, error, now)
    if answer.status == 304:
        return Fetched(dataclasses.replace(state, checked_at=now, failures=0, last_error=None))
    if answer.status != 200:
        return _failed(
            state, RecordError(f"http-{answer.status}", f"{state.url} answered {answer.status}"), now
        )
    body, headers = answer.body, answer.headers
    payload = Payload(
        "feed", state.url, (body,), content_type=headers.get("Content-Type"), feed_url=state.url
    )
    if not looks_like_feed(body):
        failed = dataclasses.replace(state, etag=None, last_modified=None, body_hash=None)
        return Fetched(_failed(failed, RecordError("not-a-feed", state.url), now).state, payload)
    body_hash = "b1" + hashlib.blake2b(body, digest_size=16).hexdigest()
    changed = body_hash != state.body_hash
    answered = dataclasses.replace(
        state,
        checked_at=now,
        changed_at=now if changed else state.changed_at,
        failures=0,
        last_error=None,
    )
    if not request.shares_state:
        answered = dataclasses.replace(
            answered,
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            body_hash=body_hash,
        )
    return Fetched(answered, payload if changed else None)


def _failed(state: FeedState, error: RecordError, now: dt.datetime) -> Fetched:
    failed = dataclasses.replace(state, checked_at=now, failures=state.failures + 1, last_error=error.reason)
    return Fetched(failed, error=error)


def environment_ca_bundle() -> str | None:
    """The file of certificates that the environment names, as requests reads it; None for the usual ones."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None


def _get(client: Client, address: str, state: FeedState, limits: FetchLimits) -> Answer:
    """The answer, at the third try at the latest where the fault may pass; all tries have one time together."""
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    headers = {"Accept": _ACCEPT} | {name: value for name, value in conditions.items() if value}
    once = limits.for_one_request()
    until = time.monotonic() + once.total_s
    for pause_s in (*_PAUSES_S, None):
        left = dataclasses.replace(once, total_s=max(until - time.monotonic(), 0.001))
        try:
            answer = client.get(address, headers=headers, limits=left)
        except RecordError as error:
            if pause_s is None or error.reason not in _PASSING_REASONS:
                raise
        else:
            # Whoever says when to come back isn't asked before.
            if pause_s is None or answer.status not in _PASSING_STATUSES or "Retry-After" in answer.headers:
                return answer
        time.sleep(pause_s)
    raise AssertionError("unreachable")
