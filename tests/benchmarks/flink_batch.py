"""A run on a Flink cluster of this machine beside the local one: the same tables, and who did what.

    python -m tests.benchmarks flink_batch [--articles 100000] [--task_managers 1 2] [--kill]

Each cluster is started for its run: a job manager, task managers with one slot and one Python worker each, Beam's job
server. All of it shares the machine's cores with the launcher, so that an engine can't be faster here than the local
runner; what is to be seen is that work and shuffled bytes are spread over the slots, and that the tables are equal.

--kill: once more, with a task manager killed when the first of the job's steps is done, and another one started.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.harness import (
    Benchmark,
    MissingInputError,
    NewsbeamRun,
    corpus_lines,
    corpus_of,
    goal,
    main,
    run_newsbeam,
    scratch_folder,
    table,
    tell,
)
from tests.engines.cache import MissingToolError
from tests.engines.flink import FlinkCluster, flink_cluster
from tests.tables import content

CLOCK = "2026-01-01T00:00:00Z"
TABLES = ("articles", "duplicates", "dead_letters", "regrouped")

#: Files that the corpus is dealt out to: one is read by one worker.
FILES = 8


@dataclasses.dataclass(frozen=True, slots=True)
class EngineRun:
    """What a run on the engine came to. cpu_s: of launcher and engine together.

    shares: see `shares_of`. restarts: of the job.
    """

    done: NewsbeamRun
    cpu_s: float
    job_s: float
    shuffled: int
    shares: dict[str, list[int]]
    restarts: int


def measure(arguments: argparse.Namespace) -> str:
    """The local run, then one on each cluster."""
    corpus = corpus_of(arguments)
    with scratch_folder(arguments) as folder:
        count = deal_out(corpus, folder / "in", arguments.articles or 100_000)
        tell(f"{count:,} articles, on this machine")
        common = ("--entities", "none", "--now", CLOCK, "--chunk_mb", "0")
        local = run_newsbeam(folder / "in", folder / "local", *common)
        expected = {name: content(folder / "local", name) for name in TABLES}
        rows: list[Sequence[object]] = [
            ("local, 2 processes", f"{local.run.seconds:,.1f}", "", f"{local.run.cpu_s:,.1f}", "", "", "")
        ]
        equal = True
        runs: dict[str, EngineRun] = {}
        given = [(number, False) for number in arguments.task_managers]
        if arguments.kill:
            given.append((max(arguments.task_managers), True))
        for number, kill in given:
            name = f"Flink, {number} task manager{'s' if number > 1 else ''}{', one killed' if kill else ''}"
            tell(name)
            out = folder / f"flink-{number}-{kill}"
            killed = f"taskmanager-{number}" if kill else None
            try:
                with flink_cluster(folder / f"cluster-{number}-{kill}", task_managers=number) as cluster:
                    run = run_on_flink(cluster, folder / "in", out, common, killed)
            except MissingToolError as error:
                raise MissingInputError(f"Flink can't be started: {error}") from error
            same = all(content(out, table_name) == expected[table_name] for table_name in TABLES)
            same &= counts_of(run.done) == counts_of(local)
            equal &= same
            runs[name] = run
            rows.append(
                (
                    name,
                    f"{run.done.run.seconds:,.1f}",
                    f"{run.job_s:,.1f}",
                    f"{run.cpu_s:,.1f}",
                    f"{run.shuffled / 1e6:,.1f}",
                    run.restarts,
                    "equal" if same else "**different**",
                )
            )
        return report(count, rows, runs, local, equal)


def deal_out(corpus: Path, folder: Path, articles: int) -> int:
    """The first so many articles of a corpus, dealt out to `FILES` files; how many there were."""
    folder.mkdir(parents=True)
    files = [(folder / f"part-{number}.jsonl").open("wb") for number in range(FILES)]
    count = 0
    for line in itertools.islice(corpus_lines(corpus), articles):
        files[count % FILES].write(line)
        count += 1
    for file in files:
        file.close()
    return count


def run_on_flink(
    cluster: FlinkCluster, source: Path, out: Path, options: Sequence[str], kill: str | None = None
) -> EngineRun:
    """A run on a cluster. kill: a task manager that is killed once its job has begun."""
    known = set(cluster.jobs())
    before = cluster.cpu_s()
    killer = threading.Thread(target=_kill_amid, args=(cluster, known, kill))
    if kill is not None:
        killer.start()
    done = run_newsbeam(source, out, *options, "--workers", "1", *cluster.beam_options())
    if kill is not None:
        killer.join()
    (job,) = set(cluster.jobs()) - known
    found = cluster.job(job)
    if found["state"] != "FINISHED":
        raise RuntimeError(f"Flink's job is {found['state']}")
    return EngineRun(
        done,
        done.run.cpu_s + cluster.cpu_s() - before,
        found["duration"] / 1e3,
        shuffled_bytes(found, cluster.rest(f"/jobs/{job}/plan")["plan"]["nodes"]),
        shares_of(cluster, job, found),
        # It is numbered from 0 how often a step was begun; where one is, all are.
        max(vertex_attempts(cluster, job, found)),
    )


def vertex_attempts(cluster: FlinkCluster, job: str, found: dict[str, Any]) -> list[int]:
    """How often each step of a job was begun again."""
    return [
        max(int(part["attempt"]) for part in cluster.rest(f"/jobs/{job}/vertices/{vertex['id']}")["subtasks"])
        for vertex in found["vertices"]
    ]


def _kill_amid(cluster: FlinkCluster, known: Collection[str], task_manager: str) -> None:
    cluster.wait_until_begun(known)
    cluster.kill_task_manager(task_manager)
    cluster.restart_task_managers()


def shuffled_bytes(job: dict[str, Any], plan: list[dict[str, Any]]) -> int:
    """Bytes that went into steps from all subtasks of the step before: through the network, where they are apart."""
    read = {vertex["id"]: int(vertex["metrics"]["read-bytes"]) for vertex in job["vertices"]}
    return sum(
        read[node["id"]]
        for node in plan
        if node.get("inputs") and all(_is_shuffle(one["ship_strategy"]) for one in node["inputs"])
    )


def _is_shuffle(strategy: str) -> bool:
    return strategy.startswith(("Hash", "Range", "Rebalance", "Custom"))


def shares_of(cluster: FlinkCluster, job: str, found: dict[str, Any]) -> dict[str, list[int]]:
    """What went into each subtask of what spreads work: batches of what was read, and the groups of each shuffle.

    What is done with a group is done by the subtask that has it.
    """
    shares = {}
    for vertex in found["vertices"]:
        group = re.match(r"GroupReduce \(GroupReduce at ([^)]+)\)", vertex["name"])
        if group is not None:
            label, metric = group[1], "write-records"
        elif "PrepareFiles" in vertex["name"]:
            label, metric = "PrepareFiles", "read-records"
        else:
            continue
        parts = cluster.rest(f"/jobs/{job}/vertices/{vertex['id']}")["subtasks"]
        records = [int(part["metrics"][metric]) for part in parts]
        if any(records):
            shares[label] = records
    return shares


def counts_of(run: NewsbeamRun) -> list[dict[str, int]]:
    """What the manifests of a run have counted."""
    return [manifest["counts"] for manifest in run.manifests]


def report(
    count: int, rows: list[Sequence[object]], runs: dict[str, EngineRun], local: NewsbeamRun, equal: bool
) -> str:
    """The tables, and what they say of the goals."""
    header = ("", "seconds", "in the job", "CPU s", "MB shuffled", "restarts", "tables and counts")
    labels = dict.fromkeys(label for run in runs.values() for label in run.shares)
    shares = [(label, *(_shown(run.shares.get(label, [])) for run in runs.values())) for label in labels]
    per_article = [run.shuffled / count for run in runs.values()]
    said = [
        f"{count:,} articles in {FILES} files, near-duplicates on, without entities: {local.count('kept'):,} kept, "
        f"{local.count('duplicate'):,} duplicates. Flink and its workers have the same cores as the local run.",
        table(header, rows),
        f"Shuffled: {max(per_article):,.0f} bytes an article at the most, its text once and its keys.",
        "Batches and groups that each slot worked on:",
        table(("", *runs), shares),
        goal("equal tables, counts and all", equal),
    ]
    for name, run in runs.items():
        if name.endswith("killed"):
            said.append(goal("the kill cost the job a restart", run.restarts > 0))
    return "\n\n".join(said)


def _shown(records: list[int]) -> str:
    return " / ".join(f"{one:,}" for one in records)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument(
        "--task_managers", type=int, nargs="+", default=[1, 2], metavar="N", help="clusters to run on (1 2)"
    )
    group.add_argument("--kill", action="store_true", help="also run while a task manager is killed")


BENCHMARK = Benchmark("flink_batch", "Flink", measure, add_options, ("apache-beam", "pyarrow"))

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
