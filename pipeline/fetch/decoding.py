"""Bodies decompressed piece by piece: gzip, deflate and brotli (RFC 9110, 8.4; RFC 7932), within bounds.

urllib3 can decompress too, but takes a stream that was cut off for a whole one, and knows no ratio.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import brotli

from schemas.errors import RecordError

#: The codings that are asked for.
ACCEPT_ENCODING: Final = "gzip, deflate, br"

#: Codings on top of one another that are undone; nobody needs more than one, and each multiplies what a bomb can do.
MAX_CODINGS: Final = 2

#: Decompressed bytes from which on the ratio counts: short texts that repeat themselves are no bombs.
RATIO_FLOOR_BYTES: Final = 1 << 20

# What one step puts out at most (brotli: about); also what is held between two codings.
_STEP_BYTES = 64 * 1024

# gzip may come in parts, one after another; a million empty ones would take long and say nothing.
_MAX_MEMBERS = 10_000


class _Coding(Protocol):
    """One coding being undone."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Puts out what the data hold, in steps. Raises zlib.error or brotli.error on damage."""

    @property
    def is_whole(self) -> bool:
        """Whether the stream has come to its own end, or never began."""


class Body:
    """A body that comes in as it was sent and goes out decompressed.

    content_encoding: the header, or None; codings that aren't known are taken for a slip (`utf-8`), not for a coding.
    Raises RecordError "decompression-failed", here and from its methods, where the body isn't compressed as the header
    says, or more than MAX_CODINGS times; "decompression-bomb"; "too-large".
    """

    def __init__(self, content_encoding: str | None, max_bytes: int, max_ratio: float, shown: str) -> None:
        self._shown = shown
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        names = [name.strip().lower() for name in (content_encoding or "").split(",")]
        known = [name for name in names if name in _CODINGS]
        if len(known) > MAX_CODINGS:
            raise RecordError("decompression-failed", f"{shown}: compressed {len(known)} times over")
        # The last one named was put on last.
        self._codings: list[_Coding] = [_CODINGS[name]() for name in reversed(known)]
        self._sent_bytes = 0
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes the next part of the body, as it was sent."""
        self._sent_bytes += len(data)
        try:
            for piece in self._decoded(data, 0):
                self._add(piece)
        except (zlib.error, brotli.error) as error:
            raise RecordError(
                "decompression-failed", f"{self._shown}: its compressed body is damaged"
            ) from error

    def finish(self) -> bytes:
        """The whole body, decompressed; raises RecordError "truncated" where a compressed one isn't at its end."""
        if not all(coding.is_whole for coding in self._codings):
            raise RecordError("truncated", f"{self._shown}: its compressed body ends too early")
        return bytes(self._body)

    def _decoded(self, data: bytes, level: int) -> Iterator[bytes]:
        if level == len(self._codings):
            yield data
            return
        for piece in self._codings[level].feed(data):
            yield from self._decoded(piece, level + 1)

    def _add(self, piece: bytes) -> None:
        self._body += piece
        size = len(self._body)
        if size > self._max_bytes:
            raise RecordError("too-large", f"{self._shown}: more than {self._max_bytes:,} bytes")
        if self._codings and size >= RATIO_FLOOR_BYTES and size > self._max_ratio * self._sent_bytes:
            raise RecordError(
                "decompression-bomb",
                f"{self._shown}: {self._sent_bytes:,} bytes become more than {size:,} once decompressed",
            )


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._members = 0
        self._has_begun = False
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._is_over:
            if self._stream.eof:
                # Some servers fill up with zeros or have something else behind the end; gzip itself ignores it.
                if data[0] != 0x1F:
                    self._is_over = True
                    return
                self._members += 1
                if self._members == _MAX_MEMBERS:
                    raise zlib.error("too many members")
                self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
            self._has_begun = True
            piece = self._stream.decompress(data, _STEP_BYTES)
            if piece:
                yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    @property
    def is_whole(self) -> bool:
        return not self._has_begun or self._stream.eof


class _Deflate:
    """zlib's format, as the name means, or bare deflate, as some servers understand it."""

    def __init__(self) -> None:
        self._stream: zlib._Decompress | None = None
        self._start = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            data = self._start = self._start + data
            if len(data) < 2:
                return
            # RFC 1950, 2.2: what a header of zlib looks like. No compressor begins bare deflate so.
            is_zlib = data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        while data and not self._stream.eof:
            piece = self._stream.decompress(data, _STEP_BYTES)
            if piece:
                yield piece
            data = self._stream.unconsumed_tail

    @property
    def is_whole(self) -> bool:
        return not self._start if self._stream is None else self._stream.eof


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._has_begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._has_begun = self._has_begun or bool(data)
        while not self._stream.is_finished():
            piece = self._stream.process(data, output_buffer_limit=_STEP_BYTES)
            if piece:
                yield piece
            data = b""
            # It may have taken all that came, and still hold back what that becomes.
            if not piece and self._stream.can_accept_more_data():
                return

    @property
    def is_whole(self) -> bool:
        return not self._has_begun or bool(self._stream.is_finished())


_CODINGS: Final[dict[str, type[_Gzip] | type[_Deflate] | type[_Brotli]]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
}
