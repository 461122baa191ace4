"""The command line: `newsbeam run`, `watch`, `stop`, `feeds`, `check` and `reindex`.

Exit codes:

0    done; for `watch`, stopped by a signal once all that was at hand was committed
1    failed; for `check`, problems were found
2    the command line or the output folder is wrong, said before anything starts
3    done, but too large a share of the items read, or of the feeds polled, are dead letters
4    busy: another run holds the output folder, or a stream works in it; nothing was done
130  stopped by Ctrl-C (SIGINT), 143 by SIGTERM, 129 by SIGHUP: nothing was committed but whole chunks

A run that is stopped amid its commit is decided: that is 1, and the next start completes it. A watch that isn't done in
time after a signal, or is sent a second one, ends with the code of that signal.

A stream (`run --streaming`) that a signal ends commits its last window and is 0; 130 and its like are for a second
signal. `stop` is 0 once the stream has ended, 1 where that took too long, 2 where none runs.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import multiprocessing
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from pipeline.options import build_parser, run_settings, watch_settings
from schemas.errors import BusyError, RunError, SeriesStopped, StreamLeft, UsageError

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from pipeline.options import RunSettings
    from pipeline.report import RunTotal
    from pipeline.run import RunOutcome
    from pipeline.stream.launch import Graph
    from pipeline.watch import WatchOutcome
    from schemas.state import Manifest

DONE = 0
FAILED = 1
USAGE = 2
TOO_MANY_DEAD_LETTERS = 3
BUSY = 4

#: What asks a run to stop; where it is ignored already (`nohup`, a job in the background), it stays so.
_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")

#: What Beam puts behind the message of an error that a step raised.
_STEP = re.compile(r" ?\[while running '([^']*)'\]")


def main(argv: Sequence[str] | None = None, graph: Graph | None = None) -> int:
    """Runs one command and returns its exit code, as listed above.

    graph: of a stream, where it is another than the product's.
    """
    arguments_given = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    with _stop_signals() as stop:
        try:
            arguments, rest = parser.parse_known_args(arguments_given)
            if arguments.command is None:
                parser.print_help(sys.stderr)
                return USAGE
            if arguments.command == "watch":
                return _watch(arguments, rest, stop)
            if arguments.command != "run":
                if rest:
                    raise UsageError(f"unknown: {' '.join(rest)}\nTry: newsbeam {arguments.command} --help")
                return _COMMANDS[arguments.command](arguments)
            return _run(arguments, rest, stop, graph)
        except UsageError as error:
            return _refuse(str(error), USAGE)
        except BusyError as error:
            return _refuse(str(error), BUSY)
        except StreamLeft as error:
            stop.signal = error.signal
            return _refuse(str(error), stop.exit_code())
        except RunError as error:
            return _refuse(str(error), FAILED)
        except KeyboardInterrupt:
            return _refuse("interrupted", stop.exit_code())


class _Stop:
    """Whether, and by which signal, this program was asked to stop.

    Beam turns the KeyboardInterrupt of a signal into errors of its own: this is how they are told from others.
    ask: what a first signal calls, amid whatever it interrupts, instead of raising KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.ask: Callable[[], None] | None = None

    def exit_code(self) -> int:
        """As shells have it: 128 and the number of the signal."""
        return 128 + (signal.SIGINT if self.signal is None else self.signal)


@contextlib.contextmanager
def _stop_signals() -> Iterator[_Stop]:
    """Makes one stop of Ctrl-C, SIGTERM and SIGHUP while the block runs: a KeyboardInterrupt.

    A second signal of the kind, from a person who can't wait for the tidying up, ends the program at once.
    """
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread is told of signals.
        yield stop
        return

    def handle(number: int, frame: FrameType | None) -> None:
        stop.signal = number
        if stop.ask is None:
            signal.signal(number, signal.SIG_DFL)
            raise KeyboardInterrupt
        # Whoever has a second one sent needn't know by which the first came.
        for one in before:
            signal.signal(one, signal.SIG_DFL)
        stop.ask()

    before = {}
    for name in _STOPPING:
        # Windows has no SIGHUP.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(arguments: argparse.Namespace, beam_args: Sequence[str], stop: _Stop, graph: Graph | None) -> int:
    settings = run_settings(arguments, beam_args)
    if settings.stream is not None:
        stream_failed = "its stream is watched no more"
        return _to_its_end(lambda: _stream(settings, graph), stop, settings.log_level, stream_failed)

    def work() -> RunOutcome:
        from pipeline.logs import configure_logging

        configure_logging(settings.log_level)
        from pipeline.prestart import prestart

        prestart(settings)
        from pipeline.run import run
        from transforms.pool import collect_rarely

        configure_logging(settings.log_level)
        collect_rarely()
        for warning in settings.warnings:
            logging.getLogger("newsbeam").warning("%s", warning)
        return run(settings)

    outcome = _to_its_end(work, stop, settings.log_level)
    if isinstance(outcome, int):
        return outcome
    from pipeline.report import render_report

    if outcome.repeated:
        _say(f"Run {outcome.total.run_id} is committed already; nothing was done.")
    _say(render_report(outcome.total, settings.output))
    if outcome.note is not None:
        _say(f"\n{outcome.note}")
    return exit_code(outcome.total, settings.max_dead_letter_share)


