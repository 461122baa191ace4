"""Every benchmark once, on tiny input, so that none rots. Nothing here looks at times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import feed_parsers, index_scale, near_duplicates, same_tables
from tests.end_to_end.made_up import RSS, SEED, records, write_jsonl


def test_groups_are_scored() -> None:
    """Made-up articles, one of them edited: all in the right groups."""
    made = [record | {"group": record["id"], "kind": "original"} for record in records(20)]
    edited = made[0] | {
        "id": "edited",
        "kind": "edited",
        "text": made[0]["text"].replace("a", "a", 1) + " The end.",
    }
    assert near_duplicates.measure_gold([*made, edited]) == (1.0, 1.0, 1.0)
    assert near_duplicates.measure_splits([*made, edited], 2) == [1.0, 1.0]


def test_scores_are_what_their_definitions_say() -> None:
    """A pair found rightly, one missed, one wrong: by hand."""
    ari, precision, recall = near_duplicates.scores(["a", "a", "b", "b", "c"], ["1", "1", "2", "3", "3"])
    assert (precision, recall) == (0.5, 0.5)
    assert ari == pytest.approx((1 - 0.4) / (2 - 0.4))


def test_the_speed_of_fingerprints_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line with the number of articles."""
    assert near_duplicates.measure_speed(list(records(50))) > 0
    assert "50 articles" in capsys.readouterr().out


def test_feed_parsers_take_turns(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each that is installed, and our two paths compared: the JSON feeds go neither way."""
    folder = Path(__file__).parent.parent / "data" / "feeds"
    assert feed_parsers.main([str(folder), "--rounds", "1", "--declined"]) == 0
    printed = capsys.readouterr().out
    assert "different in any field: 0" in printed
    for parser in ("newsbeam", "feedparser", "fastfeedparser", "feedparser-rs"):
        assert parser in printed


def test_runs_against_a_made_up_index(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for an empty one and one for each size."""
    index_scale.measure([500], new=20, window_share=0.5)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-2:]] == ["0", "500"]


def test_runs_over_shuffled_input_are_compared(tmp_path: Path) -> None:
    """Equal on made-up input of each kind."""
    source = tmp_path / "source"
    write_jsonl(source / "records.jsonl", records(40))
    (source / "pier.txt").write_text(SEED)
    (source / "courier.xml").write_text(RSS)
    (tmp_path / "work").mkdir()
    assert same_tables.compare([source], 30, tmp_path / "work")
