"""The settings that a manifest keeps, and what they have to agree with before anything starts."""

from __future__ import annotations

from typing import Any

from pipeline.files import read_bytes
from pipeline.options import RunSettings
from pipeline.sources import storable
from pipeline.store.hashes import hash_bytes
from pipeline.store.layout import Layout
from pipeline.store.manifest import read_manifest
from schemas.errors import UsageError
from transforms.functions.sources import load_publishers
from transforms.functions.urls import redact_credentials


def stated_options(settings: RunSettings, sources_text: str | None) -> dict[str, Any]:
    """The settings that a manifest keeps: what the run was asked to do, without credentials.

    Of the table of publishers, where one was given, its hash: a table that was edited is another option.
    """
    sources = {} if sources_text is None else {"sources": hash_bytes(sources_text.encode())}
    return sources | {
        "input": [storable(given) for given in settings.inputs],
        "feeds": [redact_credentials(storable(given)) for given in settings.feeds],
        "language_detector": settings.language_detector,
        "entities": settings.entities,
        "partition_by": ",".join(settings.partition_by),
        "near_duplicates": settings.near_duplicates,
        "near_window_days": settings.near_window_days,
        "now": None if settings.now is None else settings.now.isoformat(),
        "max_input_mb": settings.max_input_mb,
        "max_body_mb": settings.max_body_mb,
        "all_due": settings.all_due,
        "min_poll_s": settings.min_poll_s,
        "max_poll_s": settings.max_poll_s,
        "host_gap_s": settings.host_gap_s,
        "robots": settings.robots,
        "backfill": settings.backfill,
        "allow_private_hosts": settings.allow_private_hosts,
    }


def refuse_other_partitions(layout: Layout, runs: frozenset[str], partition_by: tuple[str, ...]) -> None:
    """Raises UsageError where OUT's folders are named for other columns: readers can't read such a mixture."""
    # Every run was held to this, so that any one of them tells; only a new index has no rows of its own.
    stated = (
        read_manifest(layout, run_id).options.get("partition_by") for run_id in sorted(runs, reverse=True)
    )
    earlier = next((keys for keys in stated if keys is not None), None)
    if earlier is not None and earlier != ",".join(partition_by):
        raise UsageError(
            f"--partition_by {','.join(partition_by)} and --output {layout.output} exclude each other: "
            f"the folders there are by {earlier}"
        )


def read_sources(path: str | None) -> str | None:
    """What the file of publishers holds, proved to be a table of them; None where there is none.

    Raises UsageError, with the number of the line, where it isn't.
    """
    if path is None:
        return None
    try:
        data = read_bytes(path)
    except OSError as error:
        raise UsageError(f"--sources {path}: can't be read: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"--sources {path}, line {line}: not UTF-8") from error
    try:
        load_publishers(text)
    except ValueError as error:
        raise UsageError(f"--sources {path}, {error}") from error
    return text
