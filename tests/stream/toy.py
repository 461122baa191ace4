"""A stream with nothing in it but ticks, to be started, watched and ended like the product's.

    python -m tests.stream.toy run --streaming --runner ... --feeds none --output OUT
    python -m tests.stream.toy stop --output OUT

Each window is a manifest that lists its ticks. `OUT/fail`: the ticker raises an error. `OUT/endless`: the last window
is never said to be committed. `OUT/silent`: the ticker neither ticks nor beats.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms import window
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Duration, Timestamp

from pipeline import files
from pipeline.cli import main
from pipeline.options import RunSettings
from pipeline.store.layout import Layout, new_run_id
from pipeline.store.manifest import encode_manifest
from pipeline.stream.lease import Beat, mark_ended, stop_requested
from schemas.errors import RunError
from schemas.records import SCHEMA_VERSION
from schemas.state import Counts, Manifest, WindowSpan

_END = 2**62
_LAST = -1
_EVERY_S = 0.5


class _Ticks(RestrictionProvider):  # type: ignore[misc]
    def initial_restriction(self, element: object) -> OffsetRange:
        return OffsetRange(0, _END)

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, element: object, restriction: OffsetRange) -> int:
        return 1


_TRACKER = beam.DoFn.RestrictionParam(_Ticks())
_WATERMARK = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider())


class Ticker(beam.DoFn):  # type: ignore[misc]
    """Counts on, until it is told to end: then comes the last tick, -1."""

    def __init__(self, layout: Layout, stream_id: str) -> None:
        self._layout = layout
        self._id = stream_id

    def setup(self) -> None:
        self._beat = Beat(self._layout, self._id, every_s=1.0)

    @beam.DoFn.unbounded_per_element()  # type: ignore[misc]
    def process(
        self,
        element: object,
        tracker: Any = _TRACKER,
        watermark: Any = _WATERMARK,
    ) -> Iterator[Any]:
        at = tracker.current_restriction().start
        if not tracker.try_claim(at):
            return
        now = time.time()
        if os.path.exists(self._layout.path("fail")):
            raise RunError("a made-up failure")
        if stop_requested(self._layout, self._id):
            yield window.TimestampedValue(_LAST, now)
            tracker.try_claim(_END - 1)
            watermark.set_watermark(MAX_TIMESTAMP)
            return
        if not os.path.exists(self._layout.path("silent")):
            self._beat.beat(dt.datetime.now(dt.timezone.utc))
            yield window.TimestampedValue(at, now)
        watermark.set_watermark(Timestamp.of(now))
        tracker.defer_remainder(Duration.of(_EVERY_S))


class Writer(beam.DoFn):  # type: ignore[misc]
    """Commits each window as a manifest with its ticks."""

    def __init__(self, layout: Layout, stream_id: str) -> None:
        self._layout = layout
        self._id = stream_id

    def process(self, keyed: tuple[int, Iterable[int]], span: Any = beam.DoFn.WindowParam) -> Iterator[str]:
        now = dt.datetime.now(dt.timezone.utc)
        ticks = sorted(keyed[1])
        run_id = new_run_id(now, os.urandom(3))
        manifest = Manifest(
            run_id=run_id,
            schema_version=SCHEMA_VERSION,
            started_at=now,
            committed_at=now,
            options={"ticks": ticks},
            versions={},
            counts=Counts(read=len(ticks), unchanged=len(ticks)),
            files=(),
            window=WindowSpan(self._id, span.start.to_utc_datetime(True), span.end.to_utc_datetime(True)),
        )
        files.write_bytes(self._layout.manifest_path(run_id), encode_manifest(manifest))
        if _LAST in ticks and not os.path.exists(self._layout.path("endless")):
            mark_ended(self._layout, self._id)
        yield run_id


def build_toy(pipeline: beam.Pipeline, settings: RunSettings, layout: Layout, stream_id: str) -> None:
    """The graph."""
    assert settings.stream is not None
    _ = (
        pipeline
        | beam.Impulse()
        | "tick" >> beam.ParDo(Ticker(layout, stream_id)).with_output_types(int)
        | beam.Reshuffle()
        | beam.WindowInto(window.FixedWindows(settings.stream.window_s))
        | beam.WithKeys(0).with_output_types(tuple[int, int])
        | beam.GroupByKey()
        | "write" >> beam.ParDo(Writer(layout, stream_id))
    )


if __name__ == "__main__":
    # What is pickled by name must be found under it by workers, too.
    from tests.stream import toy

    logging.getLogger().setLevel(logging.CRITICAL)
    sys.exit(main(sys.argv[1:], toy.build_toy))
