"""What can be told of the words of a name: how many are its own, where it ends, where the next one begins."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.functions import byline_words as kinds
from transforms.functions.byline_names import GIVEN_NAMES
from transforms.functions.byline_words import WORDS
from transforms.functions.person_names import word_key


def real_words(words: Sequence[str]) -> int:
    """How many of a name's words are neither particles nor suffixes."""
    return sum(
        1
        for place, word in enumerate(words)
        if WORDS.get(word_key(word)) not in (kinds.PARTICLE, kinds.SUFFIX, kinds.BY_OR_PARTICLE, kinds.DEGREE)
        or (word[0].isupper() and word_key(word) in ("le", "la", "al", "do", "el", "abu", "ben", "dom", "ma"))
        or (place == 0 and word_key(word) in GIVEN_NAMES)
    )


def trimmed(run: list[str]) -> list[str]:
    """The run without lower-case particles at its end: "Jane Doe le" 7 mai."""
    end = len(run)
    while (
        end
        and run[end - 1][:1].islower()
        and WORDS.get(word_key(run[end - 1])) in (kinds.PARTICLE, kinds.BY_OR_PARTICLE)
    ):
        end -= 1
    return [word.strip("‘’'") if word[-1:] in "‘’'" else word for word in run[:end]]


def split_names(names: list[str]) -> list[list[str]]:
    """Names that nothing sets apart, each by itself: a new one begins with a given name after a surname.

    Each has two words at least. What can't be told apart so stays one name.
    """
    people: list[list[str]] = []
    current: list[str] = []
    for place, word in enumerate(names):
        starts = (
            real_words(current) >= 2
            and word_key(word) in GIVEN_NAMES
            and word_key(current[-1]) not in GIVEN_NAMES
            and not current[-1][:1].islower()
            and real_words(names[place:]) >= 2
        )
        if starts:
            people.append(current)
            current = []
        current.append(word)
    people.append(current)
    return people
