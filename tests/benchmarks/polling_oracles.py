"""Whom polling is compared with: two oracles that poll a feed as often as newsbeam did, and polling every 15 minutes.

The clairvoyant knows when every item will appear, and asks at those ticks of cron at which all of them together wait
least: no program can do better. The informed one knows how each feed was made, its rate at each tick, and nothing of
what is drawn from it; it asks where the root of the rate has risen by equal parts, which is best for items that come
by chance. No server fails them, nor asks them to wait.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tests.benchmarks.made_up_feeds import (
    DAY_S,
    HEAD_BYTES,
    SHORT_BYTES,
    TICK_S,
    Floats,
    MadeUpFeed,
    MadeUpHost,
)

_QUARTER_S = 900


def clairvoyant_delays(times: Floats, polls: int, days: int) -> Floats:
    """The seconds that each item waits, all in all as few as that many polls can reach; the end is one for nothing.

    Exact to the last poll or so: the polls are found by a price for each, at which the best number is just theirs.
    """
    end = days * DAY_S // TICK_S
    ticks = np.ceil(times / TICK_S).astype(np.int64)
    wanted = np.unique(ticks)
    if polls >= len(wanted):
        return ticks * float(TICK_S) - times
    # Of the items up to each wanted tick: how many, and the sum of their times.
    last = np.searchsorted(times, wanted * float(TICK_S), side="right")
    count = np.concatenate(([0], last)).astype(np.float64)
    total = np.concatenate(([0.0], np.cumsum(times)[last - 1]))
    at = np.concatenate((wanted * float(TICK_S), [end * float(TICK_S)]))
    low, high = 0.0, float(end * TICK_S) * len(times)
    chosen = _priced(at, count, total, high)
    for _ in range(30):
        price = (low + high) / 2
        found = _priced(at, count, total, price)
        if len(found) > polls:
            low = price
        else:
            high, chosen = price, found
            if len(found) == polls:
                break
    places = np.append(at[chosen], end * float(TICK_S))
    return places[np.searchsorted(places, times, side="left")] - times


def _priced(at: Floats, count: Floats, total: Floats, price: float) -> npt.NDArray[np.int64]:
    """The polls, as places in `at`, that make waiting and their price together least."""
    size = len(at)
    best = np.empty(size)
    before = np.full(size, -1, dtype=np.int64)
    # best[j] with the last poll at j: over the polls i before it, of best[i] + wait of the items between.
    base = np.empty(size + 1)
    base[0] = 0.0
    for place in range(size):
        upto = min(place + 1, size - 1)
        waits = base[: place + 1] + at[place] * (count[upto] - count[: place + 1])
        waits -= total[upto] - total[: place + 1]
        choice = int(np.argmin(waits))
        best[place] = waits[choice] + price
        before[place] = choice - 1
        base[place + 1] = best[place]
    chosen = []
    place = int(before[size - 1])
    while place >= 0:
        chosen.append(place)
        place = int(before[place])
    return np.asarray(chosen[::-1], dtype=np.int64)


def informed_delays(feed: MadeUpFeed, times: Floats, polls: int, days: int) -> Floats:
    """The seconds that each item waits where polls lie by the root of the rate that its feed was made with."""
    end = days * DAY_S // TICK_S
    risen = np.cumsum(np.sqrt(feed.rate[:end]))
    if polls and risen[-1] > 0:
        # A poll at the end of a tick finds what came in it.
        parts = risen[-1] * (np.arange(polls) + 1) / (polls + 1)
        ticks = np.unique(np.searchsorted(risen, parts) + 1)
    else:
        ticks = np.empty(0, dtype=np.int64)
    places = np.append(ticks, end).astype(np.float64) * TICK_S
    return places[np.searchsorted(places, times, side="left")] - times


def quarter_hour_bytes(feed: MadeUpFeed, host: MadeUpHost, days: int) -> tuple[int, int]:
    """What it takes to ask a feed every 15 minutes: without conditions, and with those that its server honours."""
    polls = np.arange(0, days * DAY_S, _QUARTER_S, dtype=np.float64)
    is_served = polls < (0.0 if feed.missing else feed.gone_at)
    for begin, end in (*host.outages, *host.overloads):
        is_served &= ~((polls >= begin) & (polls < end))
    served = polls[is_served]
    full = HEAD_BYTES + feed.size
    refused = (len(polls) - len(served)) * SHORT_BYTES
    plain = len(served) * full + refused
    if not len(served) or feed.validators in ("none", "ignores", "new each time"):
        return plain, plain
    counts = np.searchsorted(feed.times, served, side="right")
    changes = 1 if feed.validators == "lies" else 1 + int(np.count_nonzero(np.diff(counts)))
    return plain, changes * full + (len(served) - changes) * SHORT_BYTES + refused


def share_within(delays: Floats, bound: float) -> float:
    """The share of items that wait no longer than that."""
    return float(np.mean(delays <= bound)) if len(delays) else math.nan
