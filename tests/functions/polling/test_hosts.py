"""Whose turn it is, and what is due."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.state import FeedState, HostState
from transforms.functions.polling.hosts import (
    earliest_request,
    host_of,
    kept_hosts,
    merged,
    paused,
    request_ended,
)
from transforms.functions.polling.plan import due

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://News.Example/feed", "news.example"),
        ("https://user:secret@news.example:443/", "news.example"),
        ("http://news.example:443/", "news.example:443"),
        ("http://news.example.:80", "news.example"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    """With its port where that is not the scheme's own."""
    assert host_of(url) == host


@pytest.mark.parametrize("url", ["", "feed.xml", "https:///feed", "https://h:99999/"])
def test_an_address_without_a_host(url: str) -> None:
    """Is said."""
    with pytest.raises(ValueError, match=r"host|[Pp]ort"):
        host_of(url)


@pytest.mark.parametrize(
    ("host", "wait_s"),
    [
        (HostState("h"), 0),
        (HostState("h", last_request_at=NOW), 2),
        (HostState("h", last_request_at=NOW - SECOND), 1),
        (HostState("h", last_request_at=NOW - 9 * SECOND), 0),
        (HostState("h", last_request_at=NOW, crawl_delay_s=10.0), 10),
        (HostState("h", last_request_at=NOW, crawl_delay_s=0.5), 2),
        (HostState("h", last_request_at=NOW, not_before=NOW + 60 * SECOND), 60),
        (HostState("h", not_before=NOW - SECOND), 0),
    ],
)
def test_when_a_host_may_be_asked(host: HostState, wait_s: float) -> None:
    """The longest of gap, Crawl-delay and Retry-After."""
    assert earliest_request(host, NOW, 2.0) == NOW + wait_s * SECOND


def test_a_pause_only_grows() -> None:
    """And time doesn't run backwards."""
    host = paused(HostState("h"), NOW)
    assert paused(host, NOW - SECOND) == host
    assert paused(host, NOW + SECOND).not_before == NOW + SECOND
    assert request_ended(HostState("h", last_request_at=NOW), NOW - SECOND).last_request_at == NOW


def test_hosts_are_forgotten() -> None:
    """A month after the last request, unless they wished for longer."""
    day = dt.timedelta(days=1)
    hosts = {
        "never": HostState("never"),
        "old": HostState("old", last_request_at=NOW - 31 * day, robots_at=NOW - 40 * day, robots_body="x"),
        "recent": HostState("recent", last_request_at=NOW - 29 * day),
        "read": HostState("read", robots_at=NOW - day),
        "resting": HostState("resting", last_request_at=NOW - 31 * day, not_before=NOW + day),
    }
    assert list(kept_hosts(hosts, NOW)) == ["recent", "read", "resting"]


def test_what_is_due() -> None:
    """Those whose time has come, those never polled first; retired ones and others with all_due only."""
    hour = dt.timedelta(hours=1)
    new = FeedState("https://d.example/")
    over = FeedState("https://a.example/", next_poll_at=NOW - hour)
    soon = FeedState("https://b.example/", next_poll_at=NOW + 20 * SECOND)
    later = FeedState("https://c.example/", next_poll_at=NOW + hour)
    retired = FeedState("https://e.example/", next_poll_at=NOW - hour, status="retired")
    gone = FeedState("https://f.example/", status="gone")
    strange = FeedState("ftp:none", next_poll_at=NOW - 2 * hour)
    states = [later, gone, retired, soon, over, new, strange]
    hosts = {"a.example": HostState("a.example", not_before=NOW + hour)}
    assert due(states, NOW) == [new, strange, over, soon]
    assert due(states, NOW, hosts=hosts) == [new, strange, soon]
    assert due(states, NOW, all_due=True) == [new, strange, over, retired, soon, later]


def test_two_notes_of_a_host_come_to_one() -> None:
    """In either order: the longer wish, the later request, and the later robots.txt, with what goes with it."""
    one = HostState("a.example", NOW + SECOND, NOW, NOW, 200, "User-agent: *", 5.0)
    other = HostState("a.example", NOW, NOW + SECOND, NOW + SECOND, 404)
    both = HostState("a.example", NOW + SECOND, NOW + SECOND, NOW + SECOND, 404)
    assert merged(one, other) == merged(other, one) == both
    nothing = HostState("a.example")
    assert merged(one, nothing) == merged(nothing, one) == one
