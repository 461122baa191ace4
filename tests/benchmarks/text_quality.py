"""How well HTML becomes text, on the bodies of real feeds, beside inscriptis, html2text and trafilatura; and how fast.

    python -m tests.benchmarks text_quality [--normalisation_peer_python /tmp/peers/bin/python]

Of each body there is a second reading, by the standard library's parser and with no knowledge of ours: its words, apart
where an element that isn't inline begins or ends, without scripts and styles. A word of it that is missing from what a
library makes is counted as missing, and one that a library makes and that isn't there as invented: words run together,
marks of its own, markup that was left. What ours leaves out on purpose (captions, share buttons, "Read more", players)
counts as missing all the same.

Paragraphs are run together where the text has fewer lines than the body has paragraphs with a word in them.

Then the worst that markup can do, 100,000 levels deep, with 20 s for each; and whether cleaned texts stay as they are
when they are cleaned again, over the corpus.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path

from schemas.errors import RecordError
from schemas.records import Origin
from tests.benchmarks.feed_parsers import FEEDS, files_of
from tests.benchmarks.harness import (
    Benchmark,
    MissingInputError,
    corpus_lines,
    corpus_of,
    goal,
    main,
    spread,
    table,
    tell,
)
from tests.benchmarks.normalisation import Answers, add_peer_option, ask_ours, ask_peers, not_measured
from transforms.functions.byline_words import word_set
from transforms.functions.feeds import parse_feed
from transforms.functions.html_text import html_to_text
from transforms.functions.text import clean_text

LIMIT_S = 20.0
PEERS = ("inscriptis", "html2text", "trafilatura")

_INLINE = word_set(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark q s samp small span strike strong
    sub sup time tt u var wbr
    """
)
_CODE = frozenset(("script", "style"))
_WORD = re.compile(r"\w+")


class _Words(HTMLParser):
    """The words of a body, and how many of its paragraphs have one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.paragraphs = 0
        self._code = 0
        self._fresh = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block parts words."""
        self._code += tag in _CODE
        self._fresh = self._fresh or tag == "p"
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """A block parts words."""
        self._code = max(0, self._code - (tag in _CODE))
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        """Text, where it is no code."""
        if self._code:
            return
        self.pieces.append(data)
        if self._fresh and _WORD.search(data):
            self.paragraphs += 1
            self._fresh = False


def words_of(markup: str) -> tuple[Counter[str], int]:
    """The words of a body, by the standard library's parser, and its paragraphs."""
    reader = _Words()
    reader.feed(markup)
    reader.close()
    return Counter(_WORD.findall("".join(reader.pieces))), reader.paragraphs


def load(folders: Iterable[Path]) -> list[str]:
    """All bodies and summaries of the feeds that are HTML and have a tag, each once."""
    found: dict[str, None] = {}
    for name, data in files_of(folders):
        try:
            items = parse_feed(data, Origin("feed", name)).items
        except RecordError:
            continue
        for item in items:
            for markup, is_html in ((item.summary, item.summary_is_html), (item.body, item.body_is_html)):
                if markup is not None and is_html and "<" in markup:
                    found[markup] = None
    return list(found)


def faults(bodies: Sequence[str], answers: Answers) -> tuple[str, str, str]:
    """Words missing, words invented, and bodies whose paragraphs were run together."""
    total = missing = invented = joined = 0
    for markup, text in zip(bodies, answers.results, strict=True):
        expected, paragraphs = words_of(markup)
        found = Counter(_WORD.findall(text or ""))
        total += sum(expected.values())
        missing += sum((expected - found).values())
        invented += sum((found - expected).values())
        joined += sum(1 for line in (text or "").split("\n") if line.strip()) < paragraphs
    return f"{missing / max(total, 1):.3%}", f"{invented / max(total, 1):.3%}", str(joined)


