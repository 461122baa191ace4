"""Proves the invariants of an OUT: what the manifests say, what lies there, and what stands in the rows
agree.

Everything is read and decoded once, a batch of rows at a time. What has to be compared across files (that no
version is there twice, that what a duplicate names exists) is held as 8 bytes a row and settled at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import files
from pipeline.store.commit import interrupted_commits
from pipeline.store.layout import Layout, parse_partition, table_of
from pipeline.store.manifest import committed_runs, decode_manifest, live_files, read_manifest
from schemas.errors import RunError
from schemas.index import INDEXES
from schemas.records import SCHEMA_VERSION
from schemas.state import Manifest, StagedFile
from schemas.tables import FEEDS, TABLES, file_schema

_BATCH_ROWS = 4_096

#: Partition keys that are no column: they are taken from the row's times.
_TIME_KEYS = {"date": "datetime64[D]", "month": "datetime64[M]"}

_UNREADABLE = (pa.ArrowException, OSError)

_Hashes = npt.NDArray[np.uint64]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Something about OUT that a person should know.

    path: the file or folder, in full. message: what is wrong with it.
    is_note: whether it is no error, but what an interrupted run leaves for the next start, or none of our
    files.
    """

    path: str
    message: str
    is_note: bool = False


#: A further check of the indexes: called with the layout and all files that count, tables' and indexes'.
IndexCheck = Callable[[Layout, Sequence[StagedFile]], Iterable[Problem]]


def check_output(layout: Layout, index_checks: Sequence[IndexCheck] = ()) -> list[Problem]:
    """All that is wrong with an OUT, and some notes. Nothing is changed, and no lock is taken.

    While a run commits here, its files are passed over with a note. Raises OSError where OUT can't be listed.
    """
    return list(_check(layout, index_checks))


def _check(layout: Layout, index_checks: Sequence[IndexCheck]) -> Iterator[Problem]:
    present = {
        layout.relative(info.path): info.size
        for folder in (*TABLES, "_index", "_feeds")
        for info in files.list_files(layout.path(folder))
    }
    if not present and not files.list_files(layout.output):
        yield Problem(layout.output, "nothing is here: no run has written to this folder")
        return
    manifests: dict[str, Manifest] = {}
    for run_id in sorted(committed_runs(layout)):
        try:
            manifests[run_id] = read_manifest(layout, run_id)
        except RunError as error:
            yield Problem(layout.manifest_path(run_id), str(error))
    pending: set[str] = set()
    yield from _staged(layout, pending)
    yield from _listed(layout, manifests, present, pending)
    for manifest in manifests.values():
        path = layout.manifest_path(manifest.run_id)
        yield from (Problem(path, message) for message in _counts(manifest))
    live = live_files(manifests.values())
    run_of = {file.target: run_id for run_id, manifest in manifests.items() for file in manifest.files}
    keys = _Keys()
    readable = []
    for file in live:
        if file.target in present:
            messages = list(_content(layout, file, manifests[run_of[file.target]], keys))
            yield from (Problem(layout.path(file.target), message) for message in messages)
            readable += [] if messages else [file]
    yield from _one_partitioning(layout, live)
    # Where an article's file is missing or unreadable, which is said already, its duplicates aren't at fault.
    articles_known = keys.article_files == sum(file.table == "articles" for file in live)
    yield from keys.twice(layout)
    if articles_known:
        yield from keys.without_original(layout)
    for index_check in index_checks:
        yield from index_check(layout, readable)


def _staged(layout: Layout, pending: set[str]) -> Iterator[Problem]:
    """Notes on what is staged; adds to `pending` what an interrupted commit has still to move or remove."""
    interrupted = set(interrupted_commits(layout))
    for run_id in files.subfolders(layout.staging_root):
        path = layout.run_staging_dir(run_id)
        if run_id not in interrupted:
            yield Problem(
                path, "left by a run that is at work or was stopped: the next start deletes it", is_note=True
            )
            continue
        journal = layout.journal_path(run_id)
        try:
            manifest = decode_manifest(files.read_bytes(journal), journal)
        except RunError as error:
            yield Problem(journal, str(error))
            continue
        pending.update(manifest.removed, (file.target for file in manifest.files))
        yield Problem(path, "a commit is under way or was stopped: the next start completes it", is_note=True)


