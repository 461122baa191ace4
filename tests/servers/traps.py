"""Servers whose feeds are traps for whoever parses them."""

from __future__ import annotations

from tests.servers.case import Case
from tests.servers.server import Script, answering

_ITEM = "<item><title>Bridge reopens</title><link>http://made.example/1</link></item>"

_JSON = b'{"version": "https://jsonfeed.org/version/1.1", "items": %s}'


def _feed(inside: str, before: str = "") -> Script:
    text = f"<?xml version='1.0'?>{before}<rss version='2.0'><channel><title>Made up</title>{inside}</channel></rss>"
    return answering(200, text.encode(), "Content-Type: application/rss+xml")


_LAUGHS = "<!DOCTYPE rss [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {one} '{('&' + other + ';') * 10}'>" for other, one in zip("abcdefgh", "bcdefghi", strict=True)
) + "]>"  # fmt: skip

TRAPS = [
    Case(
        "billion-laughs",
        "An entity of entities of entities.",
        _feed("<item><title>&i;</title></item>", _LAUGHS),
        200,
        parsed="xml-entities",
    ),
    Case(
        "quadratic-blowup",
        "One long entity, used often.",
        _feed(
            "<item><title>" + "&a;" * 10_000 + "</title></item>",
            f"<!DOCTYPE rss [<!ENTITY a '{'x' * 10_000}'>]>",
        ),
        200,
        parsed="xml-entities",
    ),
    Case(
        "external-entity",
        "An entity that is a file of ours.",
        _feed(
            "<item><title>&a;</title></item>", "<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"
        ),
        200,
        parsed="xml-entities",
    ),
    Case(
        "external-entity-http",
        "An entity that is an address within.",
        _feed("<item><title>&a;</title></item>", "<!DOCTYPE rss [<!ENTITY a SYSTEM 'http://127.0.0.1/'>]>"),
        200,
        parsed="xml-entities",
    ),
    Case(
        "parameter-entity",
        "An entity that defines others.",
        _feed(_ITEM, "<!DOCTYPE rss [<!ENTITY % a \"<!ENTITY b 'c'>\">%a;]>"),
        200,
        parsed="xml-entities",
    ),
    Case(
        "external-dtd",
        "A document type from elsewhere, which isn't fetched.",
        _feed(_ITEM, "<!DOCTYPE rss SYSTEM 'http://127.0.0.1:1/rss.dtd'>"),
        200,
        parsed="items",
    ),
    Case(
        "xinclude",
        "Another document to be included, which isn't.",
        _feed(
            "<item xmlns:xi='http://www.w3.org/2001/XInclude'><title>A</title><description>"
            "<xi:include href='file:///etc/hostname' parse='text'/></description></item>"
        ),
        200,
        parsed="items",
    ),
    Case(
        "stylesheet",
        "A stylesheet to be applied, which isn't.",
        _feed(_ITEM, "<?xml-stylesheet type='text/xsl' href='http://127.0.0.1:1/x.xsl'?>"),
        200,
        parsed="items",
    ),
    Case(
        "nested-million",
        "A million tags in one another.",
        _feed("<item><title>A</title>" + "<a>" * 1_000_000 + "</a>" * 1_000_000 + "</item>"),
        200,
        parsed="too-large",
    ),
    Case(
        "nested-100000",
        "A hundred thousand: no longer in number, but in depth.",
        _feed("<item><title>A</title>" + "<a>" * 100_000 + "</a>" * 100_000 + "</item>"),
        200,
        parsed="too-deep",
    ),
    Case(
        "nested-unclosed",
        "The same without ends.",
        _feed("<item><title>A</title>" + "<a>" * 100_000 + "</item>"),
        200,
        parsed="too-deep",
    ),
    Case(
        "nested-named",
        "The same with elements that mean something.",
        _feed("<item>" * 100_000 + "</item>" * 100_000),
        200,
        parsed="too-deep",
    ),
    Case(
        "nested-behind-ends",
        "The same behind as many ends, so that the numbers are equal.",
        _feed("<item><title>A</title>" + "</a>" * 100_000 + "<a>" * 100_000 + "</item>"),
        200,
        parsed="too-deep",
    ),
    Case(
        "nested-200",
        "Deep, but not too deep.",
        _feed("<item><title>A</title>" + "<a>" * 200 + "</a>" * 200 + "</item>"),
        200,
        parsed="items",
    ),
    Case(
        "breaks-in-cdata",
        "Many tags of HTML that need no end, in a text.",
        _feed(
            "<item><title>A</title><description><![CDATA[" + "a<br>" * 100_000 + "]]></description></item>"
        ),
        200,
        parsed="items",
    ),
    Case(
        "attributes-million",
        "A million attributes on one tag.",
        _feed("<item><title>A</title><a " + " ".join(f"b{i}=''" for i in range(1_000_000)) + "/></item>"),
        200,
        parsed="too-large",
    ),
    Case(
        "items-100000",
        "More items than any feed has.",
        _feed("<item/>" * 100_000),
        200,
        parsed="too-many-items",
    ),
    Case(
        "json-nested",
        "A hundred thousand lists in one another.",
        answering(200, _JSON % (b"[" * 100_000 + b"]" * 100_000)),
        200,
        parsed="bad-json",
    ),
    Case(
        "json-items-100000",
        "More items than any feed has, in JSON.",
        answering(200, _JSON % (b"[" + b",".join([b"{}"] * 100_000) + b"]")),
        200,
        parsed="too-many-items",
    ),
    Case(
        "json-million",
        "A million objects in JSON.",
        answering(200, _JSON % (b"[" + b",".join([b"{}"] * 1_000_000) + b"]")),
        200,
        parsed="too-large",
    ),
]
