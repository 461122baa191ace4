"""Batches that can't be committed: what is at fault is set aside, and all else is committed, once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.careful import RETRY_AFTER_S
from pipeline.polling import read_states
from pipeline.staging import unpack_rows
from pipeline.store import commit
from pipeline.store.check import check_output
from pipeline.store.layout import Layout
from pipeline.window import PrepareRows
from schemas.errors import CommitInterrupted, RecordError
from schemas.records import Payload
from schemas.staged import NOTHING_POLLED, PolledFeeds, PreparedRows
from schemas.state import FeedState
from tests.end_to_end.made_up import RSS, records
from tests.pipeline.watching import Careful
from tests.records import NOW
from tests.tables import manifests, rows
from transforms.functions.prepare import fetch_letter

BAD = "the bad one"


def titles_in(batches: Sequence[PreparedRows]) -> list[str]:
    """The headlines of all rows that would be committed."""
    return [
        title
        for one in batches
        for key in one.batch.keys
        for title in [unpack_rows(dict(one.rows)[key.ref.file]).column("title")[key.ref.row].as_py()]
    ]


def at_bad_titles(batches: Sequence[PreparedRows]) -> Exception | None:
    bad = [title for title in titles_in(batches) if title.startswith(BAD)]
    return ValueError(f"{bad[0]} breaks\neverything") if bad else None


def lines(count: int, *bad: int) -> list[dict[str, str]]:
    found = records(count)
    for place in bad:
        found[place] = found[place] | {"title": f"{BAD}, {place}"}
    return found


def is_clean(out: Path) -> bool:
    return not [problem for problem in check_output(Layout(str(out))) if not problem.is_note]


def polled(*urls: str) -> PolledFeeds:
    return PolledFeeds(tuple(FeedState(url, polls=1, checked_at=NOW) for url in urls), ())


def known_feeds(out: Path) -> set[str]:
    states, _ = read_states(Layout(str(out)))
    return set(states)


def test_a_good_batch_is_one_commit(tmp_path: Path) -> None:
    """With what is known of feeds."""
    made = Careful(tmp_path)
    made.careful.commit(
        [made.unit(*lines(3)), made.unit(*records(2, seed=9), name="b.jsonl")], polled("http://a/")
    )
    assert made.slept == []
    assert [manifest.counts.kept for manifest in made.manifests] == [5]
    assert known_feeds(tmp_path) == {"http://a/"}


def test_what_fails_once_is_tried_again(tmp_path: Path) -> None:
    """It may have been the disk."""
    errors: list[Exception | None] = [OSError(28, "No space left on device"), ValueError("odd"), None]
    made = Careful(tmp_path, lambda _: errors.pop(0))
    made.careful.commit([made.unit(*lines(3))], NOTHING_POLLED)
    assert made.slept == list(RETRY_AFTER_S)
    assert [manifest.counts.kept for manifest in made.manifests] == [3]
    assert rows(tmp_path, "dead_letters") == []


@pytest.mark.parametrize("bad", [(), (0,), (4,), (9,), (0, 5, 9), tuple(range(10))])
def test_bad_items_are_set_aside_one_by_one(tmp_path: Path, bad: tuple[int, ...]) -> None:
    """With their own bytes; the good ones are committed once, and what is known of feeds after all of them."""
    made = Careful(tmp_path, at_bad_titles)
    given = lines(10, *bad)
    units = [made.unit(*given[:6]), made.unit(*given[6:], name="b.jsonl", position=7)]
    made.careful.commit(units, polled("http://a/"))
    good = [line["title"] for line in given if not line["title"].startswith(BAD)]
    assert sorted(row["title"] for row in rows(tmp_path, "articles")) == sorted(good)
    letters = rows(tmp_path, "dead_letters")
    assert {json.loads(row["payload"])["title"] for row in letters} == {
        given[place]["title"] for place in bad
    }
    assert {(row["stage"], row["reason"]) for row in letters} <= {("watch", "write-failed")}
    assert all(row["detail"].endswith(" breaks") for row in letters)
    assert {(row["origin_uri"], row["position"]) for row in letters} == {
        ("made-up.jsonl", place) if place < 6 else ("b.jsonl", place + 1) for place in bad
    }
    assert sum(manifest.counts.read for manifest in made.manifests) == 10
    assert known_feeds(tmp_path) == {"http://a/"}
    assert [manifest.feeds_polled for manifest in made.manifests[:-1]] == [0] * (len(made.manifests) - 1)
    assert is_clean(tmp_path)


def test_an_item_of_a_feed_is_set_aside_with_its_document(tmp_path: Path) -> None:
    """The parser doesn't say which bytes are whose."""
    made = Careful(
        tmp_path, lambda batches: ValueError("no") if "Undated item" in titles_in(batches) else None
    )
    document = RSS.encode()
    payload = Payload(
        "feed", "https://courier.example/rss", (document,), feed_url="https://courier.example/rss"
    )
    made.careful.commit(made.careful.prepare(payload), NOTHING_POLLED)
    assert len(rows(tmp_path, "articles")) == 1
    (letter,) = rows(tmp_path, "dead_letters")
    assert letter["payload"] == document
    assert letter["guid"] == "https://courier.example/b"
    assert letter["feed_url"] == "https://courier.example/rss"


