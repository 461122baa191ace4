"""Progress: what steps append, what is added up, and what is shown of it."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import pickle
import sys
import threading
from pathlib import Path

import pytest

from pipeline.progress import (
    COUNTS,
    BarView,
    Estimate,
    LineView,
    Progress,
    ProgressReader,
    ProgressView,
    ProgressWriter,
    Snapshot,
    duration,
    show_progress,
)


class Clock:
    """Stands still until the test moves it. Seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class BrokenPipe(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError("nobody reads this")


def totals(**counts: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, 0) | counts


def progress_file(folder: Path) -> str:
    path = folder / "progress"
    path.touch()
    return str(path)


# What is written and read


def test_counts_are_added_up(tmp_path: Path) -> None:
    """Each name is summed by itself; names that were never counted are zero."""
    path = progress_file(tmp_path)
    writer = ProgressWriter(path, Clock())
    writer.add(read=3, bytes_read=700)
    writer.add(read=1, kept=2, dead_letter=1)
    writer.flush()
    assert ProgressReader(path).totals() == totals(read=4, kept=2, dead_letter=1, bytes_read=700)


def test_many_counts_are_few_lines(tmp_path: Path) -> None:
    """A line is written for the first count, then not before the interval is over, and at a flush."""
    path = progress_file(tmp_path)
    clock = Clock()
    writer = ProgressWriter(path, clock)
    for _ in range(1000):
        writer.add(read=1)
    assert len(Path(path).read_bytes().splitlines()) == 1
    clock.now += 0.25
    writer.add(read=1)
    assert len(Path(path).read_bytes().splitlines()) == 2
    writer.add(kept=1)
    writer.flush()
    writer.flush()
    assert len(Path(path).read_bytes().splitlines()) == 3
    assert ProgressReader(path).totals() == totals(read=1001, kept=1)


@pytest.mark.parametrize("missing", ["no/such/folder/progress", "progress"])
def test_a_file_that_cannot_be_written_is_no_failure(tmp_path: Path, missing: str) -> None:
    """The writer falls silent, and leaves no file where no reader made one."""
    path = tmp_path / missing
    writer = ProgressWriter(str(path), Clock())
    writer.add(read=1)
    writer.flush()
    assert not path.exists()


def test_without_a_path_nothing_is_counted() -> None:
    """A run without progress pays nothing for it."""
    writer = ProgressWriter(None)
    writer.add(read=1)
    writer.flush()


def test_a_writer_travels_to_its_worker(tmp_path: Path) -> None:
    """Pickled in the middle of its work it starts empty, so nothing counts twice."""
    path = progress_file(tmp_path)
    writer = ProgressWriter(path)
    writer.add(read=1)
    writer.add(read=10)
    copy = pickle.loads(pickle.dumps(writer))
    copy.add(read=100)
    copy.flush()
    writer.flush()
    assert ProgressReader(path).totals() == totals(read=111)


def _count_in_process(path: str) -> None:
    writer = ProgressWriter(path)
    for _ in range(200):
        writer.add(read=1, bytes_read=1000)
        writer.flush()


def test_processes_share_the_file(tmp_path: Path) -> None:
    """Lines of several processes never mix."""
    path = progress_file(tmp_path)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_count_in_process, args=(path,)) for _ in range(2)]
    for process in processes:
        process.start()
    _count_in_process(path)
    for process in processes:
        process.join()
    assert ProgressReader(path).totals() == totals(read=600, bytes_read=600_000)


def test_a_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    """A reader that comes in the middle of a line waits for its end, and counts no line twice."""
    path = tmp_path / "progress"
    path.write_bytes(b'{"read":1}\n{"re')
    reader = ProgressReader(str(path))
    assert reader.totals() == totals(read=1)
    with path.open("ab") as file:
        file.write(b'ad":5}\n')
    assert reader.totals() == totals(read=6)
    assert reader.totals() == totals(read=6)


@pytest.mark.parametrize(
    "spoiled", [b'{"read":', b"\xff\x00", b"[1]", b'{"read":"many"}', b'{"other":1}', b""]
)
def test_a_spoiled_line_is_passed_over(tmp_path: Path, spoiled: bytes) -> None:
    """What a full disk left behind spoils no other line."""
    path = tmp_path / "progress"
    path.write_bytes(b'{"read":1}\n' + spoiled + b'\n{"kept":2}\n')
    assert ProgressReader(str(path)).totals() == totals(read=1, kept=2)


