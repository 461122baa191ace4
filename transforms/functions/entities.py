"""What an article names: from a model's mentions to one row for each distinct entity.

A small model reads each sentence for itself, so it calls Kyiv a person in one and a place in the next, and
knows no more of "Biden" than that it starts with a capital. The article knows better: it gives the full
name once, it mentions the name again elsewhere, and places are listed. `resolve_mentions` brings that to
bear on every mention, `collect_entities` counts what comes out.

Nothing here depends on a model or a language's grammar beyond English articles, titles and possessives.
Another extractor is a class with `languages` and `extract`.
"""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.records import Entity
from transforms.functions.name_clues import TEAM, clue_of, is_of_sport
from transforms.functions.places import Place, default_places, name_key


@dataclasses.dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of text that a model takes for a name.

    start, end: code points of the text, end exclusive. label: in spaCy's scheme (PERSON, ORG, GPE ...).
    """

    start: int
    end: int
    label: str


@dataclasses.dataclass(frozen=True, slots=True)
class ResolvedMention:
    """A mention after the article's own evidence.

    start, end: of the bare name, without article, title, possessive and quotes.
    label: the one that all mentions of the entity have. name: the entity's, the fullest that the text gives.
    id: as in `Entity`.
    """

    start: int
    end: int
    label: str
    name: str
    id: str | None = None


class EntityExtractor(Protocol):
    """A model that finds names.

    `extract` gives one answer for each text, in order: its mentions by place, or None where that text broke
    the model (the article then has no entities and the warning `entities_failed`). It is asked for
    `languages` only, its answer for a text must not depend on the others, and it may be called from several
    threads.
    """

    @property
    def languages(self) -> frozenset[str]:
        """The languages it reads, as ISO 639-1."""
        ...

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        """The mentions in each of the texts, which are all in one language."""
        ...


#: Labels that are no names.
_DROPPED_LABELS = frozenset(
    {"CARDINAL", "DATE", "MONEY", "ORDINAL", "PERCENT", "QUANTITY", "TIME", "LANGUAGE"},
)

# What the models take for names time and again, by `name_key`: days, months, time zones, words of office
# alone, units of the wire services and labels of the page around an article. A person's own part of a full
# name is kept: "May" where the article has "Theresa May".
_NO_NAMES = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sept sep oct nov dec
    gmt utc bst ist cet cest eet eest msk jst aest aedt est edt et cst cdt ct mst mdt mt pst pdt pt am pm
    state secretary president minister governor mayor senator chancellor king queen prince
    government department ministry mr mrs ms dr sir madam
    mln bln dlrs pct shr net revs cts
    rbi era mvp
    photo image source updated published advertisement covid coronavirus
    """.split()  # noqa: SIM905 - a list of 80 quoted words hides the words
) | {"prime minister", "vice president", "file photo", "read more", "click here", "covid 19"}

#: Titles that stand before a person's name and are not part of it, by `name_key`. Without those that a
#: person is known by (Pope Francis, King Charles).
_TITLES = frozenset(
    """
    president vice former prime minister chancellor premier secretary senator sen rep representative
    congressman congresswoman governor gov mayor judge justice general gen colonel col lieutenant lt captain
    capt major maj sergeant sgt admiral adm commander mr mrs ms miss dr prof professor sir dame archbishop
    cardinal rev reverend sheikh ayatollah imam rabbi ambassador spokesman spokeswoman spokesperson chairman
    chairwoman chief ceo coach director officer detective inspector
    """.split()  # noqa: SIM905 - a list of 80 quoted words hides the words
)

# Before nothing but a person's name.
_HONORIFICS = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "dame"})

