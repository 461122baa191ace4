"""How many real pages' times are read right, beside dateutil, dateparser and feedparser; and how fast.

    python -m tests.benchmarks time_quality [--normalisation_peer_python /tmp/peers/bin/python] [--show_times]

--dates: JSON Lines of pages, with publisher ("de/Golem": country and name), published_at (the true instant, ISO 8601)
and raw (the strings in which the page states times, by where they stand). Strings that by their place say when a page
was changed are left out.

A string is read right where it gives the true instant, within what it states: to the second, to the minute where it
has no seconds, to the day where it has no clock. Pages contradict themselves: where what a string says is another time
than the true one, no reader can be right. A page is right where at least one of its strings is, the first being
enough: `first` counts those where the string that states most about itself, by the order of PLACES, is right.

All readers that take them get the country's time zone (where it has one zone), its language, and an hour after the
true time for the present. --show_times prints each string that ours reads otherwise.

Speed is that of RFC 822 and ISO 8601 strings, made up, half of each.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import statistics
import zoneinfo
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.harness import Benchmark, goal, main, spread, table
from tests.benchmarks.normalisation import (
    GOLD,
    Answers,
    add_peer_option,
    ask_ours,
    ask_peers,
    gold_lines,
    not_measured,
)
from transforms.functions.times import read_time

GOAL_RATE = 50_000
SPEED_STRINGS = 20_000

#: Where pages state when they were published, surest first.
PLACES = (
    "ld.datePublished",
    "article:published_time",
    "datepublished",
    "pubdate",
    "parsely-pub-date",
    "cxenseparse:recs:publishtime",
    "date",
    "dc.date.issued",
    "dc.date",
    "time@datetime",
    "time.text",
)

# The zone and the language of a page's country, where most of it has one of each.
_COUNTRIES = {
    "at": ("Europe/Vienna", "de"),
    "ch": ("Europe/Zurich", "de"),
    "cz": ("Europe/Prague", "cs"),
    "de": ("Europe/Berlin", "de"),
    "dk": ("Europe/Copenhagen", "da"),
    "es": ("Europe/Madrid", "es"),
    "fr": ("Europe/Paris", "fr"),
    "gl": ("America/Nuuk", "da"),
    "isl": ("Atlantic/Reykjavik", "is"),
    "it": ("Europe/Rome", "it"),
    "jp": ("Asia/Tokyo", "ja"),
    "kr": ("Asia/Seoul", "ko"),
    "lb": ("Asia/Beirut", "ar"),
    "li": ("Europe/Vaduz", "de"),
    "lt": ("Europe/Vilnius", "lt"),
    "lu": ("Europe/Luxembourg", "de"),
    "na": ("Africa/Windhoek", "en"),
    "no": ("Europe/Oslo", "no"),
    "pl": ("Europe/Warsaw", "pl"),
    "se": ("Europe/Stockholm", "sv"),
    "tr": ("Europe/Istanbul", "tr"),
    "ua": ("Europe/Kyiv", "uk"),
    "uk": ("Europe/London", "en"),
    "vn": ("Asia/Ho_Chi_Minh", "vi"),
    "za": ("Africa/Johannesburg", "en"),
    "us": (None, "en-US"),
}


_CLOCK = re.compile(r"\d:\d\d|\d[.h]\d\d\s?(?:Uhr|[ap]m)|\d\s?(?:Uhr|[ap]\.?m)|T\d\d|時", re.IGNORECASE)
_SECONDS = re.compile(r"\d:\d\d:\d\d")


class Stated(NamedTuple):
    """A string of a page, where it stands there, and the instant that is true for the page."""

    page: int
    place: str
    raw: str
    true: dt.datetime
    zone: str | None
    language: str | None

    @property
    def now(self) -> dt.datetime:
        """What is taken for the present."""
        return self.true + dt.timedelta(hours=1)


def load(path: Path) -> list[Stated]:
    """All strings that say when a page was published. A truth without a zone is its country's time, else UTC."""
    found = []
    for number, line in enumerate(gold_lines(path)):
        zone, language = _COUNTRIES.get(line["publisher"].partition("/")[0], (None, None))
        true = dt.datetime.fromisoformat(line["published_at"])
        if true.tzinfo is None:
            true = true.replace(tzinfo=dt.timezone.utc if zone is None else zoneinfo.ZoneInfo(zone))
        found += [
            Stated(number, place, line["raw"][place], true.astimezone(dt.timezone.utc), zone, language)
            for place in PLACES
            if place in line["raw"]
        ]
    return found


