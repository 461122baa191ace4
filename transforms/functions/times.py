"""A time as its source states it -> an instant in UTC, and how sure it is.

Feeds write RFC 822 and ISO 8601 with every kind of damage, pages and seed files write for people. Both
standards are read by one compiled expression each; what neither matches is searched for a clock, a date and
a zone, wherever they stand and in whatever language. Parsers' own times aren't used: feedparser, for one,
reads CET, IST or JST as UTC.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import re
import unicodedata

from schemas.records import TimeQuality
from transforms.functions.time_words import (
    day_offset,
    is_ago,
    is_now,
    is_one,
    month_number,
    unit_seconds,
    weekday_number,
)
from transforms.functions.time_zones import (
    KNOWN_ABBREVIATIONS,
    UTC_ZONE,
    ZONE_WARNINGS,
    Zone,
    load_place,
    normal_language,
    resolve_zone,
    writes_month_first,
)

#: Every code that reading a time can put into `warnings`.
TIME_WARNINGS = ZONE_WARNINGS | {
    "unreadable_time",
    "unreadable_time_of_day",
    "epoch_time",
    "before_1800_time",
    "future_time",
    "relative_time",
    "ambiguous_date",
}


@dataclasses.dataclass(frozen=True, slots=True)
class ReadTime:
    """What a stated time comes to.

    instant: aware, UTC, microseconds; None where the quality is missing.
    quality: exact (an offset or an unambiguous zone was stated), assumed_zone (which one was taken is a
    warning),
        date_only (`instant` is midnight UTC of the stated date, whatever the zone), missing.
    warnings: codes of `TIME_WARNINGS`, in the order in which they arose.
    """

    instant: dt.datetime | None
    quality: TimeQuality
    warnings: tuple[str, ...] = ()


# Longer strings are no times but text that holds one near its start, if at all.
_MAX_CHARS = 200

_FUTURE = dt.timedelta(hours=48)
_FIRST_YEAR = 1800
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
# The second before the epoch is what -1, the C library's "no time", comes to.
_EPOCH_DEFAULTS = frozenset({_EPOCH, _EPOCH - dt.timedelta(seconds=1)})

_MISSING = ReadTime(None, "missing")
_UNREADABLE = ReadTime(None, "missing", ("unreadable_time",))
_EPOCH_TIME = ReadTime(None, "missing", ("epoch_time",))
_BEFORE_1800 = ReadTime(None, "missing", ("before_1800_time",))

_US_PER_S = 1_000_000
_US_PER_DAY = 86_400 * _US_PER_S

_RFC_822 = re.compile(
    r"""(?:[A-Za-z]{2,9}\.?\s*,?\s*)?          # weekday, often wrong: never used
    (\d{1,2})[\s-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4}|\d{2,3}),?\s+
    (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,30}))?)?
    (?:\s*((?:GMT|UTC|UT)?\s?[+-]\d{1,2}:?\d{2}|(?:GMT|UTC)[+-]\d{1,2}|[A-Za-z]{1,5}))?
    \s*(?:\([^()]{0,60}\)\s*)?""",
    re.VERBOSE | re.ASCII,
).fullmatch

_ISO_ZONE = r"Z|z|[+\-−]\d{1,2}(?::?\d{2}(?::?\d{2})?)?|(?:GMT|UTC)[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]{2,5}"
_ISO_8601 = re.compile(
    rf"""(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})
    (?:(?:[Tt]|[Tt]?\s+|\s*,\s*|_)(\d{{1,2}}):(\d{{2}})(?::(\d{{2}})(?:[.,:](\d{{1,30}}))?)?)?
    \s*({_ISO_ZONE})?\s*(?:\[([A-Za-z0-9_+/-]{{1,60}})\])?""",
    re.VERBOSE | re.ASCII,
).fullmatch
_ISO_OTHER = re.compile(
    rf"""(?:(\d{{4}})-(\d\d)-(\d\d)|(\d{{4}})(\d\d)(\d\d)|(\d{{4}})-?W(\d\d)-?([1-7])|(\d{{4}})-?(\d{{3}}))
    (?:[Tt]\s*(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{{1,30}}))?)?)?)?
    \s*({_ISO_ZONE})?""",
    re.VERBOSE | re.ASCII,
).fullmatch

_NUMBER = re.compile(r"([+-]?)(\d{1,20})(?:\.(\d{1,20}))?", re.ASCII).fullmatch

_ENGLISH_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        1,
    )
    for name in names
}


def read_time(
    raw: str | None, now: dt.datetime, zone_hint: str | None = None, language: str | None = None
) -> ReadTime:
    """Reads a time as its source states it; never raises.

    raw: the string as published; None or blank is a time that isn't stated, and no warning. Numbers are
    Unix time in
        seconds, milli-, micro- or nanoseconds by their length, or dates without separators.
    now: when it was fetched, aware: what "2 hours ago" counts from, and what a future time is told by.
    zone_hint: the source's own IANA zone, taken where no zone is stated (else UTC is) and for ambiguous ones.
    language: the source's language ("de", "en-IN"): for ambiguous zones and month names, and for
    03/04/2022, which
        is the fourth of March only for those who write so (`writes_month_first`); where nothing tells, it
        is the third of April with the warning "ambiguous_date".

    A time before 1800 is missing, and so are the defaults of software that had none: the Unix epoch, the
    years 0 and 1. A month without a day and a clock without a date are unreadable: no day is invented. One
    more than 48 hours after `now` is kept with the warning "future_time". Fractions below a microsecond are
    cut off.

        >>> now = dt.datetime(2022, 4, 1, tzinfo=dt.timezone.utc)
        >>> read_time("Wed, 30 Mar 2022 19:16:57 GMT", now).quality
        'exact'
        >>> read_time("Updated 3:16 PM ET, Wed March 30, 2022", now).instant.isoformat()
        '2022-03-30T19:16:00+00:00'
    """
    if raw is None:
        return _MISSING
    text = raw[: _MAX_CHARS * 2].strip()
    if not text:
        # Blank for longer than any time is; strip() of the whole costs no more than reading it did.
        text = raw.strip()
        if not text:
            return _MISSING
    text = text[:_MAX_CHARS]

    match = _ISO_8601(text)
    if match is not None:
        year, month, day, hour, minute, second, fraction, zone, place = match.groups()
        # "2022-03-30 03:16 PM" has a clock that only the general reader knows.
        if zone is None or zone.upper() not in ("AM", "PM"):
            clock = None if hour is None else _clock(hour, minute, second, fraction)
            return _conclude(
                int(year),
                int(month),
                int(day),
                clock,
                hour is not None,
                zone or place,
                now,
                zone_hint,
                language,
            )
    else:
        match = _RFC_822(text)
        if match is not None:
            day, name, year, hour, minute, second, fraction, zone = match.groups()
            number = _ENGLISH_MONTHS.get(name.lower())
            if number is not None and (zone is None or zone.upper() not in ("AM", "PM")):
                clock = _clock(hour, minute, second, fraction)
                return _conclude(_year(year), number, int(day), clock, True, zone, now, zone_hint, language)

    if _NUMBER(text) is not None:
        return _read_number(text, now, zone_hint, language)
    return _read_iso_other(text, now, zone_hint, language) or _read_prose(text, now, zone_hint, language)


def _year(digits: str) -> int:
    """A year as RFC 5322 section 4.3 reads those of two and three digits."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    # Perl's and JavaScript's getYear() count from 1900: "122" is 2022.
    return year + 1900 if len(digits) == 3 else year


