"""Beam's worker pool on the loopback interface: `python worker_pool.py --port PORT [--boot PROGRAM]`.

Beam's own command (`worker_pool_main`) listens on every interface. This is run by path, by the Python of the workers,
in which the tests need not be installed.

Each worker is a process: of --boot where it is given, which installs what was staged; else of `python` on PATH.
"""

from __future__ import annotations

import argparse
import threading

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils import thread_pool_executor


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
    pool = BeamFnExternalWorkerPoolServicer(use_process=True, container_executable=arguments.boot)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
