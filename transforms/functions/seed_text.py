"""Seed text files: a header block, a blank line, the body."""

from __future__ import annotations

import dataclasses
import re
from typing import Final, Literal

from schemas.errors import RecordError
from schemas.records import Origin, RawItem

from .byline_words import word_set
from .charset import decode_text

#: The file has no header block; all of it is body.
NO_HEADER: Final = "no_header"
#: A header stands there twice; the first was taken.
REPEATED_HEADER: Final = "repeated_header"
#: A line of the header block is none of the known headers; it was passed over.
UNKNOWN_HEADER: Final = "unknown_header"
#: The body follows the headers without the blank line.
NO_BLANK_LINE: Final = "no_blank_line"

_Field = Literal["byline", "updated", "published", "source", "title", "url"]

_LABELS: Final[dict[str, _Field]] = {
    "author": "byline",
    "authors": "byline",
    "byline": "byline",
    "updated": "updated",
    "last updated": "updated",
    "published": "published",
    "source": "source",
    "title": "title",
    "headline": "title",
    "url": "url",
    "link": "url",
}
_LABELLED: Final = re.compile(rf"({'|'.join(_LABELS)}|by)\s*[:：]\s*(.*)", re.IGNORECASE | re.DOTALL)
_BY: Final = re.compile(r"by(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
# "Updated 3:16 PM ET, Wed March 30, 2022", as CNN's pages have it.
_UNLABELLED_TIME: Final = re.compile(r"(last updated|updated|published)\s+(.*)", re.IGNORECASE | re.DOTALL)
_TIME: Final = re.compile(r"\d{4}|\d{1,2}[:/.-]\d{1,2}|\d\s+\w+\s+ago\b")
_SENTENCE_END: Final = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_WORD: Final = re.compile(r"[^\s,;:|/()&\"“”]+")
_NUMBER: Final = re.compile(r"\d[\d.,:]*(?:st|nd|rd|th|s|am|pm|a\.m|p\.m|%)?\.?", re.IGNORECASE)
# A byline that can't end here: two authors on two lines, or "By" alone on its own.
_DANGLING: Final = re.compile(r"(?:^by|[,&]|\b(?:and|y|und|et|with))$", re.IGNORECASE)

#: Characters of a value; what is longer is prose that happens to begin like a header.
_LONGEST: Final[dict[_Field, int]] = {
    "byline": 300,
    "updated": 100,
    "published": 100,
    "source": 150,
    "title": 500,
    "url": 4000,
}
_SHORT_LINE = 80
# White space, and the zero-width characters that blank lines of copied web pages hold.
_BLANK: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u2060\ufeff"

# Words in small letters that bylines hold beside names: joining words, particles of names, and what people
# do.
_BYLINE_WORDS: Final = word_set(
    """
    and y e und et og och en with for of in at on to from via as de del della dei di da do dos das
    du des d la le el al van von vom der den ter ten zu zur bin ibn ben af av the a an our its staff
    report reports reporter reporters writer writers reporting writing written correspondent
    correspondents editor editors columnist contributor contributors contributing author journalist
    journalists producer producers photographer photographers photo photos photograph photographs
    video graphics illustration illustrations special chief senior deputy managing executive
    assistant associate associated press desk team bureau agency agencies wire wires service
    services news political politics business economics economy finance sports sport science health
    medical climate environment education crime court courts legal justice investigative
    investigations international foreign diplomatic national regional local city state metro world
    white house technology tech culture arts entertainment travel food religion security defence
    defense military energy data features feature opinion freelance guest former intern additional
    analysis commentary told edited translated compiled
    """
)
# Words that only a sentence has. Names are capitalised, so what may be one counts in small letters alone.
_SENTENCE_WORDS: Final = word_set(
    """
    was were is are am has have had be been being will would could should shall can did does do said
    says he she it they we i you his her their my your this that these those there here which what
    when where while after before until since because although if than not but into who whom whose
    """
)
_PRONOUNS: Final = word_set(
    """
    we they he she it you was were which what when where that there
    """
)
# "By Friday night ...", "By contrast ...", "By a vote of ..." begin sentences and headlines; also names,
# since Friday and Dawn are some.
_DOUBTFUL_STARTS: Final = word_set(
    """
    a an the monday tuesday wednesday thursday friday saturday sunday noon midnight dawn dusk
    nightfall then now today tonight tomorrow yesterday far contrast comparison default definition
    law accident chance mistake early late this that these those its his her their my your most some
    any all half
    """
)
_AFTER_THE: Final = word_set(
    """
    time end way numbers book
    """
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Header:
    """The header block as read; end is the first line after it (its blank line, or the body)."""

    values: dict[_Field, str | None]
    end: int
    warnings: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """A line that is a header: which, its value (None where empty), and whether it can hardly be prose."""

    field: _Field
    value: str | None
    sure: bool


def parse_seed(data: bytes, origin: Origin) -> RawItem:
    """Reads a seed text file as an item.

    The header block ends at the first blank line; its lines are, in any order and case, `By ...`, `Updated:`,
    `Published:`, `Source:`, `Title:` and `URL:` (also `Author:`, `Authors:`, `Byline:`, `By:`, `Headline:`,
    `Link:`, `Last updated:`, and a time after "Updated" with no colon). A first line that is none of these
    and is followed by a header is the title. A byline may run on in the next line. An empty header is None.
    Of a header that is there twice the first that holds something is taken. Bylines keep their "By"; other
    labels are dropped.

    Nothing after the block is a header, whatever it says, and a line that only begins like one ("By the time
    the fire crews arrived, ...") does not make a block: a file without one is all body, with the warning
    "no_header". Where the blank line is missing, the body starts at the first line that is no header, with
    the warning "no_blank_line".

    The body's lines stay as they are, without the white space around the whole.

    Raises RecordError "empty-file", and "no-body" where nothing follows the header.
    """
    text, warnings = decode_text(data)
    text = text.strip(_BLANK)
    if not text:
        raise RecordError("empty-file", f"{origin.uri} holds no text")
    lines = text.split("\n")
    header = _read_header(lines)
    if header is None:
        return RawItem(origin=origin, body=text, warnings=(*warnings, NO_HEADER))
    body = "\n".join(lines[header.end :]).strip(_BLANK)
    if not body:
        raise RecordError("no-body", f"{origin.uri} has a header and nothing after it")
    values = header.values
    byline = values.get("byline")
    return RawItem(
        origin=origin,
        title=values.get("title"),
        url=values.get("url"),
        bylines=() if byline is None else (byline,),
        source=values.get("source"),
        published=values.get("published"),
        updated=values.get("updated"),
        body=body,
        warnings=(*warnings, *header.warnings),
    )


def _read_header(lines: list[str]) -> _Header | None:
    """Reads the header block at the top of stripped text; None where there is none."""
    title = lines[0].strip() if _line(lines, 0) is None else None
    place = 0 if title is None else 1
    headers: list[_Line] = []
    warnings: list[str] = []
    while not _ends_block(lines, place):
        header = _line(lines, place)
        if header is not None:
            headers.append(header)
        elif headers and _runs_on(lines, place, headers):
            headers[-1] = _joined(headers[-1], lines[place])
        elif headers and _is_between(lines, place, headers):
            warnings.append(UNKNOWN_HEADER)
        else:
            break
        place += 1

    closed = _ends_block(lines, place)
    if not _is_block(headers, title=title, rest=None if closed else lines[place]):
        return None
    values: dict[_Field, str | None] = {} if title is None else {"title": title}
    for header in headers:
        if header.field in values:
            warnings.append(REPEATED_HEADER)
        if values.get(header.field) is None:
            values[header.field] = header.value
    if not closed:
        warnings.append(NO_BLANK_LINE)
    return _Header(values=values, end=place, warnings=tuple(dict.fromkeys(warnings)))


def _ends_block(lines: list[str], place: int) -> bool:
    return place >= len(lines) or not lines[place].strip(_BLANK)


def _line(lines: list[str], place: int) -> _Line | None:
    """Reads a line as a header by itself and what stands next to it; None where it is none."""
    line = lines[place].strip()
    if (header := _labelled(line)) is not None:
        return header
    near = [_labelled(lines[at].strip()) for at in (place - 1, place + 1) if 0 <= at < len(lines)]
    if (by := _BY.fullmatch(line)) is not None:
        value = by[1]
        if value is None:
            return _Line("byline", None, sure=False)
        supported = any(header is not None and header.sure for header in near)
        return _Line("byline", line, sure=False) if _is_byline(value, supported=supported) else None
    if (time := _UNLABELLED_TIME.fullmatch(line)) is not None:
        value = time[2]
        is_time = len(value) <= _SHORT_LINE and _TIME.search(value) and not _SENTENCE_END.search(value)
        # Without the colon it has to stand in a block: "Published 1987 figures show" opens articles.
        if is_time and (place > 0 or any(near)):
            return _Line("published" if time[1].lower() == "published" else "updated", value, sure=False)
    return None


def _labelled(line: str) -> _Line | None:
    """Reads "Label: value"; None where the label is unknown, or the value too long to be one."""
    found = _LABELLED.fullmatch(line)
    if found is None:
        return None
    field = _LABELS.get(found[1].lower(), "byline")
    value = found[2].strip() or None
    if value is None:
        return _Line(field, None, sure=False)
    if len(value) > _LONGEST[field]:
        return None
    is_time = field in ("updated", "published") and _TIME.search(value) is not None
    return _Line(field, value, sure=is_time or (field == "url" and "://" in value))


def _is_byline(value: str, *, supported: bool) -> bool:
    """Whether what follows "By" names people or an organisation, and does not open a sentence.

    supported: a header that is certainly one stands next to it, so that names in small letters and unusual
    words pass as well.
    """
    if len(value) > _LONGEST["byline"]:
        return False
    words = _WORD.findall(value)
    if not words or _NUMBER.fullmatch(words[0]):
        return False
    first = words[0].lower()
    if first == "the" and len(words) > 1 and words[1].lower() in _AFTER_THE:
        return False
    if any(word.lower() in _PRONOUNS for word in words):
        return False
    small = [word.rstrip(".'’") for word in words if word.islower()]
    if any(word in _SENTENCE_WORDS for word in small):
        return False
    # "Jr.", "Ph.D." and "Inc." end bylines.
    if _SENTENCE_END.search(value) and len(words) > 4 and len(words[-1]) > 5:
        return False
    if supported and first not in _DOUBTFUL_STARTS:
        return True
    return all(word in _BYLINE_WORDS for word in small)


def _runs_on(lines: list[str], place: int, headers: list[_Line]) -> bool:
    """Whether a line goes on with the header above: it is indented, or the byline above can't end there.

    And it must be inside the block, or the last line of it: a body that follows at once is often indented
    too.
    """
    above = headers[-1]
    dangling = above.field == "byline" and (above.value is None or _DANGLING.search(above.value) is not None)
    if not (dangling or lines[place][:1].isspace()) or not _is_short(lines[place]):
        return False
    return _ends_block(lines, place + 1) or _line(lines, place + 1) is not None


def _is_between(lines: list[str], place: int, headers: list[_Line]) -> bool:
    """Whether a line that is no header is in the block all the same: one that is new follows."""
    if not _is_short(lines[place]) or _ends_block(lines, place + 1):
        return False
    below = _line(lines, place + 1)
    if below is None:
        return False
    return below.sure or all(below.field != header.field for header in headers)


def _is_short(line: str) -> bool:
    line = line.strip()
    return len(line) <= _SHORT_LINE and _SENTENCE_END.search(line) is None


def _joined(header: _Line, line: str) -> _Line:
    value = line.strip() if header.value is None else f"{header.value} {line.strip()}"
    return dataclasses.replace(header, value=value)


def _is_block(headers: list[_Line], *, title: str | None, rest: str | None) -> bool:
    """Whether the lines found are a header block, and not the start of an article that looks like one.

    rest: the line that follows at once, None where the block ends as it should.
    """
    if not headers:
        return False
    if any(header.sure for header in headers) or len({header.field for header in headers}) > 1:
        return True
    if title is not None:
        # One doubtful header under a paragraph, such as "Source: Reuters" under a caption.
        is_prose = len(title) > 300 or (len(title) > 60 and title.endswith((".", '."', ".”")))
        return rest is None and not is_prose
    if rest is None:
        return True
    value = headers[0].value
    # A sentence wrapped after "By Name" goes on in small letters.
    return (
        value is not None and _is_short(value) and not value.endswith(",") and not rest.lstrip()[:1].islower()
    )
