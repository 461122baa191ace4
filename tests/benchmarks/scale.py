"""What an article costs as there are more of them: one run each over 10^4, 10^5 and 10^6.

    python -m tests.benchmarks scale [--sizes 10000 100000 1000000] [--killed] [--rounds N]

The articles are the corpus over and over, each time with every second word of title and text replaced by words of the
article's own language, from a seeded generator: lengths, scripts, dates and sources stay those of real news, and no two
articles share two words in a row but by chance, so that none is a near-duplicate. The same seed makes the same bytes.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import random
import shutil
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import (
    Benchmark,
    NewsbeamRun,
    alternate,
    corpus_lines,
    corpus_of,
    goal,
    main,
    newsbeam_run,
    run_command,
    run_newsbeam,
    scratch_folder,
    spread,
    table,
    tell,
    tree_bytes,
)

SEED = 20_240_501
ARTICLES_PER_FILE = 50_000

#: How much dearer an article may be at each size than at the one before it, and the most that a run may hold.
COST_GOAL, PEAK_GOAL_MB, FLAT_GOAL = 1.2, 2_000, 1.2
#: From here on the start of a run doesn't count any more.
_FLAT_FROM = 100_000

# Words that articles are filled up with, for each language at the most; drawn with their frequencies.
_POOL_WORDS = 200_000


class ArticleMaker:
    """Makes articles that are nobody's copies from real ones."""

    def __init__(self, lines: list[bytes], seed: int = SEED) -> None:
        """Takes a corpus as lines of JSON; of each it keeps title and text as words."""
        self._random = random.Random(seed)
        self._seed = seed
        self._records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        words: dict[str, list[str]] = defaultdict(list)
        for record in self._records:
            record["text"] = words_of(record["text"])
            record["title"] = words_of(record["title"] or "")
            words[record["lang"]] += record["text"]
        self._pools = {}
        for language, all_words in sorted(words.items()):
            pool = self._random.sample(all_words, min(len(all_words), _POOL_WORDS))
            longest = max(len(record["text"]) for record in self._records if record["lang"] == language)
            # So long that a slice for any text can begin anywhere in the pool.
            while len(pool) < 2 * longest:
                pool += self._random.sample(pool, len(pool))
            self._pools[language] = pool

    def articles(self, count: int) -> Iterator[dict[str, Any]]:
        """That many articles, the corpus from its start as often as it takes."""
        for number in range(count):
            record = self._records[number % len(self._records)]
            pool = self._pools[record["lang"]]
            yield record | {
                "id": f"scale-{self._seed}-{number}",
                "title": self._changed(record["title"], pool) or None,
                "text": self._changed(record["text"], pool),
            }

    def _changed(self, words: list[str], pool: list[str]) -> str:
        """Every second word replaced by what stands side by side somewhere in the pool, in one slice: a draw for
        each word would take longer than the run that is to be measured.
        """
        changed = words.copy()
        start = self._random.randrange(len(pool) - len(words))
        # From the second one on or from the first, so that of one article's variants half differ in either.
        offset = self._random.randrange(2)
        changed[offset::2] = pool[start : start + len(range(offset, len(words), 2))]
        return ("" if is_unspaced(words) else " ").join(changed)


def words_of(text: str) -> list[str]:
    """The words of a text, or its characters where it sets no words apart."""
    words = text.split()
    return list(text) if len(text) > 12 * (len(words) + 1) else words


def is_unspaced(words: list[str]) -> bool:
    """Whether these are the characters that `words_of` gives."""
    return bool(words) and max(map(len, words[:50])) == 1


def write_articles(maker: ArticleMaker, folder: Path, count: int) -> int:
    """Writes articles as `.jsonl` files; returns their bytes."""
    folder.mkdir(parents=True)
    made = maker.articles(count)
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for first in range(0, count, ARTICLES_PER_FILE):
        with (folder / f"part-{first // ARTICLES_PER_FILE:05d}.jsonl").open("w", encoding="utf-8") as file:
            for _ in range(min(ARTICLES_PER_FILE, count - first)):
                file.write(encode(next(made)) + "\n")
    return tree_bytes(folder)


