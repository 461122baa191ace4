"""How well languages are told: headlines and articles of a labelled corpus, by each detector.

    python -m tests.benchmarks language_quality [--texts_each 300] [--identity_texts 2000]

Headlines are the titles; where a language has none in the corpus, the first 80 characters of its texts up to a word's
end. Articles are title and text. Of each language, the first so many articles are taken. What is told is right, wrong,
or undetermined (`und`); of a language that a detector doesn't have nothing can be right, and `und` is the answer to
wish for. "As it is" is the detector alone, before the rules that doubt it: its first answer, whatever its probability.

Then beginnings of all articles, cut to so many letters, say from which length on they can be judged; that is measured
with the rule of the least length left out. Last, langdetect-rs is held against langdetect, answer by answer.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.benchmarks.harness import (
    Benchmark,
    corpus_lines,
    corpus_of,
    goal,
    main,
    table,
)
from transforms.functions import language as rules
from transforms.functions.language import UNDETERMINED, clean_for_detection, detect_language
from transforms.functions.language_detectors import DETECTORS, LanguageDetector, load_langdetect

#: What langdetect has, of the languages that news corpora are made of; the rest it can only take for another.
LANGDETECT = frozenset(
    """
    af ar bg bn ca cs cy da de el en es et fa fi fr gu he hi hr hu id it ja kn ko lt lv mk ml mr ne nl no pa pl pt ro ru
    sk sl so sq sv sw ta te th tl tr uk ur vi zh
    """.split()  # noqa: SIM905 - a list of 50 quoted words hides the words
)

_HEADLINE_CHARS = 80
_LENGTHS = ((10, 15), (15, 20), (20, 25), (25, 30), (30, 40), (40, 60), (60, 100))


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A text with its language, ISO 639 as the corpus has it."""

    language: str
    title: str | None
    text: str


def read_texts(corpus: Path, each: int) -> dict[str, list[Text]]:
    """The first so many articles of each language, by language."""
    found: dict[str, list[Text]] = defaultdict(list)
    for line in corpus_lines(corpus):
        article = json.loads(line)
        texts = found[article["lang"]]
        if len(texts) < each and article.get("text"):
            texts.append(Text(article["lang"], article.get("title"), article["text"]))
    return dict(sorted(found.items()))


def headline(text: Text) -> str:
    """Its title, or the beginning of its text where it has none."""
    if text.title:
        return text.title
    start = text.text[:_HEADLINE_CHARS]
    return start.rsplit(" ", 1)[0] if len(text.text) > _HEADLINE_CHARS else start


def detectors() -> dict[str, LanguageDetector]:
    """All that are installed, langdetect in both its forms."""
    found: dict[str, LanguageDetector] = {}
    makers: list[tuple[str, Callable[[], LanguageDetector]]] = [
        ("langdetect-rs", lambda: load_langdetect("langdetect_rs")),
        ("langdetect", lambda: load_langdetect("langdetect")),
        ("eldc", DETECTORS["eldc"]),
    ]
    for name, make in makers:
        try:
            found[name] = make()
        except ImportError:
            continue
    return found


def languages_of(name: str) -> frozenset[str]:
    """The languages that a detector has."""
    if name != "eldc":
        return LANGDETECT
    import importlib

    return frozenset(importlib.import_module("eldc").LANGUAGES)


def first_answer(detector: LanguageDetector, text: str) -> str:
    """What the detector says by itself."""
    scores = detector.scores(clean_for_detection(None, text))
    return max(scores, key=lambda one: one[1])[0].split("-")[0] if scores else UNDETERMINED


def judge(asked: Iterable[tuple[str, str]]) -> Counter[str]:
    """right, wrong and und, of pairs of the language and what was told."""
    return Counter(
        "und" if told == UNDETERMINED else "right" if told == language else "wrong"
        for language, told in asked
    )


def shares(found: Counter[str]) -> tuple[str, str, str]:
    """right, und, wrong in percent."""
    total = max(1, found.total())
    return tuple(f"{100 * found[name] / total:.1f}" for name in ("right", "und", "wrong"))  # type: ignore[return-value]


