"""Asks addresses and parses what comes, in a process of its own; says of each what became of it, and its memory.

The last line: the most memory that the process had used before and after, in bytes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pipeline.fetch.client import Client
from schemas.errors import RecordError
from schemas.records import Origin
from tests.servers.case import FEED, PATIENT
from transforms.functions.feeds import parse_feed


def most_memory() -> int:
    """In bytes; of this program alone, whoever started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def outcome(client: Client, address: str) -> str:
    """What becomes of one address."""
    try:
        answer = client.get(address, limits=PATIENT)
        if answer.status != 200:
            return str(answer.status)
        parsed = parse_feed(answer.body, Origin("feed", answer.url), answer.headers.get("Content-Type"))
    except RecordError as error:
        return error.reason
    return "items" if parsed.items else "nothing"


def main(addresses: list[str]) -> None:
    """Asks them all, one after another."""
    # What every run loads is no cost of an answer.
    parse_feed(FEED, Origin("feed", "http://made.example/"))
    with Client() as client:
        before = most_memory()
        for address in addresses:
            print(outcome(client, address), flush=True)  # noqa: T201
    print(before, most_memory())  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