_ADDRESS = re.compile(r"://|^www\.|^[@#]|\w@\w|\.(?:com|org|net|gov|edu|info|io|tv)(?:/|$)", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:the|a|an)\s+", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:['’]s?|['’]S)$")
_WORD = re.compile(r"[^\W_]+(?:[-.&][^\W_]+)*")
# Those that may begin with a capital: most words begin with a letter that plainly is none.
_CAPITALISED = re.compile(r"(?<![^\W_])(?<![^\W_][-.&])[^\W\d_a-zß-öø-ÿ][^\W_]*(?:[-.&][^\W_]+)*")
_EDGE = " \t\r\n\f\v\u00a0\"'“”‘’«»„‹›`()[]{}<>,;:!?*_|/\\–—-•·…=~^"
_SPACES = re.compile(r"\s+")
_SCORE = re.compile(r"\d+[-–]\d+")
_MONTHS = frozenset(
    "january february march april june july august september october november december".split()  # noqa: SIM905
)
_ACRONYM_AFTER = re.compile(r"\s?\(([A-Z][A-Za-z.&]{1,9})\)")

#: Longest name in words and characters; more is a headline or a list.
_MAX_WORDS = 10
_MAX_CHARS = 100

# A line this long and followed by more is broken by a mail program or a wire service, inside a sentence.
_WRAPPED_LINE = range(45, 101)


def collect_entities(
    text: str, mentions: Sequence[Mention], *, places: Mapping[str, Place] | None = None
) -> tuple[Entity, ...]:
    """One row for each distinct entity, in order of its first mention.

    text: the article's, into which the offsets go. mentions: a model's, in any order.
    places: a gazetteer by `name_key`; the package's own where none is given.
    `name` is the fullest form of the text's own, `mentions` counts every place that names it,
    `first_offset` is of the first, whichever form it has there.
    """
    rows: dict[tuple[str, str], list[ResolvedMention]] = {}
    for mention in resolve_mentions(text, mentions, places=places):
        rows.setdefault((mention.name, mention.label), []).append(mention)
    return tuple(
        Entity(name, label, len(named), named[0].start, named[0].id) for (name, label), named in rows.items()
    )


def resolve_mentions(
    text: str, mentions: Sequence[Mention], *, places: Mapping[str, Place] | None = None
) -> tuple[ResolvedMention, ...]:
    """The mentions of an article, trimmed to the bare names, joined and labelled alike, in order of place.

    Takes out what is no name (numbers, dates, handles, addresses), puts in where a name stands again that the
    model missed, and gives every mention the entity's name and label. Parameters as for `collect_entities`.
    """
    places = default_places() if places is None else places
    spans = _with_acronyms(text, _trimmed(text, mentions))
    if spans:
        words = [(match.start(), match.end(), match[0]) for match in _CAPITALISED.finditer(text)]
        spans = _listed(text, words, _repeated(text, words, spans), places)
    if not spans:
        return ()
    entities = _Entities(text, spans, places)
    return tuple(
        ResolvedMention(span.start, span.end, entity.label, entity.name, entity.id)
        for span in spans
        for entity in [entities.of(span)]
    )


# --- single mentions ---


@dataclasses.dataclass(frozen=True, slots=True)
class _Span:
    """A bare name at its place; `voted` where the model found it, and not we as a repetition."""

    start: int
    end: int
    label: str
    key: str
    voted: bool = True


def _trimmed(text: str, mentions: Sequence[Mention]) -> list[_Span]:
    """The mentions that are names, cut to the name, in order, without overlaps."""
    wrapped = _is_wrapped(text)
    spans: list[_Span] = []
    free_from = 0
    for mention in sorted(mentions, key=lambda mention: (mention.start, -mention.end)):
        if mention.label in _DROPPED_LABELS:
            continue
        for start, end in _parts(text, mention.start, mention.end, wrapped):
            titled = name_key(text[start:end].partition(" ")[0]) in _HONORIFICS
            span = _bare(text, start, end, "PERSON" if titled else mention.label)
            if span is not None and span.start >= free_from:
                spans.append(span)
                free_from = span.end
    persons = [span.key.split() for span in spans if span.label == "PERSON" and " " in span.key]
    parts = {words[0] for words in persons} | {words[-1] for words in persons}
    return [
        span for span in spans if span.key not in _NO_NAMES or (span.label == "PERSON" and span.key in parts)
    ]


def _is_wrapped(text: str) -> bool:
    """Whether lines are broken at a fixed width, so that a line's end is no end of a name."""
    lines = text[:5_000].split("\n")
    return len(lines) > 2 and max(map(len, lines)) < _WRAPPED_LINE.stop


