"""Compressed input, whole and as a stream."""

from __future__ import annotations

import bz2
import gzip
import io
import tracemalloc

import pytest
import zstandard

from schemas.errors import RecordError
from transforms.functions.compression import Codec, decompress, open_decompressed, strip_suffix

CODECS: list[Codec] = ["gzip", "bzip2", "zstd"]
TEXT = "".join(f"line {number}: the council met again\n" for number in range(20_000)).encode()


def compress(data: bytes, codec: Codec) -> bytes:
    """One member or frame."""
    if codec == "gzip":
        return gzip.compress(data, mtime=0)
    return bz2.compress(data) if codec == "bzip2" else zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b.txt.gz", ("a/b.txt", "gzip")),
        ("gs://bucket/b.JSONL.BZ2", ("gs://bucket/b.JSONL", "bzip2")),
        ("b.xml.zst", ("b.xml", "zstd")),
        ("b.xml", ("b.xml", None)),
        ("gz", ("gz", None)),
        ("news/.gz", ("news/.gz", None)),
        ("archive.gz/b.xml", ("archive.gz/b.xml", None)),
    ],
)
def test_a_suffix_tells_the_codec(path: str, expected: tuple[str, Codec | None]) -> None:
    """Only the last suffix counts, in any case, and a suffix alone is a name."""
    assert strip_suffix(path) == expected


@pytest.mark.parametrize("codec", [*CODECS, None])
def test_what_was_compressed_comes_back(codec: Codec | None) -> None:
    """Whole and as a stream, the bytes are those that went in."""
    data = TEXT if codec is None else compress(TEXT, codec)
    assert decompress(data, codec, len(TEXT)) == TEXT
    assert b"".join(open_decompressed(io.BytesIO(data), codec)) == TEXT


@pytest.mark.parametrize("codec", CODECS)
def test_all_members_are_read(codec: Codec) -> None:
    """Members one after another, empty ones among them, with padding behind, are one file."""
    members = [TEXT, b"", b"middle\n", TEXT]
    data = b"".join(compress(member, codec) for member in members) + bytes(512)
    assert decompress(data, codec, 10_000_000) == b"".join(members)
    assert b"".join(open_decompressed(io.BytesIO(data), codec)) == b"".join(members)


def test_skippable_zstd_frames_are_skipped() -> None:
    """pzstd and seekable files put frames of their own between the content (RFC 8878, 3.1.2)."""
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    data = skippable + compress(b"one ", "zstd") + skippable + compress(b"two", "zstd") + skippable
    assert decompress(data, "zstd", 100) == b"one two"


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    "damage", ["cut", "cut at once", "cut member", "changed", "trailing", "empty", "other"]
)
def test_damage_is_said(codec: Codec, damage: str) -> None:
    """Half a file is never taken for a whole one."""
    content = b"".join(bytes([number * 7919 % 251]) for number in range(50_000))
    # Content checksums are optional in zstd; with one, a changed byte is noticed.
    whole = (
        zstandard.ZstdCompressor(write_checksum=True).compress(content)
        if codec == "zstd"
        else compress(content, codec)
    )
    middle = len(whole) // 2
    data = {
        "cut": whole[:-1],
        "cut at once": whole[:3],
        "cut member": whole + whole[:middle],
        "changed": whole[:middle] + bytes([whole[middle] ^ 0x55]) + whole[middle + 1 :],
        "trailing": whole + b"<html>",
        "empty": b"",
        "other": b"By Ana Example\n\nNot compressed at all.",
    }[damage]
    with pytest.raises(RecordError) as caught:
        decompress(data, codec, 1_000_000)
    assert caught.value.reason == "decompression-failed"
    reader = open_decompressed(io.BytesIO(data), codec)
    for _ in range(2):  # asked again it still fails, and does not end as if all were well
        with pytest.raises(RecordError) as caught:
            reader.read()
        assert caught.value.reason == "decompression-failed"


@pytest.mark.parametrize("codec", [*CODECS, None])
def test_the_limit_is_exact(codec: Codec | None) -> None:
    """As many bytes as allowed pass, one more does not."""
    data = TEXT if codec is None else compress(TEXT, codec)
    assert len(decompress(data, codec, len(TEXT))) == len(TEXT)
    with pytest.raises(RecordError) as caught:
        decompress(data, codec, len(TEXT) - 1)
    assert caught.value.reason == "too-large"


@pytest.mark.parametrize("codec", ["gzip", "bzip2"])
def test_a_bomb_is_stopped_while_it_unfolds(codec: Codec) -> None:
    """Memory follows the limit and not what the file would become."""
    bomb = compress(bytes(64_000_000), codec)
    tracemalloc.start()
    try:
        with pytest.raises(RecordError) as caught:
            decompress(bomb, codec, 1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.reason == "too-large"
    assert peak < 16_000_000


def test_a_zstd_bomb_is_stopped_while_it_unfolds() -> None:
    """One call of the library may return 32 MiB, and no more is held than that."""
    bomb = compress(bytes(400_000_000), "zstd")
    tracemalloc.start()
    try:
        with pytest.raises(RecordError) as caught:
            decompress(bomb, "zstd", 1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.reason == "too-large"
    assert peak < 100_000_000


@pytest.mark.parametrize("codec", CODECS)
def test_lines_before_a_cut_are_read(codec: Codec) -> None:
    """A stream gives what came before the damage, then raises."""
    first = compress(TEXT, codec)
    reader = open_decompressed(io.BytesIO(first + first[: len(first) // 2]), codec)
    lines: list[bytes] = []
    with pytest.raises(RecordError):
        lines.extend(reader)
    assert lines[:20_000] == TEXT.splitlines(keepends=True)


def test_a_failing_stream_is_not_a_damaged_file() -> None:
    """An error of the disk or the network is not the record's fault and is passed on."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise TimeoutError("made up")

    with pytest.raises(TimeoutError):
        open_decompressed(Broken(), "bzip2").read()


def test_closing_the_reader_closes_the_stream() -> None:
    """Who opens through it has one thing to close."""
    stream = io.BytesIO(compress(b"x", "gzip"))
    with open_decompressed(stream, "gzip") as reader:
        assert reader.read() == b"x"
    assert stream.closed