def _clock(hour: str, minute: str | None, second: str | None, fraction: str | None) -> int | None:
    """Microseconds since midnight, 24:00 and leap seconds included; None where no clock shows it."""
    hours = int(hour)
    minutes = int(minute) if minute else 0
    seconds = int(second) if second else 0
    if hours > 24 or minutes > 59 or seconds > 60:
        return None
    total = (hours * 3600 + minutes * 60 + seconds) * _US_PER_S
    if fraction:
        total += int(fraction[:6].ljust(6, "0"))
    return total if hours < 24 or total == _US_PER_DAY else None


def _conclude(
    year: int,
    month: int,
    day: int,
    clock: int | None,
    has_clock: bool,
    zone_text: str | None,
    now: dt.datetime,
    zone_hint: str | None,
    language: str | None,
    warnings: tuple[str, ...] = (),
) -> ReadTime:
    """From the stated parts to the instant.

    clock: microseconds since midnight; None where there is none, or, with `has_clock`, where it is
    impossible.
    zone_text: as stated, not yet looked up; None where there is none.
    """
    if year <= 1:
        return _EPOCH_TIME
    try:
        midnight = dt.datetime(year, month, day, tzinfo=dt.timezone.utc)
        wall = midnight if not clock else midnight + dt.timedelta(microseconds=clock)
    except (ValueError, OverflowError):
        return _UNREADABLE
    if year < _FIRST_YEAR:
        return _BEFORE_1800
    if wall in _EPOCH_DEFAULTS:
        return _EPOCH_TIME
    quality: TimeQuality = "exact"
    if clock is None:
        quality = "date_only"
        instant = midnight
        if has_clock:
            warnings = (*warnings, "unreadable_time_of_day")
    else:
        zone = None if zone_text is None else resolve_zone(zone_text, zone_hint, language)
        if zone is None:
            quality = "assumed_zone"
            if zone_text is not None:
                warnings = (*warnings, "unknown_zone")
            hinted = None if zone_hint is None else load_place(zone_hint)
            warnings = (*warnings, "assumed_zone_utc" if hinted is None else "assumed_zone_hint")
            zone = UTC_ZONE if hinted is None else Zone(place=hinted)
        elif zone.warning is not None:
            quality = "assumed_zone"
            warnings = (*warnings, zone.warning)
        try:
            instant, is_certain = _to_utc(wall, zone)
        except OverflowError:
            return _UNREADABLE
        if not is_certain:
            quality = "assumed_zone"
            warnings = (*warnings, "ambiguous_local_time")
        if instant in _EPOCH_DEFAULTS:
            return _EPOCH_TIME
    if instant.year < _FIRST_YEAR:
        return _BEFORE_1800
    if instant - now > _FUTURE:
        warnings = (*warnings, "future_time")
    return ReadTime(instant, quality, warnings)