def is_right(stated: Stated, found: str | None) -> bool:
    """Whether an instant (ISO 8601) is the true one, as far as the string states it."""
    if found is None:
        return False
    apart = abs((dt.datetime.fromisoformat(found) - stated.true).total_seconds())
    if _CLOCK.search(stated.raw) is None:
        return apart < 86_400
    return apart < (1 if _SECONDS.search(stated.raw) else 60)


def measure(arguments: argparse.Namespace) -> str:
    """All sides on all strings, and on made-up ones for the speed."""
    strings = load(arguments.dates)
    asked = [
        {"raw": one.raw, "now": one.now.isoformat(), "zone": one.zone, "language": one.language}
        for one in strings
    ]
    ours = ask_ours(_read, strings, arguments.rounds)
    peers = ask_peers(arguments, "times", asked)
    said = [
        f"{len({one.page for one in strings})} pages state their time in {len(strings)} strings.",
        _table(strings, [ours, *peers]),
        *not_measured(peers),
        _speed(arguments),
    ]
    if arguments.show_times:
        said += [
            f"- {one.place}: {one.raw!r} is {one.true.isoformat()}, read as {result}"
            for one, result in zip(strings, ours.results, strict=True)
            if not is_right(one, result)
        ]
    return "\n\n".join(said)


def _read(stated: Stated) -> str | None:
    instant = read_time(stated.raw, stated.now, stated.zone, stated.language).instant
    return None if instant is None else instant.isoformat()


def _table(strings: Sequence[Stated], sides: Sequence[Answers]) -> str:
    zoned = [_has_zone(one.raw) for one in strings]
    people = [one.place == "time.text" for one in strings]
    groups = {
        "machine-readable, zone stated": [
            not text and zone for text, zone in zip(people, zoned, strict=True)
        ],
        "machine-readable, none stated": [
            not text and not zone for text, zone in zip(people, zoned, strict=True)
        ],
        "for people": people,
    }
    # What a page says of another time is nobody's to get right.
    could = [any(is_right(one, side.results[place]) for side in sides) for place, one in enumerate(strings)]
    rows = []
    for side in sides:
        right = [is_right(one, result) for one, result in zip(strings, side.results, strict=True)]
        cells = [
            f"{sum(r for r, i in zip(right, mask, strict=True) if i)} of {sum(mask)}"
            for mask in groups.values()
        ]
        wrong = sum(
            result is not None and not r and c
            for result, r, c in zip(side.results, right, could, strict=True)
        )
        rows.append((side.name, *cells, f"{_pages(strings, right)} of {_pages(strings, [True] * len(strings))}",
                     wrong, side.raised, spread(side.us_each(), 1)))  # fmt: skip
    header = (
        "",
        *groups,
        "pages, by their surest string",
        "wrong where another is right",
        "raised",
        "us of CPU each",
    )
    return table(header, rows)


def _pages(strings: Sequence[Stated], right: Sequence[bool]) -> int:
    """Pages whose surest string is right."""
    first: dict[int, bool] = {}
    for one, is_it in zip(strings, right, strict=True):
        first.setdefault(one.page, is_it)
    return sum(first.values())


def _has_zone(raw: str) -> bool:
    tail = raw[10:].upper()
    return "Z" in tail or "+" in tail or "GMT" in tail or "-" in tail


def _speed(arguments: argparse.Namespace) -> str:
    """Strings a second on one core."""
    now = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
    step = dt.timedelta(hours=7, minutes=13, seconds=11)
    moments = [now - number * step for number in range(SPEED_STRINGS // 2)]
    strings = [
        text
        for moment in moments
        for text in (moment.strftime("%a, %d %b %Y %H:%M:%S +0200"), moment.isoformat())
    ]
    answers = ask_ours(lambda raw: read_time(raw, now), strings, arguments.rounds)
    rates = [len(strings) / seconds for seconds in answers.seconds]
    met = statistics.median(rates) > GOAL_RATE
    return f"RFC 822 and ISO 8601 strings a second of CPU: {spread(rates)}.\n\n" + goal(
        f"over {GOAL_RATE:,} a second", met
    )


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has, and the peers'."""
    group.add_argument(
        "--dates", type=Path, default=GOLD / "dates.jsonl", metavar="FILE",
        help="pages with their times (default: ../shared/gold/dates.jsonl beside the project)",
    )  # fmt: skip
    group.add_argument("--show_times", action="store_true", help="print each string that is read otherwise")
    add_peer_option(group)


BENCHMARK = Benchmark("time_quality", "Times read right", measure, add_options, ("tzdata",))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
