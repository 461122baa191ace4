"""Runs benchmarks, prints each one's table and writes it into docs/benchmarks.md.

    python -m tests.benchmarks                    lists them
    python -m tests.benchmarks NAME... [options]  runs some
    python -m tests.benchmarks all [options]      runs all

One whose input or peer is missing says so and is passed over; the exit code is then 1.
"""

from __future__ import annotations

import sys

from tests.benchmarks import (
    address_quality,
    against_datatrove,
    against_plain_loop,
    byline_quality,
    edge_cases,
    edit_histories,
    entity_quality,
    entity_speed,
    feed_parsers,
    flink_batch,
    index_scale,
    language_quality,
    near_duplicates,
    on_disk,
    politeness,
    polling_load,
    same_tables,
    scale,
    schedules,
    settle_spread,
    source_quality,
    stages,
    start,
    streaming_engines,
    streaming_faults,
    text_quality,
    time_quality,
    watch,
)
from tests.benchmarks.harness import measure_all, parser_of

#: In the order in which they stand in the document.
BENCHMARKS = {
    module.BENCHMARK.name: module.BENCHMARK
    for module in (
        against_plain_loop,
        against_datatrove,
        feed_parsers,
        scale,
        flink_batch,
        start,
        stages,
        on_disk,
        index_scale,
        byline_quality,
        time_quality,
        source_quality,
        address_quality,
        text_quality,
        near_duplicates,
        edit_histories,
        language_quality,
        entity_quality,
        entity_speed,
        same_tables,
        schedules,
        settle_spread,
        edge_cases,
        politeness,
        polling_load,
        watch,
        streaming_engines,
        streaming_faults,
    )
}


def main() -> int:
    """Runs from the command line."""
    parser = parser_of(list(BENCHMARKS.values()), __doc__)
    parser.add_argument("names", nargs="*", default=["list"], metavar="NAME", help="list, all, or names")
    arguments = parser.parse_intermixed_args()
    if arguments.names == ["list"]:
        width = max(map(len, BENCHMARKS))
        for name, benchmark in BENCHMARKS.items():
            print(f"{name:<{width}}  {benchmark.title}")
        return 0
    names = list(BENCHMARKS) if arguments.names == ["all"] else arguments.names
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {' or '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return measure_all([BENCHMARKS[name] for name in names], arguments, list(BENCHMARKS))


if __name__ == "__main__":
    sys.exit(main())
