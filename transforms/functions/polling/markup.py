"""Tags read one by one, for the few that polling looks for: no tree, and linear time."""

from __future__ import annotations

import html
import re

#: A tag with longer attributes is none that we look for.
MAX_ATTRIBUTE_CHARS = 4_000

# Each ends at its closing mark or at the end of the text, so that none is looked for twice.
_SECTION = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_SCRIPT = re.compile(
    r"<(script|style|template|noscript)(?=[\s>]).*?(?:</\1(?=[\s>])|\Z)", re.IGNORECASE | re.DOTALL
)

# An attribute begins where none of its letters came before: a long word is looked at once.
_ATTRIBUTE = re.compile(r"(?<![\w:.-])([\w:.-]{1,60})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")


def without_sections(text: str) -> str:
    """The text without comments, and with the characters of CDATA sections written as references."""
    if "<!" not in text:
        return text
    return _SECTION.sub(lambda found: "" if found[1] is None else html.escape(found[1], quote=False), text)


def without_scripts(text: str) -> str:
    """A page without its comments, scripts and styles, in which tags are none."""
    return _SCRIPT.sub(" ", _SECTION.sub(" ", text))


def attributes_of(text: str) -> dict[str, str]:
    """The attributes in the inside of a tag, names in lower case without prefix; the first of each name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text[:MAX_ATTRIBUTE_CHARS]):
        name = match[1].rpartition(":")[2].lower()
        value = next((value for value in match.groups()[1:] if value is not None), "")
        found.setdefault(name, html.unescape(value))
    return found
