"""Stable hashes: which article this is, what it says, and which revision of it.

Every stored hash starts with one letter for its kind and the version of its recipe, then 128 bits of BLAKE2b in
hex. A recipe is never changed in place: a new one gets a new version, since tables and `_index` outlive us.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from schemas.records import Article, DeadLetter, Origin

#: A text with fewer words than this says too little to be recognised by itself ("Read more", "Comments"): its
#: title and day are compared as well.
SHORT_TEXT_WORDS = 20

#: The warning of a feed item whose address other items of the feed have too: it names none of them.
SHARED_LINK = "link_not_unique"


def _spelt_marks() -> str:
    """Vowel signs of Indic and South-East Asian scripts: combining marks, yet half of what a word is spelt with."""
    blocks = (*range(0x0900, 0x10A0), *range(0x1700, 0x1CD0), *range(0xA800, 0xAC00))
    return "".join(chr(code) for code in blocks if unicodedata.category(chr(code)) in ("Mn", "Mc"))


_NOT_WORDS = re.compile(rf"[^\w{_spelt_marks()}]+")

# Every byte of ASCII to what `_NOT_WORDS` and casefold make of it.
_ASCII_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else ord(" ") for code in range(256))

# Code points from here on are looked at one by one: ideographs that hardly anybody writes.
_RARE = 0x20000

# Identifiers that are unique in the world by their form: RFC 4151 tag URIs, and URNs such as urn:uuid.
_GLOBAL_GUID = re.compile(r"(?:tag:[^,\s]+,\d{4}|urn:[a-z0-9][a-z0-9-]+:)", re.IGNORECASE)


def hash_fields(kind: str, fields: Iterable[str | None]) -> str:
    """A hash of named fields in a fixed order: `kind` ("a1", "c1" ...) followed by 32 hex digits.

    Each field is framed by its length, so that ("ab", "c") and ("a", "bc") differ, and None differs from "".
    """
    framed = []
    for field in fields:
        if field is None:
            framed.append(b"-;")
        else:
            data = field.encode("utf-8", "surrogatepass")
            framed += (b"%d:" % len(data), data)
    return kind + hashlib.blake2b(b"".join(framed), digest_size=16).hexdigest()


def hash_key(hashed: str) -> bytes:
    """The 16 bytes of a hash made by `hash_fields`: what `_index` sorts by and compares."""
    return bytes.fromhex(hashed[-32:])


def comparable_text(text: str) -> str:
    """Text with what is cosmetic taken out: case, punctuation, white space and compatibility forms.

    Two texts that a reader would call the same, set in other quotes or broken into other lines, compare equal.
    """
    if text.isascii():
        # The same by way of bytes, many times as fast.
        return " ".join(text.encode().translate(_ASCII_WORDS).decode().split())
    if (western := _western_words(text)) is not None:
        return western
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    words = word_table().take(codes, mode="clip")
    if words.max() == ODD_WORD or not unicodedata.is_normalized("NFC", text):
        return _words_one_by_one(text)
    return " ".join(words.tobytes().decode("utf-32-le", "surrogatepass").split())


def _words_one_by_one(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    return _NOT_WORDS.sub(" ", folded).strip()


#: In `word_table`: to be looked at one by one.
ODD_WORD = 0xFFFFFFFF


@functools.cache
def word_table() -> npt.NDArray[np.uint32]:
    """What each code point below `_RARE` is in a comparable text that was in NFC: itself folded, or a blank.

    `ODD_WORD` for what isn't one character then, and in the last place for all the rest.
    """
    everything = list(map(chr, range(_RARE)))
    everything[ord("\n")] = " "
    # All at once, since a call for each takes a second.
    composed = unicodedata.normalize("NFKC", "\n".join(everything)).casefold().replace("_", " ").split("\n")
    kept = [_NOT_WORDS.sub(" ", folded) if len(folded) > 1 else folded for folded in composed]
    single = "".join(folded if len(folded) == 1 else "\n" for folded in kept)
    words = re.sub(_NOT_WORDS.pattern[:-1], " ", single)
    table = np.array([ord(word) for word in words], dtype="<u4")
    table[[len(folded) != 1 for folded in kept]] = ODD_WORD
    return np.append(table, np.uint32(ODD_WORD)).astype("<u4")


def _western_words(text: str) -> str | None:
    """`comparable_text` of what can be written in Windows-1252, by way of bytes; None where it can't so be told."""
    try:
        folded = text.replace("ß", "ss").encode("cp1252").translate(_western_table())
    except UnicodeEncodeError:
        return None
    return None if b"\0" in folded else " ".join(folded.decode("cp1252").split())


@functools.cache
def _western_table() -> bytes:
    """Every byte of Windows-1252 to what folding makes of it; 0 where that is no single byte of it."""
    found = []
    for code in range(256):
        character = bytes([code]).decode("cp1252", "ignore")
        folded = _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", character).casefold().replace("_", " "))
        data = (folded.strip() or " ").encode("cp1252", "ignore")
        found.append(data if len(data) == 1 else b"\0")
    return b"".join(found)


def content_hash(text: str) -> str:
    """The hash of a normalised text ("c1..."), blind to cosmetic changes."""
    return hash_comparable(comparable_text(text))


def hash_comparable(comparable: str) -> str:
    """The `content_hash` of a text of which the comparable form is there already."""
    return hash_fields("c1", (comparable,))


