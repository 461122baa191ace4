"""Made-up feeds and their servers, for the simulator of polling: nothing in it was measured at a real publisher.

Times are seconds since the start of the simulation, a Monday, 00:00 UTC. Each feed has items of two weeks before it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import math
from collections import deque

import numpy as np
import numpy.typing as npt

from transforms.functions.polling.outcomes import Conditions, ItemsSeen, Outcome
from transforms.functions.polling.schedule import FeedSchedule

START = dt.datetime(2026, 3, 2, tzinfo=dt.timezone.utc)
DAY_S = 86_400
HISTORY_S = 14 * DAY_S
TICK_S = 600

#: On the wire: the head of a full answer, and all of one without a body.
HEAD_BYTES = 450
SHORT_BYTES = 350

Floats = npt.NDArray[np.float64]

# Share of the feeds, by how they are written.
_KINDS = {
    "daily rhythm": 0.53,
    "bursts": 0.10,
    "hourly batch": 0.09,
    "daily batch": 0.08,
    "even": 0.07,
    "dead": 0.13,
}
# By what their servers do about conditions. "ignores": sends an ETag, and all of the feed whatever it is asked.
# "lies": one ETag for ever, and 304 to whoever sends it.
_VALIDATORS = {
    "etag": 0.60,
    "modified": 0.17,
    "none": 0.13,
    "ignores": 0.06,
    "new each time": 0.02,
    "lies": 0.02,
}
_ZONES = ((-5, 0.30), (-8, 0.10), (0, 0.12), (1, 0.25), (5.5, 0.10), (9, 0.13))
# How much is published at each hour of the local day, from midnight.
_NEWS_DAY = (3, 2, 2, 2, 3, 5, 8, 10, 11, 12, 12, 12, 11, 11, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4)


@dataclasses.dataclass(slots=True)
class MadeUpFeed:
    """A feed. times: of its items' appearance, in order; stated: what they state. rate: expected items of each tick.

    size: bytes of its document on the wire. window: items in it. moved_at, gone_at: when its address moves, or ends.
    """

    url: str
    host: str
    kind: str
    times: Floats
    stated: Floats
    rate: Floats
    size: int
    window: int
    validators: str
    dated: bool = True
    cache_control: str | None = None
    schedule: FeedSchedule = dataclasses.field(default_factory=FeedSchedule)
    moved_at: float = math.inf
    gone_at: float = math.inf
    missing: bool = False
    path: str = "/feeds/"


@dataclasses.dataclass(slots=True)
class MadeUpHost:
    """A server, which watches by itself whether it is treated as it asked.

    limit: requests an hour before it answers 429. overloads: when it answers 503 with a Retry-After until the end.
    outages: when it answers 500, or nothing at all.
    """

    name: str
    crawl_delay_s: float | None = None
    has_disallowed: bool = False
    limit: int | None = None
    retry_form: str = "seconds"
    overloads: tuple[tuple[float, float], ...] = ()
    outages: tuple[tuple[float, float], ...] = ()
    ended_at: float = -math.inf
    told_until: float = -math.inf
    robots_read_at: float = -math.inf
    requests: deque[float] = dataclasses.field(default_factory=deque)
    violations: dict[str, int] = dataclasses.field(default_factory=dict)

    def watch(self, start: float, host_gap_s: float, path: str) -> None:
        """Notes whatever a request that begins now does wrong."""
        wrong = []
        if start < self.told_until - 1e-3:
            wrong.append("Retry-After")
        if start < self.ended_at + host_gap_s - 1e-3:
            wrong.append("host gap")
        if path != "/robots.txt":
            if start < self.ended_at + (self.crawl_delay_s or 0.0) - 1e-3:
                wrong.append("Crawl-delay")
            if self.has_disallowed and path.startswith("/private/"):
                wrong.append("Disallow")
            # A run that began before the day was over may end after it.
            if start - self.robots_read_at > DAY_S + TICK_S:
                wrong.append("robots.txt out of date")
        for name in wrong:
            self.violations[name] = self.violations.get(name, 0) + 1

    def robots_txt(self) -> tuple[int, bytes]:
        """Status and body of its robots.txt."""
        if self.crawl_delay_s is None and not self.has_disallowed:
            return 404, b""
        lines = ["User-agent: *"]
        if self.has_disallowed:
            lines.append("Disallow: /private/")
        if self.crawl_delay_s is not None:
            lines.append(f"Crawl-delay: {self.crawl_delay_s:g}")
        return 200, "\n".join(lines).encode()

    def refusal(self, at: float) -> tuple[int | None, str | None] | None:
        """Status, None for no answer at all, and Retry-After, where it serves nothing now."""
        for begin, end in self.outages:
            if begin <= at < end:
                return (None if int(begin) % 2 else 500), None
        for begin, end in self.overloads:
            if begin <= at < end:
                return 503, self._wish(at, end - at)
        while self.requests and self.requests[0] < at - 3_600:
            self.requests.popleft()
        self.requests.append(at)
        if self.limit is not None and len(self.requests) > self.limit:
            return 429, self._wish(at, 1_800.0)
        return None

    def _wish(self, at: float, seconds: float) -> str:
        seconds = math.ceil(seconds)
        self.told_until = max(self.told_until, at + seconds - 1)
        if self.retry_form == "seconds":
            return str(seconds)
        return email.utils.format_datetime(moment(math.floor(at) + seconds), usegmt=True)


def moment(seconds: float) -> dt.datetime:
    """A time of the simulation."""
    return START + dt.timedelta(seconds=float(seconds))


def answer(
    feed: MadeUpFeed, host: MadeUpHost, at: float, asked: str, sent: Conditions
) -> tuple[Outcome, int]:
    """What the server says, and how many of the feed's items have appeared that its document tells of, else -1."""
    conditional = bool(sent)
    refused = host.refusal(at)
    if refused is not None:
        status, wish = refused
        error = "timeout" if status is None else None
        size = 0 if status is None else SHORT_BYTES
        return Outcome(status, error, retry_after=wish, wire_bytes=size, conditional=conditional), -1
    if feed.missing or at >= feed.gone_at:
        status = 404 if feed.missing else 410
        return Outcome(status, wire_bytes=SHORT_BYTES, conditional=conditional), -1
    moved_to = feed.url + "/moved" if at >= feed.moved_at and asked == feed.url else None
    way_bytes = SHORT_BYTES if moved_to is not None else 0
    count = int(np.searchsorted(feed.times, at, side="right"))
    etag = modified = None
    if feed.validators in ("etag", "ignores"):
        etag = f'"{count}"'
    elif feed.validators == "lies":
        etag = '"always"'
    elif feed.validators == "new each time":
        etag = f'"{at}"'
    elif feed.validators == "modified":
        modified = f"after item {count}"
    is_match = (sent.etag is not None and sent.etag == etag) or (
        sent.etag is None and sent.last_modified is not None and sent.last_modified == modified
    )
    if is_match and feed.validators != "ignores":
        return (
            Outcome(
                304, etag=etag, last_modified=modified, cache_control=feed.cache_control, moved_to=moved_to,
                wire_bytes=SHORT_BYTES + way_bytes, conditional=True,
            ),
            -1,
        )  # fmt: skip
    first = max(0, count - feed.window)
    times = tuple([moment(stated) for stated in feed.stated[first:count].tolist()]) if feed.dated else ()
    return (
        Outcome(
            200,
            etag=etag,
            last_modified=modified,
            cache_control=feed.cache_control,
            moved_to=moved_to,
            body_hash=f"{count} {at}" if feed.validators == "new each time" else str(count),
            wire_bytes=HEAD_BYTES + feed.size + way_bytes,
            conditional=conditional,
            items=ItemsSeen(times, 0 if feed.dated else count - first),
            schedule=feed.schedule,
        ),
        count,
    )


