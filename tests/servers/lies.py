"""Servers whose answers aren't what they say, or aren't HTTP."""

from __future__ import annotations

import gzip
import random
import zlib

import brotli

from pipeline.fetch.limits import Answer
from tests.servers.case import FEED, Case
from tests.servers.server import Conversation, Script, after_request, answering, saying

_OK = b"HTTP/1.1 200 OK\r\n"
_LATIN1_FEED = FEED.replace(b"reopens", b"caf\xe9")


def _coded(coding: str, body: bytes) -> Script:
    return answering(200, body, f"Content-Encoding: {coding}")


def _bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def _chunked(*frames: bytes) -> Script:
    return saying(_OK + b"Transfer-Encoding: chunked\r\n\r\n", *frames)


def _noise(talk: Conversation) -> None:
    talk.request()
    talk.send(random.Random(1).randbytes(5_000))


def _length(talk: Conversation, stated: int) -> None:
    talk.request()
    talk.send(_OK + b"Content-Length: %d\r\n\r\n" % stated + FEED)


def _reset(talk: Conversation) -> None:
    talk.request()
    talk.send(_OK + b"Content-Length: 1000000\r\n\r\n" + FEED)
    talk.reset()


def _type_of(answer: Answer) -> str:
    return answer.headers["content-type"]