def test_refused_items_may_be_what_fails(tmp_path: Path) -> None:
    """A dead letter that can't be written is one that says so."""

    def at_letters(batches: Sequence[PreparedRows]) -> Exception | None:
        refused = [key for one in batches for key in one.batch.dead_letter_keys]
        return ValueError("no") if any(key.reason == "bad-json" for key in refused) else None

    made = Careful(tmp_path, at_letters)
    (unit,) = made.careful.prepare(
        Payload("jsonl", "a.jsonl", (b"{nonsense", json.dumps(lines(1)[0]).encode()))
    )
    made.careful.commit([unit], NOTHING_POLLED)
    assert len(rows(tmp_path, "articles")) == 1
    (letter,) = rows(tmp_path, "dead_letters")
    assert (letter["stage"], letter["reason"], letter["payload"]) == ("watch", "write-failed", b"{nonsense")
    assert (letter["origin_uri"], letter["position"]) == ("a.jsonl", 0)


def test_what_fails_without_items_too_is_raised(tmp_path: Path) -> None:
    """A full disk is no item's fault: nothing is set aside, and nothing of feeds is known that wasn't committed."""
    made = Careful(tmp_path, lambda _: OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space left"):
        made.careful.commit([made.unit(*lines(3))], polled("http://a/"))
    assert manifests(tmp_path) == []


def test_a_commit_that_was_decided_is_carried_out(tmp_path: Path) -> None:
    """Not made again: its items would be there twice, were they not known."""
    made = Careful(tmp_path)
    complete = commit._complete
    tries = []

    def stopped_once(*arguments: Any) -> None:
        tries.append(arguments)
        if len(tries) == 1:
            raise OSError(5, "Input/output error")
        complete(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "_complete", stopped_once)
        made.careful.commit([made.unit(*lines(3))], NOTHING_POLLED)
    assert made.writer.writes == 1
    assert made.slept == []
    assert [manifest.counts.kept for manifest in made.manifests] == [3]
    assert len(manifests(tmp_path)) == 1
    assert is_clean(tmp_path)


def test_a_commit_that_cannot_be_carried_out_ends_it(tmp_path: Path) -> None:
    """Where nothing is found to be completed, nobody knows what became of it."""

    def lost(_: Sequence[PreparedRows]) -> Exception | None:
        return CommitInterrupted("may be decided")

    made = Careful(tmp_path, lost)
    with pytest.raises(CommitInterrupted):
        made.careful.commit([made.unit(*lines(1))], NOTHING_POLLED)


class BrittlePrepare:
    """Prepares as ever, but breaks at a text."""

    def __init__(self) -> None:
        self._prepare = PrepareRows(near=True)

    def __call__(self, payloads: Any, *arguments: Any) -> PreparedRows:
        if any(b"\\u2620" in part for payload in payloads.payloads for part in payload.parts):
            raise RecursionError("too deep")
        return self._prepare(payloads, *arguments)


def test_what_cannot_be_prepared_is_set_aside(tmp_path: Path) -> None:
    """Line by line, each at its place."""
    made = Careful(tmp_path, prepare=BrittlePrepare())
    given = lines(7)
    given[2] = given[2] | {"title": "\u2620"}
    parts = tuple(json.dumps(line).encode() for line in given)
    units = made.careful.prepare(Payload("jsonl", "a.jsonl", parts, 10), polled("http://a/"))
    made.careful.commit(
        units, PolledFeeds(tuple(state for unit in units for state in unit.rows.polled.feeds), ())
    )
    assert {row["origin"]["position"] for row in rows(tmp_path, "articles")} == {10, 11, 13, 14, 15, 16}
    (letter,) = rows(tmp_path, "dead_letters")
    assert (letter["stage"], letter["reason"], letter["position"]) == ("watch", "prepare-failed", 12)
    assert letter["payload"] == parts[2]
    assert letter["detail"] == "RecursionError: too deep"
    assert known_feeds(tmp_path) == {"http://a/"}


def test_polls_that_failed_are_dead_letters(tmp_path: Path) -> None:
    """As a run has them."""
    made = Careful(tmp_path)
    letter = fetch_letter("http://a/", RecordError("http-500", "http://a/ answered 500"), NOW, "")
    made.careful.commit([made.careful.refused([letter])], polled("http://a/"))
    (row,) = rows(tmp_path, "dead_letters")
    assert (row["stage"], row["reason"], row["feed_url"]) == ("fetch", "http-500", "http://a/")
    assert row["run_id"] == made.manifests[0].run_id
