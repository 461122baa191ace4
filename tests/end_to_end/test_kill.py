"""A killed run loses and doubles nothing. The long form is `python -m tests.end_to_end.killed_runs`."""

from pathlib import Path

from tests.end_to_end.killed_runs import killed_runs, killed_series


def test_killed_runs_lose_and_double_nothing(tmp_path: Path) -> None:
    """A few kills, at random and at the commit."""
    ends = killed_runs(tmp_path, kills=6, articles=200, seed=3)
    assert sum(ends.values()) == 6
    assert ends["before the commit"] + ends["at the commit"] >= 3, (
        f"hardly any run was killed in time: {ends}"
    )


def test_a_killed_series_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A few kills; what each start committed adds up to all chunks, and none was read twice."""
    committed = killed_series(tmp_path, kills=3, articles=5_000, seed=5)
    assert sum(committed) == 10
    assert committed[0] >= 1
