"""The rules that the tree keeps: which way imports go, what functions may do, what the lock files hold."""

from __future__ import annotations

import ast
import itertools
import re
import sys
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LAYERS = ("schemas", "transforms/functions", "transforms", "pipeline")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")

#: Whatever is read or written, or tells the time, comes into a function as an argument.
OUTSIDE_WORLD = {
    "aiohttp", "asyncio", "httpx", "multiprocessing", "requests", "shutil", "socket", "sqlite3", "subprocess",
    "tempfile", "time", "urllib3", "http.client", "urllib.request", "pyarrow.fs",
    "pyarrow.parquet",
}  # fmt: skip


def files_of(layer: str) -> list[Path]:
    """The layer's modules; those of transforms/functions are not also those of transforms."""
    found = sorted((ROOT / layer).rglob("*.py"))
    if layer == "transforms":
        found = [path for path in found if ROOT / "transforms/functions" not in path.parents]
    return found


def product_files() -> list[Path]:
    return [path for layer in LAYERS for path in files_of(layer)]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports_of(path: Path, source: str | None = None) -> Iterator[str]:
    """Dotted names of all that a module imports, at any depth, relative ones resolved.

    `from a import b` gives both "a" and "a.b", since b may be a module.
    """
    package = list(path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8") if source is None else source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join(above + ([node.module] if node.module else []))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def starts_with(name: str, *prefixes: str) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def may_import(layer: str, name: str) -> bool:
    """Whether a module of the layer may import what the dotted name stands for."""
    if starts_with(name, "tests", "setup"):
        return False
    if layer == "schemas":
        top = name.partition(".")[0]
        return starts_with(name, "schemas", "pyarrow") or top in sys.stdlib_module_names
    if layer == "transforms/functions":
        if starts_with(name, "apache_beam", "pipeline"):
            return False
        # The bare "transforms" is what `from transforms.functions import x` passes through.
        return not starts_with(name, "transforms") or starts_with(name, "transforms.functions")
    if layer == "transforms":
        return not starts_with(name, "pipeline")
    return True


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_go_one_way(layer: str) -> None:
    """schemas <- transforms/functions <- transforms <- pipeline."""
    files = files_of(layer)
    assert files, f"no modules in {layer}"
    wrong = [
        f"{name_of(path)} imports {name}"
        for path in files
        for name in imports_of(path)
        if not may_import(layer, name)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "source", "refused"),
    [
        ("schemas/a.py", "import transforms", {"transforms"}),
        ("schemas/a.py", "import numpy", {"numpy"}),
        ("schemas/a.py", "import os, pyarrow.parquet\nfrom schemas.b import C", set()),
        ("transforms/functions/a.py", "def f():\n    import apache_beam", {"apache_beam"}),
        (
            "transforms/functions/a.py",
            "from transforms.dedup import D",
            {"transforms.dedup", "transforms.dedup.D"},
        ),
        ("transforms/functions/a.py", "from .. import dedup", {"transforms", "transforms.dedup"}),
        (
            "transforms/functions/a.py",
            "from . import urls\nimport ftfy\nfrom transforms.functions import x",
            set(),
        ),
        ("transforms/a.py", "from pipeline.options import O", {"pipeline.options", "pipeline.options.O"}),
        ("transforms/a.py", "import apache_beam\nfrom transforms.functions.urls import u", set()),
        ("pipeline/a.py", "from tests.helpers import h", {"tests.helpers", "tests.helpers.h"}),
    ],
)
def test_the_rule_sees_what_breaks_it(module: str, source: str, refused: set[str]) -> None:
    """Whatever the form of the import, and wherever it stands."""
    layer = module.rpartition("/")[0]
    assert {name for name in imports_of(ROOT / module, source) if not may_import(layer, name)} == refused


@pytest.mark.parametrize("package", ["transforms", "transforms/functions"])
def test_packages_that_stay_empty(package: str) -> None:
    """A line there could pull Beam into every function."""
    assert (ROOT / package / "__init__.py").read_text("utf-8") == ""


def test_functions_touch_nothing_outside() -> None:
    """No network, no processes, no clock: a function gives the same answer for the same arguments."""
    wrong = []
    for path in files_of("transforms/functions"):
        wrong += [
            f"{name_of(path)} imports {name}"
            for name in imports_of(path)
            if starts_with(name, *OUTSIDE_WORLD)
        ]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if re.search(r"\b(datetime|date|dt)\.(now|utcnow|today)$", called):
                    wrong.append(f"{name_of(path)}:{node.lineno} calls {called}")
    assert not wrong, "\n".join(wrong)


