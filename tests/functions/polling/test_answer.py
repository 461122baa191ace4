"""Every outcome of a poll, and what must hold after any sequence of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.state import FeedState, HostState
from transforms.functions.polling import answer as answers
from transforms.functions.polling.answer import after_answer, not_allowed
from transforms.functions.polling.headers import MAX_RETRY_AFTER_S
from transforms.functions.polling.outcomes import ItemsSeen, Outcome, PollLimits
from transforms.functions.polling.plan import due, plan_request, poll_address
from transforms.functions.polling.schedule import FeedSchedule

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
LIMITS = PollLimits(600, 43_200)
URL = "https://news.example/feed"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ITEMS = ItemsSeen(tuple(NOW - dt.timedelta(hours=hours) for hours in (1, 5, 9, 20)))
FULL = Outcome(200, etag='"1"', last_modified="Mon", body_hash="b1x", wire_bytes=9_000, items=ITEMS)


def poll(
    state: FeedState, outcome: Outcome, now: dt.datetime = NOW, host: HostState | None = None
) -> tuple[FeedState, HostState]:
    return after_answer(state, host or HostState("news.example"), outcome, now, random.Random(3), LIMITS)


def known(**changes: object) -> FeedState:
    """A feed that was polled in full an hour ago."""
    state, _ = poll(FeedState(URL), FULL, NOW - HOUR)
    return dataclasses.replace(state, **changes)  # type: ignore[arg-type]


def wait_s(state: FeedState, now: dt.datetime = NOW) -> float:
    assert state.next_poll_at is not None
    return (state.next_poll_at - now).total_seconds()


def test_a_full_answer_is_remembered() -> None:
    """Validators, hash, sizes and times; failures are over."""
    state, host = poll(FeedState(URL, failures=4, last_error="http-500"), FULL)
    assert (state.etag, state.last_modified, state.body_hash) == ('"1"', "Mon", "b1x")
    assert (state.failures, state.last_error, state.last_status) == (0, None, 200)
    assert (
        state.full_at == state.changed_at == state.checked_at == state.succeeded_at == state.added_at == NOW
    )
    assert (state.bytes_fetched, state.body_bytes, state.polls, state.items_seen) == (9_000, 9_000, 1, 4)
    assert state.newest_item_at == NOW - HOUR
    assert 600 <= wait_s(state) <= 43_200
    assert host == HostState("news.example")


def test_a_304_changes_no_content() -> None:
    """The time of the change stays; what a full answer would have cost is counted as saved."""
    before = known()
    state, _ = poll(before, Outcome(304, wire_bytes=300, conditional=True))
    assert (state.changed_at, state.full_at) == (before.changed_at, before.full_at)
    assert (state.etag, state.body_hash) == (before.etag, before.body_hash)
    assert (state.checked_at, state.succeeded_at) == (NOW, NOW)
    assert state.bytes_saved == 9_000 - 300
    assert state.bytes_fetched == before.bytes_fetched + 300


def test_the_same_body_again_is_no_change() -> None:
    """Its new validators are taken, and that it was fetched for nothing is noted."""
    before = known()
    state, _ = poll(before, dataclasses.replace(FULL, etag='"2"', conditional=True))
    assert state.changed_at == before.changed_at
    assert (state.etag, state.items_seen) == ('"2"', before.items_seen)
    assert state.unchanged_fulls > before.unchanged_fulls


def test_only_new_items_count() -> None:
    """Those with later times than any before."""
    newer = ItemsSeen((NOW - dt.timedelta(minutes=5), *ITEMS.times))
    state, _ = poll(known(), dataclasses.replace(FULL, body_hash="b1y", items=newer))
    assert state.items_seen == 5
    assert state.changed_at == NOW


def test_a_feed_without_times_counts_its_changes() -> None:
    """One item a change."""
    undated = dataclasses.replace(FULL, items=ItemsSeen((), 4))
    state, _ = poll(FeedState(URL), undated, NOW - HOUR)
    state, _ = poll(state, dataclasses.replace(undated, body_hash="b1y"))
    assert state.items_seen == 1
    assert state.newest_item_at is None


@pytest.mark.parametrize("status", [200, 304])
def test_a_permanent_redirect_counts_on_several_polls(status: int) -> None:
    """The third poll running with the same target moves the feed, which keeps its name."""
    outcome = dataclasses.replace(FULL, status=status, moved_to="https://new.example/feed")
    state = known()
    for polls in (1, 2):
        state, _ = poll(state, outcome)
        assert (state.moved_to, state.moved_polls, state.fetch_url) == (
            "https://new.example/feed",
            polls,
            None,
        )
    state, _ = poll(state, outcome)
    assert (state.url, poll_address(state)) == (URL, "https://new.example/feed")
    assert (state.moved_to, state.moved_polls) == (None, 0)


def test_a_redirect_that_changes_starts_anew() -> None:
    """And one poll without a permanent one ends the count: 302 and 307 come here as no move at all."""
    state = known()
    for target in ("https://a.example/", "https://a.example/", "https://b.example/"):
        state, _ = poll(state, dataclasses.replace(FULL, moved_to=target))
    assert (state.moved_to, state.moved_polls) == ("https://b.example/", 1)
    state, _ = poll(state, FULL)
    assert (state.moved_to, state.moved_polls, state.fetch_url) == (None, 0, None)


def test_a_redirect_to_an_error_moves_nothing() -> None:
    """Only an answer with the feed in it shows where it is."""
    state = known()
    for _ in range(5):
        state, _ = poll(state, Outcome(404, moved_to="https://b.example/"))
    assert (state.fetch_url, state.moved_to) == (None, None)


def test_a_feed_that_is_lost_where_it_moved_to_is_asked_at_its_old_address() -> None:
    """After three failures, or one 410, which is no end yet."""
    state = known(fetch_url="https://new.example/feed")
    for _ in range(2):
        state, _ = poll(state, Outcome(404))
        assert poll_address(state) == "https://new.example/feed"
    state, _ = poll(state, Outcome(404))
    assert poll_address(state) == URL
    state, _ = poll(known(fetch_url="https://new.example/feed"), Outcome(410))
    assert (state.status, poll_address(state), state.last_error) == ("active", URL, "http-410")
    assert wait_s(state) > 0


def test_a_move_back_needs_no_second_address() -> None:
    """Where the new address redirects to the one given."""
    state = known(fetch_url="https://new.example/feed")
    for _ in range(3):
        state, _ = poll(state, dataclasses.replace(FULL, moved_to=URL))
    assert state.fetch_url is None


def test_410_ends_the_polling() -> None:
    """It isn't due any more, not even with all_due."""
    state, _ = poll(known(), Outcome(410))
    assert (state.status, state.next_poll_at, state.last_error) == ("gone", None, "http-410")
    assert due([state], NOW + 100 * DAY) == due([state], NOW, all_due=True) == []


