"""Polling thousands of made-up feeds for a week, on a clock of its own: is it polite, sparing and soon?

    python -m tests.benchmarks politeness [--polled_feeds 10000] [--polled_days 7]

The feeds and servers are made up (`made_up_feeds`), and so is the clock: cron starts a run each ten minutes, robots.txt
is obeyed for feeds, and what newsbeam decides is all that is newsbeam's. The servers themselves watch what is done to
them. Whom its delays are compared with is said in `polling_oracles`.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import math
import random
import time

import numpy as np

from schemas.state import FeedState, HostState
from tests.benchmarks.harness import Benchmark, main, table
from tests.benchmarks.made_up_feeds import (
    DAY_S,
    SHORT_BYTES,
    START,
    TICK_S,
    Floats,
    MadeUpFeed,
    MadeUpHost,
    answer,
    make_up,
    moment,
)
from tests.benchmarks.polling_oracles import (
    clairvoyant_delays,
    informed_delays,
    quarter_hour_bytes,
    share_within,
)
from transforms.functions.polling.answer import after_answer, not_allowed
from transforms.functions.polling.headers import retry_after_s
from transforms.functions.polling.hosts import earliest_request, paused, request_ended
from transforms.functions.polling.outcomes import PollLimits
from transforms.functions.polling.plan import due, plan_request, poll_address
from transforms.functions.polling.robots import after_robots, robots_allows, robots_due

USER_AGENT = "newsbeam/0 (+mailto:nobody@example.com)"
HOST_GAP_S = 2.0

# A run leaves what it can't reach in time to the next one.
_RUN_S = TICK_S - 30

# Of how many feeds one is in the comparison of costs.
_FEWER = 20

#: What items may wait at most, for 95 of 100, in times of what the oracle's do.
_ALLOWED = 1.5


@dataclasses.dataclass(slots=True)
class Polled:
    """What became of one feed. seen: by count of items, when a poll first found so many.

    lost: the items, by their places, that had left the feed by then.
    """

    state: FeedState
    polls: int = 0
    known: int = 0
    seen: list[tuple[int, float]] = dataclasses.field(default_factory=list)
    lost: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """A simulation. cpu_s: of it, without the oracles. robots_requests: beside the polls of feeds."""

    feeds: list[MadeUpFeed]
    hosts: dict[str, MadeUpHost]
    polled: list[Polled]
    days: int
    robots_requests: int
    robots_bytes: int
    cpu_s: float

    def violations(self) -> dict[str, int]:
        """What the servers noted, by kind."""
        found: dict[str, int] = {}
        for host in self.hosts.values():
            for name, count in host.violations.items():
                found[name] = found.get(name, 0) + count
        return found


def simulate(count: int, days: int, seed: int, limits: PollLimits) -> Simulated:
    """Polls so many made-up feeds for so many days."""
    began = time.process_time()
    feeds, hosts = make_up(count, days, seed)
    rng = random.Random(seed)
    states = {feed.url: FeedState(feed.url) for feed in feeds}
    by_url = dict(zip(states, feeds, strict=True))
    polled = {url: Polled(state) for url, state in states.items()}
    for feed in feeds:
        # What was there before the start is nobody's to find soon.
        polled[feed.url].known = int(np.searchsorted(feed.times, 0.0))
    host_states = {name: HostState(name) for name in hosts}
    robots_requests = robots_bytes = 0
    for tick in range(days * DAY_S // TICK_S):
        run_at = tick * float(TICK_S) + rng.random() * 2
        waiting: dict[str, list[FeedState]] = {}
        for state in due(states.values(), moment(run_at), hosts=host_states):
            waiting.setdefault(by_url[state.url].host, []).append(state)
        for name, queue in waiting.items():
            host, server = host_states[name], hosts[name]
            at = run_at
            for state in queue:
                at = _seconds(earliest_request(host, moment(at), HOST_GAP_S))
                if at > run_at + _RUN_S:
                    break
                if robots_due(host, moment(at)):
                    server.watch(at, HOST_GAP_S, "/robots.txt")
                    refused = server.refusal(at)
                    status, body = server.robots_txt() if refused is None else (refused[0], b"")
                    server.robots_read_at = at
                    server.ended_at = at = at + rng.uniform(0.1, 0.5)
                    robots_requests += 1
                    robots_bytes += SHORT_BYTES + len(body)
                    host = after_robots(host, status, body, USER_AGENT, moment(at))
                    wished = None if refused is None else retry_after_s(refused[1], moment(at))
                    if wished is not None:
                        host = paused(host, moment(at + wished))
                    host = request_ended(host, moment(at))
                    at = _seconds(earliest_request(host, moment(at), HOST_GAP_S))
                    if at > run_at + _RUN_S:
                        break
                url = poll_address(state)
                if not robots_allows(host, url, USER_AGENT, moment(at)):
                    states[state.url] = not_allowed(state, host, moment(at))
                    continue
                feed, record = by_url[state.url], polled[state.url]
                server.watch(at, HOST_GAP_S, feed.path)
                outcome, known = answer(feed, server, at, url, plan_request(state, host, moment(at)))
                record.polls += 1
                if known > record.known:
                    record.lost.extend(range(record.known, known - feed.window))
                    record.known = known
                    record.seen.append((known, at))
                at += 30.0 if outcome.status is None else rng.uniform(0.1, 1.5)
                server.ended_at = at
                host = request_ended(host, moment(at))
                states[state.url], host = after_answer(
                    state, host, outcome, moment(at), rng, limits, run_at=moment(run_at)
                )
            host_states[name] = host
    for url, record in polled.items():
        record.state = states[url]
    return Simulated(
        feeds, hosts, list(polled.values()), days, robots_requests, robots_bytes, time.process_time() - began
    )


def is_out_of_reach(feed: MadeUpFeed, host: MadeUpHost, item: int) -> bool:
    """Whether an item was in its feed at no run of cron at which the server answered."""
    ticks = np.arange(
        np.ceil(feed.times[item] / TICK_S) * TICK_S, feed.times[item + feed.window], float(TICK_S)
    )
    refused = np.zeros(len(ticks), dtype=bool)
    for begin, end in (*host.outages, *host.overloads):
        refused |= (ticks >= begin) & (ticks < end)
    return bool(refused.all())


def _seconds(moment_: dt.datetime) -> float:
    return (moment_ - START).total_seconds()


@dataclasses.dataclass(frozen=True, slots=True)
class Delays:
    """Seconds that each item of some feeds waited: here, with both oracles, each in the same order."""

    ours: Floats
    clairvoyant: Floats
    informed: Floats


def delays_of(feed: MadeUpFeed, record: Polled, days: int) -> Delays:
    """The items of one feed that appeared in the simulation; one that was never seen waits to its end."""
    end = days * float(DAY_S)
    first = int(np.searchsorted(feed.times, 0.0))
    times = feed.times[first:]
    counts = np.asarray([count for count, _ in record.seen] + [len(feed.times)])
    moments = np.asarray([at for _, at in record.seen] + [end])
    ours = np.maximum(moments[np.searchsorted(counts, np.arange(first, len(feed.times)) + 1)] - times, 0.0)
    return Delays(
        ours,
        clairvoyant_delays(times, record.polls, days),
        informed_delays(feed, times, record.polls, days),
    )


def joined(found: list[Delays]) -> Delays:
    """The items of several feeds."""
    if not found:
        empty = np.empty(0)
        return Delays(empty, empty, empty)
    return Delays(*(np.concatenate([getattr(one, name) for one in found]) for name in Delays.__slots__))


def tell(done: Simulated) -> str:
    """The tables of a simulation, as Markdown."""
    each = [delays_of(feed, record, done.days) for feed, record in zip(done.feeds, done.polled, strict=True)]
    polls = sum(record.polls for record in done.polled)
    ours = sum(record.state.bytes_fetched for record in done.polled) + done.robots_bytes
    baselines = [quarter_hour_bytes(feed, done.hosts[feed.host], done.days) for feed in done.feeds]
    plain, conditional = (sum(column) for column in zip(*baselines, strict=True))
    quarter_polls = len(done.feeds) * done.days * 96
    lost = sum(len(record.lost) for record in done.polled)
    out_of_reach = sum(
        is_out_of_reach(feed, done.hosts[feed.host], item)
        for feed, record in zip(done.feeds, done.polled, strict=True)
        for item in record.lost
    )
    violations = done.violations()
    noted = ", ".join(f"{count} of {name}" for name, count in sorted(violations.items())) or "none"
    parts = [
        f"{len(done.feeds):,} made-up feeds on {len(done.hosts):,} hosts, {done.days} days, a run each 10 minutes; "
        f"{done.cpu_s:.0f} s of CPU for the simulation. Violations of Retry-After, host gap, Crawl-delay or Disallow, "
        f"as the servers noted them: {noted}. Items that left their feed before they were seen: {lost:,} of "
        f"{sum(len(one.ours) for one in each):,}, {out_of_reach:,} of them while their server gave nothing to anyone.",
        table(
            ["polling", "requests", "a feed and day", "GB", "fewer bytes here"],
            [
                _byte_row("newsbeam, robots.txt included", polls + done.robots_requests, ours, ours, done),
                _byte_row("every 15 minutes, with conditions", quarter_polls, conditional, ours, done),
                _byte_row("every 15 minutes, in full", quarter_polls, plain, ours, done),
            ],
        ),
        "Minutes that items waited; the oracles poll each feed as often as newsbeam did. The last columns are the "
        f"share of items that waited no more than {_ALLOWED:g} times the oracle's 95th percentile.",
    ]
    rows = [_delay_row("all", joined(each), polls / (len(done.feeds) * done.days))]
    kinds = sorted({feed.kind for feed in done.feeds})
    for kind in kinds:
        chosen = [place for place, feed in enumerate(done.feeds) if feed.kind == kind]
        a_day = sum(done.polled[place].polls for place in chosen) / (len(chosen) * done.days)
        rows.append(_delay_row(kind, joined([each[place] for place in chosen]), a_day))
    wishing = [
        place
        for place, (feed, record) in enumerate(zip(done.feeds, done.polled, strict=True))
        if not ((record.state.ttl_s or 0) > TICK_S or (record.state.max_age_s or 0) > TICK_S)
        and feed.path == "/feeds/"
    ]
    a_day = sum(done.polled[place].polls for place in wishing) / (max(len(wishing), 1) * done.days)
    rows.append(_delay_row("that wish no longer gaps", joined([each[place] for place in wishing]), a_day))
    parts.append(
        table(
            [
                "feeds", "items", "polls a day", "here: median", "95 %", "clairvoyant: 95 %", "informed: 95 %",
                "mean, over informed", "within: clairvoyant", "within: informed",
            ],
            rows,
        )
    )  # fmt: skip
    return "\n\n".join(parts)


def _byte_row(name: str, requests: int, size: int, ours: int, done: Simulated) -> list[str]:
    a_day = requests / (len(done.feeds) * done.days)
    saved = "" if size == ours else f"{100 * (1 - ours / size):.1f} %"
    return [name, f"{requests:,}", f"{a_day:.1f}", f"{size / 1e9:.2f}", saved]


def _delay_row(name: str, found: Delays, polls_a_day: float) -> list[str]:
    if not len(found.ours):
        return [name, "0", f"{polls_a_day:.1f}", *["-"] * 7]
    best, informed = (float(np.percentile(one, 95)) for one in (found.clairvoyant, found.informed))
    mean = float(found.ours.mean() / found.informed.mean()) if found.informed.mean() else math.nan
    return [
        name,
        f"{len(found.ours):,}",
        f"{polls_a_day:.1f}",
        f"{np.median(found.ours) / 60:.1f}",
        f"{np.percentile(found.ours, 95) / 60:.1f}",
        f"{best / 60:.1f}",
        f"{informed / 60:.1f}",
        f"{mean:.2f}",
        f"{100 * share_within(found.ours, _ALLOWED * best):.1f} %",
        f"{100 * share_within(found.ours, _ALLOWED * informed):.1f} %",
    ]


def measure(arguments: argparse.Namespace) -> str:
    """Simulates once: the clock is made up, so that rounds would all be the same."""
    limits = PollLimits(arguments.polled_min_s, arguments.polled_max_s)
    days, seed = arguments.polled_days, arguments.polled_seed
    done = simulate(arguments.polled_feeds, days, seed, limits)
    fewer = max(1, arguments.polled_feeds // _FEWER)
    rows = []
    for cost in arguments.polled_costs:
        other = simulate(fewer, days, seed, dataclasses.replace(limits, poll_cost_h=cost))
        rows.append(_cost_row(cost, other))
    if not rows:
        return tell(done)
    return "\n\n".join(
        (
            tell(done),
            f"What a poll may cost, in hours that one item is seen late, decides how often feeds are polled. It is "
            f"{limits.poll_cost_h:g}; for {fewer:,} of such feeds:",
            table(
                [
                    "cost, h", "polls a day", "fewer bytes than with conditions", "than in full", "median, min",
                    "95 %, min", "within: clairvoyant", "within: informed",
                ],
                rows,
            ),
        )
    )  # fmt: skip


def _cost_row(cost: float, done: Simulated) -> list[str]:
    found = joined(
        [delays_of(feed, record, done.days) for feed, record in zip(done.feeds, done.polled, strict=True)]
    )
    polls = sum(record.polls for record in done.polled) / (len(done.feeds) * done.days)
    row = _delay_row("", found, polls)
    ours = sum(record.state.bytes_fetched for record in done.polled) + done.robots_bytes
    baselines = [quarter_hour_bytes(feed, done.hosts[feed.host], done.days) for feed in done.feeds]
    plain, conditional = (sum(column) for column in zip(*baselines, strict=True))
    saved = [f"{100 * (1 - ours / size):.1f} %" for size in (conditional, plain)]
    return [f"{cost:g}", row[2], *saved, row[3], row[4], *row[-2:]]


def _options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--polled_feeds", type=int, default=10_000, metavar="N", help="feeds (default: 10000)")
    group.add_argument("--polled_days", type=int, default=7, metavar="N", help="simulated days (default: 7)")
    group.add_argument("--polled_seed", type=int, default=7, metavar="N", help="of all that is made up")
    group.add_argument(
        "--polled_min_s", type=float, default=PollLimits().min_poll_s, metavar="S", help="min_poll_s"
    )
    group.add_argument(
        "--polled_costs", type=float, nargs="*", default=[0.002, 0.02, 0.06, 0.2], metavar="H",
        help="costs of a poll that are compared over fewer feeds",
    )  # fmt: skip
    group.add_argument(
        "--polled_max_s", type=float, default=PollLimits().max_poll_s, metavar="S", help="max_poll_s"
    )


BENCHMARK = Benchmark(
    name="politeness",
    title="Polling a week of made-up feeds",
    measure=measure,
    add_options=_options,
    packages=("numpy", "protego"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
