"""Many polls: what servers see of them, and what is known afterwards."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import threading
from collections.abc import Mapping

import pytest

from pipeline.fetch import poller
from pipeline.fetch.poll import MAX_CHILDREN, Polled
from schemas.state import FeedState, HostState
from tests.pipeline.polling_hosts import LIMITS, Memory, Page, PollingHost, hosts, now, rss
from tests.servers.server import Request

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def to(location: str, status: int = 302) -> Page:
    return (status, b"", f"Location: {location}")


def page(*links: str) -> Page:
    """A page that names feeds."""
    named = "".join(f"<link rel=alternate type=application/rss+xml href='{link}'>" for link in links)
    return (200, f"<!DOCTYPE html><html><head><title>Made up</title>{named}</head></html>".encode())


def index(*links: str) -> Page:
    """A sitemap index; the first was modified last."""
    named = "".join(
        f"<sitemap><loc>{link}</loc><lastmod>2024-05-01T{23 - place // 60:02d}:{59 - place % 60:02d}:00Z</lastmod>"
        "</sitemap>"
        for place, link in enumerate(links)
    )
    return (
        200,
        f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{named}</sitemapindex>".encode(),
    )


def sitemap(*names: str) -> bytes:
    entries = "".join(
        f"<url><loc>http://made.example/{name}</loc><news:news><news:publication><news:name>Made up</news:name>"
        f"<news:language>en</news:language></news:publication><news:publication_date>2024-05-01</news:publication_date>"
        f"<news:title>Story {name}</news:title></news:news></url>"
        for name in names
    )
    return (
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        f"xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'>{entries}</urlset>"
    ).encode()


def bodies(results: list[Polled]) -> list[bytes]:
    return [polled.payload.parts[0] for polled in results if polled.payload is not None]


def reasons(results: list[Polled]) -> list[str]:
    return sorted(polled.error.reason for polled in results if polled.error is not None)


def addresses(host: PollingHost, *paths: str) -> list[str]:
    return [host.url + path for path in paths]


FEEDS = {f"/{number}": (200, rss(str(number))) for number in range(6)}


# Turns.


def test_a_host_is_asked_by_one_at_a_time_and_after_a_gap() -> None:
    """Six feeds on each of three hosts, all at once for all we know; the hosts themselves look."""
    with hosts(FEEDS, FEEDS, FEEDS, delay_s=0.01) as served:
        results = Memory().poll([url for host in served for url in addresses(host, *FEEDS)], host_gap_s=0.05)
        assert len(bodies(results)) == 18
        for host in served:
            assert sorted(host.paths) == sorted(FEEDS)
            assert host.most_open == 1
            assert host.least_gap_s() >= 0.05


def test_redirects_take_turns_too() -> None:
    """On one host, where each hop waits for the gap, and between two that lead to each other; none is left behind."""
    there = {f"/a{number}": to(f"{{1}}/{number}") for number in range(4)} | FEEDS
    back = {f"/b{number}": to(f"{{0}}/{number}") for number in range(4)} | FEEDS
    within = {f"/c{number}": to(f"/{number}") for number in range(4)}
    with hosts({**there, **within}, back, delay_s=0.01) as (first, second):
        asked = addresses(first, *(f"/a{n}" for n in range(4)), *within) + addresses(
            second, *(f"/b{n}" for n in range(4))
        )
        results = Memory().poll(asked, host_gap_s=0.02)
        assert reasons(results) == []
        assert len(bodies(results)) == 12
        for host in (first, second):
            assert host.most_open == 1
            assert host.least_gap_s() >= 0.02
        assert len(first.asked) + len(second.asked) == 24


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_requests_are_under_way_than_allowed(concurrency: int) -> None:
    """Over all hosts together, redirects included."""
    lock, open_now, most = threading.Lock(), [0], [0]
    barrier_s = 0.02

    def feed(request: Request) -> tuple[int, bytes]:
        with lock:
            open_now[0] += 1
            most[0] = max(most[0], open_now[0])
        threading.Event().wait(barrier_s)
        with lock:
            open_now[0] -= 1
        return (200, rss(request.target))

    with hosts(*[{"/1": feed, "/2": to("/1")}] * 8) as served:
        results = Memory().poll(
            [url for host in served for url in addresses(host, "/1", "/2")], concurrency=concurrency
        )
    assert len(bodies(results)) == 16
    assert most[0] == concurrency


# Hosts that wish to be left alone.


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_rests_the_whole_host(status: int) -> None:
    """Its other feeds aren't asked, in this run or before the time in a later one; they stay due. Others are read."""
    memory = Memory()
    refusal = (status, b"", "Retry-After: 7200")
    with hosts({"/1": refusal, "/2": FEEDS["/2"], "/3": FEEDS["/3"]}, {"/4": FEEDS["/4"]}) as (busy, other):
        asked = addresses(busy, "/1", "/2", "/3") + addresses(other, "/4")
        results = memory.poll(asked)
        assert busy.paths == ["/1"]
        assert reasons(results) == [f"http-{status}"]
        assert len(bodies(results)) == 1
        assert busy.url + "/2" not in memory.states
        memory.poll(asked, at=now() + HOUR, all_due=True)
        assert busy.paths == ["/1"]
        busy.pages["/1"] = FEEDS["/1"]
        later = memory.poll(asked, at=now() + 3 * HOUR)
        assert sorted(busy.paths) == ["/1", "/1", "/2", "/3"]
        assert len(bodies(later)) == 3


