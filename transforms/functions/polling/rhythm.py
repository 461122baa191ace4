"""How often a feed has something new, by hour and day, and when it pays to look again.

The items of a feed are taken for a Poisson process with a daily and a weekly rhythm. Its rate has a gamma prior. Its
shape over the 144 slots of ten minutes of a day is a mixture: of hours, evened out, times the phase within the hour,
and of the slots themselves, as far as past news keeps to a few of them, as it does where a program publishes by the
clock. How far is decided by the likelihood of what was seen (Dirichlet-multinomial). All evidence fades with a
half-life of two weeks.

A poll costs as much as one item that comes `poll_cost_h` hours late; for Poisson items the sum of both is least where
the polls lie as dense as the root of the rate, sqrt(rate / (2 cost)) polls an hour, at each hour anew. That requests
should follow the root of the rate where delay is what counts is known from Cho and Garcia-Molina, "Effective page
refresh policies for web crawlers" (2003), and Sia, Cho and Cho, "Efficient monitoring algorithm for fast news alerts"
(2007).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from schemas.state import FeedState
from transforms.functions.polling.outcomes import ItemsSeen, PollLimits

#: A poll is dearer by as much again for each of so many bytes that it is likely to fetch for nothing; and at most so
#: many times as dear.
WASTED_BYTES = 8_000
_MAX_COST_FACTOR = 12.0

#: A wish of a feed or its server to be polled less often is granted up to this, in seconds.
MAX_WISH_S = 3_600

#: A feed is silent once this many usual gaps have passed without an item.
SILENT_GAPS = 3.0

#: Between two polls no more new items are expected than this share of those that the feed's document holds.
_WINDOW_SHARE = 0.4

_HALF_LIFE_H = 14 * 24.0
_HISTORY_H = 14 * 24.0

# The prior: three items in forty hours; and how many items it takes to believe a rhythm more than its prior.
_PRIOR_ITEMS, _PRIOR_H = 0.3, 4.0
_HOUR_PRIOR, _DAY_PRIOR, _PART_PRIOR = 0.7, 3.0, 4.0

# How many items the evened-out rhythm may be worth against the slots themselves; the first is as good as any number.
_EVEN = 1e6
_CONCENTRATIONS = (_EVEN, 30.0, 8.0, 2.0)

#: With more polls than this share bringing items that are stated to be older than the poll before, what items state
#: tells nothing of when they come.
LATE_SHARE = 0.2
_LATE_WEIGHT = 0.15
_STATED_WORTH = 0.2

_HOURS, _DAYS, _PARTS = 24, 7, 6
_SLOTS = _HOURS * _PARTS
_SLOT_S = 600
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def learned_items(
    state: FeedState, items: ItemsSeen | None, changed: bool, now: dt.datetime
) -> dict[str, Any]:
    """What a full answer changes in what a state says of the feed's rhythm, by field.

    items: those in the body. New are those with later times than any before, by which no guid has to be known here.
    An undated feed that changed has brought one. changed: whether the body differs from the one before; where it
    doesn't, time has passed and nothing else.
    """
    if not changed:
        return {"items_per_day": items_a_day(state, now)}
    is_first = state.full_at is None
    latest = state.newest_item_at
    times: list[dt.datetime] = []
    total = 0
    if items is not None:
        horizon = now + dt.timedelta(hours=1)
        total = len(items.times) + items.undated
        # What is stated for later than now came by now.
        times = [
            min(time, now) for time in items.times if (latest is None or time > latest) and time <= horizon
        ]
    new = len(times)
    if not times and not is_first and (items is None or items.undated or not items.times):
        new = 1
    newest = max(times, default=None)
    overflowed = not is_first and len(times) == total and total > 1
    changes: dict[str, Any] = {
        "items_seen": state.items_seen + new,
        "window_items": total or None,
        "overflows": state.overflows + overflowed,
        "newest_item_at": latest if newest is None else newest if latest is None else max(newest, latest),
    }
    if not is_first and not new:
        return {**changes, "items_per_day": items_a_day(state, now)}
    evidence = _from_history(times, now) if is_first else _from_poll(state, times, new, now)
    rate = (_PRIOR_ITEMS + evidence.observed_items) / (_PRIOR_H + evidence.observed_h)
    return {
        **changes,
        "profile": evidence.profile,
        "profile_at": now,
        "observed_h": evidence.observed_h,
        "observed_items": evidence.observed_items,
        "late_share": evidence.late_share,
        "concentration": _concentration(evidence.profile),
        "items_per_day": 24.0 * rate,
    }


class _Evidence(NamedTuple):
    profile: tuple[float, ...]
    observed_h: float
    observed_items: float
    late_share: float


def _from_history(times: Sequence[dt.datetime], now: dt.datetime) -> _Evidence:
    """What the items of a feed's first document say of the time before."""
    ages = [(time, (now - time).total_seconds() / 3_600) for time in times]
    recent = [(time, age) for time, age in ages if age <= _HISTORY_H]
    reach = min(max((age for _, age in ages), default=0.0), _HISTORY_H)
    # The integral of the fading weight over the time that the document reaches back.
    seen_h = _HALF_LIFE_H / math.log(2) * (1 - 0.5 ** (reach / _HALF_LIFE_H))
    profile = [0.0] * (_SLOTS + _DAYS)
    for slot, count in _by_slot(time for time, _ in recent).items():
        age_h = (now - _EPOCH).total_seconds() / 3_600 - slot * _SLOT_S / 3_600
        _add(profile, slot, math.sqrt(count) * 0.5 ** (age_h / _HALF_LIFE_H))
    weight = sum(0.5 ** (age / _HALF_LIFE_H) for _, age in recent)
    return _Evidence(tuple(profile), seen_h, weight, 0.0)


