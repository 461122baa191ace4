"""Servers that answer properly, with each status that there is."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.fetch.limits import Answer
from tests.servers.case import FEED, Case
from tests.servers.server import after_request, answering, http_date, saying

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(FEED)


def _has(name: str, value: str) -> Callable[[Answer], bool]:
    def check(answer: Answer) -> bool:
        return answer.headers[name.upper()] == answer.headers[name.lower()] == value

    return check


STATUSES = [
    Case("200", "A feed.", answering(200, FEED), 200, FEED),
    Case("204", "Nothing new, as some servers say it.", answering(204), 204, b""),
    Case("206", "A part of a feed, which nobody asked for.", answering(206, FEED[:40]), 206, b""),
    Case(
        "300",
        "A choice, with a proposal that is none to follow.",
        answering(300, FEED, "Location: /other"),
        300,
    ),
    Case("304", "Not modified.", saying(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'), 304, b""),
    Case(
        "304-length",
        "Not modified, with the length of what isn't sent.",
        saying(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
        304,
        b"",
    ),
    Case("400", "A server that doesn't like the address.", answering(400, b"no"), 400, b""),
    Case(
        "401",
        "A feed for subscribers.",
        answering(401, b"no", 'WWW-Authenticate: Basic realm="made up"'),
        401,
        b"",
    ),
    Case("403", "A feed that is closed to programs.", answering(403, b"<html>no</html>"), 403, b""),
    Case("404", "A feed that has gone astray.", answering(404, b"<html>where</html>"), 404, b""),
    Case("406", "A server that has no such format.", answering(406), 406, b""),
    Case("410", "A feed that has gone for good.", answering(410), 410, b""),
    Case("418", "A joke.", answering(418, b"short and stout"), 418, b""),
    Case(
        "429-seconds",
        "Too many requests, with how long to wait.",
        answering(429, b"", "Retry-After: 120"),
        429,
        check=_has("Retry-After", "120"),
    ),
    Case(
        "429-date",
        "Too many requests, with when to come back.",
        answering(429, b"", f"Retry-After: {http_date(1714559400)}"),
        429,
        check=_has("Retry-After", "Wed, 01 May 2024 10:30:00 GMT"),
    ),
    Case("451", "A feed that a court has closed.", answering(451), 451, b""),
    Case("500", "A program that crashed.", answering(500, b"Traceback"), 500, b""),
    Case("502", "A proxy that can't reach its server.", answering(502), 502, b""),
    Case(
        "503",
        "A server that is being repaired.",
        answering(503, b"", "Retry-After: 3600"),
        503,
        check=_has("Retry-After", "3600"),
    ),
    Case("504", "A proxy whose server is too slow.", answering(504), 504, b""),
    Case("999", "A status of one's own, against programs.", answering(999, b"no"), 999, b""),
    Case(
        "100-first",
        "An interim answer before the final one.",
        saying(b"HTTP/1.1 100 Continue\r\n\r\n", _HEAD + FEED),
        200,
        FEED,
    ),
    Case(
        "103-first",
        "Early hints, which nobody asked for.",
        saying(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * 3, _HEAD + FEED),
        200,
        FEED,
    ),
    Case(
        "101",
        "A server that would rather speak something else.",
        saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: made-up\r\n\r\n"),
        "bad-answer",
    ),
    Case(
        "1xx-for-ever",
        "Interim answers without end.",
        after_request(lambda talk: talk.flood(b"HTTP/1.1 102 Processing\r\nX: y\r\n\r\n")),
        "headers-too-large",
    ),
    Case("1000", "A status that can't be.", saying(b"HTTP/1.1 1000 Too Much\r\n\r\n"), "bad-answer"),
    Case(
        "no-reason",
        "A status line without words.",
        saying(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi"),
        200,
        b"hi",
    ),
    Case(
        "http-1.0",
        "An old server, which closes to say that it's done.",
        saying(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + FEED),
        200,
        FEED,
    ),
    Case(
        "etag-weak",
        "A weak validator, to be kept to the letter.",
        answering(200, FEED, 'ETag: W/"a,b"'),
        200,
        check=_has("ETag", 'W/"a,b"'),
    ),
    Case(
        "etag-bare",
        "A validator without its quotes.",
        answering(200, FEED, "ETag: abc-gzip"),
        200,
        check=_has("ETag", "abc-gzip"),
    ),
    Case(
        "etag-latin-1",
        "A validator in odd letters, to be sent back byte by byte.",
        saying(b'HTTP/1.1 200 OK\r\nETag: "caf\xe9"\r\nContent-Length: 0\r\n\r\n'),
        200,
        check=_has("ETag", '"caf\xe9"'),
    ),
]
