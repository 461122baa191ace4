"""What the server of made-up news promises to those who are tried on it."""

from __future__ import annotations

import http.client
import itertools
import time
import urllib.error
import urllib.request
from pathlib import Path

from schemas.records import Origin
from tests.streaming.many_runs import many_runs
from tests.streaming.news_server import Terms, news_server
from tests.streaming.newsroom import KINDS, Entry, Newsroom
from transforms.functions.feeds import parse_feed


def fetch(address: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
    """Status, ETag and body."""
    headers = {} if etag is None else {"If-None-Match": etag}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=20) as answer:
            return answer.status, answer.headers["ETag"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["ETag"], b""


def test_the_same_seed_publishes_the_same() -> None:
    """All of it, with every kind of item in it; and another seed something else."""

    def made(seed: int) -> list[Entry]:
        newsroom = Newsroom(seed=seed, feeds=10, rate=20, edit_after_s=5)
        return list(itertools.islice(newsroom.entries(), 1_000))

    assert made(1) == made(1)
    assert made(1) != made(2)
    assert {entry.kind for entry in made(1)} == set(KINDS)


def test_feeds_grow_and_tell_what_they_showed() -> None:
    """Unchanged feeds answer 304, and what a feed shows is what the desk tells of it."""
    with news_server(Terms(rate=100, feeds=4, error_share=0, slow_s=0.01)) as served:
        deadline = time.monotonic() + 20
        while len(served.published()) < 100 and time.monotonic() < deadline:
            time.sleep(0.05)
        served.stop_publishing()
        for feed in served.feeds:
            status, etag, body = fetch(feed)
            assert status == 200
            assert fetch(feed, etag)[:2] == (304, etag)
            shown = {item.origin.guid for item in parse_feed(body, Origin("feed", feed)).items}
            told = [one for one in served.published() if one.feed == feed and one.is_article]
            assert shown == {one.key[0] for one in told}
            assert all(one.sent_at is not None for one in told[-5:])


def test_what_has_to_stay_stays() -> None:
    """Until it may go, nothing leaves its feed, and no edit takes its place."""
    terms = Terms(rate=200, feeds=2, error_share=0, slow_s=0, shown_s=0.1, edit_after_s=0, by_leave=True)
    with news_server(terms) as served:

        def shown(feed: str) -> list[str | None]:
            return [item.origin.guid for item in parse_feed(fetch(feed)[2], Origin("feed", feed)).items]

        def wait_for(count: int) -> None:
            deadline = time.monotonic() + 20
            while len(served.published()) < count:
                assert time.monotonic() < deadline
                time.sleep(0.05)

        wait_for(100)
        told = served.published()
        assert len({(one.feed, one.key[0]) for one in told}) == len(told)
        assert {one.revision for one in told} == {1}
        first = [one.key[0] for one in told[:50] if one.feed == served.feeds[0] and one.is_article]
        assert set(first) <= set(shown(served.feeds[0]))
        served.give_leave(told[-1].number)
        wait_for(len(told) + 100)
        assert max(one.revision for one in served.published()) > 1
        assert not set(first) <= set(shown(served.feeds[0]))


def test_polls_fail_as_they_are_asked_to() -> None:
    """With an error, in the middle of the body, or for good."""
    with news_server(Terms(rate=100, feeds=2, error_share=1, late_s=0, slow_s=0, gone_after_s=0)) as served:
        gone, failing = served.feeds
        deadline = time.monotonic() + 20
        while fetch(gone)[0] != 410:
            assert time.monotonic() < deadline
        seen: set[str] = set()
        while seen != {"500", "503", "broken"}:
            assert time.monotonic() < deadline, seen
            try:
                seen.add(str(fetch(failing)[0]))
            except (OSError, http.client.HTTPException):
                seen.add("broken")
        assert all(one.sent_at is None for one in served.published())


def test_small_runs_say_what_one_run_says(tmp_path: Path) -> None:
    """The long form is `python -m tests.streaming.many_runs`."""
    done = many_runs(tmp_path, Terms(rate=20, slow_s=0.2, error_share=0.05, late_s=0, edit_after_s=4), 8)
    assert done.lines == []
    assert done.runs > 3
    assert done.unsent == 0
    for one in done.accounts:
        assert (one.missing, one.doubled, one.unknown) == ([], [], [])
    assert done.revisions > 100
