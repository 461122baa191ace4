"""What odd input costs: time and memory of whole runs over the same number of articles, once ordinary and once odd.

    python -m tests.benchmarks edge_cases [--ordinary 10000] [--crowd 100000] [--characters 5000000] [--case NAME ...]

Each case is run at a quarter of its size and at the whole. A run is the program in a process of its own, without
entities and on one worker; what it takes to start, as measured over an empty folder, is taken off before times are
compared. Seconds are of CPU, which others on the machine change least. All input is made up.

    growth     seconds at the whole size by those at a quarter: 4 where time is linear
    ordinary   seconds by those of as many ordinary articles, or of ordinary ones with as many characters
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.harness import Benchmark, main, table, tell
from tests.end_to_end.made_up import MANY_WORDS
from tests.tables import manifests

#: Words of an ordinary article here; what all of a crowd share has as many again.
WORDS = 150

#: Seconds of CPU after which a run is ended and said to be too slow.
LIMIT_S = 1_800

Records = Iterable[dict[str, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One kind of odd input.

    write: puts input of a size into a folder. size: which of the sizes it takes: articles, crowd or characters.
    before: puts what an earlier run has committed, where there is one, into a folder; it isn't measured.
    """

    name: str
    size: str
    write: Callable[[int, Path], None]
    before: Callable[[int, Path], None] | None = None


def words(generator: random.Random, count: int) -> str:
    """That many words in sentences."""
    made = [generator.choice(MANY_WORDS) for _ in range(count)]
    made[::12] = [word.title() for word in made[::12]]
    made[11::12] = [word + "." for word in made[11::12]]
    return " ".join(made) + "."


def record(number: int, text: str, **fields: str) -> dict[str, str]:
    """A record of its own id, address, headline and paper, all of one day."""
    return {
        "id": f"made-up-{number}",
        "url": f"https://paper{number % 997}.example/{number}",
        "title": f"Story {number}",
        "source": f"Paper {number % 997}",
        "published": f"2024-04-02T{number % 24:02d}:{number // 24 % 60:02d}:00Z",
        "text": text,
    } | fields


def lines(make: Callable[[int, random.Random], Records]) -> Callable[[int, Path], None]:
    """Writes the records of a case as one JSONL file."""

    def write(size: int, folder: Path) -> None:
        with (folder / "records.jsonl").open("w", encoding="utf-8") as file:
            for made in make(size, random.Random(size)):
                file.write(json.dumps(made, ensure_ascii=False) + "\n")

    return write


def ordinary(size: int, generator: random.Random) -> Records:
    return (record(number, words(generator, WORDS)) for number in range(size))


def ordinary_long(size: int, generator: random.Random) -> Records:
    return (record(number, words(generator, WORDS * 2)) for number in range(size))


def ordinary_characters(size: int, generator: random.Random) -> Records:
    """Ordinary articles of so many characters together."""
    number = 0
    while size > 0:
        text = words(generator, WORDS * 2)
        yield record(number, text)
        number += 1
        size -= len(text)


def empty(size: int, generator: random.Random) -> Records:
    return (record(number, "") for number in range(size))


def one_word(size: int, generator: random.Random) -> Records:
    return (record(number, "Word", title="Live") for number in range(size))


def short_teaser(size: int, generator: random.Random) -> Records:
    """Too short to stand for itself, and long enough for a fingerprint."""
    text = words(generator, 18)
    return (record(number, text, title=f"{words(generator, 4)} live") for number in range(size))


