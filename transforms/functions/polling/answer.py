"""What an answer does to what is known of a feed and its host."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import Any

from schemas.state import FeedState, FeedStatus, HostState
from transforms.functions.polling.headers import fresh_for_s, retry_after_s
from transforms.functions.polling.hosts import paused
from transforms.functions.polling.outcomes import Outcome, PollLimits
from transforms.functions.polling.retire import should_retire
from transforms.functions.polling.rhythm import LATE_SHARE, items_a_day, learned_items, poll_interval_s
from transforms.functions.polling.robots import FAILED_ROBOTS_HOLD, ROBOTS_HOLDS, is_unreachable

#: On how many polls running a permanent redirect has to name the same address before that is asked itself.
MOVED_POLLS = 3

#: After so many failures in a row at the address that a feed moved to, its old one is asked again.
MOVED_BACK_FAILURES = 3

#: The longest that a failure keeps a feed from being polled again, in seconds, but for a Retry-After.
MAX_BACKOFF_S = 86_400.0

#: What the first failure costs, in seconds; each further one in a row twice as much. A feed that isn't there is not
#: back in ten minutes, and who refuses us means it.
MISSING_BACKOFF_S = 3_600.0
REFUSED_BACKOFF_S = 6 * 3_600.0

#: After an outage a feed is asked again within about this share of how long it was: it may have more news than it
#: holds.
OUTAGE_SHARE = 0.25

#: How long a host rests that says "too many requests" and not for how long, in seconds; doubled like a back-off.
TOO_MANY_PAUSE_S = 900.0

#: For how long no validators are sent to a server that was caught calling a changed feed unchanged.
DISTRUST = dt.timedelta(days=7)

#: So many full answers in a row with items that a 304 before had denied are no accident of caches.
_DENIED_CHANGES = 2
_DENIED_AGE = dt.timedelta(hours=1)

# How much of what is known about wasted full answers the last one makes up.
_WASTE_WEIGHT = 0.2

# Intervals differ by so much at random, so that feeds polled together do not stay together.
_SPREAD = 0.02

_BUSY = (429, 503)


def after_answer(
    state: FeedState,
    host: HostState,
    outcome: Outcome,
    now: dt.datetime,
    rng: random.Random,
    limits: PollLimits,
    run_at: dt.datetime | None = None,
) -> tuple[FeedState, HostState]:
    """The feed and its host after one request for the feed.

    now: when it ended. run_at: when the run began, from which the time to the next poll of a feed that answers is
    counted: runs come at their own rhythm, and what waits for its turn within one would else miss every other.

    200 and 304 are successes: the rhythm of the feed decides when it is polled next, see `rhythm`.
    410 ends its polling. 401 and 403, other 4xx, and all else double their back-off with each failure, up to a day,
    from 6 hours, an hour, and `min_poll_s`; the last with jitter, and no longer than a quarter of the time since the
    last success. A Retry-After with 429 and 503 is obeyed for the whole host, and `next_poll_at` is never before it.
    """
    start = now if run_at is None else min(run_at, now)
    if outcome.error is None and outcome.status in (200, 304):
        state = _succeeded(state, outcome, now)
        interval = poll_interval_s(state, start, limits) * (1 + _SPREAD * (rng.random() * 2 - 1))
        interval = min(max(interval, limits.min_poll_s), limits.max_poll_s)
        next_at = start + dt.timedelta(seconds=interval)
        status: FeedStatus = "retired" if should_retire(state, now) else "active"
    else:
        state = _failed(state, outcome, now)
        if outcome.status in _BUSY:
            host = _rested(host, state, outcome, now)
        interval = _backoff_s(state, outcome, now, rng, limits)
        next_at = now + dt.timedelta(seconds=interval)
        status = state.status
        if status == "gone":
            return dataclasses.replace(state, next_poll_at=None, interval_s=None, checked_at=now), host
    if host.not_before is not None:
        next_at = max(next_at, host.not_before)
    state = dataclasses.replace(
        state, status=status, checked_at=now, interval_s=interval, next_poll_at=next_at
    )
    return state, host


def not_allowed(state: FeedState, host: HostState, now: dt.datetime) -> FeedState:
    """The state of a feed that robots.txt keeps us from; no request was made for it.

    None is before robots.txt is read again: in a day where it says so ("robots-disallowed"), in an hour where the host
    can't say ("robots-unreachable").
    """
    is_said = host.robots_body is not None or not is_unreachable(host.robots_status)
    holds = ROBOTS_HOLDS if is_said else FAILED_ROBOTS_HOLD
    next_at = now + holds
    if host.not_before is not None:
        next_at = max(next_at, host.not_before)
    return dataclasses.replace(
        state,
        failures=state.failures + 1,
        last_error="robots-disallowed" if is_said else "robots-unreachable",
        interval_s=holds.total_seconds(),
        next_poll_at=next_at,
    )


def _succeeded(state: FeedState, outcome: Outcome, now: dt.datetime) -> FeedState:
    max_age = fresh_for_s(outcome.cache_control, outcome.expires, outcome.date)
    # All in one: a replacement of a record with so many fields takes longer than what is decided here.
    changes: dict[str, Any] = {
        **_counted(state, outcome, now),
        **_redirected(state, outcome),
        "failures": 0,
        "last_error": None,
        "succeeded_at": now,
    }
    if outcome.status == 304:
        saved = max(0, (state.body_bytes or 0) - outcome.wire_bytes)
        return dataclasses.replace(
            state,
            **changes,
            items_per_day=items_a_day(state, now),
            bytes_saved=state.bytes_saved + saved,
            # A 304 repeats the headers that a 200 would have had; what it leaves out still holds.
            max_age_s=max_age or state.max_age_s,
        )
    changed = outcome.body_hash is None or outcome.body_hash != state.body_hash
    wasted = state.unchanged_fulls
    has_validators = outcome.etag is not None or outcome.last_modified is not None
    # The full answer that was asked for once a day says nothing about the polls in between.
    if state.full_at is not None and (outcome.conditional or not has_validators):
        wasted += _WASTE_WEIGHT * ((0.0 if changed else 1.0) - wasted)
    changes.update(_trust(state, outcome, changed, now))
    changes.update(_schedule(state, outcome))
    changes.update(learned_items(state, outcome.items, changed, now))
    return dataclasses.replace(
        state,
        **changes,
        etag=outcome.etag,
        last_modified=outcome.last_modified,
        body_hash=outcome.body_hash,
        full_at=now,
        changed_at=now if changed else state.changed_at,
        body_bytes=outcome.wire_bytes,
        unchanged_fulls=wasted,
        max_age_s=max_age,
    )


def _counted(state: FeedState, outcome: Outcome, now: dt.datetime) -> dict[str, Any]:
    return {
        "polls": state.polls + 1,
        "added_at": state.added_at or now,
        "last_status": outcome.status,
        "bytes_fetched": state.bytes_fetched + outcome.wire_bytes,
    }


def _schedule(state: FeedState, outcome: Outcome) -> dict[str, Any]:
    schedule = outcome.schedule
    if schedule is None:
        return {}
    return {
        "ttl_s": schedule.ttl_s,
        "update_period_s": schedule.update_period_s,
        "skip_hours": schedule.skip_hours,
        "skip_days": schedule.skip_days,
        "title": schedule.title or state.title,
        "hub_url": schedule.hub_url,
        "self_url": schedule.self_url,
    }


def _redirected(state: FeedState, outcome: Outcome) -> dict[str, Any]:
    """Follows a permanent redirect for good once it was the same on MOVED_POLLS polls running."""
    target = outcome.moved_to
    if target is None or target == (state.fetch_url or state.url):
        return {"moved_to": None, "moved_polls": 0}
    polls = state.moved_polls + 1 if target == state.moved_to else 1
    if polls < MOVED_POLLS:
        return {"moved_to": target, "moved_polls": polls}
    # Validators belong to the document, which is the same; the address as given needs no note.
    return {"fetch_url": None if target == state.url else target, "moved_to": None, "moved_polls": 0}


def _trust(state: FeedState, outcome: Outcome, changed: bool, now: dt.datetime) -> dict[str, Any]:
    """Notes where a full answer shows that validators can't be relied on.

    Sure: another body under the same validators. Likely, and believed the second time: an item that is stated to be
    an hour older than the last poll, which a 304 answered; not where a feed's items are so ever and again.
    """
    if not changed or state.full_at is None or outcome.conditional:
        return {}
    has_validators = state.etag is not None or state.last_modified is not None
    # Within a second a file may change twice, but not in an hour.
    is_same = (
        has_validators
        and (outcome.etag, outcome.last_modified) == (state.etag, state.last_modified)
        and now - state.full_at > _DENIED_AGE
    )
    denied = state.denied_changes
    checked, latest = state.checked_at, state.newest_item_at
    states_late = state.late_share > LATE_SHARE
    if checked is not None and checked > state.full_at and outcome.items is not None and not states_late:
        is_denied = any(
            time < checked - _DENIED_AGE and (latest is None or time > latest) for time in outcome.items.times
        )
        denied = denied + 1 if is_denied else 0
    if is_same or denied >= _DENIED_CHANGES:
        return {"distrusted_until": now + DISTRUST, "denied_changes": 0}
    return {"denied_changes": denied}


def _failed(state: FeedState, outcome: Outcome, now: dt.datetime) -> FeedState:
    failures = state.failures + 1
    changes: dict[str, Any] = {
        **_counted(state, outcome, now),
        "failures": failures,
        "last_error": outcome.error or f"http-{outcome.status}",
    }
    if outcome.status == 200:
        # Nothing is kept by which the next request could find a page that is no feed unchanged.
        changes.update(etag=None, last_modified=None, body_hash=None)
    is_lost_there = outcome.status == 410 or failures % MOVED_BACK_FAILURES == 0
    if state.fetch_url is not None and is_lost_there:
        # The address as given has yet to be asked again.
        changes.update(fetch_url=None, moved_to=None, moved_polls=0)
    elif outcome.status == 410:
        changes["status"] = "gone"
    return dataclasses.replace(state, **changes)


def _rested(host: HostState, state: FeedState, outcome: Outcome, now: dt.datetime) -> HostState:
    wished = retry_after_s(outcome.retry_after, now)
    if wished is None:
        if outcome.status != 429:
            return host
        wished = min(TOO_MANY_PAUSE_S * 2 ** min(state.failures - 1, 10), MAX_BACKOFF_S)
    return paused(host, now + dt.timedelta(seconds=wished))


def _backoff_s(
    state: FeedState, outcome: Outcome, now: dt.datetime, rng: random.Random, limits: PollLimits
) -> float:
    status = outcome.status or 0
    doubled = float(2 ** min(state.failures - 1, 10))
    if status in (401, 403):
        return min(REFUSED_BACKOFF_S * doubled, MAX_BACKOFF_S)
    if 400 <= status < 500 and status not in (408, 429):
        return min(max(MISSING_BACKOFF_S, limits.min_poll_s) * doubled, MAX_BACKOFF_S)
    # Servers come back at one moment, and their visitors should not.
    jitter = 1 + 0.5 * rng.random()
    since = state.succeeded_at or state.added_at or now
    longest = max(limits.min_poll_s, OUTAGE_SHARE * (now - since).total_seconds())
    return min(jitter * min(limits.min_poll_s * doubled, longest), MAX_BACKOFF_S)
