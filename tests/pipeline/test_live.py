"""Polls without an end: when feeds are asked, what is known afterwards, and what waits for nothing."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from pipeline.fetch.client import Client
from pipeline.fetch.live import LivePoll
from pipeline.fetch.poll import PollSettings
from pipeline.fetch.poller import Poller
from pipeline.polling import FOUND_KEPT
from schemas.errors import RunError
from schemas.sources import FeedRequest
from schemas.state import FeedNames, FeedState, HostState
from tests.pipeline.live_feeds import LiveFeeds
from tests.pipeline.polling_hosts import LIMITS, Page, PollingHost, hosts, now, rss
from tests.pipeline.test_poller import FEEDS, addresses, basic, link, page, to
from tests.records import NOW
from tests.servers.server import Request
from transforms.functions.polling.hosts import HOST_KEPT
from transforms.functions.polling.outcomes import PollLimits

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
LEAST_S = PollLimits().min_poll_s


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as one:
        yield one


def bodies(polls: list[LivePoll]) -> list[bytes]:
    return [poll.payload.parts[0] for poll in polls if poll.payload is not None]


def reasons(polls: list[LivePoll]) -> list[str]:
    return sorted(poll.error.reason for poll in polls if poll.error is not None)


def name_of(host: PollingHost) -> str:
    return host.url.removeprefix("http://")


def validated(body: bytes) -> Page:
    """A feed that stays as it is, and says so."""

    def answer(request: Request) -> tuple[object, ...]:
        return (304,) if request.headers.get("if-none-match") == '"1"' else (200, body, 'ETag: "1"')

    return answer


# When feeds are asked.


def test_a_feed_is_asked_when_its_state_says(client: Client) -> None:
    """At once where nothing is known of it; then not before its time, and at that."""
    with hosts({"/1": validated(rss("1"))}) as (host,):
        feeds = LiveFeeds(client, addresses(host, "/1"))
        (first,) = feeds.settle()
        assert first.state is not None
        assert first.payload is not None
        assert first.is_news
        due_at = first.state.next_poll_at
        assert feeds.live.next_due_at == due_at
        assert due_at is not None
        assert due_at >= NOW + dt.timedelta(seconds=LEAST_S)
        feeds.clock.now = due_at - dt.timedelta(seconds=1)
        assert feeds.settle() == []
        feeds.clock.now = due_at
        (second,) = feeds.settle()
        assert len(host.asked) == 2
        assert host.asked[1].headers["if-none-match"] == '"1"'
        assert not second.is_news
        assert second.state is not None
        assert (second.state.polls, second.state.checked_at) == (2, due_at)


def test_an_interval_begins_with_its_own_poll(client: Client) -> None:
    """Not with the start of the process, which may be weeks ago."""
    with hosts({"/1": validated(rss("1"))}) as (host,):
        feeds = LiveFeeds(client, addresses(host, "/1"))
        polls = feeds.after(days=3)
        times = [poll.state.checked_at for poll in polls if poll.state is not None]
        assert len(times) >= 6
        known = [time for time in times if time is not None]
        gaps = [(after - before).total_seconds() for before, after in itertools.pairwise(known)]
        assert min(gaps) >= LEAST_S


def test_a_restart_goes_on_from_the_states(client: Client) -> None:
    """What isn't due isn't asked; who wants all polled gets that, but for what is gone."""
    with hosts({**FEEDS, "/gone": (410,)}) as (host,):
        asked = addresses(host, "/1", "/2", "/gone")
        first = LiveFeeds(client, asked)
        first.settle()
        assert len(host.asked) == 3
        again = LiveFeeds(client, asked, states=first.states, hosts=first.hosts)
        assert again.settle() == []
        assert again.live.next_due_at == min(
            state.next_poll_at for state in first.states.values() if state.next_poll_at is not None
        )
        LiveFeeds(client, asked, states=first.states, hosts=first.hosts, all_due=True).settle()
        assert sorted(host.paths[3:]) == ["/1", "/2"]


def test_a_retired_feed_is_asked_on_request_only(client: Client) -> None:
    """Once, where it is as it was; and on, where it has news."""
    old = rss("1").replace(b"<item>", b"<item><pubDate>Mon, 01 Jan 2024 10:00:00 GMT</pubDate>")
    with hosts({"/1": (200, old)}) as (host,):
        (url,) = addresses(host, "/1")
        retired = {url: FeedState(url, status="retired", polls=30, added_at=NOW - 90 * DAY)}
        assert LiveFeeds(client, [url], states=retired).after(days=2) == []
        LiveFeeds(client, [url], states=retired, all_due=True).after(days=2)
        assert host.paths == ["/1"]
        host.pages["/1"] = (200, rss("2"))
        LiveFeeds(client, [url], states=retired, all_due=True).after(days=2)
        assert len(host.paths) > 3


# Turns, and nobody waits.


def test_hosts_are_asked_as_by_a_run(client: Client) -> None:
    """One request at a time, with a gap between; redirects too."""
    pages = {**FEEDS, "/to": to("/1")}
    with hosts(pages, pages, delay_s=0.01) as served:
        feeds = LiveFeeds(
            client,
            [url for host in served for url in addresses(host, *pages)],
            clock=now,
            host_gap_s=0.05,
        )
        polls: list[LivePoll] = []
        while len(polls) < 14:
            polls += feeds.settle()
            feeds.live.wait(0.1)
        assert len(bodies(polls)) == 14
        for host in served:
            assert host.most_open == 1
            assert host.least_gap_s() >= 0.05
            assert len(host.asked) == 8


def test_no_more_requests_are_under_way_than_allowed(client: Client) -> None:
    """However many are due."""
    hold = threading.Event()

    def held(request: Request) -> tuple[int, bytes]:
        hold.wait(20)
        return (200, rss("1"))

    with hosts(*[{"/1": held}] * 5) as served:
        feeds = LiveFeeds(client, [host.url + "/1" for host in served], concurrency=2)
        for _ in range(3):
            feeds.live.start_due()
        assert feeds.live.under_way == 2
        assert feeds.live.next_due_at is None
        hold.set()
        assert len(bodies(feeds.settle())) == 5


def test_nobody_waits_for_a_slow_server(client: Client) -> None:
    """Others are polled, and polled again, before it has answered."""
    hold, heard = threading.Event(), threading.Event()

    def slow(request: Request) -> tuple[int, bytes]:
        heard.set()
        hold.wait(20)
        return (200, rss("slow"))

    with hosts({"/1": slow}, {"/2": validated(rss("2"))}) as (one, other):
        feeds = LiveFeeds(client, [one.url + "/1", other.url + "/2"])
        feeds.live.start_due()
        assert heard.wait(20)
        found: list[LivePoll] = []
        while len(found) < 2:
            feeds.live.wait(10)
            found += feeds.live.take().polls
            at = feeds.live.next_due_at
            feeds.clock.now = max(feeds.clock.now, at or feeds.clock.now)
            feeds.live.start_due()
        assert [poll.url for poll in found] == [other.url + "/2"] * 2
        assert one.asked[0].ended == 0.0
        hold.set()
        assert rss("slow") in bodies(feeds.settle())


def test_a_wait_ends_when_a_poll_does_or_somebody_wakes_it(client: Client) -> None:
    """Or when something is due; it would else last for minutes."""
    with hosts(FEEDS) as (host,):
        feeds = LiveFeeds(client, addresses(host, "/1"))
        feeds.live.start_due()
        feeds.live.wait(600)
        assert len(feeds.live.take().polls) == 1
        threading.Timer(0.01, feeds.live.wake).start()
        feeds.live.wait(600)
        feeds.live.wake()
        feeds.live.wait(None)
        (url,) = addresses(host, "/2")
        due = {url: FeedState(url, next_poll_at=now() + dt.timedelta(seconds=0.05))}
        soon = LiveFeeds(client, [url], states=due, clock=now)
        soon.live.wait(600)
        assert soon.live.next_due_at is not None
        assert soon.live.next_due_at <= now()


def test_after_its_close_nothing_is_begun(client: Client) -> None:
    """What is due stays so."""
    with hosts(FEEDS) as (host,):
        feeds = LiveFeeds(client, addresses(host, *FEEDS))
        feeds.live.close()
        assert feeds.settle() == []
        assert host.asked == []


class Broken:
    """A client with an error of ours."""

    def get(self, *arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError


def test_an_error_of_ours_is_a_failure_of_its_feed(caplog: pytest.LogCaptureFixture) -> None:
    """Others are polled; it is logged, and tried again later: without an end the feed would else be met each time."""
    feeds = LiveFeeds(cast(Client, Broken()), ["http://127.0.0.1:1/1"])
    (poll,) = feeds.settle()
    assert poll.error is not None
    assert poll.error.reason == "poll-failed"
    assert poll.state is not None
    assert poll.state.failures == 1
    assert "an error of ours" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert len(feeds.next_turn()) == 1


def test_a_run_raises_an_error_of_ours() -> None:
    """Not swallowed by the thread in which it happened."""
    settings = PollSettings(LIMITS, PollLimits(), run_at=NOW)
    poller = Poller(settings, cast(Client, Broken()), lambda: NOW)
    poller.put(FeedRequest("http://127.0.0.1:1/1", FeedState("http://127.0.0.1:1/1")))
    with pytest.raises(RunError, match="an error of ours"):
        list(poller.results())


# Hosts that wish to be left alone.


@pytest.mark.parametrize("wish_s", [60, 7200])
def test_retry_after_rests_the_whole_host(client: Client, wish_s: int) -> None:
    """For as long as it wishes, be it short or long; then all of its feeds are asked, and others meanwhile."""
    with hosts({**FEEDS, "/1": (503, b"", f"Retry-After: {wish_s}")}, {"/9": (200, rss("9"))}) as (
        busy,
        other,
    ):
        feeds = LiveFeeds(client, [*addresses(busy, "/1", "/2", "/3"), other.url + "/9"])
        polls = feeds.settle()
        assert (busy.paths, other.paths) == (["/1"], ["/9"])
        assert reasons(polls) == ["http-503"]
        assert feeds.hosts[name_of(busy)].not_before == NOW + dt.timedelta(seconds=wish_s)
        feeds.after(seconds=wish_s - 1)
        assert busy.paths == ["/1"]
        busy.pages["/1"] = FEEDS["/1"]
        feeds.after(minutes=15)
        assert sorted(set(busy.paths)) == ["/1", "/2", "/3"]
        again = LiveFeeds(client, addresses(busy, "/4"), hosts={name_of(busy): feeds.hosts[name_of(busy)]})
        assert again.settle() == []
        assert "/4" not in busy.paths


def test_a_redirect_to_a_host_that_rests_is_tried_again_when_it_may_be(client: Client) -> None:
    """Not before, and not again and again; it is no failure of the feed's."""
    with hosts({"/1": to("{1}/1")}, FEEDS) as (leads, rests):
        wish = HostState(name_of(rests), not_before=NOW + HOUR)
        feeds = LiveFeeds(client, addresses(leads, "/1"), hosts={wish.host: wish})
        (poll,) = feeds.settle()
        assert poll.state is not None
        assert (poll.error, poll.state.failures) == (None, 0)
        assert feeds.after(minutes=59) == []
        assert leads.paths == ["/1"]
        assert len(bodies(feeds.after(minutes=2))) == 1
        assert rests.paths == ["/1"]


