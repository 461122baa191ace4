"""Fetches feeds: one bounded request each, conditional on what the last run saw."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import time
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from schemas.errors import RecordError
from schemas.records import Payload
from schemas.sources import FeedRequest
from schemas.state import FeedState

#: Redirects that are followed before a feed counts as lost.
MAX_REDIRECTS = 5

#: A whole answer may take this many times the time-out that holds between two of its parts.
TOTAL_TIMEOUTS = 6

_CHUNK_BYTES = 64 * 1024

_ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)


@dataclasses.dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one request may cost.

    timeout_s: to connect, and between two parts of the answer. max_bytes: of the body, once decompressed.
    """

    timeout_s: float
    max_bytes: int
    user_agent: str


@dataclasses.dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome of one request. payload: None where nothing is new. error: set where it failed."""

    state: FeedState
    payload: Payload | None = None
    error: RecordError | None = None


def open_session(limits: FetchLimits) -> requests.Session:
    """A session that speaks http and https only and tries again, twice, what fails before an answer is read."""
    session = requests.Session()
    session.max_redirects = MAX_REDIRECTS
    session.headers.update({"User-Agent": limits.user_agent, "Accept": _ACCEPT})
    retry = urllib3.Retry(
        total=2,
        backoff_factor=0.5,
        status_forcelist=(502, 503, 504),
        allowed_methods=("GET",),
        # Redirects are the session's to follow and to count.
        redirect=0,
        raise_on_status=False,
        raise_on_redirect=False,
        respect_retry_after_header=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def fetch_feed(
    session: Any,
    request: FeedRequest,
    limits: FetchLimits,
    now: dt.datetime,
    clock: Callable[[], float] = time.monotonic,
) -> Fetched:
    """Asks for one feed, once. Never raises for what a server does.

    A feed that has not changed (304, or the same body again) gives neither payload nor error.
    """
    state = request.state
    try:
        status, headers, body = _get(session, request, limits, clock)
    except RecordError as error:
        return _failed(state, error, now)
    if status == 304:
        return Fetched(dataclasses.replace(state, checked_at=now, failures=0, last_error=None))
    if status != 200:
        return _failed(state, RecordError(f"http-{status}", f"{state.url} answered {status}"), now)
    body_hash = "b1" + hashlib.blake2b(body, digest_size=16).hexdigest()
    changed = body_hash != state.body_hash
    answered = dataclasses.replace(
        state,
        etag=headers.get("ETag"),
        last_modified=headers.get("Last-Modified"),
        body_hash=body_hash,
        checked_at=now,
        changed_at=now if changed else state.changed_at,
        failures=0,
        last_error=None,
    )
    if not changed:
        return Fetched(answered)
    payload = Payload(
        "feed", state.url, (body,), content_type=headers.get("Content-Type"), feed_url=state.url
    )
    return Fetched(answered, payload)


def _failed(state: FeedState, error: RecordError, now: dt.datetime) -> Fetched:
    failed = dataclasses.replace(state, checked_at=now, failures=state.failures + 1, last_error=error.reason)
    return Fetched(failed, error=error)


def _get(
    session: Any, request: FeedRequest, limits: FetchLimits, clock: Callable[[], float]
) -> tuple[int, Any, bytes]:
    """Status, headers and body of an answer; the body is read for 200 only."""
    state, shown = request.state, request.state.url
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    deadline = clock() + limits.timeout_s * TOTAL_TIMEOUTS
    try:
        with session.get(
            request.address,
            headers={name: value for name, value in conditions.items() if value},
            timeout=limits.timeout_s,
            stream=True,
        ) as answer:
            if answer.status_code != 200:
                return answer.status_code, answer.headers, b""
            body = bytearray()
            for chunk in answer.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > limits.max_bytes:
                    raise RecordError("too-large", f"{shown}: more than {limits.max_bytes} bytes")
                if clock() > deadline:
                    raise RecordError(
                        "timeout", f"{shown}: still sending after {limits.timeout_s * TOTAL_TIMEOUTS:g} s"
                    )
            return 200, answer.headers, bytes(body)
    except requests.exceptions.TooManyRedirects as error:
        raise RecordError("too-many-redirects", f"{shown}: more than {MAX_REDIRECTS} redirects") from error
    except requests.exceptions.Timeout as error:
        raise RecordError("timeout", f"{shown}: no answer within {limits.timeout_s:g} s") from error
    except (
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidURL,
        requests.exceptions.MissingSchema,
    ) as error:
        raise RecordError(
            "bad-address", f"{shown}: not an address to fetch, or redirected to one that isn't"
        ) from error
    except requests.exceptions.SSLError as error:
        raise RecordError("tls-failed", f"{shown}: its certificate or TLS can't be trusted") from error
    except requests.exceptions.ContentDecodingError as error:
        raise RecordError("decompression-failed", f"{shown}: its compressed body is damaged") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        raise RecordError("connection-failed", f"{shown}: {type(error).__name__}") from error
