"""What is to be read: one record per file, or part of one, and per feed."""

from __future__ import annotations

import dataclasses
from typing import Literal

from schemas.records import OriginKind
from schemas.state import FeedState

Codec = Literal["gzip", "bzip2", "zstd"]


@dataclasses.dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read.

    path: full, as expanded. bytes: its size as stored.
    kind: how it is to be parsed; None where its name doesn't say, which is a dead letter.
    codec: how it is compressed, where it is.
    """

    path: str
    bytes: int
    kind: OriginKind | None
    codec: Codec | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FeedRequest:
    """A feed to be fetched, with what is known of it from earlier runs.

    address: what to ask for; it may hold credentials, and nothing that is stored may.
    state: under the same address without them.
    """

    address: str
    state: FeedState
