"""All scripted servers: whatever one does, the outcome is an answer or a reason, and a feed or a dead letter."""

from __future__ import annotations

import dataclasses

import pytest

from pipeline.fetch.client import Client
from pipeline.fetch.limits import Answer
from pipeline.fetch.reasons import REASONS
from schemas.errors import RecordError
from schemas.records import Origin
from tests.hanging import no_hang
from tests.servers.case import PATIENT, Case
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.lies import LIES
from tests.servers.limits import LIMITS
from tests.servers.network import PUBLIC, Network
from tests.servers.redirects import REDIRECTS
from tests.servers.server import ScriptedServer
from tests.servers.statuses import STATUSES
from tests.servers.traps import TRAPS
from transforms.functions.feeds import parse_feed

CASES = [*STATUSES, *LIES, *LIMITS, *REDIRECTS, *TRAPS]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def test_there_are_many_and_each_is_named() -> None:
    """At least sixty, under different names, each with a word on what it stands for."""
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.why.endswith(".") for case in CASES)


def ask(case: Case, certificates: Certificates) -> tuple[Answer | RecordError, Network]:
    """What a client makes of a case's server."""
    network = Network(
        {"made.example": [[PUBLIC]], "localhost": [["127.0.0.1"]]},
        {PUBLIC: "127.0.0.1"},
    )
    limits = dataclasses.replace(PATIENT, allow_private_hosts=case.met == "private", **case.limits)
    server = ScriptedServer(
        case.script, context=certificates.trusted if case.tls else None, accepts=case.accepts
    )
    with (
        server.running(),
        Client(ca_bundle=certificates.bundle, resolve=network.resolve, connect=network.connect) as client,
    ):
        host = "made.example" if case.met == "public" else server.host
        scheme = "https" if case.tls or case.https else "http"
        try:
            return client.get(f"{scheme}://{host}:{server.port}{case.path}", limits=limits), network
        except RecordError as error:
            return error, network


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_whatever_a_server_does(case: Case, certificates: Certificates) -> None:
    """The expected status or reason, and no connection to where none may go."""
    outcome, network = ask(case, certificates)
    if isinstance(outcome, RecordError):
        assert (outcome.reason, outcome.detail[:4]) == (case.expect, "http")
        assert outcome.reason in REASONS
        return
    assert outcome.status == case.expect
    if case.body is not None:
        assert outcome.body == case.body
    assert case.check is None or case.check(outcome)
    if case.met == "public":
        assert set(network.connected) == {PUBLIC}
    if case.parsed is not None:
        with no_hang():
            assert read(outcome) == case.parsed


def read(answer: Answer) -> str:
    """What becomes of a body as a feed."""
    try:
        parsed = parse_feed(answer.body, Origin("feed", answer.url), answer.headers.get("Content-Type"))
    except RecordError as error:
        return error.reason
    return "items" if parsed.items else "nothing"
