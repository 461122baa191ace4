"""What a request may cost, and what comes back from one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

_MIB = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class HttpLimits:
    """What one request may cost, all its redirects included. Raises ValueError where a limit isn't positive.

    user_agent: names the program and a contact.
    connect_timeout_s: to resolve a name, to connect and to agree on TLS, each. read_timeout_s: between two parts of
    an answer. total_s: for everything; whatever the server does, the request ends then.
    max_wire_bytes: of one body as it is sent. max_body_bytes: of one body once decompressed. max_ratio: what
    decompression may multiply by, looked at from `decoding.RATIO_FLOOR_BYTES` on. max_header_bytes: of the heads
    of one answer, interim ones (1xx) counted.
    max_redirects: hops that are followed.
    allow_private_hosts: whether hosts are asked whose addresses aren't public (`addresses.refusal`).
    """

    user_agent: str
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    total_s: float = 60.0
    max_wire_bytes: int = 16 * _MIB
    max_body_bytes: int = 16 * _MIB
    max_ratio: float = 200.0
    max_header_bytes: int = 64 * 1024
    max_redirects: int = 5
    allow_private_hosts: bool = False

    def __post_init__(self) -> None:
        for name in (
            "connect_timeout_s", "read_timeout_s", "total_s", "max_wire_bytes", "max_body_bytes", "max_ratio",
            "max_header_bytes",
        ):  # fmt: skip
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0, not {getattr(self, name)}")
        if self.max_redirects < 0:
            raise ValueError(f"max_redirects can't be less than 0: {self.max_redirects}")


@dataclasses.dataclass(frozen=True, slots=True)
class Hop:
    """One redirect that was followed: from which address to which, both without secrets, and by what status."""

    status: int
    from_url: str
    to_url: str


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a server said in the end, after all redirects.

    status: of the last answer; any from 200 to 999 that isn't a redirect that was followed.
    headers: of the last answer, by name in any case; where a header came several times, its values are joined by
    ", ", but of those that can only have one (`client.SINGLE`) the first is taken.
    body: decompressed; read for status 200 only, else empty.
    url: the address that answered, without secrets or fragment.
    hops: the redirects on the way, in order.
    permanent_url: the address to which the one asked for has moved for good: where the hops led as long as all of
    them, from the first, were 301 or 308, without user and password. None where the first was another, where there was
    none, or where the new address has a secret in its parameters, without which it would be another.
    wire_bytes: received, of all hops: heads and bodies as they were sent, without what TLS adds.
    elapsed_s: from the call to the last byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    hops: tuple[Hop, ...]
    permanent_url: str | None
    wire_bytes: int
    elapsed_s: float
