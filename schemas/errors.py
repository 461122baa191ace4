"""The two ways a record leaves the main road, and the codes that say what was repaired on those that stay."""

from __future__ import annotations


class RecordError(Exception):
    """A record is at fault and can't go on.

    reason: short, fixed, lower case with hyphens ("no-body"): it is counted.
    detail: one sentence that a person can act on, with the address or the place.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[RecordError], tuple[str, str]]:
        return (RecordError, (self.reason, self.detail))


class UsageError(Exception):
    """The command line or the output folder can't be worked with; said before anything starts."""


class RunError(Exception):
    """A run failed for a reason that a person can act on; the message says which."""


class SeriesStopped(Exception):
    """The cause stopped a run of several chunks after some were committed; the message says how to go on."""


class BusyError(RunError):
    """Another run holds the output folder: nothing is wrong, and the next start may find it free."""


class StreamLeft(RunError):
    """A second signal came while a stream was brought to its end; the message says what is left of it.

    signal: the number of that signal.
    """

    def __init__(self, message: str, signal: int | None) -> None:
        super().__init__(message)
        self.signal = signal

    def __reduce__(self) -> tuple[type[StreamLeft], tuple[str, int | None]]:
        return (StreamLeft, (str(self), self.signal))


class CommitInterrupted(RunError):
    """A commit was stopped once it was decided: the run will be part of the output, and the next start sees to it."""