def names_of(
    origin: Origin,
    canonical_url: str | None,
    guid_url: str | None,
    source: str | None,
    shared_link: bool = False,
) -> list[tuple[str | None, ...]]:
    """What names an article, steadiest first, as fields to be hashed; empty where nothing does.

    1. a guid that is an address (`guid_url`, canonical): a permalink, the same in every feed of a publisher;
    2. a guid that is unique by its form (tag:, urn:);
    3. any other guid, within its feed, or for JSONL within its source: "123" means something else elsewhere;
    4. the canonical address, unless other items of the feed have it too (`shared_link`).

    Edited titles, slugs and tracking parameters change none but the last of them.
    """
    names: list[tuple[str | None, ...]] = []
    guid = origin.guid
    if guid_url is not None:
        names.append(("url", guid_url))
    elif guid is not None and _GLOBAL_GUID.match(guid):
        names.append(("guid", guid))
    elif guid is not None and origin.kind == "feed":
        names.append(("feed-guid", _feed_scope(origin, canonical_url), guid))
    record_id = (
        ("record-id", source or origin.uri, guid) if guid is not None and origin.kind == "jsonl" else None
    )
    if canonical_url is not None and not shared_link and ("url", canonical_url) not in names:
        names.append(("url", canonical_url))
    if record_id is not None and guid_url is None and not _GLOBAL_GUID.match(guid or ""):
        names.append(record_id)
    return names


def article_id(
    names: Sequence[tuple[str | None, ...]], source: str | None, title: str | None, text: str
) -> str:
    """The id ("a1...") of an article that nothing is known of: by its steadiest name (`names_of`).

    An article without any is known by its source, title and text.
    """
    return hash_fields("a1", names[0] if names else _by_text(source, title, text))


def identities(
    names: Sequence[tuple[str | None, ...]], source: str | None, title: str | None, text: str
) -> tuple[str, ...]:
    """The hashes ("i1...") of all that names an article, steadiest first; never empty."""
    return tuple(hash_fields("i1", name) for name in names or [_by_text(source, title, text)])


def _by_text(source: str | None, title: str | None, text: str) -> tuple[str | None, ...]:
    return ("text", source, comparable_text(title or ""), comparable_text(text))


def _feed_scope(origin: Origin, canonical_url: str | None) -> str:
    """What a feed is told by where its guids count: its address, or for a snapshot that states none, its host.

    The name of a snapshot's file comes last: tomorrow's snapshot of the same feed has another.
    """
    if origin.feed_url is not None:
        return origin.feed_url
    return origin.uri if canonical_url is None else canonical_url.split("/", 3)[2]


def revision_hash(title: str, text_hash: str) -> str:
    """The hash ("r1...") of what makes a version: headline, and the `content_hash` of the text, both settled.

    Bylines, times and tags are left out: feeds of one publisher disagree on them over one and the same text.
    """
    return hash_fields("r1", (title, text_hash))


def item_hash(known_by: Sequence[str], revision: str) -> str:
    """The hash ("x1...") of an item as it is compared: what names it (`identities`), and its revision."""
    return hash_fields("x1", (*known_by, revision))


def publisher_hash(source_domain: str | None, source: str | None) -> str | None:
    """The hash ("p1...") of who published: the registrable domain, or the name where there is none."""
    if source_domain is None and source is None:
        return None
    return hash_fields("p1", ("domain", source_domain) if source_domain else ("name", source))


def row_hash(article: Article) -> str:
    """The hash ("w1...") of all that an article's row says, but for where and when it was read."""
    origin = article.origin
    said = (
        article.url, article.title, article.summary, article.text, article.byline,
        article.source, article.source_domain,
        str(article.published_at), str(article.updated_at), article.time_quality, article.language_declared,
        origin.kind, origin.feed_url, origin.guid, *article.authors, None, *article.tags, None, *article.warnings,
    )  # fmt: skip
    return hash_fields("w1", said)


def content_key(article: Article) -> str | None:
    """The hash by which two articles count as the same text, or None where the text can't tell.

    A text of `SHORT_TEXT_WORDS` or more stands for itself. A shorter one counts only together with its title and
    its day. An article with no text at all is never the duplicate of another by content.
    """
    if article.word_count >= SHORT_TEXT_WORDS:
        return article.content_hash
    if article.word_count == 0:
        return None
    moment = article.published_at or article.updated_at
    return hash_fields(
        "s1",
        (
            comparable_text(article.title or ""),
            article.content_hash,
            None if moment is None else moment.date().isoformat(),
        ),
    )


def dead_letter_key(letter: DeadLetter) -> str:
    """The hash by which a refused record is known again: its place, the reason, and its payload ("d1...").

    An item of a feed is known by its guid, else by itself ("d2..."), for its place in the feed changes with each new
    item, and where all of the feed is kept as its payload, that changes too.
    """
    payload = hashlib.blake2b(letter.payload or b"", digest_size=16).hexdigest()
    refused = letter.stage, letter.reason, letter.origin_uri
    if letter.feed_url is not None and letter.guid is not None:
        return hash_fields("d2", (*refused, "guid", letter.guid))
    if letter.feed_url is not None and letter.stage == "parse":
        return hash_fields("d2", (*refused, "payload", payload))
    position = None if letter.position is None else str(letter.position)
    return hash_fields("d1", (*refused, position, payload))
