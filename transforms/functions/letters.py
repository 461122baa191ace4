"""The letters of a text: how many, in which scripts, and whether they are those of a language."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

#: Different letters asked for, so that "hahahaha" and a drawn-out cry are no text.
MIN_DIFFERENT_LETTERS = 6

#: Most letters outside the alphabet of the language, as a share of all letters. Names of foreigners bring a
#: few; a language that langdetect doesn't know and takes for a neighbour brings many (Sakha read as
#: Russian).
_MAX_FOREIGN_SHARE = 0.02

#: Least share of letters beyond a-z in Vietnamese. Other languages with dots below (Igbo, Yoruba) have fewer.
_MIN_VIETNAMESE_SHARE = 0.15

#: Least share of kana among the letters that makes kanji Japanese and not Chinese that names something in
#: kana.
_MAX_KANA_SHARE = 0.05

LETTERS = re.compile(r"[^\W\d_]+")
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
    "lao": "[\u0e80-\u0eff]+",
    "oriya": "[\u0b00-\u0b7f]+",
    "armenian": "[\u0530-\u058f]+",
    "georgian": "[\u10a0-\u10ff\u1c90-\u1cbf]+",
    "ethiopic": "[\u1200-\u139f\u2d80-\u2ddf]+",
    "hangul": "[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]+",
    "han": "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+",
    "japanese": "[\u3040-\u30ff\uff66-\uff9d\u3400-\u9fff\uf900-\ufaff]+",
}
_SCRIPT_PATTERNS = {name: re.compile(pattern) for name, pattern in _SCRIPTS.items()}
_KANA = re.compile("[\u3040-\u30ff\uff66-\uff9d]")

#: Languages not written in Latin letters -> their script.
SCRIPT_OF = {
    **dict.fromkeys(("be", "bg", "mk", "ru", "uk"), "cyrillic"),
    **dict.fromkeys(("ar", "fa", "ur"), "arabic"),
    **dict.fromkeys(("hi", "mr", "ne"), "devanagari"),
    "am": "ethiopic",
    "bn": "bengali",
    "el": "greek",
    "gu": "gujarati",
    "he": "hebrew",
    "hy": "armenian",
    "ja": "japanese",
    "ka": "georgian",
    "kn": "kannada",
    "ko": "hangul",
    "lo": "lao",
    "ml": "malayalam",
    "or": "oriya",
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
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюяѝ",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
_ALPHABETS = {
    language: frozenset(letters + ("" if language in SCRIPT_OF else "abcdefghijklmnopqrstuvwxyz"))
    for language, letters in _BEYOND_A_TO_Z.items()
}


class Letters(Protocol):
    """The letters of a text, counted.

    count: of all. dense: of those of `_DENSE_LETTERS`. capitals: of upper case.
    """

    count: int
    dense: int
    capitals: int

    def different(self) -> int:
        """How many different ones there are, case apart; from `MIN_DIFFERENT_LETTERS` on perhaps fewer."""
        ...

    def share(self, script: str) -> float:
        """The share of the letters that are in a script."""
        ...

    def spell(self, language: str) -> bool:
        """Whether a text in the script of a language keeps to the letters of that language."""
        ...


def letters_of(text: str) -> Letters:
    """The letters of a text in NFC."""
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
        return found if found >= MIN_DIFFERENT_LETTERS else len(set(self._lower))

    def share(self, script: str) -> float:
        latin = len(self._lower.translate(None, _western_tables().beyond_latin)) / self.count
        return latin if script == "latin" else 0.0

    def spell(self, language: str) -> bool:
        if language == "ja":
            return False
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
            if language not in SCRIPT_OF
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
        in_script = self._bits & _SCRIPT_BITS[SCRIPT_OF.get(language, "latin")] > 0
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

    mark(LETTERS, _LETTER)
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
    return LETTERS.match(character) is not None


def _is_in(script: str, letter: str) -> bool:
    return _SCRIPT_PATTERNS[script].match(letter) is not None


def _are_few(foreign: int, letters: int) -> bool:
    return foreign <= max(1, _MAX_FOREIGN_SHARE * letters)
