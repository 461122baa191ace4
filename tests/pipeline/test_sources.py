"""Finding and opening what is to be read."""

from __future__ import annotations

import errno
import gzip
import os
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.sources import LINES_PER_PAYLOAD, find_feeds, find_files, read_payloads
from schemas.errors import RecordError, UsageError
from schemas.records import Payload
from schemas.sources import SourceFile
from transforms.coders import RecordCoder

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
    assert (file.kind, file.problem) == (None, None)
    assert not passed_over
    with pytest.raises(RecordError, match="unknown-format"):
        list(read_payloads(file, MB))


def test_a_path_that_is_not_there_is_the_command_line_s_fault(folder: Path) -> None:
    """Without wildcards somebody meant that very file."""
    with pytest.raises(UsageError, match="no-such"):
        find_files([str(folder / "no-such.txt")])


def test_a_file_is_one_however_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path is absolute and free of links, so that it is known again from any folder."""
    (folder / "link.txt").symlink_to("a.txt")
    (folder / "way").symlink_to("deep")
    monkeypatch.chdir(folder)
    names = [
        "a.txt",
        "./a.txt",
        "deep/../a.txt",
        "link.txt",
        str(folder / "a.txt"),
        (folder / "a.txt").as_uri(),
    ]
    for given in (names, *([name] for name in names)):
        assert [file.path for file in find_files(given)[0]] == [os.path.realpath("a.txt")]
    assert find_files(["way/d.JSON"])[0] == find_files(["deep/d.JSON"])[0]


def test_like_named_files_of_two_folders_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where each was typed the same way, in its own folder."""
    paths = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f.jsonl").write_text("{}")
        monkeypatch.chdir(tmp_path / name)
        paths |= {file.path for file in find_files(["f.jsonl"])[0]}
    assert len(paths) == 2


def test_a_link_may_tell_the_kind(tmp_path: Path) -> None:
    """Either name does, whichever is met first."""
    (tmp_path / "0001").write_text("x")
    (tmp_path / "latest.txt").symlink_to("0001")
    for given in (["0001", "latest.txt"], ["latest.txt", "0001"]):
        (file,), _ = find_files([str(tmp_path / name) for name in given])
        assert (os.path.basename(file.path), file.kind) == ("0001", "seed")


def test_names_that_are_no_text_are_read(tmp_path: Path) -> None:
    """Names are bytes: what is stored can be written anywhere, and what is opened is the file."""
    names = [b"caf\xe9.txt", "caf\u00e9.txt".encode(), b"new\nline.txt", b"caf\xff.txt"]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(name)
    files, _ = find_files([str(tmp_path)])
    assert {os.path.basename(file.path) for file in files} == {
        "caf%E9.txt", "caf\u00e9.txt", "new\nline.txt", "caf%FF.txt",
    }  # fmt: skip
    coder = RecordCoder(SourceFile)
    sent = [coder.decode(coder.encode(file)) for file in files]
    assert {part for file in sent for payload in read_payloads(file, MB) for part in payload.parts} == set(
        names
    )
    (outright,), _ = find_files([os.fsdecode(os.path.join(os.fsencode(tmp_path), names[0]))])
    assert outright.path.endswith("/caf%E9.txt")


def problems(*patterns: object) -> dict[str, str]:
    """The reasons for which files that were found can't be read, by name."""
    found: dict[str, str] = {}
    for file in find_files([str(pattern) for pattern in patterns])[0]:
        try:
            list(read_payloads(file, MB))
        except RecordError as error:
            # The detail leads to the place, and begins with it.
            name = error.detail.startswith(f"{file.path}: ") and os.path.basename(file.path)
            found[name or f"(no path in: {error.detail})"] = error.reason
    return found


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder with what isn't a file one can read."""
    (tmp_path / "gone.txt").symlink_to("nowhere.txt")
    (tmp_path / "round.txt").symlink_to("round.txt")
    (tmp_path / "good.txt").write_text("x")
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as made:
        # The name of a socket may have about 100 bytes, which a folder for tests may exceed.
        here = os.open(tmp_path, os.O_RDONLY)
        made.bind(
            f"/proc/self/fd/{here}/socket.xml"
            if os.path.exists("/proc/self/fd")
            else str(tmp_path / "socket.xml")
        )
        os.close(here)
    return tmp_path


