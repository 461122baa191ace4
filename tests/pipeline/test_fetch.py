"""Fetching feeds: what servers do, and what becomes of it."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from pipeline.fetch.client import Client
from pipeline.fetch.limits import Answer, HttpLimits
from pipeline.fetch.poll import Polled, PollSettings
from pipeline.fetch.poller import Poller
from pipeline.fetch.sniff import looks_like_feed
from schemas.errors import RunError
from schemas.sources import FeedRequest, HostQueue
from schemas.state import FeedState, HostState
from tests.pipeline.feed_server import FeedServer, Script, answer
from tests.records import NOW
from transforms.functions.polling.outcomes import PollLimits

LIMITS = HttpLimits(
    "newsbeam-test", connect_timeout_s=2, read_timeout_s=2, total_s=12, max_wire_bytes=1_000, max_body_bytes=1_000,
    allow_private_hosts=True,
)  # fmt: skip
FEED = b"<rss version='2.0'><channel><title>Made up</title></channel></rss>"


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer(
        {"/feed": answer(200, FEED, ETag='"1"', Last_Modified="Wed, 01 May 2024 10:00:00 GMT")}
    ).running() as it:
        yield it


def poll_one(request: FeedRequest, limits: HttpLimits = LIMITS, client: Client | None = None) -> Polled:
    """The outcome of the one request that is made."""
    settings = PollSettings(limits, PollLimits(), run_at=NOW, host_gap_s=0)
    with client or Client() as asked:
        poller = Poller(settings, asked, lambda: NOW)
        poller.add(HostQueue(HostState("made.example"), (request,)))
        ((asked_for, polled),) = poller.results()
    assert asked_for.address == request.address
    return polled


def fetch(
    server: FeedServer,
    path: str = "/feed",
    state: FeedState | None = None,
    limits: HttpLimits = LIMITS,
) -> Polled:
    address = server.address + path
    return poll_one(FeedRequest(address, state or FeedState(address)), limits)


def state_of(polled: Polled) -> FeedState:
    assert polled.state is not None
    return polled.state


def test_a_feed_comes_with_what_is_needed_to_ask_for_it_again(server: FeedServer) -> None:
    """Body, validators and times."""
    fetched = fetch(server)
    assert fetched.payload is not None
    assert fetched.payload.parts == (FEED,)
    assert (state_of(fetched).etag, state_of(fetched).checked_at, state_of(fetched).changed_at) == (
        '"1"',
        NOW,
        NOW,
    )
    assert fetched.error is None
    assert server.requests[0][1]["user-agent"] == "newsbeam-test"


def test_the_next_request_is_conditional(server: FeedServer) -> None:
    """Validators go back as they came; a 304 has no payload and keeps the state."""
    first = state_of(fetch(server))
    server.scripts["/feed"] = answer(304)
    again = fetch(server, state=first)
    assert server.requests[-1][1]["if-none-match"] == '"1"'
    assert server.requests[-1][1]["if-modified-since"] == "Wed, 01 May 2024 10:00:00 GMT"
    assert again.payload is None
    assert again.error is None
    known = state_of(again)
    assert (known.etag, known.body_hash, known.changed_at) == (first.etag, first.body_hash, first.changed_at)
    assert known.bytes_saved > 0


def test_the_same_body_again_is_nothing_new(server: FeedServer) -> None:
    """Servers without validators send everything every time."""
    first = state_of(fetch(server))
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
        (answer(302, Location="/feed2"), "redirect-loop"),
        (answer(302, Location="file:///etc/hostname"), "bad-address"),
        (answer(302, Location="ftp://127.0.0.1/"), "bad-address"),
        (answer(200, b"not gzip", Content_Encoding="gzip"), "decompression-failed"),
        (endless, "too-large"),
        (bomb, "too-large"),
        (broken_off, "truncated"),
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
    assert (state_of(fetched).failures, state_of(fetched).last_error) == (3, reason)
    assert fetched.payload is None


def test_a_server_that_is_not_there_is_a_failure() -> None:
    """A closed port."""
    with FeedServer({}).running() as gone:
        pass
    fetched = fetch(gone)
    assert fetched.error is not None
    assert fetched.error.reason == "connection-failed"


def test_a_server_in_trouble_is_left_alone(server: FeedServer) -> None:
    """It is asked once, and not again before some time has passed."""
    server.scripts["/feed"] = answer(503)
    fetched = fetch(server)
    assert fetched.error is not None
    assert fetched.error.reason == "http-503"
    assert len(server.requests) == 1
    assert (state_of(fetched).next_poll_at or NOW) > NOW


QUICK = HttpLimits(
    "newsbeam-test", connect_timeout_s=0.2, read_timeout_s=0.2, total_s=1.2, allow_private_hosts=True
)


def drips_its_body(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100000")
    request.end_headers()
    drip(request)


def drips_its_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(request)


def drips_lines_of_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    drip(request, b"X: y\r\n")


def drips_chunks(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    drip(request, b"1\r\n \r\n")


def redirects_slowly(request: BaseHTTPRequestHandler) -> None:
    # To itself, by another address each time.
    location = f"{request.path.partition('?')[0]}?{request.path.count('x') * 'x'}x"
    request.wfile.write(f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nX-Slow: ".encode())
    drip(request, times=8)
    request.wfile.write(b"\r\nContent-Length: 0\r\n\r\n")


def drip(request: BaseHTTPRequestHandler, piece: bytes = b"x", times: int = 60) -> None:
    """Says something just often enough that no time-out of a socket ends it."""
    for _ in range(times):
        request.wfile.write(piece)
        request.wfile.flush()
        time.sleep(0.05)


def says_nothing(request: BaseHTTPRequestHandler) -> None:
    time.sleep(1)


@pytest.mark.parametrize(
    "script",
    [drips_its_body, drips_its_headers, drips_lines_of_headers, drips_chunks, redirects_slowly, says_nothing],
)
def test_all_of_a_request_has_its_time(server: FeedServer, script: Script) -> None:
    """However alive the connection is: headers, body and redirects together; a silent server is a time-out too."""
    server.scripts |= {f"/feed{query}": script for query in ("", "?x", "?xx", "?xxx", "?xxxx", "?xxxxx")}
    started = time.monotonic()
    fetched = fetch(server, limits=QUICK)
    taken = time.monotonic() - started
    assert fetched.error is not None
    assert fetched.error.reason == "timeout"
    # A guard against a request that never ends, not a measure.
    assert taken < QUICK.total_s + 30


def test_a_request_that_is_given_up_leaves_nothing_behind(server: FeedServer) -> None:
    """Its connection is closed, so that the server notices, and no thread goes on."""
    is_cut = threading.Event()

    def drips_until_cut(request: BaseHTTPRequestHandler) -> None:
        try:
            drips_its_body(request)
        except OSError:
            is_cut.set()

    server.scripts["/feed"] = drips_until_cut
    before = threading.active_count()
    fetch(server, limits=QUICK)
    assert is_cut.wait(10)
    until = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_error_of_ours_ends_the_run() -> None:
    """At once, and not as a server's fault."""

    class Broken(Client):
        def get(self, address: str, **_: object) -> Answer:
            raise IndexError("made up")

    address = "http://made.example/feed"
    with Broken() as broken, pytest.raises(RunError, match="an error of ours"):
        poll_one(FeedRequest(address, FeedState(address)), LIMITS, broken)


