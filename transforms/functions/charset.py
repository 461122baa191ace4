"""Bytes to text that is safe to store: in the right charset, with no NUL, lone surrogate or control."""

from __future__ import annotations

import codecs
import re
from typing import Final

import charset_normalizer

#: The charset was not stated, or stated wrongly: it was guessed from the bytes.
CHARSET_DETECTED: Final = "charset_detected"
#: Bytes that the charset can't mean became U+FFFD.
CHARSET_REPLACED: Final = "charset_replaced"
#: NUL characters were taken out.
NUL_REMOVED: Final = "nul_removed"

#: Bytes looked at to tell a charset: enough to be sure, and a bound on what detection costs.
_SAMPLE_BYTES = 64 * 1024

# Python's codec for each charset of the WHATWG Encoding Standard, with its labels. Not Python's own aliases:
# to the web "latin-1" and "ascii" mean windows-1252 and "gb2312" means GB 18030; and Python's table also
# holds rot13, punycode and unicode_escape, which nobody's header may choose. "replacement" charsets
# (iso-2022-kr, hz-gb-2312, utf-7) are left out.
_LABELS: Final = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "utf-16-le": "utf-16 utf-16le ucs-2 unicode iso-10646-ucs-2 csunicode unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
    "cp1252": "windows-1252 cp1252 x-cp1252 cp819 ibm819 iso-8859-1 iso8859-1 iso88591 iso_8859-1 "
    "iso_8859-1:1987 iso-ir-100 l1 latin1 latin-1 csisolatin1 ascii us-ascii ansi_x3.4-1968",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 "
    "iso-ir-148 l5 latin5 csisolatin5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp866": "ibm866 866 cp866 csibm866",
    "cp874": "windows-874 cp874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620",
    "cp932": "shift_jis shift-jis sjis x-sjis ms932 ms_kanji csshiftjis windows-31j cp932",
    "cp949": "euc-kr euckr cseuckr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 iso-ir-149 "
    "csksc56011987 windows-949 cp949",
    "euc_jp": "euc-jp eucjp x-euc-jp cseucpkdfmtjapanese",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "gb18030": "gb18030 gbk gb2312 gb_2312 gb_2312-80 csgb2312 x-gbk chinese iso-ir-58 csiso58gb231280 cp936",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "koi8_r": "koi8-r koi8 koi koi8_r cskoi8r",
    "koi8_u": "koi8-u koi8-ru",
    "mac_roman": "macintosh mac x-mac-roman csmacintosh",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "iso8859_2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 iso-ir-101 l2 latin2 csisolatin2",
    "iso8859_3": "iso-8859-3 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 iso-ir-109 l3 latin3 csisolatin3",
    "iso8859_4": "iso-8859-4 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 iso-ir-110 l4 latin4 csisolatin4",
    "iso8859_5": "iso-8859-5 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 iso-ir-144 cyrillic "
    "csisolatincyrillic",
    "iso8859_6": "iso-8859-6 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 iso-8859-6-e iso-8859-6-i "
    "iso-ir-127 arabic asmo-708 ecma-114 csisolatinarabic csiso88596e csiso88596i",
    "iso8859_7": "iso-8859-7 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 iso-ir-126 greek greek8 "
    "ecma-118 elot_928 sun_eu_greek csisolatingreek",
    "iso8859_8": "iso-8859-8 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 iso-8859-8-e iso-8859-8-i "
    "iso-ir-138 hebrew logical visual csisolatinhebrew csiso88598e csiso88598i",
    "iso8859_10": "iso-8859-10 iso8859-10 iso885910 iso-ir-157 l6 latin6 csisolatin6",
    "iso8859_13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859_14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859_15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9 latin-9 csisolatin9",
    "iso8859_16": "iso-8859-16 iso8859-16 iso885916",
}
_CODECS: Final = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}

