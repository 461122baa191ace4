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
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

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
# Every one of them holds "@", "://" or this, and most texts hold none: the long pattern is slow. That this one begins
# with a dot, whatever follows, makes it quick to look for.
_ADDRESS_DOT = re.compile(
    r"\.(?:(?<=www\.)|(?:com|org|net|gov|edu|info|int|news|io|tv|co\.[a-z]{2})\b)", re.IGNORECASE
)
# Characters looked at beyond those that count: no address has more of them before its sign.
_MARGIN = 300
# Markup that a source sends as plain text; its tag names read as Tagalog or Vietnamese.
_TAGS = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_LETTERS = re.compile(r"[^\W\d_]+")
_DENSE_LETTERS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)

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
    # Mostly the beginning is enough. What begins in it and ends beyond it, if not a tag, begins in the margin.
    start = _joined(title, text, MAX_CHARS + 2 * _MARGIN)
    if "<" not in start:
        prose = _without_addresses(start)
        if len(start) >= MAX_CHARS + 2 * _MARGIN:
            prose = prose[:-_MARGIN]
        cleaned = " ".join(prose[: MAX_CHARS + _MARGIN].split())
        if len(cleaned) >= MAX_CHARS or len(start) < MAX_CHARS + _MARGIN:
            return cleaned[:MAX_CHARS]
    return " ".join(_without_addresses(_TAGS.sub(" ", _joined(title, text, _MAX_RAW_CHARS))).split())[
        :MAX_CHARS
    ]


def _joined(title: str | None, text: str, limit: int) -> str:
    joined = f"{title[:limit]}\n{text[:limit]}" if title else text[:limit]
    return unicodedata.normalize("NFC", joined)


def _without_addresses(text: str) -> str:
    may_hold_one = "@" in text or "://" in text or _ADDRESS_DOT.search(text) is not None
    return _ADDRESSES.sub(" ", text) if may_hold_one else text


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
    letters = _letters_of(prose)
    if not letters.dense and len(list(itertools.islice(_LETTERS.finditer(prose), 2))) < 2:
        return _UND
    worth = letters.count + letters.dense * (_DENSE_LETTER_WORTH - 1)
    if worth < MIN_LETTERS or letters.different() < _MIN_DIFFERENT_LETTERS:
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
    if confidence < MIN_CONFIDENCE or not letters.spell(language):
        return _UND
    return DetectedLanguage(language, confidence)


