"""Groups: stars of near-duplicates, the names that they keep, and that no order or split into runs changes them."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dedup import ArticleKeys
from tests.functions.test_stories import bag, edited, near_item, story
from tests.memory import Memory
from tests.records import keys
from transforms.functions.groups import group, name_groups
from transforms.functions.stories import CIRCLE_STEPS


def never(_a: str, _b: str) -> bool:
    return False


def always(_a: str, _b: str) -> bool:
    return True


def ranked(ids: str) -> dict[str, tuple[object, ...]]:
    return {id_: (place,) for place, id_ in enumerate(ids)}


def neighbours(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Both directions of each pair."""
    found: dict[str, set[str]] = {}
    for a, b in pairs:
        found.setdefault(a, set()).add(b)
        found.setdefault(b, set()).add(a)
    return found


def test_the_first_by_rank_stands_for_the_group() -> None:
    """An article is grouped with its near-duplicates under the one that ranks first; one alone under itself."""
    pairs = neighbours([("a", "b"), ("d", "a"), ("d", "b")])
    assert group(ranked("dcba"), pairs, never) == dict.fromkeys("abd", "d") | {"c": "c"}


def test_a_chain_swallows_nothing_that_is_not_alike() -> None:
    """Likeness leads two steps from the first at most, and the second only to what is related to it."""
    chain = neighbours([("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")])
    assert group(ranked("abcde"), chain, always) == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d"}
    assert group(ranked("abcde"), chain, never) == {"a": "a", "b": "a", "c": "c", "d": "c", "e": "e"}


@given(st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_groups_do_not_depend_on_order(dice: random.Random) -> None:
    """The order of pairs and ids, and which of a pair is named first, do not matter."""
    ids = [chr(97 + number) for number in range(25)]
    ranks: dict[str, tuple[object, ...]] = {id_: ((place * 7) % 25,) for place, id_ in enumerate(ids)}
    pairs = [(a, b) for a, b in zip(dice.choices(ids, k=30), dice.choices(ids, k=30), strict=True) if a != b]

    def related(a: str, b: str) -> bool:
        return (ord(a) + ord(b)) % 3 > 0

    mixed = [(b, a) if dice.random() < 0.5 else (a, b) for a, b in dice.sample(pairs, len(pairs))]
    shuffled = {id_: ranks[id_] for id_ in dice.sample(ids, len(ids))}
    assert group(ranks, neighbours(pairs), related) == group(shuffled, neighbours(mixed), related)


def test_a_new_group_is_named_for_its_leader() -> None:
    """And one that is known keeps the name that most of it goes by."""
    leaders = {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert name_groups(leaders, ranked("abcd"), {}) == {"a": "a", "d": "d"}
    assert name_groups(leaders, ranked("abcd"), {"b": "b", "c": "b"}) == {"a": "b", "d": "d"}


def test_a_group_goes_by_no_name_of_another() -> None:
    """Names are of members: what has left with its name can't lend it."""
    names = name_groups({"n": "n", "b": "n", "m": "m"}, ranked("nmb"), {"m": "m", "b": "m"})
    assert names == {"n": "n", "m": "m"}


def test_what_joins_two_stories_regroups_one_of_them() -> None:
    """Two cuts of a text that have too little in common, until the whole text comes."""
    text = story(11, 300).split()
    head, tail = near_item("head", " ".join(text[:190])), near_item("tail", " ".join(text[120:]), row=1)
    memory = Memory()
    memory.run([head])
    memory.run([tail])
    assert len(memory.groups()) == 2
    memory.run([near_item("whole", " ".join(text), row=2)])
    assert len(memory.groups()) == 1
    assert len(memory.regroupings) == 1


def test_regroupings_are_counted() -> None:
    """An article that is regrouped again says so with the next number."""
    memory = Memory()
    text = story(12)
    for number in range(6):
        memory.run([near_item(f"copy {number}", edited(text, number), row=number, published_us=100 - number)])
    assert len(memory.groups()) == 1
    sequences = [one.sequence for one in memory.regroupings.values()]
    assert all(sequence >= 1 for sequence in sequences)


def split(items: list[ArticleKeys], seed: int) -> list[list[ArticleKeys]]:
    """The items in random runs, in random order."""
    dice = random.Random(seed)
    runs: list[list[ArticleKeys]] = [[] for _ in range(dice.randrange(1, 9))]
    for item in dice.sample(items, len(items)):
        dice.choice(runs).append(item)
    return runs


def relatives(seed: int) -> list[ArticleKeys]:
    """Cuts, edits and copies of some texts, each its own article: all that groups are made of."""
    dice = random.Random(seed)
    made: list[ArticleKeys] = []
    for number in range(8):
        words = story(seed * 50 + number, 220).split()
        for copy in range(dice.randrange(1, 7)):
            start = dice.choice([0, 0, 40, 100])
            text = " ".join(words[start : start + dice.choice([90, 150, 220])])
            if dice.random() < 0.5:
                text = edited(text, dice.randrange(1, 8))
            moment = dice.choice([None, dice.randrange(1000)])
            made.append(
                near_item(
                    f"{number}/{copy}",
                    text,
                    title=f"{number}/{copy}",
                    row=len(made),
                    published_us=moment,
                )
            )
    return made


def test_any_split_into_runs_gives_the_same_groups() -> None:
    """However a set is fed, the rows and the regroupings together say the same."""
    regrouped = 0
    for seed in range(6):
        items = relatives(seed)
        at_once = Memory()
        at_once.run(items)
        for order in range(12):
            memory = Memory()
            for run in split(items, order):
                memory.run(run)
            assert memory.groups() == at_once.groups()
            regrouped += len(memory.regroupings)
    assert regrouped


def test_every_group_is_named_for_one_of_its_members() -> None:
    """In any bag, after any number of runs."""
    for seed in range(6):
        memory = Memory()
        for run in split(bag(seed), seed):
            memory.run(run)
        assert all(
            memory.group_of(memory.group_of(article_id)) == memory.group_of(article_id)
            for article_id in memory.revisions
        )


def test_a_long_series_is_followed_a_few_steps_only() -> None:
    """Each part repeats the one before: what a new one costs doesn't grow with the series."""
    memory = Memory()
    words = story(13, 60 * 40).split()
    asked: list[int] = []
    whole_circle = memory.circle_of

    def counted(article_ids: Iterable[str], compared: Iterable[str]) -> object:
        circle = whole_circle(list(article_ids), list(compared))
        asked.append(len(circle.distance))
        return circle

    memory.circle_of = counted  # type: ignore[method-assign, assignment]
    for number in range(36):
        part = " ".join(words[number * 60 : number * 60 + 180])
        memory.run([near_item(str(number), part, row=number, published_us=number)])
    assert max(asked) <= 3 * CIRCLE_STEPS


def test_short_texts_of_one_wording_are_one_group_in_any_order() -> None:
    """Too short for a fingerprint, they are held together by what they say."""
    items = [
        keys(f"copy {number}", "short", row=number, published_us=number and 9 - number) for number in range(5)
    ]
    for seed in range(8):
        memory = Memory()
        for run in split(items, seed):
            memory.run(run)
        assert len(memory.groups()) == 1
