"""Near-duplicates: what is found, what is kept apart, and that neither order nor size matters."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.near_duplicates import (
    BANDS,
    BUCKET_TARGETS,
    FINGERPRINT_RECIPE,
    MAX_CANDIDATES,
    MIN_CONTAINMENT,
    MIN_JACCARD,
    SKETCH_SIZE,
    Fingerprint,
    candidate_pairs,
    could_be_near,
    fingerprint,
    fingerprints,
    is_near_duplicate,
    is_related,
    shingles,
    signature,
    verify,
)

_SYLLABLES = ["ba", "ko", "ri", "ten", "mu", "sal", "ver", "ni", "do", "pra", "hel", "gu"]


def made_up_words(count: int, seed: int) -> list[str]:
    """Prose of a language that does not exist: some words often, most seldom, a name or figure now and then."""
    dice = random.Random(seed)
    vocabulary = ["".join(dice.choices(_SYLLABLES, k=dice.randint(1, 4))) for _ in range(1500)]
    words = []
    for number in range(count):
        word = vocabulary[int(dice.paretovariate(0.7)) % len(vocabulary)]
        kind = dice.random()
        if kind < 0.06:
            word = word.capitalize() + "ov"
        elif kind < 0.09:
            word = str(dice.randint(2, 9999))
        words.append(word + ("." if number % 14 == 13 else ""))
    return words


def made_up(count: int, seed: int) -> str:
    return " ".join(made_up_words(count, seed))


def same(a: str, b: str) -> bool:
    return is_near_duplicate(verify(fingerprint(None, a), fingerprint(None, b)))


def found(a: str, b: str) -> bool:
    """Whether the two share a key."""
    rows = np.array([np.frombuffer(fingerprint(None, text).bands, "<u4") for text in (a, b)])
    return len(candidate_pairs(rows)) == 1


def _edited(words: list[str], every: int) -> list[str]:
    return [word for number, word in enumerate(words) if number % every]


def _misread(words: list[str], seed: int) -> list[str]:
    dice = random.Random(seed)
    return [
        "".join(
            dice.choice("xwq") if letter.isalpha() and dice.random() < 0.04 else letter for letter in word
        )
        for word in words
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda words: words[:110],
        lambda words: (
            ["Sign", "up", "for", "our", "letter", "today.", *words, "All", "rights", "reserved", "by", "us."]
        ),
        lambda words: (
            ["Local", "officials", "follow", "this.", *words[:180], "Read", "more:", "five", "things"]
        ),
        lambda words: _edited(words, 9),
        lambda words: _misread(words, 3),
        lambda words: words[210:280] + words[:70] + words[140:210] + words[70:140] + words[280:],
        lambda words: [word.upper() for word in words],
        lambda words: ["\u201c" + word + "\u201d \u2014" for word in words],
    ],
    ids=["cut", "framed", "cut and framed", "edited", "misread", "reordered", "capitals", "punctuation"],
)
def test_a_copy_is_found_and_verified(change: Callable[[list[str]], list[str]]) -> None:
    """Each way in which papers change a story leaves it recognisable, for each of several stories."""
    for seed in range(5):
        words = made_up_words(300, seed)
        copy = " ".join(change(words))
        assert found(" ".join(words), copy)
        assert same(" ".join(words), copy)


def test_stories_of_their_own_are_not_copies() -> None:
    """Texts that draw on the same words, and share closing lines, are different stories."""
    tail = (
        " Copyright this year by the made-up agency. All rights reserved. Follow us on social media for more."
    )
    texts = [made_up(120, seed) + tail for seed in range(12)]
    marks = list(fingerprints((None, text) for text in texts))
    assert not any(is_near_duplicate(verify(a, b)) for a in marks for b in marks if a is not b)


_FORMS = [
    "Police in {0} ask for witnesses after a {1}-year-old was hurt in a crash on the {2} road on Friday evening. The "
    "street was shut for {3} hours. Anyone who saw it is asked to call and quote number {4}. Nobody else was hurt.",
    "The treasury said on Monday it sold {4} million in {1}-day bills at a mean yield of {3}.{1} percent. Bids for the "
    "bills came to {2}{4} million. The next sale will be held in {0} on day {3}, and officials gave no further word.",
    "{0} won {3}-{1} at home on Sunday with a late goal by {5} in minute {2}, before a crowd of {4}. They had lost "
    "{1} of their last {2} games. Their coach {6} said that the result was fair and thanked all those who came.",
]


@pytest.mark.parametrize("form", _FORMS, ids=["appeal", "auction", "match"])
def test_notices_from_one_form_are_different_stories(form: str) -> None:
    """Where the words agree and the figures, places and names do not, it is another event."""
    dice = random.Random(1)
    towns = ["Alva", "Brintok", "Corrada", "Delmouth", "Estrand", "Fallow"]
    names = ["Anton Prell", "Bea Sundkvist", "Carlo Vint", "Dora Maas", "Emil Orr", "Fay Tulloch"]
    notices = [
        form.format(
            towns[n],
            dice.randint(10, 80),
            dice.randint(10, 90),
            n + 2,
            dice.randint(10000, 99999),
            names[n],
            names[-n],
        )
        for n in range(5)
    ]
    for a in notices:
        for b in notices:
            assert same(a, b) == (a is b)


def test_a_corrected_figure_does_not_make_another_story() -> None:
    """A toll that rises in a long story is an update of it."""
    words = made_up_words(200, 7)
    updated = list(words)
    place = next(n for n, word in enumerate(words) if word.isdigit())
    updated[place] = "77777"
    assert same(" ".join(words), " ".join(updated))


def test_a_shared_block_is_not_a_copy() -> None:
    """Two short reports over one long list of links share most of their text and are two reports."""
    links = made_up_words(150, 50)
    one, two = made_up_words(70, 51) + links, made_up_words(70, 52) + links
    assert verify(fingerprint(None, " ".join(one)), fingerprint(None, " ".join(two))).containment > 0.6
    assert not same(" ".join(one), " ".join(two))


@pytest.mark.parametrize("first", [0x4E00, 0x0E01, 0x3041])
def test_text_without_spaces_is_compared_by_characters(first: int) -> None:
    """A cut Chinese, Thai or Japanese text is found, with or without spaces between its words."""
    dice = random.Random(first)
    text = "".join(chr(first + dice.randrange(40)) for _ in range(600))
    spaced = " ".join(text[n : n + 3] for n in range(0, 300, 3))
    assert found(text, text[:300])
    assert same(text, text[:300])
    assert same(text, spaced)
    assert not same(text[:300], text[300:])


@pytest.mark.parametrize("hidden", ["\u00ad", "\u200b", "\ufeff", "\u2060"])
def test_invisible_marks_change_nothing(hidden: str) -> None:
    """Soft hyphens and zero-width marks stand inside words."""
    text = made_up(60, 1)
    assert fingerprint(None, text.replace("ten", f"te{hidden}n")) == fingerprint(None, text)


def test_headlines_count_for_teasers_only() -> None:
    """A story under another headline is the same story; a teaser is nothing without its headline."""
    text = made_up(80, 1)
    assert fingerprint("One headline", text) == fingerprint("Quite another", text)
    assert fingerprint("One headline", "Read on.") != fingerprint("Quite another", "Read on.")


@pytest.mark.parametrize(
    "text", ["", " ", "word", "\n\n", "1", "!?", "\x00", "\ud800", "汉", "\U0001f600", "a b"]
)
def test_a_text_that_says_nothing_is_no_copy(text: str) -> None:
    """Nothing is like nothing: no keys, no likeness, no error."""
    mark = fingerprint(None, text)
    assert mark.bands == b""
    assert not is_near_duplicate(verify(mark, mark))
    assert not is_near_duplicate(verify(mark, fingerprint(None, made_up(50, 1))))


def test_a_huge_text_takes_no_longer_than_its_length() -> None:
    """Five megabytes with and without spaces: seconds would show something worse than linear."""
    with no_hang():
        for text in ("word " * 1_000_000, "x" * 5_000_000, "汉字" * 2_500_000, "1.2 " * 1_250_000):
            assert len(fingerprint(None, text).sketch) <= 4 * SKETCH_SIZE


def test_the_recipe_is_what_it_was() -> None:
    """Stored fingerprints are compared with new ones, on another machine and next year: a change needs a new recipe."""
    text = (
        "The Council of Alva met on 3 May; 汉字新闻也在 one text, with Straße and Ελλάδα, and it met again."
    )
    mark = fingerprint(None, text)
    assert FINGERPRINT_RECIPE == "n1r2"
    assert (mark.shingle_count, mark.sketch[:12].hex(), mark.bands[:12].hex()) == GOLDEN


GOLDEN = (23, "b4a6e7017d008c1c6197c91c", "7153361279e32c55bcfa85aa")


def test_a_batch_makes_what_single_calls_make() -> None:
    """An article's fingerprint depends on nothing around it."""
    texts = [made_up(length, length) for length in (0, 3, 40, 700, 41)] + ["", "汉字新闻" * 30, "x"]
    assert list(fingerprints((None, text) for text in texts)) == [fingerprint(None, text) for text in texts]


