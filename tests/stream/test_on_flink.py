"""Streams on a real Flink: the job outlives its launcher, and nothing but its own end, or Flink, is the end of it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.stream.lease import has_ended, read_lease
from tests.engines.flink import FlinkCluster
from tests.stream.running import Stream, stop, streams, ticks, wait_for

Start = Callable[..., Stream]


@pytest.fixture
def options(flink: FlinkCluster) -> list[str]:
    """Of a stream on Flink."""
    rest = json.loads((flink.folder / "cluster.json").read_text())["rest"]
    return [*flink.beam_options(parallelism=1), f"--flink_rest={rest}"]


@pytest.fixture
def start() -> Iterator[Start]:
    with streams() as starter:
        yield starter


def job_of(stream: Stream) -> str:
    """The id of its job, as the lease has it."""
    job = stream.lease.flink_job_id
    assert job is not None
    return job


def test_a_signal_ends_the_job_on_flink_after_its_last_window(
    start: Start, options: list[str], flink: FlinkCluster, tmp_path: Path
) -> None:
    """Every tick is in one window. Beam's own end would leave the job running."""
    stream = start(tmp_path / "out", *options)
    stream.wait_for_windows(2)
    job, lease = job_of(stream), stream.lease
    assert flink.jobs()[job] == "RUNNING"
    stream.signal(signal.SIGTERM)
    code, out, err = stream.end()
    assert code == 0, err
    assert f"Stream {lease.stream_id} has ended: its last window is committed." in out
    assert flink.jobs()[job] == "CANCELED"
    (found,) = stream.windows().values()
    assert ticks(found) == list(range(-1, len(ticks(found)) - 1))
    assert sum("Z window " in line for line in out.splitlines()) == len(found)
    assert has_ended(stream.layout, lease.stream_id)
    assert read_lease(stream.layout) is None


def test_a_job_without_its_launcher_is_still_the_one_of_out_and_can_be_stopped(
    start: Start, options: list[str], flink: FlinkCluster, tmp_path: Path
) -> None:
    """It goes on, keeps others out, and `newsbeam stop` ends it."""
    out = tmp_path / "out"
    first = start(out, *options)
    first.wait_for_windows(1)
    job, lease = job_of(first), first.lease
    first.signal(signal.SIGKILL)
    first.end()
    code, _, err = start(out, *options).end()
    assert code == 4
    assert f"stream {lease.stream_id} runs in --output {out} (job {job} on Flink at " in err
    before = sum(map(len, first.windows().values()))
    wait_for(lambda: sum(map(len, first.windows().values())) > before, "the job commits no more")
    code, said = stop(out)
    assert (code, "has ended" in said) == (0, True), said
    assert flink.jobs()[job] == "CANCELED"
    assert has_ended(first.layout, lease.stream_id)
    (found,) = first.windows().values()
    assert ticks(found) == list(range(-1, len(ticks(found)) - 1))
    assert stop(out)[0] == 2


def test_a_savepoint_is_gone_on_from(
    start: Start, options: list[str], flink: FlinkCluster, tmp_path: Path
) -> None:
    """The launcher of the first stream ends by itself, and the second counts on where the first was."""
    out = tmp_path / "out"
    first = start(out, *options)
    first.wait_for_windows(2)
    job = job_of(first)
    code, said = stop(out, "--savepoint", f"file://{tmp_path}/savepoints")
    assert code == 0, said
    path = re.search(r"--savepoint_path (\S+)", said)
    assert path is not None, said
    assert flink.jobs()[job] == "FINISHED"
    code, said, err = first.end()
    assert (code, "with a savepoint" in said) == (0, True), err
    assert read_lease(first.layout) is None
    second = start(out, *options, "--savepoint_path", path[1])
    wait_for(lambda: len(second.windows()) == 2, "the second stream commits nothing")
    second.signal()
    code, _, err = second.end()
    assert code == 0, err
    before, after = second.windows().values()
    assert ticks(before + after) == list(range(-1, len(ticks(before + after)) - 1))


def test_a_job_that_somebody_cancels_is_an_error(
    start: Start, options: list[str], flink: FlinkCluster, tmp_path: Path
) -> None:
    """Its last window is not committed, and the next start may come."""
    stream = start(tmp_path / "out", *options)
    stream.wait_for_windows(1)
    flink.cancel(job_of(stream))
    code, _, err = stream.end()
    assert code == 1
    assert "its job was cancelled on the engine" in err.splitlines()[-1]
    assert read_lease(stream.layout) is None
