"""What a manifest says of versions is what the workers have."""

from __future__ import annotations

from pathlib import Path

from pipeline.cli import main
from pipeline.versions import installed_versions, joined_versions
from schemas.staged import RunSummary
from tests.end_to_end.made_up import records, write_jsonl
from tests.tables import manifests
from transforms.summary import merge_summaries


def test_versions_that_differ_are_all_named() -> None:
    """In one order, whoever came first."""
    one, other = RunSummary(versions=(("spacy", "3.8.7"),)), RunSummary(versions=(("spacy", "3.8.4"),))
    for parts in ((one, other), (other, one, one)):
        assert joined_versions(merge_summaries(parts).versions) == {"spacy": "3.8.4, 3.8.7"}


def test_a_manifest_names_what_made_its_rows(tmp_path: Path) -> None:
    """Also of a run that had nothing to read."""
    source = write_jsonl(tmp_path / "in" / "a.jsonl", records(3))
    (tmp_path / "in" / "empty.jsonl").touch()
    for name, given in (("full", source), ("empty", source.with_name("empty.jsonl"))):
        out = tmp_path / name
        assert main(["run", "--input", str(given), "--output", str(out), "--entities", "none"]) == 0
        assert manifests(out)[0]["versions"] == dict(installed_versions())
