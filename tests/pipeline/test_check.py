"""What `check` proves of an OUT: a sound one is clean, and every single thing that can be wrong is named."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipeline import files
from pipeline.store.check import check_output, find_problems
from pipeline.store.commit import commit, recover
from pipeline.store.hashes import hash_bytes
from pipeline.store.layout import Layout, parse_partition, staging_name, table_of
from pipeline.store.manifest import decode_manifest, encode_manifest, read_manifest
from schemas.errors import RunError
from schemas.index import INDEXES
from schemas.records import SCHEMA_VERSION, Article, DeadLetter, Entity, Origin
from schemas.state import Counts, FeedState, Manifest, StagedFile
from schemas.tables import DUPLICATES, FEEDS, articles_table, dead_letters_table, file_schema
from transforms.functions.identity import dead_letter_key, hash_key

NOW = dt.datetime(2022, 3, 30, 19, 16, 57, tzinfo=dt.timezone.utc)
NEXT_DAY = NOW + dt.timedelta(days=1)
ATTEMPT = "a"

#: Of the run r1.
ARTICLES = "articles/date=2022-03-30/r1-00000.parquet"
LATER = "articles/date=2022-03-31/r1-00000.parquet"
DUPLICATE = "duplicates/date=2022-03-30/r1-00000.parquet"
DEAD = "dead_letters/stage=parse/r1-00000.parquet"
INDEX = "_index/articles/r1.parquet"
FEED = "_feeds/r1.parquet"

#: Of the run r2, which replaces the index.
SECOND = "articles/date=2022-03-30/r2-00000.parquet"
SECOND_INDEX = "_index/articles/r2.parquet"


def article(number: int, run_id: str = "r1", **fields: object) -> Article:
    """A made-up article whose id is told by a number."""
    values = {
        "article_id": f"a1{number:032x}",
        "text": f"Made-up text {number}.",
        "content_hash": f"c1{number:032x}",
        "group_id": f"a1{1 if number == 6 else number:032x}",
        "time_quality": "missing",
        "ingested_at": NOW,
        "origin": Origin("jsonl", "made-up.jsonl", position=number),
        "run_id": run_id,
        "word_count": 3,
    }
    return Article(**(values | fields))  # type: ignore[arg-type]


def duplicate_rows(articles: Sequence[Article], originals: Sequence[str]) -> pa.Table:
    """Rows of the duplicates table."""
    table = articles_table(articles).append_column(
        DUPLICATES.field("duplicate_of"), pa.array(originals, pa.string())
    )
    for name, value in (("duplicate_reason", "content"), ("similarity", 1.0), ("containment", 1.0)):
        field = DUPLICATES.field(name)
        table = table.append_column(field, pa.array([value] * len(articles), field.type))
    return table


def index_tables(
    run_id: str, kept: Sequence[Article], aside: Sequence[Article] = (), letters: Sequence[DeadLetter] = ()
) -> dict[str, pa.Table]:
    """What a run adds to the indexes for these rows, by target. What names an article is its own id here."""
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in INDEXES}
    for one in (*kept, *aside):
        key, content, group = (
            hash_key(hashed) for hashed in (one.article_id, one.content_hash, one.group_id)
        )
        moment = one.published_at or one.updated_at
        moment_us = None if moment is None else round(moment.timestamp() * 1_000_000)
        rows["items"].append((hash_key(hash_bytes(key + bytes([one.version]))),))
        rows["identities"].append((key, key))
        rows["articles"].append(
            (key, one.version, content, content, content, group, None, moment_us, one not in aside)
        )
        if one not in aside:
            rows["contents"].append((content, key))
        rows["fingerprints"].append((key, one.version, 0, b"", b"", 0))
    rows["dead_letters"] = [(hash_key(dead_letter_key(letter)),) for letter in letters]
    return {
        f"_index/{name}/{run_id}.parquet": index_table(name, members)
        for name, members in rows.items()
        if members
    }


def index_table(name: str, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Rows of an index, in order."""
    fields = INDEXES[name].names
    members = [dict(zip(fields, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(members, schema=INDEXES[name])
    return table.sort_by([(field, "ascending") for field in fields if field in ("key", "version")])


def parquet_bytes(table: pa.Table, target: str) -> bytes:
    """A table as the file of that name, without the columns that stand in the path."""
    kept = [name for name in table.column_names if name not in dict(parse_partition(target))]
    buffer = io.BytesIO()
    pq.write_table(table.select(kept), buffer, compression="zstd", row_group_size=2, write_page_checksum=True)
    return buffer.getvalue()


def commit_run(
    layout: Layout, run_id: str, tables: dict[str, pa.Table], counts: Counts, removed: tuple[str, ...] = ()
) -> Manifest:
    """Stages tables under their targets' names and commits them as one run."""
    manifest = stage_run(layout, run_id, tables, counts, removed)
    commit(layout, manifest, ATTEMPT, frozenset({"r1"} - {run_id}))
    return manifest


def stage_run(
    layout: Layout, run_id: str, tables: dict[str, pa.Table], counts: Counts, removed: tuple[str, ...] = ()
) -> Manifest:
    """The manifest of a run whose files are staged."""
    staged: list[StagedFile] = []
    for target, table in tables.items():
        name = f"{staging_name(run_id, ATTEMPT)}/{len(staged)}.parquet"
        data = parquet_bytes(table, target)
        files.write_bytes(layout.path(name), data)
        staged.append(StagedFile(name, target, str(table_of(target)), table.num_rows, len(data)))
    return Manifest(run_id, SCHEMA_VERSION, NOW, NOW, {}, {}, counts, tuple(staged), removed)


FIRST_DAY = [
    article(1, authors=("Ann Example",), entities=(Entity("Made Up", "PERSON", 1, 0),)),
    article(2),
    article(3, published_at=NOW),
]
SECOND_DAY = [article(4, published_at=NEXT_DAY), article(5, updated_at=NEXT_DAY)]
SET_ASIDE = [article(6)]
EDITED = article(1, "r2", version=2, supersedes=1)
LETTER = DeadLetter("parse", "no-body", "made up", "made-up.txt", NOW, "r1", payload=b"x", payload_bytes=1)


def first_tables() -> dict[str, pa.Table]:
    """What the first run writes."""
    return {
        ARTICLES: articles_table(FIRST_DAY),
        LATER: articles_table(SECOND_DAY),
        DUPLICATE: duplicate_rows(SET_ASIDE, [article(1).article_id]),
        DEAD: dead_letters_table([LETTER], SCHEMA_VERSION),
        **index_tables("r1", FIRST_DAY + SECOND_DAY, SET_ASIDE, [LETTER]),
        FEED: pa.Table.from_pylist(
            [dataclasses.asdict(FeedState("https://news.example/feed"))], schema=FEEDS
        ),
    }


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the disk, which is no part of these tests."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A sound OUT with two runs."""
    layout = Layout(str(tmp_path / "out"))
    commit_run(layout, "r1", first_tables(), Counts(10, 5, 1, 2, 2, 1))
    merged = index_tables("r2", [EDITED, *FIRST_DAY, *SECOND_DAY], SET_ASIDE)[SECOND_INDEX]
    second = {SECOND: articles_table([EDITED]), **index_tables("r2", [EDITED]), SECOND_INDEX: merged}
    commit_run(layout, "r2", second, Counts(1, 1), removed=(INDEX,))
    return layout


def found(layout: Layout) -> list[tuple[str, str]]:
    """The problems that are none but notes, by name in OUT."""
    return [
        (layout.relative(problem.path), problem.message)
        for problem in check_output(layout)
        if not problem.is_note
    ]


def edit_manifest(layout: Layout, run_id: str, **changes: object) -> None:
    """Changes fields of a committed manifest."""
    manifest = dataclasses.replace(read_manifest(layout, run_id), **changes)  # type: ignore[arg-type]
    files.write_bytes(layout.manifest_path(run_id), encode_manifest(manifest))


def replace_file(layout: Layout, target: str, data: bytes, rows: int | None = None) -> None:
    """Puts other bytes in a file's place and lists their size, and other rows where given."""
    files.write_bytes(layout.path(target), data)
    for run_id in ("r1", "r2"):
        listed = read_manifest(layout, run_id).files
        edited = tuple(
            dataclasses.replace(
                file,
                bytes=len(data),
                hash=hash_bytes(data),
                rows=file.rows if rows is None else rows,
            )
            if file.target == target
            else file
            for file in listed
        )
        edit_manifest(layout, run_id, files=edited)


def edit_rows(layout: Layout, target: str, edit: Callable[[pa.Table], pa.Table]) -> None:
    """Rewrites a file with other rows, and lists it as rightly as before."""
    table = edit(pq.ParquetFile(layout.path(target)).read())
    replace_file(layout, target, parquet_bytes(table, target), table.num_rows)


def with_column(table: pa.Table, name: str, values: Sequence[object]) -> pa.Table:
    """The table with other values in one column."""
    field = table.schema.field(name)
    return table.set_column(table.schema.get_field_index(name), field, pa.array(values, type=field.type))


def test_a_sound_output_is_clean(layout: Layout) -> None:
    """Nothing is wrong with it and there is nothing to note; checking changes nothing."""
    before = files.list_files(layout.output)
    assert check_output(layout) == []
    assert files.list_files(layout.output) == before


def test_an_output_without_rows_is_clean(tmp_path: Path) -> None:
    """A run that kept nothing, and one whose tables have a file without rows."""
    layout = Layout(str(tmp_path / "out"))
    commit_run(layout, "r1", {ARTICLES: articles_table([]), DUPLICATE: duplicate_rows([], [])}, Counts())
    assert check_output(layout) == []
    commit_run(layout, "r2", {}, Counts(read=1, unchanged=1))
    assert check_output(layout) == []


def test_a_folder_with_nothing_in_it_is_not_sound(tmp_path: Path) -> None:
    """Most likely its name is mistyped."""
    for folder in (tmp_path, tmp_path / "no-such"):
        assert [problem.is_note for problem in check_output(Layout(str(folder)))] == [False]


FILE_FAULTS: dict[str, tuple[Callable[[Layout], object], str, str]] = {
    "missing": (lambda out: files.delete([out.path(LATER)]), LATER, "is missing: run r1"),
    "cut": (
        lambda out: files.write_bytes(out.path(LATER), files.read_bytes(out.path(LATER))[:-9]),
        LATER,
        "bytes, run r1 wrote",
    ),
    "unlisted": (
        lambda out: files.write_bytes(out.path("articles/date=2022-03-30/x.parquet"), b"x"),
        "articles/date=2022-03-30/x.parquet",
        "no run lists it",
    ),
    "unlisted index": (
        lambda out: files.write_bytes(out.path("_index/articles/x.parquet"), b"x"),
        "_index/articles/x.parquet",
        "no run lists it",
    ),
    "unlisted feed": (
        lambda out: files.write_bytes(out.path("_feeds/x.parquet"), b"x"),
        "_feeds/x.parquet",
        "no run lists it",
    ),
    "not removed": (lambda out: files.write_bytes(out.path(INDEX), b"x"), INDEX, "run r2 replaced it"),
    "torn": (
        lambda out: replace_file(out, LATER, files.read_bytes(out.path(LATER))[:-9]),
        LATER,
        "can't be read",
    ),
    "empty": (lambda out: replace_file(out, FEED, b""), FEED, "can't be read"),
    "fewer rows than listed": (
        lambda out: replace_file(out, SECOND_INDEX, files.read_bytes(out.path(SECOND_INDEX)), 8),
        SECOND_INDEX,
        "has 7 rows, its manifest lists 8",
    ),
    "index not sorted": (
        lambda out: edit_rows(out, SECOND_INDEX, lambda table: table.take([2, 0, 1, 3, 4, 5, 6])),
        SECOND_INDEX,
        "is not sorted by key",
    ),
    "index of another schema": (
        lambda out: edit_rows(out, SECOND_INDEX, lambda table: table.drop_columns(["group_id"])),
        SECOND_INDEX,
        "another schema than index articles: no group_id",
    ),
    "feeds of another schema": (
        lambda out: edit_rows(out, FEED, lambda table: table.drop_columns(["etag"])),
        FEED,
        "another schema than feeds: no etag",
    ),
    "column missing": (
        lambda out: edit_rows(out, LATER, lambda table: table.drop_columns(["byline", "tags"])),
        LATER,
        "another schema than articles: no byline, tags",
    ),
    "column too many": (
        lambda out: edit_rows(out, LATER, lambda table: table.append_column("mood", pa.array(["a", "b"]))),
        LATER,
        "unknown mood",
    ),
    "column of another type": (
        lambda out: edit_rows(
            out, LATER, lambda table: table.set_column(1, "version", table["version"].cast(pa.int64()))
        ),
        LATER,
        "version is int64, not int32 not null",
    ),
    "columns in another order": (
        lambda out: edit_rows(out, LATER, lambda table: table.select(table.column_names[::-1])),
        LATER,
        "in another order",
    ),
    "required column may be null": (
        lambda out: edit_rows(
            out,
            LATER,
            lambda table: table.set_column(0, pa.field("article_id", pa.string()), table["article_id"]),
        ),
        LATER,
        "article_id is string, not string not null",
    ),
    "null author": (
        lambda out: edit_rows(out, LATER, lambda table: with_column(table, "authors", [[], ["A", None]])),
        LATER,
        "1 rows have a null inside authors",
    ),
    "another run's rows": (
        lambda out: edit_rows(out, ARTICLES, lambda table: with_column(table, "run_id", ["r1", "r2", "r2"])),
        ARTICLES,
        "2 rows are not of run r1",
    ),
    "another schema's rows": (
        lambda out: edit_rows(out, ARTICLES, lambda table: with_column(table, "schema_version", [1, 1, 7])),
        ARTICLES,
        "1 rows are not of schema version",
    ),
    "another day": (
        lambda out: edit_rows(out, LATER, lambda table: with_column(table, "updated_at", [None, NOW])),
        LATER,
        "1 rows belong to another date",
    ),
    "version 0": (
        lambda out: edit_rows(out, LATER, lambda table: with_column(table, "version", [0, 1])),
        LATER,
        "1 rows have a version below 1",
    ),
    "a version twice in a file": (
        lambda out: edit_rows(
            out, LATER, lambda table: with_column(table, "article_id", [article(4).article_id] * 2)
        ),
        LATER,
        f"1 rows are there already, in the same file: article {article(4).article_id}, version 1",
    ),
    "a version twice in two tables": (
        lambda out: edit_rows(
            out, DUPLICATE, lambda table: with_column(table, "article_id", [article(5).article_id])
        ),
        DUPLICATE,
        f"{LATER}: article {article(5).article_id}, version 1",
    ),
    "a version twice in two runs": (
        lambda out: edit_rows(
            out, SECOND, lambda table: with_column(with_column(table, "version", [1]), "supersedes", [None])
        ),
        SECOND,
        f"{ARTICLES}: article {article(1).article_id}, version 1",
    ),
    "duplicate of nothing": (
        lambda out: edit_rows(
            out, DUPLICATE, lambda table: with_column(table, "duplicate_of", [article(6).article_id])
        ),
        DUPLICATE,
        f"1 rows are duplicates of no article: {article(6).article_id}",
    ),
    "duplicate of a duplicate's text": (
        lambda out: edit_rows(
            out, DUPLICATE, lambda table: with_column(table, "duplicate_of", ["a1" + "f" * 32])
        ),
        DUPLICATE,
        "1 rows are duplicates of no article: a1f",
    ),
    "group of nothing": (
        lambda out: edit_rows(
            out, LATER, lambda table: with_column(table, "group_id", [article(4).article_id, "a1" + "f" * 32])
        ),
        LATER,
        "1 rows are of a group that no article names: a1f",
    ),
    "versions of two groups": (
        lambda out: edit_rows(
            out, SECOND, lambda table: with_column(table, "group_id", [article(2).article_id])
        ),
        SECOND,
        f"1 articles have versions of more than one group: {article(1).article_id}",
    ),
    "supersedes nothing": (
        lambda out: edit_rows(out, SECOND, lambda table: with_column(table, "supersedes", [None])),
        SECOND,
        "1 rows do not supersede the version before theirs",
    ),
    "first version supersedes": (
        lambda out: edit_rows(out, LATER, lambda table: with_column(table, "supersedes", [0, None])),
        LATER,
        "1 rows do not supersede the version before theirs",
    ),
    "id that is no hash": (
        lambda out: edit_rows(out, LATER, lambda table: with_column(table, "article_id", ["a", "b"])),
        LATER,
        "2 rows have no hash as article_id",
    ),
    "manifest broken": (
        lambda out: files.write_bytes(out.manifest_path("r3"), b"{"),
        "_runs/r3.json",
        "manifest",
    ),
    "manifest of another run": (
        lambda out: files.write_bytes(out.manifest_path("r3"), files.read_bytes(out.manifest_path("r2"))),
        "_runs/r3.json",
        "of run r2",
    ),
    "manifest of another schema version": (
        lambda out: files.write_bytes(
            out.manifest_path("r3"),
            encode_manifest(Manifest("r3", 99, NOW, NOW, {}, {}, Counts(), ())),
        ),
        "_runs/r3.json",
        "schema version 99",
    ),
    "items lost": (
        lambda out: edit_manifest(out, "r1", counts=Counts(11, 5, 1, 2, 2, 1)),
        "_runs/r1.json",
        "read 11 is not kept 5 + duplicate 1 + unchanged 2 + dead letter 2",
    ),
    "kept miscounted": (
        lambda out: edit_manifest(out, "r1", counts=Counts(10, 4, 1, 3, 2, 1)),
        "_runs/r1.json",
        "counts 4 rows of articles, its files have 5",
    ),
    "duplicates miscounted": (
        lambda out: edit_manifest(out, "r1", counts=Counts(10, 5, 2, 1, 2, 1)),
        "_runs/r1.json",
        "counts 2 rows of duplicates, its files have 1",
    ),
    "dead letters miscounted": (
        lambda out: edit_manifest(out, "r1", counts=Counts(10, 5, 1, 2, 2, 0)),
        "_runs/r1.json",
        "counts 2 rows of dead_letters, its files have 1",
    ),
}


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_every_fault_is_named(layout: Layout, fault: str) -> None:
    """One thing is made wrong, and one problem says where and what."""
    make, name, message = FILE_FAULTS[fault]
    make(layout)
    problems = found(layout)
    assert {path for path, _ in problems} == {name}
    assert message in problems[0][1]


def test_a_flipped_bit_is_found(layout: Layout) -> None:
    """Without hashes, as in manifests from before there were any: every byte of the data pages is read."""
    for run_id in ("r1", "r2"):
        listed = read_manifest(layout, run_id).files
        edit_manifest(layout, run_id, files=tuple(dataclasses.replace(file, hash=None) for file in listed))
    assert found(layout) == []
    data = bytearray(files.read_bytes(layout.path(ARTICLES)))
    column = pq.ParquetFile(layout.path(ARTICLES)).metadata.row_group(0).column(0)
    data[column.data_page_offset + column.total_compressed_size - 2] ^= 1
    files.write_bytes(layout.path(ARTICLES), bytes(data))
    assert [name for name, message in found(layout) if "can't be read" in message] == [ARTICLES]


def test_duplicates_are_not_blamed_for_a_missing_file(layout: Layout) -> None:
    """What they duplicate was in it: one fault, one problem."""
    files.delete([layout.path(ARTICLES)])
    assert [name for name, _ in found(layout)] == [ARTICLES]


def test_two_runs_that_list_one_file_are_named(layout: Layout) -> None:
    """Neither of them can say that the rows are its own."""
    copy = dataclasses.replace(
        read_manifest(layout, "r1"),
        run_id="r3",
        files=tuple(file for file in read_manifest(layout, "r1").files if file.target == DEAD),
        counts=Counts(read=1, dead_letter=1),
    )
    files.write_bytes(layout.manifest_path("r3"), encode_manifest(copy))
    assert (DEAD, "runs r1 and r3 both list it") in found(layout)


def test_a_table_with_two_partitionings_is_named(layout: Layout) -> None:
    """Polars can't open such a folder."""
    month = "articles/month=2022-04/r3-00000.parquet"
    april = NOW + dt.timedelta(days=30)
    made = article(9, "r3", updated_at=april)
    commit(
        layout,
        stage_run(layout, "r3", {month: articles_table([made]), **index_tables("r3", [made])}, Counts(1, 1)),
        ATTEMPT,
        frozenset({"r1", "r2"}),
    )
    assert found(layout) == [
        ("articles", "is partitioned in several ways: 3 files by date; 1 files by month")
    ]


@pytest.mark.parametrize(
    ("partition", "messages"),
    [
        ("month=2022-04", []),
        ("month=2022-04/language=en", []),
        ("month=2022-03", ["1 rows belong to another month"]),
        ("month=April", ["1 rows belong to another month"]),
        ("year=2022", ["lies in no partition of articles"]),
    ],
)
def test_other_partitions(tmp_path: Path, partition: str, messages: list[str]) -> None:
    """A month is proved as a day is; a language is in no file then; a key that we don't write is a fault."""
    layout = Layout(str(tmp_path))
    first_of_april = dt.datetime(2022, 4, 1, tzinfo=dt.timezone.utc)
    made = [article(1, published_at=first_of_april, language="en")]
    tables = {f"articles/{partition}/r1-0.parquet": articles_table(made), **index_tables("r1", made)}
    commit_run(layout, "r1", tables, Counts(1, 1))
    assert [message for _, message in found(layout)] == messages


def test_times_before_1970_have_their_day(tmp_path: Path) -> None:
    """Archives go back further than the clock of computers."""
    layout = Layout(str(tmp_path))
    moment = dt.datetime(1963, 11, 22, 23, 59, 59, 999999, tzinfo=dt.timezone.utc)
    made = [article(1, published_at=moment)]
    tables = {"articles/date=1963-11-22/r1-0.parquet": articles_table(made), **index_tables("r1", made)}
    commit_run(layout, "r1", tables, Counts(1, 1))
    assert check_output(layout) == []


def test_what_an_interrupted_run_leaves_is_a_note(layout: Layout) -> None:
    """It is no fault: the next start deletes it or completes it, and then there is nothing left to note."""
    stage_run(layout, "r3", first_tables(), Counts())
    assert [(problem.path, problem.is_note) for problem in check_output(layout)] == [
        (layout.run_staging_dir("r3"), True)
    ]
    target = "articles/date=2022-03-30/r4-00000.parquet"
    made = article(9, "r4")
    tables = {target: articles_table([made]), **index_tables("r4", [made])}
    tables["_index/articles/r4.parquet"] = index_tables(
        "r4", [EDITED, *FIRST_DAY, *SECOND_DAY, made], SET_ASIDE
    )["_index/articles/r4.parquet"]
    manifest = stage_run(layout, "r4", tables, Counts(1, 1), (SECOND_INDEX,))
    files.write_bytes(layout.journal_path("r4"), encode_manifest(manifest))
    for _ in ("decided", "moved"):
        problems = check_output(layout)
        assert [(layout.relative(problem.path), problem.is_note) for problem in problems] == [
            ("_staging/r3", True),
            ("_staging/r4", True),
        ]
        assert "completes" in problems[1].message
        files.move(layout.path(manifest.files[0].staged), layout.path(target))
    recover(layout)
    assert check_output(layout) == []


@pytest.mark.parametrize("decided", [False, True])
def test_a_commit_meanwhile_is_a_note(layout: Layout, decided: bool) -> None:
    """A stream commits every few seconds: what it replaces and adds while it is looked at is no fault of anybody's."""
    made = article(9, "r4")
    tables = {
        "articles/date=2022-03-30/r4-00000.parquet": articles_table([made]),
        **index_tables("r4", [made]),
    }
    tables["_index/articles/r4.parquet"] = index_tables(
        "r4", [EDITED, *FIRST_DAY, *SECOND_DAY, made], SET_ASIDE
    )["_index/articles/r4.parquet"]
    manifest = stage_run(layout, "r4", tables, Counts(1, 1), (SECOND_INDEX,))
    if decided:
        files.write_bytes(layout.journal_path("r4"), encode_manifest(manifest))
    looking = find_problems(layout)
    assert next(looking).is_note
    files.write_bytes(layout.journal_path("r4"), encode_manifest(manifest))
    recover(layout)
    rest = list(looking)
    assert [problem.message for problem in rest if not problem.is_note] == []
    assert check_output(layout) == []


def test_a_commit_meanwhile_hides_no_fault_of_others(layout: Layout) -> None:
    """What it doesn't touch is looked at as ever."""
    files.write_bytes(layout.path(LATER), b"")
    manifest = stage_run(
        layout, "r4", {"_feeds/r4.parquet": first_tables()[FEED]}, Counts(1, unchanged=1), ()
    )
    looking = find_problems(layout)
    assert next(looking).is_note
    files.write_bytes(layout.journal_path("r4"), encode_manifest(manifest))
    recover(layout)
    assert LATER in [layout.relative(problem.path) for problem in looking if not problem.is_note]


def test_a_broken_journal_is_a_problem(layout: Layout) -> None:
    """The next start can't complete it."""
    files.write_bytes(layout.journal_path("r3"), b"{")
    assert [name for name, _ in found(layout)] == ["_staging/r3/commit.json"]


@pytest.mark.parametrize("name", [".DS_Store", "_SUCCESS", "date=2022-03-30/.r1-00000.parquet.crc"])
def test_files_that_every_reader_skips_are_a_note(layout: Layout, name: str) -> None:
    """Desktops and other engines leave them."""
    files.write_bytes(layout.path(f"articles/{name}"), b"x")
    assert [problem.is_note for problem in check_output(layout)] == [True]


@pytest.mark.parametrize("target", [ARTICLES, DUPLICATE, DEAD, SECOND_INDEX, FEED])
def test_any_damaged_byte_is_found(layout: Layout, target: str) -> None:
    """In footers, statistics and padding too, where no reader would stumble."""
    data = files.read_bytes(layout.path(target))
    for place in range(0, len(data), max(1, len(data) // 12)):
        damaged = bytearray(data)
        damaged[place] ^= 0x40
        files.write_bytes(layout.path(target), bytes(damaged))
        assert [(name, "is damaged" in message) for name, message in found(layout)] == [(target, True)]


def test_any_damaged_byte_of_a_manifest_is_found(layout: Layout) -> None:
    """Its checksum is over all of it, and can't be taken away with it."""
    path = layout.manifest_path("r2")
    data = files.read_bytes(path)
    decode_manifest(data, path)
    for place in range(len(data)):
        for bit in (0x01, 0x40, 0x80):
            damaged = bytearray(data)
            damaged[place] ^= bit
            with pytest.raises(RunError):
                decode_manifest(bytes(damaged), path)
    files.write_bytes(path, data.replace(b'"kept": 1', b'"kept": 2'))
    assert ("_runs/r2.json", f"{path}: damaged: this is not what was written there") in found(layout)


def edit_index(layout: Layout, name: str, edit: Callable[[pa.Table], pa.Table], run_id: str = "r1") -> None:
    """Rewrites a segment of an index, and lists it as rightly as before."""
    edit_rows(layout, f"_index/{name}/{run_id}.parquet", edit)


def without(number: int) -> Callable[[pa.Table], pa.Table]:
    """Takes the rows of one made-up article out of an index."""
    key = hash_key(article(number).article_id)

    def edit(table: pa.Table) -> pa.Table:
        column = "article_id" if "article_id" in table.column_names else "key"
        return table.filter(pc.not_equal(table[column], pa.scalar(key, pa.binary(16))))

    return edit


def with_a_stranger(table: pa.Table) -> pa.Table:
    """Adds a row whose hashes nobody has, with the greatest key."""
    row = {
        name: b"\xff" * 16 if pa.types.is_fixed_size_binary(table.schema.field(name).type) else value
        for name, value in table.slice(0, 1).to_pylist()[0].items()
    }
    return pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)])


INDEX_FAULTS: dict[str, tuple[Callable[[Layout], None], str, str]] = {
    "version unknown": (
        lambda out: edit_index(out, "articles", without(6), "r2"),
        "articles",
        "lacks 1 versions",
    ),
    "strange version": (
        lambda out: edit_index(out, "articles", with_a_stranger, "r2"),
        "articles",
        "knows 1 versions",
    ),
    "version twice": (
        lambda out: edit_index(out, "articles", lambda table: table.take([0, 0, 1, 2, 3, 4, 5, 6]), "r2"),
        "articles",
        "versions of articles twice",
    ),
    "kept but set aside": (
        lambda out: edit_index(out, "articles", lambda table: with_column(table, "kept", [True] * 7), "r2"),
        "articles",
        "says other than the tables of 1 versions",
    ),
    "another time": (
        lambda out: edit_index(out, "articles", lambda table: with_column(table, "moment_us", [0] * 7), "r2"),
        "articles",
        "says other than the tables of 7 versions",
    ),
    "another group": (
        lambda out: edit_index(
            out, "articles", lambda table: with_column(table, "group_id", table["key"].to_pylist()), "r2"
        ),
        "articles",
        "says other than the tables of 1 versions",
    ),
    "another content": (
        lambda out: edit_index(
            out, "articles", lambda table: with_column(table, "content_hash", [b"x" * 16] * 7), "r2"
        ),
        "articles",
        "says other than the tables of 7 versions",
    ),
    "text unknown": (lambda out: edit_index(out, "contents", without(3)), "contents", "lacks 1 articles"),
    "strange text": (
        lambda out: edit_index(out, "contents", with_a_stranger),
        "contents",
        "knows 1 articles",
    ),
    "nameless": (lambda out: edit_index(out, "identities", without(6)), "identities", "lacks 1 articles"),
    "strange name": (
        lambda out: edit_index(out, "identities", with_a_stranger),
        "identities",
        "knows 1 articles",
    ),
    "strange fingerprint": (
        lambda out: edit_index(out, "fingerprints", with_a_stranger),
        "fingerprints",
        "knows 1 versions",
    ),
    "items lost": (
        lambda out: edit_index(out, "items", lambda table: table.slice(1)),
        "items",
        "has 6 items for 7 versions",
    ),
    "dead letter unknown": (
        lambda out: edit_index(out, "dead_letters", lambda table: table.slice(1)),
        "dead_letters",
        "lacks 1 dead letters",
    ),
    "strange dead letter": (
        lambda out: edit_index(out, "dead_letters", with_a_stranger),
        "dead_letters",
        "knows 1 dead letters",
    ),
}


@pytest.mark.parametrize("fault", INDEX_FAULTS)
def test_an_index_that_knows_other_than_the_tables_is_named(layout: Layout, fault: str) -> None:
    """The next run would take what is known for new, or what is new for known."""
    make, name, message = INDEX_FAULTS[fault]
    make(layout)
    ((path, said),) = found(layout)
    assert path == f"_index/{name}"
    assert message in said


@pytest.mark.parametrize("data", [b"\xff\xfe{}", b"[" * 100_000, b"", b"{}", b"null"])
def test_what_is_no_manifest_is_a_problem(layout: Layout, data: bytes) -> None:
    """Whatever it is, it ends no check."""
    files.write_bytes(layout.manifest_path("r3"), data)
    files.write_bytes(layout.journal_path("r4"), data)
    assert sorted(name for name, _ in found(layout)) == ["_runs/r3.json", "_staging/r4/commit.json"]


def test_the_files_of_this_test_are_those_of_the_product() -> None:
    """A schema that changed would make every other test here mean something else."""
    data = parquet_bytes(articles_table([article(1)]), ARTICLES)
    assert pq.ParquetFile(io.BytesIO(data)).schema_arrow.equals(file_schema("articles", ["date"]))
