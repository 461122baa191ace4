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


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in re.split(r"[|\n]", text) if phrase.strip())


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
    heateor_sss_sharing_container mc_embed_signup subscription-widget-wrap more-link read-more readmore share-bar
    share-links share-post share-tools social-buttons social-icons social-links social-sharing sharing-buttons
    sharing article-share entry-share post-share a2a_kit wp-block-jetpack-sharing-buttons"""
)

# Links that lead to the rest of a text, or share it. A link or a line that says nothing else is left out.
_HINTS = _phrases(
    """
    read more|read full article|read the full article|read full story|read the full story
    read the rest|read it all|read the rest of this entry|continue reading|keep reading
    learn more|full story|click here to read more|see more|click here to continue reading
    click to continue reading|view original|permalink|share|share this|share this article
    share this story|share this post|share on facebook|share on twitter|share on x
    share on linkedin|share on whatsapp|share on pinterest|share on reddit|share by email
    share via email|email this|email this article|blogthis!|tweet|tweet this|print this
    weiterlesen|mehr lesen|zum artikel|jetzt lesen|teilen|auf facebook teilen|auf twitter teilen
    lire la suite|lire plus|en savoir plus|partager|leer más|seguir leyendo
    leer el artículo completo|compartir|leia mais|continue lendo|continuar a ler|compartilhar
    partilhar|leggi tutto|continua a leggere|leggi di più|condividi|lees meer|lees verder
    verder lezen|läs mer|läs hela artikeln|læs mere|læs videre|les mer|les hele saken|lue lisää
    czytaj więcej|czytaj dalej|udostępnij|читать далее|читать дальше|читать полностью|подробнее
    поделиться|читати далі|детальніше|поділитися|devamını oku|devamı|paylaş|اقرأ المزيد
    اقرأ أيضا|مشاركة|阅读全文|阅读更多|閱讀全文|閱讀更多|查看全文|继续阅读|繼續閱讀|分享
    続きを読む|もっと読む|続きはこちら|シェア|더 보기|더보기|계속 읽기|기사 더보기|공유
    """
)
_HINT_EDGES = " \t\n\r\u00a0.…:>»›→⟶➔▶[]()«-–—"
_AFTER_HINT = " \t\n\r\u00a0»›→⟶➔▶])"
# No hint is longer, whatever marks are around it.
_MAX_HINT_LENGTH = 60

# What blog engines write below each text of their feeds.
_FOOTERS = re.compile(
    r"The post .{1,300} (?:appeared first on|first appeared on|was first published on) .{1,200}"
    r"|Der Beitrag .{1,300} erschien zuerst auf .{1,200}"
    r"|L[’']article .{1,300} est apparu en premier sur .{1,200}"
    r"|La entrada .{1,300} (?:se publicó primero en|aparece primero en) .{1,200}"
    r"|O post .{1,300} apareceu primeiro em .{1,200}"
    r"|L[’']articolo .{1,300} (?:sembra essere il primo su|proviene da) .{1,200}"
    r"|Het bericht .{1,300} verscheen eerst op .{1,200}"
    r"|Inlägget .{1,300} dök först upp på .{1,200}"
    r"|Artykuł .{1,300} pochodzi z serwisu .{1,200}"
    r"|Запись .{1,300} впервые появилась .{1,200}"
)


def _any_of(names: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(names, key=lambda name: (-len(name), name))) + ")"


_ANY_NAME = _any_of(_BLOCKS | _CELLS | _SKIPPED | _INLINE)

# The attributes are read with their quotes, since a quoted value may hold ">". As browsers have it, a quote opens a
# value only behind "=": of `<a href="x<a href="y" title="z">`, all quotes but the stray one pair. Where one isn't
# closed, the tag ends at the first ">". An unquoted "<" always ends the attempt, which keeps it linear.
_VALUE = r"""(?:(?<==)|(?<==\s))(?:"[^"]*"|'[^']*')|(?<!=)(?<!=\s)["']"""
_TOKEN = re.compile(
    rf"""<(?=[!?/a-zA-Z])(?:
    !--.*?(?:--!?>|\Z)
    |!\[CDATA\[
    |(/?)([a-zA-Z][^\s/<>]*)([^<>"']*(?:(?:{_VALUE})[^<>"']*)*(?=>)|[^<>]*)>
    |[!?/][^<>]*>
    |(?:[!?/]|{_ANY_NAME}(?=[\s/]))[^<>]*\Z)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_LINE_TAG = re.compile(rf"<{_any_of(_BLOCKS - {'body', 'html'})}(?=[\s/>])", re.IGNORECASE)
_CLASS = re.compile(r"""\bclass\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_CLOSE = {name: re.compile(rf"</{name}(?=[\s/>])[^<>]*>?", re.IGNORECASE) for name in _SKIPPED}
_FURNITURE_TAGS = {
    name: re.compile(rf"<(/?){name}(?=[\s/>])[^<>]*>", re.IGNORECASE)
    for name in _names("a div p section span ul")
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
    graphics, picture captions, share buttons, links and lines that only say "Read more", and the last line by
    which blog engines name themselves are left out. Blanks are collapsed, and no line is empty.

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
    link: int | None = None  # the number of pieces before the link that is open
    hint: tuple[int, int] | None = (
        None  # the pieces of a link that is left out if nothing follows it on its line
    )
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
            if hint is not None:
                _drop_hint(pieces, *hint)
                hint = None
            pieces.append("\n")
            if name in ("pre", "listing"):
                preformatted = max(0, preformatted - 1) if end_mark else preformatted + 1
        elif name in _CELLS:
            pieces.append(" ")
        elif name == "a":
            if not end_mark:
                link = len(pieces)
            elif link is not None and len(pieces) - link <= 8 and _is_hint("".join(pieces[link:])):
                hint = (link, len(pieces))
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
    if hint is not None:
        _drop_hint(pieces, *hint)
    lines = [" ".join(line.split()) for line in "".join(pieces).split("\n")]
    lines = [line for line in lines if line and not _is_hint(line)]
    if lines and len(lines[-1]) < 600 and _FOOTERS.fullmatch(lines[-1]) is not None:
        lines.pop()
    return "\n".join(lines)


def _drop_hint(pieces: list[str], start: int, end: int) -> None:
    """Leaves out the pieces of a link that only leads on: behind the end of a sentence, with nothing after it."""
    if len(pieces) - end > 8 or "".join(pieces[end:]).strip(_AFTER_HINT):
        return
    before = next(
        (piece for piece in reversed(pieces[max(0, start - 8) : start]) if piece.strip()), ""
    ).rstrip()
    if not before or (not before[-1].isalnum() and before[-1] not in ",;-–—"):
        del pieces[start:end]


def _is_hint(text: str) -> bool:
    """Whether a link or a line leads to the rest of the text or shares it, and says nothing else."""
    return len(text) <= _MAX_HINT_LENGTH and text.casefold().strip(_HINT_EDGES) in _HINTS


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
