"""JSON Lines: a stream to lines, a line to a raw item."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from tests.hanging import no_hang
from transforms.functions import jsonl
from transforms.functions.jsonl import iter_lines, parse_line

# On a busy machine the first draw, which builds tables of Unicode, takes seconds.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ORIGIN = Origin(kind="jsonl", uri="made-up.jsonl", position=6)


def parse(**record: Any) -> RawItem:
    """Parses a record that has a title, whatever else it has."""
    return parse_line(json.dumps({"title": "Bridge opens", **record}).encode(), ORIGIN)


def refusal(line: bytes) -> RecordError:
    """The error that a line meets."""
    with pytest.raises(RecordError) as caught:
        parse_line(line, ORIGIN)
    return caught.value


def test_every_field_is_read() -> None:
    """A full record is an item, with its id in the origin."""
    line = json.dumps(
        {
            "id": "a-1",
            "url": "https://news.example/a-1",
            "title": "Bridge opens",
            "text": "The bridge opened.\nIt is long.",
            "byline": "By Ana Example",
            "source": "Example Post",
            "published": "2024-05-01T12:00:00+02:00",
            "updated": "2024-05-02",
            "language": "en",
            "tags": ["roads", "city"],
            "summary": "A bridge.",
            "unknown": {"kept": False},
        }
    ).encode()
    assert parse_line(line, ORIGIN) == RawItem(
        origin=Origin(kind="jsonl", uri="made-up.jsonl", guid="a-1", position=6),
        url="https://news.example/a-1",
        title="Bridge opens",
        body="The bridge opened.\nIt is long.",
        bylines=("By Ana Example",),
        source="Example Post",
        published="2024-05-01T12:00:00+02:00",
        updated="2024-05-02",
        language="en",
        tags=("roads", "city"),
        summary="A bridge.",
    )
    assert ORIGIN.guid is None


@pytest.mark.parametrize(
    ("record", "field", "expected"),
    [
        ({"lang": "de"}, "language", "de"),
        ({"link": "https://news.example/"}, "url", "https://news.example/"),
        ({"body": "b"}, "body", "b"),
        ({"content": "c"}, "body", "c"),
        ({"text": "", "content": "c"}, "body", "c"),
        ({"text": "t", "content": "c"}, "body", "t"),
        ({"published_at": "2024"}, "published", "2024"),
        ({"authors": ["Ana Example", "", None, "Bo Sample"]}, "bylines", ("Ana Example", "Bo Sample")),
        ({"author": "Ana Example and Bo Sample"}, "bylines", ("Ana Example and Bo Sample",)),
        ({"author": {"name": "Ana Example"}}, "bylines", ("Ana Example",)),
        ({"authors": [{"name": "Ana Example"}]}, "bylines", ("Ana Example",)),
        ({"authors": [], "author": "Ana Example"}, "bylines", ("Ana Example",)),
        ({"byline": "", "authors": ["Ana Example"]}, "bylines", ("Ana Example",)),
        ({"byline": None}, "bylines", ()),
        ({"source": {"id": None, "name": "Example Post"}}, "source", "Example Post"),
        ({"tags": "roads, city,,"}, "tags", ("roads", "city")),
        ({"tags": ["roads, rail", 2024, None, " "]}, "tags", ("roads, rail", "2024")),
        ({"tags": None}, "tags", ()),
        ({"published": 1714557600}, "published", "1714557600"),
        ({"published": 1714557600123}, "published", "1714557600123"),
        ({"published": 1714557600.0}, "published", "1714557600"),
        ({"published": 1714557600.25}, "published", "1714557600.25"),
        ({"updated": 0}, "updated", "0"),
        ({"source": ""}, "source", None),
        ({"source": " \n"}, "source", None),
        ({"summary": "5 < 6 > 4"}, "summary", "5 < 6 > 4"),
    ],
)
def test_other_names_and_types_are_understood(record: dict[str, Any], field: str, expected: object) -> None:
    """What plainly is meant is read; what is empty is None."""
    assert getattr(parse(**record), field) == expected


@pytest.mark.parametrize(
    ("value", "guid"),
    [(17, "17"), (17.0, "17"), ("", None), (None, None), ("x", "x"), (2**70, str(2**70)), (0, "0")],
)
def test_an_id_is_a_string(value: object, guid: str | None) -> None:
    """Numbers become their digits."""
    assert parse(id=value).origin.guid == guid


@pytest.mark.parametrize(
    ("record", "field", "kind"),
    [
        ({"title": {"rendered": "x"}}, "title", "an object"),
        ({"title": 1984}, "title", "a number"),
        ({"text": ["one", "two"]}, "text", "a list"),
        ({"title": "x", "url": True}, "url", "a boolean"),
        ({"title": "x", "link": 3}, "link", "a number"),
        ({"title": "x", "published": True}, "published", "a boolean"),
        ({"title": "x", "updated": {"$date": 1}}, "updated", "an object"),
        ({"title": "x", "id": ["a"]}, "id", "a list"),
        ({"title": "x", "source": {"id": "cnn"}}, "source", "an object"),
        ({"title": "x", "source": {"name": 3}}, "source", "a number"),
        ({"title": "x", "authors": [["Ana"]]}, "authors", "a list"),
        ({"title": "x", "byline": 3}, "byline", "a number"),
        ({"title": "x", "tags": [{"term": "roads"}]}, "tags", "an object"),
        ({"title": "x", "tags": {"roads": 1}}, "tags", "an object"),
    ],
)
def test_a_wrong_type_is_refused_by_name(record: dict[str, Any], field: str, kind: str) -> None:
    """The detail says where, which field, and what it holds."""
    error = refusal(json.dumps(record).encode())
    assert error.reason == "bad-field"
    assert f'"{field}"' in error.detail
    assert kind in error.detail
    assert "line 7 of made-up.jsonl" in error.detail


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        (b'{"title": "x",}', "bad-json", "character 1"),
        (b'{"title": "x"', "bad-json", "character 14"),
        (b'{"title": "x"}{"title": "y"}', "bad-json", "character 15"),
        (b"", "bad-json", "character 1"),
        (b"<rss/>", "bad-json", "character 1"),
        (b"[" * 100_000, "bad-json", "line 7"),
        (b'{"title": "x", "extra": ' + b'{"a":' * 100_000, "bad-json", "line 7"),
        (b'["title"]', "not-an-object", "a list"),
        (b'"title"', "not-an-object", "a string"),
        (b"null", "not-an-object", "null"),
        (b"NaN", "not-an-object", "null"),
        (b"12", "not-an-object", "a number"),
        (b"{}", "no-text", "line 7 of made-up.jsonl"),
        (
            b'{"url": "", "id": 7, "source": "Made Up", "text": " ", "title": null, "summary": ""}',
            "no-text",
            "neither",
        ),
        (b'{"title": "\\u0000"}', "no-text", "neither"),
    ],
)
def test_what_is_no_record_is_refused(line: bytes, reason: str, detail: str) -> None:
    """Each fault has its reason, and the detail leads to the place."""
    error = refusal(line)
    assert error.reason == reason
    assert detail in error.detail


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (b'{"title": "first", "title": "second"}', "second"),
        (b'{"title": "x", "published": NaN, "text": -Infinity, "id": 1e999}', "x"),
        (b'{"title": "tab\tand\nfeed"}', "tab\tand\nfeed"),
        (b'{"title": "x", "extra": ' + b"9" * 100_000 + b"}", "x"),
        (b'\xef\xbb\xbf {"title": "x"} \r\n', "x"),
        (b'\x1e{"title": "x"}\n', "x"),
        (b'{"title": "\\ud83c\\udf09"}', "\U0001f309"),
        (
            '{"title": "Überfall in Köln: Täter flüchtig"}'.encode("cp1252"),
            "Überfall in Köln: Täter flüchtig",
        ),
        ('{"title": "Brücke"}'.encode("utf-16"), "Brücke"),
    ],
)
def test_lenient_where_the_meaning_is_clear(line: bytes, title: str) -> None:
    """What files in the wild hold is read."""
    item = parse_line(line, ORIGIN)
    assert item.title == title
    assert (item.published, item.body, item.origin.guid) == (None, None, None)


def test_every_string_is_scrubbed() -> None:
    """NUL and lone surrogates are nowhere in the item, and the warnings say so once."""
    dirty = "a\0b\ud83c\r\nc"
    item = parse(
        **dict.fromkeys(("id", "url", "title", "text", "source", "published", "updated"), dirty),
        language=dirty,
        summary=dirty,
        tags=[dirty],
        authors=[{"name": dirty}],
    )
    clean = "ab\ufffd\nc"
    assert item == RawItem(
        origin=Origin(kind="jsonl", uri="made-up.jsonl", guid=clean, position=6),
        url=clean,
        title=clean,
        body=clean,
        source=clean,
        published=clean,
        updated=clean,
        language=clean,
        summary=clean,
        tags=(clean,),
        bylines=(clean,),
        warnings=("charset_replaced", "nul_removed"),
    )


@pytest.mark.parametrize(
    ("text", "is_html"),
    [
        ("<p>The bridge opened.</p>", True),
        ("The bridge<br>opened", True),
        ("The bridge<br/>opened", True),
        ('See <a href="https://news.example/">this</a>', True),
        ('<img src="x.jpg">The bridge', True),
        ("<P>The bridge opened.<P>It is long.", True),
        ("An <b>old</b> bridge", True),
        ("The bridge opened. 3 < 4 and 5 > 4", False),
        ("Example Oil <P> and Burling <BR> rose, <A> and <IBM.N> fell", False),
        ("<P and Q Holdings Ltd> bought <Brown & Sons>", False),
        ("Write <name@news.example> or <https://news.example/>", False),
        ("", False),
    ],
)
def test_html_is_told_from_text(text: str, is_html: bool) -> None:
    """Tickers and addresses in angle brackets are no markup."""
    item = parse(text=text, summary=text)
    assert (item.body_is_html, item.summary_is_html, item.title_is_html) == (is_html, is_html, False)


@pytest.mark.parametrize("text", ["<" * 400_000, "<p " * 200_000, "<a href" * 100_000, "<p" + " " * 400_000])
def test_telling_html_takes_linear_time(text: str) -> None:
    """No text makes the search slow."""
    with no_hang():
        parse(text=text)


def test_a_line_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts the line without its end."""
    line = b'{"title": "bridge"}\r\n'
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", len(line) - 2)
    assert parse_line(line, ORIGIN).title == "bridge"
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", len(line) - 3)
    assert refusal(line).reason == "too-large"


