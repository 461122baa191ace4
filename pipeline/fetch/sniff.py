"""Whether a body is a feed at all, by a look at its beginning."""

from __future__ import annotations

import re

from transforms.functions import charset

_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)(?=[\s/>])", re.IGNORECASE)
_PROLOG = re.compile(
    r"[\s\ufeff]+|<!--.*?-->|<\?[^>]*>|<!DOCTYPE(?!\s+html)[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_PAGE = re.compile(r"<!DOCTYPE\s+html|<(?:html|head|body)[\s/>]", re.IGNORECASE)
_FIRST_TAG = re.compile(r"<[!a-z]", re.IGNORECASE)

# Behind a byte order mark, comments, or the warnings of a broken server program, a feed begins within this.
_SNIFFED_BYTES = 64 * 1024


def looks_like_feed(body: bytes) -> bool:
    """Whether a body begins as a feed does: a cheap look that says nearly always what the parser will say.

    JSON counts where it names "items"; XML by its root element, which may come behind rubbish, as long as that is
    no HTML page.
    """
    start = body[:_SNIFFED_BYTES]
    wide = charset.wide_codec(start)
    # All of the names that are looked for are ASCII, which other charsets have in common.
    text = start.decode(wide or "latin-1", "replace").removeprefix("\xef\xbb\xbf")
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return '"items"' in (text if wide else body.decode("latin-1"))
    place = 0
    while (prolog := _PROLOG.match(text, place)) is not None:
        place = prolog.end()
    if _ROOT.match(text, place):
        return True
    first = _FIRST_TAG.search(text, place)
    if first is None or _PAGE.match(text, first.start()):
        return False
    return _ROOT.search(text, place) is not None
