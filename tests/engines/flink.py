"""A Flink session cluster on this machine: job manager, task managers, Beam's job server and a pool of Python workers.

    python -m tests.engines.flink up --folder DIR [--task_managers 2] [--slots 1] [--boot]
    python -m tests.engines.flink options --folder DIR
    python -m tests.engines.flink down --folder DIR

From tests and benchmarks:

    with flink_cluster(folder) as cluster:
        run([..., *cluster.beam_options()])

All of it is processes of the user who starts it, listening on 127.0.0.1 only, on ports chosen at random; logs, state
and everything else are in the folder. The jars come from Maven the first time and are kept (see `tests.engines.cache`).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.engines.cache import EngineError, MissingToolError, cached, require_tools, run_tool
from tests.engines.flink_holder import FILES, PATCHED, READY_S
from tests.engines.go_tools import boot_path
from tests.engines.sessions import cpu_of, end_session, processes_of

ROOT = Path(__file__).parents[2]

#: States in which a job stays.
ENDED = ("FINISHED", "FAILED", "CANCELED")

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class FlinkCluster:
    """A running cluster, known by its folder; any process may hold one of these."""

    def __init__(self, folder: Path) -> None:
        """Raises EngineError where no cluster runs in the folder."""
        self.folder = folder
        self._state()

    def _state(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads((self.folder / "cluster.json").read_text("utf-8"))
        except FileNotFoundError as error:
            raise EngineError(f"no Flink cluster runs in {self.folder}") from error
        return state

    @property
    def session(self) -> int:
        """The id of the session that all of the cluster's processes run in."""
        return int(self._state()["holder"])

    @property
    def slots(self) -> int:
        """Slots of all task managers."""
        return int(self._state()["slots"])

    def beam_options(self, parallelism: int | None = None, environment: str = "EXTERNAL") -> list[str]:
        """The options that submit a graph of Beam's.

        parallelism: subtasks of each step; every slot, if None. environment: who starts the workers: EXTERNAL, the
        pool; or PROCESS, the task managers (only in a cluster that has the boot program).
        """
        state = self._state()
        config = state["worker_pool"]
        if environment == "PROCESS":
            if state["boot"] is None:
                raise ValueError("PROCESS needs a cluster with the boot program: boot=True")
            config = json.dumps({"command": state["boot"]})
        return [
            "--runner=PortableRunner",
            f"--job_endpoint={state['job_endpoint']}",
            f"--environment_type={environment}",
            f"--environment_config={config}",
            f"--parallelism={self.slots if parallelism is None else parallelism}",
            # Else a worker is started anew for each part of a job that begins when others have ended. Shorter than the
            # delay of a restart, which must not find a worker that is dead.
            "--environment_cache_millis=1000",
            # The cluster has all classes; as a default, each job would bring 150 MB of them along.
            f"--files_to_stage={state['jars']}/{PATCHED}",
        ]

    # Flink's REST interface.

    def rest(self, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
        """What Flink answers, as JSON; None where it says nothing. Raises HTTPError for an answer that is none."""
        request = urllib.request.Request(
            self._state()["rest"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with _NO_PROXY.open(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def jobs(self) -> dict[str, str]:
        """The states of all jobs by their id: RUNNING, FINISHED, ..."""
        return {job["id"]: job["status"] for job in self.rest("/jobs")["jobs"]}

    def running(self) -> list[str]:
        """The ids of the jobs that haven't ended."""
        return [job for job, state in self.jobs().items() if state not in ENDED]

    def job(self, job: str) -> dict[str, Any]:
        """What Flink knows of a job: its state, its vertices and what each has read and written."""
        found: dict[str, Any] = self.rest(f"/jobs/{job}")
        return found

    def cancel(self, job: str) -> None:
        """Cancels a job and waits until it has ended."""
        self.rest(f"/jobs/{job}?mode=cancel", "PATCH")
        self.wait_for(lambda: self.jobs()[job] in ENDED, f"job {job} is not cancelled")

    def stop(self, job: str, drain: bool = False) -> str:
        """Stops a streaming job with a savepoint; returns its path, to be given as --savepoint_path."""
        trigger = self.rest(
            f"/jobs/{job}/stop",
            "POST",
            {"targetDirectory": f"file://{self.folder}/savepoints", "drain": drain},
        )["request-id"]
        done: dict[str, Any] = {}

        def is_done() -> bool:
            done.update(self.rest(f"/jobs/{job}/savepoints/{trigger}"))
            return bool(done["status"]["id"] == "COMPLETED")

        self.wait_for(is_done, f"job {job} has no savepoint")
        operation = done["operation"]
        if "location" not in operation:
            raise EngineError(f"no savepoint of job {job}: {operation.get('failure-cause')}")
        return str(operation["location"])

    def wait_until_begun(self, known: Collection[str] = ()) -> str:
        """Waits until a job that isn't among those known has done the first of its steps; returns its id.

        Later there may be nothing to lose: most steps run side by side, and end together.

        Raises EngineError where it doesn't come so far, or has ended by then.
        """
        found: list[str] = []

        def is_begun() -> bool:
            found[:] = [job for job in self.jobs() if job not in known]
            if not found:
                return False
            job = self.job(found[0])
            if job["state"] in ENDED:
                raise EngineError(f"job {found[0]} is {job['state']} already")
            return int(job["status-counts"]["FINISHED"]) > 0

        self.wait_for(is_begun, "no job has done a step", 10 * READY_S)
        return found[0]

    def task_managers(self) -> list[str]:
        """The names of the task managers that Flink counts on; of one that was killed, until it is missed."""
        return sorted(self._task_manager_paths())

    def wait_for(self, is_so: Callable[[], bool], otherwise: str, patience_s: float = READY_S) -> None:
        """Waits until something is so. Raises EngineError that says `otherwise` when it doesn't come."""
        deadline = time.monotonic() + patience_s
        while not is_so():
            if time.monotonic() > deadline:
                raise EngineError(f"{otherwise} after {patience_s:.0f} s")
            time.sleep(0.2)

    # Its processes.

    def pids(self) -> dict[str, int]:
        """The ids of its processes by their names; of one that has ended, the last."""
        return {name: int(pid) for name, pid in self._state()["processes"].items()}

    def kill_task_manager(self, name: str) -> None:
        """Kills a task manager, "taskmanager-1" and so on, as kill -9 does; its workers have to notice themselves."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        self.wait_for(lambda: pid not in self._running(), f"{name} does not end")

    def restart_task_managers(self) -> None:
        """Starts the task managers that are gone, and waits until Flink has all slots again."""
        before, running = self._task_manager_paths(), self._running()
        named = {name for name in self.pids() if name.startswith("taskmanager-")}
        gone = {name for name in named if self.pids()[name] not in running}
        os.kill(self.session, signal.SIGUSR1)

        def all_there() -> bool:
            # One that was killed is counted on until it is missed, so that it has to be another of that name.
            now = self._task_manager_paths()
            if set(now) != named or any(now[name] == before.get(name) for name in gone):
                return False
            return bool(self.rest("/overview")["slots-total"] == self.slots)

        self.wait_for(all_there, "not all slots are there")

    def _task_manager_paths(self) -> dict[str, str]:
        return {one["id"]: one["path"] for one in self.rest("/taskmanagers")["taskmanagers"]}

    def _running(self) -> set[int]:
        return {process.pid for process in processes_of(self.session) if not process.is_zombie}

    def workers(self) -> list[int]:
        """The process ids of the Python workers."""
        return sorted(
            process.pid
            for process in processes_of(self.session)
            if "apache_beam.runners.worker.sdk_worker" in process.command and not process.is_zombie
        )

    def kill_workers(self, count: int | None = None) -> list[int]:
        """Kills so many Python workers, or all, as kill -9 does; returns which."""
        killed = self.workers()[:count]
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return killed

    def cpu_s(self) -> float:
        """Seconds of CPU that all of the cluster's processes have used so far, those that have ended included."""
        return cpu_of(self.session)

    def log(self, name: str) -> str:
        """What a process has said: "jobmanager", "taskmanager-1", "jobserver", "workerpool"."""
        return (self.folder / "logs" / f"{name}.log").read_text("utf-8", "replace")


def jars_folder() -> Path:
    """The jars of Flink and Beam's runner for it, fetched the first time; what goes before them is `PATCHED`.

    Raises MissingToolError where Maven or a JDK is missing.
    """

    def fetch(folder: Path) -> None:
        require_tools("mvn", "javac", "java")
        shutil.copyfile(FILES / "pom.xml", folder / "pom.xml")
        goal = "dependency:copy-dependencies"
        run_tool(["mvn", "-B", "-q", goal, f"-DoutputDirectory={folder}", "-DincludeScope=runtime"], folder)
        patched = folder / "patched"
        run_tool(["java", "-cp", f"{folder}/*", FILES / "Loopback.java", patched], folder)
        shutil.make_archive(str(patched), "zip", patched)
        (folder / "patched.zip").rename(folder / PATCHED)

    # Another list of jars, or another patch, is another folder.
    made_of = (FILES / "pom.xml").read_bytes() + (FILES / "Loopback.java").read_bytes()
    return cached(f"flink-{hashlib.sha256(made_of).hexdigest()[:12]}", fetch)


def start(
    folder: Path,
    task_managers: int = 2,
    slots: int = 1,
    python: str = sys.executable,
    python_path: str = str(ROOT),
    boot: bool = False,
    until_pid: int | None = None,
    settings: Sequence[str] = (),
) -> FlinkCluster:
    """Starts a cluster in a folder and waits until it is ready.

    slots: of each task manager. python: the interpreter of the workers; python_path: what PYTHONPATH is for them.
    boot: workers are started by Beam's boot program, which installs what a graph was staged with; it is built by Go.
    until_pid: a process with which the cluster ends. settings: more of Flink's, as "key=value".

    Raises MissingToolError where a program is missing; EngineError where the cluster doesn't become ready.
    """
    require_tools("java")
    if not Path("/proc/self/stat").exists():
        raise MissingToolError("not here: /proc, in which the processes of a cluster are found")
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "cluster.json").exists():
        raise EngineError(f"a Flink cluster runs in {folder} already")
    (folder / "failed.txt").unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "tests.engines.flink_holder", f"--folder={folder}", f"--jars={jars_folder()}",
        f"--task_managers={task_managers}", f"--slots={slots}", f"--python={python}", f"--python_path={python_path}",
        *(f"--set={pair}" for pair in settings),
    ]  # fmt: skip
    if boot:
        command.append(f"--boot={boot_path()}")
    if until_pid is not None:
        command.append(f"--until_pid={until_pid}")
    with (folder / "holder.log").open("ab") as log:
        holder = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while not (folder / "cluster.json").exists():
            if holder.poll() is not None:
                failed = folder / "failed.txt"
                said = failed if failed.exists() else folder / "holder.log"
                raise EngineError(f"Flink did not start: {said.read_text('utf-8', 'replace')}")
            time.sleep(0.1)
    except BaseException:
        end_session(holder.pid)
        holder.wait()
        raise
    return FlinkCluster(folder)


def stop(folder: Path) -> None:
    """Ends a cluster with all its processes. Nothing happens where none runs."""
    try:
        holder = FlinkCluster(folder.resolve()).session
    except EngineError:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while any(not process.is_zombie for process in processes_of(holder)):
        if time.monotonic() > deadline:
            end_session(holder)
        time.sleep(0.1)
    (folder / "cluster.json").unlink(missing_ok=True)


@contextlib.contextmanager
def flink_cluster(folder: Path, **options: Any) -> Iterator[FlinkCluster]:
    """A cluster that ends with the block, or with this process, however that ends. options: see `start`."""
    cluster = start(folder, until_pid=os.getpid(), **options)
    try:
        yield cluster
    finally:
        stop(folder)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("up", "options", "down"))
    parser.add_argument("--folder", type=Path, required=True, help="for everything that the cluster writes")
    parser.add_argument("--task_managers", type=int, default=2, metavar="N", help="(default: 2)")
    parser.add_argument("--slots", type=int, default=1, metavar="N", help="of each task manager (default: 1)")
    parser.add_argument(
        "--python", default=sys.executable, metavar="PATH", help="of the workers (default: this one)"
    )
    parser.add_argument(
        "--python_path", default=str(ROOT), help="PYTHONPATH of the workers (default: the project's folder)"
    )
    parser.add_argument(
        "--boot", action="store_true", help="workers install what a graph was staged with; needs Go"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of Flink's"
    )
    arguments = parser.parse_args()
    try:
        if arguments.action == "up":
            cluster = start(
                arguments.folder,
                arguments.task_managers,
                arguments.slots,
                arguments.python,
                arguments.python_path,
                arguments.boot,
                settings=arguments.set,
            )
            sys.stdout.write(f"{' '.join(cluster.beam_options())}\n")
        elif arguments.action == "options":
            sys.stdout.write(f"{' '.join(FlinkCluster(arguments.folder.resolve()).beam_options())}\n")
        else:
            stop(arguments.folder)
    except (MissingToolError, EngineError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
