"""What the items of one feed tell about each other: which names are none, and which links lead to strangers."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator

from schemas.records import RawItem
from transforms.functions.identity import SHARED_LINK
from transforms.functions.urls import registrable_domain

#: The warning of an item that leads to another site than its feed: sold, or of a partner.
OFFSITE_LINK = "offsite_link"

#: Domains that this share of a feed's items lead to are its own: many a feed is served from another address.
OWN_SHARE = 0.25


def with_own_names(items: Iterable[RawItem], has_unstable_guids: bool = False) -> Iterator[RawItem]:
    """Marks what several items of one feed share as their name, for it names none of them.

    A guid over different addresses and titles (a generator that writes the site's address, or "0") is taken away,
    with the warning "guid_not_unique". An address over different guids (the home page, as every item's link) stays
    in its column and gets the warning `SHARED_LINK`. Left in, either would make all of them one article.

    has_unstable_guids: whether the feed gives its items other guids on each poll. They are taken away, with the warning
    "guid_unstable", and the items known by their addresses and texts.
    """
    items = list(items)
    pairs = {(item.origin.guid, item.url) for item in items}
    of_guid = Counter(guid for guid, _ in pairs if guid is not None)
    of_url = Counter(url for _, url in pairs if url is not None)
    # An edited slug may stand beside the old one for a while: under one headline it is one article.
    titles = Counter(guid for guid, _ in {(item.origin.guid, item.title) for item in items})
    for item in items:
        guid, warnings = item.origin.guid, item.warnings
        if guid is not None and of_guid[guid] > 1 and titles[guid] > 1:
            guid = None
            warnings = (*warnings, "guid_not_unique")
        if item.url is not None and of_url[item.url] > 1 and item.origin.guid is not None:
            warnings = (*warnings, SHARED_LINK)
        if has_unstable_guids and guid is not None:
            guid = None
            warnings = (*warnings, "guid_unstable")
        yield dataclasses.replace(item, origin=dataclasses.replace(item.origin, guid=guid), warnings=warnings)


def with_offsite_links(items: Iterable[RawItem], feed_url: str | None) -> Iterator[RawItem]:
    """Marks items that lead to another registrable domain than the feed's and than a good part of its items.

    feed_url: the feed's address, None where it isn't known. Of fewer than four items none is marked but by that.
    """
    items = list(items)
    domains = [None if item.url is None else registrable_domain(item.url) for item in items]
    count = Counter(domain for domain in domains if domain is not None)
    own = {
        domain for domain, items_there in count.items() if items_there >= max(2, OWN_SHARE * count.total())
    }
    feed_domain = None if feed_url is None else registrable_domain(feed_url)
    if feed_domain is not None:
        own.add(feed_domain)
    for item, domain in zip(items, domains, strict=True):
        if domain is not None and own and domain not in own:
            item = dataclasses.replace(item, warnings=(*item.warnings, OFFSITE_LINK))
        yield item
