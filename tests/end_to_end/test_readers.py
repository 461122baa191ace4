"""The tables as people open them: DuckDB, pandas, Polars and pyarrow, by folder and by pattern.

What each takes, found out here and held by these tests:

- pandas and pyarrow take a folder, no pattern. Partition keys come as categories (pandas) and strings
  (pyarrow).
- Polars takes both. By pattern it needs `hive_partitioning=True`, or the keys are missing without a word.
- DuckDB takes a pattern, no folder. Both read `date` as a date, and `month` as a string.
- None of them opens a table without a file; a file without rows in some partition is enough for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipeline.store.layout import Layout, partition_path
from schemas.records import Article, Entity, Origin
from schemas.tables import ARTICLES, articles_table, file_schema

INGESTED = dt.datetime(2022, 4, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
PUBLISHED = dt.datetime(2022, 3, 30, 23, 59, 59, 999999, tzinfo=dt.timezone.utc)
UPDATED = dt.datetime(2022, 3, 31, 0, 0, tzinfo=dt.timezone.utc)


def article(number: int, **fields: Any) -> Article:
    """A made-up article with nothing in it that isn't required."""
    values: dict[str, Any] = {
        "article_id": f"a1-{number}",
        "text": f"Made-up text {number}.",
        "content_hash": "c",
        "group_id": f"a1-{number}",
        "time_quality": "missing",
        "ingested_at": INGESTED,
        "origin": Origin("jsonl", "made-up.jsonl", position=number),
        "run_id": "r1",
        "word_count": 3,
    }
    return Article(**(values | fields))


#: One with everything, one updated only, one undated; in the files of the last two whole columns are null,
#: and lists are empty.
FULL = article(
    1,
    title="Ünïcode \U0001f600",
    published_at=PUBLISHED,
    updated_at=UPDATED,
    time_quality="exact",
    language="en",
    language_confidence=0.5,
    source_domain="news.example",
    authors=("Ann Example", "Bo Example"),
    entities=(Entity("Ann Example", "PERSON", 2, 0), Entity("Exampleland", "GPE", 1, 9, "XX")),
    tags=("a",),
)
UPDATED_ONLY = article(2, updated_at=UPDATED, language="no", source_domain="ex ample/é", entities=())
UNDATED = article(3, language="und")
ROWS = (FULL, UPDATED_ONLY, UNDATED)

DATES = {1: dt.date(2022, 3, 30), 2: dt.date(2022, 3, 31), 3: dt.date(2022, 4, 2)}


def day_of(row: Article) -> dt.date:
    """The UTC day that a row of this file is filed under: published, else updated, else ingested."""
    return DATES[row.origin.position]


PARTITIONINGS: dict[str, Callable[[Article], list[tuple[str, str]]]] = {
    "date": lambda row: [("date", day_of(row).isoformat())],
    "date,language": lambda row: [("date", day_of(row).isoformat()), ("language", row.language)],
    "date,source_domain": lambda row: [
        ("date", day_of(row).isoformat()),
        ("source_domain", row.source_domain or "unknown"),
    ],
    "month": lambda row: [("month", f"{day_of(row):%Y-%m}")],
    "month,language": lambda row: [("month", f"{day_of(row):%Y-%m}"), ("language", row.language)],
}


def write_output(folder: Path, rows: Sequence[Article], by: str) -> str:
    """Writes an OUT with the rows in `articles`, one file each, and what else lies there; returns OUT."""
    layout = Layout(str(folder))
    for number, row in enumerate(rows):
        write_file(layout, PARTITIONINGS[by](row), [row], number)
    for name in ("_runs/r1.json", "_lock", "_index/articles/r1.parquet", "_staging/r2/x/y.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"no table")
    return layout.output


def write_file(
    layout: Layout, partition: list[tuple[str, str]], rows: Sequence[Article], number: int
) -> None:
    """One file as the pipeline writes it."""
    table = articles_table(rows).select(file_schema("articles", [key for key, _ in partition]).names)
    folder = Path(layout.table_dir("articles"), partition_path(partition))
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / f"r1-{number:05d}.parquet", compression="zstd")


def sql(query: str) -> duckdb.DuckDBPyRelation:
    """What DuckDB answers."""
    relation = duckdb.sql(query)
    assert relation is not None
    return relation