def _from_poll(state: FeedState, times: Sequence[dt.datetime], new: int, now: dt.datetime) -> _Evidence:
    """What the new items of one poll say: that they came since the last, and when, as far as they state it.

    Items of one slot count by the root of their number: a rhythm is told by when a feed has news, not by how much of it
    there is at once.
    """
    since = now if state.checked_at is None else min(state.checked_at, now)
    late = any(time < since for time in times) or not times
    late_share = state.late_share + _LATE_WEIGHT * (late - state.late_share)
    fade = _fade(state, now)
    profile = [weight * fade for weight in state.profile] or [0.0] * (_SLOTS + _DAYS)
    if late or late_share > LATE_SHARE:
        if late_share > LATE_SHARE >= state.late_share:
            # So what was taken from stated times is worth little.
            profile = [weight * _STATED_WORTH for weight in profile]
        # Somewhere since the last poll, that is: likely when items are likely.
        rate = rates_of(state, now).at
        begin, end = ((one - _EPOCH).total_seconds() for one in (since, now))
        slots = range(int(max(begin, end - 86_400)) // _SLOT_S, int(end) // _SLOT_S + 1)
        shares = [
            rate(slot * _SLOT_S) * (min(end, (slot + 1) * _SLOT_S) - max(begin, slot * _SLOT_S)) + 1e-9
            for slot in slots
        ]
        unit = math.sqrt(new) / sum(shares)
        for slot, share in zip(slots, shares, strict=True):
            _add(profile, slot, share * unit)
    else:
        for slot, count in _by_slot(times).items():
            _add(profile, slot, math.sqrt(count))
    return _Evidence(
        tuple(profile),
        state.observed_h * fade + _passed_h(state, now),
        state.observed_items * fade + new,
        late_share,
    )


def _by_slot(times: Iterable[dt.datetime]) -> dict[int, int]:
    """How many items there are in each slot since 1970."""
    slots: dict[int, int] = {}
    for time in times:
        slot = int((time - _EPOCH).total_seconds()) // _SLOT_S
        slots[slot] = slots.get(slot, 0) + 1
    return slots


def _add(profile: list[float], slot: int, weight: float) -> None:
    profile[slot % _SLOTS] += weight
    # The epoch began on a Thursday.
    profile[_SLOTS + (slot // _SLOTS + 3) % _DAYS] += weight


def _passed_h(state: FeedState, now: dt.datetime) -> float:
    """The hours since `profile_at`."""
    return 0.0 if state.profile_at is None else max(0.0, (now - state.profile_at).total_seconds() / 3_600)


def _fade(state: FeedState, now: dt.datetime) -> float:
    """How much of what was observed by `profile_at` is worth something still."""
    return float(0.5 ** (_passed_h(state, now) / _HALF_LIFE_H))


def items_a_day(state: FeedState, now: dt.datetime) -> float:
    """Items to be expected in a day, averaged over the week, where none came since `profile_at`."""
    return 24.0 * _base_rate(state, now)


def _base_rate(state: FeedState, now: dt.datetime) -> float:
    fade = _fade(state, now)
    seen_h = state.observed_h * fade + _passed_h(state, now)
    return (_PRIOR_ITEMS + state.observed_items * fade) / (_PRIOR_H + seen_h)


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


class Rates(NamedTuple):
    """Items an hour to be expected. at: in the ten minutes that begin at a time in seconds since 1970.

    peak: no less than the highest of them.
    """

    at: Callable[[int], float]
    peak: float


def rates_of(state: FeedState, now: dt.datetime) -> Rates:
    """The rhythm of a feed from now on."""
    base = _base_rate(state, now)
    silence = silence_s(state, now)
    if silence is not None:
        # After silence for many gaps the next item is likely as far away again.
        expected = base * silence / 3_600
        if expected > SILENT_GAPS:
            base *= SILENT_GAPS / expected
    if not state.profile:
        return Rates(lambda seconds: base, base)
    profile = state.profile
    seen = sum(profile[:_SLOTS])
    by_hour, by_part = _even_shape(profile, seen)
    days = profile[_SLOTS:]
    by_day = [(weight + _DAY_PRIOR) * _DAYS / (seen + _DAYS * _DAY_PRIOR) * base for weight in days]
    concentration = state.concentration or _EVEN
    even_share = concentration / (seen + concentration)
    slot_unit = _SLOTS / (seen + concentration)

    def rate(seconds: int) -> float:
        slot = seconds // _SLOT_S % _SLOTS
        even = by_hour[slot // _PARTS] * by_part[slot % _PARTS]
        shape = even * even_share + profile[slot] * slot_unit
        return shape * by_day[(seconds // 86_400 + 3) % _DAYS]

    peak = max(by_hour) * max(by_part) * even_share + max(profile[:_SLOTS]) * slot_unit
    return Rates(rate, peak * max(by_day))


def _even_shape(profile: Sequence[float], seen: float) -> tuple[list[float], list[float]]:
    """The rhythm by hours, evened out, and by the parts of an hour: factors that are 1 on average."""
    hours = [sum(profile[start : start + _PARTS]) for start in range(0, _SLOTS, _PARTS)]
    hour_unit = _HOURS / (seen + _HOURS * _HOUR_PRIOR)
    by_hour = [(weight + _HOUR_PRIOR) * hour_unit for weight in _smooth(hours)]
    part_unit = _PARTS / (seen + _PARTS * _PART_PRIOR)
    by_part = [(sum(profile[part:_SLOTS:_PARTS]) + _PART_PRIOR) * part_unit for part in range(_PARTS)]
    return by_hour, by_part


def _concentration(profile: Sequence[float]) -> float:
    """How many items the evened-out rhythm is worth against the slots: of `_CONCENTRATIONS` the likeliest."""
    seen = sum(profile[:_SLOTS])
    if seen < 3:
        return _EVEN
    by_hour, by_part = _even_shape(profile, seen)
    found = [
        (weight, by_hour[slot // _PARTS] * by_part[slot % _PARTS] / _SLOTS)
        for slot, weight in enumerate(profile[:_SLOTS])
        if weight
    ]
    best, chosen = sum(weight * math.log(share) for weight, share in found), _EVEN
    for concentration in _CONCENTRATIONS[1:]:
        likelihood = math.lgamma(concentration) - math.lgamma(seen + concentration)
        for weight, share in found:
            alpha = concentration * share
            likelihood += math.lgamma(weight + alpha) - math.lgamma(alpha)
        if likelihood > best:
            best, chosen = likelihood, concentration
    return chosen


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
    wished = max(_best_wait_s(state, now, limits), floor_s(state), limits.min_poll_s)
    wished = min(wished, limits.max_poll_s)
    return _past_skipped(state, now, wished, limits.max_poll_s)


def _best_wait_s(state: FeedState, now: dt.datetime, limits: PollLimits) -> float:
    """Seconds to the moment at which polling costs least: what waiting costs by then, less what that time is worth.

    The longer the wait, the more items wait, while a time that is rich in news is better waited out than followed by a
    poll at once. Waiting costs the items that are there, each for its time; an hour is worth what polling at its best
    costs in it, sqrt(2 rate cost), which is how one decides when to stop where what comes after is the same again
    (renewal reward). At an even rate that is after sqrt(2 cost / rate) hours; before a daily edition it is after it.
    """
    rates = rates_of(state, now)
    twice_cost = 2 * limits.poll_cost_h * cost_factor(state)
    most = math.sqrt(twice_cost * rates.peak)
    room = math.inf if state.window_items is None else max(1.0, _WINDOW_SHARE * state.window_items)
    start = (now - _EPOCH).total_seconds()
    end = start + limits.max_poll_s
    place = best_place = start
    waiting = balance = best = 0.0
    while place < end and waiting < min(most, room):
        boundary = (int(place) // _SLOT_S + 1) * _SLOT_S
        hours = (boundary - place) / 3_600
        rate = rates.at(int(place))
        worth = math.sqrt(twice_cost * rate)
        # Within the ten minutes the balance is least where as many items wait as the time is worth.
        lasts = hours if waiting + rate * hours <= worth else max(0.0, (worth - waiting) / rate)
        least = balance + (waiting - worth) * lasts + rate * lasts**2 / 2
        if least <= best:
            best, best_place = least, place + lasts * 3_600
        balance += (waiting - worth) * hours + rate * hours**2 / 2
        waiting += rate * hours
        place = boundary
    return min(best_place, end) - start


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
