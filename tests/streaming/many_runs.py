"""A stream as it can be had without an engine: small runs that poll, one after the other, against one run over all.

    python -m tests.streaming.many_runs --seconds 60

Publishers go on publishing while one run after the other polls them into one OUT. Then the same input, as documents,
is read by a single run into another. Both must say the same (`compare`), and each revision that was published must be
there once.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import tempfile
import time
from pathlib import Path

from pipeline.cli import main as newsbeam
from tests.streaming.compare import Account, account, differences, read_contents
from tests.streaming.news_server import POLLING, Leave, Serving, Terms, news_server
from tests.tables import manifests

#: Runs that may be needed until nothing is new.
_MOST_RUNS = 20

#: Of every run, and so that each run polls all feeds.
OPTIONS = ("--entities", "none", "--progress", "off", "--workers", "1", "--max_dead_letter_share", "1")


@dataclasses.dataclass(frozen=True, slots=True)
class Compared:
    """How two OUTs over the same input compare. accounts: of the stream, and of the run over files.

    runs: that polled. revisions: that were published. unsent: those that were in no whole answer.
    """

    lines: list[str]
    accounts: tuple[Account, Account]
    runs: int
    revisions: int
    unsent: int


def many_runs(folder: Path, terms: Terms, seconds: float) -> Compared:
    """Polls for so many seconds and until nothing is new, then reads the same in one run and compares."""
    stream = folder / "stream"
    with news_server(dataclasses.replace(terms, by_leave=True)) as served:
        leave = Leave(served)
        feeds = served.write_feeds(folder / "feeds.txt")
        runs = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            _run(stream, "--feeds", str(feeds), *POLLING, "--all_due")
            runs += 1
            leave.give(account(stream, ()).unknown)
        served.stop_publishing()
        quiet = 0
        # One poll may fail by design; several in a row find all that is shown.
        for _ in range(_MOST_RUNS):
            before = len(manifests(stream))
            _run(stream, "--feeds", str(feeds), *POLLING, "--all_due")
            runs += 1
            new = manifests(stream)[before:]
            found = sum(manifest["counts"]["kept"] + manifest["counts"]["duplicate"] for manifest in new)
            quiet = 0 if found else quiet + 1
            if quiet == 3:
                break
        else:
            raise AssertionError("there is always something new")
        return against_one_run(folder, served, stream, runs)


def against_one_run(folder: Path, served: Serving, stream: Path, runs: int = 0) -> Compared:
    """Reads all that was published in one run over files and compares what is in `stream` with it.

    folder: where the files and the other OUT are put.
    """
    bounded = folder / "bounded"
    _run(bounded, "--input", str(served.write_dump(folder / "dump")), "--chunk_mb", "0")
    published = [one for one in served.published() if one.is_article]
    keys = {one.key for one in published}
    unsent = keys - {one.key for one in published if one.sent_at is not None}
    lines = differences(read_contents(bounded), read_contents(stream), ("one run", "the stream"))
    return Compared(lines, (account(stream, keys), account(bounded, keys)), runs, len(keys), len(unsent))


def _run(out: Path, *options: str) -> None:
    """A run in this process, which spares the second that Python and the libraries take to load."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = newsbeam(["run", "--output", str(out), *OPTIONS, *options])
    # 3: too many of the feeds failed, as they are told to.
    if code not in (0, 3):
        raise AssertionError(f"a run ended with exit code {code}: {said.getvalue()}")


def main() -> int:
    """Compares from the command line; 1 where there are differences."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=20.0, help="entries a second (20)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--shown_s", type=float, default=60.0)
    parser.add_argument("--edit_after_s", type=float, default=10.0)
    parser.add_argument("--keep", type=Path, help="folder to work in, which is left as it is")
    arguments = parser.parse_args()
    terms = Terms(
        rate=arguments.rate,
        seed=arguments.seed,
        shown_s=arguments.shown_s,
        edit_after_s=arguments.edit_after_s,
    )
    with contextlib.ExitStack() as stack:
        folder = arguments.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        done = many_runs(folder, terms, arguments.seconds)
    for line in done.lines[:50]:
        print(line)  # noqa: T201
    for name, one in zip(("the stream", "one run"), done.accounts, strict=True):
        print(  # noqa: T201
            f"{name}: {one.rows} rows of {done.revisions} revisions; {len(one.missing)} missing, "
            f"{len(one.doubled)} doubled, {len(one.unknown)} unknown"
        )
    print(f"{done.unsent} revisions were never sent")  # noqa: T201
    print(f"{done.runs} runs that polled, {len(done.lines)} differences to one run")  # noqa: T201
    return 1 if done.lines or any(one.missing or one.doubled or one.unknown for one in done.accounts) else 0


if __name__ == "__main__":
    raise SystemExit(main())