def test_who_answers_is_who_rests() -> None:
    """Not the host that only led there; and a redirect isn't followed to one that rests, by later runs neither."""
    memory = Memory()
    with hosts({"/1": to("{1}/1"), "/2": FEEDS["/2"]}, {"/1": (429, b"", "Retry-After: 7200")}) as (
        leads,
        busy,
    ):
        asked = addresses(leads, "/1", "/2")
        assert len(bodies(memory.poll(asked))) == 1
        name = busy.url.removeprefix("http://")
        assert memory.hosts[name].not_before is not None
        assert memory.hosts[leads.url.removeprefix("http://")].not_before is None
        memory.poll(asked, at=now() + HOUR, all_due=True, known_hosts=(memory.hosts[name],))
        assert busy.paths == ["/1"]
        state = memory.states[asked[0]]
        # No failure of the feed's, and no reason to ask its own host again before the other may be.
        assert state.failures == 1
        assert state.next_poll_at is not None
        assert state.next_poll_at > now() + 1.9 * HOUR


def test_a_host_that_rests_for_long_keeps_its_pages_from_nobody() -> None:
    """What a page named before its host wished to be left alone is remembered, and polled once it may be."""
    memory = Memory()
    first = {"/": page("/1", "/2"), "/1": (429, b"", "Retry-After: 3600"), "/2": FEEDS["/2"]}
    with hosts(first) as (host,):
        memory.poll([host.url + "/"])
        assert host.paths == ["/", "/1"]
        assert memory.states[host.url + "/2"].found_at == host.url + "/"
        host.pages["/1"] = FEEDS["/1"]
        results = memory.poll([host.url + "/"], at=now() + 2 * HOUR)
        assert sorted(host.paths[2:]) == ["/", "/1", "/2"]
        assert len(bodies(results)) == 2


def test_a_found_feed_whose_redirect_has_to_wait_is_remembered() -> None:
    """It was asked for, but the host that it leads to rests; who names it may be unchanged the next time."""
    memory = Memory()
    with hosts({"/": page("/1"), "/1": to("{1}/1")}, FEEDS) as (host, busy):
        rests = HostState(busy.url.removeprefix("http://"), not_before=now() + HOUR)
        results = memory.poll([host.url + "/"], known_hosts=(rests,))
        assert [polled.is_left for polled in results] == [False, True]
        assert busy.paths == []
        memory.poll([host.url + "/"], at=now() + 0.9 * HOUR)
        assert host.paths.count("/1") == 1
        memory.poll([host.url + "/"], at=now() + 1.1 * HOUR)
        assert busy.paths == ["/1"]


def test_a_run_ends_though_a_host_has_very_many_feeds() -> None:
    """What can't be asked in time is left; it is the first the next time."""
    memory = Memory()
    with hosts(FEEDS, {"/9": (200, rss("9"))}) as (host, other):
        asked = addresses(host, *FEEDS) + addresses(other, "/9")
        count = len(bodies(memory.poll(asked, host_gap_s=0.2, latest_start_s=0.5)))
        assert 2 <= count < 7
        assert other.paths == ["/9"]
        left = set(FEEDS) - set(host.paths)
        again = memory.poll(asked, host_gap_s=0)
        assert {polled.payload.uri.removeprefix(host.url) for polled in again if polled.payload} == left


# robots.txt.


