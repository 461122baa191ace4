"""Fetches feeds: one bounded request each, conditional on what the last run saw."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import io
import queue
import re
import socket
import threading
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from schemas.errors import RecordError, RunError
from schemas.records import Payload
from schemas.sources import FeedRequest
from schemas.state import FeedState
from transforms.functions import charset

#: Redirects that are followed before a feed counts as lost.
MAX_REDIRECTS = 5

#: All of a request, with redirects and second tries, may take this many times the time-out between two of its parts.
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


def fetch_feed(request: FeedRequest, limits: FetchLimits, now: dt.datetime) -> Fetched:
    """Asks for one feed, once, within TOTAL_TIMEOUTS. Never raises for what a server does.

    A feed that has not changed (304, or the same body again) gives neither payload nor error. A body that is no feed
    is given out for the parser to refuse, and counts as a failure: nothing is kept by which the next request could
    find it unchanged, or such a page would be said once and never again.
    """
    state = request.state
    if request.shares_state:
        state = dataclasses.replace(state, etag=None, last_modified=None, body_hash=None)
    try:
        status, headers, body = _get_in_time(request.address, state, limits)
    except RecordError as error:
        return _failed(state, error, now)
    if status == 304:
        return Fetched(dataclasses.replace(state, checked_at=now, failures=0, last_error=None))
    if status != 200:
        return _failed(state, RecordError(f"http-{status}", f"{state.url} answered {status}"), now)
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


_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)(?=[\s/>])", re.IGNORECASE)
_PROLOG = re.compile(
    r"[\s\ufeff]+|<!--.*?-->|<\?[^>]*>|<!DOCTYPE(?!\s+html)[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_PAGE = re.compile(r"<!DOCTYPE\s+html|<(?:html|head|body)[\s/>]", re.IGNORECASE)
_FIRST_TAG = re.compile(r"<[!a-z]", re.IGNORECASE)

# Behind a byte order mark, comments, or the warnings of a broken server program, a feed begins within this.
_SNIFFED_BYTES = 64 * 1024


def looks_like_feed(body: bytes) -> bool:
    """Whether a body begins as a feed does: a cheap look that says nearly always what the parser will say.

    JSON counts where it names "items"; XML by its root element, which may come behind rubbish, as long as that is
    no HTML page.
    """
    start = body[:_SNIFFED_BYTES]
    wide = charset.wide_codec(start)
    # All of the names that are looked for are ASCII, which other charsets have in common.
    text = start.decode(wide or "latin-1", "replace").removeprefix("\xef\xbb\xbf")
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return '"items"' in (text if wide else body.decode("latin-1"))
    place = 0
    while (prolog := _PROLOG.match(text, place)) is not None:
        place = prolog.end()
    if _ROOT.match(text, place):
        return True
    first = _FIRST_TAG.search(text, place)
    if first is None or _PAGE.match(text, first.start()):
        return False
    return _ROOT.search(text, place) is not None


class _Expired(TimeoutError):
    """The time for a whole request is over; raised in the thread that would connect once more."""


class _Connections:
    """The sockets of one request, which another thread may cut off.

    Duplicates of them: TLS puts another socket object over a connection, and shutting down one cuts off both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_over = False

    def add(self, connected: socket.socket) -> socket.socket:
        """Remembers a connection; raises where the time is over."""
        with self._lock:
            if not self._is_over:
                self._sockets.append(connected.dup())
                return connected
        connected.close()
        raise _Expired("the time for the request is over")

    def cut(self) -> None:
        """Ends all reading and writing, at once; there will be no other connection."""
        with self._lock:
            self._is_over = True
            for connected in self._sockets:
                with contextlib.suppress(OSError):
                    connected.shutdown(socket.SHUT_RDWR)
                connected.close()
            self._sockets.clear()