@pytest.mark.parametrize(
    ("outcome", "reason", "first_s", "last_s"),
    [
        (Outcome(404), "http-404", (3_600, 3_600), (86_400, 86_400)),
        (Outcome(400), "http-400", (3_600, 3_600), (86_400, 86_400)),
        (Outcome(451), "http-451", (3_600, 3_600), (86_400, 86_400)),
        (Outcome(401), "http-401", (21_600, 21_600), (86_400, 86_400)),
        (Outcome(403), "http-403", (21_600, 21_600), (86_400, 86_400)),
        (Outcome(408), "http-408", (600, 900), (86_400, 86_400)),
        (Outcome(500), "http-500", (600, 900), (86_400, 86_400)),
        (Outcome(503), "http-503", (600, 900), (86_400, 86_400)),
        (Outcome(None, "timeout"), "timeout", (600, 900), (86_400, 86_400)),
        (Outcome(None, "tls-failed"), "tls-failed", (600, 900), (86_400, 86_400)),
        (Outcome(200, "not-a-feed", body_hash="b1p"), "not-a-feed", (600, 900), (86_400, 86_400)),
        (Outcome(302), "http-302", (600, 900), (86_400, 86_400)),
    ],
    ids=lambda value: str(value.status) + str(value.error or "") if isinstance(value, Outcome) else "",
)
def test_failures_back_off(
    outcome: Outcome, reason: str, first_s: tuple[float, float], last_s: tuple[float, float]
) -> None:
    """From the first wait up to a day; what was known of the content stays, but for a page in its place."""
    state, now = known(), NOW
    waits = []
    for failures in range(1, 41):
        state, host = poll(state, outcome, now)
        assert (state.failures, state.last_error, state.status) == (failures, reason, "active")
        assert host.not_before is None
        waits.append(wait_s(state, now))
        now += dt.timedelta(seconds=waits[-1])
    assert first_s[0] <= waits[0] <= first_s[1]
    assert last_s[0] <= waits[-1] <= last_s[1]
    assert max(waits) <= 86_400
    assert state.changed_at == NOW - HOUR
    assert (state.etag is None) == (outcome.status == 200)


