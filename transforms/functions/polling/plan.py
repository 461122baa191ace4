"""What to poll, and with which conditions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from schemas.state import FeedState, HostState
from transforms.functions.polling.hosts import host_of
from transforms.functions.polling.outcomes import Conditions
from transforms.functions.polling.rhythm import items_a_day

#: A feed is fetched in full this often, whatever its server says: one may say 304 for ever.
FULL_EVERY = dt.timedelta(days=1)

#: It is sooner where so many items were to be expected since, though not before so long: by chance so many stay out
#: once in 3,000 times. A feed that holds few items is doubted sooner, at this share of them: they are lost sooner.
DOUBTED_ITEMS = 8.0
DOUBTED_SHARE = 0.4
DOUBTED_AFTER = dt.timedelta(hours=4)

#: Cron is never to the second: a feed that is due so soon after the beginning of a run is due.
SLACK = dt.timedelta(seconds=30)


def plan_request(state: FeedState, host: HostState, now: dt.datetime) -> Conditions:
    """The validators to send; none where a full answer is wanted: once a day, and where a 304 is hard to believe.

    host: not asked for anything today; what it wishes decides when, not how, it is asked.
    """
    if state.full_at is None or now - state.full_at >= FULL_EVERY - SLACK or state.body_hash is None:
        return Conditions()
    since = now - state.full_at
    # By what was known then: what a liar says must not make it the more credible.
    expected = items_a_day(state, state.full_at) * since.total_seconds() / 86_400
    if since >= DOUBTED_AFTER and expected > min(DOUBTED_ITEMS, DOUBTED_SHARE * (state.window_items or 20)):
        return Conditions()
    if state.distrusted_until is not None and now < state.distrusted_until:
        return Conditions()
    return Conditions(state.etag, state.last_modified)


def poll_address(state: FeedState) -> str:
    """Where a feed is asked for now."""
    return state.fetch_url or state.url


def due(
    states: Iterable[FeedState],
    now: dt.datetime,
    all_due: bool = False,
    hosts: Mapping[str, HostState] | None = None,
) -> list[FeedState]:
    """The feeds to be polled by a run that begins now, those that have waited longest first.

    all_due: poll what isn't due and what is retired, too. Not what answered 410, nor what a host has asked to wait
    with: that is no matter of ours. hosts: by `host_of` of the address; None where nothing is known.
    """
    found = [
        state
        for state in states
        if state.status != "gone"
        and (all_due or (state.status == "active" and is_due(state, now)))
        and not (hosts and _must_wait(state, hosts, now))
    ]
    never = dt.datetime.min.replace(tzinfo=dt.timezone.utc)
    return sorted(found, key=lambda state: (state.next_poll_at or never, state.url))


def is_due(state: FeedState, now: dt.datetime) -> bool:
    """Whether the time of an active feed's next poll has come."""
    return state.next_poll_at is None or state.next_poll_at <= now + SLACK


def _must_wait(state: FeedState, hosts: Mapping[str, HostState], now: dt.datetime) -> bool:
    try:
        host = hosts.get(host_of(poll_address(state)))
    except ValueError:
        # No address at all: for the request to refuse, with a reason.
        return False
    return host is not None and host.not_before is not None and host.not_before > now + SLACK
