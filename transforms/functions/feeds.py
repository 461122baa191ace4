"""Feeds as items: RSS 0.90 to 2.0, Atom 0.3 and 1.0, JSON Feed by `json_feed`.

Well-formed feeds that are written as most are go through `feed_xml`, which is fast; what that declines goes through
feedparser, with the same result.

feedparser is the most lenient parser there is, and is used for that: it finds the items of nearly anything. What it
makes of some fields is not what was published, so its two parsers are taken without `feedparser.parse` and with some
handlers replaced (`_AsStated`). And it must never be given what a hostile feed can use, so the document is decoded
and put in order here first: it gets UTF-8, a root element that a feed can have, no document type, and only references
that every XML parser knows.
"""

from __future__ import annotations

import contextlib
import dataclasses
import html.entities
import io
import json
import re
import xml.sax
import xml.sax.handler
import xml.sax.saxutils
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from xml.sax.xmlreader import AttributesNSImpl

from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.util import FeedParserDict

from schemas.errors import RecordError
from schemas.records import Origin, RawItem
from transforms.functions.charset import decode_text
from transforms.functions.feed_bounds import check_json, check_markup
from transforms.functions.feed_xml import StatedFeed, read_feed
from transforms.functions.html_text import html_to_text
from transforms.functions.json_feed import (
    ParsedFeed,
    Passage,
    RejectedItem,
    absolute_url,
    choose_body,
    item_warnings,
    parse_json_feed,
    text_or_none,
)

__all__ = ["FEED_MALFORMED", "ParsedFeed", "RejectedItem", "parse_feed"]

#: The document was no well-formed XML: some of the item may be lost, or markup may be left in it.
FEED_MALFORMED = "feed_malformed"

_DECLARED_CHARSET = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
_HTTP_CHARSET = re.compile(r"\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)

_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf|channel))(?=[\s/>])", re.IGNORECASE)
_PROLOG = re.compile(
    r"\s+|<!--.*?-->|<\?[^>]*>|(?P<doctype><!DOCTYPE[^\[>]*(?:\[(?P<subset>.*?)\]\s*)?>)",
    re.DOTALL | re.IGNORECASE,
)
_FIRST_TAG = re.compile(r"<([a-z][\w:.-]*)", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^<>]*>([^<]{1,200})", re.IGNORECASE)

# How far behind warnings of a broken server program, or other rubbish, a feed is looked for.
_MAX_RUBBISH = 64 * 1024

_ENTITY_DECLARATION = re.compile(
    r"<!ENTITY\s+(%\s+)?([\w.:-]+)\s+(?:\"([^\"]*)\"|'([^']*)'|(\w+))", re.IGNORECASE
)
_CHARACTER_REFERENCES = re.compile(r"(?:[^&%<]|&#[0-9]{1,7};|&#x[0-9a-fA-F]{1,6};)*")

# More than any alphabet of named characters has; and what all uses of a feed's own names may add to it.
_MAX_ENTITIES = 1_000
_MAX_ENTITY_CHARS = 1_000_000

# What any XML parser reads alike, which is nearly all: references by XML's names and by plain numbers.
_UNUSUAL = r"&(?!(?:amp|lt|gt|quot|apos|#(?:3[2-9]|[4-9][0-9]|[1-9][0-9]{2,3}|[1-4][0-9]{4}));)"
_UNUSUAL_REFERENCE = re.compile(_UNUSUAL)
# Sections in which an "&" is no reference, and unusual references. The first form of a section is the same as the
# second, found in a quarter of the time; it counts brackets, since it takes memory for each.
_REFERENCE = re.compile(
    r"<!\[CDATA\[[^\]]*(?:\](?!\]>)[^\]]*){0,1000}\]\]>|<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)"
    rf"|{_UNUSUAL}(?:#([0-9]{{1,9}}|[xX][0-9a-fA-F]{{1,8}});|([A-Za-z_][\w.-]{{0,60}});)?",
    re.DOTALL,
)

_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml"))
_ALTERNATE = frozenset(("alternate", "http://www.iana.org/assignments/relation/alternate"))

