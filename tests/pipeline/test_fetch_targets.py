"""Addresses as they are asked, and where redirects lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fetch.targets import first_target, next_target
from schemas.errors import RecordError


@pytest.mark.parametrize(
    ("before", "after", "is_trusted"),
    [
        ("http://made.example/a", "http://made.example/b", True),
        ("http://made.example/a", "http://MADE.example:80/b", True),
        ("http://made.example/a", "https://made.example/a", True),
        ("https://made.example/a", "https://made.example:443/b", True),
        ("http://made.example:8080/a", "http://made.example:8080/b", True),
        ("http://made.example/a", "http://www.made.example/a", False),
        ("http://www.made.example/a", "http://made.example/a", False),
        ("http://made.example/a", "http://made.example:8080/a", False),
        ("http://made.example/a", "https://made.example:8443/a", False),
        ("http://made.example:8080/a", "https://made.example:8080/a", False),
        ("http://made.example:8080/a", "https://made.example/a", False),
        ("http://made.example/a", "http://made.example.other.example/a", False),
        ("http://made.example/a", "http://made.example./a", False),
    ],
)
def test_credentials_go_to_the_same_host_only(before: str, after: str, is_trusted: bool) -> None:
    """Port and scheme are part of who somebody is, but that http may become https."""
    address = before.replace("://", "://user:secret@")
    target = next_target(first_target(address), after)
    assert target.credentials == ((b"user", b"secret") if is_trusted else None)
    # Nor are those of the redirect used, wherever it leads.
    stated = next_target(first_target(before), after.replace("://", "://user:secret@"))
    assert stated.credentials is None
    assert "secret" not in repr(target) + target.url + target.shown + stated.url + stated.shown


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/c", "https://made.example/c"),
        ("c", "https://made.example/a/c"),
        ("../c", "https://made.example/c"),
        ("?c", "https://made.example/a/b?c"),
        ("//other.example", "https://other.example/"),
        ("https:/\\\\other.example\\c", "https://other.example/c"),
        ("https://OTHER.example:443/c#d", "https://other.example/c"),
        (" \t/c\n", "https://made.example/c"),
        ("", "https://made.example/a/b"),
        ("/c d\u00e9", "https://made.example/c%20d%C3%A9"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_redirects_lead_where_browsers_go(location: str, url: str) -> None:
    """By the URL Standard."""
    assert next_target(first_target("https://made.example/a/b#x"), location).url == url


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://made.example/", "//"]))
def test_any_text_is_an_address_or_a_reason(text: str, start: str) -> None:
    """And no other error; what is an address is http or https, and stays what it is."""
    before = first_target("https://made.example/")
    for make in (first_target, lambda address: next_target(before, address)):
        try:
            target = make(start + text)
        except RecordError as error:
            reason: str | None = error.reason
        else:
            reason = None
            assert first_target(target.url).url == target.url
            assert target.url.startswith(("http://", "https://"))
        assert reason in (None, "bad-address", "insecure-redirect")
