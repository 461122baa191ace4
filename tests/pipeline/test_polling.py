"""Which feeds a run polls, and what is kept of them."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from pipeline import polling
from pipeline.polling import (
    FOUND_KEPT,
    feed_requests,
    feeds_after,
    host_queues,
    hosts_after,
    resting_hosts,
)
from schemas.sources import FeedRequest, HostQueue
from schemas.staged import RunSummary
from schemas.state import FeedNames, FeedState, HostState
from tests.records import NOW, raw_item
from transforms.functions.polling.guids import item_names

DAY = dt.timedelta(days=1)


def test_addresses_that_differ_in_credentials_share_their_state() -> None:
    """And know it; all others keep theirs to themselves."""
    known = FeedState("https://three.example/rss", etag='"3"')
    addresses = [
        "https://a:1@one.example/rss",
        "https://b:2@one.example/rss",
        "https://c:3@two.example/rss",
        known.url,
    ]
    requests = feed_requests(addresses, {known.url: known})
    assert [request.address for request in requests] == addresses
    assert [request.shares_state for request in requests] == [True, True, False, False]
    assert requests[0].state.url == requests[1].state.url
    assert requests[3].state is known
    assert not any(secret in repr(request.state) for request in requests for secret in ("a:1", "b:2", "c:3"))


def found(url: str, at: str, **fields: object) -> FeedState:
    return dataclasses.replace(FeedState(url, found_at=at), **fields)  # type: ignore[arg-type]


def test_what_a_feed_has_led_to_is_polled_with_it() -> None:
    """As deep as it led, with its credentials on its own host; not what another page led to, nor in a circle."""
    page = "https://***@post.example/"
    index = found("https://post.example/index.xml", page)
    sitemap = found("https://other.example/1.xml", index.url)
    circle = found(page, sitemap.url)
    stranger = found("https://x.example/feed", "https://x.example/")
    states = {state.url: state for state in (index, sitemap, stranger)} | {page: circle}
    requests = feed_requests(["https://me:secret@post.example/"], states)
    assert [request.address for request in requests] == [
        "https://me:secret@post.example/",
        "https://me:secret@post.example/index.xml",
        "https://other.example/1.xml",
    ]
    assert requests[0].known == (index.url,)
    assert requests[1].known == (sitemap.url,)


def test_what_is_due_waits_in_the_queue_of_its_host() -> None:
    """Of the address that it has moved to; who waited longest comes first, and hosts that wish to rest are left out."""
    early = FeedState("https://a.example/1", next_poll_at=NOW - DAY)
    late = FeedState("https://a.example/2", next_poll_at=NOW)
    moved = FeedState("https://b.example/3", fetch_url="https://a.example/3", next_poll_at=NOW - 2 * DAY)
    not_yet = FeedState("https://a.example/4", next_poll_at=NOW + DAY)
    resting = FeedState("https://rest.example/5")
    nowhere = FeedState("mailto:desk@made.example")
    hosts = {
        "a.example": HostState("a.example", last_request_at=NOW - DAY),
        "rest.example": HostState("rest.example", not_before=NOW + DAY),
    }
    requests = [FeedRequest(state.url, state) for state in (late, early, moved, not_yet, resting, nowhere)]
    queues = host_queues(requests, hosts, NOW, all_due=False)
    assert [(queue.host.host, [request.address for request in queue.requests]) for queue in queues] == [
        ("", ["mailto:desk@made.example"]),
        ("a.example", ["https://b.example/3", "https://a.example/1", "https://a.example/2"]),
    ]
    assert queues[1].host is hosts["a.example"]
    every = host_queues(requests, hosts, NOW, all_due=True)
    assert sum(len(queue.requests) for queue in every) == 5


def test_subscribers_with_their_own_credentials_are_all_asked() -> None:
    """Though what is known of their addresses is one state."""
    requests = feed_requests(["https://a:1@one.example/", "https://b:2@one.example/"], {})
    (queue,) = host_queues(requests, {}, NOW, all_due=False)
    assert [request.address for request in queue.requests] == [request.address for request in requests]


def test_found_feeds_that_are_over_are_forgotten() -> None:
    """Some time after; those that were given never are."""
    before = NOW - FOUND_KEPT - DAY
    states = {
        state.url: state
        for state in (
            found("https://a.example/old", "x", status="retired", checked_at=before),
            found("https://a.example/new", "x", status="retired", checked_at=NOW - DAY),
            found("https://a.example/alive", "x", checked_at=before),
            FeedState("https://a.example/given", status="gone", checked_at=before),
        )
    }
    kept = feeds_after(RunSummary(), states, NOW)
    assert {state.url.rsplit("/", 1)[1] for state in kept} == {"new", "alive", "given"}


def test_found_feeds_that_lead_nowhere_are_forgotten() -> None:
    """A page may name other addresses each time that aren't there; what answers now and then is kept."""
    before = NOW - FOUND_KEPT - DAY
    failing: dict[str, object] = {"failures": 9, "checked_at": NOW, "added_at": before}
    states = {
        state.url: state
        for state in (
            found("https://a.example/never", "x", **failing),
            found("https://a.example/now-and-then", "x", **failing, succeeded_at=NOW - DAY),
            found("https://a.example/new", "x", **failing | {"added_at": NOW}),
            FeedState("https://a.example/given", failures=9, checked_at=NOW, added_at=before),
        )
    }
    kept = feeds_after(RunSummary(), states, NOW)
    assert {state.url.rsplit("/", 1)[1] for state in kept} == {"now-and-then", "new", "given"}


