"""A stream on a real engine loses and doubles nothing, and says what one run says. The long forms are benchmarks.

python -m tests.benchmarks streaming_engines
python -m tests.benchmarks streaming_faults
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tests.engines.flink import FlinkCluster
from tests.streaming.news_server import Terms
from tests.streaming.trials import (
    Engine,
    Strike,
    Verdict,
    finish,
    flink_engine,
    kill_flink_worker,
    kill_prism,
    on_prism,
    trial,
)

TERMS = Terms(rate=15, shown_s=30, edit_after_s=5, late_s=1)

#: Seconds of stream before and after the fault.
_BEFORE_S, _AFTER_S = 6.0, 6.0


def struck(folder: Path, engine: contextlib.AbstractContextManager[Engine], strike: Strike) -> Verdict:
    """A stream that is struck once, goes on, and is ended as its users do."""
    with engine as started, trial(folder, started, TERMS, window_s=3) as tried:
        tried.start()
        tried.wait_for_rows()
        time.sleep(_BEFORE_S)
        strike(tried)
        tried.wait_for_news(time.time())
        time.sleep(_AFTER_S)
        return finish(tried)


def assert_good(verdict: Verdict) -> None:
    """Everything is there once, whole, and as one run over the same input says."""
    assert verdict.problems == []
    assert verdict.missing == []
    assert verdict.doubled == []
    assert verdict.differences == []
    assert verdict.rows == verdict.revisions > 100


@pytest.mark.usefixtures("prism")
def test_prism_is_killed_and_a_stream_says_what_one_run_says(tmp_path: Path) -> None:
    """The launcher ends with an error, is started again, and ended by SIGTERM."""
    assert_good(struck(tmp_path, on_prism(tmp_path), kill_prism))


def test_a_worker_is_killed_on_flink_and_a_stream_says_what_one_run_says(
    flink: FlinkCluster, tmp_path: Path
) -> None:
    """Flink goes back to its last checkpoint by itself; `newsbeam stop` ends the job."""
    engine = contextlib.nullcontext(flink_engine(flink))
    assert_good(struck(tmp_path, engine, kill_flink_worker))
