"""News sitemaps and their indexes; all of them made up."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import RecordError
from schemas.records import Origin
from transforms.functions import sitemaps
from transforms.functions.sitemaps import ChildSitemap, is_sitemap, parse_sitemap

ORIGIN = Origin("feed", "https://post.example/news.xml", feed_url="https://post.example/news.xml")

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- made up -->\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"\n'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n'
)
ENTRY = """<url><loc> https://post.example/pier </loc><lastmod>2024-05-02T10:00:00Z</lastmod>
<news:news><news:publication><news:name>Ellery Post</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2024-05-01</news:publication_date><news:title>Pier &amp; harbour</news:title>
<news:keywords>pier, harbour,,</news:keywords></news:news></url>"""
PAGE = "<url><loc>https://post.example/about</loc></url>"


def test_an_entry_states_all_but_a_text() -> None:
    """As published, with its place in the document."""
    found = parse_sitemap(f"{HEAD}{PAGE}{ENTRY}</urlset>".encode(), ORIGIN)
    (item,) = found.items
    assert (item.title, item.url, item.source, item.published, item.updated, item.language, item.tags) == (
        "Pier & harbour", "https://post.example/pier", "Ellery Post", "2024-05-01", "2024-05-02T10:00:00Z", "en",
        ("pier", "harbour"),
    )  # fmt: skip
    assert (item.body, item.summary, item.origin.position, item.origin.feed_url) == (
        None, None, 1, "https://post.example/news.xml",
    )  # fmt: skip
    assert found.pages == 1
    assert found.children == ()


def test_old_sitemaps_name_the_publication_beside_the_title() -> None:
    """And use another namespace."""
    document = (
        '<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.84"><url><loc>https://post.example/a</loc>'
        "<n:news><n:name>Post</n:name><n:language>de</n:language><n:title>A</n:title></n:news></url></urlset>"
    )
    (item,) = parse_sitemap(document.encode(), ORIGIN).items
    assert (item.source, item.language, item.title) == ("Post", "de", "A")


def test_an_index_names_its_sitemaps() -> None:
    """One without an address names none."""
    document = (
        '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        "<sitemap><loc>https://post.example/1.xml</loc><lastmod>2024-05-01</lastmod></sitemap>"
        "<sitemap><loc/></sitemap><sitemap><loc>https://post.example/2.xml</loc></sitemap></sitemapindex>"
    )
    assert parse_sitemap(document.encode(), ORIGIN).children == (
        ChildSitemap("https://post.example/1.xml", "2024-05-01"),
        ChildSitemap("https://post.example/2.xml", None),
    )


def test_what_stands_before_a_break_is_read() -> None:
    """With a warning on each item, since nobody knows what the break has cost."""
    found = parse_sitemap(f"{HEAD}{ENTRY}{ENTRY}<url><loc>".encode(), ORIGIN)
    assert [item.warnings for item in found.items] == [("feed_malformed",)] * 2


def test_a_charset_is_taken_as_declared() -> None:
    """Where the bytes are no UTF-8."""
    document = HEAD.replace("UTF-8", "windows-1251") + ENTRY.replace("harbour<", "гавань<") + "</urlset>"
    (item,) = parse_sitemap(document.encode("windows-1251"), ORIGIN).items
    assert item.title == "Pier & гавань"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("", "empty-file"),
        (" \n ", "empty-file"),
        ("<rss><channel/></rss>", "not-a-feed"),
        ("<urlset><url><loc>", "bad-feed"),
        ('<!DOCTYPE urlset [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>', "xml-entities"),
        ('<!DOCTYPE urlset SYSTEM "file:///etc/passwd"><urlset>&x;</urlset>', "bad-feed"),
        ("<urlset>" + "<a>" * 1_000_000, "too-deep"),
    ],
)
def test_what_is_no_sitemap_is_refused(document: str, reason: str) -> None:
    """Each with its own reason, and at once."""
    with pytest.raises(RecordError) as refused:
        parse_sitemap(document.encode(), ORIGIN)
    assert refused.value.reason == reason


def test_entries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the last one says that there were more."""
    monkeypatch.setattr(sitemaps, "MAX_ENTRIES", 3)
    found = parse_sitemap(f"{HEAD}{ENTRY * 5}</urlset>".encode(), ORIGIN)
    assert [item.warnings for item in found.items] == [(), (), ("sitemap_too_long",)]


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
@settings(max_examples=150, deadline=None)
def test_any_rubbish_is_read_or_refused(rubbish: str) -> None:
    """With a RecordError, and no other."""
    with contextlib.suppress(RecordError):
        parse_sitemap(f"<urlset>{rubbish}</urlset>".encode("utf-8", "replace"), ORIGIN)


def test_only_a_root_counts() -> None:
    """Not a word of a text."""
    assert is_sitemap(f"{HEAD}</urlset>")
    assert is_sitemap(f"\ufeff{HEAD}</urlset>".encode())
    assert is_sitemap('<?xml-stylesheet href="a.xsl"?><!DOCTYPE urlset [ <!ENTITY a "b"> ]> <sm:urlset>')
    assert not is_sitemap("the urlset of it")
    assert not is_sitemap("<rss><description><![CDATA[<urlset>]]></description></rss>")
    assert not is_sitemap("<!-- <urlset> -->" + "<!--" * 10_000)
