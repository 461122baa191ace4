"""How many real bylines are read right, beside newspaper4k's and news-please's author clean-up.

    python -m tests.benchmarks byline_quality [--normalisation_peer_python /tmp/peers/bin/python] [--show_bylines]

--bylines: JSON Lines with byline, authors (the people it names, in order) and quality ("A" or "B", how sure the label
is). A byline is right where the list of authors is equal, in order, compared without case. A label that is one empty
name counts as no author. --show_bylines prints each byline that ours reads otherwise than its label.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.harness import Benchmark, goal, main, spread, table
from tests.benchmarks.normalisation import (
    GOLD,
    Answers,
    add_peer_option,
    ask_ours,
    ask_peers,
    gold_lines,
    not_measured,
)
from transforms.functions.bylines import parse_bylines

GOALS = {"A": 0.97, "B": 0.90}
GOAL_US = 100.0


class Labelled(NamedTuple):
    """A byline and the people whom it names."""

    byline: str
    authors: tuple[str, ...]
    quality: str


def load(path: Path) -> list[Labelled]:
    """All labelled bylines."""
    return [
        Labelled(line["byline"], tuple(name for name in line["authors"] if name), line["quality"])
        for line in gold_lines(path)
    ]


def is_right(found: Iterable[str] | None, authors: Iterable[str]) -> bool:
    """Whether two lists of authors are equal but for case and blanks."""
    return _plain(found or ()) == _plain(authors)


def _plain(names: Iterable[str]) -> list[str]:
    return [" ".join(name.split()).casefold() for name in names]


def share_right(labelled: Sequence[Labelled], answers: Answers, quality: str) -> float:
    """The share of bylines of a quality whose list of authors is right."""
    found = [
        is_right(result, one.authors)
        for one, result in zip(labelled, answers.results, strict=True)
        if one.quality == quality
    ]
    return sum(found) / len(found) if found else 1.0


def measure(arguments: argparse.Namespace) -> str:
    """All sides on all bylines."""
    labelled = load(arguments.bylines)
    bylines = [one.byline for one in labelled]
    ours = ask_ours(lambda byline: list(parse_bylines([byline]).authors), bylines, arguments.rounds)
    peers = ask_peers(arguments, "bylines", bylines)
    counts = {quality: sum(one.quality == quality for one in labelled) for quality in GOALS}
    rows = []
    for answers in (ours, *peers):
        shares = [f"{share_right(labelled, answers, quality):.1%}" for quality in GOALS]
        rows.append((answers.name, *shares, _invented(labelled, answers), spread(answers.us_each(), 1)))
    header = (
        "",
        *(f"{quality}, {count} bylines" for quality, count in counts.items()),
        "of bylines that name nobody, those given an author",
        "us of CPU a byline",
    )
    said = [table(header, rows)]
    for quality, least in GOALS.items():
        share = share_right(labelled, ours, quality)
        said.append(goal(f"at least {least:.0%} of grade {quality}; {share:.1%} are right", share >= least))
    us = sorted(ours.us_each())[len(ours.seconds) // 2]
    said.append(goal(f"under {GOAL_US:.0f} us a byline; it takes {us:.0f}", us < GOAL_US))
    said += not_measured(peers)
    if arguments.show_bylines:
        said += [
            f"- {one.quality}: {one.byline!r}: {list(one.authors)}, read as {result}"
            for one, result in zip(labelled, ours.results, strict=True)
            if not is_right(result, one.authors)
        ]
    return "\n\n".join(said)


def _invented(labelled: Sequence[Labelled], answers: Answers) -> str:
    """How many bylines that name nobody were given an author."""
    empty = [result for one, result in zip(labelled, answers.results, strict=True) if not one.authors]
    return f"{sum(bool(result) for result in empty)} of {len(empty)}"


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has, and the peers'."""
    group.add_argument(
        "--bylines", type=Path, default=GOLD / "bylines.jsonl", metavar="FILE",
        help="labelled bylines (default: ../shared/gold/bylines.jsonl beside the project)",
    )  # fmt: skip
    group.add_argument("--show_bylines", action="store_true", help="print each byline that is read otherwise")
    add_peer_option(group)


BENCHMARK = Benchmark("byline_quality", "Bylines read right", measure, add_options)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
