"""The command line: what is declared, what excludes what, and what is Beam's."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest

from pipeline.options import RunSettings, build_parser, run_settings
from schemas.errors import UsageError


def settings(*arguments: str) -> RunSettings:
    parsed, rest = build_parser().parse_known_args(["run", *arguments])
    return run_settings(parsed, rest)


IN = ("--input", "in", "--output", "out")


def test_sources_repeat() -> None:
    """Any number of files and feeds."""
    found = settings("--input", "a", "--input", "b*.txt", "--feeds", "https://e.example/rss", "--output", "o")
    assert found.inputs == ("a", "b*.txt")
    assert found.feeds == ("https://e.example/rss",)


STREAM = ("--output", "o", "--feeds", "a", "--streaming", "--runner", "PrismRunner")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--output", "o"), ("--input", "--feeds")),
        (("--input", "a"), ("--output",)),
        ((*IN, "--partition_by", "week"), ("--partition_by", "week")),
        ((*IN, "--partition_by", "language,date"), ("--partition_by",)),
        ((*IN, "--workers", "0"), ("--workers",)),
        ((*IN, "--workers", "two"), ("--workers",)),
        ((*IN, "--workers", "2", "--runner", "FlinkRunner"), ("--workers", "--runner")),
        ((*IN, "--key_shards", "3"), ("--key_shards",)),
        ((*IN, "--now", "yesterday"), ("--now",)),
        ((*IN, "--now", "2024-05-01T12:00:00"), ("--now", "offset")),
        ((*IN, "--now", "0001-01-01T00:00:00+14:00"), ("--now", "years")),
        ((*IN, "--now", "9999-12-31T23:00:00-14:00"), ("--now", "years")),
        ((*IN, "--runner"), ("--runner",)),
        ((*IN, "--runner="), ("--runner",)),
        ((*IN, "--runner", "--temp_location", "t"), ("--runner",)),
        ((*IN, "--streaming"), ("--streaming", "--runner")),
        ((*IN, "--streaming=true", "--runner", "DirectRunner"), ("--streaming", "--runner")),
        ((*IN, "--streaming"), ("--streaming", "newsbeam watch")),
        ((*IN, "--streaming=1"), ("--streaming",)),
        ((*IN, "--streaming", "--runner", "SparkRunner"), ("--streaming", "SparkRunner")),
        ((*IN, "--streaming", "--runner", "PrismRunner"), ("--streaming", "--input")),
        (("--output", "o", "--streaming", "--runner", "PrismRunner"), ("--streaming", "--feeds")),
        ((*STREAM, "--run_id", "a"), ("--streaming", "--run_id")),
        ((*STREAM, "--now", "2024-05-01T12:00:00Z"), ("--streaming", "--now")),
        ((*STREAM, "--flink_rest", "host:8081"), ("--flink_rest", "--runner")),
        ((*STREAM, "--window_s", "0"), ("--window_s",)),
        (
            ("--output", "o", "--feeds", "a", "--streaming", "--runner", "FlinkRunner"),
            ("--flink_master", "--flink_rest"),
        ),
        (
            (*IN, "--direct_running_mode", "multi_processing"),
            ("--direct_running_mode", "--runner", "--workers"),
        ),
        ((*IN, "--direct_num_workers=4"), ("--direct_num_workers", "--runner", "--workers")),
        ((*STREAM, "--experiments", "data_buffer_time_limit_ms=100"), ("--experiments", "docs/engines.md")),
        ((*IN, "--experiments=use_a,data_buffer_time_limit_ms=100"), ("--experiments",)),
        ((*IN, "--user_agent", "новости"), ("--user_agent",)),
        ((*IN, "--user_agent", "a\r\nX-Evil: b"), ("--user_agent",)),
        ((*IN, "--user_agent", " a"), ("--user_agent",)),
        ((*IN, "--max_dead_letter_share", "1.5"), ("--max_dead_letter_share",)),
        ((*IN, "--entities", "magic"), ("--entities",)),
        ((*IN, "--progress", "loud"), ("--progress",)),
    ],
)
def test_what_can_not_be_meant_is_said_before_anything_starts(
    arguments: tuple[str, ...], named: tuple[str, ...]
) -> None:
    """The message names the options."""
    with pytest.raises(UsageError) as caught:
        settings(*arguments)
    assert all(name in str(caught.value) for name in named)


def test_a_detector_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts, with the option and what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"--language_detector eldc.*newsbeam\[eldc\]"):
        settings(*IN, "--language_detector", "eldc")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert settings(*IN, "--language_detector", "eldc").language_detector == "eldc"


@pytest.mark.parametrize("typed", [(), ("--runner", "DirectRunner"), ("--runner=directrunner",)])
def test_the_local_runner_is_ours_to_choose(typed: tuple[str, ...]) -> None:
    """DirectRunner, typed or not, is the in-process runner; Beam's choice among several never gets to see it."""
    found = settings(*IN, *typed)
    assert found.local
    assert found.beam_args == ()
    assert found.workers >= 1


