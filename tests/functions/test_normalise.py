"""From what a source states to an article."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.errors import RecordError
from tests.records import LONG_TEXT, NOW, raw_item
from transforms.functions.normalise import normalise_item
from transforms.functions.sources import load_publishers

URL = "https://www.ellery-post.example/2024/pier"


def test_nothing_is_invented() -> None:
    """What an item doesn't state is None, or empty; only its text and its place are known."""
    article = normalise_item(raw_item(), NOW, "run-1")
    assert article.text == LONG_TEXT
    absent = (
        article.title, article.url, article.canonical_url, article.summary, article.byline, article.byline_org,
        article.source, article.source_domain, article.published_at, article.updated_at, article.language_declared,
        article.entities,
    )  # fmt: skip
    assert set(absent) == {None}
    assert (article.authors, article.tags, article.warnings) == ((), (), ())
    assert (article.time_quality, article.language, article.ingested_at) == ("missing", "und", NOW)


def test_markup_becomes_text_only_where_it_is_markup() -> None:
    """An angle bracket in a plain field is no tag."""
    marked = normalise_item(raw_item(body="<p>One &amp; two</p><p>three</p>", body_is_html=True), NOW, "r")
    plain = normalise_item(raw_item(body="<p>One &amp; two"), NOW, "r")
    assert marked.text == "One & two\nthree"
    assert plain.text == "<p>One &amp; two"


def test_the_summary_is_the_text_where_there_is_no_body() -> None:
    """And a warning says so."""
    article = normalise_item(raw_item(body=None, summary="In short."), NOW, "r")
    assert (article.text, article.summary, article.warnings) == ("In short.", "In short.", ("summary_only",))


def test_a_title_alone_is_an_article() -> None:
    """Its text is empty, not the title again."""
    article = normalise_item(raw_item(body=" \n ", title="Pier saved"), NOW, "r")
    assert (article.title, article.text, article.word_count) == ("Pier saved", "", 0)
    assert article.warnings == ("title_only",)


def test_a_picture_without_a_word_is_an_item_at_its_address() -> None:
    """Photo blogs publish such."""
    item = raw_item(body="<figure><img src='a.jpg'></figure>", body_is_html=True, url=URL)
    article = normalise_item(item, NOW, "r")
    assert (article.text, article.title, article.warnings) == ("", None, ("no_text",))


def test_an_item_that_says_nothing_is_a_dead_letter() -> None:
    """No title, no text, no address."""
    with pytest.raises(RecordError) as caught:
        normalise_item(raw_item(body="<br>", body_is_html=True), NOW, "r")
    assert caught.value.reason == "no-text"


@pytest.mark.parametrize(
    ("published", "updated", "quality"),
    [
        ("2024-05-01T12:00:00Z", None, "exact"),
        ("2024-05-01T12:00:00Z", "2024-05-01 13:00", "assumed_zone"),
        ("2024-05-01", "2024-05-01T12:00:00Z", "date_only"),
        ("long before that", "2024-05-01T12:00:00Z", "exact"),
        (None, None, "missing"),
        ("long before that", None, "missing"),
    ],
)
def test_the_quality_is_that_of_the_least_sure_time(published: str, updated: str, quality: str) -> None:
    """Of the times that are there."""
    article = normalise_item(raw_item(published=published, updated=updated), NOW, "r")
    assert article.time_quality == quality


def test_a_bad_address_is_kept_from_the_table_and_told() -> None:
    """The article itself goes on."""
    article = normalise_item(raw_item(url="javascript:void(0)"), NOW, "r")
    assert article.canonical_url is None
    assert "bad_url" in article.warnings


def test_a_wrong_time_is_null_and_told() -> None:
    """Never a guess."""
    article = normalise_item(raw_item(published="soon"), NOW, "r")
    assert article.published_at is None
    assert article.warnings == ("unreadable_time",)


def test_several_author_elements_are_one_byline_column() -> None:
    """As published, one after the other."""
    article = normalise_item(raw_item(bylines=("Mara Quill", "Tobias Ferrow")), NOW, "r")
    assert article.byline == "Mara Quill; Tobias Ferrow"
    assert article.authors == ("Mara Quill", "Tobias Ferrow")


def test_a_users_table_names_the_source_and_its_zone() -> None:
    """Its name is the article's source, and times without a zone are its newsroom's."""
    table = load_publishers("gazette.example\tThe Nowhere Gazette\tch\tEurope/Zurich\n")
    item = raw_item(source=None, url="https://gazette.example/a", published="2024-01-15 12:00")
    article = normalise_item(item, NOW, "r", table)
    assert article.source == "The Nowhere Gazette"
    assert article.published_at == dt.datetime(2024, 1, 15, 11, tzinfo=dt.timezone.utc)


def test_the_address_names_the_source_where_nothing_else_does() -> None:
    """By its registrable domain."""
    article = normalise_item(raw_item(url=URL), NOW, "r")
    assert article.source_domain == "ellery-post.example"


def test_tags_are_clean_and_stand_once() -> None:
    """White space folded, empty ones gone, order kept."""
    article = normalise_item(raw_item(tags=("Harbour  news", "", "Harbour news", "ferry")), NOW, "r")
    assert article.tags == ("Harbour news", "ferry")


def test_an_offset_is_turned_into_utc() -> None:
    """To the microsecond."""
    article = normalise_item(raw_item(published="2024-05-01T12:00:00.123456+02:00"), NOW, "r")
    assert article.published_at == dt.datetime(2024, 5, 1, 10, 0, 0, 123456, tzinfo=dt.timezone.utc)
