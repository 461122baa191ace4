"""Whole runs over what is badly named, badly behaved or not there: none of it ends the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.end_to_end.made_up import RSS, SEED
from tests.pipeline.feed_server import LOCAL_FEEDS, FeedServer, answer
from tests.tables import manifests, rows

QUIET = (
    "--entities", "none", "--progress", "off", "--workers", "1", "--max_dead_letter_share", "1", *LOCAL_FEEDS,
)  # fmt: skip
PAGE = b"<!DOCTYPE html><html><head><title>Made up</title></head><body>Back soon</body></html>"


def run(*arguments: object) -> int:
    return main(["run", *map(str, arguments), *QUIET])


def dead_letters(out: Path) -> dict[str, tuple[str, str]]:
    """Stage and reason by the end of the address or path."""
    return {
        row["origin_uri"].rsplit("/", 1)[1]: (row["stage"], row["reason"])
        for row in rows(out, "dead_letters")
    }


@pytest.fixture
def server() -> Iterator[FeedServer]:
    scripts = {"/feed": answer(200, RSS.encode(), ETag='"1"'), "/page": answer(200, PAGE, ETag='"2"')}
    with FeedServer(scripts).running() as it:
        yield it


def test_a_folder_of_lists_is_fetched_with_its_slips_as_dead_letters(
    server: FeedServer, tmp_path: Path
) -> None:
    """Addresses that are none, and a page where a feed should be, are counted; the feed beside them is read."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "ours.txt").write_text(f"{server.address}/feed\nfeed://made.example/rss\n")
    (tmp_path / "lists" / "more.txt").write_text(f"{server.address}/page\n")
    out = tmp_path / "out"
    for _ in range(2):
        assert run("--feeds", tmp_path / "lists", "--output", out) == 0
        counts = manifests(out)[-1]["counts"]
        # A page that is no feed is not found unchanged the next time, so that nobody takes it for a quiet feed.
        assert counts["dead_letter"] == 2
    assert len(rows(out, "articles")) == 2
    assert dead_letters(out) == {"rss": ("fetch", "bad-address"), "page": ("parse", "not-a-feed")}
    asked = [headers for path, headers in server.requests if path == "/feed"]
    assert [headers.get("if-none-match") for headers in asked] == [None, '"1"']
    assert not any("if-none-match" in headers for path, headers in server.requests if path == "/page")


def test_odd_files_are_dead_letters_and_odd_names_are_read(tmp_path: Path) -> None:
    """A name that is no text, a link to nothing and a pipe, in one folder."""
    inbox, out = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    with open(os.path.join(os.fsencode(inbox), b"caf\xe9\n.txt"), "w") as file:
        file.write(SEED)
    (inbox / "gone.jsonl").symlink_to("nowhere.jsonl")
    os.mkfifo(inbox / "pipe.xml")
    assert run("--input", inbox, "--output", out) == 0
    (article,) = rows(out, "articles")
    assert article["origin"]["uri"] == os.path.realpath(inbox) + "/caf%E9\n.txt"
    assert dead_letters(out) == {"nowhere.jsonl": ("read", "unreadable"), "pipe.xml": ("read", "not-a-file")}
    assert {row["payload"] for row in rows(out, "dead_letters")} == {None}


def test_a_file_is_known_again_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that have nothing but an id are told apart by their file, however that was typed."""
    out = tmp_path / "out"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f.jsonl").write_text(
            f'{{"id": 1, "text": "The made-up words of folder {name}."}}\n'
        )
        monkeypatch.chdir(tmp_path / name)
        assert run("--input", "f.jsonl", "--output", out) == 0
        assert run("--input", "./f.jsonl", "--output", out) == 0
        assert manifests(out)[-1]["counts"]["unchanged"] == 1
    assert len({row["article_id"] for row in rows(out, "articles")}) == 2
    assert {row["version"] for row in rows(out, "articles")} == {1}


@pytest.mark.parametrize("option", ["--input", "--feeds"])
@pytest.mark.parametrize("given", ["foo://made-up/a", "no-such-place/a.txt"])
def test_what_is_not_there_is_the_command_line_s_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, given: str
) -> None:
    """Exit code 2, in a sentence, before anything is written."""
    assert run(option, given, "--output", tmp_path / "out") == 2
    assert given in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
