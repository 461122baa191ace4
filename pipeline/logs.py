"""What goes to stderr: our own messages at the level asked for, and next to nothing of libraries'."""

from __future__ import annotations

import logging
import re
import sys
from typing import Literal

LogLevel = Literal["debug", "info", "warning", "error"]

#: The top-level packages whose loggers are ours; they are all shown as "newsbeam". A script logs as __main__.
OUR_LOGGERS = ("newsbeam", "pipeline", "transforms", "schemas", "__main__")

# C0 and C1 controls, and what reorders text on a terminal (Unicode TR36, "bidirectional text spoofing").
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def printable(text: str) -> str:
    r"""Text on one line that is safe on a terminal: controls and lone surrogates are shown as escapes.

    Titles and addresses come from strangers, and a line break in one could forge a log line.

    >>> print(printable("a\nb"))
    a\nb
    """
    return _UNPRINTABLE.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def configure_logging(level: LogLevel = "warning") -> None:
    """Sends log records to stderr as "12:00:01 newsbeam WARNING message", in local time.

    level: the least that our own loggers show. Those of Beam and of other libraries show everything at "debug",
        errors at "info", and else only what is critical: Beam logs every exception on its way up, with its
        traceback, and what ended a run is said once, by us. Python's own warnings count as theirs.

    Replaces what the root logger had, since importing Beam sets one up. Called again, it starts anew. Raises
    ValueError on an unknown level.
    """
    threshold = logging.getLevelName(level.upper())
    if not isinstance(threshold, int):
        raise ValueError(f"unknown log level {level!r}")
    others = {"debug": logging.DEBUG, "info": logging.ERROR}.get(level, logging.CRITICAL)
    handler = _CurrentStderrHandler()
    handler.setFormatter(_LineFormatter("%(asctime)s %(shown_name)s %(levelname)s %(message)s", "%H:%M:%S"))
    # A filter on the handler and not just levels on the loggers: Beam and others set levels of their own.
    handler.addFilter(lambda record: record.levelno >= (threshold if _is_ours(record) else others))
    logging.basicConfig(level=others, handlers=[handler], force=True)
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(threshold)
    logging.captureWarnings(True)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OUR_LOGGERS


class _CurrentStderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what sys.stderr is at that moment: while a progress bar is drawn, it stands for stderr."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self):  # type: ignore[no-untyped-def, override]
        return sys.stderr


class _LineFormatter(logging.Formatter):
    """One line a record, whatever the message holds; a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The head and the message; the base class has filled `asctime` and `message`."""
        record.shown_name = "newsbeam" if _is_ours(record) else record.name
        record.message = printable(record.message)
        return super().formatMessage(record)
