"""Where a start goes on, decided from what is committed; and what a broken series looks like."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from pipeline.store.series import (
    Start,
    broken_chains,
    chunk_run_id,
    refuse_chunk_id,
    signature_of,
    where_to_begin,
)
from schemas.errors import UsageError
from schemas.sources import SourceFile
from schemas.state import Cursor, Series

NOW = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
PLACES = [Cursor(), Cursor(0, 100, 10, 100), Cursor(1), Cursor(1, 70, 7, 70)]


def chunk(number: int, series_id: str = "r", signature: str = "s", *, ends: bool = False) -> Series:
    """A chunk of a series of up to four."""
    return Series(series_id, number, signature, NOW, PLACES[number - 1], None if ends else PLACES[number])


def test_without_anything_committed_a_run_begins() -> None:
    """Under its id, if it was given one."""
    assert where_to_begin([], "s", None) == Start(None)
    assert where_to_begin([], "s", "daily") == Start("daily")


@pytest.mark.parametrize("run_id", [None, "r"])
def test_an_unfinished_series_over_the_same_input_goes_on(run_id: str | None) -> None:
    """With or without its id, behind the last chunk, at the series' time."""
    start = where_to_begin([chunk(2), chunk(1, "q", "other")], "s", run_id)
    assert start == Start("r", 3, PLACES[2], NOW)
    assert start.goes_on


def test_other_input_is_a_new_series() -> None:
    """Options or files changed: everything is read."""
    start = where_to_begin([chunk(2)], "other", None)
    assert start == Start(None)
    assert not start.goes_on


def test_other_input_under_the_same_id_begins_anew_with_the_next_number() -> None:
    """File names begin with the id, so that no number comes twice."""
    start = where_to_begin([chunk(2)], "other", "r")
    assert start == Start("r", 3)
    assert not start.goes_on


def test_another_id_is_another_run() -> None:
    """Even over the same input."""
    assert where_to_begin([chunk(2)], "s", "daily") == Start("daily")


def test_a_finished_series_is_not_run_again() -> None:
    """Under its id nothing is done, whatever the files are by now; without, it is a run like any other."""
    for signature in ("s", "other"):
        assert where_to_begin([chunk(3, ends=True)], signature, "r").is_done
    assert where_to_begin([chunk(3, ends=True)], "s", None) == Start(None)


def test_of_several_unfinished_ones_the_latest_goes_on() -> None:
    """Ids sort by time."""
    assert where_to_begin([chunk(1, "a"), chunk(2, "b"), chunk(3, "c", "other")], "s", None).series_id == "b"


def test_the_signature_is_of_options_feeds_and_files() -> None:
    """Any difference shows, but for credentials, which are stored nowhere, not even as a hash."""
    stated = {"entities": "none", "input": ["a"]}
    files = [SourceFile("a", 1, "jsonl", modified_ns=5)]
    feeds = ["https://u:secret@e.example/rss"]
    first = signature_of(stated, feeds, files)
    assert signature_of(dict(reversed(stated.items())), ["https://u:other@e.example/rss"], files) == first
    others = [
        signature_of(stated | {"entities": "spacy"}, feeds, files),
        signature_of(stated, [], files),
        signature_of(stated, feeds, [dataclasses.replace(files[0], bytes=2)]),
        signature_of(stated, feeds, [dataclasses.replace(files[0], modified_ns=6)]),
        signature_of(stated, feeds, [dataclasses.replace(files[0], path="b")]),
    ]
    assert len({first, *others}) == 6


def test_ids_of_chunks_are_not_given_by_hand() -> None:
    """By it a run could not be told from a part of one."""
    assert chunk_run_id("daily", 12) == "daily-chunk0012"
    refuse_chunk_id("daily-0012")
    with pytest.raises(UsageError, match="daily-chunk0012"):
        refuse_chunk_id("daily-chunk0012")


def test_a_whole_series_is_sound() -> None:
    """Finished or not, in any order, and begun anew over other input."""
    assert broken_chains([chunk(2), chunk(1), chunk(3, ends=True)]) == []
    anew = dataclasses.replace(chunk(1, signature="other"), number=3)
    assert broken_chains([chunk(1), chunk(2), anew]) == []


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ([chunk(1), chunk(3)], "chunk 2 of run r is missing"),
        ([chunk(2)], "chunk 1 of run r is missing"),
        ([chunk(1), dataclasses.replace(chunk(2), begin=PLACES[3])], "where the one before ends"),
        ([chunk(1), chunk(2, signature="other")], "where its input does"),
        ([chunk(1), dataclasses.replace(chunk(2), now=NOW + dt.timedelta(1))], "another time"),
    ],
)
def test_a_broken_series_is_told(chunks: list[Series], said: str) -> None:
    """What is missing or doesn't fit is said once."""
    (problem,) = broken_chains(chunks)
    assert said in problem