LIES = [
    Case(
        "length-long",
        "A body that is shorter than stated: cut off on its way.",
        lambda talk: _length(talk, len(FEED) + 9),
        "truncated",
    ),
    Case(
        "length-short",
        "A body that is longer than stated: what is stated counts, as for browsers.",
        lambda talk: _length(talk, 60),
        200,
        FEED[:60],
        parsed="nothing",
    ),
    Case(
        "length-negative",
        "A length that can't be, so that the body ends with the connection.",
        lambda talk: _length(talk, -5),
        200,
        FEED,
    ),
    Case(
        "length-words",
        "A length that is no number.",
        saying(_OK + b"Content-Length: many\r\n\r\n" + FEED),
        200,
        FEED,
    ),
    Case(
        "lengths-differ",
        "Two lengths, as in attacks on proxies.",
        saying(_OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + FEED),
        "bad-answer",
    ),
    Case(
        "length-and-chunks",
        "A length besides chunks, which count (RFC 9112, 6.3).",
        saying(_OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
        200,
        b"hi",
    ),
    Case(
        "type-html",
        "A feed that says it is a page.",
        answering(200, FEED, "Content-Type: text/html"),
        200,
        FEED,
        parsed="items",
    ),
    Case(
        "type-twice",
        "Two types: the first one counts.",
        answering(200, FEED, "Content-Type: text/xml", "Content-Type: image/png"),
        200,
        check=lambda answer: _type_of(answer) == "text/xml",
        parsed="items",
    ),
    Case(
        "type-none",
        "No type at all.",
        saying(_OK + b"Content-Length: %d\r\n\r\n" % len(FEED) + FEED),
        200,
        FEED,
        parsed="items",
    ),
    Case(
        "charset-wrong",
        "Latin-1 that says it is UTF-8.",
        answering(200, _LATIN1_FEED, "Content-Type: text/xml; charset=utf-8"),
        200,
        parsed="items",
    ),
    Case(
        "charset-unknown",
        "A charset that nobody knows.",
        answering(200, _LATIN1_FEED, "Content-Type: text/xml; charset=x-made-up"),
        200,
        parsed="items",
    ),
    Case(
        "page-for-feed",
        "A page instead of the feed.",
        answering(
            200, b"<!DOCTYPE html><html><title>Log in</title></html>", "Content-Type: application/rss+xml"
        ),
        200,
        parsed="not-a-feed",
    ),
    Case("empty", "A body of nothing.", answering(200), 200, b"", parsed="empty-file"),
    Case("gzip", "A compressed feed.", _coded("gzip", gzip.compress(FEED)), 200, FEED),
    Case(
        "gzip-members",
        "Two gzip streams one after another, as concatenated files are.",
        _coded("gzip", gzip.compress(FEED[:50]) + gzip.compress(FEED[50:])),
        200,
        FEED,
    ),
    Case(
        "gzip-and-rubbish",
        "Zeros behind the end of gzip, as some storage adds.",
        _coded("x-gzip", gzip.compress(FEED) + bytes(100)),
        200,
        FEED,
    ),
    Case("gzip-empty", "Nothing, said to be compressed.", _coded("gzip", b""), 200, b""),
    Case("gzip-not", "Plain text that says it is compressed.", _coded("gzip", FEED), "decompression-failed"),
    Case(
        "gzip-cut",
        "A compressed body that ends too early.",
        _coded("gzip", gzip.compress(FEED)[:-12]),
        "truncated",
    ),
    Case(
        "gzip-damaged",
        "A compressed body with a wrong checksum.",
        _coded("gzip", gzip.compress(FEED)[:-8] + bytes(8)),
        "decompression-failed",
    ),
    Case(
        "gzip-inside",
        "A compressed body that doesn't say so: the parser has to say what it is.",
        answering(200, gzip.compress(FEED, mtime=0)),
        200,
        gzip.compress(FEED, mtime=0),
        parsed="not-a-feed",
    ),
    Case("deflate", "deflate as it is meant.", _coded("deflate", zlib.compress(FEED)), 200, FEED),
    Case(
        "deflate-bare", "deflate as some servers take it.", _coded("deflate", _bare_deflate(FEED)), 200, FEED
    ),
    Case(
        "deflate-cut",
        "deflate that ends too early.",
        _coded("deflate", zlib.compress(FEED)[:-5]),
        "truncated",
    ),
    Case("br", "Brotli.", _coded("br", brotli.compress(FEED)), 200, FEED),
    Case("br-not", "Plain text that says it is Brotli.", _coded("br", FEED), "decompression-failed"),
    Case("br-cut", "Brotli that ends too early.", _coded("br", brotli.compress(FEED)[:-3]), "truncated"),
    Case("coding-unknown", "A charset where a coding should be.", _coded("UTF-8", FEED), 200, FEED),
    Case(
        "coding-twice",
        "Compressed by a program, and by its server again.",
        _coded("br, gzip", gzip.compress(brotli.compress(FEED))),
        200,
        FEED,
    ),
    Case(
        "chunks",
        "A body in chunks, with extensions and a trailer.",
        _chunked(
            b"5;a=b\r\n" + FEED[:5] + b"\r\n",
            b"%x\r\n" % (len(FEED) - 5) + FEED[5:] + b"\r\n0\r\nX-Sum: 1\r\n\r\n",
        ),
        200,
        FEED,
    ),
    Case("chunks-cut", "Chunks without the last one.", _chunked(b"5\r\nhello\r\n"), "truncated"),
    Case("chunk-cut", "A chunk that ends too early.", _chunked(b"50\r\nhello"), "truncated"),
    Case(
        "chunk-size-words",
        "A chunk whose size is no number.",
        _chunked(b"many\r\nhello\r\n0\r\n\r\n"),
        "bad-answer",
    ),
    Case(
        "chunk-size-negative",
        "A chunk of less than nothing.",
        _chunked(b"-5\r\nhello\r\n0\r\n\r\n"),
        "bad-answer",
    ),
    Case("reset", "A connection that breaks within the body.", _reset, "truncated"),
    Case(
        "reset-first",
        "A connection that breaks before any answer.",
        after_request(lambda talk: talk.reset()),
        "connection-failed",
    ),
    Case(
        "closed-first",
        "A connection that is closed before any answer.",
        after_request(lambda talk: None),
        "connection-failed",
    ),
    Case("http-0.9", "A body and nothing else, as in 1991.", saying(FEED), "bad-answer"),
    Case(
        "http-2", "A version that wasn't asked for.", saying(b"HTTP/2.0 200 OK\r\n\r\n" + FEED), "bad-answer"
    ),
    Case("icy", "A radio station.", saying(b"ICY 200 OK\r\nicy-name: made up\r\n\r\n"), "bad-answer"),
    Case(
        "status-line-broken", "A status line that is none.", saying(b"HTTP/1.1 OK 200\r\n\r\n"), "bad-answer"
    ),
    Case("noise", "Bytes by chance.", _noise, "bad-answer"),
    Case(
        "smtp",
        "A server of another kind.",
        lambda talk: talk.send(b"220 mail.made.example ESMTP\r\n"),
        "bad-answer",
    ),
    Case("no-headers", "A status line and a body.", saying(_OK + b"\r\n" + FEED), 200, FEED),
    Case(
        "no-blank-line",
        "Headers that end with the connection.",
        saying(_OK + b"Content-Type: text/xml\r\n"),
        "truncated",
    ),
    Case(
        "header-cut",
        "A header that ends with the connection.",
        saying(_OK + b"Content-Type: te"),
        "truncated",
    ),
    Case(
        "lf-only",
        "Lines that end as in a text file.",
        saying(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"),
        200,
        b"hi",
    ),
    Case(
        "headers-broken",
        "A line that is no header among the headers.",
        saying(_OK + b"X: y\r\nnonsense\r\nContent-Length: 2\r\n\r\nhi"),
        200,
        b"hi",
    ),
    Case(
        "header-folded",
        "A header over two lines, as in 1997.",
        saying(_OK + b"X-Long: one\r\n two\r\nContent-Length: 2\r\n\r\nhi"),
        200,
        b"hi",
        check=lambda answer: answer.headers["x-long"] == "one two",
    ),
    Case(
        "headers-twice",
        "Headers that came twice.",
        answering(200, b"hi", 'ETag: "1"', 'ETag: "2"', "Vary: A", "Vary: B"),
        200,
        check=lambda answer: (answer.headers["etag"], answer.headers["vary"]) == ('"1"', "A, B"),
    ),
    Case(
        "header-nul",
        "Bytes in a header that nobody should send.",
        saying(_OK + b"X-Odd: a\0b\x01\r\nContent-Length: 2\r\n\r\nhi"),
        200,
        b"hi",
    ),
]
