"""What every command that adds to OUT looks at before it begins."""

from __future__ import annotations

import datetime as dt

from pipeline.fetch.limits import HttpLimits
from pipeline.fetch.poll import PollSettings
from pipeline.files import read_bytes
from pipeline.options import RunSettings
from pipeline.store.layout import Layout
from pipeline.store.manifest import read_manifest
from schemas.errors import UsageError
from schemas.state import HostState
from transforms.functions.polling.outcomes import PollLimits
from transforms.functions.sources import load_publishers

#: All of a request, with its redirects, may take this many times the time-out between two of its parts.
TOTAL_TIMEOUTS = 6

#: Seconds of a run after which no feed is asked for any more: the next run of a cron goes on with what is left.
LATEST_START_S = 300.0


def poll_settings(
    settings: RunSettings,
    run_at: dt.datetime | None,
    clock_offset: dt.timedelta = dt.timedelta(0),
    known_hosts: tuple[HostState, ...] = (),
) -> PollSettings:
    """How feeds are polled, as the options say; the rest as in `PollSettings`."""
    body_bytes = settings.max_body_mb << 20
    http = HttpLimits(
        settings.user_agent,
        connect_timeout_s=settings.fetch_timeout_s,
        read_timeout_s=settings.fetch_timeout_s,
        total_s=settings.fetch_timeout_s * TOTAL_TIMEOUTS,
        max_wire_bytes=body_bytes,
        max_body_bytes=body_bytes,
        allow_private_hosts=settings.allow_private_hosts,
    )
    return PollSettings(
        http,
        PollLimits(settings.min_poll_s, settings.max_poll_s),
        run_at=run_at,
        host_gap_s=settings.host_gap_s,
        concurrency=settings.fetch_concurrency,
        robots=settings.robots == "feeds",
        backfill=settings.backfill,
        clock_offset=clock_offset,
        # Who polls everything, or all that there ever was, has the time.
        latest_start_s=None if settings.all_due or settings.backfill else LATEST_START_S,
        known_hosts=known_hosts,
    )


def refuse_other_partitions(layout: Layout, runs: frozenset[str], partition_by: tuple[str, ...]) -> None:
    """Raises UsageError where OUT's folders are named for other columns: readers can't read such a mixture."""
    # Every run was held to this, so that any one of them tells; only a new index has no rows of its own.
    stated = (
        read_manifest(layout, run_id).options.get("partition_by") for run_id in sorted(runs, reverse=True)
    )
    earlier = next((keys for keys in stated if keys is not None), None)
    if earlier is not None and earlier != ",".join(partition_by):
        raise UsageError(
            f"--partition_by {','.join(partition_by)} and --output {layout.output} exclude each other: "
            f"the folders there are by {earlier}"
        )


def read_sources_text(path: str | None) -> str | None:
    """What the file of publishers holds, proved to be a table of them; None where there is none.

    Raises UsageError, with the number of the line, where it isn't.
    """
    if path is None:
        return None
    try:
        data = read_bytes(path)
    except OSError as error:
        raise UsageError(f"--sources {path}: can't be read: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"--sources {path}, line {line}: not UTF-8") from error
    try:
        load_publishers(text)
    except ValueError as error:
        raise UsageError(f"--sources {path}, {error}") from error
    return text
