"""Compressed input: gzip, bzip2 and Zstandard, whole or as a stream, in bounded memory."""

from __future__ import annotations

import bz2
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, Literal

import zstandard

from schemas.errors import RecordError

Codec = Literal["gzip", "bzip2", "zstd"]

_SUFFIXES: Final[dict[str, Codec]] = {".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd"}

#: Compressed bytes taken at a time. Small, because each of many tiny members copies what is left of a block.
_BLOCK_BYTES = 16 * 1024
#: The most that gzip and bzip2 hand over at a time.
_PIECE_BYTES = 256 * 1024
# python-zstandard can't limit what one call returns. A Zstandard block is at least 4 bytes and becomes at
# most 128 KiB (RFC 8878, 3.1.1.2), so slices of 1 KiB keep a bomb to 32 MiB at a time.
_ZSTD_SLICE_BYTES = 1024
# What the zstd command takes too without --long: a larger window is a way to make a reader allocate
# gigabytes.
_ZSTD_MAX_WINDOW_BYTES = 128 * 1024 * 1024


def strip_suffix(path: str) -> tuple[str, Codec | None]:
    """Splits a path or address into its name without compression, and the codec that the suffix tells.

    The suffixes are .gz, .bz2 and .zst in any case; the codec is None where there is none of them, and where
    the suffix is the whole name.

        >>> strip_suffix("news/2022.jsonl.GZ")
        ('news/2022.jsonl', 'gzip')
        >>> strip_suffix("news/2022.jsonl")
        ('news/2022.jsonl', None)
    """
    lowered = path.lower()
    for suffix, codec in _SUFFIXES.items():
        if lowered.endswith(suffix):
            bare = path[: -len(suffix)]
            return (bare, codec) if bare and bare[-1] not in "/\\" else (path, None)
    return path, None


def decompress(data: bytes, codec: Codec | None, max_bytes: int) -> bytes:
    """Returns a whole file decompressed; with no codec, as it is.

    Files of several gzip or bzip2 members or zstd frames (what parallel compressors and `cat a.gz b.gz` make)
    are read to the end; zero bytes after a member are padding (as tapes have it).

    Raises RecordError "too-large" as soon as more than max_bytes came out, and "decompression-failed" where
    the data is damaged, cut short, empty, or followed by something else: half a file is never taken for a
    whole one.
    """
    if codec is None:
        if len(data) > max_bytes:
            raise _too_large(max_bytes)
        return data
    blocks = (data[start : start + _BLOCK_BYTES] for start in range(0, len(data), _BLOCK_BYTES))
    pieces: list[bytes] = []
    size = 0
    for piece in _pieces(blocks, codec):
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        pieces.append(piece)
    return b"".join(pieces)


def open_decompressed(stream: BinaryIO, codec: Codec | None) -> io.BufferedReader:
    """Wraps a stream so that it reads as decompressed; of the stream only `read` and `close` are used.

    Memory stays bounded however large the file is, as long as the reader limits its lines. Closing the reader
    closes the stream. What came before a damage is read first; then reading raises RecordError
    "decompression-failed". An error of the stream itself is passed on.
    """
    blocks = iter(lambda: stream.read(_BLOCK_BYTES), b"")
    pieces = blocks if codec is None else _pieces(blocks, codec)
    return io.BufferedReader(_PieceReader(pieces, stream), _PIECE_BYTES)


class _PieceReader(io.RawIOBase):
    """An iterator of bytes as a raw stream, for io.BufferedReader to cut into lines."""

    def __init__(self, pieces: Iterator[bytes], stream: BinaryIO) -> None:
        self._pieces = pieces
        self._stream = stream
        self._rest = memoryview(b"")
        self._failure: RecordError | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # A generator that raised is at its end: asked again it would say that the file ended well.
        if self._failure is not None:
            raise self._failure
        try:
            while not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    return 0
                self._rest = memoryview(piece)
        except RecordError as error:
            self._failure = error
            raise
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._stream.close()


def _pieces(blocks: Iterable[bytes], codec: Codec) -> Iterator[bytes]:
    """Yields the decompressed content of consecutive members or frames, piece by piece."""
    # One for all frames: a file may be a million of them.
    frames = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES)
    member: _Member | None = None
    finished = 0
    for block in blocks:
        rest = block
        while rest:
            if member is None:
                rest = rest.lstrip(b"\0") if finished else rest
                if not rest:
                    break
                member = _open_member(codec, frames)
            try:
                yield from member.feed(rest)
            except (zlib.error, OSError, EOFError, ValueError, zstandard.ZstdError) as error:
                where = f" after {finished} whole members" if finished else ""
                detail = f"not {codec} data, or damaged{where}: {error}"
                raise RecordError("decompression-failed", detail) from error
            rest = b""
            if member.eof:
                rest = member.rest
                member = None
                finished += 1
    if member is not None:
        raise RecordError("decompression-failed", f"the {codec} data ends too early: the file was cut short")
    if not finished:
        raise RecordError("decompression-failed", f"the file is empty, which {codec} never is")


class _Member:
    """One gzip member, bzip2 stream or zstd frame being read; `rest` is what follows it in its block."""

    eof = False
    rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yields what comes out of these compressed bytes, in pieces of bounded size."""
        raise NotImplementedError


class _GzipMember(_Member):
    def __init__(self) -> None:
        # 16 + 15: the gzip container, any window.
        self._inflate = zlib.decompressobj(31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._inflate.eof:
            yield self._inflate.decompress(data, _PIECE_BYTES)
            data = self._inflate.unconsumed_tail
        self.eof, self.rest = self._inflate.eof, self._inflate.unused_data


class _Bzip2Member(_Member):
    def __init__(self) -> None:
        self._expand = bz2.BZ2Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._expand.decompress(data, _PIECE_BYTES)
        while not self._expand.eof and not self._expand.needs_input:
            yield self._expand.decompress(b"", _PIECE_BYTES)
        self.eof, self.rest = self._expand.eof, self._expand.unused_data


class _ZstdMember(_Member):
    def __init__(self, frames: zstandard.ZstdDecompressor) -> None:
        self._frame = frames.decompressobj()

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_SLICE_BYTES):
            end = start + _ZSTD_SLICE_BYTES
            yield self._frame.decompress(data[start:end])
            if self._frame.eof:
                self.eof, self.rest = True, self._frame.unused_data + data[end:]
                return


def _open_member(codec: Codec, frames: zstandard.ZstdDecompressor) -> _Member:
    if codec == "gzip":
        return _GzipMember()
    if codec == "bzip2":
        return _Bzip2Member()
    return _ZstdMember(frames)


def _too_large(max_bytes: int) -> RecordError:
    return RecordError("too-large", f"more than {max_bytes} bytes when decompressed")
