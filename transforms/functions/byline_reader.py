"""What the words of a byline say, read once from left to right.

Each word has a kind (`byline_words`); words of no kind that look like parts of names make a run. What ends a
run, and how its part of the byline began, decide what the run is: a person, an organisation, or nothing.
After a person there must be a separator before the next one may begin, so what pages stick to a byline
(roles, places, share buttons, the start of a biography) is passed over.
"""

from __future__ import annotations

from transforms.functions import byline_words as kinds
from transforms.functions.byline_inverted import inverted_names
from transforms.functions.byline_names import GIVEN_NAMES
from transforms.functions.byline_organisations import BylineOrganisations
from transforms.functions.byline_state import STRONG, WEAK
from transforms.functions.byline_words import ORGANISATIONS_TOO, PRONOUNS, WORDS
from transforms.functions.name_words import real_words
from transforms.functions.person_names import word_key


class BylineReader(BylineOrganisations):
    """Reads one byline once, from left to right. Its fields are the state of that reading.

    text: plain text of bounded length. After `read()`, people and organisations hold what it names, in
    order, and split tells whether names that ran together had to be told apart.
    """

    __slots__ = ()

    def read(self) -> None:
        """Reads all; the results are in people, organisations and split."""
        count = len(self.words)
        inverted = inverted_names(self.words, self.keys, self.all_lower)
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
        if mark in WEAK:
            if mark == "," and self._suffix_follows():
                return
            self._end_part(mark)
        elif mark in STRONG:
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
            if key in kinds.OTHER_ROLES and self._peek() == ":":
                self._other_credit(word)
            else:
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

    def _unknown(self, word: str, key: str) -> None:
        first = word.lstrip("'‘’`´")[:1]
        if word[0] in "‘`" and (self.people or len(self.run) > 1):
            self._prose()
            return
        if first.islower() and not self.all_lower and not self._prefixed(word):
            self._lower(word, key)
            return
        self._name_word(word, key)

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
        if key == "of" and real_words(self.run) >= 2 and self._peek() == "the":
            self._for(word, key)
            return
        self._flush("word")
        self._count_prose()
        self.skip = True
        self.clean = False

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
        ends_org = not lower and key in ORGANISATIONS_TOO and real_words(self.run) >= 3
        if lower or self._role_follows() or (real_words(self.run) >= 2 and not ends_org):
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
        begins = not (self.run or self.done or self.skip or self.people) and self.credit
        if (
            self._credit_follows()
            or (begins and word[0].isupper() and not self.all_upper and self._two_names_follow())
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

    def _and_word(self, word: str, key: str) -> None:
        capital = len(word) == 1 and word.isupper() and not self.all_upper
        if capital and (real_words(self.run) < 2 or not self._two_names_follow()):
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

    def _weak_and(self, word: str) -> None:
        if self.run and WORDS.get(word_key(self.run[-1])) == kinds.TITLE:
            return  # "Dr. med."
        if word[0].isupper() and not self.all_upper:
            self._name_word(word, word_key(word))
            return
        if not self.skip and self.credit and real_words(self.run) >= 2 and self._two_names_follow():
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

    def _by(self) -> None:
        if self.lowers and not self.run:
            self.lowers = []
        if self.run:
            if real_words(self.run) >= 2 and self._known_person():
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
            is_credit = before_kind in (kinds.WRITER, kinds.OTHER_CREDIT) and self.credit
            if is_credit and not self.run and not self.done and self._two_names_follow():
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