def _pools(connections: _Connections) -> dict[str, Any]:
    """urllib3's pools, with connections that can be cut off."""

    class Plain(urllib3.connection.HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connections.add(super()._new_conn())

    class Secure(urllib3.connection.HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connections.add(super()._new_conn())

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Adapter(HTTPAdapter):
    def __init__(self, connections: _Connections, retry: urllib3.Retry) -> None:
        self._pools = _pools(connections)
        super().__init__(max_retries=retry)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        # A SOCKS proxy has pools of its own.
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        answer = super().send(*arguments, **options)
        if answer.is_redirect:
            # The session would read what comes with it to the end, however much that is.
            whole = answer.raw
            answer.raw = urllib3.HTTPResponse(
                io.BytesIO(),
                preload_content=False,
                original_response=getattr(whole, "_original_response", None),
            )
            whole.close()
        return answer


def _open_session(limits: FetchLimits, connections: _Connections) -> requests.Session:
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
    session.adapters.clear()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(connections, retry))
    return session


_Answer = tuple[int, Any, bytes]


def _get_in_time(address: str, state: FeedState, limits: FetchLimits) -> _Answer:
    """Status, headers and body of an answer, or the RecordError that it is, when the time is over at the latest.

    A server may send a byte now and then, in its headers or its TLS too, and no time-out of a socket ever ends that;
    nor does one end a slow look-up of a name. So the request has a thread to itself, which is left to its fate
    when the time is over: cut off from its connections, it soon ends.
    """
    connections = _Connections()
    outcome: queue.SimpleQueue[_Answer | RecordError | None] = queue.SimpleQueue()

    def ask() -> None:
        found: _Answer | RecordError | None = None
        try:
            with _open_session(limits, connections) as session:
                found = _get(session, address, state, limits)
        except RecordError as error:
            found = error
        finally:
            outcome.put(found)

    threading.Thread(target=ask, name="newsbeam-request", daemon=True).start()
    total = limits.timeout_s * TOTAL_TIMEOUTS
    try:
        answer = outcome.get(timeout=total)
    except queue.Empty:
        raise RecordError("timeout", f"{state.url}: not answered in full within {total:g} s") from None
    finally:
        connections.cut()
    if answer is None:
        raise RunError(f"{state.url}: the request ended in an error of ours, which is said above")
    if isinstance(answer, RecordError):
        raise answer
    return answer


def _get(session: requests.Session, address: str, state: FeedState, limits: FetchLimits) -> _Answer:
    """Status, headers and body of an answer; the body is read for 200 only."""
    shown = state.url
    conditions = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    try:
        with session.get(
            address,
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
            return 200, answer.headers, bytes(body)
    except requests.exceptions.TooManyRedirects as error:
        raise RecordError("too-many-redirects", f"{shown}: more than {MAX_REDIRECTS} redirects") from error
    except requests.exceptions.SSLError as error:
        raise RecordError("tls-failed", f"{shown}: its certificate or TLS can't be trusted") from error
    except requests.exceptions.ContentDecodingError as error:
        raise RecordError("decompression-failed", f"{shown}: its compressed body is damaged") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        if _is_timeout(error):
            raise RecordError("timeout", f"{shown}: no answer within {limits.timeout_s:g} s") from error
        # What requests doesn't foresee in an address, its own or a redirect's, is a ValueError.
        if isinstance(error, ValueError | urllib3.exceptions.LocationValueError):
            raise RecordError(
                "bad-address", f"{shown}: not an address to fetch, or redirected to one that isn't"
            ) from error
        raise RecordError("connection-failed", f"{shown}: {type(error).__name__}") from error


def _is_timeout(error: BaseException) -> bool:
    """Whether a time-out is at the bottom of it: after the second try requests calls it a failed connection."""
    cause: Any = error
    while isinstance(cause, BaseException):
        if isinstance(cause, urllib3.exceptions.NewConnectionError):
            return False
        if isinstance(cause, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
            return True
        inner = (getattr(cause, "reason", None), *cause.args)
        cause = next((found for found in inner if isinstance(found, BaseException)), None)
    return False