def _listed(
    layout: Layout, manifests: dict[str, Manifest], present: dict[str, int], pending: set[str]
) -> Iterator[Problem]:
    """Whether what the manifests list and what is there are the same files, of the same sizes."""
    removed_by = {name: run for run, manifest in manifests.items() for name in manifest.removed}
    listed: dict[str, str] = {}
    for run_id, manifest in manifests.items():
        for file in manifest.files:
            path = layout.path(file.target)
            if file.target in listed:
                yield Problem(path, f"runs {listed[file.target]} and {run_id} both list it")
            listed[file.target] = run_id
            if table_of(file.target) != file.table:
                yield Problem(path, f"run {run_id} lists it as a file of {file.table}")
            if file.target in removed_by:
                continue
            size = present.get(file.target)
            if size is None:
                yield Problem(path, f"is missing: run {run_id} wrote it with {file.rows} rows")
            elif size != file.bytes:
                yield Problem(path, f"has {size} bytes, run {run_id} wrote {file.bytes}")
    for name in sorted(present):
        path = layout.path(name)
        if name in pending:
            continue
        if name in removed_by:
            yield Problem(path, f"is still there, though run {removed_by[name]} replaced it")
        elif name not in listed:
            # Engines skip these names, so no reader takes them for rows; ".DS_Store" and "_SUCCESS" are such.
            ignored = any(part.startswith((".", "_")) for part in name.split("/")[1:])
            yield Problem(path, "is not ours: no run lists it", is_note=ignored)


def _counts(manifest: Manifest) -> Iterator[str]:
    """Whether a run's counts agree with one another and with the rows that it lists."""
    if manifest.schema_version != SCHEMA_VERSION:
        yield f"was written with schema version {manifest.schema_version}, not {SCHEMA_VERSION}"
    counts = manifest.counts
    if not counts.balanced():
        yield (
            f"read {counts.read} is not kept {counts.kept} + duplicate {counts.duplicate} + "
            f"unchanged {counts.unchanged} + dead letter {counts.dead_letter}"
        )
    rows: Counter[str] = Counter()
    for file in manifest.files:
        rows[file.table] += file.rows
    for table, counted in (
        ("articles", counts.kept),
        ("duplicates", counts.duplicate),
        ("dead_letters", counts.dead_letter - counts.dead_letter_known),
    ):
        if rows[table] != counted:
            yield f"counts {counted} rows of {table}, its files have {rows[table]}"


def _content(layout: Layout, file: StagedFile, manifest: Manifest, keys: _Keys) -> Iterator[str]:
    """What is wrong inside one file."""
    if not file.target.endswith(".parquet"):
        return
    try:
        with _open_parquet(layout.path(file.target)) as parquet:
            if parquet.metadata.num_rows != file.rows:
                yield f"has {parquet.metadata.num_rows} rows, its manifest lists {file.rows}"
            if file.table in TABLES:
                yield from _table_rows(parquet, file, manifest, keys)
            elif file.table.startswith("index/"):
                yield from _index_rows(parquet, file.table.removeprefix("index/"))
            elif differences := _schema_differences(parquet.schema_arrow, FEEDS):
                yield f"has another schema than {file.table}: {differences}"
            else:
                for batch in parquet.iter_batches(_BATCH_ROWS):
                    batch.validate(full=True)
    except _UNREADABLE as error:
        yield f"can't be read: {error}"


@contextlib.contextmanager
def _open_parquet(path: str) -> Iterator[pq.ParquetFile]:
    with contextlib.ExitStack() as stack:
        source = path if files.is_local(path) else stack.enter_context(files.open_read(path))
        yield stack.enter_context(pq.ParquetFile(source, page_checksum_verification=True))