# Markup that nobody writes in plain text: the type was stated wrongly, as many Atom feeds do.
_PLAINLY_HTML = re.compile(
    r"</(?:p|div|a|em|strong|ul|ol|li|blockquote|h[1-6])>|<br\s*/?>|<p[\s>]", re.IGNORECASE
)

# feedparser looks through all attributes for each, and through all namespaces for each element's end.
_MAX_ATTRIBUTES = 100
_MAX_NAMESPACES = 200

# Addresses that relative ones are joined to; feedparser joins once per element, whatever their length.
_MAX_BASE_CHARS = 2_000

# What feedparser raises on input it didn't foresee, such as an end tag that no start tag came before. All of it
# is the document's fault: the parser gets nothing else from us.
_PARSER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


def parse_feed(
    data: bytes,
    origin: Origin,
    content_type: str | None = None,
    *,
    read_fast: Callable[[bytes], StatedFeed | None] = read_feed,
) -> ParsedFeed:
    """Reads a feed of any dialect; its items come in the order of the document, and none is lost.

    data: the document as it came. content_type: of the HTTP answer, for its charset.
    origin: of the document; each item's has its own guid (as stated), its position, and for feed_url the
    address fetched, else the one that the feed states for itself.
    read_fast: reads XML before feedparser does, or gives None. The result is the same whatever it declines.

    A broken document gives what could be recovered, each item with the warning "feed_malformed". An item
    without title, content, summary and link is in `rejected` ("no-text"). A feed may have no items.

    Raises RecordError "empty-file"; "not-a-feed" for HTML pages and other documents; "xml-entities" where the
    document type declares entities made of other entities or files; "too-deep", "too-many-items" and "too-large" for
    more markup than `feed_bounds` allows; "bad-feed" where nothing could be read; and for JSON what
    `parse_json_feed` raises.
    """
    text, warnings = decode_text(data, declared_charset(data, content_type))
    start = text.lstrip()
    if not start:
        raise RecordError("empty-file", f"{origin.uri} is empty")
    if start[0] == "{":
        check_json(start, origin)
        return parse_json_feed(start, origin, warnings)
    document = _put_in_order(text, origin)
    xml = _as_utf8(document.text)
    check_markup(xml, origin)
    if document.mended:
        warnings = (*warnings, FEED_MALFORMED)
    feed = read_fast(xml)
    if feed is not None:
        parsed = _parsed_feed(feed.feed, feed.entries, _dialect(feed.version, document), origin, warnings)
        # What a rejected item states is kept as feedparser has it, which is more than is read here.
        if not parsed.rejected:
            return parsed
    parser, malformed = _parse(xml, origin)
    if malformed and not document.mended:
        warnings = (*warnings, FEED_MALFORMED)
    version = str(parser.version or "")
    if not version and not parser.entries:
        raise RecordError(
            "not-a-feed", f"{origin.uri} has the root element of a feed, but nothing of a feed in it"
        )
    return _parsed_feed(dict(parser.feeddata), parser.entries, _dialect(version, document), origin, warnings)


def _dialect(version: str, document: _Document) -> str:
    return "rss091n" if version == "rss091u" and document.is_netscape else version


def declared_charset(data: bytes, content_type: str | None) -> str | None:
    """The charset that an XML document or its HTTP answer states, None where neither does."""
    """The charset that the document, else the server, says. The document's author knows; servers have defaults."""
    declared = _DECLARED_CHARSET.search(data[:2048])
    if declared is not None:
        return declared[1].decode("ascii", "replace")
    stated = None if content_type is None else _HTTP_CHARSET.search(content_type)
    return None if stated is None else stated[1]


@dataclasses.dataclass(frozen=True, slots=True)
class _Document:
    """A document that is safe to parse. mended: it was no well-formed XML."""

    text: str
    mended: bool
    is_netscape: bool


