"""Proves the invariants of an OUT: what the manifests say, what lies there, and what stands in the rows
agree.

Every file is read twice: once for the hash of its bytes, and where that is right, once to be decoded, a batch of rows
at a time. What has to be compared across files (that no version is there twice, that what a duplicate names exists,
that the index knows what the tables hold) is held as a few 64-bit numbers a row and settled at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import files
from pipeline.store.commit import interrupted_commits
from pipeline.store.hashes import hash_file
from pipeline.store.layout import Layout, parse_partition, table_of
from pipeline.store.manifest import committed_runs, decode_manifest, live_files, read_manifest
from pipeline.store.series import broken_chains, chunk_run_id
from pipeline.stream.lease import describe_job, read_lease
from schemas.errors import RunError
from schemas.index import INDEXES
from schemas.records import SCHEMA_VERSION, DeadLetter
from schemas.state import Manifest, Series, StagedFile
from schemas.tables import FEEDS_READABLE, HOSTS, PARTITIONED, TABLES, file_schema
from transforms.functions.identity import dead_letter_key, hash_key

_BATCH_ROWS = 4_096

#: Partition keys that are no column: they are taken from the row's times.
_TIME_KEYS = {"date": "datetime64[D]", "month": "datetime64[M]"}

#: What damaged Parquet raises: Arrow's own, bad UTF-8 in a name, numbers that fit nowhere.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError)

#: The columns of the tables that hold hashes: two letters and 32 hex digits.
_HASH_COLUMNS = ("article_id", "group_id", "content_hash", "duplicate_of")

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


def check_output(layout: Layout) -> list[Problem]:
    """All that is wrong with an OUT, and some notes. Nothing is changed, and no lock is taken.

    While a run commits here, its files are passed over with a note. Raises OSError where OUT can't be listed.
    """
    return list(find_problems(layout))


def find_problems(layout: Layout) -> Iterator[Problem]:
    """The same, one after the other; what is only a note comes as soon as it is found.

    What is committed while it looks, by a stream every few seconds, is no fault of what was there when it began.
    """
    # Before the runs: a commit that is done in between has left its folder by the time that its files are listed.
    committing = frozenset(interrupted_commits(layout))
    runs = committed_runs(layout)
    problems = []
    for problem in _check(layout, sorted(runs)):
        if problem.is_note:
            yield problem
        else:
            problems.append(problem)
    changed = _changed_since(layout, runs - committing) if problems else set()
    yield from (problem for problem in problems if problem.path not in changed)
    passed_over = {problem.path for problem in problems if problem.path in changed}
    if passed_over:
        files_are = "1 file was" if len(passed_over) == 1 else f"{len(passed_over)} files were"
        yield Problem(layout.output, f"{files_are} replaced or added by a commit meanwhile", is_note=True)


def _changed_since(layout: Layout, runs: frozenset[str]) -> set[str]:
    """The paths of all files that were added or removed by other runs than these, or are about to be."""
    manifests = []
    for run_id in committed_runs(layout) - runs:
        with contextlib.suppress(RunError, OSError):
            manifests.append(read_manifest(layout, run_id))
    for run_id in interrupted_commits(layout):
        journal = layout.journal_path(run_id)
        # One that was completed meanwhile is a run by now.
        with contextlib.suppress(RunError, OSError):
            manifests.append(decode_manifest(files.read_bytes(journal), journal))
    names = (name for one in manifests for name in (*one.removed, *(file.target for file in one.files)))
    return {layout.path(name) for name in names}


def _check(layout: Layout, runs: Sequence[str]) -> Iterator[Problem]:
    """runs: those that are committed; whatever is listed after them may be of later ones."""
    present = {
        layout.relative(info.path): info.size
        for folder in (*TABLES, "_index", "_feeds")
        for info in files.list_files(layout.path(folder))
    }
    if not present and not files.list_files(layout.output):
        yield Problem(layout.output, "nothing is here: no run has written to this folder")
        return
    manifests: dict[str, Manifest] = {}
    for run_id in runs:
        try:
            manifests[run_id] = read_manifest(layout, run_id)
        except (RunError, OSError) as error:
            yield Problem(layout.manifest_path(run_id), str(error))
    all_manifests = len(manifests) == len(runs)
    pending: set[str] = set()
    yield from _staged(layout, pending)
    yield from _streams(layout)
    yield from _listed(layout, manifests, present, pending)
    for manifest in manifests.values():
        path = layout.manifest_path(manifest.run_id)
        yield from (Problem(path, message) for message in _counts(manifest))
    yield from _chunks(layout, manifests)
    live = live_files(manifests.values())
    run_of = {file.target: run_id for run_id, manifest in manifests.items() for file in manifest.files}
    keys, index = _Keys(), _IndexKeys()
    sound = all_manifests
    for file in live:
        messages = []
        # One of another size is at fault already.
        if present.get(file.target) == file.bytes:
            messages = list(_content(layout, file, manifests[run_of[file.target]], keys, index))
            yield from (Problem(layout.path(file.target), message) for message in messages)
        sound = sound and not messages and present.get(file.target) == file.bytes
    yield from _one_partitioning(layout, live)
    twice = list(keys.twice(layout))
    yield from twice
    # Where an article's file is missing or unreadable, which is said already, nothing that names it is at fault.
    if all_manifests and keys.article_files == sum(file.table == "articles" for file in live):
        unknown = list(keys.without_article(layout))
        yield from unknown
        # The index is held against tables that are in order, and only then: one fault, one problem.
        if sound and not twice and not unknown:
            yield from _index_against_tables(layout, keys, index)


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
        except (RunError, OSError) as error:
            yield Problem(journal, str(error))
            continue
        pending.update(manifest.removed, (file.target for file in manifest.files))
        yield Problem(path, "a commit is under way or was stopped: the next start completes it", is_note=True)


def _streams(layout: Layout) -> Iterator[Problem]:
    """A note on the stream that works here, which is what explains files that appear meanwhile."""
    try:
        lease = read_lease(layout)
    except (RunError, OSError) as error:
        yield Problem(layout.lease_path, str(error))
        return
    if lease is not None:
        message = f"stream {lease.stream_id} runs here, or was stopped: {describe_job(lease)}"
        yield Problem(layout.stream_dir, message, is_note=True)


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


def _chunks(layout: Layout, manifests: dict[str, Manifest]) -> Iterator[Problem]:
    """Whether the chunks of each large run are all there and meet, with a note where there are more to come."""
    of_run: dict[str, list[Series]] = defaultdict(list)
    for manifest in manifests.values():
        if manifest.series is not None:
            of_run[manifest.series.series_id].append(manifest.series)
            if manifest.run_id != chunk_run_id(manifest.series.series_id, manifest.series.number):
                path = layout.manifest_path(manifest.run_id)
                yield Problem(
                    path,
                    f"says to be chunk {manifest.series.number} of run {manifest.series.series_id}",
                )
    for series_id, chunks in sorted(of_run.items()):
        last = max(chunks, key=lambda one: one.number)
        path = layout.manifest_path(chunk_run_id(series_id, last.number))
        yield from (Problem(path, message) for message in broken_chains(chunks))
        if last.next is not None and series_id not in manifests:
            message = f"run {series_id} has more chunks to come: the same command goes on with it"
            yield Problem(path, message, is_note=True)


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
        ("regrouped", counts.regrouped),
    ):
        if rows[table] != counted:
            yield f"counts {counted} rows of {table}, its files have {rows[table]}"


def _content(
    layout: Layout, file: StagedFile, manifest: Manifest, keys: _Keys, index: _IndexKeys
) -> Iterator[str]:
    """What is wrong inside one file."""
    try:
        if file.hash is not None and hash_file(layout.path(file.target)) != file.hash:
            # What is damaged is not decoded: there is no telling what that would do.
            yield f"is damaged: its bytes are not those that run {manifest.run_id} wrote"
            return
        if not file.target.endswith(".parquet"):
            return
        with _open_parquet(layout.path(file.target)) as parquet:
            if parquet.metadata.num_rows != file.rows:
                yield f"has {parquet.metadata.num_rows} rows, its manifest lists {file.rows}"
            if file.table in TABLES:
                yield from _table_rows(parquet, file, manifest, keys)
            elif file.table.startswith("index/"):
                yield from _index_rows(parquet, file, index)
            elif differences := _state_differences(parquet.schema_arrow, file.table):
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
    if unknown or bool(partition) != (file.table in PARTITIONED):
        yield f"lies in no partition of {file.table}"
        return
    # A column that may not be null can't be in a Parquet file whose schema says so: equal schemas settle it.
    differences = _schema_differences(parquet.schema_arrow, file_schema(file.table, partition))
    if differences:
        yield f"has another schema than {file.table}: {differences}"
        return
    wrong: Counter[str] = Counter()
    hashes = _FileHashes(file.table, partition)
    for batch in parquet.iter_batches(_BATCH_ROWS):
        batch.validate(full=True)
        faults = dict(_row_faults(batch, partition, manifest))
        wrong.update(faults)
        if not any(message.startswith(_NO_HASH) for message in faults):
            hashes.add(batch)
    yield from (f"{rows} rows {message}" for message, rows in wrong.items())
    if not any(message.startswith(_NO_HASH) for message in wrong):
        keys.add(file, hashes)


def _state_differences(found: pa.Schema, table: str) -> str:
    """How a file of feeds or hosts differs from all schemas that it may have; "" where it has one of them."""
    allowed = (HOSTS,) if table == "feeds/hosts" else FEEDS_READABLE
    return "" if any(map(found.equals, allowed)) else _schema_differences(found, allowed[0])


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
        version = batch.column("version")
        faults.append(("have a version below 1", count(pc.less(version, 1))))
        before = pc.if_else(pc.greater(version, 1), pc.subtract(version, 1), None)
        supersedes = batch.column("supersedes")
        same = pc.or_kleene(pc.equal(supersedes, before), pc.and_(supersedes.is_null(), before.is_null()))
        faults.append(
            ("do not supersede the version before theirs", count(pc.invert(pc.fill_null(same, False))))
        )
    for name in _HASH_COLUMNS:
        if name in batch.schema.names:
            faults.append((f"{_NO_HASH} {name}", count(_is_no_hash(batch.column(name)))))
    if "near_duplicates" in batch.schema.names:
        others = _others(batch.column("near_duplicates"))
        faults.append((f"{_NO_HASH} near_duplicates", count(_is_no_hash(others))))
    return ((message, rows) for message, rows in faults if rows)


def _is_no_hash(column: pa.Array) -> pa.Array:
    return pc.invert(pc.match_substring_regex(column, "^[a-z][0-9][0-9a-f]{32}$"))


def _others(near_duplicates: pa.Array) -> pa.Array:
    """The article ids in a column of near-duplicates, one after the other."""
    return pc.struct_field(pc.list_flatten(near_duplicates), "article_id")


#: How the message of a row fault begins that keeps a file's rows from being compared with others.
_NO_HASH = "have no hash as"


def _in_other_period(batch: pa.RecordBatch, value: str, unit: str) -> int:
    """How many rows belong to another UTC day or month than the partition's value says."""
    moments = pc.coalesce(*(batch.column(name) for name in ("published_at", "updated_at", "ingested_at")))
    periods = moments.cast(pa.int64()).to_numpy(zero_copy_only=False).astype("datetime64[us]").astype(unit)
    try:
        return int(np.count_nonzero(periods != np.datetime64(value).astype(unit)))
    except ValueError:
        return int(batch.num_rows)


