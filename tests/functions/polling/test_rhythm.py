"""When a feed is polled next, by what was seen of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

import pytest

from schemas.state import FeedState, HostState
from transforms.functions.polling.answer import after_answer
from transforms.functions.polling.outcomes import ItemsSeen, Outcome, PollLimits
from transforms.functions.polling.rhythm import (
    MAX_WISH_S,
    cost_factor,
    floor_s,
    is_silent,
    poll_interval_s,
    rates_of,
    usual_gap_s,
)

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
LIMITS = PollLimits(600, 86_400)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def feed(times: list[dt.datetime], now: dt.datetime = NOW) -> FeedState:
    """A feed after its first poll, with such items."""
    outcome = Outcome(200, etag='"1"', body_hash="b1", wire_bytes=9_000, items=ItemsSeen(tuple(times)))
    state, _ = after_answer(
        FeedState("https://news.example/feed"),
        HostState("news.example"),
        outcome,
        now,
        random.Random(1),
        LIMITS,
    )
    return state


def every(gap: dt.timedelta, count: int) -> list[dt.datetime]:
    return [NOW - gap * (number + 0.5) for number in range(count)]


def test_lively_feeds_are_polled_more_often() -> None:
    """By the root of their rate: sixteen times the items, four times the polls."""
    draw = random.Random(5)
    scattered = [DAY * draw.uniform(0, 13) for _ in range(640)]
    means = []
    for count in (40, 640):
        state = feed([NOW - age for age in scattered[:count]])
        intervals = []
        for hour in range(24):
            moment = NOW + HOUR * hour
            # Without a silence, which slows polling down.
            intervals.append(poll_interval_s(dataclasses.replace(state, changed_at=moment), moment, LIMITS))
        means.append(sum(intervals) / 24)
    assert 3 < means[0] / means[1] < 5


def test_a_feed_without_items_gets_a_long_interval() -> None:
    """But not for ever: it may begin."""
    assert 3_600 < poll_interval_s(feed([]), NOW, LIMITS) < 86_400


@pytest.mark.parametrize("gap", [MINUTE, 30 * DAY])
def test_intervals_keep_their_bounds(gap: dt.timedelta) -> None:
    """Whatever the rate."""
    narrow = PollLimits(1_000, 1_100)
    assert 1_000 <= poll_interval_s(feed(every(gap, 30)), NOW, narrow) <= 1_100


def test_nights_are_quiet() -> None:
    """A feed that was written between 8 and 17 is expected to be so again, and is left alone at night."""
    times = [NOW.replace(hour=hour) - DAY * day for day in range(1, 10) for hour in range(8, 17)]
    state = feed(times)
    rate = rates_of(state, NOW).at
    day, night = (int((NOW.replace(hour=hour)).timestamp()) for hour in (12, 2))
    assert rate(day) > 5 * rate(night)
    at_night = NOW.replace(hour=22)
    assert poll_interval_s(state, at_night, LIMITS) > 2 * poll_interval_s(state, NOW, LIMITS)


def test_a_daily_edition_is_met() -> None:
    """Always at 06:20: its poll comes at the end of that slot, whatever was asked before."""
    edition = NOW.replace(hour=6, minute=23)
    state = feed([edition - DAY * day + dt.timedelta(seconds=item) for day in range(10) for item in range(5)])
    now = edition + 12 * HOUR
    polls = []
    for _ in range(40):
        now += dt.timedelta(seconds=poll_interval_s(state, now, LIMITS))
        polls.append(now)
    found = edition + DAY
    assert any(found - 10 * MINUTE < moment <= found + 10 * MINUTE for moment in polls)


def test_items_that_are_stated_late_are_placed_when_they_came() -> None:
    """A feed that comes in at 06:20 with the times of the day before isn't looked for at those."""
    edition = NOW.replace(hour=6, minute=23)
    state = feed([edition - DAY * 3 - HOUR * hour for hour in range(12)], edition - 2 * DAY - HOUR)
    host, rng = HostState("news.example"), random.Random(1)
    now = edition - 2 * DAY - HOUR
    for poll in range(20 * 24 * 3):
        now += 20 * MINUTE
        day_time = now - (edition - 2 * DAY)
        published = day_time.days
        times = tuple(edition - 2 * DAY + DAY * published - HOUR * hour for hour in range(1, 12))
        outcome = Outcome(200, etag=str(published), body_hash=str(published), items=ItemsSeen(times))
        unchanged = Outcome(304, conditional=True)
        is_new = state.body_hash != str(published) and published >= 0
        state, _ = after_answer(state, host, outcome if is_new else unchanged, now, rng, LIMITS)
        assert poll >= 0
    rate = rates_of(state, now).at
    at_edition = rate(int(edition.timestamp()))
    assert state.late_share > 0.5
    assert at_edition > 10 * rate(int((edition - 6 * HOUR).timestamp()))


