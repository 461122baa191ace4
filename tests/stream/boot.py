"""Starts a Python worker for Prism's environment PROCESS, as Beam's boot program does, without installing anything."""

from __future__ import annotations

import argparse
import os
import sys

import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc, endpoints_pb2
from google.protobuf import json_format, text_format


def main() -> None:
    """Becomes the worker."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--provision_endpoint", required=True)
    arguments, _ = parser.parse_known_args()
    # Prism writes the id as for a shell, which there is none of.
    worker_id = arguments.id.strip("'")
    with grpc.insecure_channel(arguments.provision_endpoint) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        info = stub.GetProvisionInfo(
            beam_provision_api_pb2.GetProvisionInfoRequest(), metadata=[("worker_id", worker_id)]
        ).info
    own = endpoints_pb2.ApiServiceDescriptor(url=arguments.provision_endpoint)
    env = {
        "WORKER_ID": worker_id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(
            info.logging_endpoint if info.logging_endpoint.url else own
        ),
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(
            info.control_endpoint if info.control_endpoint.url else own
        ),
    }
    os.execve(
        sys.executable, [sys.executable, "-m", "apache_beam.runners.worker.sdk_worker_main"], os.environ | env
    )


if __name__ == "__main__":
    main()