def make_up(count: int, days: int, seed: int) -> tuple[list[MadeUpFeed], dict[str, MadeUpHost]]:
    """Feeds and the hosts that they lie on; the same for the same seed."""
    draw = np.random.default_rng(seed)
    hosts = _hosts(max(1, count * 2 // 5), days, draw)
    # Some hosts have many feeds, most have one.
    weights = 1 / (np.arange(len(hosts)) + 6.0) ** 0.9
    places = draw.choice(len(hosts), count, p=weights / weights.sum())
    feeds = [_feed(number, hosts[place].name, days, draw) for number, place in enumerate(places)]
    return feeds, {host.name: host for host in hosts}


def _hosts(count: int, days: int, draw: np.random.Generator) -> list[MadeUpHost]:
    hosts = []
    for number in range(count):
        host = MadeUpHost(f"host{number}.example", retry_form=str(draw.choice(["seconds", "date"])))
        if draw.random() < 0.03:
            host.crawl_delay_s = float(draw.choice([1, 5, 10, 20]))
        host.has_disallowed = bool(draw.random() < 0.03)
        if draw.random() < 0.02:
            host.limit = int(draw.choice([3, 10, 60]))
        if draw.random() < 0.03:
            host.overloads = _windows(draw, days, 4, 600, 4 * 3_600)
        if draw.random() < 0.04:
            host.outages = _windows(draw, days, 2, 1_800, 12 * 3_600)
        hosts.append(host)
    return hosts


def _windows(
    draw: np.random.Generator, days: int, most: int, shortest: float, longest: float
) -> tuple[tuple[float, float], ...]:
    begins = sorted(draw.uniform(0, days * DAY_S, int(draw.integers(1, most + 1))).tolist())
    return tuple((begin, begin + float(draw.uniform(shortest, longest))) for begin in begins)


def _feed(number: int, host: str, days: int, draw: np.random.Generator) -> MadeUpFeed:
    kind = str(draw.choice(list(_KINDS), p=list(_KINDS.values())))
    a_day = float(min(300.0, draw.lognormal(math.log(4), 1.35)))
    rate = _rate(kind, a_day, days, draw)
    # Of a batch all items are expected in one tick, and come at one moment of it.
    counts = draw.poisson(rate)
    if kind == "bursts":
        counts = _in_bursts(rate, draw)
    ticks = np.repeat(np.arange(len(rate)), counts)
    offsets = draw.uniform(0, TICK_S, len(ticks))
    is_batch = kind.endswith("batch")
    if is_batch:
        offsets = np.full(len(ticks), draw.uniform(0, TICK_S))
    times = np.sort(ticks * float(TICK_S) + offsets) - HISTORY_S
    stated = times
    if is_batch and draw.random() < 0.5:
        written = 3_600 if kind == "hourly batch" else DAY_S / 2
        stated = times - draw.uniform(0, written, len(times))
    gone_at = float(draw.uniform(0, days * DAY_S)) if draw.random() < 0.01 else math.inf
    missing = bool(draw.random() < 0.01)
    kept = times < min(gone_at, days * DAY_S) if not missing else times < 0
    times, stated = times[kept], stated[kept]
    # A feed holds what it publishes within two hours, whatever it holds besides.
    crowd = int(np.max(np.arange(len(times)) - np.searchsorted(times, times - 7_200), initial=0)) + 1
    path = "/private/" if draw.random() < 0.15 else "/feeds/"
    wishes = FeedSchedule()
    if draw.random() < 0.12:
        wishes = FeedSchedule(ttl_s=60 * int(draw.choice([5, 10, 15, 30, 60])))
    elif draw.random() < 0.3:
        wishes = FeedSchedule(update_period_s=3_600)
    elif draw.random() < 0.01:
        wishes = FeedSchedule(skip_hours=tuple(range(6)))
    control = f"max-age={draw.choice([0, 60, 300, 600, 900, 1800])}" if draw.random() < 0.3 else None
    return MadeUpFeed(
        url=f"https://{host}{path}{number}",
        host=host,
        kind=kind,
        times=times,
        stated=stated,
        rate=rate[HISTORY_S // TICK_S :],
        size=int(min(2e6, draw.lognormal(math.log(16_000), 0.9))),
        window=max(int(draw.choice([10, 20, 30, 50])), crowd),
        validators=str(draw.choice(list(_VALIDATORS), p=list(_VALIDATORS.values()))),
        dated=bool(draw.random() > 0.04),
        cache_control=control,
        schedule=wishes,
        moved_at=float(draw.uniform(0, days * DAY_S)) if draw.random() < 0.02 else math.inf,
        gone_at=gone_at,
        missing=missing,
        path=path,
    )


def _rate(kind: str, a_day: float, days: int, draw: np.random.Generator) -> Floats:
    """Expected items of each tick, from two weeks before the start on."""
    ticks = np.arange((HISTORY_S + days * DAY_S) // TICK_S)
    zones, weights = zip(*_ZONES, strict=True)
    offset = float(draw.choice(zones, p=weights))
    local = ticks * TICK_S / 3_600 + offset
    hours = np.asarray(_NEWS_DAY, dtype=np.float64) ** draw.uniform(0.5, 2.0)
    by_hour = (hours / hours.mean())[(local % 24).astype(int)]
    is_weekend = (local // 24).astype(int) % 7 >= 5
    by_day = np.where(is_weekend, draw.uniform(0.15, 0.8), 1.0)
    even: Floats = np.full(len(ticks), a_day * TICK_S / DAY_S)
    if kind == "even":
        return even
    if kind == "dead":
        # It had its last items some time ago.
        alive = ticks * TICK_S < draw.uniform(0, 0.8) * HISTORY_S
        ended: Floats = even * by_hour * alive
        return ended
    shaped: Floats = even * by_hour * by_day
    if kind == "hourly batch":
        ticks_an_hour = 3_600 // TICK_S
        summed = shaped.reshape(-1, ticks_an_hour).sum(axis=1)
        batched = np.zeros_like(shaped)
        batched[int(draw.integers(ticks_an_hour)) :: ticks_an_hour] = summed
        return batched
    if kind == "daily batch":
        batched = np.zeros_like(shaped)
        ticks_a_day = DAY_S // TICK_S
        times = draw.choice(ticks_a_day, int(draw.integers(1, 4)), replace=False)
        for place in times:
            batched[place::ticks_a_day] = a_day / len(times)
        batched *= by_day
        return batched
    return shaped


def _in_bursts(rate: Floats, draw: np.random.Generator) -> npt.NDArray[np.int64]:
    """Items in bursts of five on average, which take an hour or two."""
    counts = np.zeros(len(rate), dtype=np.int64)
    for begin in np.repeat(np.arange(len(rate)), draw.poisson(rate / 5)):
        spread = begin + draw.exponential(5, 1 + draw.poisson(4)).astype(int)
        np.add.at(counts, spread[spread < len(rate)], 1)
    return counts