def test_silence_slows_polling_down() -> None:
    """After many gaps without an item the next one is likely as far away again."""
    state = feed(every(HOUR, 40))
    later = NOW + 10 * DAY
    assert poll_interval_s(state, later, LIMITS) > 2 * poll_interval_s(state, NOW, LIMITS)
    assert is_silent(state, later)
    assert not is_silent(state, NOW + 4 * HOUR)


def test_a_nights_rest_is_no_silence() -> None:
    """Three gaps of ten minutes are nothing to tell anyone; neither is a feed of which nothing is known."""
    state = feed(every(10 * MINUTE, 40))
    assert not is_silent(state, NOW + 8 * HOUR)
    assert is_silent(state, NOW + 25 * HOUR)
    assert not is_silent(FeedState("https://news.example/"), NOW)
    assert usual_gap_s(feed([])) is None


def test_wishes_are_granted_up_to_an_hour() -> None:
    """ttl and max-age; sy:updatePeriod only where nothing is known."""
    state = feed(every(MINUTE * 5, 40))
    assert poll_interval_s(state, NOW, LIMITS) < 1_800
    for wishing in (dataclasses.replace(state, ttl_s=1_800), dataclasses.replace(state, max_age_s=1_800)):
        assert poll_interval_s(wishing, NOW, LIMITS) == 1_800
    for wishing in (dataclasses.replace(state, ttl_s=10**7), dataclasses.replace(state, max_age_s=10**7)):
        assert floor_s(wishing) == MAX_WISH_S
    assert floor_s(dataclasses.replace(state, update_period_s=3_600)) == 0
    assert floor_s(FeedState("https://news.example/", update_period_s=1_800)) == 1_800


def test_hours_that_a_feed_skips_are_skipped() -> None:
    """To the end of the last of them; not where all are."""
    state = dataclasses.replace(feed(every(HOUR, 40)), skip_hours=(12, 13, 14))
    assert poll_interval_s(state, NOW, LIMITS) == 3 * 3_600
    # NOW is a Monday.
    state = dataclasses.replace(state, skip_hours=(), skip_days=(0,))
    assert poll_interval_s(state, NOW, LIMITS) == 12 * 3_600
    state = dataclasses.replace(state, skip_days=tuple(range(7)))
    assert poll_interval_s(state, NOW, LIMITS) < 3 * 3_600
    state = dataclasses.replace(state, skip_days=(0, 1, 2))
    assert poll_interval_s(state, NOW, PollLimits(600, 7_200)) == 7_200


def test_dear_polls_are_fewer() -> None:
    """Where a server sends all of a large feed each time, though nothing is new."""
    draw = random.Random(5)
    state = feed([NOW - DAY * draw.uniform(0, 3) for _ in range(60)])
    dear = dataclasses.replace(state, unchanged_fulls=0.9, body_bytes=100_000)
    assert cost_factor(state) == 1
    assert poll_interval_s(dear, NOW, LIMITS) > 2 * poll_interval_s(state, NOW, LIMITS)


def test_a_short_window_is_polled_before_it_overflows() -> None:
    """A feed that holds ten items and gets thirty an hour."""
    state = dataclasses.replace(feed(every(MINUTE * 2, 40)), window_items=10)
    costly = PollLimits(600, 86_400, poll_cost_h=100)
    assert poll_interval_s(dataclasses.replace(state, window_items=None), NOW, costly) > 3_600
    assert poll_interval_s(state, NOW, costly) <= 1_200


@pytest.mark.parametrize("bounds", [(0, 5), (10, 5), (-1, 5)])
def test_bounds_that_are_none(bounds: tuple[float, float]) -> None:
    """Said at once."""
    with pytest.raises(ValueError, match="range above 0"):
        PollLimits(*bounds)
    with pytest.raises(ValueError, match="cost something"):
        PollLimits(poll_cost_h=0)
