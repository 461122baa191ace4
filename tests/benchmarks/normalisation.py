"""What the measures of normalisation share: gold files, and the answers of other libraries to the same strings."""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.benchmarks.harness import CORPUS, ROOT, MissingInputError, tell

PEER = ROOT / "tests" / "benchmarks" / "normalisation_peer.py"
GOLD = CORPUS.parents[1] / "gold"

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Answers:
    """What one side made of all inputs.

    results: in order, None where it found nothing. raised: calls that raised. seconds: of CPU, of each round.
    """

    name: str
    results: Sequence[Any]
    raised: int
    seconds: Sequence[float]

    def us_each(self) -> list[float]:
        """Microseconds of CPU for one input, of each round."""
        return [seconds / max(len(self.results), 1) * 1e6 for seconds in self.seconds]


def ask_ours(call: Callable[[_T], Any], inputs: Sequence[_T], rounds: int) -> Answers:
    """Ours, on the same inputs. What is loaded on first use is loaded before the clock starts."""
    for one in inputs[:1]:
        call(one)
    seconds = []
    results: list[Any] = []
    for _ in range(rounds):
        started = time.process_time()
        results = [call(one) for one in inputs]
        seconds.append(time.process_time() - started)
    return Answers("newsbeam", results, 0, seconds)


def ask_peers(
    arguments: argparse.Namespace,
    task: str,
    inputs: Sequence[Any],
    only: str | None = None,
    timeout_s: float | None = None,
) -> list[Answers]:
    """The peers' answers; none where no Python is given that has them. See `normalisation_peer.py`.

    Raises MissingInputError where that Python can't be run, TimeoutError where it isn't done in time.
    """
    python: Path | None = arguments.normalisation_peer_python
    if python is None:
        return []
    tell(f"peers: {task}{'' if only is None else ', ' + only}")
    command = [str(python), str(PEER), task, "--rounds", str(arguments.rounds)]
    if only is not None:
        command += ["--only", only]
    try:
        done = subprocess.run(
            command, input=json.dumps(inputs), capture_output=True, text=True, check=True, timeout=timeout_s
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{only or task}: not done after {timeout_s} s") from error
    except OSError as error:
        raise MissingInputError(f"--normalisation_peer_python {python}: {error}") from error
    except subprocess.CalledProcessError as error:
        raise MissingInputError(
            f"--normalisation_peer_python {python} ends with exit code {error.returncode}; see "
            f"{PEER.relative_to(ROOT)}\n{error.stderr[-2_000:]}"
        ) from error
    return [
        Answers(f"{name} {said['version']}", said["results"], said["raised"], said["seconds"])
        for name, said in json.loads(done.stdout).items()
    ]


def not_measured(peers: Sequence[Answers]) -> list[str]:
    """A paragraph that says that the peers are missing, where they are."""
    return (
        []
        if peers
        else ["NOT MEASURED beside others: give --normalisation_peer_python a Python that has them."]
    )


def gold_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a gold file. Raises MissingInputError where it isn't there."""
    if not path.is_file():
        raise MissingInputError(f"{path} is not there: give the path of the labelled strings")
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def add_peer_option(group: argparse._ArgumentGroup) -> None:
    """The option that all measures of normalisation have in common; added once, by the first of them."""
    if "--normalisation_peer_python" not in group._option_string_actions:
        group.add_argument(
            "--normalisation_peer_python", type=Path, metavar="FILE",
            help="a Python that has what normalisation is measured beside; see normalisation_peer.py",
        )  # fmt: skip
