"""A made-up network: names and public addresses that lead to servers of the test, and to nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence

#: An address that counts as public. No packet goes there: connections are led to a server on this machine.
PUBLIC = "93.184.215.14"


class Network:
    """Resolves and connects for a `Client`, and remembers both.

    names: host -> its addresses, the first answer first; the last one is repeated.
    hosts: public address -> the loopback address that it leads to; loopback addresses lead to themselves.
    """

    def __init__(self, names: Mapping[str, Iterable[Sequence[str]]], hosts: Mapping[str, str]) -> None:
        self._answers = {name: list(answers) for name, answers in names.items()}
        self._hosts = dict(hosts)
        self.looked_up: list[str] = []
        self.connected: list[str] = []

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        if host not in self._answers:
            raise socket.gaierror(socket.EAI_NONAME, "made up: unknown")
        answers = self._answers[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def connect(self, address: str, port: int, timeout_s: float) -> socket.socket:
        self.connected.append(address)
        there = self._hosts.get(address, address)
        if not there.startswith("127."):
            raise AssertionError(f"a test would connect to {there}")
        return socket.create_connection((there, port), timeout_s)
