"""A large run in committed chunks: what it says, what it costs to be stopped, and that it is one run to its user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pipeline.run
from pipeline.cli import main
from tests.end_to_end.made_up import RSS, records, write_jsonl
from tests.pipeline.feed_server import LOCAL_FEEDS, FeedServer, answer
from tests.tables import manifests, rows

QUIET = ("--entities", "none", "--progress", "off", "--workers", "1")
LARGE = 1_300


def run(source: Path, out: Path, *more: str) -> int:
    return main(["run", "--input", str(source), "--output", str(out), "--chunk_mb", "1", *QUIET, *more])


def check(out: Path) -> int:
    return main(["check", "--output", str(out)])


def said(out: Path) -> list[Any]:
    """What the articles say, but for the run's own."""
    return sorted(
        (row["article_id"], row["version"], row["group_id"], row["text"], row["origin"]["position"])
        for row in rows(out, "articles")
    )


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Input of three chunks."""
    write_jsonl(tmp_path / "in" / "all.jsonl", records(LARGE))
    return tmp_path / "in"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes a later graph fail, as if the disk were full: the one of that number, from 1."""
    execute = pipeline.run._execute

    def fail_at(number: int) -> None:
        ran = 0

        def failing(*arguments: Any) -> None:
            nonlocal ran
            ran += 1
            if ran == number:
                raise OSError(28, "No space left on device")
            execute(*arguments)

        monkeypatch.setattr("pipeline.run._execute", failing)

    return fail_at


def test_chunks_give_the_tables_of_one_run(
    large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the same positions, groups and times; the report adds them up."""
    clock = ("--now", "2024-05-03T08:00:00Z")
    assert run(large, tmp_path / "whole", *clock, "--chunk_mb", "0") == 0
    capsys.readouterr()
    assert run(large, tmp_path / "cut", *clock, "--run_id", "big") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Run big, ")
    assert lines[0].endswith(", in 3 chunks")
    assert lines[2].split() == ["read", f"{LARGE:,}", "items"]
    assert f"{LARGE:,} rows" in lines[3]
    assert said(tmp_path / "whole") == said(tmp_path / "cut")
    assert [one["run_id"] for one in manifests(tmp_path / "cut")] == [
        "big-chunk0001", "big-chunk0002", "big-chunk0003",
    ]  # fmt: skip
    assert sum(one["counts"]["read"] for one in manifests(tmp_path / "cut")) == LARGE
    assert len({row["ingested_at"] for row in rows(tmp_path / "cut", "articles")}) == 1
    assert check(tmp_path / "cut") == 0


def test_a_small_run_has_no_chunks(tmp_path: Path) -> None:
    """It is what it would be without the option."""
    source = write_jsonl(tmp_path / "in.jsonl", records(20))
    assert run(source, tmp_path / "out", "--run_id", "small") == 0
    (manifest,) = manifests(tmp_path / "out")
    assert (manifest["run_id"], manifest["series"]) == ("small", None)


def test_a_failure_says_what_is_committed_and_the_next_start_goes_on(
    large: Path, tmp_path: Path, failing: Callable[[int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """At the time of the first start; `check` notes that there is more to come."""
    out = tmp_path / "out"
    failing(3)
    assert run(large, out) == 1
    complaint = capsys.readouterr().err
    assert "chunks 1 to 2 are committed of run" in complaint
    assert "No space left on device" in complaint
    assert check(out) == 0
    assert "has more chunks to come" in capsys.readouterr().out
    failing(0)
    # Another size of chunks is no other input.
    assert run(large, out, "--chunk_mb", "2") == 0
    report, message = capsys.readouterr()
    assert "in 3 chunks" in report
    assert "at chunk 3: what it had read until then, " in message
    read = [one["counts"]["read"] for one in manifests(out)]
    assert f"{read[0] + read[1]} items, is committed" in message
    assert sum(read) == LARGE
    assert all(512 <= count < 530 for count in read[:2])
    assert len({row["ingested_at"] for row in rows(out, "articles")}) == 1
    assert check(out) == 0


def test_changed_input_is_read_anew(large: Path, tmp_path: Path, failing: Callable[[int], None]) -> None:
    """All of it, as another run; what is known is unchanged. Under the same id the numbers go on."""
    out = tmp_path / "out"
    failing(2)
    assert run(large, out, "--run_id", "daily") == 1
    write_jsonl(large / "more.jsonl", records(3, seed=9))
    assert run(large, out, "--run_id", "daily") == 0
    assert [one["run_id"][-4:] for one in manifests(out)] == ["0001", "0002", "0003", "0004"]
    unchanged = [one["counts"]["unchanged"] for one in manifests(out)]
    assert unchanged == [0, manifests(out)[0]["counts"]["kept"], 0, 0]
    assert len(rows(out, "articles")) == LARGE + 3
    assert check(out) == 0


def test_a_finished_run_is_not_run_again(
    large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under its id nothing is done, and the report is the whole run's; other options are refused."""
    out = tmp_path / "out"
    assert run(large, out, "--run_id", "daily") == 0
    capsys.readouterr()
    assert run(large, out, "--run_id", "daily") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Run daily is committed already; nothing was done."
    assert lines[3].split() == ["read", f"{LARGE:,}", "items"]
    assert run(large, out, "--run_id", "daily", "--near_duplicates", "off") == 2
    assert run(large, out, "--run_id", "daily-chunk0002") == 2
    assert len(manifests(out)) == 3
    assert run(large, out) == 0
    assert sum(one["counts"]["unchanged"] for one in manifests(out)) == LARGE


def test_feeds_are_fetched_once(large: Path, tmp_path: Path) -> None:
    """With the first chunk."""
    with FeedServer({"/a": answer(200, RSS.encode())}).running() as server:
        assert run(large, tmp_path / "out", "--feeds", server.address + "/a", *LOCAL_FEEDS) == 0
        assert len(server.requests) == 1
    assert [one["feeds_polled"] for one in manifests(tmp_path / "out")] == [1, 0, 0]
    assert sum(one["counts"]["read"] for one in manifests(tmp_path / "out")) == LARGE + 2
