"""From mentions to entities: trimming, joining, labels, counts, offsets. Names are made up or well known."""

from __future__ import annotations

import re

import pytest

from tests import make_cities
from tests.hanging import no_hang
from transforms.functions.entities import Mention, collect_entities, resolve_mentions
from transforms.functions.places import Place, default_places, name_key, read_cities, read_places

NO_PLACES: dict[str, Place] = {}


def marked(text: str) -> tuple[str, list[Mention]]:
    """`[Joe Doe|PERSON] spoke` as the plain text and its mentions."""
    plain, mentions = "", []
    for part in text.split("["):
        inside, bracket, rest = part.partition("]")
        if bracket:
            name, label = inside.rsplit("|", 1)
            mentions.append(Mention(len(plain), len(plain) + len(name), label))
            plain += name + rest
        else:
            plain += inside
    return plain, mentions


def rows(text: str, places: dict[str, Place] | None = None) -> list[tuple[str, str, int]]:
    plain, mentions = marked(text)
    return [
        (entity.name, entity.label, entity.mentions)
        for entity in collect_entities(plain, mentions, places=places)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[the Acme Board|ORG] met", ["Acme Board"]),
        ("[The Acme Board's|ORG] view", ["Acme Board"]),
        ("[Acme Board’s|ORG] view", ["Acme Board"]),
        ("the [Achilles'|PERSON] heel", ["Achilles"]),
        ("[“Acme Board”|ORG] met", ["Acme Board"]),
        ("[ Acme\u00a0Board,|ORG] met", ["Acme Board"]),
        ("[President Jane Roe|PERSON] spoke", ["Jane Roe"]),
        ("[Former Prime Minister Jane Roe|PERSON] spoke", ["Jane Roe"]),
        ("[Pope Clement|PERSON] spoke", ["Pope Clement"]),
        ("[Jane Roe 7-6|PERSON]", ["Jane Roe"]),
        ("he joined [Acme Inc.|ORG]", ["Acme Inc."]),
        ("he joined [Acme.|ORG]", ["Acme"]),
        ("He works for [Acme\nSource|ORG] and others", ["Acme", "Source"][:1]),
        ("[Monday|PERSON] at 9 [ET|PERSON], [GMT\nSource|PERSON]", []),
        (
            "[$5 million|MONEY] [two|CARDINAL] [today|DATE] [noon|TIME] [5%|PERCENT] [2 km|QUANTITY]",
            [],
        ),
        ("see [@acme_board|ORG] and @[acme|ORG] and #[Acme|ORG]", []),
        ("see [https://acme.example/News|ORG] and www.[Acme|ORG].example or jane@[Acme|ORG].example", []),
        ("the [acme|ORG] of it, [...|ORG] [7|ORG] [X|PERSON]", []),
        ("[" + "Acme " * 30 + "|ORG]", []),
    ],
)
def test_a_mention_is_cut_to_the_name(text: str, expected: list[str]) -> None:
    """Articles, titles, possessives, quotes, line ends go; numbers, dates, handles, addresses are no names."""
    assert [name for name, _, _ in rows(text, NO_PLACES)] == expected


def test_a_name_goes_over_the_end_of_a_wrapped_line() -> None:
    """Wire copy is broken at a fixed width, in the middle of names."""
    text = (
        "The chairman of the largest lender in the land, the [Royal\nAcme Bank|ORG], said on Monday that there\n"
        "would be no merger this year.\n"
    )
    assert rows(text, NO_PLACES) == [("Royal Acme Bank", "ORG", 1)]


def test_offsets_are_code_points_of_the_bare_name() -> None:
    """A person counts from the first mention, even by surname; emoji are one code point."""
    plain, mentions = marked("🎉 Mr. [Roe|PERSON] won. [Jane Roe|PERSON] smiled in [the Acme Hall|FAC].")
    found = collect_entities(plain, mentions, places=NO_PLACES)
    assert [(entity.name, entity.first_offset, entity.mentions) for entity in found] == [
        ("Jane Roe", plain.index("Roe"), 2),
        ("Acme Hall", plain.index("Acme"), 1),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[Jane Roe|PERSON] came. [Roe|PERSON] left. [Roe|ORG] and [Roe's|GPE] dog",
            [("Jane Roe", "PERSON", 4)],
        ),
        ("[Roe|PERSON] came, said [Jane Roe|PERSON]", [("Jane Roe", "PERSON", 2)]),
        ("[Jane Roe|PERSON]: [Jane|PERSON] left", [("Jane Roe", "PERSON", 2)]),
        (
            "[Ursel von der Aue|PERSON] and [von der Aue|PERSON] and [Aue|ORG]",
            [("Ursel von der Aue", "PERSON", 3)],
        ),
        ("[Jane Q. Roe|PERSON] is [Jane Roe|PERSON]", [("Jane Q. Roe", "PERSON", 2)]),
        (
            "[Jane Roe|PERSON], [John Roe|PERSON] and [Roe|PERSON]",
            [("Jane Roe", "PERSON", 1), ("John Roe", "PERSON", 1), ("Roe", "PERSON", 1)],
        ),
        (
            "[Jane Roe|PERSON] leads the [Roe Foundation|ORG]",
            [("Jane Roe", "PERSON", 1), ("Roe Foundation", "ORG", 1)],
        ),
        ("[Theresa May|PERSON] spoke. [May|PERSON] left in [May|DATE].", [("Theresa May", "PERSON", 3)]),
    ],
)
def test_surnames_join_the_full_name(text: str, expected: list[tuple[str, str, int]]) -> None:
    """A surname, or a given name, is the one full name of the article that has it; of two it is neither."""
    assert rows(text, NO_PLACES) == expected


