"""Many texts at once come out as one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.functions.test_text import CASES
from transforms.functions import text_batches
from transforms.functions.identity import comparable_text
from transforms.functions.text import clean_text, word_count
from transforms.functions.text_batches import clean_texts, comparable_texts, word_counts

# What is looked at closely, or changes what stands beside it.
PIECES = [
    *"aÉßǆ. ,'-–…²½ﬁ東ไ한ก", " ", "  ", "\n", "\t", "\r", "\xa0", "\u3000", "\u2028", "\u200d", "\u200b", "\xad",
    "e\u0301", "\u0301", "\u1161", "\ud800", "\U00020000", "\U0001f600", "Ã", "Â", "â€™", "\x93", "├", "В", "і",
    "word ",
]  # fmt: skip

TEXTS = st.lists(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30), max_size=9
)


@pytest.fixture(autouse=True)
def _tables_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_batches, "_FEW_CHARACTERS", 0)


@pytest.mark.parametrize("chunk", [1, 40, 1 << 17])
def test_every_case_of_a_clean_text(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the texts that stand beside it."""
    monkeypatch.setattr(text_batches, "_CHUNK_CHARACTERS", chunk)
    assert clean_texts(list(CASES)) == list(CASES.values())


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_texts_are_cleaned_as_one_by_one(texts: list[str]) -> None:
    """Empty ones, blanks at the edges, and what would join with its neighbour too."""
    assert clean_texts(texts) == list(map(clean_text, texts))


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_texts_are_compared_as_one_by_one(texts: list[str]) -> None:
    """Those that are not in normal form, too."""
    assert comparable_texts(texts) == list(map(comparable_text, texts))


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_words_are_counted_as_one_by_one(texts: list[str]) -> None:
    """In all scripts."""
    assert word_counts(texts) == list(map(word_count, texts))
