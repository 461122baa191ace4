"""Servers that are too slow, too long or too large."""

from __future__ import annotations

import functools
import gzip
import random
import zlib

import brotli

from tests.servers.case import FEED, HASTY, Case
from tests.servers.server import Conversation, Script, answering

_MIB = 1 << 20

#: Random letters, which can't be compressed to less than a half.
LARGE_FEED = FEED.replace(
    b"<title>Bridge", b"<title>" + random.Random(1).randbytes(7_500_000).hex().encode() + b"Bridge"
)
_OK = b"HTTP/1.1 200 OK\r\n"


def _after_request(head: bytes, piece: bytes = b"x") -> Script:
    """Says the head, then drips."""

    def script(talk: Conversation) -> None:
        talk.request()
        talk.send(head)
        talk.drip(piece)

    return script


def _flooding(head: bytes, piece: bytes, times: int | None = None, tail: bytes = b"") -> Script:
    """Says the head, then much, as fast as it can."""

    def script(talk: Conversation) -> None:
        talk.request()
        talk.send(head)
        talk.flood(piece, times)
        talk.send(tail)

    return script


def _silent(talk: Conversation) -> None:
    talk.request()
    talk.wait()


def _silent_midway(talk: Conversation) -> None:
    talk.request()
    talk.send(_OK + b"Content-Length: 1000\r\n\r\n" + FEED[:20])
    talk.wait()


def _drips_tls(talk: Conversation) -> None:
    talk.hear()
    # The head of a record of 16 KiB, which then comes byte by byte.
    talk.send(b"\x16\x03\x03\x40\x00\x02")
    talk.drip(b"\0")


def _redirects_slowly(talk: Conversation) -> None:
    while (request := talk.request()) is not None:
        talk.server.stopped.wait(0.15)
        talk.answer(302, b"", f"Location: {request.target}x")


