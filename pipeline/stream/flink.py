"""Flink's REST API, as far as a stream's job is watched and ended by it.

Beam's client can't do that: its `cancel` ends the client alone, and the job runs on.
https://nightlies.apache.org/flink/flink-docs-stable/docs/ops/rest_api/
"""

from __future__ import annotations

import dataclasses
from typing import Any

import requests

from pipeline.options import rest_address
from schemas.errors import RunError

#: The states of a job that has come to its end and never leaves it.
TERMINAL = frozenset({"FINISHED", "CANCELED", "FAILED"})


class FlinkUnreachable(RunError):
    """Flink's REST API doesn't answer: nothing is known of the job."""


@dataclasses.dataclass(frozen=True, slots=True)
class Savepoint:
    """How a savepoint that was asked for stands.

    location: its path, once it is complete. failure: why there is none; None while it is under way.
    """

    location: str | None
    failure: str | None


class FlinkRest:
    """The REST API of one Flink cluster."""

    def __init__(self, address: str, timeout_s: float = 10.0) -> None:
        """address: http://HOST:PORT, or HOST:PORT. timeout_s: to connect, and between two parts of an answer."""
        self.address = rest_address(address)
        self._timeout_s = timeout_s
        self._session = requests.Session()
        # A proxy that is set for the outside world knows nothing of a cluster.
        self._session.trust_env = False

    def job_state(self, job_id: str) -> str | None:
        """The state of a job, such as RUNNING or CANCELED; None where the cluster doesn't know it (any more)."""
        answer = self._ask("GET", f"/jobs/{job_id}")
        return None if answer is None else str(answer["state"])

    def find_job(self, name: str) -> str | None:
        """The id of the job of that name, the newest where there are several; None where there is none."""
        jobs = (self._ask("GET", "/jobs/overview") or {}).get("jobs", [])
        found = [job for job in jobs if job["name"] == name]
        return str(max(found, key=lambda job: job["start-time"])["jid"]) if found else None

    def failure(self, job_id: str) -> str | None:
        """What made a job fail, or restart, in a line; None where nothing did."""
        answer = self._ask("GET", f"/jobs/{job_id}/exceptions?maxExceptions=1") or {}
        return _cause(str(answer.get("root-exception") or ""))

    def cancel(self, job_id: str) -> None:
        """Asks for a job to be cancelled; that it is, `job_state` says. A job that is over stays as it is."""
        self._ask("PATCH", f"/jobs/{job_id}?mode=cancel")

    def stop_with_savepoint(self, job_id: str, folder: str | None) -> str:
        """Asks for a job to be stopped with a savepoint, and returns the id to ask `savepoint` with.

        folder: where it is to lie; None is what the cluster is configured with. The job isn't drained: Beam's would
        poll as fast as it can.
        """
        body: dict[str, object] = {"drain": False}
        if folder is not None:
            body["targetDirectory"] = folder
        answer = self._ask("POST", f"/jobs/{job_id}/stop", body)
        if answer is None:
            raise RunError(f"Flink at {self.address} knows no job {job_id}")
        return str(answer["request-id"])

    def savepoint(self, job_id: str, request_id: str) -> Savepoint:
        """How a savepoint stands."""
        answer = self._ask("GET", f"/jobs/{job_id}/savepoints/{request_id}")
        if answer is None:
            return Savepoint(None, f"Flink at {self.address} knows nothing of it")
        operation = answer.get("operation") or {}
        if "failure-cause" in operation:
            cause = operation["failure-cause"]
            return Savepoint(None, f"{cause.get('class')}: {str(cause.get('stack-trace')).splitlines()[0]}")
        return Savepoint(operation.get("location"), None)

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any] | None:
        """What Flink answers; None where it says that there is no such thing.

        Raises FlinkUnreachable where it doesn't answer, or isn't able to just now, and RunError where it refuses.
        """
        try:
            response = self._session.request(
                method, self.address + path, json=body, timeout=self._timeout_s, allow_redirects=False
            )
        except requests.RequestException as error:
            raise FlinkUnreachable(
                f"Flink at {self.address} doesn't answer: {type(error).__name__}"
            ) from error
        # 409: a job that is over can't be cancelled.
        if response.status_code in (404, 409):
            return None
        if response.status_code >= 500 or 300 <= response.status_code < 400:
            raise FlinkUnreachable(f"Flink at {self.address} answers {response.status_code}")
        try:
            answer = response.json() if response.content else {}
        except ValueError as error:
            raise FlinkUnreachable(
                f"{self.address} doesn't speak like Flink: {response.text[:80]!r}"
            ) from error
        if response.status_code >= 400 or not isinstance(answer, dict):
            raise RunError(f"Flink at {self.address} refuses {method} {path}: {str(answer)[:300]}")
        return answer


def _cause(trace: str) -> str | None:
    """The line of a stack trace of Java's that says what happened; None where there is none.

    An error in a Python worker stands in the message of an exception of Java's, as a traceback of many lines: what was
    raised is the last of them.
    """
    _, traceback, rest = trace.rpartition("Traceback (most recent call last):")
    if traceback:
        own = rest.partition("\n\tat ")[0]
        lines = [line.strip() for line in own.splitlines() if line.strip() and not line.startswith(" ")]
        if lines:
            return lines[0]
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    if causes:
        return causes[-1]
    return lines[0] if lines else None