def _put_in_order(text: str, origin: Origin) -> _Document:
    """The root element by itself, with no references but those that XML knows.

    The document type goes: entities are resolved here, since XML parsers can be made to blow them up.
    """
    position = 0
    doctype = subset = ""
    while (prolog := _PROLOG.match(text, position)) is not None:
        position = prolog.end()
        doctype = prolog["doctype"] or doctype
        subset = prolog["subset"] or subset
    root = _ROOT.match(text, position)
    mended = root is None
    if root is None:
        first = _FIRST_TAG.search(text, position)
        is_page = doctype.lower().startswith("<!doctype html") or (
            first and first[1].lower() in ("html", "head", "body")
        )
        root = None if is_page else _ROOT.search(text, position, position + _MAX_RUBBISH)
        if root is None:
            raise RecordError(
                "not-a-feed", f"{origin.uri} is {_describe(text[position:], first, is_page=bool(is_page))}"
            )
    text, cut = _without_tail(text[root.start() :], root[1])
    text, referred = _mend_references(text, _entities(subset, text, origin), has_doctype=doctype != "")
    return _Document(text, mended or cut or referred, "netscape" in doctype.lower())


def _describe(text: str, first: re.Match[str] | None, *, is_page: bool) -> str:
    """What a document is that is no feed, for the person who has to find out why."""
    if is_page:
        title = _HTML_TITLE.search(text)
        return "an HTML page" + (f" titled {' '.join(title[1].split())!r}" if title else "")
    if first is not None and text.startswith("<"):
        return f"a document with the root element <{first[1]}>"
    return f"plain text that starts with {text[:60]!r}"


def _without_tail(text: str, root: str) -> tuple[str, bool]:
    """Cuts off what follows the root element: comments of caches, and statistics scripts, which break the XML."""
    end = text.rfind(f"</{root}")
    close = -1 if end < 0 else text.find(">", end)
    if close < 0:
        return text, False
    tail = text[close + 1 :]
    # In a cut-off feed the last such tag may stand in an article about feeds.
    if not tail or "<item" in tail or "<entry" in tail or "]]>" in tail:
        return text, False
    return text[: close + 1], _PROLOG.sub("", tail) != ""


def _entities(subset: str, text: str, origin: Origin) -> dict[str, str]:
    """The characters that a document type gives names to.

    External parameter entities, by which old feeds get HTML's names, are left alone: those names are known here.
    """
    names: dict[str, str] = {}
    added = 0
    for count, declared in enumerate(_ENTITY_DECLARATION.finditer(subset)):
        is_parameter, name, double, single, external = declared.groups()
        value = double if double is not None else single
        if is_parameter and external is not None:
            continue
        if (
            value is None
            or is_parameter
            or count >= _MAX_ENTITIES
            or not _CHARACTER_REFERENCES.fullmatch(value)
        ):
            raise RecordError(
                "xml-entities",
                f"{origin.uri} declares the entity {name!r} by others or by a file, which isn't read",
            )
        names[name] = value
        added += len(value) * text.count(f"&{name};")
        if added > _MAX_ENTITY_CHARS:
            raise RecordError("xml-entities", f"{origin.uri} is blown up by its entity {name!r}")
    return names


def _mend_references(text: str, names: dict[str, str], *, has_doctype: bool) -> tuple[str, bool]:
    """Makes all references such that any XML parser knows them; says whether any was an error.

    HTML's names (`&nbsp;`) become their characters, which is no error under a document type; an "&" that
    starts no reference becomes `&amp;`; and references to characters that XML doesn't allow go, but for the
    halves of a surrogate pair.
    """
    if _UNUSUAL_REFERENCE.search(text) is None:
        return text, False
    mended = False

    def replacement(found: re.Match[str]) -> str:
        nonlocal mended
        whole: str = found[0]
        number, name = found.groups()
        if whole[0] == "<":
            return whole
        if name in names:
            return names[name]
        if number is not None:
            code = int(number[1:], 16) if number[0] in "xX" else int(number)
            is_allowed = code in (9, 10, 13) or 0x20 <= code < 0xFFFE or 0x10000 <= code < 0x110000
            if is_allowed and not 0xD800 <= code < 0xE000:
                return f"&#{code};"
            mended = True
            return chr(code) if 0xD800 <= code < 0xE000 else ""
        character = None if name is None else html.entities.html5.get(f"{name};")
        mended = mended or character is None or not has_doctype
        return f"&amp;{whole[1:]}" if character is None else xml.sax.saxutils.escape(character)

    return _REFERENCE.sub(replacement, text), mended


