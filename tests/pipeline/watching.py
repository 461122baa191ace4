"""A watch in this process: its settings, its parts by a clock that the test moves, and the whole of it in a thread."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.careful import CarefulWriter, Unit
from pipeline.options import WatchSettings, build_parser, watch_settings
from pipeline.stated import stated_options
from pipeline.stopping import StopRequest
from pipeline.store.layout import Layout
from pipeline.watch import watch
from pipeline.window import PrepareRows, WindowSettings, WindowWriter
from schemas.records import Payload
from schemas.staged import PreparedRows
from schemas.state import Manifest
from tests.records import NOW


def settings_of(out: Path, *given: str) -> WatchSettings:
    """The settings of a watch of this machine's servers, without entities."""
    arguments, rest = build_parser().parse_known_args(
        [
            "watch",
            "--output",
            str(out),
            "--entities",
            "none",
            "--allow_private_hosts",
            "--host_gap_s",
            "0",
            *given,
        ]
    )
    return watch_settings(arguments, rest)


class Seconds:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class BrittleWriter:
    """Commits as ever, but for what it is told to fail at.

    breaks_at: the error to raise for some rows, before anything is committed; None lets them pass.
    writes: how often it was called.
    """

    def __init__(self, out: Path, breaks_at: Callable[[Sequence[PreparedRows]], Exception | None]) -> None:
        settings = settings_of(out, "--input", "x").run
        self._writer = WindowWriter(
            WindowSettings(
                str(out), settings.language_detector, "none", settings.near_duplicates, settings.near_window_days,
                settings.partition_by, stated_options(settings, None),
            )
        )  # fmt: skip
        self.breaks_at = breaks_at
        self.writes = 0

    def write(self, batches: Sequence[PreparedRows], now: dt.datetime) -> Manifest | None:
        self.writes += 1
        error = self.breaks_at(batches)
        if error is not None:
            raise error
        return self._writer.write(batches, now)


class Careful:
    """A `CarefulWriter` of a folder. manifests: what it committed. slept: seconds, between tries."""

    def __init__(
        self,
        out: Path,
        breaks_at: Callable[[Sequence[PreparedRows]], Exception | None] = lambda _: None,
        prepare: Any = None,
    ) -> None:
        self.writer = BrittleWriter(out, breaks_at)
        self.manifests: list[Manifest] = []
        self.slept: list[float] = []
        self._moment = NOW
        self.careful = CarefulWriter(
            self.writer,
            prepare or PrepareRows(near=True),
            Layout(str(out)),
            self._now,
            self.manifests.append,
            self.slept.append,
        )

    def _now(self) -> dt.datetime:
        """A moment later each time: runs are ordered by it."""
        self._moment += dt.timedelta(milliseconds=1)
        return self._moment

    def unit(self, *lines: dict[str, str], name: str = "made-up.jsonl", position: int = 0) -> Unit:
        """Records of a JSONL file as a unit."""
        parts = tuple(json.dumps(line).encode() for line in lines)
        (unit,) = self.careful.prepare(Payload("jsonl", name, parts, position))
        return unit


@contextlib.contextmanager
def watching(settings: WatchSettings) -> Iterator[threading.Thread]:
    """A watch in a thread, which is asked to stop when the block is left, and has to end without an error."""
    late: list[bool] = []
    errors: list[BaseException] = []
    stop = StopRequest(settings.drain_timeout_s, lambda: late.append(True))

    def work() -> None:
        try:
            watch(settings, stop)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        stop.ask()
        thread.join(120)
    assert not thread.is_alive()
    if errors:
        raise errors[0]
    assert late == []
