"""What a run of new articles costs against an index of many known ones.

    python -m tests.benchmarks.index_scale [--known 10000 100000 1000000 10000000] [--new 1000] [--window_share 0.03]

The known articles are made of random keys, since no text is needed to be known: for each an item, two names, a version
and a text, and for the given share of them, those of the near-duplicate window, a fingerprint. The new ones are made-up
texts. Each line is a whole run of the program in a process of its own: start, graph, index, tables and commit, without
entities and on two workers.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.files import open_write
from pipeline.store.index import write_segment
from schemas.index import INDEXES
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


def timed_run(source: Path, out: Path) -> tuple[float, float]:
    """Seconds of a run, and the largest process's memory in MB."""
    started = time.monotonic()
    run = subprocess.Popen(
        [
            sys.executable, "-m", "pipeline", "run", "--input", str(source), "--output", str(out),
            "--entities", "none", "--progress", "off", "--workers", "2",
        ],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    if run.returncode:
        raise SystemExit(f"the run ended with exit code {run.returncode}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def measure(known: list[int], new: int, window_share: float) -> None:
    """Prints a line for each number of known articles."""
    print(
        f"{new:,} new articles; {platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; {window_share:.0%} of the known within the near-duplicate window"
    )
    print(f"{'known':>12} {'index MB':>9} {'seconds':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        source = write_jsonl(Path(folder) / "new.jsonl", records(new, seed=99))
        for number, count in enumerate([0, *known]):
            out = Path(folder) / f"out{number}"
            size = write_known(out, count, window_share)
            seconds, peak = timed_run(source, out)
            print(f"{count:>12,} {size / 1e6:>9.0f} {seconds:>8.2f} {peak:>8.0f}", flush=True)
            subprocess.run(["rm", "-rf", str(out)], check=True)


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--known", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--new", type=int, default=1_000)
    parser.add_argument("--window_share", type=float, default=0.03)
    arguments = parser.parse_args()
    measure(arguments.known, arguments.new, arguments.window_share)


if __name__ == "__main__":
    main()