def _parts(text: str, start: int, end: int, wrapped: bool) -> list[tuple[int, int]]:
    """A mention's pieces that lie in one line: the model runs on from "GMT" into the "Source" of the next."""
    parts, first = [], start
    while (cut := text.find("\n", first, end)) >= 0:
        line = cut - (text.rfind("\n", 0, cut) + 1)
        if wrapped and line in _WRAPPED_LINE and text[cut - 1] not in ".!?:":
            cut = text.find("\n", cut + 1, end)
            if cut < 0:
                break
        parts.append((first, cut))
        first = cut + 1
    parts.append((first, end))
    return [piece for part in parts for piece in _pieces(text, *part)]


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Two names where the model saw one: "Mercantile or Commerce", "Fund for the Sea (FFS"."""
    name = text[start:end]
    cut = name.find(" (")
    if cut > 0 and ")" not in name:
        return [(start, start + cut), (start + cut + 2, end)]
    cut = name.find(" or ")
    if cut > 0:
        return [(start, start + cut), (start + cut + 4, end)]
    return [(start, end)]


def _bare(text: str, start: int, end: int, label: str) -> _Span | None:
    """The name in a stretch of text, or None where there is none."""
    while True:
        before = (start, end)
        while start < end and text[start] in _EDGE:
            start += 1
        while start < end and text[end - 1] in _EDGE:
            end -= 1
        if start == end:
            return None
        if text[start] in "TtAa" and (article := _ARTICLE.match(text, start, end)):
            start = article.end()
        if text[end - 1] in "sS'’" and (possessive := _POSSESSIVE.search(text[max(start, end - 2) : end])):
            end = max(start, end - 2) + possessive.start()
        if text[start:end].endswith(".") and not _ends_in_abbreviation(text[start:end]):
            end -= 1
        start, end = _without_company(text, start, end, label)
        if (start, end) == before:
            break
    name = text[start:end]
    words = name.split()
    if not words or len(words) > _MAX_WORDS or len(name) > _MAX_CHARS or len(name) < 2:
        return None
    if name == name.lower() and name != name.upper():
        return None
    if not any(map(str.isalpha, name)) or _ADDRESS.search(_token_around(text, start, end)):
        return None
    key = name_key(name)
    return _Span(start, end, label, key) if key else None


def _without_company(text: str, start: int, end: int, label: str) -> tuple[int, int]:
    """A name without what the model took along: a score, a month, a title, the common noun behind it."""
    if label == "PERSON":
        start = _after_title(text, start, end)
    first = text.find(" ", start, end)
    if first > 0 and name_key(text[start:first]) in _MONTHS:
        start = first + 1
    last = text.rfind(" ", start, end)
    if last > 0:
        word = text[last + 1 : end]
        # "Red Sox 7-0", "Interfax news agency"; an age or a score behind a person even without a hyphen.
        if (
            _SCORE.fullmatch(word)
            or (label == "PERSON" and not any(map(str.isalpha, word)))
            or (word.isalpha() and word.islower())
        ):
            end = last
    return start, end


def _after_title(text: str, start: int, end: int) -> int:
    """Where a person's name starts after titles; `start` where nothing else is left."""
    first = start
    while (space := text.find(" ", first, end)) > 0 and name_key(text[first:space]) in _TITLES:
        first = space + 1
    return first


def _ends_in_abbreviation(name: str) -> bool:
    """Whether a name's last dot belongs to it: `U.S.`, `Inc.`, `Sammy Davis Jr.`."""
    last = name.rsplit(None, 1)[-1]
    return last.count(".") > 1 or name_key(last) in {
        "inc",
        "corp",
        "co",
        "ltd",
        "jr",
        "sr",
        "st",
        "bros",
        "plc",
    }


def _token_around(text: str, start: int, end: int) -> str:
    """A name with what stands about it up to the next space, a hundred characters at most."""
    low, high = start, end
    while low > max(0, start - _MAX_CHARS) and not text[low - 1].isspace():
        low -= 1
    while high < min(len(text), end + _MAX_CHARS) and not text[high].isspace():
        high += 1
    return text[low:high].strip("\"'“”‘’()[],;:!?")


# --- names that the model missed ---


