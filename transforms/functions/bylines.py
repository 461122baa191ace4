"""From a raw byline to the people who wrote and the organisation they wrote for.

Here the byline is made plain: markup, addresses and brackets. What its words mean is read by
`byline_reader`, or by `byline_cjk` where it is in Chinese, Japanese or Korean.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence

from transforms.functions.byline_cjk import CJK, read_cjk
from transforms.functions.byline_names import GIVEN_NAMES, PLACES
from transforms.functions.byline_reader import BylineReader
from transforms.functions.byline_runs import known_publisher
from transforms.functions.byline_words import OTHER_CREDIT, SUFFIX, WORDS
from transforms.functions.person_names import word_key

#: Characters of one byline that are read; real ones are far shorter. What is cut is told by `byline_cut`.
MAX_BYLINE_LENGTH = 2000
# A name that changes whenever it is read again is none.
_MAX_READINGS = 4
#: Author elements of one item that are read.
MAX_BYLINES = 200

_TAG = re.compile(r"<(/?[A-Za-z!][^<>]{0,500})>")
_BLOCK_TAG = re.compile(r"/?(?:br|p|div|li|ul|tr|td|h[1-6])\b", re.IGNORECASE)
_ANGLED_MAIL = re.compile(r"<[^<>\s@]{1,100}@[^<>\s]{1,200}>")
# "Autor:in", "Autor*in", "Redakteur_innen": one word, in German of today.
_GENDERED = re.compile(r"(?<=[a-zß])[:*_](?=in(?:nen)?\b)")
_URL = re.compile(r"(?:https?://|www\.)\S{1,500}", re.IGNORECASE)
_PARENTHESES = re.compile(r"\(([^()]{0,300})\)|（([^（）]{0,300})）")
# "Jane Doe (photos)": a name with what it is credited for.
_OTHERS_CREDIT = re.compile(
    r"(?:[,;&|/]|\b(?:and|und|et|y|e|en|och|og|i|ja)\b|^)([^,;&|/()]{1,60})\(([^()\s]{3,20})\)"
)
_BRACKETED = re.compile(r"\[[^\[\]]{0,300}\]|\{[^{}]{0,300}\}")
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]"
)
# "Jane DoeAnna Roe": where elements were joined without a blank, a name begins inside a word.
_GLUED = re.compile(r"[a-zß-öø-ÿ][A-ZÀ-ÖØ-Þ]")
_GLUED_WORD = re.compile(r"[^\W\d_]{5,60}")
_GLUED_PART = re.compile(r"(?<=[^\W\d_]{4})(?<=[a-zß-öø-ÿ])(?<!Fitz)(?=[A-ZÀ-ÖØ-Þ][^\W\d_]{2})")
_SPACES = re.compile(r"[^\S\n]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Byline:
    """What a byline says.

    authors: people only, in order, each once (compared without case). Empty where none is named.
    organisation: the first one named, by its name in the table of publishers where it is there. None where
    none is. warnings: `byline_no_person` (there is a byline and it names nobody), `byline_cut` (longer than
    is read), `byline_names_split` (names ran together and were told apart by their given names).
    """

    authors: tuple[str, ...] = ()
    organisation: str | None = None
    warnings: tuple[str, ...] = ()


def parse_bylines(bylines: Sequence[str]) -> Byline:
    """Reads the author elements of one item, each one author or a whole line.

    Never raises, and reads no more than `MAX_BYLINE_LENGTH` characters of each.

        >>> parse_bylines(["By Kevin Liptak and Jeremy Diamond, CNN"])
        Byline(authors=('Kevin Liptak', 'Jeremy Diamond'), organisation='CNN', warnings=())
    """
    authors: dict[str, str] = {}
    organisation: str | None = None
    warnings: list[str] = []
    anything = False
    if len(bylines) > MAX_BYLINES:
        warnings.append("byline_cut")
    for element in bylines[:MAX_BYLINES]:
        if len(element) > MAX_BYLINE_LENGTH:
            warnings.append("byline_cut")
            element = element[:MAX_BYLINE_LENGTH]
        for text in _elements(element):
            if not text.strip():
                continue
            anything = True
            alone = _lone_suffix(text)
            if alone is not None and authors:
                # "Earl Austin" and "Jr." as two elements: some systems split at every comma.
                last = authors.pop(next(reversed(authors)))
                authors[f"{last} {alone}".casefold()] = f"{last} {alone}"
                continue
            people, org, split = _read(text)
            for person in _settled(people):
                authors.setdefault(person.casefold(), person)
            organisation = organisation or org
            if split:
                warnings.append("byline_names_split")
    if anything and not authors:
        warnings.append("byline_no_person")
    return Byline(tuple(authors.values()), organisation, tuple(dict.fromkeys(warnings)))


def _settled(people: list[str]) -> Iterator[str]:
    """The names, of which those that look like more than a name are read again until they stay as they are.

    So what was read once is read as the same a second time, even where the byline was no byline.
    """
    for person in people:
        if not _is_odd(person):
            yield person
            continue
        names = [person]
        for _ in range(_MAX_READINGS):
            again = [name for one in names for name in _read(one)[0]]
            if again == names:
                yield from names
                break
            names = again


def _is_odd(name: str) -> bool:
    """Whether anything about a name can be read in another way once it stands alone."""
    words = name.split(" ")
    if len(words) > 4 or len(words) < 2 or len(set(words)) < len(words):
        return True
    for word in words:
        key = word_key(word)
        if key in WORDS or key in PLACES or key.endswith("'s") or not word[0].isalpha():
            return True
    # An initial in the middle is none of another reading.
    return len(words[0]) < 2 or len(words[-1]) < 2


def _lone_suffix(text: str) -> str | None:
    """The suffix where a whole element is one ("Jr."), else None."""
    text = text.strip(" ,")
    return text if len(text) <= 6 and WORDS.get(word_key(text)) == SUFFIX else None


def _elements(text: str) -> list[str]:
    """One element, or those of a list that was written out as JSON or Python."""
    stripped = text.strip()
    if stripped.startswith("[") and stripped.endswith("]") and len(stripped) > 4 and stripped[1] in "\"'":
        try:
            parsed = json.loads(stripped)
        except ValueError:
            return re.split(r"[\"']\s*,\s*[\"']", stripped[2:-2])
        if isinstance(parsed, list):
            return [part for part in parsed if isinstance(part, str)]
    return [text]


def _read(text: str) -> tuple[list[str], str | None, bool]:
    """People, the organisation, and whether names had to be split, of one byline."""
    text = _plain(text)
    inner: list[str] = []
    if "(" in text or "（" in text:
        text = _OTHERS_CREDIT.sub(_without_others, text)
        inner = [a or b for a, b in _PARENTHESES.findall(text)]
        text = _PARENTHESES.sub(" ", text)
    people: list[str] = []
    organisations: list[str] = []
    split = False
    for part in [text, *inner]:
        if part is not text and people and not organisations:
            # Beside a name, brackets hold initials, a place or an employer; only an employer we know is one.
            found = known_publisher(part)
            if found is not None:
                organisations.append(found.name)
            continue
        if part is not text and people:
            break
        if CJK.search(part) is not None:
            found_people, found_orgs = read_cjk(part)
            for name in [*found_people, *found_orgs]:
                known = known_publisher(name)
                if known is not None or name in found_orgs:
                    organisations.append(name if known is None else known.name)
                else:
                    people.append(name)
            part = CJK.sub(" ", part)
        reader = BylineReader(part)
        reader.read()
        people += reader.people
        organisations += reader.organisations
        split = split or reader.split
    return people, organisations[0] if organisations else None, split


def _plain(text: str) -> str:
    """The byline without markup, addresses and invisible characters, in NFC."""
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _ANGLED_MAIL.sub(" ", text)
        text = _TAG.sub(lambda tag: "\n" if _BLOCK_TAG.match(tag.group(1)) else " ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    if "://" in text or "www." in text:
        text = _URL.sub(" ", text)
    if text[:1] == "[" and text[-1:] == "]" and text.count("[") == 1:
        text = text[1:-1]
    if "[" in text or "{" in text:
        text = _BRACKETED.sub(" | ", text)
    if ":in" in text or "*in" in text or "_in" in text:
        text = _GENDERED.sub("", text)
    text = _SPACES.sub(" ", text).strip()
    if _GLUED.search(text) is not None:
        text = _GLUED_WORD.sub(_unglued, text)
    if len(text) > 1 and text[0] in "'‘\"" and text[-1] in "'’\"":
        text = text[1:-1]
    return text


def _without_others(found: re.Match[str]) -> str:
    """Nothing where the brackets say that the name took the pictures, else what was found."""
    return " " if WORDS.get(word_key(found.group(2))) == OTHER_CREDIT else found.group()


def _unglued(found: re.Match[str]) -> str:
    """Names that ran together with a separator between them; a word that no known name begins inside stays."""
    first, *others = _GLUED_PART.split(found.group())
    for part in others:
        key = part.casefold()
        is_town = part.isupper() and key in PLACES
        first += f", {part}" if is_town or (key in GIVEN_NAMES and not part.isupper()) else part
    return first