def _to_utc(wall: dt.datetime, zone: Zone) -> tuple[dt.datetime, bool]:
    """The instant at which clocks in a zone show `wall` (marked UTC), and whether there is just one.

    In the hour that clocks show twice it is the first; in the one they skip, the time by the rule before
    the change.
    """
    if zone.offset is not None:
        return wall - zone.offset, True
    local = wall.replace(tzinfo=zone.place)
    offset = local.utcoffset() or dt.timedelta(0)
    return wall - offset, offset == local.replace(fold=1).utcoffset()


def _read_number(text: str, now: dt.datetime, zone_hint: str | None, language: str | None) -> ReadTime:
    """Unix time, or a date without separators, told apart by the number of digits."""
    match = _NUMBER(text)
    if match is None:
        return _UNREADABLE
    sign, digits, fraction = match.groups()
    if int(digits) == 0 or (sign == "-" and int(digits) == 1):
        return _EPOCH_TIME
    if not sign and fraction is None:
        if len(digits) == 8:
            parts = int(digits[:4]), int(digits[4:6]), int(digits[6:])
            return _conclude(*parts, None, False, None, now, zone_hint, language)
        # Twelve digits are a date and a clock, or milliseconds of the years before 2001: the first where it
        # can be.
        if len(digits) in (12, 14) and _is_date(digits[:8]):
            parts = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
            clock = _clock(digits[8:10], digits[10:12], digits[12:], None)
            return _conclude(*parts, clock, True, None, now, zone_hint, language)
        if len(digits) == 7:
            return _read_iso_other(text, now, zone_hint, language) or _UNREADABLE
    # A billion seconds passed in 2001, a hundred million in 1973: nine to eleven digits are seconds.
    scale = {9: 1, 10: 1, 11: 1, 12: 10**3, 13: 10**3, 14: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
    unit = scale.get(len(digits))
    if unit is None or sign == "-":
        return _UNREADABLE
    microseconds = int(digits) * _US_PER_S // unit
    if unit == 1 and fraction:
        microseconds += int(fraction[:6].ljust(6, "0"))
    try:
        instant = _EPOCH + dt.timedelta(microseconds=microseconds)
    except OverflowError:
        return _UNREADABLE
    return ReadTime(instant, "exact", ("future_time",) if instant - now > _FUTURE else ())


def _is_date(digits: str) -> bool:
    """Whether eight digits are a date of the centuries that news has."""
    try:
        return 1900 <= dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).year < 2100
    except ValueError:
        return False


