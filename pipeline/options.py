"""Every option of the command line, declared once; and the plain values that the pipeline is built from.

Importing this loads no Beam: `newsbeam --help` has to answer at once. What newsbeam doesn't know is Beam's.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import importlib.util
import os
import re
from collections.abc import Sequence
from typing import Literal

from pipeline.files import is_local
from schemas.errors import UsageError

DESCRIPTION = "Seed files and news feeds to clean, deduplicated Parquet tables."

PARTITIONINGS = tuple(
    f"{time}{second}" for time in ("date", "month") for second in ("", ",language", ",source_domain")
)

#: Runners of Beam's that stay in this process, under the names people type.
LOCAL_RUNNERS = ("directrunner", "fnapirunner", "inprocessrunner")

#: Runners of Beam's that a stream can be launched on, ended, and found again.
STREAMING_RUNNERS = ("prismrunner", "portablerunner", "flinkrunner")

#: Options of a run that mean nothing to a stream, and why.
_NOT_STREAMING = {
    "input": "a stream polls feeds; newsbeam run --input adds files to the same tables beside it",
    "run_id": "each window is a run with an id of its own",
    "now": "a stream goes by the clock",
}

#: Options of Beam's that the local runner would pass over in silence, and what to do instead.
_NOT_LOCAL = {
    "direct_running_mode": "it stays in one process; --workers gives it others for the heavy work",
    "direct_num_workers": "it stays in one process; --workers gives it others for the heavy work",
}

#: An experiment of Beam's that loses elements in silence: a thread of its own empties buffers that others are writing
#: to, without a lock (2.77).
_LOSES_ELEMENTS = "data_buffer_time_limit_ms"


@dataclasses.dataclass(frozen=True, slots=True)
class StreamSettings:
    """What only a stream needs to know, checked.

    runner: Beam's, as typed. window_s: length of a window, in seconds; each is a commit.
    poll_shards: parts that hosts are polled in, each in one place at a time.
    drain_timeout_s: seconds that a stream which is asked to end has for its last window.
    stall_timeout_s: seconds without a word of the ticker, or of the engine, after which something is wrong.
    flink_rest: address of Flink's REST API, http://HOST:PORT; None where the engine isn't Flink, or hides it.
    """

    runner: str
    window_s: float
    poll_shards: int
    drain_timeout_s: float
    stall_timeout_s: float
    flink_rest: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class RunSettings:
    """What one run is to do, checked. Nothing below the command line sees anything else of the options.

    inputs: paths, globs or folders. feeds: addresses; or paths, globs or folders of lists of them.
    partition_by: the columns that the articles' folders are named for, outermost first.
    workers: processes for the heavy work; 1 stays in this one.
    now: the run's clock, UTC.
    sources: path of a table of publishers that extends the packaged one.
    chunk_mb: megabytes of input, once decompressed, that are committed at a time; 0 is everything at once.
    local: whether the run stays on this machine, so that it may use its processes.
    beam_args: what is passed on to Beam.
    stream: how feeds are polled for ever on an engine that streams; None for a run that ends.
    """

    inputs: tuple[str, ...]
    feeds: tuple[str, ...]
    output: str
    language_detector: str
    entities: str
    partition_by: tuple[str, ...]
    near_duplicates: Literal["off", "mark", "drop"]
    near_window_days: int
    workers: int
    run_id: str | None
    now: dt.datetime | None
    progress: Literal["auto", "bar", "log", "off"]
    max_dead_letter_share: float
    max_input_mb: int
    fetch_timeout_s: float
    max_body_mb: int
    host_gap_s: float
    fetch_concurrency: int
    min_poll_s: float
    max_poll_s: float
    all_due: bool
    robots: str
    backfill: bool
    allow_private_hosts: bool
    user_agent: str
    key_shards: int
    local: bool
    beam_args: tuple[str, ...]
    chunk_mb: int = 64
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    sources: str | None = None
    stream: StreamSettings | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may not be meant as it was typed, one sentence each."""
        if self.local or not is_local(self.output):
            return ()
        runner = beam_option(self.beam_args, "runner")
        if runner is not None and runner.lower() == "prismrunner":
            # A process here, with workers here.
            return ()
        return (
            f"--output {self.output} is on this machine's disk, and --runner {runner} may work on others: all of its "
            "workers must have that folder",
        )


