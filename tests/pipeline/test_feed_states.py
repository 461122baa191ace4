"""What is kept of feeds and hosts, and how their health is shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.feeds_report import WIDE, render_feeds
from pipeline.staging import Staging
from pipeline.store.check import _state_differences
from pipeline.store.feeds import read_feed_states, stage_feed_states
from pipeline.store.hosts import read_host_states, stage_host_states
from pipeline.store.layout import table_of
from schemas.state import FeedState, HostState
from schemas.tables import FEEDS, FEEDS_READABLE, HOSTS
from transforms.coders import SHUFFLED, RecordCoder

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
FULL = FeedState(
    "https://news.example/feed", '"1"', "Mon", "b1", NOW, NOW, 2, "http-500", "https://new.example/",
    "https://moved.example/", 2, NOW, NOW, NOW, NOW, 1_800.5, "retired", 500, 7, 10**12, 10**11, 9_000, 0.25, NOW, 1,
    12, NOW, 3.5, 20, 1, tuple(map(float, range(151))), NOW, 8.0, 99.5, 12.25, 0.1, 60, 3_600, 300, (0, 23), (5, 6),
    "Quay", "https://hub.example/", "https://self.example/", "changing",
)  # fmt: skip
HOST = HostState("news.example", NOW, NOW, NOW, 200, "User-agent: *", 5.0)


def test_the_tables_hold_the_records() -> None:
    """Column for field, in their order."""
    assert FEEDS.names == [field.name for field in dataclasses.fields(FeedState)]
    assert HOSTS.names == [field.name for field in dataclasses.fields(HostState)]


def test_states_come_back_as_they_were(tmp_path: Path) -> None:
    """All fields set, and none; hosts and feeds in one folder, each read by its own."""
    staging = Staging(str(tmp_path), "_staging/run")
    feeds = [FeedState("https://a.example/"), FULL]
    hosts = [HostState("a.example"), HOST]
    paths = []
    for staged in (stage_feed_states(feeds, staging, "r1"), stage_host_states(hosts, staging, "r1")):
        assert table_of(staged.target) == staged.table
        assert staged.rows == 2
        target = tmp_path / staged.target
        target.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / staged.staged).rename(target)
        assert target.stat().st_size == staged.bytes
        assert _state_differences(pq.read_schema(target), staged.table) == ""
        paths.append(str(target))
    assert list(read_feed_states(paths).values()) == feeds
    assert list(read_host_states(paths).values()) == hosts


def test_the_state_of_an_older_program_is_read(tmp_path: Path) -> None:
    """What it didn't keep has its defaults; what a newer one added is passed over."""
    row = {"url": "https://a.example/", "etag": '"1"', "failures": 3, "checked_at": NOW}
    old = tmp_path / "r1.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=FEEDS_READABLE[1]), old)
    expected = FeedState("https://a.example/", etag='"1"', failures=3, checked_at=NOW)
    assert read_feed_states([str(old)]) == {"https://a.example/": expected}
    assert _state_differences(pq.read_schema(old), "feeds") == ""
    new = tmp_path / "r2.parquet"
    table = pa.Table.from_pylist([dataclasses.asdict(FULL)], schema=FEEDS)
    pq.write_table(table.append_column("mood", pa.array(["good"])), new)
    assert read_feed_states([str(new)]) == {FULL.url: FULL}
    assert "mood" in _state_differences(pq.read_schema(new), "feeds")


def test_states_travel() -> None:
    """Between workers, as they are."""
    assert HostState in SHUFFLED
    for record in (FULL, HOST):
        coder = RecordCoder(type(record))
        assert coder.decode(coder.encode(record)) == record


STATES = [
    FeedState(
        "https://fine.example/rss", checked_at=NOW, items_seen=5, interval_s=1_800, bytes_saved=5_000_000
    ),
    dataclasses.replace(FULL, url="https://me:secret@gone.example/rss?token=abc", status="gone"),
    FeedState("https://bad.example/\x1b[31m\u202e", checked_at=NOW, failures=2, last_error="timeout"),
    FeedState("https://late.example/[red]rss[/red]"),
]


@pytest.mark.parametrize("width", [20, 40, 80, WIDE, 160])
def test_feeds_are_shown_worst_first(width: int) -> None:
    """At any width, without secrets and controls, and no line longer than the terminal is wide."""
    hosts = {"fine.example": HostState("fine.example", not_before=NOW + dt.timedelta(hours=2))}
    text = render_feeds(STATES, hosts, NOW, width)
    assert " ".join(text.split()).startswith("4 feeds: 1 broken, 1 look, 1 note, 1 fine ")
    assert all(len(line) <= width for line in text.splitlines())
    joined = re.sub(r"\s", "", text)
    assert "secret" not in joined
    assert "abc" not in joined
    assert "\x1b" not in text
    assert "\u202e" not in text
    if width != WIDE:
        # There an address is folded into its column, beside others.
        places = [joined.index(name) for name in ("gone.ex", "bad.ex", "late.ex", "fine.ex")]
        assert places == sorted(places)
        assert "[red]" in joined
    if width == 160:
        assert "its host asks to wait 2 h more" in " ".join(text.split())
        assert "5.0 MB" in text


def test_no_feeds() -> None:
    """Is said."""
    assert "none was polled" in render_feeds([], {}, NOW, 80)