@UNHURRIED
@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(line: bytes) -> None:
    """A line is an item or a RecordError."""
    reason = None
    try:
        parse_line(line, ORIGIN)
    except RecordError as error:
        reason = error.reason
    assert reason in {None, "bad-json", "not-an-object", "bad-field", "no-text"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@UNHURRIED
@given(
    st.dictionaries(
        st.sampled_from(["id", "title", "text", "byline", "author", "source", "tags", "updated"]), JSON
    )
)
def test_no_record_raises_anything_else(record: dict[str, Any]) -> None:
    """Whatever a field holds, what comes out has the types of a RawItem."""
    try:
        item = parse_line(json.dumps(record).encode(), ORIGIN)
    except RecordError:
        return
    assert all(isinstance(value, str) and value for value in (*item.bylines, *item.tags))
    for value in (item.title, item.body, item.source, item.updated, item.origin.guid):
        assert value is None or (isinstance(value, str) and value.strip())


def test_lines_are_counted_with_blank_ones() -> None:
    """Blank lines hold no record, and the next one keeps its number."""
    data = b'\xef\xbb\xbf\n{"a":1}\r\n\r\n  \n{"b":2}\n\0\0\0\0'
    assert list(iter_lines(io.BytesIO(data))) == [(1, b'{"a":1}\r\n'), (4, b'{"b":2}\n')]
    assert list(iter_lines(io.BytesIO(b""))) == []


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_charsets_are_cut_into_lines(codec: str) -> None:
    """A character whose bytes hold a line feed does not end a line."""
    text = '{"title": "Ċ 上 one"}\r\n\n{"title": "two"}'
    found = list(iter_lines(io.BytesIO(text.encode(codec))))
    assert [number for number, _ in found] == [0, 2]
    assert [parse_line(line, ORIGIN).title for _, line in found] == ["Ċ 上 one", "two"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_an_overlong_line_is_cut_and_the_next_is_read(codec: str) -> None:
    """The cut line is one byte over the limit, so that it is refused; the rest of it is passed over."""
    text = "a" * 10 + "\n" + "b" * 1000 + "\n" + "c" * 11 + "\n" + "d" * 25
    assert list(iter_lines(io.BytesIO(text.encode(codec)), max_line_bytes=10)) == [
        (0, b"a" * 10 + b"\n"),
        (1, b"b" * 11),
        (2, b"c" * 11),
        (3, b"d" * 11),
    ]


def test_a_record_that_is_only_an_address_is_kept() -> None:
    """As a feed's item is: somebody saw that article there."""
    item = parse_line(b'{"link": "https://news.example/a", "text": " "}', Origin("jsonl", "made-up.jsonl"))
    assert (item.url, item.title, item.body) == ("https://news.example/a", None, None)
