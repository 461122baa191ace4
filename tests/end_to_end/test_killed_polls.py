"""A killed run that polls loses and doubles nothing. The long form is `python -m tests.end_to_end.killed_polls`."""

from pathlib import Path

from tests.end_to_end.killed_polls import killed_polls


def test_killed_polls_lose_and_double_nothing(tmp_path: Path) -> None:
    """A few kills, at random and at the commit, while the publishers go on."""
    ends, items = killed_polls(tmp_path, 3, hosts=4, feeds=3, items=5, seed=3)
    assert ends["before the commit"] + ends["at the commit"] == 3
    assert items > 4 * 3 * 5, "nothing was published meanwhile"
