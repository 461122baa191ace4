"""News sitemaps as items, and sitemap indexes as the addresses of others.

Sources: the sitemap protocol 0.9 (sitemaps.org) and its news extension, under the namespaces that Google has given it
over the years. A sitemap has no text: of an article it states address, title, time, publication and language.

Expat builds no entity that a document declares (they are refused), fetches nothing, and runs in linear time.
"""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError, iterparse

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from transforms.functions.charset import decode_text
from transforms.functions.feeds import FEED_MALFORMED, declared_charset

#: Entries of one sitemap, and sitemaps of one index, that are read: the protocol's own bound.
MAX_ENTRIES: Final = 50_000

#: How deep elements may stand in each other; the protocol needs five.
MAX_DEPTH: Final = 64

_ROOT: Final = re.compile(r"<(?:[\w.-]+:)?(urlset|sitemapindex)[\s/>]")
_PROLOG: Final = re.compile(r"[\s\ufeff]+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")
_ENTITY: Final = re.compile(r"<!ENTITY", re.IGNORECASE)

# Behind a declaration, comments and style sheets a root element begins within this.
_SNIFFED_CHARACTERS: Final = 64 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class ChildSitemap:
    """A sitemap that an index names. modified: its `lastmod` as stated, None where it isn't."""

    url: str
    modified: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap holds.

    items: one for each entry with `news:news`, in the order of the document. pages: entries without, which are no
    news items. children: of an index.
    """

    items: tuple[RawItem, ...] = ()
    pages: int = 0
    children: tuple[ChildSitemap, ...] = ()


def is_sitemap(document: str | bytes) -> bool:
    """Whether a document is a sitemap or an index of them, by how it begins; of bytes in any charset but UTF-16."""
    start = document[:_SNIFFED_CHARACTERS]
    text = start if isinstance(start, str) else start.decode("latin-1").removeprefix("\xef\xbb\xbf")
    place = 0
    while (prolog := _PROLOG.match(text, place)) is not None:
        place = prolog.end()
    return _ROOT.match(text, place) is not None


def parse_sitemap(data: bytes, origin: Origin, content_type: str | None = None) -> Sitemap:
    """Reads a sitemap or an index; `origin` is the document's, each item's has its position.

    What a broken document holds before the place where it breaks is read, and its items have the warning
    "feed_malformed". Entries beyond `MAX_ENTRIES` are not read, and the last item has the warning
    "sitemap_too_long".

    Raises RecordError "empty-file"; "not-a-feed" for what has neither root; "xml-entities" where the document type
    declares entities; "too-deep" where elements stand deeper than `MAX_DEPTH`; "bad-feed" where nothing could be read.
    """
    text, warnings = decode_text(data, declared_charset(data, content_type))
    if not text.strip():
        raise RecordError("empty-file", f"{origin.uri} is empty")
    if not is_sitemap(text):
        raise RecordError("not-a-feed", f"{origin.uri} is no sitemap")
    if _ENTITY.search(text, 0, _SNIFFED_CHARACTERS):
        raise RecordError("xml-entities", f"{origin.uri} declares entities")
    reader = _Reader(origin, warnings)
    document = io.BytesIO(_DECLARATION.sub("", text, count=1).encode("utf-8", "replace"))
    try:
        for entry in _entries(document, origin):
            if not reader.take(entry):
                break
    except ParseError as error:
        if not reader.has_any:
            raise RecordError("bad-feed", f"{origin.uri}: {error}") from error
        reader.mark(FEED_MALFORMED)
    return reader.result()


def _entries(document: io.BytesIO, origin: Origin) -> Iterator[Element]:
    """The `url` and `sitemap` elements, each gone from memory once the next is asked for."""
    path: list[Element] = []
    for event, element in iterparse(document, events=("start", "end")):
        if event == "start":
            path.append(element)
            if len(path) > MAX_DEPTH:
                raise RecordError("too-deep", f"{origin.uri}: elements stand more than {MAX_DEPTH} deep")
            continue
        path.pop()
        if len(path) == 1:
            if _local(element) in ("url", "sitemap"):
                yield element
            path[0].clear()


class _Reader:
    """Collects what entries say."""

    def __init__(self, origin: Origin, warnings: tuple[str, ...]) -> None:
        self._origin = origin
        self._warnings = warnings
        self._items: list[RawItem] = []
        self._children: list[ChildSitemap] = []
        self._pages = 0

    @property
    def has_any(self) -> bool:
        return bool(self._items or self._children or self._pages)

    def take(self, entry: Element) -> bool:
        """Adds an entry; False where there are too many."""
        position = len(self._items) + self._pages + len(self._children)
        if position >= MAX_ENTRIES:
            self.mark("sitemap_too_long")
            return False
        address = _text(entry, "loc")
        if _local(entry) == "sitemap":
            if address is not None:
                self._children.append(ChildSitemap(address, _text(entry, "lastmod")))
            return True
        news = next((child for child in entry if _local(child) == "news"), None)
        if news is None:
            self._pages += 1
            return True
        publication = next((child for child in news if _local(child) == "publication"), None)
        # Old sitemaps have name and language beside the title.
        holders = (news,) if publication is None else (publication, news)
        self._items.append(
            RawItem(
                origin=dataclasses.replace(self._origin, position=position),
                title=_text(news, "title"),
                url=address,
                source=_first(_text(holder, "name") for holder in holders),
                published=_text(news, "publication_date"),
                updated=_text(entry, "lastmod"),
                language=_first(_text(holder, "language") for holder in holders),
                tags=_listed(_text(news, "keywords")),
                warnings=self._warnings,
            )
        )
        return True

    def mark(self, warning: str) -> None:
        """Adds a warning to what the document's fault may have touched: all items, or the last one."""
        touched = slice(-1, None) if warning == "sitemap_too_long" else slice(None)
        self._items[touched] = [
            dataclasses.replace(item, warnings=(*item.warnings, warning)) for item in self._items[touched]
        ]

    def result(self) -> Sitemap:
        return Sitemap(tuple(self._items), self._pages, tuple(self._children))


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(holder: Element, name: str) -> str | None:
    for child in holder:
        if _local(child) == name:
            return (child.text or "").strip() or None
    return None


def _first(values: Iterator[str | None]) -> str | None:
    return next((value for value in values if value is not None), None)


def _listed(keywords: str | None) -> tuple[str, ...]:
    if keywords is None:
        return ()
    return tuple(tag for keyword in keywords.split(",") if (tag := keyword.strip()))
