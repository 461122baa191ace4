"""A model handler of Beam's as an extractor, with a tiny model that the test makes."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pytest
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from transforms.functions.entities import EntityExtractor, Mention, collect_entities
from transforms.inference_entities import InferenceExtractor

KINDS = ("O", "PERSON", "GPE")
_WORDS = re.compile(r"\w+")
Weights = npt.NDArray[np.float64]


def features(word: str, before: str) -> list[float]:
    return [1.0, word[:1].isupper(), before.lower() in ("mr", "mrs"), before.lower() in ("in", "near")]


class TinyTagger(ModelHandler[str, PredictionResult, Weights]):
    """A perceptron over four features of a word, fitted when it is loaded, on made-up words."""

    loads = 0

    def load_model(self) -> Weights:
        TinyTagger.loads += 1
        taught = (
            ("Roe", "Mr", 1),
            ("Zubrovo", "in", 2),
            ("left", "Roe", 0),
            ("in", "left", 0),
            ("The", "", 0),
        )
        weights = np.zeros((len(KINDS), 4))
        for _ in range(20):
            for word, before, kind in taught:
                vector = np.array(features(word, before), dtype=float)
                guess = int(np.argmax(weights @ vector))
                weights[kind] += vector
                weights[guess] -= vector
        return weights

    def run_inference(
        self, batch: Sequence[str], model: Weights, inference_args: dict[str, Any] | None = None
    ) -> Iterable[PredictionResult]:
        for text in batch:
            if "break" in text:
                raise ValueError(text)
        for text in batch:
            words = [match[0] for match in _WORDS.finditer(text)]
            vectors = [features(word, before) for word, before in zip(words, ["", *words], strict=False)]
            tags = np.argmax(np.array(vectors, dtype=float).reshape(-1, 4) @ model.T, axis=1)
            yield PredictionResult(text, [KINDS[tag] for tag in tags])


def read_tags(text: str, tags: Sequence[str]) -> list[Mention]:
    return [
        Mention(match.start(), match.end(), tag)
        for match, tag in zip(_WORDS.finditer(text), tags, strict=True)
        if tag != "O"
    ]


@pytest.fixture
def extractor() -> EntityExtractor:
    return InferenceExtractor(TinyTagger(), read_tags, frozenset({"en"}), batch=2)


TEXT = "Mr Roe left in Zubrovo"


def test_a_handler_finds_names(extractor: EntityExtractor) -> None:
    """One answer for each text, in order; from there on it is as with any extractor."""
    first, none, again = extractor.extract([TEXT, "", TEXT], "en")
    assert first == again == (Mention(3, 6, "PERSON"), Mention(15, 22, "GPE"))
    assert none == ()
    assert [entity.name for entity in collect_entities(TEXT, first or ())] == ["Roe", "Zubrovo"]


def test_a_text_that_breaks_the_model_costs_its_own_entities(extractor: EntityExtractor) -> None:
    """Those that were in its batch are read again, alone."""
    broken = extractor.extract([TEXT, "break", TEXT], "en")
    assert broken == [*extractor.extract([TEXT], "en"), None, *extractor.extract([TEXT], "en")]


def test_the_model_is_loaded_once_in_each_process(extractor: EntityExtractor) -> None:
    """Not when it is made or sent, but with the first text."""
    before = TinyTagger.loads
    sent = pickle.loads(pickle.dumps(extractor))
    assert TinyTagger.loads == before
    for _ in range(3):
        assert sent.extract([TEXT], "en") == extractor.extract([TEXT], "en")
    assert TinyTagger.loads == before + 2


def test_settings_are_checked(extractor: EntityExtractor) -> None:
    """And so is the language."""
    with pytest.raises(KeyError):
        extractor.extract([TEXT], "de")
    for bad in ({"languages": frozenset(), "batch": 1}, {"languages": frozenset({"en"}), "batch": 0}):
        with pytest.raises(ValueError, match="language"):
            InferenceExtractor(TinyTagger(), read_tags, **bad)  # type: ignore[arg-type]


def test_the_same_handler_runs_behind_run_inference(extractor: EntityExtractor) -> None:
    """With equal mentions."""
    (expected,) = extractor.extract([TEXT], "en")
    with TestPipeline() as pipeline:
        found = (
            pipeline
            | beam.Create([TEXT])
            | RunInference(TinyTagger())
            | beam.Map(lambda result: tuple(read_tags(result.example, result.inference)))
        )
        assert_that(found, equal_to([expected]))
