"""Files that are dropped into watched folders: each once, and none before it is whole."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

import pytest

from pipeline.inbox import LOOK_EVERY_S, REST_S, Inbox
from tests.pipeline.watching import Seconds


class Folder:
    """A watched folder."""

    def __init__(self, path: Path, *patterns: str) -> None:
        self.path = path
        path.mkdir(exist_ok=True)
        self.clock = Seconds()
        self.inbox = Inbox(patterns or (str(path),), self.clock)

    def drop(self, name: str, text: str = "some text") -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def look(self, after_s: float = 0.0) -> list[str]:
        self.clock.now += after_s
        return [Path(file.path).name for file in self.inbox.look()]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "in")


def test_a_file_counts_once_it_has_come_to_rest(folder: Folder) -> None:
    """Not when it is first seen, and once only; what nothing reads is passed over."""
    folder.drop("a.txt")
    folder.drop("notes.pdf")
    assert folder.look() == []
    assert folder.look(REST_S - 0.1) == []
    folder.drop("deeper/b.jsonl")
    assert folder.look(0.1) == ["a.txt"]
    assert folder.look(REST_S) == ["b.jsonl"]
    assert folder.look(REST_S) == []


def test_a_file_that_grows_is_left_alone(folder: Folder) -> None:
    """Until it doesn't any more; where it does so later, it counts again."""
    file = folder.drop("a.txt", "1")
    for length in range(2, 6):
        assert folder.look(REST_S) == []
        file.write_text("1" * length)
    assert folder.look(REST_S) == []
    assert folder.look(REST_S) == ["a.txt"]
    file.write_text("1" * 9)
    assert folder.look(REST_S) == []
    assert folder.look(REST_S) == ["a.txt"]


def test_a_file_that_is_written_anew_at_the_same_size_counts_again(folder: Folder) -> None:
    """By its time."""
    file = folder.drop("a.txt")
    folder.look()
    assert folder.look(REST_S) == ["a.txt"]
    os.utime(file, ns=(1, 1))
    folder.look()
    assert folder.look(REST_S) == ["a.txt"]


def test_what_is_gone_is_forgotten(folder: Folder) -> None:
    """A file of its name counts when it comes; so do all once a folder that was gone is back."""
    file = folder.drop("a.txt")
    folder.look()
    assert folder.look(REST_S) == ["a.txt"]
    file.unlink()
    assert folder.look(REST_S) == []
    folder.drop("a.txt")
    folder.look()
    assert folder.look(REST_S) == ["a.txt"]
    shutil.rmtree(folder.path)
    assert folder.look(REST_S) == []
    folder.drop("a.txt")
    folder.look()
    assert folder.look(REST_S) == ["a.txt"]


def test_a_folder_that_is_gone_keeps_no_other_from_being_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, not once a second."""
    folder = Folder(tmp_path / "in", str(tmp_path / "gone"), str(tmp_path / "in"))
    folder.drop("a.txt")
    folder.look()
    assert folder.look(REST_S) == ["a.txt"]
    folder.look(REST_S)
    assert len([record for record in caplog.records if "no such file" in record.message]) == 1


def test_what_cannot_be_read_is_given_too(folder: Folder) -> None:
    """Once, for a dead letter to say why."""
    os.mkfifo(folder.path / "a.txt")
    folder.look()
    folder.clock.now += REST_S
    (file,) = folder.inbox.look()
    assert file.problem is not None
    assert file.problem[0] == "not-a-file"
    assert folder.look(REST_S) == []


def test_looks_are_seldom_where_they_take_long(tmp_path: Path) -> None:
    """And there is none where nothing is watched."""
    folder = Folder(tmp_path / "in")
    assert folder.inbox.next_look_s == folder.clock.now
    folder.look()
    assert folder.inbox.next_look_s >= folder.clock.now + LOOK_EVERY_S
    assert Inbox((), folder.clock).next_look_s == math.inf
