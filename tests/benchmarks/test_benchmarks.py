"""Every benchmark once, on tiny input, so that none rots. Nothing here looks at times."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.benchmarks import edge_cases, index_scale, near_duplicates, same_tables, schedules
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


def test_scores_are_what_their_definitions_say() -> None:
    """A pair found rightly, one missed, one wrong: by hand."""
    ari, precision, recall = near_duplicates.scores(["a", "a", "b", "b", "c"], ["1", "1", "2", "3", "3"])
    assert (precision, recall) == (0.5, 0.5)
    assert ari == pytest.approx((1 - 0.4) / (2 - 0.4))


def test_the_speed_of_fingerprints_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line with the number of articles."""
    assert near_duplicates.measure_speed(list(records(50))) > 0
    assert "50 articles" in capsys.readouterr().out


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


def test_schedules_leave_equal_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dozen ways in which a run may come about: one content."""
    assert schedules.compare(9, 3, seed=7, folder=tmp_path, stories=3, show=True)
    assert "9 schedules, 1 distinct content hashes" in capsys.readouterr().out


def test_schedules_that_read_something_else_have_another_hash(tmp_path: Path) -> None:
    """The comparison isn't blind: without one edited copy the content is another."""
    made = schedules.made_up_input(7, stories=1)
    first, second = (schedules.draw_schedule(number, ("in order",)) for number in range(2))
    outcome = schedules.measure(made, [first], tmp_path)
    less = dataclasses.replace(made, lines=made.lines[:-5] + made.lines[-4:])
    assert outcome.digests.keys() != schedules.measure(less, [second], tmp_path).digests.keys()


def test_edge_cases_are_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Two lines for each kind of input that is asked for, and for what it is compared with."""
    cases = list(edge_cases.chosen(["headings", "guid in a feed"]))
    edge_cases.measure({"articles": 8, "crowd": 8, "characters": 2_000}, cases)
    printed = capsys.readouterr().out
    assert [printed.count(name) for name in ("ordinary articles", "one guid in a feed", "headings")] == [
        4,
        2,
        2,
    ]


@pytest.mark.parametrize("case", edge_cases.CASES, ids=lambda case: f"{case.name}, {case.size}")
def test_edge_cases_are_made_of_so_many(case: edge_cases.Case, tmp_path: Path) -> None:
    """As many items, or about as many characters, as were asked for."""
    size = 2_000 if case.size == "characters" else 12
    case.write(size, tmp_path)
    (written,) = tmp_path.iterdir()
    text = written.read_text(encoding="utf-8")
    items = text.count("<item>") + text.count('"text"')
    if case.size == "characters":
        assert size * 0.9 < len(text) < size * 2
    else:
        assert items == (100 if case.before is not None and "100" in case.name else size)
