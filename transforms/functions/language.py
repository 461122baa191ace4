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
import itertools
import re
import unicodedata
from collections.abc import Sequence

from transforms.functions.common_words import words_agree
from transforms.functions.language_detectors import LanguageDetector, default_detector
from transforms.functions.letters import LETTERS, MIN_DIFFERENT_LETTERS, SCRIPT_OF, letters_of

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

#: What a letter of a dense script is worth in Latin letters: a Chinese or Japanese headline has 10 to 25.
_DENSE_LETTER_WORTH = 3

#: Least probability. langdetect averages 7 random walks, so anything below means that one of them disagreed.
MIN_CONFIDENCE = 0.9

#: Least share of the letters that are in the script of the language: a Chinese headline read as Korean has
#: none.
_MIN_SCRIPT_SHARE = 0.5

#: Least probability that must be on languages in the script of the text. Below it the text is rather in
#: none that the model knows, and the likeliest of the rest is a guess.
_MIN_POSSIBLE = 0.5

#: How far behind the first a declared language may be to be taken instead: two of langdetect's seven walks.
NEAR_TIE = 0.3

# Tags that mean what has another code here: withdrawn ones, and the written kinds of Norwegian.
_SAME_LANGUAGE = {"iw": "he", "in": "id", "nb": "no", "nn": "no", "cmn": "zh"}

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


@dataclasses.dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """What an article is written in.

    language: ISO 639-1, or `und`.
    confidence: the detector's probability, 0 to 1, rounded to four places; None with `und`.
    """

    language: str
    confidence: float | None


#: What isn't known.
UNKNOWN_LANGUAGE = DetectedLanguage(UNDETERMINED, None)


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
    title: str | None,
    text: str,
    *,
    detector: LanguageDetector | None = None,
    declared: str | None = None,
) -> DetectedLanguage:
    """Tells the language of an article from its title and the beginning of its body.

    detector: the model to ask; langdetect's where none is given.
    declared: what the feed or page says (BCP 47), None where it says nothing. Feeds say "en" whatever they bring, so
    it counts only where the model wavers between two: then it is taken if it is one of them, and not `NEAR_TIE` behind.
    Returns `und` for what can't be told: nothing but digits, emoji or addresses, one word, too few letters,
    few letters all in capitals, a script, letters or little words that the found language isn't written in, and where
    the model hesitates. `zh-cn` and `zh-tw` are `zh`, with their probabilities added.

        >>> detect_language("Haushalt beschlossen", "Der Stadtrat hat am Abend den Haushalt beschlossen.")
        DetectedLanguage(language='de', confidence=1.0)
    """
    prose = clean_for_detection(title, text)
    letters = letters_of(prose)
    if not letters.dense and len(list(itertools.islice(LETTERS.finditer(prose), 2))) < 2:
        return UNKNOWN_LANGUAGE
    worth = letters.count + letters.dense * (_DENSE_LETTER_WORTH - 1)
    if worth < MIN_LETTERS or letters.different() < MIN_DIFFERENT_LETTERS:
        return UNKNOWN_LANGUAGE
    if 2 * letters.capitals > letters.count:
        if worth < MIN_CAPITAL_LETTERS:
            return UNKNOWN_LANGUAGE
        prose = prose.lower()
    if detector is None:
        detector = default_detector()
    possible, excluded = [], 0.0
    for language, probability in _totals(detector.scores(prose)):
        if letters.share(SCRIPT_OF.get(language, "latin")) >= _MIN_SCRIPT_SHARE:
            possible.append((probability, language))
        else:
            # Its walks stray from Chinese to Korean; where the letters exclude that, it is not counted.
            excluded += probability
    if not possible or excluded > 1 - _MIN_POSSIBLE:
        return UNKNOWN_LANGUAGE
    # By name among equals, since langdetect's own order is that of a directory listing.
    probability, language = max(possible)
    likely = probability / (1 - excluded) >= MIN_CONFIDENCE
    if not likely and declared is not None:
        tag = declared.lower().replace("_", "-").split("-", 1)[0]
        tag = _SAME_LANGUAGE.get(tag, tag)
        for other, name in possible:
            if name == tag and probability - other <= NEAR_TIE:
                probability, language, likely = other, name, True
    if not likely or not letters.spell(language) or not words_agree(language, prose):
        return UNKNOWN_LANGUAGE
    return DetectedLanguage(language, min(1.0, round(probability / (1 - excluded), 4)))


def _totals(scores: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The scores by ISO 639-1 code, regional kinds of a language added up."""
    totals: dict[str, float] = {}
    for code, probability in scores:
        language = code.split("-", 1)[0]
        totals[language] = totals.get(language, 0.0) + probability
    return list(totals.items())
