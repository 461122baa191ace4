"""Plain text from HTML, as found in feeds: fragments, cut off, badly nested, or no HTML at all.

This reads the markup as a stream of tags and builds no tree. HTML5 trees are quadratic by their own rules:
each block start looks up the stack of open elements, so that 100,000 nested `<div>` took lexbor 33 s, and
open formatting elements are copied into each new paragraph. Text needs neither. Every regular expression here
ends at the next `<`, at a closing mark, or at the end of the text, so the work grows with the length alone.
"""

from __future__ import annotations

import html
import html.entities
import re


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements that start and end a line of their own.
_BLOCKS = _names(
    """address article aside blockquote body br caption center col colgroup dd details dialog dir div dl dt
    fieldset figure footer h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu ol optgroup option
    p pre search section summary table tbody tfoot thead tr ul xmp"""
)

# Cells of one row stay on one line, apart by a blank.
_CELLS = _names("td th")

# Elements whose whole content is code, controls, a fallback for old browsers, or a picture's caption.
_SKIPPED = _names(
    """applet audio button canvas datalist figcaption form head iframe map nav noembed noframes noscript
    object progress script select style svg template textarea title video"""
)

# Of these, what follows an unclosed start tag is code as well; browsers read it so.
_CODE = _names("script style")

# The rest of HTML: these leave no trace in the text.
_INLINE = _names(
    """a abbr acronym b base basefont bdi bdo big cite code data del dfn em embed font frame frameset i img
    input ins kbd label link mark marquee math meta meter nobr output param picture q rp rt ruby s samp slot
    small source span strike strong sub sup time track tt u var wbr"""
)

# Classes that blog engines give to what surrounds a text: captions, share buttons, related posts, hints.
_FURNITURE = _names(
    """wp-caption-text sharedaddy sd-sharing-enabled jp-relatedposts feedflare addtoany_share_save_container
    addtoany_content screen-reader-text sr-only visually-hidden social-share share-buttons
    heateor_sss_sharing_container mc_embed_signup subscription-widget-wrap"""
)


def _any_of(names: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(names, key=lambda name: (-len(name), name))) + ")"


_ANY_NAME = _any_of(_BLOCKS | _CELLS | _SKIPPED | _INLINE)

# The attributes are read with their quotes, since a quoted value may hold ">". Where quotes don't pair, the
# tag ends at the first ">". An unquoted "<" always ends the attempt, which keeps it linear.
_TOKEN = re.compile(
    rf"""<(?=[!?/a-zA-Z])(?:
    !--.*?(?:--!?>|\Z)
    |!\[CDATA\[
    |(/?)([a-zA-Z][^\s/<>]*)([^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*(?=>)|[^<>]*)>
    |[!?/][^<>]*>
    |(?:[!?/]|{_ANY_NAME}(?=[\s/]))[^<>]*\Z)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_LINE_TAG = re.compile(rf"<{_any_of(_BLOCKS - {'body', 'html'})}(?=[\s/>])", re.IGNORECASE)
_CLASS = re.compile(r"""\bclass\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_CLOSE = {name: re.compile(rf"</{name}(?=[\s/>])[^<>]*>?", re.IGNORECASE) for name in _SKIPPED}
_FURNITURE_TAGS = {
    name: re.compile(rf"<(/?){name}(?=[\s/>])[^<>]*>", re.IGNORECASE)
    for name in _names("div p section span ul")
}

# How often, in one text, the end of a piece of furniture is looked for in vain before we stop looking.
_MAX_UNBALANCED = 16

_KNOWN_TAG = re.compile(rf"<(?=[!/a-zA-Z])(?:/?{_ANY_NAME}(?:\s[^<>]*)?/?>|!--)", re.IGNORECASE)
_ENTITIES = html.entities.html5
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|([a-zA-Z][a-zA-Z0-9]{1,31}));")

