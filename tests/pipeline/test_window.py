"""Batches that are decided on and committed without a graph."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.polling import read_states
from pipeline.store.check import check_output
from pipeline.store.layout import Layout
from pipeline.window import PrepareRows, WindowWriter
from schemas.errors import RecordError
from schemas.records import Origin, PayloadBatch
from schemas.staged import PolledFeeds, PreparedRows
from schemas.state import Counts, FeedState, HostState, Manifest, WindowSpan
from tests.end_to_end.made_up import cuts_of_one_story, records, write_jsonl
from tests.end_to_end.test_groups import groups
from tests.stream.prepared import NOW, rows_of, window_settings
from tests.tables import content, manifests, rows
from transforms.functions.prepare import dead_letter


def committed(manifest: Manifest | None) -> Counts:
    assert manifest is not None
    return manifest.counts


def test_a_batch_is_a_run_like_any_other(tmp_path: Path) -> None:
    """Its rows, its dead letters and its index are what a run over the same input leaves."""
    lines = [*records(20), *cuts_of_one_story(3), {"id": "empty"}]
    out = tmp_path / "windows"
    writer = WindowWriter(window_settings(out))
    counts = committed(writer.write([rows_of(lines, name=str(tmp_path / "in.jsonl"))], NOW))
    write_jsonl(tmp_path / "in.jsonl", lines)
    options = ("--entities", "none", "--progress", "off", "--workers", "1")
    one = tmp_path / "one"
    assert main(["run", "--input", str(tmp_path / "in.jsonl"), "--output", str(one), *options]) == 0
    assert counts == Counts(read=24, kept=counts.kept, duplicate=counts.duplicate, dead_letter=1)
    assert manifests(one)[0]["counts"] == manifests(out)[0]["counts"]
    for table in ("articles", "duplicates", "dead_letters"):
        assert content(out, table) == content(one, table)
    assert {row["run_id"] for row in rows(out, "articles")} == {manifests(out)[0]["run_id"]}
    assert not list(check_output(Layout(str(out))))


@pytest.mark.parametrize("seed", range(3))
def test_windows_in_any_order_tell_what_one_run_tells(tmp_path: Path, seed: int) -> None:
    """Every item once, and the same groups, whichever window each comes in, and however often."""
    generator = random.Random(seed)
    lines = [*records(15), *cuts_of_one_story(11), *cuts_of_one_story(12)]
    edited = [line | {"text": line["text"] + " And one thing more."} for line in lines[:3]]
    out, one = tmp_path / "windows", tmp_path / "one"
    writer = WindowWriter(window_settings(out, near_duplicates="mark"))
    left = [*lines, *generator.sample(lines, 5), *edited]
    generator.shuffle(left)
    while left:
        part, left = left[: (size := generator.randint(1, 6))], left[size:]
        writer.write([rows_of([line]) for line in part], NOW)
    # What an engine replays is known.
    counts = committed(writer.write([rows_of(lines), rows_of(edited)], NOW))
    assert counts == Counts(read=len(lines) + 3, unchanged=len(lines) + 3)
    options = ("--entities", "none", "--progress", "off", "--workers", "1", "--near_duplicates", "mark")
    write_jsonl(tmp_path / "in.jsonl", [*lines, *edited])
    assert main(["run", "--input", str(tmp_path / "in.jsonl"), "--output", str(one), *options]) == 0
    assert groups(out) == groups(one)
    told = [sorted((row["url"], row["text"]) for row in rows(where, "articles")) for where in (out, one)]
    assert told[0] == told[1]
    assert not list(check_output(Layout(str(out))))


def test_what_brings_no_row_waits_for_the_next_commit(tmp_path: Path) -> None:
    """A poll that found nothing new writes nothing by itself, and isn't lost for it."""
    writer = WindowWriter(window_settings(tmp_path))
    writer.write([rows_of(records(2))], NOW)
    assert writer.write([rows_of(records(2))], NOW, must_commit=False) is None
    assert len(manifests(tmp_path)) == 1
    counts = committed(writer.write([rows_of(records(1, seed=8))], NOW, must_commit=False))
    assert counts == Counts(read=3, kept=1, unchanged=2)


def test_states_of_feeds_come_with_the_items_and_the_latest_counts(tmp_path: Path) -> None:
    """Of two polls in one batch the later one's state is saved, beside what is known of other feeds."""
    prepare = PrepareRows(near=True)
    layout = Layout(str(tmp_path))

    def polled(url: str, minute: int, host: str) -> PolledFeeds:
        at = NOW + dt.timedelta(minutes=minute)
        state = FeedState(url, checked_at=at, polls=minute)
        return PolledFeeds((state,), (HostState(host, last_request_at=at),))

    def nothing(url: str, minute: int) -> PreparedRows:
        return prepare(PayloadBatch(()), NOW, polled(url, minute, "news.example"))

    writer = WindowWriter(window_settings(tmp_path))
    later, sooner = nothing("http://news.example/a", 2), nothing("http://news.example/a", 1)
    manifest = writer.write([later, sooner], NOW)
    assert manifest is not None
    assert manifest.feeds_polled == 1
    for minute in range(20):
        WindowWriter(window_settings(tmp_path)).write([nothing(f"http://news.example/{minute}", 9)], NOW)
    states, hosts = read_states(layout)
    assert states["http://news.example/a"].polls == 2
    assert len(states) == 21
    assert list(hosts) == ["news.example"]
    # Not a file for each commit for ever.
    assert len(list((tmp_path / "_feeds").glob("*.parquet"))) < 20
    assert not list(check_output(layout))


def test_a_refused_feed_is_a_dead_letter_once(tmp_path: Path) -> None:
    """It was read, it is dead, and the next batch knows it."""
    error = RecordError("status-404", "https://news.example/rss: 404")
    letter = dead_letter("fetch", error, None, Origin("feed", "https://news.example/rss"), NOW, "")
    writer = WindowWriter(window_settings(tmp_path))
    prepared = PrepareRows(near=False)(PayloadBatch(()), NOW, refused=[letter])
    assert committed(writer.write([prepared], NOW)) == Counts(read=1, dead_letter=1)
    assert committed(writer.write([prepared], NOW)) == Counts(read=1, dead_letter=1, dead_letter_known=1)
    (row,) = rows(tmp_path, "dead_letters")
    assert row["reason"] == "status-404"
    assert row["run_id"] in {manifest["run_id"] for manifest in manifests(tmp_path)}


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is staged goes, and the next batch is as if the other had not been."""
    writer = WindowWriter(window_settings(tmp_path))
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise OSError("disk full")

        patched.setattr("pipeline.window.commit", full)
        with pytest.raises(OSError, match="disk full"):
            writer.write([rows_of(records(2))], NOW)
    assert not list((tmp_path / "_staging").glob("*"))
    assert committed(writer.write([rows_of(records(2))], NOW)).kept == 2


def test_the_manifest_says_which_window_it_is(tmp_path: Path) -> None:
    span = WindowSpan("stream-1", NOW, NOW + dt.timedelta(seconds=10))
    WindowWriter(window_settings(tmp_path)).write([rows_of(records(1))], NOW, span)
    (manifest,) = manifests(tmp_path)
    assert manifest["window"] == {
        "stream_id": "stream-1",
        "start": "2024-05-02T12:00:00Z",
        "end": "2024-05-02T12:00:10Z",
    }