def test_a_page_fills_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one page so many feeds are kept: those that are polled before others, and those with the latest news."""
    monkeypatch.setattr(polling, "MAX_FOUND", 2)
    states = [
        found("https://a.example/old", "x", newest_item_at=NOW - 9 * DAY),
        found("https://a.example/retired", "x", newest_item_at=NOW, status="retired", checked_at=NOW),
        found("https://a.example/new", "x", newest_item_at=NOW),
        found("https://a.example/newer", "x", added_at=NOW + DAY),
        found("https://b.example/other", "y"),
    ]
    kept = feeds_after(RunSummary(), {state.url: state for state in states}, NOW)
    assert {state.url.rsplit("/", 1)[1] for state in kept} == {"new", "newer", "other"}


def test_hosts_that_rest_are_known_where_no_feed_is_given() -> None:
    """By their wish alone; those with a queue bring all that is known."""
    resting = HostState("a.example", not_before=NOW + DAY, robots_body="User-agent: *", robots_at=NOW)
    hosts = {
        "a.example": resting,
        "b.example": HostState("b.example", not_before=NOW - DAY),
        "c.example": HostState("c.example", not_before=NOW + DAY),
    }
    queues = [HostQueue(hosts["c.example"], ())]
    assert resting_hosts(hosts, queues, NOW) == (HostState("a.example", not_before=NOW + DAY),)


def names(*guids: str) -> bytes:
    return item_names(raw_item(title=f"Title {number}", guid=guid) for number, guid in enumerate(guids))


def test_a_feed_whose_guids_change_is_noted() -> None:
    """By comparing two documents; a third with lasting guids takes the note back."""
    url = "https://a.example/feed"
    state = FeedState(url, item_names=names("1", "2", "3", "4"))

    def after(state: FeedState, *guids: str, are_shared: bool = False) -> FeedState:
        summary = RunSummary(feed_states=(state,), feed_names=(FeedNames(url, names(*guids), are_shared),))
        (found,) = feeds_after(summary, {url: state}, NOW)
        return found

    assert after(state, "1", "2", "3", "5").unstable_guids is None
    changing = after(state, "a", "b", "c", "4")
    assert changing.unstable_guids == "changing"
    assert after(changing, "a", "b").unstable_guids == "changing"
    assert after(changing, "a", "b", "c", "4").unstable_guids is None
    assert after(state, "1", "1", "1", are_shared=True).unstable_guids == "not-unique"


def test_hosts_are_remembered_for_a_while() -> None:
    """What this run has learnt before what was known."""
    old = HostState("a.example", last_request_at=NOW - DAY)
    new = dataclasses.replace(old, last_request_at=NOW)
    stale = HostState("b.example", last_request_at=NOW - 365 * DAY)
    kept = hosts_after(
        RunSummary(host_states=(new, HostState(""))), {"a.example": old, "b.example": stale}, NOW
    )
    assert kept == [new]
