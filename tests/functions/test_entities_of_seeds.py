"""Seeds read to their entities by the real model: what a reader would say that they name. Made up, with real names."""

from __future__ import annotations

import datetime as dt

import pytest

from schemas.records import Entity, Payload
from transforms.functions.entities import collect_entities
from transforms.functions.extractors import load_extractor
from transforms.functions.prepare import prepare_payload

HEADER = """By Mara Quill and Tomas Lindqvist, Courier
Updated: Fri, 15 Mar 2024 08:45:00 GMT
Source: Courier

"""

WAR = """\
President Joe Biden told Ukrainian President Volodymyr Zelensky on Friday that the White House \
would send more aid, hours after air strikes near Kyiv.
Biden spoke with Zelensky for an hour. Officials in Chernihiv, a city in the north, said that \
the shelling went on, and the mayor of Kyiv asked people to stay inside.
Kremlin spokesman Dmitry Peskov said that Russian President Vladimir Putin had nothing to add. \
Peskov spoke to reporters in Moscow. Putin, he said, would call the leaders of NATO countries \
next week.
Secretary of State Antony Blinken said in Brussels that NATO would stand together. "We will \
see," Blinken told reporters.
The White House’s communications director, Kate Bedingfield, declined to comment. Bedingfield \
had said on Twitter that Biden stood by his words, and that the Kremlin's claims were false.
"""

TRADE = """\
The International Monetary Fund (IMF) said on Tuesday that growth in France would slow. The \
IMF's director, Kristalina Georgieva, spoke in Lagos after talks with Emmanuel Macron.
Georgieva told @imfnews and reporters that Microsoft and the U.S. would be hit. Macron said the \
United States was a friend.
See https://imf.example/France for more. File photo: Reuters
"""


def entities_of(body: str) -> tuple[str, dict[str, Entity]]:
    payload = Payload("seed", "made-up.txt", ((HEADER + body).encode(),))
    (article,) = prepare_payload(payload, dt.datetime(2024, 3, 16, tzinfo=dt.timezone.utc), "run").articles
    (mentions,) = load_extractor("spacy").extract([article.text], "en")
    assert mentions is not None
    entities = collect_entities(article.text, mentions)
    names = [entity.name for entity in entities]
    assert len(names) == len(set(names)), "one name has two rows"
    return article.text, {entity.name: entity for entity in entities}


@pytest.mark.parametrize(
    ("name", "label", "form"),
    [
        ("Kyiv", "GPE", "Kyiv"),
        ("Chernihiv", "GPE", "Chernihiv"),
        ("Joe Biden", "PERSON", "Biden"),
        ("Volodymyr Zelensky", "PERSON", "Zelensky"),
        ("Vladimir Putin", "PERSON", "Putin"),
        ("Antony Blinken", "PERSON", "Blinken"),
        ("Dmitry Peskov", "PERSON", "Peskov"),
        ("Kate Bedingfield", "PERSON", "Bedingfield"),
        ("White House", "ORG", "White House"),
        ("Kremlin", "ORG", "Kremlin"),
        ("NATO", "ORG", "NATO"),
    ],
)
def test_an_entity_has_all_its_mentions(name: str, label: str, form: str) -> None:
    """By whatever form, under one label, and at no other name."""
    text, entities = entities_of(WAR)
    found = entities[name]
    assert (found.label, found.mentions) == (label, text.count(form))
    assert text.startswith((form, name), found.first_offset)
    assert [other for other in entities if form in other] == [name]


def test_places_have_ids() -> None:
    """GeoNames' for cities, ISO 3166's for countries, none for all else."""
    _, war = entities_of(WAR)
    assert war["Kyiv"].id == "703448"
    assert war["Joe Biden"].id is war["White House"].id is None
    _, trade = entities_of(TRADE)
    assert {name: trade[name].id for name in ("France", "Lagos", "United States")} == {
        "France": "FR",
        "Lagos": "2332459",
        "United States": "US",
    }


@pytest.mark.parametrize("body", [WAR, TRADE])
def test_what_is_no_name_is_none(body: str) -> None:
    """Nothing of the header, no zone, weekday, handle, address or caption."""
    _, entities = entities_of(body)
    shown = " ".join(entities)
    for word in (
        "Quill",
        "Lindqvist",
        "Courier",
        "GMT",
        "Updated",
        "Source",
        "Friday",
        "Tuesday",
        "imfnews",
        "http",
        "photo",
    ):
        assert word not in shown, entities


def test_an_acronym_is_its_expansion() -> None:
    """Where the text gives it, brackets and all."""
    text, entities = entities_of(TRADE)
    fund = entities["International Monetary Fund"]
    assert (fund.label, fund.mentions) == ("ORG", text.count("IMF") + 1)
    assert "IMF" not in entities
