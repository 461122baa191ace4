"""What a person should do about a feed, in a line."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from schemas.state import FeedState
from transforms.functions.polling.rhythm import is_silent, silence_s, usual_gap_s
from transforms.functions.urls import redact_credentials

#: Severities, worst last.
FINE, NOTE, WARNING, BROKEN = range(4)

# From so many failures in a row on it is no bad moment of the server.
_LASTING_FAILURES = 5
# A batch that fills a whole feed once is how some are written.
_LASTING_OVERFLOWS = 3
_WASTED_SHARE = 0.5
_WASTED_BYTES_A_DAY = 1_000_000

_REASONS = {
    "http-401": "wants a login: put user:password@ into its address, or drop it",
    "http-403": "refuses us: ask the publisher, or give a contact in --user_agent",
    "http-404": "is not there any more: look for its new address",
    "http-429": "says that we ask too often: fewer feeds of that host, or a longer --min_poll_s",
    "not-a-feed": "is a page and no feed: look for the feed's address there",
    "robots-disallowed": "is closed to us by robots.txt: ask the publisher, or drop it",
    "robots-unreachable": "is not asked while its host can't say what robots.txt allows",
    "tls-failed": "has a certificate that can't be trusted: tell the publisher",
    "bad-address": "has an address that can't be asked for: correct it",
    "too-large": "is larger than --max_body_mb",
}


class Advice(NamedTuple):
    """severity: FINE, NOTE, WARNING or BROKEN.

    text: a phrase to which the feed is the subject; empty where all is fine.
    """

    severity: int
    text: str


def advice(state: FeedState, now: dt.datetime) -> Advice:
    """The worst that there is to say about a feed, with what to do about it."""
    if state.status == "gone":
        return Advice(BROKEN, "is gone (410): drop it, or look for its new address")
    if state.failures:
        return _about_failures(state)
    if state.status == "retired":
        return Advice(NOTE, "stood still and is polled no more; --all_due asks it again")
    if state.checked_at is None:
        return Advice(NOTE, "was not polled yet")
    if is_silent(state, now):
        gap, silence = usual_gap_s(state) or 0.0, silence_s(state, now) or 0.0
        return Advice(WARNING, f"is silent for {span(silence)}, usually {span(gap)}: has it moved, or ended?")
    if state.overflows >= _LASTING_OVERFLOWS:
        return Advice(
            WARNING, f"held only new items on {state.overflows} polls: some are lost, lower --max_poll_s"
        )
    if state.unstable_guids == "changing":
        return Advice(NOTE, "gives its items new guids on every poll: they are known by content")
    if state.unstable_guids == "not-unique":
        return Advice(NOTE, "gives one guid to many items: they are known by content")
    if state.distrusted_until is not None and now < state.distrusted_until:
        return Advice(NOTE, "is called unchanged by its server when it isn't: fetched in full")
    if state.fetch_url is not None:
        return Advice(NOTE, f"moved to {redact_credentials(state.fetch_url)}: correct its address")
    polls_a_day = 86_400 / max(state.interval_s or 86_400.0, 1.0)
    wasted = state.unchanged_fulls * (state.body_bytes or 0) * polls_a_day
    if state.unchanged_fulls >= _WASTED_SHARE and wasted >= _WASTED_BYTES_A_DAY:
        return Advice(NOTE, f"comes in full though nothing is new, {wasted / 1e6:.1f} MB a day")
    if not state.items_seen:
        return Advice(NOTE, "has had no item yet")
    return Advice(FINE, "")


def _about_failures(state: FeedState) -> Advice:
    reason = state.last_error or "unknown"
    known = _REASONS.get(reason)
    times = "once" if state.failures == 1 else f"{state.failures} times running"
    if known is None:
        known = "fails: " + (
            "it may come back" if state.failures < _LASTING_FAILURES else "is its server alive?"
        )
    is_lasting = state.failures >= _LASTING_FAILURES or reason in ("http-401", "bad-address")
    return Advice(BROKEN if is_lasting else WARNING, f"{known} ({reason}, {times})")


def span(seconds: float) -> str:
    """A time as people say it, in its largest unit: "40 min", "5 h", "12 d"."""
    if seconds < 3_600:
        return f"{max(seconds / 60, 1):.0f} min"
    if seconds < 2 * 86_400:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} d"
