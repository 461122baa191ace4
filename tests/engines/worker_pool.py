"""A pool of Python workers on the loopback interface: `python worker_pool.py --port PORT [--boot PROGRAM]`.

In place of Beam's own (`worker_pool_main`), which listens on every interface, and knows its workers by ids that each
task manager counts for itself: where two share it, one that stops its worker 1-1 stops the other's.

This is run by path, by the Python of the workers, in which the tests need not be installed. Each worker is a process:
of --boot where it is given, which installs what was staged; else of this Python.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.utils import thread_pool_executor

#: Seconds that a worker has to end by itself.
_PATIENCE_S = 10.0


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts and stops workers. boot: the program that each is started by, or None."""

    def __init__(self, boot: str | None) -> None:
        self._boot = boot
        # By the connection that asked for it, too: a task manager keeps one for each of its workers.
        self._workers: dict[tuple[str, str], subprocess.Popen[bytes]] = {}

    def StartWorker(self, request: Any, context: Any) -> Any:
        """Starts a worker that connects to where the request says."""
        if self._boot is None:
            url = request.control_endpoint.url
            program = (
                "from apache_beam.runners.worker.sdk_worker import SdkHarness\n"
                f"SdkHarness({url!r}, worker_id={request.worker_id!r}, state_cache_size=0).run()"
            )
            command = [sys.executable, "-c", program]
        else:
            command = [
                self._boot,
                f"--id={request.worker_id}",
                f"--logging_endpoint={request.logging_endpoint.url}",
                f"--artifact_endpoint={request.artifact_endpoint.url}",
                f"--provision_endpoint={request.provision_endpoint.url}",
                f"--control_endpoint={request.control_endpoint.url}",
            ]
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._workers[context.peer(), request.worker_id] = worker
        # Whoever ends by itself, since its task manager was killed, is taken leave of as well.
        threading.Thread(target=worker.wait, daemon=True).start()
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:
        """Ends a worker that the same caller has started."""
        worker = self._workers.pop((context.peer(), request.worker_id), None)
        if worker is not None:
            worker.terminate()
            try:
                worker.wait(_PATIENCE_S)
            except subprocess.TimeoutExpired:
                worker.kill()
        return beam_fn_api_pb2.StopWorkerResponse()


def main() -> None:
    """Serves until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--boot")
    arguments = parser.parse_args()
    server = grpc.server(
        thread_pool_executor.shared_unbounded_instance(),
        options=[("grpc.http2.max_pings_without_data", 0), ("grpc.http2.max_ping_strikes", 0)],
    )
    if not server.add_insecure_port(f"127.0.0.1:{arguments.port}"):
        raise SystemExit(f"port {arguments.port} is taken")
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(WorkerPool(arguments.boot), server)
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
