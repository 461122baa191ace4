"""The client: what it sends and to whom, what it keeps, and what it never gives away."""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import dataclasses
import logging
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.fetch.client import Client
from pipeline.fetch.connections import KEPT_PER_HOST, tls_context
from pipeline.fetch.limits import HttpLimits
from schemas.errors import RecordError, RunError
from tests.servers.case import FEED, PATIENT
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.network import PUBLIC, Network
from tests.servers.server import (
    Conversation,
    Script,
    ScriptedServer,
    after_request,
    answering,
    routed,
    saying,
)

NOT_PRIVATE = dataclasses.replace(PATIENT, allow_private_hosts=False)


def reason_of(client: Client, address: str, limits: HttpLimits = PATIENT) -> str:
    with pytest.raises(RecordError) as caught:
        client.get(address, limits=limits)
    return caught.value.reason


def to(location: str, status: int = 302) -> Script:
    return routed(
        {
            "/feed": lambda talk: talk.answer(status, b"", f"Location: {location}"),
            "/there": lambda talk: talk.answer(200, FEED),
        }
    )


# What is sent.


def test_a_request_says_who_asks_and_what_can_be_read() -> None:
    """And the conditions and types that the caller states."""
    with ScriptedServer(answering(200, FEED)).running() as server, Client() as client:
        client.get(
            f"{server.url}/feed?a=b#top",
            limits=PATIENT,
            headers={"Accept": "text/xml", "If-None-Match": '"1"'},
        )
        (request,) = server.requests
        assert request.target == "/feed?a=b"
        assert request.headers["user-agent"] == "newsbeam-test"
        assert request.headers["accept-encoding"] == "gzip, deflate, br"
        assert (request.headers["accept"], request.headers["if-none-match"]) == ("text/xml", '"1"')
        assert request.headers["host"] == f"127.0.0.1:{server.port}"
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers


@pytest.mark.parametrize("value", ["a\r\nX-Injected: b", "a\nb", " a", "", "\u4e00", "a\0b", "\ud800"])
def test_what_no_header_can_hold_is_left_out(value: str) -> None:
    """An odd validator must not keep its feed from being asked for, nor become a header of its own."""
    with ScriptedServer(answering(200, FEED)).running() as server, Client() as client:
        assert client.get(server.url, limits=PATIENT, headers={"If-None-Match": value}).status == 200
        assert not {"if-none-match", "x-injected"} & server.requests[0].headers.keys()


def test_a_validator_goes_back_as_it_came() -> None:
    """Byte by byte, in whatever charset its server writes."""
    script = saying(b'HTTP/1.1 200 OK\r\nETag: W/"caf\xe9\x93"\r\nContent-Length: 0\r\n\r\n')
    with ScriptedServer(script).running() as server, Client() as client:
        validator = client.get(server.url, limits=PATIENT).headers["etag"]
        client.get(server.url, limits=PATIENT, headers={"If-None-Match": validator})
        assert server.requests[1].headers["if-none-match"].encode("latin-1") == b'W/"caf\xe9\x93"'


@pytest.mark.parametrize(
    "address", ["http://us%40er:p%C3%A4ss@HOST/feed", "http://us%40er:p\u00e4ss@HOST/feed"]
)
def test_credentials_are_sent_as_basic(address: str) -> None:
    """In UTF-8, as RFC 7617 has it, without what escapes them in an address."""
    with ScriptedServer(answering(200, FEED)).running() as server, Client() as client:
        answer = client.get(address.replace("HOST", f"127.0.0.1:{server.port}"), limits=PATIENT)
        kind, _, encoded = server.requests[0].headers["authorization"].partition(" ")
        assert (kind, base64.b64decode(encoded).decode("utf-8")) == ("Basic", "us@er:p\u00e4ss")
        assert answer.url == f"{server.url}/feed"