def test_after_an_outage_a_feed_is_soon_asked() -> None:
    """Within three eighths of how long it was down, however often it was asked meanwhile; and it isn't asked often."""
    state, now = known(), NOW
    polls = 0
    while now < NOW + DAY:
        state, _ = poll(state, Outcome(500), now)
        polls += 1
        down_s = (now - NOW + HOUR).total_seconds()
        assert wait_s(state, now) <= max(900, 0.375 * down_s)
        now += dt.timedelta(seconds=wait_s(state, now))
    assert polls < 25


def test_feeds_that_fail_together_come_back_apart() -> None:
    """Jitter: the same failure, other waits."""
    host, rng = HostState("news.example"), random.Random(1)
    waits = {after_answer(known(), host, Outcome(502), NOW, rng, LIMITS)[0].next_poll_at for _ in range(10)}
    assert len(waits) == 10


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("120", 120),
        (" 7200 ", 7_200),
        (email.utils.format_datetime(NOW + 3 * HOUR, usegmt=True), 3 * 3_600),
        ("Monday, 02-Mar-26 14:00:00 GMT", 2 * 3_600),
        ("99999999999", MAX_RETRY_AFTER_S),
        ("Fri, 01 Jan 2100 00:00:00 GMT", MAX_RETRY_AFTER_S),
    ],
)
def test_a_retry_after_holds_for_the_host(status: int, wish: str, seconds: float) -> None:
    """In seconds, and in each form of a date that HTTP has; a week at most."""
    state, host = poll(known(), Outcome(status, retry_after=wish))
    assert host.not_before == NOW + dt.timedelta(seconds=seconds)
    assert wait_s(state) >= seconds
    other = FeedState("https://news.example/other")
    hosts = {host.host: host}
    assert due([other], NOW + dt.timedelta(seconds=seconds - 60), all_due=True, hosts=hosts) == []
    assert due([other], NOW + dt.timedelta(seconds=seconds), hosts=hosts) == [other]


@pytest.mark.parametrize("wish", ["-5", "0", "soon", "1.5", "", "Sat, 01 Jan 2000 00:00:00 GMT", "9" * 5_000])
def test_a_retry_after_that_asks_for_nothing_is_ignored(wish: str) -> None:
    """503: the feed backs off as ever. 429: the host rests, for it did say that it is asked too often."""
    state, host = poll(known(), Outcome(503, retry_after=wish))
    assert host.not_before is None
    assert 600 <= wait_s(state) <= 900
    state, host = poll(known(), Outcome(429, retry_after=wish))
    assert host.not_before == NOW + dt.timedelta(seconds=answers.TOO_MANY_PAUSE_S)


def test_a_retry_after_elsewhere_is_none() -> None:
    """RFC 9110 has it with 3xx too, where it isn't for the host."""
    for status in (200, 301, 404, 500):
        assert poll(known(), Outcome(status, retry_after="600"))[1].not_before is None


def test_a_shorter_wish_doesnt_undo_a_longer_one() -> None:
    """And a feed that answers meanwhile waits as well."""
    resting = HostState("news.example", not_before=NOW + DAY)
    state, host = poll(known(), Outcome(503, retry_after="60"), host=resting)
    assert host == resting
    state, _ = poll(known(), FULL, host=resting)
    assert state.next_poll_at == NOW + DAY


def test_a_full_answer_is_asked_for_once_a_day() -> None:
    """Whatever the server says in between."""
    state = known()
    host = HostState("news.example")
    assert plan_request(state, host, NOW).etag == '"1"'
    assert plan_request(state, host, NOW).last_modified == "Mon"
    for hours in range(23):
        state, _ = poll(state, Outcome(304, conditional=True), NOW + hours * HOUR)
    assert not plan_request(state, host, NOW + 23 * HOUR)
    state, _ = poll(state, FULL, NOW + 23 * HOUR)
    assert plan_request(state, host, NOW + 24 * HOUR)
    assert not plan_request(FeedState(URL), host, NOW)


