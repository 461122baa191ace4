"""Articles that tell the same story in nearly the same words: truncated, reframed, copy-edited, badly scanned.

The way of an article, here and in `_index`:

    title, text -> tokens -> shingles -> Fingerprint: band keys, and a sketch of the shingles
    band keys of many articles -> `candidate_pairs`   who could be alike (MinHash and LSH)
    two sketches               -> `verify`            whether they are (containment, Jaccard, figures, names)
    verified pairs, ranks      -> `groups.group`      which articles are one story, and which of them stands for it

Nothing here looks at a language label: scripts that write spaces give shingles of two words, scripts that do not
give shingles of characters, also within one text. Nothing looks at the time or at other articles: a fingerprint
depends on its article alone, so that what a run made can be compared with what the next one makes.

Published figures and our own say the same of the shingle size: true copies in news share only about 30 % of their
3-word shingles, and MinHash over 2-word shingles does best (CORE: Jaccard .5 over 2-word shingles).
"""

from __future__ import annotations

import dataclasses
import functools
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import rensa

#: The recipe of everything that is stored: shingles, hashes, seeds, bands. Rows of another recipe can't be compared.
#: `rensa` promises its digests per algorithm version, which is therefore part of it.
FINGERPRINT_RECIPE = f"n1r{rensa.RMinHash.ALGORITHM_VERSION}"

#: Keys per article. Two MinHash values make a key, so a pair with Jaccard J shares a given key by chance J squared.
#: Over the whole text, 32 keys find J = .35 with 98.5 %, and J = .45 with 99.9 %.
TEXT_BANDS = 32
#: More keys over the first hundred words: what was cut keeps its beginning, however much of the rest is missing.
LEAD_BANDS = 16
BANDS = TEXT_BANDS + LEAD_BANDS
_ROWS = 2
_TEXT_SEED, _LEAD_SEED = 1, 2

#: Shingles that a sketch keeps at most. A text of up to about this many words is kept whole, and compared exactly.
SKETCH_SIZE = 256

#: Two texts must have this many shingles in common, whatever the share: a shared closing line is no shared story.
MIN_SHARED = 16
#: Share of the shorter text's shingles that the longer one has. Independent reports of one event stay below .3, and
#: a copy with every tenth word changed still has .6.
MIN_CONTAINMENT = 0.4
#: From here on, where the two texts differ does not matter.
SURE_CONTAINMENT = 0.8
# Below that, so many shingles in common; the second number where less than 60 % stand in the longer text. A notice of
# fifty words shares that many with the next one of its trade.
_EDITED_SHARED, _GARBLED_SHARED = 40, 48
#: A text that is a tenth of the other is a quotation, or one item of a digest, and no copy of it.
MIN_JACCARD = 0.1
#: The same, for two articles that are both verified copies of a third.
MIN_RELATED = 0.2

#: Articles of one bucket that others are paired with, and pairs kept for one article: what bounds the work.
BUCKET_TARGETS = 8
MAX_CANDIDATES = 32

#: A text is judged by its first half a million characters: 80,000 words, more than any article.
MAX_CHARACTERS = 500_000
# A text shorter than this is a teaser: its headline is part of what it says.
_TEASER_CHARACTERS = 120
# Characters worked on at a time: arrays of this length stay in the processor's cache.
_CHUNK_CHARACTERS = 1 << 17

_UInt64 = npt.NDArray[np.uint64]
_UInt32 = npt.NDArray[np.uint32]
_UInt8 = npt.NDArray[np.uint8]
_Int = npt.NDArray[np.int64]

# What a code point is, in bits: the low two are its kind of token.
_SPACED, _IDEOGRAPH, _UNSPACED = 1, 2, 3
_KIND, _DIGIT, _UPPER, _STOP, _INVISIBLE = 3, 4, 8, 16, 32
# How many tokens make a shingle, for each kind: two words, or about as many characters as two words have.
_WIDTHS = {_SPACED: 2, _IDEOGRAPH: 5, _UNSPACED: 8}
_LEAD_SHINGLES = 100

# A part of a text, or a kind of shingle, that is judged by itself has this many shingles in the sketch.
_MIN_PART = 4
# Below this, an opening or closing line of a dozen words takes a whole eighth of the text.
_FRAMED_BELOW = 128

