"""What the simulator of polling is worth: its servers see what is done to them, its oracles are the best there are."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks import politeness
from tests.benchmarks.made_up_feeds import DAY_S, TICK_S, MadeUpFeed, MadeUpHost, answer, make_up
from tests.benchmarks.polling_oracles import clairvoyant_delays, informed_delays, quarter_hour_bytes
from transforms.functions.polling import hosts as polling_hosts
from transforms.functions.polling.outcomes import Conditions, PollLimits


def feed(**given_: object) -> MadeUpFeed:
    """A feed with an item each hour of a day."""
    times = np.arange(0, DAY_S, 3_600.0) + 1
    plain = {
        "url": "https://h/feeds/1", "host": "h", "kind": "even", "times": times, "stated": times,
        "rate": np.full(DAY_S // TICK_S, 1 / 6), "size": 10_000, "window": 20, "validators": "etag",
    }  # fmt: skip
    return MadeUpFeed(**(plain | given_))  # type: ignore[arg-type]


def test_the_same_seed_makes_the_same_feeds() -> None:
    """And another seed others."""
    first, second, other = (make_up(20, 1, seed)[0] for seed in (1, 1, 2))
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.times, two.times)
    assert any(len(one.times) != len(two.times) for one, two in zip(first, other, strict=True))


def test_servers_note_what_is_done_wrong() -> None:
    """Each kind of it."""
    host = MadeUpHost("h", crawl_delay_s=5, has_disallowed=True)
    host.watch(0, 2, "/robots.txt")
    host.robots_read_at = host.ended_at = 0
    host.watch(2, 2, "/robots.txt")
    assert host.violations == {}
    host.watch(1, 2, "/robots.txt")
    host.watch(3, 2, "/feeds/1")
    host.watch(9, 2, "/private/1")
    host.told_until = 100
    host.watch(99, 2, "/feeds/1")
    host.watch(2 * DAY_S, 2, "/feeds/1")
    assert host.violations == {
        "host gap": 1, "Crawl-delay": 1, "Disallow": 1, "Retry-After": 1, "robots.txt out of date": 1,
    }  # fmt: skip


@pytest.mark.parametrize("broken", ["gap", "wish"])
def test_an_impolite_poller_is_caught(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that forgets the gap, or the Retry-After, doesn't pass."""
    earliest = polling_hosts.earliest_request

    def impolite(host, now, gap):  # type: ignore[no-untyped-def]
        import dataclasses

        forgets = {"last_request_at": None} if broken == "gap" else {"not_before": None}
        return earliest(dataclasses.replace(host, **forgets), now, gap)

    monkeypatch.setattr(politeness, "earliest_request", impolite)
    if broken == "wish":
        monkeypatch.setattr(
            politeness, "due", lambda states, now, hosts: [s for s in states if s.status == "active"]
        )
    noted = politeness.simulate(60, 1, 3, PollLimits()).violations()
    assert noted.get("host gap" if broken == "gap" else "Retry-After", 0) > 0


def test_servers_answer_as_they_are_said_to() -> None:
    """304 to what they sent, all of it else; liars say 304 for ever."""
    host = MadeUpHost("h")
    full, known = answer(feed(), host, 7_000.0, "https://h/feeds/1", Conditions())
    assert (full.status, known, full.etag) == (200, 2, '"2"')
    for validators, later in (("etag", 200), ("lies", 304), ("ignores", 200), ("none", 200)):
        one = feed(validators=validators)
        first, _ = answer(one, host, 7_000.0, one.url, Conditions())
        sent = Conditions(first.etag, first.last_modified)
        assert answer(one, host, 7_001.0, one.url, sent)[0].status == (
            304 if validators in ("etag", "lies") else 200
        )
        assert answer(one, host, 8_000.0, one.url, sent)[0].status == later
    assert answer(feed(gone_at=5.0), host, 6.0, "https://h/feeds/1", Conditions())[0].status == 410
    moved = answer(feed(moved_at=5.0), host, 6.0, "https://h/feeds/1", Conditions())[0]
    assert moved.moved_to == "https://h/feeds/1/moved"


def test_a_full_host_says_for_how_long() -> None:
    """429 from its limit on, with a wish that it then watches over."""
    host = MadeUpHost("h", limit=1)
    assert answer(feed(), host, 10.0, "https://h/feeds/1", Conditions())[0].status == 200
    refused = answer(feed(), host, 20.0, "https://h/feeds/1", Conditions())[0]
    assert (refused.status, refused.retry_after) == (429, "1800")
    assert host.told_until == 20.0 + 1_800 - 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 12 * TICK_S - 1).map(float), min_size=1, max_size=8).map(sorted),
    st.integers(0, 8),
)
def test_the_clairvoyant_is_the_best(times: list[float], polls: int) -> None:
    """No other choice of ticks makes items wait less, in a day of twelve of them."""
    items = np.asarray(times)
    end = DAY_S / TICK_S
    best = math.inf
    for chosen in itertools.combinations(range(13), min(polls, 13)):
        places = np.asarray([*chosen, end]) * TICK_S
        best = min(best, float(np.sum(places[np.searchsorted(places, items)] - items)))
    found = clairvoyant_delays(items, polls, 1)
    assert np.all(found >= 0)
    # Where no price gives just that number of polls, it has one or two fewer.
    fewer = clairvoyant_delays(items, max(polls - 2, 0), 1)
    assert best - 1e-6 <= float(np.sum(found)) <= float(np.sum(fewer)) + 1e-6


def test_oracles_by_hand() -> None:
    """As many polls as news: nothing waits longer than a tick. None: all wait to the end."""
    one = feed()
    assert np.all(clairvoyant_delays(one.times, 24, 1) == 599)
    assert np.all(clairvoyant_delays(one.times, 0, 1) == DAY_S - one.times)
    assert np.all(informed_delays(one, one.times, 144, 1) <= TICK_S)
    assert float(np.mean(informed_delays(one, one.times, 12, 1))) == pytest.approx(3_600, rel=0.35)


def test_items_out_of_reach() -> None:
    """An item that came and went in an outage; not one that was there for a tick before it or after."""
    one = feed(times=np.arange(0, DAY_S, 1_200.0) + 1, window=2)
    down = MadeUpHost("h", outages=((3_500.0, 7_300.0),))
    # It is there from 3,601 to 6,001.
    assert politeness.is_out_of_reach(one, down, 3)
    assert not politeness.is_out_of_reach(one, down, 1)
    assert not politeness.is_out_of_reach(one, down, 5)


def test_bytes_every_quarter_of_an_hour() -> None:
    """All of it 96 times a day; or once and for each change, with short answers between; less while it is down."""
    one, host = feed(), MadeUpHost("h")
    plain, conditional = quarter_hour_bytes(one, host, 1)
    assert plain == 96 * 10_450
    # The first poll is at 0, before the first item.
    assert conditional == 25 * 10_450 + 71 * 350
    assert quarter_hour_bytes(feed(validators="ignores"), host, 1) == (plain, plain)
    down = MadeUpHost("h", outages=((0, DAY_S / 2),))
    assert quarter_hour_bytes(one, down, 1)[0] == 48 * 10_450 + 48 * 350
