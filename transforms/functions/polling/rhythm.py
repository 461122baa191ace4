"""How often a feed has something new, by hour and day, and when it pays to look again.

The items of a feed are taken for a Poisson process whose rate has a daily and weekly rhythm and a phase within the
hour, for feeds that are written on the hour. The rate's prior is a gamma distribution, that of each rhythm an even one, and
all of the evidence fades with a half-life of two weeks. A poll costs as much as one item that comes POLL_COST_H hours
late; for Poisson items the sum of both is least where the polls lie as dense as the root of the rate,
sqrt(rate / (2 cost)) polls an hour, at each hour anew (Cho and Garcia-Molina, 2003, on when to refresh copies).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Callable, Sequence

from schemas.state import FeedState
from transforms.functions.polling.outcomes import ItemsSeen, PollLimits

#: What a poll may cost, in hours that one item is seen late.
POLL_COST_H = 0.1

#: The same for each of so many bytes that a poll is likely to fetch for nothing, and how much dearer that makes it.
WASTED_BYTES = 30_000
_MAX_COST_FACTOR = 6.0

#: A wish of a feed or its server to be polled less often is granted up to this, in seconds.
MAX_WISH_S = 3_600

#: A feed is silent once this many usual gaps have passed without an item.
SILENT_GAPS = 3.0

_HALF_LIFE_H = 14 * 24.0
_HISTORY_H = 14 * 24.0

# The prior: half an item in twelve hours; and how many items it takes to believe a rhythm more than its prior.
_PRIOR_ITEMS, _PRIOR_H = 0.5, 12.0
_HOUR_PRIOR, _DAY_PRIOR, _PART_PRIOR = 0.7, 3.0, 4.0

_HOURS, _DAYS, _PARTS = 24, 7, 6
_PROFILE = _HOURS + _DAYS + _PARTS
_PART_S = 600
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def learn_items(state: FeedState, items: ItemsSeen | None, changed: bool, now: dt.datetime) -> FeedState:
    """The state with what a full answer says about the feed's rhythm.

    items: those in the body. New are those with later times than any before, by which no guid has to be known here.
    An undated feed that changed has brought one. changed: whether the body differs from the one before; where it
    doesn't, time has passed and nothing else.
    """
    horizon = now + dt.timedelta(hours=1)
    latest = state.newest_item_at
    is_first = state.full_at is None
    times: list[dt.datetime] = []
    if items is not None and changed:
        # What is stated for later than now came by now.
        times = [
            min(time, now) for time in items.times if (latest is None or time > latest) and time <= horizon
        ]
    new = len(times)
    if changed and not times and not is_first and (items is None or items.undated or not items.times):
        times, new = [now], 1
    state = _aged(state, now, times if is_first else None)
    if not new:
        return state
    since = state.checked_at
    profile = list(state.profile or (0.0,) * _PROFILE)
    for time in times:
        age_h = (now - time).total_seconds() / 3_600
        if is_first:
            if age_h > _HISTORY_H:
                continue
            weight = 0.5 ** (age_h / _HALF_LIFE_H)
        else:
            # Of an item that is stated to be older than the last poll, it is only known when it came: since then.
            if since is not None and time < since:
                time = since + (now - since) / 2
            weight = 1.0
        seconds = int((time - _EPOCH).total_seconds())
        profile[seconds // 3_600 % _HOURS] += weight
        # The epoch began on a Thursday.
        profile[_HOURS + (seconds // 86_400 + 3) % _DAYS] += weight
        profile[_HOURS + _DAYS + seconds % 3_600 // _PART_S] += weight
    newest = max(times)
    dated = items is not None and bool(items.times)
    state = dataclasses.replace(
        state,
        profile=tuple(profile),
        items_seen=state.items_seen + new,
        newest_item_at=max(newest, latest) if latest is not None else (newest if dated else None),
    )
    return dataclasses.replace(state, items_per_day=24.0 * _base_rate(state))


def _aged(state: FeedState, now: dt.datetime, history: Sequence[dt.datetime] | None) -> FeedState:
    """The state with the time since the last poll added to what was observed, and what was known before faded."""
    if history is not None:
        if not history:
            return state
        ages = [(now - time).total_seconds() / 3_600 for time in history]
        reach = min(max(ages), _HISTORY_H)
        # The integral of the fading weight over the time that the document reaches back.
        seen = _HALF_LIFE_H / math.log(2) * (1 - 0.5 ** (reach / _HALF_LIFE_H))
        return dataclasses.replace(state, observed_h=seen)
    if state.checked_at is None:
        return state
    passed = max(0.0, (now - state.checked_at).total_seconds() / 3_600)
    fade = 0.5 ** (passed / _HALF_LIFE_H)
    return dataclasses.replace(
        state,
        observed_h=state.observed_h * fade + passed,
        profile=tuple([weight * fade for weight in state.profile]),
    )


def pass_time(state: FeedState, now: dt.datetime) -> FeedState:
    """The state after an answer that says that nothing has come since the last one."""
    state = _aged(state, now, None)
    return dataclasses.replace(state, items_per_day=24.0 * _base_rate(state))


def _base_rate(state: FeedState) -> float:
    """Items an hour, averaged over the week."""
    seen = sum(state.profile[:_HOURS])
    return (_PRIOR_ITEMS + seen) / (_PRIOR_H + state.observed_h)


def usual_gap_s(state: FeedState) -> float | None:
    """Seconds between two items, usually; None where too little is known to say."""
    if state.items_per_day is None or state.items_seen < 3 or not state.profile:
        return None
    return 86_400.0 / state.items_per_day


def silence_s(state: FeedState, now: dt.datetime) -> float | None:
    """Seconds since there was last something new; None where nothing is known."""
    known = [time for time in (state.newest_item_at, state.changed_at) if time is not None]
    return max(0.0, (now - max(known)).total_seconds()) if known else None


def is_silent(state: FeedState, now: dt.datetime) -> bool:
    """Whether a feed has been silent for SILENT_GAPS times its usual gap; a night's rest is no silence."""
    gap, silence = usual_gap_s(state), silence_s(state, now)
    return gap is not None and silence is not None and silence > max(SILENT_GAPS * gap, 86_400.0)