def test_another_runner_brings_its_own_workers() -> None:
    """Then everything that is a local short cut is off by itself."""
    found = settings(*IN, "--runner", "FlinkRunner", "--flink_master", "host:8081")
    assert not found.local
    assert found.workers == 1
    assert found.key_shards > settings(*IN).key_shards
    assert found.chunk_mb == 0
    assert settings(*IN).chunk_mb > 0
    assert settings(*IN, "--runner", "FlinkRunner", "--chunk_mb", "9").chunk_mb == 9
    assert found.beam_args == ("--runner", "FlinkRunner", "--flink_master", "host:8081")


def test_another_runner_and_a_local_folder_are_worth_a_warning() -> None:
    """Its workers may share this disk or not; only who typed it knows."""
    (warning,) = settings(*IN, "--runner", "FlinkRunner").warnings
    assert "--output out" in warning
    assert "--runner FlinkRunner" in warning
    assert settings(*IN).warnings == ()
    assert settings("--input", "a", "--output", "s3://made-up/out", "--runner", "FlinkRunner").warnings == ()


FEEDS = ("--feeds", "a", "--output", "out", "--streaming")


def test_what_a_stream_is_told() -> None:
    """In plain values; where Flink is, its runner's own option says, unless it is said apart."""
    found = settings(
        *FEEDS, "--runner", "FlinkRunner", "--flink_master", "host:8081", "--window_s", "5"
    ).stream
    assert found is not None
    assert (found.runner, found.window_s, found.flink_rest) == ("FlinkRunner", 5.0, "http://host:8081")
    for master in ("[auto]", "[local]"):
        apart = settings(
            *FEEDS, "--runner", "FlinkRunner", f"--flink_master={master}", "--flink_rest", "https://h/flink/"
        ).stream
        assert apart is not None
        assert apart.flink_rest == "https://h/flink"
    portable = settings(*FEEDS, "--runner", "PortableRunner", "--job_endpoint", "host:8099").stream
    assert portable is not None
    assert portable.flink_rest is None
    assert settings(*IN, "--runner", "FlinkRunner", "--streaming=false").stream is None
    assert settings(*IN).stream is None


def test_a_stream_on_prism_stays_on_this_machine() -> None:
    """So that nothing is to be warned of."""
    assert settings(*FEEDS, "--runner", "PrismRunner").warnings == ()


def test_a_user_agent_may_be_latin() -> None:
    """A header holds that much."""
    assert settings(*IN, "--user_agent", "Journal é (+https://a.example)").user_agent.startswith("Journal é")


def test_what_newsbeam_does_not_know_is_beams() -> None:
    """Beam's own options pass through in order."""
    assert settings(*IN, "--temp_location", "t", "--setup_file", "./setup.py").beam_args == (
        "--temp_location", "t", "--setup_file", "./setup.py",
    )  # fmt: skip


def test_now_is_utc() -> None:
    """Any offset is turned into UTC; Z is one."""
    for text in ("2024-05-01T12:00:00Z", "2024-05-01T14:00:00+02:00"):
        assert settings(*IN, "--now", text).now == dt.datetime(2024, 5, 1, 12, tzinfo=dt.timezone.utc)


def test_help_loads_neither_beam_nor_arrow() -> None:
    """Help has to answer at once, so nothing heavy may be on its path."""
    code = (
        "import sys; from pipeline.cli import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'apache_beam', 'pyarrow', 'numpy', 'spacy', 'requests', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--max_dead_letter_share" in done.stdout


def test_every_option_says_what_it_does() -> None:
    """Each has a help text."""
    (subparsers,) = (action for action in build_parser()._actions if action.dest == "command")
    assert subparsers.choices is not None
    for parser in subparsers.choices.values():  # type: ignore[attr-defined]
        for action in parser._actions:
            assert action.help, action.option_strings