def _read_iso_other(
    text: str, now: dt.datetime, zone_hint: str | None, language: str | None
) -> ReadTime | None:
    """The rarer forms of ISO 8601: basic, week and ordinal dates, clocks of hours; None for others."""
    match = _ISO_OTHER(text)
    if match is None:
        return None
    groups = match.groups()
    try:
        if groups[0] or groups[3]:
            year, month, day = (int(part) for part in (groups[0:3] if groups[0] else groups[3:6]))
        elif groups[6]:
            date = dt.date.fromisocalendar(int(groups[6]), int(groups[7]), int(groups[8]))
            year, month, day = date.year, date.month, date.day
        else:
            date = dt.date(int(groups[9]), 1, 1) + dt.timedelta(days=int(groups[10]) - 1)
            year, month, day = date.year, date.month, date.day
            if year != int(groups[9]):
                return _UNREADABLE
    except (ValueError, OverflowError):
        return _UNREADABLE
    hour, minute, second, fraction, zone = groups[11:]
    clock = None if hour is None else _clock(hour, minute, second, fraction)
    return _conclude(year, month, day, clock, hour is not None, zone, now, zone_hint, language)


# --- Times written for people ------------------------------------------------------------------------------

# Marks of writing direction stand within Arabic and Hebrew dates, and between nothing anyone sees.
_INVISIBLE = {ord(char): None for char in "\u200b\u200e\u200f\u061c\u2060\ufeff\xad"} | {
    0x2212: "-",
    0x2044: "/",
}

# Where tags were dropped words stick together: "readApril 25, 20232:26 PM GMT+2Last Updated".
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=GMT|UTC)(?=[A-Z][a-z])")
_GLUED_YEAR = re.compile(r"([\s,](?:19|20)\d\d)(?=\d{1,2}:\d\d)")

_CLOCKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?<!\d[:.])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,30}))?)?(?!\d)",
        r"(?<!\d)(\d{1,2})\s*[時时點点시]\s*(?:(\d{1,2})\s*[分분])?(?:\s*(\d{1,2})\s*[秒초])?()",
        r"(?<!\d)(?<!\d\.)(\d{1,2})\.(\d{2})(?:\.(\d{2}))?()(?=\s*(?:uhr|a\.?m\b|p\.?m\b|hrs|h\b|น\.|wib|wita))",
        r"(?:\b(?:kl|klo|klokken|kello|ore|alle|pukul|jam|godz|ob|u)\.?\s*)(\d{1,2})\.(\d{2})(?:\.(\d{2}))?()(?!\d)",
        r"(?<!\d)(\d{1,2})\s?h\s?(\d{2})?(?:min)?()()(?!\w)",
        r"(?<!\d)(?<!\d[./-])(\d{1,2})()()()(?=\s*(?:[ap]\.?m\b|uhr\b|o'clock))",
        r"(?<!\d)([01]\d|2[0-3])([0-5]\d)()()(?=\s*(?:hrs?\b|hours\b|uhr\b|h\b|GMT|UTC|[A-Z]{1,4}T\b))",
        r"\b(?:12\s*)?(noon)\b()()()",
    )
)
# Tried on what a date leaves: "30 Mar 2022 21.16".
_DOTTED_CLOCK = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?()(?![\d.])")
_HOURS_ONLY = 6  # the place in _CLOCKS of "1916", which "2022 EST" resembles
_LATER_CLOCKS = re.compile(r"(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)|\(\s*\d{4}\s+[A-Z]{2,5}\s*\)")

_AFTERNOON = (
    r"p\.?\s?m\b\.?|μ\.?\s?μ\b\.?|م\b|下午|午後|오후|晚上|d\.?u\.?\b|ch\b|"
    r"de la tarde|de la noche|da tarde|da noite"
)
_MORNING = r"a\.?\s?m\b\.?|π\.?\s?μ\b\.?|ص\b|上午|午前|오전|凌晨|早上|sa\b|de la mañana|da manhã"
_HALF_BEFORE = re.compile(r"(?:(下午|午後|오후|晚上|م|μ\.?μ\.?)|(上午|午前|오전|凌晨|早上|ص|π\.?μ\.?))\s*$")
_HALF_AFTER = re.compile(rf"\s*(?:({_AFTERNOON})|({_MORNING}))", re.IGNORECASE)

