"""The turns of hosts: one request at a time, a gap between two, and never before a host wishes."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

from pipeline.fetch.gate import HostBusyError, HostGate, Turn
from schemas.state import HostState
from tests.pipeline.polling_hosts import now
from tests.records import NOW
from transforms.functions.polling.hosts import paused

SECOND = dt.timedelta(seconds=1)


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


def taken(gate: HostGate, name: str) -> Turn:
    turn = gate.try_begin(name)
    assert turn is not None
    return turn


def test_a_host_has_one_turn_at_a_time() -> None:
    """Others have theirs beside it."""
    gate = HostGate(0, Clock())
    turn = taken(gate, "a.example")
    assert gate.try_begin("a.example") is None
    assert gate.try_begin("b.example") is not None
    turn.end()
    assert gate.try_begin("a.example") is not None


def test_the_gap_begins_where_a_request_ends() -> None:
    """Of a turn in which nothing was asked there is none."""
    clock = Clock()
    gate = HostGate(2, clock)
    taken(gate, "a.example").end()
    turn = taken(gate, "a.example")
    turn.was_asked = True
    clock.now += 5 * SECOND
    turn.end()
    assert gate.earliest("a.example") == clock.now + 2 * SECOND
    clock.now += 1.99 * SECOND
    assert gate.try_begin("a.example") is None
    clock.now += 0.01 * SECOND
    assert gate.try_begin("a.example") is not None


def test_what_earlier_runs_knew_counts() -> None:
    """Before and after this one has learnt something of the host itself."""
    clock = Clock()
    gate = HostGate(2, clock, [HostState("a.example", last_request_at=NOW - SECOND)])
    assert gate.earliest("a.example") == NOW + SECOND
    gate.know(HostState("a.example", not_before=NOW + 9 * SECOND, robots_at=NOW, crawl_delay_s=3))
    assert gate.earliest("a.example") == NOW + 9 * SECOND
    assert gate.touched() == []


def test_ending_twice_gives_one_turn_back() -> None:
    """The turn may be another's by then."""
    gate = HostGate(0, Clock())
    turn = taken(gate, "a.example")
    turn.end()
    other = taken(gate, "a.example")
    turn.end()
    assert gate.try_begin("a.example") is None
    other.end()


def test_a_redirect_gives_its_turn_back_before_it_waits() -> None:
    """And has none left where it waits in vain; the host that it came from has its gap."""
    clock = Clock()
    gate = HostGate(2, clock)
    gate.learn("b.example", lambda host: paused(host, NOW + 60 * SECOND))
    turn = taken(gate, "a.example")
    turn.was_asked = True
    with pytest.raises(HostBusyError) as caught:
        turn.move("b.example")
    assert (caught.value.reason, caught.value.until) == ("host-busy", NOW + 60 * SECOND)
    turn.end()
    clock.now += 60 * SECOND
    assert gate.try_begin("a.example") is not None
    assert gate.try_begin("b.example") is not None


def test_a_redirect_to_a_host_that_stays_busy_ends() -> None:
    """By the clock, though nobody tells it anything."""
    gate = HostGate(0, now)
    taken(gate, "b.example")
    with pytest.raises(HostBusyError):
        taken(gate, "a.example").move("b.example", patience_s=0.05)


def test_a_redirect_on_one_host_waits_for_its_gap() -> None:
    """It is another request."""
    gate = HostGate(0.05, now)
    turn = taken(gate, "a.example")
    turn.was_asked = True
    began = time.monotonic()
    turn.move("a.example")
    assert time.monotonic() - began >= 0.05


def test_redirects_that_cross_each_other_all_arrive() -> None:
    """Ten threads from one host to the other, ten the other way, though ever new turns begin; never two at one host."""
    gate = HostGate(0, now)
    inside: dict[str, int] = {"a": 0, "b": 0}
    faults: list[str] = []
    arrived: list[str] = []

    def enter(name: str) -> None:
        inside[name] += 1
        if inside[name] != 1:
            faults.append(name)
        time.sleep(0.002)
        inside[name] -= 1

    def go(first: str, second: str) -> None:
        while (turn := gate.try_begin(first)) is None:
            time.sleep(0.001)
        turn.was_asked = True
        enter(first)
        turn.move(second)
        enter(second)
        turn.end()
        arrived.append(first)

    threads = [threading.Thread(target=go, args=pair) for pair in (("a", "b"), ("b", "a")) * 10]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(arrived) == 20
    assert faults == []


def test_a_redirect_goes_before_what_has_yet_to_begin() -> None:
    """It has cost a request already; and redirects go in the order in which they came."""
    gate = HostGate(0, now)
    held = taken(gate, "b.example")
    arrived: list[int] = []

    def go(number: int) -> None:
        turn = taken(gate, f"{number}.example")
        turn.move("b.example")
        arrived.append(number)
        turn.end()

    threads = [threading.Thread(target=go, args=(number,)) for number in range(3)]
    for number, thread in enumerate(threads):
        thread.start()
        while len(gate._waiting["b.example"]) <= number:
            time.sleep(0.001)
    held.end()
    while gate.try_begin("b.example") is None:
        time.sleep(0.0001)
    assert arrived == [0, 1, 2]
    for thread in threads:
        thread.join(60)


def test_what_two_learn_of_a_host_both_counts() -> None:
    """The second doesn't know of the first, and undoes nothing."""
    gate = HostGate(0, Clock())
    gate.learn("a.example", lambda host: paused(host, NOW + SECOND))
    turn = taken(HostGate(0, Clock()), "b.example")
    turn.end()
    after = gate.learn("a.example", lambda host: paused(host, NOW))
    assert after.not_before == NOW + SECOND
    assert gate.touched() == [after]
