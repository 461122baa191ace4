"""Windows of a stream, with a clock that the test moves: late, doubled and reordered items."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms.window import TimestampedValue

from pipeline.store.check import check_output
from pipeline.store.layout import Layout
from pipeline.stream.graph import DecideByWindow
from pipeline.stream.lease import has_ended
from schemas.staged import PreparedRows
from tests.end_to_end.made_up import cuts_of_one_story, records
from tests.stream.prepared import rows_of, window_settings
from tests.tables import manifests, rows
from transforms.coders import RecordCoder, register_coders

STREAM = "stream-1"


def run_stream(stream: TestStream, out: Path) -> None:
    """Runs what comes out of a TestStream through windows of ten seconds."""
    register_coders()
    options = PipelineOptions()
    options.view_as(StandardOptions).streaming = True
    with TestPipeline(runner="BundleBasedDirectRunner", options=options) as pipeline:
        _ = (
            pipeline
            | stream
            # A step with state or a shuffle right behind a TestStream sees elements of no type.
            | beam.Map(lambda one: one).with_output_types(PreparedRows)
            | DecideByWindow(STREAM, window_settings(out, near_duplicates="mark"), window_s=10)
        )


def source() -> TestStream:
    return TestStream(coder=RecordCoder(PreparedRows))


def titles(out: Path) -> list[str]:
    return sorted(row["title"] for row in rows(out, "articles"))


def test_each_window_is_a_commit(tmp_path: Path) -> None:
    """It is committed once the watermark has passed it, and says which it is."""
    one, two, three = (rows_of([line]) for line in records(3))
    stream = (
        source()
        .advance_watermark_to(0)
        .add_elements([TimestampedValue(one, 1), TimestampedValue(two, 9)])
        .advance_watermark_to(10)
        .add_elements([TimestampedValue(three, 11)])
        .advance_watermark_to_infinity()
    )
    run_stream(stream, tmp_path)
    assert [manifest["counts"]["kept"] for manifest in manifests(tmp_path)] == [2, 1]
    assert [manifest["window"]["start"][-9:] for manifest in manifests(tmp_path)] == [
        "00:00:00Z",
        "00:00:10Z",
    ]
    assert not [problem for problem in check_output(Layout(str(tmp_path))) if not problem.is_note]


def test_what_is_late_is_not_lost(tmp_path: Path) -> None:
    """An item whose window is committed comes in a pane of its own."""
    one, two = (rows_of([line]) for line in records(2))
    stream = (
        source()
        .advance_watermark_to(0)
        .add_elements([TimestampedValue(one, 1)])
        .advance_watermark_to(30)
        .add_elements([TimestampedValue(two, 2)])
        .advance_watermark_to_infinity()
    )
    run_stream(stream, tmp_path)
    assert len(rows(tmp_path, "articles")) == 2


def test_what_comes_twice_is_written_once(tmp_path: Path) -> None:
    """In one window, and in another one with another time, as after a replay."""
    lines = records(3)
    first, again = rows_of(lines), rows_of(lines[:2])
    stream = (
        source()
        .advance_watermark_to(0)
        .add_elements([TimestampedValue(first, 1), TimestampedValue(again, 2)])
        .advance_watermark_to(10)
        .add_elements([TimestampedValue(first, 15)])
        .advance_watermark_to_infinity()
    )
    run_stream(stream, tmp_path)
    assert titles(tmp_path) == sorted(line["title"] for line in lines)


@pytest.mark.parametrize("seed", range(2))
def test_reordered_items_give_the_same_groups(tmp_path: Path, seed: int) -> None:
    """A story and its cuts are one group in whatever order and windows they come."""
    generator = random.Random(seed)
    lines = [*records(4), *cuts_of_one_story(5)]
    generator.shuffle(lines)
    stream = source().advance_watermark_to(0)
    for place, line in enumerate(lines):
        stream = stream.add_elements([TimestampedValue(rows_of([line]), place * 7 + generator.random() * 5)])
        if generator.random() < 0.6:
            stream = stream.advance_watermark_to(place * 7 + 1)
    run_stream(stream.advance_watermark_to_infinity(), tmp_path)
    groups = {row["article_id"]: row["group_id"] for row in rows(tmp_path, "articles")}
    for row in sorted(rows(tmp_path, "regrouped"), key=lambda row: row["sequence"]):
        groups[row["article_id"]] = row["group_id"]
    assert len(groups) == 7
    assert len(set(groups.values())) == 5


def test_the_last_window_says_that_the_stream_is_over(tmp_path: Path) -> None:
    last = dataclasses.replace(rows_of([]), is_last=True)
    assert not has_ended(Layout(str(tmp_path)), STREAM)
    stream = source().advance_watermark_to(0).add_elements([TimestampedValue(last, 1)])
    run_stream(stream.advance_watermark_to_infinity(), tmp_path)
    assert has_ended(Layout(str(tmp_path)), STREAM)
