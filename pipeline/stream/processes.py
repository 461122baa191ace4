"""Whether a process still lives, from a number that was written down some time ago."""

from __future__ import annotations

import os

_PROC = "/proc"


def process_mark(pid: int) -> str | None:
    """What tells a process from a later one that was given the same number: the boot, and its start in ticks.

    None where the system doesn't say (it is Linux that does), or where there is no such process.
    """
    fields = _stat(pid)
    if fields is None:
        return None
    try:
        with open(f"{_PROC}/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        boot = "?"
    return f"{boot}/{fields[19]}"


def is_alive(pid: int, mark: str | None) -> bool:
    """Whether the process of that number and mark runs on this host. One that only waits to be reaped doesn't.

    mark: from `process_mark`; None where it gave none, so that any process of the number will do.
    """
    fields = _stat(pid)
    if fields is not None:
        return fields[0] not in ("Z", "X") and (mark is None or process_mark(pid) == mark)
    if os.path.isdir(f"{_PROC}/self"):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third, the state, on; None where there are none."""
    try:
        with open(f"{_PROC}/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # The second is the program's name in brackets, which may hold blanks and brackets itself.
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None
