"""Watches from the command line, and whole ones in this process: what is in the tables when, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from pipeline.stream.lease import write_lease
from schemas.errors import RunError
from tests.end_to_end.made_up import records, write_jsonl
from tests.pipeline.polling_hosts import hosts, now, rss
from tests.pipeline.watching import settings_of, watching
from tests.servers.server import Request
from tests.stream.leases import lease
from tests.tables import manifests, rows
from transforms.functions.prepare import prepare_payload

#: A guard against a watch that hangs, not a measure.
_PATIENCE_S = 120.0

#: Starts a watch as the command line does, whose writing never ends where a file says so.
_SLOW = """
import sys, time
from pathlib import Path
import pipeline.window

write = pipeline.window.WindowWriter.write

def slow(*arguments, **options):
    Path(sys.argv[1]).touch()
    if Path(sys.argv[1] + ".slow").exists():
        time.sleep(3600)
    return write(*arguments, **options)

pipeline.window.WindowWriter.write = slow
if __name__ == "__main__":
    from pipeline.cli import main
    sys.exit(main(sys.argv[2:]))
"""

OPTIONS = ("--entities", "none", "--allow_private_hosts", "--host_gap_s", "0", "--progress", "off")


def until(condition: Callable[[], object], watch: subprocess.Popen[str] | None = None) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert watch is None or watch.poll() is None, watch.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def start(*arguments: str, script: Path | None = None, mark: Path | None = None) -> subprocess.Popen[str]:
    """A watch of its own; of a script, one that leaves a mark when it writes."""
    program = ["-m", "pipeline"] if script is None else [str(script), str(mark)]
    return subprocess.Popen(
        [sys.executable, *program, "watch", *OPTIONS, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )


def titles(out: Path) -> set[str]:
    return {row["title"] for row in rows(out, "articles")}


# What is in the tables when.


def test_an_item_is_a_row_by_the_next_poll_but_one(tmp_path: Path) -> None:
    """Looked at with each poll of a server that publishes one each time.

    Its feed is polled again a second after it was, and news wait for a quarter of that: a machine that is busy may put
    off both, but not the commit behind two polls.
    """
    out = tmp_path / "out"
    seen: list[int] = []

    def publish(request: Request) -> tuple[int, bytes]:
        readable = titles(out)
        published = [f"Story {number}" for number in range(len(seen))]
        # By the poll before the last.
        seen.append(sum(title not in readable for title in published[:-1]))
        return (200, rss(*map(str, range(len(seen)))))

    with hosts({"/1": publish}) as (host,):
        given = (
            "--feeds",
            host.url + "/1",
            "--min_poll_s",
            "1",
            "--max_poll_s",
            "1",
            "--max_latency_s",
            "0.5",
        )
        with watching(settings_of(out, *given)):
            until(lambda: len(seen) >= 6)
    assert set(seen) == {0}
    assert len(rows(out, "articles")) == len(seen)
    assert main(["check", "--output", str(out)]) == 0


def test_files_and_feeds_are_watched_together(tmp_path: Path) -> None:
    """Small files and large drops: the latter by a bounded run, whose items are known afterwards."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    inbox.mkdir()
    with hosts({"/1": (200, rss("a"))}) as (host,):
        given = (
            "--feeds",
            host.url + "/1",
            "--input",
            str(inbox),
            "--max_latency_s",
            "0.2",
            "--workers",
            "1",
        )
        with watching(settings_of(out, *given)):
            until(lambda: "Story a" in titles(out))
            write_jsonl(inbox / "small.jsonl", records(5, seed=1))
            until(lambda: len(rows(out, "articles")) == 6)
            # Blank lines are none, but bytes. It appears whole: a part of it might come to rest.
            hidden = write_jsonl(inbox / ".large", [*records(5, seed=1), *records(30, seed=2)])
            with hidden.open("a") as file:
                file.write("\n".join([" " * 1000] * 4200))
            hidden.rename(inbox / "large.jsonl")
            until(lambda: len(rows(out, "articles")) == 36)
            # It was a graph's: only that says how long it took.
            assert "graph_s" in manifests(out)[-1]["timings"]
    assert sum(entry["counts"]["unchanged"] for entry in manifests(out)) == 5
    assert main(["check", "--output", str(out)]) == 0


