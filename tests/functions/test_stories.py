"""Which articles are new, versions or duplicates: the rules, one by one, and that no order changes them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from schemas.dedup import ArticleKeys
from tests.end_to_end.made_up import WORDS
from tests.memory import Memory
from tests.records import keys
from transforms.functions.identity import hash_fields
from transforms.functions.stories import Known, NearDuplicates, Settled, settle_stories

DAY_US = 24 * 3600 * 1_000_000


def story(seed: int, length: int = 150) -> str:
    """A text of its own, made up."""
    generator = random.Random(seed)
    return " ".join(generator.choice(WORDS) + generator.choice(("", "s", "ing")) for _ in range(length)) + "."


def edited(text: str, words: int = 6) -> str:
    """The text with a few words changed."""
    parts = text.split()
    for place in range(10, 10 + words * 9, 9):
        parts[place] = "changed"
    return " ".join(parts)


def outcome(settled: Iterable[Settled]) -> dict[int, tuple[str, str, int]]:
    """By row: the article, the verdict and the version."""
    return {one.keys.ref.row: (one.article_id, one.decision.verdict, one.decision.version) for one in settled}


def id_of(name: str) -> str:
    return hash_fields("a1", (name,))


def in_runs(*runs: Sequence[ArticleKeys], near: NearDuplicates = "drop") -> list[Settled]:
    """Everything settled over several runs, each knowing what the ones before it committed."""
    memory = Memory()
    return [one for new in runs for one in memory.run(new, near)]


def test_what_is_new_is_kept_as_the_first_version() -> None:
    """In a group of its own."""
    (one,) = settle_stories([keys("a")], Known(), "drop").items
    decision = one.decision
    assert (decision.verdict, decision.version, decision.article_id) == ("kept", 1, id_of("a"))
    assert (decision.group_id, decision.supersedes, decision.change) == (id_of("a"), None, None)


def test_a_changed_text_at_one_address_is_the_next_version() -> None:
    """Linked to the one before, within a run and across runs."""
    first, second = keys("a", "one", updated_us=1), keys("a", "two", row=1, updated_us=2)
    for settled in (in_runs([second, first]), in_runs([first], [second])):
        assert outcome(settled) == {0: (id_of("a"), "kept", 1), 1: (id_of("a"), "kept", 2)}
        (changed,) = (one.decision for one in settled if one.keys.ref.row == 1)
        assert (changed.supersedes, changed.change) == (1, "text")


def test_a_changed_headline_alone_says_so() -> None:
    """The text's hash is that of the version before."""
    settled = in_runs([keys("a", title="Old")], [keys("a", title="New", row=1)])
    assert [(one.decision.version, one.decision.change) for one in settled] == [(1, None), (2, "headline")]


def test_a_guid_holds_an_article_together_over_a_changed_address() -> None:
    """And the new address is known from then on."""
    first = keys("guid 1", names=["address 1"])
    moved = keys("guid 1", "changed", names=["address 2"], row=1)
    by_address = keys("address 2", "changed again", row=2)
    settled = in_runs([first], [moved], [by_address])
    assert outcome(settled) == {row: (id_of("guid 1"), "kept", row + 1) for row in range(3)}


def test_an_edited_slug_over_the_same_text_is_unchanged() -> None:
    """The same article with the same text: no row."""
    settled = in_runs([keys("guid 1", names=["old"])], [keys("guid 1", names=["new"], row=1)])
    assert outcome(settled)[1] == (id_of("guid 1"), "unchanged", 0)


def test_a_correction_follows_what_states_no_time() -> None:
    """In one run as in two, though all that the first one says of its time is nothing."""
    first = keys("a", "one", published_us=None, updated_us=None)
    second = keys("a", "two", row=1, published_us=None, updated_us=2)
    for runs in ([[first, second]], [[first], [second]]):
        assert [version for _, _, version in outcome(in_runs(*runs)).values()] == [1, 2]


def test_the_places_that_a_version_was_found_in_are_counted() -> None:
    """Each file or feed once, whichever of its names the article goes by there; another version has its own."""
    found = in_runs(
        [
            keys("address", names=("guid",), row=0, origin_uri="feed 1", also_in=("feed 2", "feed 3")),
            keys("other", names=("guid",), row=1, origin_uri="feed 4"),
            keys("again", names=("guid",), row=2, origin_uri="feed 2"),
            keys("address", "edited", row=3, origin_uri="feed 1"),
        ]
    )
    origins = {one.decision.version: one.decision.origins for one in found if one.decision.verdict == "kept"}
    assert origins == {1: 4, 2: 1}


def test_the_same_text_of_another_publisher_is_a_duplicate() -> None:
    """The earliest published is kept, whatever the order; later runs don't take it back."""
    late, early = keys("late", published_us=9), keys("early", published_us=3, row=1)
    (one, other) = sorted(in_runs([late, early]), key=lambda one: one.keys.ref.row)
    assert (one.decision.verdict, one.decision.duplicate_of, one.decision.reason) == (
        "duplicate", id_of("early"), "content",
    )  # fmt: skip
    assert one.decision.group_id == other.decision.group_id == id_of("early")
    assert (one.decision.similarity, one.decision.containment) == (1.0, 1.0)
    assert outcome(in_runs([late], [early]))[1] == (id_of("early"), "duplicate", 1)


