"""What the words around a name say of its kind, where a small model is unsure: one is in a place, and Mr. is a person.

English only. Each clue is a word beside the name, so that a look costs little: it is asked for every mention.
"""

from __future__ import annotations

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

_PRONOUNS = {"it": "ORG", "its": "ORG", "he": "PERSON", "she": "PERSON", "his": "PERSON", "her": "PERSON"}

#: Words beside a team: what it did to the other, and what the other did to it.
_OF_TEAMS_AFTER = frozenset(
    """
    beat beats defeated thrashed edged routed downed drew trounced crushed hosts outscored won lost scored finished
    captain coach striker midfielder defender goalkeeper batsman bowler pitcher side
    """.split()  # noqa: SIM905
)
_OF_TEAMS_BEFORE = frozenset(
    """
    beat beating against defeated thrashed edged routed downed defeating trounced visiting over leaders champions rivals
    joined
    """.split()  # noqa: SIM905
)
_SPORT = frozenset(
    """
    innings wickets wicket goal goals league championship quarterback touchdown touchdowns midfielder striker batsman
    batsmen homer playoffs playoff goalkeeper semifinal semifinals semi-final season seasons coach standings cricket
    football soccer baseball basketball hockey rugby match matches team teams pitcher bowler scored
    """.split()  # noqa: SIM905 - a list of 40 quoted words hides the words
)

#: What `clue_of` answers for a team; no label of the scheme.
TEAM = "TEAM"

# Different words of sport that make an article one of sport, and characters that are looked at.
_MIN_SPORT_WORDS = 4
_START = 3_000

# Characters that a word beside a name is looked for in.
_REACH = 24
_PUNCTUATION = ".,;:\"'(“‘"


def is_of_sport(text: str) -> bool:
    """Whether an article is about games, where the name of a city is mostly that of its team."""
    return len(_SPORT.intersection(text[:_START].lower().split())) >= _MIN_SPORT_WORDS


def clue_of(text: str, start: int, end: int, of_sport: bool = False) -> str | None:
    """GPE, ORG or PERSON where a word beside the name at this place says so, else None.

    of_sport: whether the article is; `TEAM` where the words are those beside a team.
    """
    before = after = ""
    if start and text[start - 1] in " \n":
        before = text[max(0, start - _REACH) : start - 1].rpartition(" ")[2].strip(_PUNCTUATION).lower()
        label = _BEFORE.get(before)
        if label is not None:
            return label
    if text[end : end + 1] == " ":
        after = text[end + 1 : end + _REACH].partition(" ")[0].strip(_PUNCTUATION).lower()
    if of_sport and (before in _OF_TEAMS_BEFORE or after in _OF_TEAMS_AFTER):
        return TEAM
    if after in ("said", "says", "announced", "reported"):
        # "Acme said it", "Roe said he": the pronoun tells a company from a person.
        pronoun = text[end + 2 + len(after) : end + 10 + len(after)].partition(" ")[0]
        return _PRONOUNS.get(pronoun)
    return _AFTER.get(after)