def test_the_majority_label_wins() -> None:
    """One slip of the model does not make two entities, and a tie goes to the first mention."""
    assert rows("[Acme|ORG] and [Acme|PERSON] and [Acme|ORG]", NO_PLACES) == [("Acme", "ORG", 3)]
    assert rows("[Acme|PERSON] and [Acme|ORG]", NO_PLACES) == [("Acme", "PERSON", 2)]


def test_a_word_before_a_name_breaks_a_tie() -> None:
    """One is in or near a place, seldom a person."""
    halves = "[Zubrovo|PERSON] fell. [Zubrovo|PERSON] burns. [Zubrovo|GPE] is empty, {} [Zubrovo|GPE] rose."
    assert rows(halves.format("when"), NO_PLACES) == [("Zubrovo", "PERSON", 4)]
    text = (
        "[Zubrovo|PERSON] fell. Near [Zubrovo|PERSON] shots rang. [Zubrovo|GPE] is empty, [Zubrovo|GPE] rose."
    )
    assert rows(text, NO_PLACES) == [("Zubrovo", "GPE", 4)]


def test_variants_of_a_name_join() -> None:
    """Articles, possessives, dots, case, a country's other names; its usual name is taken where it stands."""
    assert rows("[the Acme Board|ORG], [Acme Board's|ORG], [ACME BOARD|ORG]", NO_PLACES) == [
        ("Acme Board", "ORG", 3)
    ]
    assert rows("the [US|GPE], [U.S.|GPE] and [the United States|GPE]") == [("United States", "GPE", 3)]
    assert rows("the [US|GPE] and the [U.S.|ORG]") == [("US", "GPE", 2)]
    assert rows("[World Gardening Programme|ORG] (WGP). [WGP|ORG] staff", NO_PLACES)[0][2] >= 2


def test_an_acronym_joins_its_expansion() -> None:
    """The text itself says so: World Gardening Programme (WGP)."""
    text = "[World Gardening Programme|ORG] ([WGP|ORG]) staff and [WGP|PERSON] seeds"
    assert rows(text, NO_PLACES) == [("World Gardening Programme", "ORG", 3)]
    assert len(rows("[World Gardening Programme|ORG] ([ABC|ORG])", NO_PLACES)) == 2


def test_a_name_that_stands_again_is_counted() -> None:
    """What the model found once and missed later is found; a part of a word, or of an address, is not."""
    text = (
        "[Acme Board|ORG] met. Then Acme Board left; Acme Boarding did not, nor www.Acme Board or acme board."
    )
    assert rows(text, NO_PLACES) == [("Acme Board", "ORG", 2)]


