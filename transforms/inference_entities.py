"""Any of Beam's model handlers as an extractor of entities: an example of another extractor in one file.

A handler (`apache_beam.ml.inference`) knows how to load a model and how to run a batch through it, be it PyTorch,
TensorFlow, ONNX or a transformer of Hugging Face's. Its answers become mentions by a function that is given. With a
line in `transforms/functions/extractors.py` it is one that `--entities` can name:

    "transformer": lambda: InferenceExtractor(handler, read_tags, frozenset({"de", "nl"}))

The same handler runs behind `RunInference` on an engine that keeps models apart from the work, on GPUs, say.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from typing import Any

from apache_beam.ml.inference.base import ModelHandler

from transforms.functions.entities import Mention

_LOADING = threading.Lock()


@dataclasses.dataclass(frozen=True, slots=True)
class InferenceExtractor:
    """An `EntityExtractor` on a model handler.

    handler: takes texts, and gives one `PredictionResult` for each, in order.
    read: a text and what the model said of it, to mentions in spaCy's labels.
    languages: ISO 639-1. batch: texts that go to the model together.
    faults: what a text can do to the model; it costs that text its entities. Anything else stops the run.
    """

    handler: ModelHandler[str, Any, Any]
    read: Callable[[str, Any], Sequence[Mention]]
    languages: frozenset[str]
    batch: int = 8
    faults: tuple[type[Exception], ...] = (ValueError,)
    _loaded: dict[str, Any] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """ValueError where there is no language, or no text in a batch."""
        if not self.languages or self.batch < 1:
            raise ValueError("an extractor needs a language, and a batch of one text or more")

    def __getstate__(self) -> tuple[Any, ...]:
        """Without the model: each process loads its own."""
        return (self.handler, self.read, self.languages, self.batch, self.faults)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """As it was before the model was loaded."""
        names = ("handler", "read", "languages", "batch", "faults")
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_loaded", {})

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        """The mentions in each text; None for a text that broke the model. KeyError for another language."""
        if language not in self.languages:
            raise KeyError(language)
        found: list[tuple[Mention, ...] | None] = []
        for first in range(0, len(texts), self.batch):
            found += self._batch(texts[first : first + self.batch])
        return found

    def _batch(self, texts: Sequence[str]) -> list[tuple[Mention, ...] | None]:
        try:
            answers = list(self.handler.run_inference(texts, self._model()))
        except self.faults:
            if len(texts) == 1:
                return [None]
            return [mentions for text in texts for mentions in self._batch([text])]
        return [tuple(self.read(text, answer.inference)) for text, answer in zip(texts, answers, strict=True)]

    def _model(self) -> Any:
        with _LOADING:
            if not self._loaded:
                self._loaded["model"] = self.handler.load_model()
        return self._loaded["model"]