def test_robots_txt_is_asked_once_a_day_and_obeyed() -> None:
    """Before any feed of its host; what it keeps us from is a failure with a reason, and not asked for."""
    memory = Memory()
    robots = (200, b"User-agent: *\nDisallow: /2\nDisallow: /4")
    with hosts({**FEEDS, "/robots.txt": robots, "/5": to("/4")}) as (host,):
        asked = addresses(host, "/1", "/2", "/3", "/5")
        results = memory.poll(asked, robots=True)
        assert host.paths[0] == "/robots.txt"
        assert sorted(host.paths) == ["/1", "/3", "/5", "/robots.txt"]
        assert reasons(results) == ["robots-disallowed"] * 2
        assert len(bodies(results)) == 2
        memory.poll(asked, robots=True, at=now() + 23 * HOUR, all_due=True)
        assert host.paths.count("/robots.txt") == 1
        memory.poll(asked, robots=True, at=now() + 25 * HOUR, all_due=True)
        assert host.paths.count("/robots.txt") == 2
        assert "/2" not in host.paths


def test_robots_txt_of_a_redirects_host_counts() -> None:
    """Though no feed is given there; and its own redirects take turns."""
    memory = Memory()
    there = {
        "/robots.txt": to("/robots2.txt"),
        "/robots2.txt": (200, b"User-agent: *\nDisallow: /no"),
        **FEEDS,
    }
    with hosts({"/1": to("{1}/1"), "/2": to("{1}/no")}, there) as (leads, host):
        results = memory.poll(addresses(leads, "/1", "/2"), robots=True, host_gap_s=0.02)
        assert sorted(host.paths) == ["/1", "/robots.txt", "/robots2.txt"]
        assert reasons(results) == ["robots-disallowed"]
        assert len(bodies(results)) == 1
        for one in (leads, host):
            assert one.most_open == 1
            assert one.least_gap_s() >= 0.02


@pytest.mark.parametrize("status", [500, 503, 429])
def test_without_an_answer_on_robots_txt_nothing_is_asked(status: int) -> None:
    """For an hour; a 404 allows all."""
    memory = Memory()
    with hosts({**FEEDS, "/robots.txt": (status,)}) as (host,):
        results = memory.poll(addresses(host, "/1", "/2"), robots=True)
        assert host.paths == ["/robots.txt"]
        assert reasons(results) == ["robots-unreachable"] * 2
        host.pages.pop("/robots.txt")
        again = memory.poll(addresses(host, "/1", "/2"), robots=True, at=now() + 1.1 * HOUR)
        assert len(bodies(again)) == 2


def test_robots_txt_may_wish_for_rest() -> None:
    """By a Retry-After of its own."""
    memory = Memory()
    with hosts({**FEEDS, "/robots.txt": (503, b"", "Retry-After: 36000")}) as (host,):
        memory.poll(addresses(host, "/1"), robots=True)
        memory.poll(addresses(host, "/1"), robots=True, at=now() + 2 * HOUR, all_due=True)
        assert host.paths == ["/robots.txt"]


def test_a_crawl_delay_is_a_longer_gap() -> None:
    """Than the one that was asked for; the request for robots.txt counts."""
    with hosts({**FEEDS, "/robots.txt": (200, b"User-agent: *\nCrawl-delay: 0.3")}) as (host,):
        Memory().poll(addresses(host, "/1", "/2"), robots=True, host_gap_s=0.01)
        assert len(host.asked) == 3
        assert host.least_gap_s() >= 0.3


# Addresses that move, and what goes with them.


def basic(request: Request) -> str | None:
    sent = request.headers.get("authorization")
    return None if sent is None else base64.b64decode(sent.removeprefix("Basic ")).decode()


def with_user(address: str) -> str:
    return address.replace("http://", "http://me:secret@")


def test_a_feed_moves_once_that_was_said_three_times() -> None:
    """To where all said it is; a 302 moves nothing."""
    memory = Memory()
    with hosts({"/1": to("{1}/1", 301), "/2": to("{1}/2", 302)}, FEEDS) as (old, new):
        asked = addresses(old, "/1", "/2")
        for day in range(3):
            memory.poll(asked, at=now() + day * DAY, all_due=True)
        assert memory.states[asked[0]].fetch_url == new.url + "/1"
        assert memory.states[asked[1]].fetch_url is None
        memory.poll(asked, at=now() + 3 * DAY, all_due=True)
        assert sorted(old.paths) == ["/1"] * 3 + ["/2"] * 4


