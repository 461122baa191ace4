"""Streams on a real Prism: however one ends, Prism ends with it, OUT says so, and the next start goes on."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.stream.lease import has_ended, read_lease
from tests.engines.sessions import processes_of
from tests.stream.running import Stream, prism_lives, stop, streams, ticks, wait_for

pytestmark = pytest.mark.skipif(os.name == "nt", reason="NO PRISM ON WINDOWS: these tests send signals")

Start = Callable[..., Stream]


@pytest.fixture
def options(prism: Path) -> list[str]:
    """Of a stream on Prism."""
    return ["--runner", "PrismRunner", f"--prism_location={prism}"]


@pytest.fixture
def start() -> Iterator[Start]:
    with streams() as starter:
        yield starter


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_stream_after_its_last_window(
    start: Start, options: list[str], tmp_path: Path, number: int
) -> None:
    """Every tick is in one window, the last one too; nothing is left but the word that it has ended."""
    stream = start(tmp_path / "out", *options)
    stream.wait_for_windows(2)
    lease = stream.lease
    assert prism_lives(lease)
    stream.signal(number)
    code, out, err = stream.end()
    assert code == 0, err
    assert f"Stream {lease.stream_id} has ended: its last window is committed." in out
    (found,) = stream.windows().values()
    assert ticks(found) == list(range(-1, len(ticks(found)) - 1))
    assert f"{len(found)} windows" in out
    assert sum("Z window " in line for line in out.splitlines()) == len(found)
    assert has_ended(stream.layout, lease.stream_id)
    assert read_lease(stream.layout) is None
    assert not prism_lives(lease)


def test_one_stream_at_a_time_until_it_is_stopped(start: Start, options: list[str], tmp_path: Path) -> None:
    """A second start is refused and told how to end the first; `newsbeam stop` does, and then there is none."""
    out = tmp_path / "out"
    first = start(out, *options)
    first.wait_for_windows(1)
    lease = first.lease
    second = start(out, *options)
    code, _, err = second.end()
    assert code == 4
    assert f"stream {lease.stream_id} runs in --output {out}" in err
    assert f"newsbeam stop --output {out} ends it" in err
    assert first.process.poll() is None
    code, said = stop(out, "--savepoint")
    assert (code, "is for Flink" in said) == (2, True), said
    code, said = stop(out, "--forget")
    assert (code, "runs" in said) == (2, True), said
    code, said = stop(out)
    assert (code, "has ended" in said) == (0, True), said
    assert first.end()[0] == 0
    assert not prism_lives(lease)
    assert stop(out)[0] == 2


def test_a_killed_launcher_takes_prism_along_and_the_next_start_goes_on(
    start: Start, options: list[str], tmp_path: Path
) -> None:
    """With a warning that the stream before did not end by itself."""
    out = tmp_path / "out"
    first = start(out, *options)
    first.wait_for_windows(1)
    lease = first.lease
    first.signal(signal.SIGKILL)
    first.end()
    wait_for(lambda: not prism_lives(lease), "Prism goes on without its launcher")
    assert not has_ended(first.layout, lease.stream_id)
    second = start(out, *options)
    wait_for(lambda: len(second.windows()) == 2, "the second stream commits nothing")
    second.signal()
    code, _, err = second.end()
    assert code == 0, err
    assert f"stream {lease.stream_id} did not end by itself" in err


def test_a_killed_prism_is_an_error_and_the_next_start_goes_on(
    start: Start, options: list[str], tmp_path: Path
) -> None:
    """At once, with exit code 1; no warning then, for the launcher has put things in order."""
    out = tmp_path / "out"
    first = start(out, *options)
    first.wait_for_windows(1)
    prism = first.lease.prism_pid
    assert prism is not None
    os.kill(prism, signal.SIGKILL)
    code, _, err = first.end()
    assert code == 1
    assert f"Prism, process {prism}, has ended (signal 9)" in err
    assert read_lease(first.layout) is None
    second = start(out, *options)
    wait_for(lambda: len(second.windows()) == 2, "the second stream commits nothing")
    second.signal()
    code, _, err = second.end()
    assert code == 0, err
    assert "did not end by itself" not in err


def test_a_failure_in_the_graph_ends_the_stream(start: Start, options: list[str], tmp_path: Path) -> None:
    """With what was raised, in a line, and exit code 1."""
    stream = start(tmp_path / "out", *options)
    stream.wait_for_windows(1)
    lease = stream.lease
    Path(stream.layout.path("fail")).touch()
    code, _, err = stream.end()
    assert code == 1
    assert "a made-up failure" in err.splitlines()[-1]
    assert "window" in err.splitlines()[-1]
    assert not prism_lives(lease)
    assert read_lease(stream.layout) is None


def test_a_worker_that_is_heard_of_no_more_ends_the_stream(
    start: Start, options: list[str], tmp_path: Path
) -> None:
    """Prism itself would leave the job running for ever."""
    stream = start(tmp_path / "out", *options, "--stall_timeout_s", "5")
    stream.wait_for_windows(1)
    lease = stream.lease
    Path(stream.layout.path("silent")).touch()
    code, _, err = stream.end()
    assert code == 1
    assert "no sign of work" in err
    assert not prism_lives(lease)


def test_a_killed_worker_ends_the_stream(start: Start, options: list[str], tmp_path: Path) -> None:
    """One that is a process of its own: by Prism, where it was at something, or for want of a sign of work."""
    boot = tmp_path / "boot"
    boot.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.stream.boot "$@"\n')
    boot.chmod(0o755)
    config = json.dumps({"command": str(boot)})
    process = ["--environment_type=PROCESS", f"--environment_config={config}", "--stall_timeout_s", "60"]
    stream = start(tmp_path / "out", *options, *process)
    stream.wait_for_windows(1)
    lease = stream.lease
    assert lease.prism_pid is not None
    # They are in the session that Prism leads.
    (worker,) = [one.pid for one in processes_of(lease.prism_pid) if "sdk_worker_main" in one.command]
    os.kill(worker, signal.SIGKILL)
    code, _, err = stream.end()
    assert code == 1
    assert "disconnected" in err or "no sign of work" in err
    assert not prism_lives(lease)
    assert read_lease(stream.layout) is None


def test_a_last_window_that_does_not_come_is_waited_for_so_long(
    start: Start, options: list[str], tmp_path: Path
) -> None:
    """Then the stream is ended without it, and that is an error."""
    stream = start(tmp_path / "out", *options, "--drain_timeout_s", "2")
    stream.wait_for_windows(1)
    lease = stream.lease
    Path(stream.layout.path("endless")).touch()
    stream.signal()
    code, _, err = stream.end()
    assert code == 1
    assert "did not commit its last window within 2 s" in err or "nothing says" in err
    assert not prism_lives(lease)


def test_a_second_signal_leaves_at_once(start: Start, options: list[str], tmp_path: Path) -> None:
    """The exit code is that of the signal; Prism does not stay behind."""
    stream = start(tmp_path / "out", *options, "--window_s", "3600")
    wait_for(lambda: Path(stream.layout.beat_path).exists(), "no beat")
    lease = stream.lease
    Path(stream.layout.path("silent")).touch()
    Path(stream.layout.path("endless")).touch()
    stream.signal()
    wait_for(lambda: Path(stream.layout.stop_path).exists(), "no stop")
    stream.signal(signal.SIGINT)
    code, _, err = stream.end()
    assert code == 130, err
    assert f"stream {lease.stream_id} is left as it is" in err
    wait_for(lambda: not prism_lives(lease), "Prism is left behind")
