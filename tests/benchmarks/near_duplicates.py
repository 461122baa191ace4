"""How well near-duplicates are found, and how fast.

    python -m tests.benchmarks.near_duplicates --gold FILE [--splits N] [--corpus FILE]

--gold: JSONL (or .jsonl.gz) of articles with `id`, `title`, `text`, `group` (the truth) and `kind` (how it was
edited). Publisher and day are left out, so that groups are told by the texts alone. Prints the adjusted Rand index of
the groups, pairwise precision and recall, and by kind how many stand in one group with an original.

--splits: feeds the gold set in random order in so many other ways, of 2 to 2,000 runs each, and prints how the groups
differ from those of one run, by adjusted Rand index, and how many articles were regrouped for it.

--corpus: JSONL with `title` and `text`. Prints articles a second, on one core, for fingerprints and for the look-up
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


def measure_gold(articles: list[dict[str, Any]]) -> tuple[float, float, float]:
    """Groups the articles, prints how well, and returns ARI, precision and recall."""
    settled = settle_stories(items_of(articles), Known(), "mark").items
    found = [""] * len(articles)
    for one in settled:
        found[one.keys.ref.row] = one.decision.group_id
    truth = [article["group"] for article in articles]
    ari, precision, recall = scores(truth, found)
    print(f"{len(articles):,} articles, {len(set(truth)):,} true groups, {len(set(found)):,} found")
    print(f"adjusted Rand index {ari:.4f}, pairwise precision {precision:.4f}, recall {recall:.4f}")
    originals: dict[str, set[str]] = defaultdict(set)
    for article, group in zip(articles, found, strict=True):
        if article["kind"] == "original":
            originals[article["group"]].add(group)
    for kind in sorted({article["kind"] for article in articles} - {"original"}):
        of_kind = [place for place, article in enumerate(articles) if article["kind"] == kind]
        alone = sum(Counter(found)[found[place]] == 1 for place in of_kind)
        together = sum(found[place] in originals[truth[place]] for place in of_kind)
        print(
            f"  {kind:<16} {len(of_kind):>5}  with an original {together / len(of_kind):.3f}  alone {alone}"
        )
    return ari, precision, recall


def measure_splits(articles: list[dict[str, Any]], splits: int) -> list[float]:
    """Feeds the articles in several runs, prints and returns how far the groups are those of a single run."""
    items = items_of(articles)
    at_once = Memory()
    at_once.run(items)
    expected = [at_once.group_of(item.article_id) for item in items]
    agreement = []
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
        print(
            f"in {runs:>5,} runs: adjusted Rand index to one run {agreement[-1]:.6f}, "
            f"regrouped {len(memory.regroupings)}"
        )
    return agreement


def measure_speed(articles: list[dict[str, Any]]) -> float:
    """Prints and returns articles a second of CPU for fingerprints and look-up."""
    started = time.process_time()
    made = list(fingerprints((article["title"], article["text"]) for article in articles))
    printed = time.process_time()
    bands = np.frombuffer(b"".join(one.bands for one in made), dtype="<u4").reshape(-1, BANDS)
    pairs = candidate_pairs(bands)
    done = time.process_time()
    rate = len(articles) / (done - started)
    print(
        f"{len(articles):,} articles: fingerprints {len(articles) / (printed - started):,.0f}/s, with look-up "
        f"{rate:,.0f}/s of one core; {len(pairs) / len(articles):.1f} candidates each, "
        f"{sum(len(one.bands) + len(one.sketch) for one in made) / len(made):.0f} bytes each"
    )
    return rate


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--splits", type=int, default=0)
    parser.add_argument("--corpus", type=Path)
    arguments = parser.parse_args()
    if arguments.gold:
        measure_gold(read(arguments.gold))
        measure_splits(read(arguments.gold), arguments.splits)
    if arguments.corpus:
        measure_speed(read(arguments.corpus))


if __name__ == "__main__":
    main()
