"""Worker processes are started early for large inputs, and for none else."""

from __future__ import annotations

import argparse
from multiprocessing import forkserver
from pathlib import Path

import pytest

from pipeline.options import RunSettings, build_parser, run_settings
from pipeline.prestart import is_large, prestart
from schemas.sources import LineRange, SourceFile


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Grows when a server is started."""
    starts: list[bool] = []
    monkeypatch.setattr(forkserver, "ensure_running", lambda: starts.append(True))
    return starts


def settings(*arguments: object) -> RunSettings:
    parsed: argparse.Namespace
    parsed, rest = build_parser().parse_known_args(["run", *map(str, arguments), "--output", "out"])
    return run_settings(parsed, rest)


def test_a_large_input_is(tmp_path: Path) -> None:
    """By its bytes once decompressed, and sooner where a model reads it."""
    assert is_large([SourceFile("a", 5_000_000, "jsonl")], "none")
    assert is_large([SourceFile("a", 1_500_000, "jsonl", "gzip")], "none")
    assert is_large([SourceFile("a", 200_000, "jsonl")], "spacy")
    assert not is_large([SourceFile("a", 200_000, "jsonl")] * 3, "none")
    part = LineRange(0, 0, 10, stored_bytes=1_000)
    assert not is_large([SourceFile("a", 5_000_000, "jsonl", lines=part)], "none")


@pytest.mark.parametrize("pattern", ["big.jsonl", "*.jsonl", "", "**/*.jsonl"])
def test_the_server_is_started_for_a_large_input(tmp_path: Path, pattern: str, started: list[bool]) -> None:
    """As a file, a glob or a folder."""
    (tmp_path / "big.jsonl").write_bytes(b" " * 5_000_000)
    prestart(settings("--input", tmp_path / pattern, "--workers", 2))
    assert started == [True]


@pytest.mark.parametrize("more", [("--workers", 2), ("--workers", 1), ("--runner", "FlinkRunner")])
def test_nothing_is_started_otherwise(tmp_path: Path, more: tuple[object, ...], started: list[bool]) -> None:
    """For little, for one worker, and for engines with workers of their own; what isn't there is for others to say."""
    (tmp_path / "a.jsonl").write_bytes(b" " * (1_000 if more[-1] == 2 else 5_000_000))
    given = ("--input", tmp_path, "--input", tmp_path / "gone", "--entities", "none")
    prestart(settings(*given, *more))
    assert started == []