@dataclasses.dataclass(frozen=True, slots=True)
class WatchSettings:
    """What a watch is to do, checked.

    run: what its commits share with a run. max_latency_s: seconds from the end of a poll until its news are in the
    tables. drain_timeout_s: seconds from a signal to the end.
    """

    run: RunSettings
    max_latency_s: float
    drain_timeout_s: float


class _Parser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving, so that one place decides what an error looks like."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message}\nTry: {self.prog} --help")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = _Parser(prog="newsbeam", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"newsbeam {newsbeam_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    run = commands.add_parser(
        "run",
        help="read files and feeds once, and add what is new to the tables",
        description="Reads files and feeds once, and adds what is new to the tables in --output.",
        epilog="Any other option is passed on to Beam (--runner, --temp_location, --setup_file ...). "
        "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 too many dead letters; 4 busy, another run holds --output; "
        "129, 130, 143 stopped by a signal.",
        allow_abbrev=False,
    )
    _add_run_options(run)
    _add_stream_options(run)
    stop = commands.add_parser(
        "stop",
        help="end the stream that works in a folder, once its last window is committed",
        description="Ends the stream (newsbeam run --streaming) that works in --output, from any machine that has the "
        "folder: it polls no more, commits the windows that it has, and its job is cancelled.",
        epilog="Exit codes: 0 ended; 1 not in time, or the job could not be cancelled; 2 no stream runs there.",
        allow_abbrev=False,
    )
    stop.add_argument("--output", required=True, metavar="DIR", help="folder with the tables")
    _add_drain_timeout(stop)
    stop.add_argument(
        "--savepoint",
        nargs="?",
        const="",
        default=None,
        metavar="DIR",
        help="on Flink: stop with a savepoint, in this folder or where the cluster keeps them, and print its path, for "
        "newsbeam run --streaming --savepoint_path PATH to go on from; open windows are in it",
    )
    stop.add_argument(
        "--forget",
        action="store_true",
        help="only take it that the stream is over, where its engine can't be asked and you know so",
    )
    _add_log_level(stop)
    watch = commands.add_parser(
        "watch",
        help="poll feeds and take up new files until it is stopped",
        description="Polls each feed when it is due and takes up files that are dropped into folders, and adds what is "
        "new to the tables in --output, seconds later. Ends on Ctrl-C or SIGTERM, once what is at hand is committed; "
        "a second one ends it at once, and the next start goes on.",
        epilog="Exit codes: 0 stopped; 1 failed; 2 wrong usage; 4 busy, another run holds --output; "
        "129, 130, 143 stopped by a signal before what was at hand was committed.",
        allow_abbrev=False,
    )
    _add_watch_options(watch)
    reindex = commands.add_parser(
        "reindex",
        help="build _index anew from the tables",
        description="Replaces _index in --output by one that is built from the tables.",
        allow_abbrev=False,
    )
    reindex.add_argument("--output", required=True, metavar="DIR", help="folder with the tables")
    _add_log_level(reindex)
    feeds = commands.add_parser(
        "feeds",
        help="show the health of the feeds that were polled, worst first",
        description="Shows each feed that was polled into --output: last success and change, failures, items a day, "
        "interval, bytes saved, and a word of advice; worst first.",
        allow_abbrev=False,
    )
    feeds.add_argument("--output", required=True, metavar="DIR", help="folder with the tables")
    _add_log_level(feeds)
    check = commands.add_parser(
        "check",
        help="prove that the tables and manifests in a folder hold together",
        description="Opens every table and manifest in --output and proves their invariants: 0, or 1 with a list.",
        allow_abbrev=False,
    )
    check.add_argument("--output", required=True, metavar="DIR", help="folder with the tables")
    _add_log_level(check)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    _add_tables_options(parser)
    run = parser.add_argument_group("the run itself")
    _add_work_options(run)
    run.add_argument(
        "--run_id",
        default=None,
        metavar="ID",
        help="name of this run in files and rows (default: the time and six random digits)",
    )
    run.add_argument(
        "--now",
        type=_time,
        default=None,
        metavar="TIME",
        help="ISO 8601 time to take for the present, for reproducible runs (default: the clock)",
    )
    run.add_argument(
        "--max_dead_letter_share",
        type=_share,
        default=0.5,
        metavar="SHARE",
        help="share of items read, 0 to 1, over which dead letters make the exit code 3 (default %(default)g)",
    )
    _add_log_level(run)


