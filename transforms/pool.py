"""Worker processes of this machine. Loads no Beam: the workers import this, and need none of it."""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.process
import contextlib
import functools
import gc
import multiprocessing
import os
import signal
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any


class WorkerPool:
    """A pool of worker processes that starts when it is first given something to do.

    Workers end with the process that started them, even if it is killed: they hold nothing that outlives it.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor: concurrent.futures.ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, work: Callable[[Any], Any], batch: Any) -> concurrent.futures.Future[Any]:
        """Starts the work on a batch in some worker. Raises BrokenProcessPool where a worker was lost."""
        with self._lock:
            if self._executor is None:
                context = multiprocessing.get_context(start_method())
                # Loaded once, by the server that all workers are forked from. Without effect where none is forked.
                context.set_forkserver_preload(["__main__", type(work).__module__])
                self._executor = concurrent.futures.ProcessPoolExecutor(
                    self._workers,
                    mp_context=context,
                    initializer=_start_worker,
                )
                # Ends the workers in good order when the program does, while there is still a module to do it.
                weakref.finalize(self, self._executor.shutdown, cancel_futures=True)
        with _no_interrupt():
            future = self._executor.submit(work, batch)
        future.add_done_callback(functools.partial(_let_go, self._executor))
        return future


def _let_go(executor: concurrent.futures.ProcessPoolExecutor, future: concurrent.futures.Future[Any]) -> None:
    """Lets a pool that has lost a worker end.

    Its thread that hands out batches may be in the midst of one that nobody takes any more, and would be waited for for
    ever; later Pythons than 3.11.4 do the same (gh-94777 of CPython).
    """
    if future.cancelled() or not isinstance(future.exception(), concurrent.futures.process.BrokenProcessPool):
        return
    reader = getattr(getattr(executor, "_call_queue", None), "_reader", None)
    if reader is not None:
        reader.close()


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Keeps Ctrl-C from the processes that the block starts, which would complain of it before they can ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_method() -> str:
    """How worker processes are started here: never by a fork of this one, whose threads would not survive it."""
    # Windows has nothing but "spawn". The server listens on a socket in the folder for temporary files, whose path no
    # system lets be longer than about a hundred bytes.
    has_server = "forkserver" in multiprocessing.get_all_start_methods()
    return (
        "forkserver" if has_server and len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_FOLDER else "spawn"
    )


# Of a socket's path of 103 bytes, as macOS has it (Linux: 107), "/pymp-xxxxxxxx/listener-xxxxxxxx" takes 32.
_LONGEST_FOLDER = 71


def collect_rarely() -> None:
    """Makes Python look for unreachable cycles less often: records have none, and looking through them costs more.

    For a process that works on many small records, once what lasts is loaded.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def _start_worker() -> None:
    """Leaves Ctrl-C to the parent, which a terminal sends to all, and ends this worker with it."""
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()


def _end_with_parent() -> None:
    """Ends this worker as soon as its parent is gone; a pool's own workers would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
