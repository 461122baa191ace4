"""What the items of a feed tell about each other."""

from __future__ import annotations

import pytest

from schemas.records import RawItem
from tests.records import raw_item
from transforms.functions.feed_marks import OFFSITE_LINK, with_offsite_links, with_own_names
from transforms.functions.identity import SHARED_LINK

FEED = "https://post.example.com/rss"


def item(number: int, guid: str | None = None, url: str | None = None) -> RawItem:
    return raw_item(title=f"Title {number}", url=url or f"https://post.example.com/{number}", guid=guid)


def linked(*domains: str | None, feed_url: str | None = FEED) -> list[bool]:
    """Which items to these domains are marked."""
    items = [
        raw_item(title=str(place), url=None if domain is None else f"https://www.{domain}/{place}")
        for place, domain in enumerate(domains)
    ]
    return [OFFSITE_LINK in one.warnings for one in with_offsite_links(items, feed_url)]


@pytest.mark.parametrize(
    ("domains", "marked"),
    [
        (("example.com",) * 4, [False] * 4),
        (("example.com", "casino.net", "example.com", "example.com"), [False, True, False, False]),
        # A feed that is served from elsewhere: most of what it leads to is its own.
        (("paper.org",) * 6 + ("casino.net",), [False] * 6 + [True]),
        # A partner's every fourth item is no sold slot.
        (("example.com",) * 6 + ("paper.org",) * 2, [False] * 8),
        (("casino.net",), [True]),
        ((None, "example.com"), [False, False]),
        ((), []),
    ],
)
def test_items_that_lead_to_strangers_are_marked(domains: tuple[str | None, ...], marked: list[bool]) -> None:
    """By registrable domain; what a good part of the items leads to is no stranger."""
    assert linked(*domains) == marked


def test_without_the_feeds_address_most_items_decide() -> None:
    """Where there are enough of them; an address in digits has no domain either."""
    assert linked("paper.org", "paper.org", "casino.net", feed_url=None) == [False, False, True]
    assert linked("paper.org", "casino.net", feed_url=None) == [False, False]
    assert linked("paper.org", "casino.net", feed_url="http://127.0.0.1:80/rss") == [False, False]


def test_other_warnings_stay() -> None:
    """One is added."""
    (made,) = with_offsite_links([raw_item(url="https://casino.net/", warnings=("a",))], FEED)
    assert made.warnings == ("a", OFFSITE_LINK)


def marks(*items: RawItem, has_unstable_guids: bool = False) -> list[tuple[str | None, tuple[str, ...]]]:
    return [(one.origin.guid, one.warnings) for one in with_own_names(items, has_unstable_guids)]


def test_a_guid_of_several_items_is_none_of_theirs() -> None:
    """It is taken away; that of another item stays."""
    assert marks(item(1, "0"), item(2, "0"), item(3, "3")) == [
        (None, ("guid_not_unique",)),
        (None, ("guid_not_unique",)),
        ("3", ()),
    ]


def test_the_same_item_twice_shares_nothing() -> None:
    """One address or one headline under a guid is one article."""
    assert marks(item(1, "1"), item(1, "1")) == [("1", ()), ("1", ())]
    twice = [item(1, "1"), item(1, "1", url="https://post.example.com/other-slug")]
    assert marks(*twice) == [("1", ()), ("1", ())]


def test_an_address_of_several_items_is_noted() -> None:
    """And stays where it is."""
    home = "https://post.example.com/"
    assert marks(item(1, "1", home), item(2, "2", home)) == [("1", (SHARED_LINK,)), ("2", (SHARED_LINK,))]


def test_guids_that_change_are_taken_away() -> None:
    """From all that have one."""
    assert marks(item(1, "1"), item(2), has_unstable_guids=True) == [(None, ("guid_unstable",)), (None, ())]
