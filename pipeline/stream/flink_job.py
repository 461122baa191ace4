"""Jobs of streams: what state they are in, why they failed, and their end; and those on Flink.

Loads no Beam: `newsbeam stop` has to act at once.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import enum
import time

from pipeline.stream.flink import FlinkRest, FlinkUnreachable
from schemas.errors import RunError

#: Seconds between two questions whether a job is over.
ASK_EVERY_S = 0.5

#: Seconds that an engine may take to cancel a job.
CANCEL_S = 60.0


class JobState(enum.Enum):
    """What becomes of a job. All but RUNNING and UNKNOWN are for good."""

    RUNNING = "running"
    DONE = "done"
    CANCELED = "cancelled"
    FAILED = "failed"
    #: The engine runs, and has no such job any more; or the engine itself is gone.
    GONE = "gone"
    #: The engine doesn't answer.
    UNKNOWN = "unknown"


class Job(abc.ABC):
    """A job on an engine.

    replaces_workers: whether the engine starts another worker for one that is lost, and goes on from a checkpoint.
    """

    replaces_workers: bool

    @abc.abstractmethod
    def state(self) -> JobState:
        """What the engine says now."""

    @abc.abstractmethod
    def failure(self) -> str:
        """Why the job failed, or is gone, in a line."""

    @abc.abstractmethod
    def end(self, within_s: float) -> None:
        """Cancels the job, unless it is over, and waits until it is. Raises RunError where that can't be had."""


@dataclasses.dataclass
class FlinkJob(Job):
    """A job on Flink, by its REST API: no process of Beam's is needed for it."""

    flink: FlinkRest
    job_id: str
    replaces_workers = True

    def state(self) -> JobState:
        """Flink's own states are finer: a job that restarts is one that runs."""
        try:
            state = self.flink.job_state(self.job_id)
        except FlinkUnreachable:
            return JobState.UNKNOWN
        if state is None:
            return JobState.GONE
        return _OF_FLINK.get(state, JobState.RUNNING)

    def failure(self) -> str:
        """What Flink keeps of it."""
        try:
            if self.flink.job_state(self.job_id) is None:
                return f"Flink at {self.flink.address} doesn't know job {self.job_id} any more: was it started anew?"
            said = self.flink.failure(self.job_id)
        except FlinkUnreachable as error:
            return str(error)
        return said or f"Flink at {self.flink.address} shows none"

    def end(self, within_s: float) -> None:
        """Beam's own cancelling leaves the job running."""
        deadline = time.monotonic() + within_s
        asked = False
        while True:
            state = self.state()
            if state not in (JobState.RUNNING, JobState.UNKNOWN):
                return
            if not asked and state is JobState.RUNNING:
                with contextlib.suppress(FlinkUnreachable):
                    self.flink.cancel(self.job_id)
                    asked = True
            if time.monotonic() > deadline:
                raise RunError(
                    f"job {self.job_id} on Flink at {self.flink.address} is not cancelled after {within_s:g} s: "
                    f"it is {'unknown what it does' if state is JobState.UNKNOWN else 'still running'}"
                )
            time.sleep(ASK_EVERY_S)


_OF_FLINK = {"FINISHED": JobState.DONE, "CANCELED": JobState.CANCELED, "FAILED": JobState.FAILED}
