"""A killed run loses and doubles nothing. The long form is `python -m tests.end_to_end.killed_runs`."""

from pathlib import Path

from tests.end_to_end.killed_runs import killed_runs


def test_killed_runs_lose_and_double_nothing(tmp_path: Path) -> None:
    """A few kills, at random and at the commit."""
    ends = killed_runs(tmp_path, kills=6, articles=200, seed=3)
    assert sum(ends.values()) == 6
    assert ends["before the commit"] + ends["at the commit"] >= 3, (
        f"hardly any run was killed in time: {ends}"
    )
