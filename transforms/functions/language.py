"""The language of an article, told from its own text, or `und` where that can't be told.

The model is langdetect's (character n-grams, 55 languages). langdetect-rs computes it some forty times faster
with equal results; langdetect itself stands in where langdetect-rs can't be imported. Both are seeded, so
that an answer follows from the text alone: not from earlier calls, threads, processes or the order of
articles.

langdetect is sure of itself on nothing ("a" is Tagalog, "TRUMP WINS ELECTION" German, both with probability
1.0), so most of this module decides when not to believe it. A wrong language sends an article through the
wrong model later on, an undetermined one only leaves a column to be filled.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import itertools
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

#: ISO 639-2's code for a language that can't be determined.
UNDETERMINED = "und"

#: Characters of title and body that are looked at: accuracy gains nothing from more.
MAX_CHARS = 1_000

# Addresses are taken out before the cut; a text whose first 4,000 characters hold fewer than 1,000 of prose
# is a list of links, and what stands after it is not looked for.
_MAX_RAW_CHARS = 4 * MAX_CHARS

#: Fewer letters than this are not judged. Of 45,000 beginnings and titles of labelled news, in 13 languages
#: of the model, the rules below called wrongly 0.3 % of those with 60 to 100 letters, 1.3 % with 40 to 60,
#: 4.4 % with 25 to 30, but 6.7 % with 20 to 25 and 8 % with 15 to 20.
MIN_LETTERS = 25

#: Letters asked for where most are capitals. langdetect skips words in capitals, so such text is judged by
#: its lower-case form: headlines put in capitals were called wrongly 2.2 % of the time with 40 to 50
#: letters, 5.9 % with 25 to 30.
MIN_CAPITAL_LETTERS = 40

#: Different letters asked for, so that "hahahaha" and a drawn-out cry are no text.
_MIN_DIFFERENT_LETTERS = 6

#: What a letter of a dense script is worth in Latin letters: a Chinese or Japanese headline has 10 to 25.
_DENSE_LETTER_WORTH = 3

#: Least probability. langdetect averages 7 random walks, so anything below means that one of them disagreed.
MIN_CONFIDENCE = 0.9

#: Least share of the letters that are in the script of the language: a Chinese headline read as Korean has
#: none.
_MIN_SCRIPT_SHARE = 0.5

#: Most letters outside the alphabet of the language, as a share of all letters. Names of foreigners bring a
#: few; a language that langdetect doesn't know and takes for a neighbour brings many (Sakha read as
#: Russian).
_MAX_FOREIGN_SHARE = 0.02

#: Least share of letters beyond a-z in Vietnamese. Other languages with dots below (Igbo, Yoruba) have fewer.
_MIN_VIETNAMESE_SHARE = 0.15

#: Least share of kana among the letters that makes kanji Japanese and not Chinese that names something in
#: kana.
_MAX_KANA_SHARE = 0.05

#: Least probability that must be on languages in the script of the text. Below it the text is rather in
#: none that the model knows, and the likeliest of the rest is a guess.
_MIN_POSSIBLE = 0.5

# ASCII only, since Chinese and Japanese put no space after an address. Lengths are bounded to stay linear.
_ADDRESSES = re.compile(
    r"""
      (?: https?:// | ftp:// | www\. ) [!-~]+
    | [\w.+-]{1,64} @ [\w-]{1,63} (?: \.[\w-]{1,63} ){1,8}
    | (?<!\w) @ \w{1,64}
    | (?<![\w.-]) [A-Za-z0-9-]{1,63} (?: \.[A-Za-z0-9-]{1,63} ){0,3}
      \. (?: com | org | net | gov | edu | info | int | news | io | tv | co\.[a-z]{2} ) \b (?: / [!-~]* )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Every one of them holds one of these, and most texts hold none: the long pattern is slow.
_ADDRESS_SIGN = re.compile(r"@|://|[A-Za-z0-9-]\.[A-Za-z]", re.IGNORECASE)
# The dot within one. Quick to look for, unlike the others.
_ADDRESS_DOT = re.compile(r"\.[A-Za-z]")
# Characters looked at beyond those that count: no address has more of them before its sign.
_MARGIN = 100
# Markup that a source sends as plain text; its tag names read as Tagalog or Vietnamese.
_TAGS = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_LETTERS = re.compile(r"[^\W\d_]+")
_DENSE_LETTERS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
_DENSE_FROM = "\u0e00"

_SCRIPTS = {
    "latin": "[A-Za-z\u00aa-\u024f\u1e00-\u1eff]+",
    "cyrillic": "[\u0400-\u052f]+",
    "greek": "[\u0370-\u03ff\u1f00-\u1fff]+",
    "hebrew": "[\u0590-\u05ff]+",
    "arabic": "[\u0600-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]+",
    "devanagari": "[\u0900-\u097f]+",
    "bengali": "[\u0980-\u09ff]+",
    "gurmukhi": "[\u0a00-\u0a7f]+",
    "gujarati": "[\u0a80-\u0aff]+",
    "tamil": "[\u0b80-\u0bff]+",
    "telugu": "[\u0c00-\u0c7f]+",
    "kannada": "[\u0c80-\u0cff]+",
    "malayalam": "[\u0d00-\u0d7f]+",
    "thai": "[\u0e00-\u0e7f]+",
    "hangul": "[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]+",
    "han": "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+",
    "japanese": "[\u3040-\u30ff\uff66-\uff9d\u3400-\u9fff\uf900-\ufaff]+",
}
_SCRIPT_PATTERNS = {name: re.compile(pattern) for name, pattern in _SCRIPTS.items()}
_KANA = re.compile("[\u3040-\u30ff\uff66-\uff9d]")

#: Languages not written in Latin letters -> their script.
_SCRIPT_OF = {
    **dict.fromkeys(("bg", "mk", "ru", "uk"), "cyrillic"),
    **dict.fromkeys(("ar", "fa", "ur"), "arabic"),
    **dict.fromkeys(("hi", "mr", "ne"), "devanagari"),
    "bn": "bengali",
    "el": "greek",
    "gu": "gujarati",
    "he": "hebrew",
    "ja": "japanese",
    "kn": "kannada",
    "ko": "hangul",
    "ml": "malayalam",
    "pa": "gurmukhi",
    "ta": "tamil",
    "te": "telugu",
    "th": "thai",
    "zh": "han",
}

# Lower-case letters beyond a-z, or all of them for Cyrillic, after CLDR's exemplar characters, with those
# that news of the language uses in loan words.
_BEYOND_A_TO_Z = {
    "af": "áäéèêëíîïóôöúûüýŉ",
    "ca": "àáçèéíïòóúüñŀ",
    "cs": "áčďéěíňóřšťúůýžö",
    "cy": "âêîôûŵŷäëïöüáéíóúàèìòùẅẃẁýỳÿ",
    "da": "æøåéüöä",
    "de": "äöüßéèàçğ",
    "en": "éèêëïîôñçàâäöüæœáíóú",
    "es": "áéíóúüñçàè",
    "et": "äõöüšž",
    "fi": "äöåšž",
    "fr": "àâæçéèêëîïôœùûüÿñ",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "id": "é",
    "it": "àèéìíîòóùú",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņōŗšūž",
    "nl": "áéíóúàèëïöüêîç",
    "no": "æøåéèêòóôàäöü",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõúü",
    "ro": "ăâîșşțţ",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšžćđ",
    "so": "",
    "sq": "çë",
    "sv": "åäöéàü",
    "sw": "",
    "tl": "ñáàâéèêíîóòôúûùìë",
    "tr": "çğıöşüâîû",
    "vi": "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюяѝ",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
_ALPHABETS = {
    language: frozenset(letters + ("" if language in _SCRIPT_OF else "abcdefghijklmnopqrstuvwxyz"))
    for language, letters in _BEYOND_A_TO_Z.items()
}


@dataclasses.dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """What an article is written in.

    language: ISO 639-1, or `und`.
    confidence: the detector's probability, 0 to 1, rounded to four places; None with `und`.
    """

    language: str
    confidence: float | None


_UND = DetectedLanguage(UNDETERMINED, None)


class LanguageDetector(Protocol):
    """A model that scores the languages of a text. Another one is a class with this method.

    `scores` gives (code, probability) pairs in any order, none where the model finds nothing to go by. It
    must be a function of the text alone, safe to call from several threads, and must not raise on any
    string.
    """

    def scores(self, text: str) -> Sequence[tuple[str, float]]:
        """The likely languages of a text with their probabilities."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Langdetect:
    """langdetect's model through one of the two modules that implement it; make it with `load_langdetect`."""

    module: str
    _create: Callable[[], Any]
    _no_features: type[Exception]

    def scores(self, text: str) -> list[tuple[str, float]]:
        """The languages with a probability over 0.1, as the model names them (`zh-cn` and `zh-tw` apart)."""
        detector = self._create()
        detector.append(text)
        try:
            return [(found.lang, found.prob) for found in detector.get_probabilities()]
        except self._no_features:
            return []


def load_langdetect(module: str) -> Langdetect:
    """Loads langdetect's profiles: 0.03 s with `langdetect_rs`, 0.3 to 0.7 s with `langdetect`.

    ImportError where there is no such module. The factory is our own, since those of the modules are shared,
    unseeded, and in langdetect seen half-loaded by a second thread.
    """
    package = importlib.import_module(module)
    factory = package.DetectorFactory()
    factory.seed = 0
    factory.load_profile(importlib.import_module(f"{module}.detector_factory").PROFILES_DIRECTORY)
    return Langdetect(module, factory.create, package.LangDetectException)


@functools.cache
def _default_detector() -> Langdetect:
    try:
        return load_langdetect("langdetect_rs")
    except ImportError:
        return load_langdetect("langdetect")


_LOADING = threading.Lock()


def default_detector() -> Langdetect:
    """The process's own detector, loaded on first use: langdetect-rs, else langdetect."""
    # functools.cache alone would let threads that come together load the profiles once each.
    with _LOADING:
        return _default_detector()


def clean_for_detection(title: str | None, text: str) -> str:
    """Title and body as one line of up to `MAX_CHARS` characters, without addresses, handles and tags."""
    # Mostly there is nothing to be taken out of what is looked at; an address that begins in it shows in the margin.
    start = _joined(title, text, MAX_CHARS + 2 * _MARGIN)
    if not _may_hold_addresses(start):
        prose = " ".join(start.split())
        if len(prose) >= MAX_CHARS + _MARGIN or len(text) <= MAX_CHARS + 2 * _MARGIN:
            return prose[:MAX_CHARS]
    prose = _TAGS.sub(" ", _joined(title, text, _MAX_RAW_CHARS))
    if _ADDRESS_SIGN.search(prose) is not None:
        prose = _ADDRESSES.sub(" ", prose)
    return " ".join(prose.split())[:MAX_CHARS]


def _joined(title: str | None, text: str, limit: int) -> str:
    joined = f"{title[:limit]}\n{text[:limit]}" if title else text[:limit]
    return unicodedata.normalize("NFC", joined)


def _may_hold_addresses(text: str) -> bool:
    return "<" in text or "@" in text or "://" in text or _ADDRESS_DOT.search(text) is not None


def detect_language(
    title: str | None, text: str, *, detector: LanguageDetector | None = None
) -> DetectedLanguage:
    """Tells the language of an article from its title and the beginning of its body.

    detector: the model to ask; langdetect's where none is given.
    Returns `und` for what can't be told: nothing but digits, emoji or addresses, one word, too few letters,
    few letters all in capitals, a script or letters that the found language isn't written in, and where the
    model hesitates. `zh-cn` and `zh-tw` are `zh`, with their probabilities added.

        >>> detect_language("Haushalt beschlossen", "Der Stadtrat hat am Abend den Haushalt beschlossen.")
        DetectedLanguage(language='de', confidence=1.0)
    """
    prose = clean_for_detection(title, text)
    letters = _Letters.of(prose)
    if not letters.dense and len(list(itertools.islice(_LETTERS.finditer(prose), 2))) < 2:
        return _UND
    worth = letters.count + letters.dense * (_DENSE_LETTER_WORTH - 1)
    if worth < MIN_LETTERS or len({letter.lower() for letter in letters.each}) < _MIN_DIFFERENT_LETTERS:
        return _UND
    if 2 * letters.capitals > letters.count:
        if worth < MIN_CAPITAL_LETTERS:
            return _UND
        prose = prose.lower()
    if detector is None:
        detector = default_detector()
    possible, excluded = [], 0.0
    for language, probability in _totals(detector.scores(prose)):
        if letters.share(_SCRIPT_OF.get(language, "latin")) >= _MIN_SCRIPT_SHARE:
            possible.append((probability, language))
        else:
            # Its walks stray from Chinese to Korean; where the letters exclude that, it is not counted.
            excluded += probability
    if not possible or excluded > 1 - _MIN_POSSIBLE:
        return _UND
    # By name among equals, since langdetect's own order is that of a directory listing.
    probability, language = max(possible)
    confidence = min(1.0, round(probability / (1 - excluded), 4))
    if confidence < MIN_CONFIDENCE or not _is_spelt_as(language, letters):
        return _UND
    return DetectedLanguage(language, confidence)


def _totals(scores: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The scores by ISO 639-1 code, regional kinds of a language added up."""
    totals: dict[str, float] = {}
    for code, probability in scores:
        language = code.split("-", 1)[0]
        totals[language] = totals.get(language, 0.0) + probability
    return list(totals.items())


@dataclasses.dataclass(frozen=True, slots=True)
class _Letters:
    """The letters of a text, each with how often it stands there: a few dozen to look at instead of a thousand.

    count: of all. dense: of those of `_DENSE_LETTERS`. capitals: of upper case. stray_marks: combining marks that
    stand apart from a letter.
    """

    each: dict[str, int]
    count: int
    dense: int
    capitals: int
    stray_marks: int

    @classmethod
    def of(cls, text: str) -> _Letters:
        each = {}
        count = dense = capitals = stray_marks = 0
        for character, times in Counter(text).items():
            if _is_letter(character):
                each[character] = times
                count += times
                if character.isupper():
                    capitals += times
                elif character >= _DENSE_FROM and _DENSE_LETTERS.match(character):
                    dense += times
            elif "\u0300" <= character <= "\u036f":
                stray_marks += times
        return cls(each, count, dense, capitals, stray_marks)

    def share(self, script: str) -> float:
        """The share of the letters that are in a script."""
        return sum(self.each[letter] for letter in self.each if _is_in(script, letter)) / self.count


@functools.lru_cache(maxsize=1 << 16)
def _is_letter(character: str) -> bool:
    return _LETTERS.match(character) is not None


@functools.lru_cache(maxsize=1 << 16)
def _is_in(script: str, letter: str) -> bool:
    return _SCRIPT_PATTERNS[script].match(letter) is not None


def _is_spelt_as(language: str, letters: _Letters) -> bool:
    """Whether a text in the script of a language keeps to the letters of that language."""
    if language in ("ja", "zh"):
        kana = sum(letters.each[letter] for letter in letters.each if _KANA.match(letter))
        # Kanji alone are as well Chinese; and Japanese with many kanji reads as Chinese.
        return kana > 0 if language == "ja" else kana < _MAX_KANA_SHARE * letters.count
    alphabet = _ALPHABETS.get(language)
    if alphabet is None:
        return True
    script = _SCRIPT_OF.get(language, "latin")
    own: Counter[str] = Counter()
    for letter, times in letters.each.items():
        if _is_in(script, letter):
            own[letter.lower()] += times
    foreign = letters.stray_marks + sum(times for letter, times in own.items() if letter not in alphabet)
    if language == "vi":
        plain = sum(own[letter] for letter in "abcdefghijklmnopqrstuvwxyz")
        if own.total() - plain < _MIN_VIETNAMESE_SHARE * own.total():
            return False
    return foreign <= max(1, _MAX_FOREIGN_SHARE * letters.count)
