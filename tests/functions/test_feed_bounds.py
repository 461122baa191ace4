"""How much markup a feed may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import RecordError
from schemas.records import Origin
from transforms.functions.feed_bounds import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TAGS,
    check_json,
    check_markup,
    depth_of,
)

ORIGIN = Origin("feed", "http://made.example/feed")


@pytest.mark.parametrize(
    ("document", "depth"),
    [
        (b"", 0),
        (b"text", 0),
        (b"<", 0),
        (b"<a>", 1),
        (b"<a", 1),
        (b"<a/>", 0),
        (b"<a><b><c/></b><d></d></a>", 2),
        (b"<?xml version='1.0'?><!-- a --><a/>", 0),
        (b"</a></a></a><a><a>", 2),
        (b"<a b='/'><c>", 2),
        (b"<![CDATA[<br><br>]]>", 2),
    ],
)
def test_depth_is_counted_by_tags(document: bytes, depth: int) -> None:
    """Ends close what is open, and nothing else."""
    assert depth_of(document) == depth


TREES = st.recursive(
    st.just(b"<a/>"),
    lambda inner: st.lists(inner, max_size=4).map(lambda some: b"<a>" + b"".join(some) + b"</a>"),
)


@given(TREES)
def test_depth_is_exact_for_what_is_well_formed(tree: bytes) -> None:
    """Against a walk over the tags one by one."""
    depth = deepest = 0
    for tag in tree.split(b"<")[1:]:
        depth += -1 if tag.startswith(b"/") else 0 if tag.endswith(b"/>") else 1
        deepest = max(deepest, depth)
    assert depth_of(tree) == deepest


def feed(inside: bytes) -> bytes:
    return b"<rss><channel>" + inside + b"</channel></rss>"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (feed(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH), "too-deep"),
        (feed(b"<a>" * MAX_DEPTH), "too-deep"),
        (feed(b"<a>" * (MAX_DEPTH - 2) + b"</a>" * (MAX_DEPTH - 2)), None),
        (feed(b"<![CDATA[" + b"<br>" * 2 * MAX_DEPTH + b"]]>"), None),
        (feed(b"<!--" + b"<br>" * 2 * MAX_DEPTH + b"-->"), None),
        (feed(b"<![CDATA[" + b"<br>" * 2 * MAX_DEPTH + b"]]>" + b"<a>" * MAX_DEPTH), "too-deep"),
        (feed(b"<a/>" * MAX_TAGS), "too-large"),
        (feed(b"<a/>" * (MAX_TAGS - 4)), None),
        (feed(b"<a " + b"b='' " * (MAX_TAGS + 1) + b"/>"), "too-large"),
        (feed(b"<item/>" * (MAX_ITEMS + 1)), "too-many-items"),
        (feed(b"<rss:ITEM >" + b"</rss:ITEM>" + b"<entry>a</entry>" * MAX_ITEMS), "too-many-items"),
        (feed(b"<item/>" * MAX_ITEMS + b"<items/><itemised/>"), None),
    ],
)
def test_what_a_feed_may_have(document: bytes, reason: str | None) -> None:
    """Up to each bound, and no further; texts of items may have any tags."""
    if reason is None:
        check_markup(document, ORIGIN)
        return
    with pytest.raises(RecordError) as caught:
        check_markup(document, ORIGIN)
    assert caught.value.reason == reason


def test_json_has_a_bound_too() -> None:
    """Of objects and lists together."""
    check_json("[{}" * (MAX_TAGS // 2), ORIGIN)
    with pytest.raises(RecordError, match="too-large"):
        check_json("[{}" * (MAX_TAGS // 2) + "[", ORIGIN)
