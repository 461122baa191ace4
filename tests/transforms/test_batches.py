"""RunBatches: one result for each batch, in place and in worker processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.utils.shared import Shared

from tests.transforms.pipelines import local_pipeline
from transforms import pool
from transforms.batches import RunBatches


def doubled(number: int) -> int:
    return number * 2


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is too much")
    return number


def process_id(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_every_batch_has_its_result(workers: int) -> None:
    """None is lost at the end of a bundle, whether the work is done here or elsewhere."""
    with local_pipeline() as pipeline:
        results = (
            pipeline
            | beam.Create(range(50))
            | beam.ParDo(RunBatches(doubled, workers, Shared(), patience_s=0))
        )
        assert_that(results, equal_to([number * 2 for number in range(50)]))


def test_work_really_leaves_this_process() -> None:
    """Two workers are two processes, neither of them this one."""

    def check(ids: list[int]) -> None:
        assert os.getpid() not in ids
        assert 1 <= len(set(ids)) <= 2

    with local_pipeline() as pipeline:
        ids = (
            pipeline | beam.Create(range(20)) | beam.ParDo(RunBatches(process_id, 2, Shared(), patience_s=0))
        )
        assert_that(ids, check)


def test_a_small_run_starts_no_process() -> None:
    """Work that is over before processes would have started is done in place."""

    def check(ids: list[int]) -> None:
        assert set(ids) == {os.getpid()}

    with local_pipeline() as pipeline:
        ids = pipeline | beam.Create(range(20)) | beam.ParDo(RunBatches(process_id, 2, Shared()))
        assert_that(ids, check)


@pytest.mark.parametrize("workers", [1, 2])
def test_our_own_mistakes_are_not_swallowed(workers: int) -> None:
    """What the work raises fails the run, with its message."""
    with pytest.raises(Exception, match="three is too much"), local_pipeline() as pipeline:
        _ = (
            pipeline
            | beam.Create(range(5))
            | beam.ParDo(RunBatches(fail_on_three, workers, Shared(), patience_s=0))
        )


@pytest.mark.parametrize(
    ("offered", "taken"), [(["fork", "spawn", "forkserver"], "forkserver"), (["spawn"], "spawn")]
)
def test_processes_are_started_in_a_way_the_system_has(
    monkeypatch: pytest.MonkeyPatch, offered: list[str], taken: str
) -> None:
    """Windows has no fork server, and no system's fork is safe under Beam's threads."""
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: offered)
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    assert pool.start_method() == taken


def test_settings_that_cannot_work_are_refused() -> None:
    """Before anything starts."""
    with pytest.raises(ValueError, match="at least 1"):
        RunBatches(doubled, 0)
    with pytest.raises(ValueError, match="shared handle"):
        RunBatches(doubled, 2)


ORPHAN = """
import os, sys, time
from transforms.pool import WorkerPool
from tests.transforms.test_batches import process_id
if __name__ == "__main__":
    pool = WorkerPool(1)
    print(pool.submit(process_id, 0).result(), flush=True)
    os.kill(os.getpid(), 9)
"""


def test_workers_end_with_a_killed_parent() -> None:
    """A run that is killed leaves nothing behind that works or holds memory."""
    killed = subprocess.run(
        [sys.executable, "-c", ORPHAN], capture_output=True, text=True, timeout=120, check=False
    )
    worker = int(killed.stdout)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.kill(worker, 9)
    pytest.fail(f"worker {worker} outlived its parent")


def test_workers_are_started_where_temporary_files_lie_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No socket of a server can lie there."""
    folder = tmp_path / ("deep" * 20)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert pool.start_method() == "spawn"
    workers = pool.WorkerPool(1)
    assert workers.submit(abs, -3).result(timeout=120) == 3