def test_a_missing_file_reads_as_empty(tmp_path: Path) -> None:
    """The reader may be there before the first writer."""
    assert ProgressReader(str(tmp_path / "progress")).totals() == totals()


# What is made of it


def test_while_reading_the_bytes_tell_how_far_it_is() -> None:
    """A quarter of the bytes in ten seconds: a quarter done, thirty seconds left."""
    clock = Clock()
    estimate = Estimate(4000, clock)
    clock.now += 10
    snapshot = estimate.snapshot(totals(read=50, bytes_read=1000))
    assert snapshot == Snapshot(totals(read=50, bytes_read=1000), "reading", 0.25, 5.0, 10.0, 30.0)


def test_once_all_is_read_the_items_tell_how_far_it_is() -> None:
    """A runner that reads all before it goes on is not at its end when the bytes are."""
    clock = Clock()
    estimate = Estimate(4000, clock)
    clock.now += 10
    assert estimate.snapshot(totals(read=100, bytes_read=4000, dead_letter=10)).left_s == 90.0
    clock.now += 10
    snapshot = estimate.snapshot(totals(read=100, bytes_read=4000, dead_letter=10, kept=10, unchanged=20))
    assert (snapshot.stage, snapshot.fraction, snapshot.rate) == ("processing", 0.4, 2.0)
    assert snapshot.left_s == 30.0


@pytest.mark.parametrize("total", [None, 0])
def test_without_a_size_no_time_is_promised(total: int | None) -> None:
    """Fetched feeds have no size that is known before."""
    clock = Clock()
    estimate = Estimate(total, clock)
    clock.now += 10
    snapshot = estimate.snapshot(totals(read=30, bytes_read=1000))
    assert (snapshot.fraction, snapshot.left_s, snapshot.rate) == (None, None, 3.0)


def test_nothing_done_yet_promises_nothing() -> None:
    """No division by zero at the very start, and no time left out of no rate."""
    estimate = Estimate(100, Clock())
    snapshot = estimate.snapshot(totals())
    assert (snapshot.fraction, snapshot.left_s, snapshot.rate) == (0.0, None, 0.0)


def test_the_rate_is_that_of_late() -> None:
    """A fast start doesn't hide a slow present."""
    clock = Clock()
    estimate = Estimate(None, clock)
    for second in range(1, 61):
        clock.now += 1
        estimate.snapshot(totals(read=min(second, 20) * 1000))
    clock.now += 1
    assert estimate.snapshot(totals(read=20_016)).rate == pytest.approx(1.0, abs=0.1)


def test_a_retried_bundle_never_finishes_more_than_was_read() -> None:
    """Counts are estimates, but a bar beyond its end would look like a fault."""
    clock = Clock()
    estimate = Estimate(10, clock)
    clock.now += 1
    assert estimate.snapshot(totals(read=5, kept=9, bytes_read=12)).fraction == 1.0


# What is shown


def snapshot(elapsed_s: float, **counts: int) -> Snapshot:
    return Snapshot(totals(**counts), "reading", 0.25, 5.0, elapsed_s, 30.0)


def test_lines_come_every_few_seconds() -> None:
    """The first after five seconds, and never one for each look."""
    stream = io.StringIO()
    view = LineView(stream)
    for tenth in range(121):
        view.show(snapshot(tenth / 10, read=tenth * 100, kept=tenth, duplicate=2, dead_letter=1))
    assert stream.getvalue().splitlines() == [
        "newsbeam: 5 s, reading 25%, 30 s left: 5,000 read, 50 kept, 2 duplicate, 1 dead, 5/s",
        "newsbeam: 10 s, reading 25%, 30 s left: 10,000 read, 100 kept, 2 duplicate, 1 dead, 5/s",
    ]


def test_a_still_run_says_that_it_is_alive_once_a_minute() -> None:
    """A log isn't filled with one line again and again."""
    stream = io.StringIO()
    view = LineView(stream)
    for second in range(190):
        view.show(snapshot(second, read=1))
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "newsbeam: 5 s",
        "newsbeam: 1 min 05 s",
        "newsbeam: 2 min 05 s",
        "newsbeam: 3 min 05 s",
    ]


def test_a_line_without_a_known_size_shows_no_share() -> None:
    """What isn't known isn't shown."""
    stream = io.StringIO()
    LineView(stream).show(Snapshot(totals(read=7, unchanged=3), "reading", None, 1.4, 5.0, None))
    assert (
        stream.getvalue() == "newsbeam: 5 s, reading: 7 read, 0 kept, 0 duplicate, 3 unchanged, 0 dead, 1/s\n"
    )