def _with_acronyms(text: str, spans: Sequence[_Span]) -> list[_Span]:
    """The spans and, where the model passed it over, the acronym that stands in brackets behind its expansion."""
    added: list[_Span] = []
    for number, span in enumerate(spans):
        following = spans[number + 1] if number + 1 < len(spans) else None
        bracket = _ACRONYM_AFTER.match(text, span.end)
        if bracket is None or (following is not None and following.start < bracket.end()):
            continue
        key = name_key(bracket[1])
        if key in _acronyms_of(text[span.start : span.end]):
            added.append(_Span(bracket.start(1), bracket.end(1), span.label, key))
    return sorted([*spans, *added], key=lambda span: span.start) if added else list(spans)


def _acronyms_of(name: str) -> tuple[str, str, str]:
    """What may stand for a name of several words, by `name_key`: all initials, all capitals, initials of both."""
    words = name.replace("-", " ").split()
    large = "".join(word[0] for word in words if word[0].isupper())
    return (
        "".join(word[0] for word in words).casefold(),
        "".join(filter(str.isupper, name)).casefold(),
        large.casefold(),
    )


_MANY = 100

#: A word's start, end and letters.
_Words = Sequence[tuple[int, int, str]]


def _repeated(text: str, words: _Words, spans: Sequence[_Span]) -> list[_Span]:
    """The spans and, with them, every other place where one of their names stands in the same letters.

    words: those of the text that begin with a capital. A name that this article also has as a common word ("state",
    "may") is not looked for.
    """
    votes: dict[str, dict[str, int]] = {}
    for span in spans:
        labels = votes.setdefault(text[span.start : span.end], {})
        labels[span.label] = labels.get(span.label, 0) + 1
    # A surname that the model never saw by itself; one that it saw is among the others.
    surnames = {
        form.rsplit(" ", 1)[1] for form, labels in votes.items() if " " in form and "PERSON" in labels
    } - set(votes)
    votes.update((surname, {"PERSON": 1}) for surname in surnames if len(surname) > 3)
    common = set(_WORD.findall(text)) if len(votes) > _MANY else set()
    # The lengths of the names by their first word, so that a look-up costs the same however many names
    # there are.
    lengths: dict[str, set[int]] = {}
    for form in votes:
        first = _WORD.match(form)
        if first and form[0].isupper() and len(form) > 2:
            # Of a few names each is looked for, which is quick; of many, in all the words of the text.
            lower = form.lower()
            if lower in common if len(votes) > _MANY else _stands_alone(lower, text):
                continue
            lengths.setdefault(first[0], set()).add(len(form))
    longest_first = {word: sorted(found, reverse=True) for word, found in lengths.items()}
    added: list[_Span] = []
    index, free_from = 0, 0
    for start, _, word in words:
        if word not in longest_first or start < free_from:
            continue
        while index < len(spans) and spans[index].end <= start:
            index += 1
        free_to = spans[index].start if index < len(spans) else len(text)
        for length in longest_first[word]:
            stop = start + length
            form = text[start:stop]
            if stop > free_to or form not in votes or (form[-1].isalnum() and not _ends_word(text, stop)):
                continue
            if form in surnames and _touches_capitals(text, start, stop):
                continue
            if not _ADDRESS.search(_token_around(text, start, stop)):
                label = max(votes[form], key=votes[form].__getitem__)
                added.append(_Span(start, stop, label, name_key(form), voted=False))
                free_from = stop
            break
    return sorted([*spans, *added], key=lambda span: span.start) if added else list(spans)


def _ends_word(text: str, end: int) -> bool:
    """Whether a word that reaches up to a place ends there: "Acme" does not in "Acmes" and in "Acme-Courier"."""
    after = text[end : end + 2]
    return not (after[:1].isalnum() or (after[:1] in ("-", ".", "&") and after[1:].isalnum()))


def _touches_capitals(text: str, start: int, end: int) -> bool:
    """Whether a word in capitals stands right before a name or behind it, titles apart: it may be part of another."""
    if text[end : end + 1] == " " and text[end + 1 : end + 2].isupper():
        return True
    if text[max(0, start - 1) : start] != " ":
        return False
    before = text[max(0, start - 30) : start - 1].rpartition(" ")[2]
    return before[:1].isupper() and name_key(before) not in _TITLES