def test_credentials_stay_with_their_host() -> None:
    """They go along to another path of it, and not to another host; from there they don't come back either."""
    seen: list[tuple[str, str, bool]] = []

    def remember(talk: Conversation, location: str | None) -> None:
        request = talk.server.requests[-1]
        seen.append((talk.server.host, request.target, "authorization" in request.headers))
        if location is None:
            talk.answer(200, FEED)
        else:
            talk.answer(302, b"", f"Location: {location}")

    second = ScriptedServer(routed({"/c": lambda talk: remember(talk, f"{first.url}/d")}), "127.0.0.2")
    first = ScriptedServer(
        routed(
            {
                "/a": lambda talk: remember(talk, "/b"),
                "/b": lambda talk: remember(talk, f"{second.url.replace('//', '//other:secret@')}/c"),
                "/d": lambda talk: remember(talk, None),
            }
        )
    )
    with first.running(), second.running(), Client() as client:
        address = f"{first.url.replace('//', '//user:secret@')}/a"
        answer = client.get(address, limits=PATIENT, headers={"Authorization": "ignored", "X-Own": "kept"})
    assert seen == [
        ("127.0.0.1", "/a", True),
        ("127.0.0.1", "/b", True),
        ("127.0.0.2", "/c", False),
        ("127.0.0.1", "/d", False),
    ]
    assert "secret" not in repr(answer)


@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
def test_headers_that_authorise_stay_with_their_host(header: str) -> None:
    """Those of the caller, too."""
    with (
        ScriptedServer(answering(200, FEED), "127.0.0.2").running() as second,
        ScriptedServer(to(f"{second.url}/there")).running() as first,
        Client() as client,
    ):
        client.get(f"{first.url}/feed", limits=PATIENT, headers={header: "secret=1", "Accept": "text/xml"})
        assert first.requests[0].headers[header.lower()] == "secret=1"
        assert header.lower() not in second.requests[0].headers
        assert second.requests[0].headers["accept"] == "text/xml"


def test_cookies_live_as_long_as_a_request() -> None:
    """The next one to the same host is asked as by a stranger."""
    script = routed(
        {
            "/feed": lambda talk: talk.answer(302, b"", "Location: /there", "Set-Cookie: a=b; Path=/"),
            "/there": lambda talk: talk.answer(200, FEED),
        }
    )
    with ScriptedServer(script).running() as server, Client() as client:
        for _ in range(2):
            client.get(f"{server.url}/feed", limits=PATIENT)
        assert [request.headers.get("cookie") for request in server.requests] == [None, "a=b", None, "a=b"]


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither proxies, which nobody could check, nor passwords of other programs."""
    (tmp_path / "netrc").write_text("default login user password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with ScriptedServer(answering(200, FEED)).running() as server, Client() as client:
        assert client.get(server.url, limits=PATIENT).body == FEED
        assert "authorization" not in server.requests[0].headers


# What is said.


def test_an_answer_tells_its_way() -> None:
    """Each hop, where the feed has moved for good, and what it cost."""
    script = routed(
        {
            "/a": lambda talk: talk.answer(301, b"gone", "Location: /b"),
            "/b": lambda talk: talk.answer(308, b"", "Location: /c?x=1"),
            "/c?x=1": lambda talk: talk.answer(307, b"", "Location: /d"),
            "/d": lambda talk: talk.answer(301, b"", "Location: /e"),
            "/e": lambda talk: talk.answer(200, FEED, "Content-Type: text/xml"),
        }
    )
    times = iter(range(100))
    with (
        ScriptedServer(script).running() as server,
        Client(clock=lambda: next(times) / 100) as client,
    ):
        answer = client.get(f"{server.url}/a", limits=PATIENT)
        at = server.url
    assert [(hop.status, hop.from_url, hop.to_url) for hop in answer.hops] == [
        (301, f"{at}/a", f"{at}/b"),
        (308, f"{at}/b", f"{at}/c?x=1"),
        (307, f"{at}/c?x=1", f"{at}/d"),
        (301, f"{at}/d", f"{at}/e"),
    ]
    assert (answer.url, answer.permanent_url) == (f"{at}/e", f"{at}/c?x=1")
    assert (answer.status, answer.body, answer.headers["CONTENT-TYPE"]) == (200, FEED, "text/xml")
    assert 0 < answer.elapsed_s < 1
    assert answer.wire_bytes > len(FEED) + 5 * len("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("address", ["http://user:secret@HOST/feed", "http://HOST/feed?token=secret"])
@pytest.mark.parametrize("location", ["/there", "/there?token=secret"])
def test_no_address_moves_to_one_with_a_secret_in_it(address: str, location: str) -> None:
    """What is written down has no secrets, and without them it would be another address; user and password aside."""
    script = routed(
        {
            path: lambda talk: talk.answer(301, b"", f"Location: {location}")
            for path in ("/feed", "/feed?token=secret")
        }
        | {location: lambda talk: talk.answer(200, FEED)}
    )
    with ScriptedServer(script).running() as server, Client() as client:
        answer = client.get(address.replace("HOST", f"127.0.0.1:{server.port}"), limits=PATIENT)
    assert answer.body == FEED
    assert "secret" not in repr(answer)
    moved_to = None if "token" in location else f"http://127.0.0.1:{server.port}/there"
    assert answer.permanent_url == moved_to


@pytest.mark.parametrize(
    "script",
    [
        answering(200, FEED),
        answering(404),
        to("/there"),
        to("http://nowhere.example/?token=secret"),
        to("file:///secret"),
        saying(b"HTTP/1.1 200 OK\r\nnonsense\r\nX: y\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        saying(b"nonsense"),
        lambda talk: None,
    ],
)
def test_secrets_are_never_logged_or_told(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong, and at every level."""
    caplog.set_level(logging.DEBUG)
    network = Network({}, {})
    told = ""
    with ScriptedServer(script).running() as server, Client(resolve=network.resolve) as client:
        address = f"{server.url.replace('//', '//user:secret@')}/feed?token=secret"
        for one in (address, f"{server.url}:secret@/feed", "http://user:secret@[/"):
            try:
                told += repr(client.get(one, limits=PATIENT))
            except RecordError as error:
                told += repr(error)
    assert told
    assert "secret" not in told.replace("file:///secret", "")
    assert caplog.records
    assert "secret" not in caplog.text


