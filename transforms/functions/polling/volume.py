"""Whether a run finds as much as that hour usually brings."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Iterable
from typing import NamedTuple

#: Runs this far back are looked at.
HISTORY = dt.timedelta(days=28)

#: From so many earlier days on there is something usual.
MIN_DAYS = 4

#: Less than this share of what is usual is said, where it is no chance.
FAR_FEWER = 0.25

_MAX_CHANCE = 1e-4
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_SAME_WEEKDAYS = 3


class RunCount(NamedTuple):
    """A committed run. at: when it began, aware. new_items: that it wrote, duplicates of others among them."""

    at: dt.datetime
    new_items: int


def fewer_than_usual(history: Iterable[RunCount], now: dt.datetime, new_items: int) -> str | None:
    """A line about a run that found far fewer items than usual, or None where there is nothing to say.

    Compares what the last hour brought, this run with the others in it, to the same hour of each earlier day with a
    run in it: of the same weekday, where there are three of them, else of all days. A single run of a cron that comes
    each ten minutes brings too little to tell.
    history: runs before this one, in any order. now: when this one began.
    """
    sums: dict[int, int] = {}
    last_hour = new_items
    for run in history:
        age = now - run.at
        if not dt.timedelta(0) <= age <= HISTORY + _HOUR:
            continue
        if age < _HOUR:
            last_hour += run.new_items
            continue
        days, into = divmod(age, _DAY)
        if days and into < _HOUR:
            sums[days] = sums.get(days, 0) + run.new_items
    if len(sums) < MIN_DAYS:
        return None
    same = [count for days, count in sums.items() if days % 7 == 0]
    counts = same if len(same) >= _SAME_WEEKDAYS else list(sums.values())
    usual = statistics.median(counts)
    if last_hour >= FAR_FEWER * usual or _chance_of_at_most(last_hour, usual) > _MAX_CHANCE:
        return None
    return (
        f"Only {last_hour:,} new items in the last hour, which usually brings {usual:,.0f} "
        f"(the median of {len(counts)} days): see `newsbeam feeds`."
    )


def _chance_of_at_most(count: int, mean: float) -> float:
    """The probability that a Poisson variable is so small."""
    if mean <= 0:
        return 1.0
    return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
