"""Whether guids last from poll to poll."""

from __future__ import annotations

import pytest

from schemas.records import RawItem
from tests.records import raw_item
from transforms.functions.polling.guids import MAX_NAMES, guids_are_changing, item_names, unstable_guids


def named(*guids: str | None, first: int = 0) -> bytes:
    """Of a document whose items say the same from one to the next: the first, the second ..."""
    return item_names(raw_item(title=f"Title {first + place}", guid=guid) for place, guid in enumerate(guids))


def test_guids_that_last_do() -> None:
    """Also where items have come and gone."""
    assert guids_are_changing(named("0", "1", "2", "3"), named("1", "2", "3", "4", first=1)) is False


def test_guids_that_change_are_told() -> None:
    """All or most of them: an edited item may well get another one."""
    assert guids_are_changing(named("a", "b", "c"), named("d", "e", "f")) is True
    assert guids_are_changing(named("a", "b", "c", "d"), named("a", "b", "x", "y")) is False
    assert guids_are_changing(named("a", "b", "c", "d", "e"), named("a", "b", "x", "y", "z")) is True


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", named("a", "b", "c")),
        (named("a", "b", "c"), b""),
        (named("a", "b"), named("x", "y")),
        (named("a", "b", "c"), named("d", "e", "f", first=3)),
        (named(None, None, None), named("a", "b", "c")),
        (named("a", "b", "c"), named(None, None, None)),
    ],
)
def test_few_items_in_common_tell_nothing(before: bytes, after: bytes) -> None:
    """Nor do items without guids."""
    assert guids_are_changing(before, after) is None
    assert unstable_guids(before, after, False, "changing") == "changing"
    assert unstable_guids(before, after, False, None) is None


def test_what_is_told_takes_back_what_was() -> None:
    """In both directions; a guid that several items share counts before anything else."""
    lasting, other = named("a", "b", "c"), named("x", "y", "z")
    assert unstable_guids(lasting, lasting, False, "changing") is None
    assert unstable_guids(lasting, other, False, None) == "changing"
    assert unstable_guids(lasting, other, True, None) == "not-unique"
    assert unstable_guids(lasting, lasting, False, "not-unique") is None


def test_names_are_bounded() -> None:
    """By the items; those that say nothing are left out."""
    many = item_names(raw_item(title=str(number), guid=str(number)) for number in range(3 * MAX_NAMES))
    assert len(many) == 16 * MAX_NAMES
    assert item_names([RawItem(raw_item().origin)]) == b""


def test_any_text_has_a_name() -> None:
    """Lone surrogates, too, and emptiness."""
    assert len(named("\ud800", "")) == 32
