"""A person's name as tables show it: titles and degrees dropped, letter case restored where that is safe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from transforms.functions.byline_words import DEGREE, PARTICLE, SUFFIX, TITLE, WORDS, word_set

# Lower-cased again inside a name that came in capitals. "LA", "LE", "AL" and "EL" are left out: Le is a
# Vietnamese surname, Al a given name, and "La Russa" keeps its capital.
_LOWER_PARTICLES = word_set(
    """
    van der den de del della di da do dos das du von zu zum zur bin ibn bint ten ter y e af av
    """
)
# "Maj." is a title only before another one: elsewhere it is a month.
_TITLES_TOO = frozenset({"maj"})
_NUMERALS = frozenset(("II", "III", "IV"))
_TURKISH = frozenset("ĞŞİğşı")
_TURKISH_LOWER = str.maketrans({"I": "ı", "İ": "i"})
_INITIALS = re.compile(r"(?:\w\.)+\w?\.?|\w\.?")
_SMALL_IN_CAPITALS = re.compile(r"\b(M)a?c(?=[A-Z]{2})")
_INNER_BREAK = re.compile(r"([-'’.])")
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüý")


@lru_cache(maxsize=16_384)
def word_key(word: str) -> str:
    """A word in the form in which `WORDS` holds it. Remembered, since each is asked for many times."""
    return word.casefold().strip(".'’‘").replace("’", "'")


def tidy_name(words: Sequence[str], all_lower: bool = False) -> str:
    """Joins a name's words, without the titles before and degrees after it, in the case people write it in.

    A word all in capitals is set in title case ("MCDONALD" -> "McDonald", "O'NEILL" -> "O'Neill", "VAN DER" ->
    "van der"), initials stay. all_lower: whether the whole byline has no capital, so that its names get theirs.
    """
    words = strip_titles(words)
    if all_lower:
        words = [_from_lower(word) for word in words]
    elif any(_is_capitals(word) and len(word) > 1 for word in words):
        turkish = any(char in _TURKISH for word in words for char in word)
        words = [_recased(word, index, turkish) for index, word in enumerate(words)]
    return " ".join(words)


def strip_titles(words: Sequence[str]) -> list[str]:
    """The words without titles in front ("Dr.", "U.S. Rep.") and degrees behind ("MD"), unless too little is left."""
    start, end = 0, len(words)
    while (
        end - start > 2
        and WORDS.get(word_key(words[end - 1])) == DEGREE
        and words[end - 1] != words[end - 1].lower()
    ):
        end -= 1
    if end - start > 2 and word_key(words[0]) in _TITLES_TOO and WORDS.get(word_key(words[1])) == TITLE:
        start = 1
    while end - start > 1 and WORDS.get(word_key(words[start])) == TITLE and not words[start][:1].islower():
        start += 1
    kept = list(words[start:end])
    # "Frau Sabienes" and "Dr. Doe" are how these people are named: with a lone surname the title stays.
    if start and sum(WORDS.get(word_key(word)) not in (PARTICLE, SUFFIX) for word in kept) < 2:
        kept = [*words[start - 1 : start], *kept]
    return kept


def _from_lower(word: str) -> str:
    if word_key(word) in _LOWER_PARTICLES:
        return word
    return word.upper() if word.upper() in _NUMERALS else _capitalised(word)


def _is_capitals(word: str) -> bool:
    """Whether a word is in capitals, but for a "c" or "ac" that newsrooms leave small: "McDOE", "ROE-McDOE"."""
    return word.isupper() or ("c" in word and _SMALL_IN_CAPITALS.sub(r"\1", word).isupper())


def _recased(word: str, index: int, turkish: bool) -> str:
    if not _is_capitals(word) or word in _NUMERALS or _INITIALS.fullmatch(word):
        return word
    letters = [char for char in word if char.isalpha()]
    if len(letters) == 2 and (letters[1] == "J" or not any(char.lower() in _VOWELS for char in letters)):
        return word  # initials: "TJ", "AJ"
    key = word.lower()
    if index and key in _LOWER_PARTICLES:
        return key
    if index and WORDS.get(key) == SUFFIX:
        return key.capitalize()
    if turkish:
        word = word[:1] + word[1:].translate(_TURKISH_LOWER)
    return _capitalised(word)


def _capitalised(word: str) -> str:
    """Title case as names have it: after "-" and an apostrophe that follows one letter, and after "Mc"."""
    parts = _INNER_BREAK.split(word)
    done: list[str] = []
    for place, part in enumerate(parts):
        if place % 2:
            done.append(part)
            continue
        lowered = part[:1].upper() + part[1:].lower().replace("i̇", "i")
        if lowered.startswith("Mc") and len(lowered) > 3:
            lowered = "Mc" + lowered[2].upper() + lowered[3:]
        # "O'Neill", but "Ma'n" and Hawaiian okinas are left small.
        if place >= 2 and parts[place - 1] in "'’" and len(parts[place - 2]) > 1:
            lowered = lowered.lower()
        done.append(lowered)
    return "".join(done)
