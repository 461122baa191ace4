"""The extractors of entities, by the name that `--entities` gives them.

Another one is a class with `languages` and `extract` (`EntityExtractor`), a function that makes it, and a line here.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from transforms.functions.entities import EntityExtractor, Mention


@dataclasses.dataclass(frozen=True, slots=True)
class ByLanguage:
    """Several extractors as one: each language is read by the first that covers it."""

    extractors: tuple[EntityExtractor, ...]

    @property
    def languages(self) -> frozenset[str]:
        """Those of all of them."""
        return frozenset().union(*(extractor.languages for extractor in self.extractors))

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        """As the extractor of that language does it; KeyError where none covers it."""
        for extractor in self.extractors:
            if language in extractor.languages:
                return extractor.extract(texts, language)
        raise KeyError(language)


def small_models() -> EntityExtractor:
    """The small models that are installed: those of spaCy's, and slovnet's for Russian."""
    from transforms.functions.russian_entities import SlovnetExtractor
    from transforms.functions.spacy_entities import SpacyExtractor

    return ByLanguage((SpacyExtractor(), SlovnetExtractor()))


#: What `--entities` can be, beside "none", and how each is made. Making one loads no model.
EXTRACTORS: Mapping[str, Callable[[], EntityExtractor]] = MappingProxyType({"spacy": small_models})


@functools.cache
def load_extractor(name: str) -> EntityExtractor:
    """The extractor of that name, one for each process. ValueError for a name that isn't among `EXTRACTORS`."""
    if name not in EXTRACTORS:
        raise ValueError(f"no extractor of entities is called {name!r}: there are {', '.join(EXTRACTORS)}")
    return EXTRACTORS[name]()