def test_a_silence_that_is_hard_to_believe_is_looked_into() -> None:
    """A feed with sixty items a day of which none comes for hours; sooner where it holds few."""

    def lively(items_a_day: float, window: int) -> FeedState:
        return known(observed_items=items_a_day * 10, observed_h=240.0, window_items=window)

    host = HostState("news.example")
    full_at = NOW - HOUR
    assert plan_request(lively(60, 50), host, full_at + 3 * HOUR)
    assert not plan_request(lively(60, 50), host, full_at + 5 * HOUR)
    assert plan_request(lively(30, 50), host, full_at + 5 * HOUR)
    assert not plan_request(lively(30, 10), host, full_at + 5 * HOUR)
    # Four hours at least, however lively.
    assert plan_request(lively(900, 50), host, full_at + 3 * HOUR)


def test_a_server_that_lies_is_not_believed() -> None:
    """Another body under the same validators: no conditions for a week, and then again."""
    state, _ = poll(known(), Outcome(304, conditional=True), NOW)
    day_later = NOW + DAY
    state, _ = poll(state, dataclasses.replace(FULL, body_hash="b1other", items=None), day_later)
    host = HostState("news.example")
    assert state.distrusted_until == day_later + answers.DISTRUST
    assert not plan_request(state, host, day_later + HOUR)
    # A full answer each day goes on.
    state = dataclasses.replace(state, full_at=day_later + answers.DISTRUST)
    assert plan_request(state, host, day_later + answers.DISTRUST + HOUR)


def test_a_server_that_denies_items_is_not_believed_the_second_time() -> None:
    """Though its validators do change: an item from long before the 304 that denied it."""
    state = known()
    host = HostState("news.example")
    for number in (1, 2):
        day = NOW + number * DAY
        state, _ = poll(state, Outcome(304, conditional=True), day - HOUR)
        late = ItemsSeen((day - 5 * HOUR,))
        state, _ = poll(
            state, dataclasses.replace(FULL, etag=f'"{number}x"', body_hash=f"b1{number}", items=late), day
        )
        assert (state.distrusted_until is not None) == (number == 2)
    assert not plan_request(state, host, NOW + 2 * DAY + HOUR)


def test_feeds_that_state_old_times_are_no_liars() -> None:
    """A weekly page written on the days before."""
    state = known(late_share=0.5)
    for number in (1, 2, 3):
        day = NOW + number * DAY
        state, _ = poll(state, Outcome(304, conditional=True), day - HOUR)
        late = ItemsSeen((day - 5 * HOUR,))
        state, _ = poll(
            state, dataclasses.replace(FULL, etag=f'"{number}x"', body_hash=f"b1{number}", items=late), day
        )
        assert state.distrusted_until is None


def test_an_honest_change_is_no_lie() -> None:
    """A full answer with other validators, and items since the last poll."""
    state, _ = poll(known(), Outcome(304, conditional=True), NOW + DAY - HOUR)
    news = ItemsSeen((NOW + DAY - HOUR / 2,))
    state, _ = poll(state, dataclasses.replace(FULL, etag='"2"', body_hash="b1z", items=news), NOW + DAY)
    assert (state.distrusted_until, state.denied_changes) == (None, 0)


def test_what_a_feed_says_is_kept() -> None:
    """Also where a later answer was not looked into."""
    schedule = FeedSchedule(ttl_s=1_800, skip_hours=(1, 2), title="T", hub_url="https://hub.example/")
    state, _ = poll(known(), dataclasses.replace(FULL, schedule=schedule, cache_control="max-age=900"))
    state, _ = poll(state, Outcome(304, conditional=True))
    assert (state.ttl_s, state.skip_hours, state.title) == (1_800, (1, 2), "T")
    assert (state.hub_url, state.max_age_s) == ("https://hub.example/", 900)