_OFFSET_TEXT = r"(?:GMT|UTC|UT)?\s?[+-]\d{1,2}:\d{2}|(?:GMT|UTC|UT)?[+-]\d{4}|(?:GMT|UTC)\s?[+-]\s?\d{1,2}"
_ZONE_AFTER = re.compile(
    rf"\s*(?:uhr\b|hrs?\b\.?|hours\b|h\b|น\.)?[\s,]*[(\[]?\s*(?:({_OFFSET_TEXT})(?!\d)|([A-Za-z]+(?:\s[A-Za-z]+){{0,3}}))",
    re.IGNORECASE,
)
_ZONE_AT_END = re.compile(rf"(?:^|[\s(,])({_OFFSET_TEXT}|[A-Z]{{2,5}})\s*[)\]]?[\s.]*$")
_PLACE = re.compile(r"\b([A-Z][A-Za-z]{2,10}/[A-Z][A-Za-z_]{2,30}(?:/[A-Z][A-Za-z_]{2,30})?)")

# Zones spelled out, in the words that follow a clock.
_SPELLED_ZONES = {
    "eastern": "ET",
    "central": "CT",
    "mountain": "MT",
    "pacific": "PT",
    "alaska": "AKT",
    "hawaii": "HT",
    "atlantic": "AT",
    "newfoundland": "NT",
    "coordinated universal": "UTC",
    "universal": "UTC",
    "greenwich mean": "GMT",
    "central european": "Europe/Paris",
    "eastern european": "Europe/Helsinki",
    "uk": "Europe/London",
    "london": "Europe/London",
    "british summer": "Europe/London",
    "moscow": "Europe/Moscow",
    "israel": "Asia/Jerusalem",
    "india standard": "Asia/Kolkata",
    "indian standard": "Asia/Kolkata",
    "beijing": "Asia/Shanghai",
    "hong kong": "Asia/Hong_Kong",
    "japan standard": "Asia/Tokyo",
    "singapore": "Asia/Singapore",
}
# "Eastern Time" follows the season; "Eastern Standard Time" doesn't.
_SPELLED_FIXED = {
    "eastern standard": "EST",
    "eastern daylight": "EDT",
    "central standard": "-06:00",
    "central daylight": "CDT",
    "mountain standard": "MST",
    "mountain daylight": "MDT",
    "pacific standard": "PST",
    "pacific daylight": "PDT",
    "central european standard": "CET",
    "central european summer": "CEST",
    "eastern european summer": "EEST",
}
# Abbreviations that are read in lower case too; the rest spell words ("et", "cat", "art", "met").
_LOWER_CASE_ZONES = frozenset(
    {"gmt", "utc", "est", "edt", "cdt", "mdt", "pst", "pdt", "cet", "cest", "mez", "mesz"}
)

_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_EAST_ASIAN_DATE = re.compile(
    r"(?:(\d{4}|\d{2})|(令和|平成|昭和|民國|民国)\s*(\d{1,3}|元))\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일号號]?"
)
_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,4})\s?([./\-–])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{1,2})(?!\d)")
_VIETNAMESE_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s*,\s*|\s+năm\s+|\s+)(\d{4})(?!\d)", re.IGNORECASE
)
_BASIC_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})([01]\d)([0-3]\d)(?!\d)")

_WORD = re.compile(r"[^\s\d,;:|/()\[\]<>·•\-–—'’.]+(?:\.[^\s\d,;:|/()\[\]<>·•\-–—'’.]+)*")
_DAY_BEFORE = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|ère|[oºªa]|-?го|-?е|\.)?[\s.,\-–/'’(]*"
    r"(?:(?:de|of|d|del|di|den|der|da|i|ng|ta|בחודש|في|ב)[\s'’.\-]+)?$",
    re.IGNORECASE,
)
_DAY_AFTER = re.compile(r"[\s.,\-–/'’]*(\d{1,2})(?!\d)(?:st|nd|rd|th|er)?", re.IGNORECASE)
_YEAR_AFTER = re.compile(
    r"\D{0,12}?(?<!\d)(\d{4})(?!\d)|[\s.,\-–/]*(?:de|del|of)?\s*['’]?(\d{2})(?![\d:])", re.IGNORECASE
)
_ANY_YEAR = re.compile(r"(?<!\d)([12]\d{3}|25\d{2})(?!\d)")