def _index_rows(parquet: pq.ParquetFile, file: StagedFile, index: _IndexKeys) -> Iterator[str]:
    name = file.table.removeprefix("index/")
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
        index.add(name, batch)
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


@dataclasses.dataclass(slots=True)
class _Rows:
    """Rows of articles as numbers, in the order of the file. says: of all that the index repeats of them."""

    articles: list[_Hashes] = dataclasses.field(default_factory=list)
    versions: list[_Hashes] = dataclasses.field(default_factory=list)
    says: list[_Hashes] = dataclasses.field(default_factory=list)


class _FileHashes:
    """What is compared across files of the rows of one file."""

    def __init__(self, table: str, partition: dict[str, str]) -> None:
        self.rows = _Rows()
        self.groups: list[_Hashes] = []
        self.originals: list[_Hashes] = []
        self.with_text: list[_Hashes] = []
        self.dead_letters: list[_Hashes] = []
        self.links: list[_Hashes] = []
        self.regrouped: list[_Hashes] = []
        self.regroupings: list[_Hashes] = []
        self._table = table
        self._kept = table == "articles"
        self._partition = partition

    def add(self, batch: pa.RecordBatch) -> None:
        if self._table == "regrouped":
            articles, groups = _hashes(batch.column("article_id")), _hashes(batch.column("group_id"))
            self.groups.append(groups)
            self.regrouped.append(articles)
            self.regroupings.append(_linked(_with_version(articles, batch.column("sequence")), groups))
        elif "article_id" in batch.schema.names:
            articles, groups = _hashes(batch.column("article_id")), _hashes(batch.column("group_id"))
            near = batch.column("near_duplicates")
            ones, others = articles[pc.list_parent_indices(near)], _hashes(_others(near))
            self.links += [_linked(ones, others), _linked(others, ones)]
            self.rows.articles.append(articles)
            self.rows.versions.append(_with_version(articles, batch.column("version")))
            moments = pc.coalesce(batch.column("published_at"), batch.column("updated_at")).cast(pa.int64())
            kept = np.full(len(articles), self._kept)
            self.rows.says.append(_said(_hashes(batch.column("content_hash")), groups, moments, kept))
            self.groups.append(groups)
            self.with_text.append(articles[np.asarray(pc.greater(batch.column("word_count"), 0))])
        if "duplicate_of" in batch.schema.names:
            self.originals.append(_hashes(batch.column("duplicate_of")))
        if "origin_uri" in batch.schema.names:
            self.dead_letters.append(_letter_keys(batch, self._partition))


