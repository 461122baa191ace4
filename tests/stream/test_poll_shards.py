"""What a shard of hosts polls, keeps with the engine, and gives up when the engine has gone back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import work
from pipeline.fetch.poll import PollSettings
from pipeline.stream import poll
from pipeline.stream.poll import PollShards, shard_of
from pipeline.window import WindowWriter
from schemas.records import PayloadBatch
from schemas.staged import PreparedBatch, PreparedRows, Tick
from tests.pipeline.polling_hosts import LIMITS, Page, PollingHost, hosts, now, rss
from tests.pipeline.test_poller import page
from tests.servers.server import Request
from tests.stream.prepared import window_settings
from tests.tables import rows
from transforms.functions.polling.hosts import host_of
from transforms.functions.polling.outcomes import PollLimits

#: Seconds after which something hangs.
LONG_S = 60.0


class Cells:
    """What an engine keeps for one key: a bag and a value, which it may put back to what they were."""

    def __init__(self) -> None:
        self.bag: list[bytes] = []
        self.value: bytes | None = None

    def read(self) -> bytes | None:
        return self.value

    def write(self, value: bytes) -> None:
        self.value = value

    def copy(self) -> Cells:
        other = Cells()
        other.bag, other.value = list(self.bag), self.value
        return other


class Bag:
    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def read(self) -> list[bytes]:
        return list(self.cells.bag)

    def add(self, data: bytes) -> None:
        self.cells.bag.append(data)

    def clear(self) -> None:
        self.cells.bag.clear()


class Shards:
    """A worker with all shards, and what the engine keeps of them."""

    def __init__(self, out: Path, *feeds: str, shards: int = 1, all_due: bool = False) -> None:
        settings = PollSettings(
            LIMITS, PollLimits(min_poll_s=0.05, max_poll_s=0.1), run_at=now(), host_gap_s=0.0
        )
        self.wiring = PollShards(feeds, settings, shards, window_settings(out), all_due)
        self.cells = [Cells() for _ in range(shards)]
        self.start()

    def start(self) -> None:
        """As a worker that has just begun."""
        self.worker = poll._PollShard(self.wiring)
        self.worker.setup()

    def tick(self, is_last: bool = False) -> list[PreparedRows]:
        made: list[PreparedRows] = []
        for number, cells in enumerate(self.cells):
            given = self.worker.process((number, Tick(0, is_last)), Bag(cells), cells)
            made += [stamped.value for stamped in given]
        return made

    def until(self, is_enough: Callable[[list[PreparedRows]], bool]) -> list[PreparedRows]:
        """Ticks until enough came out."""
        made: list[PreparedRows] = []
        ends = time.monotonic() + LONG_S
        while not is_enough(made):
            assert time.monotonic() < ends
            made += self.tick()
            time.sleep(0.02)
        return made


def has_items(count: int) -> Callable[[list[PreparedRows]], bool]:
    return lambda made: sum(len(one.batch.keys) for one in made) >= count


def once(body: bytes) -> Page:
    """A feed that is sent once to whoever doesn't have it."""

    def answer(request: Request) -> tuple[object, ...]:
        return (304,) if request.headers.get("if-none-match") == '"1"' else (200, body, 'ETag: "1"')

    return answer


@pytest.fixture
def host() -> Iterator[PollingHost]:
    with hosts({"/1": once(rss("1")), "/2": once(rss("2"))}) as (one,):
        yield one


def test_items_come_with_the_states_of_their_feeds(tmp_path: Path, host: PollingHost) -> None:
    """Neither is saved without the other."""
    made = Shards(tmp_path, host.url + "/1", host.url + "/2").until(has_items(2))
    with_items = [one for one in made if one.batch.keys]
    polled = {state.url for one in with_items for state in one.polled.feeds}
    assert polled == {host.url + "/1", host.url + "/2"}
    assert all(state.etag == '"1"' for one in with_items for state in one.polled.feeds)


def test_what_a_failed_bundle_brought_is_asked_for_again(tmp_path: Path, host: PollingHost) -> None:
    """The engine has put back what it keeps: the poller that was ahead of it must not go on."""
    shards = Shards(tmp_path, host.url + "/1")
    before = [cells.copy() for cells in shards.cells]
    shards.until(has_items(1))
    shards.cells = before
    shards.until(has_items(1))


def test_a_new_worker_goes_on_from_what_the_engine_keeps(tmp_path: Path, host: PollingHost) -> None:
    shards = Shards(tmp_path, host.url + "/1")
    shards.until(has_items(1))
    shards.start()
    made = shards.until(lambda made: any(one.polled.feeds for one in made))
    assert not any(one.batch.keys for one in made)
    assert made[0].polled.feeds[0].last_status == 304


