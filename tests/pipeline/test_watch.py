"""A watch step by step: when it commits what, and what it keeps together. Clocks are the test's."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import pipeline.watch
from pipeline.fetch.client import Client
from pipeline.fetch.live import LivePoll, LivePoller
from pipeline.inbox import REST_S, Inbox
from pipeline.polling import read_states
from pipeline.run import beam_options
from pipeline.start import poll_settings
from pipeline.store.layout import Layout
from pipeline.watch import QUIET_COMMIT_S, Watcher
from schemas.errors import UsageError
from schemas.sources import SourceFile
from schemas.state import FeedState, Manifest
from tests.end_to_end.made_up import records, write_jsonl
from tests.pipeline.live_feeds import Clock
from tests.pipeline.polling_hosts import PollingHost, hosts, rss
from tests.pipeline.test_live import validated
from tests.pipeline.test_poller import addresses, page
from tests.pipeline.watching import Careful, Seconds, settings_of
from tests.servers.server import Request
from tests.tables import manifests, rows

LATENCY_S = 5.0


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as one:
        yield one


class Bounded:
    """Commits large drops by noting them. failing: how many tries fail."""

    def __init__(self, failing: int = 0) -> None:
        self.failing = failing
        self.drops: list[list[str]] = []

    def commit(self, files: Sequence[SourceFile], now: dt.datetime) -> Manifest | None:
        if self.failing:
            self.failing -= 1
            raise ValueError("no")
        self.drops.append([Path(file.path).name for file in files])
        return None


class Watched:
    """A watcher of an OUT, with clocks that are moved together."""

    def __init__(
        self, out: Path, client: Client, *urls: str, inbox: Path | None = None, **options: Any
    ) -> None:
        self.out = out
        self.clock, self.seconds = Clock(), Seconds()
        self.made = Careful(out, options.pop("breaks_at", lambda _: None))
        self.bounded = Bounded(options.pop("failing", 0))
        given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        settings = settings_of(out, "--feeds", "http://127.0.0.1/", *given)
        states, known_hosts = read_states(Layout(str(out)))
        self.poller = LivePoller(
            poll_settings(settings.run, None), client, self.clock, urls, states, known_hosts
        )
        self.watcher = Watcher(
            settings,
            self.poller,
            Inbox([] if inbox is None else [str(inbox)], self.seconds),
            self.made.careful,
            lambda: self.bounded,
            self.clock,
            self.seconds,
        )

    def pass_time(self, seconds: float = 0.0) -> float | None:
        """Lets time pass and works off what there is then; returns what the last step did."""
        self.seconds.now += seconds
        self.clock.now += dt.timedelta(seconds=seconds)
        while True:
            pause_s = self.watcher.step()
            if pause_s == 0.0:
                continue
            if not self.poller.under_way:
                return pause_s
            self.poller.wait(10)

    def to_next_poll(self) -> None:
        """Lets time pass until a feed is due, and works off what that brings."""
        at = self.poller.next_due_at
        assert at is not None
        self.pass_time(max((at - self.clock.now).total_seconds(), 0.0))

    @property
    def titles(self) -> list[str]:
        return sorted(row["title"] for row in rows(self.out, "articles"))

    @property
    def saved(self) -> dict[str, FeedState]:
        states, _ = read_states(Layout(str(self.out)))
        return states


def growing(host: PollingHost, path: str = "/1") -> list[str]:
    """A feed that shows the names in a list, by their number's validator, from oldest to newest."""
    names: list[str] = []

    def answer(request: Request) -> tuple[object, ...]:
        etag = f'"{len(names)}"'
        if request.headers.get("if-none-match") == etag:
            return (304,)
        return (200, rss(*names), f"ETag: {etag}")

    host.pages[path] = answer
    return names


def stories(*names: str) -> list[str]:
    return sorted(f"Story {name}" for name in names)


# News of feeds.


def test_news_wait_for_others_half_the_latency_and_no_longer(tmp_path: Path, client: Client) -> None:
    """So that what comes at about the same time is one commit."""
    with hosts({"/1": (200, rss("a"))}, {"/1": (200, rss("b"))}) as (one, other):
        watched = Watched(tmp_path, client, one.url + "/1", other.url + "/1", max_latency_s=LATENCY_S)
        assert watched.pass_time() == LATENCY_S / 2
        watched.pass_time(LATENCY_S / 2 - 0.1)
        assert manifests(tmp_path) == []
        watched.pass_time(0.1)
        assert watched.titles == stories("a", "b")
        assert len(manifests(tmp_path)) == 1


def test_an_item_is_readable_before_the_next_poll(tmp_path: Path, client: Client) -> None:
    """Whatever is published by one poll of its feed is in the tables by the next one, every time."""
    with hosts({}) as (host,):
        names = growing(host)
        watched = Watched(tmp_path, client, host.url + "/1")
        for number in range(6):
            names.append(str(number))
            watched.to_next_poll()
            polls = len(host.asked)
            watched.pass_time(LATENCY_S / 2)
            assert len(host.asked) == polls
            assert watched.titles == stories(*names)