class _Keys:
    """What is compared across the tables' files, as 64-bit numbers; what they find is settled on the values."""

    def __init__(self) -> None:
        self.article_files = 0
        self.rows = _Rows()
        self.kept: list[_Hashes] = []
        self.kept_with_text: list[_Hashes] = []
        self.dead_letters: list[_Hashes] = []
        self.links: list[_Hashes] = []
        self.regrouped: list[_Hashes] = []
        self.regroupings: list[_Hashes] = []
        self._files: list[StagedFile] = []
        self._groups: list[tuple[StagedFile, _Hashes]] = []
        self._row_groups: list[tuple[StagedFile, _Hashes, _Hashes]] = []
        self._originals: list[tuple[StagedFile, _Hashes]] = []

    def add(self, file: StagedFile, hashes: _FileHashes) -> None:
        rows = hashes.rows
        self.rows.articles += rows.articles
        self.rows.versions += rows.versions
        self.rows.says += rows.says
        self.dead_letters += hashes.dead_letters
        self.links += hashes.links
        self.regrouped += hashes.regrouped
        self.regroupings += hashes.regroupings
        if hashes.groups:
            self._groups.append((file, np.concatenate(hashes.groups)))
        if file.table == "articles":
            self.article_files += 1
            self.kept += rows.articles
            self.kept_with_text += hashes.with_text
        if rows.versions:
            self._files.append(file)
            self._row_groups.append((file, np.concatenate(rows.articles), np.concatenate(hashes.groups)))
        if hashes.originals:
            self._originals.append((file, np.concatenate(hashes.originals)))

    def twice(self, layout: Layout) -> Iterator[Problem]:
        """Versions of articles that are there twice, in whatever tables and runs."""
        versions = np.sort(_concatenated(self.rows.versions))
        twice = np.unique(versions[1:][versions[1:] == versions[:-1]])
        if len(twice):
            yield from self._twice(layout, twice)

    def without_article(self, layout: Layout) -> Iterator[Problem]:
        """Duplicates of articles that aren't there, groups named for none, and articles that are in two groups."""
        articles = np.unique(_concatenated(self.kept))
        for file, originals in self._originals:
            unknown = np.flatnonzero(~_is_among(originals, articles))
            if len(unknown):
                name = _value(layout, file, "duplicate_of", unknown[0])
                yield _problem(
                    layout, file, f"{len(unknown)} rows are duplicates of no article: {name} is one"
                )
        written = np.unique(_concatenated(self.rows.articles))
        for file, groups in self._groups:
            unknown = np.flatnonzero(~_is_among(groups, written))
            if len(unknown):
                name = _value(layout, file, "group_id", unknown[0])
                yield _problem(
                    layout, file, f"{len(unknown)} rows are of a group that no article names: {name} is one"
                )
        if np.any(~_is_among(_concatenated(self.regrouped), written)):
            yield Problem(layout.table_dir("regrouped"), "regroups articles that stand in no table")
        sequences = np.sort(_concatenated(self.regroupings))
        if np.any(sequences[1:] == sequences[:-1]):
            yield Problem(layout.table_dir("regrouped"), "has regroupings twice")
        yield from self._two_groups(layout)

    def _two_groups(self, layout: Layout) -> Iterator[Problem]:
        of_article = _concatenated([articles for _, articles, _ in self._row_groups])
        of_group = _concatenated([groups for _, _, groups in self._row_groups])
        order = np.argsort(of_article, kind="stable")
        of_article, of_group = of_article[order], of_group[order]
        differ = (of_article[1:] == of_article[:-1]) & (of_group[1:] != of_group[:-1])
        # An article that was regrouped goes by its old group in what was written before.
        torn = np.setdiff1d(of_article[1:][differ], _concatenated(self.regrouped))
        if not len(torn):
            return
        for file, articles, _ in reversed(self._row_groups):
            rows = np.flatnonzero(_is_among(articles, torn))
            if len(rows):
                name = _value(layout, file, "article_id", rows[0])
                yield _problem(
                    layout, file, f"{len(torn)} articles have versions of more than one group: {name} is one"
                )
                return

    def _twice(self, layout: Layout, twice: _Hashes) -> Iterator[Problem]:
        first: dict[tuple[str, int], str] = {}
        for file in self._files:
            path = layout.path(file.target)
            again: dict[str, list[tuple[str, int]]] = defaultdict(list)
            with _open_parquet(path) as parquet:
                for batch in parquet.iter_batches(_BATCH_ROWS, columns=["article_id", "version"]):
                    ids, versions = batch.column("article_id"), batch.column("version")
                    rows = np.flatnonzero(_is_among(_with_version(_hashes(ids), versions), twice))
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


