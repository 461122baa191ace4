"""What is asked of Flink's REST API, and what is made of its answers: by a small server that speaks like it."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.store.layout import Layout
from pipeline.stream.ending import Ending, stop_stream
from pipeline.stream.engines import life_of
from pipeline.stream.flink import FlinkRest, FlinkUnreachable
from pipeline.stream.flink_job import FlinkJob, JobState
from pipeline.stream.lease import (
    Life,
    has_ended,
    mark_ended,
    read_lease,
    stop_requested,
    write_beat,
    write_lease,
)
from schemas.errors import RunError, UsageError
from tests.stream.fake_flink import FakeFlink, FakeJob, fake_flink
from tests.stream.leases import NOW, lease

LATER = NOW + dt.timedelta(hours=1)


@pytest.fixture
def flink() -> Iterator[FakeFlink]:
    with fake_flink() as server:
        yield server


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path))


def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_states_and_names_of_jobs(flink: FakeFlink) -> None:
    """A job that isn't there is None; of two with one name it is the newer one."""
    flink.jobs |= {
        "a": FakeJob("n", "FAILED", started=1),
        "b": FakeJob("n", started=2),
        "c": FakeJob("m", started=3),
    }
    rest = FlinkRest(flink.address.removeprefix("http://") + "/")
    assert rest.address == flink.address
    assert [rest.job_state(job) for job in ("a", "b", "d")] == ["FAILED", "RUNNING", None]
    assert [rest.find_job(name) for name in ("n", "m", "o")] == ["b", "c", None]


@pytest.mark.parametrize(
    ("exception", "line"),
    [
        (None, None),
        ("", None),
        ("java.lang.X: a\n\tat b", "java.lang.X: a"),
        ("java.lang.X: a\n\tat b\nCaused by: java.lang.Y: c\n\tat d", "Caused by: java.lang.Y: c"),
        (
            "java.lang.X: a\n\tat b\nCaused by: java.lang.Y: Error: Traceback (most recent call last):\n"
            '  File "a.py", line 1, in f\n    raise E("no")\na.E: no [while running \'x\']\n\n\tat d\n\tat e',
            "a.E: no [while running 'x']",
        ),
    ],
)
def test_why_a_job_failed(flink: FakeFlink, exception: str | None, line: str | None) -> None:
    """One line of the root of it."""
    flink.jobs["a"] = FakeJob("n", "FAILED", exception=exception)
    assert FlinkRest(flink.address).failure("a") == line


def test_silence_and_sickness_are_no_answers(flink: FakeFlink) -> None:
    """Nothing is known then: neither that a job runs, nor that it doesn't."""
    flink.sick = True
    for address in (flink.address, nobody()):
        with pytest.raises(FlinkUnreachable, match=address):
            FlinkRest(address).job_state("a")
        job = FlinkJob(FlinkRest(address), "a")
        assert job.state() is JobState.UNKNOWN
        assert address in job.failure()


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        ("CREATED", JobState.RUNNING),
        ("RESTARTING", JobState.RUNNING),
        ("FAILING", JobState.RUNNING),
        ("FINISHED", JobState.DONE),
        ("CANCELED", JobState.CANCELED),
        ("FAILED", JobState.FAILED),
    ],
)
def test_what_becomes_of_a_job(flink: FakeFlink, state: str, seen: JobState) -> None:
    """Whatever isn't for good counts as running."""
    flink.jobs["a"] = FakeJob("n", state)
    assert FlinkJob(FlinkRest(flink.address), "a").state() is seen


def test_a_job_that_flink_has_forgotten_is_gone(flink: FakeFlink) -> None:
    """A session cluster that was started anew knows nothing of the jobs before."""
    job = FlinkJob(FlinkRest(flink.address), "a")
    assert job.state() is JobState.GONE
    assert "started anew" in job.failure()


def test_a_job_is_asked_to_end_until_it_has(flink: FakeFlink) -> None:
    """That it was asked is not enough; one that is over isn't asked."""
    flink.jobs |= {
        "a": FakeJob("n", ends_after=2),
        "b": FakeJob("m", "FINISHED"),
        "c": FakeJob("o", ends_after=99),
    }
    for job in ("a", "b"):
        FlinkJob(FlinkRest(flink.address), job).end(within_s=60)
    assert (flink.jobs["a"].state, flink.jobs["a"].cancels) == ("CANCELED", 1)
    assert (flink.jobs["b"].state, flink.jobs["b"].cancels) == ("FINISHED", 0)
    with pytest.raises(RunError, match=r"job c .*not cancelled after 0\.1 s: it is still running"):
        FlinkJob(FlinkRest(flink.address), "c").end(within_s=0.1)
    flink.sick = True
    with pytest.raises(RunError, match="unknown what it does"):
        FlinkJob(FlinkRest(flink.address), "a").end(within_s=0.1)


@pytest.mark.parametrize(
    ("job_id", "now", "life"),
    [
        ("a", LATER, Life.RUNNING),
        ("b", LATER, Life.OVER),
        ("gone", NOW, Life.OVER),
        # The launcher was killed before it knew the job's id; its job server may still be about to submit it.
        (None, NOW, Life.COMING),
        (None, LATER, Life.OVER),
    ],
)
def test_whether_a_stream_lives_is_asked_of_flink(
    flink: FakeFlink, layout: Layout, job_id: str | None, now: dt.datetime, life: Life
) -> None:
    """By the job's id, or by its name."""
    flink.jobs |= {"a": FakeJob("newsbeam-s2"), "b": FakeJob("other", "CANCELED")}
    one = lease(flink_rest=flink.address, flink_job_id=job_id)
    assert life_of(layout, one, now) is life
    named = lease("s2", flink_rest=flink.address, flink_job_id=None)
    assert life_of(layout, named, now) is Life.RUNNING
    flink.sick = True
    assert life_of(layout, one, now) is Life.UNKNOWN