def _stream(settings: RunSettings, graph: Graph | None) -> int:
    from pipeline.logs import configure_logging

    configure_logging(settings.log_level)
    from pipeline.stream.launch import run_stream

    configure_logging(settings.log_level)
    for warning in settings.warnings:
        logging.getLogger("newsbeam").warning("%s", warning)
    outcome = run_stream(settings, (lambda _: None) if settings.progress == "off" else _say, graph)
    counts = outcome.counts
    _say(
        f"Stream {outcome.stream_id} has ended: {outcome.note}.\n"
        f"{outcome.windows:,} windows with {counts.kept:,} articles, {counts.duplicate:,} duplicates, "
        f"{counts.unchanged:,} known items, {counts.dead_letter:,} dead letters."
    )
    return DONE


_NOTHING = "nothing of this run was committed"


_Done = TypeVar("_Done")


def _to_its_end(
    work: Callable[[], _Done],
    stop: _Stop,
    log_level: str,
    failed: str = "the run failed and nothing of it was committed",
) -> _Done | int:
    """Does the work of a command and returns what that does; else an exit code, having said what kept it from its end.

    failed: what to say where an error did.
    """
    # Before NumPy is loaded, here or in any worker: a second BLAS thread per process only gets in the way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return work()
    except (UsageError, RunError):
        raise
    except KeyboardInterrupt:
        return _interrupted(stop, _NOTHING)
    except SeriesStopped as stopped:
        cause = stopped.__cause__
        if stop.signal is not None or cause is None or not isinstance(cause, Exception):
            return _interrupted(stop, str(stopped))
        return _failed(cause, f"the run failed and {stopped}", log_level)
    except Exception as error:  # noqa: BLE001 - the last resort: said in a line, and the exit code is 1
        if stop.signal is not None and stop.ask is None:
            return _interrupted(stop, _NOTHING)
        return _failed(error, failed, log_level)


def _watch(arguments: argparse.Namespace, beam_args: Sequence[str], stop: _Stop) -> int:
    settings = watch_settings(arguments, beam_args)
    from pipeline.stopping import StopRequest

    def too_late() -> None:
        state = f"not done {settings.drain_timeout_s:g} s later; what isn't committed is found again"
        # The main thread may be anywhere, and is waited for no longer.
        os._exit(_interrupted(stop, state))

    request = StopRequest(settings.drain_timeout_s, too_late)
    stop.ask = request.ask

    def work() -> WatchOutcome:
        from pipeline.logs import configure_logging

        configure_logging(settings.run.log_level)
        from pipeline.watch import watch
        from transforms.pool import collect_rarely

        configure_logging(settings.run.log_level)
        collect_rarely()
        return watch(settings, request, _teller(settings.run.progress))

    failed = "the watch failed; what it committed before stands, and the next start goes on"
    outcome = _to_its_end(work, stop, settings.run.log_level, failed)
    if isinstance(outcome, int):
        return outcome
    from pipeline.progress import duration
    from pipeline.report import render_report

    took = f"{outcome.seconds:.1f} s" if outcome.seconds < 60 else duration(outcome.seconds)
    commits = "1 commit" if outcome.total.chunks == 1 else f"{outcome.total.chunks:,} commits"
    headline = f"Watched for {took}, {commits}"
    _say(render_report(outcome.total, settings.run.output, headline=headline))
    return DONE


def _teller(progress: str) -> Callable[[Manifest], None]:
    """What says of each commit, in a line, what it has brought."""
    if progress == "off" or (progress == "auto" and not sys.stderr.isatty()):
        return lambda manifest: None

    def tell(manifest: Manifest) -> None:
        counts = manifest.counts
        if counts.read:
            said = ", ".join(
                f"{count:,} {name}"
                for name, count in (
                    ("kept", counts.kept), ("duplicate", counts.duplicate), ("unchanged", counts.unchanged),
                    ("dead letter", counts.dead_letter),
                )
                if count
            )  # fmt: skip
            print(f"newsbeam: {manifest.committed_at.astimezone():%H:%M:%S} {said}", file=sys.stderr)  # noqa: T201

    return tell


def _interrupted(stop: _Stop, state: str) -> int:
    """Says that the run was stopped, and what is committed of it."""
    # What the workers are at is for nothing now, and the program would wait for it at its end.
    for child in multiprocessing.active_children():
        child.terminate()
    return _refuse(f"interrupted; {state}", stop.exit_code())


def _failed(error: Exception, said: str, log_level: str) -> int:
    """Says what went wrong and where, in a line or two; the whole traceback only where it was asked for."""
    if log_level == "debug":
        raise error
    return _refuse(f"{said}\n  {failure(error)}\n  --log_level debug shows more", FAILED)