class _IndexKeys:
    """What is compared of the indexes, as 64-bit numbers."""

    def __init__(self) -> None:
        self.rows = _Rows()
        self.fingerprints: list[_Hashes] = []
        self.links: list[_Hashes] = []
        self.regroupings: list[_Hashes] = []
        #: Index name -> its keys, and for those that name an article, the articles.
        self.keys: dict[str, list[_Hashes]] = defaultdict(list)
        self.articles: dict[str, list[_Hashes]] = defaultdict(list)

    def add(self, name: str, batch: pa.RecordBatch) -> None:
        keys = _key_hashes(batch.column("key"))
        if name == "articles":
            self.rows.articles.append(keys)
            self.rows.versions.append(_with_version(keys, batch.column("version")))
            contents, groups = (_key_hashes(batch.column(column)) for column in ("content_hash", "group_id"))
            kept = np.asarray(batch.column("kept"))
            self.rows.says.append(_said(contents, groups, batch.column("moment_us"), kept))
        elif name == "fingerprints":
            self.fingerprints.append(_with_version(keys, batch.column("version")))
        elif name == "links":
            self.links.append(_linked(keys, _key_hashes(batch.column("other_id"))))
        elif name == "regrouped":
            groups = _key_hashes(batch.column("group_id"))
            self.regroupings.append(_linked(_with_version(keys, batch.column("sequence")), groups))
        elif name in INDEXES:
            self.keys[name].append(keys)
            if "article_id" in batch.schema.names:
                self.articles[name].append(_key_hashes(batch.column("article_id")))


