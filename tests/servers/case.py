"""What a scripted server is expected to lead to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pipeline.fetch.limits import Answer, HttpLimits
from tests.servers.server import Script

#: A feed, made up.
FEED = (
    b"<?xml version='1.0'?><rss version='2.0'><channel><title>Made up</title><link>http://made.example/</link>"
    b"<item><title>Bridge reopens</title><link>http://made.example/1</link><guid>1</guid></item></channel></rss>"
)

#: For servers that are to be waited for, however busy the machine.
PATIENT = HttpLimits(
    "newsbeam-test", connect_timeout_s=10, read_timeout_s=10, total_s=30, allow_private_hosts=True
)
#: For those that are given up.
HASTY: Mapping[str, Any] = {"connect_timeout_s": 0.3, "read_timeout_s": 0.3, "total_s": 0.5}

#: As what a server is met: under its own address, with private ones allowed; or as a public host by name.
Met = Literal["private", "public"]


@dataclasses.dataclass(frozen=True)
class Case:
    """A scripted server.

    name: unique. why: what of the real world it stands for, in a sentence.
    expect: the status of the answer, or the reason of the error.
    body: expected; None is not looked at. check: of the answer, too.
    limits: what differs from PATIENT. met: see `Met`. tls: whether it speaks TLS, with a certificate that is trusted;
    https: whether it is asked by https, even so.
    parsed: what becomes of the body as a feed: the reason of its dead letter, or "items" where it is read.
    """

    name: str
    why: str
    script: Script
    expect: int | str
    body: bytes | None = None
    check: Callable[[Answer], bool] | None = None
    limits: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    met: Met = "private"
    tls: bool = False
    https: bool = False
    accepts: bool = True
    parsed: str | None = None
    path: str = "/feed"
