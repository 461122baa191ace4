"""Plain text put in order, and words counted in all scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.text import clean_text, one_line, word_count

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

CASES = {
    "": "",
    " \n\t ": "",
    "plain text": "plain text",
    # Blanks
    "  a  b\tc\u00a0d\u3000e\u2009f  ": "a b c d e f",
    "a\n\n\n  b \r\n c\rd": "a\nb\nc\nd",
    "a\u2028b\vc\fd": "a\nb\nc\nd",
    "a\u0085 b": "a… b",
    # Form
    "e\u0301te\u0301": "été",
    "ﬁne ½ ™ …": "ﬁne ½ ™ …",
    "“quoted” ‘it’s’ – —": "“quoted” ‘it’s’ – —",
    "Ａ１": "Ａ１",
    # Unseen
    "a\u200bb\ufeffc\u2060d\u00ade": "abcde",
    "a\x00b\x07c\x7fd": "abcd",
    "\u202eabc\u202c \u2066x\u2069 \u200ey\u200f": "abc x y",
    "a\ud800b": "ab",
    "a\ufffcb\uffffc": "abc",
    "a\u200db\u200cc": "abc",
    "می\u200cخواهم": "می\u200cخواهم",
    "क्\u200dष": "क्\u200dष",
    "👩\u200d💻 ❤\ufe0f\u200d🔥": "👩\u200d💻 ❤\ufe0f\u200d🔥",
    f"{ENGLAND}!": f"{ENGLAND}!",
    "a\U000e0041b": "ab",
    # Mojibake
    "Itâ€™s": "It’s",
    "cafÃ©": "café",
    "SÃ£o Paulo â€“ Ã\xa0 noite": "São Paulo – à noite",
    "\x93quoted\x94 \x96 dash": "“quoted” – dash",
    "РџСЂРёРІРµС‚ РјРёСЂ": "Привет мир",
    "Ð¿Ñ€Ð¸Ð²ÐµÑ‚": "привет",
    "ok: naïve, été\nbroken: Ã©tÃ©": "ok: naïve, été\nbroken: été",
    # What only looks broken
    "AMANHÃ À NOITE, SÃO PAULO": "AMANHÃ À NOITE, SÃO PAULO",
    "«Été à l’École»": "«Été à l’École»",
    "Рік, Рівне, Сі": "Рік, Рівне, Сі",
    "ΒΓΟ Ελλάδα": "ΒΓΟ Ελλάδα",
    "&amp; &eacute;": "&amp; &eacute;",
}


@pytest.mark.parametrize("text", CASES, ids=ascii)
def test_clean_text(text: str) -> None:
    """Blanks, form, unseen characters, wrong decoding; and what must stay."""
    assert clean_text(text) == CASES[text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a\nb\n\nc", "a b c"), ("  a\u2028b ", "a b"), ("", ""), ("Itâ€™s\non", "It’s on"), ("Â\n0", "0")],
)
def test_one_line(text: str, expected: str) -> None:
    """A title has no line breaks."""
    assert one_line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("one", 1),
        ("don't e-mail the U.S. 3%", 5),
        ("a — b, c–d … e", 5),
        ("... - !!! _ *", 0),
        ("“quoted” (words)", 2),
        ("नमस्ते दुनिया", 2),
        ("한국 뉴스", 2),
        ("مرحبا بالعالم", 2),
        ("你好，世界", 4),
        ("東京タワー", 5),
        ("iPhone 15发布", 4),
        ("ข่าว", 1),
        ("ประเทศไทย ข่าว", 3),
        ("ព័ត៌មាន", 2),
        ("👍 ok", 1),
    ],
)
def test_word_count(text: str, expected: int) -> None:
    """Words between blanks; characters in Chinese and Japanese; a third of the consonants in Thai and its kin."""
    assert word_count(text) == expected


BROKEN = st.text(max_size=8).map(lambda text: text.encode("utf-8", "replace").decode("cp1252", "replace"))
TROUBLE = st.sampled_from(
    list("ÃÂâ€™Ð ¸РСвЂ©\xa0\xad\u200b\u200d\u200c\u0301é\n\r\x85\u2028👩💻\ufe0fकبअ\x93\x1a\x1eð")
)
ANY_TEXT = st.lists(st.one_of(st.text(max_size=6), BROKEN, TROUBLE), max_size=10).map("".join)


@settings(max_examples=400, deadline=None)
@given(ANY_TEXT)
@example("Â\x1e0")
@example("Ã\u200b©")
@example("Ã\t ")
def test_cleaning_again_changes_nothing(text: str) -> None:
    """And what comes out is in order, whatever went in."""
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert not any(blanks in cleaned for blanks in ("  ", "\n\n", " \n", "\n ", "\r", "\t", "\x00"))
    cleaned.encode("utf-8")
    line = one_line(text)
    assert "\n" not in line
    assert one_line(line) == line
    assert word_count(cleaned) <= len(cleaned)


N = 100_000
HOSTILE = {
    "marks": "e" + "\u0301\u0327" * N,
    "blanks": " " * N,
    "lines": "\n" * N,
    "joiners": "👩\u200d" * N,
    "flags": "\U0001f3f4\U000e0067" * N,
    "zero width": "\u200b" * N,
    "dots": "." * N,
    "thai": "ก" * N,
    "mojibake": "â€™" * N,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_little_time(name: str) -> None:
    """The first would keep unicodedata busy for minutes."""
    with no_hang():
        word_count(clean_text(HOSTILE[name]))
