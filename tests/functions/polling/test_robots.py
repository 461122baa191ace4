"""robots.txt, by RFC 9309."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from schemas.state import HostState
from transforms.functions.polling.robots import (
    MAX_CRAWL_DELAY_S,
    MAX_ROBOTS_BYTES,
    after_robots,
    product_token,
    robots_allows,
    robots_due,
)

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
AGENT = "newsbeam/1.0 (+https://example.com/bot)"
FEED, PAGE = "https://news.example/feed.xml", "https://news.example/a/1?x=2"
HOUR = dt.timedelta(hours=1)


def asked(body: str | bytes = b"", status: int | None = 200) -> HostState:
    data = body.encode() if isinstance(body, str) else body
    return after_robots(HostState("news.example"), status, data, AGENT, NOW)


@pytest.mark.parametrize(
    ("body", "feed", "page"),
    [
        ("", True, True),
        ("User-agent: *\nDisallow: /", False, False),
        ("User-agent: *\nDisallow:", True, True),
        ("User-agent: *\nDisallow: /a/", True, False),
        ("User-agent: *\nDisallow: /\nAllow: /*.xml$", True, False),
        ("User-agent: *\nDisallow: /*?x=", True, False),
        ("User-agent: other\nDisallow: /", True, True),
        ("User-agent: NEWSBEAM\nDisallow: /feed\n\nUser-agent: *\nDisallow: /a", False, True),
        ("User-agent: newsbeam\nUser-agent: other\nDisallow: /a", True, False),
        ("\ufeffUser-agent: *\r\nDisallow: /a # pages\r\n", True, False),
        ("<!DOCTYPE html><html>no robots here</html>", True, True),
    ],
)
def test_rules(body: str, feed: bool, page: bool) -> None:
    """The group of our name, else that of all; the longest match; wildcards."""
    host = asked(body)
    assert (robots_allows(host, FEED, AGENT, NOW), robots_allows(host, PAGE, AGENT, NOW)) == (feed, page)


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (404, True),
        (401, True),
        (403, True),
        (410, True),
        (429, False),
        (500, False),
        (503, False),
        (None, False),
    ],
)
def test_a_host_without_robots(status: int | None, allowed: bool) -> None:
    """Not there is leave; broken is none, and is asked again within the hour."""
    host = asked(status=status)
    assert robots_allows(host, FEED, AGENT, NOW) is allowed
    assert robots_due(host, NOW + HOUR) is not allowed
    assert not robots_due(host, NOW + HOUR / 2)


def test_it_holds_for_a_day() -> None:
    """Then it is asked for again; before it was asked for, nothing is allowed."""
    assert robots_due(HostState("news.example"), NOW)
    assert not robots_allows(HostState("news.example"), FEED, AGENT, NOW)
    assert not robots_due(asked(), NOW + 23 * HOUR)
    assert robots_due(asked(), NOW + 24 * HOUR)


def test_what_was_said_holds_while_the_host_is_down() -> None:
    """And is gone with a 404."""
    host = asked("User-agent: *\nDisallow: /a\nCrawl-delay: 7")
    down = after_robots(host, 503, b"", AGENT, NOW + 24 * HOUR)
    assert robots_allows(down, FEED, AGENT, NOW + 24 * HOUR)
    assert not robots_allows(down, PAGE, AGENT, NOW + 24 * HOUR)
    assert down.crawl_delay_s == 7
    assert robots_due(down, NOW + 25 * HOUR)
    gone = after_robots(down, 404, b"", AGENT, NOW + 25 * HOUR)
    assert robots_allows(gone, PAGE, AGENT, NOW + 25 * HOUR)
    assert gone.crawl_delay_s is None


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("10", 10),
        ("0.5", 0.5),
        ("0", None),
        ("-3", None),
        ("soon", None),
        ("1e9", MAX_CRAWL_DELAY_S),
        ("nan", None),
    ],
)
def test_crawl_delay(stated: str, seconds: float | None) -> None:
    """In seconds; an hour at most; nonsense is none."""
    assert asked(f"User-agent: *\nCrawl-delay: {stated}\nDisallow: /x").crawl_delay_s == seconds


def test_no_more_than_500_kib_are_read() -> None:
    """A rule behind them is none, nor is one that is cut in two."""
    filler = b"# " + b"x" * 100 + b"\n"
    lines = filler * (MAX_ROBOTS_BYTES // len(filler) + 1)
    head = b"User-agent: *\nDisallow: /a\n"
    host = asked(head + lines + b"Disallow: /feed\n")
    assert host.robots_body is not None
    assert len(host.robots_body) <= MAX_ROBOTS_BYTES
    assert robots_allows(host, FEED, AGENT, NOW)
    assert not robots_allows(host, PAGE, AGENT, NOW)
    assert asked(b"x" * (MAX_ROBOTS_BYTES + 1)).robots_body == ""


def test_a_clock_that_ran_ahead_is_not_believed() -> None:
    """What was asked for in the future was not asked for."""
    host = dataclasses.replace(asked(), robots_at=NOW + 48 * HOUR)
    assert not robots_allows(host, FEED, AGENT, NOW)


def test_the_name_in_robots() -> None:
    """The first word of the User-Agent."""
    assert product_token(AGENT) == "newsbeam"
    with pytest.raises(ValueError, match="begins with no name"):
        product_token("(+mailto:me@example.com)")
