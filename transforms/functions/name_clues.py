"""What the words around a name say of its kind, where a small model is unsure: one is in a place, and Mr. is a person.

English only. Each clue is a word beside the name, so that a look costs little: it is asked for every mention.
"""

from __future__ import annotations

import re

# Words are compared in lower case, without dots.
_BEFORE = {
    **dict.fromkeys(("in", "near", "outside", "around", "inside", "across"), "GPE"),
    **dict.fromkeys(
        """
        mr mrs ms miss dr prof professor sir dame sen rep gov col lt capt maj sgt president chancellor senator judge
        justice archbishop sheikh ayatollah spokesman spokeswoman midfielder striker goalkeeper defender forward pitcher
        quarterback fullback winger centre captain skipper batsman bowler coach manager lawyer analyst economist trader
        """.split(),  # noqa: SIM905 - a list of 40 quoted words hides the words
        "PERSON",
    ),
}
_AFTER = {
    **dict.fromkeys(
        ("shares", "stock", "shareholders", "subsidiary", "unit", "newspaper", "spokesman", "spokeswoman"),
        "ORG",
    ),
    **dict.fromkeys(("province", "region", "airport", "suburb"), "GPE"),
}

#: Words beside a team: what it did to the other, and what the other did to it.
_OF_TEAMS_AFTER = frozenset(
    "beat beats defeated thrashed edged routed downed drew trounced crushed hosts outscored".split()  # noqa: SIM905
)
_OF_TEAMS_BEFORE = frozenset(
    "beat beating against defeated thrashed edged routed downed defeating trounced visiting".split()  # noqa: SIM905
)
_SPORT = re.compile(
    r"\b(?:innings?|wickets?|goals?|league|championship|quarterback|touchdowns?|midfielder|striker|batsm[ae]n|"
    r"home runs?|playoffs?|goalkeeper|semi-?finals?|season|coach|standings|cricket|football|soccer|baseball|"
    r"basketball|hockey|rugby)\b",
    re.IGNORECASE,
)

#: Different words of sport that make an article one of sport.
_MIN_SPORT_WORDS = 4
_REACH = 28


def is_of_sport(text: str) -> bool:
    """Whether an article is about games, where the name of a city is mostly that of its team."""
    found: set[str] = set()
    for match in _SPORT.finditer(text, 0, 4_000):
        found.add(match[0].lower())
        if len(found) >= _MIN_SPORT_WORDS:
            return True
    return False


def clue_of(text: str, start: int, end: int) -> str | None:
    """GPE, ORG or PERSON where a word beside the name at this place says so, else None."""
    before = _word(text[max(0, start - _REACH) : start].split()[-1:])
    label = _BEFORE.get(before)
    if label is not None:
        return label
    after = text[end : end + _REACH]
    if not after.startswith(" "):
        return None
    return _AFTER.get(_word(after.split()[:1]))


def is_team(text: str, start: int, end: int) -> bool:
    """Whether the words beside a name, in an article of sport, are those beside a team."""
    before = _word(text[max(0, start - _REACH) : start].split()[-1:])
    if before in _OF_TEAMS_BEFORE:
        return True
    after = text[end : end + _REACH]
    return after.startswith(" ") and _word(after.split()[:1]) in _OF_TEAMS_AFTER


def _word(words: list[str]) -> str:
    return words[0].strip(".,;:\"'(“‘").lower() if words else ""
