"""Plain text as it is stored: NFC, mended, without what can't be seen, one line for each paragraph."""

from __future__ import annotations

import enum
import functools
import re
import unicodedata

import ftfy
import numpy as np
import numpy.typing as npt

# Only the mending of wrongly decoded text is asked of ftfy. Quotes, ligatures, widths and what looks like an
# entity stay as published.
_FTFY = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)

# What the bytes 80 to BF look like when UTF-8 is read as Windows-1252, and as Windows-1251.
_TAIL_1252 = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\x1a"
_TAIL_1251 = "\x80-\xbf€‚„…†‡‰‹‘’“”•–—™›ЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї"

# A cheap sign of what ftfy looks into at 25 times the price, and what that sign may mean. ftfy decides in the
# end: these only must not miss.
MOJIBAKE_LEAD = re.compile(r"[ÂÃ\xc4-\xdc\xe0-\xf0ВГРСвāβ‚ĂĹΒΓΞΟ√]")
MOJIBAKE_TAIL = re.compile(rf"[{_TAIL_1252}{_TAIL_1251}ÄŁą˘ł΄΅Ά≥≤∂≠]")
_MOJIBAKE_SIGN = re.compile(MOJIBAKE_LEAD.pattern + MOJIBAKE_TAIL.pattern)
_MOJIBAKE = re.compile(
    rf"[\xc2-\xdc][{_TAIL_1252}]"  # two bytes: accents, Greek, Cyrillic, Hebrew, Arabic
    rf"|[\xe0-\xef][{_TAIL_1252}][{_TAIL_1252} ]"  # three: punctuation, Asia
    rf"|ð[{_TAIL_1252}]"  # four: emoji
    rf"|[ВГРС][{_TAIL_1251}][ВГРС]"  # as Windows-1251
    r"|[âвāβ‚][€ЂÄ]"  # quotes and dashes, as Windows-1251, 1253, 1257 and Mac Roman
    rf"|[ĂĹ][{_TAIL_1252}Łą˘ł]"  # as Windows-1250
    rf"|[ΒΓΞΟ][{_TAIL_1252}΄΅Ά]"  # as Windows-1253
    r"|[√├┬][^\x00-\x7f]"  # as Mac Roman and code page 437
    r"|[ÂÃ][ ]"  # where the no-break space of the pair became a blank
)

# Windows-1252's punctuation, read as Latin-1.
_C1_CONTROL = re.compile("[\x80-\x9f]")

# Characters that are not seen, or that only change how others are seen: controls, soft hyphen, zero width,
# bidirectional marks and overrides, interlinear marks, tags, non-characters, surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# The flags of England, Scotland and Wales are spelt in tags.
_FLAG = "\U0001f3f4"
_FLAG_OR_UNSEEN = re.compile(f"({_FLAG}[\U000e0020-\U000e007e]{{1,8}}\U000e007f)|{_UNSEEN.pattern}")

