"""Cutting input into chunks: nothing lost, nothing twice, and every line with its own number."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from pipeline.chunks import ARTICLE_BYTES, START, Chunk, cut
from pipeline.sources import find_files, read_payloads
from schemas.errors import RecordError
from schemas.sources import SourceFile
from schemas.state import Cursor

MB = 1 << 20


def long_lines(count: int, size: int = 3 * ARTICLE_BYTES) -> list[bytes]:
    """Lines that count as what they are long."""
    return [b'{"n": %d, "text": "%s"}' % (number, b"x" * size) for number in range(count)]


def numbered(files: tuple[SourceFile, ...]) -> list[tuple[int, bytes]]:
    """The lines of some files, as they are read, with their numbers."""
    return [
        (payload.position + place, part)
        for file in files
        for payload in read_payloads(file, MB)
        for place, part in enumerate(payload.parts)
    ]


def found(*paths: Path) -> list[SourceFile]:
    return find_files([str(path) for path in paths])[0]


def assert_meet(chunks: list[Chunk]) -> None:
    """Each begins where the one before ends; the first at the start, the last at the end."""
    assert chunks[0].begin == START
    assert chunks[-1].next is None
    assert [chunk.next for chunk in chunks[:-1]] == [chunk.begin for chunk in chunks[1:]]


@pytest.mark.parametrize("copied", [True, False])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_lines_keep_their_numbers(
    tmp_path: Path,
    suffix: str,
    compress: Callable[[bytes], bytes],
    ending: bytes,
    closed: bool,
    copied: bool,
) -> None:
    """Whatever the line ends, with or without one at the end, compressed, copied or not; blank lines count."""
    lines = long_lines(40)
    lines[7:7] = [b"", b""]
    data = ending.join(lines) + (ending if closed else b"")
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(compress(data))
    copies = str(tmp_path / "copies") if copied else None
    chunks: list[Chunk] = []
    read: list[tuple[int, bytes]] = []
    for chunk in cut(found(path), 10 * ARTICLE_BYTES, copies=copies):
        chunks.append(chunk)
        read += numbered(chunk.files)
        has_copy = chunk.files[0].lines is not None and chunk.files[0].lines.copy is not None
        assert has_copy == (copied and bool(suffix))
    assert len(chunks) == 10
    assert_meet(chunks)
    assert list((tmp_path / "copies").glob("*")) == []
    assert read == [(number, line) for number, line in enumerate(lines) if line]
    parts = [file.lines.stored_bytes for chunk in chunks for file in chunk.files if file.lines]
    assert sum(parts) == path.stat().st_size


def test_a_chunk_ends_with_the_line_that_fills_it(tmp_path: Path) -> None:
    """Also where the line ends just there."""
    path = tmp_path / "a.jsonl"
    lines = long_lines(9, size=ARTICLE_BYTES * 4 - len(b'{"n": 0, "text": ""}') - 1)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert [len(numbered(chunk.files)) for chunk in cut(found(path), 8 * ARTICLE_BYTES)] == [2, 2, 2, 2, 1]
    assert [len(numbered(chunk.files)) for chunk in cut(found(path), 8 * ARTICLE_BYTES + 1)] == [3, 3, 3]


def test_a_line_longer_than_a_chunk_is_one(tmp_path: Path) -> None:
    """It isn't cut."""
    path = tmp_path / "a.jsonl"
    lines = long_lines(3, size=20 * ARTICLE_BYTES)
    path.write_bytes(b"\n".join(lines))
    chunks = list(cut(found(path), 5 * ARTICLE_BYTES))
    assert [numbered(chunk.files) for chunk in chunks] == [[line] for line in enumerate(lines)]


