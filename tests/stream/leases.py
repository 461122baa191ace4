"""Made-up leases."""

from __future__ import annotations

import datetime as dt
import os
import socket

from schemas.state import StreamLease

NOW = dt.datetime(2022, 3, 30, 19, 16, 57, tzinfo=dt.timezone.utc)


def lease(stream_id: str = "s1", **fields: object) -> StreamLease:
    """A lease of a stream that this process launched."""
    values: dict[str, object] = {
        "stream_id": stream_id,
        "started_at": NOW,
        "runner": "PortableRunner",
        "job_name": f"newsbeam-{stream_id}",
        "window_s": 10.0,
        "launcher_pid": os.getpid(),
        "launcher_host": socket.gethostname(),
    }
    return StreamLease(**(values | fields))  # type: ignore[arg-type]