def test_broken_headers_are_no_news(caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 would warn of each answer with such a line, with a traceback."""
    script = saying(b"HTTP/1.1 200 OK\r\nX: y\r\nnonsense\r\nContent-Length: 2\r\n\r\nhi")
    with ScriptedServer(script).running() as server, Client() as client:
        assert client.get(server.url, limits=PATIENT).body == b"hi"
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# Connections.


def test_requests_to_a_host_share_a_connection() -> None:
    """Answers with a body, without one, failures with a short page and redirects."""
    script = routed(
        {
            "/feed": lambda talk: talk.answer(200, FEED),
            "/same": lambda talk: talk.send(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
            "/gone": lambda talk: talk.answer(404, b"<html>" * 100),
            "/chunks": lambda talk: talk.send(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
            ),
            "/chunked-failure": lambda talk: talk.send(
                b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
            ),
            "/moved": lambda talk: talk.answer(301, b"moved", "Location: /feed"),
        }
    )
    with ScriptedServer(script).running() as server, Client() as client:
        for path in ("/feed", "/same", "/gone", "/chunks", "/chunked-failure", "/moved") * 3:
            client.get(server.url + path, limits=PATIENT)
        assert server.accepted == 1
        assert len(server.requests) == 3 * 7


def test_a_connection_is_not_kept_where_more_would_have_to_be_read() -> None:
    """Half a megabyte of error page costs more than a connection."""
    with ScriptedServer(answering(404, b" " * 500_000)).running() as server, Client() as client:
        for _ in range(3):
            assert client.get(server.url, limits=PATIENT).wire_bytes < 400_000
        assert server.accepted == 3


def test_a_closed_client_keeps_no_connection() -> None:
    """The server sees them end."""
    ended = threading.Event()

    def script(talk: Conversation) -> None:
        answering(200, FEED)(talk)
        ended.set()

    with ScriptedServer(script).running() as server:
        with Client() as client:
            client.get(server.url, limits=PATIENT)
            assert not ended.is_set()
        assert ended.wait(10)


def test_a_kept_connection_that_ended_is_replaced() -> None:
    """Servers end them at any time, without a word; that is no failure, and nothing was asked twice."""

    def once(talk: Conversation) -> None:
        talk.request()
        talk.answer(200, FEED)
        # Hears the next request, and closes all the same.
        talk.request()

    with ScriptedServer(once).running() as server, Client() as client:
        for _ in range(3):
            assert client.get(server.url, limits=PATIENT).body == FEED
        assert server.accepted == 3


def test_a_new_connection_that_ends_is_a_failure() -> None:
    """It isn't tried again here: when to ask again is for others to say."""
    with ScriptedServer(after_request(lambda talk: None)).running() as server, Client() as client:
        assert reason_of(client, server.url) == "connection-failed"
        assert len(server.requests) == 1


def test_nobody_there() -> None:
    """A closed port."""
    with ScriptedServer(answering()).running() as server:
        pass
    with Client() as client:
        assert reason_of(client, server.url) == "connection-failed"


def test_threads_share_a_client() -> None:
    """Each gets its own answers; each host is asked by one connection for each thread at most."""
    hosts = 8

    def own(talk: Conversation) -> None:
        while (request := talk.request()) is not None:
            talk.answer(200, f"{talk.server.host}{request.target}".encode())

    servers = [ScriptedServer(own, f"127.0.0.{number + 2}") for number in range(hosts)]

    def ask(number: int) -> list[bytes]:
        server = servers[number % hosts]
        return [client.get(f"{server.url}/{number}/{turn}", limits=PATIENT).body for turn in range(10)]

    with (
        contextlib.ExitStack() as running,
        concurrent.futures.ThreadPoolExecutor(2 * hosts) as threads,
        Client() as client,
    ):
        for server in servers:
            running.enter_context(server.running())
        bodies = list(threads.map(ask, range(2 * hosts)))
    for number, found in enumerate(bodies):
        assert found == [f"{servers[number % hosts].host}/{number}/{turn}".encode() for turn in range(10)]
    assert all(1 <= server.accepted <= KEPT_PER_HOST for server in servers)


# Names and addresses.


def test_a_name_is_looked_up_once_for_a_connection() -> None:
    """A name that changes its meaning between check and use changes nothing: what was checked is connected to."""
    network = Network({"made.example": [[PUBLIC], ["127.0.0.1"]]}, {PUBLIC: "127.0.0.1"})
    with (
        ScriptedServer(answering(200, FEED, "Connection: close")).running() as server,
        Client(resolve=network.resolve, connect=network.connect) as client,
    ):
        address = f"http://made.example:{server.port}/feed"
        assert client.get(address, limits=NOT_PRIVATE).body == FEED
        assert (network.looked_up, network.connected) == (["made.example"], [PUBLIC])
        assert server.requests[0].headers["host"] == f"made.example:{server.port}"
        # By the next connection it means this machine.
        assert reason_of(client, address, NOT_PRIVATE) == "private-address"
        assert network.connected == [PUBLIC]


def test_a_redirect_is_looked_up_anew() -> None:
    """The same name may be private by then."""
    network = Network({"made.example": [[PUBLIC], ["127.0.0.1"]]}, {PUBLIC: "127.0.0.1"})

    def script(talk: Conversation) -> None:
        talk.request()
        talk.answer(302, b"", "Location: /there", "Connection: close")

    with (
        ScriptedServer(script).running() as server,
        Client(resolve=network.resolve, connect=network.connect) as client,
    ):
        assert reason_of(client, f"http://made.example:{server.port}/feed", NOT_PRIVATE) == "private-address"
        assert network.connected == [PUBLIC]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1", PUBLIC], [PUBLIC, "127.0.0.1"], ["::1", "10.0.0.1", "::ffff:127.0.0.1", PUBLIC]],
)
def test_private_addresses_of_a_host_are_passed_over(addresses: Sequence[str]) -> None:
    """Whatever their order."""
    network = Network({"made.example": [addresses]}, {PUBLIC: "127.0.0.1"})
    with (
        ScriptedServer(answering(200, FEED)).running() as server,
        Client(resolve=network.resolve, connect=network.connect) as client,
    ):
        assert client.get(f"http://made.example:{server.port}/", limits=NOT_PRIVATE).body == FEED
        assert network.connected == [PUBLIC]