def test_what_comes_with_a_redirect_is_not_read(server: FeedServer) -> None:
    """A redirect's own body is for no one, and may have no end; its cookies count."""

    def redirect(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "/there")
        request.send_header("Set-Cookie", "seen=yes")
        request.end_headers()
        while True:
            request.wfile.write(b" " * 10_000)

    server.scripts["/there"] = server.scripts["/feed"]
    server.scripts["/feed"] = redirect
    assert fetch(server).payload is not None
    assert server.requests[-1][1]["cookie"] == "seen=yes"


@pytest.mark.parametrize(
    "address",
    [
        "feed://made.example/rss", "mailto:desk@made.example", "made.example/rss", "ftp://made.example/", "http://",
        "http://[made/rss", "http://made.example:port/", "http://" + "a" * 70 + ".example/", "http://..example/", "x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_a_failure_of_its_own(address: str) -> None:
    """Nothing is looked up or asked for."""
    fetched = poll_one(FeedRequest(address, FeedState(address)), QUICK)
    assert fetched.error is not None
    assert fetched.error.reason == "bad-address"


PAGE = b"<!DOCTYPE html><html><head><title>Made up</title></head><body>Back soon</body></html>"


@pytest.mark.parametrize("body", [PAGE, b"", b"Service unavailable", b'{"error": "made up"}'])
def test_what_is_no_feed_does_not_go_silent(server: FeedServer, body: bytes) -> None:
    """Nothing is kept by which the page could be unchanged the next time; the parser gets it each time."""
    good = state_of(fetch(server))
    server.scripts["/feed"] = answer(200, body, ETag='"page"', Last_Modified="Thu, 02 May 2024 10:00:00 GMT")
    first = fetch(server, state=good)
    second = fetch(server, state=state_of(first))
    for fetched in (first, second):
        assert fetched.payload is not None
        assert fetched.payload.parts == (body,)
        assert (state_of(fetched).etag, state_of(fetched).last_modified, state_of(fetched).body_hash) == (
            None,
        ) * 3
        assert state_of(fetched).changed_at == good.changed_at
    assert (state_of(second).failures, state_of(second).last_error) == (2, "not-a-feed")
    assert "if-none-match" not in server.requests[-1][1]
    assert "if-modified-since" not in server.requests[-1][1]


@pytest.mark.parametrize(
    ("body", "is_feed"),
    [
        (FEED, True),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- <html> --><?xml-stylesheet href='a'?>" + FEED, True),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + FEED, True),
        ("\ufeff<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'/>".encode("utf-16"), True),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='x'>", True),
        (b"<atom:feed xmlns:atom='http://www.w3.org/2005/Atom'>", True),
        (b"<b>Warning</b>: made up on line 3\n" + FEED, True),
        (b' {"version": "https://jsonfeed.org/version/1.1", "items": []}', True),
        (b"<!-- " + b"a" * 10_000 + b" -->" + FEED, True),
        (PAGE, False),
        (b"<html><body><feed>no</feed></body></html>", False),
        (b"<?xml version='1.0'?><!doctype HTML><p><rss>", False),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", False),
        (b"<feedback/>", False),
        (b"[]", False),
        (b"\xff\xfe", False),
    ],
)
def test_feeds_are_told_by_their_beginning(body: bytes, is_feed: bool) -> None:
    """By what the parser goes by as well."""
    assert looks_like_feed(body) is is_feed


def test_addresses_that_share_a_state_are_asked_for_whole(server: FeedServer) -> None:
    """What one subscriber got says nothing of what another would get."""
    known = state_of(fetch(server))
    fetched = poll_one(FeedRequest(server.address + "/feed", known, shares_state=True))
    assert "if-none-match" not in server.requests[-1][1]
    assert fetched.payload is not None
    assert (state_of(fetched).etag, state_of(fetched).last_modified, state_of(fetched).body_hash) == (
        None,
    ) * 3


def test_credentials_are_used_and_not_kept(server: FeedServer) -> None:
    """What is in the address is sent; the state and the payload are under the address without it."""
    address = server.address.replace("http://", "http://user:secret@") + "/feed"
    fetched = poll_one(FeedRequest(address, FeedState(server.address + "/feed")))
    assert server.requests[0][1]["authorization"].startswith("Basic ")
    assert "secret" not in repr(fetched)
