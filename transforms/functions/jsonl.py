"""JSON Lines: a stream to lines, and a line to a raw item."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from schemas.errors import RecordError
from schemas.records import Origin, RawItem

from . import charset
from .compression import open_decompressed

#: The longest line that is read, in bytes; a news item with pictures inlined stays well below it.
MAX_LINE_BYTES = 32 * 1024 * 1024

# The first name that holds something is taken. Our own columns' names are among them, so that a table of
# ours, written as JSONL, can be read again.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id",),
    "url": ("url", "link"),
    "title": ("title",),
    "text": ("text", "body", "content"),
    "byline": ("byline", "authors", "author"),
    "source": ("source",),
    "published": ("published", "published_at"),
    "updated": ("updated", "updated_at"),
    "language": ("language", "lang"),
    "tags": ("tags",),
    "summary": ("summary",),
}

# Reuters put tickers and companies in angle brackets: <P>, <BR> and <B and R Interests> are no markup. So an
# upper-case tag counts only when it closes or has an attribute, or stands at the very start.
_MARKUP: Final = re.compile(
    r"<(?:p|br|div|li|ul|ol|h[1-6]|blockquote|strong|em|b|i|span|table|td|tr|figure|pre)\s*/?>"
    r"|(?i:</(?:p|div|li|ul|ol|h[1-6]|blockquote|strong|em|b|i|a|span|table|td|tr|figure|pre)\s*>"
    r"|<(?:p|br|div|a|img|span|li|ul|ol|h[1-6]|table|td|tr|figure|iframe)\s+[a-z-]+\s*=\s*[\"'a-z0-9]"
    r"|\A\s*<(?:p|br|div|html|body|ul|ol|table)\s*/?>)"
)


def iter_lines(
    stream: BinaryIO, max_line_bytes: int = MAX_LINE_BYTES, first_line: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Yields the lines of a JSON Lines stream that hold something, each with its 0-based number in the file.

    Only one line is in memory at a time. UTF-16 and UTF-32 come out as UTF-8, since in them a line feed is
    not one byte; other charsets as they are, for `parse_line` to decode. Of a line that is too long the first
    max_line_bytes + 1 bytes are given, so that `parse_line` refuses it and the next line is read.

    first_line: the number of the line that the stream begins with, where it doesn't begin with the file. Such a
    stream is taken for one-byte text: what tells UTF-16 stands at a file's beginning.

    Raises what the stream raises.
    """
    reader = stream if isinstance(stream, io.BufferedReader) else open_decompressed(stream, None)
    start = reader.peek(4096)[:4096]
    wide = charset.wide_codec(start) if first_line == 0 else None
    lines = _raw_lines(reader, max_line_bytes) if wide is None else _wide_lines(reader, wide, max_line_bytes)
    for number, line in enumerate(lines, first_line):
        if line.strip(_BLANK):
            yield number, line


# White space of JSON, and what else stands before or after a record: RFC 7464's separator, NULs of a file
# that was not written to its end, UTF-8's BOM (its bytes are no other line's only content).
_BLANK: Final = b" \t\r\n\x1e\0\xef\xbb\xbf"


def _raw_lines(reader: io.BufferedReader, max_line_bytes: int) -> Iterator[bytes]:
    while line := reader.readline(max_line_bytes + 1):
        yield line
        while len(line) > max_line_bytes and not line.endswith(b"\n"):
            line = reader.readline(max_line_bytes + 1)


def _wide_lines(reader: io.BufferedReader, codec: str, max_line_bytes: int) -> Iterator[bytes]:
    bom = "\ufeff".encode(codec)
    if reader.peek(len(bom)).startswith(bom):
        reader.read(len(bom))
    decoded = io.TextIOWrapper(reader, codec, errors="replace", newline="\n")
    # A character is at most 4 bytes of UTF-8; counting it as one keeps the bound within a factor.
    while line := decoded.readline(max_line_bytes + 1):
        yield line.encode("utf-8", "replace")[: max_line_bytes + 1]
        while len(line) > max_line_bytes and not line.endswith("\n"):
            line = decoded.readline(max_line_bytes + 1)


