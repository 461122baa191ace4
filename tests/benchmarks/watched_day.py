"""Hours of a watch on a clock that jumps to whatever is due next, in a process of its own: prints JSON.

    python -m tests.benchmarks.watched_day FEEDS OUT HOURS

The watch, its requests and its commits are the real ones; only the waiting is left out, and no gap is kept between two
requests to a host that the clock has not jumped over.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import resource
import sys
from pathlib import Path
from typing import Any

from pipeline.fetch.client import Client
from pipeline.sources import find_feeds
from pipeline.store.layout import Layout
from pipeline.store.lock import output_lock
from pipeline.watch import make_watcher
from schemas.state import Manifest
from tests.benchmarks.harness import held_bytes
from tests.pipeline.watching import settings_of
from transforms.pool import collect_rarely


class Jumping:
    """A clock that goes on only when it is told to. now: aware. seconds: since it began."""

    def __init__(self) -> None:
        self.began = self.now = dt.datetime.now(dt.timezone.utc)

    @property
    def seconds(self) -> float:
        return (self.now - self.began).total_seconds()


@dataclasses.dataclass
class Hour:
    """What was used by the end of an hour. polls, commits: so far. cpu_s: so far. held_mb: PSS then."""

    hour: int
    polls: int
    commits: int
    cpu_s: float
    held_mb: float


def day(feeds: Path, out: Path, hours: int) -> list[Hour]:
    """Watches for so many hours of the clock."""
    settings = settings_of(out, "--feeds", str(feeds), "--host_gap_s", "2")
    clock = Jumping()
    polls = 0
    manifests: list[Manifest] = []
    found: list[Hour] = []

    def noted(hour: int) -> Hour:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return Hour(hour, polls, len(manifests), used.ru_utime + used.ru_stime, held_bytes("self") / 1e6)

    collect_rarely()
    with output_lock(Layout(str(out))), Client() as client:
        watcher = make_watcher(
            settings, client, find_feeds([str(feeds)]), None, manifests.append,
            lambda: clock.now, lambda: clock.seconds,
        )  # fmt: skip
        take = watcher.poller.take

        def counted() -> Any:
            nonlocal polls
            taken = take()
            polls += len(taken.polls)
            return taken

        watcher.poller.take = counted  # type: ignore[method-assign]
        while True:
            pause_s = watcher.step()
            if watcher.poller.under_way:
                # The clock stands still, so that answers take no time of it.
                watcher.poller.wait(10)
                continue
            if pause_s == 0.0:
                continue
            times = [] if pause_s is None else [clock.now + dt.timedelta(seconds=pause_s)]
            if (due_at := watcher.poller.next_due_at) is not None:
                times.append(due_at)
            until = max(min(times), clock.now + dt.timedelta(milliseconds=1))
            while len(found) < hours and until >= clock.began + dt.timedelta(hours=len(found) + 1):
                found.append(noted(len(found) + 1))
            if len(found) == hours:
                watcher.finish()
                return found
            clock.now = until


if __name__ == "__main__":
    hours = day(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps([dataclasses.asdict(hour) for hour in hours]))