def folder_of(output: str) -> str:
    """OUT/articles."""
    return f"{output}/articles"


def pattern_of(output: str) -> str:
    """OUT/articles/**/*.parquet."""
    return f"{output}/articles/**/*.parquet"


#: Every way that the README shows, to a list of rows as Python values, ordered by article_id.
READERS: dict[str, Callable[[str], list[dict[str, Any]]]] = {
    "pandas folder": lambda output: pa.Table.from_pandas(
        pd.read_parquet(folder_of(output)), preserve_index=False
    ).to_pylist(),
    "pandas folder, Arrow types": lambda output: pa.Table.from_pandas(
        pd.read_parquet(folder_of(output), dtype_backend="pyarrow"), preserve_index=False
    ).to_pylist(),
    "pyarrow read_table": lambda output: pq.read_table(folder_of(output)).to_pylist(),
    "pyarrow dataset": lambda output: (
        ds.dataset(folder_of(output), partitioning="hive").to_table().to_pylist()
    ),
    "polars folder": lambda output: pl.read_parquet(folder_of(output)).to_dicts(),
    "polars lazy folder": lambda output: pl.scan_parquet(folder_of(output)).collect().to_dicts(),
    "polars pattern": lambda output: pl.read_parquet(pattern_of(output), hive_partitioning=True).to_dicts(),
    "duckdb pattern": lambda output: sql(f"from '{pattern_of(output)}'").to_arrow_table().to_pylist(),
}


def read(reader: str, output: str) -> list[dict[str, Any]]:
    """All rows, ordered."""
    return sorted(READERS[reader](output), key=lambda row: str(row["article_id"]))


@pytest.mark.parametrize("by", PARTITIONINGS)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_gets_every_row_and_value(reader: str, by: str, tmp_path: Path) -> None:
    """All columns and partition keys, nulls, empty lists, structs and times to the microsecond."""
    rows = read(reader, write_output(tmp_path, ROWS, by))
    keys = by.split(",")
    assert {*rows[0]} == {*ARTICLES.names, *keys}
    for number, (row, expected) in enumerate(zip(rows, ROWS, strict=True), start=1):
        assert row["article_id"] == expected.article_id
        assert row["title"] == expected.title
        assert row["published_at"] == expected.published_at
        assert row["ingested_at"] == INGESTED
        assert list(row["authors"]) == list(expected.authors)
        assert row["language"] == expected.language
        assert row["language_confidence"] == expected.language_confidence
        assert row["origin"]["position"] == number
        assert row["version"] == 1
        entities = None if row["entities"] is None else [entity["name"] for entity in row["entities"]]
        assert entities == (
            None if expected.entities is None else [entity.name for entity in expected.entities]
        )
        domain = expected.source_domain
        assert row["source_domain"] == (domain or "unknown" if "source_domain" in keys else domain)
        key = keys[0]
        assert str(row[key]) == f"{DATES[number]:%Y-%m-%d}"[: len(str(row[key]))]
        assert len(str(row[key])) == {"date": 10, "month": 7}[key]