def parse_line(line: bytes, origin: Origin) -> RawItem:
    """Reads one line of JSON Lines as an item.

    A record has any of id, url (link), title, text (body, content), byline (authors, author), source,
    published (published_at), updated (updated_at), language (lang), tags and summary. Where two names of one
    thing are there, the first here that holds something is taken; other keys are ignored. Empty strings, null
    and NaN (pandas' null) are None. Times may be numbers, in Unix seconds or milliseconds, and become their
    digits; so does a number as id, which goes to `origin.guid`. byline takes a string, a list of them, or
    objects with a "name"; tags a list or a string with commas; source a string or an object with a "name".
    Text and summary are plain unless they plainly are HTML.

    Every string is scrubbed; what that lost, and a charset that had to be guessed, is in `warnings`.

    Raises RecordError "bad-json" (with the position), "not-an-object", "bad-field" (which, and what it
    holds), "no-text" where there is neither title nor text nor summary nor address, and "too-large" above
    MAX_LINE_BYTES.
    """
    place = f"line {origin.position + 1} of {origin.uri}"
    if len(line.rstrip(b"\r\n")) > MAX_LINE_BYTES:
        raise RecordError("too-large", f"{place} has more than {MAX_LINE_BYTES} bytes")
    text, warnings = charset.decode_text(line)
    record = _load(text, place)
    if not isinstance(record, dict):
        raise RecordError("not-an-object", f"{place} is {_kind(record)}, not an object")

    # What decoding leaves is safe, but for what an escape may bring in.
    fields = _Fields(record, place, list(warnings), scrubbed=_ESCAPED.search(text) is None)
    guid = fields.digits_or_string("id")
    title, body, summary = fields.string("title"), fields.string("text"), fields.string("summary")
    item = RawItem(
        origin=origin if guid is None else dataclasses.replace(origin, guid=guid),
        title=title,
        url=fields.string("url"),
        bylines=fields.names("byline"),
        source=fields.name("source"),
        published=fields.digits_or_string("published"),
        updated=fields.digits_or_string("updated"),
        summary=summary,
        body=body,
        summary_is_html=_is_html(summary),
        body_is_html=_is_html(body),
        language=fields.string("language"),
        tags=fields.tags(),
        warnings=tuple(dict.fromkeys(fields.warnings)),
    )
    if title is None and body is None and summary is None and item.url is None:
        raise RecordError("no-text", f"{place} has neither a title nor a text nor a summary nor an address")
    return item


def _load(text: str, place: str) -> Any:
    # The standard library's parser, not msgspec's: it takes what files in the wild hold (NaN, raw tabs and
    # line feeds in strings, lone surrogates) and tells where it stopped. It costs some 10 us a record,
    # msgspec half.
    try:
        return _DECODER.decode(text.strip())
    except json.JSONDecodeError as error:
        raise RecordError("bad-json", f"{place}, character {error.pos + 1}: {error.msg}") from error
    except RecursionError as error:
        raise RecordError("bad-json", f"{place} is nested too deeply") from error


def _read_int(digits: str) -> int | str:
    # Beyond its limit of digits Python's int() refuses, and up to it takes quadratic time.
    return int(digits) if len(digits) <= 400 else digits


# NaN, Infinity and -Infinity stand for nothing, in pandas as here.
_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=lambda _: None, parse_int=_read_int)


_ESCAPED: Final = re.compile(r"\\[ubfr]")


@dataclasses.dataclass(slots=True)
class _Fields:
    """The record being read; warnings grows with what scrubbing lost. scrubbed: whether there is nothing to be lost."""

    record: dict[str, Any]
    place: str
    warnings: list[str]
    scrubbed: bool

    def string(self, field: str) -> str | None:
        key, value = self._held(field)
        if value is None or isinstance(value, str):
            return value
        raise self._bad(key, value, "a string")

    def digits_or_string(self, field: str) -> str | None:
        key, value = self._held(field)
        if value is None or isinstance(value, str):
            return value
        if (digits := _digits(value)) is not None:
            return digits
        raise self._bad(key, value, "a string or a number")

    def name(self, field: str) -> str | None:
        key, value = self._held(field)
        if isinstance(value, dict) and "name" in value:
            value = self._clean(value["name"])
        if value is None or isinstance(value, str):
            return value
        raise self._bad(key, value, "a string")

    def names(self, field: str) -> tuple[str, ...]:
        key, value = self._held(field)
        names = []
        for entry in _listed(value):
            if isinstance(entry, dict) and "name" in entry:
                entry = entry["name"]
            entry = self._clean(entry)
            if entry is None:
                continue
            if not isinstance(entry, str):
                raise self._bad(key, entry, "a string or a list of strings")
            names.append(entry)
        return tuple(names)

    def tags(self) -> tuple[str, ...]:
        key, value = self._held("tags")
        entries = value.split(",") if isinstance(value, str) else _listed(value)
        tags = []
        for entry in entries:
            entry = self._clean(entry)
            if entry is None:
                continue
            tag = entry if isinstance(entry, str) else _digits(entry)
            if tag is None:
                raise self._bad(key, entry, "a list of strings")
            tags.append(tag.strip())
        return tuple(tags)

    def _held(self, field: str) -> tuple[str, Any]:
        """The first of the field's names that holds something, and what; else the field itself and None."""
        for name in _NAMES[field]:
            if name in self.record:
                value = self._clean(self.record[name])
                if value is not None and value != []:
                    return name, value
        return field, None

    def _clean(self, value: Any) -> Any:
        """A string scrubbed, or None where it is blank; a number that is none is None as well."""
        if isinstance(value, str):
            if not self.scrubbed:
                value, lost = charset.clean(value)
                self.warnings.extend(lost)
            return value if value and not value.isspace() else None
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    def _bad(self, key: str, value: Any, wanted: str) -> RecordError:
        return RecordError("bad-field", f'{self.place}: "{key}" is or holds {_kind(value)}, not {wanted}')


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _digits(value: Any) -> str | None:
    """A number as written, without an exponent or an empty fraction; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # pandas makes floats of whole numbers in a column that has a gap. Above 2**53 the digits would be
    # invented.
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        value = int(value)
    return str(value)


def _is_html(text: str | None) -> bool:
    return text is not None and "<" in text and _MARKUP.search(text) is not None


def _kind(value: Any) -> str:
    """What JSON calls a value's type, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"
