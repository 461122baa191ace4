"""What stands in OUT about a stream: who may start, and what launcher and workers say to each other."""

from __future__ import annotations

import datetime as dt
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import files
from pipeline.cli import main
from pipeline.store.check import check_output
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from pipeline.stream.lease import (
    Beat,
    Life,
    has_ended,
    hold_stream,
    mark_ended,
    read_beat,
    read_lease,
    release,
    request_stop,
    stop_requested,
    write_beat,
    write_lease,
)
from pipeline.stream.processes import is_alive, process_mark
from schemas.errors import BusyError, RunError
from schemas.state import StreamLease
from tests.stream.leases import NOW, lease


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "out"))


def always(life: Life) -> Callable[[StreamLease], Life]:
    """An engine that says the same of every job."""
    return lambda _: life


def nobody(_: StreamLease) -> Life:
    raise AssertionError("no engine is to be asked")


def test_a_lease_is_read_as_it_was_written(layout: Layout) -> None:
    """All of it, and none before."""
    assert read_lease(layout) is None
    written = lease(flink_rest="http://localhost:8081", flink_job_id="0" * 32, prism_pid=7, prism_mark="b/1")
    write_lease(layout, written)
    assert read_lease(layout) == written


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"stream_id": "s1"}', b"\xff"])
def test_what_is_no_lease_is_an_error_and_a_problem(layout: Layout, data: bytes) -> None:
    """A start must not take a broken lease for none; and `check` names the file."""
    files.write_bytes(layout.lease_path, data)
    with pytest.raises(RunError, match=r"lease\.json: not the lease of a stream"):
        read_lease(layout)
    assert [problem.path for problem in check_output(layout) if not problem.is_note] == [layout.lease_path]


def test_a_stream_in_work_is_a_note_of_check(layout: Layout) -> None:
    """With its id and its job; nothing is wrong with an OUT that a stream works in."""
    write_lease(layout, lease(flink_rest="http://localhost:8081", flink_job_id="f00"))
    (note,) = check_output(layout)
    assert note.is_note
    assert note.message == "stream s1 runs here, or was stopped: job f00 on Flink at http://localhost:8081"


def test_the_first_stream_starts_and_asks_nobody(layout: Layout) -> None:
    """The lease is there within the block, and after it."""
    with hold_stream(layout, lease(), nobody):
        assert read_lease(layout) == lease()
    assert read_lease(layout) == lease()


@pytest.mark.parametrize(
    ("life", "says"),
    [
        (Life.RUNNING, r"stream s1 runs in --output .*job f00 on Flink.*newsbeam stop --output .* ends it"),
        (
            Life.COMING,
            r"stream s1 was just being submitted .*job f00 on Flink.*newsbeam stop --output .* sees to it",
        ),
        (Life.UNKNOWN, r"stream s1 may still run .*job f00 on Flink.*newsbeam stop --output .* --forget"),
    ],
)
def test_a_second_stream_is_refused(layout: Layout, life: Life, says: str) -> None:
    """Where the first runs, or may run; nothing that stands there about the first is changed."""
    first = lease(flink_rest="http://localhost:8081", flink_job_id="f00")
    write_lease(layout, first)
    request_stop(layout)
    with pytest.raises(BusyError, match=says), hold_stream(layout, lease("s2"), always(life)):
        pytest.fail("let in")
    assert read_lease(layout) == first
    assert stop_requested(layout, "s1")


