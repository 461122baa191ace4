"""The decoder finds what spaCy's own loop finds, with the English model and with models made here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hanging import no_hang
from transforms.functions import spacy_entities
from transforms.functions.spacy_decoding import GreedyDecoder, decoder_of
from transforms.functions.spacy_models import MODELS

# Made up for these tests.
TEXTS = [
    "Angela Merkel met Emmanuel Macron in Berlin on Tuesday, the German government said.",
    "The Federal Reserve Bank of New York\n\nraised its rates by 0.25 percentage points to 5.5 percent.",
    "",
    " \n ",
    "Berlin",
    "It was in\u00a0New York",
    "nothing at all is named here",
    "the first quarter of the fiscal year that ended on the last Sunday of September 2021, between 5 and 7 million",
    "\n".join(["Monday", "Paris", "", "\t", "U.S.", "$5bn", "\U0001f600 Tokyo", "O'Neill's", "3-4"]),
]

WORDS = st.sampled_from(
    [
        *(
            "Angela",
            "Merkel",
            "Berlin",
            "New",
            "York",
            "Bank",
            "United",
            "Nations",
            "Olympics",
            "U.S.",
            "Mr.",
            "O'Neill",
        ),
        *(
            "the",
            "of",
            "in",
            "van",
            "der",
            "said",
            "last",
            "week",
            "million",
            "Germany's",
            "Monday",
            "December",
            "2020",
        ),
        *("19", "500", "$", "%", "-", "(", ")", ",", ".", "", "\n", "\n\n", "\t", "\u00a0", "\U0001f600"),
    ]
)


@pytest.fixture(scope="module")
def english() -> Any:
    """The English pipeline."""
    return spacy_entities._shared_model(MODELS[0].packages)._nlp


def own(nlp: Any, texts: list[str]) -> list[list[tuple[int, int, str]]]:
    """What spaCy finds."""
    docs = nlp.pipe(texts, batch_size=32)
    return [[(span.start_char, span.end_char, span.label_) for span in doc.ents] for doc in docs]


def decoded(nlp: Any, texts: list[str]) -> list[list[tuple[int, int, str]]]:
    """What the decoder finds."""
    decoder = decoder_of(nlp)
    assert decoder is not None
    found = decoder.mentions([nlp.make_doc(text) for text in texts])
    return [[(one.start, one.end, one.label) for one in mentions] for mentions in found]


def made_recognizer(labels: str, seed: int | None, **config: Any) -> Any:
    """A pipeline with an untrained recognizer, which finds entities of any length anywhere.

    seed: None has all moves score alike, but for being outside of entities, which it avoids.
    """
    import spacy

    nlp = spacy.blank("en")
    recognizer: Any = nlp.add_pipe("ner", config=config)
    for label in labels.split():
        recognizer.add_label(label)
    random = np.random.default_rng(seed)
    np.random.seed(0)
    nlp.initialize()
    if seed is None:
        upper = recognizer.model.get_ref("upper")
        moves = [recognizer.moves.get_class_name(number) for number in range(recognizer.moves.n_moves)]
        upper.set_param("W", np.zeros_like(upper.get_param("W")))
        upper.set_param("b", np.array([-1 if move == "O" else 0 for move in moves], dtype="float32"))
    else:
        for name in ("lower", "upper"):
            layer = recognizer.model.get_ref(name)
            for parameter in layer.param_names:
                values = random.normal(size=layer.get_param(parameter).shape)
                layer.set_param(parameter, values.astype("float32"))
    return nlp


def test_the_same_as_spacy(english: Any) -> None:
    """Names at the end, across lines, of one token and of many; texts that are empty, or white space only."""
    expected = own(english, TEXTS)
    assert decoded(english, TEXTS) == expected
    assert len(expected[0]) >= 5
    assert not expected[2]
    assert decoded(english, []) == []
    assert decoded(english, ["", ""]) == [[], []]


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.lists(WORDS, max_size=60).map(" ".join), min_size=1, max_size=8))
def test_the_same_as_spacy_on_any_words(english: Any, texts: list[str]) -> None:
    """Whatever stands beside whatever."""
    assert decoded(english, texts) == own(english, texts)


@pytest.mark.parametrize("seed", [None, *range(12)])
def test_the_same_as_spacy_of_any_model(seed: int | None) -> None:
    """Untrained ones go through every move, to the last token; where all score alike, the first move is taken."""
    nlp = made_recognizer("ORG GPE DATE", seed)
    expected = own(nlp, TEXTS)
    assert decoded(nlp, TEXTS) == expected
    assert any(expected)


def test_entities_without_an_end_cost_no_more_than_spacy() -> None:
    """Every token may begin one that lasts to the end of the text: to follow all of them takes hours."""
    nlp = made_recognizer("ORG GPE", None)
    texts = ["word " * 40_000, *TEXTS]
    with no_hang():
        assert decoded(nlp, texts) == own(nlp, texts)


def test_models_of_other_kinds_are_left_to_spacy(english: Any) -> None:
    """With another component, with a beam, or with other features."""
    assert isinstance(decoder_of(english), GreedyDecoder)
    several: Any = made_recognizer("ORG", 0)
    several.add_pipe("sentencizer", first=True)
    assert decoder_of(several) is None
    beam = made_recognizer("ORG", 0)
    beam.replace_pipe("ner", "beam_ner", config={"beam_width": 2})
    assert decoder_of(beam) is None
    model = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": True,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": {
            "@architectures": "spacy.HashEmbedCNN.v2",
            "pretrained_vectors": None,
            "width": 96,
            "depth": 4,
            "embed_size": 2000,
            "window_size": 1,
            "maxout_pieces": 3,
            "subword_features": True,
        },
    }
    assert decoder_of(made_recognizer("ORG", 0, model=model)) is None
    assert decoder_of(made_recognizer("ORG", 0, model=model | {"extra_state_tokens": False})) is not None


def test_without_a_decoder_spacy_does_it(english: Any) -> None:
    """The same either way, errors of a text included."""
    with_it = spacy_entities._Model(english, decoder_of(english))
    texts = [*TEXTS, "Joe Biden \ud800 spoke", TEXTS[0] * 1_500]
    found = with_it.extract(texts)
    assert found == spacy_entities._Model(english).extract(texts)
    assert found[len(TEXTS)] is None
