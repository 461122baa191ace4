"""Where engines are kept once they were fetched or built: outside of the tree, and only once on a machine.

NEWSBEAM_ENGINES names the folder (default: ~/.cache/newsbeam/engines).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


class MissingToolError(Exception):
    """What an engine is fetched, built or run with is not on this machine. The message names it."""


class EngineError(Exception):
    """An engine couldn't be fetched, built or started; the message holds the end of what it said."""


def engines_folder() -> Path:
    """The folder that engines are kept in."""
    return Path(os.environ.get("NEWSBEAM_ENGINES") or Path.home() / ".cache" / "newsbeam" / "engines")


def require_tools(*names: str) -> None:
    """Raises MissingToolError that names all programs that are not to be found."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise MissingToolError(f"not on PATH: {', '.join(missing)}")


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """A folder of the cache, made the first time; processes that ask at the same time wait for the first of them.

    make: fills an empty folder. What it leaves when it fails is thrown away.
    """
    base = engines_folder()
    base.mkdir(parents=True, exist_ok=True)
    target = base / name
    with locked(base / f"{name}.lock"):
        if not target.exists():
            part = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
            try:
                make(part)
                part.rename(target)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return target


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock between processes while the block runs. It goes with the process, however that ends."""
    # Not on Windows, where no engine is started and the tests have to load all the same.
    import fcntl

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run_tool(command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Runs a program and returns what it printed. Raises EngineError with the end of its output where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | dict(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", "replace")[-4_000:]
        raise EngineError(f"exit code {done.returncode} of {' '.join(map(str, command))}\n{said}")
    return done.stdout.decode("utf-8")
