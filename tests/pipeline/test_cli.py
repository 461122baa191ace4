"""What the command line makes of a run's end: its message and its exit code."""

from __future__ import annotations

import datetime as dt
import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.cli import exit_code, failure, main
from pipeline.report import RunTotal, total_of
from pipeline.run import RunOutcome
from schemas.errors import BusyError, CommitInterrupted
from schemas.state import Counts, DeadLetterExample, Manifest

NOW = dt.datetime(2022, 3, 30, tzinfo=dt.timezone.utc)


def total(counts: Counts, failed_feeds: int = 0, feeds_polled: int = 0) -> RunTotal:
    """A run with so many dead letters of feeds; the others are of items."""
    letters = (
        DeadLetterExample("fetch", "http-404", failed_feeds, "made up"),
        DeadLetterExample("parse", "no-body", counts.dead_letter - failed_feeds, "made up"),
    )
    return total_of(
        Manifest("r1", 1, NOW, NOW, {}, {}, counts, (), dead_letters=letters, feeds_polled=feeds_polled)
    )


@pytest.mark.parametrize(
    ("read", "dead", "failed_feeds", "polled", "code"),
    [
        (0, 0, 0, 0, 0),
        (10, 5, 0, 0, 0),
        (10, 6, 0, 0, 3),
        # Four feeds have nothing new and one is gone: all that was read is its dead letter.
        (1, 1, 1, 5, 0),
        (3, 3, 3, 5, 3),
        (5, 5, 5, 5, 3),
        # Failed feeds don't hide among many items, nor refused items among feeds.
        (1003, 3, 3, 4, 3),
        (12, 8, 2, 100, 3),
        # Before polls were counted.
        (1, 1, 1, 0, 3),
    ],
)
def test_items_and_feeds_have_a_share_each(
    read: int, dead: int, failed_feeds: int, polled: int, code: int
) -> None:
    """Items refused are held against items read, feeds that failed against feeds polled."""
    counts = Counts(read=read, kept=read - dead, dead_letter=dead)
    assert exit_code(total(counts, failed_feeds, polled), 0.5) == code


def from_beam(error: Exception) -> Exception:
    """An error as Beam hands it on when a step raises it."""
    step = " [while running 'WriteTables/ParDo(RunBatches)']"
    try:
        raise error
    except OSError as original:
        try:
            raise RuntimeError(f"{type(original).__name__}: {original}{step}")
        except RuntimeError as raised:
            return raised
    except ValueError as original:
        return ValueError(f"{original}{step}")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("odd\nmore of it"), "ValueError: odd"),
        (ValueError(), "ValueError"),
        (OSError(errno.ENOSPC, "No space left on device"), "OSError: No space left on device"),
        (
            PermissionError(errno.EACCES, "Permission denied", "out/x"),
            "PermissionError: Permission denied: out/x",
        ),
        (
            from_beam(OSError(errno.ENOSPC, "No space left on device", "out/x")),
            "OSError: No space left on device: out/x [while running 'WriteTables/ParDo(RunBatches)']",
        ),
        (
            from_beam(ValueError("odd")),
            "ValueError: odd [while running 'WriteTables/ParDo(RunBatches)']",
        ),
        (
            RuntimeError("Traceback (most recent call last):\n  File x\nKeyError: 'a' [while running 'B']\n"),
            "KeyError: 'a' [while running 'B']",
        ),
    ],
)
def test_a_failure_is_said_in_a_line(error: Exception, said: str) -> None:
    """What happened, to what, and in which step; a full disk in the words of the system."""
    assert failure(error) == said


def test_an_error_is_not_blamed_on_another_that_was_handled() -> None:
    """Python links what is raised while something else is being handled."""
    error = ValueError("odd")
    error.__context__ = FileNotFoundError(errno.ENOENT, "No such file or directory", "x")
    assert failure(error) == "ValueError: odd"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            BusyError("busy: another run holds --output x"),
            4,
            "newsbeam: busy: another run holds --output x\n",
        ),
        (CommitInterrupted("run r1 is decided"), 1, "newsbeam: run r1 is decided\n"),
    ],
)
def test_what_a_run_raises_is_said_and_has_its_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    said: str,
) -> None:
    """Whoever schedules runs can tell an overlap from a failure."""

    def run(_: object) -> None:
        raise error

    monkeypatch.setattr("pipeline.run.run", run)
    assert main(["run", "--input", str(tmp_path), "--output", str(tmp_path / "out")]) == code
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(("dead", "code"), [(0, 0), (9, 3)])
def test_a_report_that_nobody_reads_does_not_change_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dead: int, code: int
) -> None:
    """`newsbeam run | head -1` ends with what became of the run."""
    outcome = RunOutcome(total(Counts(read=9, kept=9 - dead, dead_letter=dead)))
    monkeypatch.setattr("pipeline.run.run", lambda _: outcome)
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert main(["run", "--input", str(tmp_path), "--output", str(tmp_path / "out")]) == code


def test_a_report_is_printed_on_any_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that its encoding lacks are shown as escapes."""
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    cli._say("Zürich…")
    assert buffer.getvalue() == b"Z\\xfcrich\\u2026\n"


def test_check_of_a_file_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was checked."""
    path = tmp_path / "file"
    path.write_text("a file")
    assert main(["check", "--output", str(path)]) == 2
    assert f"--output {path}: can't be read: Not a directory" in capsys.readouterr().err


def test_a_failing_run_shows_no_traceback(tmp_path: Path) -> None:
    """Beam logs each error on its way up; shown is what happened and in which step."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"title": "Made up", "text": "Made up."}\n')
    code = (
        "import sys, pipeline.work as work\n"
        "def broken(*_): raise OSError(28, 'No space left on device', 'made/up')\n"
        "work.prepare_payload = broken\n"
        "from pipeline.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", code, "run", "--input", "in", "--output", "out", "--entities", "none"]
    done = subprocess.run(
        [*command, "--progress", "off"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == 1
    first, said, hint = done.stderr.splitlines()
    assert first == "newsbeam: the run failed and nothing of it was committed"
    assert said.startswith("  OSError: No space left on device: made/up [while running 'Prepare")
    assert "--log_level" in hint


def test_signals_are_put_back() -> None:
    """A program that calls this keeps its own handlers."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    assert main([]) == 2
    assert {number: signal.getsignal(number) for number in before} == before


def test_an_ignored_signal_stays_ignored() -> None:
    """`nohup newsbeam run` outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cli._stop_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read: No such file or directory"),
        (b"# made up\nexample.org\tExample\tUS\tEST5\n", "line 2: 'EST5' is no IANA time zone"),
        (b"example.org\tExample\ncaf\xe9.example\tCaf\xe9\n", "line 2: not UTF-8"),
    ],
)
def test_a_table_of_publishers_that_is_none_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, said: str
) -> None:
    """Exit code 2 and the line's number, before anything is written."""
    (tmp_path / "in").mkdir()
    table, out = tmp_path / "publishers.tsv", tmp_path / "out"
    if content is not None:
        table.write_bytes(content)
    run = ["run", "--input", str(tmp_path / "in"), "--output", str(out), "--sources", str(table)]
    assert main(run) == 2
    assert f"--sources {table}" in (shown := capsys.readouterr().err)
    assert said in shown
    assert not out.exists()
