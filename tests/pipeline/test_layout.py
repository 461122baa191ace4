"""The names in OUT."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store.layout import (
    Layout,
    check_run_id,
    new_run_id,
    output_layout,
    parse_partition,
    partition_path,
    staging_name,
    table_of,
)
from schemas.errors import UsageError


def test_every_path_of_an_output() -> None:
    """The layout that the README shows."""
    layout = Layout("/data/news")
    assert layout.table_dir("articles") == "/data/news/articles"
    assert layout.index_dir("contents") == "/data/news/_index/contents"
    assert layout.feeds_dir == "/data/news/_feeds"
    assert layout.runs_dir == "/data/news/_runs"
    assert layout.manifest_path("r1") == "/data/news/_runs/r1.json"
    assert layout.staging_root == "/data/news/_staging"
    assert layout.run_staging_dir("r1") == "/data/news/_staging/r1"
    assert layout.path(staging_name("r1", "a")) == "/data/news/_staging/r1/a"
    assert layout.journal_path("r1") == "/data/news/_staging/r1/commit.json"
    assert layout.claim_path("r1") == "/data/news/_staging/r1/commit.claim"
    assert layout.lock_path == "/data/news/_lock"


def test_names_and_paths_go_both_ways() -> None:
    """A manifest lists names, the filesystem paths."""
    for output in ("/data/news", "s3://bucket", "/"):
        layout = Layout(output)
        assert layout.relative(layout.path("articles/x")) == "articles/x"
    with pytest.raises(ValueError, match="is not in"):
        Layout("/data/news").relative("/data/news2/x")


@pytest.mark.parametrize(
    ("typed", "output"),
    [
        ("s3://bucket/news/", "s3://bucket/news"),
        ("gs://bucket", "gs://bucket"),
        ("/data//news/../news/", "/data/news"),
        ("file:///data/my%20news", "/data/my news"),
        ("/odd[1]/na*me?", "/odd[1]/na*me?"),
        ("out", os.path.abspath("out")),
        ("~/out", os.path.expanduser("~/out")),
    ],
)
def test_an_output_as_typed(typed: str, output: str) -> None:
    """Local paths become absolute, so that every process means the same folder."""
    assert output_layout(typed) == Layout(output)


@pytest.mark.parametrize("typed", ["", "  ", "file://", "s3://bucket/a*", "gs://bucket/[x]"])
def test_an_output_that_cant_be(typed: str) -> None:
    """No folder, or one that can't be listed there."""
    with pytest.raises(UsageError):
        output_layout(typed)


@pytest.mark.parametrize(
    ("partition", "path"),
    [
        ([("date", "2022-03-30")], "date=2022-03-30"),
        ([("date", "2022-03-30"), ("language", "zh-Hant")], "date=2022-03-30/language=zh-Hant"),
        ([("stage", "a b")], "stage=a%20b"),
        ([("source_domain", "a/b=c%d:e")], "source_domain=a%2Fb%3Dc%25d%3Ae"),
        ([("source_domain", "../..")], "source_domain=..%2F.."),
        ([("source_domain", "é.example")], "source_domain=%C3%A9.example"),
    ],
)
def test_partitions_and_their_folders(partition: list[tuple[str, str]], path: str) -> None:
    """Encoded as Hive does it, and decoded to the same."""
    assert partition_path(partition) == path
    assert parse_partition(f"articles/{path}/r-00000.parquet") == partition


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_any_value_survives_its_folder(value: str) -> None:
    """Whatever stands in a value, it stays one folder and comes back."""
    path = partition_path([("source_domain", value)])
    assert "/" not in path
    assert path.isascii()
    assert parse_partition(path + "/x") == [("source_domain", value)]


@pytest.mark.parametrize("value", ["a" * 10_000, "é" * 253, "%" * 300])
def test_a_value_that_is_too_long_is_cut(value: str, tmp_path: Path) -> None:
    """The longest host name is longer than what a folder can be named for; it must not end a run."""
    folder = partition_path([("source_domain", value)])
    (tmp_path / folder).mkdir()
    assert value.startswith(parse_partition(folder + "/x")[0][1])


def test_an_empty_value_is_our_mistake() -> None:
    """Readers disagree on `language=`: some say null, some the empty string."""
    with pytest.raises(ValueError, match="language"):
        partition_path([("language", "")])


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("articles/date=2022-03-30/r.parquet", "articles"),
        ("dead_letters/stage=parse/r.parquet", "dead_letters"),
        ("_index/contents/r.parquet", "index/contents"),
        ("_feeds/r.parquet", "feeds"),
        ("articles", None),
        ("_index/r.parquet", None),
        ("_runs/r.json", None),
        ("other/r.parquet", None),
    ],
)
def test_the_table_of_a_file(name: str, table: str | None) -> None:
    """As a manifest names it."""
    assert table_of(name) == table


@pytest.mark.parametrize("run_id", ["a", "20220330T191657.123456Z-0a1b2c", "A-b_c.d", "x" * 128])
def test_run_ids(run_id: str) -> None:
    """What can begin a file's name on every filesystem."""
    assert check_run_id(run_id) == run_id


@pytest.mark.parametrize(
    "run_id", ["", ".a", "_a", "-a", "a/b", "a b", "a\n", "..", "x" * 129, "é", "a%2F", "a\x00", "a:b"]
)
def test_run_ids_that_cant_be(run_id: str) -> None:
    """Hidden names, separators, blanks, and what is too long."""
    with pytest.raises(UsageError, match="--run_id"):
        check_run_id(run_id)


def test_new_run_ids_sort_by_time_and_differ() -> None:
    """The time in UTC comes first, whatever zone it was given in."""
    moment = dt.datetime(2022, 3, 30, 19, 16, 57, 123456, tzinfo=dt.timezone.utc)
    first = new_run_id(moment, b"\xff\xff\xff")
    assert first == "20220330T191657.123456Z-ffffff"
    assert new_run_id(moment.astimezone(dt.timezone(dt.timedelta(hours=-4))), b"\xff\xff\xff\x00") == first
    assert first < new_run_id(moment + dt.timedelta(microseconds=1), b"\x00\x00\x00")
    assert first != new_run_id(moment, b"\x00\x00\x01")
    assert check_run_id(first) == first
    with pytest.raises(ValueError, match="random"):
        new_run_id(moment, b"")
