"""One writer at a time for each OUT.

On a local disk the kernel keeps the lock and lets go of it when the process ends, however it ends: a lock
that is left over doesn't exist. On other filesystems, and where the disk or the system offers no such lock
(Windows, some network disks), there is none: `commit` then refuses a run that another one has overtaken, so
that no row comes twice, and the work of the slower one is lost. There a scheduler should see to it that runs
don't overlap.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import socket
from collections.abc import Iterator

from pipeline import files
from pipeline.store.layout import Layout
from schemas.errors import BusyError, RunError, UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

#: What flock answers where the filesystem has no locks.
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


@contextlib.contextmanager
def output_lock(layout: Layout) -> Iterator[bool]:
    """Holds OUT for writing while the block runs, making OUT where it isn't there yet.

    Gives whether there is a lock at all. Raises BusyError at once, naming the holder, where another process
    has it, and UsageError where OUT can't be written to. The lock file stays: deleting it would let two in.
    """
    if not files.is_local(layout.output):
        yield False
        return
    try:
        os.makedirs(layout.output, exist_ok=True)
        handle = _open(layout.lock_path)
    except OSError as error:
        raise UsageError(f"--output {layout.output}: can't be written to: {error.strerror}") from error
    try:
        locked = _lock(handle, layout)
        if locked:
            _sign(handle)
        yield locked
    finally:
        os.close(handle)


def lock_mark(layout: Layout) -> tuple[int, int] | None:
    """What the lock file that is there now is told by; None where there is none, as on remote filesystems."""
    if not files.is_local(layout.output):
        return None
    try:
        found = os.stat(layout.lock_path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open(path: str) -> int:
    # Not inherited by programs that are started: only this process is to hold it.
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _lock(handle: int, layout: Layout) -> bool:
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BusyError(
            f"busy: another run holds --output {layout.output} ({_holder(handle)}): wait until it is done"
        ) from error
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return False
        raise
    if not _is_still_there(handle, layout.lock_path):
        raise RunError(f"{layout.output}: was deleted and made anew just now: run again")
    return True


def _is_still_there(handle: int, path: str) -> bool:
    """Whether the file that was locked is the one that the next process will try to lock."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    holder = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
    }
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(holder).encode() + b"\n", 0)


def _holder(handle: int) -> str:
    """Who says to have the lock, for a message; the holder may be about to write it."""
    try:
        holder = json.loads(os.pread(handle, 4096, 0))
        return f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has not said who it is"