@functools.cache
def gzip_block() -> tuple[bytes, bytes]:
    """The head of a gzip stream, and a block that stands for a megabyte of spaces, as often as it is sent."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    head = packer.compress(b" ") + packer.flush(zlib.Z_FULL_FLUSH)
    return head, packer.compress(b" " * _MIB) + packer.flush(zlib.Z_FULL_FLUSH)


def gzip_bomb(mebibytes: int) -> Script:
    """Becomes so much once decompressed; a thousandth of that is sent, and never all at once."""

    def script(talk: Conversation) -> None:
        head, block = gzip_block()
        talk.request()
        talk.send(_OK + b"Content-Encoding: gzip\r\n\r\n" + head)
        talk.flood(block, mebibytes)

    return script


def _coded_bomb(coding: str) -> Script:
    def script(talk: Conversation) -> None:
        talk.request()
        head, block = gzip_block()
        if coding == "br":
            body = brotli.compress(b" " * (64 * _MIB), quality=5)
        elif coding == "deflate":
            body = zlib.compress(b" " * (32 * _MIB))
        else:
            body = gzip.compress(head + block * 10_000)
        talk.answer(200, body, f"Content-Encoding: {coding}")

    return script


def _empty_members(talk: Conversation) -> None:
    talk.request()
    talk.send(_OK + b"Content-Encoding: gzip\r\n\r\n")
    talk.flood(gzip.compress(b"") * 1_000)


LIMITS = [
    Case(
        "drip-body",
        "A body byte by byte: alive, but without end.",
        _after_request(_OK + b"Content-Length: 100000\r\n\r\n"),
        "timeout",
        limits=HASTY,
    ),
    Case(
        "drip-chunks",
        "Chunks of one byte, one by one.",
        _after_request(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        "timeout",
        limits=HASTY,
    ),
    Case(
        "drip-trailer",
        "A trailer without end.",
        _after_request(_OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", b"X: y\r\n"),
        "timeout",
        limits=HASTY,
    ),
    Case("drip-header", "A header byte by byte.", _after_request(_OK + b"X-Slow: "), "timeout", limits=HASTY),
    Case("drip-headers", "Headers one by one.", _after_request(_OK, b"X: y\r\n"), "timeout", limits=HASTY),
    Case(
        "drip-status",
        "A status line byte by byte.",
        _after_request(b"HTTP/1.1 200 "),
        "timeout",
        limits=HASTY,
    ),
    Case(
        "drip-gzip",
        "A compressed body byte by byte.",
        _after_request(_OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\0", b"n"),
        "timeout",
        limits=HASTY,
    ),
    Case("drip-tls", "A TLS handshake byte by byte.", _drips_tls, "timeout", limits=HASTY, https=True),
    Case(
        "drip-redirects",
        "Redirects that take a moment each.",
        _redirects_slowly,
        "timeout",
        limits={**HASTY, "max_redirects": 50},
    ),
    Case(
        "drip-404",
        "A failure whose body takes for ever isn't waited for.",
        _after_request(b"HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\n"),
        404,
        b"",
    ),
    Case("silent", "A server that takes the request and says nothing.", _silent, "timeout", limits=HASTY),
    Case("silent-midway", "A server that stops within the body.", _silent_midway, "timeout", limits=HASTY),
    Case(
        "silent-tls",
        "A server that says nothing to TLS.",
        lambda talk: talk.wait(),
        "timeout",
        limits=HASTY,
        https=True,
    ),
    Case(
        "never-accepts",
        "A server that is too busy to accept.",
        lambda talk: None,
        "timeout",
        limits=HASTY,
        accepts=False,
    ),
    Case(
        "header-1-mb",
        "A header of a megabyte.",
        _flooding(_OK + b"X-Long: ", b"x" * 65536, 16, b"\r\n\r\n"),
        "headers-too-large",
    ),
    Case(
        "header-for-ever",
        "A header that never ends.",
        _flooding(_OK + b"X-Long: ", b"x" * 65536),
        "headers-too-large",
    ),
    Case(
        "headers-10000",
        "Ten thousand headers.",
        _flooding(_OK, b"X-Many: y\r\n", 10_000, b"\r\n"),
        "headers-too-large",
    ),
    Case(
        "headers-for-ever",
        "Headers without end.",
        _flooding(_OK, b"X-Many: y\r\n" * 100),
        "headers-too-large",
    ),
    Case(
        "headers-99",
        "Ninety-nine headers, which is many, but not too many.",
        answering(200, FEED, *(f"X-Many-{i}: y" for i in range(98))),
        200,
        FEED,
    ),
    Case(
        "status-line-for-ever",
        "A status line that never ends.",
        _flooding(b"HTTP/1.1 200 ", b"x" * 65536),
        "headers-too-large",
    ),
    Case("spaces-200-mb", "200 MB of spaces.", _flooding(_OK + b"\r\n", b" " * _MIB, 200), "too-large"),
    Case(
        "length-200-mb",
        "200 MB as stated: not begun with.",
        _flooding(_OK + b"Content-Length: 209715200\r\n\r\n", b" " * _MIB, 200),
        "too-large",
    ),
    Case(
        "wire-limit",
        "More bytes than may be sent, though it would be few enough once decompressed.",
        _flooding(_OK + b"\r\n", FEED, 50),
        "too-large",
        limits={"max_wire_bytes": 10_000},
    ),
    Case(
        "length-huge",
        "More than anyone has.",
        _flooding(_OK + b"Content-Length: 99999999999999999999\r\n\r\n", b" " * _MIB),
        "too-large",
    ),
    Case(
        "chunks-for-ever",
        "Chunks without end.",
        _flooding(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
        "too-large",
    ),
    Case(
        "chunk-for-ever",
        "One chunk without end.",
        _flooding(_OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n", b" " * _MIB),
        "too-large",
    ),
    Case(
        "chunk-of-minus-1",
        "A chunk that a careless reader reads to the end of the connection.",
        _flooding(_OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", b" " * _MIB),
        "too-large",
    ),
    Case(
        "tiny-chunks-for-ever",
        "Frames with hardly a byte in them.",
        _flooding(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 60_000 + b"\r\n \r\n"),
        "too-large",
    ),
    Case(
        "trailer-for-ever",
        "A trailer as fast as it goes.",
        _flooding(_OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", b"X: y\r\n" * 10_000),
        "headers-too-large",
    ),
    Case("gzip-bomb-10-gb", "10 GB out of 10 MB.", gzip_bomb(10_000), "decompression-bomb"),
    Case(
        "gzip-bomb-small-limit",
        "A bomb that is too large before it is out of proportion.",
        gzip_bomb(10),
        "too-large",
        limits={"max_body_bytes": 500_000},
    ),
    Case("br-bomb", "64 MB out of nothing by Brotli.", _coded_bomb("br"), "decompression-bomb"),
    Case("deflate-bomb", "32 MB by deflate.", _coded_bomb("deflate"), "decompression-bomb"),
    Case("gzip-in-gzip", "A bomb packed twice.", _coded_bomb("gzip, gzip"), "decompression-bomb"),
    Case(
        "gzip-ten-times",
        "More codings than anyone puts on.",
        answering(200, FEED, "Content-Encoding: " + ", ".join(["gzip"] * 10)),
        "decompression-failed",
    ),
    Case("gzip-members-for-ever", "Empty gzip streams without end.", _empty_members, "decompression-failed"),
    Case(
        "failure-for-ever",
        "A failure with a body without end, which isn't read.",
        _flooding(b"HTTP/1.1 500 Oops\r\n\r\n", b" " * _MIB),
        500,
        b"",
    ),
    Case(
        "failure-in-chunks",
        "The same in chunks.",
        _flooding(
            b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"
        ),
        500,
        b"",
    ),
    Case(
        "304-with-body",
        "A body where none can be.",
        _flooding(b"HTTP/1.1 304 Not Modified\r\n\r\n", b" " * 65536),
        304,
        b"",
    ),
    Case(
        "text-15-mb",
        "A feed that is just not too large.",
        answering(200, LARGE_FEED),
        200,
        LARGE_FEED,
        parsed="items",
    ),
    Case(
        "text-15-mb-br",
        "The same, compressed.",
        answering(200, brotli.compress(LARGE_FEED, quality=1), "Content-Encoding: br"),
        200,
        LARGE_FEED,
        parsed="items",
    ),
]
