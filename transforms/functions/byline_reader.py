"""What the words of a byline say, read once from left to right.

Each word has a kind (`byline_words`); words of no kind that look like parts of names make a run. What ends a
run, and how its part of the byline began, decide what the run is: a person, an organisation, or nothing.
After a person there must be a separator before the next one may begin, so what pages stick to a byline
(roles, places, share buttons, the start of a biography) is passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

from transforms.functions import byline_words as kinds
from transforms.functions.byline_names import GIVEN_NAMES, PLACE_PREFIXES, PLACES, STATES, SURNAME_PLACES
from transforms.functions.byline_words import (
    ACCOUNT_PARTS,
    ADDRESS_ENDINGS,
    ORGANISATIONS_TOO,
    PRONOUNS,
    SURNAMES_TOO,
    WORDS,
)
from transforms.functions.person_names import strip_titles, tidy_name, word_key
from transforms.functions.sources import Publisher, host_in, load_publishers, simple_name

#: A person's name has no more words than this; a longer run is prose or a heap of names that can't be told
#: apart.
_MAX_NAME_WORDS = 7
_TOKEN = re.compile(
    r"\n|[,;:|/•·•●▪■►»›&()…—–=!?~*+،؛\"“”„«»<>©]|[^\s,;:|/•·●▪■►»›&()…—–=!?~*+،؛\"“”„«»<>©]+"
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.?-?){1,4}\.?")
_STRONG = frozenset(";|•·●▪■►»›\n…—–؛")
_WEAK = frozenset(",/،+")


@cache
def _phrases() -> dict[str, tuple[tuple[tuple[str, ...], str, str], ...]]:
    """Known phrases of several words by their first word: (the other words, kind, name), longest first."""
    found: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    for publisher in set(load_publishers().by_domain.values()):
        for name in (publisher.name, *publisher.aliases):
            words = tuple(word_key(word) for word in _TOKEN.findall(name))
            if len(words) > 1 and words[0] != "the":
                found.setdefault(words[0], []).append((words[1:], kinds.AGENCY, publisher.name))
            elif len(words) > 2:
                found.setdefault(words[1], []).append((words[2:], kinds.AGENCY, publisher.name))
    for place in PLACES:
        words = tuple(place.split("_"))
        if len(words) > 1:
            found.setdefault(words[0], []).append((words[1:], "place", place))
    return {
        first: tuple(sorted(set(rest), key=lambda phrase: (-len(phrase[0]), phrase)))
        for first, rest in found.items()
    }


def known_publisher(name: str) -> Publisher | None:
    """The publisher of that name in the packaged table, or None."""
    return load_publishers().of_name(name)


class BylineReader:
    """Reads one byline once, from left to right. Its fields are the state of that reading.

    text: plain text of bounded length. After `read()`, people and organisations hold what it names, in
    order, and split tells whether names that ran together had to be told apart.
    """

    __slots__ = (
        "all_lower",
        "all_upper",
        "by_led",
        "clean",
        "credit",
        "done",
        "index",
        "keys",
        "lowers",
        "nobody",
        "org_before",
        "organisations",
        "part",
        "people",
        "prose",
        "run",
        "singles",
        "skip",
        "split",
        "stopped",
        "words",
    )

    def __init__(self, text: str) -> None:
        self.words: list[str] = _TOKEN.findall(text)
        self.keys: list[str] = [word_key(word) for word in self.words]
        self.all_lower = text.islower() or text == text.lower()
        self.all_upper = text.isupper()
        self.people: list[str] = []
        self.organisations: list[str] = []
        self.run: list[str] = []
        self.lowers: list[str] = []  # unknown lower-case words since the part began
        self.singles: list[str] = []
        self.index = 0
        self.part = 0  # how many separators were passed
        self.skip = False  # until the next separator
        self.credit = True  # whether what is named now wrote the words
        self.done = False  # a person was found and no separator came since
        self.stopped = False
        self.org_before = False  # the part before an "and" was an organisation
        self.nobody = False  # a role, staff or prose was seen: a lone word is then no name
        self.prose = 0
        self.by_led = False
        self.clean = True  # nothing but a name has come in this part
        self.split = False

    # -- the loop
    # ---------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Reads all; the results are in people, organisations and split."""
        count = len(self.words)
        inverted = self._inverted()
        if inverted:
            self.people.extend(inverted)
            return
        while self.index < count and not self.stopped:
            word, key = self.words[self.index], self.keys[self.index]
            self.index += 1
            if len(word) == 1 and not word.isalnum():
                self._punctuation(word)
            else:
                self._word(word, key)
        if not self.stopped:
            self._end_part("end")
        if not self.people:
            self._lone_word()

    def _punctuation(self, mark: str) -> None:
        if mark in _WEAK:
            if mark == "," and self._suffix_follows():
                return
            self._end_part(mark)
        elif mark in _STRONG:
            if mark == "\n" and len(self.run) == 1 and not self.done:
                return  # markup broke the line inside a name
            self._end_part(mark)
            self.credit = True
        elif mark == "&":
            self._and()
        elif mark == ":":
            self._flush("word")
            self.skip = False
            self.done = False
        elif mark == "-":
            self._end_part(mark)

    def _word(self, word: str, key: str) -> None:
        if not key or not any(char.isalnum() for char in word):
            if word.strip("-–—"):
                return
            self._end_part("-")
            return
        if word[0] in "-‐":
            self._end_part("-")
            word = word[1:]
            key = word_key(word)
        if "@" in word:
            self._flush("word")
            return
        if word[0].isdigit():
            self._flush("date")
            self.clean = False
            return
        if self._phrase(key):
            return
        kind = WORDS.get(key)
        if key in kinds.OURS and self.index > 1 and not self.run and not self.people:
            self._by()
            return
        if kind is None and "-" in key:
            head, _, tail = word.partition("-")
            if WORDS.get(key.rpartition("-")[2]) == kinds.ROLE:
                kind = kinds.ROLE  # "Nachrichten-Redakteurin"
            elif WORDS.get(word_key(head)) == kinds.AGENCY and head.isupper() and tail[1:].islower():
                self._agency(head)
                self._end_part(";")
                word, key = tail, word_key(tail)
                kind = WORDS.get(key)
        if key == "last" and self._peek() in ("updated", "update", "modified", "edited"):
            kind = kinds.FURNITURE
        if kind is None and len(key) > 2 and key.endswith(("'s", "s'")):
            self._possessive(word, key)
            return
        if kind is None and "." in key and self._address(word, key):
            return
        if kind is None and word[0] == "و" and self._joined_and(key):
            self._and()
            word, key = word[1:], key[1:]
        if (
            key in PRONOUNS
            and not word[0].islower()
            and self._peek()
            and self.words[self.index][:1].islower()
        ):
            kind = kinds.PROSE
        elif kind is not None and self._is_initial(word):
            kind = None
        elif (
            key in GIVEN_NAMES
            and (not word[0].islower() or (self.all_lower and not self.run))
            and kind not in (kinds.BY, kinds.AND, kinds.AGENCY)
        ):
            # "Will", "Till", "April" and "Mark" are words too.
            kind = kinds.MAYBE_TIME if kind == kinds.MAYBE_TIME and self._beside_number() else None
        if kind is not None and self._is_surname(word, key, kind):
            kind = None
        ends_sentence = word.endswith(".") and self._ends_sentence(word, key)
        if ends_sentence:
            word = word.rstrip(".")
        if kind is not None:
            self._known(word, key, kind)
        else:
            self._unknown(word, key)
        if ends_sentence:
            self._end_part(";")
            self.credit = True

    def _known(self, word: str, key: str, kind: str) -> None:
        lower = word[0].islower()
        if kind == kinds.PARTICLE:
            self._particle(word)
        elif kind in (kinds.SUFFIX, kinds.DEGREE):
            if self._avatar(word):
                self._end_part("-")
            elif self.run:
                self.run.append(word)
            elif kind == kinds.SUFFIX and self.done and self.people:
                self.people[-1] = f"{self.people[-1]} {word}"
        elif kind == kinds.TITLE:
            if not self.run or not lower:
                self._name_word(word, key)
        elif kind == kinds.AND:
            self._and_word(word, key)
        elif kind == kinds.WEAK_AND:
            self._weak_and(word)
        elif kind == kinds.BY:
            self._by()
        elif kind == kinds.BY_OR_PARTICLE:
            self._by_or_particle(word, key)
        elif kind == kinds.MAYBE_TIME:
            if self._beside_number():
                self._flush("date")
                self.clean = False
            elif lower and len(key) > 1:
                self._lower(word, key)
            else:
                self._name_word(word, key)
        elif kind == kinds.TIME:
            self._flush("date")
            self.clean = False
        elif kind == kinds.FURNITURE:
            self._flush("word")
            self.clean = False
            if not self.people and not self.by_led:
                self.skip = False  # a page's buttons before the name
        elif kind == kinds.PROSE:
            self._prose()
        elif kind == kinds.PREPOSITION:
            self._preposition(word, key)
        elif kind == kinds.FOR:
            self._for(word, key)
        elif kind == kinds.THE:
            self._the(lower)
        elif kind == kinds.ROLE:
            self._role()
        elif kind == kinds.ROLE_MODIFIER:
            self._role_modifier(word, key, lower)
        elif kind == kinds.STAFF:
            self._staff()
        elif kind == kinds.WRITER:
            self._writer_noun(word)
        elif kind == kinds.OTHER_CREDIT:
            self._other_credit(word)
        elif kind == kinds.SOURCE:
            self._flush("word")
            self.nobody = True
            self.skip = True
            self._organisation_words(self.index + (self._peek() == ":"))
        elif kind == kinds.ORGANISATION:
            self._organisation_word(word, lower)
        elif kind == kinds.AGENCY:
            self._agency(word)

    # -- single kinds
    # -----------------------------------------------------------------------------------------

    def _unknown(self, word: str, key: str) -> None:
        first = word.lstrip("'‘’`´")[:1]
        if word[0] in "‘`" and (self.people or len(self.run) > 1):
            self._prose()
            return
        if first.islower() and not self.all_lower and not self._prefixed(word):
            self._lower(word, key)
            return
        self._name_word(word, key)

    def _is_initial(self, word: str) -> bool:
        """Whether a word of a kind is an initial here: "Jane W. Doe", "Anna E Roe"."""
        if not (word[0].isupper() and len(word.rstrip(".")) == 1):
            return False
        return word.endswith(".") or (bool(self.run) and WORDS.get(word_key(word)) != kinds.AND)

    @staticmethod
    def _prefixed(word: str) -> bool:
        """Whether a word that begins small is a surname all the same: "d'Afflisio", "al-Assad", "deGrasse"."""
        return any(char.isupper() for char in word[1:]) and ("'" in word or "’" in word or "-" in word)

    def _name_word(self, word: str, key: str) -> None:
        if self.skip or self.stopped or not self.credit:
            return
        if self._avatar(word):
            self._end_part("-")
            return
        if self.done:
            return
        if self._acronym(word):
            self._agency(word, known=False)
            return
        self.run.append(word)

    def _lower(self, word: str, key: str) -> None:
        if self.skip or not self.credit:
            self._count_prose()
            return
        if self.run or self.done:
            self._flush("prose")
            self.skip = True
            self._count_prose()
            return
        self.lowers.append(word)

    def _count_prose(self) -> None:
        self.prose += 1
        if self.prose >= 4 and self.people:
            self.stopped = True

    def _particle(self, word: str) -> None:
        if self._peek() in kinds.OURS and not self.run:
            return  # "Van onze correspondent"
        if self.skip or self.done or not self.credit:
            if word[0].islower():
                self.prose += 1
            return
        self.run.append(word)

    def _prose(self) -> None:
        if not self.people and self.credit and not self.run and self._person_follows():
            self._by()  # "Aus Moskau berichtet Jane Doe"
            return
        if self.skip or not self.credit:
            self._count_prose()
            return
        self._flush("word")
        self.nobody = self.nobody or not self.singles
        if self.people:
            self.stopped = True
        else:
            self.skip = True

    def _preposition(self, word: str, key: str) -> None:
        if self.run and not self.done and not word[0].islower() and self._is_part_of_name(key):
            self.run.append(word)
            return
        if key == "told" and self._peek() == "to" and not self.people:
            self.index += 1
            self._by()  # "As told to Jane Doe"
            return
        if not word[0].islower() and not self.run and not self.done and not self.skip:
            if self.part == 0 and not self.people and self._next_is_possessive():
                return
            if key in ("from", "about", "über"):
                return
            self.skip = True
            return
        if key == "from" and not self.run and not self.people:
            return
        if key == "of" and _real_words(self.run) >= 2 and self._peek() == "the":
            self._for(word, key)
            return
        self._flush("word")
        self._count_prose()
        self.skip = True
        self.clean = False

    def _is_part_of_name(self, key: str) -> bool:
        """Whether a capitalised preposition is a name's: "Ana Del Río", "Minh An" with nothing after it."""
        if key in ("del", "dello", "della", "dal", "dalla"):
            return self._name_follows()
        return self.index >= len(self.words) or self.words[self.index] in _STRONG | _WEAK

    def _for(self, word: str, key: str) -> None:
        self._flush("word")
        self._count_prose()
        self.nobody = self.nobody or key == "via"
        self.skip = True
        self.clean = False
        start = self.index
        while start < len(self.words) and self.keys[start] in (
            "to",
            "the",
            "for",
            "o",
            "a",
            "für",
            "die",
            "das",
            "le",
            "la",
        ):
            start += 1
        self._organisation_words(start)

    def _the(self, lower: bool) -> None:
        if self.skip or not self.credit:
            return
        self._flush("word")
        self.clean = False
        if WORDS.get(self._peek()) in (kinds.WRITER, kinds.BY, kinds.ROLE, kinds.STAFF, kinds.FURNITURE):
            return  # "About the author", "the editors"
        self.skip = True
        if not lower or self.part == 0:
            self._organisation_words(self.index)
        self.org_before = True

    def _role(self) -> None:
        if self.skip and (self.org_before or not self.people) and self.credit and self._person_follows():
            self.skip = False  # "Nowhere News political correspondent Jane Doe"
            return
        if self.skip or not self.credit:
            return
        self.nobody = True
        if self.run:
            self._flush("role")
            self.skip = True
        elif self.done:
            self.skip = True
        self.clean = False

    def _role_modifier(self, word: str, key: str, lower: bool) -> None:
        if key in ("photo", "video", "audio", "music") and (
            self._credit_follows() or self._peek() in (":", "/")
        ):
            self._other_credit(word)
            return
        if self.skip or not self.credit or self.done:
            return
        ends_org = not lower and key in ORGANISATIONS_TOO and _real_words(self.run) >= 3
        if lower or self._role_follows() or (_real_words(self.run) >= 2 and not ends_org):
            if self.run:
                self._flush("role")
                self.skip = True
            self.nobody = True
            self.clean = False
            return
        if self.run and key in ORGANISATIONS_TOO:
            self._organisation_word(word, lower)
            return
        if not self.run and self._peek() in GIVEN_NAMES:
            self.clean = False  # a section's name before the person's: "News Jane Doe"
            return
        if not self.run and self._peek() in ("", ",", "end", "|", "/"):
            self.nobody = True
            return
        self._name_word(word, key)

    def _staff(self) -> None:
        if self.skip or not self.credit:
            return
        self.nobody = True
        if self.run:
            if self._known_person():
                self._flush("role")
            else:
                self._keep_organisation(self.run)
                self.run = []
                self.org_before = True
            self.skip = True
        elif self.done:
            self.skip = True
        self.clean = False

    def _writer_noun(self, word: str) -> None:
        following = self._peek()
        if self.run and self.part and WORDS.get(following) == kinds.ORGANISATION:
            self.run.append(word)  # "Local Democracy Reporting Service"
            return
        if following == ":" or self._credit_follows():
            self._flush("word")
            self.credit = True
            self.skip = False
            self.done = False
            self.prose = 0
            return
        if self.skip or not self.credit:
            self._count_prose()
            return
        self._flush("word")
        self.clean = False
        if not self.people and not word[0].islower():
            return
        self._count_prose()

    def _other_credit(self, word: str) -> None:
        if (
            self._credit_follows()
            or self._peek() in (":", "/", "by")
            or self.keys[self.index - 1] in ("courtesy", "hosted")
        ):
            if self._writer_beside():
                return
            self._end_part(";")
            self._pass_credit_words()
            self.credit = False
            self.nobody = True
            return
        if self.skip or not self.credit:
            return
        self._flush("word")
        self.clean = False

    def _pass_credit_words(self) -> None:
        """Goes past the rest of a credit, its "by" or colon included, so that these begin no credit of their own."""
        while self.index < len(self.words):
            kind = WORDS.get(self.keys[self.index])
            is_end = self.words[self.index] == ":" or kind in (kinds.BY, kinds.BY_OR_PARTICLE)
            if (
                not is_end
                and kind not in (kinds.OTHER_CREDIT, kinds.AND)
                and self.words[self.index] not in "/&"
            ):
                return
            self.index += 1
            if is_end:
                return

    def _organisation_word(self, word: str, lower: bool) -> None:
        if self.skip or not self.credit:
            return
        if self.done and not self.run:
            self.skip = True
            return
        run, self.run = self.run, []
        self.nobody = True
        self.skip = True
        self.org_before = True
        self.clean = False
        if lower and _real_words(run) < 2:
            return
        names = strip_titles(run)
        size = len(names)
        given = bool(names) and word_key(names[0]) in GIVEN_NAMES
        if given and size >= 3 and names[-2][:1].isupper():
            # "Jane Doe Gear Team": the word before belongs to the organisation.
            self._person(names[:-1])
            self._keep_organisation([names[-1], *self._rest_of_part(word)])
        elif given and size == 2 and names[1][:1].isupper():
            self._person(names)
            self._keep_organisation(self._rest_of_part(word))
        else:
            self._keep_organisation([*run, *self._rest_of_part(word)])

    def _agency(self, word: str, known: bool = True) -> None:
        if self.skip and self.organisations:
            return
        if self.run and _real_words(self.run) == 1 and not known and not self.done:
            self.run.append(word)
            return
        whole_run = _real_words(self.run)
        if whole_run >= 2:
            self._flush("word")
        elif whole_run:
            self.singles.append(self.run[0])
            self.run = []
        if self.credit and self._person_follows():
            self._keep_organisation([word])
            self.skip = False
            return
        if self.credit:
            phrase = self._rest_of_part(word) if not self.organisations else [word]
            self._keep_organisation(phrase if known and len(phrase) < 5 else [word] if known else phrase)
        self.nobody = True
        self.skip = True
        self.org_before = True
        self.clean = False

    def _possessive(self, word: str, key: str) -> None:
        base = key[:-2] if key.endswith("'s") else key[:-1]
        found = None if base in GIVEN_NAMES else known_publisher(base)
        if WORDS.get(base) == kinds.AGENCY or found is not None:
            # "From CNN's Jane Doe": an employer and then a name, with nothing between.
            self._flush("word")
            self.organisations.append(base.upper() if found is None else found.name)
            self.skip = False
            return
        if key.endswith("s'"):
            self._name_word(word.rstrip("'’"), base)
            return
        if self.people or _real_words(self.run) >= 3:
            # A headline or a sentence has begun.
            if not self.people:
                self.run = _split_names(self.run)[0]
                self._flush("prose")
            self.stopped = True
            return
        self.run = []
        self.nobody = True
        self.skip = True

    def _address(self, word: str, key: str) -> bool:
        """Whether the word is an address such as "Dailymail.Com"; it is kept as an organisation if so."""
        head, _, ending = key.rpartition(".")
        if ending not in ADDRESS_ENDINGS or (len(head) < 2 and head) or _INITIALS.fullmatch(word):
            return False
        if head and not self.skip and head in GIVEN_NAMES and "." not in head and word[:1].isupper():
            return False
        if head:
            if self.credit:
                self._flush("word")
            known = load_publishers().of_domain(key)
            if not self.organisations and (self.credit or self.skip):
                self.organisations.append(key if known is None else known.name)
        else:
            self._flush("word")
        self.nobody = True
        self.org_before = True
        self.skip = True
        return True

    def _phrase(self, key: str) -> bool:
        """Whether a known phrase of several words begins with the word just taken; it is passed over if so."""
        phrases = _phrases().get(key)
        if phrases is None:
            return False
        keys, start = self.keys, self.index
        for rest, kind, name in phrases:
            end = start + len(rest)
            if tuple(keys[start:end]) != rest:
                continue
            if kind == "place":
                if self.run and not self.done and _real_words(self.run) < 2:
                    return False
                if not self.run and not self.skip and end < len(keys) and self._goes_on(end):
                    return False
                self._flush("word")
                self.skip = True
                self.index = end
                return True
            if self.words[start - 1][0].islower() and not self.all_lower and len(rest) < 2:
                continue
            if _real_words(self.run) == 1 and not self.done:
                # "Jean La Croix": one word before it, and it would be a surname.
                if not any(WORDS.get(part) == kinds.ORGANISATION for part in (key, *rest)):
                    return False
                self.singles.append(self.run[0])
                self.run = []
            if not self.credit:
                self.index = end
                return True
            self._flush("word")
            self.organisations.append(name)
            self.index = end
            self.nobody = True
            self.org_before = True
            self.skip = True
            self.clean = False
            if self._person_follows():
                self.skip = False
            return True
        return False

    def _goes_on(self, index: int) -> bool:
        """Whether a word that may be part of a name stands at this place."""
        word = self.words[index]
        return word[:1].isupper() and self.keys[index] not in WORDS and self.keys[index] not in PLACES

    # -- joining words
    # ----------------------------------------------------------------------------------------

    def _and_word(self, word: str, key: str) -> None:
        capital = len(word) == 1 and word.isupper() and not self.all_upper
        if capital and (_real_words(self.run) < 2 or not self._two_names_follow()):
            # "Jane E Roe" has an initial, "Ana Lima E Rui Costa" an "and".
            self._name_word(word, key)
            return
        if key == "y" and len(self.run) >= 2 and not self._two_names_follow() and self._name_follows():
            self.run.append(word)  # "Santiago Ramón y Cajal"
            return
        if (
            word[0].isupper()
            and not self.all_upper
            and key in ("un", "ve", "da", "met", "con", "com", "dan", "ja", "van", "och")
        ):
            self._name_word(word, key)
            return
        self._and()

    def _joined_and(self, key: str) -> bool:
        """Whether an Arabic word begins with "and": two names before it, a name after it, and it is no name itself."""
        following = self._peek()
        return (
            len(key) > 3
            and key not in GIVEN_NAMES
            and _real_words(self.run) >= 2
            and following[:1].isalpha()
            and following not in WORDS
        )

    def _weak_and(self, word: str) -> None:
        if self.run and WORDS.get(word_key(self.run[-1])) == kinds.TITLE:
            return  # "Dr. med."
        if word[0].isupper() and not self.all_upper:
            self._name_word(word, word_key(word))
            return
        if not self.skip and self.credit and _real_words(self.run) >= 2 and self._two_names_follow():
            self._and()
            return
        self._flush("word")
        self._count_prose()
        self.skip = True

    def _and(self) -> None:
        org = self.org_before and not self.people_in_part()
        self._flush("and")
        self._new_part()
        self.org_before = org

    def people_in_part(self) -> bool:
        """Whether the part that ends now gave a person."""
        return self.done

    def _by(self) -> None:
        if self.lowers and not self.run:
            self.lowers = []
        if self.run:
            if _real_words(self.run) >= 2 and self._known_person():
                self._flush("word")
            else:
                self.run = []
        self._new_part()
        self.part = 0
        self.credit = True
        self.by_led = True
        self.nobody = False
        self.prose = 0
        self.org_before = False
        if self._peek() == ":":
            self.index += 1

    def _by_or_particle(self, word: str, key: str) -> None:
        before = self.words[self.index - 2] if self.index > 1 else ""
        before_kind = WORDS.get(word_key(before))
        if key in ("de", "di", "da"):
            if before_kind == kinds.WRITER and not self.run and not self.done and self._two_names_follow():
                self._by()  # "Entrevista de", "Intervista di"
            elif (WORDS.get(self._peek()) in (kinds.STAFF, kinds.ROLE) and not self.run) or (
                word[0].isupper() and not self.all_upper and self.index == 1 and self._two_names_follow()
            ):
                self._by()
            elif self.run:
                self._particle(word)
            elif self.part and word[0].islower() and not self.done and not self.skip:
                self.skip = True  # ", de Brasília"
            elif word[0].isupper() and not self.skip:
                self._name_word(word, key)
            elif (
                not self.run
                and not self.done
                and not self.skip
                and self.index == 1
                and self._two_names_follow()
            ):
                self._by()
            else:
                self._particle(word)
            return
        if self.run and before == self.run[-1]:
            if (
                self.index == 2
                and word[0].islower()
                and self._peek() in GIVEN_NAMES
                and word_key(before) not in GIVEN_NAMES
                and self._two_names_follow()
            ):
                self.run = []
                self._by()  # "Protokolliert von"
                return
            self._particle(word)
            return
        if self._peek() == "der" and self.index > 1:
            self._particle(word)
            return
        if self.skip and self.people and before_kind not in (kinds.WRITER, kinds.FURNITURE):
            self._count_prose()
            return
        if self._other_credit_before():
            return
        self._by()

    def _other_credit_before(self) -> bool:
        return not self.credit

    # -- what stands beside
    # -----------------------------------------------------------------------------------

    def _peek(self, ahead: int = 0) -> str:
        place = self.index + ahead
        return self.keys[place] or self.words[place] if place < len(self.words) else ""

    def _beside_number(self) -> bool:
        for place in (self.index - 2, self.index, self.index - 3, self.index + 1):
            if 0 <= place < len(self.words) and self.words[place][:1].isdigit():
                if abs(place - (self.index - 1)) == 1:
                    return True
                between = (place + self.index - 1) // 2
                if self.words[between] in (",", "/", "-", "|") or WORDS.get(self.keys[between]) in (
                    kinds.TIME,
                    kinds.MAYBE_TIME,
                ):
                    return True
        return False

    def _next_is_possessive(self) -> bool:
        return self._peek().endswith("'s")

    def _credit_follows(self) -> bool:
        """Whether "by" comes within a few words that may stand in a credit: "Photos and video by"."""
        for ahead in range(6):
            key = self._peek(ahead)
            kind = WORDS.get(key)
            if kind in (kinds.BY, kinds.BY_OR_PARTICLE) or key == ":":
                return True
            if kind not in (
                kinds.OTHER_CREDIT,
                kinds.WRITER,
                kinds.AND,
                kinds.ROLE_MODIFIER,
                kinds.ROLE,
            ) and key not in (
                ",",
                "/",
                "&",
                "additional",
            ):
                return False
        return False

    def _writer_beside(self) -> bool:
        """Whether the same credit names the words too: "Text und Fotos", "Photos and story by"."""
        for step in (-2, -3, 0, 1, 2):
            place = self.index + step
            if 0 <= place < len(self.words):
                kind = WORDS.get(self.keys[place])
                if kind == kinds.WRITER:
                    between = range(min(place, self.index), max(place, self.index))
                    if all(
                        WORDS.get(self.keys[i]) in (kinds.AND, kinds.OTHER_CREDIT, kinds.WRITER)
                        or self.words[i] in ",/&"
                        for i in between
                    ):
                        return True
        return False

    def _role_follows(self) -> bool:
        """Whether a role's head comes next, after at most three more words of the same part."""
        for ahead in range(4):
            kind = WORDS.get(self._peek(ahead))
            if kind in (kinds.ROLE, kinds.STAFF):
                return True
            place = self.index + ahead
            if place >= len(self.words) or (
                kind not in (None, kinds.ROLE_MODIFIER, kinds.AND) or not self.keys[place]
            ):
                return False
        return False

    def _name_follows(self) -> bool:
        key = self._peek()
        return bool(key) and key not in WORDS and key not in PLACES and self.words[self.index][:1].isupper()

    def _two_names_follow(self) -> bool:
        """Whether the next two words, particles aside, can be a person's name."""
        found = 0
        for ahead in range(6):
            place = self.index + ahead
            if place >= len(self.words):
                break
            key, word = self.keys[place], self.words[place]
            if WORDS.get(key) in (kinds.PARTICLE, kinds.BY_OR_PARTICLE, kinds.TITLE) and found < 2:
                continue
            if not word[:1].isupper() and not self.all_lower:
                break
            if (
                key in WORDS
                and key not in GIVEN_NAMES
                and key not in SURNAMES_TOO
                and not _INITIALS.fullmatch(word)
            ):
                break
            found += 1
        return found >= 2

    def _person_follows(self) -> bool:
        """Whether a person comes right after an organisation: "BBC News Jane Doe"."""
        return not self.done and self._peek() in GIVEN_NAMES and self._two_names_follow()

    def _suffix_follows(self) -> bool:
        return bool(self.run or self.done) and WORDS.get(self._peek()) == kinds.SUFFIX

    def _is_surname(self, word: str, key: str, kind: str) -> bool:
        """Whether a word of a kind is a surname here: "Jane Post", with a separator or a date after it."""
        if key not in SURNAMES_TOO or len(self.run) != 1 or not word[0].isupper() or self.done or self.skip:
            return False
        if word_key(self.run[0]) not in GIVEN_NAMES:
            return False
        following = self._peek()
        if self.index >= len(self.words):
            return True
        if not following[:1].isalpha() or following[:1].isdigit():
            return True
        return WORDS.get(following) in (
            kinds.AND,
            kinds.PREPOSITION,
            kinds.TIME,
            kinds.ROLE,
            kinds.ROLE_MODIFIER,
            kinds.AGENCY,
            kinds.MAYBE_TIME,
            kinds.FOR,
        ) or (kind == kinds.MAYBE_TIME and not self._beside_number())

    def _avatar(self, word: str) -> bool:
        """Whether the word is the initials that pages draw for who has no picture: "JD Jane Doe"."""
        if not (2 <= len(word) <= 3 and word.isupper() and self.index + 1 < len(self.words)):
            return False
        following = [name for name in self.words[self.index : self.index + len(word)] if name[:1].isupper()]
        return bool(
            len(following) == len(word)
            and "".join(name[0] for name in following) == word
            and not self.all_upper
        )

    def _acronym(self, word: str) -> bool:
        """Whether a word in capitals is an organisation's: no vowel, or beside words that aren't in capitals."""
        if self.all_upper or not word.isupper() or not 2 <= len(word) <= 6 or not word.isalpha():
            return False
        key = word_key(word)
        if key in GIVEN_NAMES or len(word) == 2:
            return False
        if self.run:
            if _real_words(self.run) >= 2 and len(word) <= 5:
                vowel = any(char in "AEIOUY" for char in unicodedata.normalize("NFD", word))
                return not self.run[-1].isupper() and not vowel
            return False
        vowels = sum(char in "AEIOUY" for char in unicodedata.normalize("NFD", word))
        following = self.words[self.index] if self.index < len(self.words) else ""
        if not vowels:
            return True
        if following.isupper() and len(following) > 1:
            return False
        return len(word) <= 5 and following[:1].isupper() and following not in _STRONG

    def _ends_sentence(self, word: str, key: str) -> bool:
        bare = word.rstrip(".")
        if len(bare) <= 3 or "." in bare or WORDS.get(key) in (kinds.TITLE, kinds.SUFFIX, kinds.DEGREE):
            return False
        return WORDS.get(key) not in (kinds.TIME, kinds.MAYBE_TIME)

    def _rest_of_part(self, word: str) -> list[str]:
        """The word and those after it that belong to the same organisation, as far as a separator."""
        rest = [word]
        for place in range(self.index, min(self.index + 6, len(self.words))):
            following = self.words[place]
            kind = WORDS.get(self.keys[place])
            if following == "of":
                rest.append(following)
                continue
            if (
                not following[:1].isalnum()
                or following[:1].isdigit()
                or (
                    kind
                    in (
                        kinds.AND,
                        kinds.ROLE,
                        kinds.STAFF,
                        kinds.TIME,
                        kinds.PREPOSITION,
                        kinds.FURNITURE,
                        kinds.BY,
                        kinds.FOR,
                    )
                )
            ):
                break
            if following[:1].islower() and kind not in (kinds.PARTICLE, kinds.BY_OR_PARTICLE):
                break
            rest.append(following)
        while len(rest) > 1 and rest[-1][:1].islower():
            rest.pop()
        return rest

    # -- ends of runs and parts
    # -------------------------------------------------------------------------------

    def _end_part(self, mark: str) -> None:
        self._flush("sep")
        self._new_part()
        if mark not in ("-", "/"):
            self.org_before = False

    def _new_part(self) -> None:
        self.run = []
        self.lowers = []
        self.skip = False
        self.done = False
        self.clean = True
        self.part += 1

    def _flush(self, end: str) -> None:
        """Ends the run, and decides what it was. end: sep, and, word, role, date, prose."""
        run, self.run = self.run, []
        lowers, self.lowers = self.lowers, []
        if self.skip or self.done or not self.credit:
            return
        if not run:
            if lowers:
                self._lower_names(lowers, end)
            return
        if lowers:
            self.nobody = True
        run = _trimmed(run)
        names = strip_titles(run)
        size = _real_words(names)
        if size == 0:
            return
        whole = end in ("sep", "and", "end") and self.clean
        has_suffix = size == 1 and len(names) > 1 and WORDS.get(word_key(names[-1])) == kinds.SUFFIX
        if size == 1 and names[0][:1].islower() and not self.all_lower:
            return  # "do Estadão", the end of a column's name
        if size == 1 and len(run) == len(names) and not has_suffix:
            self.singles.append(" ".join(names))
            return
        if end == "prose" and self.part and self.people:
            return  # an affiliation: "Vytautas Magnus universiteto profesorius"
        if end == "role" and self.part and self.people and word_key(names[0]) not in GIVEN_NAMES:
            return  # a role with words of its own: "Money Saving Expert"
        if self.part and not self.people and not self.by_led and lowers:
            return
        if self._is_place(names) or self._is_known_publisher(names, whole):
            self.org_before = True
            return
        if self.org_before and word_key(names[0]) not in GIVEN_NAMES:
            return  # "G1 Vale do Paraíba e Região Norte"
        self._person(names, whole=end != "prose" and end != "role")

    def _person(self, names: list[str], whole: bool = True) -> None:
        names = self._without_repeat(names)
        if len(names) == 2 and " ".join(map(word_key, names)) in kinds.NO_NAMES:
            self.nobody = True
            return
        size = _real_words(names)
        last, before = (word_key(name) for name in names[-1:-3:-1]) if len(names) > 1 else ("", "")
        if size >= 3 and last in PLACES and before not in PLACES and last not in SURNAME_PLACES:
            names = names[:-1]  # "Jane Doe Washington", a dateline without its comma
        elif (
            size == 4 == len(names)
            and before in PLACES
            and word_key(names[0]) in GIVEN_NAMES
            and last not in PLACES
        ):
            # "Jane Doe Kansas Reflector": an organisation that begins with its place.
            self._keep_organisation(names[2:])
            names = names[:2]
        people = _split_names(names) if whole and _real_words(names) >= 4 else [names]
        if len(people) > 1:
            self.split = True
        elif _real_words(names) > _MAX_NAME_WORDS:
            return
        for words in people:
            self.people.append(tidy_name(words, self.all_lower))
        self.done = True
        self.prose = 0

    @staticmethod
    def _without_repeat(names: list[str]) -> list[str]:
        """A name that is there twice, once: "Jane Doe Jane Doe", or with the start of a biography, "Jane Doe Jane"."""
        first = names[0]
        for place in range(2, len(names)):
            if names[place] != first:
                continue
            rest = names[place : place + place]
            if rest == names[: len(rest)]:
                return names[:place]
        return names

    def _lower_names(self, lowers: list[str], end: str) -> None:
        """Words in lower case that make up a whole part: "danah boyd" in a byline that has capitals elsewhere."""
        if len(lowers) == 1:
            self.singles.append(lowers[0])
            return
        short = len(self.words) <= 8
        given = word_key(lowers[0]) in GIVEN_NAMES
        if end in ("sep", "and", "end") and len(lowers) <= 3 and (given or (short and self.part == 0)):
            self.people.append(" ".join(lowers))
            self.done = True
            return
        self.nobody = True
        self._count_prose()

    def _is_place(self, names: list[str]) -> bool:
        keys = [word_key(name) for name in names]
        if "_".join(keys) in PLACES:
            return True
        if len(keys) == 2 and keys[1] in PLACES and keys[0] not in GIVEN_NAMES and len(keys[0]) > 1:
            # "Attac France", "Radio Bremen": an organisation's local branch, or a quarter of a city.
            if not self.people:
                self._keep_organisation(names)
            self.nobody = True
            return True
        if not (self.part and self.people):
            return False
        if len(keys) <= 3 and keys[0] in PLACE_PREFIXES:
            return True
        # "Cabo Verde, MG": the state stands behind a town, never behind a person.
        following = self._peek() if self.index and self.words[self.index - 1] == "," else ""
        return following in STATES and self.words[self.index].isupper() and keys[0] not in GIVEN_NAMES

    def _is_known_publisher(self, names: list[str], whole: bool) -> bool:
        if not whole:
            return False
        found = load_publishers().by_name.get(simple_name(" ".join(names)))
        if found is None:
            return False
        self.organisations.append(found.name)
        self.nobody = True
        return True

    def _known_person(self) -> bool:
        """Whether the run is a person for sure: two words, the first a given name; or any two at the very start."""
        names = strip_titles(self.run)
        return _real_words(names) >= 2 and word_key(names[0]) in GIVEN_NAMES

    def _organisation_words(self, start: int) -> None:
        """Keeps the words from this place on, as far as a separator, as an organisation."""
        words: list[str] = []
        for place in range(start, min(start + 6, len(self.words))):
            word, kind = self.words[place], WORDS.get(self.keys[place])
            if not word[:1].isalpha() or kind in (kinds.AND, kinds.STAFF, kinds.BY, kinds.PREPOSITION):
                break
            if word[:1].islower() and kind not in (kinds.PARTICLE, kinds.BY_OR_PARTICLE):
                break
            words.append(word)
        while words and words[-1][:1].islower():
            words.pop()
        if words:
            self._keep_organisation(words)

    def _keep_organisation(self, words: Sequence[str]) -> None:
        """Adds an organisation by the table's name for the longest part of it that is known, else as it stands."""
        words = [word.strip("'’‘-") for word in words]
        for end in range(len(words), 0, -1):
            name = " ".join(words[:end])
            found = load_publishers().of_domain(name.lower()) if host_in(name) else known_publisher(name)
            if found is not None and (
                end > 1 or end == len(words) or WORDS.get(word_key(name)) == kinds.AGENCY
            ):
                self.organisations.append(found.name)
                return
        name = " ".join(words).strip(" .")
        generic = len(words) == 1 and WORDS.get(word_key(name)) not in (None, kinds.AGENCY)
        if len(name) > 1 and not generic:
            self.organisations.append(name)

    def _lone_word(self) -> None:
        """Takes a single word as a person's name or pen name where the byline says nothing else."""
        singles = list(dict.fromkeys(self.singles))
        if (
            len(singles) > 1
            and all(word_key(single) in GIVEN_NAMES for single in singles)
            and not self.nobody
        ):
            self.people.extend(tidy_name([single]) for single in singles)
            return
        if len(singles) != 1:
            return
        single = singles[0]
        key = word_key(single)
        given = key in GIVEN_NAMES
        if self.nobody and not (self.by_led and given):
            return
        known = load_publishers().by_name.get(simple_name(single))
        if known is not None and not given:
            self.organisations.append(known.name)
            return
        if not given:
            if len(key) < 3 or (len(key) == 3 and single.islower()):
                return  # an agency's or an editor's letters
            if single.isupper() and len(key) <= 6:
                self.organisations.append(single)
                return
            if key in PLACES or any(part in key for part in ACCOUNT_PARTS):
                return
        self.people.append(tidy_name([single]))

    def _inverted(self) -> list[str]:
        """The names of a byline that has surnames first: "Doe, Jane; Roe, Richard". Empty where it hasn't."""
        if "," not in self.words or len(self.words) > 60:
            return []
        by_led = WORDS.get(self.keys[0]) in (kinds.BY, kinds.BY_OR_PARTICLE) and len(self.words) > 4
        start = 1 if by_led and WORDS.get(self.keys[1]) != kinds.PARTICLE else 0
        people: list[str] = []
        surname: list[str] = []
        given: list[str] = []
        comma = False
        for place in range(start, len(self.words) + 1):
            word = self.words[place] if place < len(self.words) else ";"
            kind = WORDS.get(self.keys[place]) if place < len(self.words) else None
            if word in (";", "&", "|", "\n") or (kind == kinds.AND and word != "e"):
                if not (comma and surname and given):
                    return []
                people.append(tidy_name([*given, *surname], self.all_lower))
                surname, given, comma = [], [], False
            elif word == ",":
                if comma or not surname:
                    return []
                comma = True
            elif not comma:
                particle = kind in (kinds.PARTICLE, kinds.BY_OR_PARTICLE)
                if (kind is not None and not particle) or _real_words(surname) or not word[0].isalpha():
                    return []
                is_given = self.keys[place] in GIVEN_NAMES and not any(part[0].islower() for part in surname)
                if not particle and is_given and not self._initial(place + 2):
                    return []
                surname.append(word)
            else:
                known = self.keys[place] in GIVEN_NAMES
                if len(given) >= 2 or not (known or _INITIALS.fullmatch(word)) or (kind == kinds.AGENCY):
                    return []
                if not known and len(word) > 1 and "." not in word:
                    return []
                given.append(word)
        return people

    def _initial(self, place: int) -> bool:
        return place < len(self.words) and len(self.words[place].rstrip(".")) == 1


