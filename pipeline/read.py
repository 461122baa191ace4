"""The steps at the head of the graph: files and feeds become batches of payloads."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import os
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.fetch.client import Client
from pipeline.fetch.poll import PollSettings
from pipeline.fetch.poller import Poller
from pipeline.progress import ProgressWriter
from pipeline.sources import open_source, read_payloads
from pipeline.staging import Staging
from pipeline.work import stage_dead_letters
from schemas.errors import RecordError
from schemas.records import DEAD_LETTER_PAYLOAD_BYTES, DeadLetter, Origin, Payload, PayloadBatch
from schemas.sources import HostQueue, SourceFile
from schemas.staged import PolledFeeds, PreparedBatch
from schemas.state import FeedState
from transforms.functions.prepare import dead_letter, fetch_letter

#: Payload parts (files, or lines of JSONL) that are worked on together.
PARTS_PER_BATCH = 512

#: Payload bytes after which a batch is closed early.
BYTES_PER_BATCH = 2 << 20

_LOG = logging.getLogger("newsbeam")

_REFUSED = "refused"
_POLLED = "polled"


class ReadSources(NamedTuple):
    """What was read, what couldn't be (staged as dead letters), and what is known of feeds and hosts since.

    What files and feeds held is kept apart: where the two came together, the local runner would hold all of it in
    memory before the first payload is worked on.
    """

    from_files: beam.PCollection[PayloadBatch]
    from_feeds: beam.PCollection[PayloadBatch]
    refused: beam.PCollection[PreparedBatch]
    polled: beam.PCollection[PolledFeeds]


@dataclasses.dataclass(eq=False)
class ReadFilesAndFeeds(beam.PTransform[Any, Any]):
    """Reads everything a run was given: (SourceFile, HostQueue) collections -> `ReadSources`.

    spread: whether payloads are shuffled to all workers before they are worked on. Needed on engines whose workers
    are apart, where a large file would otherwise stay with the one that reads it; on one machine it would only
    hold all payloads in memory.
    """

    staging: Staging
    polling: PollSettings
    max_input_bytes: int
    now: dt.datetime
    run_id: str
    progress: ProgressWriter
    spread: bool

    def expand(
        self, sources: tuple[beam.PCollection[SourceFile], beam.PCollection[HostQueue]]
    ) -> ReadSources:
        """Wires the reading of files beside the fetching of feeds."""
        files, feeds = sources
        read = files | "ReadFiles" >> beam.ParDo(
            _ReadFiles(self.max_input_bytes, self.now, self.run_id, self.progress)
        ).with_output_types(Payload, refused=DeadLetter).with_outputs(_REFUSED, main="payloads")
        polled = feeds | "PollFeeds" >> beam.ParDo(
            _PollFeeds(self.polling, self.now, self.run_id)
        ).with_output_types(Payload, refused=DeadLetter, polled=PolledFeeds).with_outputs(
            _REFUSED, _POLLED, main="payloads"
        )
        from_files = self._batches(read.payloads, "Files")
        from_feeds = self._batches(polled.payloads, "Feeds")
        refused = (
            (read[_REFUSED], polled[_REFUSED])
            | "AllRefused" >> beam.Flatten()
            | "StageRefused" >> beam.ParDo(_StageRefused(self.staging)).with_output_types(PreparedBatch)
        )
        return ReadSources(from_files, from_feeds, refused, polled[_POLLED])

    def _batches(self, payloads: beam.PCollection[Payload], name: str) -> Any:
        batches = payloads | f"Batch{name}" >> beam.ParDo(_BatchPayloads()).with_output_types(PayloadBatch)
        return batches | f"Spread{name}" >> beam.Reshuffle() if self.spread else batches


class _ReadFiles(beam.DoFn):
    def __init__(self, max_bytes: int, now: dt.datetime, run_id: str, progress: ProgressWriter) -> None:
        self._max_bytes = max_bytes
        self._now = now
        self._run_id = run_id
        self._progress = progress

    def process(self, source: SourceFile) -> Iterator[Any]:
        try:
            yield from read_payloads(source, self._max_bytes, self._advance)
        except RecordError as error:
            yield beam.pvalue.TaggedOutput(_REFUSED, file_letter(source, error, self._now, self._run_id))

    def _advance(self, stored_bytes: int) -> None:
        self._progress.add(bytes_read=stored_bytes)

    def finish_bundle(self) -> None:
        self._progress.flush()


def file_letter(source: SourceFile, error: RecordError, now: dt.datetime, run_id: str) -> DeadLetter:
    """A file that can't be read, or not to its end, as a dead letter."""
    origin = Origin(source.kind or "seed", source.path)
    letter = dead_letter("read", error, _first_bytes(source), origin, now, run_id)
    if letter.payload is not None:
        # What was kept is of the file as stored: its size once decompressed isn't known.
        letter = dataclasses.replace(letter, payload_bytes=source.bytes)
    return letter