# Python refuses to read integers of more than 4,300 digits; no character has a number of 20.
_ENDLESS_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{20,};?")


def html_to_text(markup: str) -> str:
    """The text of an HTML fragment or page: a line for each paragraph, list item, quote, heading or table row.

    Character references are decoded once: `&amp;lt;` becomes `&lt;`. Scripts, styles, forms, players, vector
    graphics, picture captions and share buttons are left out. Blanks are collapsed, and no line is empty.

    Never raises, and takes linear time. Text without any tag keeps its own lines, since many feeds put plain
    text where HTML is expected; and where only inline tags are used, a blank line still parts paragraphs.
    """
    if "<" not in markup:
        return _decode(markup).strip()
    keeps_blank_lines = _LINE_TAG.search(markup) is None
    pieces: list[str] = []
    preformatted = 0
    unclosed: set[str] = set()
    unbalanced = 0
    found = False
    position = 0
    while (token := _TOKEN.search(markup, position)) is not None:
        if token.start() > position:
            pieces.append(_piece(markup[position : token.start()], preformatted > 0, keeps_blank_lines))
        position = token.end()
        found = True
        end_mark, name, attributes = token.groups()
        if name is None:
            continue
        name = name.lower()
        if name in _BLOCKS:
            pieces.append("\n")
            if name in ("pre", "listing"):
                preformatted = max(0, preformatted - 1) if end_mark else preformatted + 1
        elif name in _CELLS:
            pieces.append(" ")
        elif name in _SKIPPED:
            if not end_mark and not attributes.endswith("/") and name not in unclosed:
                close = _CLOSE[name].search(markup, position)
                if close is not None:
                    position = close.end()
                elif name in _CODE:
                    position = len(markup)
                else:
                    # A form never closed must not swallow the article; and it is looked for only once.
                    unclosed.add(name)
            continue
        if attributes and not end_mark and unbalanced < _MAX_UNBALANCED and _is_furniture(name, attributes):
            end = _balanced_end(markup, name, position)
            if end is None:
                unbalanced += 1
            else:
                position = end
    if position < len(markup):
        pieces.append(_piece(markup[position:], preformatted > 0, keeps_blank_lines))
    if not found:
        return _decode(markup).strip()
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def looks_like_html(text: str) -> bool:
    """Whether a text that doesn't say what it is holds HTML: a known tag, comment, or character reference.

    "AT&T", "x < y" and the ticker in "BELLSOUTH <BLS>" are none; "Fish &amp; Chips" and "a <b>bold</b> move"
    are.
    """
    if "<" in text and _KNOWN_TAG.search(text) is not None:
        return True
    if "&" not in text:
        return False
    return any(
        name is None or name + ";" in _ENTITIES for name in (match[1] for match in _REFERENCE.finditer(text))
    )


def _decode(text: str) -> str:
    """Character references decoded once, as browsers do: by HTML5's names, Windows-1252 for 128 to 159."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _ENDLESS_REFERENCE.sub("\ufffd", text)
    return html.unescape(text)


def _piece(text: str, preformatted: bool, keeps_blank_lines: bool) -> str:
    """Text between two tags, its line breaks turned to blanks unless they mean something."""
    text = _decode(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if preformatted or "\n" not in text:
        return text
    if keeps_blank_lines:
        return "\n".join(paragraph.replace("\n", " ") for paragraph in text.split("\n\n"))
    return text.replace("\n", " ")


def _is_furniture(name: str, attributes: str) -> bool:
    if name not in _FURNITURE_TAGS:
        return False
    found = _CLASS.search(attributes)
    if found is None:
        return False
    classes = found[1] or found[2] or found[3] or ""
    return not _FURNITURE.isdisjoint(classes.lower().split())


def _balanced_end(markup: str, name: str, position: int) -> int | None:
    """Where the element opened just before `position` ends; None where it is never closed."""
    depth = 1
    for tag in _FURNITURE_TAGS[name].finditer(markup, position):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    return None