def _add_watch_options(parser: argparse.ArgumentParser) -> None:
    _add_tables_options(parser)
    watch = parser.add_argument_group("the watch itself")
    watch.add_argument(
        "--max_latency_s",
        type=_positive_float,
        default=5.0,
        metavar="S",
        help="seconds from a poll until what it brought is in the tables, as far as the machine keeps up; half of them "
        "are waited for others to share a commit, so that more make fewer and larger files (default %(default)g)",
    )
    watch.add_argument(
        "--drain_timeout_s",
        type=_positive_float,
        default=30.0,
        metavar="S",
        help="seconds from a signal after which the watch ends with what it has not committed; the next start finds it "
        "again (default %(default)g)",
    )
    _add_work_options(watch)
    _add_log_level(watch)
    # What only a run can be told.
    parser.set_defaults(run_id=None, now=None, max_dead_letter_share=1.0)


def _add_tables_options(parser: argparse.ArgumentParser) -> None:
    sources = parser.add_argument_group("what is read (at least one)")
    sources.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="GLOB",
        help="file, glob or folder (taken whole) of .txt seeds, .xml .rss .atom .rdf .json feed snapshots, "
        "or .jsonl records; each also as .gz .bz2 .zst; on any of Beam's filesystems; repeatable",
    )
    sources.add_argument(
        "--feeds",
        action="append",
        default=[],
        metavar="URL|GLOB",
        help="address of a feed; or file, glob or folder (taken whole) of .txt .opml .xml lists of addresses, one a "
        "line or as OPML; repeatable",
    )
    sources.add_argument(
        "--max_input_mb",
        type=_positive_int,
        default=256,
        metavar="MB",
        help="size in megabytes, once decompressed, over which a seed or feed file is a dead letter; "
        "JSONL is read line by line, with 32 MB a line (default %(default)s)",
    )
    sources.add_argument(
        "--sources",
        default=None,
        metavar="FILE",
        help="publishers beside those that newsbeam knows, or in their place: a line each of domain, name, country, "
        "time zone and aliases joined by |, set apart by tabs; country, zone and aliases may be left out",
    )
    output = parser.add_argument_group("what is written")
    output.add_argument(
        "--output", required=True, metavar="DIR", help="folder for the tables; made where missing"
    )
    output.add_argument(
        "--partition_by",
        default="date",
        metavar="KEYS",
        help="folders of the articles: date or month of publication (UTC), optionally with ,language or "
        ",source_domain after it (default %(default)s)",
    )
    output.add_argument(
        "--language_detector",
        choices=("langdetect", "eldc", "none"),
        default="langdetect",
        help="how languages are told; eldc has to be installed (newsbeam[eldc]); none leaves all undetermined, and "
        "finds no entities (default %(default)s)",
    )
    output.add_argument(
        "--entities",
        choices=("spacy", "none"),
        default="spacy",
        help="how entities are found; none leaves the column null and is much faster (default %(default)s)",
    )
    dedup = parser.add_argument_group("duplicates")
    dedup.add_argument(
        "--near_duplicates",
        choices=("off", "mark", "drop"),
        default="drop",
        help="articles that tell one story in nearly the same words: drop keeps one and sets the others aside, mark "
        "keeps all under one group_id, off doesn't look for them (default %(default)s)",
    )
    dedup.add_argument(
        "--near_window_days",
        type=_positive_int,
        default=30,
        metavar="DAYS",
        help="how long ago an article may have been committed for a new one to be its near-duplicate; exact "
        "duplicates are known for ever (default %(default)s)",
    )
    fetch = parser.add_argument_group("fetching feeds")
    fetch.add_argument(
        "--fetch_timeout_s",
        type=_positive_float,
        default=20.0,
        metavar="S",
        help="seconds to wait for a server to connect, and between two parts of its answer; the whole request, with "
        "redirects, may take six times that (default %(default)g)",
    )
    fetch.add_argument(
        "--max_body_mb",
        type=_positive_int,
        default=16,
        metavar="MB",
        help="megabytes, once decompressed, over which an answer is refused (default %(default)s)",
    )
    fetch.add_argument(
        "--all_due",
        action="store_true",
        help="poll all feeds, not only those whose time has come; hosts that wish to be left alone still are",
    )
    fetch.add_argument(
        "--min_poll_s",
        type=_positive_float,
        default=600.0,
        metavar="S",
        help="least seconds between two polls of a feed; how often it is polled follows from how often it has news "
        "(default %(default)g)",
    )
    fetch.add_argument(
        "--max_poll_s",
        type=_positive_float,
        default=43_200.0,
        metavar="S",
        help="most seconds between two polls of a feed that answers (default %(default)g)",
    )
    fetch.add_argument(
        "--host_gap_s",
        type=_seconds,
        default=2.0,
        metavar="S",
        help="seconds from the end of one request to a host to the next (default %(default)g)",
    )
    fetch.add_argument(
        "--fetch_concurrency",
        type=_positive_int,
        default=32,
        metavar="N",
        help="requests under way at the same time, each to another host (default %(default)s)",
    )
    fetch.add_argument(
        "--robots",
        choices=("pages", "feeds"),
        default="pages",
        help="pages: robots.txt is for pages, and a feed is there to be read; feeds: it is asked before a feed is, too "
        "(default %(default)s)",
    )
    fetch.add_argument(
        "--backfill",
        action="store_true",
        help="also read the older pages and archives that feeds name (RFC 5005)",
    )
    fetch.add_argument(
        "--allow_private_hosts",
        action="store_true",
        help="ask hosts with private, loopback and other addresses that aren't public, too: for intranets and tests",
    )
    fetch.add_argument(
        "--user_agent",
        type=_header_value,
        default=f"newsbeam/{newsbeam_version()} (feed reader)",
        metavar="TEXT",
        help="how newsbeam names itself to servers; add a way to reach you (default %(default)r)",
    )


