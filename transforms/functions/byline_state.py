"""The state of reading a byline, and what it tells of the words that stand beside the one that is read."""

from __future__ import annotations

import re
import unicodedata

from transforms.functions import byline_words as kinds
from transforms.functions.byline_names import GIVEN_NAMES, PLACES
from transforms.functions.byline_words import SURNAMES_TOO, WORDS
from transforms.functions.name_words import real_words
from transforms.functions.person_names import word_key

#: The words and marks that a byline is read as.
TOKEN = re.compile(r"\n|[,;:|/•·•●▪■►»›&()…—–=!?~*+،؛\"“”„«»<>©]|[^\s,;:|/•·●▪■►»›&()…—–=!?~*+،؛\"“”„«»<>©]+")
INITIALS = re.compile(r"(?:[^\W\d_]\.?-?){1,4}\.?")
#: Marks that part a byline for sure, and those that part it or a name.
STRONG = frozenset(";|•·●▪■►»›\n…—–؛")
WEAK = frozenset(",/،+")


class BylineState:
    """A byline in words, how far it is read, and what was seen: what the readers of its parts share."""

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
        self.words: list[str] = TOKEN.findall(text)
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

    def _peek(self, ahead: int = 0) -> str:
        place = self.index + ahead
        return self.keys[place] or self.words[place] if place < len(self.words) else ""

    def _goes_on(self, index: int) -> bool:
        """Whether a word that may be part of a name stands at this place."""
        word = self.words[index]
        return word[:1].isupper() and self.keys[index] not in WORDS and self.keys[index] not in PLACES

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
                and not INITIALS.fullmatch(word)
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
            if real_words(self.run) >= 2 and len(word) <= 5:
                vowel = any(char in "AEIOUY" for char in unicodedata.normalize("NFD", word))
                return not self.run[-1].isupper() and not vowel
            return False
        vowels = sum(char in "AEIOUY" for char in unicodedata.normalize("NFD", word))
        following = self.words[self.index] if self.index < len(self.words) else ""
        if not vowels:
            return True
        if following.isupper() and len(following) > 1:
            return False
        return len(word) <= 5 and following[:1].isupper() and following not in STRONG

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

    def _is_initial(self, word: str) -> bool:
        """Whether a word of a kind is an initial here: "Jane W. Doe", "Anna E Roe"."""
        if not (word[0].isupper() and len(word.rstrip(".")) == 1):
            return False
        return word.endswith(".") or (bool(self.run) and WORDS.get(word_key(word)) != kinds.AND)

    @staticmethod
    def _prefixed(word: str) -> bool:
        """Whether a word that begins small is a surname all the same: "d'Afflisio", "al-Assad", "deGrasse"."""
        return any(char.isupper() for char in word[1:]) and ("'" in word or "’" in word or "-" in word)

    def _is_part_of_name(self, key: str) -> bool:
        """Whether a capitalised preposition is a name's: "Ana Del Río", "Minh An" with nothing after it."""
        if key in ("del", "dello", "della", "dal", "dalla"):
            return self._name_follows()
        return self.index >= len(self.words) or self.words[self.index] in STRONG | WEAK

    def _joined_and(self, key: str) -> bool:
        """Whether an Arabic word begins with "and": two names before it, a name after it, and it is no name itself."""
        following = self._peek()
        return (
            len(key) > 3
            and key not in GIVEN_NAMES
            and real_words(self.run) >= 2
            and following[:1].isalpha()
            and following not in WORDS
        )

    def _other_credit_before(self) -> bool:
        return not self.credit

    def people_in_part(self) -> bool:
        """Whether the part that ends now gave a person."""
        return self.done

    def _count_prose(self) -> None:
        self.prose += 1
        if self.prose >= 4 and self.people:
            self.stopped = True