def test_types_in_duckdb(tmp_path: Path) -> None:
    """Dates are dates, so that `date >= '2022-03-31'` reads only those folders."""
    output = write_output(tmp_path, ROWS, "date,language")
    relation = sql(f"from '{pattern_of(output)}'")
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert types["date"] == "DATE"
    assert types["language"] == "VARCHAR"
    assert types["published_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["authors"] == "VARCHAR[]"
    assert types["version"] == "INTEGER"
    assert types["language_confidence"] == "FLOAT"
    assert types["entities"].startswith("STRUCT(")
    assert types["entities"].endswith("[]")
    dated = sql(f"select article_id from '{pattern_of(output)}' where date >= date '2022-03-31' order by 1")
    assert dated.fetchall() == [("a1-2",), ("a1-3",)]


def test_types_in_polars(tmp_path: Path) -> None:
    """The same by folder and by pattern."""
    output = write_output(tmp_path, ROWS, "date,language")
    for frame in (
        pl.scan_parquet(folder_of(output)),
        pl.scan_parquet(pattern_of(output), hive_partitioning=True),
    ):
        schema = frame.collect_schema()
        assert schema["date"] == pl.Date
        assert schema["language"] == pl.String
        assert schema["published_at"] == pl.Datetime("us", "UTC")
        assert schema["authors"] == pl.List(pl.String)
        assert schema["version"] == pl.Int32
        assert frame.filter(pl.col("date") >= dt.date(2022, 3, 31)).collect().height == 2


def test_types_in_pandas(tmp_path: Path) -> None:
    """Keys are categories of strings; a filter on a key reads only those folders."""
    output = write_output(tmp_path, ROWS, "date,language")
    frame = pd.read_parquet(folder_of(output))
    assert isinstance(frame["date"].dtype, pd.CategoricalDtype)
    assert isinstance(frame["language"].dtype, pd.CategoricalDtype)
    assert str(frame["published_at"].dtype) == "datetime64[us, UTC]"
    assert str(frame["version"].dtype) == "int32"
    assert pd.to_datetime(frame["date"]).dt.date.tolist() == [DATES[1], DATES[2], DATES[3]]
    assert len(pd.read_parquet(folder_of(output), filters=[("date", ">=", "2022-03-31")])) == 2


def test_types_in_pyarrow(tmp_path: Path) -> None:
    """Keys are strings, or whatever a partitioning schema says."""
    output = write_output(tmp_path, ROWS, "date,language")
    dataset = ds.dataset(folder_of(output), partitioning="hive")
    assert dataset.schema.field("date").type == pa.string()
    for field in file_schema("articles", ["date", "language"]):
        assert dataset.schema.field(field.name).type == field.type
    assert pq.read_table(folder_of(output)).schema.field("date").type == pa.dictionary(
        pa.int32(), pa.string()
    )
    typed = ds.dataset(
        folder_of(output),
        partitioning=ds.partitioning(
            pa.schema([("date", pa.date32()), ("language", pa.string())]), flavor="hive"
        ),
    )
    assert typed.to_table(filter=ds.field("date") >= dt.date(2022, 3, 31)).num_rows == 2


def test_polars_by_pattern_leaves_the_keys_out_unless_asked(tmp_path: Path) -> None:
    """The README says `hive_partitioning=True` for this reason; once this fails, it need not."""
    output = write_output(tmp_path, ROWS, "date")
    assert "date" not in pl.read_parquet(pattern_of(output)).columns


@pytest.mark.parametrize("by", PARTITIONINGS)
@pytest.mark.parametrize("reader", READERS)
def test_a_file_without_rows_makes_an_empty_table(reader: str, by: str, tmp_path: Path) -> None:
    """With all columns, so that a query written for a full OUT runs on an empty one."""
    layout = Layout(write_output(tmp_path, [], by))
    write_file(layout, PARTITIONINGS[by](UNDATED), [], 0)
    assert read(reader, layout.output) == []
    names: dict[str, Callable[[], Sequence[str]]] = {
        "pandas folder": lambda: list(pd.read_parquet(folder_of(layout.output))),
        "polars pattern": lambda: pl.read_parquet(pattern_of(layout.output), hive_partitioning=True).columns,
        "duckdb pattern": lambda: sql(f"from '{pattern_of(layout.output)}'").columns,
    }
    if reader in names:
        assert {*names[reader]()} == {*ARTICLES.names, *by.split(",")}


def test_a_file_without_rows_beside_others_changes_nothing(tmp_path: Path) -> None:
    """The first run kept nothing, the second did: types and rows are those of the second."""
    layout = Layout(write_output(tmp_path, ROWS, "date"))
    write_file(layout, [("date", "2022-04-03")], [], 9)
    for reader in READERS:
        assert len(read(reader, layout.output)) == len(ROWS)
    assert sql(f"select max(date) from '{pattern_of(layout.output)}'").fetchall() == [(DATES[3],)]


@pytest.mark.parametrize("reader", READERS)
def test_a_table_without_any_file_cant_be_opened(reader: str, tmp_path: Path) -> None:
    """Why a run that keeps nothing writes a file without rows."""
    output = write_output(tmp_path, [], "date")
    with pytest.raises((OSError, duckdb.Error, pl.exceptions.PolarsError)):
        READERS[reader](output)
