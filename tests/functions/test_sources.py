"""One name for each publisher. Publishers that look made up are."""

from __future__ import annotations

import re
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.sources import (
    Source,
    load_publishers,
    publisher_timezone,
    registrable,
    resolve_source,
)

EXTRA = (
    "# our own\n"
    "gazette.example.org\tThe Example Gazette\tch\tEurope/Zurich\tExample Gazette|gazette.example.net\n"
    "cnn.com\tCNN US\tUS\tAmerica/New_York\tCNN\n"
)


@pytest.mark.parametrize(
    ("stated", "url_domain", "feed_title", "byline_org", "name", "domain"),
    [
        ("CNN", None, None, None, "CNN", "cnn.com"),
        (None, None, "cnn.com - Top Stories", None, "CNN", "cnn.com"),
        (None, None, "CNN.com - RSS Channel", None, "CNN", "cnn.com"),
        (None, "edition.cnn.com", "an odd title", None, "CNN", "cnn.com"),
        (None, "cnn.com", None, None, "CNN", "cnn.com"),
        ("www.reuters.com", None, None, None, "Reuters", "reuters.com"),
        ("Source: Reuters", None, None, None, "Reuters", "reuters.com"),
        ("reuters", "cnn.com", None, None, "Reuters", "cnn.com"),
        (None, None, "NYT > World News", None, "The New York Times", "nytimes.com"),
        (None, None, "Le Monde.fr - Actualités", "AFP", "Le Monde", "lemonde.fr"),
        ("Nowhere Gazette", "gazette.example.org", None, None, "Nowhere Gazette", "example.org"),
        ("  <b>Nowhere Gazette</b> RSS Feed ", None, None, None, "Nowhere Gazette", None),
        (None, "news.nowhere.co.uk", None, None, "nowhere.co.uk", "nowhere.co.uk"),
        (
            None,
            "nowhere.co.uk",
            "RSS feed: The Nowhere Gazette | Latest News",
            None,
            "The Nowhere Gazette",
            "nowhere.co.uk",
        ),
        (None, "nowhere.co.uk", "Latest News", None, "nowhere.co.uk", "nowhere.co.uk"),
        (None, "nowhere.co.uk", "Journal", None, "Journal", "nowhere.co.uk"),
        (None, "nowhere.co.uk", "(Jane Doe|J.D.)'s blog", None, "(Jane Doe|J.D.)'s blog", "nowhere.co.uk"),
        (None, "nowhere.co.uk", "Nowhere Gazette", "Reuters", "Nowhere Gazette", "nowhere.co.uk"),
        ("CNN", "news.google.com", '"words" - Google News', None, "CNN", "cnn.com"),
        ("Google News", "bbc.co.uk", None, None, "BBC", "bbc.co.uk"),
        (None, "g1.globo.com", None, None, "G1", "globo.com"),
        (None, None, None, None, None, None),
        ("", " ", "", "", None, None),
    ],
)
def test_the_source_is_the_publisher(
    stated: str | None,
    url_domain: str | None,
    feed_title: str | None,
    byline_org: str | None,
    name: str | None,
    domain: str | None,
) -> None:
    """Stated first, then the address, the feed's title, and the registrable domain."""
    found = resolve_source(stated, url_domain, feed_title, byline_org)
    assert (found.name, found.domain) == (name, domain)


def test_an_aggregator_gives_way_to_whom_it_names() -> None:
    """Behind an aggregator is who the byline names; where nobody is named, the aggregator stands, marked."""
    assert resolve_source("Yahoo News", "news.yahoo.com", None, "Reuters") == Source(
        "Reuters", "reuters.com", ("source_from_byline",)
    )
    assert resolve_source(None, "news.google.com", '"words" - Google News', None) == Source(
        "Google News", "google.com", ("source_is_aggregator",)
    )


def test_a_stated_source_at_another_known_publisher_is_marked() -> None:
    """Both are kept as stated, and the row says that they differ."""
    assert resolve_source("CNN", "nytimes.com", None, None).warnings == ("source_domain_differs",)
    assert resolve_source("CNN", "edition.cnn.com", None, None).warnings == ()