def rate_at(state: FeedState, now: dt.datetime) -> Callable[[int], float]:
    """Items an hour to be expected in the ten minutes that begin at a time in seconds since 1970."""
    base = _base_rate(state)
    silence = silence_s(state, now)
    if silence is not None:
        # After silence for many gaps the next item is likely as far away again.
        expected = base * silence / 3_600
        if expected > SILENT_GAPS:
            base *= SILENT_GAPS / expected
    if not state.profile:
        return lambda seconds: base
    profile = state.profile
    seen = sum(profile[:_HOURS])
    hours = _smooth(profile[:_HOURS])
    hour_unit = _HOURS / (seen + _HOURS * _HOUR_PRIOR)
    by_hour = [(weight + _HOUR_PRIOR) * hour_unit * base for weight in hours]
    day_unit = _DAYS / (seen + _DAYS * _DAY_PRIOR)
    by_day = [(weight + _DAY_PRIOR) * day_unit for weight in profile[_HOURS : _HOURS + _DAYS]]
    part_unit = _PARTS / (seen + _PARTS * _PART_PRIOR)
    by_part = [(weight + _PART_PRIOR) * part_unit for weight in profile[_HOURS + _DAYS :]]

    def rate(seconds: int) -> float:
        return (
            by_hour[seconds // 3_600 % _HOURS]
            * by_day[(seconds // 86_400 + 3) % _DAYS]
            * by_part[seconds % 3_600 // _PART_S]
        )

    return rate


def _smooth(hours: Sequence[float]) -> list[float]:
    """Each hour with half of its weight given to its neighbours: a rhythm has no edges at full hours."""
    return [
        0.25 * hours[place - 1] + 0.5 * weight + 0.25 * hours[(place + 1) % len(hours)]
        for place, weight in enumerate(hours)
    ]


def poll_interval_s(state: FeedState, now: dt.datetime, limits: PollLimits) -> float:
    """Seconds from now to the next poll of a feed that answers: min_poll_s to max_poll_s.

    Not less than `floor_s`, and not into hours and days that the feed asks to skip, as far as the bounds allow.
    """
    rate = rate_at(state, now)
    scale = 1 / (2 * POLL_COST_H * cost_factor(state))
    start = (now - _EPOCH).total_seconds()
    place = start
    left = 1.0
    end = start + limits.max_poll_s
    while place < end:
        boundary = (int(place) // _PART_S + 1) * _PART_S
        density = math.sqrt(rate(int(place)) * scale) / 3_600
        if density * (boundary - place) >= left:
            place += left / density
            break
        left -= density * (boundary - place)
        place = boundary
    wished = max(place - start, floor_s(state), limits.min_poll_s)
    wished = min(wished, limits.max_poll_s)
    return _past_skipped(state, now, wished, limits.max_poll_s)


def cost_factor(state: FeedState) -> float:
    """How much dearer a poll is than one that gets a short answer where nothing is new."""
    wasted = state.unchanged_fulls * (state.body_bytes or 0)
    return min(_MAX_COST_FACTOR, 1 + wasted / WASTED_BYTES)


def floor_s(state: FeedState) -> float:
    """The seconds between polls that a feed and its server wish for, at most MAX_WISH_S.

    `ttl` and the freshness of an answer are wishes; `sy:updatePeriod` is none, since blog engines write "hourly" into
    every feed: it only counts where nothing else is known, as the length of a first interval.
    """
    wishes = [state.ttl_s or 0, state.max_age_s or 0]
    if not state.profile:
        wishes.append(state.update_period_s or 0)
    return float(min(max(wishes), MAX_WISH_S))


def _past_skipped(state: FeedState, now: dt.datetime, wished: float, most: float) -> float:
    """The wished interval, prolonged to the end of skipped hours and days; as it was where that is too long."""
    if not state.skip_hours and not state.skip_days:
        return wished
    moment = now + dt.timedelta(seconds=wished)
    last = now + dt.timedelta(seconds=most)
    while moment.hour in state.skip_hours or moment.weekday() in state.skip_days:
        moment = moment.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
        if moment > last:
            return wished if len(state.skip_hours) >= _HOURS or len(state.skip_days) >= _DAYS else most
    return (moment - now).total_seconds()
