"""Servers that lead elsewhere."""

from __future__ import annotations

from pipeline.fetch.limits import Answer
from tests.servers.case import FEED, Case
from tests.servers.server import Conversation, Script, routed

_BIG = b" " * 2_000_000


def _to(location: str, status: int = 302, body: bytes = b"") -> Script:
    """Leads /feed to a location, in which PORT stands for the server's own; /there has the feed."""

    def lead(talk: Conversation) -> None:
        talk.answer(status, body, "Location: " + location.replace("PORT", str(talk.port)))

    return routed({"/feed": lead, "/there": lambda talk: talk.answer(200, FEED)})


def _chain(length: int, status: int = 302) -> Script:
    """So many hops, then the feed."""

    def script(talk: Conversation) -> None:
        while (request := talk.request()) is not None:
            done = int(request.target.rpartition("/")[2]) if request.target != "/feed" else 0
            if done == length:
                talk.answer(200, FEED)
            else:
                talk.answer(status, b"", f"Location: /hop/{done + 1}")

    return script


def _moved(answer: Answer) -> bool:
    return answer.permanent_url == answer.url and answer.url.endswith("/there")


def _not_moved(answer: Answer) -> bool:
    return answer.permanent_url is None and answer.url.endswith("/there")


def _endless(talk: Conversation) -> None:
    while (request := talk.request()) is not None:
        if request.target == "/there":
            talk.answer(200, FEED)
            continue
        talk.send(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n")
        talk.flood(_BIG)


def _sets_cookie(talk: Conversation) -> None:
    """Has a reader come back with a cookie, as some counters of readers do."""
    while (request := talk.request()) is not None:
        if request.headers.get("cookie") == "seen=yes":
            talk.answer(200, FEED)
        else:
            talk.answer(302, b"", "Location: /feed", "Set-Cookie: seen=yes; Path=/")


def _new_cookie_each_time(talk: Conversation) -> None:
    for count in range(100):
        if talk.request() is not None:
            talk.answer(302, b"", "Location: /feed", f"Set-Cookie: count={count}; Path=/")


REDIRECTS = [
    Case("301", "Moved for good.", _to("/there", 301), 200, FEED, check=_moved),
    Case("302", "Moved for now.", _to("/there", 302), 200, FEED, check=_not_moved),
    Case("303", "To be seen elsewhere.", _to("/there", 303), 200, FEED, check=_not_moved),
    Case("307", "Moved for now, as it should be said.", _to("/there", 307), 200, FEED, check=_not_moved),
    Case("308", "Moved for good, as it should be said.", _to("/there", 308), 200, FEED, check=_moved),
    Case("redirect-absolute", "To a whole address.", _to("http://127.0.0.1:PORT/there"), 200, FEED),
    Case("redirect-no-scheme", "To a host, by whatever scheme.", _to("//127.0.0.1:PORT/there"), 200, FEED),
    Case("redirect-dots", "To a place that is above.", _to("./a/../there"), 200, FEED),
    Case("redirect-spaces", "With spaces around it.", _to("  /there  "), 200, FEED),
    Case("redirect-fragment", "With a place in the page.", _to("/there#top"), 200, FEED, check=_not_moved),
    Case(
        "redirect-utf-8",
        "In letters that no header should hold.",
        routed(
            {
                "/feed": lambda talk: talk.answer(302, b"", "Location: /\u00e9t\u00e9"),
                "/%C3%A9t%C3%A9": lambda talk: talk.answer(200, FEED),
            }
        ),
        200,
        FEED,
    ),
    Case("redirect-cookie", "To itself, with a cookie to bring along.", _sets_cookie, 200, FEED),
    Case("redirect-cookies", "To itself with ever new cookies.", _new_cookie_each_time, "too-many-redirects"),
    Case(
        "redirect-nowhere",
        "Without a place to go to.",
        routed({"/feed": lambda talk: talk.answer(302)}),
        302,
        b"",
    ),
    Case("redirect-empty", "To an empty place, which is itself.", _to(""), "redirect-loop"),
    Case("redirect-loop", "To itself.", _to("/feed"), "redirect-loop"),
    Case(
        "redirect-circle",
        "To another, and back.",
        routed(
            {
                "/feed": lambda talk: talk.answer(301, b"", "Location: /b"),
                "/b": lambda talk: talk.answer(301, b"", "Location: /feed"),
            }
        ),
        "redirect-loop",
    ),
    Case(
        "redirects-5",
        "As many hops as are followed.",
        _chain(5),
        200,
        FEED,
        check=lambda answer: len(answer.hops) == 5,
    ),
    Case("redirects-6", "One hop more.", _chain(6), "too-many-redirects"),
    Case(
        "redirect-big",
        "With a body of 2 MB, which isn't read.",
        _to("/there", 302, _BIG),
        200,
        FEED,
        check=lambda answer: answer.wire_bytes < 500_000,
    ),
    Case("redirect-endless", "With a body that never ends.", _endless, 200, FEED),
    Case("redirect-file", "To a file of ours.", _to("file:///etc/hostname"), "bad-address"),
    Case("redirect-javascript", "To a script.", _to("javascript:alert(1)"), "bad-address"),
    Case("redirect-data", "To data.", _to("data:text/xml,<rss/>"), "bad-address"),
    Case("redirect-ftp", "To another protocol.", _to("ftp://127.0.0.1/feed"), "bad-address"),
    Case(
        "redirect-gopher",
        "To a protocol by which others can be spoken.",
        _to("gopher://127.0.0.1:25/_HELO"),
        "bad-address",
    ),
    Case("redirect-broken", "To what is no address.", _to("http://[made/rss"), "bad-address"),
    Case("redirect-port-0", "To a port that can't be.", _to("http://127.0.0.1:0/"), "bad-address"),
    Case("redirect-long", "To an address of 20,000 characters.", _to("/" + "x" * 20_000), "bad-address"),
    Case(
        "redirect-insecure",
        "From https to http.",
        _to("http://made.example:PORT/there"),
        "insecure-redirect",
        tls=True,
        met="public",
    ),
    Case("redirect-secure", "By TLS all the way.", _to("/there"), 200, FEED, tls=True, met="public"),
    Case(
        "redirect-public",
        "From one public address to another.",
        _to("http://made.example:PORT/there"),
        200,
        FEED,
        met="public",
    ),
    Case(
        "redirect-loopback",
        "To this machine.",
        _to("http://127.0.0.1:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-localhost",
        "To this machine by name.",
        _to("http://localhost:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-mapped",
        "To this machine, by an IPv4 address in an IPv6 one.",
        _to("http://[::ffff:127.0.0.1]:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-mapped-hex",
        "The same in other digits.",
        _to("http://[::ffff:7f00:1]:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-ipv6",
        "To this machine by IPv6.",
        _to("http://[::1]:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-hex",
        "To this machine in hexadecimal.",
        _to("http://0x7f.1:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-number",
        "To this machine as one number.",
        _to("http://2130706433:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-short",
        "To this machine in short.",
        _to("http://127.1:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-octal",
        "To this machine in octal.",
        _to("http://0177.0.0.1:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-wide-digits",
        "To this machine in digits of another script.",
        _to("http://\uff11\uff12\uff17.0.0.1:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-unspecified",
        "To any address of this machine.",
        _to("http://0.0.0.0:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-metadata",
        "To the secrets of a machine in a cloud.",
        _to("http://169.254.169.254/latest/meta-data/"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-metadata-6",
        "The same by IPv6.",
        _to("http://[fd00:ec2::254]/latest/meta-data/"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-private", "To the network within.", _to("http://10.0.0.1/"), "private-address", met="public"
    ),
    Case(
        "redirect-nat64",
        "To this machine through a translator.",
        _to("http://[64:ff9b::7f00:1]:PORT/there"),
        "private-address",
        met="public",
    ),
    Case(
        "redirect-unknown",
        "To a host that isn't there.",
        _to("http://nowhere.example/"),
        "dns-failed",
        met="public",
    ),
    Case(
        "redirect-long-label",
        "To a host that can't be.",
        _to(f"http://{'a' * 70}.example/"),
        "bad-address",
        met="public",
    ),
]