def test_a_name_that_is_also_a_word_is_not_looked_for() -> None:
    """`Hope` the person stands beside hope: where a sentence begins with it, nobody knows which."""
    assert rows("[Hope|PERSON] left. Hope is all, and hope remains.", NO_PLACES) == [("Hope", "PERSON", 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Kyiv|PERSON] fell silent", [("Kyiv", "GPE", "703448")]),
        ("[France|ORG] won", [("France", "GPE", "FR")]),
        (
            "the [Kremlin|GPE] and [the White House's|FAC]",
            [("Kremlin", "ORG", None), ("White House", "ORG", None)],
        ),
        ("[Michael Jordan|PERSON] and [Jordan|PERSON]", [("Michael Jordan", "PERSON", None)]),
        ("[Jordan|GPE] and [Jordan|PERSON]", [("Jordan", "GPE", "JO")]),
        (
            "[Michael Jordan|PERSON] went to [Jordan|GPE]; [Jordan|GPE] and in [Jordan|GPE]",
            [("Michael Jordan", "PERSON", None), ("Jordan", "GPE", "JO")],
        ),
        ("[Liverpool|ORG] beat [Acme|ORG]", [("Liverpool", "ORG", None), ("Acme", "ORG", None)]),
        ("[Europe|ORG]", [("Europe", "LOC", None)]),
    ],
)
def test_the_gazetteer_settles_places(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    """Known places are no persons, unless the article has one of that name; a team keeps its city's name."""
    plain, mentions = marked(text)
    assert [
        (entity.name, entity.label, entity.id) for entity in collect_entities(plain, mentions)
    ] == expected


def test_a_gazetteer_can_be_given() -> None:
    """Another one takes the place of the small one."""
    places = read_places(["# made up", "name\tlabel\tid\taliases", "Zubrovo\tGPE\tZZ\tSubrovo|Z.B.", ""])
    assert rows("[Subrovo|PERSON] or [ZB|ORG], [Kyiv|PERSON]", dict(places)) == [
        ("Subrovo", "GPE", 2),
        ("Kyiv", "PERSON", 1),
    ]


def test_the_gazetteers_are_sound() -> None:
    """Labels are of the scheme, ids are ISO 3166's or GeoNames', each of one name, and every name finds itself."""
    places = default_places()
    named: dict[str, set[str]] = {}
    for key, place in places.items():
        assert key == name_key(key)
        assert place.label in {"GPE", "LOC", "NORP", "ORG"}
        assert place.sure is False or places[name_key(place.name)] == place
        if place.id is not None:
            assert place.label == "GPE"
            assert place.id.isdigit() or re.fullmatch("[A-Z]{2}|GB-[A-Z]{3}", place.id)
            assert place.is_country == place.id.isupper()
            named.setdefault(place.id, set()).add(place.name)
    assert sum(place_id.isupper() for place_id in named) > 190
    assert sum(place_id.isdigit() for place_id in named) > 5_000
    assert all(len(names) == 1 for names in named.values())


def test_cities_are_those_whose_name_says_which() -> None:
    """Large ones, by far the largest of their name, that the first gazetteer hasn't by name or id. Made up."""
    cities = [
        {"name": name, "geonameid": place_id, "population": people}
        for name, place_id, people in (
            ("Zubrövo", 1, 400_000),
            ("Zubrovo", 2, 90_000),
            ("Twinford", 3, 300_000),
            ("Twinford", 4, 200_000),
            ("Hamlet", 5, 99_999),
            ("Known", 6, 900_000),
            ("Knownsville", 7, 900_000),
        )
    ]
    known = {"known": Place("Known", "GPE", "8"), "other": Place("Other", "GPE", "7")}
    assert make_cities.rows(cities, known) == ["Zubrövo\t1\tZubrovo"]


def test_a_lesser_city_is_no_more_than_a_hint() -> None:
    """Its name may be a surname; where the model takes it for a place, it has its id."""
    cities = dict(read_cities(["# made up", "name\tid\tplain", "Zubrövo\t77\tZubrovo"]))
    for text, expected in (
        ("in [Zubrovo|GPE]", ("Zubrovo", "GPE", "77")),
        ("a [Zubrovo|LOC]", ("Zubrovo", "GPE", "77")),
        ("so [Zubrovo|PERSON] said", ("Zubrovo", "PERSON", None)),
        ("the [Zubrovo|ORG] yard", ("Zubrovo", "ORG", None)),
    ):
        plain, mentions = marked(text)
        (entity,) = collect_entities(plain, mentions, places=cities)
        assert (entity.name, entity.label, entity.id) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Acme Board 7-0|ORG] and [Zubrovo 2-0|GPE]", ["Acme Board", "Zubrovo"]),
        ("[Courier news agency|ORG] in [Zubrovo province|GPE]", ["Courier", "Zubrovo"]),
        ("the [August Acme Board|ORG]", ["Acme Board"]),
        ("[Acme or Courier|ORG]", ["Acme", "Courier"]),
        ("[National Acme Fund (Zubrovo|ORG]", ["National Acme Fund", "Zubrovo"]),
    ],
)
def test_what_the_model_takes_along_is_cut_off(text: str, expected: list[str]) -> None:
    """Scores, common nouns behind a name, months before it, and two names in one."""
    assert [name for name, _, _ in rows(text, NO_PLACES)] == expected


def test_an_acronym_that_the_model_missed_is_found() -> None:
    """Where it stands in brackets, and wherever it stands again; not another word in brackets."""
    text = "The [Board for Wild Gardens|ORG] (BWG) met. BWG staff left the BWG."
    assert rows(text, NO_PLACES) == [("Board for Wild Gardens", "ORG", 4)]
    assert rows("The [Board for Wild Gardens|ORG] (AB) met. AB left.", NO_PLACES)[0][2] == 1


def test_a_place_that_the_model_missed_is_found() -> None:
    """Where it stands alone: not inside of other names, not in an article where the model found nothing."""
    text = "[Jane Roe|PERSON] left China. The Bank of China Tower, China Roe and the Old China stay."
    assert rows(text) == [("Jane Roe", "PERSON", 1), ("China", "GPE", 1)]
    assert rows("[Jane Roe|PERSON] went, and so to Paris's bridges") == [
        ("Jane Roe", "PERSON", 1),
        ("Paris", "GPE", 1),
    ]
    assert rows("They left China.") == []