def test_a_lease_of_a_job_that_is_over_is_taken_over(
    layout: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    """With one line of warning, and without the words about the old stream."""
    write_lease(layout, lease())
    request_stop(layout)
    write_beat(layout, "s1", NOW)
    mark_ended(layout, "s1")
    with (
        caplog.at_level(logging.WARNING),
        hold_stream(layout, lease("s2"), always(Life.OVER)),
    ):
        assert os.listdir(layout.stream_dir).count("lease.json") == 1
    assert read_lease(layout) == lease("s2")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "stream s1" in caplog.text
    assert not {"stop", "beat", "ended"} & set(os.listdir(layout.stream_dir))


_START = """
import sys, time
from pipeline.cli import main
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from pipeline.stream.lease import hold_stream
from tests.stream.leases import lease
with hold_stream(Layout(sys.argv[1]), lease("other"), None):
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_starts_at_once(layout: Layout) -> None:
    """The second is refused while the first submits its job; its death lets others in, who ask about its lease."""
    process = subprocess.Popen(
        [sys.executable, "-c", _START, layout.output], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match="another stream is being started"),
            hold_stream(layout, lease("s2"), nobody),
        ):
            pytest.fail("let in")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    asked = []

    def life(of: StreamLease) -> Life:
        asked.append(of.stream_id)
        return Life.OVER

    with hold_stream(layout, lease("s2"), life):
        assert asked == ["other"]


def test_a_run_goes_on_beside_the_start_of_a_stream(layout: Layout) -> None:
    """The one holds OUT, the other its own folder in it."""
    with output_lock(layout), hold_stream(layout, lease(), nobody):
        pass
    with hold_stream(layout, lease("s1"), always(Life.OVER)), output_lock(layout):
        pass


def test_a_stop_is_for_one_stream(layout: Layout) -> None:
    """What was said to an earlier one does not end the next."""
    write_lease(layout, lease())
    assert not stop_requested(layout, "s1")
    request_stop(layout)
    request_stop(layout)
    assert stop_requested(layout, "s1")
    assert not stop_requested(layout, "s2")
    request_stop(layout, "s2")
    assert stop_requested(layout, "s2")


def test_nothing_can_be_stopped_where_nothing_runs(layout: Layout) -> None:
    """And nothing is written."""
    with pytest.raises(RunError, match="no stream runs"):
        request_stop(layout)
    assert not os.path.exists(layout.output)


def test_the_end_is_of_one_stream(layout: Layout) -> None:
    """Said twice is said once, and a worker that comes back later says nothing about the next stream."""
    write_lease(layout, lease())
    assert not has_ended(layout, "s1")
    mark_ended(layout, "s1")
    mark_ended(layout, "s1")
    assert has_ended(layout, "s1")
    assert not has_ended(layout, "s2")
    write_lease(layout, lease("s2"))
    mark_ended(layout, "s2")
    mark_ended(layout, "s1")
    assert has_ended(layout, "s2")


def test_a_released_stream_leaves_its_end_only(layout: Layout) -> None:
    """Who waits for the end beside the launcher has still to find it; another stream's lease is left alone."""
    write_lease(layout, lease())
    request_stop(layout)
    write_beat(layout, "s1", NOW)
    mark_ended(layout, "s1")
    release(layout, "s2")
    assert read_lease(layout) == lease()
    release(layout, "s1")
    release(layout, "s1")
    assert os.listdir(layout.stream_dir) == ["ended"]
    assert has_ended(layout, "s1")


def test_beats_are_few_and_of_one_stream(layout: Layout) -> None:
    """A ticker may beat at each tick: the file is written when it is due, and when the clock was set back."""
    beat = Beat(layout, "s1", every_s=5)
    assert read_beat(layout, "s1") is None
    seen = []
    for second in (0, 1, 4, 5, 9, 11, -60, -59):
        beat.beat(NOW + dt.timedelta(seconds=second))
        said = read_beat(layout, "s1")
        assert said is not None
        seen.append((said - NOW).total_seconds())
    assert seen == [0, 0, 0, 5, 5, 11, -60, -60]
    assert read_beat(layout, "s2") is None


@pytest.mark.parametrize(
    "data", [b"", b"s1", b"s1\n", b"s1\nnoon\n", b"s1\n2022-03-30T19:16:57\n", b"\xff\n"]
)
def test_a_torn_beat_is_none(layout: Layout, data: bytes) -> None:
    files.write_bytes(layout.beat_path, data)
    assert read_beat(layout, "s1") is None


def test_a_process_is_told_from_a_later_one_of_its_number() -> None:
    """By its mark; one that is dead and not yet reaped is dead."""
    process = subprocess.Popen(["sleep", "60"])
    try:
        mark = process_mark(process.pid)
        assert is_alive(process.pid, mark)
        assert is_alive(process.pid, None)
        if sys.platform == "linux":
            assert mark is not None
            assert not is_alive(process.pid, f"{mark}0")
    finally:
        process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if sys.platform == "linux":
        assert not is_alive(process.pid, mark)
    process.wait()
    assert not is_alive(process.pid, mark)
    assert process_mark(process.pid) is None


def test_a_stream_is_not_started_beside_a_watch(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which has OUT until it is stopped: no window could ever be committed."""
    monkeypatch.setattr("pipeline.stream.launch._FREE_S", 0.0)
    feeds = ("--feeds", "http://news.example/rss")
    with output_lock(layout):
        code = main(["run", "--streaming", "--runner", "PrismRunner", "--output", layout.output, *feeds])
    assert code == 4
    assert "busy: another run holds" in capsys.readouterr().err
    assert read_lease(layout) is None