class _AsStated:
    """Handlers that leave a field as published where feedparser would interpret it; mixed into both its parsers.

    They are named by element, as feedparser looks them up: `_start_` and `_end_`, namespace, local name.
    """

    # Not "id": a guid is no address, and is kept to the letter.
    can_be_relative_uri = frozenset(StrictFeedParser.can_be_relative_uri) - {"id"}

    # What the handlers use of feedparser, which is untyped.
    basestack: list[str]
    langstack: list[str | None]
    depth: int
    push: Any
    pop: Any
    push_content: Any
    pop_content: Any
    _get_context: Any

    # Bylines. feedparser takes "mail (Name)" apart, by a regular expression that takes the square of its length.
    def _sync_author_detail(self, key: str = "author") -> None:
        pass

    def _end_author(self) -> None:
        text = self.pop("author")
        self.inauthor = 0
        people = self._get_context().get("authors")
        if text and people and isinstance(people, list) and not people[-1]:
            people[-1]["name"] = text

    _end_managingeditor = _end_author

    def _start_itunes_author(self, attributes: dict[str, str]) -> None:
        self.push("itunes_author", 1)

    def _end_itunes_author(self) -> None:
        self.pop("itunes_author")

    # Times. feedparser's reading of them is not used, and its date of Dublin Core is no update.
    def _end_published(self) -> None:
        self.pop("published")

    _end_issued = _end_pubdate = _end_published

    def _end_updated(self) -> None:
        self.pop("updated")

    _end_modified = _end_lastbuilddate = _end_updated

    def _end_created(self) -> None:
        self.pop("created")

    def _end_expirationdate(self) -> None:
        self.pop("expired")

    def _start_dc_date(self, attributes: dict[str, str]) -> None:
        self.push("dc_date", 1)

    def _end_dc_date(self) -> None:
        self.pop("dc_date")

    def _end_dcterms_valid(self) -> None:
        self.pop("validity")

    # Guids. feedparser makes any guid a link, an Atom id too.
    def _start_guid(self, attributes: dict[str, str]) -> None:
        self.guidislink = attributes.get("ispermalink", "true").strip().lower() == "true"
        self.push("id", 1)

    def _end_guid(self) -> None:
        value = self.pop("id")
        if self.guidislink and value:
            self._get_context()["permalink"] = value

    def _end_id(self) -> None:
        self.pop("id")

    # The title and description of a picture are not the article's.
    def _start_media_title(self, attributes: dict[str, str]) -> None:
        self.push_content("media_title", attributes, "text/plain", 1)

    def _end_media_title(self) -> None:
        self.pop_content("media_title")

    def _start_media_description(self, attributes: dict[str, str]) -> None:
        self.push_content("media_description", attributes, "text/plain", 1)

    def _end_media_description(self) -> None:
        self.pop_content("media_description")

    # feedparser looks through all tags for each new one.
    def _add_tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self._get_context().setdefault("tags", [])
        if term or scheme or label:
            tags.append(FeedParserDict(term=term, scheme=scheme, label=label))

    # A fault in one element, such as an end tag that had no start tag, must not cost the other items.
    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        with contextlib.suppress(*_PARSER_FAULTS):
            super().unknown_starttag(tag, attrs)  # type: ignore[misc]

    def unknown_endtag(self, tag: str) -> None:
        try:
            super().unknown_endtag(tag)  # type: ignore[misc]
        except _PARSER_FAULTS:
            self._leave_element()

    def _leave_element(self) -> None:
        """What feedparser does after each end tag: the base address and language of the parent hold again."""
        if self.basestack:
            self.basestack.pop()
            if self.basestack and self.basestack[-1]:
                self.baseuri = self.basestack[-1]
        if self.langstack:
            self.langstack.pop()
            if self.langstack:
                self.lang = self.langstack[-1]
        self.depth -= 1