def _add_work_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--workers",
        type=_positive_int,
        default=None,
        metavar="N",
        help="processes for the heavy work on the local runner, where --output is on this machine's disk "
        "(default: one per core, at most 8)",
    )
    group.add_argument(
        "--chunk_mb",
        type=_whole_number,
        default=None,
        metavar="MB",
        help="megabytes of input, once decompressed, after which a large run commits what it has and goes on with the "
        "next chunk; memory follows it; 0 commits everything at once (default: 64 on the local runner, else 0)",
    )
    group.add_argument(
        "--key_shards",
        type=_positive_int,
        default=None,
        metavar="N",
        help="parts that keys are shuffled in, a power of two (default: 8 on the local runner, else 256)",
    )
    group.add_argument(
        "--progress",
        choices=("auto", "bar", "log", "off"),
        default="auto",
        help="bar, or a plain line every few seconds; auto takes the bar on a terminal (default %(default)s)",
    )


def _add_stream_options(parser: argparse.ArgumentParser) -> None:
    stream = parser.add_argument_group("polling for ever, on an engine that streams")
    stream.add_argument(
        "--streaming",
        # Beam's own takes a value too.
        type=_truth,
        nargs="?",
        const=True,
        default=False,
        metavar="BOOL",
        help="poll --feeds until told to end (SIGINT, SIGTERM, newsbeam stop), with a commit for each window; needs "
        "--runner PrismRunner, PortableRunner or FlinkRunner; on this machine alone: newsbeam watch",
    )
    stream.add_argument(
        "--window_s",
        type=_positive_float,
        default=10.0,
        metavar="S",
        help="seconds of a window; what was fetched in it is readable soon after its end (default %(default)g)",
    )
    stream.add_argument(
        "--poll_shards",
        type=_positive_int,
        default=4,
        metavar="N",
        help="parts that hosts are polled in, side by side; those of one host are in one part (default %(default)s)",
    )
    _add_drain_timeout(stream)
    stream.add_argument(
        "--stall_timeout_s",
        type=_positive_float,
        default=60.0,
        metavar="S",
        help="seconds without a sign of work after which a stream is ended with an error where its engine doesn't "
        "replace lost workers (Prism), and a warning is given where it does (Flink) (default %(default)g)",
    )
    stream.add_argument(
        "--flink_rest",
        default=None,
        metavar="HOST:PORT",
        help="address of Flink's REST API, by which the job is watched and ended (default: that of --flink_master, "
        "where it has one); without it --runner PortableRunner is not taken to be Flink",
    )


def _add_drain_timeout(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--drain_timeout_s",
        type=_positive_float,
        default=60.0,
        metavar="S",
        help="seconds that a stream which is asked to end has to commit its last window; its job is cancelled then in "
        "any case (default %(default)g)",
    )


