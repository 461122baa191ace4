"""Prism, Beam's portable local engine: found in the cache, or built.

python -m tests.engines.prism    prints the path, to be given as --prism_location
"""

from __future__ import annotations

import sys

from tests.engines.go_tools import prism_path


def prism_options() -> list[str]:
    """The options of Beam's that run a graph on Prism, workers in the launcher's process."""
    return ["--runner=PrismRunner", f"--prism_location={prism_path()}", "--prism_log_level=warn"]


if __name__ == "__main__":
    sys.stdout.write(f"{prism_path()}\n")
