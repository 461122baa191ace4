"""Mentions of names in Russian, from the model that the package natasha carries, run by slovnet.

An extra: `newsbeam[ru]`. natasha itself is never imported, since what it needs for its morphology doesn't run on Python
3.11 and later; its folder of data is all that is used. slovnet is numpy only, and as fast as the English model.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from schemas.errors import RunError
from transforms.functions.entities import Mention
from transforms.functions.spacy_models import WIKINER

_NEEDED = ("natasha", "navec", "slovnet")

# What a text can do to the model, as with spaCy's; anything else is a fault of ours or of the installation.
_TEXT_FAULTS = (ValueError, KeyError, IndexError, MemoryError)

_LOCK = threading.Lock()


class SlovnetExtractor:
    """An `EntityExtractor` for Russian; it covers nothing where its packages aren't installed."""

    @property
    def languages(self) -> frozenset[str]:
        """`ru`, or nothing."""
        return frozenset(("ru",)) if all(map(importlib.util.find_spec, _NEEDED)) else frozenset()

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        """The mentions in each text; None for a text that broke the model. RunError where the model isn't there."""
        # One at a time: slovnet's batches are no faster, and a text that breaks one would break them all.
        with _LOCK:
            read = _load()
            return [_mentions(read, text) for text in texts]


def _mentions(read: Any, text: str) -> tuple[Mention, ...] | None:
    try:
        spans = read(text).spans
    except _TEXT_FAULTS:
        return None
    return tuple(Mention(span.start, span.stop, WIKINER[span.type]) for span in spans if span.type in WIKINER)


@functools.cache
def _load() -> Any:
    """The model, 1 s to load."""
    spec = importlib.util.find_spec("natasha")
    if spec is None or not spec.submodule_search_locations:
        raise RunError("no Russian model: pip install 'newsbeam[ru]'")
    data = Path(next(iter(spec.submodule_search_locations))) / "data"
    embedding = importlib.import_module("navec").Navec.load(
        data / "emb" / "navec_news_v1_1B_250K_300d_100q.tar"
    )
    model = importlib.import_module("slovnet").NER.load(data / "model" / "slovnet_ner_news_v1.tar")
    model.navec(embedding)
    return model
