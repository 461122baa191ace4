"""What a run of new articles costs against an index of many known ones.

    python -m tests.benchmarks index_scale [--known 10000 100000 1000000 10000000] [--new 1000] [--window_share 0.03]

The known articles are made of random keys, since no text is needed to be known: for each an item, two names, a version
and a text, and for the given share of them, those of the near-duplicate window, a fingerprint. The new ones are made-up
texts. Each line is a whole run of the program in a process of its own: start, graph, index, tables and commit, without
entities and on two workers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.files import open_write
from pipeline.store.index import write_segment
from schemas.index import INDEXES
from tests.benchmarks.harness import Benchmark, Run, main, run_newsbeam, scratch_folder, spread, table, tell
from tests.end_to_end.made_up import records, write_jsonl
from transforms.functions.near_duplicates import BANDS

SEGMENT_ROWS = 1_000_000


def random_hashes(generator: np.random.Generator, count: int, in_order: bool = False) -> pa.Array:
    """That many random 16-byte values."""
    halves: npt.NDArray[np.uint64] = generator.integers(0, 1 << 63, (count, 2), dtype=np.uint64) << np.uint64(
        1
    )
    if in_order:
        halves = halves[np.argsort(halves[:, 0])]
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(16), count, [None, pa.py_buffer(halves.astype(">u8").tobytes())]
    )


def made_up_segment(generator: np.random.Generator, index: str, rows: int) -> pa.Table:
    """A sorted segment of an index, of random values."""
    columns = []
    for field in INDEXES[index]:
        if field.name == "key":
            columns.append(random_hashes(generator, rows, in_order=True))
        elif field.name in ("bands", "sketch"):
            size = BANDS * 4 if field.name == "bands" else 640
            data = generator.integers(0, 1 << 32, rows * size // 4, dtype=np.uint32).tobytes()
            offsets = np.arange(rows + 1, dtype=np.int32) * size
            columns.append(
                pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
            )
        elif field.name == "seen_us":
            columns.append(pa.array(np.full(rows, time.time_ns() // 1000)))
        elif field.name == "kept":
            columns.append(pa.array([True] * rows))
        elif field.name == "moment_us":
            columns.append(pa.array(np.full(rows, time.time_ns() // 1000)))
        elif pa.types.is_fixed_size_binary(field.type):
            columns.append(random_hashes(generator, rows))
        else:
            columns.append(pa.array(np.full(rows, 200, dtype=np.int32)))
    return pa.Table.from_arrays(columns, schema=INDEXES[index])


def write_known(out: Path, known: int, window_share: float) -> int:
    """Fills `_index` as if that many articles had been committed; returns its bytes."""
    generator = np.random.default_rng(known)
    rows = {
        "items": known,
        "identities": 2 * known,
        "articles": known,
        "contents": known,
        "fingerprints": int(known * window_share),
    }
    size = 0
    for index, count in rows.items():
        for number, start in enumerate(range(0, count, SEGMENT_ROWS)):
            path = out / "_index" / index / f"known-{number:05d}.parquet"
            with open_write(str(path)) as file:
                write_segment(made_up_segment(generator, index, min(SEGMENT_ROWS, count - start)), file)
            size += path.stat().st_size
    return size


def measure(known: list[int], new: int, window_share: float, rounds: int, folder: Path) -> str:
    """A table with a row for each number of known articles, none first."""
    source = write_jsonl(folder / "new.jsonl", records(new, seed=99))
    sizes = {}
    runs: dict[int, list[Run]] = {}
    for count in [0, *known]:
        tell(f"{count:,} known articles")
        (folder / "known").mkdir()
        sizes[count] = write_known(folder / "known", count, window_share)
        runs[count] = []
        for _ in range(rounds):
            shutil.copytree(folder / "known", folder / "out", copy_function=os.link)
            runs[count].append(run_newsbeam(source, folder / "out", "--entities", "none").run)
            shutil.rmtree(folder / "out")
        shutil.rmtree(folder / "known")
    rows = [
        (
            f"{count:,}",
            f"{sizes[count] / 1e6:,.0f}",
            spread([run.seconds for run in of_count], 2),
            spread([run.peak_mb for run in of_count]),
        )
        for count, of_count in runs.items()
    ]
    return "\n\n".join(
        [
            f"A whole run over {new:,} new articles, without entities, two workers; {window_share:.0%} of the known "
            "within the near-duplicate window:",
            table(("known articles", "`_index`, MB", "seconds", "peak, MB"), rows),
        ]
    )


def measure_asked(arguments: argparse.Namespace) -> str:
    """The sizes that were asked for."""
    with scratch_folder(arguments) as folder:
        return measure(arguments.known, arguments.new, arguments.window_share, arguments.rounds, folder)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--known", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000], metavar="N",
        help="known articles (10000 100000 1000000 10000000)",
    )  # fmt: skip
    group.add_argument("--new", type=int, default=1_000, metavar="N", help="new articles (1000)")
    group.add_argument(
        "--window_share", type=float, default=0.03, metavar="SHARE",
        help="of the known articles within the near-duplicate window (0.03)",
    )  # fmt: skip


BENCHMARK = Benchmark(
    "index_scale", "Against a growing index", measure_asked, add_options, ("apache-beam", "pyarrow")
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
