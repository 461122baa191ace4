"""The comparison of two OUTs finds each way in which they may differ, and nothing where they don't."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import main as newsbeam
from tests.streaming.compare import account, differences, read_contents
from tests.streaming.newsroom import Entry, FeedLook, Newsroom, snapshots

_Change = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def run(out: Path, *options: object) -> None:
    """A run without what takes time and says nothing here."""
    with contextlib.redirect_stdout(sys.stderr):
        assert newsbeam(
            ["run", "--output", str(out), "--entities", "none", "--progress", "off", "--workers", "1"]
            + [str(option) for option in options]
        ) == 0  # fmt: skip


def entries(count: int) -> list[Entry]:
    """The first entries of four feeds."""
    newsroom = Newsroom(seed=3, feeds=4, rate=20, edit_after_s=1)
    return list(itertools.islice(newsroom.entries(), count))


def write_documents(folder: Path, made: list[Entry]) -> Path:
    """The entries as documents of their feeds."""
    of_feed: dict[int, list[Entry]] = defaultdict(list)
    for entry in made:
        of_feed[entry.feed].append(entry)
    began = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
    folder.mkdir(parents=True)
    for feed, shown in of_feed.items():
        look = FeedLook(feed, f"https://feeds.example/{feed}", began)
        for number, document in enumerate(snapshots(look, shown)):
            (folder / f"{feed}-{number}.xml").write_bytes(document)
    return folder


@pytest.fixture(scope="module")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OUT of one run over some hundred entries."""
    folder = tmp_path_factory.mktemp("one_run")
    run(folder / "out", "--input", write_documents(folder / "in", entries(300)))
    return folder / "out"