def _add_log_level(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--log_level",
        choices=("debug", "info", "warning", "error"),
        default="warning",
        help="how much is logged; debug includes Beam's own (default %(default)s)",
    )


def run_settings(arguments: argparse.Namespace, beam_args: Sequence[str]) -> RunSettings:
    """The settings of a run from its parsed options.

    Raises UsageError, naming the options, where they can't be meant together.
    """
    runner = beam_option(beam_args, "runner")
    # Not of `watch`, which has no such option.
    stream = (
        _stream_settings(arguments, beam_args, runner) if getattr(arguments, "streaming", False) else None
    )
    if not arguments.input and not arguments.feeds:
        raise UsageError("nothing to read: give --input, --feeds, or both")
    if not arguments.output.strip():
        raise UsageError("--output is empty")
    partition_by = tuple(part.strip() for part in arguments.partition_by.split(","))
    if ",".join(partition_by) not in PARTITIONINGS:
        raise UsageError(f"--partition_by {arguments.partition_by}: one of {' '.join(PARTITIONINGS)}")
    if arguments.language_detector == "eldc" and importlib.util.find_spec("eldc") is None:
        raise UsageError(
            "--language_detector eldc needs a package that isn't installed: pip install 'newsbeam[eldc]', or leave the "
            "option out for langdetect"
        )
    local = runner is None or runner.lower() in LOCAL_RUNNERS
    if not local and arguments.workers not in (None, 1):
        raise UsageError(
            f"--workers {arguments.workers} starts processes on this machine, and --runner {runner} brings its own: "
            "leave one of them out"
        )
    shards = arguments.key_shards or (8 if local else 256)
    if shards & (shards - 1) or shards > 65_536:
        raise UsageError(f"--key_shards {shards}: a power of two up to 65536")
    if local:
        beam_args = without_option(beam_args, "runner")
        for option, instead in _NOT_LOCAL.items():
            if is_given(beam_args, option):
                raise UsageError(f"--{option} and the local --runner exclude each other: {instead}")
    if any(f"{_LOSES_ELEMENTS}=" in argument for argument in beam_args):
        raise UsageError(
            f"--experiments {_LOSES_ELEMENTS}: Beam's Python workers lose elements with it (docs/engines.md)"
        )
    return RunSettings(
        inputs=tuple(arguments.input),
        feeds=tuple(arguments.feeds),
        output=arguments.output,
        language_detector=arguments.language_detector,
        entities=arguments.entities,
        partition_by=partition_by,
        near_duplicates=arguments.near_duplicates,
        near_window_days=arguments.near_window_days,
        workers=(arguments.workers or min(os.cpu_count() or 1, 8)) if local else 1,
        run_id=arguments.run_id,
        now=arguments.now,
        progress=arguments.progress,
        max_dead_letter_share=arguments.max_dead_letter_share,
        max_input_mb=arguments.max_input_mb,
        fetch_timeout_s=arguments.fetch_timeout_s,
        max_body_mb=arguments.max_body_mb,
        host_gap_s=arguments.host_gap_s,
        fetch_concurrency=arguments.fetch_concurrency,
        min_poll_s=arguments.min_poll_s,
        max_poll_s=arguments.max_poll_s,
        all_due=arguments.all_due,
        robots=arguments.robots,
        backfill=arguments.backfill,
        allow_private_hosts=arguments.allow_private_hosts,
        user_agent=arguments.user_agent,
        key_shards=shards,
        local=local,
        beam_args=tuple(beam_args),
        # To find where chunks begin takes one process that reads all of the input; an engine has memory for a run.
        chunk_mb=(64 if local else 0) if arguments.chunk_mb is None else arguments.chunk_mb,
        log_level=arguments.log_level,
        sources=arguments.sources,
        stream=stream,
    )