@pytest.mark.parametrize("pattern", ["", "*", "**/*.*", "**"])
def test_what_is_no_file_is_said_and_not_waited_for(odd: Path, pattern: str) -> None:
    """In folders and globs, links to nothing, pipes and sockets each have their reason; the rest is read."""
    assert problems(odd / pattern) == {
        "nowhere.txt": "unreadable", "round.txt": "unreadable", "pipe.txt": "not-a-file", "socket.xml": "not-a-file",
    }  # fmt: skip
    assert "good.txt" in found(odd / pattern)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone.txt", "unreadable"),
        ("round.txt", "unreadable"),
        ("pipe.txt", "not-a-file"),
        ("socket.xml", "not-a-file"),
    ],
)
def test_what_is_no_file_is_a_dead_letter_also_by_its_name(odd: Path, name: str, reason: str) -> None:
    """It is there, so that the command line isn't wrong."""
    assert list(problems(odd / name).values()) == [reason]


def test_a_device_is_not_read() -> None:
    """It might have no end."""
    assert problems("/dev/zero") == {"zero": "not-a-file"}


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Between finding and reading."""
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(RecordError, match="not-a-file"):
        list(read_payloads(SourceFile(str(tmp_path / "a.txt"), 1, "seed"), MB))


def test_a_folder_that_can_not_be_listed_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one dead letter, whatever its name; what lies beside it is read."""
    scandir, listdir = os.scandir, os.listdir

    def refuse(real: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def refusing(path: Any = ".") -> Any:
            if os.path.basename(os.fspath(path)) == "deep":
                raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
            return real(path)

        return refusing

    monkeypatch.setattr(os, "scandir", refuse(scandir))
    monkeypatch.setattr(os, "listdir", refuse(listdir))
    for pattern in ("", "**/*", "*/*.JSON"):
        files, _ = find_files([str(folder / pattern)])
        (refused,) = [file for file in files if file.problem]
        assert refused.path == os.path.realpath(folder / "deep")
        assert refused.problem == ("unreadable", "Permission denied")
    assert "a.txt" in found(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_unreadable(folder: Path) -> None:
    """With the operating system's reason."""
    (folder / "a.txt").chmod(0)
    assert problems(folder / "a.txt") == {"a.txt": "unreadable"}


def test_a_file_that_goes_while_the_folder_is_listed_is_unreadable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name was listed, and it is gone when it is looked at."""
    stat = os.stat

    def gone(path: Any, **options: Any) -> os.stat_result:
        if str(path).endswith("a.txt"):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", gone)
    assert problems(folder) == {"a.txt": "unreadable"} | dict.fromkeys(["c.jsonl.gz"], "decompression-failed")


def test_links_between_folders_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    """A folder that is linked to is read; two links home make 2**40 paths, which nobody waits for."""
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "in" / "a.txt").write_text("x")
    (tmp_path / "other" / "b.txt").write_text("x")
    (tmp_path / "in" / "elsewhere").symlink_to(tmp_path / "other")
    for name in ("home", "sub/home", "sub/again"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "in")
    (tmp_path / "other" / "back").symlink_to(tmp_path / "in")
    assert found(tmp_path / "in") == ["a.txt", "b.txt"]
    assert found(tmp_path / "in" / "**" / "*.txt") == ["a.txt", "b.txt"]
    assert found(tmp_path / "in" / "**") == ["a.txt", "b.txt"]
    assert found(tmp_path / "in" / "**" / "elsewhere" / "*.txt") == ["b.txt"]
    assert found(tmp_path / "in" / "**" / "**" / "b*.txt") == ["b.txt"]


def test_globs_match_as_pythons_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hidden names need a dot in the pattern; relative patterns and brackets; a name like a pattern is that file."""
    (folder / "[a].txt").write_text("x")
    monkeypatch.chdir(folder)
    assert found("*.txt") == ["[a].txt", "a.txt", "g h.txt"]
    assert found("**/*.JSON", "./[ab].txt") == ["a.txt", "d.JSON"]
    assert found("[[]*.txt") == ["[a].txt"]
    assert found("[a].txt") == ["[a].txt"]
    assert found(".h*") == [".hidden.txt"]
    assert found("dee?/*/") == ["b.xml"]
    assert found("dee?/d.JSON") == ["d.JSON"]
    assert found("a.t[x]t/") == []


def test_a_pattern_with_nothing_to_read_is_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It may be a slip, and a run of nothing looks like a run with nothing new."""
    (folder / "empty").mkdir()
    for pattern in ("*.nothing", "*.csv", "empty"):
        caplog.clear()
        find_files([str(folder / pattern), str(folder / "a.txt")])
        (record,) = caplog.records
        assert (record.name, record.levelname) == ("newsbeam", "WARNING")
        assert str(folder / pattern) in record.getMessage()
    caplog.clear()
    find_files([str(folder)])
    assert not caplog.records


@pytest.mark.parametrize("find", [find_files, find_feeds])
def test_unknown_filesystems_are_the_command_line_s_fault(find: Callable[[list[str]], Any]) -> None:
    """Said before anything starts."""
    with pytest.raises(UsageError, match="foo://x"):
        find(["foo://x"])


def test_a_bomb_costs_no_more_than_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the stored nor the decompressed bytes are taken whole to find out that they are too many."""
    path = tmp_path / "a.xml.gz"
    path.write_bytes(gzip.compress(b"x" * 50_000) + os.urandom(5_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(RecordError, match="too-large"):
            list(read_payloads(SourceFile(str(path), 1, "feed", "gzip"), 10_000))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


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


def test_lists_come_from_folders_globs_and_addresses_of_files(tmp_path: Path) -> None:
    """As input does; what is no list is passed over, and a list may be compressed."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.txt").write_text("https://one.example/rss\n")
    (tmp_path / "in" / "deep" / "b.opml").write_text(OPML)
    (tmp_path / "in" / "c.txt.gz").write_bytes(gzip.compress(b"https://three.example/"))
    (tmp_path / "in" / "README.md").write_text("no list")
    three = {"https://one.example/rss", "https://two.example/atom", "https://three.example/"}
    assert set(find_feeds([str(tmp_path / "in")])) == three
    assert set(find_feeds([str(tmp_path / "in" / "**" / "*")])) == three
    assert find_feeds([str(tmp_path / "in" / "*.txt")]) == ["https://one.example/rss"]
    assert find_feeds([(tmp_path / "in" / "a.txt").as_uri()]) == ["https://one.example/rss"]


def test_a_slip_in_a_list_is_left_to_the_fetch(tmp_path: Path) -> None:
    """It is counted there, and the other feeds are fetched."""
    (tmp_path / "list.txt").write_text("feed://one.example/\nhttps://two.example/\nmailto:a@b.example\n")
    assert find_feeds([str(tmp_path / "list.txt")]) == [
        "feed://one.example/", "https://two.example/", "mailto:a@b.example",
    ]  # fmt: skip


def test_a_list_that_can_not_be_read_is_the_command_line_s_fault(odd: Path) -> None:
    """Whatever stands in its way."""
    for name in ("gone.txt", "pipe.txt", "no-such.txt"):
        with pytest.raises(UsageError, match=name):
            find_feeds([str(odd / name)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no http"),
        ("# nothing\n", "no http"),
        ("ftp://a.example/", "no http"),
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
