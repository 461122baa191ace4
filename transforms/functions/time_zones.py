"""Time zones as publishers write them: abbreviations, offsets and IANA names.

An abbreviation that names one offset ("EDT", "CEST") is that offset, whatever the season: that is what was
stated. One that names a place's time whatever the season ("ET", "UK time") follows the place's daylight
rule through zoneinfo, and so do those whose offset was changed by law (MSK, VET). Sources: RFC 822 section
5.1 for the American ones, the abbreviations in the tz database, CLDR for the German and Canadian French
ones.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
import zoneinfo

_OFFSET = re.compile(
    r"(?:(?:GMT|UTC|UT|Z)\s?)?([+\-−])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?", re.IGNORECASE | re.ASCII
)

# Furthest from UTC that was ever law: Kiribati's +14:00 and Baker Island's -12:00; Manila kept -15:56 until
# 1844.
_MAX_OFFSET_S = 16 * 3600

# Abbreviations with one meaning: an offset from UTC in minutes, or the place whose rule decides.
_ABBREVIATIONS: dict[str, int | str] = {
    # UTC
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "ZULU": 0,
    # North America
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles",
    "AKT": "America/Anchorage", "HT": "Pacific/Honolulu", "AT": "America/Halifax", "NT": "America/St_Johns",
    "MDT": -360, "PDT": -420, "ADT": -180, "AKST": -540, "AKDT": -480, "HST": -600, "HDT": -540,
    "NST": -210, "NDT": -150,
    # Canadian French: heure normale, heure avancée
    "HNE": -300, "HAE": -240, "HNC": -360, "HAC": -300, "HNR": -420, "HAR": -360, "HNP": -480, "HAP": -420,
    "HNA": -240, "HAA": -180, "HNT": -210, "HAT": -150,
    # Latin America
    "BRT": -180, "BRST": -120, "ART": -180, "CLT": -240, "CLST": -180, "COT": -300, "PET": -300, "BOT": -240,
    "UYT": -180, "GYT": -240, "SRT": -180, "GFT": -180, "VET": "America/Caracas", "PYT": "America/Asuncion",
    "ECT": -300, "FKST": -180, "FNT": -120,
    # Europe
    "WEST": 60, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120,
    "EEST": 180,
    "OEZ": 120, "OESZ": 180, "FET": 180, "MSK": "Europe/Moscow", "MSD": 240, "SAMT": 240,
    "TRT": "Europe/Istanbul",
    "AZOT": -60, "AZOST": 0,
    # Africa
    "WAT": 60, "CAT": 120, "SAST": 120, "EAT": 180, "CVT": -60, "MUT": 240, "SCT": 240, "RET": 240,
    # Asia
    "IDT": 180, "GET": 240, "AZT": 240, "IRST": 210, "IRDT": 270, "AFT": 270, "PKT": 300, "UZT": 300,
    "TMT": 300,
    "TJT": 300, "MVT": 300, "YEKT": "Asia/Yekaterinburg", "SLST": 330, "NPT": 345, "KGT": 360, "BTT": 360,
    "ALMT": "Asia/Almaty", "OMST": "Asia/Omsk", "MMT": 390, "ICT": 420, "WIB": 420,
    "NOVT": "Asia/Novosibirsk",
    "KRAT": "Asia/Krasnoyarsk", "HOVT": 420, "HKT": 480, "SGT": 480, "MYT": 480, "PHT": 480, "BNT": 480,
    "WITA": 480,
    "ULAT": 480, "IRKT": "Asia/Irkutsk", "JST": 540, "KST": 540, "WIT": 540, "TLT": 540,
    "YAKT": "Asia/Yakutsk",
    "VLAT": "Asia/Vladivostok", "MAGT": "Asia/Magadan", "PETT": "Asia/Kamchatka",
    # Oceania
    "AWST": 480, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "AET": "Australia/Sydney",
    "CHST": 600, "PGT": 600, "LHST": 630, "NCT": 660, "SBT": 660, "VUT": 660, "NZST": 720, "NZDT": 780,
    "NZT": "Pacific/Auckland", "FJT": 720, "TVT": 720, "TOT": 780, "PHOT": 780, "CHAST": 765, "CHADT": 825,
    "LINT": 840, "TAHT": -600,
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class _Meaning:
    """One of several meanings of an abbreviation.

    warning: the code that says it was taken; None where the others are so rare that it needs none.
    zones, languages: the source's own zone, or its language, that speak for this meaning. A zone that ends
    in "/" stands for all beneath it, a language without a region for all its regions.
    """

    offset_minutes: int
    warning: str | None
    zones: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


# Ambiguous ones. The first is taken where neither zone nor language speaks: the meaning met most often in
# feeds. EST, EDT, CDT, MST and PST are defined by RFC 822, so their first meaning is exact.
_AMBIGUOUS: dict[str, tuple[_Meaning, ...]] = {
    "IST": (
        _Meaning(
            330,
            "assumed_zone_ist_india",
            ("Asia/Kolkata", "Asia/Calcutta", "Asia/Colombo"),
            ("en-in", "hi", "ta", "te", "mr", "gu", "kn", "ml", "pa", "or", "as"),
        ),
        _Meaning(
            120,
            "assumed_zone_ist_israel",
            ("Asia/Jerusalem", "Asia/Tel_Aviv", "Israel"),
            ("he", "iw", "en-il"),
        ),
        _Meaning(60, "assumed_zone_ist_ireland", ("Europe/Dublin", "Eire"), ("ga", "en-ie")),
    ),
    "CST": (
        _Meaning(-360, "assumed_zone_cst_us", ("America/Chicago", "America/Mexico_City"), ("en-us", "es-mx")),
        _Meaning(
            480,
            "assumed_zone_cst_china",
            ("Asia/Shanghai", "Asia/Chongqing", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Macau", "PRC"),
            ("zh", "en-cn", "en-tw"),
        ),
        _Meaning(-300, "assumed_zone_cst_cuba", ("America/Havana", "Cuba"), ("es-cu",)),
    ),
    "CDT": (
        _Meaning(-300, None, ("America/Chicago",), ("en-us",)),
        _Meaning(-240, "assumed_zone_cdt_cuba", ("America/Havana", "Cuba"), ("es-cu",)),
    ),
    "BST": (
        _Meaning(60, "assumed_zone_bst_uk", ("Europe/London", "GB"), ("en-gb", "cy", "gd")),
        _Meaning(360, "assumed_zone_bst_bangladesh", ("Asia/Dhaka",), ("bn", "en-bd")),
        _Meaning(660, "assumed_zone_bst_bougainville", ("Pacific/Bougainville",), ()),
    ),
    "AST": (
        _Meaning(-240, "assumed_zone_ast_atlantic", ("America/", "Atlantic/Bermuda"), ("en-ca", "es-pr")),
        _Meaning(
            180,
            "assumed_zone_ast_arabia",
            ("Asia/Riyadh", "Asia/Baghdad", "Asia/Kuwait", "Asia/Qatar", "Asia/Bahrain", "Asia/Aden"),
            ("ar",),
        ),
    ),
    "EST": (
        _Meaning(-300, None, ("America/",), ("en-us", "en-ca")),
        _Meaning(600, "assumed_zone_est_australia", ("Australia/",), ("en-au",)),
    ),
    "EDT": (
        _Meaning(-240, None, ("America/",), ("en-us", "en-ca")),
        _Meaning(660, "assumed_zone_edt_australia", ("Australia/",), ("en-au",)),
    ),
    "MST": (
        _Meaning(-420, None, ("America/",), ("en-us", "en-ca")),
        _Meaning(480, "assumed_zone_mst_malaysia", ("Asia/Kuala_Lumpur",), ("ms", "en-my")),
        _Meaning(390, "assumed_zone_mst_myanmar", ("Asia/Yangon", "Asia/Rangoon"), ("my",)),
    ),
    "PST": (
        _Meaning(-480, None, ("America/",), ("en-us", "en-ca")),
        _Meaning(480, "assumed_zone_pst_philippines", ("Asia/Manila",), ("fil", "tl", "en-ph")),
    ),
    "SST": (
        _Meaning(-660, "assumed_zone_sst_samoa", ("Pacific/Pago_Pago",), ("sm",)),
        _Meaning(480, "assumed_zone_sst_singapore", ("Asia/Singapore",), ("en-sg",)),
    ),
    "GST": (
        _Meaning(240, "assumed_zone_gst_gulf", ("Asia/Dubai", "Asia/Muscat"), ("ar", "en-ae")),
        _Meaning(-120, "assumed_zone_gst_south_georgia", ("Atlantic/South_Georgia",), ()),
    ),
    "AMT": (
        _Meaning(-240, "assumed_zone_amt_amazon", ("America/",), ("pt",)),
        _Meaning(240, "assumed_zone_amt_armenia", ("Asia/Yerevan",), ("hy",)),
    ),
    "WST": (
        _Meaning(480, "assumed_zone_wst_australia", ("Australia/",), ("en-au",)),
        _Meaning(780, "assumed_zone_wst_samoa", ("Pacific/Apia",), ("sm", "en-ws")),
    ),
}

#: Every code that a zone can put into `warnings`.
ZONE_WARNINGS = frozenset(
    {"assumed_zone_utc", "assumed_zone_hint", "ambiguous_local_time", "unknown_zone"}
    | {
        meaning.warning
        for meanings in _AMBIGUOUS.values()
        for meaning in meanings
        if meaning.warning is not None
    }
)

#: Every abbreviation that is read, upper case.
KNOWN_ABBREVIATIONS = frozenset(_ABBREVIATIONS) | frozenset(_AMBIGUOUS)

# Stated zones and places where 03/04 is the fourth of March.
_MONTH_FIRST_ABBREVIATIONS = frozenset(
    {
        "ET",
        "CT",
        "MT",
        "PT",
        "AKT",
        "HT",
        "EST",
        "EDT",
        "CST",
        "CDT",
        "MST",
        "MDT",
        "PST",
        "PDT",
        "AKST",
        "AKDT",
        "HST",
    }
)
_MONTH_FIRST_ZONES = frozenset(
    {
        "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix",
        "America/Detroit", "America/Boise", "America/Anchorage", "America/Indiana/Indianapolis",
        "America/Louisville",
        "Pacific/Honolulu", "Pacific/Guam", "America/Puerto_Rico", "Asia/Manila", "US/Eastern", "US/Central",
        "US/Mountain", "US/Pacific", "US/Alaska", "US/Hawaii",
    }
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Zone:
    """What a stated zone means.

    offset: the fixed distance from UTC; None where `place` decides by date.
    place: the place whose rule decides; None where `offset` is fixed.
    warning: the code of what was assumed; None where the zone has one meaning.
    """

    offset: dt.timedelta | None = None
    place: zoneinfo.ZoneInfo | None = None
    warning: str | None = None


UTC_ZONE = Zone(offset=dt.timedelta(0))


@functools.lru_cache(maxsize=1024)
def resolve_zone(stated: str, zone_hint: str | None = None, language: str | None = None) -> Zone | None:
    """What an offset, an abbreviation in any case or an IANA name means; None where it is none of them.

    zone_hint: the source's own IANA zone, language: its language ("en-IN"). They settle an abbreviation
    that has several meanings, the zone before the language; which was taken is the zone's warning.

        >>> resolve_zone("+0530").offset
        datetime.timedelta(seconds=19800)
        >>> resolve_zone("IST", language="en-IE").warning
        'assumed_zone_ist_ireland'
    """
    match = _OFFSET.fullmatch(stated)
    if match is not None:
        sign, hours, minutes, seconds = match.groups()
        total = int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
        if total > _MAX_OFFSET_S or int(minutes or 0) > 59 or int(seconds or 0) > 59:
            return None
        return Zone(offset=dt.timedelta(seconds=total if sign == "+" else -total))
    name = stated.upper()
    meanings = _AMBIGUOUS.get(name)
    if meanings is not None:
        meaning = _settle(meanings, zone_hint, normal_language(language))
        return Zone(offset=dt.timedelta(minutes=meaning.offset_minutes), warning=meaning.warning)
    meant = _ABBREVIATIONS.get(name)
    if isinstance(meant, int):
        return Zone(offset=dt.timedelta(minutes=meant))
    place = load_place(meant) if meant is not None else load_place(stated) if "/" in stated else None
    return None if place is None else Zone(place=place)


def _settle(meanings: tuple[_Meaning, ...], zone_hint: str | None, language: str) -> _Meaning:
    if zone_hint is not None:
        for meaning in meanings:
            if any(
                zone_hint == zone or (zone[-1] == "/" and zone_hint.startswith(zone))
                for zone in meaning.zones
            ):
                return meaning
    if language:
        # A language with its region first: "en-ie" speaks for Ireland before "en" could for anyone.
        for code in (language, language.split("-")[0]):
            for meaning in meanings:
                if code in meaning.languages:
                    return meaning
    return meanings[0]


@functools.lru_cache(maxsize=1024)
def load_place(name: str) -> zoneinfo.ZoneInfo | None:
    """The rules of an IANA zone such as "Europe/Berlin"; None where there is no such zone.

    Cached, misses too, since zoneinfo looks into the file system for each name that it doesn't hold.
    """
    # zoneinfo takes any relative path for a name; only what looks like a zone may reach the file system.
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+\-]{0,30}(?:/[A-Za-z0-9_+\-]{1,30}){0,2}", name):
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


@functools.lru_cache(maxsize=1024)
def normal_language(language: str | None) -> str:
    """A language code in lower case with hyphens ("en_GB" -> "en-gb"); "" where there is none."""
    return (language or "").strip().lower().replace("_", "-")


def writes_month_first(stated: str | None, zone_hint: str | None, language: str | None) -> bool | None:
    """Whether 03/04 is the fourth of March for this source; None where nothing tells.

    Americans, Filipinos and some Pacific islands write the month first, nearly all others the day. An
    American zone stated in the text counts most, then a language with its region or other than English,
    then the source's zone.
    """
    if stated is not None and stated.upper() in _MONTH_FIRST_ABBREVIATIONS:
        return True
    code = normal_language(language)
    base, _, region = code.partition("-")
    region = region.rpartition("-")[2]
    if region in ("us", "ph", "gu", "pr", "as", "fm", "mh", "pw") and base in ("en", "fil", "tl"):
        return True
    if base in ("fil", "tl"):
        return True
    if base and (base != "en" or region not in ("", "ca")):
        return False
    if zone_hint is not None:
        if zone_hint in _MONTH_FIRST_ZONES:
            return True
        # Canada writes all three forms.
        if load_place(zone_hint) is not None and not zone_hint.startswith(
            ("America/", "Canada/", "UTC", "Etc/")
        ):
            return False
    return None
