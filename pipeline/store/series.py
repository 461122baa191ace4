"""A large run as a series of runs over chunks of its input: their names, and where a start goes on.

Everything that is known of a series stands in the manifests of its chunks. Only the last one of each series is read
to find where to go on, so that a start costs the same however many runs there were.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from pipeline.store.hashes import hash_bytes
from pipeline.store.layout import Layout
from pipeline.store.manifest import read_manifest
from schemas.errors import UsageError
from schemas.sources import SourceFile
from schemas.state import Cursor, Manifest, Series
from transforms.functions.urls import redact_credentials

_CHUNK_ID = re.compile(r"(.+)-chunk(\d{4,})")


def chunk_run_id(series_id: str, number: int) -> str:
    """The run id of a chunk, which begins the names of its files.

    >>> chunk_run_id("daily", 3)
    'daily-chunk0003'
    """
    return f"{series_id}-chunk{number:04d}"


def refuse_chunk_id(run_id: str) -> None:
    """Raises UsageError for an id that is a chunk's: by it nobody could tell a run from a part of one."""
    if _CHUNK_ID.fullmatch(run_id):
        raise UsageError(f"--run_id {run_id}: ids that end so are given to the chunks of a large run")


def signature_of(stated: Mapping[str, Any], addresses: Iterable[str], files: Iterable[SourceFile]) -> str:
    """What a series is told by: the options of its manifests, its feeds, and its files with sizes and times."""
    parts = [
        stated,
        [redact_credentials(address) for address in addresses],
        [(file.path, file.bytes, file.modified_ns) for file in files],
    ]
    return hash_bytes(msgspec.json.encode(parts, order="deterministic"))


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """Where a start begins.

    series_id: of the series that it belongs to; None where it needs an id of its own.
    number, begin: of the first chunk that isn't committed. now: the time of the series, None for a new one.
    is_done: whether nothing is left to do.
    """

    series_id: str | None
    number: int = 1
    begin: Cursor = dataclasses.field(default_factory=Cursor)
    now: dt.datetime | None = None
    is_done: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether earlier chunks were committed."""
        return self.begin != Cursor()


def where_to_begin(last: Iterable[Series], signature: str, run_id: str | None) -> Start:
    """Decides what a start does.

    last: the last committed chunk of each series in OUT. run_id: as given; None is a run of any id.

    An unfinished series over the same input goes on. One that was given by its id and is finished is done. One that
    was given by its id and is unfinished, over other input, is begun anew under that id: numbers go on, and what was
    committed is found to be unchanged.
    """
    for one in sorted(last, key=lambda series: series.series_id, reverse=True):
        if run_id is not None and one.series_id != run_id:
            continue
        if one.next is None:
            if run_id is not None:
                return Start(run_id, one.number, now=one.now, is_done=True)
        elif one.signature == signature:
            return Start(one.series_id, one.number + 1, one.next, one.now)
        elif run_id is not None:
            return Start(run_id, one.number + 1)
    return Start(run_id)


def last_chunks(layout: Layout, runs: Iterable[str]) -> list[Series]:
    """The last committed chunk of each series. runs: the ids of all committed runs."""
    highest: dict[str, int] = {}
    for run_id in runs:
        if found := _CHUNK_ID.fullmatch(run_id):
            highest[found[1]] = max(int(found[2]), highest.get(found[1], 0))
    manifests = (
        read_manifest(layout, chunk_run_id(series_id, number)) for series_id, number in highest.items()
    )
    return [manifest.series for manifest in manifests if manifest.series is not None]


def committed_chunks(layout: Layout, series_id: str, last: int) -> Iterator[Manifest]:
    """The manifests of a series' committed chunks that are over the same input as the last one, latest first."""
    signature = None
    for number in range(last, 0, -1):
        manifest = read_manifest(layout, chunk_run_id(series_id, number))
        if manifest.series is None or signature not in (None, manifest.series.signature):
            return
        signature = manifest.series.signature
        yield manifest


def broken_chains(series: Sequence[Series]) -> list[str]:
    """What is wrong with the chunks of one series, a sentence each: one is missing, or two don't meet."""
    ordered = sorted(series, key=lambda one: one.number)
    problems = []
    expected = 1
    before: Series | None = None
    for one in ordered:
        if one.number != expected:
            problems.append(f"chunk {expected} of run {one.series_id} is missing")
        elif before is None or one.signature != before.signature:
            if one.begin != Cursor():
                problems.append(
                    f"chunk {one.number} of run {one.series_id} does not begin where its input does"
                )
        elif one.begin != before.next:
            problems.append(
                f"chunk {one.number} of run {one.series_id} does not begin where the one before ends"
            )
        elif one.now != before.now:
            problems.append(f"chunk {one.number} of run {one.series_id} has another time than the others")
        expected, before = one.number + 1, one
    return problems
