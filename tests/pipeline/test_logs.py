"""Logs: ours are read, Beam's are not, and nothing in a message can pass for another."""

from __future__ import annotations

import io
import logging
import re
import sys
import warnings
from collections.abc import Iterator

import pytest

from pipeline.logs import OUR_LOGGERS, LogLevel, configure_logging, printable

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def logging_is_put_back() -> Iterator[None]:
    """What these tests set up is gone after each."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    ours = {name: logging.getLogger(name).level for name in OUR_LOGGERS}
    yield
    logging.captureWarnings(False)
    root.handlers = handlers
    root.setLevel(level)
    for name, before in ours.items():
        logging.getLogger(name).setLevel(before)


def test_a_line_says_when_who_and_how_bad(capsys: Captured) -> None:
    """Our modules all speak as newsbeam."""
    configure_logging()
    logging.getLogger("pipeline.fetch").warning("feed %s answered %d", "https://feed.example/", 503)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d newsbeam WARNING feed https://feed\.example/ answered 503\n", capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("level", "ours", "theirs"),
    [
        ("debug", "DIWE", "DIWEC"),
        ("info", "IWE", "EC"),
        ("warning", "WE", "C"),
        ("error", "E", "C"),
    ],
)
@pytest.mark.parametrize("own_level", [logging.NOTSET, logging.DEBUG])
def test_libraries_are_quiet(
    capsys: Captured, level: LogLevel, ours: str, theirs: str, own_level: int
) -> None:
    """At the default level nothing below critical shows, whatever level a library sets for itself."""
    configure_logging(level)
    beam = logging.getLogger("apache_beam.some.module")
    beam.setLevel(own_level)
    for logger in (logging.getLogger("transforms.dedup"), beam):
        logger.debug("D")
        logger.info("I")
        logger.warning("W")
        logger.error("E")
    beam.critical("C")
    beam.setLevel(logging.NOTSET)
    lines = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert "".join(line[3] for line in lines if line[1] == "newsbeam") == ours
    assert "".join(line[3] for line in lines if line[1] == "apache_beam.some.module") == theirs


def test_what_a_library_set_up_before_is_replaced(capsys: Captured) -> None:
    """Importing Beam configures the root logger; a message is still shown once."""
    logging.basicConfig(level=logging.INFO)
    configure_logging()
    configure_logging()
    logging.getLogger("pipeline").error("once")
    assert capsys.readouterr().err.count("once") == 1


@pytest.mark.parametrize(("level", "shown"), [("warning", False), ("debug", True)])
def test_warnings_of_libraries_are_noise_unless_all_is_asked_for(
    capsys: Captured, level: LogLevel, shown: bool
) -> None:
    """A FutureWarning inside Beam is nothing a user can act on."""
    configure_logging(level)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("will change one day", FutureWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert ("will change one day" in capsys.readouterr().err) is shown


def test_a_message_is_one_line(capsys: Captured) -> None:
    """A feed's title can't forge a line of the log or steer the terminal."""
    configure_logging()
    logging.getLogger("pipeline").warning("title %s", "a\n12:00:00 newsbeam ERROR b\x1b[2J")
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert r"a\n12:00:00 newsbeam ERROR b\x1b[2J" in shown


def test_a_traceback_keeps_its_lines(capsys: Captured) -> None:
    """It is ours and meant to be read."""
    configure_logging()
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("pipeline").exception("failed")
    assert capsys.readouterr().err.splitlines()[-1] == "ValueError: odd"


def test_messages_go_where_stderr_is_at_that_moment(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A progress bar stands in for stderr while it is drawn."""
    configure_logging()
    stand_in = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stand_in)
    logging.getLogger("pipeline").warning("above the bar")
    assert "above the bar" in stand_in.getvalue()
    assert capsys.readouterr().err == ""


def test_an_unknown_level_is_refused() -> None:
    """Before anything is changed."""
    handlers = logging.getLogger().handlers[:]
    with pytest.raises(ValueError, match="loud"):
        configure_logging("loud")  # type: ignore[arg-type]
    assert logging.getLogger().handlers == handlers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain „text“ 日本 😀", "plain „text“ 日本 😀"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x00\x1b[31m\x7f\x9b", r"\x00\x1b[31m\x7f\x9b"),
        ("exe\u202egpj", r"exe\u202egpj"),
        ("\udce9", r"\udce9"),
    ],
)
def test_controls_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    """Text of any script stays as it is."""
    assert printable(text) == shown