def _totals(scores: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The scores by ISO 639-1 code, regional kinds of a language added up."""
    totals: dict[str, float] = {}
    for code, probability in scores:
        language = code.split("-", 1)[0]
        totals[language] = totals.get(language, 0.0) + probability
    return list(totals.items())


class _Letters(Protocol):
    """The letters of a text, counted.

    count: of all. dense: of those of `_DENSE_LETTERS`. capitals: of upper case.
    """

    count: int
    dense: int
    capitals: int

    def different(self) -> int:
        """How many different ones there are, case apart; from `_MIN_DIFFERENT_LETTERS` on perhaps fewer."""
        ...

    def share(self, script: str) -> float:
        """The share of the letters that are in a script."""
        ...

    def spell(self, language: str) -> bool:
        """Whether a text in the script of a language keeps to the letters of that language."""
        ...


def _letters_of(text: str) -> _Letters:
    try:
        return _WesternLetters(text.encode("cp1252"))
    except UnicodeEncodeError:
        return _AnyLetters(text)


class _WesternLetters:
    """Those of a text that can be written in Windows-1252, by way of its bytes: ten times as fast."""

    dense = 0

    def __init__(self, text: bytes) -> None:
        tables = _western_tables()
        letters = text.translate(None, tables.other)
        self.count = len(letters)
        self.capitals = len(letters) - len(letters.translate(None, tables.capitals))
        self._lower = letters.translate(tables.lower)

    def different(self) -> int:
        found = len(set(self._lower[:100]))
        return found if found >= _MIN_DIFFERENT_LETTERS else len(set(self._lower))

    def share(self, script: str) -> float:
        latin = len(self._lower.translate(None, _western_tables().beyond_latin)) / self.count
        return latin if script == "latin" else 0.0

    def spell(self, language: str) -> bool:
        tables = _western_tables()
        own = self._lower.translate(None, tables.beyond_latin)
        if language == "vi" and len(own.translate(None, tables.a_to_z)) < _MIN_VIETNAMESE_SHARE * len(own):
            return False
        alphabet = tables.alphabets.get(language)
        return alphabet is None or _are_few(len(own.translate(None, alphabet)), self.count)


@dataclasses.dataclass(frozen=True, slots=True)
class _WesternTables:
    """Of the bytes of Windows-1252: those that are no letters; upper case; letters that are not Latin; a to z; the
    letters of each language in Latin script; and a table to lower case.
    """

    other: bytes
    capitals: bytes
    beyond_latin: bytes
    a_to_z: bytes
    alphabets: dict[str, bytes]
    lower: bytes


@functools.cache
def _western_tables() -> _WesternTables:
    letters = {}
    for code in range(256):
        character = bytes([code]).decode("cp1252", "ignore")
        if character and _is_letter(character):
            letters[code] = character
    return _WesternTables(
        other=bytes(set(range(256)) - set(letters)),
        capitals=bytes(code for code, letter in letters.items() if letter.isupper()),
        beyond_latin=bytes(code for code, letter in letters.items() if not _is_in("latin", letter)),
        a_to_z=b"abcdefghijklmnopqrstuvwxyz",
        alphabets={
            language: "".join(alphabet).encode("cp1252", "ignore")
            for language, alphabet in _ALPHABETS.items()
            if language not in _SCRIPT_OF
        },
        lower=bytes(
            letters[code].lower().encode("cp1252")[0] if code in letters else code for code in range(256)
        ),
    )


class _AnyLetters:
    """Those of any text: each different one is looked at once, with how often it stands there."""

    def __init__(self, text: str) -> None:
        codes, times = np.unique(
            np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4"), return_counts=True
        )
        bits = _letter_bits().take(codes, mode="clip")
        if len(codes) and codes[-1] >= _RARE:
            rare = np.searchsorted(codes, _RARE)
            bits[rare:] = [_bits_of(chr(code)) for code in codes[rare:].tolist()]
        is_letter = bits & _LETTER > 0
        self._codes, self._times, self._bits = codes[is_letter], times[is_letter], bits[is_letter]
        self._stray_marks = int(times[bits & _MARK > 0].sum())
        self.count = int(self._times.sum())
        self.dense = self._with(_DENSE)
        self.capitals = self._with(_CAPITAL)

    def _with(self, bit: int) -> int:
        return int(self._times[self._bits & bit > 0].sum())

    def different(self) -> int:
        return len({chr(code).lower() for code in self._codes.tolist()})

    def share(self, script: str) -> float:
        return self._with(_SCRIPT_BITS[script]) / self.count

    def spell(self, language: str) -> bool:
        if language in ("ja", "zh"):
            kana = self._with(_KANA_BIT)
            # Kanji alone are as well Chinese; and Japanese with many kanji reads as Chinese.
            return kana > 0 if language == "ja" else kana < _MAX_KANA_SHARE * self.count
        if language not in _ALPHABETS:
            return True
        in_script = self._bits & _SCRIPT_BITS[_SCRIPT_OF.get(language, "latin")] > 0
        own = dict(zip(self._codes[in_script].tolist(), self._times[in_script].tolist(), strict=True))
        alphabet = _alphabet_codes(language)
        foreign = self._stray_marks + sum(times for code, times in own.items() if code not in alphabet)
        if language == "vi":
            written = sum(own.values())
            plain = sum(times for code, times in own.items() if code < 0x80)
            if written - plain < _MIN_VIETNAMESE_SHARE * written:
                return False
        return _are_few(foreign, self.count)


# What a character is, in bits; the scripts have the rest of them.
_LETTER, _CAPITAL, _DENSE, _MARK, _KANA_BIT = 1, 2, 4, 8, 16
_SCRIPT_BITS = {name: 32 << number for number, name in enumerate(_SCRIPTS)}

# Code points from here on are looked at one by one: ideographs that hardly anybody writes.
_RARE = 0x20000


def _bits_of(character: str) -> int:
    if "\u0300" <= character <= "\u036f":
        return _MARK
    if not _is_letter(character):
        return 0
    bits = _LETTER
    if character.isupper():
        bits |= _CAPITAL
    elif _DENSE_LETTERS.match(character):
        bits |= _DENSE
    if _KANA.match(character):
        bits |= _KANA_BIT
    return bits | sum(bit for script, bit in _SCRIPT_BITS.items() if _is_in(script, character))


@functools.cache
def _letter_bits() -> npt.NDArray[np.int32]:
    """The bits of each code point below `_RARE`."""
    everything = "".join(map(chr, range(_RARE)))
    bits = np.zeros(_RARE, dtype=np.int32)

    def mark(pattern: re.Pattern[str], bit: int) -> None:
        for found in pattern.finditer(everything):
            bits[found.start() : found.end()] |= bit

    mark(_LETTERS, _LETTER)
    for script, bit in _SCRIPT_BITS.items():
        mark(_SCRIPT_PATTERNS[script], bit)
    mark(_DENSE_LETTERS, _DENSE)
    mark(_KANA, _KANA_BIT)
    bits[[character.isupper() for character in everything]] |= _CAPITAL
    bits[bits & _LETTER == 0] = 0
    bits[bits & _CAPITAL > 0] &= ~_DENSE
    bits[0x0300:0x0370] = _MARK
    return bits


@functools.cache
def _alphabet_codes(language: str) -> frozenset[int]:
    """The code points of a language's letters, of either case."""
    return frozenset(code for letter in _ALPHABETS[language] for code in (ord(letter), *_capitals_of(letter)))


def _capitals_of(letter: str) -> Sequence[int]:
    return _all_capitals().get(letter, ())


@functools.cache
def _all_capitals() -> dict[str, list[int]]:
    """What becomes a letter in lower case, by that letter; "k" has the Kelvin sign, too."""
    capitals: dict[str, list[int]] = {}
    for code in range(_RARE):
        lower = chr(code).lower()
        if lower != chr(code):
            capitals.setdefault(lower, []).append(code)
    return capitals


def _is_letter(character: str) -> bool:
    return _LETTERS.match(character) is not None


def _is_in(script: str, letter: str) -> bool:
    return _SCRIPT_PATTERNS[script].match(letter) is not None


def _are_few(foreign: int, letters: int) -> bool:
    return foreign <= max(1, _MAX_FOREIGN_SHARE * letters)
