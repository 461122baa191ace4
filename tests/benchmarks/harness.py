"""What the benchmarks share: commands measured with all their processes, rounds in turn, spreads, and the document.

A benchmark is a module with a `BENCHMARK`. What it measures are whole commands, each in a session of its own, so that
every process of theirs counts: workers, servers that start workers, and what is left when the first one ends.

- seconds: from the start of the command to the end of its first process, as its user waits.
- CPU: user and system time of all of its processes.
- peak: the highest sum of the processes' PSS that was seen, ten times a second at the most, and so seldom that looking
  takes a fiftieth of a core. PSS is resident memory with shared pages divided among those that share them, so that a
  sum over processes counts nothing twice.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import datetime as dt
import functools
import gzip
import importlib.metadata
import itertools
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
CORPUS = ROOT.parent / "shared" / "corpus" / "news.jsonl.gz"

_SAMPLE_S = 0.1
#: Of a core's time that looks at memory may take: a look at three large processes takes 20 ms.
_SAMPLING_SHARE = 0.02
#: Seconds that processes may outlive the command that started them before they are taken for stuck.
_PATIENCE_S = 20.0
_PR_SET_CHILD_SUBREAPER = 36

_T = TypeVar("_T")


class MissingInputError(Exception):
    """A benchmark's input, or what it is to be compared with, isn't there. The message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Benchmark:
    """name: as it is called by. title: its heading. measure: does it, and returns Markdown.

    add_options: adds what options it has beside the common ones, under names that no other benchmark uses.
    packages: whose versions belong beside the figures.
    """

    name: str
    title: str
    measure: Callable[[argparse.Namespace], str]
    add_options: Callable[[argparse._ArgumentGroup], None] = lambda group: None
    packages: tuple[str, ...] = ()


# Commands, measured.


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What a command cost. launched_at: seconds since 1970. output: what it printed."""

    seconds: float
    cpu_s: float
    peak_mb: float
    launched_at: float
    output: str


def run_command(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, stop_after_s: float | None = None
) -> Run:
    """Runs a command in the project's folder and measures it.

    env: beside what this process has. stop_after_s: kill it, with all its processes, after so many seconds.
    Raises RuntimeError with the end of what it said where it fails.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        raise MissingInputError("benchmarks need Linux: the memory of other processes is read from /proc")
    # Whoever is left by a parent that ended becomes a child of this process: so its CPU time can be asked for.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        launched_at, started = time.time(), time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=os.environ | dict(env or {}),
            stdout=out,
            stderr=said,
            start_new_session=True,
        )
        timer = threading.Timer(stop_after_s or 0, _kill_group, (process.pid,))
        if stop_after_s is not None:
            timer.start()
        try:
            with _sampled_memory(process.pid) as peak:
                _, status, usage = os.wait4(process.pid, 0)
                seconds = time.perf_counter() - started
        except BaseException:
            _kill_group(process.pid)
            raise
        finally:
            timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        cpu_s = usage.ru_utime + usage.ru_stime + _cpu_of_the_rest(process.pid)
        killed = stop_after_s is not None and process.returncode == -signal.SIGKILL
        if process.returncode and not killed:
            raise RuntimeError(
                f"exit code {process.returncode} of {' '.join(map(str, command))}\n{_tail(said)}{_tail(out)}"
            )
        out.seek(0)
        return Run(seconds, cpu_s, peak() / 1e6, launched_at, out.read().decode("utf-8", "replace"))


def _tail(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - 4_000))
    return file.read().decode("utf-8", "replace")


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _cpu_of_the_rest(group: int) -> float:
    """Seconds of CPU of the processes that outlived the command's first one, once they are gone too."""
    total = 0.0
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            pid, _, usage = os.wait4(-group, os.WNOHANG)
        except ChildProcessError:
            return total
        if pid:
            total += usage.ru_utime + usage.ru_stime
        elif time.monotonic() > deadline:
            _kill_group(group)
        else:
            time.sleep(0.01)


@contextmanager
def _sampled_memory(session: int) -> Iterator[Callable[[], int]]:
    """Looks at the memory of a session's processes while the block runs; gives the most seen, in bytes.

    Of large processes it sees two states a second, so that a peak may be missed that lasts less.
    """
    ended = threading.Event()
    highest = 0

    def sample() -> None:
        nonlocal highest
        pause_s = _SAMPLE_S
        while not ended.wait(pause_s):
            started = time.thread_time()
            highest = max(highest, session_memory(session))
            pause_s = max(_SAMPLE_S, (time.thread_time() - started) / _SAMPLING_SHARE)

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield lambda: highest
    finally:
        ended.set()
        thread.join()


