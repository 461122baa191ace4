"""Fetching feeds: what servers do, and what becomes of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from pipeline.fetch import Fetched, FetchLimits, fetch_feed, open_session
from schemas.sources import FeedRequest
from schemas.state import FeedState
from tests.pipeline.feed_server import FeedServer, answer
from tests.records import NOW

LIMITS = FetchLimits(timeout_s=2, max_bytes=1_000, user_agent="newsbeam-test")
FEED = b"<rss version='2.0'><channel><title>Made up</title></channel></rss>"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer(
        {"/feed": answer(200, FEED, ETag='"1"', Last_Modified="Wed, 01 May 2024 10:00:00 GMT")}
    ).running() as it:
        yield it


def fetch(
    server: FeedServer,
    path: str = "/feed",
    state: FeedState | None = None,
    clock: Callable[[], float] | None = None,
) -> Fetched:
    address = server.address + path
    with open_session(LIMITS) as session:
        request = FeedRequest(address, state or FeedState(address))
        return fetch_feed(session, request, LIMITS, NOW, *([clock] if clock else []))


def test_a_feed_comes_with_what_is_needed_to_ask_for_it_again(server: FeedServer) -> None:
    """Body, validators and times."""
    fetched = fetch(server)
    assert fetched.payload is not None
    assert fetched.payload.parts == (FEED,)
    assert (fetched.state.etag, fetched.state.checked_at, fetched.state.changed_at) == ('"1"', NOW, NOW)
    assert fetched.error is None
    assert server.requests[0][1]["user-agent"] == "newsbeam-test"


def test_the_next_request_is_conditional(server: FeedServer) -> None:
    """Validators go back as they came; a 304 has no payload and keeps the state."""
    first = fetch(server).state
    server.scripts["/feed"] = answer(304)
    again = fetch(server, state=first)
    assert server.requests[-1][1]["if-none-match"] == '"1"'
    assert server.requests[-1][1]["if-modified-since"] == "Wed, 01 May 2024 10:00:00 GMT"
    assert again.payload is None
    assert again.error is None
    assert again.state == first


def test_the_same_body_again_is_nothing_new(server: FeedServer) -> None:
    """Servers without validators send everything every time."""
    first = fetch(server).state
    assert fetch(server, state=first).payload is None
    server.scripts["/feed"] = answer(200, FEED + b" ")
    assert fetch(server, state=first).payload is not None


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b" " * 10_000)


def broken_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"half")


def bomb(request: BaseHTTPRequestHandler) -> None:
    answer(200, gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")(request)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (answer(404), "http-404"),
        (answer(410), "http-410"),
        (answer(500), "http-500"),
        (answer(204), "http-204"),
        (answer(302, Location="/feed2"), "too-many-redirects"),
        (answer(302, Location="file:///etc/hostname"), "bad-address"),
        (answer(302, Location="ftp://127.0.0.1/"), "bad-address"),
        (answer(200, b"not gzip", Content_Encoding="gzip"), "decompression-failed"),
        (endless, "too-large"),
        (bomb, "too-large"),
        (broken_off, "connection-failed"),
    ],
)
def test_what_a_server_does_wrong_is_a_countable_reason(
    server: FeedServer, script: object, reason: str
) -> None:
    """Never an exception, and always one failure more."""
    server.scripts["/feed"] = server.scripts["/feed2"] = script  # type: ignore[assignment]
    fetched = fetch(server, state=FeedState(server.address + "/feed", failures=2))
    assert fetched.error is not None
    assert fetched.error.reason == reason
    assert (fetched.state.failures, fetched.state.last_error) == (3, reason)
    assert fetched.payload is None


def test_a_server_that_is_not_there_is_tried_again_and_then_a_failure() -> None:
    """A closed port."""
    with FeedServer({}).running() as gone:
        pass
    fetched = fetch(gone)
    assert fetched.error is not None
    assert fetched.error.reason == "connection-failed"


def test_a_passing_fault_is_tried_again(server: FeedServer) -> None:
    """A 503 followed by an answer is an answer."""
    ok = server.scripts["/feed"]
    failures = [answer(503), answer(502)]
    server.scripts["/feed"] = lambda request: (failures.pop() if failures else ok)(request)
    assert fetch(server).payload is not None
    assert len(server.requests) == 3


def test_a_server_that_drips_ends_on_the_clock(server: FeedServer) -> None:
    """However alive the connection is, the whole answer has its time."""
    server.scripts["/feed"] = answer(200, b"x" * 500)
    ticks = iter([0.0, 1e9, 2e9])
    fetched = fetch(server, clock=lambda: next(ticks))
    assert fetched.error is not None
    assert fetched.error.reason == "timeout"


def test_credentials_are_used_and_not_kept(server: FeedServer) -> None:
    """What is in the address is sent; the state and the payload are under the address without it."""
    address = server.address.replace("http://", "http://user:secret@") + "/feed"
    with open_session(LIMITS) as session:
        fetched = fetch_feed(session, FeedRequest(address, FeedState(server.address + "/feed")), LIMITS, NOW)
    assert server.requests[0][1]["authorization"].startswith("Basic ")
    assert "secret" not in repr(fetched)