_EAST_ASIAN_AGO = re.compile(
    r"(\d{1,6})\s*(秒|分|時間|小时|小時|天|日|週間|周|週|か月|ヶ月|个月|個月|年|초|시간|일|주|개월|년)[鐘钟간]?\s*(?:以)?[前전]"
)
_EAST_ASIAN_UNITS = {
    "秒": 1, "초": 1, "分": 60, "分鐘": 60, "時間": 3600, "小时": 3600, "小時": 3600, "시간": 3600,
    "天": 86400, "日": 86400, "일": 86400, "年": 365 * 86400, "년": 365 * 86400,
    "週間": 7 * 86400, "周": 7 * 86400, "週": 7 * 86400, "주": 7 * 86400,
    "か月": 30 * 86400, "ヶ月": 30 * 86400, "个月": 30 * 86400, "個月": 30 * 86400, "개월": 30 * 86400,
}  # fmt: skip
_COUNT = re.compile(r"(?<![\d.,])(\d{1,6})\s*\+?\s*([^\s\d,;:|/()]+)")

# Characters between a weekday and its date's month: "mar., le 12 abr."
_WEEKDAY_GAP = 14

# Languages that write the year first even with two digits: "22/03/30".
_YEAR_FIRST = frozenset({"ja", "zh", "ko", "hu", "mn"})


@dataclasses.dataclass(frozen=True, slots=True)
class _Clock:
    """A time of day found in a text.

    microseconds: since midnight; None where it is impossible ("25:70").
    zone: as stated; None where none follows.
    rest: the text without it.
    """

    microseconds: int | None
    zone: str | None
    rest: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Date:
    """A date found in a text; rest is the text without it."""

    year: int
    month: int
    day: int
    rest: str
    warnings: tuple[str, ...] = ()


def _read_prose(text: str, now: dt.datetime, zone_hint: str | None, language: str | None) -> ReadTime:
    """A time among words: "Updated 3:16 PM ET, Wed March 30, 2022". Of several, the first clock and the
    first date.
    """
    text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))[: 2 * _MAX_CHARS]
    text = _GLUED_YEAR.sub(r"\1 ", _GLUED.sub(" ", text))
    code = normal_language(language)
    clock = _find_clock(text, code)
    rest = text if clock is None else _LATER_CLOCKS.sub(" ", clock.rest)
    date = _find_date(rest, None if clock is None else clock.zone, zone_hint, code)
    if date is None:
        return _read_relative(text, clock, now, zone_hint, language)
    if clock is None:
        clock = _clock_from(_DOTTED_CLOCK.search(date.rest), date.rest, code)
    zone = None if clock is None else clock.zone
    if zone is None and clock is not None:
        zone = _zone_anywhere(date.rest if clock.rest == date.rest else text, code)
    return _conclude(
        date.year,
        date.month,
        date.day,
        None if clock is None else clock.microseconds,
        clock is not None,
        zone,
        now,
        zone_hint,
        language,
        date.warnings,
    )


def _find_clock(text: str, code: str) -> _Clock | None:
    """The first time of day, in the surest form that there is; None where there is none."""
    for place, pattern in enumerate(_CLOCKS):
        match = pattern.search(text)
        if match is None:
            continue
        if place == _HOURS_ONLY and not _ANY_YEAR.search(text[: match.start()] + " " + text[match.end() :]):
            continue
        return _clock_from(match, text, code)
    return None


def _clock_from(match: re.Match[str] | None, text: str, code: str) -> _Clock | None:
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()
    start, end = match.span()
    after = _HALF_AFTER.match(text, end)
    before = _HALF_BEFORE.search(text[max(0, start - 12) : start])
    is_noon = hour.lower() == "noon"
    clock = _clock("12" if is_noon else hour, minute, second, fraction)
    half = after or before
    if after is not None:
        end = after.end()
    elif before is not None:
        start -= before.end() - before.start()
    # "16:17 PM" is a 24-hour clock with an ornament.
    if half is not None and clock is not None and not is_noon and int(hour) <= 12:
        clock = clock % (12 * 3600 * _US_PER_S) + (12 * 3600 * _US_PER_S if half.group(1) else 0)
    zone, end = _zone_after(text, end, code)
    return _Clock(clock, zone, f"{text[:start]} | {text[end:]}")


def _zone_after(text: str, position: int, code: str) -> tuple[str | None, int]:
    """The zone that follows a clock, and where it ends; None and the same position where none does."""
    match = _ZONE_AFTER.match(text, position)
    if match is None:
        return None, position
    if match.group(1) is not None:
        return match.group(1).replace(" ", ""), match.end(1)
    words = match.group(2).split()
    lower = [word.lower() for word in words]
    for count in (3, 2, 1):
        spelled = " ".join(lower[:count])
        zone = _SPELLED_FIXED.get(spelled) or _SPELLED_ZONES.get(spelled)
        if zone is not None and (lower[count : count + 1] == ["time"] or spelled in ("eastern", "pacific")):
            end = match.start(2) + len(" ".join(words[: count + (lower[count : count + 1] == ["time"])]))
            return zone, end
    if _is_zone_name(words[0], code):
        return words[0], match.start(2) + len(words[0])
    return None, position


