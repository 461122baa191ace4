"""Runs that are asked to stop: one line, an exit code that says by what, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.end_to_end.made_up import records, write_jsonl
from tests.servers.server import ScriptedServer, after_request
from tests.tables import manifests, rows

#: Starts one run as the command line does, and waits for the work of its first batch, wherever that is done.
_RUN = """
import os, sys, time
from pathlib import Path
import pipeline.work

prepare = pipeline.work.prepare_payload

def slow(*arguments):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(0.05)
    return prepare(*arguments)

pipeline.work.prepare_payload = slow
if __name__ == "__main__":
    from pipeline.cli import main
    sys.exit(main(sys.argv[2:]))
"""


def start(tmp_path: Path, out: Path) -> tuple[subprocess.Popen[str], Path]:
    """A run at its work, in a session of its own, and the folder where its processes leave their ids."""
    script, ids = tmp_path / "slow_run.py", tmp_path / "ids"
    script.write_text(_RUN)
    ids.mkdir()
    inbox = tmp_path / "in"
    for number in range(40):
        write_jsonl(inbox / f"{number}.jsonl", records(50, seed=number))
    (tmp_path / "tmp").mkdir()
    command = [
        sys.executable, str(script), str(ids), "run", "--input", str(inbox), "--output", str(out),
        "--entities", "none", "--progress", "log", "--workers", "2",
    ]  # fmt: skip
    run = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": os.getcwd()},
    )
    return run, ids


def wait_until(condition: object, run: subprocess.Popen[str]) -> None:
    """Waits until a condition holds, for a minute at the most."""
    assert callable(condition)
    deadline = time.monotonic() + 60
    while not condition():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(process: int, session: int) -> bool:
    """Whether a process of a session is at work: not another of its number, nor one that waits to be reaped."""
    try:
        if os.getsid(process) != session:
            return False
        status = Path(f"/proc/{process}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize(
    ("number", "to_all", "code"),
    [
        (signal.SIGINT, False, 130),
        (signal.SIGINT, True, 130),
        (signal.SIGTERM, False, 143),
        (signal.SIGTERM, True, 143),
        (signal.SIGHUP, False, 129),
    ],
)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_is_stopped_tidies_up(
    tmp_path: Path, number: int, to_all: bool, code: int, processes: int
) -> None:
    """At work in its own process or with workers; a terminal's Ctrl-C reaches all of them."""
    out = tmp_path / "out"
    run, ids = start(tmp_path, out)
    wait_until(lambda: len(os.listdir(ids)) >= processes, run)
    if to_all:
        os.killpg(run.pid, number)
    else:
        run.send_signal(number)
    said, complaint = run.communicate(timeout=60)
    lines = [line for line in complaint.splitlines() if not line.startswith("newsbeam: 0 s, reading")]
    shown = [line for line in lines if "reading" not in line and "processing" not in line]
    assert shown == ["newsbeam: interrupted; nothing of this run was committed"]
    assert said == ""
    assert run.returncode == code
    assert os.listdir(tmp_path / "tmp") == []
    deadline = time.monotonic() + 30
    while any(is_alive(int(name), run.pid) for name in os.listdir(ids)):
        assert time.monotonic() < deadline, "workers outlive the run"
        time.sleep(0.05)
    assert manifests(out) == []
    assert main(["check", "--output", str(out)]) in (0, 1)


def test_the_next_run_is_as_if_the_stopped_one_had_not_been(tmp_path: Path) -> None:
    """Nothing is lost, nothing is there twice."""
    out = tmp_path / "out"
    run, ids = start(tmp_path, out)
    wait_until(lambda: os.listdir(ids), run)
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    arguments = ["--input", str(tmp_path / "in"), "--output", str(out), "--entities", "none"]
    assert main(["run", *arguments, "--progress", "off", "--workers", "1"]) == 0
    assert len(rows(out, "articles")) == 40 * 50
    assert main(["check", "--output", str(out)]) == 0


def test_a_run_that_waits_for_a_server_stops_at_once(tmp_path: Path) -> None:
    """Though the server goes on with its answer for hours, and nobody would end it."""
    out = tmp_path / "out"
    with ScriptedServer(after_request(lambda talk: talk.drip())).running() as server:
        run = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "run", "--feeds", f"{server.url}/feed", "--output", str(out),
             "--fetch_timeout_s", "3600", "--allow_private_hosts", "--progress", "off"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )  # fmt: skip
        while not server.requests and run.poll() is None:
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        # A guard against a run that waits for all of the answer, not a measure.
        _, said = run.communicate(timeout=300)
    assert run.returncode == 128 + signal.SIGTERM
    assert "interrupted; nothing of this run was committed" in said
    assert manifests(out) == []
