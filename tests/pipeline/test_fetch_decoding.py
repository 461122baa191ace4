"""Bodies decompressed: whole whatever the parts they come in, and never more than allowed."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fetch.decoding import RATIO_FLOOR_BYTES, Body
from schemas.errors import RecordError

LARGE = 1 << 30


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def two_members(data: bytes) -> bytes:
    middle = len(data) // 2
    return gzip.compress(data[:middle]) + gzip.compress(data[middle:])


PACKED: dict[str, tuple[str | None, Callable[[bytes], bytes]]] = {
    "plain": (None, bytes),
    "identity": ("identity", bytes),
    "unknown": ("utf-8", bytes),
    "gzip": ("gzip", gzip.compress),
    "x-gzip": (" X-GZip ", gzip.compress),
    "gzip members": ("gzip", two_members),
    "deflate": ("deflate", zlib.compress),
    "deflate stored": ("deflate", lambda data: zlib.compress(data, 0)),
    "bare deflate": ("deflate", bare_deflate),
    "br": ("br", brotli.compress),
    "br quick": ("br", lambda data: brotli.compress(data, quality=0)),
    "br in gzip": ("br, gzip", lambda data: gzip.compress(brotli.compress(data))),
    "gzip in br": ("gzip,br", lambda data: brotli.compress(gzip.compress(data))),
    "deflate in deflate": ("deflate, identity, deflate", lambda data: zlib.compress(zlib.compress(data))),
}


def decoded(coding: str | None, sent: bytes, parts: int = 65536, max_bytes: int = LARGE) -> bytes:
    body = Body(coding, max_bytes, LARGE, "http://made.example/")
    for start in range(0, len(sent), parts):
        body.feed(sent[start : start + parts])
    return body.finish()


@pytest.mark.parametrize("name", PACKED)
@given(data=st.binary(max_size=300), parts=st.integers(1, 40))
def test_every_coding_comes_out_whole(name: str, data: bytes, parts: int) -> None:
    """In whatever parts it came."""
    coding, pack = PACKED[name]
    assert decoded(coding, pack(data), parts) == data


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("parts", [1_000, 65_536, 10_000_000])
def test_large_bodies_come_out_whole(name: str, parts: int) -> None:
    """Which no step takes at once, both where there is nothing to compress and where there is much."""
    coding, pack = PACKED[name]
    data = random.Random(1).randbytes(500_000).hex().encode() + b"made up " * 100_000
    assert decoded(coding, pack(data), parts) == data


@pytest.mark.parametrize("name", [name for name, (coding, _) in PACKED.items() if coding and "i" in coding])
@given(data=st.binary(min_size=1, max_size=100), cut=st.integers(1, 1_000))
def test_nothing_that_is_cut_off_passes_for_whole(name: str, data: bytes, cut: int) -> None:
    """But for nothing at all, and for whole gzip streams, which can't be told from all there is."""
    coding, pack = PACKED[name]
    if name in ("identity", "gzip members"):
        return
    sent = pack(data)
    sent = sent[: max(1, len(sent) - cut)]
    with pytest.raises(RecordError) as caught:
        decoded(coding, sent)
    assert caught.value.reason in ("truncated", "decompression-failed")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "br, gzip"])
@given(data=st.binary(max_size=200))
def test_noise_is_an_answer_or_a_reason(coding: str, data: bytes) -> None:
    """And no other error."""
    reason = "none"
    try:
        decoded(coding, data)
    except RecordError as error:
        reason = error.reason
    assert reason in ("none", "truncated", "decompression-failed")


@pytest.mark.parametrize("name", PACKED)
def test_what_comes_out_has_a_limit(name: str) -> None:
    """To the byte."""
    coding, pack = PACKED[name]
    sent = pack(b"a" * 100_000)
    assert len(decoded(coding, sent, max_bytes=100_000)) == 100_000
    with pytest.raises(RecordError, match="too-large"):
        decoded(coding, sent, max_bytes=99_999)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "br in gzip"])
def test_what_grows_out_of_proportion_is_a_bomb(name: str) -> None:
    """Noticed as soon as it is large at all; what is small may grow as it likes."""
    coding, pack = PACKED[name]
    body = Body(coding, LARGE, 100, "http://made.example/")
    body.feed(pack(b" " * (RATIO_FLOOR_BYTES - 1)))
    assert len(body.finish()) == RATIO_FLOOR_BYTES - 1
    body = Body(coding, LARGE, 100, "http://made.example/")
    with pytest.raises(RecordError, match="decompression-bomb"):
        body.feed(pack(b" " * 10 * RATIO_FLOOR_BYTES))


def test_what_is_not_compressed_has_no_proportion() -> None:
    """However large."""
    body = Body(None, LARGE, 0.5, "http://made.example/")
    body.feed(b" " * 2 * RATIO_FLOOR_BYTES)
    assert len(body.finish()) == 2 * RATIO_FLOOR_BYTES


@pytest.mark.parametrize(("coding", "refused"), [("gzip, gzip", False), ("gzip, br, gzip", True)])
def test_codings_on_top_of_one_another_have_a_limit(coding: str, refused: bool) -> None:
    """Each multiplies what a bomb can do."""
    if not refused:
        assert decoded(coding, gzip.compress(gzip.compress(b"a"))) == b"a"
        return
    with pytest.raises(RecordError, match="decompression-failed"):
        Body(coding, LARGE, LARGE, "http://made.example/")
