"""Who may ask a host, and when: one request at a time, with a gap between, and never before it wishes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlsplit

from schemas.state import HostState

#: A host that nothing was asked of for so long is forgotten, once it has no wish open.
HOST_KEPT = dt.timedelta(days=30)

_DEFAULT_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """The host that an address is asked of: lower case, with the port where it isn't the scheme's own.

    Raises ValueError where the address names none.

        >>> host_of("https://me@News.Example:443/feed")
        'news.example'
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise ValueError(f"no host in {url!r}")
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    return host if port is None or port == _DEFAULT_PORTS.get(parts.scheme.lower()) else f"{host}:{port}"


def earliest_request(host: HostState, now: dt.datetime, host_gap_s: float) -> dt.datetime:
    """When the next request to a host may begin, as long as none is under way: now or later.

    host_gap_s: between the end of one request and the beginning of the next; a longer Crawl-delay of the host's
    robots.txt takes its place.
    """
    earliest = now
    if host.last_request_at is not None:
        gap = max(host_gap_s, host.crawl_delay_s or 0.0)
        earliest = max(earliest, host.last_request_at + dt.timedelta(seconds=gap))
    if host.not_before is not None:
        earliest = max(earliest, host.not_before)
    return earliest


def request_ended(host: HostState, now: dt.datetime) -> HostState:
    """The host once a request to it has ended, whatever it was for and whatever became of it."""
    if host.last_request_at is not None and host.last_request_at >= now:
        return host
    return dataclasses.replace(host, last_request_at=now)


def paused(host: HostState, until: dt.datetime) -> HostState:
    """The host, not to be asked before then; an earlier wish for longer stands."""
    if host.not_before is not None and host.not_before >= until:
        return host
    return dataclasses.replace(host, not_before=until)


def merged(one: HostState, other: HostState) -> HostState:
    """What two notes of one host come to: the later request and robots.txt, and the longer wish."""
    latest = one if _moment(one.robots_at) > _moment(other.robots_at) else other
    return dataclasses.replace(
        latest,
        not_before=max(one.not_before, other.not_before, key=_moment),
        last_request_at=max(one.last_request_at, other.last_request_at, key=_moment),
    )


def _moment(moment: dt.datetime | None) -> dt.datetime:
    return moment or dt.datetime.min.replace(tzinfo=dt.timezone.utc)


def kept_hosts(hosts: Mapping[str, HostState], now: dt.datetime) -> dict[str, HostState]:
    """The hosts that are worth remembering: those asked within HOST_KEPT, and those that wish to be left alone still.

    Without it each host that an article ever lay on would be kept, with its robots.txt.
    """
    return {
        name: host
        for name, host in hosts.items()
        if any(
            moment is not None and now - moment < HOST_KEPT
            for moment in (host.last_request_at, host.robots_at, host.not_before)
        )
    }