def _index_against_tables(layout: Layout, keys: _Keys, index: _IndexKeys) -> Iterator[Problem]:
    """Whether the indexes know what stands in the tables, and nothing else."""
    versions, known = _concatenated(keys.rows.versions), _concatenated(index.rows.versions)
    texts = np.unique(_concatenated(keys.kept_with_text))
    articles = np.unique(_concatenated(keys.rows.articles))
    letters = np.unique(_concatenated(keys.dead_letters))
    named, contents = (np.unique(_concatenated(index.articles[name])) for name in ("identities", "contents"))
    compared = (
        ("articles", "versions of articles", versions, known),
        ("identities", "articles", articles, named),
        ("contents", "articles that were kept", texts, contents),
        ("dead_letters", "dead letters", letters, np.unique(_concatenated(index.keys["dead_letters"]))),
        ("links", "near-duplicates", _concatenated(keys.links), _concatenated(index.links)),
        ("regrouped", "regroupings", _concatenated(keys.regroupings), _concatenated(index.regroupings)),
    )
    for name, things, there, remembered in compared:
        lacking = int(np.count_nonzero(~np.isin(there, remembered)))
        strange = int(np.count_nonzero(~np.isin(remembered, there)))
        if lacking:
            yield Problem(layout.index_dir(name), f"lacks {lacking} {things} that stand in the tables")
        if strange:
            yield Problem(layout.index_dir(name), f"knows {strange} {things} that stand in no table")
    strange = int(np.count_nonzero(~np.isin(_concatenated(index.fingerprints), versions)))
    if strange:
        yield Problem(
            layout.index_dir("fingerprints"),
            f"knows {strange} versions of articles that stand in no table",
        )
    # Every version has an item of its own; an item can't be told from the tables without its hash's recipe.
    items = len(np.unique(_concatenated(index.keys["items"])))
    if items < len(versions):
        yield Problem(
            layout.index_dir("items"), f"has {items} items for {len(versions)} versions of articles"
        )
    if len(known) != len(np.unique(known)):
        yield Problem(layout.index_dir("articles"), "has versions of articles twice")
    else:
        yield from _said_otherwise(layout, keys.rows, index.rows)