def test_a_batch_is_committed_at_once_where_it_is_full(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing more is polled until it is: memory would follow the number of feeds."""
    monkeypatch.setattr(pipeline.watch, "ITEMS_PER_BATCH", 4)
    with hosts({f"/{number}": (200, rss(f"{number}a", f"{number}b")) for number in range(9)}) as (host,):
        watched = Watched(tmp_path, client, *addresses(host, *host.pages), fetch_concurrency=1)
        most = 0
        while len(watched.titles) < 18:
            pause_s = watched.watcher.step()
            most = max(most, sum(unit.rows.batch.read for unit in watched.watcher._waiting))
            if pause_s:
                watched.poller.wait(pause_s)
                watched.seconds.now += LATENCY_S
        assert most <= 4
        assert max(manifest.counts.read for manifest in watched.made.manifests) <= 4


def test_failures_are_dead_letters(tmp_path: Path, client: Client) -> None:
    """Of polls, and of what they bring, with what is known of the feed."""
    with hosts({"/1": (500,), "/2": (200, b"<rss><channel><item>")}) as (host,):
        watched = Watched(tmp_path, client, *addresses(host, "/1", "/2"))
        watched.pass_time()
        watched.pass_time(LATENCY_S)
        letters = {(row["stage"], row["reason"]) for row in rows(tmp_path, "dead_letters")}
        assert ("fetch", "http-500") in letters
        assert len(letters) == 2
        assert watched.saved[host.url + "/1"].failures == 1


def test_a_page_and_what_it_names_are_known_together(tmp_path: Path, client: Client) -> None:
    """Who stops then, and starts again, asks what was named without asking the page."""
    with hosts({"/": page("/1"), "/1": validated(rss("1"))}) as (host,):
        watched = Watched(tmp_path, client, host.url + "/")
        watched.pass_time()
        watched.watcher.finish()
        assert set(watched.saved) == {host.url + "/", host.url + "/1"}
        assert watched.saved[host.url + "/1"].found_at == host.url + "/"


# What is known of feeds.


def test_an_idle_watch_writes_little(tmp_path: Path, client: Client) -> None:
    """Polls without news are saved every few minutes, and at the end."""
    with hosts({"/1": validated(rss("1"))}) as (host,):
        watched = Watched(tmp_path, client, host.url + "/1")
        watched.pass_time()
        watched.pass_time(LATENCY_S)
        assert len(manifests(tmp_path)) == 1
        watched.to_next_poll()
        watched.pass_time(QUIET_COMMIT_S - 1)
        assert len(host.asked) == 2
        assert len(manifests(tmp_path)) == 1
        assert watched.saved[host.url + "/1"].polls == 1
        watched.pass_time(1)
        assert len(manifests(tmp_path)) == 2
        assert watched.saved[host.url + "/1"].polls == 2
        watched.to_next_poll()
        watched.watcher.finish()
        assert len(manifests(tmp_path)) == 3
        assert watched.saved[host.url + "/1"].polls == 3
        _, known = read_states(Layout(str(tmp_path)))
        assert set(known) == {host.url.removeprefix("http://")}
        assert [entry["counts"]["read"] for entry in manifests(tmp_path)] == [1, 0, 0]


def test_an_unchanged_answer_is_not_saved_before_the_news_that_it_follows(
    tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They wait for their commit while others are made: a stop there would else hide them for ever."""
    monkeypatch.setattr(pipeline.watch, "ITEMS_PER_BATCH", 1)
    with hosts({"/1": (200, rss("a", "b"))}, {"/2": validated(rss("c"))}) as (one, other):
        watched = Watched(tmp_path, client, one.url + "/1", other.url + "/2", min_poll_s=1, max_poll_s=1)
        watcher = watched.watcher
        taken: list[LivePoll] = []
        while len(taken) < 2:
            watched.poller.start_due()
            watched.poller.wait(10)
            taken += watched.poller.take().polls
        taken.sort(key=lambda poll: poll.url)
        (late,) = [poll for poll in taken if poll.url == other.url + "/2"]
        for poll in taken:
            watcher._take_poll(poll)
        assert late.state is not None
        unchanged = dataclasses.replace(late.state, polls=2, checked_at=late.state.checked_at)
        watcher._take_poll(dataclasses.replace(late, state=unchanged, payload=None))
        watcher._commit()
        assert set(watched.saved) == {one.url + "/1"}
        watcher._commit()
        assert watched.saved[other.url + "/2"].polls == 2
        assert watched.titles == stories("a", "b", "c")


def test_a_restart_loses_what_was_not_committed_and_polls_it_again(tmp_path: Path, client: Client) -> None:
    """As after a kill: the news that waited, and the validators that came with them."""
    with hosts({}) as (host,):
        names = growing(host)
        names.append("a")
        watched = Watched(tmp_path, client, host.url + "/1")
        watched.pass_time()
        again = Watched(tmp_path, client, host.url + "/1")
        again.pass_time()
        again.watcher.finish()
        assert again.titles == stories("a")
        assert len(host.asked) == 2
        assert "if-none-match" not in host.asked[1].headers


# Files.


def drop(folder: Path, name: str, count: int, seed: int = 1) -> list[str]:
    lines = records(count, seed=seed)
    write_jsonl(folder / name, lines)
    return [line["title"] for line in lines]


def test_a_file_is_taken_up_once(tmp_path: Path, client: Client) -> None:
    """When it has come to rest; again only where it was changed, and then its old items are known."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    titles = drop(inbox, "a.jsonl", 3)
    watched = Watched(out, client, inbox=inbox)
    watched.pass_time()
    watched.pass_time(REST_S)
    watched.pass_time(LATENCY_S)
    assert watched.titles == sorted(titles)
    watched.pass_time(60)
    assert len(manifests(out)) == 1
    titles = drop(inbox, "a.jsonl", 5)
    (inbox / "b.txt").write_text("")
    watched.pass_time(60)
    watched.pass_time(REST_S)
    watched.pass_time(LATENCY_S)
    assert watched.titles == sorted(titles)
    counts = watched.made.manifests[-1].counts
    assert (counts.kept, counts.unchanged, counts.dead_letter) == (2, 3, 1)


def test_after_a_restart_files_are_found_unchanged(tmp_path: Path, client: Client) -> None:
    """Nothing is written twice."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    titles = drop(inbox, "a.jsonl", 3)
    for _ in range(2):
        watched = Watched(out, client, inbox=inbox)
        watched.pass_time()
        watched.pass_time(REST_S)
        watched.watcher.finish()
    assert watched.titles == sorted(titles)
    # Ids of one moment are in no order.
    assert sorted(entry["counts"]["unchanged"] for entry in manifests(out)) == [0, 3]


def test_a_file_that_cannot_be_read_is_a_dead_letter(tmp_path: Path, client: Client) -> None:
    """With what there is of it."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    inbox.mkdir()
    (inbox / "a.jsonl.gz").write_bytes(b"no gzip")
    watched = Watched(out, client, inbox=inbox)
    watched.pass_time()
    watched.pass_time(REST_S)
    watched.watcher.finish()
    (row,) = rows(out, "dead_letters")
    assert (row["stage"], row["payload"], row["payload_bytes"]) == ("read", b"no gzip", 7)


@pytest.mark.parametrize("failing", [0, 1])
def test_a_large_drop_is_a_bounded_run_for_each_chunk(tmp_path: Path, client: Client, failing: int) -> None:
    """Which is tried again where it fails; the next chunk begins after other news were committed."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    for number in range(3):
        drop(inbox, f"{number}.jsonl", 600, seed=number)
        with (inbox / f"{number}.jsonl").open("a") as file:
            file.write(" " * 1_400_000)
    watched = Watched(out, client, inbox=inbox, failing=failing, chunk_mb=1)
    watched.pass_time()
    watched.pass_time(REST_S)
    names = dict.fromkeys(name for chunk in watched.bounded.drops for name in chunk)
    assert list(names) == ["0.jsonl", "1.jsonl", "2.jsonl"]
    assert len(watched.bounded.drops) > 1
    assert manifests(out) == []


def test_a_large_drop_that_fails_is_read_bit_by_bit(tmp_path: Path, client: Client) -> None:
    """Its items are committed by the way on which one bad one can be set aside."""
    out, inbox = tmp_path / "out", tmp_path / "in"
    titles = drop(inbox, "a.jsonl", 20)
    with (inbox / "a.jsonl").open("a") as file:
        file.write(" " * 4_100_000)
    watched = Watched(out, client, inbox=inbox, failing=99)
    watched.pass_time()
    watched.pass_time(REST_S)
    watched.watcher.finish()
    assert watched.titles == sorted(titles)
    assert watched.bounded.drops == []


# Settings.


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--feeds", "http://a.example/", "--runner", "FlinkRunner"), "run --streaming"),
        ((), "nothing to read"),
        (("--feeds", "http://a.example/", "--max_latency_s", "0"), "above 0"),
        (("--feeds", "http://a.example/", "--run_id", "x"), "neither"),
    ],
)
def test_what_a_watch_cannot_do_is_refused(tmp_path: Path, given: tuple[str, ...], said: str) -> None:
    """Before it starts."""
    with pytest.raises(UsageError, match=said):
        beam_options(settings_of(tmp_path, *given).run)
