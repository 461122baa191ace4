"""The HTTP client: asks one address, within limits, whatever a server does."""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

import requests
import urllib3
from requests.auth import HTTPBasicAuth
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict

from pipeline.fetch.connections import KEPT_PER_HOST, CheckedAdapter, redact_logs, tls_context
from pipeline.fetch.decoding import ACCEPT_ENCODING, Body
from pipeline.fetch.exchange import Connect, Exchange, Resolve, current, system_connect, system_resolve
from pipeline.fetch.limits import Answer, Hop, HttpLimits
from pipeline.fetch.reasons import as_record_error
from pipeline.fetch.targets import Target, first_target, next_target
from schemas.errors import RecordError

#: Headers that can have one value only: of several, the first is taken.
SINGLE: Final = frozenset(
    ("content-length", "content-type", "date", "etag", "expires", "last-modified", "location", "retry-after")
)

_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_PERMANENT: Final = frozenset((301, 308))

_CHUNK_BYTES: Final = 64 * 1024

# What is read of a body that nobody wants, so that the connection can be kept, and for how long.
_DRAINED_BYTES: Final = 16 * 1024
_DRAINED_S: Final = 0.5

# In Latin-1, as headers are read, so that each byte goes back as it came.
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e\x80-\xff]*")

# Sent to the host that they were meant for only.
_PRIVATE_HEADERS: Final = frozenset(("authorization", "cookie", "proxy-authorization"))

# What requests and urllib3 raise for what a server does, or what is behind it.
_FAULTS = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


class Client:
    """Asks addresses by GET, keeping connections for the next request to the same host.

    Threads may share it. `close` ends its connections; it is a context manager that does so.

    Proxies are not used, those that the environment names neither: a proxy looks names up by itself, so that nobody
    could check what is connected to. Nor is `.netrc` read. Certificates are checked by certifi's list, or by
    `ca_bundle`, a file in PEM. resolve, connect: how names are looked up and connections opened.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        resolve: Resolve = system_resolve,
        connect: Connect = system_connect,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        redact_logs()
        self._adapter = CheckedAdapter(tls_context(ca_bundle))
        self._resolve = resolve
        self._connect = connect
        self._clock = clock

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that are kept."""
        self._adapter.close()

    def get(
        self,
        address: str,
        *,
        limits: HttpLimits,
        headers: Mapping[str, str] | None = None,
        before_hop: Callable[[str], None] | None = None,
    ) -> Answer:
        """Asks for an address, following redirects, and reads the body of a 200.

        address: http or https; user and password in it are sent as Basic (RFC 7617), to its own host only.
        headers: sent along at each hop, such as Accept and conditions; one that no header can be is left out. Those
        that authorise are sent to the first host only. User-Agent and Accept-Encoding are ours.
        before_hop: called with the address of each redirect's target before that is asked; it may wait, which counts
        as time of the request, or refuse by a RecordError of its own.

        Any status is an Answer. Cookies live as long as the call. Raises RecordError with one of `reasons.REASONS` for
        all that the address or a server does wrong, and nothing else; no text of it has a secret in it.
        """
        started = self._clock()
        target = first_target(address)
        exchange = Exchange(limits, self._resolve, self._connect, started + limits.total_s, self._clock)
        with current(exchange):
            return self._follow(target, dict(headers or {}), exchange, started, before_hop)

    def _follow(
        self,
        target: Target,
        headers: dict[str, str],
        exchange: Exchange,
        started: float,
        before_hop: Callable[[str], None] | None,
    ) -> Answer:
        limits = exchange.limits
        is_moving = True
        moved: str | None = None
        cookies = RequestsCookieJar()
        asked: set[tuple[str, str | None]] = set()
        hops: list[Hop] = []
        while True:
            exchange.begin_hop(target.shown)
            request = _prepared(target, headers, cookies, limits.user_agent)
            key = (target.url, request.headers.get("Cookie"))
            if key in asked:
                raise RecordError("redirect-loop", f"{target.shown}: redirected in a circle")
            asked.add(key)
            response = self._ask(request, exchange)
            try:
                answered = _headers(response.raw)
                status = response.status_code
                location = answered.get("Location") if status in _REDIRECTS else None
                body = b""
                if status == 200:
                    body = _read(response.raw, answered.get("Content-Encoding"), exchange)
                else:
                    _drain(response.raw, exchange)
                if location is not None:
                    extract_cookies_to_jar(cookies, request, response.raw)  # type: ignore[no-untyped-call]
            finally:
                _release(response.raw)
            if location is None:
                return Answer(
                    status=status,
                    headers=answered,
                    body=body,
                    url=target.shown,
                    hops=tuple(hops),
                    permanent_url=moved,
                    wire_bytes=exchange.received,
                    elapsed_s=self._clock() - started,
                )
            if len(hops) == limits.max_redirects:
                raise RecordError(
                    "too-many-redirects", f"{target.shown}: more than {limits.max_redirects} redirects"
                )
            before, target = target, next_target(target, _as_text(location))
            hops.append(Hop(status, before.shown, target.shown))
            # An address with a secret in it has not moved to one that is written down without.
            is_moving = is_moving and status in _PERMANENT and target.shown == target.url
            moved = target.url if is_moving else moved
            if not before.trusts(target):
                headers = {
                    name: value for name, value in headers.items() if name.lower() not in _PRIVATE_HEADERS
                }
            if before_hop is not None:
                before_hop(target.shown)

    def _ask(self, request: requests.PreparedRequest, exchange: Exchange) -> requests.Response:
        """Sends a request and reads the head of its answer."""
        limits = exchange.limits
        for attempt in range(KEPT_PER_HOST + 1):
            try:
                return self._adapter.ask(
                    request,
                    exchange.seconds(limits.connect_timeout_s),
                    exchange.seconds(limits.read_timeout_s),
                )
            except _FAULTS as error:
                failed = as_record_error(error, exchange.shown, has_head=False)
                # A server may close a kept connection just as it is used again: nothing was asked then.
                was_kept = exchange.connected_in_hop == 0 and exchange.received_in_hop == 0
                if not was_kept or failed.reason != "connection-failed" or attempt == KEPT_PER_HOST:
                    raise failed from error
        raise AssertionError("unreachable")


