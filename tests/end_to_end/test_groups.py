"""Groups over several runs: what the tables say together is what one run would have said."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from pipeline.cli import main
from tests.end_to_end.made_up import cuts_of_one_story, records, write_jsonl

#: As the README gives it.
GROUPS_NOW = """
SELECT a.* REPLACE (coalesce(r.group_id, a.group_id) AS group_id)
FROM '{out}/articles/**/*.parquet' a
LEFT JOIN (
    SELECT article_id, arg_max(group_id, sequence) AS group_id FROM '{out}/regrouped/*.parquet' GROUP BY article_id
) r USING (article_id)
"""


def groups(out: Path) -> set[frozenset[str]]:
    """The addresses of each group."""
    found = defaultdict(set)
    relation = duckdb.sql(f"SELECT group_id, url FROM ({GROUPS_NOW.format(out=out)})")
    assert relation is not None
    for group_id, url in relation.fetchall():
        found[group_id].add(url)
    return {frozenset(urls) for urls in found.values()}


def newsbeam(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize("seed", range(3))
def test_any_split_into_runs_gives_the_same_groups(tmp_path: Path, seed: int) -> None:
    """With a story whose cuts come before the whole, and one that comes in order."""
    lines = [*records(12), *cuts_of_one_story(11), *cuts_of_one_story(12), *cuts_of_one_story(13)]
    random.Random(seed).shuffle(lines)
    options = ("--entities", "none", "--progress", "off", "--near_duplicates", "mark", "--workers", 1)
    write_jsonl(tmp_path / "all.jsonl", lines)
    assert newsbeam("run", "--input", tmp_path / "all.jsonl", "--output", tmp_path / "one", *options) == 0
    for number in range(4):
        part = write_jsonl(tmp_path / f"{number}.jsonl", lines[number::4])
        assert newsbeam("run", "--input", part, "--output", tmp_path / "many", *options) == 0
        assert newsbeam("check", "--output", tmp_path / "many") == 0
    assert groups(tmp_path / "many") == groups(tmp_path / "one")
    assert len(groups(tmp_path / "one")) == 15