def test_a_surname_that_the_model_missed_is_found() -> None:
    """Of a person with a full name, behind a title too; not as part of another name, nor where it is a word."""
    text = "[Jane Quillroe|PERSON] left. Quillroe said so. Mr Quillroe, John Quillroe and the Quillroe Fund stay."
    assert rows(text, NO_PLACES) == [("Jane Quillroe", "PERSON", 3)]
    assert rows("[Jane Hope|PERSON] left. Hope is all, and hope remains.", NO_PLACES) == [
        ("Jane Hope", "PERSON", 1)
    ]


def test_the_words_around_a_name_count() -> None:
    """A title makes a person of it, its shares a company."""
    assert rows("Mr [Zubrovo|ORG] left", NO_PLACES) == [("Zubrovo", "PERSON", 1)]
    assert rows("[Jane Roe|PERSON] and [Dr Roe|ORG] left", NO_PLACES) == [("Jane Roe", "PERSON", 2)]
    assert rows("[Zubrovo|PERSON] shares rose", NO_PLACES) == [("Zubrovo", "ORG", 1)]
    assert rows("[Zubrovo|PERSON] said it would go", NO_PLACES) == [("Zubrovo", "ORG", 1)]
    assert rows("[Zubrovo|ORG] said she would go", NO_PLACES) == [("Zubrovo", "PERSON", 1)]
    assert rows("[Zubrovo|ORG] said items were lost", NO_PLACES) == [("Zubrovo", "ORG", 1)]


def test_in_an_article_of_sport_a_city_is_its_team() -> None:
    """Where it plays against another; neither a country, nor where one is in it, nor in other articles."""
    game = "The league season has a new striker and coach now. "
    assert rows(game + "[Leeds|GPE] beat [Naples|GPE] again", None) == [
        ("Leeds", "ORG", 1),
        ("Naples", "ORG", 1),
    ]
    assert rows(game + "[Leeds|GPE] beat [France|GPE] in [Naples|GPE]", None) == [
        ("Leeds", "ORG", 1),
        ("France", "GPE", 1),
        ("Naples", "GPE", 1),
    ]
    assert rows(game + "[Leeds|PERSON] sat still", None) == [("Leeds", "ORG", 1)]
    assert rows("[Leeds|PERSON] sat still", None) == [("Leeds", "GPE", 1)]
    assert rows("[Leeds|GPE] beat [Naples|GPE] to the contract", None) == [
        ("Leeds", "GPE", 1),
        ("Naples", "GPE", 1),
    ]


@pytest.mark.parametrize(
    ("text", "mentions"), [("", []), ("No names here.", []), ("x", [Mention(0, 1, "ORG")])]
)
def test_no_names_are_no_rows(text: str, mentions: list[Mention]) -> None:
    """Empty, not None: the model was asked."""
    assert collect_entities(text, mentions) == ()


def test_the_order_of_mentions_is_no_matter() -> None:
    """Overlapping mentions count once, the longer first; the rows are in the order of the text."""
    plain, mentions = marked("[Jane Roe|PERSON] of [Acme|ORG] met [John Doe|PERSON] in [Kyiv|PERSON].")
    mentions.append(Mention(0, 4, "ORG"))
    expected = collect_entities(plain, mentions)
    assert [entity.name for entity in expected] == ["Jane Roe", "Acme", "John Doe", "Kyiv"]
    assert collect_entities(plain, mentions[::-1]) == expected


def test_every_mention_is_at_a_bare_name() -> None:
    """What `collect_entities` counts can be shown, mention by mention."""
    plain, mentions = marked("[Jane Roe|PERSON] left. [the Acme Board's|ORG] head, [Roe|ORG], too.")
    resolved = resolve_mentions(plain, mentions, places=NO_PLACES)
    assert [(plain[found.start : found.end], found.name, found.label) for found in resolved] == [
        ("Jane Roe", "Jane Roe", "PERSON"),
        ("Acme Board", "Acme Board", "ORG"),
        ("Roe", "Jane Roe", "PERSON"),
    ]


@pytest.mark.parametrize(
    "unit",
    ["[New Roe{}|PERSON] ", "[Acme|ORG]\n", "[Jane Roe|PERSON] New ", "[Roe{}'s|ORG]. New Roe ", "[A(|ORG]"],
)
def test_cost_follows_length(unit: str) -> None:
    """Thousands of names that share a word are held against few others each."""
    plain, mentions = marked("".join(unit.replace("{}", str(number)) for number in range(30_000)))
    with no_hang():
        collect_entities(plain, mentions)