def test_the_same_text_of_one_publisher_and_day_is_one_article() -> None:
    """Under another address: met again, not a duplicate."""
    published: dict[str, Any] = {"publisher": "p1" + "0" * 32, "published_us": DAY_US}
    settled = in_runs([keys("a", **published)], [keys("b", row=1, **published)])
    assert outcome(settled)[1] == (id_of("a"), "unchanged", 0)
    later = keys("c", row=1, publisher=published["publisher"], published_us=9 * DAY_US)
    assert outcome(in_runs([keys("a", **published)], [later]))[1] == (id_of("c"), "duplicate", 1)


def test_the_same_text_of_one_publisher_is_one_article_within_a_day_of_its_first() -> None:
    """A day is 24 hours from the first one, wherever midnight lies."""
    at = [DAY_US - 1, DAY_US, 2 * DAY_US - 1, 2 * DAY_US, 3 * DAY_US - 1, 3 * DAY_US]
    items = [
        keys(f"{row}", publisher="p1" + "0" * 32, published_us=moment, row=row)
        for row, moment in enumerate(at)
    ]
    settled = in_runs(items)
    assert [outcome(settled)[row][0] for row in range(6)] == [id_of("0")] * 3 + [id_of("3")] * 3
    assert [outcome(settled)[row][1] for row in range(6)] == [
        "kept", "unchanged", "unchanged", "duplicate", "unchanged", "unchanged",
    ]  # fmt: skip


def test_a_known_article_is_met_again_by_any_of_its_versions() -> None:
    """By publisher, day and text; nearly the same text needs the headline of that version as well."""
    paper: dict[str, Any] = {"publisher": "p1" + "0" * 32}
    text = story(9)
    first = near_item("a", text, title="one", published_us=DAY_US, **paper)
    second = near_item("a", edited(text, 3), title="two", published_us=4 * DAY_US, row=1, **paper)
    for published, title, article in (
        (DAY_US, "one", "a"), (4 * DAY_US, "two", "a"), (4 * DAY_US, "one", "b"), (9 * DAY_US, "two", "b"),
    ):  # fmt: skip
        again = near_item("b", edited(text, 8), title=title, published_us=published, row=2, **paper)
        assert outcome(in_runs([first], [second], [again]))[2][0] == id_of(article), (published, title)


def near_item(name: str, text: str, **fields: Any) -> ArticleKeys:
    """An item with a fingerprint."""
    return keys(name, text, words=text, **fields)


def test_nearly_the_same_text_of_another_publisher_is_a_near_duplicate() -> None:
    """Set aside with how alike they are."""
    text = story(1)
    settled = in_runs([near_item("a", text), near_item("b", edited(text), row=1, published_us=5)])
    (aside,) = (one.decision for one in settled if one.decision.verdict == "duplicate")
    assert (aside.article_id, aside.duplicate_of, aside.reason) == (id_of("a"), id_of("b"), "near")
    assert aside.similarity is not None
    assert 0.4 < aside.similarity < 1 == round(aside.containment or 0)


def test_near_duplicates_are_found_across_runs() -> None:
    """By the fingerprints that the index holds."""
    text = story(2)
    settled = in_runs([near_item("a", text)], [near_item("b", edited(text), row=1)])
    assert outcome(settled)[1] == (id_of("b"), "duplicate", 1)


def test_marking_keeps_all_and_fills_the_group() -> None:
    """mark changes what is set aside, not what is alike; exact duplicates are still set aside."""
    text = story(3)
    items = [near_item("a", text), near_item("b", edited(text), row=1), near_item("c", text, row=2)]
    settled = in_runs(items, near="mark")
    assert sorted(one.decision.verdict for one in settled) == ["duplicate", "kept", "kept"]
    assert len({one.decision.group_id for one in settled}) == 1


def test_off_does_not_look() -> None:
    """Each is a story of its own."""
    text = story(4)
    settled = in_runs([near_item("a", text), near_item("b", edited(text), row=1)], near="off")
    assert {one.decision.verdict for one in settled} == {"kept"}
    assert len({one.decision.group_id for one in settled}) == 2


def test_nearly_the_same_text_of_one_publisher_and_day_is_a_version() -> None:
    """A changed guid and address don't hide an edit."""
    text = story(5)
    published: dict[str, Any] = {"publisher": "p1" + "0" * 32, "published_us": DAY_US}
    first = near_item("a", text, **published)
    again = near_item("b", edited(text), row=1, updated_us=2 * DAY_US, **published)
    for settled in (in_runs([first], [again]), in_runs([again, first])):
        assert outcome(settled)[1] == (id_of("a"), "kept", 2) or outcome(settled)[1][1:] == ("kept", 2)
        assert len({one.article_id for one in settled}) == 1


