"""What a run of words without a kind is, once it has ended: a person, a place, an organisation, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.functions import byline_words as kinds
from transforms.functions.byline_names import GIVEN_NAMES, PLACE_PREFIXES, PLACES, STATES, SURNAME_PLACES
from transforms.functions.byline_state import BylineState
from transforms.functions.byline_words import ACCOUNT_PARTS, WORDS
from transforms.functions.name_words import real_words, split_names, trimmed
from transforms.functions.person_names import strip_titles, tidy_name, word_key
from transforms.functions.sources import Publisher, host_in, load_publishers, simple_name

#: A person's name has no more words than this; a longer run is prose or a heap of names that can't be told apart.
_MAX_NAME_WORDS = 7


def known_publisher(name: str) -> Publisher | None:
    """The publisher of that name in the packaged table, or None."""
    return load_publishers().of_name(name)


class BylineRuns(BylineState):
    """Ends runs and parts."""

    __slots__ = ()

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
        run = trimmed(run)
        names = strip_titles(run)
        size = real_words(names)
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
        size = real_words(names)
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
        people = split_names(names) if whole and real_words(names) >= 4 else [names]
        if len(people) > 1:
            self.split = True
        elif real_words(names) > _MAX_NAME_WORDS:
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
        return real_words(names) >= 2 and word_key(names[0]) in GIVEN_NAMES

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
