"""The source of a stream: a tick a second, until somebody asks it to end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Duration, Timestamp

from pipeline.store.layout import Layout
from pipeline.stream.lease import Beat, stop_requested
from schemas.staged import Tick

_END = 1 << 62


class _Ticks(RestrictionProvider):
    """Numbers without an end, which no runner is to split: two tickers would ask each host twice as often."""

    def initial_restriction(self, element: bytes) -> OffsetRange:
        return OffsetRange(0, _END)

    def create_tracker(self, restriction: OffsetRange) -> OffsetRestrictionTracker:
        return OffsetRestrictionTracker(restriction)

    def restriction_size(self, element: bytes, restriction: OffsetRange) -> int:
        return 1

    def truncate(self, element: bytes, restriction: OffsetRange) -> None:
        # A runner that drains the pipeline gets no more ticks.
        return None


_TICKS = _Ticks()


class Ticker(beam.DoFn):
    """Gives a tick now and then for as long as the stream lasts: one splittable element, whose watermark is the clock.

    tick_s: seconds between two.
    """

    def __init__(self, layout: Layout, stream_id: str, tick_s: float) -> None:
        self._layout = layout
        self._stream_id = stream_id
        self._tick_s = tick_s

    def setup(self) -> None:
        """Begins without having said that it is at work."""
        self._beat = Beat(self._layout, self._stream_id)

    @beam.DoFn.unbounded_per_element()
    def process(
        self,
        _: bytes,
        tracker: Any = beam.DoFn.RestrictionParam(_TICKS),
        watermark: Any = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider()),
    ) -> Iterator[Any]:
        """Yields one tick and asks to be called again; the last one where the stream was asked to end."""
        number = tracker.current_restriction().start
        if not tracker.try_claim(number):
            return
        now = dt.datetime.now(dt.timezone.utc)
        at = Timestamp.from_utc_datetime(now)
        self._beat.beat(now)
        if stop_requested(self._layout, self._stream_id):
            yield TimestampedValue(Tick(number, is_last=True), at)
            tracker.try_claim(_END - 1)
            watermark.set_watermark(MAX_TIMESTAMP)
            return
        yield TimestampedValue(Tick(number), at)
        watermark.set_watermark(at)
        tracker.defer_remainder(Duration.of(self._tick_s))