def _is_zone_name(word: str, code: str) -> bool:
    if word.upper() not in KNOWN_ABBREVIATIONS:
        return False
    # French "et" in capitals is a conjunction still.
    if word == "ET" and code.split("-")[0] in ("fr", "la"):
        return False
    return word.isupper() or word.lower() in _LOWER_CASE_ZONES


def _zone_anywhere(text: str, code: str) -> str | None:
    """A zone that stands apart from its clock: an IANA name anywhere, or what ends the text."""
    place = _PLACE.search(text)
    if place is not None and load_place(place.group(1)) is not None:
        return place.group(1)
    match = _ZONE_AT_END.search(text)
    if match is None:
        return None
    stated = match.group(1)
    if stated.isalpha():
        return stated if _is_zone_name(stated, code) else None
    return stated.replace(" ", "")


def _find_date(text: str, zone: str | None, zone_hint: str | None, code: str) -> _Date | None:
    """The first date with day, month and year in a text whose clocks were taken out; None where none is."""
    match = _EAST_ASIAN_DATE.search(text)
    if match is not None:
        digits, era, era_year, month, day = match.groups()
        year = _year(digits) if digits else _ERAS[era] + (1 if era_year == "元" else int(era_year))
        return _Date(year, int(month), int(day), _without(text, match))
    match = _NUMERIC_DATE.search(text)
    if match is not None:
        return _numeric_date(match, text, zone, zone_hint, code)
    match = _VIETNAMESE_DATE.search(text)
    if match is not None:
        return _Date(int(match.group(3)), int(match.group(2)), int(match.group(1)), _without(text, match))
    date = _named_date(text, code)
    if date is not None:
        return date
    match = _BASIC_DATE.search(text)
    if match is not None:
        return _Date(int(match.group(1)), int(match.group(2)), int(match.group(3)), _without(text, match))
    return None


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} | {text[match.end() :]}"


def _numeric_date(
    match: re.Match[str], text: str, zone: str | None, zone_hint: str | None, code: str
) -> _Date | None:
    """The date that three numbers are: the day is told by size, weekday, zone, language, in this order."""
    first, separator, second, third = match.groups()
    rest = _without(text, match)
    if len(first) == 3:
        return None
    is_year_first = len(first) == 4 or (
        len(third) < 4 and (int(first) > 31 or (len(first) == 2 and code.split("-")[0] in _YEAR_FIRST))
    )
    if is_year_first:
        year, month, day = _year(first), int(second), int(third) if len(third) < 4 else 0
        return _Date(year, day, month, rest) if month > 12 >= day else _Date(year, month, day, rest)
    if len(third) == 1:
        return None
    year, left, right = _year(third), int(first), int(second)
    if right > 12:
        return _Date(year, left, right, rest)
    # Nobody who writes dots writes the month first.
    if left > 12 or left == right or separator == ".":
        return _Date(year, right, left, rest)
    weekdays = {weekday_number(word.group(), code) for word in _WORD.finditer(rest)} - {None}
    if weekdays:
        fits = [
            (month, day)
            for month, day in ((left, right), (right, left))
            if _weekday(year, month, day) in weekdays
        ]
        if len(fits) == 1:
            return _Date(year, *fits[0], rest)
    month_first = writes_month_first(zone, zone_hint, code)
    if month_first:
        return _Date(year, left, right, rest)
    return _Date(year, right, left, rest, () if month_first is False else ("ambiguous_date",))


def _weekday(year: int, month: int, day: int) -> int | None:
    try:
        return dt.date(year, month, day).isoweekday()
    except ValueError:
        return None


