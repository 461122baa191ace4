"""A killed watch loses and doubles nothing. The long form is `python -m tests.end_to_end.killed_watch`."""

from pathlib import Path

from tests.end_to_end.killed_watch import killed_watches


def test_killed_watches_lose_and_double_nothing(tmp_path: Path) -> None:
    """A few kills, at random and at a commit, while the publishers go on and files are dropped."""
    ends, items = killed_watches(tmp_path, 4, hosts=3, feeds=2, items=5, seed=3)
    assert ends["killed between commits"] + ends["killed at a commit"] == 4
    assert items > 3 * 2 * 5, "nothing was published meanwhile"
