"""The heavy work of a run, as calls that can be sent to another process.

Each takes one batch and leaves its rows in the staging folder; what it returns is small. Nothing here loads Beam:
a worker process starts quickly and carries only what it needs.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.files import open_write
from pipeline.staging import Staging
from pipeline.store.layout import partition_path
from schemas.dedup import ArticleKeys, DeadLetterKey, Decision, RowRef
from schemas.records import SCHEMA_VERSION, Article, DeadLetter, Entity, PayloadBatch
from schemas.staged import FinishedBatch, FinishTask, PreparedBatch, RowSlice, RunSummary, WriteTask
from schemas.state import Counts, StagedFile
from schemas.tables import (
    ARTICLES,
    DUPLICATES,
    ENTITY_TYPE,
    articles_table,
    dead_letters_table,
    file_schema,
)
from transforms.functions.dedup import keys_of_articles
from transforms.functions.entities import EntityExtractor, collect_entities
from transforms.functions.identity import dead_letter_key
from transforms.functions.language import detect_language
from transforms.functions.prepare import prepare_payload

#: Rows held at once while partitions are written, as rough bytes in memory.
WRITE_BYTES = 128 << 20

#: Rough bytes of a row group: large enough to scan, small enough to skip.
ROW_GROUP_BYTES = 32 << 20

#: The partition value of articles whose source_domain is not known. No domain is spelled so: it has no dot.
UNKNOWN_DOMAIN = "unknown"

#: Columns whose values repeat; a dictionary of any other would only be built and thrown away.
_REPEATING = (
    "byline", "byline_org", "source", "source_domain", "time_quality", "language", "language_declared", "run_id",
    "duplicate_reason", "reason", "origin_uri", "feed_url",
    "authors.list.element", "tags.list.element", "warnings.list.element",
    "entities.list.element.label", "origin.kind", "origin.uri", "origin.feed_url",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class PrepareBatch:
    """Parses, normalises and stages a batch of payloads.

    near: whether fingerprints are made, for near-duplicates to be found by.
    """

    staging: Staging
    now: dt.datetime
    run_id: str
    near: bool

    def __call__(self, batch: PayloadBatch) -> PreparedBatch:
        """Stages the articles and the dead letters of the payloads, and returns their keys."""
        read = 0
        articles: list[Article] = []
        letters: list[DeadLetter] = []
        for payload in batch.payloads:
            prepared = prepare_payload(payload, self.now, self.run_id)
            read += prepared.read
            articles += prepared.articles
            letters += prepared.dead_letters
        keys: list[ArticleKeys] = []
        if articles:
            file = self.staging.write_rows("prepared", articles_table(articles))
            keys = keys_of_articles(articles, file, self.near)
        return PreparedBatch(read, tuple(keys), stage_dead_letters(self.staging, letters))


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

    entities: "spacy" or "none". partition_by: "date" or "month", then optionally a column.
    shards: in how many tasks the tables are written.
    """

    staging: Staging
    entities: str
    partition_by: tuple[str, ...]
    shards: int

    def __call__(self, task: FinishTask) -> FinishedBatch:
        """Adds language and entities. Only what is kept reaches the model; what is set aside gets a language."""
        prepared = self.staging.read_rows(task.file)
        decisions = sorted(task.decisions, key=lambda decision: decision.ref.row)
        if [decision.ref.row for decision in decisions] != list(range(prepared.num_rows)):
            raise AssertionError(f"{task.file}: {prepared.num_rows} rows, {len(decisions)} decisions")
        kept = [decision for decision in decisions if decision.verdict == "kept"]
        aside = [decision for decision in decisions if decision.verdict == "duplicate"]
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
            Counts(kept=len(kept), duplicate=len(aside), unchanged=len(decisions) - len(kept) - len(aside)),
        )

    def _extractor(self) -> EntityExtractor | None:
        return None if self.entities == "none" else load_extractor(self.entities)

    def _enriched(
        self, prepared: pa.Table, decisions: Sequence[Decision], extractor: EntityExtractor | None
    ) -> pa.Table:
        table = prepared.take(pa.array([decision.ref.row for decision in decisions], type=pa.int64()))
        texts = table.column("text").to_pylist()
        languages = [
            detect_language(title, text)
            for title, text in zip(table.column("title").to_pylist(), texts, strict=True)
        ]
        columns = {
            "article_id": [decision.article_id for decision in decisions],
            "version": [decision.version for decision in decisions],
            "supersedes": [decision.supersedes for decision in decisions],
            "change": [decision.change for decision in decisions],
            "group_id": [decision.group_id for decision in decisions],
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

    def _stage(self, name: str, table: pa.Table) -> list[RowSlice]:
        """Stages rows of a table, those of each write task in a record batch of their own."""
        rows_of: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row, partition in enumerate(partitions(table, self.partition_by)):
            rows_of[write_shard(name, partition, self.shards)][partition].append(row)
        shards = sorted(rows_of)
        order = [[row for rows in rows_of[shard].values() for row in rows] for shard in shards]
        file = self.staging.write_rows(name, *(table.take(pa.array(rows)) for rows in order))
        row_bytes = max(1, table.nbytes // table.num_rows)
        slices = []
        for batch, shard in enumerate(shards):
            start = 0
            for partition, rows in rows_of[shard].items():
                places = tuple(range(start, start + len(rows)))
                slices.append(RowSlice(name, partition, file, batch, places, row_bytes * len(rows)))
                start += len(rows)
        return slices


def write_shard(table: str, partition: str, shards: int) -> int:
    """Which of the write tasks a partition belongs to: all its rows go to one."""
    # Python's own hash differs from process to process; this one has only to be even and the same everywhere.
    return zlib.crc32(f"{table}/{partition}".encode()) % shards


@functools.cache
def load_extractor(name: str) -> EntityExtractor:
    """The extractor of entities of that name, loaded once per process."""
    from transforms.functions.spacy_entities import SpacyExtractor

    if name != "spacy":
        raise ValueError(f"no extractor of entities is called {name!r}")
    return SpacyExtractor()


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


def partitions(table: pa.Table, partition_by: Sequence[str]) -> list[str]:
    """The partition of each row: the folder that its file goes to, "date=2022-03-30/language=en"."""
    moment = pc.coalesce(
        table.column("published_at"), table.column("updated_at"), table.column("ingested_at")
    )
    columns = []
    for key in partition_by:
        if key == "date":
            values = pc.strftime(moment, format="%Y-%m-%d")
        elif key == "month":
            values = pc.strftime(moment, format="%Y-%m")
        else:
            values = pc.fill_null(table.column(key), UNKNOWN_DOMAIN)
        columns.append(values.to_pylist())
    return [
        partition_path(list(zip(partition_by, values, strict=True))) for values in zip(*columns, strict=True)
    ]


def dead_letter_slices(keys: Iterable[DeadLetterKey]) -> list[RowSlice]:
    """The slices of staged dead letters that are to be written: one per stage and file."""
    rows_of: dict[tuple[str, str], list[int]] = defaultdict(list)
    sizes: Counter[tuple[str, str]] = Counter()
    for key in keys:
        place = partition_path([("stage", key.stage)]), key.ref.file
        rows_of[place].append(key.ref.row)
        sizes[place] += key.payload_bytes + 512
    return [
        RowSlice("dead_letters", partition, file, 0, tuple(sorted(rows)), sizes[partition, file])
        for (partition, file), rows in sorted(rows_of.items())
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class WriteTables:
    """Writes the rows of some partitions as Parquet files in the staging folder."""

    staging: Staging
    run_id: str

    def __call__(self, task: WriteTask) -> RunSummary:
        """One file per partition, or more where it is larger than what may be held at once; sorted by time."""
        slices: dict[tuple[str, str], list[RowSlice]] = defaultdict(list)
        for piece in task.slices:
            slices[piece.table, piece.partition].append(piece)
        files: list[StagedFile] = []
        written: Counter[tuple[str, str]] = Counter()
        for chunk in _chunks(slices):
            for (table, partition), rows in self._rows(chunk):
                files.append(self._write(table, partition, written[table, partition], rows))
                written[table, partition] += 1
        return RunSummary(files=tuple(files))

    def _rows(self, chunk: Iterable[RowSlice]) -> Iterator[tuple[tuple[str, str], pa.Table]]:
        """The rows of some slices, by partition. Each record batch is read once, and held only while it's needed."""
        of_batch: dict[tuple[str, int], list[RowSlice]] = defaultdict(list)
        for piece in chunk:
            of_batch[piece.file, piece.batch].append(piece)
        rows: dict[tuple[str, str], list[pa.Table]] = defaultdict(list)
        for (file, batch), pieces in of_batch.items():
            table = self.staging.read_rows(file, batch)
            for piece in pieces:
                rows[piece.table, piece.partition].append(table.take(pa.array(piece.rows)))
        for key in sorted(rows):
            yield key, pa.concat_tables(rows.pop(key))

    def _write(self, table_name: str, partition: str, number: int, rows: pa.Table) -> StagedFile:
        keys = [part.split("=", 1)[0] for part in partition.split("/")]
        schema = file_schema(table_name, keys)
        rows = rows.select(schema.names).sort_by(_SORT[table_name]).cast(schema)
        name = self.staging.new_name("tables", ".parquet")
        row_bytes = max(1, rows.nbytes // rows.num_rows)
        with open_write(self.staging.path(name)) as file:
            pq.write_table(
                rows,
                file,
                compression="zstd",
                use_dictionary=[column for column in _REPEATING if column.split(".")[0] in schema.names],
                write_statistics=True,
                write_page_checksum=True,
                row_group_size=max(1_000, ROW_GROUP_BYTES // row_bytes),
            )
            size = file.tell()
        target = f"{table_name}/{partition}/{self.run_id}-{number:05d}.parquet"
        return StagedFile(name, target, table_name, rows.num_rows, size)


def empty_file(
    table: str, staging: Staging, run_id: str, day: dt.date, partition_by: Sequence[str]
) -> StagedFile:
    """A file of a table without rows, for an OUT that has none yet.

    Readers fail on a folder or a pattern with no file in it, and can't tell the columns of one without a schema.
    """
    values = {"date": f"{day}", "month": f"{day:%Y-%m}", "language": "und", "source_domain": UNKNOWN_DOMAIN}
    keys = {"dead_letters": ["stage"], "regrouped": []}.get(table, list(partition_by))
    folder = "/".join(
        filter(None, [table, partition_path([(key, values.get(key, "parse")) for key in keys])])
    )
    name = staging.new_name("tables", ".parquet")
    with open_write(staging.path(name)) as file:
        pq.write_table(file_schema(table, keys).empty_table(), file, compression="zstd")
        size = file.tell()
    return StagedFile(name, f"{folder}/{run_id}-00000.parquet", table, 0, size)


_SORT = {
    "articles": [("published_at", "ascending"), ("article_id", "ascending"), ("version", "ascending")],
    "duplicates": [("published_at", "ascending"), ("article_id", "ascending"), ("version", "ascending")],
    "dead_letters": [("origin_uri", "ascending"), ("position", "ascending"), ("reason", "ascending")],
}


def _chunks(slices: dict[tuple[str, str], list[RowSlice]]) -> Iterator[list[RowSlice]]:
    """Packs slices, partition by partition, into chunks of at most `WRITE_BYTES`; a larger partition is cut."""
    chunk: list[RowSlice] = []
    held = 0
    for _, pieces in sorted(slices.items()):
        for piece in pieces:
            if held and held + piece.bytes > WRITE_BYTES:
                yield chunk
                chunk, held = [], 0
            chunk.append(piece)
            held += piece.bytes
    if chunk:
        yield chunk
