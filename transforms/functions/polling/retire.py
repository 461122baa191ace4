"""When a feed that stands still is polled no more."""

from __future__ import annotations

import datetime as dt

from schemas.state import FeedState

#: A feed retires once it was unchanged for so long, has no item later than that, and was polled so often meanwhile.
#: Sitemaps get a new address each day or month, and each old one stays as it is for ever.
RETIRE_UNCHANGED = dt.timedelta(days=30)
RETIRE_POLLS = 20

#: For an address with a date or a number that counts on, which is a link of such a chain: see `is_rotating`.
RETIRE_ROTATING_UNCHANGED = dt.timedelta(days=3)

_DIGITS = "0123456789"


def should_retire(state: FeedState, now: dt.datetime) -> bool:
    """Whether a feed that has just answered has stood still for too long to be polled on.

    An empty feed, and one whose items have no times, goes by its changes alone; a feed that never changed has stood
    still since it was first polled. Bodies that change though no item does don't count as changes where items have
    times.
    """
    if state.status == "retired":
        # Polled though it is retired: it comes back with something new and not otherwise.
        return not _has_news(state, now)
    if state.polls < RETIRE_POLLS:
        return False
    return not _has_news(state, now)


def _has_news(state: FeedState, now: dt.datetime) -> bool:
    patience = RETIRE_ROTATING_UNCHANGED if is_rotating(state.url) else RETIRE_UNCHANGED
    if state.added_at is None or now - state.added_at < patience:
        return True
    latest = state.newest_item_at or state.changed_at or state.added_at
    return now - latest < patience


def is_rotating(url: str) -> bool:
    """Whether an address looks like one of a chain: a sitemap with a date or a number of its own.

    >>> is_rotating("https://news.example/sitemap-2026-03-01.xml"), is_rotating("https://news.example/rss2")
    (True, False)
    """
    name = url.split("#", 1)[0].partition("://")[2].partition("/")[2].lower()
    return "sitemap" in name and any(digit in name for digit in _DIGITS)
