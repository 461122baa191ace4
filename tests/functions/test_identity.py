"""Which article an item is, and what counts as the same text."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records import DeadLetter, RawItem
from tests.records import LONG_TEXT, NOW, article, raw_item
from transforms.functions.identity import (
    article_id,
    comparable_text,
    content_hash,
    content_key,
    dead_letter_key,
    hash_fields,
    hash_key,
    identities,
    names_of,
    publisher_hash,
    revision_hash,
)

URL = "https://ellery-post.example/2024/05/pier"


def id_of(
    item: RawItem,
    url: str | None = None,
    guid_url: str | None = None,
    text: str = LONG_TEXT,
    source: str = "Ellery Post",
) -> str:
    return article_id(names_of(item.origin, url, guid_url, source), source, item.title, text)


def test_hashes_do_not_change_from_one_version_to_the_next() -> None:
    """Stored hashes outlive the code: these values stand in tables and may never change."""
    assert hash_fields("a1", ("url", URL)) == "a162825fcd3de8df7cd2773922d32ef9e4"
    assert content_hash("One  Two, three.") == content_hash("one two three")
    assert content_hash("one two three") == "c1db6f6a50792d1ff77161089149ea327a"


@given(st.lists(st.text() | st.none(), max_size=4), st.lists(st.text() | st.none(), max_size=4))
def test_different_fields_have_different_hashes(one: list[str | None], other: list[str | None]) -> None:
    """Fields are framed: no two lists of fields run together into one."""
    assert (hash_fields("a1", one) == hash_fields("a1", other)) == (one == other)


def test_a_hash_is_sixteen_bytes_as_a_key() -> None:
    """The index holds fixed-width keys."""
    assert len(hash_key(hash_fields("a1", ("x",)))) == 16


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("He said: “No.”", 'He said: "No."'),
        ("A\n\nB   c", "a b C"),
        ("ﬁne ½", "fine 1⁄2"),
        ("STRASSE", "straße"),
    ],
)
def test_cosmetic_differences_are_none(one: str, other: str) -> None:
    """Quotes, white space, compatibility forms and case do not make another text."""
    assert comparable_text(one) == comparable_text(other)


@pytest.mark.parametrize(("one", "other"), [("मोदी", "मादा"), ("กิน", "กัน"), ("café", "cafe"), ("a_b", "ab")])
def test_spelling_is_not_cosmetic(one: str, other: str) -> None:
    """Vowel signs and accents make other words."""
    assert comparable_text(one) != comparable_text(other)


def test_a_guid_names_an_article_over_a_changed_address_and_title() -> None:
    """An edited slug and headline leave the id alone where the guid stays."""
    first = raw_item(kind="feed", feed_url="https://e.example/rss", guid="77", title="A")
    edited = dataclasses.replace(first, title="B")
    assert id_of(first, URL) == id_of(edited, URL + "-rebuilt")


def test_a_plain_guid_counts_within_its_feed_only() -> None:
    """Two feeds may both have an item "77"."""
    one = raw_item(kind="feed", feed_url="https://e.example/rss", guid="77")
    other = raw_item(kind="feed", feed_url="https://f.example/rss", guid="77")
    assert id_of(one, URL) != id_of(other, URL)


@pytest.mark.parametrize("guid", ["tag:e.example,2024:77", "urn:uuid:9a5d7e0e-0f83-4b5c-a2c5-2b9f2f0f7a11"])
def test_a_guid_that_is_unique_by_its_form_counts_everywhere(guid: str) -> None:
    """A tag: or urn: guid is the same article in every feed."""
    one = raw_item(kind="feed", feed_url="https://e.example/rss", guid=guid)
    other = raw_item(kind="feed", feed_url="https://e.example/sport.rss", guid=guid)
    assert id_of(one, URL) == id_of(other, None)


def test_a_permalink_guid_and_the_address_itself_are_one_article() -> None:
    """A feed whose guid is the link, and a record that has only the link, tell of one article."""
    from_feed = raw_item(kind="feed", feed_url="https://e.example/rss", guid=URL)
    from_record = raw_item(kind="jsonl")
    assert id_of(from_feed, URL, guid_url=URL) == id_of(from_record, URL)


def test_without_guid_and_address_the_text_is_the_article() -> None:
    """The same seed text in another file is the same article; another text is another."""
    assert id_of(raw_item(uri="a.txt")) == id_of(raw_item(uri="b/c.txt"))
    assert id_of(raw_item()) != id_of(raw_item(), text=LONG_TEXT + " More.")


def test_record_ids_count_within_their_source() -> None:
    """A JSONL id names a record of its source."""
    record = raw_item(kind="jsonl", guid="5")
    assert id_of(record, source="One") != id_of(record, source="Two")
    assert id_of(record, text="x") == id_of(record, text="y")


def test_all_that_names_an_article_is_known() -> None:
    """A guid and an address: either leads to it."""
    one = raw_item(kind="feed", feed_url="https://e.example/rss", guid="77")
    names = names_of(one.origin, URL, None, None)
    assert len(identities(names, None, None, "")) == 2
    assert set(identities(names_of(raw_item().origin, URL, None, None), None, None, "")) < set(
        identities(names, None, None, "")
    )


def test_an_address_that_many_items_share_names_none_of_them() -> None:
    """The home page as every item's link."""
    one = raw_item(kind="feed", feed_url="https://e.example/rss", guid="77")
    assert names_of(one.origin, URL, None, None, shared_link=True) == [
        ("feed-guid", "https://e.example/rss", "77")
    ]