def test_credentials_stay_with_their_host() -> None:
    """They are sent where the feed moved on it; not where it moves to another, nor are they ever written down."""
    memory = Memory()
    seen: list[tuple[str, str | None]] = []

    def noting(body: bytes) -> Page:
        def answer(request: Request) -> tuple[int, bytes]:
            seen.append((request.target, basic(request)))
            return (200, body)

        return answer

    own = {"/a": to("/here", 301), "/b": to("{1}/there", 301), "/here": noting(rss("1"))}
    with hosts(own, {"/there": noting(rss("2"))}) as (host, _):
        asked = [with_user(url) for url in addresses(host, "/a", "/b")]
        for day in range(5):
            memory.poll(asked, at=now() + day * DAY, all_due=True)
        assert host.paths.count("/a") == host.paths.count("/b") == 3
    assert sorted(set(seen), key=str) == [("/here", "me:secret"), ("/there", None)]
    assert len(seen) == 10
    assert "secret" not in repr(memory)


def test_credentials_go_to_feeds_that_a_page_names_on_its_host() -> None:
    """And to older pages; not to those elsewhere."""
    seen: list[tuple[str, str | None]] = []

    def noted(answer: tuple[int, bytes]) -> Page:
        def script(request: Request) -> tuple[int, bytes]:
            seen.append((request.target, basic(request)))
            return answer

        return script

    older = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{0}/older'/>"
    named = page("/feed", "{1}/other")
    assert not callable(named)
    own = {
        "/": noted((named[0], named[1])),
        "/feed": noted((200, rss("1", links=older))),
        "/older": noted((200, rss("2"))),
    }
    memory = Memory()
    with hosts(own, {"/other": noted((200, rss("3")))}) as (host, _):
        memory.poll([with_user(host.url + "/")], backfill=True)
    assert sorted(seen, key=str) == [
        ("/", "me:secret"), ("/feed", "me:secret"), ("/older", "me:secret"), ("/other", None)
    ]  # fmt: skip
    assert "secret" not in repr(memory)


def test_what_is_gone_is_polled_no_more() -> None:
    """Not with --all_due either."""
    memory = Memory()
    with hosts({"/1": (410,)}) as (host,):
        for day in range(3):
            memory.poll(addresses(host, "/1"), at=now() + day * DAY, all_due=True)
        assert host.paths == ["/1"]
    assert [state.status for state in memory.states.values()] == ["gone"]


# Pages, sitemaps, archives.


def test_a_page_leads_to_its_feeds() -> None:
    """In the same run; they are remembered, and polled by later runs when they are due."""
    memory = Memory()
    with hosts({"/": page("/1", "{1}/2"), "/1": FEEDS["/1"]}, {"/2": FEEDS["/2"]}) as (host, other):
        results = memory.poll([host.url + "/"])
        assert reasons(results) == []
        assert len(bodies(results)) == 2
        found = {url: state.found_at for url, state in memory.states.items()}
        assert found == {
            host.url + "/": None,
            host.url + "/1": host.url + "/",
            other.url + "/2": host.url + "/",
        }
        memory.poll([host.url + "/"], at=now() + dt.timedelta(seconds=1))
        assert host.paths == ["/", "/1"]
        memory.poll([host.url + "/"], at=now() + DAY)
        assert sorted(host.paths) == ["/", "/", "/1", "/1"]
        assert other.paths == ["/2", "/2"]


def test_pages_lead_no_deeper_in_later_runs() -> None:
    """A chain of pages that each name another one ends where it ended the first time."""
    memory = Memory()
    chain: Mapping[str, Page] = {f"/{number}": page(f"/{number + 1}") for number in range(20)}
    with hosts(chain) as (host,):
        for day in range(4):
            memory.poll([host.url + "/0"], at=now() + day * DAY, all_due=True)
        assert set(host.paths) == {f"/{number}" for number in range(poller.MAX_DEPTH + 1)}


def test_an_index_leads_to_its_newest_sitemaps() -> None:
    """Compressed or not, and to no more than can be polled."""
    memory = Memory()
    names = [f"/{number}.xml" for number in range(MAX_CHILDREN + 10)]
    pages: dict[str, Page] = {name: (200, sitemap(name[1:])) for name in names}
    pages["/0.xml"] = (200, gzip.compress(sitemap("0.xml")), "Content-Type: application/x-gzip")
    with hosts(pages) as (host,):
        host.pages["/"] = index(*addresses(host, *names))
        results = memory.poll([host.url + "/"])
        assert set(host.paths) == {"/", *names[:MAX_CHILDREN]}
        assert sitemap("0.xml") in bodies(results)
        assert len(bodies(results)) == MAX_CHILDREN
        assert reasons(results) == []