def _table_rows(parquet: pq.ParquetFile, file: StagedFile, manifest: Manifest, keys: _Keys) -> Iterator[str]:
    partition = dict(parse_partition(file.target))
    unknown = [key for key in partition if key not in TABLES[file.table].names and key not in _TIME_KEYS]
    if unknown or not partition:
        yield f"lies in no partition of {file.table}"
        return
    # A column that may not be null can't be in a Parquet file whose schema says so: equal schemas settle it.
    differences = _schema_differences(parquet.schema_arrow, file_schema(file.table, partition))
    if differences:
        yield f"has another schema than {file.table}: {differences}"
        return
    wrong: Counter[str] = Counter()
    hashes = _FileHashes()
    for batch in parquet.iter_batches(_BATCH_ROWS):
        batch.validate(full=True)
        wrong.update(dict(_row_faults(batch, partition, manifest)))
        hashes.add(batch)
    yield from (f"{rows} rows {message}" for message, rows in wrong.items())
    keys.add(file, hashes)


def _schema_differences(found: pa.Schema, expected: pa.Schema) -> str:
    if found.equals(expected):
        return ""
    missing = [name for name in expected.names if name not in found.names]
    extra = [name for name in found.names if name not in expected.names]
    other = [
        f"{field.name} is {_type(found.field(field.name))}, not {_type(field)}"
        for field in expected
        if found.names.count(field.name) == 1 and not found.field(field.name).equals(field)
    ]
    parts = [f"no {', '.join(missing)}"] if missing else []
    parts += [f"unknown {', '.join(extra)}"] if extra else []
    return "; ".join(parts + other) or "its columns are in another order"