def test_nobody_saves_the_main_session() -> None:
    """Modules import what they need; pickling the main module is slow, and breaks on threads and locks."""
    wrong = [
        name_of(path)
        for path in product_files()
        if re.search(r"save_main_session(?! = False\b)", path.read_text("utf-8"))
    ]
    assert not wrong, wrong


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether an `except` takes any exception at all."""
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(name).rpartition(".")[2] for name in caught}
    # BaseException is caught to clean up on the way out, and then raised again.
    raised_again = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
    return "Exception" in names or ("BaseException" in names and not raised_again)


#: Where a run that failed is put into a line and an exit code, and the program ends.
LAST_RESORT = "pipeline/cli.py"


def test_nobody_catches_everything() -> None:
    """What is our fault has to be seen. Libraries' errors are caught by name; only the end of all may take any."""
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in product_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    ]
    assert [place.split(":")[0] for place in wrong] == [LAST_RESORT], wrong


@pytest.mark.parametrize(
    ("clause", "all_of_it"),
    [
        ("except:\n    raise", True),
        ("except Exception:\n    raise", True),
        ("except (ValueError, builtins.Exception):\n    pass", True),
        ("except BaseException:\n    pass", True),
        ("except BaseException:\n    clean()\n    raise", False),
        ("except (OSError, ValueError):\n    pass", False),
    ],
)
def test_the_rule_on_catching_sees_what_breaks_it(clause: str, all_of_it: bool) -> None:
    """Whatever its form."""
    statement = ast.parse(f"try:\n    pass\n{clause}").body[0]
    assert isinstance(statement, ast.Try)
    assert catches_all(statement.handlers[0]) is all_of_it


def required(name: str) -> list[Requirement]:
    """A list of requirements of setup.py, which can't be imported without running it."""
    for node in ast.parse((ROOT / "setup.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return [Requirement(line) for line in ast.literal_eval(node.value)]
    raise AssertionError(f"setup.py has no {name}")


def locked(lock: str) -> list[tuple[Requirement, list[str]]]:
    """The entries of a lock file, each with its hashes."""
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    entries = []
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line.strip())
            entries.append((Requirement(requirement), hashes))
    return entries


def versions(lock: str, python: str, platform: str) -> dict[str, str]:
    """Name -> version of what a lock file installs there."""
    environment: dict[str, str | AbstractSet[str]] = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": platform,
    }
    found: dict[str, str] = {}
    for requirement, _ in locked(lock):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{lock} has two versions of {name} for Python {python}"
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"{lock} doesn't pin {requirement}"
            found[name] = pin.version
    return found


@pytest.mark.parametrize(("python", "platform"), itertools.product(PYTHONS, ["linux", "darwin"]))
@pytest.mark.parametrize(
    ("lock", "lists"),
    [("requirements.lock", ["REQUIRED"]), ("requirements-test.lock", ["REQUIRED", "TESTING"])],
)
def test_the_lock_satisfies_the_setup(lock: str, lists: list[str], python: str, platform: str) -> None:
    """Every requirement of setup.py is pinned, within its bounds, on every Python that we promise."""
    pinned = versions(lock, python, platform)
    for requirement in itertools.chain.from_iterable(required(name) for name in lists):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in {lock}"
        assert requirement.specifier.contains(version, prereleases=True), (
            f"{requirement}, but {lock} has {version}"
        )
    # What run_local.sh builds the package with.
    assert {"packaging", "setuptools", "wheel"} <= pinned.keys()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_tests_run_with_what_is_shipped(python: str) -> None:
    """The tests' lock holds the product's, version for version."""
    shipped = versions("requirements.lock", python, "linux")
    tested = versions("requirements-test.lock", python, "linux")
    assert {name: tested.get(name) for name in shipped} == shipped


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_locked_version_has_its_hash(lock: str) -> None:
    """`pip install --require-hashes` refuses a file without, but only once somebody installs it."""
    entries = locked(lock)
    assert len(entries) > 20
    for requirement, hashes in entries:
        assert hashes, f"{requirement} in {lock} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


def test_every_dependency_is_explained() -> None:
    """docs/dependencies.md says of each why it is here."""
    text = (ROOT / "docs/dependencies.md").read_text("utf-8")
    missing = [r.name for r in required("REQUIRED") + required("TESTING") if f"`{r.name}`" not in text]
    assert not missing, missing
