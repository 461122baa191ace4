"""Reading a finished OUT back, for tests to compare."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

#: What differs between two runs over the same input and says nothing about it.
OF_THE_RUN = ("run_id", "ingested_at", "failed_at")


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    """All rows of a table, with the columns that stand in the paths, in no order."""
    found: list[dict[str, Any]] = []
    for path in sorted((out / table).rglob("*.parquet")):
        keys = dict(part.split("=", 1) for part in path.relative_to(out / table).parts[:-1])
        found += [row | keys for row in pq.ParquetFile(path).read().to_pylist()]
    return found


def content(out: Path, table: str) -> list[str]:
    """The rows of a table as sorted text, without what is the run's own: equal where the content is."""
    return sorted(
        json.dumps(
            {name: value for name, value in row.items() if name not in OF_THE_RUN},
            default=str,
            sort_keys=True,
        )
        for row in rows(out, table)
    )


def content_digest(out: Path) -> dict[str, str]:
    """One hash for each table's content."""
    return {
        table: hashlib.sha256("\n".join(content(out, table)).encode()).hexdigest()
        for table in ("articles", "duplicates", "dead_letters")
    }


def manifests(out: Path) -> list[dict[str, Any]]:
    """All manifests, in the order of their runs."""
    return [json.loads(path.read_text()) for path in sorted((out / "_runs").glob("*.json"))]


def schema_of(out: Path, table: str) -> pa.Schema:
    """The schema of a table's first file."""
    return pq.read_schema(next(iter(sorted((out / table).rglob("*.parquet")))))