def session_memory(session: int) -> int:
    """The PSS of all processes of a session now, in bytes."""
    total = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            # After the name in brackets, which may hold anything: state, parent, group, session.
            fields = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session:
                total += held_bytes(name)
        except (OSError, IndexError):
            # It has ended since the folder was listed.
            continue
    return total


def held_bytes(process: int | str) -> int:
    """The PSS of a process now, in bytes; 0 for one that has none any more. Raises OSError where it is gone."""
    held = re.search(r"^Pss: +(\d+) kB", Path("/proc", str(process), "smaps_rollup").read_text(), re.M)
    return int(held[1]) * 1024 if held else 0


def cpu_seconds(process: int) -> float:
    """The CPU time of a process so far, without that of its children. Raises OSError where it is gone."""
    fields = Path("/proc", str(process), "stat").read_text(errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass(frozen=True, slots=True)
class NewsbeamRun:
    """A run of the product. manifests: what it committed, one for each chunk."""

    run: Run
    manifests: tuple[dict[str, Any], ...]

    @property
    def articles(self) -> int:
        """Items read."""
        return self.count("read")

    def count(self, name: str) -> int:
        """One of the manifest's counts, over all chunks."""
        return sum(int(manifest["counts"][name]) for manifest in self.manifests)

    @property
    def start_s(self) -> float:
        """From the start of the command until Python and all libraries are loaded and the run begins."""
        began = min(
            dt.datetime.fromisoformat(manifest["started_at"].replace("Z", "+00:00"))
            for manifest in self.manifests
        )
        return began.timestamp() - self.run.launched_at

    def files(self, table: str | None = None) -> list[dict[str, Any]]:
        """The files that it committed, of one table where one is given."""
        return [
            file
            for manifest in self.manifests
            for file in manifest["files"]
            if table is None or file["table"] == table
        ]


def run_newsbeam(source: Path, out: Path, *options: str) -> NewsbeamRun:
    """`newsbeam run` over a file or folder, on two workers unless the options say otherwise."""
    before = set(_manifests(out))
    run = run_command(newsbeam_run(source, out, *options))
    committed = sorted(set(_manifests(out)) - before)
    return NewsbeamRun(run, tuple(json.loads(path.read_text(encoding="utf-8")) for path in committed))


def newsbeam(*options: str) -> list[str]:
    """A command line of the product."""
    return [sys.executable, "-m", "pipeline", *options]


def newsbeam_run(source: Path, out: Path, *options: str) -> list[str]:
    """The command line of `newsbeam run`, on two workers unless the options say otherwise."""
    paths = ("--input", str(source), "--output", str(out))
    return newsbeam("run", *paths, "--progress", "off", "--workers", "2", *options)


def _manifests(out: Path) -> Iterable[Path]:
    return (out / "_runs").glob("*.json")


def alternate(sides: Mapping[str, Callable[[], _T]], rounds: int) -> dict[str, list[_T]]:
    """Calls every side once a round, in turn, so that what the machine does meanwhile falls on all of them."""
    results: dict[str, list[_T]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            tell(f"round {number + 1} of {rounds}: {name}")
            results[name].append(side())
    return results


def tell(text: str) -> None:
    """Says how far it is, to whoever waits."""
    print(f"  {text}", file=sys.stderr, flush=True)


# Input.


def corpus_of(arguments: argparse.Namespace) -> Path:
    """The corpus that was asked for. Raises MissingInputError where it isn't there."""
    corpus: Path = arguments.corpus
    if not corpus.is_file():
        raise MissingInputError(
            f"{corpus} is not there: give --corpus a .jsonl or .jsonl.gz of articles with title, text, byline, "
            "source, published, lang and id"
        )
    return corpus


def cut_corpus(corpus: Path, target: Path, articles: int | None, language: str | None = None) -> Path:
    """The first so many articles of a corpus, or of one language of it, as `.jsonl.gz`; all of it as it stands."""
    if articles is None and language is None:
        return corpus
    with gzip.open(target, "wb") as file:
        file.writelines(itertools.islice(corpus_lines(corpus, language), articles))
    return target


def corpus_lines(corpus: Path, language: str | None = None) -> Iterator[bytes]:
    """The lines of a corpus, each with its line ending; of one language ("lang") only, where one is given."""
    with (gzip.open if corpus.suffix == ".gz" else open)(corpus, "rb") as file:
        for line in file:
            if language is None or json.loads(line).get("lang") == language:
                yield line if line.endswith(b"\n") else line + b"\n"


@contextmanager
def scratch_folder(arguments: argparse.Namespace) -> Iterator[Path]:
    """A folder of its own for a benchmark's files, gone at its end."""
    if arguments.scratch is not None:
        arguments.scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="newsbeam-bench-", dir=arguments.scratch))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def tree_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# Figures, tables, and the document.


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median and, where there are several, the range: "12.1 (11.8-12.4)"."""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours to theirs, round by round."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def goal(text: str, met: bool) -> str:
    """A goal and whether the median meets it."""
    return f"Goal: {text}: {'met' if met else '**not met**'}."


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


@functools.cache
def machine() -> str:
    """The machine in a line."""
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        named = re.search(r"^model name\s*: (.+)$", file.read(), re.M)
    if named and named[1] != "unknown":
        model = named[1]
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cores = len(os.sched_getaffinity(0))
    kernel = platform.release().partition("-")[0]
    return f"{model}, {cores} cores, {memory_gb:.0f} GB, {platform.system()} {kernel}"


def versions(packages: Iterable[str]) -> str:
    """Python's version and those of packages, as far as they are installed here."""
    named = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            named.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(named)