def _type(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _row_faults(
    batch: pa.RecordBatch, partition: dict[str, str], manifest: Manifest
) -> Iterator[tuple[str, int]]:
    """What is wrong with a batch's rows, each with the number of rows."""

    def count(mask: Any) -> int:
        return int(pc.sum(mask).as_py() or 0)

    faults = [
        (f"are not of run {manifest.run_id}", count(pc.not_equal(batch.column("run_id"), manifest.run_id))),
        (
            f"are not of schema version {manifest.schema_version}",
            count(pc.not_equal(batch.column("schema_version"), manifest.schema_version)),
        ),
    ]
    for name in batch.schema.names:
        column = batch.column(name)
        if pa.types.is_list(column.type):
            faults.append((f"have a null inside {name}", column.flatten().null_count))
    for key, unit in _TIME_KEYS.items():
        if key in partition and "ingested_at" in batch.schema.names:
            faults.append((f"belong to another {key}", _in_other_period(batch, partition[key], unit)))
    if "version" in batch.schema.names:
        faults.append(("have a version below 1", count(pc.less(batch.column("version"), 1))))
    return ((message, rows) for message, rows in faults if rows)


def _in_other_period(batch: pa.RecordBatch, value: str, unit: str) -> int:
    """How many rows belong to another UTC day or month than the partition's value says."""
    moments = pc.coalesce(*(batch.column(name) for name in ("published_at", "updated_at", "ingested_at")))
    periods = moments.cast(pa.int64()).to_numpy(zero_copy_only=False).astype("datetime64[us]").astype(unit)
    try:
        return int(np.count_nonzero(periods != np.datetime64(value).astype(unit)))
    except ValueError:
        return int(batch.num_rows)


def _index_rows(parquet: pq.ParquetFile, name: str) -> Iterator[str]:
    found = parquet.schema_arrow
    if name in INDEXES:
        differences = _schema_differences(found, INDEXES[name])
        if differences:
            yield f"has another schema than index {name}: {differences}"
            return
    elif found.names[:1] != ["key"]:
        yield "has no first column key"
        return
    last: pa.Array | None = None
    in_order = True
    for batch in parquet.iter_batches(_BATCH_ROWS * 16):
        batch.validate(full=True)
        key = batch.column("key")
        key = key if last is None else pa.concat_arrays([last, key])
        in_order = in_order and pc.all(pc.less_equal(key[:-1], key[1:])).as_py() is not False
        last = key[-1:]
    if not in_order:
        yield "is not sorted by key"


def _one_partitioning(layout: Layout, live: Sequence[StagedFile]) -> Iterator[Problem]:
    """Whether each table has one partitioning.

    Polars can't open one whose files lie under different keys, and the others read nulls for the missing key.
    """
    by_table: dict[str, Counter[str]] = defaultdict(Counter)
    for file in live:
        if file.table in TABLES:
            by_table[file.table][", ".join(key for key, _ in parse_partition(file.target))] += 1
    for table, found in sorted(by_table.items()):
        if len(found) > 1:
            ways = "; ".join(f"{count} files by {keys or 'nothing'}" for keys, count in sorted(found.items()))
            yield Problem(layout.table_dir(table), f"is partitioned in several ways: {ways}")


class _FileHashes:
    """Hashes of the rows' keys of one file: of article_id, of it with the version, and of duplicate_of."""

    def __init__(self) -> None:
        self.articles: list[_Hashes] = []
        self.versions: list[_Hashes] = []
        self.originals: list[_Hashes] = []

    def add(self, batch: pa.RecordBatch) -> None:
        if "article_id" in batch.schema.names:
            articles = _hashes(batch.column("article_id"))
            self.articles.append(articles)
            self.versions.append(_with_version(articles, batch.column("version")))
        if "duplicate_of" in batch.schema.names:
            self.originals.append(_hashes(batch.column("duplicate_of")))


class _Keys:
    """What is compared across files, as 64-bit hashes; what they find is settled on the values."""

    def __init__(self) -> None:
        self.article_files = 0
        self._files: list[StagedFile] = []
        self._articles: list[_Hashes] = []
        self._versions: list[_Hashes] = []
        self._originals: list[tuple[StagedFile, _Hashes]] = []

    def add(self, file: StagedFile, hashes: _FileHashes) -> None:
        self._versions += hashes.versions
        if file.table == "articles":
            self.article_files += 1
            self._articles += hashes.articles
        if hashes.versions:
            self._files.append(file)
        if hashes.originals:
            self._originals.append((file, np.concatenate(hashes.originals)))

    def twice(self, layout: Layout) -> Iterator[Problem]:
        """Versions of articles that are there twice, in whatever tables and runs."""
        versions = np.sort(_concatenated(self._versions))
        twice = np.unique(versions[1:][versions[1:] == versions[:-1]])
        if len(twice):
            yield from self._twice(layout, twice)

    def without_original(self, layout: Layout) -> Iterator[Problem]:
        """Duplicates of articles that aren't there."""
        articles = np.unique(_concatenated(self._articles))
        for file, originals in self._originals:
            unknown = np.flatnonzero(~np.isin(originals, articles))
            if len(unknown):
                path = layout.path(file.target)
                with _open_parquet(path) as parquet:
                    name = parquet.read(["duplicate_of"]).column(0)[int(unknown[0])].as_py()
                yield Problem(path, f"{len(unknown)} rows are duplicates of no article: {name} is one")

    def _twice(self, layout: Layout, twice: _Hashes) -> Iterator[Problem]:
        first: dict[tuple[str, int], str] = {}
        for file in self._files:
            path = layout.path(file.target)
            again: dict[str, list[tuple[str, int]]] = defaultdict(list)
            with _open_parquet(path) as parquet:
                for batch in parquet.iter_batches(_BATCH_ROWS, columns=["article_id", "version"]):
                    ids, versions = batch.column("article_id"), batch.column("version")
                    rows = np.flatnonzero(np.isin(_with_version(_hashes(ids), versions), twice))
                    for row in rows.tolist():
                        key = (ids[row].as_py(), versions[row].as_py())
                        if key in first:
                            again[first[key]].append(key)
                        else:
                            first[key] = path
            for other, repeated in again.items():
                article_id, version = repeated[0]
                where = "in the same file" if other == path else f"in {other}"
                example = f"article {article_id}, version {version}"
                yield Problem(
                    path,
                    f"{len(repeated)} rows are there already, {where}: {example}",
                )


def _hashes(column: pa.Array) -> _Hashes:
    return np.fromiter(map(hash, column.to_pylist()), dtype=np.int64, count=len(column)).view(np.uint64)


def _with_version(articles: _Hashes, versions: pa.Array) -> _Hashes:
    # Multiplied by an odd constant, different versions differ in many bits; unsigned arithmetic wraps.
    spread = versions.to_numpy(zero_copy_only=False).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed: _Hashes = articles ^ spread
    return mixed


def _concatenated(parts: list[_Hashes]) -> _Hashes:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)
