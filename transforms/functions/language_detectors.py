"""Models that score the languages of a text, by name."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol


class LanguageDetector(Protocol):
    """A model that scores the languages of a text. Another one is a class with this method.

    `scores` gives (code, probability) pairs in any order, none where the model finds nothing to go by. It
    must be a function of the text alone, safe to call from several threads, and must not raise on any
    string.
    """

    def scores(self, text: str) -> Sequence[tuple[str, float]]:
        """The likely languages of a text with their probabilities."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Langdetect:
    """langdetect's model through one of the two modules that implement it; make it with `load_langdetect`."""

    module: str
    _create: Callable[[], Any]
    _no_features: type[Exception]

    def scores(self, text: str) -> list[tuple[str, float]]:
        """The languages with a probability over 0.1, as the model names them (`zh-cn` and `zh-tw` apart)."""
        detector = self._create()
        detector.append(text)
        try:
            return [(found.lang, found.prob) for found in detector.get_probabilities()]
        except self._no_features:
            return []


def load_langdetect(module: str) -> Langdetect:
    """Loads langdetect's profiles: 0.03 s with `langdetect_rs`, 0.3 to 0.7 s with `langdetect`.

    ImportError where there is no such module. The factory is our own, since those of the modules are shared,
    unseeded, and in langdetect seen half-loaded by a second thread.
    """
    package = importlib.import_module(module)
    factory = package.DetectorFactory()
    factory.seed = 0
    factory.load_profile(importlib.import_module(f"{module}.detector_factory").PROFILES_DIRECTORY)
    return Langdetect(module, factory.create, package.LangDetectException)


@functools.cache
def _default_detector() -> Langdetect:
    try:
        return load_langdetect("langdetect_rs")
    except ImportError:
        return load_langdetect("langdetect")


_LOADING = threading.Lock()


def default_detector() -> Langdetect:
    """The process's own detector, loaded on first use: langdetect-rs, else langdetect."""
    # functools.cache alone would let threads that come together load the profiles once each.
    with _LOADING:
        return _default_detector()
