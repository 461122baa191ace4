"""Running a step in a test: on Beam's in-process runner, named outright."""

from __future__ import annotations

from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline


def local_pipeline() -> TestPipeline:
    """A pipeline that runs in this process when its `with` block ends."""
    return TestPipeline(runner=FnApiRunner())
