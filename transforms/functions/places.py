"""The gazetteers that come with the package: names of places, peoples and a few bodies, by what their forms share.

`data/places.tsv` is small and sure of itself: countries, capitals, states, seas, and who the Kremlin is.
`data/cities.tsv` has the cities of GeoNames with 100,000 people or more, some of which are surnames, too.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType

_SPACES = re.compile(r"\s+")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What a gazetteer says of a name.

    name: the usual one ("United States" for "U.S."). label: GPE, LOC, NORP for a people, or ORG for a seat of power
    that stands for who sits there. id: ISO 3166-1 alpha-2 of a country, ISO 3166-2 of one of the United Kingdom's, the
    GeoNames id of a city, None for all else.
    sure: whether the name by itself settles it, whatever a model says: of the lesser cities many are surnames, too.
    """

    name: str
    label: str
    id: str | None = None
    sure: bool = True

    @property
    def is_country(self) -> bool:
        """Whether its id is one of ISO 3166."""
        return self.id is not None and not self.id.isdigit()


# Names come again, in an article and in the next; the bound keeps a long run's memory.
@functools.lru_cache(maxsize=16_384)
def name_key(name: str) -> str:
    """What names of one thing have in common: `U.S.` and `US`, `the White House` and `White House’s`.

    Case is folded, since headlines are in capitals; dots, articles and possessives go; hyphens are spaces.
    """
    key = _SPACES.sub(" ", name.replace("’", "'").replace(".", "").replace("-", " ")).strip().casefold()
    key = key.removeprefix("the ")
    return key.removesuffix("'s").removesuffix("'")


@functools.cache
def default_places() -> Mapping[str, Place]:
    """The gazetteers that come with the package, by `name_key`; names and aliases alike."""
    folder = resources.files("transforms.functions").joinpath("data")
    places, cities = (
        folder.joinpath(name).read_text(encoding="utf-8").splitlines()
        for name in ("places.tsv", "cities.tsv")
    )
    return MappingProxyType({**read_cities(cities), **read_places(places)})


def read_places(lines: Iterable[str]) -> Mapping[str, Place]:
    """Places by `name_key`, from lines of name, label, id and aliases.

    Tabs between the fields, `|` between aliases; an empty id is None; the first line is the heading, and
    lines starting with # are comments. The first place of a name keeps it.
    """
    places: dict[str, Place] = {}
    rows = (line for line in lines if line and not line.startswith("#"))
    next(rows, None)
    for row in rows:
        name, label, place_id, aliases = row.split("\t")
        place = Place(name, label, place_id or None)
        for alias in (name, *aliases.split("|")):
            if alias:
                places.setdefault(name_key(alias), place)
    return MappingProxyType(places)


def read_cities(lines: Iterable[str]) -> Mapping[str, Place]:
    """Cities by `name_key`, none of them sure, from lines of name, GeoNames id and another spelling, or nothing.

    Comments, heading and tabs are those of `read_places`.
    """
    cities: dict[str, Place] = {}
    rows = (line for line in lines if line and not line.startswith("#"))
    next(rows, None)
    for row in rows:
        name, place_id, other = row.split("\t")
        place = Place(name, "GPE", place_id, sure=False)
        for spelling in filter(None, (name, other)):
            cities.setdefault(name_key(spelling), place)
    return MappingProxyType(cities)
