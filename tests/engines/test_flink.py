"""The cluster that tests run on keeps to itself, and survives what tests do to it."""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.engines.flink import FlinkCluster
from tests.engines.sessions import processes_of

_LISTENING = "0A"


def listeners(session: int) -> Iterator[tuple[str, int]]:
    """The addresses that the processes of a session listen at, and the id of each."""
    addresses = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING:
                # Words of four bytes in the machine's order.
                words = re.findall("........", fields[1].partition(":")[0])
                packed = b"".join(struct.pack("=I", int(word, 16)) for word in words)
                addresses[f"socket:[{fields[9]}]"] = ipaddress.ip_address(packed)
    for process in processes_of(session):
        for file in Path(f"/proc/{process.pid}/fd").glob("*"):
            try:
                address = addresses.get(str(file.readlink()))
            except OSError:
                continue
            if address is not None:
                yield str(getattr(address, "ipv4_mapped", None) or address), process.pid


def test_all_of_it_listens_on_loopback_only(flink: FlinkCluster) -> None:
    """Nobody on the network can submit a job to it."""
    found = set(listeners(flink.session))
    assert len(found) >= 4
    assert not [one for one in found if not ipaddress.ip_address(one[0]).is_loopback]


def test_a_task_manager_that_was_killed_comes_back(flink: FlinkCluster) -> None:
    """Under its own name, with its slots."""
    before = flink.pids()
    flink.kill_task_manager("taskmanager-1")
    flink.restart_task_managers()
    after = flink.pids()
    assert {name for name in before if before[name] != after[name]} == {"taskmanager-1"}
    assert flink.task_managers() == ["taskmanager-1", "taskmanager-2"]
    assert flink.rest("/overview")["slots-available"] == 2
