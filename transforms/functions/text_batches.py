"""Many texts at once: what `text` and `identity` make of each, from tables that are asked for all characters together.

A call for each text costs more than what it does to most of them. Texts that need to be looked at closely are left to
those functions; for the others the results are the same, several times as fast.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from transforms.functions import identity
from transforms.functions.text import (
    MOJIBAKE_LEAD,
    MOJIBAKE_TAIL,
    WordKind,
    clean_text,
    may_be_mojibake,
    word_count,
    word_kinds,
)

# Characters worked on at a time: arrays of this length stay in the processor's cache.
_CHUNK_CHARACTERS = 1 << 17

_Codes = npt.NDArray[np.uint32]
_Bits = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, slots=True)
class _Joined:
    """The code points of texts, each followed by a line feed, and one more before the first.

    ends: of each text, the place of the line feed behind it; before the first, the place of that in front.
    """

    codes: _Codes
    ends: _Places

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Joined:
        ends = np.zeros(len(texts) + 1, dtype=np.int64)
        np.cumsum([len(text) + 1 for text in texts], out=ends[1:])
        joined = "\n".join(["", *texts, ""]).encode("utf-32-le", "surrogatepass")
        return cls(np.frombuffer(joined, dtype="<u4"), ends)

    def with_any(self, places: _Mask) -> _Mask:
        """Which texts have one of these places in them, or in the line feed behind."""
        found = np.zeros(len(self.ends) - 1, dtype=bool)
        hits = np.flatnonzero(places)
        found[np.minimum(np.searchsorted(self.ends[1:], hits), len(found) - 1)] = True
        return found


def _chunks(texts: Sequence[str]) -> list[Sequence[str]]:
    chunks, start, size = [], 0, 0
    for place, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK_CHARACTERS:
            chunks.append(texts[start : place + 1])
            start, size = place + 1, 0
    if start < len(texts):
        chunks.append(texts[start:])
    return chunks


def clean_texts(texts: Sequence[str]) -> list[str]:
    """`text.clean_text` of each."""
    if _are_few(texts):
        return [clean_text(text) for text in texts]
    cleaned: list[str] = []
    for chunk in _chunks(texts):
        joined = _Joined.of(chunk)
        bits = _cleanness().take(joined.codes, mode="clip")
        before, after = bits[:-1], bits[1:]
        doubtful = ((before & _LEAD) & (after >> 1)) | ((before >> 3) & after & _BLANK)
        untidy = (before & after & _BLANK) | (after & _OTHER_BLANK)
        tidied = _one_blank_for_each_run(joined, bits)
        looks = zip(
            chunk,
            tidied,
            joined.with_any(bits & _ODD > 0).tolist(),
            joined.with_any(np.append(doubtful, 0) > 0).tolist(),
            joined.with_any(np.append(0, untidy) > 0).tolist(),
            strict=True,
        )
        for text, tidy, is_odd, is_doubtful, is_untidy in looks:
            if is_odd or (is_doubtful and (is_untidy or may_be_mojibake(text))):
                cleaned.append(clean_text(text))
            else:
                cleaned.append(tidy if is_untidy else text)
    return cleaned


def _one_blank_for_each_run(joined: _Joined, bits: _Bits) -> list[str]:
    """Texts with a line feed for each run of blanks that holds one, a plain blank for each other, and none outside."""
    is_blank = bits & _BLANK > 0
    kept = ~is_blank
    kept[1:] |= kept[:-1]
    kept[0] = True
    codes = np.where(is_blank, np.uint32(ord(" ")), joined.codes)
    firsts = np.flatnonzero(kept & is_blank)
    line_feeds = np.flatnonzero(joined.codes == ord("\n"))
    codes[firsts[np.searchsorted(firsts, line_feeds, "right") - 1]] = ord("\n")
    places = np.flatnonzero(kept)
    together = codes.take(places).tobytes().decode("utf-32-le", "surrogatepass")
    ends = np.searchsorted(places, joined.ends, "right").tolist()
    return [together[start:end].strip(" \n") for start, end in itertools.pairwise(ends)]


# What a character is to `clean_texts`, in bits: a blank, or line feed; the first or second of a pair by which wrongly
# decoded text is known; the first of such a pair with a blank; what is looked at wherever it stands; and a blank that
# becomes a plain one.
_BLANK, _LEAD, _TAIL, _TAKES_BLANK, _ODD, _OTHER_BLANK = 1, 2, 4, 8, 16, 32

# Code points from here on are always looked at: ideographs that hardly anybody writes.
_RARE = 0x20000


@functools.cache
def _cleanness() -> _Bits:
    """The bits of each code point below `_RARE`, and in the last place of all the rest."""
    everything = "".join(map(chr, range(_RARE)))
    bits = np.zeros(_RARE + 1, dtype=np.uint8)
    for pattern, bit in ((MOJIBAKE_LEAD, _LEAD), (MOJIBAKE_TAIL, _TAIL)):
        for found in pattern.finditer(everything):
            bits[found.start() : found.end()] |= bit
    bits[[ord(character) for character in "\u00c2\u00c3"]] |= _TAKES_BLANK
    odd = {code for code, character in enumerate(everything) if not character.isprintable()}
    odd |= _changed_by_nfc(everything) | {ord("\u251c"), ord("\u252c"), _RARE}
    bits[sorted(odd)] |= _ODD
    bits[[ord(" "), ord("\n")]] = _BLANK
    others = [code for code, character in enumerate(everything) if unicodedata.category(character) == "Zs"]
    bits[[ord("\t"), *others[1:]]] = (bits[[ord("\t"), *others[1:]]] & _TAIL) | _BLANK | _OTHER_BLANK
    return bits


def _changed_by_nfc(characters: str) -> set[int]:
    """What a text in NFC can't hold, or only in some places: a text without any is in NFC."""
    changed = set()
    for character in characters:
        decomposed = unicodedata.normalize("NFD", character)
        if unicodedata.normalize("NFC", decomposed) != character or unicodedata.combining(character):
            changed.add(ord(character))
        # What composes with the character before it.
        changed |= set(map(ord, decomposed[1:]))
    return changed