def test_a_sketch_estimates_what_whole_texts_share() -> None:
    """Of texts far longer than a sketch, containment and Jaccard come out right to a tenth."""
    words = made_up_words(4000, 1)
    whole, part = (" ".join(some) for some in (words[:2000], words[1000:3000]))
    seen = verify(fingerprint(None, whole), fingerprint(None, part))
    one, two = (set(shingles(None, text).hashes.tolist()) for text in (whole, part))
    assert min(len(one), len(two)) > 2 * SKETCH_SIZE
    assert seen.containment == pytest.approx(len(one & two) / min(len(one), len(two)), abs=0.1)
    assert seen.jaccard == pytest.approx(len(one & two) / len(one | two), abs=0.1)


@given(st.lists(st.text(max_size=200), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_is_taken_and_likeness_is_mutual(texts: list[str]) -> None:
    """No text raises; every text is like itself; it does not matter which comes first."""
    marks = list(fingerprints((None, text) for text in texts))
    for a in marks:
        assert a.shingle_count == 0 or verify(a, a).containment == 1.0
        for b in marks:
            assert verify(a, b) == verify(b, a)


def test_minhash_agrees_with_jaccard() -> None:
    """Equal places of two signatures, of all, are the Jaccard similarity of the shingles."""
    words = made_up_words(400, 9)
    rows = [signature(shingles(None, " ".join(part)), 1, 512, 5)[0] for part in (words, words[:200])]
    truth = verify(fingerprint(None, " ".join(words)), fingerprint(None, " ".join(words[:200]))).jaccard
    assert np.mean(rows[0] == rows[1]) == pytest.approx(truth, abs=0.1)


def _rows(count: int) -> npt.NDArray[np.uint32]:
    return np.random.default_rng(1).integers(0, 2**32, size=(count, BANDS), dtype=np.uint32)


def test_candidates_share_a_key() -> None:
    """Pairs are those that share a key, once each, the earlier first; of known ones only those with a new one."""
    rows = _rows(6)
    rows[4, 3], rows[5, 3], rows[5, 7], rows[1, 0] = rows[2, 3], rows[2, 3], rows[2, 7], rows[0, 0]
    assert candidate_pairs(rows).tolist() == [[0, 1], [2, 4], [2, 5], [4, 5]]
    assert candidate_pairs(rows, known=5).tolist() == [[2, 5], [4, 5]]
    assert candidate_pairs(rows[:1]).tolist() == candidate_pairs(rows[:0]).tolist() == []


def test_a_crowded_bucket_is_bounded_and_settled_by_rank() -> None:
    """However many share a key, each is paired with the first of them, and with no more than a few."""
    rows = _rows(3000)
    rows[:, :20] = 7
    pairs = candidate_pairs(rows)
    assert np.bincount(pairs[:, 1]).max() <= min(BUCKET_TARGETS, MAX_CANDIDATES)
    assert pairs[:, 0].max() < BUCKET_TARGETS
    assert set(range(1, 3000)) == set(pairs[:, 1].tolist())


def test_pairs_do_not_depend_on_what_ranks_later() -> None:
    """What was paired stays so when later articles come."""
    rows = _rows(200)
    rows[::2, 5] = 1
    rows[::3, 9] = 2
    before = candidate_pairs(rows[:120]).tolist()
    after = candidate_pairs(rows)
    assert after[after[:, 1] < 120].tolist() == before
    assert sorted(before + candidate_pairs(rows, known=120).tolist()) == sorted(after.tolist())


def test_related_is_weaker_than_alike() -> None:
    """Two different cuts of a story are related by what both have of it."""
    words = made_up_words(300, 2)
    one, two = (fingerprint(None, " ".join(part)) for part in (words[:180], words[120:]))
    seen = verify(one, two)
    assert is_related(seen)
    assert not is_near_duplicate(seen)
    assert isinstance(one, Fingerprint)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 900), st.integers(1, 12)), min_size=2, max_size=8)
)
@settings(max_examples=60, deadline=None)
def test_what_is_ruled_out_together_is_no_near_duplicate(cuts: list[tuple[int, int, int]]) -> None:
    """For texts with none, some and most words in common; empty, of a whole sketch, and of more than one holds."""
    stories = [made_up_words(900, seed) for seed in range(4)]
    prints = [fingerprint(None, " ".join(stories[story][:length][::step])) for story, length, step in cuts]
    pairs = np.array([(one, other) for one in range(len(prints)) for other in range(len(prints))])
    for (one, other), could in zip(pairs.tolist(), could_be_near(prints, pairs).tolist(), strict=True):
        similarity = verify(prints[one], prints[other])
        has_enough = similarity.containment >= MIN_CONTAINMENT and similarity.jaccard >= MIN_JACCARD
        assert could or not has_enough
        # Of texts of one length the shorter is not known before they are looked at closely.
        assert has_enough or not could or prints[one].shingle_count == prints[other].shingle_count