def test_one_bad_item_is_set_aside_and_the_watch_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever our code has against it."""

    def brittle(payload: object, *arguments: object) -> object:
        if "bad-one" in str(payload):
            raise ZeroDivisionError
        return prepare_payload(payload, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline.work.prepare_payload", brittle)
    out, inbox = tmp_path / "out", tmp_path / "in"
    good = records(9)
    write_jsonl(inbox / "a.jsonl", [*good[:4], good[4] | {"id": "bad-one"}, *good[5:8]])
    with watching(settings_of(out, "--input", str(inbox), "--max_latency_s", "0.2")):
        until(lambda: len(rows(out, "articles")) == 7)
        write_jsonl(inbox / "b.jsonl", good[8:])
        until(lambda: len(rows(out, "articles")) == 8)
    (letter,) = rows(out, "dead_letters")
    assert (letter["stage"], letter["reason"], letter["position"]) == ("watch", "prepare-failed", 4)
    assert json.loads(letter["payload"])["id"] == "bad-one"


# How it ends.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_once_all_at_hand_is_committed(tmp_path: Path, number: int) -> None:
    """What was polled and waits, and what is known of feeds; it says what it did."""
    out = tmp_path / "out"
    with hosts({"/1": (200, rss("a", "b"))}) as (host,):
        # Nothing would be committed for minutes.
        watch = start(
            "--feeds", host.url + "/1", "--output", str(out), "--max_latency_s", "3600",
            "--min_poll_s", "0.5", "--max_poll_s", "0.5",
        )  # fmt: skip
        until(lambda: len(host.asked) >= 2, watch)
        assert manifests(out) == []
        watch.send_signal(number)
        said, complaint = watch.communicate(timeout=_PATIENCE_S)
    assert (watch.returncode, complaint) == (0, "")
    assert said.startswith("Watched for ")
    assert "2  -> articles: 2 rows" in said
    assert titles(out) == {"Story a", "Story b"}
    assert main(["check", "--output", str(out)]) == 0


def slow_watch(tmp_path: Path, url: str, *options: str) -> tuple[subprocess.Popen[str], Path]:
    """A watch that is at a commit and stays there."""
    script, mark = tmp_path / "slow.py", tmp_path / "mark"
    script.write_text(_SLOW)
    (tmp_path / "mark.slow").touch()
    watch = start(
        "--feeds", url, "--output", str(tmp_path / "out"), "--max_latency_s", "0.1", *options,
        script=script, mark=mark,
    )  # fmt: skip
    until(mark.exists, watch)
    return watch, tmp_path / "out"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(tmp_path: Path, second: int) -> None:
    """Amid its work; the next start finds everything again."""
    with hosts({"/1": (200, rss("a"))}) as (host,):
        watch, out = slow_watch(tmp_path, host.url + "/1")
        watch.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert watch.poll() is None
        watch.send_signal(second)
        watch.communicate(timeout=_PATIENCE_S)
        assert watch.returncode == -second
        assert manifests(out) == []
        with watching(settings_of(out, "--feeds", host.url + "/1", "--max_latency_s", "0.1")):
            until(lambda: titles(out) == {"Story a"})
    assert main(["check", "--output", str(out)]) == 0


def test_it_does_not_outlast_the_time_to_drain(tmp_path: Path) -> None:
    """It says so, and the exit code does."""
    with hosts({"/1": (200, rss("a"))}) as (host,):
        watch, out = slow_watch(tmp_path, host.url + "/1", "--drain_timeout_s", "0.5")
        watch.send_signal(signal.SIGTERM)
        _, complaint = watch.communicate(timeout=_PATIENCE_S)
    assert watch.returncode == 128 + signal.SIGTERM
    *_, last = complaint.splitlines()
    assert last == "newsbeam: interrupted; not done 0.5 s later; what isn't committed is found again"
    assert manifests(out) == []


def test_a_signal_before_it_is_at_work_ends_it_too(tmp_path: Path) -> None:
    """It may come while libraries are still being loaded."""
    folder = tmp_path / "in"
    folder.mkdir()
    for pause_s in (0.3, 1.0):
        watch = start("--input", str(folder), "--output", str(tmp_path / "out"))
        time.sleep(pause_s)
        watch.send_signal(signal.SIGTERM)
        _, complaint = watch.communicate(timeout=_PATIENCE_S)
        # So early that nothing of ours is told of signals yet, or no watch was asked for, it is as any program's end.
        assert watch.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM), complaint
        assert "Traceback" not in complaint


def test_one_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second one, or a run, is refused while a watch holds the folder, and a watch while a run does."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    write_jsonl(inbox / "a.jsonl", records(1))
    given = ["--input", str(inbox), "--output", str(out), *OPTIONS]
    with watching(settings_of(out, "--input", str(inbox), "--max_latency_s", "0.1")):
        until(lambda: manifests(out))
        assert main(["watch", *given]) == 4
        assert main(["run", *given]) == 4
        assert "busy: another run holds" in capsys.readouterr().err
    with output_lock(Layout(str(out))):
        assert main(["watch", *given]) == 4
    write_lease(Layout(str(out)), lease(started_at=now()))
    assert main(["watch", *given]) == 4
    assert "stream s1 runs in --output" in capsys.readouterr().err


def test_a_folder_that_is_deleted_under_it_ends_it(tmp_path: Path) -> None:
    """It would else write on beside whoever makes it anew, and holds the lock there."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    write_jsonl(inbox / "a.jsonl", records(1))
    given = ("--input", str(inbox), "--max_latency_s", "0.1")

    def move_away() -> None:
        with watching(settings_of(out, *given)) as thread:
            until(lambda: manifests(out))
            out.rename(tmp_path / "moved")
            until(lambda: not thread.is_alive())

    with pytest.raises(RunError, match="was deleted or moved"):
        move_away()
    assert not out.exists()


@pytest.mark.parametrize(
    "given",
    [
        ("--input", "no/such/folder"),
        ("--input", "s3://bucket/folder"),
        ("--feeds", "no/such/list.txt"),
        ("--input", ".", "--partition_by", "month"),
        ("--input", ".", "--drain_timeout_s", "-1"),
        ("--input", ".", "--no_such_option"),
    ],
)
def test_what_cannot_be_worked_with_is_refused(
    tmp_path: Path, given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything starts."""
    out = tmp_path / "out"
    write_jsonl(tmp_path / "a.jsonl", records(1))
    assert main(["run", "--input", str(tmp_path / "a.jsonl"), "--output", str(out), *OPTIONS]) == 0
    assert threading.current_thread() is threading.main_thread()
    assert main(["watch", "--output", str(out), *OPTIONS, *given]) == 2
    assert capsys.readouterr().err.startswith("newsbeam: ")
