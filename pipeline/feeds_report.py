"""The health of feeds as a person reads it: a table, worst first, with a word of advice for each."""

from __future__ import annotations

import datetime as dt
import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.logs import printable
from schemas.state import FeedState, HostState
from transforms.functions.polling.advice import BROKEN, FINE, NOTE, WARNING, Advice, advice, span
from transforms.functions.polling.hosts import host_of
from transforms.functions.polling.plan import poll_address
from transforms.functions.urls import redact_credentials

#: From so many characters a line on, a feed is a row of columns; below, a few lines.
WIDE = 110

_MIN_WIDTH = 20
_WORDS = {BROKEN: "broken", WARNING: "look", NOTE: "note", FINE: "fine"}


def render_feeds(
    states: Iterable[FeedState], hosts: Mapping[str, HostState], now: dt.datetime, width: int
) -> str:
    """All feeds as plain text, worst first, then by address; lines to print, without a line break at the end.

    hosts: by name; what is not there is not known. width: characters a line, at least 20. Addresses are shown without
    credentials, and what they or servers hold of control characters is escaped.
    """
    told = sorted(
        ((advice(state, now), state) for state in states),
        key=lambda one: (-one[0].severity, -one[1].failures, one[1].url),
    )
    if not told:
        return "No feeds: none was polled into this folder yet."
    width = max(width, _MIN_WIDTH)
    lines = [*textwrap.wrap(_headline([one for one, _ in told]), width), ""]
    lines += _wide(told, hosts, now, width) if width >= WIDE else _narrow(told, hosts, now, width)
    states_told = [state for _, state in told]
    fetched = sum(state.bytes_fetched for state in states_told)
    saved = sum(state.bytes_saved for state in states_told)
    total = f"{_size(fetched)} fetched, {_size(saved)} saved by answers that nothing is new."
    lines += ["", *textwrap.wrap(total, width)]
    return "\n".join(lines)


def _headline(told: Sequence[Advice]) -> str:
    counts = {severity: sum(one.severity == severity for one in told) for severity in _WORDS}
    parts = [f"{count:,} {_WORDS[severity]}" for severity, count in counts.items() if count]
    return f"{len(told):,} {'feed' if len(told) == 1 else 'feeds'}: {', '.join(parts)}"


def _wide(
    told: Sequence[tuple[Advice, FeedState]], hosts: Mapping[str, HostState], now: dt.datetime, width: int
) -> list[str]:
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("feed", ratio=3, overflow="fold")
    for name in ("success", "change", "failures", "items/day", "interval", "saved"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("advice", ratio=3, overflow="fold")
    for one, state in told:
        cells = (
            _shown(state.url),
            _ago(state.succeeded_at, now),
            _ago(state.changed_at, now),
            f"{state.failures:,}" if state.failures else "",
            _rate(state),
            span(state.interval_s) if state.interval_s else "",
            _size(state.bytes_saved) if state.bytes_saved else "",
            _advice_text(one, state, hosts, now),
        )
        table.add_row(*map(Text, cells))
    return _lines(table, width)


def _narrow(
    told: Sequence[tuple[Advice, FeedState]], hosts: Mapping[str, HostState], now: dt.datetime, width: int
) -> list[str]:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    for one, state in told:
        facts = [
            f"success {_ago(state.succeeded_at, now)}",
            f"change {_ago(state.changed_at, now)}",
            f"{_rate(state)} items a day" if _rate(state) else "",
            f"every {span(state.interval_s)}" if state.interval_s else "",
        ]
        table.add_row(Text(_shown(state.url)))
        for text in (_advice_text(one, state, hosts, now), ", ".join(filter(None, facts))):
            table.add_row(Padding(Text(text), (0, 0, 0, 2)))
    return _lines(table, width)


def _lines(table: Table, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def _advice_text(one: Advice, state: FeedState, hosts: Mapping[str, HostState], now: dt.datetime) -> str:
    text = ": ".join(filter(None, (_WORDS[one.severity], one.text)))
    try:
        host = hosts.get(host_of(poll_address(state)))
    except ValueError:
        host = None
    if host is not None and host.not_before is not None and host.not_before > now:
        text += f"; its host asks to wait {span((host.not_before - now).total_seconds())} more"
    return printable(text)


def _shown(url: str) -> str:
    return printable(redact_credentials(url))


def _ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    return "now" if seconds < 60 else f"{span(seconds)} ago"


def _rate(state: FeedState) -> str:
    rate = state.items_per_day
    if rate is None:
        return ""
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 9.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