def test_the_packaged_table_is_sound() -> None:
    """At least 300 publishers of many countries, each with a zone that exists, no name of one shared by another."""
    rows = set(load_publishers().by_domain.values())
    assert len(rows) >= 300
    assert len({row.country for row in rows}) >= 60
    for row in rows:
        assert row.country is not None
        assert len(row.country) == 2
        assert row.time_zone is not None
        zoneinfo.ZoneInfo(row.time_zone)
        assert load_publishers().of_name(row.name) is row, row.name


def test_time_zones_are_those_of_newsrooms() -> None:
    """By host or by domain; None where the table has nothing."""
    assert publisher_timezone("spiegel.de") == "Europe/Berlin"
    assert publisher_timezone("www.nhk.or.jp") == "Asia/Tokyo"
    assert publisher_timezone("nowhere.example") is None
    assert publisher_timezone(None) is None


def test_a_users_file_extends_and_overrides() -> None:
    """Its rows replace the packaged ones of their domains; what it doesn't name stays."""
    table = load_publishers(EXTRA)
    assert resolve_source("example gazette", None, None, None, table) == Source(
        "The Example Gazette", "example.org"
    )
    assert resolve_source(None, "gazette.example.net", None, None, table).name == "The Example Gazette"
    assert resolve_source("CNN", None, None, None, table).name == "CNN US"
    assert resolve_source("Reuters", None, None, None, table).name == "Reuters"
    assert publisher_timezone("gazette.example.org", table) == "Europe/Zurich"
    assert resolve_source("CNN", None, None, None).name == "CNN"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("only.example.org", "domain and name"),
        ("a.example A", "domain and name"),
        ("\tName", "domain and name"),
        ("a.example\tA\tUS\tQQT", "'QQT' is no IANA time zone"),
        ("a.example\tA\tUS\tMars/Olympus", "'Mars/Olympus' is no IANA time zone"),
        ("a.example\tA\tUSA", "'USA' is no country"),
        ("a.example\tA\tUS\tEurope/Paris\tB\tC", "6 columns"),
        ("Gazette\tA", "'gazette' is no domain"),
        ("first.example\tB", "first.example is in line 2 already"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(row: str, said: str) -> None:
    """A user's mistake is told with the place to mend."""
    with pytest.raises(ValueError, match=f"^line 4: .*{re.escape(said)}"):
        load_publishers(f"# made up\nfirst.example\tFirst\n\n{row}\n")


def test_what_a_row_may_leave_out() -> None:
    """Country, zone and aliases; a byte order mark and "www." are passed over."""
    found = load_publishers("\ufeffwww.a.example\tA\n").of_domain("a.example")
    assert found is not None
    assert (found.name, found.country, found.time_zone, found.aliases) == ("A", None, None, ())


def test_registrable_domains_follow_the_public_suffix_list() -> None:
    """Of a host; itself where it is a suffix or none is known."""
    assert registrable("news.nowhere.co.uk") == "nowhere.co.uk"
    assert registrable("co.uk") == "co.uk"


@settings(max_examples=150, deadline=None)
@given(*[st.none() | st.text(max_size=40)] * 4)
def test_any_input_gives_a_source(
    stated: str | None, domain: str | None, title: str | None, org: str | None
) -> None:
    """Nothing raises, and names are never blank."""
    found = resolve_source(stated, domain, title, org)
    assert found.name is None or found.name.strip()


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted({row.name for row in load_publishers().by_domain.values()}))
    | st.text(max_size=40)
    | st.sampled_from(["The Nowhere Gazette", "nowhere.co.uk", "Nowhere: the paper", "Source: Nowhere"])
)
def test_a_name_that_was_given_is_kept(name: str) -> None:
    """What a source was resolved to is resolved to itself."""
    found = resolve_source(name, None, None, None).name
    if found is not None:
        assert resolve_source(found, None, None, None).name == found


@pytest.mark.parametrize(
    "unit",
    ["a", " - ", "| ", "rss ", "feed: ", "<", "a.", "www.", "(", "é", "ﷺ", "ß", "\ud800", "\u0301", "\n"],
)
def test_a_megabyte_is_named_at_once(unit: str) -> None:
    """No expression backtracks, and names are read as far as names go."""
    text = unit * (1_000_000 // len(unit))
    with no_hang():
        resolve_source(text, None, None, None)
        resolve_source(None, text, None, None)
        resolve_source(None, None, text, None)
        resolve_source(None, None, None, text)
