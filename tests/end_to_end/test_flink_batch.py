"""A bounded run on real engines leaves the tables that the local one does, whatever happens to the engine meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.benchmarks.flink_batch import vertex_attempts
from tests.end_to_end.made_up import RSS, SEED, cuts_of_one_story, records
from tests.engines.flink import FlinkCluster
from tests.engines.prism import prism_options
from tests.tables import content, manifests

CLOCK = "2026-01-01T00:00:00Z"
TABLES = ("articles", "duplicates", "dead_letters", "regrouped")


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred articles in files of several kinds, with copies, near-duplicates and lines that are none."""
    folder = tmp_path_factory.mktemp("in")
    made = [json.dumps(record) for record in [*records(200), *cuts_of_one_story(), *records(20)]]
    made[40:40] = ['{"title": "cut off', "[1, 2]"]
    for number in range(3):
        (folder / f"part-{number}.jsonl").write_text("\n".join(made[number::3]) + "\n", "utf-8")
    (folder / "seed.txt").write_text(SEED, "utf-8")
    (folder / "feed.xml").write_text(RSS, "utf-8")
    return folder


@pytest.fixture(scope="module")
def local(inbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the local run."""
    return run(inbox, tmp_path_factory.mktemp("local"))


def run(source: Path, out: Path, *options: str) -> Path:
    common = ("--entities", "none", "--now", CLOCK, "--progress", "off")
    assert main(["run", "--input", str(source), "--output", str(out), *common, *options]) == 0
    return out


def assert_same(out: Path, local: Path) -> None:
    """Tables by content, all that was counted, and what `check` proves."""
    for table in TABLES:
        assert content(out, table) == content(local, table), table
    (ours,), (theirs,) = manifests(out), manifests(local)
    for name in ("counts", "dead_letters", "versions", "schema_version"):
        assert ours[name] == theirs[name], name
    # All that can become of an item is among them.
    assert min(ours["counts"][name] for name in ("kept", "duplicate", "unchanged", "dead_letter")) >= 2
    assert main(["check", "--output", str(out)]) == 0
    assert not list((out / "_staging").glob("*"))


@contextmanager
def meanwhile(cluster: FlinkCluster) -> Iterator[list[BaseException]]:
    """Kills a task manager once the job that the block runs has done a step, and has another one started."""
    known = cluster.jobs()
    failed: list[BaseException] = []

    def kill() -> None:
        try:
            cluster.wait_until_begun(known)
            cluster.kill_task_manager("taskmanager-2")
            cluster.restart_task_managers()
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield failed
    finally:
        thread.join()


def test_flink_leaves_the_tables_of_the_local_run(
    flink: FlinkCluster, inbox: Path, local: Path, tmp_path: Path
) -> None:
    """Two task managers with a worker each, which share nothing but the folder of the tables."""
    assert_same(run(inbox, tmp_path, *flink.beam_options()), local)


def test_a_task_manager_that_is_killed_changes_nothing(
    flink: FlinkCluster, inbox: Path, local: Path, tmp_path: Path
) -> None:
    """What it had staged is staged again under other names; nothing is there twice, and nothing is left behind."""
    before = flink.pids()["taskmanager-2"]
    known = set(flink.jobs())
    with meanwhile(flink) as failed:
        run(inbox, tmp_path, *flink.beam_options())
    assert not failed
    assert flink.pids()["taskmanager-2"] != before
    (job,) = set(flink.jobs()) - known
    assert max(vertex_attempts(flink, job, flink.job(job))) > 0, (
        "nothing was done again: the kill came too late"
    )
    assert_same(tmp_path, local)


@pytest.mark.usefixtures("prism")
def test_prism_leaves_the_tables_of_the_local_run(inbox: Path, local: Path, tmp_path: Path) -> None:
    """Beam's portable engine, with the worker in this process."""
    assert_same(run(inbox, tmp_path, *prism_options()), local)
