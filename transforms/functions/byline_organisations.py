"""Organisations in bylines: by their words ("Times", "University"), as known phrases, addresses and possessives."""

from __future__ import annotations

from functools import cache

from transforms.functions import byline_words as kinds
from transforms.functions.byline_names import GIVEN_NAMES, PLACES
from transforms.functions.byline_runs import BylineRuns, known_publisher
from transforms.functions.byline_state import INITIALS, TOKEN
from transforms.functions.byline_words import ADDRESS_ENDINGS, WORDS
from transforms.functions.name_words import real_words, split_names
from transforms.functions.person_names import strip_titles, word_key
from transforms.functions.sources import load_publishers


@cache
def _phrases() -> dict[str, tuple[tuple[tuple[str, ...], str, str], ...]]:
    """Known phrases of several words by their first word: (the other words, kind, name), longest first."""
    found: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
    for publisher in set(load_publishers().by_domain.values()):
        for name in (publisher.name, *publisher.aliases):
            words = tuple(word_key(word) for word in TOKEN.findall(name))
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


class BylineOrganisations(BylineRuns):
    """Takes organisations out of a byline, and what stands before and after them for what it is."""

    __slots__ = ()

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

    def _the(self, lower: bool) -> None:
        if self.skip or not self.credit or WORDS.get(self._peek()) == kinds.TITLE:
            return
        self._flush("word")
        self.clean = False
        if WORDS.get(self._peek()) in (kinds.WRITER, kinds.BY, kinds.ROLE, kinds.STAFF, kinds.FURNITURE):
            return  # "About the author", "the editors"
        self.skip = True
        if not lower or self.part == 0:
            self._organisation_words(self.index)
        self.org_before = True

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
        if lower and real_words(run) < 2:
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
        if self.run and real_words(self.run) == 1 and not known and not self.done:
            self.run.append(word)
            return
        while len(self.run) > 2 and word_key(self.run[-1]) in ("do", "da", "de", "del", "della", "du"):
            self.run.pop()  # "Jane Doe Do UOL": capitals on every word
        whole_run = real_words(self.run)
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
        if self.people or real_words(self.run) >= 3:
            # A headline or a sentence has begun.
            if not self.people:
                self.run = split_names(self.run)[0]
                self._flush("prose")
            self.stopped = True
            return
        self.run = []
        self.nobody = True
        self.skip = True

    def _address(self, word: str, key: str) -> bool:
        """Whether the word is an address such as "Dailymail.Com"; it is kept as an organisation if so."""
        head, _, ending = key.rpartition(".")
        if ending not in ADDRESS_ENDINGS or (len(head) < 2 and head) or INITIALS.fullmatch(word):
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
                if self.run and not self.done and real_words(self.run) < 2:
                    return False
                if not self.run and not self.skip and end < len(keys) and self._goes_on(end):
                    return False
                self._flush("word")
                self.skip = True
                self.index = end
                return True
            if self.words[start - 1][0].islower() and not self.all_lower and len(rest) < 2:
                continue
            if real_words(self.run) == 1 and not self.done:
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