def test_robots_txt_is_heeded(client: Client) -> None:
    """Read once a day, before a feed of its host."""
    robots = (200, b"User-agent: *\nDisallow: /2")
    with hosts({"/1": validated(rss("1")), "/2": FEEDS["/2"], "/robots.txt": robots}) as (host,):
        feeds = LiveFeeds(client, addresses(host, "/1", "/2"), robots=True)
        assert reasons(feeds.settle()) == ["robots-disallowed"]
        assert host.paths == ["/robots.txt", "/1"]
        feeds.after(hours=23)
        assert host.paths.count("/robots.txt") == 1
        feeds.after(hours=26)
        assert host.paths.count("/robots.txt") in (2, 3)
        assert "/2" not in host.paths


# Feeds that are refused, and what they lead to.


def test_failures_are_told_and_tried_again_later(client: Client) -> None:
    """Each with its reason; what is no address at all, too."""
    with hosts({"/1": (500,), "/2": (410,)}) as (host,):
        feeds = LiveFeeds(client, [*addresses(host, "/1", "/2"), "http://"])
        assert reasons(feeds.settle()) == ["bad-address", "http-410", "http-500"]
        assert feeds.settle() == []
        feeds.after(hours=12)
        assert host.paths.count("/2") == 1
        assert 2 <= host.paths.count("/1") < 30
        failing = feeds.states[host.url + "/1"]
        assert failing.failures == host.paths.count("/1")


