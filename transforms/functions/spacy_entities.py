"""Mentions of names from spaCy's small models, run for speed.

Only this module knows spaCy, and it imports it when the first text is read, so that a run without entities
never pays for it. What is done with the mentions is in `transforms.functions.entities`.

Settings that were measured on 700 news articles: matrix products go through numpy instead of BLIS, and BLAS
keeps to one thread, which more than doubled the speed; the entities stayed the same. Only `ner` is loaded,
which brings its own tok2vec. Without the parser it sees no sentences: 4 of the articles had an entity that
the parser would have cut at one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.util
import json
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import RunError
from transforms.functions.entities import Mention
from transforms.functions.native_libraries import keep_freed_memory, limit_blas_threads
from transforms.functions.spacy_models import DIGESTS, MODELS, SCHEMES, SpacyModel

if TYPE_CHECKING:
    from transforms.functions.spacy_decoding import GreedyDecoder

#: Longest text the model gets at once, in characters, since its memory grows with it; spaCy refuses a
#: million.
WINDOW_CHARS = 100_000

# Characters that go to the model at once, in texts of like length: with four times as many the arrays no longer fit
# into the processor's cache, and it is a sixth slower; fewer are no faster.
_BUCKET_CHARS = 20_000

# Words that are kept, in 5 MB; those met beyond are forgotten after a bucket, or spaCy's vocabulary would grow as long
# as the process lives. To forget all of them, common ones included, made the tokenizer three times as slow.
_LASTING_WORDS = 20_000

# The tokenizer peels affixes off one by one, each time copying the rest: quadratic in the length of a
# "word". And each sign of a line of brackets or quotes is a token that costs the model as much as a word.
_NO_WORDS = re.compile(r"\S{300,}|([^\w\s])\1{9,}")

# What a text can do to the model: lone surrogates (UnicodeEncodeError, a ValueError), a text over its
# limits (ValueError), one that needs too much memory, or a word its vocabulary loses (KeyError,
# IndexError). Anything else is a fault of ours or of the installation, and stops the run.
_TEXT_FAULTS = (ValueError, KeyError, IndexError, MemoryError)


@dataclasses.dataclass(frozen=True, slots=True)
class SpacyExtractor:
    """An `EntityExtractor` on spaCy models. Holds no model itself: those are shared by the whole process.

    models: at most one for a language.
    """

    models: tuple[SpacyModel, ...] = MODELS

    @property
    def languages(self) -> frozenset[str]:
        """The languages that a model covers: those that have to be there, and those that are."""
        return frozenset(
            model.language
            for model in self.models
            if model.required or any(map(importlib.util.find_spec, model.packages))
        )

    def load(self, language: str) -> None:
        """Loads the model of a language now and not with its first text. Raises as `extract` does."""
        self._model(language)

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        """The mentions in each text, in order of place; None for a text that broke the model.

        Offsets are code points of the text as given. The result for a text does not depend on the others.
        RunError where no package holds the model, or not the one that was checked; KeyError for a language
        that is not among `languages`.
        """
        found = self._model(language).extract(texts)
        scheme = self._named(language).scheme
        if scheme is None:
            return found
        labels = SCHEMES[scheme]
        return [None if mentions is None else tuple(_translated(mentions, labels)) for mentions in found]

    def _named(self, language: str) -> SpacyModel:
        return {model.language: model for model in self.models}[language]

    def _model(self, language: str) -> _Model:
        return _shared_model(self._named(language).packages)


def _translated(mentions: Iterable[Mention], labels: Mapping[str, str]) -> Iterator[Mention]:
    for mention in mentions:
        if mention.label in labels:
            yield Mention(mention.start, mention.end, labels[mention.label])


class _Model:
    """One loaded pipeline. spaCy's vocabulary is not safe to share between threads, hence the lock.

    decoder: of its recognizer; without one spaCy does all of it.
    """

    def __init__(self, nlp: Any, decoder: GreedyDecoder | None = None) -> None:
        self._nlp = nlp
        self._decoder = decoder
        self._lock = threading.Lock()

    def extract(self, texts: Sequence[str]) -> list[tuple[Mention, ...] | None]:
        pieces: list[str] = []
        starts: list[list[int]] = []
        for text in texts:
            cuts = window_starts(text)
            starts.append(cuts)
            pieces += [text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]
        found: list[list[Mention] | None] = [None] * len(pieces)
        with self._lock:
            for bucket in length_buckets(pieces):
                for place, mentions in zip(
                    bucket, self._bucket([pieces[place] for place in bucket]), strict=True
                ):
                    found[place] = mentions
        results: list[tuple[Mention, ...] | None] = []
        answers = iter(found)
        for cuts in starts:
            windows = [next(answers) for _ in cuts]
            mentions = [
                Mention(mention.start + start, mention.end + start, mention.label)
                for start, window in zip(cuts, windows, strict=True)
                for mention in window or ()
            ]
            results.append(None if None in windows else tuple(mentions))
        return results

    def _bucket(self, pieces: Sequence[str]) -> list[list[Mention] | None]:
        with self._words():
            try:
                return list(self._run(pieces))
            except _TEXT_FAULTS:
                pass
        return [self._alone(piece) for piece in pieces]

    def _alone(self, piece: str) -> list[Mention] | None:
        with self._words():
            try:
                return self._run([piece])[0]
            except _TEXT_FAULTS:
                return None

    def _words(self) -> contextlib.AbstractContextManager[Any]:
        """Has the words that the block meets forgotten at its end, once enough are known for good."""
        return self._nlp.memory_zone() if len(self._nlp.vocab) > _LASTING_WORDS else contextlib.nullcontext()

    def _run(self, pieces: Sequence[str]) -> list[list[Mention]]:
        readable = [_NO_WORDS.sub(lambda run: " " * len(run[0]), piece) for piece in pieces]
        if self._decoder is not None:
            return self._decoder.mentions([self._nlp.make_doc(piece) for piece in readable])
        return [
            [Mention(span.start_char, span.end_char, span.label_) for span in doc.ents]
            for doc in self._nlp.pipe(readable, batch_size=len(readable))
        ]


def length_buckets(texts: Sequence[str], size: int = _BUCKET_CHARS) -> list[list[int]]:
    """The places of texts, shortest first, in groups of no more than `size` characters; a longer text is alone."""
    buckets: list[list[int]] = []
    held = 0
    for place in sorted(range(len(texts)), key=lambda place: len(texts[place])):
        if not buckets or held + len(texts[place]) > size:
            buckets.append([])
            held = 0
        buckets[-1].append(place)
        held += len(texts[place])
    return buckets


def window_starts(text: str, size: int = WINDOW_CHARS) -> list[int]:
    """Where the windows of a text begin: at a line's end, else between words, no window longer than `size`.

    An empty text has one, empty window. The model looks a few words around, so a cut at a line's end costs
    next to nothing: of 1,037 mentions one changed with 33 such cuts, and none with 12.
    """
    starts = [0]
    while len(text) - starts[-1] > size:
        low, high = starts[-1] + size // 2, starts[-1] + size
        cut = text.rfind("\n", low, high) + 1 or text.rfind(" ", low, high) + 1 or high
        starts.append(cut)
    return starts


_LOADING = threading.Lock()


def _shared_model(packages: tuple[str, ...]) -> _Model:
    # functools.cache alone would let threads that come together load the model once each.
    with _LOADING:
        return _load(packages)


@functools.cache
def _load(packages: tuple[str, ...]) -> _Model:
    if "numpy" not in sys.modules:
        # Read once, when numpy is imported; a user's own setting stays.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    package, folder = find_package(packages)
    expected = DIGESTS.get(package)
    if expected is not None and package_digest(folder) != expected:
        raise RunError(
            f"the model in {folder} is not the one that was checked: install {package} again, or run with "
            "--entities none"
        )
    import spacy
    from thinc.api import NumpyOps, get_current_ops, set_current_ops

    from transforms.functions.spacy_decoding import decoder_of

    limit_blas_threads()
    keep_freed_memory()
    before = get_current_ops()
    # A model keeps the operations that are current when it is made; nobody else's should change.
    set_current_ops(NumpyOps(use_blis=False))
    try:
        # By its folder, so that no code of the package runs.
        with warnings.catch_warnings():
            # The Spanish model was trained with spaCy 3.1 and is the newest that the package index has.
            warnings.filterwarnings("ignore", message=r"\[W095\]")
            nlp = spacy.load(folder, exclude=_not_needed(folder))
    finally:
        set_current_ops(before)
    return _Model(nlp, decoder_of(nlp))


def find_package(packages: Sequence[str]) -> tuple[str, Path]:
    """The first package that is installed, and the folder of its model's data. RunError without one."""
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        root = Path(next(iter(spec.submodule_search_locations)))
        version = json.loads((root / "meta.json").read_text(encoding="utf-8"))["version"]
        return package, root / f"{package}-{version}"
    raise RunError(f"no spaCy model: install one of {', '.join(packages)}, or run with --entities none")


def package_digest(folder: Path) -> str:
    """A sha256 over the names and contents of the files that decide a model's entities, in name order."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder).as_posix()
        if path.is_file() and relative.startswith(("ner/", "vocab/", "tokenizer", "config.cfg")):
            content = path.read_bytes()
            digest.update(f"{relative}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _not_needed(folder: Path) -> list[str]:
    """The components to leave out: all but `ner`, and what feeds it where it has no tok2vec of its own."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    # Parsed by hand: spaCy's own reader resolves every function that the file names, at a cost.
    config = (folder / "config.cfg").read_text(encoding="utf-8")
    section = config.partition("[components.ner.model.tok2vec]")[2].partition("\n[")[0]
    keep = {"ner", "tok2vec", "transformer"} if "Listener" in section else {"ner"}
    return [name for name in (*meta["components"], *meta.get("disabled", ())) if name not in keep]
