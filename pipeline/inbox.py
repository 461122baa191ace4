"""Folders that files are dropped into while a watch goes on: which files are new, and no more being written."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Sequence

from pipeline.sources import find_files
from schemas.errors import UsageError
from schemas.sources import SourceFile

#: A file counts once its size and time have stood still for so long, in seconds.
REST_S = 2.0

#: Seconds between two looks. Where a look takes long, there are so many times more, in the measure of what it took: the
#: share of a core that an idle watch spends on folders is bounded by that, however many files lie there.
LOOK_EVERY_S = 1.0
_PAUSE_FACTOR = 200

_LOG = logging.getLogger("newsbeam")


@dataclasses.dataclass(slots=True)
class _Known:
    """A file as it was seen last. since_s: when it was first seen so. is_given: whether it was given out."""

    seen: tuple[int, int | None, tuple[str, str] | None]
    since_s: float
    is_given: bool = False


class Inbox:
    """Gives each file once, when it has come to rest, and again where it was changed since.

    It remembers the files that are there, and nothing of those that are gone. After a restart all are new to it.

    patterns: files, folders (taken whole) and globs on the disk, as `find_files` takes them. clock: seconds.
    next_look_s: when to look next, by that clock.
    """

    def __init__(self, patterns: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._patterns = patterns
        self._clock = clock
        self._known: dict[str | bytes, _Known] = {}
        self._problem: str | None = None
        self.next_look_s = clock() if patterns else math.inf

    def look(self) -> list[SourceFile]:
        """The files that have come to rest since the last look, by path.

        Where a folder is gone, or can't be asked, that is warned of once, and its files are new when it is back.
        """
        begun, began = self._clock(), time.monotonic()
        files = self._files()
        known: dict[str | bytes, _Known] = {}
        rested = []
        for file in files:
            key = file.raw_name or file.path
            seen = (file.bytes, file.modified_ns, file.problem)
            before = self._known.get(key)
            now = before if before is not None and before.seen == seen else _Known(seen, begun)
            known[key] = now
            if not now.is_given and begun - now.since_s >= REST_S:
                now.is_given = True
                rested.append(file)
        self._known = known
        took_s = time.monotonic() - began
        self.next_look_s = self._clock() + max(LOOK_EVERY_S, _PAUSE_FACTOR * took_s)
        return rested

    def _files(self) -> list[SourceFile]:
        found: dict[str | bytes, SourceFile] = {}
        problem = None
        for pattern in self._patterns:
            try:
                files, _ = find_files([pattern], warns=False)
            except UsageError as error:
                problem = str(error)
                continue
            found.update({file.raw_name or file.path: file for file in files})
        if problem is not None and problem != self._problem:
            _LOG.warning("%s; it is looked for again", problem)
        self._problem = problem
        return sorted(found.values(), key=lambda file: (file.path, file.raw_name or b""))
