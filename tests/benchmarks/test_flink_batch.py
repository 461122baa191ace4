"""The benchmark of batches on Flink, once, on tiny input. Nothing here looks at times."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from tests.benchmarks.flink_batch import CLOCK, STEPS, deal_out, report, run_on_flink, shuffled_bytes
from tests.benchmarks.harness import run_newsbeam
from tests.end_to_end.made_up import records
from tests.engines.flink import FlinkCluster


def test_only_what_goes_to_all_subtasks_counts_as_shuffled() -> None:
    """By hash, or dealt out; not what stays with its subtask."""
    read = {"source": 0, "forward": 5, "hashed": 7, "dealt": 11, "both": 13}
    job = {"vertices": [{"id": name, "metrics": {"read-bytes": count}} for name, count in read.items()]}
    ways = {
        "forward": ["Forward"],
        "hashed": ["Hash Partition on [0]"],
        "dealt": ["Rebalance"],
        "both": ["Forward", "Rebalance"],
    }
    plan = [
        {"id": name, "inputs": [{"ship_strategy": way} for way in ways[name]]}
        if name in ways
        else {"id": name}
        for name in read
    ]
    assert shuffled_bytes(job, plan) == 7 + 11


def test_a_run_on_flink_is_measured(flink: FlinkCluster, tmp_path: Path) -> None:
    """Every step that the report names is there, and has worked."""
    corpus = tmp_path / "corpus.jsonl.gz"
    with gzip.open(corpus, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records(40))
    assert deal_out(corpus, tmp_path / "in", 30) == 30
    options = ("--entities", "none", "--now", CLOCK)
    local = run_newsbeam(tmp_path / "in", tmp_path / "local", *options)
    run = run_on_flink(flink, tmp_path / "in", tmp_path / "flink", options)
    assert set(run.shares) == set(STEPS)
    assert all(len(records_of) == flink.slots and sum(records_of) > 0 for records_of in run.shares.values())
    assert run.shuffled > sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    assert run.restarts == 0
    text = report(30, [], {"Flink": run}, local, equal=True)
    assert "30 articles in 8 files" in text
    assert "counts and all: met" in text