def test_with_nothing_kept_a_worker_begins_with_what_is_committed(tmp_path: Path, host: PollingHost) -> None:
    """A start anew, or another engine."""
    made = Shards(tmp_path, host.url + "/1").until(has_items(1))
    WindowWriter(window_settings(tmp_path)).write(made, now())
    again = Shards(tmp_path, host.url + "/1").until(lambda made: any(one.polled.feeds for one in made))
    assert not any(one.batch.keys for one in again)
    assert len(rows(tmp_path, "articles")) == 1


def test_what_is_kept_stays_small(tmp_path: Path, host: PollingHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many polls of one feed are not as many entries, and none is forgotten over it."""
    monkeypatch.setattr(poll, "_ADDITIONS", 3)
    shards = Shards(tmp_path, host.url + "/1", host.url + "/2")
    shards.until(lambda made: sum(len(one.polled.feeds) for one in made) > 12)
    assert len(shards.cells[0].bag) <= 3
    shards.start()
    shards.tick()
    assert {state.etag for state in shards.worker._pollers[0].feeds.values()} == {'"1"'}
    assert len(shards.worker._pollers[0].feeds) == 2


def test_an_error_of_ours_costs_the_document_that_meets_it(
    tmp_path: Path, host: PollingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job would else end with it, and every other one after it."""
    prepare = work.PrepareBatch.__call__

    def broken(self: work.PrepareBatch, batch: PayloadBatch) -> PreparedBatch:
        if any(b"Story 1" in payload.parts[0] for payload in batch.payloads):
            raise RuntimeError("ours")
        return prepare(self, batch)

    monkeypatch.setattr(work.PrepareBatch, "__call__", broken)
    made = Shards(tmp_path, host.url + "/1", host.url + "/2").until(
        lambda made: has_items(1)(made) and any(one.batch.dead_letter_keys for one in made)
    )
    (letter,) = {key.reason: key for one in made for key in one.batch.dead_letter_keys}.values()
    assert (letter.stage, letter.reason, letter.payload_bytes) == ("stream", "prepare-failed", len(rss("1")))
    assert letter.detail == "RuntimeError: ours"


def test_what_is_lost_in_an_error_is_asked_for_again(
    tmp_path: Path, host: PollingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poller that had given something out isn't gone on with."""
    shards = Shards(tmp_path, host.url + "/1")
    with monkeypatch.context() as patched:

        def full(*_: object, **__: object) -> None:
            raise MemoryError

        patched.setattr(poll, "prepare_carefully", full)
        with pytest.raises(MemoryError):
            shards.until(has_items(1))
    shards.until(has_items(1))


def test_each_host_is_one_shards(tmp_path: Path) -> None:
    """And every feed is somebody's."""
    with hosts(*[{"/1": once(rss(str(number)))} for number in range(6)]) as six:
        shards = Shards(tmp_path, *(one.url + "/1" for one in six), shards=3)
        shards.until(has_items(6))
        for number in range(3):
            poller = shards.worker._pollers[number].poller
            ours = [one for one in six if poller.polls(one.url + "/1")]
            assert [shard_of(host_of(one.url), 3) for one in ours] == [number] * len(ours)
        assert all(one.paths[0] == "/1" for one in six)


def test_feeds_that_are_found_on_anothers_hosts_are_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through OUT, once they are committed with the page that names them."""
    monkeypatch.setattr(poll, "_LOOK_EVERY_S", 0.0)
    names = [f"{{{number}}}/1" for number in range(6)]
    with hosts(
        {"/": page(*names), "/1": once(rss("0"))}, *[{"/1": once(rss(str(n)))} for n in range(1, 6)]
    ) as six:
        shards = Shards(tmp_path, six[0].url + "/", shards=3)
        assert len({shard_of(host_of(one.url), 3) for one in six}) > 1
        writer = WindowWriter(window_settings(tmp_path))
        made: list[PreparedRows] = []
        ends = time.monotonic() + LONG_S
        while not has_items(6)(made):
            assert time.monotonic() < ends
            given = shards.tick()
            if given:
                writer.write(given, now())
            made += given
            time.sleep(0.02)
    assert len(rows(tmp_path, "articles")) == 6


def test_the_last_tick_ends_the_stream(tmp_path: Path, host: PollingHost) -> None:
    """Nothing is begun any more, and one element says so."""
    shards = Shards(tmp_path, host.url + "/1", shards=2)
    made = shards.tick(is_last=True)
    assert [one.is_last for one in made] == [True]
    assert not host.asked
    assert not any(shard.poller.under_way for shard in shards.worker._pollers.values())
