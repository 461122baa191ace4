"""The keys of articles, and the order of copies."""

from __future__ import annotations

from tests.records import LONG_TEXT, NOW, article, keys
from transforms.functions.dedup import epoch_us, keys_of_articles, survivor_rank


def test_the_keys_of_an_article_hold_no_text() -> None:
    """What is shuffled is hashes, times, places and a fingerprint."""
    (found,) = keys_of_articles([article(title="Pier")], "staged/1", near=True)
    assert (found.ref.file, found.ref.row) == ("staged/1", 0)
    assert found.content_key == article().content_hash
    assert found.published_us is None
    assert found.bands
    assert LONG_TEXT not in repr(found)


def test_without_near_duplicates_there_is_no_fingerprint() -> None:
    """It costs time to make and room to keep."""
    (found,) = keys_of_articles([article()], "staged/1", near=False)
    assert (found.bands, found.sketch, found.shingle_count) == (b"", b"", 0)


def test_an_item_is_the_same_whenever_it_was_read() -> None:
    """Its hash holds what names it and what it says, and nothing of the run."""
    one, other = (
        keys_of_articles([article(run_id=run, ingested_at=NOW)], file, near=False)[0]
        for run, file in (("run-1", "a"), ("run-2", "b"))
    )
    assert one.item_hash == other.item_hash
    assert one.item_hash != keys_of_articles([article(title="Other")], "a", near=False)[0].item_hash


def test_the_earliest_published_of_equal_texts_survives() -> None:
    """Published first, undated last, then the smallest id."""
    dated = [keys("b", published_us=20), keys("c", published_us=10), keys("a")]
    assert [one.published_us for one in sorted(dated, key=survivor_rank)] == [10, 20, None]


def test_times_are_microseconds_since_1970() -> None:
    """Before it too, and to the microsecond."""
    assert epoch_us(None) is None
    assert epoch_us(NOW) == 1_714_651_200_000_000