def _first_bytes(source: SourceFile) -> bytes | None:
    try:
        with open_source(source) as file:
            return file.read(DEAD_LETTER_PAYLOAD_BYTES)
    except (OSError, RecordError):
        return None


class _PollFeeds(beam.DoFn):
    """Polls the feeds of all hosts in a bundle together; what comes back comes out as it does."""

    def __init__(self, settings: PollSettings, now: dt.datetime, run_id: str) -> None:
        self._settings = settings
        self._now = now
        self._run_id = run_id

    def setup(self) -> None:
        # As requests reads them.
        stated = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        self._client = Client(ca_bundle=next(filter(None, stated), None))
        self._began = dt.datetime.now(dt.timezone.utc) + self._settings.clock_offset
        self._started = time.monotonic()

    def teardown(self) -> None:
        self._client.close()

    def start_bundle(self) -> None:
        self._poller: Poller | None = None

    def process(self, queue: HostQueue) -> None:
        if self._poller is None:
            self._poller = Poller(self._settings, self._client, self._clock)
        self._poller.add(queue)

    def finish_bundle(self) -> Iterator[Any]:
        if self._poller is None:
            return
        window = GlobalWindow()
        states: list[FeedState] = []
        for request, polled in self._poller.results():
            if polled.state is not None:
                states.append(polled.state)
            if polled.payload is not None:
                yield WindowedValue(polled.payload, window.max_timestamp(), (window,))
            elif polled.error is not None:
                letter = fetch_letter(request.state.url, polled.error, self._now, self._run_id)
                windowed = WindowedValue(letter, window.max_timestamp(), (window,))
                yield beam.pvalue.TaggedOutput(_REFUSED, windowed)
        if self._poller.left:
            _LOG.warning(
                "%d feeds are left to the next run: their hosts had no time for them", self._poller.left
            )
        polled_feeds = PolledFeeds(tuple(states), tuple(self._poller.gate.touched()))
        yield beam.pvalue.TaggedOutput(
            _POLLED, WindowedValue(polled_feeds, window.max_timestamp(), (window,))
        )

    def _clock(self) -> dt.datetime:
        return self._began + dt.timedelta(seconds=time.monotonic() - self._started)


class _BatchPayloads(beam.DoFn):
    def __init__(self) -> None:
        self._start()

    def start_bundle(self) -> None:
        self._start()

    def _start(self) -> None:
        self._batch: list[Payload] = []
        self._parts = 0
        self._bytes = 0

    def process(self, payload: Payload) -> Iterator[PayloadBatch]:
        self._batch.append(payload)
        self._parts += len(payload.parts)
        self._bytes += sum(len(part) for part in payload.parts)
        if self._parts >= PARTS_PER_BATCH or self._bytes >= BYTES_PER_BATCH:
            yield PayloadBatch(tuple(self._batch))
            self._start()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._batch:
            window = GlobalWindow()
            yield WindowedValue(PayloadBatch(tuple(self._batch)), window.max_timestamp(), (window,))


class _StageRefused(beam.DoFn):
    def __init__(self, staging: Staging) -> None:
        self._staging = staging

    def start_bundle(self) -> None:
        self._letters: list[DeadLetter] = []

    def process(self, letter: DeadLetter) -> Iterator[PreparedBatch]:
        self._letters.append(letter)
        if len(self._letters) >= PARTS_PER_BATCH:
            yield self._staged()
            self._letters = []

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._letters:
            window = GlobalWindow()
            yield WindowedValue(self._staged(), window.max_timestamp(), (window,))

    def _staged(self) -> PreparedBatch:
        return PreparedBatch(len(self._letters), (), stage_dead_letters(self._staging, self._letters))