# What a shingle holds, in the low two bits of a sketch's values.
_PLAIN, _NAME, _FIGURE = 0, 1, 2
# Above them, where it stands: in which eighth of the text.
_PARTS = 8
_FLAG_BITS = 5
_FLAGS = (1 << _FLAG_BITS) - 1

# Scripts that write no spaces. Tibetan is not among them: its tsheg parts the syllables.
_IDEOGRAPHS = (
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x3100, 0x312F), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0xF900, 0xFAFF), (0x1B000, 0x1B16F),
)  # fmt: skip
_UNSPACED_SCRIPTS = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1980, 0x19DF), (0x1A20, 0x1AAF), (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
)  # fmt: skip
# Code points from here on are ideographs; what little else there is (tags, variation selectors) does not matter.
_ASTRAL_IDEOGRAPHS = 0x20000

_BASE = 0x9E3779B97F4A7C15
_WEIGHTS = tuple(
    np.uint64(value)
    for value in (
        0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD,
        0xC4CEB9FE1A85EC53, 0x9FB21C651E98DF25, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB,
    )
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of an article so that copies of it can be found and verified without its text.

    bands: `BANDS` keys as little-endian uint32; empty where the text is too little to be anybody's copy. A key
        holds its band's number, so that all bands can stand in one column.
    sketch: the smallest `SKETCH_SIZE` shingle hashes, ascending, as little-endian uint32: 27 bits of hash, three of
        the eighth of the text it stands in, two of what it holds (0 plain, 1 a name, 2 a figure).
    shingle_count: distinct shingles of the text.
    """

    bands: bytes
    sketch: bytes
    shingle_count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two articles are, estimated from their sketches; exact where both sketches are whole.

    jaccard: shingles in common, of all shingles of both.
    containment: shingles in common, of those of the shorter text.
    shared: shingles in common, a number.
    weakest_part, weak_part: containment of single eighths of the shorter text: the lowest and the next, after one
        that may be a paper's own line is left out; in a short text two, since such a line at either end fills one.
    specifics: how many of the shingles with a name or a figure are found, relative to the others.
    templated: the words agree and the figures or names do not: two notices from one form.
    """

    jaccard: float
    containment: float
    shared: int
    weakest_part: float
    weak_part: float
    specifics: float
    templated: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Tokens:
    """The tokens of some texts, one after the other: hash, text they are of, kind, and name or figure."""

    hashes: _UInt64
    text: _Int
    kind: _UInt8
    flag: _UInt8


@dataclasses.dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of some texts, ordered by text: hash, number of the text, and what they hold."""

    hashes: _UInt64
    text: _Int
    flag: _UInt8


@functools.cache
def _tables() -> tuple[_UInt8, _UInt32]:
    """For each code point below `_ASTRAL_IDEOGRAPHS`, and for the rest in the last place: bits, and lower case.

    Marks count as letters: to part words at a vowel sign would cut up every Hindi word. Lower case is taken one
    code point for one, since offsets must stay what they are.
    """
    bits = np.zeros(_ASTRAL_IDEOGRAPHS + 1, dtype=np.uint8)
    folded = np.arange(_ASTRAL_IDEOGRAPHS + 1, dtype=np.uint32)
    for code in range(_ASTRAL_IDEOGRAPHS):
        category = unicodedata.category(chr(code))
        if category[0] in "LMN":
            bits[code] = (
                _SPACED | (_DIGIT if category[0] == "N" else 0) | (_UPPER if category in ("Lu", "Lt") else 0)
            )
            lower = chr(code).casefold()
            if len(lower) == 1:
                folded[code] = ord(lower)
        elif category == "Cf":
            bits[code] = _INVISIBLE
    for first, last in _IDEOGRAPHS:
        block = bits[first : last + 1]
        block[block > 0] += _IDEOGRAPH - _SPACED
    for first, last in _UNSPACED_SCRIPTS:
        block = bits[first : last + 1]
        block[block > 0] += _UNSPACED - _SPACED
    bits[0xFE00:0xFE10] = _INVISIBLE
    for stop in ".!?…。．！？।؟።":
        bits[ord(stop)] |= _STOP
    bits[-1] = _IDEOGRAPH
    return bits, folded


@functools.cache
def _powers(length: int) -> tuple[_UInt64, _UInt64]:
    """Powers of `_BASE` and of its inverse, modulo 2**64."""
    powers = np.full(length, _BASE, dtype=np.uint64)
    inverses = np.full(length, pow(_BASE, -1, 1 << 64), dtype=np.uint64)
    powers[0] = inverses[0] = 1
    return np.cumprod(powers), np.cumprod(inverses)


def _mix(hashes: _UInt64) -> _UInt64:
    """The finaliser of SplitMix64: every bit of the input reaches every bit of the result."""
    mixed: _UInt64 = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _tokenise(texts: Sequence[str]) -> _Tokens:
    """The words of texts, and the characters of what is written without spaces, compatibility forms folded."""
    bits_of, folded_of = _tables()
    normal = [text if text.isascii() else _compatible(text) for text in texts]
    ends = np.zeros(len(normal) + 1, dtype=np.int64)
    np.cumsum([len(text) + 1 for text in normal], out=ends[1:])
    codes = np.frombuffer("\n".join([*normal, ""]).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    bits = bits_of.take(codes, mode="clip")
    invisible = bits == _INVISIBLE
    if invisible.any():
        # Soft hyphens and zero-width marks stand inside words.
        kept = ~invisible
        ends = np.concatenate(([0], np.cumsum(kept)))[ends]
        codes, bits = codes[kept], bits[kept]
    kind = bits & _KIND
    starts_token = np.ones(len(kind), dtype=bool)
    np.not_equal(kind[1:], kind[:-1], out=starts_token[1:])
    starts_token |= kind > _SPACED
    starts_token &= kind > 0
    starts = np.flatnonzero(starts_token)
    if not len(starts):
        return _Tokens(
            np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.uint8)
        )

    # A token's hash is a polynomial in its characters: the difference of two running sums, moved to the origin.
    # So it takes no loop over tokens and no limit on their length.
    powers, inverses = _powers(1 << max(20, len(codes).bit_length()))
    sums = folded_of.take(codes, mode="clip").astype(np.uint64)
    astral = codes >= _ASTRAL_IDEOGRAPHS
    if astral.any():
        sums[astral] = codes[astral]
    sums *= kind > 0
    sums *= powers[: len(sums)]
    np.cumsum(sums, out=sums)
    borders = np.append(starts[1:] - 1, len(sums) - 1)
    before = np.concatenate((sums[starts[:1] - 1] if starts[0] else np.zeros(1, np.uint64), sums[borders]))
    hashes = _mix(np.diff(before) * inverses[starts])

    text = np.repeat(np.arange(len(texts)), np.diff(np.searchsorted(starts, ends)))
    figures = _tokens_with(starts, np.flatnonzero(bits & _DIGIT))
    stopped = _tokens_with(starts, np.flatnonzero(bits & _STOP))
    capital = (bits[starts] & _UPPER) > 0
    first = np.ones(len(starts), dtype=bool)
    first[1:] = (text[1:] != text[:-1]) | stopped[:-1]
    # In a text set in capitals, a capital says nothing.
    shouted = np.bincount(text, weights=capital, minlength=len(texts)) * 2 > np.bincount(
        text, minlength=len(texts)
    )
    names = capital & ~first & ~shouted[text]
    flag = np.where(figures, _FIGURE, np.where(names, _NAME, _PLAIN)).astype(np.uint8)
    return _Tokens(hashes, text, kind[starts].astype(np.uint8), flag)


def _compatible(text: str) -> str:
    """A text in NFKC."""
    # All that many a text has of such forms; without them Python sees at a glance that there is nothing to be done.
    for form, plain in (("\u2026", "..."), ("\xba", "o"), ("\xaa", "a"), ("\u2122", "TM")):
        if form in text:
            text = text.replace(form, plain)
    return unicodedata.normalize("NFKC", text)


def _tokens_with(starts: _Int, positions: _Int) -> npt.NDArray[np.bool_]:
    """Which tokens have one of the positions in them or between them and the next token."""
    marked = np.zeros(len(starts) + 1, dtype=bool)
    marked[np.searchsorted(starts, positions, "right")] = True
    return marked[1:]


def _shingle(tokens: _Tokens) -> Shingles:
    hashes, text, flag = [], [], []
    for kind, width in _WIDTHS.items():
        at = np.flatnonzero(tokens.kind == kind)
        at = at[at + width <= len(tokens.hashes)]
        at = at[tokens.text[at + width - 1] == tokens.text[at]]
        combined = tokens.hashes[at] * _WEIGHTS[0]
        holds = tokens.flag[at]
        for offset in range(1, width):
            combined += tokens.hashes[at + offset] * _WEIGHTS[offset]
            holds = np.maximum(holds, tokens.flag[at + offset])
        hashes.append(_mix(combined))
        text.append(tokens.text[at])
        flag.append(holds)
    made = Shingles(np.concatenate(hashes), np.concatenate(text), np.concatenate(flag))
    if sum(len(part) > 0 for part in hashes) < 2:
        return made
    order = np.argsort(made.text, kind="stable")
    return Shingles(made.hashes[order], made.text[order], made.flag[order])


def _lead(shingles: Shingles, count: int) -> Shingles:
    """The first `_LEAD_SHINGLES` of each text."""
    starts = np.searchsorted(shingles.text, np.arange(count))
    first = np.arange(len(shingles.text)) - starts[shingles.text] < _LEAD_SHINGLES
    return Shingles(shingles.hashes[first], shingles.text[first], shingles.flag[first])


def shingles(title: str | None, text: str) -> Shingles:
    """The shingles of one article, in the order in which they stand, repeated ones included.

    The headline counts only where the text is a mere teaser: papers write their own over the same story.
    """
    return _shingle(_tokenise([_material(title, text)]))


def _material(title: str | None, text: str) -> str:
    if title and len(text) < _TEASER_CHARACTERS:
        return f"{title}\n{text}"
    return text[:MAX_CHARACTERS]


def signature(made: Shingles, count: int, permutations: int, seed: int) -> _UInt32:
    """MinHash of the shingles of texts 0 to `count` - 1: one row each, of `permutations` values.

    A text with no shingles has the largest value in every place.
    """
    offsets = np.searchsorted(made.text, np.arange(count + 1)).astype(np.uint64)
    digests = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        np.ascontiguousarray(made.hashes), offsets, permutations, seed
    )
    return np.array(digests.to_rows(), dtype=np.uint32).reshape(count, permutations)


def _bands(made: Shingles, count: int) -> _UInt32:
    whole = signature(made, count, TEXT_BANDS * _ROWS, _TEXT_SEED)
    lead = signature(_lead(made, count), count, LEAD_BANDS * _ROWS, _LEAD_SEED)
    rows = np.concatenate((whole, lead), axis=1).astype(np.uint64)
    keys = (rows[:, 0::2] << np.uint64(32)) | rows[:, 1::2]
    number = np.arange(1, BANDS + 1, dtype=np.uint64) * _WEIGHTS[2]
    bands: _UInt32 = (_mix(_mix(keys) + number) >> np.uint64(32)).astype(np.uint32)
    return bands


def _sketches(made: Shingles, count: int) -> tuple[_UInt32, _Int, _Int]:
    """The smallest shingle hashes of each text: all values, each text's end among them, and its distinct shingles."""
    ends = np.searchsorted(made.text, np.arange(count + 1))
    place = np.arange(len(made.text)) - ends[made.text]
    eighth = place * _PARTS // np.diff(ends)[made.text]
    low = ((made.hashes >> np.uint64(32 + _FLAG_BITS)) << np.uint64(_FLAG_BITS)) | made.flag
    low |= eighth.astype(np.uint64) << np.uint64(2)
    values = (made.text.astype(np.uint64) << np.uint64(32)) | low
    values.sort()
    # Of one shingle in and out of capitals, the plain one stays.
    distinct = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:] >> np.uint64(_FLAG_BITS), values[:-1] >> np.uint64(_FLAG_BITS), out=distinct[1:])
    values = values[distinct]
    text = (values >> np.uint64(32)).astype(np.int64)
    counts = np.bincount(text, minlength=count)
    rank = np.arange(len(values)) - (np.cumsum(counts) - counts)[text]
    return values[rank < SKETCH_SIZE].astype("<u4"), np.cumsum(np.minimum(counts, SKETCH_SIZE)), counts


