"""The processes of a session, as /proc shows them: what they are, what they cost, and their end."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True)
class Process:
    """parent: its id. cpu_s: seconds of its own, and of its children that have ended and been waited for."""

    pid: int
    parent: int
    command: str
    cpu_s: float
    is_zombie: bool


def processes_of(session: int) -> Iterator[Process]:
    """All processes of a session."""
    ticks = os.sysconf("SC_CLK_TCK")
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            # After the name in brackets, which may hold anything: state, parent, group, session.
            fields = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            command = (
                Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except OSError:
            # It has ended since the folder was listed.
            continue
        # User and system time, its own and that of its children.
        cpu_s = sum(int(field) for field in fields[11:15]) / ticks
        yield Process(int(name), int(fields[1]), command, cpu_s, fields[0] == "Z")


def cpu_of(session: int) -> float:
    """Seconds of CPU that a session's processes have used, those that have ended included."""
    return sum(process.cpu_s for process in processes_of(session))


def end_session(session: int, but: int | None = None) -> None:
    """Kills all processes of a session, but for one, until none is left."""
    while left := [one.pid for one in processes_of(session) if one.pid != but and not one.is_zombie]:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
