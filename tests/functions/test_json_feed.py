"""JSON Feed with wrong types, wrong items and wrong JSON; whole feeds are in test_feeds.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from transforms.functions.json_feed import Passage, absolute_url, choose_body, parse_json_feed

ORIGIN = Origin("feed", "made-up.json")


def parse_items(*items: Any, **feed: Any) -> tuple[RawItem, ...]:
    document = {"version": "https://jsonfeed.org/version/1.1", "items": list(items), **feed}
    return parse_json_feed(json.dumps(document), ORIGIN).items


@pytest.mark.parametrize(
    ("stated", "field", "expected"),
    [
        ({"id": 7}, "guid", "7"),
        ({"id": True}, "guid", None),
        ({"id": {"a": 1}}, "guid", None),
        ({"url": ["x"]}, "url", None),
        ({"url": "", "external_url": "http://e.example/x"}, "url", "http://e.example/x"),
        ({"tags": "one"}, "tags", ("one",)),
        ({"tags": [1, None, " a ", "a", {"b": 2}]}, "tags", ("a",)),
        ({"tags": {"a": 1}}, "tags", ()),
        ({"authors": "Ada Quayle"}, "bylines", ("Ada Quayle",)),
        ({"authors": {"name": "Ada Quayle"}}, "bylines", ("Ada Quayle",)),
        ({"authors": [], "author": {"name": "Ben Strand"}}, "bylines", ("Ben Strand",)),
        ({"authors": [3, {"name": None}, {"name": "A"}, {"name": "A"}]}, "bylines", ("A",)),
        ({"date_published": 1714550400.5}, "published", "1714550400.5"),
        ({"date_published": ["2024"]}, "published", None),
        ({"language": 5}, "language", None),
        ({"title": " nul\u0000 and \ud83d "}, "title", "nul and \ufffd"),
        ({"content_html": 5, "content_text": "text"}, "body", "text"),
    ],
)
def test_a_field_of_a_wrong_type_costs_nothing_else(
    stated: dict[str, Any], field: str, expected: object
) -> None:
    """A number where a string belongs is read; anything else counts as not stated."""
    (item,) = parse_items({"title": "t", **stated})
    assert (item.origin.guid if field == "guid" else getattr(item, field)) == expected


def test_items_take_authors_and_language_from_their_feed() -> None:
    """As the standard says; a feed without either adds nothing."""
    (item,) = parse_items({"title": "t"}, authors=[{"name": "Desk"}], language="sv")
    assert (item.bylines, item.language) == (("Desk",), "sv")


@pytest.mark.parametrize("item", [None, "text", 5, ["a"]])
def test_an_item_that_is_no_object_is_rejected_alone(item: object) -> None:
    """The rest of the feed goes on."""
    feed = parse_json_feed(json.dumps({"items": [item, {"title": "t"}]}), ORIGIN)
    assert [kept.origin.position for kept in feed.items] == [1]
    assert [(left.position, left.reason, json.loads(left.payload)) for left in feed.rejected] == [
        (0, "bad-item", item)
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "bad-json"),
        ('{"items": [}', "bad-json"),
        ('{"a":' * 100_000, "bad-json"),
        ('{"items": [' + "9" * 10_000 + "]}", "bad-json"),
        ("[]", "not-a-feed"),
        ('{"items": {}}', "not-a-feed"),
        ('{"name": "package"}', "not-a-feed"),
    ],
)
def test_other_json_is_refused(text: str, reason: str) -> None:
    """With a reason, whatever it is; deep nesting included."""
    with pytest.raises(RecordError) as caught:
        parse_json_feed(text, ORIGIN)
    assert caught.value.reason == reason
    assert ORIGIN.uri in caught.value.detail


def test_a_json_feed_may_have_no_items() -> None:
    """Not even the list, where the version says what it is."""
    feed = parse_json_feed('{"version": "https://jsonfeed.org/version/1"}', ORIGIN)
    assert (feed.items, feed.version) == ((), "json10")


HTML, TEXT = True, False


@pytest.mark.parametrize(
    ("contents", "summary", "body", "kept"),
    [
        ([], None, None, None),
        ([], "s", "s", None),
        (["c"], None, "c", None),
        (["<p>the whole story</p>"], "the", "<p>the whole story</p>", "the"),
        (["<p>stub</p>"], "the whole story", "the whole story", None),
        (["<p>same</p>"], "same", "<p>same</p>", None),
        (
            ["<p>" + "word " * 50 + "</p>"],
            "word " * 50 + "[...]",
            "<p>" + "word " * 50 + "</p>",
            "word " * 50 + "[...]",
        ),
        (
            ["<p>a <a href='http://e.example/long/address'>b</a></p>"],
            "a &lt;a href='http://e.example/'&gt;b",
            None,
            None,
        ),
        (["<script>" + "x" * 99 + "</script>"], "short", "short", None),
        (["one", "<p>one two</p>"], None, "<p>one two</p>", None),
    ],
)
def test_the_fullest_text_is_the_body(
    contents: list[str], summary: str | None, body: str | None, kept: str | None
) -> None:
    """Measured without markup, and without markup that was escaped twice."""
    passages = [Passage(content, HTML) for content in contents]
    chosen, left = choose_body(passages, None if summary is None else Passage(summary, HTML))
    expected = contents[0] if body is None and contents else body
    assert (chosen.value if chosen else None) == expected
    assert (left.value if left else None) == kept


@pytest.mark.parametrize(
    ("url", "base", "expected"),
    [
        ("/a", "http://e.example/x/", "http://e.example/a"),
        ("a?b", "http://e.example/x/", "http://e.example/x/a?b"),
        ("//f.example/a", "https://e.example/", "https://f.example/a"),
        ("http://f.example/", "http://e.example/", "http://f.example/"),
        ("www.f.example/a", "http://e.example/", "www.f.example/a"),
        ("/a", None, "/a"),
        ("/a", "feeds/local.xml", "/a"),
        ("//[", "http://e.example/", "//["),
        (None, "http://e.example/", None),
    ],
)
def test_relative_addresses(url: str | None, base: str | None, expected: str | None) -> None:
    """Joined to an absolute one, else left as stated."""
    assert absolute_url(url, base) == expected
