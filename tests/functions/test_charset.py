"""Bytes to safe text."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions.charset import clean, decode_text, scrub, wide_codec

# On a busy machine the first draw, which builds tables of Unicode, takes seconds.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Made-up sentences, each in a charset of its country.
LEGACY = [
    ("cp1252", "It’s the “end” of the café, the mayor said – really.\nNothing more is known."),
    ("cp1252", "Le maire a été réélu à la tête de la ville, où il siège déjà depuis dix années."),
    ("cp1252", "Die Bürger müssen für die Erhöhung der Gebühren zahlen, sagte der Bürgermeister."),
    (
        "cp1250",
        "Zastupnički dom u četvrtak će raspravljati o prijedlogu zakona koji štiti šume i žive ograde.",
    ),
    ("cp1251", "Мэр города заявил, что переговоры о ремонте моста продолжатся на следующей неделе."),
    ("koi8_r", "Мэр города заявил, что переговоры о ремонте моста продолжатся на следующей неделе."),
    ("shift_jis", "市長は今日、議会で新しい橋の計画について説明した。"),
    ("euc_jp", "市長は今日、議会で新しい橋の計画について説明した。市民からは反対の声もあがった。"),
    ("gb18030", "市长今天在会议上介绍了新桥的计划,市民们对此表示欢迎。"),
    ("big5", "市長今天在會議上介紹了新橋的計劃,市民們對此表示歡迎。"),
    ("cp949", "시장은 오늘 의회에서 새로운 다리의 계획을 설명했다."),
    ("cp1253", "Ο δήμαρχος δήλωσε ότι οι συνομιλίες θα συνεχιστούν την επόμενη εβδομάδα."),
]
MIXED = "Ein Satz über Brücken.\nМост и 市長 🌉\n"


@pytest.mark.parametrize(("codec", "text"), LEGACY)
def test_a_legacy_charset_is_detected(codec: str, text: str) -> None:
    """Without a declaration the bytes tell, and the guess is in the warnings."""
    assert decode_text(text.encode(codec)) == (text, ("charset_detected",))


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("latin-1", "cp1252", "“Café”"),
        ("ISO-8859-1", "cp1252", "naïve – oui"),
        ("us-ascii", "cp1252", "é"),
        (' "Windows-1251" ', "cp1251", "Мост"),
        ("gb2312", "gb18030", "镕基"),
        ("euc-kr", "cp949", "똠방각하"),
        ("shift_jis", "cp932", "①髙橋"),
        ("iso-8859-9", "cp1254", "ığdır"),
        ("ISO-8859-15", "iso8859_15", "100 €"),
        ("iso-2022-jp", "iso2022_jp", "市長は橋を渡った"),
    ],
)
def test_what_is_declared_is_believed(declared: str, codec: str, text: str) -> None:
    """Labels mean what the WHATWG standard says, and no warning is needed."""
    assert decode_text(text.encode(codec), declared) == (text, ())


@pytest.mark.parametrize(
    "label", ["rot13", "punycode", "unicode_escape", "utf-7", "zlib", "no such", "", "é"]
)
def test_an_unknown_label_counts_as_none(label: str) -> None:
    """Nor do the codecs of Python that are no charsets."""
    text = LEGACY[2][1]
    assert decode_text(text.encode("cp1252"), label) == (text, ("charset_detected",))


@pytest.mark.parametrize("declared", [None, "iso-8859-1", "utf-16", "shift_jis"])
def test_utf8_beats_what_is_declared(declared: str | None) -> None:
    """Wrong declarations abound; valid UTF-8 by chance does not."""
    assert decode_text(MIXED.encode(), declared) == (MIXED, ())


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("declared", [None, "windows-1252"])
def test_a_bom_decides(codec: str, declared: str | None) -> None:
    """It also is not in the text, even twice."""
    assert decode_text(("\ufeff" + MIXED).encode(codec), declared) == (MIXED, ())
    assert decode_text(("\ufeff\ufeff" + MIXED).encode(codec), declared) == (MIXED, ())
    assert wide_codec(("\ufeff" + MIXED).encode(codec)) == (None if codec == "utf-8" else codec)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", [text for _, text in LEGACY] + ['{"title": "Bridge 🌉 opened"}\n'])
def test_utf16_and_utf32_need_no_bom(codec: str, text: str) -> None:
    """NULs tell, and so do the high bytes of Cyrillic and Greek, which alone are valid UTF-8."""
    text = f"{text}\n\nNext.\n"
    assert decode_text(text.encode(codec)) == (text, ("charset_detected",))


def test_declared_utf16_without_a_bom_is_no_guess() -> None:
    """The declaration and the NULs agree."""
    assert decode_text("<a>é</a>".encode("utf-16-le"), "utf-16") == ("<a>é</a>", ())


@pytest.mark.parametrize(
    ("data", "text", "warnings"),
    [
        ("Café, naïve, déjà vu: é".encode()[:-1], "Café, naïve, déjà vu: \ufffd", ("charset_replaced",)),
        ("é".encode() * 5 + b"\x92", "é" * 5 + "\ufffd", ("charset_replaced",)),
        (b"\xef\xbb\xbfcaf\xe9", "caf\ufffd", ("charset_replaced",)),
        ("\ufeffab".encode("utf-16-le")[:-1], "a\ufffd", ("charset_replaced",)),
        # CESU-8: a pair, and half of one
        (b"bridge \xed\xa0\xbc\xed\xbc\x89", "bridge 🌉", ()),
        (b"bridge \xed\xa0\xbc.", "bridge \ufffd.", ("charset_replaced",)),
    ],
)
def test_damaged_unicode_stays_unicode(data: bytes, text: str, warnings: tuple[str, ...]) -> None:
    """A few bad bytes do not make another charset of the whole text."""
    assert decode_text(data) == (text, warnings)


def test_a_cut_declared_text_stays_in_its_charset() -> None:
    """The last character is replaced, not the charset."""
    data = "市長は橋を渡った".encode("euc_jp")[:-1]
    assert decode_text(data, "euc-jp") == ("市長は橋を渡っ\ufffd", ("charset_replaced",))


def test_a_wrong_declaration_gives_way() -> None:
    """Where the bytes can't be what is declared, they are looked at."""
    codec, text = LEGACY[4]
    assert decode_text(text.encode(codec), "euc-kr") == (text, ("charset_detected",))


