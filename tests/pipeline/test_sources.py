"""Finding and opening what is to be read."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from pipeline.sources import LINES_PER_PAYLOAD, find_feeds, find_files, read_payloads
from schemas.errors import RecordError, UsageError
from schemas.records import Payload
from schemas.sources import SourceFile

MB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "a.txt",
        "deep/er/b.xml",
        "c.jsonl.gz",
        "deep/d.JSON",
        "e.csv",
        ".hidden.txt",
        ".git/f.txt",
        "g h.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def found(*patterns: object) -> list[str]:
    files, _ = find_files([str(pattern) for pattern in patterns])
    return [os.path.basename(file.path) for file in files]


def test_a_folder_is_taken_whole(folder: Path) -> None:
    """All kinds at any depth, not what is hidden; what nothing reads is passed over and counted."""
    assert found(folder) == ["a.txt", "c.jsonl.gz", "d.JSON", "b.xml", "g h.txt"]
    assert find_files([str(folder)])[1] == {".csv": 1}


def test_kinds_and_compression_are_told_by_name(folder: Path) -> None:
    """Upper and lower case."""
    kinds = {os.path.basename(file.path): (file.kind, file.codec) for file in find_files([str(folder)])[0]}
    assert kinds == {
        "a.txt": ("seed", None), "b.xml": ("feed", None), "c.jsonl.gz": ("jsonl", "gzip"), "d.JSON": ("feed", None),
        "g h.txt": ("seed", None),
    }  # fmt: skip


def test_globs_and_overlaps(folder: Path) -> None:
    """Patterns expand, also over folders, and no file is read twice."""
    assert found(folder / "*.txt", folder / "a.txt") == ["a.txt", "g h.txt"]
    assert found(folder / "**" / "*.xml") == ["b.xml"]
    assert found(folder / "de*") == ["d.JSON", "b.xml"]
    assert found(folder / "*.nothing") == []


def test_what_is_named_outright_is_taken(folder: Path) -> None:
    """A file of an unknown kind becomes a dead letter, not silence."""
    (file,), passed_over = find_files([str(folder / "e.csv")])
    assert file.kind is None
    assert not passed_over
    with pytest.raises(RecordError, match="unknown-format"):
        list(read_payloads(file, MB))


def test_a_path_that_is_not_there_is_the_command_line_s_fault(folder: Path) -> None:
    """Without wildcards somebody meant that very file."""
    with pytest.raises(UsageError, match="no-such"):
        find_files([str(folder / "no-such.txt")])


def test_lines_come_in_payloads_with_their_places(tmp_path: Path) -> None:
    """Each payload knows the number of its first line; line endings are gone."""
    path = tmp_path / "a.jsonl.gz"
    lines = [b'{"n": %d}' % number for number in range(2 * LINES_PER_PAYLOAD + 1)]
    path.write_bytes(gzip.compress(b"\r\n".join(lines)))
    payloads = list(read_payloads(SourceFile(str(path), 1, "jsonl", "gzip"), MB))
    assert [payload.position for payload in payloads] == [0, LINES_PER_PAYLOAD, 2 * LINES_PER_PAYLOAD]
    assert [part for payload in payloads for part in payload.parts] == lines


def test_blank_lines_are_counted_and_not_read(tmp_path: Path) -> None:
    """So that a position is the line's own number in the file."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"n": 0}\n{"n": 1}\n\n\n{"n": 4}\n')
    payloads = list(read_payloads(SourceFile(str(path), 1, "jsonl"), MB))
    assert [(payload.position, len(payload.parts)) for payload in payloads] == [(0, 2), (4, 1)]


@pytest.mark.parametrize(
    ("name", "data", "kind", "codec", "reason"),
    [
        ("a.txt", b"x" * 2_000, "seed", None, "too-large"),
        ("a.txt.gz", gzip.compress(b"x" * 2_000, mtime=0), "seed", "gzip", "too-large"),
        ("a.txt.gz", b"not gzip", "seed", "gzip", "decompression-failed"),
        ("a.jsonl.gz", gzip.compress(b"{}\n" * 900, mtime=0)[:-12], "jsonl", "gzip", "decompression-failed"),
    ],
)
def test_files_that_can_not_be_read_say_why(
    tmp_path: Path, name: str, data: bytes, kind: str, codec: str | None, reason: str
) -> None:
    """One reason that can be counted, and the path."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(RecordError) as caught:
        list(read_payloads(SourceFile(str(path), len(data), kind, codec), 1_000))  # type: ignore[arg-type]
    assert caught.value.reason == reason
    assert str(path) in caught.value.detail


def test_what_is_whole_before_the_damage_is_read(tmp_path: Path) -> None:
    """A cut-off archive gives the lines that it still has."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(b'{"n": %d}\n' % n for n in range(100_000)))[:-2_000])
    payloads: list[Payload] = []
    with pytest.raises(RecordError, match="decompression-failed"):  # noqa: PT012 - what came before counts
        for payload in read_payloads(SourceFile(str(path), 1, "jsonl", "gzip"), MB):
            payloads.append(payload)
    assert sum(len(payload.parts) for payload in payloads) > 50_000


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    """Files can go between listing and reading."""
    with pytest.raises(RecordError, match="unreadable"):
        list(read_payloads(SourceFile(str(tmp_path / "gone.txt"), 1, "seed"), MB))


OPML = """<?xml version="1.0"?><opml version="2.0"><body><outline text="made up">
<outline type="rss" xmlUrl="https://one.example/rss"/><outline text="no address"/></outline>
<outline xmlUrl=" https://two.example/atom "/></body></opml>"""


def test_feed_addresses_come_from_addresses_lists_and_opml(tmp_path: Path) -> None:
    """Each once, in order."""
    (tmp_path / "list.txt").write_text("# ours\nhttps://three.example/#frag\n\nhttps://one.example/rss\n")
    (tmp_path / "feeds.opml").write_text(OPML)
    given = ["https://one.example/rss", str(tmp_path / "list.txt"), str(tmp_path / "feeds.opml")]
    assert find_feeds(given) == [
        "https://one.example/rss", "https://three.example/#frag", "https://two.example/atom",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no http"),
        ("# nothing\n", "no http"),
        ("ftp://a.example/", "not an http"),
        ("<opml><body>", "OPML"),
        ("<rss version='2.0'/>", "--input"),
    ],
)
def test_a_list_that_is_none_is_the_command_line_s_fault(tmp_path: Path, text: str, said: str) -> None:
    """The message names the file and what to do."""
    path = tmp_path / "list"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        find_feeds([str(path)])
    assert str(path) in str(caught.value)
