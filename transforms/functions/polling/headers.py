"""What an answer's headers say about when to ask again."""

from __future__ import annotations

import datetime as dt
import email.utils
import re

#: The longest wish to be left alone that is granted, in seconds: a slip of the pen must not silence a host for years.
MAX_RETRY_AFTER_S = 7 * 86_400

_SECONDS = re.compile(r"[0-9]{1,18}")
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,18})\"?\s*(?=,|$)", re.IGNORECASE)
_NOT_STORED = re.compile(r"(?:^|,)\s*(?:no-store|no-cache)\s*(?=[,=]|$)", re.IGNORECASE)

# Headers that say more than this say nothing that we look for.
_MAX_CHARS = 4_000


def http_date(text: str | None) -> dt.datetime | None:
    """An HTTP date (RFC 9110, 5.6.7) in UTC; None where it is missing or none."""
    if text is None or len(text) > _MAX_CHARS:
        return None
    try:
        stated = email.utils.parsedate_to_datetime(text.strip())
    except (ValueError, OverflowError):
        return None
    # Old forms have no zone, and all HTTP dates are in UTC.
    if stated.tzinfo is None:
        return stated.replace(tzinfo=dt.timezone.utc)
    try:
        return stated.astimezone(dt.timezone.utc)
    except OverflowError:
        return None


def retry_after_s(text: str | None, now: dt.datetime) -> float | None:
    """The seconds that a Retry-After (RFC 9110, 10.2.3) wishes from now on, at most MAX_RETRY_AFTER_S.

    None where it is missing, neither seconds nor a date, or over already: then it asks for nothing.

        >>> retry_after_s("120", dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc))
        120.0
    """
    if text is None:
        return None
    stripped = text.strip()
    if _SECONDS.fullmatch(stripped):
        seconds = float(stripped)
    else:
        moment = http_date(stripped)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return min(seconds, float(MAX_RETRY_AFTER_S)) if seconds > 0 else None


def fresh_for_s(cache_control: str | None, expires: str | None, date: str | None) -> int | None:
    """How long an answer stays fresh by its headers (RFC 9111, 4.2.1), in seconds.

    max-age comes before Expires, which counts from Date. None where nothing is said, or where it may not be stored;
    an Expires that is no date is in the past, as the RFC has it, and gives None too.
    """
    stated = "" if cache_control is None else cache_control[:_MAX_CHARS]
    if _NOT_STORED.search(stated):
        return None
    found = _MAX_AGE.search(stated)
    if found is not None:
        return min(int(found[1]), 366 * 86_400) or None
    until, since = http_date(expires), http_date(date)
    if until is None or since is None or until <= since:
        return None
    return min(int((until - since).total_seconds()), 366 * 86_400) or None