def latin(size: int, generator: random.Random) -> Records:
    """One text in a single line."""
    yield record(0, words(generator, size // 9)[:size])


def latin_lines(size: int, generator: random.Random) -> Records:
    """One text in short lines, every other one of them a heading such as stands above related links."""
    made: list[str] = []
    while size > 0:
        made.append("Most read" if len(made) % 2 else words(generator, 6))
        size -= len(made[-1]) + 1
    yield record(0, "\n".join(made))


def ideographs(size: int, generator: random.Random) -> Records:
    """One text without a space."""
    yield record(0, "".join(chr(0x4E00 + generator.randrange(4_000)) for _ in range(size)))


def one_long_word(size: int, generator: random.Random) -> Records:
    yield record(0, "".join(generator.choice("abcdefghij") for _ in range(size)))


def repeated_word(size: int, generator: random.Random) -> Records:
    yield record(0, "again " * (size // 6))


def same_text(size: int, generator: random.Random) -> Records:
    """Under as many addresses, of many papers."""
    text = words(generator, WORDS)
    return (record(number, text) for number in range(size))


def same_text_one_paper(size: int, generator: random.Random) -> Records:
    """Under as many addresses of one paper, within a day and under one headline."""
    text = words(generator, WORDS)
    for number in range(size):
        yield record(number, text, title="Story", source="Paper 1", url=f"https://paper1.example/{number}")


def same_text_many_days(size: int, generator: random.Random) -> Records:
    """Under as many addresses of one paper, each of another day."""
    text = words(generator, WORDS)
    for number in range(size):
        day = f"{1950 + number // 336}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}"
        yield record(
            number,
            text,
            source="Paper 1",
            url=f"https://paper1.example/{number}",
            published=f"{day}T08:00:00Z",
        )


def near_text(size: int, generator: random.Random) -> Records:
    """Near-duplicates of one another, each with words of its own."""
    text = words(generator, WORDS).split(" ")
    for number in range(size):
        made = [generator.choice(MANY_WORDS) if generator.random() < 0.05 else word for word in text]
        yield record(number, " ".join(made))


def crowd(size: int, generator: random.Random) -> Records:
    """Articles of their own around one long passage, half of what each says."""
    passage = words(generator, WORDS)
    return (record(number, f"{words(generator, WORDS)}\n{passage}") for number in range(size))


def crowd_ahead(size: int, generator: random.Random) -> Records:
    """The same with the passage at the head, where the keys of the beginning are made of it."""
    passage = words(generator, WORDS)
    return (record(number, f"{passage}\n{words(generator, WORDS)}") for number in range(size))


def history(size: int, generator: random.Random) -> Records:
    """Versions of one article, second by second, each an edit of one text."""
    return _versions(range(size), words(generator, WORDS).split(" "), generator)


def history_goes_on(size: int, generator: random.Random) -> Records:
    """As many versions more."""
    text = words(generator, WORDS).split(" ")
    return _versions(range(size, 2 * size), text, random.Random(f"{size} more"))


def _versions(numbers: Iterable[int], text: Sequence[str], generator: random.Random) -> Records:
    for number in numbers:
        made = [generator.choice(MANY_WORDS) if generator.random() < 0.05 else word for word in text]
        yield record(0, " ".join(made), updated=f"2024-05-{number // 86400 + 1:02d}T{_clock(number)}Z")


def _clock(second: int) -> str:
    return f"{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def same_id(size: int, generator: random.Random) -> Records:
    """One id of one source over as many addresses, headlines and texts."""
    return (
        record(number, words(generator, WORDS), id="the-same", source="Paper 1") for number in range(size)
    )


def same_address(size: int, generator: random.Random) -> Records:
    """One address under as many ids of as many papers."""
    return (record(number, words(generator, WORDS), url="https://paper1.example/") for number in range(size))


def feed_guid(size: int, folder: Path) -> None:
    """One guid over as many items of one feed."""
    generator = random.Random(size)
    with (folder / "feed.xml").open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Paper 1</title>'
        )
        file.write("<link>https://paper1.example/</link>\n")
        for number in range(size):
            file.write(
                f"<item><title>Story {number}</title><link>https://paper1.example/{number}</link>"
                f'<guid isPermaLink="false">0</guid><pubDate>Tue, 02 Apr 2024 08:00:00 GMT</pubDate>'
                f"<description>{words(generator, WORDS)}</description></item>\n"
            )
        file.write("</channel></rss>\n")


def few_of_crowd(size: int, generator: random.Random) -> Records:
    """A hundred articles more for a crowd that is known."""
    made = list(crowd(size + 100, random.Random(size)))
    return made[-100:]


#: What the others are compared with, for each of the sizes.
ORDINARY = "ordinary articles"

CASES = (
    Case(ORDINARY, "articles", lines(ordinary)),
    Case(ORDINARY, "crowd", lines(ordinary_long)),
    Case(ORDINARY, "characters", lines(ordinary_characters)),
    Case("empty text", "articles", lines(empty)),
    Case("one word", "articles", lines(one_word)),
    Case("one teaser under many headlines", "articles", lines(short_teaser)),
    Case("one text, latin", "characters", lines(latin)),
    Case("one text, headings between lines", "characters", lines(latin_lines)),
    Case("one text, ideographs", "characters", lines(ideographs)),
    Case("one text, a single word", "characters", lines(one_long_word)),
    Case("one text, one word again and again", "characters", lines(repeated_word)),
    Case("same text, many papers", "articles", lines(same_text)),
    Case("same text, one paper, one day", "articles", lines(same_text_one_paper)),
    Case("same text, one paper, many days", "articles", lines(same_text_many_days)),
    Case("near-duplicates of one text", "articles", lines(near_text)),
    Case("one bucket, passage at the end", "crowd", lines(crowd)),
    Case("one bucket, passage ahead", "crowd", lines(crowd_ahead)),
    Case("versions of one article", "articles", lines(history)),
    Case("as many versions more", "articles", lines(history_goes_on), lines(history)),
    Case("one id, many addresses", "articles", lines(same_id)),
    Case("one address, many ids", "articles", lines(same_address)),
    Case("one guid in a feed", "articles", feed_guid),
    Case("100 for a known bucket", "articles", lines(few_of_crowd), lines(crowd)),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """What a run took: seconds of CPU and of the clock, and the largest process's memory."""

    cpu_s: float
    clock_s: float
    peak_mb: float
    counts: dict[str, int]


def timed_run(source: Path, out: Path) -> Cost:
    """One run. Raises SystemExit where it fails, and TimeoutError after `LIMIT_S`."""
    started = time.monotonic()
    run = subprocess.Popen(
        [
            sys.executable, "-m", "pipeline", "run", "--input", str(source), "--output", str(out),
            "--entities", "none", "--progress", "off", "--workers", "1", "--now", "2024-06-01T00:00:00Z",
            # Ten thousand days in folders of their own would measure the writing of files.
            "--partition_by", "month",
        ],
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S)),
    )  # fmt: skip
    _, status, usage = os.wait4(run.pid, 0)
    clock_s = time.monotonic() - started
    run.returncode = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    if run.returncode and seconds > LIMIT_S - 1:
        raise TimeoutError
    if run.returncode:
        raise SystemExit(f"the run ended with exit code {run.returncode}")
    counts: dict[str, int] = max(manifests(out), key=lambda manifest: manifest["committed_at"])["counts"]
    return Cost(seconds, clock_s, usage.ru_maxrss / 1024, counts)


def cost_of(case: Case, size: int, folder: Path) -> Cost:
    """What a case costs at a size."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, write in (("before", case.before), ("in", case.write)):
        if write is not None:
            (folder / name).mkdir(parents=True)
            write(size, folder / name)
            cost = timed_run(folder / name, folder / "out")
    return cost


def measure(sizes: dict[str, int], cases: Sequence[Case] = CASES) -> str:
    """Two rows for each case, at a quarter of its size and at the whole."""
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        start = Case("start", "articles", lambda size, folder: None)
        start_s = min(cost_of(start, 0, folder).cpu_s for _ in range(3))
        control: dict[tuple[str, int], float] = {}
        for case in cases:
            before_s: float | None = None
            for size in (max(1, sizes[case.size] // 4), sizes[case.size]):
                tell(f"{case.name}, {_sized(case, size)}")
                try:
                    cost = cost_of(case, size, folder)
                except TimeoutError:
                    rows.append((case.name, _sized(case, size), f"more than {LIMIT_S:,}", *[""] * 5))
                    break
                seconds = max(cost.cpu_s - start_s, 0.01)
                control.setdefault((case.size, size), seconds)
                growth = "" if before_s is None else f"{seconds / before_s:.1f}"
                before_s = seconds
                counts = "/".join(str(cost.counts[name]) for name in ("kept", "duplicate", "unchanged"))
                rows.append(
                    (
                        case.name, _sized(case, size), f"{seconds:.2f}", f"{cost.clock_s:.1f}", f"{cost.peak_mb:.0f}",
                        growth, f"{seconds / control[case.size, size]:.2f}", counts,
                    )
                )  # fmt: skip
    header = (
        "case", "articles or characters", "CPU s", "clock s", "peak MB", "growth", "of ordinary",
        "kept/duplicate/unchanged",
    )  # fmt: skip
    return f"{start_s:.1f} s of CPU to start, taken off below.\n\n" + table(header, rows)


def _sized(case: Case, size: int) -> str:
    return f"{size / 1e6:g} MB" if case.size == "characters" else f"{size:,}"


def chosen(names: Sequence[str]) -> Iterator[Case]:
    """The cases whose names hold any of the words, and what they are compared with; all where none is given."""
    taken = [case for case in CASES if not names or any(name in case.name for name in names)]
    compared = {case.size for case in taken}
    for case in CASES:
        if case in taken or (case.name == ORDINARY and case.size in compared):
            yield case


def measure_cases(arguments: argparse.Namespace) -> str:
    """The cases that are asked for."""
    sizes = {"articles": arguments.ordinary, "crowd": arguments.crowd, "characters": arguments.characters}
    return measure(sizes, list(chosen(arguments.case)))


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--ordinary", type=int, default=10_000, metavar="N", help="articles of a case (10,000)"
    )
    group.add_argument(
        "--crowd", type=int, default=100_000, metavar="N", help="articles of a crowd (100,000)"
    )
    group.add_argument(
        "--characters", type=int, default=5_000_000, metavar="N", help="characters of one text (5,000,000)"
    )
    group.add_argument(
        "--case", nargs="+", default=[], metavar="NAME", help="only cases whose names hold one of these"
    )


BENCHMARK = Benchmark("edge_cases", "Odd input", measure_cases, add_options)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
