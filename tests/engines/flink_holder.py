"""The process that holds a Flink session cluster: it starts what the cluster consists of, and ends all of it.

Started by `tests.engines.flink`, which is what to use. It leads a session of its own, in which everything runs that it
starts, workers of Python included: so all of it can be found, measured and ended, whoever is whose child by then.

- `cluster.json` in the folder says where everything is, once it is ready; `failed.txt` why it isn't.
- SIGTERM, or the end of the process that it was told to watch: it ends everything, then itself.
- SIGUSR1: it starts the task managers that are gone.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.engines.sessions import end_session, processes_of

FILES = Path(__file__).parent / "flink_files"
#: The jar of what goes before all other jars.
PATCHED = "patched.jar"

#: Seconds that the cluster may take to become ready: some ten on a quiet machine.
READY_S = 120.0

_OPENED = (
    "java.lang", "java.lang.invoke", "java.lang.reflect", "java.util", "java.util.concurrent",
    "java.util.concurrent.atomic", "java.net", "java.nio", "java.io", "java.time", "java.text", "java.math",
    "sun.nio.ch", "jdk.internal.misc",
)  # fmt: skip
# Flink looks into classes of Java's own, which Java 17 has to be told to allow.
_JAVA = [
    "java",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
]
_PR_SET_CHILD_SUBREAPER = 36


class Holder:
    """See the module. arguments: as `main` parses them."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._folder: Path = arguments.folder
        self._jars: Path = arguments.jars
        self._python: str = arguments.python
        self._python_path: str = arguments.python_path
        self._boot: str | None = arguments.boot
        self._slots: int = arguments.slots
        self._extra: list[str] = arguments.set
        self._names = [f"taskmanager-{number + 1}" for number in range(arguments.task_managers)]
        self._until_pid: int | None = arguments.until_pid
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        ports = _free_ports(4)
        self._rpc_port, self._rest_port, self._job_port, self._pool_port = ports
        self._artifact_port = _free_ports(1)[0]
        self._ending = False
        self._is_missing = False

    def hold(self) -> None:
        """Starts everything and stays until it is to end."""
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGUSR1, self._ask_for_missing)
        # Workers whose task manager was killed become children of this process, so that their CPU time counts.
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._write_files()
        self._start_all()
        self._wait_until_ready()
        self._write_state()
        while not self._ending and (self._until_pid is None or _is_running(self._until_pid)):
            self._reap()
            if self._is_missing:
                self._is_missing = False
                self._start_missing()
            time.sleep(0.2)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True

    def _write_files(self) -> None:
        for name in ("logs", "tmp", "checkpoints", "savepoints", "artifacts", "conf", "bin", "workers"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        template = (FILES / "flink-conf.yaml").read_text("utf-8")
        for name, value in (
            ("folder", self._folder),
            ("rpc_port", self._rpc_port),
            ("rest_port", self._rest_port),
            ("slots", self._slots),
        ):
            template = template.replace(f"{{{name}}}", str(value))
        # Of a key that stands twice Flink takes the later value.
        text = template + "".join(f"{pair.replace('=', ': ', 1)}\n" for pair in self._extra)
        (self._folder / "conf" / "flink-conf.yaml").write_text(text, "utf-8")
        # Beam's worker pool and its boot program start whatever `python` is first on PATH.
        _write_script(self._folder / "bin" / "python", f'exec "{self._python}" "$@"')
        if self._boot is not None:
            # Each worker unpacks what was staged for it in a folder of its own, and into the Python as it is: where a
            # machine's workers share both, one removes what another is about to import.
            _write_script(
                self._folder / "bin" / "boot",
                f'exec "{self._boot}" --semi_persist_dir="$(mktemp -d "{self._folder}/workers/XXXXXX")" "$@"',
            )

    def _start_all(self) -> None:
        self._java(
            "jobmanager",
            ["-Xmx400m"],
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
        )
        for name in self._names:
            self._start_task_manager(name)
        self._java(
            "jobserver",
            ["-Xmx1g"],
            "org.apache.beam.runners.flink.FlinkJobServerDriver",
            "--job-host=127.0.0.1",
            f"--job-port={self._job_port}",
            f"--artifact-port={self._artifact_port}",
            "--expansion-port=-1",
            f"--artifacts-dir={self._folder / 'artifacts'}",
            f"--flink-master=127.0.0.1:{self._rest_port}",
            f"--flink-conf-dir={self._folder / 'conf'}",
        )
        pool = [self._python, str(Path(__file__).with_name("worker_pool.py")), f"--port={self._pool_port}"]
        if self._boot is not None:
            pool.append(f"--boot={self._folder / 'bin' / 'boot'}")
        self._start("workerpool", pool)

    def _start_task_manager(self, name: str) -> None:
        self._java(
            name,
            ["-Xmx512m", "-XX:MaxDirectMemorySize=512m", "-XX:MaxMetaspaceSize=256m"],
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
            f"-Dtaskmanager.resource-id={name}",
        )

    def _java(self, name: str, memory: Sequence[str], main_class: str, *options: str) -> None:
        config = [] if "FlinkJobServerDriver" in main_class else ["--configDir", str(self._folder / "conf")]
        self._start(
            name,
            [*_JAVA, *memory, "-cp", f"{self._jars}/{PATCHED}:{self._jars}/*", main_class, *config, *options],
        )

    def _start(self, name: str, command: Sequence[str]) -> None:
        env = dict(os.environ)
        env["PATH"] = f"{self._folder / 'bin'}{os.pathsep}{env.get('PATH', '')}"
        env["PYTHONPATH"] = self._python_path
        # Without it the boot program makes an environment below /opt for each worker.
        env["RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT"] = "1"
        with (self._folder / "logs" / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=self._folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while not self._ending:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise SystemExit(f"{name} ended with exit code {process.returncode}\n{self._tail(name)}")
            slots = self._slots * len(self._names)
            if _slots_there(self._rest_port) == slots and all(
                _listens(port) for port in (self._job_port, self._artifact_port, self._pool_port)
            ):
                return
            if time.monotonic() > deadline:
                said = "\n".join(f"{name}:\n{self._tail(name)}" for name in self._processes)
                raise SystemExit(f"not ready within {READY_S:.0f} s\n{said}")
            time.sleep(0.2)

    def _tail(self, name: str) -> str:
        return (self._folder / "logs" / f"{name}.log").read_text("utf-8", "replace")[-2_000:]

    def _write_state(self) -> None:
        state = {
            "holder": os.getpid(),
            "rest": f"http://127.0.0.1:{self._rest_port}",
            "job_endpoint": f"127.0.0.1:{self._job_port}",
            "worker_pool": f"127.0.0.1:{self._pool_port}",
            "jars": str(self._jars),
            "boot": None if self._boot is None else str(self._folder / "bin" / "boot"),
            "slots": self._slots * len(self._names),
            "processes": {name: process.pid for name, process in self._processes.items()},
        }
        part = self._folder / "cluster.json.part"
        part.write_text(json.dumps(state, indent=1), "utf-8")
        part.rename(self._folder / "cluster.json")

    def _ask_for_missing(self, _number: int, _frame: FrameType | None) -> None:
        self._is_missing = True

    def _start_missing(self) -> None:
        alive = {process.pid for process in processes_of(os.getpid()) if not process.is_zombie}
        for name in self._names:
            if self._processes[name].pid not in alive:
                # The threads of one that was killed may take a moment.
                self._processes[name].wait()
                self._start_task_manager(name)
        self._write_state()

    def _reap(self) -> None:
        """Takes leave of whatever has ended: its own, and workers that outlived their task manager."""
        for process in self._processes.values():
            process.poll()
        own = {process.pid for process in self._processes.values()}
        while True:
            try:
                # Looked at only: a process of its own is left to its Popen.
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid in own:
                return
            os.waitpid(found.si_pid, 0)


def _write_script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", "utf-8")
    path.chmod(0o755)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below those that systems give out, so that none is given to somebody meanwhile."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(15_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0):
            return True
    except OSError:
        return False


def _slots_there(rest_port: int) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{rest_port}/overview", timeout=5) as answer:
            return int(json.load(answer)["slots-total"])
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return 0


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Holds a cluster until it is told to end it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--jars", type=Path, required=True)
    parser.add_argument("--task_managers", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--python_path", default="")
    parser.add_argument("--boot")
    parser.add_argument("--until_pid", type=int)
    parser.add_argument("--set", action="append", default=[])
    arguments = parser.parse_args()
    try:
        Holder(arguments).hold()
    except SystemExit as error:
        part = arguments.folder / "failed.part"
        part.write_text(str(error), "utf-8")
        part.rename(arguments.folder / "failed.txt")
        raise
    finally:
        (arguments.folder / "cluster.json").unlink(missing_ok=True)
        end_session(os.getpid(), but=os.getpid())


if __name__ == "__main__":
    main()
