"""Starts the server of worker processes while the program is still loading its own libraries.

Loads no Beam: that is what it is meant to be ahead of.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from multiprocessing import forkserver
from typing import TYPE_CHECKING

from pipeline.files import is_local
from schemas.sources import SourceFile
from transforms.functions.compression import strip_suffix
from transforms.pool import start_method

if TYPE_CHECKING:
    from pipeline.options import RunSettings

#: Bytes of input that take longer than worker processes to start: two thousand articles, or fifty with entities.
_LARGE_BYTES, _LARGE_ENTITY_BYTES = 4_000_000, 100_000


def is_large(files: Iterable[SourceFile], entities: str) -> bool:
    """Whether worker processes are worth their start from the first batch on."""
    least = _LARGE_BYTES if entities == "none" else _LARGE_ENTITY_BYTES
    return any(total > least for total in itertools.accumulate(map(_plain_bytes, files)))


def _plain_bytes(file: SourceFile) -> int:
    """Of what is read of a file, once decompressed; text is roughly a quarter when it is compressed."""
    if file.lines is not None:
        return file.lines.stored_bytes
    return file.bytes * (1 if file.codec is None else 4)


def prestart(settings: RunSettings) -> None:
    """Starts the server, with all that workers need loaded once for all of them, where a run will use it at once."""
    if not settings.local or settings.workers < 2 or start_method() != "forkserver":
        return
    if not all(map(is_local, settings.inputs)):
        return
    if is_large(_local_files(settings.inputs), settings.entities):
        modules = ["__main__", "pipeline.work"]
        if settings.entities == "spacy":
            modules.append("transforms.functions.spacy_preload")
        multiprocessing.get_context("forkserver").set_forkserver_preload(modules)
        forkserver.ensure_running()


def _local_files(patterns: Iterable[str]) -> Iterator[SourceFile]:
    """Roughly what `sources.find_files` will find, which also says what is wrong with it."""
    for pattern in patterns:
        for path in glob.iglob(pattern, recursive=True):
            if not os.path.isdir(path):
                yield from _as_file(path)
            for folder, _, names in os.walk(path):
                for name in names:
                    yield from _as_file(os.path.join(folder, name))


def _as_file(path: str) -> Iterator[SourceFile]:
    with contextlib.suppress(OSError):
        yield SourceFile(path, os.stat(path).st_size, None, strip_suffix(path)[1])