def test_publishers_are_told_by_domain_then_name() -> None:
    """None where neither is known."""
    assert publisher_hash("cnn.com", "CNN") == publisher_hash("cnn.com", None)
    assert publisher_hash(None, "CNN") != publisher_hash("cnn.com", "CNN")
    assert publisher_hash(None, None) is None


def test_a_new_headline_or_text_is_a_new_revision() -> None:
    """Title and text make a revision, and are not run together."""
    assert revision_hash("pier saved", "one") == revision_hash("pier saved", "one")
    assert revision_hash("pier saved", "one") != revision_hash("pier lost", "one")
    assert revision_hash("pier", "saved one") != revision_hash("pier saved", "one")


def test_a_long_text_stands_for_itself() -> None:
    """Title and day don't matter over a text that is long enough."""
    assert content_key(article(title="A")) == content_key(article(title="B", published_at=NOW))


def test_a_short_text_counts_with_its_title_and_day() -> None:
    """A body of "Comments" under a thousand headlines is not one article."""
    short = {"text": "Comments"}
    assert content_key(article(title="A", **short)) != content_key(article(title="B", **short))
    assert content_key(article(title="A", **short)) == content_key(article(title="a", **short))
    assert content_key(article(title="A", **short)) != content_key(
        article(title="A", published_at=NOW, **short)
    )


def test_no_text_is_nobody_s_duplicate() -> None:
    """Two articles that are only headlines are told apart by their ids alone."""
    assert content_key(article(text="", title="Live")) is None


def test_a_dead_letter_is_known_again_by_place_reason_and_payload() -> None:
    """The same bad line in the next run is the same dead letter, whenever it was met."""
    letter = DeadLetter("parse", "bad-json", "…", "a.jsonl", NOW, "run-1", position=3, payload=b"{")
    later = dataclasses.replace(letter, run_id="run-2", detail="other words")
    assert dead_letter_key(letter) == dead_letter_key(later)
    assert dead_letter_key(letter) != dead_letter_key(dataclasses.replace(letter, position=4))
    assert dead_letter_key(letter) != dead_letter_key(dataclasses.replace(letter, payload=b"["))


def test_a_dead_letter_of_a_feed_is_known_again_wherever_it_has_moved() -> None:
    """Each new item moves those before it down the feed, and changes the whole of it."""
    feed = "https://news.example/rss"
    refused = DeadLetter("parse", "no-text", "…", feed, NOW, "run-1", feed, None, 0, b'{"id": "7"}')
    moved = dataclasses.replace(refused, position=4)
    assert dead_letter_key(refused) == dead_letter_key(moved)
    assert dead_letter_key(refused) != dead_letter_key(dataclasses.replace(moved, payload=b'{"id": "8"}'))
    named = DeadLetter("normalise", "no-text", "…", feed, NOW, "run-1", feed, "7", 0, b"<rss> ...")
    moved = dataclasses.replace(named, position=4, payload=b"<rss> and more ...")
    assert dead_letter_key(named) == dead_letter_key(moved)
    assert dead_letter_key(named) != dead_letter_key(dataclasses.replace(moved, guid="8"))
    # Without a guid only the place tells two items of one document apart.
    nameless = dataclasses.replace(named, guid=None)
    assert dead_letter_key(nameless) != dead_letter_key(dataclasses.replace(nameless, position=4))