def measure_accuracy(texts: dict[str, list[Text]]) -> str:
    """A row for each detector, kind of text and whether its languages are known, and rows by language."""
    rows: list[tuple[object, ...]] = []
    by_language: dict[str, list[object]] = {}
    for name, detector in detectors().items():
        has = languages_of(name)
        for kind in ("headlines", "articles"):
            known: Counter[str] = Counter()
            unknown: Counter[str] = Counter()
            bare: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
            started, asked = time.process_time(), 0
            for language, some in texts.items():
                told = [
                    detect_language(headline(one), "", detector=detector).language
                    if kind == "headlines"
                    else detect_language(one.title, one.text, detector=detector).language
                    for one in some
                ]
                asked += len(told)
                counts = judge((language, answer) for answer in told)
                (known if language in has else unknown).update(counts)
                if name != "langdetect":
                    by_language.setdefault(language, [language]).append(" / ".join(shares(counts)))
            milliseconds = 1000 * (time.process_time() - started) / max(1, asked)
            for language, some in texts.items():
                bare[language in has].update(
                    judge(
                        (
                            language,
                            first_answer(
                                detector,
                                headline(one) if kind == "headlines" else f"{one.title or ''}\n{one.text}",
                            ),
                        )
                        for one in some
                    )
                )
            for which, counts, alone in (
                ("that it has", known, bare[True]),
                ("that it hasn't", unknown, bare[False]),
            ):
                rows.append(
                    (
                        name,
                        kind,
                        which,
                        f"{counts.total():,}",
                        *shares(counts),
                        shares(alone)[2],
                        f"{milliseconds:.2f}",
                    )
                )
    header = (
        "detector",
        "texts",
        "languages",
        "number",
        "right",
        "und",
        "wrong",
        "wrong as it is",
        "ms/text",
    )
    asked_of = [name for name in detectors() if name != "langdetect"]
    columns = [f"{name}, {kind}" for name in asked_of for kind in ("headlines", "articles")]
    missing = sorted({"langdetect-rs", "langdetect", "eldc"} - set(detectors()))
    said = [
        "In percent of the texts; milliseconds of CPU.",
        table(header, rows),
        "By language, right / und / wrong:",
        table(("", *columns), by_language.values()),
    ]
    if missing:
        said.append(f"NOT MEASURED, since not installed: {', '.join(missing)}")
    return "\n\n".join(said)


def measure_lengths(texts: dict[str, list[Text]], rounds: int = 3) -> str:
    """How often beginnings of so many letters are told rightly, with no least length asked for."""
    chance = random.Random(7)
    rows = []
    kept = rules.MIN_LETTERS
    rules.MIN_LETTERS = 0
    try:
        for low, high in _LENGTHS:
            asked = []
            for language, some in texts.items():
                if language not in LANGDETECT or language in ("zh", "ja"):
                    continue
                for one in some:
                    for _ in range(rounds):
                        cut = _with_letters(one.text, chance.randrange(low, high))
                        asked.append((language, detect_language(None, cut).language))
            counts = judge(asked)
            wrong = counts["wrong"] / max(1, counts["right"] + counts["wrong"])
            rows.append(
                (f"{low} to {high - 1}", f"{counts.total():,}", *shares(counts), f"{100 * wrong:.1f}")
            )
    finally:
        rules.MIN_LETTERS = kept
    header = ("letters", "beginnings", "right", "und", "wrong", "wrong of those told")
    return (
        f"The least length is {kept} letters, a Chinese or Japanese one counting three. Below it, and above it, of "
        "texts in Latin or Cyrillic letters in languages that langdetect has:\n\n" + table(header, rows)
    )


def _with_letters(text: str, letters: int) -> str:
    """The beginning of a text that has so many letters, to the end of a word."""
    seen = 0
    for place, character in enumerate(text):
        seen += character.isalpha()
        if seen >= letters:
            return text[: place + 1].rsplit(" ", 1)[0] if seen > letters else text[: place + 1]
    return text


def measure_identity(texts: Sequence[str]) -> tuple[int, str]:
    """In how many texts langdetect-rs says anything else than langdetect: codes or probabilities."""
    rust, python = load_langdetect("langdetect_rs"), load_langdetect("langdetect")
    different = sum(rust.scores(text) != python.scores(text) for text in texts)
    return different, (
        f"langdetect-rs against langdetect, codes and probabilities to the last bit: {different} of {len(texts):,} "
        f"texts differ.\n\n{goal('identical on every text', different == 0)}"
    )


def measure(arguments: argparse.Namespace) -> str:
    """All of it, over the corpus."""
    texts = read_texts(corpus_of(arguments), arguments.texts_each)
    some = [one for texts_of in texts.values() for one in texts_of]
    random.Random(11).shuffle(some)
    asked = [
        text
        for one in some[: arguments.identity_texts // 2]
        for text in (headline(one), clean_for_detection(one.title, one.text))
    ]
    return "\n\n".join([measure_accuracy(texts), measure_lengths(texts), measure_identity(asked)[1]])


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--texts_each", type=int, default=300, metavar="N", help="articles of each language (default: 300)"
    )
    group.add_argument(
        "--identity_texts", type=int, default=2_000, metavar="N",
        help="texts that langdetect-rs is held against langdetect on (default: 2000)",
    )  # fmt: skip


BENCHMARK = Benchmark(
    "language_quality",
    "Languages told",
    measure,
    add_options,
    ("langdetect-rs", "langdetect", "eldc"),
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
