"""What is to be read: one record per file, or part of one, and per feed."""

from __future__ import annotations

import builtins
import dataclasses
from typing import Literal

from schemas.records import OriginKind
from schemas.state import FeedState, HostState

Codec = Literal["gzip", "bzip2", "zstd"]


@dataclasses.dataclass(frozen=True, slots=True)
class LineRange:
    """Some lines of a JSONL file.

    offset: where the first of them begins, in bytes once decompressed. first: its 0-based number in the file.
    end: the number of the line after the last; None is to the end of the file.
    stored_bytes: what they take of the file as stored; roughly, for progress only.
    copy: of a compressed file, a file with these lines as they are once decompressed, and nothing else; None where
    there is none.
    """

    offset: int
    first: int
    end: int | None
    stored_bytes: int
    copy: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be read.

    path: under which it is known from run to run. Of a local file it is absolute and free of links, so that one
    file has one path however it was typed; bytes of its name that are not UTF-8 are written %XX.
    bytes: its size as stored.
    kind: how it is to be parsed; None where its name doesn't say, which is a dead letter.
    codec: how it is compressed, where it is.
    problem: reason and detail of the dead letter that it becomes, where it is known already that it can't be read.
    raw_name: what to open, as the operating system has it, where `path` is not that.
    modified_ns: when it was last written to, in nanoseconds since 1970; None where the filesystem doesn't say.
    lines: which of its lines are meant; None is the whole file.
    """

    path: str
    bytes: int
    kind: OriginKind | None
    codec: Codec | None = None
    problem: tuple[str, str] | None = None
    raw_name: builtins.bytes | None = None
    modified_ns: int | None = None
    lines: LineRange | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FeedRequest:
    """A feed to be fetched, with what is known of it from earlier runs.

    address: what to ask for; it may hold credentials, and nothing that is stored may.
    state: under the same address without them.
    shares_state: whether the run asks for other addresses that are the same without credentials. What one of them
    answered says nothing of the others, so none is asked for with conditions, and no validators are kept.
    known: feeds that it has led to on earlier polls, by their states' addresses.
    depth: how many pages or indexes lead to it from the address that was given.
    """

    address: str
    state: FeedState
    shares_state: bool = False
    known: tuple[str, ...] = ()
    depth: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class HostQueue:
    """The feeds that one host is to be asked for, which one worker polls, and what is known of it."""

    host: HostState
    requests: tuple[FeedRequest, ...]
