"""Segments of `_index`: look-ups find exactly what is there, and merging changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.files import open_write
from pipeline.store import index
from pipeline.store.index import (
    KeyIndex,
    merge_segments,
    segments_to_merge,
    size_class,
    sorted_segment,
    write_segment,
)
from pipeline.write import index_table


def table_of(keys: list[bytes], version: int = 1) -> pa.Table:
    """Rows of the articles index with these keys."""
    rows = [
        (
            "a1" + key.hex(),
            version,
            *(kind + key.hex() for kind in ("r1", "c1", "t1", "a1")),
            None,
            None,
            True,
        )
        for key in keys
    ]
    return index_table("articles", rows)


def write(folder: Path, name: str, table: pa.Table) -> str:
    path = str(folder / name)
    with open_write(path) as file:
        write_segment(sorted_segment(table), file)
    return path


def random_keys(count: int, seed: int) -> list[bytes]:
    generator = random.Random(seed)
    return [generator.randbytes(16) for _ in range(count)]


def test_a_lookup_finds_what_is_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over several segments and many row groups, with keys at every edge."""
    monkeypatch.setattr(index, "ROW_GROUP_ROWS", 64)
    held = [*random_keys(1_000, 1), b"\x00" * 16, b"\xff" * 16, b"\x01" + b"\x00" * 15]
    segments = [write(tmp_path, f"{part}.parquet", table_of(held[part::3])) for part in range(3)]
    wanted = held[::7] + held[-3:] + random_keys(500, 2)
    found = KeyIndex("articles", tuple(segments)).lookup(wanted)
    assert {row["key"] for row in found.to_pylist()} == set(wanted) & set(held)
    assert found.schema == table_of([]).schema


def test_keys_that_share_their_first_half_are_told_apart(tmp_path: Path) -> None:
    """The halves are compared both."""
    same_half = [b"\x05" * 8 + bytes([low]) * 8 for low in range(4)]
    segment = write(tmp_path, "a.parquet", table_of(same_half[:2]))
    found = KeyIndex("articles", (segment,)).lookup([same_half[1], same_half[2]])
    assert [row["key"] for row in found.to_pylist()] == [same_half[1]]


@pytest.mark.parametrize("group_rows", [1, 2, 7, 64, 10_000])
def test_merged_segments_hold_each_row_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: int
) -> None:
    """As if all had been sorted at once, wherever row groups end: amid the versions of an article, for one."""
    monkeypatch.setattr(index, "ROW_GROUP_ROWS", group_rows)
    keys = random_keys(100, 3)
    many = [table_of(keys[50:51], version) for version in range(1, 20)]
    tables = [
        table_of(keys[:60]),
        pa.concat_tables([table_of(keys[40:]), *many[5:]]),
        pa.concat_tables(many),
        table_of([]),
        table_of(keys[:1]),
    ]
    paths = [write(tmp_path, f"{place}.parquet", table) for place, table in enumerate(tables)]
    with open_write(str(tmp_path / "merged.parquet")) as file:
        rows = merge_segments(paths, "articles", file)
    parquet = pq.ParquetFile(tmp_path / "merged.parquet")
    assert parquet.read().equals(sorted_segment(pa.concat_tables(tables)))
    assert rows == parquet.metadata.num_rows == 118
    assert {parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups - 1)} <= {
        group_rows
    }


def test_several_rows_of_one_key_are_all_found(tmp_path: Path) -> None:
    """An article has a row for each version."""
    key = b"\x07" * 16
    segment = write(tmp_path, "a.parquet", pa.concat_tables([table_of([key], 1), table_of([key], 2)]))
    found = KeyIndex("articles", (segment,)).lookup([key, key])
    assert sorted(row["version"] for row in found.to_pylist()) == [1, 2]


def fingerprint_rows(count: int, seed: int, seen_us: int) -> pa.Table:
    """Rows of the fingerprints index; every fifth has no bands."""
    generator = np.random.default_rng(seed)
    rows = [
        (
            f"a1{seed:016x}{number:016x}",
            1,
            seen_us,
            generator.integers(0, 1 << 32, 48, dtype="<u4").tobytes(),
            b"",
            20,
        )
        for number in range(count)
    ]
    return index_table("fingerprints", rows)


def test_fingerprints_are_found_by_any_one_band(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the window only, and nothing that shares none."""
    monkeypatch.setattr(index, "ROW_GROUP_ROWS", 64)
    old, new = fingerprint_rows(300, 1, seen_us=10), fingerprint_rows(300, 2, seen_us=20)
    segments = tuple(write(tmp_path, f"{seen}.parquet", table) for seen, table in ((10, old), (20, new)))
    known = KeyIndex("fingerprints", segments)
    wanted = [
        np.frombuffer(table["bands"][row].as_py(), dtype="<u4")[row % 48]
        for table in (old, new)
        for row in (0, 64, 299)
    ]
    bands = np.array([*wanted, 12345], dtype=np.uint32)
    found = known.sharing_bands(bands, since_us=0)
    assert sorted(row["key"] for row in found.to_pylist()) == sorted(
        table["key"][row].as_py() for table in (old, new) for row in (0, 64, 299)
    )
    assert found.schema == old.schema
    assert known.sharing_bands(bands, since_us=15).num_rows == 3
    assert known.sharing_bands(np.zeros(0, dtype=np.uint32), since_us=0).num_rows == 0


def test_bands_are_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pieces of all segments are the rows of the window, each once."""
    monkeypatch.setattr(index, "FINGERPRINT_GROUP_ROWS", 64)
    old, new = fingerprint_rows(300, 1, seen_us=10), fingerprint_rows(130, 2, seen_us=20)
    segments = tuple(write(tmp_path, f"{seen}.parquet", table) for seen, table in ((10, old), (20, new)))
    mixed = write(tmp_path, "mixed.parquet", pa.concat_tables([old, new]))
    for among, since_us, expected in (
        (segments, 0, pa.concat_tables([old, new])),
        (segments, 15, new),
        ((mixed,), 20, new),
        ((mixed,), 21, new.slice(0, 0)),
    ):
        known = KeyIndex("fingerprints", among)
        assert [known.pieces(segment) for segment in segments] == [5, 3]
        found = pa.concat_tables(
            known.bands_of(segment, piece, since_us)
            for segment in among
            for piece in range(known.pieces(segment))
        )
        columns = ["key", "version", "bands"]
        assert found.sort_by("key").equals(expected.select(columns).sort_by("key"))


def test_nothing_is_found_in_nothing() -> None:
    """No segments, or no keys, is an empty table with the right columns."""
    assert KeyIndex("articles").lookup([b"\x00" * 16]).num_rows == 0
    assert KeyIndex("contents", ("nowhere.parquet",)).lookup([]).num_rows == 0


def test_segments_are_merged_when_there_are_many_of_like_size() -> None:
    """Small ones first, and never one that would be too large to hold."""
    small = [(f"s{number}", 10) for number in range(index.MERGE_FANOUT)]
    large = [(f"l{number}", index.LARGEST_MERGE_ROWS) for number in range(index.MERGE_FANOUT)]
    assert segments_to_merge([*small[1:], *large]) == []
    assert sorted(segments_to_merge([*small, *large])) == sorted(path for path, _ in small)


def test_size_classes_grow_by_the_fanout() -> None:
    """A merge of one class's segments is of the next class."""
    rows = index.SMALLEST_CLASS_ROWS
    assert size_class(rows) == 0
    assert size_class(rows * index.MERGE_FANOUT) == 1
    assert size_class(rows * index.MERGE_FANOUT + index.MERGE_FANOUT) == 2