@pytest.mark.parametrize("width", [20, 40, 120])
def test_the_bar_fits_the_terminal_and_leaves_it_as_it_was(width: int) -> None:
    """One line at any width, no hidden cursor even in between, and nothing left at the end."""
    stream = Terminal()
    view = BarView(stream, width=width)
    view.show(snapshot(10, read=1234, kept=9))
    drawn = stream.getvalue()
    assert "\n" not in drawn
    assert "\x1b[?25l" not in drawn
    if width == 120:
        assert "reading" in drawn
        assert "1,234 read, 9 kept, 0 duplicate, 0 dead, 5/s, 30 s left" in drawn
    view.close()
    assert stream.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("mode", "terminal", "term", "shown"),
    [
        ("auto", True, "xterm", BarView),
        ("auto", True, "dumb", LineView),
        ("auto", True, None, LineView),
        ("auto", False, "xterm", LineView),
        ("bar", False, "xterm", BarView),
        ("log", True, "xterm", LineView),
        ("off", True, "xterm", None),
    ],
)
def test_there_is_one_form_or_the_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    terminal: bool,
    term: str | None,
    shown: type[ProgressView] | None,
) -> None:
    """A bar where a terminal can draw it, lines elsewhere, and what was asked for by name everywhere."""
    if term is None:
        monkeypatch.delenv("TERM", raising=False)
    else:
        monkeypatch.setenv("TERM", term)
    stream = Terminal() if terminal else io.StringIO()
    with show_progress(mode, str(tmp_path / "progress"), 10, stream, Clock()) as progress:  # type: ignore[arg-type]
        assert (type(progress._view) if progress._view else None) is shown
    assert mode != "off" or stream.getvalue() == ""


def test_the_file_is_there_for_the_writers(tmp_path: Path) -> None:
    """What steps count while the body runs is known to it."""
    path = str(tmp_path / "progress")
    with show_progress("log", path, None, io.StringIO()) as progress:
        writer = ProgressWriter(path)
        writer.add(read=2)
        writer.flush()
        assert progress.totals() == totals(read=2)


def test_without_a_path_nothing_is_shown() -> None:
    """No file, no thread, no output."""
    stream = Terminal()
    threads = threading.active_count()
    with show_progress("bar", None, None, stream) as progress:
        assert threading.active_count() == threads
        assert progress.totals() == totals()
    assert stream.getvalue() == ""


def test_a_failing_run_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    """The error goes through, the thread is gone, the bar too."""
    stream = Terminal()
    threads = threading.active_count()

    def run() -> None:
        with show_progress("bar", str(tmp_path / "progress"), None, stream) as progress:
            progress.tick()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert threading.active_count() == threads
    assert stream.getvalue().endswith("\x1b[2K")


def test_a_terminal_that_went_away_does_not_stop_the_run(tmp_path: Path) -> None:
    """`newsbeam ... 2>&1 | head` ends the lines, not the run."""
    view = LineView(BrokenPipe())
    view.every_s = 0.0  # no wait between looks
    clock = Clock()
    progress = Progress(ProgressReader(str(tmp_path / "none")), Estimate(None, clock), view)
    clock.now += 10
    progress.start()
    assert progress._thread is not None
    progress._thread.join(timeout=30)
    assert not progress._thread.is_alive()
    progress.stop()


def test_messages_stand_above_the_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning in the middle of a run is a line of its own, and stays when the bar goes."""
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    view = BarView(stream, width=80)
    view.show(snapshot(1, read=1))
    sys.stderr.write("feed 7 is slow\n")
    view.close()
    assert "feed 7 is slow\n" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (8.9, "8 s"),
        (59.99, "59 s"),
        (125, "2 min 05 s"),
        (3600, "1 h 00 min"),
        (12_000, "3 h 20 min"),
    ],
)
def test_durations_are_said_as_people_do(seconds: float, shown: str) -> None:
    """Whole seconds, then minutes, then hours."""
    assert duration(seconds) == shown


def test_a_line_is_small_enough_to_be_written_at_once(tmp_path: Path) -> None:
    """POSIX keeps appended lines of several processes apart only up to PIPE_BUF, at least 512 bytes."""
    path = progress_file(tmp_path)
    writer = ProgressWriter(path, Clock())
    writer.add(**dict.fromkeys(COUNTS, 2**62))
    assert os.path.getsize(path) < 512
    assert json.loads(Path(path).read_text()) == dict.fromkeys(COUNTS, 2**62)