def section(benchmark: Benchmark, body: str) -> str:
    """A benchmark's section of the document."""
    day = dt.datetime.now(dt.timezone.utc).date()
    where = (
        f"{day}, {machine()}; {versions(benchmark.packages)}. `python -m tests.benchmarks {benchmark.name}`"
    )
    return f"## {benchmark.title}\n\n{where}\n\n{body.strip()}\n"


_HEAD = """# Benchmarks

Written by `python -m tests.benchmarks`, each section for itself. A figure is the median of several rounds and, in
brackets, their range; where things are compared, the rounds go in turn over the same input. Seconds are those that a
user waits. CPU and memory are of all processes together: memory is the highest sum of their PSS, looked at up to ten
times a second.
"""


def write_section(document: Path, name: str, text: str, order: Sequence[str] = ()) -> None:
    """Puts a section into the document, in place of an earlier one of that name; others stay as they are.

    order: names in the order in which sections stand; one that isn't in it comes last.
    """
    found = {}
    head = _HEAD
    if document.exists():
        content = document.read_text(encoding="utf-8")
        head = content.partition("<!-- begin ")[0]
        found = {match[1]: match[2] for match in _SECTION.finditer(content)}
    found[name] = text
    places = {one: place for place, one in enumerate(order)}
    names = sorted(found, key=lambda one: places.get(one, len(places)))
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(
        head.rstrip()
        + "\n\n"
        + "\n".join(f"<!-- begin {one} -->\n{found[one].strip()}\n<!-- end {one} -->\n" for one in names),
        encoding="utf-8",
    )


_SECTION = re.compile(r"<!-- begin (\S+) -->\n(.*?)<!-- end \1 -->\n", re.DOTALL)


# The command line.


def parser_of(benchmarks: Sequence[Benchmark], description: str | None = None) -> argparse.ArgumentParser:
    """A parser for the options that all benchmarks have and those of some."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--corpus", type=Path, default=CORPUS, metavar="FILE",
        help="articles as .jsonl or .jsonl.gz (default: ../shared/corpus/news.jsonl.gz beside the project)",
    )  # fmt: skip
    parser.add_argument(
        "--articles", type=int, metavar="N", help="only the first so many articles of the corpus"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds (default: 3)")
    parser.add_argument(
        "--scratch", type=Path, metavar="DIR", help="folder for input and output (default: the system's)"
    )
    parser.add_argument(
        "--document", type=Path, default=DOCUMENT, metavar="FILE",
        help="where the sections are written (default: docs/benchmarks.md)",
    )  # fmt: skip
    for benchmark in benchmarks:
        benchmark.add_options(parser.add_argument_group(benchmark.name))
    return parser


def measure_all(
    benchmarks: Sequence[Benchmark], arguments: argparse.Namespace, order: Sequence[str] = ()
) -> int:
    """Runs benchmarks, prints their sections and writes them; 1 where the input of any is missing, else 0."""
    code = 0
    for benchmark in benchmarks:
        print(f"{benchmark.name}: {benchmark.title}", file=sys.stderr, flush=True)
        try:
            text = section(benchmark, benchmark.measure(arguments))
        except MissingInputError as error:
            print(f"{benchmark.name}: not run: {error}", file=sys.stderr, flush=True)
            code = 1
            continue
        print(text, flush=True)
        write_section(arguments.document, benchmark.name, text, order)
    return code


def main(benchmark: Benchmark, description: str | None = None) -> int:
    """Runs one benchmark from the command line of its own module."""
    return measure_all([benchmark], parser_of([benchmark], description).parse_args())
