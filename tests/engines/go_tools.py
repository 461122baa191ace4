"""What of Beam is written in Go, built from its module: Prism, and the program that boots a Python worker.

Beam's own way is to download Prism from its release page, which has no time-out and asks each time. The module is the
same source, of the very version that is installed here.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import tempfile
from pathlib import Path

from tests.engines.cache import EngineError, cached, require_tools, run_tool

_VERSION = importlib.metadata.version("apache-beam")
_MODULE_VERSION = f"github.com/apache/beam/sdks/v2@v{_VERSION}"


def prism_path() -> Path:
    """Prism, built the first time (a minute or two). Raises MissingToolError where Go is missing."""

    def make(folder: Path) -> None:
        require_tools("go")
        # Outside of any module, so that it is found by its version.
        module = Path(
            json.loads(run_tool(["go", "mod", "download", "-json", _MODULE_VERSION], folder))["Dir"]
        )
        with tempfile.TemporaryDirectory() as copy:
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(module / name, Path(copy, name))
            # The module's own files are for reading only, and a build refuses to have any of them overlaid.
            shutil.copytree(module / "go", Path(copy, "go"), copy_function=shutil.copyfile)
            _listen_on_loopback(Path(copy, "go/pkg/beam/runners/prism/internal/jobservices/server.go"))
            run_tool(["go", "build", "-buildvcs=false", "-o", folder / "prism", "./go/cmd/prism"], Path(copy))

    return cached(f"prism-{_VERSION}", make) / "prism"


def _listen_on_loopback(source: Path) -> None:
    """Makes Prism listen on 127.0.0.1: as published it listens on every interface."""
    text = source.read_text("utf-8")
    patched = text.replace('fmt.Sprintf(":%d", port)', 'fmt.Sprintf("127.0.0.1:%d", port)')
    if patched == text:
        raise EngineError(f"{source.name} is not the file that this knows")
    source.chmod(0o644)
    source.write_text(patched, "utf-8")


def boot_path() -> Path:
    """The program that starts a Python worker: it installs what was staged for it first, and passes options on.

    Raises MissingToolError where it isn't built yet and Go is missing.
    """

    def make(folder: Path) -> None:
        require_tools("go")
        package = _MODULE_VERSION.replace("@", "/python/container@")
        run_tool(["go", "install", package], folder, {"GOBIN": str(folder)})
        (folder / "container").rename(folder / "boot")

    return cached(f"boot-{_VERSION}", make) / "boot"
