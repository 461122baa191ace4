"""Well-formed feeds read from a tree that is built in C: the same fields as feedparser's, at a fraction of the time.

feedparser calls a dozen Python functions for each element and each line of text. Here expat builds the whole tree,
and only its feed, items and their children are looked at. What feedparser makes of them is often surprising (a
second description is content; `itunes:summary` is one too), so each rule here is one of its rules, and the result is
the dictionaries that it would give, as far as `feeds` reads them. That is tested on any feed that can be had.

Only what is certain to come out equal is read. Everything else is declined, and feedparser reads it: documents that
are not well-formed; elements that have a meaning, but in an odd place; markup inside a text that isn't XHTML; files
in base64; a prefix that stands for two namespaces, or for another than everywhere else.

The document must come from `feeds`, without a document type: then there are no entities but XML's own, nothing that
could be fetched or blown up, and no step here takes more than linear time. Nothing recurses deeper than
`_MAX_DEPTH`; trees that are deeper are built, but not walked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse
from xml.sax.saxutils import escape

from feedparser.api import StrictFeedParser
from feedparser.urls import make_safe_absolute_uri
from feedparser.util import FeedParserDict

__all__ = ["StatedFeed", "read_feed"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: feedparser's own bounds in `feeds` begin above these.
_MAX_ATTRIBUTES: Final = 100
_MAX_NAMESPACES: Final = 100
_MAX_BASE_CHARS: Final = 2_000
# Of elements in a text or in a wrapper; ten times what any feed has.
_MAX_DEPTH: Final = 100

#: Namespace in lower case -> the prefix that its elements' names start with; "" for those of feeds themselves.
_NAMESPACES: Final[dict[str, str]] = {
    uri.lower(): prefix.lower() for uri, prefix in StrictFeedParser.namespaces.items()
}
_PREFIXES: Final = frozenset(_NAMESPACES.values()) - {""}
_ROOT: Final = re.compile(rb"<[A-Za-z_:]")
_USERLAND: Final = "backend.userland.com/rss"
_RSS10: Final = "http://purl.org/rss/1.0/"
_RSS090: Final = "http://my.netscape.com/rdf/simple/0.9/"
_ATOM10: Final = "http://www.w3.org/2005/atom"
_XLINK: Final = "http://www.w3.org/1999/xlink"

_RSS_VERSIONS: Final = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS: Final = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}

#: feedparser takes C1 controls for what Windows-1252 has in their places.
_CP1252: Final = {
    code: character for code in range(0x80, 0xA0) if (character := bytes([code]).decode("cp1252", "ignore"))
}

_C1: Final = re.compile("[\x80-\x9f]")

_BROKEN_QUERY: Final = re.compile("&([A-Za-z0-9_]+);")
_HREFS: Final = ("url", "uri", "href")
_QUOTE: Final = {'"': "&quot;"}

_COPIED_TYPES: Final = frozenset(("text/plain", "text/html", "application/xhtml+xml"))

#: Elements that feedparser does something with.
_HANDLED: Final = frozenset(
    name.split("_", 2)[2] for name in dir(StrictFeedParser) if name.startswith(("_start_", "_end_"))
)

# Elements that feedparser keeps by their own name would overwrite these, and it expects lists and dictionaries
# in some of them.
_FIELDS: Final = frozenset(FeedParserDict.keymap) | _names(
    """author_detail authors content contributors dc_date entries feed feedburner_origlink guidislink href id
    image itunes_author language links media_content media_credit media_description media_description_detail
    media_license media_rating media_restriction media_thumbnail media_title media_title_detail permalink
    pheedo_origlink psc_chapters published publisher publisher_detail source summary summary_detail tags
    textinput title title_detail updated where"""
)

# Of those that feedparser handles, the ones that no field of an item hangs on, wherever they stand.
_HARMLESS: Final = _names(
    """cc_license cloud creativecommons_license dc_contributor dcterms_valid email enclosure expirationdate
    generator georss_box georss_line georss_point georss_polygon georss_where gml_exterior gml_linearring
    gml_linestring gml_point gml_polygon gml_pos gml_poslist height homepage items itunes_block itunes_email
    itunes_explicit itunes_image itunes_link itunes_name media_content media_credit media_group
    media_license media_player media_rating media_restriction media_thumbnail name psc_chapter psc_chapters
    uri url where width"""
)
# Of these, and of unknown ones, some may hold other elements.
_LEAVES: Final = frozenset(
    ("dc_contributor", "email", "homepage", "itunes_email", "itunes_name", "name", "uri", "url")
)

# Texts that may be marked up, which nothing is read from.
_IGNORED_TEXTS: Final = _names(
    "copyright dc_rights feedburner_browserfriendly info itunes_subtitle rights subtitle tagline"
)

# Harmless in the feed itself, though not in an item.
_HARMLESS_IN_FEED: Final = _names(
    """category created dc_date dc_publisher dc_subject dcterms_created dcterms_issued dcterms_modified guid id
    issued itunes_category itunes_keywords keywords lastbuilddate media_category media_keywords modified
    pubdate published tags updated webmaster"""
)
_HARMLESS_IN_SOURCE: Final = _names(
    "category generator id issued lastbuilddate modified published pubdate updated"
)
# In a picture of the feed or its search field; another element without a prefix would end them for feedparser.
_IN_IMAGE: Final = _names("title link description url href width height")
_IN_TEXTINPUT: Final = _names("title link description name")

_Attributes = Mapping[str, str]
_Fields = dict[str, Any]

_NO_ATTRIBUTES: Final[_Attributes] = {}


class StatedFeed(NamedTuple):
    """A feed's fields as feedparser names and fills them; those that `feeds` doesn't read may be missing.

    version: the dialect, as in `ParsedFeed`.
    """

    feed: dict[str, Any]
    entries: list[dict[str, Any]]
    version: str


class _Declined(Exception):
    """The document has something in it that only feedparser knows how to read."""


class _WholeFile:
    """A file that is read at once: by parts, expat would begin a long tag or comment again with each."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        data, self._data = self._data, b""
        return data