def comparable_texts(texts: Sequence[str]) -> list[str]:
    """`identity.comparable_text` of each."""
    if _are_few(texts):
        return [identity.comparable_text(text) for text in texts]
    comparable: list[str] = []
    for chunk in _chunks(texts):
        joined = _Joined.of(chunk)
        words = identity.word_table().take(joined.codes, mode="clip")
        is_odd = joined.with_any(words == identity.ODD_WORD).tolist()
        is_word = words != ord(" ")
        # Of blanks in a row the first stays, so that each text with a word in it ends with one.
        kept = is_word.copy()
        kept[1:] |= is_word[:-1]
        words[words == identity.ODD_WORD] = ord(" ")
        places = np.flatnonzero(kept)
        together = words.take(places).tobytes().decode("utf-32-le", "surrogatepass")
        ends = np.searchsorted(places, joined.ends, "right").tolist()
        for text, odd, start, end in zip(chunk, is_odd, ends, ends[1:], strict=False):
            if odd or not unicodedata.is_normalized("NFC", text):
                comparable.append(identity.comparable_text(text))
            else:
                comparable.append(together[start : end - 1] if end > start else "")
    return comparable


def word_counts(texts: Sequence[str]) -> list[int]:
    """`text.word_count` of each."""
    if _are_few(texts):
        return [word_count(text) for text in texts]
    counts: list[int] = []
    for chunk in _chunks(texts):
        joined = _Joined.of(chunk)
        kinds = word_kinds().take(joined.codes, mode="clip")
        is_odd = joined.with_any(kinds == WordKind.ODD).tolist()
        # With all else taken out, a word begins with a letter that has a blank before it.
        counted = np.flatnonzero(kinds != WordKind.NEITHER)
        kinds = kinds[counted]
        is_letter = kinds == WordKind.LETTER
        begins = kinds == WordKind.SYLLABLE
        begins[1:] |= is_letter[1:] & ~is_letter[:-1]
        places = np.searchsorted(counted[begins], joined.ends).tolist()
        for text, odd, start, end in zip(chunk, is_odd, places, places[1:], strict=False):
            counts.append(word_count(text) if odd else end - start)
    return counts


def _are_few(texts: Sequence[str]) -> bool:
    """Whether the tables are not worth the time that they take to be made."""
    return sum(map(len, texts)) < _FEW_CHARACTERS


_FEW_CHARACTERS = 30_000
