"""The settings that a manifest keeps."""

from __future__ import annotations

from typing import Any

from pipeline.options import RunSettings
from pipeline.sources import storable
from pipeline.store.hashes import hash_bytes
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