def test_a_bomb_of_a_sitemap_is_its_own_dead_letter() -> None:
    """It isn't given out, and the others are read."""
    bomb = (200, gzip.compress(b" " * (17 << 20)))
    with hosts({"/1": bomb, "/2": FEEDS["/2"]}) as (host,):
        results = Memory().poll(addresses(host, "/1", "/2"))
        assert reasons(results) == ["too-large"]
        assert len(bodies(results)) == 1


def link(relation: str, address: str) -> str:
    return f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='{relation}' href='{address}'/>"


def test_older_pages_and_archives_are_read_on_request() -> None:
    """Until there are no more, or they lead back; robots.txt counts there as well."""
    pages: dict[str, Page] = {
        "/feed": (200, rss("6", links=link("next", "/p2"))),
        "/p2": (200, rss("5", links=link("next", "/p3"))),
        "/p3": (200, rss("4", links=link("next", "/p2"))),
        "/log": (200, rss("3", links=link("prev-archive", "{0}/old"))),
        "/old": (200, rss("2", links=link("prev-archive", "{0}/no"))),
        "/no": (200, rss("1")),
        "/robots.txt": (200, b"User-agent: *\nDisallow: /no"),
    }
    with hosts(pages) as (host,):
        asked = addresses(host, "/feed", "/log")
        memory = Memory()
        assert len(bodies(memory.poll(asked))) == 2
        assert sorted(host.paths) == ["/feed", "/log"]
        host.asked.clear()
        results = memory.poll(asked, all_due=True, backfill=True, robots=True)
        assert sorted(host.paths) == ["/feed", "/log", "/old", "/p2", "/p3", "/robots.txt"]
        assert sorted(body.count(b"<item>") for body in bodies(results)) == [1] * 3
        assert reasons(results) == ["robots-disallowed"]
        older = [polled.payload for polled in results if polled.payload]
        assert all(payload.is_older_page for payload in older)
        assert {payload.feed_url for payload in older} == set(asked)


# What has not changed.


def test_without_validators_the_body_tells() -> None:
    """The same again is nothing new."""
    memory = Memory()
    with hosts(FEEDS) as (host,):
        assert len(bodies(memory.poll(addresses(host, "/1")))) == 1
        assert memory.poll(addresses(host, "/1"), all_due=True)[0].payload is None
        host.pages["/1"] = (200, rss("1", "2"))
        assert len(bodies(memory.poll(addresses(host, "/1"), all_due=True))) == 1


def test_a_server_that_says_unchanged_for_ever_is_asked_for_all_of_it() -> None:
    """Once a day."""
    memory = Memory()

    def lies(request: Request) -> tuple[object, ...]:
        return (304,) if "if-none-match" in request.headers else (200, rss(str(len(host.asked))), 'ETag: "1"')

    with hosts({"/1": lies}) as (host,):
        for hours, brings in ((0, 1), (1, 0), (2, 0), (25, 1)):
            results = memory.poll(addresses(host, "/1"), at=now() + hours * HOUR, all_due=True)
            assert len(bodies(results)) == brings


def test_guids_that_change_are_said_to_whoever_parses() -> None:
    """Once they were found to."""
    memory = Memory()
    with hosts(FEEDS) as (host,):
        (url,) = addresses(host, "/1")
        memory.states[url] = FeedState(url, unstable_guids="changing")
        (polled,) = memory.poll([url])
        assert polled.payload is not None
        assert polled.payload.has_unstable_guids


def test_a_host_that_is_not_there_is_a_failure_of_its_feeds() -> None:
    """Each with its reason, while others are read."""
    with hosts({}) as (gone,):
        pass
    with hosts(FEEDS) as (host,):
        results = Memory().poll(
            [*addresses(gone, "/1", "/2"), *addresses(host, "/1"), "http://"], http=LIMITS
        )
        assert reasons(results) == ["bad-address", "connection-failed", "connection-failed"]
        assert len(bodies(results)) == 1


def test_what_is_known_of_a_host_outlives_a_run_that_only_a_redirect_led_there() -> None:
    """Its robots.txt, for one."""
    memory = Memory()
    with hosts({"/1": to("{1}/1")}, FEEDS) as (leads, host):
        name = host.url.removeprefix("http://")
        memory.hosts[name] = HostState(name, robots_at=now(), robots_status=404)
        memory.poll(addresses(leads, "/1"))
        assert memory.hosts[name].robots_status == 404
        assert memory.hosts[name].last_request_at is not None
