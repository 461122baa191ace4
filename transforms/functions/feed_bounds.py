"""How much markup a feed may have: what more there is would cost its parser memory by the hundred megabytes.

A tag of three bytes makes an element of some hundred, so that the size of a document says nothing of what it costs. All
bounds are far from any feed's: an archive of ten years has a few thousand items, and no feed a depth of fifty, though a
broken one may have thousands of tags that nothing closes. At each of them parsing stays under some 200 MB.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from schemas.errors import RecordError
from schemas.records import Origin

#: Elements within one another.
MAX_DEPTH: Final = 50_000
#: Tags of XML, or objects and lists of JSON; and attributes.
MAX_TAGS: Final = 500_000
#: Items of one feed.
MAX_ITEMS: Final = 50_000

# What has no elements in it, whatever it looks like.
_NO_MARKUP: Final = re.compile(rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_ITEM: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)


def check_markup(document: bytes, origin: Origin) -> None:
    """Raises RecordError "too-deep", "too-many-items" or "too-large" where an XML document has too much of it.

    document: in UTF-8. Well-formed or not: what a lenient parser would take for open counts as open.
    """
    tags = document.count(b"<")
    # Not each is one of an attribute, but those of texts and addresses are far fewer than this.
    for count, what in ((tags, "tags"), (document.count(b"="), "attributes")):
        if count > MAX_TAGS:
            raise RecordError("too-large", f"{origin.uri} has {count:,} {what}, more than {MAX_TAGS:,}")
    if tags <= MAX_DEPTH:
        return
    # In the texts of items there may be thousands of tags without an end, as HTML allows, which are no elements.
    if depth_of(document) > MAX_DEPTH and depth_of(_NO_MARKUP.sub(b"", document)) > MAX_DEPTH:
        raise RecordError("too-deep", f"{origin.uri} has more than {MAX_DEPTH:,} elements within one another")
    if tags > MAX_ITEMS:
        items = sum(1 for _ in _ITEM.finditer(document))
        if items > MAX_ITEMS:
            raise RecordError("too-many-items", f"{origin.uri} has {items:,} items, more than {MAX_ITEMS:,}")


def check_json(text: str, origin: Origin) -> None:
    """Raises RecordError "too-large" where a JSON document has too many objects and lists."""
    count = text.count("{") + text.count("[")
    if count > MAX_TAGS:
        raise RecordError(
            "too-large", f"{origin.uri} has {count:,} objects and lists, more than {MAX_TAGS:,}"
        )


def depth_of(document: bytes) -> int:
    """How many tags are open at most, by their number alone; tags in CDATA and in comments count, too.

    An end without a start closes nothing.

        >>> depth_of(b"<a><b/><c></c></a></a><d>")
        2
    """
    marks = np.frombuffer(document, np.uint8)
    starts = np.flatnonzero(marks[:-1] == ord("<"))
    if not len(starts):
        return 0
    follows = marks[starts + 1]
    # The ">" that ends each tag; a last one without an end is as good as an open one.
    ends = np.append(np.flatnonzero(marks == ord(">")), len(marks))
    is_empty = marks[ends[np.searchsorted(ends, starts)] - 1] == ord("/")
    is_none = is_empty | (follows == ord("!")) | (follows == ord("?"))
    steps = np.where(follows == ord("/"), -1, np.where(is_none, 0, 1))
    open_tags = np.cumsum(steps)
    lowest = np.minimum(np.minimum.accumulate(open_tags), 0)
    return int((open_tags - lowest).max())
