"""Whether real addresses come to one canonical form, and stay apart where they should; beside three other libraries.

    python -m tests.benchmarks address_quality [--normalisation_peer_python /tmp/peers/bin/python] [--show_merges]

The addresses are those of the items of the feeds in --feed_folder. Of each, variants are made of which we know by
construction that they lead to the same page, or to another:

- same: with tracking parameters, a fragment, in capitals, with the default port, with dot segments, with a needless
  escape, as http, as Google's and Facebook's redirectors write it, as Google's AMP cache does.
- other: with id=1 and id=2, p=, article=, story=, page=; with another last letter in its path.

A library does right where all variants of the first kind come to what it makes of the address itself, and those of the
second to different ones. Then: whether what it makes stays as it is when it is made again, and which different
addresses of the feeds come to one although their items have different titles.
"""

from __future__ import annotations

import argparse
import re
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from schemas.errors import RecordError
from schemas.records import Origin
from tests.benchmarks.feed_parsers import FEEDS, files_of
from tests.benchmarks.harness import Benchmark, MissingInputError, goal, main, spread, table
from tests.benchmarks.normalisation import Answers, add_peer_option, ask_ours, ask_peers, not_measured
from transforms.functions.feeds import parse_feed
from transforms.functions.urls import canonical_url


def _with(parameters: str) -> Callable[[str], str]:
    """Adds parameters behind those that are there."""

    def add(url: str) -> str:
        bare, hash_mark, fragment = url.partition("#")
        return f"{bare}{'&' if '?' in bare else '?'}{parameters}{hash_mark}{fragment}"

    return add


def _in_capitals(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.upper()}://{host.upper()}{slash}{path}"


def _with_port(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}:{443 if scheme == 'https' else 80}/{path}"


def _with_dots(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}/a/.././{path}"


def _with_escape(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}/%{ord(path[0]):02x}{path[1:]}" if path[:1].isalpha() else url


def _at_amp_cache(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].replace("-", "--").replace(".", "-")
    return f"https://{host}.cdn.ampproject.org/c/{'s/' if scheme == 'https' else ''}{rest}"


def _quoted(start: str) -> Callable[[str], str]:
    return lambda url: start + urllib.parse.quote(url, safe="")


SAME: dict[str, Callable[[str], str]] = {
    "utm_*": _with("utm_source=rss&utm_medium=feed&utm_campaign=x"),
    "fbclid, gclid": _with("fbclid=IwAR0a1&gclid=Cj0a2"),
    "cmpid, ref=rss": _with("cmpid=rss&ref=rss"),
    "fragment": lambda url: url.partition("#")[0] + "#comments",
    "capitals": _in_capitals,
    "default port": _with_port,
    "dot segments": _with_dots,
    "needless escape": _with_escape,
    "http": lambda url: url.replace("https://", "http://", 1),
    "Google redirect": _quoted("https://www.google.com/url?sa=t&url="),
    "Facebook redirect": _quoted("https://l.facebook.com/l.php?h=x&u="),
    "AMP cache": _at_amp_cache,
}

OTHER: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    f"{name}=": (_with(f"{name}=1"), _with(f"{name}=2")) for name in ("id", "p", "article", "story", "page")
}
OTHER["path"] = (lambda url: re.split("[?#]", url)[0] + "a", lambda url: re.split("[?#]", url)[0] + "b")


def load(folders: Iterable[Path]) -> dict[str, set[str]]:
    """The http(s) addresses of all items of all feeds, with the titles under which they stand."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, data in files_of(folders):
        try:
            items = parse_feed(data, Origin("feed", name)).items
        except RecordError:
            continue
        for item in items:
            if item.url is not None and item.url.startswith(("http://", "https://")):
                found[item.url].add(item.title or "")
    return dict(found)


def _asked(addresses: Sequence[str]) -> list[str]:
    """The addresses, then each variant of each, in the order in which `_judge` takes them."""
    asked = list(addresses)
    asked += [make(url) for make in SAME.values() for url in addresses]
    asked += [make(url) for pair in OTHER.values() for make in pair for url in addresses]
    return asked


def _judge(addresses: Sequence[str], answers: Answers) -> tuple[list[str], list[str], list[str]]:
    """How many of each kind came to the same, how many to others, and what became of the addresses themselves."""
    size = len(addresses)
    groups = [list(answers.results[start : start + size]) for start in range(0, len(answers.results), size)]
    plain, rest = groups[0], groups[1:]
    same = [
        f"{sum(one == two and one is not None for one, two in zip(plain, group, strict=True)) / size:.1%}"
        for group in rest[: len(SAME)]
    ]
    pairs = rest[len(SAME) :]
    other = [
        f"{sum(one != two for one, two in zip(pairs[at], pairs[at + 1], strict=True)) / size:.1%}"
        for at in range(0, len(pairs), 2)
    ]
    return same, other, plain


def merges(titles: dict[str, set[str]], canonical: Iterable[str | None]) -> list[list[str]]:
    """Groups of different addresses with one form whose items have no title in common."""
    groups: dict[str, list[str]] = defaultdict(list)
    for url, form in zip(titles, canonical, strict=True):
        if form is not None:
            groups[form].append(url)
    return [
        urls
        for urls in groups.values()
        if len(urls) > 1 and not set.intersection(*(titles[url] for url in urls))
    ]


def measure(arguments: argparse.Namespace) -> str:
    """All sides on all addresses and variants."""
    folders = [folder for folder in arguments.feed_folder or [FEEDS] if folder.is_dir()]
    titles = load(folders)
    if not titles:
        raise MissingInputError(f"no feeds with addresses: give --feed_folder (there are none in {FEEDS})")
    addresses = list(titles)
    asked = _asked(addresses)
    ours = ask_ours(canonical_url, asked, arguments.rounds)
    sides = [ours, *ask_peers(arguments, "addresses", asked)]
    rows: list[list[str]] = [[f"same: {name}"] for name in SAME] + [[f"apart: {name}"] for name in OTHER]
    last: list[list[str]] = [["us of CPU each"], ["raised"], ["addresses merged under different titles"]]
    for side in sides:
        same, other, plain = _judge(addresses, side)
        for row, cell in zip(rows, [*same, *other], strict=True):
            row.append(cell)
        merged = sum(len(group) for group in merges(titles, plain))
        for row, text in zip(last, [spread(side.us_each(), 1), f"{side.raised:,}", str(merged)], strict=True):
            row.append(text)
    forms = [form for form in ours.results if form is not None]
    changed = sum(canonical_url(form) != form for form in forms)
    _, _, plain = _judge(addresses, ours)
    found = merges(titles, plain)
    said = [
        f"{len(addresses):,} addresses of feeds, {len(asked):,} with their variants.",
        table(["", *(side.name for side in sides)], rows + last),
        goal(
            f"canonical forms stay as they are; of {len(forms):,}, {changed} change when made again",
            not changed,
        ),
        *not_measured(sides[1:]),
    ]
    if arguments.show_merges:
        said += [f"- merged: {' '.join(urls[:3])}" for urls in found]
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has, and the peers'."""
    group.add_argument(
        "--feed_folder", type=Path, action="append", metavar="FOLDER",
        help="feeds whose addresses and bodies are taken; repeatable (default: ../shared/feeds beside the project)",
    )  # fmt: skip
    group.add_argument(
        "--show_merges", action="store_true", help="print which different addresses became one"
    )
    add_peer_option(group)


BENCHMARK = Benchmark(
    "address_quality", "Addresses made canonical", measure, add_options, ("ada-url", "publicsuffixlist")
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