def test_robots_keep_a_feed_for_a_day() -> None:
    """No poll is counted, since there was no request; an hour where the host couldn't say what it allows."""
    closed = HostState("news.example", robots_status=200, robots_body="User-agent: *\nDisallow: /")
    state = not_allowed(known(), closed, NOW)
    assert (state.last_error, state.failures, state.polls) == ("robots-disallowed", 1, 1)
    assert wait_s(state) == state.interval_s == 86_400
    down = HostState("news.example", robots_status=503)
    state = not_allowed(known(), down, NOW)
    assert (state.last_error, wait_s(state)) == ("robots-unreachable", 3_600)
    still_closed = dataclasses.replace(closed, robots_status=None, not_before=NOW + 2 * DAY)
    state = not_allowed(known(), still_closed, NOW)
    assert (state.last_error, wait_s(state)) == ("robots-disallowed", 2 * 86_400)


def test_the_interval_counts_from_the_beginning_of_the_run() -> None:
    """However long a feed waited for its turn; a failure's counts from its own time."""
    host, run_at = HostState("news.example"), NOW - dt.timedelta(minutes=5)
    limits = PollLimits(600, 600)
    state, _ = after_answer(known(), host, FULL, NOW, random.Random(1), limits, run_at=run_at)
    assert state.next_poll_at == run_at + dt.timedelta(minutes=10)
    state, _ = after_answer(known(), host, Outcome(404), NOW, random.Random(1), limits, run_at=run_at)
    assert state.next_poll_at == NOW + HOUR


_TIMES = st.integers(-40 * 86_400, 2 * 86_400).map(lambda seconds: NOW + dt.timedelta(seconds=seconds))
_HEADERS = st.none() | st.sampled_from(["0", "5", "86400", "1e9", "max-age=60", "no-store, max-age=5", "x"])
_OUTCOMES = st.builds(
    Outcome,
    status=st.sampled_from([None, 200, 200, 304, 304, 301, 400, 401, 403, 404, 408, 410, 429, 500, 503, 999]),
    error=st.sampled_from([None, None, None, "timeout", "not-a-feed"]),
    etag=st.sampled_from([None, '"1"', '"2"']),
    retry_after=_HEADERS,
    cache_control=_HEADERS,
    moved_to=st.sampled_from([None, URL, "https://b.example/", "https://c.example/"]),
    body_hash=st.sampled_from([None, "b1a", "b1b", "b1c"]),
    wire_bytes=st.integers(0, 10**7),
    conditional=st.booleans(),
    items=st.none() | st.builds(ItemsSeen, st.lists(_TIMES, max_size=20).map(tuple), st.integers(0, 5)),
    schedule=st.none()
    | st.builds(
        FeedSchedule,
        ttl_s=st.none() | st.integers(1, 10**8),
        skip_hours=st.lists(st.integers(0, 23), max_size=24, unique=True).map(tuple),
        skip_days=st.lists(st.integers(0, 6), max_size=7, unique=True).map(tuple),
        update_period_s=st.none() | st.integers(1, 10**8),
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(_OUTCOMES, st.integers(0, 5 * 86_400)), min_size=1, max_size=25),
    st.integers(1, 3_600),
    st.integers(1, 100_000),
    st.integers(0, 2**32),
)
def test_whatever_servers_answer(
    answered: list[tuple[Outcome, int]], least: int, more: int, seed: int
) -> None:
    """Intervals keep their bounds, Retry-After is kept, back-offs end at a day, and a feed keeps its name."""
    limits = PollLimits(least, least + more)
    state, host, now, rng = FeedState(URL), HostState("news.example"), NOW, random.Random(seed)
    for outcome, passed in answered:
        now += dt.timedelta(seconds=passed)
        before = host
        state, host = after_answer(state, host, outcome, now, rng, limits)
        assert state.url == URL
        assert host.host == "news.example"
        if before.not_before is not None:
            assert host.not_before is not None
            assert host.not_before >= before.not_before
        if state.status == "gone":
            assert (state.next_poll_at, state.interval_s) == (None, None)
            return
        assert state.next_poll_at is not None
        assert state.next_poll_at > now
        assert state.interval_s is not None
        if host.not_before is not None:
            assert state.next_poll_at >= host.not_before
        if state.failures:
            assert state.interval_s <= answers.MAX_BACKOFF_S
        else:
            assert limits.min_poll_s <= state.interval_s <= limits.max_poll_s
        assert state.items_per_day is None or state.items_per_day > 0
        assert len(state.profile) in (0, 151)
