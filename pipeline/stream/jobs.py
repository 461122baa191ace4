"""Jobs of streams that are asked for through Beam's job server, Prism's among them."""

from __future__ import annotations

import contextlib
import time

import grpc
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.portable_runner import PipelineResult

from pipeline.stream.flink_job import ASK_EVERY_S, Job, JobState
from pipeline.stream.prism import Prism
from schemas.errors import RunError

_LINE_LETTERS = 400

#: Seconds that are waited for what an engine has to say about a failure.
_MESSAGES_S = 5.0


class BeamJob(Job):
    """A job that only Beam's job server can be asked for: it isn't ours, and no engine is known behind it."""

    replaces_workers = False

    def __init__(self, result: PipelineResult) -> None:
        """result: of `Pipeline.run`."""
        self.result = result

    def state(self) -> JobState:
        """As the job server says."""
        try:
            return _OF_BEAM.get(self.result.state, JobState.RUNNING)
        except grpc.RpcError:
            return JobState.UNKNOWN

    def failure(self) -> str:
        """The last error that the job server has on record."""
        said = "its job server doesn't say why"
        # Beam's result keeps messages only for who waits for the end with it, and that gives up after five minutes.
        try:
            request = beam_job_api_pb2.JobMessagesRequest(job_id=self.result._job_id)
            for message in self.result._job_service.GetMessageStream(request, timeout=_MESSAGES_S):
                response = message.message_response
                if response.importance == beam_job_api_pb2.JobMessage.JOB_MESSAGE_ERROR:
                    said = _line(response.message_text) or said
        except grpc.RpcError:
            pass
        return said

    def end(self, within_s: float) -> None:
        """By Beam's own means."""
        deadline = time.monotonic() + within_s
        with contextlib.suppress(grpc.RpcError):
            self.result.cancel()
        while (state := self.state()) is JobState.RUNNING:
            if time.monotonic() > deadline:
                raise RunError(f"the job is not cancelled after {within_s:g} s: it is still running")
            time.sleep(ASK_EVERY_S)
        if state is JobState.UNKNOWN:
            raise RunError("the job server doesn't answer: whether the job is cancelled is not known")


_OF_BEAM = {"DONE": JobState.DONE, "CANCELLED": JobState.CANCELED, "FAILED": JobState.FAILED}


class PrismJob(BeamJob):
    """The job of a Prism of ours: with the process, the job is over."""

    def __init__(self, result: PipelineResult, prism: Prism) -> None:
        """result: of `Pipeline.run`."""
        super().__init__(result)
        self._prism = prism

    def state(self) -> JobState:
        """As Prism says, where it lives."""
        state = super().state()
        return JobState.GONE if self._prism.has_ended() else state

    def failure(self) -> str:
        """What Prism says, or what has become of it."""
        if self._prism.has_ended():
            code = self._prism.process.returncode
            by = f"signal {-code}" if code < 0 else f"exit code {code}"
            panic = next(
                (f": {line}" for line in self._prism.said if line.startswith(("panic:", "fatal error:"))), ""
            )
            return f"Prism, process {self._prism.pid}, has ended ({by}){panic}"
        return super().failure()

    def end(self, within_s: float) -> None:
        """First by asking, so that workers can leave; then Prism is killed, which is always the end of it."""
        if not self._prism.has_ended():
            with contextlib.suppress(RunError):
                super().end(min(within_s, _PRISM_ENDS_S))
        self._prism.end()


_PRISM_ENDS_S = 5.0


def _line(text: str) -> str:
    """What a person needs to see of an error: the last line of a traceback, or the first of anything else."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    line = lines[-1] if "Traceback (most recent call last)" in text else lines[0]
    # Prism tells of its own panics with all that it has in hand.
    return line if len(line) <= _LINE_LETTERS else f"{line[:_LINE_LETTERS]}..."