def test_what_a_page_names_is_polled_from_then_on(client: Client) -> None:
    """It is told together with the page's own state, and known after a restart in which the page isn't asked."""
    pages = {"/": page("/1", "/2"), "/1": validated(rss("1")), "/2": validated(rss("2"))}
    with hosts(pages) as (host,):
        feeds = LiveFeeds(client, [host.url + "/"])
        polls = feeds.settle()
        first = polls[0]
        assert first.state is not None
        assert first.state.url == host.url + "/"
        assert [state.url for state in first.found] == addresses(host, "/1", "/2")
        assert {state.found_at for state in first.found} == {host.url + "/"}
        assert first.is_news
        assert len(bodies(polls)) == 2
        assert len(feeds.live) == 3
        feeds.after(days=1)
        assert min(host.paths.count(path) for path in pages) >= 2
        assert [poll.found for poll in feeds.polls[1:] if poll.found] == []
        before = len(host.asked)
        later = dict(feeds.states)
        later[host.url + "/1"] = FeedState(host.url + "/1", found_at=host.url + "/")
        again = LiveFeeds(client, [host.url + "/"], states=later, clock=feeds.clock)
        again.settle()
        assert host.paths[before:] == ["/1"]


def test_older_pages_are_read_once(client: Client) -> None:
    """At the first poll; the later ones ask whether anything is new."""
    feed = rss("2", links=link("next", "/older"))
    pages: dict[str, Page] = {"/feed": validated(feed), "/older": (200, rss("1"))}
    with hosts(pages) as (host,):
        feeds = LiveFeeds(client, addresses(host, "/feed"), backfill=True)
        _, older = feeds.settle()
        assert older.state is None
        assert older.url == host.url + "/feed"
        assert older.payload is not None
        assert older.payload.is_older_page
        feeds.after(hours=12)
        assert host.paths.count("/older") == 1
        assert host.asked[-1].headers["if-none-match"] == '"1"'


