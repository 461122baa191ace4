"""How many sources get one name, and how many stay as they name themselves.

    python -m tests.benchmarks source_quality [--show_sources]

There is no labelled set of sources, so this measures what can be told without labels:

- the corpus' source fields: how many of the spellings and of the articles come to a publisher of the table, how many
  keep their own name, and how many names are left that differ from another one in case, accents or punctuation only:
  each of these is one publisher under two names;
- the feeds' titles and addresses in --feed_folder: where each feed's name comes from;
- the publishers of --dates, which others chose to write scrapers for: how many the table has.

--show_sources prints what keeps its own name, and what the table lacks.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from schemas.errors import RecordError
from schemas.records import Origin
from tests.benchmarks.feed_parsers import FEEDS, files_of
from tests.benchmarks.harness import Benchmark, corpus_lines, corpus_of, main, spread, table
from tests.benchmarks.normalisation import add_peer_option, ask_ours, gold_lines
from transforms.functions.feeds import parse_feed
from transforms.functions.sources import Source, host_in, load_publishers, resolve_source, simple_name
from transforms.functions.urls import canonical_url


def spellings(lines: Iterable[bytes]) -> Counter[str]:
    """How many articles state each source."""
    return Counter(source for line in lines if (source := json.loads(line).get("source")))


def of_corpus(
    counts: Mapping[str, int],
) -> tuple[list[tuple[str, str, str]], dict[str, str], list[list[str]]]:
    """Rows by where the name comes from (spellings, articles), each spelling's name, and names that are one."""
    known = {publisher.name for publisher in load_publishers().by_domain.values()}
    names = {stated: resolve_source(stated, None, None, None).name or "" for stated in counts}
    kinds = {stated: _kind(stated, name, known) for stated, name in names.items()}
    rows = [
        (
            kind,
            f"{sum(one == kind for one in kinds.values())} of {len(kinds)}",
            f"{sum(counts[stated] for stated, one in kinds.items() if one == kind) / max(sum(counts.values()), 1):.1%}",
        )
        for kind in ("a publisher of the table", "its domain", "its own name")
    ]
    alike: dict[str, set[str]] = defaultdict(set)
    for name in names.values():
        alike[simple_name(name)].add(name)
    return rows, names, [sorted(group) for group in alike.values() if len(group) > 1]


def _kind(stated: str, name: str, known: set[str]) -> str:
    if name in known:
        return "a publisher of the table"
    return "its domain" if host_in(stated) is not None else "its own name"


def of_feeds(folders: Iterable[Path]) -> list[tuple[str, str, Source]]:
    """File, title and source of each feed that has items."""
    found = []
    for name, data in files_of(folders):
        try:
            items = parse_feed(data, Origin("feed", name)).items
        except RecordError:
            continue
        if items:
            first = items[0]
            host = host_in(first.source_url or "") or host_in(canonical_url(first.url or "") or "")
            found.append(
                (
                    Path(name).name,
                    first.feed_title or "",
                    resolve_source(first.source, host, first.feed_title, None),
                )
            )
    return found


def lacking(publishers: Iterable[str]) -> list[str]:
    """Names in one word ("SueddeutscheZeitung") that the table doesn't have, spaces and umlauts aside."""
    known = {_squeezed(name) for name in load_publishers().by_name}
    # "WashingtonPost" is in the table as "The Washington Post"; some are named after their site.
    known |= {_squeezed(domain.partition(".")[0]) for domain in load_publishers().by_domain}
    return [name for name in publishers if _squeezed(name) not in known]


def _squeezed(name: str) -> str:
    plain = simple_name(name.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))
    return re.sub(r"\W|_", "", plain).removeprefix("the")


def measure(arguments: argparse.Namespace) -> str:
    """The three measures, and the time of one resolution."""
    lines = itertools.islice(corpus_lines(corpus_of(arguments)), arguments.articles)
    counts = spellings(lines)
    rows, names, alike = of_corpus(counts)
    feeds = of_feeds([folder for folder in arguments.feed_folder or [FEEDS] if folder.is_dir()])
    known = {publisher.name for publisher in load_publishers().by_domain.values()}
    publishers = sorted({line["publisher"].partition("/")[2] for line in gold_lines(arguments.dates)})
    missing = lacking(publishers)
    # A title of its own for each, as a cache would hide the cost of the first one.
    titles = [f"{title} {number}" for number, title in enumerate(list(counts) * 5)]
    speed = ask_ours(lambda title: resolve_source(None, None, title, None), titles, 1)
    table_size = len(set(load_publishers().by_domain.values()))
    said = [
        f"{table_size} publishers in the table, of {len({p.country for p in load_publishers().by_domain.values()})} "
        "countries.",
        f"The corpus states {len(counts)} sources:",
        table(("named by", "spellings", "articles"), rows),
        f"Names that differ from another one in case, accents or punctuation only: {sum(map(len, alike))}, of "
        f"{len(alike)} publishers.",
        f"Of {len(feeds)} feeds {sum(source.name in known for _, _, source in feeds)} are named by the table, "
        f"{sum(source.name not in known and source.name != source.domain for _, _, source in feeds)} by their titles, "
        f"{sum(source.name is not None and source.name == source.domain for _, _, source in feeds)} by their domains.",
        f"Of {len(publishers)} publishers that others wrote scrapers for, the table lacks {len(missing)}.",
        f"One resolution takes {spread(speed.us_each(), 1)} us of CPU, where nothing is remembered.",
    ]
    if arguments.show_sources:
        said += [f"- one publisher under several names: {', '.join(group)}" for group in alike]
        said += [f"- feed {name}: {title!r} is {source}" for name, title, source in feeds]
        own = Counter({stated: counts[stated] for stated, name in names.items() if name not in known})
        said += [
            f"- {count} articles of {stated!r}, named {names[stated]!r}"
            for stated, count in own.most_common(60)
        ]
        said += [f"- not in the table: {', '.join(missing)}"]
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has; it takes the corpus, --dates and --feed_folder too."""
    group.add_argument("--show_sources", action="store_true", help="print what keeps its own name")
    add_peer_option(group)


BENCHMARK = Benchmark("source_quality", "Sources named", measure, add_options, ("publicsuffixlist",))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