def _stream_settings(
    arguments: argparse.Namespace, beam_args: Sequence[str], runner: str | None
) -> StreamSettings:
    if runner is None or runner.lower() in LOCAL_RUNNERS:
        given = "no --runner" if runner is None else f"--runner {runner}"
        raise UsageError(
            f"--streaming with {given}: Beam's local runner doesn't stream. Use newsbeam watch on this machine, or "
            "--runner PrismRunner, PortableRunner or FlinkRunner"
        )
    if runner.lower() not in STREAMING_RUNNERS:
        raise UsageError(
            f"--streaming with --runner {runner}: one of PrismRunner, PortableRunner and FlinkRunner"
        )
    for option, why in _NOT_STREAMING.items():
        if getattr(arguments, option):
            raise UsageError(f"--{option} and --streaming exclude each other: {why}")
    if not arguments.feeds:
        raise UsageError("nothing to poll: --streaming needs --feeds")
    flink_rest: str | None = arguments.flink_rest
    if flink_rest is None:
        master = beam_option(beam_args, "flink_master")
        # "[local]" and "[auto]" start a cluster whose address nobody says.
        flink_rest = None if master is None or master.startswith("[") else master
    if flink_rest is not None and runner.lower() == "prismrunner":
        raise UsageError(f"--flink_rest {flink_rest} and --runner {runner} exclude each other")
    if runner.lower() == "flinkrunner" and flink_rest is None:
        raise UsageError(
            "--streaming --runner FlinkRunner needs --flink_master HOST:PORT, or --flink_rest: a job on Flink is "
            "watched and ended by its REST API"
        )
    return StreamSettings(
        runner,
        arguments.window_s,
        arguments.poll_shards,
        arguments.drain_timeout_s,
        arguments.stall_timeout_s,
        None if flink_rest is None else rest_address(flink_rest),
    )


def rest_address(address: str) -> str:
    """The address of an API with its scheme and no slash at its end.

    >>> rest_address("localhost:8081")
    'http://localhost:8081'
    """
    return (address if "://" in address else f"http://{address}").rstrip("/")


def watch_settings(arguments: argparse.Namespace, beam_args: Sequence[str]) -> WatchSettings:
    """The settings of a watch from its parsed options. Raises UsageError as `run_settings` does."""
    settings = run_settings(arguments, beam_args)
    if not settings.local:
        raise UsageError(
            "watch works on this machine, and --runner brings others: there it is newsbeam run --streaming"
        )
    return WatchSettings(settings, arguments.max_latency_s, arguments.drain_timeout_s)


def is_given(beam_args: Sequence[str], name: str) -> bool:
    """Whether a Beam option was typed, `--name`, `--name value` or `--name=value`."""
    return any(argument == f"--{name}" or argument.startswith(f"--{name}=") for argument in beam_args)


def beam_option(beam_args: Sequence[str], name: str) -> str | None:
    """The value of a Beam option as typed, `--name value` or `--name=value`; the last one counts.

    Raises UsageError where the option has no value.
    """
    value = None
    for place, argument in enumerate(beam_args):
        if argument.startswith(f"--{name}="):
            value = argument.split("=", 1)[1]
        elif argument == f"--{name}":
            value = "".join(beam_args[place + 1 : place + 2])
        else:
            continue
        if not value or value.startswith("--"):
            raise UsageError(f"--{name}: a value is missing\nTry: newsbeam run --help")
    return value


def without_option(beam_args: Sequence[str], name: str) -> list[str]:
    """What was typed for Beam without an option that has a value."""
    kept = []
    skip = False
    for argument in beam_args:
        if skip:
            skip = False
        elif argument == f"--{name}":
            skip = True
        elif not argument.startswith(f"--{name}="):
            kept.append(argument)
    return kept


def newsbeam_version() -> str:
    """The installed version, or "0+unknown" where newsbeam runs from a tree that was never installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("newsbeam")
    except PackageNotFoundError:
        return "0+unknown"


def _positive_int(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return value


def _whole_number(text: str) -> int:
    return 0 if text == "0" else _positive_int(text)


def _positive_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return value


def _truth(text: str) -> bool:
    values = {"true": True, "false": False}
    if text.lower() not in values:
        raise argparse.ArgumentTypeError(f"{text!r} is not true or false")
    return values[text.lower()]


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return value


def _time(text: str) -> dt.datetime:
    # Python 3.10's fromisoformat does not know the Z that everybody writes.
    try:
        moment = dt.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "Zz" else text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset: add Z for UTC")
    try:
        return moment.astimezone(dt.timezone.utc)
    except OverflowError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is outside of the years 1 to 9999 in UTC") from error


def _header_value(text: str) -> str:
    # RFC 9110, 5.5: no controls but the tab, and no blank at either end; beyond ASCII there is Latin-1 only.
    if text != text.strip() or re.search(r"[^\t\x20-\x7e\xa0-\xff]", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} can't be sent in a header: line breaks, other controls, blanks at the ends and characters "
            "beyond Latin-1 are not allowed there"
        )
    return text
