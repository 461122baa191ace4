"""The heavy work of a run, as calls that can be sent to another process.

Each takes one batch and leaves its rows in the staging folder; what it returns is small. Nothing here loads Beam:
a worker process starts quickly and carries only what it needs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from pipeline.staging import Staging
from pipeline.tables import stage_rows
from schemas.dedup import ArticleKeys, DeadLetterKey, Decision, RowRef
from schemas.records import SCHEMA_VERSION, Article, DeadLetter, Entity, PayloadBatch
from schemas.staged import FinishedBatch, FinishTask, PreparedBatch, RowSlice
from schemas.state import Counts
from schemas.tables import (
    ARTICLES,
    DUPLICATES,
    ENTITY_TYPE,
    articles_table,
    dead_letters_table,
)
from transforms.functions.dedup import keys_of_articles
from transforms.functions.entities import EntityExtractor, collect_entities
from transforms.functions.extractors import load_extractor
from transforms.functions.identity import dead_letter_key
from transforms.functions.language import UNKNOWN_LANGUAGE, detect_language
from transforms.functions.language_detectors import DETECTORS
from transforms.functions.prepare import prepare_payload


@dataclasses.dataclass(frozen=True, slots=True)
class PrepareBatch:
    """Parses, normalises and stages a batch of payloads.

    near: whether fingerprints are made, for near-duplicates to be found by.
    sources_text: publishers beside the packaged ones, as `load_publishers` takes them.
    """

    staging: Staging
    now: dt.datetime
    run_id: str
    near: bool
    sources_text: str | None = None

    def __call__(self, batch: PayloadBatch) -> PreparedBatch:
        """Stages the articles and the dead letters of the payloads, and returns their keys."""
        read = 0
        articles: list[Article] = []
        letters: list[DeadLetter] = []
        made = [
            prepare_payload(payload, self.now, self.run_id, self.sources_text) for payload in batch.payloads
        ]
        for prepared in made:
            read += prepared.read
            articles += prepared.articles
            letters += prepared.dead_letters
        names = [prepared.names for prepared in made if prepared.names is not None]
        keys: list[ArticleKeys] = []
        if articles:
            file = self.staging.write_rows("prepared", articles_table(articles))
            keys = keys_of_articles(articles, file, self.near)
        letter_keys = stage_dead_letters(self.staging, letters)
        return PreparedBatch(read, tuple(keys), letter_keys, tuple(names))


def stage_dead_letters(staging: Staging, letters: Sequence[DeadLetter]) -> tuple[DeadLetterKey, ...]:
    """Leaves dead letters in the staging folder and returns their keys."""
    if not letters:
        return ()
    file = staging.write_rows("refused", dead_letters_table(letters, SCHEMA_VERSION))
    return tuple(
        DeadLetterKey(
            RowRef(file, row),
            dead_letter_key(letter),
            letter.stage,
            letter.reason,
            letter.detail,
            len(letter.payload or b""),
        )
        for row, letter in enumerate(letters)
    )


@dataclasses.dataclass(frozen=True, slots=True)
class FinishBatch:
    """Enriches the articles of a staged file that are to be written, and sorts them into partitions.

    language_detector: one of `DETECTORS`, or "none". entities: "spacy" or "none".
    partition_by: "date" or "month", then optionally a column.
    shards: in how many tasks the tables are written.
    """

    staging: Staging
    language_detector: str
    entities: str
    partition_by: tuple[str, ...]
    shards: int

    def __call__(self, task: FinishTask) -> FinishedBatch:
        """Adds language and entities. Only what is kept reaches the model; what is set aside gets a language."""
        prepared = self.staging.read_rows(task.file)
        if task.rows != prepared.num_rows:
            raise AssertionError(f"{task.file}: {prepared.num_rows} rows, {task.rows} decisions")
        kept = [decision for decision in task.decisions if decision.verdict == "kept"]
        aside = [decision for decision in task.decisions if decision.verdict == "duplicate"]
        slices: list[RowSlice] = []
        if kept:
            slices += self._stage("articles", self._enriched(prepared, kept, self._extractor()))
        if aside:
            table = self._enriched(prepared, aside, None)
            for name, values in (
                ("duplicate_of", [decision.duplicate_of for decision in aside]),
                ("duplicate_reason", [decision.reason for decision in aside]),
                ("similarity", [decision.similarity for decision in aside]),
                ("containment", [decision.containment for decision in aside]),
            ):
                field = DUPLICATES.field(name)
                table = table.append_column(field, pa.array(values, type=field.type))
            slices += self._stage("duplicates", table)
        return FinishedBatch(
            tuple(slices),
            Counts(
                kept=len(kept), duplicate=len(aside), unchanged=len(task.decisions) - len(kept) - len(aside)
            ),
        )

    def _stage(self, name: str, table: pa.Table) -> list[RowSlice]:
        return stage_rows(self.staging, name, table, self.partition_by, self.shards)

    def _extractor(self) -> EntityExtractor | None:
        return None if self.entities == "none" else load_extractor(self.entities)

    def _enriched(
        self, prepared: pa.Table, decisions: Sequence[Decision], extractor: EntityExtractor | None
    ) -> pa.Table:
        table = prepared.take(pa.array([decision.ref.row for decision in decisions], type=pa.int64()))
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
        columns = {
            "article_id": [decision.article_id for decision in decisions],
            "version": [decision.version for decision in decisions],
            "supersedes": [decision.supersedes for decision in decisions],
            "change": [decision.change for decision in decisions],
            "group_id": [decision.group_id for decision in decisions],
            "origins": [decision.origins for decision in decisions],
            "near_duplicates": [
                [dataclasses.asdict(other) for other in decision.near_duplicates] for decision in decisions
            ],
            "language": [found.language for found in languages],
            "language_confidence": [found.confidence for found in languages],
        }
        if extractor is not None:
            entities, failed = find_entities(extractor, texts, [found.language for found in languages])
            columns["entities"] = entities
            if failed:
                warnings = table.column("warnings").to_pylist()
                columns["warnings"] = [
                    [*codes, "entities_failed"] if row in failed else codes
                    for row, codes in enumerate(warnings)
                ]
        for name, values in columns.items():
            field = ARTICLES.field(name)
            table = table.set_column(
                table.schema.get_field_index(name), field, pa.array(values, type=field.type)
            )
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