def _prepared(
    target: Target, headers: Mapping[str, str], cookies: RequestsCookieJar, user_agent: str
) -> requests.PreparedRequest:
    """The request for an address. Raises RecordError "bad-address"."""
    sent = {name: value for name, value in headers.items() if _can_be_sent(name) and _can_be_sent(value)}
    sent |= {"User-Agent": user_agent, "Accept-Encoding": ACCEPT_ENCODING}
    auth = None if target.credentials is None else HTTPBasicAuth(*target.credentials)
    request = requests.PreparedRequest()
    try:
        request.prepare(method="GET", url=target.url, headers=sent, auth=auth, cookies=cookies)
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise RecordError("bad-address", f"{target.shown}: not an address that can be asked") from error
    return request


def _can_be_sent(text: str) -> bool:
    """Whether requests and http.client take a text into a header: what a server once said may be anything."""
    return text != "" and text == text.strip() and _HEADER_TEXT.fullmatch(text) is not None


def _headers(raw: Any) -> CaseInsensitiveDict[str]:
    """The headers of an answer."""
    found: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name in raw.headers:
        values = raw.headers.getlist(name)
        found[name] = values[0] if name.lower() in SINGLE else ", ".join(values)
    return found


def _as_text(location: str) -> str:
    """A Location in UTF-8, which it should not, but may be."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _read(raw: Any, content_encoding: str | None, exchange: Exchange) -> bytes:
    """The body, decompressed. Raises RecordError."""
    limits, shown = exchange.limits, exchange.shown
    if (raw.length_remaining or 0) > limits.max_wire_bytes:
        raise RecordError(
            "too-large", f"{shown}: {raw.length_remaining:,} bytes, more than {limits.max_wire_bytes:,}"
        )
    body = Body(content_encoding, limits.max_body_bytes, limits.max_ratio, shown)
    sent = 0
    try:
        for chunk in raw.stream(_CHUNK_BYTES, decode_content=False):
            sent += len(chunk)
            if sent > limits.max_wire_bytes:
                raise RecordError("too-large", f"{shown}: more than {limits.max_wire_bytes:,} bytes as sent")
            body.feed(chunk)
            # Decompression takes time, too.
            exchange.seconds(limits.read_timeout_s)
    except _FAULTS as error:
        raise as_record_error(error, shown, has_head=True) from error
    return body.finish()


def _drain(raw: Any, exchange: Exchange) -> None:
    """Reads the rest of an answer where it is short, so that its connection can be used again."""
    is_short = raw.chunked or (raw.length_remaining is not None and raw.length_remaining <= _DRAINED_BYTES)
    if not is_short:
        return
    deadline = exchange.deadline
    try:
        exchange.deadline = min(deadline, exchange.clock() + _DRAINED_S)
        with contextlib.suppress(RecordError, *_FAULTS):
            raw.read(_DRAINED_BYTES, decode_content=False)
    finally:
        exchange.deadline = deadline


def _release(raw: Any) -> None:
    """Gives the connection back; one on which an answer is still under way is closed first."""
    if raw.connection is not None:
        raw.close()
    raw.release_conn()
