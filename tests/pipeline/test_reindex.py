"""`_index` is derived: built anew from the tables it has the same content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.staging import Staging
from pipeline.store.layout import Layout
from pipeline.store.reindex import rebuild_index
from schemas.index import INDEXES
from tests.end_to_end.made_up import RSS, SEED, cuts_of_one_story, records, write_jsonl


def contents(paths: list[Path]) -> list[tuple[Any, ...]]:
    """The distinct rows of an index, sorted: two segments may both hold that an address names an article."""
    rows = {tuple(row.values()) for path in paths for row in pq.read_table(path).to_pylist()}
    return sorted(rows, key=repr)


@pytest.mark.parametrize("partition_by", ["date", "month,language", "date,source_domain"])
def test_the_index_is_built_anew_to_equal_content(tmp_path: Path, partition_by: str) -> None:
    """After several runs with versions, duplicates of both kinds, a regrouped article and dead letters."""
    inbox, out = tmp_path / "in", tmp_path / "out"
    made = records(30)
    words = made[0]["text"].split()
    nearly = made[0] | {"id": "nearly", "url": "https://other.example/n", "source": "Fjord Mirror"}
    nearly["text"] = " ".join([*words[:20], "changed", *words[21:]])
    edited = made[1] | {"text": made[1]["text"] + " More was said."}
    whole, *cuts = cuts_of_one_story()
    for number, lines in enumerate([[*made, *cuts], [edited, made[2], nearly, whole]]):
        write_jsonl(inbox / "records.jsonl", lines)
        (inbox / "pier.txt").write_text(SEED.replace("Tuesday", f"Tuesday {number}"))
        (inbox / "courier.xml").write_text(RSS)
        (inbox / "empty.txt").write_text("Source: Nobody\n\n")
        arguments = [
            "--partition_by",
            partition_by,
            "--entities",
            "none",
            "--progress",
            "off",
            "--workers",
            "1",
        ]
        assert main(["run", "--input", str(inbox), "--output", str(out), *arguments]) == 0
    layout = Layout(str(out))
    files, replaced = rebuild_index(layout, Staging(str(out), "_staging/again/1"), "again")
    assert sorted(replaced) == sorted(
        path.relative_to(out).as_posix() for path in (out / "_index").rglob("*.parquet")
    )
    for index in INDEXES:
        before = contents(sorted((out / "_index" / index).glob("*.parquet")))
        after = contents([out / file.staged for file in files if file.table == f"index/{index}"])
        assert before, index
        assert after == before, index


def test_a_new_index_is_a_commit_that_later_runs_go_by(tmp_path: Path) -> None:
    """The program's own command: clean for `check`, with or without the old index, and a rerun adds no row."""
    source, out = write_jsonl(tmp_path / "records.jsonl", records(20)), tmp_path / "out"
    run = ["run", "--input", str(source), "--output", str(out), "--entities", "none", "--progress", "off"]
    assert main(run) == 0
    for path in (out / "_index").rglob("*.parquet"):
        path.unlink()
    assert main(["reindex", "--output", str(out)]) == 0
    before = sorted((out / "articles").rglob("*.parquet"))
    assert main(run) == 0
    assert sorted((out / "articles").rglob("*.parquet")) == before
    assert main([*run, "--partition_by", "month"]) == 2
    assert main(["check", "--output", str(out)]) == 0