def fingerprints(articles: Iterable[tuple[str | None, str]]) -> Iterator[Fingerprint]:
    """The fingerprint of each (title, text), in order. In batches this is several times as fast as one by one."""
    batch: list[str] = []
    size = 0
    for title, text in articles:
        batch.append(_material(title, text))
        size += len(batch[-1])
        if size >= _CHUNK_CHARACTERS:
            yield from _fingerprint_batch(batch)
            batch, size = [], 0
    if batch:
        yield from _fingerprint_batch(batch)


def fingerprint(title: str | None, text: str) -> Fingerprint:
    """The fingerprint of one article."""
    return next(fingerprints([(title, text)]))


def _fingerprint_batch(texts: Sequence[str]) -> Iterator[Fingerprint]:
    made = _shingle(_tokenise(texts))
    values, ends, counts = _sketches(made, len(texts))
    bands = _bands(made, len(texts)).astype("<u4")
    start = 0
    for number, end in enumerate(ends.tolist()):
        found = int(counts[number])
        keys = bands[number].tobytes() if found >= MIN_SHARED else b""
        yield Fingerprint(keys, values[start:end].tobytes(), found)
        start = end


def verify(a: Fingerprint, b: Fingerprint) -> Similarity:
    """How alike two articles are; the same whichever comes first.

    A sketch holds the smallest hashes of its text, so below the smaller of the two sketches' largest hashes both
    are complete: what they share there, of what they have there, is what the whole texts share.
    """
    if (b.shingle_count, b.sketch) < (a.shingle_count, a.sketch):
        a, b = b, a
    short, long = np.frombuffer(a.sketch, dtype="<u4"), np.frombuffer(b.sketch, dtype="<u4")
    for one, fingerprint_ in ((short, a), (long, b)):
        if len(one) < fingerprint_.shingle_count:
            top = one[-1] | _FLAGS
            short, long = (
                short[: np.searchsorted(short, top, "right")],
                long[: np.searchsorted(long, top, "right")],
            )
    if not len(short) or not len(long):
        return Similarity(0.0, 0.0, 0, 0.0, 0.0, 0.0, False)
    plain = long >> _FLAG_BITS
    wanted = short >> _FLAG_BITS
    found = plain[np.minimum(np.searchsorted(plain, wanted), len(plain) - 1)] == wanted
    common = int(np.count_nonzero(found))
    counts = np.bincount(short & _FLAGS, minlength=_FLAGS + 1).reshape(_PARTS, 4)
    hits = np.bincount(short[found] & _FLAGS, minlength=_FLAGS + 1).reshape(_PARTS, 4)
    parts = sorted(
        hit / count
        for hit, count in zip(hits.sum(1).tolist(), counts.sum(1).tolist(), strict=True)
        if count >= _MIN_PART
    )
    framed = 1 if a.shingle_count >= _FRAMED_BELOW else 2
    by_content = counts.sum(0)[:3].tolist(), hits.sum(0)[:3].tolist()
    containment = common / len(short)
    return Similarity(
        jaccard=common / (len(short) + len(long) - common),
        containment=containment,
        shared=round(containment * a.shingle_count),
        weakest_part=parts[framed] if len(parts) > framed else containment,
        weak_part=parts[framed + 1] if len(parts) > framed + 1 else containment,
        specifics=_specifics(*by_content),
        templated=_is_templated(*by_content),
    )