def test_short_lines_count_as_articles(tmp_path: Path) -> None:
    """Memory follows their number."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n": 0}\n' * 1_000)
    chunks = list(cut(found(path), 100 * ARTICLE_BYTES))
    assert_meet(chunks)
    assert [len(numbered(chunk.files)) for chunk in chunks] == [1_000 // len(chunks)] * len(chunks)


def test_small_files_are_grouped_in_order(tmp_path: Path) -> None:
    """Each whole, in one chunk; compressed ones count as what they may hold."""
    for number in range(10):
        (tmp_path / f"{number}.txt").write_bytes(b"x" * 3 * ARTICLE_BYTES)
    (tmp_path / "9.xml.gz").write_bytes(gzip.compress(b"x" * 9))
    files = found(tmp_path)
    chunks = list(cut(files, 7 * ARTICLE_BYTES))
    assert_meet(chunks)
    assert [len(chunk.files) for chunk in chunks] == [2, 2, 2, 2, 3]
    assert [file for chunk in chunks for file in chunk.files] == files


def test_files_of_all_kinds_share_chunks(tmp_path: Path) -> None:
    """Lines fill what seeds have left, and the other way round; what can't be read is not forgotten."""
    (tmp_path / "a.txt").write_bytes(b"x" * ARTICLE_BYTES)
    (tmp_path / "b.jsonl").write_bytes(b"\n".join(long_lines(8)))
    (tmp_path / "c.jsonl").symlink_to("nowhere.jsonl")
    (tmp_path / "d.txt").write_bytes(b"x" * ARTICLE_BYTES)
    chunks = list(cut(found(tmp_path), 8 * ARTICLE_BYTES + 500))
    assert_meet(chunks)
    assert [[Path(file.path).name for file in chunk.files] for chunk in chunks] == [
        ["a.txt", "b.jsonl"],
        ["b.jsonl"],
        ["b.jsonl", "d.txt", "nowhere.jsonl"],
    ]


def test_a_small_input_is_one_chunk_and_not_looked_into(tmp_path: Path) -> None:
    """Nothing is opened: the file isn't there."""
    files = [SourceFile(str(tmp_path / "gone.jsonl"), 1_000, "jsonl")]
    for chunk_bytes in (0, 1_000_000):
        (chunk,) = cut(files, chunk_bytes)
        assert chunk.is_whole
        assert chunk.files == tuple(files)
    (nothing,) = cut([], MB)
    assert nothing.is_whole


def test_wide_text_stays_whole(tmp_path: Path) -> None:
    """In UTF-16 a line feed is not one byte."""
    path = tmp_path / "a.jsonl"
    path.write_bytes("\n".join(line.decode() for line in long_lines(5)).encode("utf-16"))
    (tmp_path / "b.jsonl").write_bytes(b"\n".join(long_lines(2)))
    chunks = list(cut(found(tmp_path), 8 * ARTICLE_BYTES))
    assert_meet(chunks)
    assert [len(numbered(chunk.files)) for chunk in chunks] == [5, 2]


def test_damage_is_met_by_the_reader(tmp_path: Path) -> None:
    """What comes before it is in chunks, each line once; the last one ends with the error."""
    path = tmp_path / "a.jsonl.gz"
    lines = [b'{"n": %d}' % number for number in range(100_000)]
    path.write_bytes(gzip.compress(b"\n".join(lines))[:-2_000])
    chunks: list[Chunk] = []
    read: list[bytes] = []
    for chunk in cut(found(path), 20_000 * ARTICLE_BYTES, copies=str(tmp_path / "copies")):
        chunks.append(chunk)
        if chunk.next is not None:
            read += [line for _, line in numbered(chunk.files)]
    assert_meet(chunks)
    assert len(chunks) > 3
    with pytest.raises(RecordError, match="decompression-failed"):  # noqa: PT012 - what came before counts
        for payload in read_payloads(chunks[-1].files[0], MB):
            read += payload.parts
    assert read == lines[: len(read)]
    assert len(read) > 50_000


def test_cutting_can_begin_anywhere(tmp_path: Path) -> None:
    """From the end of each chunk on come the same ones; with another size, the same lines."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(long_lines(20))))
    files = found(tmp_path)
    chunks = list(cut(files, 10 * ARTICLE_BYTES))
    for place, chunk in enumerate(chunks[:-1]):
        assert chunk.next is not None
        assert list(cut(files, 10 * ARTICLE_BYTES, chunk.next)) == chunks[place + 1 :]
    left = [line for chunk in chunks[3:] for line in numbered(chunk.files)]
    begin: Cursor = chunks[3].begin
    for chunk_bytes in (0, 7 * ARTICLE_BYTES, 1_000 * MB):
        assert [line for chunk in cut(files, chunk_bytes, begin) for line in numbered(chunk.files)] == left
