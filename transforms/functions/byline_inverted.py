"""Bylines that have surnames first."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.functions import byline_words as kinds
from transforms.functions.byline_names import GIVEN_NAMES
from transforms.functions.byline_state import INITIALS
from transforms.functions.byline_words import WORDS
from transforms.functions.name_words import real_words
from transforms.functions.person_names import tidy_name


def inverted_names(words: Sequence[str], keys: Sequence[str], all_lower: bool) -> list[str]:
    """The names of a byline that has surnames first: "Doe, Jane; Roe, Richard". Empty where it hasn't."""
    if "," not in words or len(words) > 60:
        return []
    by_led = WORDS.get(keys[0]) in (kinds.BY, kinds.BY_OR_PARTICLE) and len(words) > 4
    start = 1 if by_led and WORDS.get(keys[1]) != kinds.PARTICLE else 0
    people: list[str] = []
    surname: list[str] = []
    given: list[str] = []
    comma = False
    for place in range(start, len(words) + 1):
        word = words[place] if place < len(words) else ";"
        kind = WORDS.get(keys[place]) if place < len(words) else None
        if word in (";", "&", "|", "\n") or (kind == kinds.AND and word != "e"):
            if not (comma and surname and given):
                return []
            people.append(tidy_name([*given, *surname], all_lower))
            surname, given, comma = [], [], False
        elif word == ",":
            if comma or not surname:
                return []
            comma = True
        elif not comma:
            particle = kind in (kinds.PARTICLE, kinds.BY_OR_PARTICLE)
            if (kind is not None and not particle) or real_words(surname) or not word[0].isalpha():
                return []
            is_given = keys[place] in GIVEN_NAMES and not any(part[0].islower() for part in surname)
            if not particle and is_given and not _is_initial(words, place + 2):
                return []
            surname.append(word)
        else:
            known = keys[place] in GIVEN_NAMES
            if len(given) >= 2 or not (known or INITIALS.fullmatch(word)) or (kind == kinds.AGENCY):
                return []
            if not known and len(word) > 1 and "." not in word:
                return []
            given.append(word)
    return people


def _is_initial(words: Sequence[str], place: int) -> bool:
    return place < len(words) and len(words[place].rstrip(".")) == 1