def could_be_near(prints: Sequence[Fingerprint], pairs: _Int) -> npt.NDArray[np.bool_]:
    """Which pairs `verify` and `is_near_duplicate` have to look at; the others aren't near-duplicates.

    pairs: rows of two places in `prints`. Of a hundred pairs that share a key hardly one is near; to see that they have
    too few shingles in common takes a fifth of the time when many are looked at together.
    """
    found = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _PAIRS_AT_A_TIME):
        # Only what these pairs need: of a large index more articles share a key with some new one than memory holds.
        places, numbers = np.unique(pairs[start : start + _PAIRS_AT_A_TIME], return_inverse=True)
        hashes, top = _padded([prints[place] for place in places.tolist()])
        one, other = numbers.reshape(-1, 2).T
        limit = np.minimum(top[one], top[other])[:, None]
        left, right = hashes[one], hashes[other]
        both = np.concatenate((left, right), axis=1)
        both.sort(axis=1)
        # No hash stands in a sketch twice, so two alike are one of each.
        alike = (both[:, 1:] == both[:, :-1]) & (both[:, 1:] <= limit)
        common = np.count_nonzero(alike, axis=1)
        left_held, right_held = (np.count_nonzero(side <= limit, axis=1) for side in (left, right))
        shorter = np.minimum(left_held, right_held)
        found[start : start + len(one)] = (
            (shorter > 0)
            & (common / np.maximum(shorter, 1) >= MIN_CONTAINMENT)
            & (common / np.maximum(left_held + right_held - common, 1) >= MIN_JACCARD)
        )
    return found


