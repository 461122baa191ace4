"""Retiring, advice, and runs that find too little."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from schemas.state import FeedState
from transforms.functions.polling.advice import BROKEN, FINE, NOTE, WARNING, advice, span
from transforms.functions.polling.retire import is_rotating, should_retire
from transforms.functions.polling.volume import RunCount, fewer_than_usual

NOW = dt.datetime(2026, 3, 30, 12, tzinfo=dt.timezone.utc)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

#: A feed in the best of health, with an item an hour.
WELL = FeedState(
    "https://news.example/feed",
    added_at=NOW - 90 * DAY,
    checked_at=NOW,
    succeeded_at=NOW,
    full_at=NOW,
    changed_at=NOW - HOUR,
    newest_item_at=NOW - HOUR,
    items_per_day=24.0,
    items_seen=500,
    profile=(1.0,) * 151,
    polls=900,
    interval_s=1_800.0,
)


def changed(**changes: object) -> FeedState:
    return dataclasses.replace(WELL, **changes)  # type: ignore[arg-type]


SITEMAP = "https://news.example/sitemap-2026-03-01.xml"


@pytest.mark.parametrize(
    ("state", "retires"),
    [
        (WELL, False),
        (changed(newest_item_at=NOW - 31 * DAY), True),
        (changed(newest_item_at=NOW - 29 * DAY), False),
        (changed(newest_item_at=NOW - 31 * DAY, polls=19), False),
        (changed(newest_item_at=None, changed_at=NOW - 31 * DAY), True),
        (changed(newest_item_at=None, changed_at=None), True),
        (changed(newest_item_at=NOW - 31 * DAY, added_at=NOW - 10 * DAY), False),
        (changed(url=SITEMAP, newest_item_at=NOW - 4 * DAY), True),
        (changed(url=SITEMAP, newest_item_at=NOW - 2 * DAY), False),
        (changed(url=SITEMAP, newest_item_at=NOW - 4 * DAY, added_at=NOW - DAY), False),
        (changed(status="retired", newest_item_at=NOW - 31 * DAY), True),
        (changed(status="retired", polls=1), False),
    ],
)
def test_feeds_that_stand_still_retire(state: FeedState, retires: bool) -> None:
    """By their latest item, else their latest change; those of a chain sooner, none before it was watched for long."""
    assert should_retire(state, NOW) is retires


@pytest.mark.parametrize(
    ("url", "rotating"),
    [
        (SITEMAP, True),
        ("https://news.example/sitemaps/12.xml.gz", True),
        ("https://news.example/news-sitemap.xml", False),
        ("https://sitemap1.example/rss", False),
        ("https://news.example/rss2.xml", False),
        ("https://news.example", False),
    ],
)
def test_addresses_of_a_chain(url: str, rotating: bool) -> None:
    """A sitemap with a number in its path."""
    assert is_rotating(url) is rotating


@pytest.mark.parametrize(
    ("state", "severity", "words"),
    [
        (WELL, FINE, ""),
        (FeedState("https://news.example/"), NOTE, "not polled yet"),
        (changed(status="gone"), BROKEN, "gone"),
        (changed(failures=1, last_error="http-404"), WARNING, "new address (http-404, once)"),
        (changed(failures=5, last_error="http-404"), BROKEN, "5 times running"),
        (changed(failures=1, last_error="http-401"), BROKEN, "wants a login"),
        (changed(failures=9, last_error="http-500"), BROKEN, "alive"),
        (changed(failures=2, last_error="connection-failed"), WARNING, "may come back"),
        (changed(failures=2, last_error="not-a-feed"), WARNING, "page"),
        (changed(failures=2, last_error="robots-disallowed"), WARNING, "robots.txt"),
        (changed(status="retired"), NOTE, "--all_due"),
        (
            changed(newest_item_at=NOW - 2 * DAY, changed_at=NOW - 2 * DAY),
            WARNING,
            "silent for 2 d, usually 1 h",
        ),
        (changed(newest_item_at=NOW - 2 * HOUR, changed_at=NOW - 2 * HOUR), FINE, ""),
        (
            changed(items_per_day=0.5, newest_item_at=NOW - 7 * DAY, changed_at=NOW - 7 * DAY),
            WARNING,
            "silent for 7 d, usually 2 d",
        ),
        (changed(items_per_day=0.5, newest_item_at=NOW - 5 * DAY, changed_at=NOW - 5 * DAY), FINE, ""),
        (changed(overflows=3), WARNING, "lost"),
        (changed(unstable_guids="changing"), NOTE, "new guids"),
        (changed(unstable_guids="not-unique"), NOTE, "one guid"),
        (changed(distrusted_until=NOW + DAY), NOTE, "isn't"),
        (changed(distrusted_until=NOW - DAY), FINE, ""),
        (changed(fetch_url="https://me:secret@new.example/"), NOTE, "moved to https://***@new.example/"),
        (changed(unchanged_fulls=0.9, body_bytes=100_000), NOTE, "4.3 MB a day"),
        (changed(items_seen=0), NOTE, "no item yet"),
    ],
)
def test_advice(state: FeedState, severity: int, words: str) -> None:
    """The worst of what there is to say."""
    found = advice(state, NOW)
    assert found.severity == severity
    assert words in found.text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "1 min"), (2_400, "40 min"), (7_200, "2 h"), (170_000, "47 h"), (10**6, "12 d")]
)
def test_spans(seconds: float, text: str) -> None:
    """In their largest unit."""
    assert span(seconds) == text


def runs(days: int, per_run: int, skip_last: int = 0) -> list[RunCount]:
    """A run each ten minutes of so many days before now."""
    return [
        RunCount(NOW - dt.timedelta(minutes=10) * number, per_run)
        for number in range(1 + skip_last, days * 144)
    ]


def test_an_hour_that_brings_far_less_is_said() -> None:
    """This run, and those of the hour before it."""
    silent_hour = [RunCount(NOW - dt.timedelta(minutes=10) * number, 0) for number in range(1, 6)]
    told = fewer_than_usual([*runs(10, 20, skip_last=5), *silent_hour], NOW, 0)
    assert told is not None
    assert "0 new items in the last hour, which usually brings 120" in told


@pytest.mark.parametrize(
    ("history", "new"),
    [
        (runs(10, 20), 0),
        (runs(10, 20, skip_last=5), 60),
        (runs(3, 20, skip_last=5), 0),
        (runs(10, 0), 0),
        # Few items: none in an hour may be chance.
        ([RunCount(NOW - DAY * day, 3) for day in range(1, 20)], 0),
        ([], 0),
        ([RunCount(NOW + HOUR, 500), RunCount(NOW - 60 * DAY, 500)], 0),
    ],
    ids=[
        "one run of an hour",
        "half",
        "too few days",
        "nothing ever",
        "chance",
        "first run",
        "not of these weeks",
    ],
)
def test_what_is_not_worth_a_word(history: list[RunCount], new: int) -> None:
    """Nothing is said without need."""
    assert fewer_than_usual(history, NOW, new) is None


def test_weekdays_are_compared_with_their_like() -> None:
    """Sundays are quiet, and that is no news."""
    sunday = dt.datetime(2026, 3, 29, 12, tzinfo=dt.timezone.utc)
    history = [RunCount(sunday - DAY * day, 10 if day % 7 == 0 else 900) for day in range(1, 28)]
    assert fewer_than_usual(history, sunday, 9) is None
    assert fewer_than_usual(history, sunday + DAY, 9) is not None
