"""How well near-duplicates are found, and how fast.

    python -m tests.benchmarks near_duplicates [--gold FILE] [--splits N] [--corpus FILE] [--articles N] [--rounds N]

--gold: JSONL (or .jsonl.gz) of articles with `id`, `title`, `text`, `group` (the truth) and `kind` (how it was
edited). Publisher and day are left out, so that groups are told by the texts alone. Gives the adjusted Rand index of
the groups, pairwise precision and recall, and by kind how many stand in one group with an original.

--splits: feeds the gold set in random order in so many other ways, of 2 to 2,000 runs each, and says how far the groups
are those of one run, by adjusted Rand index, and how many articles were regrouped for it.

--corpus: JSONL with `title` and `text`. Gives articles a second, on one core, for fingerprints and for the look-up
in a table of bands, by CPU time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter, defaultdict
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from schemas.dedup import ArticleKeys, RowRef
from tests.benchmarks.harness import CORPUS, Benchmark, MissingInputError, main, spread, table
from tests.memory import Memory
from transforms.functions.identity import comparable_text, hash_fields
from transforms.functions.near_duplicates import BANDS, candidate_pairs, fingerprints
from transforms.functions.stories import Known, settle_stories


def read(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """The records of a file."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for _, line in zip(range(limit or 1 << 40), file, strict=False)]


def items_of(articles: list[dict[str, Any]]) -> list[ArticleKeys]:
    """Keys of articles that are told apart by their ids and alike by their texts only."""
    made = []
    prints = fingerprints((article["title"], article["text"]) for article in articles)
    for row, (article, found) in enumerate(zip(articles, prints, strict=True)):
        own = hash_fields("a1", (article["id"],))
        content = hash_fields("c1", (comparable_text(article["text"]),))
        made.append(
            ArticleKeys(
                ref=RowRef("", row), article_id=own, identities=(own,), item_hash=own, revision_hash=content,
                content_hash=content, title_hash=own, content_key=content, publisher=None, published_us=None,
                updated_us=None,
                row_hash=own, origin_uri="", origin_position=row, bands=found.bands, sketch=found.sketch,
                shingle_count=found.shingle_count,
            )
        )  # fmt: skip
    return made


def scores(truth: list[str], found: list[str]) -> tuple[float, float, float]:
    """Adjusted Rand index (Hubert and Arabie 1985), pairwise precision and recall of a grouping."""

    def pairs(counts: Counter[Any]) -> int:
        return sum(comb(count, 2) for count in counts.values())

    both, true, ours = (pairs(Counter(one)) for one in (zip(truth, found, strict=True), truth, found))
    expected = true * ours / comb(len(truth), 2)
    return (both - expected) / ((true + ours) / 2 - expected), both / ours, both / true


def measure_gold(articles: list[dict[str, Any]]) -> tuple[tuple[float, float, float], str]:
    """Groups the articles; ARI, precision and recall, and the table."""
    settled = settle_stories(items_of(articles), Known(), "mark").items
    found = [""] * len(articles)
    for one in settled:
        found[one.keys.ref.row] = one.decision.group_id
    truth = [article["group"] for article in articles]
    scored = ari, precision, recall = scores(truth, found)
    originals: dict[str, set[str]] = defaultdict(set)
    for article, group in zip(articles, found, strict=True):
        if article["kind"] == "original":
            originals[article["group"]].add(group)
    sizes = Counter(found)
    rows = []
    for kind in sorted({article["kind"] for article in articles} - {"original"}):
        of_kind = [place for place, article in enumerate(articles) if article["kind"] == kind]
        alone = sum(sizes[found[place]] == 1 for place in of_kind)
        together = sum(found[place] in originals[truth[place]] for place in of_kind)
        rows.append((kind, len(of_kind), f"{together / len(of_kind):.3f}", alone))
    said = [
        f"{len(articles):,} articles, {len(set(truth)):,} true groups, {len(set(found)):,} found; adjusted Rand index "
        f"{ari:.4f}, pairwise precision {precision:.4f}, recall {recall:.4f}. By kind of editing:",
        table(("kind", "articles", "share with an original", "alone"), rows),
    ]
    return scored, "\n\n".join(said)


def measure_splits(articles: list[dict[str, Any]], splits: int) -> tuple[list[float], str]:
    """Feeds the articles in several runs; how far the groups are those of a single run, and the table."""
    items = items_of(articles)
    at_once = Memory()
    at_once.run(items)
    expected = [at_once.group_of(item.article_id) for item in items]
    agreement, rows = [], []
    for seed in range(splits):
        dice = random.Random(seed)
        runs = min(len(items), round(2 * 1000 ** (seed / max(1, splits - 1))))
        cuts = sorted(dice.sample(range(1, len(items)), runs - 1))
        shuffled = dice.sample(items, len(items))
        memory = Memory()
        for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True):
            memory.run(shuffled[start:end])
        found = [memory.group_of(item.article_id) for item in items]
        agreement.append(scores(expected, found)[0])
        rows.append((f"{runs:,}", f"{agreement[-1]:.6f}", len(memory.regroupings)))
    header = ("runs, in random order", "adjusted Rand index to one run", "regrouped")
    return agreement, "The groups of several runs against those of one:\n\n" + table(header, rows)


def measure_speed(articles: list[dict[str, Any]], rounds: int) -> tuple[list[float], str]:
    """Articles a second of CPU for fingerprints and look-up, of each round, and the table."""
    fingerprint_rates, rates = [], []
    for _ in range(rounds):
        started = time.process_time()
        made = list(fingerprints((article["title"], article["text"]) for article in articles))
        printed = time.process_time()
        bands = np.frombuffer(b"".join(one.bands for one in made), dtype="<u4").reshape(-1, BANDS)
        pairs = candidate_pairs(bands)
        done = time.process_time()
        fingerprint_rates.append(len(articles) / (printed - started))
        rates.append(len(articles) / (done - started))
    size = sum(len(one.bands) + len(one.sketch) for one in made) / len(made)
    header = (
        "articles", "fingerprints/s", "with look-up/s", "candidates of each", "bytes of each",
    )  # fmt: skip
    row = (
        f"{len(articles):,}",
        spread(fingerprint_rates),
        spread(rates),
        f"{len(pairs) / len(articles):.1f}",
        f"{size:.0f}",
    )
    return rates, "On one core, by CPU time:\n\n" + table(header, [row])


def measure(arguments: argparse.Namespace) -> str:
    """How well, where there is a truth to compare with, and how fast, where there is a corpus."""
    said = []
    if arguments.gold.is_file():
        gold = read(arguments.gold)
        said.append(measure_gold(gold)[1])
        said.append(measure_splits(gold, arguments.splits)[1])
    if arguments.corpus.is_file():
        said.append(measure_speed(read(arguments.corpus, arguments.articles), arguments.rounds)[1])
    if not said:
        raise MissingInputError(f"neither --gold {arguments.gold} nor --corpus {arguments.corpus} is there")
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--gold", type=Path, default=CORPUS.parents[1] / "gold" / "neardup.jsonl.gz", metavar="FILE",
        help="articles with their true groups (default: ../shared/gold/neardup.jsonl.gz beside the project)",
    )  # fmt: skip
    group.add_argument(
        "--splits",
        type=int,
        default=8,
        metavar="N",
        help="ways in which the gold set is fed in several runs (8)",
    )


BENCHMARK = Benchmark("near_duplicates", "Near-duplicates", measure, add_options, ("numpy", "rensa"))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