def test_addresses_that_share_a_state_are_asked_with_their_own_users(client: Client) -> None:
    """Both each time, and the next time once both have answered."""
    seen: list[str | None] = []

    def noted(request: Request) -> tuple[int, bytes]:
        seen.append(basic(request))
        return (200, rss("1"))

    with hosts({"/1": noted}) as (host,):
        given = [host.url.replace("http://", f"http://{user}:secret@") + "/1" for user in ("a", "b")]
        feeds = LiveFeeds(client, given)
        assert len(feeds.settle()) == 2
        assert sorted(seen, key=str) == ["a:secret", "b:secret"]
        assert len(feeds.next_turn()) == 2
        assert len(feeds.live) == 1
        assert "secret" not in repr(feeds.states)


# Parts of all hosts, and what is known in the end.


def test_hosts_of_others_are_left_to_them(client: Client) -> None:
    """What is found there is told; what others found is added."""
    with hosts({"/": page("/1", "{1}/2"), "/1": FEEDS["/1"]}, FEEDS) as (ours, others):

        def is_ours(name: str) -> bool:
            return name == name_of(ours)

        feeds = LiveFeeds(client, [ours.url + "/", others.url + "/3"], is_ours=is_ours)
        polls = feeds.settle()
        assert sorted(ours.paths) == ["/", "/1"]
        assert others.asked == []
        found = [state for poll in polls for state in poll.found]
        assert [state.url for state in found] == [ours.url + "/1", others.url + "/2"]
        elsewhere = LiveFeeds(client, [], is_ours=lambda name: not is_ours(name))
        elsewhere.live.add(FeedRequest(state.url, state, depth=1) for state in [*found, *found])
        elsewhere.settle()
        assert others.paths == ["/2"]
        assert sorted(ours.paths) == ["/", "/1"]


def test_a_feed_that_moves_to_anothers_host_goes_with_it(client: Client) -> None:
    """Its state says where to; here it is polled no more."""
    with hosts({"/1": to("{1}/1", 301)}, {"/1": validated(rss("1"))}) as (ours, others):
        feeds = LiveFeeds(client, addresses(ours, "/1"), is_ours=lambda name: name == name_of(ours))
        feeds.after(days=4)
        assert feeds.states[ours.url + "/1"].fetch_url == others.url + "/1"
        assert feeds.live.next_due_at is None
        assert ours.paths == ["/1"] * 3


def test_what_is_learnt_of_guids_stays(client: Client) -> None:
    """Payloads from then on say so, and no later poll undoes it."""
    count = iter(range(100))

    def growing(request: Request) -> tuple[int, bytes]:
        return (200, rss(str(next(count))))

    with hosts({"/1": growing}) as (host,):
        (url,) = addresses(host, "/1")
        feeds = LiveFeeds(client, [url], states={url: FeedState(url, unstable_guids="changing")})
        (first,) = feeds.settle()
        assert first.payload is not None
        assert first.payload.has_unstable_guids
        names = bytes(range(16))
        feeds.live.learn_names([FeedNames(url, names, are_shared=False), FeedNames("other", b"", False)])
        (second,) = feeds.next_turn()
        assert second.state is not None
        assert second.state.item_names == names


def test_feeds_and_hosts_that_commits_forget_are_forgotten(client: Client) -> None:
    """A page may name ever new ones; what it names again is found again."""
    with hosts({"/": page("/none"), "/none": (404,)}) as (host,):
        feeds = LiveFeeds(client, [host.url + "/"], hosts={"old.example": HostState("old.example", NOW)})
        feeds.settle()
        assert len(feeds.live) == 2
        feeds.after(days=FOUND_KEPT.days + 2)
        assert sum(state.url.endswith("/none") for poll in feeds.polls for state in poll.found) == 2
        assert HOST_KEPT.days < FOUND_KEPT.days + 2
        assert len(feeds.live) == 2