def _real_words(words: Sequence[str]) -> int:
    """How many of a name's words are neither particles nor suffixes."""
    return sum(
        1
        for place, word in enumerate(words)
        if WORDS.get(word_key(word)) not in (kinds.PARTICLE, kinds.SUFFIX, kinds.BY_OR_PARTICLE, kinds.DEGREE)
        or (word[0].isupper() and word_key(word) in ("le", "la", "al", "do", "el", "abu", "ben", "dom", "ma"))
        or (place == 0 and word_key(word) in GIVEN_NAMES)
    )


def _trimmed(run: list[str]) -> list[str]:
    """The run without lower-case particles at its end: "Jane Doe le" 7 mai."""
    end = len(run)
    while (
        end
        and run[end - 1][:1].islower()
        and WORDS.get(word_key(run[end - 1])) in (kinds.PARTICLE, kinds.BY_OR_PARTICLE)
    ):
        end -= 1
    return [word.strip("‘’'") if word[-1:] in "‘’'" else word for word in run[:end]]


def _split_names(names: list[str]) -> list[list[str]]:
    """Names that nothing sets apart, each by itself: a new one begins with a given name after a surname.

    Each has two words at least. What can't be told apart so stays one name.
    """
    people: list[list[str]] = []
    current: list[str] = []
    for place, word in enumerate(names):
        starts = (
            _real_words(current) >= 2
            and word_key(word) in GIVEN_NAMES
            and word_key(current[-1]) not in GIVEN_NAMES
            and not current[-1][:1].islower()
            and _real_words(names[place:]) >= 2
        )
        if starts:
            people.append(current)
            current = []
        current.append(word)
    people.append(current)
    return people