def hostile(depth: int) -> dict[str, str]:
    """Markup that is deep, unclosed or badly nested."""
    return {
        "nested <div>": "<div>" * depth + "x" + "</div>" * depth,
        "unclosed <b><p>": "<b><p>x" * depth,
        "lists in lists": "<ul><li>" * depth + "x",
        "tables in tables": "<table><tr><td>" * depth + "x",
    }


def _timed(call: Callable[[], object]) -> str:
    started = time.perf_counter()
    call()
    return f"{time.perf_counter() - started:.2f} s"


def _survive(arguments: argparse.Namespace) -> str:
    """Seconds for each piece of hostile markup, or how it ended."""
    rows = []
    for name, markup in hostile(arguments.depth).items():
        cells = [name, _timed(lambda markup=markup: clean_text(html_to_text(markup)))]  # type: ignore[misc]
        for peer in PEERS if arguments.normalisation_peer_python is not None else ():
            cells.append(_peer_survives(arguments, peer, markup))
        rows.append(cells)
    header = [f"{arguments.depth:,} levels", "newsbeam", *PEERS]
    return table(header[: len(rows[0])], rows)


def _peer_survives(arguments: argparse.Namespace, peer: str, markup: str) -> str:
    once = argparse.Namespace(normalisation_peer_python=arguments.normalisation_peer_python, rounds=1)
    try:
        answers = ask_peers(once, "texts", [markup], peer, LIMIT_S)
    except TimeoutError:
        return f"not done after {LIMIT_S:.0f} s"
    except MissingInputError:
        return "the process crashed"
    if not answers:
        return "not installed"
    if answers[0].raised:
        return "raised"
    lost = "x" not in (answers[0].results[0] or "")
    return f"{answers[0].seconds[0]:.2f} s" + (", the text lost" if lost else "")


def measure(arguments: argparse.Namespace) -> str:
    """All sides on all bodies, the hostile ones, and the corpus cleaned twice."""
    bodies = load(folder for folder in arguments.feed_folder or [FEEDS] if folder.is_dir())
    if not bodies:
        raise MissingInputError(f"no bodies in HTML: give --feed_folder (there are none in {FEEDS})")
    ours = ask_ours(lambda markup: clean_text(html_to_text(markup)), bodies, arguments.rounds)
    sides = [ours, *ask_peers(arguments, "texts", bodies)]
    size_mb = sum(map(len, bodies)) / 1e6
    rows = [
        (
            side.name,
            spread([size_mb / seconds for seconds in side.seconds], 1),
            *faults(bodies, side),
            side.raised,
        )
        for side in sides
    ]
    header = (
        "",
        "million characters/s of CPU",
        "words missing",
        "words invented",
        "paragraphs run together",
        "raised",
    )
    tell("hostile markup")
    survived = _survive(arguments)
    changed, texts = _cleaned_again(arguments)
    return "\n\n".join(
        [
            f"{len(bodies):,} bodies and summaries, {size_mb:.1f} million characters:",
            table(header, rows),
            *not_measured(sides[1:]),
            survived,
            goal(
                f"cleaned texts stay as they are; of {texts:,} of the corpus, {changed} change again",
                not changed,
            ),
        ]
    )


def _cleaned_again(arguments: argparse.Namespace) -> tuple[int, int]:
    changed = texts = 0
    for line in itertools.islice(
        corpus_lines(corpus_of(arguments)), arguments.articles or arguments.cleaned_articles
    ):
        cleaned = clean_text(json.loads(line)["text"] or "")
        texts += 1
        changed += clean_text(cleaned) != cleaned
    return changed, texts


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has; it takes --feed_folder and the corpus, too."""
    group.add_argument(
        "--depth",
        type=int,
        default=100_000,
        metavar="N",
        help="levels of the hostile markup (default: %(default)s)",
    )
    group.add_argument(
        "--cleaned_articles", type=int, default=10_000, metavar="N",
        help="articles of the corpus that are cleaned twice (default: %(default)s)",
    )  # fmt: skip
    add_peer_option(group)


BENCHMARK = Benchmark("text_quality", "HTML made text", measure, add_options, ("ftfy",))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