@pytest.mark.parametrize(
    ("age_s", "prism_pid", "life"),
    [(60, 7, Life.RUNNING), (600, 7, Life.OVER), (60, None, Life.RUNNING), (600, None, Life.UNKNOWN)],
)
def test_an_engine_that_can_not_be_asked_is_known_by_the_beats(
    layout: Layout, age_s: int, prism_pid: int | None, life: Life
) -> None:
    """A Prism on another host, or a job server of somebody's."""
    one = lease(launcher_host="elsewhere.example", prism_pid=prism_pid)
    write_beat(layout, "s1", LATER)
    assert life_of(layout, one, LATER + dt.timedelta(seconds=age_s)) is life


def test_nothing_is_stopped_where_nothing_runs(flink: FakeFlink, layout: Layout) -> None:
    """No lease, or one of a job that is over: the lease goes then."""
    assert stop_stream(layout, 1.0).ending is Ending.NOTHING_RUNS
    flink.jobs["a"] = FakeJob("n", "FAILED")
    write_lease(layout, lease(flink_rest=flink.address, flink_job_id="a"))
    outcome = stop_stream(layout, 1.0)
    assert outcome.ending is Ending.NOTHING_RUNS
    assert "is over already" in outcome.message
    assert read_lease(layout) is None
    assert flink.jobs["a"].cancels == 0


def test_a_stream_is_stopped_after_its_last_window(flink: FakeFlink, layout: Layout) -> None:
    """Asked to end, it says that it has; then its job is cancelled, and that it is is seen to."""
    flink.jobs["a"] = FakeJob("newsbeam-s1", ends_after=1)
    # Its launcher was killed before it could write down the id.
    write_lease(layout, lease(flink_rest=flink.address, flink_job_id=None))
    mark_ended(layout, "s1")
    outcome = stop_stream(layout, 60.0)
    assert outcome.ending is Ending.ENDED
    assert flink.jobs["a"].state == "CANCELED"
    assert read_lease(layout) is None


def test_a_stream_that_is_still_to_come_is_waited_for(flink: FakeFlink, layout: Layout) -> None:
    """Its launcher was killed while it was submitted: it is told to end before it begins."""
    one = lease(flink_rest=flink.address, flink_job_id=None, started_at=dt.datetime.now(dt.timezone.utc))
    write_lease(layout, one)

    def come() -> None:
        while not stop_requested(layout, "s1"):
            time.sleep(0.01)
        flink.jobs["a"] = FakeJob("newsbeam-s1")
        mark_ended(layout, "s1")

    thread = threading.Thread(target=come)
    thread.start()
    outcome = stop_stream(layout, 60.0)
    thread.join()
    assert outcome.ending is Ending.ENDED
    assert flink.jobs["a"].state == "CANCELED"


def test_a_stream_that_does_not_end_in_time_is_cancelled_all_the_same(
    flink: FakeFlink, layout: Layout
) -> None:
    """And said to be without its last window."""
    flink.jobs["a"] = FakeJob("newsbeam-s1")
    write_lease(layout, lease(flink_rest=flink.address, flink_job_id="a"))
    outcome = stop_stream(layout, 0.1)
    assert outcome.ending is Ending.TOO_LATE
    assert "within 0.1 s" in outcome.message
    assert flink.jobs["a"].state == "CANCELED"
    assert not has_ended(layout, "s1")


def test_a_stop_with_a_savepoint_does_not_tell_the_stream(flink: FakeFlink, layout: Layout) -> None:
    """It isn't drained either; what goes on from the savepoint goes on polling."""
    flink.jobs["a"] = FakeJob("newsbeam-s1")
    write_lease(layout, lease(flink_rest=flink.address, flink_job_id="a"))
    outcome = stop_stream(layout, 60.0, savepoint="s3://sp")
    assert outcome.ending is Ending.ENDED
    assert "--savepoint_path file:///sp/1" in outcome.message
    assert flink.jobs["a"].stops == [{"drain": False, "targetDirectory": "s3://sp"}]
    assert not stop_requested(layout, "s1")
    assert read_lease(layout) is None


def test_a_savepoint_that_fails_leaves_the_stream_at_work(flink: FakeFlink, layout: Layout) -> None:
    """With the reason, and its lease."""
    flink.jobs["a"] = FakeJob("newsbeam-s1", savepoint="disk full")
    write_lease(layout, lease(flink_rest=flink.address, flink_job_id="a"))
    with pytest.raises(RunError, match=r"was not stopped: no savepoint: java\.lang\.Exception: disk full"):
        stop_stream(layout, 60.0, savepoint="")
    assert flink.jobs["a"].stops == [{"drain": False}]
    assert read_lease(layout) is not None


def test_a_stream_is_forgotten_only_where_it_can_not_be_asked_for(flink: FakeFlink, layout: Layout) -> None:
    """Its engine is gone for good, and nobody could end it."""
    flink.jobs["a"] = FakeJob("newsbeam-s1")
    write_lease(layout, lease(flink_rest=flink.address, flink_job_id="a"))
    with pytest.raises(UsageError, match="--forget: stream s1 runs"):
        stop_stream(layout, 1.0, forget=True)
    flink.sick = True
    with pytest.raises(RunError, match="not cancelled"):
        FlinkJob(FlinkRest(flink.address), "a").end(within_s=0)
    assert stop_stream(layout, 1.0, forget=True).ending is Ending.ENDED
    assert read_lease(layout) is None