def test_the_next_address_is_tried_where_one_is_closed() -> None:
    """As for hosts whose IPv6 doesn't work."""
    network = Network({"made.example": [["127.0.0.9", "127.0.0.1"]]}, {})
    with (
        ScriptedServer(answering(200, FEED)).running() as server,
        Client(resolve=network.resolve, connect=network.connect) as client,
    ):
        assert client.get(f"http://made.example:{server.port}/", limits=PATIENT).body == FEED
        assert network.connected == ["127.0.0.9", "127.0.0.1"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "0.0.0.0", "0", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00:ec2::254]",
        "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "\uff11\uff12\uff17.0.0.1", "localhost", "127.0.0.1.",
    ],
)  # fmt: skip
def test_private_hosts_are_not_asked(host: str) -> None:
    """However they are written: nothing is connected to."""
    network = Network({"localhost": [["::1", "127.0.0.1"]], "127.0.0.1.": [["127.0.0.1"]]}, {})
    with (
        ScriptedServer(answering(200, FEED)).running() as server,
        Client(resolve=network.resolve, connect=network.connect) as client,
    ):
        assert reason_of(client, f"http://{host}:{server.port}/", NOT_PRIVATE) == "private-address"
        assert (network.connected, server.accepted) == ([], 0)


def test_a_kept_connection_is_no_way_around() -> None:
    """One that was opened by a request that may ask private hosts is no use to another."""
    with ScriptedServer(answering(200, FEED)).running() as server, Client() as client:
        assert client.get(server.url, limits=PATIENT).body == FEED
        assert reason_of(client, server.url, NOT_PRIVATE) == "private-address"
        assert len(server.requests) == 1