# What detection may answer. Left to itself charset-normalizer also considers EBCDIC, DOS and old Macintosh
# tables, and takes a short German sentence for cp775 four times in ten; among these it is right.
_DETECTABLE: Final = [
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874"),
    *("koi8_r", "koi8_u", "shift_jis", "cp932", "euc_jp", "gb18030", "big5", "cp949"),
    *("iso8859_2", "iso8859_5", "iso8859_7"),
]

_BOMS: Final = (
    # UTF-32 LE starts as UTF-16 LE does, so it is asked first.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_C0_BYTES: Final = bytes([*range(0x09), *range(0x0E, 0x20), 0x7F])
# What the second byte of UTF-32 can be: the number of a plane of Unicode.
_PLANES: Final = bytes(range(0x11))
_UNSAFE_BYTES: Final = _C0_BYTES + b"\x0b\x0c\r"
_SURROGATE_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# A form feed or vertical tab breaks a line and a separator parts words: taking them out would join what they
# part.
_CONTROLS: Final[dict[int, str | None]] = {
    **dict.fromkeys(_C0_BYTES),
    **dict.fromkeys((0x0B, 0x0C), "\n"),
    **dict.fromkeys(range(0x1C, 0x20), " "),
}
# What `_CONTROLS` has something for. Only that is translated: a look into a dict for each character takes long.
_CONTROL: Final = re.compile("[" + "".join(map(re.escape, map(chr, _CONTROLS))) + "]+")
_DROP_CONTROLS: Final = dict.fromkeys(_C0_BYTES)

_PART_CHARS: Final = 1 << 20


def decode_text(data: bytes, declared: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Decodes bytes of any charset into safe text; returns it with the codes of what was repaired.

    declared: what HTTP or the XML declaration says, as a WHATWG label ("latin-1" means windows-1252); an
    unknown label counts as none.

    In this order: a byte order mark; UTF-16 and UTF-32 without one, where NULs leave no other reading; UTF-8
    (before what is declared: hardly anything else is valid UTF-8 by chance, and wrong declarations abound),
    also with a few bad bytes in it, or as Java's CESU-8; the declared charset; UTF-16 by weaker signs; and
    detection, on a bounded sample of the lines that are not ASCII. The same bytes always give the same text.

    Never raises. The text holds no NUL, no surrogate, no C0 control but tab and line feed, and no BOM at its
    start; CRLF and CR are line feeds.
    """
    text, decoding = _decode(data, _codec(declared))
    safe, cleaning = clean(text.lstrip("\ufeff"))
    return safe, tuple(dict.fromkeys(decoding + cleaning))


def scrub(text: str) -> str:
    """Returns text that can be stored: see `clean`, of which this is the first half."""
    return clean(text)[0]


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """Takes out of a string what no table may hold, and returns it with the codes of what was lost.

    Surrogate pairs (JSON escapes joined by hand) become their character and lone ones U+FFFD; NUL and other
    C0 controls and DEL go, but for those that part lines or words, which become a line feed or a space; CRLF
    and CR become line feeds.
    """
    if _is_safe(text):
        return text, ()
    warnings: list[str] = []
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _SURROGATE.search(text) is not None:
        text = _SURROGATE_PAIR.sub(lambda pair: _join_surrogates(pair[0]), text)
        text, count = _SURROGATE.subn("\ufffd", text)
        if count:
            warnings.append(CHARSET_REPLACED)
    if "\0" in text:
        warnings.append(NUL_REMOVED)
    # Part by part: of noise, a substitution holds some hundred bytes for each control.
    parts = (text[start : start + _PART_CHARS] for start in range(0, len(text), _PART_CHARS))
    text = "".join(_CONTROL.sub(lambda found: found[0].translate(_CONTROLS), part) for part in parts)
    return text, tuple(warnings)


def _is_safe(text: str) -> bool:
    # Short texts seldom hold a line feed; others are soon found to.
    if text.isprintable():
        return True
    # By way of bytes this takes a tenth of the time of a search by a regular expression.
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return False
    return len(data.translate(None, _UNSAFE_BYTES)) == len(data)


def wide_codec(start: bytes) -> str | None:
    """Tells UTF-16 or UTF-32 by the first bytes of a file, with a BOM or not; None for other charsets.

    For who cuts a stream into lines, which needs no other charset than these. The name is one of Python's
    codecs that keep a BOM as U+FEFF.
    """
    for bom, codec in _BOMS:
        if start.startswith(bom):
            return None if codec == "utf-8" else codec
    return _wide_by_nuls(start, sure=True)


def _codec(label: str | None) -> str | None:
    """Python's codec for a WHATWG label, None where there is none."""
    return None if label is None else _CODECS.get(label.strip(" \t\r\n\f\"'").lower())


def _decode(data: bytes, declared: str | None) -> tuple[str, tuple[str, ...]]:
    for bom, codec in _BOMS:
        if data.startswith(bom):
            body = data[len(bom) :]
            if codec == "utf-32-le" and _strict(body, codec) is None:
                continue  # UTF-16 whose first character is a NUL
            return _forced(body, codec)

    if b"\0" in data and (wide := _wide_by_nuls(data, sure=True)) is not None:
        return _forced(data, wide, () if wide == declared else (CHARSET_DETECTED,))
    # 7-bit, so it passes for UTF-8; its escapes into JIS X 0208 are in no other text.
    if (b"\x1b$B" in data or b"\x1b$@" in data) and (text := _strict(data, "iso2022_jp")) is not None:
        return text, () if declared == "iso2022_jp" else (CHARSET_DETECTED,)

    if (text := _strict(data, "utf-8")) is not None:
        return text, ()
    if (text := _almost_utf8(data)) is not None:
        return text, (CHARSET_REPLACED,) if "\ufffd" in text else ()

    # A UTF-16 label on bytes without a NUL is wrong (there is a space or a line feed in any text).
    if declared is not None and (b"\0" in data or not declared.startswith("utf-16")):
        if (text := _strict(data, declared)) is not None:
            return text, ()
        text = data.decode(declared, "replace")
        bad = text.count("\ufffd")
        cut = bad == 1 and text.endswith("\ufffd")
        # A cut or damaged text is still in its charset; one that is full of errors is in another.
        if declared != "utf-8" and (cut or bad * 20 <= _non_ascii(text)):
            return text, (CHARSET_REPLACED,)

    if b"\0" in data and (wide := _wide_by_nuls(data, sure=False)) is not None:
        return _forced(data, wide, (CHARSET_DETECTED,))
    return _forced(data, _detect(data), (CHARSET_DETECTED,))


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _forced(data: bytes, codec: str, warnings: tuple[str, ...] = ()) -> tuple[str, tuple[str, ...]]:
    text = _strict(data, codec)
    if text is None and codec == "utf-8":
        text = _join_cesu(data)
    if text is not None:
        return text, warnings
    return data.decode(codec, "replace"), (*warnings, CHARSET_REPLACED)


def _almost_utf8(data: bytes) -> str | None:
    """Decodes what is UTF-8 but for a few bytes: a cut character, a line of another charset, CESU-8.

    Sequences of UTF-8 hardly occur by chance, so a text with four times as many good ones as bad bytes is
    UTF-8, and so is one whose only fault is that its last character is cut.
    """
    if (text := _join_cesu(data)) is not None:
        return text
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = _non_ascii(text) - bad
    cut = good and bad == 1 and text.endswith("\ufffd")
    return text if cut or good >= 4 * bad else None


def _join_cesu(data: bytes) -> str | None:
    """Decodes CESU-8: Java and old databases write a surrogate pair as two sequences of three bytes."""
    if b"\xed" not in data:
        return None
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    text = _SURROGATE_PAIR.sub(lambda pair: _join_surrogates(pair[0]), text)
    return _SURROGATE.sub("\ufffd", text)


def _join_surrogates(pair: str) -> str:
    return chr(0x10000 + ((ord(pair[0]) - 0xD800) << 10) + (ord(pair[1]) - 0xDC00))


def _non_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _wide_by_nuls(data: bytes, *, sure: bool) -> str | None:
    """Tells UTF-32 and UTF-16 without a BOM by where the NULs are.

    sure: only where the bytes can't be text in any other way, since more than a tenth of them are controls:
    so are the high bytes of Latin (00), Greek (03), Cyrillic (04), Hebrew (05), Arabic (06) and Thai (0E).
    Otherwise a few spaces and line feeds on one side are enough, which is how Chinese looks.
    """
    sample = data[:_SAMPLE_BYTES]
    sample = sample[: len(sample) // 4 * 4]
    units = len(sample) // 2
    if not units:
        return None
    # In UTF-32 one byte of four is NUL and the next to it at most 0x10; in no other text is it so throughout.
    for codec, nul_place, low_place in (("utf-32-le", 3, 2), ("utf-32-be", 0, 1)):
        highs = sample[nul_place::4] + sample[low_place::4].translate(None, _PLANES)
        if not highs.strip(b"\0") and _reads(sample, codec):
            return codec
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    nuls = max(first, second)
    if nuls == 0 or min(first, second) * 10 > nuls:
        return None
    codec = "utf-16-be" if first > second else "utf-16-le"
    controls = len(sample) - len(sample.translate(None, _C0_BYTES))
    likely = controls * 10 > len(sample) if sure else nuls >= 2 and nuls * 100 >= units
    return codec if likely and _reads(sample, codec) else None


def _reads(sample: bytes, codec: str) -> bool:
    """Whether a sample, perhaps cut in a character, decodes to text without controls."""
    try:
        text = codecs.getincrementaldecoder(codec)().decode(sample)
    except UnicodeDecodeError:
        return False
    return text.translate(_DROP_CONTROLS) == text


def _detect(data: bytes) -> str:
    """Guesses the charset of bytes that are neither UTF-8 nor as declared; else windows-1252."""
    sample = _sample(data)
    matches = charset_normalizer.from_bytes(
        sample, cp_isolation=_DETECTABLE, preemptive_behaviour=False, enable_fallback=False
    )
    best = matches.best()
    if best is None:
        return "cp1252"
    # A short Japanese text in EUC-JP ties with Korean; but its kana would be single letters of Hangul, which
    # no Korean text is made of.
    if best.encoding == "cp949" and (text := _strict(sample, "euc_jp")) is not None:
        kana = sum("\u3041" <= char <= "\u30fe" for char in text)
        return "euc_jp" if kana * 5 >= len(text) else "cp949"
    # In French, Spanish or Portuguese windows-1250 often ties with windows-1252, or is ahead by one letter
    # pair. The latter is what the web uses; where the languages of windows-1250 are meant, it is ahead by
    # more than this.
    for match in matches:
        if (
            "cp1252" in match.could_be_from_charset
            and match.chaos <= best.chaos + 0.1
            and match.coherence >= best.coherence - 0.02
        ):
            return "cp1252"
    # The web's Shift_JIS and Big5 are larger than Python's codecs of those names.
    return _CODECS.get(best.encoding, best.encoding)


def _sample(data: bytes) -> bytes:
    """The first lines that are not ASCII, up to the bound; whole ones, as a cut character misleads."""
    lines: list[bytes] = []
    size = 0
    for line in data.split(b"\n"):
        if line.isascii():
            continue
        if size + len(line) > _SAMPLE_BYTES:
            if not lines:
                lines.append(_cut(line))
            break
        lines.append(line)
        size += len(line)
    return b"\n".join(lines)


def _cut(line: bytes) -> bytes:
    """Part of an overlong line, from a little before its first byte that is not ASCII, cut at a space."""
    head = re.search(rb"[\x80-\xff]", line)
    start = max(0, head.start() - 200) if head else 0
    piece = line[start : start + _SAMPLE_BYTES]
    # No charset that is detected here has a space or a ">" inside a character.
    end = max(piece.rfind(b" "), piece.rfind(b">"))
    return piece[: end + 1] if end > len(piece) // 2 else piece