def measure(arguments: argparse.Namespace) -> str:
    """Runs over each size in turn."""
    corpus = corpus_of(arguments)
    sizes: list[int] = sorted(arguments.sizes)
    with scratch_folder(arguments) as folder:
        lines = [
            line for _, line in zip(range(arguments.articles or 1 << 40), corpus_lines(corpus), strict=False)
        ]
        maker = ArticleMaker(lines)
        bytes_in = {}
        for size in sizes:
            tell(f"making {size:,} articles")
            bytes_in[size] = write_articles(maker, folder / f"in-{size}", size)
        del lines, maker

        def run(size: int) -> tuple[NewsbeamRun, int]:
            out = folder / "out"
            done = run_newsbeam(folder / f"in-{size}", out, "--entities", "none")
            written = tree_bytes(out)
            shutil.rmtree(out)
            return done, written

        found = alternate({f"{size:,}": functools.partial(run, size) for size in sizes}, arguments.rounds)
        text = report(sizes, bytes_in, found)
        if arguments.killed:
            whole_s = statistics.median(done.run.seconds for done, _ in found[f"{sizes[-1]:,}"])
            text += "\n\n" + run_killed(folder / f"in-{sizes[-1]}", folder / "out", whole_s)
    return text


def run_killed(source: Path, out: Path, whole_s: float) -> str:
    """Kills a run half-way with all its processes, starts it again, and says what that came to.

    whole_s: what the run takes undisturbed.
    """
    tell("a run that is killed half-way")
    killed = run_command(newsbeam_run(source, out, "--entities", "none"), stop_after_s=whole_s / 2)
    done = run_newsbeam(source, out, "--entities", "none")
    together = killed.seconds + done.run.seconds
    return (
        f"Killed after {killed.seconds:,.1f} s and started again, the run over {done.articles:,} articles is done in "
        f"another {done.run.seconds:,.1f} s with {done.count('kept'):,} kept and a peak of "
        f"{done.run.peak_mb:,.0f} MB: {together / whole_s:.2f} times what it takes undisturbed."
    )


def report(
    sizes: list[int], bytes_in: dict[int, int], found: dict[str, list[tuple[NewsbeamRun, int]]]
) -> str:
    """The table, and what it says of the goals."""
    runs = {size: [done for done, _ in found[f"{size:,}"]] for size in sizes}
    costs = {size: [1e3 * done.run.seconds / done.articles for done in runs[size]] for size in sizes}
    cpu = {size: [1e3 * done.run.cpu_s / done.articles for done in runs[size]] for size in sizes}
    peaks = {size: statistics.median(done.run.peak_mb for done in runs[size]) for size in sizes}
    rows = []
    for size in sizes:
        first, written = found[f"{size:,}"][0]
        rows.append(
            (
                f"{size:,}",
                spread([done.run.seconds for done in runs[size]], 1),
                spread([done.articles / done.run.seconds for done in runs[size]]),
                spread(costs[size], 3),
                spread(cpu[size], 3),
                spread([done.run.peak_mb for done in runs[size]]),
                f"{bytes_in[size] / 1e6:,.0f}",
                f"{written / 1e6:,.0f}",
                f"{len(first.files()):,}",
                f"{first.count('kept'):,}",
            )
        )
    header = (
        "articles", "seconds", "articles/s", "ms/article", "CPU ms/article", "peak, MB", "MB in", "MB out", "files",
        "kept",
    )  # fmt: skip
    said = [
        'Each size into an empty folder, two workers, without entities. "MB out" is all of the folder, its index '
        "included.",
        table(header, rows),
    ]
    for smaller, larger in itertools.pairwise(sizes):
        if smaller < _FLAT_FROM:
            continue
        ratio = statistics.median(costs[larger]) / statistics.median(costs[smaller])
        said.append(
            goal(
                f"an article at {larger:,} costs at most {COST_GOAL} times what it does at {smaller:,}; it is "
                f"{ratio:.2f} times",
                ratio <= COST_GOAL,
            )
        )
        flat = peaks[larger] / peaks[smaller]
        said.append(
            goal(
                f"the peak at {larger:,} is that at {smaller:,}, within {FLAT_GOAL - 1:.0%}; it is {flat:.2f} times",
                flat <= FLAT_GOAL,
            )
        )
    said.append(goal(f"a peak below {PEAK_GOAL_MB:,} MB", max(peaks.values()) < PEAK_GOAL_MB))
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], metavar="N",
        help="articles of each run (10000 100000 1000000)",
    )  # fmt: skip
    group.add_argument(
        "--killed", action="store_true", help="also kill a run over the most, and let it go on"
    )


BENCHMARK = Benchmark("scale", "Scale", measure, add_options, ("apache-beam", "pyarrow", "rensa"))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