def test_a_slow_look_up_ends_on_the_clock() -> None:
    """Though nothing can end the look-up itself."""
    is_over = threading.Event()

    def never(host: str, port: int) -> Sequence[str]:
        is_over.wait()
        return []

    with Client(resolve=never) as client:
        limits = dataclasses.replace(PATIENT, connect_timeout_s=0.1)
        assert reason_of(client, "http://made.example/", limits) == "timeout"
        limits = dataclasses.replace(PATIENT, total_s=0.1)
        assert reason_of(client, "http://made.example/", limits) == "timeout"
    is_over.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_is_no_server_s() -> None:
    """It ends the run, and the thread says what it was."""

    def broken(host: str, port: int) -> Sequence[str]:
        raise IndexError("made up")

    with Client(resolve=broken) as client, pytest.raises(RunError, match="ours"):
        client.get("http://made.example/", limits=PATIENT)
    for thread in threading.enumerate():
        if thread.name == "newsbeam-lookup":
            thread.join(10)


@pytest.mark.parametrize(
    "address",
    [
        "", "x", "made.example/rss", "//made.example/rss", "feed://made.example/rss", "mailto:desk@made.example",
        "ftp://made.example/", "file:///etc/hostname", "javascript:alert(1)", "data:,x", "http://", "https://",
        "http://[made/rss", "http://made.example:port/", "http://made.example:0/", "http://made.example:99999/",
        "http://" + "a" * 70 + ".example/", "http://..example/", "http://*.example/", "http://a b.example/",
        "http://made.example/" + "x" * 10_000, "http://\ud800.example/", "http://made.example/\ud800", "http://%zz/",
        "http://made.example\0/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://[::1%eth0]/", "http://a..b/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_not_asked(address: str) -> None:
    """Nothing is looked up or connected to."""
    network = Network({}, {})
    with Client(resolve=network.resolve, connect=network.connect) as client:
        assert reason_of(client, address) == "bad-address"
        assert (network.looked_up, network.connected) == ([], [])


# TLS.


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def ask_by_tls(
    context: ssl.SSLContext | None,
    bundle: str | None,
    host: str = "made.example",
    script: Script | None = None,
) -> tuple[bytes, str, list[str | None]]:
    """Body, reason of an error with its detail, and the names that the server was called by."""
    names: list[str | None] = []
    if context is not None:
        context.sni_callback = lambda _socket, name, _context: names.append(name)
    network = Network({host: [[PUBLIC]]}, {PUBLIC: "127.0.0.1"})
    with (
        ScriptedServer(script or answering(200, FEED), context=context).running() as server,
        Client(ca_bundle=bundle, resolve=network.resolve, connect=network.connect) as client,
    ):
        try:
            return client.get(f"https://{host}:{server.port}/", limits=NOT_PRIVATE).body, "", names
        except RecordError as error:
            return b"", str(error), names


@pytest.mark.parametrize("host", ["made.example", "made.example.", "MADE.example"])
def test_a_server_is_known_by_name_though_it_is_connected_to_by_address(
    certificates: Certificates, host: str
) -> None:
    """Both what it is called by and what its certificate must say are the name."""
    network = Network({"made.example": [[PUBLIC]], "made.example.": [[PUBLIC]]}, {PUBLIC: "127.0.0.1"})
    names: list[str | None] = []
    certificates.trusted.sni_callback = lambda _socket, name, _context: names.append(name)
    with (
        ScriptedServer(answering(200, FEED), context=certificates.trusted).running() as server,
        Client(ca_bundle=certificates.bundle, resolve=network.resolve, connect=network.connect) as client,
    ):
        for _ in range(2):
            assert client.get(f"https://{host}:{server.port}/", limits=NOT_PRIVATE).body == FEED
        assert (names, network.connected, server.accepted) == (["made.example"], [PUBLIC], 1)


def test_certificates_are_checked(certificates: Certificates) -> None:
    """Who signed them, until when, and for whom; and the usual list knows nothing of ours."""
    for context in (certificates.self_signed, certificates.expired, certificates.of_another):
        body, failure, names = ask_by_tls(context, certificates.bundle)
        assert (body, names) == (b"", ["made.example"])
        assert failure.startswith("tls-failed: https://made.example:")
    assert "expired" in ask_by_tls(certificates.expired, certificates.bundle)[1]
    assert ask_by_tls(certificates.trusted, None)[1].startswith("tls-failed")
    assert ask_by_tls(certificates.trusted, certificates.bundle)[0] == FEED


def test_what_speaks_no_tls_is_a_failure_of_tls() -> None:
    """Such as a plain web server on the wrong port."""

    def script(talk: Conversation) -> None:
        talk.hear()
        talk.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert ask_by_tls(None, None, script=script)[1].startswith("tls-failed: https://made.example:")


def test_certificates_are_read_once() -> None:
    """For a thousand feeds that saves ten seconds."""
    assert tls_context() is tls_context()
    assert tls_context().verify_mode == ssl.CERT_REQUIRED
    assert tls_context().check_hostname


# Redirects.


def test_the_caller_may_refuse_a_hop() -> None:
    """Before anything is asked there: a host may have asked to be left alone."""
    with (
        ScriptedServer(answering(200, FEED), "127.0.0.2").running() as second,
        ScriptedServer(to(f"{second.url}/there?token=a")).running() as first,
        Client() as client,
    ):
        asked: list[str] = []
        assert client.get(f"{first.url}/feed", limits=PATIENT, before_hop=asked.append).body == FEED
        assert asked == [f"{second.url}/there?token=***"]

        def refuse(address: str) -> None:
            raise RecordError("not-now", address)

        with pytest.raises(RecordError, match="not-now"):
            client.get(f"{first.url}/feed", limits=PATIENT, before_hop=refuse)
        assert len(second.requests) == 1


def test_no_redirects_may_be_wanted() -> None:
    """Then the first is one too many."""
    with ScriptedServer(to("/there")).running() as server, Client() as client:
        limits = dataclasses.replace(PATIENT, max_redirects=0)
        assert reason_of(client, f"{server.url}/feed", limits) == "too-many-redirects"


@pytest.mark.parametrize(
    "wrong",
    [
        {"connect_timeout_s": 0}, {"read_timeout_s": -1}, {"total_s": 0}, {"max_body_bytes": 0}, {"max_wire_bytes": 0},
        {"max_ratio": 0}, {"max_header_bytes": 0}, {"max_redirects": -1},
    ],
)  # fmt: skip
def test_limits_are_positive(wrong: dict[str, int]) -> None:
    """Zero would mean no request at all."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        dataclasses.replace(PATIENT, **wrong)  # type: ignore[arg-type]
