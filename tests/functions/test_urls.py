"""Addresses made canonical, cleaned, resolved and told apart. All are made up."""

from __future__ import annotations

import base64
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.urls import (
    absolute_url,
    canonical_url,
    clean_url,
    redact_credentials,
    registrable_domain,
    with_credentials_of,
)


def google_news(target: bytes, padding: bytes = b"\xd2\x01\x00") -> str:
    """A Google News address that holds its target, in the message format that it had until 2024."""
    size = len(target)
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    message = base64.urlsafe_b64encode(b"\x08\x13\x22" + length + target + padding).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{message}?oc=5"


CANONICAL = {
    "scheme, host, port, credentials": [
        ("HTTP://Example.COM/a", "https://example.com/a"),
        ("https://www.example.com/a", "https://www.example.com/a"),
        ("http://example.com:80/a", "https://example.com/a"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("http://example.com:443/a", "https://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://0%2E%2E/", "https://0.0.0.0/"),
        ("https://münchen.example/a", "https://xn--mnchen-3ya.example/a"),
        ("https://xn--mnchen-3ya.example/a", "https://xn--mnchen-3ya.example/a"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https:example.com/a", "https://example.com/a"),
        ("https:\\\\example.com\\a", "https://example.com/a"),
        ("  https://exam\nple.com/a\t ", "https://example.com/a"),
        ("https://[2001:DB8::1]/a", "https://[2001:db8::1]/a"),
    ],
    "path": [
        ("https://example.com", "https://example.com/"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com/a/%2e%2e/c", "https://example.com/c"),
        ("https://example.com/%7Euser/%61%2f%e2%82%ac", "https://example.com/~user/a%2F%E2%82%AC"),
        ("https://example.com/ä b", "https://example.com/%C3%A4%20b"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://example.com/%%34%31", "https://example.com/%2541"),
        ("https://example.com/A/b/", "https://example.com/A/b/"),
        ("https://example.com//a//b", "https://example.com//a//b"),
    ],
    "fragment": [
        ("https://example.com/a#top", "https://example.com/a"),
        ("https://example.com/a#:~:text=word", "https://example.com/a"),
        ("https://example.com/#!/article/5", "https://example.com/#!/article/5"),
        ("https://example.com/#!", "https://example.com/"),
    ],
    "tracking parameters": [
        ("https://example.com/a?utm_source=x&UTM_Medium=y&utm_anything=z", "https://example.com/a"),
        ("https://example.com/a?utm%5Fsource=x", "https://example.com/a"),
        ("https://example.com/a?fbclid=1&gclid=2&cmpid=rss&mc_cid=4&igshid=5", "https://example.com/a"),
        ("https://example.com/a?", "https://example.com/a"),
        ("https://example.com/a?&&b=1&", "https://example.com/a?b=1"),
        ("https://example.com/a?b=2&utm_source=x&a=1&b=3", "https://example.com/a?b=2&a=1&b=3"),
        ("https://example.com/a?ref=rss", "https://example.com/a"),
        ("https://example.com/a?ref=example.org", "https://example.com/a"),
        ("https://www.dw.com/en/made-up/a-1?maca=en-rss", "https://www.dw.com/en/made-up/a-1"),
        ("https://example.com/a?maca=en-rss", "https://example.com/a?maca=en-rss"),
    ],
    "parameters that name what is read": [
        ("https://example.com/?p=12", "https://example.com/?p=12"),
        (
            "https://example.com/a?id=1&article=2&story=3&page=4",
            "https://example.com/a?id=1&article=2&story=3&page=4",
        ),
        ("https://example.com/a?sid=9&cid=8&source=7&v=6", "https://example.com/a?sid=9&cid=8&source=7&v=6"),
        ("https://example.com/a?ref=12345", "https://example.com/a?ref=12345"),
        ("https://example.com/view.php?ref=slug", "https://example.com/view.php?ref=slug"),
        ("https://example.com/?ref=slug", "https://example.com/?ref=slug"),
        ("https://example.com/a?amp=50", "https://example.com/a?amp=50"),
    ],
    "session identifiers": [
        ("https://example.com/a;jsessionid=12AB?id=1", "https://example.com/a?id=1"),
        ("https://example.com/a?PHPSESSID=0123&id=1", "https://example.com/a?id=1"),
        ("https://example.com/a?ASPSESSIONIDABCD=1", "https://example.com/a"),
        ("https://example.com/(S(abcdefghijklmnopqrstuvwx))/a.aspx", "https://example.com/a.aspx"),
        ("https://example.com/x/..;jsessionid=1/a", "https://example.com/a"),
    ],
    "AMP": [
        ("https://amp.example.com/a-1", "https://www.example.com/a-1"),
        ("https://amp.news.example.com/a-1", "https://news.example.com/a-1"),
        ("https://example.com/2022/03/a-headline/amp", "https://example.com/2022/03/a-headline"),
        ("https://example.com/2022/03/a-headline/amp/", "https://example.com/2022/03/a-headline/"),
        ("https://example.com/a-headline.amp", "https://example.com/a-headline"),
        ("https://example.com/a-headline.amp.html", "https://example.com/a-headline.html"),
        ("https://example.com/amp/world/a-headline-123", "https://example.com/world/a-headline-123"),
        ("https://example.com/a?amp", "https://example.com/a"),
        ("https://example.com/a?amp=1&id=2", "https://example.com/a?id=2"),
        ("https://example.com/a?outputType=amp", "https://example.com/a"),
        ("https://www.google.com/amp/s/www.example.com/a-1/amp/", "https://www.example.com/a-1/"),
        ("https://www.google.co.uk/amp/example.com/a-1", "https://example.com/a-1"),
        (
            "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/a-1?id=3",
            "https://www.example.com/a-1?id=3",
        ),
        (
            "https://www-example-com.cdn.ampproject.org/v/s/www.example.com/a-1?amp_js_v=9",
            "https://www.example.com/a-1",
        ),
    ],
    "no AMP variants": [
        ("https://amp.dev/about", "https://amp.dev/about"),
        ("https://example.com/amp", "https://example.com/amp"),
        ("https://example.com/reviews/guitar/amp", "https://example.com/reviews/guitar/amp"),
        ("https://example.com/stamp", "https://example.com/stamp"),
        ("https://www.google.com/amp/about", "https://www.google.com/amp/about"),
    ],
    "mobile hosts": [
        ("https://m.example.co.uk/a", "https://www.example.co.uk/a"),
        ("https://mobile.example.com/a", "https://www.example.com/a"),
        ("https://m.sport.example.com/a", "https://sport.example.com/a"),
        ("https://m.blogspot.com/a", "https://m.blogspot.com/a"),
        ("https://mobile.twitter.com/a/status/1", "https://twitter.com/a/status/1"),
        ("https://de.m.wikipedia.org/wiki/A", "https://de.wikipedia.org/wiki/A"),
        ("https://media.example.com/a", "https://media.example.com/a"),
    ],
    "redirectors": [
        (
            "https://www.google.com/url?sa=t&url=https%3A%2F%2Fexample.com%2Fa%3Fid%3D1&usg=x",
            "https://example.com/a?id=1",
        ),
        ("https://news.google.com/news/url?sa=t&url=http://example.com/a", "https://example.com/a"),
        (
            "https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fexample.com%2fa&c=1",
            "https://example.com/a",
        ),
        (
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.com%2Fa%3Ffbclid%3D1&h=2",
            "https://example.com/a",
        ),
        (
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa&data=1",
            "https://example.com/a",
        ),
        (
            google_news(b"https://example.com/world/a-headline-123"),
            "https://example.com/world/a-headline-123",
        ),
        (google_news(b"https://example.com/" + b"a" * 200), "https://example.com/" + "a" * 200),
        (
            "https://www.google.com/url?q=https%3A%2F%2Fwww.google.com%2Famp%2Fs%2Fexample.com%2Fa-1",
            "https://example.com/a-1",
        ),
        ("https://www.google.com./%75rl?url=https://example.com/a", "https://example.com/a"),
    ],
    "redirectors that hold no address": [
        ("https://www.google.com/url?q=news", "https://www.google.com/url?q=news"),
        (
            "https://www.google.com/url?q=javascript:alert(1)",
            "https://www.google.com/url?q=javascript:alert(1)",
        ),
        ("https://www.google.com/url?url=http://", "https://www.google.com/url?url=http://"),
        (
            "https://example.com/url?url=https://example.org/",
            "https://example.com/url?url=https://example.org/",
        ),
        (
            "https://news.google.com/rss/articles/CBMiAA?oc=5",
            "https://news.google.com/rss/articles/CBMiAA?oc=5",
        ),
    ],
}

NO_ADDRESSES = [
    "", " ", "nonsense", "/a/b", "//example.com/a", "www.example.com/a", "mailto:a@example.com", "javascript:alert(1)",
    "ftp://example.com/a", "tag:example.com,2022:a", "http://", "https://a b/", "http://[::1", "https://exa<mple.com/",
    "urn:uuid:00000000-0000-0000-0000-000000000000", "\x00", "\ud800",
]  # fmt: skip

ODD_URLS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "https://{}{}".format,
        st.sampled_from(
            [
                "example.com",
                "m.example.com",
                "amp.m.example.co.uk.",
                "www.google.com",
                "google.com.",
                "x.cdn.ampproject.org",
                "news.google.com",
                "u:p@EXAMPLE.com:80",
                "en.m.wikipedia.org",
            ]
        ),
        st.lists(
            st.sampled_from(
                [
                    *"/?#&=%.;:@!1a-~+|'\\",
                    "%2e",
                    "%41",
                    "%25",
                    "/amp",
                    "/amp/",
                    ".amp",
                    ".html",
                    "a-1",
                    "/c/s/",
                    "/url?url=https%3A//",
                    "..;jsessionid=",
                    "utm_source=",
                    "ref=",
                    "#!",
                    "/(S(abcdefghijklmnopqrstuvwx))/",
                    "example.com",
                    "é",
                    "\ud800",
                    "google.com",
                ]
            ),
            max_size=14,
        ).map("".join),
    ),
)


@pytest.mark.parametrize(("url", "canonical"), [case for cases in CANONICAL.values() for case in cases])
def test_an_address_has_one_canonical_form(url: str, canonical: str) -> None:
    """Variants come to one form, and that form stays as it is."""
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_http_address_is_none(url: str) -> None:
    """Other schemes, relative links and text have no canonical and no clean form."""
    assert canonical_url(url) is None
    assert clean_url(url) is None


@given(ODD_URLS)
@settings(max_examples=1500, deadline=None)
def test_canonical_is_idempotent(url: str) -> None:
    """A canonical address is its own canonical form, and nothing raises."""
    canonical = canonical_url(url)
    if canonical is not None:
        assert canonical_url(canonical) == canonical
        assert canonical.startswith("https://")
        assert clean_url(url) is not None


@given(ODD_URLS, ODD_URLS)
@settings(max_examples=300, deadline=None)
def test_any_text_is_taken_by_all(url: str, base: str) -> None:
    """No function raises on any string, and each gives what it promises."""
    resolved = absolute_url(url, base)
    assert resolved is None or resolved.startswith(("http://", "https://"))
    domain = registrable_domain(url)
    assert domain is None or "." in domain
    assert redact_credentials(redact_credentials(url)) == redact_credentials(url)


def test_a_deep_chain_of_redirectors_is_left_alone() -> None:
    """What nests deeper than anyone publishes keeps its own address, and idempotently so."""
    url = "https://example.com/a"
    for _ in range(12):
        url = "https://www.google.com/amp/s/" + url.removeprefix("https://")
    canonical = canonical_url(url)
    assert canonical == url
    assert canonical_url(canonical) == canonical


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        (" https://Example.com/A?utm_source=x#y\n", "https://Example.com/A?utm_source=x#y"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        ("https://us\ner:sec@ret@example.com/a", "https://example.com/a"),
        ("https://example.com/@author/a", "https://example.com/@author/a"),
        ("https://example.com/a?u=https://b@c/", "https://example.com/a?u=https://b@c/"),
        ("https://example.com/ä", "https://example.com/ä"),
    ],
)
def test_clean_keeps_what_was_published(url: str, cleaned: str) -> None:
    """Blanks around it and credentials go, all else stays."""
    assert clean_url(url) == cleaned


@pytest.mark.parametrize(
    ("url", "redacted"),
    [
        ("https://user:secret@example.com/a", "https://***@example.com/a"),
        ("https://token@example.com/a", "https://***@example.com/a"),
        ("https:/user:secret@example.com/a", "https:/***@example.com/a"),
        ("ht\ntps://user:secret@example.com/a", "https://***@example.com/a"),
        ("https://a@b:secret@example.com/", "https://***@example.com/"),
        ("hdfs://user:secret@example.com/a", "hdfs://***@example.com/a"),
        ("//user:secret@example.com/a", "//***@example.com/a"),
        ("https://example.com/a?x=1&api_key=abc&Token=d", "https://example.com/a?x=1&api_key=***&Token=***"),
        ("https://example.com/a?article=1", "https://example.com/a?article=1"),
        ("https://example.com/@author", "https://example.com/@author"),
        ("gs://bucket/a@b", "gs://bucket/a@b"),
        ("/data/a@b.txt", "/data/a@b.txt"),
        ("me@example.com", "me@example.com"),
        (" text\nof any kind ", " text\nof any kind "),
    ],
)
def test_secrets_are_redacted(url: str, redacted: str) -> None:
    """User, password and keys are never shown; what has none is returned as it came."""
    assert redact_credentials(url) == redacted


@pytest.mark.parametrize(
    ("url_or_host", "domain"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk"),
        ("feeds.example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        (" example.com ", "example.com"),
        ("example.com:8080", None),
        ("https://example.com:8080/", "example.com"),
        ("https://user@a.b.example.com/", "example.com"),
        ("someone.blogspot.com", "someone.blogspot.com"),
        ("https://münchen.de/", "xn--mnchen-3ya.de"),
        ("blogspot.com", None),
        ("co.uk", None),
        ("localhost", None),
        ("192.0.2.1", None),
        ("https://[2001:db8::1]/", None),
        ("mailto:a@example.com", None),
        ("", None),
        ("not a host", None),
    ],
)
def test_the_registrable_domain(url_or_host: str, domain: str | None) -> None:
    """Told by the Public Suffix List, without the network."""
    assert registrable_domain(url_or_host) == domain


@pytest.mark.parametrize(
    ("url", "base", "resolved"),
    [
        ("../x?y#z", "https://example.com/b/c/d", "https://example.com/b/x?y#z"),
        ("//example.org/x", "https://example.com/", "https://example.org/x"),
        ("https://example.org/x", "https://example.com/", "https://example.org/x"),
        ("https://example.org/x", None, "https://example.org/x"),
        ("?id=1", "https://example.com/a", "https://example.com/a?id=1"),
        ("", "https://example.com/a", "https://example.com/a"),
        ("x", None, None),
        ("x", "no base", None),
        ("javascript:alert(1)", "https://example.com/", None),
        ("https://a b/", "https://example.com/", None),
    ],
)
def test_relative_links_are_resolved(url: str, base: str | None, resolved: str | None) -> None:
    """By the URL Standard; other schemes than http(s) give nothing."""
    assert absolute_url(url, base) == resolved


@pytest.mark.parametrize(
    "unit",
    [
        "a-1/amp/", "%", "a&", "?ref=", "../", "//", "@", "m.", ".amp", "/amp", ";jsessionid=", "(S(", "#!",
        "\ud800", "é",
        "google.com/amp/s/", "url=https://www.google.com/url?", "user:pw@", "&token=", " ", "\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "https://", "https://www.google.com/url?", "https://example.com/a-1"])
def test_a_megabyte_takes_linear_time(start: str, unit: str) -> None:
    """All together take seconds on a loaded machine; the square of the length would take hours."""
    url = start + unit * (1_000_000 // len(unit))
    with no_hang():
        canonical_url(url)
        clean_url(url)
        registrable_domain(url)
        redact_credentials(url)
        absolute_url(url, "https://example.com/")


def test_escaped_targets_are_decoded_once() -> None:
    """An escape within the target's own query survives."""
    target = "https://example.com/a?q=100%25&id=1"
    url = "https://www.google.com/url?url=" + urllib.parse.quote(target, safe="")
    assert canonical_url(url) == target


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        ("https://h.example/b", True),
        ("https://h.example:443/b", True),
        ("http://h.example/b", False),
        ("https://h.example:8443/b", False),
        ("https://www.h.example/b", False),
        ("mailto:desk@h.example", False),
    ],
)
def test_credentials_go_to_their_own_host_only(url: str, is_sent: bool) -> None:
    """And never in clear text where they were given for TLS."""
    made = with_credentials_of("https://me:secret@h.example/a", url)
    assert ("me:secret@" in made) is is_sent
    if not is_sent:
        assert made == url


def test_credentials_go_on_where_http_becomes_https() -> None:
    """On the usual ports."""
    given = "http://me:secret@h.example/a"
    assert with_credentials_of(given, "https://h.example/b") == "https://me:secret@h.example/b"
    assert with_credentials_of("http://me:secret@h.example:81/a", "https://h.example:81/b") == (
        "https://h.example:81/b"
    )