def _stands_alone(word: str, text: str) -> bool:
    """Whether a text has a word as a word; of several words it is not asked."""
    start = -1 if " " in word else text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (start and text[start - 1].isalnum()) and _ends_word(text, end):
            return True
        start = text.find(word, end)
    return False


def _listed(text: str, words: _Words, spans: Sequence[_Span], places: Mapping[str, Place]) -> list[_Span]:
    """The spans and, where the model passed it over, each name that a gazetteer is sure of.

    words: those of the text that begin with a capital. Only where no other one touches it, since China is not meant by
    the Bank of China Tower. Not asked for where the model found nothing at all: it may have been given what is no text.
    """
    added: list[_Span] = []
    index, number = 0, 0
    while number < len(words):
        start, end, word = words[number]
        number += 1
        capital = word[0].isupper()
        while number < len(words) and text[end : words[number][0]] == " " and words[number][2][0].isupper():
            end = words[number][1]
            number += 1
        if not capital:
            continue
        while index < len(spans) and spans[index].end <= start:
            index += 1
        if index < len(spans) and spans[index].start < end:
            continue
        if index and text[spans[index - 1].end : start] in (" ", " of "):
            continue
        key = name_key(text[start:end])
        place = places.get(key)
        if (
            place is not None
            and place.sure
            and len(key) > 2
            and not _ADDRESS.search(_token_around(text, start, end))
        ):
            added.append(_Span(start, end, place.label, key, voted=False))
    return sorted([*spans, *added], key=lambda span: span.start) if added else list(spans)


# --- what belongs together ---


@dataclasses.dataclass(frozen=True, slots=True)
class _Named:
    """An entity as all its mentions have it."""

    name: str
    label: str
    id: str | None


