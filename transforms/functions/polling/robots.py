"""robots.txt (RFC 9309): what may be asked for, how often, and when it is to be read again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import math
import re

from protego import Protego

from schemas.state import HostState

#: How much of a robots.txt is read, in bytes: what RFC 9309, 2.5 asks for at least.
MAX_ROBOTS_BYTES = 500 * 1024

#: How long an answer holds; and how long where the host couldn't say.
ROBOTS_HOLDS = dt.timedelta(days=1)
FAILED_ROBOTS_HOLD = dt.timedelta(hours=1)

#: A longer Crawl-delay is taken for this, in seconds.
MAX_CRAWL_DELAY_S = 3_600.0

_TOKEN = re.compile(r"[A-Za-z_-]+")


def product_token(user_agent: str) -> str:
    """The name by which robots.txt calls a program (RFC 9309, 2.2.1): "newsbeam" of "newsbeam/1.0 (+mail)".

    Raises ValueError where the User-Agent begins with no name.
    """
    found = _TOKEN.match(user_agent.strip())
    if found is None:
        raise ValueError(f"the User-Agent {user_agent!r} begins with no name that robots.txt could use")
    return found[0]


def robots_due(host: HostState, now: dt.datetime) -> bool:
    """Whether robots.txt has to be asked for before anything else is."""
    if host.robots_at is None:
        return True
    holds = FAILED_ROBOTS_HOLD if is_unreachable(host.robots_status) else ROBOTS_HOLDS
    return now - host.robots_at >= holds


def after_robots(
    host: HostState, status: int | None, body: bytes, user_agent: str, now: dt.datetime
) -> HostState:
    """The host once robots.txt was asked for.

    status: of the answer, redirects followed; None where there was none. Redirects that lead nowhere count as a 404.
    body: of a 200; what is beyond MAX_ROBOTS_BYTES is not read, nor is a line that is cut there.
    Where the host can't say, what it said before holds on.
    """
    if is_unreachable(status):
        return dataclasses.replace(host, robots_at=now, robots_status=status)
    text = _text(body) if status is not None and 200 <= status < 300 else None
    return dataclasses.replace(
        host,
        robots_at=now,
        robots_status=status,
        robots_body=text,
        crawl_delay_s=None if text is None else _crawl_delay(text, product_token(user_agent)),
    )


def robots_allows(host: HostState, url: str, user_agent: str, now: dt.datetime) -> bool:
    """Whether robots.txt allows an address of the host to this program.

    2xx: as it says. Other 4xx than 429: all is allowed. 5xx, 429 and no answer: nothing is, unless it said something
    before, which holds on (RFC 9309, 2.3.1). Not asked yet: nothing.
    now: see `robots_due`, which the caller asks first; an answer that is out of date still counts here.
    """
    if host.robots_at is None or host.robots_at > now + ROBOTS_HOLDS:
        return False
    if host.robots_body is not None:
        return _rules(host.robots_body).can_fetch(url, product_token(user_agent))
    return not is_unreachable(host.robots_status)


def is_unreachable(status: int | None) -> bool:
    """Whether an answer to the request for robots.txt leaves open what it says: 5xx, 429 and none at all."""
    return status is None or status >= 500 or status == 429


def _text(body: bytes) -> str:
    if len(body) > MAX_ROBOTS_BYTES:
        body = body[: body[:MAX_ROBOTS_BYTES].rfind(b"\n") + 1]
    return body.decode("utf-8", "replace").removeprefix("\ufeff").replace("\0", "")


def _crawl_delay(text: str, token: str) -> float | None:
    delay = _rules(text).crawl_delay(token)
    if delay is None or not math.isfinite(delay) or delay <= 0:
        return None
    return min(float(delay), MAX_CRAWL_DELAY_S)


@functools.lru_cache(maxsize=256)
def _rules(text: str) -> Protego:
    return Protego.parse(text)