@pytest.fixture
def other(one_run: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return Path(shutil.copytree(one_run, tmp_path / "other"))


def compared(one: Path, other: Path) -> list[str]:
    return differences(read_contents(one), read_contents(other), ("one run", "the stream"))


def rewrite(out: Path, table: str, change: _Change) -> None:
    """Changes the rows of a table's largest file, and lets the manifest agree as far as rows are counted."""
    path = max((out / table).rglob("*.parquet"), key=lambda path: path.stat().st_size)
    read = pq.ParquetFile(path).read()
    changed = change(read.to_pylist())
    pq.write_table(pa.Table.from_pylist(changed, schema=read.schema), path)
    (manifest_path,) = (out / "_runs").glob("*.json")
    manifest = json.loads(manifest_path.read_text())
    more = len(changed) - len(read)
    count = {"articles": "kept", "duplicates": "duplicate", "dead_letters": "dead_letter"}[table]
    manifest["counts"][count] += more
    manifest["counts"]["read"] += more
    manifest_path.write_text(json.dumps(manifest))


def test_what_is_split_into_runs_is_equal(one_run: Path, tmp_path: Path) -> None:
    """With repeats, edits, copies in all forms, and undated items, in the order of publishing."""
    made = entries(300)
    assert {entry.kind for entry in made} >= {"repeat", "edit", "near", "exact", "also", "late", "malformed"}
    for number, start in enumerate(range(0, 300, 60)):
        run(
            tmp_path / "many",
            "--input",
            write_documents(tmp_path / str(number), made[start : start + 60]),
            "--now",
            f"2024-05-0{number + 2}T00:00:00Z",
        )
    assert compared(one_run, tmp_path / "many") == []
    found = account(tmp_path / "many", {entry.key for entry in made if entry.is_article})
    assert (found.missing, found.doubled, found.unknown) == ([], [], [])
    kept = {table: len(list((one_run / table).rglob("*.parquet"))) for table in ("articles", "duplicates")}
    assert all(kept.values()), "there is nothing to compare"


def test_a_lost_row_is_found(one_run: Path, other: Path) -> None:
    """In either of the two, and by the account of what was published."""
    lost: list[dict[str, Any]] = []

    def lose(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        lost.append(next(row for row in rows if row["version"] == 1))
        return [row for row in rows if row["article_id"] != lost[0]["article_id"]]

    rewrite(other, "articles", lose)
    title = lost[0]["title"]
    assert any(f"lost: in one run, not in the stream: {title!r}" in line for line in compared(one_run, other))
    assert any(f"lost: in the stream, not in one run: {title!r}" in line for line in compared(other, one_run))
    keys = {entry.key for entry in entries(300) if entry.is_article}
    assert title in {missing_title for _, missing_title, _ in account(other, keys).missing}


def test_a_doubled_row_is_found(one_run: Path, other: Path) -> None:
    """As such, as the next version, and as an article of another id."""
    rewrite(other, "articles", lambda rows: [*rows, rows[0]])
    assert any("twice: " in line for line in compared(one_run, other))
    keys = {entry.key for entry in entries(300) if entry.is_article}
    assert len(account(other, keys).doubled) == 1

    shutil.rmtree(other)
    shutil.copytree(one_run, other)
    rewrite(
        other,
        "articles",
        lambda rows: [*rows, rows[0] | {"version": rows[0]["version"] + 1, "supersedes": 1}],
    )
    assert any("twice: " in line for line in compared(one_run, other))

    shutil.rmtree(other)
    shutil.copytree(one_run, other)
    rewrite(other, "articles", lambda rows: [*rows, rows[0] | {"article_id": "a1" + 32 * "0"}])
    assert any("another identity: 1 articles in one run are 2" in line for line in compared(one_run, other))


def test_a_lost_version_is_found(one_run: Path, other: Path) -> None:
    """The others of the article are there still."""

    def lose(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        last = next(row for row in rows if row["version"] > 1)
        return [row for row in rows if row is not last]

    rewrite(other, "articles", lose)
    assert any("lost: a version in one run, not in the stream" in line for line in compared(one_run, other))


def test_other_groups_are_found(one_run: Path, other: Path) -> None:
    """A member in a group of its own; and one in a group of others."""

    def part(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row | {"group_id": row["article_id"]} for row in rows]

    rewrite(other, "duplicates", part)
    assert any(line.startswith("a group in one run: ") for line in compared(one_run, other))

    shutil.rmtree(other)
    shutil.copytree(one_run, other)

    def join(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        count = Counter(row["article_id"] for row in rows)
        one, another = [row for row in rows if count[row["article_id"]] == 1][:2]
        return [row | {"group_id": another["group_id"]} if row is one else row for row in rows]

    rewrite(other, "articles", join)
    assert any(line.startswith("a group in one run: ") for line in compared(one_run, other))


def test_a_regrouping_that_differs_is_found(one_run: Path, other: Path) -> None:
    """The last one by its sequence holds."""
    folder = other / "regrouped"
    schema = pq.read_schema(next(folder.glob("*.parquet")))
    articles = pq.ParquetFile(max((other / "articles").rglob("*.parquet"))).read().to_pylist()
    moved, into = articles[0], articles[1]
    now = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)
    lines = [
        {"article_id": moved["article_id"], "sequence": sequence, "group_id": group, "regrouped_at": now,
         "run_id": moved["run_id"], "schema_version": 1}
        for sequence, group in ((1, into["group_id"]), (2, moved["group_id"]))
    ]  # fmt: skip

    def groups_of(told: list[dict[str, Any]]) -> list[str]:
        pq.write_table(pa.Table.from_pylist(told, schema=schema), folder / "more.parquet")
        return [line for line in compared(one_run, other) if line.startswith("a group")]

    assert groups_of(lines) == []
    assert groups_of(lines[:1]) != []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", "Another headline"),
        ("text", "Another text altogether."),
        ("byline", "By Nobody"),
        ("authors", ["Nobody"]),
        ("source", "Elsewhere"),
        ("language", "xx"),
        ("published_at", dt.datetime(2001, 1, 1, tzinfo=dt.timezone.utc)),
        ("updated_at", dt.datetime(2001, 1, 1, tzinfo=dt.timezone.utc)),
        ("tags", ["changed"]),
    ],
)
def test_a_changed_column_is_found(one_run: Path, other: Path, column: str, value: object) -> None:
    """What a row says is compared, column by column."""
    rewrite(other, "articles", lambda rows: [rows[0] | {column: value}, *rows[1:]])
    wanted = "lost: a version" if column in ("title", "text") else f"{column} of "
    assert any(line.startswith(wanted) for line in compared(one_run, other))


def test_a_torn_file_is_found(one_run: Path, other: Path) -> None:
    """Half of a file is no file."""
    path = max((other / "articles").rglob("*.parquet"), key=lambda path: path.stat().st_size)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert any(line.startswith("the stream: torn: ") for line in compared(one_run, other))


def test_a_manifest_that_does_not_add_up_is_found(one_run: Path, other: Path) -> None:
    """Neither its balance nor its rows."""
    (path,) = (other / "_runs").glob("*.json")
    manifest = json.loads(path.read_text())
    manifest["counts"]["kept"] += 1
    path.write_text(json.dumps(manifest))
    lines = compared(one_run, other)
    assert any("is not the sum of" in line for line in lines)
    assert any("rows of articles, its files have" in line for line in lines)


def test_dead_letters_that_differ_are_found(one_run: Path, other: Path) -> None:
    """A lost one, and one that is there twice."""

    def lose(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows[1:]

    def double(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows + rows[:1]

    for change in (lose, double):
        shutil.rmtree(other)
        shutil.copytree(one_run, other)
        rewrite(other, "dead_letters", change)
        assert any(line.startswith("dead letter parse no-text") for line in compared(one_run, other))


def test_what_check_finds_is_told(one_run: Path, other: Path) -> None:
    """A file that no run lists, for one."""
    path = next((other / "articles").rglob("*.parquet"))
    shutil.copy(path, path.with_name("twice.parquet"))
    assert any(line.startswith("the stream: check: ") for line in compared(one_run, other))


def test_versions_in_another_order_are_found(one_run: Path, other: Path) -> None:
    """Where they state times that order them."""

    def swap(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        numbers = {1: 2, 2: 1}
        by_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            by_id[row["article_id"]].append(row)
        swapped = next(
            found
            for found in by_id.values()
            if len(found) == 2
            and all(row["published_at"] for row in found)
            and len({row["updated_at"] for row in found}) == 2
        )
        return [
            row | {"version": numbers[row["version"]]} if any(row is one for one in swapped) else row
            for row in rows
        ]

    rewrite(other, "articles", swap)
    assert any(
        line.startswith("versions in another order in the stream") for line in compared(one_run, other)
    )