def _padded(prints: Sequence[Fingerprint]) -> tuple[_UInt32, _UInt32]:
    """The hashes of sketches, a row each, `_PADDING` behind the last; and up to which hash each sketch is complete."""
    padding = b"\xff" * (4 * SKETCH_SIZE)
    rows = np.frombuffer(
        b"".join((one.sketch + padding)[: 4 * SKETCH_SIZE] for one in prints), dtype="<u4"
    ).reshape(-1, SKETCH_SIZE)
    held = np.array([len(one.sketch) // 4 for one in prints])
    is_cut = held < [one.shingle_count for one in prints]
    hashes = rows >> np.uint32(_FLAG_BITS)
    top = np.where(is_cut, hashes[np.arange(len(prints)), np.maximum(held, 1) - 1], _PADDING - np.uint32(1))
    hashes[np.arange(SKETCH_SIZE) >= held[:, None]] = _PADDING
    return hashes, top


#: Above every hash of a sketch, without its flags; and pairs whose sketches fit into the processor's cache.
_PADDING = np.uint32(0xFFFFFFFF)
_PAIRS_AT_A_TIME = 512


def _specifics(counts: Sequence[int], hits: Sequence[int]) -> float:
    """Of the shingles with a name or a figure, how many are found, relative to the others; 1.0 where few have."""
    plain, specific = counts[_PLAIN], counts[_NAME] + counts[_FIGURE]
    if specific < 2 * _MIN_PART or plain < 2 * _MIN_PART:
        return 1.0
    return (hits[_NAME] + hits[_FIGURE]) / specific * (plain + 2) / (hits[_PLAIN] + 1)


def _is_templated(counts: Sequence[int], hits: Sequence[int]) -> bool:
    """Whether what differs is what a form leaves blank.

    counts, hits: shingles of the shorter text, and those found in the longer, by what they hold. An edit, a cut or a
    bad scan hits all words alike. Notices from one form agree in the words and differ in the figures and names.
    """
    total = sum(counts)
    plain, name, figure = counts
    for blank, hit, rest, rest_hit in (
        (figure, hits[_FIGURE], plain + name, hits[_PLAIN] + hits[_NAME]),
        (name + figure, hits[_NAME] + hits[_FIGURE], plain, hits[_PLAIN]),
    ):
        missing = blank - hit
        if missing < max(3, 0.05 * total) or not rest:
            continue
        expected = (rest_hit + 1) / (rest + 2)
        if hit / blank <= 0.7 * expected and _at_most(hit, blank, expected) < 0.001:
            return True
    return False


def _at_most(hits: int, tries: int, chance: float) -> float:
    """The probability of no more than `hits` in so many tries."""
    return math.fsum(math.comb(tries, k) * chance**k * (1 - chance) ** (tries - k) for k in range(hits + 1))


def is_near_duplicate(similarity: Similarity) -> bool:
    """Whether two articles are copies of one text.

    Where four fifths of the shorter text stand in the longer, they are, but for forms filled in otherwise. Where
    less does, it must have been lost as edits and bad scans lose it: everywhere alike, and names no more than other
    words. What two stories have in common is a block (the background, a list of links, how a series begins), or it is
    the phrases of a trade around other names.
    """
    containment = similarity.containment
    if similarity.templated or similarity.jaccard < MIN_JACCARD or containment < MIN_CONTAINMENT:
        return False
    if containment >= SURE_CONTAINMENT:
        return similarity.shared >= MIN_SHARED
    return (
        similarity.shared >= (_EDITED_SHARED if containment >= 0.6 else _GARBLED_SHARED)
        and similarity.weakest_part >= 0.5 * containment
        and similarity.weak_part >= 0.6 * containment
        and similarity.specifics >= 0.75
    )


def is_related(similarity: Similarity) -> bool:
    """Whether two articles may stand in one group when a third is a near-duplicate of both."""
    return similarity.containment >= MIN_RELATED and not similarity.templated


def candidate_pairs(bands: _UInt32, known: int = 0) -> npt.NDArray[np.int64]:
    """Pairs of articles that share a key: rows (earlier, later) of positions in `bands`, each pair once.

    bands: one row of `BANDS` keys per article, in the order of their ranks. known: how many of the first rows were
    paired in an earlier run; pairs among them are left out.

    However many articles share a key, each is paired with the `BUCKET_TARGETS` of them that rank first; and of all
    that an article could be paired with, the `MAX_CANDIDATES` with the most keys in common stay, those that rank
    first among equals. So the work grows with the articles, also where all are in one bucket, and an article's
    pairs do not depend on what ranks after it.
    """
    count = len(bands)
    if count < 2:
        return np.zeros((0, 2), dtype=np.int64)
    pending: list[_UInt64] = []
    merged, weight = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    waiting = 0
    for column in bands.T:
        order = np.argsort(column, kind="stable")
        for found in pairs_in_buckets(column[order], order, known):
            pending.append(found)
            waiting += len(found)
        if waiting > 1 << 22:
            merged, weight = _count(merged, weight, pending)
            pending, waiting = [], 0
    merged, weight = _count(merged, weight, pending)
    later, earlier = split_pairs(merged)
    best = strongest(later, earlier, weight)
    return np.stack((earlier[best], later[best]), axis=1)


def pairs_in_buckets(
    keys: npt.NDArray[np.unsignedinteger[Any]], rows: _Int, known: int = 0
) -> Iterator[_UInt64]:
    """Who is paired with whom in each bucket, as `later << 32 | earlier`.

    keys: of buckets, ascending. rows: who is in them, by rank, ascending within each bucket; the first `known` ranks
    are not paired with one another.
    """
    if not len(keys):
        return
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    start = np.repeat(starts, np.diff(np.append(starts, len(keys))))
    place = np.arange(len(keys)) - start
    at = np.flatnonzero(place > 0)
    for target in range(BUCKET_TARGETS):
        at = at[place[at] > target]
        if not len(at):
            return
        later, earlier = rows[at].astype(np.uint64), rows[start[at] + target].astype(np.uint64)
        found = (later << np.uint64(32)) | earlier
        yield found[later >= known] if known else found


def split_pairs(pairs: _UInt64) -> tuple[_Int, _Int]:
    """The later and the earlier one of pairs as `pairs_in_buckets` gives them."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def count_pairs(pairs: Sequence[_UInt64]) -> tuple[_UInt64, _Int]:
    """Each pair once, ascending, and how often it was found."""
    return _count(np.zeros(0, np.uint64), np.zeros(0, np.int64), pairs)


def strongest(later: _Int, earlier: _Int, weight: _Int) -> _Int:
    """Which pairs stay: for each later one the `MAX_CANDIDATES` with the most keys in common, the strongest first."""
    best = np.lexsort((earlier, -weight, later))
    ordered = later[best]
    firsts = np.searchsorted(ordered, ordered, "left")
    kept: _Int = best[np.arange(len(ordered)) - firsts < MAX_CANDIDATES]
    return kept


def _count(merged: _UInt64, weight: _Int, pending: Sequence[_UInt64]) -> tuple[_UInt64, _Int]:
    values = np.concatenate((merged, *pending))
    weights = np.concatenate((weight, np.ones(len(values) - len(weight), dtype=np.int64)))
    distinct, inverse = np.unique(values, return_inverse=True)
    return distinct, np.bincount(inverse, weights=weights, minlength=len(distinct)).astype(np.int64)
