"""One writer at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from schemas.errors import BusyError, UsageError

_HOLD = """
import sys, time
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
with output_lock(Layout(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold(folder: Path) -> subprocess.Popen[str]:
    """Another process that has the lock."""
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_makes_the_folder_and_is_let_go(tmp_path: Path) -> None:
    """One after the other is no trouble, after an error too."""
    layout = Layout(str(tmp_path / "new" / "out"))
    with pytest.raises(ZeroDivisionError), output_lock(layout):
        raise ZeroDivisionError
    for _ in range(2):
        with output_lock(layout) as locked:
            assert locked
    assert os.listdir(layout.output) == ["_lock"]


def test_a_second_writer_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    """At once, with process, host and time; the holder isn't disturbed."""
    process = hold(tmp_path)
    try:
        said = json.loads((tmp_path / "_lock").read_text())
        for _ in range(2):
            with (
                pytest.raises(
                    BusyError, match=f"busy: .*process {process.pid} on .+ since {said['since'][:10]}"
                ),
                output_lock(Layout(str(tmp_path))),
            ):
                pytest.fail("let in")
        assert said["pid"] == process.pid
    finally:
        process.kill()
        process.communicate()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """The kernel lets go of it."""
    process = hold(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with output_lock(Layout(str(tmp_path))) as locked:
        assert locked
        assert json.loads((tmp_path / "_lock").read_text())["pid"] == os.getpid()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', "\x00\x00", "null"])
def test_a_holder_that_has_not_signed_is_still_one(tmp_path: Path, content: str) -> None:
    """It may have just begun."""
    process = hold(tmp_path)
    try:
        (tmp_path / "_lock").write_text(content)
        with pytest.raises(BusyError, match="has not said"), output_lock(Layout(str(tmp_path))):
            pytest.fail("let in")
    finally:
        process.kill()
        process.communicate()


def test_programs_that_a_run_starts_do_not_keep_its_lock(tmp_path: Path) -> None:
    """A worker that outlives a killed run must not keep the next one out."""
    code = "print('started', flush=True); input()"
    with output_lock(Layout(str(tmp_path))):
        worker = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False
        )
        # Popen may return a moment before the kernel closes what isn't inherited.
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"started\n"
    try:
        with output_lock(Layout(str(tmp_path))) as locked:
            assert locked
    finally:
        worker.communicate(b"\n")


def test_other_filesystems_have_no_lock() -> None:
    """There the commit itself refuses a run that was overtaken."""
    with output_lock(Layout("s3://made-up/out")) as locked:
        assert not locked


def test_a_folder_that_cant_be_written_to_is_a_usage_error(tmp_path: Path) -> None:
    """A file where the folder should be, for one."""
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(UsageError, match=r"--output .*out: can't be written to"),
        output_lock(Layout(str(tmp_path / "out"))),
    ):
        pytest.fail("let in")
