"""The rules of dedup: what is kept, set aside, or known."""

import itertools

from schemas.dedup import Candidate, Decision, KnownContent, KnownRevision
from tests.records import article, keys
from transforms.functions.dedup import (
    article_keys,
    known_content,
    known_revision,
    number_versions,
    settle_content,
    survivor_rank,
)


def known(one: str, version: int = 1, text: str = "text", group: str | None = None) -> KnownRevision:
    its = keys(one, text)
    return KnownRevision(its.article_id, version, its.revision_hash, group or its.article_id)


def test_the_keys_of_an_article_hold_no_text() -> None:
    """What is shuffled is hashes, times and places."""
    its = article_keys(article(title="Pier"), "staged/1", 7)
    assert (its.ref.file, its.ref.row) == ("staged/1", 7)
    assert its.content_key == article().content_hash
    assert its.published_us is None


def test_a_first_text_is_version_one() -> None:
    """A new article starts a group of its own."""
    candidates, unchanged = number_versions([keys("a")], [])
    assert [(one.version, one.group_id) for one in candidates] == [(1, keys("a").article_id)]
    assert unchanged == []


def test_a_known_revision_is_unchanged() -> None:
    """An item met again with nothing changed is written nowhere."""
    candidates, unchanged = number_versions([keys("a")], [known("a")])
    assert candidates == []
    assert [decision.verdict for decision in unchanged] == ["unchanged"]


def test_copies_within_a_run_are_one_article() -> None:
    """Of equal copies the one with the smallest origin is taken, in whatever order they come."""
    copies = [keys("a", row=row, origin_uri=uri) for row, uri in enumerate(["c", "a", "b"])]
    for order in itertools.permutations(copies):
        candidates, unchanged = number_versions(order, [])
        assert [one.keys.origin_uri for one in candidates] == ["a"]
        assert len(unchanged) == 2


def test_copies_that_differ_in_lesser_things_are_chosen_by_what_they_say() -> None:
    """Not by their places in a file, which another order of the same lines would change."""
    copies = [keys("a", row_hash="w1b", origin_position=1), keys("a", row_hash="w1a", origin_position=2)]
    for order in itertools.permutations(copies):
        candidates, _ = number_versions(order, [])
        assert [one.keys.row_hash for one in candidates] == ["w1a"]


def test_changed_texts_are_versions_in_order_of_their_times() -> None:
    """Versions follow the update times that are stated, after those that are known, and keep the group."""
    new = [keys("a", "third", updated_us=30), keys("a", "second", updated_us=20)]
    for order in itertools.permutations(new):
        candidates, _ = number_versions(order, [known("a", 4, group="a1" + "0" * 32)])
        assert [(one.keys.updated_us, one.version) for one in candidates] == [(20, 5), (30, 6)]
        assert {one.group_id for one in candidates} == {"a1" + "0" * 32}


def test_the_earliest_published_of_equal_texts_survives() -> None:
    """Published first, undated last, then the smallest id."""
    dated = [keys("b", published_us=20), keys("c", published_us=10), keys("a")]
    assert [one.published_us for one in sorted(dated, key=survivor_rank)] == [10, 20, None]


def candidate(name: str, version: int = 1, **fields: object) -> Candidate:
    its = keys(name, **fields)  # type: ignore[arg-type]
    return Candidate(its, version, its.article_id)


def test_one_article_of_equal_texts_is_kept() -> None:
    """The others are duplicates of it, in its group."""
    late, early = candidate("late", published_us=9, row=1), candidate("early", published_us=3, row=2)
    for order in ([late, early], [early, late]):
        decisions = {decision.ref.row: decision for decision in settle_content(order, None)}
        assert decisions[2].verdict == "kept"
        assert decisions[1] == Decision(
            late.keys.ref, "duplicate", 1, early.group_id, early.keys.article_id, "content"
        )


def test_a_text_that_is_known_makes_duplicates_even_of_earlier_ones() -> None:
    """What was kept in an earlier run stays: rows are never taken back."""
    content = KnownContent(keys("x").content_key or "", keys("old").article_id, keys("old").article_id)
    (decision,) = settle_content([candidate("new", published_us=1)], content)
    assert (decision.verdict, decision.duplicate_of) == ("duplicate", keys("old").article_id)


def test_a_changed_headline_over_the_same_text_is_kept() -> None:
    """A revision of the survivor itself is no duplicate of it."""
    content = KnownContent(keys("a").content_key or "", keys("a").article_id, keys("a").article_id)
    (decision,) = settle_content([candidate("a", version=2, title="New")], content)
    assert (decision.verdict, decision.version) == ("kept", 2)


def test_what_is_set_aside_is_remembered_as_seen_but_not_as_a_text() -> None:
    """Its survivor stands for the text; it itself must be known when it's met again."""
    kept, aside = candidate("a", published_us=1), candidate("b", row=1)
    by_row = {decision.ref.row: decision for decision in settle_content([kept, aside], None)}
    assert known_revision(aside, by_row[1]).group_id == kept.group_id
    assert known_content(aside, by_row[1]) is None
    remembered = known_content(kept, by_row[0])
    assert remembered is not None
    assert remembered.article_id == kept.keys.article_id