@pytest.mark.parametrize(
    ("data", "text", "warnings"),
    [
        (b"", "", ()),
        (b"\xef\xbb\xbf", "", ()),
        (b"one\r\ntwo\rthree\n\r\n", "one\ntwo\nthree\n\n", ()),
        (b"a\0b", "ab", ("nul_removed",)),
        (bytes(5000), "", ("nul_removed",)),
        (b"written to here" + bytes(4096), "written to here", ("nul_removed",)),
        (b"tab\t bell\x07 del\x7f", "tab\t bell del", ()),
        (b"one\x0ctwo\x0bthree\x1ffour", "one\ntwo\nthree four", ()),
    ],
)
def test_text_is_safe(data: bytes, text: str, warnings: tuple[str, ...]) -> None:
    """Line ends are line feeds and controls are gone."""
    assert decode_text(data) == (text, warnings)


@pytest.mark.parametrize(
    ("text", "expected", "warnings"),
    [
        ("plain é 🌉\n\t", "plain é 🌉\n\t", ()),
        ("a\0b\r\nc", "ab\nc", ("nul_removed",)),
        ("\ud83c\udf09", "🌉", ()),
        ("x\ud83c y\udf09 z", "x\ufffd y\ufffd z", ("charset_replaced",)),
        ("\udf09\ud83c", "\ufffd\ufffd", ("charset_replaced",)),
        ("\ud83c\ud83c\udf09\0", "\ufffd🌉", ("charset_replaced", "nul_removed")),
        ("\ufffd as published", "\ufffd as published", ()),
    ],
)
def test_strings_are_scrubbed(text: str, expected: str, warnings: tuple[str, ...]) -> None:
    """Surrogates are joined or replaced, never kept."""
    assert clean(text) == (expected, warnings)
    assert scrub(text) == expected


def is_safe(text: str) -> bool:
    """What a table may hold."""
    text.encode()
    return not any((char < " " and char not in "\n\t") or char == "\x7f" for char in text)


@UNHURRIED
@given(
    st.binary(max_size=300),
    st.sampled_from([None, "utf-8", "latin1", "utf-16", "euc-jp", "iso-2022-jp", "big5"]),
)
def test_no_bytes_raise(data: bytes, declared: str | None) -> None:
    """Whatever comes, text comes out that can be stored, and the same one again."""
    text, warnings = decode_text(data, declared)
    assert is_safe(text)
    assert (text, warnings) == decode_text(data, declared)


@UNHURRIED
@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=100))
def test_no_string_stays_unsafe(text: str) -> None:
    """Scrubbing is complete, and scrubbing again changes nothing."""
    assert is_safe(scrub(text))
    assert scrub(scrub(text)) == scrub(text)


@UNHURRIED
@given(st.text(max_size=100), st.sampled_from([codecs.BOM_UTF8, b""]))
def test_utf8_is_kept(text: str, bom: bytes) -> None:
    """UTF-8 is never taken for something else, unless it is half controls."""
    text = "".join(char for char in text if char >= " " and char != "\x7f")
    decoded, warnings = decode_text(bom + text.encode())
    assert (decoded, warnings) == (text.lstrip("\ufeff"), ())


@pytest.mark.parametrize(
    "data", [b"\xe9 " * 2_000_000, b"\xe9" * 4_000_000, b"a" * 4_000_000 + b"\xe9\n" * 1000]
)
def test_large_input_is_detected_on_a_sample(data: bytes) -> None:
    """Detection costs the same however large the file is."""
    with no_hang():
        text, warnings = decode_text(data)
        assert "charset_detected" in warnings
        assert len(text) > 1_000_000


def test_long_texts_are_cleaned_like_short_ones() -> None:
    """They are worked on in parts, which may begin and end within what is taken out."""
    text = "a\0b\x0c\x0c\x1e" * 600_000
    assert clean(text) == ("ab\n\n " * 600_000, ("nul_removed",))
