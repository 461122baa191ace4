"""Prepared items, made up, as they come to the end of a stream."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

from pipeline import window
from pipeline.options import build_parser, run_settings
from pipeline.store.layout import Layout
from pipeline.window import PrepareRows, WindowSettings
from schemas.records import Payload, PayloadBatch
from schemas.staged import PreparedRows

NOW = dt.datetime(2024, 5, 2, 12, tzinfo=dt.timezone.utc)


def rows_of(lines: Sequence[dict[str, str]], now: dt.datetime = NOW, name: str = "made-up") -> PreparedRows:
    """JSONL records, prepared. name: of the file that they are said to stand in."""
    parts = tuple(json.dumps(line).encode() for line in lines)
    return PrepareRows(near=True)(PayloadBatch((Payload("jsonl", name, parts),)), now)


def window_settings(out: Path, **changed: str) -> WindowSettings:
    """How windows are written in tests: without entities."""
    options = {"entities": "none"} | changed
    given = [text for name, value in options.items() for text in (f"--{name}", value)]
    arguments, rest = build_parser().parse_known_args(["run", "--input", "x", "--output", str(out), *given])
    return window.window_settings(run_settings(arguments, rest), Layout(str(out)), None)