def test_other_stories_stay_apart() -> None:
    """A hundred texts of the same words in another order."""
    settled = in_runs([near_item(str(number), story(100 + number), row=number) for number in range(100)])
    assert {one.decision.verdict for one in settled} == {"kept"}


def test_a_version_of_what_was_set_aside_is_set_aside() -> None:
    """While it still tells the survivor's story; once it tells its own, it is kept."""
    text = story(6)
    copy, copy_again = near_item("b", edited(text), row=1), near_item("b", edited(text, 8), row=2)
    own = near_item("b", story(7), row=3)
    settled = in_runs([near_item("a", text)], [copy], [copy_again], [own])
    assert outcome(settled)[1] == (id_of("b"), "duplicate", 1)
    assert outcome(settled)[2] == (id_of("b"), "duplicate", 2)
    assert outcome(settled)[3] == (id_of("b"), "kept", 3)


def test_a_version_of_what_was_kept_is_kept() -> None:
    """Even if it comes to tell another's story: its row is that article's history."""
    settled = in_runs([keys("a", "one"), keys("b", "two", row=1)], [keys("b", "one", row=2)])
    assert outcome(settled)[2] == (id_of("b"), "kept", 2)


def test_two_known_articles_are_never_made_one() -> None:
    """An item that goes by both their names joins one of them, always the same."""
    both = keys("new", "three", names=["a", "b"], row=2)
    settled = in_runs([keys("a", "one"), keys("b", "two", row=1)], [both])
    assert outcome(settled)[2] == (min(id_of("a"), id_of("b")), "kept", 2)


def bag(seed: int) -> list[ArticleKeys]:
    """A mixture of everything: copies, versions, moved addresses, duplicates and near-duplicates."""
    generator = random.Random(seed)
    items: list[ArticleKeys] = []
    for number in range(12):
        text = story(seed * 100 + number, generator.randrange(60, 160))
        publishers = ["p1" + f"{one:032x}" for one in range(3)]
        for copy in range(generator.randrange(1, 5)):
            kind = generator.choice(["same", "edited", "headline"])
            items.append(
                near_item(
                    f"{number}/{generator.randrange(2)}",
                    edited(text, generator.randrange(1, 7)) if kind == "edited" else text,
                    title=f"headline {copy}" if kind == "headline" else "headline",
                    names=[f"address {number}/{generator.randrange(3)}"],
                    publisher=generator.choice(publishers),
                    published_us=generator.choice([None, DAY_US, 5 * DAY_US]),
                    updated_us=generator.choice([None, 6 * DAY_US, 7 * DAY_US]),
                    row_hash=f"w1{generator.random()}",
                    row=len(items),
                )
            )
    return list({one.item_hash: one for one in items}.values())


def test_two_hundred_orders_make_one_table() -> None:
    """However the items of a run come, each gets the same decision."""
    for seed in range(4):
        items = bag(seed)
        expected = {one.keys.ref: one.decision for one in settle_stories(items, Known(), "drop").items}
        assert len({decision.verdict for decision in expected.values()}) == 3 or seed
        for order in range(50):
            shuffled = random.Random(order).sample(items, len(items))
            assert {
                one.keys.ref: one.decision for one in settle_stories(shuffled, Known(), "drop").items
            } == expected


def test_the_order_of_what_is_known_changes_nothing() -> None:
    """An index gives its rows in no order: a known article with two versions is compared by the same one."""
    text = story(8)
    first, second = near_item("a", text), near_item("a", edited(text, 8), row=1)
    memory, turned = Memory(), Memory()
    for run in ([first], [second]):
        memory.run(run)
        turned.run(run)
    turned.fingerprints.reverse()
    copy = near_item("b", edited(text, 3), row=2)
    (one,), (other,) = memory.run([copy]), turned.run([copy])
    assert one.decision.verdict == "duplicate"
    assert one.decision == other.decision


def test_versions_are_numbered_without_gap_or_repeat() -> None:
    """Over kept and set aside together, also across runs; and duplicates name an article that was kept."""
    for seed in range(6):
        items = bag(seed)
        settled = in_runs(items[::2], items[1::2])
        written = [one.decision for one in settled if one.decision.verdict != "unchanged"]
        versions: dict[str, list[int]] = {}
        for decision in written:
            versions.setdefault(decision.article_id, []).append(decision.version)
        assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in versions.values())
        kept = {decision.article_id for decision in written if decision.verdict == "kept"}
        assert {decision.duplicate_of for decision in written} - {None} <= kept
        assert {decision.group_id for decision in written} <= kept


@pytest.mark.parametrize("near", ["off", "mark", "drop"])
def test_nothing_is_lost(near: NearDuplicates) -> None:
    """Every item has one decision."""
    items = bag(9)
    assert sorted(one.keys.ref.row for one in settle_stories(items, Known(), near).items) == sorted(
        one.ref.row for one in items
    )
