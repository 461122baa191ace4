"""Fixtures for tests that run on an engine. Where a program is missing that it needs, they skip and say which."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.cache import MissingToolError, locked
from tests.engines.flink import FlinkCluster, start
from tests.engines.go_tools import prism_path


def _skip(engine: str, error: MissingToolError) -> None:
    pytest.skip(f"NOT RUN ON {engine.upper()}: {error}")


@pytest.fixture(scope="session")
def _flink_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one test session share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "flink"


@pytest.fixture
def flink(_flink_folder: Path) -> Iterator[FlinkCluster]:
    """A Flink cluster of two task managers with a slot each, for this test alone while it runs.

    One is started for a whole session, whatever the number of processes that tests run in, and ends with it. A task
    manager that a test has killed is started again for the next one, and jobs that it has left are cancelled.
    """
    _flink_folder.mkdir(parents=True, exist_ok=True)
    with locked(_flink_folder / "lock"):
        if (_flink_folder / "cluster.json").exists():
            cluster = FlinkCluster(_flink_folder)
        else:
            # With xdist the process that starts it may end before the others do; their parent doesn't.
            session = os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()
            try:
                cluster = start(_flink_folder, until_pid=session)
            except MissingToolError as error:
                _skip("Flink", error)
        yield cluster
        for job in cluster.running():
            cluster.cancel(job)
        cluster.restart_task_managers()


@pytest.fixture(scope="session")
def prism() -> Path:
    """Where Prism is, built by Go the first time."""
    try:
        return prism_path()
    except MissingToolError as error:
        _skip("Prism", error)
        raise
