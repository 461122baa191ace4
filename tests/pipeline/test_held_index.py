"""An index that stays at hand answers as one that is read anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.files import open_write
from pipeline.store import held_index
from pipeline.store.held_index import HeldIndex
from pipeline.store.index import KeyIndex, write_segment
from tests.benchmarks.index_scale import made_up_segment


@pytest.mark.parametrize("is_mapped", [False, True])
@pytest.mark.parametrize("name", ["items", "identities", "articles"])
def test_keys_are_found_as_in_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_mapped: bool
) -> None:
    """Known ones, of all segments and row groups, and no others."""
    monkeypatch.setattr(held_index, "_MAPPED_BYTES", 0 if is_mapped else 1 << 30)
    generator = np.random.default_rng(5)
    paths, keys = [], [generator.bytes(16) for _ in range(50)]
    for number, count in enumerate((70_000, 300, 1)):
        table = made_up_segment(generator, name, count)
        paths.append(str(tmp_path / f"{number}.parquet"))
        with open_write(paths[-1]) as file:
            write_segment(table, file)
        places = generator.integers(0, count, min(count, 40))
        keys += table.column("key").take(places).to_pylist()
    held = HeldIndex(name).refresh(paths)
    expected = KeyIndex(name, tuple(paths)).lookup(keys).to_pylist()
    assert len(expected) > 70

    def in_order(rows: list[dict[str, object]]) -> list[str]:
        return sorted(map(str, rows))

    assert in_order(held.lookup(keys).to_pylist()) == in_order(expected)
    # What was merged away is forgotten.
    fewer = KeyIndex(name, tuple(paths[1:])).lookup(keys).to_pylist()
    assert in_order(held.refresh(paths[1:]).lookup(keys).to_pylist()) == in_order(fewer)
    assert held.refresh([]).lookup(keys).num_rows == 0
    assert held.lookup([]).num_rows == 0


def test_bands_are_found_as_in_the_files(tmp_path: Path) -> None:
    """Within the window only, also where it has moved on, or back."""
    generator = np.random.default_rng(6)
    paths = []
    bands = [generator.integers(0, 1 << 32, 100, dtype=np.uint32)]
    for number, count in enumerate((9_000, 20)):
        table = made_up_segment(generator, "fingerprints", count)
        seen = generator.integers(0, 1_000, count)
        place = table.schema.get_field_index("seen_us")
        table = table.set_column(place, table.schema.field(place), [seen])
        paths.append(str(tmp_path / f"{number}.parquet"))
        with open_write(paths[-1]) as file:
            write_segment(table, file)
        bands += [
            np.frombuffer(table.column("bands")[row].as_py(), dtype="<u4")[:2] for row in range(0, count, 7)
        ]
    held = HeldIndex("fingerprints").refresh(paths)
    wanted = np.concatenate(bands)
    found = []
    for since_us in (500, 900, 0):
        expected = KeyIndex("fingerprints", tuple(paths)).sharing_bands(wanted, since_us)
        rows = held.sharing_bands(wanted, since_us)
        assert sorted(map(str, rows.to_pylist())) == sorted(map(str, expected.to_pylist()))
        found.append(rows.num_rows)
    assert found[2] > found[0] > found[1] > 0
    assert held.sharing_bands(np.zeros(0, dtype=np.uint32), 0).num_rows == 0