def _said_otherwise(layout: Layout, tables: _Rows, index: _Rows) -> Iterator[Problem]:
    there, said = _by_version(tables)
    known, remembered = _by_version(index)
    _, in_tables, in_index = np.intersect1d(there, known, assume_unique=True, return_indices=True)
    different = int(np.count_nonzero(said[in_tables] != remembered[in_index]))
    if different:
        yield Problem(
            layout.index_dir("articles"),
            f"says other than the tables of {different} versions: kept or not, group, content or time",
        )


def _by_version(rows: _Rows) -> tuple[_Hashes, _Hashes]:
    return _concatenated(rows.versions), _concatenated(rows.says)


def _letter_keys(batch: pa.RecordBatch, partition: dict[str, str]) -> _Hashes:
    """The keys by which the dead letters of a batch are known again."""
    fields = {field.name for field in dataclasses.fields(DeadLetter)}
    keys = []
    for row in batch.to_pylist():
        row |= partition
        letter = DeadLetter(**{name: value for name, value in row.items() if name in fields})
        keys.append(hash_key(dead_letter_key(letter)))
    return _mixed(np.frombuffer(b"".join(keys), dtype="<u8"))


def _problem(layout: Layout, file: StagedFile, message: str) -> Problem:
    return Problem(layout.path(file.target), message)


