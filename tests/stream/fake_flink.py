"""A small server that speaks like Flink's REST API, with jobs that are told what becomes of them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclasses.dataclass
class FakeJob:
    """name, state: as Flink shows them. ends_after: questions for its state after a cancel before it is CANCELED.

    savepoint: what comes of stopping with one: a path, or an error's words. started: a time in milliseconds.
    """

    name: str
    state: str = "RUNNING"
    ends_after: int = 1
    savepoint: str = "file:///sp/1"
    exception: str | None = None
    started: int = 0
    cancels: int = 0
    stops: list[Any] = dataclasses.field(default_factory=list)


class FakeFlink:
    """jobs: by their id. sick: answers everything with 503. asked: the requests, as "METHOD path"."""

    def __init__(self) -> None:
        self.jobs: dict[str, FakeJob] = {}
        self.sick = False
        self.asked: list[str] = []
        self.address = ""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and JSON."""
        self.asked.append(f"{method} {path}")
        if self.sick:
            return 503, {"errors": ["Service temporarily unavailable due to an ongoing leader election."]}
        if path == "/jobs/overview":
            jobs = self.jobs.items()
            return 200, {
                "jobs": [{"jid": id_, "name": job.name, "start-time": job.started} for id_, job in jobs]
            }
        found = re.fullmatch(r"/jobs/(\w+)(.*)", path)
        assert found is not None, path
        job = self.jobs.get(found[1])
        if job is None:
            return 404, {"errors": [f"Job {found[1]} not found"]}
        if method == "PATCH":
            if job.state != "RUNNING":
                return 409, {
                    "errors": ["Job cancellation failed because the job has already reached another state."]
                }
            job.cancels += 1
            return 202, {}
        if found[2] == "/stop":
            job.stops.append(body)
            return 202, {"request-id": "r1"}
        if found[2] == "/savepoints/r1":
            if job.savepoint.startswith("file:"):
                job.state = "FINISHED"
                return 200, {"status": {"id": "COMPLETED"}, "operation": {"location": job.savepoint}}
            cause = {"class": "java.lang.Exception", "stack-trace": f"{job.savepoint}\n\tat x"}
            return 200, {"status": {"id": "COMPLETED"}, "operation": {"failure-cause": cause}}
        if found[2].startswith("/exceptions"):
            return 200, {"root-exception": job.exception}
        if job.cancels and job.state == "RUNNING":
            job.ends_after -= 1
            if job.ends_after < 0:
                job.state = "CANCELED"
        return 200, {"jid": found[1], "name": job.name, "state": job.state}


@contextlib.contextmanager
def fake_flink() -> Iterator[FakeFlink]:
    """One that serves on 127.0.0.1 while the block runs."""
    flink = FakeFlink()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, answer = flink.answer(self.command, self.path, body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    flink.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield flink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