class _Entities:
    """The entities of one article, found from its spans; ask `of` for that of a span."""

    def __init__(self, text: str, spans: Sequence[_Span], places: Mapping[str, Place]) -> None:
        self._text = text
        self._places = places
        self._votes: dict[str, collections.Counter[str]] = {}
        self._forms: dict[str, collections.Counter[str]] = {}
        # By key: how often a word beside the name says that it is a place.
        self._stands_as_place: collections.Counter[str] = collections.Counter()
        # Keys that stand where teams do.
        self._teams: set[str] = set()
        self._of_sport = is_of_sport(text)
        for span in spans:
            votes = self._votes.get(span.key)
            if votes is None:
                votes = self._votes[span.key] = collections.Counter()
                self._forms[span.key] = collections.Counter()
            votes[span.label] += 2 if span.voted else 1
            clue = clue_of(text, span.start, span.end, self._of_sport)
            if clue == "GPE":
                self._stands_as_place[span.key] += 1
                votes["GPE"] += span.label != "GPE"
            elif clue == TEAM:
                self._teams.add(span.key)
            elif clue is not None:
                # More than the model's own word, which counts two.
                votes[clue] += 3
            self._forms[span.key][_SPACES.sub(" ", text[span.start : span.end])] += 1
        self._leader = {key: key for key in self._votes}
        self._join_places()
        self._join_acronyms(spans)
        self._persons: set[str] = set()
        self._join_persons()
        self._named = self._name_groups()

    def of(self, span: _Span) -> _Named:
        """The entity that a span names."""
        return self._named[self._root(span.key)]

    def _root(self, key: str) -> str:
        while self._leader[key] != key:
            key = self._leader[key]
        return key

    def _majority(self, key: str) -> str:
        # A counter keeps the order of first mentions, and max the first of equals.
        votes = self._votes[key]
        return max(votes, key=votes.__getitem__)

    def _is_sure_place(self, key: str) -> bool:
        place = self._places.get(key)
        return place is not None and place.sure

    def _join_places(self) -> None:
        """One entity for the names of one country: US, U.S., United States."""
        first: dict[str, str] = {}
        for key in self._votes:
            place = self._places.get(key)
            if place is not None:
                self._leader[key] = first.setdefault(place.name, key)

    def _join_acronyms(self, spans: Sequence[_Span]) -> None:
        """An acronym in brackets behind its expansion is the same: World Food Programme (WFP)."""
        for span in spans:
            bracket = _ACRONYM_AFTER.match(self._text, span.end)
            if bracket is None:
                continue
            short = name_key(bracket[1])
            expands = short in _acronyms_of(self._text[span.start : span.end])
            if short in self._leader and expands and self._root(short) == short:
                root = self._root(span.key)
                if root != short:
                    self._leader[short] = root

    def _join_persons(self) -> None:
        """Surnames, and given names, to the one full name of the article that they are part of."""
        full: dict[tuple[str, str], str] = {}
        ends: dict[str, set[str]] = {}
        starts: dict[str, set[str]] = {}
        for key in sorted(self._votes, key=lambda key: len(key.split())):
            words = key.split()
            if len(words) < 2 or self._majority(key) != "PERSON" or self._is_sure_place(key):
                continue
            # "Joe R. Biden" is Joe Biden.
            root = full.setdefault((words[0], words[-1]), key)
            self._persons.add(root)
            if root != key:
                self._leader[key] = root
            for cut in range(1, len(words)):
                ends.setdefault(" ".join(words[cut:]), set()).add(root)
            starts.setdefault(words[0], set()).add(root)
        # The longer first, so that "Aue" finds "von der Aue" joined to the full name already.
        for key in sorted(self._votes, key=lambda key: -len(key.split())):
            if self._root(key) != key:
                continue
            votes = self._votes[key]
            owners = {self._root(owner) for owner in ends.get(key, ())}
            if (
                self._is_sure_place(key)
                and self._stands_as_place[key]
                and 4 * votes["PERSON"] < votes.total()
            ):
                continue
            if not owners and votes["PERSON"] and key not in self._places:
                owners = {self._root(owner) for owner in starts.get(key, ())} - {key}
            if len(owners) == 1:
                self._leader[key] = owners.pop()

    def _name_groups(self) -> dict[str, _Named]:
        groups: dict[str, list[str]] = {}
        for key in self._votes:
            groups.setdefault(self._root(key), []).append(key)
        return {root: self._name_group(root, keys) for root, keys in groups.items()}

    def _name_group(self, root: str, keys: Sequence[str]) -> _Named:
        forms, votes = self._forms[keys[0]], self._votes[keys[0]]
        for key in keys[1:]:
            forms, votes = forms + self._forms[key], votes + self._votes[key]
        if root in self._persons:
            # The full name's label holds for the surname, whatever the model takes that for by itself.
            return _Named(_fullest(forms), "PERSON", None)
        label = max(votes, key=votes.__getitem__)
        if self._is_team(keys, label):
            return _Named(_fullest(forms), "ORG", None)
        place = next((self._places[key] for key in keys if key in self._places), None)
        if place is not None and self._is_at(place, label):
            usual = place.name if place.name in forms else None
            return _Named(usual or _fullest(forms), place.label, place.id)
        return _Named(_fullest(forms), label, None)

    def _is_team(self, keys: Sequence[str], label: str) -> bool:
        """Whether a name, in an article of sport, is of a team and not of a country or of where it plays.

        It stands where teams do; or it is a place's, and the model takes it for none.
        """
        if not self._of_sport or any(self._stands_as_place[key] for key in keys):
            return False
        known = [self._places[key] for key in keys if key in self._places]
        if any(place.is_country or place.label != "GPE" for place in known):
            return False
        odd = label not in ("GPE", "LOC", "FAC") and any(place.sure for place in known)
        return odd or any(key in self._teams for key in keys)

    @staticmethod
    def _is_at(place: Place, label: str) -> bool:
        """Whether a name that a gazetteer has means that place, where its mentions are mostly called `label`."""
        if place.is_country or place.label != "GPE":
            return True
        # A city's name is also its team's: eleven at "Chelsea" stay an organisation.
        return label != "ORG" if place.sure else label in ("GPE", "LOC", "FAC")


def _fullest(forms: Mapping[str, int]) -> str:
    """The form with most words, not in capitals where there is another; then the most frequent, the first."""
    return max(
        forms, key=lambda form: (not form.isupper() or " " not in form, len(form.split()), forms[form])
    )