def read_feed(document: bytes) -> StatedFeed | None:
    """Reads the root element of a feed in UTF-8, which has no references but XML's own; None: feedparser's turn.

    Never raises for what is in the document.
    """
    # A document type, by which entities could be declared, can only stand before the root element.
    if not _ROOT.match(document):
        return None
    events = iterparse(_WholeFile(document), events=("start-ns",))
    try:
        namespaces = [declared for _, declared in events]
        return _Reader(namespaces).read(events.root)  # type: ignore[attr-defined, unused-ignore]
    except (ParseError, _Declined):
        return None


class _Content(NamedTuple):
    """A text construct. type: its media type."""

    value: str
    type: str
    language: str | None

    def as_detail(self) -> dict[str, Any]:
        return {"value": self.value, "type": self.type, "language": self.language}


class _Reader:
    """Reads one document; what it keeps is what feedparser keeps from one element to the next."""

    def __init__(self, namespaces: Sequence[tuple[str, str]]) -> None:
        self._declared = namespaces
        self._unknown = _unknown_prefixes(namespaces)
        self._names: dict[str, str] = {}
        self._attribute_names: dict[str, tuple[str, bool]] = {}
        self._version = ""
        self._is_atom = False
        self._feed: dict[str, Any] = {}
        self._entries: list[dict[str, Any]] = []
        # Joins addresses: its `baseuri` is the base address that holds just now.
        self._uris = StrictFeedParser("", None, "utf-8")
        self._uris.baseuri = ""
        self._language: str | None = None
        self._title_depth = -1
        self._depths: dict[str, int] = {}
        self._has_content = False

    def read(self, root: Element) -> StatedFeed:
        name = self._name(root.tag)
        attributes = self._attributes(root)
        self._enter(attributes)
        if name == "rss":
            self._version = self._rss_version(attributes.get("version", ""))
        elif name == "feed":
            self._version = self._atom_version(root.tag, attributes.get("version", ""))
            self._is_atom = True
        elif name == "rdf_rdf":
            self._version = self._rdf_version(root)
        else:
            raise _Declined
        if name != "rdf_rdf" and self._language:
            self._feed["language"] = self._language.replace("_", "-")
        if name == "feed":
            self._read_feed(root, depth=1)
        else:
            self._read_root(root)
        return StatedFeed(self._feed, self._entries, self._version)

    # The dialect. feedparser tells it by the first namespace of a dialect that is declared anywhere, else by the
    # root's version; RSS by its version even so, unless a namespace said it was RSS.

    def _dialects_declared(self) -> list[str]:
        found = []
        for prefix, uri in self._declared:
            lower = uri.lower()
            if lower == _RSS10:
                found.append("rss10")
            elif lower == _ATOM10:
                found.append("atom10")
            elif lower == _RSS090 and not prefix:
                found.append("rss090")
        return found

    def _rss_version(self, stated: str) -> str:
        if any(dialect.startswith("rss") for dialect in self._dialects_declared()):
            raise _Declined
        return _RSS_VERSIONS.get(stated) or ("rss20" if stated.startswith("2.") else "rss")

    def _atom_version(self, tag: str, stated: str) -> str:
        dialects = self._dialects_declared()
        if _uri_of(tag).lower() == _ATOM10:
            if dialects[0] != "atom10":
                raise _Declined
            return "atom10"
        if dialects:
            raise _Declined
        return _ATOM_VERSIONS.get(stated, "atom")

    def _rdf_version(self, root: Element) -> str:
        first = next(
            (uri for child in root if (uri := _uri_of(child.tag).lower()) in (_RSS10, _RSS090)), None
        )
        dialects = self._dialects_declared()
        # The namespace of the first child is declared before any text is read.
        expected = {_RSS10: "rss10", _RSS090: "rss090"}.get(first or "")
        if not dialects or dialects[0] != expected or (len(root) and _uri_of(root[0].tag).lower() != first):
            raise _Declined
        return dialects[0]

    # Names, attributes, and what is inherited.

    def _name(self, tag: str) -> str:
        """An element's name as feedparser has it: the usual prefix of its namespace, "_", its local name."""
        known = self._names.get(tag)
        if known is not None:
            return known
        uri = _uri_of(tag)
        local = tag[len(uri) + 2 :] if uri else tag
        prefix = _prefix_of(uri)
        if prefix is None:
            prefix = self._unknown.get(uri, "")
        name = f"{prefix}_{local.lower()}" if prefix else local.lower()
        self._names[tag] = name
        return name

    def _attributes(self, element: Element) -> _Attributes:
        """An element's attributes as feedparser has them.

        Those of namespaces that it doesn't know count as the element's own, where it has no such.
        """
        items = element.items()
        if not items:
            return _NO_ATTRIBUTES
        if len(items) > _MAX_ATTRIBUTES:
            raise _Declined
        own: dict[str, str] = {}
        foreign: dict[str, str] = {}
        for raw, value in items:
            known = self._attribute_names.get(raw)
            if known is None:
                known = self._attribute_names[raw] = _attribute_name(raw)
            name, is_own = known
            if name in ("rel", "type"):
                value = value.lower()
            if is_own:
                own[name] = value
            else:
                foreign[name] = value
        return {**foreign, **own} if foreign else own

    def _inner_attributes(self, element: Element) -> _Attributes:
        """The attributes of an element that isn't followed closely enough to keep account of base addresses."""
        attributes = self._attributes(element)
        if "base" in attributes or "xml:base" in attributes:
            raise _Declined
        return attributes

    def _enter(self, attributes: _Attributes) -> None:
        """Takes an element's base address and language for those that hold."""
        self._enter_base(attributes)
        self._language = self._language_of(attributes)

    def _enter_base(self, attributes: _Attributes) -> None:
        stated = attributes.get("xml:base", attributes.get("base"))
        if stated:
            if len(stated) > _MAX_BASE_CHARS:
                raise _Declined
            current = self._uris.baseuri
            base = (
                self._uris.resolve_uri(stated)
                if not current
                else make_safe_absolute_uri(current, stated) or current
            )
            # feedparser joins the address to itself with each element: it must be one that this leaves alone.
            if base and (make_safe_absolute_uri(base, base) or base) != base:
                raise _Declined
            self._uris.baseuri = base

    def _leave_base(self, outer: str) -> None:
        """Takes back the base address of the parent; where that has none, the child's holds on for feedparser."""
        if outer:
            self._uris.baseuri = outer

    def _language_of(self, attributes: _Attributes) -> str | None:
        if not attributes:
            return self._language
        stated = attributes.get("xml:lang", attributes.get("lang"))
        return self._language if stated is None else stated or None

    # Texts.

    def text(self, element: Element) -> str:
        """The text of an element that has no others in it."""
        if len(element):
            raise _Declined
        return _mended((element.text or "").strip())

    def _address(self, element: Element) -> str:
        address = (element.text or "").strip()
        return _mended(self._uris.resolve_uri(address)) if address else ""

    def _content(self, element: Element, attributes: _Attributes, default_type: str) -> _Content:
        """A text that may be marked up."""
        stated = attributes.get("type")
        media_type: str = default_type if stated is None else StrictFeedParser.map_content_type(stated)
        if attributes.get("mode") == "base64" or not (
            media_type.startswith("text/") or media_type.endswith(("+xml", "/xml"))
        ):
            raise _Declined
        language = self._language_of(attributes)
        if language:
            language = language.replace("_", "-")
        if media_type == "application/xhtml+xml":
            return _Content(_mended(self._markup(element)), media_type, language)
        if len(element):
            raise _Declined
        value = (element.text or "").strip()
        if media_type == "text/plain" and not self._is_atom and _looks_like_html(value):
            media_type = "text/html"
        return _Content(_mended(value), media_type, language)

    def _markup(self, element: Element) -> str:
        """XHTML as a string; in Atom 1.0 without the `<div>` that surrounds it there."""
        if self._version == "atom10" and len(element) == 1:
            only = element[0]
            is_alone = not (element.text or "").strip() and not (only.tail or "").strip()
            if is_alone and _local_name(only.tag) == "div":
                self._markup_attributes(only)
                element = only
        pieces: list[str] = []
        self._add_markup(element, pieces, 0)
        return "".join(pieces).strip()

    def _add_markup(self, element: Element, pieces: list[str], depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _Declined
        if element.text:
            pieces.append(escape(element.text))
        for child in element:
            name = _local_name(child.tag)
            # feedparser keeps count of pictures, and takes a language from a feed's root wherever it stands.
            if name in ("svg", "math", "feed", "rss"):
                raise _Declined
            pieces.append(f"<{name}{self._markup_attributes(child)}>")
            self._add_markup(child, pieces, depth + 1)
            pieces.append(f"</{name}>")
            if child.tail:
                pieces.append(escape(child.tail))

    def _markup_attributes(self, element: Element) -> str:
        attributes = self._inner_attributes(element)
        if any(raw[0] == "{" and self._attribute_names[raw][0] != "xml:lang" for raw in element.keys()):  # noqa: SIM118
            raise _Declined
        return "".join(f' {name}="{escape(value, _QUOTE)}"' for name, value in attributes.items())

    # The feed.

    def _read_root(self, root: Element) -> None:
        """The root of RSS, which holds the channel, and in RSS 1.0 also the items."""
        base = self._uris.baseuri
        has_channel = False
        for child in root:
            name = self._name(child.tag)
            attributes = self._attributes(child)
            outer = self._language
            self._enter_base(attributes)
            if name == "channel":
                if has_channel or "lastmod" in attributes or "href" in attributes:
                    raise _Declined
                has_channel = True
                self._language = self._language_of(attributes)
                self._read_feed(child, depth=2)
            elif name == "item":
                self._read_entry(child, attributes, depth=2)
            elif name in ("image", "textinput"):
                self._skip_image(child, name, depth=2)
            else:
                self._skip(child, name, attributes, 0)
            self._language = outer
            self._leave_base(base)

    def _read_feed(self, holder: Element, depth: int) -> None:
        """The children of a channel or Atom feed, which is `depth` elements deep."""
        feed = self._feed
        base = self._uris.baseuri
        has_summary = False
        for child in holder:
            name = self._name(child.tag)
            if name in ("item", "entry"):
                attributes = self._attributes(child)
                self._enter_base(attributes)
                self._read_entry(child, attributes, depth + 1)
                self._leave_base(base)
                continue
            attributes = self._attributes(child)
            self._enter_base(attributes)
            if name in ("title", "dc_title"):
                self.add_title(child, attributes, feed, depth + 1)
            elif name == "link":
                self.add_feed_link(child, attributes, feed, depth + 1)
            elif name in ("language", "dc_language"):
                feed["language"] = self.text(child)
            elif name in ("image", "textinput"):
                self._skip_image(child, name, depth + 1)
            elif name in ("description", "dc_description", "summary", "itunes_summary"):
                self.skip_text(child, attributes, feed, depth + 1)
                if has_summary and not self._has_content:
                    self._has_content = True
                elif name.endswith("summary"):
                    has_summary = True
            elif name in _AUTHORS:
                self.add_author(child, attributes, feed, depth + 1)
            elif name == "itunes_author":
                feed[name] = self.text(child)
            elif name == "itunes_owner":
                # feedparser takes the owner for the last author, which in RSS is never read.
                if self._is_atom:
                    raise _Declined
                for part in child:
                    self._skip_leaf(part, ("name", "email", "itunes_name", "itunes_email"))
            elif name == "contributor":
                self.skip_person(child, attributes, feed, depth + 1)
            elif name in _IGNORED_TEXTS or name in ("media_title", "media_description"):
                self.skip_text(child, attributes, feed, depth + 1)
            elif name in _HARMLESS_IN_FEED:
                self._skip_in_feed(child, 0)
            else:
                self._skip(child, name, attributes, 0)
            self._leave_base(base)

    def _skip(self, element: Element, name: str, attributes: _Attributes, depth: int) -> None:
        """Passes over an element that no field hangs on, and over those in it."""
        if not _is_harmless(name) or depth > _MAX_DEPTH or (name in _LEAVES and len(element)):
            raise _Declined
        for child in element:
            inner = self._inner_attributes(child)
            self._skip(child, self._name(child.tag), inner, depth + 1)

    def _skip_in_feed(self, element: Element, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _Declined
        for child in element:
            self._inner_attributes(child)
            if self._name(child.tag) not in _HARMLESS_IN_FEED:
                raise _Declined
            self._skip_in_feed(child, depth + 1)

    def _skip_leaf(self, element: Element, names: Sequence[str] | frozenset[str]) -> None:
        """Passes over an element with one of these names, or an unknown one with a prefix."""
        self._inner_attributes(element)
        name = self._name(element.tag)
        is_prefixed = name != _local_name(element.tag)
        is_known = name in names or (is_prefixed and name not in _HANDLED and name not in _FIELDS)
        if not is_known or len(element):
            raise _Declined

    def skip_person(self, element: Element, attributes: _Attributes, holder: _Fields, depth: int) -> None:
        """Passes over a contributor."""
        for child in element:
            self._skip_leaf(child, ("name", "email", "uri", "url", "homepage"))

    def skip_text(self, element: Element, attributes: _Attributes, holder: _Fields, depth: int) -> None:
        """Passes over a text, whose markup feedparser only takes for markup where it says that it's XHTML."""
        if len(element):
            self._content(element, attributes, "text/plain")

    def _skip_image(self, element: Element, name: str, depth: int) -> None:
        """Passes over a feed's picture or search field, whose title counts as the last title seen."""
        self._title_depth = -1
        for child in element:
            self._skip_leaf(child, _IN_IMAGE if name == "image" else _IN_TEXTINPUT)
            if self._name(child.tag) == "title" and (child.text or "").strip():
                self._title_depth = depth + 1

    # Items.

    def _read_entry(self, element: Element, attributes: _Attributes, depth: int) -> None:
        entry: _Fields = {}
        self._entries.append(entry)
        outer = self._language
        if attributes:
            if "lastmod" in attributes or "href" in attributes:
                raise _Declined
            if about := attributes.get("rdf:about"):
                entry["id"] = about
            self._language = self._language_of(attributes)
        base = self._uris.baseuri
        self._title_depth = -1
        self._depths = {}
        names = self._names
        for child in element:
            name = names.get(child.tag) or self._name(child.tag)
            inner = self._attributes(child)
            if inner:
                self._enter_base(inner)
            handler = _ENTRY_HANDLERS.get(name)
            if handler is not None:
                handler(self, child, inner, entry, depth + 1)
            else:
                self._read_other(child, name, inner, entry, depth + 1)
            if base:
                self._uris.baseuri = base
        self._has_content = False
        self._language = outer

    def _read_other(
        self, element: Element, name: str, attributes: _Attributes, entry: _Fields, depth: int
    ) -> None:
        """An element of an item that has no handler; what belongs to the item may also stand in it."""
        if not _is_harmless(name) or depth > _MAX_DEPTH or (name in _LEAVES and len(element)):
            raise _Declined
        for child in element:
            inner_name = self._name(child.tag)
            inner = self._inner_attributes(child)
            handler = _ANYWHERE_HANDLERS.get(inner_name)
            if handler is not None:
                handler(self, child, inner, entry, depth + 1)
            else:
                self._read_other(child, inner_name, inner, entry, depth + 1)

    def add_title(self, element: Element, attributes: _Attributes, holder: _Fields, depth: int) -> None:
        """Sets the title: the first that isn't empty."""
        title = self._content(element, attributes, "text/plain")
        if not -1 < self._title_depth <= depth:
            holder["title"] = title.value
            holder["title_detail"] = title.as_detail()
        if title.value:
            self._title_depth = depth

    def add_entry_link(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds a link of an item."""
        self._add_link(element, attributes, entry, is_entry=True)

    def add_feed_link(self, element: Element, attributes: _Attributes, feed: _Fields, depth: int) -> None:
        """Adds a link of a feed."""
        self._add_link(element, attributes, feed, is_entry=False)

    def _add_link(
        self, element: Element, attributes: _Attributes, holder: _Fields, *, is_entry: bool
    ) -> None:
        if len(element):
            raise _Declined
        link = {"rel": "alternate", **attributes}
        link.setdefault("type", "application/atom+xml" if link["rel"] == "self" else "text/html")
        if href := attributes.get("url", attributes.get("uri", attributes.get("href"))):
            link["href"] = href
        if "href" in link:
            link["href"] = self._uris.resolve_uri(link["href"])
        else:
            address = self._address(element)
            # feedparser undoes here what its loose parser does to queries.
            if "&" in address:
                address = address.replace("&amp;", "&") if is_entry else address
                address = _BROKEN_QUERY.sub(r"&\1", address)
            if address or not is_entry:
                link["href"] = address
        holder.setdefault("links", []).append(link)

    def add_content(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds a content of Atom, or of RSS where it is called so."""
        self._add_content(element, attributes, entry, "text/plain")

    def add_encoded(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds a content in HTML."""
        self._add_content(element, attributes, entry, "text/html")

    def _add_content(
        self, element: Element, attributes: _Attributes, entry: _Fields, default_type: str
    ) -> None:
        self._has_content = True
        content = self._content(element, attributes, default_type)
        entry.setdefault("content", []).append(content.as_detail())
        if content.type in _COPIED_TYPES:
            entry.setdefault("summary", content.value)

    def add_summary(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Sets the summary."""
        self._add_summary(element, attributes, entry, "text/plain")

    def add_description(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Sets the summary to one in HTML."""
        self._add_summary(element, attributes, entry, "text/html")

    def _add_summary(
        self, element: Element, attributes: _Attributes, entry: _Fields, default_type: str
    ) -> None:
        # A second summary is content for feedparser, unless there is content.
        if "summary" in entry and not self._has_content:
            self._add_content(element, attributes, entry, "text/plain")
            return
        summary = self._content(element, attributes, default_type)
        entry["summary"] = summary.value
        entry["summary_detail"] = summary.as_detail()

    def add_author(self, element: Element, attributes: _Attributes, holder: _Fields, depth: int) -> None:
        """Adds an author: by name and address in elements of their own, else as a text."""
        person: dict[str, str] = {}
        holder.setdefault("authors", []).append(person)
        text = element.text or ""
        for part in element:
            name = self._name(part.tag)
            inner = self._inner_attributes(part)
            if len(part):
                raise _Declined
            if name in ("name", "email", "itunes_name", "itunes_email"):
                person[name.removeprefix("itunes_")] = (part.text or "").strip()
            elif name in ("uri", "url", "homepage"):
                # An Atom source's address is where feedparser keeps that of its author too.
                person["href"] = holder["href"] = self._address(part)
            else:
                text += _stray_text(part, name, inner)
            text += part.tail or ""
        text = _mended(text.strip())
        if text and not person:
            person["name"] = text

    def add_source(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds the feed that an item is from: in RSS by name and address, in Atom by elements like a feed's."""
        source: _Fields = {}
        if "url" in attributes:
            source["href"] = attributes["url"]
        self._title_depth = -1
        text = element.text or ""
        for part in element:
            name = self._name(part.tag)
            inner = self._inner_attributes(part)
            if name == "title":
                self.add_title(part, inner, source, depth + 1)
            elif name == "link":
                self.add_feed_link(part, inner, source, depth + 1)
                if any(key in inner for key in _HREFS):
                    text += part.text or ""
            elif name == "author":
                self.add_author(part, inner, source, depth + 1)
            elif name in _IGNORED_TEXTS:
                self.skip_text(part, inner, source, depth + 1)
            elif len(part):
                raise _Declined
            elif name not in _HARMLESS_IN_SOURCE:
                text += _stray_text(part, name, inner)
            text += part.tail or ""
        if title := _mended(text.strip()):
            source["title"] = title
        entry["source"] = source

    def add_tag(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds a category."""
        self._add_tag(
            element, attributes, entry, has_scheme=bool(attributes.get("scheme", attributes.get("domain")))
        )

    def add_media_tag(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds a category of a picture, which always has a scheme."""
        self._add_tag(element, attributes, entry, has_scheme=attributes.get("scheme") != "")

    def _add_tag(
        self, element: Element, attributes: _Attributes, entry: _Fields, *, has_scheme: bool
    ) -> None:
        """Adds a category, stated in attributes or as a text, which goes to a tag before that has no term."""
        tags = entry.setdefault("tags", [])
        term, label = attributes.get("term"), attributes.get("label")
        if term or label or has_scheme:
            tags.append({"term": term, "label": label})
        text = self.text(element)
        if text and tags and not tags[-1]["term"]:
            tags[-1]["term"] = text
        elif text:
            tags.append({"term": text, "label": None})

    def add_keywords(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Adds categories that are written in one element, with commas."""
        # With attributes feedparser doesn't get to the text.
        if attributes:
            raise _Declined
        tags = entry.setdefault("tags", [])
        terms = (term.strip() for term in self.text(element).split(","))
        tags += [{"term": term, "label": None} for term in terms if term]

    def set_guid(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Sets the guid, which RSS says is an address unless it says that it isn't."""
        guid = entry["id"] = self.text(element)
        if guid and attributes.get("ispermalink", "true").strip().lower() == "true":
            entry["permalink"] = guid

    def set_media_title(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Sets the title of a picture."""
        self._set_nearest(element, attributes, entry, depth, "media_title")

    def set_media_description(
        self, element: Element, attributes: _Attributes, entry: _Fields, depth: int
    ) -> None:
        """Sets the text of a picture."""
        self._set_nearest(element, attributes, entry, depth, "media_description")

    def _set_nearest(
        self, element: Element, attributes: _Attributes, entry: _Fields, depth: int, name: str
    ) -> None:
        """Sets a field to the last one of the elements that are nearest to the item."""
        content = self._content(element, attributes, "text/plain")
        if depth <= self._depths.setdefault(name, depth):
            self._depths[name] = depth
            entry[name] = content.value
        entry[f"{name}_detail"] = content.as_detail()

    def skip_picture(self, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        """Passes over a picture of an item, after which feedparser takes a second title."""
        if len(element):
            raise _Declined
        self._title_depth = -1


_Handler = Callable[[_Reader, Element, _Attributes, _Fields, int], None]


def _field(key: str) -> _Handler:
    """Keeps an element's text as a field: the last one's, where there are several."""

    def keep(reader: _Reader, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        entry[key] = reader.text(element)

    return keep


def _unknown_field(key: str) -> _Handler:
    """The same for an element that feedparser doesn't know: it keeps the attributes instead where there are any."""

    def keep(reader: _Reader, element: Element, attributes: _Attributes, entry: _Fields, depth: int) -> None:
        if attributes:
            raise _Declined
        entry[key] = reader.text(element)

    return keep


_AUTHORS: Final = ("author", "managingeditor", "dc_author", "dc_creator")

#: What belongs to an item wherever in it it stands.
_ANYWHERE_HANDLERS: Final[dict[str, _Handler]] = {
    "media_category": _Reader.add_media_tag,
    "media_description": _Reader.set_media_description,
    "media_keywords": _Reader.add_keywords,
    "media_title": _Reader.set_media_title,
}

_ENTRY_HANDLERS: Final[dict[str, _Handler]] = {
    **_ANYWHERE_HANDLERS,
    **dict.fromkeys(_AUTHORS, _Reader.add_author),
    **dict.fromkeys(("category", "keywords", "dc_subject"), _Reader.add_tag),
    **dict.fromkeys(("created", "dcterms_created"), _field("created")),
    **dict.fromkeys(("description", "dc_description"), _Reader.add_description),
    **dict.fromkeys(("issued", "pubdate", "published", "dcterms_issued"), _field("published")),
    **dict.fromkeys(("language", "dc_language"), _field("language")),
    **dict.fromkeys(("lastbuilddate", "modified", "updated", "dcterms_modified"), _field("updated")),
    **dict.fromkeys(("summary", "itunes_summary"), _Reader.add_summary),
    **dict.fromkeys(("title", "dc_title"), _Reader.add_title),
    **dict.fromkeys(("webmaster", "dc_publisher"), _field("publisher")),
    **dict.fromkeys(_IGNORED_TEXTS, _Reader.skip_text),
    "content": _Reader.add_content,
    "content_encoded": _Reader.add_encoded,
    "contributor": _Reader.skip_person,
    "dc_date": _field("dc_date"),
    "feedburner_origlink": _unknown_field("feedburner_origlink"),
    "guid": _Reader.set_guid,
    "id": _field("id"),
    "image": _Reader.skip_picture,
    "itunes_author": _field("itunes_author"),
    "itunes_keywords": _Reader.add_keywords,
    "link": _Reader.add_entry_link,
    "pheedo_origlink": _unknown_field("pheedo_origlink"),
    "publisher": _unknown_field("publisher"),
    "source": _Reader.add_source,
}


def _looks_like_html(text: str) -> bool:
    # feedparser looks for a closing tag and for a reference, by regular expressions; most texts have neither.
    return ("</" in text or "&" in text) and StrictFeedParser.looks_like_html(text)


def _is_harmless(name: str) -> bool:
    return name in _HARMLESS or (name not in _HANDLED and name not in _FIELDS)


def _stray_text(element: Element, name: str, attributes: _Attributes) -> str:
    """What feedparser takes for text of the parent: that of an element which it doesn't know and has attributes."""
    if name in _HANDLED or name in _FIELDS:
        raise _Declined
    return (element.text or "") if attributes else ""


def _uri_of(tag: str) -> str:
    return tag[1 : tag.index("}")] if tag[0] == "{" else ""


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def _prefix_of(uri: str) -> str | None:
    """The prefix that feedparser gives to a namespace; None where it doesn't know it."""
    lower = uri.lower()
    return "" if _USERLAND in lower else _NAMESPACES.get(lower)


def _attribute_name(raw: str) -> tuple[str, bool]:
    """An attribute's name as feedparser has it, and whether it is the element's own or of a namespace unknown."""
    uri = _uri_of(raw)
    local = _local_name(raw)
    prefix = _NAMESPACES.get(uri.lower(), "")
    return (f"{prefix}:{local}", True) if prefix else (local, not uri)


def _unknown_prefixes(declared: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The prefixes of the namespaces that feedparser doesn't know, which it takes as they are.

    It takes an unknown namespace with the prefix "dc" for Dublin Core; and what a prefix means may change with each
    declaration. Declines what makes that ambiguous.
    """
    uris: dict[str, str] = {}
    unknown: dict[str, str] = {}
    without_prefix: set[str] = set()
    for prefix, uri in declared:
        lower = prefix.lower()
        if not uri:
            continue
        usual = _prefix_of(uri)
        if uri.split() != [uri] or uri.lower() == _XLINK:
            raise _Declined
        if not prefix:
            if usual is None:
                without_prefix.add(uri)
            continue
        if uris.setdefault(lower, uri) != uri or len(uris) > _MAX_NAMESPACES:
            raise _Declined
        if usual is None:
            if unknown.setdefault(uri, lower) != lower or lower == "rdf":
                raise _Declined
        elif lower in _PREFIXES and lower != usual:
            raise _Declined
    known = {usual for uri in uris.values() if (usual := _prefix_of(uri))}
    if (
        len(without_prefix) > _MAX_NAMESPACES
        or without_prefix & unknown.keys()
        or known & set(unknown.values())
    ):
        raise _Declined
    return unknown


def _mended(text: str) -> str:
    """Text after feedparser's repairs: of UTF-8 that was read as Latin-1, and of Windows-1252 that was."""
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_CP1252) if _C1.search(text) is not None else text
