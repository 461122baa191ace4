"""Edited articles are known again: made-up histories of edits, put through whole runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks.edit_histories import Result, Step, load, measure, measure_together


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """All histories, step by step."""
    return measure(tmp_path_factory.mktemp("edit_histories"))


def wrong(result: Result, *found: str) -> list[str]:
    """The steps that ended so, for a person to read."""
    return [
        f"{outcome.found}: step {outcome.step.run} of {outcome.step.history} ({outcome.step.truth})"
        for outcome in result.outcomes
        if outcome.found in found
    ]


def test_there_are_histories_enough() -> None:
    """Of many kinds, in many languages, a good part of them of articles that must stay apart."""
    histories = load()
    assert len(histories) >= 140
    assert len({history[0].kind for history in histories}) >= 30
    apart = [history for history in histories if {step.truth for step in history} == {"new"}]
    assert len(apart) >= 40


def test_edited_articles_are_linked(result: Result) -> None:
    """At least 95 of 100 steps that fetch an article again get its id and the right verdict."""
    assert result.share_linked() >= 0.95, wrong(result, "split", "aside", "needless", "lost")


def test_articles_are_not_merged(result: Result) -> None:
    """Notices from one form, follow-ups, series and the like: less than one in two hundred articles."""
    assert result.share_merged() < 0.005, wrong(result, "merged")


def test_cosmetic_changes_make_no_version(result: Result) -> None:
    """Not one."""
    assert wrong(result, "needless") == []


def test_one_run_comes_to_the_same(tmp_path: Path) -> None:
    """All fetches of an article in one run: one id with all its versions, for as many articles."""
    counts = measure_together(tmp_path)
    assert counts["right"] / sum(counts.values()) >= 0.95, counts
    assert counts["merged"] / sum(counts.values()) < 0.005, counts


def test_a_wrong_verdict_is_seen(tmp_path: Path) -> None:
    """The measure itself: the same fetches, under truths that are wrong, are counted as what they are."""
    text = (
        "The harbour council of Port Ellery voted on Tuesday to rebuild the old ferry pier, closing a dispute that "
        "had run for eleven years and through four mayors of the small town.",
    )
    other = ("Bees have moved onto the roof of the opera, between the copper lyre and the kitchen's chimney, where a "
             "violinist of the second desk keeps three colonies and hopes for honey.",)  # fmt: skip
    fields = {"link": "https://made-up.example/pier", "title": "Pier", "published": "2024-05-03T07:00:00Z"}

    def step(run: int, article: int, truth: str, said: tuple[str, ...], stated: dict[str, str]) -> Step:
        return Step("made-up", "made up", "record", run, article, truth, said, stated)  # type: ignore[arg-type]

    history = [
        step(0, 0, "new", text, fields),
        step(1, 1, "new", text, fields),
        step(2, 0, "version", text, fields),
        step(3, 0, "unchanged", other, fields),
    ]
    found = Counter(outcome.found for outcome in measure(tmp_path, [history]).outcomes)
    assert found == {"right": 1, "merged": 1, "lost": 1, "needless": 1}
