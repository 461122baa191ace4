"""All scripted servers: whatever one does, the outcome is an answer or a reason, and a feed or a dead letter."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import subprocess
import sys
from pathlib import Path

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
from tests.servers.server import ScriptedServer, answering
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


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE rss [<!ENTITY a SYSTEM '{file}'>]><rss><channel><item><title>&a;</title></item></channel></rss>",
        "<rss xmlns:xi='http://www.w3.org/2001/XInclude'><channel><title>a</title><item><title>b</title><description>"
        "<xi:include href='{file}' parse='text'/></description></item></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:xi='http://www.w3.org/2001/XInclude'><title>a</title><entry>"
        "<title>b</title><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><xi:include href='{file}'/>"
        "</div></content></entry></feed>",
        "<?xml-stylesheet type='text/xsl' href='{file}'?><rss><channel><item><title>a</title></item></channel></rss>",
    ],
)
def test_no_file_of_ours_gets_into_a_feed(document: str, tmp_path: Path) -> None:
    """Whatever names it."""
    file = tmp_path / "secret.xml"
    file.write_text("<p>made-up secret</p>")
    text = document.format(file=file.as_uri())
    try:
        parsed = repr(parse_feed(text.encode(), Origin("feed", "http://made.example/feed")))
    except RecordError as error:
        parsed = repr(error)
    assert "made-up secret" not in parsed


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux says how much memory was used at most"
)
def test_no_answer_costs_much_memory() -> None:
    """One process asks all the greedy servers, parses what they send, and stays under 300 MB more than before."""
    greedy = [case for case in CASES if case.name in GREEDY]
    assert len(greedy) == len(GREEDY)
    greedy.append(NOISE)
    with contextlib.ExitStack() as running:
        servers = [running.enter_context(ScriptedServer(case.script).running()) for case in greedy]
        asked = subprocess.run(
            [sys.executable, "-m", "tests.servers.memory", *(f"{server.url}/feed" for server in servers)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
    *outcomes, last = asked.stdout.splitlines()
    assert outcomes == [str(case.parsed or case.expect) for case in greedy]
    before, after = map(int, last.split())
    assert after - before < 300_000_000


#: What charsets are guessed for takes the most memory of all, and some time.
NOISE = Case(
    "noise-15-mb",
    "Bytes by chance, as many as are read.",
    answering(200, random.Random(1).randbytes(15_000_000)),
    200,
    parsed="not-a-feed",
)

#: Those that are to use up memory.
GREEDY = frozenset(
    (
        "spaces-200-mb", "chunks-for-ever", "chunk-of-minus-1", "header-for-ever", "headers-for-ever",
        "gzip-bomb-10-gb", "br-bomb", "gzip-in-gzip", "nested-million", "nested-100000", "attributes-million",
        "items-100000", "json-million", "text-15-mb", "text-15-mb-br",
    )
)  # fmt: skip


def read(answer: Answer) -> str:
    """What becomes of a body as a feed."""
    try:
        parsed = parse_feed(answer.body, Origin("feed", answer.url), answer.headers.get("Content-Type"))
    except RecordError as error:
        return error.reason
    return "items" if parsed.items else "nothing"
