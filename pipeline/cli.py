"""The command line: `newsbeam run`, `newsbeam check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.options import build_parser, run_settings
from schemas.errors import RunError, UsageError

if TYPE_CHECKING:
    import argparse

    from schemas.state import Manifest

DONE = 0
FAILED = 1
USAGE = 2
TOO_MANY_DEAD_LETTERS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code.

    0 done; 1 failed; 2 the command line is wrong, said before anything starts; 3 done, but dead letters
    exceed `--max_dead_letter_share`.
    """
    arguments_given = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    try:
        arguments, rest = parser.parse_known_args(arguments_given)
        if arguments.command is None:
            parser.print_help(sys.stderr)
            return USAGE
        if arguments.command == "check":
            if rest:
                raise UsageError(f"unknown: {' '.join(rest)}\nTry: newsbeam check --help")
            return _check(arguments)
        return _run(arguments, rest)
    except UsageError as error:
        print(f"newsbeam: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    except RunError as error:
        print(f"newsbeam: {error}", file=sys.stderr)  # noqa: T201
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has seen enough (`| head`). What was to be done is done, and Python must not try
        # to write the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        print("newsbeam: interrupted; nothing of this run was committed", file=sys.stderr)  # noqa: T201
        return FAILED


def _run(arguments: argparse.Namespace, beam_args: Sequence[str]) -> int:
    settings = run_settings(arguments, beam_args)
    # Before NumPy is loaded, here or in any worker: a second BLAS thread per process only gets in the way.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from pipeline.logs import configure_logging

    configure_logging(settings.log_level)
    from pipeline.run import run

    configure_logging(settings.log_level)
    try:
        outcome = run(settings)
    except (UsageError, RunError):
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: said in a line, and the exit code is 1
        return _failed(error, settings.log_level)
    from pipeline.report import render_report

    if outcome.repeated:
        print(f"Run {outcome.manifest.run_id} is committed already; nothing was done.")  # noqa: T201
    print(render_report(outcome.manifest, settings.output))  # noqa: T201
    return exit_code(outcome.manifest, settings.max_dead_letter_share)


def _failed(error: Exception, log_level: str) -> int:
    """Says what went wrong, in a line or two; the whole traceback only where it was asked for."""
    if log_level == "debug":
        raise error
    # Beam puts the step's name, and the traceback of a worker, behind the message of the error itself.
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    print(  # noqa: T201
        f"newsbeam: the run failed and nothing of it was committed\n  {type(error).__name__}: {first}\n"
        "  --log_level debug shows where",
        file=sys.stderr,
    )
    return FAILED


def exit_code(manifest: Manifest, max_dead_letter_share: float) -> int:
    """0, or 3 where too large a share of the items read are dead letters."""
    counts = manifest.counts
    if counts.read and counts.dead_letter / counts.read > max_dead_letter_share:
        return TOO_MANY_DEAD_LETTERS
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    from pipeline.logs import configure_logging

    configure_logging(arguments.log_level)
    from pipeline.store.check import check_output
    from pipeline.store.layout import output_layout

    configure_logging(arguments.log_level)
    problems = check_output(output_layout(arguments.output))
    for problem in problems:
        print(f"{'note: ' if problem.is_note else ''}{problem.path}: {problem.message}")  # noqa: T201
    count = sum(not problem.is_note for problem in problems)
    if count:
        print(f"{count} problem{'s' if count > 1 else ''} in {arguments.output}")  # noqa: T201
        return FAILED
    print(f"{arguments.output}: all tables and manifests hold together")  # noqa: T201
    return DONE