def _named_date(text: str, code: str) -> _Date | None:
    """A date whose month is a word, with the day beside it and the year after it or anywhere.

    "mar" is a month and a Tuesday, "mar. 12 abr." has both: a weekday gives way to a month just behind it.
    """
    words = list(_WORD.finditer(text))
    candidates: list[tuple[bool, int, int, int]] = []
    for place, word in enumerate(words):
        month = month_number(word.group(), code)
        end = word.end()
        if month is None and place + 1 < len(words):
            # Levantine month names are of two words.
            month = month_number(f"{word.group()} {words[place + 1].group()}", code)
            end = words[place + 1].end()
        if month is not None:
            candidates.append((weekday_number(word.group(), code) is not None, word.start(), end, month))
    for place, (is_weekday, start, end, month) in enumerate(candidates[:-1]):
        if is_weekday and candidates[place + 1][1] - end > _WEEKDAY_GAP:
            candidates[place] = (False, start, end, month)
    for _, start, end, month in sorted(candidates):
        before = text[max(0, start - 40) : start]
        after = text[end : end + 40]
        day_match = _DAY_BEFORE.search(before)
        if day_match is not None:
            rest_before = text[: start - len(before) + day_match.start()]
            rest_after = text[end:]
        else:
            day_match = _DAY_AFTER.match(after)
            if day_match is None:
                continue
            rest_before = text[:start]
            rest_after = text[end + day_match.end() :]
        day = int(day_match.group(1))
        year_match = _YEAR_AFTER.match(rest_after[:40])
        if year_match is not None:
            year = _year(year_match.group(1) or year_match.group(2))
            rest = f"{rest_before} | {rest_after[year_match.end() :]}"
        else:
            year_match = _ANY_YEAR.search(f"{rest_before} | {rest_after}")
            if year_match is None:
                continue
            year = int(year_match.group(1))
            rest = _without(f"{rest_before} | {rest_after}", year_match)
        # Thailand counts from the Buddha's death.
        if 2400 <= year < 2700 and (code.split("-")[0] == "th" or _has_thai(text)):
            year -= 543
        return _Date(year, month, day, rest)
    return None


def _has_thai(text: str) -> bool:
    return any("\u0e00" <= char <= "\u0e7f" for char in text)


def _read_relative(
    text: str, clock: _Clock | None, now: dt.datetime, zone_hint: str | None, language: str | None
) -> ReadTime:
    """A time told from now: "2 hours ago", "vor 3 Stunden", "Heute, 12:37 Uhr"; unreadable where it is none.

    A day word with a clock is that clock in the zone stated, the source's or UTC; without one, a date.
    """
    words = [word.group() for word in _WORD.finditer(text)]
    phrases = [*words, *(" ".join(words[i : i + 2]) for i in range(len(words)))]
    phrases += [" ".join(words[i : i + 3]) for i in range(len(words))]
    seconds = _span_seconds(text, words, phrases)
    if seconds is None and clock is None and any(is_now(phrase) for phrase in phrases):
        seconds = 0
    if seconds is not None:
        try:
            instant = now.astimezone(dt.timezone.utc) - dt.timedelta(seconds=seconds)
        except OverflowError:
            return _UNREADABLE
        if instant.year < _FIRST_YEAR:
            return _BEFORE_1800
        return ReadTime(instant, "assumed_zone", ("relative_time",))
    offsets = [offset for offset in map(day_offset, phrases) if offset is not None]
    if not offsets:
        return _UNREADABLE
    place = None if zone_hint is None else load_place(zone_hint)
    day = now.astimezone(place or dt.timezone.utc).date() + dt.timedelta(days=offsets[0])
    read = _conclude(
        day.year,
        day.month,
        day.day,
        None if clock is None else clock.microseconds,
        clock is not None,
        None if clock is None else clock.zone,
        now,
        zone_hint,
        language,
        ("relative_time",),
    )
    return dataclasses.replace(read, quality="assumed_zone") if read.quality == "exact" else read


def _span_seconds(text: str, words: list[str], phrases: list[str]) -> int | None:
    """The seconds of "3 hours" where a word beside it says that they have passed; None where there is no
    such span.
    """
    match = _EAST_ASIAN_AGO.search(text)
    if match is not None:
        return int(match.group(1)) * _EAST_ASIAN_UNITS[match.group(2)]
    if not any(is_ago(phrase) for phrase in phrases):
        return None
    total = None
    for count in _COUNT.finditer(text):
        unit = unit_seconds(count.group(2).strip("."))
        if unit is not None:
            # "1 hour 20 minutes ago"
            total = (total or 0) + int(count.group(1)) * unit
    if total is not None:
        return total
    for one, word in itertools.pairwise(words):
        unit = unit_seconds(word)
        if unit is not None and is_one(one):
            return unit
    return None