# Zero-width joiner and non-joiner. Arabic, Indic and South-East Asian scripts spell with both, emoji with the
# joiner ("woman" joiner "laptop"); elsewhere they are rubbish or a watermark.
_JOINER = re.compile("[\u200c\u200d]+")
_JOINING_LETTER = re.compile(
    "[\u0590-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1c4f\ua840-\ua87f\ua8e0-\ua8ff"
    "\ua980-\ua9ff\uaa00-\uaadf\uabc0-\uabff\ufb50-\ufdcf\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
_EMOJI = re.compile("[\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\u20e3\U0001f000-\U0001faff]")

# Putting a run of combining marks in order takes Python the square of its length. Lines that could hold a long
# run are looked through; 30 marks on one letter are Unicode's own limit for text in streams (UAX 15).
_LONG_LINE = 4_000
_MAX_MARKS = 30
_NEITHER_WORD_NOR_BLANK = re.compile(r"[^\w\s\x00-\x7f]+")

# Scripts written without blanks between words: kana and Han, then Thai, Lao, Myanmar and Khmer.
_SYLLABIC = re.compile(
    "[\u3041-\u3096\u30a1-\u30fa\u30fc\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d"
    "\U00020000-\U0003ffff]"
)
_SOUTH_EAST = re.compile(
    "[\u0e01-\u0e2e\u0e81-\u0eae\u0edc-\u0edf\u1000-\u102a\u103f\u1050-\u1055\u1780-\u17b3]"
)
_UNSPACED = re.compile(
    "[\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1780-\u17f9\u3041-\u3096\u30a1-\u30fc\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]+"
)
_LETTER = re.compile(r"[^\W_]")
_DASHES = "‒–—―…"

# Consonants to a word in Thai, Lao, Burmese and Khmer, whose words are not set apart: "ประเทศไทย" (two words)
# has six, "ข่าว" two.
_CONSONANTS_PER_WORD = 3

# Each layer of wrong decoding costs a pass; nobody has seen more than three.
_MAX_PASSES = 8


def clean_text(text: str) -> str:
    """Text as it is stored: plain, in NFC, paragraphs apart by one newline, single blanks, no outer blanks.

    Wrongly decoded text ("Itâ€™s") is mended where ftfy is sure. Characters that can't be seen are taken out,
    except joiners between letters that are spelt with them; all blanks, no-break and ideographic ones too,
    become plain ones. Letters, quotes, dashes and symbols stay as published.

    Idempotent; never raises; linear.
    """
    for _ in range(_MAX_PASSES):
        before = text
        broken = not text.isascii() and may_be_mojibake(text)
        text, is_other = _tidy(_mend(text) if broken else text)
        # What was taken out may have parted a wrongly decoded pair; a mended pair may be half of another.
        if text == before or not (broken or is_other) or not may_be_mojibake(text):
            break
    return text


def one_line(text: str) -> str:
    """Text of a title, name or tag: as `clean_text`, on one line."""
    text = clean_text(text)
    # Again, since a wrongly decoded pair may have been parted by the line break.
    while "\n" in text:
        text = clean_text(text.replace("\n", " "))
    return text


def word_count(text: str) -> int:
    """How many words a text has, so that lengths compare between languages.

    Where words are set apart: what stands between blanks or dashes and has a letter or digit in it:
    "don't", "U.S." and "e-mail" are one each. Chinese and Japanese: each character is one, as word processors
    count. Thai, Lao, Burmese and Khmer: a third of the consonants, rounded up for each run.
    """
    if (western := _western_word_count(text)) is not None:
        return western
    if (spaced := _spaced_word_count(text)) is not None:
        return spaced
    count = 0
    if not text.isascii():
        if _UNSPACED.search(text) is not None:
            for run in _UNSPACED.findall(text):
                count += len(_SYLLABIC.findall(run))
                count += -(-len(_SOUTH_EAST.findall(run)) // _CONSONANTS_PER_WORD)
            text = _UNSPACED.sub(" ", text)
        for dash in _DASHES:
            text = text.replace(dash, " ")
    words = text.split()
    plain = sum(map(str.isalnum, words))
    if plain == len(words):
        return count + plain
    return count + plain + sum(_LETTER.search(word) is not None for word in words if not word.isalnum())


def _western_word_count(text: str) -> int | None:
    """`word_count` of what can be written in Windows-1252, by way of bytes; None of what can't."""
    try:
        data = text.encode("cp1252")
    except UnicodeEncodeError:
        return None
    table, neither = _western_letters()
    # With all else taken out, what blanks still set apart has a letter or digit in it.
    return len(data.translate(table, neither).split())


def _spaced_word_count(text: str) -> int | None:
    """`word_count` where all words are set apart, or none is as in Chinese and Japanese; None of anything else."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds = word_kinds().take(codes, mode="clip")
    if kinds.max() == WordKind.ODD:
        return None
    # With all else taken out, a word begins with a letter that has a blank, or nothing, before it.
    kinds = kinds[kinds != WordKind.NEITHER]
    letters = kinds == WordKind.LETTER
    begins = letters[1:] & ~letters[:-1]
    return int(np.count_nonzero(begins) + letters[:1].sum() + np.count_nonzero(kinds == WordKind.SYLLABLE))


class WordKind(enum.IntEnum):
    """What a character is to `word_count`. ODD: to be counted in runs of its script."""

    NEITHER = 0
    BLANK = 1
    LETTER = 2
    SYLLABLE = 3
    ODD = 4


@functools.cache
def word_kinds() -> npt.NDArray[np.uint8]:
    """What each code point below U+20000 is to `word_count`; in the last place all the rest."""
    everything = "".join(map(chr, range(0x20000)))
    kinds = np.full(0x20001, WordKind.NEITHER, dtype=np.uint8)
    kinds[:-1][[character.isalnum() for character in everything]] = WordKind.LETTER
    kinds[:-1][[character.isspace() for character in everything]] = WordKind.BLANK
    for pattern, kind in (
        (re.compile(f"[{_DASHES}]"), WordKind.BLANK),
        (_UNSPACED, WordKind.BLANK),
        (_SYLLABIC, WordKind.SYLLABLE),
        (_SOUTH_EAST, WordKind.ODD),
    ):
        for found in pattern.finditer(everything):
            kinds[found.start() : found.end()] = kind
    kinds[-1] = WordKind.ODD
    return kinds


@functools.cache
def _western_letters() -> tuple[bytes, bytes]:
    """A table of Windows-1252 that makes dashes blanks and letters one letter; and the bytes that are neither."""
    table, neither = bytearray(range(256)), bytearray()
    for code in range(256):
        character = bytes([code]).decode("cp1252", "ignore")
        if character.isspace() or (character and character in _DASHES):
            table[code] = ord(" ")
        elif character.isalnum():
            table[code] = ord("a")
        else:
            neither.append(code)
    return bytes(table), bytes(neither)


def _mend(text: str) -> str:
    """Mends wrongly decoded text by lines: a quoted mail may be broken where the article around it isn't."""
    return "\n".join(
        ftfy.fix_encoding(line, _FTFY) if may_be_mojibake(line) else line for line in text.split("\n")
    )


def may_be_mojibake(text: str) -> bool:
    """Whether ftfy has to look at a text."""
    has_sign = (
        "Ã " in text or "Â " in text or "├" in text or "┬" in text or _MOJIBAKE_SIGN.search(text) is not None
    )
    if has_sign and _MOJIBAKE.search(text) is not None:
        return True
    # isprintable() is false for controls, and far faster than looking for them.
    return not text.replace("\n", " ").isprintable() and _C1_CONTROL.search(text) is not None


def _tidy(text: str) -> tuple[str, bool]:
    """NFC, nothing unseen, blanks in order; and whether more than plain blanks and line breaks came out or changed.

    One pass; see `clean_text` for why that can be too few.
    """
    lines = text.split("\n")
    # isprintable() is false for every unseen character and every blank but the plain one, and far faster than
    # looking for them.
    printable = all(map(str.isprintable, lines))
    if not printable:
        text = _FLAG_OR_UNSEEN.sub(r"\1", text) if _FLAG in text else _UNSEEN.sub("", text)
        if "\u200c" in text or "\u200d" in text:
            text = _JOINER.sub(_keep_joiner, text)
        lines = text.splitlines()
    edges = f"\n{text}\n"
    if not printable or "  " in text or "\n\n" in edges or "\n " in edges or " \n" in edges:
        joined = (" ".join(line.split()) for line in lines)
        text = "\n".join(line for line in joined if line)
    if len(text) > _LONG_LINE and any(len(line) > _LONG_LINE for line in text.split("\n")):
        limited = _NEITHER_WORD_NOR_BLANK.sub(_limit_marks, text)
        text, printable = limited, printable and limited == text
    normal = unicodedata.normalize("NFC", text)
    return normal, not printable or normal != text


def _limit_marks(match: re.Match[str]) -> str:
    if len(match[0]) <= _MAX_MARKS:
        return match[0]
    kept = []
    marks = 0
    for character in match[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _keep_joiner(match: re.Match[str]) -> str:
    text, start, end = match.string, match.start(), match.end()
    if start == 0 or end == len(text):
        return ""
    before, after, joiner = text[start - 1], text[end], text[start]
    if _JOINING_LETTER.match(before) and (_JOINING_LETTER.match(after) or joiner == "\u200d"):
        return joiner
    if joiner == "\u200d" and _EMOJI.match(before) and _EMOJI.match(after):
        return joiner
    return ""