class _Strict(_AsStated, StrictFeedParser):  # type: ignore[misc, unused-ignore]
    """feedparser's parser for well-formed documents."""

    def __init__(self) -> None:
        super().__init__("", None, "utf-8")
        self.resolve_relative_uris = False
        self.sanitize_html = False
        self._inside = 0

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        """Starts an element, with as many attributes as anybody writes."""
        if len(attrs) > _MAX_ATTRIBUTES:
            names = attrs.getNames()[:_MAX_ATTRIBUTES]
            attrs = AttributesNSImpl(
                {name: attrs.getValue(name) for name in names},
                {name: attrs.getQNameByName(name) for name in names},
            )
        super().startElementNS(name, qname, attrs)

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        """Remembers a namespace, of as many as any feed has."""
        if len(self.namespaces_in_use) < _MAX_NAMESPACES:
            super().track_namespace(prefix, uri)

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """Starts an element, less an address that would be too long to join others to."""
        if self.incontent:
            self._inside += 1
        attrs = [
            (name, value)
            for name, value in attrs
            if len(value) <= _MAX_BASE_CHARS or name.lower() not in ("xml:base", "base")
        ]
        super().unknown_starttag(tag, attrs)

    def unknown_endtag(self, tag: str) -> None:
        """Ends an element; one inside XHTML content is that content's markup, whatever its name.

        feedparser calls the handlers of a feed's elements there too: `</summary>` of HTML's `<details>` ended
        the content for it, and `</source>` of a `<picture>` the source.
        """
        if not self._inside:
            super().unknown_endtag(tag)
            return
        self._inside -= 1
        name = tag.rsplit(":", 1)[-1]
        if name == "svg" and self.svgOK:
            self.svgOK -= 1
        is_xml = self.contentparams.get("type", "xml").endswith("xml")
        if is_xml or name != "div":
            self.contentparams["type"] = "application/xhtml+xml"
            self.handle_data(f"</{name}>", escape=0)
        self._leave_element()


class _Loose(_AsStated, LooseFeedParser):  # type: ignore[misc, unused-ignore]
    """feedparser's parser for everything else."""

    def __init__(self) -> None:
        super().__init__("", None, "utf-8", {})
        self.resolve_relative_uris = False
        self.sanitize_html = False
        # Prefixes that broken feeds use without declaring them: "<rss:item>", "<atom:link>".
        self.namespacemap.update({"rss": "", "atom": ""})

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        """Starts an element, with attributes that are written as `rss:url` too."""
        super().unknown_starttag(tag, [(name.lower().removeprefix("rss:"), value) for name, value in attrs])

    def handle_charref(self, ref: str) -> None:
        """Adds a character by its number; none where there is no such character."""
        with contextlib.suppress(ValueError, OverflowError):
            super().handle_charref(ref)


