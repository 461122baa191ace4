"""Damage to an OUT as runs leave it: whatever it is, `check` says where and ends with its own exit code."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipeline.cli import main
from tests.end_to_end.made_up import SEED, records, write_jsonl

QUIET = ("--entities", "none", "--progress", "off", "--workers", "1")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs over seeds and records, with versions, a duplicate and dead letters."""
    folder = tmp_path_factory.mktemp("corruption")
    made = records(12)
    for number, part in enumerate((made, [made[1] | {"text": made[1]["text"] + " And more was said."}])):
        inbox = folder / f"in{number}"
        write_jsonl(inbox / "records.jsonl", part)
        (inbox / "pier.txt").write_text(SEED.replace("Ellery Post", "Fjord Mirror", number * 2))
        (inbox / f"broken{number}.rss").write_bytes(b"\x00\x01 no feed at all")
        run = ("run", "--input", str(inbox), "--output", str(folder / "out"), *QUIET)
        assert main(run) == 0
    return folder / "out"


def committed(out: Path) -> list[Path]:
    """Every file that is part of OUT."""
    return [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != "_lock"]


def test_what_runs_leave_is_sound(out: Path) -> None:
    """Tables, manifests and indexes agree."""
    assert {path.relative_to(out).parts[0] for path in committed(out)} >= {
        "articles",
        "duplicates",
        "dead_letters",
        "_index",
        "_runs",
    }
    assert main(["check", "--output", str(out)]) == 0


def test_any_damage_is_found(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flipped bit, zeros, a cut, another file's bytes, nothing: in each file, where chance has it."""
    generator = random.Random(5)
    paths = committed(out)
    for path in paths:
        data = path.read_bytes()
        place = generator.randrange(len(data))
        flipped = bytearray(data)
        flipped[place] ^= 1 << generator.randrange(8)
        zeros = data[:place] + bytes(min(64, len(data) - place)) + data[place + 64 :]
        stranger = next(other for other in paths if other.read_bytes() != data).read_bytes()
        for damaged in (bytes(flipped), zeros, data[:place], stranger, b""):
            if damaged == data:
                continue
            path.write_bytes(damaged)
            capsys.readouterr()
            try:
                assert main(["check", "--output", str(out)]) == 1
                assert str(path) in capsys.readouterr().out
            finally:
                path.write_bytes(data)
    assert main(["check", "--output", str(out)]) == 0


def test_a_lost_file_is_found(out: Path) -> None:
    """Manifests that are lost leave files that nobody lists."""
    for path in committed(out):
        data = path.read_bytes()
        path.unlink()
        try:
            assert main(["check", "--output", str(out)]) == 1
        finally:
            path.write_bytes(data)