def _value(layout: Layout, file: StagedFile, column: str, row: np.int64) -> str:
    with _open_parquet(layout.path(file.target)) as parquet:
        return str(parquet.read([column]).column(0)[int(row)].as_py())


#: Hex digit, as a byte -> its value.
_DIGITS = np.zeros(256, dtype=np.uint8)
_DIGITS[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16, dtype=np.uint8)

_HASH_LENGTH = 34


def _hashes(column: pa.Array) -> _Hashes:
    """Numbers for a column of hashes as they stand in the tables: "a1" and 32 hex digits, each checked to be so."""
    if not len(column):
        return np.empty(0, dtype=np.uint64)
    text = np.frombuffer(
        column.buffers()[2],
        dtype=np.uint8,
        count=len(column) * _HASH_LENGTH,
        offset=int(np.frombuffer(column.buffers()[1], dtype="<i4")[column.offset]),
    ).reshape(-1, _HASH_LENGTH)[:, 2:]
    digits = _DIGITS[text]
    return _mixed(np.ascontiguousarray(digits[:, ::2] << 4 | digits[:, 1::2]).reshape(-1).view("<u8"))


def _key_hashes(column: pa.Array) -> _Hashes:
    """The same numbers for a column of an index, which holds the 16 bytes of each hash."""
    if not len(column):
        return np.empty(0, dtype=np.uint64)
    return _mixed(
        np.frombuffer(column.buffers()[1], dtype="<u8", count=len(column) * 2, offset=column.offset * 16)
    )


def _mixed(halves: npt.NDArray[Any]) -> _Hashes:
    """One number for each two."""
    mixed: _Hashes = halves[::2].astype(np.uint64) * _ODD ^ _spread(halves[1::2].astype(np.uint64))
    return _spread(mixed)


_ODD = np.uint64(0x9E3779B97F4A7C15)


def _spread(values: _Hashes) -> _Hashes:
    # SplitMix64's finalizer: different values differ in many bits. Unsigned arithmetic wraps.
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: _Hashes = values ^ (values >> np.uint64(31))
    return spread


def _with_version(articles: _Hashes, versions: pa.Array) -> _Hashes:
    mixed: _Hashes = articles ^ versions.to_numpy(zero_copy_only=False).astype(np.uint64) * _ODD
    return mixed


def _linked(ones: _Hashes, others: _Hashes) -> _Hashes:
    """One number for each pair, another one for the pair the other way round."""
    mixed: _Hashes = _spread(ones + _ODD) ^ others
    return mixed


def _said(contents: _Hashes, groups: _Hashes, moments_us: pa.Array, kept: npt.NDArray[np.bool_]) -> _Hashes:
    """One number for what the index of articles repeats of a row; moments may be null."""
    # No moment is so early: years begin at 1.
    moments = pc.fill_null(moments_us, np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)
    said = _spread(contents + _ODD) ^ groups
    said = _spread(said) ^ moments.astype(np.int64).view(np.uint64)
    result: _Hashes = _spread(said) ^ kept.astype(np.uint64)
    return result


def _is_among(values: _Hashes, held: _Hashes) -> npt.NDArray[np.bool_]:
    """Which of some values are held; what is held is sorted. np.isin would go through all of it for each file."""
    if not len(held):
        return np.zeros(len(values), dtype=np.bool_)
    places = np.searchsorted(held, values)
    places[places == len(held)] = 0
    among: npt.NDArray[np.bool_] = held[places] == values
    return among


def _concatenated(parts: list[_Hashes]) -> _Hashes:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)
