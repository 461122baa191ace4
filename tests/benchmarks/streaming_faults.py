"""What is lost and doubled when engines, workers and launchers of streams are killed, stopped and started again.

    python -m tests.benchmarks streaming_faults [--only KIND ...] [--times 10] [--fault_seed 1]

For each kind of fault a stream polls made-up publishers, who go on publishing. So many times, at random moments, it is
struck; then it is waited for until something is readable that was published after the fault. The last time is just when
the publishers fall silent. What a feed shows it shows until it can be read here. In the end all that was published must
be there, once; `newsbeam check` must be content with the folder, then and whenever nothing ran; and it must say what
one run over the same input says.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import statistics
import time
from pathlib import Path

from tests.benchmarks.harness import Benchmark, MissingInputError, goal, main, scratch_folder, table, tell
from tests.engines.cache import MissingToolError
from tests.streaming.news_server import Terms
from tests.streaming.trials import STRIKES, Engine, Verdict, engine_called, finish, trial

WINDOW_S = 5.0

#: Seconds that an entry is shown at the least; those that aren't readable by then stay.
SHOWN_S = 40.0

#: Seconds between rows that came again and the next fault, drawn anew each time: over a window and a checkpoint.
_BETWEEN_S = (3.0, 15.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Struck:
    """One kind of fault. seconds: from each fault to the first row of something that was published after it."""

    kind: str
    seconds: list[float]
    verdict: Verdict


def struck(kind: str, engine: Engine, folder: Path, terms: Terms, times: int, seed: int) -> Struck:
    """Strikes one stream so many times. Raises AssertionError where it doesn't come back."""
    _, strike = STRIKES[kind]
    with trial(folder, engine, terms, window_s=WINDOW_S, seed=f"{kind} {seed}") as tried:
        tried.start()
        tried.wait_for_rows()
        outages = []
        for number in range(times - 1):
            time.sleep(tried.random.uniform(*_BETWEEN_S))
            began = time.time()
            strike(tried)
            outages.append((began, began + tried.wait_for_news(began)))
            tell(
                f"{kind}: {number + 1} of {times}, rows again after {outages[-1][1] - began:.1f} s; "
                f"{len(tried.reader.seen)} rows, {len(tried.reader.doubled)} doubled, {len(tried.problems)} problems"
            )
        time.sleep(tried.random.uniform(*_BETWEEN_S))
        verdict = finish(tried, strike)
    return Struck(kind, [ended - began for began, ended in outages], verdict)


def _tried(kind: str, engine: Engine, folder: Path, terms: Terms, times: int, seed: int) -> Struck:
    """One that doesn't come back is a problem of its own, and no reason not to try the other kinds."""
    try:
        one = struck(kind, engine, folder, terms, times, seed)
    except AssertionError as error:
        one = Struck(kind, [], Verdict(0, 0, [], [], [str(error)], [], 0))
    verdict = one.verdict
    for line in (*verdict.problems, *verdict.differences[:20]):
        tell(f"{kind}: {line}")
    for name, keys in (("missing", verdict.missing), ("doubled", verdict.doubled)):
        if keys:
            tell(f"{kind}: {len(keys)} {name}: {keys[:5]}")
    tell(
        f"{kind}: {verdict.revisions} published, {verdict.rows} rows; {'good' if verdict.is_good else 'NOT GOOD'}"
    )
    return one


def measure(arguments: argparse.Namespace) -> str:
    """All kinds of faults, or those that were asked for."""
    terms = Terms(
        rate=arguments.fault_rate,
        shown_s=SHOWN_S,
        edit_after_s=SHOWN_S / 2,
        seed=arguments.fault_seed,
    )
    found = []
    with contextlib.ExitStack() as stack:
        engines: dict[str, Engine] = {}
        for kind in arguments.only or STRIKES:
            name, _ = STRIKES[kind]
            try:
                if name not in engines:
                    # One for all kinds: a cluster takes longer to start than what is done to it.
                    folder = stack.enter_context(scratch_folder(arguments))
                    engines[name] = stack.enter_context(
                        engine_called(name, folder, arguments.fault_flink_folder)
                    )
            except MissingToolError as error:
                raise MissingInputError(f"{kind}: {error}") from error
            cluster = engines[name].cluster
            if cluster is not None:
                cluster.restart_task_managers()
            with scratch_folder(arguments) as folder:
                found.append(
                    _tried(kind, engines[name], folder, terms, arguments.times, arguments.fault_seed)
                )
    header = (
        "kind", "faults", "published", "rows", "missing", "doubled", "windows replayed",
        "problems", "differences to one run", "s until new rows, median (longest)",
    )  # fmt: skip
    rows = [
        (
            one.kind, arguments.times, one.verdict.revisions, one.verdict.rows, len(one.verdict.missing),
            len(one.verdict.doubled), one.verdict.replayed, len(one.verdict.problems),
            len(one.verdict.differences),
            f"{statistics.median(one.seconds):.1f} ({max(one.seconds):.1f})" if one.seconds else "-",
        )
        for one in found
    ]  # fmt: skip
    good = all(one.verdict.is_good for one in found)
    about = (
        f"{arguments.fault_rate:g} items a second in ten feeds, each shown for {SHOWN_S:g} s or longer, windows "
        f"of {WINDOW_S:g} s, seed {arguments.fault_seed}."
    )
    return f"{about}\n\n{table(header, rows)}\n\n{goal('nothing lost, nothing twice, as one run says', good)}"


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--only", nargs="+", choices=sorted(STRIKES), metavar="KIND", help=", ".join(STRIKES))
    group.add_argument("--times", type=int, default=10, metavar="N", help="faults of each kind (10)")
    group.add_argument("--fault_seed", type=int, default=1, metavar="N", help="of moments and news (1)")
    group.add_argument(
        "--fault_rate", type=float, default=10.0, metavar="N", help="items published a second (10)"
    )
    group.add_argument(
        "--fault_flink_folder",
        type=Path,
        metavar="DIR",
        help="of a cluster that runs already (python -m tests.engines.flink up --folder DIR)",
    )


BENCHMARK = Benchmark(
    "streaming_faults", "Streams that are struck", measure, add_options, ("apache-beam", "pyarrow")
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
