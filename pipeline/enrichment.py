"""Language and entities of articles, as columns of their rows. Loads no Beam, since worker processes do it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.records import Entity
from schemas.tables import ARTICLES, ENTITY_TYPE
from transforms.functions.entities import EntityExtractor, collect_entities
from transforms.functions.extractors import load_extractor
from transforms.functions.language import UNKNOWN_LANGUAGE, detect_language
from transforms.functions.language_detectors import DETECTORS

#: A column beside those of the table, which tells of rows whether they were enriched already. It is never written.
ENRICHED = "is_enriched"


@dataclasses.dataclass(frozen=True, slots=True)
class EnrichRows:
    """Fills `language`, `language_confidence` and `entities`.

    language_detector: one of `DETECTORS`, or "none". entities: "spacy" or "none".
    """

    language_detector: str
    entities: str

    def __call__(self, table: pa.Table, *, with_entities: bool = True) -> pa.Table:
        """The rows, enriched. with_entities: False leaves `entities` null, also where they were found before."""
        if ENRICHED not in table.column_names:
            return self._enriched(table, with_entities)
        done = pc.fill_null(table.column(ENRICHED), False).to_numpy()
        table = table.drop_columns([ENRICHED])
        parts, places = [], []
        for is_done in (True, False):
            rows = np.flatnonzero(done == is_done)
            if len(rows):
                part = table.take(pa.array(rows))
                if not is_done:
                    part = self._enriched(part, with_entities)
                elif not with_entities:
                    part = with_columns(part, {"entities": [None] * len(rows)})
                parts.append(part)
                places.append(rows)
        return pa.concat_tables(parts).take(pa.array(_back_in_order(places))) if parts else table

    def _enriched(self, table: pa.Table, with_entities: bool) -> pa.Table:
        texts = table.column("text").to_pylist()
        if self.language_detector == "none":
            languages = [UNKNOWN_LANGUAGE] * len(texts)
        else:
            detector = DETECTORS[self.language_detector]()
            given = (table.column(name).to_pylist() for name in ("title", "language_declared"))
            languages = [
                detect_language(title, text, detector=detector, declared=declared)
                for title, declared, text in zip(*given, texts, strict=True)
            ]
        columns: dict[str, Sequence[Any]] = {
            "language": [found.language for found in languages],
            "language_confidence": [found.confidence for found in languages],
        }
        if with_entities and self.entities != "none":
            extractor = load_extractor(self.entities)
            entities, failed = find_entities(extractor, texts, [found.language for found in languages])
            columns["entities"] = entities
            if failed:
                warnings = table.column("warnings").to_pylist()
                columns["warnings"] = [
                    [*codes, "entities_failed"] if row in failed else codes
                    for row, codes in enumerate(warnings)
                ]
        return with_columns(table, columns)


def _back_in_order(places: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    return np.argsort(np.concatenate(places), kind="stable")


def with_columns(table: pa.Table, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    """Rows of articles with some columns replaced by other values."""
    for name, values in columns.items():
        field = ARTICLES.field(name)
        table = table.set_column(table.schema.get_field_index(name), field, pa.array(values, type=field.type))
    return table


def find_entities(
    extractor: EntityExtractor, texts: Sequence[str], languages: Sequence[str]
) -> tuple[list[list[dict[str, object]] | None], set[int]]:
    """The `entities` column for some texts, and the rows on which the model broke.

    None where no model covers the language, or where it broke; [] where there are none.
    """
    column: list[list[dict[str, object]] | None] = [None] * len(texts)
    failed: set[int] = set()
    for language in sorted(extractor.languages.intersection(languages)):
        rows = [row for row, found in enumerate(languages) if found == language]
        mentions = extractor.extract([texts[row] for row in rows], language)
        for row, found in zip(rows, mentions, strict=True):
            if found is None:
                failed.add(row)
            else:
                column[row] = [_entity_row(entity) for entity in collect_entities(texts[row], found)]
    return column, failed


def _entity_row(entity: Entity) -> dict[str, object]:
    return {name: getattr(entity, name) for name in ENTITY_NAMES}


ENTITY_NAMES = tuple(field.name for field in ENTITY_TYPE)