def _as_utf8(text: str) -> bytes:
    """Halves of surrogate pairs, each written as a reference, become one character."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def _parse(data: bytes, origin: Origin) -> tuple[Any, bool]:
    """The parser after its work, with `feeddata`, `entries` and `version`; and whether the XML was broken."""
    strict = _Strict()
    reader = xml.sax.make_parser()
    reader.setFeature(xml.sax.handler.feature_namespaces, True)
    reader.setFeature(xml.sax.handler.feature_external_ges, False)
    reader.setContentHandler(strict)
    reader.setErrorHandler(strict)
    try:
        reader.parse(io.BytesIO(data))
    except (xml.sax.SAXException, *_PARSER_FAULTS):
        loose = _Loose()
        try:
            loose.feed(data.decode("utf-8"))
        except _PARSER_FAULTS as error:
            raise RecordError(
                "bad-feed", f"{origin.uri} is broken beyond reading: {type(error).__name__}: {error}"
            ) from error
        return loose, True
    return strict, False


@dataclasses.dataclass(frozen=True, slots=True)
class _Feed:
    """What items take from their feed."""

    origin: Origin
    version: str
    title: str | None
    bases: tuple[str | None, ...]
    language: str | None
    bylines: tuple[str, ...]

    @property
    def is_atom(self) -> bool:
        return self.version.startswith("atom")


def _parsed_feed(
    feed: dict[str, Any],
    entries: Sequence[dict[str, Any]],
    version: str,
    origin: Origin,
    warnings: Sequence[str],
) -> ParsedFeed:
    url = next((link["href"] for link in _links(feed) if link.get("rel") == "self"), None)
    link = _link(feed)
    is_atom = version.startswith("atom")
    known = _Feed(
        origin=dataclasses.replace(origin, kind="feed", feed_url=origin.feed_url or url),
        version=version,
        title=_feed_title(feed),
        bases=(origin.feed_url, url, link) if is_atom else (link, origin.feed_url, url),
        language=text_or_none(feed.get("language")),
        # RFC 4287, 4.2.1: the feed's authors are those of entries without any. RSS has no such rule: its
        # managingEditor is responsible for the feed, not for the articles.
        bylines=_bylines(feed) if is_atom else (),
    )
    items: list[RawItem] = []
    rejected: list[RejectedItem] = []
    for position, entry in enumerate(entries):
        # A plain dict: FeedParserDict answers for fields that are not there ("updated" by "published").
        stated = dict(entry)
        try:
            items.append(item_warnings(_item(stated, position, known), warnings))
        except RecordError as error:
            rejected.append(RejectedItem(position, error.reason, error.detail, _payload(stated)))
    return ParsedFeed(tuple(items), version, known.title, url, link, known.language, tuple(rejected))


def _item(entry: dict[str, Any], position: int, feed: _Feed) -> RawItem:
    title, title_is_html = _title(entry)
    body, summary = choose_body(_contents(entry, feed), _summary(entry, feed))
    if body is None:
        body = _passage(entry, "media_description", feed)
    url = absolute_url(_item_link(entry, feed), *feed.bases)
    if title is None and body is None and url is None:
        raise RecordError(
            "no-text", f"item {position} of {feed.origin.uri} has no title, no text and no link"
        )
    source = entry.get("source")
    source = dict(source) if isinstance(source, dict) else {}
    return RawItem(
        origin=dataclasses.replace(feed.origin, guid=text_or_none(entry.get("id")), position=position),
        title=title,
        url=url,
        bylines=_bylines(entry) or (_bylines(source) if feed.is_atom else ()) or feed.bylines,
        source=text_or_none(source.get("title")) or text_or_none(entry.get("publisher")),
        source_url=text_or_none(source.get("href")) or _link(source),
        feed_title=feed.title,
        published=_first(entry, "published", "dc_date", "created"),
        updated=_first(entry, "updated"),
        summary=None if summary is None else summary.value,
        body=None if body is None else body.value,
        title_is_html=title_is_html,
        summary_is_html=summary is not None and summary.is_html,
        body_is_html=body is not None and body.is_html,
        language=_language(entry) or feed.language,
        tags=_tags(entry),
    )


def _first(holder: dict[str, Any], *names: str) -> str | None:
    return next((value for name in names if (value := text_or_none(holder.get(name))) is not None), None)


def _detail(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """What feedparser says about a field: its type and language. Not if it is about another value of the field."""
    detail = holder.get(f"{name}_detail")
    return detail if isinstance(detail, dict) and detail.get("value") == holder.get(name) else {}


def _title(entry: dict[str, Any]) -> tuple[str | None, bool]:
    for name in ("title", "media_title"):
        title = text_or_none(entry.get(name))
        if title is not None:
            # In RSS, which doesn't say, feedparser takes a title for HTML where it has entities or paired tags.
            return title, _detail(entry, name).get("type") in _HTML_TYPES
    return None, False


def _feed_title(feed: dict[str, Any]) -> str | None:
    title = text_or_none(feed.get("title"))
    if title is not None and _detail(feed, "title").get("type") in _HTML_TYPES:
        title = html_to_text(title)
    return None if title is None else " ".join(title.split()) or None


def _contents(entry: dict[str, Any], feed: _Feed) -> Iterator[Passage]:
    contents = entry.get("content")
    for content in contents if isinstance(contents, list) else ():
        passage = _as_passage(content.get("value"), content.get("type"), feed)
        if passage is not None:
            yield passage


def _summary(entry: dict[str, Any], feed: _Feed) -> Passage | None:
    """The summary, unless feedparser has only copied the content there."""
    contents = entry.get("content")
    if isinstance(contents, list) and any(
        content.get("value") == entry.get("summary") for content in contents
    ):
        return None
    return _passage(entry, "summary", feed)


def _passage(entry: dict[str, Any], name: str, feed: _Feed) -> Passage | None:
    return _as_passage(entry.get(name), _detail(entry, name).get("type", "text/html"), feed)


def _as_passage(value: object, media_type: object, feed: _Feed) -> Passage | None:
    """A text with whether it is HTML; None for pictures and other files that Atom can hold."""
    text = text_or_none(value)
    if text is None or not isinstance(media_type, str):
        return None
    if media_type in _HTML_TYPES:
        # RSS calls all descriptions HTML; one without any markup keeps its line breaks as plain text.
        is_html = feed.is_atom or "<" in text or "&" in text
    elif media_type.startswith("text/") or media_type.endswith(("/xml", "+xml")):
        is_html = not media_type.startswith("text/plain") or _PLAINLY_HTML.search(text) is not None
    else:
        return None
    return Passage(text, is_html)


def _links(holder: dict[str, Any]) -> Iterator[dict[str, str]]:
    links = holder.get("links")
    for link in links if isinstance(links, list) else ():
        href = text_or_none(link.get("href"))
        if href is not None:
            yield {**link, "href": href}


def _link(holder: dict[str, Any]) -> str | None:
    """The page that a feed, an item or a source is about: its first alternate link, in HTML if there is one."""
    alternates = [link for link in _links(holder) if link.get("rel", "alternate") in _ALTERNATE]
    pages = [link for link in alternates if link.get("type", "text/html") in ("html", "xhtml", *_HTML_TYPES)]
    return next((link["href"] for link in [*pages, *alternates]), None)


def _item_link(entry: dict[str, Any], feed: _Feed) -> str | None:
    """An item's address: that behind a feed proxy first; a permalink guid where there is no link."""
    address = _first(entry, "feedburner_origlink", "pheedo_origlink") or _link(entry)
    if address is None and not feed.is_atom:
        # Without isPermaLink a guid counts as an address, which only half of those without it are.
        permalink = text_or_none(entry.get("permalink"))
        if permalink is not None and permalink.lower().startswith(("http://", "https://")):
            address = permalink
    return address


