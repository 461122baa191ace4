"""Models that score the languages of a text, by name.

Another one is a class with `scores`, a function that makes it, and a line in `DETECTORS`.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
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


#: How steeply eldc's scores become probabilities. They are of each language for itself, 0 to 1, and close together:
#: with this power the second has to stay 4 % behind the first for that to reach a probability of 0.9. On labelled news
#: nothing more was told wrongly than with a quarter of it, and a tenth more was told.
_ELDC_POWER = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Eldc:
    """eldc's model of 60 languages; make it with `load_eldc`."""

    _details: Callable[[str], Any]

    def scores(self, text: str) -> list[tuple[str, float]]:
        """Up to three languages, by ISO 639-1; none where eldc calls its own answer unreliable."""
        # It takes UTF-8, which has no surrogates, and C strings, which have no zeros.
        found = self._details(text.encode("utf-8", "replace").decode("utf-8").replace("\0", " "))
        if not found.reliable:
            return []
        raised = {code: score**_ELDC_POWER for code, score in found.scores.items()}
        total = sum(raised.values())
        return [(code, share / total) for code, share in raised.items()] if total else []


@functools.cache
def load_eldc() -> Eldc:
    """Loads eldc. ImportError where it isn't installed: it is an extra, `newsbeam[eldc]`."""
    package = importlib.import_module("eldc")
    package.init()
    return Eldc(package.instance().detect_details)


#: What `--language_detector` can be, beside "none", and how each is made; ImportError where its package is missing.
DETECTORS: Mapping[str, Callable[[], LanguageDetector]] = MappingProxyType(
    {"langdetect": default_detector, "eldc": load_eldc}
)
