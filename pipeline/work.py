"""The heavy work of a run, as calls that can be sent to another process.

Each takes one batch and leaves its rows in the staging folder; what it returns is small. Nothing here loads Beam:
a worker process starts quickly and carries only what it needs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from pipeline.enrichment import EnrichRows, with_columns
from pipeline.staging import Staging
from pipeline.tables import stage_rows
from schemas.dedup import ArticleKeys, DeadLetterKey, Decision, RowRef
from schemas.records import SCHEMA_VERSION, Article, DeadLetter, PayloadBatch
from schemas.staged import FinishedBatch, FinishTask, PreparedBatch, RowSlice
from schemas.state import Counts
from schemas.tables import (
    DUPLICATES,
    articles_table,
    dead_letters_table,
)
from transforms.functions.dedup import keys_of_articles
from transforms.functions.identity import dead_letter_key
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
        enrich = EnrichRows(self.language_detector, self.entities)
        if kept:
            slices += self._stage("articles", _decided(enrich(_rows_of(prepared, kept)), kept))
        if aside:
            # No model reads them, and what one has read already is not theirs to show.
            table = _decided(enrich(_rows_of(prepared, aside), with_entities=False), aside)
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


def _rows_of(prepared: pa.Table, decisions: Sequence[Decision]) -> pa.Table:
    return prepared.take(pa.array([decision.ref.row for decision in decisions], type=pa.int64()))


def _decided(table: pa.Table, decisions: Sequence[Decision]) -> pa.Table:
    """Rows with what was decided on them."""
    return with_columns(
        table,
        {
            "article_id": [decision.article_id for decision in decisions],
            "version": [decision.version for decision in decisions],
            "supersedes": [decision.supersedes for decision in decisions],
            "change": [decision.change for decision in decisions],
            "group_id": [decision.group_id for decision in decisions],
            "origins": [decision.origins for decision in decisions],
            "near_duplicates": [
                [dataclasses.asdict(other) for other in decision.near_duplicates] for decision in decisions
            ],
        },
    )