def failure(error: BaseException) -> str:
    """What an error says, in one line, with the step of the pipeline that it came from."""
    text = str(error).strip()
    step = _STEP.search(text)
    said = _own_message(error, _STEP.sub("", text))
    return f"{said} [while running '{step[1]}']" if step else said


def _own_message(error: BaseException, text: str) -> str:
    # Beam can't put its words into an OSError, and raises another error in its place.
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, OSError) and cause.strerror and (cause is error or cause.strerror in text):
            where = "" if cause.filename is None else f": {cause.filename}"
            return f"{type(cause).__name__}: {_STEP.sub('', cause.strerror)}{where}"
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    if type(error).__name__ == "BrokenProcessPool":
        return "a worker process was ended, perhaps for want of memory: try fewer --workers"
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    if lines[0].startswith("Traceback "):
        # The error of a worker, as text: what is raised stands at its end.
        return next(line.strip() for line in reversed(lines) if not line.startswith(" "))
    return f"{type(error).__name__}: {lines[0]}"


def exit_code(total: RunTotal, max_dead_letter_share: float) -> int:
    """0, or 3 where too large a share of the items read, or of the feeds polled, are dead letters.

    A feed that can't be fetched counts among the feeds: where the others answer that nothing is new, there is no item
    to compare it with.
    """
    counts = total.counts
    failed_feeds = sum(letter.count for letter in total.dead_letters if letter.stage == "fetch")
    if not total.feeds_polled:
        # A manifest from before they were counted.
        failed_feeds = 0
    items, refused = counts.read - failed_feeds, counts.dead_letter - failed_feeds
    shares = ((refused, items), (failed_feeds, total.feeds_polled))
    if any(part > max_dead_letter_share * whole for part, whole in shares if whole > 0):
        return TOO_MANY_DEAD_LETTERS
    return DONE


def _stop(arguments: argparse.Namespace) -> int:
    from pipeline.logs import configure_logging

    configure_logging(arguments.log_level)
    from pipeline.store.layout import output_layout
    from pipeline.stream.ending import Ending, stop_stream

    configure_logging(arguments.log_level)
    if arguments.forget and arguments.savepoint is not None:
        raise UsageError(
            "--forget and --savepoint exclude each other: a stream that is over has nothing to be saved"
        )
    outcome = stop_stream(
        output_layout(arguments.output), arguments.drain_timeout_s, arguments.savepoint, arguments.forget
    )
    if outcome.ending is Ending.ENDED:
        _say(outcome.message)
        return DONE
    return _refuse(outcome.message, FAILED if outcome.ending is Ending.TOO_LATE else USAGE)


def _reindex(arguments: argparse.Namespace) -> int:
    from pipeline.logs import configure_logging

    configure_logging(arguments.log_level)
    from pipeline.store.layout import output_layout
    from pipeline.store.reindex import reindex

    configure_logging(arguments.log_level)
    manifest = reindex(output_layout(arguments.output))
    rows = sum(file.rows for file in manifest.files)
    _say(f"{arguments.output}: _index built anew, {rows:,} keys in {len(manifest.files)} files")
    return DONE


def _feeds(arguments: argparse.Namespace) -> int:
    from pipeline.logs import configure_logging

    configure_logging(arguments.log_level)
    from pipeline.feeds_report import render_feeds
    from pipeline.polling import read_states
    from pipeline.store.layout import output_layout

    configure_logging(arguments.log_level)
    states, hosts = read_states(output_layout(arguments.output))
    width = shutil.get_terminal_size((120, 24)).columns
    _say(render_feeds(states.values(), hosts, dt.datetime.now(dt.timezone.utc), width))
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    from pipeline.logs import configure_logging, printable

    configure_logging(arguments.log_level)
    from pipeline.store.check import check_output
    from pipeline.store.layout import output_layout

    configure_logging(arguments.log_level)
    try:
        problems = check_output(output_layout(arguments.output))
    except OSError as error:
        raise UsageError(
            f"--output {arguments.output}: can't be read: {error.strerror or error}"
            + ("" if error.filename is None else f": {error.filename}")
        ) from error
    for problem in problems:
        kind = "note: " if problem.is_note else ""
        _say(f"{kind}{printable(problem.path)}: {printable(problem.message)}")
    count = sum(not problem.is_note for problem in problems)
    if count:
        _say(f"{count} problem{'s' if count > 1 else ''} in {arguments.output}")
        return FAILED
    _say(f"{arguments.output}: all tables and manifests hold together")
    return DONE


_COMMANDS = {"check": _check, "feeds": _feeds, "reindex": _reindex, "stop": _stop}


def _say(text: str) -> None:
    """Prints to stdout what a command has to say at its end. Whatever becomes of that, the command's work is done."""
    try:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)  # noqa: T201
    except OSError as error:
        # Whoever read our output has seen enough (`| head`), and Python must not try to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"newsbeam: stdout: {error.strerror}", file=sys.stderr)  # noqa: T201


def _refuse(message: str, code: int) -> int:
    print(f"newsbeam: {message}", file=sys.stderr)  # noqa: T201
    return code
