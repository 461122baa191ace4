"""What polling is told: its bounds, and what became of a request."""

from __future__ import annotations

import dataclasses
import datetime as dt

from transforms.functions.polling.schedule import FeedSchedule


@dataclasses.dataclass(frozen=True, slots=True)
class PollLimits:
    """How often a feed is polled, whatever is known of it.

    min_poll_s, max_poll_s: seconds between two polls that nothing went wrong with.
    poll_cost_h: what a poll may cost, in hours that one item is seen late; four times as much is half as many polls.
    Raises ValueError where the bounds make no range, and where polls cost nothing.
    """

    min_poll_s: float = 600.0
    max_poll_s: float = 43_200.0
    poll_cost_h: float = 0.06

    def __post_init__(self) -> None:
        if not 0 < self.min_poll_s <= self.max_poll_s:
            raise ValueError(
                f"min_poll_s {self.min_poll_s:g} and max_poll_s {self.max_poll_s:g} make no range above 0"
            )
        if not self.poll_cost_h > 0:
            raise ValueError(f"poll_cost_h is {self.poll_cost_h:g}: a poll has to cost something")


@dataclasses.dataclass(frozen=True, slots=True)
class Conditions:
    """The validators to send with a request: If-None-Match and If-Modified-Since; neither asks for all of it."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None


@dataclasses.dataclass(frozen=True, slots=True)
class ItemsSeen:
    """The items of a full answer, as far as they tell when there is something new.

    times: as the items state them, aware, in any order. undated: how many state none.
    """

    times: tuple[dt.datetime, ...] = ()
    undated: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request for a feed, redirects followed.

    status: of the last answer; None where there was none, or none that could be used.
    error: why it failed, a short reason as in RecordError. A 200 that holds no feed has one; a status other than 200
    and 304 is a failure with or without.
    etag, last_modified, retry_after, cache_control, expires, date: headers of the last answer, as they came.
    moved_to: where all redirects on the way were permanent (301, 308), the address in the end; else None.
    body_hash: of a full body. wire_bytes: all that the request took. conditional: whether validators were sent.
    items, schedule: of a full body, where it was looked into; None tells nothing.
    """

    status: int | None
    error: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_after: str | None = None
    cache_control: str | None = None
    expires: str | None = None
    date: str | None = None
    moved_to: str | None = None
    body_hash: str | None = None
    wire_bytes: int = 0
    conditional: bool = False
    items: ItemsSeen | None = None
    schedule: FeedSchedule | None = None
