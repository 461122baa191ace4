"""The feeds that a page names: what a feed's address leads to where a page is given instead."""

from __future__ import annotations

import re

from transforms.functions.polling.markup import attributes_of, without_scripts
from transforms.functions.polling.schedule import FEED_TYPES
from transforms.functions.urls import absolute_url

#: A page names no more feeds than this, for all that we look.
MAX_FEED_LINKS = 20

# Behind its head a page may be of any length.
_MAX_CHARS = 1 << 20

_TAG = re.compile(r"<(link|base)\s([^<>]*)>", re.IGNORECASE)


def feed_links(html: str, base_url: str) -> list[str]:
    """The http(s) addresses of the feeds that a page's `<link rel="alternate">` name, in order, each once.

    Of the types RSS, Atom, RDF and JSON Feed; links to comments' feeds are among them, where a page names them.
    base_url: the page's; its `<base href>` comes before it. Never raises, and takes linear time.
    """
    base = base_url
    hrefs: list[str] = []
    is_based = False
    for found in _TAG.finditer(without_scripts(html[:_MAX_CHARS])):
        attributes = attributes_of(found[2])
        href = attributes.get("href", "").strip()
        if not href:
            continue
        if found[1].lower() == "base":
            if not is_based:
                base, is_based = absolute_url(href, base_url) or base_url, True
        elif (
            "alternate" in attributes.get("rel", "").lower().split()
            and attributes.get("type", "").partition(";")[0].strip().lower() in FEED_TYPES
        ):
            hrefs.append(href)
    resolved = (absolute_url(href, base) for href in hrefs)
    return list(dict.fromkeys(url for url in resolved if url is not None))[:MAX_FEED_LINKS]