def _bylines(holder: dict[str, Any]) -> tuple[str, ...]:
    """One byline for each author element, as published; a podcast's author where there is no other."""
    authors = holder.get("authors")
    people: Iterable[dict[str, Any]] = authors if isinstance(authors, list) else ()
    bylines = [byline for person in people if (byline := _first(person, "name", "email")) is not None]
    if not bylines and (byline := text_or_none(holder.get("itunes_author"))) is not None:
        bylines = [byline]
    return tuple(dict.fromkeys(bylines))


def _language(entry: dict[str, Any]) -> str | None:
    stated = text_or_none(entry.get("language"))
    if stated is not None:
        return stated
    contents = entry.get("content")
    details = [
        *(contents if isinstance(contents, list) else ()),
        _detail(entry, "summary"),
        _detail(entry, "title"),
    ]
    return next(
        (tag for detail in details if (tag := text_or_none(detail.get("language"))) is not None), None
    )


def _tags(entry: dict[str, Any]) -> tuple[str, ...]:
    tags = entry.get("tags")
    terms = (_first(tag, "term", "label") for tag in (tags if isinstance(tags, list) else ()))
    return tuple(dict.fromkeys(term for term in terms if term is not None))


def _payload(entry: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in entry.items() if isinstance(value, str)}).encode(
        "ascii"
    )
